/* SPDX-License-Identifier: Apache-2.0 */
/* listen: TCP MD5 keys (RFC 2385) of listeners, seen by who can connect over the loopback interface. */
#include "suite.h"

#include "bgpd/listen.h"
#include "bgpd/sockopt.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct loop loop;
static struct listen l;
static struct listen_addr at;

static void
on_accept(void *ctx, int fd, const struct ip_addr *local, uint16_t local_port, const struct ip_addr *remote,
    uint16_t remote_port)
{
	(void)ctx, (void)local, (void)local_port, (void)remote, (void)remote_port;
	close(fd);
}

static struct ip_addr
loopback(void)
{
	return ip_addr_v4(0x7f000001);
}

/* A listener on 127.0.0.1 and a port that was free a moment ago. */
static void
setup(void)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof ss;
	int fd = sockopt_open(FAMILY_IPV4);
	struct ip_addr any = loopback();

	ck_assert_int_eq(loop_init(&loop), 0);
	ck_assert_int_eq(sockopt_bind(fd, &any, 0), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&ss, &len), 0);
	ck_assert_int_eq(ip_addr_from_sockaddr((struct sockaddr *)&ss, &at.addr, &at.port), 0);
	close(fd);
	listen_init(&l, &loop, on_accept, NULL);
}

static void
teardown(void)
{
	listen_fini(&l);
	loop_fini(&loop);
}

static struct listen_key
key_of(struct ip_addr peer, const char *text)
{
	struct listen_key k = {.peer = peer, .prefix_len = 32, .len = (uint8_t)strlen(text)};

	memcpy(k.key, text, k.len);
	return k;
}

/* Does a handshake with this key (NULL: none) succeed? The kernel drops a SYN with a wrong one without an answer. */
static bool
connects(const char *key)
{
	struct sockaddr_storage ss;
	socklen_t len = ip_addr_to_sockaddr(&at.addr, at.port, &ss);
	int fd = sockopt_open(FAMILY_IPV4);
	struct ip_addr peer = loopback();

	ck_assert_int_ge(fd, 0);
	if (key != NULL)
		ck_assert_int_eq(sockopt_md5(fd, &peer, 32, key, strlen(key)), 0);
	int r = connect(fd, (struct sockaddr *)&ss, len);
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	bool up = r == 0 || (errno == EINPROGRESS && poll(&p, 1, 300) == 1 && (p.revents & POLLERR) == 0);
	close(fd);
	return up;
}

START_TEST(keys_follow_the_list)
{
	/* In no order, with neighbours that share an address, and others that stay as they are. */
	struct listen_key a[] = {key_of(ip_addr_v4(0x0a000002), "other"), key_of(loopback(), "one"),
	    key_of(ip_addr_v4(0x0a000001), "other"), key_of(loopback(), "one")};
	struct listen_key b[] = {key_of(loopback(), "two"), key_of(ip_addr_v4(0x0a000002), "other")};

	setup();
	ck_assert_uint_eq(listen_keys_set(&l, a, 4), 0);
	ck_assert_uint_eq(listen_set(&l, &at, 1), 0);
	ck_assert_uint_eq(l.nkeys, 3);
	ck_assert(connects("one"));
	ck_assert(!connects("two"));
	ck_assert(!connects(NULL));
	ck_assert_uint_eq(listen_keys_set(&l, a, 4), 0);
	ck_assert(connects("one"));
	ck_assert_uint_eq(listen_keys_set(&l, b, 2), 0);
	ck_assert(connects("two"));
	ck_assert(!connects("one"));
	ck_assert_uint_eq(listen_keys_set(&l, b + 1, 1), 0);
	ck_assert(connects(NULL));
	ck_assert_uint_eq(listen_keys_set(&l, a + 1, 1), 0);
	ck_assert(connects("one"));
	ck_assert_uint_eq(listen_keys_set(&l, NULL, 0), 0);
	ck_assert(connects(NULL));
	teardown();
}
END_TEST

/* A key that the kernel does not take (a length of 81 octets) is tried again with each list, one that it has is not. */
START_TEST(refused_is_tried_again)
{
	struct listen_key k[] = {key_of(loopback(), "one"), key_of(ip_addr_v4(0x0a000001), "bad")};

	setup();
	k[1].len = 81;
	ck_assert_uint_eq(listen_set(&l, &at, 1), 0);
	ck_assert_uint_eq(listen_keys_set(&l, k, 2), 1);
	ck_assert_uint_eq(listen_keys_set(&l, k, 2), 1);
	k[1].len = 3;
	ck_assert_uint_eq(listen_keys_set(&l, k, 2), 0);
	ck_assert_uint_eq(listen_keys_set(&l, k, 2), 0);
	ck_assert(connects("one"));
	teardown();
}
END_TEST

SUITE("listen", keys_follow_the_list, refused_is_tried_again)
