/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of conf/calico: who has a session with whom, and how: the mesh, BGPPeers, workloads, passwords. */
#include "tests/unit/calicotest.h"

#define V4 "ipv4"
#define V6 "ipv6"

/* ---- the mesh ---- */

START_TEST(test_mesh)
{
	three_nodes();
	node("kube-node-3", "ipv4Address: 10.192.0.10/16, asNumber: 65001");
	node("kube-node-4", "");
	names(V4, "Mesh_10_192_0_10 Mesh_10_192_0_3 Mesh_10_192_0_4");
	expect("ipv6.sessions", "[]");
	/* The text of .10 is below that of .2. */
	session(V4, "Mesh_10_192_0_10",
		"remote: 10.192.0.10, passive: false, remote_as: 65001, internal: false");
	session(V4, "Mesh_10_192_0_3",
		"name: Mesh_10_192_0_3, remote: 10.192.0.3, port: 179, remote_as: 64512, local_as: 64512, "
		"source: 10.192.0.2,"
		"ttl_security: null, passive: true, internal: true, rr_client: null, next_hop: auto, "
		"restart_time_s: null,"
		"keepalive_s: null, allow_own_as: 0, password: null, import_filters: [], export_filters: []");
	config("nodeMeshMaxRestartTime: 1m30.5s");
	session(V4, "Mesh_10_192_0_3", "restart_time_s: 91");
	config("nodeToNodeMeshEnabled: false");
	names(V4, "");
	config("nodeToNodeMeshEnabled: 'true'");
	names(V4, "Mesh_10_192_0_10 Mesh_10_192_0_3 Mesh_10_192_0_4");
	complaints("");
	finish();
}
END_TEST

/* Those without an AS are taken to be in that of the own node, if that has one. */
START_TEST(test_mesh_as)
{
	three_nodes();
	node("kube-master", "ipv4Address: 10.192.0.2/16, asNumber: 65010");
	node("kube-node-2", "ipv4Address: 10.192.0.4/16, asNumber: 64512");
	session(V4, "Mesh_10_192_0_3", "remote_as: 65010, local_as: 65010, internal: true");
	session(V4, "Mesh_10_192_0_4", "remote_as: 64512, local_as: 65010, internal: false");
	finish();
}
END_TEST

/* Ports of the nodes, which names of the mesh do not have. */
START_TEST(test_mesh_ports)
{
	three_nodes();
	config("listenPort: 177");
	put_spec("BGPConfiguration", "node.kube-node-1", "listenPort: 500");
	session(V4, "Mesh_10_192_0_3", "port: 500");
	session(V4, "Mesh_10_192_0_4", "port: 177");
	finish();
}
END_TEST

/* Route reflectors are in no mesh; nodes are told by address. */
START_TEST(test_mesh_who)
{
	three_nodes();
	node("kube-node-1", "ipv4Address: 10.192.0.3/16, routeReflectorClusterID: 1.1.1.1");
	node("twin", "ipv4Address: 10.192.0.2/16");
	names(V4, "Mesh_10_192_0_4");
	node("kube-master", "ipv4Address: 10.192.0.2/16, routeReflectorClusterID: 2.2.2.2");
	names(V4, "");
	node("kube-master", "ipv4Address: 10.192.0.2/16");
	del("Node", "kube-node-2");
	names(V4, "");
	finish();
}
END_TEST

START_TEST(test_mesh_ipv6)
{
	begin();
	node("kube-master", "ipv4Address: 10.192.0.2/16, ipv6Address: '2001::103/64'");
	node("n1", "ipv6Address: '2001:0:0::102/64'");
	node("n2", "ipv4Address: 10.192.0.4/16, ipv6Address: '2001::104/64'");
	names(V4, "Mesh_10_192_0_4");
	names(V6, "Mesh_2001__102 Mesh_2001__104");
	session(V6, "Mesh_2001__102", "remote: '2001::102', source: '2001::103', passive: false");
	session(V6, "Mesh_2001__104", "passive: true");
	finish();
}
END_TEST

/* ---- peerIP ---- */

static void
no_mesh(void)
{
	three_nodes();
	config("nodeToNodeMeshEnabled: false");
}

