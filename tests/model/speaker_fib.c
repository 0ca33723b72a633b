/* SPDX-License-Identifier: Apache-2.0 */
/*
 * speaker_fib: a kernel that takes its time: the interface of fib/fib.h.
 *
 * An id stays pinned for a while after its route was taken away, as it is while an
 * operation is under way. Routes outlive a daemon, and are there until the next one
 * wants one in their place, or sweeps them. Each table of the daemon's has such a
 * kernel of its own, which knows the world (speaker_links) some time after it was
 * started, and puts all into another of the kernel's tables some time after it was
 * told to.
 */
#include "tests/model/speaker_model.h"

#include "fib/fib.h"
#include "lib/mem.h"

#include <stdlib.h>
#include <string.h>

#define NSET 512
#define NID  512

struct fib_set {
	uint32_t refs;
	enum fib_type type;
	unsigned n;
	struct fib_nh nh[FIB_NH_MAX];
};

struct fib_id {
	uint32_t nhset; /* wanted, a reference; 0: not */
	uint32_t metric;
	bool busy;      /* an answer is due */
	struct ip_prefix prefix;
};

struct fib {
	LIST_ENTRY(fib) entry;
	struct links_to to; /* to.kernel: where routes are; NKERNEL: nowhere */
	unsigned table;     /* of the daemon's */
	struct fib_config conf;
	bool synced, swept;
	struct fib_set set[NSET];
	struct fib_id id[FAMILY_COUNT][NID];
	uint32_t nbusy;
};
static LIST_HEAD(, fib) fibs = LIST_HEAD_INITIALIZER(fibs);
/* Routes of an earlier daemon that this one has not asked for yet. */
static bool left[NKERNEL][FAMILY_COUNT][NPREFIX + 1];

/* NPREFIX: none of the model's. */
static unsigned
prefix_number(const struct ip_prefix *p)
{
	unsigned i = 0;

	while (i < NPREFIX && !ip_prefix_eq(p, &the_model->prefix[p->family][i]))
		i++;
	return i;
}

static struct fib *
fib_of(unsigned table)
{
	struct fib *fib;

	LIST_FOREACH(fib, &fibs, entry)
	if (fib->table == table)
		return fib;
	return NULL;
}

static struct fib *
start(const struct fib_config *conf, const struct fib_callbacks *cb, void *ctx, unsigned kernel)
{
	struct fib *fib = xcalloc(1, sizeof *fib);

	fib->table = conf->alone ? TABLE_VRF : conf->by_table ? TABLE_BESIDE : TABLE_MAIN;
	fib->conf = *conf;
	fib->to = (struct links_to){.cb = cb, .ctx = ctx, .kernel = kernel, .alone = conf->alone};
	LIST_INSERT_HEAD(&fibs, fib, entry);
	table_opened(fib->table);
	return fib;
}

int
fib_start(struct loop *loop, const struct fib_config *conf, const struct fib_callbacks *cb, void *ctx, struct fib **out)
{
	unsigned kernel = kernel_of_number(conf->table);
	const struct fib *other;

	(void)loop;
	CHECK(kernel < NKERNEL);
	LIST_FOREACH(other, &fibs, entry)
	CHECK(other->to.kernel != kernel);
	*out = start(conf, cb, ctx, kernel);
	return 0;
}

int
fib_start_null(struct loop *loop, const struct fib_config *conf, const struct fib_callbacks *cb, void *ctx,
    struct fib **out)
{
	(void)loop;
	*out = start(conf, cb, ctx, NKERNEL);
	return 0;
}

static void
forget_left(unsigned kernel)
{
	memset(left[kernel], 0, sizeof left[kernel]);
	memset(the_model->adopted[kernel], 0, sizeof the_model->adopted[kernel]);
}

void
fib_stop(struct fib *fib, bool keep, unsigned max_wait_ms)
{
	bool stays = keep || fib->conf.keep_on_stop;

	(void)max_wait_ms;
	if (!stays && fib->to.kernel < NKERNEL)
		forget_left(fib->to.kernel);
	for (unsigned k = 0; k < FAMILY_COUNT * NID; k++) {
		const struct fib_id *e = &fib->id[k / NID][k % NID];
		if (e->nhset == 0)
			continue;
		fib->set[e->nhset].refs--;
		if (stays && fib->to.kernel < NKERNEL)
			left[fib->to.kernel][k / NID][prefix_number(&e->prefix)] = true;
	}
	for (unsigned i = 0; i < NSET; i++)
		CHECK(fib->set[i].refs == 0);
	LIST_REMOVE(fib, entry);
	free(fib);
}

