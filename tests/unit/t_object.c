/* SPDX-License-Identifier: Apache-2.0 */
/*
 * t_object: nexthop objects of ours that somebody else changes, over a kernel that is made up. What the operations are,
 * one by one, is in t_fib.c.
 */
#include "tests/fuzz/fibworld.h"

#include "lib/log.h"
#include "tests/unit/suite.h"

#include <check.h>

#define AUDIT_S    10
#define OTHERS     4
#define OVER_2     5 /* for here_want: one next hop, over link 2 */
#define OVER_2_3   6 /* a group */
#define SECONDS(n) ((n)*1000000000ull)

static const struct fib_callbacks callbacks = {.prefix_of = prefix_of, .id_of = id_of, .unpinned = on_unpinned};

static void
setup(void)
{
	struct fib_config conf = {
	    .table = 254, .protocol = HERE_PROTOCOL, .metric = 20, .audit_s = AUDIT_S, .nexthop_objects = true};

	log_set_level(LOG_ERROR);
	ck_assert_int_eq(loop_init(&loop), 0);
	world_reset();
	ck_assert_int_eq(fib_start_on(&world, &loop, &conf, &callbacks, NULL, &fib), 0);
	fib_sweep(fib);
	world_run(SECONDS(1));
}

/* Whatever was done to it, nothing of ours is left. */
static void
teardown(void)
{
	fib_stop(fib, false, 1000);
	for (unsigned i = 0; i < KERNEL_OBJECTS; i++)
		ck_assert(kernel.object[i].id == 0 || kernel.object[i].protocol == OTHERS);
	kernel_reset();
	loop_fini(&loop);
}

static struct kernel_route *
route(uint32_t id)
{
	return world_route(FAMILY_IPV6, id, 20);
}

static enum fib_state
state(uint32_t id)
{
	return world_state(FAMILY_IPV6, id);
}

/* Wants an IPv6 route; the number of its object, which is there after that. */
static uint32_t
begin(uint8_t id, uint8_t hop)
{
	here_want(128 | id, hop);
	world_run(SECONDS(1));
	ck_assert_int_eq(state(id), FIB_INSTALLED);
	ck_assert_ptr_nonnull(route(id));
	return route(id)->nhid;
}

static struct kernel_object
single(uint32_t nhid, uint8_t protocol, uint32_t ifindex)
{
	return (struct kernel_object){
	    .id = nhid, .protocol = protocol, .count = 1, .hop = {kernel_hop_over(ifindex, 7)}};
}

static void
changed_by_others(uint32_t nhid, uint8_t protocol, uint32_t ifindex, bool heard)
{
	struct kernel_object o = single(nhid, protocol, ifindex);

	kernel.silent = !heard;
	kernel_object_put(&o);
	kernel.silent = false;
}

static uint64_t
drift(enum fib_drift kind)
{
	struct fib_stats s;

	fib_stats_get(fib, &s);
	return s.drift[kind];
}

/* The route has an object of ours over that link. */
static void
must_be_over(uint8_t id, uint32_t ifindex)
{
	ck_assert_int_eq(state(id), FIB_INSTALLED);
	ck_assert_ptr_nonnull(route(id));
	const struct kernel_object *o = kernel_object(route(id)->nhid);
	ck_assert_uint_eq(o->protocol, HERE_PROTOCOL);
	ck_assert_uint_eq(o->group, false);
	ck_assert_uint_eq(o->hop[0].ifindex, ifindex);
}

/* The kernel keeps an object that goes over a link that is up, while it should be over the one that goes down. */
START_TEST(test_elsewhere_when_link_goes_down)
{
	uint32_t nhid = begin(3, OVER_2);

	changed_by_others(nhid, HERE_PROTOCOL, 1, _i == 0);
	kernel_link_set(2, false, false);
	world_run(SECONDS(2 * AUDIT_S));
	ck_assert_int_eq(state(3), FIB_FAILED);
	ck_assert_ptr_null(route(3));
	ck_assert_ptr_null(kernel_object(nhid));
	kernel_link_set(2, true, true);
	world_run(SECONDS(2));
	must_be_over(3, 2);
}
END_TEST

/* With another protocol number it is still ours, and made what it should be. */
START_TEST(test_made_somebody_elses)
{
	uint32_t nhid = begin(3, OVER_2);

	changed_by_others(nhid, OTHERS, 1, _i == 0);
	world_run(SECONDS(2 * AUDIT_S));
	must_be_over(3, 2);
	ck_assert_uint_eq(route(3)->nhid, nhid);
	ck_assert_uint_eq(drift(FIB_DRIFT_OBJECT_NEXTHOPS), _i == 0 ? 0 : 1);
}
END_TEST

