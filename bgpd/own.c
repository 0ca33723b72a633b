/* SPDX-License-Identifier: Apache-2.0 */
/*
 * own: see own.h.
 */
#include "bgpd/own.h"

#include "bgpd/daemon.h"
#include "bgpd/pipeline.h"
#include "lib/buf.h"
#include "lib/mem.h"

#include <stdlib.h>
#include <string.h>

static void
begin_igp(struct attr_edit *e)
{
	static const uint8_t igp = ATTR_ORIGIN_IGP;

	attr_edit_begin(e, NULL);
	attr_edit_put(e, ATTR_FLAG_TRANSITIVE, ATTR_ORIGIN, &igp, 1);
	attr_edit_put(e, ATTR_FLAG_TRANSITIVE, ATTR_AS_PATH, "", 0);
}

static int
octets_cmp4(const void *a, const void *b)
{
	return memcmp(a, b, 4);
}

static int
octets_cmp8(const void *a, const void *b)
{
	return memcmp(a, b, 8);
}

static int
octets_cmp12(const void *a, const void *b)
{
	return memcmp(a, b, 12);
}

/* Octets of one community as it stands in its attribute; returns their number. */
static size_t
community_put(const struct conf_community *c, uint8_t out[12])
{
	switch (c->kind) {
	case CONF_COMMUNITY_STD:
		be16_put(out, (uint16_t)c->part[0].lo);
		be16_put(out + 2, (uint16_t)c->part[1].lo);
		return 4;
	case CONF_COMMUNITY_LARGE:
		for (int i = 0; i < 3; i++)
			be32_put(out + 4 * i, c->part[i].lo);
		return 12;
	default:
		out[1] = c->ext_subtype;
		if (c->ext_types & CONF_EXT_TWO_OCTET_AS) {
			out[0] = 0x00;
			be16_put(out + 2, (uint16_t)c->part[0].lo);
			be32_put(out + 4, c->part[1].lo);
		} else {
			out[0] = c->ext_types & CONF_EXT_IPV4 ? 0x01 : 0x02;
			be32_put(out + 2, c->part[0].lo);
			be16_put(out + 6, (uint16_t)c->part[1].lo);
		}
		return 8;
	}
}

static void
put_communities(struct attr_edit *e, const struct conf_network *n)
{
	static const struct {
		uint8_t type;
		uint8_t size;
		int (*cmp)(const void *, const void *);
	} kinds[] = {
	    [CONF_COMMUNITY_STD] = {ATTR_COMMUNITIES, 4, octets_cmp4},
	    [CONF_COMMUNITY_LARGE] = {ATTR_LARGE_COMMUNITIES, 12, octets_cmp12},
	    [CONF_COMMUNITY_EXT] = {ATTR_EXT_COMMUNITIES, 8, octets_cmp8},
	};

	for (unsigned k = 0; k < ARRAY_LEN(kinds); k++) {
		uint8_t *v = xmalloc((size_t)n->communities.n * 12 + 1);
		size_t len = 0;
		for (uint32_t i = 0; i < n->communities.n; i++)
			if (n->communities.v[i].kind == k)
				len += community_put(&n->communities.v[i], v + len);
		/* The canonical form is sorted. */
		qsort(v, len / kinds[k].size, kinds[k].size, kinds[k].cmp);
		if (len > 0)
			attr_edit_put(e, ATTR_FLAG_OPTIONAL | ATTR_FLAG_TRANSITIVE, kinds[k].type, v, len);
		free(v);
	}
}

static attr_id
network_attr(struct bgpd *d, const struct conf_network *n)
{
	struct attr_edit e = {0};

	begin_igp(&e);
	if (n->blackhole)
		e.local.discard = ATTR_DISCARD_BLACKHOLE;
	if (CONF_HAS(n, CONF_NET_MED))
		attr_edit_put_u32(&e, ATTR_FLAG_OPTIONAL, ATTR_MED, n->med);
	if (CONF_HAS(n, CONF_NET_LOCAL_PREFERENCE))
		attr_edit_put_u32(&e, ATTR_FLAG_TRANSITIVE, ATTR_LOCAL_PREF, n->local_preference);
	put_communities(&e, n);
	attr_id id = attr_edit_commit(&e, d->attrs);
	attr_edit_fini(&e);
	return id;
}

static attr_id
static_attr(struct bgpd *d, const struct conf_static *st)
{
	struct attr_edit e = {0};

	begin_igp(&e);
	if (st->blackhole)
		e.local.discard = ATTR_DISCARD_BLACKHOLE;
	if (st->unreachable)
		e.local.discard = ATTR_DISCARD_UNREACHABLE;
	/* With an interface alone, or a gateway said to be on one, the kernel needs no resolving of ours. */
	if (st->via.family != FAMILY_NONE && st->interface == NULL)
		e.nexthop = nexthop_intern(d->nexthops, &st->via, NULL);
	attr_id id = attr_edit_commit(&e, d->attrs);
	if (e.nexthop != ATTR_NEXTHOP_NONE)
		nexthop_unref(d->nexthops, e.nexthop);
	attr_edit_fini(&e);
	return id;
}

static void
announce(struct bgpd *d, enum originate_set set, const struct ip_prefix *p, attr_id attr)
{
	originate_add(&d->originate, set, p, attr, RIB_REJECT_NONE, loop_now_s(&d->loop));
	attr_unref(d->attrs, attr);
}

void
own_apply(struct bgpd *d)
{
	const struct conf *conf = d->conf;

	originate_begin(&d->originate, ORIGINATE_NETWORK);
	for (uint32_t i = 0; i < conf->networks.n; i++)
		announce(d, ORIGINATE_NETWORK, &conf->networks.v[i].prefix, network_attr(d, &conf->networks.v[i]));
	originate_end(&d->originate, ORIGINATE_NETWORK);
	originate_begin(&d->originate, ORIGINATE_STATIC);
	for (uint32_t i = 0; i < conf->statics.n; i++)
		announce(d, ORIGINATE_STATIC, &conf->statics.v[i].prefix, static_attr(d, &conf->statics.v[i]));
	originate_end(&d->originate, ORIGINATE_STATIC);
	pipeline_resolve(d->pipeline);
	pipeline_decide(d->pipeline, RIB_URGENT);
}

bool
own_run(struct bgpd *d, uint32_t budget)
{
	bool done = originate_run(&d->originate, budget);

	pipeline_decide(d->pipeline, RIB_URGENT);
	pipeline_decide(d->pipeline, RIB_BULK);
	return done;
}

void
own_network_add(struct bgpd *d, const struct ip_prefix *p)
{
	struct attr_edit e = {0};

	begin_igp(&e);
	announce(d, ORIGINATE_CONTROL, p, attr_edit_commit(&e, d->attrs));
	attr_edit_fini(&e);
	pipeline_decide(d->pipeline, RIB_URGENT);
}

bool
own_network_del(struct bgpd *d, const struct ip_prefix *p)
{
	bool was = originate_del(&d->originate, ORIGINATE_CONTROL, p, loop_now_s(&d->loop));

	pipeline_decide(d->pipeline, RIB_URGENT);
	return was;
}
