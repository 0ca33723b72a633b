/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of lib/http, lib/openmetrics and lib/process: pages, statuses, and what is turned away; figures as they are written. */
#include "lib/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lib/mem.h"
#include "lib/mem_libs.h"
#include "lib/openmetrics.h"
#include "lib/process.h"
#include "tests/unit/looptest.h"
#include "tests/unit/suite.h"
#include "tests/unit/tryfail.h"

static struct event_base *base;
static bool well = true;

static int
page(void *ctx, struct str *out)
{
	str_addf(out, "hello %s\n", (const char *)ctx);
	return well ? 200 : 503;
}

static int
new_page(void *ctx, struct str *out)
{
	(void)ctx;
	str_add(out, "new\n");
	return 200;
}

/* More than sockets have room for. */
static int
large_page(void *ctx, struct str *out)
{
	static const char line[1024] = "x";

	(void)ctx;
	for (unsigned i = 0; i < 2048; i++)
		str_addn(out, line, sizeof(line));
	return 200;
}

/* A page in slices, of so many lines, one each; it does not go on while it is held. */
struct walk {
	unsigned at;
};
static unsigned walk_lines, walks;
static bool walk_held;

static void *
walk_begin(void *ctx)
{
	(void)ctx;
	walks++;
	return xcalloc(1, sizeof(struct walk));
}

static bool
walk_step(void *state, struct str *out, uint64_t deadline_ns)
{
	struct walk *w = state;

	(void)deadline_ns;
	if (!walk_held && w->at < walk_lines)
		str_addf(out, "line %u\n", w->at++);
	return w->at == walk_lines;
}

static bool
long_step(void *state, struct str *out, uint64_t deadline_ns)
{
	(void)state;
	(void)deadline_ns;
	large_page(NULL, out);
	return true;
}

static void
walk_end(void *state)
{
	walks--;
	free(state);
}

static const struct http_route routes[] = {
    {.path = "/page", .type = "text/x-test", .page = page},
    {.path = "/large", .type = "text/x-test", .page = large_page},
    {.path = "/two", .type = "application/x-test; version=1.0.0; charset=utf-8", .page = new_page},
    {.path = "/two", .type = "text/x-test; version=0.0.4", .page = page},
    {.path = "/long", .type = "text/x-test", .begin = walk_begin, .step = long_step, .end = walk_end},
    {.path = "/walk", .type = "text/x-test", .begin = walk_begin, .step = walk_step, .end = walk_end},
};

/* A port that is free now. */
static uint16_t
free_port(void)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
	close(fd);
	return ntohs(sin.sin_port);
}

/* The whole answer to a request; the caller frees. */
static char *
ask(uint16_t port, const char *request)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct str answer = {0};
	char buf[1000];
	ssize_t n;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_eq(connect(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	ck_assert_int_eq(write(fd, request, strlen(request)), (ssize_t)strlen(request));
	for (;;) {
		event_base_loop(base, EVLOOP_NONBLOCK);
		n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN))
			break;
		if (n > 0)
			str_addn(&answer, buf, (size_t)n);
	}
	close(fd);
	return str_steal(&answer);
}

static void
answers(uint16_t port, const char *request, const char *begin, const char *end)
{
	char *got = ask(port, request);
	size_t len = strlen(got), n = strlen(end);

	ck_assert_msg(strncmp(got, begin, strlen(begin)) == 0 && len >= n && strcmp(got + len - n, end) == 0, "%s: %s", request, got);
	free(got);
}

