/* SPDX-License-Identifier: Apache-2.0 */
/*
 * type: kinds of values that have nothing to do with routing policy.
 *
 * Each has a parser (text of a node to value), a printer whose output the parser
 * reads back, and a phrase for what it expects. Called by the walks of conf.c,
 * print.c, diff.c and doc.c through the rows of the schema.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf/arena.h"
#include "conf/load.h"
#include "conf/schema.h"
#include "lib/mem.h"

#define TEXT_MAX 1023u

/* ---- texts ---- */

bool
load_number(const char *text, uint32_t *out)
{
	const char *err;

	if (text[0] == '\0' || text[strspn(text, "0123456789")] != '\0')
		return false;
	*out = (uint32_t)strtonum(text, 0, UINT32_MAX, &err);
	return err == NULL;
}

bool
load_as_number(const char *text, uint32_t *out)
{
	char high[6];
	const char *dot = strchr(text, '.');
	uint32_t h = 0, l;

	if (dot == NULL) {
		if (!load_number(text, out))
			return false;
	} else {
		if ((size_t)(dot - text) >= sizeof(high))
			return false;
		strlcpy(high, text, (size_t)(dot - text) + 1);
		if (!load_number(high, &h) || !load_number(dot + 1, &l) || h > UINT16_MAX || l > UINT16_MAX)
			return false;
		*out = h << 16 | l;
	}
	/* RFC 7607: 0 is nobody's; RFC 6793 9: 23456 stands for others. */
	return *out != 0 && *out != 23456;
}

bool
load_name_ok(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] <= ' ' || text[i] == 0x7f)
			return false;
	return len >= 1 && len <= 255;
}

/* Plain only what no YAML reader takes for a number, a time or a boolean. */
static bool
text_is_plain(const char *text)
{
	static const char *const special[] = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"};

	if (strspn(text, "0123456789.+-_eExX") == strlen(text) || strchr("-.", text[0]) != NULL)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(special); i++)
		if (strcasecmp(text, special[i]) == 0)
			return false;
	for (const char *p = text; *p != '\0'; p++)
		if (!(*p >= 'a' && *p <= 'z') && !(*p >= 'A' && *p <= 'Z') && !(*p >= '0' && *p <= '9') &&
		    strchr("_-./", *p) == NULL)
			return false;
	return true;
}

void
conf_text_print(const char *text, struct str *out)
{
	if (text_is_plain(text)) {
		str_add(out, text);
		return;
	}
	str_add(out, "\"");
	for (const char *p = text; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p;
		if (c < 0x20 || c == 0x7f)
			str_addf(out, "\\x%02x", c);
		else if (c == '"' || c == '\\')
			str_addf(out, "\\%c", c);
		else
			str_addn(out, p, 1);
	}
	str_add(out, "\"");
}

/* ---- boolean ---- */

static bool
bool_parse(struct conf_loader *ld, const struct conf_row *row, struct yml_node *n, void *dst)
{
	const char *text = load_scalar(ld, row, n);

	if (text == NULL)
		return false;
	if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
		return load_wrong(ld, row, n);
	*(bool *)dst = text[0] == 't';
	return true;
}

static void
bool_print(const struct conf_row *row, const void *src, bool secrets, struct str *out)
{
	(void)row;
	(void)secrets;
	str_add(out, *(const bool *)src ? "true" : "false");
}

static bool
bool_equal(const void *a, const void *b)
{
	return *(const bool *)a == *(const bool *)b;
}

static void
bool_expect(const struct conf_row *row, struct str *out)
{
	(void)row;
	str_add(out, "true or false");
}

const struct conf_type conf_type_bool = {
    .arg = "boolean",
    .size = sizeof(bool),
    .parse = bool_parse,
    .print = bool_print,
    .equal = bool_equal,
    .expect = bool_expect,
};

/* ---- numbers ---- */

