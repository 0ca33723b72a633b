/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nexthop_self: see nexthop_self.h.
 */
#include "bgpd/nexthop_self.h"

#include "bgpd/daemon.h"
#include "bgpd/kernel.h"
#include "bgpd/peer.h"
#include "bgpd/sockopt.h"
#include "lib/log.h"

#include <string.h>

static uint8_t
for_ipv4(const struct peer *p, const struct ip_addr *local, struct chunk_self *self)
{
	struct ip_addr beside;

	if (local->family == FAMILY_IPV4) {
		memcpy(self->v4, local->bytes, sizeof self->v4);
		return 4;
	}
	if (p->session.caps.ext_next_hop & OPEN_FAMILY(FAMILY_IPV4))
		return ip_addr_is_link_local(local) ? 32 : 16;
	if (!kernel_address_beside(p->d->kernel, local, FAMILY_IPV4, &beside))
		return 0;
	memcpy(self->v4, beside.bytes, sizeof self->v4);
	return 4;
}

static uint8_t
for_ipv6(const struct peer *p, const struct ip_addr *local, struct chunk_self *self)
{
	const struct kernel *k = p->d->kernel;
	struct ip_addr a;
	struct ip_prefix shared;

	if (local->family == FAMILY_IPV6 && !ip_addr_is_link_local(local)) {
		memcpy(self->v6, local->bytes, sizeof self->v6);
		return 16;
	}
	bool beside = kernel_address_beside(k, local, FAMILY_IPV6, &a);
	if (beside)
		memcpy(self->v6, a.bytes, sizeof self->v6);
	if (local->family == FAMILY_IPV6) {
		/* Nothing but link-local addresses there: in both places, as everybody does who can be asked. */
		if (!beside)
			memcpy(self->v6, local->bytes, sizeof self->v6);
		memcpy(self->link_local, local->bytes, sizeof self->link_local);
		return 32;
	}
	if (beside)
		return 16;
	if (!kernel_address_other(k, FAMILY_IPV6, &a))
		return 0;
	memcpy(self->v6, a.bytes, sizeof self->v6);
	if (!kernel_subnet_of(k, &p->addr, &shared) || !kernel_link_local_beside(k, local, &a))
		return 16;
	memcpy(self->link_local, a.bytes, sizeof self->link_local);
	return 32;
}

void
nexthop_self_set(const struct peer *p, struct group_member *m)
{
	struct ip_addr local, remote;
	uint16_t lport, rport;

	memset(&m->self, 0, sizeof m->self);
	memset(m->self_len, 0, sizeof m->self_len);
	if (sockopt_ends(session_fd(p->main->session), &local, &lport, &remote, &rport) == 0) {
		m->self_len[FAMILY_IPV6] = for_ipv6(p, &local, &m->self);
		m->self_len[FAMILY_IPV4] = for_ipv4(p, &local, &m->self);
	}
	for (int f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		if (p->session.caps.families & OPEN_FAMILY(f) && m->self_len[f] == 0)
			log_warn("neighbor.next_hop", LOG_S("neighbor", p->name), LOG_S("family", family_name((enum family)f)),
			    LOG_S("error", "no address of ours that could be the next hop"),
			    LOG_S("effect", "routes with next hop self are not announced in this session"));
}

struct ip_addr
nexthop_self_addr(const struct group_member *m, enum family f)
{
	switch (m->self_len[f]) {
	case 0:
		return (struct ip_addr){0};
	case 4:
		return ip_addr_from_bytes(FAMILY_IPV4, m->self.v4);
	default:
		return ip_addr_from_bytes(FAMILY_IPV6, m->self.v6);
	}
}
