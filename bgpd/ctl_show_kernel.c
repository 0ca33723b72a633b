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

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where a walk goes on: an id of a family, a next hop, or an interface index. */
struct place {
	enum family family;
	uint32_t at;
};

static void
stream_from(struct ctl_client *c, json_t *head, const char *rows, bool (*step)(struct ctl_client *c, void *state))
{
	struct place *place = xcalloc(1, sizeof(*place));

	*place = (struct place){.family = FAMILY_IPV4, .at = 1};
	struct ctl_walk walk = {.rows = rows, .step = step, .free = free, .state = place};
	ctl_stream(c, head, &walk);
}

static json_t *
via_json(const struct bgpd *d, const struct ip_addr *via, uint32_t ifindex, uint16_t weight)
{
	return json_pack("{s:o,s:o,s:i}", "via", ctl_json_addr(via), "interface",
			 ctl_json_text(kernel_ifname(d->kernel, ifindex)), "weight", (int)weight);
}

/* ---- fib ---- */

/* Why the kernel has not taken a route, and so what would have to change. */
static const struct {
	int error;
	const char *text;
} reasons[] = {
    {EEXIST, "a route of another program with this prefix and metric exists"},
    {ENETUNREACH, "the kernel knows no way to the next hop"},
    {EHOSTUNREACH, "the kernel knows no way to the next hop"},
    {ENETDOWN, "the interface is down"},
    {ENODEV, "there is no such interface"},
    {EINVAL, "the kernel does not take this next hop"},
    {EBUSY, "another program keeps deleting it"},
    {ENOBUFS, "the kernel has no memory for it"},
    {ENOMEM, "the kernel has no memory for it"},
    {EPERM, "no permission to change routes (CAP_NET_ADMIN)"},
    {EAFNOSUPPORT, "an IPv6 route cannot have an IPv4 next hop"},
    {EOPNOTSUPP, "the kernel does not know this kind of route"},
};

static const char *
reason_of(int error)
{
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		if (reasons[i].error == error)
			return reasons[i].text;
	return error != 0 ? strerror(error) : NULL;
}

json_t *
ctl_fib_json(const struct bgpd *d, enum family f, uint32_t id)
{
	static const char *const types[] = {
	    [FIB_UNICAST] = "unicast", [FIB_BLACKHOLE] = "blackhole", [FIB_UNREACHABLE] = "unreachable"};
	static const char *const states[] = {[FIB_ABSENT] = "absent",
					     [FIB_PENDING] = "pending",
					     [FIB_INSTALLED] = "installed",
					     [FIB_FAILED] = "failed"};
	uint32_t nhset = 0, metric = 0, retry_s;
	int error = 0;
	enum fib_state state = fib_route_get(d->kernel->fib, f, id, &nhset, &metric, &error);
	enum fib_type type = FIB_UNICAST;
	const struct fib_nh *nh = NULL;
	json_t *hops = json_array();
	struct ip_prefix prefix = rib_prefix(d->rib, f, id);

	unsigned n = nhset != 0 ? fib_nhset_get(d->kernel->fib, nhset, &nh, &type) : 0;
	for (unsigned i = 0; i < n; i++)
		json_array_append_new(hops, via_json(d, &nh[i].via, nh[i].ifindex, nh[i].weight));
	json_t *retry = fib_route_retry(d->kernel->fib, f, id, &retry_s) ? json_integer(retry_s) : json_null();
	return json_pack("{s:o,s:o,s:s,s:I,s:b,s:s,s:s?,s:o}", "prefix", ctl_json_prefix(&prefix), "nexthops",
			 hops, "type", types[type], "metric", (json_int_t)metric, "installed",
			 (int)(state == FIB_INSTALLED), "state", states[state], "error", reason_of(error),
			 "retry_s", retry);
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

/* What the audit has found since the start, by kind. */
static json_t *
drift_json(const uint64_t drift[FIB_DRIFT_COUNT])
{
	json_t *o = json_object();

	for (unsigned kind = 0; kind < FIB_DRIFT_COUNT; kind++)
		json_object_set_new(o, kernel_drift_names[kind], json_integer((json_int_t)drift[kind]));
	return o;
}

static json_t *
fib_summary_json(const struct bgpd *d)
{
	struct fib_stats s;

	fib_stats_get(d->kernel->fib, &s);
	return json_pack("{s:{s:I,s:I,s:I,s:I,s:I,s:I,s:{s:I,s:I,s:o,s:I,s:o}}}", "summary", "wanted",
			 (json_int_t)s.wanted, "installed", (json_int_t)s.installed, "failed", (json_int_t)s.failed,
			 "adopted", (json_int_t)s.adopted, "restored", (json_int_t)s.restored, "resyncs",
			 (json_int_t)s.resyncs, "audit", "interval_s", (json_int_t)d->conf->kernel.audit_interval_s,
			 "rounds", (json_int_t)s.audits, "age_s",
			 s.audits > 0 ? json_integer((json_int_t)s.audit_age_s) : json_null(), "took_ms",
			 (json_int_t)s.audit_ms, "drift", drift_json(s.drift));
}

void
ctl_show_fib(struct ctl_client *c, const json_t *args)
{
	(void)args;
	stream_from(c, fib_summary_json(ctl_client_daemon(c)), "fib", fib_step);
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
	stream_from(c, NULL, "nexthops", nexthop_step);
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
	stream_from(c, NULL, "interfaces", link_step);
}
