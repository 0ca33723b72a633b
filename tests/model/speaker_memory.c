/* SPDX-License-Identifier: Apache-2.0 */
/*
 * speaker_memory: memory that is used up and comes back (bgpd/memory.h).
 *
 * What the process has is a number here, so that the budget is full, or near, or far, when the model says so.
 * Records of the RIB that are free take nothing, or so much that what is used is far below what there is: then a
 * path may be made of one of them (rib/spare.h). While neighbours have caps each message is a read of its own, and
 * what came of it is seen at once: a new path at the cap is refused, all else is taken. Only where memory is far
 * beyond the limit somebody's attributes may grow too much (rib/growth.h): by how much they have is an estimate,
 * and the daemon's, but a path that takes more than that leaves must be refused, and no other may; nor may any of
 * somebody whose paths take less in all, however often it replaces them. What was refused is missing until it is
 * asked for, and never forgotten.
 */
#include "tests/model/speaker_model.h"

#include "bgpd/peer.h"
#include "bgpd/peer_routes.h"
#include "rib/rib_int.h"

#include <inttypes.h>
#include <string.h>

/* In parts of 64 of the limit: free, near, full, far beyond it; and what leaves it as it was, be that near or full. */
enum { PART_FREE = 32, PART_NEAR = 53, PART_SAME = 60, PART_FULL = 65, PART_BEYOND = 67 };

#define GROWTH_MAX   65536
#define GROWTH_DUE   4096 /* by so much more than all sets in full an estimate may be, until it is settled */
#define SET_OCTETS   400  /* of a set beside its octets, at most */

size_t __wrap_rib_spare_octets(const struct rib *rib, enum rib_record r);

size_t
__wrap_rib_spare_octets(const struct rib *rib, enum rib_record r)
{
	(void)rib;
	(void)r;
	return the_model->spare_counts ? (size_t)(MEMORY_LIMIT_M << 20) / 4 : 0;
}

static size_t
measured(size_t *of_files)
{
	*of_files = 0;
	return (size_t)(MEMORY_LIMIT_M << 20) / 64 * the_model->memory_part;
}

void
memory_start(void)
{
	the_model->memory_part = PART_FREE;
	the_model->d->memory.measure = measured;
}

static void
note_bases(void)
{
	for (unsigned i = 0; i < NPEER; i++)
		for (unsigned f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
			the_model->base[i][f] = peer_of(i) != NULL ? peer_routes_source(peer_of(i))->received[f] : 0;
	the_model->bases_known = true;
}

/* Memory has just become full: each may have a little more than it has, or had when memory was near its end. */
static void
check_caps(void)
{
	for (unsigned i = 0; the_model->bases_known && i < NPEER; i++)
		for (unsigned f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
			const struct peer *p = peer_of(i);
			if (p == NULL)
				continue;
			uint32_t has = peer_routes_source(p)->received[f], base = the_model->base[i][f];
			uint32_t n = has > base ? has : base, cap = peer_routes_source(p)->cap[f];
			if (cap != n + n / 64 + 16)
				fail("neighbour %u family %u: a cap of %u, it has %u and had %u", i, f, cap, has, base);
		}
}

static uint64_t
missing_below_caps(unsigned table, enum family f)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < NPEER; i++) {
		const struct peer *p = table_of(i) == table ? peer_of(i) : NULL;
		const struct rib_source *s = p != NULL ? peer_routes_source(p) : NULL;
		if (s != NULL && s->received[f] < s->cap[f])
			n += s->cap[f] - s->received[f];
	}
	return n;
}

/* What is free is for those below their caps; the rest is for whoever comes, unless memory is full. */
static void
check_spare(unsigned table)
{
	const struct rib *rib = table_bgpd(table)->rib;

	for (enum rib_record r = RIB_RECORD_IPV4; r < RIB_RECORDS; r++) {
		uint64_t want = the_model->d->memory.level == MEMORY_FULL ? 0 : rib_spare_count(rib, r), kept = 0;
		if (r == RIB_RECORD_IPV4 || r == RIB_RECORD_IPV6)
			kept = missing_below_caps(table, r == RIB_RECORD_IPV4 ? FAMILY_IPV4 : FAMILY_IPV6);
		want = want > kept ? want - kept : 0;
		if (rib->spare[r] != want)
			fail("%u records of kind %u may be used, want %" PRIu64, rib->spare[r], r, want);
	}
}

static void
look_at(unsigned part)
{
	struct memory *m = &the_model->d->memory;
	bool was_capped = m->capped, was_free = m->level == MEMORY_FREE, was_full = m->level == MEMORY_FULL;

	the_model->memory_part = part;
	loop_enter(the_model->d->loop);
	memory_look(m);
	the_model->d->loop->in_turn = false;
	if (m->limit != 0)
		CHECK(m->capped == (part >= PART_FULL || (was_full && part == PART_SAME)));
	if (was_free && m->level != MEMORY_FREE)
		note_bases();
	if (m->capped && !was_capped)
		check_caps();
	for (unsigned t = 0; m->capped && t < NTABLE; t++)
		if (table_bgpd(t) != NULL)
			check_spare(t);
}

