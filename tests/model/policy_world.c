/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_world: policies and routes, compiled and run by bgpd's code, against an interpretation of the configuration as
 * it was read: lists, loops and backtracking. See policy_model.h.
 */
#include "tests/model/policy_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bgpd/compile.h"
#include "bgpd/daemon.h"
#include "bgpd/own.h"
#include "lib/mem.h"
#include "rib/aspath.h"
#include "rib/community.h"
#include "rib/policy_memo.h"

#define PATH_MAX_AS 12
#define COMMS_MAX 24

/* ---- routes, as lists ---- */

struct comm {
	uint8_t kind;      /* enum conf_community_kind */
	uint32_t part[3];
	uint8_t ext_types; /* one bit */
	uint8_t subtype;
};

struct model_route {
	struct ip_prefix prefix;
	enum rib_source_kind source;
	uint32_t neighbor; /* 1 + index, 0: none */
	bool internal;
	uint32_t path[PATH_MAX_AS * 8];
	unsigned n_path, n_set; /* the last n_set of the path are a set */
	struct comm comms[COMMS_MAX];
	unsigned n_comms;
	uint8_t origin;
	bool has_med, has_lp, has_preference;
	uint32_t med, lp, preference, metric, tag;
	struct ip_addr next_hop; /* FAMILY_NONE: none */
	char tunnel[16];
};

/* ---- the configuration, interpreted ---- */

static bool
prefix_entry_holds(const struct conf_prefix_entry *e, const struct ip_prefix *p)
{
	if (e->prefix.family != p->family || p->len < e->min_len || p->len > e->max_len || p->len < e->prefix.len)
		return false;
	for (unsigned i = 0; i < e->prefix.len; i++)
		if ((e->prefix.bytes[i / 8] ^ p->bytes[i / 8]) >> (7 - i % 8) & 1)
			return false;
	return true;
}

static bool
comm_holds(const struct conf_community *c, const struct comm *x)
{
	if (c->kind != x->kind)
		return false;
	if (c->kind == CONF_COMMUNITY_EXT && (c->ext_subtype != x->subtype || !(c->ext_types & x->ext_types)))
		return false;
	for (int i = 0; i < (c->kind == CONF_COMMUNITY_LARGE ? 3 : 2); i++)
		if (x->part[i] < c->part[i].lo || x->part[i] > c->part[i].hi)
			return false;
	return true;
}

static bool
token_holds(const struct conf_as_token *t, const struct model_route *r, unsigned place)
{
	unsigned seq = r->n_path - r->n_set;

	if (place < seq)
		return r->path[place] >= t->lo && r->path[place] <= t->hi;
	for (unsigned i = seq; i < r->n_path; i++)
		if (r->path[i] >= t->lo && r->path[i] <= t->hi)
			return true;
	return false;
}

/* Can tokens from k on stand at this place and after? A set is one place. */
static bool
tokens_hold(const struct conf_as_pattern *p, const struct model_route *r, unsigned k, unsigned place)
{
	unsigned places = r->n_path - r->n_set + (r->n_set > 0);

	if (k == p->tokens.n)
		return !p->to_end || place == places;
	const struct conf_as_token *t = &p->tokens.v[k];
	if (t->many && tokens_hold(p, r, k + 1, place))
		return true;
	if (place >= places || !token_holds(t, r, place))
		return false;
	return tokens_hold(p, r, t->many ? k : k + 1, place + 1);
}

static bool
pattern_holds(const struct conf_as_pattern *p, const struct model_route *r)
{
	unsigned places = r->n_path - r->n_set + (r->n_set > 0);

	for (unsigned start = 0; start <= (p->from_start ? 0 : places); start++)
		if (tokens_hold(p, r, 0, start))
			return true;
	return false;
}

static bool
prefix_sets_hold(const struct conf *c, const struct conf_match *m, const struct model_route *r)
{
	for (uint32_t i = 0; i < m->prefix_set.n; i++) {
		const struct conf_prefix_arg *a = &m->prefix_set.v[i];
		if (a->set.name == NULL && prefix_entry_holds(&a->entry, &r->prefix))
			return true;
		for (uint32_t e = 0; a->set.name != NULL && e < c->prefix_sets.v[a->set.index].entries.n; e++)
			if (prefix_entry_holds(&c->prefix_sets.v[a->set.index].entries.v[e], &r->prefix))
				return true;
	}
	return false;
}

