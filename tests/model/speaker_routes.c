/* SPDX-License-Identifier: Apache-2.0 */
/*
 * speaker_routes: what neighbours of the speaker model announce and withdraw, and how they send it again.
 * See speaker_model.h.
 */
#include "tests/model/speaker_model.h"

#include "lib/mem.h"

#include <string.h>

struct ip_addr
model_address(unsigned f, unsigned net4, unsigned net6, unsigned host)
{
	struct ip_addr a;
	char text[64];

	if (f == FAMILY_IPV4)
		snprintf(text, sizeof text, "%u.%u.%u.%u", net4 >> 16, net4 >> 8 & 255, net4 & 255, host);
	else
		snprintf(text, sizeof text, "2001:db8:%x::%u", net6, host);
	CHECK(ip_addr_parse(text, &a) == 0);
	return a;
}

static struct ip_addr
random_nexthop(unsigned f, unsigned prefix)
{
	static const uint8_t hosts[] = {10, 11, 20, 21, 99};
	unsigned link = 1 + rnd(3), level = 0;

	if (prefix == PFX_SELF)
		return model_address(f, 10 << 16 | 1, 1, 20);
	if (prefix < PFX_ORDINARY || prefix >= PFX_AGG)
		level = rnd(8);
	else if (prefix >= PFX_COVER2 && prefix < PFX_SELF)
		level = rnd(6);
	switch (level) {
	case 4: /* by the foreign route, without that by the default route */
		return model_address(f, 192 << 16 | 168 << 8 | 9, 0x909, 1);
	case 5:
		link = 1 + rnd(2);
		return model_address(f, 172 << 16 | 16 << 8 | link, 0x1600 + link, 1);
	case 6:
		link = 1 + rnd(2);
		return model_address(f, 172 << 16 | 17 << 8 | link, 0x1700 + link, 1);
	default:
		return model_address(f, 10 << 16 | link, link, hosts[rnd(ARRAY_LEN(hosts))]);
	}
}

static void
path_add(struct mattr *a, uint32_t as, bool confed)
{
	a->confed |= (uint16_t)(confed << a->npath);
	a->path[a->npath++] = as;
}

/* What members of our confederation have put there (RFC 5065 4.1), before the rest. */
static void
random_confed(const struct mpeer *n, struct mattr *a)
{
	static const uint32_t members[] = {65002, 65003, 65101, 65101};

	if (n->member)
		path_add(a, n->as, true);
	else if (!n->internal || rnd(3) != 0)
		return;
	for (unsigned k = rnd(3); k > 0; k--)
		path_add(a, rnd(30) == 0 ? (rnd(2) == 0 ? LOCAL_AS : CONFED_AS) : members[rnd(ARRAY_LEN(members))], true);
}

static void
random_path(const struct mpeer *n, struct mattr *a)
{
	static const uint32_t pool[] = {65001, 65002, 65003, 65010, 70000, 4200000001u};

	if (the_model->confed)
		random_confed(n, a);
	if (!is_inside(n))
		path_add(a, n->as, false);
	/* RFC 7947 2.2.2.1: a route server leaves itself out. */
	if (the_model->conf.neighbor[n - the_model->peer].role == ROLE_RS_CLIENT && !is_inside(n) && rnd(2) == 0)
		a->path[0] = pool[rnd(ARRAY_LEN(pool))];
	for (unsigned k = rnd(is_inside(n) ? 3 : 2); k > 0; k--)
		path_add(a, rnd(30) == 0 ? (rnd(2) == 0 ? LOCAL_AS : outside_as()) : pool[rnd(ARRAY_LEN(pool))], false);
}

static void
random_blob(const struct mpeer *n, unsigned f, struct mattr *a)
{
	uint32_t what = rnd(24);

	if (what > 8)
		return;
	a->tag = n->tag;
	a->blob = 1;
	/* In a confederation paths have segments that the model does not count the octets of. */
	if (what > 1 || the_model->confed)
		return;
	/* About as long as a message can be, so that it fits into some and not into others. */
	a->blob = 300;
	size_t size = wire_size(a, (enum family)f, family_bits((enum family)f), n->caps.as4, n->ids_in[f]);
	size_t want = n->caps.extended_message ? 4040 + rnd(600) : 4020 + rnd(77);
	a->blob = (uint16_t)(a->blob + want - size);
}

void
random_attr(const struct mpeer *n, unsigned f, unsigned prefix, struct mattr *a)
{
	memset(a, 0, sizeof *a);
	if (rnd(2) == 0) {
		/* Often the same, so that there are ties, and neighbours that send equal sets. */
		if (!n->internal)
			path_add(a, n->as, n->member);
		a->has_local_pref = is_inside(n);
		a->local_pref = is_inside(n) ? 100 : 0;
		a->nexthop = random_nexthop(f, prefix);
		return;
	}
	a->origin = (uint8_t)(rnd(4) == 0 ? rnd(3) : 0);
	random_path(n, a);
	a->has_med = rnd(2) == 0;
	a->med = a->has_med ? rnd(3) : 0;
	a->communities = (uint16_t)(rnd(3) == 0 ? 1u << rnd(NCOMMUNITY) : 0);
	a->ext = (uint8_t)(rnd(6) == 0 ? rnd(2) : 0);
	if (rnd(5) == 0)
		a->otc = rnd(2) == 0 ? n->as : 65010;
	if (n->member) {
		a->has_local_pref = rnd(4) != 0;
		a->local_pref = a->has_local_pref ? 50 + 50 * rnd(3) : 0;
		a->ext |= (uint8_t)(rnd(8) == 0 ? X_NON_TRANSITIVE : 0);
	} else if (n->internal) {
		a->has_local_pref = true;
		a->local_pref = 50 + 50 * rnd(3);
		a->ext |= (uint8_t)(rnd(8) == 0 ? X_NON_TRANSITIVE : 0);
		if (rnd(4) == 0)
			a->originator = rnd(8) == 0 ? ROUTER_ID : 0x0a090000u + rnd(6);
		for (a->ncluster = 0; a->ncluster < 2 && rnd(3) == 0; a->ncluster++)
			a->cluster[a->ncluster] = rnd(6) == 0 ? 0x0aff0001u + rnd(2) : 0x01010101u * (1 + rnd(2));
	}
	/* RFC 8950: an IPv6 next hop for an IPv4 route. */
	bool other = f == FAMILY_IPV4 && prefix < PFX_ORDINARY && n->caps.ext_next_hop != 0 && rnd(4) == 0;
	a->nexthop = random_nexthop(other ? FAMILY_IPV6 : f, prefix);
	random_blob(n, f, a);
}

