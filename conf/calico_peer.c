/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calico_peer: BGPPeers, the files of local workloads and the Secrets of sessions.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/calico_int.h"
#include "lib/base64.h"
#include "lib/mem.h"

#define KEEPALIVE_MAX    239 /* below the hold time, which is 240 s */
#define TTL_SECURITY_MAX 254
#define ALLOW_OWN_AS_MAX 10

/* ADDRESS, IPv4:PORT or [IPv6]:PORT; port 0 is none. False: it is none. */
static bool
endpoint_parse(const char *text, struct ip_addr *ip, uint32_t *port)
{
	char host[IP_ADDR_STRLEN];
	const char *colon = strrchr(text, ':'), *end;
	char *rest;

	*port = 0;
	if (colon == NULL || (*text != '[' && strchr(text, ':') != colon))
		return calico_unicast(text, ip);
	end = *text == '[' ? colon - 1 : colon;
	if (*text == '[' && (end <= text || *end != ']'))
		return false;
	text += *text == '[';
	if ((size_t)(end - text) >= sizeof(host))
		return false;
	memcpy(host, text, (size_t)(end - text));
	host[end - text] = '\0';
	unsigned long n = strtoul(colon + 1, &rest, 0);
	if (colon[1] < '0' || colon[1] > '9' || *rest != '\0' || n > 65535)
		return false;
	*port = (uint32_t)n;
	return calico_unicast(host, ip);
}

static void
bad(struct calico_peer *p)
{
	p->bad = true;
}

static void
remote_parse(struct calico_peer *p, const json_t *value)
{
	char *text = calico_text(value, "spec.peerIP");

	if (text != NULL && !endpoint_parse(text, &p->ip, &p->port)) {
		calico_complain(&p->head, "spec.peerIP: found \"%.80s\", expected an address, IPv4:port or [IPv6]:port", text);
		bad(p);
	}
	free(text);
	if (calico_at(value, "spec.reachableBy") == NULL)
		return;
	text = calico_text(value, "spec.reachableBy");
	if (text != NULL && (!calico_unicast(text, &p->reachable_by) ||
			     (p->ip.family != FAMILY_NONE && p->reachable_by.family != p->ip.family))) {
		calico_complain(&p->head, "spec.reachableBy: found \"%.80s\", expected an address of the same family as peerIP", text);
		bad(p);
	}
	free(text);
}

static struct calico_selector *
selector_parse_at(struct calico *c, struct calico_peer *p, const json_t *value, const char *path)
{
	char *text = calico_text(value, path);
	struct calico_selector *s = text != NULL ? calico_selector_get(c, &p->head, path, text) : NULL;

	if (text != NULL && s == NULL)
		bad(p);
	free(text);
	return s;
}

static void
exclusive(struct calico_peer *p, bool a, const char *first, bool b, const char *second)
{
	if (!a || !b)
		return;
	calico_complain(&p->head, "spec: found both %s and %s, expected one of them", first, second);
	bad(p);
}

/* Which side is which: who has the session, and with whom. */
static void
sides_parse(struct calico *c, struct calico_peer *p, const json_t *value)
{
	char *workloads = calico_text(value, "spec.localWorkloadSelector");

	p->workloads = workloads != NULL;
	free(workloads);
	p->node = calico_text(value, "spec.node");
	p->node_selector = selector_parse_at(c, p, value, "spec.nodeSelector");
	p->peer_selector = selector_parse_at(c, p, value, "spec.peerSelector");
	remote_parse(p, value);
	bool has_ip = p->ip.family != FAMILY_NONE;
	exclusive(p, p->node != NULL, "node", p->node_selector != NULL, "nodeSelector");
	exclusive(p, has_ip, "peerIP", p->peer_selector != NULL, "peerSelector");
	exclusive(p, p->workloads, "localWorkloadSelector", has_ip || p->peer_selector != NULL, "peerIP or peerSelector");
	if (!p->bad && !has_ip && p->peer_selector == NULL && !p->workloads) {
		calico_complain(&p->head, "spec: found no peer, expected peerIP, peerSelector or localWorkloadSelector");
		bad(p);
	}
}

static void
filters_parse(struct calico_peer *p, const json_t *value)
{
	json_t *item;
	size_t i;

	p->filters = json_array();
	json_array_foreach (calico_at(value, "spec.filters"), i, item)
		if (json_is_string(item))
			json_array_append(p->filters, item);
		else
			calico_complain(&p->head, "spec.filters[%zu]: expected the name of a BGPFilter", i);
}

