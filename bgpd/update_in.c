/* SPDX-License-Identifier: Apache-2.0 */
/*
 * update_in: see update_in.h.
 *
 * The announcements of a message become operations when the next message has been decoded: by then the cache has
 * what their attributes are looked up in. The order of operations stays that of the messages.
 */
#include "bgpd/update_in.h"

#include "bgpd/compile.h"
#include "bgpd/daemon.h"
#include "bgpd/import.h"
#include "bgpd/msg.h"
#include "bgpd/nlri.h"
#include "bgpd/peer.h"
#include "bgpd/peer_routes.h"
#include "bgpd/pipeline.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "rib/export.h"

#include <stdlib.h>
#include <string.h>

/*
 * Operations and attribute references that wait for one rib_apply. So few stay in the cache from the message to the RIB;
 * fewer would have more of them begin before what they need has been fetched.
 */
#define OPS_MAX  1024
#define REFS_MAX 1024
#define FEW_OPS  256  /* so many are decided before all that came in bulk; more would hold up those with one */

/* One field of announced prefixes. */
struct announced {
	struct update_nlri field;
	const uint8_t *attrs; /* in the scratch of its message */
	size_t attrs_len;
	uint32_t nexthop; /* a reference */
	uint32_t hash;    /* attr_ahead() */
};

struct update_queue {
	struct bgpd *d;
	struct attr_scratch *scratch[2]; /* of the message that is decoded, of the one before */
	struct announced waiting[2];     /* of the message before */
	unsigned nwaiting;
	struct rib_op *ops;
	attr_id *refs;
	unsigned nops, nrefs;
	unsigned applied; /* operations of this read before those */
	size_t octets;    /* of attributes that came with those */
};

struct update_queue *
update_queue_new(struct bgpd *d)
{
	struct update_queue *q = xcalloc(1, sizeof *q);

	q->d = d;
	q->scratch[0] = xmalloc(sizeof *q->scratch[0]);
	q->scratch[1] = xmalloc(sizeof *q->scratch[1]);
	q->ops = xreallocarray(NULL, OPS_MAX, sizeof *q->ops);
	q->refs = xreallocarray(NULL, REFS_MAX, sizeof *q->refs);
	return q;
}

void
update_queue_free(struct update_queue *q)
{
	update_in_drop(q);
	free(q->scratch[0]);
	free(q->scratch[1]);
	free(q->ops);
	free(q->refs);
	free(q);
}

static void
drop_ops(struct update_queue *q)
{
	attr_unref_all(q->d->attrs, q->refs, q->nrefs);
	q->nops = q->nrefs = 0;
}

void
update_in_drop(struct update_queue *q)
{
	for (unsigned i = 0; i < q->nwaiting; i++)
		nexthop_unref(q->d->nexthops, q->waiting[i].nexthop);
	q->nwaiting = q->applied = 0;
	drop_ops(q);
}

static void
apply_ops(struct update_queue *q, struct peer *p)
{
	struct bgpd *d = q->d;

	if (q->nops == 0) {
		drop_ops(q); /* what came with prefixes that are ignored */
		return;
	}
	/*
	 * Output waits for more of a table that is coming, and the tables of hundreds that have just come up let those go first
	 * that have been there; whatever came alone goes on at once.
	 */
	bool few = q->applied + q->nops <= FEW_OPS && !session_has_more(p->main->session) && !session_is_new(p->main->session);
	enum rib_queue queue = few ? RIB_URGENT : RIB_BULK;
	q->applied += q->nops;
	size_t octets = q->octets + (size_t)q->nops * MEMORY_PATH_OCTETS;
	rib_apply(d->rib, peer_routes_source(p), q->ops, q->nops, loop_now_s(d->loop), queue);
	drop_ops(q);
	if (nexthop_pending(d->nexthops) > 0)
		pipeline_resolve(d->pipeline);
	pipeline_decide(d->pipeline);
	q->octets = 0;
	memory_spend(&d->main->memory, octets);
}

/* Keeps a reference until the operations that use it are applied. */
static void
hold_ref(struct update_queue *q, attr_id id)
{
	q->refs[q->nrefs++] = id;
}

