/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gr: the tables of both machines; see gr.h.
 *
 * Each state has a list of rows; the first one whose event and facts fit is
 * taken, and what no row names is ignored. A row's facts must hold all of `when`
 * and none of `unless`.
 */
#include "bgpd/gr.h"

#include "lib/mem.h"


struct row {
	uint8_t event;
	uint8_t when, unless;
	uint8_t next;
	uint32_t actions;
};
struct state_row {
	const char *name;
	const struct row *rows;
	uint8_t n;
};
#define ROWS(r) .rows = (r), .n = ARRAY_LEN(r)

static struct gr_result
step(const struct state_row *st, uint8_t state, uint8_t event, uint32_t facts)
{
	for (const struct row *r = st->rows; r < st->rows + st->n; r++)
		if (r->event == event && (facts & r->when) == r->when && (facts & r->unless) == 0)
			return (struct gr_result){.state = r->next, .actions = r->actions};
	return (struct gr_result){.state = state};
}

/* ---- the helper ---- */

#define TO_RESTARTING (GR_DO_MARK | GR_DO_TIMER_RESTART)
#define TO_LONG       (GR_DO_LAST_RESORT | GR_DO_TIMER_LONG)
#define GONE          (GR_DO_STOP_TIMER | GR_DO_MARK | GR_DO_DROP)
#define STALE_GONE    (GR_DO_STOP_TIMER | GR_DO_DROP)

static const struct row fresh_rows[] = {
    {GR_EV_LOST, .when = GR_IF_GRACEFUL | GR_IF_TIME, .next = GR_RESTARTING, .actions = TO_RESTARTING},
    /* RFC 9494 4.2: with a restart time of 0 the long time begins at once. */
    {GR_EV_LOST, .when = GR_IF_GRACEFUL | GR_IF_LONG, .next = GR_LONG, .actions = GR_DO_MARK | TO_LONG},
    {GR_EV_LOST, .next = GR_FRESH, .actions = GONE},
};

static const struct row restarting_rows[] = {
    {GR_EV_UP, .when = GR_IF_KEPT, .next = GR_RESYNC, .actions = GR_DO_TIMER_STALE},
    /* RFC 4724 4.2: no F bit, or not even the capability. */
    {GR_EV_UP, .next = GR_FRESH, .actions = STALE_GONE},
    {GR_EV_TIMER, .when = GR_IF_LONG, .next = GR_LONG, .actions = TO_LONG},
    {GR_EV_TIMER, .next = GR_FRESH, .actions = STALE_GONE},
    {GR_EV_FORGET, .next = GR_FRESH, .actions = STALE_GONE},
};

static const struct row resync_rows[] = {
    {GR_EV_EOR, .next = GR_FRESH, .actions = STALE_GONE},
    {GR_EV_TIMER, .next = GR_FRESH, .actions = STALE_GONE},
    /* RFC 4724 4.2: of consecutive restarts, what was stale already goes. */
    {GR_EV_LOST, .when = GR_IF_GRACEFUL | GR_IF_TIME, .next = GR_RESTARTING,
     .actions = GR_DO_SWEEP | TO_RESTARTING},
    {GR_EV_LOST, .when = GR_IF_GRACEFUL | GR_IF_LONG, .next = GR_LONG,
     .actions = GR_DO_SWEEP | GR_DO_MARK | TO_LONG},
    {GR_EV_LOST, .next = GR_FRESH, .actions = GONE},
};

static const struct row long_rows[] = {
    {GR_EV_UP, .when = GR_IF_KEPT_LONG, .next = GR_LONG_RESYNC}, /* its time goes on */
    {GR_EV_UP, .next = GR_FRESH, .actions = STALE_GONE},
    {GR_EV_TIMER, .next = GR_FRESH, .actions = STALE_GONE},
    {GR_EV_FORGET, .next = GR_FRESH, .actions = STALE_GONE},
};

