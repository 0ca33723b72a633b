/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_session: a daemon with four neighbours that say anything.
 *
 * The daemon is real from its sessions' messages to what it wants in the kernel; connections, clock and
 * kernel are made up, as in tests/model/speaker_model.h. An input is a list of records: an octet whose low
 * bits say what happens (come up, a message with these octets, a good announcement or withdrawal, hang up,
 * read, work, the world changes) and the others to whom. Whatever it was:
 *
 *   - every UPDATE that the daemon sends is good, for who gets it;
 *   - when all is quiet each neighbour is sent everything again (RFC 7313), and that is what it has been told
 * so far: what comes of all the changes equals what is worked out from nothing;
 *   - when all neighbours are gone nothing is left: no route, attribute set, next hop, or route in the
 * kernel.
 */
#include "bgpd/groups_int.h"
#include "bgpd/loader.h"
#include "bgpd/peer.h"
#include "bgpd/pipeline.h"
#include "bgpd/reload.h"
#include "bgpd/sockopt.h"
#include "lib/log.h"
#include "tests/fuzz/fuzz.h"
#include "tests/model/speaker_model.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define NEIGHBORS 4
#define TOLD_MAX  4096

/* A path that a neighbour has been told. */
struct entry {
	struct nlri nlri;
	uint64_t sum; /* of attributes and next hop */
	bool again;   /* also since BoRR */
};
struct neighbor {
	struct ip_addr addr, self;
	uint32_t as, id;
	struct session *session;
	struct open_msg open;     /* that it has sent */
	struct open_session ends; /* what its end makes of it and of the daemon's */
	struct entry told[TOLD_MAX];
	unsigned ntold;
	uint8_t borr;                      /* families between BoRR and EoRR */
	uint8_t eorr;                      /* that were sent again to the end */
	bool quiet;                        /* all has settled */
	uint8_t part[2 * BGP_MSG_MAX_EXT]; /* octets that were not taken apart yet */
	size_t part_len;
};
struct session {
	const struct session_ops *ops;
	void *ctx;
	struct neighbor *n;
	bool dialling, up, ready;
	size_t max_len;
	struct session_stats stats;
	uint8_t small[SESSION_QUEUE_MAX];
	size_t small_len;
};
struct session_pool {
	int unused;
};

struct model *the_model;
static struct neighbor neighbors[NEIGHBORS];
static char conf_path[64];

/* ---- what the model's parts need ---- */

uint32_t
rnd(uint32_t below)
{
	the_model->rng = the_model->rng * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(the_model->rng >> 33) % below;
}

void
fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	abort();
}

/* Selection never waits for a restart, and nothing is left of one. */
bool
deferring(unsigned table)
{
	(void)table;
	return false;
}

void
restart_swept(unsigned table)
{
	(void)table;
}

/* There is one table. */
void
table_opened(unsigned table)
{
	(void)table;
}

void
table_synced(unsigned table)
{
	(void)table;
}

struct ip_addr
model_address(unsigned f, unsigned net4, unsigned net6, unsigned host)
{
	struct ip_addr a = {.family = (uint8_t)f};

	if (f == FAMILY_IPV4) {
		be32_put(a.bytes, net4 << 8 | host);
	} else {
		be32_put(a.bytes, 0x20010db8);
		be16_put(a.bytes + 4, (uint16_t)net6);
		be16_put(a.bytes + 14, (uint16_t)host);
	}
	return a;
}

int __wrap_sockopt_ends(int fd, struct ip_addr *local, uint16_t *local_port, struct ip_addr *remote,
			uint16_t *remote_port);

int
__wrap_sockopt_ends(int fd, struct ip_addr *local, uint16_t *local_port, struct ip_addr *remote,
		    uint16_t *remote_port)
{
	*local = neighbors[fd].self;
	*remote = neighbors[fd].addr;
	*local_port = 40000;
	*remote_port = 179;
	return 0;
}

/* ---- sessions: the daemon's side ---- */

struct session_pool *
session_pool_new(struct loop *loop)
{
	(void)loop;
	return xcalloc(1, sizeof(struct session_pool));
}

void
session_pool_free(struct session_pool *p)
{
	free(p);
}

void
session_pool_hold(struct session_pool *p, bool held)
{
	(void)p, (void)held;
}

unsigned
session_pool_busy(const struct session_pool *p)
{
	(void)p;
	return 0;
}

