/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_netlink: any octets as what the kernel says, and the kernel's half and the main half of fib on both
 * sides of it.
 *
 * The netlink thread's own code is in this file, so that its steps can be taken one by one, without a thread
 * and without sockets: what it sends is thrown away, and what it receives are the datagrams of the input. An
 * input is a list of records: an octet that says what happens, and what that needs:
 *
 * - 0 to 3: a datagram for the next read: number of messages, and of each type, flags, whose number it has, length,
 *   octets
 * - 4: so many steps of the netlink thread, and turns of the main loop
 * - 5, 6: the owner wants a route (id, next hop), does not any more
 * - 7: an audit, a full dump, or other settings
 *
 * Then fib stops, and nothing is left. The messages are each decoded by themselves too, in memory of their
 * length.
 */
#include "tests/fuzz/fibhere.h"
#include "tests/fuzz/fuzz.h"

#include <linux/nexthop.h>

ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags);
ssize_t __wrap_sendto(int fd, const void *buf, size_t len, int flags, const struct sockaddr *to,
		      socklen_t tolen);

#define DATAGRAMS_MAX 16
#define DATAGRAM_MAX  4096

static struct event *stop;
static struct datagram {
	_Alignas(struct nlmsghdr) uint8_t data[DATAGRAM_MAX];
	size_t len;
} datagrams[DATAGRAMS_MAX];
static unsigned at, ndatagrams;
static bool ending; /* nothing of the input is left: each dump that is asked for is empty */

/* ---- sockets ---- */

ssize_t
__wrap_recv(int fd, void *buf, size_t len, int flags)
{
	(void)fd, (void)flags;
	if (ending && nl->dumping) {
		struct nlmsghdr done = {
		    .nlmsg_len = NLMSG_LENGTH(0), .nlmsg_type = NLMSG_DONE, .nlmsg_seq = nl->dump_seq};
		memcpy(buf, &done, sizeof(done));
		return sizeof(done);
	}
	if (at == ndatagrams) {
		errno = EAGAIN;
		return -1;
	}
	const struct datagram *d = &datagrams[at++];
	size_t n = d->len < len ? d->len : len;
	memcpy(buf, d->data, n);
	return (ssize_t)d->len;
}

ssize_t
__wrap_sendto(int fd, const void *buf, size_t len, int flags, const struct sockaddr *to, socklen_t tolen)
{
	const struct nlmsghdr *n = buf;

	(void)fd, (void)flags, (void)to, (void)tolen;
	/* What is sent is whole messages. */
	for (size_t left = len; left > 0;) {
		ASSERT(left >= sizeof(*n) && n->nlmsg_len >= sizeof(*n) &&
		       NLMSG_ALIGN(n->nlmsg_len) <= NLMSG_ALIGN(left));
		size_t step = NLMSG_ALIGN(n->nlmsg_len) < left ? NLMSG_ALIGN(n->nlmsg_len) : left;
		left -= step;
		n = (const struct nlmsghdr *)((const uint8_t *)n + step);
	}
	return (ssize_t)len;
}

/* ---- the owner ---- */

static void
on_link(void *ctx, const struct fib_link *l)
{
	(void)ctx;
	ASSERT(memchr(l->name, '\0', sizeof(l->name)) != NULL && l->mac_len <= sizeof(l->mac));
}

static void
on_address(void *ctx, const struct fib_address *a)
{
	(void)ctx;
	ASSERT(a->addr.family == FAMILY_IPV4 || a->addr.family == FAMILY_IPV6);
	ASSERT(a->subnet.family == a->addr.family &&
	       a->subnet.len <= family_bits((enum family)a->addr.family));
}

static void
on_foreign(void *ctx, const struct fib_foreign *r)
{
	struct ip_prefix p = r->prefix;

	(void)ctx;
	ip_prefix_mask(&p);
	ASSERT(r->nh_count <= FIB_NH_MAX && p.len <= family_bits((enum family)p.family));
	for (unsigned i = 0; i < r->nh_count; i++)
		ASSERT(r->nh[i].via.family <= FAMILY_IPV6);
}

static void
on_synced(void *ctx)
{
	(void)ctx;
}

static const struct fib_callbacks callbacks = {.prefix_of = prefix_of,
					       .id_of = id_of,
					       .unpinned = on_unpinned,
					       .link = on_link,
					       .address = on_address,
					       .foreign = on_foreign,
					       .synced = on_synced};

/* ---- the back end ---- */

static int
start_here(struct fib_chan *chan, struct loop *l, void **self)
{
	(void)l;
	nl = here_new(chan, -1, -1, -1);
	int rc = events_make(nl);
	ASSERT(rc == 0);
	*self = nl;
	return 0;
}

/* One portion of what the thread does. */
static void
pump_here(void *self)
{
	struct netlink *t = self;

	loop_enter(&t->loop);
	t->audit_due = t->auditing;
	t->resync_wait = false;
	for (unsigned i = 0; i < 8 && step(t) == STEP_MORE; i++)
		;
	if (t->audit_due && has_event_room(t, 1) && !t->replying && !t->dumping)
		audit_portion(t);
	ring_ack(&t->chan->ops);
	ring_wake(&t->chan->events);
	t->loop.in_turn = false;
}

static void
join_here(void *self)
{
	netlink_free(self);
}

static const struct fib_backend here = {
    .name = "here", .start = start_here, .pump = pump_here, .join = join_here};

