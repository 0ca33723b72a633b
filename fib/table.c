/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table: see table.h. The order of operations of one id follows from two wishes:
 * traffic never finds no route while there is one to have, so a route with a new
 * metric is installed before the one with the old metric is deleted; and nobody
 * else's route is destroyed, so a REPLACE is used only where the route in the
 * kernel is known to be ours, and ADD (CREATE|EXCL) in all other cases.
 */
#include "fib/table.h"

#include "lib/mem.h"

#include <errno.h>
#include <stdlib.h>

#define IP6_METRIC_DEFAULT 1024u /* the kernel's, for IPv6 routes without RTA_PRIORITY */

void
table_init(struct fib_table *t, enum family f)
{
	*t = (struct fib_table){.family = f};
	keyed_init(&t->extra, sizeof(struct route_extra), sizeof(uint32_t));
}

void
table_fini(struct fib_table *t)
{
	struct bitmap *maps[] = {&t->wanted,    &t->dirty,   &t->inflight, &t->kernel, &t->lost,
				 &t->installed, &t->failed,  &t->gone,     &t->old,    &t->parted,
				 &t->unseen,    &t->doubted, &t->unproven};

	for (size_t i = 0; i < ARRAY_LEN(maps); i++)
		bitmap_fini(maps[i]);
	idmap_fini(&t->nhsets);
	idmap_fini(&t->held);
	keyed_fini(&t->extra);
}

size_t
table_bytes(const struct fib_table *t)
{
	const struct bitmap *maps[] = {&t->wanted,    &t->dirty,   &t->inflight, &t->kernel, &t->lost,
				       &t->installed, &t->failed,  &t->gone,     &t->old,    &t->parted,
				       &t->unseen,    &t->doubted, &t->unproven};
	size_t sum = idmap_bytes(&t->nhsets) + idmap_bytes(&t->held) + keyed_bytes(&t->extra);

	for (size_t i = 0; i < ARRAY_LEN(maps); i++)
		sum += bitmap_bytes(maps[i]);
	return sum;
}

uint32_t
table_nhset(const struct fib_table *t, uint32_t id)
{
	return idmap_get(&t->nhsets, id);
}

struct route_extra *
table_extra(const struct fib_table *t, uint32_t id)
{
	return keyed_count(&t->extra) == 0 ? NULL : keyed_find(&t->extra, &id);
}

void
table_extra_set(struct fib_table *t, uint32_t id, uint16_t flags, struct route_extra **out)
{
	bool fresh;
	struct route_extra *e = keyed_put(&t->extra, &id, &fresh);

	if ((flags & EX_STALE) != 0 && (e->flags & EX_STALE) == 0)
		t->nstale++;
	e->flags |= flags;
	if (out != NULL)
		*out = e;
}

void
table_extra_clear(struct fib_table *t, uint32_t id, uint16_t flags)
{
	struct route_extra *e = table_extra(t, id);

	if (e == NULL)
		return;
	if ((flags & EX_STALE) != 0 && (e->flags & EX_STALE) != 0)
		t->nstale--;
	if ((flags & EX_ERROR) != 0) {
		e->tries = 0;
		flags |= EX_DUE;
	}
	e->flags &= (uint16_t)~flags;
	if (e->flags == 0)
		keyed_del(&t->extra, e);
}

static bool
has(const struct fib_table *t, uint32_t id, uint16_t flag)
{
	const struct route_extra *e = table_extra(t, id);
	return e != NULL && (e->flags & flag) != 0;
}

/* It is not known any more to be there as it is wanted. True: it was. */
static bool
uninstall(struct fib_table *t, uint32_t id)
{
	bitmap_clear(&t->unseen, id);
	return bitmap_clear(&t->installed, id);
}

uint32_t
table_want(struct fib_table *t, uint32_t id, uint32_t nhset, uint32_t metric)
{
	struct route_extra *e = table_extra(t, id);
	uint32_t now = e != NULL && (e->flags & EX_WANT) != 0 ? e->want_metric : 0;
	uint32_t before = idmap_put(&t->nhsets, id, nhset);

	/* Nothing new, except for one that failed: then the caller's repeated wish is a reason to try again.
	 */
	if (before == nhset && now == metric && !bitmap_test(&t->failed, id))
		return nhset;
	bitmap_set(&t->wanted, id);
	uninstall(t, id);
	bitmap_clear(&t->doubted, id);
	bitmap_clear(&t->failed, id);
	bitmap_set(&t->dirty, id);
	table_extra_clear(t, id, EX_ERROR | EX_DROP | EX_FIGHT | (metric == 0 ? EX_WANT : 0));
	if (metric != 0) {
		table_extra_set(t, id, EX_WANT, &e);
		e->want_metric = metric;
	}
	return before;
}

