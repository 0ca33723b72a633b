/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy: making, running and freeing of compiled policies.
 *
 * Each match key is a row of a table: how its arguments are kept, what it reads and
 * the function that tells whether it holds. A rule's matches lie flat behind one
 * another; a NOT says how many of those after it are its own.
 */
#include "rib/policy.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/str.h"
#include "rib/aspath.h"

typedef bool (*match_fn)(const struct policy_match *m, const struct policy_input *in, const struct policy *p,
			 const struct attr_set *a);

enum args {
	ARGS_NONE,
	ARGS_PREFIX_SETS,
	ARGS_COMMUNITY_SETS,
	ARGS_ASPATH_SETS,
	ARGS_NAMES,
	ARGS_NUMBERS,
	ARGS_PREFIXES
};

static struct aspath
path_of(const struct attr_set *a)
{
	struct aspath path;

	path.p = attr_find(a, ATTR_AS_PATH, &path.len);
	return path;
}

static uint32_t
local_pref_of(const struct policy_input *in, const struct attr_set *a)
{
	return a->flags & ATTR_F_HAS_LOCAL_PREF ? a->local_pref : in->default_local_pref;
}

static bool
in_range(const struct policy_match *m, uint32_t v)
{
	return v >= m->range.lo && v <= m->range.hi;
}

static bool
in_mask(const struct policy_match *m, unsigned bit)
{
	return m->mask >> bit & 1;
}

#define MATCH(name)                                                                                          \
	static bool match_##name(const struct policy_match *m __attribute__((unused)),                       \
				 const struct policy_input *in __attribute__((unused)),                      \
				 const struct policy *p __attribute__((unused)),                             \
				 const struct attr_set *a __attribute__((unused)))

MATCH(prefix_set)
{
	return policy_prefix_holds(m, &in->prefix);
}

MATCH(community_set)
{
	for (uint32_t i = 0; i < m->n; i++)
		if (community_set_match(m->community_sets[i], a))
			return true;
	return false;
}

MATCH(aspath_set)
{
	for (uint32_t i = 0; i < m->n; i++)
		if (aspath_set_match(m->aspath_sets[i], path_of(a)))
			return true;
	return false;
}

MATCH(aspath_prefix)
{
	return aspath_begins_with(path_of(a), m->numbers, m->n);
}

MATCH(source)
{
	return in_mask(m, in->source_kind);
}

MATCH(interface)
{
	for (uint32_t i = 0; in->interface && i < m->n; i++)
		if (str_glob(m->names[i], in->interface))
			return true;
	return false;
}

MATCH(kernel_protocol)
{
	for (uint32_t i = 0; in->kernel_protocol != 0 && i < m->n; i++)
		if (m->numbers[i] == in->kernel_protocol)
			return true;
	return false;
}

MATCH(neighbor)
{
	for (uint32_t i = 0; i < m->n; i++)
		if (m->numbers[i] == in->neighbor)
			return true;
	return false;
}

MATCH(neighbor_type)
{
	return in_mask(m, in->peer_type);
}

MATCH(next_hop)
{
	struct ip_addr addr = attr_nexthop_addr(p->attrs, a->nexthop);

	for (uint32_t i = 0; addr.family != FAMILY_NONE && i < m->n; i++)
		if (ip_prefix_contains(&m->prefixes[i], &addr))
			return true;
	return false;
}

MATCH(origin)
{
	return in_mask(m, a->origin);
}

MATCH(path_length)
{
	return in_range(m, a->path_len);
}

MATCH(local_pref)
{
	return in_range(m, local_pref_of(in, a));
}

MATCH(metric)
{
	return in_range(m, attr_local(a).metric);
}

MATCH(tag)
{
	return in_range(m, attr_local(a).tag);
}

