/* SPDX-License-Identifier: Apache-2.0 */
/*
 * addr: text, comparison and socket forms of addresses and prefixes.
 *
 * Every value made here keeps unused octets zero, which is what lets equality be
 * one memcmp and values be hashed whole. Text follows RFC 5952 (libc's inet_ntop),
 * scopes RFC 4007 section 11.
 */
#include "lib/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/mem.h"

int
family_to_af(enum family f)
{
	return f == FAMILY_IPV4 ? AF_INET : f == FAMILY_IPV6 ? AF_INET6 : AF_UNSPEC;
}

enum family
family_from_af(int af)
{
	return af == AF_INET ? FAMILY_IPV4 : af == AF_INET6 ? FAMILY_IPV6 : FAMILY_NONE;
}

const char *
family_name(enum family f)
{
	return f == FAMILY_IPV4 ? "ipv4-unicast" : f == FAMILY_IPV6 ? "ipv6-unicast" : "none";
}

struct ip_addr
ip_addr_v4(uint32_t host_order)
{
	struct ip_addr a = {.family = FAMILY_IPV4};

	be32_put(a.bytes, host_order);
	return a;
}

struct ip_addr
ip_addr_from_bytes(enum family f, const uint8_t *bytes)
{
	struct ip_addr a = {.family = (uint8_t)f};

	memcpy(a.bytes, bytes, family_octets(f));
	return a;
}

uint32_t
ip_addr_to_v4(const struct ip_addr *a)
{
	ASSERT(a->family == FAMILY_IPV4);
	return be32_get(a->bytes);
}

/* An interface by name, or by number as in fe80::1%2. */
static int
scope_parse(const char *text, uint32_t *out)
{
	unsigned long n;
	char *end;

	*out = if_nametoindex(text);
	if (*out != 0)
		return 0;
	if (text[0] < '0' || text[0] > '9')
		return -EINVAL;
	errno = 0;
	n = strtoul(text, &end, 10);
	if (errno != 0 || *end != '\0' || n == 0 || n > UINT32_MAX)
		return -EINVAL;
	*out = (uint32_t)n;
	return 0;
}

int
ip_addr_parse(const char *text, struct ip_addr *out)
{
	const char *percent = strchr(text, '%');
	size_t len = percent != NULL ? (size_t)(percent - text) : strlen(text);
	struct ip_addr a = {0};
	char host[INET6_ADDRSTRLEN];

	if (len >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, len);
	host[len] = '\0';
	if (inet_pton(AF_INET6, host, a.bytes) == 1)
		a.family = FAMILY_IPV6;
	else if (inet_pton(AF_INET, host, a.bytes) == 1)
		a.family = FAMILY_IPV4;
	else
		return -EINVAL;
	/* A scope means something for link-local addresses alone. */
	if (percent != NULL && (!ip_addr_is_link_local(&a) || scope_parse(percent + 1, &a.scope_id) != 0))
		return -EINVAL;
	*out = a;
	return 0;
}

const char *
ip_addr_str(const struct ip_addr *a, char *buf, size_t size)
{
	char host[INET6_ADDRSTRLEN], ifname[IF_NAMESIZE];

	if (a->family == FAMILY_NONE) {
		snprintf(buf, size, "-");
		return buf;
	}
	inet_ntop(family_to_af(a->family), a->bytes, host, sizeof(host));
	if (a->scope_id == 0)
		snprintf(buf, size, "%s", host);
	else if (if_indextoname(a->scope_id, ifname) != NULL)
		snprintf(buf, size, "%s%%%s", host, ifname);
	else
		snprintf(buf, size, "%s%%%u", host, a->scope_id);
	return buf;
}

bool
ip_addr_eq(const struct ip_addr *a, const struct ip_addr *b)
{
	return a->family == b->family && a->scope_id == b->scope_id &&
	       memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

int
ip_addr_cmp(const struct ip_addr *a, const struct ip_addr *b)
{
	int c;

	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	c = memcmp(a->bytes, b->bytes, sizeof(a->bytes));
	if (c != 0)
		return c < 0 ? -1 : 1;
	return a->scope_id < b->scope_id ? -1 : a->scope_id > b->scope_id;
}

bool
ip_addr_is_link_local(const struct ip_addr *a)
{
	return a->family == FAMILY_IPV6 && a->bytes[0] == 0xfe && (a->bytes[1] & 0xc0) == 0x80;
}

bool
ip_addr_is_unspecified(const struct ip_addr *a)
{
	static const uint8_t zero[16];

	return memcmp(a->bytes, zero, sizeof(zero)) == 0;
}

bool
ip_addr_is_martian_nexthop(const struct ip_addr *a)
{
	static const uint8_t loopback[16] = {[15] = 1};

	switch (a->family) {
	case FAMILY_IPV4:
		return a->bytes[0] == 0 || a->bytes[0] == 127 || a->bytes[0] >= 224;
	case FAMILY_IPV6:
		return ip_addr_is_unspecified(a) || a->bytes[0] == 0xff ||
		       memcmp(a->bytes, loopback, sizeof(loopback)) == 0;
	default:
		return true;
	}
}

socklen_t
ip_addr_to_sockaddr(const struct ip_addr *a, uint16_t port, struct sockaddr_storage *ss)
{
	memset(ss, 0, sizeof(*ss));
	if (a->family == FAMILY_IPV4) {
		struct sockaddr_in *sin = (struct sockaddr_in *)(void *)ss;

		sin->sin_family = AF_INET;
		sin->sin_port = htons(port);
		memcpy(&sin->sin_addr, a->bytes, 4);
		return sizeof(*sin);
	}
	ASSERT(a->family == FAMILY_IPV6);
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)(void *)ss;

	sin6->sin6_family = AF_INET6;
	sin6->sin6_port = htons(port);
	sin6->sin6_scope_id = a->scope_id;
	memcpy(&sin6->sin6_addr, a->bytes, 16);
	return sizeof(*sin6);
}

