/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_table: generation and look-up of a made-up Internet table.
 *
 * Called by bgpbench-peer before any clock runs (a look-up also by the sinks). All randomness comes from one
 * xorshift generator seeded by the caller; nothing here depends on time or on
 * the machine. The shares below are round numbers near those of public route
 * collectors. Special-use addresses are RFC 6890's, reserved AS numbers those of
 * RFC 6996, 5398, 7300 and AS_TRANS (RFC 6793).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "tools/bench_table.h"

#define SET_SIZE_MAX 10000u

struct rng {
	uint64_t s;
};

static uint64_t
rng_next(struct rng *r)
{
	r->s ^= r->s << 13;
	r->s ^= r->s >> 7;
	r->s ^= r->s << 17;
	return r->s * 0x2545f4914f6cdd1dull;
}

/* 0 to n-1. */
static uint32_t
rng_below(struct rng *r, uint32_t n)
{
	return (uint32_t)((rng_next(r) >> 32) * n >> 32);
}

/* 0 < value <= 1. */
static double
rng_unit(struct rng *r)
{
	return ((double)(rng_next(r) >> 11) + 1.0) / 9007199254740992.0;
}

/* Share of each prefix length, in thousandths; those of a family add up to 1000. */
struct length_share {
	uint8_t len;
	uint16_t permille;
};
static const struct length_share shares_v4[] = {
    {24, 600}, {23, 100}, {22, 112}, {21, 54}, {20, 45}, {19, 26}, {18, 14}, {17, 9},
    {16, 13},  {15, 8},   {14, 7},   {13, 5},  {12, 4},  {11, 1},  {10, 1},  {9, 1},
};
static const struct length_share shares_v6[] = {
    {48, 460}, {32, 130}, {44, 100}, {40, 90}, {36, 55}, {46, 40}, {47, 35}, {29, 35},
    {45, 15},  {42, 15},  {33, 10},  {34, 8},  {38, 5},  {28, 1},  {24, 1},
};

static uint8_t
length_pick(enum family family, struct rng *r)
{
	const struct length_share *s = family == FAMILY_IPV4 ? shares_v4 : shares_v6;
	uint32_t v = rng_below(r, 1000);

	while (v >= s->permille) {
		v -= s->permille;
		s++;
	}
	return s->len;
}

struct special_use {
	uint32_t addr; /* the first 32 bits */
	uint8_t len;
};
static const struct special_use special_v4[] = {
    {0x00000000, 8},  {0x0a000000, 8},  /* this network, private */
    {0x64400000, 10},                   /* shared address space */
    {0x7f000000, 8},  {0xa9fe0000, 16}, /* loopback, link-local */
    {0xac100000, 12}, {0xc0000000, 24}, {0xc0000200, 24}, {0xc0a80000, 16},
    {0xc0586300, 24}, {0xc6120000, 15}, {0xc6336400, 24}, {0xcb007100, 24}, /* benchmarking, documentation */
    {0xe0000000, 3},                                                        /* multicast and above */
};
static const struct special_use special_v6[] = {
    {0x00000000, 3},  {0x40000000, 2}, {0x80000000, 1}, /* not global unicast */
    {0x20010000, 23}, {0x20020000, 16},                 /* protocol assignments, 6to4 */
    {0x20010db8, 32}, {0x3fff0000, 20},                 /* documentation */
};

uint64_t
bench_addr_mask(uint64_t addr, unsigned len)
{
	return len == 0 ? 0 : addr & ~0ull << (64 - len);
}

static bool
prefix_is_special(enum family family, uint64_t addr, uint8_t len)
{
	const struct special_use *s = family == FAMILY_IPV4 ? special_v4 : special_v6;
	size_t n = family == FAMILY_IPV4 ? ARRAY_LEN(special_v4) : ARRAY_LEN(special_v6);

	for (size_t i = 0; i < n; i++) {
		unsigned shorter = len < s[i].len ? len : s[i].len;

		if (bench_addr_mask(addr ^ (uint64_t)s[i].addr << 32, shorter) == 0)
			return true;
	}
	return false;
}

static uint32_t
prefix_hash(uint64_t addr, uint8_t len)
{
	return (uint32_t)hash_u64(len, addr);
}

static uint32_t
route_hash(void *ctx, uint32_t id)
{
	const struct bench_table *t = ctx;

	return prefix_hash(t->routes[id - 1].addr, t->routes[id - 1].len);
}

