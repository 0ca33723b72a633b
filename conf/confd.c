/* SPDX-License-Identifier: Apache-2.0 */
/*
 * confd: see confd.h. What belongs to one reading of the configuration is a struct work, made anew at each
 * reload; a round is one way through all templates.
 */
#include "conf/confd.h"

#include <errno.h>
#include <event2/event.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "conf/bgpconfd_conf.h"
#include "conf/calico.h"
#include "conf/command.h"
#include "conf/confd_metrics.h"
#include "conf/keytree.h"
#include "conf/kube.h"
#include "conf/source.h"
#include "conf/stage.h"
#include "conf/status.h"
#include "conf/watch.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "lib/mem.h"
#include "lib/service.h"
#include "lib/str.h"

#define BACKOFF_MIN_MS 250
#define BACKOFF_MAX_MS 5000
#define STOP_SECONDS   5 /* nothing is waited for */

/* Octets that malloc keeps for the next round: models come and go, and to fault their pages in anew costs a tenth of it. */
#define HEAP_KEPT (16 << 20)

/* One template and what was said of it. */
struct item {
	struct stage *stage;
	char *error; /* as it was logged; NULL: all is well */
};

struct confd {
	const struct confd_options *options;
	struct event_base *base;
	struct event *signals[3];
	struct event *debounce, *retry;
	struct status *status;
	struct service *service; /* whoever started us as a service; NULL: nobody */
	int exit_status;

	/* Of the configuration in use. */
	struct bgpconfd_conf *conf;
	struct calico *calico; /* one of the two */
	struct keytree *keytree;
	struct source *source;
	struct source *cluster;   /* what only Kubernetes has, beside etcd; NULL: nothing */
	struct source *endpoints; /* may be NULL */
	bool source_synced, cluster_synced, endpoints_synced;
	bool changed;       /* since the last round began */
	json_t *troubles;   /* object: what to text */
	json_t *complaints; /* object: "kind name: text" to the resolver's own */
	struct item *items;
	struct confd_template_figures *figures; /* one for each item */
	unsigned nitems;
	struct confd_metrics *metrics; /* NULL: off */
	struct watch *watch; /* of the templates and their partials */

	/* Of the round under way. */
	bool in_round, again;
	bool telling; /* nothing but the reloads that are owed */
	unsigned at;
	struct timespec began;
	json_t *model;
	unsigned backoff_ms; /* of the next retry */

	uint64_t rounds; /* since the start */
	double round_s;
};

static bool
synced(const struct confd *d)
{
	return d->source_synced && (d->cluster == NULL || d->cluster_synced) && (d->endpoints == NULL || d->endpoints_synced);
}

static void
finish(struct confd *d, int exit_status)
{
	d->exit_status = exit_status;
	event_base_loopbreak(d->base);
}

/* ---- what sources tell ---- */

/* The wait begins with the first change and is not made longer by others: a change is never put off for ever.
 */
static void
changed(struct confd *d)
{
	d->changed = true;
	if (!d->in_round && synced(d) && !event_pending(d->debounce, EV_TIMEOUT, NULL))
		timer_after_ms(d->debounce, d->options->mode == CONFD_RUN ? d->conf->debounce_ms : 0);
}

static void
on_put(void *ctx, const char *kind, const char *name_space, const char *name, const json_t *value)
{
	struct confd *d = ctx;

	if (d->calico != NULL)
		d->changed |= calico_put(d->calico, kind, name_space, name, value);
	else
		d->changed |= keytree_put(d->keytree, name, json_string_value(value), *kind != '\0');
}

static void
on_del(void *ctx, const char *kind, const char *name_space, const char *name)
{
	struct confd *d = ctx;

	if (d->calico != NULL)
		d->changed |= calico_del(d->calico, kind, name_space, name);
	else
		d->changed |= keytree_del(d->keytree, name);
}

static void
on_synced(void *ctx)
{
	struct confd *d = ctx;

	if (!d->source_synced)
		log_info("source.synced", LOG_S("path", d->source->name));
	if (d->changed || !d->source_synced) {
		d->source_synced = true;
		/* A session is not made without the password that its Secret will have in a moment. */
		if (d->cluster != NULL)
			d->cluster_synced = source_kubernetes_look(d->cluster);
		changed(d);
	}
}

