/* SPDX-License-Identifier: Apache-2.0 */
/*
 * llgr: see llgr.h.
 */
#include "rib/llgr.h"

#include "rib/community.h"

attr_id
llgr_stale_add(struct attr_table *t, attr_id in)
{
	static const struct community_pattern stale = {.kind = COMMUNITY_STD,
	    .part = {{COMMUNITY_LLGR_STALE >> 16, COMMUNITY_LLGR_STALE >> 16},
		{COMMUNITY_LLGR_STALE & 0xffff, COMMUNITY_LLGR_STALE & 0xffff}}};
	struct attr_edit e = {0};

	if (llgr_is_stale(attr_get(t, in)))
		return attr_ref(t, in);
	attr_edit_begin(&e, attr_get(t, in));
	community_add(&e, &stale);
	attr_id out = attr_edit_commit(&e, t);
	attr_edit_fini(&e);
	return out;
}
