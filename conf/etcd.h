/* SPDX-License-Identifier: Apache-2.0 */
/*
 * etcd: what the files of source_etcd know of each other.
 *
 * source_etcd.c   the source: which server, list, watch, and when to begin anew
 * etcd_store.c    the keys that were told, and which resource each is
 * etcd_message.c  requests and answers of etcd's HTTP gateway
 */
#ifndef CONF_ETCD_H
#define CONF_ETCD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/source.h"
#include "lib/fetch.h"
#include "lib/str.h"

#define ETCD_RANGES_MAX 8
#define ETCD_TEXT_MAX   200 /* octets of what a server says that are told */

/* Keys from start on, before end. */
struct etcd_range {
	char *start, *end;
};

/* ---- messages ---- */

/* Where in time an answer is from. */
struct etcd_header {
	uint64_t cluster;
	int64_t revision, term; /* 0: not in it */
};

void etcd_header_read(const json_t *answer, struct etcd_header *out);
/* A number, which the gateway writes as a text; absent is 0. */
int64_t etcd_number(const json_t *object, const char *name);

/* The request for a page of keys behind after (NULL: from the start on), as they were at revision (0: now).
 */
void etcd_range_request(struct str *out, const struct etcd_range *r, const char *after, unsigned limit,
			int64_t revision);
/* For one key that need not be there: an answer shows that the server has a leader, and its time. */
void etcd_probe_request(struct str *out, const char *key);
/* For how far the server's own log is: an answer has its "raftAppliedIndex". */
void etcd_status_request(struct str *out);
/* For what changes in a range from a revision on. */
void etcd_watch_request(struct str *out, const struct etcd_range *r, int64_t from);
void etcd_login_request(struct str *out, const char *username, const char *password);

enum etcd_refusal {
	ETCD_REFUSED,
	ETCD_COMPACTED, /* that revision is no longer there */
	ETCD_LOGIN,     /* the token is not good any more, or there is none */
};

/* What a refusal means, by its text. */
enum etcd_refusal etcd_refusal_of(const char *text);
/* The text of an answer without success, or of what kept it from coming. */
void etcd_failure_text(const struct fetch_result *r, struct str *out);

/* ---- the store ---- */

struct etcd_store; /* opaque */

/* Keys are Calico's if node is set, whose blocks count; else any. */
struct etcd_store *etcd_store_new(const char *prefix, const char *node, const struct source_handler *h,
				  void *ctx);
/* Tells nothing. */
void etcd_store_free(struct etcd_store *s);

/* What is to be listed and watched, one behind the other; the store's. */
const struct etcd_range *etcd_store_ranges(const struct etcd_store *s, unsigned *n);

/* The keys that are put from now on are all there are, once the sweep has come. */
void etcd_store_list_begin(struct etcd_store *s);
/* kv: of an answer, with its key and value in base64. */
void etcd_store_put(struct etcd_store *s, const json_t *kv);
void etcd_store_del(struct etcd_store *s, const json_t *kv);
/* What was not put since the list began is gone. */
void etcd_store_sweep(struct etcd_store *s);

/* Was anything told since this was asked last? */
bool etcd_store_changed(struct etcd_store *s);
size_t etcd_store_count(const struct etcd_store *s);

/* The key of kv; NULL: none, or no text. The caller frees. */
char *etcd_key_of(const json_t *kv);

#endif
