/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bird_cli: the command line of BIRD 1.6, for a bgpd that is called as `bird`.
 *
 * So service directories, probes and people that start and ask a BIRD go on as they were: the file of -c is a
 * bgpd.yaml then, and -s names the socket that answers like that of BIRD for IPv4. That for IPv6, and the one
 * for bgpctl, are beside it.
 */
#ifndef BGPD_BIRD_CLI_H
#define BGPD_BIRD_CLI_H

#include "bgpd/daemon.h"
#include "conf/conf.h"

#include <stdbool.h>

#define BIRD_CLI_VERSION "v0.3.3+birdv1.6.8" /* what it is compatible with: that of Calico */

#define BIRD_CLI_PATH_MAX 112 /* more than a socket's path may have */

/* What a command line asks for. Not to be copied: what is in daemon may point into it. */
struct cli {
	struct daemon_options daemon;
	bool check, print;
	int exit_status; /* ≥ 0: exit now with this */
	char bird_ipv6[BIRD_CLI_PATH_MAX], socket[BIRD_CLI_PATH_MAX];
};

/* Is a program of this name to be understood as BIRD? */
bool bird_cli_wanted(const char *argv0);
/* What is wrong is written to stderr, and so is what has no effect. cli begins with bgpd's defaults. */
void bird_cli_parse(int argc, char **argv, struct cli *cli);
/* Says on stderr what kind of file the one with these errors is to be. */
void bird_cli_hint(const char *conf_path);
/* Has a configuration listen where the command line says. What it gets points where o points. NULL conf is
 * fine. */
void bird_cli_apply(const struct daemon_options *o, struct conf *conf);

#endif
