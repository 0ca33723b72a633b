/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of rib/policy: every match and set key, falling through, references. */
#include "rib/policy.h"

#include <string.h>

#include "lib/mem.h"
#include "tests/unit/suite.h"

/* ORIGIN IGP; AS_PATH 65001 65002; MED 10; LOCAL_PREF 200; communities 64512:1 and 64512:2 */
static const uint8_t wire[] = {
    0x40, 1, 1,  0,    0x40, 2, 10, 2, 2, 0,   0,    0xfd, 0xe9, 0,    0, 0xfd, 0xea, 0x80, 4, 4, 0,
    0,    0, 10, 0x40, 5,    4, 0,  0, 0, 200, 0xc0, 8,    8,    0xfc, 0, 0,    1,    0xfc, 0, 0, 2,
};

/* A table with that set, next hop 1 = 10.0.0.1, kernel metric 512, tag 7. */
struct fixture {
	struct attr_table t;
	struct policy_input in;
	int nexthop_refs[4];
};

static void
count_ref(void *ctx, uint32_t nexthop)
{
	((struct fixture *)ctx)->nexthop_refs[nexthop]++;
}

static void
count_unref(void *ctx, uint32_t nexthop)
{
	((struct fixture *)ctx)->nexthop_refs[nexthop]--;
}

static struct ip_addr
hop_addr(void *ctx, uint32_t nexthop)
{
	(void)ctx;
	return ip_addr_v4(0x0a000000 + nexthop);
}

static struct ip_prefix
prefix(const char *text)
{
	struct ip_prefix p;

	ck_assert_int_eq(ip_prefix_parse(text, &p), 0);
	return p;
}

static struct fixture *
begin(void)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct attr_nexthop_ops ops = {count_ref, count_unref, hop_addr, f};
	struct attr_local local = {.metric = 512, .tag = 7};

	attr_table_init(&f->t, 5, &ops);
	f->in = (struct policy_input){.attr = attr_intern(&f->t, 1, &local, wire, sizeof(wire)),
				      .prefix = prefix("192.0.2.0/24"),
				      .source_kind = RIB_SOURCE_BGP,
				      .peer_type = RIB_PEER_EBGP,
				      .neighbor = 3,
				      .default_local_pref = 100,
				      .interface = "cali12"};
	return f;
}

/* Nothing but the set it began with may be left. */
static void
end(struct fixture *f)
{
	ck_assert_uint_eq(attr_table_count(&f->t), 1);
	ck_assert_uint_eq(attr_slot(&f->t, f->in.attr)->refs, 1);
	ck_assert_int_eq(f->nexthop_refs[1], 1);
	ck_assert_int_eq(f->nexthop_refs[2], 0);
	attr_table_fini(&f->t);
	free(f);
}

static struct policy *
one_rule(struct fixture *f, struct policy_match *m, uint32_t n, const struct policy_set *set,
	 enum policy_action action)
{
	struct policy *p = policy_new(&f->t, "p");
	struct policy_rule r = {.matches = m, .n_matches = n, .action = (uint8_t)action, .line = 9};

	if (set)
		r.set = *set;
	policy_add(p, &r);
	return p;
}

/* Does a rule with these matches accept? */
static bool
accepts(struct fixture *f, struct policy_match *m, uint32_t n)
{
	struct policy *p = one_rule(f, m, n, NULL, POLICY_ACCEPT);
	struct policy_result res;

	policy_run(&p, 1, &f->in, &res);
	if (res.accept)
		ck_assert_uint_eq(res.attr, f->in.attr);
	else
		ck_assert_uint_eq(res.attr, ATTR_NONE);
	attr_unref(&f->t, res.attr);
	policy_unref(p);
	return res.accept;
}

#define ACCEPTS(...)   accepts(f, &(struct policy_match){__VA_ARGS__}, 1)
#define RANGE(k, a, b) .key = (k), .range = {(a), (b)}

