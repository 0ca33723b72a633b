/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_calico: any documents as the resources of a Calico cluster. Whatever is in them: there is a model or a
 * complaint, the model does not depend on the order in which resources came, the shipped template takes it,
 * and the result is a configuration that the daemon takes.
 */
#include "conf/calico.h"
#include "conf/conf.h"
#include "conf/document.h"
#include "conf/template.h"
#include "tests/fuzz/fuzz.h"

static const char *
template_path(void)
{
	static char path[4096];
	const char *srcdir = getenv("srcdir");

	snprintf(path, sizeof(path), "%s/conf/templates/bgpd.yaml.mustache", srcdir != NULL ? srcdir : ".");
	return path;
}

static int
take(void *ctx, json_t *value, unsigned line)
{
	json_t *items = json_object_get(value, "items"), *item;
	size_t i;

	(void)line;
	if (json_is_array(items))
		json_array_foreach(items, i, item) json_array_append(ctx, item);
	else
		json_array_append(ctx, value);
	return 0;
}

static void
put(struct calico *c, const json_t *value, bool del)
{
	const json_t *meta = json_object_get(value, "metadata");
	const char *kind = json_string_value(json_object_get(value, "kind"));
	const char *name = json_string_value(json_object_get(meta, "name"));
	const char *name_space = json_string_value(json_object_get(meta, "namespace"));

	if (kind == NULL || name == NULL)
		return;
	if (del)
		calico_del(c, kind, name_space, name);
	else
		calico_put(c, kind, name_space, name, value);
}

static void
configuration_check(json_t *model)
{
	struct str text = {0}, why = {0};
	struct conf_errors errs = {0};
	struct conf *conf;

	int rc = template_render(template_path(), NULL, model, NULL, &text, &why);
	if (rc != 0)
		fprintf(stderr, "%s\n", str_get(&why));
	ASSERT(rc == 0);
	rc = conf_load_text("bgpd.yaml", str_get(&text), text.len, CONF_NO_FILES, &conf, &errs);
	if (rc != 0) {
		conf_errors_write(&errs, stderr);
		fprintf(stderr, "%s\n", str_get(&text));
	}
	ASSERT(rc == 0);
	conf_errors_free(&errs);
	conf_free(conf);
	str_free(&text);
	str_free(&why);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct calico_env env = {.node = "node1"};
	struct document_error err;
	json_t *values = json_array(), *value;
	size_t i, n;

	if (document_parse((const char *)data, size, take, values, &err) != 0) {
		json_decref(values);
		return -1;
	}
	struct calico *c = calico_new(&env), *twin = calico_new(&env);
	n = json_array_size(values);
	json_array_foreach(values, i, value) put(c, value, false);
	/* Of two with the same name the last holds, in either order of the others: put, deleted and put
	 * again. */
	json_array_foreach(values, i, value) put(twin, value, i % 2 == 0);
	json_array_foreach(values, i, value) put(twin, value, true);
	json_array_foreach(values, i, value) put(twin, value, false);
	json_t *model = calico_model(c, true), *other = calico_model(twin, true),
	       *complaints = calico_complaints(c);
	ASSERT(json_is_array(complaints));
	ASSERT((model == NULL) == (other == NULL));
	ASSERT(model == NULL || json_equal(model, other));
	ASSERT(model != NULL || json_array_size(complaints) > 0 || n == 0);
	calico_wants_services(c);
	json_decref(calico_wants_secrets(c));
	if (model != NULL)
		configuration_check(model);
	json_decref(model);
	json_decref(other);
	json_decref(complaints);
	calico_free(c);
	calico_free(twin);
	json_decref(values);
	return 0;
}
