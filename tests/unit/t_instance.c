/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of bgpd/instance: neighbours of several tables in one daemon, and reloads that move them. */
#include "bgpd/instance.h"

#include "bgpd/dynamic.h"
#include "bgpd/own.h"
#include "bgpd/peer_routes.h"
#include "bgpd/session_internal.h"
#include "fib/state.h"
#include "tests/unit/bgpdtest.h"
#include "tests/unit/ctltest.h"
#include "tests/unit/suite.h"

#include <net/if.h>
#include <sys/resource.h>

#define A                  "127.0.0.2"
#define B                  "127.0.0.3"
#define C                  "127.0.0.4"
#define OPEN               ", passive: true, idle-hold-time: {initial: 1, max: 1}, import: [accept], export: [accept]}\n"
#define OF(addr, as, more) "  - {address: " addr ", remote-as: " #as more OPEN
#define PREFIX             "192.0.2.0/24"

/* An UPDATE with one prefix, 192.0.2.0/24, from this AS with this next hop 10.0.0.x. */
#define GOOD(as, host)                                                                                       \
	{                                                                                                    \
		0, 0, 0, 20, 0x40, 1, 1, 0, 0x40, 2, 6, 2, 1, 0, 0, (as) >> 8, (as)&0xff, 0x40, 3, 4, 10, 0, \
		    0, (host), 24, 192, 0, 2                                                                 \
	}
static const uint8_t from_a[] = GOOD(65002, 2), from_b[] = GOOD(65003, 3);
static const uint8_t withdraw[] = {0, 4, 24, 192, 0, 2, 0, 0};

#define ALL "neighbors:\n" OF(A, 65002, "") OF(B, 65003, ", table: 100") OF(C, 65004, ", table: 100")

static struct bgpdtest t;
static struct speaker a, b, c;

/* Of whatever table. */
static struct peer *
peer(const char *name)
{
	return peer_table_by_name(&t.d.peer_table, name);
}

static struct bgpd *
table(uint32_t number)
{
	return instance_of(&t.d, number);
}

static const struct rib_path *
best(struct bgpd *d, const char *prefix)
{
	struct ip_prefix p = bgpdtest_prefix(prefix);
	uint32_t id = rib_find(d->rib, &p);

	return id == 0 ? NULL : rib_best(d->rib, FAMILY_IPV4, id);
}

/* The AS that the best path in a table begins with; 0: there is none. */
static uint32_t
best_as(struct bgpd *d)
{
	const struct rib_path *p = best(d, PREFIX);

	return p != NULL ? rib_source_get(d->rib, p->source)->as : 0;
}

static void
interface(struct bgpd *d)
{
	struct fib_link l = {.ifindex = 2, .name = "e0", .up = true, .mtu = 1500};
	struct fib_address addr = {.ifindex = 2};

	ck_assert_int_eq(ip_addr_parse("10.0.0.1", &addr.addr), 0);
	addr.subnet = ip_prefix_from_addr(&addr.addr, 24);
	kernel_watch_link(d->kernel, &l);
	kernel_watch_address(d->kernel, &addr);
}

static void
session(struct speaker *s, const char *addr, uint32_t as, uint32_t id)
{
	struct open_msg o = bgpdtest_open(as, id);
	struct peer *p = peer(addr);

	ck_assert_ptr_nonnull(p);
	UNTIL(t.d.loop, peer_state(p) == FSM_ACTIVE);
	speaker_connect(s, t.d.loop, addr, "127.0.0.1", t.port);
	speaker_establish(s, &o);
	UNTIL(t.d.loop, peer_established(p));
}

static void
begin(void)
{
	bgpdtest_start(&t, "", ALL);
	UNTIL(t.d.loop, table(100) != NULL && table(100)->kernel->synced);
	interface(&t.d);
	interface(table(100));
	session(&a, A, 65002, 0x0a000002);
	session(&b, B, 65003, 0x0a000003);
	session(&c, C, 65004, 0x0a000004);
}

static void
end(void)
{
	bgpdtest_stop(&t);
	speaker_close(&a);
	speaker_close(&b);
	speaker_close(&c);
}

static uint32_t
sent(const char *name)
{
	struct peer_route_counts n = {0};

	peer_routes_counts(peer(name), FAMILY_IPV4, &n);
	return n.sent;
}

