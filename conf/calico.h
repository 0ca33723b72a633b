/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calico: Calico's resources resolved into the model that templates see
 * (godwit-model(5)).
 *
 * Resources are put and deleted as the datastore tells of them. What matters of one
 * is taken out of its JSON at once, so that a cluster of thousands of services is
 * held in little memory; the model is made from all of them when it is asked for.
 * A resource that is wrong in a part counts as far as it is right, and there is a
 * complaint about the rest: one bad filter or peer never keeps the others back.
 *
 * One resolver answers for one node. No clock, no files, no network.
 */
#ifndef CONF_CALICO_H
#define CONF_CALICO_H

#include <jansson.h>
#include <stdbool.h>

/* What calico-node has in its environment; texts are copied, NULL: not set. */
struct calico_env {
	const char *node;             /* NODENAME, never NULL */
	const char *router_id;        /* CALICO_ROUTER_ID: "hash", or as it is */
	const char *cluster_ips;      /* CALICO_ADVERTISE_CLUSTER_IPS: instead of serviceClusterIPs */
	const char *kubernetes_node;  /* CALICO_K8S_NODE_REF, default node */
	const char *secret_namespace; /* NAMESPACE, default kube-system */
	bool pod_cidrs;               /* USE_POD_CIDR: spec.podCIDRs of the Node in place of BlockAffinities */
};

struct calico; /* opaque */

struct calico *calico_new(const struct calico_env *env);
void calico_free(struct calico *c);

/*
 * Resources of kinds that do not matter are ignored. name_space may be NULL. EndpointStatus is the kind of the files
 * that Felix writes for local workloads, named as they are. True: the model may be another one now.
 */
bool calico_put(struct calico *c, const char *kind, const char *name_space, const char *name, const json_t *value);
bool calico_del(struct calico *c, const char *kind, const char *name_space, const char *name);

/*
 * The model, a new reference; NULL while the own node is not known, which is said in the complaints. Passwords are "***"
 * unless secrets is set.
 */
json_t *calico_model(struct calico *c, bool secrets);

/* What was wrong when the model was made last: an array of {"kind", "name", "text"}, sorted; a new reference. */
json_t *calico_complaints(const struct calico *c);

/*
 * For datastores that must ask for each: do Services and EndpointSlices matter by what was put so far, and which Secrets
 * are referred to, as the keys "namespace/name" of an object, a new reference?
 */
bool calico_wants_services(const struct calico *c);
json_t *calico_wants_secrets(const struct calico *c);

#endif
