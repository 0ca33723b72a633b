/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bird_configure: `configure`: the daemon's file is read again, as a transaction (reload.h).
 *
 * A time is one to confirm in, which is the only case in which there is something to undo. There is no
 * difference between soft and other: routes are always judged again where policy has changed, and no session
 * ends for it.
 */
#include "bgpd/bird_command.h"
#include "bgpd/bird_reply.h"
#include "bgpd/daemon.h"
#include "bgpd/loader.h"
#include "bgpd/reload.h"
#include "lib/mem.h"
#include "lib/str.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_S     300 /* without another one */
#define TIMEOUT_MAX_S 86400

/* Errors, one a line of the text. */
static void
errors(struct bird_client *c, const char *text)
{
	char *all = xstrdup(text), *rest = all, *line = strsep(&rest, "\n");

	while (rest != NULL && *rest != '\0') {
		bird_line(c, BIRD_ERR_CONFIG, "%s", line);
		line = strsep(&rest, "\n");
	}
	bird_end(c, BIRD_ERR_CONFIG, "%s", line);
	free(all);
}

static void
reading(struct bird_client *c, const char *file)
{
	bird_line(c, BIRD_READING, "Reading configuration from %s", file);
}

/* ---- check ---- */

struct check {
	struct loader_task task;
	struct bird_client *client; /* NULL: it has gone */
	char *path;
};

static void
check_cancel(void *ctx)
{
	((struct check *)ctx)->client = NULL;
}

static void
check_done(struct loader_task *t)
{
	struct check *ch = container_of(t, struct check, task);

	if (ch->client != NULL) {
		bird_resume(ch->client);
		if (t->errors.len > 0)
			errors(ch->client, str_get(&t->errors));
		else
			bird_end(ch->client, BIRD_CONFIG_OK, "Configuration OK");
	}
	loader_task_fini(t);
	free(ch->path);
	free(ch);
}

static void
check(struct bird_client *c, const struct bird_words *args)
{
	struct bgpd *d = bird_daemon(c);

	if (args->n > 2 || (args->n == 2 && !args->quoted[1])) {
		bird_syntax(c, args->v[args->n - 1]);
		return;
	}
	struct check *ch = xcalloc(1, sizeof(*ch));
	ch->path = xstrdup(args->n == 2 ? args->v[1] : d->options->conf_path);
	ch->task.path = ch->path;
	ch->task.done = check_done;
	ch->client = c;
	reading(c, ch->path);
	bird_wait(c, check_cancel, ch);
	loader_start(d->loader, &ch->task);
}

/* ---- reload ---- */

static void
reload_cancel(void *ctx)
{
	reload_forget(ctx);
}

static void
reload_done(void *ctx, int result, const char *reason)
{
	struct bird_client *c = ctx;
	uint32_t left_s;

	bird_resume(c);
	if (result < 0) {
		errors(c, reason);
		return;
	}
	if (reload_on_trial(bird_daemon(c)->reload, &left_s))
		bird_line(c, BIRD_UNDO_SCHEDULED, "Undo scheduled in %u s", left_s);
	bird_end(c, BIRD_RECONFIGURED, "Reconfigured");
}

static void
load(struct bird_client *c, uint32_t confirm_s)
{
	struct bgpd *d = bird_daemon(c);

	reading(c, d->options->conf_path);
	bird_wait(c, reload_cancel, reload_file(d->reload, confirm_s, reload_done, c));
}

static void
undo(struct bird_client *c)
{
	struct reload_order *o = reload_rollback(bird_daemon(c)->reload, reload_done, c);

	if (o == NULL) {
		bird_end(c, BIRD_NOTHING_TO_DO, "Nothing to do");
		return;
	}
	bird_line(c, BIRD_UNDO_REQUESTED, "Undo requested");
	bird_wait(c, reload_cancel, o);
}

static void
confirm(struct bird_client *c)
{
	switch (reload_confirm(bird_daemon(c)->reload)) {
	case 0:
		bird_end(c, BIRD_CONFIRMED, "Reconfiguration confirmed");
		break;
	case -EBUSY:
		bird_end(c, BIRD_ERR_STOPPED, "Too late, it is being undone");
		break;
	default:
		bird_end(c, BIRD_NOTHING_TO_DO, "Nothing to do");
		break;
	}
}

/* [soft] [timeout [N]] */
static void
load_with(struct bird_client *c, const struct bird_words *args)
{
	unsigned at = bird_word_is(args, 0, "soft") ? 1 : 0;
	const char *err = NULL;
	uint32_t confirm_s = 0;

	if (bird_word_is(args, at, "timeout")) {
		at++;
		confirm_s = TIMEOUT_S;
		if (at < args->n)
			confirm_s = (uint32_t)strtonum(args->v[at++], 1, TIMEOUT_MAX_S, &err);
	}
	if (err != NULL)
		bird_end(c, BIRD_ERR_SYNTAX, "the time to confirm is 1 to %d seconds", TIMEOUT_MAX_S);
	else if (at < args->n && args->quoted[at])
		bird_end(c, BIRD_ERR_DENIED, "The file is %s, another one can only be checked",
			 bird_daemon(c)->options->conf_path);
	else if (at < args->n)
		bird_syntax(c, args->v[at]);
	else
		load(c, confirm_s);
}

void
bird_configure(struct bird_client *c, const struct bird_words *args)
{
	bool is_undo = bird_word_is(args, 0, "undo"), is_confirm = bird_word_is(args, 0, "confirm");

	if (bird_word_is(args, 0, "check"))
		check(c, args);
	else if (!is_undo && !is_confirm)
		load_with(c, args);
	else if (args->n > 1)
		bird_syntax(c, args->v[1]);
	else if (is_undo)
		undo(c);
	else
		confirm(c);
}
