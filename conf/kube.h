/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kube: what the files of source_kubernetes know of each other.
 *
 * source_kubernetes.c   the source: discovery, which kinds are wanted, when all was told
 * kube_access.c         where the API server is and who we are: kubeconfig, or the service account of the pod
 * kube_client.c         requests, at a bounded rate
 * kube_watch.c          one collection: listed, then watched, for ever
 * kube_split.c          answers cut into objects while they come
 * kube_object.c         objects of Kubernetes as the resources that the resolver takes
 * kube_keys.c           objects of any kind as keys
 */
#ifndef CONF_KUBE_H
#define CONF_KUBE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "lib/fetch.h"
#include "lib/str.h"

struct event_base;

/* ---- access ---- */

#define KUBE_ACCOUNT "/var/run/secrets/kubernetes.io/serviceaccount"

/* A text in PEM: the path of its file, or itself; both NULL: none. */
struct kube_pem {
	char *path, *text;
};

struct kube_access {
	char *server; /* URL, without a slash at its end */
	struct kube_pem ca, cert, key;
	char *token, *token_file; /* the file counts over the token */
	char *username, *password;
};

/* Is this a pod that has a service account? */
bool kube_access_is_pod(void);
/*
 * From a kubeconfig file, or with NULL as a pod has it: KUBERNETES_SERVICE_HOST and _PORT in the environment
 * and the files of the service account. 0, or -1 with why in err; then there is nothing in *a.
 */
int kube_access_read(const char *kubeconfig, struct kube_access *a, struct str *err);
void kube_access_fini(struct kube_access *a);

/* The value of the header Authorization, NULL: none; a file is read each time, since tokens are replaced. As
 * above. */
int kube_access_authorization(const struct kube_access *a, char **value, struct str *err);

/* ---- objects ---- */

enum kube_group { KUBE_CORE, KUBE_CALICO, KUBE_DISCOVERY, KUBE_NAMED /* by version */ };

enum kube_when {
	KUBE_ALWAYS,
	KUBE_SERVICES, /* when addresses of services are announced */
	KUBE_REFERRED, /* each one that is referred to, by its name */
};

struct kube_kind {
	const char *kind, *plural;
	enum kube_group group;
	enum kube_when when;
	bool has_namespace;
	const char *version; /* with KUBE_NAMED, as in "v1" and "apps/v1" */
	/* What the resolver is to have of an object with a name, a new reference; NULL: nothing. node: the
	 * own one. */
	json_t *(*resource)(const struct kube_kind *k, const json_t *object, const char *node);
};

extern const struct kube_kind kube_kinds[];
extern const size_t kube_nkinds;

/* ---- objects as keys ---- */

struct source_handler;

/* A resource whose objects are to be keys. The kind is one of the server's once it was found. */
struct kube_resource {
	struct kube_kind kind; /* kind.kind NULL: not found yet */
	char *path;            /* where the server says what is in this version: "/api/v1", "/apis/apps/v1" */
	char *plural, *version, *name; /* what kind points to */
	bool absent;                   /* the server was asked, and has none */
};

/* From "configmaps", "v1/configmaps" or "apps/v1/deployments". False: it is no such name, and *r is empty. */
bool kube_resource_init(struct kube_resource *r, const char *text);
void kube_resource_fini(struct kube_resource *r);
/* By the list of what the server has in its version. False: the resource is not in it. */
bool kube_resource_find(struct kube_resource *r, const json_t *list);

struct kube_keys; /* opaque: what was told */

/*
 * Tells of keys, <plural>/[<namespace>/]<name>, with the object as JSON; of a ConfigMap and a Secret with one
 * key below that for each entry that is a text.
 */
struct kube_keys *kube_keys_new(const struct source_handler *h, void *ctx);
void kube_keys_free(struct kube_keys *k); /* NULL is fine */
/* value: as the kind's resource() made it. */
void kube_keys_put(struct kube_keys *k, const struct kube_kind *kind, const char *name_space,
		   const char *name, const json_t *value);
void kube_keys_del(struct kube_keys *k, const struct kube_kind *kind, const char *name_space,
		   const char *name);

