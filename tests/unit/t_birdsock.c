/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of bgpd/birdsock and bird_command: how replies are framed, how lines are cut, and the life of the
 * sockets. */
#include "bgpd/birdsock.h"

#include <sys/stat.h>

#include "bgpd/bird_command.h"
#include "bgpd/bird_reply.h"
#include "bgpd/bird_time.h"
#include "bgpd/own.h"
#include "tests/unit/birdtest.h"
#include "tests/unit/suite.h"

static struct birdtest b;

/* A code is said once in a row, the last line always has its own, and nothing of a text can be read as
 * another line. */
START_TEST(test_frame)
{
	struct str out = {0};
	int before = -1;

	bird_frame(&out, &before, BIRD_PROTOCOL_HEADING, false, "name");
	bird_frame(&out, &before, BIRD_PROTOCOL, false, "a");
	bird_frame(&out, &before, BIRD_PROTOCOL, false, "b\tc");
	bird_frame(&out, &before, BIRD_PROTOCOL_DETAILS, false, "d");
	bird_frame(&out, &before, BIRD_PROTOCOL_DETAILS, false, "");
	bird_frame(&out, &before, BIRD_PROTOCOL, false, "x\n0000 \r\x7f\x1b");
	bird_frame(&out, &before, BIRD_OK, true, "");
	ck_assert_str_eq(str_get(&out), "2002-name\n1002-a\n b\tc\n1006-d\n \n1002-x?0000 ???\n0000 \n");
	str_reset(&out);
	before = -1;
	bird_frame(&out, &before, BIRD_STATUS, false, "a");
	bird_frame(&out, &before, BIRD_STATUS, true, "b");
	ck_assert_str_eq(str_get(&out), "0013-a\n0013 b\n");
	str_free(&out);
}
END_TEST

START_TEST(test_words)
{
	char good[] = "  show\tprotocols \"a b\" all\r", open_quote[] = "show \"x", glued[] = "show x\"y\"",
	     none[] = " \r";
	char many[] = "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17";
	struct bird_words w;

	ck_assert(bird_words_split(good, &w));
	ck_assert_uint_eq(w.n, 4);
	ck_assert_str_eq(w.v[2], "a b");
	ck_assert(w.quoted[2] && !w.quoted[3]);
	ck_assert(bird_word_is(&w, 3, "all") && !bird_word_is(&w, 2, "a b") && !bird_word_is(&w, 4, "all"));
	ck_assert(!bird_words_split(open_quote, &w));
	ck_assert(!bird_words_split(glued, &w));
	ck_assert(bird_words_split(none, &w));
	ck_assert_uint_eq(w.n, 0);
	ck_assert(!bird_words_split(many, &w));
}
END_TEST

START_TEST(test_times)
{
	char buf[BIRD_TIME_STRLEN], day[BIRD_TIME_STRLEN];

	ck_assert_uint_eq(strlen(bird_time_full(0, buf)), 19);
	ck_assert_uint_eq(strlen(bird_time_short(72000 - 1, buf)), 8);
	ck_assert_ptr_nonnull(strchr(buf, ':'));
	/* From twenty hours on it is the date, which is how the full one begins. */
	bird_time_full(400000, day);
	ck_assert_uint_eq(strlen(bird_time_short(400000, buf)), 10);
	ck_assert_int_eq(strncmp(day, buf, 10), 0);
	ck_assert_uint_eq(strlen(bird_time_short(72000, buf)), 10);
}
END_TEST

START_TEST(test_status)
{
	birdtest_start(&b, "");
	const char *reply = birdtest_ask(&b, "show status");
	ck_assert_msg(strncmp(reply, "1000-BIRD v", 11) == 0, "%s", reply);
	ck_assert(birdtest_has(reply, "1011-Router ID is 10.0.0.1"));
	ck_assert_ptr_nonnull(strstr(reply, "\n Current server time is "));
	ck_assert_ptr_nonnull(strstr(reply, "\n Last reboot on "));
	ck_assert_ptr_nonnull(strstr(reply, "\n Last reconfiguration on "));
	ck_assert(birdtest_has(reply, "0013 Daemon is up and running"));
	ck_assert_ptr_null(strstr(reply, "0024"));
	birdtest_stop(&b);
}
END_TEST

START_TEST(test_refusals)
{
	static const char *const wrong[] = {"",
					    "show",
					    "nonsense",
					    "show status now",
					    "show nothing",
					    "\"show\" status",
					    "show protocols all a b",
					    "show protocols \"x",
					    "sh status",
					    "status"};

	birdtest_start(&b, "");
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		const char *reply = birdtest_ask(&b, wrong[i]);
		ck_assert_msg(strncmp(reply, "9001 ", 5) == 0, "%s: %s", wrong[i], reply);
	}
	ck_assert_str_eq(birdtest_ask(&b, "show protocols nobody"), "8003 No protocols match\n");
	/* An octet of 0 ends no command early. */
	ctltest_write(&b.raw, "show status\0all\n", 16);
	ck_assert_int_eq(strncmp(birdtest_reply(&b), "9001 ", 5), 0);
	/* Two commands at once, octet by octet. */
	static const char both[] = "show status\r\nshow protocols static1\n";
	for (size_t i = 0; i < sizeof(both) - 1; i++) {
		ctltest_write(&b.raw, both + i, 1);
		looptest_turn(b.t.d.loop);
	}
	ck_assert_int_eq(strncmp(birdtest_reply(&b), "1000-", 5), 0);
	ck_assert_int_eq(strncmp(birdtest_reply(&b), "2002-", 5), 0);
	birdtest_stop(&b);
}
END_TEST

