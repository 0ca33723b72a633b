/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of bgpd/group: what members pull, in which order, and what happens to one
 * that does not. The table is a best path per id; outgoing set = attribute. Each id
 * is a message of its own: header, attribute (4 octets), id (4 octets), next hop (4
 * octets) and, for attribute 7, 5000 octets of filler; for 8 as well, but it can do without.
 */
#include "bgpd/group.h"
#include "bgpd/group_part.h"

#include "lib/buf.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "tests/unit/suite.h"
#include "tests/unit/tryfail.h"

#include <errno.h>
#include <string.h>

#define NID 400
#define MSG 31

struct fake {
	struct group_list l;
	struct group *g;
	struct group_member m[3]; /* sources 1, 2, 3 */
	uint32_t best[NID];
	uint16_t source[NID];
	bool waits[NID]; /* for a decision */
	unsigned woken[4], slow[4], too_long, starved;
	bool settled;
	struct str log;
};

static enum adjout_current
current(void *ctx, enum family f, uint32_t id, uint32_t *attr, uint16_t *source)
{
	struct fake *k = ctx;

	(void)f;
	*attr = k->best[id];
	*source = k->source[id];
	return k->waits[id] ? ADJOUT_DIRTY : ADJOUT_SETTLED;
}

static uint32_t
next_id(void *ctx, enum family f, uint32_t from, uint32_t limit)
{
	(void)f;
	for (; from < NID; from++)
		if (((struct fake *)ctx)->best[from] != 0)
			return from < limit ? from : limit;
	return BITMAP_END;
}

static uint32_t
out(void *ctx, struct adjout_group *g, enum family f, uint32_t id, uint32_t attr, uint16_t source)
{
	(void)ctx;
	(void)g;
	(void)f;
	(void)id;
	(void)source;
	return attr;
}

static void
ref(void *ctx, uint32_t attr)
{
	(void)ctx;
	(void)attr;
}

static uint32_t
nexthop(void *ctx, struct adjout_group *g, uint32_t o)
{
	(void)ctx;
	(void)g;
	(void)o;
	return 0;
}

static void
fetch_refs(void *ctx, uint32_t attr, uint32_t o)
{
	(void)ctx;
	(void)attr;
	(void)o;
}

static void
fetch(void *ctx, enum family f, uint32_t id, uint32_t o)
{
	(void)ctx;
	(void)f;
	(void)id;
	(void)o;
}

static void
unpin(void *ctx, enum family f, const uint32_t *ids, uint32_t n)
{
	(void)ctx;
	(void)f;
	(void)ids;
	(void)n;
}

static uint64_t
decisions(void *ctx, enum family f)
{
	(void)ctx;
	(void)f;
	return 0;
}

static bool
done(void *ctx, enum family f, uint64_t m)
{
	(void)f;
	(void)m;
	return ((struct fake *)ctx)->settled;
}

static void
put(struct group_out *to, uint32_t a, uint32_t b, size_t len, bool self)
{
	static uint8_t msg[6000];

	memset(msg, 0xff, 16);
	memset(msg + 16, 0, len - 16);
	be16_put(msg + 16, (uint16_t)len);
	be32_put(msg + 19, a);
	be32_put(msg + 23, b);
	group_put(to, msg, len, 27, self ? 4 : 0);
}

static int
encode(void *ctx, struct group *g, enum family f, uint32_t path_id, uint32_t attr, const uint32_t *ids, uint32_t n,
       size_t msg_max, struct group_out *to)
{
	size_t len = MSG + (attr == 7 || (attr == 8 && !group_out_discards(to)) ? 5000 : 0);

	(void)path_id;
	(void)ctx;
	(void)g;
	(void)f;
	if (len > msg_max)
		return -EMSGSIZE;
	for (uint32_t i = 0; i < n; i++)
		put(to, attr, ids[i], len, attr != 0);
	return 0;
}

static void
mark(void *ctx, struct group *g, enum family f, enum adjout_mark what, struct group_out *to)
{
	(void)ctx;
	(void)g;
	(void)f;
	put(to, 1000, what, MSG, false);
}

static void
wake(void *ctx, struct group_member *m)
{
	((struct fake *)ctx)->woken[m->out.source]++;
}

static void
too_slow(void *ctx, struct group_member *m)
{
	((struct fake *)ctx)->slow[m->out.source]++;
}