START_TEST(test_apart)
{
	begin();
	struct bgpd *d = table(100);
	ck_assert_ptr_eq(table(0), &t.d);
	ck_assert_ptr_null(table(200));
	ck_assert_ptr_eq(instance_next(&t.d), d);
	ck_assert_ptr_null(instance_next(d));
	ck_assert_uint_eq(instance_table(d), 100);
	ck_assert_uint_eq(instance_table(&t.d), 0);
	ck_assert_ptr_eq(peer(A)->d, &t.d);
	ck_assert_ptr_eq(peer(B)->d, d);
	ck_assert_ptr_eq(peer(C)->d, d);
	ck_assert_uint_eq(d->conf->kernel.table, 100);
	ck_assert_uint_eq(t.d.conf->kernel.table, 254);
	speaker_send_update(&a, from_a, sizeof(from_a));
	speaker_send_update(&b, from_b, sizeof(from_b));
	UNTIL(t.d.loop, best_as(&t.d) == 65002 && best_as(d) == 65003 && sent(C) == 1);
	ck_assert_uint_eq(sent(A), 0);
	ck_assert_uint_eq(sent(B), 0);
	/* Both want a kernel route, each by the ids of its own RIB. */
	ck_assert(fib_wants_any(t.d.kernel->fib, FAMILY_IPV4));
	ck_assert(fib_wants_any(d->kernel->fib, FAMILY_IPV4));
	speaker_send_update(&b, withdraw, sizeof(withdraw));
	UNTIL(t.d.loop, best_as(d) == 0 && sent(C) == 0);
	ck_assert_uint_eq(best_as(&t.d), 65002);
	ck_assert(fib_wants_any(t.d.kernel->fib, FAMILY_IPV4));
	end();
}
END_TEST

/* Networks, statics and what is learned are of the main table. */
START_TEST(test_own_routes)
{
	bgpdtest_start(
	    &t, "",
	    ALL
	    "networks: [{prefix: 198.51.100.0/24}]\nstatics: [{prefix: 198.51.101.0/24, blackhole: true}]\n"
	    "aggregates: [{prefix: 192.0.0.0/16}]\nkernel: {learn: [accept], connected: {interfaces: "
	    "['*']}}\n");
	UNTIL(t.d.loop, table(100)->kernel->synced);
	interface(&t.d);
	interface(table(100));
	struct fib_nh nh = {.ifindex = 2, .weight = 1};
	struct fib_foreign r = {.prefix = bgpdtest_prefix("203.0.113.0/24"),
				.table = 254,
				.protocol = 4,
				.nh_count = 1,
				.nh = &nh};
	kernel_watch_foreign(t.d.kernel, &r);
	kernel_watch_foreign(table(100)->kernel, &r);
	bgpdtest_settle(&t);
	ck_assert_ptr_nonnull(best(&t.d, "198.51.100.0/24"));
	ck_assert_ptr_nonnull(best(&t.d, "198.51.101.0/24"));
	ck_assert_ptr_nonnull(best(&t.d, "203.0.113.0/24"));
	ck_assert_ptr_nonnull(best(&t.d, "10.0.0.0/24"));
	struct rib_stats st;
	rib_stats(table(100)->rib, &st);
	ck_assert_uint_eq(st.prefixes[FAMILY_IPV4], 0);
	/* And an aggregate has only routes of the main table in it. */
	session(&b, B, 65003, 0x0a000003);
	speaker_send_update(&b, from_b, sizeof(from_b));
	UNTIL(t.d.loop, best_as(table(100)) == 65003);
	bgpdtest_settle(&t);
	ck_assert_ptr_null(best(&t.d, "192.0.0.0/16"));
	bgpdtest_stop(&t);
	speaker_close(&b);
}
END_TEST

START_TEST(test_reload)
{
	begin();
	struct bgpd *d = table(100);
	speaker_send_update(&a, from_a, sizeof(from_a));
	speaker_send_update(&b, from_b, sizeof(from_b));
	UNTIL(t.d.loop, best_as(&t.d) == 65002 && best_as(d) == 65003);
	/* B goes to a new table: its session and its routes end here; who stays does not notice. */
	bgpdtest_reload(&t, "",
			"neighbors:\n" OF(A, 65002, "") OF(B, 65003, ", table: 200")
			    OF(C, 65004, ", table: 100"));
	ck_assert_ptr_eq(table(100), d);
	ck_assert_ptr_nonnull(table(200));
	ck_assert_ptr_eq(instance_next(d), table(200));
	ck_assert_ptr_eq(peer(B)->d, table(200));
	ck_assert(!peer_established(peer(B)));
	UNTIL(t.d.loop, best_as(d) == 0);
	ck_assert_uint_eq(peer(A)->stats.established, 1);
	ck_assert_uint_eq(peer(C)->stats.established, 1);
	ck_assert(peer_established(peer(A)) && peer_established(peer(C)));
	speaker_close(&b);
	UNTIL(t.d.loop, table(200)->kernel->synced);
	interface(table(200));
	session(&b, B, 65003, 0x0a000003);
	speaker_send_update(&b, from_b, sizeof(from_b));
	UNTIL(t.d.loop, best_as(table(200)) == 65003);
	ck_assert_uint_eq(best_as(d), 0);
	/* C goes to the main table, and table 100 with it. */
	bgpdtest_reload(&t, "",
			"neighbors:\n" OF(A, 65002, "") OF(B, 65003, ", table: 200") OF(C, 65004, ""));
	ck_assert_ptr_eq(peer(C)->d, &t.d);
	UNTIL(t.d.loop, table(100) == NULL);
	speaker_close(&c);
	session(&c, C, 65004, 0x0a000004);
	UNTIL(t.d.loop, sent(C) == 1);
	ck_assert_uint_eq(best_as(table(200)), 65003);
	/* The last other table goes. */
	bgpdtest_reload(&t, "", "neighbors:\n" OF(A, 65002, "") OF(C, 65004, ""));
	UNTIL(t.d.loop, instance_next(&t.d) == NULL);
	ck_assert_uint_eq(best_as(&t.d), 65002);
	ck_assert(peer_established(peer(C)));
	end();
}
END_TEST

