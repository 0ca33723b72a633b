/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_daemon: a whole bgpd for one input, without a kernel and without connections to neighbours, and a
 * client of one of its unix sockets. It has two neighbours, of which one has announced a few routes,
 * networks, an aggregate and a policy.
 */
#ifndef TESTS_FUZZ_FUZZ_DAEMON_H
#define TESTS_FUZZ_FUZZ_DAEMON_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "bgpd/daemon.h"
#include "bgpd/kernel.h"
#include "bgpd/loader.h"
#include "bgpd/peer.h"
#include "bgpd/peer_routes.h"
#include "bgpd/pipeline.h"
#include "lib/log.h"
#include "lib/str.h"
#include "tests/fuzz/fuzz.h"

#define FUZZ_TURNS_MAX 400 /* of the loop, for one input: an answer may have no end */

struct fuzz_daemon {
	struct bgpd d;
	struct event *stop;
};

static char fuzz_dir[64], fuzz_conf[96], fuzz_socket[96], fuzz_bird[96];
static const struct daemon_options fuzz_options = {.conf_path = fuzz_conf, .socket = fuzz_socket};

static void
fuzz_daemon_clean(void)
{
	unlink(fuzz_conf);
	unlink(fuzz_socket);
	unlink(fuzz_bird);
	rmdir(fuzz_dir);
}

/* Once: where its files are. */
static inline void
fuzz_daemon_init(void)
{
	static const char text[] = "router: {as: 65001, id: 10.0.0.1, listen: [], cluster-id: 10.0.0.9}\n"
				   "log: {level: error}\n"
				   "prefix-sets: {ten: [10.0.0.0/8 le 24]}\n"
				   "community-sets: {some: ['65001:*']}\n"
				   "as-path-sets: {two: ['^65002']}\n"
				   "policies:\n"
				   "  in:\n"
				   "    - {match: {prefix-set: [ten], as-path-set: [two]}, set: "
				   "{local-preference: 200, add-communities: ['65001:7']}}\n"
				   "    - {match: {prefix-set: [192.0.2.0/24]}, action: reject}\n"
				   "    - {action: accept}\n"
				   "neighbors:\n"
				   "  - {address: 127.0.0.2, name: a, remote-as: 65002, passive: true, "
				   "import: [in], export: [accept]}\n"
				   "  - {address: '::2', name: b, remote-as: 65001, passive: true, families: "
				   "[ipv6-unicast], route-reflector-client: true}\n"
				   "networks: [{prefix: 198.51.100.0/24}, {prefix: '2001:db8::/32'}]\n"
				   "aggregates: [{prefix: 10.0.0.0/8}]\n";

	strcpy(fuzz_dir, "/tmp/godwit-fuzz.XXXXXX");
	ASSERT(mkdtemp(fuzz_dir) != NULL);
	snprintf(fuzz_conf, sizeof(fuzz_conf), "%s/bgpd.yaml", fuzz_dir);
	snprintf(fuzz_socket, sizeof(fuzz_socket), "%s/sock", fuzz_dir);
	snprintf(fuzz_bird, sizeof(fuzz_bird), "%s/bird", fuzz_dir);
	FILE *f = fopen(fuzz_conf, "w");
	ASSERT(f != NULL && fputs(text, f) >= 0 && fprintf(f, "bird-sockets: {ipv4: %s}\n", fuzz_bird) > 0);
	fclose(f);
	atexit(fuzz_daemon_clean);
}

static inline void
fuzz_daemon_on_stop(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	loop_stop(arg);
}

/* One turn of the loop, which waits for nothing but a configuration that is being read. */
static inline void
fuzz_daemon_turn(struct fuzz_daemon *f)
{
	loop_enter(f->d.loop);
	loader_wait(f->d.loader);
	f->d.loop->in_turn = false;
	event_active(f->stop, EV_TIMEOUT, 0);
	int rc = loop_run(f->d.loop);
	ASSERT(rc == 0);
}

/* Routes of the first neighbour, as if its session had brought them. */
static inline void
fuzz_daemon_routes(struct bgpd *d)
{
	static const uint8_t wire[] = {0x40, 1, 1, 0, 0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xea};
	struct peer *p = TAILQ_FIRST(&d->peers);
	attr_id attr = attr_intern(d->attrs, ATTR_NEXTHOP_NONE, NULL, wire, sizeof(wire));

	for (uint8_t i = 0; i < 3; i++) {
		struct rib_op op = {.received = attr,
				    .effective = attr,
				    .reject = (uint8_t)(i == 2 ? RIB_REJECT_POLICY : RIB_REJECT_NONE)};
		op.prefix = (struct ip_prefix){.family = FAMILY_IPV4, .len = 24, .bytes = {10, i}};
		op.hash = rib_hash(d->rib, &op.prefix);
		rib_apply(d->rib, peer_routes_source(p), &op, 1, 7, RIB_URGENT);
	}
	attr_unref(d->attrs, attr);
	pipeline_decide(d->pipeline);
}

static inline void
fuzz_daemon_start(struct fuzz_daemon *f)
{
	struct conf_errors errs = {0};
	struct conf *c;

	int rc = conf_load(fuzz_conf, &c, &errs);
	if (rc != 0)
		conf_errors_write(&errs, stderr);
	ASSERT(rc == 0);
	conf_errors_free(&errs);
	bool started = daemon_start(&f->d, &fuzz_options, c);
	ASSERT(started);
	f->stop = event_new(f->d.loop->base, -1, 0, fuzz_daemon_on_stop, f->d.loop);
	for (unsigned i = 0; i < FUZZ_TURNS_MAX && !f->d.kernel->synced; i++)
		fuzz_daemon_turn(f);
	fuzz_daemon_routes(&f->d);
	for (unsigned i = 0; i < FUZZ_TURNS_MAX && !pipeline_idle(f->d.pipeline); i++)
		fuzz_daemon_turn(f);
}

static inline void
fuzz_daemon_stop(struct fuzz_daemon *f)
{
	event_free(f->stop);
	daemon_stop(&f->d);
	daemon_free(&f->d, false);
	log_set_level(LOG_ERROR);
}

/* A client says all of this, and nothing behind it; what it is answered is added to out. */
static inline void
fuzz_daemon_say(struct fuzz_daemon *f, const char *path, const uint8_t *data, size_t size, struct str *out)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	static char buf[65536];
	size_t at = 0;
	ssize_t n = -1;

	strcpy(sun.sun_path, path);
	ASSERT(fd >= 0 && connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0);
	for (unsigned i = 0; i < FUZZ_TURNS_MAX && n != 0; i++) {
		ssize_t put = at < size ? send(fd, data + at, size - at, MSG_NOSIGNAL) : -1;
		if (put > 0 && (at += (size_t)put) == size)
			shutdown(fd, SHUT_WR);
		fuzz_daemon_turn(f);
		while ((n = recv(fd, buf, sizeof(buf), 0)) > 0)
			str_addn(out, buf, (size_t)n);
		if (n < 0 && errno == ECONNRESET)
			break;
	}
	close(fd);
	fuzz_daemon_turn(f);
}

#endif
