/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of bgpd/sockopt: what the kernel says of a socket afterwards. */
#include "bgpd/sockopt.h"

#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "tests/unit/speaker.h"
#include "tests/unit/suite.h"

static int
option(int fd, int level, int name)
{
	int v = -1;
	socklen_t len = sizeof(v);

	ck_assert_int_eq(getsockopt(fd, level, name, &v, &len), 0);
	return v;
}

static struct ip_addr
addr(const char *text)
{
	struct ip_addr a;

	ck_assert_int_eq(ip_addr_parse(text, &a), 0);
	return a;
}

/* RFC 4594 3.2: network control is CS6, 48 in the upper six bits. */
START_TEST(test_open)
{
	int v4 = sockopt_open(FAMILY_IPV4), v6 = sockopt_open(FAMILY_IPV6);

	ck_assert_int_ge(v4, 0);
	ck_assert_int_eq(option(v4, SOL_SOCKET, SO_DOMAIN), AF_INET);
	ck_assert_int_ne(option(v4, IPPROTO_TCP, TCP_NODELAY), 0);
	ck_assert_int_eq(option(v4, IPPROTO_IP, IP_TOS), 48 << 2);
	ck_assert_int_ne(fcntl(v4, F_GETFL) & O_NONBLOCK, 0);
	ck_assert_int_ne(fcntl(v4, F_GETFD) & FD_CLOEXEC, 0);
	close(v4);
	if (v6 < 0) /* a kernel without IPv6 */
		return;
	ck_assert_int_eq(option(v6, IPPROTO_IPV6, IPV6_TCLASS), 48 << 2);
	ck_assert_int_ne(option(v6, IPPROTO_TCP, TCP_NODELAY), 0);
	close(v6);
}
END_TEST

START_TEST(test_device)
{
	int fd = sockopt_open(FAMILY_IPV4);
	char name[16] = "";
	socklen_t len = sizeof(name);

	ck_assert_int_eq(sockopt_device(fd, "no-such-device"), -ENODEV);
	ck_assert_uint_eq(sockopt_bound(fd), 0);
	ck_assert_int_eq(sockopt_device(fd, "lo"), 0);
	ck_assert_uint_eq(sockopt_bound(fd), if_nametoindex("lo"));
	ck_assert_int_eq(getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, &len), 0);
	ck_assert_str_eq(name, "lo");
	close(fd);
}
END_TEST

/* RFC 5082 3: sent with 255; at most N hops means that at least 256 - N is left. */
START_TEST(test_ttl)
{
	int v4 = sockopt_open(FAMILY_IPV4), v6 = sockopt_open(FAMILY_IPV6);

	ck_assert_int_eq(sockopt_ttl(v4, FAMILY_IPV4, 1), 0);
	ck_assert_int_eq(option(v4, IPPROTO_IP, IP_TTL), 1);
	ck_assert_int_eq(option(v4, IPPROTO_IP, IP_MINTTL), 0);
	ck_assert_int_eq(sockopt_gtsm(v4, FAMILY_IPV4, 1), 0);
	ck_assert_int_eq(option(v4, IPPROTO_IP, IP_TTL), 255);
	ck_assert_int_eq(option(v4, IPPROTO_IP, IP_MINTTL), 255);
	ck_assert_int_eq(sockopt_gtsm(v4, FAMILY_IPV4, 254), 0);
	ck_assert_int_eq(option(v4, IPPROTO_IP, IP_MINTTL), 2);
	close(v4);
	if (v6 < 0)
		return;
	ck_assert_int_eq(sockopt_ttl(v6, FAMILY_IPV6, 64), 0);
	ck_assert_int_eq(option(v6, IPPROTO_IPV6, IPV6_UNICAST_HOPS), 64);
	ck_assert_int_eq(sockopt_gtsm(v6, FAMILY_IPV6, 2), 0);
	ck_assert_int_eq(option(v6, IPPROTO_IPV6, IPV6_UNICAST_HOPS), 255);
	ck_assert_int_eq(option(v6, IPPROTO_IPV6, IPV6_MINHOPCOUNT), 254);
	close(v6);
}
END_TEST

