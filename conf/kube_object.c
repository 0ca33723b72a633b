/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kube_object: see kube.h. Of each object only that is taken which the resolver reads, so that a heartbeat or
 * an address of a pod that comes and goes makes no other resource.
 */
#include <string.h>

#include "conf/kube.h"
#include "lib/mem.h"

#define ANNOTATION "projectcalico.org/"

/* ---- parts ---- */

/* A member that is there goes along. */
static void
take(json_t *to, const json_t *from, const char *key)
{
	json_t *v = json_object_get(from, key);

	if (v != NULL && !json_is_null(v))
		json_object_set(to, key, v);
}

static const char *
annotation_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(
	    json_object_get(json_object_get(json_object_get(object, "metadata"), "annotations"), name));

	return text != NULL && *text != '\0' ? text : NULL;
}

/* The JSON in an annotation, NULL: none, or it is no object. The caller's. */
static json_t *
annotation_json(const json_t *object, const char *name)
{
	const char *text = annotation_of(object, name);
	json_t *v = text != NULL ? json_loads(text, 0, NULL) : NULL;

	if (json_is_object(v))
		return v;
	json_decref(v);
	return NULL;
}

/* A new resource with the object's names and no labels. */
static json_t *
resource_new(const struct kube_kind *k, const json_t *object)
{
	const json_t *meta = json_object_get(object, "metadata");
	json_t *out = json_object(), *m = json_object();

	json_object_set_new(out, "kind", json_string(k->kind));
	take(m, meta, "name");
	if (k->has_namespace)
		take(m, meta, "namespace");
	json_object_set_new(out, "metadata", m);
	return out;
}

static void
labels_set(json_t *resource, json_t *labels)
{
	json_object_set_new(json_object_get(resource, "metadata"), "labels", labels);
}

/* Calico's own labels, and over them those of Kubernetes. */
static json_t *
labels_merged(const json_t *calico, const json_t *object)
{
	json_t *labels = json_object();

	if (json_is_object(calico))
		json_object_update(labels, (json_t *)(uintptr_t)calico);
	json_object_update(labels, json_object_get(json_object_get(object, "metadata"), "labels"));
	return labels;
}

/* ---- Node ---- */

static const struct {
	const char *annotation;
	bool in_status; /* else in spec, in a part of it */
	const char *part, *key;
} node_settings[] = {
    {ANNOTATION "IPv4Address", false, "bgp", "ipv4Address"},
    {ANNOTATION "IPv6Address", false, "bgp", "ipv6Address"},
    {ANNOTATION "ASNumber", false, "bgp", "asNumber"},
    {ANNOTATION "RouteReflectorClusterID", false, "bgp", "routeReflectorClusterID"},
    {ANNOTATION "IPv4WireguardInterfaceAddr", false, "wireguard", "interfaceIPv4Address"},
    {ANNOTATION "IPv6WireguardInterfaceAddr", false, "wireguard", "interfaceIPv6Address"},
    {ANNOTATION "WireguardPublicKey", true, NULL, "wireguardPublicKey"},
    {ANNOTATION "WireguardPublicKeyV6", true, NULL, "wireguardPublicKeyV6"},
};

static json_t *
node_resource(const struct kube_kind *k, const json_t *object, const char *node)
{
	json_t *out = resource_new(k, object), *spec = json_object(), *status = json_object();
	json_t *own = annotation_json(object, ANNOTATION "labels");

	(void)node;
	labels_set(out, labels_merged(own, object));
	json_decref(own);
	for (size_t i = 0; i < ARRAY_LEN(node_settings); i++) {
		const char *text = annotation_of(object, node_settings[i].annotation);
		if (text == NULL)
			continue;
		const char *part = node_settings[i].part;
		json_t *in = node_settings[i].in_status ? status : json_object_get(spec, part);
		if (in == NULL)
			json_object_set_new(spec, part, in = json_object());
		json_object_set_new(in, node_settings[i].key, json_string(text));
	}
	take(spec, json_object_get(object, "spec"), "podCIDRs");
	json_object_set_new(out, "spec", spec);
	json_object_set_new(out, "status", status);
	return out;
}

/* ---- Calico's own ---- */

