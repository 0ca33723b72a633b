/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export_model [SEED [STEPS]]: random model check of export groups.
 *
 * Neighbours come, go, lag, refresh and change groups while routes and policies
 * change. What each was told is decoded from the octets that it pulled, one random
 * portion at a time, and must equal the list's best path, or with ADD-PATH those that
 * are to be sent, through its policy whenever everything has run dry, and at End-of-RIB for all prefixes that did not
 * change since that was asked for. Some have a limit of prefixes: which ones they have is up to the groups, but it
 * is never more, not fewer when all has run dry, and those that they have stay. The same arguments give the same run.
 */
#include "tests/model/export_model.h"

#include "lib/buf.h"
#include "lib/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MSG_UPDATE = 2, MSG_REFRESH = 5 };
#define HEADER 19

/* Groups: without ADD-PATH, with it in both families, and with it in the second alone; then a neighbour's own of each. */
#define NSHARED    (NPOLICY * 4)
#define NCLASS     3
#define NGROUP     (NSHARED + NMEMBER * NCLASS)
#define CLASS(no)  ((no) >= NSHARED ? ((no) - NSHARED) % NCLASS : (no) / NPOLICY < 2 ? 0 : (no) / NPOLICY - 1)
#define SOLE(no)   ((no) >= NSHARED ? ((no) - NSHARED) / NCLASS + 1 : 0)

struct told {
	uint32_t set; /* 0: nothing */
	uint8_t self[4];
	bool stale; /* not seen again since BoRR */
};

struct neighbor {
	struct group_member m;
	bool up, awake;
	uint32_t policy, wanted; /* wanted: of the group it is to move to */
	struct told told[NFAMILY + 1][NPREFIX][NLANE]; /* 0: without a path id */
	uint64_t eor_step[NFAMILY + 1]; /* when End-of-RIB was asked for; 0: not */
	bool refreshing[NFAMILY + 1];
	bool borr[NFAMILY + 1];
	bool reset; /* too slow */
	bool strict[NFAMILY + 1];          /* it may at no time have more than the limit */
	bool was_in[NFAMILY + 1][NPREFIX]; /* with a limit: it had them when all had run dry, */
	uint64_t rest_step;                /* then */
	uint8_t part[70000];
	size_t part_len;
};

struct model {
	struct world w;
	struct group_list l;
	struct neighbor n[NMEMBER];
	struct group *group[NGROUP];
	uint32_t policy_of[NGROUP]; /* of a group; changes with a reload */
	uint32_t which_of[NGROUP];  /* paths; so does this */
	uint32_t limit_of[NGROUP][NFAMILY + 1]; /* of a neighbour's own */
	struct adjout_path paths[NLANE];
	uint64_t policy_step;
	uint64_t step, rng;
	uint32_t now_s;
	uint64_t seen_eor, seen_eorr, seen_detach, seen_reset, seen_held, checks;
};

static uint32_t
rnd(struct model *mo, uint32_t below)
{
	/* splitmix64 */
	uint64_t z = mo->rng += 0x9e3779b97f4a7c15ull;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return (uint32_t)((z ^ z >> 31) >> 32) % below;
}

/* --- the view of the table --- */

static enum adjout_current
view_current(void *ctx, enum family f, uint32_t id, uint32_t *attr, uint16_t *source)
{
	struct model *mo = ctx;
	uint8_t slot = mo->w.by_id[f][(id - 1) / ID_STEP];

	*attr = 0;
	*source = 0;
	ASSERT(slot != 0); /* whoever asks holds a pin */
	struct world_prefix *p = &mo->w.prefix[f][slot - 1];
	/* While a decision is outstanding there is nothing sound to see. */
	if (p->dirty)
		return ADJOUT_DIRTY;
	*attr = p->attr;
	*source = p->source;
	return ADJOUT_SETTLED;
}

static enum adjout_current
view_paths(void *ctx, enum family f, uint32_t id, uint32_t which, const struct adjout_path **paths, uint32_t *n)
{
	struct model *mo = ctx;
	uint8_t slot = mo->w.by_id[f][(id - 1) / ID_STEP];
	uint32_t lanes[NLANE];

	ASSERT(slot != 0);
	const struct world_prefix *p = &mo->w.prefix[f][slot - 1];
	if (p->dirty)
		return ADJOUT_DIRTY;
	*n = world_select(p, which, lanes);
	for (uint32_t i = 0; i < *n; i++)
		mo->paths[i] = (struct adjout_path){.attr = p->path_attr[lanes[i]],
						    .path_id = world_path_id(lanes[i]),
						    .source = world_source(lanes[i]),
						    .changed = p->path_changed[lanes[i]]};
	*paths = mo->paths;
	return ADJOUT_SETTLED;
}

