/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stage: a run goes from begin() over check and commit to reload and end(); each step either calls the next
 * one, starts a command whose end calls it, or ends the run. See stage.h.
 */
#include "conf/stage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf/arena.h"
#include "conf/command.h"
#include "conf/document.h"
#include "conf/placed.h"
#include "conf/template.h"
#include "conf/yaml.h"
#include "lib/mem.h"

#define STAGE_WORD "{{stage}}"

/* Statuses of a shell that could not run what it was told to. */
#define EXIT_NOT_RUN   126
#define EXIT_NOT_FOUND 127

struct stage {
	struct event_base *base;
	struct stage_conf conf;
	struct stage_state state;
	struct str error;
	bool owed; /* a file whose reader is to be told, whatever a previous one says */
	json_t *files;

	/* Of the run under way. */
	bool busy;
	struct str text;
	struct placed file;
	bool same_values;
	struct command *command;
	stage_done *done;
	void *ctx;
};

struct stage *
stage_new(struct event_base *base, const struct stage_conf *conf)
{
	struct stage *s = xcalloc(1, sizeof(*s));

	s->base = base;
	s->conf = *conf;
	s->conf.src = xstrdup(conf->src);
	s->conf.dest = xstrdup(conf->dest);
	s->conf.node = xstrdup(conf->node);
	s->conf.check = xstrdup(conf->check);
	s->conf.reload = xstrdup(conf->reload);
	s->files = json_object();
	return s;
}

void
stage_free(struct stage *s)
{
	command_cancel(s->command);
	if (s->busy)
		placed_unstage(&s->file);
	if (s->busy)
		placed_close(&s->file);
	free((char *)(uintptr_t)s->conf.src);
	free((char *)(uintptr_t)s->conf.dest);
	free((char *)(uintptr_t)s->conf.node);
	free((char *)(uintptr_t)s->conf.check);
	free((char *)(uintptr_t)s->conf.reload);
	json_decref(s->files);
	str_free(&s->text);
	str_free(&s->error);
	free(s);
}

const struct stage_conf *
stage_conf(const struct stage *s)
{
	return &s->conf;
}

struct stage_state
stage_state(const struct stage *s)
{
	return s->state;
}

const char *
stage_outcome_name(enum stage_outcome o)
{
	static const char *const names[] = {
	    [STAGE_NEVER] = "never",       [STAGE_SAME] = "same",     [STAGE_WRITTEN] = "written",
	    [STAGE_RELOADED] = "reloaded", [STAGE_UNTOLD] = "untold", [STAGE_FAILED] = "failed",
	};

	return names[o];
}

int
stage_render(struct stage *s, json_t *model, struct str *out, struct str *err)
{
	json_object_clear(s->files);
	return template_render(s->conf.src, s->conf.node, model, s->files, out, err);
}

const json_t *
stage_files(const struct stage *s)
{
	return s->files;
}

/* ---- how a run ends ---- */

static void
end(struct stage *s, enum stage_outcome outcome, bool again)
{
	placed_close(&s->file);
	str_free(&s->text);
	s->busy = false;
	s->state.outcome = outcome;
	s->state.again = again;
	s->state.error = outcome == STAGE_FAILED ? str_get(&s->error) : NULL;
	s->done(s->ctx, s);
}

/* A file could not be read or written, or a process not be started. */
static void
end_errno(struct stage *s, const char *what, const char *name, int rc)
{
	str_addf(&s->error, "%s %s: %s", what, name, strerror(-rc));
	end(s, STAGE_FAILED, true);
}

/* ---- telling the reader ---- */

/* What is in place does not work, or nobody knows: back to what did. The error begins with what went wrong.
 */
static void
reload_failed(struct stage *s)
{
	int rc = placed_back(&s->file);

	if (rc == 0) {
		str_add(&s->error, "; the previous file is back");
		s->owed = false;
	} else {
		if (rc != -ENOENT)
			str_addf(&s->error, "; %s cannot come back: %s", s->file.previous, strerror(-rc));
		s->owed = true;
	}
	end(s, STAGE_FAILED, true);
}

static void
on_reload(void *ctx, const struct command_result *r)
{
	struct stage *s = ctx;
	int status = command_exit_status(r);

	s->command = NULL;
	if (status != 0 && status != STAGE_NOBODY) {
		str_addf(&s->error, "reload \"%s\": ", s->conf.reload);
		command_describe(r, &s->error);
		reload_failed(s);
		return;
	}
	/* Nobody yet: who is about to be there may have read the previous file. */
	s->owed = status == STAGE_NOBODY;
	if (s->owed) {
		end(s, STAGE_UNTOLD, true);
		return;
	}
	placed_settle(&s->file);
	end(s, STAGE_RELOADED, false);
}

