/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rib_model: the RIB against a list and a sort.
 *
 *     rib_model SEED STEPS
 *
 * Random announcements, withdrawals, rejections, several paths of a source (ADD-PATH),
 * peers going down and up, sweeps in portions, next hops that come, go and change metric, multipath settings and
 * pins. After every step the best path, the multipath set and the reason of every
 * path must be what a plain model says, the changes told must lead from one
 * verdict to the next without a gap, and counters must agree. Ends with 0, or with
 * 1 and one line that names seed and step.
 */
#include <stdio.h>
#include <stdlib.h>

#include "rib/walk.h"
#include "tests/unit/ribtest.h"

#define SOURCES  6
#define PEERS    10 /* what the model takes for peers: a source and a path id; the first ones are of one source each */
#define PREFIXES 72 /* the odd ones are IPv6; more than are told together */
#define ATTRS    48
#define NEXTHOPS 4

_Static_assert(PREFIXES > 2 * RIB_TOLD_MAX, "a whole portion of changes, and one that is not");

struct path {
	bool present, stale, doomed; /* doomed: stale when the sweep began */
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
	struct rib_source *peer[PEERS]; /* the source of each */
	bool sweeping[SOURCES];
	struct rib_sweep sweep[SOURCES];
	struct path path[PEERS][PREFIXES];
	attr_id attr[ATTRS];
	nexthop_id nexthop[NEXTHOPS];
	int64_t metric[NEXTHOPS]; /* -1: unresolved */
	bool pin[PREFIXES];
	struct verdict told[PREFIXES]; /* as the changes said: best and used */
	attr_id told_attr[PREFIXES];
};

/* From SOURCES on: a further path of a source that stands before. */
static const struct {
	unsigned source;
	uint32_t path_id;
} lanes[PEERS] = {{0, 0}, {1, 0}, {2, 0}, {3, 0}, {4, 0}, {5, 0}, {1, 9}, {1, 4}, {2, 7}, {1, UINT32_MAX}};

