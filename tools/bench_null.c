/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_null: the null forwarder of the benchmark.
 *
 * Started by bgpbench-peer in its null mode, in the place of the daemon. Messages
 * are framed and copied once into a ring of pieces, whole messages each; every
 * neighbour that is told is a cursor in it. The heard ones are not read while the
 * slowest cursor is a ring behind, so memory is bounded and back-pressure goes into
 * TCP.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/loop.h"
#include "lib/mem.h"
#include "tools/bench_null.h"
#include "tools/bench_peers.h"
#include "tools/bench_words.h"

#define PIECE_SIZE (512u * 1024)
#define PIECES     16u
#define CHANNELS   2

/* Pieces that must be free for another round of reads. */
#define ROOM_MIN 3u

struct piece {
	uint8_t *data;
	size_t len;
};

struct channel {
	struct piece pieces[PIECES];
	uint64_t filling; /* number of the piece that fills; modulo PIECES in the ring */
};

struct told {
	struct bench_peer *peer;
	struct channel *channel;
	uint64_t piece;
	size_t offset; /* handed to the session so far */
	struct bench_stream lent;
};

struct heard {
	struct bench_peer *peer;
	struct channel *channel;
};

struct forwarder {
	struct bench_peers peers;
	struct channel channels[CHANNELS];
	struct told *told;
	struct heard *heard;
	uint32_t told_count, heard_count;
};

static void
forward(void *ctx, const uint8_t *msg, size_t len, uint64_t at_ns)
{
	struct channel *c = ctx;
	struct piece *p = &c->pieces[c->filling % PIECES];

	(void)at_ns;
	if (p->len + len > PIECE_SIZE) {
		c->filling++;
		p = &c->pieces[c->filling % PIECES];
		p->len = 0;
	}
	memcpy(p->data + p->len, msg, len);
	p->len += len;
}

/* Parsing alone: the attributes and each prefix are walked over. */
static void
mute(void *ctx, const uint8_t *msg, size_t len, uint64_t at_ns)
{
	struct rbuf r = rbuf_of(msg + BENCH_HEADER_LEN, len - BENCH_HEADER_LEN);

	(void)ctx;
	(void)at_ns;
	rbuf_bytes(&r, rbuf_u16(&r));
	rbuf_bytes(&r, rbuf_u16(&r));
	while (rbuf_left(&r) > 0 && !r.err)
		rbuf_bytes(&r, (rbuf_u8(&r) + 7u) / 8);
}

/* Moves a cursor to the next octets that are to be handed over; false: there are none yet. */
static bool
told_advance(struct told *t)
{
	const struct channel *c = t->channel;

	if (t->offset == c->pieces[t->piece % PIECES].len && t->piece < c->filling) {
		t->piece++;
		t->offset = 0;
	}
	return t->offset < c->pieces[t->piece % PIECES].len;
}

/*
 * Hands pieces, as far as they are filled, to a neighbour that has sent all it had;
 * again, when they could be written at once. What was said before it came up is still
 * in the ring: a cursor that waits holds the others up.
 */
static void
told_feed(struct forwarder *f, struct told *t)
{
	while (bench_peer_is_idle(t->peer) && t->peer->queue == NULL && told_advance(t)) {
		const struct piece *p = &t->channel->pieces[t->piece % PIECES];

		t->lent = (struct bench_stream){.data = p->data + t->offset, .len = p->len - t->offset};
		t->offset = p->len;
		t->peer->queue = &t->lent;
		bench_peer_kick(&f->peers, t->peer);
	}
}

/* Whether a channel takes more: its slowest cursor decides, which also has to have its last piece written. */
static bool
has_room(const struct forwarder *f, const struct channel *c)
{
	for (uint32_t i = 0; i < f->told_count; i++)
		if (f->told[i].channel == c && c->filling - f->told[i].piece >= PIECES - ROOM_MIN)
			return false;
	return true;
}

