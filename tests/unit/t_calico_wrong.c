/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of conf/calico: values of the wrong type wherever there are values, and that one wrong resource
 * spares the others. */
#include "tests/unit/calicotest.h"

static const char *const kinds[] = {"BGPConfiguration", "Node",          "BGPPeer", "BGPFilter",
				    "IPPool",           "BlockAffinity", "Service", "EndpointSlice",
				    "Secret",           "EndpointStatus"};

/* Resources with most of what is looked at. */
static const char *const whole[] = {
    "{spec: {logSeverityScreen: Info, nodeToNodeMeshEnabled: true, asNumber: 1, serviceClusterIPs: [{cidr: "
    "10.0.0.0/8}],"
    "serviceExternalIPs: [{cidr: 10.0.0.0/8}], serviceLoadBalancerIPs: [{cidr: 10.0.0.0/8}], "
    "serviceLoadBalancerAggregation: Enabled,"
    "communities: [{name: a, value: '1:1'}], prefixAdvertisements: [{cidr: 10.0.0.0/8, communities: [a]}], "
    "listenPort: 1,"
    "nodeMeshPassword: {secretKeyRef: {name: a, key: b}}, nodeMeshMaxRestartTime: 1s, bindMode: None, "
    "ignoredInterfaces: [a],"
    "programClusterRoutes: Enabled, ipv4NormalRoutePriority: 1}}",
    "{metadata: {labels: {a: b}}, spec: {bgp: {ipv4Address: 10.0.0.1/8, ipv6Address: 'fd00::1/64', asNumber: "
    "1,"
    "routeReflectorClusterID: 1.1.1.1}, wireguard: {interfaceIPv4Address: 10.0.0.1}}}",
    "{spec: {node: a, peerIP: 10.0.0.1, asNumber: 1, localASNumber: 1, keepOriginalNextHop: true, "
    "nextHopMode: Auto,"
    "password: {secretKeyRef: {name: a, key: b}}, sourceAddress: None, maxRestartTime: 1s, keepaliveTime: 1s,"
    "numAllowedLocalASNumbers: 1, ttlSecurity: 1, reachableBy: 10.0.0.1, filters: [a], reversePeering: Auto, "
    "nodeSelector: all(),"
    "peerSelector: all(), localWorkloadSelector: all()}}",
    "{spec: {importV4: [{cidr: 10.0.0.0/8, matchOperator: In, prefixLength: {min: 1, max: 2}, source: "
    "RemotePeers, interface: a,"
    "peerType: eBGP, communities: {values: ['1:1']}, asPathPrefix: [1], priority: 1, action: Accept, "
    "operations: ["
    "{addCommunity: {value: '1:1'}}, {prependASPath: {prefix: [1]}}, {setPriority: {value: 1}}]}]}}",
    "{spec: {cidr: 10.0.0.0/8, ipipMode: Always, vxlanMode: Never, disableBGPExport: true}}",
    "{spec: {node: kube-master, cidr: 10.0.0.0/8, state: confirmed, type: host, deleted: false}}",
    "{spec: {type: LoadBalancer, externalTrafficPolicy: Local, loadBalancerIP: 10.0.0.1, clusterIP: "
    "10.0.0.1, clusterIPs: [10.0.0.1],"
    "ipFamilies: [IPv4], externalIPs: [10.0.0.1]}, status: {loadBalancer: {ingress: [{ip: 10.0.0.1}]}}}",
    "{metadata: {labels: {kubernetes.io/service-name: x}}, addressType: IPv4, endpoints: [{nodeName: "
    "kube-master,"
    "conditions: {ready: true}}]}",
    "{data: {a: YQ==}, stringData: {b: c}}",
    "{ipv4Nets: [10.0.0.1/32], ipv6Nets: ['fd00::1/128'], bgpPeerName: x}",
};

static const char *const others[] = {"null", "true", "-1",     "1.5", "99999999999", "'\xc3\xa4'",
				     "[]",   "[[]]", "[null]", "{}",  "{x: {}}",     "[1]"};

/* The n-th value of a tree replaced by another; false: it has no so many. */
static bool
replace(json_t *v, unsigned *n, json_t *with)
{
	const char *key;
	json_t *item;
	size_t i;
	void *next;

	json_object_foreach_safe(v, next, key, item)
	{
		if ((*n)-- == 0)
			return json_object_set(v, key, with) == 0;
		if (replace(item, n, with))
			return true;
	}
	json_array_foreach(v, i, item)
	{
		if ((*n)-- == 0)
			return json_array_set(v, i, with) == 0;
		if (replace(item, n, with))
			return true;
	}
	return false;
}

/* Whatever it is, there is a model, and what is right in it stays. */
static void
try_with(const char *kind, const json_t *value)
{
	static const char *const names_of[] = {"default", "kube-node-1", "x", "node.kube-master"};

	for (size_t i = 0; i < ARRAY_LEN(names_of); i++) {
		calico_put(world, kind, NULL, names_of[i], value);
		json_t *m = model(), *c = calico_complaints(world),
		       *accept = at(m, "ipv4.export.pool_accept");
		ck_assert_str_eq(json_string_value(json_array_get(accept, json_array_size(accept) - 1)),
				 "192.168.0.0/16");
		json_decref(c);
		json_decref(m);
		ck_assert(calico_del(world, kind, NULL, names_of[i]));
	}
}

