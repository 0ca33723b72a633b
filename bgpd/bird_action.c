/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bird_action: `enable`, `disable`, `restart` and `reload` of protocols, and `down`.
 *
 * Each says what it did to each protocol. Those that are no neighbours cannot be ended: where one is named
 * that is said, where a pattern fits some they are left out.
 */
#include "bgpd/bird_command.h"
#include "bgpd/bird_protocol.h"
#include "bgpd/bird_reply.h"
#include "bgpd/daemon.h"
#include "bgpd/drain.h"
#include "bgpd/notify.h"
#include "bgpd/peer.h"
#include "bgpd/peer_routes.h"
#include "lib/log.h"
#include "lib/mem.h"

#include <stdlib.h>
#include <string.h>

#define ACTION_STEP 8u /* neighbours: the end of a session takes up to a fifth of a millisecond */

struct action {
	struct bird_client *c;
	void (*act)(struct bird_client *c, struct peer *p);
	struct bird_choice choice;
	struct bird_peer_cursor at;
	uint32_t done;
};

/* ---- what is done to one ---- */

static void
enable(struct bird_client *c, struct peer *p)
{
	if (p->conf->shutdown) {
		bird_line(c, BIRD_ERR_DENIED, "%s: shut down by the configuration", p->name);
		return;
	}
	bool down = p->admin_down;
	drain_cancel(p);
	peer_start(p);
	bird_line(c, down ? BIRD_ENABLED : BIRD_ALREADY_ENABLED, "%s: %s", p->name,
		  down ? "enabled" : "already enabled");
}

static bool
refused_as_down(struct bird_client *c, const struct peer *p)
{
	if (peer_is_down(p))
		bird_line(c, BIRD_ALREADY_DISABLED, "%s: already disabled", p->name);
	return peer_is_down(p);
}

static void
disable(struct bird_client *c, struct peer *p)
{
	if (refused_as_down(c, p))
		return;
	bird_line(c, BIRD_DISABLED, "%s: disabled", p->name);
	peer_stop(p, BGP_CEASE_ADMIN_SHUTDOWN, NULL);
}

static void
restart(struct bird_client *c, struct peer *p)
{
	if (refused_as_down(c, p))
		return;
	bird_line(c, BIRD_RESTARTED, "%s: restarted", p->name);
	peer_reset(p, BGP_ERR_CEASE, BGP_CEASE_ADMIN_RESET, "reset by command");
}

static void
reload(struct bird_client *c, struct peer *p, bool in, bool out)
{
	/* Without a session there is nothing to be said again. */
	if (refused_as_down(c, p) || !peer_established(p))
		return;
	if (in && !p->session.caps.route_refresh) {
		bird_line(c, BIRD_ERR_RELOAD, "%s: reload failed", p->name);
		return;
	}
	bird_line(c, BIRD_RELOADING, "%s: reloading", p->name);
	if (in)
		peer_routes_refresh_in(p);
	if (out)
		peer_routes_refresh_out(p);
}

static void
reload_both(struct bird_client *c, struct peer *p)
{
	reload(c, p, true, true);
}

static void
reload_in(struct bird_client *c, struct peer *p)
{
	reload(c, p, true, false);
}

static void
reload_out(struct bird_client *c, struct peer *p)
{
	reload(c, p, false, true);
}

/* ---- which ones ---- */

static void
action_free(void *state)
{
	struct action *a = state;

	free(a->choice.name);
	free(a);
}

static void
act(void *ctx, struct peer *p)
{
	struct action *a = ctx;

	if (!bird_choice_fits(&a->choice, p->name))
		return;
	a->done++;
	a->act(a->c, p);
}

static bool
action_step(struct bird_client *c, void *state)
{
	struct action *a = state;

	if (!bird_peers_portion(bird_daemon(c), bird_family(c), &a->at, ACTION_STEP, act, a))
		return false;
	if (a->done > 0)
		bird_ok(c);
	else
		bird_end(c, BIRD_ERR_NO_PROTOCOL, "No protocols match");
	return true;
}

static void
act_on_named(struct bird_client *c, const char *name, void (*one)(struct bird_client *c, struct peer *p))
{
	struct peer *p = bird_peer_find(bird_daemon(c), bird_family(c), name);

	for (unsigned i = 0; i < BIRD_PSEUDO_COUNT; i++) {
		if (strcmp(name, bird_pseudo_names[i]) == 0) {
			bird_end(c, BIRD_ERR_DENIED, "%s: is always there", name);
			return;
		}
	}
	if (p == NULL) {
		bird_end(c, BIRD_ERR_SYMBOL, "%s is not a protocol", name);
		return;
	}
	one(c, p);
	bird_ok(c);
}

/* The word at this place says which protocols, and is the last. */
static void
action(struct bird_client *c, const char *what, const struct bird_words *args, unsigned at,
       void (*one)(struct bird_client *c, struct peer *p))
{
	if (args->n != at + 1) {
		bird_syntax(c, args->n > at ? args->v[at + 1] : NULL);
		return;
	}
	log_info("bird-sockets.action", LOG_S("action", what), LOG_S("protocol", args->v[at]));
	bool all = bird_word_is(args, at, "all");
	if (!all && !args->quoted[at]) {
		act_on_named(c, args->v[at], one);
		return;
	}
	struct action *a = xcalloc(1, sizeof(*a));
	*a = (struct action){.c = c, .act = one, .choice = {.pattern = true}};
	if (!all)
		a->choice.name = xstrdup(args->v[at]);
	bird_walk(c, &(struct bird_walk){.step = action_step, .free = action_free, .state = a});
}

void
bird_enable(struct bird_client *c, const struct bird_words *args)
{
	action(c, "enable", args, 0, enable);
}

void
bird_disable(struct bird_client *c, const struct bird_words *args)
{
	action(c, "disable", args, 0, disable);
}

void
bird_restart(struct bird_client *c, const struct bird_words *args)
{
	action(c, "restart", args, 0, restart);
}

void
bird_reload(struct bird_client *c, const struct bird_words *args)
{
	if (bird_word_is(args, 0, "in"))
		action(c, "reload in", args, 1, reload_in);
	else if (bird_word_is(args, 0, "out"))
		action(c, "reload out", args, 1, reload_out);
	else
		action(c, "reload", args, 0, reload_both);
}

void
bird_down(struct bird_client *c, const struct bird_words *args)
{
	if (args->n > 0) {
		bird_syntax(c, args->v[0]);
		return;
	}
	bird_end(c, BIRD_SHUTDOWN, "Shutdown requested");
	log_info("bird-sockets.action", LOG_S("action", "down"));
	daemon_stop_drained(bird_daemon(c));
}