static uint32_t
view_next_id(void *ctx, enum family f, uint32_t from, uint32_t limit)
{
	struct model *mo = ctx;

	for (uint32_t i = 0; i < NPREFIX; i++)
		if (mo->w.by_id[f][i] != 0 && i * ID_STEP + 1 >= from)
			return i * ID_STEP + 1 < limit ? i * ID_STEP + 1 : limit;
	return BITMAP_END;
}

static uint32_t
policy_of(const struct model *mo, const struct adjout_group *g)
{
	return mo->policy_of[g->key.policy];
}

static uint32_t
view_out(void *ctx, struct adjout_group *g, enum family f, uint32_t id, uint32_t attr, uint16_t source)
{
	struct model *mo = ctx;
	uint32_t prefix = mo->w.by_id[f][(id - 1) / ID_STEP] - 1u;
	uint32_t out = world_export(&mo->w, policy_of(mo, g), prefix, mo->w.set[attr], source);

	ASSERT(mo->w.refs[attr] > 0);
	return out != 0 ? world_intern(&mo->w, out) : 0;
}

static void
view_ref(void *ctx, uint32_t attr)
{
	world_ref(&((struct model *)ctx)->w, attr);
}

static void
view_unref(void *ctx, uint32_t attr)
{
	world_unref(&((struct model *)ctx)->w, attr);
}

static uint32_t
view_nexthop(void *ctx, struct adjout_group *g, uint32_t out)
{
	uint32_t nh = set_nexthop(((struct model *)ctx)->w.set[out]);

	(void)g;
	return nh == SET_NEXTHOP_SELF ? 0 : nh;
}

static void
view_fetch_refs(void *ctx, uint32_t attr, uint32_t out)
{
	struct model *mo = ctx;

	ASSERT(attr == 0 || mo->w.refs[attr] > 0);
	ASSERT(out == 0 || mo->w.refs[out] > 0);
}

static void
view_fetch(void *ctx, enum family f, uint32_t id, uint32_t out)
{
	struct model *mo = ctx;

	ASSERT(mo->w.by_id[f][(id - 1) / ID_STEP] != 0);
	ASSERT(out == 0 || mo->w.refs[out] > 0);
}

static void
view_unpin(void *ctx, enum family f, const uint32_t *ids, uint32_t n)
{
	struct model *mo = ctx;
	for (uint32_t i = 0; i < n; i++)
		world_unpin(&mo->w, &mo->l, f, ids[i]);
}

static uint64_t
view_mark(void *ctx, enum family f)
{
	(void)f;
	return ((struct model *)ctx)->w.pushed;
}

static bool
view_done(void *ctx, enum family f, uint64_t mark)
{
	(void)f;
	return ((struct model *)ctx)->w.popped >= mark;
}

/* --- a codec: header, family, set, next hop, number of prefixes, path id, prefixes, filler --- */

static size_t
header(uint8_t *msg, size_t len, uint8_t type)
{
	memset(msg, 0xff, 16);
	be16_put(msg + 16, (uint16_t)len);
	msg[18] = type;
	return HEADER;
}

static int
ops_encode(void *ctx, struct group *g, enum family f, uint32_t path_id, uint32_t out, const uint32_t *ids, uint32_t n,
	   size_t msg_max, struct group_out *to)
{
	struct model *mo = ctx;
	static uint8_t msg[65535];
	uint32_t set = mo->w.set[out], per = 1 + (uint32_t)mo->step % 7;
	size_t filler = out != 0 && set_value(set) == SET_LONG ? 5000 : 0;
	bool self = out != 0 && set_nexthop(set) == SET_NEXTHOP_SELF;

	(void)g;
	if (filler > 0 && msg_max < filler)
		return -EMSGSIZE;
	for (uint32_t i = 0; i < n; i += per) {
		uint32_t k = n - i < per ? n - i : per;
		size_t len = HEADER + 14u + k + filler;
		uint8_t *p = msg + header(msg, len, MSG_UPDATE);
		memset(p, 0, len - HEADER);
		p[0] = (uint8_t)f;
		be32_put(p + 1, set);
		p[9] = (uint8_t)k;
		be32_put(p + 10, path_id);
		for (uint32_t j = 0; j < k; j++)
			p[14 + j] = mo->w.by_id[f][(ids[i + j] - 1) / ID_STEP];
		group_put(to, msg, len, HEADER + 5, self ? 4 : 0);
	}
	return 0;
}