static void
starved(void *ctx)
{
	((struct fake *)ctx)->starved++;
}

static void
too_long(void *ctx, struct group *g, const struct group_member *m, enum family f, const uint32_t *ids, uint32_t n)
{
	(void)g;
	(void)f;
	(void)ids;
	ck_assert(m == NULL || !m->extended);
	((struct fake *)ctx)->too_long += n;
}

static const struct adjout_key key = {.policy = 1, .families = 1 << FAMILY_IPV4};

static struct fake *
fake_new(unsigned members)
{
	struct fake *k = calloc(1, sizeof *k);
	const struct adjout_view view = {k, current, NULL, next_id, out, ref, ref, ref, ref, nexthop, fetch_refs, fetch, unpin, decisions, done, NULL};
	const struct group_ops ops = {k, encode, mark, wake, too_slow, starved, too_long};

	group_list_init(&k->l, &view, &ops);
	k->g = group_new(&k->l, &key, true, k);
	for (unsigned i = 0; i < 3; i++) {
		k->m[i].out.source = (uint16_t)(i + 1);
		k->m[i].self.v4[3] = (uint8_t)(i + 1);
		if (i < members)
			group_member_join(k->g, &k->m[i]);
	}
	group_list_drain(&k->l, true, 1000);
	return k;
}

static void
fake_free(struct fake *k)
{
	struct adjout_group *g;

	for (unsigned i = 0; i < 3; i++)
		if (k->m[i].group != NULL)
			group_member_leave(&k->m[i]);
	while ((g = TAILQ_FIRST(&k->l.adjout.groups)) != NULL)
		group_free(container_of(g, struct group, out));
	for (int i = 0; i < 2; i++) {
		adjout_tick(&k->l.adjout);
		while (adjout_reap(&k->l.adjout, true, 1000))
			;
	}
	group_list_fini(&k->l);
	str_free(&k->log);
	free(k);
}

static void
change(struct fake *k, uint32_t id, uint32_t attr, uint16_t source)
{
	uint32_t old = k->best[id];
	uint16_t old_source = k->source[id];

	k->best[id] = attr;
	k->source[id] = source;
	struct adjout_news n = {.family = FAMILY_IPV4,
	    .id = id,
	    .old_attr = old,
	    .old_source = old_source,
	    .new_attr = attr,
	    .new_source = source};
	group_list_change(&k->l, &n, 1);
	if (n.waits)
		ck_assert(adjout_pins(&k->l.adjout, FAMILY_IPV4, id));
}

/* Takes at most so many octets; the messages as "attr:id@next hop's last octet ". */
static size_t
pull(struct fake *k, struct group_member *m, size_t octets)
{
	static uint8_t buf[1u << 16];
	struct iovec iov[8];
	size_t n = 0;

	int c = group_member_iov(m, iov, 8);
	for (int i = 0; i < c && n < octets; i++) {
		size_t take = iov[i].iov_len < octets - n ? iov[i].iov_len : octets - n;
		ck_assert(n + take <= sizeof buf);
		memcpy(buf + n, iov[i].iov_base, take);
		n += take;
	}
	group_member_sent(m, n);
	for (size_t at = 0; at + MSG <= n; at += be16_get(buf + at + 16))
		str_addf(&k->log, "%u:%u@%u ", be32_get(buf + at + 19), be32_get(buf + at + 23),
			 buf[at + 30]);
	return n;
}

static void
expect(struct fake *k, struct group_member *m, const char *want)
{
	str_reset(&k->log);
	while (pull(k, m, 60000) > 0)
		;
	ck_assert_str_eq(str_get(&k->log), want);
	ck_assert(group_member_dry(m));
}

static void
settle(struct fake *k)
{
	group_list_flush(&k->l, false);
	while (group_list_drain(&k->l, true, 100))
		;
}