static void
on_cluster_synced(void *ctx)
{
	struct confd *d = ctx;

	if (d->changed || !d->cluster_synced) {
		d->cluster_synced = true;
		changed(d);
	}
}

/* Is it something without which there is nothing to tell? */
static bool
is_of_source(const struct source *s, const char *what)
{
	size_t n = strlen(s->name);

	return strncmp(what, s->name, n) == 0 && (what[n] == '\0' || what[n] == ' ');
}

static void
on_trouble(void *ctx, const char *what, const char *text)
{
	struct confd *d = ctx;
	const char *was = json_string_value(json_object_get(d->troubles, what));

	if (text == NULL) {
		if (was != NULL)
			log_info("source.trouble-over", LOG_S("what", what));
		json_object_del(d->troubles, what);
		return;
	}
	if (was == NULL || strcmp(was, text) != 0)
		log_warn("source.trouble", LOG_S("what", what), LOG_S("error", text));
	json_object_set_new(d->troubles, what, json_string(text));
	/* Who waits for one answer does not wait for a datastore to come. */
	if (d->options->mode != CONFD_RUN &&
	    (d->source_synced ? d->cluster != NULL && !d->cluster_synced && is_of_source(d->cluster, what)
			      : is_of_source(d->source, what)))
		finish(d, EXIT_FAILURE);
}

static bool
wants_services(void *ctx)
{
	const struct confd *d = ctx;

	return d->calico != NULL && calico_wants_services(d->calico);
}

static json_t *
wants_secrets(void *ctx)
{
	const struct confd *d = ctx;

	return d->calico != NULL ? calico_wants_secrets(d->calico) : json_object();
}

static const struct source_handler source_handler = {on_put, on_del, on_synced, on_trouble, wants_services, wants_secrets};
static const struct source_handler cluster_handler = {on_put, on_del, on_cluster_synced, on_trouble, wants_services, wants_secrets};

/* Felix's files are JSON under any name, so they come as keys. */
static void
on_endpoint_put(void *ctx, const char *kind, const char *name_space, const char *name, const json_t *text)
{
	struct confd *d = ctx;
	json_error_t error;
	json_t *value = json_loads(json_string_value(text), 0, &error);
	char *what = xasprintf("%s/%s", d->conf->calico.endpoint_status, name);

	(void)kind;
	(void)name_space;
	if (value != NULL) {
		d->changed |= calico_put(d->calico, "EndpointStatus", NULL, name, value);
		on_trouble(d, what, NULL);
	} else {
		on_trouble(d, what, error.text);
	}
	json_decref(value);
	free(what);
}

static void
on_endpoint_del(void *ctx, const char *kind, const char *name_space, const char *name)
{
	struct confd *d = ctx;
	char *what = xasprintf("%s/%s", d->conf->calico.endpoint_status, name);

	(void)kind;
	(void)name_space;
	d->changed |= calico_del(d->calico, "EndpointStatus", NULL, name);
	on_trouble(d, what, NULL);
	free(what);
}

static void
on_endpoints_synced(void *ctx)
{
	struct confd *d = ctx;

	if (d->changed || !d->endpoints_synced) {
		d->endpoints_synced = true;
		changed(d);
	}
}

/* A node without such a folder has no local workloads that speak BGP. */
static void
on_endpoints_trouble(void *ctx, const char *what, const char *text)
{
	on_trouble(ctx, what, text);
	on_endpoints_synced(ctx);
}

static const struct source_handler endpoints_handler = {
    .put = on_endpoint_put, .del = on_endpoint_del, .synced = on_endpoints_synced, .trouble = on_endpoints_trouble};

/* ---- the model ---- */

static void
complaints_log(const json_t *now, const json_t *before, enum log_level level, const char *event)
{
	const char *key;
	json_t *c;

	json_object_foreach((json_t *)(uintptr_t)now, key, c) if (json_object_get(before, key) == NULL)
	    log_at(level, event, LOG_S("kind", json_string_value(json_object_get(c, "kind"))),
		   LOG_S("name", json_string_value(json_object_get(c, "name"))),
		   LOG_S("text", json_string_value(json_object_get(c, "text"))));
}

