/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bird_protocol: what BIRD calls a protocol: a neighbour, or one of four that stand for routes of our own, of
 * the kernel, of interfaces, and for the interfaces themselves.
 *
 * Names are the neighbours' names. Those four are always there, under the names that BIRD gives them by
 * itself.
 */
#ifndef BGPD_BIRD_PROTOCOL_H
#define BGPD_BIRD_PROTOCOL_H

#include "lib/addr.h"
#include "lib/str.h"
#include "rib/rib.h"

#include <stdbool.h>
#include <stdint.h>

struct bgpd;
struct bird_words;
struct peer;

enum bird_pseudo { BIRD_STATIC, BIRD_KERNEL, BIRD_DEVICE, BIRD_DIRECT, BIRD_PSEUDO_COUNT };
extern const char *const bird_pseudo_names[BIRD_PSEUDO_COUNT]; /* "static1", … */

/* Whose route it is: one of them, or BIRD_PSEUDO_COUNT for a neighbour's. */
enum bird_pseudo bird_pseudo_of_source(enum rib_source_kind kind);
/* Paths of a family that are there, and how many of them are the best of their prefix. */
struct bird_route_counts {
	uint32_t imported, exported, preferred;
	uint32_t filtered; /* there, but not accepted */
};
void bird_pseudo_counts(const struct bgpd *d, enum bird_pseudo which, enum family f,
			struct bird_route_counts *out);
void bird_peer_counts(const struct peer *p, enum family f, struct bird_route_counts *out);

/* Which protocols a command is about: all, or a name, or those that a pattern in quotes fits. */
struct bird_choice {
	char *name;
	bool pattern; /* NULL and true: all */
};
bool bird_choice_fits(const struct bird_choice *ch, const char *name);
/* The neighbour of this name in this world, or NULL. */
struct peer *bird_peer_find(const struct bgpd *d, enum family f, const char *name);

/* The columns of a row of `show protocols`. */
void bird_pseudo_row(const struct bgpd *d, enum bird_pseudo which, struct str *out);
void bird_peer_row(const struct peer *p, struct str *out);
/* "Received: Bad Peer AS", or "": why there is no session. */
void bird_peer_error(const struct peer *p, struct str *out);
/* Shut down, and every connection is at its end. */
bool bird_peer_is_down(const struct peer *p);
/* "up", … */
const char *bird_peer_state(const struct peer *p);
/* "Established", "Passive", … */
const char *bird_bgp_state(const struct peer *p);

/* A neighbour in a list of them all that is gone through in portions, while some come and go. */
struct bird_peer_cursor {
	uint32_t table;
	uint64_t last; /* serial of the one before */
};
/*
 * Calls fn for up to max neighbours of this world behind the cursor, in the order of their tables, then of
 * the configuration. True: there are no more.
 */
bool bird_peers_portion(const struct bgpd *d, enum family f, struct bird_peer_cursor *at, unsigned max,
			void (*fn)(void *ctx, struct peer *p), void *ctx);

#endif
