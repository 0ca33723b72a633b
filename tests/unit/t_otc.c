/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of rib/otc: the three rules of RFC 9234 5 for routes that come in. */
#include "rib/otc.h"

#include <string.h>

#include "tests/unit/suite.h"

#define REMOTE   65002
#define BASE     0x40, 1, 1, 0, 0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xea
#define OTC(as)  0xc0, 35, 4, 0, 0, (as) >> 8, (as) & 0xff

static enum otc_verdict
verdict(uint8_t role, const uint8_t *wire, size_t len)
{
	struct attr_table t;

	attr_table_init(&t, 1, NULL);
	enum otc_verdict v = otc_ingress(role, REMOTE, attr_get(&t, attr_intern(&t, 0, NULL, wire, len)));
	attr_table_fini(&t);
	return v;
}
#define VERDICT(role, ...)                                                                                   \
	verdict(role, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

START_TEST(test_ingress)
{
	static const struct {
		uint8_t role;                           /* ours */
		enum otc_verdict absent, theirs, other; /* OTC absent, of the neighbour's AS, of another AS */
	} want[] = {
	    {EXPORT_ROLE_NONE, OTC_KEEP, OTC_KEEP, OTC_KEEP},
	    {EXPORT_ROLE_PROVIDER, OTC_KEEP, OTC_LEAK, OTC_LEAK},  /* from a customer: rule 1 */
	    {EXPORT_ROLE_RS_SERVER, OTC_KEEP, OTC_LEAK, OTC_LEAK}, /* from an RS-client: rule 1 */
	    {EXPORT_ROLE_PEER, OTC_ADD, OTC_KEEP, OTC_LEAK},       /* from a peer: rules 2 and 3 */
	    {EXPORT_ROLE_CUSTOMER, OTC_ADD, OTC_KEEP, OTC_KEEP},   /* from a provider: rule 3 */
	    {EXPORT_ROLE_RS_CLIENT, OTC_ADD, OTC_KEEP, OTC_KEEP},  /* from a route server: rule 3 */
	};

	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		ck_assert_int_eq(VERDICT(want[i].role, BASE), want[i].absent);
		ck_assert_int_eq(VERDICT(want[i].role, BASE, OTC(REMOTE)), want[i].theirs);
		ck_assert_int_eq(VERDICT(want[i].role, BASE, OTC(65099)), want[i].other);
	}
}
END_TEST

START_TEST(test_add)
{
	static const uint8_t before[] = {BASE}, after[] = {BASE, OTC(REMOTE)};
	struct attr_table t;

	attr_table_init(&t, 1, NULL);
	attr_id in = attr_intern(&t, 0, NULL, before, sizeof(before)), out = otc_add(&t, in, REMOTE);
	const struct attr_set *s = attr_get(&t, out);
	ck_assert_uint_eq(s->wire_len, sizeof(after));
	ck_assert_mem_eq(s->wire, after, sizeof(after));
	ck_assert_uint_eq(attr_slot(&t, out)->refs, 1);
	ck_assert_uint_eq(attr_slot(&t, in)->refs, 1);
	attr_table_fini(&t);
}
END_TEST

SUITE("otc", test_ingress, test_add)