static const struct row long_resync_rows[] = {
    {GR_EV_EOR, .next = GR_FRESH, .actions = STALE_GONE},
    {GR_EV_TIMER, .next = GR_FRESH, .actions = STALE_GONE},
    /* RFC 9494 4.2: they stay for what is left of the long time, and what was fresh joins them. */
    {GR_EV_LOST, .when = GR_IF_GRACEFUL | GR_IF_LONG, .next = GR_LONG,
     .actions = GR_DO_MARK | GR_DO_LAST_RESORT},
    {GR_EV_LOST, .when = GR_IF_GRACEFUL | GR_IF_TIME, .next = GR_RESTARTING,
     .actions = GR_DO_STOP_TIMER | GR_DO_SWEEP | TO_RESTARTING},
    {GR_EV_LOST, .next = GR_FRESH, .actions = GONE},
};

static const struct state_row states[GR_STATES] = {
    [GR_FRESH] = {"fresh", ROWS(fresh_rows)},
    [GR_RESTARTING] = {"restarting", ROWS(restarting_rows)},
    [GR_RESYNC] = {"resync", ROWS(resync_rows)},
    [GR_LONG] = {"long-lived", ROWS(long_rows)},
    [GR_LONG_RESYNC] = {"long-lived-resync", ROWS(long_resync_rows)},
};

struct gr_result
gr_step(enum gr_state state, enum gr_event event, uint32_t facts)
{
	ASSERT(state < GR_STATES && event < GR_EVENTS);
	return step(&states[state], (uint8_t)state, (uint8_t)event, facts);
}

const char *
gr_state_name(enum gr_state s)
{
	ASSERT(s < GR_STATES);
	return states[s].name;
}

/* ---- the restarting speaker ---- */

#define UNSELECTED (GR_START_IF_AWAY | GR_START_IF_SENDING)
#define UNSETTLED  (UNSELECTED | GR_START_IF_PLAIN)

static const struct row start_rows[] = {
    {GR_START_EV_SYNCED, .when = GR_START_IF_KEPT, .next = GR_DEFER,
     .actions = GR_START_DO_DEFER | GR_START_DO_TIMERS | GR_START_DO_POLL},
    {GR_START_EV_SYNCED, .next = GR_SETTLE, .actions = GR_START_DO_TIMERS | GR_START_DO_POLL},
};

static const struct row defer_rows[] = {
    {GR_START_EV_CHANGE, .unless = UNSELECTED, .next = GR_SELECT,
     .actions = GR_START_DO_SELECT | GR_START_DO_POLL},
};

static const struct row select_rows[] = {
    {GR_START_EV_CHANGE, .when = GR_START_IF_IDLE, .next = GR_SETTLE,
     .actions = GR_START_DO_TELL | GR_START_DO_POLL},
    /* Where routes change all the time there may never be a moment without something to decide. */
    {GR_START_EV_CHANGE, .when = GR_START_IF_LIMIT, .next = GR_SETTLE,
     .actions = GR_START_DO_TELL | GR_START_DO_POLL},
    {GR_START_EV_CHANGE, .next = GR_SELECT, .actions = GR_START_DO_POLL},
};

static const struct row settle_rows[] = {
    {GR_START_EV_CHANGE, .when = GR_START_IF_IDLE, .unless = UNSETTLED, .next = GR_DONE,
     .actions = GR_START_DO_SWEEP},
    {GR_START_EV_CHANGE, .unless = UNSETTLED, .next = GR_SETTLE, .actions = GR_START_DO_POLL},
};

static const struct state_row start_states[GR_START_STATES] = {
    [GR_START] = {"start", ROWS(start_rows)},
    [GR_DEFER] = {"defer", ROWS(defer_rows)},
    [GR_SELECT] = {"select", ROWS(select_rows)},
    [GR_SETTLE] = {"settle", ROWS(settle_rows)},
    [GR_DONE] = {"done", .rows = settle_rows, .n = 0},
};

struct gr_result
gr_start_step(enum gr_start_state state, enum gr_start_event event, uint32_t facts)
{
	ASSERT(state < GR_START_STATES && event < GR_START_EVENTS);
	if (facts & GR_START_IF_LATE)
		facts &= ~(GR_START_IF_AWAY | GR_START_IF_PLAIN);
	if (facts & GR_START_IF_LIMIT)
		facts &= ~UNSETTLED;
	return step(&start_states[state], (uint8_t)state, (uint8_t)event, facts);
}

const char *
gr_start_state_name(enum gr_start_state s)
{
	ASSERT(s < GR_START_STATES);
	return start_states[s].name;
}
