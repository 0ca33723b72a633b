#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Two Calico nodes whose resources are in etcd: bgpconfd and bgpd follow each change; etcd goes and comes back, is
# compacted meanwhile, and is made anew from an older snapshot; keys that are wrong change nothing. Then any keys at all
# as a tree.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../etcd.sh"
need_etcd
ns hub n1 n2
lan hub n1 n2
etcd_space=n1
etcd_options=(--endpoints http://10.99.0.1:2379)
server() { # [OPTION...]
	etcd_start etcd n1 10.99.0.1:2379 10.99.0.1:2380 --initial-cluster etcd=http://10.99.0.1:2380 "$@"
	expect 30 in_etcd endpoint health
}

say "nobody there: one answer is waited for in vain, and more are waited for"
confd_conf n1 n1 '{type: etcd, endpoints: ["http://10.99.0.1:2379"]}' 'metrics: {listen: "127.0.0.1:9180"}'
confd_conf n2 n2 '{type: etcd, endpoints: ["http://10.99.0.1:2379"]}'
in_ns n1 "$BGPCONFD" -f "$dir/n1.confd.yaml" --once 2>"$dir/once.err" && fail "$stage: --once went well"
grep -q 'what=http://10.99.0.1:2379 error="http://10.99.0.1:2379: no connection: Connection refused"' "$dir/once.err" ||
	fail "$stage: $(cat "$dir/once.err")"
for n in 1 2; do
	confd n$n n$n
	expect 10 in_trouble n$n "Connection refused"
done
metric() { in_ns n1 curl -s http://127.0.0.1:9180/metrics | grep -qx "$1"; }
expect 10 metric 'godwit_confd_datastore_synced 0'
expect 10 metric 'godwit_confd_datastore_troubles 1'

say "it comes, and the nodes find each other"
server
node n1 10.99.0.1
node n2 10.99.0.2
block n1 10.65.1.0/26
block n2 10.65.2.0/26
for n in 1 2; do
	expect 10 watching n$n
	expect 10 test -s "$dir/n$n.yaml"
	godwit n$n n$n
done
expect 30 session n1 Mesh_10_99_0_2
expect 10 kernel n2 10.65.1.0/26 "via 10.99.0.1"
metric 'godwit_confd_datastore_synced 1' && metric 'godwit_confd_datastore_troubles 0' || fail "$stage: metrics"

say "changes are followed"
began=$(date +%s%N)
block n1 10.65.1.64/26
expect 10 kernel n2 10.65.1.64/26 "via 10.99.0.1"
echo "  $((($(date +%s%N) - began) / 1000000)) ms from the key to the other node's kernel"
del "$blocks/n1/ipv4/block/10.65.1.64-26"
expect 10 no_kernel n2 10.65.1.64/26
put "$resources/bgpconfigurations/default" '{"spec": {"communities": [{"name": "p", "value": "64512:65"}],
	"prefixAdvertisements": [{"cidr": "10.65.0.0/16", "communities": ["p"]}]}}'
expect 10 best n2 10.65.1.0/26 '.communities == ["64512:65"]'

say "a value that is wrong is told and changes nothing"
before=$(ctl n1 -j show neighbor | jq '[.neighbors[].stats.established] | add')
put "$resources/nodes/n2" '{"spec": {"bgp": '
expect 10 confd_says n1 ".troubles == [{what: \"$resources/nodes/n2\", text: \"found no JSON, from line 1, column 17 on: what it said last stays\"}]"
put "$resources/bgppeers/bad" 'no'
expect 10 confd_says n1 '.troubles | length == 2'
holds 1 session n1 Mesh_10_99_0_2
node n2 10.99.0.2
del "$resources/bgppeers/bad"
expect 10 watching n1
[ "$(ctl n1 -j show neighbor | jq '[.neighbors[].stats.established] | add')" = "$before" ] || fail "$stage: a session began anew"

say "etcd is killed: nothing changes; it comes back, and what changes then is followed"
stop etcd KILL
expect 10 in_trouble n1 "what it said last stays"
metric 'godwit_confd_datastore_troubles 1' || fail "$stage: metrics"
holds 1 session n1 Mesh_10_99_0_2
kernel n2 10.65.1.0/26 "via 10.99.0.1" >/dev/null || fail "$stage: the route is gone"
server
expect 15 watching n1
expect 15 watching n2
block n1 10.65.1.128/26
expect 10 kernel n2 10.65.1.128/26 "via 10.99.0.1"
! grep -q etcd.other "$dir/n1.confd.log" || fail "$stage: the same was taken for another"

say "while a node does not look, keys change and etcd forgets how"
listed() { grep -c etcd.listed "$dir/n2.confd.log"; }
lists=$(listed)
# Stopped, its watch breaks with etcd.
kill -STOP "${pids[n2.confd]}"
stop etcd
server
node n3 10.99.0.3
del "$blocks/n2/ipv4/block/10.65.2.0-26"
block n2 10.65.2.64/26
revision=$(in_etcd endpoint status -w json | jq '.[0].Status.header.revision')
in_etcd compact "$revision" >/dev/null || fail "$stage: compact"
kill -CONT "${pids[n2.confd]}"
expect 15 has n2 10.99.0.3
expect 10 has n2 10.65.2.64/26
expect 10 lacks n2 10.65.2.0/26
expect 10 watching n2
grep -q etcd.compacted "$dir/n2.confd.log" || fail "$stage: no word of it"
[ "$(listed)" -gt "$lists" ] || fail "$stage: it was not listed again"
session n2 Mesh_10_99_0_1 >/dev/null || fail "$stage: the session is gone"
expect 10 kernel n1 10.65.2.64/26 "via 10.99.0.2"

