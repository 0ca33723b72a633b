/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy: compiled routing policies and how they are run.
 *
 * A policy is a list of rules; a rule has matches that must all hold, changes to
 * the attributes, and an action. A chain of policies is run one after the other
 * until a rule accepts or rejects; what falls through is rejected. The owner
 * compiles its configuration into policies with policy_new() and policy_add();
 * afterwards they never change, and are shared by reference counting so that an
 * old one stays usable while routes are filtered anew.
 */
#ifndef RIB_POLICY_H
#define RIB_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rib/attr.h"
#include "rib/rib.h"
#include "rib/sets.h"

enum policy_match_key {
	POLICY_MATCH_PREFIX_SET,
	POLICY_MATCH_COMMUNITY_SET,
	POLICY_MATCH_ASPATH_SET,
	POLICY_MATCH_ASPATH_PREFIX, /* the path begins with all these ASes */
	POLICY_MATCH_SOURCE,        /* mask of 1 << enum rib_source_kind */
	POLICY_MATCH_INTERFACE,     /* names with * and ? */
	POLICY_MATCH_PROTOCOL,      /* numbers of who made the kernel's route */
	POLICY_MATCH_NEIGHBOR,      /* numbers as in policy_input.neighbor */
	POLICY_MATCH_NEIGHBOR_TYPE, /* mask of 1 << enum rib_peer_type */
	POLICY_MATCH_NEXT_HOP,      /* the next hop is inside one of the prefixes */
	POLICY_MATCH_ORIGIN,        /* mask of 1 << enum attr_origin */
	POLICY_MATCH_PATH_LENGTH,   /* range of hops */
	POLICY_MATCH_LOCAL_PREF,    /* range; the default where there is none */
	POLICY_MATCH_METRIC,        /* range of the kernel metric */
	POLICY_MATCH_TAG,           /* range */
	POLICY_MATCH_NOT,           /* the next n matches do not all hold */
	POLICY_MATCH_COUNT
};

/* One match. Of a list, any element will do (but POLICY_MATCH_ASPATH_PREFIX). */
struct policy_match {
	uint8_t key; /* enum policy_match_key */
	uint32_t n;  /* elements of the list; POLICY_MATCH_NOT: matches, those inside inner NOTs included */
	union {
		struct prefix_set *const *prefix_sets;
		struct community_set *const *community_sets;
		struct aspath_set *const *aspath_sets;
		const char *const *names;
		const uint32_t *numbers;
		const struct ip_prefix *prefixes; /* masked */
		uint32_t mask;
		struct {
			uint32_t lo, hi; /* inclusive */
		} range;
	};
};

/* Bits of policy_set.has and policy_result.set. */
#define POLICY_SET_LOCAL_PREF         0x001u
#define POLICY_SET_MED                0x002u
#define POLICY_SET_ORIGIN             0x004u
#define POLICY_SET_NEXT_HOP           0x008u
#define POLICY_SET_PREPEND            0x010u
#define POLICY_SET_PREFERENCE         0x020u
#define POLICY_SET_ADD_COMMUNITIES    0x040u
#define POLICY_SET_REMOVE_COMMUNITIES 0x080u
#define POLICY_SET_METRIC             0x100u
#define POLICY_SET_TUNNEL             0x200u
#define POLICY_SET_TAG                0x400u

enum policy_expr_kind {
	POLICY_EXPR_NUMBER,
	POLICY_EXPR_COMPLEMENT_METRIC,    /* 2147483647 - metric, 0 if that is negative */
	POLICY_EXPR_COMPLEMENT_LOCAL_PREF /* 2147483647 - local preference, likewise */
};
struct policy_expr {
	uint8_t kind; /* enum policy_expr_kind */
	uint32_t value;
};

/*
 * Changes of a rule; all read the attributes as they were before it. Communities
 * are removed first and then added.
 */
struct policy_set {
	uint32_t has; /* POLICY_SET_* */
	struct policy_expr local_pref, metric;
	uint32_t med, preference, tag;
	uint32_t nexthop; /* as in struct attr_set; the policy holds a reference */
	uint16_t tunnel;  /* as in struct attr_local */
	uint8_t origin;   /* enum attr_origin */
	uint32_t prepend_n, add_n, remove_n;
	const uint32_t *prepend;             /* leftmost first */
	const struct community_pattern *add; /* exact ones */
	struct community_set *const *remove;
};

enum policy_action { POLICY_NEXT, POLICY_ACCEPT, POLICY_REJECT };

