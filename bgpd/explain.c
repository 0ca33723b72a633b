/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain: see explain.h.
 */
#include "bgpd/explain.h"

#include "bgpd/compile.h"
#include "bgpd/ctl_json.h"
#include "bgpd/daemon.h"
#include "bgpd/groups.h"
#include "bgpd/import.h"
#include "bgpd/kernel.h"
#include "bgpd/kernel_watch.h"
#include "bgpd/peer.h"
#include "bgpd/peer_routes.h"
#include "lib/mem.h"

static const struct {
	uint32_t bit;
	const char *name;
} set_names[] = {
    {POLICY_SET_LOCAL_PREF, "local-preference"},
    {POLICY_SET_MED, "med"},
    {POLICY_SET_ORIGIN, "origin"},
    {POLICY_SET_NEXT_HOP, "next-hop"},
    {POLICY_SET_PREPEND, "prepend"},
    {POLICY_SET_PREFERENCE, "preference"},
    {POLICY_SET_ADD_COMMUNITIES, "add-communities"},
    {POLICY_SET_REMOVE_COMMUNITIES, "remove-communities"},
    {POLICY_SET_METRIC, "metric"},
    {POLICY_SET_TUNNEL, "tunnel"},
    {POLICY_SET_TAG, "tag"},
};

static json_t *
place_json(const char *policy, uint32_t rule, const char *file, uint32_t line, const char *action)
{
	return json_pack("{s:o,s:o,s:o,s:o,s:s}", "policy", ctl_json_text(policy), "rule",
	    rule != 0 ? json_integer(rule) : json_null(), "file", ctl_json_text(file), "line",
	    line != 0 ? json_integer(line) : json_null(), "action", action);
}

static void
on_step(void *ctx, const struct policy_step *s)
{
	static const char *const actions[] = {
	    [POLICY_NEXT] = "next", [POLICY_ACCEPT] = "accept", [POLICY_REJECT] = "reject"};
	struct explain *e = ctx;
	const struct policy_rule *r = &s->policy->rules[s->rule];
	const char *action = s->after == ATTR_NONE ? "reject" : actions[r->action];
	json_t *o = place_json(s->policy->name, s->rule + 1, s->policy->file, r->line, action), *set = json_array();

	for (size_t i = 0; i < ARRAY_LEN(set_names) && r->action != POLICY_REJECT; i++)
		if (r->set.has & set_names[i].bit)
			json_array_append_new(set, json_string(set_names[i].name));
	json_object_set_new_nocheck(o, "set", set);
	json_object_set_new_nocheck(o, "changed", json_boolean(s->before != s->after));
	e->changed = e->changed || s->before != s->after;
	json_array_append_new(e->rules, o);
	if (r->action != POLICY_NEXT || s->after == ATTR_NONE) {
		json_decref(e->rule);
		e->rule = json_incref(o);
	}
}

static void
begin(struct explain *e)
{
	*e = (struct explain){.rules = json_array(), .rule = json_null()};
}

/* No rule decided: the list is at its end, or there is none. pos is that of the neighbour, NULL for the kernel's. */
static void
end_of_list(struct explain *e, const struct conf_pos *pos)
{
	if (!json_is_null(e->rule))
		return;
	json_t *o = place_json(NULL, 0, pos != NULL ? pos->file : NULL, pos != NULL ? pos->line : 0, "reject");
	json_object_set_new_nocheck(o, "set", json_array());
	json_object_set_new_nocheck(o, "changed", json_false());
	json_array_append(e->rules, o);
	json_decref(e->rule);
	e->rule = o;
}

void
explain_fini(struct bgpd *d, struct explain *e)
{
	attr_unref(d->attrs, e->attr);
	json_decref(e->rules);
	json_decref(e->rule);
	*e = (struct explain){0};
}

static bool
is_policy(enum rib_reject r)
{
	return r == RIB_REJECT_POLICY || r == RIB_REJECT_NO_POLICY;
}

static void
bgp_in(struct bgpd *d, struct peer *from, enum family f, uint32_t id, const struct rib_path *p, struct explain *e)
{
	struct policy_trace trace = {.step = on_step, .ctx = e};
	struct ip_prefix prefix = rib_prefix(d->rib, f, id);
	enum rib_reject was = rib_path_reject(p);
	struct import_result res;

	import_run_traced(from, rib_path_received(d->rib, f, id, p), &prefix, &res, &trace);
	if (is_policy(was) && is_policy(res.reject))
		end_of_list(e, &from->conf->pos);
	/* max-prefix is not the policy's verdict. */
	e->pending = was != RIB_REJECT_MAX_PREFIX && (res.reject != was || (e->accepted && res.effective != p->attr));
	attr_unref(d->attrs, res.effective);
}

static void
kernel_in(struct bgpd *d, const struct ip_prefix *prefix, attr_id attr, struct explain *e)
{
	struct policy_trace trace = {.step = on_step, .ctx = e};
	const struct policy_chain *c = policies_kernel_learn_chain(d->policies);
	static const struct rib_source kernel = {.kind = RIB_SOURCE_KERNEL};
	struct policy_input in;
	policies_input(d, c->reads, &kernel, attr, prefix, &in);
	struct policy_result res;

	policy_run_traced(c->v, c->n, &in, &res, &trace);
	e->accepted = res.accept;
	e->refused = !res.accept;
	if (!res.accept)
		end_of_list(e, NULL);
	attr_unref(d->attrs, res.attr);
}