/* What all neighbours depend on reaches those of all tables. */
START_TEST(test_reload_policy)
{
	begin();
	speaker_send_update(&b, from_b, sizeof(from_b));
	UNTIL(t.d.loop, best_as(table(100)) == 65003 && sent(C) == 1);
	bgpdtest_reload(&t, "",
			"groups:\n  g: {table: 100}\nneighbors:\n" OF(A, 65002, "")
			    OF(B, 65003, ", group: g") "  - {address: " C
						       ", remote-as: 65004, group: g, passive: true, import: "
						       "[accept], export: [reject]}\n");
	UNTIL(t.d.loop, sent(C) == 0);
	ck_assert_uint_eq(peer(B)->stats.established, 1);
	ck_assert_uint_eq(peer(C)->stats.established, 1);
	bgpdtest_reload(&t, "", ALL "kernel: {export: [reject]}\n");
	UNTIL(t.d.loop, sent(C) == 1 && !fib_wants_any(table(100)->kernel->fib, FAMILY_IPV4));
	ck_assert_uint_eq(best_as(table(100)), 65003);
	/* Not for the router's identifier either, that a loop is told by. */
	bgpdtest_reload(&t, ", cluster-id: 10.9.9.9", ALL);
	ck_assert_uint_eq(table(100)->cluster_id, 0x0a090909);
	end();
}
END_TEST

START_TEST(test_there_and_back)
{
	begin();
	struct bgpd *d = table(100);
	uint32_t number = instance_number(d);
	speaker_send_update(&b, from_b, sizeof(from_b));
	UNTIL(t.d.loop, best_as(d) == 65003);
	ck_assert_uint_ne(number, 0);
	ck_assert_ptr_eq(instance_by_number(&t.d, number), d);
	/* Wanted again before it was gone: it is the same one, with none of its routes. */
	bgpdtest_reload(&t, "", "neighbors:\n" OF(A, 65002, ""));
	ck_assert_ptr_eq(table(100), d);
	bgpdtest_reload(&t, "", ALL);
	ck_assert_ptr_eq(table(100), d);
	speaker_close(&b);
	speaker_close(&c);
	session(&b, B, 65003, 0x0a000003);
	session(&c, C, 65004, 0x0a000004);
	looptest_turns_ms(t.d.loop, 200);
	ck_assert_ptr_eq(table(100), d);
	ck_assert_uint_eq(best_as(d), 0);
	/* After it was gone it is another one. */
	bgpdtest_reload(&t, "", "neighbors:\n" OF(A, 65002, ""));
	UNTIL(t.d.loop, table(100) == NULL);
	ck_assert_ptr_null(instance_by_number(&t.d, number));
	bgpdtest_reload(&t, "", ALL);
	ck_assert_uint_gt(instance_number(table(100)), number);
	end();
}
END_TEST

/* Whoever is in a prefix is in its table, also when that changes. */
START_TEST(test_range)
{
	bgpdtest_start(&t, "",
		       "neighbors:\n  - {prefix: 127.0.0.0/29, name: r, remote-as: 65003, table: 100" OPEN);
	UNTIL(t.d.loop, table(100)->kernel->synced);
	speaker_connect(&b, t.d.loop, B, "127.0.0.1", t.port);
	struct open_msg o = bgpdtest_open(65003, 0x0a000003);
	speaker_establish(&b, &o);
	UNTIL(t.d.loop, peer(B) != NULL && peer_established(peer(B)));
	ck_assert_ptr_eq(peer(B)->d, table(100));
	ck_assert(TAILQ_EMPTY(&t.d.peers));
	bgpdtest_reload(&t, "", "neighbors:\n  - {prefix: 127.0.0.0/29, name: r, remote-as: 65003" OPEN);
	ck_assert_ptr_null(peer(B));
	UNTIL(t.d.loop, table(100) == NULL);
	speaker_close(&b);
	speaker_connect(&b, t.d.loop, B, "127.0.0.1", t.port);
	speaker_establish(&b, &o);
	UNTIL(t.d.loop, peer(B) != NULL && peer_established(peer(B)));
	ck_assert_ptr_eq(peer(B)->d, &t.d);
	bgpdtest_stop(&t);
	speaker_close(&b);
}
END_TEST

