/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of bgpd/chunk: segments, patch points and copies, message boundaries. */
#include "bgpd/chunk.h"

#include "lib/buf.h"
#include "lib/mem.h"
#include "tests/unit/suite.h"
#include "tests/unit/tryfail.h"

#include <string.h>

static const struct chunk_self self_a = {
    .v4 = {10, 0, 0, 1}, .v6 = {0x20, 1, [15] = 1}, .link_local = {0xfe, 0x80, [15] = 1}};
static const struct chunk_self self_b = {
    .v4 = {10, 0, 0, 2}, .v6 = {0x20, 1, [15] = 2}, .link_local = {0xfe, 0x80, [15] = 2}};
static const struct chunk_for all = {.to = {.who = ADJOUT_ALL}};

/* A message of len octets whose body is this octet. */
static const uint8_t *
message(size_t len, uint8_t body)
{
	static uint8_t msg[65535];
	memset(msg, body, len);
	memset(msg, 0xff, 16);
	be16_put(msg + 16, (uint16_t)len);
	msg[18] = 2;
	return msg;
}

static struct chunk_pool pool;

START_TEST(test_segments)
{
	struct chunk_for but3 = {.to = {.who = ADJOUT_ALL_BUT, .source = 3}};
	struct chunk_for plain = {.to = {.who = ADJOUT_ALL}, .size_class = CHUNK_PLAIN};
	struct chunk *c = chunk_new(&pool, &self_a);

	chunk_add(c, message(23, 1), 23, all, 0, 0);
	chunk_add(c, message(30, 2), 30, all, 0, 0);
	chunk_add(c, message(40, 3), 40, but3, 0, 0);
	chunk_add(c, message(23, 4), 23, plain, 0, 0);
	chunk_seal(c);
	ck_assert_uint_eq(c->nsegs, 3);
	ck_assert_uint_eq(c->segs[0].len, 53);
	ck_assert_uint_eq(c->segs[0].messages, 2);
	ck_assert_uint_eq(c->segs[1].off, 53);
	ck_assert_uint_eq(c->segs[1].who.to.source, 3);
	ck_assert_uint_eq(c->segs[2].off, 93);
	ck_assert_uint_eq(c->segs[2].who.size_class, CHUNK_PLAIN);
	ck_assert_uint_eq(c->len, 116);
	ck_assert_uint_eq(chunk_octets(c, &self_b)[53 + 39], 3);
	chunk_unref(c);
}
END_TEST

START_TEST(test_refreshes)
{
	struct chunk *c = chunk_new(&pool, &self_a);
	uint8_t borr[23];

	/* RFC 7313 4.1: the marks are ROUTE-REFRESH messages, type 5 */
	memcpy(borr, message(23, 1), sizeof borr);
	borr[18] = 5;
	chunk_add(c, borr, sizeof borr, all, 0, 0);
	chunk_add(c, message(30, 2), 30, all, 0, 0);
	chunk_add(c, borr, sizeof borr, all, 0, 0);
	ck_assert_uint_eq(c->segs[0].messages, 3);
	ck_assert_uint_eq(c->segs[0].refreshes, 2);
	chunk_unref(c);
}
END_TEST

START_TEST(test_boundaries)
{
	struct chunk *c = chunk_new(&pool, &self_a);

	chunk_add(c, message(23, 1), 23, all, 0, 0);
	chunk_add(c, message(100, 2), 100, all, 0, 0);
	chunk_seal(c);
	ck_assert_uint_eq(chunk_message_rest(c, &c->segs[0], 0), 0);
	ck_assert_uint_eq(chunk_message_rest(c, &c->segs[0], 1), 22);
	ck_assert_uint_eq(chunk_message_rest(c, &c->segs[0], 22), 1);
	ck_assert_uint_eq(chunk_message_rest(c, &c->segs[0], 23), 0);
	ck_assert_uint_eq(chunk_message_rest(c, &c->segs[0], 24), 99);
	ck_assert_uint_eq(chunk_message_rest(c, &c->segs[0], 123), 0);
	chunk_unref(c);
}
END_TEST

START_TEST(test_room)
{
	struct chunk *c = chunk_new(&pool, &self_a);

	ck_assert(chunk_fits(c, 65535));
	chunk_add(c, message(65000, 1), 65000, all, 0, 0);
	ck_assert(chunk_fits(c, 536));
	ck_assert(!chunk_fits(c, 537));
	chunk_unref(c);
}
END_TEST

