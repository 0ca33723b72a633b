/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of conf/calico: which addresses of services a node announces. */
#include "tests/unit/calicotest.h"

#define ACCEPT4 "ipv4.export.static_accept"
#define ACCEPT6 "ipv6.export.static_accept"

static void
setup(const char *spec)
{
	begin();
	node("kube-master", "ipv4Address: 10.192.0.2/16, ipv6Address: 'fd00::2/64'");
	config(spec);
}

/* A service of the namespace "default". */
static void
service(const char *name, const char *spec)
{
	char *body = xasprintf("{spec: {%s}}", spec);

	put_in("Service", "default", name, body);
	free(body);
}

/* A slice of the service s with one endpoint. */
static void
slice(const char *name, const char *type, const char *endpoint)
{
	char *body = xasprintf(
	    "{metadata: {labels: {kubernetes.io/service-name: s}}, addressType: %s, endpoints: [{%s}]}", type,
	    endpoint);

	put_in("EndpointSlice", "default", name, body);
	free(body);
}

#define HERE      "nodeName: kube-master"
#define ELSEWHERE "nodeName: kube-node-1"

/* ---- ranges ---- */

START_TEST(test_ranges)
{
	setup("serviceClusterIPs: [{cidr: 10.101.0.0/16}, {}, {cidr: ''}, {cidr: 'fd00:96::/112'}, {cidr: "
	      "10.102.0.1/32}],"
	      "serviceExternalIPs: [{cidr: 50.0.0.0/24}, {cidr: 51.0.0.1/32}, {cidr: 'fd51::1/128'}],"
	      "serviceLoadBalancerIPs: [{cidr: 80.15.0.0/24}, {}, {cidr: 81.0.0.1/32}]");
	expect(ACCEPT4, "[10.101.0.0/16, 10.102.0.1/32, 50.0.0.0/24, 80.15.0.0/24]");
	expect(ACCEPT6, "['fd00:96::/112']");
	expect("ipv4.kernel.reject", "[10.101.0.0/16, 10.102.0.1/32, 50.0.0.0/24, 80.15.0.0/24]");
	expect("ipv6.kernel.reject", "['fd00:96::/112']");
	expect("ipv4.static", "[{prefix: 10.101.0.0/16, via: null}, {prefix: 10.102.0.1/32, via: null}, "
			      "{prefix: 50.0.0.0/24, via: null},"
			      "{prefix: 80.15.0.0/24, via: null}]");
	expect("ipv6.static", "[{prefix: 'fd00:96::/112', via: null}]");
	expect("ipv4.export.rr_service_accept", "[]");
	complaints("");
	/* Without aggregation nothing is said of the range of load balancers. */
	config("serviceExternalIPs: [{cidr: 50.0.0.0/24}], serviceLoadBalancerIPs: [{cidr: 80.15.0.0/24}],"
	       "serviceLoadBalancerAggregation: Disabled");
	expect(ACCEPT4, "[50.0.0.0/24]");
	expect("ipv4.kernel.reject", "[50.0.0.0/24]");
	config("");
	expect(ACCEPT4, "[]");
	expect("ipv4.static", "[]");
	expect("ipv4.kernel.reject", "[]");
	config("serviceClusterIPs: [{cidr: here}, {cidr: 10.101.0.0/16}]");
	expect(ACCEPT4, "[10.101.0.0/16]");
	complaints(
	    "BGPConfiguration default: spec.serviceClusterIPs[0].cidr: found \"here\", expected a prefix");
	finish();
}
END_TEST

/* What is in the environment holds alone, be it of another family. */
START_TEST(test_cluster_ips_of_environment)
{
	begin_with(
	    &(struct calico_env){.node = "kube-master", .cluster_ips = "10.200.0.0/16, fd00:97::/112"});
	node("kube-master", "ipv4Address: 10.192.0.2/16");
	config("serviceClusterIPs: [{cidr: 10.101.0.0/16}]");
	expect(ACCEPT4, "[10.200.0.0/16]");
	expect(ACCEPT6, "['fd00:97::/112']");
	begin_with(&(struct calico_env){.node = "kube-master", .cluster_ips = ""});
	node("kube-master", "ipv4Address: 10.192.0.2/16");
	config("serviceClusterIPs: [{cidr: 10.101.0.0/16}]");
	expect(ACCEPT4, "[10.101.0.0/16]");
	finish();
}
END_TEST

