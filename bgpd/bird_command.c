/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bird_command: the table of commands, and the way from a line to its handler.
 */
#include "bgpd/bird_command.h"

#include "bgpd/bird_reply.h"
#include "lib/mem.h"

#include <string.h>

#define COMMAND_WORDS 2 /* at most, of a command's own */

struct command {
	const char *words[COMMAND_WORDS];
	void (*run)(struct bird_client *c, const struct bird_words *args);
	bool acts; /* not for those who may only look */
};

static void restrict_client(struct bird_client *c, const struct bird_words *args);

static const struct command commands[] = {
    {{"show", "status"}, bird_show_status, false},
    {{"show", "protocols"}, bird_show_protocols, false},
    {{"show", "route"}, bird_show_route, false},
    {{"show", "interfaces"}, bird_show_interfaces, false},
    {{"show", "memory"}, bird_show_memory, false},
    {{"show", "symbols"}, bird_show_symbols, false},
    {{"configure"}, bird_configure, true},
    {{"enable"}, bird_enable, true},
    {{"disable"}, bird_disable, true},
    {{"restart"}, bird_restart, true},
    {{"reload"}, bird_reload, true},
    {{"down"}, bird_down, true},
    {{"restrict"}, restrict_client, false},
};

static void
restrict_client(struct bird_client *c, const struct bird_words *args)
{
	if (args->n > 0) {
		bird_syntax(c, args->v[0]);
		return;
	}
	bird_restrict(c);
	bird_end(c, BIRD_RESTRICTED, "Access restricted");
}

static bool
is_blank(char ch)
{
	return ch == ' ' || ch == '\t' || ch == '\r';
}

bool
bird_words_split(char *line, struct bird_words *w)
{
	char *p = line;

	*w = (struct bird_words){0};
	for (;;) {
		while (is_blank(*p))
			p++;
		if (*p == '\0')
			return true;
		if (w->n == BIRD_WORDS_MAX)
			return false;
		w->quoted[w->n] = *p == '"';
		if (*p == '"') {
			w->v[w->n++] = ++p;
			p = strchr(p, '"');
			if (p == NULL)
				return false;
		} else {
			w->v[w->n++] = p;
			while (*p != '\0' && !is_blank(*p) && *p != '"')
				p++;
			/* Text right behind a word would lose its quote. */
			if (*p == '"')
				return false;
		}
		if (*p != '\0')
			*p++ = '\0';
	}
}

bool
bird_word_is(const struct bird_words *w, unsigned at, const char *keyword)
{
	return at < w->n && !w->quoted[at] && strcmp(w->v[at], keyword) == 0;
}

/* How many words of the line are the command's own; 0: it is another one. */
static unsigned
command_fits(const struct command *cmd, const struct bird_words *w)
{
	unsigned n = 0;

	while (n < COMMAND_WORDS && cmd->words[n] != NULL) {
		if (!bird_word_is(w, n, cmd->words[n]))
			return 0;
		n++;
	}
	return n;
}

static struct bird_words
words_behind(const struct bird_words *w, unsigned n)
{
	struct bird_words rest = {.n = w->n - n};

	for (unsigned i = 0; i < rest.n; i++) {
		rest.v[i] = w->v[n + i];
		rest.quoted[i] = w->quoted[n + i];
	}
	return rest;
}

void
bird_command_run(struct bird_client *c, char *line)
{
	struct bird_words w;

	if (!bird_words_split(line, &w)) {
		bird_end(c, BIRD_ERR_SYNTAX, "syntax error");
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		unsigned n = command_fits(&commands[i], &w);
		if (n == 0)
			continue;
		struct bird_words args = words_behind(&w, n);
		if (commands[i].acts && bird_restricted(c))
			bird_end(c, BIRD_ERR_DENIED, "Access denied");
		else
			commands[i].run(c, &args);
		return;
	}
	bird_syntax(c, w.n > 0 ? w.v[0] : NULL);
}
