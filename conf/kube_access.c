/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kube_access: see kube.h. What a kubeconfig has that is not done here (exec, proxies, another name than the
 * server's) is an error by its path, not something that is left out: whoever wrote it counts on it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/document.h"
#include "conf/kube.h"
#include "conf/load.h"
#include "lib/base64.h"
#include "lib/mem.h"

#define FILE_MAX  (1u << 20)
#define TOKEN_MAX (64u << 10)

void
kube_access_fini(struct kube_access *a)
{
	free(a->server);
	for (size_t i = 0; i < 3; i++) {
		struct kube_pem *p = (struct kube_pem *[]){&a->ca, &a->cert, &a->key}[i];
		free(p->path);
		free(p->text);
	}
	free(a->token);
	free(a->token_file);
	free(a->username);
	free(a->password);
	*a = (struct kube_access){0};
}

/* ---- kubeconfig ---- */

struct reader {
	const char *path;
	struct kube_access *a;
	struct str *err;
};

__attribute__((format(printf, 2, 3))) static int
fail(const struct reader *r, const char *fmt, ...)
{
	va_list ap;

	str_addf(r->err, "%s: ", r->path);
	va_start(ap, fmt);
	str_vaddf(r->err, fmt, ap);
	va_end(ap);
	return -1;
}

static int
first_document(void *ctx, json_t *value, unsigned line)
{
	json_t **first = ctx;

	(void)line;
	if (*first == NULL)
		*first = json_incref(value);
	return 0;
}

static json_t *
kubeconfig_parse(const struct reader *r)
{
	struct document_error error;
	json_t *value = NULL;
	char *text;
	size_t len;
	int rc = tree_read(r->path, FILE_MAX, &text, &len);

	if (rc < 0) {
		fail(r, "%s", strerror(-rc));
		return NULL;
	}
	rc = document_parse(text, len, first_document, &value, &error);
	explicit_bzero(text, len);
	free(text);
	if (rc != 0)
		fail(r, "line %u, column %u: %s", error.line, error.column, error.text);
	else if (!json_is_object(value))
		fail(r, "found no map, expected a kubeconfig");
	else
		return value;
	json_decref(value);
	return NULL;
}

/* The value under inner of the entry with a name in a list. NULL: there is none, which was said. */
static const json_t *
named(const struct reader *r, const json_t *config, const char *list, const char *name, const char *inner)
{
	json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(config, list), i, entry)
	{
		const char *is = json_string_value(json_object_get(entry, "name"));
		if (is == NULL || strcmp(is, name) != 0)
			continue;
		const json_t *v = json_object_get(entry, inner);
		if (v == NULL)
			fail(r, "%s: found no %s in \"%s\"", list, inner, name);
		return v;
	}
	fail(r, "%s: found no \"%s\", which is referred to", list, name);
	return NULL;
}

static char *
text_of(const json_t *map, const char *key)
{
	const char *text = json_string_value(json_object_get(map, key));

	return text != NULL && *text != '\0' ? xstrdup(text) : NULL;
}

/* A path beside the kubeconfig. */
static char *
path_of(const struct reader *r, const json_t *map, const char *key)
{
	char *path = text_of(map, key);
	const char *slash = strrchr(r->path, '/');

	if (path == NULL || *path == '/' || slash == NULL)
		return path;
	char *full = xasprintf("%.*s/%s", (int)(slash - r->path), r->path, path);
	free(path);
	return full;
}

/* key is the name of a file, key-data the same in base64, which counts more. */
static int
pem_of(const struct reader *r, const char *where, const json_t *map, const char *key, struct kube_pem *out)
{
	char *data_key = xasprintf("%s-data", key), *data = text_of(map, data_key);
	int rc = 0;
	size_t len;

	if (data == NULL) {
		out->path = path_of(r, map, key);
	} else {
		out->text = base64_decode(data, &len);
		if (out->text == NULL || strlen(out->text) != len || strstr(out->text, "-----BEGIN ") == NULL)
			rc = fail(r, "%s.%s: found no PEM in base64", where, data_key);
		explicit_bzero(data, strlen(data));
	}
	free(data);
	free(data_key);
	return rc;
}

/* Keys that would mean something else than what is done here. */
static int
refuse(const struct reader *r, const char *where, const json_t *map, const char *const *keys)
{
	for (; *keys != NULL; keys++) {
		const json_t *v = json_object_get(map, *keys);
		if (v != NULL && !json_is_null(v) && !json_is_false(v))
			return fail(r, "%s.%s: found one, which is not supported", where, *keys);
	}
	return 0;
}

