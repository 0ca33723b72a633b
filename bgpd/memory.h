/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory: the budget of router.memory-limit, and what becomes of neighbours when it is used up.
 *
 * What counts. Resident is what the kernel says the process has without its files (/proc/self/statm, 10 us):
 * nothing is left out, neither libraries nor what malloc keeps. It is looked at every second, and whenever
 * UPDATEs may have taken half of what is left (1 to 16 MB; a sum that costs an addition for up to 1,024
 * routes), never for each. Tables of records give nothing back (lib/slab), so used is resident less the
 * records that are free and kept for nobody: that is what comes back when a neighbour withdraws its routes.
 *
 * What happens. From 80 parts in a hundred on (again below 75) the log and show summary warn, and what each
 * neighbour has then is its base; what a neighbour has less than that later, since its session is down,
 * counts as used. At 100 (until at most 90) the budget is full: each neighbour has a cap, what it has or its
 * base, whichever is more, and a 64th of that and 16 paths besides, so that a small one and a churning one do
 * not feel it. What is within the cap may come, go and come again; an existing path may always be replaced.
 * A new path beyond it is refused: nothing of it is kept, no route is sent or used because of it. So it is
 * the neighbour that grows whose paths are refused. Caps of those beyond their base follow what they
 * withdraw. When less than that is used, but resident is still beyond the limit, new paths are made of free
 * records alone (rib/spare.h). Own, kernel and connected routes have no cap.
 *
 * The same number of paths may take more memory with larger attributes. From a 32nd beyond the limit on a
 * path that would have those of its neighbour take 64 KB more than when it was reached is refused, too; if it
 * replaces one, that is withdrawn. Whoever changes its routes for others of their kind does not feel it
 * (rib/growth.h).
 *
 * A base comes down to the most that its neighbour had within ten minutes of one session, if that is less:
 * who has withdrawn what it does not bring back keeps nothing from others for ever.
 *
 * Refused paths are counted, and asked for again (ROUTE-REFRESH; where that was not negotiated the session is
 * reset) when the budget is not full any more and what the neighbour misses fits, those that miss least
 * first. Who has withdrawn enough to have them within its cap, since it announced the new ones before, or
 * under other path ids after a restart, is asked while the budget is full, too, but not reset. 30 s must have
 * gone by since the last time, and twice that for each time that it was in vain, up to an hour.
 *
 * How far beyond the limit resident may get: a 32nd and 64 KB a neighbour for attributes, the caps' 64th and
 * 16 paths, what was not looked at yet (4 MB, and a read of 64 KB for each session), and what routes that are
 * in still need further on: 262,144 undecided prefixes at most, 4 MB of messages for each export group and
 * 256 KB a member, bitmaps. What else comes from outside has a bound of its own, see bgpd/README.md. A
 * sixteenth of the limit and 32 MB are enough for all that, with some hundred neighbours; the memory of the
 * kernel's own routing table, which a cgroup counts, is not in it.
 */
#ifndef BGPD_MEMORY_H
#define BGPD_MEMORY_H

#include "lib/addr.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct bgpd;
struct event;
struct peer;

#define MEMORY_PATH_OCTETS 128u /* what is reckoned for one that may come, with its share of everything */

enum memory_level { MEMORY_FREE, MEMORY_NEAR, MEMORY_FULL };

TAILQ_HEAD(memory_missing, peer);

/* Main's; zero-initialised is one without a limit. */
struct memory {
	struct bgpd *d;
	uint64_t limit;          /* octets; 0: none */
	uint64_t resident, used; /* at the last look */
	uint64_t spent;          /* what UPDATEs may have taken since */
	uint64_t look_at;        /* so much of that brings the next look */
	uint8_t level;           /* enum memory_level */
	bool capped;             /* neighbours have caps */
	struct event *tick;
	uint64_t trimmed_ns;                 /* when malloc was asked to give back what it has to spare */
	struct memory_missing missing;       /* neighbours of which paths were refused */
	size_t (*measure)(size_t *of_files); /* mem_resident */
};

/* A neighbour's part. */
struct memory_share {
	TAILQ_ENTRY(peer) entry; /* in missing */
	bool is_missing;
	uint32_t base[FAMILY_COUNT];
	uint32_t most[FAMILY_COUNT]; /* that it had */
	uint64_t most_ns;            /* since then, with its session up; 0: that is not */
	uint64_t asked_ns;           /* when its routes were asked for last; 0: never */
	unsigned in_vain;            /* times, in a row */
};

void memory_init(struct memory *m, struct bgpd *d);
void memory_fini(struct memory *m);
/* The limit is that of the running configuration. */
void memory_apply(struct memory *m);
/* Measures, and does what the header of this file says but for asking. */
void memory_look(struct memory *m);
/* So many octets may have been taken. */
static inline void
memory_spend(struct memory *m, size_t octets)
{
	m->spent += octets;
	if (m->spent >= m->look_at)
		memory_look(m);
}

/* The neighbour's source is new. */
void memory_peer_new(struct peer *p);
/* Its session is new: it is going to send everything. */
void memory_peer_up(struct peer *p);
/* What it has sent is in the RIB, and no policy is at work. */
void memory_peer_took(struct peer *p);
/* Paths of it were refused. */
void memory_peer_refused(struct peer *p);
/* Its session is over, or it goes. */
void memory_peer_down(struct peer *p);

/* For people: null without a limit. */
json_t *memory_json(const struct memory *m);
json_t *memory_peer_json(const struct peer *p);

#endif
