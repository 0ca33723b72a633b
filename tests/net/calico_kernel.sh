#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What Calico relies on in the kernel's table, on nodes that bgpconfd configures: which routes are learned and which of
# several, who comes first where the node and BGP have the same prefix, a pod that moves (LOCAL_PREF is 2147483647 less
# the metric, both ways), a switch of another AS, a pod that speaks BGP, routes into tunnels, next hops that resolve and
# that do not, all paths both ways, and routes that outlive the daemon in order and killed, with not one packet lost.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/calico.sh"
ns hub n1 n2 n3 p1 p2 p3 far
lan hub n1 n2 n3 far
nodes="n1 n2 n3"

node() { # N [ADDRESS]
	put "n$1.yaml" <<-EOT
		kind: Node
		metadata: {name: n$1}
		spec: {bgp: {ipv4Address: ${2:-10.99.0.$1/24}, ipv6Address: "fd99::$1/64"}}
		---
		kind: BlockAffinity
		metadata: {name: n$1-block}
		spec: {node: n$1, cidr: 10.65.$1.0/26, state: confirmed}
		---
		kind: BlockAffinity
		metadata: {name: n$1-block6}
		spec: {node: n$1, cidr: "fd65:$1::/122", state: confirmed}
	EOT
}
config() { # SPEC-KEYS
	put config.yaml <<-EOT
		kind: BGPConfiguration
		metadata: {name: default}
		spec: {$1}
	EOT
}
config 'asNumber: 64512'
export CALICO_ENDPOINT_STATUS_PATH_PREFIX=$dir/felix
mkdir -p "$dir/felix/endpoint-status"
put pools.yaml <<-EOT
	kind: IPPool
	metadata: {name: pods}
	spec: {cidr: 10.65.0.0/16, ipipMode: Never}
	---
	kind: IPPool
	metadata: {name: pods6}
	spec: {cidr: "fd65::/16"}
	---
	kind: IPPool
	metadata: {name: ipip}
	spec: {cidr: 10.66.0.0/16, ipipMode: Always}
	---
	kind: IPPool
	metadata: {name: crossing}
	spec: {cidr: 10.67.0.0/16, ipipMode: CrossSubnet}
EOT
for n in 1 2 3; do
	node $n
	pod n$n p$n 10.65.$n.2/32 fd65:$n::2/128
	confd n$n
	godwit n$n n$n
done
mesh_up() { # the mesh of those nodes has its sessions
	local a b
	for a in $nodes; do
		for b in $nodes; do
			[ "$a" = "$b" ] || { session "$a" "Mesh_10_99_0_${b#n}" && session "$a" "Mesh_fd99__${b#n}"; } || return 1
		done
	done
}
expect 30 mesh_up
# path NAME PREFIX CONDITION: one of its paths, the best or not
path() { ask "$1" "[.rib[] | select($3)] | length > 0" show rib "$2"; }
sent() { ask "$1" "[.rib[] | select($4)] | length > 0" show rib out "$2" "$3"; }
say "written with protocol 12, as plain routes; never what is an interface's or was learned"
expect 10 kernel n1 10.65.2.0/26 'via 10.99.0.2 dev lan proto bird'
expect 10 kernel n1 fd65:2::/122 'via fd99::2 dev lan proto bird'
expect 10 kernel n1 10.65.1.0/26 blackhole 'proto bird'
for prefix in 10.65.2.0/26 10.65.1.0/26; do
	case $(kernel n1 $prefix) in *nhid*) fail "$stage" ;; esac
done
in_ns n1 ip route show proto bird | grep -vE '^(blackhole )?10\.65\.[123]\.0/26 ' && fail "$stage"

