/* SPDX-License-Identifier: Apache-2.0 */
/* diff: which neighbours a change concerns, and how. */
#include "conf/diff.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "suite.h"

#define BIT(e)  CONF_EFFECT_BIT(CONF_EFFECT_##e)
#define NB(key) (UINT64_C(1) << CONF_NB_##key)

static struct conf_changes ch;

static struct conf *
load(const char *text)
{
	struct conf_errors errs = {0};
	struct str all = {0};
	struct conf *c;

	int rc = conf_load_text("t", text, strlen(text), 0, &c, &errs);
	conf_errors_print(&errs, &all);
	ck_assert_msg(rc == 0, "%s", str_get(&all));
	conf_errors_free(&errs);
	return c;
}

static void
diff(const char *old_text, const char *new_text)
{
	struct conf *old = load(old_text), *new = load(new_text);

	conf_diff(old, new, &ch);
	/* The changes stand for themselves. */
	conf_free(old);
	conf_free(new);
}

static const struct conf_neighbor_change *
change_of(const char *name)
{
	const struct conf_neighbor_change *c = conf_changes_neighbor(&ch, name);

	ck_assert_msg(c != NULL, "%s did not change", name);
	return c;
}

/* A configuration of three neighbours; r, n and p go into router, the first neighbour and the policy. */
static char *
text_of(const char *r, const char *n, const char *p)
{
	struct str s = {0};

	str_addf(&s,
		 "router: {as: 65001%s}\n"
		 "prefix-sets: {s: [10.0.0.0/8%s]}\n"
		 "policies: {p: [{match: {prefix-set: s}, action: accept}], q: [{action: reject}]}\n"
		 "neighbors:\n"
		 "  - {name: a, address: 10.0.0.1, remote-as: 65002, import: [p]%s}\n"
		 "  - {name: b, address: 10.0.0.2, remote-as: internal, export: [q, p]}\n"
		 "  - {name: c, address: 10.0.0.3, remote-as: internal, export: [q]}\n",
		 r, p, n);
	return str_steal(&s);
}

static void
diff_of(const char *r, const char *n, const char *p)
{
	char *old = text_of("", "", ""), *new = text_of(r, n, p);

	diff(old, new);
	free(old);
	free(new);
}

START_TEST(test_same)
{
	diff_of("", "", "");
	ck_assert_uint_eq(ch.all.n, 0);
	ck_assert_uint_eq(ch.neighbors.n, 0);
	ck_assert_uint_eq(ch.sections, 0);
	conf_changes_free(&ch);
	/* A default that is written out is no change. */
	diff_of(", hold-time: 90", ", port: 179, keepalive-time: 30", " le 8");
	ck_assert_uint_eq(ch.all.n, 0);
	ck_assert_uint_eq(ch.neighbors.n, 0);
	conf_changes_free(&ch);
}
END_TEST

/* Absent, the default, and what says the same as none. */
START_TEST(test_absent)
{
	static const char *const pairs[][2] = {
	    {"router: {as: 1, id: 10.0.0.1}", "router: {as: 1, id: 10.0.0.1, cluster-id: 10.0.0.1}"},
	    {"router: {as: 1}", "router: {as: 1, hold-time: 90, multipath: {}, default-local-preference: 100}"},
	    {"router: {as: 1}", "router: {as: 1}\nneighbors: []\nnetworks: []\npolicies: {}\nkernel: {}\nlog: {}"},
	    {"router: {as: 1}", "router: {as: 1}\nkernel: {export: [accept], learn: [reject], metric: 20, table: 254}"},
	    {"router: {as: 1}\nneighbors: [{address: 10.0.0.2, remote-as: internal}]",
	     "router: {as: 1}\nneighbors: [{address: 10.0.0.2, remote-as: 1, import: [accept], export: accept, multihop: 64,"
	     " name: 10.0.0.2, local-as: 1, families: ipv4-unicast, allow-own-as: 0, idle-hold-time: {}, add-path: {}}]"},
	    {"router: {as: 1}\nneighbors: [{address: 10.0.0.2, remote-as: 2}]",
	     "router: {as: 1}\nneighbors: [{address: 10.0.0.2, remote-as: 2, multihop: 1, extended-messages: true,"
	     " role-strict: false, shutdown: false, graceful-restart: {}}]"},
	    {"router: {as: 1}\nnetworks: [{prefix: 10.0.0.0/8}]",
	     "router: {as: 1}\nnetworks: [{prefix: 10.0.0.0/8, blackhole: false, communities: []}]"},
	    {"router: {as: 1}\npolicies: {p: [{}]}", "router: {as: 1}\npolicies: {p: [{match: {}, set: {}, action: next}]}"},
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		diff(pairs[i][0], pairs[i][1]);
		ck_assert_msg(ch.all.n == 0, "%s: %s", pairs[i][1], ch.all.n > 0 ? ch.all.v[0].path : "");
		ck_assert_uint_eq(ch.neighbors.n, 0);
		ck_assert_uint_eq(ch.sections, 0);
		ck_assert(!ch.kernel_export && !ch.kernel_learn);
		conf_changes_free(&ch);
	}
	/* For an external neighbour no list and an empty one are not the same (RFC 8212). */
	diff("router: {as: 1}\nneighbors: [{address: 10.0.0.2, remote-as: 2}]",
	     "router: {as: 1}\nneighbors: [{address: 10.0.0.2, remote-as: 2, import: []}]");
	ck_assert_uint_eq(ch.all.n, 1);
	ck_assert_uint_eq(ch.all.v[0].effect, CONF_EFFECT_POLICY);
	conf_changes_free(&ch);
}
END_TEST

