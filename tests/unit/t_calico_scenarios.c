/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of conf/calico: small clusters as a whole, and what follows when they change step by step. */
#include "tests/unit/calicotest.h"

START_TEST(test_ipip_always)
{
	three_nodes();
	six_blocks();
	config("");
	put_spec("IPPool", "p", "cidr: 192.168.0.0/16, ipipMode: Always, natOutgoing: true");
	names("ipv4", "Mesh_10_192_0_3 Mesh_10_192_0_4");
	session("ipv4", "Mesh_10_192_0_3",
		"remote_as: 64512, source: 10.192.0.2, passive: true, internal: true");
	session("ipv4", "Mesh_10_192_0_4", "passive: true");
	expect("ipv4.static", "[{prefix: 10.0.0.0/30, via: null}, {prefix: 10.1.0.0/24, via: null}, {prefix: "
			      "192.168.221.64/26, via: null},"
			      "{prefix: 192.168.221.192/26, via: null}]");
	expect("ipv4.aggregate",
	       "[10.0.0.0/30, 10.1.0.0/24, 10.2.0.1/32, 192.168.221.64/26, 192.168.221.192/26]");
	expect(
	    "ipv4.kernel",
	    "{reject: [], wireguard_reject: [], pools: [{cidr: 192.168.0.0/16, action: reject, tunnel: null,"
	    "unless_next_hop_in: null}]}");
	expect("ipv4.export.pool_accept", "[192.168.0.0/16]");
	expect("ipv6.bgp", "false");
	expect("ipv6.static", "[]");
	/* A node goes. */
	del("Node", "kube-node-2");
	names("ipv4", "Mesh_10_192_0_3");
	finish();
}
END_TEST

START_TEST(test_communities)
{
	three_nodes();
	config(
	    "communities: [{name: s, value: '100:6532'}, {name: l, value: '100:555:107'}], listenPort: 177,"
	    "prefixAdvertisements: [{cidr: 192.168.0.0/16, communities: [s, '5663:12', l]}, {cidr: "
	    "'fd00:96::/112', communities: [l, l]}]");
	expect("ipv4.listen", "{address: null, port: 177}");
	session("ipv4", "Mesh_10_192_0_3", "port: 177");
	expect("ipv4.communities", "[{cidr: 192.168.0.0/16, add: ['100:555:107', '100:6532', '5663:12']}]");
	put_spec("BGPConfiguration", "node.kube-master",
		 "listenPort: 180, prefixAdvertisements: [{cidr: 192.168.0.0/16, communities: ['7:7']}]");
	expect("ipv4.listen", "{address: null, port: 180}");
	session("ipv4", "Mesh_10_192_0_3", "port: 177");
	expect("ipv4.communities", "[{cidr: 192.168.0.0/16, add: ['7:7']}]");
	expect("ipv6.communities", "[]");
	finish();
}
END_TEST

/* Blocks and ranges are announced by kernel means even if there is no BGP of that family. */
START_TEST(test_no_address)
{
	begin_with(&(struct calico_env){.node = "kube-master", .router_id = "10.10.10.10"});
	node("kube-master", "");
	node("kube-node-1", "ipv4Address: 10.192.0.3/16");
	six_blocks();
	config("serviceClusterIPs: [{cidr: 10.101.0.0/16}]");
	put_spec("IPPool", "p", "cidr: 192.168.0.0/16");
	expect("ipv4.bgp", "false");
	expect("ipv4.router_id", "10.10.10.10");
	expect("ipv4.sessions", "[]");
	expect("ipv4.kernel", "{reject: [10.101.0.0/16], wireguard_reject: [], pools: []}");
	expect("ipv4.export.static_accept", "[10.101.0.0/16]");
	expect("ipv4.aggregate",
	       "[10.0.0.0/30, 10.1.0.0/24, 10.2.0.1/32, 192.168.221.64/26, 192.168.221.192/26]");
	complaints("");
	finish();
}
END_TEST