unsigned
slots(const struct mpeer *n, unsigned f)
{
	return n->ids_in[f] ? NSLOT : 1;
}

void
announce(struct mpeer *n, unsigned f, const unsigned *prefix, unsigned count, unsigned slot, const struct mattr *a)
{
	static uint8_t msg[BGP_MSG_MAX_EXT];
	bool capped = memory_is_capped(n), refused[NPREFIX] = {false};

	CHECK(count <= NPREFIX);
	if (capped) {
		session_delivered(n->session);
		memory_predict(n, f, prefix, count, slot, refused);
	}
	session_deliver(n->session, msg, wire_announce(n, (enum family)f, prefix, count, slot, a, msg));
	if (capped)
		session_delivered(n->session);
	for (unsigned i = 0; i < count; i++) {
		struct mroute *r = &n->route[f][prefix[i]][slot];
		r->there = true;
		r->refused = false;
		r->a = *a;
		route_changed(r, prefix[i]);
	}
	if (capped)
		memory_taken(n, f, prefix, count, slot, refused);
}

void
withdraw(struct mpeer *n, unsigned f, const unsigned *prefix, unsigned count, unsigned slot)
{
	uint8_t msg[BGP_MSG_MAX];

	session_deliver(n->session, msg, wire_withdraw(n, (enum family)f, prefix, count, slot, msg));
	for (unsigned i = 0; i < count; i++) {
		struct mroute *r = &n->route[f][prefix[i]][slot];
		memset(&r->a, 0, sizeof r->a);
		r->there = r->refused = false;
		r->sent_id = 0;
		route_changed(r, prefix[i]);
	}
}

/* A read with one or a few messages in it. */
void
step_routes(struct mpeer *n)
{
	for (unsigned messages = 1 + rnd(3); messages > 0; messages--) {
		unsigned f = FAMILY_IPV4 + rnd(2), prefix[4], count = 1, slot = rnd(slots(n, f));
		struct mattr a;
		if (!(n->caps.families & OPEN_FAMILY(f)))
			continue;
		/* In the calm nothing changes that others depend on. */
		prefix[0] = rnd(the_model->stretch == STRETCH_CALM ? PFX_ORDINARY : NPREFIX);
		while (prefix[0] < PFX_ORDINARY - 4 && count < 4 && rnd(3) == 0) {
			prefix[count] = prefix[count - 1] + 1;
			count++;
		}
		if (rnd(3) == 0) {
			withdraw(n, f, prefix, count, slot);
			continue;
		}
		random_attr(n, f, prefix[0], &a);
		if (a.blob > 100 || memory_may_not_grow(n))
			count = 1;
		announce(n, f, prefix, count, slot, &a);
	}
	session_delivered(n->session);
}

/* Each with a set of attributes to itself; now and then one goes. */
void
step_greedy(struct mpeer *n)
{
	unsigned f = FAMILY_IPV4 + rnd(2), prefix = rnd(the_model->greedy_for), slot = rnd(slots(n, f));
	struct mattr a;

	if (!(n->caps.families & OPEN_FAMILY(f)))
		return;
	if (rnd(4) == 0) {
		withdraw(n, f, &prefix, 1, slot);
	} else {
		random_attr(n, f, prefix, &a);
		a.tag = n->tag;
		a.blob = (uint16_t)(1500 + rnd(1500));
		announce(n, f, &prefix, 1, slot, &a);
	}
	session_delivered(n->session);
}

/* The neighbour sends its routes again (RFC 7313): begins, or goes on. */
void
send_again(struct mpeer *n, unsigned f)
{
	if (!(n->borr_in & OPEN_FAMILY(f))) {
		send_refresh(n, f, REFRESH_BORR);
		n->borr_in |= OPEN_FAMILY(f);
		for (unsigned k = 0; k < NPREFIX * NSLOT; k++)
			n->route[f][k / NSLOT][k % NSLOT].stale = true;
		return;
	}
	for (unsigned k = 0; k < NPREFIX * NSLOT; k++) {
		unsigned i = k / NSLOT;
		const struct mroute *r = &n->route[f][i][k % NSLOT];
		struct mattr same = r->a;
		if (r->there && r->stale && rnd(3) != 0)
			announce(n, f, &i, 1, k % NSLOT, &same);
	}
	session_delivered(n->session);
}

void
end_again(struct mpeer *n, unsigned f)
{
	send_refresh(n, f, REFRESH_EORR);
	n->borr_in &= (uint8_t)~OPEN_FAMILY(f);
	for (unsigned k = 0; k < NPREFIX * NSLOT; k++) {
		struct mroute *r = &n->route[f][k / NSLOT][k % NSLOT];
		if (!r->there || !r->stale)
			continue;
		memset(&r->a, 0, sizeof r->a);
		r->there = r->refused = false;
		r->sent_id = 0;
		route_changed(r, k / NSLOT);
	}
}
