/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listen: see listen.h.
 */
#include "bgpd/listen.h"

#include "bgpd/sockopt.h"
#include "bgpd/tcp_ao.h"
#include "lib/log.h"
#include "lib/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct listener {
	LIST_ENTRY(listener) entry;
	struct listen *owner;
	struct listen_addr at;
	struct event *ev, *resume;
	int fd;
	bool wanted;
};

/* While descriptors or memory are short nothing is accepted for so long: what waits in the queue stays readable. */
#define PAUSE_MS 100
#define WARN_S   60 /* and it is said so often */
#define KEYS_RETRY_S 10

static const char *
errno_hint(int err)
{
	switch (err) {
	case EADDRINUSE:
		return "another program listens there: stop it or set router.listen";
	case EACCES:
	case EPERM:
		return "ports below 1024 need CAP_NET_BIND_SERVICE";
	case EADDRNOTAVAIL:
		return "the address is not on this host: check router.listen";
	case EKEYREJECTED:
		return "one address cannot have keys of TCP MD5 and of TCP-AO: a prefix around it has the other kind";
	case ENOENT:
		return "the kernel does not know the algorithm: load its module or choose another";
	case EMFILE:
		return "raise the limit of open files (LimitNOFILE, ulimit -n)";
	case ENFILE:
		return "raise the sysctl fs.file-max";
	default:
		return NULL;
	}
}

static void
log_failure(const char *event, const struct ip_addr *addr, uint16_t port, int err)
{
	char text[IP_ADDR_STRLEN];

	log_error(event, LOG_S("address", ip_addr_str(addr, text, sizeof text)), LOG_U("port", port),
	    LOG_S("error", strerror(err)), LOG_S("hint", errno_hint(err)));
}

static void
on_resume(evutil_socket_t fd, short what, void *arg)
{
	struct listener *li = arg;

	(void)fd;
	(void)what;
	loop_enter(li->owner->loop);
	event_add(li->ev, NULL);
}

/* Not one of the connection, but ours: the next one would fail like this one. */
static bool
is_shortage(int err)
{
	return err == EMFILE || err == ENFILE || err == ENOBUFS || err == ENOMEM;
}

static void
accept_failed(struct listener *li, int err)
{
	struct listen *l = li->owner;
	uint32_t now_s = loop_now_s(l->loop);

	if (l->failures++ == 0 || now_s - l->warned_s >= WARN_S) {
		log_warn("listen.accept", LOG_S("error", strerror(err)), LOG_U("failures", l->failures),
		    LOG_S("hint", errno_hint(err)));
		l->warned_s = now_s;
	}
	if (!is_shortage(err))
		return;
	event_del(li->ev);
	event_add(li->resume, &(struct timeval){.tv_usec = PAUSE_MS * 1000});
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct listener *li = arg;
	struct listen *l = li->owner;

	(void)what;
	loop_enter(l->loop);
	for (int i = 0; i < LISTEN_ACCEPTS; i++) {
		int c = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (c < 0) {
			/* A connection that was reset while it waited is nobody's fault. */
			if (errno == ECONNABORTED || errno == EINTR)
				continue;
			if (errno != EAGAIN)
				accept_failed(li, errno);
			return;
		}
		l->failures = 0;
		struct ip_addr local, remote;
		uint16_t local_port, remote_port;
		if (sockopt_prepare(c, li->at.addr.family) < 0 ||
		    sockopt_ends(c, &local, &local_port, &remote, &remote_port) < 0) {
			close(c);
			continue;
		}
		l->accept(l->ctx, c, li->at.device, &local, local_port, &remote, remote_port);
	}
}

static int
ao_apply(const struct listener *li, const struct listen_key *key, bool want)
{
	struct tcp_ao_key ao = {.send_id = key->send_id,
	    .receive_id = key->receive_id,
	    .algorithm = key->algorithm,
	    .len = key->len};

	memcpy(ao.key, key->key, sizeof ao.key);
	int r = want ? tcp_ao_add(li->fd, &key->peer, key->prefix_len, &ao, false)
		     : tcp_ao_del(li->fd, &key->peer, key->prefix_len, &ao);
	explicit_bzero(&ao, sizeof ao);
	return r;
}

/* Puts a key on a listener or takes it away; notes in the key what the kernel refuses. */
static void
key_apply(const struct listener *li, struct listen_key *key, bool want)
{
	if (key->peer.family != li->at.addr.family || key->device != li->at.device)
		return;
	int r = key->ao ? ao_apply(li, key, want)
			: sockopt_md5(li->fd, &key->peer, key->prefix_len, key->key, want ? key->len : 0);
	if (r == 0)
		return;
	key->refused = true;
	if (want && r == -ENOMEM)
		key->no_room = true;
	else
		log_failure(key->ao ? "listen.tcp_ao" : "listen.md5", &key->peer, li->at.port, -r);
}