static void
ops_mark(void *ctx, struct group *g, enum family f, enum adjout_mark what, struct group_out *to)
{
	uint8_t msg[HEADER + 2];

	(void)ctx;
	(void)g;
	uint8_t *p = msg + header(msg, sizeof msg, MSG_REFRESH);
	p[0] = (uint8_t)f;
	p[1] = (uint8_t)what;
	group_put(to, msg, sizeof msg, 0, 0);
}

static void
ops_wake(void *ctx, struct group_member *m)
{
	(void)ctx;
	((struct neighbor *)m->owner)->awake = true;
}

static void
ops_starved(void *ctx)
{
	(void)ctx;
	mem_exhausted(0);
}

static void
ops_too_slow(void *ctx, struct group_member *m)
{
	(void)ctx;
	((struct neighbor *)m->owner)->reset = true;
}

static void
ops_too_long(void *ctx, struct group *g, const struct group_member *m, enum family f, const uint32_t *ids, uint32_t n)
{
	(void)ctx;
	(void)g;
	(void)m;
	(void)f;
	(void)ids;
	(void)n;
}

/* --- what a neighbour makes of the octets --- */

static void
fail(const struct model *mo, const struct neighbor *n, const char *what, unsigned f, unsigned prefix,
     uint32_t lane, uint32_t want, uint32_t got)
{
	fprintf(stderr,
		"step %llu: neighbour %td: %s: family %u prefix %u lane %u: want %x, got %x (group %u policy %u)\n",
		(unsigned long long)mo->step, n - mo->n, what, f, prefix, lane, want, got, n->policy,
		mo->policy_of[n->policy]);
	abort();
}

static uint32_t
which_paths(const struct model *mo, uint32_t no, unsigned f)
{
	return CLASS(no) == 0 || (CLASS(no) == 2 && f == 1) ? ADJOUT_PATHS_NONE : mo->which_of[no];
}

/* The path in this place of what a neighbour is told: lane 0 is the best path, without a path id. */
static uint32_t
path_at(const struct model *mo, const struct neighbor *n, unsigned f, unsigned prefix, uint32_t lane, uint16_t *source)
{
	const struct world_prefix *p = &mo->w.prefix[f][prefix];
	uint32_t which = which_paths(mo, n->policy, f), lanes[NLANE];

	*source = world_source(lane);
	if (which == ADJOUT_PATHS_NONE)
		return lane == 0 ? world_best(p, source) : 0;
	uint32_t k = world_select(p, which, lanes);
	for (uint32_t i = 0; i < k; i++)
		if (lanes[i] == lane)
			return p->path[lane];
	return 0;
}

/* The set that a neighbour should have been told, 0 for none. */
static uint32_t
expected(const struct model *mo, const struct neighbor *n, unsigned f, unsigned prefix, uint32_t lane, bool any_size)
{
	uint16_t source;
	uint32_t set = path_at(mo, n, f, prefix, lane, &source);
	uint32_t out = set != 0 ? world_export(&mo->w, mo->policy_of[n->policy], prefix, set, source) : 0;

	if (out == 0 || source == n->m.out.source || set_nexthop(out) == n->m.out.nexthop)
		return 0;
	return set_value(out) == SET_LONG && !n->m.extended && !any_size ? 0 : out;
}

/* Is there anything of the prefix for it? */
static bool
is_eligible(const struct model *mo, const struct neighbor *n, unsigned f, unsigned prefix)
{
	uint32_t any = 0;

	for (uint32_t lane = 0; lane < NLANE; lane++)
		any |= expected(mo, n, f, prefix, lane, true);
	return any != 0;
}

