/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import: see import.h.
 */
#include "bgpd/import.h"

#include "bgpd/compile.h"
#include "bgpd/daemon.h"
#include "bgpd/peer.h"
#include "bgpd/peer_routes.h"
#include "lib/buf.h"
#include "lib/mem.h"
#include "rib/aspath.h"
#include "rib/community.h"
#include "rib/otc.h"
#include "rib/policy.h"

#include <stdlib.h>

_Static_assert(POLICY_MEMO_OUTCOMES <= 32, "import_route.known has a bit for each");

static bool
cluster_loop(const struct attr_set *s, uint32_t cluster_id)
{
	size_t len;
	const uint8_t *v = attr_find(s, ATTR_CLUSTER_LIST, &len);

	for (size_t i = 0; v != NULL && i + 4 <= len; i += 4)
		if (be32_get(v + i) == cluster_id)
			return true;
	return false;
}

/*
 * RFC 4271 9.1.2: own AS in the path, or that of our confederation (RFC 5065 4); allow-own-as is how often it may be
 * there.
 */
static bool
as_loop(const struct peer *p, const struct attr_set *s)
{
	const struct conf_neighbor *nb = p->conf;
	uint32_t as = p->d->conf->router.as, outside = conf_outside_as(&p->d->conf->router);
	struct aspath path;

	path.p = attr_find(s, ATTR_AS_PATH, &path.len);
	if (path.p == NULL)
		return false;
	return aspath_count_of(path, as) > nb->allow_own_as ||
	    (outside != as && aspath_count_of(path, outside) > nb->allow_own_as) ||
	    (nb->local_as != as && nb->local_as != outside && aspath_count_of(path, nb->local_as) > nb->allow_own_as);
}

/*
 * RFC 4271 6.3 b: the next hop of a neighbour one hop away is itself, or on a subnet that we share. Of 6.3 a, an
 * address of our own, the resolver takes care: it leads nowhere.
 */
static bool
nexthop_off_link(const struct peer *p, const struct attr_set *s)
{
	struct nexthop_view v;

	if (!import_wants_shared_subnet(p))
		return false;
	nexthop_get(p->d->nexthops, s->nexthop, &v);
	return v.link_local.family == FAMILY_NONE && !ip_addr_eq(&v.global, &p->addr) &&
	    !nexthop_connected(p->d->nexthops, &v.global, NULL);
}

bool
import_wants_shared_subnet(const struct peer *p)
{
	return peer_type(p) == RIB_PEER_EBGP && peer_one_hop(p) && p->d->options->kernel;
}

static enum rib_reject
check(struct peer *p, const struct attr_set *s, enum otc_verdict otc)
{
	const struct policy_chain *chain = policies_import(p->d->policies, peer_number(p) - 1);

	if (as_loop(p, s))
		return RIB_REJECT_AS_LOOP;
	if ((s->flags & ATTR_F_HAS_ORIGINATOR) && attr_originator_id(s) == p->d->router_id)
		return RIB_REJECT_ORIGINATOR_LOOP;
	if (s->cluster_len > 0 && cluster_loop(s, p->d->cluster_id))
		return RIB_REJECT_CLUSTER_LOOP;
	if (otc == OTC_LEAK)
		return RIB_REJECT_ROUTE_LEAK;
	if (nexthop_off_link(p, s))
		return RIB_REJECT_NEXTHOP;
	return chain->missing ? RIB_REJECT_NO_POLICY : RIB_REJECT_NONE;
}

/* RFC 8326: the session is about to end, as they say or as we know: the path is good while there is no other. */
static bool
drains(const struct peer *p, const struct attr_set *received)
{
	if (drain_is_on(&p->drain))
		return true;
	return p->conf->graceful_shutdown && !p->session.internal && community_has(received, COMMUNITY_GRACEFUL_SHUTDOWN);
}

/* The same attributes with LOCAL_PREF 0; takes the reference and returns one. */
static attr_id
last_resort(struct attr_table *t, attr_id attr)
{
	struct attr_edit e = {0};

	attr_edit_begin(&e, attr_get(t, attr));
	attr_edit_put_u32(&e, ATTR_FLAG_TRANSITIVE, ATTR_LOCAL_PREF, 0);
	attr_id out = attr_edit_commit(&e, t);
	attr_edit_fini(&e);
	if (out == ATTR_NONE)
		return attr; /* there is no room for seven octets more */
	attr_unref(t, attr);
	return out;
}

