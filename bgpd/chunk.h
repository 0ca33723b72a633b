/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chunk: a run of encoded messages that many neighbours share.
 *
 * At most CHUNK_MAX octets of whole messages, cut into segments that say who may
 * read them; neighbouring messages for the same readers are one segment. Places
 * where our own address is the next hop are patch points: a reader whose address
 * differs from the one written takes a copy, made once for each distinct address.
 *
 * A chunk is filled by one group and sealed before anybody reads it; from then on
 * it never changes. It lives as long as somebody holds a reference.
 */
#ifndef BGPD_CHUNK_H
#define BGPD_CHUNK_H

#include "rib/adjout.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#define CHUNK_MAX 65536 /* octets; a single message always fits */

/* Our end of a session as a next hop. A field of 4 octets takes v4, of 16 v6, of 32 v6 and link_local. */
struct chunk_self {
	uint8_t v4[4];
	uint8_t v6[16];
	uint8_t link_local[16];
};

/* RFC 8654: a message for everybody, for those with extended messages, for those without. */
enum chunk_size_class { CHUNK_ANY, CHUNK_EXTENDED, CHUNK_PLAIN };

struct chunk_for {
	struct adjout_audience to;
	uint8_t size_class; /* enum chunk_size_class */
};

struct chunk_seg {
	uint32_t off, len; /* octets */
	uint32_t messages, refreshes; /* refreshes: of them, the marks of RFC 7313; the rest are UPDATEs */
	struct chunk_for who;
};

struct chunk_patch {
	uint32_t off; /* of the next hop field */
	uint32_t len; /* 4, 16 or 32 octets */
};

struct chunk_copy;

/*
 * Memory of chunks that are gone, for the next ones: pages from the kernel cost more than the encoding of the octets
 * that they are for (a tenth of the time of a full table from one neighbour to another went there). Zero is empty.
 */
#define CHUNK_SPARE_MAX 64u

struct chunk_pool {
	uint8_t *spare[CHUNK_SPARE_MAX]; /* CHUNK_MAX octets each */
	uint32_t n;
	uint32_t idle; /* of them, not needed since the last chunk_pool_trim */
};

struct chunk {
	uint32_t refs;
	uint32_t waiting; /* readers of the stream that are not past it; the group's */
	bool sealed;
	struct chunk_pool *pool;
	uint32_t len, cap;
	uint8_t *data;
	struct chunk_seg *segs;
	uint32_t nsegs, segs_cap;
	struct chunk_patch *patches;
	uint32_t npatches, patches_cap;
	struct chunk_self self; /* what the patch points hold in data */
	SLIST_HEAD(, chunk_copy) copies;
};

/* An empty chunk with one reference, whose patch points will hold self. The pool outlives it. */
struct chunk *chunk_new(struct chunk_pool *pool, const struct chunk_self *self);
struct chunk *chunk_ref(struct chunk *c);
void chunk_unref(struct chunk *c);

/* Is there room for a message of len octets? Always in an empty one. */
bool chunk_fits(const struct chunk *c, size_t len);
/*
 * Appends a whole message (copied); it must fit. nexthop_len ≠ 0: the field of our own next hop at
 * nexthop_off in the message, filled in here. False: there is no memory for it, and the chunk is as it was.
 */
bool chunk_add(struct chunk *c, const uint8_t *msg, size_t len, struct chunk_for who, size_t nexthop_off,
	       size_t nexthop_len);
/* No more messages; gives back spare memory, if there is some for a smaller copy. */
void chunk_seal(struct chunk *c);
/*
 * The octets as a reader with this next hop gets them; valid as long as the chunk. Sealed only. NULL: there is no
 * memory for its copy; one that is there stays.
 */
const uint8_t *chunk_octets(struct chunk *c, const struct chunk_self *self);
/* Octets from off to the end of the message that off is inside of, 0 if off begins a message. */
size_t chunk_message_rest(const struct chunk *c, const struct chunk_seg *seg, size_t off);
size_t chunk_bytes(const struct chunk *c); /* memory, without copies */

/* Gives back what was not needed since it was called last: after a burst all of it in two calls. */
void chunk_pool_trim(struct chunk_pool *pool);
void chunk_pool_fini(struct chunk_pool *pool); /* all chunks are gone */
size_t chunk_pool_bytes(const struct chunk_pool *pool);

#endif
