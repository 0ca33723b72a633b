#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Route reflection (RFC 4456) between daemons on a LAN: ours with BIRD and FRR as clients
# and with a neighbour that is none, ours as client of BIRD and of FRR, and two reflectors of
# one cluster. ORIGINATOR_ID, CLUSTER_LIST and the next hop are read at the far end.
. "$(dirname "$0")/../lib.sh"
peers=$(dirname "$0")/peers
. "$peers/bird2.sh"
. "$peers/frr.sh"
need_godwit
# shellcheck disable=SC2086
need $bird2_programs $frr_programs
ns hub ours bird frr plain
lan hub ours bird frr plain
# Each has 10.99.0.N, announces 10.65.N.0/24, and has neighbours N, or Nc for a client.

godwit_run() { # NAME N CLUSTER-ID NEIGHBOUR...
	local name=$1 n=$2 cluster=$3 peer
	shift 3
	{
		echo "router: {as: 64512, id: 10.99.0.$n, cluster-id: $cluster}"
		echo "groups: {i: {remote-as: internal, connect-retry-time: 1, idle-hold-time: {initial: 1, max: 1}, import: [accept]}}"
		echo "neighbors:"
		for peer in "$@"; do
			echo "  - {address: 10.99.0.${peer%c}, name: r${peer%c}, group: i, export: [accept]"
			[ "${peer%c}" = "$peer" ] || echo "     , route-reflector-client: true"
			echo "    }"
		done
		echo "networks: [{prefix: 10.65.$n.0/24, blackhole: true}]"
	} >"$dir/$name.yaml"
	godwit "$name" "$name"
}
bird_run() { # N CLUSTER-ID NEIGHBOUR...
	local n=$1 cluster=$2 peer
	shift 2
	{
		echo "router id 10.99.0.$n; protocol device { scan time 1; }"
		echo "protocol kernel { ipv4 { export where source = RTS_BGP; }; }"
		echo "protocol static { ipv4; route 10.65.$n.0/24 blackhole; }"
		for peer in "$@"; do
			echo "protocol bgp r${peer%c} { local 10.99.0.$n as 64512; neighbor 10.99.0.${peer%c} as 64512;"
			[ "${peer%c}" = "$peer" ] || echo "rr client; rr cluster id $cluster;"
			echo "direct; connect delay time 1; connect retry time 1; error wait time 1, 1; graceful restart off;"
			echo "ipv4 { import all; export all; }; }"
		done
	} >"$dir/bird.conf"
	bird2_run bird
}
frr_lan() { # N CLUSTER-ID NEIGHBOUR...
	local n=$1 cluster=$2 peer
	shift 2
	{
		echo "router bgp 64512"
		echo " bgp router-id 10.99.0.$n"
		echo " bgp cluster-id $cluster"
		echo " no bgp network import-check"
		echo " network 10.65.$n.0/24"
		for peer in "$@"; do
			echo " neighbor 10.99.0.${peer%c} remote-as 64512"
			echo " neighbor 10.99.0.${peer%c} timers connect 1"
			echo " neighbor 10.99.0.${peer%c} advertisement-interval 0"
			[ "${peer%c}" = "$peer" ] || echo " neighbor 10.99.0.${peer%c} route-reflector-client"
		done
	} >"$dir/frr.bgpd.conf"
	frr_run frr
}