START_TEST(test_shared)
{
	struct fake *k = fake_new(3);

	change(k, 1, 5, 50);
	change(k, 2, 6, 2);
	settle(k);
	ck_assert_uint_eq(k->woken[1], 1);
	ck_assert_uint_eq(k->g->chunks, 1);
	ck_assert_uint_eq(k->g->octets, 2 * MSG);
	expect(k, &k->m[0], "5:1@1 6:2@1 ");
	/* Split horizon, and its own next hop. */
	expect(k, &k->m[1], "5:1@2 ");
	ck_assert_uint_eq(k->g->head - k->g->tail, 1);
	expect(k, &k->m[2], "5:1@3 6:2@3 ");
	/* All have it: it is gone. */
	ck_assert_uint_eq(k->g->head - k->g->tail, 0);
	ck_assert_uint_eq(k->g->ring_octets, 0);
	ck_assert_uint_eq(k->m[0].updates, 2);
	ck_assert_uint_eq(k->m[1].octets, MSG);
	/* Who has run dry is woken again, others are not. */
	change(k, 1, 0, 0);
	settle(k);
	change(k, 2, 0, 0);
	settle(k);
	ck_assert_uint_eq(k->woken[1], 2);
	fake_free(k);
}
END_TEST

START_TEST(test_partial)
{
	struct fake *k = fake_new(1);

	change(k, 1, 5, 50);
	change(k, 2, 5, 50);
	settle(k);
	ck_assert_uint_eq(group_member_partial(&k->m[0]), 0);
	ck_assert_uint_eq(group_member_backlog(&k->m[0]), 2 * MSG);
	ck_assert_uint_eq(pull(k, &k->m[0], 10), 10);
	ck_assert_uint_eq(group_member_partial(&k->m[0]), MSG - 10);
	ck_assert_uint_eq(group_member_backlog(&k->m[0]), 2 * MSG - 10);
	ck_assert_uint_eq(pull(k, &k->m[0], MSG - 10), MSG - 10);
	ck_assert_uint_eq(group_member_partial(&k->m[0]), 0);
	expect(k, &k->m[0], "5:2@1 ");
	ck_assert_uint_eq(group_member_backlog(&k->m[0]), 0);
	fake_free(k);
}
END_TEST

START_TEST(test_extended)
{
	struct fake *k = fake_new(1);

	k->m[1].extended = true;
	group_member_join(k->g, &k->m[1]);
	settle(k);
	change(k, 1, 7, 50);
	settle(k);
	ck_assert_uint_eq(k->too_long, 1);
	expect(k, &k->m[0], "0:1@0 ");
	expect(k, &k->m[1], "7:1@2 ");
	/* A dump to each alone. */
	adjout_member_refresh(&k->m[0].out, FAMILY_IPV4, false);
	adjout_member_refresh(&k->m[1].out, FAMILY_IPV4, false);
	settle(k);
	expect(k, &k->m[0], "0:1@0 ");
	expect(k, &k->m[1], "7:1@2 ");
	fake_free(k);
}
END_TEST

/*
 * RFC 8654 4: what is left out for those without extended messages is there for the others, and nobody loses the
 * route.
 */
START_TEST(test_discards)
{
	struct fake *k = fake_new(1);

	k->m[1].extended = true;
	group_member_join(k->g, &k->m[1]);
	settle(k);
	change(k, 1, 8, 50);
	settle(k);
	ck_assert_uint_eq(k->too_long, 0);
	ck_assert_uint_eq(group_member_backlog(&k->m[0]), 2 * MSG + 5000);
	ck_assert_uint_eq(pull(k, &k->m[0], 60000), MSG);
	ck_assert_uint_eq(pull(k, &k->m[1], 60000), MSG + 5000);
	ck_assert_str_eq(str_get(&k->log), "8:1@1 8:1@2 ");
	/* A dump to each alone. */
	adjout_member_refresh(&k->m[0].out, FAMILY_IPV4, false);
	adjout_member_refresh(&k->m[1].out, FAMILY_IPV4, false);
	settle(k);
	ck_assert_uint_eq(pull(k, &k->m[0], 60000), MSG);
	ck_assert_uint_eq(pull(k, &k->m[1], 60000), MSG + 5000);
	ck_assert_uint_eq(k->too_long, 0);
	fake_free(k);
}
END_TEST

START_TEST(test_paced)
{
	struct fake *k = fake_new(2);

	k->l.ring_max = 100;
	change(k, 1, 5, 50);
	settle(k);
	change(k, 2, 5, 50);
	settle(k);
	change(k, 3, 5, 50);
	settle(k);
	ck_assert_uint_eq(k->g->octets, MSG);
	ck_assert(!adjout_group_idle(&k->g->out));
	expect(k, &k->m[0], "5:1@1 ");
	settle(k);
	expect(k, &k->m[0], "");
	expect(k, &k->m[1], "5:1@2 ");
	settle(k);
	expect(k, &k->m[1], "5:2@2 5:3@2 ");
	fake_free(k);
}
END_TEST

