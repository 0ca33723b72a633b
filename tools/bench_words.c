/* SPDX-License-Identifier: Apache-2.0 */
/* bench_words: cutting a line into a verb and its keys; see the header. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/bench_words.h"

bool
bench_words_parse(struct bench_words *w, char *line)
{
	char *save = NULL, *word = strtok_r(line, " \t\n", &save);

	memset(w, 0, sizeof(*w));
	w->verb = word;
	while (word && (word = strtok_r(NULL, " \t\n", &save)) != NULL) {
		char *equals = strchr(word, '=');

		if (w->count == BENCH_WORDS)
			return false;
		if (equals)
			*equals = '\0';
		w->key[w->count] = word;
		w->value[w->count++] = equals ? equals + 1 : "";
	}
	return w->verb != NULL;
}

const char *
bench_words_get(const struct bench_words *w, const char *key)
{
	for (int i = 0; i < w->count; i++)
		if (strcmp(w->key[i], key) == 0)
			return w->value[i];
	return NULL;
}

bool
bench_words_has(const struct bench_words *w, const char *key)
{
	return bench_words_get(w, key) != NULL;
}

__attribute__((noreturn)) static void
refuse(const struct bench_words *w, const char *key, const char *why)
{
	fprintf(stderr, "bgpbench-peer: %s: %s %s\n", w->verb, key, why);
	exit(64);
}

const char *
bench_words_text(const struct bench_words *w, const char *key)
{
	const char *text = bench_words_get(w, key);

	if (text == NULL)
		refuse(w, key, "is missing");
	return text;
}

uint64_t
bench_words_number(const struct bench_words *w, const char *key, uint64_t fallback)
{
	const char *text = bench_words_get(w, key), *err;

	if (text == NULL)
		return fallback;
	long long v = strtonum(text, 0, INT64_MAX, &err);
	if (err)
		refuse(w, key, "is no number");
	return (uint64_t)v;
}

uint32_t
bench_words_u32(const struct bench_words *w, const char *key, uint32_t fallback)
{
	uint64_t v = bench_words_number(w, key, fallback);

	if (v > UINT32_MAX)
		refuse(w, key, "is too large");
	return (uint32_t)v;
}

struct ip_addr
bench_words_addr(const struct bench_words *w, const char *key)
{
	const char *text = bench_words_get(w, key);
	struct ip_addr a = {0};

	if (text && ip_addr_parse(text, &a) != 0)
		refuse(w, key, "is no address");
	return a;
}
