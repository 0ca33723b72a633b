/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_memo: trees of outcomes; see policy_memo.h.
 *
 * A place in a tree is a number: positive, node number - 1; negative, leaf
 * number - 1 of its absolute value; 0, not known yet.
 */
#include "rib/policy_memo.h"

#include <stdlib.h>

#include "lib/hash.h"
#include "lib/mem.h"

#define ENTRIES 64u /* of some 600 octets: neighbours that send at the same time, and a few sets of each */

struct node {
	const struct policy_match *match;
	int16_t next[2]; /* where the test does not hold, and where it does */
};

/* What of the input makes a difference; what the chain does not read is 0. */
struct key {
	uint64_t chain;
	attr_id attr; /* a reference; ATTR_NONE: the entry is free */
	uint32_t neighbor;
	uint32_t default_local_pref;
	uint16_t source; /* its kind, and the neighbour's type */
};

struct policy_memo_entry {
	struct key key;
	int16_t root;
	uint16_t n_nodes, n_leaves;
	struct node nodes[POLICY_MEMO_NODES];
	struct policy_result leaves[POLICY_MEMO_OUTCOMES];
};

struct policy_memo {
	struct attr_table *attrs;
	struct policy_memo_stats stats;
	const struct policy_memo_entry *open; /* NULL: none */
	struct policy_memo_entry entries[ENTRIES];
};

struct policy_memo *
policy_memo_new(struct attr_table *attrs)
{
	struct policy_memo *m = xcalloc(1, sizeof(*m));

	m->attrs = attrs;
	return m;
}

static void
entry_clear(struct policy_memo *m, struct policy_memo_entry *e)
{
	for (unsigned i = 0; i < e->n_leaves; i++)
		attr_unref(m->attrs, e->leaves[i].attr);
	attr_unref(m->attrs, e->key.attr);
	e->key = (struct key){0};
	e->root = 0;
	e->n_nodes = e->n_leaves = 0;
}

void
policy_memo_clear(struct policy_memo *m)
{
	m->open = NULL;
	for (unsigned i = 0; i < ENTRIES; i++)
		entry_clear(m, &m->entries[i]);
}

void
policy_memo_free(struct policy_memo *m)
{
	if (m != NULL)
		policy_memo_clear(m);
	free(m);
}

static struct key
key_of(uint64_t id, uint32_t reads, const struct policy_input *in)
{
	struct key k = {.chain = id, .attr = in->attr};

	if (reads & POLICY_READS_NEIGHBOR) {
		k.neighbor = in->neighbor;
		k.source = (uint16_t)(in->peer_type << 8);
	}
	if (reads & POLICY_READS_SOURCE)
		k.source |= in->source_kind;
	if (reads & POLICY_READS_LOCAL_PREF)
		k.default_local_pref = in->default_local_pref;
	return k;
}

static bool
key_eq(const struct key *a, const struct key *b)
{
	return a->attr == b->attr && a->chain == b->chain && a->neighbor == b->neighbor && a->source == b->source &&
	    a->default_local_pref == b->default_local_pref;
}

/* Notes an outcome behind the tests that led to it; *at is the place after the first `known` of them. Is there room? */
static bool
tree_add(struct policy_memo *m, struct policy_memo_entry *e, int16_t *at, uint32_t known, const struct policy_asked *asked,
	 const struct policy_result *res)
{
	if (asked->n > asked->max || e->n_nodes + (asked->n - known) > POLICY_MEMO_NODES)
		return false;
	for (uint32_t i = known; i < asked->n; i++) {
		struct node *n = &e->nodes[e->n_nodes++];
		*n = (struct node){.match = asked->v[i].match};
		*at = (int16_t)e->n_nodes;
		at = &n->next[asked->v[i].held];
	}
	struct policy_result *leaf = &e->leaves[e->n_leaves++];
	*leaf = *res;
	if (leaf->attr != ATTR_NONE)
		attr_ref(m->attrs, leaf->attr);
	*at = (int16_t)-e->n_leaves;
	return true;
}

struct policy_memo_entry *
policy_memo_open(struct policy_memo *m, uint64_t id, uint32_t reads, const struct policy_input *in)
{
	struct key key = key_of(id, reads, in);
	struct policy_memo_entry *e = &m->entries[hash_u64(id, in->attr) % ENTRIES];

	ASSERT(!(reads & POLICY_READS_INTERFACE));
	if (!key_eq(&e->key, &key)) {
		entry_clear(m, e);
		e->key = key;
		attr_ref(m->attrs, key.attr);
	}
	m->open = e;
	return e;
}

int
policy_memo_outcome(const struct policy_memo_entry *e, const struct ip_prefix *prefix)
{
	int at = e->root;

	while (at > 0) {
		const struct node *node = &e->nodes[at - 1];
		at = node->next[policy_prefix_holds(node->match, prefix)];
	}
	return -at - 1;
}

int
policy_memo_judge(struct policy_memo *m, struct policy_memo_entry *e, struct policy *const *chain, size_t n,
		  const struct policy_input *in, struct policy_result *out)
{
	int16_t *at = &e->root;
	uint32_t known = 0;

	ASSERT(m->open == e);
	for (; *at > 0; known++) {
		struct node *node = &e->nodes[*at - 1];
		at = &node->next[policy_prefix_holds(node->match, &in->prefix)];
	}
	if (*at < 0) {
		m->stats.hits++;
		*out = e->leaves[-*at - 1];
		if (out->attr != ATTR_NONE)
			attr_ref(m->attrs, out->attr);
		return -*at - 1;
	}
	struct policy_ask asks[POLICY_MEMO_NODES];
	struct policy_asked asked = {.v = asks, .max = POLICY_MEMO_NODES};
	m->stats.misses++;
	policy_run_asked(chain, n, in, out, &asked);
	return tree_add(m, e, at, known, &asked, out) ? e->n_leaves - 1 : -1;
}

struct policy_memo_stats
policy_memo_stats(const struct policy_memo *m)
{
	return m->stats;
}
