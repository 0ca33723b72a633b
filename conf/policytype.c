/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policytype: kinds of values of neighbours and policies.
 *
 * References are resolved while they are read, against the keys of the tree (so
 * the order of the file does not matter) or, for neighbours, against the names
 * made before. Where a set's name may stand, one entry of such a set may stand
 * too; a set's name wins, as sets are often named after a community.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf/arena.h"
#include "conf/community.h"
#include "conf/load.h"
#include "conf/pattern.h"
#include "conf/schema.h"

#define SECRET_MAX 80 /* octets, TCP_MD5SIG_MAXKEYLEN; RFC 2385 4.5 */
#define MASKED     "********"

/* ---- remote AS ---- */

static bool
remote_as_parse(struct conf_loader *ld, const struct conf_row *row, struct yml_node *n, void *dst)
{
	const char *text = load_scalar(ld, row, n);
	struct conf_as_spec *out = dst;

	if (text == NULL)
		return false;
	if (strcmp(text, "internal") == 0)
		out->type = CONF_REMOTE_INTERNAL;
	else if (strcmp(text, "external") == 0)
		out->type = CONF_REMOTE_EXTERNAL;
	else if (!load_as_number(text, &out->as))
		return load_wrong(ld, row, n);
	return true;
}

static void
remote_as_print(const struct conf_row *row, const void *src, bool secrets, struct str *out)
{
	const struct conf_as_spec *v = src;

	(void)row;
	(void)secrets;
	if (v->type == CONF_REMOTE_NUMBER)
		str_addf(out, "%u", v->as);
	else
		str_add(out, v->type == CONF_REMOTE_INTERNAL ? "internal" : "external");
}

static void
remote_as_expect(const struct conf_row *row, struct str *out)
{
	(void)row;
	str_add(out, "an AS number 1..4294967295 but 23456, internal or external");
}

/* The number of an internal neighbour is known by now, written out or not. */
static bool
remote_as_equal(const void *a, const void *b)
{
	const struct conf_as_spec *x = a, *y = b;
	bool any = x->type == CONF_REMOTE_EXTERNAL;

	return any == (y->type == CONF_REMOTE_EXTERNAL) && (any || x->as == y->as);
}

const struct conf_type conf_type_remote_as = {
    .arg = "AS | internal | external",
    .size = sizeof(struct conf_as_spec),
    .parse = remote_as_parse,
    .print = remote_as_print,
    .equal = remote_as_equal,
    .expect = remote_as_expect,
};

/* ---- password ---- */

static bool
secret_ok(struct conf_loader *ld, struct yml_node *n, size_t len)
{
	if (len >= 1 && len <= SECRET_MAX)
		return true;
	/* Not to quote it: messages end up in logs. */
	load_fail(ld, n, "found a password of %zu octets, expected 1..%d", len, SECRET_MAX);
	return false;
}

static bool
password_read(struct conf_loader *ld, struct yml_node *n, struct conf_password *out)
{
	const char *path = tree_path_of(ld, n, n->text);
	char *text;
	size_t len;

	if ((ld->flags & CONF_NO_FILES) != 0) {
		load_fail(ld, n, "found a file, expected none to be read here");
		return false;
	}
	int rc = tree_read_noted(ld, path, 4096, &text, &len);
	if (rc != 0) {
		load_expect(ld, n, "a readable file (%s)", strerror(-rc));
		return false;
	}
	if (len > 0 && text[len - 1] == '\n')
		len--;
	if (len > 0 && text[len - 1] == '\r')
		len--;
	bool ok = secret_ok(ld, n, len);
	if (ok && memchr(text, '\0', len) != NULL) {
		load_expect(ld, n, "a file of text without NUL characters");
		ok = false;
	}
	if (ok) {
		out->file = conf_arena_str(ld->arena, path);
		out->secret = conf_arena_strn(ld->arena, text, len);
	}
	explicit_bzero(text, len);
	free(text);
	return ok;
}