static bool
comm_arg_holds(const struct conf *c, const struct conf_community_arg *a, const struct comm *x)
{
	if (a->set.name == NULL)
		return comm_holds(&a->entry, x);
	for (uint32_t e = 0; e < c->community_sets.v[a->set.index].entries.n; e++)
		if (comm_holds(&c->community_sets.v[a->set.index].entries.v[e], x))
			return true;
	return false;
}

static bool
comm_sets_hold(const struct conf *c, const struct conf_match *m, const struct model_route *r)
{
	for (uint32_t i = 0; i < m->community_set.n; i++)
		for (unsigned x = 0; x < r->n_comms; x++)
			if (comm_arg_holds(c, &m->community_set.v[i], &r->comms[x]))
				return true;
	return false;
}

static bool
path_sets_hold(const struct conf *c, const struct conf_match *m, const struct model_route *r)
{
	for (uint32_t i = 0; i < m->as_path_set.n; i++) {
		const struct conf_as_path_arg *a = &m->as_path_set.v[i];
		if (a->set.name == NULL && pattern_holds(&a->entry, r))
			return true;
		for (uint32_t e = 0; a->set.name != NULL && e < c->as_path_sets.v[a->set.index].entries.n; e++)
			if (pattern_holds(&c->as_path_sets.v[a->set.index].entries.v[e], r))
				return true;
	}
	return false;
}

static bool
in_range(const struct conf_range *x, uint32_t v)
{
	return v >= x->lo && v <= x->hi;
}

static uint32_t
source_bit(enum rib_source_kind k)
{
	switch (k) {
	case RIB_SOURCE_KERNEL:
		return CONF_SOURCE_KERNEL;
	case RIB_SOURCE_CONNECTED:
		return CONF_SOURCE_CONNECTED;
	case RIB_SOURCE_BGP:
		return CONF_SOURCE_BGP;
	case RIB_SOURCE_AGGREGATE:
		return CONF_SOURCE_AGGREGATE;
	default:
		return CONF_SOURCE_STATIC;
	}
}

static bool
begins_with(const struct conf_match *m, const struct model_route *r)
{
	if (m->as_path_prefix.n > r->n_path - r->n_set)
		return false;
	for (uint32_t i = 0; i < m->as_path_prefix.n; i++)
		if (m->as_path_prefix.v[i] != r->path[i])
			return false;
	return true;
}

static bool
next_hop_holds(const struct conf_match *m, const struct model_route *r)
{
	for (uint32_t i = 0; i < m->next_hop.n && r->next_hop.family != FAMILY_NONE; i++)
		if (ip_prefix_contains(&m->next_hop.v[i], &r->next_hop))
			return true;
	return false;
}

static bool
neighbor_holds(const struct conf_match *m, const struct model_route *r)
{
	for (uint32_t i = 0; i < m->neighbor.n; i++)
		if ((uint32_t)m->neighbor.v[i].index + 1 == r->neighbor)
			return true;
	return false;
}

static uint32_t
lp_of(const struct conf *c, const struct model_route *r)
{
	return r->has_lp ? r->lp : c->router.default_local_preference;
}

static bool
match_holds(const struct conf *c, const struct conf_match *m, const struct model_route *r)
{
	unsigned places = r->n_path - r->n_set + (r->n_set > 0);

	return (!CONF_HAS(m, CONF_MATCH_PREFIX_SET) || prefix_sets_hold(c, m, r)) &&
	    (!CONF_HAS(m, CONF_MATCH_COMMUNITY_SET) || comm_sets_hold(c, m, r)) &&
	    (!CONF_HAS(m, CONF_MATCH_AS_PATH_SET) || path_sets_hold(c, m, r)) &&
	    (!CONF_HAS(m, CONF_MATCH_AS_PATH_PREFIX) || begins_with(m, r)) &&
	    (!CONF_HAS(m, CONF_MATCH_SOURCE) || (m->source & source_bit(r->source)) != 0) &&
	    (!CONF_HAS(m, CONF_MATCH_NEIGHBOR) || neighbor_holds(m, r)) &&
	    (!CONF_HAS(m, CONF_MATCH_NEIGHBOR_TYPE) ||
		(r->neighbor != 0 && (m->neighbor_type & (r->internal ? CONF_INTERNAL : CONF_EXTERNAL)))) &&
	    (!CONF_HAS(m, CONF_MATCH_NEXT_HOP) || next_hop_holds(m, r)) &&
	    (!CONF_HAS(m, CONF_MATCH_ORIGIN) || (m->origin >> r->origin & 1)) &&
	    (!CONF_HAS(m, CONF_MATCH_PATH_LENGTH) || in_range(&m->path_length, places)) &&
	    (!CONF_HAS(m, CONF_MATCH_LOCAL_PREFERENCE) || in_range(&m->local_preference, lp_of(c, r))) &&
	    (!CONF_HAS(m, CONF_MATCH_METRIC) || in_range(&m->metric, r->metric)) &&
	    (!CONF_HAS(m, CONF_MATCH_TAG) || in_range(&m->tag, r->tag)) &&
	    (!CONF_HAS(m, CONF_MATCH_NOT) || !match_holds(c, m->not, r));
}