# reflected KIND NAME N FROM CLUSTER-LIST: there, 10.65.FROM.0/24 is that of FROM, through these clusters
reflected() {
	local got
	case $1 in
	godwit)
		best "$2" "10.65.$3.0/24" ".originator_id == \"10.99.0.$3\" and (.cluster_list | join(\" \")) == \"$4\" and
			.exit_nexthop == \"10.99.0.$3\"" || return 1
		;;
	bird)
		got=$(bird2_ctl bird show route "10.65.$3.0/24" all primary |
			sed -n 's/.*BGP.\(originator_id\|cluster_list\|next_hop\): //p' | tr -d '\n')
		echo "$got"
		# In the order of BIRD's output, each with a blank behind it in a list.
		[ "${got// /}" = "10.99.0.${3}10.99.0.$3${4// /}" ] || return 1
		;;
	frr)
		frr_ctl frr "show bgp ipv4 unicast 10.65.$3.0/24 json" | jq -e ".paths[0] | .originatorId == \"10.99.0.$3\" and
			(.clusterList.list | join(\" \")) == \"$4\" and .nexthops[0].ip == \"10.99.0.$3\"" || return 1
		;;
	esac
	kernel "$2" "10.65.$3.0/24" "via 10.99.0.$3"
}
up() { ask "$1" "[.neighbors[] | select(.state == \"Established\")] | length == $2" show neighbor; }

say "ours reflects for BIRD and FRR; the third neighbour is no client"
godwit_run ours 1 10.255.0.1 2c 3c 4
bird_run 2 10.255.0.2 1
frr_lan 3 10.255.0.3 1
godwit_run plain 4 10.255.0.4 1
expect 30 up ours 3
expect 10 reflected bird bird 3 10.255.0.1
expect 10 reflected bird bird 4 10.255.0.1
expect 10 reflected frr frr 2 10.255.0.1
expect 10 reflected frr frr 4 10.255.0.1
expect 10 reflected godwit plain 2 10.255.0.1
expect 10 reflected godwit plain 3 10.255.0.1
for r in bird frr plain; do
	# Of our own making: nothing is reflected.
	expect 10 kernel $r 10.65.1.0/24 'via 10.99.0.1'
done
best plain 10.65.1.0/24 '.originator_id == null and .cluster_list == []' >/dev/null || fail "$stage"
say "what a client withdraws is gone at the others"
bird2_ctl bird disable static1 >/dev/null
expect 10 no_kernel frr 10.65.2.0/24
expect 10 no_kernel plain 10.65.2.0/24
kernel frr 10.65.4.0/24 >/dev/null || fail "$stage"
stop ours || fail "bgpd ended with an error"
stop plain || fail "bgpd ended with an error"
bird2_stop bird
frr_stop frr

say "ours is a client of BIRD, and of FRR"
godwit_run ours 1 10.255.0.1 2 3
bird_run 2 10.255.0.2 1c 4c
frr_lan 3 10.255.0.3 1c 4c
godwit_run plain 4 10.255.0.4 2
expect 30 up ours 2
expect 30 up plain 1
expect 10 reflected godwit ours 4 10.255.0.2
expect 10 reflected godwit plain 1 10.255.0.2
sed -i 's/10.99.0.2, name: r2/10.99.0.3, name: r3/' "$dir/plain.yaml"
ctl plain reload || fail "$stage"
expect 30 up plain 1
expect 10 reflected godwit ours 4 10.255.0.3
expect 10 reflected godwit plain 1 10.255.0.3
stop ours || fail "bgpd ended with an error"
stop plain || fail "bgpd ended with an error"
bird2_stop bird
frr_stop frr

# rejected NEIGHBOUR PREFIX REASON: what a neighbour sent is kept with a reason, and used for nothing
rejected() {
	ask ours ".rib | length == 1 and (.[0].best | not) and .[0].reason == \"$3\"" show rib in "$1" "$2" &&
		no_kernel ours "$2"
}
say "two reflectors of one cluster: FRR's client is not ours too (CLUSTER_LIST has our own)"
godwit_run ours 1 10.255.0.9 3 2c
bird_run 2 10.255.0.2 1
frr_lan 3 10.255.0.9 1 4c
godwit_run plain 4 10.255.0.4 3
expect 30 up ours 2
expect 10 kernel frr 10.65.4.0/24 'via 10.99.0.4'
expect 10 rejected r3 10.65.4.0/24 cluster-loop
# What FRR itself announces has no CLUSTER_LIST; and it does not take our client's either.
expect 10 reflected bird bird 3 10.255.0.9
frr_lacks() { frr_ctl frr "show bgp ipv4 unicast json" | jq -e '.routes | has("10.65.1.0/24") and (has("10.65.2.0/24") | not)'; }
expect 10 frr_lacks
stop ours || fail "bgpd ended with an error"