START_TEST(test_patch)
{
	struct chunk *c = chunk_new(&pool, &self_a);

	chunk_add(c, message(40, 0), 40, all, 25, 4);
	chunk_add(c, message(80, 0), 80, all, 30, 32);
	chunk_add(c, message(80, 7), 80, all, 0, 0);
	chunk_seal(c);

	const uint8_t *a = chunk_octets(c, &self_a), *b = chunk_octets(c, &self_b);
	ck_assert_mem_eq(a + 25, "\x0a\x00\x00\x01", 4);
	ck_assert_mem_eq(b + 25, "\x0a\x00\x00\x02", 4);
	ck_assert_mem_eq(b + 40 + 30, self_b.v6, 16);
	ck_assert_mem_eq(b + 40 + 46, self_b.link_local, 16);
	ck_assert_uint_eq(b[24], 0);
	ck_assert_uint_eq(b[29], 0);
	/* Made once; the shared one stays as it is. */
	ck_assert_ptr_eq(chunk_octets(c, &self_b), b);
	ck_assert_ptr_eq(chunk_octets(c, &self_a), a);
	ck_assert_ptr_ne(a, b);
	ck_assert_mem_eq(a + 40 + 30, self_a.v6, 16);
	chunk_unref(c);
}
END_TEST

START_TEST(test_patch_irrelevant)
{
	/* Only the IPv4 address is written here: one that differs in the others needs no copy. */
	struct chunk_self other = self_b;
	struct chunk *c = chunk_new(&pool, &self_a);

	memcpy(other.v4, self_a.v4, 4);
	chunk_add(c, message(40, 0), 40, all, 25, 4);
	chunk_seal(c);
	ck_assert_ptr_eq(chunk_octets(c, &other), chunk_octets(c, &self_a));
	chunk_unref(c);
}
END_TEST

START_TEST(test_refs)
{
	struct chunk *c = chunk_new(&pool, &self_a);

	chunk_add(c, message(23, 1), 23, all, 0, 0);
	ck_assert_ptr_eq(chunk_ref(c), c);
	chunk_unref(c);
	ck_assert_uint_eq(c->len, 23);
	chunk_unref(c);
}
END_TEST

/* A chunk that is more than half full, whose memory is a whole one's. */
static struct chunk *
big_chunk(struct chunk_pool *p)
{
	struct chunk *c = chunk_new(p, &self_a);

	chunk_add(c, message(50000, 1), 50000, all, 0, 0);
	return c;
}

START_TEST(test_pool)
{
	struct chunk_pool p = {0};
	struct chunk *a = big_chunk(&p), *b = big_chunk(&p);
	uint8_t *first = a->data;

	chunk_unref(a);
	ck_assert_uint_eq(chunk_pool_bytes(&p), CHUNK_MAX);
	chunk_unref(b);
	ck_assert_uint_eq(chunk_pool_bytes(&p), 2 * CHUNK_MAX);

	/* The octets of the one before are not those of the next. */
	a = big_chunk(&p);
	b = big_chunk(&p);
	ck_assert_uint_eq(chunk_pool_bytes(&p), 0);
	ck_assert(a->data == first || b->data == first);
	ck_assert_uint_eq(a->len, 50000);
	ck_assert_uint_eq(a->data[49999], 1);
	chunk_unref(a);
	chunk_unref(b);

	/* What is small after all gives a whole one's memory back when it is sealed. */
	a = chunk_new(&p, &self_a);
	chunk_add(a, message(20000, 1), 20000, all, 0, 0);
	ck_assert_uint_eq(chunk_pool_bytes(&p), CHUNK_MAX);
	chunk_seal(a);
	ck_assert_uint_eq(chunk_pool_bytes(&p), 2 * CHUNK_MAX);
	ck_assert_uint_eq(a->data[19999], 1);
	chunk_unref(a);
	chunk_pool_fini(&p);
	ck_assert_uint_eq(chunk_pool_bytes(&p), 0);
}
END_TEST

