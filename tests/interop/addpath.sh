#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# ADD-PATH (RFC 7911) with BIRD, FRR, GoBGP and OpenBGPD, both ways: two clients announce the same
# prefix, and who is behind a reflector sees both paths; first ours is the reflector, then
# each of the others is and ours is behind it. A path that goes and comes, a change of what
# is sent by a reload, and the end of a session are seen at the far end.
. "$(dirname "$0")/../lib.sh"
peers=$(dirname "$0")/peers
. "$peers/bird2.sh"
. "$peers/frr.sh"
. "$peers/gobgp.sh"
. "$peers/openbgpd.sh"
need_godwit
# shellcheck disable=SC2086
need $bird2_programs $frr_programs $gobgp_programs $openbgpd_programs
ns hub ours a b bird frr gobgp open
lan hub ours a b bird frr gobgp open
# Each has 10.99.0.N; a and b announce net, b with a longer AS path.
net=10.65.9.0/24

godwit_run() { # NAME N NEIGHBOUR...: each is "N, keys…"
	local name=$1 n=$2 peer
	shift 2
	{
		echo "router: {as: 64512, id: 10.99.0.$n}"
		echo "groups: {i: {remote-as: internal, connect-retry-time: 1, idle-hold-time: {initial: 1, max: 1}, import: [accept], export: [accept]}}"
		echo "neighbors:"
		for peer in "$@"; do
			echo "  - {address: 10.99.0.${peer%%,*}, name: r${peer%%,*}, group: i${peer#"${peer%%,*}"}}"
		done
		[ "$name" = ours ] || echo "networks: [{prefix: $net, blackhole: true, med: $n}]"
	} >"$dir/$name.yaml"
	godwit "$name" "$name"
}
bird_run() { # NEIGHBOUR...: Nc for a client
	local peer
	{
		echo "router id 10.99.0.4; protocol device { scan time 1; }"
		for peer in "$@"; do
			echo "protocol bgp r${peer%c} { local 10.99.0.4 as 64512; neighbor 10.99.0.${peer%c} as 64512;"
			[ "${peer%c}" = "$peer" ] || echo "rr client;"
			echo "direct; connect delay time 1; connect retry time 1; error wait time 1, 1; graceful restart off;"
			echo "ipv4 { import all; export all; add paths on; }; }"
		done
	} >"$dir/bird.conf"
	bird2_run bird
}
frr_lan() { # NEIGHBOUR...
	local peer
	{
		echo "router bgp 64512"
		echo " bgp router-id 10.99.0.5"
		for peer in "$@"; do
			echo " neighbor 10.99.0.${peer%c} remote-as 64512"
			echo " neighbor 10.99.0.${peer%c} timers connect 1"
			echo " neighbor 10.99.0.${peer%c} advertisement-interval 0"
			echo " neighbor 10.99.0.${peer%c} addpath-tx-all-paths"
			[ "${peer%c}" = "$peer" ] || echo " neighbor 10.99.0.${peer%c} route-reflector-client"
		done
	} >"$dir/frr.bgpd.conf"
	frr_run frr
}
gobgp_run() { # NEIGHBOUR...
	local peer
	{
		printf '[global.config]\n  as = 64512\n  router-id = "10.99.0.6"\n'
		for peer in "$@"; do
			cat <<-EOT
				[[neighbors]]
				  [neighbors.config]
				    neighbor-address = "10.99.0.${peer%c}"
				    peer-as = 64512
				  [neighbors.timers.config]
				    connect-retry = 1
				    idle-hold-time-after-reset = 1
				  [neighbors.route-reflector.config]
				    route-reflector-client = $([ "${peer%c}" = "$peer" ] && echo false || echo true)
				    route-reflector-cluster-id = "10.99.0.6"
				  [[neighbors.afi-safis]]
				    [neighbors.afi-safis.config]
				      afi-safi-name = "ipv4-unicast"
				    [neighbors.afi-safis.add-paths.config]
				      receive = true
				      send-max = 8
			EOT
		done
	} >"$dir/gobgp.toml"
	start gobgp gobgp gobgpd -t toml -f "$dir/gobgp.toml" --api-hosts 127.0.0.1:50051 --pprof-disable
	within 10 gobgp_ctl gobgp neighbor || fail "gobgpd does not answer"
}
openbgpd_run() { # NEIGHBOUR...
	local peer
	{
		printf 'AS 64512\nrouter-id 10.99.0.7\nfib-update no\nsocket "%s"\nlisten on 10.99.0.7\n' "$dir/open.obgp"
		for peer in "$@"; do
			cat <<-EOT
				neighbor 10.99.0.${peer%c} {
					remote-as 64512
					local-address 10.99.0.7
					announce add-path recv yes
					announce add-path send all
					$([ "${peer%c}" = "$peer" ] || echo "route-reflector")
				}
			EOT
		done
		printf 'allow from any\nallow to any\n'
	} >"$dir/open.obgpd.conf"
	chmod 600 "$dir/open.obgpd.conf"
	openbgpd_chroot
	start open open /usr/sbin/bgpd -d -f "$dir/open.obgpd.conf"
	within 10 openbgpd_ctl open show || fail "OpenBGPD does not answer"
}