START_TEST(test_reflector)
{
	begin();
	config("nodeToNodeMeshEnabled: false, asNumber: 64532");
	labelled("kube-master",
		 "ipv4Address: 10.192.0.2/16, ipv6Address: 'fe0a::2/96', routeReflectorClusterID: 10.0.0.1",
		 "rr: 'yes'");
	labelled("kube-node-1", "ipv4Address: 10.192.0.3/16, ipv6Address: 'fe0a::3/96'", "");
	labelled("kube-node-2", "ipv4Address: 10.192.0.4/16, ipv6Address: 'fe0a::4/96'", "");
	peer("ext4", "nodeSelector: has(rr), peerIP: 172.19.4.87, asNumber: 64533");
	peer("ext6", "nodeSelector: has(rr), peerIP: '[ac13::57]:50', asNumber: 64533");
	peer("nodes", "nodeSelector: '!has(rr)', peerSelector: has(rr)");
	names("ipv4", "Node_10_192_0_3 Node_10_192_0_4 Node_172_19_4_87");
	names("ipv6", "Node_ac13__57_port_50 Node_fe0a__3 Node_fe0a__4");
	session("ipv4", "Node_10_192_0_3",
		"remote_as: 64532, source: 10.192.0.2, internal: true, rr_client: 10.0.0.1, passive: false");
	session("ipv4", "Node_172_19_4_87",
		"remote_as: 64533, internal: false, rr_client: null, passive: false");
	session("ipv6", "Node_ac13__57_port_50",
		"remote: 'ac13::57', port: 50, remote_as: 64533, source: 'fe0a::2', internal: false");
	session("ipv6", "Node_fe0a__3", "rr_client: 10.0.0.1, source: 'fe0a::2'");
	expect("ipv6.router_id", "10.192.0.2");
	finish();
}
END_TEST

/* The mesh but for the reflector, which is reached by a peer. */
START_TEST(test_reflector_and_mesh)
{
	three_nodes();
	labelled("kube-node-2", "ipv4Address: 10.192.0.4/16, routeReflectorClusterID: 10.0.0.1", "rr: 'yes'");
	peer("rr", "nodeSelector: all(), peerSelector: has(rr)");
	names("ipv4", "Mesh_10_192_0_3 Node_10_192_0_4");
	session("ipv4", "Mesh_10_192_0_3", "passive: true");
	session("ipv4", "Node_10_192_0_4", "passive: false, rr_client: null");
	complaints("");
	finish();
}
END_TEST

START_TEST(test_global)
{
	three_nodes();
	config("nodeToNodeMeshEnabled: false, bindMode: NodeIP, listenPort: 150, logSeverityScreen: Debug");
	node("kube-node-3", "ipv4Address: 10.192.0.1/16");
	peer("a", "peerIP: 10.192.0.3, asNumber: 64512, sourceAddress: None");
	peer("b", "peerIP: 10.192.0.1, asNumber: 64512");
	peer("c", "peerIP: '10.192.0.1:166', asNumber: 64512");
	peer("d", "peerIP: 10.192.0.9, asNumber: 64512");
	names("ipv4", "Global_10_192_0_1_port_150 Global_10_192_0_1_port_166 Global_10_192_0_3_port_150 "
		      "Global_10_192_0_9");
	session("ipv4", "Global_10_192_0_3_port_150", "passive: true, source: null, port: 150");
	session("ipv4", "Global_10_192_0_1_port_166", "passive: false, source: 10.192.0.2, port: 166");
	session("ipv4", "Global_10_192_0_9", "passive: false, port: 179");
	expect("ipv4.listen", "{address: 10.192.0.2, port: 150}");
	expect("ipv4.log", "debug");
	finish();
}
END_TEST

/* A port of the other nodes comes and goes. */
START_TEST(test_selectors)
{
	three_nodes();
	config("nodeToNodeMeshEnabled: false");
	labelled("kube-node-1", "ipv4Address: 10.192.0.3/16", "rr: 'yes'");
	peer("p", "nodeSelector: '!has(rr)', peerSelector: has(rr)");
	put_spec("BGPConfiguration", "node.kube-node-1", "listenPort: 500");
	names("ipv4", "Node_10_192_0_3_port_500");
	del("BGPConfiguration", "node.kube-node-1");
	names("ipv4", "Node_10_192_0_3");
	/* A peer for all that means the same is the one session. */
	peer("q", "peerSelector: has(rr)");
	names("ipv4", "Global_10_192_0_3");
	finish();
}
END_TEST

START_TEST(test_source_and_restart)
{
	three_nodes();
	config("nodeToNodeMeshEnabled: false");
	peer("p", "node: kube-master, peerIP: 10.225.0.4, asNumber: 64523, sourceAddress: UseNodeIP");
	session("ipv4", "Node_10_225_0_4", "source: 10.192.0.2, restart_time_s: null");
	peer("p", "node: kube-master, peerIP: 10.225.0.4, asNumber: 64523, sourceAddress: None");
	session("ipv4", "Node_10_225_0_4", "source: null, restart_time_s: null");
	peer("p", "node: kube-master, peerIP: 10.225.0.4, asNumber: 64523, sourceAddress: None, "
		  "maxRestartTime: 10s");
	session("ipv4", "Node_10_225_0_4", "source: null, restart_time_s: 10");
	finish();
}
END_TEST

