/* SPDX-License-Identifier: Apache-2.0 */
/*
 * groups_key: what a neighbour is sent by, of its configuration and what its session agreed on, and the key of that:
 * who has the same one shares a group.
 */
#include "bgpd/groups_int.h"

#include "bgpd/compile.h"
#include "bgpd/daemon.h"
#include "bgpd/kernel.h"
#include "bgpd/peer.h"
#include "bgpd/peer_routes.h"
#include "lib/hash.h"
#include "rib/aspath.h"

#include <string.h>

#define OPTION_LLGR 0x80u /* of adjout_key.options, beside EXPORT_OPT_* */

static uint8_t
family_bits_of(uint8_t open_set)
{
	uint8_t bits = 0;

	for (int f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		if (open_set & OPEN_FAMILY(f))
			bits |= (uint8_t)(1u << f);
	return bits;
}

/* What is done to the AS path towards an external neighbour; its own AS is named only where that matters to it. */
static void
path_params(const struct peer *p, struct export_params *e)
{
	static const uint8_t modes[] = {[CONF_PRIVATE_NONE] = ASPATH_PRIVATE_KEEP,
	    [CONF_PRIVATE_LEADING] = ASPATH_PRIVATE_LEADING,
	    [CONF_PRIVATE_ALL] = ASPATH_PRIVATE_ALL,
	    [CONF_PRIVATE_REPLACE] = ASPATH_PRIVATE_REPLACE};
	uint32_t remote_as = peer_routes_source(p)->as;

	e->remove_private = modes[p->conf->remove_private_as];
	if (p->conf->as_override)
		e->options |= EXPORT_OPT_OVERRIDE;
	if (p->conf->as_override || (e->remove_private != ASPATH_PRIVATE_KEEP && aspath_as_is_private(remote_as)))
		e->remote_as = remote_as;
	uint32_t own_as = conf_outside_as(&p->d->conf->router);
	if (!p->conf->local_as_replace && e->local_as != own_as)
		e->own_as = own_as;
}

struct export_params
groups_params(const struct peer *p)
{
	static const uint8_t rules[] = {[CONF_NEXT_HOP_AUTO] = EXPORT_NEXTHOP_AUTO,
	    [CONF_NEXT_HOP_SELF] = EXPORT_NEXTHOP_SELF,
	    [CONF_NEXT_HOP_KEEP] = EXPORT_NEXTHOP_KEEP};
	const struct bgpd *d = p->d;
	struct export_params e = {
	    .type = (uint8_t)peer_type(p),
	    .nexthop = rules[p->conf->next_hop],
	    .role = peer_role(p),
	    .rr_client = p->conf->route_reflector_client,
	    .rs_client = p->conf->route_server_client,
	    .llgr = p->session.caps.llgr,
	    .local_as = p->ours.as,
	    .cluster_id = d->cluster_id,
	    .default_local_pref = d->conf->router.default_local_preference,
	};

	if (p->drain.stage != DRAIN_NONE)
		e.options = p->drain.stage == DRAIN_ANNOUNCED ? EXPORT_OPT_GSHUT : EXPORT_OPT_NOTHING;
	if (e.type == RIB_PEER_EBGP) {
		/* RFC 4271 5.1.3 3: to one that is several hops away nobody but ourselves is named. */
		if (peer_one_hop(p))
			kernel_subnet_of(d->kernel, &p->addr, &e.subnet);
		path_params(p, &e);
	}
	return e;
}

static uint32_t
paths_of(const struct peer *p, enum family f)
{
	const struct conf_send_paths *send = &p->conf->add_path.send;

	if (!(p->session.caps.add_path[f] & ADD_PATH_SEND))
		return ADJOUT_PATHS_NONE;
	/* Once it is agreed ids are sent; "none" comes with another session. */
	switch (send->mode) {
	case CONF_ADD_PATH_ALL:
		return ADJOUT_PATHS_ALL;
	case CONF_ADD_PATH_ECMP:
		return ADJOUT_PATHS_ECMP;
	default:
		return send->mode == CONF_ADD_PATH_BEST ? send->count : 1;
	}
}

/* Third parties on it are named where next hops are left to us. */
static uint32_t
subnet_key(const struct export_params *e)
{
	if (e->subnet.family == FAMILY_NONE || e->nexthop != EXPORT_NEXTHOP_AUTO)
		return 0;
	return (uint32_t)hash_bytes(0, &e->subnet, sizeof e->subnet);
}

bool
groups_subnet_moved(const struct group *g)
{
	const struct adjout_member *m;

	TAILQ_FOREACH(m, &g->out.members, entry)
	{
		struct export_params e = groups_params(container_of(m, struct group_member, out)->owner);
		if (subnet_key(&e) != g->out.key.subnet)
			return true;
	}
	return false;
}

struct adjout_key
groups_key(const struct group_member *m, const struct export_params *e, const struct policy_chain *chain)
{
	const struct open_caps *c = &((const struct peer *)m->owner)->session.caps;
	struct adjout_key k;

	memset(&k, 0, sizeof k);
	k.policy = chain->id;
	k.local_as = e->type != RIB_PEER_IBGP ? e->local_as : 0;
	k.own_as = e->own_as;
	k.remote_as = e->remote_as;
	k.remove_private = e->remove_private;
	k.subnet = subnet_key(e);
	if (e->type == RIB_PEER_IBGP)
		k.cluster_id = e->cluster_id;
	if (e->type != RIB_PEER_EBGP || chain->reads & POLICY_READS_LOCAL_PREF)
		k.default_local_pref = e->default_local_pref;
	k.type = e->type;
	k.role = (uint8_t)(e->rs_client << 4 | e->role << 1 | e->rr_client);
	k.families = family_bits_of(c->families);
	k.as4 = c->as4;
	k.ext_nexthop = family_bits_of(c->ext_next_hop);
	k.nexthop_rule = e->nexthop;
	k.options = (uint8_t)(e->options | (e->llgr ? OPTION_LLGR : 0));
	k.paths_ipv4 = paths_of(m->owner, FAMILY_IPV4);
	k.paths_ipv6 = paths_of(m->owner, FAMILY_IPV6);
	k.defaults = (uint8_t)(((const struct peer *)m->owner)->conf->default_originate & k.families);
	k.nexthop_len4 = m->self_len[FAMILY_IPV4];
	k.nexthop_len6 = m->self_len[FAMILY_IPV6];
	k.sole = groups_limit_sole(m);
	return k;
}
