/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conf: values as they land in the structs, for those who compile them further.
 * What is accepted and refused is the matter of the golden files in tests/conf.
 */
#include "conf/conf.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/community.h"
#include "conf/schema.h"
#include "suite.h"

static struct conf_errors errs;
static struct conf *c;

static void
load(const char *text)
{
	struct str all = {0};

	int rc = conf_load_text("t", text, strlen(text), CONF_NO_FILES, &c, &errs);
	conf_errors_print(&errs, &all);
	ck_assert_msg(rc == 0, "%s", str_get(&all));
	ck_assert_uint_eq(errs.n, 0);
}

static void
done(void)
{
	conf_free(c);
	conf_errors_free(&errs);
}

/* What was read, includes and passwords, too. */
START_TEST(test_files)
{
	char dir[] = "/tmp/t_confXXXXXX", path[3][64];
	static const char *const names[] = {"a.yaml", "b.yaml", "secret"};
	static const char *const texts[] = {
	    "{include: b.yaml, router: {as: 1}}",
	    ("neighbors: [{address: 10.0.0.1, remote-as: 2, password: {file: secret}},"
	     " {address: 10.0.0.2, remote-as: 2, password: {file: secret}}]"),
	    "x\n"};

	ck_assert_ptr_nonnull(mkdtemp(dir));
	for (int i = 0; i < 3; i++) {
		snprintf(path[i], sizeof path[i], "%s/%s", dir, names[i]);
		FILE *f = fopen(path[i], "we");
		ck_assert_ptr_nonnull(f);
		fputs(texts[i], f);
		fclose(f);
	}
	ck_assert_int_eq(conf_load(path[0], &c, &errs), 0);
	const struct conf_file *f = c->files;
	for (int i = 2; i >= 0; i--, f = f->next) {
		ck_assert_ptr_nonnull(f);
		ck_assert_str_eq(f->path, path[i]);
		unlink(path[i]);
	}
	ck_assert_ptr_null(f);
	rmdir(dir);
	done();
	load("router: {as: 1}");
	ck_assert_ptr_null(c->files);
	done();
}
END_TEST

/* The user with its place, for those who find out that this host has none of the name. */
START_TEST(test_user)
{
	load("router:\n  as: 65001\n  user: godwit\n");
	ck_assert_str_eq(c->router.user, "godwit");
	ck_assert_str_eq(c->router.user_pos.file, "t");
	ck_assert_uint_eq(c->router.user_pos.line, 3);
	ck_assert_uint_eq(c->router.user_pos.column, 9);
	done();
}
END_TEST

START_TEST(test_defaults)
{
	load("router: {as: 65001}");
	ck_assert_uint_eq(c->router.as, 65001);
	ck_assert_uint_eq(c->router.id, 0);
	ck_assert_uint_eq(c->router.cluster_id, 0);
	ck_assert(!CONF_HAS(&c->router, CONF_ROUTER_ID));
	ck_assert_uint_eq(c->router.hold_s, 90);
	ck_assert_uint_eq(c->router.listen.n, 2);
	ck_assert_int_eq(c->router.listen.v[0].address.family, FAMILY_IPV4);
	ck_assert_int_eq(c->router.listen.v[1].address.family, FAMILY_IPV6);
	ck_assert(ip_addr_is_unspecified(&c->router.listen.v[0].address));
	ck_assert(ip_addr_is_unspecified(&c->router.listen.v[1].address));
	ck_assert_uint_eq(c->router.listen.v[1].port, 179);
	ck_assert_ptr_null(c->router.user);
	ck_assert_uint_eq(c->neighbors.n, 0);
	ck_assert_uint_eq(c->kernel.export.n, 1);
	ck_assert_int_eq(c->kernel.export.v[0].index, CONF_POLICY_ACCEPT);
	ck_assert_uint_eq(c->kernel.learn.n, 1);
	ck_assert_int_eq(c->kernel.learn.v[0].index, CONF_POLICY_REJECT);
	ck_assert(!CONF_HAS(&c->kernel, CONF_KERNEL_CONNECTED));
	ck_assert_int_eq(c->metrics.listen.address.family, FAMILY_NONE);
	ck_assert_ptr_null(c->bird_sockets.ipv4);
	ck_assert_uint_eq(c->control.mode, 0660);
	ck_assert_uint_eq(c->log.level, LOG_INFO);
	done();
}
END_TEST