START_TEST(test_pages)
{
	struct ip_addr local = ip_addr_v4(INADDR_LOOPBACK);
	uint16_t port = free_port();
	char who[] = "you";

	base = event_base_new();
	struct http *h = http_listen(base, NULL, &local, port, routes, ARRAY_LEN(routes), who);
	ck_assert_ptr_nonnull(h);
	ck_assert_ptr_null(http_listen(base, NULL, &local, port, routes, ARRAY_LEN(routes), who));
	ck_assert_int_eq(errno, EADDRINUSE);
	answers(port, "GET /page HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\n", "\r\n\r\nhello you\n");
	answers(port, "GET /page?x=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 OK\r\n", "hello you\n");
	answers(port, "HEAD /page HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\n", "\r\nContent-Length: 10\r\nConnection: close\r\n\r\n");
	answers(port, "HEAD /other HTTP/1.0\r\n\r\n", "HTTP/1.1 404 ", "\r\n\r\n");
	answers(port, "HEAD page HTTP/1.0\r\n\r\n", "HTTP/1.1 400 ", "\r\n\r\n");
	well = false;
	answers(port, "GET /page HTTP/1.0\r\n\r\n", "HTTP/1.1 503 ", "hello you\n");
	answers(port, "GET /other HTTP/1.0\r\n\r\n", "HTTP/1.1 404 ", "");
	answers(port, "POST /page HTTP/1.0\r\nContent-Length: 1\r\n\r\nx", "HTTP/1.1 405 ", "Method Not Allowed\n");
	answers(port, "OPTIONS /page HTTP/1.0\r\n\r\n", "HTTP/1.1 405 ", "\r\nAllow: GET, HEAD\r\nConnection: close\r\n\r\nMethod Not Allowed\n");
	answers(port, "BREW /page HTTP/1.0\r\n\r\n", "HTTP/1.1 501 ", "Not Implemented\n");
	walk_lines = 3;
	answers(port, "HEAD /walk HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\n", "\r\nContent-Length: 21\r\nConnection: close\r\n\r\n");
	answers(port, "GET /walk HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\n", "\r\n\r\nline 0\nline 1\nline 2\n");
	ck_assert_uint_eq(walks, 0);
	char *got = ask(port, "GET /page HTTP/1.0\r\n\r\n");
	ck_assert_ptr_nonnull(strstr(got, "Content-Type: text/x-test\r\n"));
	free(got);
	http_free(h);
	http_free(NULL);
	event_base_free(base);
}
END_TEST

/* Of two texts of a page the first that is named in Accept, else the last. */
START_TEST(test_accept)
{
	static const struct {
		const char *accept, *end;
	} cases[] = {
	    {"", "hello you\n"},
	    {"Accept: */*\r\n", "hello you\n"},
	    {"Accept: text/x-test\r\n", "hello you\n"},
	    {"Accept: application/x-test\r\n", "\r\n\r\nnew\n"},
	    {"Accept:application/x-test;version=1.0.0\r\n", "\r\n\r\nnew\n"},
	    {"Accept: Application/X-Test ; version=1.0.0 ; charset=utf-8;q=0.5, */*;q=0.1\r\n", "\r\n\r\nnew\n"},
	    {"Accept: text/x-test;version=0.0.4;q=0.1,application/x-test;version=1.0.0;q=0.6\r\n", "\r\n\r\nnew\n"},
	    {"Accept: application/x-test;version=2.0.0,application/x-test;version=1.0.0\r\n", "\r\n\r\nnew\n"},
	    {"Accept: application/x-test;version=2.0.0\r\n", "hello you\n"},
	    {"Accept: application/x-test;version=1.0\r\n", "hello you\n"},
	    {"Accept: application/x-test;q=0\r\n", "hello you\n"},
	    {"Accept: application/x-test;q=0.000\r\n", "hello you\n"},
	    {"Accept: application/x-tes\r\n", "hello you\n"},
	    {"Accept: ,;,;;\r\n", "hello you\n"},
	};
	struct ip_addr local = ip_addr_v4(INADDR_LOOPBACK);
	uint16_t port = free_port();
	char who[] = "you";

	base = event_base_new();
	well = true;
	struct http *h = http_listen(base, NULL, &local, port, routes, ARRAY_LEN(routes), who);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *request = xasprintf("GET /two HTTP/1.0\r\n%s\r\n", cases[i].accept);
		answers(port, request, "HTTP/1.1 200 OK\r\n", cases[i].end);
		free(request);
	}
	http_free(h);
	event_base_free(base);
}
END_TEST

