/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of rib/attr: identity, summaries, references of next hops, and edits. Wire forms are written by hand.
 */
#include "rib/attr.h"

#include <string.h>

#include "lib/mem.h"
#include "tests/unit/suite.h"

/* ORIGIN EGP; AS_PATH 65001 65002; MED 10; LOCAL_PREF 200; ORIGINATOR_ID 10.0.0.1; two clusters. */
static const uint8_t full[] = {
    0x40, 1,  1,  1,                                           /* ORIGIN */
    0x40, 2,  10, 2,  2, 0, 0,   0xfd, 0xe9, 0, 0, 0xfd, 0xea, /* AS_PATH */
    0x80, 4,  4,  0,  0, 0, 10,                                /* MED */
    0x40, 5,  4,  0,  0, 0, 200,                               /* LOCAL_PREF */
    0x80, 9,  4,  10, 0, 0, 1,                                 /* ORIGINATOR_ID */
    0x80, 10, 8,  10, 0, 0, 2,   10,   0,    0, 3,             /* CLUSTER_LIST */
};
static const uint8_t plain[] = {0x40, 1, 1, 0, 0x40, 2, 0};

struct counts {
	int refs[8];
};

static void
nexthop_ref(void *ctx, uint32_t nexthop)
{
	((struct counts *)ctx)->refs[nexthop]++;
}

static void
nexthop_unref(void *ctx, uint32_t nexthop)
{
	((struct counts *)ctx)->refs[nexthop]--;
}

static struct ip_addr
nexthop_addr(void *ctx, uint32_t nexthop)
{
	(void)ctx;
	return ip_addr_v4(0x0a000000 + nexthop);
}

/* Of few things no page is full, so that each page that holds one is in a list. */
static bool
holds_nothing(const struct pool *p)
{
	bool nothing = p->others == 0;

	for (unsigned i = 0; i < ARRAY_LEN(p->partial); i++)
		nothing = nothing && LIST_EMPTY(&p->partial[i]);
	return nothing;
}

START_TEST(test_intern)
{
	struct counts c = {0};
	struct attr_nexthop_ops ops = {nexthop_ref, nexthop_unref, nexthop_addr, &c};
	struct attr_local local = {.metric = 512};
	struct attr_local absent = {0};
	struct attr_table t;
	struct ip_addr a;
	attr_id x, y, z, l;

	attr_table_init(&t, 99, &ops);
	x = attr_intern(&t, 1, NULL, full, sizeof(full));
	ck_assert_uint_ne(x, ATTR_NONE);
	ck_assert_uint_eq(attr_intern(&t, 1, &absent, full, sizeof(full)), x);
	ck_assert_uint_eq(attr_slot(&t, x)->refs, 2);
	y = attr_intern(&t, 2, NULL, full, sizeof(full));
	z = attr_intern(&t, 1, NULL, plain, sizeof(plain));
	l = attr_intern(&t, 1, &local, plain, sizeof(plain));
	ck_assert(x != y && x != z && l != z);
	ck_assert_uint_eq(attr_table_count(&t), 4);
	ck_assert_int_eq(c.refs[1], 3);
	ck_assert_int_eq(c.refs[2], 1);
	ck_assert_uint_eq(attr_local(attr_get(&t, l)).metric, 512);
	ck_assert_uint_eq(attr_local(attr_get(&t, z)).metric, 0);
	a = attr_nexthop_addr(&t, 2);
	ck_assert_uint_eq(ip_addr_to_v4(&a), 0x0a000002);
	ck_assert_uint_eq(attr_nexthop_addr(&t, ATTR_NEXTHOP_SELF).family, FAMILY_NONE);
	attr_unref(&t, x);
	ck_assert_int_eq(c.refs[1], 3);
	attr_unref(&t, x);
	attr_unref(&t, l);
	attr_unref(&t, ATTR_NONE);
	ck_assert_int_eq(c.refs[1], 1);
	ck_assert_uint_eq(attr_table_count(&t), 2);
	attr_unref(&t, y);
	attr_unref(&t, z);
	ck_assert_int_eq(c.refs[1] + c.refs[2], 0);
	ck_assert(holds_nothing(t.sets));
	attr_table_fini(&t);
}
END_TEST