START_TEST(test_peer_ip)
{
	no_mesh();
	peer("p", "peerIP: 172.19.4.87, asNumber: '1.10'");
	session(V4, "Global_172_19_4_87",
		"remote: 172.19.4.87, port: 179, remote_as: 65546, local_as: 64512, source: 10.192.0.2, "
		"ttl_security: null,"
		"passive: false, internal: false, rr_client: null, next_hop: auto, restart_time_s: null, "
		"keepalive_s: null,"
		"allow_own_as: 0, password: null, import_filters: [], export_filters: []");
	peer("p", "node: kube-master, peerIP: 172.19.4.87, asNumber: 64512");
	names(V4, "Node_172_19_4_87");
	session(V4, "Node_172_19_4_87", "remote_as: 64512, internal: true");
	peer("p", "node: kube-node-1, peerIP: 172.19.4.87, asNumber: 64512");
	names(V4, "");
	/* 0 and nothing are the global AS. */
	config("nodeToNodeMeshEnabled: false, asNumber: 65100");
	node("kube-master", "ipv4Address: 10.192.0.2/16, asNumber: 65001");
	peer("p", "peerIP: 172.19.4.87");
	session(V4, "Global_172_19_4_87", "remote_as: 65100, local_as: 65001");
	peer("p", "peerIP: 172.19.4.87, asNumber: 0");
	session(V4, "Global_172_19_4_87", "remote_as: 65100, local_as: 65001");
	/* The own address is no peer. */
	peer("p", "peerIP: 10.192.0.2, asNumber: 65002");
	names(V4, "");
	finish();
}
END_TEST

START_TEST(test_peer_ports)
{
	no_mesh();
	peer("a", "peerIP: '10.9.0.1:166', asNumber: 65001");
	peer("b", "peerIP: '[fd00::1]:0x50', asNumber: 65001");
	peer("c", "peerIP: '10.9.0.2:179', asNumber: 65001");
	peer("d", "peerIP: '10.9.0.3:0', asNumber: 65001");
	peer("e", "peerIP: '10.9.0.1', asNumber: 65001");
	node("kube-master", "ipv4Address: 10.192.0.2/16, ipv6Address: 'fd00::2/64'");
	names(V4, "Global_10_9_0_1 Global_10_9_0_1_port_166 Global_10_9_0_2_port_179 Global_10_9_0_3");
	session(V4, "Global_10_9_0_1_port_166", "port: 166, remote: 10.9.0.1");
	session(V6, "Global_fd00__1_port_80", "port: 80, remote: 'fd00::1'");
	session(V4, "Global_10_9_0_2_port_179", "port: 179");
	session(V4, "Global_10_9_0_3", "port: 179");
	complaints("");
	finish();
}
END_TEST

/* Without a port: the one on which a node of that address and AS listens. */
START_TEST(test_peer_node_ports)
{
	no_mesh();
	config("nodeToNodeMeshEnabled: false, listenPort: 150");
	put_spec("BGPConfiguration", "node.kube-node-2", "listenPort: 500");
	peer("a", "peerIP: 10.192.0.3, asNumber: 64512");
	peer("b", "peerIP: 10.192.0.4");
	peer("c", "peerIP: 10.192.0.5, asNumber: 64512"); /* no node's */
	names(V4, "Global_10_192_0_3_port_150 Global_10_192_0_4_port_500 Global_10_192_0_5");
	/* Of another AS: not the node that is meant, but an address of a node's all the same. */
	peer("a", "peerIP: 10.192.0.3, asNumber: 64513");
	session(V4, "Global_10_192_0_3", "port: 179, passive: true");
	peer("a", "peerIP: '10.192.0.3:166', asNumber: 64512");
	session(V4, "Global_10_192_0_3_port_166", "port: 166, passive: true");
	finish();
}
END_TEST

/* Who waits: for a node that all have as a peer, by the texts of the addresses. */
START_TEST(test_passive)
{
	no_mesh();
	node("kube-node-3", "ipv4Address: 10.192.0.10/16");
	peer("a", "peerIP: 10.192.0.3, asNumber: 64512");
	peer("b", "peerIP: 10.192.0.10, asNumber: 64512");
	peer("c", "peerIP: 10.192.0.200, asNumber: 64512"); /* no node's */
	session(V4, "Global_10_192_0_3", "passive: true");
	session(V4, "Global_10_192_0_10", "passive: false");
	session(V4, "Global_10_192_0_200", "passive: false");
	peer("a", "node: kube-master, peerIP: 10.192.0.3, asNumber: 64512");
	session(V4, "Node_10_192_0_3", "passive: false");
	del("BGPPeer", "a");
	peer("b", "peerSelector: all()");
	session(V4, "Global_10_192_0_3", "passive: false");
	finish();
}
END_TEST

