/* SPDX-License-Identifier: Apache-2.0 */
/*
 * monitor: events for whoever has asked for them on the control socket.
 *
 * Whoever makes an event calls one of the functions below, which cost a comparison where
 * nobody has asked. Each client has a queue of MONITOR_QUEUE events (ctl_monitor.c). While
 * it does not read, further ones are lost and counted, and the next that finds room comes
 * behind an event that says how many; nothing ever waits for a client.
 */
#ifndef BGPD_MONITOR_H
#define BGPD_MONITOR_H

#include "lib/addr.h"

#include <stdint.h>
#include <sys/queue.h>

struct bgpd;
struct peer;
struct rib_change;

#define MONITOR_QUEUE 8192u /* some 16 MB of best paths */

#define MONITOR_NEIGHBOR 0x1u /* changes of state */
#define MONITOR_RIB      0x2u /* changes of best paths */
#define MONITOR_FIB      0x4u /* routes that are wanted in the kernel, or no more */

struct monitor_ops {
	/* State from → to; error: why it is Idle again, or "". */
	void (*neighbor)(struct bgpd *d, const struct peer *p, const char *from, const char *to, const char *error);
	void (*rib)(struct bgpd *d, const struct rib_change *c, unsigned n);
	/* wanted: set already. Not wanted: about to go, if it was there. */
	void (*fib)(struct bgpd *d, enum family f, uint32_t id, bool wanted);
};

struct monitor;
LIST_HEAD(monitor_list, monitor);
struct monitors {
	struct monitor_list all;
	uint8_t wanted; /* MONITOR_* of all of them together */
	const struct monitor_ops *ops; /* set while wanted is not 0 */
};

static inline void
monitor_neighbor(const struct monitors *ms, struct bgpd *d, const struct peer *p, const char *from, const char *to,
    const char *error)
{
	if (ms->wanted & MONITOR_NEIGHBOR)
		ms->ops->neighbor(d, p, from, to, error);
}

static inline void
monitor_rib(const struct monitors *ms, struct bgpd *d, const struct rib_change *c, unsigned n)
{
	if (ms->wanted & MONITOR_RIB)
		ms->ops->rib(d, c, n);
}

static inline void
monitor_fib(const struct monitors *ms, struct bgpd *d, enum family f, uint32_t id, bool wanted)
{
	if (ms->wanted & MONITOR_FIB)
		ms->ops->fib(d, f, id, wanted);
}

#endif
