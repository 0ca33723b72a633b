/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ctl_show_rib: walks over prefixes for `show rib`, in and out.
 *
 * A walk stands still for as long as its client does not read, so it keeps a
 * neighbour's name and its source's number and looks both up again in each step;
 * when they no longer belong together the answer is broken off.
 */
#include "bgpd/ctl_command.h"
#include "bgpd/ctl_path.h"
#include "bgpd/ctl_reply.h"
#include "bgpd/daemon.h"
#include "bgpd/explain.h"
#include "bgpd/group.h"
#include "bgpd/groups.h"
#include "bgpd/nexthop_self.h"
#include "bgpd/peer.h"
#include "bgpd/peer_routes.h"
#include "lib/mem.h"
#include "rib/walk.h"

#include <stdlib.h>
#include <string.h>

enum view { VIEW_LOC, VIEW_IN, VIEW_OUT };

struct rib_show {
	enum view view;
	struct ctl_path_filter filter;
	struct ip_prefix prefix; /* family FAMILY_NONE: all */
	bool longer;
	char *peer;      /* name, for VIEW_IN and VIEW_OUT */
	uint16_t source; /* of that peer */
	struct rib_walk walk;
	enum family last; /* family that ends the walk */
	bool limited;
	uint32_t limit; /* rows left */
	uint8_t defaults; /* families whose default route of our own was shown, or need not be: bits 1 << family */
};

/* One prefix on its way through rib_why. */
struct prefix_show {
	struct ctl_client *c;
	struct rib_show *st;
	enum family family;
	uint32_t id;
	const struct ip_addr *self;
	const struct group_member *member; /* VIEW_OUT, and */
	attr_id told; /* what it has of the best path, unless it has several */
};

static void
show_free(void *state)
{
	struct rib_show *st = state;

	ctl_path_filter_fini(&st->filter);
	free(st->peer);
	free(st);
}

/* Which rule rejected it. */
static void
explain_row(const struct prefix_show *ps, const struct rib_path *p, json_t *row)
{
	struct bgpd *d = ctl_client_daemon(ps->c);
	struct explain e;

	explain_in(d, ps->family, ps->id, p, &e);
	ctl_explain_json(row, &e);
	explain_fini(d, &e);
}

/* What the neighbour has of this path, a reference, or ATTR_NONE; and with which path id. */
static attr_id
told_of(const struct prefix_show *ps, const struct rib_path *p, uint32_t *path_id)
{
	struct bgpd *d = ctl_client_daemon(ps->c);

	if (groups_sends_paths(ps->member, ps->family)) {
		*path_id = groups_path(p).path_id;
		return groups_told(d->groups, ps->member, ps->family, ps->id, p);
	}
	if (!(p->flags & RIB_PATH_BEST))
		return ATTR_NONE;
	return attr_ref(d->attrs, ps->told);
}

static void
show_row(const struct prefix_show *ps, const struct ctl_path *cp)
{
	struct rib_show *st = ps->st;
	struct bgpd *d = ctl_client_daemon(ps->c);

	if ((st->limited && st->limit == 0) || !ctl_path_fits(d, &st->filter, cp))
		return;
	if (st->limited)
		st->limit--;
	json_t *row = ctl_path_json(d, cp);
	if (rib_path_rejected(cp->path))
		explain_row(ps, cp->path, row);
	ctl_row(ps->c, row);
}

static void
show_path(void *ctx, const struct rib_path *p, enum rib_reason reason)
{
	struct prefix_show *ps = ctx;
	struct rib_show *st = ps->st;
	struct bgpd *d = ctl_client_daemon(ps->c);
	struct ctl_path cp = {.family = ps->family,
			      .id = ps->id,
			      .path = p,
			      .attr = p->attr,
			      .reason = reason,
			      .path_id = rib_path_id(p),
			      .self = ps->self};

	if (st->view == VIEW_IN) {
		if (p->source != st->source)
			return;
		cp.attr = rib_path_received(d->rib, ps->family, ps->id, p);
	} else if (st->view == VIEW_OUT) {
		cp.attr = told_of(ps, p, &cp.path_id);
		if (cp.attr != ATTR_NONE)
			show_row(ps, &cp);
		attr_unref(d->attrs, cp.attr);
		return;
	}
	show_row(ps, &cp);
}

