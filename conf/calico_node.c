/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calico_node: Nodes, and the selectors over them.
 *
 * A cluster may have thousands of nodes and a thousand selectors. So nodes have
 * numbers, and a selector that is in use remembers, a bit each, which of them it
 * matches; a node that comes or changes is looked at by all selectors once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/calico_int.h"
#include "lib/mem.h"

static int
selector_cmp(const struct calico_selector *a, const struct calico_selector *b)
{
	return strcmp(a->text, b->text);
}

RB_PROTOTYPE(calico_selectors, calico_selector, entry, selector_cmp)
RB_GENERATE(calico_selectors, calico_selector, entry, selector_cmp)

/* ---- nodes ---- */

/* Labels are texts; what YAML made of yes or 5 is text again. */
static json_t *
labels_of(const json_t *value)
{
	json_t *out = json_object(), *v;
	const char *key;

	json_object_foreach (calico_at(value, "metadata.labels"), key, v) {
		char *text = json_is_string(v) ? xstrdup(json_string_value(v)) : calico_text(v, "");
		json_object_set_new(out, key, json_string(text != NULL ? text : ""));
		free(text);
	}
	return out;
}

/* "10.0.0.1/24": the address, and the network where there is a length. */
static void
address_parse(struct calico_node *n, const json_t *value, const char *path, enum family f)
{
	char *text = calico_text(value, path), *slash = text != NULL ? strchr(text, '/') : NULL;
	struct ip_prefix network = {0};
	bool good = text != NULL;

	if (slash != NULL) {
		good = calico_prefix(text, &network);
		*slash = '\0';
	}
	good = good && calico_unicast(text, &n->addr[f]) && n->addr[f].family == f;
	if (good) {
		n->network[f] = network;
	} else {
		n->addr[f] = (struct ip_addr){0};
		if (text != NULL)
			calico_complain(&n->head, "%s: found \"%.80s\", expected an %s address and its prefix length", path, text,
					f == FAMILY_IPV4 ? "IPv4" : "IPv6");
	}
	free(text);
}

/* The first address of a network that is a node's. */
static struct ip_addr
first_address(const struct ip_prefix *p)
{
	struct ip_addr a = ip_addr_from_bytes((enum family)p->family, p->bytes);

	a.bytes[family_bits((enum family)p->family) / 8 - 1] |= 1;
	return a;
}

/* Where Kubernetes gives out addresses itself: the networks of a node are its blocks, and tunnels have their first address. */
static void
pod_cidrs_parse(struct calico_node *n, const json_t *value)
{
	static const char *const keys[FAMILY_COUNT] = {[FAMILY_IPV4] = "status.wireguardPublicKey",
						       [FAMILY_IPV6] = "status.wireguardPublicKeyV6"};
	json_t *list = calico_at(value, "spec.podCIDRs"), *item;
	struct ip_prefix p;
	size_t i;

	json_array_foreach (list, i, item) {
		const char *text = json_string_value(item);
		if (text == NULL || !calico_prefix(text, &p)) {
			calico_complain(&n->head, "spec.podCIDRs: found \"%.80s\", expected a prefix", text != NULL ? text : "");
			continue;
		}
		calico_prefixes_add(&n->pod_cidrs, &p);
		enum family f = (enum family)p.family;
		if (n->wireguard[f].family == FAMILY_NONE && json_is_string(calico_at(value, keys[f])) && p.len < family_bits(f))
			n->wireguard[f] = first_address(&p);
	}
}

void
calico_node_parse(struct calico *c, struct calico_entry *e, const json_t *value)
{
	struct calico_node *n = (struct calico_node *)e;

	n->labels = labels_of(value);
	address_parse(n, value, "spec.bgp.ipv4Address", FAMILY_IPV4);
	address_parse(n, value, "spec.bgp.ipv6Address", FAMILY_IPV6);
	calico_as(e, value, "spec.bgp.asNumber", &n->as);
	n->cluster_id = calico_text(value, "spec.bgp.routeReflectorClusterID");
	calico_addr(e, value, "spec.wireguard.interfaceIPv4Address", &n->wireguard[FAMILY_IPV4]);
	calico_addr(e, value, "spec.wireguard.interfaceIPv6Address", &n->wireguard[FAMILY_IPV6]);
	if (c->pod_cidrs)
		pod_cidrs_parse(n, value);
	n->number = c->nfree > 0 ? c->free_numbers[--c->nfree] : c->next_number++;
	calico_selectors_look(c, n);
}

