/* SPDX-License-Identifier: Apache-2.0 */
/*
 * etcd_store: see etcd.h. Of each key there is its name and a hash of its value; the values are the
 * resolver's.
 *
 * Calico's keys are <prefix>/resources/v3/projectcalico.org/<plural>/[<namespace>/]<name>, with a whole
 * resource as their value, and <prefix>/ipam/v2/host/<node>/ipv4/block/<address>-<length>, which say that a
 * block is a node's: those become BlockAffinity resources, as the Kubernetes API has them.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/tree.h>

#include "conf/etcd.h"
#include "lib/base64.h"
#include "lib/hash.h"
#include "lib/mem.h"

#define RESOURCES "resources/v3/projectcalico.org/"
#define BLOCKS    "ipam/v2/host/"

static const struct kind {
	const char *plural, *kind;
	bool has_namespace;
} kinds[] = {
    {"bgpconfigurations", "BGPConfiguration", false},
    {"bgpfilters", "BGPFilter", false},
    {"bgppeers", "BGPPeer", false},
    {"endpointslices", "EndpointSlice", true},
    {"ippools", "IPPool", false},
    {"nodes", "Node", false},
    {"secrets", "Secret", true},
    {"services", "Service", true},
};

/* Kinds beside each other, between which Calico has no others. */
static const struct {
	const char *first, *last;
} groups[] = {
    {"bgpconfigurations", "bgppeers"},
    {"endpointslices", "endpointslices"},
    {"ippools", "ippools"},
    {"nodes", "nodes"},
    {"secrets", "services"},
};

struct key {
	RB_ENTRY(key) entry;
	uint64_t value; /* hash of the octets that were seen last */
	unsigned list;  /* number of the last list that had it */
	bool told, in_trouble;
	char name[];
};
RB_HEAD(etcd_key_tree, key);

struct etcd_store {
	const struct source_handler *h;
	void *ctx;
	char *prefix; /* with a slash at its end */
	char *node;
	char *blocks; /* prefix of the node's blocks; NULL with any keys */
	struct etcd_range ranges[ETCD_RANGES_MAX];
	unsigned nranges;
	struct etcd_key_tree keys;
	size_t nkeys;
	unsigned list;
	bool changed;
};

static int
key_cmp(const struct key *a, const struct key *b)
{
	return strcmp(a->name, b->name);
}

RB_PROTOTYPE(etcd_key_tree, key, entry, key_cmp)
RB_GENERATE(etcd_key_tree, key, entry, key_cmp)

/* ---- which resource a key is ---- */

struct place {
	char *text; /* what the others point into */
	const char *kind, *name_space, *name;
};

static bool
begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* What a key is called behind a prefix, in parts of exactly n; the last takes none of its own slashes. */
static bool
parts_of(char *rest, char **parts, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		parts[i] = strsep(&rest, "/");
		if (parts[i] == NULL || *parts[i] == '\0')
			return false;
	}
	return rest == NULL;
}

static bool
place_of_resource(struct place *p, size_t at)
{
	char *rest = p->text + at, *plural = strsep(&rest, "/"), *parts[2];

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		const struct kind *k = &kinds[i];
		if (strcmp(k->plural, plural) != 0)
			continue;
		if (rest == NULL || !parts_of(rest, parts, k->has_namespace ? 2 : 1))
			return false;
		p->kind = k->kind;
		p->name_space = k->has_namespace ? parts[0] : NULL;
		p->name = parts[k->has_namespace ? 1 : 0];
		return true;
	}
	return false;
}

/* Of "ipv4/block/10.65.0.0-26" the prefix with its slash; NULL: it is none. */
static char *
block_cidr(char *rest)
{
	char *parts[3], *dash;

	if (!parts_of(rest, parts, 3) || (strcmp(parts[0], "ipv4") != 0 && strcmp(parts[0], "ipv6") != 0) ||
	    strcmp(parts[1], "block") != 0)
		return NULL;
	dash = strrchr(parts[2], '-');
	if (dash == NULL)
		return NULL;
	*dash = '/';
	return parts[2];
}

/* A key with slashes that mean nothing is not told: another one could have the same path. */
static bool
place_of_any(struct place *p, size_t at)
{
	const char *path = p->text + at;
	size_t len = strlen(path);

	p->kind = "";
	p->name = path;
	return len > 0 && path[0] != '/' && path[len - 1] != '/' && strstr(path, "//") == NULL;
}

