/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bgpconfd: the command line of the templating stage.
 *
 * Reads options and the configuration, says what is wrong with either, and hands
 * over to confd.c. Exit status: 0; 64 usage; 69 nobody at the socket (--status);
 * 78 bad configuration; 1 anything else.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "conf/bgpconfd_conf.h"
#include "conf/confd.h"
#include "conf/status.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/mem_libs.h"
#include "lib/str.h"
#include "lib/version.h"

#define CONF_PATH   "/etc/godwit/bgpconfd.yaml"
#define SOCKET_PATH "/run/godwit/bgpconfd.sock"

static void
usage(FILE *out)
{
	fputs("usage: bgpconfd [-f FILE] [-s SOCKET] [--once | --dry-run | --status | --show-model "
	      "[--show-secrets]] [-v]...\n"
	      "\n"
	      "Makes configuration files from resources and templates, and keeps them so.\n"
	      "Runs in the foreground and logs to standard error.\n"
	      "\n"
	      "  -f, --file FILE      configuration (default " CONF_PATH ")\n"
	      "  -s, --socket SOCKET  status socket, over control.socket of the configuration\n"
	      "      --once           make the files once and exit: 0 all is well, 1 something failed\n"
	      "      --dry-run        print what would change and exit\n"
	      "      --status         ask the one that runs, and exit\n"
	      "      --show-model     print what templates see, as JSON, and exit\n"
	      "      --show-secrets   with --show-model: passwords, too\n"
	      "  -v, --verbose        log more than log.level says; may be repeated\n"
	      "  -V, --version        print the version and exit\n"
	      "  -h, --help           this text\n"
	      "\n"
	      "Signals: HUP reads the configuration again, TERM and INT stop.\n"
	      "See bgpconfd(8) and bgpconfd.yaml(5).\n",
	      out);
}

enum { OPT_ONCE = 256, OPT_DRY_RUN, OPT_STATUS, OPT_SHOW_MODEL, OPT_SHOW_SECRETS };

static const struct option long_options[] = {
    {"file", required_argument, NULL, 'f'},
    {"socket", required_argument, NULL, 's'},
    {"once", no_argument, NULL, OPT_ONCE},
    {"dry-run", no_argument, NULL, OPT_DRY_RUN},
    {"status", no_argument, NULL, OPT_STATUS},
    {"show-model", no_argument, NULL, OPT_SHOW_MODEL},
    {"show-secrets", no_argument, NULL, OPT_SHOW_SECRETS},
    {"verbose", no_argument, NULL, 'v'},
    {"version", no_argument, NULL, 'V'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

struct cli {
	struct confd_options confd;
	unsigned modes; /* how many were given */
	bool status;
	int exit_status; /* ≥ 0: exit now with this */
};

static void
usage_error(struct cli *cli, const char *text, const char *arg)
{
	if (text != NULL)
		fprintf(stderr, "bgpconfd: %s%s\n", text, arg);
	fputs("Try 'bgpconfd --help'.\n", stderr);
	cli->exit_status = EX_USAGE;
}

static void
mode_set(struct cli *cli, enum confd_mode mode)
{
	cli->confd.mode = mode;
	cli->modes++;
}

static void
parse_options(int argc, char **argv, struct cli *cli)
{
	int c;

	*cli = (struct cli){.confd = {.path = CONF_PATH}, .exit_status = -1};
	while (cli->exit_status < 0 && (c = getopt_long(argc, argv, "f:s:vVh", long_options, NULL)) != -1) {
		switch (c) {
		case 'f':
			cli->confd.path = optarg;
			break;
		case 's':
			cli->confd.socket = optarg;
			break;
		case OPT_ONCE:
			mode_set(cli, CONFD_ONCE);
			break;
		case OPT_DRY_RUN:
			mode_set(cli, CONFD_DRY_RUN);
			break;
		case OPT_SHOW_MODEL:
			mode_set(cli, CONFD_SHOW_MODEL);
			break;
		case OPT_STATUS:
			cli->status = true;
			cli->modes++;
			break;
		case OPT_SHOW_SECRETS:
			cli->confd.secrets = true;
			break;
		case 'v':
			cli->confd.verbose++;
			break;
		case 'V':
			puts("bgpconfd (godwit) " PACKAGE_VERSION);
			cli->exit_status = 0;
			return;
		case 'h':
			usage(stdout);
			cli->exit_status = 0;
			return;
		default:
			usage_error(cli, NULL, "");
			return;
		}
	}
	if (optind < argc)
		usage_error(cli, "unexpected argument ", argv[optind]);
	else if (cli->modes > 1)
		usage_error(
		    cli, "only one of --once, --dry-run, --status and --show-model can be had at a time", "");
	else if (cli->confd.secrets && cli->confd.mode != CONFD_SHOW_MODEL)
		usage_error(cli, "--show-secrets goes with --show-model", "");
}

/* The configuration, or NULL after its errors were written to stderr. */
static struct bgpconfd_conf *
load(const char *path)
{
	struct conf_errors errs = {0};
	struct bgpconfd_conf *conf = NULL;

	if (bgpconfd_conf_load(path, &conf, &errs) < 0) {
		struct str text = {0};
		conf_errors_print(&errs, &text);
		log_plain(LOG_ERROR, str_get(&text));
		str_free(&text);
	}
	conf_errors_free(&errs);
	return conf;
}

/* Without -s the configuration may say where; one that is not there or bad does not keep from asking at the
 * usual place. */
static int
ask(const struct cli *cli)
{
	struct conf_errors errs = {0};
	struct bgpconfd_conf *conf = NULL;
	const char *path = cli->confd.socket;
	int rc;

	if (path == NULL && bgpconfd_conf_load(cli->confd.path, &conf, &errs) == 0)
		path = conf->control.socket;
	rc = status_ask(path != NULL ? path : SOCKET_PATH);
	if (rc < 0)
		fprintf(stderr, "bgpconfd: %s: %s\n", path != NULL ? path : SOCKET_PATH, strerror(-rc));
	conf_errors_free(&errs);
	bgpconfd_conf_free(conf);
	if (rc == -ENOENT || rc == -ECONNREFUSED)
		return EX_UNAVAILABLE;
	return rc < 0 ? EXIT_FAILURE : 0;
}

int
main(int argc, char **argv)
{
	struct bgpconfd_conf *conf;
	struct cli cli;

	log_journal_detect();
	mem_libs_init();
	mem_give_back();
	parse_options(argc, argv, &cli);
	if (cli.exit_status >= 0)
		return cli.exit_status;
	if (cli.status)
		return ask(&cli);
	conf = load(cli.confd.path);
	return conf != NULL ? confd_run(&cli.confd, conf) : EX_CONFIG;
}