static void
complaints_take(struct confd *d)
{
	json_t *list = calico_complaints(d->calico), *now = json_object(), *c;
	size_t i;

	json_array_foreach(list, i, c)
	{
		char *key = json_dumps(c, JSON_COMPACT | JSON_SORT_KEYS);
		json_object_set(now, key, c);
		free(key);
	}
	complaints_log(now, d->complaints, LOG_WARN, "resolver.complaint");
	complaints_log(d->complaints, now, LOG_INFO, "resolver.complaint-over");
	json_decref(list);
	json_decref(d->complaints);
	d->complaints = now;
}

/* NULL while there is none. */
static json_t *
model_make(struct confd *d, bool secrets)
{
	json_t *model;

	d->changed = false;
	if (d->keytree != NULL)
		return keytree_model(d->keytree, secrets);
	model = calico_model(d->calico, secrets);
	complaints_take(d);
	return model;
}

/* ---- rounds ---- */

static void
item_log(struct item *it, const struct stage_state *st)
{
	const char *dest = stage_conf(it->stage)->dest;

	if (st->error != NULL && (it->error == NULL || strcmp(it->error, st->error) != 0))
		log_error("template.failed", LOG_S("file", dest), LOG_S("error", st->error));
	else if (st->error == NULL && (st->outcome != STAGE_SAME || it->error != NULL))
		log_info("template.done", LOG_S("file", dest),
			 LOG_S("result", stage_outcome_name(st->outcome)));
	free(it->error);
	it->error = xstrdup(st->error);
}

static void
on_template(void *ctx, const char *path)
{
	log_debug("template.changed", LOG_S("file", path));
	changed(ctx);
}

/* What one round has read starts the next one when it changes. */
static void
templates_watch(struct confd *d)
{
	json_t *files = json_object();

	for (unsigned i = 0; i < d->nitems; i++)
		json_object_update(files, (json_t *)(uintptr_t)stage_files(d->items[i].stage));
	watch_set(d->watch, files);
	json_decref(files);
}

static void
round_end(struct confd *d)
{
	bool failed = false;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!d->telling) {
		d->round_s = (double)(now.tv_sec - d->began.tv_sec) + (double)(now.tv_nsec - d->began.tv_nsec) / 1e9;
		d->rounds++;
	}
	d->in_round = false;
	json_decref(d->model);
	d->model = NULL;
	for (unsigned i = 0; i < d->nitems; i++)
		failed |= stage_state(d->items[i].stage).outcome == STAGE_FAILED;
	if (d->options->mode == CONFD_ONCE) {
		finish(d, failed ? EXIT_FAILURE : 0);
	} else if (d->changed) {
		changed(d);
	} else if (d->again) {
		timer_after_ms(d->retry, d->backoff_ms);
		d->backoff_ms = d->backoff_ms * 2 < BACKOFF_MAX_MS ? d->backoff_ms * 2 : BACKOFF_MAX_MS;
	}
	if (!d->again)
		d->backoff_ms = BACKOFF_MIN_MS;
}

static void round_step(struct confd *d);

static void
on_stage(void *ctx, struct stage *s)
{
	struct confd *d = ctx;
	struct item *it = &d->items[d->at];
	struct confd_template_figures *f = &d->figures[d->at];
	struct stage_state st = stage_state(s);

	/* That nobody is there was said once. */
	if (!d->telling || st.outcome != STAGE_UNTOLD)
		item_log(it, &st);
	f->when = d->telling ? f->when : time(NULL);
	f->outcome = st.outcome;
	f->rendered += !d->telling;
	f->failed += st.outcome == STAGE_FAILED;
	f->reloaded += st.outcome == STAGE_RELOADED;
	f->good |= st.outcome != STAGE_FAILED;
	d->again |= st.again;
	d->at++;
	round_step(d);
}