uint32_t
table_unwant(struct fib_table *t, uint32_t id)
{
	if (!bitmap_clear(&t->wanted, id))
		return 0;
	uint32_t before = idmap_put(&t->nhsets, id, 0);
	uninstall(t, id);
	bitmap_clear(&t->doubted, id);
	bitmap_clear(&t->gone, id);
	bitmap_clear(&t->failed, id);
	table_extra_clear(t, id, EX_ERROR | EX_DROP | EX_FIGHT | EX_WANT);
	if (table_pins(t, id))
		bitmap_set(&t->dirty, id);
	else
		bitmap_clear(&t->dirty, id);
	return before;
}

bool
table_pins(const struct fib_table *t, uint32_t id)
{
	return bitmap_test(&t->wanted, id) || bitmap_test(&t->kernel, id) || bitmap_test(&t->inflight, id) ||
	       bitmap_test(&t->old, id) || has(t, id, EX_STALE);
}

uint32_t
table_metric(enum family f, uint32_t metric)
{
	return metric == 0 && f == FAMILY_IPV6 ? IP6_METRIC_DEFAULT : metric;
}

uint32_t
table_want_metric(const struct fib_table *t, uint32_t id, const struct table_env *env)
{
	const struct route_extra *e = table_extra(t, id);
	return table_metric(t->family,
			    e != NULL && (e->flags & EX_WANT) != 0 ? e->want_metric : env->conf.metric);
}

uint32_t
table_kern_metric(const struct fib_table *t, uint32_t id, const struct table_env *env)
{
	const struct route_extra *e = table_extra(t, id);
	return e != NULL && (e->flags & EX_KERN) != 0 ? e->kern_metric
						      : table_metric(t->family, env->conf.metric);
}

static uint32_t
old_metric(const struct fib_table *t, uint32_t id, const struct table_env *env)
{
	const struct route_extra *e = table_extra(t, id);
	return e != NULL && (e->flags & EX_OLD) != 0 ? e->old_metric
						     : table_metric(t->family, env->old.metric);
}

static void
kern_metric_put(struct fib_table *t, uint32_t id, const struct table_env *env, uint32_t metric)
{
	struct route_extra *e;

	if (metric == table_metric(t->family, env->conf.metric)) {
		table_extra_clear(t, id, EX_KERN);
	} else {
		table_extra_set(t, id, EX_KERN, &e);
		e->kern_metric = metric;
	}
}

static bool
op_install(struct fib_op_route *op, enum fib_verb verb, enum fib_what what, uint32_t metric)
{
	op->verb = (uint8_t)verb;
	op->what = (uint8_t)what;
	op->metric = metric;
	return true;
}

static bool
op_delete(struct fib_op_route *op, const struct fib_config *conf, enum fib_what what, uint32_t metric)
{
	op->verb = FIB_DEL;
	op->what = (uint8_t)what;
	op->metric = metric;
	op->table = conf->table;
	op->protocol = conf->protocol;
	op->nhset = 0;
	return true;
}

/* What is left over of earlier states of the id. */
static bool
next_cleanup(const struct fib_table *t, uint32_t id, const struct table_env *env, struct fib_op_route *op)
{
	if (has(t, id, EX_STALE))
		return op_delete(op, &env->conf, FIB_WHAT_STALE, table_extra(t, id)->stale_metric);
	if (bitmap_test(&t->old, id))
		return op_delete(op, &env->old, FIB_WHAT_OLD, old_metric(t, id, env));
	return false;
}