START_TEST(test_match_numbers)
{
	struct fixture *f = begin();
	uint32_t first[] = {65001}, second[] = {65002}, neighbors[] = {2, 3};

	ck_assert(ACCEPTS(RANGE(POLICY_MATCH_LOCAL_PREF, 101, UINT32_MAX)));
	ck_assert(!ACCEPTS(RANGE(POLICY_MATCH_LOCAL_PREF, 201, UINT32_MAX)));
	ck_assert(ACCEPTS(RANGE(POLICY_MATCH_PATH_LENGTH, 2, 2)));
	ck_assert(!ACCEPTS(RANGE(POLICY_MATCH_PATH_LENGTH, 0, 1)));
	ck_assert(ACCEPTS(RANGE(POLICY_MATCH_METRIC, 0, 512)));
	ck_assert(!ACCEPTS(RANGE(POLICY_MATCH_METRIC, 0, 511)));
	ck_assert(ACCEPTS(RANGE(POLICY_MATCH_TAG, 7, 7)));
	ck_assert(!ACCEPTS(RANGE(POLICY_MATCH_TAG, 8, 8)));
	ck_assert(ACCEPTS(.key = POLICY_MATCH_ORIGIN, .mask = 1u << ATTR_ORIGIN_IGP));
	ck_assert(!ACCEPTS(.key = POLICY_MATCH_ORIGIN, .mask = 1u << ATTR_ORIGIN_EGP));
	ck_assert(ACCEPTS(.key = POLICY_MATCH_SOURCE, .mask = 1u << RIB_SOURCE_BGP));
	ck_assert(!ACCEPTS(.key = POLICY_MATCH_SOURCE, .mask = 1u << RIB_SOURCE_KERNEL));
	ck_assert(ACCEPTS(.key = POLICY_MATCH_NEIGHBOR_TYPE, .mask = 1u << RIB_PEER_EBGP));
	ck_assert(!ACCEPTS(.key = POLICY_MATCH_NEIGHBOR_TYPE, .mask = 1u << RIB_PEER_IBGP));
	ck_assert(ACCEPTS(.key = POLICY_MATCH_NEIGHBOR, .n = 2, .numbers = neighbors));
	ck_assert(!ACCEPTS(.key = POLICY_MATCH_NEIGHBOR, .n = 1, .numbers = neighbors));
	ck_assert(ACCEPTS(.key = POLICY_MATCH_ASPATH_PREFIX, .n = 1, .numbers = first));
	ck_assert(!ACCEPTS(.key = POLICY_MATCH_ASPATH_PREFIX, .n = 1, .numbers = second));
	end(f);
}
END_TEST

START_TEST(test_match_sets)
{
	struct fixture *f = begin();
	struct prefix_set_entry in = {prefix("192.0.2.0/24"), 24, 24}, out = {prefix("10.0.0.0/8"), 8, 8};
	struct prefix_set *ps[] = {prefix_set_new(&out, 1), prefix_set_new(&in, 1)};
	struct community_pattern c = {.kind = COMMUNITY_STD, .part = {{64512, 64512}, {2, 3}}};
	struct community_set *cs[] = {community_set_new(&c, 1)};
	struct aspath_token last = {.lo = 65002, .hi = 65002};
	struct aspath_pattern pat = {.to_end = true, .n = 1, .tokens = &last};
	struct aspath_set *as[] = {aspath_set_new(&pat, 1)};
	const char *names[] = {"eth0", "cali*"};
	struct ip_prefix hops[] = {prefix("172.16.0.0/12"), prefix("10.0.0.0/24")};

	ck_assert(ACCEPTS(.key = POLICY_MATCH_PREFIX_SET, .n = 2, .prefix_sets = ps));
	ck_assert(!ACCEPTS(.key = POLICY_MATCH_PREFIX_SET, .n = 1, .prefix_sets = ps));
	ck_assert(ACCEPTS(.key = POLICY_MATCH_COMMUNITY_SET, .n = 1, .community_sets = cs));
	ck_assert(ACCEPTS(.key = POLICY_MATCH_ASPATH_SET, .n = 1, .aspath_sets = as));
	ck_assert(ACCEPTS(.key = POLICY_MATCH_INTERFACE, .n = 2, .names = names));
	ck_assert(!ACCEPTS(.key = POLICY_MATCH_INTERFACE, .n = 1, .names = names));
	ck_assert(ACCEPTS(.key = POLICY_MATCH_NEXT_HOP, .n = 2, .prefixes = hops));
	ck_assert(!ACCEPTS(.key = POLICY_MATCH_NEXT_HOP, .n = 1, .prefixes = hops));
	f->in.interface = NULL;
	ck_assert(!ACCEPTS(.key = POLICY_MATCH_INTERFACE, .n = 2, .names = names));
	prefix_set_unref(ps[0]);
	prefix_set_unref(ps[1]);
	community_set_unref(cs[0]);
	aspath_set_unref(as[0]);
	end(f);
}
END_TEST

