/* SPDX-License-Identifier: Apache-2.0 */
/*
 * speaker_model [SEED [STEPS]]: random model check of the whole speaker.
 *
 * Neighbours of all kinds come, announce, withdraw, send again, ask again, lag and
 * go; the configuration, links and foreign routes change; memory is used up and
 * comes back; jobs run in slices of random length. Whenever everything has run dry the best paths, multipath sets,
 * kernel routes, and what every neighbour was told, octet by octet, must be what
 * speaker_oracle says; some of it must hold at other times, too. In the end
 * everything is taken away and nothing may be left. See speaker_model.h.
 */
#include "tests/model/speaker_model.h"

#include "bgpd/groups_int.h"
#include "bgpd/kernel.h"
#include "bgpd/peer.h"
#include "bgpd/peer_routes.h"
#include "bgpd/pipeline.h"
#include "bgpd/loader.h"
#include "bgpd/reload.h"
#include "lib/mem.h"
#include "lib/str.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct model *the_model;

uint32_t
rnd(uint32_t below)
{
	struct model *m = the_model;

	if (m->tape_left > 0) {
		uint32_t v = *m->tape++;
		m->tape_left--;
		if (below > UINT8_MAX + 1u && m->tape_left > 0) {
			v = v << 8 | *m->tape++;
			m->tape_left--;
		}
		return v % below;
	}
	/* splitmix64 */
	uint64_t z = m->rng += 0x9e3779b97f4a7c15ull;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return (uint32_t)((z ^ z >> 31) >> 32) % below;
}

void
fail(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "speaker_model: seed %" PRIu64 " step %" PRIu64 ": ", the_model->seed, the_model->step);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\n");
	abort();
}

/* ---- sessions ---- */

static void
feed(struct mpeer *n, size_t got)
{
	size_t at = 0;

	n->part_len += got;
	while (n->part_len - at >= BGP_HEADER_LEN) {
		size_t len = (size_t)(n->part[at + 16] << 8 | n->part[at + 17]);
		uint8_t before = n->eor;
		if (n->part_len - at < len)
			break;
		for (int i = 0; i < 16; i++)
			CHECK(n->part[at + (size_t)i] == 0xff);
		wire_message(n, n->part + at, len);
		compare_limit_out((unsigned)(n - the_model->peer));
		if (n->eor != before)
			compare_at_eor((unsigned)(n - the_model->peer), (uint8_t)(n->eor & ~before));
		at += len;
	}
	memmove(n->part, n->part + at, n->part_len -= at);
}

bool
pull(struct mpeer *n, size_t max)
{
	if (n->session == NULL || session_dialling(n->session))
		return false;
	size_t room = sizeof n->part - n->part_len;
	size_t got = session_pull(n->session, n->part + n->part_len, max < room ? max : room);
	feed(n, got);
	return got > 0;
}

void
route_changed(struct mroute *r, unsigned prefix)
{
	r->changed = the_model->step;
	r->stale = r->kept = false;
	/* Other prefixes may depend on it. */
	if (prefix >= PFX_ORDINARY)
		the_model->last_event = the_model->step;
}

void
send_end_of_rib(struct mpeer *n, unsigned f)
{
	uint8_t msg[BGP_MSG_MAX];

	if (!(n->caps.families & OPEN_FAMILY(f)) || (n->sent_eor & OPEN_FAMILY(f)))
		return;
	session_deliver(n->session, msg, wire_end_of_rib((enum family)f, msg));
	session_delivered(n->session);
	n->sent_eor |= OPEN_FAMILY(f);
	kept_end_of_rib(n, f);
}