static uint32_t
complement(uint32_t v)
{
	return v > 2147483647u ? 0 : 2147483647u - v;
}

static bool
comm_same(const struct comm *a, const struct comm *b)
{
	return a->kind == b->kind && a->ext_types == b->ext_types && a->subtype == b->subtype &&
	    memcmp(a->part, b->part, sizeof(a->part)) == 0;
}

static void
comm_add(struct model_route *r, const struct comm *x)
{
	for (unsigned i = 0; i < r->n_comms; i++)
		if (comm_same(&r->comms[i], x))
			return;
	ASSERT(r->n_comms < COMMS_MAX);
	r->comms[r->n_comms++] = *x;
}

static struct comm
comm_of(const struct conf_community *c)
{
	struct comm x = {.kind = (uint8_t)c->kind, .ext_types = c->ext_types, .subtype = c->ext_subtype};

	for (int i = 0; i < (c->kind == CONF_COMMUNITY_LARGE ? 3 : 2); i++)
		x.part[i] = c->part[i].lo;
	return x;
}

static void
apply(const struct conf *c, const struct conf_set *s, struct model_route *r)
{
	struct model_route was = *r;

	if (CONF_HAS(s, CONF_SET_LOCAL_PREFERENCE)) {
		r->lp = s->local_preference.kind == CONF_EXPR_NUMBER ? s->local_preference.value : complement(was.metric);
		r->has_lp = true;
	}
	if (CONF_HAS(s, CONF_SET_METRIC))
		r->metric = s->metric.kind == CONF_EXPR_NUMBER ? s->metric.value : complement(lp_of(c, &was));
	if (CONF_HAS(s, CONF_SET_MED)) {
		r->med = s->med;
		r->has_med = true;
	}
	if (CONF_HAS(s, CONF_SET_ORIGIN))
		r->origin = (uint8_t)s->origin;
	if (CONF_HAS(s, CONF_SET_NEXT_HOP))
		r->next_hop = s->next_hop.address;
	if (CONF_HAS(s, CONF_SET_PREPEND)) {
		uint32_t n = s->prepend.n;
		memmove(r->path + n, r->path, r->n_path * sizeof(r->path[0]));
		memcpy(r->path, s->prepend.v, n * sizeof(r->path[0]));
		r->n_path += n;
	}
	if (CONF_HAS(s, CONF_SET_PREFERENCE)) {
		r->preference = s->preference;
		r->has_preference = true;
	}
	if (CONF_HAS(s, CONF_SET_TAG))
		r->tag = s->tag;
	if (CONF_HAS(s, CONF_SET_TUNNEL))
		strlcpy(r->tunnel, s->tunnel, sizeof(r->tunnel));
	for (uint32_t i = 0; CONF_HAS(s, CONF_SET_REMOVE_COMMUNITIES) && i < s->remove_communities.n; i++)
		for (unsigned x = r->n_comms; x-- > 0;)
			if (comm_arg_holds(c, &s->remove_communities.v[i], &r->comms[x]))
				r->comms[x] = r->comms[--r->n_comms];
	for (uint32_t i = 0; CONF_HAS(s, CONF_SET_ADD_COMMUNITIES) && i < s->add_communities.n; i++) {
		struct comm x = comm_of(&s->add_communities.v[i]);
		comm_add(r, &x);
	}
}

struct outcome {
	bool accept;
	const struct conf_policy *policy; /* NULL: it fell through */
	uint32_t rule;
};