int
ip_addr_from_sockaddr(const struct sockaddr *sa, struct ip_addr *out, uint16_t *port)
{
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;

	switch (sa->sa_family) {
	case AF_INET:
		memcpy(&sin, sa, sizeof(sin));
		*out = ip_addr_v4(ntohl(sin.sin_addr.s_addr));
		if (port != NULL)
			*port = ntohs(sin.sin_port);
		return 0;
	case AF_INET6:
		memcpy(&sin6, sa, sizeof(sin6));
		if (IN6_IS_ADDR_V4MAPPED(&sin6.sin6_addr))
			*out = ip_addr_from_bytes(FAMILY_IPV4, sin6.sin6_addr.s6_addr + 12);
		else
			*out = ip_addr_from_bytes(FAMILY_IPV6, sin6.sin6_addr.s6_addr);
		if (ip_addr_is_link_local(out))
			out->scope_id = sin6.sin6_scope_id;
		if (port != NULL)
			*port = ntohs(sin6.sin6_port);
		return 0;
	default:
		return -EAFNOSUPPORT;
	}
}

/* The decimal number of bits after the slash, and nothing else. */
static int
length_parse(const char *text, unsigned max, unsigned *out)
{
	size_t n = strlen(text);

	if (n == 0 || n > 3 || strspn(text, "0123456789") != n)
		return -EINVAL;
	*out = (unsigned)strtoul(text, NULL, 10);
	return *out <= max ? 0 : -EINVAL;
}

int
ip_prefix_parse(const char *text, struct ip_prefix *out)
{
	const char *slash = strchr(text, '/');
	size_t n = slash != NULL ? (size_t)(slash - text) : strlen(text);
	char host[INET6_ADDRSTRLEN];
	struct ip_addr a;
	unsigned len;

	if (n >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, n);
	host[n] = '\0';
	if (ip_addr_parse(host, &a) != 0 || a.scope_id != 0)
		return -EINVAL;
	len = family_bits(a.family);
	if (slash != NULL && length_parse(slash + 1, len, &len) != 0)
		return -EINVAL;
	*out = ip_prefix_from_addr(&a, len);
	return memcmp(out->bytes, a.bytes, sizeof(a.bytes)) == 0 ? 0 : -ERANGE;
}

const char *
ip_prefix_str(const struct ip_prefix *p, char *buf, size_t size)
{
	char host[INET6_ADDRSTRLEN];

	if (p->family == FAMILY_NONE) {
		snprintf(buf, size, "-");
		return buf;
	}
	inet_ntop(family_to_af(p->family), p->bytes, host, sizeof(host));
	snprintf(buf, size, "%s/%u", host, p->len);
	return buf;
}

void
ip_prefix_mask(struct ip_prefix *p)
{
	unsigned whole = p->len / 8, rest = p->len % 8;

	if (whole >= sizeof(p->bytes))
		return;
	p->bytes[whole] = (uint8_t)(p->bytes[whole] & (0xff00u >> rest));
	memset(p->bytes + whole + 1, 0, sizeof(p->bytes) - whole - 1);
}

bool
ip_prefix_eq(const struct ip_prefix *a, const struct ip_prefix *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

int
ip_prefix_cmp(const struct ip_prefix *a, const struct ip_prefix *b)
{
	int c;

	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	c = memcmp(a->bytes, b->bytes, sizeof(a->bytes));
	if (c != 0)
		return c < 0 ? -1 : 1;
	return a->len < b->len ? -1 : a->len > b->len;
}

/* The first len bits of both are the same. */
static bool
bits_equal(const uint8_t *a, const uint8_t *b, unsigned len)
{
	unsigned whole = len / 8, rest = len % 8;

	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 || ((a[whole] ^ b[whole]) & (0xff00u >> rest) & 0xff) == 0;
}

bool
ip_prefix_covers(const struct ip_prefix *outer, const struct ip_prefix *inner)
{
	return outer->family == inner->family && outer->len <= inner->len &&
	       bits_equal(outer->bytes, inner->bytes, outer->len);
}

bool
ip_prefix_contains(const struct ip_prefix *p, const struct ip_addr *a)
{
	return p->family == a->family && bits_equal(p->bytes, a->bytes, p->len);
}

struct ip_prefix
ip_prefix_from_addr(const struct ip_addr *a, unsigned len)
{
	struct ip_prefix p = {.family = a->family, .len = (uint8_t)len};

	ASSERT(len <= family_bits(a->family));
	memcpy(p.bytes, a->bytes, sizeof(p.bytes));
	ip_prefix_mask(&p);
	return p;
}