START_TEST(test_neighbor)
{
	load("router: {as: 65001, listen: []}\n"
	     "neighbors:\n"
	     "  - {address: 10.0.0.1, remote-as: internal, import: [], export: [p, reject], role-strict: "
	     "true}\n"
	     "  - {address: fe80::1%eth0, remote-as: external, families: [ipv4-unicast]}\n"
	     "policies: {q: [], p: []}\n");
	ck_assert_uint_eq(c->router.listen.n, 0);
	ck_assert_uint_eq(c->neighbors.n, 2);
	const struct conf_neighbor *a = &c->neighbors.v[0], *b = &c->neighbors.v[1];
	ck_assert_str_eq(a->name, "10.0.0.1");
	ck_assert_uint_eq(a->pos.line, 3);
	ck_assert_uint_eq(a->pos.column, 5);
	ck_assert_str_eq(a->pos.file, "t");
	ck_assert_uint_eq(a->remote_as.as, 65001);
	ck_assert(conf_neighbor_is_internal(a));
	ck_assert_uint_eq(a->multihop, 64);
	ck_assert_uint_eq(a->keepalive_s, 30);
	ck_assert_uint_eq(a->families, CONF_FAMILY(FAMILY_IPV4));
	/* An empty list is something else than none (RFC 8212). */
	ck_assert(CONF_HAS(a, CONF_NB_IMPORT));
	ck_assert_ptr_nonnull(a->import.v);
	ck_assert_uint_eq(a->import.n, 0);
	ck_assert_uint_eq(a->export.n, 2);
	ck_assert_int_eq(a->export.v[0].index, 1);
	ck_assert_str_eq(a->export.v[0].name, "p");
	ck_assert_int_eq(a->export.v[1].index, CONF_POLICY_REJECT);
	ck_assert(!CONF_HAS(a, CONF_NB_MAX_PREFIX));
	ck_assert(!CONF_HAS(a, CONF_NB_ROLE));
	ck_assert_str_eq(b->name, "fe80::1%eth0");
	ck_assert_str_eq(b->address.scope, "eth0");
	ck_assert_uint_eq(b->address.addr.scope_id, 0);
	ck_assert(!conf_neighbor_is_internal(b));
	ck_assert_uint_eq(b->remote_as.as, 0);
	ck_assert_uint_eq(b->multihop, 1);
	ck_assert(!CONF_HAS(b, CONF_NB_IMPORT));
	ck_assert_ptr_null(b->import.v);
	ck_assert_ptr_eq(conf_neighbor_by_name(c, "fe80::1%eth0"), b);
	ck_assert_ptr_null(conf_neighbor_by_name(c, "10.0.0.2"));
	done();
}
END_TEST

/* remote-as is our own number only if it is the one we have towards that neighbour. */
START_TEST(test_internal)
{
	load("router: {as: 65001}\n"
	     "neighbors:\n"
	     "  - {address: 10.0.0.1, remote-as: 65001}\n"
	     "  - {address: 10.0.0.2, remote-as: 65001, local-as: 65002}\n"
	     "  - {address: 10.0.0.3, remote-as: 65002, local-as: 65002}\n");
	ck_assert(conf_neighbor_is_internal(&c->neighbors.v[0]));
	ck_assert(!conf_neighbor_is_internal(&c->neighbors.v[1]));
	ck_assert(conf_neighbor_is_internal(&c->neighbors.v[2]));
	done();
}
END_TEST

START_TEST(test_prefix_set)
{
	static const struct {
		unsigned len, min, max;
	} want[] = {{8, 8, 8}, {8, 8, 24}, {8, 16, 32}, {8, 16, 24}, {8, 8, 32}, {32, 32, 32}, {32, 48, 128}};

	load("router: {as: 1}\n"
	     "prefix-sets: {s: [10.0.0.0/8, 10.0.0.0/8 le 24, 10.0.0.0/8 ge 16, 10.0.0.0/8 ge 16 le 24,\n"
	     "  10.0.0.0/8 in, 10.1.2.3, \"2001:db8::/32 ge 48\"]}\n");
	ck_assert_uint_eq(c->prefix_sets.n, 1);
	ck_assert_str_eq(c->prefix_sets.v[0].name, "s");
	ck_assert_uint_eq(c->prefix_sets.v[0].entries.n, 7);
	for (uint32_t i = 0; i < 7; i++) {
		const struct conf_prefix_entry *e = &c->prefix_sets.v[0].entries.v[i];
		ck_assert_uint_eq(e->prefix.len, want[i].len);
		ck_assert_uint_eq(e->min_len, want[i].min);
		ck_assert_uint_eq(e->max_len, want[i].max);
		ck_assert_uint_eq(e->prefix.family, i == 6 ? FAMILY_IPV6 : FAMILY_IPV4);
	}
	done();
}
END_TEST