static bool
password_parse(struct conf_loader *ld, const struct conf_row *row, struct yml_node *n, void *dst)
{
	struct conf_password *out = dst;

	if (n->kind == YML_SCALAR && !yml_is_null(n)) {
		if (!secret_ok(ld, n, n->n))
			return false;
		out->secret = conf_arena_strn(ld->arena, n->text, n->n);
		return true;
	}
	struct yml_node *file = n->kind == YML_MAP && n->n == 1 ? yml_map_get(n, "file") : NULL;
	if (file == NULL || file->kind != YML_SCALAR || file->n == 0)
		return load_wrong(ld, row, n);
	return password_read(ld, file, out);
}

static void
password_print(const struct conf_row *row, const void *src, bool secrets, struct str *out)
{
	const struct conf_password *v = src;

	(void)row;
	if (v->file == NULL) {
		conf_text_print(secrets ? v->secret : MASKED, out);
		return;
	}
	str_add(out, "{file: ");
	conf_text_print(v->file, out);
	str_add(out, "}");
}

/* By content: the same secret from another place is no reason for a new session. */
static bool
password_equal(const void *a, const void *b)
{
	const struct conf_password *x = a, *y = b;

	return strcmp(x->secret, y->secret) == 0;
}

static void
password_expect(const struct conf_row *row, struct str *out)
{
	(void)row;
	str_add(out, "a password or {file: PATH}");
}

const struct conf_type conf_type_password = {
    .arg = "text | {file: path}",
    .size = sizeof(struct conf_password),
    .parse = password_parse,
    .print = password_print,
    .equal = password_equal,
    .expect = password_expect,
};

/* ---- ADD-PATH: what to send ---- */

static bool
send_paths_parse(struct conf_loader *ld, const struct conf_row *row, struct yml_node *n, void *dst)
{
	const char *text = load_scalar(ld, row, n);
	struct conf_send_paths *out = dst;

	if (text == NULL)
		return false;
	if (strcmp(text, "none") == 0)
		out->mode = CONF_ADD_PATH_NONE;
	else if (strcmp(text, "ecmp") == 0)
		out->mode = CONF_ADD_PATH_ECMP;
	else if (strcmp(text, "all") == 0)
		out->mode = CONF_ADD_PATH_ALL;
	else if (strncmp(text, "best ", 5) == 0 && load_number(text + 5, &out->count) && out->count >= 1 &&
		 out->count <= CONF_ADD_PATH_MAX)
		out->mode = CONF_ADD_PATH_BEST;
	else
		return load_wrong(ld, row, n);
	return true;
}

static void
send_paths_print(const struct conf_row *row, const void *src, bool secrets, struct str *out)
{
	static const char *const names[] = {
	    [CONF_ADD_PATH_NONE] = "none", [CONF_ADD_PATH_ECMP] = "ecmp", [CONF_ADD_PATH_ALL] = "all"};
	const struct conf_send_paths *v = src;

	(void)row;
	(void)secrets;
	if (v->mode == CONF_ADD_PATH_BEST)
		str_addf(out, "best %u", v->count);
	else
		str_add(out, names[v->mode]);
}

static bool
send_paths_equal(const void *a, const void *b)
{
	const struct conf_send_paths *x = a, *y = b;

	return x->mode == y->mode && (x->mode != CONF_ADD_PATH_BEST || x->count == y->count);
}

static void
send_paths_expect(const struct conf_row *row, struct str *out)
{
	(void)row;
	str_add(out, "none, best N (N 1..255), ecmp or all");
}

const struct conf_type conf_type_send_paths = {
    .arg = "none | best N | ecmp | all",
    .size = sizeof(struct conf_send_paths),
    .parse = send_paths_parse,
    .print = send_paths_print,
    .equal = send_paths_equal,
    .expect = send_paths_expect,
};

/* ---- references ---- */

static bool
wrong_name(struct conf_loader *ld, struct yml_node *n, const struct yml_node *names, const char *what)
{
	const char *near = load_nearest(names, n->text);

	if (near != NULL)
		load_expect(ld, n, "%s; is \"%s\" meant?", what, near);
	else
		load_expect(ld, n, "%s", what);
	return false;
}

