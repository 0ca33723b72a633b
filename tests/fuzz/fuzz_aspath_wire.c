/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_aspath_wire: octets of AS_PATH, with two and with four octets for an AS. Of the first two octets the
 * first says how the rest is cut into AS_PATH and AS4_PATH of an old speaker, which are merged. A path of
 * four comes back when it was sent to such a speaker (RFC 6793 4.2).
 */
#include "bgpd/aspath_wire.h"
#include "tests/fuzz/fuzz.h"

#define WIRE_MAX 4096u

/* Over a session with two octets for an AS, and back (RFC 6793 4.2). */
static void
narrow_use(const uint8_t *p, size_t len)
{
	static uint8_t two[WIRE_MAX], four[WIRE_MAX], merged[2 * WIRE_MAX], bare[WIRE_MAX];
	struct wbuf n = wbuf_of(two, sizeof(two)), f = wbuf_of(four, sizeof(four)),
		    m = wbuf_of(merged, sizeof(merged)), b = wbuf_of(bare, sizeof(bare));

	bool trans = aspath_wire_narrow(&n, p, len);
	ASSERT(!n.err && aspath_wire_check(two, n.len, 2, true) == NULL);
	ASSERT(aspath_wire_count(two, n.len, 2) == aspath_wire_count(p, len, 4));
	aspath_wire_strip_confed(&f, p, len);
	ASSERT(!f.err && aspath_wire_check(four, f.len, 4, false) == NULL);
	aspath_wire_merge(&m, two, n.len, four, f.len);
	ASSERT(!m.err && aspath_wire_check(merged, m.len, 4, true) == NULL);
	aspath_wire_strip_confed(&b, merged, m.len);
	ASSERT(b.len == f.len && memcmp(bare, four, f.len) == 0);
	if (!trans) {
		m = wbuf_of(merged, sizeof(merged));
		aspath_wire_widen(&m, two, n.len);
		ASSERT(m.len == len && memcmp(merged, p, len) == 0);
	}
}

/* Whatever two attributes an old speaker has made. */
static void
merge_use(const uint8_t *p2, size_t len2, const uint8_t *p4, size_t len4)
{
	static uint8_t out[4 * WIRE_MAX];
	struct wbuf w = wbuf_of(out, sizeof(out));

	if (aspath_wire_check(p2, len2, 2, true) != NULL)
		return;
	aspath_wire_first(p2, len2, 2);
	aspath_wire_widen(&w, p2, len2);
	ASSERT(!w.err && aspath_wire_check(out, w.len, 4, true) == NULL);
	ASSERT(aspath_wire_count(out, w.len, 4) == aspath_wire_count(p2, len2, 2));
	if (aspath_wire_check(p4, len4, 4, true) != NULL)
		return;
	w = wbuf_of(out, sizeof(out));
	aspath_wire_merge(&w, p2, len2, p4, len4);
	ASSERT(!w.err && aspath_wire_check(out, w.len, 4, true) == NULL);
	/* RFC 6793 4.2.3: as long as AS_PATH was. */
	ASSERT(aspath_wire_count(out, w.len, 4) == aspath_wire_count(p2, len2, 2));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1 || size > WIRE_MAX / 2)
		return -1;
	size_t first = (size - 1) * data[0] / UINT8_MAX;
	char *a = fuzz_string(data + 1, first), *b = fuzz_string(data + 1 + first, size - 1 - first);

	merge_use((const uint8_t *)a, first, (const uint8_t *)b, size - 1 - first);
	if (aspath_wire_check((const uint8_t *)a, first, 4, true) == NULL)
		narrow_use((const uint8_t *)a, first);
	free(a);
	free(b);
	return 0;
}
