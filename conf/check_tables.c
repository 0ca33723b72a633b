/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_tables: which kernel tables and VRFs neighbours may have, and the lists of those that they have.
 * Which table a VRF has is the kernel's to say, while the daemon runs.
 */
#include <linux/rtnetlink.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "conf/arena.h"
#include "conf/error.h"
#include "conf/load.h"
#include "conf/schema.h"
#include "lib/mem.h"
#include "lib/str.h"

/* By number, then by place in the file. */
static int
table_cmp(const void *a, const void *b)
{
	const struct conf_neighbor *x = *(const struct conf_neighbor *const *)a;
	const struct conf_neighbor *y = *(const struct conf_neighbor *const *)b;

	if (x->table != y->table)
		return x->table < y->table ? -1 : 1;
	return x < y ? -1 : x > y;
}

__attribute__((format(printf, 4, 5))) static void
table_fail(struct conf_loader *ld, const struct yml_node *root, const struct conf_neighbor *nb,
	   const char *fmt, ...)
{
	uint32_t i = (uint32_t)(nb - ld->conf->neighbors.v);
	struct yml_node *item = yml_map_get(yml_map_get(root, "neighbors")->items[i], "table");
	struct str text = {0};
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&text, fmt, ap);
	va_end(ap);
	load_fail_at(ld, item != NULL ? item : root, conf_arena_fmt(ld->tmp, "neighbors[%u].table", i),
		     "found %u%s", nb->table, str_get(&text));
	str_free(&text);
}

/* A table whose nexthop objects would have the numbers of this one's; 0: there is none. */
static uint32_t
table_twin(const struct conf *c, uint32_t table)
{
	for (uint32_t i = 0; i < c->tables.n; i++)
		if ((table - c->tables.v[i]) % CONF_TABLE_STRIDE == 0)
			return c->tables.v[i];
	return 0;
}

/* The first neighbour of another table than those before it. */
static void
table_check(struct conf_loader *ld, const struct yml_node *root, const struct conf_neighbor *nb)
{
	struct conf *c = ld->conf;
	uint32_t twin = table_twin(c, nb->table);

	if (nb->table == RT_TABLE_LOCAL)
		table_fail(ld, root, nb,
			   ", expected another table: that one is the kernel's, for addresses of this host");
	else if (nb->table == c->kernel.table)
		table_fail(ld, root, nb,
			   ", which is kernel.table, expected another one, or no table for those neighbors");
	else if (twin != 0)
		table_fail(
		    ld, root, nb,
		    ", expected no multiple of %u more than table %u: nexthop objects of both would have the "
		    "same numbers",
		    CONF_TABLE_STRIDE, twin);
	else if (c->tables.n == CONF_TABLES_MAX)
		table_fail(ld, root, nb, ", expected at most %u tables of neighbors", CONF_TABLES_MAX);
	else
		c->tables.v[c->tables.n++] = nb->table;
}

static int
vrf_cmp(const void *a, const void *b)
{
	const struct conf_neighbor *x = *(const struct conf_neighbor *const *)a;
	const struct conf_neighbor *y = *(const struct conf_neighbor *const *)b;
	int c = strcmp(x->vrf, y->vrf);

	return c != 0 ? c : x < y ? -1 : x > y;
}

/* An error about the VRF of a neighbour. */
static void
vrf_fail(struct conf_loader *ld, const struct yml_node *root, const struct conf_neighbor *nb,
	 const char *text)
{
	uint32_t i = (uint32_t)(nb - ld->conf->neighbors.v);
	struct yml_node *item = yml_map_get(yml_map_get(root, "neighbors")->items[i], "vrf");
	struct str name = {0};

	conf_errors_quote(&name, nb->vrf, strlen(nb->vrf));
	load_fail_at(ld, item != NULL ? item : root, conf_arena_fmt(ld->tmp, "neighbors[%u].vrf", i),
		     "found %s%s", str_get(&name), text);
	str_free(&name);
}

static void
vrfs_list(struct conf_loader *ld, const struct yml_node *root)
{
	struct conf *c = ld->conf;
	const struct conf_neighbor **by = conf_arena_array(ld->tmp, c->neighbors.n, sizeof(*by));
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->neighbors.n; i++) {
		const struct conf_neighbor *nb = &c->neighbors.v[i];
		if (!CONF_HAS(nb, CONF_NB_VRF))
			continue;
		by[n++] = nb;
		if (CONF_HAS(nb, CONF_NB_TABLE))
			table_fail(ld, root, nb, " besides vrf, expected one of the two: a VRF has a table");
	}
	if (n == 0)
		return;
	qsort(by, n, sizeof(*by), vrf_cmp);
	c->vrfs.v = conf_arena_array(ld->arena, CONF_TABLES_MAX, sizeof(*c->vrfs.v));
	for (uint32_t i = 0; i < n; i++) {
		if (i > 0 && strcmp(by[i]->vrf, by[i - 1]->vrf) == 0)
			continue;
		if (c->tables.n + c->vrfs.n == CONF_TABLES_MAX)
			vrf_fail(ld, root, by[i], ", expected at most 64 tables and VRFs of neighbors");
		else
			c->vrfs.v[c->vrfs.n++] = by[i]->vrf;
	}
}

static void
tables_list(struct conf_loader *ld, const struct yml_node *root)
{
	struct conf *c = ld->conf;
	const struct conf_neighbor **by = conf_arena_array(ld->tmp, c->neighbors.n, sizeof(*by));
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->neighbors.n; i++)
		if (CONF_HAS(&c->neighbors.v[i], CONF_NB_TABLE))
			by[n++] = &c->neighbors.v[i];
	if (n == 0)
		return;
	qsort(by, n, sizeof(*by), table_cmp);
	c->tables.v = conf_arena_array(ld->arena, CONF_TABLES_MAX, sizeof(*c->tables.v));
	for (uint32_t i = 0; i < n; i++)
		if (i == 0 || by[i]->table != by[i - 1]->table)
			table_check(ld, root, by[i]);
}

void
check_tables(struct conf_loader *ld, const struct yml_node *root)
{
	tables_list(ld, root);
	vrfs_list(ld, root);
}
