/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of lib/http and lib/openmetrics: pages, statuses, and what is turned away; figures as they are written. */
#include "lib/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/mem.h"
#include "lib/openmetrics.h"
#include "tests/unit/suite.h"

static struct event_base *base;
static bool well = true;

static int
page(void *ctx, struct str *out)
{
	str_addf(out, "hello %s\n", (const char *)ctx);
	return well ? 200 : 503;
}

static const struct http_route routes[] = {{"/page", "text/x-test", page}};

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
	struct http *h = http_listen(base, &local, port, routes, ARRAY_LEN(routes), who);
	ck_assert_ptr_nonnull(h);
	ck_assert_ptr_null(http_listen(base, &local, port, routes, ARRAY_LEN(routes), who));
	ck_assert_int_eq(errno, EADDRINUSE);
	answers(port, "GET /page HTTP/1.0\r\n\r\n", "HTTP/1.0 200 OK\r\n", "\r\n\r\nhello you\n");
	answers(port, "GET /page?x=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 OK\r\n", "hello you\n");
	answers(port, "HEAD /page HTTP/1.0\r\n\r\n", "HTTP/1.1 501 ", "");
	well = false;
	answers(port, "GET /page HTTP/1.0\r\n\r\n", "HTTP/1.0 503 ", "hello you\n");
	answers(port, "GET /other HTTP/1.0\r\n\r\n", "HTTP/1.1 404 ", "");
	answers(port, "POST /page HTTP/1.0\r\nContent-Length: 1\r\n\r\nx", "HTTP/1.1 501 ", "");
	char *got = ask(port, "GET /page HTTP/1.0\r\n\r\n");
	ck_assert_ptr_nonnull(strstr(got, "Content-Type: text/x-test\r\n"));
	free(got);
	http_free(h);
	http_free(NULL);
	event_base_free(base);
}
END_TEST

START_TEST(test_openmetrics)
{
	struct str out = {0};

	openmetrics_family(&out, "a_seconds", OPENMETRICS_GAUGE, "How long.");
	openmetrics_sample(&out, "a_seconds", OPENMETRICS_GAUGE, NULL, NULL, 0.25);
	openmetrics_family(&out, "b", OPENMETRICS_COUNTER, "How often.");
	openmetrics_sample(&out, "b", OPENMETRICS_COUNTER, "file", "a\"b\\c\nd", 4294967296.0);
	openmetrics_end(&out);
	ck_assert_str_eq(str_get(&out), "# TYPE a_seconds gauge\n# HELP a_seconds How long.\na_seconds 0.25\n"
					"# TYPE b counter\n# HELP b How often.\nb_total{file=\"a\\\"b\\\\c\\nd\"} 4294967296\n# EOF\n");
	str_free(&out);
}
END_TEST

SUITE("http", test_pages, test_openmetrics)
