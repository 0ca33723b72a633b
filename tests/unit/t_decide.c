/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of rib/decide: one pair of paths for each step, and MED and multipath in every order of arrival. */
#include "rib/decide.h"

#include "tests/unit/ribtest.h"
#include "tests/unit/suite.h"

#define PATHS 4

/* A path in words; where nothing is said, the router id is 5 and the address 10.0.0.5. */
struct path {
	enum rib_source_kind kind;
	enum rib_peer_type type;
	uint32_t router_id;
	const char *addr;
	uint32_t igp;
	struct ribtest_attr a;
};

struct arena {
	struct attr_table attrs;
	struct rib_source source[PATHS];
	struct decide_path c[PATHS];
};

static const struct rib_config single = {.default_local_pref = 100, .multipath_ebgp = 1, .multipath_ibgp = 1};
static const struct rib_config multi = {
    .default_local_pref = 100, .multipath_ebgp = 16, .multipath_ibgp = 16};

static void
fill(struct arena *ar, const struct path *p, unsigned n)
{
	attr_table_init(&ar->attrs, 1, NULL);
	for (unsigned i = 0; i < n; i++) {
		ar->source[i] = (struct rib_source){
		    .index = (uint16_t)(i + 1),
		    .kind = (uint8_t)p[i].kind,
		    .peer_type = (uint8_t)p[i].type,
		    .router_id = p[i].router_id != 0 ? p[i].router_id : 5,
		    .addr = ribtest_addr(p[i].addr != NULL ? p[i].addr : "10.0.0.5"),
		};
		ar->c[i] = (struct decide_path){
		    .attr = attr_get(&ar->attrs, ribtest_attr(&ar->attrs, &p[i].a)),
		    .source = &ar->source[i],
		    .igp_metric = p[i].igp,
		};
	}
}

/* The first beats the second by this step, in both orders. */
static void
assert_beats(struct path win, struct path lose, enum rib_reason step)
{
	struct arena ar;
	struct path p[2] = {win, lose}, q[2] = {lose, win};
	unsigned members;

	fill(&ar, p, 2);
	ck_assert_int_eq(decide_paths(ar.c, 2, &single, &members), 0);
	ck_assert_int_eq(ar.c[0].reason, RIB_REASON_BEST);
	ck_assert_int_eq(ar.c[1].reason, step);
	ck_assert_uint_eq(members, 1);
	attr_table_fini(&ar.attrs);
	fill(&ar, q, 2);
	ck_assert_int_eq(decide_paths(ar.c, 2, &single, &members), 1);
	ck_assert_int_eq(ar.c[0].reason, step);
	attr_table_fini(&ar.attrs);
}

#define EBGP(...)                                                                                            \
	(struct path)                                                                                        \
	{                                                                                                    \
		.type = RIB_PEER_EBGP, __VA_ARGS__                                                           \
	}
#define IBGP(...)                                                                                            \
	(struct path)                                                                                        \
	{                                                                                                    \
		.type = RIB_PEER_IBGP, __VA_ARGS__                                                           \
	}