START_TEST(test_as_patterns)
{
	load("router: {as: 1}\n"
	     "as-path-sets: {s: [\"^64512_.*$\", \"_7_\", \"[1-9]*8\", \"^$\"]}\n");
	const struct conf_as_pattern *p = c->as_path_sets.v[0].entries.v;
	ck_assert(p[0].from_start && p[0].to_end);
	ck_assert_uint_eq(p[0].tokens.n, 2);
	ck_assert_uint_eq(p[0].tokens.v[0].lo, 64512);
	ck_assert_uint_eq(p[0].tokens.v[0].hi, 64512);
	ck_assert(!p[0].tokens.v[0].many);
	ck_assert_uint_eq(p[0].tokens.v[1].lo, 0);
	ck_assert_uint_eq(p[0].tokens.v[1].hi, 4294967295u);
	ck_assert(p[0].tokens.v[1].many);
	ck_assert(!p[1].from_start && !p[1].to_end);
	ck_assert_uint_eq(p[1].tokens.n, 1);
	ck_assert_uint_eq(p[1].tokens.v[0].lo, 7);
	ck_assert_uint_eq(p[2].tokens.n, 2);
	ck_assert_uint_eq(p[2].tokens.v[0].lo, 1);
	ck_assert_uint_eq(p[2].tokens.v[0].hi, 9);
	ck_assert(p[2].tokens.v[0].many);
	ck_assert_uint_eq(p[2].tokens.v[1].hi, 8);
	ck_assert_uint_eq(p[3].tokens.n, 0);
	ck_assert(p[3].from_start && p[3].to_end);
	done();
}
END_TEST

#define PART(c, i, l, h)                                                                                     \
	do {                                                                                                 \
		ck_assert_uint_eq((c).part[i].lo, (l));                                                      \
		ck_assert_uint_eq((c).part[i].hi, (h));                                                      \
	} while (0)

START_TEST(test_communities)
{
	struct conf_community x;

	ck_assert(conf_community_parse("64512:100", false, &x));
	ck_assert_uint_eq(x.kind, CONF_COMMUNITY_STD);
	PART(x, 0, 64512, 64512);
	PART(x, 1, 100, 100);
	ck_assert(conf_community_parse("*:[1-5]", true, &x));
	PART(x, 0, 0, 65535);
	PART(x, 1, 1, 5);
	ck_assert(!conf_community_parse("*:1", false, &x));
	/* RFC 1997: NO_EXPORT is 0xFFFFFF01; RFC 7999: BLACKHOLE is 0xFFFF029A. */
	ck_assert(conf_community_parse("no-export", false, &x));
	PART(x, 0, 0xffff, 0xffff);
	PART(x, 1, 0xff01, 0xff01);
	ck_assert(conf_community_parse("blackhole", false, &x));
	PART(x, 1, 0x029a, 0x029a);
	ck_assert(conf_community_parse("4200000000:*:7", true, &x));
	ck_assert_uint_eq(x.kind, CONF_COMMUNITY_LARGE);
	PART(x, 0, 4200000000u, 4200000000u);
	PART(x, 1, 0, 4294967295u);
	PART(x, 2, 7, 7);
	/* RFC 4360: route target is sub-type 2, route origin 3; type by the administrator. */
	ck_assert(conf_community_parse("rt:64512:70000", false, &x));
	ck_assert_uint_eq(x.kind, CONF_COMMUNITY_EXT);
	ck_assert_uint_eq(x.ext_types, CONF_EXT_TWO_OCTET_AS);
	ck_assert_uint_eq(x.ext_subtype, 2);
	PART(x, 1, 70000, 70000);
	ck_assert(conf_community_parse("soo:10.0.0.1:5", false, &x));
	ck_assert_uint_eq(x.ext_types, CONF_EXT_IPV4);
	ck_assert_uint_eq(x.ext_subtype, 3);
	PART(x, 0, 0x0a000001, 0x0a000001);
	ck_assert(conf_community_parse("rt:65536:5", false, &x));
	ck_assert_uint_eq(x.ext_types, CONF_EXT_FOUR_OCTET_AS);
	ck_assert(conf_community_parse("rt:*:5", true, &x));
	ck_assert_uint_eq(x.ext_types, CONF_EXT_TWO_OCTET_AS | CONF_EXT_IPV4 | CONF_EXT_FOUR_OCTET_AS);
	ck_assert(conf_community_parse("bandwidth:64512:100", false, &x));
	ck_assert_uint_eq(x.ext_types, CONF_EXT_TWO_OCTET_AS);
	ck_assert_uint_eq(x.ext_subtype, 4);
	PART(x, 1, 100, 100);
	ck_assert(conf_community_parse("bandwidth:*:[1-5]", true, &x));
	ck_assert_uint_eq(x.ext_types, CONF_EXT_TWO_OCTET_AS);
	ck_assert(!conf_community_parse("bandwidth:65536:1", false, &x));
	ck_assert(!conf_community_parse("bandwidth:10.0.0.1:1", false, &x));
	ck_assert(!conf_community_parse("bandwidth:64512:0", false, &x));
	ck_assert(conf_community_parse("rt:[1-70000]:5", true, &x));
	ck_assert_uint_eq(x.ext_types, CONF_EXT_TWO_OCTET_AS | CONF_EXT_FOUR_OCTET_AS);
}
END_TEST