START_TEST(test_slow_is_detached)
{
	struct fake *k = fake_new(3);

	k->l.ring_max = CHUNK_MAX + 1;
	change(k, 1, 5, 50);
	settle(k);
	expect(k, &k->m[1], "5:1@2 ");
	expect(k, &k->m[2], "5:1@3 ");
	group_list_tick(&k->l, 100);
	group_list_tick(&k->l, 104);
	ck_assert_int_eq(k->m[0].out.state, ADJOUT_ATTACHED);
	group_list_tick(&k->l, 105);
	ck_assert_int_eq(k->m[0].out.state, ADJOUT_DETACHED);
	/* The ring is free again; what it has not sent is kept, what comes later is a bit until it can take
	 * more. */
	ck_assert_uint_eq(k->g->ring_octets, 0);
	k->l.private_max = 1;
	change(k, 1, 6, 50);
	change(k, 2, 5, 50);
	settle(k);
	change(k, 2, 0, 0);
	settle(k);
	expect(k, &k->m[0], "5:1@1 ");
	settle(k);
	expect(k, &k->m[0], "0:2@0 ");
	settle(k);
	expect(k, &k->m[0], "6:1@1 ");
	settle(k);
	ck_assert_int_eq(k->m[0].out.state, ADJOUT_ATTACHED);
	change(k, 3, 5, 50);
	settle(k);
	expect(k, &k->m[0], "5:3@1 ");
	fake_free(k);
}
END_TEST

START_TEST(test_slow_but_reading)
{
	struct fake *k = fake_new(3);

	k->l.ring_max = CHUNK_MAX + 1;
	change(k, 1, 5, 50);
	settle(k);
	expect(k, &k->m[1], "5:1@2 ");
	expect(k, &k->m[2], "5:1@3 ");
	group_list_tick(&k->l, 100);
	expect(k, &k->m[0], "5:1@1 ");
	group_list_tick(&k->l, 104);
	change(k, 2, 5, 50);
	settle(k);
	expect(k, &k->m[1], "5:2@2 ");
	expect(k, &k->m[2], "5:2@3 ");
	group_list_tick(&k->l, 106);
	ck_assert_int_eq(k->m[0].out.state, ADJOUT_ATTACHED);
	fake_free(k);
}
END_TEST

START_TEST(test_most_lag)
{
	struct fake *k = fake_new(3);

	k->l.ring_max = CHUNK_MAX + 1;
	change(k, 1, 5, 50);
	settle(k);
	expect(k, &k->m[2], "5:1@3 ");
	/* Two of three set the pace as long as they take anything. */
	for (uint32_t now_s = 100; now_s < 120; now_s += 4) {
		ck_assert_uint_eq(pull(k, &k->m[0], 1), 1);
		ck_assert_uint_eq(pull(k, &k->m[1], 1), 1);
		group_list_tick(&k->l, now_s);
	}
	ck_assert_int_eq(k->m[0].out.state, ADJOUT_ATTACHED);
	ck_assert_int_eq(k->m[1].out.state, ADJOUT_ATTACHED);
	/* One has stopped altogether: the last octet that it took was seen at 116. */
	ck_assert_uint_eq(pull(k, &k->m[1], 1), 1);
	group_list_tick(&k->l, 120);
	ck_assert_int_eq(k->m[0].out.state, ADJOUT_ATTACHED);
	group_list_tick(&k->l, 121);
	ck_assert_int_eq(k->m[0].out.state, ADJOUT_DETACHED);
	ck_assert_int_eq(k->m[1].out.state, ADJOUT_ATTACHED);
	fake_free(k);
}
END_TEST