/* Where addresses are limited there is no other table, which must not be found out by running out of them. */
START_TEST(test_limit)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_AS, &limit), 0);
	bgpdtest_start(&t, "", "neighbors:\n" OF(A, 65002, ""));
	struct rlimit few = {.rlim_cur = (rlim_t)1 << 46, .rlim_max = limit.rlim_max};
	ck_assert_int_eq(setrlimit(RLIMIT_AS, &few), 0);
	bgpdtest_reload(&t, "", ALL);
	ck_assert_ptr_null(table(100));
	ck_assert_ptr_null(peer(B));
	ck_assert_ptr_nonnull(peer(A));
	/* Once they are not, the same configuration brings it, with its neighbours. */
	ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
	bgpdtest_reload(&t, "", ALL);
	ck_assert_ptr_nonnull(table(100));
	ck_assert_ptr_nonnull(peer(B));
	ck_assert_ptr_eq(peer(B)->d, table(100));
	bgpdtest_stop(&t);
}
END_TEST

/* The first n prefixes from 11.0.0.0/24 on come from a source of our own. */
static void
apply(struct bgpd *d, uint32_t n, enum rib_queue q)
{
	struct rib_source *s = rib_source_add(d->rib, RIB_SOURCE_STATIC);
	struct attr_edit e = {0};

	own_attr_begin(&e);
	attr_id attr = attr_edit_commit(&e, d->attrs);
	attr_edit_fini(&e);
	for (uint32_t i = 0; i < n; i++) {
		struct ip_addr net = ip_addr_v4(0x0b000000 + i * 256);
		struct rib_op op = {.prefix = ip_prefix_from_addr(&net, 24), .received = attr, .effective = attr};
		op.hash = rib_hash(d->rib, &op.prefix);
		rib_apply(d->rib, s, &op, 1, loop_now_s(d->loop), q);
	}
	attr_unref(d->attrs, attr);
	pipeline_decide(d->pipeline);
}

/* What one table has too much of holds input back until that is decided, whatever another one has decided. */
START_TEST(test_held)
{
	bgpdtest_start(&t, "", ALL);
	UNTIL(t.d.loop, table(100)->kernel->synced);
	bgpdtest_settle(&t);
	apply(&t.d, PIPELINE_BULK_HIGH + 10, RIB_BULK);
	ck_assert(t.d.sessions->held);
	apply(table(100), 1, RIB_URGENT);
	struct job *decide = TAILQ_FIRST(&t.d.loop->jobs);
	ck_assert_str_eq(decide->name, "decide");
	ck_assert_int_eq(decide->run(decide, UINT64_MAX), JOB_DONE);
	ck_assert_uint_eq(rib_dirty_count(table(100)->rib, RIB_URGENT), 0);
	ck_assert(t.d.sessions->held);
	bgpdtest_settle(&t);
	ck_assert(!t.d.sessions->held);
	bgpdtest_stop(&t);
}
END_TEST

/* A table that nobody has any more keeps nothing in the kernel when the daemon ends, since no later run would know of it. */
START_TEST(test_kept)
{
#define KEEP "kernel: {keep-on-stop: true}\n"
	bgpdtest_start(&t, "", ALL KEEP);
	UNTIL(t.d.loop, table(100)->kernel->synced);
	struct fib *fib = table(100)->kernel->fib;
	ck_assert(fib->env.conf.keep_on_stop);
	/* It is not gone before the test is over. Also after another reload. */
	fib->hold = true;
	for (unsigned n = 0; n < 2; n++) {
		bgpdtest_reload(&t, "", "neighbors:\n" OF(A, 65002, "") KEEP);
		ck_assert_ptr_eq(table(100)->kernel->fib, fib);
		ck_assert(!table(100)->conf->kernel.keep_on_stop);
		ck_assert(!fib->env.conf.keep_on_stop);
	}
	bgpdtest_reload(&t, "", ALL KEEP);
	ck_assert_ptr_eq(table(100)->kernel->fib, fib);
	ck_assert(table(100)->conf->kernel.keep_on_stop && fib->env.conf.keep_on_stop);
	ck_assert(t.d.kernel->fib->env.conf.keep_on_stop);
	fib->hold = false;
	bgpdtest_stop(&t);
}
END_TEST

/* The text that the rest of an answer ends with; NULL: it is complete. */
static char *
broken_off(struct ctltest *ctl)
{
	json_t *row;
	char *why = NULL;

	while ((row = ctltest_line(ctl)) != NULL && !json_is_true(json_object_get(row, "end")))
		json_decref(row);
	ck_assert_ptr_nonnull(row);
	if (json_object_get(row, "error") != NULL)
		why = strdup(json_string_value(json_object_get(row, "error")));
	json_decref(row);
	return why;
}

#define IN_RED(addr, as) OF(addr, as, ", vrf: red")

static struct fib_link
device(const char *name, uint32_t ifindex, uint32_t number)
{
	struct fib_link l = {.ifindex = ifindex, .up = true, .flags = IFF_UP, .vrf = ifindex, .vrf_table = number};

	strlcpy(l.name, name, sizeof l.name);
	return l;
}