static void
on_stop(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what, (void)arg;
	loop_stop(&loop);
}

static void
turn(void)
{
	event_active(stop, EV_TIMEOUT, 0);
	int rc = loop_run(&loop);
	ASSERT(rc == 0);
}

/* ---- messages ---- */

static void
decode_alone(const struct nlmsghdr *n)
{
	struct nlmsghdr *copy = memcpy(xmalloc(n->nlmsg_len), n, n->nlmsg_len);
	struct route_info route;
	struct nhmsg_info object;
	struct fib_ev ev;

	if (route_decode(copy, &route) == 0)
		ASSERT(route.r.nh_count <= FIB_NH_MAX && route.r.plen <= 128);
	if (nhmsg_decode(copy, &object) == 0)
		ASSERT(object.n.count <= FIB_NH_MAX);
	if (link_decode(copy, &ev) == 0)
		ASSERT(ev.kind == FIB_EV_LINK);
	if (address_decode(copy, &ev) == 0)
		ASSERT(ev.kind == FIB_EV_ADDRESS);
	free(copy);
}

/* Whose number a message has: a dump's, an operation's, the audit's. */
static uint32_t
sequence(uint8_t what)
{
	switch (what % 4) {
	case 0:
		return nl->dump_seq;
	case 1:
		return nl->batch->seq + what / 4;
	case 2:
		return nl->slow.seq + (what & 4 ? 1 : 0);
	default:
		return what;
	}
}

static void
datagram_read(struct rbuf *in)
{
	static const uint16_t types[] = {RTM_NEWLINK,  RTM_DELLINK,  RTM_NEWADDR,    RTM_DELADDR,
					 RTM_NEWROUTE, RTM_DELROUTE, RTM_NEWNEXTHOP, RTM_DELNEXTHOP,
					 NLMSG_DONE,   NLMSG_ERROR};
	struct datagram *d = &datagrams[ndatagrams];
	unsigned messages = 1 + rbuf_u8(in) % 4;

	if (ndatagrams == DATAGRAMS_MAX)
		return;
	d->len = 0;
	for (unsigned i = 0; i < messages && !in->err; i++) {
		struct nlmsghdr *n = (struct nlmsghdr *)(void *)(d->data + d->len);
		uint8_t type = rbuf_u8(in), flags = rbuf_u8(in), seq = rbuf_u8(in);
		size_t len = rbuf_u16(in) % 1024;
		if (len > rbuf_left(in))
			len = rbuf_left(in);
		const uint8_t *p = rbuf_bytes(in, len);
		if (p == NULL || d->len + NLMSG_SPACE(len) > sizeof(d->data))
			break;
		memset(n, 0, NLMSG_SPACE(len));
		*n = (struct nlmsghdr){.nlmsg_len = (uint32_t)NLMSG_LENGTH(len),
				       .nlmsg_type = types[type % ARRAY_LEN(types)],
				       .nlmsg_flags =
					   (uint16_t)(flags & 1 ? NLM_F_REPLACE | flags << 4 : flags << 4),
				       .nlmsg_seq = sequence(seq)};
		memcpy(NLMSG_DATA(n), p, len);
		decode_alone(n);
		d->len += NLMSG_SPACE(len);
	}
	ndatagrams++;
}

static void
settings(uint8_t what)
{
	struct fib_config c = {.table = what & 8 ? 100 : 254,
			       .protocol = HERE_PROTOCOL,
			       .metric = what & 16 ? 30 : 20,
			       .learn = (what & 32) != 0,
			       .nexthop_objects = (what & 64) != 0};

	if (what & 1)
		fib_reconfigure(fib, &c);
	if (what & 2)
		fib_audit_due(fib);
	if (what & 4)
		nl->resync = true;
}

static void
records(struct rbuf in)
{
	while (rbuf_left(&in) > 0 && !in.err) {
		uint8_t kind = rbuf_u8(&in) % 8;
		if (kind < 4)
			datagram_read(&in);
		else if (kind == 4)
			for (unsigned n = 1 + rbuf_u8(&in) % 8; n > 0; n--) {
				pump_here(nl);
				turn();
			}
		else if (kind == 5) {
			uint8_t id = rbuf_u8(&in);
			here_want(id, rbuf_u8(&in));
		} else if (kind == 6) {
			uint8_t id = rbuf_u8(&in);
			fib_route_del(fib, id & 128 ? FAMILY_IPV6 : FAMILY_IPV4, id % HERE_IDS);
		} else
			settings(rbuf_u8(&in));
		if (at == ndatagrams)
			at = ndatagrams = 0;
	}
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
	if (size < 1 || size > 8192)
		return -1;
	struct fib_config conf = {.table = 254,
				  .protocol = HERE_PROTOCOL,
				  .metric = 20,
				  .learn = true,
				  .nexthop_objects = (data[0] & 1) != 0};
	at = ndatagrams = 0;
	ending = false;
	ASSERT(loop_init(&loop) == 0);
	stop = event_new(loop.base, -1, 0, on_stop, NULL);
	int rc = fib_start_on(&here, &loop, &conf, &callbacks, NULL, &fib);
	ASSERT(rc == 0);
	records(rbuf_of(data + 1, size - 1));
	for (unsigned i = 0; i < 8; i++) {
		pump_here(nl);
		turn();
	}
	at = ndatagrams = 0;
	ending = true;
	fib_stop(fib, false, 1);
	event_free(stop);
	loop_fini(&loop);
	return 0;
}