/* All that is said of the session itself. */
START_TEST(test_peer_fields)
{
	no_mesh();
	put("BGPFilter", "both", "{spec: {importV4: [{action: Accept}], exportV4: [{action: Accept}]}}");
	put("BGPFilter", "in", "{spec: {importV4: [{action: Accept}]}}");
	put("BGPFilter", "six", "{spec: {importV6: [{action: Accept}]}}");
	peer("p", "peerIP: 10.9.0.1, asNumber: 65001, localASNumber: 65001, sourceAddress: None, "
		  "maxRestartTime: 10s, keepaliveTime: 1m,"
		  "numAllowedLocalASNumbers: 2, ttlSecurity: 3, filters: [in, six, none, both]");
	session(V4, "Global_10_9_0_1",
		"remote_as: 65001, local_as: 65001, internal: true, source: null, restart_time_s: 10, "
		"keepalive_s: 60, allow_own_as: 2,"
		"ttl_security: 3, import_filters: [in, both], export_filters: [both]");
	peer("p", "peerIP: 10.9.0.1, asNumber: 65001, localASNumber: 0, sourceAddress: UseNodeIP, "
		  "ttlSecurity: 0, filters: []");
	session(
	    V4, "Global_10_9_0_1",
	    "local_as: 64512, internal: false, source: 10.192.0.2, ttl_security: null, import_filters: []");
	/* By selector neither an AS of ours nor allowed ones count, but the rest does. */
	peer("p", "peerSelector: all(), localASNumber: 65001, numAllowedLocalASNumbers: 2, ttlSecurity: 1, "
		  "nextHopMode: Keep,"
		  "maxRestartTime: 500ms, keepaliveTime: 1.4s, filters: [both, in]");
	session(V4, "Global_10_192_0_3",
		"remote_as: 64512, local_as: 64512, allow_own_as: 0, ttl_security: 1, next_hop: keep, "
		"restart_time_s: 1, keepalive_s: 1,"
		"import_filters: [both, in], export_filters: [both]");
	complaints("");
	finish();
}
END_TEST

START_TEST(test_next_hop)
{
	static const struct {
		const char *spec, *ebgp, *ibgp;
	} rows[] = {
	    {"", "auto", "auto"},
	    {"nextHopMode: Auto", "auto", "auto"},
	    {"nextHopMode: Self", "self", "self"},
	    {"nextHopMode: Keep", "keep", "keep"},
	    {"keepOriginalNextHop: true", "keep", "auto"},
	    {"keepOriginalNextHop: false", "auto", "auto"},
	};

	no_mesh();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *e = xasprintf("peerIP: 10.9.0.1, asNumber: 65001, %s", rows[i].spec);
		char *n = xasprintf("peerIP: 10.9.0.2, asNumber: 64512, %s", rows[i].spec);
		char *want_e = xasprintf("next_hop: %s", rows[i].ebgp),
		     *want_n = xasprintf("next_hop: %s", rows[i].ibgp);
		peer("e", e);
		peer("n", n);
		session(V4, "Global_10_9_0_1", want_e);
		session(V4, "Global_10_9_0_2", want_n);
		free(e);
		free(n);
		free(want_e);
		free(want_n);
	}
	finish();
}
END_TEST

/* ---- selectors and reflectors ---- */