struct policy_rule {
	struct policy_match *matches;
	uint32_t n_matches; /* none: everything matches */
	uint32_t line;      /* in the configuration, for people; 0: not known */
	struct policy_set set;
	uint8_t action; /* enum policy_action */
};

struct policy {
	uint32_t refs;
	uint32_t n_rules, cap;
	uint32_t reads; /* POLICY_READS_* */
	char *name;
	char *file; /* where it is configured, for people; NULL: built in, or not known */
	struct attr_table *attrs; /* not owned; outlives the policy */
	struct policy_rule *rules;
};

/* One reference, no rules (everything falls through). name is copied. */
struct policy *policy_new(struct attr_table *attrs, const char *name);
/*
 * Adds a rule behind the others: a copy of it with its lists, and references on its
 * sets and next hop; the caller keeps its own. Only before the policy is first run.
 */
void policy_add(struct policy *p, const struct policy_rule *rule);
/* Says where it is configured; copied. */
void policy_set_file(struct policy *p, const char *file);
struct policy *policy_ref(struct policy *p);
void policy_unref(struct policy *p); /* NULL is fine; the last reference frees */

/*
 * What a chain reads besides the attribute set. A caller may keep and reuse a result
 * for the same attribute set while what the chain reads is the same, too.
 */
#define POLICY_READS_PREFIX     0x1u
#define POLICY_READS_SOURCE     0x2u /* the kind of source */
#define POLICY_READS_NEIGHBOR   0x4u /* neighbour or its type */
#define POLICY_READS_INTERFACE  0x8u /* or the protocol of the kernel's route */
#define POLICY_READS_LOCAL_PREF 0x10u /* the local preference, and so the default for those without */
uint32_t policy_reads(struct policy *const *chain, size_t n);

struct policy_input {
	attr_id attr; /* borrowed */
	struct ip_prefix prefix;
	uint8_t source_kind; /* enum rib_source_kind */
	uint8_t peer_type;   /* enum rib_peer_type of the neighbour it came from; _NONE for other routes */
	uint32_t neighbor;   /* number the owner gave to the neighbour it came from; 0: none */
	uint32_t default_local_pref; /* what a set without LOCAL_PREF counts as */
	const char *interface;       /* the resolved outgoing one; NULL: none, which no pattern matches */
	uint8_t kernel_protocol;     /* of a route learned from the kernel; 0: none, which nothing matches */
};

struct policy_result {
	bool accept;
	attr_id attr;                /* if accepted: a reference for the caller; else ATTR_NONE */
	uint32_t set;                /* POLICY_SET_* of all rules that were applied */
	const struct policy *policy; /* whose rule decided; NULL: it fell through */
	uint32_t rule;               /* its index */
};

/* Is it plain without a route that the chain rejects (nothing in it, or a first rule that rejects everything)? */
bool policy_rejects_all(struct policy *const *chain, size_t n);
/* Runs n policies in order; n = 0 rejects. Also rejects when the attributes would outgrow 65535 octets. */
void policy_run(struct policy *const *chain, size_t n, const struct policy_input *in,
		struct policy_result *out);

/* A rule whose matches held. */
struct policy_step {
	const struct policy *policy;
	uint32_t rule;
	attr_id before, after; /* borrowed; the same where nothing changed, after is ATTR_NONE if it outgrew the limit */
};
struct policy_trace {
	void (*step)(void *ctx, const struct policy_step *s); /* for each, in order */
	void *ctx;
};
/* policy_run that tells how it came about; trace may be NULL. */
void policy_run_traced(struct policy *const *chain, size_t n, const struct policy_input *in,
		       struct policy_result *out, const struct policy_trace *trace);

/* A prefix set that was asked for, in the order of asking. */
struct policy_ask {
	const struct policy_match *match;
	bool held;
};
/* Where policy_run_asked puts them; n may come out above max, and the rest is lost then. */
struct policy_asked {
	struct policy_ask *v;
	uint32_t n, max;
};
/* policy_run that tells which tests of the prefix it made: for the same attributes nothing else makes a difference. */
void policy_run_asked(struct policy *const *chain, size_t n, const struct policy_input *in,
		      struct policy_result *out, struct policy_asked *asked);
/* Does a match of the key POLICY_MATCH_PREFIX_SET hold? */
static inline bool
policy_prefix_holds(const struct policy_match *m, const struct ip_prefix *prefix)
{
	for (uint32_t i = 0; i < m->n; i++)
		if (prefix_set_match(m->prefix_sets[i], prefix))
			return true;
	return false;
}

#endif
