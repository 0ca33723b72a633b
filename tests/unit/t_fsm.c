/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fsm: a walk through RFC 4271 8.2.2, state by state, as the text has it. The
 * four departures that bgpd/fsm.c lists are marked "departure".
 */
#include <check.h>
#include <stdlib.h>

#include "bgpd/fsm.h"

#define I  FSM_IDLE
#define C  FSM_CONNECT
#define A  FSM_ACTIVE
#define OS FSM_OPENSENT
#define OC FSM_OPENCONFIRM
#define E  FSM_ESTABLISHED

/* "sets the ConnectRetryTimer to zero, releases all BGP resources, drops the TCP connection" */
#define DOWN  (FSM_DO_STOP_CONNECT_RETRY | FSM_DO_STOP_TIMERS | FSM_DO_RELEASE | FSM_DO_DROP_TCP)
#define COUNT FSM_DO_COUNT_RETRY
#define ZERO  FSM_DO_ZERO_RETRIES
#define HOLDI FSM_DO_IDLE_HOLD
#define NOTE  FSM_DO_NOTIFY

static const struct step {
	uint8_t from, event, facts, to, code, subcode;
	uint32_t actions;
} steps[] = {
    /* Idle: only a start leaves it */
    {I, 1, 0, C, 0, 0, ZERO | FSM_DO_START_CONNECT_RETRY | FSM_DO_CONNECT},
    {I, 1, FSM_PASSIVE, A, 0, 0, ZERO},
    {I, 3, 0, C, 0, 0, FSM_DO_START_CONNECT_RETRY | FSM_DO_CONNECT}, /* departure: the counter stays */
    {I, 3, FSM_PASSIVE, A, 0, 0, 0},
    {I, 2, 0, I, 0, 0, 0},
    {I, 8, 0, I, 0, 0, 0},
    {I, 9, 0, I, 0, 0, 0},
    {I, 10, 0, I, 0, 0, 0},
    {I, 11, 0, I, 0, 0, 0},
    {I, 12, 0, I, 0, 0, 0},
    {I, 16, 0, I, 0, 0, 0},
    {I, 17, 0, I, 0, 0, 0},
    {I, 18, 0, I, 0, 0, 0},
    {I, 19, 0, I, 0, 0, 0},
    {I, 21, 0, I, 0, 0, 0},
    {I, 22, 0, I, 0, 0, 0},
    {I, 23, 0, I, 0, 0, 0},
    {I, 24, 0, I, 0, 0, 0},
    {I, 25, 0, I, 0, 0, 0},
    {I, 26, 0, I, 0, 0, 0},
    {I, 27, 0, I, 0, 0, 0},
    {I, 28, 0, I, 0, 0, 0},

    /* Connect */
    {C, 1, 0, C, 0, 0, 0},
    {C, 3, 0, C, 0, 0, 0},
    {C, 2, 0, I, 0, 0, DOWN | ZERO},
    {C, 9, 0, C, 0, 0,
     FSM_DO_DROP_TCP | FSM_DO_START_CONNECT_RETRY | FSM_DO_STOP_DELAY_OPEN | FSM_DO_CONNECT},
    {C, 12, FSM_DELAY_OPEN, OS, 0, 0,
     FSM_DO_SEND_OPEN | FSM_DO_START_HOLD_LARGE | FSM_DO_STOP_CONNECT_RETRY | FSM_DO_STOP_DELAY_OPEN},
    {C, 16, FSM_DELAY_OPEN, C, 0, 0, FSM_DO_STOP_CONNECT_RETRY | FSM_DO_START_DELAY_OPEN},
    {C, 17, FSM_DELAY_OPEN, C, 0, 0, FSM_DO_STOP_CONNECT_RETRY | FSM_DO_START_DELAY_OPEN},
    {C, 16, 0, OS, 0, 0,
     FSM_DO_STOP_CONNECT_RETRY | FSM_DO_SEND_OPEN | FSM_DO_START_HOLD_LARGE | FSM_DO_STOP_DELAY_OPEN},
    {C, 17, 0, OS, 0, 0,
     FSM_DO_STOP_CONNECT_RETRY | FSM_DO_SEND_OPEN | FSM_DO_START_HOLD_LARGE | FSM_DO_STOP_DELAY_OPEN},
    {C, 18, FSM_DELAY_OPEN | FSM_DELAY_RUNNING, A, 0, 0,
     FSM_DO_START_CONNECT_RETRY | FSM_DO_STOP_DELAY_OPEN | FSM_DO_DROP_TCP},
    {C, 18, 0, A, 0, 0,
     FSM_DO_START_CONNECT_RETRY | FSM_DO_STOP_DELAY_OPEN | FSM_DO_DROP_TCP}, /* departure */
    {C, 19, FSM_DELAY_OPEN | FSM_DELAY_RUNNING, OC, 0, 0,
     FSM_DO_STOP_CONNECT_RETRY | FSM_DO_STOP_DELAY_OPEN | FSM_DO_SEND_OPEN | FSM_DO_SEND_KEEPALIVE |
	 FSM_DO_START_KEEPALIVE | FSM_DO_START_HOLD},
    {C, 21, 0, I, 0, 0, DOWN | COUNT | HOLDI},
    {C, 22, 0, I, 0, 0, DOWN | COUNT | HOLDI},
    {C, 21, FSM_NOTIFY_EARLY, I, 0, 0, NOTE | DOWN | COUNT | HOLDI},
    {C, 22, FSM_NOTIFY_EARLY, I, 0, 0, NOTE | DOWN | COUNT | HOLDI},
    {C, 24, FSM_DELAY_OPEN | FSM_DELAY_RUNNING, I, 0, 0, DOWN | HOLDI}, /* not counted */
    {C, 24, 0, I, 0, 0, DOWN | COUNT | HOLDI},
    {C, 8, 0, I, 0, 0, DOWN | COUNT},
    {C, 10, 0, I, 0, 0, DOWN | COUNT | HOLDI},
    {C, 11, 0, I, 0, 0, DOWN | COUNT | HOLDI},
    {C, 19, 0, I, 0, 0, DOWN | COUNT | HOLDI},
    {C, 23, 0, I, 0, 0, DOWN | COUNT | HOLDI},
    {C, 25, 0, I, 0, 0, DOWN | COUNT | HOLDI},
    {C, 26, 0, I, 0, 0, DOWN | COUNT | HOLDI},
    {C, 27, 0, I, 0, 0, DOWN | COUNT | HOLDI},
    {C, 28, 0, I, 0, 0, DOWN | COUNT | HOLDI},

    /* Active */
    {A, 1, 0, A, 0, 0, 0},
    {A, 3, 0, A, 0, 0, 0},
    {A, 2, 0, I, 0, 0, DOWN | ZERO},
    {A, 2, FSM_DELAY_RUNNING | FSM_NOTIFY_EARLY, I, 6, 0, NOTE | DOWN | ZERO},
    {A, 9, 0, C, 0, 0, FSM_DO_START_CONNECT_RETRY | FSM_DO_CONNECT},
    {A, 9, FSM_PASSIVE, A, 0, 0, 0}, /* departure */
    {A, 12, FSM_DELAY_OPEN, OS, 0, 0,
     FSM_DO_STOP_CONNECT_RETRY | FSM_DO_STOP_DELAY_OPEN | FSM_DO_SEND_OPEN | FSM_DO_START_HOLD_LARGE},
    {A, 16, FSM_DELAY_OPEN, A, 0, 0, FSM_DO_STOP_CONNECT_RETRY | FSM_DO_START_DELAY_OPEN},
    {A, 17, FSM_DELAY_OPEN, A, 0, 0, FSM_DO_STOP_CONNECT_RETRY | FSM_DO_START_DELAY_OPEN},
    {A, 16, 0, OS, 0, 0,
     FSM_DO_STOP_CONNECT_RETRY | FSM_DO_SEND_OPEN | FSM_DO_START_HOLD_LARGE | FSM_DO_STOP_DELAY_OPEN},
    {A, 17, FSM_PASSIVE, OS, 0, 0,
     FSM_DO_STOP_CONNECT_RETRY | FSM_DO_SEND_OPEN | FSM_DO_START_HOLD_LARGE | FSM_DO_STOP_DELAY_OPEN},
    {A, 18, 0, I, 0, 0, DOWN | COUNT | HOLDI},
    {A, 19, FSM_DELAY_RUNNING, OC, 0, 0,
     FSM_DO_STOP_CONNECT_RETRY | FSM_DO_STOP_DELAY_OPEN | FSM_DO_SEND_OPEN | FSM_DO_SEND_KEEPALIVE |
	 FSM_DO_START_KEEPALIVE | FSM_DO_START_HOLD},
    {A, 21, 0, I, 0, 0, DOWN | COUNT | HOLDI},
    {A, 22, FSM_NOTIFY_EARLY, I, 0, 0, NOTE | DOWN | COUNT | HOLDI},
    {A, 24, FSM_DELAY_RUNNING, I, 0, 0, DOWN | HOLDI},
    {A, 24, 0, I, 0, 0, DOWN | COUNT | HOLDI},
    {A, 8, 0, I, 0, 0, DOWN | COUNT},
    {A, 10, 0, I, 0, 0, DOWN | COUNT | HOLDI},
    {A, 11, 0, I, 0, 0, DOWN | COUNT | HOLDI},
    {A, 19, 0, I, 0, 0, DOWN | COUNT | HOLDI},
    {A, 23, 0, I, 0, 0, DOWN | COUNT | HOLDI},
    {A, 25, 0, I, 0, 0, DOWN | COUNT | HOLDI},
    {A, 26, 0, I, 0, 0, DOWN | COUNT | HOLDI},
    {A, 27, 0, I, 0, 0, DOWN | COUNT | HOLDI},
    {A, 28, 0, I, 0, 0, DOWN | COUNT | HOLDI},

    /* OpenSent */
    {OS, 1, 0, OS, 0, 0, 0},
    {OS, 3, 0, OS, 0, 0, 0},
    {OS, 2, 0, I, 6, 0, NOTE | DOWN | ZERO},
    {OS, 8, 0, I, 6, 0, NOTE | DOWN | COUNT},
    {OS, 10, 0, I, 4, 0, NOTE | DOWN | COUNT | HOLDI},
    {OS, 16, 0, OS, 0, 0, 0},
    {OS, 17, 0, OS, 0, 0, 0},
    {OS, 18, 0, A, 0, 0, FSM_DO_DROP_TCP | FSM_DO_STOP_TIMERS | FSM_DO_START_CONNECT_RETRY},
    {OS, 19, 0, OC, 0, 0,
     FSM_DO_STOP_DELAY_OPEN | FSM_DO_STOP_CONNECT_RETRY | FSM_DO_SEND_KEEPALIVE | FSM_DO_START_KEEPALIVE |
	 FSM_DO_START_HOLD},
    {OS, 19, FSM_HOLD_ZERO, OC, 0, 0,
     FSM_DO_STOP_DELAY_OPEN | FSM_DO_STOP_CONNECT_RETRY | FSM_DO_SEND_KEEPALIVE | FSM_DO_STOP_HOLD},
    {OS, 21, 0, I, 0, 0, NOTE | DOWN | COUNT | HOLDI},
    {OS, 22, 0, I, 0, 0, NOTE | DOWN | COUNT | HOLDI},
    {OS, 23, 0, I, 6, 7, NOTE | DOWN | COUNT | HOLDI},
    {OS, 24, 0, I, 0, 0, DOWN | HOLDI},
    {OS, 25, 0, I, 0, 0, DOWN | COUNT | HOLDI}, /* departure: no answer to a NOTIFICATION */
    /* RFC 6608: the subcodes are for unexpected messages, not for timers */
    {OS, 9, 0, I, 5, 0, NOTE | DOWN | COUNT | HOLDI},
    {OS, 11, 0, I, 5, 0, NOTE | DOWN | COUNT | HOLDI},
    {OS, 12, 0, I, 5, 0, NOTE | DOWN | COUNT | HOLDI},
    {OS, 26, 0, I, 5, 1, NOTE | DOWN | COUNT | HOLDI},
    {OS, 27, 0, I, 5, 1, NOTE | DOWN | COUNT | HOLDI},
    {OS, 28, 0, I, 5, 1, NOTE | DOWN | COUNT | HOLDI},

    /* OpenConfirm */
    {OC, 1, 0, OC, 0, 0, 0},
    {OC, 3, 0, OC, 0, 0, 0},
    {OC, 2, 0, I, 6, 0, NOTE | DOWN | ZERO},
    {OC, 8, 0, I, 6, 0, NOTE | DOWN | COUNT},
    {OC, 10, 0, I, 4, 0, NOTE | DOWN | COUNT | HOLDI},
    {OC, 11, 0, OC, 0, 0, FSM_DO_SEND_KEEPALIVE | FSM_DO_START_KEEPALIVE},
    {OC, 16, 0, OC, 0, 0, 0},
    {OC, 17, 0, OC, 0, 0, 0},
    {OC, 18, 0, I, 0, 0, DOWN | COUNT | HOLDI},
    {OC, 25, 0, I, 0, 0, DOWN | COUNT | HOLDI},
    {OC, 24, 0, I, 0, 0, DOWN | HOLDI},
    {OC, 21, 0, I, 0, 0, NOTE | DOWN | COUNT | HOLDI},
    {OC, 22, 0, I, 0, 0, NOTE | DOWN | COUNT | HOLDI},
    {OC, 23, 0, I, 6, 7, NOTE | DOWN | COUNT | HOLDI},
    {OC, 26, 0, E, 0, 0, FSM_DO_START_HOLD | FSM_DO_UP},
    {OC, 26, FSM_HOLD_ZERO, E, 0, 0, FSM_DO_STOP_HOLD | FSM_DO_UP},
    {OC, 9, 0, I, 5, 0, NOTE | DOWN | COUNT | HOLDI},
    {OC, 12, 0, I, 5, 0, NOTE | DOWN | COUNT | HOLDI},
    {OC, 19, 0, I, 5, 2, NOTE | DOWN | COUNT | HOLDI},
    {OC, 27, 0, I, 5, 2, NOTE | DOWN | COUNT | HOLDI},
    {OC, 28, 0, I, 5, 2, NOTE | DOWN | COUNT | HOLDI},
    {OC, 29, 0, I, 8, 0, NOTE | DOWN | COUNT | HOLDI},

    /* Established */
    {E, 1, 0, E, 0, 0, 0},
    {E, 3, 0, E, 0, 0, 0},
    {E, 2, 0, I, 6, 0, NOTE | DOWN | ZERO},
    {E, 8, 0, I, 6, 0, NOTE | DOWN | COUNT},
    {E, 10, 0, I, 4, 0, NOTE | DOWN | COUNT | HOLDI},
    {E, 11, 0, E, 0, 0, FSM_DO_SEND_KEEPALIVE | FSM_DO_START_KEEPALIVE},
    {E, 16, 0, E, 0, 0, 0},
    {E, 17, 0, E, 0, 0, 0},
    {E, 18, 0, I, 0, 0, DOWN | COUNT | HOLDI},
    {E, 24, 0, I, 0, 0, DOWN | COUNT | HOLDI},
    {E, 25, 0, I, 0, 0, DOWN | COUNT | HOLDI},
    {E, 23, 0, I, 6, 7, NOTE | DOWN | COUNT | HOLDI},
    {E, 26, 0, E, 0, 0, FSM_DO_START_HOLD},
    {E, 26, FSM_HOLD_ZERO, E, 0, 0, FSM_DO_STOP_HOLD},
    {E, 27, 0, E, 0, 0, FSM_DO_START_HOLD | FSM_DO_UPDATE},
    {E, 28, 0, I, 0, 0, NOTE | DOWN | COUNT | HOLDI},
    {E, 21, 0, I, 0, 0, NOTE | DOWN | COUNT | HOLDI}, /* departure: its own error, not an FSM error */
    {E, 9, 0, I, 5, 0, NOTE | DOWN | COUNT | HOLDI},
    {E, 12, 0, I, 5, 0, NOTE | DOWN | COUNT | HOLDI},
    {E, 19, 0, I, 5, 3, NOTE | DOWN | COUNT | HOLDI},
    {E, 22, 0, I, 5, 3, NOTE | DOWN | COUNT | HOLDI},
    {E, 29, 0, I, 8, 0, NOTE | DOWN | COUNT | HOLDI}, /* RFC 9687 */
};