/* ---- answers in pieces ---- */

/*
 * Cuts a text that comes in pieces into its JSON values without parsing them: of a stream each value; of a
 * list each of its "items", and in the end what is around them.
 */
struct kube_split {
	bool list;
	unsigned depth;
	bool in_text, escaped; /* within a string */
	bool in_items;
	bool is_items;     /* of a list: the key before this value is "items" */
	struct str value;  /* as much of it as came */
	struct str around; /* of a list */
	size_t key_at;     /* in around: where the last string began */
};

void kube_split_begin(struct kube_split *s, bool list);
void kube_split_fini(struct kube_split *s);
/* fn returns other than 0 to end it, which is returned. 0, or -1 for what cannot be JSON. */
typedef int kube_split_fn(void *ctx, const char *text, size_t len);
int kube_split_feed(struct kube_split *s, const char *data, size_t len, kube_split_fn *fn, void *ctx);
/* Nothing is begun that has no end. */
bool kube_split_is_whole(const struct kube_split *s);

/* ---- requests ---- */

struct kube_client {
	struct event_base *base;
	struct fetcher *fetcher; /* NULL: no access yet */
	struct kube_access access;
	const char *node;
	/* Requests a second in the long run, and how many at once; 0: calico-node's 5 and 100. */
	double rate_per_s, burst;
	/* Requests that may be made at once, and since when. */
	double allowance;
	uint64_t allowance_ms;
};

uint64_t kube_now_ms(void);
/* How long the next request has to wait; 0: it may be made now, which counts. */
unsigned kube_client_wait_ms(struct kube_client *c);
/* A GET of a path with its query. NULL with why in err: there is no token. idle_ms as in fetch.h; piece may
 * be NULL. */
struct fetch *kube_client_get(struct kube_client *c, const char *path, unsigned idle_ms,
			      fetch_piece_fn *piece, fetch_done_fn *done, void *ctx, struct str *err);
/* In a query all but letters, digits and a few marks are to be escaped. */
void kube_query_add(struct str *out, const char *text);
/* What an answer without success says, for a person. */
void kube_client_describe(const struct fetch_result *r, struct str *out);

/* ---- one collection ---- */

struct kube_watch; /* opaque */

struct kube_watch_events {
	void (*put)(void *ctx, struct kube_watch *w, const char *name_space, const char *name,
		    const json_t *value);
	void (*del)(void *ctx, struct kube_watch *w, const char *name_space, const char *name);
	/* Something was told, or it was listed; or why it cannot be is known. */
	void (*told)(void *ctx, struct kube_watch *w, bool changed);
	/* text NULL: it is over. */
	void (*trouble)(void *ctx, struct kube_watch *w, const char *text);
	/*
	 * How each request went, also that the server is not there or not to be trusted, which is not told as
	 * trouble. True: the watch is to wait until kube_watch_go or kube_watch_absent.
	 */
	bool (*went)(void *ctx, struct kube_watch *w, const struct fetch_result *r);
};

/* path: of the collection. name: of the only object in it that counts; NULL: all. Begins with kube_watch_go.
 */
struct kube_watch *kube_watch_new(struct kube_client *c, const struct kube_kind *kind, const char *path,
				  const char *name, const struct kube_watch_events *events, void *ctx);
/* Tells nothing. */
void kube_watch_free(struct kube_watch *w);
/* Everything that was told of it is taken back. */
void kube_watch_withdraw(struct kube_watch *w);

/* Goes on from where it is, at once. */
void kube_watch_go(struct kube_watch *w);
/* No request is under way from now on; go goes on. */
void kube_watch_pause(struct kube_watch *w);
/* The server has no such kind: it is empty. Nothing follows until go. */
void kube_watch_absent(struct kube_watch *w);

/* The collection is at another path now, or with NULL of another server, and listed anew there. */
void kube_watch_move(struct kube_watch *w, const char *path);

const struct kube_kind *kube_watch_kind(const struct kube_watch *w);
bool kube_watch_is_listed(const struct kube_watch *w);
/* {"objects", "version", "state"} */
json_t *kube_watch_json(const struct kube_watch *w);

#endif
