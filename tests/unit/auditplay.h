/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auditplay: rounds of the audit over a back end that the test plays (fibplay.h): what it shows of the kernel is the
 * test's choice.
 */
#ifndef TESTS_UNIT_AUDITPLAY_H
#define TESTS_UNIT_AUDITPLAY_H

#include "tests/unit/fibplay.h"

static inline uint64_t
drift(enum fib_drift kind)
{
	struct fib_stats s;

	fib_stats_get(fib, &s);
	return s.drift[kind];
}

static inline uint64_t
drift_of_all(void)
{
	uint64_t sum = 0;

	for (enum fib_drift kind = 0; kind < FIB_DRIFT_COUNT; kind++)
		sum += drift(kind);
	return sum;
}

static inline uint64_t
rounds(void)
{
	struct fib_stats s;

	fib_stats_get(fib, &s);
	return s.audits;
}

/* The interval is over. */
static inline void
round_begin(void)
{
	fib_audit_due(fib);
	run_ms(5);
	struct fib_op op = expect_op(FIB_OP_AUDIT);
	ck_assert_uint_eq(op.u.audit.table, 254);
	ck_assert_uint_eq(op.u.audit.protocol, 186);
	ck_assert_uint_eq(op.u.audit.objects, fib->objects);
}

static inline void
round_read(bool complete)
{
	struct fib_ev ev = {.kind = FIB_EV_AUDIT_END, .u.complete = complete};

	event(&ev);
	run_ms(5);
}

/* All is read, and the moment after it is over, too. */
static inline void
round_end(void)
{
	round_read(true);
	fib_audit_due(fib);
	run_ms(5);
}

static inline void
shown_blackhole(uint32_t id)
{
	route_event(id, 186, RTN_BLACKHOLE, FIB_RT_AUDIT);
}

static inline void
shown_hop_with(uint32_t id, const char *gateway, uint32_t ifindex, unsigned flags)
{
	struct ip_prefix p = prefix_of(NULL, FAMILY_IPV4, id);
	struct fib_ev ev = {.kind = FIB_EV_ROUTE};
	struct ip_addr a;

	ev.u.route.r = (struct fib_ev_route){.family = FAMILY_IPV4,
					     .plen = p.len,
					     .protocol = 186,
					     .rtm_type = RTN_UNICAST,
					     .flags = (uint8_t)flags,
					     .table = 254,
					     .nh_count = 1,
					     .metric = 20};
	memcpy(ev.u.route.r.dst, p.bytes, 16);
	ev.u.route.nh = (struct fib_ev_nh){.ifindex = ifindex, .weight = 1};
	if (gateway != NULL) {
		ck_assert_int_eq(ip_addr_parse(gateway, &a), 0);
		ev.u.route.nh.via_family = a.family;
		memcpy(ev.u.route.nh.via, a.bytes, 16);
	}
	event(&ev);
	run_ms(5);
}

static inline void
shown_hop(uint32_t id, const char *gateway, uint32_t ifindex)
{
	shown_hop_with(id, gateway, ifindex, FIB_RT_AUDIT);
}

/* Drops what defines next-hop sets. */
static inline struct fib_op
expect_route(enum fib_verb verb, uint32_t id)
{
	struct fib_op op;

	do
		ck_assert_msg(ring_pop(&chan->ops, &op), "an operation of route %u was expected", id);
	while (op.kind != FIB_OP_ROUTE);
	ck_assert_uint_eq(op.u.route.verb, verb);
	ck_assert_uint_eq(op.u.route.id, id);
	return op;
}

#endif
