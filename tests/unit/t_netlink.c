/* SPDX-License-Identifier: Apache-2.0 */
/*
 * t_netlink: the netlink thread's half over a kernel that is made up, which goes wrong at one place in one way.
 */
#include "tests/fuzz/fibworld.h"

#include "lib/log.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <limits.h>

/* What goes wrong: from the nth decision at this place on, so many times (UINT_MAX: for ever). */
static struct plan {
	enum kernel_place place;
	enum kernel_socket socket;
	unsigned fault; /* see fakekernel.h */
	unsigned after, times;
} plans[4];
static unsigned nplans, made, calls[KERNEL_PLACES][KERNEL_SOCKETS], synced;

static uint8_t
planned(enum kernel_place place, enum kernel_socket socket)
{
	calls[place][socket]++;
	for (struct plan *p = plans; p < plans + nplans; p++) {
		if (p->place != place || p->socket != socket || p->times == 0)
			continue;
		if (p->after > 0) {
			p->after--;
			continue;
		}
		p->times -= p->times != UINT_MAX;
		made++;
		return (uint8_t)(KERNEL_FAULT + p->fault);
	}
	return 0;
}

static void
plan_add(enum kernel_place place, enum kernel_socket socket, unsigned fault, unsigned after, unsigned times)
{
	plans[nplans++] =
	    (struct plan){.place = place, .socket = socket, .fault = fault, .after = after, .times = times};
}

/* What the log has of an event. */
static const char *counted;
static unsigned lines;

void __wrap_log_write(enum log_level level, const char *event, const struct log_kv *kv);

void
__wrap_log_write(enum log_level level, const char *event, const struct log_kv *kv)
{
	(void)level, (void)kv;
	lines += counted != NULL && strcmp(event, counted) == 0;
}

static void
count_lines(const char *event)
{
	counted = event;
	lines = 0;
}

static void
on_synced(void *ctx)
{
	(void)ctx;
	synced++;
}

static const struct fib_callbacks callbacks = {
    .prefix_of = prefix_of, .id_of = id_of, .unpinned = on_unpinned, .synced = on_synced};

static void
run_ms(unsigned ms)
{
	world_run(ms * 1000000ull);
}

static void
start(void)
{
	struct fib_config conf = {.table = 254, .protocol = HERE_PROTOCOL, .metric = 20, .audit_s = 10};

	ck_assert_int_eq(fib_start_on(&world, &loop, &conf, &callbacks, NULL, &fib), 0);
}

static void
setup(void)
{
	log_set_level(LOG_WARN);
	count_lines(NULL);
	ck_assert_int_eq(loop_init(&loop), 0);
	world_reset();
	kernel.fault = planned;
	nplans = made = synced = 0;
	memset(calls, 0, sizeof(calls));
}

static void
teardown(void)
{
	nplans = 0;
	if (fib != NULL)
		fib_stop(fib, false, 1000);
	fib = NULL;
	kernel_reset();
	loop_fini(&loop);
}

static bool
kernel_has(uint32_t id)
{
	return world_route(FAMILY_IPV4, id, 20) != NULL;
}

static enum fib_state
state(uint32_t id)
{
	return world_state(FAMILY_IPV4, id);
}

#define HOLE 4 /* a next hop for here_want: none, a blackhole */

/* A part of a dump is lost: the kernel is still at it, and takes no other before that has come to its end. */
START_TEST(test_dump_given_up)
{
	/* The links are two parts: the first is lost. */
	plan_add(KERNEL_PORTION, KERNEL_OPS, FAULT_PORTION_LOST, 0, 1);
	start();
	run_ms(50);
	ck_assert_uint_eq(made, 1);
	ck_assert_uint_eq(synced, 0);
	run_ms(1000);
	ck_assert_uint_eq(synced, 1);
	ck_assert_uint_eq(kernel.busy, 0);
}
END_TEST

/* The same with the audit, which reads little by little. */
START_TEST(test_audit_given_up)
{
	struct fib_stats s;

	start();
	for (uint8_t id = 0; id < HERE_IDS; id++)
		here_want(id, HOLE);
	plan_add(KERNEL_PORTION, KERNEL_AUDIT, FAULT_PORTION_LOST, 1, 1);
	run_ms(60000);
	ck_assert_uint_eq(made, 1);
	fib_stats_get(fib, &s);
	ck_assert_uint_ge(s.audits, 3);
	ck_assert_uint_eq(kernel.busy, 0);
}
END_TEST