void
fib_reconfigure(struct fib *fib, const struct fib_config *conf)
{
	CHECK(fib->to.kernel == NKERNEL || kernel_of_number(conf->table) < NKERNEL);
	fib->conf = *conf;
}

uint32_t
fib_nhset_intern(struct fib *fib, enum fib_type type, const struct fib_nh *nh, unsigned nh_count)
{
	uint32_t i = 1;

	CHECK((type == FIB_UNICAST) == (nh_count > 0) && nh_count <= FIB_NH_MAX);
	while (fib->set[i].refs > 0)
		CHECK(++i < NSET);
	fib->set[i].refs = 1;
	fib->set[i].type = type;
	fib->set[i].n = nh_count;
	if (nh_count > 0)
		memcpy(fib->set[i].nh, nh, nh_count * sizeof *nh);
	return i;
}

void
fib_nhset_unref(struct fib *fib, uint32_t nhset)
{
	CHECK(fib->set[nhset].refs > 0);
	fib->set[nhset].refs--;
}

static void
route_put(struct fib *fib, enum family f, uint32_t id, uint32_t nhset)
{
	CHECK(id < NID);
	struct fib_id *e = &fib->id[f][id];

	if (nhset == 0 && e->nhset == 0)
		return;
	if (nhset != 0)
		fib->set[nhset].refs++;
	if (e->nhset != 0)
		fib->set[e->nhset].refs--;
	struct ip_prefix p = fib->to.cb->prefix_of(fib->to.ctx, f, id);
	/* An id may not come to mean something else before it was let go of. */
	if (e->busy || e->nhset != 0)
		CHECK(ip_prefix_eq(&p, &e->prefix));
	else if (e->prefix.family != FAMILY_NONE)
		the_model->seen_reused += !ip_prefix_eq(&p, &e->prefix);
	e->prefix = p;
	e->nhset = nhset;
	fib->nbusy += !e->busy;
	e->busy = true;
}

void
fib_route_set(struct fib *fib, enum family f, uint32_t id, uint32_t nhset, uint32_t metric)
{
	CHECK(nhset != 0 && !deferring(fib->table) && fib->to.kernel < NKERNEL);
	route_put(fib, f, id, nhset);
	fib->id[f][id].metric = metric != 0 ? metric : fib->conf.metric;
	left[fib->to.kernel][f][prefix_number(&fib->id[f][id].prefix)] = false;
}

void
fib_route_del(struct fib *fib, enum family f, uint32_t id)
{
	route_put(fib, f, id, 0);
}

uint32_t
fib_wanted_count(const struct fib *fib, enum family f)
{
	uint32_t n = 0;

	for (uint32_t id = 0; id < NID; id++)
		n += fib->id[f][id].nhset != 0;
	return n;
}

bool
fib_wants_any(const struct fib *fib, enum family f)
{
	return fib_wanted_count(fib, f) > 0;
}

bool
fib_pins(const struct fib *fib, enum family f, uint32_t id)
{
	CHECK(id < NID);
	return fib->id[f][id].busy || fib->id[f][id].nhset != 0;
}

static uint32_t
left_here(const struct fib *fib, enum family f)
{
	return fib->to.kernel < NKERNEL ? fib_left_count(fib->to.kernel, f) : 0;
}

bool
fib_is_empty(const struct fib *fib)
{
	return fib->swept && fib->nbusy == 0 && !fib_wants_any(fib, FAMILY_IPV4) && !fib_wants_any(fib, FAMILY_IPV6) &&
	    left_here(fib, FAMILY_IPV4) + left_here(fib, FAMILY_IPV6) == 0;
}

bool
fib_left(unsigned kernel, enum family f, unsigned prefix)
{
	return left[kernel][f][prefix];
}

uint32_t
fib_left_count(unsigned kernel, enum family f)
{
	uint32_t n = the_model->adopted[kernel][f];

	for (unsigned i = 0; i < NPREFIX; i++)
		n += left[kernel][f][i];
	return n;
}

void
fib_world_new(void)
{
	memset(left, 0, sizeof left);
	links_new();
}

/* Not before all has been decided that neighbours have sent again. */
void
fib_sweep(struct fib *fib)
{
	restart_swept(fib->table);
	fib->swept = true;
	if (fib->to.kernel < NKERNEL)
		forget_left(fib->to.kernel);
}

void
fib_stats_get(const struct fib *fib, struct fib_stats *out)
{
	uint32_t n4 = left_here(fib, FAMILY_IPV4), n6 = left_here(fib, FAMILY_IPV6);

	*out = (struct fib_stats){.adopted = n4 + n6, .adopted_of = {[FAMILY_IPV4] = n4, [FAMILY_IPV6] = n6}};
}