START_TEST(test_requests)
{
	struct ip_addr local = ip_addr_v4(INADDR_LOOPBACK);
	uint16_t port = free_port();
	char who[] = "you", large[9000];

	base = event_base_new();
	well = true;
	struct http *h = http_listen(base, NULL, &local, port, routes, ARRAY_LEN(routes), who);
	/* One behind the other on a connection; the second one is the last. */
	char *got = ask(port, "GET /page HTTP/1.1\r\nHost: x\r\n\r\nGET http://x:80/page HTTP/1.1\r\nhost: x\r\nconnection: a, Close\r\n\r\n");
	const char *first = strstr(got, "hello you\n");
	ck_assert_msg(first != NULL && strstr(first + 1, "hello you\n") != NULL, "%s", got);
	free(got);
	answers(port, "GET /page HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /other HTTP/1.0\r\n\r\n", "HTTP/1.1 200 ", "no such page\n");
	/* Who speaks 1.0 is told that the connection stays, else it would wait for its end. */
	got = ask(port, "GET /page HTTP/1.0\r\nConnection: keep-alive\r\n\r\nHEAD /page HTTP/1.0\r\n\r\n");
	first = strstr(got, "\r\nConnection: keep-alive\r\n");
	ck_assert_msg(first != NULL && strstr(first, "hello you\nHTTP/1.1 200 OK\r\n") != NULL, "%s", got);
	ck_assert_msg(strstr(first, "\r\nConnection: close\r\n\r\n") != NULL, "%s", got);
	free(got);
	/* What is behind a head with a body is no request. */
	answers(port, "GET /page HTTP/1.1\r\nHost: x\r\nContent-Length: 24\r\n\r\nGET /other HTTP/1.0\r\n\r\n", "HTTP/1.1 200 ", "hello you\n");
	answers(port, "GET /page HTTP/1.1\r\n\r\n", "HTTP/1.1 400 ", "Bad Request\n");
	answers(port, "GET page HTTP/1.0\r\n\r\n", "HTTP/1.1 400 ", "Bad Request\n");
	answers(port, "GET /page\r\n\r\n", "HTTP/1.1 400 ", "Bad Request\n");
	answers(port, "\r\n\r\n", "HTTP/1.1 400 ", "Bad Request\n");
	answers(port, "GET /page HTTP/1.0\r\na b: c\r\n\r\n", "HTTP/1.1 400 ", "Bad Request\n");
	answers(port, "GET /page HTTP/2.0\r\n\r\n", "HTTP/1.1 505 ", "Not Supported\n");
	memset(large, 'x', sizeof(large) - 1);
	memcpy(large, "GET /", 5);
	large[8192] = '\0';
	answers(port, large, "HTTP/1.1 431 ", "Too Large\n");
	http_free(h);
	event_base_free(base);
}
END_TEST

/* A connection that has sent this and waits, with little room for what comes. */
static int
held(uint16_t port, const char *request)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0), room = 4096;

	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)), 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	ck_assert_int_eq(write(fd, request, strlen(request)), (ssize_t)strlen(request));
	return fd;
}

static bool
is_closed(int fd)
{
	char c;
	ssize_t n = recv(fd, &c, 1, MSG_DONTWAIT | MSG_PEEK);

	return n == 0 || (n < 0 && errno != EAGAIN);
}