START_TEST(test_selectors)
{
	begin();
	config("nodeToNodeMeshEnabled: false");
	labelled("kube-master", "ipv4Address: 10.192.0.2/16, ipv6Address: 'fd00::2/64'", "rack: a, up: yes");
	labelled("kube-node-1", "ipv4Address: 10.192.0.3/16, ipv6Address: 'fd00::3/64'", "rack: b");
	labelled("kube-node-2", "ipv4Address: 10.192.0.4/16", "rack: b");
	peer("p", "nodeSelector: rack == 'a', peerSelector: \"rack == 'b'\"");
	names(V4, "Node_10_192_0_3 Node_10_192_0_4");
	names(V6, "Node_fd00__3");
	peer("p", "nodeSelector: rack == 'c', peerSelector: \"rack == 'b'\"");
	names(V4, "");
	peer("p", "nodeSelector: has(up), peerSelector: all()");
	names(V4, "Node_10_192_0_3 Node_10_192_0_4");
	peer("p", "nodeSelector: \"up == 'true'\", peerSelector: \"rack in {'b', 'c'}\""); /* YAML's yes */
	names(V4, "Node_10_192_0_3 Node_10_192_0_4");
	/* Other labels of a node, and of the own one. */
	labelled("kube-node-1", "ipv4Address: 10.192.0.3/16", "rack: d");
	names(V4, "Node_10_192_0_4");
	labelled("kube-master", "ipv4Address: 10.192.0.2/16", "rack: a");
	names(V4, "");
	del("BGPPeer", "p");
	/* A node that comes after the selector. */
	peer("p", "peerSelector: rack == 'e'");
	names(V4, "");
	labelled("kube-node-5", "ipv4Address: 10.192.0.5/16", "rack: e");
	names(V4, "Global_10_192_0_5");
	del("Node", "kube-node-5");
	/* One with its number is not taken for it. */
	labelled("kube-node-6", "ipv4Address: 10.192.0.6/16", "rack: f");
	names(V4, "");
	complaints("");
	finish();
}
END_TEST

START_TEST(test_reflector)
{
	no_mesh();
	node("kube-master", "ipv4Address: 10.192.0.2/16, routeReflectorClusterID: 1.0.0.1");
	node("kube-node-1", "ipv4Address: 10.192.0.3/16, routeReflectorClusterID: 1.0.0.1");
	node("kube-node-2", "ipv4Address: 10.192.0.4/16, routeReflectorClusterID: 1.0.0.2");
	node("kube-node-3", "ipv4Address: 10.192.0.5/16");
	node("kube-node-4", "ipv4Address: 10.192.0.6/16, asNumber: 65001");
	peer("p", "peerSelector: all()");
	session(V4, "Global_10_192_0_3", "rr_client: null"); /* our own cluster */
	session(V4, "Global_10_192_0_4", "rr_client: 1.0.0.1");
	session(V4, "Global_10_192_0_5", "rr_client: 1.0.0.1");
	session(V4, "Global_10_192_0_6", "rr_client: null"); /* external */
	/* Without a cluster of our own there are no clients. */
	node("kube-master", "ipv4Address: 10.192.0.2/16");
	session(V4, "Global_10_192_0_4", "rr_client: null");
	session(V4, "Global_10_192_0_5", "rr_client: null");
	finish();
}
END_TEST

/* ---- the other way round ---- */

START_TEST(test_reverse)
{
	no_mesh();
	/* Named by one node. */
	peer("p", "node: kube-node-1, peerIP: 10.192.0.2, asNumber: 64512");
	names(V4, "Node_10_192_0_3");
	session(V4, "Node_10_192_0_3", "passive: false, source: 10.192.0.2, remote_as: 64512");
	peer("p", "node: kube-node-1, peerIP: 10.192.0.2, asNumber: 64512, reversePeering: Auto");
	names(V4, "Node_10_192_0_3");
	peer("p", "node: kube-node-1, peerIP: 10.192.0.2, asNumber: 64512, reversePeering: Manual");
	names(V4, "");
	peer("p", "node: kube-node-1, peerIP: 10.192.0.2, asNumber: 65001"); /* not this one's AS */
	names(V4, "");
	/* By all, and by a selector. */
	peer("p", "peerIP: 10.192.0.2");
	names(V4, "Node_10_192_0_3 Node_10_192_0_4");
	labelled("kube-node-2", "ipv4Address: 10.192.0.4/16", "rack: b");
	peer("p", "nodeSelector: has(rack), peerIP: 10.192.0.2");
	names(V4, "Node_10_192_0_4");
	peer("p", "nodeSelector: has(rack), peerSelector: '!has(rack)'");
	names(V4, "Node_10_192_0_4");
	peer("p", "nodeSelector: has(rack), peerSelector: has(rack)");
	names(V4, "");
	complaints("");
	finish();
}
END_TEST

/* A port in peerIP is compared with one that the node listens on, if one is set. */
START_TEST(test_reverse_port)
{
	no_mesh();
	peer("p", "node: kube-node-1, peerIP: '10.192.0.2:500', asNumber: 64512");
	names(V4, "Node_10_192_0_3");
	put_spec("BGPConfiguration", "node.kube-master", "listenPort: 501");
	names(V4, "");
	/* The node's own port counts, whatever the global one is. */
	put_spec("BGPConfiguration", "node.kube-master", "listenPort: 500");
	config("nodeToNodeMeshEnabled: false, listenPort: 177");
	names(V4, "Node_10_192_0_3_port_177");
	del("BGPConfiguration", "node.kube-master");
	names(V4, "");
	finish();
}
END_TEST

