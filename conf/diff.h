/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff: what changed between two configurations, and what that asks for.
 *
 * Compares by the schema, so that each difference carries the effect that its
 * row declares. Neighbours are matched by name; a neighbour also counts as
 * changed when a policy that it uses did, or a set that such a policy refers
 * to, or a key of the router that concerns everybody. Used by reload (what to
 * do) and by `config diff` (what would be done). Passwords never appear in text.
 */
#ifndef CONF_DIFF_H
#define CONF_DIFF_H

#include "conf/conf.h"

/* What a change asks for, mildest first. */
enum conf_effect {
	CONF_EFFECT_NONE,    /* applied at once, sessions do not notice */
	CONF_EFFECT_POLICY,  /* re-evaluate policies or decision over what is known */
	CONF_EFFECT_REFRESH, /* ask the neighbour for its routes again (RFC 2918) */
	CONF_EFFECT_SOFT,    /* from now on (timers) or from the next OPEN on */
	CONF_EFFECT_RESET,   /* the session ends and starts again */
	CONF_EFFECT_RESTART  /* no reload does it: bgpd has to be started again; of no neighbour */
};
#define CONF_EFFECT_BIT(e) (1u << (e))
const char *conf_effect_name(enum conf_effect e); /* "none", "re-evaluate", "refresh", "soft", "reset", "restart" */

struct conf_change {
	const char *path; /* "router.id", "neighbors[rack12].hold-time", "networks[10.0.0.0/8]" */
	const char *old;  /* YAML text, cut where it is long; NULL: was not there */
	const char *new;  /* NULL: is gone */
	enum conf_effect effect;
};

enum conf_neighbor_change_kind { CONF_NB_ADDED, CONF_NB_REMOVED, CONF_NB_CHANGED };

struct conf_neighbor_change {
	const char *name;
	enum conf_neighbor_change_kind kind;
	int32_t old_index, new_index; /* into neighbors of each; -1: not there */
	enum conf_effect effect;      /* the strongest */
	uint32_t effects;             /* CONF_EFFECT_BIT of each that occurs */
	uint64_t keys;                /* bits of enum conf_neighbor_key that differ */
	uint32_t first, n;            /* its own changes: conf_changes.v[first .. first+n-1] */
};

/* What became of a neighbour of the old configuration. */
struct conf_neighbor_fate {
	int32_t index;  /* into neighbors of the new one; -1: it is gone */
	int32_t change; /* into conf_changes.neighbors; -1: it is as it was */
};

struct conf_changes {
	CONF_LIST(struct conf_change) all;                /* neighbours' last */
	CONF_LIST(struct conf_neighbor_change) neighbors; /* sorted by name */
	CONF_LIST(struct conf_neighbor_fate) fates;       /* of each neighbour of the old one, by its place there */
	uint32_t everybody; /* effects that keys of the router have on all neighbours; already in theirs. Not CONF_EFFECT_RESTART. */
	uint64_t sections;  /* bits of enum conf_section in which something differs */
	bool kernel_export, kernel_learn; /* these policies, or what they use, differ */
	struct conf_arena *arena;
};

/* Fills out; it refers to neither configuration afterwards. conf_changes_free in any case. */
void conf_diff(const struct conf *old, const struct conf *new, struct conf_changes *out);
void conf_changes_free(struct conf_changes *ch);

/* The change of a neighbour, or NULL if it did not change. */
const struct conf_neighbor_change *conf_changes_neighbor(const struct conf_changes *ch, const char *name);

/* One line a change: path: old -> new (effect). */
void conf_changes_print(const struct conf_changes *ch, struct str *out);

#endif
