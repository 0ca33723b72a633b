/* SPDX-License-Identifier: Apache-2.0 */
/*
 * speaker_tables: the tables that one daemon has, and who is in them (bgpd/instance.h).
 *
 * Beside the main one there is that of a VRF, whose device comes and goes and has one of the kernel's tables or
 * another one, and one of a fixed number. Neighbours are in any of them, and reloads move them; two pairs have the same
 * address, and so one of each pair is in the VRF. What is the configuration's alone, our own routes, is the
 * main table's. A table is there as long as it has neighbours, and until nothing is left of them.
 */
#include "tests/model/speaker_model.h"

#include "bgpd/groups.h"
#include "bgpd/groups_int.h"
#include "bgpd/peer.h"
#include "lib/mem.h"

#include <string.h>

/* Who has the address of the one before it; and which of the two may be left out, since policies name the other. */
static const struct {
	unsigned second, spare;
} twins[] = {{3, 3}, {5, 4}};

struct bgpd *
table_bgpd(unsigned table)
{
	struct bgpd *d = the_model->d;

	if (table == TABLE_MAIN || d == NULL)
		return d;
	if (table == TABLE_VRF)
		return instance_of_vrf(d, VRF_NAME);
	do
		d = instance_next(d);
	while (d != NULL && instance_vrf(d) != NULL);
	return d;
}

unsigned
table_of(unsigned peer)
{
	return the_model->conf.neighbor[peer].table;
}

unsigned
table_domain(unsigned table)
{
	return table == TABLE_VRF ? DOMAIN_VRF : DOMAIN_MAIN;
}

unsigned
table_foreign(unsigned table)
{
	unsigned kernel = table == TABLE_VRF ? fib_kernel(table) : KERNEL_MAIN;

	/* Without one nothing is reached. */
	return kernel < NKERNEL ? kernel : KERNEL_MAIN;
}

bool
table_reaches(unsigned table)
{
	struct bgpd *d = table_bgpd(table);

	return d != NULL && instance_missing(d) == NULL;
}

const char *
table_keys(unsigned table)
{
	static const char *const keys[NTABLE] = {"", (", vrf: " VRF_NAME), ", table: 300"};

	return keys[table];
}

/* ---- the configuration ---- */

void
tables_random(struct mneighbor *n)
{
	static const uint8_t tables[] = {TABLE_MAIN, TABLE_MAIN, TABLE_MAIN, TABLE_VRF, TABLE_VRF, TABLE_BESIDE};

	n->table = the_model->several ? tables[rnd(ARRAY_LEN(tables))] : TABLE_MAIN;
}

void
tables_mutate(struct mconf *c)
{
	unsigned i = twins[rnd(ARRAY_LEN(twins))].second, from = rnd(NTABLE), to = rnd(NTABLE);
	uint8_t table = c->neighbor[i].table;

	switch (rnd(4)) {
	case 0:
		c->neighbor[i].table = c->neighbor[i - 1].table;
		c->neighbor[i - 1].table = table;
		break;
	case 1:
		for (i = 0; i < NPEER; i++)
			if (c->neighbor[i].table == from)
				c->neighbor[i].table = (uint8_t)to;
		break;
	default:
		tables_random(&c->neighbor[rnd(NPEER)]);
		break;
	}
}

static bool
any_in(const struct mconf *c, unsigned table)
{
	bool any = c->empty_tables && table != TABLE_MAIN;

	for (unsigned i = 0; i < NPEER; i++)
		any = any || (c->neighbor[i].there && c->neighbor[i].table == table);
	return any;
}

void
tables_settle(struct mconf *c)
{
	struct bgpd *vrf = table_bgpd(TABLE_VRF);

	if (!the_model->several)
		return;
	for (unsigned k = 0; k < ARRAY_LEN(twins); k++) {
		struct mneighbor *n = &c->neighbor[twins[k].second], *spare = &c->neighbor[twins[k].spare];
		if (table_domain(n->table) != table_domain(n[-1].table))
			continue;
		spare->there = spare->there && rnd(2) == 0;
		n = spare->there ? n : spare;
		n->table = n->table == TABLE_VRF ? TABLE_MAIN : TABLE_VRF;
	}
	/* The VRF has that table, and keeps it: the daemon would refuse this. */
	bool taken = vrf != NULL && instance_table(vrf) == kernel_number(KERNEL_BESIDE) && any_in(c, TABLE_VRF);
	for (unsigned i = 0; taken && i < NPEER; i++)
		if (c->neighbor[i].table == TABLE_BESIDE)
			c->neighbor[i].table = TABLE_MAIN;
}

/* ---- what the daemon has made of it ---- */

void
table_opened(unsigned table)
{
	the_model->table[table].kept = 0;
}

void
table_synced(unsigned table)
{
	if (fib_kernel(table) < NKERNEL)
		restart_begun(table);
	the_model->last_event = the_model->step;
}

/* The daemon has ended the VRF's sessions, and nothing is kept of those that were lost before. */
static void
forget_neighbors(void)
{
	for (unsigned i = 0; i < NPEER; i++)
		for (unsigned f = FAMILY_IPV4; table_of(i) == TABLE_VRF && f < FAMILY_COUNT; f++)
			kept_forget(&the_model->peer[i], f);
}

