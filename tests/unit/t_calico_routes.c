/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of conf/calico: pools, blocks, gateways and WireGuard as static routes, export and kernel rules. */
#include "tests/unit/calicotest.h"

static void
setup(void)
{
	begin();
	node("kube-master", "ipv4Address: 10.192.0.2/16, ipv6Address: 'fd00::2/64'");
}

static void
pool(const char *name, const char *spec)
{
	put_spec("IPPool", name, spec);
}

/* ---- blocks ---- */

/* With host-local addresses, as USE_POD_CIDR has it. */
START_TEST(test_pod_cidrs)
{
	begin_with(&(struct calico_env){.node = "kube-master", .pod_cidrs = true});
	put("Node", "kube-master", "{spec: {bgp: {ipv4Address: 10.192.0.2/16}, podCIDRs: [10.1.0.0/24, 'fd00:1::/64'], wireguard: "
				   "{interfaceIPv4Address: 10.1.0.9}}}");
	put("Node", "kube-node-1", "{spec: {bgp: {ipv4Address: 10.192.0.3/16}, podCIDRs: [10.2.0.0/24]}, status: {wireguardPublicKey: key}}");
	put("Node", "kube-node-2", "{spec: {bgp: {ipv4Address: 10.192.0.4/16}, podCIDRs: [10.3.0.0/24]}}");
	put_spec("BlockAffinity", "b", "node: kube-master, cidr: 10.0.3.0/26, state: confirmed");
	expect("ipv4.aggregate", "[10.1.0.0/24]");
	expect("ipv4.static", "[{prefix: 10.1.0.0/24, via: null}]");
	expect("ipv6.aggregate", "['fd00:1::/64']");
	/* A tunnel with a key has the first address of the node's. */
	expect("ipv4.kernel.wireguard_reject", "[10.192.0.3]");
	put("Node", "kube-master", "{spec: {bgp: {ipv4Address: 10.192.0.2/16}, podCIDRs: [here]}}");
	expect("ipv4.aggregate", "[]");
	complaints("Node kube-master: spec.podCIDRs: found \"here\", expected a prefix");
	finish();
}
END_TEST

START_TEST(test_blocks)
{
	setup();
	block("confirmed", "10.0.1.0/26", "confirmed");
	block("old", "10.0.2.0/26", "");
	put_spec("BlockAffinity", "none", "node: kube-master, cidr: 10.0.3.0/26");
	block("pending", "10.0.4.0/26", "pending");
	block("going", "10.0.5.0/26", "pendingDeletion");
	block("host", "10.0.6.1/32", "confirmed");
	block("six", "fd00:1::/122", "confirmed");
	block("six-host", "fd00:2::1/128", "confirmed");
	put_spec("BlockAffinity", "other", "node: kube-node-1, cidr: 10.0.7.0/26, state: confirmed");
	put_spec("BlockAffinity", "virtual",
		 "node: kube-master, cidr: 10.0.8.0/26, state: confirmed, type: virtual");
	put_spec("BlockAffinity", "deleted",
		 "node: kube-master, cidr: 10.0.9.0/26, state: confirmed, deleted: 'true'");
	put_spec("BlockAffinity", "kept",
		 "node: kube-master, cidr: 10.0.10.0/26, state: confirmed, type: host, deleted: false");
	expect("ipv4.static", "[{prefix: 10.0.1.0/26, via: null}, {prefix: 10.0.2.0/26, via: null}, {prefix: "
			      "10.0.3.0/26, via: null},"
			      "{prefix: 10.0.5.0/26, via: null}, {prefix: 10.0.10.0/26, via: null}]");
	expect("ipv4.aggregate", "[10.0.1.0/26, 10.0.2.0/26, 10.0.3.0/26, 10.0.6.1/32, 10.0.10.0/26]");
	expect("ipv6.static", "[{prefix: 'fd00:1::/122', via: null}]");
	expect("ipv6.aggregate", "['fd00:1::/122', 'fd00:2::1/128']");
	complaints("");
	/* States as they change. */
	block("pending", "10.0.4.0/26", "confirmed");
	block("confirmed", "10.0.1.0/26", "pending");
	del("BlockAffinity", "old");
	expect("ipv4.aggregate", "[10.0.3.0/26, 10.0.4.0/26, 10.0.6.1/32, 10.0.10.0/26]");
	/* Blocks need no address of the node. */
	node("kube-master", "");
	expect("ipv4.aggregate", "[10.0.3.0/26, 10.0.4.0/26, 10.0.6.1/32, 10.0.10.0/26]");
	block("wrong", "here", "confirmed");
	complaints("BlockAffinity wrong: spec.cidr: found \"here\", expected a prefix\nNode kube-master: ");
	finish();
}
END_TEST

