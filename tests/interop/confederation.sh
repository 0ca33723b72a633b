#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A confederation (RFC 5065) with BIRD and FRR as its other members: a member's routes go through ours to the other member
# with LOCAL_PREF, MED and next hop as they were, to a neighbour inside our member AS, and outside, where only the number of
# the confederation is seen; routes from outside come the other way.
. "$(dirname "$0")/../lib.sh"
peers=$(dirname "$0")/peers
. "$peers/bird2.sh"
. "$peers/frr.sh"
need_godwit
# shellcheck disable=SC2086
need $bird2_programs $frr_programs
ns hub ours bird frr out inner
lan hub ours bird frr out inner
# Each has 10.99.0.N. ours and inner are 65001, BIRD 65002, FRR 65003: together 100. out is AS 200.
timers="connect-retry-time: 1, idle-hold-time: {initial: 1, max: 1}"
cat >"$dir/ours.yaml" <<-EOT
	router: {as: 65001, id: 10.99.0.1, confederation: {as: 100, members: [65002, 65003]}}
	neighbors:
	  - {address: 10.99.0.2, name: bird, remote-as: 65002, $timers}
	  - {address: 10.99.0.3, name: frr, remote-as: 65003, $timers}
	  - {address: 10.99.0.4, name: out, remote-as: 200, import: [accept], export: [accept], $timers}
	  - {address: 10.99.0.5, name: inner, remote-as: internal, $timers}
	networks: [{prefix: 10.65.1.0/24, blackhole: true, med: 11}]
EOT
cat >"$dir/out.yaml" <<-EOT
	router: {as: 200, id: 10.99.0.4}
	neighbors: [{address: 10.99.0.1, name: ours, remote-as: 100, import: [accept], export: [accept], $timers}]
	networks: [{prefix: 10.65.4.0/24, blackhole: true}, {prefix: 10.65.9.0/24, blackhole: true}]
EOT
cat >"$dir/inner.yaml" <<-EOT
	router: {as: 65001, id: 10.99.0.5, confederation: {as: 100, members: [65002, 65003]}}
	neighbors: [{address: 10.99.0.1, name: ours, remote-as: internal, $timers}]
	networks: [{prefix: 10.65.5.0/24, blackhole: true}]
EOT
cat >"$dir/bird.conf" <<-EOT
	log stderr all; router id 10.99.0.2;
	protocol device { scan time 1; }
	protocol static { ipv4;
		route 10.65.2.0/24 blackhole { bgp_local_pref = 250; bgp_med = 7; };
		route 10.66.2.0/24 blackhole { bgp_community.add((65535, 65281)); };
		route 10.67.2.0/24 blackhole { bgp_community.add((65535, 65283)); };
		route 10.65.9.0/24 blackhole { bgp_path.prepend(300); };
	}
	protocol bgp ours {
		local 10.99.0.2 as 65002; neighbor 10.99.0.1 as 65001; confederation 100; confederation member yes; direct;
		connect delay time 1; connect retry time 1; error wait time 1, 1;
		ipv4 { import all; export where source = RTS_STATIC; };
	}
EOT
cat >"$dir/frr.bgpd.conf" <<-EOT
	router bgp 65003
	 bgp router-id 10.99.0.3
	 bgp confederation identifier 100
	 bgp confederation peers 65001 65002
	 no bgp ebgp-requires-policy
	 no bgp network import-check
	 neighbor 10.99.0.1 remote-as 65001
	 neighbor 10.99.0.1 timers connect 1
	 neighbor 10.99.0.1 advertisement-interval 0
	 address-family ipv4 unicast
	  network 10.65.3.0/24
EOT
bird2_run bird
frr_run frr
for name in ours out inner; do
	godwit $name $name
done

