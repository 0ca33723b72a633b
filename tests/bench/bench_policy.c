/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_policy: what an import policy costs a route: bench_policy [ROUTES [RUNS]].
 *
 * The rules of `bgpbench policy`: an AS nobody wants, a community that adds another, a list of a thousand
 * prefixes that adds one. Eleven routes to an attribute set, in the order in which UPDATEs bring them.
 */
#include <stdlib.h>

#include "lib/buf.h"
#include "lib/mem.h"
#include "rib/policy_memo.h"
#include "tests/bench/bench.h"

#define SET_ROUTES 11
#define ENTRIES    1000
#define UNWANTED   65666
#define MARK       666

struct world {
	struct bench bench;
	struct attr_table attrs;
	struct policy_memo *memo;
	struct policy *rules, *plain; /* plain: without the list */
	uint32_t n, n_sets;
	struct ip_prefix *prefixes;
	attr_id *sets, *out;
};

static attr_id
make_set(struct attr_table *t, uint64_t r)
{
	uint8_t mem[128], *path_len;
	struct wbuf w = wbuf_of(mem, sizeof(mem));
	unsigned hops = 2 + (unsigned)(r % 7), communities = 1 + (unsigned)(r >> 8) % 6;

	wbuf_put(
	    &w,
	    (const uint8_t[]){ATTR_FLAG_TRANSITIVE, ATTR_ORIGIN, 1, 0, ATTR_FLAG_TRANSITIVE, ATTR_AS_PATH},
	    6);
	path_len = mem + w.len;
	wbuf_put(&w, (const uint8_t[]){0, ASPATH_SEQUENCE, (uint8_t)hops}, 3);
	for (unsigned i = 0; i < hops; i++)
		wbuf_u32(&w, i == 1 && (r >> 16) % 8 == 0 ? UNWANTED : 1 + (uint32_t)(r >> (20 + i)) % 60000);
	*path_len = (uint8_t)(2 + 4 * hops);
	wbuf_put(&w,
		 (const uint8_t[]){ATTR_FLAG_OPTIONAL | ATTR_FLAG_TRANSITIVE, ATTR_COMMUNITIES,
				   (uint8_t)(4 * communities)},
		 3);
	for (unsigned i = 0; i < communities; i++)
		wbuf_u32(&w,
			 65000u << 16 |
			     (i == 0 && (r >> 16) % 8 == 1 ? MARK : 1000 + (uint32_t)(r >> 30) % 1000 + i));
	return attr_intern(t, 0, NULL, mem, w.len);
}

static struct ip_prefix
random_prefix(uint64_t *rnd)
{
	struct ip_addr a = ip_addr_v4((uint32_t)(bench_random(rnd) >> 20));
	uint64_t r = bench_random(rnd) >> 20;

	return ip_prefix_from_addr(&a, r % 10 < 6 ? 24 : 16 + (unsigned)(r >> 8) % 8);
}

static void
add_rule(struct policy *p, const struct policy_match *m, uint16_t community, enum policy_action action)
{
	const struct community_pattern add = {.kind = COMMUNITY_STD,
					      .part = {{65000, 65000}, {community, community}}};
	struct policy_rule r = {.matches = (struct policy_match *)(uintptr_t)m,
				.n_matches = m != NULL,
				.action = (uint8_t)action};

	if (community != 0)
		r.set = (struct policy_set){.has = POLICY_SET_ADD_COMMUNITIES, .add = &add, .add_n = 1};
	policy_add(p, &r);
}

static struct policy *
make_policy(struct world *w, bool with_list)
{
	struct policy *p = policy_new(&w->attrs, "rules");
	struct aspath_token token = {.lo = UNWANTED, .hi = UNWANTED};
	struct aspath_set *paths = aspath_set_new(&(struct aspath_pattern){.n = 1, .tokens = &token}, 1);
	struct community_set *marked = community_set_new(
	    &(struct community_pattern){.kind = COMMUNITY_STD, .part = {{65000, 65000}, {MARK, MARK}}}, 1);
	struct prefix_set_entry e[ENTRIES];

	for (unsigned i = 0; i < ENTRIES; i++) {
		e[i] = (struct prefix_set_entry){.prefix = w->prefixes[i * (w->n / ENTRIES)], .max_len = 24};
		e[i].prefix.len = (uint8_t)(e[i].prefix.len - 3);
		ip_prefix_mask(&e[i].prefix);
		e[i].min_len = e[i].prefix.len;
	}
	struct prefix_set *listed = prefix_set_new(e, ENTRIES);
	add_rule(p, &(struct policy_match){.key = POLICY_MATCH_ASPATH_SET, .n = 1, .aspath_sets = &paths}, 0,
		 POLICY_REJECT);
	add_rule(p,
		 &(struct policy_match){.key = POLICY_MATCH_COMMUNITY_SET, .n = 1, .community_sets = &marked},
		 200, POLICY_NEXT);
	if (with_list)
		add_rule(
		    p, &(struct policy_match){.key = POLICY_MATCH_PREFIX_SET, .n = 1, .prefix_sets = &listed},
		    100, POLICY_ACCEPT);
	add_rule(p, NULL, 0, POLICY_ACCEPT);
	prefix_set_unref(listed);
	community_set_unref(marked);
	aspath_set_unref(paths);
	return p;
}