/* ---- pools ---- */

START_TEST(test_export)
{
	setup();
	pool("a", "cidr: 192.168.0.0/16");
	pool("b", "cidr: 10.0.0.0/16, disableBGPExport: true, vxlanMode: Always");
	pool("c", "cidr: 9.0.0.0/16, disableBGPExport: false, vxlanMode: Always");
	pool("d", "cidr: '2001:db8::/64', disableBGPExport: true");
	pool("e", "cidr: '2001:db7::1/64', disabled: true, natOutgoing: true, blockSize: 122");
	expect("ipv4.export.pool_accept", "[9.0.0.0/16, 192.168.0.0/16]");
	expect("ipv4.export.disabled_pools", "[10.0.0.0/16]");
	expect("ipv6.export.pool_accept", "['2001:db7::/64']");
	expect("ipv6.export.disabled_pools", "['2001:db8::/64']");
	expect("ipv4.export.reject_interfaces", "['bpf*.cali']");
	expect("ipv6.export.reject_interfaces", "['bpf*.cali']");
	pool("wrong", "cidr: 10.0.0.0/33");
	complaints("IPPool wrong: spec.cidr: found \"10.0.0.0/33\", expected a prefix");
	del("IPPool", "a");
	expect("ipv4.export.pool_accept", "[9.0.0.0/16]");
	finish();
}
END_TEST

#define TUNNEL "action: accept, tunnel: tunl0, unless_next_hop_in: null"
#define CROSS  "action: accept, tunnel: tunl0, unless_next_hop_in: 10.192.0.0/16"
#define ACCEPT "action: accept, tunnel: null, unless_next_hop_in: null"
#define REJECT "action: reject, tunnel: null, unless_next_hop_in: null"

