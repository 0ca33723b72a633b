#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Kubernetes objects that are changed at random while the API server is away, slow, answers half or garbage, forgets its
# history or goes back in time, and bgpd and bgpconfd are killed at any time and come back. After each change bgpd must
# come to have the mark that came with it; what is in place in the end must be, octet for octet, what a bgpconfd makes
# that starts from nothing, and bgpd must run just that. SEED, STEPS and GROUP choose another way through it.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/kube.sh"
need_kube
RANDOM=${SEED:-1}
steps=${STEPS:-40}
case ${GROUP:-crd} in v3) group=projectcalico.org/v3 ;; esac
ns n1
in_ns n1 ip address add 10.99.0.1/24 dev lo

pick() { echo $((RANDOM % $1)); }

commands=()
change() {
	local n
	n=$(pick 4)
	case $(pick 12) in
	0 | 1 | 2) commands+=("$(k_node "n$((n + 2))" "10.99.0.$((n + 2))/24" "\"projectcalico.org/ASNumber\": \"$((64512 + $(pick 2)))\"" "\"rack\": \"$(pick 3)\"")") ;;
	3) commands+=("$(del Node "n$((n + 2))")") ;;
	4) commands+=("$(k_calico BGPPeer "p$n" "{\"peerIP\": \"198.51.100.$n\", \"asNumber\": $((65000 + $(pick 9))), \"filters\": [\"f$(pick 3)\"]}")") ;;
	5) commands+=("$(k_calico BGPPeer "p$n" "{\"peerSelector\": \"rack == '$(pick 4)'\", \"ttlSecurity\": $((1 + $(pick 3)))}")") ;;
	6) commands+=("$(del BGPPeer "p$n")") ;;
	7) commands+=("$(k_calico BGPFilter "f$n" "{\"exportV4\": [{\"cidr\": \"10.$(pick 9).0.0/$((8 + $(pick 25)))\", \"matchOperator\": \"In\", \"action\": \"$([ "$(pick 4)" = 0 ] && echo Maybe || echo Accept)\"}]}")") ;;
	8) commands+=("$(k_calico BGPConfiguration default "{\"nodeToNodeMeshEnabled\": $([ "$(pick 4)" = 0 ] && echo false || echo true), \"listenPort\": $((179 + $(pick 2))),
		\"serviceClusterIPs\": [$([ "$(pick 2)" = 0 ] || echo '{"cidr": "10.96.0.0/12"}')]}")") ;;
	9) commands+=("$(k_calico BlockAffinity "b$n" "{\"node\": \"n$((1 + $(pick 2)))\", \"cidr\": \"10.65.$n.0/26\", \"state\": \"confirmed\", \"deleted\": \"false\"}")") ;;
	10)
		commands+=("$(put "{\"kind\": \"Service\", \"metadata\": {\"name\": \"s$n\"}, \"spec\": {\"type\": \"ClusterIP\", \"clusterIP\": \"10.96.0.$((n + 1))\", \"externalTrafficPolicy\": \"Local\"}}")")
		commands+=("$(put "{\"kind\": \"EndpointSlice\", \"metadata\": {\"name\": \"s$n-a\", \"labels\": {\"kubernetes.io/service-name\": \"s$n\"}},
			\"addressType\": \"IPv4\", \"endpoints\": [{\"addresses\": [\"10.65.0.1\"], \"nodeName\": \"n$((1 + $(pick 2)))\", \"conditions\": {\"ready\": true}}]}")")
		;;
	11)
		commands+=("$(k_calico BGPPeer "q$n" "{\"peerIP\": \"203.0.113.$n\", \"asNumber\": 65001, \"password\": {\"secretKeyRef\": {\"name\": \"s$(pick 2)\", \"key\": \"k\"}}}")")
		commands+=("$(k_secret kube-system "s$(pick 2)" k "word-$(pick 5)")")
		;;
	esac
}

paths=(nodes bgppeers bgpfilters bgpconfigurations ippools blockaffinities services endpointslices secrets /apis .)
# fault: something that is wrong with the server from now on, for a bounded number of requests or time
fault() {
	local path=${paths[$(pick ${#paths[@]})]} times=$((1 + $(pick 4)))
	case $(pick 14) in
	0) api '{"op": "drop"}' ;;
	1) api '{"op": "compact"}' '{"op": "drop"}' ;;
	2) api '{"op": "bookmark"}' ;;
	3) api_fault $times status "$path" '"status": 500' && api '{"op": "drop"}' ;;
	4) api_fault 1 status "$path" '"status": 429, "retry_after": 1' && api '{"op": "drop"}' ;;
	5) api_fault $times close "$path" && api '{"op": "drop"}' ;;
	6) api_fault $times garbage "$path" && api '{"op": "drop"}' ;;
	7) api_fault $times truncate "$path" && api '{"op": "compact"}' '{"op": "drop"}' ;;
	8) api_fault $times half "$path" && api '{"op": "compact"}' '{"op": "drop"}' ;;
	9) api_fault $times other "$path" && api '{"op": "compact"}' '{"op": "drop"}' ;;
	10) api_fault $times empty "$path" && api '{"op": "compact"}' '{"op": "drop"}' ;;
	11) api_fault $times cut "$path" '"verb": "watch"' && api '{"op": "drop"}' ;;
	12) api_fault 1 slow "$path" '"seconds": 1' && api '{"op": "compact"}' '{"op": "drop"}' ;;
	13) api_fault 1 stall "$path" '"seconds": 2' && api '{"op": "drop"}' ;;
	esac
}

