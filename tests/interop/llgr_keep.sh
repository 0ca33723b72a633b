#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Long-lived graceful restart (RFC 9494), what llgr.sh and llgr_gobgp.sh leave out: an FRR is killed, and its routes stay
# with us as the last resort. Then ours is killed, and BIRD and FRR keep what they had of it, with LLGR_STALE once its
# restart time is over; from the next one they have it anew.
. "$(dirname "$0")/../lib.sh"
peers=$(dirname "$0")/peers
. "$peers/bird2.sh"
. "$peers/frr.sh"
need_godwit
# shellcheck disable=SC2086
need $bird2_programs $frr_programs
ns a gone bird frr
n=0
for b in gone bird frr; do
	n=$((n + 1))
	link a "$b" "$n"
done
cat >"$dir/a.yaml" <<-EOT
	router: {as: 65001, id: 10.99.1.1, graceful-restart: {restart-time: 3, long-lived-time: 60}}
	groups:
	  all: {import: [accept], export: [accept], connect-retry-time: 1, idle-hold-time: {initial: 1, max: 1}}
	neighbors:
	  - {address: 10.99.1.2, name: gone, group: all, remote-as: 65011}
	  - {address: 10.99.2.2, name: bird, group: all, remote-as: 65012}
	  - {address: 10.99.3.2, name: frr, group: all, remote-as: 65013}
	networks: [{prefix: 192.0.2.0/24, blackhole: true}]
EOT
frr() { # NAME N
	cat >"$dir/$1.bgpd.conf" <<-EOT
		route-map no-llgr permit 10
		 set community 65535:7
		router bgp 6501$2
		 bgp router-id 10.99.$2.2
		 no bgp ebgp-requires-policy
		 no bgp network import-check
		 bgp graceful-restart
		 bgp graceful-restart preserve-fw-state
		 bgp graceful-restart restart-time 3
		 bgp long-lived-graceful-restart stale-time 60
		 neighbor 10.99.$2.1 remote-as 65001
		 neighbor 10.99.$2.1 timers connect 1
		 neighbor 10.99.$2.1 advertisement-interval 0
		 network 10.65.$2.0/24
		 network 10.66.$2.0/24 route-map no-llgr
	EOT
	frr_run "$1"
}
frr gone 1
frr frr 3
cat >"$dir/bird.conf" <<-EOT
	log stderr all; router id 10.99.2.2;
	protocol device { scan time 1; }
	protocol kernel { ipv4 { export where source = RTS_BGP; }; }
	protocol bgp a {
		local 10.99.2.2 as 65012; neighbor 10.99.2.1 as 65001;
		connect delay time 1; connect retry time 1; error wait time 1, 1;
		graceful restart; long lived graceful restart; long lived stale time 60;
		ipv4 { import all; export none; };
	}
EOT
bird2_run bird
godwit a a
for name in gone bird frr; do
	expect 30 session a $name
done
expect 10 best a 10.65.1.0/24 '.stale | not'
expect 10 best a 10.66.1.0/24
expect 10 kernel bird 192.0.2.0/24

say "FRR is killed, and does not come back: its routes are the last resort, but for those with NO_LLGR"
stop gone-bgpd KILL 2>/dev/null
expect 5 best a 10.65.1.0/24 .stale
state() { ask a ".neighbors[0].graceful_restart[\"ipv4-unicast\"].state == \"$1\"" show neighbor gone; }
expect 10 state long-lived
expect 5 best a 10.65.1.0/24 '.stale and (.communities | index("llgr-stale"))'
kernel a 10.65.1.0/24 'via 10.99.1.2' >/dev/null || fail "$stage"
expect 5 absent a 10.66.1.0/24
say "back: everything as before"
frr_daemon gone bgpd
expect 30 best a 10.65.1.0/24 '(.stale | not) and .communities == []'
expect 10 best a 10.66.1.0/24

say "ours is killed: they keep what they had, at first as it was, then with the mark"
frr_has() { frr_ctl frr "show bgp ipv4 unicast 192.0.2.0/24 json" | jq -e "(.paths // []) | length == 1 and (.[0] | $1)"; }
bird_mark() { bird2_ctl bird show route 192.0.2.0/24 all primary | grep -F '(65535,6)'; }
frr_has '.stale == null and .community == null' >/dev/null || fail "$stage: $(frr_ctl frr 'show bgp ipv4 unicast 192.0.2.0/24 json')"
stop a KILL 2>/dev/null
expect 5 frr_has '.stale'
expect 15 bird_mark
expect 15 frr_has '.community.string == "llgr-stale"'
kernel bird 192.0.2.0/24 'via 10.99.2.1' >/dev/null || fail "$stage: BIRD's kernel"
kernel frr 192.0.2.0/24 'via 10.99.3.1' >/dev/null || fail "$stage: FRR's kernel"
say "and have it anew from the next one"
godwit a a
for name in gone bird frr; do
	expect 30 session a $name
done
expect 20 frr_has '.stale == null and .community == null'
expect 20 no bird_mark
kernel bird 192.0.2.0/24 'via 10.99.2.1' >/dev/null || fail "$stage: BIRD's kernel"
clean_stop a
