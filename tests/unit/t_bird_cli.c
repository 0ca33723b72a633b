/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of bgpd/bird_cli: command lines as calico-node and people have them for BIRD. */
#include "bgpd/bird_cli.h"

#include <getopt.h>
#include <string.h>
#include <sysexits.h>

#include "tests/unit/bgpdtest.h"
#include "tests/unit/suite.h"

#define WORDS_MAX 16

static struct cli c;
static char words[512]; /* what the options point into */

static void
parse(const char *line)
{
	char *rest = words, *argv[WORDS_MAX + 1] = {0};
	int argc = 0;

	ck_assert_uint_lt(strlcpy(words, line, sizeof words), sizeof words);
	while (argc < WORDS_MAX && (argv[argc] = strsep(&rest, " ")) != NULL)
		argc++;
	c = (struct cli){.daemon = {.conf_path = "/default", .kernel = true}, .exit_status = -1};
	optind = 0; /* getopt begins anew */
	bird_cli_parse(argc, argv, &c);
}

static void
check_status(const char *line, int want)
{
	parse(line);
	ck_assert_int_eq(c.exit_status, want);
}

START_TEST(test_name)
{
	ck_assert(bird_cli_wanted("bird"));
	ck_assert(bird_cli_wanted("/bin/bird"));
	ck_assert(!bird_cli_wanted("bgpd"));
	ck_assert(!bird_cli_wanted("/bin/bird/bgpd"));
	ck_assert(!bird_cli_wanted("bird6"));
	ck_assert(!bird_cli_wanted(""));
}
END_TEST

/* The run script of calico-node, and the check of its confd. */
START_TEST(test_calico)
{
	parse("bird -R -s /var/run/calico/bird.ctl -d -c /etc/calico/confd/config/bird.cfg");

	ck_assert_int_eq(c.exit_status, -1);
	ck_assert_str_eq(c.daemon.conf_path, "/etc/calico/confd/config/bird.cfg");
	ck_assert_str_eq(c.daemon.bird_ipv4, "/var/run/calico/bird.ctl");
	ck_assert_str_eq(c.daemon.bird_ipv6, "/var/run/calico/bird6.ctl");
	ck_assert_str_eq(c.daemon.socket, "/var/run/calico/bgpd.sock");
	ck_assert(!c.daemon.afresh);
	ck_assert(!c.check);
	ck_assert(c.daemon.kernel);
	parse("bird -p -c x.cfg");
	ck_assert_int_eq(c.exit_status, -1);
	ck_assert(c.check);
	ck_assert_str_eq(c.daemon.conf_path, "x.cfg");
	ck_assert_ptr_null(c.daemon.bird_ipv4);
	ck_assert_ptr_null(c.daemon.socket);
}
END_TEST

START_TEST(test_options)
{
	parse("bird -l -P /run/bird.pid");

	ck_assert_str_eq(c.daemon.conf_path, "bird.conf");
	ck_assert_str_eq(c.daemon.bird_ipv4, "bird.ctl");
	ck_assert_str_eq(c.daemon.bird_ipv6, "bird6.ctl");
	ck_assert_str_eq(c.daemon.socket, "bgpd.sock");
	ck_assert_str_eq(c.daemon.pidfile, "/run/bird.pid");
	ck_assert(c.daemon.afresh);
	parse("bird -s /run/v1.2/ctl");
	ck_assert_str_eq(c.daemon.bird_ipv6, "/run/v1.2/ctl6");
	ck_assert_str_eq(c.daemon.conf_path, "/default");
	check_status("bird --version", 0);
	check_status("bird -h", 0);
	check_status("bird -u nobody", EX_USAGE);
	check_status("bird -x", EX_USAGE);
	check_status("bird file", EX_USAGE);
	check_status("bird -D /tmp/log", -1);
	char longest[160] = "bird -s /";
	memset(longest + strlen(longest), 'x', 120);
	check_status(longest, EX_USAGE);
}
END_TEST

/* The sockets are those of the command line after a reload, too, which reads the file anew. */
START_TEST(test_apply)
{
	static struct bgpdtest t;

	parse("bird -s /nowhere/bird.ctl");

	bgpdtest_start(&t, "", "neighbors: []\n");
	ck_assert_ptr_null(t.d.conf->bird_sockets.ipv4);
	t.options.bird_ipv4 = c.daemon.bird_ipv4;
	t.options.bird_ipv6 = c.daemon.bird_ipv6;
	bgpdtest_write(&t, "", "neighbors: []\nbird-sockets: {ipv4: /other/a, ipv6: /other/b}\n");
	struct conf *before = t.d.conf;
	reload_file(t.d.reload, 0, NULL, NULL);
	UNTIL(t.d.loop, t.d.conf != before);
	ck_assert_str_eq(t.d.conf->bird_sockets.ipv4, "/nowhere/bird.ctl");
	ck_assert_str_eq(t.d.conf->bird_sockets.ipv6, "/nowhere/bird6.ctl");
	bird_cli_apply(&t.options, NULL);
	bgpdtest_stop(&t);
}
END_TEST

SUITE("bird_cli", test_name, test_calico, test_options, test_apply)
