#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Long-lived graceful restart (RFC 9494) with GoBGP in both roles, and FRR: a GoBGP is killed and does not come back within
# its restart time; its routes stay, another GoBGP and FRR are told of it with LLGR_STALE, and BIRD, which is not to know of
# that, loses them. Then ours is killed, and GoBGP keeps what it had of ours as long.
. "$(dirname "$0")/../lib.sh"
peers=$(dirname "$0")/peers
. "$peers/bird2.sh"
. "$peers/frr.sh"
. "$peers/gobgp.sh"
need_godwit
# shellcheck disable=SC2086
need $bird2_programs $gobgp_programs $frr_programs
ns a gone knows frr plain
n=0
for b in gone knows frr plain; do
	n=$((n + 1))
	link a "$b" "$n"
done
cat >"$dir/a.yaml" <<-EOT
	router: {as: 65001, id: 10.99.1.1, graceful-restart: {restart-time: 3, long-lived-time: 60}}
	groups:
	  all: {import: [accept], export: [accept], connect-retry-time: 1, idle-hold-time: {initial: 1, max: 1}}
	neighbors:
	  - {address: 10.99.1.2, name: gone, group: all, remote-as: 65011}
	  - {address: 10.99.2.2, name: knows, group: all, remote-as: 65012}
	  - {address: 10.99.3.2, name: frr, group: all, remote-as: 65013}
	  - {address: 10.99.4.2, name: plain, group: all, remote-as: 65014}
	networks: [{prefix: 192.0.2.0/24, blackhole: true}]
EOT
gobgp_run() { # NAME N OPTION...
	cat >"$dir/$1.toml" <<-EOT
		[global.config]
		  as = 6501$2
		  router-id = "10.99.$2.2"
		[[neighbors]]
		  [neighbors.config]
		    neighbor-address = "10.99.$2.1"
		    peer-as = 65001
		  [neighbors.timers.config]
		    connect-retry = 1
		    idle-hold-time-after-reset = 1
		  [neighbors.graceful-restart.config]
		    enabled = true
		    restart-time = 3
		    long-lived-enabled = true
		  [[neighbors.afi-safis]]
		    [neighbors.afi-safis.config]
		      afi-safi-name = "ipv4-unicast"
		    [neighbors.afi-safis.mp-graceful-restart.config]
		      enabled = true
		    [neighbors.afi-safis.long-lived-graceful-restart.config]
		      enabled = true
		      restart-time = 60
	EOT
	start "$1" "$1" gobgpd -t toml -f "$dir/$1.toml" --api-hosts 127.0.0.1:50051 --pprof-disable "${@:3}"
	within 10 gobgp_ctl "$1" neighbor || fail "gobgpd does not answer"
}
announce() {
	gobgp_ctl gone global rib add 10.65.1.0/24 nexthop 10.99.1.2 &&
		gobgp_ctl gone global rib add 10.66.1.0/24 nexthop 10.99.1.2 community 65535:7 || fail "$stage: gobgp"
}
gobgp_run gone 1
announce
gobgp_run knows 2
cat >"$dir/frr.bgpd.conf" <<-EOT
	router bgp 65013
	 bgp router-id 10.99.3.2
	 no bgp ebgp-requires-policy
	 neighbor 10.99.3.1 remote-as 65001
	 neighbor 10.99.3.1 timers connect 1
EOT
frr_run frr
cat >"$dir/plain.conf" <<-EOT
	log stderr all; router id 10.99.4.2;
	protocol device { scan time 1; }
	protocol kernel { ipv4 { export where source = RTS_BGP; }; }
	protocol bgp a {
		local 10.99.4.2 as 65014; neighbor 10.99.4.1 as 65001;
		connect delay time 1; connect retry time 1; error wait time 1, 1; graceful restart; long lived graceful restart off;
		ipv4 { import all; export none; };
	}
EOT
bird2_run plain
godwit a a
# knows_has PREFIX FILTER: the one path there, its communities as numbers
knows_has() {
	gobgp_ctl knows -j global rib "$1" | jq -e "[.[]?[]? | {stale: (.stale // false), communities: [.attrs[] |
		select(.type == 8).communities[]]}] | length == 1 and (.[0] | $2)"
}
frr_has() { frr_ctl frr "show bgp ipv4 unicast $1 json" | jq -e ".paths | length == 1 and (.[0].community.string | $2)"; }
stale='index(4294901766) != null' # 65535:6
for name in gone knows frr plain; do
	expect 20 session a $name
done
ask a '.neighbors[0].capabilities.received.graceful_restart.long_lived != null' show neighbor gone >/dev/null || fail "$stage"
expect 10 knows_has 10.65.1.0/24 '.communities == []'
expect 10 kernel plain 10.65.1.0/24
expect 10 best a 10.66.1.0/24

say "killed: a graceful restart at first"
stop gone KILL 2>/dev/null
expect 5 best a 10.65.1.0/24 .stale
kernel plain 10.65.1.0/24 >/dev/null || fail "$stage"
say "it does not come back: the last resort, told to GoBGP and FRR with the mark, and not to BIRD"
state() { ask a ".neighbors[0].graceful_restart[\"ipv4-unicast\"].state == \"$1\"" show neighbor gone; }
expect 10 state long-lived
expect 5 best a 10.65.1.0/24 '.stale and (.communities | index("llgr-stale"))'
kernel a 10.65.1.0/24 'via 10.99.1.2' >/dev/null || fail "$stage"
expect 5 knows_has 10.65.1.0/24 ".communities | $stale"
expect 5 frr_has 10.65.1.0/24 '. == "llgr-stale"'
kernel frr 10.65.1.0/24 >/dev/null || fail "$stage"
expect 5 no_kernel plain 10.65.1.0/24
expect 5 absent a 10.66.1.0/24

say "back: everything as before"
gobgp_run gone 1 -r
announce
expect 20 best a 10.65.1.0/24 '(.stale | not) and .communities == []'
expect 10 best a 10.66.1.0/24
expect 10 knows_has 10.65.1.0/24 '.communities == []'
expect 10 frr_has 10.65.1.0/24 '. == null'
expect 10 kernel plain 10.65.1.0/24

say "ours is killed: GoBGP keeps what it had, at first as it was, then with the mark"
knows_has 192.0.2.0/24 '.stale | not' >/dev/null || fail "$stage"
stop a KILL 2>/dev/null
expect 5 knows_has 192.0.2.0/24 '.stale and .communities == []'
expect 10 knows_has 192.0.2.0/24 ".communities | $stale"
say "and has it anew from the next one"
godwit a a
expect 20 knows_has 192.0.2.0/24 '(.stale | not) and .communities == []'
expect 20 knows_has 10.65.1.0/24 '(.stale | not) and .communities == []'
stop a || fail "bgpd ended with an error"
