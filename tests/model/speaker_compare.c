/* SPDX-License-Identifier: Apache-2.0 */
/*
 * speaker_compare: the daemon's answers beside the model's.
 */
#include "tests/model/speaker_model.h"

#include "bgpd/groups.h"
#include "bgpd/kernel.h"
#include "bgpd/peer.h"
#include "bgpd/peer_routes.h"
#include "bgpd/pipeline.h"
#include "rib/walk.h"

#include <stdio.h>
#include <string.h>

/* ---- the daemon's view ---- */

struct peer *
peer_of(unsigned i)
{
	struct peer *p;

	struct bgpd *d = table_bgpd(table_of(i));

	if (d == NULL)
		return NULL;
	TAILQ_FOREACH(p, &d->peers, entry)
	if (!p->removed && ip_addr_eq(&p->addr, &the_model->peer[i].addr))
		return p;
	return NULL;
}

static unsigned
path_of(const struct rib_path *path)
{
	const struct rib_source *s = rib_source_get(table_bgpd(the_model->at)->rib, path->source);
	unsigned slot = 0, i = 0;

	if (s->kind == RIB_SOURCE_AGGREGATE)
		return AGGREGATE;
	if (s->kind != RIB_SOURCE_BGP)
		return OWN;
	while (slot_ids[slot] != rib_path_id(path))
		CHECK(++slot < NSLOT);
	while (table_of(i) != the_model->at || !ip_addr_eq(&((struct peer *)s->owner)->addr, &the_model->peer[i].addr))
		CHECK(++i < NPEER);
	return i * NSLOT + slot;
}

static const struct rib_path *
find_path(enum family f, unsigned prefix, unsigned path)
{
	struct rib *rib = table_bgpd(the_model->at)->rib;
	uint32_t id = rib_find(rib, &the_model->prefix[f][prefix]);
	const struct rib_path *p = id != 0 ? rib_path_first(rib, f, id) : NULL;

	while (p != NULL && path_of(p) != path)
		p = rib_path_next(rib, f, p);
	return p;
}

bool
deferring(unsigned table)
{
	struct bgpd *d = table_bgpd(table);

	return d != NULL && d->restart.state == GR_DEFER;
}

bool
deferring_any(void)
{
	for (unsigned t = 0; t < NTABLE; t++)
		if (deferring(t))
			return true;
	return false;
}

static bool
all_known(void)
{
	return fib_all_told() && tables_follow_device();
}

/* Has everything been decided that is known? */
bool
decided(void)
{
	struct job *j;

	TAILQ_FOREACH(j, &the_model->d->loop->jobs, entry)
	if (strcmp(j->name, "export") != 0)
		return false;
	for (struct bgpd *d = the_model->d; d != NULL; d = instance_next(d))
		if (!pipeline_idle(d->pipeline))
			return false;
	return all_known();
}

/* Nothing is under way but decisions, and nothing that is undecided can change other prefixes. */
bool
quiet(void)
{
	struct job *j;

	TAILQ_FOREACH(j, &the_model->d->loop->jobs, entry)
	if (strcmp(j->name, "export") != 0 && strcmp(j->name, "decide") != 0)
		return false;
	for (struct bgpd *d = the_model->d; d != NULL; d = instance_next(d))
		if (nexthop_pending(d->nexthops) != 0)
			return false;
	return all_known() && the_model->last_event < the_model->last_decided;
}

/* ---- comparing ---- */

static void
print_path(void *ctx, const struct rib_path *p, enum rib_reason reason)
{
	struct bgpd *d = table_bgpd(the_model->at);
	uint32_t nexthop = attr_get(d->attrs, p->attr)->nexthop;
	char text[IP_ADDR_STRLEN] = "-", through[IP_PREFIX_STRLEN] = "-";

	(void)ctx;
	if (nexthop != ATTR_NEXTHOP_NONE) {
		struct nexthop_view nv;
		nexthop_get(d->nexthops, nexthop, &nv);
		ip_addr_str(&nv.global, text, sizeof text);
		ip_prefix_str(&nv.through, through, sizeof through);
	}
	fprintf(stderr, "path %u: %s, %s, next hop %s through %s, metric %u\n", path_of(p), rib_reason_name(reason),
	    rib_reject_name(rib_path_reject(p)), text, through, nexthop_metric(d->nexthops, nexthop));
}

