/* SPDX-License-Identifier: Apache-2.0 */
/*
 * groups_int: what the files of groups share.
 */
#ifndef BGPD_GROUPS_INT_H
#define BGPD_GROUPS_INT_H

#include "bgpd/compile.h"
#include "bgpd/groups.h"
#include "bgpd/update_enc.h"
#include "bgpd/update_log.h"
#include "lib/loop.h"
#include "rib/export.h"

struct groups {
	struct bgpd *d;
	struct group_list list;
	struct job drain;
	struct event *tick;
	/*
	 * What groups send. Most sets go out in one burst and are then forgotten: in a table of their own, which has only
	 * what memos and batches name, they come and go within the cache. Among the sets of all routes, in a table of a
	 * hundred thousand, each of them was several misses to put in and several to take out.
	 */
	struct attr_table sent;
	struct adjout_path *paths; /* of the prefix looked at last */
	uint32_t paths_cap;
	bool subnets_changed; /* what members share with us is to be looked at */
	struct update_log too_long; /* how often it is said that routes are too long for somebody */
};

/* What all members of a group have in common: group.owner. */
struct export_view {
	struct export_params params;
	struct policy_chain chain;
	bool as4;
	uint8_t ext_next_hop; /* bits 1 << family */
	uint8_t defaults;     /* families with a default route of our own, likewise */
	uint8_t self_len[FAMILY_COUNT]; /* of a next hop that is ours; 0: we have none */
};

/* groups_key.c: what becomes of a route on its way to p. */
struct export_params groups_params(const struct peer *p);
/* Of a member for whom e and chain hold: those with the same key are sent the same, and share a group. */
struct adjout_key groups_key(const struct group_member *m, const struct export_params *e,
    const struct policy_chain *chain);

/* Does a member share another subnet with us than it did when it came into the group, and does that matter? */
bool groups_subnet_moved(const struct group *g);

/* May a set with this next hop be sent for prefixes of f? */
bool groups_next_hop_fits(const struct groups *gs, const struct export_view *v, enum family f, uint32_t nexthop);
/* The next hop of a set as it goes on the wire; with our own any address of the right size, patched per member. */
void groups_form_next_hop(const struct groups *gs, const struct export_view *v, enum family f, uint32_t nexthop,
    struct update_form *form);
int groups_encode(void *ctx, struct group *g, enum family f, uint32_t path_id, uint32_t out, const uint32_t *ids,
    uint32_t n, size_t msg_max, struct group_out *to);
void groups_mark(void *ctx, struct group *g, enum family f, enum adjout_mark mark, struct group_out *to);

/* groups_default.c: the default route of our own. Is there to be one? */
bool groups_default_on(const struct export_view *v, enum family f);
/* Is it sent? */
bool groups_default_said(struct groups *gs, const struct export_view *v, enum family f);
/* Says it, or withdraws it where it is not sent (any more). */
void groups_default_put(struct groups *gs, struct group *g, enum family f, struct group_out *to);
/* The same to this member, behind all that it was told before; families: bits 1 << family. */
void groups_default_tell(struct group_member *m, uint8_t families);

/* groups_limit.c: neighbours that are sent so many prefixes and no more. adjout_key.sole for this one. */
uint32_t groups_limit_sole(const struct group_member *m);
/* What p allows now, for the group that it is or will be the only member of; in others nothing. */
void groups_limit_set(struct groups *gs, struct group *g, const struct peer *p);
/* Once a second: the log says what is held back. */
void groups_limit_tell(struct groups *gs);

#endif
