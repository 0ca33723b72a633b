/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_mrt: reads MRT records and groups their routes by attribute set.
 *
 * A dump is ordered by prefix, a bench_table by set: routes are collected first,
 * with interned sets, and put into the table set by set.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/mem.h"
#include "tools/bench_decode.h"
#include "tools/bench_encode.h"
#include "tools/bench_mrt.h"

#define MRT_HEADER_LEN 12

/* RFC 6396 section 4, RFC 8050 section 4. */
enum { MRT_TABLE_DUMP_V2 = 13, MRT_BGP4MP = 16, MRT_BGP4MP_ET = 17 };
enum { RIB_IPV4 = 2, RIB_IPV6 = 4, RIB_IPV4_ADDPATH = 8, RIB_IPV6_ADDPATH = 10 };
enum { BGP4MP_MESSAGE = 1, BGP4MP_MESSAGE_AS4 = 4, BGP4MP_MESSAGE_LOCAL = 6, BGP4MP_MESSAGE_AS4_LOCAL = 7 };

#define DAEMON_AS      65000
#define COMMUNITIES_OK (BENCH_COMM_MAX - 4) /* policies add some */

struct reader {
	enum family family;
	uint32_t route_max, first_as;
	struct bench_mrt_stats *stats;
	struct bench_attrs *sets;
	uint32_t set_count, set_cap;
	struct hidx set_index; /* attributes → set number + 1 */
	struct bench_route *routes;
	uint32_t route_count, route_cap;
	struct hidx route_index;
};

static uint32_t
attrs_hash(const struct bench_attrs *a)
{
	return (uint32_t)hash_bytes(0, a, sizeof(*a));
}

static uint32_t
set_hash(void *ctx, uint32_t id)
{
	return attrs_hash(&((struct reader *)ctx)->sets[id - 1]);
}

static bool
set_eq(const void *ctx, uint32_t id, const void *key)
{
	return memcmp(&((const struct reader *)ctx)->sets[id - 1], key, sizeof(struct bench_attrs)) == 0;
}

static uint32_t
set_intern(struct reader *r, const struct bench_attrs *a)
{
	uint32_t id = hidx_find(&r->set_index, attrs_hash(a), set_eq, r, a);

	if (id != 0)
		return id - 1;
	if (r->set_count == r->set_cap) {
		r->set_cap = r->set_cap ? r->set_cap * 2 : 1024;
		r->sets = xreallocarray(r->sets, r->set_cap, sizeof(*r->sets));
	}
	r->sets[r->set_count++] = *a;
	hidx_insert(&r->set_index, attrs_hash(a), r->set_count);
	return r->set_count - 1;
}

/* Makes received attributes ours to send; false: not usable. The result has no stray octets: it is hashed. */
static bool
attrs_adopt(const struct reader *r, const struct bench_attrs *got, struct bench_attrs *out)
{
	uint8_t n = 0, have = got->path_count > 0 && got->path[0] == r->first_as;

	if (got->path_count + !have > BENCH_PATH_BASE)
		return false;
	memset(out, 0, sizeof(*out));
	out->path[n++] = r->first_as;
	for (uint8_t i = have; i < got->path_count; i++) {
		if (got->path[i] == 0 || got->path[i] == DAEMON_AS)
			return false;
		out->path[n++] = got->path[i];
	}
	out->path_count = n;
	for (uint8_t i = 0; i < got->community_count && out->community_count < COMMUNITIES_OK; i++)
		if (got->communities[i] >> 16 != 0xffff) /* RFC 1997: well-known */
			out->communities[out->community_count++] = got->communities[i];
	memcpy(out->larges, got->larges, got->large_count * sizeof(out->larges[0]));
	out->large_count = got->large_count;
	out->origin = got->origin <= 2 ? got->origin : 2;
	out->has_med = got->has_med;
	out->med = got->has_med ? got->med : 0;
	return true;
}

