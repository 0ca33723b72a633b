/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics: see metrics.h. The figures are rows of tables: metrics_daemon.c, metrics_neighbor.c.
 */
#include "bgpd/metrics_rows.h"

#include "bgpd/daemon.h"
#include "bgpd/instance.h"
#include "bgpd/peer.h"
#include "bgpd/reload.h"
#include "lib/http.h"
#include "lib/log.h"
#include "lib/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_S 10 /* an address that is not there yet */

struct metrics {
	struct bgpd *d;
	struct http *http; /* NULL: off, or it cannot be had */
	struct conf_endpoint at;
	struct event *retry;
	enum conf_metrics_neighbors mode; /* metrics.neighbors */
	struct metrics_counters gone;     /* of tables that are not there any more */
	struct metrics_sums *left;        /* of neighbours: what sums have that no neighbour in them has counted */
};

/* Without it a counter would go back, which readers take for a new start: all that is left would count once more. */
void
metrics_table_gone(struct metrics *m, const struct bgpd *d)
{
	metrics_counters_add(&m->gone, d);
}

static bool
has_sums(const struct metrics *m)
{
	return m->mode == CONF_METRICS_GROUP || m->mode == CONF_METRICS_REMOTE_AS;
}

void
metrics_neighbor_gone(struct metrics *m, const struct peer *p)
{
	if (m != NULL && has_sums(m))
		metrics_sums_count(m->left, m->mode, p, p->conf, 1);
}

/* What it has counted stays in the sum that it was in, and is not in the next one. */
void
metrics_neighbor_moves(struct metrics *m, const struct peer *p, const struct conf_neighbor *to)
{
	if (m == NULL || !has_sums(m) || !metrics_sums_differ(m->mode, p->conf, to))
		return;
	metrics_sums_count(m->left, m->mode, p, p->conf, 1);
	metrics_sums_count(m->left, m->mode, p, to, -1);
}

/* ---- a page ---- */

struct metrics_page {
	struct bgpd *d;
	enum openmetrics_format format;
	bool begun;
	uint64_t generation; /* of the configuration */
	uint32_t instance;   /* the number of the one whose neighbours are being listed */
	uint64_t last, end;  /* serials: of the last one there that was; of the newest one when the page was begun */
	bool listed;
	unsigned at; /* then: the row of neighbours that is next */
	struct metrics_neighbors neighbors;
};

struct metrics_page *
metrics_page_new(struct bgpd *d, enum openmetrics_format format)
{
	struct metrics_page *page = xcalloc(1, sizeof(*page));

	page->d = d;
	page->format = format;
	return page;
}

void
metrics_page_free(struct metrics_page *page)
{
	metrics_neighbors_fini(&page->neighbors);
	free(page);
}

/* Each that is there from the beginning to the end is listed once, whoever comes and goes, tables too. */
static bool
neighbors_list(struct metrics_page *page, uint64_t deadline_ns)
{
	for (const struct bgpd *d = page->d; d != NULL; d = instance_next(d)) {
		const struct peer *p;
		if (instance_number(d) < page->instance)
			continue;
		if (instance_number(d) > page->instance) {
			page->instance = instance_number(d);
			page->last = 0;
		}
		TAILQ_FOREACH(p, &d->peers, entry)
		{
			if (p->serial <= page->last || p->serial > page->end)
				continue;
			page->last = p->serial;
			if (!p->removed)
				metrics_neighbors_take(&page->neighbors, p);
			if (time_mono_ns() >= deadline_ns)
				return false;
		}
	}
	return true;
}

/* With another configuration neighbours may be in other tables, and would be there twice. */
static void
page_begin_anew(struct metrics_page *page, struct str *out)
{
	const struct metrics *m = page->d->metrics;

	metrics_neighbors_fini(&page->neighbors);
	*page = (struct metrics_page){.d = page->d,
				      .format = page->format,
				      .begun = true,
				      .generation = reload_generation(page->d->reload),
				      .end = page->d->peers_made};
	metrics_neighbors_init(&page->neighbors, m->mode, m->left);
	str_reset(out);
	metrics_daemon_add(page->d, &m->gone, page->format, out);
}

