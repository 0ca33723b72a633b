/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff: two configurations side by side, by the schema; see diff.h.
 *
 * Maps are compared row by row; lists whose elements have a key (a name, a
 * prefix) element by element after sorting by it; other lists as a whole. What
 * changed among sets is carried on to the policies that use them, and from
 * policies to neighbours and to the kernel's export and learn. Sorting keeps
 * everything at n log n.
 */
#include "conf/diff.h"

#include <stdlib.h>
#include <string.h>

#include "conf/arena.h"
#include "conf/schema.h"
#include "lib/mem.h"

#define TEXT_MAX    160 /* octets of a value that are shown */
#define ENTRIES_MAX 20  /* longer lists are only counted */

struct differ {
	struct conf_changes *out;
	uint32_t cap, neighbors_cap;
	const struct conf *old, *new;
	/* By index in the new configuration: is new, or differs in itself or in what it uses. */
	bool *prefix_sets, *as_path_sets, *community_sets, *policies;
};

static const char *const effect_names[] = {
    [CONF_EFFECT_NONE] = "none", [CONF_EFFECT_POLICY] = "re-evaluate", [CONF_EFFECT_REFRESH] = "refresh",
    [CONF_EFFECT_SOFT] = "soft", [CONF_EFFECT_RESET] = "reset", [CONF_EFFECT_RESTART] = "restart",
};

const char *
conf_effect_name(enum conf_effect e)
{
	return effect_names[e];
}

static bool
obj_has(const void *obj, uint32_t key)
{
	return (*(const uint64_t *)obj >> key & 1) != 0;
}

/* ---- adding changes ---- */

/* A value as one line, cut where it is long; NULL stays NULL. */
static const char *
value_text(struct differ *d, const struct conf_row *row, const void *src)
{
	struct str text = {0};

	if (src == NULL)
		return NULL;
	bool list = row->type->shape == CONF_SHAPE_LIST || row->type->shape == CONF_SHAPE_NAMED;
	if (list && conf_vec_get(src).n > ENTRIES_MAX) {
		str_addf(&text, "(%u entries)", conf_vec_get(src).n);
	} else {
		conf_value_print(row, src, false, &text);
		if (text.len > TEXT_MAX) {
			size_t n = TEXT_MAX;
			while (((unsigned char)text.s[n] & 0xc0) == 0x80)
				n--;
			strlcpy(text.s + n, "...", 4);
		}
	}
	const char *kept = conf_arena_str(d->out->arena, str_get(&text));
	str_free(&text);
	return kept;
}

/* A secret, a file that holds one, and what is too long to be shown may read the same before and after. */
static void
tell_apart(struct differ *d, struct conf_change *c)
{
	struct str text = {0};

	if (c->old == NULL || c->new == NULL || strcmp(c->old, c->new) != 0)
		return;
	str_addf(&text, "%s (differs)", c->new);
	c->new = conf_arena_str(d->out->arena, str_get(&text));
	str_free(&text);
}

static void
change_add(struct differ *d, const char *path, const struct conf_row *row, const void *old, const void *new)
{
	if (d->out->all.n == d->cap) {
		d->cap = d->cap == 0 ? 64 : d->cap * 2;
		d->out->all.v = xreallocarray(d->out->all.v, d->cap, sizeof(*d->out->all.v));
	}
	d->out->all.v[d->out->all.n++] = (struct conf_change){
	    .path = conf_arena_str(d->out->arena, path),
	    .old = value_text(d, row, old),
	    .new = value_text(d, row, new),
	    .effect = row->effect_of != NULL ? row->effect_of(old, new) : row->effect,
	};
	tell_apart(d, &d->out->all.v[d->out->all.n - 1]);
}

/* ---- lists by key ---- */

struct entry {
	const char *key;
	uint32_t index;
};

static int
entry_cmp(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return strcmp(x->key, y->key);
}

/* The key of an element as text. */
static const char *
elem_key(struct differ *d, const struct conf_row *row, const void *elem)
{
	struct str text = {0};

	if (row->type->shape == CONF_SHAPE_NAMED)
		return ((const struct conf_named *)elem)->name;
	const struct conf_row *key = &row->elem->table->rows[row->elem->table->key_row];
	const char *src = (const char *)elem + key->offset;
	if (key->type == &conf_type_name)
		return *(const char *const *)(const void *)src;
	key->type->print(key, src, false, &text);
	const char *kept = conf_arena_str(d->out->arena, str_get(&text));
	str_free(&text);
	return kept;
}