/* In crd.projectcalico.org/v1 an annotation has the labels; in projectcalico.org/v3 they are where they
 * should be. */
static json_t *
calico_resource(const struct kube_kind *k, const json_t *object, const char *node)
{
	json_t *out = resource_new(k, object), *real = annotation_json(object, ANNOTATION "metadata");

	(void)node;
	labels_set(out, labels_merged(json_object_get(real, "labels"), object));
	take(out, object, "spec");
	json_decref(real);
	return out;
}

/* Those of other nodes are most of them, and nothing to us. */
static json_t *
block_resource(const struct kube_kind *k, const json_t *object, const char *node)
{
	const char *of = json_string_value(json_object_get(json_object_get(object, "spec"), "node"));

	return of != NULL && strcmp(of, node) == 0 ? calico_resource(k, object, node) : NULL;
}

/* ---- services ---- */

static json_t *
service_resource(const struct kube_kind *k, const json_t *object, const char *node)
{
	static const char *const keys[] = {
	    "type",           "clusterIP", "clusterIPs", "externalIPs", "externalTrafficPolicy",
	    "loadBalancerIP", "ipFamilies"};
	const json_t *spec = json_object_get(object, "spec");
	const json_t *ingress =
	    json_object_get(json_object_get(json_object_get(object, "status"), "loadBalancer"), "ingress");
	json_t *out = resource_new(k, object), *s = json_object();

	(void)node;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		take(s, spec, keys[i]);
	json_object_set_new(out, "spec", s);
	if (json_array_size(ingress) > 0)
		json_object_set_new(out, "status",
				    json_pack("{s:{s:O}}", "loadBalancer", "ingress", ingress));
	return out;
}

static json_t *
slice_resource(const struct kube_kind *k, const json_t *object, const char *node)
{
	static const char label[] = "kubernetes.io/service-name";
	json_t *out = resource_new(k, object), *endpoints = json_array(), *labels = json_object(), *from;
	size_t i;

	(void)node;
	take(labels, json_object_get(json_object_get(object, "metadata"), "labels"), label);
	labels_set(out, labels);
	take(out, object, "addressType");
	json_array_foreach(json_object_get(object, "endpoints"), i, from)
	{
		json_t *to = json_object(),
		       *ready = json_object_get(json_object_get(from, "conditions"), "ready");
		take(to, from, "nodeName");
		if (ready != NULL && !json_is_null(ready))
			json_object_set_new(to, "conditions", json_pack("{s:O}", "ready", ready));
		json_array_append_new(endpoints, to);
	}
	json_object_set_new(out, "endpoints", endpoints);
	return out;
}

static json_t *
secret_resource(const struct kube_kind *k, const json_t *object, const char *node)
{
	json_t *out = resource_new(k, object);

	(void)node;
	take(out, object, "data");
	return out;
}

const struct kube_kind kube_kinds[] = {
    {.kind = "BGPConfiguration",
     .plural = "bgpconfigurations",
     .group = KUBE_CALICO,
     .resource = calico_resource},
    {.kind = "BGPPeer", .plural = "bgppeers", .group = KUBE_CALICO, .resource = calico_resource},
    {.kind = "BGPFilter", .plural = "bgpfilters", .group = KUBE_CALICO, .resource = calico_resource},
    {.kind = "IPPool", .plural = "ippools", .group = KUBE_CALICO, .resource = calico_resource},
    {.kind = "BlockAffinity", .plural = "blockaffinities", .group = KUBE_CALICO, .resource = block_resource},
    {.kind = "Node", .plural = "nodes", .group = KUBE_CORE, .resource = node_resource},
    {.kind = "Service",
     .plural = "services",
     .group = KUBE_CORE,
     .when = KUBE_SERVICES,
     .has_namespace = true,
     .resource = service_resource},
    {.kind = "EndpointSlice",
     .plural = "endpointslices",
     .group = KUBE_DISCOVERY,
     .when = KUBE_SERVICES,
     .has_namespace = true,
     .resource = slice_resource},
    {.kind = "Secret",
     .plural = "secrets",
     .group = KUBE_CORE,
     .when = KUBE_REFERRED,
     .has_namespace = true,
     .resource = secret_resource},
};
const size_t kube_nkinds = ARRAY_LEN(kube_kinds);
