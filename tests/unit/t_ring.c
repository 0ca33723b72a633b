/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of lib/ring: order, bounds, the wake-up, and two threads that pass numbers. */
#include "lib/ring.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>

#include "lib/mem.h"
#include "tests/unit/suite.h"

#define PASSED 300000u

static bool
is_readable(const struct ring *r)
{
	struct pollfd p = {.fd = r->wake_fd, .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}

START_TEST(test_bounds)
{
	struct ring r;
	uint64_t v;

	/* five become eight places, all of them usable, several times round */
	ck_assert_int_eq(ring_init(&r, sizeof(v), 5), 0);
	ck_assert(!ring_pop(&r, &v));
	for (uint64_t round = 0; round < 100; round++) {
		ck_assert(ring_has_room(&r, 8));
		ck_assert(!ring_has_room(&r, 9));
		for (uint64_t i = 0; i < 8; i++) {
			v = round * 100 + i;
			ck_assert(ring_push(&r, &v));
			ck_assert_uint_eq(ring_used(&r), i + 1);
		}
		ck_assert(ring_has_room(&r, 0));
		ck_assert(!ring_has_room(&r, 1));
		ck_assert(!ring_push(&r, &v));
		for (uint64_t i = 0; i < 8; i++) {
			ck_assert(ring_pop(&r, &v));
			ck_assert_uint_eq(v, round * 100 + i);
		}
		ck_assert(!ring_pop(&r, &v));
	}
	ring_fini(&r);
}
END_TEST

START_TEST(test_counters_wrap)
{
	struct ring r;
	uint32_t v;

	ck_assert_int_eq(ring_init(&r, sizeof(v), 4), 0);
	atomic_store(&r.head, UINT32_MAX - 1);
	atomic_store(&r.tail, UINT32_MAX - 1);
	r.tail_seen = r.head_seen = UINT32_MAX - 1;
	for (uint32_t i = 0; i < 4; i++)
		ck_assert(ring_push(&r, &i));
	ck_assert(!ring_push(&r, &v));
	ck_assert_uint_eq(ring_used(&r), 4);
	for (uint32_t i = 0; i < 4; i++) {
		ck_assert(ring_pop(&r, &v));
		ck_assert_uint_eq(v, i);
	}
	ck_assert_uint_eq(ring_used(&r), 0);
	ring_fini(&r);
}
END_TEST

START_TEST(test_wake)
{
	struct ring r;
	uint8_t v = 1;

	ck_assert_int_eq(ring_init(&r, 1, 4), 0);
	ring_push(&r, &v);
	ck_assert(!is_readable(&r));
	ring_wake(&r);
	ring_wake(&r);
	ck_assert(is_readable(&r));
	ring_ack(&r);
	ck_assert(!is_readable(&r));
	ring_ack(&r);
	ring_fini(&r);
	ring_fini(&r);
}
END_TEST

static void *
produce(void *arg)
{
	struct ring *r = arg;

	for (uint32_t i = 0; i < PASSED; i++) {
		while (!ring_push(r, &i))
			sched_yield();
		if (i % 16 == 0)
			ring_wake(r);
	}
	ring_wake(r);
	return NULL;
}

START_TEST(test_threads)
{
	struct ring r;
	uint32_t want = 0, got;
	pthread_t t;

	ck_assert_int_eq(ring_init(&r, sizeof(got), 64), 0);
	ck_assert_int_eq(pthread_create(&t, NULL, produce, &r), 0);
	while (want < PASSED) {
		ring_ack(&r);
		if (!ring_pop(&r, &got)) {
			struct pollfd p = {.fd = r.wake_fd, .events = POLLIN};

			poll(&p, 1, 1);
			continue;
		}
		ck_assert_uint_eq(got, want++);
	}
	pthread_join(t, NULL);
	ck_assert(!ring_pop(&r, &got));
	ring_fini(&r);
}
END_TEST

SUITE("ring", test_bounds, test_counters_wrap, test_wake, test_threads)
