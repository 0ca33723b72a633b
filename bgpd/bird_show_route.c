/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bird_show_route: `show route`: which routes, and the walk over them.
 *
 * The walk stands still for as long as its client does not read, so it keeps a protocol's name and its
 * source's number and looks both up again in each portion; when they no longer belong together the reply
 * ends.
 */
#include "bgpd/bird_command.h"
#include "bgpd/bird_protocol.h"
#include "bgpd/bird_reply.h"
#include "bgpd/bird_route.h"
#include "bgpd/daemon.h"
#include "bgpd/groups.h"
#include "bgpd/kernel.h"
#include "bgpd/nexthop_self.h"
#include "bgpd/peer.h"
#include "bgpd/peer_routes.h"
#include "lib/mem.h"
#include "rib/walk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A protocol that the command names. */
struct named {
	char *name;              /* NULL: none */
	enum bird_pseudo pseudo; /* BIRD_PSEUDO_COUNT: a neighbour */
	uint16_t source;         /* of that one */
};

struct route_show {
	struct bird_client *c;
	enum family family;
	uint32_t instance;
	struct ip_prefix prefix;
	bool exact;   /* that prefix alone, not all of them */
	bool longest; /* or, where it has no route, the longest one around it that has */
	bool has_table, all, primary, filtered;
	bool rows, count;    /* what is said: rows, and how many there are */
	struct named of, to; /* protocol, export */
	struct rib_walk walk;
	uint32_t shown, routes, networks; /* so far */
};

static void
show_free(void *state)
{
	struct route_show *st = state;

	free(st->of.name);
	free(st->to.name);
	free(st);
}

/* ---- one prefix ---- */

/* What is looked at in a portion. */
struct portion {
	struct route_show *st;
	struct bgpd *d;
	const struct group_member
	    *member; /* of st->to; NULL: it has no session, or it is none of a neighbour */
	struct ip_addr self;
	bool of_here; /* st->of, a neighbour, is one of this table */
	uint32_t id;
	attr_id told; /* what the member has of the best path, unless it has several */
	bool follows; /* a route of the prefix was shown */
};

/* A reference to what the protocol of export has of the path, or ATTR_NONE. */
static attr_id
exported(const struct portion *po, const struct rib_path *p)
{
	const struct route_show *st = po->st;
	struct bgpd *d = po->d;
	bool best = (p->flags & RIB_PATH_BEST) != 0;
	uint32_t nhset, metric;
	int error;

	if (st->to.pseudo == BIRD_KERNEL) {
		enum fib_state state =
		    fib_route_get(d->kernel->fib, st->family, po->id, &nhset, &metric, &error);
		return best && state != FIB_ABSENT ? attr_ref(d->attrs, p->attr) : ATTR_NONE;
	}
	if (po->member == NULL)
		return ATTR_NONE;
	if (groups_sends_paths(po->member, st->family))
		return groups_told(d->groups, po->member, st->family, po->id, p);
	return best && po->told != ATTR_NONE ? attr_ref(d->attrs, po->told) : ATTR_NONE;
}

static bool
path_fits(const struct portion *po, const struct rib_path *p)
{
	const struct route_show *st = po->st;
	const struct rib_source *src = rib_source_get(po->d->rib, p->source);

	if (rib_path_rejected(p) != st->filtered)
		return false;
	if (st->primary && (p->flags & (RIB_PATH_BEST | RIB_PATH_MULTIPATH)) == 0)
		return false;
	if (st->of.name == NULL)
		return true;
	if (st->of.pseudo != BIRD_PSEUDO_COUNT)
		return bird_pseudo_of_source((enum rib_source_kind)src->kind) == st->of.pseudo;
	return po->of_here && p->source == st->of.source;
}

static void
show_path(struct portion *po, const struct rib_path *p)
{
	struct route_show *st = po->st;
	struct bgpd *d = po->d;

	if (!path_fits(po, p))
		return;
	attr_id attr = st->to.name != NULL ? exported(po, p) : attr_ref(d->attrs, p->attr);
	if (attr == ATTR_NONE)
		return;
	st->shown++;
	if (st->rows) {
		struct bird_route r = {.prefix = rib_prefix(d->rib, st->family, po->id),
				       .id = po->id,
				       .path = p,
				       .attr = attr,
				       .self = po->member != NULL ? &po->self : NULL,
				       .follows = po->follows};
		bird_route_lines(st->c, d, &r, st->all);
	}
	po->follows = true;
	attr_unref(d->attrs, attr);
}

