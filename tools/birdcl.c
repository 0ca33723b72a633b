/* SPDX-License-Identifier: Apache-2.0 */
/*
 * birdcl: asks whoever answers like BIRD at a control socket, and prints what it says.
 *
 * Called as birdcl6 it asks at the socket of IPv6. One command, that of the command line, or those of
 * standard input, one a line. Exit status: 0, whatever was answered; 64 usage; 69 nobody at the socket, or no
 * answer in time; 1 anything else.
 */
#include "tools/birdcl.h"
#include "lib/version.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#define SILENCE_S   30   /* a server that says nothing for so long will not */
#define COMMAND_MAX 4096 /* with its end; servers take no more */

struct session {
	const char *path;
	bool verbose;
	bool done; /* `quit` */
	struct birdcl_reader server, user;
};

static void
usage(FILE *out)
{
	fputs("usage: birdcl [-s SOCKET | -l] [-r] [-v] [COMMAND...]\n"
	      "\n"
	      "Asks bgpd, or BIRD, at its control socket for BIRD; as birdcl6 at that of IPv6. Without a "
	      "command it\n"
	      "takes one from each line of standard input.\n"
	      "\n"
	      "  -s SOCKET  the socket (default /var/run/calico/bird.ctl, else /var/run/bird/bird.ctl;\n"
	      "             as birdcl6 bird6.ctl there)\n"
	      "  -l         the socket in this folder\n"
	      "  -r         only look: what would change something is refused\n"
	      "  -v         print the codes of answers, too\n"
	      "  -V         print the version and exit\n"
	      "  -h         this text\n"
	      "\n",
	      out);
	birdcl_help(out);
}

static int
lost(const struct session *s, long err)
{
	const char *what = strerror((int)-err);

	if (err == 0)
		what = "closed the connection";
	else if (err == -EAGAIN)
		what = "no answer in time";
	else if (err == -EMSGSIZE)
		what = "answered with a line that is too long";
	fflush(stdout);
	fprintf(stderr, "birdcl: %s: %s\n", s->path, what);
	return err == -EMSGSIZE ? 1 : EX_UNAVAILABLE;
}

/* Prints the lines that are there. True when a reply has ended with one of them. */
static bool
print_lines(struct session *s)
{
	char *line;

	while ((line = birdcl_line(&s->server)) != NULL)
		if (birdcl_print(stdout, line, s->verbose))
			return true;
	return false;
}

/* Prints a whole reply. 0, or the exit status. */
static int
await(struct session *s)
{
	while (!print_lines(s)) {
		long n = birdcl_read(&s->server);
		if (n <= 0)
			return lost(s, n);
	}
	return fflush(stdout) == 0 ? 0 : 1;
}

/* Sends one command, and prints what is answered. 0, or the exit status. */
static int
ask(struct session *s, const char *command)
{
	char line[COMMAND_MAX];
	int n = snprintf(line, sizeof line, "%s\n", command);

	if (n < 0 || (size_t)n >= sizeof line) {
		fputs("birdcl: the command is too long\n", stderr);
		return EX_USAGE;
	}
	int err = birdcl_send(s->server.fd, line, (size_t)n);
	return err == 0 ? await(s) : lost(s, err);
}

/* A command as somebody gave it. 0, or the exit status. */
static int
run(struct session *s, const char *given)
{
	char command[COMMAND_MAX];

	if (birdcl_expand(given, command, sizeof command, stdout) == BIRDCL_AMBIGUOUS)
		return 0;
	if (command[0] == '\0')
		return 0;
	s->done = strcmp(command, "quit") == 0 || strcmp(command, "exit") == 0;
	if (s->done)
		return 0;
	if (strcmp(command, "help") != 0 && strcmp(command, "?") != 0)
		return ask(s, command);
	birdcl_help(stdout);
	return fflush(stdout) == 0 ? 0 : 1;
}

/* Waits until there is something of standard input, printing what the server says meanwhile. 0, or the exit
 * status. */