/* He has made it his own unheard, and the link that it was over goes: it is left to him, but not our route. */
START_TEST(test_made_somebody_elses_and_link_down)
{
	uint32_t nhid = begin(3, OVER_2);

	changed_by_others(nhid, OTHERS, 1, false);
	kernel_link_set(2, false, false);
	world_run(SECONDS(2 * AUDIT_S));
	ck_assert_int_eq(state(3), FIB_FAILED);
	ck_assert_ptr_null(route(3));
	ck_assert_ptr_nonnull(kernel_object(nhid));
	ck_assert_uint_eq(drift(FIB_DRIFT_EXTRA), 1);
	kernel_link_set(2, true, true);
	world_run(SECONDS(5));
	must_be_over(3, 2);
	ck_assert_uint_ne(route(3)->nhid, nhid);
}
END_TEST

/* One of the other kind cannot be replaced: the route gets another, and that goes. */
START_TEST(test_of_the_other_kind)
{
	uint32_t nhid = begin(3, OVER_2);
	struct kernel_object member = single(77, OTHERS, 1);
	struct kernel_object group = {.id = nhid,
				      .protocol = HERE_PROTOCOL,
				      .group = true,
				      .count = 1,
				      .hop = {{.ifindex = member.id, .weight = 1}}};
	struct kernel_route same = *route(3);

	kernel.silent = true;
	kernel_object_put(&member);
	kernel_object_delete(kernel_object(nhid));
	kernel_object_put(&group);
	kernel_put(&same);
	kernel.silent = false;
	world_run(SECONDS(3 * AUDIT_S));
	must_be_over(3, 2);
	ck_assert_uint_ne(route(3)->nhid, nhid);
	ck_assert_ptr_null(kernel_object(nhid));
}
END_TEST

/* A member's number has become somebody else's while its link was down: no group is made with his. */
START_TEST(test_member_is_somebody_elses)
{
	uint32_t nhid = begin(3, OVER_2_3);
	uint32_t member = kernel_object(nhid)->hop[0].ifindex;

	kernel_link_set(2, false, false);
	kernel_link_set(3, false, false);
	world_run(SECONDS(1));
	ck_assert_int_eq(state(3), FIB_FAILED);
	changed_by_others(member, OTHERS, 1, _i == 0);
	kernel_link_set(2, true, true);
	world_run(SECONDS(1));
	kernel_link_set(2, false, false);
	world_run(SECONDS(2 * AUDIT_S));
	ck_assert_int_eq(state(3), FIB_FAILED);
	ck_assert_ptr_null(route(3));
	ck_assert_ptr_nonnull(kernel_object(member));
	kernel_link_set(2, true, true);
	kernel_link_set(3, true, true);
	world_run(SECONDS(5));
	ck_assert_int_eq(state(3), FIB_INSTALLED);
	const struct kernel_object *group = kernel_object(route(3)->nhid);
	ck_assert_uint_eq(group->count, 2);
	for (unsigned i = 0; i < 2; i++)
		ck_assert_uint_eq(kernel_object(group->hop[i].ifindex)->protocol, HERE_PROTOCOL);
}
END_TEST

/* A member is deleted, and somebody makes an object of his own with its number. */
static uint32_t member_to_take;

static void
take_member(void)
{
	struct kernel_object his = single(member_to_take, OTHERS, 1);

	kernel_object_delete(kernel_object(member_to_take));
	kernel_object_put(&his);
	member_to_take = 0;
}

static uint8_t
take_before_sending(enum kernel_place place, enum kernel_socket socket)
{
	if (place == KERNEL_SEND && socket == KERNEL_OPS && member_to_take != 0)
		take_member();
	return 0;
}

/* Heard before the group is made with that number (0), after it (1), or when the group is there (2): made anew. */
START_TEST(test_member_deleted_and_number_taken)
{
	uint32_t member = member_to_take = begin(4, OVER_2);

	here_want(128 | 3, OVER_2_3);
	if (_i == 1)
		kernel.fault = take_before_sending;
	else if (_i == 0)
		main_jobs(SECONDS(1));
	else
		world_run(SECONDS(1));
	if (_i != 1)
		take_member();
	world_run(SECONDS(5));
	ck_assert_int_eq(state(3), FIB_INSTALLED);
	const struct kernel_object *group = kernel_object(route(3)->nhid);
	ck_assert_uint_eq(group->count, 2);
	for (unsigned i = 0; i < 2; i++) {
		const struct kernel_object *o = kernel_object(group->hop[i].ifindex);
		ck_assert_uint_eq(o->protocol, HERE_PROTOCOL);
		ck_assert_uint_eq(o->hop[0].ifindex, 2 + i);
	}
	must_be_over(4, 2);
	kernel.fault = NULL;
	ck_assert_uint_eq(member_to_take, 0);
	ck_assert_uint_eq(kernel_object(member)->protocol, OTHERS);
	ck_assert_uint_eq(drift(FIB_DRIFT_OBJECT_NEXTHOPS), 0);
}
END_TEST

