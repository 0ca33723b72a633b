/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of bgpd/listen: listeners that come and go, and the keys on them. */
#include "bgpd/listen.h"

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/resource.h>

#include "bgpd/sockopt.h"
#include "tests/unit/speaker.h"
#include "tests/unit/suite.h"

#include <net/if.h>

static struct loop loop;
static struct listen listeners;
static struct {
	unsigned n;
	int fd;
	uint32_t device;
	struct ip_addr local, remote;
	uint16_t local_port, remote_port;
} got;

static void
on_accept(void *ctx, int fd, uint32_t device, const struct ip_addr *local, uint16_t local_port,
	  const struct ip_addr *remote, uint16_t remote_port)
{
	ck_assert_ptr_eq(ctx, &got);
	if (got.n++ > 0)
		close(got.fd);
	got.fd = fd;
	got.device = device;
	got.local = *local;
	got.remote = *remote;
	got.local_port = local_port;
	got.remote_port = remote_port;
}

static struct listen_shortage shortage;
static unsigned shortages;

static void
on_shortage(void *ctx, const struct listen_shortage *s)
{
	ck_assert_ptr_eq(ctx, &got);
	shortage = *s;
	shortages++;
}

static struct listen_addr
at(const char *text, uint16_t port)
{
	struct listen_addr a = {.port = port};

	ck_assert_int_eq(ip_addr_parse(text, &a.addr), 0);
	return a;
}

static void
begin(void)
{
	ck_assert_int_eq(loop_init(&loop), 0);
	listen_init(&listeners, &loop, on_accept, on_shortage, &got);
}

static void
end(void)
{
	listen_fini(&listeners);
	if (got.n > 0)
		close(got.fd);
	loop_fini(&loop);
}

/* A client from there to here, with this key; -1: nobody listens. */
static int
client(const char *from, const struct listen_addr *to, const char *key)
{
	struct sockaddr_storage ss;
	socklen_t len = ip_addr_to_sockaddr(&to->addr, to->port, &ss);
	struct ip_addr a;
	int fd = sockopt_open((enum family)to->addr.family);

	ck_assert_int_eq(ip_addr_parse(from, &a), 0);
	ck_assert_int_eq(sockopt_bind(fd, &a, 0), 0);
	if (key != NULL)
		ck_assert_int_eq(sockopt_md5(fd, &to->addr, family_bits(to->addr.family), key, strlen(key)), 0);
	if (connect(fd, (struct sockaddr *)&ss, len) == 0 || errno == EINPROGRESS)
		return fd;
	close(fd);
	return -1;
}

static void
check_accepted(const char *from, const struct listen_addr *to, const char *key)
{
	unsigned before = got.n;
	int fd = client(from, to, key);

	ck_assert_int_ge(fd, 0);
	UNTIL(&loop, got.n == before + 1);
	ck_assert_int_eq(sockopt_connect_result(fd), 0);
	close(fd);
}

static void
check_kept_out(const char *from, const struct listen_addr *to, const char *key)
{
	unsigned before = got.n;
	int fd = client(from, to, key);

	looptest_turns_ms(&loop, 100);
	ck_assert_uint_eq(got.n, before);
	if (fd >= 0)
		close(fd);
}

START_TEST(test_accept)
{
	begin();
	struct listen_addr a = at("127.0.0.1", speaker_free_port("127.0.0.1"));
	ck_assert_uint_eq(listen_set(&listeners, &a, 1), 0);
	check_accepted("127.0.0.7", &a, NULL);
	ck_assert(ip_addr_eq(&got.local, &a.addr));
	ck_assert_uint_eq(got.local_port, a.port);
	struct listen_addr from = at("127.0.0.7", 0);
	ck_assert(ip_addr_eq(&got.remote, &from.addr));
	ck_assert_uint_ne(got.remote_port, 0);
	ck_assert_int_ne(fcntl(got.fd, F_GETFL) & O_NONBLOCK, 0);
	ck_assert_int_ne(fcntl(got.fd, F_GETFD) & FD_CLOEXEC, 0);
	end();
}
END_TEST

