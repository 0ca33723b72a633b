/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peer: a neighbour: its configuration, its connections and their state machines.
 *
 * A peer has one state machine for the connection it dials or waits for (main)
 * and, while an incoming connection competes with it, a second one (RFC 4271
 * 6.8, 8.2.1). When the second wins it takes main's place. The pure machine
 * decides (fsm.h), peer_fsm.c carries its actions out; what an established
 * session does with routes is peer_routes.c's.
 *
 * Every change of state is one log line. RFC 4271 8, 4486, 9003, 9687.
 */
#ifndef BGPD_PEER_H
#define BGPD_PEER_H

#include "bgpd/drain.h"
#include "bgpd/fsm.h"
#include "bgpd/max_out.h"
#include "bgpd/memory.h"
#include "bgpd/msg_log.h"
#include "bgpd/open.h"
#include "bgpd/peer_gr.h"
#include "bgpd/session.h"
#include "conf/conf.h"
#include "rib/rib.h"

#include <sys/queue.h>

struct bgpd;
struct dynamic_range;
struct onlink;
struct peer;
struct peer_routes;

struct peer_conn {
	struct peer *peer;
	struct session *session; /* NULL: none */
	uint8_t state;           /* enum fsm_state */
	bool incoming;
	bool hard_reset;        /* the NOTIFICATION that came wants no routes kept (RFC 8538 3.1) */
	bool silent;            /* ends without a NOTIFICATION, as for a graceful restart */
	uint64_t accepted_ns;   /* incoming: when it came */
	bool shared;            /* incoming, and several neighbours have the address: our OPEN waits for theirs */
	bool has_open;          /* theirs is filled in */
	uint8_t rx_type;        /* enum bgp_msg_type of the message that came last */
	bool open_waits;        /* and is not taken until it is known what becomes of the other connection (peer_messages.c) */
	bool keepalive_waits;   /* behind that OPEN */
	struct open_msg theirs; /* the OPEN that came */
	struct open_msg sent;   /* the one that went, from OpenSent on: a reload may change the peer's meanwhile */
	struct event *hold, *keepalive, *delay_open, *send_hold;
	uint64_t last_rx_ns; /* of a message that restarts the hold timer */
	uint64_t last_tx_ns; /* of any progress in sending */
	uint32_t hold_s;     /* that the hold timer was started with; 0: not running */
	struct bgp_error error; /* what FSM_DO_NOTIFY without a code of its own sends */
};

/* Why an established session has ended. */
enum peer_drop {
	PEER_DROP_ADMINISTRATIVE, /* by command or configuration, or since we stop */
	PEER_DROP_CONNECTION,     /* the connection was closed or lost */
	PEER_DROP_HOLD_TIMER,     /* the neighbour was silent, or did not read (RFC 9687) */
	PEER_DROP_LIMIT,          /* max-prefix, or it took too much of something else */
	PEER_DROP_RECEIVED,       /* its NOTIFICATION */
	PEER_DROP_PROTOCOL,       /* ours, for an error in what it sent */
	PEER_DROPS
};

struct peer_stats {
	uint64_t in[BGP_MSG_TYPES], out[BGP_MSG_TYPES]; /* messages of all sessions so far */
	uint64_t octets_in, octets_out;                 /* likewise */
	uint64_t established;                           /* times the session came up */
	uint64_t drops[PEER_DROPS];                     /* times it ended, by enum peer_drop */
};

/* Why there is no session; forgotten when there is one. For people last_error says more, and says it for longer. */
enum peer_failure_kind {
	PEER_FAILURE_NONE,
	PEER_FAILURE_SOCKET,      /* no connection: error */
	PEER_FAILURE_CLOSED,      /* the neighbour has ended it */
	PEER_FAILURE_SENT,        /* our NOTIFICATION: code, subcode */
	PEER_FAILURE_RECEIVED,    /* theirs: likewise */
	PEER_FAILURE_UNPROTECTED, /* peer_may_start */
};
struct peer_failure {
	uint8_t kind; /* enum peer_failure_kind */
	uint8_t code, subcode;
	int error; /* errno */
};

