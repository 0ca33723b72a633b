/* SPDX-License-Identifier: Apache-2.0 */
/*
 * speaker_fib: a kernel that takes its time: the interface of fib/fib.h.
 *
 * It reports three links with a subnet of each family, and one foreign route of
 * each that comes and goes. An id stays pinned for a while after its route was
 * taken away, as it is while an operation is under way. Routes outlive a daemon,
 * and are there until the next one wants one in their place, or sweeps them.
 */
#include "tests/model/speaker_model.h"

#include "fib/fib.h"
#include "lib/mem.h"

#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NSET 4096
#define NID  4096

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
	const struct fib_callbacks *cb;
	void *ctx;
	struct fib_set set[NSET];
	struct fib_id id[FAMILY_COUNT][NID];
	uint32_t nbusy;
	uint32_t metric; /* where a route has none */
};
/* Routes of an earlier daemon that this one has not asked for yet. */
static bool left[FAMILY_COUNT][NPREFIX + 1];
static struct fib *the_fib;

/* NPREFIX: none of the model's. */
static unsigned
prefix_number(const struct ip_prefix *p)
{
	unsigned i = 0;

	while (i < NPREFIX && !ip_prefix_eq(p, &the_model->prefix[p->family][i]))
		i++;
	return i;
}

int
fib_start(struct loop *loop, const struct fib_config *conf, const struct fib_callbacks *cb, void *ctx, struct fib **out)
{
	(void)loop;
	the_fib = *out = xcalloc(1, sizeof **out);
	the_fib->cb = cb;
	the_fib->ctx = ctx;
	the_fib->metric = conf->metric;
	return 0;
}

int
fib_start_null(struct loop *loop, const struct fib_config *conf, const struct fib_callbacks *cb, void *ctx,
    struct fib **out)
{
	return fib_start(loop, conf, cb, ctx, out);
}

void
fib_stop(struct fib *fib, bool keep, unsigned max_wait_ms)
{
	(void)keep;
	(void)max_wait_ms;
	/* With keep-on-stop all stay. */
	for (unsigned k = 0; k < FAMILY_COUNT * NID; k++) {
		const struct fib_id *e = &fib->id[k / NID][k % NID];
		if (e->nhset == 0)
			continue;
		fib->set[e->nhset].refs--;
		left[k / NID][prefix_number(&e->prefix)] = true;
	}
	for (unsigned i = 0; i < NSET; i++)
		CHECK(fib->set[i].refs == 0);
	free(fib);
}

void
fib_reconfigure(struct fib *fib, const struct fib_config *conf)
{
	fib->metric = conf->metric;
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
	struct ip_prefix p = fib->cb->prefix_of(fib->ctx, f, id);
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
	CHECK(nhset != 0 && !deferring());
	route_put(fib, f, id, nhset);
	fib->id[f][id].metric = metric != 0 ? metric : fib->metric;
	left[f][prefix_number(&fib->id[f][id].prefix)] = false;
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

bool
fib_is_empty(const struct fib *fib)
{
	return fib->nbusy == 0 && !fib_wants_any(fib, FAMILY_IPV4) && !fib_wants_any(fib, FAMILY_IPV6);
}

bool
fib_left(enum family f, unsigned prefix)
{
	return left[f][prefix];
}

uint32_t
fib_left_count(enum family f)
{
	uint32_t n = the_model->adopted[f];

	for (unsigned i = 0; i < NPREFIX; i++)
		n += left[f][i];
	return n;
}

void
fib_world_new(void)
{
	memset(left, 0, sizeof left);
	for (unsigned i = 0; i < NLINK; i++)
		the_model->link_up[i] = true;
}

/* Not before all has been decided that neighbours have sent again. */
void
fib_sweep(struct fib *fib)
{
	(void)fib;
	restart_swept();
	memset(left, 0, sizeof left);
	memset(the_model->adopted, 0, sizeof the_model->adopted);
}

void
fib_stats_get(const struct fib *fib, struct fib_stats *out)
{
	uint32_t n4 = fib_left_count(FAMILY_IPV4), n6 = fib_left_count(FAMILY_IPV6);

	(void)fib;
	*out = (struct fib_stats){.adopted = n4 + n6, .adopted_of = {[FAMILY_IPV4] = n4, [FAMILY_IPV6] = n6}};
}

bool
fib_run(void)
{
	struct fib *fib = the_fib;
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
				fib->cb->unpinned(fib->ctx, (enum family)f, (at + i) % NID);
			return true;
		}
	return false;
}