static struct entry *
entries_sorted(struct differ *d, const struct conf_row *row, const struct conf_vec *vec)
{
	struct entry *v = xcalloc(vec->n + 1u, sizeof(*v));

	for (uint32_t i = 0; i < vec->n; i++)
		v[i] =
		    (struct entry){elem_key(d, row, (const char *)vec->v + i * conf_row_elem_size(row)), i};
	if (vec->n != 0)
		qsort(v, vec->n, sizeof(*v), entry_cmp);
	return v;
}

/* Called for each key that is in either list, in order; an index is -1 where it is not. */
typedef void (*pair_fn)(struct differ *d, const struct conf_row *row, const char *key, int32_t old,
			int32_t new);

static void
pairs_walk(struct differ *d, const struct conf_row *row, pair_fn fn)
{
	struct conf_vec a = conf_vec_get((const char *)d->old + row->offset);
	struct conf_vec b = conf_vec_get((const char *)d->new + row->offset);
	struct entry *x = entries_sorted(d, row, &a), *y = entries_sorted(d, row, &b);

	for (uint32_t i = 0, j = 0; i < a.n || j < b.n;) {
		int c = i == a.n ? 1 : j == b.n ? -1 : strcmp(x[i].key, y[j].key);
		if (c < 0)
			fn(d, row, x[i].key, (int32_t)x[i].index, -1);
		else if (c > 0)
			fn(d, row, y[j].key, -1, (int32_t)y[j].index);
		else
			fn(d, row, y[j].key, (int32_t)x[i].index, (int32_t)y[j].index);
		i += c <= 0;
		j += c >= 0;
	}
	free(x);
	free(y);
}

static const void *
section_elem(const struct conf *c, const struct conf_row *row, int32_t i)
{
	struct conf_vec vec = conf_vec_get((const char *)c + row->offset);

	return i < 0 ? NULL : (const char *)vec.v + (size_t)i * conf_row_elem_size(row);
}

/* ---- maps ---- */

static void
map_diff(struct differ *d, const struct conf_table *t, const char *path, const void *old, const void *new)
{
	struct str sub = {0};

	for (uint32_t i = 0; i < t->n; i++) {
		const struct conf_row *row = &t->rows[i];
		const void *a = obj_has(old, i) ? (const char *)old + row->offset : NULL;
		const void *b = obj_has(new, i) ? (const char *)new + row->offset : NULL;
		if ((a == NULL && b == NULL) || (a != NULL && b != NULL && conf_value_equal(row, a, b)))
			continue;
		str_reset(&sub);
		str_addf(&sub, "%s.%s", path, row->key);
		if (a != NULL && b != NULL && row->type->shape == CONF_SHAPE_MAP)
			map_diff(d, row->table, str_get(&sub), a, b);
		else
			change_add(d, str_get(&sub), row, a, b);
	}
	str_free(&sub);
}

/* An element of networks and the like. */
static void
keyed_diff(struct differ *d, const struct conf_row *row, const char *key, int32_t old, int32_t new)
{
	const void *a = section_elem(d->old, row, old), *b = section_elem(d->new, row, new);
	char *path = xasprintf("%s[%s]", row->key, key);

	if (a != NULL && b != NULL)
		map_diff(d, row->elem->table, path, a, b);
	else
		change_add(d, path, row->elem, a, b);
	free(path);
}

/* ---- sets and policies ---- */

static bool *
changed_flags(struct differ *d, const struct conf_row *row)
{
	if (row == &conf_schema.rows[CONF_SEC_PREFIX_SETS])
		return d->prefix_sets;
	if (row == &conf_schema.rows[CONF_SEC_AS_PATH_SETS])
		return d->as_path_sets;
	if (row == &conf_schema.rows[CONF_SEC_COMMUNITY_SETS])
		return d->community_sets;
	return d->policies;
}

/* A set or a policy. */
static void
named_diff(struct differ *d, const struct conf_row *row, const char *key, int32_t old, int32_t new)
{
	const char *a = section_elem(d->old, row, old), *b = section_elem(d->new, row, new);
	struct conf_row whole = *row->elem;

	a = a == NULL ? NULL : a + row->elem->offset;
	b = b == NULL ? NULL : b + row->elem->offset;
	if (a != NULL && b != NULL && conf_value_equal(row->elem, a, b))
		return;
	if (new >= 0)
		changed_flags(d, row)[new] = true;
	char *path = xasprintf("%s.%s", row->key, key);
	whole.effect = row->effect;
	change_add(d, path, &whole, a, b);
	free(path);
}

