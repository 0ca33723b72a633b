/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of lib/fetch against a server in Python (fetchserver.py): whole answers, streams, limits, and what
 * TLS refuses. */
#include "lib/fetch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/mem.h"
#include "lib/str.h"
#include "tests/unit/suite.h"

static char dir[] = "/tmp/t_fetch.XXXXXX";
static char ports[512]; /* "name port name port" */
static FILE *server;    /* ends when this is closed */
static struct event_base *base;
static struct fetcher *fetcher;

/* How one request went. */
struct went {
	bool done;
	enum fetch_outcome outcome;
	unsigned status, retry_after_s;
	char *error;
	struct str body, pieces;
	unsigned npieces;
	struct fetch *cancel; /* at the first piece */
	bool free_all;        /* then, too */
};

static void
on_done(void *ctx, const struct fetch_result *r)
{
	struct went *w = ctx;

	ck_assert(!w->done);
	ck_assert_uint_eq(strlen(r->body), r->len);
	w->done = true;
	w->outcome = r->outcome;
	w->status = r->status;
	w->retry_after_s = r->retry_after_s;
	w->error = xstrdup(r->error);
	str_addn(&w->body, r->body, r->len);
	ck_assert((r->error == NULL) == (r->outcome == FETCH_ANSWERED));
	if (w->free_all) {
		fetcher_free(fetcher);
		fetcher = NULL;
	}
}

static void
on_piece(void *ctx, const char *data, size_t len)
{
	struct went *w = ctx;

	ck_assert_uint_gt(len, 0);
	w->npieces++;
	str_addn(&w->pieces, data, len);
	if (w->cancel != NULL)
		fetch_cancel(w->cancel);
	w->cancel = NULL;
}

static void
went_free(struct went *w)
{
	free(w->error);
	str_free(&w->body);
	str_free(&w->pieces);
	*w = (struct went){0};
}

static unsigned
port_of(const char *name)
{
	char copy[sizeof(ports)], *at = copy, *word;

	snprintf(copy, sizeof(copy), "%s", ports);
	while ((word = strsep(&at, " ")) != NULL)
		if (strcmp(word, name) == 0)
			return (unsigned)atoi(strsep(&at, " "));
	ck_abort_msg("no port %s", name);
	return 0;
}

static char *
url_of(const char *port, const char *path)
{
	return xasprintf("http%s://127.0.0.1:%u/%s", strcmp(port, "plain") == 0 ? "" : "s", port_of(port),
			 path);
}

static void
until(const bool *what)
{
	while (!*what)
		event_base_loop(base, EVLOOP_ONCE);
}

static struct fetch *
begin_at(struct went *w, const char *url, struct fetch_request q)
{
	q.url = url;
	q.done = on_done;
	q.ctx = w;
	return fetch_start(fetcher, &q);
}

static struct fetch *
begin(struct went *w, const char *port, const char *path, struct fetch_request q)
{
	char *url = url_of(port, path);
	struct fetch *r = begin_at(w, url, q);

	free(url);
	return r;
}

static struct went
ask(const char *port, const char *path, struct fetch_request q)
{
	struct went w = {0};

	begin(&w, port, path, q);
	ck_assert(!w.done);
	until(&w.done);
	return w;
}

static char *
file_of(const char *name)
{
	return xasprintf("%s/%s", dir, name);
}

static void
restart(struct fetch_tls tls)
{
	fetcher_free(fetcher);
	fetcher = fetcher_new(base, &tls);
}

static void
setup(void)
{
	base = event_base_new();
	char *ca = file_of("ca.pem");
	restart((struct fetch_tls){.ca = {.path = ca}});
	free(ca);
}

static void
teardown(void)
{
	fetcher_free(fetcher);
	event_base_free(base);
}

