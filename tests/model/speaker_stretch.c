/* SPDX-License-Identifier: Apache-2.0 */
/*
 * speaker_stretch: times at which not everything happens, but one thing often.
 */
#include "tests/model/speaker_model.h"

#include "bgpd/groups_int.h"

#include <string.h>

/* If anybody has the prefix all give it up, else somebody announces it. */
static void
step_churn(void)
{
	unsigned f = FAMILY_IPV4 + rnd(2), prefix = PFX_FLEETING + rnd(PFX_ORDINARY - PFX_FLEETING);
	struct mattr a;
	bool any = false;

	for (unsigned x = 0; x < OWN; x++) {
		struct mpeer *n = &the_model->peer[path_source(x)];
		if (!n->up || !n->route[f][prefix][x % NSLOT].there || x % NSLOT >= slots(n, f))
			continue;
		withdraw(n, f, &prefix, 1, x % NSLOT);
		session_delivered(n->session);
		any = true;
	}
	struct mpeer *n = &the_model->peer[rnd(NPEER)];
	if (any || !n->up || !(n->caps.families & OPEN_FAMILY(f)))
		return;
	random_attr(n, f, prefix, &a);
	announce(n, f, &prefix, 1, rnd(slots(n, f)), &a);
	session_delivered(n->session);
}

void
stretch_end(void)
{
	the_model->stretch = STRETCH_NONE;
	memset(the_model->lags, 0, sizeof the_model->lags);
	step_settle();
}

/*
 * One who is to lag asks for everything again, which takes it out of the stream; or nobody reads, and the ring is
 * full.
 */
static void
stretch_begin_churn(void)
{
	unsigned lag = rnd(NPEER);
	struct mpeer *n = &the_model->peer[lag];
	bool all = rnd(3) == 0;

	the_model->stretch = STRETCH_CHURN;
	uint32_t ring_max = 500 + rnd(rnd(2) == 0 ? 3000 : 30000);
	tables_limit(ring_max, 500 + rnd(rnd(2) == 0 ? 1000 : 10000));
	for (unsigned i = 0; i < NPEER; i++)
		the_model->lags[i] = all || i == lag;
	for (unsigned f = FAMILY_IPV4; !all && n->up && n->caps.route_refresh && f < FAMILY_COUNT; f++)
		if (n->caps.families & OPEN_FAMILY(f))
			ask_again(n, f);
}

/* A few go first, so that there is somebody to come. */
static void
stretch_begin_calm(void)
{
	for (unsigned k = 1 + rnd(3); k > 0; k--) {
		struct mpeer *n = &the_model->peer[rnd(NPEER)];
		if (n->up)
			session_hang_up(n->session);
	}
	for (unsigned timers = rnd(40); timers > 0 && clock_fire(1500); timers--)
		timers_follow(false);
	step_settle();
	the_model->stretch = STRETCH_CALM;
}

/* Of a few prefixes it may always have large routes, of all of them not. */
static void
stretch_begin_greed(void)
{
	the_model->stretch = STRETCH_GREED;
	the_model->greedy = rnd(NPEER);
	the_model->greedy_for = rnd(2) == 0 ? 2 : PFX_ORDINARY;
	the_model->stretch_left += 200;
	memory_exceed();
}

void
stretch_begin(void)
{
	step_settle();
	the_model->stretch_left = 50 + rnd(200);
	switch (rnd(5)) {
	case 4:
		stretch_begin_greed();
		break;
	case 0:
	case 1:
		stretch_begin_churn();
		break;
	case 2:
		the_model->stretch = STRETCH_FLAP;
		break;
	default:
		stretch_begin_calm();
		break;
	}
}

static void
step_read(void)
{
	unsigned i = rnd(NPEER);

	if (!the_model->lags[i])
		pull(&the_model->peer[i], 1 + rnd(6000));
}

/* Decisions wait for a timer, which is rare here: a newcomer is told much before it fires. */
static void
step_calm(void)
{
	struct mpeer *n = &the_model->peer[rnd(NPEER)];
	uint32_t what = rnd(100);

	if (what < 30) {
		if (n->up)
			step_routes(n);
	} else if (what < 40) {
		if (may_come_up(n))
			establish(n);
	} else if (what < 70) {
		clock_run_job();
	} else if (what < 72) {
		clock_fire(100);
	} else {
		step_read();
	}
}

static void
step_greed(void)
{
	struct mpeer *n = &the_model->peer[the_model->greedy];
	uint32_t what = rnd(100);

	if (what < 20)
		clock_run_job();
	else if (what < 22)
		clock_fire(1500);
	else if (what < 50)
		step_read();
	else if (what < 55)
		step_neighbor();
	else if (n->up)
		step_greedy(n);
	else if (may_come_up(n))
		establish(n);
	else
		clock_fire(1500);
}

static void
step_flap(void)
{
	struct mpeer *n = &the_model->peer[rnd(NPEER / 2)];
	uint32_t what = rnd(100);

	if (what < 20)
		clock_run_job();
	else if (what >= 30 && may_come_up(n))
		establish(n);
	else if (what < 30 || n->session == NULL)
		clock_fire(1500);
	else if (what < 60)
		step_routes(n);
	else if (what < 62)
		send_end_of_rib(n, FAMILY_IPV4 + rnd(2));
	else if (what < 66)
		session_hang_up(n->session);
	else
		step_read();
}

/* While selection is deferred, and neighbours hurry. */
void
step_deferring(void)
{
	struct mpeer *n = &the_model->peer[rnd(NPEER)];
	uint32_t what = rnd(100);

	if (what < 2)
		clock_fire(1000);
	else if (what < 15)
		clock_run_job();
	else if (may_come_up(n))
		establish(n);
	else if (n->session == NULL)
		return;
	else if (what < 45)
		step_routes(n);
	else if (what < 85)
		send_end_of_rib(n, FAMILY_IPV4 + rnd(2));
	else
		pull(n, 1 + rnd(6000));
}

void
step_stretch(void)
{
	uint32_t what = rnd(1000);

	if (--the_model->stretch_left == 0)
		stretch_end();
	else if (the_model->stretch == STRETCH_CALM)
		step_calm();
	else if (the_model->stretch == STRETCH_FLAP)
		step_flap();
	else if (the_model->stretch == STRETCH_GREED)
		step_greed();
	else if (what < 350)
		step_churn();
	else if (what < 600)
		clock_run_job();
	else if (what < 750)
		clock_fire(100);
	else if (what < 850)
		for (unsigned n = rnd(40); n > 0 && fib_run();)
			n--;
	else if (what < 990)
		step_read();
	else
		step_reload();
}
