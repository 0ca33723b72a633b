/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bgpctl_text: values as people read them.
 */
#include "tools/bgpctl.h"

#include "lib/mem.h"

#include <string.h>

void
bgpctl_seconds(json_int_t s, struct str *out)
{
	if (s >= 86400)
		str_addf(out, "%lldd%02lldh", (long long)(s / 86400), (long long)(s % 86400 / 3600));
	else
		str_addf(out, "%02lld:%02lld:%02lld", (long long)(s / 3600), (long long)(s % 3600 / 60),
			 (long long)(s % 60));
}

void
bgpctl_plain(const char *s, struct str *out)
{
	for (; *s != '\0'; s++) {
		unsigned char ch = (unsigned char)*s, next = (unsigned char)s[1];
		bool c1 = ch == 0xc2 && next >= 0x80 && next < 0xa0; /* U+0080..9F */
		str_addn(out, ch < 0x20 || ch == 0x7f || c1 ? "?" : s, 1);
		s += c1;
	}
}

/* A rule of a policy: "customers 2 accept (/etc/godwit/bgpd.yaml:14)"; the end of a list of policies has no name. */
static void
rule_text(const json_t *o, struct str *out)
{
	const char *policy = json_string_value(json_object_get(o, "policy"));
	const char *file = json_string_value(json_object_get(o, "file"));
	const json_t *rule = json_object_get(o, "rule"), *line = json_object_get(o, "line");

	bgpctl_plain(policy != NULL ? policy : "end of list", out);
	if (json_is_integer(rule))
		str_addf(out, " %lld", (long long)json_integer_value(rule));
	str_add(out, " ");
	bgpctl_plain(json_string_value(json_object_get(o, "action")), out);
	if (file != NULL && json_is_integer(line)) {
		str_add(out, " (");
		bgpctl_plain(file, out);
		str_addf(out, ":%lld)", (long long)json_integer_value(line));
	}
}

/* A way out: "192.0.2.1%eth0", or a rule; other objects as JSON. */
static void
object_text(const json_t *o, struct str *out)
{
	if (json_object_get(o, "policy") != NULL && json_is_string(json_object_get(o, "action"))) {
		rule_text(o, out);
		return;
	}

	const json_t *via = json_object_get(o, "via"), *ifname = json_object_get(o, "interface");

	if (via == NULL || ifname == NULL) {
		str_add(out, json_object_size(o) == 0 ? "-" : "...");
		return;
	}
	if (json_is_string(via))
		bgpctl_plain(json_string_value(via), out);
	/* A link-local address says it itself. */
	if (json_is_string(ifname) && (!json_is_string(via) || strchr(json_string_value(via), '%') == NULL)) {
		str_add(out, json_is_string(via) ? "%" : "");
		bgpctl_plain(json_string_value(ifname), out);
	}
}

void
bgpctl_value(const json_t *v, struct str *out)
{
	const json_t *e;
	size_t i;

	if (v == NULL || json_is_null(v)) {
		str_add(out, "-");
	} else if (json_is_boolean(v)) {
		str_add(out, json_is_true(v) ? "yes" : "no");
	} else if (json_is_integer(v)) {
		str_addf(out, "%lld", (long long)json_integer_value(v));
	} else if (json_is_real(v)) {
		str_addf(out, "%.1f", json_real_value(v));
	} else if (json_is_string(v)) {
		bgpctl_plain(json_string_value(v), out);
	} else if (json_is_object(v)) {
		object_text(v, out);
	} else if (json_array_size(v) == 0) {
		str_add(out, "-");
	} else {
		json_array_foreach(v, i, e)
		{
			str_add(out, i == 0 ? "" : json_object_get(e, "policy") != NULL ? ", " : " ");
			bgpctl_value(e, out);
		}
	}
}

static bool
ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && strcmp(s + n - m, end) == 0;
}

static void
octets(json_int_t n, struct str *out)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
	double v = (double)n / 1024;
	size_t u = 0;

	while (v >= 1024 && u + 1 < ARRAY_LEN(units)) {
		v /= 1024;
		u++;
	}
	str_addf(out, "%.1f %s", v, units[u]);
}

void
bgpctl_member(const char *name, const json_t *v, struct str *out)
{
	json_int_t n = json_is_integer(v) ? json_integer_value(v) : 0;

	bgpctl_value(v, out);
	if (n >= 1024 && ends_with(name, "_bytes")) {
		str_add(out, " (");
		octets(n, out);
		str_add(out, ")");
	} else if (n >= 60 && ends_with(name, "_s")) {
		str_add(out, " (");
		bgpctl_seconds(n, out);
		str_add(out, ")");
	}
}
