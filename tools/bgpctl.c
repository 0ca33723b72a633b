/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bgpctl: asks a running bgpd things and tells it what to do.
 *
 * One request, one answer. With -j the rows of an answer go through as they come,
 * so that a whole table can be piped without being held anywhere. Exit status:
 * 0; 64 usage; 69 no daemon; 1 anything else.
 */
#include "tools/bgpctl.h"

#include "lib/mem.h"
#include "lib/mem_libs.h"
#include "lib/version.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#define SOCKET_PATH "/run/godwit/bgpd.sock"
#define PROTOCOL    1

static void
usage(FILE *out)
{
	fputs("usage: bgpctl [-j] [-s SOCKET] COMMAND...\n"
	      "\n"
	      "  -j, --json           answer in JSON\n"
	      "  -s, --socket SOCKET  control socket of bgpd (default " SOCKET_PATH ")\n"
	      "      --complete       print what may follow these words of a command, for shells\n"
	      "  -V, --version        print the version and exit\n"
	      "  -h, --help           this text\n"
	      "\n",
	      out);
	bgpctl_grammar_print(out);
}

/* A connected socket, or -errno. */
static int
dial(const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};

	if (strlcpy(sun.sun_path, path, sizeof(sun.sun_path)) >= sizeof(sun.sun_path))
		return -ENAMETOOLONG;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&sun, sizeof(sun)) == 0)
		return fd;
	int err = -errno;
	close(fd);
	return err;
}

static bool
send_request(FILE *conn, const struct bgpctl_request *req)
{
	json_t *o = json_pack("{s:s,s:O}", "command", req->command, "args", req->args);
	bool ok = json_dumpf(o, conn, JSON_COMPACT) == 0 && fputc('\n', conn) != EOF && fflush(conn) == 0;

	json_decref(o);
	return ok;
}

/* False where bgpd says no more, which is not what want of memory for the line means. */
static bool
read_line(FILE *conn, char **line, size_t *cap)
{
	errno = 0;
	if (getline(line, cap, conn) > 0)
		return true;
	if (errno == ENOMEM)
		mem_exhausted(*cap);
	return false;
}

static bool
is_end(const char *line)
{
	return strncmp(line, "{\"end\":", 7) == 0;
}

/* The last line of an answer: was it complete? */
static int
check_end(const char *line)
{
	json_t *end = json_loads(line, 0, NULL);
	const char *error = json_string_value(json_object_get(end, "error"));

	if (error != NULL)
		fprintf(stderr, "bgpctl: %s\n", error);
	json_decref(end);
	return error != NULL ? 1 : 0;
}

/* Says so where an answer had no end. */
static int
broken_off(int status)
{
	if (status == EX_UNAVAILABLE)
		fputs("bgpctl: bgpd closed the connection, the answer is not complete\n", stderr);
	return status;
}

/* Rows as they come, inside the document that head begins. The exit status. */
static int
relay_json(FILE *conn, const json_t *head, const char *rows)
{
	char *text = json_dumps(head, JSON_COMPACT), *line = NULL;
	size_t cap = 0;
	int status = EX_UNAVAILABLE;
	bool first = true;

	text[strlen(text) - 1] = '\0'; /* the closing brace comes after the rows */
	fputs(text, stdout);
	if (rows != NULL)
		printf("%s\"%s\":[", json_object_size(head) > 0 ? "," : "", rows);
	while (read_line(conn, &line, &cap)) {
		if (is_end(line)) {
			status = check_end(line);
			break;
		}
		line[strcspn(line, "\n")] = '\0';
		printf("%s%s", first ? "\n" : ",\n", line);
		first = false;
	}
	puts(rows != NULL ? "]}" : "}");
	free(text);
	free(line);
	return broken_off(status);
}

/* Events as they come, one object a line, each written at once. */
static int
relay_events(FILE *conn)
{
	char *line = NULL;
	size_t cap = 0;

	while (read_line(conn, &line, &cap) && !is_end(line))
		if (fputs(line, stdout) == EOF || fflush(stdout) == EOF)
			break;
	free(line);
	return broken_off(EX_UNAVAILABLE);
}