START_TEST(test_match_all_and_not)
{
	struct fixture *f = begin();
	struct policy_match yes = {RANGE(POLICY_MATCH_TAG, 7, 7)}, no = {RANGE(POLICY_MATCH_TAG, 8, 8)};
	struct policy_match not1 = {.key = POLICY_MATCH_NOT, .n = 1},
			    not2 = {.key = POLICY_MATCH_NOT, .n = 2};

	ck_assert(accepts(f, NULL, 0));
	ck_assert(!accepts(f, (struct policy_match[]){yes, no}, 2));
	ck_assert(!accepts(f, (struct policy_match[]){not1, yes}, 2));
	ck_assert(accepts(f, (struct policy_match[]){not1, no, yes}, 3));
	ck_assert(!accepts(f, (struct policy_match[]){not1, no, no}, 3));
	ck_assert(accepts(f, (struct policy_match[]){not2, yes, no, yes}, 4));
	ck_assert(!accepts(f, (struct policy_match[]){not2, yes, yes}, 3));
	ck_assert(accepts(f, (struct policy_match[]){not2, not1, yes, yes}, 4));
	end(f);
}
END_TEST

START_TEST(test_set)
{
	static const uint8_t want[] = {
	    0x40, 1,    1,  2, /* incomplete */
	    0x40, 2,    14, 2,    3,    0,    0,    0xfc, 0,    0,    0,
	    0xfd, 0xe9, 0,  0,    0xfd, 0xea,                            /* 64512 before */
	    0x80, 4,    4,  0,    0,    0,    20,                        /* MED */
	    0x40, 5,    4,  0x7f, 0xff, 0xfd, 0xff,                      /* 2147483647 - 512 */
	    0xc0, 8,    8,  0xfc, 0,    0,    2,    0xff, 0xff, 0xff, 1, /* -64512:1 +no-export */
	};
	struct fixture *f = begin();
	struct community_pattern gone = {.kind = COMMUNITY_STD, .part = {{64512, 64512}, {1, 1}}};
	struct community_pattern add = {.kind = COMMUNITY_STD, .part = {{65535, 65535}, {65281, 65281}}};
	struct community_set *remove[] = {community_set_new(&gone, 1)};
	uint32_t as[] = {64512};
	struct policy_set set = {.has = 0x7ff,
				 .local_pref = {.kind = POLICY_EXPR_COMPLEMENT_METRIC},
				 .metric = {.kind = POLICY_EXPR_COMPLEMENT_LOCAL_PREF},
				 .med = 20,
				 .preference = 5,
				 .tag = 8,
				 .nexthop = 2,
				 .tunnel = 4,
				 .origin = ATTR_ORIGIN_INCOMPLETE,
				 .prepend_n = 1,
				 .prepend = as,
				 .add_n = 1,
				 .add = &add,
				 .remove_n = 1,
				 .remove = remove};
	struct policy *p = one_rule(f, NULL, 0, &set, POLICY_ACCEPT);
	struct policy_result res;
	const struct attr_set *s;

	community_set_unref(remove[0]);
	ck_assert_int_eq(f->nexthop_refs[2], 1);
	policy_run(&p, 1, &f->in, &res);
	ck_assert(res.accept);
	ck_assert_uint_eq(res.set, 0x7ff);
	ck_assert_ptr_eq(res.policy, p);
	s = attr_get(&f->t, res.attr);
	ck_assert_uint_eq(s->wire_len, sizeof(want));
	ck_assert_mem_eq(s->wire, want, sizeof(want));
	ck_assert_uint_eq(s->nexthop, 2);
	ck_assert_int_eq(f->nexthop_refs[2], 2);
	/* 2147483647 - 200: local preference as it was before the rule. */
	ck_assert_uint_eq(attr_local(s).metric, 2147483447);
	ck_assert_uint_eq(attr_local(s).preference, 5);
	ck_assert_uint_eq(attr_local(s).has_preference, 1);
	ck_assert_uint_eq(attr_local(s).tag, 8);
	ck_assert_uint_eq(attr_local(s).tunnel, 4);
	attr_unref(&f->t, res.attr);
	policy_unref(p);
	end(f);
}
END_TEST

