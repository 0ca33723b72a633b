/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of bgpd/pipeline: when changes are decided, and sweeps. */
#include "bgpd/pipeline.h"
#include "bgpd/session_internal.h"

#include "bgpd/own.h"
#include "bgpd/update_in.h"
#include "tests/unit/bgpdtest.h"
#include "tests/unit/suite.h"

static struct bgpdtest t;
static struct rib_source *source;
static attr_id attr;
static unsigned swept;

static void
on_swept(void *ctx)
{
	ck_assert_ptr_eq(ctx, source);
	swept++;
}

static void
begin(void)
{
	struct attr_edit e = {0};

	bgpdtest_start(&t, "", "");
	bgpdtest_settle(&t);
	source = rib_source_add(t.d.rib, RIB_SOURCE_STATIC);
	own_attr_begin(&e);
	attr = attr_edit_commit(&e, t.d.attrs);
	attr_edit_fini(&e);
}

static void
end(void)
{
	attr_unref(t.d.attrs, attr);
	bgpdtest_stop(&t);
}

static struct ip_prefix
nth(uint32_t i)
{
	struct ip_addr a = ip_addr_v4(0x0a000000 + i * 256);

	return ip_prefix_from_addr(&a, 24);
}

static void
apply(uint32_t n, enum rib_queue q)
{
	for (uint32_t i = 0; i < n; i++) {
		struct rib_op op = {.prefix = nth(i), .received = attr, .effective = attr};
		op.hash = rib_hash(t.d.rib, &op.prefix);
		rib_apply(t.d.rib, source, &op, 1, loop_now_s(t.d.loop), q);
	}
	pipeline_decide(t.d.pipeline);
}

/* How many of the first n prefixes have a best path. */
static uint32_t
decided(uint32_t n)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < n; i++) {
		struct ip_prefix p = nth(i);
		uint32_t id = rib_find(t.d.rib, &p);
		count += id != 0 && rib_best(t.d.rib, FAMILY_IPV4, id) != NULL;
	}
	return count;
}

/* Urgent changes ask for the next turn at once. */
START_TEST(test_urgent)
{
	begin();
	ck_assert(pipeline_idle(t.d.pipeline));
	apply(10, RIB_URGENT);
	ck_assert(!pipeline_idle(t.d.pipeline));
	ck_assert(!TAILQ_EMPTY(&t.d.loop->jobs));
	ck_assert_uint_eq(decided(10), 0);
	bgpdtest_settle(&t);
	ck_assert(pipeline_idle(t.d.pipeline));
	ck_assert_uint_eq(decided(10), 10);
	end();
}
END_TEST

/* A few in bulk wait for more, but not long; as many as fill a buffer do not wait, nor do any when no more is to come. */
START_TEST(test_bulk)
{
	begin();
	t.d.sessions->nmuch = 1;
	apply(10, RIB_BULK);
	ck_assert(TAILQ_EMPTY(&t.d.loop->jobs));
	ck_assert_uint_eq(rib_dirty_count(t.d.rib, RIB_BULK), 10);
	uint64_t start = time_mono_ns();
	bgpdtest_settle(&t);
	ck_assert_uint_ge(time_mono_ns() - start, (PIPELINE_BULK_DELAY_MS - 1) * 1000000ull);
	ck_assert_uint_eq(decided(10), 10);
	apply(PIPELINE_BULK_FULL + 10, RIB_BULK);
	ck_assert(!TAILQ_EMPTY(&t.d.loop->jobs));
	bgpdtest_settle(&t);
	ck_assert_uint_eq(decided(PIPELINE_BULK_FULL + 10), PIPELINE_BULK_FULL + 10);
	t.d.sessions->nmuch = 0;
	apply(PIPELINE_BULK_FULL + 20, RIB_BULK);
	ck_assert(!TAILQ_EMPTY(&t.d.loop->jobs));
	bgpdtest_settle(&t);
	ck_assert_uint_eq(decided(PIPELINE_BULK_FULL + 20), PIPELINE_BULK_FULL + 20);
	end();
}
END_TEST

/* What several sessions with much to say say is decided later, but nothing waits for ever. */
START_TEST(test_bulk_several)
{
	begin();
	t.d.sessions->nmuch = 2;
	uint64_t start = time_mono_ns();
	apply(PIPELINE_BULK_HIGH + 10, RIB_BULK);
	ck_assert(TAILQ_EMPTY(&t.d.loop->jobs));
	ck_assert(!t.d.sessions->held);
	bgpdtest_settle(&t);
	ck_assert_uint_ge(time_mono_ns() - start, (PIPELINE_SEVERAL_DELAY_MS - 1) * 1000000ull);
	ck_assert_uint_eq(decided(PIPELINE_BULK_HIGH + 10), PIPELINE_BULK_HIGH + 10);
	apply(PIPELINE_BULK_HIGH + 10 + PIPELINE_SEVERAL_HIGH, RIB_BULK);
	ck_assert(!TAILQ_EMPTY(&t.d.loop->jobs));
	ck_assert(t.d.sessions->held);
	bgpdtest_settle(&t);
	ck_assert(!t.d.sessions->held);
	/* The last but one has nothing more to say: it is as with one alone. */
	apply(PIPELINE_BULK_HIGH + PIPELINE_SEVERAL_HIGH + 10 + PIPELINE_BULK_FULL, RIB_BULK);
	ck_assert(TAILQ_EMPTY(&t.d.loop->jobs));
	t.d.sessions->nmuch = 1;
	pipeline_decide(t.d.pipeline);
	ck_assert(!TAILQ_EMPTY(&t.d.loop->jobs));
	bgpdtest_settle(&t);
	end();
}
END_TEST