static uint32_t
route_key_hash(uint64_t addr, uint8_t len)
{
	return (uint32_t)hash_u64(len, addr);
}

static uint32_t
route_hash(void *ctx, uint32_t id)
{
	const struct bench_route *route = &((struct reader *)ctx)->routes[id - 1];

	return route_key_hash(route->addr, route->len);
}

static bool
route_eq(const void *ctx, uint32_t id, const void *key)
{
	const struct bench_route *route = &((const struct reader *)ctx)->routes[id - 1], *want = key;

	return route->addr == want->addr && route->len == want->len;
}

/* One prefix off the wire: false where there is none that can be used. */
static bool
prefix_get(struct rbuf *b, enum family family, struct bench_route *out)
{
	uint8_t len = rbuf_u8(b), octets[16] = {0};
	const uint8_t *p = len <= family_bits(family) ? rbuf_bytes(b, (len + 7u) / 8) : NULL;

	if (p == NULL) {
		b->err = true;
		return false;
	}
	memcpy(octets, p, (len + 7u) / 8);
	out->len = len;
	out->addr = len <= 64 ? bench_addr_mask(be64_get(octets), len) : 0;
	return len > 0 && len <= 64;
}

/* False: full, or a path that is not usable. */
static bool
route_add(struct reader *r, const struct bench_route *prefix, const struct bench_attrs *got)
{
	struct bench_attrs attrs;
	uint32_t hash = route_key_hash(prefix->addr, prefix->len);

	if (r->route_count == r->route_max)
		return false;
	if (hidx_find(&r->route_index, hash, route_eq, r, prefix) != 0)
		return true;
	if (!attrs_adopt(r, got, &attrs)) {
		r->stats->skipped++;
		return false;
	}
	if (r->route_count == r->route_cap) {
		r->route_cap = r->route_cap ? r->route_cap * 2 : 4096;
		r->routes = xreallocarray(r->routes, r->route_cap, sizeof(*r->routes));
	}
	r->routes[r->route_count] = *prefix;
	r->routes[r->route_count++].set = set_intern(r, &attrs);
	hidx_insert(&r->route_index, hash, r->route_count);
	return true;
}

/* RFC 6396 4.3.2: one prefix and its paths, of which the first good one is taken. */
static void
rib_record(struct reader *r, struct rbuf *b, bool add_path)
{
	struct bench_route prefix = {0};
	bool done = false;

	rbuf_u32(b); /* sequence */
	bool usable = prefix_get(b, r->family, &prefix);
	for (uint16_t n = rbuf_u16(b); n > 0 && usable && !done && !b->err; n--) {
		struct bench_decoded got;

		rbuf_u16(b); /* peer */
		rbuf_u32(b); /* time */
		if (add_path)
			rbuf_u32(b);
		struct rbuf attrs = rbuf_sub(b, rbuf_u16(b));
		if (b->err)
			return;
		if (bench_attrs_decode(&got, &attrs, 4))
			done = route_add(r, &prefix, &got.form.attrs);
		else
			r->stats->skipped++;
	}
}

/* RFC 6396 4.4.2 and 4.4.3: a BGP message behind the addresses of both ends. */
static void
message_record(struct reader *r, struct rbuf *b, unsigned as_octets)
{
	struct bench_decoded got;
	struct bench_route prefix = {0};

	rbuf_bytes(b, 2 * as_octets + 2);
	rbuf_bytes(b, rbuf_u16(b) == 1 ? 8 : 32);
	const uint8_t *header = rbuf_bytes(b, BENCH_HEADER_LEN);
	if (header == NULL || header[18] != BENCH_MSG_UPDATE)
		return;
	rbuf_bytes(b, rbuf_u16(b)); /* withdrawn */
	struct rbuf attrs = rbuf_sub(b, rbuf_u16(b));
	if (b->err || rbuf_left(&attrs) == 0)
		return;
	if (!bench_attrs_decode(&got, &attrs, as_octets)) {
		r->stats->skipped++;
		return;
	}
	struct rbuf *nlri = r->family == FAMILY_IPV4 ? b : &got.reach;
	while (rbuf_left(nlri) > 0 && !nlri->err)
		if (prefix_get(nlri, r->family, &prefix))
			route_add(r, &prefix, &got.form.attrs);
}

