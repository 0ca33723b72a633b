/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calico_read: values out of resources, in the forms that Calico takes, and lists
 * of prefixes; see calico_int.h.
 */
#include "conf/calico_int.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

json_t *
calico_at(const json_t *v, const char *path)
{
	char part[64];

	while (v != NULL && *path != '\0') {
		size_t n = strcspn(path, ".");
		ASSERT(n < sizeof(part));
		memcpy(part, path, n);
		part[n] = '\0';
		v = json_object_get(v, part);
		path += n + (path[n] == '.');
	}
	return (json_t *)(uintptr_t)v;
}

/* A scalar as text in buf or in the value; NULL: none, or another kind of value. */
static const char *
scalar(const json_t *v, char buf[32])
{
	if (json_is_string(v))
		return json_string_value(v);
	if (json_is_integer(v))
		snprintf(buf, 32, "%lld", (long long)json_integer_value(v));
	else if (json_is_real(v))
		snprintf(buf, 32, "%.10g", json_real_value(v));
	else if (json_is_boolean(v))
		snprintf(buf, 32, "%s", json_is_true(v) ? "true" : "false");
	else
		return NULL;
	return buf;
}

char *
calico_text(const json_t *v, const char *path)
{
	char buf[32];
	const char *s = scalar(calico_at(v, path), buf);

	return s != NULL && *s != '\0' ? xstrdup(s) : NULL;
}

bool
calico_bool(const json_t *v, const char *path, bool otherwise)
{
	char buf[32];
	const char *s = scalar(calico_at(v, path), buf);

	if (s == NULL)
		return otherwise;
	return strcmp(s, "true") == 0 || (strcmp(s, "false") != 0 && otherwise);
}

/* Says what was found at path. */
static bool
unreadable(struct calico_entry *e, const char *path, const char *found, const char *expected)
{
	calico_complain(e, "%s: found %s%.80s%s, expected %s", path, found != NULL ? "\"" : "", found != NULL ? found : "no single value",
			found != NULL ? "\"" : "", expected);
	return false;
}

/* Digits alone, from low to high. */
static bool
number_of(const char *s, uint64_t low, uint64_t high, uint32_t *out)
{
	uint64_t n = 0;

	if (*s == '\0' || strlen(s) > 10)
		return false;
	for (; *s != '\0'; s++) {
		if (!isdigit((unsigned char)*s))
			return false;
		n = n * 10 + (uint64_t)(*s - '0');
	}
	*out = (uint32_t)n;
	return n >= low && n <= high;
}

bool
calico_number(struct calico_entry *e, const json_t *v, const char *path, uint32_t low, uint32_t high, uint32_t *out)
{
	char buf[32], expected[64];
	json_t *at = calico_at(v, path);
	const char *s = scalar(at, buf);
	uint32_t n;

	if (at == NULL || json_is_null(at))
		return false;
	if (s != NULL && number_of(s, low, high, &n)) {
		*out = n;
		return true;
	}
	snprintf(expected, sizeof(expected), "a number %u..%u", low, high);
	return unreadable(e, path, s, expected);
}

/* 65001 or "1.10" (as a number that is 1.1, so that text alone will do); 0 counts as not set. */
bool
calico_as(struct calico_entry *e, const json_t *v, const char *path, uint32_t *out)
{
	char buf[32], high[16];
	json_t *at = calico_at(v, path);
	const char *s = scalar(at, buf), *dot = s != NULL && json_is_string(at) ? strchr(s, '.') : NULL;
	uint32_t hi, lo;

	if (at == NULL || json_is_null(at))
		return false;
	if (dot != NULL && (size_t)(dot - s) < sizeof(high)) {
		memcpy(high, s, (size_t)(dot - s));
		high[dot - s] = '\0';
		if (number_of(high, 0, 65535, &hi) && number_of(dot + 1, 0, 65535, &lo)) {
			*out = hi << 16 | lo;
			return true;
		}
	} else if (s != NULL && number_of(s, 0, UINT32_MAX, &lo)) {
		*out = lo;
		return true;
	}
	return unreadable(e, path, s, "an AS number");
}

/* One number and its unit of a duration as Go writes it; *s goes behind. In seconds, or below 0. */
static double
duration_part(const char **s)
{
	static const struct {
		const char *unit;
		double seconds;
	} units[] = {{"ms", 1e-3}, {"us", 1e-6}, {"\xc2\xb5s", 1e-6}, {"\xce\xbcs", 1e-6}, {"ns", 1e-9}, {"h", 3600}, {"m", 60}, {"s", 1}};
	const char *digits = *s;
	char *end;

	if (!isdigit((unsigned char)*digits) && *digits != '.')
		return -1;
	size_t n = strspn(digits, "0123456789.");
	double v = strtod(digits, &end);
	if (end != digits + n)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (strncmp(end, units[i].unit, strlen(units[i].unit)) == 0) {
			*s = end + strlen(units[i].unit);
			return v * units[i].seconds;
		}
	return -1;
}