START_TEST(test_sweep)
{
	begin();
	apply(3000, RIB_URGENT);
	bgpdtest_settle(&t);
	/* Announced again after the generation has changed: those stay. */
	ck_assert(rib_source_stale(source, FAMILY_NONE));
	apply(1000, RIB_URGENT);
	pipeline_sweep(t.d.pipeline, source, FAMILY_NONE, on_swept, source);
	ck_assert_uint_eq(swept, 0);
	ck_assert(!pipeline_idle(t.d.pipeline));
	UNTIL(t.d.loop, swept == 1);
	bgpdtest_settle(&t);
	ck_assert_uint_eq(decided(3000), 1000);
	ck_assert_uint_eq(source->received[FAMILY_IPV4], 1000);
	/* Stale once more, and asked for again, while a sweep is under way: it is over when none of either is left. */
	ck_assert(rib_source_stale(source, FAMILY_NONE));
	pipeline_sweep(t.d.pipeline, source, FAMILY_NONE, on_swept, source);
	apply(500, RIB_URGENT);
	ck_assert(rib_source_stale(source, FAMILY_NONE));
	pipeline_sweep(t.d.pipeline, source, FAMILY_NONE, NULL, NULL);
	UNTIL(t.d.loop, swept == 2);
	ck_assert_uint_eq(source->received[FAMILY_IPV4], 0);
	bgpdtest_settle(&t);
	ck_assert_uint_eq(decided(3000), 0);
	ck_assert_uint_eq(swept, 2);
	end();
}
END_TEST

START_TEST(test_sweep_cancel)
{
	begin();
	apply(100, RIB_URGENT);
	bgpdtest_settle(&t);
	ck_assert(rib_source_stale(source, FAMILY_NONE));
	pipeline_sweep(t.d.pipeline, source, FAMILY_NONE, on_swept, source);
	pipeline_sweep_cancel(t.d.pipeline, source);
	pipeline_sweep_cancel(t.d.pipeline, source);
	bgpdtest_settle(&t);
	ck_assert_uint_eq(swept, 0);
	ck_assert_uint_eq(source->received[FAMILY_IPV4], 100);
	end();
}
END_TEST

/* Next hops that resolve otherwise take the prefixes that use them along. */
START_TEST(test_resolve)
{
	struct attr_edit e = {0};
	struct ip_addr nh;

	begin();
	ip_addr_parse("192.0.2.9", &nh);
	own_attr_begin(&e);
	e.nexthop = nexthop_intern(t.d.nexthops, &nh, NULL);
	attr_unref(t.d.attrs, attr);
	attr = attr_edit_commit(&e, t.d.attrs);
	nexthop_unref(t.d.nexthops, e.nexthop);
	attr_edit_fini(&e);
	apply(600, RIB_URGENT);
	bgpdtest_settle(&t);
	ck_assert_uint_eq(decided(600), 0);
	bgpdtest_interface(&t, 2, "e0", "192.0.2.1", 24);
	UNTIL(t.d.loop, decided(600) == 600);
	struct fib_link down = {.ifindex = 2, .name = "e0"};
	kernel_watch_link(t.d.kernel, &down);
	UNTIL(t.d.loop, decided(600) == 0);
	bgpdtest_settle(&t);
	end();
}
END_TEST

/* While selection is deferred nothing is decided, however much waits; then all of it is. */
START_TEST(test_defer)
{
	begin();
	pipeline_defer(t.d.pipeline, true);
	apply(10, RIB_URGENT);
	for (int i = 0; i < 100; i++)
		looptest_turn(t.d.loop);
	ck_assert_uint_eq(rib_dirty_count(t.d.rib, RIB_URGENT), 10);
	ck_assert(!pipeline_idle(t.d.pipeline));
	pipeline_defer(t.d.pipeline, false);
	bgpdtest_settle(&t);
	ck_assert_uint_eq(rib_dirty_count(t.d.rib, RIB_URGENT), 0);
	end();
}
END_TEST

SUITE("pipeline", test_defer, test_urgent, test_bulk, test_bulk_several, test_sweep, test_sweep_cancel, test_resolve)