unsigned
session_pool_lingering(const struct session_pool *p)
{
	(void)p;
	return 0;
}

bool
session_has_more(const struct session *s)
{
	(void)s;
	return false;
}

bool
session_is_new(const struct session *s)
{
	(void)s;
	return false;
}

/* What is sent is delivered at once, and nothing is kept. */
size_t
session_queued(const struct session *s)
{
	(void)s;
	return 0;
}

struct session *
session_dial(struct session_pool *p, const struct session_dial *d, const struct session_ops *ops, void *ctx,
	     int *err)
{
	(void)p;
	for (unsigned i = 0; i < NEIGHBORS; i++) {
		struct neighbor *n = &neighbors[i];
		if (!ip_addr_eq(&n->addr, &d->remote))
			continue;
		ASSERT(n->session == NULL);
		n->session = xcalloc(1, sizeof(*n->session));
		n->session->ops = ops;
		n->session->ctx = ctx;
		n->session->n = n;
		n->session->dialling = true;
		n->session->max_len = BGP_MSG_MAX;
		return n->session;
	}
	*err = -ENETUNREACH;
	return NULL;
}

struct session *
session_accepted(struct session_pool *p, int fd, const struct session_ops *ops, void *ctx)
{
	(void)p, (void)fd, (void)ops, (void)ctx;
	fail("nobody connects");
}

void
session_user_set(struct session *s, const struct session_ops *ops, void *ctx)
{
	s->ops = ops;
	s->ctx = ctx;
}

void
session_max_len_set(struct session *s, size_t max_len)
{
	s->max_len = max_len;
}

int
session_send(struct session *s, const uint8_t *msg, size_t len)
{
	if (s->small_len + len > sizeof(s->small))
		return -ENOBUFS;
	memcpy(s->small + s->small_len, msg, len);
	s->small_len += len;
	return 0;
}

void
session_stream_ready(struct session *s)
{
	s->ready = true;
}

void
session_close(struct session *s, const struct bgp_error *err)
{
	ASSERT(err == NULL || (err->code != 0 && err->reason != NULL));
	s->n->session = NULL;
	s->n->ntold = 0;
	s->n->part_len = 0;
	s->n->borr = 0;
	free(s);
}

int
session_fd(const struct session *s)
{
	return (int)(s->n - neighbors);
}

const struct session_stats *
session_stats_get(const struct session *s)
{
	return &s->stats;
}

size_t
session_bytes(const struct session *s)
{
	return sizeof(*s);
}

size_t
session_pool_bytes(const struct session_pool *p)
{
	return sizeof(*p);
}

/* ---- what a neighbour is told ---- */

static uint64_t
sum_of(uint64_t h, const void *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		h = (h ^ ((const uint8_t *)p)[i]) * 0x100000001b3u;
	return h;
}

static void
told(struct neighbor *n, const struct nlri *nlri, uint64_t sum)
{
	unsigned i = 0;

	while (i < n->ntold && (n->told[i].nlri.path_id != nlri->path_id ||
				!ip_prefix_eq(&n->told[i].nlri.prefix, &nlri->prefix)))
		i++;
	if (sum == 0) {
		/* Who reads slowly may be told that something is gone which came and went meanwhile; in quiet nothing goes. */
		ASSERT(!(n->borr & OPEN_FAMILY(nlri->prefix.family)) || !n->quiet);
		if (i < n->ntold)
			n->told[i] = n->told[--n->ntold];
		return;
	}
	bool again = n->borr & OPEN_FAMILY(nlri->prefix.family);
	ASSERT(i < TOLD_MAX);
	/* In quiet what comes again is what was there. */
	ASSERT(!again || !n->quiet || (i < n->ntold && n->told[i].sum == sum));
	n->told[i] = (struct entry){.nlri = *nlri, .sum = sum, .again = again};
	n->ntold += i == n->ntold;
}

static void
told_field(struct neighbor *n, const struct update_nlri *field, uint64_t sum)
{
	struct rbuf r = rbuf_of(field->p, field->len);
	struct nlri nlri;

	while (field->family != FAMILY_NONE &&
	       nlri_next(&r, (enum family)field->family, field->add_path, &nlri) == NLRI_OK)
		told(n, &nlri, sum);
}