static void
shortage_tell(struct listen *l)
{
	struct listen_shortage s = {0};

	for (size_t i = 0; i < l->nkeys; i++) {
		const struct listen_key *k = &l->keys[i];
		if (k->no_room && s.without_in_all++ == 0)
			s.first = ip_prefix_from_addr(&k->peer, k->prefix_len);
	}
	for (size_t i = 0; i < l->nkeys; i++) {
		if (l->keys[i].peer.family != s.first.family)
			continue;
		s.without += l->keys[i].no_room;
		s.with += !l->keys[i].refused;
	}
	if (s.without_in_all > 0)
		event_add(l->keys_retry, &(struct timeval){.tv_sec = KEYS_RETRY_S});
	else
		event_del(l->keys_retry);
	if (s.without_in_all == l->told_without)
		return;
	l->told_without = s.without_in_all;
	l->shortage(l->ctx, &s);
}

static void
listener_close(struct listener *li)
{
	LIST_REMOVE(li, entry);
	if (li->ev != NULL)
		event_free(li->ev);
	if (li->resume != NULL)
		event_free(li->resume);
	if (li->fd >= 0)
		close(li->fd);
	free(li);
}

/* 0 or -errno; on success the listener is in the list with its keys. */
static int
listener_open(struct listen *l, const struct listen_addr *at)
{
	struct listener *li = xcalloc(1, sizeof *li);
	int r;

	li->owner = l;
	li->at = *at;
	li->wanted = true;
	LIST_INSERT_HEAD(&l->all, li, entry);
	li->fd = sockopt_open(at->addr.family);
	if (li->fd < 0) {
		r = li->fd;
		goto fail;
	}
	r = at->device != 0 ? sockopt_device(li->fd, at->name) : 0;
	if (r == 0)
		r = sockopt_bind(li->fd, &at->addr, at->port);
	/* RFC 5082 3: a neighbour with GTSM throws an answer to its SYN away that has another TTL. */
	if (r == 0)
		r = sockopt_ttl(li->fd, at->addr.family, SOCKOPT_TTL_MAX);
	if (r < 0)
		goto fail;
	for (size_t i = 0; i < l->nkeys; i++)
		key_apply(li, &l->keys[i], true);
	if (listen(li->fd, LISTEN_BACKLOG) < 0) {
		r = -errno;
		goto fail;
	}
	li->ev = event_new(l->loop->base, li->fd, EV_READ | EV_PERSIST, on_readable, li);
	li->resume = evtimer_new(l->loop->base, on_resume, li);
	if (li->ev == NULL || li->resume == NULL || event_priority_set(li->ev, LOOP_PRIO_IO) < 0 ||
	    event_add(li->ev, NULL) < 0) {
		r = -ENOMEM;
		goto fail;
	}
	return 0;
fail:
	listener_close(li);
	return r;
}

static struct listener *
listener_find(struct listen *l, const struct listen_addr *at)
{
	struct listener *li;

	LIST_FOREACH(li, &l->all, entry)
	if (li->at.port == at->port && li->at.device == at->device && ip_addr_eq(&li->at.addr, &at->addr))
		return li;
	return NULL;
}

static void
on_keys_retry(evutil_socket_t fd, short what, void *arg)
{
	struct listen *l = arg;

	(void)fd;
	(void)what;
	loop_enter(l->loop);
	listen_keys_set(l, l->keys, l->nkeys);
}

void
listen_init(struct listen *l, struct loop *loop, listen_accept_fn accept_fn, listen_shortage_fn shortage, void *ctx)
{
	*l = (struct listen){.loop = loop, .accept = accept_fn, .shortage = shortage, .ctx = ctx};
	LIST_INIT(&l->all);
	l->keys_retry = evtimer_new(loop->base, on_keys_retry, l);
	ASSERT(l->keys_retry != NULL);
}

void
listen_fini(struct listen *l)
{
	while (!LIST_EMPTY(&l->all))
		listener_close(LIST_FIRST(&l->all));
	event_free(l->keys_retry);
	freezero(l->keys, l->nkeys * sizeof *l->keys);
	l->keys = NULL;
	l->nkeys = 0;
}