/* A route reflector passes on all but cluster addresses, single ones and unaggregated ones, too. */
START_TEST(test_reflector)
{
	setup("serviceClusterIPs: [{cidr: 10.101.0.0/16}], serviceExternalIPs: [{cidr: 50.0.0.0/24}, {cidr: "
	      "51.0.0.1/32}, {cidr: 'fd51::1/128'}],"
	      "serviceLoadBalancerIPs: [{cidr: 80.15.0.0/24}, {cidr: 49.0.0.1/32}], "
	      "serviceLoadBalancerAggregation: Disabled");
	node("kube-master", "ipv4Address: 10.192.0.2/16, routeReflectorClusterID: 1.1.1.1");
	expect("ipv4.export.rr_service_accept", "[49.0.0.1/32, 50.0.0.0/24, 51.0.0.1/32, 80.15.0.0/24]");
	expect("ipv6.export.rr_service_accept", "['fd51::1/128']");
	finish();
}
END_TEST

START_TEST(test_excluded)
{
	setup("serviceClusterIPs: [{cidr: 10.101.0.0/16}]");
	service("s", "type: ClusterIP, clusterIP: 10.101.0.1, externalTrafficPolicy: Local");
	slice("s1", "IPv4", HERE);
	expect(ACCEPT4, "[10.101.0.0/16, 10.101.0.1/32]");
	labelled("kube-master", "ipv4Address: 10.192.0.2/16",
		 "node.kubernetes.io/exclude-from-external-load-balancers: true");
	expect(ACCEPT4, "[]");
	expect("ipv4.static", "[]");
	expect("ipv4.kernel.reject", "[10.101.0.0/16]");
	labelled("kube-master", "ipv4Address: 10.192.0.2/16",
		 "node.kubernetes.io/exclude-from-external-load-balancers: 'false'");
	expect(ACCEPT4, "[10.101.0.0/16, 10.101.0.1/32]");
	finish();
}
END_TEST

/* ---- services with endpoints ---- */

#define RANGES                                                                                               \
	"serviceClusterIPs: [{cidr: 10.101.0.0/16}, {cidr: 'fd00:96::/112'}], serviceExternalIPs: [{cidr: "  \
	"50.0.0.0/24}],"                                                                                     \
	"serviceLoadBalancerIPs: [{cidr: 80.15.0.0/24}]"

START_TEST(test_local)
{
	static const struct {
		const char *endpoint;
		bool announced;
	} rows[] = {
	    {HERE, true},
	    {HERE ", conditions: {ready: true}", true},
	    {HERE ", conditions: {ready: null}", true},
	    {HERE ", conditions: {}", true},
	    {HERE ", conditions: {ready: false}", false},
	    {HERE ", conditions: {ready: false, serving: true, terminating: true}", false},
	    {ELSEWHERE, false},
	    {"addresses: [1.2.3.4]", false},
	};

	setup(RANGES);
	service("s", "type: NodePort, clusterIP: 10.101.0.1, externalTrafficPolicy: Local");
	expect(ACCEPT4, "[10.101.0.0/16, 50.0.0.0/24, 80.15.0.0/24]");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		slice("s1", "IPv4", rows[i].endpoint);
		expect(ACCEPT4, rows[i].announced
				    ? "[10.101.0.0/16, 10.101.0.1/32, 50.0.0.0/24, 80.15.0.0/24]"
				    : "[10.101.0.0/16, 50.0.0.0/24, 80.15.0.0/24]");
	}
	/* One of several slices, until it goes. */
	slice("s2", "IPv4", HERE);
	expect(ACCEPT4, "[10.101.0.0/16, 10.101.0.1/32, 50.0.0.0/24, 80.15.0.0/24]");
	expect("ipv4.kernel.reject", "[10.101.0.0/16, 50.0.0.0/24, 80.15.0.0/24]");
	ck_assert(calico_del(world, "EndpointSlice", "default", "s2"));
	expect(ACCEPT4, "[10.101.0.0/16, 50.0.0.0/24, 80.15.0.0/24]");
	/* Of the other family, of another namespace. */
	slice("s1", "IPv6", HERE);
	expect(ACCEPT4, "[10.101.0.0/16, 50.0.0.0/24, 80.15.0.0/24]");
	slice("s1", "FQDN", HERE);
	put_in("EndpointSlice", "other", "s1",
	       "{metadata: {labels: {kubernetes.io/service-name: s}}, addressType: IPv4, endpoints: [{" HERE
	       "}]}");
	expect(ACCEPT4, "[10.101.0.0/16, 50.0.0.0/24, 80.15.0.0/24]");
	slice("s1", "IPv4", HERE);
	ck_assert(calico_del(world, "Service", "default", "s"));
	expect(ACCEPT4, "[10.101.0.0/16, 50.0.0.0/24, 80.15.0.0/24]");
	finish();
}
END_TEST

