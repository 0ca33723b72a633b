/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of bgpd/onlink: whose address is learnt when, and what happens to it when interfaces come and go. The daemon
 * has no kernel here and sends nothing; interfaces and advertisements are told to it. None of these interfaces exists.
 */
#include "bgpd/onlink.h"

#include "tests/unit/bgpdtest.h"
#include "tests/unit/suite.h"

#define E0 70001u
#define E1 70002u

static struct bgpdtest t;
static struct peer *p;

static void
change(const char *rest)
{
	bgpdtest_reload(&t, "", rest);
}

static struct ip_addr
at(const char *text, uint32_t ifindex)
{
	struct ip_addr a;

	ck_assert_int_eq(ip_addr_parse(text, &a), 0);
	a.scope_id = ifindex;
	return a;
}

static void
link_is(uint32_t ifindex, const char *name, bool up, bool deleted)
{
	struct fib_link l = {.ifindex = ifindex, .up = up, .deleted = deleted, .mtu = 1500};

	strlcpy(l.name, name, sizeof(l.name));
	kernel_watch_link(t.d.kernel, &l);
}

static void
advertised(const char *text, uint32_t ifindex)
{
	struct ip_addr from = at(text, ifindex);

	onlink_seen(&t.d, RA_ADVERT, &from);
}

static void
check_addr(const char *text, uint32_t ifindex)
{
	struct ip_addr want = at(text, ifindex);

	ck_assert(ip_addr_eq(&p->addr, &want));
	ck_assert(peer_can_dial(p));
}

static void
begin(const char *neighbors)
{
	bgpdtest_start(&t, "", neighbors);
	p = TAILQ_FIRST(&t.d.peers);
	ck_assert_ptr_nonnull(p);
}

START_TEST(test_learn)
{
	struct ip_addr other = at("fe80::9", E1), from = at("fe80::2", E0), own = at("fe80::1", E0);

	begin("neighbors: [{interface: xq0, remote-as: external, passive: true}]\n");
	ck_assert_str_eq(p->name, "xq0");
	ck_assert_uint_eq(p->addr.family, FAMILY_NONE);
	ck_assert(!peer_can_dial(p));
	/* Nothing is learnt where there is no such interface, or it is down. */
	advertised("fe80::2", E0);
	ck_assert_uint_eq(p->addr.family, FAMILY_NONE);
	link_is(E0, "xq0", false, false);
	advertised("fe80::2", E0);
	ck_assert_uint_eq(p->addr.family, FAMILY_NONE);
	link_is(E0, "xq0", true, false);
	link_is(E1, "xq1", true, false);
	/* Nor from another interface, nor from ourselves, nor from a solicitation. */
	onlink_seen(&t.d, RA_ADVERT, &other);
	struct fib_address a = {.ifindex = E0, .addr = own};
	a.subnet = ip_prefix_from_addr(&own, 64);
	kernel_watch_address(t.d.kernel, &a);
	onlink_seen(&t.d, RA_ADVERT, &own);
	onlink_seen(&t.d, RA_SOLICIT, &from);
	ck_assert_uint_eq(p->addr.family, FAMILY_NONE);
	advertised("fe80::2", E0);
	check_addr("fe80::2", E0);
	/* Another one, while there is no session. */
	advertised("fe80::3", E0);
	check_addr("fe80::3", E0);
	ck_assert_ptr_eq(peer_table_by_addr(&t.d.peer_table, &p->addr), p);
	bgpdtest_stop(&t);
}
END_TEST

START_TEST(test_link)
{
	begin("neighbors: [{interface: xq0, remote-as: external, passive: true}]\n");
	link_is(E0, "xq0", true, false);
	advertised("fe80::2", E0);
	check_addr("fe80::2", E0);
	/* Down: forgotten. Renamed, likewise; and the name may be another interface's afterwards. */
	link_is(E0, "xq0", false, false);
	ck_assert_uint_eq(p->addr.family, FAMILY_NONE);
	link_is(E0, "xq0", true, false);
	advertised("fe80::2", E0);
	link_is(E0, "xq9", true, false);
	ck_assert_uint_eq(p->addr.family, FAMILY_NONE);
	link_is(E1, "xq0", true, false);
	advertised("fe80::5", E1);
	check_addr("fe80::5", E1);
	link_is(E1, "xq0", false, true);
	ck_assert_uint_eq(p->addr.family, FAMILY_NONE);
	ck_assert_uint_eq(p->onlink->ifindex, 0);
	bgpdtest_stop(&t);
}
END_TEST

/* Who connects first is learnt from that; one who is not on the link is nobody's. */
START_TEST(test_admit)
{
	struct ip_addr from = at("fe80::2", E0), elsewhere = at("fe80::2", E1), global = at("2001:db8::1", 0);
	bool shared;

	begin("neighbors: [{interface: xq0, remote-as: external, passive: true}]\n");
	link_is(E0, "xq0", true, false);
	ck_assert_ptr_null(onlink_admit(&t.d, &elsewhere));
	ck_assert_ptr_null(onlink_admit(&t.d, &global));
	ck_assert_ptr_eq(onlink_admit(&t.d, &from), p);
	check_addr("fe80::2", E0);
	ck_assert_ptr_eq(peer_find_addr(&t.d, &from, &from, &shared), p);
	ck_assert_ptr_null(peer_find_addr(&t.d, &elsewhere, &from, &shared));
	bgpdtest_stop(&t);
}
END_TEST