static struct bgpd *
red(void)
{
	return instance_of_vrf(&t.d, "red");
}

static bool
waits(const char *name, const char *text)
{
	return peer_state(peer(name)) == FSM_IDLE && strstr(peer(name)->last_error, text) != NULL;
}

/* A VRF's neighbours wait for its device, go by its table, and wait again when it is gone. */
START_TEST(test_vrf)
{
	struct fib_link l = device("red", 71, 100), gone = device("red", 71, 100);

	bgpdtest_start(&t, "", "neighbors:\n" OF(A, 65002, "") IN_RED(B, 65003) OF(B, 65004, "") OF(C, 65005, ", table: 200"));
	UNTIL(t.d.loop, red() != NULL && waits(B "@red", "--no-kernel"));
	ck_assert_uint_eq(instance_table(red()), 0);
	ck_assert_ptr_eq(peer(B "@red")->d, red());
	ck_assert_ptr_eq(peer(B)->d, &t.d);
	ck_assert_ptr_eq(instance_domain(red()), red());
	ck_assert_ptr_eq(instance_domain(table(200)), &t.d);
	kernel_watch_link(t.d.kernel, &l);
	UNTIL(t.d.loop, peer_state(peer(B "@red")) == FSM_ACTIVE);
	ck_assert_uint_eq(instance_table(red()), 100);
	ck_assert_uint_eq(red()->conf->kernel.table, 100);
	ck_assert_ptr_eq(instance_of_device(&t.d, 71), red());
	ck_assert_ptr_eq(instance_of_device(&t.d, 0), &t.d);
	ck_assert_ptr_null(instance_of_device(&t.d, 72));
	ck_assert_ptr_eq(table(100), red());
	/* The connection of one address belongs to the neighbour of where it came in. */
	struct ip_addr from = peer(B)->addr, local;
	bool shared;
	ck_assert_int_eq(ip_addr_parse("127.0.0.1", &local), 0);
	ck_assert_ptr_eq(peer_find_addr(&t.d, &from, &local, &shared), peer(B));
	ck_assert(!shared);
	ck_assert_ptr_eq(peer_find_addr(red(), &from, &local, &shared), peer(B "@red"));
	ck_assert(!shared);
	from = peer(A)->addr;
	ck_assert_ptr_null(peer_find_addr(red(), &from, &local, &shared));
	/* Down, up, and away. */
	l.flags = 0;
	kernel_watch_link(t.d.kernel, &l);
	UNTIL(t.d.loop, waits(B "@red", "VRF red is down"));
	l.flags = IFF_UP;
	kernel_watch_link(t.d.kernel, &l);
	UNTIL(t.d.loop, peer_state(peer(B "@red")) == FSM_ACTIVE);
	gone.deleted = true;
	kernel_watch_link(t.d.kernel, &gone);
	UNTIL(t.d.loop, waits(B "@red", "--no-kernel"));
	/* Back with a table that others have, and with one of its own. */
	l = device("red", 72, 200);
	kernel_watch_link(t.d.kernel, &l);
	UNTIL(t.d.loop, waits(B "@red", "VRF red has table 200, and table of neighbors has 200"));
	l = device("red", 72, 61540);
	kernel_watch_link(t.d.kernel, &l);
	UNTIL(t.d.loop, peer_state(peer(B "@red")) == FSM_ACTIVE);
	ck_assert_uint_eq(instance_table(red()), 61540);
	ck_assert(peer_state(peer(B)) == FSM_ACTIVE);
	bgpdtest_stop(&t);
}
END_TEST

static struct bgpd *
blue(void)
{
	return instance_of_vrf(&t.d, "blue");
}

static void
told(const char *name, uint32_t ifindex, uint32_t number)
{
	struct fib_link l = device(name, ifindex, number);

	kernel_watch_link(t.d.kernel, &l);
}

static bool
runs_with(const struct bgpd *d, const char *name, uint32_t number)
{
	return peer_state(peer(name)) == FSM_ACTIVE && instance_table(d) == number;
}

#define IN_BLUE(addr, as) OF(addr, as, ", vrf: blue")

