/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policytest_tests: routes and what is expected of them, from YAML.
 *
 * The file is read with bgpd's own YAML reader, so errors have line and column. Expected
 * attributes are brought into the form that facet_text() gives and compared as text.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bgpd/compile.h"
#include "bgpd/own.h"
#include "conf/arena.h"
#include "conf/community.h"
#include "conf/error.h"
#include "conf/load.h"
#include "lib/buf.h"
#include "lib/mem.h"
#include "rib/aspath.h"
#include "rib/community.h"
#include "tools/policytest.h"

#define FILE_MAX (64u * 1024 * 1024)

struct tests {
	struct world *w;
	struct conf_errors *errs;
	struct test_counts *counts;
	struct str *out;
};

__attribute__((format(printf, 4, 5))) static bool
wrong(struct tests *t, const struct yml_node *n, const char *key, const char *fmt, ...)
{
	struct str text = {0};
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&text, fmt, ap);
	va_end(ap);
	conf_errors_add(t->errs, &n->pos, n->file_no, key, "%s", str_get(&text));
	str_free(&text);
	return false;
}

static bool
is_word(const struct yml_node *n)
{
	return n->kind == YML_SCALAR && !yml_is_null(n);
}

static bool
number_of(const struct yml_node *n, uint32_t *out)
{
	return is_word(n) && load_number(n->text, out);
}

/* ---- a route ---- */

struct reading {
	struct tests *t;
	struct route *route;
	struct attr_edit edit;
	struct ip_addr next_hop;
	const char *interface;
	bool has_prefix;
};

typedef bool (*route_fn)(struct reading *r, const struct yml_node *n);

static bool
route_prefix(struct reading *r, const struct yml_node *n)
{
	r->has_prefix = is_word(n) && ip_prefix_parse(n->text, &r->route->prefix) == 0;
	return r->has_prefix;
}

static bool
route_as_path(struct reading *r, const struct yml_node *n)
{
	uint8_t path[4096];
	struct wbuf w = wbuf_of(path, sizeof(path));

	if (n->kind != YML_SCALAR || !aspath_parse(yml_is_null(n) ? "" : n->text, &w))
		return false;
	attr_edit_put(&r->edit, ATTR_FLAG_TRANSITIVE, ATTR_AS_PATH, path, w.len);
	return true;
}

static bool
route_origin(struct reading *r, const struct yml_node *n)
{
	static const char *const words[] = {"igp", "egp", "incomplete"};

	for (uint8_t i = 0; is_word(n) && i < ARRAY_LEN(words); i++) {
		if (strcmp(words[i], n->text) != 0)
			continue;
		attr_edit_put(&r->edit, ATTR_FLAG_TRANSITIVE, ATTR_ORIGIN, &i, 1);
		return true;
	}
	return false;
}

static bool
route_next_hop(struct reading *r, const struct yml_node *n)
{
	return is_word(n) && ip_addr_parse(n->text, &r->next_hop) == 0;
}

static bool
route_med(struct reading *r, const struct yml_node *n)
{
	uint32_t v;

	if (!number_of(n, &v))
		return false;
	attr_edit_put_u32(&r->edit, ATTR_FLAG_OPTIONAL, ATTR_MED, v);
	return true;
}

static bool
route_local_preference(struct reading *r, const struct yml_node *n)
{
	uint32_t v;

	if (!number_of(n, &v))
		return false;
	attr_edit_put_u32(&r->edit, ATTR_FLAG_TRANSITIVE, ATTR_LOCAL_PREF, v);
	return true;
}

/* Calls add for each community of a list or a single one; false: one of them is none. */
static bool
communities_each(const struct yml_node *n, void (*add)(void *ctx, const struct community_pattern *c), void *ctx)
{
	struct conf_community parsed;
	uint32_t count = n->kind == YML_LIST ? n->n : 1;

	for (uint32_t i = 0; i < count; i++) {
		const struct yml_node *item = n->kind == YML_LIST ? n->items[i] : n;
		if (!is_word(item) || !conf_community_parse(item->text, false, &parsed))
			return false;
		struct community_pattern c = compile_community(&parsed);
		add(ctx, &c);
	}
	return true;
}