bool
table_next_op(const struct fib_table *t, uint32_t id, const struct table_env *env, struct fib_op_route *op)
{
	bool in_kernel = bitmap_test(&t->kernel, id);
	uint32_t kern = table_kern_metric(t, id, env), want = table_want_metric(t, id, env);

	*op = (struct fib_op_route){
	    .family = (uint8_t)t->family,
	    .protocol = env->conf.protocol,
	    .table = env->conf.table,
	    .id = id,
	    .nhset = table_nhset(t, id),
	};
	if (!bitmap_test(&t->wanted, id) || has(t, id, EX_DROP)) {
		if (in_kernel)
			return op_delete(op, &env->conf, FIB_WHAT_ROUTE, kern);
		return next_cleanup(t, id, env, op);
	}
	if (bitmap_test(&t->installed, id) || bitmap_test(&t->failed, id))
		return next_cleanup(t, id, env, op);
	if (in_kernel && kern != want) {
		/* One route of before at a time: the earlier must be gone before this one becomes it. */
		if (has(t, id, EX_STALE))
			return next_cleanup(t, id, env, op);
		return op_install(op, FIB_ADD, FIB_WHAT_ROUTE, want);
	}
	if (in_kernel)
		return op_install(op, bitmap_test(&t->lost, id) ? FIB_ADD : FIB_REPLACE, FIB_WHAT_ROUTE,
				  want);
	/* The same key under another protocol number: the kernel would refuse a second route, so change it in
	 * place. */
	if (bitmap_test(&t->old, id) && env->old.table == env->conf.table && old_metric(t, id, env) == want)
		return op_install(op, FIB_REPLACE, FIB_WHAT_MOVE, want);
	return op_install(op, FIB_ADD, FIB_WHAT_ROUTE, want);
}

bool
table_owes(const struct fib_table *t, uint32_t id)
{
	return bitmap_test(&t->old, id) || has(t, id, EX_STALE);
}

void
table_sent(struct fib_table *t, uint32_t id)
{
	bitmap_clear(&t->dirty, id);
	bitmap_set(&t->inflight, id);
}

/* Was the route itself refused? A shortage, say, is no reason to cut what it should have replaced. */
static bool
is_final(int error)
{
	switch (fib_refusal_of(error)) {
	case FIB_REFUSAL_MEMORY:
	case FIB_REFUSAL_PERMISSION:
		return false;
	case FIB_REFUSAL_OTHER:
		return error == ESRCH || error == ENOENT;
	default:
		return true;
	}
}

static void
drop_stray(struct fib_table *t, uint32_t id)
{
	table_extra_clear(t, id, EX_STRAY);
	table_extra_set(t, id, EX_DROP, NULL);
	bitmap_set(&t->dirty, id);
}

static void
fail(struct fib_table *t, uint32_t id, int error)
{
	struct route_extra *e;

	uninstall(t, id);
	if (has(t, id, EX_STRAY) && is_final(error))
		drop_stray(t, id);
	bitmap_clear(&t->gone, id);
	bitmap_set(&t->failed, id);
	if (error == ENETDOWN) {
		table_extra_clear(t, id, EX_ERROR);
		return;
	}
	table_extra_set(t, id, EX_ERROR, &e);
	e->error = (uint16_t)error;
}

/* The kernel now has our route under this metric. */
static void
kernel_has(struct fib_table *t, uint32_t id, const struct table_env *env, uint32_t metric)
{
	uint32_t before = table_kern_metric(t, id, env);
	struct route_extra *e;

	if (bitmap_test(&t->kernel, id) && before != metric) {
		table_extra_set(t, id, EX_STALE, &e);
		e->stale_metric = before;
	}
	bitmap_set(&t->kernel, id);
	bitmap_clear(&t->lost, id);
	kern_metric_put(t, id, env, metric);
}

static void
dirty_if_more(struct fib_table *t, uint32_t id, const struct table_env *env)
{
	struct fib_op_route op;
	if (table_next_op(t, id, env, &op))
		bitmap_set(&t->dirty, id);
}

/* The kernel has no route of id any more. */
static void
kernel_lacks(struct fib_table *t, uint32_t id)
{
	bitmap_clear(&t->kernel, id);
	bitmap_clear(&t->lost, id);
	table_extra_clear(t, id, EX_KERN | EX_DROP | EX_STRAY);
	if (!bitmap_test(&t->wanted, id)) {
		bitmap_clear(&t->failed, id);
		table_extra_clear(t, id, EX_ERROR);
	}
}

