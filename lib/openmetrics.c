/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openmetrics: see openmetrics.h.
 */
#include "lib/openmetrics.h"

/* OpenMetrics 1.0, "Metric Types" and the suffixes of their samples. */
static const struct {
	const char *type, *suffix;
} kinds[] = {
    [OPENMETRICS_GAUGE] = {"gauge", ""},
    [OPENMETRICS_COUNTER] = {"counter", "_total"},
    [OPENMETRICS_INFO] = {"info", "_info"},
};

void
openmetrics_family(struct str *out, const char *name, enum openmetrics_kind kind, const char *help)
{
	str_addf(out, "# TYPE %s %s\n# HELP %s %s\n", name, kinds[kind].type, name, help);
}

static void
escaped(struct str *out, const char *s)
{
	for (; *s != '\0'; s++)
		if (*s == '\n')
			str_add(out, "\\n");
		else if (*s == '"' || *s == '\\')
			str_addf(out, "\\%c", *s);
		else
			str_addn(out, s, 1);
}

void
openmetrics_sample(struct str *out, const char *name, enum openmetrics_kind kind, const char *label, const char *value, double figure)
{
	str_addf(out, "%s%s", name, kinds[kind].suffix);
	if (label != NULL) {
		str_addf(out, "{%s=\"", label);
		escaped(out, value);
		str_add(out, "\"}");
	}
	str_addf(out, " %.15g\n", figure);
}

void
openmetrics_end(struct str *out)
{
	str_add(out, "# EOF\n");
}
