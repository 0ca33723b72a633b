/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of conf/type: the edges of each kind of value: what is taken, as what, and what is not. */
#include <stdio.h>
#include <string.h>

#include "conf/conf.h"
#include "lib/mem.h"
#include "tests/unit/suite.h"

static struct conf_errors errs;
static struct conf *c;

static bool
load(const char *router, const char *neighbor, const char *rest)
{
	struct str text = {0};

	str_addf(&text, "router: {id: 10.0.0.1, %s}\nneighbors: [{address: 10.0.0.2, %s}]\n%s",
		 router != NULL ? router : "as: 65001", neighbor != NULL ? neighbor : "remote-as: 65002",
		 rest != NULL ? rest : "");
	errs = (struct conf_errors){0};
	int r = conf_load_text("t", text.s, text.len, CONF_NO_FILES, &c, &errs);
	str_free(&text);
	return r == 0;
}

static void
done(void)
{
	conf_free(c);
	conf_errors_free(&errs);
}

static bool
takes_neighbor(const char *key, const char *value)
{
	char text[400];

	snprintf(text, sizeof(text), "remote-as: 65002, %s: %s", key, value);
	bool ok = load(NULL, text, NULL);
	done();
	return ok;
}

/* RFC 6793, 5396 (asdot), 7607 (0), 6793 9 (23456). */
START_TEST(test_as)
{
	static const struct {
		const char *text;
		uint32_t as; /* 0: refused */
	} rows[] = {
	    {"1", 1},
	    {"65535", 65535},
	    {"4294967295", 4294967295u},
	    {"\"1.10\"", 65546},
	    {"65535.65535", 4294967295u},
	    {"\"0.1\"", 1},
	    {"0", 0},
	    {"\"0.0\"", 0},
	    {"23456", 0},
	    {"\"0.23456\"", 0},
	    {"4294967296", 0},
	    {"65536.0", 0},
	    {"1.65536", 0},
	    {"-1", 0},
	    {"\"1.\"", 0},
	    {"\".1\"", 0},
	    {"1.2.3", 0},
	    {"AS1", 0},
	    {"0x10", 0},
	    {"[1]", 0},
	    {"\"\"", 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[64];
		snprintf(text, sizeof(text), "as: %s", rows[i].text);
		bool ok = load(text, NULL, NULL);
		ck_assert_msg(ok == (rows[i].as != 0), "as: %s", rows[i].text);
		if (ok)
			ck_assert_uint_eq(c->router.as, rows[i].as);
		done();
	}
	ck_assert(load(NULL, "remote-as: internal", NULL));
	ck_assert_uint_eq(c->neighbors.v[0].remote_as.as, 65001);
	done();
	ck_assert(load(NULL, "remote-as: external", NULL));
	ck_assert_uint_eq(c->neighbors.v[0].remote_as.type, CONF_REMOTE_EXTERNAL);
	ck_assert_uint_eq(c->neighbors.v[0].remote_as.as, 0);
	done();
}
END_TEST

/* Key, a value at each edge that is taken, and the next one, which is not. */
START_TEST(test_ranges)
{
	static const struct {
		const char *key, *lowest, *below, *highest, *above;
	} rows[] = {
	    {"port", "1", "0", "65535", "65536"},
	    {"ttl-security", "1", "0", "254", "255"},
	    {"multihop", "1", "0", "255", "256"},
	    {"hold-time", "3", "2", "65535", "65536"}, /* RFC 4271 4.2 */
	    {"max-prefix", "{limit: 1}", "{limit: -1}", "{limit: 4294967295}", "{limit: 4294967296}"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		ck_assert_msg(takes_neighbor(rows[i].key, rows[i].lowest), "%s: %s", rows[i].key, rows[i].lowest);
		ck_assert_msg(!takes_neighbor(rows[i].key, rows[i].below), "%s: %s", rows[i].key, rows[i].below);
		ck_assert_msg(takes_neighbor(rows[i].key, rows[i].highest), "%s: %s", rows[i].key, rows[i].highest);
		ck_assert_msg(!takes_neighbor(rows[i].key, rows[i].above), "%s: %s", rows[i].key, rows[i].above);
	}
	/* RFC 4271 4.2: zero is no hold timer at all, 1 and 2 are unacceptable. */
	ck_assert(takes_neighbor("hold-time", "0"));
	ck_assert(!takes_neighbor("hold-time", "1"));
	ck_assert(!takes_neighbor("hold-time", "90s"));
	ck_assert(!takes_neighbor("hold-time", "9.5"));
	ck_assert(!takes_neighbor("hold-time", "\" 90\""));
	ck_assert(!takes_neighbor("hold-time", "+90"));
	ck_assert(!takes_neighbor("hold-time", "1e2"));
}
END_TEST

START_TEST(test_booleans)
{
	static const char *const no_booleans[] = {"1", "0", "maybe", "\"\"", "[true]", "{}"};

	ck_assert(load(NULL, "remote-as: 65002, passive: true", NULL));
	ck_assert(c->neighbors.v[0].passive);
	done();
	ck_assert(load(NULL, "remote-as: 65002, passive: false", NULL));
	ck_assert(!c->neighbors.v[0].passive);
	done();
	for (size_t i = 0; i < ARRAY_LEN(no_booleans); i++)
		ck_assert_msg(!takes_neighbor("passive", no_booleans[i]), "passive: %s", no_booleans[i]);
}
END_TEST

START_TEST(test_addresses)
{
	static const char *const bad[] = {"10.0.0", "10.0.0.256", "10.0.0.1/32", "\"::g\"", "01.2.3.4", "\"10.0.0.1 \"", "host"};
	struct ip_addr want;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_msg(!takes_neighbor("source", bad[i]), "source: %s", bad[i]);
	ck_assert(load(NULL, "remote-as: 65002, source: 10.0.0.1", NULL));
	ip_addr_parse("10.0.0.1", &want);
	ck_assert(ip_addr_eq(&c->neighbors.v[0].source, &want));
	done();
	/* RFC 6286 2.1: an identifier is any 32-bit number but zero. */
	ck_assert(load("as: 65001, cluster-id: 0.0.0.1", NULL, NULL));
	ck_assert_uint_eq(c->router.cluster_id, 1);
	done();
	ck_assert(!load("as: 65001, cluster-id: 0.0.0.0", NULL, NULL));
	done();
	ck_assert(!load("as: 65001, cluster-id: \"::1\"", NULL, NULL));
	done();
}
END_TEST

START_TEST(test_prefixes)
{
	static const struct {
		const char *text;
		bool ok;
	} rows[] = {
	    {"192.0.2.0/24", true}, {"0.0.0.0/0", true},    {"\"::/0\"", true},	 {"192.0.2.1/32", true},
	    {"192.0.2.1/24", false}, {"192.0.2.0/33", false}, {"192.0.2.1", true},  {"192.0.2.0/", false},
	    {"192.0.2.0/-1", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[80];
		snprintf(text, sizeof(text), "networks: [{prefix: %s}]\n", rows[i].text);
		ck_assert_msg(load(NULL, NULL, text) == rows[i].ok, "prefix: %s", rows[i].text);
		done();
	}
}
END_TEST

/* RFC 2385 4.5: a key has at most 80 octets; a path of a socket must fit into struct sockaddr_un. */
START_TEST(test_lengths)
{
	char value[200];

	memset(value, 'k', sizeof(value));
	value[80] = '\0';
	ck_assert(takes_neighbor("password", value));
	value[80] = 'k';
	value[81] = '\0';
	ck_assert(!takes_neighbor("password", value));
	ck_assert(!takes_neighbor("password", "\"\""));
}
END_TEST

START_TEST(test_modes)
{
	static const struct {
		const char *text;
		uint32_t mode; /* 0: refused */
	} rows[] = {{"\"0600\"", 0600}, {"\"0660\"", 0660}, {"\"0777\"", 0777}, {"\"0888\"", 0}, {"\"10000\"", 0}, {"rw", 0}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[80];
		snprintf(text, sizeof(text), "control: {mode: %s}\n", rows[i].text);
		bool ok = load(NULL, NULL, text);
		ck_assert_msg(ok == (rows[i].mode != 0), "mode: %s", rows[i].text);
		if (ok)
			ck_assert_uint_eq(c->control.mode, rows[i].mode);
		done();
	}
}
END_TEST

/* Units are 1024 each; what is printed is read back, in the largest unit. */
START_TEST(test_sizes)
{
	static const struct {
		const char *text;
		uint64_t octets; /* 0: refused */
		const char *printed;
	} rows[] = {
	    {"16777216", 16777216, "16M"},
	    {"16777215", 0, NULL},
	    {"16777217", 16777217, "16777217"},
	    {"16M", 16777216, "16M"},
	    {"15M", 0, NULL},
	    {"16384K", 16777216, "16M"},
	    {"16385K", 16778240, "16385K"},
	    {"512M", 536870912, "512M"},
	    {"1024M", 1073741824, "1G"},
	    {"2G", 2147483648ull, "2G"},
	    {"8388607T", 9223370937343148032ull, "8388607T"},
	    {"8388608T", 0, NULL},
	    {"9223372036854775807", 9223372036854775807ull, "9223372036854775807"},
	    {"9223372036854775808", 0, NULL},
	    {"99999999999999999999", 0, NULL},
	    {"512m", 0, NULL},
	    {"512MB", 0, NULL},
	    {"512MK", 0, NULL},
	    {"M", 0, NULL},
	    {"\"\"", 0, NULL},
	    {"-1", 0, NULL},
	    {"0.5G", 0, NULL},
	    {"0", 0, NULL},
	    {"[512M]", 0, NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str text = {0};
		str_addf(&text, "as: 65001, memory-limit: %s", rows[i].text);
		bool ok = load(str_get(&text), NULL, NULL);
		ck_assert_msg(ok == (rows[i].octets != 0), "memory-limit: %s", rows[i].text);
		str_free(&text);
		if (ok) {
			ck_assert_uint_eq(c->router.memory_limit, rows[i].octets);
			conf_print(c, false, &text);
			char line[64];
			snprintf(line, sizeof(line), "memory-limit: %s\n", rows[i].printed);
			ck_assert_msg(strstr(str_get(&text), line) != NULL, "%s in %s", line, str_get(&text));
			str_free(&text);
		}
		done();
	}
}
END_TEST

SUITE("type", test_as, test_ranges, test_booleans, test_addresses, test_prefixes, test_lengths, test_modes, test_sizes)
