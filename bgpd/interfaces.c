/* SPDX-License-Identifier: Apache-2.0 */
/*
 * interfaces: see interfaces.h.
 */
#include "bgpd/interfaces.h"

#include "lib/mem.h"

#include <stdlib.h>
#include <string.h>

struct name_key {
	char text[sizeof(((struct fib_link *)0)->name)]; /* filled up with NULs */
};

struct link_name {
	struct keyed_head head;
	struct name_key key;
	uint32_t ifindex;
};

static int
link_cmp(const struct kernel_link *a, const struct kernel_link *b)
{
	return (a->l.ifindex > b->l.ifindex) - (a->l.ifindex < b->l.ifindex);
}

RB_PROTOTYPE(kernel_link_tree, kernel_link, tree, link_cmp)
RB_GENERATE(kernel_link_tree, kernel_link, tree, link_cmp)

void
interfaces_init(struct interfaces *t)
{
	memset(t, 0, sizeof *t);
	RB_INIT(&t->links);
	keyed_init(&t->names, sizeof(struct link_name), sizeof(struct name_key));
	keyed_init(&t->addresses, sizeof(struct kernel_address), sizeof(((struct kernel_address *)0)->key));
	keyed_init(&t->hosts, sizeof(struct kernel_host), sizeof(struct ip_addr));
	keyed_init(&t->nets, sizeof(struct kernel_net), sizeof(struct kernel_net_key));
}

void
interfaces_fini(struct interfaces *t)
{
	struct kernel_link *l;

	while ((l = RB_ROOT(&t->links)) != NULL) {
		RB_REMOVE(kernel_link_tree, &t->links, l);
		free(l);
	}
	keyed_fini(&t->names);
	keyed_fini(&t->addresses);
	keyed_fini(&t->hosts);
	keyed_fini(&t->nets);
}

/* ---- links ---- */

/* The tree's macros take no const; a search changes nothing. */
static struct kernel_link_tree *
tree_of(const struct interfaces *t)
{
	return (struct kernel_link_tree *)(uintptr_t)&t->links;
}

struct kernel_link *
interfaces_find(const struct interfaces *t, uint32_t ifindex)
{
	struct kernel_link key = {.l.ifindex = ifindex};

	return RB_FIND(kernel_link_tree, tree_of(t), &key);
}

struct kernel_link *
interfaces_next(const struct interfaces *t, uint32_t from)
{
	struct kernel_link key = {.l.ifindex = from};

	return RB_NFIND(kernel_link_tree, tree_of(t), &key);
}

struct kernel_link *
interfaces_get(struct interfaces *t, uint32_t ifindex)
{
	struct kernel_link *l = interfaces_find(t, ifindex);

	if (l != NULL)
		return l;
	l = xcalloc(1, sizeof *l);
	l->l.ifindex = ifindex;
	LIST_INIT(&l->addresses);
	RB_INSERT(kernel_link_tree, &t->links, l);
	return l;
}

static struct name_key
name_key(const char *name)
{
	struct name_key key = {0};

	strlcpy(key.text, name, sizeof key.text);
	return key;
}

/* Another link may have the name by now: then it is no longer ours to take away. */
static void
name_drop(struct interfaces *t, const struct kernel_link *l)
{
	struct name_key key = name_key(l->l.name);
	struct link_name *n = keyed_find(&t->names, &key);

	if (n != NULL && n->ifindex == l->l.ifindex)
		keyed_del(&t->names, n);
}

void
interfaces_link_set(struct interfaces *t, struct kernel_link *l, const struct fib_link *link)
{
	struct name_key key = name_key(link->name);
	bool fresh;

	if (strcmp(l->l.name, link->name) != 0)
		name_drop(t, l);
	l->l = *link;
	if (key.text[0] != '\0' && !link->deleted)
		((struct link_name *)keyed_put(&t->names, &key, &fresh))->ifindex = link->ifindex;
}

void
interfaces_link_del(struct interfaces *t, struct kernel_link *l)
{
	ASSERT(LIST_EMPTY(&l->addresses));
	name_drop(t, l);
	RB_REMOVE(kernel_link_tree, &t->links, l);
	free(l);
}