static bool
is_let_in(const struct model *mo, const struct neighbor *n, unsigned f, unsigned prefix)
{
	uint32_t id = mo->w.prefix[f][prefix].id;

	return SOLE(n->policy) == 0 || (id != 0 && bitmap_test(&n->m.group->out.fam[f].announced, id));
}

/* settled: else it may yet be let in, or go, if there is a limit. */
static void
compare(struct model *mo, const struct neighbor *n, const char *what, unsigned f, unsigned prefix, bool settled)
{
	mo->checks++;
	for (uint32_t lane = 0; lane < NLANE; lane++) {
		const struct told *t = &n->told[f][prefix][lane];
		bool in = settled || SOLE(n->policy) == 0 ? is_let_in(mo, n, f, prefix) : t->set != 0;
		uint32_t want = in ? expected(mo, n, f, prefix, lane, false) : 0;
		if (t->set != want)
			fail(mo, n, what, f, prefix, lane, want, t->set);
		if (want != 0 && set_nexthop(want) == SET_NEXTHOP_SELF && memcmp(t->self, n->m.self.v4, 4) != 0)
			fail(mo, n, "next hop", f, prefix, lane, be32_get(n->m.self.v4), be32_get(t->self));
	}
}

/* With ADD-PATH the number of routes is that of paths. */
static void
compare_count(struct model *mo, const struct neighbor *n, unsigned f)
{
	static const struct bitmap none;
	uint32_t want = 0;

	if (which_paths(mo, n->policy, f) == ADJOUT_PATHS_NONE)
		return;
	for (unsigned p = 0; p < NPREFIX; p++)
		for (uint32_t lane = 0; lane < NLANE; lane++)
			want += is_let_in(mo, n, f, p) && expected(mo, n, f, p, lane, true) != 0;
	uint32_t got = adjout_member_count(&n->m.out, (enum family)f, &none);
	if (got != want)
		fail(mo, n, "count", f, 0, 0, want, got);
}

static uint32_t
count_told(const struct neighbor *n, unsigned f)
{
	uint32_t told = 0;

	for (unsigned p = 0; p < NPREFIX; p++) {
		bool any = false;
		for (uint32_t lane = 0; lane < NLANE; lane++)
			any = any || n->told[f][p][lane].set != 0;
		told += any;
	}
	return told;
}

/* Everything has run dry: it has as many prefixes as it may, and knows the others to be held back. */
static void
compare_limit(struct model *mo, struct neighbor *n, unsigned f)
{
	uint32_t in = 0, eligible = 0, limit = mo->limit_of[n->policy][f];

	if (SOLE(n->policy) == 0)
		return;
	for (unsigned p = 0; p < NPREFIX; p++) {
		const struct world_prefix *w = &mo->w.prefix[f][p];
		bool is_in = is_let_in(mo, n, f, p), is = is_eligible(mo, n, f, p);
		bool held = w->id != 0 && adjout_member_held(&n->m.out, (enum family)f, w->id);
		if ((is_in && !is) || held != (is && !is_in))
			fail(mo, n, "held back", f, p, 0, is, held);
		if (is && !is_in && n->was_in[f][p] && w->changed < n->rest_step && mo->policy_step < n->rest_step)
			fail(mo, n, "lost its place", f, p, 0, 1, 0);
		n->was_in[f][p] = is_in;
		in += is_in;
		eligible += is;
	}
	if (in != (eligible < limit ? eligible : limit) || adjout_member_held_count(&n->m.out, (enum family)f) != eligible - in)
		fail(mo, n, "limit", f, 0, 0, eligible < limit ? eligible : limit, in);
	n->strict[f] = true;
	mo->seen_held += eligible - in;
}

static void
on_mark(struct model *mo, struct neighbor *n, unsigned f, enum adjout_mark what)
{
	uint64_t since = n->eor_step[f];

	for (unsigned p = 0; p < NPREFIX; p++) {
		for (uint32_t lane = 0; lane < NLANE; lane++) {
			struct told *t = &n->told[f][p][lane];
			if (what == ADJOUT_BORR)
				t->stale = t->set != 0;
			else if (what == ADJOUT_EORR && t->stale)
				*t = (struct told){0};
		}
		if (what == ADJOUT_EOR && mo->w.prefix[f][p].changed < since && mo->policy_step < since)
			compare(mo, n, "at End-of-RIB", f, p, false);
	}
	if (what == ADJOUT_BORR)
		n->borr[f] = true;
	if (what == ADJOUT_EORR) {
		ASSERT(n->borr[f]);
		n->borr[f] = n->refreshing[f] = false;
		mo->seen_eorr++;
	}
	if (what == ADJOUT_EOR) {
		ASSERT(since != 0);
		n->eor_step[f] = 0;
		mo->seen_eor++;
	}
}