START_TEST(walk)
{
	const struct step *s = &steps[_i];
	struct fsm_result r = fsm_step(s->from, s->event, s->facts);

	ck_assert_msg(r.state == s->to, "%s in %s led to %s", fsm_event_name(s->event),
		      fsm_state_name(s->from), fsm_state_name(r.state));
	ck_assert_msg(r.actions == s->actions, "%s in %s: actions %x, expected %x", fsm_event_name(s->event),
		      fsm_state_name(s->from), r.actions, s->actions);
	ck_assert_uint_eq(r.code, s->code);
	ck_assert_uint_eq(r.subcode, s->subcode);
}
END_TEST

/* Whatever happens: Idle is only reached with everything released, and Established only by a KEEPALIVE. */
START_TEST(invariants)
{
	for (uint8_t st = FSM_IDLE; st < FSM_STATES; st++)
		for (uint8_t ev = 1; ev < FSM_EVENTS; ev++)
			for (uint32_t facts = 0; facts < 32; facts++) {
				struct fsm_result r = fsm_step(st, ev, facts);
				ck_assert_uint_lt(r.state, FSM_STATES);
				if (r.state == FSM_IDLE && st != FSM_IDLE)
					ck_assert_uint_eq(r.actions & DOWN, DOWN);
				if (r.state == FSM_ESTABLISHED && st != FSM_ESTABLISHED) {
					ck_assert_uint_eq(st, FSM_OPENCONFIRM);
					ck_assert_uint_eq(ev, FSM_EV_KEEPALIVE);
				}
				if (facts & FSM_HOLD_ZERO)
					ck_assert_uint_eq(r.actions & FSM_DO_START_HOLD, 0);
			}
}
END_TEST