/* As bgpd/import does: what came of an outcome before is not asked for again. */
struct verdicts {
	struct policy_memo_entry *entry;
	uint32_t known;
	attr_id attr[POLICY_MEMO_OUTCOMES];
};

static attr_id
judge_remembered(struct world *w, struct policy *p, struct verdicts *v, const struct policy_input *in)
{
	int outcome = policy_memo_outcome(v->entry, &in->prefix);
	struct policy_result res;

	if (outcome >= 0 && v->known >> outcome & 1)
		return v->attr[outcome] != ATTR_NONE ? attr_ref(&w->attrs, v->attr[outcome]) : ATTR_NONE;
	outcome = policy_memo_judge(w->memo, v->entry, &p, 1, in, &res);
	if (outcome >= 0) {
		v->known |= 1u << outcome;
		v->attr[outcome] = res.attr;
	}
	return res.attr;
}

static void
run_policy(struct world *w, struct policy *p, bool memo, uint32_t each, const char *what)
{
	uint32_t reads = policy_reads(&p, 1);
	struct policy_input in = {.default_local_pref = 100};
	struct verdicts v = {0};
	struct policy_result res;

	bench_start(&w->bench);
	for (uint32_t i = 0; i < w->n; i += each) {
		in.attr = w->sets[i / SET_ROUTES];
		in.prefix = w->prefixes[i];
		if (memo && i % SET_ROUTES == 0) {
			v.entry = policy_memo_open(w->memo, reads, reads, &in);
			v.known = 0;
		}
		if (memo) {
			w->out[i] = judge_remembered(w, p, &v, &in);
		} else {
			policy_run(&p, 1, &in, &res);
			w->out[i] = res.attr;
		}
	}
	bench_stop(&w->bench, what, w->n / each);
	for (uint32_t i = 0; i < w->n; i += each)
		attr_unref(&w->attrs, w->out[i]);
	policy_memo_clear(w->memo);
}

static void
run(struct world *w)
{
	run_policy(w, w->rules, false, 1, "each route");
	run_policy(w, w->rules, true, 1, "each route, remembered");
	run_policy(w, w->plain, true, SET_ROUTES, "without a list, each set");
	run_policy(w, w->rules, true, SET_ROUTES, "one route of each set");
}

int
main(int argc, char **argv)
{
	struct world w = {.n = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 300000};
	unsigned runs = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 5;
	uint64_t rnd = 88172645463325252ull;

	if (w.n < ENTRIES)
		w.n = ENTRIES;
	w.n_sets = w.n / SET_ROUTES + 1;
	w.prefixes = xcalloc(w.n, sizeof(*w.prefixes));
	w.out = xcalloc(w.n, sizeof(*w.out));
	w.sets = xcalloc(w.n_sets, sizeof(*w.sets));
	attr_table_init(&w.attrs, 1, NULL);
	w.memo = policy_memo_new(&w.attrs);
	for (uint32_t i = 0; i < w.n; i++)
		w.prefixes[i] = random_prefix(&rnd);
	for (uint32_t i = 0; i < w.n_sets; i++)
		w.sets[i] = make_set(&w.attrs, bench_random(&rnd));
	w.rules = make_policy(&w, true);
	w.plain = make_policy(&w, false);
	for (unsigned i = 0; i < runs; i++)
		run(&w);
	bench_print(&w.bench);
	policy_memo_free(w.memo);
	policy_unref(w.rules);
	policy_unref(w.plain);
	for (uint32_t i = 0; i < w.n_sets; i++)
		attr_unref(&w.attrs, w.sets[i]);
	attr_table_fini(&w.attrs);
	free(w.prefixes);
	free(w.out);
	free(w.sets);
	return 0;
}
