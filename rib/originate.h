/* SPDX-License-Identifier: Apache-2.0 */
/*
 * originate: the daemon's own routes as sources of the RIB.
 *
 * Each set has a source: configured networks, networks added by hand, statics,
 * connected subnets, learned kernel routes, aggregates. A whole set is replaced
 * as a transaction (begin, set..., end): what is the same stays untouched, what
 * was not set again goes. Attributes are built by the caller.
 */
#ifndef RIB_ORIGINATE_H
#define RIB_ORIGINATE_H

#include "rib/rib.h"
#include "rib/walk.h"

enum originate_set {
	ORIGINATE_NETWORK, /* networks: of the configuration */
	ORIGINATE_CONTROL, /* network add; survives a reload */
	ORIGINATE_STATIC,
	ORIGINATE_CONNECTED,
	ORIGINATE_KERNEL,
	ORIGINATE_AGGREGATE,
	ORIGINATE_COUNT
};

struct originate {
	struct rib *rib;
	struct rib_source *source[ORIGINATE_COUNT];
	struct rib_sweep sweep[ORIGINATE_COUNT];
	bool open[ORIGINATE_COUNT];     /* between begin and end */
	bool sweeping[ORIGINATE_COUNT]; /* after end */
};

/* Adds a source for each set to a RIB that has room for them. */
void originate_init(struct originate *o, struct rib *rib);

/* Announces or replaces a route; attr is borrowed. reject as in struct rib_op. True: something changed. */
bool originate_add(struct originate *o, enum originate_set set, const struct ip_prefix *p, attr_id attr,
		   enum rib_reject reject, uint32_t now_s);
/* Withdraws it; false: there was none. */
bool originate_del(struct originate *o, enum originate_set set, const struct ip_prefix *p, uint32_t now_s);

/*
 * A set is going to be said anew: routes that originate_add does not repeat go after originate_end. False and
 * nothing done while 255 such beginnings wait for originate_run.
 */
bool originate_begin(struct originate *o, enum originate_set set);
void originate_end(struct originate *o, enum originate_set set);
/* Removes leftovers of ended sets, at most budget ids of each set at a time; true: nothing left to do. */
bool originate_run(struct originate *o, uint32_t budget);

#endif