START_TEST(test_effects)
{
	static const struct {
		const char *text;
		enum conf_effect effect;
		uint32_t effects;
	} cases[] = {
	    {", description: x", CONF_EFFECT_NONE, BIT(NONE)},
	    {", next-hop: self", CONF_EFFECT_POLICY, BIT(POLICY)},
	    {", export: []", CONF_EFFECT_POLICY, BIT(POLICY)},
	    {", allow-own-as: 1", CONF_EFFECT_POLICY, BIT(POLICY)},
	    {", idle-hold-time: {max: 31}", CONF_EFFECT_SOFT, BIT(SOFT)},
	    {", graceful-restart: {restart-time: 5}", CONF_EFFECT_SOFT, BIT(SOFT)},
	    {", max-prefix: {limit: 5}", CONF_EFFECT_SOFT, BIT(SOFT)},
	    {", port: 180", CONF_EFFECT_RESET, BIT(RESET)},
	    {", password: x", CONF_EFFECT_RESET, BIT(RESET)},
	    {", add-path: {receive: true}", CONF_EFFECT_RESET, BIT(RESET)},
	    {", add-path: {send: all}", CONF_EFFECT_RESET, BIT(RESET)},
	    {", shutdown: true", CONF_EFFECT_RESET, BIT(RESET)},
	    {", allow-own-as: 1, next-hop: keep, connect-retry-time: 9", CONF_EFFECT_SOFT,
	     BIT(POLICY) | BIT(SOFT)},
	    {", description: x, hold-time: 9, source: 10.0.0.9", CONF_EFFECT_RESET,
	     BIT(NONE) | BIT(SOFT) | BIT(RESET)},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		diff_of("", cases[i].text, "");
		ck_assert_uint_eq(ch.neighbors.n, 1);
		const struct conf_neighbor_change *a = change_of("a");
		ck_assert_int_eq(a->kind, CONF_NB_CHANGED);
		ck_assert_msg(a->effect == cases[i].effect, "%s", cases[i].text);
		ck_assert_uint_eq(a->effects, cases[i].effects);
		ck_assert_uint_ne(a->keys, 0);
		ck_assert_uint_eq(a->n, ch.all.n);
		ck_assert_uint_eq(ch.sections, UINT64_C(1) << CONF_SEC_NEIGHBORS);
		conf_changes_free(&ch);
	}
}
END_TEST

START_TEST(test_keys)
{
	diff_of("", ", hold-time: 60, role: peer", "");
	const struct conf_neighbor_change *a = change_of("a");
	/* Hold time 60 makes the keepalive time 20. */
	ck_assert_uint_eq(a->keys, NB(HOLD_TIME) | NB(KEEPALIVE_TIME) | NB(ROLE));
	ck_assert_uint_eq(a->n, 3);
	ck_assert_str_eq(ch.all.v[a->first].path, "neighbors[a].hold-time");
	ck_assert_str_eq(ch.all.v[a->first].old, "90");
	ck_assert_str_eq(ch.all.v[a->first].new, "60");
	ck_assert_str_eq(ch.all.v[a->first + 2].path, "neighbors[a].role");
	ck_assert_ptr_null(ch.all.v[a->first + 2].old);
	ck_assert_str_eq(ch.all.v[a->first + 2].new, "peer");
	conf_changes_free(&ch);
}
END_TEST