static void
follow(unsigned table)
{
	struct mtable *t = &the_model->table[table], was = *t;
	struct bgpd *d = table_bgpd(table);

	t->number = d != NULL ? instance_number(d) : 0;
	t->device = d != NULL ? instance_device(d) : 0;
	t->kernel = d != NULL ? instance_table(d) : 0;
	if (t->number != was.number) {
		t->deferred = false;
		the_model->seen_made += t->number != 0;
	} else if (was.device != 0 && (t->device != was.device || t->kernel != was.kernel)) {
		the_model->seen_device_table += t->device != 0;
		forget_neighbors();
	}
	if (t->number != was.number || t->device != was.device || t->kernel != was.kernel)
		the_model->last_event = the_model->step;
}

void
tables_follow(void)
{
	struct group_list *list = &the_model->d->groups->list;

	if (!the_model->several)
		return;
	for (unsigned t = TABLE_MAIN + 1; t < NTABLE; t++)
		follow(t);
	tables_limit(list->ring_max, list->private_max);
}

void
tables_limit(uint32_t ring_max, uint32_t private_max)
{
	const struct adjout *main = &the_model->d->groups->list.adjout;

	for (unsigned t = 0; t < NTABLE; t++) {
		struct bgpd *d = table_bgpd(t);
		if (d == NULL)
			continue;
		struct group_list *list = &d->groups->list;
		list->ring_max = ring_max;
		list->private_max = private_max;
		list->adjout.kept_max = main->kept_max;
		list->adjout.detached_max = main->detached_max;
	}
}

bool
table_ends(unsigned table)
{
	return !any_in(&the_model->conf, table) || !table_reaches(table);
}

/* ---- comparing ---- */

/* Can the VRF's device be used? It must be up, with a table that nobody else has. */
static bool
device_is_usable(void)
{
	const struct mdevice *d = &the_model->device;

	if (!d->there || !d->up || d->kernel == KERNEL_MAIN)
		return false;
	return d->kernel != KERNEL_BESIDE || !any_in(&the_model->conf, TABLE_BESIDE);
}

static unsigned
kernel_wanted(unsigned table)
{
	if (table == TABLE_VRF)
		return device_is_usable() ? the_model->device.kernel : NKERNEL;
	return table == TABLE_MAIN ? KERNEL_MAIN : KERNEL_BESIDE;
}

static void
compare_device(const struct bgpd *d)
{
	const struct mdevice *device = &the_model->device;
	bool usable = device_is_usable();
	uint32_t want = usable ? device->ifindex : 0, table = usable ? kernel_number(device->kernel) : 0;

	the_model->seen_device_waits += !usable;
	if (instance_device(d) != want || instance_table(d) != table || d->conf->kernel.table != table)
		fail("the VRF has device %u and table %u, want %u and %u", instance_device(d), instance_table(d), want, table);
	if ((instance_missing(d) == NULL) != usable)
		fail("neighbours of the VRF wait or not: %s", instance_missing(d) != NULL ? instance_missing(d) : "not");
}

bool
tables_follow_device(void)
{
	const struct bgpd *d = table_bgpd(TABLE_VRF);
	uint32_t want = device_is_usable() ? the_model->device.ifindex : 0;

	return d == NULL || (instance_device(d) == want && fib_kernel(TABLE_VRF) == kernel_wanted(TABLE_VRF));
}

bool
tables_are_settled(void)
{
	for (unsigned t = 0; t < NTABLE; t++) {
		bool want = t == TABLE_MAIN || any_in(&the_model->conf, t);
		if ((table_bgpd(t) != NULL) != want || (want && fib_kernel(t) != kernel_wanted(t)))
			return false;
	}
	return fib_all_told();
}

/* What no table of the daemon's has must be empty: nobody would ever remove it. */
static void
compare_left(void)
{
	for (unsigned k = 0; k < NKERNEL; k++) {
		bool is_used = false;
		for (unsigned t = 0; t < NTABLE; t++)
			is_used = is_used || fib_kernel(t) == k;
		for (unsigned i = 0; !is_used && i < FAMILY_COUNT * NPREFIX; i++)
			if (fib_left(k, (enum family)(i / NPREFIX), i % NPREFIX))
				fail("family %u prefix %u: a route is left in table %u", i / NPREFIX, i % NPREFIX, kernel_number(k));
	}
}

void
compare_tables(void)
{
	unsigned n = 0;

	for (unsigned t = 0; t < NTABLE; t++) {
		struct bgpd *d = table_bgpd(t);
		bool want = t == TABLE_MAIN || any_in(&the_model->conf, t);
		if ((d != NULL) != want)
			fail("table %u is there: %d, want %d", t, d != NULL, want);
		n += want;
		if (d == NULL)
			continue;
		if (fib_kernel(t) != kernel_wanted(t))
			fail("table %u has routes in the kernel's table %u, want %u", t, fib_kernel(t), kernel_wanted(t));
		if (t == TABLE_VRF)
			compare_device(d);
	}
	for (struct bgpd *d = the_model->d; d != NULL; d = instance_next(d))
		n--;
	CHECK(n == 0);
	compare_left();
}

void
compare_empty(void)
{
	for (unsigned t = 0; t < NTABLE; t++) {
		struct bgpd *d = table_bgpd(t);
		struct groups_memory sent;
		struct rib_stats st;
		if (d == NULL)
			continue;
		CHECK(TAILQ_EMPTY(&d->peers));
		rib_stats(d->rib, &st);
		CHECK(st.prefixes[FAMILY_IPV4] == 0 && st.prefixes[FAMILY_IPV6] == 0);
		CHECK(attr_table_count(d->attrs) == 0);
		groups_memory(d->groups, &sent);
		CHECK(sent.sent_sets == 0);
		CHECK(nexthop_count(d->nexthops) == 0);
	}
	CHECK(fib_count() == 0);
}