/* Filters are for peers: the mesh has none, and one that is deleted is gone from the sessions. */
START_TEST(test_filters)
{
	three_nodes();
	put_spec("BGPFilter", "one", "importV4: [{action: Accept}], exportV4: [{action: Reject}]");
	put_spec("BGPFilter", "two", "exportV4: [{action: Reject}], importV6: [{action: Reject}]");
	peer("p", "peerIP: 10.9.0.1, asNumber: 65001, filters: [two, one]");
	session("ipv4", "Mesh_10_192_0_3", "import_filters: [], export_filters: []");
	session("ipv4", "Global_10_9_0_1", "import_filters: [one], export_filters: [two, one]");
	del("BGPFilter", "two");
	session("ipv4", "Global_10_9_0_1", "import_filters: [one], export_filters: [one]");
	del("BGPFilter", "one");
	session("ipv4", "Global_10_9_0_1", "import_filters: [], export_filters: []");
	complaints("");
	finish();
}
END_TEST

/* A peer that all have and one of this node's with the same meaning are one session. */
START_TEST(test_twice)
{
	three_nodes();
	config("nodeToNodeMeshEnabled: false");
	labelled("kube-node-1", "ipv4Address: 10.192.0.3/16", "rr: 'yes'");
	peer("all", "peerSelector: has(rr)");
	peer("node", "node: kube-master, peerSelector: has(rr)");
	peer("selected", "nodeSelector: '!has(rr)', peerSelector: has(rr)");
	names("ipv4", "Global_10_192_0_3");
	finish();
}
END_TEST

/* Secrets come, change, lose the key and go while a hundred nodes are there. */
START_TEST(test_password_among_many)
{
	begin();
	for (unsigned i = 1; i <= 99; i++) {
		char *name = xasprintf("node%u", i), *bgp = xasprintf("ipv4Address: 10.24.0.%u/24", i);
		node(name, bgp);
		free(name);
		free(bgp);
	}
	node("kube-master", "ipv4Address: 10.24.0.200/24");
	config("nodeMeshPassword: {secretKeyRef: {name: my-secrets-1, key: a}}");
	peer("p", "node: kube-master, peerIP: 10.225.0.4, asNumber: 64523, password: {secretKeyRef: {name: my-secrets-1, key: b}}");
	session("ipv4", "Mesh_10_24_0_99", "password: null");
	session("ipv4", "Node_10_225_0_4", "password: null");
	put_in("Secret", "kube-system", "my-secrets-1", "{stringData: {a: password-a, b: password-b}}");
	session("ipv4", "Mesh_10_24_0_1", "password: password-a");
	session("ipv4", "Mesh_10_24_0_99", "password: password-a");
	session("ipv4", "Node_10_225_0_4", "password: password-b");
	put_in("Secret", "kube-system", "my-secrets-1", "{stringData: {a: new-a, b: password-b}}");
	session("ipv4", "Mesh_10_24_0_50", "password: new-a");
	put_in("Secret", "kube-system", "my-secrets-1", "{stringData: {b: password-b}}");
	session("ipv4", "Mesh_10_24_0_50", "password: null");
	session("ipv4", "Node_10_225_0_4", "password: password-b");
	ck_assert(calico_del(world, "Secret", "kube-system", "my-secrets-1"));
	session("ipv4", "Node_10_225_0_4", "password: null");
	json_t *m = model();
	ck_assert_uint_eq(json_array_size(at(m, "ipv4.sessions")), 100);
	json_decref(m);
	finish();
}
END_TEST

/* Pools of all kinds with the default of who programs: what is rejected, and that all are announced nevertheless. */
START_TEST(test_pools)
{
	three_nodes();
	node("kube-master", "ipv4Address: 10.192.0.2/16, ipv6Address: '2001::103/64'");
	node("kube-node-1", "ipv4Address: 10.192.0.3/16, ipv6Address: '2001::102/64'");
	node("kube-node-2", "ipv4Address: 10.192.0.6/16, ipv6Address: '2001::104/64'");
	put_spec("IPPool", "off", "cidr: 192.168.0.0/16, ipipMode: Never");
	put_spec("IPPool", "off-6", "cidr: '2002::/64', ipipMode: Never");
	put_spec("IPPool", "vxlan", "cidr: 192.169.0.0/16, vxlanMode: Always");
	put_spec("IPPool", "vxlan-6", "cidr: '2003::/64', vxlanMode: Always");
	put_spec("IPPool", "cross", "cidr: 192.170.0.0/16, ipipMode: CrossSubnet");
	put_spec("IPPool", "hidden", "cidr: 192.171.0.0/16, disableBGPExport: true");
	names("ipv4", "Mesh_10_192_0_3 Mesh_10_192_0_6");
	session("ipv6", "Mesh_2001__102", "passive: false");
	session("ipv6", "Mesh_2001__104", "passive: true");
	expect("ipv4.kernel.pools",
	       "[{cidr: 192.168.0.0/16, action: accept, tunnel: null, unless_next_hop_in: null},"
	       " {cidr: 192.169.0.0/16, action: reject, tunnel: null, unless_next_hop_in: null},"
	       " {cidr: 192.170.0.0/16, action: reject, tunnel: null, unless_next_hop_in: null},"
	       " {cidr: 192.171.0.0/16, action: accept, tunnel: null, unless_next_hop_in: null}]");
	expect("ipv6.kernel.pools", "[{cidr: '2003::/64', action: reject, tunnel: null, unless_next_hop_in: null}]");
	expect("ipv4.export.pool_accept", "[192.168.0.0/16, 192.169.0.0/16, 192.170.0.0/16]");
	expect("ipv4.export.disabled_pools", "[192.171.0.0/16]");
	expect("ipv6.export.pool_accept", "['2002::/64', '2003::/64']");
	finish();
}
END_TEST