static bool
number_parse(struct conf_loader *ld, const struct conf_row *row, struct yml_node *n, void *dst)
{
	const char *text = load_scalar(ld, row, n);
	uint32_t v;

	if (text == NULL)
		return false;
	if (!load_number(text, &v) || ((v < row->min || v > row->max) && !(v == 0 && row->zero)))
		return load_wrong(ld, row, n);
	*(uint32_t *)dst = v;
	return true;
}

static void
number_print(const struct conf_row *row, const void *src, bool secrets, struct str *out)
{
	(void)row;
	(void)secrets;
	str_addf(out, "%u", *(const uint32_t *)src);
}

static bool
number_equal(const void *a, const void *b)
{
	return *(const uint32_t *)a == *(const uint32_t *)b;
}

static void
number_expect(const struct conf_row *row, struct str *out)
{
	str_add(out, "a number");
	if (row->unit != NULL)
		str_addf(out, " of %s", row->unit);
	str_addf(out, "%s %u..%u", row->zero ? " 0 or" : "", row->min, row->max);
}

const struct conf_type conf_type_number = {
    .arg = "number",
    .size = sizeof(uint32_t),
    .parse = number_parse,
    .print = number_print,
    .equal = number_equal,
    .expect = number_expect,
};

static const char size_units[] = "KMGT"; /* each 1024 of the one before */

/* Octets, as a number or as one with a unit. */
static bool
load_size(const char *text, uint64_t *out)
{
	size_t digits = strspn(text, "0123456789");
	char number[20];
	const char *err;

	if (digits == 0 || digits >= sizeof(number))
		return false;
	strlcpy(number, text, digits + 1);
	uint64_t n = (uint64_t)strtonum(number, 0, INT64_MAX, &err);
	if (err != NULL)
		return false;
	if (text[digits] != '\0') {
		const char *unit = strchr(size_units, text[digits]);
		if (unit == NULL || text[digits + 1] != '\0')
			return false;
		for (ptrdiff_t i = unit - size_units; i >= 0; i--) {
			if (n > INT64_MAX / 1024)
				return false;
			n *= 1024;
		}
	}
	*out = n;
	return true;
}

static bool
size_parse(struct conf_loader *ld, const struct conf_row *row, struct yml_node *n, void *dst)
{
	const char *text = load_scalar(ld, row, n);
	uint64_t v;

	if (text == NULL)
		return false;
	if (!load_size(text, &v) || v < row->min)
		return load_wrong(ld, row, n);
	*(uint64_t *)dst = v;
	return true;
}

/* In the largest unit that it is a multiple of. */
static void
size_text(uint64_t v, struct str *out)
{
	unsigned unit = 0;

	for (; v != 0 && v % 1024 == 0 && unit < sizeof(size_units) - 1; unit++)
		v /= 1024;
	str_addf(out, "%llu%.*s", (unsigned long long)v, unit > 0, unit > 0 ? &size_units[unit - 1] : "");
}

static void
size_print(const struct conf_row *row, const void *src, bool secrets, struct str *out)
{
	(void)row;
	(void)secrets;
	size_text(*(const uint64_t *)src, out);
}

static bool
size_equal(const void *a, const void *b)
{
	return *(const uint64_t *)a == *(const uint64_t *)b;
}

static void
size_expect(const struct conf_row *row, struct str *out)
{
	str_add(out, "a size of ");
	size_text(row->min, out);
	str_add(out, " or more, in octets or as a number with K, M, G or T");
}

const struct conf_type conf_type_size = {
    .arg = "size",
    .size = sizeof(uint64_t),
    .parse = size_parse,
    .print = size_print,
    .equal = size_equal,
    .expect = size_expect,
};

static bool
as_parse(struct conf_loader *ld, const struct conf_row *row, struct yml_node *n, void *dst)
{
	const char *text = load_scalar(ld, row, n);

	if (text == NULL)
		return false;
	return load_as_number(text, dst) || load_wrong(ld, row, n);
}

