/* SPDX-License-Identifier: Apache-2.0 */
/*
 * originate: sources of our own, replaced as transactions by their generation.
 *
 * originate_begin makes a set stale, which costs nothing; saying a route again
 * refreshes it without a decision; the sweep after originate_end removes the rest.
 */
#include "rib/originate.h"

#include "lib/mem.h"

static const enum rib_source_kind kinds[ORIGINATE_COUNT] = {
    [ORIGINATE_NETWORK] = RIB_SOURCE_NETWORK, [ORIGINATE_CONTROL] = RIB_SOURCE_NETWORK,
    [ORIGINATE_STATIC] = RIB_SOURCE_STATIC,   [ORIGINATE_CONNECTED] = RIB_SOURCE_CONNECTED,
    [ORIGINATE_KERNEL] = RIB_SOURCE_KERNEL,   [ORIGINATE_AGGREGATE] = RIB_SOURCE_AGGREGATE,
};

void
originate_init(struct originate *o, struct rib *rib)
{
	*o = (struct originate){.rib = rib};
	for (int i = 0; i < ORIGINATE_COUNT; i++) {
		o->source[i] = rib_source_add(rib, kinds[i]);
		ASSERT(o->source[i] != NULL);
	}
}

bool
originate_add(struct originate *o, enum originate_set set, const struct ip_prefix *p, attr_id attr,
	      enum rib_reject reject, uint32_t now_s)
{
	struct rib_op op = {
	    .prefix = *p,
	    .reject = (uint8_t)reject,
	    .hash = rib_hash(o->rib, p),
	    .received = attr,
	    .effective = attr,
	};

	return rib_apply(o->rib, o->source[set], &op, 1, now_s, RIB_URGENT) != 0;
}

bool
originate_del(struct originate *o, enum originate_set set, const struct ip_prefix *p, uint32_t now_s)
{
	struct rib_op op = {.prefix = *p, .withdraw = true, .hash = rib_hash(o->rib, p)};

	return rib_apply(o->rib, o->source[set], &op, 1, now_s, RIB_URGENT) != 0;
}

bool
originate_begin(struct originate *o, enum originate_set set)
{
	ASSERT(!o->open[set]);
	if (!rib_source_stale(o->source[set], FAMILY_NONE))
		return false;
	o->open[set] = true;
	o->sweeping[set] = false;
	return true;
}

void
originate_end(struct originate *o, enum originate_set set)
{
	ASSERT(o->open[set]);
	o->open[set] = false;
	o->sweeping[set] = true;
	rib_sweep_begin(&o->sweep[set], o->source[set], FAMILY_NONE);
}

bool
originate_run(struct originate *o, uint32_t budget)
{
	for (int i = 0; i < ORIGINATE_COUNT; i++) {
		if (!o->sweeping[i])
			continue;
		if (!rib_sweep_run(o->rib, &o->sweep[i], budget, RIB_BULK))
			return false;
		o->sweeping[i] = false;
	}
	return true;
}
