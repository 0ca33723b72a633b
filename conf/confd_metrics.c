/* SPDX-License-Identifier: Apache-2.0 */
/*
 * confd_metrics: see confd_metrics.h. Figures are rows of two tables: those of the whole, and those of each template.
 */
#include "conf/confd_metrics.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/mem.h"
#include "lib/openmetrics.h"

struct confd_metrics {
	struct http *http;
	confd_figures_fn *fn;
	void *ctx;
};

/* ---- of the whole ---- */

static double
synced(const struct confd_figures *f)
{
	return f->synced;
}

static double
troubles(const struct confd_figures *f)
{
	return (double)f->troubles;
}

static double
complaints(const struct confd_figures *f)
{
	return (double)f->complaints;
}

static double
rounds(const struct confd_figures *f)
{
	return (double)f->rounds;
}

static double
round_s(const struct confd_figures *f)
{
	return f->round_s;
}

static const struct {
	const char *name;
	enum openmetrics_kind kind;
	const char *help;
	double (*figure)(const struct confd_figures *f);
} whole[] = {
    {"bgpconfd_datastore_synced", OPENMETRICS_GAUGE, "1 when the datastore has told everything that there is.", synced},
    {"bgpconfd_datastore_troubles", OPENMETRICS_GAUGE, "Files or other parts of the datastore that cannot be read now.", troubles},
    {"bgpconfd_resolver_complaints", OPENMETRICS_GAUGE, "What is wrong in resources and was left out.", complaints},
    {"bgpconfd_rounds", OPENMETRICS_COUNTER, "How often all templates have had their way.", rounds},
    {"bgpconfd_round_seconds", OPENMETRICS_GAUGE, "How long the last round took, with checks and reloads.", round_s},
};

/* ---- of each template ---- */

static double
success(const struct confd_template_figures *t)
{
	return t->outcome != STAGE_NEVER && t->outcome != STAGE_FAILED;
}

static double
when(const struct confd_template_figures *t)
{
	return (double)t->when;
}

static double
rendered(const struct confd_template_figures *t)
{
	return (double)t->rendered;
}

static double
failed(const struct confd_template_figures *t)
{
	return (double)t->failed;
}

static double
reloaded(const struct confd_template_figures *t)
{
	return (double)t->reloaded;
}

static const struct {
	const char *name;
	enum openmetrics_kind kind;
	const char *help;
	double (*figure)(const struct confd_template_figures *t);
} each[] = {
    {"bgpconfd_template_success", OPENMETRICS_GAUGE, "1 when the last round of the template was without an error.", success},
    {"bgpconfd_template_timestamp_seconds", OPENMETRICS_GAUGE, "When that was.", when},
    {"bgpconfd_template_renders", OPENMETRICS_COUNTER, "Rounds of the template.", rendered},
    {"bgpconfd_template_failures", OPENMETRICS_COUNTER, "Rounds of the template with an error.", failed},
    {"bgpconfd_template_reloads", OPENMETRICS_COUNTER, "Rounds in which whoever reads the file was told of another one.", reloaded},
};

/* ---- pages ---- */

static int
metrics_page(void *ctx, struct str *out)
{
	struct confd_metrics *m = ctx;
	struct confd_figures f;

	m->fn(m->ctx, &f);
	for (size_t i = 0; i < ARRAY_LEN(whole); i++) {
		openmetrics_family(out, whole[i].name, whole[i].kind, whole[i].help);
		openmetrics_sample(out, whole[i].name, whole[i].kind, NULL, NULL, whole[i].figure(&f));
	}
	for (size_t i = 0; i < ARRAY_LEN(each); i++) {
		openmetrics_family(out, each[i].name, each[i].kind, each[i].help);
		for (size_t k = 0; k < f.ntemplates; k++)
			openmetrics_sample(out, each[i].name, each[i].kind, "file", f.templates[k].dest, each[i].figure(&f.templates[k]));
	}
	openmetrics_end(out);
	return 200;
}

/* Ready, and so for ever, when each file has been as it should once: what fails later leaves the last good one. */
static int
ready_page(void *ctx, struct str *out)
{
	struct confd_metrics *m = ctx;
	struct confd_figures f;
	int status = 200;

	m->fn(m->ctx, &f);
	if (!f.synced) {
		str_add(out, "the datastore has not told everything yet\n");
		status = 503;
	}
	for (size_t i = 0; i < f.ntemplates; i++)
		if (!f.templates[i].good) {
			str_addf(out, "%s has not been made yet\n", f.templates[i].dest);
			status = 503;
		}
	if (status == 200)
		str_add(out, "ok\n");
	return status;
}

static const struct http_route routes[] = {
    {.path = "/metrics", .type = OPENMETRICS_TYPE, .page = metrics_page},
    {.path = "/healthz", .type = "text/plain; charset=utf-8", .page = http_alive_page},
    {.path = "/readyz", .type = "text/plain; charset=utf-8", .page = ready_page},
};

struct confd_metrics *
confd_metrics_listen(struct event_base *base, const struct ip_addr *addr, uint16_t port, confd_figures_fn *fn, void *ctx)
{
	struct confd_metrics *m = xcalloc(1, sizeof(*m));

	m->fn = fn;
	m->ctx = ctx;
	m->http = http_listen(base, NULL, addr, port, routes, ARRAY_LEN(routes), m);
	if (m->http != NULL)
		return m;
	int error = errno;
	free(m);
	errno = error;
	return NULL;
}

void
confd_metrics_free(struct confd_metrics *m)
{
	if (m == NULL)
		return;
	http_free(m->http);
	free(m);
}