void
step_memory(void)
{
	static const uint8_t parts[] = {PART_FREE, PART_FREE, PART_NEAR, PART_SAME, PART_FULL, PART_BEYOND};

	the_model->spare_counts = rnd(4) == 0;
	if (the_model->spare_counts)
		look_at(PART_FULL);
	else
		look_at(parts[rnd(ARRAY_LEN(parts))]);
	/* What neighbours had when memory was not free any more: it is now and then, without a word. */
	the_model->bases_known = the_model->bases_known && !the_model->spare_counts;
}

void
memory_exceed(void)
{
	the_model->spare_counts = false;
	look_at(PART_BEYOND);
}

static struct rib *
rib_of(const struct mpeer *n)
{
	return table_bgpd(table_of((unsigned)(n - the_model->peer)))->rib;
}

static const struct rib_source *
source_of(const struct mpeer *n)
{
	return peer_routes_source(peer_of((unsigned)(n - the_model->peer)));
}

bool
memory_is_capped(const struct mpeer *n)
{
	return source_of(n)->cap[FAMILY_IPV4] != RIB_CAP_NONE;
}

/* A record of each kind that the path takes, if they are there. */
static bool
take_spare(uint32_t spare[RIB_RECORDS], bool is_known, bool has_id, enum family f)
{
	uint32_t none = UINT32_MAX, *first = &none, *further = &none;

	if (!is_known)
		first = &spare[f == FAMILY_IPV4 ? RIB_RECORD_IPV4 : RIB_RECORD_IPV6];
	if (has_id)
		further = &spare[RIB_RECORD_PATH_WITH_ID];
	else if (is_known)
		further = &spare[RIB_RECORD_PATH];
	if (*first == 0 || *further == 0)
		return false;
	--*first;
	--*further;
	the_model->seen_spare++;
	return true;
}

static bool
is_in_rib(const struct mpeer *n, unsigned f, unsigned prefix, unsigned slot)
{
	struct rib *rib = rib_of(n);
	uint32_t id = rib_find(rib, &the_model->prefix[f][prefix]);
	const struct rib_source *s = source_of(n);
	const struct rib_path *p = id != 0 ? rib_path_first(rib, (enum family)f, id) : NULL;

	while (p != NULL && !(rib_source_get(rib, p->source) == s && rib_path_id(p) == slot_ids[slot]))
		p = rib_path_next(rib, (enum family)f, p);
	return p != NULL;
}

static int64_t
octets_of(const struct rib *rib, enum family f, uint32_t id, const struct rib_path *p)
{
	attr_id received = rib_path_received(rib, f, id, p);
	int64_t octets = attr_get(rib->attrs, p->attr)->wire_len + SET_OCTETS;

	return received == p->attr ? octets : octets + attr_get(rib->attrs, received)->wire_len + SET_OCTETS;
}

/* What the sets of all its paths take at most, also of those that are to be swept: by more it cannot have grown. */
static int64_t
octets_of_all(const struct mpeer *n)
{
	const struct rib *rib = rib_of(n);
	int64_t octets = 0;

	for (unsigned k = FAMILY_IPV4 * NPREFIX; k < FAMILY_COUNT * NPREFIX; k++) {
		enum family f = (enum family)(k / NPREFIX);
		uint32_t id = rib_find(rib, &the_model->prefix[f][k % NPREFIX]);
		const struct rib_path *p = id != 0 ? rib_path_first(rib, f, id) : NULL;
		for (; p != NULL; p = rib_path_next(rib, f, p))
			octets += rib_source_get(rib, p->source) == source_of(n) ? octets_of(rib, f, id, p) : 0;
	}
	return octets;
}

bool
memory_may_not_grow(const struct mpeer *n)
{
	return memory_is_capped(n) && source_of(n)->may_grow != INT64_MAX;
}

/* What a path's sets take at most: as it was received, and as import policy has made it. */
static int64_t
most_of(const struct mpeer *n, unsigned f, unsigned prefix, const struct mattr *a)
{
	size_t octets = wire_size(a, (enum family)f, the_model->prefix[f][prefix].len, true, n->ids_in[f]);

	return 2 * ((int64_t)octets + SET_OCTETS);
}

/* Its attributes were not to grow. May they not? One path is in the message. */
static void
check_growth(const struct mpeer *n, unsigned f, unsigned prefix, unsigned slot, bool is_refused)
{
	const struct rib_source *s = source_of(n);
	int64_t this = most_of(n, f, prefix, &n->route[f][prefix][slot].a), before = the_model->grown_before;

	if (!is_refused) {
		if (s->grown > s->may_grow && s->grown > before)
			fail("neighbour %td: attributes grew from %" PRId64 " to %" PRId64, n - the_model->peer, before, s->grown);
		return;
	}
	the_model->seen_too_large++;
	if (s->may_grow != GROWTH_MAX || before + this <= s->may_grow)
		fail("neighbour %td: %" PRId64 " octets are too much after %" PRId64, n - the_model->peer, this, before);
	if (the_model->octets_before + this + GROWTH_DUE <= GROWTH_MAX)
		fail("neighbour %td: %" PRId64 " octets are too much after %" PRId64 ", where there are %" PRId64 " in all",
		    n - the_model->peer, this, before, the_model->octets_before);
}

