/* SPDX-License-Identifier: Apache-2.0 */
/*
 * confd: the work of bgpconfd, between its sources and its files.
 *
 * Sources fill the resolver; when they have told everything, and after each change
 * (and a short while for others to follow), the model is made and each template goes
 * its way, one after the other. What fails for something that may pass is tried again
 * after 250 ms, 500 ms and so on up to 5 s. What is wrong is logged when it comes and
 * when it goes, not in between.
 */
#ifndef CONF_CONFD_H
#define CONF_CONFD_H

#include <stdbool.h>

struct bgpconfd_conf;

enum confd_mode {
	CONFD_RUN,
	CONFD_ONCE,       /* until every template has had its way once */
	CONFD_DRY_RUN,    /* differences to stdout, nothing is written */
	CONFD_SHOW_MODEL, /* the model to stdout */
};

struct confd_options {
	const char *path;   /* of the configuration */
	const char *socket; /* over that of the configuration; NULL: that one */
	enum confd_mode mode;
	bool secrets; /* in the model that is shown */
	unsigned verbose;
};

/* Takes conf. The exit status of the program. */
int confd_run(const struct confd_options *options, struct bgpconfd_conf *conf);

#endif
