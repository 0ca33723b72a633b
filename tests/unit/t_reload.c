/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of bgpd/reload, bgpd/loader and bgpd/own: what a changed configuration does to sessions, routes and neighbours. */
#include "bgpd/reload.h"

#include "bgpd/own.h"
#include "tests/unit/bgpdtest.h"
#include "tests/unit/fdsize.h"
#include "tests/unit/suite.h"

#define A "127.0.0.2"

static struct bgpdtest t;
static struct speaker s;
static struct peer *p;

struct outcome {
	int result; /* 1: none yet */
	char reason[1024];
};

static void
order_done(void *ctx, int result, const char *reason)
{
	struct outcome *o = ctx;

	o->result = result;
	strlcpy(o->reason, reason, sizeof(o->reason));
}

/* The file is applied, with a time to confirm or without. */
static int
reload_now(uint32_t confirm_s, struct outcome *o)
{
	o->result = 1;
	reload_file(t.d.reload, confirm_s, order_done, o);
	UNTIL(t.d.loop, o->result != 1);
	return o->result;
}

static void
change(const char *router, const char *rest)
{
	struct outcome o;

	bgpdtest_write(&t, router, rest);
	ck_assert_msg(reload_now(0, &o) == 0, "%s", o.reason);
}

#define ONE(keys)                                                                                            \
	"neighbors: [{address: 127.0.0.2, remote-as: 65002, passive: true, idle-hold-time: {initial: 1, max: 1}" keys "}]\n"
#define IBGP(keys) "neighbors: [{address: 127.0.0.2, remote-as: 65001, passive: true" keys "}]\n"
#define OPEN_BOTH  ", import: [accept], export: [accept]"

#define GOOD   0x40, 1, 1, 0, 0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xea, 0x40, 3, 4, 10, 0, 0, 2
#define NLRI_A 24, 192, 0, 2
#define PREFIX "192.0.2.0/24"
static const uint8_t announce[] = {0, 0, 0, 20, GOOD, NLRI_A};

static void
begin(const char *rest, uint32_t as)
{
	bgpdtest_start(&t, "", rest);
	bgpdtest_interface(&t, 2, "e0", "10.0.0.1", 24);
	p = bgpdtest_session(&t, &s, A, as, 0x0a000002);
}

static void
end(void)
{
	bgpdtest_stop(&t);
	speaker_close(&s);
}

/* The session of before still stands, and the neighbour has not been told anything. */
static void
check_unnoticed(void)
{
	struct peer_stats before, now;

	bgpdtest_settle(&t);
	peer_stats_get(p, &before);
	looptest_turns_ms(t.d.loop, 100);
	peer_stats_get(p, &now);
	ck_assert(peer_established(p));
	ck_assert_uint_eq(p->stats.established, 1);
	ck_assert_uint_eq(now.out[BGP_MSG_NOTIFICATION], 0);
	ck_assert_uint_eq(now.out[BGP_MSG_OPEN], 1);
	ck_assert_ptr_eq(p, bgpdtest_peer(&t, A));
}

START_TEST(test_bad_file)
{
	struct outcome o;

	begin(ONE(OPEN_BOTH), 65002);
	const struct conf *before = t.d.conf;
	bgpdtest_write(&t, "", "neighbors: [{address: 127.0.0.2, remote-as: 0, hold-time: 2}]\n");
	ck_assert_int_eq(reload_now(0, &o), -EINVAL);
	/* All errors, with their place. */
	ck_assert_ptr_nonnull(strstr(o.reason, "bgpd.yaml:3:45: neighbors[0].remote-as"));
	ck_assert_ptr_nonnull(strstr(o.reason, "bgpd.yaml:3:59: neighbors[0].hold-time"));
	ck_assert_ptr_eq(t.d.conf, before);
	check_unnoticed();
	end();
}
END_TEST

START_TEST(test_nothing_changed)
{
	begin(ONE(OPEN_BOTH), 65002);
	speaker_send_update(&s, announce, sizeof(announce));
	UNTIL(t.d.loop, bgpdtest_best(&t, PREFIX) != NULL);
	change("", ONE(OPEN_BOTH));
	check_unnoticed();
	ck_assert_ptr_nonnull(bgpdtest_best(&t, PREFIX));
	/* Keys that concern nobody's session. */
	change("", ONE(OPEN_BOTH ", description: rack 12, connect-retry-time: 9"));
	check_unnoticed();
	ck_assert_str_eq(p->conf->description, "rack 12");
	end();
}
END_TEST

/* A key of the session itself: Cease/Other Configuration Change (RFC 4486), and it comes back with the new value. */
START_TEST(test_reset)
{
	begin(ONE(OPEN_BOTH), 65002);
	change("", ONE(OPEN_BOTH ", families: [ipv4-unicast, ipv6-unicast]"));
	while (speaker_next_real(&s) == BGP_MSG_UPDATE)
		;
	ck_assert_uint_eq(s.body[0], BGP_ERR_CEASE);
	ck_assert_uint_eq(s.body[1], BGP_CEASE_CONFIG_CHANGE);
	speaker_close(&s);
	p = bgpdtest_session(&t, &s, A, 65002, 0x0a000002);
	ck_assert_uint_eq(p->session.caps.families, OPEN_FAMILY(FAMILY_IPV4) | OPEN_FAMILY(FAMILY_IPV6));
	end();
}
END_TEST

