/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sockopt: see sockopt.h. Linux only: TCP_MD5SIG_EXT and IP_MINTTL have no
 * portable twins, and this daemon programs a Linux kernel anyway.
 */
#include "bgpd/sockopt.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define DSCP_CS6_TOS 0xc0 /* DSCP 48 in the upper six bits of the TOS octet */

static int
set_int(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof value) < 0 ? -errno : 0;
}

int
sockopt_prepare(int fd, enum family f)
{
	int r = set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	if (r < 0)
		return r;
	return f == FAMILY_IPV4 ? set_int(fd, IPPROTO_IP, IP_TOS, DSCP_CS6_TOS)
				: set_int(fd, IPPROTO_IPV6, IPV6_TCLASS, DSCP_CS6_TOS);
}

int
sockopt_open(enum family f)
{
	int fd = socket(family_to_af(f), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
	if (fd < 0)
		return -errno;
	int r = sockopt_prepare(fd, f);
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

int
sockopt_md5(int fd, const struct ip_addr *peer, unsigned prefix_len, const void *key, size_t key_len)
{
	struct tcp_md5sig sig = {.tcpm_keylen = (uint16_t)key_len};

	if (key_len > TCP_MD5SIG_MAXKEYLEN)
		return -EINVAL;
	ip_addr_to_sockaddr(peer, 0, (struct sockaddr_storage *)(void *)&sig.tcpm_addr);
	if (key_len > 0)
		memcpy(sig.tcpm_key, key, key_len);
	int option = TCP_MD5SIG;
	if (prefix_len < family_bits(peer->family)) {
		sig.tcpm_flags = TCP_MD5SIG_FLAG_PREFIX;
		sig.tcpm_prefixlen = (uint8_t)prefix_len;
		option = TCP_MD5SIG_EXT;
	}
	if (setsockopt(fd, IPPROTO_TCP, option, &sig, sizeof sig) == 0)
		return 0;
	/* Removing a key that was never set is what the caller wanted. */
	return key_len == 0 && errno == ENOENT ? 0 : -errno;
}

int
sockopt_device(int fd, const char *name)
{
	return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, (socklen_t)strlen(name)) < 0 ? -errno : 0;
}

uint32_t
sockopt_bound(int fd)
{
	int ifindex = 0;
	socklen_t len = sizeof ifindex;

	return getsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &ifindex, &len) == 0 && ifindex > 0 ? (uint32_t)ifindex : 0;
}

int
sockopt_ttl(int fd, enum family f, unsigned ttl)
{
	return f == FAMILY_IPV4 ? set_int(fd, IPPROTO_IP, IP_TTL, (int)ttl)
				: set_int(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, (int)ttl);
}

int
sockopt_gtsm(int fd, enum family f, unsigned hops)
{
	int r = sockopt_ttl(fd, f, SOCKOPT_TTL_MAX);
	if (r < 0)
		return r;
	int min_ttl = (int)(SOCKOPT_TTL_MAX + 1 - hops);
	return f == FAMILY_IPV4 ? set_int(fd, IPPROTO_IP, IP_MINTTL, min_ttl)
				: set_int(fd, IPPROTO_IPV6, IPV6_MINHOPCOUNT, min_ttl);
}

int
sockopt_bind(int fd, const struct ip_addr *local, uint16_t port)
{
	struct sockaddr_storage ss;
	socklen_t len = ip_addr_to_sockaddr(local, port, &ss);
	int r = set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);

	if (r < 0)
		return r;
	/* IPv4 and IPv6 have listeners of their own on the same port. */
	if (local->family == FAMILY_IPV6 && (r = set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1)) < 0)
		return r;
	return bind(fd, (struct sockaddr *)&ss, len) < 0 ? -errno : 0;
}

int
sockopt_ends(int fd, struct ip_addr *local, uint16_t *local_port, struct ip_addr *remote, uint16_t *remote_port)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof ss;

	if (getsockname(fd, (struct sockaddr *)&ss, &len) < 0)
		return -errno;
	int r = ip_addr_from_sockaddr((struct sockaddr *)&ss, local, local_port);
	if (r < 0)
		return r;
	len = sizeof ss;
	if (getpeername(fd, (struct sockaddr *)&ss, &len) < 0)
		return -errno;
	return ip_addr_from_sockaddr((struct sockaddr *)&ss, remote, remote_port);
}

int
sockopt_connect_result(int fd)
{
	int err = 0;
	socklen_t len = sizeof err;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
		return -errno;
	return -err;
}

int
sockopt_unacked(int fd)
{
	int n = 0;

	return ioctl(fd, SIOCOUTQ, &n) < 0 ? -errno : n;
}