START_TEST(test_set)
{
	begin();
	struct listen_addr two[] = {at("127.0.0.1", speaker_free_port("127.0.0.1")),
				    at("127.0.0.2", speaker_free_port("127.0.0.2"))};
	ck_assert_uint_eq(listen_set(&listeners, two, 2), 0);
	check_accepted("127.0.0.7", &two[0], NULL);
	check_accepted("127.0.0.7", &two[1], NULL);
	/* A client that waits in the queue of one that stays is not lost. */
	struct speaker *waiting = calloc(1, sizeof(*waiting));
	unsigned before = got.n;
	speaker_connect(waiting, &loop, "127.0.0.8", "127.0.0.2", two[1].port);
	ck_assert_uint_eq(listen_set(&listeners, &two[1], 1), 0);
	UNTIL(&loop, got.n == before + 1);
	speaker_close(waiting);
	free(waiting);
	check_kept_out("127.0.0.7", &two[0], NULL);
	check_accepted("127.0.0.7", &two[1], NULL);
	/* The wildcard takes the port of the specific one that goes. */
	struct listen_addr any = at("0.0.0.0", two[1].port);
	ck_assert_uint_eq(listen_set(&listeners, &any, 1), 0);
	check_accepted("127.0.0.7", &two[1], NULL);
	ck_assert_uint_eq(listen_set(&listeners, NULL, 0), 0);
	check_kept_out("127.0.0.7", &two[1], NULL);
	end();
}
END_TEST

/* What cannot be bound is counted; the others listen, and it is tried again next time. */
START_TEST(test_failures)
{
	begin();
	uint16_t port = 0;
	int other = speaker_listen("127.0.0.3", &port);
	struct listen_addr want[] = {at("127.0.0.3", port), at("192.0.2.1", port),
				     at("127.0.0.1", speaker_free_port("127.0.0.1"))};
	ck_assert_uint_eq(listen_set(&listeners, want, 3), 2);
	check_accepted("127.0.0.7", &want[2], NULL);
	close(other);
	ck_assert_uint_eq(listen_set(&listeners, want, 3), 1);
	check_accepted("127.0.0.7", &want[0], NULL);
	end();
}
END_TEST

static struct listen_key
key_for(const char *peer, uint8_t prefix_len, const char *secret)
{
	struct listen_key k = {.prefix_len = prefix_len, .len = (uint8_t)strlen(secret)};

	ck_assert_int_eq(ip_addr_parse(peer, &k.peer), 0);
	memcpy(k.key, secret, k.len);
	return k;
}

/* RFC 2385 2: segments without the right signature are dropped before the handshake. */
START_TEST(test_keys)
{
	begin();
	struct listen_addr first = at("127.0.0.1", speaker_free_port("127.0.0.1")),
			   both[] = {first, at("127.0.0.2", speaker_free_port("127.0.0.2"))};
	ck_assert_uint_eq(listen_set(&listeners, &first, 1), 0);
	struct listen_key keys[] = {key_for("127.0.0.7", 32, "seven"), key_for("127.0.0.8", 32, "eight")};
	ck_assert_uint_eq(listen_keys_set(&listeners, keys, 2), 0);
	check_accepted("127.0.0.7", &first, "seven");
	check_accepted("127.0.0.8", &first, "eight");
	check_kept_out("127.0.0.7", &first, "eight");
	check_kept_out("127.0.0.7", &first, NULL);
	check_accepted("127.0.0.9", &first, NULL);
	check_kept_out("127.0.0.9", &first, "seven");
	/* A listener that is opened later has them too. */
	ck_assert_uint_eq(listen_set(&listeners, both, 2), 0);
	check_accepted("127.0.0.7", &both[1], "seven");
	check_kept_out("127.0.0.7", &both[1], NULL);
	/* One changes, one goes. */
	keys[0] = key_for("127.0.0.7", 32, "other");
	ck_assert_uint_eq(listen_keys_set(&listeners, keys, 1), 0);
	check_accepted("127.0.0.7", &first, "other");
	check_kept_out("127.0.0.7", &first, "seven");
	check_accepted("127.0.0.8", &first, NULL);
	check_kept_out("127.0.0.8", &both[1], "eight");
	ck_assert_uint_eq(listen_keys_set(&listeners, NULL, 0), 0);
	check_accepted("127.0.0.7", &first, NULL);
	end();
}
END_TEST

