#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# bgpconfd and bgpd on Kubernetes objects, against the API server of the tests: what changes is followed, with one watch a
# kind and without polling; Secrets that may not be read, tokens that are replaced, versions that are gone, a server that
# goes, lies or comes back from a backup change nothing that is in place. GROUP=v3: in the other API group.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/kube.sh"
need_kube
case ${GROUP:-crd} in v3) group=projectcalico.org/v3 ;; esac
ns n1
in_ns n1 ip address add 10.99.0.1/24 dev lo

echo one >"$dir/token"
chmod 600 "$dir/token"
kubeconfig "tokenFile: token"
confd_conf "$dir/confd.yaml" "$dir/n1.yaml" "check: \"$BGPD -n -f {{stage}}\", reload: \"$BGPCTL -s $dir/n1.sock reload\""
echo "metrics: {listen: '127.0.0.1:9180'}" >>"$dir/confd.yaml"

metric() { in_ns n1 python3 -c 'import urllib.request as u; print(u.urlopen("http://127.0.0.1:9180/metrics").read().decode())' | grep -q -x "$1"; }
written() { stat -c '%i %Y' "$dir/n1.yaml"; }
# same FIGURES: what the neighbours and the file were before is what they are
same() { [ "$(written)" = "$before" ] && ctl n1 show neighbor | grep -q Mesh_10_99_0_2; }
# The process of a daemon that "ip netns exec" became.
says() { grep -q -e "$1" "$dir/confd.log"; }

say "--once without a server fails, and says why"
in_ns n1 "$BGPCONFD" -f "$dir/confd.yaml" --once 2>"$dir/once.log" && fail "$stage: it did not"
grep -q 'source.trouble what=kubernetes error="http://127.0.0.1:6443: ' "$dir/once.log" || fail "$stage: $(cat "$dir/once.log")"
[ ! -e "$dir/n1.yaml" ] || fail "$stage: a file from nothing"

say "bgpconfd is there before the server"
confd_start
expect 10 confd_status 'any(.troubles[]; .what == "kubernetes") and .synced == false'
expect 10 metric 'godwit_confd_datastore_synced 0'
api_start n1 --serve "${GROUP:-crd}" --token one
api "$(k_node n1 10.99.0.1/24 '' '"rack": "a"')" "$(k_node n2 10.99.0.2/24)"
# It may have had the node already, or not: then it waits for its own.
expect 60 test -s "$dir/n1.yaml"
expect 60 confd_status '.troubles == [] and .synced'
godwit n1 n1
expect 20 ctl n1 show neighbor Mesh_10_99_0_2
expect 10 metric 'godwit_confd_datastore_synced 1'
expect 10 metric 'godwit_confd_datastore_troubles 0'

say "a change is followed"
for n in 1 2 3 4 5; do
	api "$(mark "$n")"
	began=$(now_ms)
	expect 10 marked "$n"
	echo "bgpd had it after at most $(($(now_ms) - began)) ms"
done

say "one watch a kind, and no request without need"
api '{"op": "reset-counts"}'
holds 3 api_counts '.requests == {} and .watches == 6 and .violations == []'
api_counts '[.watching[]] == [1, 1, 1, 1, 1, 1]' || fail "$stage: $(cat "$dir/api.out")"

say "services when they are announced, not before"
api "$(k_calico BGPConfiguration default '{"serviceClusterIPs": [{"cidr": "10.96.0.0/12"}], "serviceExternalIPs": [{"cidr": "203.0.113.0/24"}]}')"
api "$(put '{"kind": "Service", "metadata": {"name": "web"}, "spec": {"type": "ClusterIP", "clusterIP": "10.96.0.7", "externalIPs": ["203.0.113.7"], "externalTrafficPolicy": "Local"}}')"
api "$(put '{"kind": "EndpointSlice", "metadata": {"name": "web-1", "labels": {"kubernetes.io/service-name": "web"}}, "addressType": "IPv4",
	"endpoints": [{"addresses": ["10.65.0.2"], "nodeName": "n1", "conditions": {"ready": true}}]}')"
expect 10 best n1 10.96.0.0/12
expect 10 best n1 10.96.0.7/32
expect 10 best n1 203.0.113.7/32
api_counts '.watching.services == 1 and .watching.endpointslices == 1 and .watches == 8' || fail "$stage: $(cat "$dir/api.out")"
api "$(put '{"kind": "EndpointSlice", "metadata": {"name": "web-1", "labels": {"kubernetes.io/service-name": "web"}}, "addressType": "IPv4",
	"endpoints": [{"addresses": ["10.65.0.2"], "nodeName": "n1", "conditions": {"ready": false}}]}')"
expect 10 absent n1 10.96.0.7/32
api "$(del BGPConfiguration default)"
expect 10 absent n1 10.96.0.0/12
expect 10 api_counts '.watches == 6'

say "a Secret that may not be read keeps nothing back"
api '{"op": "deny", "resource": "secrets", "status": 403}' "$(k_secret kube-system bgp key hidden-word)"
api "$(k_calico BGPPeer tor '{"peerIP": "10.99.0.9", "asNumber": 65001, "password": {"secretKeyRef": {"name": "bgp", "key": "key"}}}')" "$(mark 6)"
expect 10 marked 6
expect 10 confd_status '[.troubles[].what] == ["secrets kube-system/bgp"] and (.troubles[0].text | contains("403"))'
expect 10 metric 'godwit_confd_datastore_troubles 1'
ctl n1 show neighbor Global_10_99_0_9 >/dev/null || fail "$stage: the session is not there"
api "$(mark 7)"
expect 10 marked 7

