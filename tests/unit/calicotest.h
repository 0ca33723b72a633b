/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calicotest: a Calico resolver fed with resources in YAML, and its model compared
 * with what is expected, in YAML as well, so that no test needs a quoted quote.
 */
#ifndef TESTS_UNIT_CALICOTEST_H
#define TESTS_UNIT_CALICOTEST_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/calico.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "tests/unit/suite.h"
#include "tests/unit/valuetest.h"

static struct calico *world;

/* ---- resources ---- */

static inline void
begin_with(const struct calico_env *env)
{
	calico_free(world);
	world = calico_new(env);
}

static inline void
begin(void)
{
	begin_with(&(struct calico_env){.node = "kube-master"});
}

static inline void
finish(void)
{
	calico_free(world);
	world = NULL;
}

/* body: what stands besides kind and metadata.name. */
static inline void
put_in(const char *kind, const char *name_space, const char *name, const char *body)
{
	json_t *v = value_of(body);

	calico_put(world, kind, name_space, name, v);
	json_decref(v);
}

static inline void
put(const char *kind, const char *name, const char *body)
{
	put_in(kind, NULL, name, body);
}

static inline void
del(const char *kind, const char *name)
{
	ck_assert(calico_del(world, kind, NULL, name));
}

/* spec in flow style, without the outer braces. */
static inline void
put_spec(const char *kind, const char *name, const char *spec)
{
	char *body = xasprintf("{spec: {%s}}", spec);

	put(kind, name, body);
	free(body);
}

static inline void
config(const char *spec)
{
	put_spec("BGPConfiguration", "default", spec);
}

static inline void
peer(const char *name, const char *spec)
{
	put_spec("BGPPeer", name, spec);
}

/* A node with what stands in spec.bgp and in metadata.labels. */
static inline void
labelled(const char *name, const char *bgp, const char *labels)
{
	char *body = xasprintf("{metadata: {labels: {%s}}, spec: {bgp: {%s}}}", labels, bgp);

	put("Node", name, body);
	free(body);
}

static inline void
node(const char *name, const char *bgp)
{
	labelled(name, bgp, "");
}

static inline void
block(const char *name, const char *cidr, const char *state)
{
	char *spec = xasprintf("node: kube-master, cidr: \"%s\", state: \"%s\", type: host", cidr, state);

	put_spec("BlockAffinity", name, spec);
	free(spec);
}

/* The nodes and blocks that most scenarios have. */
static inline void
three_nodes(void)
{
	begin();
	node("kube-master", "ipv4Address: 10.192.0.2/16");
	node("kube-node-1", "ipv4Address: 10.192.0.3/16");
	node("kube-node-2", "ipv4Address: 10.192.0.4/16");
}

static inline void
six_blocks(void)
{
	block("b1", "10.0.0.0/30", "");
	block("b2", "10.1.0.0/24", "");
	block("b3", "10.2.0.1/32", "");
	block("b4", "192.168.221.192/26", "");
	block("b5", "192.168.221.64/26", "confirmed");
	block("b6", "192.168.221.0/26", "pending");
}

/* ---- the model ---- */

static inline json_t *
model(void)
{
	json_t *m = calico_model(world, true);

	ck_assert_ptr_nonnull(m);
	return m;
}

/* At a path as ipv4.export.disabled_pools; lists are not gone into. */
static inline json_t *
at(json_t *v, const char *path)
{
	char part[64];

	while (*path != '\0') {
		size_t n = strcspn(path, ".");
		snprintf(part, sizeof(part), "%.*s", (int)n, path);
		v = json_object_get(v, part);
		ck_assert_msg(v != NULL, "the model has no %s", part);
		path += n + (path[n] == '.');
	}
	return v;
}

static inline void
same(const char *what, const json_t *got, const char *want)
{
	json_t *w = value_of(want);
	char *g = json_dumps(got, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
	char *e = json_dumps(w, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);

	ck_assert_msg(json_equal(got, w), "%s: got  %s\n     want %s", what, g, e);
	free(g);
	free(e);
	json_decref(w);
}

static inline void
expect(const char *path, const char *want)
{
	json_t *m = model();

	same(path, at(m, path), want);
	json_decref(m);
}

/* All sessions of a family, as "Name Name". */
static inline void
names(const char *family, const char *want)
{
	json_t *m = model(), *s;
	struct str got = {0};
	char path[32];
	size_t i;

	snprintf(path, sizeof(path), "%s.sessions", family);
	json_array_foreach(at(m, path), i, s)
	    str_addf(&got, "%s%s", i > 0 ? " " : "", json_string_value(json_object_get(s, "name")));
	ck_assert_str_eq(str_get(&got), want);
	str_free(&got);
	json_decref(m);
}

/* Some keys of one session, in flow style without the braces. */
static inline void
session(const char *family, const char *name, const char *want)
{
	char *text = xasprintf("{%s}", want), path[32];
	json_t *m = model(), *w = value_of(text), *s, *found = NULL, *v;
	const char *key;
	size_t i;

	snprintf(path, sizeof(path), "%s.sessions", family);
	json_array_foreach(at(m, path), i,
			   s) if (strcmp(json_string_value(json_object_get(s, "name")), name) == 0) found = s;
	ck_assert_msg(found != NULL, "no session %s", name);
	json_object_foreach(w, key, v)
	{
		char *g = json_dumps(json_object_get(found, key), JSON_COMPACT | JSON_ENCODE_ANY);
		char *e = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);
		ck_assert_msg(json_equal(json_object_get(found, key), v), "%s %s: got %s, want %s", name, key,
			      g != NULL ? g : "nothing", e);
		free(g);
		free(e);
	}
	json_decref(w);
	json_decref(m);
	free(text);
}

/* All complaints, each a line "kind name: text"; of want, each line is the beginning of one. */
static inline void
complaints(const char *want)
{
	json_t *list = (json_decref(calico_model(world, true)), calico_complaints(world)), *v;
	struct str got = {0};
	const char *w = want;
	bool good = true;
	size_t i;

	json_array_foreach(list, i, v)
	{
		char *line = xasprintf("%s %s: %s", json_string_value(json_object_get(v, "kind")),
				       json_string_value(json_object_get(v, "name")),
				       json_string_value(json_object_get(v, "text")));
		size_t n = strcspn(w, "\n");
		good = good && n > 0 && strncmp(line, w, n) == 0;
		w += n + (w[n] == '\n');
		str_addf(&got, "%s\n", line);
		free(line);
	}
	ck_assert_msg(good && *w == '\0', "got\n%swant\n%s", str_get(&got), want);
	str_free(&got);
	json_decref(list);
}

#endif
