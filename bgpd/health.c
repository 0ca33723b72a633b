/* SPDX-License-Identifier: Apache-2.0 */
/*
 * health: see health.h.
 *
 * A check has one timer: until the next probe, or while one is under way until
 * that has taken too long. A probe that finds HEALTH_PROBES others under way
 * waits a moment.
 */
#include "bgpd/health.h"

#include "bgpd/ctl_json.h"
#include "bgpd/daemon.h"
#include "bgpd/kernel.h"
#include "bgpd/own.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "lib/mem.h"

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define ANSWER_MAX 65536 /* octets of an HTTP answer's head, and of the body that comes with it */
#define WAIT_MS    100   /* for others to finish */

enum check_state { CHECK_UNKNOWN, CHECK_UP, CHECK_DOWN };

static const char *const state_names[] = {[CHECK_UNKNOWN] = "unknown", [CHECK_UP] = "up", [CHECK_DOWN] = "down"};

struct check {
	struct health *health;
	struct ip_prefix prefix;
	uint32_t number;      /* of the network */
	struct conf_while is; /* texts are its own */
	enum check_state state;
	bool last_good;
	char last[64]; /* what came of the last probe */
	uint32_t in_row; /* results like the last one */
	uint64_t changed_ns;
	struct event *timer; /* NULL with an interface, */
	bool look_due;       /* which is looked at again before long */
	bool probing;
	struct bufferevent *tcp; /* of the probe that is under way, one of the two */
	struct evhttp_connection *http;
	int status; /* of the HTTP answer, 0: none so far */
	bool garbled, tried; /* it is no HTTP; it is over */
};

static void
timer_set(struct check *c, uint32_t ms)
{
	timer_after_ms(c->timer, ms);
}

static void
probe_end(struct check *c)
{
	if (!c->probing)
		return;
	if (c->tcp != NULL)
		bufferevent_free(c->tcp);
	if (c->http != NULL)
		evhttp_connection_free(c->http);
	c->tcp = NULL;
	c->http = NULL;
	c->probing = false;
	c->health->probing--;
}

static void
state_set(struct check *c, enum check_state state)
{
	char text[IP_PREFIX_STRLEN];

	if (c->state == state)
		return;
	log_info("network.check", LOG_S("prefix", ip_prefix_str(&c->prefix, text, sizeof text)),
	    LOG_S("from", state_names[c->state]), LOG_S("to", state_names[state]), LOG_S("result", c->last));
	c->state = state;
	c->changed_ns = time_mono_ns();
	own_network_changed(c->health->d, c->number);
}

static void
note(struct check *c, bool good, const char *text)
{
	uint32_t needed = good ? c->is.rise : c->is.fall;

	c->in_row = good == c->last_good ? c->in_row + 1 : 1;
	c->last_good = good;
	strlcpy(c->last, text, sizeof c->last);
	if (c->state == CHECK_UNKNOWN || c->is.interface != NULL || c->in_row >= needed)
		state_set(c, good ? CHECK_UP : CHECK_DOWN);
}

/* What came of a probe, and the time of the next one. */
static void
result(struct check *c, bool good, const char *text)
{
	probe_end(c);
	note(c, good, text);
	timer_set(c, c->is.interval_s * 1000);
}

static void
on_tcp(struct bufferevent *bev, short what, void *arg)
{
	struct check *c = arg;
	int error = EVUTIL_SOCKET_ERROR();

	(void)bev;
	loop_enter(c->health->d->loop);
	result(c, (what & BEV_EVENT_CONNECTED) != 0, what & BEV_EVENT_CONNECTED ? "connected" : strerror(error));
}

/* ---- HTTP: what came of it is told by the timer, since a connection cannot be freed in its own callbacks ---- */

static int
on_head(struct evhttp_request *req, void *arg)
{
	struct check *c = arg;

	/* The status is all that matters. */
	c->status = evhttp_request_get_response_code(req);
	timer_set(c, 0);
	return 0;
}

