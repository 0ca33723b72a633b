/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ctl_show_neighbor: `show neighbor` and `show summary`, one row a neighbour.
 *
 * The walk goes by position in the list, which only a reload changes: a row may
 * then be missing or there twice, nothing worse.
 */
#include "bgpd/ctl_command.h"
#include "bgpd/ctl_json.h"
#include "bgpd/ctl_reply.h"
#include "bgpd/daemon.h"
#include "bgpd/peer.h"
#include "bgpd/peer_routes.h"
#include "bgpd/reload.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "lib/version.h"
#include "rib/rib.h"

#include <stdlib.h>

static json_t *
families_json(uint8_t set)
{
	json_t *list = json_array();

	for (int f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		if ((set & OPEN_FAMILY(f)) != 0)
			json_array_append_new(list, json_string(family_name((enum family)f)));
	return list;
}

/* RFC 9494: seconds by family; null: not offered. */
static json_t *
long_lived_json(const struct open_caps *caps)
{
	json_t *o;

	if (caps->llgr_families == 0)
		return json_null();
	o = json_object();
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		if (caps->llgr_families & OPEN_FAMILY(f))
			json_object_set_new(o, family_name(f),
					    json_pack("{s:I,s:b}", "time_s", (json_int_t)caps->llgr_time_s[f], "forwarding",
						      (caps->llgr_forwarding & OPEN_FAMILY(f)) != 0));
	return o;
}

static json_t *
restart_json(const struct open_caps *caps)
{
	if (!caps->gr)
		return json_null();
	json_t *o = json_pack("{s:i,s:b,s:b,s:o,s:o}", "time_s", (int)caps->gr_time_s, "restarting",
			      (int)caps->gr_restarting, "notification", (int)caps->gr_notification, "families",
			      families_json(caps->gr_families), "forwarding", families_json(caps->gr_forwarding));
	json_object_set_new(o, "long_lived", long_lived_json(caps));
	return o;
}

/* What becomes of the neighbour's routes in its restart: by family, and null where nothing of it is kept. */
static json_t *
restart_state_json(const struct peer *p)
{
	json_t *o = json_object();

	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
		uint64_t now = p->d->loop->turn_start_ns, due = p->gr.fam[f].due_ns;
		if (!peer_gr_keeps(p, f))
			continue;
		json_object_set_new(o, family_name(f),
				    json_pack("{s:s,s:I}", "state", gr_state_name((enum gr_state)p->gr.fam[f].state),
					      "timer_s", (json_int_t)(due > now ? (due - now) / 1000000000u : 0)));
	}
	if (json_object_size(o) > 0)
		return o;
	json_decref(o);
	return json_null();
}

static json_t *
add_path_json(const struct open_caps *caps)
{
	static const char *const modes[] = {
	    [ADD_PATH_RECEIVE] = "receive", [ADD_PATH_SEND] = "send", [ADD_PATH_BOTH] = "both"};
	json_t *o = json_object();

	for (int f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		if (caps->add_path[f] != 0 && caps->add_path[f] < ARRAY_LEN(modes))
			json_object_set_new(o, family_name((enum family)f),
					    json_string(modes[caps->add_path[f]]));
	return o;
}

static json_t *
caps_json(const struct open_caps *caps)
{
	if (caps == NULL)
		return json_null();
	return json_pack("{s:o,s:b,s:b,s:b,s:b,s:o,s:o,s:s?,s:o}", "multiprotocol",
			 families_json(caps->families), "route_refresh", (int)caps->route_refresh,
			 "enhanced_route_refresh", (int)caps->enhanced_refresh, "as4", (int)caps->as4,
			 "extended_message", (int)caps->extended_message, "graceful_restart",
			 restart_json(caps), "add_path", add_path_json(caps), "role",
			 caps->has_role ? role_name(caps->role) : NULL, "extended_next_hop",
			 families_json(caps->ext_next_hop));
}

static json_t *
messages_json(const uint64_t *n)
{
	return json_pack("{s:I,s:I,s:I,s:I,s:I}", "open", (json_int_t)n[BGP_MSG_OPEN], "update",
			 (json_int_t)n[BGP_MSG_UPDATE], "keepalive", (json_int_t)n[BGP_MSG_KEEPALIVE],
			 "notification", (json_int_t)n[BGP_MSG_NOTIFICATION], "route_refresh",
			 (json_int_t)n[BGP_MSG_REFRESH]);
}

static json_t *
stats_json(const struct peer *p)
{
	struct peer_route_counts sum = {0};
	struct peer_stats st;

	for (int f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
		struct peer_route_counts n = {0};
		peer_routes_counts(p, (enum family)f, &n);
		sum.received += n.received;
		sum.accepted += n.accepted;
		sum.sent += n.sent;
	}
	peer_stats_get(p, &st);
	return json_pack("{s:I,s:{s:I,s:I,s:I},s:{s:o,s:o}}", "established", (json_int_t)st.established, "prefixes", "received", (json_int_t)sum.received,
			 "accepted", (json_int_t)sum.accepted, "sent", (json_int_t)sum.sent, "message",
			 "received", messages_json(st.in), "sent", messages_json(st.out));
}

/* max-prefix-out: null without; which families are at the limit, and how many prefixes of each are held back with block. */
static json_t *
max_out_json(const struct peer *p)
{
	static const char *const actions[] = {[CONF_MAX_WARN] = "warn",
					      [CONF_MAX_BLOCK] = "block",
					      [CONF_MAX_RESTART] = "restart",
					      [CONF_MAX_SHUTDOWN] = "shutdown"};
	const struct conf_max_prefix *m = &p->conf->max_prefix_out;
	json_t *reached = json_array(), *held = json_object();

	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
		struct peer_route_counts n = {0};
		peer_routes_counts(p, f, &n);
		if (n.sent >= m->limit || n.held > 0)
			json_array_append_new(reached, json_string(family_name(f)));
		if (n.held > 0)
			json_object_set_new(held, family_name(f), json_integer(n.held));
	}
	return json_pack("{s:I,s:s,s:o,s:o}", "limit", (json_int_t)m->limit, "action", actions[m->action], "reached",
			 reached, "held_back", held);
}

