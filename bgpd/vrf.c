/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vrf: see vrf.h.
 */
#include "bgpd/vrf.h"

#include "lib/addr.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A VRF without a table, which no kernel makes: it says so where it knows VRFs, and else that it does not. */
struct request {
	struct nlmsghdr n;
	struct ifinfomsg m;
	struct rtattr info;
	struct rtattr kind;
	char text[4];
};

bool
vrf_known(void)
{
	struct request req = {
	    .n = {.nlmsg_len = sizeof req,
		  .nlmsg_type = RTM_NEWLINK,
		  .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL},
	    .info = {.rta_type = IFLA_LINKINFO,
		     .rta_len = sizeof req.info + sizeof req.kind + sizeof req.text},
	    .kind = {.rta_type = IFLA_INFO_KIND, .rta_len = sizeof req.kind + sizeof req.text},
	    .text = "vrf",
	};
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	struct {
		struct nlmsghdr n;
		struct nlmsgerr e;
		char text[512];
	} reply;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), err = 0;

	if (fd < 0)
		return true;
	if (sendto(fd, &req, sizeof req, 0, (struct sockaddr *)&kernel, sizeof kernel) > 0 &&
	    recv(fd, &reply, sizeof reply, MSG_DONTWAIT) >= (ssize_t)NLMSG_LENGTH(sizeof reply.e) &&
	    reply.n.nlmsg_type == NLMSG_ERROR)
		err = reply.e.error;
	close(fd);
	return err != -EOPNOTSUPP;
}

void
vrf_look(const char *name, const struct fib_link *link, bool kernel, struct vrf_device *out)
{
	*out = (struct vrf_device){0};
	if (link == NULL && !kernel)
		snprintf(out->why, sizeof out->why,
			 "VRF %s cannot be followed with --no-kernel: start bgpd without it, or by \"ip vrf "
			 "exec\"",
			 name);
	else if (link == NULL && !vrf_known())
		snprintf(out->why, sizeof out->why,
			 "this kernel has no VRFs: it takes one built with CONFIG_NET_VRF (modprobe vrf), or "
			 "table instead of vrf");
	else if (link == NULL)
		snprintf(out->why, sizeof out->why,
			 "there is no VRF %s: ip link add %s type vrf table N && ip link set %s up", name,
			 name, name);
	else if (link->vrf_table == 0)
		snprintf(out->why, sizeof out->why,
			 "%s is an interface, but no VRF: vrf takes the name of a device of type vrf", name);
	else if ((link->flags & IFF_UP) == 0)
		snprintf(out->why, sizeof out->why, "VRF %s is down: ip link set %s up", name, name);
	if (out->why[0] == '\0')
		*out = (struct vrf_device){.ifindex = link->ifindex, .table = link->vrf_table};
}