/* Hops and next hops by each way in which a peer can be said. */
START_TEST(test_ways)
{
	static const struct {
		const char *spec, *name;
	} ways[] = {
	    {"node: kube-master, peerIP: 10.192.0.3", "Node_10_192_0_3"},
	    {"nodeSelector: all(), peerSelector: has(other)", "Node_10_192_0_3"},
	    {"peerSelector: has(other)", "Global_10_192_0_3"},
	    {"peerIP: 10.192.0.3", "Global_10_192_0_3"},
	};

	three_nodes();
	config("nodeToNodeMeshEnabled: false");
	labelled("kube-node-1", "ipv4Address: 10.192.0.3/16", "other: ''");
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		char *spec = xasprintf("%s, ttlSecurity: %zu, nextHopMode: %s", ways[i].spec, i + 1, i % 2 == 0 ? "Keep" : "Self");
		char *want = xasprintf("ttl_security: %zu, next_hop: %s", i + 1, i % 2 == 0 ? "keep" : "self");
		peer("p", spec);
		names("ipv4", ways[i].name);
		session("ipv4", ways[i].name, want);
		free(spec);
		free(want);
	}
	/* As the other side of such a peer it has them, too. */
	peer("p", "node: kube-node-1, peerIP: 10.192.0.2, ttlSecurity: 7, nextHopMode: Keep, keepaliveTime: 20s");
	session("ipv4", "Node_10_192_0_3", "ttl_security: 7, next_hop: keep, keepalive_s: 20");
	finish();
}
END_TEST

/* Priorities of addresses that move between clusters, in communities and paths: eBGP and iBGP, both directions. */
START_TEST(test_priorities_over_ebgp)
{
	three_nodes();
	put_spec("BGPFilter", "move",
		 "exportV4: [{peerType: eBGP, priority: 100, action: Accept, operations: [{addCommunity: {value: '65000:100'}}]},"
		 " {peerType: eBGP, priority: 200, action: Accept, operations: [{addCommunity: {value: '65000:200'}}, {prependASPath: {prefix: [65000]}}]},"
		 " {action: Reject}],"
		 "importV4: [{communities: {values: ['65000:100']}, action: Accept, operations: [{setPriority: {value: 100}}]},"
		 " {asPathPrefix: [65000], action: Accept, operations: [{setPriority: {value: 200}}]}, {action: Accept}]");
	peer("p", "peerIP: 10.9.0.1, asNumber: 65001, filters: [move]");
	session("ipv4", "Global_10_9_0_1", "internal: false, import_filters: [move], export_filters: [move]");
#define NOTHING "cidr: null, operator: null, prefix_length: null, source: null, interface: null"
	expect("ipv4.filters.move.export",
	       "[{" NOTHING ", peer_type: eBGP, community: null, as_path_prefix: null, priority: 100, action: Accept,"
	       "  operations: [{add_community: '65000:100'}]},"
	       " {" NOTHING ", peer_type: eBGP, community: null, as_path_prefix: null, priority: 200, action: Accept,"
	       "  operations: [{add_community: '65000:200'}, {prepend_as_path: [65000]}]},"
	       " {" NOTHING ", peer_type: null, community: null, as_path_prefix: null, priority: null, action: Reject, operations: []}]");
	expect("ipv4.filters.move.import",
	       "[{" NOTHING ", peer_type: null, community: '65000:100', as_path_prefix: null, priority: null, action: Accept,"
	       "  operations: [{set_priority: 100}]},"
	       " {" NOTHING ", peer_type: null, community: null, as_path_prefix: [65000], priority: null, action: Accept,"
	       "  operations: [{set_priority: 200}]},"
	       " {" NOTHING ", peer_type: null, community: null, as_path_prefix: null, priority: null, action: Accept, operations: []}]");
	finish();
}
END_TEST

SUITE("calico_scenarios", test_ipip_always, test_communities, test_no_address, test_reflector,
      test_reflector_and_mesh, test_global, test_selectors, test_source_and_restart, test_filters, test_twice,
      test_password_among_many, test_pools, test_ways, test_priorities_over_ebgp)
