/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of rib/policy_memo: what makes a difference and what does not, overflow, references. That outcomes are those of
 * the policy is tests/model/policy_model's matter.
 */
#include "rib/policy_memo.h"

#include "lib/mem.h"
#include "tests/unit/suite.h"

static const uint8_t wire[] = {0x40, 1, 1, 0, 0x40, 2, 0};

static struct attr_table attrs;
static struct policy_memo *memo;
static struct policy_input in;

static struct ip_prefix
prefix(const char *text)
{
	struct ip_prefix p;

	ck_assert_int_eq(ip_prefix_parse(text, &p), 0);
	return p;
}

static void
begin(void)
{
	attr_table_init(&attrs, 1, NULL);
	memo = policy_memo_new(&attrs);
	in = (struct policy_input){.attr = attr_intern(&attrs, 0, NULL, wire, sizeof(wire)), .default_local_pref = 100};
}

/* After it nothing may be left but the set that routes came with. */
static void
end(struct policy *p)
{
	policy_memo_clear(memo);
	ck_assert_uint_eq(attr_table_count(&attrs), 1);
	ck_assert_uint_eq(attr_slot(&attrs, in.attr)->refs, 1);
	policy_memo_free(memo);
	policy_unref(p);
	attr_table_fini(&attrs);
}

/* A rule for one prefix, which gives it this tag and accepts it. */
static void
add_rule(struct policy *p, const char *text, uint32_t tag)
{
	struct ip_prefix pf = prefix(text);
	struct prefix_set_entry e = {.prefix = pf, .min_len = pf.len, .max_len = pf.len};
	struct prefix_set *set = prefix_set_new(&e, 1);
	struct policy_match m = {.key = POLICY_MATCH_PREFIX_SET, .n = 1, .prefix_sets = &set};

	policy_add(p, &(struct policy_rule){.matches = &m,
			  .n_matches = 1,
			  .set = {.has = POLICY_SET_TAG, .tag = tag},
			  .action = POLICY_ACCEPT});
	prefix_set_unref(set);
}

/* The tag that a prefix gets, 0 when it is rejected; hit: whether it was remembered. */
static uint32_t
tag_of(struct policy *p, uint64_t id, const char *text, bool hit)
{
	uint64_t hits = policy_memo_stats(memo).hits;
	struct policy_result res;
	uint32_t tag = 0;

	in.prefix = prefix(text);
	struct policy_memo_entry *e = policy_memo_open(memo, id, policy_reads(&p, 1), &in);
	int known = policy_memo_outcome(e, &in.prefix), number = policy_memo_judge(memo, e, &p, 1, &in, &res);
	ck_assert_int_eq(known, hit ? number : -1);
	ck_assert_int_lt(number, POLICY_MEMO_OUTCOMES);
	/* Either it has been told, or it is not remembered. */
	ck_assert_int_eq(policy_memo_outcome(e, &in.prefix), number);
	ck_assert_msg((policy_memo_stats(memo).hits > hits) == hit, "%s", text);
	ck_assert(res.accept == (res.attr != ATTR_NONE));
	if (res.accept)
		tag = attr_local(attr_get(&attrs, res.attr)).tag;
	attr_unref(&attrs, res.attr);
	return tag;
}

START_TEST(test_prefixes)
{
	begin();
	struct policy *p = policy_new(&attrs, "p");
	add_rule(p, "10.0.0.0/8", 1);
	add_rule(p, "192.0.2.0/24", 2);
	ck_assert_uint_eq(tag_of(p, 1, "10.0.0.0/8", false), 1);
	ck_assert_uint_eq(tag_of(p, 1, "10.0.0.0/8", true), 1);
	ck_assert_uint_eq(tag_of(p, 1, "192.0.2.0/24", false), 2);
	ck_assert_uint_eq(tag_of(p, 1, "203.0.113.0/24", false), 0);
	/* The same answers to the same questions. */
	ck_assert_uint_eq(tag_of(p, 1, "198.51.100.0/24", true), 0);
	ck_assert_uint_eq(tag_of(p, 1, "192.0.2.0/24", true), 2);
	/* Another chain remembers for itself. */
	ck_assert_uint_eq(tag_of(p, 2, "192.0.2.0/24", false), 2);
	policy_memo_clear(memo);
	ck_assert_uint_eq(tag_of(p, 1, "10.0.0.0/8", false), 1);
	end(p);
}
END_TEST

/* More tests than an entry holds: right, and not remembered. */
START_TEST(test_overflow)
{
	char text[32];

	begin();
	struct policy *p = policy_new(&attrs, "p");
	for (unsigned i = 0; i < 2 * POLICY_MEMO_NODES; i++) {
		snprintf(text, sizeof(text), "10.%u.0.0/16", i);
		add_rule(p, text, i + 1);
	}
	for (unsigned round = 0; round < 2; round++) {
		ck_assert_uint_eq(tag_of(p, 1, "10.3.0.0/16", round > 0), 4);
		snprintf(text, sizeof(text), "10.%u.0.0/16", 2 * POLICY_MEMO_NODES - 1);
		ck_assert_uint_eq(tag_of(p, 1, text, false), 2 * POLICY_MEMO_NODES);
		ck_assert_uint_eq(tag_of(p, 1, "192.0.2.0/24", false), 0);
	}
	end(p);
}
END_TEST

/* Who sent it makes a difference to a policy that asks for it, and to no other. */
START_TEST(test_neighbors)
{
	uint32_t three[] = {3};

	begin();
	struct policy *p = policy_new(&attrs, "p"), *any = policy_new(&attrs, "any");
	struct policy_match m = {.key = POLICY_MATCH_NEIGHBOR, .n = 1, .numbers = three};
	policy_add(p, &(struct policy_rule){.matches = &m, .n_matches = 1, .set = {.has = POLICY_SET_TAG, .tag = 9}, .action = POLICY_ACCEPT});
	policy_add(any, &(struct policy_rule){.set = {.has = POLICY_SET_TAG, .tag = 8}, .action = POLICY_ACCEPT});
	in.neighbor = 3;
	ck_assert_uint_eq(tag_of(p, 1, "10.0.0.0/8", false), 9);
	ck_assert_uint_eq(tag_of(p, 1, "192.0.2.0/24", true), 9);
	ck_assert_uint_eq(tag_of(any, 2, "10.0.0.0/8", false), 8);
	in.neighbor = 4;
	ck_assert_uint_eq(tag_of(p, 1, "10.0.0.0/8", false), 0);
	ck_assert_uint_eq(tag_of(any, 2, "10.0.0.0/8", true), 8);
	policy_unref(any);
	end(p);
}
END_TEST

SUITE("policy_memo", test_prefixes, test_overflow, test_neighbors)