static bool
route_eq(const void *ctx, uint32_t id, const void *key)
{
	const struct bench_table *t = ctx;
	const struct bench_route *want = key;

	return t->routes[id - 1].addr == want->addr && t->routes[id - 1].len == want->len;
}

int64_t
bench_table_find(const struct bench_table *t, uint64_t addr, uint8_t len)
{
	struct bench_route key = {.addr = addr, .len = len};

	return (int64_t)hidx_find(&t->index, prefix_hash(addr, len), route_eq, t, &key) - 1;
}

bool
bench_table_lone(const struct bench_table *t, uint32_t route, uint32_t *addr)
{
	uint64_t first = t->routes[route].addr | 1ull << 32;

	for (uint8_t len = 1; len <= 32; len++) {
		int64_t found = bench_table_find(t, bench_addr_mask(first, len), len);

		if (found >= 0 && found != route)
			return false;
	}
	*addr = (uint32_t)(first >> 32);
	return true;
}

const char *
bench_prefix_str(enum family family, uint64_t addr, uint8_t len, char *buf, size_t size)
{
	struct ip_prefix p = {.len = len, .family = (uint8_t)family};

	for (unsigned i = 0; i < (family == FAMILY_IPV4 ? 4 : 8); i++)
		p.bytes[i] = (uint8_t)(addr >> (56 - 8 * i));
	return ip_prefix_str(&p, buf, size);
}

/* A prefix; often the one after the last, as holders announce their blocks in pieces. */
static void
route_pick(enum family family, struct rng *r, const struct bench_route *last, struct bench_route *new)
{
	if (last && rng_below(r, 2) == 0) {
		new->len = last->len;
		new->addr = last->addr + (1ull << (64 - last->len));
		return;
	}
	new->len = length_pick(family, r);
	new->addr = rng_next(r) >> 3;
	/* IPv6: global unicast, 2000::/3. The generator's 61 bits are the rest. */
	new->addr = bench_addr_mask(family == FAMILY_IPV4 ? new->addr << 3 : new->addr | 1ull << 61, new->len);
}

/* One in four is a four-octet number (above AS 65535). */
static uint32_t
as_make(struct rng *r)
{
	uint32_t as;

	if (rng_below(r, 4) == 0)
		return 196608 + rng_below(r, 200000);
	do
		as = 1 + rng_below(r, 63999);
	while (as == 23456);
	return as;
}