static struct peer *
peer_again(const struct bgpd *d, const struct rib_show *st)
{
	struct peer *p;

	TAILQ_FOREACH(p, &d->peers, entry)
	if (strcmp(p->name, st->peer) == 0 && peer_routes_source(p)->index == st->source)
		return p;
	return NULL;
}

/* The path, if it is kept from the neighbour. */
static void
show_withheld_path(struct ctl_client *c, struct rib_show *st, struct peer *peer, enum family f, uint32_t id,
		   const struct rib_path *p)
{
	struct bgpd *d = ctl_client_daemon(c);
	struct ctl_path_filter filter = st->filter;
	struct ctl_path cp = {.family = f, .id = id, .path = p, .attr = p->attr};
	struct explain e;

	filter.rejected = false;
	explain_out(d, peer, f, id, p, &e);
	if (!(st->limited && st->limit == 0) && e.refused && ctl_path_fits(d, &filter, &cp)) {
		json_t *row = ctl_path_json(d, &cp);
		json_object_set_new_nocheck(row, "reason", json_string(e.reason));
		ctl_explain_json(row, &e);
		if (st->limited)
			st->limit--;
		ctl_row(c, row);
	}
	explain_fini(d, &e);
}

/* The best path, or for a neighbour that gets several the usable ones, if they are kept from it. */
static void
show_withheld(struct ctl_client *c, struct rib_show *st, struct peer *peer, enum family f, uint32_t id)
{
	struct bgpd *d = ctl_client_daemon(c);
	const struct group_member *m = peer_routes_member(peer);
	const struct rib_path *best = rib_best(d->rib, f, id);

	if (best != NULL && (m == NULL || !groups_sends_paths(m, f)))
		show_withheld_path(c, st, peer, f, id, best);
	if (best == NULL || m == NULL || !groups_sends_paths(m, f))
		return;
	for (const struct rib_path *p = rib_path_first(d->rib, f, id); p != NULL; p = rib_path_next(d->rib, f, p))
		if (rib_path_usable(d->rib, p))
			show_withheld_path(c, st, peer, f, id, p);
}

/* The default route that it gets besides what is in the RIB. */
static void
show_default(struct ctl_client *c, struct rib_show *st, const struct peer *peer, enum family f)
{
	struct bgpd *d = ctl_client_daemon(c);
	const struct group_member *m = peer_routes_member(peer);
	struct ip_prefix prefix = groups_default_prefix(f);

	if (st->defaults >> f & 1)
		return;
	st->defaults |= (uint8_t)(1u << f);
	if (m == NULL || (st->prefix.family != FAMILY_NONE && !ip_prefix_covers(&st->prefix, &prefix)))
		return;
	json_t *row = ctl_default_json(d, m, f, &st->filter);
	if (row == NULL)
		return;
	if (st->limited)
		st->limit--;
	ctl_row(c, row);
}

static void
show_prefix(struct ctl_client *c, struct rib_show *st, struct peer *peer, enum family f, uint32_t id)
{
	struct bgpd *d = ctl_client_daemon(c);
	struct prefix_show ps = {.c = c, .st = st, .family = f, .id = id};
	struct ip_addr self;

	if (st->view == VIEW_OUT && st->filter.rejected) {
		show_withheld(c, st, peer, f, id);
		return;
	}
	if (st->view == VIEW_OUT) {
		const struct group_member *m = peer_routes_member(peer);
		if (m == NULL)
			return;
		ps.member = m;
		if (!groups_sends_paths(m, f)) {
			ps.told = groups_told(d->groups, m, f, id, NULL);
			if (ps.told == ATTR_NONE)
				return;
		}
		self = nexthop_self_addr(m, f);
		ps.self = &self;
	}
	rib_why(d->rib, f, id, show_path, &ps);
	attr_unref(d->attrs, ps.told);
}

