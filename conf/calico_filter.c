/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calico_filter: BGPFilters as lists of rules in the model's form.
 *
 * A rule that cannot mean what it says makes the whole filter count as not there,
 * with a complaint that names the rule: half a filter may let through what it was
 * written to keep back.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/calico_int.h"
#include "lib/mem.h"

struct reader {
	struct calico_filter *filter;
	const json_t *rule;
	enum family f;
	char where[48]; /* "spec.importV4[3]" */
};

__attribute__((format(printf, 3, 4))) static bool
fail(struct reader *r, const char *key, const char *fmt, ...)
{
	char text[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	calico_complain(&r->filter->head, "%s.%s: %s: the filter is left out", r->where, key, text);
	r->filter->bad = true;
	return false;
}

/* One of the words as it is, or null where the key is missing. */
static bool
word(struct reader *r, json_t *out, const char *to, const char *key, const char *const *words)
{
	char *s = calico_text(r->rule, key);
	json_t *v = s == NULL ? json_null() : NULL;

	for (unsigned i = 0; s != NULL && words[i] != NULL; i++)
		if (strcmp(words[i], s) == 0)
			v = json_string(s);
	if (v == NULL)
		fail(r, key, "found \"%.60s\", which is unknown", s);
	json_object_set_new(out, to, v != NULL ? v : json_null());
	free(s);
	return v != NULL;
}

static bool
read_number(struct reader *r, const json_t *from, const char *key, uint32_t high, uint32_t *out)
{
	struct calico_entry scratch = {0};
	bool good = calico_number(&scratch, from, key, 0, high, out);

	if (scratch.complaints != NULL)
		fail(r, key, "found no number 0..%u", high);
	json_decref(scratch.complaints);
	return good;
}

/* min and max with what a missing one means; looked at beside a prefix only. */
static bool
read_lengths(struct reader *r, const struct ip_prefix *cidr, json_t *out)
{
	const json_t *v = json_object_get(r->rule, "prefixLength");
	uint32_t max = family_bits(r->f), low = cidr->len, high = max, n;

	if (!json_is_object(v)) {
		json_object_set_new(out, "prefix_length", json_null());
		return true;
	}
	if (read_number(r, v, "min", max, &n) && n > low)
		low = n;
	if (read_number(r, v, "max", max, &n))
		high = n;
	json_object_set_new(out, "prefix_length",
			    json_pack("{s:I, s:I}", "min", (json_int_t)low, "max", (json_int_t)high));
	if (low > high)
		return fail(r, "prefixLength", "found no length from %u up to %u, expected one at least", low, high);
	return true;
}

static bool
is_exact(const json_t *out)
{
	const char *operator = json_string_value(json_object_get(out, "operator"));

	return strcmp(operator, "Equal") == 0 || strcmp(operator, "NotEqual") == 0;
}

static bool
read_cidr(struct reader *r, json_t *out)
{
	static const char *const operators[] = {"Equal", "NotEqual", "In", "NotIn", NULL};
	char *text = calico_text(r->rule, "cidr");
	struct ip_prefix p;
	bool good = true;

	if (text == NULL) {
		json_object_set_new(out, "cidr", json_null());
		json_object_set_new(out, "operator", json_null());
		json_object_set_new(out, "prefix_length", json_null());
		return true;
	}
	if (!calico_prefix(text, &p) || p.family != r->f) {
		good = fail(r, "cidr", "found \"%.60s\", expected an %s prefix", text, r->f == FAMILY_IPV4 ? "IPv4" : "IPv6");
	} else {
		json_object_set_new(out, "cidr", calico_prefix_json(&p));
		bool some = read_lengths(r, &p, out);
		good = word(r, out, "operator", "matchOperator", operators) && some;
		if (good && json_is_null(json_object_get(out, "operator")))
			good = fail(r, "matchOperator", "found none, expected Equal, NotEqual, In or NotIn beside cidr");
		else if (good && !json_is_null(json_object_get(out, "prefix_length")) && is_exact(out))
			good = fail(r, "prefixLength", "found it beside a cidr that is compared as it is, expected In or NotIn");
	}
	free(text);
	return good;
}

static bool
read_communities(struct reader *r, json_t *out)
{
	const json_t *v = calico_at(r->rule, "communities.values");
	const char *text = json_string_value(json_array_get(v, 0));

	if (json_object_get(r->rule, "communities") == NULL) {
		json_object_set_new(out, "community", json_null());
		return true;
	}
	if (json_array_size(v) != 1 || text == NULL || !calico_is_community(text))
		return fail(r, "communities.values", "expected one community, aa:nn or aa:bb:cc");
	json_object_set_new(out, "community", json_string(text));
	return true;
}

static bool
as_list(struct reader *r, const json_t *list, const char *key, json_t **out)
{
	struct calico_entry scratch = {0};
	json_t *v;
	size_t i;
	bool good = json_is_array(list);

	*out = json_array();
	json_array_foreach (list, i, v) {
		uint32_t as;
		if (!calico_as(&scratch, v, "", &as))
			good = false;
		else
			json_array_append_new(*out, json_integer(as));
	}
	json_decref(scratch.complaints);
	return good || fail(r, key, "expected a list of AS numbers");
}

static bool
read_path(struct reader *r, json_t *out)
{
	const json_t *v = json_object_get(r->rule, "asPathPrefix");
	json_t *list = NULL;
	bool good = true;

	if (v != NULL && !json_is_null(v) && !(json_is_array(v) && json_array_size(v) == 0))
		good = as_list(r, v, "asPathPrefix", &list);
	json_object_set_new(out, "as_path_prefix", list != NULL ? list : json_null());
	return good;
}

static bool
read_priority(struct reader *r, json_t *out)
{
	uint32_t n;
	bool there = read_number(r, r->rule, "priority", INT32_MAX, &n);

	json_object_set_new(out, "priority", there ? json_integer(n) : json_null());
	return !r->filter->bad;
}

/* One operation, which is an object of one key. */
static json_t *
operation(struct reader *r, const json_t *op)
{
	const json_t *community = calico_at(op, "addCommunity.value"), *path = calico_at(op, "prependASPath.prefix");
	uint32_t n;
	json_t *list;

	if (json_object_size(op) != 1) {
		fail(r, "operations", "expected one of addCommunity, prependASPath and setPriority in each");
		return NULL;
	}
	if (json_is_string(community) && calico_is_community(json_string_value(community)))
		return json_pack("{s:O}", "add_community", community);
	if (json_object_get(op, "prependASPath") != NULL && json_array_size(path) > 0) {
		if (as_list(r, path, "operations", &list))
			return json_pack("{s:o}", "prepend_as_path", list);
		json_decref(list);
		return NULL;
	}
	if (read_number(r, calico_at(op, "setPriority"), "value", INT32_MAX, &n))
		return json_pack("{s:I}", "set_priority", (json_int_t)n);
	fail(r, "operations", "expected addCommunity with a community, prependASPath with a list of ASes or setPriority with a number");
	return NULL;
}

static bool
read_operations(struct reader *r, json_t *out)
{
	json_t *list = json_array(), *op, *one;
	size_t i;

	json_object_set_new(out, "operations", list);
	json_array_foreach (json_object_get(r->rule, "operations"), i, op) {
		one = operation(r, op);
		if (one == NULL)
			return false;
		json_array_append_new(list, one);
	}
	if (json_array_size(list) > 0 && strcmp(json_string_value(json_object_get(out, "action")), "Accept") != 0)
		return fail(r, "operations", "found operations of a rule that rejects, expected action Accept");
	return true;
}

static bool
read_action(struct reader *r, json_t *out)
{
	static const char *const actions[] = {"Accept", "Reject", NULL};

	if (!word(r, out, "action", "action", actions))
		return false;
	return !json_is_null(json_object_get(out, "action")) || fail(r, "action", "found none, expected Accept or Reject");
}

static bool
read_interface(struct reader *r, json_t *out)
{
	char *name = calico_text(r->rule, "interface");
	bool good = name == NULL || calico_is_interface(name) || fail(r, "interface", "found \"%.60s\", expected a name or pattern", name);

	json_object_set_new(out, "interface", name != NULL ? json_string(name) : json_null());
	free(name);
	return good;
}

static bool
read_rule(struct reader *r, json_t *out)
{
	static const char *const sources[] = {"RemotePeers", NULL};
	static const char *const types[] = {"eBGP", "iBGP", NULL};

	return read_interface(r, out) && read_cidr(r, out) && word(r, out, "source", "source", sources) && word(r, out, "peer_type", "peerType", types) &&
	       read_communities(r, out) && read_path(r, out) && read_priority(r, out) && read_action(r, out) &&
	       read_operations(r, out);
}

static void
rules_parse(struct calico_filter *filter, const json_t *value, const char *key, enum family f, enum calico_direction d)
{
	const json_t *list = json_object_get(json_object_get(value, "spec"), key);
	json_t *rule;
	size_t i;

	json_array_foreach (list, i, rule) {
		struct reader r = {.filter = filter, .rule = rule, .f = f};
		json_t *out = json_object();
		snprintf(r.where, sizeof(r.where), "spec.%s[%zu]", key, i);
		read_rule(&r, out);
		if (filter->rules[f][d] == NULL)
			filter->rules[f][d] = json_array();
		json_array_append_new(filter->rules[f][d], out);
	}
}

/* What the datastores that check names let through: templates make names of policies of it. */
static bool
is_plain_name(const char *s)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_";

	return *s != '\0' && s[strspn(s, letters)] == '\0';
}

