/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bird_protocol: see bird_protocol.h.
 */
#include "bgpd/bird_protocol.h"

#include "bgpd/bird_time.h"
#include "bgpd/daemon.h"
#include "bgpd/kernel.h"
#include "bgpd/notify.h"
#include "bgpd/peer.h"
#include "bgpd/peer_routes.h"
#include "lib/mem.h"

#include <string.h>

const char *const bird_pseudo_names[BIRD_PSEUDO_COUNT] = {[BIRD_STATIC] = "static1",
							  [BIRD_KERNEL] = "kernel1",
							  [BIRD_DEVICE] = "device1",
							  [BIRD_DIRECT] = "direct1"};
static const char *const pseudo_kinds[BIRD_PSEUDO_COUNT] = {
    [BIRD_STATIC] = "Static", [BIRD_KERNEL] = "Kernel", [BIRD_DEVICE] = "Device", [BIRD_DIRECT] = "Direct"};

enum bird_pseudo
bird_pseudo_of_source(enum rib_source_kind kind)
{
	static const enum bird_pseudo of[RIB_SOURCE_KIND_COUNT] = {
	    [RIB_SOURCE_BGP] = BIRD_PSEUDO_COUNT, [RIB_SOURCE_NETWORK] = BIRD_STATIC,
	    [RIB_SOURCE_STATIC] = BIRD_STATIC,    [RIB_SOURCE_CONNECTED] = BIRD_DIRECT,
	    [RIB_SOURCE_KERNEL] = BIRD_KERNEL,    [RIB_SOURCE_AGGREGATE] = BIRD_STATIC,
	};

	return of[kind];
}

static void
count_source(const struct rib_source *s, enum family f, struct bird_route_counts *out)
{
	out->imported += s->accepted[f];
	out->preferred += s->best[f].count;
	out->filtered += s->received[f] - s->accepted[f];
}

void
bird_pseudo_counts(const struct bgpd *d, enum bird_pseudo which, enum family f, struct bird_route_counts *out)
{
	*out = (struct bird_route_counts){0};
	for (unsigned i = 0; i < ORIGINATE_COUNT; i++) {
		const struct rib_source *s = d->originate.source[i];
		if (bird_pseudo_of_source((enum rib_source_kind)s->kind) == which)
			count_source(s, f, out);
	}
	if (which == BIRD_KERNEL)
		out->exported = fib_wanted_count(d->kernel->fib, f);
}

void
bird_peer_counts(const struct peer *p, enum family f, struct bird_route_counts *out)
{
	struct peer_route_counts n = {0};

	*out = (struct bird_route_counts){0};
	count_source(peer_routes_source(p), f, out);
	peer_routes_counts(p, f, &n);
	out->exported = n.sent;
}

bool
bird_choice_fits(const struct bird_choice *ch, const char *name)
{
	if (ch->name == NULL)
		return ch->pattern;
	return ch->pattern ? str_glob(ch->name, name) : strcmp(ch->name, name) == 0;
}

struct peer *
bird_peer_find(const struct bgpd *d, enum family f, const char *name)
{
	struct peer *p = peer_table_by_name(&d->main->peer_table, name);

	return p != NULL && peer_family(p) == f ? p : NULL;
}

/* ---- rows ---- */

#define ROW "%-8s %-8s %-8s %-5s  %-10s  "

static const char *
since(const struct bgpd *d, uint64_t ns, char *buf)
{
	uint64_t now = d->main->loop->turn_start_ns;

	return bird_time_short(now > ns ? (now - ns) / 1000000000u : 0, buf);
}

void
bird_pseudo_row(const struct bgpd *d, enum bird_pseudo which, struct str *out)
{
	char when[BIRD_TIME_STRLEN];

	str_addf(out, ROW, bird_pseudo_names[which], pseudo_kinds[which], "master", "up",
		 since(d, d->start_ns, when));
}