START_TEST(test_steps)
{
	/* RFC 9494 4.2: whatever else it has */
	assert_beats(EBGP(.a = {.as = {1, 2}}), EBGP(.a = {.llgr_stale = true, .preference = 250, .local_pref = 200}),
		     RIB_REASON_LLGR_STALE);
	assert_beats((struct path){.kind = RIB_SOURCE_KERNEL}, EBGP(.a = {.llgr_stale = true}), RIB_REASON_LLGR_STALE);
	/* Among themselves the other steps count. */
	assert_beats(EBGP(.a = {.llgr_stale = true, .local_pref = 200}), EBGP(.a = {.llgr_stale = true}),
		     RIB_REASON_LOCAL_PREF);
	assert_beats(EBGP(.a = {.preference = 101, .as = {1, 2}}), EBGP(.a = {.as = {1}}),
		     RIB_REASON_PREFERENCE);
	assert_beats((struct path){.kind = RIB_SOURCE_CONNECTED}, (struct path){.kind = RIB_SOURCE_STATIC},
		     RIB_REASON_PREFERENCE);
	assert_beats(EBGP(), (struct path){.kind = RIB_SOURCE_KERNEL}, RIB_REASON_PREFERENCE);
	assert_beats(EBGP(.a = {.local_pref = 101, .as = {1, 2}}), EBGP(.a = {.as = {1}}),
		     RIB_REASON_LOCAL_PREF);
	assert_beats(EBGP(), EBGP(.a = {.local_pref = 99}), RIB_REASON_LOCAL_PREF);
	assert_beats((struct path){.kind = RIB_SOURCE_KERNEL, .a = {.preference = 100, .as = {1, 2}}}, EBGP(),
		     RIB_REASON_LOCAL_ORIGIN);
	assert_beats(EBGP(.a = {.as = {1}, .origin = 2}), EBGP(.a = {.as = {1, 2}}), RIB_REASON_PATH_LENGTH);
	assert_beats(IBGP(.a = {.origin = 0}), EBGP(.a = {.origin = 1}), RIB_REASON_ORIGIN);
	assert_beats(IBGP(.a = {.as = {7}, .has_med = true, .med = 4}),
		     EBGP(.a = {.as = {7}, .has_med = true, .med = 5}), RIB_REASON_MED);
	/* RFC 4271 9.1.2.2 c: no MED is the lowest */
	assert_beats(IBGP(.a = {.as = {7}}), EBGP(.a = {.as = {7}, .has_med = true, .med = 1}),
		     RIB_REASON_MED);
	assert_beats(EBGP(.a = {.as = {7}, .has_med = true, .med = 9}, .igp = 9), IBGP(.a = {.as = {8}}),
		     RIB_REASON_EBGP);
	assert_beats(IBGP(.igp = 1, .router_id = 9), IBGP(.igp = 2), RIB_REASON_IGP_METRIC);
	assert_beats(EBGP(.router_id = 4, .addr = "10.0.0.9"), EBGP(), RIB_REASON_ROUTER_ID);
	/* RFC 4456 9: ORIGINATOR_ID stands in for the router id */
	assert_beats(IBGP(.a = {.originator_id = 4}), IBGP(), RIB_REASON_ROUTER_ID);
	assert_beats(IBGP(.a = {.clusters = 1}, .addr = "10.0.0.9"), IBGP(.a = {.clusters = 2}),
		     RIB_REASON_CLUSTER_LENGTH);
	assert_beats(EBGP(.addr = "10.0.0.4"), EBGP(), RIB_REASON_NEIGHBOR_ADDRESS);
	/* by octets: 10.0.0.4 before 10.0.0.10 */
	assert_beats(EBGP(.addr = "10.0.0.4"), EBGP(.addr = "10.0.0.10"), RIB_REASON_NEIGHBOR_ADDRESS);
	/* RFC 5065 5.3: a confederation peer is internal here */
	assert_beats(EBGP(.router_id = 9), (struct path){.type = RIB_PEER_CONFED, .router_id = 1},
		     RIB_REASON_EBGP);
}
END_TEST

/*
 * The usual example of order dependence: a from AS 7 with MED 10, b from AS 7 with MED 5 and a worse IGP
 * metric, c from AS 8 between them. b removes a, c removes b by the IGP metric; pairwise comparing in another
 * order would end with a.
 */
