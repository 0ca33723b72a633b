/* SPDX-License-Identifier: Apache-2.0 */
/*
 * otc: see otc.h. The rules are a row for each of our roles.
 */
#include "rib/otc.h"

#include "lib/buf.h"
#include "lib/mem.h"

/* What comes with the attribute, and what comes without it. */
enum presence {
	PRESENT_KEEP,
	PRESENT_LEAK,    /* a customer or a client of our route server does not pass such routes up */
	PRESENT_LEAK_BUT /* a peer may have put in its own AS, and no other */
};
static const struct {
	enum presence present;
	enum otc_verdict absent;
} rules[EXPORT_ROLE_COUNT] = {
    [EXPORT_ROLE_NONE] = {PRESENT_KEEP, OTC_KEEP},     [EXPORT_ROLE_PROVIDER] = {PRESENT_LEAK, OTC_KEEP},
    [EXPORT_ROLE_CUSTOMER] = {PRESENT_KEEP, OTC_ADD},  [EXPORT_ROLE_PEER] = {PRESENT_LEAK_BUT, OTC_ADD},
    [EXPORT_ROLE_RS_SERVER] = {PRESENT_LEAK, OTC_KEEP}, [EXPORT_ROLE_RS_CLIENT] = {PRESENT_KEEP, OTC_ADD},
};

enum otc_verdict
otc_ingress(uint8_t role, uint32_t remote_as, const struct attr_set *received)
{
	size_t len;

	ASSERT(role < EXPORT_ROLE_COUNT);
	if (!(received->flags & ATTR_F_HAS_OTC))
		return rules[role].absent;
	switch (rules[role].present) {
	case PRESENT_LEAK:
		return OTC_LEAK;
	case PRESENT_LEAK_BUT:
		return be32_get(attr_find(received, ATTR_OTC, &len)) == remote_as ? OTC_KEEP : OTC_LEAK;
	default:
		return OTC_KEEP;
	}
}

attr_id
otc_add(struct attr_table *t, attr_id received, uint32_t remote_as)
{
	struct attr_edit e = {0};

	attr_edit_begin(&e, attr_get(t, received));
	attr_edit_put_u32(&e, ATTR_FLAG_OPTIONAL | ATTR_FLAG_TRANSITIVE, ATTR_OTC, remote_as);
	attr_id out = attr_edit_commit(&e, t);
	attr_edit_fini(&e);
	return out;
}