static const struct rib_path *
path_with_id(uint32_t path_id)
{
	struct ip_prefix pf = bgpdtest_prefix(PREFIX);
	uint32_t id = rib_find(t.d.rib, &pf);

	return id == 0 ? NULL
		       : rib_path_by_id(t.d.rib, FAMILY_IPV4, id, peer_routes_source(p)->index, path_id);
}

static uint32_t
sent_count(void)
{
	struct peer_route_counts n;

	peer_routes_counts(p, FAMILY_IPV4, &n);
	return n.sent;
}

/* Which paths are sent may change at any time, whether any are is agreed when the session begins. */
START_TEST(test_send_paths)
{
#define SEND(which)                                                                                          \
	"neighbors:\n"                                                                                       \
	"  - {address: 127.0.0.3, remote-as: 65003, passive: true" OPEN_BOTH ", add-path: {receive: true}}\n"  \
	"  - {address: 127.0.0.2, remote-as: 65002, passive: true, idle-hold-time: {initial: 1, max: 1}" OPEN_BOTH "" \
	", add-path: {send: " which "}}\n"
#define FROM_65003 0x40, 1, 1, 0, 0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xeb, 0x40, 3, 4, 10, 0, 0, 3
	static const uint8_t first[] = {0, 0, 0, 20, FROM_65003, 0, 0, 0, 7, NLRI_A};
	static const uint8_t second[] = {0, 0, 0, 27, FROM_65003, 0x80, 4, 4, 0, 0, 0, 9, 0, 0, 0, 8, NLRI_A};
	struct open_msg o2 = bgpdtest_open(65002, 0x0a000002), o3 = bgpdtest_open(65003, 0x0a000003);
	struct speaker s3;

	o2.caps.add_path[FAMILY_IPV4] = ADD_PATH_RECEIVE;
	o3.caps.add_path[FAMILY_IPV4] = ADD_PATH_SEND;
	bgpdtest_start(&t, "", SEND("best 1"));
	bgpdtest_interface(&t, 2, "e0", "10.0.0.1", 24);
	bgpdtest_session_open(&t, &s3, "127.0.0.3", &o3);
	p = bgpdtest_session_open(&t, &s, A, &o2);
	ck_assert_uint_eq(p->session.caps.add_path[FAMILY_IPV4], ADD_PATH_SEND);
	speaker_send_update(&s3, first, sizeof(first));
	speaker_send_update(&s3, second, sizeof(second));
	UNTIL(t.d.loop, sent_count() == 1);
	change("", SEND("all"));
	UNTIL(t.d.loop, sent_count() == 2);
	check_unnoticed();
	change("", SEND("ecmp"));
	UNTIL(t.d.loop, sent_count() == 1);
	check_unnoticed();
	change("", SEND("none"));
	UNTIL(t.d.loop, !peer_established(p));
	/* The best path; then both, since another view is sent as a whole; the best one, and the other one is gone. */
	unsigned announced = 0, withdrawn = 0;
	int type;
	while ((type = speaker_next_real(&s)) != BGP_MSG_NOTIFICATION) {
		ck_assert_int_eq(type, BGP_MSG_UPDATE);
		static const uint8_t nlri[] = {NLRI_A};
		if (s.body_len < 12)
			continue; /* End-of-RIB */
		ck_assert_mem_eq(s.body + (s.body[1] == 8 ? 6 : s.body_len - 4), nlri, 4);
		announced += s.body[1] == 0;
		withdrawn += s.body[1] == 8;
	}
	ck_assert_uint_eq(announced, 1 + 2 + 1);
	ck_assert_uint_eq(withdrawn, 1);
	ck_assert_uint_eq(s.body[0], BGP_ERR_CEASE);
	ck_assert_uint_eq(s.body[1], BGP_CEASE_CONFIG_CHANGE);
	speaker_close(&s3);
	end();
}
END_TEST

/* With ADD-PATH it is run over each path. */
START_TEST(test_import_add_path)
{
	static const uint8_t first[] = {0, 0, 0, 20, GOOD, 0, 0, 0, 1, NLRI_A};
	static const uint8_t second[] = {0, 0, 0, 27, GOOD, 0x80, 4, 4, 0, 0, 0, 9, 0, 0, 0, 2, NLRI_A};
	struct open_msg o = bgpdtest_open(65002, 0x0a000002);

	o.caps.add_path[FAMILY_IPV4] = ADD_PATH_SEND;
	bgpdtest_start(&t, "", ONE(", add-path: {receive: true}, import: [x], export: []")
	    "policies: {x: [{action: accept}]}\n");
	p = bgpdtest_session_open(&t, &s, A, &o);
	speaker_send_update(&s, first, sizeof(first));
	speaker_send_update(&s, second, sizeof(second));
	UNTIL(t.d.loop, path_with_id(1) != NULL && path_with_id(2) != NULL);
	ck_assert_uint_eq(attr_get(t.d.attrs, path_with_id(2)->attr)->med, 9);
	change("", ONE(", add-path: {receive: true}, import: [x], export: []")
	    "policies: {x: [{set: {med: 7}, action: accept}]}\n");
	UNTIL(t.d.loop, attr_get(t.d.attrs, path_with_id(1)->attr)->med == 7 &&
			     attr_get(t.d.attrs, path_with_id(2)->attr)->med == 7);
	change("", ONE(", add-path: {receive: true}, import: [x], export: []")
	    "policies: {x: [{action: accept}]}\n");
	UNTIL(t.d.loop, attr_get(t.d.attrs, path_with_id(2)->attr)->med == 9);
	ck_assert_uint_eq(attr_get(t.d.attrs, path_with_id(1)->attr)->flags & ATTR_F_HAS_MED, 0);
	end();
}
END_TEST

