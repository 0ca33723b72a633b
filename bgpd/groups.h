/* SPDX-License-Identifier: Apache-2.0 */
/*
 * groups: export groups joined to the RIB, to policies and to peers.
 *
 * rib/adjout decides what members are to be told and group.c keeps the encoded
 * stream; this part says which neighbours share a group, runs export policy and
 * transformation, encodes, and drives drains and the lag timer.
 */
#ifndef BGPD_GROUPS_H
#define BGPD_GROUPS_H

#include "bgpd/group.h"
#include "rib/export.h"
#include "rib/policy.h"
#include "rib/rib.h"

struct bgpd;
struct export_view;
struct groups;
struct peer;

struct groups *groups_new(struct bgpd *d);
void groups_free(struct groups *g); /* all members have left */

/* From the decision pass: changes of best paths (see rib_callbacks), RIB_TOLD_MAX at most; and the end of a slice of it. */
void groups_rib_change(struct groups *g, struct rib_change *c, unsigned n);
/* more: the next slice follows at once, see group_list_flush. */
void groups_flush(struct groups *g, bool more);
/* A session with this source is not what the last one was, or the source is given back: see adjout_source_changed. */
void groups_source_changed(struct groups *g, const struct rib_source *s);
/* See adjout_forget. */
void groups_forget(struct groups *g);
/* Does any group need this prefix id? */
bool groups_pin(const struct groups *g, enum family f, uint32_t id);

/* The session of p is established: it joins the group of its view, and is told everything, then End-of-RIB. */
void groups_join(struct groups *g, struct peer *p, struct group_member *m);
/* The deferral of a graceful restart is over: members whose End-of-RIB was held back are due it. */
void groups_end_of_rib(struct groups *g);
void groups_leave(struct groups *g, struct group_member *m);
/*
 * The configuration has changed: a group whose members all have the same new view gets that view in place, other
 * members move to the group of theirs.
 */
void groups_reconfigure(struct groups *g);
/* A subnet of ours has come or gone: soon, once for however many, members move that share another one with us now. */
void groups_subnets_changed(struct groups *g);
/* A member has sent something: what waited for room goes on. */
void groups_room(struct groups *g, const struct group_member *m);
/* Sends all routes of a family again (route refresh). */
void groups_refresh(struct groups *g, struct group_member *m, enum family f, bool enhanced);

/* A path as groups with ADD-PATH (RFC 7911) see it, with the id that it is sent with. */
struct adjout_path groups_path(const struct rib_path *p);
/* Does the member get several paths of a prefix? */
static inline bool
groups_sends_paths(const struct group_member *m, enum family f)
{
	return adjout_paths(&m->group->out, f) != ADJOUT_PATHS_NONE;
}
/* Is the path one of those then: of the best N, of the multipath set, or usable? While it waits to be decided it may be. */
bool groups_chooses(struct groups *g, const struct group_member *m, enum family f, uint32_t id, const struct rib_path *p);

/*
 * The default route that a member gets besides what is in the RIB (default-originate): the set that is sent, a
 * reference, or ATTR_NONE; and the path id that goes with it, 0 without ADD-PATH. No path of the RIB has that id.
 */
attr_id groups_default_attr(struct groups *g, const struct export_view *v, enum family f);
uint32_t groups_default_path_id(const struct group *g, enum family f);
#define GROUPS_DEFAULT_PATH_ID 0x10000u
struct ip_prefix groups_default_prefix(enum family f);
bool groups_default_sent(struct groups *g, const struct group_member *m, enum family f);

/* Interfaces have other names now: what policies say that look at them is worked out anew. */
void groups_interfaces_changed(struct groups *g);

/*
 * What becomes of a path on its way to a member, but for what concerns that member alone (whose the path is): each
 * verdict of rib/export is one, under its own name, and these are more.
 */
enum groups_verdict {
	GROUPS_SENT = EXPORT_OK,
	GROUPS_NOT_REFLECTED = EXPORT_NOT_REFLECTED,
	GROUPS_POLICY = EXPORT_VERDICT_COUNT, /* the export policy rejects it */
	GROUPS_NO_POLICY,                     /* there is none, RFC 8212 */
	GROUPS_NO_NEXT_HOP, /* none that the neighbour can read, and no address of our own to give (RFC 8950) */
	GROUPS_DEFAULT,     /* the neighbour gets a default route of our own in its place */
	GROUPS_TOO_LONG,    /* its attributes would be */
	GROUPS_VERDICT_COUNT
};
const char *groups_verdict_name(enum groups_verdict v);
/* The same computation as for sending; trace may be NULL. *out: the set that is sent, a reference, or ATTR_NONE. */
enum groups_verdict groups_judge(struct groups *g, const struct group_member *m, enum family f, uint32_t id,
    attr_id attr, uint16_t source, const struct policy_trace *trace, attr_id *out);
/*
 * What the member has been told of the prefix, a reference in the table of all routes; ATTR_NONE: nothing, or the
 * prefix waits (adjout_member_told). p: of this path, where it is sent paths (groups_sends_paths), else NULL.
 */
attr_id groups_told(struct groups *g, const struct group_member *m, enum family f, uint32_t id,
    const struct rib_path *p);

/*
 * The same without a session, as tools/policytest does it: what a group of this neighbour alone would have in common
 * (p->ours and p->session say what was agreed; we have next hops of both families).
 */
struct export_view *groups_view_new(struct peer *p);
void groups_view_free(struct export_view *v);
enum groups_verdict groups_view_judge(struct groups *g, const struct export_view *v, enum family f,
    const struct ip_prefix *prefix, attr_id attr, const struct rib_source *src, const struct policy_trace *trace,
    attr_id *out);

/* What groups use: bits say what was announced or is to be, and of their members that drain. */
struct groups_memory {
	uint64_t announced; /* routes, each once a group */
	size_t bitmap_bytes, memo_bytes, chunk_bytes;
	uint32_t groups;
	uint32_t sent_sets; /* outgoing attribute sets that memos and batches name */
	size_t sent_bytes;
};
void groups_memory(const struct groups *g, struct groups_memory *out);

#endif