/* True if the match names a set that changed. */
static bool
match_touched(const struct differ *d, const struct conf_match *m)
{
	for (uint32_t i = 0; i < m->prefix_set.n; i++)
		if (m->prefix_set.v[i].set.name != NULL && d->prefix_sets[m->prefix_set.v[i].set.index])
			return true;
	for (uint32_t i = 0; i < m->as_path_set.n; i++)
		if (m->as_path_set.v[i].set.name != NULL && d->as_path_sets[m->as_path_set.v[i].set.index])
			return true;
	for (uint32_t i = 0; i < m->community_set.n; i++)
		if (m->community_set.v[i].set.name != NULL &&
		    d->community_sets[m->community_set.v[i].set.index])
			return true;
	return m->not != NULL && match_touched(d, m->not );
}

static bool
rule_touched(const struct differ *d, const struct conf_rule *r)
{
	for (uint32_t i = 0; i < r->set.remove_communities.n; i++) {
		const struct conf_ref *set = &r->set.remove_communities.v[i].set;
		if (set->name != NULL && d->community_sets[set->index])
			return true;
	}
	return match_touched(d, &r->match);
}

static void
policies_touch(struct differ *d)
{
	for (uint32_t i = 0; i < d->new->policies.n; i++) {
		const struct conf_policy *p = &d->new->policies.v[i];
		for (uint32_t j = 0; j < p->rules.n && !d->policies[i]; j++)
			d->policies[i] = rule_touched(d, &p->rules.v[j]);
	}
}

static bool
refs_touched(const struct differ *d, const struct conf_ref *v, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (v[i].index >= 0 && d->policies[v[i].index])
			return true;
	return false;
}

/* ---- neighbours ---- */

static struct conf_neighbor_change *
neighbor_change_add(struct differ *d, const struct conf_neighbor_change *c)
{
	if (d->out->neighbors.n == d->neighbors_cap) {
		d->neighbors_cap = d->neighbors_cap == 0 ? 64 : d->neighbors_cap * 2;
		d->out->neighbors.v =
		    xreallocarray(d->out->neighbors.v, d->neighbors_cap, sizeof(*d->out->neighbors.v));
	}
	d->out->neighbors.v[d->out->neighbors.n] = *c;
	return &d->out->neighbors.v[d->out->neighbors.n++];
}

static enum conf_effect
strongest(uint32_t effects)
{
	enum conf_effect e = CONF_EFFECT_RESET;

	while (e != CONF_EFFECT_NONE && (effects & CONF_EFFECT_BIT(e)) == 0)
		e--;
	return e;
}

static void
neighbor_diff(struct differ *d, const struct conf_row *row, const char *key, int32_t old, int32_t new)
{
	struct conf_neighbor_change c = {.kind = old < 0   ? CONF_NB_ADDED
						 : new < 0 ? CONF_NB_REMOVED
							   : CONF_NB_CHANGED,
					 .old_index = old,
					 .new_index = new,
					 .first = d->out->all.n};

	keyed_diff(d, row, key, old, new);
	c.n = d->out->all.n - c.first;
	if (old >= 0)
		d->out->fates.v[old] = (struct conf_neighbor_fate){.index = new, .change = -1};
	if (c.kind == CONF_NB_CHANGED) {
		const struct conf_neighbor *a = &d->old->neighbors.v[old], *b = &d->new->neighbors.v[new];
		for (uint32_t i = 0; i < CONF_NB_KEYS; i++) {
			const struct conf_row *r = &conf_schema_neighbor.rows[i];
			if (CONF_HAS(a, i) != CONF_HAS(b, i) ||
			    (CONF_HAS(a, i) &&
			     !conf_value_equal(r, (const char *)a + r->offset, (const char *)b + r->offset)))
				c.keys |= UINT64_C(1) << i;
		}
		if (refs_touched(d, b->import.v, b->import.n))
			c.keys |= UINT64_C(1) << CONF_NB_IMPORT;
		if (refs_touched(d, b->export.v, b->export.n))
			c.keys |= UINT64_C(1) << CONF_NB_EXPORT;
		c.effects = d->out->everybody;
		if ((c.keys & (UINT64_C(1) << CONF_NB_IMPORT | UINT64_C(1) << CONF_NB_EXPORT)) != 0)
			c.effects |= CONF_EFFECT_BIT(CONF_EFFECT_POLICY);
		if (c.n == 0 && c.effects == 0)
			return;
	} else {
		c.effects = CONF_EFFECT_BIT(CONF_EFFECT_RESET);
	}
	for (uint32_t i = c.first; i < c.first + c.n; i++)
		c.effects |= CONF_EFFECT_BIT(d->out->all.v[i].effect);
	c.effect = strongest(c.effects);
	c.name = conf_arena_str(d->out->arena, key);
	if (old >= 0)
		d->out->fates.v[old].change = (int32_t)d->out->neighbors.n;
	neighbor_change_add(d, &c);
}