START_TEST(test_too_long)
{
	static char junk[BIRDSOCK_REQUEST_MAX];

	birdtest_start(&b, "");
	memset(junk, 'x', sizeof(junk));
	ctltest_write(&b.raw, junk, sizeof(junk));
	ck_assert_str_eq(birdtest_reply(&b), "9000 Command too long\n");
	ck_assert_ptr_null(birdtest_line(&b));
	birdtest_stop(&b);
}
END_TEST

/* A reload moves a socket, takes it away and brings it back; clients of one that has moved stay. */
START_TEST(test_sockets)
{
	char other[110], conf[256];
	struct stat st;

	birdtest_start(&b, "");
	ck_assert_int_eq(stat(b.ipv4, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0660);
	snprintf(other, sizeof(other), "%s.moved", b.ipv4);
	snprintf(conf, sizeof(conf), "bird-sockets: {ipv4: %s}\n", other);
	bgpdtest_reload(&b.t, "", conf);
	ck_assert_int_lt(access(b.ipv4, F_OK), 0);
	ck_assert_int_lt(access(b.ipv6, F_OK), 0);
	ck_assert_int_eq(access(other, F_OK), 0);
	ck_assert_int_eq(strncmp(birdtest_ask(&b, "show status"), "1000-", 5), 0);
	bgpdtest_reload(&b.t, "", "");
	ck_assert_int_lt(access(other, F_OK), 0);
	ck_assert_ptr_null(birdtest_line(&b));
	ctltest_close(&b.raw);
	/* A file that nobody listens at any more is replaced; one that somebody does is left alone. */
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	strlcpy(sun.sun_path, b.ipv4, sizeof(sun.sun_path));
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	bgpdtest_reload(&b.t, "", birdtest_conf(&b, ""));
	ck_assert_int_eq(access(b.ipv6, F_OK), 0);
	close(fd);
	bgpdtest_reload(&b.t, "", birdtest_conf(&b, ""));
	birdtest_connect(&b, b.ipv4);
	birdtest_greeted(&b);
	birdtest_stop(&b);
}
END_TEST

/* Sockets change places, and one takes the place of another that goes. */
START_TEST(test_sockets_swap)
{
	static const char six[] =
	    "neighbors: [{address: \"::1\", name: six, remote-as: 65003, passive: true}]\n";
	char conf[512];

	birdtest_start(&b, six);
	snprintf(conf, sizeof(conf), "bird-sockets: {ipv4: %s, ipv6: %s}\n%s", b.ipv6, b.ipv4, six);
	bgpdtest_reload(&b.t, "", conf);
	/* Who is connected stays with what he was connected to. */
	ck_assert_ptr_null(strstr(birdtest_ask(&b, "show symbols"), "six"));
	ctltest_close(&b.raw);
	birdtest_connect(&b, b.ipv4);
	birdtest_greeted(&b);
	ck_assert_ptr_nonnull(strstr(birdtest_ask(&b, "show symbols"), "six"));
	ctltest_close(&b.raw);
	snprintf(conf, sizeof(conf), "bird-sockets: {ipv4: %s}\n", b.ipv4);
	bgpdtest_reload(&b.t, "", conf);
	birdtest_connect(&b, b.ipv4);
	birdtest_greeted(&b);
	birdtest_stop(&b);
}
END_TEST

/* What stands where the socket is to be, and is none, is somebody's. */
START_TEST(test_no_socket_there)
{
	struct stat st;

	birdtest_start(&b, "");
	ctltest_close(&b.raw);
	bgpdtest_reload(&b.t, "", "");
	FILE *f = fopen(b.ipv4, "w");
	ck_assert(f != NULL && fputs("precious\n", f) >= 0 && fclose(f) == 0);
	bgpdtest_reload(&b.t, "", birdtest_conf(&b, ""));
	ck_assert_int_eq(stat(b.ipv4, &st), 0);
	ck_assert(S_ISREG(st.st_mode) && st.st_size == 9);
	unlink(b.ipv4);
	birdtest_connect(&b, b.ipv6);
	birdtest_greeted(&b);
	birdtest_stop(&b);
}
END_TEST

SUITE("birdsock", test_frame, test_words, test_times, test_status, test_refusals, test_too_long, test_sockets,
      test_sockets_swap, test_no_socket_there)