/* A table that is left is another VRF's to have, whoever is asked first. */
START_TEST(test_vrf_table_left)
{
	bgpdtest_start(&t, "", "neighbors:\n" IN_RED(A, 65002) IN_BLUE(B, 65003) OF(C, 65005, ", table: 200"));
	UNTIL(t.d.loop, red() != NULL && blue() != NULL);
	told("red", 71, 100);
	told("blue", 72, 101);
	UNTIL(t.d.loop, runs_with(red(), A "@red", 100) && runs_with(blue(), B "@blue", 101));
	told("blue", 72, 100);
	told("red", 71, 102);
	UNTIL(t.d.loop, runs_with(red(), A "@red", 102) && runs_with(blue(), B "@blue", 100));
	told("red", 71, 100);
	told("blue", 72, 103);
	UNTIL(t.d.loop, runs_with(red(), A "@red", 100) && runs_with(blue(), B "@blue", 103));
	/* Each has the other's. */
	told("red", 71, 103);
	told("blue", 72, 100);
	UNTIL(t.d.loop, runs_with(red(), A "@red", 103) && runs_with(blue(), B "@blue", 100));
	/* Of a device that is gone. */
	struct fib_link gone = {.ifindex = 71, .name = "red", .deleted = true};
	kernel_watch_link(t.d.kernel, &gone);
	told("blue", 72, 103);
	UNTIL(t.d.loop, instance_table(red()) == 0 && runs_with(blue(), B "@blue", 103));
	told("red", 71, 100);
	UNTIL(t.d.loop, runs_with(red(), A "@red", 100));
	/* By a reload. */
	told("red", 71, 200);
	UNTIL(t.d.loop, waits(A "@red", "table of neighbors has 200"));
	bgpdtest_reload(&t, "", "neighbors:\n" IN_RED(A, 65002) IN_BLUE(B, 65003));
	UNTIL(t.d.loop, runs_with(red(), A "@red", 200));
	bgpdtest_stop(&t);
}
END_TEST

/* Links of the VRF are its instance's alone, whether they or its device are told of first. */
START_TEST(test_vrf_links)
{
	struct fib_link l = device("red", 71, 100), port = {.ifindex = 5, .name = "e5", .up = true, .vrf = 71};
	struct fib_address addr = {.ifindex = 5};
	struct ip_prefix subnet;

	bgpdtest_start(&t, "", "neighbors:\n" IN_RED(B, 65003));
	kernel_watch_link(t.d.kernel, &l);
	UNTIL(t.d.loop, red() != NULL && peer_state(peer(B "@red")) == FSM_ACTIVE);
	ck_assert_int_eq(ip_addr_parse("10.5.0.1", &addr.addr), 0);
	addr.subnet = ip_prefix_from_addr(&addr.addr, 24);
	struct kernel *all[] = {t.d.kernel, red()->kernel};
	for (unsigned i = 0; i < 2; i++) {
		kernel_watch_address(all[i], &addr);
		kernel_watch_link(all[i], &port);
	}
	ck_assert(!kernel_is_own(red()->kernel, &addr.addr));
	kernel_watch_link(red()->kernel, &l);
	ck_assert(kernel_is_own(red()->kernel, &addr.addr));
	ck_assert(kernel_subnet_of(red()->kernel, &addr.addr, &subnet));
	ck_assert(!kernel_is_own(t.d.kernel, &addr.addr));
	ck_assert(!kernel_subnet_of(t.d.kernel, &addr.addr, &subnet));
	/* It leaves the VRF; then the VRF has another name. */
	port.vrf = 0;
	kernel_watch_link(red()->kernel, &port);
	ck_assert(!kernel_is_own(red()->kernel, &addr.addr));
	port.vrf = 71;
	kernel_watch_link(red()->kernel, &port);
	ck_assert(kernel_is_own(red()->kernel, &addr.addr));
	strlcpy(l.name, "blue", sizeof l.name);
	kernel_watch_link(red()->kernel, &l);
	ck_assert(!kernel_is_own(red()->kernel, &addr.addr));
	ck_assert_uint_eq(red()->kernel->device, 0);
	bgpdtest_stop(&t);
}
END_TEST

static bool
knows_route(struct bgpd *d)
{
	struct ip_prefix p = bgpdtest_prefix("203.0.113.0/24");
	struct nexthop_foreign r;

	return nexthop_foreign_get(d->nexthops, &p, &r);
}

/* A VRF goes, and neighbours of its table's number come: they are in a table of their own, and wait for it. */
START_TEST(test_vrf_gives_its_table)
{
	bgpdtest_start(&t, "", "neighbors:\n" IN_RED(B, 65003));
	told("red", 71, 100);
	UNTIL(t.d.loop, red() != NULL && runs_with(red(), B "@red", 100));
	struct fib *fib = red()->kernel->fib;
	fib->hold = true;
	bgpdtest_reload(&t, "", "neighbors:\n" OF(B, 65003, ", table: 100"));
	ck_assert_ptr_nonnull(red());
	ck_assert_ptr_ne(peer(B)->d, red());
	ck_assert_uint_eq(instance_table(peer(B)->d), 100);
	UNTIL(t.d.loop, waits(B, "table 100 has to wait for VRF red"));
	looptest_turns_ms(t.d.loop, 100);
	ck_assert_ptr_eq(red()->kernel->fib, fib);
	ck_assert(peer(B)->d->kernel->nowhere);
	fib->hold = false;
	fib_send_kick(fib);
	UNTIL(t.d.loop, red() == NULL && peer_state(peer(B)) == FSM_ACTIVE);
	ck_assert(!peer(B)->d->kernel->nowhere);
	ck_assert_ptr_eq(table(100), peer(B)->d);
	bgpdtest_stop(&t);
}
END_TEST