/* ---- the whole ---- */

static void
section_diff(struct differ *d, uint32_t i)
{
	const struct conf_row *row = &conf_schema.rows[i];
	uint32_t first = d->out->all.n;

	if ((row->flags & CONF_ROW_TREE) != 0)
		return;
	switch (row->type->shape) {
	case CONF_SHAPE_NAMED:
		pairs_walk(d, row, named_diff);
		break;
	case CONF_SHAPE_LIST:
		pairs_walk(d, row, i == CONF_SEC_NEIGHBORS ? neighbor_diff : keyed_diff);
		break;
	default:
		/* A section that is absent on one side compares as an empty map. */
		map_diff(d, row->table, row->key, (const char *)d->old + row->offset,
			 (const char *)d->new + row->offset);
		break;
	}
	if (d->out->all.n != first)
		d->out->sections |= UINT64_C(1) << i;
	for (uint32_t j = first; i == CONF_SEC_ROUTER && j < d->out->all.n; j++)
		if (d->out->all.v[j].effect != CONF_EFFECT_NONE && d->out->all.v[j].effect != CONF_EFFECT_RESTART)
			d->out->everybody |= CONF_EFFECT_BIT(d->out->all.v[j].effect);
}

static void
kernel_touch(struct differ *d)
{
	static const uint32_t keys[] = {CONF_KERNEL_EXPORT, CONF_KERNEL_LEARN};
	bool *const flags[] = {&d->out->kernel_export, &d->out->kernel_learn};
	const struct conf_kernel *a = &d->old->kernel, *b = &d->new->kernel;
	const struct conf_table *t = conf_schema.rows[CONF_SEC_KERNEL].table;

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const struct conf_row *row = &t->rows[keys[i]];
		*flags[i] =
		    !conf_value_equal(row, (const char *)a + row->offset, (const char *)b + row->offset);
	}
	d->out->kernel_export |= refs_touched(d, b->export.v, b->export.n);
	d->out->kernel_learn |= refs_touched(d, b->learn.v, b->learn.n);
}

void
conf_diff(const struct conf *old, const struct conf *new, struct conf_changes *out)
{
	struct differ d = {.out = out, .old = old, .new = new};

	*out = (struct conf_changes){.arena = conf_arena_new()};
	out->fates.n = old->neighbors.n;
	out->fates.v = xcalloc(old->neighbors.n + 1u, sizeof(*out->fates.v));
	d.prefix_sets = xcalloc(new->prefix_sets.n + 1u, sizeof(bool));
	d.as_path_sets = xcalloc(new->as_path_sets.n + 1u, sizeof(bool));
	d.community_sets = xcalloc(new->community_sets.n + 1u, sizeof(bool));
	d.policies = xcalloc(new->policies.n + 1u, sizeof(bool));
	for (uint32_t i = 0; i < conf_schema.n; i++)
		if (i != CONF_SEC_NEIGHBORS)
			section_diff(&d, i);
	policies_touch(&d);
	kernel_touch(&d);
	/* Last, since what neighbours use has to be known by then. */
	section_diff(&d, CONF_SEC_NEIGHBORS);
	free(d.prefix_sets);
	free(d.as_path_sets);
	free(d.community_sets);
	free(d.policies);
}

void
conf_changes_free(struct conf_changes *ch)
{
	free(ch->all.v);
	free(ch->neighbors.v);
	free(ch->fates.v);
	conf_arena_free(ch->arena);
	*ch = (struct conf_changes){0};
}

const struct conf_neighbor_change *
conf_changes_neighbor(const struct conf_changes *ch, const char *name)
{
	uint32_t lo = 0, hi = ch->neighbors.n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		int c = strcmp(ch->neighbors.v[mid].name, name);
		if (c == 0)
			return &ch->neighbors.v[mid];
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

void
conf_changes_print(const struct conf_changes *ch, struct str *out)
{
	for (uint32_t i = 0; i < ch->all.n; i++) {
		const struct conf_change *c = &ch->all.v[i];
		if (c->old == NULL)
			str_addf(out, "%s: added %s", c->path, c->new);
		else if (c->new == NULL)
			str_addf(out, "%s: removed %s", c->path, c->old);
		else
			str_addf(out, "%s: %s -> %s", c->path, c->old, c->new);
		str_addf(out, " (%s)\n", conf_effect_name(c->effect));
	}
	for (uint32_t i = 0; i < ch->neighbors.n; i++) {
		const struct conf_neighbor_change *c = &ch->neighbors.v[i];
		if (c->n == 0)
			str_addf(out, "neighbors[%s]: touched by the above (%s)\n", c->name,
				 conf_effect_name(c->effect));
	}
}