struct peer {
	TAILQ_ENTRY(peer) entry; /* in bgpd.peers, in the order of the configuration */
	struct bgpd *d;
	const struct conf_neighbor *conf; /* of the running configuration */
	uint32_t number; /* by which policies know it: 1 + its place in the configuration; 0: removed */
	uint64_t serial; /* no other one has or has had it; ascending in bgpd.peers */
	char *name;
	struct ip_addr addr; /* with scope; FAMILY_NONE: not known yet */
	struct onlink *onlink; /* it is tied to an interface (onlink.h); NULL: it is not */
	struct dynamic_range *range; /* that it came in by (dynamic.h); NULL: it is configured itself */
	uint32_t slot;       /* peer_table's; 0: it is not in, as when it is no longer configured */
	struct peer *next_same_addr;

	struct peer_conn *main, *second; /* second->state is FSM_IDLE while there is none */
	struct peer_conn conns[2];
	struct event *connect_retry, *idle_hold;
	struct event *collision; /* an OPEN has waited long enough for the other connection */
	uint32_t failures;   /* in a row, for the back-off in Idle */
	bool admin_down;     /* by command */
	bool other_as;       /* the neighbour has refused local-as: it is router.as's turn (local-as-dual) */
	bool held;           /* its session ended for a reload: it begins when that has been done to it */
	bool removed;        /* no longer configured: goes when its paths are swept */

	struct open_msg ours;        /* the OPEN we send */
	struct open_session session; /* what was negotiated; valid while Established */
	struct max_out max_out;
	struct memory_share memory;
	struct drain drain;
	struct peer_gr gr;           /* while it restarts gracefully */
	struct peer_routes *routes;  /* its part of the RIB; lives as long as the peer */
	uint8_t debug;               /* enum conf_debug: the configuration's, until a command says otherwise */
	struct msg_log msg_log;
	uint64_t updown_ns;          /* monotonic time of the last change into or out of Established */
	char last_error[512];        /* "" none: why the last session ended */
	struct peer_failure failure;
	struct peer_stats stats;     /* of ended sessions and of streams; peer_stats_get adds the rest of the running one */
};

/* A peer for a neighbour of the configuration that is no range; not started. */
struct peer *peer_new(struct bgpd *d, const struct conf_neighbor *conf);
/* The same for somebody at addr who is in this range, under a name that nobody has. Called by dynamic.c. */
struct peer *peer_new_dynamic(struct bgpd *d, struct dynamic_range *range, const char *name, const struct ip_addr *addr);
/* Frees at once: no session, no paths (rib_source swept). */
void peer_free(struct peer *p);
/* Has it what it takes to protect its sessions, and the VRF that they are in? If not, it says so in the log and in last_error. */
bool peer_may_start(struct peer *p);
/* ManualStart, unless it is shut down by configuration or command, or may not start. */
void peer_start(struct peer *p);
/*
 * Ends the session, if there is one, with this Cease, and starts again restart_s seconds later. PEER_STAY_DOWN: stays
 * in Idle until peer_start.
 */
void peer_end(struct peer *p, const struct bgp_error *cease, uint32_t restart_s);
#define PEER_STAY_DOWN UINT32_MAX
/*
 * ManualStop with Cease and this subcode. text: shutdown communication, or NULL. The peer stays in Idle until
 * peer_start.
 */
void peer_stop(struct peer *p, uint8_t cease_subcode, const char *text);
/*
 * We go away for a graceful restart: a neighbour that has agreed on it loses the connection without a NOTIFICATION, so
 * that it keeps our routes (RFC 4724 4.2); others get Cease/Administrative Shutdown. Stays in Idle.
 */
void peer_leave(struct peer *p);
/* As peer_stop, and starts again by itself after the idle hold time. */
void peer_reset(struct peer *p, uint8_t code, uint8_t subcode, const char *reason);
/* As peer_reset, with a warning: there is no memory for what is the neighbour's alone (lib/mem.h), which is this. */
void peer_starve(struct peer *p, const char *what);
/* The session is to end with this NOTIFICATION because of a message that came (UPDATE or refresh error). */
void peer_update_error(struct peer *p, const struct bgp_error *err);
/*
 * An incoming connection for this peer; takes the fd. shared: others have the address too, so that only the OPEN will
 * tell whose it is (peer_of_open).
 */
