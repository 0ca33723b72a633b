/* SPDX-License-Identifier: Apache-2.0 */
/*
 * confd_metrics: what bgpconfd says of itself over HTTP: /metrics, /healthz and /readyz.
 */
#ifndef CONF_CONFD_METRICS_H
#define CONF_CONFD_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "conf/stage.h"
#include "lib/http.h"
#include "lib/str.h"

struct confd_template_figures {
	const char *dest;
	enum stage_outcome outcome; /* of the last round */
	time_t when;                /* when that came to it; 0: none has */
	uint64_t rendered, failed, reloaded;
	bool good; /* some round has brought it into place, or found it there */
};

struct confd_figures {
	bool synced; /* the datastore has told everything once */
	size_t troubles, complaints;
	uint64_t rounds;
	double round_s; /* how long the last one took */
	const struct confd_template_figures *templates;
	size_t ntemplates;
};

/* Fills *out in, with what stays until the page is made. */
typedef void confd_figures_fn(void *ctx, struct confd_figures *out);

struct confd_metrics; /* opaque */

/* What cannot be had is logged and tried again from time to time. */
struct confd_metrics *confd_metrics_listen(struct event_base *base, const struct ip_addr *addr, uint16_t port,
					   confd_figures_fn *fn, void *ctx);
void confd_metrics_free(struct confd_metrics *m); /* NULL is fine */

/* What a page has besides process_*, as entries of a list in a manual page (mdoc). */
void confd_metrics_doc(struct str *out);

#endif
