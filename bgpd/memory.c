/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory: see memory.h.
 */
#include "bgpd/memory.h"

#include "bgpd/compile.h"
#include "bgpd/daemon.h"
#include "bgpd/groups.h"
#include "bgpd/notify.h"
#include "bgpd/peer.h"
#include "bgpd/peer_routes.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/pool.h"
#include "lib/str.h"
#include "rib/growth.h"
#include "rib/spare.h"

#include <event2/event.h>
#include <malloc.h>

#define PERCENT_NEAR 80u
#define PERCENT_FAR  75u /* below that it is not near any more */
#define PERCENT_ROOM 90u /* down to that it is not full any more */
#define CAP_SHARE    64u /* one part of so many on top of what a neighbour has */
#define CAP_MORE     16u
#define LOOK_MIN     (1u << 20)
#define LOOK_MAX     (16u << 20)
#define LOOK_CAPPED  (4u << 20)
#define HARD_SHARE   32u   /* one part of so many beyond the limit from which attributes may not grow */
#define HARD_MORE    65536 /* octets that those of a neighbour may, all the same */
#define TRIM_S       10u
#define AWAY_OCTETS  64u /* of memory for a path that comes back */
#define TICK_MS      1000u
#define BASE_S       600u
#define ASK_S        30u
#define ASK_MAX_S    3600u
#define ASK_AT_ONCE  8u /* neighbours in a tick */
#define LARGEST      3u /* neighbours that the log names */

#define HINT "raise router.memory-limit, or set max-prefix for who grows"

static const char *const level_names[] = {
    [MEMORY_FREE] = "free", [MEMORY_NEAR] = "near", [MEMORY_FULL] = "full"};

static uint64_t
part(const struct memory *m, unsigned percent)
{
	return m->limit / 100 * percent;
}

static uint32_t
paths_of(const struct peer *p)
{
	const struct rib_source *s = peer_routes_source(p);

	return s->received[FAMILY_IPV4] + s->received[FAMILY_IPV6];
}

static uint32_t
growth_of(const struct peer *p)
{
	const struct rib_source *s = peer_routes_source(p);
	uint32_t n = 0;

	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		if (s->received[f] > p->memory.base[f])
			n += s->received[f] - p->memory.base[f];
	return n;
}

/* ---- who has most ---- */

struct largest {
	const struct peer *peer[LARGEST];
	uint32_t value[LARGEST];
};

static void
largest_add(struct largest *l, const struct peer *p, uint32_t value)
{
	for (unsigned i = 0; i < LARGEST && value > 0; i++) {
		if (value <= l->value[i])
			continue;
		for (unsigned k = LARGEST - 1; k > i; k--) {
			l->peer[k] = l->peer[k - 1];
			l->value[k] = l->value[k - 1];
		}
		l->peer[i] = p;
		l->value[i] = value;
		return;
	}
}

static void
largest_find(const struct memory *m, uint32_t (*value)(const struct peer *p), struct largest *l)
{
	const struct peer *p;

	*l = (struct largest){0};
	for (const struct bgpd *d = m->d; d != NULL; d = instance_next(d))
		TAILQ_FOREACH(p, &d->peers, entry)
	largest_add(l, p, value(p));
}

/* "a 900000, b 12"; the caller frees. */
static char *
largest_text(const struct largest *l)
{
	struct str text = {0};

	for (unsigned i = 0; i < LARGEST && l->peer[i] != NULL; i++)
		str_addf(&text, "%s%s %u", i > 0 ? ", " : "", l->peer[i]->name, l->value[i]);
	return text.len > 0 ? str_steal(&text) : xstrdup("none");
}

/* ---- bases and caps ---- */

static void
bases_set(const struct memory *m)
{
	struct peer *p;

	for (struct bgpd *d = m->d; d != NULL; d = instance_next(d))
		TAILQ_FOREACH(p, &d->peers, entry)
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		p->memory.base[f] = peer_routes_source(p)->received[f];
}

static uint32_t
cap_of(const struct peer *p, enum family f)
{
	uint32_t has = peer_routes_source(p)->received[f],
		 n = has > p->memory.base[f] ? has : p->memory.base[f];

	return n + n / CAP_SHARE + CAP_MORE;
}