say "a snapshot is made, things go on, and etcd begins anew from it"
in_etcd snapshot save "$dir/snapshot" >/dev/null 2>&1 || fail "$stage: snapshot"
node n4 10.99.0.4
block n1 10.65.1.192/26
del "$resources/nodes/n3"
expect 10 has n1 10.99.0.4
expect 10 kernel n2 10.65.1.192/26 "via 10.99.0.1"
# Etcd begins anew from the snapshot.
restore() {
	stop etcd
	rm -rf "$dir/etcd.data"
	in_ns n1 etcdctl snapshot restore "$dir/snapshot" --data-dir "$dir/etcd.data" --name etcd \
		--initial-cluster etcd=http://10.99.0.1:2380 --initial-advertise-peer-urls http://10.99.0.1:2380 >/dev/null 2>&1 ||
		fail "$stage: restore"
	server
}
restore
expect 15 lacks n1 10.99.0.4
expect 10 has n1 10.99.0.3
expect 10 no_kernel n2 10.65.1.192/26
grep -q etcd.other "$dir/n1.confd.log" || fail "$stage: no word of it"
node n3 10.99.0.33
expect 10 has n1 10.99.0.33

say "it begins anew and passes what was known before anybody looks"
header() { in_etcd endpoint status -w json | jq -c ".[0].Status.header | [.cluster_id, .raft_term, .revision][$1]"; }
expect 10 watching n1
# A log that began anew a moment ago is as short as the next one.
for n in $(seq 20); do put /elsewhere "$n"; done
node n5 10.99.0.50
expect 10 has n1 10.99.0.50
rm "$dir/snapshot"
in_etcd snapshot save "$dir/snapshot" >/dev/null 2>&1 || fail "$stage: snapshot"
node n5 10.99.0.51
expect 10 has n1 10.99.0.51
cluster=$(header 0:2) revision=$(header 2)
kill -STOP "${pids[n1.confd]}"
restore
for n in 1 2 3 4 5; do node n6 10.99.0.6$n; done
[ "$(header 2)" -gt "$revision" ] || fail "$stage: revision $(header 2), not behind $revision"
[ "$(header 0:2)" = "$cluster" ] || fail "$stage: this etcd can be told by its id or its term"
kill -CONT "${pids[n1.confd]}"
expect 15 has n1 10.99.0.65
expect 10 has n1 10.99.0.50
expect 10 lacks n1 10.99.0.51
expect 10 watching n1

say "what is in place is what would be made of nothing"
for n in 1 2; do
	expect 10 watching n$n
	expect 10 same n$n n$n
	clean_stop n$n.confd
	clean_stop n$n
done

say "more keys than fit on a page"
for part in 1 2 3; do
	for n in $(seq $((part * 400)) $((part * 400 + 399))); do
		printf 'put %s/nodes/many%s "{\\"spec\\": {\\"bgp\\": {\\"ipv4Address\\": \\"10.98.%s.%s/16\\"}}}"\n' "$resources" "$n" \
			$((n / 250)) $((n % 250))
	done
done >"$dir/puts"
# etcdctl takes 128 operations in a transaction.
split -l 128 "$dir/puts" "$dir/puts."
for part in "$dir"/puts.??; do
	{ echo; cat "$part"; echo; echo; } | in_etcd txn >/dev/null || fail "$stage: txn"
done
in_ns n1 "$BGPCONFD" -f "$dir/n1.confd.yaml" --once || fail "$stage: --once"
[ "$(grep -c 'address: "10.98' "$dir/n1.yaml")" -eq 1200 ] || fail "$stage: $(grep -c 'address: "10.98' "$dir/n1.yaml") neighbours"

say "any keys as a tree"
printf '{{#racks}}{{name}}={{as}};{{/racks}}{{#motd}}{{{motd}}}{{/motd}}\n' >"$dir/keys.mustache"
cat >"$dir/keys.confd.yaml" <<-EOT
	datastore: {type: etcd, endpoints: ["http://10.99.0.1:2379"], prefix: /site}
	resolver: keys
	control: {socket: $dir/keys.confd.sock}
	debounce-ms: 20
	templates: [{src: $dir/keys.mustache, dest: $dir/keys.yaml}]
EOT
put /site/racks '[{"name": "r1", "as": 64512}]'
put /site/motd hello
put /sitex/motd no
confd keys n1
expect 10 has keys '^r1=64512;hello$'
put /site/racks '[{"name": "r2", "as": 64513}]'
expect 10 has keys '^r2=64513;hello$'
del /site/motd
expect 10 has keys '^r2=64513;$'
clean_stop keys.confd
