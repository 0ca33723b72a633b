#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A default route for one neighbour (default-originate), which our own RIB need not have: to
# BIRD over eBGP in both families, to FRR over iBGP; with one in the RIB, by reload, after
# a route refresh, and in what bgpctl shows.
. "$(dirname "$0")/../lib.sh"
peers=$(dirname "$0")/peers
. "$peers/bird2.sh"
. "$peers/frr.sh"
need_godwit
# shellcheck disable=SC2086
need $bird2_programs $frr_programs
ns hub a bird frr
lan hub a bird frr
# config BIRD FRR REST
config() {
	cat >"$dir/a.yaml" <<-EOT
		router: {as: 65000, id: 10.99.0.1}
		groups:
		  all: {connect-retry-time: 1, idle-hold-time: {initial: 1, max: 1}}
		neighbors:
		  - {address: 10.99.0.2, name: bird, group: all, remote-as: 65002, families: [ipv4-unicast, ipv6-unicast],
		     import: [accept]$1}
		  - {address: 10.99.0.3, name: frr, group: all, remote-as: internal, export: [nothing-of-default]$2}
		policies:
		  nothing-of-default: [{match: {prefix-set: "0.0.0.0/0"}, action: reject}, {action: accept}]
		networks: [{prefix: 192.0.2.0/24, blackhole: true}]
		$3
	EOT
}
both=', default-originate: [ipv4-unicast, ipv6-unicast]'
four=', default-originate: [ipv4-unicast]'
reload() { ctl a reload >/dev/null || fail "$stage: reload"; }
cat >"$dir/bird.conf" <<-EOT
	log stderr all; router id 10.99.0.2;
	protocol device { scan time 1; }
	protocol bgp a {
		local 10.99.0.2 as 65002; neighbor 10.99.0.1 as 65000;
		connect delay time 1; connect retry time 1; error wait time 1, 1; graceful restart off;
		ipv4 { import all; export none; };
		ipv6 { import all; export none; };
	}
EOT
cat >"$dir/frr.bgpd.conf" <<-EOT
	router bgp 65000
	 bgp router-id 10.99.0.3
	 neighbor 10.99.0.1 remote-as 65000
	 neighbor 10.99.0.1 timers connect 1
EOT
config "$both" "$four" ''
bird2_run bird
frr_run frr
godwit a a
expect 40 session a bird
expect 40 session a frr
bird_has() { [ "$(bird2_ctl bird show route "$1" all primary | sed -n "s/.*BGP.$2: //p")" = "$3" ]; }
bird_none() { ! bird2_ctl bird show route "$1" | grep -q unicast; }
frr_has() { frr_ctl frr "show bgp ipv4 unicast $1 json" | jq -e "(.paths // [])[0] | $2" >/dev/null; }
sent() { ask a ".neighbors[0].stats.prefixes.sent == $2" show neighbor "$1"; }

say "BIRD has it in both families, although no policy sends it anything; FRR over iBGP"
expect 15 bird_has 0.0.0.0/0 as_path 65000
bird_has 0.0.0.0/0 next_hop 10.99.0.1 || fail "$stage: next hop"
expect 15 bird_has ::/0 as_path 65000
bird_none 192.0.2.0/24 || fail "$stage: more than that"
expect 15 frr_has 0.0.0.0/0 '.valid and .nexthops[0].ip == "10.99.0.1" and .locPrf == 100 and .aspath.string == "Local"'
expect 15 frr_has 192.0.2.0/24 '.valid'

say "it is in nobody's RIB and kernel but theirs"
absent a 0.0.0.0/0 || fail "$stage: RIB"
[ -z "$(in_ns a ip route show default)" ] || fail "$stage: kernel"
expect 5 sent bird 2
expect 5 sent frr 2

say "it is shown as what they have"
ask a '.rib | map(.prefix) == ["0.0.0.0/0", "::/0"]' show rib out bird || fail "$stage: out"
ask a '.rib | length == 1 and (.[0] | .exit_nexthop == "10.99.0.1" and .aspath == "65000" and .reason == "default-originate")' \
	show rib out bird 0.0.0.0/0 || fail "$stage: one prefix"
ask a '.rib == []' show rib out bird 192.0.2.0/24 || fail "$stage: another prefix"
ask a '.rib | map({peer, direction, reason}) ==
	[{peer: "bird", direction: "out", reason: "default-originate"}, {peer: "frr", direction: "out", reason: "default-originate"}]' \
	show rib why 0.0.0.0/0 || fail "$stage: why"

say "after a refresh it is still there"
bird2_ctl bird reload in a >/dev/null
holds 2 bird_has 0.0.0.0/0 as_path 65000

say "one in the RIB changes nothing for them, and why says so"
config "$both" "$four" 'statics: [{prefix: 0.0.0.0/0, via: 10.99.0.9}]'
reload
expect 5 best a 0.0.0.0/0
holds 2 bird_has 0.0.0.0/0 next_hop 10.99.0.1
ask a '.rib | map(.exports // [] | .[]) | map(select(.peer == "frr"))[0].reason == "default-originate"' \
	show rib why 0.0.0.0/0 || fail "$stage: why"
ask a '.rib | map(select(.prefix == "0.0.0.0/0")) | length == 1' show rib out frr || fail "$stage: out"

say "taken from one family, and from a neighbour, by reload, without a reset"
up=$(ctl a -j show neighbor bird | jq '.neighbors[0].stats.message.received.open')
config ', default-originate: [ipv6-unicast]' '' ''
reload
expect 10 bird_none 0.0.0.0/0
expect 10 no frr_has 0.0.0.0/0 '.valid'
bird_has ::/0 as_path 65000 || fail "$stage: the other family"
expect 5 sent bird 1
frr_has 192.0.2.0/24 '.valid' || fail "$stage: another route"
config "$both" "$four" ''
reload
expect 10 bird_has 0.0.0.0/0 as_path 65000
expect 10 frr_has 0.0.0.0/0 '.valid'
[ "$(ctl a -j show neighbor bird | jq '.neighbors[0].stats.message.received.open')" = "$up" ] || fail "$stage: a new session"

say "a drain takes it away like everything else"
config "$both" "$four" ''
ctl a neighbor bird drain >/dev/null || fail "$stage"
expect 60 bird_none 0.0.0.0/0
clean_stop a