uint32_t
interfaces_index(const struct interfaces *t, const char *name)
{
	struct name_key key = name_key(name);
	const struct link_name *n = strlen(name) < sizeof key.text ? keyed_find(&t->names, &key) : NULL;

	return n != NULL ? n->ifindex : 0;
}

/* ---- addresses ---- */

static struct kernel_net_key
net_key(const struct ip_prefix *p, uint32_t ifindex)
{
	return (struct kernel_net_key){.prefix = *p, .ifindex = ifindex};
}

struct kernel_net *
interfaces_net(const struct interfaces *t, const struct ip_prefix *p, uint32_t ifindex)
{
	struct kernel_net_key key = net_key(p, ifindex);

	return keyed_find(&t->nets, &key);
}

static void
net_add(struct interfaces *t, const struct ip_prefix *p, uint32_t ifindex)
{
	struct kernel_net_key key = net_key(p, ifindex);
	bool fresh;
	struct kernel_net *n = keyed_put(&t->nets, &key, &fresh);

	n->addresses++;
	if (fresh && ifindex == 0)
		t->lengths[p->family][p->len]++;
}

static void
net_drop(struct interfaces *t, const struct ip_prefix *p, uint32_t ifindex)
{
	struct kernel_net *n = interfaces_net(t, p, ifindex);

	if (--n->addresses > 0)
		return;
	if (ifindex == 0)
		t->lengths[p->family][p->len]--;
	keyed_del(&t->nets, n);
}

struct kernel_host *
interfaces_host(const struct interfaces *t, const struct ip_addr *own)
{
	return keyed_find(&t->hosts, own);
}

struct kernel_address *
interfaces_address_add(struct interfaces *t, const struct fib_address *a)
{
	struct kernel_address key = {.key = {.addr = a->addr, .subnet = a->subnet, .ifindex = a->ifindex}};
	bool fresh;
	struct kernel_address *ka = keyed_put(&t->addresses, &key.key, &fresh);

	if (!fresh)
		return NULL;
	ka->a = *a;
	ka->link = interfaces_get(t, a->ifindex);
	LIST_INSERT_HEAD(&ka->link->addresses, ka, entry);
	struct kernel_host *h = keyed_put(&t->hosts, &a->addr, &fresh);
	LIST_INSERT_HEAD(&h->addresses, ka, host_entry);
	h->unicast += a->peer.family == FAMILY_NONE;
	net_add(t, &a->subnet, 0);
	net_add(t, &a->subnet, a->ifindex);
	return ka;
}

struct kernel_address *
interfaces_address_find(const struct interfaces *t, const struct fib_address *a)
{
	struct kernel_address key = {.key = {.addr = a->addr, .subnet = a->subnet, .ifindex = a->ifindex}};

	return keyed_find(&t->addresses, &key.key);
}

void
interfaces_address_del(struct interfaces *t, struct kernel_address *a)
{
	struct kernel_host *h = interfaces_host(t, &a->a.addr);

	net_drop(t, &a->a.subnet, 0);
	net_drop(t, &a->a.subnet, a->a.ifindex);
	LIST_REMOVE(a, host_entry);
	h->unicast -= a->a.peer.family == FAMILY_NONE;
	if (LIST_EMPTY(&h->addresses))
		keyed_del(&t->hosts, h);
	LIST_REMOVE(a, entry);
	keyed_del(&t->addresses, a);
}

bool
interfaces_subnet_of(const struct interfaces *t, const struct ip_addr *a, struct ip_prefix *subnet)
{
	*subnet = (struct ip_prefix){0};
	if (a->family == FAMILY_NONE)
		return false;
	for (unsigned len = family_bits(a->family); len > 0; len--) {
		if (t->lengths[a->family][len] == 0)
			continue;
		struct ip_prefix p = ip_prefix_from_addr(a, len);
		if (interfaces_net(t, &p, 0) == NULL)
			continue;
		*subnet = p;
		return true;
	}
	return false;
}