say "learned is what others made, but neither redirects, nor the kernel's, nor ours, nor what nobody has said of"
in_ns n1 ip route add 10.68.0.0/24 via 10.99.0.9 proto boot metric 77
in_ns n1 ip route add 10.68.3.0/24 via 10.99.0.9 proto static
in_ns n1 ip route add 10.68.80.0/24 via 10.99.0.9 proto 80
in_ns n1 ip route add 10.68.100.0/24 via 10.99.0.9 proto 0
in_ns n1 ip route add 10.68.101.0/24 via 10.99.0.9 proto redirect
in_ns n1 ip route add 10.68.102.0/24 via 10.99.0.9 proto kernel
in_ns n1 ip -6 route add fd68:80::/64 via fd99::9 proto 80
in_ns n1 ip -6 route add fd68:102::/64 via fd99::9 proto kernel
for prefix in 10.68.0.0/24 10.68.3.0/24 10.68.80.0/24 fd68:80::/64; do
	expect 10 best n1 $prefix '.source == "kernel"'
done
for prefix in 10.68.100.0/24 10.68.101.0/24 10.68.102.0/24 fd68:102::/64; do
	absent n1 $prefix >/dev/null || fail "$stage: $(ctl n1 show rib $prefix)"
done
in_ns n1 ip route add 10.68.112.0/24 via 10.99.0.9 proto 12
sleep 0.3
absent n1 10.68.112.0/24 >/dev/null || fail "$stage"
in_ns n1 ip route delete 10.68.112.0/24 2>/dev/null

say "of several the one with the lowest metric, whichever came first; the metric is what neighbours are told"
for order in "512 1024" "1024 512"; do
	for metric in $order; do
		pod_route add n1 p1 10.65.200.7/32 "$metric"
	done
	expect 10 best n2 10.65.200.7/32 '.local_preference == 2147483135'
	pod_route del n1 p1 10.65.200.7/32 512
	expect 10 best n2 10.65.200.7/32 '.local_preference == 2147482623'
	pod_route del n1 p1 10.65.200.7/32 1024
	expect 10 absent n2 10.65.200.7/32
done

say "a pod of n1 moves to n2: there with metric 512, so that n1 sends packets on although it has a route of its own; then it is n2's alone"
in_ns p1 ip address add 10.65.1.9/32 dev eth0
pod_route add n1 p1 10.65.1.9/32 1024
expect 10 best n1 10.65.1.9/32 '.source == "kernel"'
flow p3 10.65.1.9
in_ns p2 ip address add 10.65.1.9/32 dev eth0
pod_route add n2 p2 10.65.1.9/32 512
expect 10 kernel n3 10.65.1.9/32 'via 10.99.0.2' 'proto bird' 'metric 512'
expect 10 kernel n1 10.65.1.9/32 'via 10.99.0.2' 'proto bird' 'metric 512'
expect 10 best n1 10.65.1.9/32 '.source == "bgp" and .local_preference == 2147483135'
# Felix's own is as it was.
kernel n1 10.65.1.9/32 'dev calip1 scope link metric 1024' >/dev/null || fail "$stage"
best n2 10.65.1.9/32 '.source == "kernel"' >/dev/null || fail "$stage"
in_ns p1 ip address delete 10.65.1.9/32 dev eth0
pod_route del n1 p1 10.65.1.9/32 1024
pod_route add n2 p2 10.65.1.9/32 1024
pod_route del n2 p2 10.65.1.9/32 512
expect 10 best n3 10.65.1.9/32 '.local_preference == 2147482623'
expect 10 kernel n3 10.65.1.9/32 'via 10.99.0.2' 'metric 1024'
no_loss

say "and back to the node whose block it is: what BGP still says of n2 is no match for a local route that is better than normal"
flow p3 10.65.1.9
in_ns p1 ip address add 10.65.1.9/32 dev eth0
pod_route add n1 p1 10.65.1.9/32 512
expect 10 best n1 10.65.1.9/32 '.source == "kernel"'
path n1 10.65.1.9/32 '.source == "bgp"' >/dev/null || fail "$stage: n2's is gone"
expect 10 kernel n3 10.65.1.9/32 'via 10.99.0.1' 'metric 512'
expect 10 kernel n2 10.65.1.9/32 'via 10.99.0.1' 'metric 512'
in_ns p2 ip address delete 10.65.1.9/32 dev eth0
pod_route del n2 p2 10.65.1.9/32 1024
pod_route add n1 p1 10.65.1.9/32 1024
pod_route del n1 p1 10.65.1.9/32 512
# It is in the block again.
expect 10 no_kernel n3 10.65.1.9/32
expect 10 absent n3 10.65.1.9/32
no_loss

