/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of bgpd/ctl and ctl_command: the protocol of the control socket, line by line, as bgpctl(8) has it. */
#include "bgpd/ctl.h"

#include <sys/stat.h>

#include "bgpd/own.h"
#include "lib/mem_libs.h"
#include "tests/unit/ctltest.h"
#include "tests/unit/suite.h"
#include "tests/unit/tryfail.h"

static const char two_peers[] = "neighbors:\n"
				"  - {address: 127.0.0.2, name: a, remote-as: 65002, passive: true}\n"
				"  - {address: 127.0.0.2, name: b, remote-as: 65002, passive: true, port: 1179}\n"
				"  - {address: 127.0.0.3, name: c, remote-as: 65003, passive: true, shutdown: true}\n";

static struct bgpdtest t;
static struct ctltest c;

static void
begin(const char *conf)
{
	bgpdtest_start(&t, "", conf);
	ctltest_open(&c, &t);
}

static void
end(void)
{
	ctltest_close(&c);
	bgpdtest_stop(&t);
}

START_TEST(test_protocol)
{
	begin(two_peers);
	ctltest_send(&c, "show summary", "");
	json_t *head = ctltest_line(&c);
	ck_assert_int_eq(json_integer_value(json_object_get(head, "protocol")), CTL_PROTOCOL);
	ck_assert(json_is_true(json_object_get(head, "ok")));
	ck_assert_str_eq(json_string_value(json_object_get(head, "rows")), "neighbors");
	ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(json_object_get(head, "head"), "router"), "as")),
			 BGPDTEST_AS);
	json_decref(head);
	json_t *rows = ctltest_rows(&c);
	ck_assert_uint_eq(json_array_size(rows), 3);
	json_decref(rows);
	/* Several requests at once, without args, octet by octet: one after the other. */
	static const char both[] = "{\"command\":\"show fib\"}\n{\"command\":\"commands\"}\n";
	for (size_t i = 0; i < sizeof(both) - 1; i++) {
		ctltest_write(&c, both + i, 1);
		looptest_turn(t.d.loop);
	}
	head = ctltest_line(&c);
	ck_assert_str_eq(json_string_value(json_object_get(head, "rows")), "fib");
	json_decref(head);
	json_decref(ctltest_rows(&c));
	head = ctltest_line(&c);
	ck_assert(json_is_array(json_object_get(json_object_get(head, "head"), "commands")));
	json_decref(head);
	json_decref(ctltest_rows(&c));
	end();
}
END_TEST

START_TEST(test_refusals)
{
	static const char *const lines[] = {"nonsense\n", "[]\n", "{}\n", "\n", "{\"command\":7}\n",
					    "{\"command\":\"show rib\",\"args\":[]}\n",
					    "{\"command\":\"show rib\",\"command\":\"show fib\"}\n", "{\"command\":\"\xff\"}\n"};

	begin(two_peers);
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		ctltest_write(&c, lines[i], strlen(lines[i]));
		json_t *head = ctltest_line(&c);
		ck_assert_msg(json_is_false(json_object_get(head, "ok")), "%s", lines[i]);
		ck_assert_str_eq(json_string_value(json_object_get(head, "code")), "request");
		json_decref(head);
		json_decref(ctltest_rows(&c));
	}
	ctltest_refused(&c, "show nothing", "", "request");
	ctltest_refused(&c, "show rib", "\"wrong\":true", "request");
	ctltest_refused(&c, "show rib", "\"limit\":\"5\"", "request");
	ctltest_refused(&c, "show rib", "\"limit\":4294967296", "request");
	ctltest_refused(&c, "show rib", "\"best\":1", "request");
	ctltest_refused(&c, "show rib", "\"prefix\":\"10.0.0.1/8\"", "request");
	ctltest_refused(&c, "show rib", "\"prefix\":\"ten\"", "request");
	ctltest_refused(&c, "show rib", "\"as_path\":\"[7\"", "request");
	ctltest_refused(&c, "show rib in", "", "request");
	ctltest_refused(&c, "show rib", "\"from\":\"nobody\"", "not-found");
	ctltest_refused(&c, "neighbor up", "\"neighbor\":\"10.9.9.9\"", "not-found");
	ctltest_refused(&c, "neighbor up", "\"neighbor\":\"127.0.0.2\"", "ambiguous");
	ctltest_refused(&c, "neighbor up", "\"neighbor\":\"c\"", "state");
	ctltest_refused(&c, "neighbor clear", "\"neighbor\":\"c\"", "state");
	ctltest_refused(&c, "network delete", "\"prefix\":\"192.0.2.0/24\"", "not-found");
	ctltest_refused(&c, "log level", "\"level\":\"loud\"", "request");
	/* Nothing of that has hurt. */
	json_t *rows = ctltest_ask(&c, "show rib", "");
	ck_assert_uint_eq(json_array_size(rows), 0);
	json_decref(rows);
	end();
}
END_TEST