static void
queue_withdrawals(struct update_queue *q, struct peer *p, const struct update_nlri *field)
{
	struct rbuf r = rbuf_of(field->p, field->len);

	if (field->family == FAMILY_NONE)
		return;
	for (;;) {
		if (q->nops == OPS_MAX)
			apply_ops(q, p);
		struct rib_op *op = &q->ops[q->nops];
		if (nlri_read(&r, (enum family)field->family, field->add_path, &op->path_id, &op->prefix) != NLRI_OK)
			return;
		op->withdraw = true;
		op->hash = rib_hash(q->d->rib, &op->prefix);
		q->nops++;
	}
}

/*
 * A link-local next hop is on the link that the session runs over (RFC 2545 3). Where that is one of global
 * addresses, it counts only if the global next hop, if any, is not on a subnet of ours itself. 0: it does not.
 */
static uint32_t
next_hop_link(const struct update_queue *q, const struct peer *p, const struct ip_addr *global)
{
	const struct nexthop_table *t = q->d->nexthops;
	uint32_t ifindex;

	if (p->addr.scope_id != 0)
		return p->addr.scope_id;
	if (global->family != FAMILY_NONE && nexthop_connected(t, global, NULL))
		return 0;
	return nexthop_connected(t, &p->addr, &ifindex) ? ifindex : 0;
}

static uint32_t
next_hop_of(struct update_queue *q, struct peer *p, const struct update_in *u, bool mp)
{
	struct ip_addr global = mp ? u->mp_next_hop : u->next_hop;
	struct ip_addr link_local = mp ? u->mp_link_local : (struct ip_addr){0};

	if (ip_addr_is_link_local(&global)) {
		link_local = global;
		global = (struct ip_addr){0};
	}
	if (link_local.family != FAMILY_NONE)
		link_local.scope_id = next_hop_link(q, p, &global);
	return nexthop_intern(q->d->nexthops, &global, &link_local);
}

/* RFC 4271 6.3: such a prefix is ignored, and the log says so. */
static void
note_no_unicast(struct peer *p, const struct ip_prefix *prefix)
{
	char text[IP_PREFIX_STRLEN];

	if (update_log_may(&peer_routes_update_stats(p)->log, loop_now_s(p->d->loop)))
		log_warn("neighbor.prefix", LOG_S("neighbor", p->name),
		    LOG_S("prefix", ip_prefix_str(prefix, text, sizeof text)),
		    LOG_S("effect", "ignored: no unicast destination"));
}

/* The operations of one field of announced prefixes. */
static void
queue_announcements(struct update_queue *q, struct peer *p, const struct announced *a)
{
	const struct update_nlri *field = &a->field;
	struct rbuf r = rbuf_of(field->p, field->len);
	struct import_route route;
	struct import_result res;

	if (q->nrefs + 2 > REFS_MAX)
		apply_ops(q, p);
	attr_id received = attr_intern_hashed(q->d->attrs, a->hash, a->nexthop, a->attrs, a->attrs_len);
	nexthop_unref(q->d->nexthops, a->nexthop);
	hold_ref(q, received);
	q->octets += a->attrs_len;

	import_begin(&route, p, received);
	bool by_prefix = import_reads_prefix(p) && route.reject == RIB_REJECT_NONE;
	if (!by_prefix) {
		import_judge(&route, NULL, NULL, &res);
		if (res.effective != ATTR_NONE)
			hold_ref(q, res.effective);
	}
	for (;;) {
		if (q->nops == OPS_MAX || q->nrefs == REFS_MAX) {
			/* The references of this message must outlive the flush. */
			attr_ref(q->d->attrs, received);
			if (!by_prefix && res.effective != ATTR_NONE)
				attr_ref(q->d->attrs, res.effective);
			apply_ops(q, p);
			hold_ref(q, received);
			if (!by_prefix && res.effective != ATTR_NONE)
				hold_ref(q, res.effective);
			import_forget(&route);
		}
		struct rib_op *op = &q->ops[q->nops];
		if (nlri_read(&r, (enum family)field->family, field->add_path, &op->path_id, &op->prefix) != NLRI_OK)
			break;
		if (!nlri_is_unicast(&op->prefix)) {
			note_no_unicast(p, &op->prefix);
			continue;
		}
		op->hash = rib_hash(q->d->rib, &op->prefix);
		if (by_prefix && import_judge_next(&route, &op->prefix, &res) && res.effective != ATTR_NONE)
			hold_ref(q, res.effective);
		op->withdraw = false;
		op->reject = (uint8_t)res.reject;
		op->received = received;
		op->effective = res.effective;
		q->nops++;
	}
	import_end(&route);
}

