/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics_rows: the tables of figures, for metrics.c alone: those of the daemon as a whole
 * (metrics_daemon.c), and those of neighbours (metrics_neighbor.c).
 */
#ifndef BGPD_METRICS_ROWS_H
#define BGPD_METRICS_ROWS_H

#include "bgpd/fsm.h"
#include "bgpd/metrics.h"
#include "conf/conf.h"
#include "fib/fib.h"
#include "rib/rib.h"

#define METRICS_PREFIX "godwit_"

/* ---- the daemon ---- */

/* Counters of all tables, also of those that are not there any more. */
struct metrics_counters {
	uint64_t paths_left_out, decisions, changes;
	struct fib_stats fib; /* of it only what is a counter */
};
void metrics_counters_add(struct metrics_counters *c, const struct bgpd *d);

/* What walking neighbours brings besides: how many are in each state, and how many should be up and are not.
 */
struct metrics_states {
	uint32_t in[FSM_STATES];
	uint32_t down, shutdown;
};

/* Families and samples; gone: counters to begin with. */
void metrics_daemon_add(const struct bgpd *d, const struct metrics_counters *gone,
			enum openmetrics_format format, struct str *out);
void metrics_states_add(const struct metrics_states *s, enum openmetrics_format format, struct str *out);
void metrics_daemon_doc(struct str *out);
/* Why the daemon is not ready, or NULL. */
const char *metrics_unready(const struct bgpd *d);

/* ---- neighbours ---- */

#define METRICS_NEIGHBOR_ROWS   27
#define METRICS_NEIGHBOR_VALUES 6 /* samples that a row of one neighbour has at most */

/* A page's part of neighbours while it is made. */
struct metrics_neighbors {
	enum conf_metrics_neighbors mode;
	struct metrics_states states;
	struct str each[METRICS_NEIGHBOR_ROWS]; /* mode EACH: the samples of each row */
	struct str labels;                      /* scratch */
	struct metrics_sums *sums;              /* the others but NONE */
};
void metrics_neighbors_init(struct metrics_neighbors *n, enum conf_metrics_neighbors mode,
			    const struct metrics_sums *gone);
void metrics_neighbors_fini(struct metrics_neighbors *n);
void metrics_neighbors_take(struct metrics_neighbors *n, const struct peer *p);
/* The family of a row, with its samples; false: there is no such row, which is behind the last. */
bool metrics_neighbors_write(struct metrics_neighbors *n, unsigned row, enum openmetrics_format format,
			     struct str *out);
/* Octets that these will be, or more. */
size_t metrics_neighbors_octets(const struct metrics_neighbors *n);
void metrics_neighbors_doc(struct str *out);

/* Sums by what neighbours are configured to be. A neighbour's counters may be added to them, or taken away.
 */
struct metrics_sums *metrics_sums_new(void);
void metrics_sums_free(struct metrics_sums *s); /* NULL is fine */
void metrics_sums_count(struct metrics_sums *s, enum conf_metrics_neighbors mode, const struct peer *p,
			const struct conf_neighbor *as, int sign);
/* Would it be in another sum with that configuration? */
bool metrics_sums_differ(enum conf_metrics_neighbors mode, const struct conf_neighbor *a,
			 const struct conf_neighbor *b);

#endif