unsigned
fib_count(void)
{
	unsigned n = 0;

	for (int f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		for (uint32_t i = 0; i < NID; i++)
			n += the_fib->id[f][i].nhset != 0;
	return n;
}

void
fib_wanted(enum family f, const struct ip_prefix *p, struct kernel_route *out)
{
	uint32_t id = the_fib->cb->id_of(the_fib->ctx, p);

	memset(out, 0, sizeof *out);
	if (id == BITMAP_END || the_fib->id[f][id].nhset == 0)
		return;
	const struct fib_set *s = &the_fib->set[the_fib->id[f][id].nhset];
	*out = (struct kernel_route){
	    .there = true, .blackhole = s->type == FIB_BLACKHOLE, .metric = the_fib->id[f][id].metric, .nways = s->n};
	for (unsigned i = 0; i < s->n; i++)
		out->ways[i] = (struct way){.via = s->nh[i].via, .ifindex = s->nh[i].ifindex};
}

/* ---- what the kernel reports ---- */

static void
report_link(unsigned i)
{
	struct fib_link l = {.ifindex = i + 1, .up = the_model->link_up[i]};

	snprintf(l.name, sizeof l.name, "eth%u", i);
	the_fib->cb->link(the_fib->ctx, &l);
}

static void
report_address(unsigned i, enum family f)
{
	struct fib_address a = {.ifindex = i + 1};
	char text[64];

	if (f == FAMILY_IPV4)
		snprintf(text, sizeof text, "10.0.%u.1", i + 1);
	else
		snprintf(text, sizeof text, "2001:db8:%u::1", i + 1);
	CHECK(ip_addr_parse(text, &a.addr) == 0);
	a.subnet = ip_prefix_from_addr(&a.addr, f == FAMILY_IPV4 ? 24 : 64);
	the_fib->cb->address(the_fib->ctx, &a);
}

static void
report_foreign(unsigned f, bool there)
{
	struct mforeign *r = &the_model->foreign[f];
	struct fib_nh nh = {.ifindex = 2, .weight = 1};
	struct fib_foreign o = {.table = 254,
	    .metric = r->metric,
	    .protocol = RTPROT_STATIC,
	    .type = r->unreachable ? FIB_UNREACHABLE : FIB_UNICAST,
	    .deleted = !there,
	    .nh_count = r->unreachable ? 0 : 1,
	    .nh = &nh};

	CHECK(ip_prefix_parse(f == FAMILY_IPV4 ? "192.168.9.0/24" : "2001:db8:909::/48", &o.prefix) == 0);
	CHECK(ip_addr_parse(f == FAMILY_IPV4 ? "10.0.2.254" : "2001:db8:2::254", &nh.via) == 0);
	the_fib->cb->foreign(the_fib->ctx, &o);
}

void
fib_world_start(void)
{
	for (unsigned i = 0; i < NLINK; i++) {
		report_link(i);
		report_address(i, FAMILY_IPV4);
		report_address(i, FAMILY_IPV6);
	}
	for (unsigned f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		if (the_model->foreign[f].there)
			report_foreign(f, true);
	the_fib->cb->synced(the_fib->ctx);
	the_model->d->loop->in_turn = false;
}

void
fib_link_change(unsigned link)
{
	the_model->link_up[link] = !the_model->link_up[link];
	report_link(link);
	the_model->d->loop->in_turn = false;
}

void
fib_foreign_change(unsigned f)
{
	struct mforeign *r = &the_model->foreign[f];

	if (r->there)
		report_foreign(f, false);
	r->there = rnd(3) != 0;
	r->unreachable = rnd(4) == 0;
	r->metric = rnd(3) * 10;
	if (r->there)
		report_foreign(f, true);
	the_model->d->loop->in_turn = false;
}