static const struct {
	match_fn fn;
	uint8_t args;  /* enum args */
	uint8_t reads; /* POLICY_READS_* */
} keys[POLICY_MATCH_COUNT] = {
    [POLICY_MATCH_PREFIX_SET] = {match_prefix_set, ARGS_PREFIX_SETS, POLICY_READS_PREFIX},
    [POLICY_MATCH_COMMUNITY_SET] = {match_community_set, ARGS_COMMUNITY_SETS, 0},
    [POLICY_MATCH_ASPATH_SET] = {match_aspath_set, ARGS_ASPATH_SETS, 0},
    [POLICY_MATCH_ASPATH_PREFIX] = {match_aspath_prefix, ARGS_NUMBERS, 0},
    [POLICY_MATCH_SOURCE] = {match_source, ARGS_NONE, POLICY_READS_SOURCE},
    [POLICY_MATCH_INTERFACE] = {match_interface, ARGS_NAMES, POLICY_READS_INTERFACE},
    [POLICY_MATCH_PROTOCOL] = {match_kernel_protocol, ARGS_NUMBERS, POLICY_READS_INTERFACE},
    [POLICY_MATCH_NEIGHBOR] = {match_neighbor, ARGS_NUMBERS, POLICY_READS_NEIGHBOR},
    [POLICY_MATCH_NEIGHBOR_TYPE] = {match_neighbor_type, ARGS_NONE, POLICY_READS_NEIGHBOR},
    [POLICY_MATCH_NEXT_HOP] = {match_next_hop, ARGS_PREFIXES, 0},
    [POLICY_MATCH_ORIGIN] = {match_origin, ARGS_NONE, 0},
    [POLICY_MATCH_PATH_LENGTH] = {match_path_length, ARGS_NONE, 0},
    [POLICY_MATCH_LOCAL_PREF] = {match_local_pref, ARGS_NONE, POLICY_READS_LOCAL_PREF},
    [POLICY_MATCH_METRIC] = {match_metric, ARGS_NONE, 0},
    [POLICY_MATCH_TAG] = {match_tag, ARGS_NONE, 0},
    [POLICY_MATCH_NOT] = {NULL, ARGS_NONE, 0},
};

/* n elements of size octets, in memory of their own; NULL if there are none. */
static void *
copy(const void *src, size_t n, size_t size)
{
	void *dst;

	if (n == 0)
		return NULL;
	dst = xreallocarray(NULL, n, size);
	memcpy(dst, src, n * size);
	return dst;
}

static void
match_copy(struct policy_match *m)
{
	char **names;

	switch (keys[m->key].args) {
	case ARGS_PREFIX_SETS:
		m->prefix_sets = copy(m->prefix_sets, m->n, sizeof(*m->prefix_sets));
		for (uint32_t i = 0; i < m->n; i++)
			prefix_set_ref(m->prefix_sets[i]);
		break;
	case ARGS_COMMUNITY_SETS:
		m->community_sets = copy(m->community_sets, m->n, sizeof(*m->community_sets));
		for (uint32_t i = 0; i < m->n; i++)
			community_set_ref(m->community_sets[i]);
		break;
	case ARGS_ASPATH_SETS:
		m->aspath_sets = copy(m->aspath_sets, m->n, sizeof(*m->aspath_sets));
		for (uint32_t i = 0; i < m->n; i++)
			aspath_set_ref(m->aspath_sets[i]);
		break;
	case ARGS_NAMES:
		names = xcalloc(m->n + 1, sizeof(*names));
		for (uint32_t i = 0; i < m->n; i++)
			names[i] = xstrdup(m->names[i]);
		m->names = (const char *const *)names;
		break;
	case ARGS_NUMBERS:
		m->numbers = copy(m->numbers, m->n, sizeof(*m->numbers));
		break;
	case ARGS_PREFIXES:
		m->prefixes = copy(m->prefixes, m->n, sizeof(*m->prefixes));
		break;
	default:
		break;
	}
}

