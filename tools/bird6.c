/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bird6: a process of that name beside a bgpd that serves both families.
 *
 * `calicoctl node status` looks for a process called bird6, probes for a service of that name, and
 * configuration is reloaded with a SIGHUP to it. It takes the options of BIRD, does nothing, and lives as
 * long as bgpd does: while it is connected to bgpd's socket for IPv6 it sleeps; when that has been away for
 * GONE_S it ends, and its supervisor starts it again. What only a daemon can answer (-p, --version) it leaves
 * to `bird`.
 */
#include "tools/birdcl.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#define GONE_S      30
#define DIAL_S      5
#define SOCKET_PATH "/var/run/calico/bird6.ctl"

static const struct option long_options[] = {
    {"version", no_argument, NULL, 'V'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};

static int
usage(FILE *out, int status)
{
	fputs("usage: bird6 [-s SOCKET] [options of BIRD]\n"
	      "\n"
	      "Stands beside a bgpd that serves IPv4 and IPv6, so that there is a process called bird6.\n"
	      "It sleeps while bgpd listens on SOCKET (default " SOCKET_PATH ").\n"
	      "With -p or --version it becomes `bird` with the same options. See birdcl(8).\n",
	      out);
	return status;
}

static long
now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long)t.tv_sec;
}

/* Sleeps until bgpd closes the connection; nothing that it sends matters. */
static void
stay(int fd)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	char ignored[512];
	ssize_t n;

	do {
		poll(&wait, 1, -1);
		n = read(fd, ignored, sizeof ignored);
	} while (n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN)));
	close(fd);
}

static int
follow(const char *path)
{
	long seen = now_s();
	int fd = -1;

	while (now_s() - seen < GONE_S) {
		fd = birdcl_dial(path, DIAL_S);
		if (fd >= 0) {
			stay(fd);
			seen = now_s();
		}
		sleep(1);
	}
	fprintf(stderr, "bird6: %s: %s; bgpd has been away for %d s\n", path, strerror(-fd), GONE_S);
	return EX_UNAVAILABLE;
}

static int
become_bird(char **argv)
{
	argv[0] = (char[]){"bird"};
	execvp(argv[0], argv);
	fprintf(stderr, "bird6: bird: %s\n", strerror(errno));
	return 1;
}

int
main(int argc, char **argv)
{
	const char *path = SOCKET_PATH;
	int c;

	while ((c = getopt_long(argc, argv, "c:dD:fg:hlpP:Rs:u:", long_options, NULL)) != -1) {
		switch (c) {
		case 's':
			path = optarg;
			break;
		case 'l':
			path = "bird6.ctl";
			break;
		case 'p':
		case 'V':
			return become_bird(argv);
		case 'h':
			return usage(stdout, 0);
		case '?':
			return usage(stderr, EX_USAGE);
		default: /* how a daemon runs is nothing to this one */
			break;
		}
	}
	if (optind < argc)
		return usage(stderr, EX_USAGE);
	signal(SIGHUP, SIG_IGN);
	return follow(path);
}
