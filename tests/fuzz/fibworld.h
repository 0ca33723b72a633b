/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fibworld: fib over a kernel that is made up (fakekernel.h), in a time that is made up, too: it goes on by a bit with
 * each look at the clock, and to the next timer where nothing is left to be done.
 */
#ifndef TESTS_FUZZ_FIBWORLD_H
#define TESTS_FUZZ_FIBWORLD_H

/* First, since it has names of its own for what is global there. */
#include "tests/fuzz/fibhere.h"

#include "tests/fuzz/fakekernel.h"

#include <poll.h>
#include <stdio.h>

ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags);
ssize_t __wrap_sendto(int fd, const void *buf, size_t len, int flags, const struct sockaddr *to, socklen_t tolen);
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout);
uint64_t __wrap_time_mono_ns(void);
uint64_t __wrap_time_cpu_ns(void);
uint32_t __wrap_arc4random(void);
int __wrap_event_add(struct event *ev, const struct timeval *tv);
int __wrap_event_del(struct event *ev);
int __wrap_event_pending(const struct event *ev, short what, struct timeval *tv);
int __wrap_event_base_gettimeofday_cached(struct event_base *base, struct timeval *tv);
void __wrap_event_free(struct event *ev);
void __real_event_free(struct event *ev);

#define FD_FIRST 1000 /* of enum kernel_socket */
#define LOOK_NS  1000u
#define TIMERS   16

static uint64_t now_ns;
static struct timer {
	struct event *ev;
	uint64_t due_ns;
} timers[TIMERS];

/* ---- sockets, time ---- */

ssize_t
__wrap_recv(int fd, void *buf, size_t len, int flags)
{
	return kernel_receive((enum kernel_socket)(fd - FD_FIRST), buf, len, flags);
}

ssize_t
__wrap_sendto(int fd, const void *buf, size_t len, int flags, const struct sockaddr *to, socklen_t tolen)
{
	(void)flags, (void)to, (void)tolen;
	return kernel_send((enum kernel_socket)(fd - FD_FIRST), buf, len);
}

uint64_t
__wrap_time_mono_ns(void)
{
	return now_ns += LOOK_NS;
}

/* Asked at the beginning of each turn, and a system call. */
uint64_t
__wrap_time_cpu_ns(void)
{
	return now_ns;
}

uint32_t
__wrap_arc4random(void)
{
	return (uint32_t)(now_ns / LOOK_NS);
}

static inline struct timer *
timer_of(const struct event *ev)
{
	for (unsigned i = 0; i < TIMERS; i++)
		if (timers[i].ev == ev)
			return &timers[i];
	return NULL;
}

int
__wrap_event_del(struct event *ev)
{
	struct timer *t = timer_of(ev);

	if (t != NULL)
		t->ev = NULL;
	return 0;
}

/* Sockets need not be waited for. */
int
__wrap_event_add(struct event *ev, const struct timeval *tv)
{
	if (tv == NULL)
		return 0;
	__wrap_event_del(ev);
	struct timer *t = timer_of(NULL);
	ASSERT(t != NULL);
	t->ev = ev;
	t->due_ns = now_ns + (uint64_t)tv->tv_sec * 1000000000u + (uint64_t)tv->tv_usec * 1000u;
	return 0;
}

static inline struct timeval
timeval_of(uint64_t ns)
{
	return (struct timeval){.tv_sec = (time_t)(ns / 1000000000u),
				.tv_usec = (suseconds_t)(ns % 1000000000u / 1000u)};
}

int
__wrap_event_pending(const struct event *ev, short what, struct timeval *tv)
{
	const struct timer *t = timer_of(ev);

	if (t != NULL && tv != NULL)
		*tv = timeval_of(t->due_ns);
	return t != NULL ? what & EV_TIMEOUT : 0;
}

int
__wrap_event_base_gettimeofday_cached(struct event_base *base, struct timeval *tv)
{
	(void)base;
	*tv = timeval_of(now_ns);
	return 0;
}

void
__wrap_event_free(struct event *ev)
{
	__wrap_event_del(ev);
	__real_event_free(ev);
}

static inline void
turn_end(void)
{
	loop.in_turn = nl->loop.in_turn = false;
}

/* The timer that is due first goes off, unless that is later than until_ns. */
static inline bool
fire(uint64_t until_ns)
{
	struct timer *first = NULL;

	for (unsigned i = 0; i < TIMERS; i++)
		if (timers[i].ev != NULL && (first == NULL || timers[i].due_ns < first->due_ns))
			first = &timers[i];
	if (first == NULL || first->due_ns > until_ns)
		return false;
	if (first->due_ns > now_ns)
		now_ns = first->due_ns;
	struct event *ev = first->ev;
	first->ev = NULL;
	event_get_callback(ev)(-1, EV_TIMEOUT, event_get_callback_arg(ev));
	turn_end();
	return true;
}

/* ---- the back end ---- */

static inline int
world_start(struct fib_chan *chan, struct loop *l, void **self)
{
	(void)l;
	nl = here_new(chan, FD_FIRST + KERNEL_OPS, FD_FIRST + KERNEL_NOTIFY, FD_FIRST + KERNEL_AUDIT);
	TAILQ_INIT(&nl->loop.jobs);
	/* No base of its own: it is never waited for anything. */
	nl->ev_ops = event_new(loop.base, -1, 0, on_socket, nl);
	nl->ev_notify = event_new(loop.base, -1, 0, on_socket, nl);
	nl->ev_resync = evtimer_new(loop.base, on_resync, nl);
	nl->ev_audit = evtimer_new(loop.base, on_audit, nl);
	*self = nl;
	return 0;
}

