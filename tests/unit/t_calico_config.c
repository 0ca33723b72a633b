/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of conf/calico: BGPConfiguration and what a family of the model says of the own node. */
#include "tests/unit/calicotest.h"

/* Everything there is of a node that nothing is configured for. */
START_TEST(test_defaults)
{
	begin();
	node("kube-master", "ipv4Address: 10.192.0.2/16");
	expect(
	    "",
	    "{node: kube-master,"
	    " ipv4: {bgp: true, router_id: 10.192.0.2, as: 64512, listen: {address: null, port: 179}, log: "
	    "info,"
	    "  normal_priority: 1024, connected: ['-cali*', '-kube-ipvs*', '*'], sessions: [], static: [], "
	    "aggregate: [],"
	    "  communities: [], export: {disabled_pools: [], internal_reject_interfaces: ['*.cali', "
	    "'*.calico', tunl0],"
	    "   reject_interfaces: ['bpf*.cali'], static_accept: [], rr_service_accept: [], pool_accept: []},"
	    "  kernel: {reject: [], wireguard_reject: [], pools: []}, filters: {}},"
	    " ipv6: {bgp: false, router_id: 10.192.0.2, as: 64512, listen: {address: null, port: 179}, log: "
	    "info,"
	    "  normal_priority: 1024, connected: ['-cali*', '-kube-ipvs*', '*'], sessions: [], static: [], "
	    "aggregate: [],"
	    "  communities: [], export: {disabled_pools: [], internal_reject_interfaces: ['*.cali', "
	    "'*.calico', tunl0],"
	    "   reject_interfaces: ['bpf*.cali'], static_accept: [], rr_service_accept: [], pool_accept: []},"
	    "  kernel: {reject: [], wireguard_reject: [], pools: []}, filters: {}}}");
	complaints("");
	finish();
}
END_TEST

START_TEST(test_no_node)
{
	begin();
	node("kube-node-1", "ipv4Address: 10.192.0.3/16");
	ck_assert_ptr_null(calico_model(world, false));
	complaints("Node kube-master: found no such node");
	node("kube-master", "");
	expect("ipv4.bgp", "false");
	expect("ipv4.router_id", "null");
	complaints("Node kube-master: spec.bgp.ipv4Address: found none");
	del("Node", "kube-master");
	ck_assert_ptr_null(calico_model(world, false));
	finish();
}
END_TEST

/* First four octets of the SHA-256 of the name, of which the first is taken below 224. */
START_TEST(test_router_id)
{
	begin_with(&(struct calico_env){.node = "kube-master", .router_id = "hash"});
	node("kube-master", "ipv4Address: 10.192.0.2/16, ipv6Address: 'fe0a::2/96'");
	expect("ipv4.router_id", "25.79.212.8");
	expect("ipv6.router_id", "25.79.212.8");
	begin_with(&(struct calico_env){.node = "n13", .router_id = "hash"}); /* f4f50ded */
	node("n13", "");
	expect("ipv4.router_id", "212.245.13.237");
	begin_with(&(struct calico_env){.node = "kube-master", .router_id = "10.10.10.10"});
	node("kube-master", "ipv6Address: 'fe0a::2/96'");
	expect("ipv4.bgp", "false");
	expect("ipv6.bgp", "true");
	expect("ipv6.router_id", "10.10.10.10");
	complaints("");
	/* What is set to nothing is not set. */
	begin_with(&(struct calico_env){.node = "kube-master", .router_id = ""});
	node("kube-master", "ipv4Address: 10.192.0.2/16");
	expect("ipv4.router_id", "10.192.0.2");
	finish();
}
END_TEST

START_TEST(test_log)
{
	static const struct {
		const char *level, *want;
	} rows[] = {{"Trace", "none"}, {"Debug", "debug"}, {"Info", "info"},   {"Warning", "none"},
		    {"Error", "none"}, {"Fatal", "none"},  {"debug", "debug"}, {"INFO", "info"}};

	begin();
	node("kube-master", "ipv4Address: 10.192.0.2/16");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *spec = xasprintf("logSeverityScreen: %s", rows[i].level);
		config(spec);
		expect("ipv4.log", rows[i].want);
		expect("ipv6.log", rows[i].want);
		free(spec);
	}
	/* The node's own holds; another node's does not. */
	put_spec("BGPConfiguration", "node.kube-master", "logSeverityScreen: Debug");
	put_spec("BGPConfiguration", "node.kube-node-1", "logSeverityScreen: Fatal");
	expect("ipv4.log", "debug");
	del("BGPConfiguration", "node.kube-master");
	expect("ipv4.log", "info");
	finish();
}
END_TEST