/* The best path first, then those used beside it, then the others. */
static void
show_prefix(struct portion *po, uint32_t id)
{
	static const uint8_t ranks[] = {RIB_PATH_BEST, RIB_PATH_MULTIPATH, 0};
	struct route_show *st = po->st;
	struct bgpd *d = po->d;
	const struct rib_path *p;
	uint32_t routes = 0;

	po->id = id;
	po->follows = false;
	po->told = ATTR_NONE;
	if (po->member != NULL && !groups_sends_paths(po->member, st->family))
		po->told = groups_told(d->groups, po->member, st->family, id, NULL);
	for (unsigned i = 0; i < ARRAY_LEN(ranks); i++) {
		for (p = rib_path_first(d->rib, st->family, id); p != NULL;
		     p = rib_path_next(d->rib, st->family, p)) {
			uint8_t rank =
			    p->flags & RIB_PATH_BEST ? RIB_PATH_BEST : p->flags & RIB_PATH_MULTIPATH;
			if (rank != ranks[i])
				continue;
			routes += rib_path_rejected(p) == st->filtered;
			show_path(po, p);
		}
	}
	attr_unref(d->attrs, po->told);
	st->routes += routes;
	st->networks += routes > 0;
}

/* ---- the walk ---- */

static bool
show_end(struct route_show *st)
{
	if (st->count)
		bird_end(st->c, BIRD_ROUTE_COUNT, "%u of %u routes for %u networks", st->shown, st->routes,
			 st->networks);
	else if (st->exact && st->routes == 0)
		bird_end(st->c, BIRD_ERR_NO_NETWORK, "Network not in table");
	else
		bird_ok(st->c);
	return true;
}

/* Is it still the neighbour that the command meant? */
static struct peer *
named_again(const struct route_show *st, const struct bgpd *d, const struct named *n)
{
	struct peer *p = bird_peer_find(d, st->family, n->name);

	return p != NULL && peer_routes_source(p)->index == n->source ? p : NULL;
}

static bool
is_neighbor(const struct named *n)
{
	return n->name != NULL && n->pseudo == BIRD_PSEUDO_COUNT;
}

static bool
portion_begin(struct portion *po, struct route_show *st)
{
	struct bgpd *d = instance_by_number(bird_daemon(st->c), st->instance);

	*po = (struct portion){.st = st, .d = d};
	if (d == NULL)
		return false;
	struct peer *of = is_neighbor(&st->of) ? named_again(st, d, &st->of) : NULL;
	struct peer *to = is_neighbor(&st->to) ? named_again(st, d, &st->to) : NULL;
	if ((of == NULL && is_neighbor(&st->of)) || (to == NULL && is_neighbor(&st->to)))
		return false;
	/* The numbers of another table's sources are somebody else's in this one. */
	po->of_here = of != NULL && of->d == d;
	if (st->walk.source != 0 && !po->of_here)
		return false;
	/* A neighbour of another table has nothing of this one. */
	po->member = to != NULL && to->d == d ? peer_routes_member(to) : NULL;
	if (po->member != NULL)
		po->self = nexthop_self_addr(po->member, st->family);
	return true;
}

static bool
has_route(const struct portion *po, uint32_t id)
{
	const struct route_show *st = po->st;
	const struct rib_path *p;

	for (p = rib_path_first(po->d->rib, st->family, id); p != NULL;
	     p = rib_path_next(po->d->rib, st->family, p))
		if (rib_path_rejected(p) == st->filtered)
			return true;
	return false;
}

/* The one prefix that is meant, or 0; also one whose routes lead nowhere, which is what may be looked for. */
static uint32_t
one_prefix(const struct portion *po)
{
	const struct route_show *st = po->st;
	struct ip_prefix p = st->prefix;

	for (;;) {
		uint32_t id = rib_find(po->d->rib, &p);
		if (id != 0 && (!st->longest || has_route(po, id)))
			return id;
		if (!st->longest || p.len == 0)
			return 0;
		p.len--;
		ip_prefix_mask(&p);
	}
}

static bool
show_step(struct bird_client *c, void *state)
{
	struct route_show *st = state;
	uint32_t budget = BIRD_STEP, id;
	struct portion po;

	if (!portion_begin(&po, st)) {
		bird_end(c, BIRD_ERR_STOPPED, "Stopped due to reconfiguration");
		return true;
	}
	if (st->exact) {
		id = one_prefix(&po);
		if (id != 0)
			show_prefix(&po, id);
		return show_end(st);
	}
	uint32_t enough = st->shown + BIRD_STEP; /* a prefix may have hundreds of paths */
	while (st->shown < enough && (id = rib_walk_next(po.d->rib, &st->walk, &budget)) != 0)
		show_prefix(&po, id);
	return st->walk.done && show_end(st);
}

/* ---- what the command says ---- */