/* A changed import policy is run over what is kept: the neighbour is asked nothing. */
START_TEST(test_import)
{
	begin(ONE(", import: [x], export: []") "policies: {x: [{action: accept}]}\n", 65002);
	speaker_send_update(&s, announce, sizeof(announce));
	UNTIL(t.d.loop, bgpdtest_best(&t, PREFIX) != NULL);
	change("", ONE(", import: [x], export: []") "policies: {x: [{set: {local-preference: 7}, action: accept}]}\n");
	UNTIL(t.d.loop, bgpdtest_best(&t, PREFIX) != NULL &&
			     attr_get(t.d.attrs, bgpdtest_best(&t, PREFIX)->attr)->local_pref == 7);
	check_unnoticed();
	change("", ONE(", import: [], export: []"));
	UNTIL(t.d.loop, bgpdtest_best(&t, PREFIX) == NULL);
	ck_assert_int_eq(rib_path_reject(bgpdtest_path(&t, p, PREFIX)), RIB_REJECT_POLICY);
	/* None at all: RFC 8212. */
	change("", ONE(", export: []"));
	UNTIL(t.d.loop, rib_path_reject(bgpdtest_path(&t, p, PREFIX)) == RIB_REJECT_NO_POLICY);
	change("", ONE(", import: [accept], export: []"));
	UNTIL(t.d.loop, bgpdtest_best(&t, PREFIX) != NULL);
	check_unnoticed();
	end();
}
END_TEST

/* A changed prefix set counts as a change of the policies that use it, and of those that use them. */
START_TEST(test_import_set)
{
	static const char policies[] = "policies: {x: [{match: {prefix-set: s}, action: accept}]}\n";
	struct str conf = {0};

	str_addf(&conf, "%s%sprefix-sets: {s: [192.0.2.0/24]}\n", ONE(", import: [x], export: []"), policies);
	begin(str_get(&conf), 65002);
	speaker_send_update(&s, announce, sizeof(announce));
	UNTIL(t.d.loop, bgpdtest_best(&t, PREFIX) != NULL);
	str_reset(&conf);
	str_addf(&conf, "%s%sprefix-sets: {s: [192.0.3.0/24]}\n", ONE(", import: [x], export: []"), policies);
	change("", str_get(&conf));
	UNTIL(t.d.loop, bgpdtest_best(&t, PREFIX) == NULL);
	check_unnoticed();
	str_free(&conf);
	end();
}
END_TEST

/* The next UPDATE for the prefix announces (with what in its attributes) or withdraws. */
static bool
next_update_is_withdrawal(void)
{
	ck_assert_int_eq(speaker_next_real(&s), BGP_MSG_UPDATE);
	return s.body_len == 8 && s.body[1] == 4;
}

START_TEST(test_export)
{
	begin(ONE(OPEN_BOTH) "networks: [{prefix: 192.0.2.0/24}]\n", 65002);
	ck_assert(!next_update_is_withdrawal());
	ck_assert_int_eq(speaker_next_real(&s), BGP_MSG_UPDATE); /* End-of-RIB */
	change("", ONE(", import: [accept], export: []") "networks: [{prefix: 192.0.2.0/24}]\n");
	ck_assert(next_update_is_withdrawal());
	change("", ONE(", import: [accept], export: [m]") "networks: [{prefix: 192.0.2.0/24}]\n"
							  "policies: {m: [{set: {med: 9}, action: accept}]}\n");
	ck_assert(!next_update_is_withdrawal());
	/* ORIGIN, AS_PATH, NEXT_HOP, then MED 9. */
	static const uint8_t med[] = {0x80, 4, 4, 0, 0, 0, 9};
	ck_assert_mem_eq(s.body + 4 + 20, med, sizeof(med));
	check_unnoticed();
	end();
}
END_TEST