unsigned
listen_set(struct listen *l, const struct listen_addr *want, size_t n)
{
	struct listener *li, *next;
	unsigned failed = 0;

	LIST_FOREACH(li, &l->all, entry)
	li->wanted = false;
	for (size_t i = 0; i < n; i++) {
		li = listener_find(l, &want[i]);
		if (li != NULL)
			li->wanted = true;
	}
	/* Close first: a new wildcard listener may need the port of an old specific one. */
	for (li = LIST_FIRST(&l->all); li != NULL; li = next) {
		next = LIST_NEXT(li, entry);
		if (!li->wanted)
			listener_close(li);
	}
	for (size_t i = 0; i < n; i++) {
		if (listener_find(l, &want[i]) != NULL)
			continue;
		int r = listener_open(l, &want[i]);
		if (r < 0) {
			log_failure("listen.open", &want[i].addr, want[i].port, -r);
			failed++;
		}
	}
	shortage_tell(l);
	return failed;
}

static int
place_cmp(const void *a, const void *b)
{
	const struct listen_key *x = a, *y = b;
	int c = (x->device > y->device) - (x->device < y->device);

	if (c == 0)
		c = ip_addr_cmp(&x->peer, &y->peer);
	return c != 0 ? c : x->prefix_len - y->prefix_len;
}

static int
key_cmp(const void *a, const void *b)
{
	const struct listen_key *x = a, *y = b;
	int c = place_cmp(a, b);

	if (c == 0)
		c = x->ao - y->ao;
	if (c == 0)
		c = x->send_id - y->send_id;
	return c != 0 ? c : x->receive_id - y->receive_id;
}

/* A copy of the list sorted; neighbours that share an address have the same keys (conf/check.c). */
static struct listen_key *
keys_sorted(const struct listen_key *keys, size_t *n)
{
	struct listen_key *v = xcalloc(*n + 1, sizeof *v);
	size_t kept = 0;

	if (*n > 0)
		memcpy(v, keys, *n * sizeof *v);
	qsort(v, *n, sizeof *v, key_cmp);
	for (size_t i = 0; i < *n; i++)
		if (kept == 0 || key_cmp(&v[kept - 1], &v[i]) != 0)
			v[kept++] = v[i];
	*n = kept;
	return v;
}

static bool
key_unchanged(const struct listen_key *old, const struct listen_key *new)
{
	return !old->refused && old->len == new->len && old->algorithm == new->algorithm &&
	    memcmp(old->key, new->key, new->len) == 0;
}

/* Sets a key on every listener, or takes it away; true: one of them refused it. */
static bool
key_set(struct listen *l, struct listen_key *key, bool want)
{
	struct listener *li;

	key->refused = key->no_room = false;
	LIST_FOREACH(li, &l->all, entry)
	key_apply(li, key, want);
	return key->refused;
}

unsigned
listen_keys_set(struct listen *l, const struct listen_key *keys, size_t n)
{
	struct listen_key *new = keys_sorted(keys, &n), *old = l->keys;
	unsigned refused = 0;

	/* First what goes: an address cannot have keys of both kinds, and an AO key cannot be changed. */
	for (int adding = 0; adding < 2; adding++) {
		for (size_t i = 0, j = 0; i < l->nkeys || j < n;) {
			int c = i == l->nkeys ? 1 : j == n ? -1 : key_cmp(&old[i], &new[j]);
			bool changed = c == 0 && !key_unchanged(&old[i], &new[j]);
			if (!adding && (c < 0 || (changed && old[i].ao)))
				refused += key_set(l, &old[i], false);
			else if (adding && (c > 0 || changed))
				refused += key_set(l, &new[j], true);
			i += c <= 0;
			j += c >= 0;
		}
	}
	freezero(l->keys, l->nkeys * sizeof *l->keys);
	l->keys = new;
	l->nkeys = n;
	shortage_tell(l);
	return refused;
}

bool
listen_asks_key(const struct listen *l, uint32_t device, const struct ip_addr *peer)
{
	struct listen_key own = {.peer = *peer, .device = device, .prefix_len = (uint8_t)family_bits(peer->family)};
	const struct listen_key *longest =
	    l->nkeys > 0 ? bsearch(&own, l->keys, l->nkeys, sizeof own, place_cmp) : NULL;

	for (size_t i = 0; (longest == NULL || longest->prefix_len < own.prefix_len) && i < l->nkeys; i++) {
		const struct listen_key *k = &l->keys[i];
		struct ip_prefix at = ip_prefix_from_addr(&k->peer, k->prefix_len);
		if (k->device == device && ip_prefix_contains(&at, peer) && (longest == NULL || k->prefix_len > longest->prefix_len))
			longest = k;
	}
	return longest != NULL && !longest->refused;
}
