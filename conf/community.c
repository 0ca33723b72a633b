/* SPDX-License-Identifier: Apache-2.0 */
/*
 * community: see community.h.
 *
 * The type octet of an extended community follows from how its administrator is
 * written (RFC 4360 3.1, 3.2; RFC 5668 2): an address, an AS up to 65535, or a
 * larger one. A pattern may allow several.
 */
#include "conf/community.h"

#include <string.h>

#include "conf/load.h"
#include "lib/mem.h"

static const struct {
	const char *name;
	uint16_t as, value;
} well_known[] = {
    {"graceful-shutdown", 65535, 0},       /* RFC 8326 */
    {"accept-own", 65535, 1},              /* RFC 7611 */
    {"llgr-stale", 65535, 6},              /* RFC 9494 */
    {"no-llgr", 65535, 7},                 /* RFC 9494 */
    {"blackhole", 65535, 666},             /* RFC 7999 */
    {"no-export", 65535, 65281},           /* RFC 1997 */
    {"no-advertise", 65535, 65282},        /* RFC 1997 */
    {"no-export-subconfed", 65535, 65283}, /* RFC 1997 */
    {"no-peer", 65535, 65284},             /* RFC 3765 */
};

#define CONF_EXT_BANDWIDTH 0x04

static const struct {
	const char *name;
	uint8_t subtype;
} ext_kinds[] = {
    {"rt", 0x02},  /* RFC 4360 4 */
    {"soo", 0x03}, /* RFC 4360 5 */
    {"bandwidth", CONF_EXT_BANDWIDTH}, /* draft-ietf-idr-link-bandwidth */
};

const char *
conf_community_word(size_t i)
{
	return i < ARRAY_LEN(well_known) ? well_known[i].name : NULL;
}

const char *
conf_community_kind(size_t i)
{
	return i < ARRAY_LEN(ext_kinds) ? ext_kinds[i].name : NULL;
}

#define EXT_ALL (CONF_EXT_TWO_OCTET_AS | CONF_EXT_IPV4 | CONF_EXT_FOUR_OCTET_AS)

/* "*", "N" or "[A-B]" up to max. */
static bool
range_parse(const char *text, uint32_t max, struct conf_range *out)
{
	char buf[24];
	size_t len = strlen(text);

	if (strcmp(text, "*") == 0) {
		*out = (struct conf_range){0, max};
		return true;
	}
	if (text[0] != '[') {
		if (!load_number(text, &out->lo) || out->lo > max)
			return false;
		out->hi = out->lo;
		return true;
	}
	if (len < 2 || len >= sizeof(buf) || text[len - 1] != ']')
		return false;
	strlcpy(buf, text + 1, len - 1);
	char *dash = strchr(buf, '-');
	if (dash == NULL)
		return false;
	*dash = '\0';
	return load_number(buf, &out->lo) && load_number(dash + 1, &out->hi) && out->lo <= out->hi &&
	       out->hi <= max;
}

static bool
ext_parse(const char *admin, const char *value, struct conf_community *out)
{
	struct ip_addr a;

	out->kind = CONF_COMMUNITY_EXT;
	if (strchr(admin, '.') != NULL) {
		if (ip_addr_parse(admin, &a) != 0 || a.family != FAMILY_IPV4)
			return false;
		out->part[0].lo = out->part[0].hi = ip_addr_to_v4(&a);
		out->ext_types = CONF_EXT_IPV4;
	} else {
		if (!range_parse(admin, UINT32_MAX, &out->part[0]))
			return false;
		if (out->part[0].lo <= UINT16_MAX)
			out->ext_types |= CONF_EXT_TWO_OCTET_AS;
		if (out->part[0].hi > UINT16_MAX)
			out->ext_types |= CONF_EXT_FOUR_OCTET_AS;
		if (strcmp(admin, "*") == 0)
			out->ext_types = EXT_ALL;
	}
	if (!range_parse(value, UINT32_MAX, &out->part[1]))
		return false;
	if (out->ext_subtype == CONF_EXT_BANDWIDTH) { /* has two octets for an AS, and a bandwidth of 0 says nothing */
		if (strcmp(admin, "*") == 0)
			out->part[0] = (struct conf_range){0, UINT16_MAX};
		out->ext_types = CONF_EXT_TWO_OCTET_AS;
		return strchr(admin, '.') == NULL && out->part[0].hi <= UINT16_MAX && out->part[1].hi > 0;
	}
	/* Only an administrator of two octets leaves four for the value. */
	return (out->ext_types & CONF_EXT_TWO_OCTET_AS) != 0 || out->part[1].lo <= UINT16_MAX;
}

