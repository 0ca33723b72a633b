/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of tools/bgpctl_text: what a JSON value is for people, and that it cannot steer their terminal. */
#include "lib/mem.h"
#include "suite.h"
#include "tools/bgpctl.h"

static const struct {
	const char *name, *json, *want;
} members[] = {
    {"uptime_s", "0", "0"},
    {"uptime_s", "59", "59"},
    {"uptime_s", "60", "60 (00:01:00)"},
    {"uptime_s", "93784", "93784 (1d02h)"},
    {"rollback_in_s", "null", "-"},
    {"memory_bytes", "1023", "1023"},
    {"memory_bytes", "1024", "1024 (1.0 KiB)"},
    {"memory_bytes", "4005888", "4005888 (3.8 MiB)"},
    {"memory_bytes", "1099511627776", "1099511627776 (1.0 TiB)"},
    {"unaccounted_bytes", "-355123", "-355123"},
    {"routes", "4005888", "4005888"},
    {"s", "4005888", "4005888"},
    {"best", "true", "yes"},
    {"best", "false", "no"},
    {"share", "1.25", "1.2"},
    {"list", "[]", "-"},
    {"list", "[\"a\", 2]", "a 2"},
    {"nexthops", "[{\"via\": \"192.0.2.1\", \"interface\": \"eth0\"}]", "192.0.2.1%eth0"},
    {"nexthops", "[{\"via\": \"fe80::1%eth0\", \"interface\": \"eth0\"}]", "fe80::1%eth0"},
    {"nexthops", "[{\"via\": null, \"interface\": \"eth0\"}]", "eth0"},
    {"rules",
     "[{\"policy\": \"in\", \"rule\": 2, \"action\": \"accept\", \"file\": \"/etc/b.yaml\", \"line\": 14}]",
     "in 2 accept (/etc/b.yaml:14)"},
    {"description", "\"rack\\u001b[31m\\u007f\\u009b\"", "rack?[31m??"},
    {"description", "\"B\\u00fcro\"", "B\xc3\xbcro"},
};

START_TEST(test_member)
{
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		json_t *v = json_loads(members[i].json, JSON_DECODE_ANY, NULL);
		struct str out = {0};

		ck_assert_msg(v != NULL, "%s is no JSON", members[i].json);
		bgpctl_member(members[i].name, v, &out);
		ck_assert_str_eq(str_get(&out), members[i].want);
		str_free(&out);
		json_decref(v);
	}
}
END_TEST

static const struct {
	json_int_t s;
	const char *want;
} spans[] = {{0, "00:00:00"}, {3723, "01:02:03"}, {86399, "23:59:59"}, {86400, "1d00h"}, {442800, "5d03h"}};

START_TEST(test_seconds)
{
	for (size_t i = 0; i < ARRAY_LEN(spans); i++) {
		struct str out = {0};

		bgpctl_seconds(spans[i].s, &out);
		ck_assert_str_eq(str_get(&out), spans[i].want);
		str_free(&out);
	}
}
END_TEST

START_TEST(test_plain)
{
	struct str out = {0};

	bgpctl_plain("a\tb\x1b[1m\xc2\x9b\xc3\xbc\n", &out);
	ck_assert_str_eq(str_get(&out), "a?b?[1m?\xc3\xbc?");
	str_free(&out);
}
END_TEST

SUITE("bgpctl_text", test_member, test_seconds, test_plain)
