/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kube_client: see kube.h.
 */
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "conf/kube.h"
#include "lib/loop.h"
#include "lib/mem.h"

/* As calico-node's: a whole list of pages at once, and then few. */
#define RATE_PER_S 5.0
#define RATE_BURST 100.0

#define CONNECT_MS  10000
#define MESSAGE_MAX 200 /* octets of what a server says that are told */

uint64_t
kube_now_ms(void)
{
	return time_mono_ns() / 1000000;
}

unsigned
kube_client_wait_ms(struct kube_client *c)
{
	double rate = c->rate_per_s > 0 ? c->rate_per_s : RATE_PER_S,
	       burst = c->burst > 0 ? c->burst : RATE_BURST;
	uint64_t now = kube_now_ms();

	if (c->allowance_ms == 0)
		c->allowance = burst;
	else
		c->allowance += (double)(now - c->allowance_ms) / 1000 * rate;
	c->allowance_ms = now;
	c->allowance = c->allowance > burst ? burst : c->allowance;
	if (c->allowance < 1)
		return (unsigned)((1 - c->allowance) / rate * 1000) + 1;
	c->allowance -= 1;
	return 0;
}

struct fetch *
kube_client_get(struct kube_client *c, const char *path, unsigned idle_ms, fetch_piece_fn *piece,
		fetch_done_fn *done, void *ctx, struct str *err)
{
	static const char *const headers[] = {"Accept: application/json",
					      "User-Agent: bgpconfd/" PACKAGE_VERSION, NULL};
	char *authorization, *url;
	struct fetch *f;

	if (kube_access_authorization(&c->access, &authorization, err) != 0)
		return NULL;
	url = xasprintf("%s%s", c->access.server, path);
	f = fetch_start(c->fetcher,
			&(struct fetch_request){.url = url,
						.headers = headers,
						.authorization = authorization,
						.username = authorization == NULL ? c->access.username : NULL,
						.password = authorization == NULL ? c->access.password : NULL,
						.connect_ms = CONNECT_MS,
						.idle_ms = idle_ms,
						.piece = piece,
						.done = done,
						.ctx = ctx});
	if (authorization != NULL)
		explicit_bzero(authorization, strlen(authorization));
	free(authorization);
	free(url);
	return f;
}

void
kube_query_add(struct str *out, const char *text)
{
	for (; *text != '\0'; text++) {
		bool plain = strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~",
				    *text) != NULL;
		if (plain)
			str_addn(out, text, 1);
		else
			str_addf(out, "%%%02X", (unsigned char)*text);
	}
}

void
kube_client_describe(const struct fetch_result *r, struct str *out)
{
	json_t *status;
	const char *message;

	if (r->outcome != FETCH_ANSWERED) {
		str_add(out, r->error);
		return;
	}
	status = json_loadb(r->body != NULL ? r->body : "", r->len, 0, NULL);
	message = json_string_value(json_object_get(status, "message"));
	str_addf(out, "the server answers %u", r->status);
	if (message != NULL) {
		str_add(out, ": ");
		str_add_plain(out, message, MESSAGE_MAX);
	}
	json_decref(status);
}
