/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bgpctl_grammar: from words to a request.
 *
 * One table: a row is a sequence of keywords and places for arguments, separated by
 * blanks. A keyword may be shortened while it is unique among the keywords that
 * could stand in its place; the row with most keywords that fits wins.
 */
#include "tools/bgpctl.h"

#include "lib/mem.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORDS_MAX 4

/* Kinds of filters: of routes, and which table's. */
#define NONE   0u
#define ROUTES 1u
#define TABLE  2u
#define VRF    4u

struct form {
	const char *words[WORDS_MAX]; /* keyword, or <argument> of the protocol */
	const char *command;
	const char *optional; /* an argument after the words, NULL: none */
	unsigned filters;     /* FILTERs of which kinds may follow */
	const char *usage;
};

static const struct form forms[] = {
    {{"show"}, "show summary", NULL, NONE, "show [summary]"},
    {{"show", "summary"}, "show summary", NULL, NONE, NULL},
    {{"show", "neighbor"}, "show neighbor", "neighbor", NONE, "show neighbor [ADDR]"},
    {{"show", "rib"}, "show rib", "prefix", ROUTES | TABLE, "show rib [ADDRESS|PREFIX] [FILTER]..."},
    {{"show", "rib", "in", "<neighbor>"},
     "show rib in",
     "prefix",
     ROUTES,
     "show rib in ADDR [PREFIX] [FILTER]..."},
    {{"show", "rib", "out", "<neighbor>"},
     "show rib out",
     "prefix",
     ROUTES,
     "show rib out ADDR [PREFIX] [FILTER]..."},
    {{"show", "rib", "why", "<prefix>"}, "show rib why", NULL, TABLE, "show rib why PREFIX [table N|vrf NAME]"},
    {{"show", "rib", "rejected"},
     "show rib rejected",
     "prefix",
     ROUTES | TABLE,
     "show rib rejected [ADDRESS|PREFIX] [FILTER]..."},
    {{"show", "fib"}, "show fib", NULL, TABLE, "show fib [table N|vrf NAME]"},
    {{"show", "nexthop"}, "show nexthop", NULL, TABLE, "show nexthop [table N|vrf NAME]"},
    {{"show", "checks"}, "show checks", NULL, NONE, "show checks"},
    {{"show", "interfaces"}, "show interfaces", NULL, VRF, "show interfaces [vrf NAME]"},
    {{"show", "policy"}, "show policy", "name", NONE, "show policy [NAME]"},
    {{"show", "memory"}, "show memory", NULL, NONE, "show memory"},
    {{"show", "metrics"}, "show metrics", NULL, NONE, "show metrics"},
    {{"config", "show"}, "config show", NULL, NONE, "config show"},
    {{"config", "diff"}, "config diff", "file", NONE, "config diff [FILE]"},
    {{"config", "check"}, "config check", "file", NONE, "config check [FILE]"},
    {{"reload"}, "reload", NULL, NONE, "reload"},
    {{"reload", "--confirm", "<confirm>"}, "reload", NULL, NONE, "reload --confirm SECONDS"},
    {{"neighbor", "<neighbor>", "up"}, "neighbor up", NULL, NONE, "neighbor ADDR up"},
    {{"neighbor", "<neighbor>", "down"}, "neighbor down", "reason", NONE, "neighbor ADDR down [REASON]"},
    {{"neighbor", "<neighbor>", "clear"}, "neighbor clear", NULL, NONE, "neighbor ADDR clear"},
    {{"neighbor", "<neighbor>", "refresh"},
     "neighbor refresh",
     "direction",
     NONE,
     "neighbor ADDR refresh [in|out]"},
    {{"neighbor", "<neighbor>", "drain"}, "neighbor drain", NULL, NONE, "neighbor ADDR drain"},
    {{"neighbor", "<neighbor>", "debug", "<debug>"}, "neighbor debug", NULL, NONE, "neighbor ADDR debug on|off|hex"},
    {{"network", "add", "<prefix>"}, "network add", NULL, NONE, "network add PREFIX"},
    {{"network", "delete", "<prefix>"}, "network delete", NULL, NONE, "network delete PREFIX"},
    {{"log", "level", "<level>"}, "log level", NULL, NONE, "log level error|warn|info|debug"},
    {{"confirm"}, "confirm", NULL, NONE, "confirm"},
    {{"rollback"}, "rollback", NULL, NONE, "rollback"},
    {{"monitor"}, "monitor", "what", NONE, "monitor [neighbor|rib|fib]"},
};

