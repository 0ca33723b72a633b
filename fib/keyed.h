/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyed: a table of records found by a key of fixed length.
 *
 * A slab and a hash index over it. A record begins with struct keyed_head, and
 * its key follows at once: key_len octets without padding of undefined content,
 * since keys are compared as octets. Records never move. A walk goes by handle
 * and may be interrupted anywhere; records may come and go meanwhile.
 */
#ifndef FIB_KEYED_H
#define FIB_KEYED_H

#include "lib/hash.h"
#include "lib/slab.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct keyed_head {
	uint32_t free_link; /* the slab's, while the record is free */
	uint32_t handle;    /* its own name; 0: free */
};

struct keyed {
	struct slab slab;
	struct hidx idx;
	uint64_t seed;
	uint32_t key_len;
};

/* rec_size counts the head; key_len ≤ rec_size - sizeof(struct keyed_head). k must not move afterwards. */
void keyed_init(struct keyed *k, size_t rec_size, size_t key_len);
void keyed_fini(struct keyed *k);
/* The record with this key, or NULL. */
void *keyed_find(const struct keyed *k, const void *key);
/* The record with this key; if there was none (*fresh = true), a new one, zero but for its key. */
void *keyed_put(struct keyed *k, const void *key, bool *fresh);
void keyed_del(struct keyed *k, void *rec);
/* The next record after handle *cursor (0: the first), which it advances; NULL at the end. */
void *keyed_next(const struct keyed *k, uint32_t *cursor);
/* The record with this handle, or NULL; handles are 1 … keyed_top - 1. */
void *keyed_at(const struct keyed *k, uint32_t handle);
uint32_t keyed_top(const struct keyed *k);
uint32_t keyed_count(const struct keyed *k);
size_t keyed_bytes(const struct keyed *k);

#endif