static struct outcome
interpret(const struct conf *c, const struct conf_neighbor *nb, struct model_route *r)
{
	for (uint32_t p = 0; p < nb->import.n; p++) {
		if (nb->import.v[p].index == CONF_POLICY_ACCEPT)
			return (struct outcome){.accept = true};
		if (nb->import.v[p].index == CONF_POLICY_REJECT)
			return (struct outcome){0};
		const struct conf_policy *policy = &c->policies.v[nb->import.v[p].index];
		for (uint32_t i = 0; i < policy->rules.n; i++) {
			const struct conf_rule *rule = &policy->rules.v[i];
			if (!match_holds(c, &rule->match, r))
				continue;
			if (rule->action != CONF_ACTION_REJECT)
				apply(c, &rule->set, r);
			if (rule->action != CONF_ACTION_NEXT)
				return (struct outcome){rule->action == CONF_ACTION_ACCEPT, policy, i};
		}
	}
	return (struct outcome){0};
}

/* ---- the same for the compiled form ---- */

static struct bgpd d;
static const struct daemon_options options;

static void
path_put(struct attr_edit *e, const struct model_route *r)
{
	uint8_t value[4 * PATH_MAX_AS * 8 + 8], *at = value;
	unsigned seq = r->n_path - r->n_set;

	if (seq > 0) {
		*at++ = ASPATH_SEQUENCE;
		*at++ = (uint8_t)seq;
	}
	for (unsigned i = 0; i < r->n_path; i++) {
		if (i == seq) {
			*at++ = ASPATH_SET;
			*at++ = (uint8_t)r->n_set;
		}
		be32_put(at, r->path[i]);
		at += 4;
	}
	attr_edit_put(e, ATTR_FLAG_TRANSITIVE, ATTR_AS_PATH, value, (size_t)(at - value));
}

/* The tunnel of a set by name; the table of names is the compiled policies'. */
static uint16_t
tunnel_number(const struct policies *p, const char *name)
{
	struct str text = {0};
	uint16_t found = 0;

	for (uint16_t i = 1; name[0] != '\0' && i < 8 && found == 0; i++) {
		str_reset(&text);
		policies_tunnel_text(p, i, &text);
		if (strcmp(str_get(&text), name) == 0)
			found = i;
	}
	str_free(&text);
	return found;
}

static attr_id
attr_of(const struct model_route *r)
{
	struct attr_edit e = {0};

	attr_edit_begin(&e, NULL);
	attr_edit_put(&e, ATTR_FLAG_TRANSITIVE, ATTR_ORIGIN, &r->origin, 1);
	path_put(&e, r);
	if (r->has_med)
		attr_edit_put_u32(&e, ATTR_FLAG_OPTIONAL, ATTR_MED, r->med);
	if (r->has_lp)
		attr_edit_put_u32(&e, ATTR_FLAG_TRANSITIVE, ATTR_LOCAL_PREF, r->lp);
	for (unsigned i = 0; i < r->n_comms; i++) {
		const struct comm *x = &r->comms[i];
		struct conf_community c = {.kind = x->kind, .ext_types = x->ext_types, .ext_subtype = x->subtype};
		for (int k = 0; k < 3; k++)
			c.part[k].lo = c.part[k].hi = x->part[k];
		struct community_pattern pattern = compile_community(&c);
		community_add(&e, &pattern);
	}
	e.local = (struct attr_local){.metric = r->metric,
				      .tag = r->tag,
				      .preference = r->preference,
				      .has_preference = r->has_preference,
				      .tunnel = tunnel_number(d.policies, r->tunnel)};
	if (r->next_hop.family != FAMILY_NONE)
		e.nexthop = nexthop_intern(d.nexthops, &r->next_hop, NULL);
	attr_id id = attr_edit_commit(&e, d.attrs);
	nexthop_unref(d.nexthops, e.nexthop);
	attr_edit_fini(&e);
	return id;
}

/* ---- random text and routes ---- */

static void
pick(struct str *out, const char *const *words, uint32_t n)
{
	str_add(out, words[policy_dice(n)]);
}
#define PICK(out, ...)                                                                                       \
	do {                                                                                                 \
		static const char *const words_[] = {__VA_ARGS__};                                           \
		pick((out), words_, ARRAY_LEN(words_));                                                      \
	} while (0)