/* Sets among another table's count there, are theirs alone, and go with their table. */
START_TEST(test_share)
{
	struct attr_table main, side;

	attr_table_init(&main, 1, NULL);
	attr_table_init(&side, 1, NULL);
	attr_table_share(&side, &main);
	attr_id x = attr_intern(&main, 0, NULL, full, sizeof(full)), y = attr_intern(&side, 0, NULL, full, sizeof(full));
	ck_assert_ptr_ne(attr_get(&main, x), attr_get(&side, y));
	ck_assert_uint_eq(pool_bytes(&side.own), 0);
	attr_unref(&main, x);
	ck_assert_mem_eq(attr_get(&side, y)->wire, full, sizeof(full));
	ck_assert(!holds_nothing(&main.own));
	attr_table_fini(&side);
	ck_assert(holds_nothing(&main.own));
	attr_table_fini(&main);
}
END_TEST

/* A table given back with sets in it leaks nothing (the sanitizer says so). */
START_TEST(test_many)
{
	struct attr_table t;
	uint8_t wire[sizeof(full)];
	attr_id id[5000];

	attr_table_init(&t, 1, NULL);
	memcpy(wire, full, sizeof(full));
	for (uint32_t i = 0; i < 5000; i++) {
		wire[22] = (uint8_t)(i >> 8);
		wire[23] = (uint8_t)i;
		id[i] = attr_intern(&t, ATTR_NEXTHOP_NONE, NULL, wire, sizeof(wire));
		ck_assert_uint_eq(attr_get(&t, id[i])->med, i);
	}
	for (uint32_t i = 0; i < 5000; i += 2)
		attr_unref(&t, id[i]);
	for (uint32_t i = 1; i < 5000; i += 2)
		ck_assert_uint_eq(attr_get(&t, id[i])->med, i);
	ck_assert_uint_eq(attr_table_count(&t), 2500);
	ck_assert_uint_gt(attr_table_bytes(&t), 2500 * (sizeof(struct attr_set) + sizeof(full)));
	attr_table_fini(&t);
}
END_TEST

START_TEST(test_summary)
{
	static const uint8_t extra[] = {0x40, 2, 0, 0xe0, 99, 1, 7};
	struct attr_table t;
	const struct attr_set *s;
	const uint8_t *v;
	size_t len;

	attr_table_init(&t, 1, NULL);
	s = attr_get(&t, attr_intern(&t, 0, NULL, full, sizeof(full)));
	ck_assert_uint_eq(s->origin, ATTR_ORIGIN_EGP);
	ck_assert_uint_eq(s->path_len, 2);
	ck_assert_uint_eq(s->neighbor_as, 65001);
	ck_assert_uint_eq(s->med, 10);
	ck_assert_uint_eq(s->local_pref, 200);
	ck_assert_uint_eq(attr_originator_id(s), 0x0a000001);
	ck_assert_uint_eq(s->cluster_len, 2);
	ck_assert_uint_eq(s->flags, ATTR_F_HAS_MED | ATTR_F_HAS_LOCAL_PREF | ATTR_F_HAS_ORIGINATOR);
	v = attr_find(s, ATTR_CLUSTER_LIST, &len);
	ck_assert_uint_eq(len, 8);
	ck_assert_mem_eq(v, ((uint8_t[]){10, 0, 0, 2}), 4);
	ck_assert_ptr_null(attr_find(s, ATTR_COMMUNITIES, &len));
	s = attr_get(&t, attr_intern(&t, 0, NULL, extra, sizeof(extra)));
	ck_assert_uint_eq(s->flags, ATTR_F_HAS_UNKNOWN);
	ck_assert_uint_eq(s->origin, ATTR_ORIGIN_INCOMPLETE);
	ck_assert_ptr_nonnull(attr_find(s, ATTR_AS_PATH, &len));
	ck_assert_uint_eq(len, 0);
	attr_table_fini(&t);
}
END_TEST

/* The sets of a plain table are the same ones, and nothing is said of them. */
START_TEST(test_plain)
{
	struct attr_table t, copies;
	struct attr_edit e = {0};

	attr_table_init(&t, 1, NULL);
	attr_table_init(&copies, 1, NULL);
	copies.plain = true;
	attr_edit_begin(&e, attr_get(&t, attr_intern(&t, 7, NULL, full, sizeof(full))));
	e.local.metric = 3;
	attr_id id = attr_edit_commit(&e, &copies);
	const struct attr_set *s = attr_get(&copies, id);
	ck_assert_uint_eq(s->nexthop, 7);
	ck_assert_uint_eq(s->wire_len, sizeof(full));
	ck_assert_mem_eq(s->wire, full, sizeof(full));
	ck_assert_uint_eq(attr_local(s).metric, 3);
	ck_assert_uint_eq(s->flags, ATTR_F_HAS_LOCAL);
	ck_assert_uint_eq(attr_edit_commit(&e, &copies), id);
	attr_unref(&copies, id);
	attr_unref(&copies, id);
	ck_assert_uint_eq(attr_table_count(&copies), 0);
	attr_edit_fini(&e);
	attr_table_fini(&copies);
	attr_table_fini(&t);
}
END_TEST

