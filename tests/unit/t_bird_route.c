/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of bgpd/bird_route, bird_attributes and bird_show_route: rows as BIRD has them, and what chooses routes. */
#include "bgpd/bird_route.h"

#include "bgpd/own.h"
#include "bgpd/peer_routes.h"
#include "tests/unit/birdtest.h"
#include "tests/unit/suite.h"

#define LEN16(n) (uint8_t)((n) >> 8), (uint8_t)(n)

static struct birdtest b;
static struct speaker s;

/*
 * An iBGP neighbour and its routes: 192.0.2.0/24 with every attribute, 198.51.100.0/24 with the mandatory ones,
 * 203.0.113.0/24, which policy rejects, and 198.18.0.0/15 with a next hop that nobody knows. Its IPv6 route is
 * 2001:db8::/32. Routes of our own of each kind.
 */
static const char conf[] =
    "neighbors: [{address: 127.0.0.2, name: Mesh_127_0_0_2, remote-as: 65001, passive: true, import: [p], export: [accept]}]\n"
    "policies: {p: [{match: {prefix-set: [203.0.113.0/24]}, action: reject}, {action: accept}]}\n"
    "kernel: {learn: [accept], connected: {interfaces: [e0]}}\n"
    "networks: [{prefix: 10.65.0.0/26, blackhole: true}, {prefix: 10.66.0.0/16}]\n"
    "statics: [{prefix: 10.67.0.0/24, unreachable: true}, {prefix: 10.68.0.0/24, via: 10.0.0.4},\n"
    "          {prefix: 10.69.0.0/24, interface: e0}]\n";
static const uint8_t full[] = {
    LEN16(0), LEN16(107),                               /* withdrawn, attributes */
    0x40, 1, 1, 1,                                      /* EGP */
    0x40, 2, 10, 2, 2, 0, 0, 0xfd, 0xea, 0, 1, 0, 0,    /* 65002 65536 */
    0x40, 3, 4, 10, 0, 0, 2,
    0x80, 4, 4, 0, 0, 0, 0,
    0x40, 5, 4, 0, 0, 0, 200,
    0x40, 6, 0,
    0xc0, 7, 8, 0, 0, 0xfd, 0xea, 10, 0, 0, 6,
    0xc0, 8, 8, 0xfd, 0xe8, 0, 1, 0xff, 0xff, 0xff, 1,
    0x80, 9, 4, 10, 0, 0, 9,
    0x80, 10, 8, 10, 0, 0, 8, 10, 0, 0, 7,
    0xc0, 16, 8, 0, 2, 0xfd, 0xe8, 0, 0, 0, 7,
    0xc0, 32, 12, 0, 0, 0xfd, 0xe8, 0, 0, 0, 1, 0, 0, 0, 2,
    24, 192, 0, 2};
static const uint8_t plain[] = {LEN16(0), LEN16(21), 0x40, 1, 1, 0, 0x40, 2, 0, 0x40, 3, 4, 10, 0, 0, 3, 0x40, 5, 4, 0, 0, 0,
				100, 24, 198, 51, 100, 24, 203, 0, 113};
static const uint8_t nowhere[] = {LEN16(0), LEN16(21), 0x40, 1, 1, 2, 0x40, 2, 0, 0x40, 3, 4, 172, 16, 0, 1, 0x40, 5, 4, 0, 0,
				  0, 100, 15, 198, 18};

static void
begin(void)
{
	birdtest_start(&b, conf);
	bgpdtest_interface(&b.t, 2, "e0", "10.0.0.1", 29);
	struct open_msg o = bgpdtest_open(BGPDTEST_AS, 0x0a000002);
	birdtest_session(&b, &s, "Mesh_127_0_0_2", "127.0.0.2", &o);
	speaker_send_update(&s, full, sizeof(full));
	speaker_send_update(&s, plain, sizeof(plain));
	speaker_send_update(&s, nowhere, sizeof(nowhere));
	UNTIL(b.t.d.loop, bgpdtest_path(&b.t, bgpdtest_peer(&b.t, "Mesh_127_0_0_2"), "198.18.0.0/15") != NULL);
	bgpdtest_settle(&b.t);
}

static void
end(void)
{
	birdtest_stop(&b);
	speaker_close(&s);
}