#define CHECK(m, c)                                                                                          \
	do {                                                                                                 \
		if (!(c)) {                                                                                  \
			fprintf(stderr, "rib_model: seed %lu step %lu line %d: %s\n", (m)->seed, (m)->step,  \
				__LINE__, #c);                                                               \
			exit(1);                                                                             \
		}                                                                                            \
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
	uint32_t key[11];
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
	r->key[7] = attr_originator_id(a) != 0 ? attr_originator_id(a) : s->router_id;
	r->key[8] = a->cluster_len;
	r->key[9] = s->addr.family == FAMILY_NONE ? 0 : ip_addr_to_v4(&s->addr);
	r->key[10] = lanes[peer].path_id;
}

static const enum rib_reason step_of[11] = {
    RIB_REASON_PREFERENCE,       RIB_REASON_LOCAL_PREF, RIB_REASON_LOCAL_ORIGIN,
    RIB_REASON_PATH_LENGTH,      RIB_REASON_ORIGIN,     RIB_REASON_EBGP,
    RIB_REASON_IGP_METRIC,       RIB_REASON_ROUTER_ID,  RIB_REASON_CLUSTER_LENGTH,
    RIB_REASON_NEIGHBOR_ADDRESS, RIB_REASON_PATH_ID,
};

static int
row_cmp(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	for (int k = 0; k < 11; k++)
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
	keep_ties(r, n, 7, 11, v);
	v->best = r[0].peer;
	v->reason[v->best] = RIB_REASON_BEST;
	v->used[v->best] = true;
	const struct rib_source *s = m->peer[v->best];
	limit = s->peer_type == RIB_PEER_EBGP ? m->conf.multipath_ebgp : m->conf.multipath_ibgp;
	if (s->kind != RIB_SOURCE_BGP)
		limit = 1;
	for (unsigned x = 1; x < nties && members < limit; x++) {
		unsigned peer = (unsigned)ties[x].peer;
		if (!m->conf.as_path_relax &&
		    !same_as_path(set_of(m, peer, i), set_of(m, (unsigned)v->best, i)))
			continue;
		v->used[peer] = true;
		v->reason[peer] = RIB_REASON_MULTIPATH;
		members++;
	}
}

static const struct rib_path *
path_of(const struct model *m, enum family f, uint32_t id, unsigned peer)
{
	return rib_path_by_id(m->t.rib, f, id, m->peer[peer]->index, lanes[peer].path_id);
}

/* What the RIB tells must start where the last telling ended. */
static void
change_one(struct model *m, struct rib_change *c)
{
	unsigned i = index_of(m, c->family, c->id);

	CHECK(m, c->old_attr == m->told_attr[i]);
	if (c->old_attr != 0)
		CHECK(m, m->told[i].best >= 0 && c->old_source == m->peer[m->told[i].best]->index);
	memset(m->told[i].used, 0, sizeof(m->told[i].used));
	m->told[i].best = -1;
	m->told_attr[i] = c->best != NULL ? c->best->attr : 0;
	for (int peer = 0; peer < PEERS; peer++) {
		const struct rib_path *p = path_of(m, c->family, c->id, (unsigned)peer);
		if (p == NULL)
			continue;
		m->told[i].used[peer] = (p->flags & (RIB_PATH_BEST | RIB_PATH_MULTIPATH)) != 0;
		if (p == c->best)
			m->told[i].best = peer;
	}
	c->needed = m->pin[i];
}

static void
change(void *ctx, struct rib_change *c, unsigned n)
{
	CHECK((struct model *)ctx, n > 0 && n <= RIB_TOLD_MAX);
	for (unsigned i = 0; i < n; i++)
		change_one(ctx, &c[i]);
}

static bool
pinned(void *ctx, enum family f, uint32_t id)
{
	struct model *m = ctx;

	return m->pin[index_of(m, f, id)];
}

struct why_ctx {
	struct model *m;
	const struct verdict *v;
	unsigned i, seen;
};

static void
check_why(void *ctx, const struct rib_path *p, enum rib_reason reason)
{
	struct why_ctx *w = ctx;
	unsigned peer = 0;

	while (w->m->peer[peer]->index != p->source || lanes[peer].path_id != rib_path_id(p))
		peer++;
	w->seen++;
	CHECK(w->m, w->m->path[peer][w->i].present);
	CHECK(w->m, reason == w->v->reason[peer]);
	CHECK(w->m, rib_path_stale(w->m->t.rib, (enum family)prefix_of(w->i).family, p) == w->m->path[peer][w->i].stale);
	CHECK(w->m, rib_path_reject(p) == w->m->path[peer][w->i].reject);
}

/* The best path may become another of the same source with the same attributes: nobody is told of that. */
static void
take_equal(struct model *m, unsigned i, const struct verdict *v)
{
	struct verdict *told = &m->told[i];

	CHECK(m, told->best >= 0 && v->best >= 0 && m->peer[told->best] == m->peer[v->best]);
	CHECK(m, m->told_attr[i] == m->attr[m->path[v->best][i].effective]);
	bool used = told->used[v->best];
	told->used[v->best] = told->used[told->best];
	told->used[told->best] = used;
	told->best = v->best;
}

static void
check_prefix(struct model *m, unsigned i)
{
	struct ip_prefix pfx = prefix_of(i);
	enum family f = (enum family)pfx.family;
	uint32_t id = rib_find(m->t.rib, &pfx);
	struct verdict v;
	struct why_ctx w = {.m = m, .v = &v, .i = i};
	unsigned paths = 0;

	/* A sweep that is under way has removed some stale paths, in an order that is its own business. */
	for (unsigned peer = 0; peer < PEERS; peer++) {
		struct path *p = &m->path[peer][i];
		const struct rib_path *rp =
		    id != 0 ? path_of(m, f, id, peer) : NULL;
		if (p->present && p->doomed && m->sweeping[lanes[peer].source] && rp == NULL)
			p->present = false;
		paths += p->present;
		CHECK(m, p->present == (rp != NULL));
		if (rp != NULL)
			CHECK(m, rib_path_received(m->t.rib, f, id, rp) == m->attr[p->received]);
	}
	judge(m, i, &v);
	if (id == 0) {
		CHECK(m, paths == 0 && !m->pin[i] && m->told_attr[i] == 0);
		return;
	}
	CHECK(m, paths > 0 || m->pin[i]);
	rib_why(m->t.rib, f, id, check_why, &w);
	CHECK(m, w.seen == paths);
	const struct rib_path *best = rib_best(m->t.rib, f, id);
	CHECK(m, (best != NULL) == (v.best >= 0));
	if (m->told[i].best != v.best)
		take_equal(m, i, &v);
	if (best != NULL) {
		CHECK(m, best->source == m->peer[v.best]->index);
		CHECK(m, best->attr == m->attr[m->path[v.best][i].effective]);
		CHECK(m, m->told_attr[i] == best->attr);
	}
	CHECK(m, memcmp(m->told[i].used, v.used, sizeof(v.used)) == 0);
}

static void
check_counts(struct model *m, unsigned source)
{
	uint32_t received[2] = {0}, accepted[2] = {0}, with_id[2] = {0}, prefixes[2] = {0};
	const struct rib_source *s = m->peer[source];

	for (unsigned i = 0; i < PREFIXES; i++) {
		bool any = false;
		for (unsigned peer = 0; peer < PEERS; peer++) {
			const struct path *p = &m->path[peer][i];
			if (lanes[peer].source != source || !p->present)
				continue;
			any = true;
			received[i % 2]++;
			accepted[i % 2] += p->reject == RIB_REJECT_NONE;
			with_id[i % 2] += lanes[peer].path_id != 0;
		}
		prefixes[i % 2] += any;
	}
	for (unsigned f = 0; f < 2; f++) {
		CHECK(m, s->received[FAMILY_IPV4 + f] == received[f]);
		CHECK(m, s->accepted[FAMILY_IPV4 + f] == accepted[f]);
		CHECK(m, s->with_id[FAMILY_IPV4 + f] == with_id[f]);
		CHECK(m, s->ids[FAMILY_IPV4 + f].count == prefixes[f]);
	}
}

static void
check_all(struct model *m)
{
	uint32_t budget = pick(m, 3) == 0 ? UINT32_MAX : 1 + pick(m, 8);

	for (int q = 0; q < RIB_QUEUE_COUNT; q++)
		while (rib_decide_run(m->t.rib, (enum rib_queue)q, budget) != 0)
			;
	for (unsigned i = 0; i < PREFIXES; i++)
		check_prefix(m, i);
	for (unsigned s = 0; s < SOURCES; s++)
		check_counts(m, s);
}

/* One of the source's paths. */
static unsigned
lane_of(struct model *m, unsigned source)
{
	unsigned peer = pick(m, PEERS);

	return lanes[peer].source == source ? peer : lane_of(m, source);
}

/* Some operations of one source in one call, as a session's read brings them. */
static void
do_update(struct model *m)
{
	struct rib_op ops[100];
	unsigned n = 1 + pick(m, ARRAY_LEN(ops)), first = pick(m, PEERS);

	for (unsigned o = 0; o < n; o++) {
		unsigned i = pick(m, PREFIXES), peer = lane_of(m, lanes[first].source);
		struct path *p = &m->path[peer][i];
		struct rib_op *op = &ops[o];
		*op = (struct rib_op){
		    .prefix = prefix_of(i), .withdraw = pick(m, 3) == 0, .path_id = lanes[peer].path_id};
		op->hash = rib_hash(m->t.rib, &op->prefix);
		if (op->withdraw) {
			p->present = false;
			continue;
		}
		if (!p->present || pick(m, 3) != 0) {
			p->received = p->effective = pick(m, ATTRS);
			if (pick(m, 4) == 0)
				p->effective = pick(m, ATTRS);
			p->reject = pick(m, 6) == 0 ? (enum rib_reject)(1 + pick(m, RIB_REJECT_COUNT - 1))
						    : RIB_REJECT_NONE;
		}
		p->present = true;
		p->stale = p->doomed = false;
		op->received = m->attr[p->received];
		op->effective = m->attr[p->effective];
		op->reject = (uint8_t)p->reject;
	}
	rib_apply(m->t.rib, m->peer[first], ops, n, (uint32_t)m->step, pick(m, 2) ? RIB_URGENT : RIB_BULK);
}

static bool
of_family(unsigned i, enum family f)
{
	return f == FAMILY_NONE || f == prefix_of(i).family;
}

static void
do_stale(struct model *m)
{
	unsigned source = pick(m, SOURCES);
	enum family f = (enum family)pick(m, FAMILY_COUNT);

	if (!rib_source_stale(m->peer[source], f))
		return;
	for (unsigned peer = 0; peer < PEERS; peer++)
		for (unsigned i = 0; i < PREFIXES; i++)
			if (lanes[peer].source == source && of_family(i, f))
				m->path[peer][i].stale = m->path[peer][i].present;
}

static void
do_sweep(struct model *m)
{
	unsigned source = pick(m, SOURCES);
	enum family f = (enum family)pick(m, FAMILY_COUNT);

	if (!m->sweeping[source] || pick(m, 16) == 0) {
		if (m->sweeping[source])
			rib_sweep_add(&m->sweep[source], m->peer[source], f);
		else
			rib_sweep_begin(&m->sweep[source], m->peer[source], f);
		for (unsigned peer = 0; peer < PEERS; peer++)
			for (unsigned i = 0; i < PREFIXES; i++)
				if (lanes[peer].source == source && of_family(i, f))
					m->path[peer][i].doomed = m->path[peer][i].stale;
	}
	m->sweeping[source] = true;
	if (!rib_sweep_run(m->t.rib, &m->sweep[source], 1 + pick(m, 12), RIB_BULK))
		return;
	check_all(m);
	m->sweeping[source] = false;
	for (unsigned peer = 0; peer < PEERS; peer++)
		for (unsigned i = 0; i < PREFIXES && lanes[peer].source == source; i++)
			CHECK(m, !m->path[peer][i].present || !m->path[peer][i].doomed);
}

static void
note_nexthop(void *ctx, nexthop_id id)
{
	bitmap_set(ctx, id);
}

static void
do_nexthop(struct model *m)
{
	unsigned k = pick(m, NEXTHOPS);
	struct ip_prefix p = {.bytes = {192, 0, 2, (uint8_t)k}, .len = 32, .family = FAMILY_IPV4};
	struct nexthop_via v = {.ifindex = 2, .weight = 1};
	struct bitmap changed = {0};
	struct rib_walk w;

	if (m->metric[k] >= 0)
		nexthop_route_del(m->t.nexthops, &p, NEXTHOP_ROUTE_KERNEL, (uint32_t)m->metric[k], 2);
	m->metric[k] = (int)pick(m, 4) - 1;
	if (m->metric[k] >= 0)
		nexthop_route_add(m->t.nexthops, &p, NEXTHOP_ROUTE_KERNEL, (uint32_t)m->metric[k], &v, 1);
	while (nexthop_run(m->t.nexthops, 1, note_nexthop, &changed) != 0)
		;
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
		rib_walk_table(&w, f);
		while (!rib_walk_nexthops(m->t.rib, &w, &changed, 1 + pick(m, 5), RIB_BULK))
			;
	}
	bitmap_fini(&changed);
}