static void
match_free(struct policy_match *m)
{
	unsigned args = keys[m->key].args;

	for (uint32_t i = 0; args != ARGS_NONE && i < m->n; i++) {
		if (args == ARGS_PREFIX_SETS)
			prefix_set_unref(m->prefix_sets[i]);
		else if (args == ARGS_COMMUNITY_SETS)
			community_set_unref(m->community_sets[i]);
		else if (args == ARGS_ASPATH_SETS)
			aspath_set_unref(m->aspath_sets[i]);
		else if (args == ARGS_NAMES)
			free((void *)(uintptr_t)m->names[i]);
	}
	if (args != ARGS_NONE) /* all lists share the union's place */
		free((void *)(uintptr_t)m->numbers);
}

static bool
nexthop_is_counted(const struct policy *p, const struct policy_set *s)
{
	return (s->has & POLICY_SET_NEXT_HOP) && s->nexthop != ATTR_NEXTHOP_NONE &&
	       s->nexthop != ATTR_NEXTHOP_SELF && p->attrs->ops.ref != NULL;
}

struct policy *
policy_new(struct attr_table *attrs, const char *name)
{
	struct policy *p = xcalloc(1, sizeof(*p));

	p->refs = 1;
	p->name = xstrdup(name);
	p->attrs = attrs;
	return p;
}

static uint32_t
set_reads(const struct policy_set *s)
{
	bool local_pref = (s->has & POLICY_SET_LOCAL_PREF && s->local_pref.kind == POLICY_EXPR_COMPLEMENT_LOCAL_PREF) ||
	    (s->has & POLICY_SET_METRIC && s->metric.kind == POLICY_EXPR_COMPLEMENT_LOCAL_PREF);

	return local_pref ? POLICY_READS_LOCAL_PREF : 0;
}

void
policy_add(struct policy *p, const struct policy_rule *rule)
{
	struct policy_rule *r;

	if (p->n_rules == p->cap) {
		p->cap = p->cap ? p->cap * 2 : 4;
		p->rules = xreallocarray(p->rules, p->cap, sizeof(*p->rules));
	}
	r = &p->rules[p->n_rules++];
	*r = *rule;
	r->matches = copy(rule->matches, r->n_matches, sizeof(*r->matches));
	for (uint32_t i = 0; i < r->n_matches; i++) {
		ASSERT(r->matches[i].key < POLICY_MATCH_COUNT);
		ASSERT(r->matches[i].key != POLICY_MATCH_NOT || r->matches[i].n < r->n_matches - i);
		match_copy(&r->matches[i]);
		p->reads |= keys[r->matches[i].key].reads;
	}
	p->reads |= set_reads(&r->set);
	r->set.prepend = copy(r->set.prepend, r->set.prepend_n, sizeof(*r->set.prepend));
	r->set.add = copy(r->set.add, r->set.add_n, sizeof(*r->set.add));
	r->set.remove = copy(r->set.remove, r->set.remove_n, sizeof(*r->set.remove));
	for (uint32_t i = 0; i < r->set.remove_n; i++)
		community_set_ref(r->set.remove[i]);
	if (nexthop_is_counted(p, &r->set))
		p->attrs->ops.ref(p->attrs->ops.ctx, r->set.nexthop);
}

void
policy_set_file(struct policy *p, const char *file)
{
	free(p->file);
	p->file = file != NULL ? xstrdup(file) : NULL;
}

struct policy *
policy_ref(struct policy *p)
{
	p->refs++;
	return p;
}

static void
rule_free(struct policy *p, struct policy_rule *r)
{
	for (uint32_t i = 0; i < r->n_matches; i++)
		match_free(&r->matches[i]);
	for (uint32_t i = 0; i < r->set.remove_n; i++)
		community_set_unref(r->set.remove[i]);
	if (nexthop_is_counted(p, &r->set))
		p->attrs->ops.unref(p->attrs->ops.ctx, r->set.nexthop);
	free(r->matches);
	free((void *)(uintptr_t)r->set.prepend);
	free((void *)(uintptr_t)r->set.add);
	free((void *)(uintptr_t)r->set.remove);
}

void
policy_unref(struct policy *p)
{
	if (p == NULL || --p->refs > 0)
		return;
	for (uint32_t i = 0; i < p->n_rules; i++)
		rule_free(p, &p->rules[i]);
	free(p->rules);
	free(p->name);
	free(p->file);
	free(p);
}