static void
round_step(struct confd *d)
{
	while (d->telling && d->at < d->nitems && stage_state(d->items[d->at].stage).outcome != STAGE_UNTOLD)
		d->at++;
	if (d->at == d->nitems) {
		round_end(d);
		return;
	}
	if (d->telling) {
		stage_tell(d->items[d->at].stage, on_stage, d);
		return;
	}
	stage_run(d->items[d->at].stage, d->model, on_stage, d);
	/* At once: what is changed while the check runs was read before. */
	if (d->options->mode == CONFD_RUN)
		templates_watch(d);
}

/* diff -u of what is in place and text, to stdout; false if it cannot be had. */
static bool
difference(const char *dest, const struct str *text)
{
	struct str command = {0};
	int fd = memfd_create("bgpconfd", 0), status = -1; /* diff inherits it */

	if (fd >= 0 && write(fd, str_get(text), text->len) == (ssize_t)text->len) {
		str_add(&command, "diff -u --label ");
		command_quote(dest, &command);
		str_add(&command, " --label ");
		command_quote(dest, &command);
		str_add(&command, "' (new)' -- ");
		command_quote(access(dest, F_OK) == 0 ? dest : "/dev/null", &command);
		str_addf(&command, " /dev/fd/%d", fd);
		fflush(stdout);
		status = system(str_get(&command));
	}
	if (fd >= 0)
		close(fd);
	str_free(&command);
	/* 1: there are differences */
	return status != -1 && WIFEXITED(status) && WEXITSTATUS(status) <= 1;
}

static int
dry_run(struct confd *d)
{
	int exit_status = 0;

	for (unsigned i = 0; i < d->nitems; i++) {
		const char *dest = stage_conf(d->items[i].stage)->dest;
		struct str text = {0}, error = {0};
		if (stage_render(d->items[i].stage, d->model, &text, &error) != 0) {
			log_error("template.failed", LOG_S("file", dest), LOG_S("error", str_get(&error)));
			exit_status = EXIT_FAILURE;
		} else if (!difference(dest, &text)) {
			log_error("template.diff", LOG_S("file", dest),
				  LOG_S("error", "diff could not be run"));
			exit_status = EXIT_FAILURE;
		}
		str_free(&text);
		str_free(&error);
	}
	return exit_status;
}

static int
show_model(struct confd *d)
{
	bool good = json_dumpf(d->model, stdout, JSON_INDENT(2) | JSON_SORT_KEYS) == 0 &&
		    putchar('\n') != EOF && fflush(stdout) == 0;

	return good ? 0 : EXIT_FAILURE;
}

static void
round_begin(struct confd *d)
{
	bool secrets = d->options->mode != CONFD_SHOW_MODEL || d->options->secrets;

	d->model = model_make(d, secrets);
	if (d->model == NULL) {
		if (d->options->mode != CONFD_RUN)
			finish(d, EXIT_FAILURE);
		return;
	}
	event_del(d->retry);
	switch (d->options->mode) {
	case CONFD_RUN:
	case CONFD_ONCE:
		clock_gettime(CLOCK_MONOTONIC, &d->began);
		d->in_round = true;
		d->again = d->telling = false;
		d->at = 0;
		round_step(d);
		return;
	case CONFD_DRY_RUN:
		finish(d, dry_run(d));
		break;
	case CONFD_SHOW_MODEL:
		finish(d, show_model(d));
		break;
	}
	json_decref(d->model);
	d->model = NULL;
}

static void
on_timer(evutil_socket_t fd, short what, void *ctx)
{
	struct confd *d = ctx;

	(void)fd;
	(void)what;
	if (!d->in_round && synced(d))
		round_begin(d);
}

/* Whether a reload alone is what is to be tried again. */
static bool
is_owed_only(const struct confd *d)
{
	for (unsigned i = 0; i < d->nitems; i++) {
		struct stage_state st = stage_state(d->items[i].stage);
		if (st.again && st.outcome != STAGE_UNTOLD)
			return false;
	}
	return true;
}

static void
on_retry(evutil_socket_t fd, short what, void *ctx)
{
	struct confd *d = ctx;

	if (d->in_round || d->changed || !is_owed_only(d)) {
		on_timer(fd, what, ctx);
		return;
	}
	d->in_round = d->telling = true;
	d->again = false;
	d->at = 0;
	round_step(d);
}

