/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openmetrics: figures as text for Prometheus and its like, in the format of OpenMetrics 1.0.
 *
 * A family comes first, then its samples; openmetrics_end behind all of them.
 */
#ifndef LIB_OPENMETRICS_H
#define LIB_OPENMETRICS_H

#include "lib/str.h"

#define OPENMETRICS_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8" /* of the page */

enum openmetrics_kind { OPENMETRICS_GAUGE, OPENMETRICS_COUNTER, OPENMETRICS_INFO };

/* Names of counters without their _total and of infos without their _info, which samples get by themselves. */
void openmetrics_family(struct str *out, const char *name, enum openmetrics_kind kind, const char *help);
/* One sample; label may be NULL, its value is any text. */
void openmetrics_sample(struct str *out, const char *name, enum openmetrics_kind kind, const char *label, const char *value,
			double figure);
void openmetrics_end(struct str *out);

#endif