say "a normal local route and BGP's of the same prefix: BGP's is the best, but the kernel goes on with the local one, and neighbours have both"
in_ns p1 ip address add 10.65.2.9/32 dev eth0
pod_route add n1 p1 10.65.2.9/32 1024
expect 10 kernel n2 10.65.2.9/32 'via 10.99.0.1' 'metric 1024'
pod_route add n3 p3 10.65.2.9/32 1024
expect 10 path n1 10.65.2.9/32 '.source == "bgp" and .exit_nexthop == "10.99.0.3" and .best'
expect 10 path n1 10.65.2.9/32 '.source == "kernel"'
[ "$(in_ns n1 ip route get 10.65.2.9 | grep -c 'dev calip1')" -eq 1 ] || fail "$stage: $(in_ns n1 ip route get 10.65.2.9)"
expect 10 sent n1 Mesh_10_99_0_2 10.65.2.9/32 '.source == "kernel" and .local_preference == 2147482623'
expect 10 path n2 10.65.2.9/32 '.exit_nexthop == "10.99.0.1"'
expect 10 path n2 10.65.2.9/32 '.exit_nexthop == "10.99.0.3"'
# n2 has two ways that are equal.
expect 10 kernel n2 10.65.2.9/32 'nexthop via 10.99.0.1' 'nexthop via 10.99.0.3'
say "the local one goes: BGP's, which waited for the same prefix and metric, takes its place"
in_ns n1 ip route show exact 10.65.2.9/32 | grep bird && fail "$stage: two of one metric"
pod_route del n1 p1 10.65.2.9/32 1024
expect 10 kernel n1 10.65.2.9/32 'via 10.99.0.3 dev lan proto bird' 'metric 1024'
pod_route del n3 p3 10.65.2.9/32 1024
expect 10 no_kernel n2 10.65.2.9/32
expect 10 no_kernel n1 10.65.2.9/32

say "a switch of another AS: its routes are far below normal, the default route as well; it is sent blocks without a LOCAL_PREF"
cat >"$dir/far.yaml" <<-EOT
	router: {as: 65001, id: 10.99.0.4}
	groups: {nodes: {remote-as: 64512, import: [accept], export: [accept], connect-retry-time: 1, multihop: 2}}
	neighbors:
	  - {address: 10.99.0.1, name: n1, group: nodes}
	  - {address: 10.99.0.2, name: n2, group: nodes}
	kernel: {export: [reject]}
	networks: [{prefix: 0.0.0.0/0}, {prefix: 198.51.100.0/24}]
EOT
put switch.yaml <<-EOT
	kind: BGPPeer
	metadata: {name: switch}
	spec: {peerIP: 10.99.0.4, asNumber: 65001}
EOT
godwit far far
expect 30 session n1 Global_10_99_0_4
expect 30 session n2 Global_10_99_0_4
expect 10 kernel n1 198.51.100.0/24 'via 10.99.0.4 dev lan proto bird' 'metric 2147483547'
expect 10 kernel n1 0.0.0.0/0 'via 10.99.0.4 dev lan proto bird' 'metric 2147483547'
expect 10 best far 10.65.1.0/26 '.local_preference == null and .aspath == "64512"'
# Blocks of others, too.
expect 10 path far 10.65.3.0/26 '.exit_nexthop == "10.99.0.1"'
expect 10 path far 10.65.3.0/26 '.exit_nexthop == "10.99.0.2"'
# It is no pool's, so that other nodes do not get it from n1.
sent n1 Mesh_10_99_0_3 198.51.100.0/24 true >/dev/null && fail "$stage"
rm "$dir/resources/switch.yaml"
expect 10 no_kernel n1 198.51.100.0/24
expect 10 no_kernel n1 0.0.0.0/0
clean_stop far