/* Takes over which routes max-prefix keeps out. */
static void
read_blocked(const struct rib *rib)
{
	for (int f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		for (unsigned i = 0; i < NPREFIX; i++) {
			bool blocked[NPATH] = {false};
			uint32_t id = rib_find(rib, &the_model->prefix[f][i]);
			for (const struct rib_path *p = id != 0 ? rib_path_first(rib, (enum family)f, id) : NULL; p != NULL;
			     p = rib_path_next(rib, (enum family)f, p))
				blocked[path_of(p)] = rib_path_reject(p) == RIB_REJECT_MAX_PREFIX;
			for (unsigned x = 0; x < OWN; x++) {
				struct mroute *r = &the_model->peer[path_source(x)].route[f][i][x % NSLOT];
				if (table_of(path_source(x)) != the_model->at)
					continue;
				r->blocked = blocked[x];
				/* RFC 9494 4.2: it goes, or is kept out for as long as import policy rejects it anyway. */
				if (r->kept && the_model->peer[path_source(x)].keeps[f] == KEEPS_LONG &&
				    (r->a.communities & C_NO_LLGR))
					r->there = find_path((enum family)f, i, x) != NULL;
			}
		}
}

void
compare_ask(unsigned table, struct verdict v[FAMILY_COUNT][NPREFIX])
{
	the_model->at = table;
	read_blocked(table_bgpd(table)->rib);
	oracle_decide(table, v);
}

/* As many get in as may, and no more. */
static void
compare_limit(unsigned peer, enum family f)
{
	const struct mpeer *n = &the_model->peer[peer];
	unsigned limit = the_model->conf.neighbor[peer].limit, in = 0, blocked = 0;

	for (unsigned k = 0; k < NPREFIX * NSLOT; k++) {
		const struct mroute *r = &n->route[f][k / NSLOT][k % NSLOT];
		in += r->there && !r->refused && !r->blocked;
		blocked += r->blocked;
	}
	the_model->seen_blocked += blocked;
	if ((blocked > 0 && (limit == 0 || in < limit)) || (limit > 0 && in > limit && !n->lowered))
		fail("neighbour %u family %d: %u prefixes in and %u blocked with max-prefix %u", peer, f, in, blocked, limit);
}

static void
compare_best(struct verdict v[FAMILY_COUNT][NPREFIX])
{
	struct rib *rib = table_bgpd(the_model->at)->rib;
	unsigned wrong = 0;

	for (int f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		for (unsigned i = 0; i < NPREFIX; i++) {
			uint32_t id = rib_find(rib, &the_model->prefix[f][i]);
			const struct rib_path *best = id != 0 ? rib_best(rib, (enum family)f, id) : NULL;
			int got = best != NULL ? (int)path_of(best) : -1;
			if (got != v[f][i].best) {
				fprintf(stderr, "family %d prefix %u: best %d, want %d\n", f, i, got, v[f][i].best);
				if (id != 0)
					rib_why(rib, (enum family)f, id, print_path, NULL);
				wrong++;
				continue;
			}
			the_model->seen_multipath += v[f][i].nused > 1;
			the_model->compared++;
			for (const struct rib_path *p = id != 0 ? rib_path_first(rib, (enum family)f, id) : NULL; p != NULL;
			     p = rib_path_next(rib, (enum family)f, p)) {
				bool used = p->flags & (RIB_PATH_BEST | RIB_PATH_MULTIPATH);
				if (used != v[f][i].used[path_of(p)])
					fail("family %d prefix %u: path %u used %d", f, i, path_of(p), used);
			}
		}
	if (wrong > 0)
		fail("table %u: %u best paths are wrong", the_model->at, wrong);
}

static void
print_attr(const char *what, const struct mattr *a)
{
	char text[IP_ADDR_STRLEN];

	fprintf(stderr,
	    "%s: next hop %s, origin %u, med %d %u, local pref %d %u, communities %x %x, originator %x, otc %u, blob %u %u, "
	    "aggregated %u, path",
	    what, ip_addr_str(&a->nexthop, text, sizeof text), a->origin, a->has_med, a->med, a->has_local_pref,
	    a->local_pref, a->communities, a->ext, a->originator, a->otc, a->blob, a->tag, a->aggregated);
	for (unsigned i = 0; i < a->npath; i++)
		fprintf(stderr, a->confed >> i & 1 ? " (%u)" : " %u", a->path[i]);
	fprintf(stderr, ", clusters");
	for (unsigned i = 0; i < a->ncluster; i++)
		fprintf(stderr, " %x", a->cluster[i]);
	fprintf(stderr, "\n");
}

/*
 * The id that neighbours with ADD-PATH get a path with. One of a neighbour's has the same one as long as it is
 * there.
 */
static uint32_t
sent_id(enum family f, unsigned i, unsigned path)
{
	const struct rib_path *p = find_path(f, i, path);

	if (p == NULL)
		fail("family %d prefix %u: path %u is not there", f, i, path);
	uint32_t id = groups_path(p).path_id;
	if (path < OWN) {
		struct mroute *r = &the_model->peer[path_source(path)].route[f][i][path % NSLOT];
		if (r->sent_id != 0 && r->sent_id != id)
			fail("family %d prefix %u: path %u is sent as %x and was as %x", f, i, path, id, r->sent_id);
		r->sent_id = id;
	}
	return id;
}

static void
print_told(unsigned peer, enum family f, unsigned i, const struct verdict *v, const bool *chosen)
{
	const struct told *t = the_model->peer[peer].told[f][i];
	char text[40];

	for (unsigned k = 0; k < NTOLD; k++) {
		snprintf(text, sizeof text, "told as %x", t[k].id);
		if (t[k].there)
			print_attr(text, &t[k].a);
	}
	for (unsigned x = 0; x < NPATH; x++) {
		snprintf(text, sizeof text, "path %u%s%s", x, v->best == (int)x ? ", best" : "", chosen[x] ? ", chosen" : "");
		if (v->in[x])
			print_attr(text, &v->a[x]);
	}
}

/* Was it told of this path, if it is to be? Returns whether it is counted as sent: told, or too long for a message. */
static bool
compare_path(unsigned peer, enum family f, unsigned i, const struct verdict *v, unsigned path, unsigned *told)
{
	const struct mpeer *n = &the_model->peer[peer];
	struct mattr want = {0};
	enum oracle_out out = oracle_export(peer, f, i, v, path, &want);
	uint32_t id = n->ids_out[f] && out == OUT_TOLD ? sent_id(f, i, path) : 0;

	if (out != OUT_TOLD)
		return out != OUT_NONE;
	++*told;
	for (unsigned k = 0; k < NTOLD; k++) {
		const struct told *t = &n->told[f][i][k];
		if (t->there && t->id == id && memcmp(&t->a, &want, sizeof want) == 0)
			return true;
	}
	print_attr("want", &want);
	*told = NTOLD + 1;
	return true;
}

/* Is it held back from the neighbour by max-prefix-out? Which prefixes are is up to the daemon, how many is not. */
static bool
is_held(unsigned peer, enum family f, unsigned i)
{
	const struct group_member *m = peer_routes_member(peer_of(peer));
	uint32_t id = rib_find(table_bgpd(table_of(peer))->rib, &the_model->prefix[f][i]);

	return id != 0 && adjout_member_held(&m->out, f, id);
}

static unsigned
told_paths(const struct mpeer *n, enum family f, unsigned i)
{
	unsigned told = 0;

	for (unsigned k = 0; k < NTOLD; k++)
		told += n->told[f][i][k].there;
	return told;
}

void
compare_limit_out(unsigned peer)
{
	const struct mpeer *n = &the_model->peer[peer];
	unsigned limit = the_model->conf.neighbor[peer].limit_out;

	for (int f = FAMILY_IPV4; limit > 0 && !n->lowered_out && f < FAMILY_COUNT; f++) {
		unsigned has = 0;
		for (unsigned i = 0; i < NPREFIX; i++)
			has += told_paths(n, (enum family)f, i) > 0;
		if (has > limit)
			fail("neighbour %u family %d: it has %u prefixes with max-prefix-out %u", peer, f, has, limit);
	}
}

/* As many are sent as may be, and no more. */
static void
compare_held(unsigned peer, enum family f, unsigned sent, unsigned held)
{
	unsigned limit = the_model->conf.neighbor[peer].limit_out;

	the_model->seen_held += held;
	if ((held > 0 && (limit == 0 || sent < limit)) || (limit > 0 && sent > limit))
		fail("neighbour %u family %d: %u prefixes sent and %u held back with max-prefix-out %u", peer, f, sent, held, limit);
}

/* All that it was told of the prefix, and nothing else. Returns how many paths are counted as sent. */
static uint32_t
compare_told(unsigned peer, enum family f, unsigned i, const struct verdict *v, const char *when)
{
	const struct mpeer *n = &the_model->peer[peer];
	unsigned want = 0, told = 0;
	uint32_t sent = 0;
	bool chosen[NPATH];

	the_model->compared++;
	oracle_chosen(peer, f, v, chosen);
	for (unsigned x = 0; x < NPATH; x++)
		if (chosen[x] && want <= NTOLD)
			sent += compare_path(peer, f, i, v, x, &want);
	told = told_paths(n, f, i);
	if (n->ids_out[f] && told > 1)
		the_model->seen_many[the_model->conf.neighbor[peer].many_out]++;
	if (told == want)
		return sent;
	print_told(peer, f, i, v, chosen);
	fail("neighbour %u: %s: family %d prefix %u: told %u, want %u (best is %d, hidden %d)", peer, when, f, i, told, want,
	    v->best, v->hidden);
}

/* Something of the prefix would be sent, and nothing is. */
static void
compare_told_held(unsigned peer, enum family f, unsigned i, const struct verdict *v)
{
	struct mattr a;
	bool chosen[NPATH], any = false;

	the_model->compared++;
	oracle_chosen(peer, f, v, chosen);
	for (unsigned x = 0; x < NPATH; x++)
		any = any || (chosen[x] && oracle_export(peer, f, i, v, x, &a) != OUT_NONE);
	if (!any || told_paths(&the_model->peer[peer], f, i) > 0)
		fail("neighbour %u family %d prefix %u: held back, but there is %d and %u were told", peer, f, i, any,
		    told_paths(&the_model->peer[peer], f, i));
}

static void
compare_counts(unsigned peer, enum family f, const uint32_t want[2], uint32_t sent, unsigned held)
{
	struct peer_route_counts c;

	peer_routes_counts(peer_of(peer), f, &c);
	if (c.held != held)
		fail("neighbour %u family %d: %u held back, want %u", peer, f, c.held, held);
	if (c.received != want[0] || c.accepted != want[1] || c.sent != sent)
		fail("neighbour %u family %d: counts %u %u %u, want %u %u %u", peer, f, c.received, c.accepted, c.sent, want[0],
		    want[1], sent);
}

static void
compare_neighbors(struct verdict v[FAMILY_COUNT][NPREFIX])
{
	for (unsigned n = 0; n < NPEER; n++)
		for (int f = FAMILY_IPV4; table_of(n) == the_model->at && the_model->peer[n].up && f < FAMILY_COUNT; f++) {
			uint32_t in[2] = {0}, sent = 0;
			unsigned prefixes = 0, held = 0;
			for (unsigned i = 0; i < NPREFIX; i++) {
				if (is_held(n, (enum family)f, i)) {
					compare_told_held(n, (enum family)f, i, &v[f][i]);
					held++;
				} else {
					uint32_t paths = compare_told(n, (enum family)f, i, &v[f][i], "at rest");
					prefixes += paths > 0;
					sent += paths;
				}
				for (unsigned k = 0; k < NSLOT; k++) {
					in[0] += the_model->peer[n].route[f][i][k].there && !the_model->peer[n].route[f][i][k].refused;
					in[1] += v[f][i].in[n * NSLOT + k];
				}
			}
			compare_limit(n, (enum family)f);
			compare_held(n, (enum family)f, prefixes, held);
			compare_counts(n, (enum family)f, in, sent, held);
			the_model->peer[n].lowered_out = false;
		}
}

/*
 * Nobody has said anything of the prefix since then. With a limit it may have come in, or not yet, when another one
 * went.
 */
static bool
is_untouched(unsigned f, unsigned i, uint64_t since)
{
	for (unsigned x = 0; x < OWN; x++) {
		const struct mroute *r = &the_model->peer[path_source(x)].route[f][i][x % NSLOT];
		if (r->changed >= since || (r->there && the_model->conf.neighbor[path_source(x)].limit > 0))
			return false;
	}
	return true;
}

void
compare_at_eor(unsigned peer, uint8_t families)
{
	static struct verdict v[FAMILY_COUNT][NPREFIX];
	const struct mpeer *n = &the_model->peer[peer];

	if (!n->quiet_up || the_model->last_event > n->up_step)
		return;
	compare_ask(table_of(peer), v);
	for (int f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		for (unsigned i = 0; families & OPEN_FAMILY(f) && i < NPREFIX; i++) {
			bool same = is_untouched((unsigned)f, i, n->up_step);
			/* What brings an aggregate, or hides it, must have been decided before. */
			for (unsigned j = 0; same && j < NPREFIX; j++)
				same = !oracle_related((enum family)f, i, j) || is_untouched((unsigned)f, j, n->up_decided);
			/* With a limit for what is sent it may have come, or not yet, when another one went. */
			same = same && (the_model->conf.neighbor[peer].limit_out == 0 || told_paths(n, (enum family)f, i) > 0);
			the_model->seen_eor_checked += same;
			if (same)
				compare_told(peer, (enum family)f, i, &v[f][i], "at End-of-RIB");
		}
}

/* Whatever is in the RIB has a path, or somebody needs its id: an id that is forgotten would never be used again. */
static void
compare_pins(void)
{
	struct bgpd *d = table_bgpd(the_model->at);
	char text[IP_PREFIX_STRLEN];

	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
		struct rib_walk w;
		rib_walk_table(&w, f);
		while (!w.done) {
			uint32_t budget = UINT32_MAX, id = rib_walk_next(d->rib, &w, &budget);
			if (id == 0 || rib_path_first(d->rib, f, id) != NULL || fib_pins(d->kernel->fib, f, id) ||
			    groups_pin(d->groups, f, id))
				continue;
			struct ip_prefix p = rib_prefix(d->rib, f, id);
			fail("nobody needs the id of %s, and it is not free", ip_prefix_str(&p, text, sizeof text));
		}
	}
}

/* What a table has decided. False: it is not there. */
static bool
compare_table(unsigned t, struct verdict v[FAMILY_COUNT][NPREFIX])
{
	if (table_bgpd(t) == NULL)
		return false;
	compare_ask(t, v);
	compare_best(v);
	compare_kernel(v);
	return true;
}

void
compare_decided(void)
{
	static struct verdict v[FAMILY_COUNT][NPREFIX];

	for (unsigned t = 0; t < NTABLE; t++)
		compare_table(t, v);
}

void
compare_everything(void)
{
	static struct verdict v[FAMILY_COUNT][NPREFIX];

	for (unsigned t = 0; t < NTABLE; t++) {
		if (!compare_table(t, v))
			continue;
		compare_neighbors(v);
		compare_pins();
		restart_compare(t);
	}
	compare_dynamic();
	compare_memory();
	compare_tables();
}