static int
cluster_read(const struct reader *r, const json_t *cluster)
{
	static const char *const refused[] = {"insecure-skip-tls-verify", "tls-server-name", "proxy-url",
					      NULL};
	struct kube_access *a = r->a;

	if (refuse(r, "cluster", cluster, refused) != 0)
		return -1;
	a->server = text_of(cluster, "server");
	/* It is told in logs. */
	if (a->server != NULL && strchr(a->server, '@') != NULL)
		return fail(r, "cluster.server: found a user in it, expected username and password of users");
	if (a->server == NULL ||
	    (strncmp(a->server, "https://", 8) != 0 && strncmp(a->server, "http://", 7) != 0))
		return fail(r, "cluster.server: found %s%s%s, expected a URL", a->server != NULL ? "\"" : "",
			    a->server != NULL ? a->server : "none", a->server != NULL ? "\"" : "");
	for (size_t n = strlen(a->server); n > 0 && a->server[n - 1] == '/'; n--)
		a->server[n - 1] = '\0';
	return pem_of(r, "cluster", cluster, "certificate-authority", &a->ca);
}

static int
user_read(const struct reader *r, const json_t *user)
{
	static const char *const refused[] = {"exec",      "auth-provider", "as", "as-uid",
					      "as-groups", "as-user-extra", NULL};
	struct kube_access *a = r->a;

	if (refuse(r, "user", user, refused) != 0 ||
	    pem_of(r, "user", user, "client-certificate", &a->cert) != 0 ||
	    pem_of(r, "user", user, "client-key", &a->key) != 0)
		return -1;
	bool cert = a->cert.path != NULL || a->cert.text != NULL,
	     key = a->key.path != NULL || a->key.text != NULL;
	if (cert != key)
		return fail(r, "user: found client-%s without client-%s", cert ? "certificate" : "key",
			    cert ? "key" : "certificate");
	a->token = text_of(user, "token");
	a->token_file = path_of(r, user, "tokenFile");
	a->username = text_of(user, "username");
	a->password = text_of(user, "password");
	return 0;
}

static int
context_read(const struct reader *r, const json_t *config)
{
	const char *current = json_string_value(json_object_get(config, "current-context"));

	if (current == NULL || *current == '\0')
		return fail(r, "current-context: found none");
	const json_t *context = named(r, config, "contexts", current, "context");
	const char *cluster = json_string_value(json_object_get(context, "cluster")),
		   *user = json_string_value(json_object_get(context, "user"));
	if (context == NULL)
		return -1;
	if (cluster == NULL)
		return fail(r, "contexts: found no cluster in \"%s\"", current);
	const json_t *c = named(r, config, "clusters", cluster, "cluster");
	const json_t *u = c != NULL && user != NULL ? named(r, config, "users", user, "user") : NULL;
	if (c == NULL || (user != NULL && u == NULL) || cluster_read(r, c) != 0)
		return -1;
	return u != NULL ? user_read(r, u) : 0;
}

static int
kubeconfig_read(const struct reader *r)
{
	json_t *config = kubeconfig_parse(r);
	int rc = config != NULL ? context_read(r, config) : -1;

	json_decref(config);
	return rc;
}

/* ---- in a pod ---- */

static int
account_read(const struct reader *r)
{
	const char *host = getenv("KUBERNETES_SERVICE_HOST"), *port = getenv("KUBERNETES_SERVICE_PORT");

	if (host == NULL || *host == '\0' || port == NULL || *port == '\0') {
		str_add(r->err, "KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT: found none, expected them "
				"as in a pod, or a kubeconfig");
		return -1;
	}
	r->a->server = xasprintf(strchr(host, ':') != NULL ? "https://[%s]:%s" : "https://%s:%s", host, port);
	r->a->ca.path = xstrdup(KUBE_ACCOUNT "/ca.crt");
	r->a->token_file = xstrdup(KUBE_ACCOUNT "/token");
	return 0;
}

bool
kube_access_is_pod(void)
{
	return getenv("KUBERNETES_SERVICE_HOST") != NULL && access(KUBE_ACCOUNT "/token", F_OK) == 0;
}

int
kube_access_read(const char *kubeconfig, struct kube_access *a, struct str *err)
{
	const struct reader r = {.path = kubeconfig, .a = a, .err = err};
	int rc;

	*a = (struct kube_access){0};
	rc = kubeconfig != NULL ? kubeconfig_read(&r) : account_read(&r);
	if (rc != 0)
		kube_access_fini(a);
	return rc;
}

/* ---- tokens ---- */

/* What can stand in a header; a token is one word. */
static bool
is_word(const char *s)
{
	if (*s == '\0')
		return false;
	for (; *s != '\0'; s++)
		if (*s <= ' ' || *s > '~')
			return false;
	return true;
}

int
kube_access_authorization(const struct kube_access *a, char **value, struct str *err)
{
	char *token = NULL;
	size_t len;
	int rc = 0;

	*value = NULL;
	if (a->token_file != NULL) {
		rc = tree_read(a->token_file, TOKEN_MAX, &token, &len);
		if (rc < 0) {
			str_addf(err, "%s: %s", a->token_file, strerror(-rc));
			return -1;
		}
		token[strcspn(token, "\r\n")] = '\0';
	} else if (a->token != NULL) {
		token = xstrdup(a->token);
	} else {
		return 0;
	}
	if (is_word(token))
		*value = xasprintf("Bearer %s", token);
	else
		str_addf(err, "%s: found no token", a->token_file != NULL ? a->token_file : "user.token");
	explicit_bzero(token, strlen(token));
	free(token);
	return *value != NULL ? 0 : -1;
}