uint32_t
policy_reads(struct policy *const *chain, size_t n)
{
	uint32_t reads = 0;

	for (size_t i = 0; i < n; i++)
		reads |= chain[i]->reads;
	return reads;
}

/* One run of a chain. */
struct run {
	const struct policy_input *in;
	const struct policy_trace *trace; /* NULL: nobody asks */
	struct policy_asked *asked;       /* likewise */
	struct attr_edit edit;
};

static bool
match_holds(struct run *run, const struct policy *p, const struct policy_match *m, const struct attr_set *a)
{
	bool held = keys[m->key].fn(m, run->in, p, a);
	struct policy_asked *asked = run->asked;

	if (m->key == POLICY_MATCH_PREFIX_SET && asked != NULL && asked->n++ < asked->max)
		asked->v[asked->n - 1] = (struct policy_ask){.match = m, .held = held};
	return held;
}

/* Do all of n matches, laid flat, hold? Depth is that of the NOTs, which the configuration bounds. */
static bool
matches_hold(struct run *run, const struct policy *p, const struct policy_match *m, uint32_t n,
	     const struct attr_set *a)
{
	for (uint32_t i = 0; i < n; i++) {
		if (m[i].key == POLICY_MATCH_NOT) {
			if (matches_hold(run, p, &m[i + 1], m[i].n, a))
				return false;
			i += m[i].n;
		} else if (!match_holds(run, p, &m[i], a)) {
			return false;
		}
	}
	return true;
}

static uint32_t
expr_value(const struct policy_expr *x, const struct policy_input *in, const struct attr_set *a)
{
	uint32_t v;

	if (x->kind == POLICY_EXPR_NUMBER)
		return x->value;
	v = x->kind == POLICY_EXPR_COMPLEMENT_METRIC ? attr_local(a).metric : local_pref_of(in, a);
	return v > INT32_MAX ? 0 : INT32_MAX - v;
}

/* False: the path would be longer than an attribute can be. */
static bool
set_prepend(struct attr_edit *e, const struct policy_set *s, const struct attr_set *a)
{
	struct aspath path = path_of(a);
	size_t cap = path.len + 4 * (size_t)s->prepend_n + 2 * (1 + (size_t)s->prepend_n / ASPATH_SEG_MAX);
	uint8_t *mem = xmalloc(cap);
	struct wbuf w = wbuf_of(mem, cap);
	bool fits;

	aspath_prepend(&w, path, s->prepend, s->prepend_n);
	ASSERT(!w.err);
	fits = w.len <= UINT16_MAX;
	if (fits)
		attr_edit_put(e, ATTR_FLAG_TRANSITIVE, ATTR_AS_PATH, mem, w.len);
	free(mem);
	return fits;
}

static void
set_communities(struct attr_edit *e, const struct policy_set *s)
{
	for (uint32_t i = 0; i < s->remove_n; i++) {
		size_t n;
		const struct community_pattern *patterns = community_set_patterns(s->remove[i], &n);

		community_remove(e, patterns, n);
	}
	for (uint32_t i = 0; i < s->add_n; i++)
		community_add(e, &s->add[i]);
}

static void
set_local(struct attr_local *local, const struct policy_set *s, const struct policy_input *in,
	  const struct attr_set *a)
{
	if (s->has & POLICY_SET_PREFERENCE) {
		local->preference = s->preference;
		local->has_preference = 1;
	}
	if (s->has & POLICY_SET_METRIC)
		local->metric = expr_value(&s->metric, in, a);
	if (s->has & POLICY_SET_TUNNEL)
		local->tunnel = s->tunnel;
	if (s->has & POLICY_SET_TAG)
		local->tag = s->tag;
}

