/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ribtest: a RIB with its tables for tests, and attribute sets from a few words.
 */
#ifndef TESTS_UNIT_RIBTEST_H
#define TESTS_UNIT_RIBTEST_H

#include <string.h>

#include "lib/mem.h"
#include "rib/rib.h"

struct ribtest {
	struct nexthop_table *nexthops;
	struct attr_table attrs;
	struct rib *rib;
};

static inline void
ribtest_init(struct ribtest *t, const struct rib_callbacks *cb)
{
	t->nexthops = nexthop_table_new(1);
	struct attr_nexthop_ops ops = nexthop_attr_ops(t->nexthops);
	attr_table_init(&t->attrs, 2, &ops);
	t->rib = rib_new(&t->attrs, t->nexthops, cb, 3);
}

static inline void
ribtest_fini(struct ribtest *t)
{
	rib_free(t->rib);
	attr_table_fini(&t->attrs);
	nexthop_table_free(t->nexthops);
}

/* What a test says about a path's attributes; 0 leaves an attribute out (med: see has_med). */
struct ribtest_attr {
	nexthop_id nexthop;
	uint8_t origin;
	uint32_t as[4]; /* AS_SEQUENCE up to the first 0 */
	bool has_med;
	uint32_t med, local_pref, originator_id;
	unsigned clusters; /* ≤ 3 */
	uint32_t preference;
	bool llgr_stale;
};

static inline attr_id
ribtest_attr(struct attr_table *attrs, const struct ribtest_attr *a)
{
	static const uint8_t clusters[12] = {1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3};
	struct attr_edit e = {0};
	uint8_t path[2 + 16] = {2, 0};
	attr_id id;

	attr_edit_begin(&e, NULL);
	e.nexthop = a->nexthop;
	attr_edit_put(&e, ATTR_FLAG_TRANSITIVE, ATTR_ORIGIN, &a->origin, 1);
	for (; path[1] < 4 && a->as[path[1]] != 0; path[1]++)
		for (unsigned i = 0; i < 4; i++)
			path[2u + path[1] * 4u + i] = (uint8_t)(a->as[path[1]] >> (24 - 8 * i));
	attr_edit_put(&e, ATTR_FLAG_TRANSITIVE, ATTR_AS_PATH, path, path[1] != 0 ? 2u + path[1] * 4u : 0);
	if (a->has_med)
		attr_edit_put_u32(&e, ATTR_FLAG_OPTIONAL, ATTR_MED, a->med);
	if (a->local_pref != 0)
		attr_edit_put_u32(&e, ATTR_FLAG_TRANSITIVE, ATTR_LOCAL_PREF, a->local_pref);
	if (a->llgr_stale)
		attr_edit_put_u32(&e, ATTR_FLAG_OPTIONAL | ATTR_FLAG_TRANSITIVE, ATTR_COMMUNITIES, 0xffff0006u);
	if (a->originator_id != 0)
		attr_edit_put_u32(&e, ATTR_FLAG_OPTIONAL, ATTR_ORIGINATOR_ID, a->originator_id);
	if (a->clusters != 0)
		attr_edit_put(&e, ATTR_FLAG_OPTIONAL, ATTR_CLUSTER_LIST, clusters, a->clusters * 4u);
	if (a->preference != 0) {
		e.local.has_preference = 1;
		e.local.preference = a->preference;
	}
	id = attr_edit_commit(&e, attrs);
	attr_edit_fini(&e);
	return id;
}

static inline struct ip_prefix
ribtest_prefix(const char *text)
{
	struct ip_prefix p;

	ASSERT(ip_prefix_parse(text, &p) == 0);
	return p;
}

static inline struct ip_addr
ribtest_addr(const char *text)
{
	struct ip_addr a;

	ASSERT(ip_addr_parse(text, &a) == 0);
	return a;
}

/* Announces (attr ≠ 0) or withdraws; the reference of attr stays the caller's. */
static inline unsigned
ribtest_apply(struct ribtest *t, struct rib_source *s, const char *prefix, attr_id received,
	      attr_id effective, enum rib_reject reject)
{
	struct rib_op op = {
	    .prefix = ribtest_prefix(prefix), .withdraw = received == 0, .reject = (uint8_t)reject};

	op.hash = rib_hash(t->rib, &op.prefix);
	op.received = received;
	op.effective = effective;
	return rib_apply(t->rib, s, &op, 1, 7, RIB_URGENT);
}

static inline struct rib_source *
ribtest_peer(struct ribtest *t, enum rib_peer_type type, uint32_t router_id, const char *addr)
{
	struct rib_source *s = rib_source_add(t->rib, RIB_SOURCE_BGP);

	s->peer_type = (uint8_t)type;
	s->router_id = router_id;
	s->addr = ribtest_addr(addr);
	return s;
}

#endif