/* One comes under the number of a set that has none for want of a link, and then the set is given up. */
START_TEST(test_under_an_idle_number)
{
	uint32_t nhid = begin(3, OVER_2);

	kernel_link_set(2, false, false);
	world_run(SECONDS(1));
	changed_by_others(nhid, HERE_PROTOCOL, 1, true);
	fib_route_del(fib, FAMILY_IPV6, 3);
	world_run(SECONDS(1));
	ck_assert_ptr_null(kernel_object(nhid));
	ck_assert_uint_eq(drift(FIB_DRIFT_OBJECT_EXTRA), 0);
}
END_TEST

/* Of another protocol number: each gets a new number, also one that was only a group's. */
START_TEST(test_other_protocol)
{
	struct fib_config conf = fib->env.conf;

	begin(3, OVER_2_3);
	conf.protocol = HERE_PROTOCOL + 1;
	fib_reconfigure(fib, &conf);
	here_want(128 | 4, OVER_2);
	world_run(SECONDS(2 * AUDIT_S));
	for (uint8_t id = 3; id <= 4; id++) {
		ck_assert_int_eq(state(id), FIB_INSTALLED);
		ck_assert(nhobj_is_ours(&fib->nhobjs, route(id)->nhid, conf.protocol));
	}
	for (unsigned i = 0; i < KERNEL_OBJECTS; i++)
		ck_assert(kernel.object[i].id == 0 ||
			  nhobj_is_ours(&fib->nhobjs, kernel.object[i].id, kernel.object[i].protocol));
	ck_assert_uint_eq(drift(FIB_DRIFT_OBJECT_NEXTHOPS), 0);
}
END_TEST

/* No objects are wanted any more while one is repaired, that somebody has deleted just before. */
START_TEST(test_given_up_while_being_made)
{
	struct fib_config conf = fib->env.conf;
	uint32_t nhid = begin(3, OVER_2);

	changed_by_others(nhid, HERE_PROTOCOL, 1, true);
	pump(1000);
	main_jobs(SECONDS(1));
	kernel.silent = _i != 0;
	kernel_object_delete(kernel_object(nhid));
	kernel.silent = false;
	nl->resync = _i != 0; /* a dump does not show it */
	ck_assert_uint_gt(ring_used(&fib->chan.ops), 0);
	conf.nexthop_objects = false;
	fib_reconfigure(fib, &conf);
	world_run(SECONDS(1));
	ck_assert_int_eq(state(3), FIB_INSTALLED);
	ck_assert_uint_eq(route(3)->nhid, 0);
	for (unsigned i = 0; i < KERNEL_OBJECTS; i++)
		ck_assert_uint_eq(kernel.object[i].id, 0);
}
END_TEST

/* No object over a link without a carrier, but a route by itself: as soon as no objects are wanted. */
START_TEST(test_without_carrier)
{
	struct fib_config conf = fib->env.conf;

	begin(3, OVER_2);
	kernel_link_set(2, true, false);
	world_run(SECONDS(1));
	ck_assert_int_eq(state(3), FIB_FAILED);
	conf.nexthop_objects = false;
	fib_reconfigure(fib, &conf);
	world_run(SECONDS(1));
	ck_assert_int_eq(state(3), FIB_INSTALLED);
	ck_assert_uint_eq(route(3)->nhid, 0);
}
END_TEST

static void
put_hole(const struct kernel_route *at, bool heard)
{
	struct kernel_route hole = *at;

	hole.type = RTN_BLACKHOLE;
	hole.nhid = hole.count = 0;
	kernel.silent = !heard;
	kernel_put(&hole);
	kernel.silent = false;
}

