/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nhset: interned sets of next hops, named by 32-bit ids.
 *
 * Equal sets have equal ids, whatever the order their next hops came in. A set
 * whose last reference is gone keeps its id until the netlink thread has been
 * told to forget it (nhset_dead_next, nhset_bury), so that an id never means two
 * things within the ring of operations.
 */
#ifndef FIB_NHSET_H
#define FIB_NHSET_H

#include "fib/fib.h"
#include "lib/bitmap.h"
#include "lib/hash.h"
#include "lib/slab.h"

/* The kernel's nexthop object of a set. */
enum nhset_object {
	OBJECT_NONE,    /* not in the kernel */
	OBJECT_PENDING, /* sent; the reply says */
	OBJECT_THERE,
	OBJECT_PARTIAL, /* there, but not with the next hops that it should have */
	OBJECT_LEAVING, /* its deletion was sent, to take the routes along */
};

struct nhset {
	uint32_t free_link; /* the slab's */
	uint32_t refs;
	uint32_t hash;
	uint16_t count;
	uint8_t type;   /* enum fib_type */
	bool defined;   /* the netlink thread knows it */
	uint8_t hit;    /* scratch of the walk after a link went away (walk.c) */
	uint8_t object; /* enum nhset_object */
	bool
	    objectable; /* all next hops have a gateway and an interface: a nexthop object can stand for it */
	bool leaving;   /* a deletion of the object is under way or just done: see part.c */
	bool left;      /* it succeeded */
	bool stolen;    /* somebody else deleted the object */
	bool doubted;   /* a route was refused as if the object were not there: to be asked for */
	bool asked;     /* it is being made in case it is not */
	bool hold_off;  /* and not for the first time: its routes wait before they are put back */
	bool
	    unseen; /* the object has not changed since the audit's round began, nor been shown right by it */
	bool differs;      /* unseen, and shown with something else */
	uint16_t error;    /* errno of the last attempt to make the object */
	uint32_t stolen_s; /* when, monotonic; 0: never */
	uint32_t doubt_s;  /* when it was doubted last, monotonic; 0: never */
	uint32_t uses;     /* those of refs that need the object: routes wanted, in flight or held, groups */
	uint32_t parted;   /* routes that go with the object (fib_table.parted) */
	uint32_t nhid;     /* the object's number; 0: none, routes carry the next hops themselves */
	uint32_t nhid_defined; /* the one that the netlink thread knows */
	uint64_t
	    faded; /* next hops that its routes are leaving, a bit each: not in the object for now (fade.c) */
	uint64_t faded_ns; /* since when, monotonic */
	uint64_t fading;   /* those that the last routes left, */
	uint32_t moved;    /* and how many did */
	uint64_t sent;     /* which of its next hops the object was last sent with, a bit each */
	uint32_t *member;  /* of a group: the sets of its single next hops, each a use; NULL: not made yet */
	struct fib_nh *nh; /* sorted; NULL for blackhole and unreachable */
};

struct nhsets {
	struct slab slab;
	struct hidx idx;
	struct bitmap dead; /* no reference, but the id is still taken */
	struct bitmap idle; /* has the number of a nexthop object, but no use for it */
	uint64_t seed;
	size_t nh_bytes;
};

void nhsets_init(struct nhsets *s);
void nhsets_fini(struct nhsets *s);
/* See fib_nhset_intern. A reference is taken. */
uint32_t nhset_intern(struct nhsets *s, enum fib_type type, const struct fib_nh *nh, unsigned count);
void nhset_ref(struct nhsets *s, uint32_t id);
void nhset_unref(struct nhsets *s, uint32_t id);
/* A reference that also needs the set's nexthop object to stay, where it has one. */
void nhset_use(struct nhsets *s, uint32_t id);
void nhset_unuse(struct nhsets *s, uint32_t id);
/* An unreferenced set whose id waits to be freed, or 0. */
uint32_t nhset_dead_next(const struct nhsets *s);
/* Frees the id of an unreferenced set for reuse. */
void nhset_bury(struct nhsets *s, uint32_t id);
size_t nhsets_bytes(const struct nhsets *s);
/* Interns the sets of a group's single next hops, each as a use, unless that is done; and gives them up. */
void nhset_members_make(struct nhsets *s, struct nhset *n);
void nhset_members_release(struct nhsets *s, struct nhset *n);
/* Member i of a group (made) as the group's object names it: by its object's number, with its weight. */
void nhset_member_nh(const struct nhsets *s, const struct nhset *n, unsigned i, struct fib_nh *out);

static inline void
nhset_object_is(struct nhset *n, enum nhset_object state)
{
	n->object = (uint8_t)state;
	n->unseen = n->differs = n->asked = false;
}

static inline struct nhset *
nhset_at(const struct nhsets *s, uint32_t id)
{
	return slab_ptr(&s->slab, id);
}

/* Is the object in the kernel, whatever it is like? */
static inline bool
nhset_is_there(const struct nhset *n)
{
	return n->object == OBJECT_THERE || n->object == OBJECT_PARTIAL;
}

/* The set of one next hop that stands for member i of a group. */
static inline struct nhset *
nhset_member(const struct nhsets *s, const struct nhset *n, unsigned i)
{
	return nhset_at(s, n->member[i]);
}

#endif