/* The reply with "TIME" for what is a time of the day. */
static const char *
ask(const char *command)
{
	static char text[8192];

	strlcpy(text, birdtest_ask(&b, command), sizeof(text));
	for (char *p = text; *p != '\0'; p++)
		if (strspn(p, "0123456789") == 2 && p[2] == ':' && strspn(p + 3, "0123456789") == 2 && p[5] == ':') {
			memcpy(p, "TIME", 4);
			memmove(p + 4, p + 8, strlen(p + 8) + 1);
		}
	return text;
}

#define IS(command, wanted) ck_assert_str_eq(ask(command), wanted)

START_TEST(test_rows)
{
	begin();
	IS("show route 198.51.100.0/24",
	   "1007-198.51.100.0/24    via 10.0.0.3 on e0 [Mesh_127_0_0_2 TIME from 127.0.0.2] * (100/0) [i]\n0000 \n");
	IS("show route 192.0.2.0/24",
	   "1007-192.0.2.0/24       via 10.0.0.2 on e0 [Mesh_127_0_0_2 TIME from 127.0.0.2] * (100/0) [AS65536e]\n0000 \n");
	IS("show route 198.18.0.0/15",
	   "1007-198.18.0.0/15      unreachable [Mesh_127_0_0_2 TIME from 127.0.0.2] (100/-) [?]\n0000 \n");
	IS("show route 10.65.0.0/26", "1007-10.65.0.0/26       blackhole [static1 TIME] * (200)\n0000 \n");
	IS("show route 10.66.0.0/16", "1007-10.66.0.0/16       unreachable [static1 TIME] * (200)\n0000 \n");
	IS("show route 10.67.0.0/24", "1007-10.67.0.0/24       unreachable [static1 TIME] * (200)\n0000 \n");
	IS("show route 10.68.0.0/24", "1007-10.68.0.0/24       via 10.0.0.4 on e0 [static1 TIME] * (200)\n0000 \n");
	IS("show route 10.69.0.0/24", "1007-10.69.0.0/24       dev e0 [static1 TIME] * (200)\n0000 \n");
	IS("show route 10.0.0.0/29", "1007-10.0.0.0/29        dev e0 [direct1 TIME] * (240)\n0000 \n");
	IS("show route 203.0.113.0/24", "8001 Network not in table\n");
	IS("show route 203.0.113.0/24 filtered",
	   "1007-203.0.113.0/24     via 10.0.0.3 on e0 [Mesh_127_0_0_2 TIME from 127.0.0.2] (100/0) [i]\n0000 \n");
	end();
}
END_TEST

START_TEST(test_all)
{
	begin();
	IS("show route 192.0.2.0/24 all",
	   "1007-192.0.2.0/24       via 10.0.0.2 on e0 [Mesh_127_0_0_2 TIME from 127.0.0.2] * (100/0) [AS65536e]\n"
	   "1008-\tType: BGP unicast univ\n"
	   "1012-\tBGP.origin: EGP\n"
	   " \tBGP.as_path: 65002 65536\n"
	   " \tBGP.next_hop: 10.0.0.2\n"
	   " \tBGP.med: 0\n"
	   " \tBGP.local_pref: 200\n"
	   " \tBGP.atomic_aggr: \n"
	   " \tBGP.aggregator: 10.0.0.6 AS65002\n"
	   " \tBGP.community: (65000,1) (65535,65281)\n"
	   " \tBGP.originator_id: 10.0.0.9\n"
	   " \tBGP.cluster_list: 10.0.0.8 10.0.0.7\n"
	   " \tBGP.ext_community: (rt, 65000, 7)\n"
	   " \tBGP.large_community: (65000, 1, 2)\n"
	   "0000 \n");
	IS("show route all 10.65.0.0/26",
	   "1007-10.65.0.0/26       blackhole [static1 TIME] * (200)\n1008-\tType: static unicast univ\n0000 \n");
	end();
}
END_TEST

