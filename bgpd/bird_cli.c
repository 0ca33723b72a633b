/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bird_cli: see bird_cli.h.
 */
#include "bgpd/bird_cli.h"
#include "lib/version.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static void
usage(FILE *out)
{
	fputs(
	    "usage: bird [-R] [-c FILE] [-s SOCKET] [-P PIDFILE] [-l] [-p] [-d | -f]\n"
	    "\n"
	    "bgpd (godwit) " PACKAGE_VERSION ", called as BIRD. IPv4 and IPv6 in one process.\n"
	    "\n"
	    "  -c FILE     configuration, of bgpd (default " DAEMON_CONF_PATH ")\n"
	    "  -s SOCKET   socket for birdcl and others that ask BIRD about IPv4; beside it those for IPv6\n"
	    "              (bird6.ctl of bird.ctl) and for bgpctl (bgpd.sock)\n"
	    "  -P PIDFILE  write the process id there\n"
	    "  -R          graceful restart: wait for neighbours before routes of an earlier run go\n"
	    "  -l          bird.conf and bird.ctl of this folder\n"
	    "  -p          check the configuration and exit: 0 good, 78 bad\n"
	    "  -d, -f      nothing: it is in the foreground and logs to standard error in any case\n"
	    "      --version, -h, --help\n"
	    "\n"
	    "See bgpd(8), bgpd.yaml(5) and godwit-calico(7).\n",
	    out);
}

enum { OPT_VERSION = 256 };

static const struct option long_options[] = {
    {"version", no_argument, NULL, OPT_VERSION},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const char *
base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

bool
bird_cli_wanted(const char *argv0)
{
	return strcmp(base_of(argv0), "bird") == 0;
}

static void
fail(struct cli *cli)
{
	fputs("Try 'bird --help'.\n", stderr);
	cli->exit_status = EX_USAGE;
}

/* False: said that it is too long. */
static bool
place_sockets(struct cli *cli, const char *path)
{
	const char *base = base_of(path), *dot = strrchr(base, '.');
	int stem = dot != NULL ? (int)(dot - path) : (int)strlen(path);
	size_t room = sizeof cli->socket;

	cli->daemon.bird_ipv4 = path;
	cli->daemon.bird_ipv6 = cli->bird_ipv6;
	cli->daemon.socket = cli->socket;
	if ((size_t)snprintf(cli->bird_ipv6, room, "%.*s6%s", stem, path, dot != NULL ? dot : "") < room &&
	    (size_t)snprintf(cli->socket, room, "%.*sbgpd.sock", (int)(base - path), path) < room)
		return true;
	fprintf(stderr, "bird: -s %s: too long for a socket\n", path);
	fail(cli);
	return false;
}

/* One option; false: there is nothing more to do. */
static bool
take(struct cli *cli, int c)
{
	switch (c) {
	case 'c':
		cli->daemon.conf_path = optarg;
		return true;
	case 's':
		return place_sockets(cli, optarg);
	case 'l':
		cli->daemon.conf_path = "bird.conf";
		return place_sockets(cli, "bird.ctl");
	case 'P':
		cli->daemon.pidfile = optarg;
		return true;
	case 'R':
		cli->daemon.afresh = false;
		return true;
	case 'p':
		cli->check = true;
		return true;
	case 'd':
	case 'f':
		return true;
	case 'D':
		fprintf(stderr, "bird: -D %s has no effect: the log is on standard error\n", optarg);
		return true;
	case OPT_VERSION:
		/* Where BIRD writes it. */
		fputs("BIRD version " BIRD_CLI_VERSION "\n", stderr);
		puts("bgpd (godwit) " PACKAGE_VERSION);
		cli->exit_status = 0;
		return false;
	case 'h':
		usage(stdout);
		cli->exit_status = 0;
		return false;
	case 'u':
	case 'g':
		fprintf(stderr, "bird: -%c %s: bgpd does not change who it runs as\n", c, optarg);
		fail(cli);
		return false;
	default:
		fail(cli);
		return false;
	}
}

void
bird_cli_parse(int argc, char **argv, struct cli *cli)
{
	int c;

	cli->daemon.afresh = true;
	while ((c = getopt_long(argc, argv, "c:dD:fg:hlpP:Rs:u:", long_options, NULL)) != -1)
		if (!take(cli, c))
			return;
	if (optind < argc) {
		fprintf(stderr, "bird: unexpected argument '%s'\n", argv[optind]);
		fail(cli);
	}
}

void
bird_cli_hint(const char *conf_path)
{
	fprintf(stderr,
		"bird: this is bgpd: %s is to be a bgpd.yaml, not a configuration of BIRD; see "
		"godwit-calico(7)\n",
		conf_path);
}

void
bird_cli_apply(const struct daemon_options *o, struct conf *conf)
{
	if (conf == NULL || o->bird_ipv4 == NULL)
		return;
	conf->bird_sockets.ipv4 = o->bird_ipv4;
	conf->bird_sockets.ipv6 = o->bird_ipv6;
	conf->bird_sockets.has |= 3u;
	conf->has |= 1ull << CONF_SEC_BIRD_SOCKETS;
}