static void
as_expect(const struct conf_row *row, struct str *out)
{
	(void)row;
	str_add(out, "an AS number 1..4294967295 but 23456");
}

const struct conf_type conf_type_as = {
    .arg = "AS",
    .size = sizeof(uint32_t),
    .parse = as_parse,
    .print = number_print,
    .equal = number_equal,
    .expect = as_expect,
};

static bool
mode_parse(struct conf_loader *ld, const struct conf_row *row, struct yml_node *n, void *dst)
{
	const char *text = load_scalar(ld, row, n);
	size_t len;

	if (text == NULL)
		return false;
	len = strlen(text);
	if (len < 3 || len > 4 || strspn(text, "01234567") != len || (len == 4 && text[0] != '0'))
		return load_wrong(ld, row, n);
	*(uint32_t *)dst = (uint32_t)strtoul(text, NULL, 8);
	return true;
}

static void
mode_print(const struct conf_row *row, const void *src, bool secrets, struct str *out)
{
	(void)row;
	(void)secrets;
	str_addf(out, "\"0%03o\"", *(const uint32_t *)src);
}

static void
mode_expect(const struct conf_row *row, struct str *out)
{
	(void)row;
	str_add(out, "octal permissions, as in \"0660\"");
}

const struct conf_type conf_type_mode = {
    .arg = "permissions",
    .size = sizeof(uint32_t),
    .parse = mode_parse,
    .print = mode_print,
    .equal = number_equal,
    .expect = mode_expect,
};

/* ---- strings ---- */

static uint32_t
text_max(const struct conf_row *row)
{
	return row->max == 0 ? TEXT_MAX : row->max;
}

static bool
string_parse(struct conf_loader *ld, const struct conf_row *row, struct yml_node *n, void *dst)
{
	const char *text = load_scalar(ld, row, n);

	if (text == NULL)
		return false;
	if (n->n == 0 || n->n > text_max(row))
		return load_wrong(ld, row, n);
	*(const char **)dst = conf_arena_strn(ld->arena, text, n->n);
	return true;
}

static void
string_print(const struct conf_row *row, const void *src, bool secrets, struct str *out)
{
	(void)row;
	(void)secrets;
	conf_text_print(*(const char *const *)src, out);
}

static bool
string_equal(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b) == 0;
}

static void
string_expect(const struct conf_row *row, struct str *out)
{
	str_addf(out, "%s of 1..%u octets", row->unit == NULL ? "text" : row->unit, text_max(row));
}

const struct conf_type conf_type_string = {
    .arg = "text",
    .size = sizeof(char *),
    .parse = string_parse,
    .print = string_print,
    .equal = string_equal,
    .expect = string_expect,
};

static bool
name_parse(struct conf_loader *ld, const struct conf_row *row, struct yml_node *n, void *dst)
{
	const char *text = load_scalar(ld, row, n);

	if (text == NULL)
		return false;
	if (!load_name_ok(text))
		return load_wrong(ld, row, n);
	*(const char **)dst = conf_arena_strn(ld->arena, text, n->n);
	return true;
}

static void
name_expect(const struct conf_row *row, struct str *out)
{
	(void)row;
	str_add(out, "a name of 1..255 octets without blanks");
}

const struct conf_type conf_type_name = {
    .arg = "name",
    .size = sizeof(char *),
    .parse = name_parse,
    .print = string_print,
    .equal = string_equal,
    .expect = name_expect,
};

/* ---- words ---- */

static const struct conf_word *
word_find(const struct conf_word *words, const char *text)
{
	for (; words->word != NULL; words++)
		if (strcmp(words->word, text) == 0)
			return words;
	return NULL;
}

static bool
word_parse(struct conf_loader *ld, const struct conf_row *row, struct yml_node *n, void *dst)
{
	const char *text = load_scalar(ld, row, n);

	if (text == NULL)
		return false;
	const struct conf_word *w = word_find(row->words, text);
	if (w == NULL)
		return load_wrong(ld, row, n);
	*(uint32_t *)dst = w->value;
	return true;
}