START_TEST(test_actions)
{
	begin(two_peers);
	struct peer *a = bgpdtest_peer(&t, "a");
	json_decref(ctltest_ask(&c, "neighbor down", "\"neighbor\":\"a\",\"reason\":\"why not\""));
	ck_assert(a->admin_down);
	ck_assert_int_eq(peer_state(a), FSM_IDLE);
	json_decref(ctltest_ask(&c, "neighbor up", "\"neighbor\":\"a\""));
	ck_assert_int_eq(peer_state(a), FSM_ACTIVE);
	json_decref(ctltest_ask(&c, "network add", "\"prefix\":\"192.0.2.0/24\""));
	bgpdtest_settle(&t);
	ck_assert_ptr_nonnull(bgpdtest_best(&t, "192.0.2.0/24"));
	json_decref(ctltest_ask(&c, "network delete", "\"prefix\":\"192.0.2.0/24\""));
	bgpdtest_settle(&t);
	ck_assert_ptr_null(bgpdtest_best(&t, "192.0.2.0/24"));
	bgpdtest_write(&t, "", "networks: [{prefix: 198.51.100.0/24}]\n");
	json_decref(ctltest_ask(&c, "reload", ""));
	UNTIL(t.d.loop, TAILQ_EMPTY(&t.d.peers));
	bgpdtest_settle(&t);
	ck_assert_ptr_nonnull(bgpdtest_best(&t, "198.51.100.0/24"));
	bgpdtest_write(&t, "", "networks: 5\n");
	ctltest_refused(&c, "reload", "", "invalid");
	ck_assert_ptr_nonnull(bgpdtest_best(&t, "198.51.100.0/24"));
	end();
}
END_TEST

/* A request without end is refused when it is too long, and the connection ends. */
START_TEST(test_too_long)
{
	static char junk[CTL_REQUEST_MAX];

	begin("");
	memset(junk, 'x', sizeof(junk));
	ctltest_write(&c, junk, sizeof(junk));
	json_t *head = ctltest_line(&c);
	ck_assert_str_eq(json_string_value(json_object_get(head, "code")), "request");
	json_decref(head);
	json_decref(ctltest_rows(&c));
	ck_assert_ptr_null(ctltest_line(&c));
	ctltest_close(&c);
	/* The longest that is allowed: with its end CTL_REQUEST_MAX octets. */
	ctltest_open(&c, &t);
	memset(junk, ' ', sizeof(junk));
	memcpy(junk, "{\"command\":\"show fib\"}", 22);
	junk[sizeof(junk) - 1] = '\n';
	ctltest_write(&c, junk, sizeof(junk));
	head = ctltest_line(&c);
	ck_assert(json_is_true(json_object_get(head, "ok")));
	json_decref(head);
	json_decref(ctltest_rows(&c));
	end();
}
END_TEST

/* It has closed its sending half: it gets its answers, then the end. */
START_TEST(test_half_close)
{
	begin(two_peers);
	ctltest_send(&c, "show neighbor", "");
	ctltest_send(&c, "show fib", "");
	shutdown(c.fd, SHUT_WR);
	for (int i = 0; i < 2; i++) {
		json_t *head = ctltest_line(&c);
		ck_assert_ptr_nonnull(head);
		json_decref(head);
		json_decref(ctltest_rows(&c));
	}
	ck_assert_ptr_null(ctltest_line(&c));
	end();
}
END_TEST

START_TEST(test_busy)
{
	static struct ctltest more[CTL_CLIENTS_MAX];

	begin("");
	/* With c it is one too many. */
	for (size_t i = 0; i < CTL_CLIENTS_MAX; i++) {
		ctltest_open(&more[i], &t);
		looptest_turn(t.d.loop);
	}
	json_t *head = ctltest_line(&more[CTL_CLIENTS_MAX - 1]);
	ck_assert(json_is_false(json_object_get(head, "ok")));
	ck_assert_str_eq(json_string_value(json_object_get(head, "code")), "busy");
	json_decref(head);
	json_decref(ctltest_rows(&more[CTL_CLIENTS_MAX - 1]));
	ck_assert_ptr_null(ctltest_line(&more[CTL_CLIENTS_MAX - 1]));
	/* One goes, one may come. */
	ctltest_close(&more[0]);
	ctltest_close(&more[CTL_CLIENTS_MAX - 1]);
	looptest_turns_ms(t.d.loop, 50);
	ctltest_open(&more[0], &t);
	json_decref(ctltest_ask(&more[0], "show fib", ""));
	json_decref(ctltest_ask(&c, "show fib", ""));
	for (size_t i = 0; i < CTL_CLIENTS_MAX - 1; i++)
		ctltest_close(&more[i]);
	end();
}
END_TEST