static void
on_message(struct model *mo, struct neighbor *n, const uint8_t *msg, size_t len)
{
	const uint8_t *p = msg + HEADER;

	ASSERT(len <= (n->m.extended ? 65535 : 4096));
	if (msg[18] == MSG_REFRESH) {
		on_mark(mo, n, p[0], (enum adjout_mark)p[1]);
		return;
	}
	ASSERT(msg[18] == MSG_UPDATE && len >= HEADER + 14u + p[9]);
	uint32_t path_id = be32_get(p + 10), lane = path_id >> 16;
	ASSERT((path_id != 0) == (which_paths(mo, n->policy, p[0]) != ADJOUT_PATHS_NONE));
	ASSERT(lane < NLANE && (path_id == 0 || path_id == world_path_id(lane)));
	for (unsigned i = 0; i < p[9]; i++) {
		ASSERT(p[14 + i] != 0);
		struct told *t = &n->told[p[0]][p[14 + i] - 1][lane];
		*t = (struct told){.set = be32_get(p + 1)};
		memcpy(t->self, p + 5, 4);
	}
	uint32_t limit = mo->limit_of[n->policy][p[0]];
	if (SOLE(n->policy) != 0 && n->strict[p[0]] && count_told(n, p[0]) > limit)
		fail(mo, n, "too many", p[0], 0, 0, limit, count_told(n, p[0]));
}

static void
feed(struct model *mo, struct neighbor *n, const uint8_t *p, size_t len)
{
	ASSERT(n->part_len + len <= sizeof n->part);
	memcpy(n->part + n->part_len, p, len);
	n->part_len += len;
	size_t at = 0;
	while (n->part_len - at >= HEADER && n->part_len - at >= be16_get(n->part + at + 16)) {
		size_t one = be16_get(n->part + at + 16);
		for (int i = 0; i < 16; i++)
			ASSERT(n->part[at + (size_t)i] == 0xff);
		on_message(mo, n, n->part + at, one);
		at += one;
	}
	memmove(n->part, n->part + at, n->part_len -= at);
}

/* Takes at most so many octets, as a socket would. */
static bool
pull(struct model *mo, struct neighbor *n, size_t octets)
{
	struct iovec iov[5];
	size_t sent = 0;

	int k = group_member_iov(&n->m, iov, 1 + (int)rnd(mo, 5));
	if (k == 0)
		ASSERT(n->part_len == 0 && group_member_dry(&n->m));
	for (int i = 0; i < k && octets > 0; i++) {
		size_t take = iov[i].iov_len < octets ? iov[i].iov_len : octets;
		take = take < 1000 ? take : 1000;
		feed(mo, n, iov[i].iov_base, take);
		sent += take;
		octets -= take;
		if (take < iov[i].iov_len)
			break;
	}
	if (sent > 0)
		group_member_sent(&n->m, sent);
	size_t rest = group_member_partial(&n->m);
	ASSERT((rest == 0) == (n->part_len == 0));
	if (n->part_len >= HEADER)
		ASSERT(rest == be16_get(n->part + 16) - n->part_len);
	return k > 0;
}

/* --- steps --- */

static struct adjout_key
key_of(const struct model *mo, uint32_t no)
{
	return (struct adjout_key){.policy = no,
				   .families = 1 << FAMILY_IPV4 | 1 << FAMILY_IPV6,
				   .sole = SOLE(no),
				   .paths_ipv4 = which_paths(mo, no, FAMILY_IPV4),
				   .paths_ipv6 = which_paths(mo, no, FAMILY_IPV6)};
}

static void
set_limits(struct model *mo, uint32_t no)
{
	for (unsigned f = 1; SOLE(no) != 0 && f <= NFAMILY; f++)
		adjout_group_limit(&mo->group[no]->out, (enum family)f, mo->limit_of[no][f]);
}