/* By address the other way round is of that family alone, by selector of both. */
START_TEST(test_reverse_families)
{
	begin();
	config("nodeToNodeMeshEnabled: false");
	node("kube-master", "ipv4Address: 10.192.0.2/16, ipv6Address: 'fd00::2/64'");
	node("kube-node-1", "ipv4Address: 10.192.0.3/16, ipv6Address: 'fd00::3/64'");
	peer("p", "peerIP: 'fd00::2', asNumber: 64512");
	names(V4, "");
	names(V6, "Node_fd00__3");
	peer("p", "node: kube-node-1, peerSelector: all()");
	names(V4, "Node_10_192_0_3");
	names(V6, "Node_fd00__3");
	finish();
}
END_TEST

/* ---- which one holds ---- */

START_TEST(test_duplicates)
{
	no_mesh();
	/* What is for all nodes before what is for some, whatever the names. */
	peer("a", "node: kube-master, peerIP: 10.9.0.1, asNumber: 65001, nextHopMode: Self");
	peer("b", "peerIP: 10.9.0.1, asNumber: 65002");
	names(V4, "Global_10_9_0_1");
	session(V4, "Global_10_9_0_1", "remote_as: 65002, next_hop: auto");
	/* Else the first by name. */
	peer("0", "peerIP: 10.9.0.1, asNumber: 65003");
	session(V4, "Global_10_9_0_1", "remote_as: 65003");
	del("BGPPeer", "0");
	del("BGPPeer", "b");
	session(V4, "Node_10_9_0_1", "remote_as: 65001, next_hop: self");
	/* A peer and the mesh: the peer. */
	del("BGPPeer", "a");
	config("");
	peer("p", "node: kube-master, peerIP: 10.192.0.3, asNumber: 64512");
	names(V4, "Mesh_10_192_0_4 Node_10_192_0_3");
	complaints("Node kube-node-1: found a BGPPeer with 10.192.0.3, too, which holds instead of the "
		   "mesh's session with it");
	finish();
}
END_TEST

/* ---- workloads ---- */

START_TEST(test_workloads)
{
	no_mesh();
	put("BGPFilter", "f", "{spec: {importV4: [{action: Accept}], exportV6: [{action: Accept}]}}");
	peer("pods", "nodeSelector: all(), localWorkloadSelector: app == 'bgp', asNumber: 65401, "
		     "localASNumber: 65001, filters: [f],"
		     "password: {secretKeyRef: {name: s, key: k}}, maxRestartTime: 10s, keepaliveTime: 10s");
	put_in("Secret", "kube-system", "s", "{data: {k: cGFzcw==}}");
	names(V4, "");
	put("EndpointStatus", "one",
	    "{ifaceName: cali1, mac: 'ee:ee', ipv4Nets: [10.65.0.2/32, 10.65.0.3/32], ipv6Nets: "
	    "['fd65::2/128'],"
	    "bgpPeerName: pods}");
	put("EndpointStatus", "two",
	    "{ifaceName: cali2, ipv4Nets: [10.65.0.1], ipv6Nets: [], bgpPeerName: pods}");
	put("EndpointStatus", "pod", "{ifaceName: cali3, ipv4Nets: [10.65.0.4/32]}");
	put("EndpointStatus", "other", "{ifaceName: cali4, ipv4Nets: [10.65.0.5/32], bgpPeerName: none}");
	names(V4, "Local_Workload_10_65_0_1 Local_Workload_10_65_0_2");
	session(V4, "Local_Workload_10_65_0_2",
		"remote: 10.65.0.2, port: 179, remote_as: 65401, local_as: 65001, source: null, passive: "
		"true, internal: false,"
		"rr_client: null, restart_time_s: null, keepalive_s: null, allow_own_as: 0, password: null, "
		"import_filters: [f],"
		"export_filters: []");
	expect("ipv6.sessions", "[]"); /* no address of the family of our own */
	node("kube-master", "ipv4Address: 10.192.0.2/16, ipv6Address: 'fd00::2/64'");
	session(V6, "Local_Workload_fd65__2",
		"remote: 'fd65::2', passive: true, import_filters: [], export_filters: [f]");
	del("EndpointStatus", "one");
	names(V4, "Local_Workload_10_65_0_1");
	names(V6, "");
	peer("pods", "node: kube-node-1, localWorkloadSelector: all(), asNumber: 65401");
	names(V4, "");
	peer("pods", "localWorkloadSelector: all(), asNumber: 65401");
	session(V4, "Local_Workload_10_65_0_1", "local_as: 64512");
	complaints("");
	finish();
}
END_TEST