static int
wait_user(struct session *s)
{
	struct pollfd fds[] = {{.fd = s->user.fd, .events = POLLIN}, {.fd = s->server.fd, .events = POLLIN}};

	while (poll(fds, 2, -1) < 0)
		if (errno != EINTR)
			return lost(s, -errno);
	if (fds[1].revents != 0) {
		long n = birdcl_read(&s->server);
		if (n <= 0)
			return lost(s, n);
		print_lines(s);
		fflush(stdout);
	}
	return 0;
}

/* The next line of standard input into *line, NULL at its end. 0, or the exit status. */
static int
next_command(struct session *s, char **line)
{
	long n = 1;
	int status;

	while ((*line = birdcl_line(&s->user)) == NULL && n > 0) {
		struct pollfd user = {.fd = s->user.fd, .events = POLLIN};
		if ((status = wait_user(s)) != 0)
			return status;
		if (poll(&user, 1, 0) > 0)
			n = birdcl_read(&s->user);
	}
	if (n == -EMSGSIZE) {
		fputs("birdcl: the command is too long\n", stderr);
		return EX_USAGE;
	}
	if (*line == NULL)
		*line = birdcl_rest(&s->user);
	return 0;
}

/* Commands from standard input until that ends. */
static int
converse(struct session *s)
{
	bool terminal = isatty(STDIN_FILENO);
	char *line;
	int status = 0;

	while (status == 0 && !s->done) {
		if (terminal) {
			fputs("bird> ", stdout);
			fflush(stdout);
		}
		status = next_command(s, &line);
		if (status != 0 || line == NULL)
			break;
		status = run(s, line);
	}
	if (terminal && status == 0 && !s->done)
		putchar('\n');
	return status;
}

/* The words of the command line as one command in line[0..n). False: they are too long, or more than one
 * line. */
static bool
join(char **words, char *line, size_t n)
{
	size_t used = 0;

	line[0] = '\0';
	for (; *words != NULL; words++) {
		used += (size_t)snprintf(line + used, n - used, "%s%s", used > 0 ? " " : "", *words);
		if (used >= n || strchr(*words, '\n') != NULL)
			return false;
	}
	return true;
}

static const char *
default_path(bool ipv6, bool here)
{
	static const char *const paths[2][3] = {
	    {"bird.ctl", "/var/run/calico/bird.ctl", "/var/run/bird/bird.ctl"},
	    {"bird6.ctl", "/var/run/calico/bird6.ctl", "/var/run/bird/bird6.ctl"},
	};

	if (here)
		return paths[ipv6][0];
	return access(paths[ipv6][1], F_OK) != 0 && access(paths[ipv6][2], F_OK) == 0 ? paths[ipv6][2]
										      : paths[ipv6][1];
}

static int
session_run(struct session *s, bool restricted, char **words)
{
	char line[COMMAND_MAX];
	int status;

	if (!join(words, line, sizeof line)) {
		fputs("birdcl: the command is too long, or more than a line\n", stderr);
		return EX_USAGE;
	}
	s->server.fd = birdcl_dial(s->path, SILENCE_S);
	if (s->server.fd < 0)
		return lost(s, s->server.fd);
	status = await(s);
	if (status == 0 && restricted)
		status = ask(s, "restrict");
	if (status == 0)
		status = *words != NULL ? run(s, line) : converse(s);
	if (fflush(stdout) != 0 && status == 0)
		status = 1;
	close(s->server.fd);
	return status;
}

int
main(int argc, char **argv)
{
	static struct session s = {.user = {.fd = STDIN_FILENO}};
	const char *name = argc > 0 ? argv[0] : "birdcl";
	bool ipv6 = name[0] != '\0' && name[strlen(name) - 1] == '6', here = false, restricted = false;
	int c;

	while ((c = getopt(argc, argv, "+s:lrvVh")) != -1) {
		switch (c) {
		case 's':
			s.path = optarg;
			break;
		case 'l':
			here = true;
			break;
		case 'r':
			restricted = true;
			break;
		case 'v':
			s.verbose = true;
			break;
		case 'V':
			puts("birdcl (godwit) " PACKAGE_VERSION);
			return 0;
		case 'h':
			usage(stdout);
			return 0;
		default:
			fputs("Try 'birdcl -h'.\n", stderr);
			return EX_USAGE;
		}
	}
	if (s.path == NULL)
		s.path = default_path(ipv6, here);
	return session_run(&s, restricted, argv + optind);
}