/* What was so in the table of a VRF that is gone is not when it is back with another one. */
START_TEST(test_vrf_forgotten)
{
	struct fib_link l = device("red", 71, 100), port = {.ifindex = 2, .name = "e0", .up = true, .vrf = 71}, gone;
	struct fib_nh nh = {.ifindex = 2, .weight = 1};
	struct fib_foreign r = {.prefix = bgpdtest_prefix("203.0.113.0/24"), .table = 100, .protocol = 4, .nh_count = 1, .nh = &nh};
	struct fib_address at = {.ifindex = 2};
	struct ip_addr beside;

	bgpdtest_start(&t, "", "neighbors:\n" IN_RED(B, 65003));
	kernel_watch_link(t.d.kernel, &l);
	UNTIL(t.d.loop, red() != NULL && peer_state(peer(B "@red")) == FSM_ACTIVE);
	ck_assert_int_eq(ip_addr_parse("10.0.0.1", &at.addr), 0);
	ck_assert_int_eq(ip_addr_parse("10.0.0.2", &beside), 0);
	at.subnet = ip_prefix_from_addr(&at.addr, 24);
	kernel_watch_link(red()->kernel, &l);
	kernel_watch_link(red()->kernel, &port);
	kernel_watch_address(red()->kernel, &at);
	kernel_watch_foreign(red()->kernel, &r);
	ck_assert(nexthop_connected(red()->nexthops, &beside, NULL) && knows_route(red()));
	gone = l;
	gone.deleted = true;
	kernel_watch_link(t.d.kernel, &gone);
	UNTIL(t.d.loop, instance_table(red()) == 0);
	l = device("red", 72, 101);
	kernel_watch_link(t.d.kernel, &l);
	UNTIL(t.d.loop, runs_with(red(), B "@red", 101));
	ck_assert(!nexthop_connected(red()->nexthops, &beside, NULL));
	ck_assert(!knows_route(red()));
	bgpdtest_stop(&t);
}
END_TEST

/* Routes of an earlier run were found, and their VRF goes while neighbours are waited for: for its next table nobody is. */
START_TEST(test_vrf_gone_while_deferring)
{
	struct fib_link l = device("red", 71, 100), gone;

	bgpdtest_start(&t, "", "neighbors:\n" IN_RED(B, 65003));
	kernel_watch_link(t.d.kernel, &l);
	UNTIL(t.d.loop, red() != NULL && runs_with(red(), B "@red", 100));
	restart_fini(&red()->restart);
	restart_init(&red()->restart, red());
	restart_synced(&red()->restart, OPEN_FAMILY(FAMILY_IPV4));
	ck_assert_int_eq(red()->restart.state, GR_DEFER);
	gone = l;
	gone.deleted = true;
	kernel_watch_link(t.d.kernel, &gone);
	UNTIL(t.d.loop, instance_table(red()) == 0);
	ck_assert_int_eq(red()->restart.state, GR_START);
	l = device("red", 72, 101);
	kernel_watch_link(t.d.kernel, &l);
	UNTIL(t.d.loop, runs_with(red(), B "@red", 101));
	apply(red(), 1, RIB_URGENT);
	UNTIL(t.d.loop, best(red(), "11.0.0.0/24") != NULL);
	bgpdtest_stop(&t);
}
END_TEST

/* Nobody begins before the kernel is known, whatever starts him. */
START_TEST(test_not_known_yet)
{
	bgpdtest_start(&t, "", ALL);
	struct bgpd *d = table(100);
	UNTIL(t.d.loop, peer_state(peer(B)) == FSM_ACTIVE && peer_state(peer(C)) == FSM_ACTIVE);
	d->kernel->synced = false;
	peer_stop(peer(B), BGP_CEASE_ADMIN_SHUTDOWN, NULL);
	peer_start(peer(B));
	ck_assert_int_eq(peer_state(peer(B)), FSM_IDLE);
	bgpdtest_reload(&t, "",
	    "neighbors:\n" OF(A, 65002, "") OF(B, 65003, ", table: 100, hold-time: 30") OF(C, 65004, ", table: 100"));
	ck_assert_int_eq(peer_state(peer(B)), FSM_IDLE);
	ck_assert_int_eq(peer_state(peer(A)), FSM_ACTIVE);
	d->kernel->synced = true;
	daemon_kernel_synced(d);
	UNTIL(t.d.loop, peer_state(peer(B)) == FSM_ACTIVE);
	bgpdtest_stop(&t);
}
END_TEST

static void
on_refused(void *ctx, int result, const char *reason)
{
	ck_assert_int_eq(result, -EINVAL);
	*(char **)ctx = strdup(reason);
}

static void
refused_reload(const char *rest, const char *text)
{
	char *why = NULL;

	bgpdtest_write(&t, "", rest);
	reload_file(t.d.reload, 0, on_refused, &why);
	UNTIL(t.d.loop, why != NULL);
	ck_assert_msg(strstr(why, text) != NULL, "%s", why);
	free(why);
}