/* The node as Kubernetes calls it. */
START_TEST(test_kubernetes_node)
{
	begin_with(&(struct calico_env){.node = "kube-master", .kubernetes_node = "master.example.org"});
	node("kube-master", "ipv4Address: 10.192.0.2/16");
	config("serviceClusterIPs: [{cidr: 10.101.0.0/16}]");
	service("s", "type: ClusterIP, clusterIP: 10.101.0.1, externalTrafficPolicy: Local");
	slice("s1", "IPv4", HERE);
	expect(ACCEPT4, "[10.101.0.0/16]");
	slice("s1", "IPv4", "nodeName: master.example.org");
	expect(ACCEPT4, "[10.101.0.0/16, 10.101.0.1/32]");
	finish();
}
END_TEST

START_TEST(test_types)
{
	static const struct {
		const char *type;
		bool announced;
	} rows[] = {
	    {"type: ClusterIP, clusterIP: 10.101.0.1", true},
	    {"type: NodePort, clusterIP: 10.101.0.1", true},
	    {"type: LoadBalancer, clusterIP: 10.101.0.1", true},
	    {"clusterIP: 10.101.0.1", true}, /* as the API server fills it in */
	    {"type: ExternalName, clusterIP: 10.101.0.1, ipFamilies: [IPv4]", false},
	    {"type: ClusterIP, clusterIP: None, clusterIPs: [10.101.0.1], ipFamilies: [IPv4]", false}};

	setup("serviceClusterIPs: [{cidr: 10.0.0.0/8}]");
	slice("s1", "IPv4", HERE);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *spec = xasprintf("%s, externalTrafficPolicy: Local", rows[i].type);
		service("s", spec);
		expect(ACCEPT4, rows[i].announced ? "[10.0.0.0/8, 10.101.0.1/32]" : "[10.0.0.0/8]");
		free(spec);
	}
	finish();
}
END_TEST

/* Cluster addresses if there is any range of such; others inside their ranges. */
START_TEST(test_addresses)
{
	setup(RANGES);
	put_in("Service", "default", "s",
	       "{spec: {type: LoadBalancer, clusterIP: 10.101.0.1, clusterIPs: [10.101.0.1, 'fd00:96::1'], "
	       "ipFamilies: [IPv4, IPv6],"
	       "externalIPs: [50.0.0.1, 50.0.1.1, x], externalTrafficPolicy: Local},"
	       "status: {loadBalancer: {ingress: [{ip: 80.15.0.1}, {ip: 90.15.0.1}, {hostname: h}, {ip: "
	       "80.15.0.2/32}]}}}");
	slice("s1", "IPv4", HERE);
	expect(ACCEPT4,
	       "[10.101.0.0/16, 10.101.0.1/32, 50.0.0.0/24, 50.0.0.1/32, 80.15.0.0/24, 80.15.0.1/32]");
	expect(ACCEPT6, "['fd00:96::/112', 'fd00:96::1/128']");
	config("serviceLoadBalancerIPs: [{cidr: 80.15.0.0/24}]");
	expect(ACCEPT4, "[80.15.0.0/24, 80.15.0.1/32]");
	/* A range is enough for cluster addresses, whatever is inside. */
	config("serviceClusterIPs: [{cidr: 10.0.0.0/24}]");
	expect(ACCEPT4, "[10.0.0.0/24, 10.101.0.1/32]");
	expect(ACCEPT6, "['fd00:96::1/128']");
	finish();
}
END_TEST

START_TEST(test_families)
{
	setup("serviceClusterIPs: [{cidr: 'fd00:96::/112'}, {cidr: 10.101.0.0/16}]");
	service(
	    "s",
	    "type: ClusterIP, clusterIP: 'fd00:96::28', externalTrafficPolicy: Local"); /* of its address's
											   family */
	slice("s1", "IPv4", HERE);
	expect(ACCEPT6, "['fd00:96::/112']");
	slice("s1", "IPv6", HERE);
	expect(ACCEPT6, "['fd00:96::/112', 'fd00:96::28/128']");
	service("s",
		"type: ClusterIP, clusterIP: 10.101.0.1, ipFamilies: [IPv6], externalTrafficPolicy: Local");
	expect(ACCEPT4, "[10.101.0.0/16, 10.101.0.1/32]");
	finish();
}
END_TEST

/* ---- services of the whole cluster ---- */

