/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics: what the daemon says of itself over HTTP: /metrics in the format of OpenMetrics, /healthz and /readyz.
 *
 * Every figure is one that some part keeps anyway. Those of neighbours are asked for in slices, since there may be
 * thousands; a page is one text, with each neighbour's figures of one moment. How much there is of neighbours is
 * metrics.neighbors' matter: of sums over groups of them the counters never go back, whoever goes.
 *
 * Ready is who has selected and sent its routes: the kernel is known, and a start after a restart has waited for what
 * it waits for. Whether sessions are up is no part of it: they depend on others, whom a restart of this program does
 * not help.
 */
#ifndef BGPD_METRICS_H
#define BGPD_METRICS_H

#include "lib/openmetrics.h"
#include "lib/str.h"

#include <stdbool.h>
#include <stdint.h>

struct bgpd;
struct conf_neighbor;
struct metrics;
struct metrics_page;
struct peer;

struct metrics *metrics_new(struct bgpd *d);
void metrics_free(struct metrics *m); /* NULL is fine */
/* Listens where the configuration says. What cannot be had is logged and tried again from time to time. */
void metrics_apply(struct metrics *m);
/* d, an instance that is not the main one, is about to be freed: what it has counted stays in the counters of all. */
void metrics_table_gone(struct metrics *m, const struct bgpd *d);
/* The same for a neighbour and the sums that it is in, and for one that is about to get this configuration. NULL is fine. */
void metrics_neighbor_gone(struct metrics *m, const struct peer *p);
void metrics_neighbor_moves(struct metrics *m, const struct peer *p, const struct conf_neighbor *to);

/*
 * Makes the page in portions: step adds to out, which has nothing else, until deadline_ns has passed; true: that was all.
 * d: the main instance.
 */
struct metrics_page *metrics_page_new(struct bgpd *d, enum openmetrics_format format);
bool metrics_page_step(struct metrics_page *page, struct str *out, uint64_t deadline_ns);
void metrics_page_free(struct metrics_page *page);

/* Everything that a page may have, as parts of a manual page (mdoc). */
void metrics_doc(struct str *out);

#endif