/* A client that stops reading costs one buffer, and the answer is whole when it reads on. */
START_TEST(test_slow_reader)
{
	static struct ctltest other;
	enum { N = 6000 };

	begin("");
	for (uint32_t i = 0; i < N; i++) {
		struct ip_addr a = ip_addr_v4(0x0a000000 + i * 256);
		struct ip_prefix p = ip_prefix_from_addr(&a, 24);
		own_network_add(&t.d, &p);
	}
	bgpdtest_settle(&t);
	ctltest_send(&c, "show rib", "");
	looptest_turns_ms(t.d.loop, 300);
	/* The answer waits, and nothing runs for it: N rows of some 500 octets are far more than one buffer. */
	ck_assert(TAILQ_EMPTY(&t.d.loop->jobs));
	/* Others are served. */
	ctltest_open(&other, &t);
	json_decref(ctltest_ask(&other, "show summary", ""));
	/* One that goes away in the middle takes nothing along. */
	ctltest_send(&other, "show rib", "");
	looptest_turns_ms(t.d.loop, 50);
	ctltest_close(&other);
	looptest_turns_ms(t.d.loop, 50);
	json_decref(ctltest_line(&c));
	json_t *rows = ctltest_rows(&c);
	ck_assert_uint_eq(json_array_size(rows), N);
	json_decref(rows);
	end();
}
END_TEST

/* Mode and path of the socket; a daemon that died leaves a file behind, a living one keeps its own. */
START_TEST(test_socket)
{
	struct stat st;

	begin("control: {mode: \"0600\"}\n");
	ck_assert_int_eq(stat(t.socket, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	ck_assert_ptr_null(ctl_new(&t.d));
	json_decref(ctltest_ask(&c, "show fib", ""));
	bgpdtest_write(&t, "", "control: {mode: \"0666\"}\n");
	json_decref(ctltest_ask(&c, "reload", ""));
	ck_assert_int_eq(stat(t.socket, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0666);
	ctl_free(t.d.ctl);
	t.d.ctl = NULL;
	ck_assert_int_lt(stat(t.socket, &st), 0);
	/* A file that nobody listens at. */
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	strlcpy(sun.sun_path, t.socket, sizeof(sun.sun_path));
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	close(fd);
	t.d.ctl = ctl_new(&t.d);
	ck_assert_ptr_nonnull(t.d.ctl);
	ctltest_close(&c);
	ctltest_open(&c, &t);
	json_decref(ctltest_ask(&c, "show fib", ""));
	end();
}
END_TEST

/*
 * Whatever there is no memory for of its request or its answer, it is cut off: nothing that it got looks whole.
 * Others are served.
 */
START_TEST(test_starved)
{
	static struct ctltest other;
	unsigned cut = 0;

	mem_libs_init();
	begin("");
	ctltest_open(&other, &t);
	json_decref(ctltest_ask(&other, "show summary", ""));
	for (unsigned n = 0;; n++) {
		tryfail_set(n, 1);
		ctltest_close(&c);
		ctltest_open(&c, &t);
		/* whose answers are longer than one block */
		ctltest_send(&c, "config show", "");
		ctltest_send(&c, "commands", "");
		bool whole = false;
		unsigned lines = 0;
		json_t *line;
		while (!whole && (line = ctltest_line(&c)) != NULL) {
			lines += json_object_get(line, "end") != NULL;
			whole = lines == 2;
			json_decref(line);
		}
		if (tryfail.failed == 0) {
			ck_assert(whole);
			break;
		}
		cut += !whole;
		tryfail_set(0, 0);
		json_decref(ctltest_ask(&other, "show fib", ""));
	}
	ck_assert_uint_ge(cut, 2);
	tryfail_set(0, 0);
	ctltest_close(&other);
	end();
}
END_TEST

SUITE("ctl", test_starved, test_protocol, test_refusals, test_actions, test_too_long, test_half_close, test_busy,
    test_slow_reader, test_socket)
