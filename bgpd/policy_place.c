/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_place: see policy_place.h.
 *
 * A key that a later rule may match is never idle. Those left are few.
 */
#include "bgpd/policy_place.h"

#include "lib/log.h"
#include "lib/mem.h"

#include <stdlib.h>

enum place { PLACE_IMPORT, PLACE_EXPORT, PLACE_LEARN, PLACE_PROGRAM, PLACE_COUNT };

static const char *const place_names[PLACE_COUNT] = {
    [PLACE_IMPORT] = "import",
    [PLACE_EXPORT] = "export",
    [PLACE_LEARN] = "kernel.learn",
    [PLACE_PROGRAM] = "kernel.export",
};

static const struct {
	uint32_t key; /* enum conf_set_key */
	const char *name;
	bool idle[PLACE_COUNT];
} keys[] = {
    {CONF_SET_MED, "set.med", {[PLACE_PROGRAM] = true}},
    {CONF_SET_PREFERENCE, "set.preference", {[PLACE_EXPORT] = true, [PLACE_PROGRAM] = true}},
    {CONF_SET_TUNNEL, "set.tunnel", {[PLACE_EXPORT] = true, [PLACE_LEARN] = true}},
};

/* Which places each policy is used in: bits 1 << enum place. */
static void
note_uses(uint8_t *uses, const struct conf_ref *refs, uint32_t n, enum place place)
{
	for (uint32_t i = 0; i < n; i++)
		if (refs[i].index >= 0)
			uses[refs[i].index] |= (uint8_t)(1u << place);
}

static uint8_t *
uses_of(const struct conf *c)
{
	uint8_t *uses = xcalloc(c->policies.n + 1u, 1);

	for (uint32_t i = 0; i < c->neighbors.n; i++) {
		const struct conf_neighbor *nb = &c->neighbors.v[i];
		note_uses(uses, nb->import.v, nb->import.n, PLACE_IMPORT);
		note_uses(uses, nb->export.v, nb->export.n, PLACE_EXPORT);
	}
	note_uses(uses, c->kernel.learn.v, c->kernel.learn.n, PLACE_LEARN);
	note_uses(uses, c->kernel.export.v, c->kernel.export.n, PLACE_PROGRAM);
	return uses;
}

void
policy_place_idle(const struct conf *c,
    void (*tell)(void *ctx, const struct conf_policy *p, const struct conf_rule *r, const char *key, const char *place),
    void *ctx)
{
	uint8_t *uses = uses_of(c);

	for (uint32_t i = 0; i < c->policies.n; i++) {
		const struct conf_policy *p = &c->policies.v[i];
		for (uint32_t r = 0; r < p->rules.n; r++)
			for (unsigned k = 0; k < ARRAY_LEN(keys); k++)
				for (unsigned at = 0; at < PLACE_COUNT; at++)
					if (CONF_HAS(&p->rules.v[r].set, keys[k].key) && uses[i] >> at & 1 &&
					    keys[k].idle[at])
						tell(ctx, p, &p->rules.v[r], keys[k].name, place_names[at]);
	}
	free(uses);
}

static void
warn(void *ctx, const struct conf_policy *p, const struct conf_rule *r, const char *key, const char *place)
{
	(void)ctx;
	log_warn("config.no_effect", LOG_S("policy", p->name), LOG_S("file", r->pos.file), LOG_U("line", r->pos.line),
	    LOG_S("key", key), LOG_S("place", place));
}

void
policy_place_warn(const struct conf *c)
{
	policy_place_idle(c, warn, NULL);
}