/* ---- passwords ---- */

static bool
wants(const char *secret)
{
	json_t *all = calico_wants_secrets(world);
	bool found = json_object_get(all, secret) != NULL;

	json_decref(all);
	return found;
}

START_TEST(test_passwords)
{
	begin_with(&(struct calico_env){.node = "kube-master", .secret_namespace = "calico-system"});
	node("kube-master", "ipv4Address: 10.192.0.2/16");
	node("kube-node-1", "ipv4Address: 10.192.0.3/16");
	ck_assert(!wants("calico-system/mesh"));
	config("nodeMeshPassword: {secretKeyRef: {name: mesh, key: k}}");
	peer("p", "peerIP: 10.9.0.1, asNumber: 65001, password: {secretKeyRef: {name: s, key: a}}");
	ck_assert(wants("calico-system/mesh"));
	ck_assert(wants("calico-system/s"));
	ck_assert(!wants("calico-system/t"));
	ck_assert(!wants("kube-system/s"));
	session(V4, "Global_10_9_0_1", "password: null");
	session(V4, "Mesh_10_192_0_3", "password: null");
	complaints("BGPConfiguration default: password.secretKeyRef: found nothing under the key \"k\" of "
		   "the Secret calico-system/mesh\n"
		   "BGPPeer p: password.secretKeyRef: found nothing under the key \"a\" of the Secret "
		   "calico-system/s");
	put_in("Secret", "calico-system", "s", "{data: {a: cGFzc3dvcmQtYQ==, b: YmU=}}");
	put_in("Secret", "kube-system", "mesh", "{stringData: {k: wrong}}"); /* not that namespace */
	session(V4, "Global_10_9_0_1", "password: password-a");
	session(V4, "Mesh_10_192_0_3", "password: null");
	put_in("Secret", "calico-system", "mesh", "{data: {k: eA==}, stringData: {k: plain}}");
	session(V4, "Mesh_10_192_0_3", "password: plain");
	complaints("");
	/* As it is shown. */
	json_t *m = calico_model(world, false);
	ck_assert_str_eq(
	    json_string_value(json_object_get(json_array_get(at(m, "ipv4.sessions"), 0), "password")), "***");
	json_decref(m);
	put_in("Secret", "calico-system", "s", "{data: {a: \"bmV3\\n \"}}");
	session(V4, "Global_10_9_0_1", "password: new");
	put_in("Secret", "calico-system", "s", "{data: {b: YmU=}}");
	session(V4, "Global_10_9_0_1", "password: null");
	put_in("Secret", "calico-system", "s", "{data: {a: ''}}");
	session(V4, "Global_10_9_0_1", "password: null");
	complaints("BGPPeer p: password.secretKeyRef: found another length under the key \"a\"");
	put_in("Secret", "calico-system", "s", "{data: {a: '!'}}");
	complaints("BGPPeer p: password.secretKeyRef: found nothing\nSecret calico-system/s: data.a: found "
		   "no text in base64");
	put_in("Secret", "calico-system", "s",
	       "{data: {a: ImFcIg==}}"); /* "a\" is a password like any other */
	session(V4, "Global_10_9_0_1", "password: '\"a\\\"'");
	ck_assert(calico_del(world, "Secret", "calico-system", "s"));
	session(V4, "Global_10_9_0_1", "password: null");
	del("BGPPeer", "p");
	ck_assert(!wants("calico-system/s"));
	/* The namespace if none is set. */
	begin();
	config("nodeMeshPassword: {secretKeyRef: {name: mesh, key: k}}");
	ck_assert(wants("kube-system/mesh"));
	finish();
}
END_TEST

SUITE("calico_sessions", test_mesh, test_mesh_as, test_mesh_ports, test_mesh_who, test_mesh_ipv6,
      test_peer_ip, test_peer_ports, test_peer_node_ports, test_passive, test_peer_fields, test_next_hop,
      test_selectors, test_reflector, test_reverse, test_reverse_port, test_reverse_families, test_duplicates,
      test_workloads, test_passwords)