/* In no order, with neighbours that share an address and so are named twice. */
START_TEST(test_keys_list)
{
	begin();
	struct listen_addr at_1 = at("127.0.0.1", speaker_free_port("127.0.0.1"));
	struct listen_key keys[] = {key_for("127.0.0.9", 32, "nine"), key_for("127.0.0.7", 32, "seven"),
				    key_for("127.0.0.8", 32, "eight"), key_for("127.0.0.7", 32, "seven")};
	ck_assert_uint_eq(listen_keys_set(&listeners, keys, 4), 0);
	ck_assert_uint_eq(listeners.nkeys, 3);
	ck_assert_uint_eq(listen_set(&listeners, &at_1, 1), 0);
	check_accepted("127.0.0.7", &at_1, "seven");
	check_accepted("127.0.0.8", &at_1, "eight");
	ck_assert_uint_eq(listen_keys_set(&listeners, keys + 2, 2), 0);
	check_accepted("127.0.0.7", &at_1, "seven");
	check_accepted("127.0.0.9", &at_1, NULL);
	end();
}
END_TEST

/* A key that the kernel does not take (81 octets are too many) is tried again with each list. */
START_TEST(test_keys_refused)
{
	begin();
	struct listen_addr at_1 = at("127.0.0.1", speaker_free_port("127.0.0.1"));
	struct listen_key keys[] = {key_for("127.0.0.7", 32, "seven"), key_for("127.0.0.8", 32, "bad")};
	keys[1].len = SOCKOPT_MD5_MAX + 1;
	ck_assert_uint_eq(listen_set(&listeners, &at_1, 1), 0);
	ck_assert_uint_eq(listen_keys_set(&listeners, keys, 2), 1);
	ck_assert_uint_eq(listen_keys_set(&listeners, keys, 2), 1);
	keys[1].len = 3;
	ck_assert_uint_eq(listen_keys_set(&listeners, keys, 2), 0);
	ck_assert_uint_eq(listen_keys_set(&listeners, keys, 2), 0);
	check_accepted("127.0.0.7", &at_1, "seven");
	check_accepted("127.0.0.8", &at_1, "bad");
	end();
}
END_TEST

/* In a network of its own, where the bound of what a socket has is that; false: it cannot be set here. */
static bool
optmem_bound(const char *octets)
{
	int fd = open("/proc/sys/net/core/optmem_max", O_WRONLY);

	if (fd < 0)
		return false;
	ssize_t n = write(fd, octets, strlen(octets));
	close(fd);
	return n > 0;
}

/* Linux charges 136 octets for an MD5 key: there is room for 14 in 2000, and for 29 in 4000. */
START_TEST(test_keys_no_room)
{
	struct listen_key keys[20];
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};

	if (unshare(geteuid() == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET) < 0 || !optmem_bound("2000"))
		return;
	int s = socket(AF_INET, SOCK_DGRAM, 0);
	ck_assert_int_eq(ioctl(s, SIOCSIFFLAGS, &lo), 0);
	close(s);
	begin();
	for (unsigned i = 0; i < 20; i++) {
		char text[16];
		snprintf(text, sizeof text, "127.0.1.%u", i);
		keys[i] = key_for(text, 32, "secret");
	}
	struct listen_addr a = at("127.0.0.1", 1790);
	ck_assert_uint_eq(listen_keys_set(&listeners, keys, 20), 0);
	ck_assert_uint_eq(shortages, 0);
	ck_assert_uint_eq(listen_set(&listeners, &a, 1), 0);
	/* All at once. */
	ck_assert_uint_eq(shortages, 1);
	ck_assert_uint_eq(shortage.with, 14);
	ck_assert_uint_eq(shortage.without, 6);
	ck_assert_uint_eq(shortage.without_in_all, 6);
	struct ip_addr last = at("127.0.1.13", 0).addr, first = at("127.0.1.14", 0).addr;
	ck_assert(memcmp(shortage.first.bytes, first.bytes, 4) == 0 && shortage.first.len == 32);
	ck_assert(listen_asks_key(&listeners, 0, &last));
	ck_assert(!listen_asks_key(&listeners, 0, &first));
	check_accepted("127.0.1.13", &a, "secret");
	check_kept_out("127.0.1.13", &a, NULL);
	check_kept_out("127.0.1.14", &a, "secret");
	/* The same again is not told again. */
	ck_assert_uint_eq(listen_keys_set(&listeners, keys, 20), 6);
	ck_assert_uint_eq(shortages, 1);
	/* One that goes makes room for another. */
	keys[0] = keys[19];
	ck_assert_uint_eq(listen_keys_set(&listeners, keys, 19), 5);
	ck_assert_uint_eq(shortages, 2);
	ck_assert_uint_eq(shortage.without, 5);
	check_accepted("127.0.1.14", &a, "secret");
	/* Raised: it is tried again without being asked to. */
	ck_assert(optmem_bound("4000"));
	event_active(listeners.keys_retry, EV_TIMEOUT, 0);
	UNTIL(&loop, shortages == 3);
	ck_assert_uint_eq(shortage.without_in_all, 0);
	ck_assert(!event_pending(listeners.keys_retry, EV_TIMEOUT, NULL));
	check_accepted("127.0.1.18", &a, "secret");
	check_accepted("127.0.1.19", &a, "secret");
	end();
}
END_TEST