bool
calico_duration(struct calico_entry *e, const json_t *v, const char *path, uint32_t low, uint32_t high, uint32_t *seconds)
{
	char buf[32], expected[64];
	json_t *at = calico_at(v, path);
	const char *text = scalar(at, buf), *s = text;
	double sum = 0;

	if (at == NULL || json_is_null(at))
		return false;
	if (s != NULL && strcmp(s, "0") == 0)
		s++;
	while (s != NULL && *s != '\0' && sum >= 0) {
		double part = duration_part(&s);
		sum = part < 0 ? -1 : sum + part;
	}
	if (s == NULL || s == text || sum < 0 || sum > 1e9)
		return unreadable(e, path, text, "a duration, as in 1m30s");
	*seconds = (uint32_t)(sum + 0.5);
	if (*seconds >= low && *seconds <= high)
		return true;
	snprintf(expected, sizeof(expected), "a duration of %u to %u seconds", low, high);
	return unreadable(e, path, text, expected);
}

bool
calico_address(const char *text, struct ip_addr *out)
{
	struct ip_addr a;

	*out = (struct ip_addr){0};
	if (strchr(text, '%') != NULL || ip_addr_parse(text, &a) != 0)
		return false;
	*out = a;
	return true;
}

bool
calico_unicast(const char *text, struct ip_addr *out)
{
	bool good = calico_address(text, out) && !ip_addr_is_unspecified(out) && !ip_addr_is_link_local(out) &&
		    out->bytes[0] < (out->family == FAMILY_IPV4 ? 224 : 255);

	if (!good)
		*out = (struct ip_addr){0};
	return good;
}

bool
calico_addr(struct calico_entry *e, const json_t *v, const char *path, struct ip_addr *out)
{
	char *s = calico_text(v, path);
	bool good = s != NULL && calico_address(s, out);

	if (s != NULL && !good)
		unreadable(e, path, s, "an address");
	free(s);
	return good;
}

unsigned
calico_word(struct calico_entry *e, const json_t *v, const char *path, const char *const *words)
{
	char *s = calico_text(v, path);
	unsigned i = 0;

	while (s != NULL && words[i] != NULL && strcmp(words[i], s) != 0)
		i++;
	if (s != NULL && words[i] == NULL) {
		calico_complain(e, "%s: found \"%.80s\", which is unknown; it counts as %s", path, s, words[0]);
		i = 0;
	}
	free(s);
	return i;
}

bool
calico_prefix(const char *text, struct ip_prefix *out)
{
	int rc = ip_prefix_parse(text, out);

	return rc == 0 || rc == -ERANGE;
}

bool
calico_is_community(const char *text)
{
	unsigned parts = 0;
	uint64_t highest = 0;

	for (;;) {
		size_t n = strspn(text, "0123456789");
		if (n == 0 || n > 10)
			return false;
		uint64_t part = strtoull(text, NULL, 10);
		highest = part > highest ? part : highest;
		parts++;
		text += n;
		if (*text == '\0')
			return (parts == 2 && highest <= UINT16_MAX) || (parts == 3 && highest <= UINT32_MAX);
		if (*text++ != ':')
			return false;
	}
}

bool
calico_is_interface(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.*-");

	return n > 0 && n <= 15 && text[n] == '\0';
}

void
calico_secret_ref(const json_t *v, const char *path, struct calico_secret_ref *out)
{
	const json_t *ref = calico_at(v, path);

	out->name = calico_text(ref, "name");
	out->key = calico_text(ref, "key");
}

void
calico_secret_ref_fini(struct calico_secret_ref *r)
{
	free(r->name);
	free(r->key);
}

/* ---- lists of prefixes ---- */

void
calico_prefixes_add(struct calico_prefixes *p, const struct ip_prefix *add)
{
	/* In steps of powers of two. */
	if ((p->n & (p->n - 1)) == 0)
		p->v = xreallocarray(p->v, p->n == 0 ? 1 : 2u * p->n, sizeof(*p->v));
	p->v[p->n++] = *add;
}

static int
by_value(const void *a, const void *b)
{
	return ip_prefix_cmp(a, b);
}

void
calico_prefixes_sort(struct calico_prefixes *p)
{
	unsigned n = 0;

	if (p->n == 0)
		return;
	qsort(p->v, p->n, sizeof(*p->v), by_value);
	for (unsigned i = 0; i < p->n; i++)
		if (n == 0 || !ip_prefix_eq(&p->v[n - 1], &p->v[i]))
			p->v[n++] = p->v[i];
	p->n = n;
}

void
calico_prefixes_fini(struct calico_prefixes *p)
{
	free(p->v);
	*p = (struct calico_prefixes){0};
}

bool
calico_prefixes_contain(const struct calico_prefixes *p, const struct ip_addr *a)
{
	for (unsigned i = 0; i < p->n; i++)
		if (p->v[i].family == a->family && ip_prefix_contains(&p->v[i], a))
			return true;
	return false;
}

json_t *
calico_prefix_json(const struct ip_prefix *p)
{
	char text[IP_PREFIX_STRLEN];

	return json_string(ip_prefix_str(p, text, sizeof(text)));
}

json_t *
calico_addr_json(const struct ip_addr *a)
{
	char text[IP_ADDR_STRLEN];

	return a->family == FAMILY_NONE ? json_null() : json_string(ip_addr_str(a, text, sizeof(text)));
}

json_t *
calico_prefixes_json(const struct calico_prefixes *p, enum family f)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < p->n; i++)
		if (p->v[i].family == f)
			json_array_append_new(list, calico_prefix_json(&p->v[i]));
	return list;
}