START_TEST(test_stuck_in_two_places)
{
	struct fake *k = fake_new(3);

	k->l.ring_max = CHUNK_MAX + 1;
	change(k, 1, 5, 50);
	settle(k);
	expect(k, &k->m[1], "5:1@2 ");
	expect(k, &k->m[2], "5:1@3 ");
	change(k, 2, 5, 50);
	settle(k);
	expect(k, &k->m[2], "5:2@3 ");
	ck_assert_uint_eq(k->m[0].cursor, k->g->tail);
	ck_assert_uint_gt(k->m[1].cursor, k->g->tail);
	group_list_tick(&k->l, 100);
	group_list_tick(&k->l, 104);
	ck_assert_int_eq(k->m[1].out.state, ADJOUT_ATTACHED);
	/* The second need not be at the end of the ring first, and wait there once more. */
	group_list_tick(&k->l, 105);
	ck_assert_int_eq(k->m[0].out.state, ADJOUT_DETACHED);
	ck_assert_int_eq(k->m[1].out.state, ADJOUT_DETACHED);
	ck_assert_int_eq(k->m[2].out.state, ADJOUT_ATTACHED);
	fake_free(k);
}
END_TEST

START_TEST(test_all_stuck)
{
	struct fake *k = fake_new(2);

	k->l.ring_max = CHUNK_MAX + 1;
	change(k, 1, 5, 50);
	settle(k);
	/* Nobody would gain by a detached one. */
	group_list_tick(&k->l, 100);
	group_list_tick(&k->l, 200);
	ck_assert_int_eq(k->m[0].out.state, ADJOUT_ATTACHED);
	ck_assert_int_eq(k->m[1].out.state, ADJOUT_ATTACHED);
	fake_free(k);
}
END_TEST

START_TEST(test_too_many_slow)
{
	struct fake *k = fake_new(3);

	k->l.ring_max = CHUNK_MAX + 1;
	k->l.adjout.detached_max = 0;
	change(k, 1, 5, 50);
	settle(k);
	expect(k, &k->m[1], "5:1@2 ");
	expect(k, &k->m[2], "5:1@3 ");
	group_list_tick(&k->l, 100);
	group_list_tick(&k->l, 105);
	ck_assert_uint_eq(k->slow[1], 1);
	ck_assert_uint_eq(k->slow[2] + k->slow[3], 0);
	fake_free(k);
}
END_TEST

START_TEST(test_join_between)
{
	struct fake *k = fake_new(2);

	change(k, 1, 5, 50);
	settle(k);
	group_member_join(k->g, &k->m[2]);
	change(k, 1, 6, 50);
	group_list_flush(&k->l, false);
	/* Waiting for its dump: the stream is not for it. */
	expect(k, &k->m[2], "");
	settle(k);
	expect(k, &k->m[2], "6:1@3 ");
	expect(k, &k->m[0], "5:1@1 6:1@1 ");
	fake_free(k);
}
END_TEST

/* A slice of decisions also ends what was said of the walk of those that wait for them, be it that nothing has changed. */
START_TEST(test_decided_amid_walk)
{
	struct fake *k = fake_new(1);

	change(k, 1, 5, 50);
	settle(k);
	expect(k, &k->m[0], "5:1@1 ");
	k->waits[1] = true;
	bitmap_set(&k->g->out.fam[FAMILY_IPV4].pending, 1);
	ck_assert(group_list_drain(&k->l, true, 3));
	k->waits[1] = false;
	settle(k);
	expect(k, &k->m[0], "5:1@1 ");
	fake_free(k);
}
END_TEST

/* While slice follows slice nobody is woken for less than some chunks; at the end of them all are. */
static void
check_wake(unsigned members, uint32_t octets)
{
	struct fake *k = fake_new(members);
	uint32_t n = 0;

	for (; (n + 1) * MSG < octets; n++) {
		change(k, 1, 5 + n % 2, 50);
		group_list_flush(&k->l, true);
	}
	group_list_drain(&k->l, true, 100);
	ck_assert_uint_eq(k->woken[1], 0);
	change(k, 1, 5 + n % 2, 50);
	group_list_flush(&k->l, true);
	ck_assert_uint_eq(k->woken[1], 1);
	while (pull(k, &k->m[0], 60000) > 0)
		;
	change(k, 2, 6, 50);
	group_list_flush(&k->l, true);
	ck_assert_uint_eq(k->woken[1], 1);
	group_list_flush(&k->l, false);
	ck_assert_uint_eq(k->woken[1], 2);
	fake_free(k);
}

START_TEST(test_wake_for_chunks)
{
	check_wake(1, CHUNK_MAX);
	check_wake(3, 3 * CHUNK_MAX);
}
END_TEST