/* What a foreign route of the kernel looks like before kernel.learn, or ATTR_NONE: there is none. */
static attr_id
foreign_attr(struct bgpd *d, const struct ip_prefix *prefix)
{
	struct nexthop_foreign foreign;

	return kernel_foreign(d, prefix, &foreign) ? kernel_watch_attr(d, foreign.metric) : ATTR_NONE;
}

void
explain_in(struct bgpd *d, enum family f, uint32_t id, const struct rib_path *p, struct explain *out)
{
	const struct rib_source *src = rib_source_get(d->rib, p->source);
	struct ip_prefix prefix = rib_prefix(d->rib, f, id);

	begin(out);
	out->refused = rib_path_rejected(p);
	out->accepted = !out->refused;
	out->attr = attr_ref(d->attrs, p->attr);
	out->reason = rib_reject_name(rib_path_reject(p));
	if (src->kind == RIB_SOURCE_BGP && src->owner != NULL && peer_number(src->owner) != 0) {
		bgp_in(d, src->owner, f, id, p, out);
	} else if (src->kind == RIB_SOURCE_KERNEL) {
		attr_id attr = foreign_attr(d, &prefix);
		if (attr != ATTR_NONE)
			kernel_in(d, &prefix, attr, out);
		attr_unref(d->attrs, attr);
	}
}

bool
explain_learn(struct bgpd *d, const struct ip_prefix *prefix, attr_id *received, struct explain *out)
{
	*received = foreign_attr(d, prefix);
	if (*received == ATTR_NONE)
		return false;
	begin(out);
	out->reason = rib_reject_name(RIB_REJECT_POLICY);
	kernel_in(d, prefix, *received, out);
	if (out->refused)
		return true;
	attr_unref(d->attrs, *received);
	explain_fini(d, out);
	return false;
}

/* What keeps every route from this neighbour, or NULL. */
static const char *
no_way(const struct peer *to, enum family f, uint32_t id, const struct rib_path *p, const struct group_member *m)
{
	if (m == NULL)
		return "session-down";
	if ((to->session.caps.families & OPEN_FAMILY(f)) == 0)
		return "family";
	if (p == NULL)
		return "no-best-path";
	if (aggregates_hides(&to->d->aggregates.set, f, id))
		return "summary-only";
	if (groups_sends_paths(m, f) && !groups_chooses(to->d->groups, m, f, id, p))
		return "not-chosen";
	return p->source == m->out.source ? "split-horizon" : NULL;
}

/* What the neighbour has of the path, a reference, or ATTR_NONE. */
static attr_id
told_of(struct bgpd *d, const struct group_member *m, enum family f, uint32_t id, const struct rib_path *p)
{
	return groups_told(d->groups, m, f, id, groups_sends_paths(m, f) ? p : NULL);
}

void
explain_out(struct bgpd *d, struct peer *to, enum family f, uint32_t id, const struct rib_path *p, struct explain *out)
{
	struct policy_trace trace = {.step = on_step, .ctx = out};
	const struct group_member *m = peer_routes_member(to);

	begin(out);
	out->reason = no_way(to, f, id, p, m);
	if (out->reason != NULL)
		return;
	enum groups_verdict v = groups_judge(d->groups, m, f, id, p->attr, p->source, &trace, &out->attr);
	out->reason = groups_verdict_name(v);
	out->accepted = v == GROUPS_SENT;
	out->refused = !out->accepted && v != GROUPS_NOT_REFLECTED;
	if (v == GROUPS_POLICY || v == GROUPS_NO_POLICY)
		end_of_list(out, &to->conf->pos);
	if (!out->accepted)
		return;
	uint32_t nexthop = attr_get(d->attrs, out->attr)->nexthop;
	if (m->out.nexthop != 0 && nexthop == m->out.nexthop) {
		out->reason = "next-hop-of-neighbor"; /* RFC 4271 5.1.3 */
		out->accepted = false;
		return;
	}
	if (adjout_member_held(&m->out, f, id)) {
		out->reason = "max-prefix-out";
		out->accepted = false;
		out->refused = true;
		return;
	}
	attr_id told = told_of(d, m, f, id, p);
	out->pending = told != out->attr;
	attr_unref(d->attrs, told);
}

bool
explain_program(struct bgpd *d, enum family f, uint32_t id, struct explain *out)
{
	struct policy_trace trace = {.step = on_step, .ctx = out};
	const struct policy_chain *c = policies_kernel_export_chain(d->policies);
	const struct rib_path *best = rib_best(d->rib, f, id);
	struct ip_prefix prefix = rib_prefix(d->rib, f, id);
	struct policy_result res;

	if (best == NULL)
		return false;
	const struct rib_source *src = rib_source_get(d->rib, best->source);
	if (src->kind == RIB_SOURCE_KERNEL || src->kind == RIB_SOURCE_CONNECTED)
		return false;
	begin(out);
	struct policy_input in;
	policies_input(d, c->reads, src, best->attr, &prefix, &in);
	policy_run_traced(c->v, c->n, &in, &res, &trace);
	out->accepted = res.accept;
	out->refused = !res.accept;
	out->attr = res.attr;
	out->reason = res.accept ? "programmed" : rib_reject_name(RIB_REJECT_POLICY);
	if (!res.accept)
		end_of_list(out, NULL);
	return true;
}
