/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon: the whole of a running bgpd, and the order in which it starts and stops.
 *
 * struct bgpd holds every part; parts get a pointer to it and never reach into
 * each other's private state. Everything in it belongs to the main thread. Neighbours with
 * a table of their own have a struct bgpd of their own, of which only a part is used: see
 * instance.h.
 */
#ifndef BGPD_DAEMON_H
#define BGPD_DAEMON_H

#include "bgpd/aggregates.h"
#include "bgpd/dynamic.h"
#include "bgpd/health.h"
#include "bgpd/instance.h"
#include "bgpd/listen.h"
#include "bgpd/memory.h"
#include "bgpd/monitor.h"
#include "bgpd/msg_log.h"
#include "bgpd/onlink.h"
#include "bgpd/own.h"
#include "bgpd/peer_table.h"
#include "bgpd/restart.h"
#include "bgpd/session.h"
#include "conf/conf.h"
#include "fib/fib.h"
#include "lib/loop.h"
#include "rib/originate.h"
#include "rib/rib.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#define DAEMON_CONF_PATH   SYSCONFDIR "/godwit/bgpd.yaml"
#define DAEMON_RUN_DIR     "/run/godwit"
#define DAEMON_SOCKET_PATH DAEMON_RUN_DIR "/bgpd.sock"

struct daemon_options {
	const char *conf_path;
	const char *socket;  /* NULL: the configuration's */
	const char *pidfile; /* NULL: none */
	unsigned verbose;    /* levels above the configured one */
	bool kernel;         /* false: never touch the kernel's routes, nor ask for any */
	bool reach_all;      /* next hops are reachable, since nobody can say */
	bool no_filter;      /* of system calls: for those who measure with valgrind and the like */
	bool afresh;         /* a start is a first one, whatever an earlier run has left */
	const char *bird_ipv4, *bird_ipv6; /* in place of bird-sockets of the configuration; NULL: those */
};

struct peer;
struct policies;
struct groups;
struct kernel;
struct birdsocks;
struct ctl;
struct metrics;
struct service;
struct pipeline;
TAILQ_HEAD(peer_list, peer);

#define DAEMON_PORTION 256 /* some 20 µs of work */

struct bgpd {
	struct bgpd *main; /* the one whose parts are the process's: itself, unless this is an instance beside it */
	struct loop *loop;
	uint32_t portion; /* prefixes, next hops or ids that a job looks at between two looks at the clock */
	const struct daemon_options *options;
	struct conf *conf;
	uint32_t router_id, cluster_id; /* host order */
	uint64_t start_ns;              /* monotonic */
	bool stopping;

	/* A routing table, who fills it and who is told of it: every instance's own (instance.h). */
	struct attr_table *attrs;
	struct nexthop_table *nexthops;
	struct rib *rib;
	struct originate originate;
	struct aggregates_own aggregates;
	struct policies *policies; /* compiled from conf (compile.h) */
	struct kernel *kernel;     /* between rib and fib (kernel.h) */
	struct groups *groups;     /* export groups (group.h) */
	struct pipeline *pipeline; /* the jobs that carry changes on (pipeline.h) */
	struct update_queue *updates;
	struct health health;      /* conditions of networks */
	struct own own;            /* routes of the configuration on their way into the RIB */
	struct peer_list peers;
	struct job starts; /* the first start of all, in slices: that is 10 us for each */
	struct peer *start_next;
	struct restart restart; /* what a start owes to the run before it (restart.h) */
	struct session_pool *sessions;

	/* Of the process: main's. */
	struct instance_list instances; /* the others */
	uint32_t instances_made;
	uint64_t peers_made;
	long descriptors;          /* that we may have; 0: not known */
	struct loader *loader;     /* reads configurations (loader.h) */
	struct reload *reload;     /* and makes them the running one (reload.h) */
	struct listen listen;
	struct peer_table peer_table; /* configured neighbours */
	struct dynamic_ranges ranges;
	struct onlinks onlinks;
	struct monitors monitors;
	struct msg_log msg_log; /* of all neighbours */
	struct ctl *ctl;
	struct birdsocks *birdsocks; /* for programs that ask BIRD */
	struct metrics *metrics; /* over HTTP */
	struct memory memory;    /* its limit (memory.h) */
	struct service *service; /* whoever started us as a service; NULL: nobody */
	bool draining; /* before an orderly stop */
	struct event *ev_stop; /* ends the wait for lingering sessions */
	struct event *signals[5];
};

/*
 * Gives up what privileges there are to give up (privilege.h), starts, and runs until a signal or a command ends it;
 * takes conf over. The exit status.
 */
int daemon_run(const struct daemon_options *options, struct conf *conf);
/*
 * Everything of daemon_run but privileges and the loop, for who turns that himself: d is initialised and conf taken over. False: it
 * could not be started, which is logged; daemon_free follows. Else that follows daemon_stop, which ends the sessions.
 * keep: our routes stay in the kernel, whatever the configuration says.
 */
bool daemon_start(struct bgpd *d, const struct daemon_options *options, struct conf *conf);
void daemon_free(struct bgpd *d, bool keep);
/* As daemon_stop, after a drain of all neighbours if the configuration says so; the second call does not wait for it. */
void daemon_stop_drained(struct bgpd *d);
/* Begins an orderly stop: Cease to everybody, routes out of the kernel unless told to keep them, then the loop ends. */
void daemon_stop(struct bgpd *d);
/*
 * Interfaces and addresses are known: neighbours may start. Before that a session would not know the addresses that
 * it announces as next hops.
 */
void daemon_kernel_synced(struct bgpd *d);
/* Makes room for its descriptors: two connections a neighbour, as in a collision, and some of our own (fdtable_reserve). */
int daemon_room_for(const struct conf *c);
/* This host has a new address: a listener that had to wait for it may have it now. */
void daemon_address_added(struct bgpd *d, const struct ip_addr *addr);
/* A neighbour with a TCP key has another address: the listeners are to know it. */
void daemon_keys_changed(struct bgpd *d);
/* What of a configuration reaches further than neighbours and routes: log level, listeners, TCP keys. */
void daemon_apply_settings(struct bgpd *d);

#endif
