/* SPDX-License-Identifier: Apache-2.0 */
/* bench_listen: see bench_listen.h. */
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/mem.h"
#include "tools/bench_listen.h"

#define RCVBUF (4 * 1024 * 1024)

static int
listener_open(void)
{
	static const int groups[] = {RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE, RTNLGRP_NEXTHOP};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE), size = RCVBUF;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	for (size_t i = 0; i < ARRAY_LEN(groups); i++)
		if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i], sizeof(groups[i])) != 0)
			return -1;
	return fd;
}

/* What did not fit into its buffer (ENOBUFS) is lost to it, which is nothing to it. */
static void
forget_all(int fd)
{
	uint8_t buf[65536];

	while (recv(fd, buf, sizeof(buf), 0) > 0 || errno == ENOBUFS)
		errno = 0;
}

int
bench_listen_run(void)
{
	struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN},
			       {.fd = listener_open(), .events = POLLIN}};

	if (fds[1].fd < 0) {
		fprintf(stderr, "bgpbench-peer: listen: %s\n", strerror(errno));
		return 1;
	}
	printf("{\"event\": \"listen\"}\n");
	fflush(stdout);
	while (poll(fds, ARRAY_LEN(fds), -1) > 0 && fds[0].revents == 0)
		forget_all(fds[1].fd);
	return 0;
}
