/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source: where resources, or keys, come from.
 *
 * A datastore tells its handler first of everything that is there, then of changes.
 * What it cannot read is trouble, and stays as it was told last: a datastore that is
 * away, slow or half wrong never takes anything back. A new datastore is a file of
 * its own with one start function and a row in the table of bgpconfd.
 *
 * All calls and callbacks are in the thread of the event base; nothing blocks for long.
 */
#ifndef CONF_SOURCE_H
#define CONF_SOURCE_H

#include <jansson.h>
#include <stdbool.h>

#include "lib/fetch.h"

struct event_base;
struct source;

struct source_handler {
	/*
	 * A resource is there, or is another one now; name_space is NULL for kinds without. Of keys, kind is "", or "Secret"
	 * for one that not everybody is to see, and the name is the path ("a/b/c"); the value is a text. value is the source's.
	 */
	void (*put)(void *ctx, const char *kind, const char *name_space, const char *name, const json_t *value);
	void (*del)(void *ctx, const char *kind, const char *name_space, const char *name);
	/* What was told is what there is: behind the first snapshot, and behind each change or group of changes. */
	void (*synced)(void *ctx);
	/* Something cannot be read: what and why, for a person; text NULL: it can be again. */
	void (*trouble)(void *ctx, const char *what, const char *text);
	/*
	 * By what was put so far, for a source that would otherwise ask for more than is needed: do Services and EndpointSlices
	 * matter, and which Secrets, as the keys "namespace/name" of an object, a new reference? Both may be NULL: nothing of them.
	 */
	bool (*wants_services)(void *ctx);
	json_t *(*wants_secrets)(void *ctx);
};

/* How a source is made; each has such a table. */
struct source_ops {
	const char *type;
	void (*stop)(struct source *s); /* frees; no callback follows */
	json_t *(*status)(const struct source *s); /* how it is, a new object; NULL: it has no such */
};

/* The head of each source. */
struct source {
	const struct source_ops *ops;
	/*
	 * Path, URLs: what trouble() is about when nothing of it can be had; of a part without which there is no snapshot, either, it is
	 * about this, a blank, and the part.
	 */
	const char *name;
};

/*
 * A directory: files named *.yaml, *.yml and *.json with documents in Kubernetes' or calicoctl's form (of keys: any
 * files, each a key by its path). Subdirectories count; names that begin with a dot do not. A file counts when it is
 * closed or renamed into place, so that what is written in place may be read when it is ready. Of two files with the
 * same resource the first by name holds. Starts even if path is not there: that is trouble until it is.
 */
struct source *source_files_start(struct event_base *base, const char *path, bool keys, const struct source_handler *h,
				  void *ctx);

/* All texts are copied. */
struct source_etcd_conf {
	const char *const *endpoints; /* URLs */
	unsigned nendpoints;          /* at least 1 */
	const char *prefix;           /* of all keys, as in /calico */
	struct fetch_tls tls;
	const char *username, *password, *password_file; /* of the latter two one, with a username; else NULL */
	const char *node; /* whose blocks of addresses count, for Calico's keys; NULL: any keys, by their path below prefix */
};

/*
 * etcd v3 by its HTTP gateway: keys as Calico lays them out, or any. One server is asked at a time; when it fails, the
 * next. What changes is told as it comes; after a compaction, or when etcd is another or an older one, everything is
 * listed again and the differences are told. A key whose value cannot be read keeps what it said before.
 */
struct source *source_etcd_start(struct event_base *base, const struct source_etcd_conf *conf, const struct source_handler *h,
				 void *ctx);

/*
 * The API of Kubernetes, by a kubeconfig or, with NULL, as a pod comes to it: nodes and Calico's resources of either API
 * group, and what is wanted of services and secrets, in the form that a directory has them. group: "crd.projectcalico.org/v1" or
 * "projectcalico.org/v3"; NULL: what the server has. node: the own one. Texts are copied.
 */
struct source_kubernetes_conf {
	const char *kubeconfig, *group, *node;
	bool no_blocks; /* BlockAffinities do not matter */
	double rate_per_s, burst; /* requests a second in the long run, and at once; 0: as calico-node does by itself */
	/* Any objects as keys in place of Calico's: names of resources as kube.h takes them, 0: Calico's; in name_space, NULL: all. */
	const char *const *resources;
	unsigned nresources;
	const char *name_space;
	/* Another datastore has Calico's resources: nothing but what is wanted of services and secrets, see source_kubernetes_look. */
	bool wanted_only;
};
struct source *source_kubernetes_start(struct event_base *base, const struct source_kubernetes_conf *conf,
				       const struct source_handler *h, void *ctx);
/*
 * Of one that is wanted_only: what is wanted may be something else by now. True: all of it was told, or cannot be had;
 * false: that is still to come, with synced() behind it. Before the first such call nothing is told.
 */
bool source_kubernetes_look(struct source *s);

#endif