/* RFC 4271 5.1.5: towards iBGP the degree of preference goes along; a new default is a new value. */
START_TEST(test_default_local_preference)
{
	static const uint8_t lp100[] = {0x40, 5, 4, 0, 0, 0, 100}, lp150[] = {0x40, 5, 4, 0, 0, 0, 150};

	begin(IBGP("") "networks: [{prefix: 192.0.2.0/24}]\n", BGPDTEST_AS);
	ck_assert_int_eq(speaker_next_real(&s), BGP_MSG_UPDATE);
	ck_assert_mem_eq(s.body + 4 + 14, lp100, sizeof(lp100));
	ck_assert_int_eq(speaker_next_real(&s), BGP_MSG_UPDATE);
	change(", default-local-preference: 150", IBGP("") "networks: [{prefix: 192.0.2.0/24}]\n");
	ck_assert_int_eq(speaker_next_real(&s), BGP_MSG_UPDATE);
	ck_assert_mem_eq(s.body + 4 + 14, lp150, sizeof(lp150));
	check_unnoticed();
	end();
}
END_TEST

/* Towards eBGP it is not sent, but export policy may look at it. */
START_TEST(test_default_local_preference_in_policy)
{
	static const char rest[] = ONE(", import: [], export: [x]") "networks: [{prefix: 192.0.2.0/24}]\n"
								    "policies: {x: [{match: {local-preference: {above: 120}}, "
								    "action: accept}]}\n";

	begin(rest, 65002);
	ck_assert_int_eq(speaker_next_real(&s), BGP_MSG_UPDATE);
	ck_assert_uint_eq(s.body_len, 4); /* End-of-RIB */
	change(", default-local-preference: 150", rest);
	ck_assert(!next_update_is_withdrawal());
	change("", rest);
	ck_assert(next_update_is_withdrawal());
	check_unnoticed();
	end();
}
END_TEST

START_TEST(test_add_remove)
{
	static struct speaker s2;

	begin(ONE(OPEN_BOTH), 65002);
	speaker_send_update(&s, announce, sizeof(announce));
	UNTIL(t.d.loop, bgpdtest_best(&t, PREFIX) != NULL);
	change("", "neighbors:\n"
		   "  - {address: 127.0.0.3, remote-as: 65003, passive: true}\n"
		   "  - {address: 127.0.0.2, remote-as: 65002, passive: true, idle-hold-time: {initial: 1, max: 1}" OPEN_BOTH
		   "}\n");
	check_unnoticed();
	ck_assert_uint_eq(peer_number(p), 2);
	struct peer *q = bgpdtest_session(&t, &s2, "127.0.0.3", 65003, 0x0a000003);
	ck_assert_uint_eq(peer_number(q), 1);
	change("", "neighbors: [{address: 127.0.0.3, remote-as: 65003, passive: true}]\n");
	while (speaker_next_real(&s) == BGP_MSG_UPDATE)
		;
	ck_assert_uint_eq(s.body[0], BGP_ERR_CEASE);
	ck_assert_uint_eq(s.body[1], BGP_CEASE_DECONFIGURED);
	UNTIL(t.d.loop, bgpdtest_peer(&t, A) == NULL);
	ck_assert_ptr_null(bgpdtest_best(&t, PREFIX));
	ck_assert(peer_established(q));
	speaker_close(&s2);
	end();
}
END_TEST

/* Sessions have ended for a reload, the old configuration is still there, and somebody connects or is started. */
static struct {
	struct job job;
	const struct conf *before;
	struct peer *reset;
	bool came;
} between;

static enum job_result
between_run(struct job *job, uint64_t deadline_ns)
{
	(void)job, (void)deadline_ns;
	if (t.d.conf != between.before)
		return JOB_DONE;
	if (!p->removed)
		return JOB_MORE;
	ck_assert_int_eq(peer_state(between.reset), FSM_IDLE);
	event_del(between.reset->idle_hold);
	peer_start(between.reset);
	ck_assert_int_ne(peer_state(between.reset), FSM_IDLE);
	struct ip_addr from;
	ck_assert_int_eq(ip_addr_parse("127.0.4.1", &from), 0);
	between.came = dynamic_admit(&t.d, &from, NULL) != NULL;
	return JOB_DONE;
}

#define RESET_ONE(keys) "{address: 127.0.0.3, name: r, remote-as: 65003, passive: true" keys "}"
START_TEST(test_between)
{
	begin("neighbors: [{address: 127.0.0.2, remote-as: 65002, passive: true}, " RESET_ONE("") ", "
	      "{prefix: 127.0.4.0/24, remote-as: external}]\n", 65002);
	between.before = t.d.conf;
	between.reset = bgpdtest_peer(&t, "r");
	between.job = (struct job){.run = between_run, .name = "between"};
	loop_job_start(t.d.loop, &between.job);
	change("", "neighbors: [" RESET_ONE(", local-as: 65009") "]\n");
	ck_assert(between.came);
	ck_assert_ptr_null(bgpdtest_peer(&t, "127.0.4.1"));
	ck_assert_int_eq(peer_state(between.reset), FSM_IDLE);
	ck_assert(event_pending(between.reset->idle_hold, EV_TIMEOUT, NULL));
	ck_assert_uint_eq(between.reset->ours.as, 65009);
	UNTIL(t.d.loop, TAILQ_NEXT(TAILQ_FIRST(&t.d.peers), entry) == NULL);
	end();
}
END_TEST