START_TEST(test_eor_after_stream)
{
	struct fake *k = fake_new(2);

	adjout_member_eor(&k->m[0].out, FAMILY_IPV4);
	change(k, 1, 5, 50);
	settle(k);
	k->settled = true;
	settle(k);
	change(k, 2, 5, 50);
	settle(k);
	expect(k, &k->m[0], "5:1@1 1000:0@0 5:2@1 ");
	expect(k, &k->m[1], "5:1@2 5:2@2 ");
	fake_free(k);
}
END_TEST

START_TEST(test_move_inside_message)
{
	struct fake *k = fake_new(2);
	struct adjout_key other = {.policy = 2, .families = 1 << FAMILY_IPV4};

	change(k, 1, 5, 50);
	change(k, 2, 5, 50);
	settle(k);
	ck_assert_uint_eq(pull(k, &k->m[0], 10), 10);
	struct group *to = group_new(&k->l, &other, true, NULL);
	ck_assert_ptr_eq(group_find(&k->l, &other), to);
	ck_assert_int_eq(group_member_move(&k->m[0], to), 0);
	/* The message that was begun goes on. */
	ck_assert_uint_eq(group_member_partial(&k->m[0]), MSG - 10);
	ck_assert_uint_eq(pull(k, &k->m[0], MSG - 10), MSG - 10);
	settle(k);
	expect(k, &k->m[0], "5:2@1 5:1@1 5:2@1 ");
	group_member_leave(&k->m[0]);
	group_free(to);
	fake_free(k);
}
END_TEST

START_TEST(test_move_waits_for_place)
{
	struct fake *k = fake_new(2);
	struct adjout_key other = {.policy = 2, .families = 1 << FAMILY_IPV4};

	k->l.adjout.detached_max = 1;
	change(k, 1, 5, 50);
	settle(k);
	expect(k, &k->m[0], "5:1@1 ");
	expect(k, &k->m[1], "5:1@2 ");
	struct group *to = group_new(&k->l, &other, true, NULL);
	ck_assert_int_eq(group_member_move(&k->m[0], to), 0);
	ck_assert_int_eq(group_member_move(&k->m[1], to), -EAGAIN);
	/* It stays where it is, and is told what the old group is. */
	ck_assert_ptr_null(group_list_place(&k->l));
	ck_assert_ptr_eq(k->m[1].group, k->g);
	change(k, 2, 5, 50);
	group_list_flush(&k->l, false);
	expect(k, &k->m[1], "5:2@2 ");
	settle(k);
	ck_assert_int_eq(k->m[0].out.state, ADJOUT_ATTACHED);
	ck_assert_ptr_eq(group_list_place(&k->l), &k->m[1]);
	ck_assert_ptr_null(group_list_place(&k->l));
	ck_assert_int_eq(group_member_move(&k->m[1], to), 0);
	settle(k);
	expect(k, &k->m[1], "5:1@2 5:2@2 ");
	/* One that leaves waits for nothing. */
	k->l.adjout.detached_max = 0;
	ck_assert_int_eq(group_member_move(&k->m[1], k->g), -EAGAIN);
	group_member_leave(&k->m[1]);
	k->l.adjout.detached_max = 1;
	ck_assert_ptr_null(group_list_place(&k->l));
	group_member_leave(&k->m[0]);
	group_free(to);
	fake_free(k);
}
END_TEST

START_TEST(test_nobody_reads)
{
	struct fake *k = fake_new(0);

	change(k, 1, 5, 50);
	settle(k);
	ck_assert_uint_eq(k->g->octets, 0);
	group_member_join(k->g, &k->m[0]);
	settle(k);
	expect(k, &k->m[0], "5:1@1 ");
	fake_free(k);
}
END_TEST