/* RFC 1997, RFC 9494 4.6: 65535:65281 to 65283, 65535:6. */
START_TEST(test_well_known)
{
	static const struct {
		uint8_t community[4];
		uint8_t well_known, flags;
	} rows[] = {
	    {{0xff, 0xff, 0xff, 0x01}, ATTR_WK_NO_EXPORT, 0},
	    {{0xff, 0xff, 0xff, 0x02}, ATTR_WK_NO_ADVERTISE, 0},
	    {{0xff, 0xff, 0xff, 0x03}, ATTR_WK_NO_EXPORT_SUBCONFED, 0},
	    {{0xff, 0xff, 0xff, 0x04}, 0, 0},
	    {{0xff, 0xfe, 0xff, 0x01}, 0, 0},
	    {{0xff, 0xff, 0x00, 0x06}, 0, ATTR_F_LLGR_STALE},
	};
	struct attr_edit e = {0};
	struct attr_table t;

	attr_table_init(&t, 1, NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		/* Behind another one. */
		uint8_t list[8] = {0, 1, 0, 1};
		memcpy(list + 4, rows[i].community, 4);
		attr_edit_begin(&e, NULL);
		attr_edit_put(&e, 0xc0, ATTR_COMMUNITIES, list, sizeof(list));
		const struct attr_set *s = attr_get(&t, attr_edit_commit(&e, &t));
		ck_assert_uint_eq(s->well_known, rows[i].well_known);
		ck_assert_uint_eq(s->flags, rows[i].flags);
	}
	attr_edit_fini(&e);
	attr_table_fini(&t);
}
END_TEST

START_TEST(test_canonical)
{
	static const uint8_t order[] = {0x40, 2, 0, 0x40, 1, 1, 0};
	static const uint8_t twice[] = {0x40, 1, 1, 0, 0x40, 1, 1, 0};
	static const uint8_t wide[] = {0x50, 1, 0, 1, 0};
	static const uint8_t cut[] = {0x40, 1, 2, 0};

	ck_assert(attr_wire_is_canonical(full, sizeof(full)));
	ck_assert(attr_wire_is_canonical(full, 0));
	ck_assert(!attr_wire_is_canonical(order, sizeof(order)));
	ck_assert(!attr_wire_is_canonical(twice, sizeof(twice)));
	ck_assert(!attr_wire_is_canonical(wide, sizeof(wide)));
	ck_assert(!attr_wire_is_canonical(cut, sizeof(cut)));
}
END_TEST

START_TEST(test_edit)
{
	static const uint8_t want[] = {0x40, 1, 1, 0, 0x40, 2, 0, 0x80, 4, 4, 0, 0, 0, 9};
	struct attr_edit e = {0};
	struct attr_table t;
	attr_id x, y;

	attr_table_init(&t, 1, NULL);
	attr_edit_begin(&e, NULL);
	attr_edit_put_u32(&e, 0x80, ATTR_MED, 7);
	attr_edit_put(&e, 0x40, ATTR_AS_PATH, NULL, 0);
	attr_edit_put(&e, 0x40, ATTR_ORIGIN, "\0", 1);
	attr_edit_put_u32(&e, 0x80, ATTR_MED, 9);
	ck_assert_uint_eq(e.len, sizeof(want));
	ck_assert_mem_eq(e.wire, want, sizeof(want));
	x = attr_edit_commit(&e, &t);
	attr_edit_begin(&e, attr_get(&t, x));
	ck_assert(attr_edit_del(&e, ATTR_MED));
	ck_assert(!attr_edit_del(&e, ATTR_MED));
	ck_assert(!attr_edit_del(&e, ATTR_LOCAL_PREF));
	ck_assert_mem_eq(e.wire, plain, sizeof(plain));
	y = attr_intern(&t, 0, NULL, plain, sizeof(plain));
	ck_assert_uint_eq(attr_edit_commit(&e, &t), y);
	e.local.tag = 7;
	e.nexthop = ATTR_NEXTHOP_SELF;
	x = attr_edit_commit(&e, &t);
	attr_edit_begin(&e, attr_get(&t, x));
	ck_assert_uint_eq(e.local.tag, 7);
	ck_assert_uint_eq(e.nexthop, ATTR_NEXTHOP_SELF);
	attr_edit_fini(&e);
	attr_table_fini(&t);
}
END_TEST

