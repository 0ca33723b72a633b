/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ctl_show_why: `show rib why` and `show rib rejected`, with the rules that were at work.
 *
 * For each prefix: its paths on their way in, then its best path on its way to every
 * neighbour (or every usable path, if it gets several) and to the kernel, which is a list
 * in the row of the best path. A step shows
 * the paths of one prefix, or judges it for a few neighbours; between steps only the
 * prefix and that list are kept.
 */
#include "bgpd/ctl_command.h"
#include "bgpd/ctl_json.h"
#include "bgpd/ctl_path.h"
#include "bgpd/ctl_reply.h"
#include "bgpd/daemon.h"
#include "bgpd/explain.h"
#include "bgpd/groups.h"
#include "bgpd/nexthop_self.h"
#include "bgpd/peer.h"
#include "bgpd/peer_routes.h"
#include "lib/mem.h"
#include "rib/walk.h"

#include <stdlib.h>
#include <string.h>

#define PEERS_STEP 32u /* neighbours that a step judges a prefix for, about: a policy is run for each, and each path */

enum phase { PHASE_IN, PHASE_OUT, PHASE_BEST, PHASE_DEFAULTS, PHASE_DONE };

struct why_show {
	bool rejected_only;
	struct ctl_path_filter filter;
	struct ip_prefix prefix; /* what is asked for; family FAMILY_NONE: all */
	bool one;                /* that prefix alone */
	struct rib_walk walk;
	enum family last; /* family that ends the walk */
	bool limited;
	uint32_t limit; /* rows left */

	struct ip_prefix at; /* being shown */
	enum phase phase;
	uint32_t peer_at; /* neighbours done */
	json_t *exports;  /* what came out for them */
};

static void
show_free(void *state)
{
	struct why_show *st = state;

	ctl_path_filter_fini(&st->filter);
	json_decref(st->exports);
	free(st);
}

static bool
is_full(const struct why_show *st)
{
	return st->limited && st->limit == 0;
}

static void
put_row(struct ctl_client *c, struct why_show *st, json_t *row, const char *direction, const char *peer)
{
	json_object_set_new_nocheck(row, "direction", json_string(direction));
	json_object_set_new_nocheck(row, "peer", ctl_json_text(peer));
	if (st->limited)
		st->limit--;
	ctl_row(c, row);
}

/* One prefix on its way through rib_why. */
struct in_show {
	struct ctl_client *c;
	struct why_show *st;
	enum family family;
	uint32_t id;
	bool best; /* the best path alone, or the others */
};

static void
show_in(void *ctx, const struct rib_path *p, enum rib_reason reason)
{
	struct in_show *in = ctx;
	struct why_show *st = in->st;
	struct bgpd *d = ctl_client_daemon(in->c);
	const struct rib_source *src = rib_source_get(d->rib, p->source);
	const struct peer *from = src->kind == RIB_SOURCE_BGP ? src->owner : NULL;
	bool rejected = rib_path_rejected(p), best = (p->flags & RIB_PATH_BEST) != 0;
	struct ctl_path cp = {.family = in->family, .id = in->id, .path = p, .attr = p->attr, .reason = reason, .path_id = rib_path_id(p)};
	struct explain e;

	if (is_full(st) || best != in->best || !ctl_path_fits(d, &st->filter, &cp))
		return;
	if (st->rejected_only && !rejected && !(best && json_array_size(st->exports) > 0))
		return;
	explain_in(d, in->family, in->id, p, &e);
	json_t *row = ctl_path_json(d, &cp);
	ctl_explain_json(row, &e);
	json_object_set_new_nocheck(row, "exports", best ? json_incref(st->exports) : json_null());
	put_row(in->c, st, row, "in", from != NULL ? from->name : NULL);
	explain_fini(d, &e);
}

/* What a route that goes somewhere has in common with a row: its attributes. */
static json_t *
away_json(const struct bgpd *d, const struct ctl_path *cp, const char *direction, const char *peer,
    const struct explain *e)
{
	static const char *const of_the_path[] = {"prefix", "best", "multipath", "valid", "source", "neighbor", "path_id",
	    "true_nexthop", "age_s", "stale"};
	json_t *row = ctl_path_json(d, cp);

	for (size_t i = 0; i < ARRAY_LEN(of_the_path); i++)
		json_object_del(row, of_the_path[i]);
	json_object_set_new_nocheck(row, "direction", json_string(direction));
	json_object_set_new_nocheck(row, "peer", ctl_json_text(peer));
	json_object_set_new_nocheck(row, "reason", json_string(e->reason));
	ctl_explain_json(row, e);
	return row;
}

