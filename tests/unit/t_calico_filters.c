/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of conf/calico: BGPFilters as rules of the model, and what is wrong with some. */
#include "tests/unit/calicotest.h"

/* What a rule has unless it is said. */
#define ANY                                                                                                  \
	"cidr: null, operator: null, prefix_length: null, source: null, interface: null, peer_type: null, "  \
	"community: null, "                                                                                  \
	"as_path_prefix: null, priority: null, action: Accept, operations: []"

static void
setup(void)
{
	begin();
	node("kube-master", "ipv4Address: 10.192.0.2/16");
}

static void
filter(const char *name, const char *spec)
{
	put_spec("BGPFilter", name, spec);
}

/* One rule of importV4 in the model: ANY but for some keys. */
static void
rule(const char *text, const char *want)
{
	char *spec = xasprintf("importV4: [{%s}]", text), *w = xasprintf("{%s}", want);
	json_t *all = value_of("{" ANY "}"), *other = value_of(w);

	json_object_update(all, other);
	char *dump = json_dumps(all, 0), *expected = xasprintf("{import: [%s], export: []}", dump);
	filter("f", spec);
	expect("ipv4.filters.f", expected);
	complaints("");
	json_decref(all);
	json_decref(other);
	free(spec);
	free(w);
	free(dump);
	free(expected);
}

START_TEST(test_conditions)
{
	setup();
	rule("action: Accept", "action: Accept");
	rule("action: Reject", "action: Reject");
	rule("action: Accept, cidr: 10.0.0.0/8, matchOperator: Equal", "cidr: 10.0.0.0/8, operator: Equal");
	rule("action: Accept, cidr: 10.1.0.0/8, matchOperator: NotEqual",
	     "cidr: 10.0.0.0/8, operator: NotEqual");
	rule("action: Accept, cidr: 10.0.0.0/8, matchOperator: In", "cidr: 10.0.0.0/8, operator: In");
	rule("action: Accept, cidr: 10.0.0.0/8, matchOperator: NotIn", "cidr: 10.0.0.0/8, operator: NotIn");
	rule("action: Accept, source: RemotePeers", "source: RemotePeers");
	rule("action: Accept, interface: 'eth*'", "interface: 'eth*'");
	rule("action: Accept, peerType: eBGP", "peer_type: eBGP");
	rule("action: Accept, peerType: iBGP", "peer_type: iBGP");
	rule("action: Accept, communities: {values: ['65000:100']}", "community: '65000:100'");
	rule("action: Accept, communities: {values: ['65000:1:2']}", "community: '65000:1:2'");
	rule("action: Accept, asPathPrefix: [65000, '1.10']", "as_path_prefix: [65000, 65546]");
	rule("action: Accept, asPathPrefix: []", "as_path_prefix: null");
	rule("action: Accept, priority: 100", "priority: 100");
	rule("action: Reject, cidr: 10.0.0.0/8, matchOperator: In, source: RemotePeers, interface: eth0, "
	     "peerType: iBGP,"
	     "priority: 7, asPathPrefix: [1], communities: {values: ['1:1']}",
	     "action: Reject, cidr: 10.0.0.0/8, operator: In, source: RemotePeers, interface: eth0, "
	     "peer_type: iBGP,"
	     "priority: 7, as_path_prefix: [1], community: '1:1'");
	finish();
}
END_TEST

/* Between what the prefix has, or min, and what the family has, or max; of no account without a prefix. */
START_TEST(test_lengths)
{
	setup();
	rule("action: Accept, cidr: 10.0.0.0/8, matchOperator: In, prefixLength: {min: 16, max: 24}",
	     "cidr: 10.0.0.0/8, operator: In, prefix_length: {min: 16, max: 24}");
	rule("action: Accept, cidr: 10.0.0.0/8, matchOperator: NotIn, prefixLength: {min: 4}",
	     "cidr: 10.0.0.0/8, operator: NotIn, prefix_length: {min: 8, max: 32}");
	rule("action: Accept, cidr: 10.0.0.0/8, matchOperator: In, prefixLength: {max: 26}",
	     "cidr: 10.0.0.0/8, operator: In, prefix_length: {min: 8, max: 26}");
	rule("action: Accept, prefixLength: {min: 16, max: 24}", "prefix_length: null");
	filter("f", "exportV6: [{action: Accept, cidr: '2001:db8::/32', matchOperator: In, prefixLength: "
		    "{min: 48}}]");
	expect("ipv6.filters", "{f: {import: [], export: [{cidr: '2001:db8::/32', operator: In, "
			       "prefix_length: {min: 48, max: 128},"
			       "source: null, interface: null, peer_type: null, community: null, "
			       "as_path_prefix: null, priority: null,"
			       "action: Accept, operations: []}]}}");
	finish();
}
END_TEST