/* Each read fails for want of memory for a time, of the audit's socket (0) or that of the full dump (1). */
START_TEST(test_no_memory_for_reading)
{
	enum kernel_socket socket = _i == 0 ? KERNEL_AUDIT : KERNEL_OPS;
	struct fib_stats s;

	start();
	for (uint8_t id = 0; id < HERE_IDS; id++)
		here_want(id, HOLE);
	run_ms(1000);
	fib_stats_get(fib, &s);
	ck_assert_uint_eq(s.audits, 0);
	count_lines(_i == 0 ? "fib.audit.failed" : "fib.dump.failed");
	plan_add(KERNEL_READ, socket, FAULT_READ_NOBUFS, 1, UINT_MAX);
	if (_i == 1) {
		fib->resync_wanted = true;
		fib_send_kick(fib);
	}
	run_ms(120000);
	/* It is said each time, and is not asked for all the time. */
	ck_assert_uint_ge(lines, 5);
	ck_assert_uint_le(lines, 20);
	ck_assert_uint_le(made, 2000);
	nplans = 0;
	run_ms(60000);
	fib_stats_get(fib, &s);
	ck_assert_uint_ge(s.audits, 3);
	ck_assert_uint_eq(kernel.busy, 0);
	ck_assert(!nl->dumping);
}
END_TEST

/* Of two routes the first is refused, and that reply cut off; the other's is whole. */
START_TEST(test_reply_cut)
{
	start();
	run_ms(100);
	here_want(1, HOLE);
	here_want(2, HOLE);
	plan_add(KERNEL_CHANGE, KERNEL_OPS, FAULT_CHANGE_BUSY, 0, 1);
	plan_add(KERNEL_READ, KERNEL_OPS, FAULT_READ_CUT, 0, 1);
	run_ms(10);
	ck_assert_uint_eq(made, 2);
	/* Nobody knows, so both were sent again. */
	ck_assert_int_eq(state(1), FIB_INSTALLED);
	ck_assert(kernel_has(1) && kernel_has(2));
}
END_TEST

/* The reply is lost, and so is that to the operation when it is sent again: then everything is read again. */
START_TEST(test_replies_lost)
{
	start();
	run_ms(100);
	uint64_t dumps = fib->dumps;
	here_want(1, HOLE);
	/* The reply, the end of the replies, and the second reply. */
	plan_add(KERNEL_READ, KERNEL_OPS, FAULT_READ_LOST, 0, 3);
	run_ms(10);
	ck_assert_uint_eq(made, 3);
	ck_assert_uint_eq(calls[KERNEL_CHANGE][KERNEL_OPS], 2);
	ck_assert(kernel_has(1));
	ck_assert_int_ne(state(1), FIB_INSTALLED);
	run_ms(1000);
	ck_assert_uint_eq(fib->dumps, dumps + 1);
	ck_assert_int_eq(state(1), FIB_INSTALLED);
}
END_TEST

/* Could not be sent when it was repeated: neither is that known. */
START_TEST(test_reply_lost_and_not_sent_again)
{
	start();
	run_ms(100);
	uint64_t dumps = fib->dumps;
	here_want(1, HOLE);
	plan_add(KERNEL_READ, KERNEL_OPS, FAULT_READ_LOST, 0, 1);
	plan_add(KERNEL_SEND, KERNEL_OPS, FAULT_SEND_NOBUFS, 1, 1);
	run_ms(1000);
	ck_assert_uint_eq(made, 2);
	ck_assert_uint_eq(fib->dumps, dumps + 1);
	ck_assert_int_eq(state(1), FIB_INSTALLED);
	ck_assert(kernel_has(1));
}
END_TEST

/* What comes after all is no part of the dump, though that might have had its number. */
START_TEST(test_late_reply)
{
	start();
	run_ms(100);
	uint32_t seq = nl->batch->seq;
	here_want(1, HOLE);
	plan_add(KERNEL_READ, KERNEL_OPS, FAULT_READ_FAILS, 0, 2);
	run_ms(10);
	ck_assert_uint_eq(made, 2);
	ck_assert(kernel_has_something(KERNEL_OPS));
	nl->dump_seq = seq - 1;
	run_ms(1000);
	ck_assert(!kernel_has_something(KERNEL_OPS));
	ck_assert_uint_eq(kernel.busy, 0);
	ck_assert_int_eq(state(1), FIB_INSTALLED);
}
END_TEST

