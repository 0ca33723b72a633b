/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pipeline: the jobs that carry a change from the RIB to the kernel and to the neighbours.
 *
 * Four jobs, each in slices: deciding dirty prefixes, resolving next hops (and
 * then marking the prefixes that use them), sweeping stale paths of a source, and
 * marking the whole table after a change of configuration. Others only start
 * them. Input that comes in bulk is decided with a short delay, so that a best
 * path that is replaced at once is never sent; everything else is decided in the
 * same turn of the loop.
 */
#ifndef BGPD_PIPELINE_H
#define BGPD_PIPELINE_H

#include "lib/loop.h"
#include "rib/rib.h"

struct bgpd;
struct pipeline;

#define PIPELINE_BULK_DELAY_MS 10    /* from the first bulk change to its decision */
#define PIPELINE_BULK_FULL     16384 /* dirty prefixes that fill 64 KB of UPDATEs: decided without delay */
#define PIPELINE_BULK_HIGH     65536 /* so many, and bulk input stops until half of them are decided */
/* Where several sessions have much to say, mostly the same prefixes and each in its own order. */
#define PIPELINE_SEVERAL_DELAY_MS 100
#define PIPELINE_SEVERAL_HIGH     262144 /* 3 MB; so many are decided without delay */
#define PIPELINE_NEXTHOP_DELAY_MS 2  /* collects a burst of interface and route events */

struct pipeline *pipeline_new(struct bgpd *d);
void pipeline_free(struct pipeline *p);

/*
 * Something was marked dirty. What is urgent is decided at once; what came in bulk when enough of it is there, when no
 * session has more to read, or after PIPELINE_BULK_DELAY_MS. While several have, it is decided later: what one says of a
 * prefix first is likely to be replaced by what the next one says, and would be sent for nothing.
 */
void pipeline_decide(struct pipeline *p);
/* While on, nothing is decided, whatever comes in, and no neighbour is kept from sending for it. */
void pipeline_defer(struct pipeline *p, bool on);
/* Routes or links that next hops resolve through have changed, or a next hop was interned. */
void pipeline_resolve(struct pipeline *p);
/*
 * Removes the paths of a source that are stale now, of one family or (FAMILY_NONE) of both. done is called from the
 * job when they are gone; NULL leaves what an earlier sweep, which still runs, has to call.
 */
void pipeline_sweep(struct pipeline *p, struct rib_source *s, enum family f, void (*done)(void *ctx), void *ctx);
/* Is a sweep of this source under way? */
bool pipeline_sweeping(const struct pipeline *p, const struct rib_source *s);
/* Forgets a sweep whose owner goes away. */
void pipeline_sweep_cancel(struct pipeline *p, const struct rib_source *s);
/* Has every prefix decided again. */
void pipeline_touch_all(struct pipeline *p);
/* Is anything left to decide, resolve or sweep? */
bool pipeline_idle(const struct pipeline *p);
/* The owner's callback of the RIB; ctx is the struct bgpd. */
void pipeline_rib_change(void *ctx, struct rib_change *c, unsigned n);

#endif
