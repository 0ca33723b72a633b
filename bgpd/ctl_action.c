/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ctl_action: commands that do something: to neighbours, to our own networks, to the log.
 */
#include "bgpd/ctl_command.h"
#include "bgpd/ctl_json.h"
#include "bgpd/ctl_reply.h"
#include "bgpd/daemon.h"
#include "bgpd/notify.h"
#include "bgpd/own.h"
#include "bgpd/peer.h"
#include "bgpd/peer_routes.h"
#include "lib/log.h"
#include "lib/mem.h"

#include <string.h>

static struct peer *
named_peer(struct ctl_client *c, const json_t *args)
{
	return ctl_peer_find(c, ctl_arg_text(args, "neighbor"));
}

void
ctl_neighbor_up(struct ctl_client *c, const json_t *args)
{
	struct peer *p = named_peer(c, args);

	if (p == NULL)
		return;
	if (p->conf->shutdown) {
		ctl_fail(c, CTL_ERR_STATE, "%s is shut down by the configuration", p->name);
		return;
	}
	log_info("control.neighbor-up", LOG_S("neighbor", p->name));
	drain_cancel(p);
	peer_start(p);
	ctl_done(c, NULL);
}

void
ctl_neighbor_down(struct ctl_client *c, const json_t *args)
{
	struct peer *p = named_peer(c, args);
	const char *reason = ctl_arg_text(args, "reason");

	if (p == NULL)
		return;
	if (reason != NULL && strlen(reason) > BGP_SHUTDOWN_TEXT_MAX) {
		ctl_fail(c, CTL_ERR_REQUEST, "a reason has at most %d octets (RFC 9003)",
			 BGP_SHUTDOWN_TEXT_MAX);
		return;
	}
	log_info("control.neighbor-down", LOG_S("neighbor", p->name), LOG_S("reason", reason));
	peer_stop(p, BGP_CEASE_ADMIN_SHUTDOWN, reason);
	ctl_done(c, NULL);
}

void
ctl_neighbor_drain(struct ctl_client *c, const json_t *args)
{
	struct peer *p = named_peer(c, args);

	if (p == NULL)
		return;
	if (!peer_established(p)) {
		ctl_fail(c, CTL_ERR_STATE, "%s is not established", p->name);
		return;
	}
	drain_begin(p, p->d->conf->router.drain.time_s);
	ctl_done(c, json_pack("{s:I}", "seconds", (json_int_t)p->d->conf->router.drain.time_s));
}

void
ctl_neighbor_clear(struct ctl_client *c, const json_t *args)
{
	struct peer *p = named_peer(c, args);

	if (p == NULL)
		return;
	if (p->admin_down || p->conf->shutdown) {
		ctl_fail(c, CTL_ERR_STATE, "%s is shut down", p->name);
		return;
	}
	log_info("control.neighbor-clear", LOG_S("neighbor", p->name));
	peer_reset(p, BGP_ERR_CEASE, BGP_CEASE_ADMIN_RESET, "reset by command");
	ctl_done(c, NULL);
}

void
ctl_neighbor_refresh(struct ctl_client *c, const json_t *args)
{
	struct peer *p = named_peer(c, args);
	const char *direction = ctl_arg_text(args, "direction");

	if (p == NULL)
		return;
	bool in = direction == NULL || strcmp(direction, "in") == 0;
	bool out = direction == NULL || strcmp(direction, "out") == 0;
	if (!in && !out) {
		ctl_fail(c, CTL_ERR_REQUEST, "direction must be in or out, or left out for both");
		return;
	}
	if (!peer_established(p)) {
		ctl_fail(c, CTL_ERR_STATE, "%s is not established", p->name);
		return;
	}
	if (in && direction != NULL && !p->session.caps.route_refresh) {
		ctl_fail(c, CTL_ERR_STATE, "%s does not do route refresh (RFC 2918)", p->name);
		return;
	}
	if (in && p->session.caps.route_refresh)
		peer_routes_refresh_in(p);
	if (out)
		peer_routes_refresh_out(p);
	ctl_done(c, NULL);
}

void
ctl_neighbor_debug(struct ctl_client *c, const json_t *args)
{
	static const struct {
		const char *word;
		enum conf_debug debug;
	} words[] = {
	    {"on", CONF_DEBUG_MESSAGES}, {"off", CONF_DEBUG_OFF}, {"messages", CONF_DEBUG_MESSAGES}, {"hex", CONF_DEBUG_HEX}};
	struct peer *p = named_peer(c, args);
	const char *text = ctl_arg_text(args, "debug");

	if (p == NULL)
		return;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcmp(words[i].word, text) != 0)
			continue;
		p->debug = (uint8_t)words[i].debug;
		log_info("control.neighbor-debug", LOG_S("neighbor", p->name), LOG_S("debug", text));
		ctl_done(c, NULL);
		return;
	}
	ctl_fail(c, CTL_ERR_REQUEST, "'%s' is none of on, off, hex", text);
}

void
ctl_network_add(struct ctl_client *c, const json_t *args)
{
	struct ip_prefix p;

	if (!ctl_arg_prefix(c, args, "prefix", &p))
		return;
	own_network_add(ctl_client_daemon(c), &p);
	ctl_done(c, NULL);
}

void
ctl_network_delete(struct ctl_client *c, const json_t *args)
{
	struct ip_prefix p;
	char buf[IP_PREFIX_STRLEN];

	if (!ctl_arg_prefix(c, args, "prefix", &p))
		return;
	if (own_network_del(ctl_client_daemon(c), &p))
		ctl_done(c, NULL);
	else
		ctl_fail(c, CTL_ERR_NOT_FOUND, "%s was not added by command",
			 ip_prefix_str(&p, buf, sizeof(buf)));
}

void
ctl_log_level(struct ctl_client *c, const json_t *args)
{
	enum log_level level;
	const char *text = ctl_arg_text(args, "level");

	if (!log_level_parse(text, &level)) {
		ctl_fail(c, CTL_ERR_REQUEST, "'%s' is none of error, warn, info, debug", text);
		return;
	}
	log_set_level(level);
	ctl_done(c, json_pack("{s:s}", "level", log_level_name(level)));
}