# Requests get there again: all watches that are wanted are there.
watching() { api_counts '.watches >= 6'; }
# back_in_time: to where it was a few changes ago. Only as one finds it who lost the connection meanwhile can it be seen.
back_in_time() {
	expect 60 watching
	api '{"op": "snapshot"}' "$(mark 252)" "$(k_calico BGPPeer lost '{"peerIP": "198.51.100.99", "asNumber": 65009}')"
	expect 60 marked 252
	expect 60 watching
	api '{"op": "restore"}'
	expect 60 no marked 252
}

kubeconfig
confd_conf "$dir/confd.yaml" "$dir/n1.yaml" "check: \"$BGPD -n -f {{stage}}\", reload: \"$BGPCTL -s $dir/n1.sock reload\""
api_start n1 --serve "${GROUP:-crd}"
api "$(k_node n1 10.99.0.1/24)" "$(mark 0)"
confd_start
expect 10 test -s "$dir/n1.yaml"
godwit n1 n1

say "$steps changes at random (SEED=${SEED:-1})"
worst=0 calm=0
for ((step = 1; step <= steps; step++)); do
	stage="step $step"
	commands=()
	for ((n = 1 + $(pick 4); n > 0; n--)); do
		change
	done
	commands+=("$(mark $((step % 250)))")
	quiet=1
	[ "$(pick 2)" = 0 ] || { quiet= && fault; }
	began=$(now_ms)
	api "${commands[@]}"
	case $(pick 12) in
	0)
		quiet=
		sleep "0.$(pick 6)"
		stop confd KILL
		confd_start
		;;
	1)
		quiet=
		sleep "0.$(pick 6)"
		stop n1 KILL
		godwit n1 n1
		;;
	2)
		quiet=
		back_in_time
		commands=("$(mark $((step % 250)))")
		api "${commands[@]}"
		;;
	esac
	expect 60 marked $((step % 250))
	took=$(($(now_ms) - began))
	[ -z "$quiet" ] || [ -z "$calm" ] || [ $took -le $worst ] || worst=$took
	# What was wrong may still be, in the next step.
	calm=$quiet
done
echo "bgpd had all of a step at most $worst ms after its first change, where nothing was wrong"

say "in the end it is what it would be from nothing"
api '{"op": "mend"}' "$(mark 251)"
expect 60 marked 251
expect 60 confd_status '.troubles == []'
from_nothing
api_counts '.violations == []' || fail "$stage: $(cat "$dir/within.out" "$dir/api.out")"
clean_stop confd
clean_stop n1
