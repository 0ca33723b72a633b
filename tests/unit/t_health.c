/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of bgpd/health: results in a row, answers of a server, reloads. The server is a socket of the test. */
#include "bgpd/health.h"

#include "tests/unit/bgpdtest.h"
#include "tests/unit/suite.h"

#include <fcntl.h>

static struct bgpdtest t;

static bool
announced(const char *prefix)
{
	struct ip_prefix p;

	ck_assert_int_eq(ip_prefix_parse(prefix, &p), 0);
	uint32_t id = rib_find(t.d.rib, &p);
	return id != 0 && rib_best(t.d.rib, FAMILY_IPV4, id) != NULL;
}

/* What `show checks` has of the network at this place. */
static bool
shows(uint32_t number, const char *state, const char *last)
{
	json_t *row = health_json(&t.d.health, number);
	bool same = strcmp(json_string_value(json_object_get(row, "state")), state) == 0 &&
	    strcmp(json_string_value(json_object_get(row, "last_result")), last) == 0;

	json_decref(row);
	return same;
}

START_TEST(test_file)
{
	char rest[256], flag[96];

	bgpdtest_start(&t, "", "networks: [{prefix: 192.0.2.9/32}]\n");
	snprintf(flag, sizeof flag, "%s/flag", t.dir);
	snprintf(rest, sizeof rest,
	    "networks: [{prefix: 192.0.2.9/32}, {prefix: 192.0.2.1/32, while: {file: %s, interval: 1, rise: 1, fall: 2}}]\n", flag);
	bgpdtest_reload(&t, "", rest);
	ck_assert_ptr_null(health_json(&t.d.health, 0));
	UNTIL(t.d.loop, shows(1, "down", "No such file or directory")); /* the first result decides */
	ck_assert(announced("192.0.2.9/32") && !announced("192.0.2.1/32"));
	close(open(flag, O_CREAT | O_WRONLY, 0600));
	UNTIL(t.d.loop, announced("192.0.2.1/32"));
	ck_assert_int_eq(unlink(flag), 0);
	UNTIL(t.d.loop, shows(1, "up", "No such file or directory")); /* one in a row is not two */
	ck_assert(announced("192.0.2.1/32"));
	UNTIL(t.d.loop, !announced("192.0.2.1/32"));
	/* Without its condition, at another place of the list. */
	bgpdtest_reload(&t, "", "networks: [{prefix: 192.0.2.1/32}, {prefix: 192.0.2.9/32}]\n");
	UNTIL(t.d.loop, announced("192.0.2.1/32") && announced("192.0.2.9/32"));
	bgpdtest_stop(&t);
}
END_TEST

/* Answers one connection; NULL: closes it at once. */
static void
answer(int listener, const char *text)
{
	char request[256] = "";
	size_t len = 0;
	int fd = -1;

	UNTIL(t.d.loop, (fd = accept(listener, NULL, NULL)) >= 0);
	while (text != NULL && strstr(request, "\r\n\r\n") == NULL) {
		looptest_turn(t.d.loop);
		ssize_t n = recv(fd, request + len, sizeof request - 1 - len, MSG_DONTWAIT);
		len += n > 0 ? (size_t)n : 0;
	}
	if (text != NULL) {
		ck_assert_ptr_eq(strstr(request, "GET /ready?x=1 HTTP/1.1\r\nHost: 127.0.0.1:"), request);
		ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
	}
	close(fd);
}

