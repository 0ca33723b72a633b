/* SPDX-License-Identifier: Apache-2.0 */
/*
 * confdump: what the loader makes of files, for the golden tests.
 *
 *     confdump FILE        the canonical dump with secrets, or the errors and status 78
 *     confdump OLD NEW     the differences
 *     confdump --doc       the list of keys for the manual page; --doc-bgpconfd of that program's file
 *     confdump --json      the JSON Schema; --json-bgpconfd likewise
 *
 * A dump is read again and must give the same dump and no difference, so that
 * each golden file also tests that.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/bgpconfd_conf.h"
#include "conf/conf.h"
#include "conf/diff.h"
#include "lib/mem.h"

#define EX_CONFIG 78

static void
put(struct str *s, FILE *to)
{
	fputs(str_get(s), to);
	str_free(s);
}

static int
load(const char *path, struct conf **out)
{
	struct conf_errors errs = {0};
	struct str text = {0};
	int rc = conf_load(path, out, &errs);

	conf_errors_print(&errs, &text);
	put(&text, stdout);
	conf_errors_free(&errs);
	return rc == 0 ? 0 : EX_CONFIG;
}

static int
diff(const struct conf *old, const struct conf *new)
{
	struct conf_changes ch;
	struct str text = {0};

	conf_diff(old, new, &ch);
	conf_changes_print(&ch, &text);
	int n = (int)(ch.all.n + ch.neighbors.n);
	conf_changes_free(&ch);
	put(&text, stdout);
	return n;
}

static int
dump(const struct conf *c)
{
	struct str first = {0}, again = {0};
	struct conf_errors errs = {0};
	struct conf *copy;
	int rc = 1;

	conf_print(c, true, &first);
	if (conf_load_text("dump", first.s, first.len, 0, &copy, &errs) != 0) {
		conf_errors_print(&errs, &again);
		fputs("the dump does not load:\n", stderr);
	} else {
		conf_print(copy, true, &again);
		if (diff(c, copy) != 0 || strcmp(first.s, again.s) != 0)
			fputs("the dump does not mean the same:\n", stderr);
		else
			rc = 0;
		conf_free(copy);
	}
	if (rc != 0)
		fputs(str_get(&again), stderr);
	str_free(&again);
	conf_errors_free(&errs);
	put(&first, stdout);
	return rc;
}

static const struct {
	const char *option;
	void (*add)(struct str *out);
} texts[] = {
    {"--doc", conf_schema_doc},
    {"--doc-bgpconfd", bgpconfd_conf_doc},
    {"--json", conf_schema_json},
    {"--json-bgpconfd", bgpconfd_conf_json},
};

int
main(int argc, char **argv)
{
	struct conf *old = NULL, *new = NULL;
	struct str text = {0};
	int rc = 64;

	for (size_t i = 0; argc == 2 && i < ARRAY_LEN(texts); i++)
		if (strcmp(argv[1], texts[i].option) == 0) {
			texts[i].add(&text);
			put(&text, stdout);
			return 0;
		}
	if (argc == 2) {
		rc = load(argv[1], &old);
		if (rc == 0)
			rc = dump(old);
	} else if (argc == 3) {
		rc = load(argv[1], &old);
		if (rc == 0)
			rc = load(argv[2], &new);
		if (rc == 0)
			diff(old, new);
	} else {
		fputs("usage: confdump FILE | OLD NEW | --doc | --json\n", stderr);
	}
	conf_free(old);
	conf_free(new);
	return rc;
}
