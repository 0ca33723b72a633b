/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_community: the text of a community or of a pattern, an octet of 0, and a list as
 * it is on the wire. What is read prints, and reads again as the same; a value fits its own pattern; a list
 * that was sorted is ascending, and adding and removing leave it so.
 */
#include "bgpd/compile.h"
#include "conf/community.h"
#include "rib/community.h"
#include "tests/fuzz/fuzz.h"

static void
list_check(enum community_kind kind, const uint8_t *list, size_t len)
{
	size_t size = community_size(kind);

	ASSERT(len % size == 0);
	for (size_t at = size; at < len; at += size)
		ASSERT(memcmp(list + at - size, list + at, size) < 0);
}

/* In an attribute set: what a policy does. */
static void
edit(const struct community_pattern *p, const uint8_t *list, size_t len)
{
	enum community_kind kind = (enum community_kind)p->kind;
	uint8_t type = community_attr_type(kind);
	struct attr_edit e = {0};
	size_t n;

	attr_edit_begin(&e, NULL);
	if (len > 0)
		attr_edit_put(&e, ATTR_FLAG_OPTIONAL | ATTR_FLAG_TRANSITIVE, type, list, len);
	if (community_is_exact(p))
		community_add(&e, p);
	const uint8_t *v = attr_edit_find(&e, type, &n);
	bool fits = false;
	if (v != NULL) {
		list_check(kind, v, n);
		for (size_t at = 0; at < n; at += community_size(kind))
			fits |= community_fits(p, v + at);
	}
	ASSERT(fits || !community_is_exact(p));
	bool removed = community_remove(&e, p, 1);
	ASSERT(removed == fits);
	v = attr_edit_find(&e, type, &n);
	ASSERT(v == NULL || n > 0);
	for (size_t at = 0; v != NULL && at < n; at += community_size(kind))
		ASSERT(!community_fits(p, v + at));
	attr_edit_fini(&e);
}

static void
pattern_use(const struct conf_community *c, const char *list, size_t len)
{
	struct community_pattern p = compile_community(c);
	size_t size = community_size((enum community_kind)p.kind);
	struct str text = {0};
	uint8_t value[12];

	len -= len % size;
	uint8_t *sorted = (uint8_t *)fuzz_string((const uint8_t *)list, len);
	size_t n = community_sort((enum community_kind)p.kind, sorted, len);
	ASSERT(n <= len);
	list_check((enum community_kind)p.kind, sorted, n);
	for (size_t at = 0; at < n; at += size)
		community_text((enum community_kind)p.kind, sorted + at, &text);
	if (community_is_exact(&p)) {
		ASSERT(community_value(&p, value) == size);
		ASSERT(community_fits(&p, value));
		community_text((enum community_kind)p.kind, value, &text);
	}
	edit(&p, sorted, n);
	free(sorted);
	str_free(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rbuf in = rbuf_of(data, size);
	struct conf_community c, again;
	struct str text = {0};
	size_t n;

	if (size > 8192)
		return -1;
	const uint8_t *p = fuzz_part(&in, &n);
	char *s = fuzz_string(p, n);
	if (conf_community_parse(s, true, &c)) {
		conf_community_text(&c, &text);
		bool ok = conf_community_parse(str_get(&text), true, &again);
		ASSERT(ok && memcmp(&c, &again, sizeof(c)) == 0);
		pattern_use(&c, (const char *)in.p, rbuf_left(&in));
	}
	if (conf_community_parse(s, false, &c)) {
		struct community_pattern exact = compile_community(&c);
		ASSERT(community_is_exact(&exact));
	}
	str_free(&text);
	free(s);
	return 0;
}
