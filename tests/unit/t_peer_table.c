/* SPDX-License-Identifier: Apache-2.0 */
/* peer_table: neighbours by name and by address, several of one address, many of them. */
#include "suite.h"

#include "bgpd/peer.h"
#include "bgpd/peer_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct peer_table t;

static void
peer_is(struct peer *p, char *name, const char *addr)
{
	*p = (struct peer){.name = name};
	ck_assert_int_eq(ip_addr_parse(addr, &p->addr), 0);
}

static struct peer *
at(const char *addr)
{
	struct ip_addr a;

	ck_assert_int_eq(ip_addr_parse(addr, &a), 0);
	return peer_table_by_addr(&t, &a);
}

START_TEST(test_chain)
{
	char a[] = "a", b[] = "b", c[] = "c", e[] = "e";
	struct peer p[4];

	peer_table_init(&t);
	peer_is(&p[0], a, "10.0.0.1");
	peer_is(&p[1], b, "10.0.0.1");
	peer_is(&p[2], c, "10.0.0.1");
	peer_is(&p[3], e, "fe80::1");
	p[3].addr.scope_id = 7;
	for (int i = 0; i < 4; i++)
		peer_table_add(&t, &p[i]);
	ck_assert_ptr_eq(at("10.0.0.1"), &p[0]);
	ck_assert_ptr_eq(p[0].next_same_addr, &p[1]);
	ck_assert_ptr_eq(p[1].next_same_addr, &p[2]);
	ck_assert_ptr_null(p[2].next_same_addr);
	ck_assert_ptr_eq(at("fe80::1"), &p[3]);
	ck_assert_ptr_null(at("10.0.0.2"));
	ck_assert_ptr_null(at("a00:1::")); /* the octets of 10.0.0.1, of the other family */
	ck_assert_ptr_eq(peer_table_by_name(&t, "b"), &p[1]);
	ck_assert_ptr_null(peer_table_by_name(&t, "d"));

	peer_table_del(&t, &p[1]);
	ck_assert_ptr_eq(p[0].next_same_addr, &p[2]);
	peer_table_del(&t, &p[1]); /* is not in */
	peer_table_del(&t, &p[0]);
	ck_assert_ptr_eq(at("10.0.0.1"), &p[2]);
	ck_assert_ptr_null(peer_table_by_name(&t, "a"));
	/* The name is given again, with another address, while the old one still exists. */
	peer_is(&p[1], a, "10.0.0.9");
	peer_table_add(&t, &p[1]);
	ck_assert_ptr_eq(peer_table_by_name(&t, "a"), &p[1]);
	peer_table_del(&t, &p[0]);
	ck_assert_ptr_eq(peer_table_by_name(&t, "a"), &p[1]);
	peer_table_del(&t, &p[2]);
	ck_assert_ptr_null(at("10.0.0.1"));
	peer_table_fini(&t);
}
END_TEST

/* Come, go and come again in another order: each is found, none that went is. */
START_TEST(test_many)
{
	enum { N = 5000 };
	static struct peer p[N];
	static char names[N][16];
	char addr[32];

	peer_table_init(&t);
	for (int i = 0; i < N; i++) {
		snprintf(names[i], sizeof names[i], "n%d", i);
		snprintf(addr, sizeof addr, "10.1.%d.%d", i / 256, i % 256);
		peer_is(&p[i], names[i], addr);
		peer_table_add(&t, &p[i]);
	}
	for (int i = 0; i < N; i += 3)
		peer_table_del(&t, &p[i]);
	for (int i = 0; i < N; i++) {
		ck_assert_ptr_eq(peer_table_by_name(&t, names[i]), i % 3 == 0 ? NULL : &p[i]);
		ck_assert_ptr_eq(peer_table_by_addr(&t, &p[i].addr), i % 3 == 0 ? NULL : &p[i]);
	}
	uint32_t at = 0, seen = 0;
	for (const struct peer *q; (q = peer_table_next(&t, &at)) != NULL; seen++)
		ck_assert((q - p) % 3 != 0);
	ck_assert_uint_eq(seen, N - (N + 2) / 3);
	for (int i = N - 1; i >= 0; i--)
		if (i % 3 == 0)
			peer_table_add(&t, &p[i]);
	for (int i = 0; i < N; i++)
		ck_assert_ptr_eq(peer_table_by_name(&t, names[i]), &p[i]);
	ck_assert_uint_eq(t.top, N + 1);
	peer_table_fini(&t);
}
END_TEST

SUITE("peer_table", test_chain, test_many)