a_gone() { sed -i 's/^networks/#networks/' "$dir/a.yaml"; ctl a reload || fail "$stage"; }
a_back() { sed -i 's/^#networks/networks/' "$dir/a.yaml"; ctl a reload || fail "$stage"; }

# paths DAEMON "NEXT-HOP...": what it has for net, sorted
paths() {
	local got
	case $1 in
	bird) got=$(bird2_ctl bird show route "$net" all | sed -n 's/.*BGP.next_hop: //p') ;;
	frr) got=$(frr_ctl frr "show bgp ipv4 unicast $net json" | jq -r '.paths[]?.nexthops[0].ip') ;;
	gobgp) got=$(gobgp_ctl gobgp global rib "$net" -j | jq -r '.[]?[]? | .attrs[] | select(.type == 3).nexthop') ;;
	open) got=$(openbgpd_ctl open -j show rib detail "$net" | jq -r '.rib[]?.exit_nexthop') ;;
	*) got=$(ctl "$1" -j show rib "$net" | jq -r '.rib[].exit_nexthop') ;;
	esac
	got=$(echo "$got" | sort | xargs)
	echo "$1 has: $got"
	[ "$got" = "$2" ]
}
everybody() {
	local d
	for d in bird frr gobgp open; do
		expect 20 paths "$d" "$1"
	done
}
# sent ID-COUNT: ours shows what it has sent to each, with different ids
sent() {
	local n
	for n in 4 5 6 7; do
		ask ours "[.rib[].path_id] | length == $1 and all(. != null) and (unique | length) == $1" show rib out "r$n" "$net" || return 1
	done
}

say "ours reflects all paths for BIRD, FRR, GoBGP and OpenBGPD"
both="route-reflector-client: true, add-path: {receive: true, send: all}"
client="route-reflector-client: true"
godwit_run ours 1 "2, $client" "3, $client" "4, $both" "5, $both" "6, $both" "7, $both"
godwit_run a 2 1
godwit_run b 3 1
bird_run 1
frr_lan 1
gobgp_run 1
openbgpd_run 1
everybody "10.99.0.2 10.99.0.3"
expect 5 sent 2
ask ours '.neighbors[0].capabilities.negotiated.add_path | tostring | test("both")' show neighbor r4 || fail "$stage"
ids() { ctl ours -j show rib out r4 "$net" | jq -c '[.rib[] | [.exit_nexthop, .path_id]] | sort'; }
before=$(ids)
say "one of them goes, which was the best, and comes again"
a_gone
everybody "10.99.0.3"
a_back
everybody "10.99.0.2 10.99.0.3"
[ "$(ids)" = "$before" ] || fail "$stage: other path ids: $(ids), were $before"
say "from all to the best one and back without another session"
flaps() { ctl ours -j show neighbor | jq -c '[.neighbors[] | [.name, .stats.message.sent.open]]'; }
was=$(flaps)
sed -i 's/send: all/send: best 1/' "$dir/ours.yaml"
ctl ours reload || fail "$stage"
everybody "10.99.0.2"
sed -i 's/send: best 1/send: best 2/' "$dir/ours.yaml"
ctl ours reload || fail "$stage"
everybody "10.99.0.2 10.99.0.3"
[ "$(ids)" = "$before" ] || fail "$stage: other path ids: $(ids), were $before"
[ "$(flaps)" = "$was" ] || fail "$stage: sessions were reset"
say "a refresh changes nothing"
bird2_ctl bird reload in r1 >/dev/null
everybody "10.99.0.2 10.99.0.3"
say "a session that ends takes its path along"
stop b || fail "bgpd ended with an error"
everybody "10.99.0.2"
stop a || fail "bgpd ended with an error"
everybody ""
stop ours || fail "bgpd ended with an error"
bird2_stop bird
frr_stop frr
stop gobgp
stop open

say "BIRD, FRR, GoBGP and OpenBGPD reflect both paths for ours"
both="add-path: {receive: true, send: all}"
godwit_run ours 1 "4, $both" "5, $both" "6, $both" "7, $both"
godwit_run a 2 4 5 6 7
godwit_run b 3 4 5 6 7
bird_run 1c 2c 3c
frr_lan 1c 2c 3c
gobgp_run 1c 2c 3c
openbgpd_run 1c 2c 3c
# from NEIGHBOUR COUNT: so many paths, with as many ids
from() { ask ours "[.rib[].path_id] | length == $2 and (unique | length) == $2" show rib in "$1" "$net"; }
for n in 4 5 6 7; do
	expect 30 from r$n 2
	ask ours "[.rib[].exit_nexthop] | sort == [\"10.99.0.2\", \"10.99.0.3\"]" show rib in r$n "$net" || fail "$stage"
done
say "of several paths that are alike the first decides, and a withdrawn one is gone"
a_gone
for n in 4 5 6 7; do
	expect 20 from r$n 1
done
expect 5 best ours "$net" '.exit_nexthop == "10.99.0.3"'
say "a reflector that ends takes all of its paths along"
a_back
for n in 4 5 6 7; do
	expect 20 from r$n 2
done
bird2_stop bird
expect 10 from r4 0
expect 10 paths ours "10.99.0.2 10.99.0.2 10.99.0.2 10.99.0.3 10.99.0.3 10.99.0.3"
stop ours || fail "bgpd ended with an error"
frr_stop frr
stop gobgp
stop open