enum filter_kind { FILTER_FLAG, FILTER_TEXT, FILTER_NUMBER };
static const struct filter {
	const char *word, *arg;
	enum filter_kind kind;
	unsigned of; /* ROUTES, TABLE, VRF */
	const char *usage;
} filters[] = {
    {"best", "best", FILTER_FLAG, ROUTES, "best"},
    {"longer", "longer", FILTER_FLAG, ROUTES, "longer"},
    {"community", "community", FILTER_TEXT, ROUTES, "community C"},
    {"as-path", "as_path", FILTER_TEXT, ROUTES, "as-path PATTERN"},
    {"from", "from", FILTER_TEXT, ROUTES, "from ADDR"},
    {"origin-as", "origin_as", FILTER_NUMBER, ROUTES, "origin-as N"},
    {"invalid", "invalid", FILTER_FLAG, ROUTES, "invalid"},
    {"rejected", "rejected", FILTER_FLAG, ROUTES, "rejected"},
    {"limit", "limit", FILTER_NUMBER, ROUTES, "limit N"},
    {"table", "table", FILTER_NUMBER, TABLE, "table N"},
    {"vrf", "vrf", FILTER_TEXT, TABLE | VRF, "vrf NAME"},
};

/* Arguments that are one of a few words; others are completed by whoever asked, from the argument's name. */
static const struct {
	const char *arg, *values;
} choices[] = {
    {"level", "error\nwarn\ninfo\ndebug"},
    {"direction", "in\nout"},
    {"debug", "on\noff\nhex"},
    {"what", "neighbor\nrib\nfib"},
};

void
bgpctl_grammar_print(FILE *out)
{
	fputs("Commands, whose words may be shortened while they are unique:\n", out);
	for (size_t i = 0; i < ARRAY_LEN(forms); i++)
		if (forms[i].usage != NULL && forms[i].command != NULL)
			fprintf(out, "  %s\n", forms[i].usage);
	fputs("FILTER:", out);
	for (size_t i = 0; i < ARRAY_LEN(filters); i++)
		fprintf(out, "%s %s", i > 0 ? "," : "", filters[i].usage);
	fputs("\n", out);
}

static bool
is_place(const char *word)
{
	return word[0] == '<';
}

/* Do the first n words of the form, as keywords written out, equal those? */
static bool
begins_with(const struct form *f, char **words, int n)
{
	for (int i = 0; i < n; i++) {
		if (i >= WORDS_MAX || f->words[i] == NULL)
			return false;
		if (!is_place(f->words[i]) && strcmp(f->words[i], words[i]) != 0)
			return false;
	}
	return true;
}

/*
 * The keyword that word n means after those before it: NULL for none; *several lists them where it is
 * not unique.
 */
static const char *
keyword(char **words, int n, struct str *several)
{
	const char *found = NULL;
	size_t len = strlen(words[n]);
	bool ambiguous = false;

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		const char *w = n < WORDS_MAX ? forms[i].words[n] : NULL;
		if (w == NULL || is_place(w) || !begins_with(&forms[i], words, n) ||
		    strncmp(w, words[n], len) != 0)
			continue;
		if (strcmp(w, words[n]) == 0)
			return w;
		if (found != NULL && strcmp(found, w) == 0)
			continue;
		ambiguous = ambiguous || found != NULL;
		str_addf(several, "%s%s", several->len > 0 ? ", " : "", w);
		found = w;
	}
	return ambiguous ? NULL : found;
}

static bool
has_place(char **words, int n)
{
	for (size_t i = 0; i < ARRAY_LEN(forms); i++)
		if (n < WORDS_MAX && forms[i].words[n] != NULL && is_place(forms[i].words[n]) &&
		    begins_with(&forms[i], words, n))
			return true;
	return false;
}

/*
 * A file is opened by the daemon, whose working directory is another; seconds are a number. NULL: the text is not what
 * it should be.
 */
