#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Calico's resources are in etcd, Services and Secrets in Kubernetes, as calico-node has them: both are followed, nobody
# is asked for what is not wanted, and either of them may be away without anything being taken back.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/kube.sh"
. "$top/tests/etcd.sh"
need_etcd
ns n1
in_ns n1 ip address add 10.99.0.1/24 dev lo
etcd_options=(--endpoints http://127.0.0.1:2379)

# there OBJECT, gone KIND NAMESPACE NAME: in Kubernetes
there() { api "{\"op\": \"put\", \"object\": $1}"; }
gone() { api "{\"op\": \"delete\", \"kind\": \"$1\", \"namespace\": \"$2\", \"name\": \"$3\"}"; }
service() { there "{\"kind\": \"Service\", \"metadata\": {\"name\": \"$1\"}, \"spec\": {\"type\": \"ClusterIP\", \"clusterIP\": \"$2\", \"externalTrafficPolicy\": \"Local\"}}"; }
# The service's address is announced by nodes that have an endpoint of it.
endpoint() {
	there "{\"kind\": \"EndpointSlice\", \"metadata\": {\"name\": \"$1-1\", \"labels\": {\"kubernetes.io/service-name\": \"$1\"}}, \"addressType\": \"IPv4\",
		\"endpoints\": [{\"addresses\": [\"10.65.0.2\"], \"nodeName\": \"n1\", \"conditions\": {\"ready\": true}}]}"
}
secret() { there "{\"kind\": \"Secret\", \"metadata\": {\"name\": \"$1\", \"namespace\": \"kube-system\"}, \"data\": {\"key\": \"$(printf %s "$2" | base64)\"}}"; }
peer() { put "$resources/bgppeers/$1" "{\"kind\": \"BGPPeer\", \"metadata\": {\"name\": \"$1\"}, \"spec\": {\"peerIP\": \"$2\", \"asNumber\": 65001${3:-}}}"; }
with_secret() { echo ", \"password\": {\"secretKeyRef\": {\"name\": \"$1\", \"key\": \"key\"}}"; }
announcing() { put "$resources/bgpconfigurations/default" '{"spec": {"serviceClusterIPs": [{"cidr": "10.96.0.0/12"}]}}'; }
neighbor() { ctl n1 show neighbor "Global_$1"; }

say "nothing of Kubernetes is wanted: it need not even be there"
kubeconfig 'token: one'
confd_conf n1 n1 "{type: etcd, endpoints: [\"http://127.0.0.1:2379\"], kubeconfig: $dir/kubeconfig}"
etcd_one etcd n1
node n1 10.99.0.1
peer plain 10.99.0.8
confd n1 n1
expect 10 test -s "$dir/n1.yaml"
expect 10 confd_says n1 '.synced and .troubles == [] and .cluster.type == "kubernetes" and .cluster.kinds == []'
godwit n1 n1
expect 10 neighbor 10_99_0_8

say "a password that is in a Secret: without the server no more is waited for than an answer"
peer tor 10.99.0.9 "$(with_secret bgp)"
expect 10 neighbor 10_99_0_9
expect 10 confd_says n1 'any(.troubles[]; .what == "kubernetes")'
lacks n1 hidden-word || fail "$stage: it has it"

say "the server comes"
api_start n1 --token one
secret bgp hidden-word
expect 60 has n1 hidden-word
expect 30 confd_says n1 '.troubles == []'
secret bgp another-word
expect 10 has n1 another-word
api '{"op": "reset-counts"}'
holds 2 api_counts '.requests == {} and .watches == 1 and .watching.secrets == 1'

say "services when they are announced, not before"
service web 10.96.0.7
endpoint web
holds 1 absent n1 10.96.0.7/32
announcing
expect 10 best n1 10.96.0.0/12
expect 10 best n1 10.96.0.7/32
api_counts '.watches == 3 and .watching.services == 1 and .watching.endpointslices == 1' || fail "$stage: $(cat "$dir/api.out")"
gone EndpointSlice default web-1
expect 10 absent n1 10.96.0.7/32
endpoint web
expect 10 best n1 10.96.0.7/32

say "the API server goes: what was told stays, and etcd is followed"
api_fault 1000 close /
api '{"op": "drop"}'
expect 10 confd_says n1 '.troubles | length > 0'
peer late 10.99.0.7
expect 10 neighbor 10_99_0_7
best n1 10.96.0.7/32 >/dev/null && has n1 another-word || fail "$stage: it was taken back"

say "etcd goes, the API server comes: what changes there is followed"
stop etcd KILL
expect 10 confd_says n1 'any(.troubles[]; .text | test("what it said last stays"))'
secret bgp third-word
service web 10.96.0.8
api '{"op": "mend"}'
expect 60 has n1 third-word
expect 60 best n1 10.96.0.8/32
expect 10 absent n1 10.96.0.7/32
neighbor 10_99_0_7 >/dev/null && neighbor 10_99_0_8 >/dev/null || fail "$stage: a neighbour is gone"

say "bgpconfd begins anew: no file before it knows of both"
written=$(stat -c '%i %Y' "$dir/n1.yaml")
stop n1.confd
api_fault 5 status / '"status": 503'
etcd_start etcd n1 127.0.0.1:2379 127.0.0.1:2380 --initial-cluster etcd=http://127.0.0.1:2380
expect 30 in_etcd endpoint health
confd n1 n1
expect 60 confd_says n1 '.synced'
expect 30 confd_says n1 '.troubles == []'
[ "$(stat -c '%i %Y' "$dir/n1.yaml")" = "$written" ] || fail "$stage: it was written again: $(diff "$dir/n1.yaml" "$dir/n1.yaml")"
same n1 n1 || fail "$stage: something else would be made of nothing: $(cat "$dir/n1.diff")"

say "nothing is wanted any more"
del "$resources/bgppeers/tor"
del "$resources/bgpconfigurations/default"
expect 10 absent n1 10.96.0.0/12
expect 10 api_counts '.watches == 0'
expect 10 confd_says n1 '.cluster.kinds == []'
lacks n1 third-word || fail "$stage: the password is still there"

say "secrets are in no log, and not for all to read"
! grep -q -e hidden-word -e another-word -e third-word "$dir/n1.confd.log" || fail "$stage: in the log"
in_ns n1 "$BGPCONFD" -f "$dir/n1.confd.yaml" --show-model 2>&1 | grep -q -e -word && fail "$stage: in the model"
clean_stop n1.confd