static struct group *
group_get(struct model *mo, uint32_t no)
{
	struct adjout_key key = key_of(mo, no);

	if (mo->group[no] == NULL) {
		mo->group[no] = group_new(&mo->l, &key, world_memoize(mo->policy_of[no]), NULL);
		set_limits(mo, no);
	}
	ASSERT(group_find(&mo->l, &key) == mo->group[no]);
	return mo->group[no];
}

static void
group_put_back(struct model *mo, uint32_t no)
{
	if (mo->group[no]->out.nmembers > 0)
		return;
	group_free(mo->group[no]);
	mo->group[no] = NULL;
}

/* A shared one, or one of its own. */
static uint32_t
pick_group(struct model *mo, const struct neighbor *n)
{
	if (rnd(mo, 3) != 0)
		return rnd(mo, NSHARED);
	return NSHARED + (uint32_t)(n - mo->n) * NCLASS + rnd(mo, NCLASS);
}

static void
step_up(struct model *mo, struct neighbor *n)
{
	uint16_t i = (uint16_t)(n - mo->n);

	n->policy = n->wanted = pick_group(mo, n);
	memset(n->was_in, 0, sizeof n->was_in);
	n->strict[FAMILY_IPV4] = n->strict[FAMILY_IPV6] = true;
	n->m = (struct group_member){.owner = n, .extended = rnd(mo, 2) == 0};
	n->m.out.source = (uint16_t)(i + 1);
	/* The last two share an address on different ports. */
	n->m.out.nexthop = i == NMEMBER - 1 ? i : i + 1u;
	be32_put(n->m.self.v4, 0x0a000000u + i / 2);
	memset(n->told, 0, sizeof n->told);
	n->part_len = 0;
	n->up = true;
	group_member_join(group_get(mo, n->policy), &n->m);
	for (unsigned f = 1; f <= NFAMILY; f++) {
		n->borr[f] = n->refreshing[f] = false;
		n->eor_step[f] = mo->step;
		adjout_member_eor(&n->m.out, (enum family)f);
	}
}

static void
step_down(struct model *mo, struct neighbor *n)
{
	group_member_leave(&n->m);
	group_put_back(mo, n->policy);
	n->up = n->awake = n->reset = false;
	/* Sometimes its routes stay until it comes back, as in a graceful restart. */
	if (rnd(mo, 2) == 0)
		return;
	for (unsigned f = 1; f <= NFAMILY; f++)
		for (unsigned p = 0; p < NPREFIX; p++)
			for (uint32_t lane = 1; lane < NLANE; lane++)
				if (world_source(lane) == n - mo->n + 1)
					world_path(&mo->w, &mo->l, f, p, lane, 0, mo->step);
}

static void
step_move(struct model *mo, struct neighbor *n)
{
	uint32_t from = n->policy;

	/* Whether there are path ids is for the whole session. */
	if (n->wanted == from || CLASS(n->wanted) != CLASS(from))
		return;
	if (group_member_move(&n->m, group_get(mo, n->wanted)) == -EAGAIN) {
		ASSERT(mo->l.adjout.ndetached == mo->l.adjout.detached_max);
		group_put_back(mo, n->wanted);
		return;
	}
	n->policy = n->wanted;
	memset(n->was_in, 0, sizeof n->was_in);
	n->strict[FAMILY_IPV4] = n->strict[FAMILY_IPV6] = false;
	/* Its view changed: prefixes since End-of-RIB was asked for are no measure. */
	mo->policy_step = mo->step;
	group_put_back(mo, from);
}

static void
step_refresh(struct model *mo, struct neighbor *n)
{
	unsigned f = 1 + rnd(mo, NFAMILY);
	bool enhanced = rnd(mo, 4) != 0;

	n->refreshing[f] = n->refreshing[f] || enhanced;
	adjout_member_refresh(&n->m.out, (enum family)f, n->refreshing[f]);
}

static void
step_policy(struct model *mo)
{
	static const uint32_t which[] = {ADJOUT_PATHS_ALL, ADJOUT_PATHS_ECMP, 1, 2, 4};
	uint32_t no = rnd(mo, NGROUP);

	mo->policy_step = mo->step;
	if (rnd(mo, 3) == 0) {
		mo->w.outside++;
		for (no = 0; no < NGROUP; no++)
			if (mo->group[no] != NULL && !world_memoize(mo->policy_of[no]))
				adjout_group_refilter(&mo->group[no]->out, NULL, false);
		return;
	}
	if (mo->group[no] != NULL)
		adjout_flush(&mo->group[no]->out);
	mo->policy_of[no] = rnd(mo, NPOLICY);
	mo->which_of[no] = which[rnd(mo, ARRAY_LEN(which))];
	struct adjout_key key = key_of(mo, no);
	if (mo->group[no] != NULL)
		adjout_group_refilter(&mo->group[no]->out, &key, world_memoize(mo->policy_of[no]));
}