/* Several ways: each is a line like others, and only the first of a prefix has it. */
START_TEST(test_ways)
{
	struct fib_nh nh[] = {{.ifindex = 2, .weight = 1}, {.ifindex = 2, .weight = 1}};
	struct fib_foreign r = {.prefix = bgpdtest_prefix("10.77.0.0/16"), .table = 254, .metric = 5, .protocol = 4,
	    .nh_count = 2, .nh = nh};

	begin();
	ck_assert_int_eq(ip_addr_parse("10.0.0.5", &nh[0].via), 0);
	ck_assert_int_eq(ip_addr_parse("10.0.0.6", &nh[1].via), 0);
	kernel_watch_foreign(b.t.d.kernel, &r);
	bgpdtest_settle(&b.t);
	IS("show route 10.77.0.0/16 all",
	   "1007-10.77.0.0/16       via 10.0.0.5 on e0 [kernel1 TIME] * (10)\n"
	   "                    via 10.0.0.6 on e0 [kernel1 TIME] * (10)\n"
	   "1008-\tType: inherit unicast univ\n"
	   "1012-\tKernel.source: 4\n"
	   " \tKernel.metric: 5\n"
	   "0000 \n");
	/* One that leads nowhere, of both kinds, one in the place of the other. */
	struct fib_foreign hole = {.prefix = bgpdtest_prefix("10.79.0.0/16"), .table = 254, .protocol = 4, .type = FIB_BLACKHOLE};
	kernel_watch_foreign(b.t.d.kernel, &hole);
	bgpdtest_settle(&b.t);
	IS("show route 10.79.0.0/16", "1007-10.79.0.0/16       blackhole [kernel1 TIME] * (10)\n0000 \n");
	hole.type = FIB_UNREACHABLE;
	kernel_watch_foreign(b.t.d.kernel, &hole);
	bgpdtest_settle(&b.t);
	IS("show route 10.79.0.0/16", "1007-10.79.0.0/16       unreachable [kernel1 TIME] * (10)\n0000 \n");
	hole.deleted = true;
	kernel_watch_foreign(b.t.d.kernel, &hole);
	bgpdtest_settle(&b.t);
	IS("show route 10.79.0.0/16", "8001 Network not in table\n");
	/* A route of BGP over that. */
	uint8_t over[sizeof(nowhere)];
	memcpy(over, nowhere, sizeof(over));
	memcpy(over + 14, (const uint8_t[]){10, 77, 0, 1}, 4);
	speaker_send_update(&s, over, sizeof(over));
	UNTIL(b.t.d.loop, bgpdtest_best(&b.t, "198.18.0.0/15") != NULL);
	IS("show route 198.18.0.0/15",
	   "1007-198.18.0.0/15      via 10.0.0.5 on e0 [Mesh_127_0_0_2 TIME from 127.0.0.2] * (100/5) [?]\n"
	   "                    via 10.0.0.6 on e0 [Mesh_127_0_0_2 TIME from 127.0.0.2] * (100/5) [?]\n"
	   "0000 \n");
	end();
}
END_TEST

/* How many rows there are. */
static unsigned
rows(const char *command)
{
	unsigned n = 0;

	for (const char *p = ask(command); p != NULL && *p != '\0'; p = strchr(p, '\n') + 1)
		n += strncmp(p, "0000", 4) != 0 && strncmp(p, "8001", 4) != 0;
	return n;
}

