/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_bgpctl: words of a command line with blanks between, an octet of 0, and the lines of an answer as
 * JSON. Words are understood or why not is said; what is printed of an answer cannot steer a terminal.
 */
#include "tests/fuzz/fuzz.h"
#include "tools/bgpctl.h"

#define WORDS_MAX 16

static void
print(const char *command, const char *lines)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	struct bgpctl_printer *p = bgpctl_printer_new(command, out);
	bool head = true;

	for (const char *at = lines; *at != '\0'; head = false) {
		size_t n = strcspn(at, "\n");
		json_t *o = json_loadb(at, n, 0, NULL);
		if (json_is_object(o) && head)
			bgpctl_printer_head(p, o);
		else if (json_is_object(o))
			bgpctl_printer_row(p, o);
		json_decref(o);
		at += n + (at[n] == '\n');
	}
	bgpctl_printer_end(p);
	ASSERT(fclose(out) == 0);
	for (size_t i = 0; i < len; i++)
		ASSERT((unsigned char)text[i] >= ' ' || text[i] == '\n' || text[i] == '\t');
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bgpctl_request request = {0};
	struct rbuf in = rbuf_of(data, size);
	struct str why = {0};
	char *argv[WORDS_MAX + 1], *word, *rest;
	size_t n, len = 0;
	int argc = 0;
	const uint8_t *p = fuzz_part(&in, &n);
	char *words = fuzz_string(p, n), *lines = fuzz_string(in.p, rbuf_left(&in));

	for (rest = words; argc < WORDS_MAX && (word = strsep(&rest, " ")) != NULL;)
		argv[argc++] = word;
	argv[argc] = NULL;
	bool ok = bgpctl_parse(argc, argv, &request, &why);
	ASSERT(ok == (why.len == 0) && (!ok || (request.command != NULL && json_is_object(request.args))));
	char *completions = NULL;
	FILE *out = open_memstream(&completions, &len);
	bgpctl_complete(argc, argv, out);
	ASSERT(fclose(out) == 0);
	free(completions);
	print(ok ? request.command : "show rib", lines);
	json_decref(request.args);
	str_free(&why);
	free(words);
	free(lines);
	return 0;
}