static int
relay_text(FILE *conn, const json_t *head, const char *command)
{
	struct bgpctl_printer *p = bgpctl_printer_new(command, stdout);
	char *line = NULL;
	size_t cap = 0;
	int status = EX_UNAVAILABLE;

	bgpctl_printer_head(p, head);
	while (read_line(conn, &line, &cap)) {
		if (is_end(line)) {
			status = check_end(line);
			break;
		}
		json_t *row = json_loads(line, 0, NULL);
		if (row != NULL)
			bgpctl_printer_row(p, row);
		json_decref(row);
	}
	bgpctl_printer_end(p);
	free(line);
	return broken_off(status);
}

static int
converse(FILE *conn, const struct bgpctl_request *req, bool json)
{
	char *line = NULL;
	size_t cap = 0;
	json_t *first = NULL;
	int status = EX_UNAVAILABLE;

	if (send_request(conn, req) && read_line(conn, &line, &cap))
		first = json_loads(line, 0, NULL);
	if (first == NULL) {
		fputs("bgpctl: bgpd closed the connection\n", stderr);
	} else if (json_integer_value(json_object_get(first, "protocol")) != PROTOCOL) {
		fputs("bgpctl: bgpd speaks another version of the protocol\n", stderr);
		status = 1;
	} else if (!json_is_true(json_object_get(first, "ok"))) {
		const char *error = json_string_value(json_object_get(first, "error"));
		const char *code = json_string_value(json_object_get(first, "code"));
		/* Errors of a configuration are lines of their own, which begin with file, line and column. */
		fprintf(stderr, "%s%s\n", code != NULL && strcmp(code, "invalid") == 0 ? "" : "bgpctl: ",
			error != NULL ? error : "bgpd refused without a reason");
		status = 1;
	} else {
		const json_t *head = json_object_get(first, "head");
		const char *rows = json_string_value(json_object_get(first, "rows"));
		if (rows != NULL && strcmp(rows, "events") == 0)
			status = relay_events(conn);
		else
			status = json ? relay_json(conn, head, rows) : relay_text(conn, head, req->command);
	}
	json_decref(first);
	free(line);
	return status;
}

static int
run(int argc, char **argv, const char *path, bool json)
{
	struct bgpctl_request req;
	struct str why = {0};
	int status = EX_USAGE;
	char *summary[] = {(char[]){"show"}};

	if (argc == 0) {
		argv = summary;
		argc = 1;
	}
	if (!bgpctl_parse(argc, argv, &req, &why)) {
		fprintf(stderr, "bgpctl: %s\nTry 'bgpctl --help'.\n", str_get(&why));
		goto out;
	}
	int fd = dial(path);
	if (fd < 0) {
		fprintf(stderr, "bgpctl: %s: %s%s\n", path, strerror(-fd),
			fd == -ECONNREFUSED || fd == -ENOENT ? "; does bgpd run?" : "");
		status = EX_UNAVAILABLE;
		goto out;
	}
	FILE *conn = fdopen(fd, "r+");
	if (conn == NULL)
		mem_exhausted(0);
	status = converse(conn, &req, json);
	fclose(conn);
	if (fflush(stdout) != 0 && status == 0)
		status = 1;
out:
	json_decref(req.args);
	str_free(&why);
	return status;
}

enum { OPT_COMPLETE = 256 };

int
main(int argc, char **argv)
{
	static const struct option long_options[] = {{"json", no_argument, NULL, 'j'},
						     {"socket", required_argument, NULL, 's'},
						     {"complete", no_argument, NULL, OPT_COMPLETE},
						     {"version", no_argument, NULL, 'V'},
						     {"help", no_argument, NULL, 'h'},
						     {NULL, 0, NULL, 0}};
	const char *path = SOCKET_PATH;
	bool json = false, complete = false;
	int c;

	mem_libs_init();
	while ((c = getopt_long(argc, argv, "+js:Vh", long_options, NULL)) != -1) {
		switch (c) {
		case 'j':
			json = true;
			break;
		case 's':
			path = optarg;
			break;
		case OPT_COMPLETE:
			complete = true;
			break;
		case 'V':
			puts("bgpctl (godwit) " PACKAGE_VERSION);
			return 0;
		case 'h':
			usage(stdout);
			return 0;
		default:
			fputs("Try 'bgpctl --help'.\n", stderr);
			return EX_USAGE;
		}
	}
	if (complete) {
		bgpctl_complete(argc - optind, argv + optind, stdout);
		return 0;
	}
	return run(argc - optind, argv + optind, path, json);
}