/* True: the walk is over. */
static bool
show_step(struct ctl_client *c, void *state)
{
	struct rib_show *st = state;
	struct bgpd *d = ctl_client_daemon(c);
	struct peer *peer = st->peer != NULL ? peer_again(d, st) : NULL;
	uint32_t budget = CTL_STEP, id;

	if (st->peer != NULL && peer == NULL) {
		ctl_break(c, "the neighbor was removed meanwhile");
		return true;
	}
	if (st->view == VIEW_OUT && !st->filter.rejected)
		show_default(c, st, peer, st->walk.family);
	if (st->limited && st->limit == 0)
		return true;
	if (st->prefix.family != FAMILY_NONE && !st->longer) {
		id = rib_find(d->rib, &st->prefix);
		if (id != 0)
			show_prefix(c, st, peer, (enum family)st->prefix.family, id);
		return true;
	}
	while ((id = rib_walk_next(d->rib, &st->walk, &budget)) != 0) {
		if (st->prefix.family != FAMILY_NONE) {
			struct ip_prefix p = rib_prefix(d->rib, st->walk.family, id);
			if (!ip_prefix_covers(&st->prefix, &p))
				continue;
		}
		show_prefix(c, st, peer, st->walk.family, id);
		if (st->limited && st->limit == 0)
			return true;
	}
	if (!st->walk.done)
		return false;
	if (st->walk.family == st->last)
		return true;
	if (st->view == VIEW_IN)
		rib_walk_source(&st->walk, st->last, peer_routes_source(peer));
	else
		rib_walk_table(&st->walk, st->last);
	return false;
}

static void
show_begin(struct ctl_client *c, const json_t *args, enum view view)
{
	struct rib_show *st = xcalloc(1, sizeof(*st));
	struct peer *peer = NULL;
	const json_t *limit = json_object_get(args, "limit");

	st->view = view;
	st->longer = json_is_true(json_object_get(args, "longer"));
	st->limited = limit != NULL;
	st->limit = (uint32_t)json_integer_value(limit);
	if (view != VIEW_LOC) {
		peer = ctl_peer_find(c, ctl_arg_text(args, "neighbor"));
		if (peer == NULL)
			goto refused;
		ctl_client_turn(c, peer->d);
		st->peer = xstrdup(peer->name);
		st->source = peer_routes_source(peer)->index;
	}
	if (!ctl_path_filter_init(c, args, &st->filter) || !ctl_path_prefix(c, args, st->longer, &st->prefix))
		goto refused;
	st->filter.any = view == VIEW_IN;
	enum family first = FAMILY_IPV4;
	st->last = FAMILY_IPV6;
	if (st->prefix.family != FAMILY_NONE)
		first = st->last = (enum family)st->prefix.family;
	if (view == VIEW_IN)
		rib_walk_source(&st->walk, first, peer_routes_source(peer));
	else
		rib_walk_table(&st->walk, first);
	struct ctl_walk walk = {.rows = "rib", .step = show_step, .free = show_free, .state = st};
	ctl_stream(c, NULL, &walk);
	return;
refused:
	show_free(st);
}

void
ctl_show_rib(struct ctl_client *c, const json_t *args)
{
	show_begin(c, args, VIEW_LOC);
}

void
ctl_show_rib_in(struct ctl_client *c, const json_t *args)
{
	show_begin(c, args, VIEW_IN);
}

void
ctl_show_rib_out(struct ctl_client *c, const json_t *args)
{
	show_begin(c, args, VIEW_OUT);
}