START_TEST(test_as)
{
	begin();
	node("kube-master", "ipv4Address: 10.192.0.2/16");
	config("asNumber: 65001");
	expect("ipv4.as", "65001");
	config("asNumber: '65002'");
	expect("ipv6.as", "65002");
	config("asNumber: '1.10'");
	expect("ipv4.as", "65546");
	config("asNumber: '65535.65535'");
	expect("ipv4.as", "4294967295");
	config("asNumber: 0");
	expect("ipv4.as", "64512");
	complaints("");
	node("kube-master", "ipv4Address: 10.192.0.2/16, asNumber: 64600");
	config("asNumber: 65001");
	expect("ipv4.as", "64600");
	node("kube-master", "ipv4Address: 10.192.0.2/16");
	/* As YAML sees it this is 1.1. */
	config("asNumber: 1.10");
	expect("ipv4.as", "64512");
	complaints("BGPConfiguration default: spec.asNumber: found \"1.1\", expected an AS number");
	config("asNumber: 4294967296");
	complaints("BGPConfiguration default: spec.asNumber: found \"4294967296\", expected an AS number");
	config("asNumber: '65536.1'");
	complaints("BGPConfiguration default: spec.asNumber: found \"65536.1\", expected an AS number");
	finish();
}
END_TEST

START_TEST(test_listen)
{
	begin();
	node("kube-master", "ipv4Address: 10.192.0.2/16, ipv6Address: 'fe0a::2/96'");
	config("listenPort: 178");
	expect("ipv4.listen", "{address: null, port: 178}");
	put_spec("BGPConfiguration", "node.kube-master", "listenPort: 500");
	put_spec("BGPConfiguration", "node.kube-node-1", "listenPort: 501");
	expect("ipv6.listen", "{address: null, port: 500}");
	config("bindMode: NodeIP");
	expect("ipv4.listen", "{address: 10.192.0.2, port: 500}");
	expect("ipv6.listen", "{address: 'fe0a::2', port: 500}");
	config("bindMode: None");
	expect("ipv4.listen", "{address: null, port: 500}");
	/* Of a node's resource three keys count, and this is none of them. */
	put_spec("BGPConfiguration", "node.kube-master",
		 "bindMode: NodeIP, asNumber: 65001, nodeToNodeMeshEnabled: false");
	expect("ipv4.listen", "{address: null, port: 179}");
	expect("ipv4.as", "64512");
	complaints("");
	config("bindMode: Other, listenPort: 65536");
	expect("ipv4.listen", "{address: null, port: 179}");
	complaints(
	    "BGPConfiguration default: spec.bindMode: found \"Other\", which is unknown; it counts as None\n"
	    "BGPConfiguration default: spec.listenPort: found \"65536\", expected a number 1..65535");
	finish();
}
END_TEST

START_TEST(test_interfaces)
{
	begin();
	node("kube-master", "ipv4Address: 10.192.0.2/16");
	config("ignoredInterfaces: [iface-1, 'eth*.5']");
	expect("ipv4.connected", "[-iface-1, '-eth*.5', '-cali*', '-kube-ipvs*', '*']");
	config("ignoredInterfaces: ['*', 'sixteen-letters1', 'a b', fifteen-letters]");
	expect("ipv6.connected", "[-fifteen-letters, '-cali*', '-kube-ipvs*', '*']");
	complaints("BGPConfiguration default: spec.ignoredInterfaces[0]: \n"
		   "BGPConfiguration default: spec.ignoredInterfaces[1]: \n"
		   "BGPConfiguration default: spec.ignoredInterfaces[2]: ");
	finish();
}
END_TEST

START_TEST(test_priorities)
{
	begin();
	node("kube-master", "ipv4Address: 10.192.0.2/16");
	config("ipv4NormalRoutePriority: 5000, ipv6NormalRoutePriority: 80");
	expect("ipv4.normal_priority", "5000");
	expect("ipv6.normal_priority", "80");
	config("ipv4NormalRoutePriority: 2147483646, ipv6NormalRoutePriority: 1");
	expect("ipv4.normal_priority", "2147483646");
	expect("ipv6.normal_priority", "1");
	config("ipv4NormalRoutePriority: 2147483647, ipv6NormalRoutePriority: 0");
	expect("ipv4.normal_priority", "1024");
	expect("ipv6.normal_priority", "1024");
	complaints("BGPConfiguration default: spec.ipv4NormalRoutePriority: found \"2147483647\", expected a "
		   "number 1..2147483646\n"
		   "BGPConfiguration default: spec.ipv6NormalRoutePriority: found \"0\", expected a number "
		   "1..2147483646");
	finish();
}
END_TEST

