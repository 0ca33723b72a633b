/* SPDX-License-Identifier: Apache-2.0 */
/*
 * addr: IP addresses and prefixes of both families as plain values.
 *
 * Bytes are always in network order. An IPv4 address uses bytes[0..3] and
 * keeps the other twelve zero, so that two values can be compared whole.
 * Text follows RFC 5952; a scope is written address%interface.
 */
#ifndef LIB_ADDR_H
#define LIB_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum family { FAMILY_NONE = 0, FAMILY_IPV4 = 1, FAMILY_IPV6 = 2 };
#define FAMILY_COUNT 3 /* array size when indexed by enum family */

struct ip_addr {
	uint8_t bytes[16];
	uint32_t scope_id; /* interface index of a link-local IPv6 address, else 0 */
	uint8_t family;    /* enum family; FAMILY_NONE: no address */
	uint8_t pad[3];    /* always zero */
};

struct ip_prefix {
	uint8_t bytes[16]; /* host bits are zero (ip_prefix_mask) */
	uint8_t len;       /* bits: 0..32 or 0..128 */
	uint8_t family;
};

#define IP_ADDR_STRLEN   72 /* longest text of an address with scope, with NUL */
#define IP_PREFIX_STRLEN 56

/* Number of octets (4 or 16) and of bits (32 or 128) of a family. */
static inline unsigned
family_octets(enum family f)
{
	return f == FAMILY_IPV4 ? 4 : 16;
}
static inline unsigned
family_bits(enum family f)
{
	return f == FAMILY_IPV4 ? 32 : 128;
}
/* The first bits (0..32) of an IPv4 address, as a number in host order. */
static inline uint32_t
ip_mask_v4(unsigned bits)
{
	return (uint32_t)((uint64_t)UINT32_MAX << (32 - bits));
}
int family_to_af(enum family f);       /* AF_INET, AF_INET6 or AF_UNSPEC */
enum family family_from_af(int af);
const char *family_name(enum family f); /* "ipv4-unicast", "ipv6-unicast" */

struct ip_addr ip_addr_v4(uint32_t host_order);
struct ip_addr ip_addr_from_bytes(enum family f, const uint8_t *bytes);
uint32_t ip_addr_to_v4(const struct ip_addr *a); /* host order; family must be IPv4 */
/* Text to address, with optional %interface (a name or a number). 0 or -EINVAL. */
int ip_addr_parse(const char *text, struct ip_addr *out);
/* Writes text into buf (IP_ADDR_STRLEN) and returns buf; "-" for FAMILY_NONE. */
const char *ip_addr_str(const struct ip_addr *a, char *buf, size_t size);
bool ip_addr_eq(const struct ip_addr *a, const struct ip_addr *b);
int ip_addr_cmp(const struct ip_addr *a, const struct ip_addr *b); /* family, address as number, scope */
bool ip_addr_is_link_local(const struct ip_addr *a); /* IPv6 fe80::/10 only */
bool ip_addr_is_unspecified(const struct ip_addr *a);
bool ip_addr_is_martian_nexthop(const struct ip_addr *a); /* 0/8, 127/8, 224/4 and up, ::, ::1, ff00::/8 */

/* sockaddr conversion; returns the length for bind/connect. ss must be a sockaddr_storage. */
socklen_t ip_addr_to_sockaddr(const struct ip_addr *a, uint16_t port, struct sockaddr_storage *ss);
/* IPv4-mapped IPv6 becomes IPv4. *port (host order) may be NULL. 0 or -EAFNOSUPPORT. */
int ip_addr_from_sockaddr(const struct sockaddr *sa, struct ip_addr *out, uint16_t *port);

/* "10.0.0.0/8"; a bare address is a host prefix. Host bits set: -ERANGE (value still masked into out). Else 0/-EINVAL. */
int ip_prefix_parse(const char *text, struct ip_prefix *out);
const char *ip_prefix_str(const struct ip_prefix *p, char *buf, size_t size);
void ip_prefix_mask(struct ip_prefix *p); /* clears host bits */
bool ip_prefix_eq(const struct ip_prefix *a, const struct ip_prefix *b);
int ip_prefix_cmp(const struct ip_prefix *a, const struct ip_prefix *b); /* family, address, length */
bool ip_prefix_covers(const struct ip_prefix *outer, const struct ip_prefix *inner); /* outer == inner counts */
bool ip_prefix_contains(const struct ip_prefix *p, const struct ip_addr *a);
struct ip_prefix ip_prefix_from_addr(const struct ip_addr *a, unsigned len); /* masked */

#endif
