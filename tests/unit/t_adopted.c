/* SPDX-License-Identifier: Apache-2.0 */
/*
 * t_adopted: routes of an earlier run are found by prefix, whatever their metric.
 */
#include "fib/adopted.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct fib_ev_route
route(const char *prefix, uint32_t metric)
{
	struct ip_prefix p;

	ck_assert_int_eq(ip_prefix_parse(prefix, &p), 0);
	struct fib_ev_route r = {
	    .family = p.family, .plen = p.len, .protocol = 186, .table = 254, .metric = metric};
	memcpy(r.dst, p.bytes, sizeof r.dst);
	return r;
}

START_TEST(test_claims)
{
	struct nhsets sets;
	struct adopted a;
	struct fib_config conf = {.table = 254, .protocol = 186}, other = {.table = 254, .protocol = 12};
	struct ip_prefix p;

	nhsets_init(&sets);
	adopted_init(&a, &sets);
	uint32_t hole = nhset_intern(&sets, FIB_BLACKHOLE, NULL, 0);
	struct fib_ev_route r = route("198.51.100.0/24", 20), s = route("198.51.100.0/24", 7);
	adopted_put(&a, &r, hole, 0, 1);
	adopted_put(&a, &s, 0, 0, 1);
	ip_prefix_parse("198.51.100.0/24", &p);
	ck_assert_uint_eq(adopted_find(&a, &p, &conf, 20)->nhset, hole);
	ck_assert_ptr_null(adopted_find(&a, &p, &conf, 21));
	ck_assert_ptr_null(adopted_find(&a, &p, &other, 20));
	ck_assert_uint_eq(adopted_find_other(&a, &p, &conf, 20)->key.metric, 7);
	ck_assert_uint_eq(adopted_find_other(&a, &p, &conf, 7)->key.metric, 20);
	p.len = 25;
	ck_assert_ptr_null(adopted_find(&a, &p, &conf, 20));
	ck_assert_ptr_null(adopted_find_other(&a, &p, &conf, 99));
	p.len = 24;
	/* Seen again in a later dump, now by a nexthop object: still one use of the set. */
	nhset_unref(&sets, hole);
	adopted_put(&a, &r, hole, 195035137, 2);
	ck_assert_uint_eq(adopted_find(&a, &p, &conf, 20)->nhid, 195035137);
	ck_assert_uint_eq(keyed_count(&a.routes), 2);
	ck_assert_uint_eq(nhset_at(&sets, hole)->refs, 1);
	ck_assert_uint_eq(a.count[FAMILY_IPV4], 2);
	ck_assert_uint_eq(a.count[FAMILY_IPV6], 0);
	adopted_del(&a, adopted_find(&a, &p, &conf, 20));
	ck_assert_uint_eq(nhset_at(&sets, hole)->refs, 0);
	ck_assert_uint_eq(a.count[FAMILY_IPV4], 1);
	ck_assert_ptr_null(adopted_find(&a, &p, &conf, 20));
	adopted_fini(&a);
	nhsets_fini(&sets);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("adopted");
	TCase *tc = tcase_create("adopted");

	tcase_add_test(tc, test_claims);
	suite_add_tcase(s, tc);
	return suite_end(s);
}