bool
metrics_page_step(struct metrics_page *page, struct str *out, uint64_t deadline_ns)
{
	if (!page->begun || (!page->listed && page->generation != reload_generation(page->d->reload)))
		page_begin_anew(page, out);
	if (!page->listed) {
		if (!neighbors_list(page, deadline_ns))
			return false;
		page->listed = true;
		metrics_states_add(&page->neighbors.states, page->format, out);
		str_reserve(out, metrics_neighbors_octets(&page->neighbors));
	}
	while (metrics_neighbors_write(&page->neighbors, page->at, page->format, out)) {
		page->at++;
		if (time_mono_ns() >= deadline_ns)
			return false;
	}
	openmetrics_end(out, page->format);
	return true;
}

void
metrics_doc(struct str *out)
{
	str_add(out, ".Ss Of the daemon\n.Bl -tag -width Ds\n");
	metrics_daemon_doc(out);
	str_add(out, ".El\n");
	metrics_neighbors_doc(out);
}

/* ---- over HTTP ---- */

static void *
text_begin(void *ctx)
{
	const struct metrics *m = ctx;

	return metrics_page_new(m->d, OPENMETRICS_TEXT);
}

static void *
openmetrics_begin(void *ctx)
{
	const struct metrics *m = ctx;

	return metrics_page_new(m->d, OPENMETRICS_1_0);
}

static bool
page_step(void *page, struct str *out, uint64_t deadline_ns)
{
	return metrics_page_step(page, out, deadline_ns);
}

static void
page_end(void *page)
{
	metrics_page_free(page);
}

static int
ready_page(void *ctx, struct str *out)
{
	const struct metrics *m = ctx;
	const char *why = metrics_unready(m->d);

	str_addf(out, "%s\n", why != NULL ? why : "ok");
	return why != NULL ? 503 : 200;
}

static const struct http_route routes[] = {
    {.path = "/metrics", .type = OPENMETRICS_1_0_TYPE, .begin = openmetrics_begin, .step = page_step, .end = page_end},
    {.path = "/metrics", .type = OPENMETRICS_TEXT_TYPE, .begin = text_begin, .step = page_step, .end = page_end},
    {.path = "/healthz", .type = "text/plain; charset=utf-8", .page = http_alive_page},
    {.path = "/readyz", .type = "text/plain; charset=utf-8", .page = ready_page},
};

static void
listen_try(struct metrics *m, bool again)
{
	char addr[IP_ADDR_STRLEN];
	int error;

	m->http = http_listen(m->d->loop->base, m->d->loop, &m->at.address, (uint16_t)m->at.port, routes, ARRAY_LEN(routes), m);
	error = errno;
	ip_addr_str(&m->at.address, addr, sizeof(addr));
	if (m->http != NULL) {
		log_info("metrics.listen", LOG_S("address", addr), LOG_U("port", m->at.port));
		return;
	}
	if (!again)
		log_error("metrics.listen", LOG_S("address", addr), LOG_U("port", m->at.port), LOG_S("error", strerror(error)),
			  LOG_S("effect", "no metrics for now"));
	event_add(m->retry, &(struct timeval){.tv_sec = RETRY_S});
}

static void
on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct metrics *m = arg;

	(void)fd;
	(void)what;
	loop_enter(m->d->loop);
	listen_try(m, true);
}

void
metrics_apply(struct metrics *m)
{
	const struct conf_endpoint *at = &m->d->conf->metrics.listen;

	if (m->mode != m->d->conf->metrics.neighbors) {
		m->mode = m->d->conf->metrics.neighbors;
		metrics_sums_free(m->left);
		m->left = metrics_sums_new();
	}
	if (m->http != NULL && ip_addr_eq(&m->at.address, &at->address) && m->at.port == at->port)
		return;
	event_del(m->retry);
	http_free(m->http);
	m->http = NULL;
	m->at = *at;
	if (at->address.family != FAMILY_NONE)
		listen_try(m, false);
}

struct metrics *
metrics_new(struct bgpd *d)
{
	struct metrics *m = xcalloc(1, sizeof(*m));

	m->d = d;
	m->left = metrics_sums_new();
	m->retry = evtimer_new(d->loop->base, on_retry, m);
	ASSERT(m->retry != NULL);
	return m;
}

void
metrics_free(struct metrics *m)
{
	if (m == NULL)
		return;
	http_free(m->http);
	event_free(m->retry);
	metrics_sums_free(m->left);
	free(m);
}
