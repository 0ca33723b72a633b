#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Ours has a four-octet AS number; BIRD (`enable as4 off`) and FRR (no capabilities at all)
# speak with two octets (RFC 6793). BIRD sees the whole path of FRR's route, which AS4_PATH
# has carried over two such sessions, and the aggregator beside it. FRR throws AS4_PATH
# away, since our OPEN had the capability: it shows what stands in AS_PATH.
. "$(dirname "$0")/../lib.sh"
peers=$(dirname "$0")/peers
. "$peers/bird2.sh"
. "$peers/frr.sh"
need_godwit
# shellcheck disable=SC2086
need $bird2_programs $frr_programs
ns a bird frr
link a bird 1
link a frr 2
cat >"$dir/a.yaml" <<-EOT
	router: {as: 4200000001, id: 10.99.1.1}
	groups:
	  all: {import: [accept], export: [accept], connect-retry-time: 1, idle-hold-time: {initial: 1, max: 1}}
	neighbors:
	  - {address: 10.99.1.2, name: bird, group: all, remote-as: 65002}
	  - {address: 10.99.2.2, name: frr, group: all, remote-as: 65003}
	networks: [{prefix: 192.0.2.0/24, blackhole: true}]
EOT
cat >"$dir/bird.conf" <<-EOT
	log stderr all; router id 10.99.1.2;
	protocol device { scan time 1; }
	protocol static own { ipv4; route 203.0.113.0/24 blackhole; }
	filter outgoing {
		if proto != "own" then reject;
		bgp_path.prepend(65077); bgp_path.prepend(4200000077);
		accept;
	}
	protocol bgp a {
		local 10.99.1.2 as 65002; neighbor 10.99.1.1 external; enable as4 off;
		connect delay time 1; connect retry time 1; error wait time 1, 1; graceful restart off;
		ipv4 { import all; export filter outgoing; };
	}
EOT
cat >"$dir/frr.bgpd.conf" <<-EOT
	route-map mark permit 10
	 set as-path prepend 4200000099
	 set aggregator as 4200000098 10.99.2.2
	router bgp 65003
	 bgp router-id 10.99.2.2
	 no bgp ebgp-requires-policy
	 no bgp network import-check
	 neighbor 10.99.2.1 remote-as 4200000001
	 neighbor 10.99.2.1 timers connect 1
	 neighbor 10.99.2.1 advertisement-interval 0
	 neighbor 10.99.2.1 dont-capability-negotiate
	 network 198.51.100.0/24 route-map mark
EOT
bird2_run bird
frr_run frr
godwit a a
expect 30 session a bird
expect 30 session a frr
ask a '[.neighbors[].capabilities.negotiated.as4] == [false, false]' show neighbor >/dev/null || fail "no two-octet sessions"

say "theirs at ours"
expect 10 best a 203.0.113.0/24 '.aspath == "65002 4200000077 65077"'
expect 10 best a 198.51.100.0/24 '.aspath == "65003 4200000099"'
say "ours at theirs"
bird_path() { [ "$(bird2_ctl bird show route "$1" all primary | sed -n 's/.*BGP.as_path: //p')" = "$2" ]; }
frr_has() { frr_ctl frr "show bgp ipv4 unicast $1 json" | jq -e ".paths[0].aspath.string == \"$2\""; }
expect 10 bird_path 192.0.2.0/24 "4200000001"
expect 10 frr_has 192.0.2.0/24 23456
say "each other's, through ours, with the aggregator"
expect 10 bird_path 198.51.100.0/24 "4200000001 65003 4200000099"
expect 10 frr_has 203.0.113.0/24 "23456 65002 23456 65077"
# 8.4 misreads the number in its configuration: what counts is what it says it sends.
as=$(frr_ctl frr 'show bgp ipv4 unicast 198.51.100.0/24' | sed -n 's/.*aggregated by \([0-9]*\) .*/\1/p')
[ "$as" -gt 65535 ] || fail "$stage: FRR has no four-octet aggregator"
aggregator() { bird2_ctl bird show route 198.51.100.0/24 all primary | grep "BGP.aggregator: 10.99.2.2 AS$as"; }
expect 10 aggregator
say "withdrawn as announced"
bird2_ctl bird disable own >/dev/null || fail "$stage"
expect 10 absent a 203.0.113.0/24
gone() { no frr_has 203.0.113.0/24 "23456 65002 23456 65077"; }
expect 10 gone
stop a || fail "bgpd ended with an error"