static void
word_print(const struct conf_row *row, const void *src, bool secrets, struct str *out)
{
	(void)secrets;
	for (const struct conf_word *w = row->words; w->word != NULL; w++)
		if (w->value == *(const uint32_t *)src) {
			str_add(out, w->word);
			return;
		}
	assert_failed("value with a word", __FILE__, __LINE__, __func__);
}

static void
word_expect(const struct conf_row *row, struct str *out)
{
	for (const struct conf_word *w = row->words; w->word != NULL; w++)
		str_addf(out, "%s%s", w == row->words ? "" : w[1].word == NULL ? " or " : ", ", w->word);
}

const struct conf_type conf_type_word = {
    .arg = "word",
    .size = sizeof(uint32_t),
    .parse = word_parse,
    .print = word_print,
    .equal = number_equal,
    .expect = word_expect,
};

/* A set of words, whose values are bits. */
static bool
words_parse(struct conf_loader *ld, const struct conf_row *row, struct yml_node *n, void *dst)
{
	bool ok = true;

	if (n->kind != YML_LIST)
		return word_parse(ld, row, n, dst);
	if (n->n == 0) {
		load_fail(ld, n, "found an empty list, expected at least one word");
		return false;
	}
	for (uint32_t i = 0; i < n->n; i++) {
		struct load_path here = {.up = ld->path, .index = i};
		uint32_t v = 0;
		ld->path = &here;
		if (word_parse(ld, row, n->items[i], &v))
			*(uint32_t *)dst |= v;
		else
			ok = false;
		ld->path = here.up;
	}
	return ok;
}

static void
words_print(const struct conf_row *row, const void *src, bool secrets, struct str *out)
{
	const char *sep = "[";

	(void)secrets;
	for (const struct conf_word *w = row->words; w->word != NULL; w++)
		if ((w->value & *(const uint32_t *)src) != 0) {
			str_addf(out, "%s%s", sep, w->word);
			sep = ", ";
		}
	str_add(out, "]");
}

const struct conf_type conf_type_words = {
    .arg = "word ...",
    .size = sizeof(uint32_t),
    .parse = words_parse,
    .print = words_print,
    .equal = number_equal,
    .expect = word_expect,
};

/* ---- addresses ---- */

static bool
addr_parse(struct conf_loader *ld, const struct conf_row *row, struct yml_node *n, void *dst)
{
	const char *text = load_scalar(ld, row, n);
	struct ip_addr a;

	if (text == NULL)
		return false;
	if (strchr(text, '%') != NULL || ip_addr_parse(text, &a) != 0)
		return load_wrong(ld, row, n);
	*(struct ip_addr *)dst = a;
	return true;
}

static void
addr_text(const struct ip_addr *a, struct str *out)
{
	char buf[IP_ADDR_STRLEN];

	ip_addr_str(a, buf, sizeof(buf));
	/* IPv4 is safe in YAML as it is; IPv6 has colons. */
	if (a->family == FAMILY_IPV4)
		str_add(out, buf);
	else
		conf_text_print(buf, out);
}

static void
addr_print(const struct conf_row *row, const void *src, bool secrets, struct str *out)
{
	(void)row;
	(void)secrets;
	addr_text(src, out);
}

static bool
addr_equal(const void *a, const void *b)
{
	return ip_addr_eq(a, b);
}

static void
addr_expect(const struct conf_row *row, struct str *out)
{
	(void)row;
	str_add(out, "an IPv4 or IPv6 address");
}

const struct conf_type conf_type_addr = {
    .arg = "address",
    .size = sizeof(struct ip_addr),
    .parse = addr_parse,
    .print = addr_print,
    .equal = addr_equal,
    .expect = addr_expect,
};