START_TEST(test_whole)
{
	setup();
	struct went w = ask("plain", "hello", (struct fetch_request){0});
	ck_assert_uint_eq(w.status, 200);
	ck_assert_str_eq(str_get(&w.body), "hello\n");
	went_free(&w);
	w = ask("good", "refused", (struct fetch_request){0});
	ck_assert_int_eq(w.outcome, FETCH_ANSWERED);
	ck_assert_uint_eq(w.status, 403);
	ck_assert_str_eq(str_get(&w.body), "no\n");
	went_free(&w);
	w = ask("plain", "later", (struct fetch_request){0});
	ck_assert_uint_eq(w.status, 503);
	ck_assert_uint_eq(w.retry_after_s, 7);
	went_free(&w);
	w = ask("plain", "elsewhere", (struct fetch_request){0});
	ck_assert_uint_eq(w.status, 302);
	went_free(&w);
	w = ask("plain", "big", (struct fetch_request){.body_max = 3 << 20});
	ck_assert_uint_eq(w.body.len, 3 << 20);
	went_free(&w);
	w = ask("plain", "big", (struct fetch_request){.body_max = (3 << 20) - 1});
	ck_assert_int_eq(w.outcome, FETCH_TOO_LARGE);
	ck_assert_str_eq(w.error, "the answer is larger than 3145727 octets");
	went_free(&w);
	teardown();
}
END_TEST

START_TEST(test_request)
{
	static const char *const headers[] = {"X-One: 1", "Content-Type: application/json", NULL};
	setup();
	struct went w =
	    ask("good", "echo",
		(struct fetch_request){
		    .headers = headers, .authorization = "Bearer secret", .body = "{\"a\": 1}", .len = 8});
	const char *said = str_get(&w.body);
	ck_assert_ptr_nonnull(strstr(said, "\"method\": \"POST\""));
	ck_assert_ptr_nonnull(strstr(said, "\"body\": \"{\\\"a\\\": 1}\""));
	ck_assert_ptr_nonnull(strstr(said, "\"x-one\": \"1\""));
	ck_assert_ptr_nonnull(strstr(said, "\"authorization\": \"Bearer secret\""));
	ck_assert_ptr_nonnull(strstr(said, "\"content-type\": \"application/json\""));
	ck_assert_ptr_null(strstr(said, "\"expect\""));
	went_free(&w);
	w = ask("good", "echo", (struct fetch_request){.method = "PUT", .username = "me", .password = "pw"});
	said = str_get(&w.body);
	ck_assert_ptr_nonnull(strstr(said, "\"method\": \"PUT\""));
	ck_assert_ptr_nonnull(strstr(said, "\"authorization\": \"Basic bWU6cHc=\""));
	went_free(&w);
	w = ask("good", "echo", (struct fetch_request){0});
	ck_assert_ptr_null(strstr(str_get(&w.body), "authorization"));
	went_free(&w);
	teardown();
}
END_TEST

START_TEST(test_reuse)
{
	setup();
	struct went w = ask("good", "connections", (struct fetch_request){0});
	int before = atoi(str_get(&w.body));
	went_free(&w);
	for (int i = 0; i < 20; i++) {
		w = ask("good", "hello", (struct fetch_request){0});
		went_free(&w);
	}
	w = ask("good", "connections", (struct fetch_request){0});
	ck_assert_int_eq(atoi(str_get(&w.body)), before);
	went_free(&w);
	/* One that was late leaves its pool to nobody. */
	w = ask("good", "silent", (struct fetch_request){.limit_ms = 100});
	ck_assert_int_eq(w.outcome, FETCH_LATE);
	went_free(&w);
	w = ask("good", "connections", (struct fetch_request){0});
	ck_assert_int_eq(atoi(str_get(&w.body)), before + 1);
	went_free(&w);
	teardown();
}
END_TEST

