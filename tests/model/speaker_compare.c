/* SPDX-License-Identifier: Apache-2.0 */
/*
 * speaker_compare: the daemon's answers beside the model's.
 */
#include "tests/model/speaker_model.h"

#include "bgpd/peer.h"
#include "bgpd/peer_routes.h"
#include "bgpd/pipeline.h"

#include <stdio.h>
#include <string.h>

/* ---- the daemon's view ---- */

struct peer *
peer_of(unsigned i)
{
	struct peer *p;
	char name[8];

	snprintf(name, sizeof name, "p%u", i);
	TAILQ_FOREACH(p, &the_model->d->peers, entry)
	if (!p->removed && strcmp(p->name, name) == 0)
		return p;
	return NULL;
}

static unsigned
source_of(const struct rib_path *path)
{
	const struct rib_source *s = rib_source_get(the_model->d->rib, path->source);

	if (s->kind != RIB_SOURCE_BGP)
		return OWN;
	return (unsigned)(((struct peer *)s->owner)->name[1] - '0');
}

/* Has everything been decided that is known? */
bool
decided(void)
{
	struct job *j;

	TAILQ_FOREACH(j, &the_model->d->loop.jobs, entry)
	if (strcmp(j->name, "export") != 0)
		return false;
	return pipeline_idle(the_model->d->pipeline);
}

/* Nothing is under way but decisions, and nothing that is undecided can change other prefixes. */
bool
quiet(void)
{
	struct job *j;

	TAILQ_FOREACH(j, &the_model->d->loop.jobs, entry)
	if (strcmp(j->name, "export") != 0 && strcmp(j->name, "decide") != 0)
		return false;
	return nexthop_pending(the_model->d->nexthops) == 0 && the_model->last_event < the_model->last_decided;
}

/* ---- comparing ---- */

static void
print_path(void *ctx, const struct rib_path *p, enum rib_reason reason)
{
	struct bgpd *d = the_model->d;
	uint32_t nexthop = attr_get(d->attrs, p->attr)->nexthop;
	char text[IP_ADDR_STRLEN] = "-", through[IP_PREFIX_STRLEN] = "-";

	(void)ctx;
	if (nexthop != ATTR_NEXTHOP_NONE) {
		struct nexthop_view nv;
		nexthop_get(d->nexthops, nexthop, &nv);
		ip_addr_str(&nv.global, text, sizeof text);
		ip_prefix_str(&nv.through, through, sizeof through);
	}
	fprintf(stderr, "path of %u: %s, %s, next hop %s through %s, metric %u\n", source_of(p), rib_reason_name(reason),
	    rib_reject_name(rib_path_reject(p)), text, through, nexthop_metric(d->nexthops, nexthop));
}