START_TEST(test_rule)
{
	load("router: {as: 1}\n"
	     "community-sets: {blackhole: [\"65535:666\"]}\n"
	     "policies:\n"
	     "  p:\n"
	     "    - match: {community-set: [blackhole, no-export], path-length: {above: 5}, metric: {below: "
	     "9}, tag: 3,\n"
	     "              source: [bgp, static], not: {origin: incomplete}}\n"
	     "      set: {local-preference: {complement-of: metric}, med: 0, next-hop: self}\n"
	     "      action: accept\n"
	     "    - {action: reject}\n");
	ck_assert_uint_eq(c->policies.v[0].rules.n, 2);
	const struct conf_rule *r = &c->policies.v[0].rules.v[0];
	ck_assert_uint_eq(r->pos.line, 5);
	ck_assert_uint_eq(r->match.has, 1u << CONF_MATCH_COMMUNITY_SET | 1u << CONF_MATCH_PATH_LENGTH |
					    1u << CONF_MATCH_METRIC | 1u << CONF_MATCH_TAG |
					    1u << CONF_MATCH_SOURCE | 1u << CONF_MATCH_NOT);
	ck_assert_uint_eq(r->match.community_set.n, 2);
	ck_assert_str_eq(r->match.community_set.v[0].set.name, "blackhole");
	ck_assert_int_eq(r->match.community_set.v[0].set.index, 0);
	ck_assert_ptr_null(r->match.community_set.v[1].set.name);
	ck_assert_uint_eq(r->match.community_set.v[1].entry.part[1].lo, 65281);
	ck_assert_uint_eq(r->match.path_length.lo, 6);
	ck_assert_uint_eq(r->match.path_length.hi, 4294967295u);
	ck_assert_uint_eq(r->match.metric.lo, 0);
	ck_assert_uint_eq(r->match.metric.hi, 8);
	ck_assert_uint_eq(r->match.tag.lo, 3);
	ck_assert_uint_eq(r->match.tag.hi, 3);
	ck_assert_uint_eq(r->match.source, CONF_SOURCE_BGP | CONF_SOURCE_STATIC);
	ck_assert_uint_eq(r->match.not ->origin, 4); /* ORIGIN 2 */
	ck_assert_uint_eq(r->set.has,
			  1u << CONF_SET_LOCAL_PREFERENCE | 1u << CONF_SET_MED | 1u << CONF_SET_NEXT_HOP);
	ck_assert_uint_eq(r->set.local_preference.kind, CONF_EXPR_COMPLEMENT_METRIC);
	ck_assert(r->set.next_hop.self);
	ck_assert_uint_eq(r->action, CONF_ACTION_ACCEPT);
	ck_assert_uint_eq(r[1].match.has, 0);
	ck_assert_uint_eq(r[1].action, CONF_ACTION_REJECT);
	done();
}
END_TEST

