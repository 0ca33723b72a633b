/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ctl_show_misc: `show policy`, `show checks` and `show metrics`.
 */
#include "bgpd/ctl_command.h"
#include "bgpd/ctl_json.h"
#include "bgpd/ctl_reply.h"
#include "bgpd/daemon.h"
#include "bgpd/metrics.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "rib/rib.h"

#include <stdlib.h>
#include <string.h>

#define METRICS_STEP_NS (LOOP_SLICE_NS / 4)

/* Adds who to list if the policy is in this chain. */
static void
add_user(json_t *list, const struct conf_ref *refs, uint32_t n, int32_t index, const char *who)
{
	for (uint32_t i = 0; i < n; i++) {
		if (refs[i].index == index) {
			json_array_append_new(list, ctl_json_text(who));
			return;
		}
	}
}

static json_t *
policy_json(const struct conf *conf, uint32_t index)
{
	const struct conf_policy *p = &conf->policies.v[index];
	json_t *import = json_array(), *export = json_array(), *kernel = json_array();

	for (uint32_t i = 0; i < conf->neighbors.n; i++) {
		const struct conf_neighbor *n = &conf->neighbors.v[i];
		add_user(import, n->import.v, n->import.n, (int32_t)index, n->name);
		add_user(export, n->export.v, n->export.n, (int32_t)index, n->name);
	}
	add_user(kernel, conf->kernel.export.v, conf->kernel.export.n, (int32_t)index, "export");
	add_user(kernel, conf->kernel.learn.v, conf->kernel.learn.n, (int32_t)index, "learn");
	return json_pack("{s:o,s:I,s:o,s:o,s:o}", "name", ctl_json_text(p->name), "rules",
			 (json_int_t)p->rules.n, "import", import, "export", export, "kernel", kernel);
}

static json_t *
rule_json(const struct conf_rule *r, uint32_t number)
{
	struct str match = {0}, set = {0}, action = {0};

	conf_rule_text(r, &match, &set, &action);
	json_t *o = json_pack("{s:I,s:o,s:I,s:o,s:o,s:o}", "rule", (json_int_t)number, "file", ctl_json_text(r->pos.file),
			      "line", (json_int_t)r->pos.line, "match", ctl_json_text(match.len > 0 ? match.s : NULL), "set",
			      ctl_json_text(set.len > 0 ? set.s : NULL), "action", ctl_json_text(str_get(&action)));
	str_free(&match);
	str_free(&set);
	str_free(&action);
	return o;
}

/* One policy in full. */
static json_t *
policy_full_json(const struct conf *conf, uint32_t index)
{
	const struct conf_policy *p = &conf->policies.v[index];
	json_t *o = policy_json(conf, index), *rules = json_array();

	for (uint32_t i = 0; i < p->rules.n; i++)
		json_array_append_new(rules, rule_json(&p->rules.v[i], i + 1));
	json_object_set_new_nocheck(o, "file", ctl_json_text(p->pos.file));
	json_object_set_new_nocheck(o, "line", json_integer(p->pos.line));
	json_object_set_new_nocheck(o, "rule_list", rules);
	return o;
}

/* The position in the configuration's list; a reload meanwhile may leave rows out. */
struct policy_show {
	uint32_t at;
};

static bool
policy_step(struct ctl_client *c, void *state)
{
	struct policy_show *st = state;
	const struct conf *conf = ctl_client_daemon(c)->conf;

	if (st->at >= conf->policies.n)
		return true;
	ctl_row(c, policy_json(conf, st->at++));
	return false;
}

void
ctl_show_policy(struct ctl_client *c, const json_t *args)
{
	const struct conf *conf = ctl_client_daemon(c)->conf;
	const char *name = ctl_arg_text(args, "name");

	if (name == NULL) {
		struct ctl_walk walk = {.rows = "policies", .step = policy_step, .free = free};
		walk.state = xcalloc(1, sizeof(struct policy_show));
		ctl_stream(c, NULL, &walk);
		return;
	}
	for (uint32_t i = 0; i < conf->policies.n; i++) {
		if (strcmp(conf->policies.v[i].name, name) == 0) {
			ctl_done(c, json_pack("{s:[o]}", "policies", policy_full_json(conf, i)));
			return;
		}
	}
	ctl_fail(c, CTL_ERR_NOT_FOUND, "there is no policy '%s'", name);
}

/* A place in the list of networks, as above. */
struct check_show {
	uint32_t at;
};

static bool
check_step(struct ctl_client *c, void *state)
{
	struct check_show *st = state;
	const struct health *h = &ctl_client_daemon(c)->health;

	for (unsigned i = 0; i < CTL_STEP; i++) {
		if (st->at >= h->n)
			return true;
		json_t *row = health_json(h, st->at++);
		if (row != NULL)
			ctl_row(c, row);
	}
	return false;
}

void
ctl_show_checks(struct ctl_client *c, const json_t *args)
{
	struct ctl_walk walk = {.rows = "checks", .step = check_step, .free = free};

	(void)args;
	walk.state = xcalloc(1, sizeof(struct check_show));
	ctl_stream(c, NULL, &walk);
}

struct metrics_show {
	struct metrics_page *page; /* NULL: it is made */
	struct str text;
	char *at; /* the rest */
};

static void
metrics_show_free(void *state)
{
	struct metrics_show *st = state;

	if (st->page != NULL)
		metrics_page_free(st->page);
	str_free(&st->text);
	free(st);
}

static bool
metrics_step(struct ctl_client *c, void *state)
{
	struct metrics_show *st = state;

	if (st->page != NULL) {
		if (!metrics_page_step(st->page, &st->text, time_mono_ns() + METRICS_STEP_NS))
			return false;
		metrics_page_free(st->page);
		st->page = NULL;
		st->at = st->text.s;
	}
	for (unsigned i = 0; i < CTL_STEP; i++) {
		if (st->at == NULL || *st->at == '\0')
			return true;
		ctl_row(c, json_pack("{s:o}", "line", ctl_json_text(strsep(&st->at, "\n"))));
	}
	return false;
}

void
ctl_show_metrics(struct ctl_client *c, const json_t *args)
{
	struct metrics_show *st = xcalloc(1, sizeof(*st));
	struct ctl_walk walk = {.rows = "metrics", .step = metrics_step, .free = metrics_show_free, .state = st};

	(void)args;
	st->page = metrics_page_new(ctl_client_daemon(c), OPENMETRICS_TEXT);
	ctl_stream(c, NULL, &walk);
}