/* What may still come within the cap is no growth of attributes. */
static void
growth_begin(const struct peer *p)
{
	struct rib_source *s = peer_routes_source(p);
	int64_t from = 0;

	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		from -= (int64_t)(cap_of(p, f) - s->received[f]) * MEMORY_PATH_OCTETS;
	rib_growth_begin(p->d->rib, s, from);
}

/* A cap never rises: it would follow its own 64th. */
static void
cap_update(struct peer *p)
{
	const struct memory *m = &p->d->main->memory;
	struct rib_source *s = peer_routes_source(p);

	if (s->cap[FAMILY_IPV4] == RIB_CAP_NONE)
		growth_begin(p);
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
		uint32_t cap = cap_of(p, f);
		if (cap < s->cap[f])
			s->cap[f] = cap;
	}
	s->may_grow = m->resident >= m->limit + m->limit / HARD_SHARE ? HARD_MORE : INT64_MAX;
}

static void
cap_lift(struct peer *p)
{
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		peer_routes_source(p)->cap[f] = RIB_CAP_NONE;
}

static void
caps_all(const struct memory *m, void (*each)(struct peer *p))
{
	struct peer *p;

	for (struct bgpd *d = m->d; d != NULL; d = instance_next(d))
		TAILQ_FOREACH(p, &d->peers, entry)
	each(p);
}

/* See memory.h: bases of those that are up come down to what they have. */
static void
base_follow(struct peer *p)
{
	struct memory_share *s = &p->memory;
	const struct rib_source *source = peer_routes_source(p);
	uint64_t now = p->d->loop->turn_start_ns;
	bool over = s->most_ns != 0 && now - s->most_ns >= BASE_S * 1000000000ull, lower = false;

	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
		if (s->most_ns == 0 || source->received[f] > s->most[f])
			s->most[f] = source->received[f];
		if (!over)
			continue;
		lower |= s->most[f] < s->base[f];
		s->base[f] = s->most[f] < s->base[f] ? s->most[f] : s->base[f];
		s->most[f] = source->received[f];
	}
	if (s->most_ns == 0 || over)
		s->most_ns = peer_established(p) ? now : 0;
	if (lower && p->d->main->memory.capped)
		growth_begin(p);
}

/* ---- free records ---- */

/* Paths of a family that neighbours may have, or come back with, and have not. */
struct reserve {
	uint64_t within[FAMILY_COUNT]; /* their caps, or their bases while there are none */
	uint64_t away[FAMILY_COUNT];   /* their bases */
};

static uint64_t
short_of(const struct rib_source *s, enum family f, uint32_t n)
{
	return n > s->received[f] ? n - s->received[f] : 0;
}

static void
reserve_find(const struct memory *m, const struct bgpd *d, struct reserve *r)
{
	const struct peer *p;

	*r = (struct reserve){0};
	if (m->level == MEMORY_FREE && !m->capped)
		return;
	/* Who is not configured any more comes back with nothing. */
	TAILQ_FOREACH(p, &d->peers, entry)
	for (enum family f = FAMILY_IPV4; !p->removed && f < FAMILY_COUNT; f++) {
		const struct rib_source *s = peer_routes_source(p);
		r->away[f] += short_of(s, f, p->memory.base[f]);
		r->within[f] += short_of(s, f, s->cap[f] != RIB_CAP_NONE ? s->cap[f] : p->memory.base[f]);
	}
}

/* Free records that are for whoever comes. */
static void
spare_of(const struct bgpd *d, const struct reserve *keep, uint32_t n[RIB_RECORDS])
{
	for (unsigned r = 0; r < RIB_RECORDS; r++) {
		uint64_t k = r == RIB_RECORD_IPV4   ? keep->within[FAMILY_IPV4]
			     : r == RIB_RECORD_IPV6 ? keep->within[FAMILY_IPV6]
						    : 0;
		n[r] = rib_spare_count(d->rib, (enum rib_record)r);
		n[r] = n[r] > k ? n[r] - (uint32_t)k : 0;
	}
}