static void
judge_path(const struct why_show *st, struct bgpd *d, struct peer *to, enum family f, uint32_t id, const struct rib_path *p)
{
	const struct group_member *m = peer_routes_member(to);
	struct ctl_path cp = {.family = f, .id = id, .path = p};
	struct ip_addr self;
	struct explain e;

	explain_out(d, to, f, id, p, &e);
	cp.attr = e.attr != ATTR_NONE ? e.attr : p->attr;
	if (m != NULL) {
		self = nexthop_self_addr(m, f);
		cp.self = &self;
	}
	if (!st->rejected_only || e.refused) {
		json_t *row = away_json(d, &cp, "out", to->name, &e);
		if (m != NULL && groups_sends_paths(m, f)) {
			const struct rib_source *src = rib_source_get(d->rib, p->source);
			const struct peer *from = src->kind == RIB_SOURCE_BGP ? src->owner : NULL;
			json_object_set_new_nocheck(row, "path_id", json_integer(groups_path(p).path_id));
			json_object_set_new_nocheck(row, "neighbor", ctl_json_text(from != NULL ? from->name : NULL));
		}
		json_array_append_new(st->exports, row);
	}
	explain_fini(d, &e);
}

/* Returns how many paths were judged. */
static uint32_t
judge_out(const struct why_show *st, struct bgpd *d, struct peer *to, enum family f, uint32_t id)
{
	const struct group_member *m = peer_routes_member(to);
	uint32_t n = 0;

	if (m == NULL || !groups_sends_paths(m, f)) {
		judge_path(st, d, to, f, id, rib_best(d->rib, f, id));
		return 1;
	}
	for (const struct rib_path *p = rib_path_first(d->rib, f, id); p != NULL; p = rib_path_next(d->rib, f, p)) {
		if (!rib_path_usable(d->rib, p))
			continue;
		judge_path(st, d, to, f, id, p);
		n++;
	}
	return n;
}

/* The next few neighbours; true: that were all. */
static bool
judge_outs(struct why_show *st, struct bgpd *d, enum family f, uint32_t id)
{
	uint32_t n = 0, judged = 0;
	struct peer *p;

	TAILQ_FOREACH(p, &d->peers, entry)
	{
		if (judged >= PEERS_STEP)
			break;
		if (n++ >= st->peer_at && !p->removed)
			judged += judge_out(st, d, p, f, id);
	}
	st->peer_at = n;
	return p == NULL;
}

static void
judge_kernel(const struct why_show *st, struct bgpd *d, enum family f, uint32_t id)
{
	struct ctl_path cp = {.family = f, .id = id};
	struct explain e;

	if (!explain_program(d, f, id, &e))
		return;
	cp.path = rib_best(d->rib, f, id);
	cp.attr = e.attr != ATTR_NONE ? e.attr : cp.path->attr;
	if (!st->rejected_only || e.refused)
		json_array_append_new(st->exports, away_json(d, &cp, "kernel", NULL, &e));
	explain_fini(d, &e);
}

/* A route of the kernel that is not let in is no path of the RIB: the row is made as if it were one. */
static void
show_learn(struct ctl_client *c, struct why_show *st)
{
	struct bgpd *d = ctl_client_daemon(c);
	struct explain e;
	attr_id attr;

	if (!explain_learn(d, &st->at, &attr, &e))
		return;
	struct rib_path p = {.attr = attr,
	    .time_s = loop_now_s(d->loop) & INT32_MAX,
	    .source = d->originate.source[ORIGINATE_KERNEL]->index,
	    .flags = RIB_REJECT_POLICY << RIB_PATH_REJECT_SHIFT};
	json_t *row = ctl_route_json(d, &st->at, &(struct ctl_path){.path = &p, .attr = attr});
	ctl_explain_json(row, &e);
	json_object_set_new_nocheck(row, "exports", json_null());
	put_row(c, st, row, "learn", NULL);
	attr_unref(d->attrs, attr);
	explain_fini(d, &e);
}