static enum table_outcome
reply_delete(struct fib_table *t, const struct table_env *env, const struct fib_ev_result *r)
{
	if (r->error != 0 && r->error != ESRCH) {
		fail(t, r->id, r->error);
		return TABLE_FAILED;
	}
	if (r->what == FIB_WHAT_STALE) {
		table_extra_clear(t, r->id, EX_STALE);
	} else if (r->what == FIB_WHAT_OLD) {
		bitmap_clear(&t->old, r->id);
		table_extra_clear(t, r->id, EX_OLD);
	} else {
		ASSERT(r->what == FIB_WHAT_ROUTE);
		kernel_lacks(t, r->id);
	}
	if (!bitmap_test(&t->wanted, r->id)) {
		bitmap_clear(&t->failed, r->id);
		table_extra_clear(t, r->id, EX_ERROR);
	}
	dirty_if_more(t, r->id, env);
	return TABLE_OK;
}

static enum table_outcome
reply_installed(struct fib_table *t, const struct table_env *env, const struct fib_ev_result *r)
{
	enum table_outcome outcome = TABLE_OK;

	if (r->what == FIB_WHAT_MOVE) {
		bitmap_clear(&t->old, r->id);
		table_extra_clear(t, r->id, EX_OLD);
	}
	kernel_has(t, r->id, env, r->metric);
	table_extra_clear(t, r->id, EX_STRAY);
	/* A dirty bit says that something else is wanted by now. */
	if (!bitmap_test(&t->dirty, r->id)) {
		outcome = bitmap_clear(&t->gone, r->id) ? TABLE_RESTORED : TABLE_INSTALLED;
		bitmap_set(&t->installed, r->id);
		table_extra_clear(t, r->id, EX_ERROR);
	}
	dirty_if_more(t, r->id, env);
	return outcome;
}

enum table_outcome
table_reply(struct fib_table *t, const struct table_env *env, const struct fib_ev_result *r, bool foreign)
{
	bitmap_clear(&t->inflight, r->id);
	if (r->verb == FIB_DEL)
		return reply_delete(t, env, r);
	if (r->error == 0)
		return reply_installed(t, env, r);
	/* To a replacement it says that the same route stands behind another one with the key. */
	if (r->error == EEXIST && r->verb == FIB_ADD && !foreign) {
		/* Nobody else's, so it is one of ours that we had lost sight of: replace it. */
		kernel_has(t, r->id, env, r->metric);
		bitmap_set(&t->dirty, r->id);
		return TABLE_OK;
	}
	/* It may be there after all. */
	if (r->unsure && !bitmap_test(&t->kernel, r->id)) {
		kernel_has(t, r->id, env, r->metric);
		bitmap_set(&t->lost, r->id);
	}
	if (bitmap_test(&t->dirty, r->id))
		return TABLE_OK;
	fail(t, r->id, r->error);
	/* What is still in the kernel leads where nothing should go any more. */
	if (bitmap_test(&t->kernel, r->id) && is_final(r->error))
		table_extra_set(t, r->id, EX_DROP, NULL);
	dirty_if_more(t, r->id, env);
	return TABLE_FAILED;
}

bool
table_claim(struct fib_table *t, uint32_t id, const struct table_env *env, uint32_t nhset, uint32_t metric)
{
	kernel_has(t, id, env, metric);
	if (!bitmap_test(&t->wanted, id) || nhset != table_nhset(t, id) ||
	    metric != table_want_metric(t, id, env)) {
		uninstall(t, id);
		bitmap_set(&t->dirty, id);
		return false;
	}
	bitmap_set(&t->installed, id);
	bitmap_clear(&t->failed, id);
	bitmap_clear(&t->dirty, id);
	bitmap_clear(&t->gone, id);
	table_extra_clear(t, id, EX_ERROR | EX_DROP | EX_STRAY);
	dirty_if_more(t, id, env);
	return true;
}

void
table_lost(struct fib_table *t, uint32_t id, int error)
{
	uninstall(t, id);
	if (bitmap_test(&t->kernel, id))
		bitmap_set(&t->lost, id);
	if (error != 0)
		fail(t, id, error);
	else
		bitmap_set(&t->dirty, id);
}