/* What is used of a table's memory beside what is resident: less what is spare, more what those away still
 * need. */
static int64_t
correction(const struct memory *m, const struct bgpd *d)
{
	struct reserve keep;
	uint32_t n[RIB_RECORDS];
	int64_t octets = -(int64_t)pool_spare(d->attrs->sets);

	reserve_find(m, d, &keep);
	spare_of(d, &keep, n);
	for (unsigned r = 0; r < RIB_RECORDS; r++)
		octets -= (int64_t)(n[r] * rib_spare_octets(d->rib, (enum rib_record)r));
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
		uint32_t there =
		    rib_spare_count(d->rib, f == FAMILY_IPV4 ? RIB_RECORD_IPV4 : RIB_RECORD_IPV6);
		if (keep.away[f] > there)
			octets += (int64_t)(keep.away[f] - there) * AWAY_OCTETS;
	}
	return octets;
}

static void
spare_allow(const struct memory *m)
{
	struct reserve keep;
	uint32_t n[RIB_RECORDS] = {0};

	for (const struct bgpd *d = m->d; d != NULL; d = instance_next(d)) {
		reserve_find(m, d, &keep);
		if (m->level != MEMORY_FULL)
			spare_of(d, &keep, n);
		rib_spare_allow(d->rib, n);
	}
}

/* ---- looking ---- */

static enum memory_level
level_of(const struct memory *m, bool fresh)
{
	enum memory_level was = fresh ? MEMORY_FREE : (enum memory_level)m->level;

	if (m->used >= m->limit || (was == MEMORY_FULL && m->used > part(m, PERCENT_ROOM)))
		return MEMORY_FULL;
	if (m->used >= part(m, PERCENT_NEAR) || (was >= MEMORY_NEAR && m->used >= part(m, PERCENT_FAR)))
		return MEMORY_NEAR;
	return MEMORY_FREE;
}

static void
tell_level(const struct memory *m, enum memory_level was)
{
	struct largest l;

	largest_find(m, was < MEMORY_FULL && m->level == MEMORY_FULL ? growth_of : paths_of, &l);
	char *who = largest_text(&l);
	if (m->level == MEMORY_FULL)
		log_error("memory.full", LOG_U("used", m->used), LOG_U("limit", m->limit),
			  LOG_S("growing", who),
			  LOG_S("effect", "neighbors keep what they have, further paths are refused"),
			  LOG_S("hint", HINT));
	else if (m->level > was)
		log_warn("memory.near", LOG_U("used", m->used), LOG_U("limit", m->limit),
			 LOG_S("most_paths", who), LOG_S("effect", "none yet"), LOG_S("hint", HINT));
	else
		log_info("memory.room", LOG_U("used", m->used), LOG_U("limit", m->limit),
			 LOG_S("effect", was == MEMORY_FULL ? "new paths are taken again" : "none"));
	free(who);
}

static void
measure(struct memory *m)
{
	size_t of_files, all = m->measure(&of_files);
	int64_t used;

	m->resident = all > of_files ? all - of_files : 0;
	used = (int64_t)m->resident;
	for (const struct bgpd *d = m->d; d != NULL; d = instance_next(d))
		used += correction(m, d);
	m->used = used > 0 ? (uint64_t)used : 0;
	m->spent = 0;
}

static void
next_look(struct memory *m)
{
	uint64_t half = m->resident < m->limit ? (m->limit - m->resident) / 2 : LOOK_CAPPED;

	m->look_at = half > LOOK_MAX ? LOOK_MAX : half < LOOK_MIN ? LOOK_MIN : half;
}

static void
caps_apply(struct memory *m)
{
	bool capped = m->limit != 0 && (m->level == MEMORY_FULL || m->resident >= m->limit);

	for (const struct bgpd *d = m->d; capped && !m->capped && d != NULL; d = instance_next(d))
		rib_growth_start(d->rib);
	if (capped)
		caps_all(m, cap_update);
	else if (m->capped)
		caps_all(m, cap_lift);
	m->capped = capped;
	if (capped)
		spare_allow(m);
}