/* A rule with next changes the route and the rules after it see that, also in the next policy. */
START_TEST(test_chain)
{
	struct fixture *f = begin();
	struct policy_set set = {.has = POLICY_SET_TAG, .tag = 42};
	struct policy_match tag42 = {RANGE(POLICY_MATCH_TAG, 42, 42)};
	struct policy *chain[] = {one_rule(f, NULL, 0, &set, POLICY_NEXT),
				  one_rule(f, &tag42, 1, NULL, POLICY_REJECT),
				  one_rule(f, NULL, 0, NULL, POLICY_ACCEPT)};
	struct policy_result res;

	policy_run(chain, 3, &f->in, &res);
	ck_assert(!res.accept);
	ck_assert_uint_eq(res.attr, ATTR_NONE);
	ck_assert_ptr_eq(res.policy, chain[1]);
	ck_assert_uint_eq(res.policy->rules[res.rule].line, 9);
	/* Only the first: falls through. */
	policy_run(chain, 1, &f->in, &res);
	ck_assert(!res.accept);
	ck_assert_ptr_null(res.policy);
	policy_run(chain, 0, &f->in, &res);
	ck_assert(!res.accept);
	policy_run(&chain[1], 2, &f->in, &res);
	ck_assert(res.accept);
	ck_assert_ptr_eq(res.policy, chain[2]);
	attr_unref(&f->t, res.attr);
	for (int i = 0; i < 3; i++)
		policy_unref(chain[i]);
	end(f);
}
END_TEST

START_TEST(test_reads)
{
	struct fixture *f = begin();
	struct policy_match in_not[] = {{.key = POLICY_MATCH_NOT, .n = 1},
					{.key = POLICY_MATCH_PREFIX_SET, .n = 0}};
	struct policy_match source = {.key = POLICY_MATCH_SOURCE}, tag = {RANGE(POLICY_MATCH_TAG, 1, 1)};
	struct policy_set number = {.has = POLICY_SET_METRIC, .metric = {.value = 7}};
	struct policy_set derived = {
	    .has = POLICY_SET_METRIC, .metric = {.kind = POLICY_EXPR_COMPLEMENT_LOCAL_PREF}};
	struct policy *chain[] = {one_rule(f, &tag, 1, &number, POLICY_ACCEPT),
				  one_rule(f, in_not, 2, NULL, POLICY_ACCEPT),
				  one_rule(f, &source, 1, NULL, POLICY_ACCEPT),
				  one_rule(f, NULL, 0, &derived, POLICY_ACCEPT)};

	ck_assert_uint_eq(policy_reads(chain, 1), 0);
	ck_assert_uint_eq(policy_reads(chain, 2), POLICY_READS_PREFIX);
	ck_assert_uint_eq(policy_reads(chain, 3), POLICY_READS_PREFIX | POLICY_READS_SOURCE);
	ck_assert_uint_eq(policy_reads(chain, 4), POLICY_READS_PREFIX | POLICY_READS_SOURCE | POLICY_READS_LOCAL_PREF);
	for (int i = 0; i < 4; i++)
		policy_unref(chain[i]);
	end(f);
}
END_TEST

START_TEST(test_rejects_all)
{
	struct fixture *f = begin();
	struct policy_match tag = {RANGE(POLICY_MATCH_TAG, 1, 1)};
	struct policy *never = one_rule(f, NULL, 0, NULL, POLICY_REJECT), *always = one_rule(f, NULL, 0, NULL, POLICY_ACCEPT),
		      *some = one_rule(f, &tag, 1, NULL, POLICY_REJECT);
	struct policy *chain[] = {never, always, some};

	ck_assert(policy_rejects_all(chain, 0));
	ck_assert(policy_rejects_all(chain, 3));
	ck_assert(!policy_rejects_all(&chain[1], 2));
	ck_assert(!policy_rejects_all(&chain[2], 1));
	for (int i = 0; i < 3; i++)
		policy_unref(chain[i]);
	end(f);
}
END_TEST

SUITE("policy", test_match_numbers, test_match_sets, test_match_all_and_not, test_set, test_chain, test_reads, test_rejects_all)
