/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peer: life, commands and configuration of neighbours. See peer.h.
 */
#include "bgpd/peer.h"

#include "bgpd/daemon.h"
#include "bgpd/dynamic.h"
#include "bgpd/import.h"
#include "bgpd/kernel.h"
#include "bgpd/keys.h"
#include "bgpd/metrics.h"
#include "bgpd/onlink.h"
#include "bgpd/peer_routes.h"
#include "bgpd/sockopt.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/version.h"
#include "rib/export.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool
peer_is_internal(const struct peer *p)
{
	return conf_neighbor_is_internal(p->conf);
}

bool
peer_one_hop(const struct peer *p)
{
	return p->conf->multihop == 1 || p->conf->ttl_security == 1;
}

enum rib_peer_type
peer_type(const struct peer *p)
{
	if (p->session.internal)
		return RIB_PEER_IBGP;
	return p->conf->confederation ? RIB_PEER_CONFED : RIB_PEER_EBGP;
}

uint8_t
peer_role(const struct peer *p)
{
	static const uint8_t roles[] = {[BGP_ROLE_PROVIDER] = EXPORT_ROLE_PROVIDER,
	    [BGP_ROLE_RS_SERVER] = EXPORT_ROLE_RS_SERVER,
	    [BGP_ROLE_RS_CLIENT] = EXPORT_ROLE_RS_CLIENT,
	    [BGP_ROLE_CUSTOMER] = EXPORT_ROLE_CUSTOMER,
	    [BGP_ROLE_PEER] = EXPORT_ROLE_PEER};

	return p->ours.caps.has_role ? roles[p->ours.caps.role] : EXPORT_ROLE_NONE;
}

static uint8_t
conf_families(uint32_t conf_bits)
{
	uint8_t set = 0;

	if (conf_bits & CONF_FAMILY(FAMILY_IPV4))
		set |= OPEN_FAMILY(FAMILY_IPV4);
	if (conf_bits & CONF_FAMILY(FAMILY_IPV6))
		set |= OPEN_FAMILY(FAMILY_IPV6);
	return set;
}