void
table_gone(struct fib_table *t, uint32_t id)
{
	if (bitmap_test(&t->inflight, id)) {
		/* Was it carried out before or after? The reply does not say; so once more after it. */
		bitmap_set(&t->dirty, id);
		return;
	}
	if (uninstall(t, id)) {
		bitmap_set(&t->lost, id);
		bitmap_set(&t->gone, id);
	}
}

bool
table_failed_for_good(const struct fib_table *t, uint32_t id)
{
	return bitmap_test(&t->failed, id) && is_final(table_error(t, id));
}

void
table_stray(struct fib_table *t, uint32_t id)
{
	if (!bitmap_test(&t->kernel, id) || bitmap_test(&t->inflight, id))
		return;
	table_extra_set(t, id, EX_STRAY, NULL);
	if (table_failed_for_good(t, id))
		drop_stray(t, id);
}

void
table_hold_off(struct fib_table *t, uint32_t id, uint32_t due_s)
{
	struct route_extra *e;

	table_lost(t, id, EBUSY);
	table_extra_set(t, id, EX_FIGHT, &e);
	e->due_s = due_s;
}

uint32_t
table_plan(struct fib_table *t, uint32_t id, uint32_t now_s, uint32_t chance)
{
	struct route_extra *e = table_extra(t, id);

	if (!bitmap_test(&t->failed, id) || e == NULL || (e->flags & EX_ERROR) == 0)
		return 0;
	uint32_t wait_s = 1u << e->tries;
	if (wait_s < TABLE_RETRY_MAX_S)
		e->tries++;
	e->flags |= EX_DUE;
	e->due_s = now_s + wait_s + chance % (wait_s / 2 + 1);
	return e->due_s;
}

uint32_t
table_due(const struct fib_table *t, uint32_t id)
{
	const struct route_extra *e = table_extra(t, id);

	return bitmap_test(&t->failed, id) && e != NULL && (e->flags & (EX_DUE | EX_FIGHT)) != 0 ? e->due_s
												 : 0;
}

void
table_retry(struct fib_table *t, uint32_t id)
{
	bitmap_clear(&t->failed, id);
	bitmap_set(&t->dirty, id);
	table_extra_clear(t, id, EX_FIGHT | EX_DUE);
}

void
table_reform(struct fib_table *t, uint32_t id)
{
	if (uninstall(t, id))
		bitmap_set(&t->dirty, id);
}

void
table_part(struct fib_table *t, uint32_t id)
{
	ASSERT(!bitmap_test(&t->wanted, id) && bitmap_test(&t->kernel, id));
	bitmap_clear(&t->dirty, id);
	bitmap_set(&t->parted, id);
}

void
table_dropped(struct fib_table *t, uint32_t id, const struct table_env *env)
{
	bitmap_clear(&t->parted, id);
	kernel_lacks(t, id);
	dirty_if_more(t, id, env);
}

int
table_error(const struct fib_table *t, uint32_t id)
{
	if (!bitmap_test(&t->failed, id))
		return 0;
	const struct route_extra *e = table_extra(t, id);
	return e != NULL && (e->flags & EX_ERROR) != 0 ? e->error : ENETDOWN;
}

void
table_move(struct fib_table *t)
{
	uint32_t cursor = 0;
	struct route_extra *e;

	ASSERT(t->inflight.count == 0 && t->old.count == 0 && t->nstale == 0);
	bitmap_fini(&t->old);
	t->old = t->kernel;
	t->kernel = (struct bitmap){0};
	bitmap_fini(&t->lost);
	bitmap_fini(&t->installed);
	bitmap_fini(&t->unseen);
	bitmap_fini(&t->failed);
	bitmap_fini(&t->gone);
	bitmap_or(&t->dirty, &t->wanted);
	bitmap_or(&t->dirty, &t->old);
	while ((e = keyed_next(&t->extra, &cursor)) != NULL) {
		bool other = (e->flags & EX_KERN) != 0;
		e->flags &= (uint16_t) ~(EX_KERN | EX_DROP | EX_ERROR | EX_FIGHT | EX_DUE | EX_STRAY);
		e->tries = 0;
		if (other) {
			e->old_metric = e->kern_metric;
			e->flags |= EX_OLD;
		}
		if (e->flags == 0)
			keyed_del(&t->extra, e);
	}
}