static bool
read_protocol(struct route_show *st, const char *name, struct named *n)
{
	for (n->pseudo = 0; n->pseudo < BIRD_PSEUDO_COUNT; n->pseudo++)
		if (strcmp(bird_pseudo_names[n->pseudo], name) == 0)
			break;
	if (n->pseudo == BIRD_PSEUDO_COUNT) {
		const struct peer *p = bird_peer_find(bird_daemon(st->c), st->family, name);
		if (p == NULL) {
			bird_end(st->c, BIRD_ERR_SYNTAX, "%s is not a protocol", name);
			return false;
		}
		n->source = peer_routes_source(p)->index;
		/* Its routes are in its table, unless another one is asked for. */
		if (!st->has_table)
			st->instance = instance_number(p->d);
	}
	free(n->name);
	n->name = xstrdup(name);
	return true;
}

/* "master", or T and the number that the kernel knows it by. */
static bool
read_table(struct route_show *st, const char *name)
{
	struct bgpd *main = bird_daemon(st->c), *d = NULL;
	const char *err = NULL;
	uint32_t number = 0;

	if (strcmp(name, "master") == 0)
		d = main;
	else if (name[0] == 'T')
		number = (uint32_t)strtonum(name + 1, 1, UINT32_MAX, &err);
	if (number != 0)
		d = number == main->conf->kernel.table ? main : instance_of(main, number);
	if (d == NULL) {
		bird_end(st->c, BIRD_ERR_SYNTAX, "%s is not a table", name);
		return false;
	}
	st->has_table = true;
	st->instance = instance_number(d);
	return true;
}

/* A prefix, or an address, and no other one before it. */
static bool
read_prefix(struct route_show *st, const char *text)
{
	if (st->exact || ip_prefix_parse(text, &st->prefix) < 0 || st->prefix.family != st->family) {
		bird_syntax(st->c, text);
		return false;
	}
	st->exact = true;
	return true;
}

static bool
read_for(struct route_show *st, const char *text)
{
	st->longest = true;
	return read_prefix(st, text);
}

static bool
read_of(struct route_show *st, const char *text)
{
	return read_protocol(st, text, &st->of);
}

static bool
read_to(struct route_show *st, const char *text)
{
	return read_protocol(st, text, &st->to);
}

static const struct {
	const char *word;
	size_t flag; /* where it is set in struct route_show; 0: */
	bool (*read)(struct route_show *st,
		     const char *text); /* the word behind it; false: refused already */
} options[] = {
    {"all", offsetof(struct route_show, all), NULL},
    {"primary", offsetof(struct route_show, primary), NULL},
    {"filtered", offsetof(struct route_show, filtered), NULL},
    {"count", offsetof(struct route_show, count), NULL},
    {"stats", offsetof(struct route_show, count), NULL},
    {"for", 0, read_for},
    {"table", 0, read_table},
    {"protocol", 0, read_of},
    {"export", 0, read_to},
};

/* One option and what belongs to it; false: refused already. */
static bool
read_option(struct route_show *st, const struct bird_words *args, unsigned *at)
{
	const char *word = args->v[*at];

	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		if (!bird_word_is(args, *at, options[i].word))
			continue;
		(*at)++;
		if (options[i].read == NULL) {
			*(bool *)((char *)st + options[i].flag) = true;
			st->rows &= strcmp(word, "count") != 0;
			return true;
		}
		if (*at < args->n)
			return options[i].read(st, args->v[(*at)++]);
		bird_syntax(st->c, NULL);
		return false;
	}
	if (args->quoted[*at]) {
		bird_syntax(st->c, word);
		return false;
	}
	(*at)++;
	return read_prefix(st, word);
}

void
bird_show_route(struct bird_client *c, const struct bird_words *args)
{
	struct route_show *st = xcalloc(1, sizeof(*st));
	unsigned at = 0;

	st->c = c;
	st->family = bird_family(c);
	st->rows = true;
	while (at < args->n) {
		if (!read_option(st, args, &at)) {
			show_free(st);
			return;
		}
	}
	const struct bgpd *d = instance_by_number(bird_daemon(c), st->instance);
	if (is_neighbor(&st->of)) {
		const struct peer *p = named_again(st, d, &st->of);
		ASSERT(p != NULL); /* its word has just been read */
		if (p->d == d) {
			rib_walk_source(&st->walk, st->family, peer_routes_source(p));
		} else { /* in this table it has nothing */
			rib_walk_table(&st->walk, st->family);
			st->walk.done = true;
		}
	} else {
		rib_walk_table(&st->walk, st->family);
	}
	bird_walk(c, &(struct bird_walk){.step = show_step, .free = show_free, .state = st});
}
