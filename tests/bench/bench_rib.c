/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_rib: what the RIB costs a route: bench_rib [ROUTES [RUNS]].
 *
 * Random IPv4 prefixes, six in ten a /24, twelve to an attribute set, applied in
 * the portions in which a busy session hands them over.
 */
#include <stdlib.h>

#include "tests/bench/bench.h"
#include "tests/unit/ribtest.h"

#define PORTION    4096
#define SET_ROUTES 12

struct world {
	struct bench bench;
	struct ribtest t;
	struct rib_source *a, *b;
	uint32_t n;
	struct ip_prefix *prefixes;
	attr_id *sets; /* one for SET_ROUTES prefixes */
	uint64_t changes;
};

static void
count_change(void *ctx, struct rib_change *c, unsigned n)
{
	(void)c;
	((struct world *)ctx)->changes += n;
}

static struct ip_prefix
random_prefix(uint64_t *rnd)
{
	uint64_t r = bench_random(rnd);
	struct ip_prefix p = {.family = FAMILY_IPV4, .len = 24};

	if (r % 10 >= 6)
		p.len = (uint8_t)(16 + (r >> 8) % 8);
	memcpy(p.bytes, &r, 4);
	p.bytes[0] = (uint8_t)(1 + p.bytes[0] % 222);
	ip_prefix_mask(&p);
	return p;
}

static attr_id
set_of(struct world *w, uint32_t i, uint32_t salt)
{
	return ribtest_attr(&w->t.attrs, &(struct ribtest_attr){
					     .as = {65001, 1 + i % 60000, 100 + i / 60000, 7},
					     .has_med = true,
					     .med = i,
					     .local_pref = 100 + salt,
					 });
}

static uint32_t
set_count(const struct world *w)
{
	return (w->n + SET_ROUTES - 1) / SET_ROUTES;
}

static void
make_sets(struct world *w, uint32_t salt, const char *what)
{
	bench_start(&w->bench);
	for (uint32_t i = 0; i < set_count(w); i++)
		w->sets[i] = set_of(w, i, salt);
	bench_stop(&w->bench, what, set_count(w));
}

static void
drop_sets(struct world *w)
{
	for (uint32_t i = 0; i < set_count(w); i++)
		attr_unref(&w->t.attrs, w->sets[i]);
}

/* All prefixes from one source, announced with the sets or withdrawn, in portions as they come from a socket. */
static void
apply(struct world *w, struct rib_source *s, bool withdraw, const char *what)
{
	static struct rib_op ops[PORTION];

	bench_start(&w->bench);
	for (uint32_t i = 0; i < w->n;) {
		unsigned n = 0;
		for (; n < PORTION && i < w->n; n++, i++) {
			attr_id attr = withdraw ? ATTR_NONE : w->sets[i / SET_ROUTES];
			ops[n] = (struct rib_op){.prefix = w->prefixes[i],
						 .withdraw = withdraw,
						 .hash = rib_hash(w->t.rib, &w->prefixes[i]),
						 .received = attr,
						 .effective = attr};
		}
		rib_apply(w->t.rib, s, ops, n, 1, RIB_BULK);
	}
	bench_stop(&w->bench, what, w->n);
}

static void
decide(struct world *w, const char *what)
{
	uint32_t n = rib_dirty_count(w->t.rib, RIB_BULK);

	bench_start(&w->bench);
	while (rib_decide_run(w->t.rib, RIB_BULK, 512) > 0)
		;
	bench_stop(&w->bench, what, n);
}

static void
run(struct world *w)
{
	ribtest_init(&w->t, &(struct rib_callbacks){.change = count_change, .ctx = w});
	w->a = ribtest_peer(&w->t, RIB_PEER_EBGP, 1, "10.0.0.1");
	w->b = ribtest_peer(&w->t, RIB_PEER_EBGP, 2, "10.0.0.2");
	make_sets(w, 0, "attribute set, new");
	apply(w, w->a, false, "announce, new prefix");
	decide(w, "decide, new prefix");
	apply(w, w->a, false, "announce, as before");
	apply(w, w->b, false, "announce, second path");
	decide(w, "decide, two paths");
	apply(w, w->b, true, "withdraw, second path");
	decide(w, "decide, one again");
	drop_sets(w);
	make_sets(w, 1, "attribute set, another");
	apply(w, w->a, false, "announce, other attributes");
	decide(w, "decide, other attributes");
	apply(w, w->a, true, "withdraw, last path");
	decide(w, "decide, prefix gone");
	drop_sets(w);
	ribtest_fini(&w->t);
}

int
main(int argc, char **argv)
{
	struct world w = {.n = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1000000};
	unsigned runs = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 3;
	uint64_t rnd = 88172645463325252ull;

	w.prefixes = xcalloc(w.n, sizeof(*w.prefixes));
	w.sets = xcalloc(set_count(&w), sizeof(*w.sets));
	for (uint32_t i = 0; i < w.n; i++)
		w.prefixes[i] = random_prefix(&rnd);
	for (unsigned i = 0; i < runs; i++)
		run(&w);
	bench_print(&w.bench);
	free(w.prefixes);
	free(w.sets);
	return 0;
}
