/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rib_model: the RIB against a list and a sort.
 *
 *     rib_model SEED STEPS
 *
 * Random announcements, withdrawals, rejections, peers going down and up, sweeps
 * in portions, next hops that come, go and change metric, multipath settings and
 * pins. After every step the best path, the multipath set and the reason of every
 * path must be what a plain model says, the changes told must lead from one
 * verdict to the next without a gap, and counters must agree. Ends with 0, or with
 * 1 and one line that names seed and step.
 */
#include <stdio.h>
#include <stdlib.h>

#include "rib/walk.h"
#include "tests/unit/ribtest.h"

#define PEERS    6
#define PREFIXES 24 /* the odd ones are IPv6 */
#define ATTRS    48
#define NEXTHOPS 4

struct path {
	bool present, stale;
	unsigned received, effective; /* in the pool */
	enum rib_reject reject;
};

struct verdict {
	int best; /* peer, -1: none */
	bool used[PEERS];
	enum rib_reason reason[PEERS];
};

struct model {
	uint64_t rnd;
	unsigned long seed, step;
	struct ribtest t;
	struct rib_config conf;
	struct rib_source *peer[PEERS];
	bool sweeping[PEERS];
	struct rib_sweep sweep[PEERS];
	struct path path[PEERS][PREFIXES];
	attr_id attr[ATTRS];
	nexthop_id nexthop[NEXTHOPS];
	int64_t metric[NEXTHOPS]; /* -1: unresolved */
	bool pin[PREFIXES];
	struct verdict told[PREFIXES]; /* as the changes said: best and used */
	attr_id told_attr[PREFIXES];
};