/* A slice of the thread's job, of so many looks at the clock. */
static inline bool
pump(unsigned looks)
{
	loop_enter(&nl->loop);
	if (nl->job.queued)
		TAILQ_REMOVE(&nl->loop.jobs, &nl->job, entry);
	nl->job.queued = false;
	bool more = netlink_run(&nl->job, now_ns + looks * LOOK_NS) == JOB_MORE;
	turn_end();
	return more;
}

static inline void
world_pump(void *self)
{
	(void)self;
	while (pump(1000) && !nl->loop.stopping)
		;
}

static inline void
world_join(void *self)
{
	struct netlink *t = self;

	nl->loop.job_event = NULL;
	netlink_free(t);
}

static const struct fib_backend world = {.name = "world", .start = world_start, .pump = world_pump, .join = world_join};

/* What the main half waits for when it stops. */
int
__wrap_poll(struct pollfd *fds, nfds_t n, int timeout)
{
	(void)fds, (void)n;
	uint64_t until = now_ns + (uint64_t)timeout * 1000000u;

	while (fire(until))
		;
	now_ns = until;
	return 0;
}

static inline void
main_jobs(uint64_t slice_ns)
{
	struct job *j;

	if (ring_used(&fib->chan.events) > 0)
		loop_job_start(&loop, &fib->events_job);
	for (unsigned n = 0; n < 64 && (j = TAILQ_FIRST(&loop.jobs)) != NULL; n++) {
		loop_job_cancel(&loop, j);
		loop_enter(&loop);
		if (j->run(j, now_ns + slice_ns) == JOB_MORE)
			loop_job_start(&loop, j);
		turn_end();
	}
}

static inline bool
is_busy(void)
{
	/* While a dump that failed waits, no operation is taken. */
	bool waits = nl->dumping && nl->resync_wait;

	return !TAILQ_EMPTY(&loop.jobs) || ring_used(&fib->chan.events) > 0 ||
	       (ring_used(&fib->chan.ops) > 0 && !waits);
}

/* What there is, for who looks into a finding. */
static inline void
show(void)
{
	fprintf(stderr, "table %u protocol %u objects %d swept %d sweeping %d moving %d waiting %d hold %d\n",
		fib->env.conf.table, fib->env.conf.protocol, fib->objects, fib->swept, fib->sweeping, fib->moving,
		fib->has_next, fib->hold);
	fprintf(stderr, "adopted %u leftovers %u audit %u rounds %llu\n", keyed_count(&fib->adopted.routes),
		fib->nhobjs.leftovers, (unsigned)fib->audit.state, (unsigned long long)fib->audit.rounds);
	for (unsigned i = 1; i <= KERNEL_LINKS; i++)
		fprintf(stderr, "link %u: up %d carrier %d\n", i, kernel.link[i].up, kernel.link[i].carrier);
	for (unsigned i = 0; i < KERNEL_OBJECTS; i++) {
		const struct kernel_object *o = &kernel.object[i];
		if (o->id == 0)
			continue;
		fprintf(stderr, "object %#x protocol %u group %d:", o->id, o->protocol, o->group);
		for (unsigned k = 0; k < o->count; k++)
			fprintf(stderr, " %#x (%u)", o->hop[k].ifindex, o->hop[k].weight);
		fprintf(stderr, "\n");
	}
	for (unsigned i = 0; i < KERNEL_ROUTES; i++) {
		const struct kernel_route *r = &kernel.route[i];
		if (r->used)
			fprintf(stderr,
				"route %u family %u table %u metric %u protocol %u object %#x hops %u over %u\n",
				r->dst[2], r->family, r->table, r->metric, r->protocol, r->nhid, r->count,
				r->hop[0].ifindex);
	}
	for (uint32_t id = 1; id < fib->nhsets.slab.top; id++) {
		const struct nhset *n = nhset_at(&fib->nhsets, id);
		if (n->refs == 0)
			continue;
		fprintf(stderr, "set %u refs %u uses %u object %#x state %u faded %llu:", id, n->refs, n->uses, n->nhid,
			n->object, (unsigned long long)n->faded);
		for (unsigned i = 0; i < n->count; i++)
			fprintf(stderr, " %u (%u, set %u)", n->nh[i].ifindex, n->nh[i].weight,
				n->member != NULL ? n->member[i] : 0);
		fprintf(stderr, "\n");
	}
}

/* Everything that can be done without waiting. */
static inline void
quiet(void)
{
	for (unsigned n = 0; n < 200; n++) {
		bool more = pump(1000);
		main_jobs(1000000000u);
		if (!more && !is_busy())
			return;
	}
	fprintf(stderr, "it does not come to rest\n");
	show();
	abort();
}

/* So much time passes, and all that is to be done in it is done. */
static inline void
world_run(uint64_t ns)
{
	uint64_t until = now_ns + ns;

	quiet();
	for (unsigned n = 0; fire(until); n++) {
		quiet();
		ASSERT(n < 20000); /* it does not spin */
	}
	now_ns = until;
}

/* What the kernel has at a route's prefix in the main table; NULL: nothing. */
static inline struct kernel_route *
world_route(enum family f, uint32_t id, uint32_t metric)
{
	struct ip_prefix p = prefix_of(NULL, f, id);

	return kernel_find(f, p.bytes, p.len, 254, metric);
}

static inline enum fib_state
world_state(enum family f, uint32_t id)
{
	uint32_t set, metric;
	int error;

	return fib_route_get(fib, f, id, &set, &metric, &error);
}

/* Before anything is started. */
static inline void
world_reset(void)
{
	kernel_reset();
	memset(timers, 0, sizeof(timers));
	now_ns = 1000000000000u;
}

#endif