/* Graceful restart for all families; which bits are true is known when the OPEN is sent (restart_caps). */
static void
restart_offer(const struct conf_graceful_restart *gr, struct open_caps *caps)
{
	if (!gr->enabled)
		return;
	caps->gr = true;
	caps->gr_notification = true;
	caps->gr_time_s = (uint16_t)gr->restart_s;
	caps->gr_families = caps->families;
	if (gr->long_lived_s == 0)
		return;
	caps->llgr_families = caps->families;
	for (int f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		caps->llgr_time_s[f] = gr->long_lived_s;
}

static void
hostname_offer(struct open_msg *o)
{
	/* One that does not fit comes without a NUL; the last octet of o->hostname stays one. */
	if (gethostname(o->hostname, sizeof o->hostname - 1) != 0 && errno != ENAMETOOLONG)
		o->hostname[0] = '\0';
}

static uint8_t
add_path_offer(const struct conf_neighbor *nb)
{
	return (uint8_t)((nb->add_path.receive ? ADD_PATH_RECEIVE : 0) |
	    (nb->add_path.send.mode != CONF_ADD_PATH_NONE ? ADD_PATH_SEND : 0));
}

/* The OPEN that this configuration makes us send. */
static struct open_msg
open_of(const struct bgpd *d, const struct conf_neighbor *nb)
{
	struct open_msg o = {.as = nb->local_as, .id = d->router_id, .hold_s = (uint16_t)nb->hold_s};

	o.caps.families = conf_families(nb->families);
	/* RFC 8950: only IPv4 routes may have a next hop of the other family. */
	o.caps.ext_next_hop = (uint8_t)(o.caps.families & OPEN_FAMILY(FAMILY_IPV4));
	o.caps.as4 = true;
	o.caps.route_refresh = true;
	o.caps.enhanced_refresh = true;
	o.caps.extended_message = nb->extended_messages;
	for (int f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		if (o.caps.families & OPEN_FAMILY(f))
			o.caps.add_path[f] = add_path_offer(nb);
	o.caps.has_role = CONF_HAS(nb, CONF_NB_ROLE);
	static const uint8_t roles[] = {
	    [CONF_ROLE_PROVIDER] = BGP_ROLE_PROVIDER,
	    [CONF_ROLE_RS_SERVER] = BGP_ROLE_RS_SERVER,
	    [CONF_ROLE_RS_CLIENT] = BGP_ROLE_RS_CLIENT,
	    [CONF_ROLE_CUSTOMER] = BGP_ROLE_CUSTOMER,
	    [CONF_ROLE_PEER] = BGP_ROLE_PEER,
	};
	if (o.caps.has_role)
		o.caps.role = roles[nb->role];
	restart_offer(&nb->graceful_restart, &o.caps);
	if (nb->send_hostname)
		hostname_offer(&o);
	if (nb->send_software_version)
		strlcpy(o.software, "Godwit " PACKAGE_VERSION, sizeof o.software);
	return o;
}

static struct peer *
make(struct bgpd *d, const struct conf_neighbor *conf, const char *name, const struct ip_addr *addr)
{
	struct peer *p = xcalloc(1, sizeof *p);

	p->d = d;
	p->conf = conf;
	p->number = (uint32_t)(conf - d->conf->neighbors.v) + 1;
	p->serial = ++d->main->peers_made;
	p->name = xstrdup(name);
	p->addr = *addr;
	p->main = &p->conns[0];
	p->second = &p->conns[1];
	for (unsigned i = 0; i < ARRAY_LEN(p->conns); i++)
		p->conns[i].peer = p;
	p->ours = open_of(d, conf);
	p->debug = (uint8_t)conf->debug;
	p->updown_ns = d->loop->turn_start_ns;
	peer_timers_init(p);
	max_out_init(&p->max_out);
	drain_init(p);
	if (!peer_routes_new(p)) {
		log_error("neighbor.add", LOG_S("neighbor", p->name), LOG_S("error", "too many neighbours"),
		    LOG_U("limit", RIB_SOURCE_MAX));
		drain_fini(p);
		peer_timers_fini(p);
		free(p->name);
		free(p);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&d->peers, p, entry);
	peer_table_add(&d->main->peer_table, p);
	return p;
}

struct peer *
peer_new(struct bgpd *d, const struct conf_neighbor *conf)
{
	struct peer *p = make(d, conf, conf->name, &conf->address.addr);

	if (p != NULL)
		onlink_configure(p);
	return p;
}

struct peer *
peer_new_dynamic(struct bgpd *d, struct dynamic_range *range, const char *name, const struct ip_addr *addr)
{
	struct peer *p = make(d, range->conf, name, addr);

	if (p != NULL)
		p->range = range;
	return p;
}

void
peer_free(struct peer *p)
{
	for (unsigned i = 0; i < ARRAY_LEN(p->conns); i++)
		if (p->conns[i].session != NULL)
			session_close(p->conns[i].session, NULL);
	if (p->d->start_next == p)
		p->d->start_next = TAILQ_NEXT(p, entry);
	TAILQ_REMOVE(&p->d->peers, p, entry);
	peer_table_del(&p->d->main->peer_table, p);
	onlink_forget(p);
	max_out_down(p);
	drain_fini(p);
	peer_timers_fini(p);
	peer_gr_fini(p);
	if (!p->removed)
		metrics_neighbor_gone(p->d->main->metrics, p);
	peer_routes_free(p);
	if (p->range != NULL)
		dynamic_left(p->d->main, p->range);
	free(p->name);
	free(p);
}

bool
peer_may_start(struct peer *p)
{
	const char *missing = keys_missing(p->conf), *event = "neighbor.unprotected";

	/* Until then nobody knows our addresses, nor what an earlier run has left; daemon_kernel_synced starts it. */
	if (!p->d->kernel->synced)
		return false;
	if (missing == NULL) {
		missing = instance_missing(p->d);
		event = instance_vrf(p->d) != NULL ? "neighbor.vrf" : "neighbor.table";
	}
	if (missing == NULL)
		return true;
	if (strcmp(p->last_error, missing) != 0)
		log_error(event, LOG_S("neighbor", p->name), LOG_S("error", missing), LOG_S("effect", "it stays down"));
	strlcpy(p->last_error, missing, sizeof p->last_error);
	p->failure = (struct peer_failure){.kind = PEER_FAILURE_UNPROTECTED};
	return false;
}

void
peer_start(struct peer *p)
{
	p->admin_down = false;
	/* A reload may bring neighbours while the daemon ends. */
	if (p->d->main->stopping || p->conf->shutdown || p->removed || p->main->state != FSM_IDLE || !peer_may_start(p))
		return;
	event_del(p->idle_hold);
	peer_event(p->main, FSM_EV_MANUAL_START);
}

/* Ends both connections with this NOTIFICATION. */
static void
end_with(struct peer *p, const struct bgp_error *err, enum fsm_event ev)
{
	struct peer_conn *conns[] = {p->second, p->main};

	for (unsigned i = 0; i < ARRAY_LEN(conns); i++) {
		if (conns[i]->state == FSM_IDLE)
			continue;
		conns[i]->error = *err;
		peer_event(conns[i], ev);
	}
}

void
peer_end(struct peer *p, const struct bgp_error *cease, uint32_t restart_s)
{
	if (restart_s == PEER_STAY_DOWN) {
		p->admin_down = true;
		end_with(p, cease, FSM_EV_MANUAL_STOP);
		event_del(p->idle_hold);
		peer_gr_forget(p);
		drain_cancel(p);
		restart_peers_changed(&p->d->restart);
		return;
	}
	end_with(p, cease, FSM_EV_AUTO_STOP);
	if (p->main->state == FSM_IDLE && !peer_is_down(p) && !event_pending(p->idle_hold, EV_TIMEOUT, NULL))
		event_add(p->idle_hold, &(struct timeval){.tv_sec = (time_t)restart_s});
}

void
peer_stop(struct peer *p, uint8_t cease_subcode, const char *text)
{
	struct bgp_error err = {0};

	notify_shutdown_set(&err, cease_subcode, text);
	peer_end(p, &err, PEER_STAY_DOWN);
}

void
peer_leave(struct peer *p)
{
	p->main->silent = peer_established(p) && p->session.caps.gr;
	peer_stop(p, BGP_CEASE_ADMIN_SHUTDOWN, NULL);
}

void
peer_reset(struct peer *p, uint8_t code, uint8_t subcode, const char *reason)
{
	struct bgp_error err;

	bgp_error_set(&err, code, subcode, reason, NULL, 0);
	peer_end(p, &err, p->conf->idle_hold.initial_s);
}

void
peer_starve(struct peer *p, const char *what)
{
	log_warn("neighbor.starved", LOG_S("neighbor", p->name), LOG_S("what", what),
	    LOG_S("effect", "its session is reset, for want of memory"));
	peer_reset(p, BGP_ERR_CEASE, BGP_CEASE_RESOURCES, "no memory");
}

void
peer_update_error(struct peer *p, const struct bgp_error *err)
{
	p->main->error = *err;
	peer_event(p->main, FSM_EV_UPDATE_ERR);
}

static void
reject_connection(struct peer *p, int fd, const char *why)
{
	log_debug("neighbor.refused", LOG_S("neighbor", p->name), LOG_S("why", why));
	close(fd);
}

/* The connection that an incoming one becomes, or NULL with *why. */
static struct peer_conn *
conn_for(struct peer *p, bool shared, const char **why)
{
	/* One that may turn out to be another's must not be in the way of our own attempts. */
	struct peer_conn *c = shared || p->main->session != NULL ? p->second : p->main;

	if (p->main->state == FSM_IDLE)
		*why = "the neighbour is in Idle";
	else if (c->session != NULL && (c->has_open || c->shared))
		*why = "two connections exist already";
	else
		return c;
	return NULL;
}

static int
set_ttl(const struct peer *p, int fd)
{
	const struct conf_neighbor *nb = p->conf;
	enum family f = (enum family)p->addr.family;

	return nb->ttl_security > 0 ? sockopt_gtsm(fd, f, nb->ttl_security) : sockopt_ttl(fd, f, nb->multihop);
}

void
peer_accept(struct peer *p, int fd, bool shared)
{
	const char *why = NULL;
	struct peer_conn *c = conn_for(p, shared, &why);
	int r = c != NULL ? set_ttl(p, fd) : 0;

	if (c == NULL || r < 0) {
		reject_connection(p, fd, c == NULL ? why : strerror(-r));
		return;
	}
	/* Who dials again has given up what it dialled before: silence there must not keep it out for four minutes. */
	if (c->session != NULL)
		peer_event(c, FSM_EV_COLLISION_DUMP);
	c->session = session_accepted(p->d->sessions, fd, &peer_session_ops, c);
	if (c->session == NULL) {
		log_warn("neighbor.starved", LOG_S("neighbor", p->name), LOG_S("what", "a connection from it"),
		    LOG_S("effect", "it was closed, for want of memory"));
		return;
	}
	c->incoming = true;
	c->accepted_ns = p->d->loop->turn_start_ns;
	c->shared = shared;
	if (c == p->second)
		c->state = FSM_ACTIVE;
	peer_event(c, FSM_EV_TCP_CONFIRMED);
}

/* It waited for the neighbour to connect, without a timer, and may not need to any more. */
static void
dial_if_waiting(struct peer *p)
{
	if (p->main->state == FSM_ACTIVE && !p->conf->passive && peer_can_dial(p) &&
	    !event_pending(p->connect_retry, EV_TIMEOUT, NULL))
		peer_event(p->main, FSM_EV_CONNECT_RETRY_EXPIRES);
}

void
peer_as_refused(struct peer *p)
{
	if (!p->conf->local_as_dual || peer_established(p))
		return;
	p->other_as = !p->other_as;
	p->ours.as = p->other_as ? conf_outside_as(&p->d->conf->router) : p->conf->local_as;
}

void
peer_configure(struct peer *p, const struct conf_neighbor *conf)
{
	if (conf->debug != p->conf->debug)
		p->debug = (uint8_t)conf->debug;
	metrics_neighbor_moves(p->d->main->metrics, p, conf);
	p->conf = conf;
	onlink_check(p);
	p->number = (uint32_t)(conf - p->d->conf->neighbors.v) + 1;
	p->ours = open_of(p->d, conf);
	p->other_as = p->other_as && conf->local_as_dual;
	if (p->other_as)
		p->ours.as = conf_outside_as(&p->d->conf->router);
}

/* Its place in the table depends on the address. */
static void
move_to(struct peer *p, const struct ip_addr *addr)
{
	peer_table_del(&p->d->main->peer_table, p);
	p->addr = *addr;
	peer_table_add(&p->d->main->peer_table, p);
}

void
peer_reconfigure(struct peer *p)
{
	const struct conf_neighbor *conf = p->conf;
	bool fixed = p->range == NULL && conf->interface == NULL && conf->address.scope == NULL;
	bool moves = fixed && !ip_addr_eq(&p->addr, &conf->address.addr);

	if (conf->shutdown) {
		bool was_down = p->admin_down;
		peer_stop(p, BGP_CEASE_ADMIN_SHUTDOWN, NULL);
		p->admin_down = was_down;
	}
	/* It may have begun again since its session ended for the reload, with who is at the address of before. */
	if (moves && peer_state(p) != FSM_IDLE)
		peer_reset(p, BGP_ERR_CEASE, BGP_CEASE_CONFIG_CHANGE, "its address changed");
	if (moves)
		move_to(p, &conf->address.addr);
	onlink_configure(p);
	if (conf->shutdown)
		return;
	/* One that waits in Idle goes on waiting: a reload that does not concern it must not cut that short. */
	if (!p->admin_down && !event_pending(p->idle_hold, EV_TIMEOUT, NULL))
		peer_start(p);
	peer_routes_limit_changed(p);
	dial_if_waiting(p);
}

/* The connection is dead: no NOTIFICATION would arrive. */
static void
lose(struct peer_conn *c)
{
	if (c->session != NULL)
		peer_event(c, FSM_EV_TCP_FAILS);
}

void
peer_address_set(struct peer *p, const struct ip_addr *addr)
{
	lose(p->second);
	lose(p->main);
	move_to(p, addr);
	dial_if_waiting(p);
}

bool
peer_can_dial(const struct peer *p)
{
	return p->addr.family != FAMILY_NONE && (p->onlink == NULL || p->addr.scope_id != 0);
}

void
peer_retire(struct peer *p)
{
	/* Stands in for a configuration that is going to be freed while old paths are still being swept. */
	static const struct conf_neighbor gone = {.name = "", .shutdown = true};

	p->removed = true;
	onlink_forget(p);
	peer_table_del(&p->d->main->peer_table, p);
	peer_stop(p, BGP_CEASE_DECONFIGURED, NULL);
	metrics_neighbor_gone(p->d->main->metrics, p);
	p->conf = &gone;
	p->number = 0;
	peer_routes_retire(p);
}

void
peer_subnets_changed(struct bgpd *d)
{
	struct peer *p;

	TAILQ_FOREACH(p, &d->peers, entry)
	if (peer_established(p) && import_wants_shared_subnet(p))
		peer_routes_reconfigure(p);
}

void
peer_interfaces_changed(struct bgpd *d)
{
	struct peer *p;

	TAILQ_FOREACH(p, &d->peers, entry)
	if (peer_established(p) && import_reads_interface(p))
		peer_routes_reconfigure(p);
}

static bool
same_address(const struct ip_addr *configured, const struct ip_addr *seen)
{
	if (configured->scope_id == 0 || seen->scope_id == 0)
		return configured->family == seen->family && memcmp(configured->bytes, seen->bytes, 16) == 0;
	return ip_addr_eq(configured, seen);
}

static bool
has_ends(const struct peer *p, const struct ip_addr *remote, const struct ip_addr *local)
{
	if (p->onlink != NULL && p->addr.scope_id == 0)
		return false;
	return !p->removed && same_address(&p->addr, remote) &&
	    (p->conf->source.family == FAMILY_NONE || ip_addr_eq(&p->conf->source, local));
}

struct peer *
peer_find_addr(struct bgpd *domain, const struct ip_addr *remote, const struct ip_addr *local, bool *shared)
{
	struct peer *p, *found = NULL;
	const char *why;
	unsigned n = 0;

	for (p = peer_table_by_addr(&domain->main->peer_table, remote); p != NULL; p = p->next_same_addr) {
		if (instance_domain(p->d) != domain || !has_ends(p, remote, local))
			continue;
		n++;
		if (found == NULL || (conn_for(found, true, &why) == NULL && conn_for(p, true, &why) != NULL))
			found = p;
	}
	*shared = n > 1;
	return found;
}

/* 0: c is not its connection; 2: its configuration names the AS, 1: allows it. */
static int
open_fits(const struct peer *p, const struct peer_conn *c)
{
	bool any = p->conf->remote_as.type == CONF_REMOTE_EXTERNAL;

	if (any ? c->theirs.as == p->ours.as : c->theirs.as != p->conf->remote_as.as)
		return 0;
	for (unsigned i = 0; i < ARRAY_LEN(p->conns); i++)
		if (&p->conns[i] != c && p->conns[i].has_open && p->conns[i].theirs.id != c->theirs.id)
			return 0;
	return any ? 1 : 2;
}

/* It is not in Idle, and its second connection is none, or one of which no OPEN has told yet whose it is. */
static bool
can_take(const struct peer *p)
{
	const struct peer_conn *c = p->second;

	return p->main->state != FSM_IDLE && (c->session == NULL || (c->shared && !c->has_open));
}

struct peer *
peer_of_open(struct peer_conn *c)
{
	struct ip_addr remote, local;
	uint16_t rport, lport;
	struct peer *p, *best = c->peer;
	int best_fits = open_fits(c->peer, c);
	bool taken = true;

	if (sockopt_ends(session_fd(c->session), &local, &lport, &remote, &rport) < 0)
		return best;
	for (p = peer_table_by_addr(&c->peer->d->main->peer_table, &remote); p != NULL; p = p->next_same_addr) {
		bool other = p != c->peer && instance_domain(p->d) == instance_domain(c->peer->d);
		int fits = other && has_ends(p, &remote, &local) ? open_fits(p, c) : 0;
		if (fits < best_fits || fits == 0 || (fits == best_fits && (taken || !can_take(p))))
			continue;
		best = p;
		best_fits = fits;
		taken = can_take(p);
	}
	if (best == c->peer)
		return best;
	return taken && set_ttl(best, session_fd(c->session)) == 0 ? best : NULL;
}

enum fsm_state
peer_state(const struct peer *p)
{
	return (enum fsm_state)(p->second->state > p->main->state ? p->second->state : p->main->state);
}

void
peer_stats_get(const struct peer *p, struct peer_stats *out)
{
	*out = p->stats;
	for (unsigned c = 0; c < ARRAY_LEN(p->conns); c++) {
		if (p->conns[c].session == NULL)
			continue;
		const struct session_stats *st = session_stats_get(p->conns[c].session);
		for (int i = 0; i < BGP_MSG_TYPES; i++) {
			out->in[i] += st->messages_in[i];
			out->out[i] += st->messages_out[i];
		}
		out->octets_in += st->octets_in;
		out->octets_out += st->octets_out;
	}
}

void
peer_unsent(struct peer *p, int err)
{
	if (err == -ENOMEM)
		peer_starve(p, "small messages to it");
	else
		peer_reset(p, BGP_ERR_CEASE, BGP_CEASE_RESOURCES, "the neighbour does not read");
}

void
peer_send(struct peer *p, const uint8_t *msg, size_t len)
{
	if (!peer_established(p) || p->main->session == NULL)
		return;
	int r = session_send(p->main->session, msg, len);
	if (r < 0)
		peer_unsent(p, r);
	else if (p->debug != CONF_DEBUG_OFF)
		msg_log_sent(p, msg, len);
}
