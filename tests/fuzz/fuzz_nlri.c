/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_nlri: a field of NLRI, into a RIB and out again.
 *
 * The first octet: family, with path ids or without, and where two fields are, where the first ends (in
 * sixteenths); the first one is announced, the second withdrawn. Whether a field is good is one answer from
 * all who read it, each entry survives being written and read again, and the RIB has in the end what a plain
 * list has.
 */
#include "bgpd/nlri.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/ribtest.h"

#define ENTRIES_MAX 1024u

static struct nlri list[ENTRIES_MAX];
static unsigned nlist;

static bool
same(const struct nlri *a, const struct nlri *b)
{
	return a->path_id == b->path_id && a->prefix.len == b->prefix.len &&
	       memcmp(a->prefix.bytes, b->prefix.bytes, sizeof(a->prefix.bytes)) == 0;
}

static void
list_del(const struct nlri *n)
{
	for (unsigned i = 0; i < nlist; i++)
		if (same(&list[i], n)) {
			list[i] = list[--nlist];
			return;
		}
}

/* What the entry is on the wire, read again. */
static void
round_trip(const struct nlri *n, bool add_path)
{
	uint8_t out[NLRI_MAX_OCTETS], same_out[NLRI_MAX_OCTETS];
	struct wbuf w = wbuf_of(out, sizeof(out)), same_w = wbuf_of(same_out, sizeof(same_out));
	struct nlri back;

	bool fits = nlri_put(&w, n, add_path) && nlri_put_any(&same_w, n, add_path);
	ASSERT(fits && w.len == nlri_octets(n, add_path));
	ASSERT(same_w.len == w.len && memcmp(out, same_out, w.len) == 0);
	struct rbuf r = rbuf_of(out, w.len);
	enum nlri_result res = nlri_next(&r, (enum family)n->prefix.family, add_path, &back);
	ASSERT(res == NLRI_OK && same(n, &back) && rbuf_left(&r) == 0);
}

static void
apply(struct ribtest *t, struct rib_source *s, const struct nlri *n, attr_id attr)
{
	struct rib_op op = {.prefix = n->prefix,
			    .withdraw = attr == ATTR_NONE,
			    .received = attr,
			    .effective = attr,
			    .path_id = n->path_id};

	op.hash = rib_hash(t->rib, &op.prefix);
	rib_apply(t->rib, s, &op, 1, 7, RIB_URGENT);
}

/* Reads a field whole; entries that are no good are counted by nlri_check alone. */
static void
field(struct ribtest *t, struct rib_source *s, struct rbuf r, enum family f, bool add_path, attr_id attr)
{
	struct rbuf twin = r;
	enum nlri_result res;
	struct nlri n;
	int count = nlri_check(r.p, rbuf_left(&r), f, add_path), seen = 0;

	while ((res = nlri_next(&r, f, add_path, &n)) == NLRI_OK) {
		struct nlri other = {0};
		enum nlri_result again = nlri_read_any(&twin, f, add_path, &other.path_id, &other.prefix);
		ASSERT(again == NLRI_OK && same(&n, &other));
		ASSERT(add_path || n.path_id == 0);
		round_trip(&n, add_path);
		nlri_is_unicast(&n.prefix);
		seen++;
		if (count < 0 || nlist == ENTRIES_MAX)
			continue;
		apply(t, s, &n, attr);
		list_del(&n);
		if (attr != ATTR_NONE)
			list[nlist++] = n;
	}
	struct nlri last;
	ASSERT(nlri_read_any(&twin, f, add_path, &last.path_id, &last.prefix) == res);
	ASSERT(count < 0 ? res == NLRI_BAD : res == NLRI_END && seen == count);
}

static void
on_change(void *ctx, struct rib_change *c, unsigned n)
{
	(void)ctx, (void)c, (void)n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct rib_callbacks cb = {.change = on_change};
	struct ribtest t;
	struct rib_stats st;

	if (size < 1 || size > 4096)
		return -1;
	enum family f = data[0] & 1 ? FAMILY_IPV6 : FAMILY_IPV4;
	bool add_path = data[0] & 2;
	size_t first = (size - 1) * (1u + (data[0] >> 4)) / 16;
	/* Each in memory of its own, so that a read behind the end is seen. */
	char *a = fuzz_string(data + 1, first), *b = fuzz_string(data + 1 + first, size - 1 - first);

	nlist = 0;
	ribtest_init(&t, &cb);
	struct rib_source *s = ribtest_peer(&t, RIB_PEER_EBGP, 1, "192.0.2.1");
	attr_id attr = ribtest_attr(&t.attrs, &(struct ribtest_attr){.as = {65001}});
	field(&t, s, rbuf_of(a, first), f, add_path, attr);
	field(&t, s, rbuf_of(b, size - 1 - first), f, add_path, ATTR_NONE);
	ASSERT(s->received[f] == nlist);
	while (rib_decide_run(t.rib, RIB_URGENT, 64) > 0)
		;
	for (unsigned i = 0; i < nlist; i++)
		ASSERT(rib_find(t.rib, &list[i].prefix) != 0);
	while (nlist > 0) {
		apply(&t, s, &list[0], ATTR_NONE);
		list_del(&list[0]);
	}
	while (rib_decide_run(t.rib, RIB_URGENT, 64) > 0)
		;
	rib_stats(t.rib, &st);
	ASSERT(s->received[f] == 0 && st.prefixes[f] == 0);
	attr_unref(&t.attrs, attr);
	ASSERT(attr_table_count(&t.attrs) == 0);
	ribtest_fini(&t);
	free(a);
	free(b);
	return 0;
}