/* The operations of the message before; from here on its scratch is free. */
static void
queue_waiting(struct update_queue *q, struct peer *p)
{
	unsigned n = q->nwaiting;

	/* Nothing waits any more while they are queued, which may apply what is full. */
	q->nwaiting = 0;
	for (unsigned i = 0; i < n; i++)
		queue_announcements(q, p, &q->waiting[i]);
}

/* What is going to be looked up is asked for. */
static void
fetch_ahead(struct update_queue *q, struct peer *p, const struct update_in *u, bool mp, struct announced a[2],
    unsigned *n)
{
	const struct update_nlri *field = mp ? &u->mp_announce : &u->announce;

	if (field->family == FAMILY_NONE || field->len == 0)
		return;
	uint32_t nexthop = next_hop_of(q, p, u, mp);
	a[(*n)++] = (struct announced){.field = *field,
	    .attrs = u->attrs,
	    .attrs_len = u->attrs_len,
	    .nexthop = nexthop,
	    .hash = attr_ahead(q->d->attrs, nexthop, u->attrs, u->attrs_len)};
}

void
update_in_flush(struct update_queue *q, struct peer *p)
{
	queue_waiting(q, p);
	apply_ops(q, p);
	q->applied = 0;
}

/* The operations of a good message, or one to be treated as withdrawing, after those of the message before. */
static void
queue_message(struct update_queue *q, struct peer *p, const struct update_in *u)
{
	struct announced a[2];
	unsigned n = 0;

	for (unsigned i = 0; i < q->nwaiting; i++)
		attr_ahead_set(q->d->attrs, q->waiting[i].hash);
	if (u->outcome != ATTR_WITHDRAW) {
		fetch_ahead(q, p, u, false, a, &n);
		fetch_ahead(q, p, u, true, a, &n);
	}
	queue_waiting(q, p);
	queue_withdrawals(q, p, &u->withdraw);
	queue_withdrawals(q, p, &u->mp_withdraw);
	if (u->outcome == ATTR_WITHDRAW) {
		queue_withdrawals(q, p, &u->announce);
		queue_withdrawals(q, p, &u->mp_announce);
	}
	memcpy(q->waiting, a, n * sizeof(a[0]));
	q->nwaiting = n;
	struct attr_scratch *used = q->scratch[0];
	q->scratch[0] = q->scratch[1];
	q->scratch[1] = used;
}

static void
session_of(const struct peer *p, struct attr_session *s)
{
	const struct open_caps *c = &p->session.caps;
	bool any_first = p->session.internal || !p->conf->enforce_first_as;

	*s = (struct attr_session){
	    .external = !p->session.internal,
	    .confed = p->d->conf->router.confederation.as != 0 && peer_type(p) != RIB_PEER_EBGP,
	    .as4 = c->as4,
	    .families = c->families,
	    .ext_next_hop = c->ext_next_hop,
	    .first_as = any_first ? 0 : p->main->theirs.as,
	};
	for (int f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		s->add_path[f] = c->add_path[f] & ADD_PATH_RECEIVE;
}

/* Counts and logs what is wrong with a message; body stands behind its header. */
static void
note_error(const struct peer *p, struct update_stats *st, const struct update_in *u, const uint8_t *body, size_t len)
{
	if (u->outcome == ATTR_OK)
		return;
	if (u->outcome == ATTR_WITHDRAW)
		st->treat_as_withdraw++;
	else if (u->outcome == ATTR_IGNORE)
		st->attribute_discard++;
	update_log_malformed(&st->log, loop_now_s(p->d->loop), p->name, u, body - BGP_HEADER_LEN,
	    len + BGP_HEADER_LEN);
}

enum attr_outcome
update_in_message(struct update_queue *q, struct peer *p, const uint8_t *body, size_t len, uint8_t *eor,
    struct bgp_error *err)
{
	struct attr_session session;
	struct update_in u;

	*eor = 0;
	session_of(p, &session);
	for (unsigned i = 0; i < q->nwaiting; i++)
		attr_ahead_slot(q->d->attrs, q->waiting[i].hash);
	update_decode(&session, body, len, q->scratch[0], &u);
	note_error(p, peer_routes_update_stats(p), &u, body, len);
	if (u.outcome >= ATTR_AF_DISABLE) {
		*err = u.err;
		return (enum attr_outcome)u.outcome;
	}
	if (u.end_of_rib)
		*eor = OPEN_FAMILY(u.eor_family);
	queue_message(q, p, &u);
	return (enum attr_outcome)u.outcome;
}
