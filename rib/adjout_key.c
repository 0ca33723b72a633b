/* SPDX-License-Identifier: Apache-2.0 */
/*
 * adjout_key: see adjout_key.h. A new member of the struct needs one row here.
 */
#include "rib/adjout_key.h"

#include "lib/hash.h"
#include "lib/mem.h"

#include <inttypes.h>
#include <string.h>

struct key_member {
	const char *name;
	uint8_t offset;
	uint8_t size; /* octets: 1, 4 or 8 */
};

#define KEY_MEMBER(m)                                                                                        \
	{                                                                                                    \
		.name = #m, .offset = offsetof(struct adjout_key, m),                                        \
		.size = sizeof(((struct adjout_key *)0)->m)                                                  \
	}

static const struct key_member key_members[] = {
    KEY_MEMBER(policy),      KEY_MEMBER(local_as),     KEY_MEMBER(own_as),      KEY_MEMBER(remote_as),   KEY_MEMBER(subnet),
    KEY_MEMBER(sole),        KEY_MEMBER(type),        KEY_MEMBER(role),         KEY_MEMBER(families),    KEY_MEMBER(as4),
    KEY_MEMBER(ext_nexthop), KEY_MEMBER(nexthop_rule), KEY_MEMBER(nexthop_len4), KEY_MEMBER(nexthop_len6),
    KEY_MEMBER(paths_ipv4),  KEY_MEMBER(paths_ipv6),
    KEY_MEMBER(remove_private), KEY_MEMBER(defaults), KEY_MEMBER(options),   KEY_MEMBER(cluster_id),   KEY_MEMBER(default_local_pref),
};

static uint64_t
member_value(const struct adjout_key *k, const struct key_member *m)
{
	const uint8_t *p = (const uint8_t *)k + m->offset;
	uint64_t v64;
	uint32_t v32;

	switch (m->size) {
	case 8:
		memcpy(&v64, p, sizeof v64);
		return v64;
	case 4:
		memcpy(&v32, p, sizeof v32);
		return v32;
	default:
		return *p;
	}
}

uint64_t
adjout_key_hash(const struct adjout_key *k, uint64_t seed)
{
	uint64_t h = seed;

	for (size_t i = 0; i < ARRAY_LEN(key_members); i++)
		h = hash_u64(h, member_value(k, &key_members[i]) + i);
	return h;
}

bool
adjout_key_eq(const struct adjout_key *a, const struct adjout_key *b)
{
	for (size_t i = 0; i < ARRAY_LEN(key_members); i++)
		if (member_value(a, &key_members[i]) != member_value(b, &key_members[i]))
			return false;
	return true;
}

void
adjout_key_print(const struct adjout_key *k, struct str *out)
{
	const char *sep = "";

	for (size_t i = 0; i < ARRAY_LEN(key_members); i++) {
		uint64_t v = member_value(k, &key_members[i]);
		if (v == 0)
			continue;
		str_addf(out, "%s%s=%" PRIu64, sep, key_members[i].name, v);
		sep = " ";
	}
}