static void
on_http_error(enum evhttp_request_error error, void *arg)
{
	struct check *c = arg;

	c->garbled = error == EVREQ_HTTP_INVALID_HEADER || error == EVREQ_HTTP_DATA_TOO_LONG;
}

static void
on_http_end(struct evhttp_request *req, void *arg)
{
	struct check *c = arg;

	(void)req;
	timer_set(c, 0);
	c->tried = true;
}

static void
http_result(struct check *c)
{
	char text[64];

	if (c->status != 0)
		snprintf(text, sizeof text, "status %d", c->status);
	else if (c->garbled)
		strlcpy(text, "no HTTP answer", sizeof text);
	else
		strlcpy(text, c->tried ? "no connection" : "timeout", sizeof text);
	result(c, c->status >= 200 && c->status < 400, text);
}

static void
http_begin(struct check *c)
{
	struct evhttp_request *req = evhttp_request_new(on_http_end, c);
	const char *host = strstr(c->is.http, "//") + 2;
	char addr[IP_ADDR_STRLEN], name[IP_ADDR_STRLEN + 8];

	c->status = 0;
	c->garbled = c->tried = false;
	ip_addr_str(&c->is.tcp.address, addr, sizeof addr);
	c->http = evhttp_connection_base_new(c->health->d->loop->base, NULL, addr, (uint16_t)c->is.tcp.port);
	ASSERT(c->http != NULL && req != NULL);
	evhttp_connection_set_max_headers_size(c->http, ANSWER_MAX);
	evhttp_connection_set_max_body_size(c->http, ANSWER_MAX);
	evhttp_request_set_header_cb(req, on_head);
	evhttp_request_set_error_cb(req, on_http_error);
	snprintf(name, sizeof name, "%.*s", (int)strcspn(host, "/"), host);
	evhttp_add_header(evhttp_request_get_output_headers(req), "Host", name);
	evhttp_add_header(evhttp_request_get_output_headers(req), "User-Agent", "godwit");
	evhttp_add_header(evhttp_request_get_output_headers(req), "Connection", "close");
	evhttp_make_request(c->http, req, EVHTTP_REQ_GET, c->is.http_path);
}