/* A set is used by a policy, and the policy by two of the three. */
START_TEST(test_set_reaches_neighbors)
{
	diff_of("", "", " le 24");
	ck_assert_uint_eq(ch.all.n, 1);
	ck_assert_str_eq(ch.all.v[0].path, "prefix-sets.s");
	ck_assert_uint_eq(ch.neighbors.n, 2);
	ck_assert_uint_eq(change_of("a")->effects, BIT(POLICY));
	ck_assert_uint_eq(change_of("a")->keys, NB(IMPORT));
	ck_assert_uint_eq(change_of("a")->n, 0);
	ck_assert_uint_eq(change_of("b")->effects, BIT(POLICY));
	ck_assert_uint_eq(change_of("b")->keys, NB(EXPORT));
	ck_assert_ptr_null(conf_changes_neighbor(&ch, "c"));
	ck_assert(!ch.kernel_export);
	conf_changes_free(&ch);
}
END_TEST

START_TEST(test_router_reaches_everybody)
{
	/* The cluster id goes with it. */
	diff_of(", id: 1.1.1.1", "", "");
	ck_assert_uint_eq(ch.everybody, BIT(RESET) | BIT(POLICY));
	ck_assert_uint_eq(ch.neighbors.n, 3);
	ck_assert_int_eq(change_of("c")->effect, CONF_EFFECT_RESET);
	ck_assert_uint_eq(change_of("c")->keys, 0);
	conf_changes_free(&ch);
	diff_of(", user: x, listen: []", "", "");
	ck_assert_uint_eq(ch.everybody, 0);
	ck_assert_uint_eq(ch.all.n, 2);
	ck_assert_uint_eq(ch.neighbors.n, 0);
	conf_changes_free(&ch);
	/* A default that neighbours take over is a change of each of them. */
	diff_of(", graceful-restart: {enabled: false}", "", "");
	ck_assert_uint_eq(ch.everybody, 0);
	ck_assert_uint_eq(ch.neighbors.n, 3);
	ck_assert_uint_eq(change_of("b")->effects, BIT(SOFT));
	ck_assert_uint_eq(change_of("b")->keys, NB(GRACEFUL_RESTART));
	conf_changes_free(&ch);
}
END_TEST

START_TEST(test_added_removed)
{
	diff("{router: {as: 1}, neighbors: [{address: 10.0.0.1, remote-as: 2}, {address: 10.0.0.2, "
	     "remote-as: 2}]}",
	     "{router: {as: 1}, neighbors: [{address: 10.0.0.3, remote-as: 2}, {address: 10.0.0.2, "
	     "remote-as: 2}]}");
	ck_assert_uint_eq(ch.neighbors.n, 2);
	const struct conf_neighbor_change *gone = change_of("10.0.0.1"), *come = change_of("10.0.0.3");
	ck_assert_int_eq(gone->kind, CONF_NB_REMOVED);
	ck_assert_int_eq(gone->old_index, 0);
	ck_assert_int_eq(gone->new_index, -1);
	ck_assert_uint_eq(ch.fates.n, 2);
	ck_assert_int_eq(ch.fates.v[0].index, -1);
	ck_assert_ptr_eq(&ch.neighbors.v[ch.fates.v[0].change], gone);
	ck_assert_int_eq(ch.fates.v[1].index, 1);
	ck_assert_int_eq(ch.fates.v[1].change, -1);
	ck_assert_int_eq(come->kind, CONF_NB_ADDED);
	ck_assert_int_eq(come->old_index, -1);
	ck_assert_int_eq(come->new_index, 0);
	ck_assert_ptr_null(conf_changes_neighbor(&ch, "10.0.0.2"));
	ck_assert_ptr_null(conf_changes_neighbor(&ch, "10.0.0.4"));
	conf_changes_free(&ch);
}
END_TEST