/* What one member alone is sent; the others get theirs. */
START_TEST(test_starved_alone)
{
	struct fake *k = fake_new(2);

	change(k, 1, 5, 50);
	settle(k);
	expect(k, &k->m[0], "5:1@1 ");
	expect(k, &k->m[1], "5:1@2 ");
	ck_assert_ptr_null(group_list_starved(&k->l));
	adjout_member_refresh(&k->m[0].out, FAMILY_IPV4, false);
	tryfail_set(0, 1);
	settle(k);
	ck_assert_uint_eq(tryfail.failed, 1);
	ck_assert_uint_eq(k->starved, 1);
	ck_assert_ptr_eq(group_list_starved(&k->l), &k->m[0]);
	change(k, 2, 6, 50);
	settle(k);
	ck_assert_uint_eq(pull(k, &k->m[0], 60000), 0);
	expect(k, &k->m[1], "6:2@2 ");
	ck_assert_uint_eq(k->starved, 1);
	/* It comes back. */
	group_member_leave(&k->m[0]);
	ck_assert_ptr_null(group_list_starved(&k->l));
	group_member_join(k->g, &k->m[0]);
	settle(k);
	expect(k, &k->m[0], "5:1@1 6:2@1 ");
	fake_free(k);
}
END_TEST

/* The stream: all that read it, not who is in another group or joins behind. */
START_TEST(test_starved_stream)
{
	struct fake *k = fake_new(1);
	struct adjout_key other = {.policy = 2, .families = 1 << FAMILY_IPV4};
	struct group *g2 = group_new(&k->l, &other, true, k);

	group_member_join(g2, &k->m[2]);
	settle(k);
	change(k, 1, 5, 50);
	tryfail_set(0, 1);
	settle(k);
	ck_assert_ptr_eq(group_list_starved(&k->l), &k->m[0]);
	expect(k, &k->m[2], "5:1@3 ");
	group_member_leave(&k->m[0]);
	ck_assert_ptr_null(group_list_starved(&k->l));
	group_member_join(k->g, &k->m[1]);
	settle(k);
	expect(k, &k->m[1], "5:1@2 ");
	group_member_leave(&k->m[2]);
	group_free(g2);
	fake_free(k);
}
END_TEST

/* A ring that cannot grow: as many chunks as there is room for, each of them read by nobody. */
START_TEST(test_starved_ring)
{
	struct fake *k = fake_new(2);

	for (uint32_t i = 1; i < 40 && k->starved == 0; i++) {
		change(k, i, 5, 50);
		settle(k);
		/* it is sealed by whoever looks at it */
		group_member_partial(&k->m[0]);
		ck_assert(!group_member_dry(&k->m[0]));
		group_chunk_seal(k->g, group_chunk(k->g, k->g->head - 1));
		/* from the second growth on */
		if (k->g->head - k->g->tail == k->g->ring_cap)
			tryfail_set(0, 1);
	}
	ck_assert_uint_eq(k->starved, 2);
	ck_assert_uint_eq(k->g->head - k->g->tail, k->g->ring_cap);
	fake_free(k);
}
END_TEST

/* Its copy with its own next hop: who needs none has it. What was begun is finished first. */
START_TEST(test_starved_copy)
{
	struct fake *k = fake_new(2);
	struct iovec iov[4];

	change(k, 1, 5, 50);
	change(k, 3, 5, 50);
	settle(k);
	ck_assert_uint_eq(pull(k, &k->m[1], 10), 10);
	/* a second chunk */
	group_chunk_seal(k->g, group_chunk(k->g, k->g->head - 1));
	change(k, 2, 5, 50);
	settle(k);
	tryfail_set(1, 1); /* sealed first */
	ck_assert_int_eq(group_member_iov(&k->m[1], iov, 4), 1);
	ck_assert_uint_eq(tryfail.failed, 1);
	ck_assert_ptr_eq(group_list_starved(&k->l), &k->m[1]);
	ck_assert_int_eq(group_member_iov(&k->m[1], iov, 4), 1);
	ck_assert_uint_eq(iov[0].iov_len, MSG - 10);
	group_member_sent(&k->m[1], MSG - 10);
	ck_assert_int_eq(group_member_iov(&k->m[1], iov, 4), 0);
	expect(k, &k->m[0], "5:1@1 5:3@1 5:2@1 ");
	fake_free(k);
}
END_TEST

SUITE("group", test_starved_alone, test_starved_stream, test_starved_ring, test_starved_copy, test_shared,
    test_partial, test_extended, test_discards, test_paced, test_slow_is_detached, test_slow_but_reading, test_most_lag,
    test_stuck_in_two_places, test_all_stuck, test_too_many_slow, test_join_between, test_decided_amid_walk, test_wake_for_chunks,
    test_eor_after_stream, test_move_inside_message, test_move_waits_for_place, test_nobody_reads)
