/* SPDX-License-Identifier: Apache-2.0 */
/*
 * speaker_kept: routes of neighbours that are lost gracefully (RFC 4724 4.2, 8538, 9494).
 *
 * What is kept, for whom and how long is told here; the moment at which a timer of the daemon's ends it, or makes
 * it the last resort, is the clock's matter: not early, and not late where all timers have fired.
 */
#include "tests/model/speaker_model.h"

#include "bgpd/peer.h"
#include "bgpd/peer_gr.h"
#include "lib/mem.h"

#include <string.h>

#define NS_S 1000000000ull

void
kept_random(struct open_caps *c)
{
	static const uint16_t times[] = {0, 3, 20, 100};
	static const uint32_t long_times[] = {4, 30, 200};

	c->gr = rnd(4) != 0;
	if (!c->gr)
		return;
	c->gr_notification = rnd(2) == 0;
	c->gr_restarting = rnd(2) == 0;
	c->gr_time_s = times[rnd(ARRAY_LEN(times))];
	c->gr_families = (uint8_t)(rnd(5) == 0 ? rnd(4) << FAMILY_IPV4 : 3u << FAMILY_IPV4);
	c->gr_forwarding = (uint8_t)((rnd(4) == 0 ? rnd(4) << FAMILY_IPV4 : c->gr_families) & c->gr_families);
	if (rnd(2) == 0)
		return;
	c->llgr_families = (uint8_t)(rnd(5) == 0 ? rnd(4) << FAMILY_IPV4 : 3u << FAMILY_IPV4);
	c->llgr_forwarding = (uint8_t)((rnd(4) == 0 ? rnd(4) << FAMILY_IPV4 : c->llgr_families) & c->llgr_families);
	for (unsigned f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		c->llgr_time_s[f] = c->llgr_families & OPEN_FAMILY(f) ? long_times[rnd(ARRAY_LEN(long_times))] : 0;
	c->llgr = c->llgr_families != 0;
}

static void
kept_gone(struct mroute *r, unsigned prefix)
{
	memset(&r->a, 0, sizeof r->a);
	r->there = r->kept = false;
	r->sent_id = 0;
	route_changed(r, prefix);
}

static void
forget_routes(struct mpeer *n, unsigned f)
{
	for (unsigned k = 0; k < NPREFIX * NSLOT; k++)
		if (n->route[f][k / NSLOT][k % NSLOT].kept)
			kept_gone(&n->route[f][k / NSLOT][k % NSLOT], k / NSLOT);
}

void
kept_forget(struct mpeer *n, unsigned f)
{
	n->keeps[f] = KEEPS_NOT;
	forget_routes(n, f);
}

bool
kept_any(const struct mpeer *n, unsigned f)
{
	for (unsigned k = 0; k < NPREFIX * NSLOT; k++)
		if (n->route[f][k / NSLOT][k % NSLOT].kept)
			return true;
	return false;
}

static uint32_t
least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static void
become_long(struct mpeer *n, unsigned f)
{
	n->keeps[f] = KEEPS_LONG;
	n->long_due_ns[f] = the_model->now_ns + least(n->long_s[f], LONG_S) * NS_S;
	/* All of them are other routes now. */
	for (unsigned k = 0; k < NPREFIX * NSLOT; k++) {
		struct mroute *r = &n->route[f][k / NSLOT][k % NSLOT];
		if (r->kept)
			r->changed = the_model->step;
		the_model->seen_long_lived += r->kept;
	}
	the_model->last_event = the_model->step;
}

/* What becomes of a family whose session is lost; keep: gracefully. */
static void
lose_family(struct mpeer *n, unsigned f, bool keep)
{
	bool in_time = keep && n->caps.gr_time_s > 0, was_long = n->keeps[f] == KEEPS_LONG;

	n->long_s[f] = keep ? n->caps.llgr_time_s[f] : 0; /* 0 without the capability */
	/* RFC 4724 4.2: what an earlier loss has kept goes; RFC 9494 4.2: not while it is the last resort. */
	bool stays_long = was_long && n->long_s[f] > 0;
	if (!stays_long)
		forget_routes(n, f);
	for (unsigned i = 0; i < NPREFIX * NSLOT; i++) {
		struct mroute *r = &n->route[f][i / NSLOT][i % NSLOT];
		if (r->there && !r->refused && (in_time || n->long_s[f] > 0)) {
			the_model->seen_kept += !r->kept;
			r->kept = true;
			r->stale = false;
		} else {
			memset(r, 0, sizeof *r);
		}
	}
	if (stays_long) {
		uint64_t due = n->long_due_ns[f];
		become_long(n, f);
		n->long_due_ns[f] = due;
	} else if (in_time) {
		n->keeps[f] = KEEPS;
	} else if (n->long_s[f] > 0) {
		become_long(n, f);
	} else {
		n->keeps[f] = KEEPS_NOT;
	}
}

/*
 * A session has ended. RFC 4724 4.2 keeps its routes if nobody has told why it did, RFC 8538 also if somebody has,
 * unless that was a Hard Reset. A neighbour that is configured to be another one leaves nothing.
 */
void
kept_begin(struct mpeer *n, const struct bgp_error *err)
{
	bool keep = n->caps.gr;

	if (err != NULL)
		keep = keep && n->caps.gr_notification &&
		    !(err->code == BGP_ERR_CEASE &&
			(err->subcode == BGP_CEASE_HARD_RESET || err->subcode == BGP_CEASE_CONFIG_CHANGE));
	n->lost_ns = the_model->now_ns;
	n->kept_s = n->caps.gr_time_s;
	for (unsigned f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		lose_family(n, f, keep && (n->caps.families & n->caps.gr_families & OPEN_FAMILY(f)));
}

static void
follow_family(struct mpeer *n, unsigned f, const struct peer *p, bool all_fired)
{
	unsigned i = (unsigned)(n - the_model->peer);
	bool keeps = p != NULL && peer_gr_keeps(p, (enum family)f), is_long = keeps && peer_gr_is_long(&p->gr, (enum family)f);
	uint64_t due_ns = n->lost_ns + (n->up ? STALE_S : least(n->kept_s, STALE_S)) * NS_S;

	if (n->keeps[f] == KEEPS_LONG)
		due_ns = n->long_due_ns[f];
	if (n->keeps[f] == KEEPS_NOT) {
		if (keeps)
			fail("neighbour %u family %u: routes are kept", i, f);
		return;
	}
	if (n->keeps[f] == KEEPS && (is_long || (!keeps && !n->up && n->long_s[f] > 0))) {
		if (!is_long || n->up || n->long_s[f] == 0 || the_model->now_ns + NS_S / 10 < due_ns)
			fail("neighbour %u family %u: kept routes are the last resort: %d", i, f, is_long);
		become_long(n, f);
		return;
	}
	if (is_long != (keeps && n->keeps[f] == KEEPS_LONG))
		fail("neighbour %u family %u: kept routes are not the last resort", i, f);
	if (!keeps && the_model->now_ns + NS_S / 10 < due_ns)
		fail("neighbour %u family %u: kept routes have gone early", i, f);
	if (keeps && all_fired && the_model->now_ns > due_ns + NS_S)
		fail("neighbour %u family %u: routes are kept for too long", i, f);
	if (!keeps) {
		the_model->seen_kept_late += kept_any(n, f);
		kept_forget(n, f);
	}
}

void
kept_follow(bool all_fired)
{
	for (unsigned i = 0; i < NPEER; i++)
		for (unsigned f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
			follow_family(&the_model->peer[i], f, peer_of(i), all_fired);
}

/*
 * It is back: RFC 4724 4.2, what it has not preserved goes at once. RFC 9494 4.2: in its time the other capability
 * says.
 */
void
kept_back(struct mpeer *n)
{
	const struct open_caps *c = &n->caps;

	for (unsigned f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
		uint8_t kept = n->keeps[f] == KEEPS_LONG ? c->llgr_families & c->llgr_forwarding : c->gr_families & c->gr_forwarding;
		if (n->keeps[f] == KEEPS_NOT)
			continue;
		bool any = kept_any(n, f);
		if (c->gr && (c->families & kept & OPEN_FAMILY(f))) {
			the_model->seen_kept_back += any;
			continue;
		}
		kept_forget(n, f);
		n->quiet_up = n->quiet_up && !any;
	}
}

void
kept_end_of_rib(struct mpeer *n, unsigned f)
{
	the_model->seen_kept_swept += kept_any(n, f);
	kept_forget(n, f);
}