START_TEST(test_choice)
{
	begin();
	ck_assert_uint_eq(rows("show route"), 9);
	ck_assert_uint_eq(rows("show route primary"), 8);
	ck_assert_uint_eq(rows("show route protocol static1"), 5);
	ck_assert_uint_eq(rows("show route protocol direct1"), 1);
	ck_assert_uint_eq(rows("show route protocol device1"), 0);
	ck_assert_uint_eq(rows("show route protocol Mesh_127_0_0_2"), 3);
	ck_assert_uint_eq(rows("show route primary protocol Mesh_127_0_0_2"), 2);
	ck_assert_uint_eq(rows("show route filtered"), 1);
	/* What is sent: statics and the subnet, with their attributes as sent; nothing goes back. */
	ck_assert_uint_eq(rows("show route export Mesh_127_0_0_2"), 6);
	ck_assert_uint_eq(rows("show route export Mesh_127_0_0_2 10.65.0.0/26"), 1);
	ck_assert_ptr_nonnull(strstr(ask("show route export Mesh_127_0_0_2 10.65.0.0/26 all"), "\n \tBGP.next_hop: 127.0.0.1\n"));
	/* To the kernel, what is not there anyway and goes anywhere. */
	ck_assert_uint_eq(rows("show route export kernel1 198.51.100.0/24"), 1);
	ck_assert_uint_eq(rows("show route export kernel1 10.0.0.0/29"), 0);
	ck_assert_uint_eq(rows("show route for 198.51.100.77"), 1);
	ck_assert_uint_eq(rows("show route table master"), 9);
	ck_assert_uint_eq(rows("show route table T254 10.65.0.0/26"), 1);
	IS("show route count", "0014 9 of 9 routes for 9 networks\n");
	IS("show route protocol Mesh_127_0_0_2 count", "0014 3 of 3 routes for 3 networks\n");
	IS("show route 198.51.100.0/24 count", "0014 1 of 1 routes for 1 networks\n");
	IS("show route for 8.8.8.8", "8001 Network not in table\n");
	IS("show route 10.0.0.0/8", "8001 Network not in table\n");
	/* The longest one that contains a prefix; also one that leads nowhere, but not one that is refused. */
	ck_assert_uint_eq(rows("show route for 10.65.0.0/28"), 1);
	IS("show route for 10.65.0.0/25", "8001 Network not in table\n");
	ck_assert_ptr_nonnull(strstr(ask("show route for 198.18.7.7"), "1007-198.18.0.0/15      unreachable "));
	IS("show route for 203.0.113.9", "8001 Network not in table\n");
	ck_assert_uint_eq(rows("show route for 203.0.113.9 filtered"), 1);
	/* It is in the table, with nothing of that protocol. */
	IS("show route 10.65.0.0/26 protocol kernel1", "0000 \n");
	IS("show route 198.51.100.0/24 export Mesh_127_0_0_2", "0000 \n");
	end();
}
END_TEST

/* A neighbour of another table has nothing in this one, whatever the numbers of its routes' sources are. */
START_TEST(test_other_table)
{
	birdtest_start(&b, "neighbors:\n"
			   "  - {address: 127.0.0.2, name: Mesh_127_0_0_2, remote-as: 65001, passive: true, import: [accept]}\n"
			   "  - {address: 127.0.0.3, name: Node_127_0_0_3, remote-as: 65001, passive: true, table: 100}\n");
	struct open_msg o = bgpdtest_open(BGPDTEST_AS, 0x0a000002);
	struct peer *here = birdtest_session(&b, &s, "Mesh_127_0_0_2", "127.0.0.2", &o);
	speaker_send_update(&s, plain, sizeof(plain));
	UNTIL(b.t.d.loop, bgpdtest_path(&b.t, here, "198.51.100.0/24") != NULL);
	bgpdtest_settle(&b.t);
	const struct peer *there = peer_table_by_name(&b.t.d.peer_table, "Node_127_0_0_3");
	ck_assert_ptr_nonnull(there);
	ck_assert_uint_eq(peer_routes_source(here)->index, peer_routes_source(there)->index);
	ck_assert_uint_eq(rows("show route protocol Mesh_127_0_0_2 198.51.100.0/24"), 1);
	IS("show route protocol Node_127_0_0_3 table master", "0000 \n");
	IS("show route protocol Node_127_0_0_3 table master 198.51.100.0/24", "0000 \n");
	IS("show route protocol Node_127_0_0_3", "0000 \n");
	IS("show route protocol Mesh_127_0_0_2 table T100", "0000 \n");
	end();
}
END_TEST

START_TEST(test_no_interface)
{
	birdtest_start(&b, "statics: [{prefix: 10.71.0.0/24, interface: nowhere}]\n");
	bgpdtest_settle(&b.t);
	ck_assert_ptr_nonnull(strstr(ask("show route 10.71.0.0/24"), "1007-10.71.0.0/24       unreachable [static1 TIME]"));
	birdtest_stop(&b);
}
END_TEST

START_TEST(test_refusals)
{
	static const char *const wrong[] = {"show route for", "show route for ten", "show route for ::1", "show route 2001:db8::/32",
	    "show route 10.0.0.1/8", "show route 10.0.0.0/8 10.0.0.0/9", "show route 10.0.0.0/8 for 10.0.0.1", "show route where true", "show route \"x\"",
	    "show route protocol", "show route protocol nobody", "show route export nobody", "show route table",
	    "show route table x", "show route table T7", "show route table Tx", "show route table T"};

	begin();
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		const char *reply = ask(wrong[i]);
		ck_assert_msg(strncmp(reply, "9001 ", 5) == 0, "%s: %s", wrong[i], reply);
	}
	end();
}
END_TEST

