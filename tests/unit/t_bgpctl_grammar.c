/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of tools/bgpctl_grammar: what command lines ask for, as bgpctl(8) has them. */
#include <string.h>

#include "lib/mem.h"
#include "suite.h"
#include "tools/bgpctl.h"

#define WORDS_MAX 16

/* Parses a line of words with blanks between. The request as "command {args}", or NULL and text in why. */
static char *
parse(const char *line, struct str *why)
{
	char *copy = xstrdup(line), *rest = copy, *word, *argv[WORDS_MAX], *out = NULL;
	struct bgpctl_request req = {0};
	int argc = 0;

	while ((word = strsep(&rest, " ")) != NULL)
		if (word[0] != '\0') {
			ck_assert_int_lt(argc, WORDS_MAX);
			argv[argc++] = word;
		}
	bool ok = bgpctl_parse(argc, argv, &req, why);
	ck_assert_ptr_nonnull(req.args);
	if (ok) {
		char *args = json_dumps(req.args, JSON_SORT_KEYS | JSON_COMPACT);
		out = xasprintf("%s %s", req.command, args);
		free(args);
	}
	json_decref(req.args);
	free(copy);
	return out;
}

static void
check_means(const char *line, const char *want)
{
	struct str why = {0};
	char *got = parse(line, &why);

	ck_assert_msg(got != NULL, "\"%s\": %s", line, str_get(&why));
	ck_assert_msg(strcmp(got, want) == 0, "\"%s\" means %s, not %s", line, got, want);
	free(got);
	str_free(&why);
}

/* Refused, with all these words in the text. */
static void
check_refused(const char *line, const char *word, const char *other)
{
	struct str why = {0};
	char *got = parse(line, &why);

	ck_assert_msg(got == NULL, "\"%s\" means %s", line, got);
	ck_assert_msg(strstr(str_get(&why), word) != NULL && strstr(str_get(&why), other) != NULL, "\"%s\": %s", line,
		      str_get(&why));
	str_free(&why);
}

