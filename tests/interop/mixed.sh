# SPDX-License-Identifier: Apache-2.0
# Sourced by mixedmesh.sh and mixedreflector.sh: a cluster of Calico with four nodes, of which some run BIRD 1.6 and
# others bgpconfd and bgpd. Nodes change from the one to the other, and a pod moves from node to node, while packets
# flow, of which none may be lost.
# shellcheck shell=bash disable=SC2154
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/peers/bird1.sh"
. "$top/tests/calico.sh"
bird1_get
ns hub n1 n2 n3 n4 p1 p2 p3 p4
lan hub n1 n2 n3 n4
declare -A runs=() # what a node runs: ours or bird
reflector=         # the number of the node that reflects; none: a full mesh
address() { [ "$1" = 4 ] && echo "10.99.0.$2" || echo "fd99::$2"; }
block() { [ "$1" = 4 ] && echo "10.65.$2.0/26" || echo "fd65:$2::/122"; }
pool() { [ "$1" = 4 ] && echo 10.65.0.0/16 || echo fd65::/16; }
pod_address() { [ "$1" = 4 ] && echo "10.65.$2.2" || echo "fd65:$2::2"; }

# For BIRD, as Calico has it: in a mesh the one with the lower address, as text, waits; the reflector's clients are clients.
# But for this: a BIRD that reflects waits for clients that are BIRD. They would dial each other at the same time, and
# when the connection that is up at one end already loses at the other, that is a second end within a restart, with which
# the routes go (RFC 4724).
waits() { [ "${runs[$1]:-}" = bird ] && echo ' passive on;'; }
sessions() { # FAMILY N
	local other name
	for other in 1 2 3 4; do
		name=$(address "$1" "$other" | tr .: __)
		if [ "$other" = "$2" ]; then
			continue
		elif [ -z "$reflector" ]; then
			echo "Mesh_$name $(address "$1" "$other") $([[ $(address "$1" "$other") > $(address "$1" "$2") ]] && echo 'passive on;')"
		elif [ "$reflector" = "$2" ]; then
			echo "Node_$name $(address "$1" "$other") rr client; rr cluster id 10.0.0.1;$(waits "$other")"
		elif [ "$reflector" = "$other" ]; then
			echo "Node_$name $(address "$1" "$other")"
		fi
	done
}

# The same as resources of Calico.
topology() { # [REFLECTOR]
	local n cluster label
	reflector=${1:-}
	for n in 1 2 3 4; do
		cluster='' label=''
		[ "$n" = "$reflector" ] && cluster=', routeReflectorClusterID: 10.0.0.1' label=', labels: {reflector: "yes"}'
		put n$n.yaml <<-EOT
			kind: Node
			metadata: {name: n$n$label}
			spec: {bgp: {ipv4Address: $(address 4 $n)/24, ipv6Address: "$(address 6 $n)/64"$cluster}}
			---
			kind: BlockAffinity
			metadata: {name: n$n-4}
			spec: {node: n$n, cidr: $(block 4 $n), state: confirmed}
			---
			kind: BlockAffinity
			metadata: {name: n$n-6}
			spec: {node: n$n, cidr: "$(block 6 $n)", state: confirmed}
		EOT
	done
	put config.yaml <<-EOT
		kind: BGPConfiguration
		metadata: {name: default}
		spec: {nodeToNodeMeshEnabled: $([ -z "$reflector" ] && echo true || echo false)}
		---
		kind: BGPPeer
		metadata: {name: reflectors}
		spec: {nodeSelector: "!has(reflector)", peerSelector: has(reflector)}
	EOT
}
put pools.yaml <<-EOT
	kind: IPPool
	metadata: {name: pods}
	spec: {cidr: $(pool 4), ipipMode: Never}
	---
	kind: IPPool
	metadata: {name: pods6}
	spec: {cidr: "$(pool 6)"}
EOT