START_TEST(test_med_order)
{
	static const unsigned char orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
						   {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	const struct path p[3] = {
	    IBGP(.a = {.as = {7}, .has_med = true, .med = 10}, .igp = 1),
	    IBGP(.a = {.as = {7}, .has_med = true, .med = 5}, .igp = 3),
	    IBGP(.a = {.as = {8}, .has_med = true, .med = 20}, .igp = 2),
	};
	static const enum rib_reason want[3] = {RIB_REASON_MED, RIB_REASON_IGP_METRIC, RIB_REASON_BEST};

	for (size_t o = 0; o < ARRAY_LEN(orders); o++) {
		struct arena ar;
		struct path q[3];
		unsigned members;

		for (int i = 0; i < 3; i++)
			q[i] = p[orders[o][i]];
		fill(&ar, q, 3);
		decide_paths(ar.c, 3, &single, &members);
		for (int i = 0; i < 3; i++)
			ck_assert_int_eq(ar.c[i].reason, want[orders[o][i]]);
		attr_table_fini(&ar.attrs);
	}
}
END_TEST

START_TEST(test_multipath)
{
	/* the third has another path of the same length; the fourth lost before the cut */
	const struct path p[PATHS] = {
	    EBGP(.a = {.as = {7, 9}}, .router_id = 3),
	    EBGP(.a = {.as = {7, 9}}, .router_id = 2),
	    EBGP(.a = {.as = {8, 9}}, .router_id = 1),
	    EBGP(.a = {.as = {7, 9}}, .router_id = 1, .igp = 1),
	};
	struct rib_config conf = multi;
	struct arena ar;
	unsigned members;

	fill(&ar, p, PATHS);
	ck_assert_int_eq(decide_paths(ar.c, PATHS, &conf, &members), 2);
	ck_assert_uint_eq(members, 1); /* nobody has the best's AS path */
	ck_assert_int_eq(ar.c[1].reason, RIB_REASON_ROUTER_ID);
	ck_assert_int_eq(ar.c[3].reason, RIB_REASON_IGP_METRIC);
	for (int i = 0; i < PATHS; i++)
		ar.c[i].reason = RIB_REASON_BEST;
	conf.as_path_relax = true;
	ck_assert_int_eq(decide_paths(ar.c, PATHS, &conf, &members), 2);
	ck_assert_uint_eq(members, 3);
	ck_assert(ar.c[0].used && ar.c[1].used && ar.c[2].used && !ar.c[3].used);
	ck_assert_int_eq(ar.c[0].reason, RIB_REASON_MULTIPATH);
	/* a set of two takes the next in the order of the later steps */
	for (int i = 0; i < PATHS; i++)
		ar.c[i].reason = RIB_REASON_BEST;
	conf.multipath_ebgp = 2;
	decide_paths(ar.c, PATHS, &conf, &members);
	ck_assert_uint_eq(members, 2);
	ck_assert(!ar.c[0].used && ar.c[1].used);
	ck_assert_int_eq(ar.c[0].reason, RIB_REASON_ROUTER_ID);
	attr_table_fini(&ar.attrs);
}
END_TEST

/* Judges p in every order of arrival; the paths whose bits are in want are used, and the best one is the same. */
static void
assert_used(const struct path p[PATHS], const struct rib_config *conf, unsigned best, unsigned want)
{
	for (unsigned o = 0; o < 256; o++) {
		const unsigned order[PATHS] = {o & 3, o >> 2 & 3, o >> 4 & 3, o >> 6};
		struct path q[PATHS];
		unsigned seen = 0, members, used = 0;
		struct arena ar;

		for (unsigned i = 0; i < PATHS; i++) {
			q[i] = p[order[i]];
			seen |= 1u << order[i];
		}
		if (seen != 0xf) /* no permutation */
			continue;
		fill(&ar, q, PATHS);
		ck_assert_uint_eq(order[decide_paths(ar.c, PATHS, conf, &members)], best);
		for (unsigned i = 0; i < PATHS; i++)
			used |= (unsigned)ar.c[i].used << order[i];
		ck_assert_uint_eq(used, want);
		ck_assert_uint_eq(members, (unsigned)__builtin_popcount(want));
		attr_table_fini(&ar.attrs);
	}
}

/* The best always, then the next in the order of router id and address, whatever came first. */
START_TEST(test_multipath_limit)
{
	const struct path p[PATHS] = {
	    EBGP(.a = {.as = {7}}, .router_id = 3, .addr = "10.0.0.1"),
	    EBGP(.a = {.as = {7}}, .router_id = 2, .addr = "10.0.0.9"),
	    EBGP(.a = {.as = {7}}, .router_id = 2, .addr = "10.0.0.8"),
	    EBGP(.a = {.as = {7}}, .router_id = 1, .addr = "10.0.0.7"),
	};
	struct rib_config conf = multi;
	static const unsigned want[] = {0x8, 0x8, 0xc, 0xe, 0xf, 0xf};

	conf.multipath_ibgp = 1;
	for (uint16_t limit = 0; limit < ARRAY_LEN(want); limit++) {
		conf.multipath_ebgp = limit;
		assert_used(p, &conf, 3, want[limit]);
	}
}
END_TEST

/* The limit is that of the best one's kind, and the other kind never comes in. */
START_TEST(test_multipath_kinds)
{
	struct path p[PATHS] = {
	    EBGP(.a = {.as = {7}}, .router_id = 3),
	    EBGP(.a = {.as = {7}}, .router_id = 4),
	    IBGP(.a = {.as = {7}}, .router_id = 1),
	    IBGP(.a = {.as = {7}}, .router_id = 2),
	};
	struct rib_config conf = multi;

	assert_used(p, &conf, 0, 0x3);
	conf.multipath_ebgp = 1;
	assert_used(p, &conf, 0, 0x1);
	p[0].a.local_pref = p[1].a.local_pref = 99;
	assert_used(p, &conf, 2, 0xc);
	/* Another member of the confederation is as good as a neighbour of our AS. */
	p[3].type = RIB_PEER_CONFED;
	assert_used(p, &conf, 2, 0xc);
	conf.multipath_ibgp = 1;
	conf.multipath_ebgp = 16;
	assert_used(p, &conf, 2, 0x4);
}
END_TEST

/* Relaxed, another first AS does no harm, but the length must be the same. */
START_TEST(test_multipath_relax)
{
	const struct path p[PATHS] = {
	    EBGP(.a = {.as = {7, 9}}, .router_id = 1),
	    EBGP(.a = {.as = {8, 9}}, .router_id = 2),
	    EBGP(.a = {.as = {7, 6}}, .router_id = 3),
	    EBGP(.a = {.as = {7, 9, 9}}, .router_id = 4),
	};
	struct rib_config conf = multi;

	assert_used(p, &conf, 0, 0x1);
	conf.as_path_relax = true;
	assert_used(p, &conf, 0, 0x7);
	conf.multipath_ebgp = 2;
	assert_used(p, &conf, 0, 0x3);
}
END_TEST

START_TEST(test_left_out)
{
	const struct path p[2] = {EBGP(.a = {.local_pref = 500}), EBGP(.a = {.local_pref = 400})};
	struct arena ar;
	unsigned members;

	fill(&ar, p, 2);
	ar.c[0].reason = RIB_REASON_REJECTED;
	ck_assert_int_eq(decide_paths(ar.c, 2, &multi, &members), 1);
	ck_assert_int_eq(ar.c[0].reason, RIB_REASON_REJECTED);
	ar.c[1].reason = RIB_REASON_UNRESOLVED;
	ck_assert_int_eq(decide_paths(ar.c, 2, &multi, &members), -1);
	ck_assert_uint_eq(members, 0);
	ck_assert_int_eq(ar.c[1].reason, RIB_REASON_UNRESOLVED);
	ck_assert_int_eq(decide_paths(ar.c, 0, &multi, &members), -1);
	attr_table_fini(&ar.attrs);
}
END_TEST

SUITE("decide", test_steps, test_med_order, test_multipath, test_multipath_limit, test_multipath_kinds,
      test_multipath_relax, test_left_out)
