/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process: what the kernel knows of this process, under the names that all programs with metrics use for it.
 */
#ifndef LIB_PROCESS_H
#define LIB_PROCESS_H

#include "lib/openmetrics.h"

/* Families and samples of process_*, at once: some hundred microseconds, with ten thousand descriptors a
 * millisecond. */
void process_metrics(struct str *out, enum openmetrics_format format);
/* The same as a list for the manual page. */
void process_metrics_doc(struct str *out);

/* How many descriptors are open; at most limit of them are looked at. */
unsigned process_descriptors(unsigned limit);

#endif
