/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openmetrics: figures as text for Prometheus and its like, in the format of OpenMetrics 1.0 or the older one
 * that every reader knows, Prometheus's text format 0.0.4.
 *
 * A family comes first, then its samples; openmetrics_end behind all of them. A family is a row of some
 * table, which also gives the list of a manual page. Its unit is the end of its name.
 */
#ifndef LIB_OPENMETRICS_H
#define LIB_OPENMETRICS_H

#include "lib/str.h"

#include <stdint.h>

enum openmetrics_format { OPENMETRICS_TEXT, OPENMETRICS_1_0 };
/* Of the page. */
#define OPENMETRICS_TEXT_TYPE "text/plain; version=0.0.4; charset=utf-8"
#define OPENMETRICS_1_0_TYPE  "application/openmetrics-text; version=1.0.0; charset=utf-8"

enum openmetrics_kind { OPENMETRICS_GAUGE, OPENMETRICS_COUNTER, OPENMETRICS_INFO, OPENMETRICS_HISTOGRAM };

/* The values that a label has; name NULL: there is no such label. */
struct openmetrics_label {
	const char *name;
	const char *const *values;
	unsigned n;
};

struct openmetrics_family {
	const char *name; /* without the _total of a counter and the _info of an info: samples get these by
			     themselves */
	enum openmetrics_kind kind;
	const char *help;               /* a sentence */
	struct openmetrics_label by[2]; /* a sample for each pair of values */
};

/* prefix: what the name begins with, "" nothing. */
void openmetrics_family(struct str *out, enum openmetrics_format format, const char *prefix,
			const struct openmetrics_family *f);
/* Adds name="value" to labels, behind those that are there; value is any text. */
void openmetrics_label(struct str *labels, const char *name, const char *value);
/* One sample; labels as above, "" none. */
void openmetrics_sample(struct str *out, const char *prefix, const struct openmetrics_family *f,
			const char *labels, double figure);
/* How many samples the family's labels make, and the labels of one of them, added to those that are there. */
unsigned openmetrics_samples(const struct openmetrics_family *f);
void openmetrics_labels(struct str *labels, const struct openmetrics_family *f, unsigned i);
/*
 * The samples of a histogram without labels: counts[i] of what was at most bounds[i] and more than the one
 * before, and one more of what was more than the last; sum of all.
 */
void openmetrics_histogram(struct str *out, const char *prefix, const struct openmetrics_family *f,
			   const double *bounds, const uint64_t *counts, unsigned n, double sum);
void openmetrics_end(struct str *out, enum openmetrics_format format);

/* The entry of a manual page (mdoc) for the family; labels: further ones that its samples have, "" none. */
void openmetrics_doc(struct str *out, const char *prefix, const struct openmetrics_family *f,
		     const char *labels);

#endif