void
memory_predict(const struct mpeer *n, unsigned f, const unsigned *prefix, unsigned count, unsigned slot, bool *refused)
{
	const struct rib_source *s = source_of(n);
	uint32_t has = s->received[f], spare[RIB_RECORDS];

	memcpy(spare, rib_of(n)->spare, sizeof spare);
	the_model->grown_before = s->grown;
	the_model->octets_before = octets_of_all(n);
	for (unsigned i = 0; i < count; i++) {
		bool new = !is_in_rib(n, f, prefix[i], slot);
		bool is_known = rib_find(rib_of(n), &the_model->prefix[f][prefix[i]]) != 0;
		refused[i] = new && has >= s->cap[f] && !take_spare(spare, is_known, slot_ids[slot] != 0, (enum family)f);
		has += new && !refused[i];
	}
}

void
memory_taken(struct mpeer *n, unsigned f, const unsigned *prefix, unsigned count, unsigned slot, bool *refused)
{
	for (unsigned i = 0; n->up && i < count; i++) {
		if (!refused[i] && count == 1 && memory_may_not_grow(n)) {
			refused[i] = !is_in_rib(n, f, prefix[i], slot);
			check_growth(n, f, prefix[i], slot, refused[i]);
		}
		if (is_in_rib(n, f, prefix[i], slot) == refused[i])
			fail("neighbour %u family %u: path to prefix %u is %s, with %u paths and a cap of %u",
			    (unsigned)(n - the_model->peer), f, prefix[i], refused[i] ? "taken" : "refused",
			    source_of(n)->received[f], source_of(n)->cap[f]);
		n->route[f][prefix[i]][slot].refused = refused[i];
		if (refused[i])
			n->route[f][prefix[i]][slot].sent_id = 0;
		the_model->seen_refused += refused[i];
	}
}

static unsigned
refused(const struct mpeer *n)
{
	unsigned count = 0;

	for (unsigned k = 0; k < FAMILY_COUNT * NPREFIX * NSLOT; k++)
		count += (&n->route[0][0][0])[k].refused;
	return count;
}

void
memory_reset(const struct mpeer *n)
{
	const struct memory *m = &the_model->d->memory;

	if (n->caps.route_refresh || m->level == MEMORY_FULL)
		fail("neighbour %td is reset, and could be asked: %d, with memory %u", n - the_model->peer, n->caps.route_refresh,
		    m->level);
	the_model->seen_resources++;
}

void
memory_answer(struct mpeer *n)
{
	for (unsigned f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
		/* RFC 7313 4: not before End-of-RIB */
		bool enhanced = n->caps.enhanced_refresh && (!n->caps.gr || (n->sent_eor & OPEN_FAMILY(f)));
		if (!(n->wanted & OPEN_FAMILY(f)))
			continue;
		n->wanted &= (uint8_t)~OPEN_FAMILY(f);
		the_model->seen_asked++;
		if (enhanced && !(n->borr_in & OPEN_FAMILY(f)))
			send_again(n, f);
		for (unsigned k = 0; n->up && k < NPREFIX * NSLOT; k++) {
			unsigned i = k / NSLOT;
			struct mattr same = n->route[f][i][k % NSLOT].a;
			if (n->route[f][i][k % NSLOT].there && !n->route[f][i][k % NSLOT].kept)
				announce(n, f, &i, 1, k % NSLOT, &same);
		}
		if (!n->up)
			return;
		session_delivered(n->session);
		if (n->borr_in & OPEN_FAMILY(f))
			end_again(n, f);
	}
}

void
check_capped(void)
{
	int64_t may_grow = the_model->memory_part == PART_BEYOND ? GROWTH_MAX : INT64_MAX;

	for (unsigned i = 0; the_model->d->memory.capped && i < NPEER; i++)
		if (peer_of(i) != NULL && peer_routes_source(peer_of(i))->may_grow != may_grow)
			fail("neighbour %u: its attributes may grow by %" PRId64, i, peer_routes_source(peer_of(i))->may_grow);
	for (unsigned i = 0; i < NPEER; i++)
		for (unsigned f = FAMILY_IPV4; peer_of(i) != NULL && f < FAMILY_COUNT; f++)
			if ((peer_routes_source(peer_of(i))->cap[f] != RIB_CAP_NONE) != the_model->d->memory.capped)
				fail("neighbour %u family %u: it has a cap or none, and memory is used up or not: %d", i, f,
				    the_model->d->memory.capped);
}

void
compare_memory(void)
{
	check_capped();
	for (unsigned i = 0; i < NPEER; i++) {
		const struct mpeer *n = &the_model->peer[i];
		unsigned count = n->up ? refused(n) : 0;
		if (count > 0 && !peer_of(i)->memory.is_missing)
			fail("neighbour %u: %u paths were refused and will not be asked for", i, count);
		the_model->seen_capped += n->up && the_model->d->memory.capped;
	}
}
