/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bgpd: the command line of the daemon.
 *
 * Reads options and the configuration, says what is wrong with either, and hands
 * over to daemon.c. Called as `bird` it takes the options of BIRD (bird_cli.h).
 * Exit status: 0; 64 usage; 71 no memory left; 78 bad configuration; 1 anything else.
 */
#include "bgpd/bird_cli.h"
#include "bgpd/daemon.h"
#include "bgpd/privilege.h"

#include "conf/conf.h"
#include "lib/log.h"
#include "lib/mem_libs.h"
#include "lib/str.h"
#include "lib/version.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static void
usage(FILE *out)
{
	fputs("usage: bgpd [-f FILE] [-s SOCKET] [-p PIDFILE] [-n] [-v]...\n"
	      "\n"
	      "BGP-4 routing daemon. Runs in the foreground and logs to standard error.\n"
	      "\n"
	      "  -f, --file FILE      configuration (default " DAEMON_CONF_PATH ")\n"
	      "  -s, --socket SOCKET  control socket, over control.socket of the configuration\n"
	      "  -p, --pidfile FILE   write the process id there\n"
	      "  -n, --check          check the configuration and exit: 0 good, 78 bad\n"
	      "  -v, --verbose        log more than log.level says; may be repeated\n"
	      "      --print          with -n: print the configuration with all defaults, secrets masked\n"
	      "      --no-filter      do not filter system calls, as for valgrind\n"
	      "      --no-kernel      neither read nor write the kernel's routes (a reflector)\n"
	      "  -V, --version        print the version and exit\n"
	      "  -h, --help           this text\n"
	      "\n"
	      "Signals: HUP reload, TERM and INT stop, USR1 write the state to the log.\n"
	      "See bgpd(8), bgpd.yaml(5), and bgpctl(8) for asking it things.\n",
	    out);
}

enum { OPT_PRINT = 256, OPT_NO_FILTER, OPT_NO_KERNEL };

static const struct option long_options[] = {
    {"file", required_argument, NULL, 'f'},
    {"socket", required_argument, NULL, 's'},
    {"pidfile", required_argument, NULL, 'p'},
    {"check", no_argument, NULL, 'n'},
    {"verbose", no_argument, NULL, 'v'},
    {"print", no_argument, NULL, OPT_PRINT},
    {"no-filter", no_argument, NULL, OPT_NO_FILTER},
    {"no-kernel", no_argument, NULL, OPT_NO_KERNEL},
    {"version", no_argument, NULL, 'V'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static void
parse_options(int argc, char **argv, struct cli *cli)
{
	int c;

	while ((c = getopt_long(argc, argv, "f:s:p:nvVh", long_options, NULL)) != -1) {
		switch (c) {
		case 'f':
			cli->daemon.conf_path = optarg;
			break;
		case 's':
			cli->daemon.socket = optarg;
			break;
		case 'p':
			cli->daemon.pidfile = optarg;
			break;
		case 'n':
			cli->check = true;
			break;
		case 'v':
			cli->daemon.verbose++;
			break;
		case OPT_PRINT:
			cli->print = true;
			break;
		case OPT_NO_FILTER:
			cli->daemon.no_filter = true;
			break;
		case OPT_NO_KERNEL:
			cli->daemon.kernel = false;
			cli->daemon.reach_all = true;
			break;
		case 'V':
			puts("bgpd (godwit) " PACKAGE_VERSION);
			cli->exit_status = 0;
			return;
		case 'h':
			usage(stdout);
			cli->exit_status = 0;
			return;
		default:
			fputs("Try 'bgpd --help'.\n", stderr);
			cli->exit_status = EX_USAGE;
			return;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "bgpd: unexpected argument '%s'\nTry 'bgpd --help'.\n", argv[optind]);
		cli->exit_status = EX_USAGE;
	}
}

/* The configuration, or NULL after its errors were written to stderr. */
static struct conf *
load(const char *path)
{
	struct conf_errors errs = {0};
	struct conf *conf = NULL;

	if (conf_load(path, &conf, &errs) < 0) {
		struct str text = {0};
		conf_errors_print(&errs, &text);
		log_plain(LOG_ERROR, str_get(&text));
		str_free(&text);
	}
	conf_errors_free(&errs);
	return conf;
}

int
main(int argc, char **argv)
{
	struct cli cli = {.daemon = {.conf_path = DAEMON_CONF_PATH, .kernel = true}, .exit_status = -1};
	bool bird = argc > 0 && bird_cli_wanted(argv[0]);

	log_journal_detect();
	mem_libs_init();
	mem_give_back();
	if (bird)
		bird_cli_parse(argc, argv, &cli);
	else
		parse_options(argc, argv, &cli);
	if (cli.exit_status >= 0)
		return cli.exit_status;
	struct conf *conf = load(cli.daemon.conf_path);
	if (conf == NULL) {
		if (bird)
			bird_cli_hint(cli.daemon.conf_path);
		return EX_CONFIG;
	}
	bird_cli_apply(&cli.daemon, conf);
	if (!cli.check)
		return daemon_run(&cli.daemon, conf);
	privilege_check(conf);
	if (cli.print) {
		struct str text = {0};
		conf_print(conf, false, &text);
		fputs(str_get(&text), stdout);
		str_free(&text);
	}
	conf_free(conf);
	return 0;
}
