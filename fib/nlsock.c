/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nlsock: see nlsock.h. Called once at start, in the main thread, so that a
 * missing permission is known before anything else is done.
 */
#include "fib/nlsock.h"

#include "lib/mem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netlink/netlink.h>
#include <stddef.h>
#include <sys/socket.h>

#define SOCKET_BYTES (8 * 1024 * 1024)

int
nlsock_filter(int fd, uint32_t port, uint8_t protocol, uint32_t table)
{
	/* What does not fit into an octet is told as one number, and looked at by whoever reads it. */
	uint8_t told = table <= UINT8_MAX ? (uint8_t)table : RT_TABLE_COMPAT;
	struct sock_filter code[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_pid)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(port), 8, 0),
	    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_type)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWROUTE), 1, 0),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELROUTE), 0, 4),
	    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, NLMSG_HDRLEN + offsetof(struct rtmsg, rtm_protocol)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, protocol, 0, 2),
	    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, NLMSG_HDRLEN + offsetof(struct rtmsg, rtm_table)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, told, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	    BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog prog = {.len = ARRAY_LEN(code), .filter = code};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof prog) == 0 ? 0 : -errno;
}

int
nlsock_open(struct nl_sock **out, int *fd)
{
	static const int options[] = {NETLINK_CAP_ACK, NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK};
	int size = SOCKET_BYTES, one = 1;

	*out = nl_socket_alloc();
	if (*out == NULL)
		return -ENOMEM;
	if (nl_connect(*out, NETLINK_ROUTE) < 0)
		return errno != 0 ? -errno : -EIO;
	*fd = nl_socket_get_fd(*out);
	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		if (setsockopt(*fd, SOL_NETLINK, options[i], &one, sizeof one) != 0)
			return -errno;
	if (setsockopt(*fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
		setsockopt(*fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	if (setsockopt(*fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) != 0)
		setsockopt(*fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	return 0;
}

int
nlsock_probe(int fd)
{
	struct {
		struct nlmsghdr n;
		struct rtgenmsg m;
	} req = {
	    .n = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct rtgenmsg)),
		  .nlmsg_type = RTM_NEWROUTE,
		  .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK},
	    .m = {.rtgen_family =
		      AF_INET}, /* too short for a route: refused, but only after the permission check */
	};
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	struct {
		struct nlmsghdr n;
		struct nlmsgerr e;
		char text[256];
	} rep;

	if (sendto(fd, &req, req.n.nlmsg_len, 0, (struct sockaddr *)&kernel, sizeof kernel) < 0)
		return -errno;
	ssize_t got = recv(fd, &rep, sizeof rep, MSG_DONTWAIT);
	if (got < (ssize_t)NLMSG_LENGTH(sizeof rep.e) || rep.n.nlmsg_type != NLMSG_ERROR)
		return got < 0 ? -errno : -EIO;
	return rep.e.error == -EPERM || rep.e.error == -EACCES ? rep.e.error : 0;
}