/* ---- how it is ---- */

static json_t *
item_json(const struct item *it, const struct confd_template_figures *f)
{
	const struct stage_conf *conf = stage_conf(it->stage);
	char when[32] = "";
	struct tm tm;

	if (f->when != 0 && gmtime_r(&f->when, &tm) != NULL)
		strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return json_pack("{s:s, s:s, s:s*, s:s, s:s*}", "src", conf->src, "dest", conf->dest, "rendered",
			 f->when != 0 ? when : NULL, "result",
			 stage_outcome_name(stage_state(it->stage).outcome), "error", it->error);
}

static json_t *
source_json(const struct source *s)
{
	json_t *v = json_pack("{s:s, s:s}", "type", s->ops->type, "path", s->name);
	json_t *more = s->ops->status != NULL ? s->ops->status(s) : NULL;

	if (more != NULL)
		json_object_update(v, more);
	json_decref(more);
	return v;
}

static json_t *
status_json(void *ctx)
{
	const struct confd *d = ctx;
	json_t *templates = json_array(), *troubles = json_array(), *complaints = json_array(), *v;
	const char *key;

	for (unsigned i = 0; i < d->nitems; i++)
		json_array_append_new(templates, item_json(&d->items[i], &d->figures[i]));
	json_object_foreach(d->troubles, key, v)
	    json_array_append_new(troubles, json_pack("{s:s, s:O}", "what", key, "text", v));
	json_object_foreach(d->complaints, key, v) json_array_append(complaints, v);
	return json_pack("{s:s, s:o, s:o*, s:s, s:b, s:o, s:o, s:o}", "node", d->conf->node, "datastore", source_json(d->source),
			 "cluster", d->cluster != NULL ? source_json(d->cluster) : NULL, "resolver", d->calico != NULL ? "calico" : "keys", "synced", (int)synced(d), "troubles",
			 troubles, "complaints", complaints, "templates", templates);
}

static void
figures_take(void *ctx, struct confd_figures *out)
{
	const struct confd *d = ctx;

	*out = (struct confd_figures){.synced = synced(d),
				      .troubles = json_object_size(d->troubles),
				      .complaints = json_object_size(d->complaints),
				      .rounds = d->rounds,
				      .round_s = d->round_s,
				      .templates = d->figures,
				      .ntemplates = d->nitems};
}

static void
metrics_open(struct confd *d)
{
	const struct conf_endpoint *at = &d->conf->metrics.listen;

	if (at->address.family != FAMILY_NONE && d->options->mode == CONFD_RUN)
		d->metrics = confd_metrics_listen(d->base, &at->address, (uint16_t)at->port, figures_take, d);
}

/* ---- one configuration ---- */

static void
items_make(struct confd *d)
{
	d->nitems = d->conf->templates.n;
	d->items = xcalloc(d->nitems, sizeof(*d->items));
	d->figures = xcalloc(d->nitems, sizeof(*d->figures));
	for (unsigned i = 0; i < d->nitems; i++) {
		const struct bgpconfd_template *t = &d->conf->templates.v[i];
		struct stage_conf conf = {.src = t->src,
					  .dest = t->dest,
					  .node = d->conf->node,
					  .mode = (mode_t)t->mode,
					  .check = t->check,
					  .reload = t->reload,
					  .limit_ms = t->timeout_s * 1000};
		d->items[i].stage = stage_new(d->base, &conf);
		d->figures[i].dest = t->dest;
	}
}

/* The folders of the templates before they are first read: what changes while the first round renders is an event. */
static void
sources_watch(struct confd *d)
{
	json_t *files = json_object();

	for (unsigned i = 0; i < d->nitems; i++)
		json_object_set_new(files, stage_conf(d->items[i].stage)->src, json_true());
	watch_set(d->watch, files);
	json_decref(files);
}

static void
log_apply(const struct confd *d)
{
	unsigned level = d->conf->log.level + d->options->verbose;

	log_set_level(level < LOG_DEBUG ? (enum log_level)level : LOG_DEBUG);
	log_set_json(d->conf->log.format == CONF_LOG_JSON);
}

