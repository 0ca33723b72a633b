/* SPDX-License-Identifier: Apache-2.0 */
/*
 * etcd_message: see etcd.h. The gateway is gRPC's in JSON: octets are base64, numbers of 64 bits are texts,
 * and what is zero is not there.
 */
#include <stdlib.h>
#include <string.h>

#include "conf/etcd.h"
#include "lib/base64.h"
#include "lib/mem.h"

int64_t
etcd_number(const json_t *object, const char *name)
{
	const json_t *v = json_object_get(object, name);

	return json_is_string(v) ? strtoll(json_string_value(v), NULL, 10) : json_integer_value(v);
}

void
etcd_header_read(const json_t *answer, struct etcd_header *out)
{
	const json_t *header = json_object_get(answer, "header");
	const char *cluster = json_string_value(json_object_get(header, "cluster_id"));

	*out = (struct etcd_header){.cluster = cluster != NULL ? strtoull(cluster, NULL, 10) : 0,
				    .revision = etcd_number(header, "revision"),
				    .term = etcd_number(header, "raft_term")};
}

/* ---- requests ---- */

static void
octets_add(struct str *out, const char *name, const char *text, size_t len)
{
	str_addf(out, "\"%s\": \"", name);
	base64_encode(out, text, len);
	str_add(out, "\"");
}

void
etcd_range_request(struct str *out, const struct etcd_range *r, const char *after, unsigned limit,
		   int64_t revision)
{
	str_add(out, "{");
	/* The next key there can be is the same with a NUL behind. */
	if (after != NULL)
		octets_add(out, "key", after, strlen(after) + 1);
	else
		octets_add(out, "key", r->start, strlen(r->start));
	str_add(out, ", ");
	octets_add(out, "range_end", r->end, strlen(r->end));
	str_addf(out, ", \"limit\": \"%u\", \"revision\": \"%lld\"}", limit, (long long)revision);
}

void
etcd_probe_request(struct str *out, const char *key)
{
	str_add(out, "{");
	octets_add(out, "key", key, strlen(key));
	str_add(out, ", \"keys_only\": true, \"limit\": \"1\"}");
}

void
etcd_status_request(struct str *out)
{
	str_add(out, "{}");
}

void
etcd_watch_request(struct str *out, const struct etcd_range *r, int64_t from)
{
	str_add(out, "{\"create_request\": {");
	octets_add(out, "key", r->start, strlen(r->start));
	str_add(out, ", ");
	octets_add(out, "range_end", r->end, strlen(r->end));
	str_addf(out, ", \"start_revision\": \"%lld\", \"progress_notify\": true}}", (long long)from);
}

void
etcd_login_request(struct str *out, const char *username, const char *password)
{
	json_t *v = json_pack("{s:s, s:s}", "name", username, "password", password);
	char *text = v != NULL ? json_dumps(v, JSON_COMPACT) : NULL;

	str_add(out, text != NULL ? text : "{}");
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
	json_decref(v);
}

/* ---- refusals ---- */

enum etcd_refusal
etcd_refusal_of(const char *text)
{
	static const struct {
		const char *part;
		enum etcd_refusal refusal;
	} known[] = {
	    {"required revision has been compacted", ETCD_COMPACTED},
	    {"required revision is a future revision", ETCD_COMPACTED},
	    {"invalid auth token", ETCD_LOGIN},
	    {"revision of auth store is old", ETCD_LOGIN},
	    {"user name is empty", ETCD_LOGIN},
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strstr(text, known[i].part) != NULL)
			return known[i].refusal;
	return ETCD_REFUSED;
}

void
etcd_failure_text(const struct fetch_result *r, struct str *out)
{
	json_t *v;
	const char *text;

	if (r->outcome != FETCH_ANSWERED) {
		str_add(out, r->error);
		return;
	}
	v = json_loadb(r->body, r->len, 0, NULL);
	text = json_string_value(json_object_get(v, "message"));
	if (text == NULL)
		text = json_string_value(json_object_get(v, "error"));
	if (text != NULL) {
		str_add(out, "it says \"");
		str_add_plain(out, text, ETCD_TEXT_MAX);
		str_add(out, "\"");
	} else {
		str_addf(out, "it answers with status %u", r->status);
	}
	json_decref(v);
}
