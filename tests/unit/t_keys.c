/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of bgpd/keys: what listeners are to ask, and that nobody is spoken to with less than configured. */
#include "bgpd/keys.h"

#include "bgpd/sockopt.h"
#include "tests/unit/bgpdtest.h"
#include "tests/unit/suite.h"

#include <net/if.h>

static struct bgpdtest t;

static const struct conf_neighbor *
neighbor(const char *name)
{
	const struct conf_neighbor *nb = conf_neighbor_by_name(t.d.conf, name);

	ck_assert_ptr_nonnull(nb);
	return nb;
}

/* The key that the listeners ask of an address or a prefix, as text; "" none. */
static const char *
wanted(const char *prefix)
{
	static char text[TCP_AO_KEY_MAX + 1];
	struct ip_prefix at;
	size_t n;
	struct listen_key *v = keys_wanted(&t.d, &n);

	ck_assert_int_eq(ip_prefix_parse(prefix, &at), 0);
	text[0] = '\0';
	for (size_t i = 0; i < n; i++)
		if (v[i].prefix_len == at.len && memcmp(v[i].peer.bytes, at.bytes, sizeof at.bytes) == 0)
			strlcpy(text, (const char *)v[i].key, sizeof text);
	freezero(v, n * sizeof *v);
	return text;
}

START_TEST(test_md5)
{
	bgpdtest_start(&t, "",
		       "neighbors:\n"
		       "  - {address: 127.0.0.2, remote-as: 65002, password: two}\n"
		       "  - {address: 127.0.0.3, remote-as: 65002}\n"
		       "  - {prefix: 127.1.0.0/16, remote-as: 65002, password: range}\n");
	ck_assert_str_eq(wanted("127.0.0.2/32"), "two");
	ck_assert_str_eq(wanted("127.0.0.3/32"), "");
	ck_assert_str_eq(wanted("127.1.0.0/16"), "range");
	/* What the kernel has of it, which a connection without a key could not have passed. */
	const struct ip_addr *two = &neighbor("127.0.0.2")->address.addr, *three = &neighbor("127.0.0.3")->address.addr;
	ck_assert(listen_asks_key(&t.d.listen, 0, two));
	ck_assert(!listen_asks_key(&t.d.listen, 0, three));
	ck_assert(keys_protect(neighbor("127.0.0.2"), -1, &t.d.listen, 0, two));
	ck_assert(!keys_protect(neighbor("127.0.0.2"), -1, NULL, 0, two));
	ck_assert(!keys_protect(neighbor("127.0.0.2"), -1, &t.d.listen, 0, three));
	ck_assert(keys_protect(neighbor("127.0.0.3"), -1, &t.d.listen, 0, three));
	bgpdtest_stop(&t);
}
END_TEST

/* The key of the listeners of a device, "" none. */
static const char *
wanted_on(uint32_t device, const char *prefix)
{
	static char text[TCP_AO_KEY_MAX + 1];
	struct ip_prefix at;
	size_t n;
	struct listen_key *v = keys_wanted(&t.d, &n);

	ck_assert_int_eq(ip_prefix_parse(prefix, &at), 0);
	text[0] = '\0';
	for (size_t i = 0; i < n; i++)
		if (v[i].device == device && v[i].prefix_len == at.len && memcmp(v[i].peer.bytes, at.bytes, sizeof at.bytes) == 0)
			strlcpy(text, (const char *)v[i].key, sizeof text);
	freezero(v, n * sizeof *v);
	return text;
}

/* The same address in two VRFs: each key is for the device of its own; without one there is none. */
START_TEST(test_vrf)
{
	struct fib_link red = {.ifindex = 71, .name = "red", .up = true, .flags = IFF_UP, .vrf = 71, .vrf_table = 100};

	bgpdtest_start(&t, "",
		       "neighbors:\n"
		       "  - {address: 10.9.9.2, remote-as: 65002, password: main}\n"
		       "  - {address: 10.9.9.2, remote-as: 65002, vrf: red, password: in-red}\n"
		       "  - {prefix: 10.9.9.0/30, remote-as: 65002, vrf: red, password: range}\n"
		       "  - {address: 10.9.9.1, remote-as: 65002, vrf: blue}\n");
	ck_assert_str_eq(wanted_on(0, "10.9.9.2/32"), "main");
	ck_assert_str_eq(wanted_on(71, "10.9.9.2/32"), "");
	kernel_watch_link(t.d.kernel, &red);
	UNTIL(t.d.loop, instance_device(instance_of_vrf(&t.d, "red")) == 71);
	ck_assert_str_eq(wanted_on(0, "10.9.9.2/32"), "main");
	ck_assert_str_eq(wanted_on(71, "10.9.9.2/32"), "in-red");
	/* Who has none in another VRF is no hole in it. */
	ck_assert_str_eq(wanted_on(71, "10.9.9.0/30"), "range");
	ck_assert_str_eq(wanted_on(0, "10.9.9.0/30"), "");
	bgpdtest_stop(&t);
}
END_TEST