static struct source *
source_start(struct confd *d, bool keys)
{
	static const char *const groups[] = {
	    [BGPCONFD_GROUP_FOUND] = NULL, [BGPCONFD_GROUP_V1] = "crd.projectcalico.org/v1", [BGPCONFD_GROUP_V3] = "projectcalico.org/v3"};
	const struct bgpconfd_datastore *s = &d->conf->datastore;
	struct source_etcd_conf etcd = {.endpoints = s->endpoints.v,
					.nendpoints = s->endpoints.n,
					.prefix = s->prefix,
					.tls = {{s->ca, s->ca_text}, {s->cert, s->cert_text}, {s->key, s->key_text}},
					.username = s->username,
					.password = s->password,
					.password_file = s->password_file,
					.node = keys ? NULL : d->conf->node};
	struct source_kubernetes_conf kubernetes = {.kubeconfig = s->kubeconfig, .group = groups[s->api_group], .node = d->conf->node,
						   .no_blocks = d->conf->calico.pod_cidrs,
						   .rate_per_s = s->rate_per_s,
						   .burst = s->burst,
						   .resources = s->resources.v,
						   .nresources = keys ? s->resources.n : 0,
						   .name_space = s->name_space};

	if (s->type == BGPCONFD_STORE_ETCD)
		return source_etcd_start(d->base, &etcd, &source_handler, d);
	if (s->type == BGPCONFD_STORE_KUBERNETES)
		return source_kubernetes_start(d->base, &kubernetes, &source_handler, d);
	return source_files_start(d->base, s->path, keys, &source_handler, d);
}

/* Calico keeps neither Services nor Secrets in etcd. */
static struct source *
cluster_start(struct confd *d)
{
	const struct bgpconfd_datastore *s = &d->conf->datastore;
	struct source_kubernetes_conf conf = {.kubeconfig = s->kubeconfig,
					      .node = d->conf->node,
					      .rate_per_s = s->rate_per_s,
					      .burst = s->burst,
					      .wanted_only = true};

	if (s->type != BGPCONFD_STORE_ETCD || (s->kubeconfig == NULL && !kube_access_is_pod()))
		return NULL;
	return source_kubernetes_start(d->base, &conf, &cluster_handler, d);
}

static void
work_open(struct confd *d)
{
	const struct bgpconfd_conf *c = d->conf;
	bool keys = c->resolver == BGPCONFD_RESOLVER_KEYS;
	struct calico_env env = {.node = c->node,
				 .router_id = c->calico.router_id,
				 .cluster_ips = c->calico.cluster_ips,
				 .kubernetes_node = c->calico.kubernetes_node,
				 .secret_namespace = c->calico.namespace,
				 .pod_cidrs = c->calico.pod_cidrs};

	log_apply(d);
	d->troubles = json_object();
	d->complaints = json_object();
	d->backoff_ms = BACKOFF_MIN_MS;
	items_make(d);
	d->watch = watch_new(d->base, on_template, d);
	sources_watch(d);
	metrics_open(d);
	if (keys)
		d->keytree = keytree_new();
	else
		d->calico = calico_new(&env);
	d->source = source_start(d, keys);
	if (!keys)
		d->cluster = cluster_start(d);
	if (!keys && c->calico.endpoint_status != NULL)
		d->endpoints =
		    source_files_start(d->base, c->calico.endpoint_status, true, &endpoints_handler, d);
}