/* RFC 4291 2.7, RFC 5771: what a TCP connection can never go to. */
static bool
addr_is_host(const struct ip_addr *a)
{
	return !ip_addr_is_unspecified(a) && a->bytes[0] < (a->family == FAMILY_IPV4 ? 224 : 255);
}

static bool
scoped_addr_parse(struct conf_loader *ld, const struct conf_row *row, struct yml_node *n, void *dst)
{
	const char *text = load_scalar(ld, row, n), *zone;
	struct conf_scoped_addr *out = dst;
	char buf[IP_ADDR_STRLEN];

	if (text == NULL)
		return false;
	zone = strchr(text, '%');
	size_t len = zone == NULL ? strlen(text) : (size_t)(zone - text);
	if (len >= sizeof(buf))
		return load_wrong(ld, row, n);
	strlcpy(buf, text, len + 1);
	if (ip_addr_parse(buf, &out->addr) != 0 || !addr_is_host(&out->addr))
		return load_wrong(ld, row, n);
	bool scoped = ip_addr_is_link_local(&out->addr);
	if (scoped != (zone != NULL)) {
		load_expect(ld, n,
			    scoped ? "a link-local address with its interface, as in %s%%eth0" : "%s alone",
			    buf);
		return false;
	}
	if (scoped && (!load_name_ok(zone + 1) || strlen(zone + 1) > 15)) {
		load_expect(ld, n, "an interface name of 1..15 octets after the %%");
		return false;
	}
	if (scoped)
		out->scope = conf_arena_str(ld->arena, zone + 1);
	return true;
}

static void
scoped_addr_print(const struct conf_row *row, const void *src, bool secrets, struct str *out)
{
	const struct conf_scoped_addr *a = src;
	char buf[IP_ADDR_STRLEN];
	struct str text = {0};

	(void)row;
	(void)secrets;
	if (a->scope == NULL) {
		addr_text(&a->addr, out);
		return;
	}
	str_addf(&text, "%s%%%s", ip_addr_str(&a->addr, buf, sizeof(buf)), a->scope);
	conf_text_print(str_get(&text), out);
	str_free(&text);
}

static bool
scoped_addr_equal(const void *a, const void *b)
{
	const struct conf_scoped_addr *x = a, *y = b;

	return ip_addr_eq(&x->addr, &y->addr) && (x->scope == NULL) == (y->scope == NULL) &&
	       (x->scope == NULL || strcmp(x->scope, y->scope) == 0);
}

static void
scoped_addr_expect(const struct conf_row *row, struct str *out)
{
	(void)row;
	str_add(out, "the IPv4 or IPv6 address of a host");
}

const struct conf_type conf_type_scoped_addr = {
    .arg = "address",
    .size = sizeof(struct conf_scoped_addr),
    .parse = scoped_addr_parse,
    .print = scoped_addr_print,
    .equal = scoped_addr_equal,
    .expect = scoped_addr_expect,
};

/* RFC 6286 2.1: any four octets but zero, written as an IPv4 address. */
static bool
router_id_parse(struct conf_loader *ld, const struct conf_row *row, struct yml_node *n, void *dst)
{
	const char *text = load_scalar(ld, row, n);
	struct ip_addr a;

	if (text == NULL)
		return false;
	if (ip_addr_parse(text, &a) != 0 || a.family != FAMILY_IPV4 || ip_addr_to_v4(&a) == 0)
		return load_wrong(ld, row, n);
	*(uint32_t *)dst = ip_addr_to_v4(&a);
	return true;
}

static void
router_id_print(const struct conf_row *row, const void *src, bool secrets, struct str *out)
{
	struct ip_addr a = ip_addr_v4(*(const uint32_t *)src);

	(void)row;
	(void)secrets;
	addr_text(&a, out);
}

static void
router_id_expect(const struct conf_row *row, struct str *out)
{
	(void)row;
	str_add(out, "four octets as an IPv4 address other than 0.0.0.0");
}