static bool
run_answer(struct fib *fib)
{
	uint32_t at = rnd(NID);

	if (fib->nbusy == 0)
		return false;
	for (uint32_t i = 0; i < NID; i++)
		for (int f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
			struct fib_id *e = &fib->id[f][(at + i) % NID];
			if (!e->busy)
				continue;
			e->busy = false;
			fib->nbusy--;
			if (e->nhset == 0)
				fib->to.cb->unpinned(fib->to.ctx, (enum family)f, (at + i) % NID);
			return true;
		}
	return false;
}

/* Where there is no table, nobody says anything of the world. */
static bool
tell(struct fib *fib)
{
	return fib->to.kernel < NKERNEL && links_tell(&fib->to);
}

static void
sync(struct fib *fib)
{
	while (tell(fib))
		;
	table_synced(fib->table);
	fib->synced = true;
	fib->to.cb->synced(fib->to.ctx);
}

/* All routes are in another of the kernel's tables from now on. */
static bool
move(struct fib *fib)
{
	unsigned kernel = kernel_of_number(fib->conf.table);
	const struct fib *other;

	if (fib->to.kernel == NKERNEL || kernel == fib->to.kernel)
		return false;
	LIST_FOREACH(other, &fibs, entry)
	CHECK(other->to.kernel != kernel);
	forget_left(fib->to.kernel);
	fib->to.kernel = kernel;
	for (unsigned k = 0; k < FAMILY_COUNT * NID; k++)
		if (fib->id[k / NID][k % NID].nhset != 0 && !fib->id[k / NID][k % NID].busy) {
			fib->id[k / NID][k % NID].busy = true;
			fib->nbusy++;
		}
	return true;
}

static bool
run(struct fib *fib)
{
	if (!fib->synced) {
		sync(fib);
		return true;
	}
	return move(fib) || tell(fib) || run_answer(fib);
}

bool
fib_run(void)
{
	struct fib *all[NTABLE + 1], *fib;
	unsigned n = 0;

	LIST_FOREACH(fib, &fibs, entry)
	{
		CHECK(n < ARRAY_LEN(all));
		all[n++] = fib;
	}
	unsigned first = n > 1 ? rnd(n) : 0;
	bool any = false;
	loop_enter(the_model->d->loop);
	for (unsigned i = 0; !any && i < n; i++)
		any = run(all[(first + i) % n]);
	the_model->d->loop->in_turn = false;
	return any;
}

void
fib_tell_all(void)
{
	struct fib *fib;

	LIST_FOREACH(fib, &fibs, entry)
	while (tell(fib))
		;
	the_model->d->loop->in_turn = false;
}

bool
fib_all_told(void)
{
	const struct fib *fib;

	LIST_FOREACH(fib, &fibs, entry)
	if (!fib->synced || (fib->to.kernel < NKERNEL &&
	    (kernel_of_number(fib->conf.table) != fib->to.kernel || !links_is_told(&fib->to))))
		return false;
	return true;
}

void
fib_world_start(void)
{
	sync(fib_of(TABLE_MAIN));
	the_model->d->loop->in_turn = false;
}

unsigned
fib_count(void)
{
	const struct fib *fib;
	unsigned n = 0;

	LIST_FOREACH(fib, &fibs, entry)
	for (unsigned k = 0; k < FAMILY_COUNT * NID; k++)
		n += fib->id[k / NID][k % NID].nhset != 0;
	return n;
}

unsigned
fib_kernel(unsigned table)
{
	const struct fib *fib = fib_of(table);

	return fib != NULL ? fib->to.kernel : NKERNEL;
}

void
fib_wanted(unsigned table, enum family f, const struct ip_prefix *p, struct kernel_route *out)
{
	const struct fib *fib = fib_of(table);
	uint32_t id = fib->to.cb->id_of(fib->to.ctx, p);

	memset(out, 0, sizeof *out);
	if (id == BITMAP_END || fib->id[f][id].nhset == 0)
		return;
	const struct fib_set *s = &fib->set[fib->id[f][id].nhset];
	*out = (struct kernel_route){
	    .there = true, .blackhole = s->type == FIB_BLACKHOLE, .metric = fib->id[f][id].metric, .nways = s->n};
	for (unsigned i = 0; i < s->n; i++)
		out->ways[i] = (struct way){.via = s->nh[i].via, .ifindex = s->nh[i].ifindex};
}
