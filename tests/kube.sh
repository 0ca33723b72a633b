# SPDX-License-Identifier: Apache-2.0
# Sourced by tests of the Kubernetes datastore, behind lib.sh: the API server of the tests, objects for it, and bgpconfd.
# shellcheck shell=bash
BGPCONFD=$build/conf/bgpconfd
templates=$top/conf/templates
api_server=$top/tests/net/apiserver.py
group=crd.projectcalico.org/v1 # of the objects that are made: the other one is projectcalico.org/v3
unset NODENAME DATASTORE_TYPE ETCD_ENDPOINTS CALICO_ROUTER_ID CALICO_ADVERTISE_CLUSTER_IPS CALICO_K8S_NODE_REF NAMESPACE \
	CALICO_ENDPOINT_STATUS_PATH_PREFIX CALICO_API_GROUP USE_POD_CIDR CALICO_USE_POD_CIDR KUBECONFIG KUBERNETES_SERVICE_HOST KUBERNETES_SERVICE_PORT \
	K8S_CLIENT_QPS K8S_CLIENT_BURST CALICO_K8S_CLIENT_QPS CALICO_K8S_CLIENT_BURST

need_kube() {
	need_godwit
	need python3
	[ -x "$BGPCONFD" ] || fail "$BGPCONFD is not built"
}

# api_start NAMESPACE [OPTION...]: on 127.0.0.1:6443
api_start() {
	local space=$1
	shift
	start api "$space" python3 "$api_server" --listen 127.0.0.1:6443 --control "$dir/api.control" "$@"
	expect 10 python3 "$api_server" --ask "$dir/api.control" '{"op": "counts"}'
}

# api COMMAND...: to the API server, each a JSON object
api() { python3 "$api_server" --ask "$dir/api.control" "$@" >"$dir/api.out" || fail "$stage: $(cat "$dir/api.out")"; }
# api_counts FILTER: true if the jq filter is so of the figures of the API server
api_counts() {
	api '{"op": "counts"}'
	tail -n 1 "$dir/api.out" | jq -e "$1"
}
# api_fault TIMES WHAT PATH [MORE]: the next requests whose path matches
api_fault() { api "{\"op\": \"fault\", \"times\": $1, \"what\": \"$2\", \"path\": \"$3\"${4:+, $4}}"; }

# Objects as commands for api.
put() { printf '{"op": "put", "object": %s}' "$1"; }
del() { printf '{"op": "delete", "kind": "%s", "name": "%s", "namespace": "%s"}' "$1" "$2" "${3:-default}"; }
# k_calico KIND NAME SPEC [LABELS]: in crd.projectcalico.org/v1 the labels are in an annotation
k_calico() {
	local labels=${4:-"{}"} meta
	case $group in
	crd*) meta="{\"name\": \"$2\", \"annotations\": {\"projectcalico.org/metadata\": $(printf '{"labels": %s}' "$labels" | jq -c . | jq -R .)}}" ;;
	*) meta="{\"name\": \"$2\", \"labels\": $labels}" ;;
	esac
	put "{\"kind\": \"$1\", \"apiVersion\": \"$group\", \"metadata\": $meta, \"spec\": $3}"
}
# k_node NAME ADDRESS/LENGTH [ANNOTATIONS] [LABELS]
k_node() {
	put "{\"kind\": \"Node\", \"apiVersion\": \"v1\", \"metadata\": {\"name\": \"$1\", \"labels\": {\"kubernetes.io/hostname\": \"$1\"${4:+, $4}},
		\"annotations\": {\"projectcalico.org/IPv4Address\": \"$2\"${3:+, $3}}}}"
}
# k_secret NAMESPACE NAME KEY TEXT
k_secret() {
	put "{\"kind\": \"Secret\", \"apiVersion\": \"v1\", \"metadata\": {\"name\": \"$2\", \"namespace\": \"$1\"}, \"data\": {\"$3\": \"$(printf %s "$4" | base64)\"}}"
}

# kubeconfig [USER] [CLUSTER]: $dir/kubeconfig, with more JSON for the user and the cluster
kubeconfig() {
	cat >"$dir/kubeconfig.new" <<-EOT
		apiVersion: v1
		kind: Config
		current-context: test
		contexts: [{name: test, context: {cluster: here, user: me}}]
		clusters: [{name: here, cluster: {server: "${server:-http://127.0.0.1:6443}"${2:+, $2}}}]
		users: [{name: me, user: {${1:-}}}]
	EOT
	chmod 600 "$dir/kubeconfig.new"
	mv "$dir/kubeconfig.new" "$dir/kubeconfig"
}

# confd_conf FILE DEST [MORE]: a configuration for node n1 whose file is DEST
confd_conf() {
	cat >"$1" <<-EOT
		node: n1
		datastore: {type: kubernetes, kubeconfig: $dir/kubeconfig}
		control: {socket: $1.sock}
		templates:
		  - {src: $templates/bgpd.yaml.mustache, dest: $2, mode: "0640"${3:+, $3}}
	EOT
}

# confd_start: for bgpd n1
confd_start() { start confd n1 "$BGPCONFD" -f "$dir/confd.yaml" -v; }
confd_status() { "$BGPCONFD" -f "$dir/confd.yaml" --status | jq -e "$1"; }

# mark N: a peer whose name says which step it was; marked N: bgpd has it
mark() { k_calico BGPPeer mark "{\"peerIP\": \"192.0.2.$1\", \"asNumber\": 65100, \"node\": \"n1\"}"; }
marked() { ctl n1 show neighbor "Node_192_0_2_$1" | grep -q "192\.0\.2\.$1\>"; }

now_ms() { date +%s%3N; }

# from_nothing: what is in place is what a bgpconfd makes that starts from nothing, and what bgpd runs
from_nothing() {
	confd_conf "$dir/fresh-confd.yaml" "$dir/fresh.yaml"
	in_ns n1 "$BGPCONFD" -f "$dir/fresh-confd.yaml" --once 2>"$dir/fresh.log" || fail "$stage: $(cat "$dir/fresh.log")"
	expect 20 cmp "$dir/n1.yaml" "$dir/fresh.yaml"
	expect 10 ctl n1 config diff "$dir/fresh.yaml"
	[ -z "$(ctl n1 config diff "$dir/fresh.yaml" | grep -v -i '^no ')" ] || fail "$stage: bgpd runs something else: $(ctl n1 config diff "$dir/fresh.yaml")"
}