static bool
policy_ref_parse(struct conf_loader *ld, const struct conf_row *row, struct yml_node *n, void *dst)
{
	const char *text = load_scalar(ld, row, n);
	struct conf_ref *out = dst;

	if (text == NULL)
		return false;
	if (strcmp(text, "accept") == 0)
		out->index = CONF_POLICY_ACCEPT;
	else if (strcmp(text, "reject") == 0)
		out->index = CONF_POLICY_REJECT;
	else if (ld->policies == NULL || (out->index = yml_map_find(ld->policies, text)) < 0)
		return wrong_name(ld, n, ld->policies, "the name of a policy, accept or reject");
	out->name = conf_arena_str(ld->arena, text);
	return true;
}

static void
ref_print(const struct conf_row *row, const void *src, bool secrets, struct str *out)
{
	const struct conf_ref *v = src;

	(void)row;
	(void)secrets;
	conf_text_print(v->name, out);
}

static bool
ref_equal(const void *a, const void *b)
{
	return strcmp(((const struct conf_ref *)a)->name, ((const struct conf_ref *)b)->name) == 0;
}

static void
policy_ref_expect(const struct conf_row *row, struct str *out)
{
	(void)row;
	str_add(out, "the name of a policy, accept or reject");
}

const struct conf_type conf_type_policy_ref = {
    .arg = "policy",
    .size = sizeof(struct conf_ref),
    .parse = policy_ref_parse,
    .print = ref_print,
    .equal = ref_equal,
    .expect = policy_ref_expect,
};

static bool
neighbor_ref_parse(struct conf_loader *ld, const struct conf_row *row, struct yml_node *n, void *dst)
{
	const char *text = load_scalar(ld, row, n);
	struct conf_ref *out = dst;

	if (text == NULL)
		return false;
	out->index = check_neighbor_find(ld, text);
	if (out->index < 0)
		return load_wrong(ld, row, n);
	out->name = conf_arena_str(ld->arena, text);
	return true;
}

static void
neighbor_ref_expect(const struct conf_row *row, struct str *out)
{
	(void)row;
	str_add(out, "the name of a neighbor");
}

const struct conf_type conf_type_neighbor_ref = {
    .arg = "neighbor",
    .size = sizeof(struct conf_ref),
    .parse = neighbor_ref_parse,
    .print = ref_print,
    .equal = ref_equal,
    .expect = neighbor_ref_expect,
};

/* The set of this name, if there is one. */
static bool
set_find(struct conf_loader *ld, const struct yml_node *sets, const char *text, struct conf_ref *out)
{
	int32_t i = sets == NULL ? -1 : yml_map_find(sets, text);

	if (i < 0)
		return false;
	out->name = conf_arena_str(ld->arena, text);
	out->index = i;
	return true;
}

/* ---- prefix sets ---- */

/* True if text is an entry; else says what is wrong unless quiet. */
static bool
prefix_entry_read(struct conf_loader *ld, const struct conf_row *row, struct yml_node *n,
		  struct conf_prefix_entry *out)
{
	int rc = conf_prefix_entry_parse(n->text, out);
	char buf[IP_PREFIX_STRLEN];

	if (rc == -ERANGE)
		load_expect(ld, n, "%s (no bits set beyond the length)",
			    ip_prefix_str(&out->prefix, buf, sizeof(buf)));
	else if (rc != 0)
		load_wrong(ld, row, n);
	return rc == 0;
}

static bool
prefix_entry_parse(struct conf_loader *ld, const struct conf_row *row, struct yml_node *n, void *dst)
{
	return load_scalar(ld, row, n) != NULL && prefix_entry_read(ld, row, n, dst);
}

static void
prefix_entry_print(const struct conf_row *row, const void *src, bool secrets, struct str *out)
{
	struct str text = {0};

	(void)row;
	(void)secrets;
	conf_prefix_entry_text(src, &text);
	conf_text_print(str_get(&text), out);
	str_free(&text);
}