START_TEST(test_cluster_policy)
{
	setup("serviceLoadBalancerIPs: [{cidr: 80.15.0.0/24}, {cidr: 81.0.0.1/32}], serviceExternalIPs: "
	      "[{cidr: 50.0.0.0/24}, {cidr: 51.0.0.1/32}]");
	/* Inside a range: the range brings the traffic. */
	put_in("Service", "default", "s",
	       "{spec: {type: LoadBalancer, clusterIP: 10.101.0.1}, status: {loadBalancer: {ingress: [{ip: "
	       "80.15.0.1}]}}}");
	slice("s1", "IPv4", HERE);
	expect(ACCEPT4, "[50.0.0.0/24, 80.15.0.0/24]");
	/* An address by itself: from each node, with endpoints or without. */
	ck_assert(calico_del(world, "EndpointSlice", "default", "s1"));
	put_in("Service", "default", "s",
	       "{spec: {type: LoadBalancer, clusterIP: 10.101.0.1, externalTrafficPolicy: Cluster},"
	       "status: {loadBalancer: {ingress: [{ip: 80.15.0.1}, {ip: 81.0.0.1}]}}}");
	expect(ACCEPT4, "[50.0.0.0/24, 80.15.0.0/24, 80.15.0.1/32, 81.0.0.1/32]");
	/* Such a route has no range that keeps it from the kernel. */
	expect("ipv4.kernel.reject", "[50.0.0.0/24, 80.15.0.0/24]");
	/* As it is wanted, before it is given; but then there is nothing to announce yet. */
	put_in("Service", "default", "s",
	       "{spec: {type: LoadBalancer, clusterIP: 10.101.0.1, loadBalancerIP: 81.0.0.1, externalIPs: "
	       "[50.0.0.7]}}");
	expect(ACCEPT4, "[50.0.0.0/24, 50.0.0.7/32, 80.15.0.0/24]");
	/* Of no load balancer it does not count. */
	put_in("Service", "default", "s",
	       "{spec: {type: NodePort, clusterIP: 10.101.0.1}, status: {loadBalancer: {ingress: [{ip: "
	       "81.0.0.1}]}}}");
	expect(ACCEPT4, "[50.0.0.0/24, 80.15.0.0/24]");
	/* An external one of any type. */
	service("s", "type: NodePort, clusterIP: 10.101.0.1, externalIPs: [51.0.0.1]");
	expect(ACCEPT4, "[50.0.0.0/24, 51.0.0.1/32, 80.15.0.0/24]");
	/* With Local it needs an endpoint here. */
	service(
	    "s",
	    "type: NodePort, clusterIP: 10.101.0.1, externalIPs: [51.0.0.1], externalTrafficPolicy: Local");
	expect(ACCEPT4, "[50.0.0.0/24, 80.15.0.0/24]");
	finish();
}
END_TEST

/* Without aggregation each service by itself, from each node, while it has an endpoint anywhere. */
START_TEST(test_no_aggregation)
{
	setup("serviceLoadBalancerIPs: [{cidr: 80.15.0.0/24}], serviceLoadBalancerAggregation: Disabled");
	put_in("Service", "default", "s",
	       "{spec: {type: LoadBalancer, clusterIP: 10.101.0.1}, status: {loadBalancer: {ingress: [{ip: "
	       "80.15.0.1}]}}}");
	expect(ACCEPT4, "[]");
	slice("s1", "IPv4", ELSEWHERE);
	expect(ACCEPT4, "[80.15.0.1/32]");
	expect("ipv4.static", "[{prefix: 80.15.0.1/32, via: null}]");
	expect("ipv4.kernel.reject", "[]");
	slice("s1", "IPv4", ELSEWHERE ", conditions: {ready: false}");
	expect(ACCEPT4, "[]");
	finish();
}
END_TEST

/* For a source that would have to ask for them. */
START_TEST(test_wanted)
{
	static const char *const keys[] = {"serviceClusterIPs", "serviceExternalIPs", "serviceLoadBalancerIPs"};

	begin();
	ck_assert(!calico_wants_services(world));
	config("asNumber: 64512, serviceClusterIPs: [{}]");
	ck_assert(!calico_wants_services(world));
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		char *spec = xasprintf("%s: [{cidr: 192.0.2.1/32}]", keys[i]);
		config(spec);
		ck_assert(calico_wants_services(world));
		free(spec);
	}
	begin_with(&(struct calico_env){.node = "kube-master", .cluster_ips = "10.96.0.0/12"});
	ck_assert(calico_wants_services(world));
	finish();
}
END_TEST

SUITE("calico_services", test_ranges, test_cluster_ips_of_environment, test_reflector, test_excluded,
      test_local, test_kubernetes_node, test_types, test_addresses, test_families, test_cluster_policy,
      test_no_aggregation, test_wanted)