static const struct {
	const char *line, *want;
} whole[] = {
    {"show", "show summary {}"},
    {"show summary", "show summary {}"},
    {"show neighbor", "show neighbor {}"},
    {"show neighbor 10.0.0.2", "show neighbor {\"neighbor\":\"10.0.0.2\"}"},
    {"show neighbor Mesh_10_0_0_2", "show neighbor {\"neighbor\":\"Mesh_10_0_0_2\"}"},
    {"show rib", "show rib {}"},
    {"show rib 10.0.0.1", "show rib {\"prefix\":\"10.0.0.1\"}"},
    {"show rib 10.0.0.0/8 longer", "show rib {\"longer\":true,\"prefix\":\"10.0.0.0/8\"}"},
    {"show rib 2001:db8::/32", "show rib {\"prefix\":\"2001:db8::/32\"}"},
    {"show rib in 10.0.0.2", "show rib in {\"neighbor\":\"10.0.0.2\"}"},
    {"show rib in rack12 10.0.0.0/8", "show rib in {\"neighbor\":\"rack12\",\"prefix\":\"10.0.0.0/8\"}"},
    {"show rib out 10.0.0.2 limit 5", "show rib out {\"limit\":5,\"neighbor\":\"10.0.0.2\"}"},
    {"show rib why 10.0.0.0/8", "show rib why {\"prefix\":\"10.0.0.0/8\"}"},
    {"show fib", "show fib {}"},
    {"show nexthop", "show nexthop {}"},
    {"show rib table 100", "show rib {\"table\":100}"},
    {"show rib 10.0.0.0/8 best table 4294967295", "show rib {\"best\":true,\"prefix\":\"10.0.0.0/8\",\"table\":4294967295}"},
    {"show rib why 10.0.0.0/8 table 100", "show rib why {\"prefix\":\"10.0.0.0/8\",\"table\":100}"},
    {"show rib rejected t 7", "show rib rejected {\"table\":7}"},
    {"show fib table 100", "show fib {\"table\":100}"},
    {"show fib vrf red", "show fib {\"vrf\":\"red\"}"},
    {"show rib why 10.0.0.0/8 vrf red", "show rib why {\"prefix\":\"10.0.0.0/8\",\"vrf\":\"red\"}"},
    {"show interfaces vrf red", "show interfaces {\"vrf\":\"red\"}"},
    {"show nexthop table 100", "show nexthop {\"table\":100}"},
    {"show checks", "show checks {}"},
    {"show interfaces", "show interfaces {}"},
    {"show policy", "show policy {}"},
    {"show policy to-tor", "show policy {\"name\":\"to-tor\"}"},
    {"show memory", "show memory {}"},
    {"config show", "config show {}"},
    {"config diff", "config diff {}"},
    {"config check /nowhere/bgpd.yaml", "config check {\"file\":\"/nowhere/bgpd.yaml\"}"},
    {"config diff /nowhere/bgpd.yaml", "config diff {\"file\":\"/nowhere/bgpd.yaml\"}"},
    {"reload", "reload {}"},
    {"reload --confirm 60", "reload {\"confirm\":60}"},
    {"confirm", "confirm {}"},
    {"rollback", "rollback {}"},
    {"neighbor 10.0.0.2 up", "neighbor up {\"neighbor\":\"10.0.0.2\"}"},
    {"neighbor 10.0.0.2 down", "neighbor down {\"neighbor\":\"10.0.0.2\"}"},
    {"neighbor 10.0.0.2 down maintenance", "neighbor down {\"neighbor\":\"10.0.0.2\",\"reason\":\"maintenance\"}"},
    {"neighbor 10.0.0.2 clear", "neighbor clear {\"neighbor\":\"10.0.0.2\"}"},
    {"neighbor 10.0.0.2 refresh", "neighbor refresh {\"neighbor\":\"10.0.0.2\"}"},
    {"neighbor 10.0.0.2 refresh in", "neighbor refresh {\"direction\":\"in\",\"neighbor\":\"10.0.0.2\"}"},
    {"neighbor 10.0.0.2 refresh out", "neighbor refresh {\"direction\":\"out\",\"neighbor\":\"10.0.0.2\"}"},
    {"network add 192.0.2.0/24", "network add {\"prefix\":\"192.0.2.0/24\"}"},
    {"network delete 192.0.2.0/24", "network delete {\"prefix\":\"192.0.2.0/24\"}"},
    {"log level debug", "log level {\"level\":\"debug\"}"},
};

START_TEST(test_commands)
{
	for (size_t i = 0; i < ARRAY_LEN(whole); i++)
		check_means(whole[i].line, whole[i].want);
}
END_TEST

START_TEST(test_filters)
{
	check_means("show rib best", "show rib {\"best\":true}");
	check_means("show rib community 65000:*", "show rib {\"community\":\"65000:*\"}");
	check_means("show rib as-path ^65001", "show rib {\"as_path\":\"^65001\"}");
	check_means("show rib from 10.0.0.2", "show rib {\"from\":\"10.0.0.2\"}");
	check_means("show rib origin-as 4294967295", "show rib {\"origin_as\":4294967295}");
	check_means("show rib invalid", "show rib {\"invalid\":true}");
	check_means("show rib best rejected", "show rib {\"best\":true,\"rejected\":true}");
	check_means("show rib rejected", "show rib rejected {}");
	check_means("sh rib rej 10.0.0.0/8 longer limit 5", "show rib rejected {\"limit\":5,\"longer\":true,\"prefix\":\"10.0.0.0/8\"}");
	check_means("show rib limit 0", "show rib {\"limit\":0}");
	check_means("show rib 10.0.0.0/8 longer best limit 3 from x",
		    "show rib {\"best\":true,\"from\":\"x\",\"limit\":3,\"longer\":true,\"prefix\":\"10.0.0.0/8\"}");
	check_refused("show rib origin-as", "origin-as", "value");
	check_refused("show rib origin-as many", "origin-as", "many");
	check_refused("show rib limit -1", "limit", "-1");
	check_refused("show rib origin-as 4294967296", "origin-as", "4294967296");
	check_refused("show rib nonsense", "nonsense", "");
	check_refused("show fib best", "best", "");
}
END_TEST

