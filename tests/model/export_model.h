/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export_model: what the files of export_model share: the neighbours, their groups,
 * and how often things were seen.
 */
#ifndef TESTS_EXPORT_MODEL_H
#define TESTS_EXPORT_MODEL_H

#include "tests/model/export_world.h"

enum { MSG_UPDATE = 2, MSG_REFRESH = 5 };
#define HEADER 19

/*
 * Groups: without ADD-PATH, with it in both families, and with it in the second alone; then a neighbour's own of
 * each.
 */
#define NSHARED    (NPOLICY * 4)
#define NCLASS     3
#define NGROUP     (NSHARED + NMEMBER * NCLASS)
#define CLASS(no)  ((no) >= NSHARED ? ((no) - NSHARED) % NCLASS : (no) / NPOLICY < 2 ? 0 : (no) / NPOLICY - 1)
#define SOLE(no)   ((no) >= NSHARED ? ((no) - NSHARED) / NCLASS + 1 : 0)

#define CROWD_PREFIXES 8

struct told {
	uint32_t set; /* 0: nothing */
	uint8_t self[4];
	bool stale; /* not seen again since BoRR */
};

struct neighbor {
	struct group_member m;
	bool up, awake;
	uint32_t policy, wanted; /* wanted: of the group it is to move to */
	struct told told[NFAMILY + 1][NPREFIX][NLANE]; /* 0: without a path id */
	uint64_t eor_step[NFAMILY + 1]; /* when End-of-RIB was asked for; 0: not */
	bool refreshing[NFAMILY + 1];
	bool borr[NFAMILY + 1];
	bool reset; /* too slow */
	bool strict[NFAMILY + 1];          /* it may at no time have more than the limit */
	bool was_in[NFAMILY + 1][NPREFIX]; /* with a limit: it had them when all had run dry, */
	uint64_t rest_step;                /* then */
	uint8_t part[70000];
	size_t part_len;
};

struct model {
	struct world w;
	struct group_list l;
	struct neighbor n[NMEMBER];
	struct group *group[NGROUP];
	uint32_t policy_of[NGROUP]; /* of a group; changes with a reload */
	uint32_t which_of[NGROUP];  /* paths; so does this */
	uint32_t limit_of[NGROUP][NFAMILY + 1]; /* of a neighbour's own */
	struct adjout_path paths[NLANE];
	uint64_t policy_step;
	uint64_t step, rng;
	uint32_t now_s;
	struct {
		unsigned left; /* steps; 0: there is none */
		uint32_t group;
		unsigned prefix; /* the first one of those that disappear and come back */
		bool stuck[NMEMBER]; /* does not read */
	} crowd;
	uint64_t seen_eor, seen_eorr, seen_detach, seen_reset, seen_held, seen_crowd, checks;
};

/* Paths that the group of this number has of a family (rib/adjout_key.h). */
uint32_t which_paths(const struct model *mo, uint32_t no, unsigned f);

/* export_view.c: what groups ask, and how they write; ctx is the struct model. */
extern const struct adjout_view export_view;
extern const struct group_ops export_ops;

/* export_told.c: what a neighbour makes of the octets; all end the program where it is not what it should be. */
void told_feed(struct model *mo, struct neighbor *n, const uint8_t *p, size_t len);
/* Everything has run dry: it has what it should, and no more than it may. */
void told_compare(struct model *mo, struct neighbor *n);

#endif