/* The same attributes with local-as in front of the path; takes the reference, returns one or ATTR_NONE. */
static attr_id
local_as_prepended(const struct peer *p, struct attr_table *t, attr_id attr)
{
	struct attr_edit e = {0};
	struct aspath path;
	attr_id out = ATTR_NONE;

	if (attr == ATTR_NONE || !p->conf->local_as_prepend || p->session.internal ||
	    p->ours.as == conf_outside_as(&p->d->conf->router))
		return attr;
	attr_edit_begin(&e, attr_get(t, attr));
	path.p = attr_edit_find(&e, ATTR_AS_PATH, &path.len);
	uint8_t *mem = xmalloc(path.len + 8);
	struct wbuf w = wbuf_of(mem, path.len + 8);
	aspath_prepend(&w, path, &p->ours.as, 1);
	ASSERT(!w.err);
	if (w.len <= UINT16_MAX) {
		attr_edit_put(&e, ATTR_FLAG_TRANSITIVE, ATTR_AS_PATH, w.base, w.len);
		out = attr_edit_commit(&e, t);
	}
	attr_edit_fini(&e);
	free(mem);
	attr_unref(t, attr);
	return out;
}

void
import_begin(struct import_route *r, struct peer *p, attr_id received)
{
	struct bgpd *d = p->d;
	const struct rib_source *src = peer_routes_source(p);
	const struct attr_set *s = attr_get(d->attrs, received);
	enum otc_verdict otc = otc_ingress(peer_role(p), src->as, s);

	/* The rest is for what is not rejected, and written below: clearing it first would take as long as all of this. */
	r->peer = p;
	r->reject = check(p, s, otc);
	r->drains = drains(p, s);
	r->attr = ATTR_NONE;
	r->known = 0;
	r->chain = policies_import(d->policies, peer_number(p) - 1);
	if (r->reject != RIB_REJECT_NONE)
		return;
	r->attr = otc == OTC_ADD ? otc_add(d->attrs, received, src->as) : attr_ref(d->attrs, received);
	if (r->attr == ATTR_NONE) {
		r->reject = RIB_REJECT_ROUTE_LEAK; /* unmarked it could become one */
		return;
	}
	r->attr = local_as_prepended(p, d->attrs, r->attr);
	if (r->attr == ATTR_NONE) {
		r->reject = RIB_REJECT_AS_LOOP; /* no path that long comes from anywhere else */
		return;
	}
	policies_input(d, r->chain->reads, src, r->attr, NULL, &r->in);
	r->memo = policies_open(d->policies, r->chain, &r->in);
}

/* What a policy's result means. */
static void
conclude(const struct import_route *r, const struct policy_result *res, struct import_result *out)
{
	*out = (struct import_result){.reject = RIB_REJECT_POLICY, .effective = ATTR_NONE};
	if (res->accept)
		*out = (struct import_result){
		    .effective = r->drains ? last_resort(r->peer->d->attrs, res->attr) : res->attr};
}

void
import_judge(struct import_route *r, const struct ip_prefix *prefix, const struct policy_trace *trace,
    struct import_result *out)
{
	struct policy_result res;

	*out = (struct import_result){.reject = r->reject, .effective = ATTR_NONE};
	if (r->reject != RIB_REJECT_NONE)
		return;
	if (prefix != NULL)
		r->in.prefix = *prefix;
	if (trace != NULL)
		policy_run_traced(r->chain->v, r->chain->n, &r->in, &res, trace);
	else
		policies_judge(r->peer->d->policies, r->chain, r->memo, &r->in, &res);
	conclude(r, &res, out);
}

void
import_judge_first(struct import_route *r, const struct ip_prefix *prefix, struct import_result *out)
{
	struct policy_result res;

	ASSERT(r->reject == RIB_REJECT_NONE);
	r->in.prefix = *prefix;
	int outcome = policies_judge(r->peer->d->policies, r->chain, r->memo, &r->in, &res);
	conclude(r, &res, out);
	if (outcome < 0)
		return;
	r->known |= 1u << outcome;
	r->verdicts[outcome] = *out;
}

void
import_forget(struct import_route *r)
{
	r->known = 0;
}

void
import_end(struct import_route *r)
{
	attr_unref(r->peer->d->attrs, r->attr);
}

void
import_run(struct peer *p, attr_id received, const struct ip_prefix *prefix, struct import_result *out)
{
	import_run_traced(p, received, prefix, out, NULL);
}

void
import_run_traced(struct peer *p, attr_id received, const struct ip_prefix *prefix, struct import_result *out,
    const struct policy_trace *trace)
{
	struct import_route r;

	import_begin(&r, p, received);
	import_judge(&r, prefix, trace, out);
	import_end(&r);
}

bool
import_reads_prefix(const struct peer *p)
{
	return (policies_import(p->d->policies, peer_number(p) - 1)->reads & POLICY_READS_PREFIX) != 0;
}

bool
import_reads_interface(const struct peer *p)
{
	return (policies_import(p->d->policies, peer_number(p) - 1)->reads & POLICY_READS_INTERFACE) != 0;
}