/* A route in our name, where ours has failed: as it is notified, and as only the audit finds it. */
START_TEST(test_put_where_ours_failed)
{
	begin(3, OVER_2);
	struct kernel_route ours = *route(3);

	kernel_link_set(2, false, false);
	world_run(SECONDS(1));
	ck_assert_int_eq(state(3), FIB_FAILED);
	put_hole(&ours, _i == 0);
	world_run(_i == 0 ? SECONDS(1) : SECONDS(2 * AUDIT_S));
	ck_assert_ptr_null(route(3));
	ck_assert_uint_eq(drift(FIB_DRIFT_EXTRA), _i == 0 ? 0 : 1);
	kernel_link_set(2, true, true);
	world_run(SECONDS(2));
	must_be_over(3, 2);
}
END_TEST

/* The same in the place of ours, unheard, and then the link goes down. No metric names one of any. */
START_TEST(test_put_before_ours_failed)
{
	struct fib_config conf = fib->env.conf;

	conf.metric = 0;
	fib_reconfigure(fib, &conf);
	world_run(SECONDS(1));
	here_want(3, OVER_2);
	world_run(SECONDS(1));
	put_hole(world_route(FAMILY_IPV4, 3, 0), false);
	kernel_link_set(2, false, false);
	world_run(SECONDS(2 * AUDIT_S));
	ck_assert_ptr_null(world_route(FAMILY_IPV4, 3, 0));
	ck_assert_uint_eq(drift(FIB_DRIFT_EXTRA), 1);
}
END_TEST

/* An object that leads elsewhere, and its own link loses its carrier or goes down: the route comes back with the link. */
START_TEST(test_elsewhere_when_carrier_goes)
{
	uint32_t nhid = begin(3, OVER_2);

	changed_by_others(nhid, HERE_PROTOCOL, 1, true);
	kernel_link_set(2, _i == 0, false);
	world_run(SECONDS(5));
	ck_assert_int_eq(state(3), FIB_FAILED);
	kernel_link_set(2, true, true);
	world_run(SECONDS(3));
	must_be_over(3, 2);
}
END_TEST

/* A group that leads elsewhere, and one of its own two links goes down: the other one is there all the time. */
START_TEST(test_group_elsewhere_when_link_goes_down)
{
	uint32_t nhid = begin(3, OVER_2_3);
	struct kernel_object member = single(77, 4, 1), group = *kernel_object(nhid);

	kernel_object_put(&member);
	group.count = 1;
	group.hop[0] = (struct kernel_hop){.ifindex = 77, .weight = 1};
	kernel_object_put(&group);
	kernel_link_set(2, false, false);
	world_run(SECONDS(5));
	ck_assert_int_eq(state(3), FIB_INSTALLED);
	ck_assert_ptr_nonnull(route(3));
	const struct kernel_object *now = kernel_object(route(3)->nhid);
	ck_assert_uint_eq(now->count, 1);
	ck_assert_uint_eq(kernel_object(now->hop[0].ifindex)->hop[0].ifindex, 3);
}
END_TEST

/* What looks at the kernel whenever something is changed there: a route that has no object, or none at all. */
static unsigned holes, until_down;
static uint8_t
look(enum kernel_place place, enum kernel_socket socket)
{
	const struct kernel_route *r = route(3);

	if (place == KERNEL_CHANGE)
		holes += r == NULL || kernel_object(r->nhid) == NULL;
	if (place == KERNEL_READ && socket == KERNEL_OPS && until_down > 0 && --until_down == 0)
		kernel_link_set(3, false, false);
	return 0;
}

/*
 * One link of a group comes back, and while the group is repaired another goes down, with replies that are held back for
 * want of notifications (an EEXIST in their batch): the third was there all the time, and so is the route.
 */
START_TEST(test_link_down_amid_repair)
{
	begin(3, 7);
	begin(5, 0x9);
	kernel_link_set(4, false, false);
	world_run(SECONDS(5));
	struct kernel_route other = {.used = true, .family = FAMILY_IPV6, .plen = 24, .protocol = OTHERS, .dst = {10, 0, 4}, .table = 254,
	    .metric = 20, .type = RTN_BLACKHOLE};
	kernel.silent = true;
	kernel_put(&other);
	kernel.silent = false;
	holes = 0;
	until_down = 2;
	kernel.fault = look;
	kernel_link_set(4, true, true);
	pump(1000);
	while (ring_used(&fib->chan.events) > 0)
		fib_events_run(&fib->events_job, UINT64_MAX);
	here_want(128 | 4, 1);
	world_run(SECONDS(2));
	kernel.fault = NULL;
	ck_assert_uint_eq(until_down, 0);
	ck_assert_uint_eq(holes, 0);
	ck_assert_int_eq(state(3), FIB_INSTALLED);
}
END_TEST

