/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of conf/kube_object: what the resolver gets of each kind. */
#include "conf/kube.h"

#include "tests/unit/calicotest.h"

static const struct kube_kind *
kind_of(const char *name)
{
	for (size_t i = 0; i < kube_nkinds; i++)
		if (strcmp(kube_kinds[i].kind, name) == 0)
			return &kube_kinds[i];
	ck_abort_msg("no kind %s", name);
	return NULL;
}

/* expected NULL: nothing */
static void
becomes(const char *kind, const char *object, const char *expected)
{
	const struct kube_kind *k = kind_of(kind);
	json_t *o = value_of(object), *e = expected != NULL ? value_of(expected) : NULL,
	       *r = k->resource(k, o, "n1");
	char *text = json_dumps(r, JSON_SORT_KEYS | JSON_ENCODE_ANY);

	ck_assert_msg(e == NULL ? r == NULL : r != NULL && json_equal(r, e), "%s became %s", object, text);
	free(text);
	json_decref(o);
	json_decref(e);
	json_decref(r);
}

START_TEST(test_node)
{
	becomes("Node", "{metadata: {name: n2}}",
		"{kind: Node, metadata: {name: n2, labels: {}}, spec: {}, status: {}}");
	becomes(
	    "Node",
	    "{metadata: {name: n2, labels: {a: kube, b: kube}, resourceVersion: '7', annotations: "
	    "{projectcalico.org/IPv4Address: 10.0.0.2/24,"
	    "projectcalico.org/IPv6Address: 'fd00::2/64', projectcalico.org/ASNumber: '64513', "
	    "projectcalico.org/RouteReflectorClusterID: 1.0.0.1,"
	    "projectcalico.org/IPv4WireguardInterfaceAddr: 10.9.0.2, "
	    "projectcalico.org/WireguardPublicKey: k4, projectcalico.org/IPv6WireguardInterfaceAddr: "
	    "'fd99::2',"
	    "projectcalico.org/labels: '{\"a\": \"calico\", \"c\": \"calico\"}', other: x}}, spec: "
	    "{podCIDR: 10.1.0.0/24, podCIDRs: [10.1.0.0/24]}, status: {x: 1}}",
	    "{kind: Node, metadata: {name: n2, labels: {a: kube, b: kube, c: calico}}, spec: {bgp: "
	    "{ipv4Address: 10.0.0.2/24, ipv6Address: "
	    "'fd00::2/64', asNumber: '64513', routeReflectorClusterID: 1.0.0.1}, wireguard: "
	    "{interfaceIPv4Address: 10.9.0.2, "
	    "interfaceIPv6Address: 'fd99::2'}, podCIDRs: [10.1.0.0/24]}, status: {wireguardPublicKey: k4}}");
	/* An annotation that cannot be read is not there, and the rest is. */
	becomes("Node",
		"{metadata: {name: n2, labels: {b: x}, annotations: {projectcalico.org/labels: '[1', "
		"projectcalico.org/IPv4Address: '', "
		"projectcalico.org/ASNumber: 5}}}",
		"{kind: Node, metadata: {name: n2, labels: {b: x}}, spec: {}, status: {}}");
	becomes("Node", "{metadata: {name: n2, annotations: {projectcalico.org/labels: '[]'}}}",
		"{kind: Node, metadata: {name: n2, labels: {}}, spec: {}, status: {}}");
}
END_TEST

START_TEST(test_both_groups)
{
	/* v1 has the labels in an annotation, v3 where they belong. */
	becomes("BGPPeer",
		"{kind: BGPPeer, metadata: {name: p, labels: {b: native}, annotations: "
		"{projectcalico.org/metadata: '{\"name\": \"p\", \"labels\": {\"a\": "
		"\"x\"}, \"creationTimestamp\": null}'}}, spec: {peerIP: 10.0.0.9, asNumber: 65001}}",
		"{kind: BGPPeer, metadata: {name: p, labels: {a: x, b: native}}, spec: {peerIP: 10.0.0.9, "
		"asNumber: 65001}}");
	becomes("BGPPeer",
		"{metadata: {name: p, labels: {a: x, b: native}, uid: 5}, spec: {peerIP: 10.0.0.9, asNumber: "
		"65001}, status: {}}",
		"{kind: BGPPeer, metadata: {name: p, labels: {a: x, b: native}}, spec: {peerIP: 10.0.0.9, "
		"asNumber: 65001}}");
	becomes("IPPool", "{metadata: {name: p, annotations: {projectcalico.org/metadata: nonsense}}}",
		"{kind: IPPool, metadata: {name: p, labels: {}}}");
}
END_TEST