static void
tcp_begin(struct check *c)
{
	struct sockaddr_storage ss;
	socklen_t len = ip_addr_to_sockaddr(&c->is.tcp.address, (uint16_t)c->is.tcp.port, &ss);

	c->tcp = bufferevent_socket_new(c->health->d->loop->base, -1, BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
	ASSERT(c->tcp != NULL);
	bufferevent_setcb(c->tcp, NULL, NULL, on_tcp, c);
	if (bufferevent_socket_connect(c->tcp, (struct sockaddr *)&ss, (int)len) < 0)
		result(c, false, "cannot connect");
}

static void
probe_begin(struct check *c)
{
	if (c->health->probing >= HEALTH_PROBES) {
		timer_set(c, WAIT_MS);
		return;
	}
	c->probing = true;
	c->health->probing++;
	timer_set(c, c->is.timeout_s * 1000);
	if (c->is.http != NULL)
		http_begin(c);
	else
		tcp_begin(c);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct check *c = arg;
	struct stat st;

	(void)fd;
	(void)what;
	loop_enter(c->health->d->loop);
	if (c->http != NULL)
		http_result(c);
	else if (c->probing)
		result(c, false, "timeout");
	else if (c->is.file != NULL && stat(c->is.file, &st) == 0)
		result(c, true, "there");
	else if (c->is.file != NULL)
		result(c, false, strerror(errno));
	else
		probe_begin(c);
}

static void
interface_look(struct check *c)
{
	bool up = kernel_is_up(c->health->d->kernel, c->is.interface);

	note(c, up, up ? "up" : "not up");
}

static enum job_result
looks_run(struct job *job, uint64_t deadline_ns)
{
	struct health *h = container_of(job, struct health, looks);

	while (h->look_at < h->n) {
		struct check *c = h->of[h->look_at++];
		if (c != NULL && c->look_due) {
			c->look_due = false;
			interface_look(c);
		}
		if (time_mono_ns() >= deadline_ns)
			return JOB_MORE;
	}
	return JOB_DONE;
}

/* Some are due. Few are done at once, so that who has ordered it finds it done. */
static void
looks_begin(struct health *h)
{
	h->look_at = 0;
	if (looks_run(&h->looks, time_mono_ns() + LOOP_SLICE_NS) == JOB_MORE)
		loop_job_start(h->d->loop, &h->looks);
}

/* ---- the set ---- */

static const char *
own_text(const char *s)
{
	return s != NULL ? xstrdup(s) : NULL;
}

static struct check *
check_new(struct health *h, const struct conf_network *n)
{
	struct check *c = xcalloc(1, sizeof *c);

	c->health = h;
	c->prefix = n->prefix;
	c->is = n->condition;
	c->is.http = own_text(c->is.http);
	c->is.http_path = own_text(c->is.http_path);
	c->is.file = own_text(c->is.file);
	c->is.interface = own_text(c->is.interface);
	strlcpy(c->last, "none yet", sizeof c->last);
	c->changed_ns = time_mono_ns();
	if (c->is.interface != NULL)
		return c;
	c->timer = evtimer_new(h->d->loop->base, on_timer, c);
	ASSERT(c->timer != NULL);
	return c;
}

static void
check_free(struct check *c)
{
	if (c == NULL)
		return;
	probe_end(c);
	if (c->timer != NULL)
		event_free(c->timer);
	free((char *)(uintptr_t)c->is.http);
	free((char *)(uintptr_t)c->is.http_path);
	free((char *)(uintptr_t)c->is.file);
	free((char *)(uintptr_t)c->is.interface);
	free(c);
}

static bool
text_eq(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
is_same(const struct conf_while *a, const struct conf_while *b)
{
	return ip_addr_eq(&a->tcp.address, &b->tcp.address) && a->tcp.port == b->tcp.port && text_eq(a->http, b->http) &&
	    text_eq(a->file, b->file) && text_eq(a->interface, b->interface) && a->interval_s == b->interval_s &&
	    a->timeout_s == b->timeout_s && a->rise == b->rise && a->fall == b->fall;
}

static int
by_prefix(const void *a, const void *b)
{
	const struct check *x = *(struct check *const *)a, *y = *(struct check *const *)b;

	return ip_prefix_cmp(&x->prefix, &y->prefix);
}

/* The checks alone, in the order of their prefixes. */
static uint32_t
pack(struct check **of, uint32_t n)
{
	uint32_t packed = 0;
	bool sorted = true; /* as most files are */

	for (uint32_t i = 0; i < n; i++) {
		if (of[i] == NULL)
			continue;
		sorted = sorted && (packed == 0 || by_prefix(&of[packed - 1], &of[i]) <= 0);
		of[packed++] = of[i];
	}
	if (!sorted)
		qsort(of, packed, sizeof(struct check *), by_prefix);
	return packed;
}

/* The old check of this prefix, or NULL; next: of that for which it was asked last the one behind, in most files this one. */
static struct check *
find(struct check **old, uint32_t n, const struct ip_prefix *prefix, uint32_t *next)
{
	struct check key = {.prefix = *prefix}, *k = &key;
	struct check **found = *next < n && by_prefix(&old[*next], &k) == 0 ? &old[*next]
	    : n > 0 ? bsearch(&k, old, n, sizeof(struct check *), by_prefix)
		    : NULL;

	if (found == NULL)
		return NULL;
	*next = (uint32_t)(found - old) + 1;
	return *found;
}

/* It follows another interface from now on. */
static void
check_turn(struct check *c, const struct conf_while *is)
{
	free((char *)(uintptr_t)c->is.interface);
	c->is = *is;
	c->is.interface = own_text(is->interface);
	c->in_row = 0;
	c->last_good = false;
	strlcpy(c->last, "none yet", sizeof c->last);
}

/* The check of a network: the one that it had if the condition is the same, else a new one with the state of that. */
static struct check *
check_for(struct health *h, struct check *was, const struct conf_network *net)
{
	if (was != NULL && is_same(&was->is, &net->condition))
		return was;
	/* Many may follow one interface, and all turn to another one. */
	if (was != NULL && was->is.interface != NULL && net->condition.interface != NULL) {
		check_turn(was, &net->condition);
		return was;
	}
	struct check *c = check_new(h, net);
	if (was != NULL) {
		c->state = was->state;
		c->changed_ns = was->changed_ns;
	}
	return c;
}

static void
check_start(struct check *c)
{
	if (c->is.interface != NULL)
		c->look_due = true;
	else
		timer_set(c, 0);
}

void
health_apply(struct health *h)
{
	const struct conf *conf = h->d->conf;
	struct check **old = h->of;
	uint32_t nold = pack(old, h->n), next = 0;

	h->n = conf->networks.n;
	h->of = xcalloc(h->n + 1u, sizeof(struct check *));
	for (uint32_t i = 0; i < h->n; i++) {
		const struct conf_network *net = &conf->networks.v[i];
		if (!CONF_HAS(net, CONF_NET_WHILE))
			continue;
		struct check *c = check_for(h, find(old, nold, &net->prefix, &next), net);
		bool fresh = c->in_row == 0;
		c->number = i;
		h->of[i] = c;
		if (fresh && !c->probing)
			check_start(c);
	}
	for (uint32_t i = 0; i < nold; i++)
		if (old[i]->number >= h->n || h->of[old[i]->number] != old[i])
			check_free(old[i]);
	free(old);
	looks_begin(h);
}

bool
health_holds(const struct health *h, uint32_t number)
{
	return h->of[number] == NULL || h->of[number]->state == CHECK_UP;
}

void
health_link_changed(struct health *h, const char *name)
{
	bool any = false;

	for (uint32_t i = 0; i < h->n; i++) {
		struct check *c = h->of[i];
		if (c == NULL || c->is.interface == NULL || strcmp(c->is.interface, name) != 0)
			continue;
		c->look_due = any = true;
	}
	if (any)
		looks_begin(h);
}

json_t *
health_json(const struct health *h, uint32_t number)
{
	const struct check *c = number < h->n ? h->of[number] : NULL;
	char prefix[IP_PREFIX_STRLEN], to[IP_ADDR_STRLEN + 8], addr[IP_ADDR_STRLEN];
	const char *kind = "tcp", *target = to;

	if (c == NULL)
		return NULL;
	snprintf(to, sizeof to, c->is.tcp.address.family == FAMILY_IPV6 ? "[%s]:%u" : "%s:%u",
	    ip_addr_str(&c->is.tcp.address, addr, sizeof addr), c->is.tcp.port);
	if (c->is.http != NULL) {
		kind = "http";
		target = c->is.http;
	} else if (c->is.file != NULL) {
		kind = "file";
		target = c->is.file;
	} else if (c->is.interface != NULL) {
		kind = "interface";
		target = c->is.interface;
	}
	return json_pack("{s:s,s:s,s:o,s:s,s:o,s:I,s:I}", "prefix", ip_prefix_str(&c->prefix, prefix, sizeof prefix), "kind",
	    kind, "target", ctl_json_text(target), "state", state_names[c->state], "last_result", ctl_json_text(c->last),
	    "in_row", (json_int_t)c->in_row, "since_s", (json_int_t)((time_mono_ns() - c->changed_ns) / 1000000000u));
}

void
health_init(struct health *h, struct bgpd *d)
{
	*h = (struct health){.d = d, .looks = {.run = looks_run, .name = "health"}};
}

void
health_fini(struct health *h)
{
	if (h->d != NULL)
		loop_job_cancel(h->d->loop, &h->looks);
	for (uint32_t i = 0; i < h->n; i++)
		check_free(h->of[i]);
	free(h->of);
}