static json_t *
argument(const char *name, const char *text, const char **why)
{
	char path[PATH_MAX], cwd[PATH_MAX];

	*why = "not UTF-8";
	if (strcmp(name, "confirm") == 0) {
		const char *err;
		long long n = strtonum(text, 1, UINT32_MAX, &err);
		*why = "not a number of seconds";
		return err == NULL ? json_integer(n) : NULL;
	}

	if (strcmp(name, "file") == 0 && text[0] != '/' && getcwd(cwd, sizeof(cwd)) != NULL &&
	    (size_t)snprintf(path, sizeof(path), "%s/%s", cwd, text) < sizeof(path))
		text = path;
	return json_string(text);
}

static bool
put_text(json_t *args, const char *name, const char *text, struct str *why)
{
	const char *wrong;
	json_t *v = argument(name, text, &wrong);

	if (v == NULL) {
		str_addf(why, "the argument for %s is %s", name, wrong);
		return false;
	}
	json_object_set_new(args, name, v);
	return true;
}

static const struct filter *
filter_find(const char *word, unsigned of, struct str *why)
{
	const struct filter *found = NULL;

	for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
		if (!(filters[i].of & of))
			continue;
		if (strcmp(filters[i].word, word) == 0)
			return &filters[i];
		if (strncmp(filters[i].word, word, strlen(word)) != 0)
			continue;
		if (found != NULL) {
			str_addf(why, "'%s' may be %s or %s", word, found->word, filters[i].word);
			return NULL;
		}
		found = &filters[i];
	}
	if (found != NULL)
		return found;
	str_addf(why, "'%s' is not a filter: expected", word);
	const char *sep = " ";
	for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
		if (!(filters[i].of & of))
			continue;
		str_addf(why, "%s%s", sep, filters[i].word);
		sep = ", ";
	}
	return NULL;
}

/* The words behind the form: its optional argument, then filters. */
static bool
parse_rest(const struct form *f, int argc, char **argv, json_t *args, struct str *why)
{
	int i = 0;

	if (argc > 0 && f->optional != NULL && (f->filters == NONE || strpbrk(argv[0], ".:/") != NULL)) {
		if (!put_text(args, f->optional, argv[i++], why))
			return false;
	}
	while (i < argc) {
		if (f->filters == NONE) {
			str_addf(why, "'%s' is too much", argv[i]);
			return false;
		}
		const struct filter *fl = filter_find(argv[i++], f->filters, why);
		if (fl == NULL)
			return false;
		if (fl->kind == FILTER_FLAG) {
			json_object_set_new(args, fl->arg, json_true());
			continue;
		}
		if (i == argc) {
			str_addf(why, "%s wants a value", fl->word);
			return false;
		}
		if (fl->kind == FILTER_TEXT) {
			if (!put_text(args, fl->arg, argv[i++], why))
				return false;
			continue;
		}
		const char *err;
		long long n = strtonum(argv[i++], 0, UINT32_MAX, &err);
		if (err != NULL) {
			str_addf(why, "%s: '%s' is %s", fl->word, argv[i - 1], err);
			return false;
		}
		json_object_set_new(args, fl->arg, json_integer(n));
	}
	return true;
}

/* The form all of whose words these are; n is as long as possible. */
static const struct form *
form_find(char **words, int nwords)
{
	const struct form *best = NULL;
	int most = 0;

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		int n = 0;
		while (n < WORDS_MAX && forms[i].words[n] != NULL)
			n++;
		if (n <= nwords && n > most && begins_with(&forms[i], words, n)) {
			best = &forms[i];
			most = n;
		}
	}
	return best;
}

/* Writes out shortened words that stand where keywords stand; how many words are understood. */
static int
expand(int argc, char **argv, char **words, struct str *several)
{
	int n;

	for (n = 0; n < argc && n < WORDS_MAX; n++) {
		words[n] = argv[n];
		const char *w = keyword(words, n, several);
		if (w != NULL)
			words[n] = (char *)(uintptr_t)w; /* only read */
		else if (several->len > 0 || !has_place(words, n))
			break;
		str_reset(several);
	}
	return n;
}

/* What the completion of a shell would offer behind the first n words, after a colon. */
static void
expected(int n, char **words, struct str *why)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (out == NULL)
		return;
	bgpctl_complete(n, words, out);
	if (fclose(out) == 0) {
		const char *sep = ": expected ";
		char *rest = text;
		for (char *word; (word = strsep(&rest, "\n")) != NULL && *word != '\0'; sep = ", ")
			str_addf(why, "%s%s", sep, word);
	}
	free(text);
}