START_TEST(names)
{
	ck_assert_str_eq(fsm_state_name(FSM_OPENCONFIRM), "OpenConfirm");
	ck_assert_str_eq(fsm_event_name(FSM_EV_KEEPALIVE), "KeepAliveMsg");
	ck_assert_str_eq(fsm_event_name(14), "unknown");
}
END_TEST

START_TEST(timers)
{
	ck_assert_uint_eq(fsm_idle_hold(1, 30, 1), 1);
	ck_assert_uint_eq(fsm_idle_hold(1, 30, 2), 2);
	ck_assert_uint_eq(fsm_idle_hold(1, 30, 5), 16);
	ck_assert_uint_eq(fsm_idle_hold(1, 30, 6), 30);
	ck_assert_uint_eq(fsm_idle_hold(1, 30, UINT32_MAX), 30);
	ck_assert_uint_eq(fsm_idle_hold(60, 30, 1), 30);
	ck_assert_uint_eq(fsm_idle_hold(0, 30, 1), 0);
	ck_assert_uint_eq(fsm_idle_hold(0, 30, 2), 1);
	ck_assert_uint_eq(fsm_idle_hold(0, 30, 3), 2);
	ck_assert_uint_eq(fsm_idle_hold(0, 30, UINT32_MAX), 30);
	ck_assert_uint_eq(fsm_idle_hold(0, 0, UINT32_MAX), 0);
	ck_assert_uint_eq(fsm_jitter(1000, 0), 750);
	ck_assert_uint_eq(fsm_jitter(1000, UINT32_MAX), 1000);
	ck_assert_uint_eq(fsm_jitter(1000, UINT32_MAX / 2 + 1), 875);
	/* RFC 9687: the greater of 8 minutes and twice the hold time */
	ck_assert_uint_eq(fsm_send_hold(90), 480);
	ck_assert_uint_eq(fsm_send_hold(300), 600);
	ck_assert_uint_eq(fsm_send_hold(0), 0);
}
END_TEST

START_TEST(collision)
{
	/* RFC 4271 6.8: the connection of the speaker with the higher identifier stays */
	ck_assert(fsm_collision_keeps_ours(0x0a000002, 0x0a000001, 1, 2));
	ck_assert(!fsm_collision_keeps_ours(0x0a000001, 0x0a000002, 2, 1));
	ck_assert(fsm_collision_keeps_ours(0xc0000001, 0x0a000001, 1, 2)); /* unsigned */
	/* RFC 6286 2.3: then the one with the larger AS number */
	ck_assert(fsm_collision_keeps_ours(5, 5, 65002, 65001));
	ck_assert(!fsm_collision_keeps_ours(5, 5, 65001, 65002));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("fsm");
	TCase *t = tcase_create("fsm");

	tcase_add_loop_test(t, walk, 0, sizeof(steps) / sizeof(steps[0]));
	tcase_add_test(t, invariants);
	tcase_add_test(t, names);
	tcase_add_test(t, timers);
	tcase_add_test(t, collision);
	suite_add_tcase(s, t);
	SRunner *sr = srunner_create(s);
	srunner_set_fork_status(sr, CK_NOFORK); /* some two hundred steps */
	srunner_run_all(sr, CK_NORMAL);
	int failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