START_TEST(test_secret_masked)
{
	struct str out = {0};

	load("router: {as: 1}\n"
	     "neighbors: [{address: 10.0.0.1, remote-as: 2, password: tell-nobody}]\n");
	ck_assert_str_eq(c->neighbors.v[0].password.secret, "tell-nobody");
	conf_print(c, false, &out);
	ck_assert_ptr_null(strstr(str_get(&out), "tell-nobody"));
	ck_assert_ptr_nonnull(strstr(str_get(&out), "password: \"********\"\n"));
	str_reset(&out);
	conf_print(c, true, &out);
	ck_assert_ptr_nonnull(strstr(str_get(&out), "password: tell-nobody\n"));
	str_free(&out);
	done();
}
END_TEST

/* RFC 2385 keys are of up to 80 octets; the message must not give away the secret. */
START_TEST(test_secret_length)
{
	char secret[82], text[256];
	struct str out = {0};

	memset(secret, 's', sizeof(secret));
	secret[80] = '\0';
	snprintf(text, sizeof(text),
		 "{router: {as: 1}, neighbors: [{address: 10.0.0.1, remote-as: 2, password: %s}]}", secret);
	load(text);
	ck_assert_uint_eq(strlen(c->neighbors.v[0].password.secret), 80);
	done();
	secret[80] = 's';
	secret[81] = '\0';
	snprintf(text, sizeof(text),
		 "{router: {as: 1}, neighbors: [{address: 10.0.0.1, remote-as: 2, password: %s}]}", secret);
	ck_assert_int_eq(conf_load_text("t", text, strlen(text), 0, &c, &errs), -EINVAL);
	ck_assert_ptr_null(c);
	conf_errors_print(&errs, &out);
	ck_assert_str_eq(str_get(&out),
			 "t:1:75: neighbors[0].password: found a password of 81 octets, expected 1..80\n");
	str_free(&out);
	done();
}
END_TEST

START_TEST(test_secret_file)
{
	char path[] = "/tmp/t_confXXXXXX", text[256];
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "from file\n", 10), 10);
	close(fd);
	snprintf(text, sizeof(text),
		 "{router: {as: 1}, neighbors: [{address: 10.0.0.1, remote-as: 2, password: {file: %s}}]}",
		 path);
	ck_assert_int_eq(conf_load_text("t", text, strlen(text), 0, &c, &errs), 0);
	ck_assert_str_eq(c->neighbors.v[0].password.secret, "from file");
	ck_assert_str_eq(c->neighbors.v[0].password.file, path);
	done();
	ck_assert_int_eq(conf_load_text("t", text, strlen(text), CONF_NO_FILES, &c, &errs), -EINVAL);
	ck_assert_str_eq(errs.v[0].path, "neighbors[0].password");
	done();
	unlink(path);
}
END_TEST

START_TEST(test_errors_bounded)
{
	struct str text = {0}, out = {0};

	str_add(&text, "router: {as: 1}\nprefix-sets:\n  s:\n");
	for (int i = 0; i < CONF_ERRORS_MAX + 5; i++)
		str_add(&text, "    - x\n");
	ck_assert_int_eq(conf_load_text("t", text.s, text.len, 0, &c, &errs), -EINVAL);
	ck_assert_uint_eq(errs.n, CONF_ERRORS_MAX);
	ck_assert_uint_eq(errs.dropped, 5);
	ck_assert_uint_eq(errs.v[0].pos.line, 4);
	conf_errors_print(&errs, &out);
	ck_assert_str_eq(out.s + out.len - strlen("and 5 more errors\n"), "and 5 more errors\n");
	str_free(&text);
	str_free(&out);
	done();
}
END_TEST

START_TEST(test_missing_file)
{
	ck_assert_int_eq(conf_load("/nonexistent/bgpd.yaml", &c, &errs), -EINVAL);
	ck_assert_ptr_null(c);
	ck_assert_uint_eq(errs.n, 1);
	ck_assert_uint_eq(errs.v[0].pos.line, 0);
	ck_assert_str_eq(errs.v[0].pos.file, "/nonexistent/bgpd.yaml");
	done();
}
END_TEST