static void
random_caps(struct mpeer *n)
{
	struct open_caps *c = &n->caps;
	bool all = rnd(3) != 0; /* most are alike, so that they share groups */

	/* One statement each, since the order in which an initialiser calls rnd() is the compiler's. */
	*c = (struct open_caps){.route_refresh = rnd(4) != 0};
	c->families = (uint8_t)(all || rnd(3) != 0 ? 3u << FAMILY_IPV4 : 1u << (FAMILY_IPV4 + rnd(2)));
	c->as4 = all || n->as > 65535 || n->member || rnd(2) != 0;
	c->enhanced_refresh = c->route_refresh && rnd(3) != 0;
	c->extended_message = rnd(3) == 0;
	if (c->families & OPEN_FAMILY(FAMILY_IPV4) && !all && rnd(2) == 0)
		c->ext_next_hop = OPEN_FAMILY(FAMILY_IPV4);
	for (unsigned f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		if (c->families & OPEN_FAMILY(f))
			c->add_path[f] = (uint8_t)(!all && rnd(2) == 0 ? rnd(4) : ADD_PATH_BOTH);
	kept_random(c);
}

/* RFC 7911 4: path ids go one way where one end sends them and the other one wants them. */
static void
agree_on_ids(struct mpeer *n)
{
	const struct mneighbor *conf = &the_model->conf.neighbor[n - the_model->peer];

	for (unsigned f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
		n->ids_in[f] = conf->many_in && (n->caps.add_path[f] & ADD_PATH_SEND);
		n->ids_out[f] = conf->many_out != SEND_NONE && (n->caps.add_path[f] & ADD_PATH_RECEIVE);
	}
}

void
renew_tag(struct mpeer *n)
{
	n->tag = (uint8_t)(n->tag + NPEER <= UINT8_MAX ? n->tag + NPEER : 1 + (n - the_model->peer));
}

/*
 * Are our addresses on its link there, as far as the daemon has been told? Without the link nobody comes up; and which of
 * them are next hops is settled when somebody does, for all of the session (bgpd/nexthop_self.h).
 */
static bool
has_link(const struct mpeer *n)
{
	const struct bgpd *d = table_bgpd(table_of((unsigned)(n - the_model->peer)));
	enum family f = (enum family)n->addr.family, other = f == FAMILY_IPV4 ? FAMILY_IPV6 : FAMILY_IPV4;
	struct ip_addr beside;

	return d != NULL && kernel_address_beside(d->kernel, &n->self[f], other, &beside);
}

bool
may_come_up(const struct mpeer *n)
{
	return has_link(n) && (n->session != NULL ? session_dialling(n->session) : dynamic_may_knock(n));
}

void
establish(struct mpeer *n)
{
	uint8_t msg[OPEN_MAX];
	struct open_msg o = {.as = n->as, .id = n->id, .hold_s = 90};
	size_t len;
	bool was_quiet = quiet(), dialled = n->session != NULL;

	if (!dialled && !dynamic_knock(n))
		return;
	random_caps(n);
	agree_on_ids(n);
	o.caps = n->caps;
	n->eor = n->borr = n->asked = n->borr_in = n->sent_eor = 0;
	n->slow = rnd(4) == 0;
	n->lowered = n->lowered && (kept_any(n, FAMILY_IPV4) || kept_any(n, FAMILY_IPV6));
	n->lowered_out = n->lowered_out && !reload_idle(the_model->d->reload);
	n->quiet_up = was_quiet;
	n->up_step = the_model->step;
	n->up_decided = the_model->last_decided;
	restart_expect(n);
	if (dialled)
		session_answer(n->session, true);
	len = open_encode(&o, msg, sizeof msg);
	session_deliver(n->session, msg, len);
	session_deliver(n->session, msg, msg_keepalive_encode(msg));
	n->up = true;
	session_delivered(n->session);
	kept_back(n);
	CHECK(peer_established(peer_of((unsigned)(n - the_model->peer))));
	the_model->seen_up++;
}

void
send_refresh(struct mpeer *n, unsigned f, enum refresh_subtype subtype)
{
	uint8_t msg[BGP_REFRESH_LEN];
	struct msg_refresh r = {.afi = (uint16_t)f, .safi = 1, .subtype = (uint8_t)subtype};

	session_deliver(n->session, msg, msg_refresh_encode(msg, &r));
	session_delivered(n->session);
}

/* ---- steps ---- */

static void
check_idle(const struct adjout_group *g)
{
	const struct adjout_member *m;

	if (adjout_group_idle(g))
		return;
	for (int f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
		fprintf(stderr, "family %d: scan %d, pending %u, announced %u, held %u\n", f, g->fam[f].scan.active,
		    g->fam[f].pending.count, g->fam[f].announced.count, g->fam[f].held.count);
		TAILQ_FOREACH(m, &g->members, entry)
		fprintf(stderr, "member %u: state %u, bits %u, scan %d, refresh %d, End-of-RIB %d\n", m->source, m->state,
		    m->fam[f].bits.count, m->fam[f].scan.active, m->fam[f].refresh, m->fam[f].eor);
	}
	fail("a group has work left and nobody does it");
}

static void
check_groups(unsigned table)
{
	const struct bgpd *d = table_bgpd(table);
	const struct adjout_group *g;

	if (d == NULL)
		return;
	TAILQ_FOREACH(g, &d->groups->list.adjout.groups, entry)
	check_idle(g);
}

/* What the daemon's timers have done. */
void
timers_follow(bool all_fired)
{
	tables_follow();
	drain_follow(all_fired);
	kept_follow(all_fired);
}

void
step_settle(void)
{
	bool busy = true;

	for (unsigned i = 0; i < NPEER; i++)
		for (unsigned f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
			if (the_model->peer[i].borr_in & OPEN_FAMILY(f))
				end_again(&the_model->peer[i], f);
	for (unsigned rounds = 0; busy; rounds++) {
		CHECK(rounds < 100000);
		busy = false;
		/* An export job goes on while prefixes wait for a decision that waits for a timer. */
		for (unsigned slices = 0; slices < 64 && clock_run_job(); slices++)
			busy = true;
		busy = clock_fire(250) || busy;
		timers_follow(false);
		for (unsigned i = 0; i < NPEER; i++) {
			while (pull(&the_model->peer[i], 5000))
				busy = true;
			memory_answer(&the_model->peer[i]);
		}
		/* Reading of nothing may have made room for something. */
		busy = fib_run() || busy || !TAILQ_EMPTY(&the_model->d->loop->jobs);
	}
	for (unsigned t = 0; t < NTABLE; t++)
		if (deferring(t))
			CHECK(the_model->now_ns < the_model->table[t].start_ns + (GR_LIMIT_S + 2) * 1000000000ull);
	/* Nothing can be right yet, but it must have an end. */
	if (deferring_any())
		return;
	CHECK(decided());
	timers_follow(true);
	for (unsigned t = 0; t < NTABLE; t++)
		check_groups(t);
	for (unsigned i = 0; i < NPEER; i++) {
		const struct mpeer *n = &the_model->peer[i];
		CHECK(!n->up || (n->part_len == 0 && n->eor == n->caps.families && n->borr == 0 && n->asked == 0));
	}
	compare_everything();
}

/* With neighbours that have not read yet: what is decided must be right all the same. */
static void
step_glance(void)
{
	for (unsigned i = 0; i < NPEER; i++)
		if (the_model->peer[i].borr_in != 0)
			return;
	if (!decided())
		return;
	timers_follow(false);
	compare_decided();
}

/* Where the daemon reads its configuration. */
static char conf_path[64];

static void
loaded(void *ctx, int result, const char *reason)
{
	(void)ctx;
	if (result != 0)
		fail("reload: %s", reason);
}

static void
load(const struct mconf *c)
{
	struct bgpd *d = the_model->d;

	/* One after another: the next one would only wait for the one before. */
	while (!reload_idle(d->reload))
		CHECK(clock_run_job());
	const struct conf *before = d->conf;
	bool moves = false; /* somebody leaves a range that stays */
	int fd = conf_file(c);
	snprintf(conf_path, sizeof conf_path, "/proc/self/fd/%d", fd);
	for (unsigned i = 0; i < NPEER; i++) {
		struct mpeer *n = &the_model->peer[i];
		unsigned old = the_model->conf.neighbor[i].limit, limit = c->neighbor[i].limit;
		n->lowered = n->lowered || (limit > 0 && (old == 0 || limit < old));
		old = the_model->conf.neighbor[i].limit_out, limit = c->neighbor[i].limit_out;
		n->lowered_out = n->lowered_out || (limit > 0 && (old == 0 || limit < old));
		const struct mneighbor *was = &the_model->conf.neighbor[i];
		/* One that is another now, or gone. */
		bool role = !is_inside(n) && c->neighbor[i].role != was->role;
		bool ids = c->neighbor[i].many_in != was->many_in ||
		    (c->neighbor[i].many_out == SEND_NONE) != (was->many_out == SEND_NONE);
		bool other = c->neighbor[i].range != was->range || c->neighbor[i].table != was->table;
		the_model->seen_moved += was->there && c->neighbor[i].there && c->neighbor[i].table != was->table;
		moves = moves || (other && was->range == 1 + RANGE_SHARED);
		if (!c->neighbor[i].there || other || role || ids || c->neighbor[i].multihop != was->multihop) {
			kept_forget(n, FAMILY_IPV4);
			kept_forget(n, FAMILY_IPV6);
		}
		if (!c->neighbor[i].there || other) {
			n->ups = 0;
			drain_forget(n);
		}
		if (c->neighbor[i].there && (!was->there || other))
			renew_tag(n);
	}
	the_model->conf = *c;
	the_model->last_event = the_model->step;
	reload_file(d->reload, 0, loaded, NULL);
	loop_enter(d->loop);
	loader_wait(d->loader);
	d->loop->in_turn = false;
	close(fd);
	/* Who comes while others end still comes under the old configuration (t_reload has that); here everybody knows one. */
	while ((d->conf == before || moves) && !reload_idle(d->reload))
		CHECK(clock_run_job());
	the_model->bases_known = false;
	check_capped();
	the_model->seen_reload++;
}

static void
step_command(unsigned i)
{
	struct peer *p = peer_of(i);

	if (p == NULL)
		return;
	loop_enter(the_model->d->loop);
	if (p->admin_down)
		peer_start(p);
	else if (rnd(4) == 0) {
		drain_forget(&the_model->peer[i]);
		peer_stop(p, BGP_CEASE_ADMIN_SHUTDOWN, NULL);
		kept_forget(&the_model->peer[i], FAMILY_IPV4);
		kept_forget(&the_model->peer[i], FAMILY_IPV6);
	} else if (rnd(3) == 0)
		drain_step(i);
	else if (rnd(2) == 0)
		peer_reset(p, BGP_ERR_CEASE, BGP_CEASE_ADMIN_RESET, "");
	else
		peer_routes_refresh_out(p);
	the_model->d->loop->in_turn = false;
}

void
ask_again(struct mpeer *n, unsigned f)
{
	if (n->caps.enhanced_refresh)
		n->asked |= OPEN_FAMILY(f);
	send_refresh(n, f, REFRESH_NORMAL);
}

static void
step_refresh(struct mpeer *n)
{
	unsigned f = FAMILY_IPV4 + rnd(2);

	if (!(n->caps.families & OPEN_FAMILY(f)) || !n->caps.route_refresh)
		return;
	if (rnd(2) == 0) {
		ask_again(n, f);
	} else if (n->caps.enhanced_refresh && rnd(3) == 0 && n->borr_in & OPEN_FAMILY(f)) {
		end_again(n, f);
	} else if (n->caps.enhanced_refresh && (!n->caps.gr || (n->sent_eor & OPEN_FAMILY(f)))) {
		/* RFC 7313 4: not before End-of-RIB */
		send_again(n, f);
	}
}

void
step_neighbor(void)
{
	unsigned i = rnd(NPEER);
	struct mpeer *n = &the_model->peer[i];
	uint32_t what = rnd(1000);
	uint8_t msg[BGP_HEADER_LEN];

	if (n->session == NULL) {
		if (what < 300)
			step_command(i);
		else if (what < 600 && may_come_up(n))
			establish(n);
		return;
	}
	if (session_dialling(n->session)) {
		if (what < 600 && may_come_up(n))
			establish(n);
		else if (what < 650)
			session_answer(n->session, false);
		return;
	}
	if (n->wanted != 0 && what < 100)
		memory_answer(n);
	else if (what < 500)
		step_routes(n);
	else if (what < 900) {
		if (!n->slow || what < 510)
			pull(n, 1 + rnd(6000));
	} else if (what < 950) {
		session_deliver(n->session, msg, msg_keepalive_encode(msg));
		session_delivered(n->session);
	} else if (what < 970)
		step_refresh(n);
	else if (what < 985)
		send_end_of_rib(n, FAMILY_IPV4 + rnd(2));
	else if (what < 990)
		step_command(i);
	else if (what < 995)
		session_hang_up(n->session);
}

static void
step_world(void)
{
	unsigned several = the_model->several;

	switch (rnd(several ? 4 : 3)) {
	case 0:
		links_change(several ? rnd(NDOMAIN) : DOMAIN_MAIN, rnd(NLINK));
		break;
	case 3:
		links_device_change();
		break;
	default:
		links_foreign_change(several ? rnd(NKERNEL) : KERNEL_MAIN, FAMILY_IPV4 + rnd(2));
		break;
	}
	the_model->last_event = the_model->step;
}

void
step_reload(void)
{
	struct mconf c = the_model->conf;

	conf_mutate(&c);
	load(&c);
}

/*
 * It may end when all are there who have been told to be waited for and have said all, after GR_LATE_S when nobody is
 * amid it, or after GR_LIMIT_S. What happened in this very step may have been before or after.
 */
static void
deferral_follow(unsigned table)
{
	struct model *m = the_model;
	struct mtable *t = &m->table[table];
	bool was = t->deferred;
	uint64_t gone_s = (m->now_ns - t->start_ns) / 1000000000u;

	t->deferred = deferring(table);
	m->seen_deferred += t->deferred;
	if (was && !t->deferred)
		m->seen_in_time += gone_s < GR_LATE_S;
	if (!was || t->deferred || m->last_event == m->step)
		return;
	for (unsigned i = 0; i < NPEER && gone_s < GR_LIMIT_S; i++) {
		if (table_of(i) != table)
			continue;
		const struct mpeer *n = &m->peer[i];
		const struct peer *p = peer_of(i);
		bool missing = n->up && n->caps.gr && (n->caps.families & ~n->sent_eor) != 0;
		if (missing && !n->caps.gr_restarting)
			fail("selection begins while neighbour %u is sending", i);
		if (p != NULL && !p->admin_down && !n->up && gone_s < GR_LATE_S)
			fail("selection begins without neighbour %u", i);
	}
}

static void
note_groups(const struct bgpd *d)
{
	struct group_list *l = &d->groups->list;
	const struct adjout_group *g;
	bool shared = false, full = false;

	TAILQ_FOREACH(g, &l->adjout.groups, entry)
	{
		shared = shared || g->nmembers > 1;
		full = full || container_of(g, struct group, out)->ring_octets >= l->ring_max;
	}
	the_model->seen_shared += shared;
	the_model->seen_full += full;
	the_model->seen_detached += l->adjout.ndetached > 0;
}

static void
step(void)
{
	uint32_t what = rnd(1000);

	the_model->step++;
	if (the_model->stretch != STRETCH_NONE)
		step_stretch();
	else if (the_model->hurried && what < 990 && deferring_any())
		step_deferring();
	else if (what < 550)
		step_neighbor();
	else if (what < 850)
		clock_run_job();
	else if (what < 900)
		clock_fire(2000);
	else if (what < 930)
		for (unsigned n = rnd(40); n > 0 && fib_run();)
			n--;
	else if (what < 950)
		step_glance();
	else if (what < 960)
		step_world();
	else if (what < 975)
		step_reload();
	else if (what < 980)
		clock_advance(rnd(8000));
	else if (what < 983)
		stretch_begin();
	else if (what < 988)
		step_memory();
	else
		step_settle();
	timers_follow(false);
	for (unsigned t = 0; t < NTABLE; t++)
		deferral_follow(t);
	if (decided())
		the_model->last_decided = the_model->step;
	for (const struct bgpd *d = the_model->d; d != NULL; d = instance_next(d))
		note_groups(d);
}

/* Everything is taken away: nothing may be left. */
static void
end(void)
{
	struct bgpd *d = the_model->d;
	struct mconf c;

	/* The VRF's table is to be nobody's that is wanted now. */
	the_model->device.kernel = KERNEL_FIRST;
	step_settle();
	conf_empty(&c);
	c.empty_tables = the_model->several;
	load(&c);
	step_settle();
	/* Ids of withdrawn prefixes are kept for two ticks of the groups. */
	for (unsigned s = 0; s < 3; s++) {
		clock_advance(1000);
		step_settle();
	}
	compare_empty();
	c.empty_tables = false;
	load(&c);
	step_settle();
	CHECK(TAILQ_EMPTY(&d->ranges));
}

/*
 * In the place of the daemon's loop: everything is set up, and torn down afterwards. True: another daemon is to
 * begin.
 */
static bool
run(struct bgpd *d)
{
	struct group_list *list = &d->groups->list;
	struct mtable *t = &the_model->table[TABLE_MAIN];

	memory_start();
	uint32_t ring_max = 2000 + rnd(30000);
	tables_limit(ring_max, 1000 + rnd(10000));
	list->adjout.kept_max = rnd(20); /* else ids would seldom be reused */
	list->adjout.detached_max = 1 + rnd(6);
	the_model->bases_known = false;
	restart_plan();
	fib_world_start();
	t->deferred = deferring(TABLE_MAIN);
	CHECK(t->deferred == (t->kept != 0));
	while (the_model->step < the_model->steps && (!the_model->taped || the_model->tape_left > 0)) {
		step();
		if (restart_is_due()) {
			restart_end(d);
			return true;
		}
	}
	stretch_end();
	end();
	return false;
}

/* ---- the world's beginning ---- */

static void
init_prefixes(void)
{
	static const char *const special[FAMILY_COUNT][NPREFIX - PFX_ORDINARY] = {
	    [FAMILY_IPV4] = {"172.16.1.0/24", "172.16.2.0/24", "172.16.0.0/16", "172.17.1.0/24", "172.17.0.0/16",
		"10.0.1.0/25", "0.0.0.0/0", "172.16.0.0/12", "20.0.0.0/16", "20.0.0.0/21", "20.0.8.0/22"},
	    [FAMILY_IPV6] = {"2001:db8:1601::/48", "2001:db8:1602::/48", "2001:db8:1600::/40", "2001:db8:1701::/48",
		"2001:db8:1700::/40", "2001:db8:1::/120", "::/0", "2001:db8:1000::/36", "2001:db8:2000::/40",
		"2001:db8:2000::/45", "2001:db8:2008::/46"},
	};
	char text[64];

	for (unsigned i = 0; i < PFX_ORDINARY; i++) {
		snprintf(text, sizeof text, "20.0.%u.0/%u", i, 24 + i % 9);
		CHECK(ip_prefix_parse(text, &the_model->prefix[FAMILY_IPV4][i]) == 0);
		snprintf(text, sizeof text, "2001:db8:20%02x::/%u", i, 48 + i);
		CHECK(ip_prefix_parse(text, &the_model->prefix[FAMILY_IPV6][i]) == 0);
	}
	for (int f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		for (unsigned i = PFX_ORDINARY; i < NPREFIX; i++)
			CHECK(ip_prefix_parse(special[f][i - PFX_ORDINARY], &the_model->prefix[f][i]) == 0);
}

static void
init_peers(void)
{
	/*
	 * Clients, others inside, others outside or, in a confederation, of two other members; two over IPv6; two
	 * with one identifier.
	 */
	static const struct {
		const char *address;
		uint32_t as;
		unsigned link, id;
	} peers[NPEER] = {{"10.0.1.10", LOCAL_AS, 1, 1}, {"10.0.2.10", LOCAL_AS, 2, 2}, {"10.0.1.11", LOCAL_AS, 1, 3},
	    {"10.0.3.11", LOCAL_AS, 3, 4}, {"10.0.1.20", 65001, 1, 5}, {"10.0.1.21", 65002, 1, 6}, {"10.0.2.20", 65002, 2, 6},
	    {"2001:db8:3::20", 65003, 3, 7}, {"2001:db8:2::10", LOCAL_AS, 2, 8}, {"10.0.2.21", 4200000001u, 2, 9}};

	for (unsigned i = 0; i < NPEER; i++) {
		struct mpeer *n = &the_model->peer[i];
		/* In another table, where there are several. */
		unsigned at = the_model->several && (i == 3 || i == 5) ? i - 1 : i;
		CHECK(ip_addr_parse(peers[at].address, &n->addr) == 0);
		n->tag = (uint8_t)(1 + i);
		n->as = peers[i].as;
		n->internal = n->as == LOCAL_AS;
		n->member = the_model->confed && (n->as == 65002 || n->as == 65003);
		n->link = peers[at].link;
		n->id = 0x0a090000u + peers[i].id;
		n->self[FAMILY_IPV4] = model_address(FAMILY_IPV4, 10 << 16 | n->link, 0, 1);
		n->self[FAMILY_IPV6] = model_address(FAMILY_IPV6, 0, n->link, 1);
	}
}

static struct conf *
read_conf(void)
{
	struct conf *conf;
	struct conf_errors errors = {0};
	char path[64];
	int fd = conf_file(&the_model->conf);

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (conf_load(path, &conf, &errors) != 0)
		fail("the configuration is bad: %s", errors.n > 0 ? errors.v[0].text : "");
	conf_errors_free(&errors);
	close(fd);
	return conf;
}

bool
model_run(struct model *m)
{
	static const struct daemon_options options = {.conf_path = conf_path, .kernel = true};
	struct bgpd d;
	bool started, again;

	the_model = m;
	m->now_ns = 1000000000ull;
	m->confed = m->seed % 2 == 1;
	m->several = m->seed % 3 == 0;
	init_prefixes();
	init_peers();
	conf_init(&m->conf);
	fib_world_new();
	/* Not with a tape: minutes may have to pass until selection begins, and each is much work. */
	for (unsigned f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
		m->adopted[KERNEL_MAIN][f] = !m->taped && rnd(2) == 0 ? 5 : 0;
		m->adopted[KERNEL_FIRST][f] = m->several ? m->adopted[KERNEL_MAIN][f] : 0;
	}
	m->hurried = rnd(3) != 0;
	do {
		m->d = &d;
		started = daemon_start(&d, &options, read_conf());
		again = started && run(&d);
		daemon_free(&d, !started);
		if (again)
			restart_ended();
	} while (again);
	return started;
}