void
calico_peer_parse(struct calico *c, struct calico_entry *e, const json_t *value)
{
	static const char *const next_hop[] = {"Auto", "Self", "Keep", NULL};
	static const char *const source[] = {"UseNodeIP", "None", NULL};
	static const char *const reverse[] = {"Auto", "Manual", NULL};
	struct calico_peer *p = (struct calico_peer *)e;

	sides_parse(c, p, value);
	calico_as(e, value, "spec.asNumber", &p->as);
	calico_as(e, value, "spec.localASNumber", &p->local_as);
	p->next_hop = (enum calico_next_hop)calico_word(e, value, "spec.nextHopMode", next_hop);
	p->keep_original = calico_bool(value, "spec.keepOriginalNextHop", false);
	p->no_source = calico_word(e, value, "spec.sourceAddress", source) == 1;
	p->no_reverse = calico_word(e, value, "spec.reversePeering", reverse) == 1;
	calico_secret_ref(value, "spec.password.secretKeyRef", &p->password);
	p->has_restart = calico_duration(e, value, "spec.maxRestartTime", 0, CALICO_RESTART_MAX, &p->restart_s);
	p->has_keepalive = calico_duration(e, value, "spec.keepaliveTime", 1, KEEPALIVE_MAX, &p->keepalive_s);
	calico_number(e, value, "spec.numAllowedLocalASNumbers", 0, ALLOW_OWN_AS_MAX, &p->allow_own_as);
	calico_number(e, value, "spec.ttlSecurity", 0, TTL_SECURITY_MAX, &p->ttl_security);
	filters_parse(p, value);
	if (p->workloads && p->as == 0) {
		calico_complain(e, "spec.asNumber: found none, expected one with localWorkloadSelector");
		bad(p);
	}
}

void
calico_peer_fini(struct calico *c, struct calico_entry *e)
{
	struct calico_peer *p = (struct calico_peer *)e;

	free(p->node);
	calico_selector_put(c, p->node_selector);
	calico_selector_put(c, p->peer_selector);
	calico_secret_ref_fini(&p->password);
	json_decref(p->filters);
}

/* ---- EndpointStatus: {"ipv4Nets": ["10.0.0.1/32"], "ipv6Nets": […], "bgpPeerName": …}, written by Felix ---- */

static void
first_address(const json_t *list, struct ip_addr *out)
{
	const char *text = json_string_value(json_array_get(list, 0));
	char addr[IP_PREFIX_STRLEN];

	if (text == NULL)
		return;
	snprintf(addr, sizeof(addr), "%.*s", (int)strcspn(text, "/"), text);
	calico_unicast(addr, out);
}

void
calico_endpoint_parse(struct calico *c, struct calico_entry *e, const json_t *value)
{
	struct calico_endpoint *ep = (struct calico_endpoint *)e;

	(void)c;
	ep->peer = calico_text(value, "bgpPeerName");
	first_address(json_object_get(value, "ipv4Nets"), &ep->addr[FAMILY_IPV4]);
	first_address(json_object_get(value, "ipv6Nets"), &ep->addr[FAMILY_IPV6]);
}

void
calico_endpoint_fini(struct calico *c, struct calico_entry *e)
{
	(void)c;
	free(((struct calico_endpoint *)e)->peer);
}

/* ---- Secret ---- */

void
calico_secret_parse(struct calico *c, struct calico_entry *e, const json_t *value)
{
	struct calico_secret *s = (struct calico_secret *)e;
	const char *key;
	json_t *v;

	(void)c;
	s->data = json_object();
	json_object_foreach (json_object_get(value, "data"), key, v) {
		size_t len;
		char *text = json_is_string(v) ? base64_decode(json_string_value(v), &len) : NULL;
		/* What is no text cannot be a password in a configuration. */
		if (text == NULL || memchr(text, '\0', len) != NULL || json_object_set_new(s->data, key, json_stringn(text, len)) != 0)
			calico_complain(e, "data.%.80s: found no text in base64", key);
		free(text);
	}
	json_object_foreach (json_object_get(value, "stringData"), key, v)
		if (json_is_string(v))
			json_object_set(s->data, key, v);
}

void
calico_secret_fini(struct calico *c, struct calico_entry *e)
{
	(void)c;
	json_decref(((struct calico_secret *)e)->data);
}

const char *
calico_secret_get(const struct calico *c, const struct calico_secret_ref *r)
{
	char *name = xasprintf("%s/%s", c->secret_namespace, r->name);
	const struct calico_secret *s = (const struct calico_secret *)calico_find(c, CALICO_SECRET, name);

	free(name);
	return s != NULL && r->key != NULL ? json_string_value(json_object_get(s->data, r->key)) : NULL;
}

static void
wants_add(const struct calico *c, json_t *wants, const struct calico_secret_ref *r)
{
	if (r->name == NULL)
		return;
	char *name = xasprintf("%s/%s", c->secret_namespace, r->name);
	json_object_set_new(wants, name, json_true());
	free(name);
}

json_t *
calico_wants_secrets(const struct calico *c)
{
	json_t *wants = json_object();
	struct calico_entry *e;

	wants_add(c, wants, &calico_config_of(c, NULL)->mesh_password);
	CALICO_FOREACH (c, CALICO_PEER, e)
		wants_add(c, wants, &((const struct calico_peer *)e)->password);
	return wants;
}
