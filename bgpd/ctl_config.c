/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ctl_config: `config show`, `diff` and `check`, `reload`, `confirm` and `rollback`.
 *
 * Configurations are read, compared and printed by the loader; the answer comes when
 * it is done. Long texts go to the client line by line.
 */
#include "bgpd/ctl_command.h"
#include "bgpd/ctl_json.h"
#include "bgpd/ctl_reply.h"
#include "bgpd/daemon.h"
#include "bgpd/loader.h"
#include "bgpd/reload.h"
#include "lib/mem.h"
#include "lib/str.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- asking the loader ---- */

struct ask {
	struct loader_task task;
	struct ctl_client *client; /* NULL: it has gone */
	char *path;
	void (*answer)(struct ctl_client *c, struct loader_task *t); /* for a configuration without errors */
};

static void
ask_cancel(void *ctx)
{
	((struct ask *)ctx)->client = NULL;
}

static void
ask_done(struct loader_task *t)
{
	struct ask *a = container_of(t, struct ask, task);

	if (a->client != NULL) {
		ctl_resume(a->client);
		if (t->errors.len > 0)
			ctl_fail(a->client, CTL_ERR_INVALID, "%s", str_get(&t->errors));
		else
			a->answer(a->client, t);
	}
	loader_task_fini(t);
	free(a->path);
	free(a);
}

/* With args the file that they name, or else the daemon's own; NULL: the running configuration. */
static void
ask(struct ctl_client *c, const json_t *args, const struct loader_task *task,
    void (*answer)(struct ctl_client *c, struct loader_task *t))
{
	struct bgpd *d = ctl_client_daemon(c);
	struct ask *a = xcalloc(1, sizeof(*a));

	if (args != NULL) {
		const char *file = ctl_arg_text(args, "file");
		a->path = xstrdup(file != NULL ? file : d->options->conf_path);
	}
	a->task = *task;
	a->task.path = a->path;
	a->task.done = ask_done;
	a->client = c;
	a->answer = answer;
	ctl_wait(c, ask_cancel, a);
	loader_start(d->loader, &a->task);
}

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

static void
show_answer(struct ctl_client *c, struct loader_task *t)
{
	struct text_show *st = xcalloc(1, sizeof(*st));

	st->text = st->at = str_steal(&t->text);
	struct ctl_walk walk = {.rows = "config", .step = text_step, .free = text_free, .state = st};
	ctl_stream(c, NULL, &walk);
}

void
ctl_config_show(struct ctl_client *c, const json_t *args)
{
	(void)args;
	ask(c, NULL, &(struct loader_task){.print = true}, show_answer);
}

/* ---- config diff and check ---- */

struct diff_show {
	struct conf_changes changes;
	uint32_t at; /* first of all changes, then of all neighbours */
};

static void
diff_free(void *state)
{
	struct diff_show *st = state;

	conf_changes_free(&st->changes);
	free(st);
}

static void
change_row(struct ctl_client *c, const char *path, const char *old, const char *new, enum conf_effect effect)
{
	ctl_row(c, json_pack("{s:o,s:o,s:o,s:s}", "path", ctl_json_text(path), "old", ctl_json_text(old), "new",
			     ctl_json_text(new), "effect", conf_effect_name(effect)));
}

/* A neighbour without changes of its own: another key, or a policy that it uses, reaches it. */
static void
touched_row(struct ctl_client *c, const struct conf_neighbor_change *nc)
{
	struct str path = {0};

	str_addf(&path, "neighbors[%s]", nc->name);
	change_row(c, str_get(&path), NULL, NULL, nc->effect);
	str_free(&path);
}

static bool
diff_step(struct ctl_client *c, void *state)
{
	struct diff_show *st = state;
	const struct conf_changes *ch = &st->changes;

	for (unsigned i = 0; i < CTL_STEP && st->at < ch->all.n + ch->neighbors.n; i++, st->at++) {
		if (st->at < ch->all.n) {
			const struct conf_change *one = &ch->all.v[st->at];
			change_row(c, one->path, one->old, one->new, one->effect);
		} else if (ch->neighbors.v[st->at - ch->all.n].n == 0) {
			touched_row(c, &ch->neighbors.v[st->at - ch->all.n]);
		}
	}
	return st->at >= ch->all.n + ch->neighbors.n;
}

static void
diff_answer(struct ctl_client *c, struct loader_task *t)
{
	struct diff_show *st = xcalloc(1, sizeof(*st));

	st->changes = t->changes;
	t->changes = (struct conf_changes){0};
	struct ctl_walk walk = {.rows = "changes", .step = diff_step, .free = diff_free, .state = st};
	ctl_stream(c, NULL, &walk);
}

void
ctl_config_diff(struct ctl_client *c, const json_t *args)
{
	ask(c, args, &(struct loader_task){.diff = true}, diff_answer);
}

static void
check_answer(struct ctl_client *c, struct loader_task *t)
{
	(void)t;
	ctl_done(c, NULL);
}

void
ctl_config_check(struct ctl_client *c, const json_t *args)
{
	ask(c, args, &(struct loader_task){0}, check_answer);
}

/* ---- reload ---- */

#define CONFIRM_MAX_S 86400

static void
reload_cancel(void *ctx)
{
	reload_forget(ctx);
}

static void
reload_answer(void *ctx, int result, const char *reason)
{
	struct ctl_client *c = ctx;
	uint32_t left_s;

	ctl_resume(c);
	if (result < 0)
		ctl_fail(c, result == -EINVAL ? CTL_ERR_INVALID : CTL_ERR_STATE, "%s", reason);
	else if (reload_on_trial(ctl_client_daemon(c)->reload, &left_s))
		ctl_done(c, json_pack("{s:I}", "rollback_in_s", (json_int_t)left_s));
	else
		ctl_done(c, NULL);
}

void
ctl_reload(struct ctl_client *c, const json_t *args)
{
	const json_t *confirm = json_object_get(args, "confirm");
	json_int_t s = json_integer_value(confirm);

	if (confirm != NULL && (s < 1 || s > CONFIRM_MAX_S)) {
		ctl_fail(c, CTL_ERR_REQUEST, "the time to confirm is 1 to %d seconds", CONFIRM_MAX_S);
		return;
	}
	ctl_wait(c, reload_cancel, reload_file(ctl_client_daemon(c)->reload, (uint32_t)s, reload_answer, c));
}

#define NO_TRIAL "no reload waits to be confirmed"

void
ctl_confirm(struct ctl_client *c, const json_t *args)
{
	(void)args;
	switch (reload_confirm(ctl_client_daemon(c)->reload)) {
	case 0:
		ctl_done(c, NULL);
		break;
	case -EBUSY:
		ctl_fail(c, CTL_ERR_STATE, "too late, the reload is being rolled back");
		break;
	default:
		ctl_fail(c, CTL_ERR_STATE, NO_TRIAL);
		break;
	}
}

void
ctl_rollback(struct ctl_client *c, const json_t *args)
{
	struct reload_order *o = reload_rollback(ctl_client_daemon(c)->reload, reload_answer, c);

	(void)args;
	if (o == NULL)
		ctl_fail(c, CTL_ERR_STATE, NO_TRIAL);
	else
		ctl_wait(c, reload_cancel, o);
}
