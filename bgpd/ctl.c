/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ctl: the socket of bgpctl: requests and answers as lines of JSON. Who is connected, and how answers come in
 * slices, is client.c's.
 */
#include "bgpd/ctl.h"

#include "bgpd/client.h"
#include "bgpd/ctl_reply.h"
#include "bgpd/daemon.h"
#include "bgpd/privilege.h"
#include "lib/log.h"
#include "lib/mem.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct ctl_client {
	struct client client; /* first */
	struct ctl_walk walk; /* step NULL: none at work */
	uint32_t instance;    /* that the request is about: its number */
};

struct ctl {
	struct bgpd *d;
	struct clients *clients;
};

static struct ctl_client *
of_client(struct client *c)
{
	return container_of(c, struct ctl_client, client);
}

static struct ctl *
ctl_of(const struct ctl_client *c)
{
	return client_ctx(&c->client);
}

struct bgpd *
ctl_client_daemon(const struct ctl_client *c)
{
	return instance_by_number(ctl_of(c)->d, c->instance);
}

void
ctl_client_turn(struct ctl_client *c, const struct bgpd *d)
{
	c->instance = instance_number(d);
}

/* ---- what is written ---- */

static int
put_octets(const char *text, size_t len, void *client)
{
	client_put(client, text, len);
	return 0;
}

/* One line; takes the object. Objects that cannot be text (broken UTF-8) are a bug of whoever made them. */
static void
put_line(struct ctl_client *c, json_t *o)
{
	ASSERT(o != NULL);
	int rc = json_dump_callback(o, put_octets, &c->client, JSON_COMPACT | JSON_REAL_PRECISION(6));
	ASSERT(rc == 0);
	client_put(&c->client, "\n", 1);
	json_decref(o);
}

static void
put_end(struct ctl_client *c, const char *why)
{
	json_t *end = json_pack("{s:b}", "end", 1);

	if (why != NULL)
		json_object_set_new(end, "error", json_string(why));
	put_line(c, end);
}

/* The first line of a good answer. */
static void
put_head(struct ctl_client *c, json_t *head, const char *rows)
{
	json_t *o = json_pack("{s:i,s:b,s:s?,s:o}", "protocol", CTL_PROTOCOL, "ok", 1, "rows", rows, "head",
			      head != NULL ? head : json_object());
	put_line(c, o);
}

void
ctl_fail(struct ctl_client *c, const char *code, const char *fmt, ...)
{
	va_list ap;
	struct str text = {0};

	va_start(ap, fmt);
	str_vaddf(&text, fmt, ap);
	va_end(ap);
	json_t *words = json_string(str_get(&text));
	if (words == NULL) /* quotes what came in, which need not be UTF-8 */
		words = json_string("the request contains text that is not UTF-8");
	put_line(c, json_pack("{s:i,s:b,s:o,s:s}", "protocol", CTL_PROTOCOL, "ok", 0, "error", words, "code",
			      code));
	put_end(c, NULL);
	str_free(&text);
}

void
ctl_done(struct ctl_client *c, json_t *head)
{
	put_head(c, head, NULL);
	put_end(c, NULL);
}

void
ctl_stream(struct ctl_client *c, json_t *head, const struct ctl_walk *walk)
{
	ASSERT(c->walk.step == NULL && walk->step != NULL);
	put_head(c, head, walk->rows);
	c->walk = *walk;
	client_walk(&c->client, walk->endless);
}

void
ctl_wait(struct ctl_client *c, void (*cancel)(void *ctx), void *ctx)
{
	client_wait(&c->client, cancel, ctx);
}

void
ctl_resume(struct ctl_client *c)
{
	client_resume(&c->client);
}

void
ctl_row(struct ctl_client *c, json_t *row)
{
	put_line(c, row);
}

void
ctl_walk_wait(struct ctl_client *c)
{
	client_pause(&c->client);
}

void
ctl_walk_wake(struct ctl_client *c)
{
	client_wake(&c->client);
}

static void
walk_end(struct ctl_client *c)
{
	if (c->walk.free != NULL)
		c->walk.free(c->walk.state);
	c->walk = (struct ctl_walk){0};
}

void
ctl_break(struct ctl_client *c, const char *why)
{
	put_end(c, why);
	walk_end(c);
}

/* ---- clients ---- */

static void
on_request(struct client *client, char *line, size_t len)
{
	struct ctl_client *c = of_client(client);
	json_error_t err;
	json_t *request = json_loadb(line, len, JSON_REJECT_DUPLICATES, &err);

	c->instance = 0;
	if (request == NULL)
		ctl_fail(c, CTL_ERR_REQUEST, "not JSON: %s", err.text);
	else
		ctl_command_run(c, request);
	json_decref(request);
}

static void
on_too_long(struct client *client)
{
	ctl_fail(of_client(client), CTL_ERR_REQUEST, "a request is longer than %u octets", CTL_REQUEST_MAX);
}

static bool
on_step(struct client *client)
{
	struct ctl_client *c = of_client(client);

	if (ctl_client_daemon(c) == NULL) {
		ctl_break(c, "the table is gone");
	} else if (c->walk.step(c, c->walk.state) && c->walk.step != NULL) {
		put_end(c, NULL);
		walk_end(c);
	}
	return c->walk.step == NULL;
}

static void
on_closed(struct client *client)
{
	walk_end(of_client(client));
}

static const struct client_ops ops = {
    .size = sizeof(struct ctl_client),
    .max = CTL_CLIENTS_MAX,
    .request_max = CTL_REQUEST_MAX,
    .refusal = "{\"protocol\":1,\"ok\":false,\"error\":\"too many clients\",\"code\":\"" CTL_ERR_BUSY
	       "\"}\n{\"end\":true}\n",
    .job = "control",
    .request = on_request,
    .too_long = on_too_long,
    .step = on_step,
    .closed = on_closed,
};

/* ---- the socket ---- */

static const char *
wanted_path(const struct bgpd *d)
{
	if (d->options->socket != NULL)
		return d->options->socket;
	return d->conf->control.socket != NULL ? d->conf->control.socket : DAEMON_SOCKET_PATH;
}

int
ctl_reconfigure(struct ctl *ctl)
{
	const struct conf_control *conf = &ctl->d->conf->control;
	const char *path = wanted_path(ctl->d), *old = clients_path(ctl->clients);
	struct client_access access = {.mode = (mode_t)conf->mode, .group = conf->group};
	bool there = old != NULL && strcmp(old, path) == 0;
	int err = clients_listen(ctl->clients, path, &access);

	if (err < 0)
		log_error(there ? "control.access" : "control.listen", LOG_S("socket", path), LOG_S("error", strerror(-err)),
			  LOG_S("hint", privilege_hint(-err)));
	return err;
}

struct ctl *
ctl_new(struct bgpd *d)
{
	struct ctl *ctl = xcalloc(1, sizeof(*ctl));

	ctl->d = d;
	ctl->clients = clients_new(d->loop, &ops, ctl);
	if (ctl_reconfigure(ctl) == 0)
		return ctl;
	ctl_free(ctl);
	return NULL;
}

void
ctl_free(struct ctl *ctl)
{
	if (ctl == NULL)
		return;
	clients_free(ctl->clients);
	free(ctl);
}
