/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bgpdtest: a whole daemon inside a test, without a kernel.
 *
 * It is started as daemon_run starts it, from the text of a configuration, with
 * --no-kernel; its loop is turned by the test (looptest.h). Neighbours live at
 * 127.0.0.2 and above and are played by speaker.h. Router: AS 65001, identifier
 * 10.0.0.1, listening at 127.0.0.1.
 */
#ifndef TESTS_UNIT_BGPDTEST_H
#define TESTS_UNIT_BGPDTEST_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bgpd/daemon.h"
#include "bgpd/kernel.h"
#include "bgpd/kernel_watch.h"
#include "bgpd/peer.h"
#include "bgpd/peer_routes.h"
#include "bgpd/pipeline.h"
#include "bgpd/reload.h"
#include "conf/conf.h"
#include "lib/str.h"
#include "tests/unit/looptest.h"
#include "tests/unit/speaker.h"

#define BGPDTEST_AS 65001u
#define BGPDTEST_ID 0x0a000001u

struct bgpdtest {
	struct bgpd d;
	struct daemon_options options;
	uint16_t port; /* where it listens */
	char dir[64], conf[96], socket[96];
};

/* Writes the configuration: router gives further members of router (", cluster-id: …"), rest the sections. */
static inline void
bgpdtest_write(struct bgpdtest *t, const char *router, const char *rest)
{
	FILE *f = fopen(t->conf, "w");

	ck_assert_ptr_nonnull(f);
	fprintf(f,
		"router: {as: %u, id: 10.0.0.1, listen: [{address: 127.0.0.1, port: %u}]%s}\n"
		"log: {level: error}\n%s",
		BGPDTEST_AS, t->port, router, rest);
	ck_assert_int_eq(fclose(f), 0);
}

static inline struct conf *
bgpdtest_load(const char *path)
{
	struct conf_errors errs = {0};
	struct str text = {0};
	struct conf *c;
	int r = conf_load(path, &c, &errs);

	conf_errors_print(&errs, &text);
	ck_assert_msg(r == 0, "%s", str_get(&text));
	conf_errors_free(&errs);
	str_free(&text);
	return c;
}

static inline void
bgpdtest_start(struct bgpdtest *t, const char *router, const char *rest)
{
	*t = (struct bgpdtest){.dir = "/tmp/bgpdtest.XXXXXX"};
	ck_assert_ptr_nonnull(mkdtemp(t->dir));
	snprintf(t->conf, sizeof(t->conf), "%s/bgpd.yaml", t->dir);
	snprintf(t->socket, sizeof(t->socket), "%s/sock", t->dir);
	t->port = speaker_free_port("127.0.0.1");
	t->options = (struct daemon_options){.conf_path = t->conf, .socket = t->socket};
	bgpdtest_write(t, router, rest);
	ck_assert(daemon_start(&t->d, &t->options, bgpdtest_load(t->conf)));
	UNTIL(t->d.loop, t->d.kernel->synced);
}

/* An orderly stop, which does not wait for neighbours to read it. */
static inline void
bgpdtest_stop(struct bgpdtest *t)
{
	daemon_stop(&t->d);
	daemon_free(&t->d, false);
	unlink(t->conf);
	ck_assert_int_eq(rmdir(t->dir), 0);
}

static inline struct peer *
bgpdtest_peer(struct bgpdtest *t, const char *name)
{
	struct peer *p;

	TAILQ_FOREACH(p, &t->d.peers, entry)
	if (strcmp(p->name, name) == 0)
		return p;
	return NULL;
}

/* Nothing is left to decide, to resolve, to sweep or to do in a job. */
static inline void
bgpdtest_settle(struct bgpdtest *t)
{
	UNTIL(t->d.loop, pipeline_idle(t->d.pipeline) && TAILQ_EMPTY(&t->d.loop->jobs));
}

static inline void
bgpdtest_reloaded(void *ctx, int result, const char *reason)
{
	ck_assert_msg(result == 0, "%s", reason != NULL ? reason : "?");
	*(bool *)ctx = true;
}

/* A new configuration takes the place of the running one. */
static inline void
bgpdtest_reload(struct bgpdtest *t, const char *router, const char *rest)
{
	bool done = false;

	bgpdtest_write(t, router, rest);
	reload_file(t->d.reload, 0, bgpdtest_reloaded, &done);
	UNTIL(t->d.loop, done);
}

/* The kernel reports an interface that is up, and an address on it. */
static inline void
bgpdtest_interface(struct bgpdtest *t, uint32_t ifindex, const char *name, const char *addr, unsigned len)
{
	struct fib_link l = {.ifindex = ifindex, .up = true, .mtu = 1500};
	struct fib_address a = {.ifindex = ifindex};

	strlcpy(l.name, name, sizeof(l.name));
	ck_assert_int_eq(ip_addr_parse(addr, &a.addr), 0);
	a.subnet = ip_prefix_from_addr(&a.addr, len);
	kernel_watch_link(t->d.kernel, &l);
	kernel_watch_address(t->d.kernel, &a);
}

/* An OPEN of a neighbour with both families, four-octet AS numbers and refresh. */
static inline struct open_msg
bgpdtest_open(uint32_t as, uint32_t id)
{
	return (struct open_msg){.as = as,
				 .id = id,
				 .hold_s = 90,
				 .caps = {.families = OPEN_FAMILY(FAMILY_IPV4) | OPEN_FAMILY(FAMILY_IPV6),
					  .as4 = true,
					  .route_refresh = true,
					  .enhanced_refresh = true}};
}

/* A neighbour at addr dials in with this OPEN, and the session is up at both ends. */
static inline struct peer *
bgpdtest_session_open(struct bgpdtest *t, struct speaker *s, const char *addr, const struct open_msg *o)
{
	struct peer *p = bgpdtest_peer(t, addr);

	ck_assert_ptr_nonnull(p);
	UNTIL(t->d.loop, peer_state(p) == FSM_ACTIVE);
	speaker_connect(s, t->d.loop, addr, "127.0.0.1", t->port);
	speaker_establish(s, o);
	UNTIL(t->d.loop, peer_established(p));
	return p;
}

static inline struct peer *
bgpdtest_session(struct bgpdtest *t, struct speaker *s, const char *addr, uint32_t as, uint32_t id)
{
	struct open_msg o = bgpdtest_open(as, id);

	return bgpdtest_session_open(t, s, addr, &o);
}

static inline struct ip_prefix
bgpdtest_prefix(const char *text)
{
	struct ip_prefix p;

	ck_assert_int_eq(ip_prefix_parse(text, &p), 0);
	return p;
}

/* The path of this peer for a prefix, or NULL. */
static inline const struct rib_path *
bgpdtest_path(struct bgpdtest *t, struct peer *p, const char *prefix)
{
	struct ip_prefix pf = bgpdtest_prefix(prefix);
	uint32_t id = rib_find(t->d.rib, &pf);

	return id == 0 ? NULL
		       : rib_path_of(t->d.rib, (enum family)pf.family, id, peer_routes_source(p)->index);
}

/* The best path of a prefix, or NULL. */
static inline const struct rib_path *
bgpdtest_best(struct bgpdtest *t, const char *prefix)
{
	struct ip_prefix pf = bgpdtest_prefix(prefix);
	uint32_t id = rib_find(t->d.rib, &pf);

	return id == 0 ? NULL : rib_best(t->d.rib, (enum family)pf.family, id);
}

#endif
