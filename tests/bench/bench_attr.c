/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_attr: what an attribute block costs on its way in: bench_attr [BLOCKS [RUNS]].
 *
 * UPDATEs as a full table brings them: ORIGIN, AS_PATH of two to eight, NEXT_HOP, MED on half, communities on three
 * quarters, eleven prefixes behind. Decoded (framing apart), then their canonical forms interned as new, interned again
 * while they are there, and given back.
 */
#include <stdlib.h>

#include "bgpd/attr_codec.h"
#include "lib/buf.h"
#include "lib/mem.h"
#include "tests/bench/bench.h"

#define BODY_MAX 512
#define PREFIXES 11

struct block {
	uint16_t body_len, canon_len;
	uint8_t body[BODY_MAX], canon[BODY_MAX];
};

struct world {
	struct bench bench;
	uint32_t n;
	struct block *blocks;
	attr_id *ids;
	struct attr_scratch scratch;
};

static const struct attr_session session = {
    .external = true, .as4 = true, .families = 1u << FAMILY_IPV4, .first_as = 65001};

static void
put_path(struct wbuf *w, uint64_t r)
{
	unsigned n = 2 + (unsigned)(r % 7);

	wbuf_put(w, (const uint8_t[]){ATTR_FLAG_TRANSITIVE, ATTR_AS_PATH, (uint8_t)(2 + 4 * n), 2, (uint8_t)n}, 5);
	wbuf_u32(w, 65001);
	for (unsigned i = 1; i < n; i++)
		wbuf_u32(w, 1 + (uint32_t)(r >> (8 + i)) % 400000);
}

static void
put_attributes(struct wbuf *w, uint64_t r, uint32_t i)
{
	wbuf_put(w, (const uint8_t[]){ATTR_FLAG_TRANSITIVE, ATTR_ORIGIN, 1, ATTR_ORIGIN_IGP}, 4);
	put_path(w, r);
	wbuf_put(w, (const uint8_t[]){ATTR_FLAG_TRANSITIVE, ATTR_NEXT_HOP, 4, 10, 0, 0, 1}, 7);
	if (r >> 40 & 1) {
		wbuf_put(w, (const uint8_t[]){ATTR_FLAG_OPTIONAL, ATTR_MED, 4}, 3);
		wbuf_u32(w, i);
	}
	if ((r >> 41 & 3) == 0)
		return;
	unsigned n = 1 + (unsigned)(r >> 43) % 6;
	wbuf_put(w,
		 (const uint8_t[]){ATTR_FLAG_OPTIONAL | ATTR_FLAG_TRANSITIVE, ATTR_COMMUNITIES, (uint8_t)(4 * n)},
		 3);
	for (unsigned c = 0; c < n; c++)
		wbuf_u32(w, 65001u << 16 | (i + c * 1000) % 65536);
}

static void
make_block(struct block *b, uint64_t *rnd, uint32_t i)
{
	struct wbuf w = wbuf_of(b->body, sizeof(b->body));

	wbuf_u32(&w, 0); /* no withdrawn routes; the attributes' length comes later */
	put_attributes(&w, bench_random(rnd), i);
	be16_put(b->body + 2, (uint16_t)(w.len - 4));
	for (int p = 0; p < PREFIXES; p++) {
		wbuf_u8(&w, 24);
		wbuf_put(&w, (const uint8_t[]){20, (uint8_t)i, (uint8_t)p}, 3);
	}
	ASSERT(!w.err);
	b->body_len = (uint16_t)w.len;
}

static void
decode(struct world *w, struct block *b, struct update_in *u)
{
	update_decode(&session, b->body, b->body_len, &w->scratch, u);
	ASSERT(u->outcome == ATTR_OK);
}

static void
intern(struct world *w, struct attr_table *t, const char *what)
{
	bench_start(&w->bench);
	for (uint32_t i = 0; i < w->n; i++)
		w->ids[i] = attr_intern(t, ATTR_NEXTHOP_NONE, NULL, w->blocks[i].canon, w->blocks[i].canon_len);
	bench_stop(&w->bench, what, w->n);
}

static void
unref(struct world *w, struct attr_table *t, const char *what)
{
	bench_start(&w->bench);
	for (uint32_t i = 0; i < w->n; i++)
		attr_unref(t, w->ids[i]);
	bench_stop(&w->bench, what, w->n);
}

static void
run(struct world *w)
{
	struct attr_table t;
	struct update_in u;

	bench_start(&w->bench);
	for (uint32_t i = 0; i < w->n; i++)
		decode(w, &w->blocks[i], &u);
	bench_stop(&w->bench, "decode UPDATE", w->n);
	for (uint32_t i = 0; i < w->n; i++) {
		struct block *b = &w->blocks[i];
		decode(w, b, &u);
		ASSERT(u.attrs_len <= sizeof(b->canon));
		memcpy(b->canon, u.attrs, u.attrs_len);
		b->canon_len = (uint16_t)u.attrs_len;
	}
	attr_table_init(&t, 4711, NULL);
	intern(w, &t, "intern, new set");
	intern(w, &t, "intern, known set");
	unref(w, &t, "unref, others are left");
	unref(w, &t, "unref, last one");
	attr_table_fini(&t);
}

int
main(int argc, char **argv)
{
	struct world *w = xcalloc(1, sizeof(*w));
	unsigned runs = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 3;
	uint64_t rnd = 88172645463325252ull;

	w->n = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 88000;
	w->blocks = xcalloc(w->n, sizeof(*w->blocks));
	w->ids = xcalloc(w->n, sizeof(*w->ids));
	for (uint32_t i = 0; i < w->n; i++)
		make_block(&w->blocks[i], &rnd, i);
	for (unsigned i = 0; i < runs; i++)
		run(w);
	bench_print(&w->bench);
	free(w->blocks);
	free(w->ids);
	free(w);
	return 0;
}