/* Both families listen on one port; the same address twice is refused. */
START_TEST(test_bind)
{
	uint16_t port = speaker_free_port("0.0.0.0");
	struct ip_addr any4 = addr("0.0.0.0"), any6 = addr("::"), foreign = addr("192.0.2.1");
	int v4 = sockopt_open(FAMILY_IPV4), again = sockopt_open(FAMILY_IPV4), v6 = sockopt_open(FAMILY_IPV6);

	ck_assert_int_eq(sockopt_bind(v4, &any4, port), 0);
	ck_assert_int_eq(listen(v4, 1), 0);
	ck_assert_int_eq(sockopt_bind(again, &any4, port), -EADDRINUSE);
	ck_assert_int_eq(sockopt_bind(again, &foreign, port), -EADDRNOTAVAIL);
	if (v6 >= 0) {
		ck_assert_int_eq(sockopt_bind(v6, &any6, port), 0);
		ck_assert_int_eq(listen(v6, 1), 0);
		close(v6);
	}
	close(v4);
	close(again);
}
END_TEST

START_TEST(test_ends)
{
	uint16_t port = 0, near_port, far_port;
	struct sockaddr_storage ss;
	struct ip_addr near, far, want;
	int lfd = speaker_listen("127.0.0.2", &port), fd = sockopt_open(FAMILY_IPV4);
	socklen_t len = speaker_sockaddr("127.0.0.2", port, &ss);

	ck_assert_int_eq(sockopt_ends(fd, &near, &near_port, &far, &far_port), -ENOTCONN);
	want = addr("127.0.0.1");
	ck_assert_int_eq(sockopt_bind(fd, &want, 0), 0);
	if (connect(fd, (struct sockaddr *)&ss, len) < 0)
		ck_assert_int_eq(errno, EINPROGRESS);
	ck_assert_int_eq(sockopt_connect_result(fd), 0);
	ck_assert_int_eq(sockopt_ends(fd, &near, &near_port, &far, &far_port), 0);
	ck_assert(ip_addr_eq(&near, &want));
	want = addr("127.0.0.2");
	ck_assert(ip_addr_eq(&far, &want));
	ck_assert_uint_eq(far_port, port);
	ck_assert_uint_ne(near_port, 0);
	ck_assert_int_ge(sockopt_unacked(fd), 0);
	close(fd);
	close(lfd);
	/* Nobody is there. */
	fd = sockopt_open(FAMILY_IPV4);
	if (connect(fd, (struct sockaddr *)&ss, len) < 0 && errno == EINPROGRESS)
		ck_assert_int_eq(sockopt_connect_result(fd), -ECONNREFUSED);
	close(fd);
}
END_TEST

/* RFC 2385. */
START_TEST(test_md5)
{
	static const char longest[SOCKOPT_MD5_MAX + 1] = {1};
	struct ip_addr peer = addr("127.0.0.2");
	int fd = sockopt_open(FAMILY_IPV4);

	ck_assert_int_eq(sockopt_md5(fd, &peer, 32, longest, SOCKOPT_MD5_MAX + 1), -EINVAL);
	/* Taking away what is not there is fine; so it is for a key that was. */
	int r = sockopt_md5(fd, &peer, 32, "secret", 6);
	ck_assert_msg(r == 0, "TCP MD5: %s", strerror(-r));
	ck_assert_int_eq(sockopt_md5(fd, &peer, 32, longest, SOCKOPT_MD5_MAX), 0);
	ck_assert_int_eq(sockopt_md5(fd, &peer, 32, NULL, 0), 0);
	ck_assert_int_eq(sockopt_md5(fd, &peer, 32, NULL, 0), 0);
	/* A whole prefix has a key of its own. */
	ck_assert_int_eq(sockopt_md5(fd, &peer, 24, "secret", 6), 0);
	ck_assert_int_eq(sockopt_md5(fd, &peer, 24, NULL, 0), 0);
	close(fd);
}
END_TEST

SUITE("sockopt", test_device, test_open, test_ttl, test_bind, test_ends, test_md5)