say "it comes when it may, and nobody sees it who should not"
api '{"op": "allow", "resource": "secrets"}'
expect 60 grep -q hidden-word "$dir/n1.yaml"
expect 10 confd_status '.troubles == []'
api_counts '.watching.secrets == 1' || fail "$stage: $(cat "$dir/api.out")"
in_ns n1 "$BGPCONFD" -f "$dir/confd.yaml" --show-model >"$dir/model" 2>"$dir/model.err" || fail "$stage: $(cat "$dir/model.err")"
grep -q '"password": "\*\*\*"' "$dir/model" || fail "$stage: no session with a password in the model"
in_ns n1 "$BGPCONFD" -f "$dir/confd.yaml" --show-model --show-secrets 2>>"$dir/model.err" | grep -q hidden-word || fail "$stage: not even with --show-secrets"
confd_status . >"$dir/status"
for f in model model.err status confd.log; do
	! grep -q -e hidden-word -e "$(printf hidden-word | base64)" -e 'Bearer' "$dir/$f" || fail "$stage: it is in $f"
done
find "$dir" -type f -perm /007 -exec grep -l hidden-word {} + | grep -v -e api.control -e api.out >"$dir/seen" && fail "$stage: all can read $(cat "$dir/seen")"
api "$(k_secret kube-system bgp key another-word)"
expect 10 grep -q another-word "$dir/n1.yaml"
api '{"op": "deny", "resource": "secrets", "status": 403}' '{"op": "drop"}'
expect 20 confd_status '[.troubles[].what] == ["secrets kube-system/bgp"]'
grep -q another-word "$dir/n1.yaml" || fail "$stage: what was read once did not stay"
api '{"op": "allow", "resource": "secrets"}' "$(del BGPPeer tor)" "$(mark 8)"
expect 20 marked 8
expect 20 confd_status '.troubles == []'
# Of the rest nothing is to be written.
before=$(written)

say "a token that is replaced"
api '{"op": "tokens", "tokens": ["two"]}' '{"op": "drop"}'
expect 20 confd_status '.troubles | length > 0'
same || fail "$stage: something changed"
echo two >"$dir/token.new"
mv "$dir/token.new" "$dir/token"
expect 60 confd_status '.troubles == []'
expect 20 api_counts '.watches == 6'
same || fail "$stage: something changed"

say "a history that is forgotten"
api '{"op": "compact"}' '{"op": "drop"}' "$(mark 9)"
expect 20 marked 9
api '{"op": "compact"}' '{"op": "drop"}' "$(mark 10)"
expect 20 marked 10
before=$(written)

say "lists that are cut off, half, garbage, something else and empty take nothing back"
for what in truncate half garbage other empty; do
	api '{"op": "compact"}' '{"op": "drop"}'
	api_fault 1 "$what" 'nodes[?]limit=500' '"verb": "list"'
	api_fault 1 "$what" 'bgppeers[?]limit=500' '"verb": "list"'
done
holds 5 same
expect 60 confd_status '.troubles == []'
expect 20 api_counts '.watches == 6'
same || fail "$stage: something changed"

say "errors, and a server that says how long to wait"
api '{"op": "mend"}'
api_fault 2 status 'nodes' '"status": 500'
api_fault 1 status 'nodes' '"status": 429, "retry_after": 2'
api_fault 3 garbage 'bgppeers' '"verb": "watch"'
api '{"op": "drop"}'
expect 20 confd_status '.troubles | length > 0'
holds 1 same
api "$(mark 11)"
expect 60 marked 11
expect 60 confd_status '.troubles == []'
api '{"op": "mend"}'
before=$(written)

say "a server that is away, and bgpconfd that starts meanwhile"
stop api KILL
expect 20 confd_status 'any(.troubles[]; .what == "kubernetes")'
expect 10 metric 'godwit_confd_datastore_troubles [1-9]'
stop confd KILL
confd_start
holds 3 same
expect 10 confd_status '.synced == false and any(.troubles[]; .what == "kubernetes")'

say "it comes back with the same, and nothing is touched"
api_start n1 --serve "${GROUP:-crd}" --token two
api "$(k_node n1 10.99.0.1/24 '' '"rack": "a"')" "$(k_node n2 10.99.0.2/24)" "$(mark 11)"
expect 60 confd_status '.synced and .troubles == [] and .templates[0].result == "same"'
same || fail "$stage: something changed"

say "it comes back as it was before: what it has is what there is"
api '{"op": "snapshot"}' "$(mark 12)"
expect 20 marked 12
api '{"op": "restore"}'
expect 20 marked 11
no marked 12 2>/dev/null || fail "$stage: what was lost is still there"

say "what is in place is what would be made of nothing"
expect 20 confd_status '.troubles == []'
from_nothing
api_counts '.violations == []' || fail "$stage: $(cat "$dir/api.out")"
clean_stop confd
clean_stop n1
