/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export_view: how export groups see the world of export_model, and a codec for what
 * they send.
 */
#include "tests/model/export_model.h"

#include "lib/buf.h"
#include "lib/mem.h"

#include <errno.h>
#include <string.h>

/* --- the view of the table --- */

static enum adjout_current
view_current(void *ctx, enum family f, uint32_t id, uint32_t *attr, uint16_t *source)
{
	struct model *mo = ctx;
	uint8_t slot = mo->w.by_id[f][(id - 1) / ID_STEP];

	*attr = 0;
	*source = 0;
	ASSERT(slot != 0); /* whoever asks holds a pin */
	struct world_prefix *p = &mo->w.prefix[f][slot - 1];
	/* While a decision is outstanding there is nothing sound to see. */
	if (p->dirty)
		return ADJOUT_DIRTY;
	*attr = p->attr;
	*source = p->source;
	return ADJOUT_SETTLED;
}

static enum adjout_current
view_paths(void *ctx, enum family f, uint32_t id, uint32_t which, const struct adjout_path **paths, uint32_t *n)
{
	struct model *mo = ctx;
	uint8_t slot = mo->w.by_id[f][(id - 1) / ID_STEP];
	uint32_t lanes[NLANE];

	ASSERT(slot != 0);
	const struct world_prefix *p = &mo->w.prefix[f][slot - 1];
	if (p->dirty)
		return ADJOUT_DIRTY;
	*n = world_select(p, which, lanes);
	for (uint32_t i = 0; i < *n; i++)
		mo->paths[i] = (struct adjout_path){.attr = p->path_attr[lanes[i]],
						    .path_id = world_path_id(lanes[i]),
						    .source = world_source(lanes[i]),
						    .changed = p->path_changed[lanes[i]]};
	*paths = mo->paths;
	return ADJOUT_SETTLED;
}

static uint32_t
view_next_id(void *ctx, enum family f, uint32_t from, uint32_t limit)
{
	struct model *mo = ctx;

	for (uint32_t i = 0; i < NPREFIX; i++)
		if (mo->w.by_id[f][i] != 0 && i * ID_STEP + 1 >= from)
			return i * ID_STEP + 1 < limit ? i * ID_STEP + 1 : limit;
	return BITMAP_END;
}

static uint32_t
policy_of(const struct model *mo, const struct adjout_group *g)
{
	return mo->policy_of[g->key.policy];
}

static uint32_t
view_out(void *ctx, struct adjout_group *g, enum family f, uint32_t id, uint32_t attr, uint16_t source)
{
	struct model *mo = ctx;
	uint32_t prefix = mo->w.by_id[f][(id - 1) / ID_STEP] - 1u;
	uint32_t out = world_export(&mo->w, policy_of(mo, g), prefix, mo->w.set[attr], source);

	ASSERT(mo->w.refs[attr] > 0);
	return out != 0 ? world_intern(&mo->w, out) : 0;
}

static void
view_ref(void *ctx, uint32_t attr)
{
	world_ref(&((struct model *)ctx)->w, attr);
}

static void
view_unref(void *ctx, uint32_t attr)
{
	world_unref(&((struct model *)ctx)->w, attr);
}

static uint32_t
view_nexthop(void *ctx, struct adjout_group *g, uint32_t out)
{
	uint32_t nh = set_nexthop(((struct model *)ctx)->w.set[out]);

	(void)g;
	return nh == SET_NEXTHOP_SELF ? 0 : nh;
}

static void
view_fetch_refs(void *ctx, uint32_t attr, uint32_t out)
{
	struct model *mo = ctx;

	ASSERT(attr == 0 || mo->w.refs[attr] > 0);
	ASSERT(out == 0 || mo->w.refs[out] > 0);
}

static void
view_fetch(void *ctx, enum family f, uint32_t id, uint32_t out)
{
	struct model *mo = ctx;

	ASSERT(mo->w.by_id[f][(id - 1) / ID_STEP] != 0);
	ASSERT(out == 0 || mo->w.refs[out] > 0);
}