START_TEST(test_operations)
{
	setup();
	rule("action: Accept, operations: [{addCommunity: {value: '65000:100'}}, {prependASPath: {prefix: "
	     "[65000, 65001]}},"
	     "{setPriority: {value: 200}}, {addCommunity: {value: '1:2:3'}}]",
	     "operations: [{add_community: '65000:100'}, {prepend_as_path: [65000, 65001]}, {set_priority: "
	     "200},"
	     "{add_community: '1:2:3'}]");
	rule("action: Reject, operations: []", "action: Reject");
	finish();
}
END_TEST

/* Families and directions by themselves; in a family without rules a filter is not there. */
START_TEST(test_families)
{
	setup();
	filter("a", "importV4: [{action: Accept}, {action: Reject, interface: x}]");
	filter("b", "exportV6: [{action: Reject}]");
	filter("c", "importV4: [], exportV6: []");
	filter("d", "importV4: [{action: Accept}], exportV4: [{action: Accept}], importV6: [{action: "
		    "Accept}], exportV6: [{action: Accept}]");
	expect("ipv4.filters", "{a: {import: [{" ANY "}, {cidr: null, operator: null, prefix_length: null, "
			       "source: null, interface: x, peer_type: null, community: null, "
			       "as_path_prefix: null, priority: null, "
			       "action: Reject, operations: []}], export: []},"
			       " d: {import: [{" ANY "}], export: [{" ANY "}]}}");
	expect("ipv6.filters",
	       "{b: {import: [], export: [{cidr: null, operator: null, prefix_length: null, "
	       "source: null, interface: null, peer_type: null, community: null, as_path_prefix: null, "
	       "priority: null, action: Reject, operations: []}]}, d: {import: [{" ANY "}], export: [{" ANY
	       "}]}}");
	del("BGPFilter", "a");
	del("BGPFilter", "d");
	expect("ipv4.filters", "{}");
	finish();
}
END_TEST

/* However long: nothing shortens them. */
START_TEST(test_names)
{
	static const char name[] = "a-name.that-has-seventy-two-characters-of-which-the-present-system-drops";

	setup();
	filter(name, "importV4: [{action: Accept}]");
	peer("p", "peerIP: 10.0.0.9, asNumber: 65001, filters: "
		  "[a-name.that-has-seventy-two-characters-of-which-the-present-system-drops]");
	ck_assert_uint_eq(strlen(name), 72);
	expect("ipv4.sessions",
	       "[{name: Global_10_0_0_9, remote: 10.0.0.9, port: 179, remote_as: 65001, local_as: 64512,"
	       "source: 10.192.0.2, ttl_security: null, passive: false, internal: false, rr_client: null, "
	       "next_hop: auto,"
	       "restart_time_s: null, keepalive_s: null, allow_own_as: 0, password: null,"
	       "import_filters: [a-name.that-has-seventy-two-characters-of-which-the-present-system-drops], "
	       "export_filters: []}]");
	finish();
}
END_TEST

/* The whole filter is left out, its name is told, and all else goes on. */
static void
wrong(const char *spec, const char *complaint)
{
	char *line = xasprintf("BGPFilter bad: spec.%s", complaint);

	setup();
	filter("good", "importV4: [{action: Accept}]");
	filter("bad", spec);
	peer("p", "peerIP: 10.0.0.9, asNumber: 65001, filters: [bad, good]");
	complaints(line);
	expect("ipv4.filters", "{good: {import: [{" ANY "}], export: []}}");
	session("ipv4", "Global_10_0_0_9", "import_filters: [good]");
	/* Mended, it is there again. */
	filter("bad", "importV4: [{action: Accept}]");
	complaints("");
	session("ipv4", "Global_10_0_0_9", "import_filters: [bad, good]");
	finish();
	free(line);
}

/* Names become those of policies in YAML, which they must not break or add to. */
START_TEST(test_odd_names)
{
	static const char *const names[] = {"a: b", "a\n  b", "a, calico-kernel", "[a", "a#", "a&b", ""};

	setup();
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		filter(names[i], "importV4: [{action: Accept}]");
		expect("ipv4.filters", "{}");
		complaints("BGPFilter ");
		del("BGPFilter", names[i]);
	}
	filter("A.b-c_9", "importV4: [{action: Accept}]");
	complaints("");
	finish();
}
END_TEST