START_TEST(test_pool_trim)
{
	struct chunk_pool p = {0};
	struct chunk *c[3] = {big_chunk(&p), big_chunk(&p), big_chunk(&p)};

	chunk_pool_trim(&p);
	for (int i = 0; i < 3; i++)
		chunk_unref(c[i]);
	/* They were in use since the last time; now one of them is again, so that two go with the next. */
	chunk_pool_trim(&p);
	ck_assert_uint_eq(chunk_pool_bytes(&p), 3 * CHUNK_MAX);
	chunk_unref(big_chunk(&p));
	chunk_pool_trim(&p);
	ck_assert_uint_eq(chunk_pool_bytes(&p), CHUNK_MAX);
	chunk_pool_trim(&p);
	ck_assert_uint_eq(chunk_pool_bytes(&p), 0);
	chunk_pool_fini(&p);
}
END_TEST

START_TEST(test_pool_bounded)
{
	struct chunk_pool p = {0};
	struct chunk *c[CHUNK_SPARE_MAX + 3];

	for (size_t i = 0; i < ARRAY_LEN(c); i++)
		c[i] = big_chunk(&p);
	for (size_t i = 0; i < ARRAY_LEN(c); i++)
		chunk_unref(c[i]);
	ck_assert_uint_eq(chunk_pool_bytes(&p), (size_t)CHUNK_SPARE_MAX * CHUNK_MAX);
	chunk_pool_fini(&p);
}
END_TEST

/* Adds this message, with our next hop in it, after each allocation that it takes has failed; how many those were. */
static unsigned
add_failing(struct chunk *c, size_t len, uint8_t body, struct chunk_for who)
{
	uint32_t before = c->len, nsegs = c->nsegs, npatches = c->npatches;
	unsigned n = 0;

	for (;; n++) {
		/* room that it got before stays */
		tryfail_set(n > 0, 1);
		if (chunk_add(c, message(len, body), len, who, 19, 4))
			break;
		ck_assert_uint_eq(tryfail.failed, 1);
		ck_assert_uint_eq(c->len, before);
		ck_assert_uint_eq(c->nsegs, nsegs);
		ck_assert_uint_eq(c->npatches, npatches);
	}
	ck_assert_uint_eq(tryfail.failed, 0);
	tryfail_set(0, 0);
	return n;
}

START_TEST(test_no_memory)
{
	struct chunk_for but3 = {.to = {.who = ADJOUT_ALL_BUT, .source = 3}};
	struct chunk *c = chunk_new(&pool, &self_a);

	/* the octets, the segment, the patch point */
	ck_assert_uint_eq(add_failing(c, 23, 1, all), 3);
	/* room is left in the octets, and only there */
	ck_assert_uint_eq(add_failing(c, 30, 2, but3), 2);
	/* the block from the kernel */
	ck_assert_uint_ge(add_failing(c, 20000, 3, all), 1);
	ck_assert_uint_eq(c->len, 20053);
	ck_assert_uint_eq(c->nsegs, 3);
	ck_assert_uint_eq(c->npatches, 3);
	/* without a smaller block it keeps what it has */
	size_t bytes = chunk_bytes(c);
	tryfail_set(0, 1);
	chunk_seal(c);
	ck_assert_uint_eq(tryfail.failed, 1);
	ck_assert_uint_eq(chunk_bytes(c), bytes);
	/* a reader of its own address has it all the same, others when there is memory for their copy */
	tryfail_set(0, 1);
	const uint8_t *p = chunk_octets(c, &self_a);
	ck_assert_uint_eq(tryfail.asked, 0);
	ck_assert_mem_eq(p + 19, self_a.v4, 4);
	ck_assert_uint_eq(p[23 + 30 + 19999], 3);
	ck_assert_ptr_null(chunk_octets(c, &self_b));
	p = chunk_octets(c, &self_b);
	ck_assert_mem_eq(p + 19, self_b.v4, 4);
	ck_assert_mem_eq(p + 23 + 19, self_b.v4, 4);
	tryfail_set(0, 1);
	ck_assert_ptr_eq(chunk_octets(c, &self_b), p);
	chunk_unref(c);
	chunk_pool_fini(&pool);
}
END_TEST

SUITE("chunk", test_no_memory, test_segments, test_refreshes, test_boundaries, test_room, test_patch,
    test_patch_irrelevant, test_refs, test_pool, test_pool_trim, test_pool_bounded)