/* False: it is of no interest. The caller frees text. */
static bool
place_of(const struct etcd_store *s, const char *key, struct place *p)
{
	size_t at = strlen(s->prefix);

	*p = (struct place){.text = xstrdup(key)};
	if (s->node == NULL)
		return begins(key, s->prefix) && place_of_any(p, at);
	if (begins(key, s->blocks)) {
		p->kind = "BlockAffinity";
		p->name = block_cidr(p->text + strlen(s->blocks));
		return p->name != NULL;
	}
	return begins(key, s->prefix) && begins(key + at, RESOURCES) &&
	       place_of_resource(p, at + strlen(RESOURCES));
}

/* ---- values ---- */

/* The whole resource of a block from the value of its key, which it takes. */
static json_t *
block_resource(const struct etcd_store *s, const char *cidr, json_t *value)
{
	json_t *spec =
	    json_pack("{s:s, s:s, s:O*, s:O*}", "node", s->node, "cidr", cidr, "state",
		      json_object_get(value, "state"), "deleted", json_object_get(value, "deleted"));

	json_decref(value);
	return json_pack("{s:s, s:{s:s}, s:o}", "kind", "BlockAffinity", "metadata", "name", cidr, "spec",
			 spec);
}

/* NULL with why in err. Nothing of the value is in that: it may be a secret. */
static json_t *
value_read(const struct etcd_store *s, const struct place *p, const char *text, size_t len, struct str *err)
{
	json_error_t error;
	json_t *v;

	if (s->node == NULL) {
		v = memchr(text, '\0', len) == NULL ? json_stringn(text, len) : NULL;
		if (v == NULL)
			str_add(err, "found octets that are no UTF-8 text");
		return v;
	}
	bool block = strcmp(p->kind, "BlockAffinity") == 0;
	v = block && len == 0 ? json_object() : json_loadb(text, len, 0, &error);
	if (v == NULL)
		str_addf(err, "found no JSON, from line %d, column %d on", error.line, error.column);
	else if (!json_is_object(v))
		str_add(err, "found JSON that is no object");
	if (v != NULL && json_is_object(v))
		return block ? block_resource(s, p->name, v) : v;
	json_decref(v);
	return NULL;
}

/* ---- keys ---- */

char *
etcd_key_of(const json_t *kv)
{
	const char *text = json_string_value(json_object_get(kv, "key"));
	size_t len = 0;
	char *key = text != NULL ? base64_decode(text, &len) : NULL;
	json_t *check = key != NULL ? json_stringn(key, len) : NULL;
	bool good = check != NULL && memchr(key, '\0', len) == NULL;

	json_decref(check);
	if (good)
		return key;
	free(key);
	return NULL;
}

static struct key *
key_get(struct etcd_store *s, const char *name)
{
	size_t size = strlen(name) + 1;
	struct key *k = xcalloc(1, sizeof(*k) + size), *there;

	memcpy(k->name, name, size);
	there = RB_INSERT(etcd_key_tree, &s->keys, k);
	if (there == NULL) {
		s->nkeys++;
		return k;
	}
	free(k);
	return there;
}

static void
key_trouble(struct etcd_store *s, struct key *k, const char *text)
{
	if (text != NULL || k->in_trouble)
		s->h->trouble(s->ctx, k->name, text);
	k->in_trouble = text != NULL;
}

static void
key_tell(struct etcd_store *s, struct key *k, const struct place *p, const char *text, size_t len)
{
	struct str err = {0};
	json_t *v = value_read(s, p, text, len, &err);

	if (v == NULL) {
		str_add(&err, k->told ? ": what it said last stays" : "");
		key_trouble(s, k, str_get(&err));
	} else {
		key_trouble(s, k, NULL);
		s->h->put(s->ctx, p->kind, p->name_space, p->name, v);
		k->told = s->changed = true;
	}
	json_decref(v);
	str_free(&err);
}

static void
key_drop(struct etcd_store *s, struct key *k)
{
	struct place p;

	if (k->told && place_of(s, k->name, &p)) {
		s->h->del(s->ctx, p.kind, p.name_space, p.name);
		s->changed = true;
		free(p.text);
	}
	key_trouble(s, k, NULL);
	RB_REMOVE(etcd_key_tree, &s->keys, k);
	s->nkeys--;
	free(k);
}