# What runs on a node: begins, for the first time or (-R) again where something else has run.
begin() { # N ours|bird [-R]
	if [ "$2" = ours ]; then
		confd "n$1"
		godwit "n$1" "n$1"
	else
		bird1_start "n$1" "$1" ${3:+"$3"}
	fi
	runs[$1]=$2
}
# What runs there ends: ours in order, which leaves routes and sessions to whoever comes; BIRD killed, since in order it
# says Cease, upon which neighbours let its routes go.
end() { # N [SIGNAL]
	if [ "${runs[$1]}" = ours ]; then
		stop "confd-n$1"
		stop "n$1" "${2:-TERM}" 2>/dev/null
	else
		bird1_stop "n$1" "${2:-KILL}" 2>/dev/null
	fi
}
# Every session of the topology is up, at both ends, and no restart is going on.
all_up() {
	local n want
	for n in 1 2 3 4; do
		want=$(sessions 4 $n | wc -l)
		if [ "${runs[$n]}" = ours ]; then
			ask n$n "[.neighbors[] | select(.state == \"Established\" and .graceful_restart == null)] | length == 2 * $want" show neighbor || return 1
		else
			bird1_up n$n bird "$want" && bird1_up n$n bird6 "$want" || return 1
		fi
	done
}
all_routes() { # each node has the blocks of the others in its kernel, with protocol 12, and its own as a blackhole
	local n other
	for n in 1 2 3 4; do
		for other in 1 2 3 4; do
			if [ $n = $other ]; then
				kernel n$n "$(block 4 $n)" blackhole 'proto bird' && kernel n$n "$(block 6 $n)" blackhole 'proto bird' || return 1
			else
				kernel n$n "$(block 4 $other)" "via $(address 4 $other)" 'proto bird' 'metric 1024' || return 1
				kernel n$n "$(block 6 $other)" "via $(address 6 $other)" 'proto bird' 'metric 1024' || return 1
			fi
		done
	done
}
everybody() { # reaches everybody's pod
	local n other
	for n in 1 2 3 4; do
		for other in 1 2 3 4; do
			in_ns p$n ping -c 1 -W 1 -q "$(pod_address 4 $other)" >/dev/null || fail "$stage: from p$n to p$other"
			in_ns p$n ping -c 1 -W 1 -q "$(pod_address 6 $other)" >/dev/null || fail "$stage: from p$n to p$other, IPv6"
		done
	done
}
# flows_with N: all others' pods with that node's, and it with them, in both families
flows_with() {
	local other family
	for other in 1 2 3 4; do
		[ $other = "$1" ] && continue
		for family in 4 6; do
			flow "p$1" "$(pod_address $family $other)"
			flow p$other "$(pod_address $family "$1")"
		done
	done
}
watch_begin() {
	local n
	for n in 1 2 3 4; do
		start watch$n n$n ip monitor route
	done
	sleep 0.5
}
# No node with ours has had a kernel route of a block taken away meanwhile. Those with BIRD may: to it, what comes with
# the path ids of another daemon are other routes, and it puts one in the place of another by deleting and adding.
watch_end() {
	local n
	for n in 1 2 3 4; do
		stop watch$n
		[ "${runs[$n]}" = bird ] || ! grep '^Deleted.*proto bird' "$dir/watch$n.log" || fail "$stage: n$n has lost a route"
	done
}
# hole FLOW: it has lost one packet or two, and one of its ends is at a BIRD that has deleted and added the route
hole() {
	local ends n
	awk '/packets transmitted/ { exit !($1 - $4 <= 2) }' "$dir/$1.log" || return 1
	ends=$(sed -E 's/^flow-p([1-4])-(10\.65\.|fd65:)([1-4]).*/\1 \3/' <<<"$1")
	for n in $ends; do
		[ "${runs[$n]}" = bird ] && grep -q '^Deleted.*proto bird' "$dir/watch$n.log" && echo "  BIRD's hole at n$n: $1" && return
	done
	return 1
}
switch() { # N ours|bird
	say "n$1 changes from ${runs[$1]} to $2"
	flows_with "$1"
	watch_begin
	end "$1"
	sleep 1
	begin "$1" "$2" -R
	expect 60 all_up
	all_routes >"$dir/routes" || fail "$stage: $(tail -n 1 "$dir/routes")"
	sleep 1
	watch_end
	no_loss hole
	rm "$dir"/watch?.log
	everybody
}
# The pod of $moving goes from node to node: with metric 512 first, beside the old one; then that goes
moving4=10.65.1.9 moving6=fd65:1::9
moves() { # FROM TO
	local n a
	say "a pod moves from n$1 (${runs[$1]}) to n$2 (${runs[$2]})"
	for n in 1 2 3 4; do
		[ $n != "$1" ] && [ $n != "$2" ] && flow p$n $moving4 && flow p$n $moving6
	done
	for a in $moving4/32 $moving6/128; do
		in_ns p$2 ip address add $a dev eth0
		pod_route add n$2 p$2 $a 512
	done
	for n in 1 2 3 4; do
		[ $n = "$2" ] && continue
		expect 20 kernel n$n $moving4 "via $(address 4 "$2")" 'metric 512'
		expect 20 kernel n$n $moving6 "via $(address 6 "$2")" 'metric 512'
	done
	for a in $moving4/32 $moving6/128; do
		pod_route del n$1 p$1 $a 1024
		in_ns p$1 ip address delete $a dev eth0
		pod_route add n$2 p$2 $a 1024
		pod_route del n$2 p$2 $a 512
	done
	for n in 1 2 3 4; do
		[ $n = "$2" ] && continue
		# In its block again; and a reflector keeps what is inside its own block to itself, and packets come by way of it.
		if [ "$2" = 1 ] || { [ "$reflector" = 1 ] && [ $n != 1 ]; }; then
			expect 20 no_kernel n$n $moving4
			expect 20 no_kernel n$n $moving6
		else
			expect 20 kernel n$n $moving4 "via $(address 4 "$2")" 'metric 1024'
			expect 20 kernel n$n $moving6 "via $(address 6 "$2")" 'metric 1024'
		fi
	done
	no_loss
}
travels() { # NODE...: a pod of n1's block, over these and back
	local at=1 next a
	for a in $moving4/32 $moving6/128; do
		in_ns p1 ip address add $a dev eth0
		pod_route add n1 p1 $a 1024
	done
	for next in "$@" 1; do
		moves $at "$next"
		at=$next
	done
	for a in $moving4/32 $moving6/128; do
		pod_route del n1 p1 $a 1024
		in_ns p1 ip address delete $a dev eth0
	done
}

# cluster [REFLECTOR]: four nodes with that topology, two with ours and two with BIRD
cluster() {
	local n
	topology "$@"
	for n in 1 2 3 4; do
		pod n$n p$n "$(pod_address 4 $n)/32" "$(pod_address 6 $n)/128"
	done
	begin 1 ours
	begin 2 ours
	begin 3 bird
	begin 4 bird
	expect 60 all_up
	expect 20 all_routes
	everybody
}