START_TEST(test_limit)
{
	struct ip_addr local = ip_addr_v4(INADDR_LOOPBACK);
	uint16_t port = free_port();
	struct loop loop;
	int fd[HTTP_CONNECTIONS_MAX], more;
	char c;

	ck_assert_int_eq(loop_init(&loop), 0);
	walk_lines = 3;
	walk_held = true;
	struct http *h = http_listen(loop.base, &loop, &local, port, routes, ARRAY_LEN(routes), NULL);
	/* All of them in the midst of a page but the second, which has said half of what it wants. */
	for (unsigned i = 0; i < HTTP_CONNECTIONS_MAX; i++)
		fd[i] = held(port, i == 1 ? "GET /wa" : "GET /walk HTTP/1.0\r\n\r\n");
	UNTIL(&loop, walks == HTTP_PAGES_MAX);
	ck_assert(!is_closed(fd[1]));
	/* It makes room for the next one, which is busy, too: then there is none. */
	more = held(port, "GET /walk HTTP/1.0\r\n\r\n");
	UNTIL(&loop, is_closed(fd[1]));
	close(fd[1]);
	fd[1] = more;
	more = held(port, "");
	UNTIL(&loop, is_closed(more));
	close(more);
	for (unsigned i = 0; i < HTTP_CONNECTIONS_MAX; i++)
		ck_assert(!is_closed(fd[i]));
	ck_assert_uint_eq(walks, HTTP_PAGES_MAX);
	/* One page follows the other, and their connections are free again. */
	walk_held = false;
	for (unsigned i = 0; i < HTTP_CONNECTIONS_MAX; i++) {
		UNTIL(&loop, recv(fd[i], &c, 1, MSG_DONTWAIT) == 1);
		ck_assert_int_eq(c, 'H');
		close(fd[i]);
	}
	UNTIL(&loop, walks == 0);
	/* The server goes in the midst of pages, with some that wait. */
	walk_held = true;
	for (unsigned i = 0; i < 3; i++)
		fd[i] = held(port, "GET /walk HTTP/1.0\r\n\r\n");
	UNTIL(&loop, walks == HTTP_PAGES_MAX);
	more = held(port, "GET /walk HTTP/1.0\r\n\r\n");
	looptest_turn(&loop);
	ck_assert_uint_eq(walks, HTTP_PAGES_MAX);
	for (unsigned i = 0; i < 3; i++)
		close(fd[i]);
	http_free(h);
	ck_assert_uint_eq(walks, 0);
	looptest_turn(&loop);
	ck_assert(is_closed(more));
	close(more);
	loop_fini(&loop);
}
END_TEST

/* Who sends no more is answered, all that was asked; also in slices. */
START_TEST(test_half_closed)
{
	struct ip_addr local = ip_addr_v4(INADDR_LOOPBACK);
	uint16_t port = free_port();
	struct loop loop;
	struct str got = {0};
	char buf[1000];
	ssize_t n;

	ck_assert_int_eq(loop_init(&loop), 0);
	walk_lines = 3;
	walk_held = false;
	struct http *h = http_listen(loop.base, &loop, &local, port, routes, ARRAY_LEN(routes), NULL);
	int fd = held(port, "GET /walk HTTP/1.1\r\nHost: x\r\n\r\nGET /walk HTTP/1.1\r\nHost: x\r\n\r\nGET /wa");
	ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
	while ((n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) != 0) {
		ck_assert(n > 0 || errno == EAGAIN);
		if (n > 0)
			str_addn(&got, buf, (size_t)n);
		else
			looptest_turn(&loop);
	}
	const char *first = strstr(str_get(&got), "line 2\n");
	ck_assert_msg(first != NULL && strstr(first + 1, "line 2\n") != NULL, "%s", str_get(&got));
	close(fd);
	str_free(&got);
	http_free(h);
	loop_fini(&loop);
}
END_TEST