START_TEST(test_blocks)
{
	becomes(
	    "BlockAffinity",
	    "{metadata: {name: b}, spec: {node: n1, cidr: 10.1.0.0/26, state: confirmed, deleted: 'false'}}",
	    "{kind: BlockAffinity, metadata: {name: b, labels: {}}, spec: {node: n1, cidr: 10.1.0.0/26, "
	    "state: confirmed, deleted: 'false'}}");
	becomes("BlockAffinity", "{metadata: {name: b}, spec: {node: n2, cidr: 10.1.0.0/26}}", NULL);
	becomes("BlockAffinity", "{metadata: {name: b}}", NULL);
}
END_TEST

START_TEST(test_services)
{
	becomes(
	    "Service",
	    "{metadata: {name: s, namespace: ns, labels: {a: b}}, spec: {type: LoadBalancer, clusterIP: "
	    "10.96.0.1, clusterIPs: [10.96.0.1], ports: [{port: "
	    "80}], selector: {a: b}, ipFamilies: [IPv4], externalTrafficPolicy: Local}, status: "
	    "{loadBalancer: {ingress: [{ip: 192.0.2.1}]}}}",
	    "{kind: Service, metadata: {name: s, namespace: ns}, spec: {type: LoadBalancer, clusterIP: "
	    "10.96.0.1, clusterIPs: [10.96.0.1], ipFamilies: "
	    "[IPv4], externalTrafficPolicy: Local}, status: {loadBalancer: {ingress: [{ip: 192.0.2.1}]}}}");
	becomes("Service",
		"{metadata: {name: s, namespace: ns}, spec: {clusterIP: None}, status: {loadBalancer: {}}}",
		"{kind: Service, metadata: {name: s, namespace: ns}, spec: {clusterIP: None}}");
	becomes("EndpointSlice",
		"{metadata: {name: e, namespace: ns, labels: {kubernetes.io/service-name: s, x: y}}, "
		"addressType: IPv4, ports: [], endpoints: [{addresses: "
		"[10.1.0.2], nodeName: n1, conditions: {ready: false, serving: true}}, {addresses: "
		"[10.1.0.3], conditions: {}, nodeName: n2}]}",
		"{kind: EndpointSlice, metadata: {name: e, namespace: ns, labels: "
		"{kubernetes.io/service-name: s}}, addressType: IPv4, endpoints: "
		"[{nodeName: n1, conditions: {ready: false}}, {nodeName: n2}]}");
	becomes("Secret", "{metadata: {name: x, namespace: ns}, data: {a: YQ==}, type: Opaque}",
		"{kind: Secret, metadata: {name: x, namespace: ns}, data: {a: YQ==}}");
}
END_TEST

/* What is made of an object that is not as it should be: no crash, and names as they are. */
START_TEST(test_odd)
{
	static const char *const odd[] = {"{}", "[]", "5", "{metadata: 5, spec: [], endpoints: 7, data: []}",
					  "{metadata: {labels: [], annotations: []}, spec: {node: {}}, status: {loadBalancer: []}, endpoints: [1, []]}"};

	for (size_t i = 0; i < ARRAY_LEN(odd); i++)
		for (size_t k = 0; k < kube_nkinds; k++) {
			json_t *o = value_of(odd[i]), *r = kube_kinds[k].resource(&kube_kinds[k], o, "n1");
			ck_assert(r == NULL || json_is_object(r));
			json_decref(o);
			json_decref(r);
		}
}
END_TEST

SUITE("kube_object", test_node, test_both_groups, test_blocks, test_services, test_odd)