static void
prefix_entry_expect(const struct conf_row *row, struct str *out)
{
	(void)row;
	str_add(out, "a prefix, as in \"10.0.0.0/8\", \"10.0.0.0/8 ge 16 le 24\" or \"10.0.0.0/8 in\"");
}

static bool
prefix_entry_equal(const void *a, const void *b)
{
	const struct conf_prefix_entry *x = a, *y = b;

	return ip_prefix_eq(&x->prefix, &y->prefix) && x->min_len == y->min_len && x->max_len == y->max_len;
}

const struct conf_type conf_type_prefix_entry = {
    .arg = "prefix [ge N] [le N] | prefix in",
    .size = sizeof(struct conf_prefix_entry),
    .parse = prefix_entry_parse,
    .print = prefix_entry_print,
    .equal = prefix_entry_equal,
    .expect = prefix_entry_expect,
};

static bool
prefix_arg_parse(struct conf_loader *ld, const struct conf_row *row, struct yml_node *n, void *dst)
{
	const char *text = load_scalar(ld, row, n);
	struct conf_prefix_arg *out = dst;

	if (text == NULL)
		return false;
	if (set_find(ld, ld->prefix_sets, text, &out->set))
		return true;
	if (strchr(text, '/') != NULL)
		return prefix_entry_read(ld, row, n, &out->entry);
	return wrong_name(ld, n, ld->prefix_sets, "the name of a prefix set, or a prefix");
}

static void
prefix_arg_print(const struct conf_row *row, const void *src, bool secrets, struct str *out)
{
	const struct conf_prefix_arg *v = src;

	if (v->set.name != NULL)
		conf_text_print(v->set.name, out);
	else
		prefix_entry_print(row, &v->entry, secrets, out);
}

/* A set and an entry in place are never the same, even if both read alike. */
static bool
prefix_arg_equal(const void *a, const void *b)
{
	const struct conf_prefix_arg *x = a, *y = b;

	if (x->set.name == NULL || y->set.name == NULL)
		return x->set.name == y->set.name && prefix_entry_equal(&x->entry, &y->entry);
	return strcmp(x->set.name, y->set.name) == 0;
}

static void
prefix_arg_expect(const struct conf_row *row, struct str *out)
{
	(void)row;
	str_add(out, "the name of a prefix set, or a prefix, as in \"10.0.0.0/8 le 24\"");
}

const struct conf_type conf_type_prefix_arg = {
    .arg = "prefix-set | prefix",
    .size = sizeof(struct conf_prefix_arg),
    .parse = prefix_arg_parse,
    .print = prefix_arg_print,
    .equal = prefix_arg_equal,
    .expect = prefix_arg_expect,
};

/* ---- AS-path sets ---- */

static bool
as_pattern_parse(struct conf_loader *ld, const struct conf_row *row, struct yml_node *n, void *dst)
{
	const char *text = load_scalar(ld, row, n);

	return text != NULL && (conf_as_pattern_parse(ld->arena, text, dst) || load_wrong(ld, row, n));
}

static void
as_pattern_print(const struct conf_row *row, const void *src, bool secrets, struct str *out)
{
	const struct conf_as_pattern *v = src;

	(void)row;
	(void)secrets;
	conf_text_print(v->text, out);
}

static void
as_pattern_expect(const struct conf_row *row, struct str *out)
{
	(void)row;
	str_add(out, "an AS-path pattern of ^, $, _, numbers, [a-b], . and *, as in \"^64512_.*$\"");
}

const struct conf_type conf_type_as_pattern = {
    .arg = "pattern",
    .size = sizeof(struct conf_as_pattern),
    .parse = as_pattern_parse,
    .print = as_pattern_print,
    .expect = as_pattern_expect,
};