/* The new configuration is there, but not yet done to all, and one that was reset begins before it has its new address. */
static enum job_result
early_run(struct job *job, uint64_t deadline_ns)
{
	(void)job, (void)deadline_ns;
	if (t.d.conf == between.before)
		return JOB_MORE;
	ck_assert(!reload_idle(t.d.reload));
	ck_assert_int_eq(peer_state(p), FSM_IDLE);
	event_del(p->idle_hold);
	peer_start(p);
	ck_assert_int_eq(peer_state(p), FSM_ACTIVE);
	ck_assert(!ip_addr_eq(&p->addr, &p->conf->address.addr));
	between.came = true;
	return JOB_DONE;
}

#define NAMED(addr) "neighbors: [{address: " addr ", name: n, remote-as: 65002, passive: true, idle-hold-time: {initial: 1, max: 1}}]\n"
START_TEST(test_early)
{
	bgpdtest_start(&t, "", NAMED(A));
	p = bgpdtest_peer(&t, "n");
	UNTIL(t.d.loop, peer_state(p) == FSM_ACTIVE);
	between.before = t.d.conf;
	between.job = (struct job){.run = early_run, .name = "early"};
	loop_job_start(t.d.loop, &between.job);
	between.came = false;
	change("", NAMED("127.0.0.3"));
	ck_assert(between.came);
	ck_assert_int_eq(peer_state(p), FSM_IDLE);
	bgpdtest_stop(&t);
}
END_TEST

/* The daemon is told to end while a reload is under way: who comes with that does not begin any more. */
static enum job_result
stop_run(struct job *job, uint64_t deadline_ns)
{
	(void)job, (void)deadline_ns;
	if (t.d.conf == between.before)
		return JOB_MORE;
	ck_assert_ptr_null(bgpdtest_peer(&t, "127.0.0.9"));
	daemon_stop(&t.d);
	return JOB_DONE;
}

START_TEST(test_stop_between)
{
	begin(ONE(OPEN_BOTH), 65002);
	between.before = t.d.conf;
	between.job = (struct job){.run = stop_run, .name = "stop"};
	loop_job_start(t.d.loop, &between.job);
	change("", "neighbors: [{address: 127.0.0.2, remote-as: 65002, passive: true" OPEN_BOTH "}, "
		   "{address: 127.0.0.9, remote-as: 65009, passive: true}]\n");
	ck_assert(t.d.stopping);
	ck_assert_int_eq(peer_state(bgpdtest_peer(&t, "127.0.0.9")), FSM_IDLE);
	ck_assert_int_eq(peer_state(p), FSM_IDLE);
	end();
}
END_TEST

static enum job_result
once_run(struct job *job, uint64_t deadline_ns)
{
	(void)job, (void)deadline_ns;
	if (peer_state(p) == FSM_ESTABLISHED)
		return JOB_MORE;
	ck_assert_int_eq(peer_state(p), FSM_IDLE);
	/* Its session has ended: until the new configuration has been done to it, no timer is to begin it. */
	if (t.d.conf == between.before) {
		ck_assert(!event_pending(p->idle_hold, EV_TIMEOUT, NULL));
		between.came = true;
		return JOB_MORE;
	}
	return JOB_DONE;
}

/* However short its idle hold time is, one that is reset begins once, with all of its new configuration. */
START_TEST(test_reset_once)
{
#define SHORT(more) "neighbors: [{address: 127.0.0.2, remote-as: 65002, passive: true, idle-hold-time: {initial: 0, max: 1}" more "}]\n"
	struct str many = {0};

	str_add(&many, SHORT(OPEN_BOTH ", local-as: 65009"));
	many.len -= 2;
	/* The configuration is taken over some turns after the session has ended. */
	for (int i = 0; i < 1000; i++)
		str_addf(&many, ", {address: 127.1.%d.%d, remote-as: 65003, passive: true}", i / 250, i % 250 + 1);
	str_add(&many, "]\n");
	begin(SHORT(OPEN_BOTH), 65002);
	between.before = t.d.conf;
	between.came = false;
	between.job = (struct job){.run = once_run, .name = "once"};
	loop_job_start(t.d.loop, &between.job);
	change("", str_get(&many));
	ck_assert(between.came);
	UNTIL(t.d.loop, peer_state(p) == FSM_ACTIVE);
	ck_assert_uint_eq(p->ours.as, 65009);
	str_free(&many);
	end();
}
END_TEST

/* RFC 4486: by configuration it is a shutdown, and its end starts the neighbour again. */
START_TEST(test_shutdown)
{
	begin(ONE(OPEN_BOTH), 65002);
	change("", ONE(OPEN_BOTH ", shutdown: true"));
	while (speaker_next_real(&s) == BGP_MSG_UPDATE)
		;
	ck_assert_uint_eq(s.body[0], BGP_ERR_CEASE);
	ck_assert_uint_eq(s.body[1], BGP_CEASE_ADMIN_SHUTDOWN);
	speaker_close(&s);
	ck_assert_int_eq(peer_state(p), FSM_IDLE);
	change("", ONE(OPEN_BOTH));
	bgpdtest_session(&t, &s, A, 65002, 0x0a000002);
	/* What a command took down a reload does not start. */
	peer_stop(p, BGP_CEASE_ADMIN_SHUTDOWN, NULL);
	change("", ONE(OPEN_BOTH ", description: still down"));
	ck_assert_int_eq(peer_state(p), FSM_IDLE);
	end();
}
END_TEST