/* "10.1.2.0/24 ge 25 le 30", in quotes. */
static void
entry_write(struct str *out)
{
	static const char *const nets[] = {"10.1.2.0/24", "10.1.0.0/16", "10.0.0.0/8",
					   "0.0.0.0/0", "192.0.2.0/24", "172.16.0.0/12",
					   "2001:db8::/32", "2001:db8:1::/48", "::/0"};
	const char *net = nets[policy_dice(ARRAY_LEN(nets))];
	unsigned len = (unsigned)atoi(strchr(net, '/') + 1), most = strchr(net, ':') != NULL ? 64 : 32;
	unsigned from = len + policy_dice(most - len + 1), to = from + policy_dice(most - from + 1);

	str_addf(out, "\"%s", net);
	switch (policy_dice(4)) {
	case 0:
		break;
	case 1:
		str_addf(out, " ge %u", from);
		break;
	case 2:
		str_addf(out, " le %u", to);
		break;
	default:
		str_addf(out, " ge %u le %u", from, to);
	}
	str_add(out, "\"");
}

/* A pattern of one to five tokens, in quotes. */
static void
pattern_write(struct str *out)
{
	bool anchored = policy_dice(2);

	str_add(out, anchored ? "\"^" : "\"");
	for (unsigned n = 1 + policy_dice(5), i = 0; i < n; i++) {
		unsigned lo = 1 + policy_dice(5);
		str_add(out, i > 0 ? "_" : "");
		switch (policy_dice(3)) {
		case 0:
			str_addf(out, "%u", lo);
			break;
		case 1:
			str_add(out, ".");
			break;
		default:
			str_addf(out, "[%u-%u]", lo, lo + policy_dice(3));
		}
		str_add(out, policy_dice(3) == 0 ? "*" : "");
	}
	str_add(out, policy_dice(2) ? "$\"" : "\"");
}

/* A part of a community: a number, a range, or any. */
static void
part_write(struct str *out, unsigned around)
{
	unsigned lo = around + policy_dice(4);

	switch (policy_dice(3)) {
	case 0:
		str_addf(out, "%u", lo);
		break;
	case 1:
		str_addf(out, "[%u-%u]", lo, lo + policy_dice(3));
		break;
	default:
		str_add(out, "*");
	}
}

static void
community_write(struct str *out)
{
	unsigned kind = policy_dice(3);

	str_add(out, kind == 2 ? "\"rt:" : "\"");
	part_write(out, 65000);
	str_add(out, ":");
	part_write(out, 0);
	if (kind == 1) {
		str_add(out, ":");
		part_write(out, 6);
	}
	str_add(out, "\"");
}

/* key: [one, two, ...] */
static void
list_write(struct str *out, const char *key, void (*one)(struct str *out))
{
	str_addf(out, "%s: [", key);
	for (unsigned n = 1 + policy_dice(4), i = 0; i < n; i++) {
		str_add(out, i > 0 ? ", " : "");
		one(out);
	}
	str_add(out, "]");
}

static void
match_write(struct str *out, unsigned depth)
{
	unsigned n = policy_dice(3);

	str_add(out, "{");
	for (uint32_t i = 0, seen = 0; i < n; i++) {
		uint32_t key = policy_dice(depth < 3 ? 14 : 13);
		if (seen >> key & 1)
			continue;
		str_add(out, seen != 0 ? ", " : "");
		seen |= 1u << key;
		switch (key) {
		case 0:
			if (policy_dice(2)) {
				list_write(out, "prefix-set", entry_write);
				break;
			}
			PICK(out, "prefix-set: nets", "prefix-set: [nets, more]", "prefix-set: 10.0.0.0/8 ge 16",
			     "prefix-set: [\"2001:db8::/32 le 48\", more]", "prefix-set: 0.0.0.0/0 in");
			break;
		case 1:
			if (policy_dice(2)) {
				list_write(out, "community-set", community_write);
				break;
			}
			PICK(out, "community-set: marks", "community-set: [\"65000:[1-2]\", wide]",
			     "community-set: \"65000:1:*\"", "community-set: \"rt:65000:1\"", "community-set: wide");
			break;
		case 2:
			PICK(out, "source: bgp", "source: [static, kernel]", "source: connected", "source: [aggregate, bgp]");
			break;
		case 3:
			PICK(out, "neighbor: n1", "neighbor: [n2, n3]");
			break;
		case 4:
			PICK(out, "neighbor-type: internal", "neighbor-type: external", "neighbor-type: [internal, external]");
			break;
		case 5:
			if (policy_dice(2)) {
				list_write(out, "as-path-set", pattern_write);
				break;
			}
			PICK(out, "as-path-set: paths", "as-path-set: \"^1_.*_3$\"", "as-path-set: [\"_4_\", \"^2$\"]",
			     "as-path-set: origins", "as-path-set: \"^[1-2]*$\"", "as-path-set: \"^$\"",
			     "as-path-set: \"3_3*_[1-2]\"");
			break;
		case 6:
			PICK(out, "as-path-prefix: [1]", "as-path-prefix: [1, 2]", "as-path-prefix: 3");
			break;
		case 7:
			PICK(out, "next-hop: 10.0.0.0/8", "next-hop: [192.0.2.1/32, \"2001:db8::/32\"]");
			break;
		case 8:
			PICK(out, "origin: igp", "origin: [egp, incomplete]");
			break;
		case 9:
			PICK(out, "path-length: 2", "path-length: {above: 2}", "path-length: {below: 2}",
			     "path-length: {above: 0, below: 4}");
			break;
		case 10:
			PICK(out, "local-preference: 100", "local-preference: {above: 100}", "local-preference: {below: 100}");
			break;
		case 11:
			PICK(out, "metric: 0", "metric: {above: 500}", "metric: {below: 600}");
			break;
		case 12:
			PICK(out, "tag: 7", "tag: {above: 6}", "tag: 0");
			break;
		default:
			str_add(out, "not: ");
			match_write(out, depth + 1);
		}
	}
	str_add(out, "}");
}