void
etcd_store_put(struct etcd_store *s, const json_t *kv)
{
	const char *value = json_string_value(json_object_get(kv, "value"));
	char *name = etcd_key_of(kv), *text = NULL;
	size_t len = 0;
	struct place p = {0};

	if (name != NULL && place_of(s, name, &p)) {
		struct key *k = key_get(s, name);
		uint64_t hash;
		text = base64_decode(value != NULL ? value : "", &len);
		hash = hash_bytes(1, text != NULL ? text : "", len) | 1;
		k->list = s->list;
		if (text != NULL && hash != k->value)
			key_tell(s, k, &p, text, len);
		else if (text == NULL)
			key_trouble(s, k, "found what is no base64 in etcd's answer");
		k->value = text != NULL ? hash : 0;
	}
	free(text);
	free(p.text);
	free(name);
}

void
etcd_store_del(struct etcd_store *s, const json_t *kv)
{
	char *name = etcd_key_of(kv);

	if (name != NULL) {
		struct key *find = xcalloc(1, sizeof(*find) + strlen(name) + 1), *k;
		strlcpy(find->name, name, strlen(name) + 1);
		k = RB_FIND(etcd_key_tree, &s->keys, find);
		if (k != NULL)
			key_drop(s, k);
		free(find);
	}
	free(name);
}

void
etcd_store_list_begin(struct etcd_store *s)
{
	s->list++;
}

void
etcd_store_sweep(struct etcd_store *s)
{
	struct key *k, *next;

	for (k = RB_MIN(etcd_key_tree, &s->keys); k != NULL; k = next) {
		next = RB_NEXT(etcd_key_tree, &s->keys, k);
		if (k->list != s->list)
			key_drop(s, k);
	}
}

bool
etcd_store_changed(struct etcd_store *s)
{
	bool changed = s->changed;

	s->changed = false;
	return changed;
}

size_t
etcd_store_count(const struct etcd_store *s)
{
	return s->nkeys;
}

/* ---- ranges ---- */

const struct etcd_range *
etcd_store_ranges(const struct etcd_store *s, unsigned *n)
{
	*n = s->nranges;
	return s->ranges;
}

/* Of all keys that begin with first to those that begin with last, both ending with a slash. Takes them. */
static void
range_add(struct etcd_store *s, char *first, char *last)
{
	ASSERT(s->nranges < ETCD_RANGES_MAX);
	/* In octets, 0 is what is behind a slash. */
	last[strlen(last) - 1] = '/' + 1;
	s->ranges[s->nranges++] = (struct etcd_range){first, last};
}

struct etcd_store *
etcd_store_new(const char *prefix, const char *node, const struct source_handler *h, void *ctx)
{
	struct etcd_store *s = xcalloc(1, sizeof(*s));
	size_t len = strlen(prefix);

	while (len > 0 && prefix[len - 1] == '/')
		len--;
	s->h = h;
	s->ctx = ctx;
	s->prefix = xasprintf("%.*s/", (int)len, prefix);
	s->node = xstrdup(node);
	RB_INIT(&s->keys);
	if (node == NULL) {
		range_add(s, xstrdup(s->prefix), xstrdup(s->prefix));
		return s;
	}
	s->blocks = xasprintf("%s" BLOCKS "%s/", s->prefix, node);
	range_add(s, xstrdup(s->blocks), xstrdup(s->blocks));
	for (size_t i = 0; i < ARRAY_LEN(groups); i++)
		range_add(s, xasprintf("%s" RESOURCES "%s/", s->prefix, groups[i].first),
			  xasprintf("%s" RESOURCES "%s/", s->prefix, groups[i].last));
	return s;
}

void
etcd_store_free(struct etcd_store *s)
{
	struct key *k;

	while ((k = RB_MIN(etcd_key_tree, &s->keys)) != NULL) {
		RB_REMOVE(etcd_key_tree, &s->keys, k);
		free(k);
	}
	for (unsigned i = 0; i < s->nranges; i++) {
		free(s->ranges[i].start);
		free(s->ranges[i].end);
	}
	free(s->prefix);
	free(s->node);
	free(s->blocks);
	free(s);
}