/* Each kind of pool by each setting of who programs routes. */
START_TEST(test_kernel)
{
	static const struct {
		const char *config, *guard, *vxlan, *ipip, *cross, *plain, *six_ipip, *six;
	} rows[] = {
	    {"", ", tunl0", REJECT, REJECT, REJECT, ACCEPT, REJECT, NULL},
	    {"programClusterRoutes: EnabledNoEncapOnly", ", tunl0", REJECT, REJECT, REJECT, ACCEPT, REJECT,
	     NULL},
	    {"programClusterRoutes: Enabled", "", REJECT, TUNNEL, CROSS, ACCEPT, NULL, NULL},
	    {"programClusterRoutes: EnabledIPIPOnly", "", REJECT, TUNNEL, CROSS, REJECT, NULL, REJECT},
	    {"programClusterRoutes: Disabled", ", tunl0", REJECT, REJECT, REJECT, REJECT, REJECT, REJECT},
	};

	setup();
	pool("a", "cidr: 10.1.0.0/16, vxlanMode: Always");
	pool("b", "cidr: 10.2.0.0/16, vxlanMode: CrossSubnet, ipipMode: Always"); /* VXLAN counts */
	pool("c", "cidr: 10.3.0.0/16, ipipMode: Always, vxlanMode: Never");
	pool("d", "cidr: 10.4.0.0/16, ipipMode: CrossSubnet");
	pool("e", "cidr: 10.5.0.0/16, ipipMode: Never, vxlanMode: Never");
	pool("f", "cidr: 'fd01::/48', vxlanMode: Always");
	pool("g", "cidr: 'fd02::/48', ipipMode: Always");
	pool("h", "cidr: 'fd03::/48'");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *four =
		    xasprintf("[{cidr: 10.1.0.0/16, %s}, {cidr: 10.2.0.0/16, %s}, {cidr: 10.3.0.0/16, %s}, "
			      "{cidr: 10.4.0.0/16, %s},"
			      "{cidr: 10.5.0.0/16, %s}]",
			      rows[i].vxlan, rows[i].vxlan, rows[i].ipip, rows[i].cross, rows[i].plain);
		char *six = xasprintf("[{cidr: 'fd01::/48', " REJECT "}%s%s]",
				      rows[i].six_ipip != NULL ? ", {cidr: 'fd02::/48', " REJECT "}" : "",
				      rows[i].six != NULL ? ", {cidr: 'fd03::/48', " REJECT "}" : "");
		char *guard = xasprintf("['*.cali', '*.calico'%s]", rows[i].guard);
		config(rows[i].config);
		expect("ipv4.kernel.pools", four);
		expect("ipv6.kernel.pools", six);
		expect("ipv4.export.internal_reject_interfaces", guard);
		expect("ipv6.export.internal_reject_interfaces", guard);
		complaints("");
		free(four);
		free(six);
		free(guard);
	}
	config("programClusterRoutes: Other");
	expect("ipv4.export.internal_reject_interfaces", "['*.cali', '*.calico', tunl0]");
	complaints("BGPConfiguration default: spec.programClusterRoutes: found \"Other\"");
	/* No network of the node's own: nothing is said of IPv4. */
	node("kube-master", "ipv6Address: 'fd00::2/64'");
	expect("ipv4.kernel.pools", "[]");
	expect("ipv6.kernel.pools", "[{cidr: 'fd01::/48', " REJECT "}, {cidr: 'fd02::/48', " REJECT "}]");
	finish();
}
END_TEST

/* By address and then length as numbers; of the same prefix the pool whose name is first. */
START_TEST(test_pool_order)
{
	setup();
	pool("b", "cidr: 10.0.0.0/8, vxlanMode: Always");
	pool("c", "cidr: 10.0.0.0/8");
	pool("a", "cidr: 10.0.0.0/16");
	pool("d", "cidr: 9.0.0.0/8");
	pool("e", "cidr: 100.0.0.0/8");
	expect("ipv4.kernel.pools", "[{cidr: 9.0.0.0/8, " ACCEPT "}, {cidr: 10.0.0.0/8, " REJECT
				    "}, {cidr: 10.0.0.0/16, " ACCEPT "},"
				    "{cidr: 100.0.0.0/8, " ACCEPT "}]");
	expect("ipv4.export.pool_accept", "[9.0.0.0/8, 10.0.0.0/8, 10.0.0.0/16, 100.0.0.0/8]");
	finish();
}
END_TEST

START_TEST(test_pool_modes)
{
	setup();
	pool("a", "cidr: 10.0.0.0/8, ipipMode: Sometimes, vxlanMode: always");
	expect("ipv4.kernel.pools", "[{cidr: 10.0.0.0/8, " ACCEPT "}]");
	complaints("IPPool a: spec.ipipMode: found \"Sometimes\", which is unknown; it counts as Never\n"
		   "IPPool a: spec.vxlanMode: found \"always\", which is unknown; it counts as Never");
	finish();
}
END_TEST

/* ---- gateways ---- */

