/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bird_show_misc: `show interfaces`, `show memory` and `show symbols`.
 */
#include "bgpd/bird_command.h"
#include "bgpd/bird_protocol.h"
#include "bgpd/bird_reply.h"
#include "bgpd/daemon.h"
#include "bgpd/groups.h"
#include "bgpd/kernel.h"
#include "bgpd/peer.h"
#include "lib/mem.h"

#include <net/if.h>
#include <stdlib.h>

/* ---- interfaces ---- */

struct interfaces_show {
	bool summary, headed;
	uint32_t at; /* the next index */
};

static const char *
scope_of(const struct ip_addr *a)
{
	static const char *const private[] = {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"};
	bool host = (a->family == FAMILY_IPV4 && a->bytes[0] == 127) ||
		    (a->family == FAMILY_IPV6 && ip_addr_is_martian_nexthop(a));
	struct ip_prefix p;

	for (size_t i = 0; i < ARRAY_LEN(private); i++)
		if (ip_prefix_parse(private[i], &p) == 0 && ip_prefix_contains(&p, a))
			return "site";
	return host ? "host" : ip_addr_is_link_local(a) ? "link" : "univ";
}

static const struct kernel_address *
first_address(const struct kernel_link *link, enum family f)
{
	const struct kernel_address *a;

	LIST_FOREACH(a, &link->addresses, entry)
	if (a->a.addr.family == f)
		return a;
	return NULL;
}

static const char *
address_text(const struct kernel_address *a, char *buf)
{
	struct ip_addr bare = a->a.addr;

	bare.scope_id = 0;
	return ip_addr_str(&bare, buf, IP_ADDR_STRLEN);
}

static void
interface_summary(struct bird_client *c, const struct kernel_link *link)
{
	const struct kernel_address *a = first_address(link, bird_family(c));
	char text[IP_ADDR_STRLEN];

	if (a == NULL)
		bird_line(c, BIRD_INTERFACE_SUMMARY, "%-9s %-5s", link->l.name, link->l.up ? "up" : "down");
	else
		bird_line(c, BIRD_INTERFACE_SUMMARY, "%-9s %-5s %s/%u", link->l.name,
			  link->l.up ? "up" : "down", address_text(a, text), a->a.subnet.len);
}

static void
interface_lines(struct bird_client *c, const struct kernel_link *link)
{
	uint32_t flags = link->l.flags;
	const struct kernel_address *a;
	char text[IP_ADDR_STRLEN];
	bool first = true;

	bird_line(c, BIRD_INTERFACE, "%s %s (index=%u)", link->l.name, link->l.up ? "up" : "down",
		  link->l.ifindex);
	bird_line(c, BIRD_INTERFACE_FLAGS, "\t%s%s%s Admin%s Link%s%s MTU=%u",
		  flags & IFF_POINTOPOINT ? "PtP" : "MultiAccess", flags & IFF_BROADCAST ? " Broadcast" : "",
		  flags & IFF_MULTICAST ? " Multicast" : "", flags & IFF_UP ? "Up" : "Down",
		  link->l.up ? "Up" : "Down", flags & IFF_LOOPBACK ? " Loopback" : "", link->l.mtu);
	LIST_FOREACH(a, &link->addresses, entry)
	{
		if (a->a.addr.family != bird_family(c))
			continue;
		bird_line(c, BIRD_INTERFACE_ADDRESS, "\t%s/%u (%s, scope %s)", address_text(a, text),
			  a->a.subnet.len, first ? "Primary" : "Secondary", scope_of(&a->a.addr));
		first = false;
	}
}

static bool
interfaces_step(struct bird_client *c, void *state)
{
	struct interfaces_show *st = state;
	const struct bgpd *d = bird_daemon(c);
	const struct kernel_link *link;
	unsigned n = 0;

	if (st->summary && !st->headed)
		bird_line(c, BIRD_INTERFACE_HEADING, "%-9s %-5s %s", "interface", "state", "address");
	st->headed = true;
	while ((link = interfaces_next(&d->kernel->interfaces, st->at)) != NULL) {
		if (n++ == BIRD_STEP)
			return false;
		if (st->summary)
			interface_summary(c, link);
		else
			interface_lines(c, link);
		st->at = link->l.ifindex + 1;
	}
	bird_ok(c);
	return true;
}

void
bird_show_interfaces(struct bird_client *c, const struct bird_words *args)
{
	bool summary = bird_word_is(args, 0, "summary");

	if (args->n > (summary ? 1 : 0)) {
		bird_syntax(c, args->v[summary ? 1 : 0]);
		return;
	}
	struct interfaces_show *st = xcalloc(1, sizeof(*st));
	st->summary = summary;
	bird_walk(c, &(struct bird_walk){.step = interfaces_step, .free = free, .state = st});
}

/* ---- memory ---- */

static void
memory_line(struct bird_client *c, const char *what, size_t bytes)
{
	bird_line(c, BIRD_MEMORY, "%-17s %8zu kB", what, (bytes + 1023) / 1024);
}

void
bird_show_memory(struct bird_client *c, const struct bird_words *args)
{
	const struct bgpd *d = bird_daemon(c);
	size_t tables = 0, attributes = 0, protocols = session_pool_bytes(d->sessions);
	struct groups_memory g;
	struct fib_stats fib;
	struct rib_stats rib;

	if (args->n > 0) {
		bird_syntax(c, args->v[0]);
		return;
	}
	for (; d != NULL; d = instance_next(d)) {
		rib_stats(d->rib, &rib);
		fib_stats_get(d->kernel->fib, &fib);
		groups_memory(d->groups, &g);
		tables += rib.bytes + fib.memory_bytes;
		attributes += attr_table_bytes(d->attrs) + g.sent_bytes;
		protocols += g.bitmap_bytes + g.memo_bytes + g.chunk_bytes;
	}
	bird_line(c, BIRD_MEMORY, "BIRD memory usage");
	memory_line(c, "Routing tables:", tables);
	memory_line(c, "Route attributes:", attributes);
	memory_line(c, "Protocols:", protocols);
	memory_line(c, "Total:", mem_resident(NULL));
	bird_ok(c);
}

/* ---- symbols ---- */

struct symbols_show {
	struct bird_client *c;
	bool begun;
	struct bird_peer_cursor at;
};

static void
symbol(struct bird_client *c, const char *name, const char *kind)
{
	bird_line(c, BIRD_SYMBOLS, "%-8s\t%s", name, kind);
}

static void
symbol_peer(void *ctx, struct peer *p)
{
	symbol(((struct symbols_show *)ctx)->c, p->name, "protocol");
}

static bool
symbols_step(struct bird_client *c, void *state)
{
	struct symbols_show *st = state;

	if (!st->begun) {
		st->begun = true;
		symbol(c, "master", "routing table");
		for (unsigned i = 0; i < BIRD_PSEUDO_COUNT; i++)
			symbol(c, bird_pseudo_names[i], "protocol");
	}
	if (!bird_peers_portion(bird_daemon(c), bird_family(c), &st->at, BIRD_STEP, symbol_peer, st))
		return false;
	bird_ok(c);
	return true;
}

void
bird_show_symbols(struct bird_client *c, const struct bird_words *args)
{
	if (args->n > 0) {
		bird_syntax(c, args->v[0]);
		return;
	}
	struct symbols_show *st = xcalloc(1, sizeof(*st));
	st->c = c;
	bird_walk(c, &(struct bird_walk){.step = symbols_step, .free = free, .state = st});
}