/* The names of the policies; the word of what happens where there is no list, or an empty one. */
static json_t *
policy_json(const struct peer *p, const struct conf_ref *v, uint32_t n)
{
	struct str text = {0};

	if (v == NULL)
		return json_string(conf_neighbor_is_inside(p->conf) ? "accept" : "none (RFC 8212)");
	for (uint32_t i = 0; i < n; i++)
		str_addf(&text, "%s%s", i > 0 ? ", " : "", v[i].name);
	json_t *o = ctl_json_text(n > 0 ? str_get(&text) : "reject");
	str_free(&text);
	return o;
}

static const char *const debug_names[] = {
    [CONF_DEBUG_OFF] = "off", [CONF_DEBUG_MESSAGES] = "messages", [CONF_DEBUG_HEX] = "hex"};

static json_t *
neighbor_json(const struct bgpd *d, const struct peer *p)
{
	bool up = peer_established(p);
	/* Some of it is true of one OPEN only. */
	const struct open_caps *advertised =
	    p->main->state >= FSM_OPENSENT ? &p->main->sent.caps : &p->ours.caps;
	const struct open_msg *theirs = p->main->has_open ? &p->main->theirs : NULL;
	uint64_t now = d->loop->turn_start_ns;
	json_t *o = json_object();
	uint32_t remote_as =
	    p->conf->remote_as.as != 0 || theirs == NULL ? p->conf->remote_as.as : theirs->as;

	json_object_set_new(o, "name", ctl_json_text(p->name));
	json_object_set_new(o, "range", ctl_json_text(p->range != NULL ? p->conf->name : NULL));
	json_object_set_new(o, "table", ctl_json_table(p->d));
	json_object_set_new(o, "vrf", ctl_json_vrf(p->d));
	json_object_set_new(o, "remote_addr", ctl_json_addr(&p->addr));
	json_object_set_new(o, "remote_as", remote_as != 0 ? json_integer(remote_as) : json_null());
	json_object_set_new(o, "local_as", json_integer(p->ours.as));
	json_object_set_new(o, "description", ctl_json_text(p->conf->description));
	json_object_set_new(o, "hostname",
			    ctl_json_text(theirs != NULL && theirs->hostname[0] != '\0' ? theirs->hostname : NULL));
	json_object_set_new(o, "software",
			    ctl_json_text(theirs != NULL && theirs->software[0] != '\0' ? theirs->software : NULL));
	json_object_set_new(o, "bgpid", ctl_json_id(theirs != NULL ? theirs->id : 0));
	json_object_set_new(o, "state", json_string(fsm_state_name(peer_state(p))));
	json_object_set_new(o, "admin_down", json_boolean(p->admin_down || p->conf->shutdown));
	json_object_set_new(o, "last_updown_s",
			    p->updown_ns != 0 && now >= p->updown_ns
				? json_integer((json_int_t)((now - p->updown_ns) / 1000000000u))
				: json_null());
	json_object_set_new(o, "last_error", ctl_json_text(p->last_error[0] != '\0' ? p->last_error : NULL));
	json_object_set_new(o, "debug", json_string(debug_names[p->debug]));
	json_object_set_new(o, "hold_time_s", json_integer(up ? p->session.hold_s : p->conf->hold_s));
	json_object_set_new(o, "keepalive_s",
			    json_integer(up ? p->session.keepalive_s : p->conf->keepalive_s));
	json_object_set_new(o, "capabilities",
			    json_pack("{s:o,s:o,s:o}", "advertised", caps_json(advertised), "received",
				      caps_json(theirs != NULL ? &theirs->caps : NULL), "negotiated",
				      caps_json(up ? &p->session.caps : NULL)));
	json_object_set_new(o, "graceful_restart", restart_state_json(p));
	json_object_set_new(o, "import_policy", policy_json(p, p->conf->import.v, p->conf->import.n));
	json_object_set_new(o, "export_policy", policy_json(p, p->conf->export.v, p->conf->export.n));
	json_object_set_new(o, "max_prefix_out",
			    CONF_HAS(p->conf, CONF_NB_MAX_PREFIX_OUT) ? max_out_json(p) : json_null());
	json_object_set_new(o, "memory", memory_peer_json(p));
	json_object_set_new(o, "stats", stats_json(p));
	return o;
}

