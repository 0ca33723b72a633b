/* SPDX-License-Identifier: Apache-2.0 */
/*
 * confd_metrics: see confd_metrics.h. Figures are rows of two tables: those of the whole, and those of each template.
 */
#include "conf/confd_metrics.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/mem.h"
#include "lib/openmetrics.h"
#include "lib/process.h"
#include "lib/version.h"

#define PREFIX  "godwit_confd_"
#define RETRY_S 10 /* an address that is not there yet, or that somebody else has */

struct confd_metrics {
	struct event_base *base;
	struct http *http; /* NULL: it cannot be had for now */
	struct ip_addr addr;
	uint16_t port;
	struct event *retry;
	confd_figures_fn *fn;
	void *ctx;
};

/* ---- of the whole ---- */

static double
one(const struct confd_figures *f)
{
	(void)f;
	return 1;
}

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

static double
log_lines_dropped(const struct confd_figures *f)
{
	(void)f;
	return (double)log_dropped();
}

static const char *const version[] = {PACKAGE_VERSION};

#define GAUGE   OPENMETRICS_GAUGE
#define COUNTER OPENMETRICS_COUNTER
#define NONE    {{0}}

static const struct {
	struct openmetrics_family family;
	double (*figure)(const struct confd_figures *f);
} whole[] = {
    {{"build", OPENMETRICS_INFO, "1, with the version.", {{"version", version, 1}}}, one},
    {{"datastore_synced", GAUGE, "1 when the datastore has told everything that there is.", NONE}, synced},
    {{"datastore_troubles", GAUGE, "Files or other parts of the datastore that cannot be read now.", NONE}, troubles},
    {{"resolver_complaints", GAUGE, "What is wrong in resources and was left out.", NONE}, complaints},
    {{"rounds", COUNTER, "How often all templates have had their way.", NONE}, rounds},
    {{"round_duration_seconds", GAUGE, "How long the last round took, with checks and reloads.", NONE}, round_s},
    {{"log_lines_dropped", COUNTER, "Lines of the log that standard error did not take at once.", NONE}, log_lines_dropped},
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
	struct openmetrics_family family;
	double (*figure)(const struct confd_template_figures *t);
} each[] = {
    {{"template_success", GAUGE, "1 when the last round of the template was without an error.", NONE}, success},
    {{"template_timestamp_seconds", GAUGE, "When that was, since the epoch; 0 before the first.", NONE}, when},
    {{"template_renders", COUNTER, "Rounds of the template.", NONE}, rendered},
    {{"template_failures", COUNTER, "Rounds of the template with an error.", NONE}, failed},
    {{"template_reloads", COUNTER, "Rounds in which whoever reads the file was told of another one.", NONE}, reloaded},
};

/* ---- pages ---- */

static void
whole_add(struct str *out, enum openmetrics_format format, const struct confd_figures *f)
{
	struct str labels = {0};

	for (size_t i = 0; i < ARRAY_LEN(whole); i++) {
		str_reset(&labels);
		openmetrics_labels(&labels, &whole[i].family, 0);
		openmetrics_family(out, format, PREFIX, &whole[i].family);
		openmetrics_sample(out, PREFIX, &whole[i].family, str_get(&labels), whole[i].figure(f));
	}
	str_free(&labels);
}

static void
templates_add(struct str *out, enum openmetrics_format format, const struct confd_figures *f)
{
	struct str labels = {0};

	for (size_t i = 0; i < ARRAY_LEN(each); i++) {
		openmetrics_family(out, format, PREFIX, &each[i].family);
		for (size_t k = 0; k < f->ntemplates; k++) {
			str_reset(&labels);
			openmetrics_label(&labels, "file", f->templates[k].dest);
			openmetrics_sample(out, PREFIX, &each[i].family, str_get(&labels), each[i].figure(&f->templates[k]));
		}
	}
	str_free(&labels);
}

static int
page_in(struct confd_metrics *m, struct str *out, enum openmetrics_format format)
{
	struct confd_figures f;

	m->fn(m->ctx, &f);
	whole_add(out, format, &f);
	templates_add(out, format, &f);
	process_metrics(out, format);
	openmetrics_end(out, format);
	return 200;
}

static int
text_page(void *ctx, struct str *out)
{
	return page_in(ctx, out, OPENMETRICS_TEXT);
}

static int
openmetrics_page(void *ctx, struct str *out)
{
	return page_in(ctx, out, OPENMETRICS_1_0);
}

void
confd_metrics_doc(struct str *out)
{
	for (size_t i = 0; i < ARRAY_LEN(whole); i++)
		openmetrics_doc(out, PREFIX, &whole[i].family, "");
	for (size_t i = 0; i < ARRAY_LEN(each); i++)
		openmetrics_doc(out, PREFIX, &each[i].family, "file");
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
    {.path = "/metrics", .type = OPENMETRICS_1_0_TYPE, .page = openmetrics_page},
    {.path = "/metrics", .type = OPENMETRICS_TEXT_TYPE, .page = text_page},
    {.path = "/healthz", .type = "text/plain; charset=utf-8", .page = http_alive_page},
    {.path = "/readyz", .type = "text/plain; charset=utf-8", .page = ready_page},
};

static void
listen_try(struct confd_metrics *m, bool again)
{
	char addr[IP_ADDR_STRLEN];
	int error;

	m->http = http_listen(m->base, NULL, &m->addr, m->port, routes, ARRAY_LEN(routes), m);
	error = errno;
	ip_addr_str(&m->addr, addr, sizeof(addr));
	if (m->http != NULL) {
		log_info("metrics.listen", LOG_S("address", addr), LOG_U("port", m->port));
		return;
	}
	if (!again)
		log_error("metrics.listen", LOG_S("address", addr), LOG_U("port", m->port), LOG_S("error", strerror(error)),
			  LOG_S("effect", "no metrics for now"));
	event_add(m->retry, &(struct timeval){.tv_sec = RETRY_S});
}

static void
on_retry(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	listen_try(arg, true);
}

struct confd_metrics *
confd_metrics_listen(struct event_base *base, const struct ip_addr *addr, uint16_t port, confd_figures_fn *fn, void *ctx)
{
	struct confd_metrics *m = xcalloc(1, sizeof(*m));

	*m = (struct confd_metrics){.base = base, .addr = *addr, .port = port, .fn = fn, .ctx = ctx};
	m->retry = evtimer_new(base, on_retry, m);
	ASSERT(m->retry != NULL);
	listen_try(m, false);
	return m;
}

void
confd_metrics_free(struct confd_metrics *m)
{
	if (m == NULL)
		return;
	http_free(m->http);
	event_free(m->retry);
	free(m);
}