static void
set_write(struct str *out)
{
	unsigned n = policy_dice(3);

	str_add(out, "{");
	for (uint32_t i = 0, seen = 0; i < n; i++) {
		uint32_t key = policy_dice(11);
		if (seen >> key & 1)
			continue;
		str_add(out, seen != 0 ? ", " : "");
		seen |= 1u << key;
		switch (key) {
		case 0:
			PICK(out, "local-preference: 50", "local-preference: 150", "local-preference: {complement-of: metric}");
			break;
		case 1:
			PICK(out, "med: 0", "med: 9");
			break;
		case 2:
			PICK(out, "origin: egp", "origin: incomplete", "origin: igp");
			break;
		case 3:
			PICK(out, "next-hop: 10.0.0.9", "next-hop: \"2001:db8::9\"");
			break;
		case 4:
			PICK(out, "prepend: [1, 2]", "prepend: 3", "prepend: [4, 4, 4]");
			break;
		case 5:
			PICK(out, "preference: 0", "preference: 150");
			break;
		case 6:
			PICK(out, "add-communities: [\"65000:1\", \"65000:1:7\"]", "add-communities: \"rt:65000:1\"",
			     "add-communities: [\"soo:65000:2\", no-export]");
			break;
		case 7:
			PICK(out, "remove-communities: marks", "remove-communities: [wide, \"65000:9\"]",
			     "remove-communities: \"*:*\"", "remove-communities: \"rt:*:*\"");
			break;
		case 8:
			PICK(out, "metric: 512", "metric: 0", "metric: {complement-of: local-preference}");
			break;
		case 9:
			PICK(out, "tunnel: tunl0", "tunnel: vxlan1");
			break;
		default:
			PICK(out, "tag: 7", "tag: 8", "tag: 0");
		}
	}
	str_add(out, "}");
}

static void
conf_write(struct str *out)
{
	str_add(out,
		"router: {as: 65001, id: 10.0.0.1, listen: []}\n"
		"prefix-sets:\n"
		"  nets: [192.0.2.0/24, 10.0.0.0/8 le 16, \"10.1.0.0/16 ge 20 le 24\", 10.1.2.0/24 in, \"2001:db8:1::/48 in\"]\n"
		"  more: [172.16.0.0/12 ge 24, 10.0.0.0/8 ge 25, 192.0.2.0/24 le 25]\n"
		"as-path-sets: {paths: [\"^1_2\", \"_3$\", \"^[2-3]_.$\"], origins: [\"_1$\", \"_4$\", \"^3\"]}\n"
		"community-sets:\n"
		"  marks: [\"65000:1\", \"65000:2\", \"65000:1:7\", \"rt:65000:1\", no-export]\n"
		"  wide: [\"65000:*\", \"*:1:*\", \"soo:*:2\"]\n"
		"policies:\n");
	unsigned n = 1 + policy_dice(3);
	for (unsigned p = 0; p < n; p++) {
		str_addf(out, "  p%u:\n", p);
		for (unsigned r = 1 + policy_dice(6); r > 0; r--) {
			str_add(out, "    - {match: ");
			match_write(out, 0);
			str_add(out, ", set: ");
			set_write(out);
			PICK(out, ", action: accept}\n", ", action: reject}\n", ", action: next}\n", ", action: next}\n");
		}
	}
	str_add(out, "neighbors:\n");
	for (unsigned i = 1; i <= 3; i++) {
		str_addf(out, "  - {address: 127.0.0.%u, name: n%u, remote-as: %u, import: [", 1 + i, i, i == 2 ? 65001 : 1);
		for (unsigned p = 0; p < n; p++)
			str_addf(out, "%sp%u", p > 0 ? ", " : "", (p + i) % n);
		PICK(out, "]}\n", ", accept]}\n");
	}
}

