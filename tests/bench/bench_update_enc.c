/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_update_enc: what a prefix costs on its way out: bench_update_enc [PREFIXES [RUNS]].
 *
 * Encoded into UPDATEs and put into chunks, as an export group does it: many prefixes with one attribute set,
 * eleven with each as a full table has them, and a set for each; IPv4 and IPv6, with and without path ids
 * (ADD-PATH). The prefixes lie in an array: what the RIB's records cost is bench_rib's affair.
 */
#include <stdlib.h>

#include "bgpd/attr_codec.h"
#include "bgpd/chunk.h"
#include "bgpd/msg.h"
#include "bgpd/update_enc.h"
#include "lib/mem.h"
#include "tests/bench/bench.h"

#define SET_MAX  256
#define SETS     4096 /* canonical attribute sets, used in turn */
#define AS_A_SET 11

struct set {
	size_t len;
	uint8_t octets[SET_MAX];
};

struct world {
	struct bench bench;
	uint32_t n;
	struct nlri *prefixes[FAMILY_COUNT];
	struct set *sets;
	struct chunk_pool pool;
	struct chunk *chunk;
};

/* ORIGIN, AS_PATH of two to eight, MED on half, communities on three quarters. */
static void
make_set(struct set *s, uint64_t r)
{
	struct wbuf w = wbuf_of(s->octets, sizeof(s->octets));
	unsigned path = 2 + (unsigned)(r % 7),
		 communities = (r >> 41 & 3) == 0 ? 0 : 1 + (unsigned)(r >> 43) % 6;

	wbuf_put(&w, (const uint8_t[]){ATTR_FLAG_TRANSITIVE, ATTR_ORIGIN, 1, ATTR_ORIGIN_IGP}, 4);
	wbuf_put(
	    &w,
	    (const uint8_t[]){ATTR_FLAG_TRANSITIVE, ATTR_AS_PATH, (uint8_t)(2 + 4 * path), 2, (uint8_t)path},
	    5);
	for (unsigned i = 0; i < path; i++)
		wbuf_u32(&w, 1 + (uint32_t)(r >> (8 + i)) % 400000);
	if (r >> 40 & 1) {
		wbuf_put(&w, (const uint8_t[]){ATTR_FLAG_OPTIONAL, ATTR_MED, 4}, 3);
		wbuf_u32(&w, (uint32_t)r);
	}
	if (communities > 0)
		wbuf_put(&w,
			 (const uint8_t[]){ATTR_FLAG_OPTIONAL | ATTR_FLAG_TRANSITIVE, ATTR_COMMUNITIES,
					   (uint8_t)(4 * communities)},
			 3);
	for (unsigned c = 0; c < communities; c++)
		wbuf_u32(&w, 65001u << 16 | c * 1000);
	ASSERT(!w.err);
	s->len = w.len;
}

static void
make_prefix(struct nlri *n, enum family f, uint64_t r, uint32_t i)
{
	*n = (struct nlri){.path_id = 1 + i % 4, .prefix = {.family = (uint8_t)f}};
	if (f == FAMILY_IPV4) {
		n->prefix.len = (uint8_t)(r % 10 < 6 ? 24 : 16 + r % 8);
		be32_put(n->prefix.bytes, i << 8);
	} else {
		n->prefix.len = (uint8_t)(r % 10 < 5 ? 48 : 32 + r % 16);
		be64_put(n->prefix.bytes, (0x2000ull << 48) + ((uint64_t)i << 16));
	}
}

static void
put(struct world *w, const struct update_enc *e, const uint8_t *msg, size_t len)
{
	static const struct chunk_for all = {.to = {.who = ADJOUT_ALL}};
	static const struct chunk_self self;

	if (!chunk_fits(w->chunk, len)) {
		chunk_seal(w->chunk);
		chunk_unref(w->chunk);
		w->chunk = chunk_new(&w->pool, &self);
	}
	chunk_add(w->chunk, msg, len, all, e->next_hop_off, e->next_hop_len);
}

/* count prefixes with one set, in as many messages as it takes. */
static void
encode(struct world *w, const struct update_form *form, const struct set *s, const struct nlri *n,
       uint32_t count)
{
	uint8_t msg[BGP_MSG_MAX];
	struct update_enc e;

	update_enc_begin(&e, msg, form, s->octets, s->len);
	for (uint32_t i = 0; i < count; i++) {
		if (update_enc_add(&e, &n[i]))
			continue;
		put(w, &e, msg, update_enc_finish(&e));
		update_enc_begin(&e, msg, form, s->octets, s->len);
		update_enc_add(&e, &n[i]);
	}
	put(w, &e, msg, update_enc_finish(&e));
}

static void
step(struct world *w, enum family f, bool add_path, uint32_t per_set, const char *what)
{
	struct update_form form = {.family = (uint8_t)f,
				   .as4 = true,
				   .add_path = add_path,
				   .max_len = BGP_MSG_MAX,
				   .next_hop = {.family = (uint8_t)f}};

	bench_start(&w->bench);
	for (uint32_t at = 0, set = 0; at < w->n; at += per_set, set++) {
		uint32_t left = w->n - at;
		encode(w, &form, &w->sets[set % SETS], w->prefixes[f] + at, left < per_set ? left : per_set);
	}
	bench_stop(&w->bench, what, w->n);
}

static void
run(struct world *w)
{
	static const struct {
		enum family family;
		bool add_path;
		const char *shared, *eleven, *own;
	} rows[] = {
	    {FAMILY_IPV4, false, "IPv4, one set", "IPv4, eleven a set", "IPv4, a set each"},
	    {FAMILY_IPV4, true, "IPv4, path ids, one set", "IPv4, path ids, eleven a set",
	     "IPv4, path ids, a set each"},
	    {FAMILY_IPV6, false, "IPv6, one set", "IPv6, eleven a set", "IPv6, a set each"},
	    {FAMILY_IPV6, true, "IPv6, path ids, one set", "IPv6, path ids, eleven a set",
	     "IPv6, path ids, a set each"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		step(w, rows[i].family, rows[i].add_path, w->n, rows[i].shared);
		step(w, rows[i].family, rows[i].add_path, AS_A_SET, rows[i].eleven);
		step(w, rows[i].family, rows[i].add_path, 1, rows[i].own);
	}
}

int
main(int argc, char **argv)
{
	static const struct chunk_self self;
	struct world *w = xcalloc(1, sizeof(*w));
	unsigned runs = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 5;
	uint64_t rnd = 88172645463325252ull;

	w->n = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 100000;
	w->sets = xcalloc(SETS, sizeof(*w->sets));
	for (uint32_t i = 0; i < SETS; i++)
		make_set(&w->sets[i], bench_random(&rnd));
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
		w->prefixes[f] = xcalloc(w->n, sizeof(*w->prefixes[f]));
		for (uint32_t i = 0; i < w->n; i++)
			make_prefix(&w->prefixes[f][i], f, bench_random(&rnd), i);
	}
	w->chunk = chunk_new(&w->pool, &self);
	for (unsigned i = 0; i < runs; i++)
		run(w);
	bench_print(&w->bench);
	chunk_unref(w->chunk);
	chunk_pool_fini(&w->pool);
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		free(w->prefixes[f]);
	free(w->sets);
	free(w);
	return 0;
}
