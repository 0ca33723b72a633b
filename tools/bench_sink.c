/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_sink: judges the UPDATEs of the daemon under test, one receiver each.
 *
 * Called for what a session recorded, while no clock runs, so it may take its time.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/mem.h"
#include "tools/bench_decode.h"
#include "tools/bench_encode.h"
#include "tools/bench_sink.h"

enum route_state { ROUTE_UNSEEN, ROUTE_RIGHT, ROUTE_WRONG };

static const char *const fault_names[BENCH_FAULT_COUNT] = {
    [BENCH_FAULT_MALFORMED] = "malformed",     [BENCH_FAULT_STRANGER] = "stranger",
    [BENCH_FAULT_UNWANTED] = "unwanted",       [BENCH_FAULT_ORIGIN] = "origin",
    [BENCH_FAULT_AS_PATH] = "as_path",         [BENCH_FAULT_NEXT_HOP] = "next_hop",
    [BENCH_FAULT_MED] = "med",                 [BENCH_FAULT_LOCAL_PREF] = "local_pref",
    [BENCH_FAULT_COMMUNITIES] = "communities", [BENCH_FAULT_LARGE] = "large_communities",
    [BENCH_FAULT_ORIGINATOR] = "originator",   [BENCH_FAULT_OTHER_ATTR] = "other_attr",
};

const char *
bench_fault_name(enum bench_fault f)
{
	return fault_names[f];
}

void
bench_sink_init(struct bench_sink *s, const struct bench_expect *e)
{
	memset(s, 0, sizeof(*s));
	s->expect = e;
	s->state = xcalloc(e->table->route_count, 1);
	bench_sink_restart(s);
}

void
bench_sink_fini(struct bench_sink *s)
{
	free(s->state);
	s->state = NULL;
}

static bool
is_met(const struct bench_sink *s, uint32_t route)
{
	return s->state[route] == (s->expect->want[route] == BENCH_WANT_NONE ? ROUTE_UNSEEN : ROUTE_RIGHT);
}

static void
route_set_state(struct bench_sink *s, uint32_t route, enum route_state state)
{
	s->unmet += is_met(s, route);
	s->right -= s->state[route] == ROUTE_RIGHT;
	s->wrong -= s->state[route] == ROUTE_WRONG;
	s->state[route] = (uint8_t)state;
	s->right += state == ROUTE_RIGHT;
	s->wrong += state == ROUTE_WRONG;
	s->unmet -= is_met(s, route);
}

void
bench_sink_forget(struct bench_sink *s, uint32_t route)
{
	if (s->state[route] == ROUTE_RIGHT)
		route_set_state(s, route, ROUTE_WRONG);
}

void
bench_sink_restart(struct bench_sink *s)
{
	s->unmet = 0;
	for (uint32_t route = 0; route < s->expect->table->route_count; route++)
		s->unmet += !is_met(s, route);
	s->met_ns = s->news_ns = 0;
	s->updates = s->announced = s->withdrawn = 0;
	memset(s->faults, 0, sizeof(s->faults));
}

static bool
path_is_right(const struct bench_attrs *got, const struct bench_attrs *want)
{
	return got->path_count == want->path_count &&
	       memcmp(got->path, want->path, want->path_count * sizeof(want->path[0])) == 0;
}

/* A bit for each fault that the received attributes have for this route. */
static unsigned
attrs_judge(const struct bench_sink *s, const struct bench_decoded *got, uint32_t route)
{
	const struct bench_attrs *a = &got->form.attrs;
	struct bench_form want;
	unsigned bad = 0;

	if (s->expect->want[route] == BENCH_WANT_NONE)
		return 1u << BENCH_FAULT_UNWANTED;
	bench_expect_form(s->expect, route, &want);
	if (a->origin != want.attrs.origin)
		bad |= 1u << BENCH_FAULT_ORIGIN;
	if (!path_is_right(a, &want.attrs))
		bad |= 1u << BENCH_FAULT_AS_PATH;
	if (!ip_addr_eq(&got->form.next_hop, &want.next_hop))
		bad |= 1u << BENCH_FAULT_NEXT_HOP;
	/* RFC 4271 9.1.2.2 c: a route without MED is as one with 0, and FRR says so when it reflects. */
	if (a->med != want.attrs.med ||
	    (a->has_med != want.attrs.has_med && (s->expect->passage != BENCH_REFLECTED || a->med != 0)))
		bad |= 1u << BENCH_FAULT_MED;
	if (got->form.local_pref != want.local_pref)
		bad |= 1u << BENCH_FAULT_LOCAL_PREF;
	if (a->community_count != want.attrs.community_count ||
	    memcmp(a->communities, want.attrs.communities, a->community_count * sizeof(a->communities[0])) != 0)
		bad |= 1u << BENCH_FAULT_COMMUNITIES;
	if (a->large_count != want.attrs.large_count ||
	    memcmp(a->larges, want.attrs.larges, a->large_count * sizeof(a->larges[0])) != 0)
		bad |= 1u << BENCH_FAULT_LARGE;
	if (got->form.originator_id != want.originator_id || got->form.cluster_id != want.cluster_id ||
	    got->cluster_count != (want.cluster_id != 0))
		bad |= 1u << BENCH_FAULT_ORIGINATOR;
	if (got->other)
		bad |= 1u << BENCH_FAULT_OTHER_ATTR;
	return bad;
}