static void
look(struct memory *m, bool fresh)
{
	enum memory_level was = (enum memory_level)m->level;

	measure(m);
	m->level = (uint8_t)level_of(m, fresh);
	if (was == MEMORY_FREE && m->level != MEMORY_FREE)
		bases_set(m);
	caps_apply(m);
	if (m->level != was)
		tell_level(m, was);
	next_look(m);
}

void
memory_look(struct memory *m)
{
	if (m->limit == 0)
		m->look_at = UINT64_MAX;
	else
		look(m, false);
}

/* ---- asking again ---- */

static uint64_t
missing_of(const struct peer *p)
{
	const struct rib_source *s = peer_routes_source(p);

	return (uint64_t)s->missing[FAMILY_IPV4] + s->missing[FAMILY_IPV6];
}

static void
forget_missing(struct peer *p)
{
	struct rib_source *s = peer_routes_source(p);

	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		s->missing[f] = 0;
	s->misses = false;
	if (p->memory.is_missing)
		TAILQ_REMOVE(&p->d->main->memory.missing, p, memory.entry);
	p->memory.is_missing = false;
}

static uint64_t
wait_ns(const struct peer *p)
{
	const struct memory_share *s = &p->memory;
	uint64_t wait_s = ASK_S;

	if (s->asked_ns == 0)
		return 0;
	for (unsigned i = 1; i < s->in_vain && wait_s < ASK_MAX_S; i++)
		wait_s *= 2;
	wait_s = wait_s > ASK_MAX_S ? ASK_MAX_S : wait_s;
	uint64_t until = s->asked_ns + wait_s * 1000000000ull, now = p->d->loop->turn_start_ns;
	return until > now ? until - now : 0;
}

/* Would it have all that it misses within its cap? */
static bool
within_cap(const struct peer *p)
{
	const struct rib_source *s = peer_routes_source(p);

	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		if (s->missing[f] > short_of(s, f, s->cap[f]))
			return false;
	return s->may_grow == INT64_MAX;
}

static bool
may_ask(const struct memory *m, const struct peer *p)
{
	return wait_ns(p) == 0 &&
	       (m->level != MEMORY_FULL || (p->session.caps.route_refresh && within_cap(p)));
}

/* Of those whose time has come the one that misses least. */
static struct peer *
next_to_ask(const struct memory *m)
{
	struct peer *p, *best = NULL;

	TAILQ_FOREACH(p, &m->missing, memory.entry)
	if (may_ask(m, p) && (best == NULL || missing_of(p) < missing_of(best)))
		best = p;
	return best;
}

static void
ask(struct peer *p)
{
	bool refresh = p->session.caps.route_refresh;

	log_info("neighbor.memory", LOG_S("neighbor", p->name), LOG_U("refused", missing_of(p)),
		 LOG_S("effect", refresh ? "its routes are asked for again"
					 : "its session is reset, since it has no route refresh"));
	if (p->memory.asked_ns + 2 * ASK_MAX_S * 1000000000ull < p->d->loop->turn_start_ns)
		p->memory.in_vain = 0;
	p->memory.asked_ns = p->d->loop->turn_start_ns;
	p->memory.in_vain++;
	forget_missing(p);
	if (refresh)
		peer_routes_refresh_in(p);
	else
		peer_reset(p, BGP_ERR_CEASE, BGP_CEASE_RESOURCES,
			   "routes were refused for want of memory, there is some again");
}

static void
ask_again(struct memory *m)
{
	uint64_t room = m->limit > m->used ? m->limit - m->used : 0;
	struct peer *p;

	for (unsigned i = 0; i < ASK_AT_ONCE && (p = next_to_ask(m)) != NULL; i++) {
		uint64_t need =
		    m->limit != 0 && m->level != MEMORY_FULL ? missing_of(p) * MEMORY_PATH_OCTETS : 0;
		if (need > room)
			return;
		room -= need;
		ask(p);
	}
}

/* Large attribute sets, and much else, are malloc's, which gives back little by itself. That takes some
 * milliseconds. */