static void
do_config(struct model *m)
{
	struct rib_walk w;
	uint32_t id, budget = UINT32_MAX;

	m->conf.multipath_ebgp = (uint16_t)pick(m, 5);
	m->conf.multipath_ibgp = (uint16_t)pick(m, 5);
	m->conf.as_path_relax = pick(m, 2) == 0;
	rib_config_set(m->t.rib, &m->conf);
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
		rib_walk_table(&w, f);
		while ((id = rib_walk_next(m->t.rib, &w, &budget)) != 0)
			rib_prefix_touch(m->t.rib, f, id, RIB_URGENT, RIB_CHANGE_REDO);
	}
}

static void
do_pin(struct model *m)
{
	unsigned i = pick(m, PREFIXES);
	struct ip_prefix p = prefix_of(i);
	uint32_t id = rib_find(m->t.rib, &p);

	if (id == 0)
		return;
	m->pin[i] = !m->pin[i];
	if (!m->pin[i])
		rib_prefix_unpin(m->t.rib, (enum family)p.family, id);
}

static void
make_attrs(struct model *m)
{
	for (unsigned k = 0; k < NEXTHOPS; k++) {
		struct ip_addr a = ip_addr_v4(0xc0000200 + k);
		m->nexthop[k] = nexthop_intern(m->t.nexthops, &a, NULL);
		m->metric[k] = -1;
	}
	for (unsigned i = 0; i < ATTRS; i++) {
		struct ribtest_attr a = {
		    .nexthop = pick(m, 5) == 0 ? NEXTHOP_NONE : m->nexthop[pick(m, NEXTHOPS)],
		    .origin = pick(m, 8) == 0,
		    .as = {7 + pick(m, 2), 20 + pick(m, 2), pick(m, 6) == 0},
		    .has_med = pick(m, 2) == 0,
		    .med = pick(m, 3),
		    .local_pref = pick(m, 6) == 0 ? 100 + pick(m, 2) : 0,
		    .originator_id = pick(m, 5) == 0 ? 1 + pick(m, 4) : 0,
		    .clusters = pick(m, 3),
		    .preference = pick(m, 8) == 0 ? 100 : 0,
		};
		m->attr[i] = ribtest_attr(&m->t.attrs, &a);
	}
}