static void
faults_count(struct bench_sink *s, unsigned bad)
{
	for (unsigned f = 0; f < BENCH_FAULT_COUNT; f++)
		s->faults[f] += bad >> f & 1;
}

/* The next prefix of r as a route number; -1: malformed or never sent, which is counted. */
static int64_t
nlri_get(struct bench_sink *s, struct rbuf *r, enum family family)
{
	uint8_t len = rbuf_u8(r), octets[8] = {0};
	const uint8_t *p = len <= family_bits(family) ? rbuf_bytes(r, (len + 7u) / 8) : NULL;
	int64_t route = -1;

	if (p == NULL) {
		r->err = true;
		s->faults[BENCH_FAULT_MALFORMED]++;
		return -1;
	}
	if (len <= 64 && family == s->expect->table->family) {
		memcpy(octets, p, (len + 7u) / 8);
		route = bench_table_find(s->expect->table, be64_get(octets), len);
	}
	if (route < 0)
		s->faults[BENCH_FAULT_STRANGER]++;
	return route;
}

static void
withdrawn_take(struct bench_sink *s, struct rbuf *r, enum family family)
{
	while (rbuf_left(r) > 0 && !r->err) {
		int64_t route = nlri_get(s, r, family);

		s->withdrawn++;
		if (route >= 0)
			route_set_state(s, (uint32_t)route, ROUTE_UNSEEN);
	}
}

static void
announced_take(struct bench_sink *s, struct rbuf *r, enum family family, const struct bench_decoded *got)
{
	uint64_t judged = UINT64_MAX;
	unsigned bad = 0;

	while (rbuf_left(r) > 0 && !r->err) {
		int64_t route = nlri_get(s, r, family);

		s->announced++;
		if (route < 0)
			continue;
		uint64_t key = bench_expect_key(s->expect, (uint32_t)route);
		if (judged != key) {
			bad = attrs_judge(s, got, (uint32_t)route);
			judged = key;
		}
		if (bad != 0)
			faults_count(s, bad);
		route_set_state(s, (uint32_t)route, bad == 0 ? ROUTE_RIGHT : ROUTE_WRONG);
	}
}

void
bench_sink_update(struct bench_sink *s, const uint8_t *msg, size_t len, uint64_t at_ns)
{
	struct rbuf r = rbuf_of(msg + BENCH_HEADER_LEN, len - BENCH_HEADER_LEN);
	struct rbuf withdrawn = rbuf_sub(&r, rbuf_u16(&r));
	struct rbuf attrs = rbuf_sub(&r, rbuf_u16(&r));
	uint64_t before = s->announced + s->withdrawn;
	struct bench_decoded got;

	s->updates++;
	if (r.err || !bench_attrs_decode(&got, &attrs, 4)) {
		s->faults[BENCH_FAULT_MALFORMED]++;
		return;
	}
	withdrawn_take(s, &withdrawn, FAMILY_IPV4);
	withdrawn_take(s, &got.unreach, FAMILY_IPV6);
	announced_take(s, &r, FAMILY_IPV4, &got);
	announced_take(s, &got.reach, FAMILY_IPV6, &got);
	if (s->announced + s->withdrawn != before)
		s->news_ns = at_ns;
	if (s->unmet > 0)
		s->met_ns = 0;
	else if (s->met_ns == 0)
		s->met_ns = at_ns;
}