void peer_accept(struct peer *p, int fd, bool shared);
/* The neighbour expects another AS of us: local-as-dual gives it the other one the next time. */
void peer_as_refused(struct peer *p);
/*
 * It has another configuration, of the running one: from now on policies and its next OPEN go by that. What else there
 * is to do about it is peer_reconfigure's, which is called before long.
 */
void peer_configure(struct peer *p, const struct conf_neighbor *conf);
/* Settings that the running session need not end for take effect. */
void peer_reconfigure(struct peer *p);
/*
 * Another address than before, or none: attempts and sessions with the old one end, without a word, since it is not
 * there any more. Called by onlink.c.
 */
void peer_address_set(struct peer *p, const struct ip_addr *addr);
/* Its address is known, and the interface that it is on. */
bool peer_can_dial(const struct peer *p);
/* No longer configured: ends with Cease/Peer De-configured and is freed when its paths are swept. */
void peer_retire(struct peer *p);

/* Own addresses have come or gone: next hops that came in are to be judged again. */
void peer_subnets_changed(struct bgpd *d);
/* Next hops lead through other interfaces: likewise where import policy looks at those. */
void peer_interfaces_changed(struct bgpd *d);

/*
 * Whom a connection from remote to local is for, or NULL. Of several, *shared, one that can take it. domain: where it
 * came in, a VRF's instance or the main one.
 */
struct peer *peer_find_addr(struct bgpd *domain, const struct ip_addr *remote, const struct ip_addr *local, bool *shared);
/*
 * Whose connection c is, now that theirs is filled in: a neighbour of the same address, with that AS, that has not met
 * another BGP Identifier on its other connection. c's own peer where nobody fits better; NULL: one fits better, but
 * wants no connection now.
 */
struct peer *peer_of_open(struct peer_conn *c);
enum fsm_state peer_state(const struct peer *p); /* of the connection that is furthest */
static inline bool
peer_established(const struct peer *p)
{
	return p->main->state == FSM_ESTABLISHED;
}
static inline uint32_t
peer_number(const struct peer *p)
{
	return p->number;
}
/* Shut down by configuration or command, or no longer configured: nothing but peer_start may start it. */
static inline bool
peer_is_down(const struct peer *p)
{
	return p->admin_down || p->conf->shutdown || p->removed;
}
/* Of its address; one that is tied to an interface will have an IPv6 one. */
static inline enum family
peer_family(const struct peer *p)
{
	return p->addr.family == FAMILY_IPV4 ? FAMILY_IPV4 : FAMILY_IPV6;
}
bool peer_is_internal(const struct peer *p);
enum rib_peer_type peer_type(const struct peer *p); /* of the session */
bool peer_one_hop(const struct peer *p);            /* Is it, as configured, one hop away (RFC 4271 5.1.3, 6.3)? */
uint8_t peer_role(const struct peer *p); /* enum export_role: our own towards it */
void peer_stats_get(const struct peer *p, struct peer_stats *out);
/* Sends a message on the established session; a peer that does not read any more is reset. */
void peer_send(struct peer *p, const uint8_t *msg, size_t len);

/* session_send has said err: the neighbour is reset. */
void peer_unsent(struct peer *p, int err);

/* peer_fsm.c: one event for one connection. */
void peer_event(struct peer_conn *c, enum fsm_event ev);
/*
 * Gives a connection that waits for its OPEN, and theirs, to another neighbour, whose second it becomes. If that is a
 * connection already, one of which the OPEN has not come, the two change places; if it has been sent ours, it ends.
 */
struct peer_conn *peer_conn_move(struct peer_conn *c, struct peer *to);
/* The OPEN of c waits for what becomes of the other connection, some seconds at most: then the silent one is closed. */
void peer_open_wait(struct peer_conn *c);
/* peer_messages.c: takes up the OPEN that waited, since the other connection has ended. */
void peer_open_resume(struct peer_conn *c);
struct peer_conn *peer_conn_other(const struct peer_conn *c);
void peer_timers_init(struct peer *p);
void peer_timers_fini(struct peer *p);
extern const struct session_ops peer_session_ops; /* ctx is the struct peer_conn */

#endif