static bool
as_path_arg_parse(struct conf_loader *ld, const struct conf_row *row, struct yml_node *n, void *dst)
{
	const char *text = load_scalar(ld, row, n);
	struct conf_as_path_arg *out = dst;

	if (text == NULL)
		return false;
	if (set_find(ld, ld->as_path_sets, text, &out->set) ||
	    conf_as_pattern_parse(ld->arena, text, &out->entry))
		return true;
	return wrong_name(ld, n, ld->as_path_sets,
			  "the name of an AS-path set, or a pattern as in \"^64512_.*$\"");
}

static void
as_path_arg_print(const struct conf_row *row, const void *src, bool secrets, struct str *out)
{
	const struct conf_as_path_arg *v = src;

	(void)row;
	(void)secrets;
	conf_text_print(v->set.name != NULL ? v->set.name : v->entry.text, out);
}

static bool
as_path_arg_equal(const void *a, const void *b)
{
	const struct conf_as_path_arg *x = a, *y = b;

	if (x->set.name == NULL || y->set.name == NULL)
		return x->set.name == y->set.name && strcmp(x->entry.text, y->entry.text) == 0;
	return strcmp(x->set.name, y->set.name) == 0;
}

static void
as_path_arg_expect(const struct conf_row *row, struct str *out)
{
	(void)row;
	str_add(out, "the name of an AS-path set, or a pattern as in \"^64512_.*$\"");
}

const struct conf_type conf_type_as_path_arg = {
    .arg = "as-path-set | pattern",
    .size = sizeof(struct conf_as_path_arg),
    .parse = as_path_arg_parse,
    .print = as_path_arg_print,
    .equal = as_path_arg_equal,
    .expect = as_path_arg_expect,
};

/* ---- communities ---- */

static bool
community_parse(struct conf_loader *ld, const struct conf_row *row, struct yml_node *n, void *dst)
{
	const char *text = load_scalar(ld, row, n);

	return text != NULL && (conf_community_parse(text, false, dst) || load_wrong(ld, row, n));
}

static bool
community_pattern_parse(struct conf_loader *ld, const struct conf_row *row, struct yml_node *n, void *dst)
{
	const char *text = load_scalar(ld, row, n);

	return text != NULL && (conf_community_parse(text, true, dst) || load_wrong(ld, row, n));
}

static void
community_print(const struct conf_row *row, const void *src, bool secrets, struct str *out)
{
	struct str text = {0};

	(void)row;
	(void)secrets;
	conf_community_text(src, &text);
	conf_text_print(str_get(&text), out);
	str_free(&text);
}

static void
community_expect(const struct conf_row *row, struct str *out)
{
	(void)row;
	str_add(out, "a community, as in \"64512:100\", \"64512:1:2\", \"rt:64512:1\" or no-export");
}

static void
community_pattern_expect(const struct conf_row *row, struct str *out)
{
	(void)row;
	str_add(out, "a community or a pattern, as in \"64512:*\", \"64512:[1-9]:*\" or \"rt:64512:1\"");
}

const struct conf_type conf_type_community = {
    .arg = "community",
    .size = sizeof(struct conf_community),
    .parse = community_parse,
    .print = community_print,
    .expect = community_expect,
};

const struct conf_type conf_type_community_pattern = {
    .arg = "pattern",
    .size = sizeof(struct conf_community),
    .parse = community_pattern_parse,
    .print = community_print,
    .expect = community_pattern_expect,
};

static bool
community_arg_parse(struct conf_loader *ld, const struct conf_row *row, struct yml_node *n, void *dst)
{
	const char *text = load_scalar(ld, row, n);
	struct conf_community_arg *out = dst;

	if (text == NULL)
		return false;
	if (set_find(ld, ld->community_sets, text, &out->set) ||
	    conf_community_parse(text, true, &out->entry))
		return true;
	return wrong_name(ld, n, ld->community_sets,
			  "the name of a community set, or a community as in \"64512:*\"");
}

static void
community_arg_print(const struct conf_row *row, const void *src, bool secrets, struct str *out)
{
	const struct conf_community_arg *v = src;

	if (v->set.name != NULL)
		conf_text_print(v->set.name, out);
	else
		community_print(row, &v->entry, secrets, out);
}