/* Splits at colons; returns the number of parts, 0 if there are too many or the text is too long. */
static unsigned
parts_split(const char *text, char *buf, size_t size, char *part[3])
{
	unsigned n = 0;

	if (strlcpy(buf, text, size) >= size)
		return 0;
	for (char *p = buf, *tok; (tok = strsep(&p, ":")) != NULL;) {
		if (n == 3)
			return 0;
		part[n++] = tok;
	}
	return n;
}

static bool
is_single(const struct conf_community *c)
{
	for (int i = 0; i < 3; i++)
		if (c->part[i].lo != c->part[i].hi)
			return false;
	return true;
}

bool
conf_community_parse(const char *text, bool pattern, struct conf_community *out)
{
	char buf[96], *part[3];
	bool ok = true;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < sizeof(well_known) / sizeof(well_known[0]); i++)
		if (strcmp(text, well_known[i].name) == 0) {
			out->part[0] = (struct conf_range){well_known[i].as, well_known[i].as};
			out->part[1] = (struct conf_range){well_known[i].value, well_known[i].value};
			return true;
		}
	unsigned n = parts_split(text, buf, sizeof(buf), part);
	if (n == 2)
		return range_parse(part[0], UINT16_MAX, &out->part[0]) &&
		       range_parse(part[1], UINT16_MAX, &out->part[1]) && (pattern || is_single(out));
	if (n != 3)
		return false;
	for (size_t i = 0; i < sizeof(ext_kinds) / sizeof(ext_kinds[0]); i++)
		if (strcmp(part[0], ext_kinds[i].name) == 0) {
			out->ext_subtype = ext_kinds[i].subtype;
			return ext_parse(part[1], part[2], out) && (pattern || is_single(out));
		}
	out->kind = CONF_COMMUNITY_LARGE;
	for (unsigned i = 0; i < 3 && ok; i++)
		ok = range_parse(part[i], UINT32_MAX, &out->part[i]);
	return ok && (pattern || is_single(out));
}

static void
range_text(const struct conf_range *r, uint32_t max, struct str *out)
{
	if (r->lo == r->hi)
		str_addf(out, "%u", r->lo);
	else if (r->lo == 0 && r->hi == max)
		str_add(out, "*");
	else
		str_addf(out, "[%u-%u]", r->lo, r->hi);
}

static void
ext_text(const struct conf_community *c, struct str *out)
{
	for (size_t i = 0; i < sizeof(ext_kinds) / sizeof(ext_kinds[0]); i++)
		if (c->ext_subtype == ext_kinds[i].subtype)
			str_addf(out, "%s:", ext_kinds[i].name);
	if (c->ext_types == CONF_EXT_IPV4) {
		struct ip_addr a = ip_addr_v4(c->part[0].lo);
		char buf[IP_ADDR_STRLEN];
		str_add(out, ip_addr_str(&a, buf, sizeof(buf)));
	} else if (c->ext_types == EXT_ALL ||
		   (c->ext_subtype == CONF_EXT_BANDWIDTH && c->part[0].lo == 0 && c->part[0].hi == UINT16_MAX)) {
		str_add(out, "*");
	} else if (c->part[0].lo == c->part[0].hi) {
		str_addf(out, "%u", c->part[0].lo);
	} else {
		/* Also when it is the full range: * would bring in addresses. */
		str_addf(out, "[%u-%u]", c->part[0].lo, c->part[0].hi);
	}
	str_add(out, ":");
	range_text(&c->part[1], UINT32_MAX, out);
}

void
conf_community_text(const struct conf_community *c, struct str *out)
{
	unsigned n = c->kind == CONF_COMMUNITY_STD ? 2 : 3;

	if (c->kind == CONF_COMMUNITY_EXT) {
		ext_text(c, out);
		return;
	}
	for (unsigned i = 0; i < n; i++) {
		str_add(out, i == 0 ? "" : ":");
		range_text(&c->part[i], n == 2 ? UINT16_MAX : UINT32_MAX, out);
	}
}
