/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bird_command: the commands of the sockets for BIRD's clients.
 *
 * A command is some words; text in quotes is one, and is a pattern where a name may be one. Words are taken
 * whole: birdc completes shorter ones itself. A handler is given the words behind the command's own, and
 * answers as bird_reply.h says.
 */
#ifndef BGPD_BIRD_COMMAND_H
#define BGPD_BIRD_COMMAND_H

#include <stdbool.h>

struct bird_client;

#define BIRD_WORDS_MAX 16

struct bird_words {
	const char *v[BIRD_WORDS_MAX]; /* point into the line */
	bool quoted[BIRD_WORDS_MAX];
	unsigned n;
};

/* Cuts the line. False: too many words, or a quote without its end. */
bool bird_words_split(char *line, struct bird_words *w);
/* Is the word at this place there, and is it this keyword? Text in quotes is none. */
bool bird_word_is(const struct bird_words *w, unsigned at, const char *keyword);

/* Looks a line up and runs it, or refuses; may change the line. */
void bird_command_run(struct bird_client *c, char *line);

/* bird_show_status.c */
void bird_show_status(struct bird_client *c, const struct bird_words *args);
/* bird_show_protocols.c */
void bird_show_protocols(struct bird_client *c, const struct bird_words *args);

/* bird_show_route.c */
void bird_show_route(struct bird_client *c, const struct bird_words *args);
/* bird_show_misc.c */
void bird_show_interfaces(struct bird_client *c, const struct bird_words *args);
void bird_show_memory(struct bird_client *c, const struct bird_words *args);
void bird_show_symbols(struct bird_client *c, const struct bird_words *args);
/* bird_configure.c */
void bird_configure(struct bird_client *c, const struct bird_words *args);
/* bird_action.c */
void bird_enable(struct bird_client *c, const struct bird_words *args);
void bird_disable(struct bird_client *c, const struct bird_words *args);
void bird_restart(struct bird_client *c, const struct bird_words *args);
void bird_reload(struct bird_client *c, const struct bird_words *args);
void bird_down(struct bird_client *c, const struct bird_words *args);

#endif