/* Who has no password inside a prefix that has one: the kernel's keys leave the place out, the longest one counts. */
START_TEST(test_inside)
{
	bgpdtest_start(&t, "",
		       "neighbors:\n"
		       "  - {prefix: 127.1.0.0/29, remote-as: external, password: range}\n"
		       "  - {address: 127.1.0.5, remote-as: 65002}\n"
		       "  - {address: 127.1.0.6, remote-as: 65002, password: six}\n"
		       "  - {prefix: 127.2.0.0/30, remote-as: external, password: all}\n"
		       "  - {prefix: 127.2.0.0/31, remote-as: external}\n"
		       "  - {address: 127.2.0.1, remote-as: 65002, password: one}\n"
		       "  - {prefix: 127.3.0.0/31, remote-as: external}\n"
		       "  - {prefix: 127.3.0.0/32, remote-as: external, password: zero}\n");
	/* 0-3, 4, 6-7; but .6 has its own. */
	ck_assert_str_eq(wanted("127.1.0.0/29"), "");
	ck_assert_str_eq(wanted("127.1.0.0/30"), "range");
	ck_assert_str_eq(wanted("127.1.0.4/32"), "range");
	ck_assert_str_eq(wanted("127.1.0.5/32"), "");
	ck_assert_str_eq(wanted("127.1.0.6/31"), "range");
	ck_assert_str_eq(wanted("127.1.0.6/32"), "six");
	ck_assert_str_eq(wanted("127.2.0.0/30"), "");
	ck_assert_str_eq(wanted("127.2.0.2/31"), "all");
	ck_assert_str_eq(wanted("127.2.0.0/31"), "");
	ck_assert_str_eq(wanted("127.2.0.1/32"), "one");
	ck_assert_str_eq(wanted("127.3.0.0/32"), "zero");
	size_t n;
	struct listen_key *v = keys_wanted(&t.d, &n);
	ck_assert_uint_eq(n, 7);
	freezero(v, n * sizeof *v);
	/* And as the kernel has it. */
	struct ip_addr a;
	ck_assert_int_eq(ip_addr_parse("127.1.0.5", &a), 0);
	ck_assert(!listen_asks_key(&t.d.listen, 0, &a));
	ck_assert_int_eq(ip_addr_parse("127.1.0.4", &a), 0);
	ck_assert(listen_asks_key(&t.d.listen, 0, &a));
	bgpdtest_stop(&t);
}
END_TEST

#define AO                                                                                                   \
	"  - {address: 127.0.0.2, name: ao, remote-as: 65002, idle-hold-time: {initial: 0, max: 1}, "        \
	"tcp-ao: [{id: 7, secret: seven}, {id: 8, receive-id: 9, algorithm: aes-128-cmac-96, secret: eight}]}\n"

START_TEST(test_ao)
{
	struct tcp_ao_key k[CONF_AO_KEYS_MAX];

	bgpdtest_start(&t, "", "neighbors:\n" AO);
	ck_assert_uint_eq(keys_ao_get(neighbor("ao"), k), 2);
	ck_assert_uint_eq(k[0].send_id, 7);
	ck_assert_uint_eq(k[0].receive_id, 7);
	ck_assert_uint_eq(k[0].algorithm, TCP_AO_HMAC_SHA1);
	ck_assert_uint_eq(k[1].send_id, 8);
	ck_assert_uint_eq(k[1].receive_id, 9);
	ck_assert_uint_eq(k[1].algorithm, TCP_AO_AES_CMAC);
	ck_assert_uint_eq(k[1].len, 5);
	ck_assert_int_eq(memcmp(k[1].key, "eight", 5), 0);
	ck_assert_str_eq(wanted("127.0.0.2/32"), tcp_ao_known() ? "eight" : "");
	/* Any other socket has no protection, and this is not the neighbour's. */
	int fd = sockopt_open(FAMILY_IPV4);
	ck_assert(!keys_protect(neighbor("ao"), fd, &t.d.listen, 0, &neighbor("ao")->address.addr));
	close(fd);
	bgpdtest_stop(&t);
}
END_TEST

/* Where the kernel has no TCP-AO: such a neighbour stays down, dials nobody and takes nobody; others do not notice. */
START_TEST(test_ao_missing)
{
	static struct speaker s;

	if (tcp_ao_known())
		return;
	bgpdtest_start(&t, "", "neighbors:\n" AO "  - {address: 127.0.0.3, name: plain, passive: true, remote-as: 65003}\n");
	struct peer *ao = bgpdtest_peer(&t, "ao"), *plain = bgpdtest_peer(&t, "plain");
	ck_assert_ptr_nonnull(strstr(keys_missing(ao->conf), "CONFIG_TCP_AO"));
	ck_assert_ptr_null(keys_missing(plain->conf));
	ck_assert_str_eq(ao->last_error, keys_missing(ao->conf));
	ck_assert_int_eq(peer_state(ao), FSM_IDLE);
	/* No command and no timer starts it. */
	peer_start(ao);
	ck_assert_int_eq(peer_state(ao), FSM_IDLE);
	speaker_connect(&s, t.d.loop, "127.0.0.2", "127.0.0.1", t.port);
	ck_assert_int_eq(speaker_next(&s), SPEAKER_END);
	speaker_close(&s);
	ck_assert_int_eq(peer_state(ao), FSM_IDLE);
	struct open_msg o = bgpdtest_open(65003, 0x0a000003);
	speaker_connect(&s, t.d.loop, "127.0.0.3", "127.0.0.1", t.port);
	speaker_establish(&s, &o);
	UNTIL(t.d.loop, peer_established(plain));
	/* A running session is not kept when its neighbour is to have keys, and is let back when it is not. */
	bgpdtest_reload(&t, "", "neighbors:\n"
				"  - {address: 127.0.0.2, name: ao, passive: true, remote-as: 65002}\n"
				"  - {address: 127.0.0.3, name: plain, remote-as: 65003, idle-hold-time: {initial: 0, max: 1}, "
				"tcp-ao: [{id: 1, secret: one}]}\n");
	UNTIL(t.d.loop, peer_state(plain) == FSM_IDLE && strstr(plain->last_error, "CONFIG_TCP_AO") != NULL);
	UNTIL(t.d.loop, peer_state(ao) == FSM_ACTIVE);
	speaker_close(&s);
	bgpdtest_stop(&t);
}
END_TEST

SUITE("keys", test_vrf, test_md5, test_inside, test_ao, test_ao_missing)