struct neighbor_show {
	uint32_t at; /* position in the list */
};

static bool
neighbor_step(struct ctl_client *c, void *state)
{
	struct neighbor_show *st = state;
	const struct bgpd *d = ctl_client_daemon(c);
	const struct peer *p;
	uint32_t i = 0;

	for (; d != NULL; d = instance_next(d)) {
		TAILQ_FOREACH(p, &d->peers, entry)
		{
			if (i++ < st->at)
				continue;
			ctl_row(c, neighbor_json(d, p));
			if (++st->at % CTL_STEP == 0)
				return false;
		}
	}
	return true;
}

static void
all_neighbors(struct ctl_client *c, json_t *head)
{
	struct ctl_walk walk = {.rows = "neighbors", .step = neighbor_step, .free = free};

	walk.state = xcalloc(1, sizeof(struct neighbor_show));
	ctl_stream(c, head, &walk);
}

/* Prefixes that neighbours may come from, with how many have come. */
static json_t *
ranges_json(const struct bgpd *d)
{
	json_t *list = json_array();
	const struct dynamic_range *r;

	TAILQ_FOREACH(r, &d->ranges, entry)
	if (r->conf != NULL)
		json_array_append_new(list,
				      json_pack("{s:o,s:o,s:I,s:I}", "name", ctl_json_text(r->conf->name),
						"prefix", ctl_json_prefix(&r->conf->prefix), "neighbors",
						(json_int_t)r->peers, "max_neighbors",
						(json_int_t)r->conf->max_neighbors));
	return list;
}

void
ctl_show_neighbor(struct ctl_client *c, const json_t *args)
{
	const char *text = ctl_arg_text(args, "neighbor");

	if (text == NULL) {
		all_neighbors(c, json_pack("{s:o}", "ranges", ranges_json(ctl_client_daemon(c))));
		return;
	}
	const struct peer *p = ctl_peer_find(c, text);
	if (p != NULL)
		ctl_done(c, json_pack("{s:[o]}", "neighbors", neighbor_json(ctl_client_daemon(c), p)));
}

/* Prefixes and paths of all tables. */
static void
rib_sum(const struct bgpd *d, struct rib_stats *sum)
{
	struct rib_stats st;

	*sum = (struct rib_stats){0};
	for (; d != NULL; d = instance_next(d)) {
		rib_stats(d->rib, &st);
		for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
			sum->prefixes[f] += st.prefixes[f];
			sum->paths[f] += st.paths[f];
		}
	}
}

void
ctl_show_summary(struct ctl_client *c, const json_t *args)
{
	const struct bgpd *d = ctl_client_daemon(c);
	struct rib_stats st;
	uint32_t left_s;

	(void)args;
	rib_sum(d, &st);
	json_t *rollback = reload_on_trial(d->reload, &left_s) ? json_integer(left_s) : json_null();
	json_t *router = json_pack("{s:I,s:o,s:I,s:s,s:o}", "as", (json_int_t)d->conf->router.as, "id",
				   ctl_json_id(d->router_id), "uptime_s",
				   (json_int_t)((d->loop->turn_start_ns - d->start_ns) / 1000000000u),
				   "version", PACKAGE_VERSION, "rollback_in_s", rollback);
	json_t *rib = json_pack(
	    "{s:I,s:I,s:I,s:I,s:I}", "ipv4_prefixes", (json_int_t)st.prefixes[FAMILY_IPV4], "ipv4_paths",
	    (json_int_t)st.paths[FAMILY_IPV4], "ipv6_prefixes", (json_int_t)st.prefixes[FAMILY_IPV6],
	    "ipv6_paths", (json_int_t)st.paths[FAMILY_IPV6], "memory_bytes", (json_int_t)mem_resident(NULL));
	all_neighbors(c, json_pack("{s:o,s:o,s:o}", "router", router, "rib", rib, "memory_limit", memory_json(&d->memory)));
}
