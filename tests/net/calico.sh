#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Three Calico nodes, each with its bgpd and its bgpconfd, made from one directory of resources: the mesh comes up,
# blocks of pods are announced and reached by ping, and what changes in the directory is followed, also by who was
# killed meanwhile.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/calico.sh"
ns hub n1 n2 n3 p1 p2 p3
lan hub n1 n2 n3

node() { # N [MORE]
	put "n$1.yaml" <<-EOT
		kind: Node
		metadata: {name: n$1}
		spec: {bgp: {ipv4Address: 10.99.0.$1/24, ipv6Address: "fd99::$1/64"${2:-}}}
		---
		kind: BlockAffinity
		metadata: {name: n$1-block}
		spec: {node: n$1, cidr: 10.65.$1.0/26, state: confirmed}
	EOT
}

pings() { in_ns "p$1" ping -c 1 -W 1 -q "10.65.$2.2"; }

put pool.yaml <<-EOT
	kind: IPPool
	metadata: {name: pods}
	spec: {cidr: 10.65.0.0/16, ipipMode: Never}
EOT
for n in 1 2 3; do
	node $n
done
for n in 1 2 3; do
	pod n$n p$n 10.65.$n.2/32
	confd n$n
	godwit n$n n$n
done

say "the mesh, in both families"
for n in 1 2 3; do
	for other in 1 2 3; do
		[ $n = $other ] && continue
		expect 30 session n$n "Mesh_10_99_0_$other"
		expect 30 session n$n "Mesh_fd99__$other"
	done
done

say "blocks in the kernel, a blackhole for the own one, and no pod's route"
expect 10 kernel n1 10.65.2.0/26 "via 10.99.0.2" "proto bird"
expect 10 kernel n1 10.65.3.0/26 "via 10.99.0.3" "proto bird"
expect 10 kernel n1 10.65.1.0/26 blackhole "proto bird"
expect 10 absent n1 10.65.2.2/32
expect 10 best n1 10.65.1.2/32 '.source == "kernel"'

say "pods reach pods"
for pair in "1 2" "1 3" "2 3" "3 1"; do
	# shellcheck disable=SC2086
	expect 10 pings $pair
done

say "a pod that is about to move: its route is better than normal, and is announced by itself"
in_ns n2 ip route add 10.65.1.9/32 dev calip2 scope link proto 80 metric 512
expect 10 kernel n3 10.65.1.9/32 "via 10.99.0.2" "metric 512"
expect 10 best n1 10.65.1.9/32 '.local_preference == 2147483135'
in_ns n2 ip route del 10.65.1.9/32 dev calip2 proto 80 metric 512
expect 10 no_kernel n3 10.65.1.9/32

say "a node goes, and comes back"
rm "$dir/resources/n3.yaml"
expect 10 no_kernel n1 10.65.3.0/26
expect 10 ask n1 '[.neighbors[].name] | index("Mesh_10_99_0_3") == null' show neighbor
expect 10 pings 1 2
node 3
expect 30 session n1 Mesh_10_99_0_3
expect 10 pings 1 3

say "a file that is wrong changes nothing, and the sessions know nothing of it"
before=$(ctl n1 -j show neighbor | jq '[.neighbors[].stats.established] | add')
put pool.yaml <<<"kind: IPPool: metadata"
expect 10 grep -q 'source.trouble .*pool.yaml' "$dir/confd-n1.log"
holds 1 pings 1 2
put pool.yaml <<-EOT
	kind: IPPool
	metadata: {name: pods}
	spec: {cidr: 10.65.0.0/16, ipipMode: Never}
EOT
expect 10 grep -q 'source.trouble-over .*pool.yaml' "$dir/confd-n1.log"
[ "$(ctl n1 -j show neighbor | jq '[.neighbors[].stats.established] | add')" = "$before" ] || fail "$stage: a session began anew"

say "bgpconfd is killed, the directory changes, and it comes back"
stop confd-n1 KILL
put filter.yaml <<-EOT
	kind: BGPConfiguration
	metadata: {name: default}
	spec: {communities: [{name: pods, value: "64512:65"}], prefixAdvertisements: [{cidr: 10.65.0.0/16, communities: [pods]}]}
EOT
expect 10 best n1 10.65.2.0/26 '.communities == ["64512:65"]'
confd n1
expect 10 best n2 10.65.1.0/26 '.communities == ["64512:65"]'

say "bgpd is killed and comes back: its routes stay, and pods reach pods meanwhile"
stop n1 KILL
kernel n1 10.65.2.0/26 "via 10.99.0.2" >/dev/null || fail "$stage: the route went with it"
pings 1 2 >/dev/null || fail "$stage: no ping without bgpd"
godwit n1 n1
expect 30 session n1 Mesh_10_99_0_2
expect 10 pings 1 3

say "what is in place is what would be made of nothing"
for n in 1 2 3; do
	in_ns n$n "$BGPCONFD" -f "$dir/confd-n$n.yaml" --dry-run >"$dir/diff$n" 2>"$dir/dry$n.err" || fail "$stage: $(cat "$dir/dry$n.err")"
	[ ! -s "$dir/diff$n" ] || fail "$stage: $(cat "$dir/diff$n")"
done
for n in 1 2 3; do
	clean_stop confd-n$n
	clean_stop n$n
done