static void
start(struct model *m)
{
	static const enum rib_peer_type types[SOURCES] = {RIB_PEER_EBGP, RIB_PEER_EBGP,   RIB_PEER_IBGP,
							RIB_PEER_IBGP, RIB_PEER_CONFED, RIB_PEER_NONE};
	static const char *const addrs[SOURCES - 1] = {"10.9.0.10", "10.9.0.9", "10.9.0.8", "10.9.0.7",
						     "10.9.0.11"};

	m->rnd = m->seed * 0x9e3779b97f4a7c15ull + 1;
	m->conf = (struct rib_config){.default_local_pref = 100, .multipath_ebgp = 1, .multipath_ibgp = 1};
	ribtest_init(&m->t, &(struct rib_callbacks){.change = change, .pinned = pinned, .ctx = m});
	rib_config_set(m->t.rib, &m->conf);
	for (unsigned peer = 0; peer < SOURCES - 1; peer++)
		m->peer[peer] = ribtest_peer(&m->t, types[peer], 1 + peer / 2, addrs[peer]);
	m->peer[SOURCES - 1] = rib_source_add(m->t.rib, RIB_SOURCE_NETWORK);
	for (unsigned peer = SOURCES; peer < PEERS; peer++)
		m->peer[peer] = m->peer[lanes[peer].source];
	for (unsigned i = 0; i < PREFIXES; i++)
		m->told[i].best = -1;
	make_attrs(m);
}

