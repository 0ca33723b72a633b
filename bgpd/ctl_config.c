/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ctl_config: `config show`, `diff` and `check`, and `reload`.
 *
 * Reading a configuration is the one thing here that blocks, on files, as it does
 * for SIGHUP. Long texts go to the client line by line.
 */
#include "bgpd/ctl_command.h"
#include "bgpd/ctl_json.h"
#include "bgpd/ctl_reply.h"
#include "bgpd/daemon.h"
#include "bgpd/reload.h"
#include "conf/diff.h"
#include "lib/mem.h"
#include "lib/str.h"

#include <stdlib.h>
#include <string.h>

/* ---- config show ---- */

struct text_show {
	char *text;
	char *at; /* the rest */
};

static void
text_free(void *state)
{
	struct text_show *st = state;

	free(st->text);
	free(st);
}

static bool
text_step(struct ctl_client *c, void *state)
{
	struct text_show *st = state;

	for (unsigned i = 0; i < CTL_STEP; i++) {
		if (st->at == NULL || *st->at == '\0')
			return true;
		char *line = strsep(&st->at, "\n");
		ctl_row(c, json_pack("{s:o}", "line", ctl_json_text(line)));
	}
	return false;
}

void
ctl_config_show(struct ctl_client *c, const json_t *args)
{
	struct text_show *st = xcalloc(1, sizeof(*st));
	struct str text = {0};

	(void)args;
	conf_print(ctl_client_daemon(c)->conf, false, &text);
	st->text = st->at = str_steal(&text);
	struct ctl_walk walk = {.rows = "config", .step = text_step, .free = text_free, .state = st};
	ctl_stream(c, NULL, &walk);
}

/* ---- config diff and check ---- */

/* The file that is named, or else the daemon's own. NULL: it has errors, refused already. */
static struct conf *
load(struct ctl_client *c, const json_t *args)
{
	const char *path = ctl_arg_text(args, "file");
	struct conf_errors errs = {0};
	struct conf *conf = NULL;

	if (path == NULL)
		path = ctl_client_daemon(c)->options->conf_path;
	if (conf_load(path, &conf, &errs) < 0) {
		struct str text = {0};
		conf_errors_print(&errs, &text);
		while (text.len > 0 && text.s[text.len - 1] == '\n')
			text.s[--text.len] = '\0';
		ctl_fail(c, CTL_ERR_INVALID, "%s", str_get(&text));
		str_free(&text);
	}
	conf_errors_free(&errs);
	return conf;
}

struct diff_show {
	struct conf_changes changes;
	uint32_t at;
};

static void
diff_free(void *state)
{
	struct diff_show *st = state;

	conf_changes_free(&st->changes);
	free(st);
}

static bool
diff_step(struct ctl_client *c, void *state)
{
	struct diff_show *st = state;

	for (unsigned i = 0; i < CTL_STEP && st->at < st->changes.all.n; i++) {
		const struct conf_change *ch = &st->changes.all.v[st->at++];
		ctl_row(c, json_pack("{s:o,s:o,s:o,s:s}", "path", ctl_json_text(ch->path), "old",
				     ctl_json_text(ch->old), "new", ctl_json_text(ch->new), "effect",
				     conf_effect_name(ch->effect)));
	}
	return st->at >= st->changes.all.n;
}

void
ctl_config_diff(struct ctl_client *c, const json_t *args)
{
	struct conf *conf = load(c, args);

	if (conf == NULL)
		return;
	struct diff_show *st = xcalloc(1, sizeof(*st));
	conf_diff(ctl_client_daemon(c)->conf, conf, &st->changes);
	conf_free(conf);
	struct ctl_walk walk = {.rows = "changes", .step = diff_step, .free = diff_free, .state = st};
	ctl_stream(c, NULL, &walk);
}

void
ctl_config_check(struct ctl_client *c, const json_t *args)
{
	struct conf *conf = load(c, args);

	if (conf == NULL)
		return;
	conf_free(conf);
	ctl_done(c, NULL);
}

void
ctl_reload(struct ctl_client *c, const json_t *args)
{
	struct bgpd *d = ctl_client_daemon(c);
	struct str errors = {0};

	(void)args;
	if (reload(d, d->options->conf_path, &errors) == 0) {
		ctl_done(c, NULL);
	} else {
		while (errors.len > 0 && errors.s[errors.len - 1] == '\n')
			errors.s[--errors.len] = '\0';
		ctl_fail(c, CTL_ERR_INVALID, "%s", str_get(&errors));
	}
	str_free(&errors);
}