/* It waits while nobody is known, and dials at once when somebody is. */
START_TEST(test_dial)
{
	begin("neighbors: [{interface: xq0, remote-as: external}]\n");
	ck_assert_int_eq(peer_state(p), FSM_ACTIVE);
	link_is(E0, "xq0", true, false);
	advertised("fe80::2", E0);
	ck_assert_int_eq(peer_state(p), FSM_CONNECT);
	bgpdtest_stop(&t);
}
END_TEST

/* A link-local address of the configuration has the interface's index while that is there. */
START_TEST(test_scoped)
{
	struct ip_addr zero = at("fe80::7", 0), seen = at("fe80::7", E0), other = at("fe80::7", E1);
	bool shared;

	begin("neighbors: [{address: fe80::7%xq0, remote-as: external, passive: true}]\n");
	ck_assert(ip_addr_eq(&p->addr, &zero));
	ck_assert(!peer_can_dial(p));
	ck_assert_ptr_null(peer_find_addr(&t.d, &seen, &seen, &shared));
	link_is(E0, "xq0", true, false);
	check_addr("fe80::7", E0);
	ck_assert_ptr_eq(peer_find_addr(&t.d, &seen, &seen, &shared), p);
	ck_assert_ptr_null(peer_find_addr(&t.d, &other, &seen, &shared));
	/* Advertisements do not concern it. */
	advertised("fe80::8", E0);
	check_addr("fe80::7", E0);
	link_is(E0, "xq0", false, true);
	link_is(E1, "xq0", true, false);
	check_addr("fe80::7", E1);
	bgpdtest_stop(&t);
}
END_TEST

START_TEST(test_reload)
{
	begin("neighbors: [{interface: xq0, name: n, remote-as: external, passive: true}]\n");
	link_is(E0, "xq0", true, false);
	link_is(E1, "xq1", true, false);
	advertised("fe80::2", E0);
	/* What does not concern it leaves the address alone. */
	change("neighbors: [{interface: xq0, name: n, remote-as: external, passive: true, description: d}]\n");
	check_addr("fe80::2", E0);
	change("neighbors: [{interface: xq1, name: n, remote-as: external, passive: true}]\n");
	ck_assert_uint_eq(p->addr.family, FAMILY_NONE);
	advertised("fe80::3", E1);
	check_addr("fe80::3", E1);
	change("neighbors: [{address: fe80::4%xq1, name: n, remote-as: external, passive: true}]\n");
	check_addr("fe80::4", E1);
	change("neighbors: [{address: fe80::5%xq1, name: n, remote-as: external, passive: true}]\n");
	check_addr("fe80::5", E1);
	change("neighbors: [{address: 127.0.0.2, name: n, remote-as: external, passive: true}]\n");
	check_addr("127.0.0.2", 0);
	ck_assert_ptr_null(p->onlink);
	/* A new one finds the interface that is there already. */
	change("neighbors: [{interface: xq1, remote-as: external, passive: true}]\n");
	p = bgpdtest_peer(&t, "xq1");
	ck_assert_uint_eq(p->onlink->ifindex, E1);
	change("");
	UNTIL(t.d.loop, TAILQ_EMPTY(&t.d.peers));
	ck_assert(LIST_EMPTY(&t.d.onlinks.all));
	bgpdtest_stop(&t);
}
END_TEST

/* The key of a password follows the address. */
START_TEST(test_key)
{
	struct ip_addr want = at("fe80::2", E0);

	begin("neighbors: [{interface: xq0, remote-as: external, passive: true, password: carrot}]\n");
	link_is(E0, "xq0", true, false);
	ck_assert_uint_eq(t.d.listen.nkeys, 0);
	advertised("fe80::2", E0);
	ck_assert_uint_eq(t.d.listen.nkeys, 1);
	ck_assert_mem_eq(t.d.listen.keys[0].peer.bytes, want.bytes, 16);
	ck_assert_uint_eq(t.d.listen.keys[0].prefix_len, 128);
	link_is(E0, "xq0", false, true);
	ck_assert_uint_eq(t.d.listen.nkeys, 0);
	bgpdtest_stop(&t);
}
END_TEST

/* A reload has been taken over, and what it means for neighbours has not been done yet, when the interface goes. */
static struct {
	struct job job;
	const struct conf *before;
} between;

static enum job_result
between_run(struct job *job, uint64_t deadline_ns)
{
	(void)job, (void)deadline_ns;
	if (t.d.conf == between.before)
		return JOB_MORE;
	ck_assert(!reload_idle(t.d.reload));
	ck_assert_ptr_null(p->conf->interface);
	link_is(E0, "xq0", false, false);
	advertised("fe80::3", E0);
	return JOB_DONE;
}

START_TEST(test_reload_between)
{
	begin("neighbors: [{interface: xq0, name: n, remote-as: external, passive: true}]\n");
	link_is(E0, "xq0", true, false);
	advertised("fe80::2", E0);
	between.before = t.d.conf;
	between.job = (struct job){.run = between_run, .name = "between"};
	loop_job_start(t.d.loop, &between.job);
	change("neighbors: [{address: 127.0.0.5, name: n, remote-as: external, passive: true}]\n");
	ck_assert_ptr_eq(peer_table_by_name(&t.d.peer_table, "n"), p);
	check_addr("127.0.0.5", 0);
	bgpdtest_stop(&t);
}
END_TEST

SUITE("onlink", test_reload_between, test_learn, test_link, test_admit, test_dial, test_scoped, test_reload, test_key)
