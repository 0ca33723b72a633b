/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of tools/birdcl_reply: lines as BIRD sends them, and what its own client makes of them. */
#include <stdlib.h>
#include <string.h>

#include "suite.h"
#include "tools/birdcl.h"

static void
check(const char *line, bool verbose, const char *want, bool last)
{
	char *got = NULL;
	size_t len;
	FILE *f = open_memstream(&got, &len);

	ck_assert_int_eq(birdcl_print(f, line, verbose), last);
	fclose(f);
	ck_assert_str_eq(got, want);
	free(got);
}

START_TEST(test_plain)
{
	check("0001 BIRD v0.3.3+birdv1.6.8 ready.", false, "BIRD v0.3.3+birdv1.6.8 ready.\n", true);
	check("1011-Router ID is 10.0.0.1", false, "Router ID is 10.0.0.1\n", false);
	check(" Last reboot on 2026-08-22", false, "Last reboot on 2026-08-22\n", false);
	check(" ", false, "\n", false);
	check("0013 Daemon is up and running", false, "Daemon is up and running\n", true);
	check("8003 No protocols match", false, "No protocols match\n", true);
	check("0000 ", false, "", true);
	check("0000-", false, "\n", false);
	check("+lost a route", false, ">>> lost a route\n", false);
}
END_TEST

START_TEST(test_verbose)
{
	check("1011-Router ID is 10.0.0.1", true, "1011-Router ID is 10.0.0.1\n", false);
	check(" Last reboot on 2026-08-22", true, "     Last reboot on 2026-08-22\n", false);
	check("0000 ", true, "", true);
}
END_TEST

/* What is not of the protocol is shown as such, ends nothing, and does nothing to a terminal. */
START_TEST(test_hostile)
{
	check("", false, "??? \n", false);
	check("00", false, "??? 00\n", false);
	check("0000", false, "??? 0000\n", false);
	check("0000x", false, "??? 0000x\n", false);
	check("00a0 x", false, "??? 00a0 x\n", false);
	check("HTTP/1.1 200 OK", false, "??? HTTP/1.1 200 OK\n", false);
	check(" a\tb\033[2J\b\177c", false, "a\tb?[2J??c\n", false);
	check("1000-\033c", true, "1000-?c\n", false);
	check(" \xc3\xa4", false, "\xc3\xa4\n", false);
}
END_TEST

SUITE("birdcl_reply", test_plain, test_verbose, test_hostile)