/* A row whose member has another size would write beside it. */
static void
rows_check(const struct conf_table *t, unsigned depth)
{
	ck_assert_uint_le(t->n, 63);
	for (uint32_t i = 0; i < t->n; i++) {
		const struct conf_row *row = &t->rows[i];
		ck_assert_msg(row->key != NULL && row->type != NULL && row->doc != NULL, "row %u of %s", i,
			      t->rows[0].key);
		ck_assert_str_eq(row->doc + strlen(row->doc) - 1, ".");
		if ((row->flags & CONF_ROW_TREE) != 0)
			continue;
		ck_assert_uint_ge(row->offset, sizeof(uint64_t));
		size_t size = row->type->shape == CONF_SHAPE_MAP ? row->table->size : row->type->size;
		ck_assert_uint_le(row->offset + size, t->size);
		for (uint32_t j = 0; j < t->n; j++)
			ck_assert_msg(j == i || (t->rows[j].flags & CONF_ROW_TREE) != 0 ||
					  t->rows[j].offset + 1 <= row->offset ||
					  t->rows[j].offset >= row->offset + size,
				      "%s overlaps %s", t->rows[j].key, row->key);
		if (row->table != NULL && depth < 6)
			rows_check(row->table, depth + 1);
		if (row->elem != NULL && row->elem->table != NULL && depth < 6)
			rows_check(row->elem->table, depth + 1);
		if (row->elem != NULL && row->elem->elem != NULL && row->elem->elem->table != NULL &&
		    depth < 6)
			rows_check(row->elem->elem->table, depth + 1);
	}
}

START_TEST(test_schema)
{
	rows_check(&conf_schema, 0);
	ck_assert_uint_eq(conf_schema.n, CONF_SECTIONS);
	ck_assert_uint_eq(conf_schema_neighbor.n, CONF_NB_KEYS);
}
END_TEST

/* Written in neither order; looked for at both ends, in the middle, and between. */
START_TEST(test_indexes)
{
	struct ip_prefix p;

	load("router: {as: 65001}\n"
	     "neighbors:\n"
	     "  - {address: 10.0.0.3, name: c, remote-as: 65001}\n"
	     "  - {address: 10.0.0.1, name: a, remote-as: 65001}\n"
	     "  - {address: 10.0.0.2, name: b, remote-as: 65001}\n"
	     "statics:\n"
	     "  - {prefix: 2001:db8::/32, interface: eth1}\n"
	     "  - {prefix: 10.0.0.0/16, interface: eth2}\n"
	     "  - {prefix: 10.0.0.0/8, blackhole: true}\n");
	ck_assert_ptr_eq(conf_neighbor_by_name(c, "a"), &c->neighbors.v[1]);
	ck_assert_ptr_eq(conf_neighbor_by_name(c, "b"), &c->neighbors.v[2]);
	ck_assert_ptr_eq(conf_neighbor_by_name(c, "c"), &c->neighbors.v[0]);
	ck_assert_ptr_null(conf_neighbor_by_name(c, "aa"));
	ck_assert_int_eq(ip_prefix_parse("2001:db8::/32", &p), 0);
	ck_assert_ptr_eq(conf_static_by_prefix(c, &p), &c->statics.v[0]);
	ck_assert_int_eq(ip_prefix_parse("10.0.0.0/16", &p), 0);
	ck_assert_ptr_eq(conf_static_by_prefix(c, &p), &c->statics.v[1]);
	ck_assert_int_eq(ip_prefix_parse("10.0.0.0/8", &p), 0);
	ck_assert_ptr_eq(conf_static_by_prefix(c, &p), &c->statics.v[2]);
	ck_assert_int_eq(ip_prefix_parse("10.0.0.0/9", &p), 0);
	ck_assert_ptr_null(conf_static_by_prefix(c, &p));
	done();
	load("router: {as: 65001}");
	ck_assert_ptr_null(conf_neighbor_by_name(c, "a"));
	ck_assert_ptr_null(conf_static_by_prefix(c, &p));
	done();
}
END_TEST

SUITE("conf", test_indexes, test_defaults, test_user, test_files, test_neighbor, test_internal, test_prefix_set, test_as_patterns,
      test_communities, test_rule, test_secret_masked, test_secret_length, test_secret_file,
      test_errors_bounded, test_missing_file, test_schema)
