/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of bgpd/tcp_ao: on a kernel that has it, who gets a connection; on one
 * that has not, that everything says so.
 */
#include "bgpd/tcp_ao.h"

#include "bgpd/sockopt.h"
#include "tests/unit/speaker.h"
#include "tests/unit/suite.h"

static struct ip_addr
addr(const char *text)
{
	struct ip_addr a;

	ck_assert_int_eq(ip_addr_parse(text, &a), 0);
	return a;
}

static struct tcp_ao_key
key(uint8_t send_id, uint8_t receive_id, enum tcp_ao_algorithm algorithm, const char *secret)
{
	struct tcp_ao_key k = {.send_id = send_id, .receive_id = receive_id, .algorithm = (uint8_t)algorithm};

	k.len = (uint8_t)strlen(secret);
	memcpy(k.key, secret, k.len);
	return k;
}

/* What cannot be a key is refused before the kernel is asked. */
START_TEST(test_bad)
{
	struct ip_addr peer = addr("127.0.0.2");
	struct tcp_ao_key k = key(1, 1, TCP_AO_HMAC_SHA1, "");
	int fd = sockopt_open(FAMILY_IPV4);

	ck_assert_int_eq(tcp_ao_add(fd, &peer, 32, &k, true), -EINVAL);
	k = key(1, 1, TCP_AO_HMAC_SHA1, "secret");
	k.len = TCP_AO_KEY_MAX + 1;
	ck_assert_int_eq(tcp_ao_add(fd, &peer, 32, &k, true), -EINVAL);
	k.len = 6;
	k.algorithm = TCP_AO_HMAC_SHA256 + 1;
	ck_assert_int_eq(tcp_ao_add(fd, &peer, 32, &k, true), -EINVAL);
	ck_assert(!tcp_ao_protects(fd));
	close(fd);
}
END_TEST

START_TEST(test_socket)
{
	struct ip_addr peer = addr("127.0.0.2");
	struct tcp_ao_key k = key(1, 2, TCP_AO_HMAC_SHA1, "secret");
	int fd = sockopt_open(FAMILY_IPV4);
	int r = tcp_ao_add(fd, &peer, 32, &k, true);

	if (!tcp_ao_known()) {
		ck_assert_int_eq(r, -ENOPROTOOPT);
		ck_assert_int_eq(tcp_ao_del(fd, &peer, 32, &k), -ENOPROTOOPT);
		ck_assert(!tcp_ao_protects(fd));
	} else {
		ck_assert_int_eq(r, 0);
		ck_assert(tcp_ao_protects(fd));
		/* RFC 5925 3.1: identifiers are of one key only. */
		ck_assert_int_eq(tcp_ao_add(fd, &peer, 32, &k, false), -EEXIST);
		/* And an address has keys of one kind. */
		ck_assert_int_eq(sockopt_md5(fd, &peer, 32, "secret", 6), -EKEYREJECTED);
	}
	close(fd);
}
END_TEST

/* A connection from a socket with this key to a listener with that one. */
static bool
connects(const struct tcp_ao_key *listener, const struct tcp_ao_key *client)
{
	uint16_t port = 0;
	struct sockaddr_storage ss;
	int lfd = speaker_listen("127.0.0.1", &port), fd = sockopt_open(FAMILY_IPV4), c = -1;
	socklen_t len = speaker_sockaddr("127.0.0.1", port, &ss);
	struct ip_addr from = addr("127.0.0.7"), to = addr("127.0.0.1"), all = addr("127.0.0.0");

	ck_assert_int_eq(tcp_ao_add(lfd, &all, 24, listener, false), 0);
	ck_assert_int_eq(sockopt_bind(fd, &from, 0), 0);
	if (client != NULL)
		ck_assert_int_eq(tcp_ao_add(fd, &to, 32, client, true), 0);
	(void)connect(fd, (struct sockaddr *)&ss, len);
	for (int i = 0; i < 50 && c < 0; i++) {
		usleep(10000);
		c = accept4(lfd, NULL, NULL, SOCK_NONBLOCK);
	}
	if (c >= 0)
		ck_assert(tcp_ao_protects(c));
	close(fd);
	close(lfd);
	if (c >= 0)
		close(c);
	return c >= 0;
}

START_TEST(test_connections)
{
	struct tcp_ao_key k = key(1, 2, TCP_AO_HMAC_SHA1, "secret"), mirrored = key(2, 1, TCP_AO_HMAC_SHA1, "secret");
	struct tcp_ao_key other = key(2, 1, TCP_AO_HMAC_SHA1, "Secret"), turned = key(1, 2, TCP_AO_HMAC_SHA1, "secret");

	if (!tcp_ao_known()) /* test_socket has seen that it says so */
		return;
	ck_assert(connects(&k, &mirrored));
	ck_assert(!connects(&k, &other));
	ck_assert(!connects(&k, &turned));
	ck_assert(!connects(&k, NULL));
	for (int a = TCP_AO_HMAC_SHA1; a <= TCP_AO_HMAC_SHA256; a++) {
		k.algorithm = mirrored.algorithm = (uint8_t)a;
		ck_assert(connects(&k, &mirrored));
	}
}
END_TEST

SUITE("tcp_ao", test_bad, test_socket, test_connections)