/* Somebody with our protocol number replaces the route whenever it is ours: he carries it until we try again. */
START_TEST(test_fight_leaves_his)
{
	unsigned without = 0;

	begin(3, OVER_2);
	struct kernel_route other = *route(3);
	other.nhid = 0;
	other.count = 1;
	other.hop[0] = single(1, HERE_PROTOCOL, 1).hop[0];
	for (unsigned i = 0; i < 2000; i++) {
		if (route(3) != NULL && route(3)->nhid != 0)
			kernel_put(&other);
		world_run(SECONDS(1) / 10);
		without += route(3) == NULL;
	}
	ck_assert_uint_eq(without, 0);
}
END_TEST

/* A route in our name has been put over ours and was claimed by a dump; then the metric is another, and ours fails once. */
START_TEST(test_stray_is_forgotten)
{
	begin(3, OVER_2);
	struct kernel_route same = *route(3);
	struct fib_config conf = fib->env.conf;

	kernel_put(&same);
	fib->resync_wanted = true;
	fib_send_kick(fib);
	nl->resync = _i != 0; /* the dump is there before the notification */
	world_run(SECONDS(5));
	conf.metric = 40;
	kernel_link_set(2, false, false);
	fib_reconfigure(fib, &conf);
	world_run(SECONDS(5));
	kernel_link_set(2, true, true);
	world_run(SECONDS(200));
	ck_assert_int_eq(state(3), FIB_INSTALLED);
}
END_TEST

static unsigned replies_to_lose;

static uint8_t
lose_reply(enum kernel_place place, enum kernel_socket socket)
{
	if (place != KERNEL_READ || socket != KERNEL_OPS || replies_to_lose == 0)
		return 0;
	replies_to_lose--;
	return KERNEL_FAULT + FAULT_READ_LOST;
}

/*
 * The number is taken, and our first reply lost, so that it is tried twice: the object is ours of the first time (0), or
 * somebody else's of before (1), which is left to him. In the end there is one of ours for each link.
 */
START_TEST(test_reply_lost)
{
	uint32_t nhid = fib->nhobjs.range.first + fib->nhobjs.next;
	unsigned ours = 0;

	if (_i == 1)
		changed_by_others(nhid, OTHERS, 1, false);
	replies_to_lose = 1;
	kernel.fault = lose_reply;
	here_want(128 | 3, OVER_2_3);
	world_run(SECONDS(5));
	kernel.fault = NULL;
	ck_assert_uint_eq(replies_to_lose, 0);
	ck_assert_int_eq(state(3), FIB_INSTALLED);
	const struct kernel_object *group = kernel_object(route(3)->nhid);
	ck_assert_uint_eq(group->count, 2);
	for (unsigned i = 0; i < KERNEL_OBJECTS; i++)
		ours += kernel.object[i].id != 0 && kernel.object[i].protocol == HERE_PROTOCOL;
	ck_assert_uint_eq(ours, 3);
	if (_i == 0)
		return;
	ck_assert_uint_eq(kernel_object(nhid)->protocol, OTHERS);
	ck_assert_uint_eq(kernel_object(nhid)->hop[0].ifindex, 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("object");
	TCase *tc = tcase_create("object");

	tcase_add_checked_fixture(tc, setup, teardown);
	/* Twice: as it is notified, and as only the audit finds it. */
	tcase_add_loop_test(tc, test_elsewhere_when_link_goes_down, 0, 2);
	tcase_add_loop_test(tc, test_made_somebody_elses, 0, 2);
	tcase_add_test(tc, test_made_somebody_elses_and_link_down);
	tcase_add_loop_test(tc, test_member_is_somebody_elses, 0, 2);
	tcase_add_loop_test(tc, test_member_deleted_and_number_taken, 0, 3);
	tcase_add_loop_test(tc, test_put_where_ours_failed, 0, 2);
	tcase_add_test(tc, test_of_the_other_kind);
	tcase_add_test(tc, test_under_an_idle_number);
	tcase_add_loop_test(tc, test_elsewhere_when_carrier_goes, 0, 2);
	tcase_add_test(tc, test_group_elsewhere_when_link_goes_down);
	tcase_add_test(tc, test_link_down_amid_repair);
	tcase_add_test(tc, test_fight_leaves_his);
	tcase_add_loop_test(tc, test_stray_is_forgotten, 0, 2);
	tcase_add_test(tc, test_put_before_ours_failed);
	tcase_add_test(tc, test_other_protocol);
	tcase_add_test(tc, test_without_carrier);
	tcase_add_loop_test(tc, test_given_up_while_being_made, 0, 2);
	tcase_add_loop_test(tc, test_reply_lost, 0, 2);
	suite_add_tcase(s, tc);
	return suite_end(s);
}