static void
step_limit(struct model *mo, struct neighbor *n)
{
	uint32_t no = n->up && rnd(mo, 2) == 0 ? n->policy : NSHARED + rnd(mo, NGROUP - NSHARED);

	if (SOLE(no) == 0)
		return;
	mo->policy_step = mo->step;
	for (unsigned f = 1; f <= NFAMILY; f++) {
		uint32_t limit = rnd(mo, 4) == 0 ? rnd(mo, NPREFIX + 2) : rnd(mo, NPREFIX / 3);
		struct neighbor *sole = &mo->n[SOLE(no) - 1];
		if (sole->up && sole->policy == no && limit < mo->limit_of[no][f])
			sole->strict[f] = false;
		mo->limit_of[no][f] = limit;
	}
	if (mo->group[no] != NULL)
		set_limits(mo, no);
}

static void
step_route(struct model *mo)
{
	uint32_t lane = 1 + rnd(mo, NLANE - 1);
	uint16_t source = world_source(lane);
	uint32_t set = rnd(mo, 3) == 0 ? 0 : set_make(rnd(mo, 8), 1 + rnd(mo, 12), 0, 0);

	if (source <= NMEMBER && !mo->n[source - 1].up)
		set = 0;
	world_path(&mo->w, &mo->l, 1 + rnd(mo, NFAMILY), rnd(mo, NPREFIX), lane, set, mo->step);
}

/* Lets everything run dry, and compares. */
static void
step_settle(struct model *mo)
{
	bool busy = true;

	for (int rounds = 0; busy; rounds++) {
		ASSERT(rounds < 100000);
		busy = false;
		while (world_decide(&mo->w, &mo->l, 1 + rnd(mo, WORLD_TOLD_MAX)))
			busy = true;
		group_list_flush(&mo->l, false);
		busy = group_list_drain(&mo->l, rnd(mo, 2) == 0, 1 + rnd(mo, 200)) || busy;
		for (unsigned i = 0; i < NMEMBER; i++)
			while (mo->n[i].up && pull(mo, &mo->n[i], 5000))
				busy = true;
		for (unsigned i = 0; i < NGROUP; i++)
			busy = busy || (mo->group[i] != NULL && !adjout_group_idle(&mo->group[i]->out));
	}
	for (unsigned i = 0; i < NMEMBER; i++)
		for (unsigned f = 1; mo->n[i].up && f <= NFAMILY; f++) {
			ASSERT(mo->n[i].eor_step[f] == 0 && !mo->n[i].refreshing[f]);
			for (unsigned p = 0; p < NPREFIX; p++)
				compare(mo, &mo->n[i], "at rest", f, p, true);
			compare_count(mo, &mo->n[i], f);
			compare_limit(mo, &mo->n[i], f);
		}
	for (unsigned i = 0; i < NMEMBER; i++)
		mo->n[i].rest_step = mo->step;
}

static void
step_neighbor(struct model *mo)
{
	struct neighbor *n = &mo->n[rnd(mo, NMEMBER)];
	uint32_t what = rnd(mo, 100);

	if (!n->up) {
		if (what < 20)
			step_up(mo, n);
	} else if (n->reset || what < 2) {
		mo->seen_reset += n->reset;
		step_down(mo, n);
	} else if (what < 6) {
		n->wanted = pick_group(mo, n);
		step_move(mo, n);
	} else if (what < 11) {
		step_refresh(mo, n);
	} else if (what < 12) {
		step_limit(mo, n);
	} else if (what < 50 || n->m.out.source % 4 != 0) {
		/* Every fourth reads seldom. */
		ASSERT(n->awake || group_member_dry(&n->m) || (n->m.attached && n->m.group->wake));
		if (!pull(mo, n, 1 + rnd(mo, 3000)))
			n->awake = false;
	}
}

