/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of rib/originate: single routes, and a set replaced as a transaction. */
#include "rib/originate.h"

#include "tests/unit/ribtest.h"
#include "tests/unit/suite.h"

static void
change(void *ctx, struct rib_change *c, unsigned n)
{
	(void)c;
	*(unsigned *)ctx += n;
}

static unsigned
decide(struct ribtest *t, unsigned *changes)
{
	*changes = 0;
	rib_decide_run(t->rib, RIB_URGENT, UINT32_MAX);
	rib_decide_run(t->rib, RIB_BULK, UINT32_MAX);
	return *changes;
}

START_TEST(test_transaction)
{
	struct ribtest t;
	struct originate o;
	unsigned changes;
	struct ip_prefix a = ribtest_prefix("10.65.0.0/26"), b = ribtest_prefix("2001:db8:1::/48");

	ribtest_init(&t, &(struct rib_callbacks){.change = change, .ctx = &changes});
	originate_init(&o, t.rib);
	attr_id attr = ribtest_attr(&t.attrs, &(struct ribtest_attr){.nexthop = NEXTHOP_NONE});
	ck_assert(originate_add(&o, ORIGINATE_NETWORK, &a, attr, RIB_REJECT_NONE, 1));
	ck_assert(!originate_add(&o, ORIGINATE_NETWORK, &a, attr, RIB_REJECT_NONE, 1));
	ck_assert(originate_add(&o, ORIGINATE_NETWORK, &b, attr, RIB_REJECT_NONE, 1));
	ck_assert(originate_add(&o, ORIGINATE_CONTROL, &b, attr, RIB_REJECT_NONE, 1));
	ck_assert_uint_eq(decide(&t, &changes), 2);
	/* a new configuration without b: a stays untouched, b stays for the one added by hand */
	ck_assert(originate_begin(&o, ORIGINATE_NETWORK));
	ck_assert(!originate_add(&o, ORIGINATE_NETWORK, &a, attr, RIB_REJECT_NONE, 2));
	originate_end(&o, ORIGINATE_NETWORK);
	while (!originate_run(&o, 1))
		;
	ck_assert_uint_eq(decide(&t, &changes), 1); /* b: another source now */
	const struct rib_path *best = rib_best(t.rib, FAMILY_IPV6, rib_find(t.rib, &b));
	ck_assert_ptr_nonnull(best);
	ck_assert_uint_eq(best->source, o.source[ORIGINATE_CONTROL]->index);
	ck_assert(originate_del(&o, ORIGINATE_CONTROL, &b, 3));
	ck_assert(!originate_del(&o, ORIGINATE_CONTROL, &b, 3));
	ck_assert_uint_eq(decide(&t, &changes), 1);
	ck_assert_uint_eq(rib_find(t.rib, &b), 0);
	ck_assert_uint_ne(rib_find(t.rib, &a), 0);
	ribtest_fini(&t);
}
END_TEST

SUITE("originate", test_transaction)