/* The socket of IPv6 has the routes of that family alone, and no row where there is none. */
START_TEST(test_family)
{
	begin();
	ctltest_close(&b.raw);
	birdtest_connect(&b, b.ipv6);
	birdtest_greeted(&b);
	IS("show route", "0000 \n");
	struct ip_prefix p = bgpdtest_prefix("2001:db8::/32");
	own_network_add(&b.t.d, &p);
	bgpdtest_settle(&b.t);
	IS("show route", "1007-2001:db8::/32      unreachable [static1 TIME] * (200)\n0000 \n");
	IS("show route for 2001:db8::7", "1007-2001:db8::/32      unreachable [static1 TIME] * (200)\n0000 \n");
	IS("show route 10.65.0.0/26", "9001 syntax error, unexpected '10.65.0.0/26'\n");
	IS("show route protocol Mesh_127_0_0_2", "9001 Mesh_127_0_0_2 is not a protocol\n");
	end();
}
END_TEST

/* A client that stops reading costs one buffer, others are answered, and the reply is whole when it reads on. */
START_TEST(test_slow_reader)
{
	enum { N = 20000 };
	static struct birdtest other;

	birdtest_start(&b, "");
	for (uint32_t i = 0; i < N; i++) {
		struct ip_addr a = ip_addr_v4(0x0a000000 + i * 256);
		struct ip_prefix p = ip_prefix_from_addr(&a, 24);
		own_network_add(&b.t.d, &p);
	}
	bgpdtest_settle(&b.t);
	ctltest_write(&b.raw, "show route\n", 11);
	looptest_turns_ms(b.t.d.loop, 300);
	/* Nothing runs for it: N rows of some 60 octets are far more than its buffer and the socket's. */
	ck_assert(TAILQ_EMPTY(&b.t.d.loop->jobs));
	ctltest_open(&other.raw, &b.t);
	json_decref(ctltest_ask(&other.raw, "show summary", ""));
	ctltest_close(&other.raw);
	unsigned n = 0;
	const char *line;
	while ((line = birdtest_line(&b)) != NULL && strcmp(line, "0000 \n") != 0) {
		ck_assert_msg(strncmp(line, n == 0 ? "1007-10." : " 10.", n == 0 ? 8 : 4) == 0, "%s", line);
		n++;
	}
	ck_assert_ptr_nonnull(line);
	ck_assert_uint_eq(n, N);
	/* One that goes in the middle takes nothing along. */
	ctltest_write(&b.raw, "show route\n", 11);
	looptest_turns_ms(b.t.d.loop, 20);
	birdtest_stop(&b);
}
END_TEST

/* The protocol that a reply is about goes while the client does not read. */
START_TEST(test_neighbor_goes)
{
	enum { N = 20000 };

	birdtest_start(&b, "neighbors: [{address: 127.0.0.9, name: Mesh_127_0_0_9, remote-as: 65001, passive: true, export: [accept]}]\n");
	for (uint32_t i = 0; i < N; i++) {
		struct ip_addr a = ip_addr_v4(0x0a000000 + i * 256);
		struct ip_prefix p = ip_prefix_from_addr(&a, 24);
		own_network_add(&b.t.d, &p);
	}
	struct open_msg o = bgpdtest_open(BGPDTEST_AS, 0x0a000009);
	birdtest_session(&b, &s, "Mesh_127_0_0_9", "127.0.0.9", &o);
	bgpdtest_settle(&b.t);
	ctltest_write(&b.raw, "show route export Mesh_127_0_0_9\n", 33);
	looptest_turns_ms(b.t.d.loop, 200);
	bgpdtest_reload(&b.t, "", birdtest_conf(&b, ""));
	UNTIL(b.t.d.loop, TAILQ_EMPTY(&b.t.d.peers));
	const char *line;
	unsigned n = 0;
	while ((line = birdtest_line(&b)) != NULL && (line[0] == ' ' || line[4] != ' '))
		n++;
	ck_assert_ptr_nonnull(line);
	ck_assert_str_eq(line, "8004 Stopped due to reconfiguration\n");
	ck_assert_uint_lt(n, N);
	end();
}
END_TEST

SUITE("bird_route", test_rows, test_all, test_ways, test_choice, test_other_table, test_no_interface, test_refusals, test_family, test_slow_reader, test_neighbor_goes)