say "a pod that speaks BGP: what it announces leads to its interface, with protocol 12"
cat >"$dir/felix/endpoint-status/pod" <<-EOT
	{"ifaceName": "calip1", "mac": "ee:ee:ee:ee:ee:ee", "ipv4Nets": ["10.65.1.2/32"], "ipv6Nets": [], "bgpPeerName": "pods"}
EOT
put workloads.yaml <<-EOT
	kind: BGPPeer
	metadata: {name: pods}
	spec: {localWorkloadSelector: all(), asNumber: 65010}
EOT
cat >"$dir/pod.yaml" <<-EOT
	router: {as: 65010, id: 10.65.1.2}
	neighbors: [{address: 10.99.0.1, name: node, remote-as: 64512, import: [accept], export: [accept], multihop: 2, connect-retry-time: 1}]
	kernel: {export: [reject]}
	networks: [{prefix: 10.65.210.0/24}]
EOT
godwit pod p1
expect 30 session n1 Local_Workload_10_65_1_2
expect 10 kernel n1 10.65.210.0/24 'via 10.65.1.2 dev calip1 proto bird'
expect 10 kernel n2 10.65.210.0/24 'via 10.99.0.1 dev lan proto bird'
in_ns p1 ip address add 10.65.210.1/32 dev lo
expect 10 in_ns p3 ping -c 1 -W 1 -q 10.65.210.1
rm "$dir/resources/workloads.yaml"
expect 10 no_kernel n1 10.65.210.0/24
clean_stop pod

say "tunnels, as soon as the routes of IPIP pools are ours: to the BGP next hop, whatever leads to it; across subnets only"
in_ns n1 ip route add 10.98.0.0/24 via 10.99.0.4
in_ns n3 ip address add 10.98.0.3/32 dev lo
in_ns far ip route add 10.98.0.3/32 via 10.99.0.3
for n in 2 3; do
	for pool in 66 67; do
		put block$n-$pool.yaml <<-EOT
			kind: BlockAffinity
			metadata: {name: n$n-$pool}
			spec: {node: n$n, cidr: 10.$pool.$n.0/26, state: confirmed}
		EOT
	done
done
expect 10 best n1 10.66.2.0/26
no_kernel n1 10.66.2.0/26 >/dev/null || fail "$stage: Felix programs these"
in_ns n1 ip link show tunl0 >/dev/null 2>&1 || in_ns n1 ip link add tunl0 type veth peer name tunl1
in_ns n1 ip link set tunl0 up
in_ns n1 ip link set tunl1 up 2>/dev/null
config 'programClusterRoutes: Enabled'
expect 10 kernel n1 10.66.2.0/26 'via 10.99.0.2 dev tunl0 proto bird' onlink
expect 10 kernel n1 10.66.3.0/26 'via 10.99.0.3 dev tunl0 proto bird' onlink
expect 10 kernel n1 10.67.3.0/26 'via 10.99.0.3 dev lan proto bird'
kernel n1 10.65.2.0/26 'via 10.99.0.2 dev lan proto bird' >/dev/null || fail "$stage"
say "a node moves to another subnet"
node 3 10.98.0.3/24
expect 30 kernel n1 10.67.3.0/26 'via 10.98.0.3 dev tunl0 proto bird' onlink
expect 10 kernel n1 10.66.3.0/26 'via 10.98.0.3 dev tunl0 proto bird' onlink
expect 10 kernel n1 10.65.3.0/26 'via 10.99.0.4 dev lan proto bird'
kernel n1 10.67.2.0/26 'via 10.99.0.2 dev lan proto bird' >/dev/null || fail "$stage"
say "the tunnel's device goes and comes"
in_ns n1 ip link set tunl0 down
in_ns n1 ip link set tunl0 up
expect 10 kernel n1 10.67.3.0/26 'via 10.98.0.3 dev tunl0 proto bird' onlink
say "without a way to its next hop a route is not in the kernel, neither as an unreachable one; a default route is a way"
in_ns n1 ip route delete 10.98.0.0/24
expect 10 no_kernel n1 10.65.3.0/26
ask n1 '.rib[0] | .reason == "next-hop-unresolved"' show rib why 10.65.3.0/26 >/dev/null || fail "$stage: $(ctl n1 show rib why 10.65.3.0/26)"
in_ns n1 ip route add default via 10.99.0.4 proto static
expect 10 kernel n1 10.65.3.0/26 'via 10.99.0.4 dev lan proto bird'
in_ns n1 ip route delete default
expect 10 no_kernel n1 10.65.3.0/26
in_ns n1 ip route add 10.98.0.0/24 via 10.99.0.4
expect 10 kernel n1 10.65.3.0/26 'via 10.99.0.4 dev lan proto bird'
say "a longer route takes over"
in_ns n1 ip route add 10.98.0.3/32 via 10.99.0.3
expect 10 kernel n1 10.65.3.0/26 'via 10.99.0.3 dev lan proto bird'
in_ns n1 ip route delete 10.98.0.3/32
node 3
expect 30 kernel n1 10.67.3.0/26 'via 10.99.0.3 dev lan proto bird'
config 'asNumber: 64512'
expect 10 no_kernel n1 10.66.2.0/26
expect 10 no_kernel n1 10.67.3.0/26