static void
trim(struct memory *m)
{
	if (m->level != MEMORY_FULL || m->d->loop->turn_start_ns - m->trimmed_ns < TRIM_S * 1000000000ull)
		return;
	m->trimmed_ns = m->d->loop->turn_start_ns;
	malloc_trim(0);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct memory *m = arg;

	(void)fd;
	(void)what;
	loop_enter(m->d->loop);
	if (m->limit != 0) {
		caps_all(m, base_follow);
		look(m, false);
	}
	trim(m);
	ask_again(m);
	if (m->limit != 0 || !TAILQ_EMPTY(&m->missing))
		timer_after_ms(m->tick, TICK_MS);
}

/* ---- neighbours ---- */

void
memory_peer_new(struct peer *p)
{
	if (p->d->main->memory.capped)
		cap_update(p);
}

void
memory_peer_up(struct peer *p)
{
	forget_missing(p);
}

void
memory_peer_down(struct peer *p)
{
	p->memory.most_ns = 0;
	forget_missing(p);
}

void
memory_peer_took(struct peer *p)
{
	struct rib_source *s = peer_routes_source(p);

	if (!p->d->main->memory.capped || !rib_growth_is_due(s))
		return;
	policies_forget(p->d->policies);
	groups_forget(p->d->groups);
	rib_growth_settle(p->d->rib, s);
}

void
memory_peer_refused(struct peer *p)
{
	const struct rib_source *s = peer_routes_source(p);

	if (p->memory.is_missing)
		return;
	p->memory.is_missing = true;
	TAILQ_INSERT_TAIL(&p->d->main->memory.missing, p, memory.entry);
	log_warn("neighbor.memory", LOG_S("neighbor", p->name), LOG_U("paths", paths_of(p)),
		 LOG_U("ipv4_cap", s->cap[FAMILY_IPV4]), LOG_U("ipv6_cap", s->cap[FAMILY_IPV6]),
		 LOG_S("effect", "further paths are refused until there is memory"),
		 LOG_S("hint", "show neighbor says how many; " HINT));
}

/* ---- the limit ---- */

void
memory_init(struct memory *m, struct bgpd *d)
{
	*m = (struct memory){.d = d, .measure = mem_resident};
	TAILQ_INIT(&m->missing);
	m->tick = evtimer_new(d->loop->base, on_tick, m);
	ASSERT(m->tick != NULL);
	event_priority_set(m->tick, LOOP_PRIO_URGENT);
}

void
memory_fini(struct memory *m)
{
	if (m->tick != NULL)
		event_free(m->tick);
	m->tick = NULL;
}

void
memory_apply(struct memory *m)
{
	uint64_t limit = m->d->conf->router.memory_limit;

	if (limit == m->limit)
		return;
	m->limit = limit;
	if (limit != 0) {
		look(m, true);
	} else {
		m->level = MEMORY_FREE;
		m->resident = m->used = 0;
		m->look_at = UINT64_MAX;
		caps_apply(m);
	}
	timer_after_ms(m->tick, TICK_MS);
}

/* ---- for people ---- */

json_t *
memory_json(const struct memory *m)
{
	if (m->limit == 0)
		return json_null();
	return json_pack("{s:I,s:I,s:I,s:s}", "limit_bytes", (json_int_t)m->limit, "used_bytes",
			 (json_int_t)m->used, "used_percent", (json_int_t)(m->used / (m->limit / 100)),
			 "state", level_names[m->level]);
}

json_t *
memory_peer_json(const struct peer *p)
{
	const struct rib_source *s = peer_routes_source(p);
	json_t *caps = json_object(), *missing = json_object();

	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
		if (s->cap[f] != RIB_CAP_NONE)
			json_object_set_new(caps, family_name(f), json_integer(s->cap[f]));
		if (s->missing[f] > 0)
			json_object_set_new(missing, family_name(f), json_integer(s->missing[f]));
	}
	const struct memory *m = &p->d->main->memory;
	const char *state = s->misses                 ? "paths are refused, for want of memory"
			    : m->level == MEMORY_FULL ? "paths beyond max_paths will be refused"
			    : m->capped
				? "paths beyond max_paths are taken as far as others have given memory back"
				: "no bound";
	return json_pack("{s:s,s:o,s:o,s:I}", "state", state, "max_paths", caps, "refused", missing,
			 "refused_total", (json_int_t)s->refused);
}