/* A reload of a file that is under way is cut off, and done again by whoever comes next. */
static void
work_close(struct confd *d)
{
	event_del(d->debounce);
	event_del(d->retry);
	d->source->ops->stop(d->source);
	if (d->cluster != NULL)
		d->cluster->ops->stop(d->cluster);
	if (d->endpoints != NULL)
		d->endpoints->ops->stop(d->endpoints);
	for (unsigned i = 0; i < d->nitems; i++) {
		stage_free(d->items[i].stage);
		free(d->items[i].error);
	}
	free(d->items);
	free(d->figures);
	confd_metrics_free(d->metrics);
	d->metrics = NULL;
	watch_free(d->watch);
	if (d->calico != NULL)
		calico_free(d->calico);
	keytree_free(d->keytree);
	json_decref(d->model);
	json_decref(d->troubles);
	json_decref(d->complaints);
	bgpconfd_conf_free(d->conf);
	d->conf = NULL;
	d->source = d->cluster = d->endpoints = NULL;
	d->source_synced = d->cluster_synced = d->endpoints_synced = d->in_round = d->changed = false;
	d->calico = NULL;
	d->keytree = NULL;
	d->model = NULL;
}

static void
status_open(struct confd *d)
{
	const char *path = d->options->socket != NULL ? d->options->socket : d->conf->control.socket;

	status_free(d->status);
	d->status = status_listen(d->base, path, status_json, d);
	if (d->status == NULL)
		log_error("control.listen", LOG_S("socket", path), LOG_S("error", strerror(errno)));
}

static void
reload(struct confd *d)
{
	struct bgpconfd_conf *conf;
	struct conf_errors errs = {0};

	service_reloading(d->service);
	if (bgpconfd_conf_load(d->options->path, &conf, &errs) < 0) {
		for (uint32_t i = 0; i < errs.n; i++)
			log_error("config.bad", LOG_S("file", errs.v[i].pos.file),
				  LOG_U("line", errs.v[i].pos.line), LOG_U("column", errs.v[i].pos.column),
				  LOG_S("key", errs.v[i].path), LOG_S("error", errs.v[i].text));
	} else {
		work_close(d);
		d->conf = conf;
		work_open(d);
		status_open(d);
		log_info("config.reloaded", LOG_S("file", d->options->path));
	}
	service_reloaded(d->service);
	conf_errors_free(&errs);
}

static void
on_signal(evutil_socket_t number, short what, void *ctx)
{
	struct confd *d = ctx;

	(void)what;
	if (number == SIGHUP && d->options->mode == CONFD_RUN) {
		reload(d);
		return;
	}
	service_stopping(d->service, STOP_SECONDS);
	finish(d, d->options->mode == CONFD_RUN ? 0 : EXIT_FAILURE);
}

/* The line of systemctl status. */
static void
status_write(void *ctx, char *text, size_t size)
{
	const struct confd *d = ctx;
	unsigned failed = 0;

	for (unsigned i = 0; i < d->nitems; i++)
		failed += d->items[i].error != NULL;
	snprintf(text, size, "%s, %u of %u files as they should be", synced(d) ? "the source is known" : "waiting for the source",
		 synced(d) ? d->nitems - failed : 0, d->nitems);
}

int
confd_run(const struct confd_options *options, struct bgpconfd_conf *conf)
{
	static const int numbers[] = {SIGHUP, SIGTERM, SIGINT};
	struct confd d = {.options = options, .base = event_base_new(), .conf = conf};

	ASSERT(d.base != NULL);
	mallopt(M_TRIM_THRESHOLD, HEAP_KEPT);
	mallopt(M_MMAP_THRESHOLD, HEAP_KEPT);
	signal(SIGPIPE, SIG_IGN);
	d.debounce = evtimer_new(d.base, on_timer, &d);
	d.retry = evtimer_new(d.base, on_retry, &d);
	ASSERT(d.debounce != NULL && d.retry != NULL);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		d.signals[i] = evsignal_new(d.base, numbers[i], on_signal, &d);
		ASSERT(d.signals[i] != NULL);
		event_add(d.signals[i], NULL);
	}
	work_open(&d);
	if (options->mode == CONFD_RUN) {
		status_open(&d);
		d.service = service_open(d.base, status_write, &d);
	}
	if (options->mode == CONFD_RUN && d.status == NULL)
		d.exit_status = EXIT_FAILURE;
	else {
		service_ready(d.service);
		event_base_dispatch(d.base);
	}
	service_close(d.service);
	status_free(d.status);
	work_close(&d);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		event_free(d.signals[i]);
	event_free(d.debounce);
	event_free(d.retry);
	event_base_free(d.base);
	return d.exit_status;
}