static void
community_arg_expect(const struct conf_row *row, struct str *out)
{
	(void)row;
	str_add(out, "the name of a community set, or a community as in \"64512:*\"");
}

const struct conf_type conf_type_community_arg = {
    .arg = "community-set | pattern",
    .size = sizeof(struct conf_community_arg),
    .parse = community_arg_parse,
    .print = community_arg_print,
    .expect = community_arg_expect,
};

/* ---- numbers to match, and numbers to set ---- */

/* One of the bounds of a range, at its own path. */
static bool
bound_parse(struct conf_loader *ld, struct yml_node *n, const char *key, uint32_t min, uint32_t max,
	    uint32_t *out)
{
	struct load_path here = {.up = ld->path, .key = key};
	bool ok = n->kind == YML_SCALAR && load_number(n->text, out) && *out >= min && *out <= max;

	ld->path = &here;
	if (!ok)
		load_expect(ld, n, "a number %u..%u", min, max);
	ld->path = here.up;
	return ok;
}

static bool
range_parse(struct conf_loader *ld, const struct conf_row *row, struct yml_node *n, void *dst)
{
	struct conf_range *out = dst;
	uint32_t v;

	if (n->kind == YML_SCALAR) {
		if (!load_number(n->text, &v))
			return load_wrong(ld, row, n);
		*out = (struct conf_range){v, v};
		return true;
	}
	struct yml_node *above = n->kind == YML_MAP ? yml_map_get(n, "above") : NULL;
	struct yml_node *below = n->kind == YML_MAP ? yml_map_get(n, "below") : NULL;
	uint32_t known = (above != NULL ? 1u : 0u) + (below != NULL ? 1u : 0u);
	if (known == 0 || known != n->n)
		return load_wrong(ld, row, n);
	*out = (struct conf_range){0, UINT32_MAX};
	if (above != NULL) {
		if (!bound_parse(ld, above, "above", 0, UINT32_MAX - 1, &v))
			return false;
		out->lo = v + 1;
	}
	if (below != NULL) {
		if (!bound_parse(ld, below, "below", 1, UINT32_MAX, &v))
			return false;
		out->hi = v - 1;
	}
	if (out->lo > out->hi) {
		load_fail(ld, n, "found bounds that no number meets, expected below > above + 1");
		return false;
	}
	return true;
}

static void
range_print(const struct conf_row *row, const void *src, bool secrets, struct str *out)
{
	const struct conf_range *v = src;

	(void)row;
	(void)secrets;
	if (v->lo == v->hi)
		str_addf(out, "%u", v->lo);
	else if (v->hi == UINT32_MAX)
		str_addf(out, "{above: %u}", v->lo - 1);
	else if (v->lo == 0)
		str_addf(out, "{below: %u}", v->hi + 1);
	else
		str_addf(out, "{above: %u, below: %u}", v->lo - 1, v->hi + 1);
}

static void
range_expect(const struct conf_row *row, struct str *out)
{
	(void)row;
	str_add(out, "a number 0..4294967295, {above: N} or {below: N}");
}

const struct conf_type conf_type_range = {
    .arg = "N | {above: N} | {below: N}",
    .size = sizeof(struct conf_range),
    .parse = range_parse,
    .print = range_print,
    .expect = range_expect,
};

/* Those of /etc/iproute2/rt_protos; 2 is the kernel itself, whose routes are known from the addresses. */
const struct conf_word conf_rt_protocol_words[] = {
    {"redirect", 1}, {"boot", 3},  {"static", 4}, {"ra", 9},     {"zebra", 11}, {"bird", 12},   {"dhcp", 16},
    {"babel", 42},   {"bgp", 186}, {"isis", 187}, {"ospf", 188}, {"rip", 189},  {"eigrp", 192}, {0}};

