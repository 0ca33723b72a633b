/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bird_show_protocols: `show protocols`, with `all` in detail.
 */
#include "bgpd/bird_command.h"
#include "bgpd/bird_details.h"
#include "bgpd/bird_protocol.h"
#include "bgpd/bird_reply.h"
#include "bgpd/daemon.h"
#include "bgpd/peer.h"
#include "lib/mem.h"

#include <stdlib.h>

struct protocols_show {
	struct bird_client *c;
	bool all; /* in detail */
	struct bird_choice choice;
	unsigned pseudo; /* the next of them */
	struct bird_peer_cursor at;
	uint32_t shown;
};

static void
show_free(void *state)
{
	struct protocols_show *st = state;

	free(st->choice.name);
	free(st);
}

/* Takes the text. */
static void
show_row(struct protocols_show *st, struct str *row)
{
	if (st->shown++ == 0)
		bird_line(st->c, BIRD_PROTOCOL_HEADING, "name     proto    table    state  since       info");
	bird_line(st->c, BIRD_PROTOCOL, "%s", str_get(row));
	str_free(row);
}

static void
show_peer(void *ctx, struct peer *p)
{
	struct protocols_show *st = ctx;
	struct str row = {0};

	if (!bird_choice_fits(&st->choice, p->name))
		return;
	bird_peer_row(p, &row);
	show_row(st, &row);
	if (st->all)
		bird_peer_details(st->c, p);
}

static void
show_pseudo(struct protocols_show *st, enum bird_pseudo which)
{
	struct str row = {0};

	if (!bird_choice_fits(&st->choice, bird_pseudo_names[which]))
		return;
	bird_pseudo_row(bird_daemon(st->c), which, &row);
	show_row(st, &row);
	if (st->all)
		bird_pseudo_details(st->c, which);
}

static bool
show_end(struct protocols_show *st)
{
	if (st->shown > 0)
		bird_ok(st->c);
	else
		bird_end(st->c, BIRD_ERR_NO_PROTOCOL, "No protocols match");
	return true;
}

static bool
show_step(struct bird_client *c, void *state)
{
	struct protocols_show *st = state;
	const struct bgpd *d = bird_daemon(c);

	while (st->pseudo < BIRD_PSEUDO_COUNT)
		show_pseudo(st, (enum bird_pseudo)st->pseudo++);
	if (st->choice.pattern) {
		if (!bird_peers_portion(d, bird_family(c), &st->at, BIRD_STEP, show_peer, st))
			return false;
	} else {
		struct peer *p = bird_peer_find(d, bird_family(c), st->choice.name);
		if (p != NULL)
			show_peer(st, p);
	}
	return show_end(st);
}

void
bird_show_protocols(struct bird_client *c, const struct bird_words *args)
{
	bool all = bird_word_is(args, 0, "all");
	unsigned at = all ? 1 : 0;

	if (args->n > at + 1) {
		bird_syntax(c, args->v[at + 1]);
		return;
	}
	struct protocols_show *st = xcalloc(1, sizeof(*st));
	st->c = c;
	st->all = all;
	st->choice.pattern = args->n == at || args->quoted[at];
	if (args->n > at)
		st->choice.name = xstrdup(args->v[at]);
	bird_walk(c, &(struct bird_walk){.step = show_step, .free = show_free, .state = st});
}