/* Reloads: a neighbour goes into a VRF that is new, and the VRF goes with its last neighbour. */
START_TEST(test_vrf_reload)
{
	static struct ctltest ctl;
	struct fib_link l = device("red", 71, 100);

	bgpdtest_start(&t, "", "neighbors:\n" OF(A, 65002, ", name: a"));
	kernel_watch_link(t.d.kernel, &l);
	ck_assert_ptr_null(red());
	bgpdtest_reload(&t, "", "neighbors:\n" OF(A, 65002, ", name: a, vrf: red"));
	UNTIL(t.d.loop, red() != NULL && peer("a") != NULL && peer("a")->d == red() && peer_state(peer("a")) == FSM_ACTIVE);
	ctltest_open(&ctl, &t);
	json_decref(ctltest_ask(&ctl, "show rib", "\"vrf\":\"red\""));
	json_decref(ctltest_ask(&ctl, "show fib", "\"vrf\":\"red\""));
	ctltest_refused(&ctl, "show rib", "\"vrf\":\"blue\"", "not-found");
	ctltest_refused(&ctl, "show rib", "\"vrf\":\"red\",\"table\":100", "request");
	json_t *rows = ctltest_ask(&ctl, "show neighbor", "");
	ck_assert_uint_eq(json_array_size(rows), 1);
	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(rows, 0), "vrf")), "red");
	ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(rows, 0), "table")), 100);
	json_decref(rows);
	ctltest_close(&ctl);
	bgpdtest_reload(&t, "", "neighbors:\n" OF(A, 65002, ", name: a"));
	UNTIL(t.d.loop, red() == NULL && peer("a") != NULL && peer_state(peer("a")) == FSM_ACTIVE);
	ck_assert_ptr_eq(peer("a")->d, &t.d);
	/* The table of a VRF is nobody else's. */
	bgpdtest_reload(&t, "", "neighbors:\n" OF(A, 65002, ", name: a, vrf: red"));
	UNTIL(t.d.loop, red() != NULL && instance_table(red()) == 100);
	refused_reload("kernel: {table: 100}\nneighbors:\n" OF(A, 65002, ", name: a, vrf: red"), "kernel.table: found 100");
	refused_reload(ALL "  - {address: 127.0.0.5, remote-as: 65005, vrf: red" OPEN, "table: found 100, and VRF red has table 100");
	/* A name that is no VRF's so far. */
	bgpdtest_reload(&t, "", "neighbors:\n" OF(A, 65002, ", name: a, vrf: blue"));
	UNTIL(t.d.loop, peer("a") != NULL && waits("a", "--no-kernel"));
	bgpdtest_stop(&t);
}
END_TEST

/* Routes of a table are shown to a client that does not read, and meanwhile the table goes. */
START_TEST(test_shown_and_gone)
{
	static struct ctltest ctl;
	uint8_t update[24 + 4 * 1000];

	begin();
	memcpy(update, from_b, 24);
	for (unsigned n = 0; n < 6; n++) {
		for (unsigned i = 0; i < 1000; i++)
			memcpy(&update[24 + 4 * i],
			       (uint8_t[]){24, (uint8_t)(20 + n), (uint8_t)(i / 256), (uint8_t)i}, 4);
		speaker_send_update(&b, update, sizeof(update));
	}
	UNTIL(t.d.loop, sent(C) == 6000);
	ctltest_open(&ctl, &t);
	json_t *rows = ctltest_ask(&ctl, "show rib", "\"prefix\":\"20.0.0.0/24\",\"table\":100");
	ck_assert_uint_eq(json_array_size(rows), 1);
	json_decref(rows);
	rows = ctltest_ask(&ctl, "show rib", "\"table\":254");
	ck_assert_uint_eq(json_array_size(rows), 0);
	json_decref(rows);
	ctltest_refused(&ctl, "show rib", "\"from\":\"" A "\",\"table\":100", "request");
	ctltest_refused(&ctl, "show rib", "\"table\":0", "not-found");
	ctltest_send(&ctl, "show rib", "\"table\":100");
	looptest_turns_ms(t.d.loop, 200);
	bgpdtest_reload(&t, "", "neighbors:\n" OF(A, 65002, ""));
	UNTIL(t.d.loop, table(100) == NULL);
	char *why = broken_off(&ctl);
	ck_assert_ptr_nonnull(why);
	ck_assert_str_eq(why, "the table is gone");
	free(why);
	ctltest_refused(&ctl, "show rib", "\"table\":100", "not-found");
	json_decref(ctltest_ask(&ctl, "show rib", ""));
	ctltest_close(&ctl);
	end();
}
END_TEST

SUITE("instance", test_vrf, test_vrf_table_left, test_vrf_links, test_vrf_gives_its_table, test_vrf_forgotten,
      test_vrf_gone_while_deferring, test_not_known_yet, test_vrf_reload, test_apart, test_own_routes, test_reload, test_reload_policy, test_there_and_back,
      test_range, test_shown_and_gone, test_limit, test_held, test_kept)
