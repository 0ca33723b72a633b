/* SPDX-License-Identifier: Apache-2.0 */
/*
 * groups_encode: an outgoing attribute set and its prefixes as UPDATE messages.
 * See groups.h; the messages themselves are update_enc.c's.
 */
#include "bgpd/groups_int.h"

#include "bgpd/daemon.h"
#include "bgpd/msg.h"

#include <errno.h>
#include <string.h>

#define AHEAD_PREFIX 8 /* withdrawn prefixes ahead of their turn, to ask for */

static void
put_withdrawals(struct groups *gs, struct group *g, enum family f, uint32_t path_id, const uint32_t *ids, uint32_t n, size_t msg_max,
    struct group_out *to)
{
	uint8_t msg[BGP_MSG_MAX];
	struct update_form form = {.family = (uint8_t)f, .add_path = path_id != 0, .max_len = BGP_MSG_MAX};
	struct update_enc e;

	(void)msg_max; /* withdrawals always fit into messages that everybody takes */
	update_enc_begin_withdraw(&e, msg, &form);
	for (uint32_t i = 0; i < n; i++) {
		if (i + AHEAD_PREFIX < n)
			rib_prefix_fetch(gs->d->rib, f, ids[i + AHEAD_PREFIX]);
		struct nlri nlri;
		nlri.path_id = path_id;
		rib_prefix_get(gs->d->rib, f, ids[i], &nlri.prefix);
		/* With path ids ours is another path. */
		if (nlri.prefix.len == 0 && path_id == 0 && groups_default_on(g->owner, f)) {
			groups_default_put(gs, g, f, to);
			continue;
		}
		if (update_enc_add(&e, &nlri))
			continue;
		group_put(to, msg, update_enc_finish(&e), 0, 0);
		update_enc_begin_withdraw(&e, msg, &form);
		update_enc_add(&e, &nlri);
	}
	size_t len = update_enc_finish(&e);
	if (len > 0)
		group_put(to, msg, len, 0, 0);
}

static bool
is_own(uint32_t nexthop)
{
	return nexthop == ATTR_NEXTHOP_SELF || nexthop == ATTR_NEXTHOP_NONE;
}

bool
groups_next_hop_fits(const struct groups *gs, const struct export_view *v, enum family f, uint32_t nexthop)
{
	struct nexthop_view nv;

	if (is_own(nexthop))
		return v->self_len[f] != 0;
	nexthop_get(gs->d->nexthops, nexthop, &nv);
	/* RFC 8950 4: another family's next hop only if the neighbour has said that it understands it. */
	return nv.global.family == f || (nv.global.family == FAMILY_IPV6 && v->ext_next_hop >> f & 1);
}

void
groups_form_next_hop(const struct groups *gs, const struct export_view *v, enum family f, uint32_t nexthop,
    struct update_form *form)
{
	struct nexthop_view nv;

	if (!is_own(nexthop)) {
		/* Without the link-local address, which is one of the link that it came over. */
		nexthop_get(gs->d->nexthops, nexthop, &nv);
		form->next_hop = nv.global;
		return;
	}
	form->next_hop.family = v->self_len[f] == 4 ? FAMILY_IPV4 : FAMILY_IPV6;
	if (v->self_len[f] == 32)
		form->link_local.family = FAMILY_IPV6;
}

static void
finish_one(struct update_enc *e, const uint8_t *msg, bool own, struct group_out *to)
{
	size_t len = update_enc_finish(e);

	if (len > 0)
		group_put(to, msg, len, own ? e->next_hop_off : 0, own ? e->next_hop_len : 0);
}

int
groups_encode(void *ctx, struct group *g, enum family f, uint32_t path_id, uint32_t out, const uint32_t *ids,
    uint32_t n, size_t msg_max, struct group_out *to)
{
	struct groups *gs = ctx;
	const struct export_view *v = g->owner;
	/* Not on the stack, where 64 KB are touched page by page at each call (-fstack-clash-protection): 16 misses. */
	static uint8_t msg[BGP_MSG_MAX_EXT];
	struct update_form form = {
	    .family = (uint8_t)f,
	    .as4 = v->as4,
	    .add_path = path_id != 0,
	    .discard = group_out_discards(to),
	    .max_len = (uint16_t)msg_max};
	struct update_enc e;

	if (out == ATTR_NONE) {
		put_withdrawals(gs, g, f, path_id, ids, n, msg_max, to);
		return 0;
	}
	const struct attr_set *s = attr_get(&gs->sent, out);
	bool own = is_own(s->nexthop);
	groups_form_next_hop(gs, v, f, s->nexthop, &form);
	if (!update_enc_begin(&e, msg, &form, s->wire, s->wire_len))
		return -EMSGSIZE;
	for (uint32_t i = 0; i < n; i++) {
		if (i + ADJOUT_FETCHED < n)
			rib_prefix_fetch(gs->d->rib, f, ids[i + ADJOUT_FETCHED]);
		struct nlri nlri;
		nlri.path_id = path_id;
		rib_prefix_get(gs->d->rib, f, ids[i], &nlri.prefix);
		if (update_enc_add(&e, &nlri))
			continue;
		finish_one(&e, msg, own, to);
		update_enc_begin(&e, msg, &form, s->wire, s->wire_len);
		update_enc_add(&e, &nlri);
	}
	finish_one(&e, msg, own, to);
	return 0;
}

void
groups_mark(void *ctx, struct group *g, enum family f, enum adjout_mark mark, struct group_out *to)
{
	uint8_t msg[BGP_REFRESH_LEN + UPDATE_EOR_MAX];
	size_t len;

	if (mark == ADJOUT_DEFAULT || (mark != ADJOUT_BORR && groups_default_on(g->owner, f)))
		groups_default_put(ctx, g, f, to);
	if (mark == ADJOUT_DEFAULT)
		return;
	if (mark == ADJOUT_EOR) {
		len = update_enc_eor(msg, f);
	} else {
		struct msg_refresh r = {.afi = family_afi(f),
		    .safi = BGP_SAFI_UNICAST,
		    .subtype = mark == ADJOUT_BORR ? REFRESH_BORR : REFRESH_EORR};
		len = msg_refresh_encode(msg, &r);
	}
	group_put(to, msg, len, 0, 0);
}