say "a link that flaps takes routes with it; they are back with it, and no session has ended"
expect 30 mesh_up
established() { ctl n1 -j show neighbor | jq '[.neighbors[].stats.established] | add'; }
before=$(established)
for _ in 1 2 3; do
	in_ns n1 ip link set lan down
	expect 10 no_kernel n1 10.65.2.0/26
	in_ns n1 ip link set lan up
	in_ns n1 ip address add fd99::1/64 dev lan nodad
	expect 10 kernel n1 10.65.2.0/26 'via 10.99.0.2 dev lan proto bird'
	expect 10 kernel n1 fd65:2::/122 'via fd99::2 dev lan proto bird'
done
expect 30 mesh_up
[ "$(established)" = "$before" ] || fail "$stage: a session began anew"

say "next hops of a subnet whose interface is down are not sought by way of the default route"
in_ns n1 ip link set lan down
in_ns n1 ip link add other type veth peer name other1
in_ns n1 ip link set other up
in_ns n1 ip link set other1 up
in_ns n1 ip address add 10.97.0.1/24 dev other
in_ns n1 ip route add default via 10.97.0.9 proto static
expect 10 no_kernel n1 10.65.2.0/26
holds 1 no_kernel n1 10.65.2.0/26
in_ns n1 ip link delete other
in_ns n1 ip link set lan up
in_ns n1 ip address add fd99::1/64 dev lan nodad
expect 10 kernel n1 10.65.2.0/26 'via 10.99.0.2 dev lan proto bird'

say "stopped in order, killed, and stopped again: the kernel keeps the routes, neighbours keep theirs, and nothing is lost"
for how in TERM KILL TERM; do
	expect 30 mesh_up
	flow p2 10.65.1.2
	flow p1 10.65.3.2
	stop n1 $how 2>/dev/null
	holds 1 kernel n1 10.65.3.0/26 'via 10.99.0.3 dev lan proto bird'
	kernel n2 10.65.1.0/26 'via 10.99.0.1 dev lan proto bird' >/dev/null || fail "$stage: $how: n2 has let go"
	godwit n1 n1
	expect 30 mesh_up
	sleep 1
	no_loss
done
say "what went meanwhile goes once all neighbours have said what there is"
stop n1 KILL 2>/dev/null
stop confd-n1
rm "$dir/resources/block3-67.yaml" "$dir/resources/n2.yaml"
confd n1
expect 10 no grep -q 10.99.0.2 "$dir/n1.yaml"
kernel n1 10.65.2.0/26 >/dev/null || fail "$stage: it went too soon"
godwit n1 n1
expect 30 session n1 Mesh_10_99_0_3
expect 10 no_kernel n1 10.65.2.0/26
kernel n1 10.65.3.0/26 'via 10.99.0.3 dev lan proto bird' >/dev/null || fail "$stage"
for n in 1 2 3; do
	clean_stop n$n
done
