/* SPDX-License-Identifier: Apache-2.0 */
/*
 * looptest: an event loop that a test turns until something is so.
 */
#ifndef TESTS_UNIT_LOOPTEST_H
#define TESTS_UNIT_LOOPTEST_H

#include <check.h>

#include "lib/loop.h"

#define LOOPTEST_TICK_MS  2
#define LOOPTEST_WITHIN_S 30 /* generous: the machine may be busy */

static inline void
looptest_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	loop_stop(arg);
}

/* Runs the loop for about a tick. */
static inline void
looptest_turn(struct loop *l)
{
	struct event *tick = evtimer_new(l->base, looptest_tick, l);

	ck_assert_ptr_nonnull(tick);
	event_add(tick, &(struct timeval){.tv_usec = LOOPTEST_TICK_MS * 1000});
	ck_assert_int_eq(loop_run(l), 0);
	event_free(tick);
}

static inline void
looptest_turns_ms(struct loop *l, unsigned ms)
{
	uint64_t end = time_mono_ns() + ms * 1000000ull;

	while (time_mono_ns() < end)
		looptest_turn(l);
}

/* Turns the loop until cond holds, which it must within LOOPTEST_WITHIN_S. */
#define UNTIL(l, cond)                                                                                       \
	do {                                                                                                 \
		uint64_t until_end_ = time_mono_ns() + LOOPTEST_WITHIN_S * 1000000000ull;                    \
		while (!(cond)) {                                                                            \
			ck_assert_msg(time_mono_ns() < until_end_, "not within %d s: %s", LOOPTEST_WITHIN_S, \
				      #cond);                                                                \
			looptest_turn(l);                                                                    \
		}                                                                                            \
	} while (0)

#endif
