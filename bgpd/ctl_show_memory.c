/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ctl_show_memory: `show memory`: what memory is for, and how long the loop was busy.
 *
 * Each part counts itself, so asking costs no walk over routes. What is resident and
 * in no part is said, too: the program's own data, and what the allocator keeps.
 */
#include "bgpd/ctl_command.h"
#include "bgpd/ctl_json.h"
#include "bgpd/ctl_reply.h"
#include "bgpd/daemon.h"
#include "bgpd/groups.h"
#include "bgpd/kernel.h"
#include "bgpd/peer.h"
#include "lib/mem.h"
#include "rib/rib.h"

#include <stdio.h>

/* The rows of the answer while they are made. */
struct parts {
	json_t *rows;
	uint32_t routes; /* prefixes */
	uint64_t bytes;  /* of all rows so far */
};

static json_t *
quotient(size_t bytes, uint64_t count)
{
	return count > 0 ? json_real((double)bytes / (double)count) : json_null();
}

static void
add(struct parts *p, const char *name, uint64_t count, size_t bytes)
{
	p->bytes += bytes;
	json_array_append_new(p->rows,
	    json_pack("{s:s,s:I,s:I,s:o,s:o}", "part", name, "count", (json_int_t)count, "bytes", (json_int_t)bytes,
		"bytes_each", quotient(bytes, count), "bytes_a_route", quotient(bytes, p->routes)));
}

static void
add_sessions(struct parts *parts, const struct bgpd *d)
{
	size_t bytes = session_pool_bytes(d->sessions);
	const struct peer *p;
	uint64_t n = 0;

	for (; d != NULL; d = instance_next(d)) {
		TAILQ_FOREACH(p, &d->peers, entry)
		{
			const struct peer_conn *conns[] = {p->main, p->second};
			for (unsigned i = 0; i < ARRAY_LEN(conns); i++) {
				if (conns[i] == NULL || conns[i]->session == NULL)
					continue;
				n++;
				bytes += session_bytes(conns[i]->session);
			}
		}
	}
	add(parts, "session buffers", n, bytes);
}

/* What there is of an instance. */
struct table_memory {
	struct rib_stats rib;
	struct fib_stats fib;
	struct groups_memory groups;
	uint64_t sets, nexthops;
	size_t set_bytes, set_table_bytes;
};

static void
table_memory(const struct bgpd *d, struct table_memory *t)
{
	rib_stats(d->rib, &t->rib);
	fib_stats_get(d->kernel->fib, &t->fib);
	groups_memory(d->groups, &t->groups);
	t->sets = attr_table_count(d->attrs);
	t->set_bytes = pool_bytes(d->attrs->sets);
	t->set_table_bytes = attr_table_bytes(d->attrs) - t->set_bytes;
	t->nexthops = nexthop_count(d->nexthops);
}

static uint32_t
prefixes_of(const struct rib_stats *st)
{
	return st->prefixes[FAMILY_IPV4] + st->prefixes[FAMILY_IPV6];
}

/* The parts of the main table. */
static void
add_parts(struct parts *p, const struct table_memory *t)
{
	for (unsigned i = 0; i < RIB_PARTS; i++)
		add(p, t->rib.parts[i].name, t->rib.parts[i].count, t->rib.parts[i].bytes);
	add(p, "attribute sets", t->sets, t->set_bytes);
	add(p, "attribute set table", t->sets, t->set_table_bytes);
	add(p, "bitmaps of groups", t->groups.announced, t->groups.bitmap_bytes);
	add(p, "export memo and batches", t->groups.groups, t->groups.memo_bytes);
	add(p, "outgoing attribute sets", t->groups.sent_sets, t->groups.sent_bytes);
	add(p, "encoded messages", 0, t->groups.chunk_bytes);
	add(p, "kernel routes", t->fib.wanted, t->fib.memory_bytes);
}

/* Adds another table to the sum, and a row for it. */
static void
add_table(struct parts *p, const struct bgpd *d, struct table_memory *sum)
{
	struct table_memory t;
	size_t bytes;
	char name[32];

	table_memory(d, &t);
	bytes = t.set_bytes + t.set_table_bytes + t.groups.bitmap_bytes + t.groups.memo_bytes + t.groups.sent_bytes +
		t.groups.chunk_bytes + t.fib.memory_bytes;
	for (unsigned i = 0; i < RIB_PARTS; i++)
		bytes += t.rib.parts[i].bytes;
	if (instance_vrf(d) != NULL)
		snprintf(name, sizeof(name), "vrf %s", instance_vrf(d));
	else
		snprintf(name, sizeof(name), "table %u", instance_table(d));
	add(p, name, prefixes_of(&t.rib), bytes);
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
		sum->rib.prefixes[f] += t.rib.prefixes[f];
		sum->rib.paths[f] += t.rib.paths[f];
	}
	sum->rib.paths_left_out += t.rib.paths_left_out;
	sum->rib.bytes += t.rib.bytes;
	sum->sets += t.sets;
	sum->set_bytes += t.set_bytes;
	sum->set_table_bytes += t.set_table_bytes;
	sum->fib.memory_bytes += t.fib.memory_bytes;
	sum->nexthops += t.nexthops;
}

void
ctl_show_memory(struct ctl_client *c, const json_t *args)
{
	struct bgpd *d = ctl_client_daemon(c);
	struct parts parts = {.rows = json_array()};
	struct table_memory sum;
	size_t of_files, all = mem_resident(&of_files);

	(void)args;
	table_memory(d, &sum);
	parts.routes = prefixes_of(&sum.rib);
	add_parts(&parts, &sum);
	add_sessions(&parts, d);
	for (struct bgpd *i = instance_next(d); i != NULL; i = instance_next(i))
		add_table(&parts, i, &sum);
	parts.routes = prefixes_of(&sum.rib);
	json_int_t paths = (json_int_t)sum.rib.paths[FAMILY_IPV4] + sum.rib.paths[FAMILY_IPV6];
	json_t *a_path = quotient(parts.bytes, (uint64_t)paths);
	add(&parts, "all of these", parts.routes, parts.bytes);
	parts.bytes /= 2; /* that row is their sum */
	json_t *where = ctl_json_text(d->loop->stall_where); /* loop_stall_take forgets it */
	ctl_done(c,
	    json_pack("{s:o,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:o,s:I,s:I,s:I,s:I,s:I,s:I,s:o,s:I,s:o}", "memory_limit",
		memory_json(&d->memory), "resident_bytes", (json_int_t)all,
		"resident_file_bytes", (json_int_t)of_files, "accounted_bytes", (json_int_t)parts.bytes, "unaccounted_bytes",
		(json_int_t)all - (json_int_t)of_files - (json_int_t)parts.bytes, "routes", (json_int_t)parts.routes, "paths", paths,
		"paths_left_out", (json_int_t)sum.rib.paths_left_out, "bytes_a_path", a_path, "rib_bytes",
		(json_int_t)sum.rib.bytes, "attribute_sets", (json_int_t)sum.sets, "attribute_bytes",
		(json_int_t)(sum.set_bytes + sum.set_table_bytes), "fib_bytes", (json_int_t)sum.fib.memory_bytes, "nexthops",
		(json_int_t)sum.nexthops, "loop_stall_max_us", (json_int_t)(loop_stall_take(d->loop) / 1000u),
		"loop_stall_where", where, "loop_turns", (json_int_t)d->loop->turns, "parts", parts.rows));
}