/* bgpd/own: networks and statics of the configuration come and go; those of commands stay over a reload. */
START_TEST(test_own)
{
	struct ip_prefix cmd = bgpdtest_prefix("203.0.113.0/24"), both = bgpdtest_prefix("198.51.100.0/24");
	size_t len;

	bgpdtest_start(&t, "",
	    "networks:\n"
	    "  - {prefix: 192.0.2.0/24, med: 5, local-preference: 70, communities: [\"65001:9\", \"65001:1\"]}\n"
	    "  - {prefix: 198.51.100.0/24, blackhole: true}\n"
	    "statics: [{prefix: 10.9.0.0/16, unreachable: true}]\n");
	bgpdtest_settle(&t);
	const struct attr_set *a = attr_get(t.d.attrs, bgpdtest_best(&t, PREFIX)->attr);
	ck_assert_uint_eq(a->med, 5);
	ck_assert_uint_eq(a->local_pref, 70);
	ck_assert_uint_eq(a->origin, ATTR_ORIGIN_IGP);
	static const uint8_t communities[] = {0xfd, 0xe9, 0, 1, 0xfd, 0xe9, 0, 9};
	const uint8_t *v = attr_find(a, ATTR_COMMUNITIES, &len);
	ck_assert_uint_eq(len, sizeof(communities));
	ck_assert_mem_eq(v, communities, sizeof(communities));
	const struct rib_path *st = bgpdtest_best(&t, "10.9.0.0/16");
	ck_assert_int_eq(rib_source_get(t.d.rib, st->source)->kind, RIB_SOURCE_STATIC);
	ck_assert_int_eq(attr_local(attr_get(t.d.attrs, st->attr)).discard, ATTR_DISCARD_UNREACHABLE);
	const struct rib_path *bh = bgpdtest_best(&t, "198.51.100.0/24");
	ck_assert_int_eq(attr_local(attr_get(t.d.attrs, bh->attr)).discard, ATTR_DISCARD_BLACKHOLE);

	own_network_add(&t.d, &cmd);
	own_network_add(&t.d, &both);
	change("", "networks: [{prefix: 192.0.2.0/24}]\n");
	bgpdtest_settle(&t);
	ck_assert_uint_eq(attr_get(t.d.attrs, bgpdtest_best(&t, PREFIX)->attr)->med, 0);
	ck_assert_ptr_null(bgpdtest_best(&t, "10.9.0.0/16"));
	ck_assert_ptr_nonnull(bgpdtest_best(&t, "203.0.113.0/24"));
	ck_assert_ptr_nonnull(bgpdtest_best(&t, "198.51.100.0/24"));
	ck_assert(own_network_del(&t.d, &cmd));
	ck_assert(!own_network_del(&t.d, &cmd));
	ck_assert(own_network_del(&t.d, &both));
	bgpdtest_settle(&t);
	ck_assert_ptr_null(bgpdtest_best(&t, "203.0.113.0/24"));
	ck_assert_ptr_null(bgpdtest_best(&t, "198.51.100.0/24"));
	/* A network of the configuration is not a command's to delete. */
	struct ip_prefix conf = bgpdtest_prefix(PREFIX);
	ck_assert(!own_network_del(&t.d, &conf));
	bgpdtest_settle(&t);
	ck_assert_ptr_nonnull(bgpdtest_best(&t, PREFIX));
	bgpdtest_stop(&t);
}
END_TEST

/* Listeners follow router.listen. */
START_TEST(test_listen)
{
	begin(ONE(OPEN_BOTH), 65002);
	uint16_t old = t.port;
	t.port = speaker_free_port("127.0.0.1");
	change("", ONE(OPEN_BOTH));
	check_unnoticed();
	struct sockaddr_storage ss;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = speaker_sockaddr("127.0.0.1", old, &ss);
	ck_assert_int_lt(connect(fd, (struct sockaddr *)&ss, len), 0);
	ck_assert_int_eq(errno, ECONNREFUSED);
	close(fd);
	static struct speaker stranger;
	speaker_connect(&stranger, t.d.loop, "127.0.0.9", "127.0.0.1", t.port);
	ck_assert_int_eq(speaker_next(&stranger), SPEAKER_END);
	end();
}
END_TEST

/* ---- on trial ---- */

#define DESCRIBED(text) ONE(OPEN_BOTH ", description: " text)

static void
change_for(uint32_t confirm_s, const char *rest)
{
	struct outcome o;

	bgpdtest_write(&t, "", rest);
	ck_assert_msg(reload_now(confirm_s, &o) == 0, "%s", o.reason);
}

static bool
on_trial(void)
{
	uint32_t left_s;

	return reload_on_trial(t.d.reload, &left_s);
}

static void
check_described(const char *text)
{
	ck_assert_str_eq(p->conf->description, text);
	ck_assert_str_eq(conf_neighbor_by_name(t.d.conf, A)->description, text);
}