static void
told_update(struct neighbor *n, const uint8_t *body, size_t len)
{
	static struct attr_scratch scratch;
	static struct update_in u;
	const struct open_session *o = &n->ends;
	struct attr_session s = {.external = n->as != LOCAL_AS,
				 .as4 = o->caps.as4,
				 .families = o->caps.families,
				 .ext_next_hop = o->caps.ext_next_hop};

	for (int f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		s.add_path[f] = o->caps.add_path[f] & ADD_PATH_RECEIVE;
	update_decode(&s, body, len, &scratch, &u);
	if (u.outcome != ATTR_OK)
		fail("a bad UPDATE: %s", u.err.reason);
	told_field(n, &u.withdraw, 0);
	told_field(n, &u.mp_withdraw, 0);
	uint64_t sum = u.attrs != NULL ? sum_of(1, u.attrs, u.attrs_len) : 1;
	told_field(n, &u.announce, sum_of(sum, &u.next_hop, sizeof(u.next_hop)) | 1);
	told_field(n, &u.mp_announce, sum_of(sum, &u.mp_next_hop, sizeof(u.mp_next_hop)) | 1);
}

static void
told_refresh(struct neighbor *n, const uint8_t *body)
{
	enum family f = family_from_afi_safi(be16_get(body), body[3]);

	ASSERT(f != FAMILY_NONE);
	if (body[2] == REFRESH_BORR) {
		n->borr |= OPEN_FAMILY(f);
		return;
	}
	ASSERT(body[2] == REFRESH_EORR && (n->borr & OPEN_FAMILY(f)));
	n->borr &= (uint8_t)~OPEN_FAMILY(f);
	n->eorr |= OPEN_FAMILY(f);
}

static void
told_message(struct neighbor *n, const struct msg_frame *f)
{
	static struct bgp_error err;
	struct open_msg theirs;

	switch (f->type) {
	case BGP_MSG_OPEN:
		if (!open_decode(f->body, f->body_len, &theirs, &err))
			fail("a bad OPEN: %s", err.reason);
		/* As this end sees it. */
		open_negotiate(&n->open, &theirs, LOCAL_AS, 0, &n->ends);
		break;
	case BGP_MSG_UPDATE:
		told_update(n, f->body, f->body_len);
		break;
	case BGP_MSG_REFRESH:
		told_refresh(n, f->body);
		break;
	default:
		ASSERT(f->type == BGP_MSG_KEEPALIVE || f->type == BGP_MSG_NOTIFICATION);
	}
}

static void
turn_end(void)
{
	the_model->d->loop->in_turn = false;
}

/* Octets that the daemon has for it, into part. */
static size_t
fetch(struct session *s)
{
	struct neighbor *n = s->n;
	struct iovec iov[4];
	size_t got = 0, sent = 0;

	loop_enter(the_model->d->loop);
	if (s->ops->stream_partial(s->ctx) == 0) {
		memcpy(n->part + n->part_len, s->small, s->small_len);
		got = s->small_len;
		s->small_len = 0;
	}
	int k = s->ready && s->up ? s->ops->stream_iov(s->ctx, iov, 4) : 0;
	for (int i = 0; i < k; i++) {
		size_t room = sizeof(n->part) - n->part_len - got;
		size_t len = iov[i].iov_len < room ? iov[i].iov_len : room;
		memcpy(n->part + n->part_len + got, iov[i].iov_base, len);
		got += len;
		sent += len;
	}
	if (k == 0)
		s->ready = false;
	n->part_len += got;
	if (sent > 0) {
		s->ops->stream_sent(s->ctx, sent);
		s->ops->progress(s->ctx, s);
	}
	turn_end();
	return got;
}

/* The neighbour reads. True: there was something. */
static bool
read_some(struct neighbor *n)
{
	static struct bgp_error err;
	struct msg_frame f;
	size_t at = 0;

	if (n->session == NULL || n->session->dialling || fetch(n->session) == 0)
		return false;
	while (msg_frame(n->part + at, n->part_len - at, BGP_MSG_MAX_EXT, &f, &err) == MSG_FRAME_READY) {
		told_message(n, &f);
		at += f.len;
	}
	memmove(n->part, n->part + at, n->part_len -= at);
	return true;
}

/* ---- what a neighbour says ---- */

static void
say(struct neighbor *n, enum bgp_msg_type type, const uint8_t *body, size_t len)
{
	static struct bgp_error err;
	struct session *s = n->session;
	uint8_t *msg = xmalloc(BGP_HEADER_LEN + len);
	struct msg_frame f;

	msg_header_put(msg, type, BGP_HEADER_LEN + len);
	if (len > 0)
		memcpy(msg + BGP_HEADER_LEN, body, len);
	loop_enter(the_model->d->loop);
	if (msg_frame(msg, BGP_HEADER_LEN + len, s->max_len, &f, &err) != MSG_FRAME_READY)
		s->ops->malformed(s->ctx, s, &err);
	else
		s->ops->message(s->ctx, s, &f);
	if (n->session == s)
		s->ops->batch(s->ctx, s);
	turn_end();
	free(msg);
}

static void
come_up(struct neighbor *n, uint8_t how)
{
	uint8_t out[OPEN_MAX];
	struct open_caps *c = &n->open.caps;

	if (n->session == NULL || !n->session->dialling)
		return;
	loop_enter(the_model->d->loop);
	n->session->dialling = false;
	n->session->ops->connected(n->session->ctx, n->session, how == UINT8_MAX ? -ECONNREFUSED : 0);
	turn_end();
	if (n->session == NULL)
		return;
	n->open = (struct open_msg){.as = n->as, .id = n->id, .hold_s = 90};
	c->families = (uint8_t)(how & 1 ? OPEN_FAMILY(FAMILY_IPV4)
					: OPEN_FAMILY(FAMILY_IPV4) | OPEN_FAMILY(FAMILY_IPV6));
	c->as4 = !(how & 2);
	c->route_refresh = c->enhanced_refresh = true;
	c->extended_message = how & 4;
	for (int f = FAMILY_IPV4; f < FAMILY_COUNT && (how & 8); f++)
		c->add_path[f] = c->families & OPEN_FAMILY(f) ? ADD_PATH_BOTH : 0;
	if (how & 16) {
		c->gr = true;
		c->gr_time_s = 20;
		c->gr_families = c->gr_forwarding = c->families;
	}
	size_t len = open_encode(&n->open, out, sizeof(out));
	say(n, BGP_MSG_OPEN, out + BGP_HEADER_LEN, len - BGP_HEADER_LEN);
	read_some(n); /* what was agreed on */
	if (n->session != NULL)
		say(n, BGP_MSG_KEEPALIVE, NULL, 0);
	if (n->session != NULL)
		n->session->up = true;
}

/* A good route: what and how are small numbers, so that neighbours have the same. */
static void
route(struct neighbor *n, uint8_t what, uint8_t how, bool withdraw)
{
	uint8_t out[128];
	struct wbuf w = wbuf_of(out, sizeof(out));
	struct nlri nlri = {.path_id = how & 3,
			    .prefix = {.family = FAMILY_IPV4, .len = 24, .bytes = {20, 0, what % 16}}};
	bool ids = n->ends.caps.add_path[FAMILY_IPV4] & ADD_PATH_SEND;
	size_t len = nlri_octets(&nlri, ids);

	wbuf_u16(&w, (uint16_t)(withdraw ? len : 0));
	if (withdraw)
		nlri_put(&w, &nlri, ids);
	wbuf_u16(&w, 0);
	if (!withdraw) {
		size_t start = w.len;
		uint32_t as = n->as;
		wbuf_put(&w, (const uint8_t[]){0x40, 1, 1, how >> 7}, 4);
		bool empty = as == LOCAL_AS;
		unsigned size = n->ends.caps.as4 ? 4 : 2;
		wbuf_put(&w, (const uint8_t[]){0x40, 2, (uint8_t)(empty ? 0 : 2 + size)}, 3);
		if (!empty) {
			wbuf_put(&w, (const uint8_t[]){2, 1}, 2);
			size == 4 ? wbuf_u32(&w, as) : wbuf_u16(&w, (uint16_t)as);
		}
		wbuf_put(&w, (const uint8_t[]){0x40, 3, 4, 10, 0, 1, (uint8_t)(10 + (how >> 5 & 1))}, 7);
		wbuf_put(&w, (const uint8_t[]){0x80, 4, 4, 0, 0, 0, how >> 2 & 7}, 7);
		if (empty)
			wbuf_put(&w, (const uint8_t[]){0x40, 5, 4, 0, 0, 0, 100}, 7);
		be16_put(out + start - 2, (uint16_t)(w.len - start));
		nlri_put(&w, &nlri, ids);
	}
	say(n, BGP_MSG_UPDATE, out, w.len);
}

static void
hang_up(struct neighbor *n)
{
	loop_enter(the_model->d->loop);
	n->session->ops->closed(n->session->ctx, n->session, 0);
	turn_end();
}

static void
world(struct neighbor *n, uint8_t what)
{
	struct msg_refresh r = {.afi = what & 16 ? BGP_AFI_IPV6 : BGP_AFI_IPV4, .safi = 1};
	uint8_t out[BGP_REFRESH_LEN];

	switch (what % 4) {
	case 0:
		links_change(DOMAIN_MAIN, what / 4 % NLINK);
		break;
	case 1:
		links_foreign_change(KERNEL_MAIN, what & 4 ? FAMILY_IPV6 : FAMILY_IPV4);
		break;
	case 2:
		clock_advance(what * 500u);
		break;
	default:
		if (n->session != NULL && n->session->up) {
			msg_refresh_encode(out, &r);
			say(n, BGP_MSG_REFRESH, out + BGP_HEADER_LEN, sizeof(out) - BGP_HEADER_LEN);
		}
	}
}

/* ---- the whole ---- */

static void
settle(void)
{
	bool busy = true;

	for (unsigned rounds = 0; busy; rounds++) {
		ASSERT(rounds < 20000);
		busy = false;
		for (unsigned slices = 0; slices < 64 && clock_run_job(); slices++)
			busy = true;
		busy = clock_fire(250) || busy;
		for (unsigned i = 0; i < NEIGHBORS; i++)
			busy = read_some(&neighbors[i]) || busy;
		busy = fib_run() || busy;
	}
	ASSERT(pipeline_idle(the_model->d->pipeline));
}

static void
record(struct rbuf *in)
{
	uint8_t head = rbuf_u8(in);
	struct neighbor *n = &neighbors[head >> 4 & 3];
	bool up = n->session != NULL && n->session->up;
	uint8_t a = rbuf_u8(in), b;
	size_t len;

	switch (head & 7) {
	case 0:
		come_up(n, a);
		break;
	case 1:
		len = rbuf_u16(in) % (BGP_MSG_MAX - BGP_HEADER_LEN);
		len = len < rbuf_left(in) ? len : rbuf_left(in);
		const uint8_t *body = rbuf_bytes(in, len);
		if (n->session != NULL && !n->session->dialling && body != NULL)
			say(n, (enum bgp_msg_type)(a % 7), body, len);
		break;
	case 2:
	case 3:
		b = rbuf_u8(in);
		if (up)
			route(n, a, b, head & 1);
		break;
	case 4:
		if (n->session != NULL && !n->session->dialling)
			hang_up(n);
		break;
	case 5:
		read_some(n);
		break;
	case 6:
		for (unsigned i = 0; i < a % 16u; i++)
			clock_run_job();
		if (a & 16)
			clock_fire((uint32_t)(a >> 5) * 400);
		fib_run();
		break;
	default:
		world(n, a);
	}
}

/* Everything again: it must be what is there. */
static void
again(struct neighbor *n)
{
	if (n->session == NULL || !n->session->up)
		return;
	uint8_t families = n->ends.caps.families;
	n->eorr = 0;
	n->quiet = true;
	for (uint8_t f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
		for (unsigned i = 0; i < n->ntold; i++)
			n->told[i].again = false;
		struct msg_refresh r = {.afi = family_afi((enum family)f), .safi = 1};
		uint8_t out[BGP_REFRESH_LEN];
		if (!(families & OPEN_FAMILY(f)))
			continue;
		msg_refresh_encode(out, &r);
		say(n, BGP_MSG_REFRESH, out + BGP_HEADER_LEN, sizeof(out) - BGP_HEADER_LEN);
		settle();
		ASSERT(n->session != NULL && (n->eorr & OPEN_FAMILY(f)));
		for (unsigned i = 0; i < n->ntold; i++)
			ASSERT(n->told[i].again || n->told[i].nlri.prefix.family != f);
	}
}

static int
conf_text(bool empty)
{
	static const char head[] = "router: {as: 64512, id: 10.255.0.1, listen: []}\nlog: {level: error}\n";
	static const char rest[] =
	    "neighbors:\n"
	    "  - {address: 10.0.1.10, remote-as: 64512, route-reflector-client: true, families: "
	    "[ipv4-unicast, ipv6-unicast]}\n"
	    "  - {address: 10.0.1.20, remote-as: 65001, families: [ipv4-unicast, ipv6-unicast], import: "
	    "[accept], export: "
	    "[accept], add-path: {receive: true, send: all}}\n"
	    "  - {address: 10.0.2.10, remote-as: 64512, families: [ipv4-unicast, ipv6-unicast]}\n"
	    "  - {address: '2001:db8:3::20', remote-as: 65003, families: [ipv4-unicast, ipv6-unicast], "
	    "import: [accept], "
	    "export: [accept]}\n"
	    "networks: [{prefix: 192.0.2.0/24}, {prefix: '2001:db8:ffff::/48'}]\n";
	int fd = memfd_create("conf", MFD_CLOEXEC);

	ASSERT(fd >= 0 && write(fd, head, sizeof(head) - 1) > 0);
	ASSERT(empty || write(fd, rest, sizeof(rest) - 1) > 0);
	snprintf(conf_path, sizeof(conf_path), "/proc/self/fd/%d", fd);
	return fd;
}

static void
loaded(void *ctx, int result, const char *reason)
{
	(void)ctx;
	if (result != 0)
		fail("reload: %s", reason);
}

/* All neighbours are taken away: nothing may be left. */
static void
end(struct bgpd *d)
{
	struct groups_memory sent;
	struct rib_stats st;
	int fd = conf_text(true);

	reload_file(d->reload, 0, loaded, NULL);
	loop_enter(d->loop);
	loader_wait(d->loader);
	turn_end();
	close(fd);
	for (unsigned s = 0; s < 4; s++) {
		clock_advance(1000);
		settle();
	}
	ASSERT(TAILQ_EMPTY(&d->peers));
	rib_stats(d->rib, &st);
	ASSERT(st.prefixes[FAMILY_IPV4] == 0 && st.prefixes[FAMILY_IPV6] == 0);
	ASSERT(fib_count() == 0);
	ASSERT(attr_table_count(d->attrs) == 0);
	groups_memory(d->groups, &sent);
	ASSERT(sent.sent_sets == 0);
	ASSERT(nexthop_count(d->nexthops) == 0);
}

static void
neighbors_init(void)
{
	static const struct {
		const char *addr, *self;
		uint32_t as;
	} is[NEIGHBORS] = {{"10.0.1.10", "10.0.1.1", LOCAL_AS},
			   {"10.0.1.20", "10.0.1.1", 65001},
			   {"10.0.2.10", "10.0.2.1", LOCAL_AS},
			   {"2001:db8:3::20", "2001:db8:3::1", 65003}};

	for (unsigned i = 0; i < NEIGHBORS; i++) {
		struct neighbor *n = &neighbors[i];
		n->session = NULL;
		n->ntold = 0;
		n->part_len = 0;
		n->quiet = false;
		n->as = is[i].as;
		n->id = 0x0a090001u + i;
		n->ends = (struct open_session){0};
		ASSERT(ip_addr_parse(is[i].addr, &n->addr) == 0 && ip_addr_parse(is[i].self, &n->self) == 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct daemon_options options = {.conf_path = conf_path, .kernel = true};
	struct rbuf in = rbuf_of(data, size);
	struct conf_errors errs = {0};
	struct conf *conf;
	struct bgpd d;

	if (size < 2 || size > 16384)
		return -1;
	the_model = xcalloc(1, sizeof(*the_model));
	the_model->now_ns = 1000000000ull;
	neighbors_init();
	int fd = conf_text(false);
	int rc = conf_load(conf_path, &conf, &errs);
	if (rc != 0)
		conf_errors_write(&errs, stderr);
	ASSERT(rc == 0);
	conf_errors_free(&errs);
	close(fd);
	the_model->d = &d;
	bool started = daemon_start(&d, &options, conf);
	ASSERT(started);
	fib_world_new();
	fib_world_start();
	for (unsigned i = 0; i < 32; i++)
		clock_run_job();
	while (rbuf_left(&in) > 0 && !in.err)
		record(&in);
	settle();
	for (unsigned i = 0; i < NEIGHBORS; i++)
		again(&neighbors[i]);
	end(&d);
	daemon_free(&d, false);
	free(the_model);
	return 0;
}