/* Those who ask for much and take it slowly, if at all, do not keep others out. */
START_TEST(test_slow)
{
	struct ip_addr local = ip_addr_v4(INADDR_LOOPBACK);
	uint16_t port = free_port();
	struct loop loop;
	int fd[HTTP_CONNECTIONS_MAX], more;
	char who[] = "you", c;

	ck_assert_int_eq(loop_init(&loop), 0);
	struct http *h = http_listen(loop.base, &loop, &local, port, routes, ARRAY_LEN(routes), who);
	for (unsigned i = 0; i < HTTP_CONNECTIONS_MAX; i++)
		fd[i] = held(port, "GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
	for (unsigned i = 0; i < HTTP_CONNECTIONS_MAX; i++)
		UNTIL(&loop, recv(fd[i], &c, 1, MSG_DONTWAIT) == 1);
	/* At first they may be in the midst of it. */
	more = held(port, "GET /page HTTP/1.0\r\n\r\n");
	UNTIL(&loop, is_closed(more));
	close(more);
	looptest_turns_ms(&loop, 2100);
	more = held(port, "GET /page HTTP/1.1\r\nHost: x\r\n\r\n");
	c = '\0';
	UNTIL(&loop, recv(more, &c, 1, MSG_DONTWAIT) == 1 || is_closed(more));
	ck_assert_msg(c == 'H' && !is_closed(more), "turned away");
	close(more);
	for (unsigned i = 0; i < HTTP_CONNECTIONS_MAX; i++)
		close(fd[i]);
	http_free(h);
	loop_fini(&loop);
}
END_TEST

/* Nor from a page that there are only so many of at a time: who takes it has two seconds, if others wait. */
START_TEST(test_pages_max)
{
	struct ip_addr local = ip_addr_v4(INADDR_LOOPBACK);
	uint16_t port = free_port();
	struct loop loop;
	int fd[HTTP_PAGES_MAX], more;
	char c = '\0';

	ck_assert_int_eq(loop_init(&loop), 0);
	walk_lines = 3;
	walk_held = false;
	struct http *h = http_listen(loop.base, &loop, &local, port, routes, ARRAY_LEN(routes), NULL);
	for (unsigned i = 0; i < HTTP_PAGES_MAX; i++)
		fd[i] = held(port, "GET /long HTTP/1.1\r\nHost: x\r\n\r\n");
	for (unsigned i = 0; i < HTTP_PAGES_MAX; i++)
		UNTIL(&loop, recv(fd[i], &c, 1, MSG_DONTWAIT) == 1);
	looptest_turns_ms(&loop, 2100);
	for (unsigned i = 0; i < HTTP_PAGES_MAX; i++)
		ck_assert(recv(fd[i], &c, 1, MSG_DONTWAIT) == 1);
	more = held(port, "GET /walk HTTP/1.1\r\nHost: x\r\n\r\n");
	looptest_turn(&loop);
	ck_assert_int_eq(recv(more, &c, 1, MSG_DONTWAIT), -1);
	UNTIL(&loop, recv(more, &c, 1, MSG_DONTWAIT) == 1);
	ck_assert_int_eq(c, 'H');
	close(more);
	/* Small ones wait for nobody. */
	for (unsigned i = 0; i < HTTP_PAGES_MAX; i++)
		close(fd[i]);
	walk_held = true;
	for (unsigned i = 0; i < HTTP_PAGES_MAX; i++)
		fd[i] = held(port, "GET /walk HTTP/1.1\r\nHost: x\r\n\r\n");
	UNTIL(&loop, walks == HTTP_PAGES_MAX);
	more = held(port, "GET /two HTTP/1.1\r\nHost: x\r\nAccept: application/x-test\r\n\r\n");
	UNTIL(&loop, recv(more, &c, 1, MSG_DONTWAIT) == 1);
	ck_assert_uint_eq(walks, HTTP_PAGES_MAX);
	close(more);
	for (unsigned i = 0; i < HTTP_PAGES_MAX; i++)
		close(fd[i]);
	http_free(h);
	ck_assert_uint_eq(walks, 0);
	loop_fini(&loop);
}
END_TEST

static const char *const words[] = {"x", "y"}, *const more[] = {"1", "2"};

START_TEST(test_openmetrics)
{
	static const struct openmetrics_family a = {"a_seconds", OPENMETRICS_GAUGE, "How long.", {{0}}};
	static const struct openmetrics_family b = {"b", OPENMETRICS_COUNTER, "How often.", {{"w", words, 2}, {"m", more, 2}}};
	static const struct openmetrics_family c = {"c", OPENMETRICS_INFO, "What it is.", {{0}}};
	static const struct openmetrics_family d = {"d_bytes", OPENMETRICS_HISTOGRAM, "How much.", {{0}}};
	static const double bounds[] = {0.5, 10};
	static const uint64_t counts[] = {1, 2, 4};
	struct str out = {0}, labels = {0};

	openmetrics_family(&out, OPENMETRICS_1_0, "p_", &a);
	openmetrics_sample(&out, "p_", &a, "", 0.25);
	openmetrics_family(&out, OPENMETRICS_1_0, "p_", &b);
	ck_assert_uint_eq(openmetrics_samples(&b), 4);
	openmetrics_label(&labels, "file", "a\"b\\c\nd");
	openmetrics_labels(&labels, &b, 2);
	openmetrics_sample(&out, "p_", &b, str_get(&labels), 4294967296.0);
	openmetrics_family(&out, OPENMETRICS_1_0, "", &c);
	openmetrics_sample(&out, "", &c, "version=\"1\"", 1);
	openmetrics_family(&out, OPENMETRICS_1_0, "", &d);
	openmetrics_histogram(&out, "", &d, bounds, counts, 2, 50.5);
	openmetrics_end(&out, OPENMETRICS_1_0);
	ck_assert_str_eq(str_get(&out), "# TYPE p_a_seconds gauge\n# UNIT p_a_seconds seconds\n# HELP p_a_seconds How long.\np_a_seconds 0.25\n"
					"# TYPE p_b counter\n# HELP p_b How often.\n"
					"p_b_total{file=\"a\\\"b\\\\c\\nd\",w=\"y\",m=\"1\"} 4294967296\n"
					"# TYPE c info\n# HELP c What it is.\nc_info{version=\"1\"} 1\n"
					"# TYPE d_bytes histogram\n# UNIT d_bytes bytes\n# HELP d_bytes How much.\n"
					"d_bytes_bucket{le=\"0.5\"} 1\nd_bytes_bucket{le=\"10\"} 3\nd_bytes_bucket{le=\"+Inf\"} 7\n"
					"d_bytes_count 7\nd_bytes_sum 50.5\n# EOF\n");
	/* In the older format the suffix belongs to the name. */
	str_reset(&out);
	openmetrics_family(&out, OPENMETRICS_TEXT, "p_", &b);
	openmetrics_sample(&out, "p_", &b, "", 0);
	openmetrics_family(&out, OPENMETRICS_TEXT, "", &c);
	openmetrics_sample(&out, "", &c, "", -1);
	openmetrics_end(&out, OPENMETRICS_TEXT);
	ck_assert_str_eq(str_get(&out), "# HELP p_b_total How often.\n# TYPE p_b_total counter\np_b_total 0\n"
					"# HELP c_info What it is.\n# TYPE c_info gauge\nc_info -1\n");
	str_free(&labels);
	str_free(&out);
}
END_TEST

START_TEST(test_process)
{
	struct str out = {0};
	int fd[3];
	unsigned before = process_descriptors(1024);

	for (unsigned i = 0; i < 3; i++)
		fd[i] = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_uint_eq(process_descriptors(1024), before + 3);
	for (unsigned i = 0; i < 3; i++)
		close(fd[i]);
	process_metrics(&out, OPENMETRICS_TEXT);
	const char *start = strstr(str_get(&out), "\nprocess_start_time_seconds ");
	ck_assert_ptr_nonnull(start);
	double now = (double)time(NULL), began = atof(start + strlen("\nprocess_start_time_seconds "));
	ck_assert_msg(began <= now + 1 && began > now - 3600, "%f %f", began, now);
	const char *resident = strstr(str_get(&out), "\nprocess_resident_memory_bytes ");
	ck_assert_ptr_nonnull(resident);
	ck_assert(atof(resident + strlen("\nprocess_resident_memory_bytes ")) > 100000);
	str_free(&out);
}
END_TEST

/* Whatever there is no memory for, its request, its page or its answer: it gets the whole page or is cut off. */
START_TEST(test_starved)
{
	static const char end[] = "line 4999\n";
	struct ip_addr local = ip_addr_v4(INADDR_LOOPBACK);
	uint16_t port = free_port();
	unsigned cut = 0;

	mem_libs_init();
	base = event_base_new();
	walk_lines = 5000;
	struct http *h = http_listen(base, NULL, &local, port, routes, ARRAY_LEN(routes), NULL);
	for (unsigned n = 0;; n++) {
		tryfail_set(n, 1);
		char *got = ask(port, "GET /walk HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
		size_t len = strlen(got);
		bool whole = len > sizeof(end) && strcmp(got + len - (sizeof(end) - 1), end) == 0;
		ck_assert(whole || tryfail.failed > 0);
		ck_assert(!whole || strncmp(got, "HTTP/1.1 200 ", 13) == 0);
		free(got);
		ck_assert_uint_eq(walks, 0);
		if (tryfail.failed == 0)
			break;
		cut += !whole;
	}
	/* the page alone grows ten times */
	ck_assert_uint_ge(cut, 12);
	http_free(h);
	event_base_free(base);
}
END_TEST

SUITE("http", test_starved, test_pages, test_accept, test_requests, test_limit, test_half_closed, test_slow,
    test_pages_max, test_openmetrics, test_process)
