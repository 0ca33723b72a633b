/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nhobj: the nexthop objects that the kernel has, and the numbers of our own.
 *
 * An object is ours when its protocol number is ours and its number lies in the
 * range that is ours: 1,048,575 numbers from protocol << 20 on. Where several fibs have
 * the same protocol number, each for a table of its own, a range is 65,535 numbers, from
 * 2^28 on, that belong to protocol and table.
 * Ours are bound to the next-hop set that they stand for (nhset.h), or are
 * leftovers of an earlier run or another setting, which are deleted when no route
 * of ours can name them any more. Others' are known so that routes that name one
 * can be reported with next hops, and so that their numbers are not taken.
 */
#ifndef FIB_NHOBJ_H
#define FIB_NHOBJ_H

#include "fib/chan.h"
#include "fib/keyed.h"
#include "fib/nhset.h"

/* Tables whose numbers differ by a multiple of this have the same range. */
#define NHOBJ_TABLE_RANGES 61440u

struct nhobj_range {
	uint32_t first, size; /* first itself is nobody's */
	uint8_t protocol;
};

struct nhobj {
	struct keyed_head head;
	uint32_t nhid;
	uint32_t gen;   /* of the dump it was seen in */
	uint32_t nhset; /* ours: the set that it is bound to; 0: none */
	uint8_t protocol;
	uint8_t count;
	bool group;
	bool leftover;
	bool making;       /* a leftover that is being made or replaced: it will be there, whatever is told before */
	bool refused;      /* the kernel would not delete it: a leftover again with the next retry */
	bool held;         /* found at start: a use of its set, until the sweep */
	struct fib_nh *nh; /* count of them; of a group: numbers in ifindex, weights */
};

struct nhobjs {
	struct keyed objects;
	struct nhobj_range range; /* ours */
	struct bitmap taken;      /* numbers, counted from the range's first, that sets of ours have */
	uint32_t next;            /* where to look for a free one */
	uint32_t leftovers, refused;
	uint32_t held;
};

void nhobjs_init(struct nhobjs *o, const struct nhobj_range *range);
void nhobjs_fini(struct nhobjs *o);
size_t nhobjs_bytes(const struct nhobjs *o);

struct nhobj_range nhobj_range_of(const struct fib_config *conf);
bool nhobj_is_ours(const struct nhobjs *o, uint32_t nhid, uint8_t protocol);
/* Another range from now on; no number is taken. */
void nhobjs_range_set(struct nhobjs *o, const struct nhobj_range *range);
/* A free number of our range, taken; 0: there is none. */
uint32_t nhobjs_take(struct nhobjs *o);
/* Takes the number of an object that was found. */
void nhobjs_keep(struct nhobjs *o, uint32_t nhid);
bool nhobjs_is_taken(const struct nhobjs *o, uint32_t nhid);
void nhobjs_free(struct nhobjs *o, uint32_t nhid);

struct nhobj *nhobjs_find(const struct nhobjs *o, uint32_t nhid);
/* The kernel has it, with these next hops (copied). */
struct nhobj *nhobjs_put(struct nhobjs *o, uint32_t nhid, uint8_t protocol, bool group,
			 const struct fib_nh *nh, unsigned count);
/* The kernel has it no more. */
void nhobjs_del(struct nhobjs *o, struct nhobj *e);
/* It is this set's from now on. */
void nhobjs_bind(struct nhobjs *o, struct nhobj *e, uint32_t nhset);
/* It is nobody's any more, and to be deleted when that does no harm. */
void nhobjs_leave(struct nhobjs *o, struct nhobj *e);
/* It could not be deleted now; with nhobjs_retry all those become leftovers again. */
void nhobjs_refused(struct nhobjs *o, struct nhobj *e);
void nhobjs_retry(struct nhobjs *o);
/* Does it stand for these next hops, or have these members, in whatever order? */
bool nhobj_has_content(const struct nhobj *e, bool group, const struct fib_nh *nh, unsigned count);
/* The next hops it stands for, a group's with their weights; 0: not known. */
unsigned nhobjs_resolve(const struct nhobjs *o, uint32_t nhid, struct fib_nh nh[FIB_NH_MAX]);

#endif