static void
view_unpin(void *ctx, enum family f, const uint32_t *ids, uint32_t n)
{
	struct model *mo = ctx;
	for (uint32_t i = 0; i < n; i++)
		world_unpin(&mo->w, &mo->l, f, ids[i]);
}

static uint64_t
view_mark(void *ctx, enum family f)
{
	(void)f;
	return ((struct model *)ctx)->w.pushed;
}

static bool
view_done(void *ctx, enum family f, uint64_t mark)
{
	(void)f;
	return ((struct model *)ctx)->w.popped >= mark;
}

/* --- a codec: header, family, set, next hop, number of prefixes, path id, prefixes, filler --- */

static size_t
header(uint8_t *msg, size_t len, uint8_t type)
{
	memset(msg, 0xff, 16);
	be16_put(msg + 16, (uint16_t)len);
	msg[18] = type;
	return HEADER;
}

static int
ops_encode(void *ctx, struct group *g, enum family f, uint32_t path_id, uint32_t out, const uint32_t *ids, uint32_t n,
	   size_t msg_max, struct group_out *to)
{
	struct model *mo = ctx;
	static uint8_t msg[65535];
	uint32_t set = mo->w.set[out], per = 1 + (uint32_t)mo->step % 7;
	size_t filler = out != 0 && set_value(set) == SET_LONG ? 5000 : 0;
	bool self = out != 0 && set_nexthop(set) == SET_NEXTHOP_SELF;

	(void)g;
	if (filler > 0 && msg_max < filler)
		return -EMSGSIZE;
	for (uint32_t i = 0; i < n; i += per) {
		uint32_t k = n - i < per ? n - i : per;
		size_t len = HEADER + 14u + k + filler;
		uint8_t *p = msg + header(msg, len, MSG_UPDATE);
		memset(p, 0, len - HEADER);
		p[0] = (uint8_t)f;
		be32_put(p + 1, set);
		p[9] = (uint8_t)k;
		be32_put(p + 10, path_id);
		for (uint32_t j = 0; j < k; j++)
			p[14 + j] = mo->w.by_id[f][(ids[i + j] - 1) / ID_STEP];
		group_put(to, msg, len, HEADER + 5, self ? 4 : 0);
	}
	return 0;
}

static void
ops_mark(void *ctx, struct group *g, enum family f, enum adjout_mark what, struct group_out *to)
{
	uint8_t msg[HEADER + 2];

	(void)ctx;
	(void)g;
	uint8_t *p = msg + header(msg, sizeof msg, MSG_REFRESH);
	p[0] = (uint8_t)f;
	p[1] = (uint8_t)what;
	group_put(to, msg, sizeof msg, 0, 0);
}

static void
ops_wake(void *ctx, struct group_member *m)
{
	(void)ctx;
	((struct neighbor *)m->owner)->awake = true;
}

static void
ops_starved(void *ctx)
{
	(void)ctx;
	mem_exhausted(0);
}

static void
ops_too_slow(void *ctx, struct group_member *m)
{
	(void)ctx;
	((struct neighbor *)m->owner)->reset = true;
}

static void
ops_too_long(void *ctx, struct group *g, const struct group_member *m, enum family f, const uint32_t *ids, uint32_t n)
{
	(void)ctx;
	(void)g;
	(void)m;
	(void)f;
	(void)ids;
	(void)n;
}

const struct adjout_view export_view = {.current = view_current,
					.paths = view_paths,
					.next_id = view_next_id,
					.out = view_out,
					.attr_ref = view_ref,
					.attr_unref = view_unref,
					.out_ref = view_ref,
					.out_unref = view_unref,
					.nexthop = view_nexthop,
					.fetch_refs = view_fetch_refs,
					.fetch = view_fetch,
					.unpin = view_unpin,
					.mark = view_mark,
					.done = view_done};
const struct group_ops export_ops = {.encode = ops_encode,
				     .mark = ops_mark,
				     .wake = ops_wake,
				     .too_slow = ops_too_slow,
				     .starved = ops_starved,
				     .too_long = ops_too_long};
