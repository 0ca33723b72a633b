/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_source: any answers of etcd and of the API of Kubernetes.
 *
 * The first octet says which datastore it is, and whether of Calico's resources or of keys. Then come
 * records: what happens to one of the requests that are under way (an answer, a piece of one, its end, a
 * refusal, a lost connection), and the octets. There is no network (the functions of lib/fetch.c are here)
 * and every timer goes off at once. What the source tells must make sense: nothing is deleted that was not
 * put, no trouble is over that was not told, and nothing is told when it was stopped.
 */
#include "conf/kube.h"
#include "conf/source.h"
#include "lib/log.h"
#include "lib/str.h"
#include "tests/fuzz/fuzz.h"

#include <event2/event.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define TURNS 8 /* of the loop for each record */

int __wrap_event_add(struct event *ev, const struct timeval *tv);
int __real_event_add(struct event *ev, const struct timeval *tv);

int
__wrap_event_add(struct event *ev, const struct timeval *tv)
{
	static const struct timeval now;

	return __real_event_add(ev, tv != NULL ? &now : NULL);
}

/* ---- requests ---- */

struct fetch {
	TAILQ_ENTRY(fetch) entry;
	struct fetcher *f;
	struct fetch_request q;
};
static TAILQ_HEAD(, fetch) fetches = TAILQ_HEAD_INITIALIZER(fetches);

struct fetcher {
	char unused;
};

struct fetcher *
fetcher_new(struct event_base *base, const struct fetch_tls *tls)
{
	(void)base, (void)tls;
	return xcalloc(1, sizeof(struct fetcher));
}

void
fetch_cancel(struct fetch *r)
{
	TAILQ_REMOVE(&fetches, r, entry);
	free(r);
}

void
fetcher_free(struct fetcher *f)
{
	struct fetch *r, *next;

	TAILQ_FOREACH_SAFE(r, &fetches, entry, next)
	if (r->f == f)
		fetch_cancel(r);
	free(f);
}

struct fetch *
fetch_start(struct fetcher *f, const struct fetch_request *q)
{
	struct fetch *r = xcalloc(1, sizeof(*r));

	r->f = f;
	ASSERT(q->url != NULL && q->done != NULL);
	r->q = *q;
	TAILQ_INSERT_TAIL(&fetches, r, entry);
	return r;
}

static void
end_by(struct fetch *r, const struct fetch_result *result)
{
	struct fetch_request q = r->q;

	fetch_cancel(r);
	q.done(q.ctx, result);
}

/* In memory of its own, with the NUL that the contract has. */
static void
piece(struct fetch *r, const uint8_t *data, size_t len)
{
	char *copy = fuzz_string(data, len);

	if (len > 0)
		r->q.piece(r->q.ctx, copy, len);
	free(copy);
}

static bool
is_under_way(const struct fetch *r)
{
	const struct fetch *f;

	TAILQ_FOREACH(f, &fetches, entry)
	if (f == r)
		return true;
	return false;
}

static void
answer(struct fetch *r, uint8_t how, const uint8_t *data, size_t len)
{
	static const unsigned statuses[] = {400, 401, 403, 404, 410, 429, 500, 503};
	static const enum fetch_outcome outcomes[] = {FETCH_UNREACHABLE, FETCH_UNTRUSTED, FETCH_LATE,
						      FETCH_BROKEN, FETCH_TOO_LARGE};
	char *body = fuzz_string(data, len);
	struct fetch_result ok = {
	    .status = 200, .body = r->q.piece != NULL ? "" : body, .len = r->q.piece != NULL ? 0 : len};
	unsigned what = how / 4;

	switch (how % 4) {
	case 0:
		if (r->q.piece != NULL)
			piece(r, data, len);
		if (is_under_way(r))
			end_by(r, &ok);
		break;
	case 1:
		if (r->q.piece != NULL)
			piece(r, data, len);
		break;
	case 2:
		end_by(r, &(struct fetch_result){.status = statuses[what % ARRAY_LEN(statuses)],
						 .body = body,
						 .len = len,
						 .retry_after_s = what & 8 ? what : 0});
		break;
	default:
		end_by(r, &(struct fetch_result){
			      .outcome = outcomes[what % ARRAY_LEN(outcomes)], .error = "lost", .body = ""});
	}
	free(body);
}

/* ---- what is told ---- */

static json_t *world, *troubles;
static bool stopped;

static char *
key_of(const char *kind, const char *name_space, const char *name)
{
	return xasprintf("%s\n%s\n%s", kind, name_space != NULL ? name_space : "", name);
}