START_TEST(test_http)
{
	uint16_t port = 0;
	int listener = speaker_listen("127.0.0.1", &port);
	char rest[256];

	ck_assert_int_eq(fcntl(listener, F_SETFL, O_NONBLOCK), 0);
	snprintf(rest, sizeof rest,
	    "networks: [{prefix: 192.0.2.1/32, while: {http: \"http://127.0.0.1:%u/ready?x=1\", interval: 1, rise: 1, fall: 1}}]\n",
	    port);
	bgpdtest_start(&t, "", rest);
	ck_assert(!announced("192.0.2.1/32"));
	answer(listener, "HTTP/1.1 200 OK\r\n\r\n");
	UNTIL(t.d.loop, shows(0, "up", "status 200"));
	UNTIL(t.d.loop, announced("192.0.2.1/32"));
	answer(listener, "HTTP/1.1 500 no\r\n\r\n");
	UNTIL(t.d.loop, shows(0, "down", "status 500"));
	UNTIL(t.d.loop, !announced("192.0.2.1/32"));
	answer(listener, "HTTP/1.0 302 there\n\n");
	UNTIL(t.d.loop, shows(0, "up", "status 302"));
	answer(listener, "220 mail.example ESMTP\r\n");
	UNTIL(t.d.loop, shows(0, "down", "no HTTP answer"));
	answer(listener, "HTTP/1.1 204 No Content\r\n\r\n");
	UNTIL(t.d.loop, shows(0, "up", "status 204"));
	close(listener);
	UNTIL(t.d.loop, shows(0, "down", "no connection"));
	ck_assert_uint_eq(t.d.health.probing, 0);
	bgpdtest_stop(&t);
}
END_TEST

static void
follow(const char *interface, unsigned n)
{
	struct str rest = {0};

	str_add(&rest, "networks:\n");
	for (unsigned i = 0; i < n; i++)
		str_addf(&rest, "  - {prefix: 100.64.%u.%u/32, while: {interface: %s}}\n", i / 256, i % 256, interface);
	bgpdtest_reload(&t, "", str_get(&rest));
	str_free(&rest);
}

static uint32_t
routes(void)
{
	struct rib_stats st;

	bgpdtest_settle(&t);
	rib_stats(t.d.rib, &st);
	return st.paths[FAMILY_IPV4];
}

static void
link_is(const char *name, uint32_t ifindex, bool up)
{
	struct fib_link l = {.ifindex = ifindex, .up = up, .mtu = 1500};

	strlcpy(l.name, name, sizeof l.name);
	kernel_watch_link(t.d.kernel, &l);
}

/* Many that follow one interface, which goes and comes, and then another one. */
START_TEST(test_interface)
{
	bgpdtest_start(&t, "", "networks: []\n");
	t.options.kernel = true; /* else all interfaces count as up; nothing of the kernel was begun */
	link_is("e0", 2, true);
	follow("e0", 3000);
	ck_assert_uint_eq(routes(), 3000);
	link_is("e0", 2, false);
	ck_assert_uint_eq(routes(), 0);
	ck_assert(shows(2999, "down", "not up"));
	/* Before all of that is done it is up again. */
	link_is("e0", 2, true);
	link_is("e0", 2, false);
	link_is("e0", 2, true);
	ck_assert_uint_eq(routes(), 3000);
	follow("e1", 3000);
	ck_assert_uint_eq(routes(), 0);
	link_is("e1", 3, true);
	ck_assert_uint_eq(routes(), 3000);
	follow("e1", 10);
	ck_assert_uint_eq(routes(), 10);
	ck_assert(announced("100.64.0.9/32"));
	follow("e2", 10);
	link_is("e1", 3, false);
	link_is("e2", 4, true);
	ck_assert_uint_eq(routes(), 10);
	bgpdtest_stop(&t);
}
END_TEST

/* More checks than may be under way, to where nobody answers: each has its turn. */
START_TEST(test_many)
{
	struct str rest = {0};
	uint16_t port = 0;
	int listener = speaker_listen("127.0.0.1", &port); /* connections are made, requests not read */
	uint32_t seen = 0, n = HEALTH_PROBES + 10;

	str_add(&rest, "networks:\n");
	for (uint32_t i = 0; i < n; i++)
		str_addf(&rest, "  - {prefix: 192.0.2.%u/32, while: {http: \"http://127.0.0.1:%u\", interval: 1, timeout: 1}}\n", i,
		    port);
	bgpdtest_start(&t, "", str_get(&rest));
	for (uint32_t down = 0; down < n;) {
		looptest_turn(t.d.loop);
		ck_assert_uint_le(t.d.health.probing, HEALTH_PROBES);
		seen = t.d.health.probing > seen ? t.d.health.probing : seen;
		down = 0;
		for (uint32_t i = 0; i < n; i++)
			down += shows(i, "down", "timeout");
	}
	ck_assert_uint_eq(seen, HEALTH_PROBES);
	bgpdtest_stop(&t);
	str_free(&rest);
	close(listener);
}
END_TEST

SUITE("health", test_file, test_interface, test_http, test_many)