/* Values and names of the resource's own, each once, in the order of their texts; by prefix as a number. */
START_TEST(test_communities)
{
	begin();
	node("kube-master", "ipv4Address: 10.192.0.2/16");
	config("communities: [{name: std, value: '100:6532'}, {name: large, value: '100:555:107'}],"
	       "prefixAdvertisements: [{cidr: 192.168.0.0/16, communities: [std, '5663:12', large, "
	       "'65535:1', std]},"
	       " {cidr: 10.0.0.5/8, communities: ['1:2']}, {cidr: 'fd00:96::/112', communities: [large, "
	       "large]}]");
	expect("ipv4.communities",
	       "[{cidr: 10.0.0.0/8, add: ['1:2']},"
	       " {cidr: 192.168.0.0/16, add: ['100:555:107', '100:6532', '5663:12', '65535:1']}]");
	expect("ipv6.communities", "[{cidr: 'fd00:96::/112', add: ['100:555:107']}]");
	complaints("");
	/* The same prefix twice is one entry. */
	config("prefixAdvertisements: [{cidr: 10.0.0.0/8, communities: ['2:1', '10:1']}, {cidr: 9.0.0.0/8, "
	       "communities: ['7:7']},"
	       "{cidr: 10.0.0.0/8, communities: ['10:1', '1:9:9']}]");
	expect("ipv4.communities",
	       "[{cidr: 9.0.0.0/8, add: ['7:7']}, {cidr: 10.0.0.0/8, add: ['10:1', '1:9:9', '2:1']}]");
	/* A node's list counts instead, with the names that it brings itself, be it empty for a family or at
	 * all. */
	config("communities: [{name: std, value: '1:1'}], prefixAdvertisements: [{cidr: 10.0.0.0/8, "
	       "communities: [std]}]");
	put_spec("BGPConfiguration", "node.kube-master",
		 "communities: [{name: std, value: '2:2'}], prefixAdvertisements: [{cidr: '2001:db8::/32', "
		 "communities: [std]}]");
	expect("ipv4.communities", "[]");
	expect("ipv6.communities", "[{cidr: '2001:db8::/32', add: ['2:2']}]");
	put_spec("BGPConfiguration", "node.kube-master", "prefixAdvertisements: []");
	expect("ipv4.communities", "[]");
	put_spec("BGPConfiguration", "node.kube-master", "listenPort: 180");
	expect("ipv4.communities", "[{cidr: 10.0.0.0/8, add: ['1:1']}]");
	del("BGPConfiguration", "default");
	expect("ipv4.communities", "[]");
	finish();
}
END_TEST

START_TEST(test_communities_wrong)
{
	begin();
	node("kube-master", "ipv4Address: 10.192.0.2/16");
	config("communities: [{name: odd, value: 'x'}], prefixAdvertisements: ["
	       "{cidr: 10.0.0.0/8, communities: [none, odd, '65536:1', '1:4294967296:1', '1', '1:2:3:4', "
	       "'1:', '1:2']}, {cidr: here}]");
	expect("ipv4.communities", "[{cidr: 10.0.0.0/8, add: ['1:2']}]");
	complaints(
	    "BGPConfiguration default: spec.prefixAdvertisements[0].communities: found \"1\", \n"
	    "BGPConfiguration default: spec.prefixAdvertisements[0].communities: found \"1:\", \n"
	    "BGPConfiguration default: spec.prefixAdvertisements[0].communities: found \"1:2:3:4\", \n"
	    "BGPConfiguration default: spec.prefixAdvertisements[0].communities: found \"1:4294967296:1\", \n"
	    "BGPConfiguration default: spec.prefixAdvertisements[0].communities: found \"65536:1\", \n"
	    "BGPConfiguration default: spec.prefixAdvertisements[0].communities: found \"none\", \n"
	    "BGPConfiguration default: spec.prefixAdvertisements[0].communities: found \"x\", \n"
	    "BGPConfiguration default: spec.prefixAdvertisements[1].cidr: found \"here\", expected a prefix");
	finish();
}
END_TEST

START_TEST(test_other_names)
{
	begin();
	node("kube-master", "ipv4Address: 10.192.0.2/16");
	put_spec("BGPConfiguration", "other", "asNumber: 65001");
	expect("ipv4.as", "64512");
	complaints("BGPConfiguration other: metadata.name: found \"other\", which is not looked at");
	ck_assert(!calico_put(world, "NetworkPolicy", "default", "x", NULL));
	ck_assert(!calico_del(world, "BGPConfiguration", NULL, "none"));
	finish();
}
END_TEST

SUITE("calico_config", test_defaults, test_no_node, test_router_id, test_log, test_as, test_listen,
      test_interfaces, test_priorities, test_communities, test_communities_wrong, test_other_names)
