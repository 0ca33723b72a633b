/* SPDX-License-Identifier: Apache-2.0 */
/*
 * groups_default: the default route that neighbours get whether or not the RIB has one.
 *
 * It is part of a group's view (export_view.defaults): the RIB's own default route counts as not sent in such a family,
 * and wherever that would be withdrawn this one is said instead (groups_encode). So a stream that is behind ends with
 * the right one, whatever came before. Else it is said where a member comes to its End-of-RIB or EoRR, and when the
 * view of a group or the group of a member changes.
 */
#include "bgpd/groups_int.h"

#include "bgpd/daemon.h"
#include "bgpd/msg.h"
#include "bgpd/own.h"
#include "bgpd/update_enc.h"

bool
groups_default_on(const struct export_view *v, enum family f)
{
	return (v->defaults >> f & 1) != 0;
}

struct ip_prefix
groups_default_prefix(enum family f)
{
	return (struct ip_prefix){.family = (uint8_t)f};
}

attr_id
groups_default_attr(struct groups *gs, const struct export_view *v, enum family f)
{
	static const struct rib_source ours = {.kind = RIB_SOURCE_NETWORK};
	struct attr_table *t = gs->d->attrs;
	struct attr_edit e = {0};
	attr_id out = ATTR_NONE;

	if (!groups_default_on(v, f) || !groups_next_hop_fits(gs, v, f, ATTR_NEXTHOP_SELF))
		return ATTR_NONE;
	own_attr_begin(&e);
	attr_id in = attr_edit_commit(&e, t);
	attr_edit_fini(&e);
	if (export_check(&v->params, &ours, attr_get(t, in)) == EXPORT_OK)
		out = export_transform(&v->params, &ours, t, in, 0, t);
	attr_unref(t, in);
	return out;
}

uint32_t
groups_default_path_id(const struct group *g, enum family f)
{
	return adjout_paths(&g->out, f) != ADJOUT_PATHS_NONE ? GROUPS_DEFAULT_PATH_ID : 0;
}

void
groups_default_put(struct groups *gs, struct group *g, enum family f, struct group_out *to)
{
	const struct export_view *v = g->owner;
	struct nlri nlri = {.path_id = groups_default_path_id(g, f), .prefix = groups_default_prefix(f)};
	attr_id out = groups_default_attr(gs, v, f);
	uint8_t msg[BGP_MSG_MAX];
	struct update_form form = {
	    .family = (uint8_t)f, .as4 = v->as4, .add_path = nlri.path_id != 0, .max_len = BGP_MSG_MAX};
	struct update_enc e;

	if (out == ATTR_NONE) {
		update_enc_begin_withdraw(&e, msg, &form);
	} else {
		const struct attr_set *s = attr_get(gs->d->attrs, out);
		groups_form_next_hop(gs, v, f, ATTR_NEXTHOP_SELF, &form);
		/* An origin, our own AS twice at most and two communities: always short enough. */
		update_enc_begin(&e, msg, &form, s->wire, s->wire_len);
	}
	update_enc_add(&e, &nlri);
	size_t len = update_enc_finish(&e);
	group_put(to, msg, len, out != ATTR_NONE ? e.next_hop_off : 0, out != ATTR_NONE ? e.next_hop_len : 0);
	attr_unref(gs->d->attrs, out);
}

void
groups_default_tell(struct group_member *m, uint8_t families)
{
	const struct adjout_group *ag = &m->group->out;

	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		if ((families & ag->families) >> f & 1)
			group_member_mark(m, f, ADJOUT_DEFAULT);
}

bool
groups_default_said(struct groups *gs, const struct export_view *v, enum family f)
{
	attr_id out = groups_default_attr(gs, v, f);

	attr_unref(gs->d->attrs, out);
	return out != ATTR_NONE;
}

bool
groups_default_sent(struct groups *gs, const struct group_member *m, enum family f)
{
	return groups_default_said(gs, m->group->owner, f);
}