START_TEST(test_stream)
{
	struct str all = {0};
	for (int i = 0; i < 1000; i++)
		str_addf(&all, "%d\n", i);
	setup();
	struct went w = ask("good", "pieces", (struct fetch_request){.piece = on_piece});
	ck_assert_int_eq(w.outcome, FETCH_ANSWERED);
	ck_assert_uint_ge(w.npieces, 1);
	ck_assert_str_eq(str_get(&w.pieces), str_get(&all));
	ck_assert_uint_eq(w.body.len, 0);
	went_free(&w);
	/* A refusal is no stream. */
	w = ask("good", "refused", (struct fetch_request){.piece = on_piece});
	ck_assert_uint_eq(w.npieces, 0);
	ck_assert_str_eq(str_get(&w.body), "no\n");
	went_free(&w);
	/* No limit to a stream as a whole. */
	w = ask("plain", "flood", (struct fetch_request){.piece = on_piece});
	ck_assert_int_eq(w.outcome, FETCH_ANSWERED);
	ck_assert_uint_eq(w.pieces.len, 64 << 20);
	went_free(&w);
	w = ask("plain", "cut", (struct fetch_request){.piece = on_piece});
	ck_assert_int_eq(w.outcome, FETCH_BROKEN);
	ck_assert_str_eq(str_get(&w.pieces), "begun\n");
	went_free(&w);
	w = ask("plain", "stall", (struct fetch_request){.piece = on_piece, .idle_ms = 1000});
	ck_assert_int_eq(w.outcome, FETCH_LATE);
	ck_assert_str_eq(w.error, "nothing came for 1 s");
	ck_assert_str_eq(str_get(&w.pieces), "begun\n");
	went_free(&w);
	str_free(&all);
	teardown();
}
END_TEST

/* Who waits for one does not keep others waiting. */
START_TEST(test_beside)
{
	static const char *const at[] = {"plain", "good"};
	setup();
	for (size_t i = 0; i < ARRAY_LEN(at); i++) {
		struct went w = {0};
		struct fetch *r = begin(&w, at[i], "stall", (struct fetch_request){.piece = on_piece});
		struct went other = ask(at[i], "hello", (struct fetch_request){0});
		ck_assert_uint_eq(other.status, 200);
		ck_assert(!w.done);
		went_free(&other);
		fetch_cancel(r);
		went_free(&w);
	}
	teardown();
}
END_TEST

START_TEST(test_cancel)
{
	struct timeval moment = {.tv_usec = 100000};
	setup();
	struct went w = {0}, other = {0};
	w.cancel = begin(&w, "plain", "stall", (struct fetch_request){.piece = on_piece, .idle_ms = 60000});
	while (w.npieces == 0)
		event_base_loop(base, EVLOOP_ONCE);
	fetch_cancel(begin(&w, "good", "hello", (struct fetch_request){0}));
	event_base_loopexit(base, &moment);
	event_base_dispatch(base);
	ck_assert(!w.done);
	went_free(&w);
	/* The whole fetcher from within a callback, with another request under way. */
	begin(&other, "plain", "stall", (struct fetch_request){.piece = on_piece});
	w.free_all = true;
	begin(&w, "plain", "hello", (struct fetch_request){0});
	until(&w.done);
	ck_assert(!other.done);
	went_free(&other);
	went_free(&w);
	teardown();
}
END_TEST

static void
fails(const char *port, const char *path, struct fetch_request q, enum fetch_outcome outcome,
      const char *error)
{
	struct went w = ask(port, path, q);

	ck_assert_int_eq(w.outcome, outcome);
	ck_assert_str_eq(w.error, error);
	went_free(&w);
}