static int
u32_cmp(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int
bench_large_cmp(const void *a, const void *b)
{
	const struct bench_large *x = a, *y = b;

	if (x->global != y->global)
		return x->global < y->global ? -1 : 1;
	if (x->local1 != y->local1)
		return x->local1 < y->local1 ? -1 : 1;
	return (x->local2 > y->local2) - (x->local2 < y->local2);
}

void
bench_attrs_normalise(struct bench_attrs *a)
{
	uint8_t n = 0;

	qsort(a->communities, a->community_count, sizeof(a->communities[0]), u32_cmp);
	for (uint8_t i = 0; i < a->community_count; i++)
		if (n == 0 || a->communities[i] != a->communities[n - 1])
			a->communities[n++] = a->communities[i];
	a->community_count = n;

	n = 0;
	qsort(a->larges, a->large_count, sizeof(a->larges[0]), bench_large_cmp);
	for (uint8_t i = 0; i < a->large_count; i++)
		if (n == 0 || bench_large_cmp(&a->larges[i], &a->larges[n - 1]) != 0)
			a->larges[n++] = a->larges[i];
	a->large_count = n;
}

static void
attrs_make(struct bench_attrs *a, struct rng *r, uint32_t first_as)
{
	memset(a, 0, sizeof(*a));
	/* Three dice of 0..2: 2 to 8 hops, most about 5. */
	a->path_count = (uint8_t)(2 + rng_below(r, 3) + rng_below(r, 3) + rng_below(r, 3));
	a->path[0] = first_as;
	for (uint8_t i = 1; i < a->path_count; i++)
		a->path[i] = as_make(r);
	a->origin = rng_below(r, 10) == 0 ? 2 : 0;
	a->has_med = rng_below(r, 3) == 0;
	a->med = a->has_med ? rng_below(r, 1000) : 0;
	if (rng_below(r, 4) != 0) {
		a->community_count = (uint8_t)(1 + rng_below(r, 12));
		for (uint8_t i = 0; i < a->community_count; i++)
			a->communities[i] = (1 + rng_below(r, 63999)) << 16 | rng_below(r, 65536);
	}
	if (rng_below(r, 8) == 0) {
		a->large_count = (uint8_t)(1 + rng_below(r, 4));
		for (uint8_t i = 0; i < a->large_count; i++)
			a->larges[i] =
			    (struct bench_large){as_make(r), rng_below(r, 1000), rng_below(r, 1000)};
	}
	bench_attrs_normalise(a);
}

/*
 * P(size >= k) = k^-0.95 up to 10,000: the sum over k, which is the mean, is
 * about (10000^0.05 - 1) / 0.05 + 0.6 = 12.3. A small table takes a lower limit,
 * so that one set does not fill it.
 */
static uint32_t
set_size_pick(struct rng *r, uint32_t route_count)
{
	uint32_t max = route_count / 20 + 1 < SET_SIZE_MAX ? route_count / 20 + 1 : SET_SIZE_MAX;
	double size = pow(rng_unit(r), -1.0 / 0.95);

	return size < max ? (uint32_t)size : max;
}

struct bench_table *
bench_table_new(enum family family)
{
	struct bench_table *t = xcalloc(1, sizeof(*t));

	hidx_init(&t->index, route_hash, NULL, t);
	t->family = family;
	t->variants = 1;
	return t;
}

void
bench_table_add_set(struct bench_table *t, const struct bench_attrs *a)
{
	if (t->set_count == t->set_cap) {
		t->set_cap = t->set_cap ? t->set_cap * 2 : 1024;
		t->sets = xreallocarray(t->sets, t->set_cap, sizeof(*t->sets));
	}
	t->sets[t->set_count++] = *a;
}

bool
bench_table_add(struct bench_table *t, uint64_t addr, uint8_t len)
{
	if (prefix_is_special(t->family, addr, len) || bench_table_find(t, addr, len) >= 0)
		return false;
	if (t->route_count == t->route_cap) {
		t->route_cap = t->route_cap ? t->route_cap * 2 : 1024;
		t->routes = xreallocarray(t->routes, t->route_cap, sizeof(*t->routes));
	}
	t->routes[t->route_count++] =
	    (struct bench_route){.addr = addr, .len = len, .set = t->set_count - 1};
	hidx_insert(&t->index, prefix_hash(addr, len), t->route_count);
	return true;
}

struct bench_table *
bench_table_make(enum family family, uint32_t route_count, uint64_t seed, uint32_t first_as)
{
	struct bench_table *t = bench_table_new(family);
	struct rng r = {.s = seed * 0x9e3779b97f4a7c15ull | 1};

	ASSERT(route_count > 0 && route_count <= 4000000);
	while (t->route_count < route_count) {
		uint32_t size = set_size_pick(&r, route_count);
		struct bench_route last = {0}, new;
		struct bench_attrs a;

		attrs_make(&a, &r, first_as);
		bench_table_add_set(t, &a);
		for (; size > 0 && t->route_count < route_count; size--) {
			route_pick(family, &r, last.len ? &last : NULL, &new);
			while (!bench_table_add(t, new.addr, new.len))
				route_pick(family, &r, NULL, &new);
			last = new;
		}
	}
	return t;
}

unsigned
bench_set_winner(const struct bench_table *t, uint32_t set)
{
	if (t->winner >= 0)
		return (unsigned)t->winner;
	return (unsigned)(hash_u64(1, set) >> 32) % t->variants;
}

void
bench_set_variant(const struct bench_table *t, uint32_t set, unsigned variant, struct bench_attrs *out)
{
	const struct bench_attrs *base = &t->sets[set];
	unsigned ahead = (variant + t->variants - bench_set_winner(t, set)) % t->variants;
	uint8_t extra = ahead == 0 ? 0 : (uint8_t)(1 + (ahead - 1) % 3);

	ASSERT(base->path_count + extra <= BENCH_PATH_MAX);
	*out = *base;
	memcpy(out->path + extra, base->path, base->path_count * sizeof(out->path[0]));
	out->path_count = (uint8_t)(base->path_count + extra);
	for (uint8_t i = 0; i <= extra; i++)
		out->path[i] = base->path[0] + variant;
}

void
bench_table_free(struct bench_table *t)
{
	if (t == NULL)
		return;
	hidx_fini(&t->index);
	free(t->routes);
	free(t->sets);
	free(t);
}
