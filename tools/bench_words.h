/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_words: one command of the benchmark's runner, "verb key=value key=value".
 *
 * A key without "=" is a flag. Whoever reads a value that is not there or not
 * usable ends the program with a message: the runner is the only writer.
 */
#ifndef TOOLS_BENCH_WORDS_H
#define TOOLS_BENCH_WORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"

#define BENCH_WORDS 24

struct bench_words {
	const char *verb;
	const char *key[BENCH_WORDS], *value[BENCH_WORDS]; /* value "" for a flag */
	int count;
};

/* Cuts a line in place, which must outlive w. False: no verb, or too many words. */
bool bench_words_parse(struct bench_words *w, char *line);
/* NULL: not there. */
const char *bench_words_get(const struct bench_words *w, const char *key);
bool bench_words_has(const struct bench_words *w, const char *key);
const char *bench_words_text(const struct bench_words *w, const char *key);
/* A number of 0 to 2^63-1, or fallback where the key is not there. */
uint64_t bench_words_number(const struct bench_words *w, const char *key, uint64_t fallback);
uint32_t bench_words_u32(const struct bench_words *w, const char *key, uint32_t fallback);
/* FAMILY_NONE where the key is not there. */
struct ip_addr bench_words_addr(const struct bench_words *w, const char *key);

#endif
