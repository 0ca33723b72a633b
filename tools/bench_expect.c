/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_expect: which routes a receiver must have, and with which attributes.
 *
 * Filled in by bench_run before a clock starts or between two; read by the
 * sinks when they judge.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/mem.h"
#include "tools/bench_encode.h"
#include "tools/bench_expect.h"

void
bench_expect_init(struct bench_expect *e, const struct bench_table *t)
{
	memset(e, 0, sizeof(*e));
	e->table = t;
	e->want = xcalloc(t->route_count, 1);
}

void
bench_expect_fini(struct bench_expect *e)
{
	free(e->want);
	memset(e, 0, sizeof(*e));
}

void
bench_expect_want(struct bench_expect *e, uint32_t route, uint8_t want)
{
	e->wanted -= e->want[route] != BENCH_WANT_NONE;
	e->wanted += want != BENCH_WANT_NONE;
	e->want[route] = want;
}

static uint32_t
next_hop_number(const struct bench_expect *e, uint32_t route)
{
	return e->passage == BENCH_EXTERNAL || e->routes_a_next_hop == 0 ? 0 : route / e->routes_a_next_hop;
}

uint64_t
bench_expect_key(const struct bench_expect *e, uint32_t route)
{
	return (uint64_t)e->table->routes[route].set << 32 | (uint64_t)next_hop_number(e, route) << 8 |
	       e->want[route];
}

static void
tag_add(struct bench_attrs *a, uint32_t tag)
{
	ASSERT(a->community_count < BENCH_COMM_MAX);
	a->communities[a->community_count++] = tag;
	bench_attrs_normalise(a);
}

void
bench_expect_form(const struct bench_expect *e, uint32_t route, struct bench_form *out)
{
	struct bench_attrs *a = &out->attrs;
	unsigned variant = (e->want[route] & BENCH_WANT_VARIANT) - 1u;

	memset(out, 0, sizeof(*out));
	bench_set_variant(e->table, e->table->routes[route].set, variant, a);
	out->next_hop = e->next_hop;
	uint8_t *last = out->next_hop.bytes + family_octets(out->next_hop.family) - 4;
	be32_put(last, be32_get(last) + next_hop_number(e, route));
	if (e->passage == BENCH_UNCHANGED) {
		out->local_pref = e->internal ? BENCH_LOCAL_PREF : 0;
		return;
	}
	if (e->want[route] & BENCH_WANT_LISTED)
		tag_add(a, BENCH_TAG_LISTED);
	if (e->want[route] & BENCH_WANT_MARKED)
		tag_add(a, BENCH_TAG_MARKED);
	if (e->passage == BENCH_REFLECTED) {
		out->local_pref = BENCH_LOCAL_PREF;
		out->originator_id = e->originator_id;
		out->cluster_id = e->cluster_id;
		return;
	}
	ASSERT(a->path_count < BENCH_PATH_MAX);
	memmove(a->path + 1, a->path, a->path_count * sizeof(a->path[0]));
	a->path[0] = e->daemon_as;
	a->path_count++;
	a->has_med = false;
	a->med = 0;
}