static bool
rt_protocol_parse(struct conf_loader *ld, const struct conf_row *row, struct yml_node *n, void *dst)
{
	const char *text = load_scalar(ld, row, n);
	uint32_t *out = dst;

	if (text == NULL)
		return false;
	for (const struct conf_word *w = conf_rt_protocol_words; w->word != NULL; w++)
		if (strcmp(w->word, text) == 0) {
			*out = w->value;
			return true;
		}
	return (load_number(text, out) && *out >= 1 && *out <= UINT8_MAX) || load_wrong(ld, row, n);
}

static void
rt_protocol_print(const struct conf_row *row, const void *src, bool secrets, struct str *out)
{
	const uint32_t *v = src;

	(void)row;
	(void)secrets;
	for (const struct conf_word *w = conf_rt_protocol_words; w->word != NULL; w++)
		if (w->value == *v) {
			str_add(out, w->word);
			return;
		}
	str_addf(out, "%u", *v);
}

static bool
rt_protocol_equal(const void *a, const void *b)
{
	return *(const uint32_t *)a == *(const uint32_t *)b;
}

static void
rt_protocol_expect(const struct conf_row *row, struct str *out)
{
	(void)row;
	str_add(out, "a routing protocol of the kernel: ");
	for (const struct conf_word *w = conf_rt_protocol_words; w->word != NULL; w++)
		str_addf(out, "%s, ", w->word);
	str_add(out, "or 1..255");
}

const struct conf_type conf_type_rt_protocol = {
    .arg = "protocol",
    .size = sizeof(uint32_t),
    .parse = rt_protocol_parse,
    .print = rt_protocol_print,
    .equal = rt_protocol_equal,
    .expect = rt_protocol_expect,
};

static bool
expr_parse(struct conf_loader *ld, const struct conf_row *row, struct yml_node *n, void *dst)
{
	struct conf_expr *out = dst;

	if (n->kind == YML_SCALAR)
		return load_number(n->text, &out->value) || load_wrong(ld, row, n);
	const struct yml_node *of = n->kind == YML_MAP && n->n == 1 ? yml_map_get(n, "complement-of") : NULL;
	if (of == NULL || of->kind != YML_SCALAR || strcmp(of->text, row->words[0].word) != 0)
		return load_wrong(ld, row, n);
	out->kind = row->words[0].value;
	return true;
}

static void
expr_print(const struct conf_row *row, const void *src, bool secrets, struct str *out)
{
	const struct conf_expr *v = src;

	(void)secrets;
	if (v->kind == CONF_EXPR_NUMBER)
		str_addf(out, "%u", v->value);
	else
		str_addf(out, "{complement-of: %s}", row->words[0].word);
}

static void
expr_expect(const struct conf_row *row, struct str *out)
{
	str_addf(out, "a number 0..4294967295 or {complement-of: %s}", row->words[0].word);
}

/* row->words has one word: what the complement may be taken of. */
const struct conf_type conf_type_expr = {
    .arg = "N | {complement-of: key}",
    .size = sizeof(struct conf_expr),
    .parse = expr_parse,
    .print = expr_print,
    .expect = expr_expect,
};

static bool
set_next_hop_parse(struct conf_loader *ld, const struct conf_row *row, struct yml_node *n, void *dst)
{
	const char *text = load_scalar(ld, row, n);
	struct conf_set_next_hop *out = dst;

	if (text == NULL)
		return false;
	out->self = strcmp(text, "self") == 0;
	return out->self || (strchr(text, '%') == NULL && ip_addr_parse(text, &out->address) == 0) ||
	       load_wrong(ld, row, n);
}

static void
set_next_hop_print(const struct conf_row *row, const void *src, bool secrets, struct str *out)
{
	const struct conf_set_next_hop *v = src;

	if (v->self)
		str_add(out, "self");
	else
		conf_type_addr.print(row, &v->address, secrets, out);
}

static void
set_next_hop_expect(const struct conf_row *row, struct str *out)
{
	(void)row;
	str_add(out, "self or an address");
}

const struct conf_type conf_type_set_next_hop = {
    .arg = "self | address",
    .size = sizeof(struct conf_set_next_hop),
    .parse = set_next_hop_parse,
    .print = set_next_hop_print,
    .expect = set_next_hop_expect,
};
