/* SPDX-License-Identifier: Apache-2.0 */
/*
 * max_out: see max_out.h.
 */
#include "bgpd/max_out.h"

#include "bgpd/daemon.h"
#include "bgpd/peer.h"
#include "bgpd/peer_routes.h"
#include "lib/log.h"
#include "lib/mem.h"

#include <stdio.h>
#include <string.h>

enum level { LEVEL_BELOW, LEVEL_NEAR, LEVEL_OVER };

/* What policy lets out: for the limit, and for the log. */
static uint32_t
to_be_sent(const struct peer *p, enum family f)
{
	struct peer_route_counts n;

	peer_routes_counts(p, f, &n);
	return n.sent + n.held;
}

bool
max_out_blocks(const struct peer *p)
{
	return CONF_HAS(p->conf, CONF_NB_MAX_PREFIX_OUT) && p->conf->max_prefix_out.action == CONF_MAX_BLOCK;
}

static bool
ends_session(const struct conf_max_prefix *limit)
{
	return limit->action == CONF_MAX_RESTART || limit->action == CONF_MAX_SHUTDOWN;
}

/* The first family with too many, or FAMILY_NONE. */
static enum family
family_over(const struct peer *p)
{
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		if (to_be_sent(p, f) > p->conf->max_prefix_out.limit)
			return f;
	return FAMILY_NONE;
}

static enum job_result
end_run(struct job *job, uint64_t deadline_ns)
{
	struct peer *p = container_of(job, struct peer, max_out.end);
	const struct conf_max_prefix *limit = &p->conf->max_prefix_out;
	enum family f = peer_established(p) && CONF_HAS(p->conf, CONF_NB_MAX_PREFIX_OUT) ? family_over(p) : FAMILY_NONE;
	struct bgp_error cease;
	char text[BGP_SHUTDOWN_TEXT_MAX + 1];

	(void)deadline_ns;
	/* It may have gone down by now, or a reload have raised the limit. */
	if (f == FAMILY_NONE || !ends_session(limit)) {
		peer_routes_wake(p);
		return JOB_DONE;
	}
	snprintf(text, sizeof text, "more than %u prefixes of %s to be sent", limit->limit, family_name(f));
	notify_shutdown_set(&cease, BGP_CEASE_ADMIN_SHUTDOWN, text);
	peer_end(p, &cease, limit->action == CONF_MAX_SHUTDOWN ? PEER_STAY_DOWN : limit->restart_after_s);
	return JOB_DONE;
}

void
max_out_init(struct max_out *m)
{
	*m = (struct max_out){.end = {.run = end_run, .name = "max-prefix-out"}};
}

void
max_out_up(struct peer *p)
{
	memset(p->max_out.told, LEVEL_BELOW, sizeof p->max_out.told);
}

void
max_out_down(struct peer *p)
{
	loop_job_cancel(p->d->loop, &p->max_out.end);
}

/* Each level is told once on the way up; with block one is at the limit all the time, and has to come far down first. */
static void
tell(struct peer *p, enum family f, uint32_t n)
{
	static const char *const effects[] = {[CONF_MAX_WARN] = "none",
	    [CONF_MAX_BLOCK] = "further prefixes are held back",
	    [CONF_MAX_RESTART] = "the session ends for a while",
	    [CONF_MAX_SHUTDOWN] = "the session ends"};
	const struct conf_max_prefix *limit = &p->conf->max_prefix_out;
	enum level level = n > limit->limit ? LEVEL_OVER
	    : n > (uint64_t)limit->limit * limit->warn_percent / 100 ? LEVEL_NEAR
								     : LEVEL_BELOW;

	if (level > p->max_out.told[f])
		log_warn("neighbor.max_prefix_out", LOG_S("neighbor", p->name), LOG_S("family", family_name(f)),
		    LOG_U("to_be_sent", n), LOG_U("limit", limit->limit),
		    LOG_S("effect", level == LEVEL_OVER ? effects[limit->action] : "none yet"));
	if (level > p->max_out.told[f] || level == LEVEL_BELOW || limit->action != CONF_MAX_BLOCK)
		p->max_out.told[f] = (uint8_t)level;
}

void
max_out_tell(struct peer *p)
{
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		if (CONF_HAS(p->conf, CONF_NB_MAX_PREFIX_OUT))
			tell(p, f, to_be_sent(p, f));
}

bool
max_out_allows(struct peer *p)
{
	const struct conf_max_prefix *limit = &p->conf->max_prefix_out;
	bool over = false;

	if (!CONF_HAS(p->conf, CONF_NB_MAX_PREFIX_OUT) || limit->action == CONF_MAX_BLOCK)
		return true;
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
		uint32_t n = to_be_sent(p, f);
		tell(p, f, n);
		over |= n > limit->limit;
	}
	if (!over || !ends_session(limit))
		return true;
	loop_job_start(p->d->loop, &p->max_out.end);
	return false;
}