START_TEST(test_errors)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(sin);
	struct went w = {0};
	setup();
	fails("plain", "garbage", (struct fetch_request){0}, FETCH_BROKEN, "what came is no HTTP");
	fails("plain", "nothing", (struct fetch_request){0}, FETCH_BROKEN,
	      "the connection was closed without an answer");
	fails("plain", "silent", (struct fetch_request){.limit_ms = 50}, FETCH_LATE,
	      "no whole answer in time");
	/* A port that is bound and listened on by nobody. */
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
	char *url = xasprintf("https://127.0.0.1:%u/", ntohs(sin.sin_port));
	begin_at(&w, url, (struct fetch_request){0});
	until(&w.done);
	ck_assert_int_eq(w.outcome, FETCH_UNREACHABLE);
	ck_assert_str_eq(w.error, "no connection: Connection refused");
	free(url);
	went_free(&w);
	/* Listened on, and nobody accepts: TCP is there and TLS is not. */
	ck_assert_int_eq(listen(fd, 1), 0);
	url = xasprintf("https://127.0.0.1:%u/", ntohs(sin.sin_port));
	begin_at(&w, url, (struct fetch_request){.connect_ms = 100});
	until(&w.done);
	ck_assert_int_eq(w.outcome, FETCH_UNREACHABLE);
	ck_assert_str_eq(w.error, "no connection in time");
	free(url);
	went_free(&w);
	close(fd);
	static const char *const bad[][2] = {
	    {"ftp://127.0.0.1/", "the URL is neither of http nor of https"},
	    {"http://", "the URL is none"},
	    {"http://no-such-name.invalid/", "the name no-such-name.invalid is not known"}};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		begin_at(&w, bad[i][0], (struct fetch_request){0});
		until(&w.done);
		ck_assert_int_eq(w.outcome, FETCH_UNREACHABLE);
		ck_assert_str_eq(w.error, bad[i][1]);
		went_free(&w);
	}
	teardown();
}
END_TEST

START_TEST(test_tls)
{
	const struct fetch_request q = {0};
	setup();
	fails("expired", "hello", q, FETCH_UNTRUSTED, "the certificate of 127.0.0.1 has expired");
	fails("othername", "hello", q, FETCH_UNTRUSTED, "the certificate of 127.0.0.1 is for another name");
	fails("untrusted", "hello", q, FETCH_UNTRUSTED,
	      "the certificate of 127.0.0.1 is signed by nobody who is to be trusted");
	/* With TLS 1.3 the request is on its way by then: the refusal may be lost when the server closes over
	 * it. */
	struct went w = {0};
	for (int i = 0; i < 50 && w.outcome != FETCH_UNTRUSTED; i++) {
		went_free(&w);
		w = ask("client", "hello", q);
		ck_assert(w.outcome == FETCH_UNTRUSTED || w.outcome == FETCH_BROKEN);
	}
	ck_assert_str_eq(w.error, "127.0.0.1 does not take our certificate, or wants one");
	went_free(&w);
	char *url = xasprintf("https://127.0.0.1:%u/", port_of("plain"));
	begin_at(&w, url, q);
	until(&w.done);
	ck_assert_int_eq(w.outcome, FETCH_UNTRUSTED);
	ck_assert_str_eq(w.error, "127.0.0.1 does not speak TLS");
	went_free(&w);
	free(url);
	teardown();
}
END_TEST

static char *
text_of(const char *name)
{
	char *path = file_of(name), buf[4096];
	FILE *f = fopen(path, "r");
	size_t n;

	ck_assert_ptr_nonnull(f);
	n = fread(buf, 1, sizeof(buf) - 1, f);
	buf[n] = '\0';
	fclose(f);
	free(path);
	return xstrdup(buf);
}

