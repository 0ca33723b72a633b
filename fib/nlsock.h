/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nlsock: rtnetlink sockets, opened and set up the way the netlink thread needs them.
 */
#ifndef FIB_NLSOCK_H
#define FIB_NLSOCK_H

#include <netlink/socket.h>
#include <stdint.h>

/*
 * Opens a socket with short acknowledgements that carry the kernel's explanation, strict checking of dump
 * requests (without it they cannot be filtered; Linux 5.0), and large buffers. 0 or -errno; *out is to be
 * freed with nl_socket_free in either case.
 */
int nlsock_open(struct nl_sock **out, int *fd);
/* May we change routes? 0, -EPERM or another -errno. The socket must be idle. */
int nlsock_probe(int fd);
/*
 * Keeps notifications out that were caused by the socket with this port id: they would cost a third of the
 * rate at which routes are installed. And those of routes with our protocol number in another table than this
 * one, which another fib of ours causes. May be called again. 0 or -errno.
 */
int nlsock_filter(int fd, uint32_t port, uint8_t protocol, uint32_t table);

#endif
