/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_sink: decodes the UPDATEs of the daemon under test and judges them.
 *
 * Called by bgpbench-peer for each UPDATE of the receiving session, while the
 * clock runs, so it does one hash look-up a prefix and compares attributes only
 * when the set changes within a message. It is a decoder of its own on purpose:
 * the daemon's codec must not be checked with itself. RFC 4271 section 4.3.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/mem.h"
#include "tools/bench_encode.h"
#include "tools/bench_sink.h"

enum route_state { ROUTE_UNSEEN, ROUTE_RIGHT, ROUTE_WRONG };

struct received {
	struct bench_attrs attrs;
	uint32_t next_hop;
	bool other; /* an attribute that nobody sent */
};

static const char *const fault_names[BENCH_FAULT_COUNT] = {
    [BENCH_FAULT_MALFORMED] = "malformed",     [BENCH_FAULT_STRANGER] = "stranger",
    [BENCH_FAULT_ORIGIN] = "origin",           [BENCH_FAULT_AS_PATH] = "as_path",
    [BENCH_FAULT_NEXT_HOP] = "next_hop",       [BENCH_FAULT_MED] = "med",
    [BENCH_FAULT_COMMUNITIES] = "communities", [BENCH_FAULT_LARGE] = "large_communities",
    [BENCH_FAULT_OTHER_ATTR] = "other_attr",
};

const char *
bench_fault_name(enum bench_fault f)
{
	return fault_names[f];
}

void
bench_sink_init(struct bench_sink *s, const struct bench_table *t, uint32_t prepend_as, uint32_t next_hop,
		bool want_med)
{
	memset(s, 0, sizeof(*s));
	s->table = t;
	s->prepend_as = prepend_as;
	s->next_hop = next_hop;
	s->want_med = want_med;
	s->state = xcalloc(t->route_count, 1);
}

void
bench_sink_fini(struct bench_sink *s)
{
	free(s->state);
	s->state = NULL;
}

static void
path_get(struct rbuf *v, struct received *got)
{
	while (rbuf_left(v) > 0 && !v->err) {
		uint8_t type = rbuf_u8(v), count = rbuf_u8(v);

		/* Only sequences were sent, so a set has no right form here. */
		if (type != 2 || got->attrs.path_count + count > BENCH_PATH_MAX) {
			v->err = true;
			return;
		}
		while (count-- > 0)
			got->attrs.path[got->attrs.path_count++] = rbuf_u32(v);
	}
}

static void
communities_get(struct rbuf *v, struct received *got)
{
	while (rbuf_left(v) > 0 && !v->err) {
		if (got->attrs.community_count == BENCH_COMM_MAX)
			v->err = true;
		else
			got->attrs.communities[got->attrs.community_count++] = rbuf_u32(v);
	}
}

static void
larges_get(struct rbuf *v, struct received *got)
{
	while (rbuf_left(v) > 0 && !v->err) {
		if (got->attrs.large_count == BENCH_LARGE_MAX) {
			v->err = true;
			return;
		}
		struct bench_large *l = &got->attrs.larges[got->attrs.large_count++];
		l->global = rbuf_u32(v);
		l->local1 = rbuf_u32(v);
		l->local2 = rbuf_u32(v);
	}
}

static void
value_get(uint8_t type, struct rbuf *v, struct received *got)
{
	switch (type) {
	case BENCH_ATTR_ORIGIN:
		got->attrs.origin = rbuf_u8(v);
		break;
	case BENCH_ATTR_AS_PATH:
		path_get(v, got);
		break;
	case BENCH_ATTR_NEXT_HOP:
		got->next_hop = rbuf_u32(v);
		break;
	case BENCH_ATTR_MED:
		got->attrs.has_med = true;
		got->attrs.med = rbuf_u32(v);
		break;
	case BENCH_ATTR_COMMUNITIES:
		communities_get(v, got);
		break;
	case BENCH_ATTR_LARGE:
		larges_get(v, got);
		break;
	default:
		got->other = true;
		v->p = v->end;
		break;
	}
	if (rbuf_left(v) > 0)
		v->err = true;
}

/* False: malformed. */
static bool
attrs_get(struct rbuf *r, struct received *got)
{
	memset(got, 0, sizeof(*got));
	while (rbuf_left(r) > 0 && !r->err) {
		uint8_t flags = rbuf_u8(r), type = rbuf_u8(r);
		struct rbuf v = rbuf_sub(r, flags & 0x10 ? rbuf_u16(r) : rbuf_u8(r));

		value_get(type, &v, got);
		if (v.err)
			return false;
	}
	bench_attrs_normalise(&got->attrs);
	return !r->err;
}