/* Takes over which routes max-prefix keeps out. */
static void
read_blocked(void)
{
	struct rib *rib = the_model->d->rib;

	for (unsigned n = 0; n < NPEER; n++)
		for (int f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
			for (unsigned i = 0; i < NPREFIX; i++) {
				struct peer *p = peer_of(n);
				uint32_t id = rib_find(rib, &the_model->prefix[f][i]);
				const struct rib_path *path = p != NULL && id != 0
				    ? rib_path_of(rib, (enum family)f, id, peer_routes_source(p)->index)
				    : NULL;
				the_model->peer[n].route[f][i].blocked =
				    path != NULL && rib_path_reject(path) == RIB_REJECT_MAX_PREFIX;
			}
}

/* As many get in as may, and no more. */
static void
compare_limit(unsigned peer, enum family f)
{
	const struct mpeer *n = &the_model->peer[peer];
	unsigned limit = the_model->conf.neighbor[peer].limit, in = 0, blocked = 0;

	for (unsigned i = 0; i < NPREFIX; i++) {
		in += n->route[f][i].there && !n->route[f][i].blocked;
		blocked += n->route[f][i].blocked;
	}
	the_model->seen_blocked += blocked;
	if ((blocked > 0 && (limit == 0 || in < limit)) || (limit > 0 && in > limit && !n->lowered))
		fail("neighbour %u family %d: %u prefixes in and %u blocked with max-prefix %u", peer, f, in, blocked, limit);
}

static void
compare_best(struct verdict v[FAMILY_COUNT][NPREFIX])
{
	struct rib *rib = the_model->d->rib;
	unsigned wrong = 0;

	for (int f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		for (unsigned i = 0; i < NPREFIX; i++) {
			uint32_t id = rib_find(rib, &the_model->prefix[f][i]);
			const struct rib_path *best = id != 0 ? rib_best(rib, (enum family)f, id) : NULL;
			int got = best != NULL ? (int)source_of(best) : -1;
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
				if (used != v[f][i].used[source_of(p)])
					fail("family %d prefix %u: path of %u used %d", f, i, source_of(p), used);
			}
		}
	if (wrong > 0)
		fail("%u best paths are wrong", wrong);
}

static void
compare_kernel(struct verdict v[FAMILY_COUNT][NPREFIX])
{
	struct way got[WAYS_MAX], want[WAYS_MAX];

	for (int f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		for (unsigned i = 0; i < NPREFIX; i++) {
			unsigned n = fib_wanted((enum family)f, &the_model->prefix[f][i], got);
			unsigned m = oracle_ways(v, (enum family)f, i, want), found = 0;
			for (unsigned x = 0; x < m; x++)
				for (unsigned y = 0; y < n; y++)
					if (got[y].ifindex == want[x].ifindex && ip_addr_eq(&got[y].via, &want[x].via)) {
						found++;
						break;
					}
			/* The daemon may name a way twice, but no other one. */
			for (unsigned y = 0; y < n; y++) {
				unsigned x = 0;
				while (x < m && !(got[y].ifindex == want[x].ifindex && ip_addr_eq(&got[y].via, &want[x].via)))
					x++;
				if (x == m)
					fail("family %d prefix %u: a kernel route by a wrong way", f, i);
			}
			if (found != m || (m == 0) != (n == 0))
				fail("family %d prefix %u: %u ways in the kernel, want %u", f, i, n, m);
		}
}

static void
print_attr(const char *what, const struct mattr *a)
{
	char text[IP_ADDR_STRLEN];

	fprintf(stderr, "%s: next hop %s, origin %u, med %d %u, local pref %d %u, communities %x %x, originator %x, otc %u, blob %u %u, path",
	    what, ip_addr_str(&a->nexthop, text, sizeof text), a->origin, a->has_med, a->med, a->has_local_pref,
	    a->local_pref, a->communities, a->ext, a->originator, a->otc, a->blob, a->tag);
	for (unsigned i = 0; i < a->npath; i++)
		fprintf(stderr, " %u", a->path[i]);
	fprintf(stderr, ", clusters");
	for (unsigned i = 0; i < a->ncluster; i++)
		fprintf(stderr, " %x", a->cluster[i]);
	fprintf(stderr, "\n");
}

/* Returns whether it is counted as sent: told, or too long for a message. */
static bool
compare_told(unsigned peer, enum family f, unsigned i, const struct verdict *v, const char *when)
{
	const struct told *t = &the_model->peer[peer].told[f][i];
	struct mattr want = {0};
	enum oracle_out out = oracle_export(peer, f, i, v, &want);

	the_model->compared++;
	if (t->there == (out == OUT_TOLD) && (!t->there || memcmp(&t->a, &want, sizeof want) == 0))
		return out != OUT_NONE;
	if (t->there)
		print_attr("told", &t->a);
	if (out == OUT_TOLD)
		print_attr("want", &want);
	if (v->best >= 0)
		print_attr("best", &v->a[v->best]);
	fail("neighbour %u: %s: family %d prefix %u: told %d, want %d (best is of %d)", peer, when, f, i, t->there,
	    out == OUT_TOLD, v->best);
}

static void
compare_counts(unsigned peer, enum family f, const uint32_t want[2], uint32_t sent)
{
	struct peer_route_counts c;

	peer_routes_counts(peer_of(peer), f, &c);
	if (c.received != want[0] || c.accepted != want[1] || c.sent != sent)
		fail("neighbour %u family %d: counts %u %u %u, want %u %u %u", peer, f, c.received, c.accepted, c.sent, want[0],
		    want[1], sent);
}

static void
compare_neighbors(struct verdict v[FAMILY_COUNT][NPREFIX])
{
	for (unsigned n = 0; n < NPEER; n++)
		for (int f = FAMILY_IPV4; the_model->peer[n].up && f < FAMILY_COUNT; f++) {
			uint32_t in[2] = {0}, sent = 0;
			for (unsigned i = 0; i < NPREFIX; i++) {
				sent += compare_told(n, (enum family)f, i, &v[f][i], "at rest");
				in[0] += the_model->peer[n].route[f][i].there;
				in[1] += v[f][i].in[n];
			}
			compare_limit(n, (enum family)f);
			compare_counts(n, (enum family)f, in, sent);
		}
}

void
compare_at_eor(unsigned peer, uint8_t families)
{
	static struct verdict v[FAMILY_COUNT][NPREFIX];
	const struct mpeer *n = &the_model->peer[peer];

	if (!n->quiet_up || the_model->last_event > n->up_step)
		return;
	read_blocked();
	oracle_decide(v);
	for (int f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		for (unsigned i = 0; families & OPEN_FAMILY(f) && i < NPREFIX; i++) {
			bool same = true;
			for (unsigned s = 0; s < NPEER; s++) {
				const struct mroute *r = &the_model->peer[s].route[f][i];
				/* With a limit it may have come in, or not yet, when another one went. */
				same = same && r->changed < n->up_step && !(r->there && the_model->conf.neighbor[s].limit > 0);
			}
			the_model->seen_eor_checked += same;
			if (same)
				compare_told(peer, (enum family)f, i, &v[f][i], "at End-of-RIB");
		}
}

void
compare_decided(void)
{
	static struct verdict v[FAMILY_COUNT][NPREFIX];

	read_blocked();
	oracle_decide(v);
	compare_best(v);
	compare_kernel(v);
}

void
compare_everything(void)
{
	static struct verdict v[FAMILY_COUNT][NPREFIX];

	read_blocked();
	oracle_decide(v);
	compare_best(v);
	compare_kernel(v);
	compare_neighbors(v);
}