static void
add_community(void *ctx, const struct community_pattern *c)
{
	community_add(ctx, c);
}

static bool
route_communities(struct reading *r, const struct yml_node *n)
{
	return communities_each(n, add_community, &r->edit);
}

static bool
route_metric(struct reading *r, const struct yml_node *n)
{
	return number_of(n, &r->edit.local.metric);
}

static bool
route_tag(struct reading *r, const struct yml_node *n)
{
	return number_of(n, &r->edit.local.tag);
}

static bool
route_interface(struct reading *r, const struct yml_node *n)
{
	r->interface = n->text;
	return is_word(n) && n->n < 16;
}

static bool
route_from(struct reading *r, const struct yml_node *n)
{
	r->route->from = is_word(n) ? world_peer(r->t->w, n->text) : NULL;
	return r->route->from != NULL;
}

static bool
route_source(struct reading *r, const struct yml_node *n)
{
	static const struct {
		const char *word;
		enum rib_source_kind kind;
	} words[] = {{"static", RIB_SOURCE_STATIC},
		     {"network", RIB_SOURCE_NETWORK},
		     {"connected", RIB_SOURCE_CONNECTED},
		     {"kernel", RIB_SOURCE_KERNEL},
		     {"aggregate", RIB_SOURCE_AGGREGATE}};

	for (size_t i = 0; is_word(n) && i < ARRAY_LEN(words); i++) {
		if (strcmp(words[i].word, n->text) != 0)
			continue;
		r->route->source = words[i].kind;
		return true;
	}
	return false;
}

static const struct {
	const char *key;
	route_fn fn;
	const char *expected;
} route_keys[] = {
    {"prefix", route_prefix, "a prefix"},
    {"from", route_from, "the name or address of a neighbor"},
    {"source", route_source, "static, network, connected, kernel or aggregate"},
    {"as-path", route_as_path, "AS numbers, as in \"64512 64513 {1 2}\""},
    {"next-hop", route_next_hop, "an address"},
    {"origin", route_origin, "igp, egp or incomplete"},
    {"med", route_med, "a number"},
    {"local-preference", route_local_preference, "a number"},
    {"communities", route_communities, "communities, as in [\"64512:100\", \"64512:1:2\", \"rt:64512:1\"]"},
    {"metric", route_metric, "a number"},
    {"tag", route_tag, "a number"},
    {"interface", route_interface, "the name of an interface"},
};

static bool
route_key(struct reading *r, const struct yml_pair *pair)
{
	for (size_t i = 0; i < ARRAY_LEN(route_keys); i++) {
		if (strcmp(route_keys[i].key, pair->key->text) != 0)
			continue;
		return route_keys[i].fn(r, pair->value) ||
		    wrong(r->t, pair->value, pair->key->text, "expected %s", route_keys[i].expected);
	}
	return wrong(r->t, pair->key, pair->key->text, "found a key that routes do not have");
}

/* Reads a route; its attribute set is a reference. False: told what is wrong. */
static bool
route_read(struct tests *t, const struct yml_node *n, struct route *out)
{
	struct reading r = {.t = t, .route = out};
	bool good = true;

	*out = (struct route){.source = RIB_SOURCE_STATIC};
	if (n == NULL || n->kind != YML_MAP)
		return n != NULL && wrong(t, n, "route", "expected a map");
	own_attr_begin(&r.edit);
	for (uint32_t i = 0; i < n->n; i++)
		good = route_key(&r, &n->pairs[i]) && good;
	if (good && !r.has_prefix)
		good = wrong(t, n, "route", "expected a prefix");
	if (good) {
		uint32_t nexthop = r.next_hop.family != FAMILY_NONE ? world_nexthop(t->w, &r.next_hop, NULL) : 0;
		r.edit.nexthop = nexthop;
		out->attr = attr_edit_commit(&r.edit, world_attrs(t->w));
		if (nexthop != 0)
			world_nexthop_unref(t->w, nexthop);
		if (r.interface != NULL)
			world_interface(t->w, r.interface, nexthop != 0 ? &r.next_hop : NULL, &out->prefix,
					r.edit.local.metric);
	}
	attr_edit_fini(&r.edit);
	return good;
}