START_TEST(test_trial_over)
{
	uint32_t left_s;

	begin(DESCRIBED("one") "networks: [{prefix: 192.0.2.0/24}]\n", 65002);
	change_for(1, DESCRIBED("two") "networks: [{prefix: 198.51.100.0/24}]\n");
	check_described("two");
	ck_assert(reload_on_trial(t.d.reload, &left_s));
	ck_assert_uint_eq(left_s, 1);
	bgpdtest_settle(&t);
	ck_assert_ptr_null(bgpdtest_best(&t, PREFIX));
	UNTIL(t.d.loop, !on_trial());
	UNTIL(t.d.loop, reload_idle(t.d.reload));
	check_described("one");
	bgpdtest_settle(&t);
	ck_assert_ptr_nonnull(bgpdtest_best(&t, PREFIX));
	ck_assert_ptr_null(bgpdtest_best(&t, "198.51.100.0/24"));
	check_unnoticed();
	/* The file has not changed: the next reload brings it, for good. */
	change_for(0, DESCRIBED("two"));
	check_described("two");
	ck_assert(!on_trial());
	end();
}
END_TEST

START_TEST(test_trial_confirm)
{
	begin(DESCRIBED("one"), 65002);
	ck_assert_int_eq(reload_confirm(t.d.reload), -ENOENT);
	change_for(1, DESCRIBED("two"));
	ck_assert_int_eq(reload_confirm(t.d.reload), 0);
	ck_assert(!on_trial());
	ck_assert_int_eq(reload_confirm(t.d.reload), -ENOENT);
	looptest_turns_ms(t.d.loop, 1200);
	check_described("two");
	check_unnoticed();
	end();
}
END_TEST

START_TEST(test_rollback)
{
	struct outcome o = {.result = 1};

	begin(DESCRIBED("one"), 65002);
	ck_assert_ptr_null(reload_rollback(t.d.reload, order_done, &o));
	/* A reset on trial, and another one back. */
	change_for(60, ONE(OPEN_BOTH ", description: two, families: [ipv4-unicast, ipv6-unicast]"));
	while (speaker_next_real(&s) == BGP_MSG_UPDATE)
		;
	ck_assert_uint_eq(s.body[1], BGP_CEASE_CONFIG_CHANGE);
	speaker_close(&s);
	p = bgpdtest_session(&t, &s, A, 65002, 0x0a000002);
	ck_assert_ptr_nonnull(reload_rollback(t.d.reload, order_done, &o));
	/* While it is under way nothing can be confirmed; a second order comes too late. */
	ck_assert_int_eq(reload_confirm(t.d.reload), -EBUSY);
	struct outcome late = {.result = 1};
	ck_assert_ptr_nonnull(reload_rollback(t.d.reload, order_done, &late));
	UNTIL(t.d.loop, late.result != 1);
	ck_assert_int_eq(o.result, 0);
	ck_assert_int_eq(late.result, -ENOENT);
	check_described("one");
	ck_assert(!on_trial());
	while (speaker_next_real(&s) == BGP_MSG_UPDATE)
		;
	ck_assert_uint_eq(s.body[1], BGP_CEASE_CONFIG_CHANGE);
	speaker_close(&s);
	p = bgpdtest_session(&t, &s, A, 65002, 0x0a000002);
	ck_assert_uint_eq(p->session.caps.families, OPEN_FAMILY(FAMILY_IPV4));
	end();
}
END_TEST

/* What is reloaded during a trial belongs to it, by command, signal or with errors; only a new time moves its end. */
START_TEST(test_trial_again)
{
	struct outcome o;
	uint32_t left_s;

	begin(DESCRIBED("one"), 65002);
	change_for(30, DESCRIBED("two"));
	change_for(0, DESCRIBED("three"));
	check_described("three");
	ck_assert(reload_on_trial(t.d.reload, &left_s));
	ck_assert_uint_le(left_s, 30);
	bgpdtest_write(&t, "", DESCRIBED("four"));
	ck_assert_ptr_nonnull(reload_file(t.d.reload, 0, NULL, NULL));
	UNTIL(t.d.loop, reload_idle(t.d.reload));
	check_described("four");
	ck_assert(on_trial());
	bgpdtest_write(&t, "", "networks: 5\n");
	ck_assert_int_eq(reload_now(60, &o), -EINVAL);
	ck_assert(reload_on_trial(t.d.reload, &left_s));
	ck_assert_uint_le(left_s, 30);
	change_for(60, DESCRIBED("five"));
	ck_assert(reload_on_trial(t.d.reload, &left_s));
	ck_assert_uint_gt(left_s, 30);
	o.result = 1;
	ck_assert_ptr_nonnull(reload_rollback(t.d.reload, order_done, &o));
	UNTIL(t.d.loop, o.result != 1);
	check_described("one");
	check_unnoticed();
	end();
}
END_TEST

/* More time that is ordered while the clock's own order already waits counts. */
START_TEST(test_trial_more_time)
{
	struct outcome o = {.result = 1};

	begin(DESCRIBED("one"), 65002);
	change_for(1, DESCRIBED("two"));
	bgpdtest_write(&t, "", DESCRIBED("three"));
	/* The loop is not turned until the time is over: both are found in the same turn. */
	reload_file(t.d.reload, 60, order_done, &o);
	usleep(1100000);
	UNTIL(t.d.loop, reload_idle(t.d.reload));
	ck_assert_int_eq(o.result, 0);
	ck_assert(on_trial());
	check_described("three");
	end();
}
END_TEST

