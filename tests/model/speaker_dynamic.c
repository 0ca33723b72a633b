/* SPDX-License-Identifier: Apache-2.0 */
/*
 * speaker_dynamic: neighbours that are let in by a prefix (bgpd/dynamic.h).
 *
 * Each of them has a range to itself, or two share one; around all of them is another one that is shut down, so
 * whoever comes in by it is turned away. They connect, the daemon never does, and what it knows of them goes with
 * their session, unless routes are kept for them.
 */
#include "tests/model/speaker_model.h"

#include "bgpd/dynamic.h"
#include "bgpd/kernel.h"
#include "bgpd/peer.h"
#include "bgpd/reload.h"

#include <stdio.h>
#include <string.h>

/* Somebody's range, with who has not left it quite yet. */
static unsigned
count_in(const struct dynamic_range *range)
{
	const struct peer *p;
	unsigned n = 0;

	for (const struct bgpd *d = the_model->d; d != NULL; d = instance_next(d))
		TAILQ_FOREACH(p, &d->peers, entry)
	n += p->range == range;
	return n;
}

static const struct dynamic_range *
range_of(const struct mneighbor *conf)
{
	const struct dynamic_range *r;
	char name[8];

	snprintf(name, sizeof name, "r%u", conf->range - 1u);
	TAILQ_FOREACH(r, &the_model->d->ranges, entry)
	if (r->conf != NULL && strcmp(r->conf->name, name) == 0)
		return r;
	return NULL;
}

static unsigned
most_of(const struct mneighbor *conf)
{
	return conf->range - 1u == RANGE_SHARED ? the_model->conf.range_max : 1;
}

bool
dynamic_may_knock(const struct mpeer *n)
{
	const struct mneighbor *conf = &the_model->conf.neighbor[n - the_model->peer];

	/* While a configuration comes somebody may come under the one before (t_reload has that). */
	return n->session == NULL && conf->there && conf->range != 0 && reload_idle(the_model->d->reload) &&
	    table_reaches(conf->table);
}

bool
dynamic_knock(struct mpeer *n)
{
	unsigned i = (unsigned)(n - the_model->peer);
	const struct mneighbor *conf = &the_model->conf.neighbor[i];
	const struct dynamic_range *range = range_of(conf);
	const struct peer *p = peer_of(i);
	bool fits;

	CHECK(range != NULL);
	if (p != NULL)
		fits = peer_state(p) != FSM_IDLE;
	else
		fits = table_bgpd(conf->table)->kernel->synced && count_in(range) < most_of(conf);
	if (p == NULL) {
		n->ups = 0;
		the_model->base[i][FAMILY_IPV4] = the_model->base[i][FAMILY_IPV6] = 0;
		renew_tag(n);
	}
	session_knock(i);
	if ((n->session != NULL) != fits)
		fail("neighbour %u is let in: %d, there are %u in its range, which may have %u", i, n->session != NULL,
		    count_in(range), most_of(conf));
	the_model->seen_turned_away += !fits;
	the_model->seen_let_in += fits;
	if (fits && peer_of(i)->range != range)
		fail("neighbour %u comes in by another range", i);
	return fits;
}

void
compare_dynamic(void)
{
	const struct dynamic_range *r;

	for (unsigned i = 0; i < NPEER; i++) {
		const struct mneighbor *conf = &the_model->conf.neighbor[i];
		const struct peer *p = peer_of(i);
		if (p != NULL && (!conf->there || (conf->range == 0 ? p->range != NULL : p->range != range_of(conf))))
			fail("neighbour %u: it is there, by a range or not: %d, and should be: %d", i, p->range != NULL,
			    conf->there ? conf->range : -1);
		if (p == NULL && conf->there && (conf->range == 0 || the_model->peer[i].up))
			fail("neighbour %u is not there", i);
	}
	TAILQ_FOREACH(r, &the_model->d->ranges, entry)
	if (r->peers != count_in(r) || (r->conf == NULL && r->peers == 0))
		fail("a range counts %u neighbours, and there are %u", r->peers, count_in(r));
}