static void
reading_adjust(struct forwarder *f)
{
	bool room[CHANNELS];

	for (int c = 0; c < CHANNELS; c++)
		room[c] = has_room(f, &f->channels[c]);
	for (uint32_t i = 0; i < f->heard_count; i++)
		bench_peer_pause(&f->peers, f->heard[i].peer, !room[f->heard[i].channel - f->channels]);
}

static bool
line_take(struct forwarder *f, const struct bench_words *w, const char *verb, uint32_t as)
{
	struct ip_addr remote = {0}, local = bench_words_addr(w, "local");
	uint32_t count = bench_words_u32(w, "count", 1), channel = bench_words_u32(w, "channel", 0);
	bool told = strcmp(verb, "tell") == 0, heard = strcmp(verb, "hear") == 0;
	struct bench_self self = {
	    .family = bench_words_u32(w, "family", 4) == 6 ? FAMILY_IPV6 : FAMILY_IPV4,
	    .as = as,
	    .router_id = 1,
	    .hold_s = 90,
	};

	if (channel >= CHANNELS || w->count == 0 || ip_addr_parse(w->key[0], &remote) != 0)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		struct ip_addr to = remote;
		uint8_t *last = to.bytes + family_octets(to.family) - 4;

		be32_put(last, be32_get(last) + i);
		struct bench_peer *p = bench_peers_add(&f->peers, &local, &to, &self);
		p->session.on_update = heard ? forward : mute;
		p->session.ctx = &f->channels[channel];
		if (bench_words_has(w, "dial"))
			bench_peer_dial(&f->peers, p);
		if (told) {
			f->told = xreallocarray(f->told, f->told_count + 1, sizeof(*f->told));
			f->told[f->told_count++] = (struct told){.peer = p, .channel = &f->channels[channel]};
		}
		if (heard) {
			f->heard = xreallocarray(f->heard, f->heard_count + 1, sizeof(*f->heard));
			f->heard[f->heard_count++] = (struct heard){.peer = p, .channel = &f->channels[channel]};
		}
	}
	return true;
}

static bool
configuration_read(struct forwarder *f, const char *path, uint32_t as)
{
	FILE *file = fopen(path, "re");
	char line[512];
	bool ok = file != NULL;

	while (ok && fgets(line, sizeof(line), file)) {
		struct bench_words w;

		if (bench_words_parse(&w, line))
			ok = line_take(f, &w, w.verb, as);
	}
	if (file)
		fclose(file);
	return ok;
}

static void
channels_make(struct forwarder *f)
{
	for (int c = 0; c < CHANNELS; c++)
		for (unsigned i = 0; i < PIECES; i++)
			f->channels[c].pieces[i].data = xmalloc(PIECE_SIZE);
}

static void
forwarder_free(struct forwarder *f)
{
	bench_peers_fini(&f->peers);
	for (int c = 0; c < CHANNELS; c++)
		for (unsigned i = 0; i < PIECES; i++)
			free(f->channels[c].pieces[i].data);
	free(f->told);
	free(f->heard);
	free(f);
}

static int
forward_turns(struct forwarder *f)
{
	int rc;

	while ((rc = bench_peers_turn(&f->peers, 500)) == 0) {
		for (uint32_t i = 0; i < f->told_count; i++)
			told_feed(f, &f->told[i]);
		reading_adjust(f);
	}
	return rc;
}

int
bench_null_run(uint16_t port, uint32_t as, const char *path)
{
	struct forwarder *f = xcalloc(1, sizeof(*f));
	int rc = bench_peers_init(&f->peers, port);

	channels_make(f);
	if (rc == 0 && !configuration_read(f, path, as)) {
		fprintf(stderr, "bgpbench-peer: %s: unreadable\n", path);
		rc = -1;
	}
	if (rc == 0)
		rc = bench_peers_listen(&f->peers, FAMILY_IPV4);
	if (rc == 0)
		rc = bench_peers_listen(&f->peers, FAMILY_IPV6);
	if (rc == 0)
		rc = forward_turns(f);
	if (rc < -1)
		fprintf(stderr, "bgpbench-peer: %s\n", strerror(-rc));
	forwarder_free(f);
	return 1;
}
