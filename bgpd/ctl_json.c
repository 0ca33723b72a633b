/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ctl_json: values of answers.
 */
#include "bgpd/ctl_json.h"

#include "bgpd/instance.h"
#include "lib/mem.h"

#include <stdlib.h>

json_t *
ctl_json_text(const char *s)
{
	if (s == NULL)
		return json_null();
	json_t *o = json_string(s);
	if (o != NULL)
		return o;
	/* Text of a neighbour (RFC 9003) or of a file may be anything. */
	char *copy = xstrdup(s);
	for (char *p = copy; *p != '\0'; p++)
		if ((*p & 0x80) != 0)
			*p = '?';
	o = json_string(copy);
	free(copy);
	return o;
}

json_t *
ctl_json_table(const struct bgpd *d)
{
	uint32_t table = instance_table(d);

	return table != 0 ? json_integer(table) : json_null();
}

json_t *
ctl_json_vrf(const struct bgpd *d)
{
	return ctl_json_text(instance_vrf(d));
}

json_t *
ctl_json_addr(const struct ip_addr *a)
{
	char buf[IP_ADDR_STRLEN];

	return a->family == FAMILY_NONE ? json_null() : json_string_nocheck(ip_addr_str(a, buf, sizeof(buf)));
}

json_t *
ctl_json_prefix(const struct ip_prefix *p)
{
	char buf[IP_PREFIX_STRLEN];

	return json_string_nocheck(ip_prefix_str(p, buf, sizeof(buf)));
}

json_t *
ctl_json_id(uint32_t id)
{
	struct ip_addr a = ip_addr_v4(id);

	return id == 0 ? json_null() : ctl_json_addr(&a);
}