/* The daemon ends with orders under way, and during a trial. */
START_TEST(test_trial_stop)
{
	struct outcome o = {.result = 1}, second = {.result = 1};

	begin(DESCRIBED("one"), 65002);
	change_for(60, DESCRIBED("two"));
	reload_file(t.d.reload, 60, order_done, &o);
	reload_file(t.d.reload, 0, order_done, &second);
	end();
	ck_assert_int_eq(o.result, -ECANCELED);
	ck_assert_int_eq(second.result, -ECANCELED);
}
END_TEST

/* bgpd/own: networks come and go in slices, and an order is done when all of them have. */
START_TEST(test_own_in_slices)
{
	struct str many = {0};
	struct outcome o = {.result = 1};

	str_add(&many, "networks:\n");
	for (int i = 0; i < 3000; i++)
		str_addf(&many, "  - {prefix: 10.%d.%d.0/24}\n", i / 250, i % 250);
	bgpdtest_start(&t, "", "");
	t.d.portion = 10;
	bgpdtest_write(&t, "", str_get(&many));
	uint64_t before = t.d.own.job.slices;
	reload_file(t.d.reload, 0, order_done, &o);
	UNTIL(t.d.loop, o.result != 1);
	ck_assert_int_eq(o.result, 0);
	ck_assert(!own_busy(&t.d.own));
	ck_assert_uint_ge(t.d.own.job.slices, before + 1);
	ck_assert_uint_eq(t.d.originate.source[ORIGINATE_NETWORK]->received[FAMILY_IPV4], 3000);
	/* Two at once: the second begins when the first has ended. */
	struct outcome second = {.result = 1};
	o.result = 1;
	bgpdtest_write(&t, "", "networks: [{prefix: 10.0.0.0/24}]\n");
	reload_file(t.d.reload, 0, order_done, &o);
	reload_file(t.d.reload, 0, order_done, &second);
	UNTIL(t.d.loop, second.result != 1);
	ck_assert_int_eq(o.result, 0);
	ck_assert_int_eq(second.result, 0);
	ck_assert_uint_eq(t.d.originate.source[ORIGINATE_NETWORK]->received[FAMILY_IPV4], 1);
	bgpdtest_settle(&t);
	bgpdtest_stop(&t);
	str_free(&many);
}
END_TEST

static unsigned
peers(void)
{
	const struct peer *q;
	unsigned n = 0;

	TAILQ_FOREACH(q, &t.d.peers, entry)
	n += !q->removed;
	return n;
}

/* Thousands come and go: that has an end before the next order begins, and whoever stays does not notice. */
START_TEST(test_many_neighbors)
{
	struct outcome o = {.result = 1}, second = {.result = 1};
	struct str many = {0};

	begin(ONE(OPEN_BOTH), 65002);
	str_add(&many, ONE(OPEN_BOTH));
	many.s[--many.len] = '\0';
	many.s[--many.len] = '\0'; /* the bracket */
	for (int i = 0; i < 3000; i++)
		str_addf(&many, ", {address: 127.1.%d.%d, remote-as: 65003, passive: true}", i / 250, i % 250 + 1);
	str_add(&many, "]\n");
	bgpdtest_write(&t, "", str_get(&many));
	reload_file(t.d.reload, 0, order_done, &o);
	reload_file(t.d.reload, 0, order_done, &second); /* compares with the first, which all of it has to be there for */
	UNTIL(t.d.loop, o.result != 1);
	ck_assert_uint_eq(peers(), 3001);
	/* There is room for two connections of each, as far as that may be. */
	ck_assert_uint_ge(table_size(), t.d.descriptors < 6002 ? (unsigned)t.d.descriptors : 6002);
	UNTIL(t.d.loop, second.result != 1);
	ck_assert_uint_eq(peers(), 3001);
	ck_assert(bgpdtest_peer(&t, "127.1.11.250") != NULL);
	change("", ONE(OPEN_BOTH));
	ck_assert_uint_eq(peers(), 1);
	check_unnoticed();
	/* In the middle of it the daemon ends. */
	bgpdtest_write(&t, "", str_get(&many));
	o.result = 1;
	reload_file(t.d.reload, 0, order_done, &o);
	UNTIL(t.d.loop, peers() > 1 || o.result != 1);
	end();
	ck_assert_int_ne(o.result, 1);
	str_free(&many);
}
END_TEST

SUITE("reload", test_many_neighbors, test_trial_over, test_trial_confirm, test_rollback, test_trial_again, test_trial_more_time, test_trial_stop,
    test_own_in_slices, test_bad_file, test_nothing_changed, test_reset, test_import, test_import_add_path, test_send_paths, test_import_set, test_export,
    test_default_local_preference, test_default_local_preference_in_policy, test_add_remove, test_between, test_early, test_stop_between, test_reset_once, test_shutdown, test_own,
    test_listen)
