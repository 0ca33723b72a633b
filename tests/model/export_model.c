/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export_model [SEED [STEPS]]: random model check of export groups.
 *
 * Neighbours come, go, lag, refresh and change groups while routes and policies change. What each was told is
 * decoded from the octets that it pulled, one random portion at a time, and must equal the list's best path, or
 * with ADD-PATH those that are to be sent, through its policy whenever everything has run dry, and at End-of-RIB
 * for all prefixes that did not change since that was asked for. Some have a limit of prefixes: which ones they
 * have is up to the groups, but it is never more, not fewer when all has run dry, and those that they have stay.
 * Ids that nobody needs are free. The same arguments give the same run.
 */
#include "tests/model/export_model.h"

#include "lib/buf.h"
#include "lib/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t
rnd(struct model *mo, uint32_t below)
{
	/* splitmix64 */
	uint64_t z = mo->rng += 0x9e3779b97f4a7c15ull;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return (uint32_t)((z ^ z >> 31) >> 32) % below;
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
		told_feed(mo, n, iov[i].iov_base, take);
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

/* A shared one, or one of its own. In a crowd most have the same. */
static uint32_t
pick_group(struct model *mo, const struct neighbor *n)
{
	if (mo->crowd.left > 0 && rnd(mo, 8) != 0)
		return mo->crowd.group;
	if (rnd(mo, 3) != 0)
		return rnd(mo, NSHARED);
	return NSHARED + (uint32_t)(n - mo->n) * NCLASS + rnd(mo, NCLASS);
}

static void
step_read(struct model *mo, struct neighbor *n)
{
	ASSERT(n->awake || group_member_dry(&n->m) || (n->m.attached && n->m.group->wake));
	if (!pull(mo, n, 1 + rnd(mo, 3000)))
		n->awake = false;
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

/* Nobody has its id any more, or somebody still needs it: an id that is forgotten would never be used again. */
static void
check_pins(const struct model *mo)
{
	uint16_t source;

	for (unsigned f = 1; f <= NFAMILY; f++)
		for (unsigned i = 0; i < NPREFIX; i++) {
			const struct world_prefix *p = &mo->w.prefix[f][i];
			if (p->id == 0 || p->dirty || world_best(p, &source) != 0 ||
			    adjout_pins(&mo->l.adjout, (enum family)f, p->id))
				continue;
			fprintf(stderr, "step %llu: family %u prefix %u: nobody needs its id, and it is not free\n",
				(unsigned long long)mo->step, f, i);
			abort();
		}
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
		if (mo->n[i].up)
			told_compare(mo, &mo->n[i]);
	for (unsigned i = 0; i < NMEMBER; i++)
		mo->n[i].rest_step = mo->step;
	check_pins(mo);
}

/*
 * A crowd is a time at which most share a group, some of them do not read at all, all come, go and move often, and
 * prefixes disappear and come back: whoever is behind owes something of ids that are used again.
 */
static void
crowd_begin(struct model *mo)
{
	mo->crowd.left = 100 + rnd(mo, 400);
	mo->crowd.group = rnd(mo, NSHARED);
	mo->crowd.prefix = rnd(mo, NPREFIX - CROWD_PREFIXES);
	for (unsigned i = 0; i < NMEMBER; i++)
		mo->crowd.stuck[i] = rnd(mo, 3) == 0;
	mo->l.ring_max = 1500 + rnd(mo, rnd(mo, 2) == 0 ? 1500 : 20000);
	mo->l.private_max = 500 + rnd(mo, rnd(mo, 2) == 0 ? 500 : 5000);
}

/* If anybody has the prefix all give it up, else somebody announces it. */
static void
crowd_route(struct model *mo)
{
	unsigned f = 1 + rnd(mo, NFAMILY), p = mo->crowd.prefix + rnd(mo, CROWD_PREFIXES);
	uint32_t lane = 1 + rnd(mo, NLANE - 1);
	uint16_t source = world_source(lane);
	bool any = world_best(&mo->w.prefix[f][p], &source) != 0;

	for (uint32_t i = 1; any && i < NLANE; i++)
		world_path(&mo->w, &mo->l, f, p, i, 0, mo->step);
	source = world_source(lane);
	if (!any && (source > NMEMBER || mo->n[source - 1].up))
		world_path(&mo->w, &mo->l, f, p, lane, set_make(rnd(mo, 8), 1 + rnd(mo, 12), 0, 0), mo->step);
}

static void
step_crowd(struct model *mo, struct neighbor *n)
{
	uint32_t what = rnd(mo, 1000);

	mo->crowd.left--;
	if (what < 300)
		crowd_route(mo);
	else if (what < 550)
		world_decide(&mo->w, &mo->l, 1 + (rnd(mo, 4) == 0 ? rnd(mo, WORLD_TOLD_MAX) : 0));
	else if (what < 600)
		group_list_flush(&mo->l, rnd(mo, 2) == 0);
	else if (what < 700)
		group_list_drain(&mo->l, rnd(mo, 2) == 0, 1 + rnd(mo, 60));
	else if (what < 720)
		group_list_tick(&mo->l, mo->now_s += rnd(mo, 4));
	else if (!n->up)
		step_up(mo, n);
	else if (what < 750)
		step_down(mo, n);
	else if (what < 770) {
		n->wanted = pick_group(mo, n);
		step_move(mo, n);
	} else if (what < 790)
		step_refresh(mo, n);
	else if (!mo->crowd.stuck[n - mo->n])
		step_read(mo, n);
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
		step_read(mo, n);
	}
}

static void
step(struct model *mo)
{
	uint32_t what = rnd(mo, 1000);

	mo->step++;
	if (mo->crowd.left > 0)
		step_crowd(mo, &mo->n[rnd(mo, NMEMBER)]);
	else if (what < 1)
		crowd_begin(mo);
	else if (what < 400)
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
	check_pins(mo);
	mo->seen_crowd += mo->crowd.left > 0;
	mo->seen_detach += mo->l.adjout.ndetached > 0;
}

int
main(int argc, char **argv)
{
	struct model *mo = xcalloc(1, sizeof *mo);
	struct adjout_view v = export_view;
	struct group_ops ops = export_ops;

	unsigned long long seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
	unsigned long long steps = argc > 2 ? strtoull(argv[2], NULL, 10) : 20000;
	mo->rng = seed;
	v.ctx = ops.ctx = mo;
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
	mo->crowd.left = 0;
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
	printf("seed %llu: %llu steps, %llu comparisons, %llu End-of-RIB, %llu EoRR, %llu resets, %llu held back, %llu ids "
	       "reused, crowds in %llu steps, detached in %llu\n",
	       seed, (unsigned long long)mo->step, (unsigned long long)mo->checks,
	       (unsigned long long)mo->seen_eor, (unsigned long long)mo->seen_eorr,
	       (unsigned long long)mo->seen_reset, (unsigned long long)mo->seen_held,
	       (unsigned long long)mo->w.reused, (unsigned long long)mo->seen_crowd, (unsigned long long)mo->seen_detach);
	free(mo);
	return 0;
}
