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
#include "bgpd/memory_parts.h"
#include "lib/mem.h"

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
add(void *ctx, const char *name, uint64_t count, size_t bytes)
{
	struct parts *p = ctx;

	p->bytes += bytes;
	json_array_append_new(p->rows,
	    json_pack("{s:s,s:I,s:I,s:o,s:o}", "part", name, "count", (json_int_t)count, "bytes", (json_int_t)bytes,
		"bytes_each", quotient(bytes, count), "bytes_a_route", quotient(bytes, p->routes)));
}

static uint32_t
prefixes_of(const struct rib_stats *st)
{
	return st->prefixes[FAMILY_IPV4] + st->prefixes[FAMILY_IPV6];
}

/* Adds another table to the sum, and a row for it. */
static void
add_table(struct parts *p, const struct bgpd *d, struct memory_parts *sum)
{
	struct memory_parts t;
	char name[32];

	memory_parts_take(d, &t);
	if (instance_vrf(d) != NULL)
		snprintf(name, sizeof(name), "vrf %s", instance_vrf(d));
	else
		snprintf(name, sizeof(name), "table %u", instance_table(d));
	add(p, name, prefixes_of(&t.rib), memory_parts_bytes(&t));
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
	struct memory_parts sum;
	size_t of_files, all = mem_resident(&of_files), bytes;
	uint64_t sessions;

	(void)args;
	memory_parts_take(d, &sum);
	parts.routes = prefixes_of(&sum.rib);
	memory_parts_each(&sum, add, &parts);
	bytes = memory_parts_sessions(d, &sessions);
	add(&parts, "session buffers", sessions, bytes);
	for (struct bgpd *i = instance_next(d); i != NULL; i = instance_next(i))
		add_table(&parts, i, &sum);
	parts.routes = prefixes_of(&sum.rib);
	json_int_t paths = (json_int_t)sum.rib.paths[FAMILY_IPV4] + sum.rib.paths[FAMILY_IPV6];
	json_t *a_path = quotient(parts.bytes, (uint64_t)paths);
	add(&parts, "all of these", parts.routes, parts.bytes);
	parts.bytes /= 2; /* that row is their sum */
	json_t *where = ctl_json_text(d->loop->stall_where); /* loop_stall_take forgets it */
	uint64_t stall_cpu_ns, stall_ns = loop_stall_take(d->loop, &stall_cpu_ns);
	ctl_done(c,
	    json_pack("{s:o,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:o,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:o,s:I,s:o}", "memory_limit",
		memory_json(&d->memory), "resident_bytes", (json_int_t)all,
		"resident_file_bytes", (json_int_t)of_files, "accounted_bytes", (json_int_t)parts.bytes, "unaccounted_bytes",
		(json_int_t)all - (json_int_t)of_files - (json_int_t)parts.bytes, "routes", (json_int_t)parts.routes, "paths", paths,
		"paths_left_out", (json_int_t)sum.rib.paths_left_out, "bytes_a_path", a_path, "rib_bytes",
		(json_int_t)sum.rib.bytes, "attribute_sets", (json_int_t)sum.sets, "attribute_bytes",
		(json_int_t)(sum.set_bytes + sum.set_table_bytes), "fib_bytes", (json_int_t)sum.fib.memory_bytes, "nexthops",
		(json_int_t)sum.nexthops, "loop_stall_max_us", (json_int_t)(stall_ns / 1000u),
		"loop_stall_cpu_us", (json_int_t)(stall_cpu_ns / 1000u), "loop_stall_where", where, "loop_turns", (json_int_t)d->loop->turns, "parts", parts.rows));
}