bool
bgpctl_parse(int argc, char **argv, struct bgpctl_request *out, struct str *why)
{
	char *words[WORDS_MAX];
	struct str several = {0};

	*out = (struct bgpctl_request){.args = json_object()};
	int n = expand(argc, argv, words, &several);
	const struct form *f = n > 0 ? form_find(words, n) : NULL;
	if (several.len > 0 && (f == NULL || f->filters == NONE))
		str_addf(why, "'%s' may be one of %s", argv[n], str_get(&several));
	else if (f == NULL && n < argc)
		str_addf(why, "'%s' is not understood here", argv[n]);
	else if (f == NULL)
		str_add(why, "the command is not complete");
	if (f == NULL && several.len == 0)
		expected(n, words, why);
	str_free(&several);
	if (f == NULL || why->len > 0)
		return false;
	int used = 0;
	for (; used < WORDS_MAX && f->words[used] != NULL; used++) {
		char name[32];
		if (!is_place(f->words[used]))
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)strlen(f->words[used]) - 2, f->words[used] + 1);
		if (!put_text(out->args, name, argv[used], why))
			return false;
	}
	if (used < n) { /* "show rib in": a keyword, but not all of what it needs */
		str_add(why, "the command is not complete");
		expected(n, words, why);
		return false;
	}
	if (argc > used && f->filters == NONE && f->optional == NULL) {
		struct str other = {0};
		expected(used, words, &other);
		str_addf(why, "'%s' is %s%s", argv[used], other.len > 0 ? "not understood here" : "too much",
			 str_get(&other));
		str_free(&other);
		return false;
	}
	out->command = f->command;
	return parse_rest(f, argc - used, argv + used, out->args, why);
}

/* ---- completion ---- */

static void
offer(const char *name, struct str *seen, FILE *out)
{
	char line[64];

	snprintf(line, sizeof(line), "%s\n", name);
	if (strstr(str_get(seen), line) != NULL)
		return;
	str_add(seen, line);
	fputs(line, out);
}

static void
offer_argument(const char *name, size_t len, struct str *seen, FILE *out)
{
	char place[32];

	for (size_t i = 0; i < ARRAY_LEN(choices); i++) {
		if (strlen(choices[i].arg) == len && strncmp(choices[i].arg, name, len) == 0) {
			offer(choices[i].values, seen, out);
			return;
		}
	}
	snprintf(place, sizeof(place), "<%.*s>", (int)len, name);
	offer(place, seen, out);
}

/* What may follow all the words of a form. */
static void
offer_rest(const struct form *f, int argc, char **argv, struct str *seen, FILE *out)
{
	if (argc == 0 && f->optional != NULL)
		offer_argument(f->optional, strlen(f->optional), seen, out);
	for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
		if (argc > 0 && (filters[i].of & f->filters) && filters[i].kind != FILTER_FLAG && strcmp(argv[argc - 1], filters[i].word) == 0) {
			offer_argument(filters[i].arg, strlen(filters[i].arg), seen, out);
			return;
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(filters); i++)
		if (filters[i].of & f->filters)
			offer(filters[i].word, seen, out);
}

void
bgpctl_complete(int argc, char **argv, FILE *out)
{
	char *words[WORDS_MAX];
	struct str several = {0}, seen = {0};
	int n = expand(argc, argv, words, &several);

	for (size_t i = 0; i < ARRAY_LEN(forms) && n == argc && n < WORDS_MAX; i++) {
		const char *w = forms[i].words[n];
		if (forms[i].command == NULL || w == NULL || !begins_with(&forms[i], words, n))
			continue;
		if (is_place(w))
			offer_argument(w + 1, strlen(w) - 2, &seen, out);
		else
			offer(w, &seen, out);
	}
	const struct form *f = form_find(words, n);
	int used = 0;
	while (f != NULL && used < WORDS_MAX && f->words[used] != NULL)
		used++;
	if (f != NULL && f->command != NULL && used == n)
		offer_rest(f, argc - used, argv + used, &seen, out);
	str_free(&several);
	str_free(&seen);
}