START_TEST(test_types)
{
	begin();
	node("kube-master", "ipv4Address: 10.192.0.2/16");
	put_spec("IPPool", "z", "cidr: 192.168.0.0/16");
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
		for (size_t o = 0; o < ARRAY_LEN(others); o++) {
			json_t *with = value_of(others[o]);
			bool more = true;
			try_with(kinds[k], with);
			for (unsigned n = 0; more; n++) {
				json_t *v = value_of(whole[k]);
				unsigned left = n;
				more = replace(v, &left, with);
				try_with(kinds[k], v);
				json_decref(v);
			}
			json_decref(with);
		}
	finish();
}
END_TEST

/* One wrong peer, filter, pool and node: all of them are named, and the rest is there. */
START_TEST(test_the_rest)
{
	three_nodes();
	node("kube-node-2", "ipv4Address: here");
	put_spec("BGPFilter", "bad", "importV4: [{action: Perhaps}]");
	put_spec("IPPool", "bad", "cidr: here");
	put_spec("IPPool", "good", "cidr: 192.168.0.0/16");
	peer("bad-1", "peerIP: here, asNumber: 65001");
	peer("bad-2", "nodeSelector: 'x ==', peerIP: 10.9.0.1");
	peer("bad-3", "node: kube-master, nodeSelector: all(), peerIP: 10.9.0.1");
	peer("bad-4", "peerSelector: all(), peerIP: 10.9.0.1");
	peer("bad-5", "localWorkloadSelector: all(), peerIP: 10.9.0.1, asNumber: 65001");
	peer("bad-6", "localWorkloadSelector: all()");
	peer("bad-7", "asNumber: 65001");
	peer("bad-8", "peerIP: '10.9.0.1:99999'");
	peer("bad-9", "peerIP: 'fe80::1'");
	peer("half",
	     "peerIP: 10.9.0.2, asNumber: 65001, maxRestartTime: soon, keepaliveTime: 240s, ttlSecurity: 255,"
	     "numAllowedLocalASNumbers: 11, nextHopMode: None, filters: [bad]");
	complaints(
	    "BGPFilter bad: spec.importV4[0].action: found \"Perhaps\"\n"
	    "BGPPeer bad-1: spec.peerIP: found \"here\"\n"
	    "BGPPeer bad-2: spec.nodeSelector: \n"
	    "BGPPeer bad-3: spec: found both node and nodeSelector\n"
	    "BGPPeer bad-4: spec: found both peerIP and peerSelector\n"
	    "BGPPeer bad-5: spec: found both localWorkloadSelector and peerIP or peerSelector\n"
	    "BGPPeer bad-6: spec.asNumber: found none\n"
	    "BGPPeer bad-7: spec: found no peer\n"
	    "BGPPeer bad-8: spec.peerIP: found \"10.9.0.1:99999\"\n"
	    "BGPPeer bad-9: spec.peerIP: found \"fe80::1\"\n"
	    "BGPPeer half: spec.keepaliveTime: found \"240s\", expected a duration of 1 to 239 seconds\n"
	    "BGPPeer half: spec.maxRestartTime: found \"soon\", expected a duration\n"
	    "BGPPeer half: spec.nextHopMode: found \"None\", which is unknown; it counts as Auto\n"
	    "BGPPeer half: spec.numAllowedLocalASNumbers: found \"11\", expected a number 0..10\n"
	    "BGPPeer half: spec.ttlSecurity: found \"255\", expected a number 0..254\n"
	    "IPPool bad: spec.cidr: found \"here\"\n"
	    "Node kube-node-2: spec.bgp.ipv4Address: found \"here\"");
	names("ipv4", "Global_10_9_0_2 Mesh_10_192_0_3");
	session("ipv4", "Global_10_9_0_2",
		"restart_time_s: null, keepalive_s: null, ttl_security: null, next_hop: auto, "
		"import_filters: []");
	expect("ipv4.export.pool_accept", "[192.168.0.0/16]");
	finish();
}
END_TEST

/* A value that is cut for the complaint within a character is told all the same. */
START_TEST(test_cut)
{
	begin();
	node("kube-master", "ipv4Address: 10.192.0.2/16");
	put_spec("IPPool", "p",
		 "cidr: "
		 "'x\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4"
		 "\u00e4\u00e4\u00e4\u00e4\u00e4"
		 "\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4"
		 "\u00e4\u00e4\u00e4\u00e4\u00e4"
		 "\u00e4\u00e4\u00e4'");
	complaints("IPPool p: spec.cidr: found \"x??");
	finish();
}
END_TEST

SUITE("calico_wrong", test_types, test_the_rest, test_cut)