void
calico_node_fini(struct calico *c, struct calico_entry *e)
{
	struct calico_node *n = (struct calico_node *)e;

	c->free_numbers = xreallocarray(c->free_numbers, c->nfree + 1, sizeof(*c->free_numbers));
	c->free_numbers[c->nfree++] = n->number;
	json_decref(n->labels);
	calico_prefixes_fini(&n->pod_cidrs);
	free(n->cluster_id);
}

/* ---- by address ---- */

static int
by_addr(const struct calico_node *a, const struct calico_node *b, enum family f)
{
	int d = ip_addr_cmp(&a->addr[f], &b->addr[f]);

	return d != 0 ? d : strcmp(a->head.name, b->head.name);
}

static int
by_ipv4(const void *a, const void *b)
{
	return by_addr(*(const struct calico_node *const *)a, *(const struct calico_node *const *)b, FAMILY_IPV4);
}

static int
by_ipv6(const void *a, const void *b)
{
	return by_addr(*(const struct calico_node *const *)a, *(const struct calico_node *const *)b, FAMILY_IPV6);
}

void
calico_view_index(struct calico_view *v)
{
	struct calico_entry *e;
	size_t all = 0;

	CALICO_FOREACH (v->c, CALICO_NODE, e)
		all++;
	for (enum family f = FAMILY_IPV4; f <= FAMILY_IPV6; f++)
		v->by_addr[f] = xcalloc(all + 1, sizeof(*v->by_addr[f]));
	CALICO_FOREACH (v->c, CALICO_NODE, e) {
		const struct calico_node *n = (const struct calico_node *)e;
		for (enum family f = FAMILY_IPV4; f <= FAMILY_IPV6; f++)
			if (n->addr[f].family != FAMILY_NONE)
				v->by_addr[f][v->nby_addr[f]++] = n;
	}
	qsort(v->by_addr[FAMILY_IPV4], v->nby_addr[FAMILY_IPV4], sizeof(struct calico_node *), by_ipv4);
	qsort(v->by_addr[FAMILY_IPV6], v->nby_addr[FAMILY_IPV6], sizeof(struct calico_node *), by_ipv6);
}

void
calico_view_fini(struct calico_view *v)
{
	free(v->by_addr[FAMILY_IPV4]);
	free(v->by_addr[FAMILY_IPV6]);
}

const struct calico_node *const *
calico_nodes_at(const struct calico_view *v, const struct ip_addr *a, size_t *n)
{
	enum family f = (enum family)a->family;
	size_t low = 0, high = v->nby_addr[f];

	while (low < high) {
		size_t mid = (low + high) / 2;
		if (ip_addr_cmp(&v->by_addr[f][mid]->addr[f], a) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (*n = 0; low + *n < v->nby_addr[f] && ip_addr_eq(&v->by_addr[f][low + *n]->addr[f], a);)
		(*n)++;
	return &v->by_addr[f][low];
}

/* ---- selectors ---- */

static void
look(struct calico_selector *s, const struct calico_node *n)
{
	uint32_t at = n->number / 8;

	if (at >= s->cap) {
		uint32_t cap = at + at / 2 + 16;
		s->matches = xrealloc(s->matches, cap);
		memset(s->matches + s->cap, 0, cap - s->cap);
		s->cap = cap;
	}
	uint8_t bit = (uint8_t)(1u << n->number % 8);
	if (selector_matches(s->s, n->labels))
		s->matches[at] |= bit;
	else
		s->matches[at] &= (uint8_t)~bit;
}

void
calico_selectors_look(struct calico *c, const struct calico_node *n)
{
	struct calico_selector *s;

	RB_FOREACH (s, calico_selectors, &c->selectors)
		look(s, n);
}

struct calico_selector *
calico_selector_get(struct calico *c, struct calico_entry *e, const char *key, const char *text)
{
	struct calico_selector find = {.text = (char *)(uintptr_t)text}, *s = RB_FIND(calico_selectors, &c->selectors, &find);
	struct calico_entry *n;
	char error[200];

	if (s != NULL) {
		s->refs++;
		return s;
	}
	struct selector *parsed = selector_parse(text, error, sizeof(error));
	if (parsed == NULL) {
		calico_complain(e, "%s: \"%.80s\": %s", key, text, error);
		return NULL;
	}
	s = xcalloc(1, sizeof(*s));
	s->text = xstrdup(text);
	s->s = parsed;
	s->refs = 1;
	RB_INSERT(calico_selectors, &c->selectors, s);
	CALICO_FOREACH (c, CALICO_NODE, n)
		look(s, (const struct calico_node *)n);
	return s;
}

void
calico_selector_put(struct calico *c, struct calico_selector *s)
{
	if (s == NULL || --s->refs > 0)
		return;
	RB_REMOVE(calico_selectors, &c->selectors, s);
	selector_free(s->s);
	free(s->matches);
	free(s->text);
	free(s);
}
