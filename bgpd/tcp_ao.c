/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tcp_ao: see tcp_ao.h. The structures are those of Linux's uapi/linux/tcp.h.
 */
#include "bgpd/tcp_ao.h"

#include "lib/mem.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define OPTION_ADD_KEY 38
#define OPTION_DEL_KEY 39
#define OPTION_INFO    40

struct kernel_add {
	struct sockaddr_storage peer;
	char algorithm[64];
	int32_t ifindex;
	uint32_t set_current : 1, set_rnext : 1, reserved : 30;
	uint16_t reserved2;
	uint8_t prefix_len, send_id, receive_id;
	uint8_t mac_len, flags;
	uint8_t key_len;
	uint8_t key[TCP_AO_KEY_MAX];
} __attribute__((aligned(8)));
_Static_assert(sizeof(struct kernel_add) == 288, "as the kernel has it");

struct kernel_del {
	struct sockaddr_storage peer;
	int32_t ifindex;
	uint32_t set_current : 1, set_rnext : 1, async : 1, reserved : 29;
	uint16_t reserved2;
	uint8_t prefix_len, send_id, receive_id;
	uint8_t current, rnext;
	uint8_t flags;
} __attribute__((aligned(8)));
_Static_assert(sizeof(struct kernel_del) == 144, "as the kernel has it");

struct kernel_info {
	uint32_t set_current : 1, set_rnext : 1, required : 1, set_counters : 1, accept_icmps : 1, reserved : 27;
	uint16_t reserved2;
	uint8_t current, rnext;
	uint64_t good, bad, key_not_found, unsigned_segments, dropped_icmp;
} __attribute__((aligned(8)));
_Static_assert(sizeof(struct kernel_info) == 48, "as the kernel has it");

static const struct {
	const char *name; /* of the kernel's crypto */
	uint8_t mac_len;  /* octets of the signature that are sent */
} algorithms[] = {
    [TCP_AO_HMAC_SHA1] = {"hmac(sha1)", 12},
    [TCP_AO_AES_CMAC] = {"cmac(aes128)", 12},
    [TCP_AO_HMAC_SHA256] = {"hmac(sha256)", 16},
};

/* 0 when keys are on the socket, -ENOENT when none are. */
static int
info_get(int fd)
{
	struct kernel_info info = {0};
	socklen_t len = sizeof info;

	return getsockopt(fd, IPPROTO_TCP, OPTION_INFO, &info, &len) < 0 ? -errno : 0;
}

bool
tcp_ao_known(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
	int r = fd < 0 ? -errno : info_get(fd);

	if (fd >= 0)
		close(fd);
	return r == 0 || r == -ENOENT;
}

bool
tcp_ao_protects(int fd)
{
	return info_get(fd) == 0;
}

int
tcp_ao_add(int fd, const struct ip_addr *peer, unsigned prefix_len, const struct tcp_ao_key *key, bool first)
{
	struct kernel_add add = {.set_current = first,
	    .set_rnext = first,
	    .prefix_len = (uint8_t)prefix_len,
	    .send_id = key->send_id,
	    .receive_id = key->receive_id,
	    .key_len = key->len};

	if (key->len == 0 || key->len > TCP_AO_KEY_MAX || key->algorithm >= ARRAY_LEN(algorithms))
		return -EINVAL;
	ip_addr_to_sockaddr(peer, 0, &add.peer);
	strlcpy(add.algorithm, algorithms[key->algorithm].name, sizeof add.algorithm);
	add.mac_len = algorithms[key->algorithm].mac_len;
	memcpy(add.key, key->key, key->len);
	int r = setsockopt(fd, IPPROTO_TCP, OPTION_ADD_KEY, &add, sizeof add) < 0 ? -errno : 0;
	explicit_bzero(&add, sizeof add);
	return r;
}

int
tcp_ao_del(int fd, const struct ip_addr *peer, unsigned prefix_len, const struct tcp_ao_key *key)
{
	struct kernel_del del = {.async = 1,
	    .prefix_len = (uint8_t)prefix_len,
	    .send_id = key->send_id,
	    .receive_id = key->receive_id};

	ip_addr_to_sockaddr(peer, 0, &del.peer);
	if (setsockopt(fd, IPPROTO_TCP, OPTION_DEL_KEY, &del, sizeof del) == 0)
		return 0;
	/* Removing a key that was never set is what the caller wanted. */
	return errno == ENOENT ? 0 : -errno;
}