static void
reload(struct stage *s)
{
	if (s->conf.reload == NULL) {
		placed_settle(&s->file);
		end(s, STAGE_WRITTEN, false);
		return;
	}
	s->command = command_start(s->base, s->conf.reload, s->conf.limit_ms, on_reload, s);
	if (s->command == NULL) {
		str_addf(&s->error, "reload \"%s\": %s", s->conf.reload, strerror(errno));
		reload_failed(s);
	}
}

/* Texts that cannot be read are never the same. */
static bool
same_values(const struct stage *s)
{
	struct conf_arena *arena;
	struct conf_errors errs = {0};
	struct yml_node *a, *b;
	bool same;

	if (!s->file.there || !document_is_named(s->conf.dest))
		return false;
	arena = conf_arena_new();
	same = yml_parse(arena, "a", 0, s->file.text, s->file.len, &errs, &a) == 0 &&
	       yml_parse(arena, "b", 1, s->text.s, s->text.len, &errs, &b) == 0 && yml_equal(a, b);
	conf_errors_free(&errs);
	conf_arena_free(arena);
	return same;
}

/* ---- into place ---- */

static void
commit(struct stage *s)
{
	bool owed = s->owed || placed_untold(&s->file);
	int rc = placed_commit(&s->file, s->text.s, s->text.len);

	if (rc < 0) {
		end_errno(s, "writing", s->conf.dest, rc);
	} else if (s->same_values && !owed) {
		placed_settle(&s->file);
		end(s, STAGE_WRITTEN, false);
	} else {
		reload(s);
	}
}

static void
on_check(void *ctx, const struct command_result *r)
{
	struct stage *s = ctx;
	int status = command_exit_status(r);

	s->command = NULL;
	if (status == 0) {
		commit(s);
		return;
	}
	placed_unstage(&s->file);
	str_addf(&s->error, "check \"%s\": ", s->conf.check);
	command_describe(r, &s->error);
	/* What the check says of the file stays true until there is another one. */
	end(s, STAGE_FAILED, status < 0 || status == EXIT_NOT_RUN || status == EXIT_NOT_FOUND);
}

static void
check(struct stage *s)
{
	struct str command = {0};
	const char *rest = s->conf.check, *word;

	while ((word = strstr(rest, STAGE_WORD)) != NULL) {
		str_addn(&command, rest, (size_t)(word - rest));
		command_quote(s->file.stage, &command);
		rest = word + strlen(STAGE_WORD);
	}
	str_add(&command, rest);
	s->command = command_start(s->base, str_get(&command), s->conf.limit_ms, on_check, s);
	str_free(&command);
	if (s->command == NULL) {
		int rc = -errno;
		placed_unstage(&s->file);
		end_errno(s, "starting", s->conf.check, rc);
	} else {
		s->same_values = same_values(s); /* beside it, which takes its time, too */
	}
}

/* ---- what there is to do ---- */

/* The file in place is the right one already. */
static void
leave(struct stage *s)
{
	bool owed = s->owed || placed_untold(&s->file);
	int rc = placed_mode_set(&s->file);

	if (rc < 0)
		end_errno(s, "changing the mode of", s->conf.dest, rc);
	else if (owed)
		reload(s);
	else
		end(s, STAGE_SAME, false);
}

static void
begin(struct stage *s)
{
	int rc = placed_open(&s->file, s->conf.dest, s->conf.mode);

	if (rc < 0) {
		end_errno(s, "reading", s->conf.dest, rc);
		return;
	}
	if (placed_is(&s->file, s->text.s, s->text.len)) {
		leave(s);
		return;
	}
	rc = placed_stage(&s->file, s->text.s, s->text.len);
	if (rc < 0) {
		end_errno(s, "writing", s->file.stage, rc);
	} else if (s->conf.check != NULL) {
		check(s);
	} else {
		s->same_values = same_values(s);
		commit(s);
	}
}

static void
run_open(struct stage *s, stage_done *done, void *ctx)
{
	ASSERT(!s->busy);
	s->busy = true;
	s->done = done;
	s->ctx = ctx;
	s->state.error = NULL;
	str_reset(&s->error);
}

void
stage_tell(struct stage *s, stage_done *done, void *ctx)
{
	ASSERT(s->state.outcome == STAGE_UNTOLD);
	run_open(s, done, ctx);
	int rc = placed_open(&s->file, s->conf.dest, s->conf.mode);
	if (rc < 0)
		end_errno(s, "reading", s->conf.dest, rc);
	else
		reload(s);
}

void
stage_run(struct stage *s, json_t *model, stage_done *done, void *ctx)
{
	run_open(s, done, ctx);
	str_add(&s->text, ""); /* a template may render nothing */
	int rc = stage_render(s, model, &s->text, &s->error);
	if (rc == 0)
		begin(s);
	else
		end(s, STAGE_FAILED, rc == -EAGAIN);
}