START_TEST(test_wrong)
{
	wrong("importV4: [{}]", "importV4[0].action: found none");
	wrong("importV4: [{action: accept}]",
	      "importV4[0].action: found \"accept\", which is unknown: the filter is left out");
	wrong("importV4: [{action: Accept}, {action: Accept, cidr: 10.0.0.0/8}]",
	      "importV4[1].matchOperator: found none");
	wrong("importV4: [{action: Accept, cidr: 10.0.0.0/8, matchOperator: Within}]",
	      "importV4[0].matchOperator: found \"Within\"");
	wrong("importV4: [{action: Accept, cidr: here, matchOperator: In}]",
	      "importV4[0].cidr: found \"here\", expected an IPv4 prefix");
	wrong("importV4: [{action: Accept, cidr: '2001:db8::/32', matchOperator: In}]",
	      "importV4[0].cidr: found \"2001:db8::/32\"");
	wrong("exportV6: [{action: Accept, cidr: 10.0.0.0/8, matchOperator: In}]",
	      "exportV6[0].cidr: found \"10.0.0.0/8\"");
	wrong("exportV4: [{action: Accept, cidr: 10.0.0.0/8, matchOperator: In, prefixLength: {min: 33}}]",
	      "exportV4[0].min: ");
	/* The daemon would refuse them, and with them all that is in the file. */
	wrong("exportV4: [{action: Accept, cidr: 10.0.0.0/8, matchOperator: In, prefixLength: {min: 25, max: 24}}]",
	      "exportV4[0].prefixLength: found no length from 25 up to 24");
	wrong("exportV4: [{action: Accept, cidr: 10.0.0.0/8, matchOperator: NotIn, prefixLength: {max: 7}}]",
	      "exportV4[0].prefixLength: found no length from 8 up to 7");
	wrong("exportV4: [{action: Accept, cidr: 10.0.0.0/8, matchOperator: Equal, prefixLength: {min: 9}}]",
	      "exportV4[0].prefixLength: found it beside a cidr that is compared as it is");
	wrong(
	    "exportV4: [{action: Accept, cidr: 10.0.0.0/8, matchOperator: NotEqual, prefixLength: {max: 9}}]",
	    "exportV4[0].prefixLength: ");
	wrong("exportV4: [{action: Accept, source: Local}]", "exportV4[0].source: found \"Local\"");
	wrong("exportV4: [{action: Accept, peerType: BGP}]", "exportV4[0].peerType: found \"BGP\"");
	wrong("exportV4: [{action: Accept, interface: 'a b'}]", "exportV4[0].interface: found \"a b\"");
	wrong("exportV4: [{action: Accept, communities: {values: []}}]",
	      "exportV4[0].communities.values: expected one");
	wrong("exportV4: [{action: Accept, communities: {values: ['1:1', '2:2']}}]",
	      "exportV4[0].communities.values: expected one");
	wrong("exportV4: [{action: Accept, communities: {values: ['70000:1']}}]",
	      "exportV4[0].communities.values: expected one");
	wrong("exportV4: [{action: Accept, asPathPrefix: [x]}]",
	      "exportV4[0].asPathPrefix: expected a list of AS numbers");
	wrong("exportV4: [{action: Accept, priority: -1}]", "exportV4[0].priority: found no number");
	wrong("exportV4: [{action: Reject, operations: [{setPriority: {value: 1}}]}]",
	      "exportV4[0].operations: found operations of a rule");
	wrong("exportV4: [{action: Accept, operations: [{}]}]", "exportV4[0].operations: expected one of");
	wrong("exportV4: [{action: Accept, operations: [{setPriority: {value: 1}, addCommunity: {value: "
	      "'1:1'}}]}]",
	      "exportV4[0].operations: expected one of");
	wrong("exportV4: [{action: Accept, operations: [{addCommunity: {value: 'x'}}]}]",
	      "exportV4[0].operations: expected addCommunity");
	wrong("exportV4: [{action: Accept, operations: [{prependASPath: {prefix: []}}]}]",
	      "exportV4[0].operations: expected addCommunity");
	wrong("exportV4: [{action: Accept, operations: [{prependASPath: {prefix: [x]}}]}]",
	      "exportV4[0].operations: expected a list");
	wrong("exportV4: [{action: Accept, operations: [{other: 1}]}]",
	      "exportV4[0].operations: expected addCommunity");
}
END_TEST

SUITE("calico_filters", test_conditions, test_lengths, test_operations, test_families, test_names, test_odd_names, test_wrong)