static bool
path_is_right(const struct bench_sink *s, const struct bench_attrs *got, const struct bench_attrs *want)
{
	uint8_t extra = s->prepend_as != 0;

	if (got->path_count != want->path_count + extra || (extra && got->path[0] != s->prepend_as))
		return false;
	return memcmp(got->path + extra, want->path, want->path_count * sizeof(want->path[0])) == 0;
}

static bool
med_is_right(const struct bench_sink *s, const struct bench_attrs *got, const struct bench_attrs *want)
{
	if (!s->want_med)
		return !got->has_med;
	return got->has_med == want->has_med && got->med == want->med;
}

/* A bit for each fault that the received attributes have for routes of this set. */
static unsigned
attrs_judge(const struct bench_sink *s, const struct received *got, const struct bench_attrs *want)
{
	const struct bench_attrs *a = &got->attrs;
	unsigned bad = 0;

	if (a->origin != want->origin)
		bad |= 1u << BENCH_FAULT_ORIGIN;
	if (!path_is_right(s, a, want))
		bad |= 1u << BENCH_FAULT_AS_PATH;
	if (got->next_hop != s->next_hop)
		bad |= 1u << BENCH_FAULT_NEXT_HOP;
	if (!med_is_right(s, a, want))
		bad |= 1u << BENCH_FAULT_MED;
	if (a->community_count != want->community_count ||
	    memcmp(a->communities, want->communities, want->community_count * sizeof(a->communities[0])) != 0)
		bad |= 1u << BENCH_FAULT_COMMUNITIES;
	if (a->large_count != want->large_count ||
	    memcmp(a->larges, want->larges, want->large_count * sizeof(a->larges[0])) != 0)
		bad |= 1u << BENCH_FAULT_LARGE;
	if (got->other)
		bad |= 1u << BENCH_FAULT_OTHER_ATTR;
	return bad;
}

static void
route_set_state(struct bench_sink *s, uint32_t route, enum route_state state)
{
	s->right -= s->state[route] == ROUTE_RIGHT;
	s->wrong -= s->state[route] == ROUTE_WRONG;
	s->state[route] = (uint8_t)state;
	s->right += state == ROUTE_RIGHT;
	s->wrong += state == ROUTE_WRONG;
}

static void
faults_count(struct bench_sink *s, unsigned bad)
{
	for (unsigned f = 0; f < BENCH_FAULT_COUNT; f++)
		s->faults[f] += bad >> f & 1;
}

/* The next prefix of r as a route number; -1: malformed or never sent, which is counted. */
static int64_t
nlri_get(struct bench_sink *s, struct rbuf *r)
{
	uint8_t len = rbuf_u8(r), octets[4] = {0};
	const uint8_t *p = len <= 32 ? rbuf_bytes(r, (len + 7u) / 8) : NULL;

	if (p == NULL) {
		r->err = true;
		s->faults[BENCH_FAULT_MALFORMED]++;
		return -1;
	}
	for (unsigned i = 0; i < (len + 7u) / 8; i++)
		octets[i] = p[i];
	int64_t route = bench_table_find(s->table, be32_get(octets), len);
	if (route < 0)
		s->faults[BENCH_FAULT_STRANGER]++;
	return route;
}

static void
withdrawn_take(struct bench_sink *s, struct rbuf *r)
{
	while (rbuf_left(r) > 0 && !r->err) {
		int64_t route = nlri_get(s, r);

		s->withdrawn++;
		if (route >= 0)
			route_set_state(s, (uint32_t)route, ROUTE_UNSEEN);
	}
}

static void
announced_take(struct bench_sink *s, struct rbuf *r, const struct received *got)
{
	int64_t judged_set = -1;
	unsigned bad = 0;

	while (rbuf_left(r) > 0 && !r->err) {
		int64_t route = nlri_get(s, r);

		s->announced++;
		if (route < 0)
			continue;
		uint32_t set = s->table->routes[route].set;
		if (judged_set != set) {
			bad = attrs_judge(s, got, &s->table->sets[set]);
			judged_set = set;
		}
		if (bad != 0)
			faults_count(s, bad);
		route_set_state(s, (uint32_t)route, bad == 0 ? ROUTE_RIGHT : ROUTE_WRONG);
	}
}

void
bench_sink_update(struct bench_sink *s, const uint8_t *msg, size_t len)
{
	struct rbuf r = rbuf_of(msg + BENCH_HEADER_LEN, len - BENCH_HEADER_LEN);
	struct rbuf withdrawn = rbuf_sub(&r, rbuf_u16(&r));
	struct rbuf attrs = rbuf_sub(&r, rbuf_u16(&r));
	struct received got;

	s->updates++;
	if (r.err || !attrs_get(&attrs, &got)) {
		s->faults[BENCH_FAULT_MALFORMED]++;
		return;
	}
	withdrawn_take(s, &withdrawn);
	announced_take(s, &r, &got);
}