/* The set a with the changes of s, as a reference; ATTR_NONE if it would be too long. */
static attr_id
set_apply(struct attr_table *t, struct attr_edit *e, const struct policy_set *s,
	  const struct policy_input *in, const struct attr_set *a)
{
	attr_edit_begin(e, a);
	set_local(&e->local, s, in, a);
	set_communities(e, s);
	if (s->has & POLICY_SET_LOCAL_PREF)
		attr_edit_put_u32(e, ATTR_FLAG_TRANSITIVE, ATTR_LOCAL_PREF,
				  expr_value(&s->local_pref, in, a));
	if (s->has & POLICY_SET_MED)
		attr_edit_put_u32(e, ATTR_FLAG_OPTIONAL, ATTR_MED, s->med);
	if (s->has & POLICY_SET_ORIGIN)
		attr_edit_put(e, ATTR_FLAG_TRANSITIVE, ATTR_ORIGIN, &s->origin, 1);
	if (s->has & POLICY_SET_NEXT_HOP)
		e->nexthop = s->nexthop;
	if (s->prepend_n > 0 && !set_prepend(e, s, a))
		return ATTR_NONE;
	return attr_edit_commit(e, t);
}

/* Changes out->attr as the rule says; false: it outgrew what an UPDATE can carry. */
static bool
rule_apply(struct run *run, const struct policy *p, uint32_t rule, const struct attr_set *a,
	   struct policy_result *out)
{
	const struct policy_rule *r = &p->rules[rule];
	attr_id before = out->attr;

	if (r->action != POLICY_REJECT && r->set.has) {
		out->attr = set_apply(p->attrs, &run->edit, &r->set, run->in, a);
		out->set |= r->set.has;
	}
	if (run->trace != NULL)
		run->trace->step(run->trace->ctx,
				 &(struct policy_step){.policy = p, .rule = rule, .before = before, .after = out->attr});
	if (r->action != POLICY_REJECT && r->set.has)
		attr_unref(p->attrs, before);
	return out->attr != ATTR_NONE;
}

/* One policy on out->attr; true when a rule decided. */
static bool
policy_run_one(struct run *run, const struct policy *p, struct policy_result *out)
{
	for (uint32_t i = 0; i < p->n_rules; i++) {
		const struct policy_rule *r = &p->rules[i];
		const struct attr_set *a = attr_get(p->attrs, out->attr);

		if (!matches_hold(run, p, r->matches, r->n_matches, a))
			continue;
		out->rule = i;
		out->policy = p;
		if (!rule_apply(run, p, i, a, out) || r->action == POLICY_REJECT)
			return true;
		if (r->action == POLICY_ACCEPT) {
			out->accept = true;
			return true;
		}
	}
	out->policy = NULL;
	out->rule = 0;
	return false;
}

bool
policy_rejects_all(struct policy *const *chain, size_t n)
{
	if (n == 0)
		return true;
	const struct policy *p = chain[0];
	return p->n_rules > 0 && p->rules[0].n_matches == 0 && p->rules[0].action == POLICY_REJECT;
}

static void
run_chain(struct run *run, struct policy *const *chain, size_t n, struct policy_result *out)
{
	*out = (struct policy_result){0};
	if (n == 0)
		return;
	out->attr = attr_ref(chain[0]->attrs, run->in->attr);
	for (size_t i = 0; i < n; i++)
		if (policy_run_one(run, chain[i], out))
			break;
	if (!out->accept) {
		attr_unref(chain[0]->attrs, out->attr);
		out->attr = ATTR_NONE;
	}
	attr_edit_fini(&run->edit);
}

void
policy_run(struct policy *const *chain, size_t n, const struct policy_input *in, struct policy_result *out)
{
	struct run run = {.in = in};

	run_chain(&run, chain, n, out);
}

void
policy_run_traced(struct policy *const *chain, size_t n, const struct policy_input *in, struct policy_result *out,
		  const struct policy_trace *trace)
{
	struct run run = {.in = in, .trace = trace};

	run_chain(&run, chain, n, out);
}

void
policy_run_asked(struct policy *const *chain, size_t n, const struct policy_input *in, struct policy_result *out,
		 struct policy_asked *asked)
{
	struct run run = {.in = in, .asked = asked};

	run_chain(&run, chain, n, out);
}