static struct ip_prefix
prefix_any(void)
{
	static const char *const bases[] = {"10.1.2.0", "10.1.0.0", "192.0.2.0", "172.16.0.0", "2001:db8:1::", "2001:db8::"};
	struct ip_addr a;

	ip_addr_parse(bases[policy_dice(ARRAY_LEN(bases))], &a);
	bool v4 = a.family == FAMILY_IPV4;
	return ip_prefix_from_addr(&a, v4 ? 8 + policy_dice(25) : 32 + policy_dice(33));
}

static struct model_route
route_any(void)
{
	static const char *const hops[] = {"10.0.0.1", "192.0.2.1", "2001:db8::1", "203.0.113.1"};
	static const enum rib_source_kind kinds[] = {RIB_SOURCE_BGP, RIB_SOURCE_BGP, RIB_SOURCE_STATIC, RIB_SOURCE_NETWORK,
						     RIB_SOURCE_KERNEL, RIB_SOURCE_CONNECTED, RIB_SOURCE_AGGREGATE};
	struct model_route r = {.prefix = prefix_any(), .source = kinds[policy_dice(ARRAY_LEN(kinds))]};

	if (r.source == RIB_SOURCE_BGP) {
		r.neighbor = 1 + policy_dice(3);
		r.internal = r.neighbor == 2;
	}
	r.n_path = policy_dice(6);
	for (unsigned i = 0; i < r.n_path; i++)
		r.path[i] = 1 + policy_dice(5);
	r.n_set = r.n_path > 0 && policy_dice(5) == 0 ? 1 + policy_dice(r.n_path) : 0;
	for (unsigned n = policy_dice(4); n > 0; n--) {
		enum conf_community_kind other = policy_dice(2) ? CONF_COMMUNITY_LARGE : CONF_COMMUNITY_EXT;
		struct comm x = {.kind = (uint8_t)(policy_dice(2) ? CONF_COMMUNITY_STD : other),
				 .part = {65000, policy_dice(4), 0}};
		if (x.kind == CONF_COMMUNITY_LARGE)
			x.part[2] = 6 + policy_dice(3);
		if (x.kind == CONF_COMMUNITY_EXT) {
			x.ext_types = policy_dice(3) ? COMMUNITY_EXT_TWO_OCTET_AS : COMMUNITY_EXT_FOUR_OCTET_AS;
			x.subtype = (uint8_t)(2 + policy_dice(2));
		}
		comm_add(&r, &x);
	}
	r.origin = (uint8_t)policy_dice(3);
	r.has_med = policy_dice(2);
	r.med = r.has_med ? policy_dice(3) : 0;
	r.has_lp = policy_dice(2);
	r.lp = r.has_lp ? 50 * policy_dice(5) : 0;
	r.metric = policy_dice(2) ? 512 * policy_dice(3) : 0;
	r.tag = policy_dice(3) == 0 ? 7 : 0;
	if (policy_dice(4) > 0)
		ip_addr_parse(hops[policy_dice(ARRAY_LEN(hops))], &r.next_hop);
	return r;
}

/* ---- a round ---- */

struct policy_counts policy_counts;

