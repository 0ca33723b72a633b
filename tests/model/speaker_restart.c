/* SPDX-License-Identifier: Apache-2.0 */
/*
 * speaker_restart: the daemon ends, and another one begins (RFC 4724 4.1).
 *
 * The kernel keeps the first one's routes. The second says so in its OPENs, selects nothing before neighbours have sent
 * their routes again (deferral_follow in speaker_model.c has that), then asks for routes in their place, and takes out
 * those that nobody asked for when everything is decided. Of neighbours it knows nothing.
 */
#include "tests/model/speaker_model.h"

#include "bgpd/reload.h"
#include "lib/mem.h"

#include <string.h>

#define RUN_MIN   3000u /* steps of a daemon */
#define RUN_MORE  9000u

void
restart_plan(void)
{
	/* Not with a tape: it is seldom so long. */
	if (!the_model->taped)
		the_model->restart_step = the_model->step + RUN_MIN + rnd(RUN_MORE);
}

bool
restart_is_due(void)
{
	const struct model *m = the_model;

	return m->restart_step != 0 && m->step >= m->restart_step && m->stretch == STRETCH_NONE &&
	    reload_idle(m->d->reload) && tables_are_settled();
}

void
restart_end(struct bgpd *d)
{
	for (unsigned i = 0; i < NPEER; i++)
		drain_forget(&the_model->peer[i]);
	loop_enter(d->loop);
	daemon_stop(d);
	d->loop->in_turn = false;
}

void
restart_ended(void)
{
	struct model *m = the_model;

	CHECK(clock_is_bare());
	m->d = NULL;
	for (unsigned i = 0; i < NPEER; i++) {
		struct mpeer *n = &m->peer[i];
		CHECK(n->session == NULL && !n->up);
		memset(n->route, 0, sizeof n->route);
		n->lowered = n->lowered_out = false;
		n->ups = 0;
		n->keeps[FAMILY_IPV4] = n->keeps[FAMILY_IPV6] = KEEPS_NOT;
	}
	m->seen_restart++;
	m->hurried = true;
	memset(m->table, 0, sizeof m->table);
}

/* Where nobody is configured who could send routes again, what is left is nobody's. */
void
restart_begun(unsigned table)
{
	struct mtable *t = &the_model->table[table];

	t->start_ns = the_model->now_ns;
	t->kept = 0;
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
		uint32_t n = fib_left_count(fib_kernel(table), f);
		the_model->seen_left += n;
		if (n > 0 && !TAILQ_EMPTY(&table_bgpd(table)->peers))
			t->kept |= OPEN_FAMILY(f);
	}
}

void
restart_expect(struct mpeer *n)
{
	unsigned table = table_of((unsigned)(n - the_model->peer));
	uint8_t kept = the_model->table[table].kept;
	bool at_start = n->ups == 0 || deferring(table);

	n->open_restarts = kept != 0 && at_start ? OPEN_RESTARTS : OPEN_RESTARTS_NO;
	/* What is being selected has not been sent, but soon is. */
	if (table_bgpd(table)->restart.state == GR_SELECT)
		n->open_restarts = OPEN_RESTARTS_ANY;
	n->open_kept = at_start ? kept : OPEN_FAMILY(FAMILY_IPV4) | OPEN_FAMILY(FAMILY_IPV6);
	n->ups++;
}

void
restart_open(struct mpeer *n, const uint8_t *body, size_t len)
{
	struct bgp_error err;
	struct open_msg o;

	if (!open_decode(body, len, &o, &err))
		fail("neighbour %td gets a bad OPEN: %s", n - the_model->peer, err.reason);
	CHECK(o.caps.gr && o.caps.gr_families == o.caps.families);
	CHECK(o.caps.llgr_families == o.caps.families && o.caps.llgr_forwarding == o.caps.gr_forwarding);
	if (n->open_restarts == OPEN_RESTARTS_ANY)
		return;
	if (o.caps.gr_restarting != (n->open_restarts == OPEN_RESTARTS) || o.caps.gr_forwarding != n->open_kept)
		fail("neighbour %td: OPEN with R bit %d and F bits %x, want %d and %x", n - the_model->peer,
		    o.caps.gr_restarting, o.caps.gr_forwarding, n->open_restarts, n->open_kept);
}

/* May the oracle know of something that the daemon has not come to, for other reasons than that it was not decided? */
static bool
knows_more(void)
{
	static const char *const deciding[] = {"decide", "resolve", "sweep", "export"};
	struct job *j;

	for (unsigned i = 0; i < NPEER; i++)
		if (the_model->peer[i].borr_in != 0)
			return true;
	TAILQ_FOREACH(j, &the_model->d->loop->jobs, entry)
	{
		unsigned i = 0;
		while (i < ARRAY_LEN(deciding) && strcmp(j->name, deciding[i]) != 0)
			i++;
		if (i == ARRAY_LEN(deciding))
			return true;
	}
	return false;
}

/* All has been decided: nothing may go that is only not asked for yet. */
void
restart_swept(unsigned table)
{
	static struct verdict v[FAMILY_COUNT][NPREFIX];
	unsigned kernel = fib_kernel(table);
	struct kernel_route want;

	if (kernel == NKERNEL)
		return;
	the_model->seen_left_swept += fib_left_count(kernel, FAMILY_IPV4) + fib_left_count(kernel, FAMILY_IPV6);
	/* One that ends does not wait for anybody. */
	if (table_ends(table))
		return;
	CHECK(!deferring(table));
	if (knows_more())
		return;
	compare_ask(table, v);
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		for (unsigned i = 0; i < NPREFIX; i++) {
			oracle_kernel(v, f, i, &want);
			if (fib_left(kernel, f, i) && want.there)
				fail("family %d prefix %u: a route of before is taken away that is still wanted", f, i);
		}
}

void
restart_compare(unsigned table)
{
	unsigned kernel = fib_kernel(table);
	uint32_t n = kernel < NKERNEL ? fib_left_count(kernel, FAMILY_IPV4) + fib_left_count(kernel, FAMILY_IPV6) : 0;

	if (n > 0 && the_model->now_ns > the_model->table[table].start_ns + (GR_LIMIT_S + 2) * 1000000000ull)
		fail("%u routes of before are still in the kernel", n);
}