START_TEST(test_kernel_policies)
{
	diff("{router: {as: 1}, kernel: {export: p, learn: q}, policies: {p: [], q: [{match: {community-set: "
	     "c}}]},"
	     " community-sets: {c: []}}",
	     "{router: {as: 1}, kernel: {export: p, learn: q}, policies: {p: [], q: [{match: {community-set: "
	     "c}}]},"
	     " community-sets: {c: [no-export]}}");
	ck_assert(!ch.kernel_export);
	ck_assert(ch.kernel_learn);
	conf_changes_free(&ch);
	diff("{router: {as: 1}}", "{router: {as: 1}, kernel: {export: [reject], metric: 5}}");
	ck_assert(ch.kernel_export);
	ck_assert(!ch.kernel_learn);
	ck_assert_uint_eq(ch.sections, UINT64_C(1) << CONF_SEC_KERNEL);
	conf_changes_free(&ch);
}
END_TEST

/* A set and a community may have one name; which of them is meant is a difference. */
START_TEST(test_set_or_entry)
{
	diff("{router: {as: 1}, policies: {p: [{match: {as-path-set: \"7\"}}]}, as-path-sets: {\"7\": "
	     "[\"8\"]}}",
	     "{router: {as: 1}, policies: {p: [{match: {as-path-set: \"7\"}}]}}");
	ck_assert_uint_eq(ch.all.n, 2);
	ck_assert_str_eq(ch.all.v[0].path, "as-path-sets.7");
	ck_assert_ptr_null(ch.all.v[0].new);
	ck_assert_str_eq(ch.all.v[1].path, "policies.p");
	conf_changes_free(&ch);
}
END_TEST

/* What only a restart does is shown, and is no matter of any neighbour. */
START_TEST(test_restart)
{
	struct str out = {0};

	diff("router: {as: 1}\nneighbors: [{address: 10.0.0.2, remote-as: 2}]",
	     "router: {as: 1, user: godwit}\nneighbors: [{address: 10.0.0.2, remote-as: 2}]");
	ck_assert_uint_eq(ch.all.n, 1);
	ck_assert_uint_eq(ch.all.v[0].effect, CONF_EFFECT_RESTART);
	ck_assert_uint_eq(ch.everybody, 0);
	ck_assert_uint_eq(ch.neighbors.n, 0);
	conf_changes_print(&ch, &out);
	ck_assert_str_eq(str_get(&out), "router.user: added godwit (restart)\n");
	str_free(&out);
	conf_changes_free(&ch);
}
END_TEST

/* Same text, other content of the file: only reading it tells; and no text shows it. */
START_TEST(test_password_file)
{
	char path[] = "/tmp/t_diffXXXXXX", text[256];
	int fd = mkstemp(path);
	struct str out = {0};

	ck_assert_int_ge(fd, 0);
	snprintf(text, sizeof(text),
		 "{router: {as: 1}, neighbors: [{name: a, address: 10.0.0.1, remote-as: 2, password: {file: "
		 "%s}}]}",
		 path);
	ck_assert_int_eq(write(fd, "secret-one\n", 11), 11);
	struct conf *old = load(text), *same = load(text);
	ck_assert_int_eq(pwrite(fd, "secret-two\n", 11, 0), 11);
	struct conf *new = load(text);
	conf_diff(old, same, &ch);
	ck_assert_uint_eq(ch.neighbors.n, 0);
	conf_changes_free(&ch);
	conf_diff(old, new, &ch);
	ck_assert_int_eq(change_of("a")->effect, CONF_EFFECT_RESET);
	ck_assert_uint_eq(change_of("a")->keys, NB(PASSWORD));
	conf_changes_print(&ch, &out);
	ck_assert_ptr_null(strstr(str_get(&out), "secret-"));
	ck_assert_ptr_nonnull(strstr(str_get(&out), "} (differs)"));
	conf_changes_free(&ch);
	str_free(&out);
	conf_free(old);
	conf_free(same);
	conf_free(new);
	close(fd);
	unlink(path);
}
END_TEST

SUITE("diff", test_same, test_absent, test_effects, test_keys, test_set_reaches_neighbors, test_router_reaches_everybody,
      test_added_removed, test_kernel_policies, test_set_or_entry, test_restart, test_password_file)
