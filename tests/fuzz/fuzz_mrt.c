/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_mrt: any octets as an MRT dump, as policytest reads it. Every route that comes out has attributes in
 * their canonical form and a prefix without host bits.
 */
#include "tests/fuzz/fuzz.h"
#include "tools/policytest.h"

static void
on_route(void *ctx, const struct mrt_route *r)
{
	struct ip_prefix p = r->prefix;

	ASSERT(p.family == FAMILY_IPV4 || p.family == FAMILY_IPV6);
	ip_prefix_mask(&p);
	ASSERT(memcmp(p.bytes, r->prefix.bytes, sizeof(p.bytes)) == 0);
	ASSERT(attr_wire_is_canonical(r->attrs, r->attrs_len));
	++*(uint64_t *)ctx;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mrt_stats stats = {0};
	uint64_t routes = 0;
	char *copy = fuzz_string(data, size);

	mrt_parse((const uint8_t *)copy, size, on_route, &routes, &stats);
	ASSERT(routes == stats.routes);
	free(copy);
	return 0;
}
