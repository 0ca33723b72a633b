/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openmetrics: see openmetrics.h.
 */
#include "lib/openmetrics.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "lib/mem.h"

/*
 * OpenMetrics 1.0, "Metric Types" and the suffixes of their samples. In the older format a suffix is part of
 * the family's name, and an info is a gauge.
 */
static const struct {
	const char *type, *plain, *suffix;
} kinds[] = {
    [OPENMETRICS_GAUGE] = {"gauge", "gauge", ""},
    [OPENMETRICS_COUNTER] = {"counter", "counter", "_total"},
    [OPENMETRICS_INFO] = {"info", "gauge", "_info"},
    [OPENMETRICS_HISTOGRAM] = {"histogram", "histogram", ""},
};

/* NULL: a number, which has none. */
static const char *
unit_of(const char *name)
{
	static const char *const units[] = {"seconds", "bytes"};

	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		size_t n = strlen(name), k = strlen(units[i]);
		if (n > k && name[n - k - 1] == '_' && strcmp(name + n - k, units[i]) == 0)
			return units[i];
	}
	return NULL;
}

void
openmetrics_family(struct str *out, enum openmetrics_format format, const char *prefix,
		   const struct openmetrics_family *f)
{
	const char *unit = unit_of(f->name);

	if (format == OPENMETRICS_TEXT) {
		const char *suffix = kinds[f->kind].suffix;
		str_addf(out, "# HELP %s%s%s %s\n# TYPE %s%s%s %s\n", prefix, f->name, suffix, f->help,
			 prefix, f->name, suffix, kinds[f->kind].plain);
		return;
	}
	str_addf(out, "# TYPE %s%s %s\n", prefix, f->name, kinds[f->kind].type);
	if (unit != NULL)
		str_addf(out, "# UNIT %s%s %s\n", prefix, f->name, unit);
	str_addf(out, "# HELP %s%s %s\n", prefix, f->name, f->help);
}

static void
escaped(struct str *out, const char *s)
{
	for (size_t plain; *s != '\0'; s += plain) {
		plain = strcspn(s, "\n\"\\");
		str_addn(out, s, plain);
		if (s[plain] == '\0')
			return;
		str_add(out, s[plain] == '\n' ? "\\n" : s[plain] == '"' ? "\\\"" : "\\\\");
		plain++;
	}
}

void
openmetrics_label(struct str *labels, const char *name, const char *value)
{
	if (labels->len > 0)
		str_addn(labels, ",", 1);
	str_add(labels, name);
	str_addn(labels, "=\"", 2);
	escaped(labels, value);
	str_addn(labels, "\"", 1);
}

/* A page may have a hundred thousand of them, and most are small whole numbers. */
static void
figure_add(struct str *out, double figure)
{
	char digits[24], *at = digits + sizeof(digits);

	if (!(figure >= 0 && figure < 9007199254740992.0) || figure != (double)(uint64_t)figure) {
		str_addf(out, "%.15g", figure);
		return;
	}
	uint64_t n = (uint64_t)figure;
	do {
		*--at = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	str_addn(out, at, (size_t)(digits + sizeof(digits) - at));
}

static void
sample(struct str *out, const char *prefix, const char *name, const char *suffix, const char *labels,
       double figure)
{
	str_add(out, prefix);
	str_add(out, name);
	str_add(out, suffix);
	if (*labels != '\0') {
		str_addn(out, "{", 1);
		str_add(out, labels);
		str_addn(out, "}", 1);
	}
	str_addn(out, " ", 1);
	figure_add(out, figure);
	str_addn(out, "\n", 1);
}

void
openmetrics_sample(struct str *out, const char *prefix, const struct openmetrics_family *f,
		   const char *labels, double figure)
{
	sample(out, prefix, f->name, kinds[f->kind].suffix, labels, figure);
}

unsigned
openmetrics_samples(const struct openmetrics_family *f)
{
	unsigned n = 1;

	for (size_t k = 0; k < ARRAY_LEN(f->by); k++)
		n *= f->by[k].name != NULL ? f->by[k].n : 1;
	return n;
}

void
openmetrics_labels(struct str *labels, const struct openmetrics_family *f, unsigned i)
{
	unsigned inner = f->by[1].name != NULL ? f->by[1].n : 1;

	if (f->by[0].name != NULL)
		openmetrics_label(labels, f->by[0].name, f->by[0].values[i / inner]);
	if (f->by[1].name != NULL)
		openmetrics_label(labels, f->by[1].name, f->by[1].values[i % inner]);
}

void
openmetrics_histogram(struct str *out, const char *prefix, const struct openmetrics_family *f,
		      const double *bounds, const uint64_t *counts, unsigned n, double sum)
{
	uint64_t so_far = 0;
	char labels[64];

	for (unsigned i = 0; i < n; i++) {
		so_far += counts[i];
		snprintf(labels, sizeof(labels), "le=\"%.15g\"", bounds[i]);
		sample(out, prefix, f->name, "_bucket", labels, (double)so_far);
	}
	so_far += counts[n];
	sample(out, prefix, f->name, "_bucket", "le=\"+Inf\"", (double)so_far);
	sample(out, prefix, f->name, "_count", "", (double)so_far);
	sample(out, prefix, f->name, "_sum", "", sum);
}

void
openmetrics_end(struct str *out, enum openmetrics_format format)
{
	if (format == OPENMETRICS_1_0)
		str_add(out, "# EOF\n");
}

/* ---- the manual page ---- */

static void
doc_labels(struct str *out, const struct openmetrics_family *f, const char *labels)
{
	const char *between = "";

	if (*labels == '\0' && f->by[0].name == NULL)
		return;
	str_add(out, " Brq ");
	if (*labels != '\0') {
		str_add(out, labels);
		between = ", ";
	}
	for (size_t k = 0; k < ARRAY_LEN(f->by) && f->by[k].name != NULL; k++) {
		str_addf(out, "%s%s", between, f->by[k].name);
		between = ", ";
	}
}

/* Sentences begin lines. */
static void
doc_help(struct str *out, const char *help)
{
	for (const char *p = help; *p != '\0'; p++) {
		bool ends = *p == ' ' && p > help && p[-1] == '.' && isupper((unsigned char)p[1]);
		str_addn(out, ends ? "\n" : p, 1);
	}
	str_add(out, "\n");
}

static void
doc_values(struct str *out, const struct openmetrics_label *label)
{
	/* What is the same everywhere is said once in the page, and a version is not of the table. */
	if (label->name == NULL || label->n < 2 || strcmp(label->name, "family") == 0)
		return;
	str_addf(out, "Values of\n.Cm %s :\n", label->name);
	for (unsigned i = 0; i < label->n; i++)
		str_addf(out, "%s%s", label->values[i], i + 1 < label->n ? ", " : ".\n");
}

void
openmetrics_doc(struct str *out, const char *prefix, const struct openmetrics_family *f, const char *labels)
{
	str_addf(out, ".It Ic %s%s%s", prefix, f->name, kinds[f->kind].suffix);
	doc_labels(out, f, labels);
	str_addf(out, "\n.Pq %s\n", kinds[f->kind].type);
	doc_help(out, f->help);
	for (size_t k = 0; k < ARRAY_LEN(f->by); k++)
		doc_values(out, &f->by[k]);
}