void
calico_filter_parse(struct calico *c, struct calico_entry *e, const json_t *value)
{
	struct calico_filter *filter = (struct calico_filter *)e;

	(void)c;
	if (!is_plain_name(e->name)) {
		calico_complain(e, "metadata.name: expected letters, digits, '.', '-' and '_': the filter is left out");
		filter->bad = true;
	}
	rules_parse(filter, value, "importV4", FAMILY_IPV4, CALICO_IMPORT);
	rules_parse(filter, value, "exportV4", FAMILY_IPV4, CALICO_EXPORT);
	rules_parse(filter, value, "importV6", FAMILY_IPV6, CALICO_IMPORT);
	rules_parse(filter, value, "exportV6", FAMILY_IPV6, CALICO_EXPORT);
}

void
calico_filter_fini(struct calico *c, struct calico_entry *e)
{
	struct calico_filter *filter = (struct calico_filter *)e;

	(void)c;
	for (int f = 0; f < FAMILY_COUNT; f++)
		for (int d = 0; d < CALICO_DIRECTIONS; d++)
			json_decref(filter->rules[f][d]);
}

bool
calico_filter_has(const struct calico *c, const char *name, enum family f, enum calico_direction d)
{
	const struct calico_filter *filter = (const struct calico_filter *)calico_find(c, CALICO_FILTER, name);

	return filter != NULL && !filter->bad && filter->rules[f][d] != NULL;
}

static json_t *
rules_json(const struct calico_filter *filter, enum family f, enum calico_direction d)
{
	return filter->rules[f][d] != NULL ? json_incref(filter->rules[f][d]) : json_array();
}

json_t *
calico_filters(struct calico_view *v, enum family f)
{
	json_t *out = json_object();
	struct calico_entry *e;

	CALICO_FOREACH (v->c, CALICO_FILTER, e) {
		const struct calico_filter *filter = (const struct calico_filter *)e;
		if (filter->bad || (filter->rules[f][CALICO_IMPORT] == NULL && filter->rules[f][CALICO_EXPORT] == NULL))
			continue;
		json_object_set_new(out, e->name,
				    json_pack("{s:o, s:o}", "import", rules_json(filter, f, CALICO_IMPORT), "export",
					      rules_json(filter, f, CALICO_EXPORT)));
	}
	return out;
}