START_TEST(test_reachable)
{
	setup();
	config("nodeToNodeMeshEnabled: false");
	labelled("kube-node-1", "ipv4Address: 10.192.0.3/16, ipv6Address: 'fd00::3/64'", "rr: yes");
	labelled("kube-node-2", "ipv4Address: 10.192.0.4/16", "rr: yes");
	block("b", "10.0.0.0/30", "confirmed");
	peer("a", "peerIP: 10.9.0.1, asNumber: 65001, reachableBy: 10.192.0.9");
	peer("b", "peerIP: '10.9.0.1:166', asNumber: 65001, reachableBy: 10.192.0.9"); /* the same route */
	peer("c", "node: kube-master, peerIP: 'fd09::1', asNumber: 65001, reachableBy: 'fd00::9'");
	peer("d",
	     "node: kube-node-1, peerIP: 10.9.0.2, asNumber: 65001, reachableBy: 10.192.0.9"); /* another
												  node's */
	expect("ipv4.static", "[{prefix: 10.0.0.0/30, via: null}, {prefix: 10.9.0.1/32, via: 10.192.0.9}]");
	expect("ipv6.static", "[{prefix: 'fd09::1/128', via: 'fd00::9'}]");
	/* By selector the route is there for the family of the gateway. */
	del("BGPPeer", "a");
	del("BGPPeer", "b");
	peer("e", "peerSelector: has(rr), reachableBy: 10.192.0.9");
	expect("ipv4.static", "[{prefix: 10.0.0.0/30, via: null}, {prefix: 10.192.0.3/32, via: 10.192.0.9},"
			      "{prefix: 10.192.0.4/32, via: 10.192.0.9}]");
	expect("ipv6.static", "[{prefix: 'fd09::1/128', via: 'fd00::9'}]");
	complaints("");
	peer("e", "peerIP: 10.9.0.1, asNumber: 65001, reachableBy: 'fd00::9'");
	names("ipv4", "");
	expect("ipv4.static", "[{prefix: 10.0.0.0/30, via: null}]");
	complaints("BGPPeer e: spec.reachableBy: found \"fd00::9\", expected an address of the same family "
		   "as peerIP");
	finish();
}
END_TEST

/* ---- WireGuard ---- */

START_TEST(test_wireguard)
{
	begin();
	put("Node", "kube-master",
	    "{spec: {bgp: {ipv4Address: 10.192.0.2/16, ipv6Address: 'fd00::2/64'},"
	    "wireguard: {interfaceIPv4Address: 192.168.0.1}}}");
	put("Node", "n1",
	    "{spec: {bgp: {ipv4Address: 10.192.0.10/16, ipv6Address: 'fd00::3/64'}, wireguard: "
	    "{interfaceIPv4Address: 192.168.0.2,"
	    "interfaceIPv6Address: 'fd01::2'}}}");
	put("Node", "n2",
	    "{spec: {bgp: {ipv4Address: 10.192.0.9/16}, wireguard: {interfaceIPv4Address: 192.168.0.3}}}");
	put("Node", "n3", "{spec: {bgp: {ipv4Address: 10.192.0.5/16}}}");
	put("Node", "n4", "{spec: {wireguard: {interfaceIPv4Address: 192.168.0.4}}}");
	expect("ipv4.kernel.wireguard_reject", "[10.192.0.9, 10.192.0.10]");
	expect("ipv6.kernel.wireguard_reject", "[]");
	put("Node", "kube-master",
	    "{spec: {bgp: {ipv4Address: 10.192.0.2/16, ipv6Address: 'fd00::2/64'},"
	    "wireguard: {interfaceIPv6Address: 'fd01::1'}}}");
	expect("ipv4.kernel.wireguard_reject", "[]");
	expect("ipv6.kernel.wireguard_reject", "['fd00::3']");
	finish();
}
END_TEST

SUITE("calico_routes", test_blocks, test_pod_cidrs, test_export, test_kernel, test_pool_order, test_pool_modes,
      test_reachable, test_wireguard)