# sees DAEMON PREFIX "PATH" NEXT-HOP [LOCAL-PREF [MED]]: its best path; - stands for none, nothing for whatever it is
sees() {
	local got path="" hop="" pref="" med=""
	case $1 in
	bird)
		got=$(bird2_ctl bird show route "$2" all primary)
		path=$(echo "$got" | sed -n 's/.*BGP.as_path: *//p') hop=$(echo "$got" | sed -n 's/.*BGP.next_hop: *//p')
		pref=$(echo "$got" | sed -n 's/.*BGP.local_pref: *//p') med=$(echo "$got" | sed -n 's/.*BGP.med: *//p')
		;;
	frr)
		got=$(frr_ctl frr "show bgp ipv4 unicast $2 json" | jq -c '.paths[]? | select(.bestpath.overall)')
		IFS='|' read -r path hop pref med < <(echo "$got" |
			jq -r '[.aspath.string, .nexthops[0].ip, .locPrf // "", .metric // ""] | map(tostring) | join("|")')
		;;
	*)
		got=$(ctl "$1" -j show rib "$2" | jq -c '.rib[] | select(.best)')
		IFS='|' read -r path hop pref med < <(echo "$got" |
			jq -r '[.aspath, .exit_nexthop, .local_preference // "", .med // ""] | map(tostring) | join("|")')
		;;
	esac
	echo "$1 has $2: path '$path' next hop $hop local preference '$pref' MED '$med'"
	[ -n "$hop" ] && [ "$path" = "$3" ] && [ "$hop" = "$4" ] &&
		{ [ -z "${5:-}" ] || [ "${5#-}" = "$pref" ]; } && { [ -z "${6:-}" ] || [ "${6#-}" = "$med" ]; }
}
# lacks DAEMON PREFIX
lacks() {
	case $1 in
	bird) no bird2_ctl bird show route "$2" ;;
	frr) frr_ctl frr "show bgp ipv4 unicast $2 json" | jq -e '.paths == null' ;;
	*) absent "$1" "$2" ;;
	esac
}

say "from member to member"
expect 30 sees ours 10.65.2.0/24 "(65002)" 10.99.0.2 250 7
expect 30 sees ours 10.65.3.0/24 "(65003)" 10.99.0.3 100 0
expect 10 sees frr 10.65.2.0/24 "(65001 65002)" 10.99.0.2 250 7
expect 10 sees bird 10.65.3.0/24 "(65001 65003)" 10.99.0.3 100 0
say "our own routes, and those of inside our member AS"
expect 10 sees bird 10.65.1.0/24 "(65001)" 10.99.0.1 100 11
expect 10 sees frr 10.65.1.0/24 "(65001)" 10.99.0.1 100 11
expect 10 sees bird 10.65.5.0/24 "(65001)" 10.99.0.5 100
expect 10 sees frr 10.65.5.0/24 "(65001)" 10.99.0.5 100
expect 10 sees inner 10.65.2.0/24 "(65002)" 10.99.0.2 250 7
expect 10 sees inner 10.65.3.0/24 "(65003)" 10.99.0.3 100
say "outside there is one AS, and what is for inside does not get there"
for prefix in 10.65.2.0/24 10.65.3.0/24 10.65.5.0/24; do
	expect 20 sees out $prefix "100" "10.99.0.${prefix:6:1}" - -
done
expect 10 sees out 10.65.1.0/24 "100" 10.99.0.1 - 11
say "from outside to all members"
expect 20 sees ours 10.65.4.0/24 "200" 10.99.0.4
expect 10 sees bird 10.65.4.0/24 "(65001) 200" 10.99.0.4 100
expect 10 sees frr 10.65.4.0/24 "(65001) 200" 10.99.0.4 100
expect 10 sees inner 10.65.4.0/24 "200" 10.99.0.4 100
say "a route from outside is better than as long a one from another member"
expect 10 sees ours 10.65.9.0/24 "200" 10.99.0.4
why() { ask ours '[.rib[] | select(.neighbor.name == "bird") | .reason] == ["ebgp-over-ibgp"]' show rib 10.65.9.0/24; }
expect 10 why
say "NO_EXPORT stays in the confederation, NO_EXPORT_SUBCONFED in the member"
expect 10 sees frr 10.66.2.0/24 "(65001 65002)" 10.99.0.2
expect 10 sees inner 10.66.2.0/24 "(65002)" 10.99.0.2
expect 10 sees ours 10.67.2.0/24 "(65002)" 10.99.0.2
expect 10 sees inner 10.67.2.0/24 "(65002)" 10.99.0.2
lacks out 10.66.2.0/24 >/dev/null || fail "$stage"
lacks out 10.67.2.0/24 >/dev/null || fail "$stage"
lacks frr 10.67.2.0/24 >/dev/null || fail "$stage"
say "nothing was malformed"
no grep -h 'neighbor.update' "$dir/ours.log" "$dir/inner.log" "$dir/out.log" || fail "$stage"
no grep -i 'invalid\|malformed\|error: ' "$dir/bird.log" || fail "$stage"
say "a member that leaves takes its routes along"
bird2_stop bird
gone() { lacks "$1" 10.65.2.0/24; }
for name in ours frr out inner; do
	expect 20 gone $name
done
for name in ours out inner; do
	stop $name || fail "bgpd ended with an error"
done
frr_stop frr
