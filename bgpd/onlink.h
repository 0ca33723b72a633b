/* SPDX-License-Identifier: Apache-2.0 */
/*
 * onlink: neighbours that are tied to an interface by its name.
 *
 * Those with `interface` (unnumbered) have no address in the configuration: it is learnt
 * from the router advertisements of the one neighbour on that link, or from its
 * connection. For that advertisements of our own go out, with a lifetime of 0, and
 * solicitations while nobody is known. Those with a link-local address and `%interface`
 * know it and only wait for the interface.
 *
 * Either has its session while an interface of that name is there and up, whatever its
 * index is by then; without one an unnumbered neighbour's address is forgotten.
 */
#ifndef BGPD_ONLINK_H
#define BGPD_ONLINK_H

#include "bgpd/ra.h"
#include "lib/addr.h"
#include "lib/loop.h"

#include <sys/queue.h>

struct bgpd;
struct peer;

struct onlink {
	LIST_ENTRY(onlink) entry;
	struct peer *peer;
	uint32_t ifindex;     /* of the interface that is up; 0: there is none */
	uint32_t sent;        /* advertisements since it came up */
	uint64_t sent_ns;     /* the last one */
	bool joined;          /* solicitations are heard there */
	struct event *timer;  /* for the next one; unnumbered ones only */
};
LIST_HEAD(onlink_list, onlink);

struct onlinks {
	struct onlink_list all;
	struct ra *ra;  /* NULL: nobody needs it, or it could not be opened */
	bool ra_failed; /* which has been said */
};

/* Makes p->onlink what its configuration asks for: there, there with another interface, or NULL. */
void onlink_configure(struct peer *p);
/* Its configuration is another one: frees p->onlink if that is of no interface. The rest is onlink_configure's, later. */
void onlink_check(struct peer *p);
/* Frees p->onlink, if there is one. */
void onlink_forget(struct peer *p);
/* Closes what is open; all peers have been freed. */
void onlink_close(struct bgpd *d);
/* Something about the interface with this index changed, or about the one that has this name now, in this domain. */
void onlink_link_changed(struct bgpd *d, uint32_t ifindex, const char *name);
/* A router advertisement or solicitation has come; also called by tests. */
void onlink_seen(struct bgpd *d, enum ra_kind kind, const struct ip_addr *from);
/* Whose connection it is that comes from this link-local address, which no neighbour has so far, in this domain; NULL: nobody's. */
struct peer *onlink_admit(struct bgpd *domain, const struct ip_addr *remote);

#endif