static void
check(uint64_t seed, const char *text, const struct conf *c, uint32_t neighbor, const struct model_route *route)
{
	const struct policy_chain *chain = policies_import(d.policies, neighbor);
	struct model_route r = *route;
	struct rib_source own = {.kind = (uint8_t)r.source,
				 .peer_type = r.neighbor == 0 ? RIB_PEER_NONE : r.internal ? RIB_PEER_IBGP : RIB_PEER_EBGP};
	struct policy_result res;
	attr_id in = attr_of(&r);
	struct policy_input input;
	policies_input(&d, chain->reads, &own, in, &r.prefix, &input);

	input.neighbor = r.neighbor;
	struct policy_memo_entry *memo = policies_open(d.policies, chain, &input);
	int known = memo != NULL ? policy_memo_outcome(memo, &r.prefix) : -1;
	int number = policies_judge(d.policies, chain, memo, &input, &res);
	if (known >= 0 && known != number) {
		fprintf(stderr, "seed %llu: outcome %d was known, and it is %d\n%s", (unsigned long long)seed, known, number,
			text);
		exit(1);
	}
	struct outcome want = interpret(c, &c->neighbors.v[neighbor], &r);
	attr_id out = want.accept ? attr_of(&r) : ATTR_NONE;
	bool same_rule = want.policy == NULL ||
	    (res.policy != NULL && strcmp(res.policy->name, want.policy->name) == 0 && res.rule == want.rule);
	policy_counts.judged++;
	policy_counts.accepted += want.accept;
	policy_counts.changed += want.accept && out != in;
	if (res.accept != want.accept || res.attr != out || !same_rule) {
		char prefix[IP_PREFIX_STRLEN];
		fprintf(stderr, "seed %llu: neighbor n%u, %s: %s by %s rule %u, expected %s by %s rule %u%s\n%s",
			(unsigned long long)seed, neighbor + 1, ip_prefix_str(&route->prefix, prefix, sizeof(prefix)),
			res.accept ? "accepted" : "rejected", res.policy != NULL ? res.policy->name : "none", res.rule + 1,
			want.accept ? "accepted" : "rejected", want.policy != NULL ? want.policy->name : "none", want.rule + 1,
			res.accept && want.accept && res.attr != out ? ", with other attributes" : "", text);
		exit(1);
	}
	attr_unref(d.attrs, res.attr);
	attr_unref(d.attrs, out);
	attr_unref(d.attrs, in);
}

static void
no_change(void *ctx, struct rib_change *c, unsigned n)
{
	(void)ctx;
	(void)c;
	(void)n;
}

static void
world_begin(struct conf *c)
{
	static const struct rib_callbacks cb = {.change = no_change};

	d = (struct bgpd){.main = &d, .conf = c, .options = &options, .router_id = c->router.id};
	d.nexthops = nexthop_table_new(1);
	struct attr_nexthop_ops ops = nexthop_attr_ops(d.nexthops);
	d.attrs = xcalloc(1, sizeof(*d.attrs));
	attr_table_init(d.attrs, 1, &ops);
	d.rib = rib_new(d.attrs, d.nexthops, &cb, 1);
	d.policies = policies_new(&d, c, NULL);
}

static void
world_end(void)
{
	policies_free(d.policies);
	if (attr_table_count(d.attrs) != 0 || nexthop_count(d.nexthops) != 0) {
		fprintf(stderr, "%u attribute sets and %u next hops are left\n", attr_table_count(d.attrs),
			nexthop_count(d.nexthops));
		exit(1);
	}
	rib_free(d.rib);
	attr_table_fini(d.attrs);
	free(d.attrs);
	nexthop_table_free(d.nexthops);
	conf_free(d.conf);
}

void
policy_round(uint64_t seed, unsigned n_routes)
{
	struct conf_errors errs = {0};
	struct str text = {0};
	struct conf *c;

	conf_write(&text);
	if (conf_load_text("random", str_get(&text), text.len, CONF_NO_FILES, &c, &errs) != 0) {
		struct str why = {0};
		conf_errors_print(&errs, &why);
		fprintf(stderr, "seed %llu: %s%s", (unsigned long long)seed, str_get(&why), str_get(&text));
		exit(1);
	}
	world_begin(c);
	struct model_route *routes = xcalloc(n_routes, sizeof(*routes));
	for (unsigned i = 0; i < n_routes; i++) {
		routes[i] = route_any();
		/* Many prefixes with the same attributes, as in an UPDATE. */
		if (i > 0 && policy_dice(2) == 0) {
			routes[i] = routes[i - 1];
			routes[i].prefix = prefix_any();
		}
	}
	for (unsigned i = 0; i < 2 * n_routes; i++)
		check(seed, str_get(&text), c, policy_dice(3), &routes[i < n_routes ? i : policy_dice(n_routes)]);
	free(routes);
	world_end();
	conf_errors_free(&errs);
	str_free(&text);
}