bool
bird_peer_is_down(const struct peer *p)
{
	return peer_is_down(p) && peer_state(p) == FSM_IDLE;
}

const char *
bird_bgp_state(const struct peer *p)
{
	enum fsm_state state = peer_state(p);

	/* Neither a connection nor an attempt at one: it waits for the neighbour's. */
	if (state == FSM_ACTIVE && p->conf->passive && p->main->session == NULL && p->second->session == NULL)
		return "Passive";
	if (bird_peer_is_down(p))
		return "Down";
	return fsm_state_name(state);
}

const char *
bird_peer_state(const struct peer *p)
{
	if (peer_established(p))
		return restart_deferring(&p->d->restart) ? "wait" : "up";
	return bird_peer_is_down(p) ? "down" : "start";
}

/* Which error a NOTIFICATION tells of. */
static const char *
notification_text(const struct peer_failure *f)
{
	return f->subcode != 0 ? notify_subcode_name(f->code, f->subcode) : notify_code_name(f->code);
}

static bool
is_route_limit(const struct peer_failure *f)
{
	return f->kind == PEER_FAILURE_SENT && f->code == BGP_ERR_CEASE && f->subcode == BGP_CEASE_MAX_PREFIX;
}

void
bird_peer_error(const struct peer *p, struct str *out)
{
	const struct peer_failure *f = &p->failure;

	/*
	 * What was before is not why it is shut down, and probes take a text for the state of a session; that of one
	 * that stands is of another connection.
	 */
	if (peer_established(p) || (bird_peer_is_down(p) && !is_route_limit(f)))
		return;
	switch ((enum peer_failure_kind)f->kind) {
	case PEER_FAILURE_NONE:
		break;
	case PEER_FAILURE_SOCKET:
		str_addf(out, "Socket: %s", strerror(f->error));
		break;
	case PEER_FAILURE_CLOSED:
		str_add(out, "Socket: Connection closed");
		break;
	case PEER_FAILURE_SENT:
		if (is_route_limit(f))
			str_add(out, "Automatic shutdown: Route limit exceeded");
		else if (f->code != BGP_ERR_CEASE) /* else it was nobody's error */
			str_addf(out, "BGP Error: %s", notification_text(f));
		break;
	case PEER_FAILURE_RECEIVED:
		str_addf(out, "Received: %s", notification_text(f));
		break;
	case PEER_FAILURE_UNPROTECTED:
		str_add(out, "Error: Kernel MD5 auth failed");
		break;
	}
}

void
bird_peer_row(const struct peer *p, struct str *out)
{
	char when[BIRD_TIME_STRLEN], table[24] = "master";

	if (instance_table(p->d) != 0)
		snprintf(table, sizeof(table), "T%u", instance_table(p->d));
	str_addf(out, ROW, p->name, "BGP", table, bird_peer_state(p), since(p->d, p->updown_ns, when));
	if (!bird_peer_is_down(p))
		str_addf(out, "%-14s", bird_bgp_state(p));
	bird_peer_error(p, out);
}

/* ---- one after the other ---- */

bool
bird_peers_portion(const struct bgpd *d, enum family f, struct bird_peer_cursor *at, unsigned max,
		   void (*fn)(void *ctx, struct peer *p), void *ctx)
{
	struct peer *p, *next;
	unsigned n = 0;

	for (; d != NULL; d = instance_next(d)) {
		if (instance_table(d) < at->table)
			continue;
		if (instance_table(d) > at->table)
			*at = (struct bird_peer_cursor){.table = instance_table(d)};
		for (p = TAILQ_FIRST(&d->peers); p != NULL; p = next) {
			next = TAILQ_NEXT(p, entry);
			if (p->serial <= at->last)
				continue;
			if (n++ == max)
				return false;
			at->last = p->serial;
			if (!p->removed && peer_family(p) == f)
				fn(ctx, p);
		}
	}
	return true;
}