/* A keyword may be shortened while it is unique among those that could stand there. */
START_TEST(test_short)
{
	check_means("s", "show summary {}");
	check_means("sh s", "show summary {}");
	check_means("sh r", "show rib {}");
	check_means("sh f", "show fib {}");
	check_means("sh i", "show interfaces {}");
	check_means("sh mem", "show memory {}");
	check_refused("sh m", "memory", "metrics");
	check_means("sh r i 10.0.0.2", "show rib in {\"neighbor\":\"10.0.0.2\"}");
	check_means("sh r o 10.0.0.2", "show rib out {\"neighbor\":\"10.0.0.2\"}");
	check_means("rel", "reload {}");
	check_refused("r", "reload", "rollback");
	check_means("l l info", "log level {\"level\":\"info\"}");
	check_means("nei 10.0.0.2 cl", "neighbor clear {\"neighbor\":\"10.0.0.2\"}");
	check_means("net a 192.0.2.0/24", "network add {\"prefix\":\"192.0.2.0/24\"}");
	check_means("sh r b", "show rib {\"best\":true}");
	check_means("sh r orig 7", "show rib {\"origin_as\":7}");
	/* An argument is never taken for a keyword: this neighbour's name is "up". */
	check_means("neighbor up down", "neighbor down {\"neighbor\":\"up\"}");
	/* Both are what could stand there. */
	check_refused("sh n", "neighbor", "nexthop");
	check_refused("ne 10.0.0.2 up", "neighbor", "network");
	check_refused("show rib l", "longer", "limit");
	check_means("show rib lo", "show rib {\"longer\":true}");
	check_means("show rib li 1", "show rib {\"limit\":1}");
	/* Longer than the keyword. */
	check_refused("shows", "shows", "");
	check_refused("show ribs", "ribs", "");
}
END_TEST

START_TEST(test_incomplete)
{
	check_refused("", "not complete", "");
	check_refused("show rib in", "not complete", "");
	check_refused("show rib why", "not complete", "");
	check_refused("neighbor", "not complete", "");
	check_refused("neighbor 10.0.0.2", "not complete", "expected up, down, clear, refresh, drain, debug");
	check_refused("network", "not complete", "");
	check_refused("network add", "not complete", "");
	check_refused("log level", "not complete", "expected error, warn, info, debug");
	check_refused("config", "not complete", "");
	check_refused("reload now", "now", "");
	check_refused("reload --confirm", "not complete", "");
	check_refused("reload --confirm soon", "confirm", "seconds");
	check_refused("reload --confirm 0", "confirm", "seconds");
	check_refused("show summary please", "please", "too much");
	check_refused("show please", "please", "expected summary, neighbor, rib, ");
	check_refused("show rib please", "please", "expected best, longer, ");
	check_refused("please", "please", "expected show, config, reload, ");
	check_refused("neighbor 10.0.0.2 sideways", "sideways", "expected up, down, ");
	check_refused("neighbor 10.0.0.2 up now", "now", "");
}
END_TEST

/* Every command of the grammar is printed for people. */
START_TEST(test_print)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	bgpctl_grammar_print(f);
	fclose(f);
	static const char *const lines[] = {"show [summary]", "show neighbor [ADDR]", "show rib why PREFIX",
					    "neighbor ADDR down [REASON]", "network add PREFIX", "log level", "FILTER"};
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		ck_assert_msg(strstr(text, lines[i]) != NULL, "%s is not in\n%s", lines[i], text);
	free(text);
}
END_TEST

SUITE("bgpctl_grammar", test_commands, test_filters, test_short, test_incomplete, test_print)