/* ---- where it is judged ---- */

static bool
place_read(struct tests *t, const struct yml_node *test, enum place *place, struct peer **peer)
{
	static const struct {
		const char *key;
		enum place place;
	} keys[] = {{"import", PLACE_IMPORT}, {"export", PLACE_EXPORT}};
	const struct yml_node *found = NULL, *kernel = yml_map_get(test, "kernel");

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const struct yml_node *n = yml_map_get(test, keys[i].key);
		if (n == NULL)
			continue;
		if (found != NULL || kernel != NULL)
			return wrong(t, n, keys[i].key, "expected one of import, export and kernel alone");
		found = n;
		*place = keys[i].place;
		*peer = is_word(n) ? world_peer(t->w, n->text) : NULL;
		if (*peer == NULL)
			return wrong(t, n, keys[i].key, "expected the name of a neighbor that has an address");
	}
	if (found != NULL)
		return true;
	*peer = NULL;
	if (kernel == NULL)
		return wrong(t, test, "test", "expected import: NEIGHBOR, export: NEIGHBOR or kernel: learn | export");
	*place = is_word(kernel) && strcmp(kernel->text, "learn") == 0 ? PLACE_LEARN : PLACE_PROGRAM;
	if (!is_word(kernel) || (*place == PLACE_PROGRAM && strcmp(kernel->text, "export") != 0))
		return wrong(t, kernel, "kernel", "expected learn or export");
	return true;
}

/* ---- what is expected ---- */

/* Words in any order. */
static int
word_cmp(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
words_sort(struct str *text)
{
	char *copy = xstrdup(str_get(text)), *rest = copy, *word;
	char **v = xcalloc(text->len + 1, sizeof(char *));
	size_t n = 0;

	while ((word = strsep(&rest, " ")) != NULL)
		if (word[0] != '\0')
			v[n++] = word;
	qsort(v, n, sizeof(char *), word_cmp);
	str_reset(text);
	for (size_t i = 0; i < n; i++)
		str_addf(text, "%s%s", i > 0 ? " " : "", v[i]);
	free(v);
	free(copy);
}

static void
add_community_text(void *ctx, const struct community_pattern *c)
{
	struct str *out = ctx;
	uint8_t value[12];

	community_value(c, value);
	str_add(out, out->len > 0 ? " " : "");
	community_text((enum community_kind)c->kind, value, out);
}

/* Brings an expected value into the form of facet_text(). False: it cannot be one. */
static bool
expected_text(const struct yml_node *n, enum facet f, struct str *out)
{
	uint8_t path[4096];
	struct wbuf w = wbuf_of(path, sizeof(path));
	char text[IP_ADDR_STRLEN];
	struct ip_addr addr;
	uint32_t v;

	if (n->kind == YML_SCALAR && (yml_is_null(n) || strcmp(n->text, "none") == 0))
		return true;
	switch (f) {
	case FACET_COMMUNITIES:
		return communities_each(n, add_community_text, out);
	case FACET_AS_PATH:
		if (!is_word(n) || !aspath_parse(n->text, &w))
			return false;
		aspath_text((struct aspath){path, w.len}, out);
		return true;
	case FACET_NEXT_HOP:
		if (is_word(n) && strcmp(n->text, "self") == 0)
			str_add(out, "self");
		else if (is_word(n) && ip_addr_parse(n->text, &addr) == 0)
			str_add(out, ip_addr_str(&addr, text, sizeof(text)));
		return out->len > 0;
	case FACET_ORIGIN:
	case FACET_TUNNEL:
		if (is_word(n))
			str_add(out, n->text);
		return out->len > 0;
	default:
		if (!number_of(n, &v))
			return false;
		/* What is not there counts as 0 where bgpd has it so. */
		if (v != 0 || (f != FACET_METRIC && f != FACET_TAG))
			str_addf(out, "%u", v);
		return true;
	}
}

static bool
facet_of(const char *key, enum facet *out)
{
	static const enum facet known[] = {FACET_ORIGIN,      FACET_AS_PATH, FACET_NEXT_HOP,   FACET_MED,
					   FACET_LOCAL_PREFERENCE, FACET_COMMUNITIES, FACET_METRIC,
					   FACET_PREFERENCE,  FACET_TAG,     FACET_TUNNEL};

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (strcmp(facet_names[known[i]], key) != 0)
			continue;
		*out = known[i];
		return true;
	}
	return false;
}

