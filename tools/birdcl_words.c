/* SPDX-License-Identifier: Apache-2.0 */
/*
 * birdcl_words: see birdcl.h. Commands, and shortened words of them.
 */
#include "tools/birdcl.h"

#include <string.h>

#define WORDS_MAX 3
#define LEN(a)    (sizeof(a) / sizeof *(a))

struct command {
	const char *word[WORDS_MAX]; /* NULL: no further one */
	const char *args, *doc;
};

/* Those of BIRD 1.6 that have to do with what Calico uses; any other one is sent as it was given. */
static const struct command commands[] = {
    {{"show", "status"}, "", "the daemon: version, router id, times"},
    {{"show", "protocols"}, "[NAME]", "sessions and other sources of routes, a line each"},
    {{"show", "protocols", "all"}, "[NAME]", "the same, with all there is to say"},
    {{"show", "interfaces"}, "", "interfaces and their addresses"},
    {{"show", "interfaces", "summary"}, "", "a line for each"},
    {{"show", "route"}, "[PREFIX | for IP] [all] [primary] [protocol NAME] [export NAME] [count]", "routes"},
    {{"show", "memory"}, "", "memory in use"},
    {{"show", "symbols"}, "", "names of the configuration"},
    {{"configure"}, "[\"FILE\"] [timeout [SECONDS]]", "read the configuration again"},
    {{"configure", "soft"}, "[\"FILE\"]", "the same, without sending routes again"},
    {{"configure", "check"}, "[\"FILE\"]", "only say what is wrong with it"},
    {{"configure", "confirm"}, "", "keep the new configuration"},
    {{"configure", "undo"}, "", "back to the one before"},
    {{"configure", "timeout"}, "[SECONDS]", "read it again, and go back unless confirmed in time"},
    {{"enable"}, "NAME", "let a session come up"},
    {{"disable"}, "NAME", "shut a session down"},
    {{"restart"}, "NAME", "shut it down and let it come up"},
    {{"reload"}, "[in | out] NAME", "receive or send its routes again"},
    {{"debug"}, "NAME ...", "log more of a session"},
    {{"dump"}, "...", "write something to the log"},
    {{"echo"}, "...", "see the log here"},
    {{"eval"}, "EXPRESSION", "the value of an expression"},
    {{"restrict"}, "", "allow this connection to look only"},
    {{"down"}, "", "stop the daemon"},
};

/* What has been understood of a command so far. */
struct match {
	bool can[LEN(commands)];
	unsigned depth; /* words */
};

static void
print_command(FILE *out, const struct command *c)
{
	char text[96] = "";
	size_t len = 0;

	for (unsigned w = 0; w < WORDS_MAX && c->word[w] != NULL; w++)
		len += (size_t)snprintf(text + len, sizeof text - len, "%s%s", w > 0 ? " " : "", c->word[w]);
	snprintf(text + len, sizeof text - len, "%s%s", c->args[0] != '\0' ? " " : "", c->args);
	fprintf(out, "%-40s %s\n", text, c->doc);
}

/* The word at this depth of command i, if it can still be that one and has one. */
static const char *
word_of(const struct match *m, size_t i)
{
	return m->can[i] && m->depth < WORDS_MAX ? commands[i].word[m->depth] : NULL;
}

/* The one word that begins with these octets, NULL if there is none; *several when it is not the only one. */
static const char *
find(const struct match *m, const char *text, size_t len, bool *several)
{
	const char *found = NULL;

	*several = false;
	for (size_t i = 0; i < LEN(commands); i++) {
		const char *w = word_of(m, i);
		if (w == NULL || strncmp(w, text, len) != 0)
			continue;
		if (w[len] == '\0') {
			*several = false;
			return w;
		}
		*several = *several || (found != NULL && strcmp(found, w) != 0);
		found = w;
	}
	return found;
}

static void
take(struct match *m, const char *word)
{
	for (size_t i = 0; i < LEN(commands); i++) {
		const char *w = word_of(m, i);
		m->can[i] = w != NULL && strcmp(w, word) == 0;
	}
	m->depth++;
}

static void
print_choices(const struct match *m, const char *text, size_t len, FILE *why)
{
	for (size_t i = 0; i < LEN(commands); i++) {
		const char *w = word_of(m, i);
		if (w != NULL && strncmp(w, text, len) == 0)
			print_command(why, &commands[i]);
	}
}

enum birdcl_found
birdcl_expand(const char *command, char *out, size_t n, FILE *why)
{
	struct match m;
	const char *rest = command + strspn(command, " \t");
	size_t used = 0;

	memset(m.can, true, sizeof m.can);
	m.depth = 0;
	out[0] = '\0';
	for (size_t len; (len = strcspn(rest, " \t")) > 0; rest += len, rest += strspn(rest, " \t")) {
		bool several;
		const char *word = find(&m, rest, len, &several);
		if (several) {
			print_choices(&m, rest, len, why);
			return BIRDCL_AMBIGUOUS;
		}
		if (word == NULL)
			break;
		take(&m, word);
		used += (size_t)snprintf(out + used, n - used, "%s%s", used > 0 ? " " : "", word);
		if (used >= n)
			break;
	}
	size_t tail = strlen(rest);
	if (used + tail + 2 <= n) {
		if (used > 0 && tail > 0)
			out[used++] = ' ';
		memcpy(out + used, rest, tail + 1);
	} else {
		snprintf(out, n, "%s", command);
	}
	return BIRDCL_AS_IS;
}

void
birdcl_help(FILE *out)
{
	for (size_t i = 0; i < LEN(commands); i++)
		print_command(out, &commands[i]);
	fprintf(out, "%-40s %s\n", "help, quit", "this text; the end of the conversation");
}