/* Every reference but the pool's must be back when the RIB is gone. Equal sets of the pool share one id. */
static void
finish(struct model *m)
{
	rib_free(m->t.rib);
	for (unsigned i = 0; i < ATTRS; i++) {
		uint32_t shared = 0;
		for (unsigned j = 0; j < ATTRS; j++)
			shared += m->attr[i] == m->attr[j];
		CHECK(m, attr_slot(&m->t.attrs, m->attr[i])->refs == shared);
	}
	attr_table_fini(&m->t.attrs);
	nexthop_table_free(m->t.nexthops);
}

int
main(int argc, char **argv)
{
	static void (*const kinds[])(struct model *) = {do_update, do_update, do_update,  do_update, do_stale,
							do_sweep,  do_sweep,  do_nexthop, do_config, do_pin};
	struct model *m = xcalloc(1, sizeof(*m));

	m->seed = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;
	unsigned long steps = argc > 2 ? strtoul(argv[2], NULL, 10) : 20000;
	start(m);
	for (m->step = 1; m->step <= steps; m->step++) {
		/* several things may happen before the RIB comes to decide */
		for (unsigned n = 1 + pick(m, 3); n > 0; n--)
			kinds[pick(m, ARRAY_LEN(kinds))](m);
		check_all(m);
	}
	finish(m);
	printf("rib_model: seed %lu, %lu steps agree\n", m->seed, steps);
	free(m);
	return 0;
}