static void
on_put(void *ctx, const char *kind, const char *name_space, const char *name, const json_t *value)
{
	char *key = key_of(kind, name_space, name);

	(void)ctx;
	ASSERT(!stopped && value != NULL);
	int rc = json_object_set_new(world, key, json_true());
	ASSERT(rc == 0); /* all text is UTF-8 */
	free(key);
}

static void
on_del(void *ctx, const char *kind, const char *name_space, const char *name)
{
	char *key = key_of(kind, name_space, name);

	(void)ctx;
	ASSERT(!stopped);
	int rc = json_object_del(world, key);
	ASSERT(rc == 0);
	free(key);
}

static void
on_synced(void *ctx)
{
	(void)ctx;
	ASSERT(!stopped);
}

static void
on_trouble(void *ctx, const char *what, const char *text)
{
	(void)ctx;
	ASSERT(!stopped);
	int rc = text != NULL ? json_object_set_new(troubles, what, json_string(text))
			      : json_object_del(troubles, what);
	ASSERT(rc == 0);
}

static bool
wants_services(void *ctx)
{
	(void)ctx;
	return true;
}

static json_t *
wants_secrets(void *ctx)
{
	(void)ctx;
	return json_pack("{s:n}", "kube-system/s");
}

static const struct source_handler handler = {on_put,     on_del,         on_synced,
					      on_trouble, wants_services, wants_secrets};

/* ---- the whole ---- */

static struct source *
start(struct event_base *base, uint8_t which)
{
	static const char *const endpoints[] = {"http://one", "http://two"}, *const resources[] = {
										 "configmaps", "v1/secrets"};
	static const char text[] =
	    "{current-context: x, contexts: [{name: x, context: {cluster: x, user: x}}], clusters: "
	    "[{name: x, cluster: {server: 'http://api'}}], users: [{name: x, user: {token: t}}]}";
	char path[64];

	if (!(which & 1))
		return source_etcd_start(base,
					 &(struct source_etcd_conf){.endpoints = endpoints,
								    .nendpoints = which & 4 ? 2 : 1,
								    .prefix = "/calico",
								    .username = which & 8 ? "user" : NULL,
								    .password = which & 8 ? "password" : NULL,
								    .node = which & 2 ? NULL : "n1"},
					 &handler, NULL);
	int fd = memfd_create("kubeconfig", MFD_CLOEXEC);
	ASSERT(fd >= 0 && write(fd, text, sizeof(text) - 1) > 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	struct source *s = source_kubernetes_start(
	    base,
	    &(struct source_kubernetes_conf){.kubeconfig = path,
					     .group = which & 4 ? "crd.projectcalico.org/v1" : NULL,
					     .node = "n1",
					     .rate_per_s = 1e9,
					     .burst = 1e9,
					     .resources = resources,
					     .nresources = which & 2 ? 2 : 0},
	    &handler, NULL);
	/* It may read it again, and finds nothing: that is trouble, too. */
	for (unsigned i = 0; i < TURNS; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
	close(fd);
	return s;
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	log_set_level(LOG_ERROR);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rbuf in = rbuf_of(data, size);
	struct event_base *base;

	if (size < 2)
		return -1;
	base = event_base_new();
	world = json_object();
	troubles = json_object();
	stopped = false;
	struct source *s = start(base, rbuf_u8(&in));
	while (rbuf_left(&in) > 0 && !in.err) {
		uint8_t how = rbuf_u8(&in), who = rbuf_u8(&in);
		size_t len = rbuf_u16(&in);
		struct fetch *r;
		len = len < rbuf_left(&in) ? len : rbuf_left(&in);
		const uint8_t *text = rbuf_bytes(&in, len);
		for (unsigned i = 0; i < TURNS; i++)
			event_base_loop(base, EVLOOP_NONBLOCK);
		r = TAILQ_FIRST(&fetches);
		for (unsigned i = who % 8; i > 0 && r != NULL && TAILQ_NEXT(r, entry) != NULL; i--)
			r = TAILQ_NEXT(r, entry);
		if (r != NULL && text != NULL)
			answer(r, how, text, len);
	}
	if (s->ops->status != NULL)
		json_decref(s->ops->status(s));
	s->ops->stop(s);
	stopped = true;
	ASSERT(TAILQ_EMPTY(&fetches));
	event_base_free(base);
	json_decref(world);
	json_decref(troubles);
	return 0;
}