/* A listener of a device stands beside one of none, and has its own keys. */
START_TEST(test_device)
{
	begin();
	struct listen_addr two[] = {at("0.0.0.0", speaker_free_port("127.0.0.1")), {.port = 0}};
	struct listen_key keys[] = {key_for("127.0.0.7", 32, "of-none"), key_for("127.0.0.7", 32, "of-lo")};
	struct listen_addr to = at("127.0.0.1", two[0].port);
	two[1] = two[0];
	two[1].device = keys[1].device = if_nametoindex("lo");
	strlcpy(two[1].name, "lo", sizeof two[1].name);
	ck_assert_uint_eq(listen_keys_set(&listeners, keys, 2), 0);
	ck_assert_uint_eq(listeners.nkeys, 2);
	ck_assert_uint_eq(listen_set(&listeners, two, 1), 0);
	check_accepted("127.0.0.7", &to, "of-none");
	ck_assert_uint_eq(got.device, 0);
	/* The kernel prefers who listens on the device. */
	ck_assert_uint_eq(listen_set(&listeners, two + 1, 1), 0);
	check_accepted("127.0.0.7", &to, "of-lo");
	ck_assert_uint_eq(got.device, two[1].device);
	check_kept_out("127.0.0.7", &to, "of-none");
	ck_assert(listen_asks_key(&listeners, two[1].device, &keys[0].peer));
	ck_assert(!listen_asks_key(&listeners, two[1].device + 1, &keys[0].peer));
	/* No device of that name. */
	strlcpy(two[1].name, "no-such-device", sizeof two[1].name);
	two[1].device += 1000;
	ck_assert_uint_eq(listen_set(&listeners, two + 1, 1), 1);
	end();
}
END_TEST

/* The soft limit of descriptors such that the next one is one too many, or what it was. */
static void
descriptors_limit(bool none_left)
{
	static struct rlimit before;
	struct rlimit limit;

	if (!none_left) {
		ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
		return;
	}
	int next = dup(0);
	ck_assert_int_ge(next, 0);
	close(next);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	limit = before;
	limit.rlim_cur = (rlim_t)next;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* Without descriptors the queue stays readable: it is asked ten times a second, not in each turn, and forgotten never. */
START_TEST(test_no_descriptors)
{
	begin();
	struct listen_addr a = at("127.0.0.1", speaker_free_port("127.0.0.1"));
	ck_assert_uint_eq(listen_set(&listeners, &a, 1), 0);
	int fd = client("127.0.0.7", &a, NULL);
	ck_assert_int_ge(fd, 0);
	descriptors_limit(true);
	uint64_t start = time_mono_ns();
	UNTIL(&loop, listeners.failures > 0);
	looptest_turns_ms(&loop, 250);
	uint64_t tenths = (time_mono_ns() - start) / 100000000u;
	ck_assert_uint_eq(got.n, 0);
	ck_assert_uint_ge(listeners.failures, 2);
	ck_assert_uint_le(listeners.failures, tenths + 1);
	descriptors_limit(false);
	UNTIL(&loop, got.n == 1);
	ck_assert_uint_eq(listeners.failures, 0);
	close(fd);
	end();
}
END_TEST

SUITE("listen", test_device, test_accept, test_set, test_failures, test_keys, test_keys_list, test_keys_refused,
      test_keys_no_room, test_no_descriptors)