START_TEST(test_tls_own)
{
	const struct fetch_request q = {0};
	char *ca = file_of("ca.pem"), *cert = file_of("client.pem"), *key = file_of("client.key"),
	     *gone = file_of("gone.pem");
	char *wrong = file_of("server.key");
	char *ca_text = text_of("ca.pem"), *cert_text = text_of("client.pem"),
	     *key_text = text_of("client.key");
	setup();
	restart((struct fetch_tls){{.path = ca}, {.path = cert}, {.path = key}});
	struct went w = ask("client", "hello", q);
	ck_assert_uint_eq(w.status, 200);
	went_free(&w);
	restart((struct fetch_tls){{.text = ca_text}, {.text = cert_text}, {.text = key_text}});
	w = ask("client", "hello", q);
	ck_assert_uint_eq(w.status, 200);
	went_free(&w);
	restart((struct fetch_tls){{.path = gone}, {0}, {0}});
	fails("good", "hello", q, FETCH_UNTRUSTED, "the certificates of those to be trusted cannot be read");
	restart((struct fetch_tls){{.path = ca}, {.path = cert}, {.path = wrong}});
	fails("client", "hello", q, FETCH_UNTRUSTED,
	      "our certificate or its key cannot be read, or they are no pair");
	restart((struct fetch_tls){{.path = ca}, {.path = gone}, {.path = key}});
	fails("client", "hello", q, FETCH_UNTRUSTED,
	      "our certificate or its key cannot be read, or they are no pair");
	/* Without one of ours the system's count, which do not know the test's. */
	restart((struct fetch_tls){{0}, {0}, {0}});
	w = ask("good", "hello", q);
	ck_assert_int_eq(w.outcome, FETCH_UNTRUSTED);
	went_free(&w);
	free(ca), free(cert), free(key), free(gone), free(wrong), free(ca_text), free(cert_text),
	    free(key_text);
	teardown();
}
END_TEST

static void
ask_with_locked_key(void)
{
	char *ca = file_of("ca.pem"), *cert = file_of("client.pem"), *key = file_of("locked.key");

	setup();
	restart((struct fetch_tls){{.path = ca}, {.path = cert}, {.path = key}});
	fails("client", "hello", (struct fetch_request){0}, FETCH_UNTRUSTED,
	      "our certificate or its key cannot be read, or they are no pair");
	teardown();
	free(ca), free(cert), free(key);
}

/* A key with a pass phrase is an error also where there is a terminal: nobody is asked, which would block. */
START_TEST(test_locked_key)
{
	char text[256] = "";
	size_t n = 0;
	ssize_t got;
	int fd, status;
	pid_t pid = forkpty(&fd, NULL, NULL, NULL);

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		ask_with_locked_key();
		_exit(42);
	}
	while (strchr(text, ':') == NULL && n < sizeof(text) - 1 &&
	       (got = read(fd, text + n, sizeof(text) - 1 - n)) > 0)
		n += (size_t)got;
	if (n > 0)
		kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	close(fd);
	ck_assert_str_eq(text, "");
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 42);
}
END_TEST

/* Certificates, and the server with them. False: what is needed is not here. */
static bool
world_make(void)
{
	const char *srcdir = getenv("srcdir") != NULL ? getenv("srcdir") : ".";
	FILE *said;
	bool good;

	if (system("command -v python3 openssl >/dev/null && python3 -c 'import ssl, http.server'") != 0 ||
	    mkdtemp(dir) == NULL)
		return false;
	char *command = xasprintf("sh %s/tests/pki.sh %s 2>/dev/null && mkfifo %s/said", srcdir, dir, dir);
	good = system(command) == 0;
	free(command);
	if (!good)
		return false;
	command = xasprintf("exec python3 %s/tests/unit/fetchserver.py %s >%s/said", srcdir, dir, dir);
	server = popen(command, "we");
	free(command);
	char *path = file_of("said");
	said = fopen(path, "r");
	good = said != NULL && fgets(ports, sizeof(ports), said) != NULL;
	ports[strcspn(ports, "\n")] = '\0';
	if (said != NULL)
		fclose(said);
	free(path);
	return good;
}

int
main(void)
{
	const TTest *const tests[] = {test_whole,  test_request, test_reuse, test_stream,  test_beside,
				      test_cancel, test_errors,  test_tls,   test_tls_own, test_locked_key};
	int status;

	if (!world_make()) {
		puts("needs python3 and openssl");
		return 77;
	}
	status = suite_run("fetch", tests, ARRAY_LEN(tests));
	pclose(server);
	char *command = xasprintf("rm -rf %s", dir);
	if (system(command) != 0)
		status = EXIT_FAILURE;
	free(command);
	return status;
}