/* The extended length bit follows from the length; what does not fit a set is refused. */
START_TEST(test_edit_del_all)
{
	/* ORIGIN, AS_PATH, MED, LOCAL_PREF, CLUSTER_LIST, and one of a type that has no bit: 68 = 64 + 4. */
	static const uint8_t in[] = {0x40, 1, 1, 0, 0x40, 2, 0, 0x80, 4, 4, 0, 0, 0, 9, 0x40, 5, 4, 0, 0, 0, 100,
	    0x80, 10, 4, 1, 1, 1, 1, 0xc0, 68, 1, 7};
	static const uint8_t want[] = {0x40, 1, 1, 0, 0x40, 2, 0, 0x40, 5, 4, 0, 0, 0, 100, 0xc0, 68, 1, 7};
	struct attr_edit e = {0};
	struct attr_table t;

	attr_table_init(&t, 1, NULL);
	attr_edit_begin(&e, attr_get(&t, attr_intern(&t, 0, NULL, in, sizeof(in))));
	attr_edit_del_all(&e, ATTR_BIT(ATTR_OTC));
	ck_assert_uint_eq(e.len, sizeof(in));
	ck_assert_mem_eq(e.wire, in, sizeof(in));
	attr_edit_del_all(&e, ATTR_BIT(ATTR_MED) | ATTR_BIT(ATTR_CLUSTER_LIST));
	ck_assert_uint_eq(e.len, sizeof(want));
	ck_assert_mem_eq(e.wire, want, sizeof(want));
	/* Until nothing is left. */
	attr_edit_del_all(&e, ATTR_BIT(1) | ATTR_BIT(2) | ATTR_BIT(5));
	ck_assert_uint_eq(e.len, 4);
	attr_edit_begin(&e, NULL);
	attr_edit_del_all(&e, UINT64_MAX);
	ck_assert_uint_eq(e.len, 0);
	attr_edit_fini(&e);
	attr_table_fini(&t);
}
END_TEST

START_TEST(test_edit_long)
{
	static const uint8_t value[65000];
	struct attr_edit e = {0};
	struct attr_table t;

	attr_table_init(&t, 1, NULL);
	attr_edit_begin(&e, NULL);
	attr_edit_put(&e, 0xd0, ATTR_COMMUNITIES, value, 252);
	ck_assert_mem_eq(e.wire, ((uint8_t[]){0xc0, 8, 252}), 3);
	attr_edit_put(&e, 0xc0, ATTR_COMMUNITIES, value, 256);
	ck_assert_mem_eq(e.wire, ((uint8_t[]){0xd0, 8, 1, 0}), 4);
	ck_assert_uint_eq(e.len, 260);
	attr_edit_put(&e, 0xc0, ATTR_COMMUNITIES, value, 65000);
	attr_edit_put(&e, 0xc0, ATTR_LARGE_COMMUNITIES, value, 1200);
	ck_assert_uint_eq(attr_edit_commit(&e, &t), ATTR_NONE);
	attr_edit_fini(&e);
	attr_table_fini(&t);
}
END_TEST

/* In steps, also where the table changed between them. */
START_TEST(test_ahead)
{
	struct attr_table t;

	attr_table_init(&t, 1, NULL);
	uint32_t h1 = attr_ahead(&t, 1, full, sizeof(full)), h2 = attr_ahead(&t, 2, full, sizeof(full));
	attr_ahead_slot(&t, h1);
	attr_id x = attr_intern(&t, 1, NULL, full, sizeof(full));
	attr_ahead_slot(&t, h1);
	attr_id y = attr_intern_hashed(&t, h2, 2, full, sizeof(full));
	ck_assert_uint_eq(attr_intern_hashed(&t, h1, 1, full, sizeof(full)), x);
	ck_assert_uint_ne(x, y);
	ck_assert_uint_eq(attr_intern(&t, 2, NULL, full, sizeof(full)), y);
	ck_assert_uint_eq(attr_table_count(&t), 2);
	attr_unref(&t, x);
	attr_unref(&t, x);
	attr_ahead_slot(&t, h1);
	ck_assert_uint_eq(attr_table_count(&t), 1);
	attr_table_fini(&t);
}
END_TEST

SUITE("attr", test_intern, test_share, test_many, test_ahead, test_summary, test_plain, test_well_known, test_canonical, test_edit, test_edit_del_all, test_edit_long)
