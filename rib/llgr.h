/* SPDX-License-Identifier: Apache-2.0 */
/*
 * llgr: routes of long-lived graceful restart (RFC 9494).
 *
 * A route that is kept long after its session was lost carries LLGR_STALE; with it,
 * whoever set it, a route is the least preferred one of its prefix (decide.c) and
 * goes to those only who understand that (export.c).
 */
#ifndef RIB_LLGR_H
#define RIB_LLGR_H

#include "rib/attr.h"

static inline bool
llgr_is_stale(const struct attr_set *s)
{
	return (s->flags & ATTR_F_LLGR_STALE) != 0;
}
/* The set with LLGR_STALE, as a reference; ATTR_NONE if it would become too long. */
attr_id llgr_stale_add(struct attr_table *t, attr_id in);

#endif
