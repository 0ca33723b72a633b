/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ctl_show_kernel: `show fib`, `show nexthop` and `show interfaces`.
 */
#include "bgpd/ctl_command.h"
#include "bgpd/ctl_json.h"
#include "bgpd/ctl_path.h"
#include "bgpd/ctl_reply.h"
#include "bgpd/daemon.h"
#include "bgpd/kernel.h"
#include "lib/mem.h"
#include "rib/nexthop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where a walk goes on: an id of a family, a next hop, or an interface index. */
struct place {
	enum family family;
	uint32_t at;
};

static void
stream_from(struct ctl_client *c, const char *rows, bool (*step)(struct ctl_client *c, void *state))
{
	struct place *place = xcalloc(1, sizeof(*place));

	*place = (struct place){.family = FAMILY_IPV4, .at = 1};
	struct ctl_walk walk = {.rows = rows, .step = step, .free = free, .state = place};
	ctl_stream(c, NULL, &walk);
}

static json_t *
via_json(const struct bgpd *d, const struct ip_addr *via, uint32_t ifindex, uint16_t weight)
{
	return json_pack("{s:o,s:o,s:i}", "via", ctl_json_addr(via), "interface",
			 ctl_json_text(kernel_ifname(d->kernel, ifindex)), "weight", (int)weight);
}

/* ---- fib ---- */

json_t *
ctl_fib_json(const struct bgpd *d, enum family f, uint32_t id)
{
	static const char *const types[] = {
	    [FIB_UNICAST] = "unicast", [FIB_BLACKHOLE] = "blackhole", [FIB_UNREACHABLE] = "unreachable"};
	static const char *const states[] = {[FIB_ABSENT] = "absent",
					     [FIB_PENDING] = "pending",
					     [FIB_INSTALLED] = "installed",
					     [FIB_FAILED] = "failed"};
	uint32_t nhset = 0, metric = 0;
	int error = 0;
	enum fib_state state = fib_route_get(d->kernel->fib, f, id, &nhset, &metric, &error);
	enum fib_type type = FIB_UNICAST;
	const struct fib_nh *nh = NULL;
	json_t *hops = json_array();
	struct ip_prefix prefix = rib_prefix(d->rib, f, id);

	unsigned n = nhset != 0 ? fib_nhset_get(d->kernel->fib, nhset, &nh, &type) : 0;
	for (unsigned i = 0; i < n; i++)
		json_array_append_new(hops, via_json(d, &nh[i].via, nh[i].ifindex, nh[i].weight));
	return json_pack("{s:o,s:o,s:s,s:I,s:b,s:s,s:s?}", "prefix", ctl_json_prefix(&prefix), "nexthops",
			 hops, "type", types[type], "metric", (json_int_t)metric, "installed",
			 (int)(state == FIB_INSTALLED), "state", states[state], "error",
			 error != 0 ? strerror(error) : NULL);
}

static bool
fib_step(struct ctl_client *c, void *state)
{
	struct place *place = state;
	const struct bgpd *d = ctl_client_daemon(c);

	for (unsigned i = 0; i < CTL_STEP; i++) {
		uint32_t id = fib_route_next(d->kernel->fib, place->family, place->at);
		if (id != BITMAP_END) {
			ctl_row(c, ctl_fib_json(d, place->family, id));
			place->at = id + 1;
			continue;
		}
		if (place->family == FAMILY_IPV6)
			return true;
		*place = (struct place){.family = FAMILY_IPV6, .at = 1};
	}
	return false;
}

void
ctl_show_fib(struct ctl_client *c, const json_t *args)
{
	(void)args;
	stream_from(c, "fib", fib_step);
}

/* ---- next hops ---- */

static json_t *
nexthop_json(const struct bgpd *d, nexthop_id id)
{
	struct nexthop_view nh;
	json_t *ways = json_array();

	nexthop_get(d->nexthops, id, &nh);
	for (unsigned i = 0; i < nh.via_count; i++)
		json_array_append_new(ways, via_json(d, &nh.via[i].via, nh.via[i].ifindex, nh.via[i].weight));
	return json_pack("{s:o,s:o,s:b,s:b,s:o,s:o,s:o,s:I}", "nexthop", ctl_json_addr(&nh.global),
			 "link_local", ctl_json_addr(&nh.link_local), "resolved", (int)nh.resolved,
			 "recursive", (int)nh.recursive, "metric",
			 nh.resolved ? json_integer(nh.metric) : json_null(), "through",
			 nh.through.family != FAMILY_NONE ? ctl_json_prefix(&nh.through) : json_null(),
			 "ways", ways, "references", (json_int_t)nh.refs);
}

static bool
nexthop_step(struct ctl_client *c, void *state)
{
	struct place *place = state;
	const struct bgpd *d = ctl_client_daemon(c);

	for (unsigned i = 0; i < CTL_STEP; i++) {
		nexthop_id id = nexthop_next(d->nexthops, place->at);
		if (id == NEXTHOP_NONE)
			return true;
		ctl_row(c, nexthop_json(d, id));
		place->at = id + 1;
	}
	return false;
}

void
ctl_show_nexthop(struct ctl_client *c, const json_t *args)
{
	(void)args;
	stream_from(c, "nexthops", nexthop_step);
}

/* ---- interfaces ---- */

static json_t *
link_json(const struct kernel_link *link)
{
	const struct kernel_address *a;
	json_t *addresses = json_array();

	LIST_FOREACH(a, &link->addresses, entry)
	{
		char buf[IP_ADDR_STRLEN], text[IP_ADDR_STRLEN + 5];
		struct ip_addr bare = a->a.addr;
		bare.scope_id = 0; /* the row says which interface it is */
		snprintf(text, sizeof(text), "%s/%u", ip_addr_str(&bare, buf, sizeof(buf)), a->a.subnet.len);
		json_array_append_new(addresses, json_string(text));
	}
	return json_pack("{s:o,s:I,s:b,s:I,s:o}", "name", ctl_json_text(link->l.name), "index",
			 (json_int_t)link->l.ifindex, "up", (int)link->l.up, "mtu", (json_int_t)link->l.mtu,
			 "addresses", addresses);
}

static bool
link_step(struct ctl_client *c, void *state)
{
	struct place *place = state;
	const struct bgpd *d = ctl_client_daemon(c);
	const struct kernel_link *link;
	unsigned n = 0;

	while ((link = interfaces_next(&d->kernel->interfaces, place->at)) != NULL) {
		if (n++ == CTL_STEP)
			return false;
		ctl_row(c, link_json(link));
		place->at = link->l.ifindex + 1;
	}
	return true;
}

void
ctl_show_interfaces(struct ctl_client *c, const json_t *args)
{
	(void)args;
	stream_from(c, "interfaces", link_step);
}