const struct conf_type conf_type_router_id = {
    .arg = "id",
    .size = sizeof(uint32_t),
    .parse = router_id_parse,
    .print = router_id_print,
    .equal = number_equal,
    .expect = router_id_expect,
};

static bool
prefix_parse(struct conf_loader *ld, const struct conf_row *row, struct yml_node *n, void *dst)
{
	const char *text = load_scalar(ld, row, n);
	char buf[IP_PREFIX_STRLEN];
	struct ip_prefix p;

	if (text == NULL)
		return false;
	int rc = ip_prefix_parse(text, &p);
	if (rc == -ERANGE)
		load_expect(ld, n, "%s (no bits set beyond the length)", ip_prefix_str(&p, buf, sizeof(buf)));
	else if (rc != 0)
		load_wrong(ld, row, n);
	if (rc != 0)
		return false;
	*(struct ip_prefix *)dst = p;
	return true;
}

static void
prefix_print(const struct conf_row *row, const void *src, bool secrets, struct str *out)
{
	char buf[IP_PREFIX_STRLEN];

	(void)row;
	(void)secrets;
	conf_text_print(ip_prefix_str(src, buf, sizeof(buf)), out);
}

static bool
prefix_equal(const void *a, const void *b)
{
	return ip_prefix_eq(a, b);
}

static void
prefix_expect(const struct conf_row *row, struct str *out)
{
	(void)row;
	str_add(out, "a prefix, as in 10.0.0.0/8");
}

const struct conf_type conf_type_prefix = {
    .arg = "prefix",
    .size = sizeof(struct ip_prefix),
    .parse = prefix_parse,
    .print = prefix_print,
    .equal = prefix_equal,
    .expect = prefix_expect,
};

/* ---- address and port ---- */

static bool
endpoint_split(const char *text, char *addr, size_t size, const char **port)
{
	const char *colon = strrchr(text, ':'), *end = colon;

	if (colon == NULL)
		return false;
	/* RFC 3986 3.2.2: brackets keep the colons of IPv6 apart from the port's. */
	if (text[0] == '[') {
		if (colon == text + 1 || colon[-1] != ']')
			return false;
		text++;
		end--;
	} else if (strchr(text, ':') != colon) {
		return false;
	}
	if ((size_t)(end - text) >= size)
		return false;
	strlcpy(addr, text, (size_t)(end - text) + 1);
	*port = colon + 1;
	return true;
}

static bool
endpoint_parse(struct conf_loader *ld, const struct conf_row *row, struct yml_node *n, void *dst)
{
	const char *text = load_scalar(ld, row, n), *port;
	struct conf_endpoint e;
	char addr[IP_ADDR_STRLEN];

	if (text == NULL)
		return false;
	if (!endpoint_split(text, addr, sizeof(addr), &port) || strchr(addr, '%') != NULL ||
	    ip_addr_parse(addr, &e.address) != 0 || !load_number(port, &e.port) || e.port == 0 ||
	    e.port > UINT16_MAX)
		return load_wrong(ld, row, n);
	*(struct conf_endpoint *)dst = e;
	return true;
}

static void
endpoint_print(const struct conf_row *row, const void *src, bool secrets, struct str *out)
{
	const struct conf_endpoint *e = src;
	bool v6 = e->address.family == FAMILY_IPV6;
	char buf[IP_ADDR_STRLEN];

	(void)row;
	(void)secrets;
	ip_addr_str(&e->address, buf, sizeof(buf));
	str_addf(out, "\"%s%s%s:%u\"", v6 ? "[" : "", buf, v6 ? "]" : "", e->port);
}

static void
endpoint_expect(const struct conf_row *row, struct str *out)
{
	(void)row;
	str_add(out, "an address and a port, as in \"127.0.0.1:9179\" or \"[::1]:9179\"");
}

const struct conf_type conf_type_endpoint = {
    .arg = "address:port",
    .size = sizeof(struct conf_endpoint),
    .parse = endpoint_parse,
    .print = endpoint_print,
    .expect = endpoint_expect,
};