/* A difference, as a line of what failed. */
static void
differs(struct str *why, const char *what, const char *expected, const char *found)
{
	str_addf(why, "    %s: expected %s, found %s\n", what, expected[0] != '\0' ? expected : "none",
		 found[0] != '\0' ? found : "none");
}

static bool
expect_facet(struct tests *t, const struct yml_pair *pair, enum facet f, const struct verdict *v, struct str *why)
{
	struct str expected = {0}, found = {0};
	bool good = expected_text(pair->value, f, &expected) ||
	    wrong(t, pair->value, pair->key->text, "found what cannot be a value of this");

	if (good) {
		if (v->attr != ATTR_NONE)
			facet_text(t->w, v->attr, f, &found);
		if (f == FACET_COMMUNITIES) {
			words_sort(&expected);
			words_sort(&found);
		}
		if (strcmp(str_get(&expected), str_get(&found)) != 0)
			differs(why, pair->key->text, str_get(&expected), str_get(&found));
	}
	str_free(&expected);
	str_free(&found);
	return good;
}

/* Communities that must be there, or must not. */
static bool
expect_members(struct tests *t, const struct yml_pair *pair, const struct verdict *v, bool there, struct str *why)
{
	struct str wanted = {0}, found = {0};
	bool good = communities_each(pair->value, add_community_text, &wanted) ||
	    wrong(t, pair->value, pair->key->text, "expected communities");
	char *copy = xstrdup(str_get(&wanted)), *rest = copy, *word;

	if (v->attr != ATTR_NONE)
		facet_text(t->w, v->attr, FACET_COMMUNITIES, &found);
	char *all = NULL;
	if (asprintf(&all, " %s ", str_get(&found)) < 0)
		abort();
	while (good && (word = strsep(&rest, " ")) != NULL) {
		char needle[64];
		snprintf(needle, sizeof(needle), " %s ", word);
		if (word[0] != '\0' && (strstr(all, needle) != NULL) != there)
			differs(why, pair->key->text, word, str_get(&found));
	}
	free(all);
	free(copy);
	str_free(&wanted);
	str_free(&found);
	return good;
}

static bool
expect_key(struct tests *t, const struct yml_pair *pair, const struct verdict *v, struct str *why)
{
	const char *key = pair->key->text, *word = is_word(pair->value) ? pair->value->text : NULL;
	char number[16];
	enum facet f;

	if (strcmp(key, "has-communities") == 0)
		return expect_members(t, pair, v, true, why);
	if (strcmp(key, "lacks-communities") == 0)
		return expect_members(t, pair, v, false, why);
	if (facet_of(key, &f))
		return expect_facet(t, pair, f, v, why);
	if (word == NULL)
		return wrong(t, pair->value, key, "expected a word");
	if (strcmp(key, "action") == 0) {
		if (strcmp(word, "accept") != 0 && strcmp(word, "reject") != 0)
			return wrong(t, pair->value, key, "expected accept or reject");
		if (v->accepted != (strcmp(word, "accept") == 0))
			differs(why, key, word, v->accepted ? "accept" : "reject");
		return true;
	}
	snprintf(number, sizeof(number), "%u", v->rule);
	const char *found = strcmp(key, "reason") == 0 ? v->reason
	    : strcmp(key, "policy") == 0	       ? v->policy
	    : strcmp(key, "rule") == 0		       ? number
						       : "";
	if (found != NULL && found[0] == '\0')
		return wrong(t, pair->key, key, "found a key that cannot be expected");
	if (found == NULL || strcmp(found, word) != 0)
		differs(why, key, word, found != NULL ? found : "");
	return true;
}