static void
step(struct model *mo)
{
	uint32_t what = rnd(mo, 1000);

	mo->step++;
	if (what < 400)
		step_route(mo);
	else if (what < 600)
		world_decide(&mo->w, &mo->l, 1 + (rnd(mo, 4) == 0 ? rnd(mo, WORLD_TOLD_MAX) : 0));
	else if (what < 650)
		group_list_flush(&mo->l, rnd(mo, 2) == 0);
	else if (what < 720)
		group_list_drain(&mo->l, rnd(mo, 2) == 0, 1 + rnd(mo, 60));
	else if (what < 980)
		step_neighbor(mo);
	else if (what < 985)
		step_policy(mo);
	else if (what < 995)
		group_list_tick(&mo->l, mo->now_s += rnd(mo, 4));
	else
		step_settle(mo);
	mo->seen_detach += mo->l.adjout.ndetached > 0;
}

int
main(int argc, char **argv)
{
	static const struct adjout_view view = {.current = view_current,
						.paths = view_paths,
						.next_id = view_next_id,
						.out = view_out,
						.attr_ref = view_ref,
						.attr_unref = view_unref,
						.out_ref = view_ref,
						.out_unref = view_unref,
						.nexthop = view_nexthop,
						.fetch_refs = view_fetch_refs,
						.fetch = view_fetch,
						.unpin = view_unpin,
						.mark = view_mark,
						.done = view_done};
	struct model *mo = xcalloc(1, sizeof *mo);
	struct adjout_view v = view;
	struct group_ops ops = {.ctx = mo,
				.encode = ops_encode,
				.mark = ops_mark,
				.wake = ops_wake,
				.too_slow = ops_too_slow,
				.starved = ops_starved,
				.too_long = ops_too_long};

	unsigned long long seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
	unsigned long long steps = argc > 2 ? strtoull(argv[2], NULL, 10) : 20000;
	mo->rng = seed;
	v.ctx = mo;
	group_list_init(&mo->l, &v, &ops);
	mo->l.ring_max = 1000 + rnd(mo, 20000);
	mo->l.private_max = 500 + rnd(mo, 5000);
	mo->l.adjout.detached_max = 1 + rnd(mo, 4);
	mo->l.adjout.kept_max = rnd(mo, 6);
	for (unsigned i = 0; i < NGROUP; i++) {
		mo->policy_of[i] = i % NPOLICY;
		mo->which_of[i] = i % 2 == 0 ? ADJOUT_PATHS_ALL : 2;
		mo->limit_of[i][FAMILY_IPV4] = mo->limit_of[i][FAMILY_IPV6] = NPREFIX / 4;
	}
	for (; steps > 0; steps--)
		step(mo);
	step_settle(mo);

	/* Nothing may be left over: neither references nor pins. */
	mo->step++;
	for (unsigned i = 0; i < NMEMBER; i++)
		if (mo->n[i].up)
			step_down(mo, &mo->n[i]);
	for (unsigned f = 1; f <= NFAMILY; f++)
		for (unsigned p = 0; p < NPREFIX; p++)
			for (uint32_t lane = 1; lane < NLANE; lane++)
				world_path(&mo->w, &mo->l, f, p, lane, 0, mo->step);
	step_settle(mo);
	for (int i = 0; i < 2; i++) {
		adjout_tick(&mo->l.adjout);
		while (adjout_reap(&mo->l.adjout, true, 1000))
			;
	}
	for (unsigned i = 0; i < ARRAY_LEN(mo->w.refs); i++)
		ASSERT(mo->w.refs[i] == 0);
	for (unsigned f = 1; f <= NFAMILY; f++)
		for (unsigned p = 0; p < NPREFIX; p++)
			ASSERT(mo->w.by_id[f][p] == 0);
	group_list_fini(&mo->l);
	printf("seed %llu: %llu steps, %llu comparisons, %llu End-of-RIB, %llu EoRR, %llu resets, %llu held back, detached in "
	       "%llu steps\n",
	       seed, (unsigned long long)mo->step, (unsigned long long)mo->checks,
	       (unsigned long long)mo->seen_eor, (unsigned long long)mo->seen_eorr,
	       (unsigned long long)mo->seen_reset, (unsigned long long)mo->seen_held, (unsigned long long)mo->seen_detach);
	free(mo);
	return 0;
}
