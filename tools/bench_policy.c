/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_policy: an import policy whose result is known without any daemon.
 *
 * The list holds the blocks, three bits shorter, around routes spread over the
 * table, so that some routes match by themselves and some as more specifics.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "tools/bench_expect.h"
#include "tools/bench_policy.h"

#define WIDER_BY 3

void
bench_policy_stamp(struct bench_table *t)
{
	for (uint32_t i = 0; i < t->set_count; i++) {
		struct bench_attrs *a = &t->sets[i];
		uint32_t dice = (uint32_t)(hash_u64(3, i) >> 32) % 8;

		if (dice == 0 && a->path_count > 1)
			a->path[1] = BENCH_POLICY_AS;
		if (dice == 1 && a->community_count < BENCH_COMM_MAX - 2) {
			a->communities[a->community_count++] = BENCH_POLICY_COMMUNITY;
			bench_attrs_normalise(a);
		}
	}
}

static int
entry_cmp(const void *a, const void *b)
{
	const struct bench_route *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	return (int)x->len - (int)y->len;
}

void
bench_policy_make(struct bench_policy *p, const struct bench_table *t, uint32_t count)
{
	uint32_t step = t->route_count / count + 1;

	p->list = xcalloc(count, sizeof(*p->list));
	p->count = 0;
	p->max_len = t->family == FAMILY_IPV4 ? 24 : 48;
	for (uint32_t n = 0; n < t->route_count; n += step) {
		uint8_t len = (uint8_t)(t->routes[n].len - WIDER_BY);

		p->list[p->count++] =
		    (struct bench_route){.addr = bench_addr_mask(t->routes[n].addr, len), .len = len};
	}
	qsort(p->list, p->count, sizeof(*p->list), entry_cmp);
	uint32_t kept = 0;
	for (uint32_t n = 0; n < p->count; n++)
		if (kept == 0 || entry_cmp(&p->list[n], &p->list[kept - 1]) != 0)
			p->list[kept++] = p->list[n];
	p->count = kept;
}

void
bench_policy_free(struct bench_policy *p)
{
	free(p->list);
	memset(p, 0, sizeof(*p));
}

static bool
is_listed(const struct bench_policy *p, const struct bench_route *r)
{
	if (r->len > p->max_len)
		return false;
	for (uint8_t len = 0; len <= r->len; len++) {
		struct bench_route key = {.addr = bench_addr_mask(r->addr, len), .len = len};

		if (bsearch(&key, p->list, p->count, sizeof(*p->list), entry_cmp))
			return true;
	}
	return false;
}

uint8_t
bench_policy_want(const struct bench_policy *p, const struct bench_table *t, uint32_t route)
{
	const struct bench_attrs *a = &t->sets[t->routes[route].set];
	uint8_t want = 1;

	for (int i = 0; i < a->path_count; i++)
		if (a->path[i] == BENCH_POLICY_AS)
			return BENCH_WANT_NONE;
	for (int i = 0; i < a->community_count; i++)
		if (a->communities[i] == BENCH_POLICY_COMMUNITY)
			want |= BENCH_WANT_MARKED;
	if (is_listed(p, &t->routes[route]))
		want |= BENCH_WANT_LISTED;
	return want;
}