/* ---- a test ---- */

static bool
keys_known(struct tests *t, const struct yml_node *test)
{
	static const char *const keys[] = {"name", "import", "export", "kernel", "route", "expect"};
	bool good = true;

	for (uint32_t i = 0; i < test->n; i++) {
		bool known = false;
		for (size_t k = 0; k < ARRAY_LEN(keys); k++)
			known = known || strcmp(keys[k], test->pairs[i].key->text) == 0;
		if (!known)
			good = wrong(t, test->pairs[i].key, test->pairs[i].key->text, "found a key that tests do not have");
	}
	return good;
}

static void
judge(struct tests *t, const struct yml_node *test, enum place place, struct peer *peer, const struct route *r)
{
	const struct yml_node *name = yml_map_get(test, "name"), *expect = yml_map_get(test, "expect");
	struct verdict v;
	struct str why = {0};
	bool good = true, action = yml_map_get(expect, "action") != NULL;

	world_judge(t->w, place, peer, r, &v);
	/* Attributes are those of an accepted route. */
	if (!action && !v.accepted && yml_map_get(expect, "reason") == NULL)
		differs(&why, "action", "accept", "reject");
	for (uint32_t i = 0; i < expect->n; i++)
		good = expect_key(t, &expect->pairs[i], &v, &why) && good;
	if (good && why.len > 0) {
		t->counts->failed++;
		str_addf(t->out, "FAIL %s:%u: %s\n%s    it was ", test->pos.file, test->pos.line,
			 name != NULL && is_word(name) ? name->text : "(no name)", str_get(&why));
		verdict_text(&v, t->out);
		str_add(t->out, "\n");
	} else if (good) {
		t->counts->passed++;
	}
	verdict_fini(t->w, &v);
	str_free(&why);
}

static void
test_run(struct tests *t, const struct yml_node *test)
{
	struct route r = {0};
	struct peer *peer = NULL;
	enum place place = PLACE_IMPORT;

	if (test->kind != YML_MAP || yml_map_get(test, "route") == NULL) {
		wrong(t, test, "test", "expected a map with route and expect");
		return;
	}
	const struct yml_node *expect = yml_map_get(test, "expect");
	if (expect == NULL || expect->kind != YML_MAP || expect->n == 0) {
		wrong(t, expect != NULL ? expect : test, "expect", "expected a map of what is expected");
		return;
	}
	bool good = keys_known(t, test);
	good = place_read(t, test, &place, &peer) && good;
	good = route_read(t, yml_map_get(test, "route"), &r) && good;
	if (good && place == PLACE_LEARN)
		r.source = RIB_SOURCE_KERNEL;
	if (good)
		judge(t, test, place, peer, &r);
	attr_unref(world_attrs(t->w), r.attr);
}

bool
tests_run(struct world *w, const char *path, struct test_counts *counts, struct str *out, struct conf_errors *errs)
{
	struct tests t = {.w = w, .errs = errs, .counts = counts, .out = out};
	struct conf_arena *arena = conf_arena_new();
	struct yml_node *root = NULL;
	const struct yml_node *list;
	char *text;
	size_t len;
	int rc = tree_read(path, FILE_MAX, &text, &len);

	if (rc < 0) {
		conf_errors_add(errs, &(struct conf_pos){.file = path}, 0, "", "cannot be read: %s", strerror(-rc));
		conf_arena_free(arena);
		return false;
	}
	if (yml_parse(arena, path, 0, text, len, errs, &root) == 0) {
		list = root->kind == YML_MAP && root->n == 1 ? yml_map_get(root, "tests") : NULL;
		if (list == NULL || list->kind != YML_LIST || list->n == 0)
			wrong(&t, root, "tests", "expected tests: and a list");
		else
			for (uint32_t i = 0; i < list->n; i++)
				test_run(&t, list->items[i]);
	}
	free(text);
	conf_arena_free(arena);
	conf_errors_sort(errs);
	return errs->n == 0;
}
