/* SPDX-License-Identifier: Apache-2.0 */
/*
 * birdsock: see birdsock.h. Who is connected, and how answers come in slices, is client.c's.
 */
#include "bgpd/birdsock.h"

#include "bgpd/bird_command.h"
#include "bgpd/bird_reply.h"
#include "bgpd/client.h"
#include "bgpd/daemon.h"
#include "bgpd/privilege.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/version.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define SOCKET_MODE 0660

const char birdsock_name[] = "BIRD v0.3.3+birdv1.6.8+godwit" PACKAGE_VERSION;

struct bird_client {
	struct client client; /* first */
	struct bird_walk walk;
	int before; /* code of the line before in this reply; -1: none */
	bool restricted;
};

struct birdsock {
	struct bgpd *d;
	enum family family;
	struct clients *clients; /* NULL: off */
};

struct birdsocks {
	struct birdsock of[FAMILY_COUNT];
};

static struct bird_client *
of_client(struct client *c)
{
	return container_of(c, struct bird_client, client);
}

static struct birdsock *
sock_of(const struct bird_client *c)
{
	return client_ctx(&c->client);
}

struct bgpd *
bird_daemon(const struct bird_client *c)
{
	return sock_of(c)->d;
}

enum family
bird_family(const struct bird_client *c)
{
	return sock_of(c)->family;
}

/* ---- what is written ---- */

void
bird_frame(struct str *out, int *before, enum bird_code code, bool last, const char *text)
{
	if (!last && *before == (int)code)
		str_add(out, " ");
	else
		str_addf(out, "%04u%c", (unsigned)code, last ? ' ' : '-');
	*before = (int)code;
	size_t at = out->len;
	str_add(out, text);
	for (; at < out->len; at++)
		if (((unsigned char)out->s[at] < ' ' && out->s[at] != '\t') || out->s[at] == 0x7f)
			out->s[at] = '?';
	str_add(out, "\n");
}

__attribute__((format(printf, 4, 0))) static void
put(struct bird_client *c, enum bird_code code, bool last, const char *fmt, va_list ap)
{
	struct str text = {0}, line = {0};

	str_vaddf(&text, fmt, ap);
	bird_frame(&line, &c->before, code, last, str_get(&text));
	client_put(&c->client, line.s, line.len);
	str_free(&text);
	str_free(&line);
}

void
bird_line(struct bird_client *c, enum bird_code code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put(c, code, false, fmt, ap);
	va_end(ap);
}

void
bird_end(struct bird_client *c, enum bird_code code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put(c, code, true, fmt, ap);
	va_end(ap);
	c->before = -1;
}

void
bird_ok(struct bird_client *c)
{
	bird_end(c, BIRD_OK, "%s", "");
}

void
bird_syntax(struct bird_client *c, const char *what)
{
	if (what != NULL)
		bird_end(c, BIRD_ERR_SYNTAX, "syntax error, unexpected '%s'", what);
	else
		bird_end(c, BIRD_ERR_SYNTAX, "syntax error, unexpected end of the command");
}

void
bird_walk(struct bird_client *c, const struct bird_walk *walk)
{
	c->walk = *walk;
	client_walk(&c->client, false);
}

void
bird_wait(struct bird_client *c, void (*cancel)(void *ctx), void *ctx)
{
	client_wait(&c->client, cancel, ctx);
}

void
bird_resume(struct bird_client *c)
{
	client_resume(&c->client);
}

void
bird_restrict(struct bird_client *c)
{
	c->restricted = true;
}

bool
bird_restricted(const struct bird_client *c)
{
	return c->restricted;
}

/* ---- clients ---- */

static void
on_opened(struct client *client)
{
	struct bird_client *c = of_client(client);

	c->before = -1;
	bird_end(c, BIRD_WELCOME, "%s ready.", birdsock_name);
}

static void
on_request(struct client *client, char *line, size_t len)
{
	/* What follows an octet of 0 is not text. */
	if (strlen(line) != len)
		bird_syntax(of_client(client), NULL);
	else
		bird_command_run(of_client(client), line);
}

static void
on_too_long(struct client *client)
{
	bird_end(of_client(client), BIRD_ERR_TOO_LONG, "Command too long");
}

static void
walk_end(struct bird_client *c)
{
	if (c->walk.free != NULL)
		c->walk.free(c->walk.state);
	c->walk = (struct bird_walk){0};
}

static bool
on_step(struct client *client)
{
	struct bird_client *c = of_client(client);

	if (!c->walk.step(c, c->walk.state))
		return false;
	walk_end(c);
	return true;
}

static void
on_closed(struct client *client)
{
	walk_end(of_client(client));
}

static const struct client_ops ops = {
    .size = sizeof(struct bird_client),
    .max = BIRDSOCK_CLIENTS_MAX,
    .request_max = BIRDSOCK_REQUEST_MAX,
    .refusal = "8007 Too many clients\n",
    .job = "bird socket",
    .opened = on_opened,
    .request = on_request,
    .too_long = on_too_long,
    .step = on_step,
    .closed = on_closed,
};

/* ---- the sockets ---- */

static void
apply(struct birdsock *s, const char *path)
{
	static const struct client_access access = {.mode = SOCKET_MODE};

	if (path == NULL) {
		clients_free(s->clients);
		s->clients = NULL;
		return;
	}
	if (s->clients == NULL)
		s->clients = clients_new(s->d->loop, &ops, s);
	int err = clients_listen(s->clients, path, &access);
	if (err < 0)
		log_error("bird-sockets.listen", LOG_S("socket", path), LOG_S("error", strerror(-err)),
			  LOG_S("effect",
				clients_path(s->clients) != NULL ? "it stays where it is" : "there is none"),
			  LOG_S("hint", privilege_hint(-err)));
}

/* Gives up the path of a socket that is to be the other one's: they may change places. */
static void
make_way(struct birdsock *s, const char *others)
{
	const char *path = s->clients != NULL ? clients_path(s->clients) : NULL;

	if (path != NULL && others != NULL && strcmp(path, others) == 0)
		clients_unlisten(s->clients);
}

void
birdsocks_apply(struct birdsocks *b)
{
	const struct conf_bird_sockets *conf = &b->of[FAMILY_IPV4].d->conf->bird_sockets;

	make_way(&b->of[FAMILY_IPV4], conf->ipv6);
	make_way(&b->of[FAMILY_IPV6], conf->ipv4);
	apply(&b->of[FAMILY_IPV4], conf->ipv4);
	apply(&b->of[FAMILY_IPV6], conf->ipv6);
}

struct birdsocks *
birdsocks_new(struct bgpd *d)
{
	struct birdsocks *b = xcalloc(1, sizeof(*b));

	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		b->of[f] = (struct birdsock){.d = d, .family = f};
	return b;
}

void
birdsocks_free(struct birdsocks *b)
{
	if (b == NULL)
		return;
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		clients_free(b->of[f].clients);
	free(b);
}