#define CHECK(m, c)                                                                                           \
	do {                                                                                                  \
		if (!(c)) {                                                                                   \
			fprintf(stderr, "rib_model: seed %lu step %lu line %d: %s\n", (m)->seed, (m)->step,   \
				__LINE__, #c);                                                                \
			exit(1);                                                                              \
		}                                                                                             \
	} while (0)

static unsigned
pick(struct model *m, unsigned n)
{
	m->rnd ^= m->rnd << 13;
	m->rnd ^= m->rnd >> 7;
	m->rnd ^= m->rnd << 17;
	return (unsigned)(m->rnd >> 20) % n;
}

static struct ip_prefix
prefix_of(unsigned i)
{
	struct ip_prefix p = {.bytes = {10, 0, (uint8_t)i}, .len = 24, .family = FAMILY_IPV4};

	if (i % 2 == 1)
		p = (struct ip_prefix){
		    .bytes = {0x20, 1, 0xd, 0xb8, 0, (uint8_t)i}, .len = 48, .family = FAMILY_IPV6};
	return p;
}

static unsigned
index_of(struct model *m, enum family f, uint32_t id)
{
	struct ip_prefix p = rib_prefix(m->t.rib, f, id);

	return f == FAMILY_IPV4 ? p.bytes[2] : p.bytes[5];
}

/* The model's decision: keys in a row, lowest first, and the step that each belongs to. */
struct row {
	int peer;
	uint32_t key[10];
};

static const struct attr_set *
set_of(const struct model *m, unsigned peer, unsigned i)
{
	return attr_get(&m->t.attrs, m->attr[m->path[peer][i].effective]);
}

static unsigned
nexthop_of(const struct model *m, const struct attr_set *a)
{
	unsigned k = 0;

	while (k < NEXTHOPS && m->nexthop[k] != a->nexthop)
		k++;
	return k; /* NEXTHOPS: none needed */
}

static void
fill_row(const struct model *m, struct row *r, unsigned peer, unsigned i)
{
	const struct attr_set *a = set_of(m, peer, i);
	const struct rib_source *s = m->peer[peer];
	struct attr_local l = attr_local(a);
	unsigned k = nexthop_of(m, a);

	r->peer = (int)peer;
	r->key[0] = UINT32_MAX - (l.has_preference ? l.preference : s->kind == RIB_SOURCE_BGP ? 100 : 200);
	r->key[1] = UINT32_MAX - (a->flags & ATTR_F_HAS_LOCAL_PREF ? a->local_pref : 100);
	r->key[2] = s->kind == RIB_SOURCE_BGP ? 1 : 0;
	r->key[3] = a->path_len;
	r->key[4] = a->origin;
	r->key[5] = s->peer_type == RIB_PEER_EBGP ? 0 : 1;
	r->key[6] = k < NEXTHOPS ? (uint32_t)m->metric[k] : 0;
	r->key[7] = a->originator_id != 0 ? a->originator_id : s->router_id;
	r->key[8] = a->cluster_len;
	r->key[9] = s->addr.family == FAMILY_NONE ? 0 : ip_addr_to_v4(&s->addr);
}

static const enum rib_reason step_of[10] = {
    RIB_REASON_PREFERENCE, RIB_REASON_LOCAL_PREF, RIB_REASON_LOCAL_ORIGIN,   RIB_REASON_PATH_LENGTH,
    RIB_REASON_ORIGIN,     RIB_REASON_EBGP,	  RIB_REASON_IGP_METRIC,     RIB_REASON_ROUTER_ID,
    RIB_REASON_CLUSTER_LENGTH, RIB_REASON_NEIGHBOR_ADDRESS,
};

static int
row_cmp(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	for (int k = 0; k < 10; k++)
		if (x->key[k] != y->key[k])
			return x->key[k] < y->key[k] ? -1 : 1;
	return 0;
}

/* Sorts and drops what differs from the first in keys from..to-1; returns how many are left. */
static unsigned
keep_ties(struct row *r, unsigned n, int from, int to, struct verdict *v)
{
	unsigned left = 0;

	qsort(r, n, sizeof(*r), row_cmp);
	for (unsigned i = 0; i < n; i++) {
		int k = from;
		while (k < to && r[i].key[k] == r[0].key[k])
			k++;
		if (k < to)
			v->reason[r[i].peer] = step_of[k];
		else
			r[left++] = r[i];
	}
	return left;
}

static unsigned
drop_by_med(const struct model *m, unsigned i, struct row *r, unsigned n, struct verdict *v)
{
	struct row kept[PEERS];
	unsigned left = 0;

	for (unsigned x = 0; x < n; x++) {
		const struct attr_set *a = set_of(m, (unsigned)r[x].peer, i);
		bool beaten = false;
		for (unsigned y = 0; y < n; y++) {
			const struct attr_set *b = set_of(m, (unsigned)r[y].peer, i);
			beaten = beaten || (b->neighbor_as == a->neighbor_as && b->med < a->med);
		}
		if (beaten)
			v->reason[r[x].peer] = RIB_REASON_MED;
		else
			kept[left++] = r[x];
	}
	memcpy(r, kept, left * sizeof(*r));
	return left;
}

static bool
same_as_path(const struct attr_set *a, const struct attr_set *b)
{
	size_t la, lb;
	const uint8_t *pa = attr_find(a, ATTR_AS_PATH, &la), *pb = attr_find(b, ATTR_AS_PATH, &lb);

	return la == lb && memcmp(pa, pb, la) == 0;
}

static void
judge(const struct model *m, unsigned i, struct verdict *v)
{
	struct row r[PEERS];
	unsigned n = 0, members = 1, limit;

	memset(v, 0, sizeof(*v));
	v->best = -1;
	for (unsigned peer = 0; peer < PEERS; peer++) {
		const struct path *p = &m->path[peer][i];
		if (!p->present)
			continue;
		if (p->reject != RIB_REJECT_NONE) {
			v->reason[peer] = RIB_REASON_REJECTED;
			continue;
		}
		unsigned k = nexthop_of(m, set_of(m, peer, i));
		if (k < NEXTHOPS && m->metric[k] < 0)
			v->reason[peer] = RIB_REASON_UNRESOLVED;
		else
			fill_row(m, &r[n++], peer, i);
	}
	if (n == 0)
		return;
	n = keep_ties(r, n, 0, 5, v);
	n = drop_by_med(m, i, r, n, v);
	n = keep_ties(r, n, 5, 7, v);
	struct row ties[PEERS];
	unsigned nties = n;
	qsort(r, n, sizeof(*r), row_cmp);
	memcpy(ties, r, n * sizeof(*r));
	keep_ties(r, n, 7, 10, v);
	v->best = r[0].peer;
	v->reason[v->best] = RIB_REASON_BEST;
	v->used[v->best] = true;
	const struct rib_source *s = m->peer[v->best];
	limit = s->peer_type == RIB_PEER_EBGP ? m->conf.multipath_ebgp : m->conf.multipath_ibgp;
	if (s->kind != RIB_SOURCE_BGP)
		limit = 1;
	for (unsigned x = 1; x < nties && members < limit; x++) {
		unsigned peer = (unsigned)ties[x].peer;
		if (!m->conf.as_path_relax && !same_as_path(set_of(m, peer, i), set_of(m, (unsigned)v->best, i)))
			continue;
		v->used[peer] = true;
		v->reason[peer] = RIB_REASON_MULTIPATH;
		members++;
	}
}