/* The socket of the notifications fails for a time: it rests between dumps, and what went by is read with those. */
START_TEST(test_notifications_fail)
{
	start();
	run_ms(100);
	ck_assert(known_link_has_carrier(&fib->known, 2));
	calls[KERNEL_READ][KERNEL_NOTIFY] = 0;
	plan_add(KERNEL_READ, KERNEL_NOTIFY, FAULT_READ_FAILS, 0, UINT_MAX);
	kernel_link_set(2, false, false);
	loop_job_start(&nl->loop, &nl->job); /* as its socket would */
	run_ms(20000);
	ck_assert(!known_link_has_carrier(&fib->known, 2));
	/* With 0.1, 0.2, 0.4 ... 10 s between two. */
	ck_assert_uint_ge(calls[KERNEL_READ][KERNEL_NOTIFY], 4);
	ck_assert_uint_le(calls[KERNEL_READ][KERNEL_NOTIFY], 12);
	ck_assert_uint_le(fib->dumps, 12);
	/* Meanwhile it does its work. */
	here_want(1, HOLE);
	run_ms(10);
	ck_assert_int_eq(state(1), FIB_INSTALLED);
	nplans = 0;
	run_ms(11000);
	kernel_link_set(2, true, true);
	run_ms(10);
	ck_assert(known_link_has_carrier(&fib->known, 2));
}
END_TEST

/* Notifications are lost while it is waited to read everything again for another reason, of which there is no line. */
START_TEST(test_lost_while_a_dump_waits)
{
	start();
	run_ms(1000);
	count_lines("fib.notifications.lost");
	fib->resync_wanted = true;
	fib_send_kick(fib);
	run_ms(10);
	ck_assert(nl->resync_wait);
	plan_add(KERNEL_READ, KERNEL_NOTIFY, FAULT_READ_LOST, 0, 2);
	for (unsigned i = 0; i < 2; i++)
		kernel_link_set(2, true, true);
	loop_job_start(&nl->loop, &nl->job); /* as its socket would */
	run_ms(10);
	ck_assert_uint_eq(made, 2);
	ck_assert(nl->resync_wait);
	ck_assert_uint_eq(lines, 1);
	/* And again when all is read. */
	run_ms(1000);
	ck_assert(!nl->resync);
	plan_add(KERNEL_READ, KERNEL_NOTIFY, FAULT_READ_LOST, 0, 1);
	kernel_link_set(2, true, true);
	loop_job_start(&nl->loop, &nl->job);
	run_ms(10);
	ck_assert_uint_eq(lines, 2);
}
END_TEST

/* What was sent is carried out, though a dump has come before it that does not succeed, nothing is waited for (1). */
START_TEST(test_stop_carries_out)
{
	start();
	run_ms(1000);
	for (uint8_t id = 0; id < HERE_IDS; id++)
		here_want(id, HOLE);
	main_jobs(1000000000u);
	ck_assert_uint_gt(ring_used(&fib->chan.ops), HERE_IDS);
	ck_assert_uint_eq(calls[KERNEL_CHANGE][KERNEL_OPS], 0);
	nl->resync = true;
	plan_add(KERNEL_READ, KERNEL_OPS, FAULT_READ_NOBUFS, 0, UINT_MAX);
	fib_stop(fib, true, _i == 0 ? 1000 : 0);
	fib = NULL;
	for (uint8_t id = 0; id < HERE_IDS; id++)
		ck_assert(kernel_has(id));
}
END_TEST

/* No dump succeeds: the end does not wait for one, whether routes are to stay or not. */
START_TEST(test_stop_without_dump)
{
	start();
	here_want(1, HOLE);
	plan_add(KERNEL_READ, KERNEL_OPS, FAULT_READ_FAILS, 0, UINT_MAX);
	run_ms(3000);
	ck_assert_uint_eq(synced, 0);
	uint64_t began_ns = now_ns;
	fib_stop(fib, _i != 0, 1000);
	fib = NULL;
	ck_assert_uint_ge(now_ns - began_ns, 1000000000u);
	ck_assert_uint_le(now_ns - began_ns, 1500000000u);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("netlink");
	TCase *tc = tcase_create("netlink");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_dump_given_up);
	tcase_add_test(tc, test_audit_given_up);
	tcase_add_loop_test(tc, test_no_memory_for_reading, 0, 2);
	tcase_add_test(tc, test_reply_cut);
	tcase_add_test(tc, test_replies_lost);
	tcase_add_test(tc, test_reply_lost_and_not_sent_again);
	tcase_add_test(tc, test_late_reply);
	tcase_add_test(tc, test_notifications_fail);
	tcase_add_test(tc, test_lost_while_a_dump_waits);
	tcase_add_loop_test(tc, test_stop_carries_out, 0, 2);
	tcase_add_loop_test(tc, test_stop_without_dump, 0, 2);
	suite_add_tcase(s, tc);
	return suite_end(s);
}