static void
record_take(struct reader *r, unsigned type, unsigned subtype, struct rbuf *b)
{
	bool v4 = r->family == FAMILY_IPV4;

	if (type == MRT_TABLE_DUMP_V2) {
		if (subtype == (v4 ? RIB_IPV4 : RIB_IPV6))
			rib_record(r, b, false);
		else if (subtype == (v4 ? RIB_IPV4_ADDPATH : RIB_IPV6_ADDPATH))
			rib_record(r, b, true);
		return;
	}
	if (type == MRT_BGP4MP_ET)
		rbuf_u32(b); /* microseconds */
	else if (type != MRT_BGP4MP)
		return;
	if (subtype == BGP4MP_MESSAGE || subtype == BGP4MP_MESSAGE_LOCAL)
		message_record(r, b, 2);
	else if (subtype == BGP4MP_MESSAGE_AS4 || subtype == BGP4MP_MESSAGE_AS4_LOCAL)
		message_record(r, b, 4);
}

static int
by_set(const void *a, const void *b)
{
	const struct bench_route *x = a, *y = b;

	if (x->set != y->set)
		return x->set < y->set ? -1 : 1;
	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	return (int)x->len - (int)y->len;
}

static struct bench_table *
table_of(struct reader *r)
{
	struct bench_table *t = bench_table_new(r->family);
	uint32_t set = UINT32_MAX;

	if (r->route_count > 0)
		qsort(r->routes, r->route_count, sizeof(*r->routes), by_set);
	for (uint32_t i = 0; i < r->route_count; i++) {
		if (r->routes[i].set != set) {
			set = r->routes[i].set;
			bench_table_add_set(t, &r->sets[set]);
		}
		if (!bench_table_add(t, r->routes[i].addr, r->routes[i].len))
			r->stats->skipped++;
	}
	if (t->route_count > 0)
		return t;
	bench_table_free(t);
	return NULL;
}

struct bench_table *
bench_mrt_parse(const uint8_t *data, size_t len, enum family family, uint32_t route_count, uint32_t first_as,
		struct bench_mrt_stats *stats)
{
	struct reader r = {
	    .family = family, .route_max = route_count, .first_as = first_as, .stats = stats};
	struct rbuf all = rbuf_of(data, len);

	hidx_init(&r.set_index, set_hash, NULL, &r);
	hidx_init(&r.route_index, route_hash, NULL, &r);
	while (rbuf_left(&all) >= MRT_HEADER_LEN && r.route_count < route_count) {
		rbuf_u32(&all); /* time */
		unsigned type = rbuf_u16(&all), subtype = rbuf_u16(&all);
		struct rbuf record = rbuf_sub(&all, rbuf_u32(&all));

		if (all.err)
			break;
		record_take(&r, type, subtype, &record);
	}
	struct bench_table *t = table_of(&r);
	hidx_fini(&r.set_index);
	hidx_fini(&r.route_index);
	free(r.sets);
	free(r.routes);
	return t;
}

struct bench_table *
bench_mrt_table(const char *path, enum family family, uint32_t route_count, uint32_t first_as,
		struct bench_mrt_stats *stats)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct bench_table *t = NULL;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && st.st_size > 0) {
		void *data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);

		if (data != MAP_FAILED) {
			t = bench_mrt_parse(data, (size_t)st.st_size, family, route_count, first_as, stats);
			munmap(data, (size_t)st.st_size);
		}
	}
	close(fd);
	return t;
}
