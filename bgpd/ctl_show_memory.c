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
#include <unistd.h>

/* Resident octets of the process, and how many of them are of files: code, not data. */
static json_int_t
resident(json_int_t *of_files)
{
	unsigned long long size, all = 0, shared = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (f != NULL && fscanf(f, "%llu %llu %llu", &size, &all, &shared) != 3)
		all = shared = 0;
	if (f != NULL)
		fclose(f);
	*of_files = (json_int_t)shared * sysconf(_SC_PAGESIZE);
	return (json_int_t)all * sysconf(_SC_PAGESIZE);
}

json_int_t
ctl_resident_octets(void)
{
	json_int_t of_files;

	return resident(&of_files);
}

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
	add(parts, "session buffers", n, bytes);
}

static void
add_all(struct parts *p, const struct bgpd *d, const struct rib_stats *rib, const struct fib_stats *fib)
{
	struct groups_memory g;

	groups_memory(d->groups, &g);
	for (unsigned i = 0; i < RIB_PARTS; i++)
		add(p, rib->parts[i].name, rib->parts[i].count, rib->parts[i].bytes);
	add(p, "attribute sets", attr_table_count(d->attrs), d->attrs->bytes);
	add(p, "attribute set table", attr_table_count(d->attrs), attr_table_bytes(d->attrs) - d->attrs->bytes);
	add(p, "bitmaps of groups", g.announced, g.bitmap_bytes);
	add(p, "export memo and batches", g.groups, g.memo_bytes);
	add(p, "outgoing attribute sets", g.sent_sets, g.sent_bytes);
	add(p, "encoded messages", 0, g.chunk_bytes);
	add_sessions(p, d);
	add(p, "kernel routes", fib->wanted, fib->memory_bytes);
}

void
ctl_show_memory(struct ctl_client *c, const json_t *args)
{
	struct bgpd *d = ctl_client_daemon(c);
	struct parts parts = {.rows = json_array()};
	struct rib_stats rib;
	struct fib_stats fib;
	json_int_t of_files, all = resident(&of_files);

	(void)args;
	rib_stats(d->rib, &rib);
	fib_stats_get(d->kernel->fib, &fib);
	parts.routes = rib.prefixes[FAMILY_IPV4] + rib.prefixes[FAMILY_IPV6];
	add_all(&parts, d, &rib, &fib);
	json_int_t paths = (json_int_t)rib.paths[FAMILY_IPV4] + rib.paths[FAMILY_IPV6];
	json_t *a_path = quotient(parts.bytes, (uint64_t)paths);
	add(&parts, "all of these", parts.routes, parts.bytes);
	parts.bytes /= 2; /* that row is their sum */
	json_t *where = ctl_json_text(d->loop->stall_where); /* loop_stall_take forgets it */
	ctl_done(c,
	    json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:o,s:I,s:I,s:I,s:I,s:I,s:I,s:o,s:I,s:o}", "resident_bytes", all,
		"resident_file_bytes", of_files, "accounted_bytes", (json_int_t)parts.bytes, "unaccounted_bytes",
		all - of_files - (json_int_t)parts.bytes, "routes", (json_int_t)parts.routes, "paths", paths,
		"paths_left_out", (json_int_t)rib.paths_left_out, "bytes_a_path", a_path, "rib_bytes", (json_int_t)rib.bytes, "attribute_sets",
		(json_int_t)attr_table_count(d->attrs), "attribute_bytes", (json_int_t)attr_table_bytes(d->attrs),
		"fib_bytes", (json_int_t)fib.memory_bytes, "nexthops", (json_int_t)nexthop_count(d->nexthops),
		"loop_stall_max_us", (json_int_t)(loop_stall_take(d->loop) / 1000u), "loop_stall_where", where,
		"loop_turns", (json_int_t)d->loop->turns, "parts", parts.rows));
}