/* Default routes of our own, which are not in the RIB, for the next few neighbours; true: that were all. */
static bool
show_defaults(struct ctl_client *c, struct why_show *st)
{
	struct bgpd *d = ctl_client_daemon(c);
	uint32_t n = 0, end = st->peer_at + PEERS_STEP;
	struct peer *p;

	TAILQ_FOREACH(p, &d->peers, entry)
	{
		if (n == end || is_full(st))
			break;
		const struct group_member *m = n++ >= st->peer_at ? peer_routes_member(p) : NULL;
		json_t *row = m != NULL ? ctl_default_json(d, m, (enum family)st->at.family, &st->filter) : NULL;
		if (row == NULL)
			continue;
		json_object_set_new_nocheck(row, "exports", json_null());
		put_row(c, st, row, "out", p->name);
	}
	st->peer_at = n;
	return p == NULL || is_full(st);
}

/* One step for the prefix that is being shown. */
static void
show_phase(struct ctl_client *c, struct why_show *st)
{
	struct bgpd *d = ctl_client_daemon(c);
	enum family f = (enum family)st->at.family;
	uint32_t id = rib_find(d->rib, &st->at);
	struct in_show in = {.c = c, .st = st, .family = f, .id = id};
	bool has_best = id != 0 && rib_best(d->rib, f, id) != NULL;

	switch (st->phase) {
	case PHASE_IN:
		if (id != 0)
			rib_why(d->rib, f, id, show_in, &in);
		json_decref(st->exports);
		st->exports = json_array();
		st->peer_at = 0;
		st->phase = has_best ? PHASE_OUT : PHASE_BEST;
		break;
	case PHASE_OUT:
		if (!has_best || judge_outs(st, d, f, id))
			st->phase = PHASE_BEST;
		break;
	case PHASE_DEFAULTS:
		if (show_defaults(c, st))
			st->phase = PHASE_DONE;
		break;
	default:
		in.best = true;
		if (has_best) {
			judge_kernel(st, d, f, id);
			rib_why(d->rib, f, id, show_in, &in);
		}
		if (!is_full(st) && st->one)
			show_learn(c, st);
		st->peer_at = 0;
		st->phase = st->one && st->at.len == 0 && !st->rejected_only ? PHASE_DEFAULTS : PHASE_DONE;
	}
}

/* The next prefix to be shown; false: CTL_STEP were looked at in vain, or (walk.done) there are no more. */
static bool
next_prefix(struct bgpd *d, struct why_show *st)
{
	uint32_t budget = CTL_STEP, id;

	while ((id = rib_walk_next(d->rib, &st->walk, &budget)) != 0) {
		st->at = rib_prefix(d->rib, st->walk.family, id);
		if (st->prefix.family == FAMILY_NONE || ip_prefix_covers(&st->prefix, &st->at)) {
			st->phase = PHASE_IN;
			return true;
		}
	}
	return false;
}

/* True: the walk is over. */
static bool
show_step(struct ctl_client *c, void *state)
{
	struct why_show *st = state;
	struct bgpd *d = ctl_client_daemon(c);

	if (is_full(st))
		return true;
	if (st->phase != PHASE_DONE) {
		show_phase(c, st);
		return false;
	}
	if (st->one)
		return true;
	if (next_prefix(d, st) || !st->walk.done)
		return false;
	if (st->walk.family == st->last)
		return true;
	rib_walk_table(&st->walk, st->last);
	return false;
}

static void
show_begin(struct ctl_client *c, const json_t *args, bool rejected_only)
{
	struct why_show *st = xcalloc(1, sizeof(*st));
	const json_t *limit = json_object_get(args, "limit");
	bool longer = json_is_true(json_object_get(args, "longer"));
	enum family first = FAMILY_IPV4;

	st->rejected_only = rejected_only;
	st->limited = limit != NULL;
	st->limit = (uint32_t)json_integer_value(limit);
	if (!ctl_path_filter_init(c, args, &st->filter) || !ctl_path_prefix(c, args, longer, &st->prefix)) {
		show_free(st);
		return;
	}
	st->filter.any = true;
	st->filter.rejected = false;
	st->last = FAMILY_IPV6;
	if (st->prefix.family != FAMILY_NONE)
		first = st->last = (enum family)st->prefix.family;
	st->one = st->prefix.family != FAMILY_NONE && !longer;
	st->at = st->prefix;
	st->phase = st->one ? PHASE_IN : PHASE_DONE;
	rib_walk_table(&st->walk, first);
	struct ctl_walk walk = {.rows = "rib", .step = show_step, .free = show_free, .state = st};
	ctl_stream(c, NULL, &walk);
}

void
ctl_show_rib_why(struct ctl_client *c, const json_t *args)
{
	show_begin(c, args, false);
}

void
ctl_show_rib_rejected(struct ctl_client *c, const json_t *args)
{
	show_begin(c, args, true);
}
