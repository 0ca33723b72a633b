#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An aggregate of ours at BIRD and at FRR: it comes and goes with a route of the other,
# summary-only keeps that route back, and ATOMIC_AGGREGATE, AGGREGATOR, MED and an AS path
# without a set are what they read.
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
	aggregates:
	  - {prefix: 203.0.112.0/23, summary-only: true, med: 9, communities: ["65001:7"]}
	  - {prefix: 198.51.0.0/16}
EOT
cat >"$dir/bird.conf" <<-EOT
	log stderr all; router id 10.99.1.2;
	protocol device { scan time 1; }
	protocol static own { ipv4; route 203.0.113.0/24 blackhole; }
	protocol bgp a {
		local 10.99.1.2 as 65002; neighbor 10.99.1.1 external;
		connect delay time 1; connect retry time 1; error wait time 1, 1; graceful restart off;
		ipv4 { import all; export where proto = "own"; };
	}
EOT
cat >"$dir/frr.bgpd.conf" <<-EOT
	router bgp 65003
	 bgp router-id 10.99.2.2
	 no bgp ebgp-requires-policy
	 no bgp network import-check
	 neighbor 10.99.2.1 remote-as 4200000001
	 neighbor 10.99.2.1 timers connect 1
	 neighbor 10.99.2.1 advertisement-interval 0
	 network 198.51.100.0/24
EOT
bird2_run bird
frr_run frr
godwit a a
expect 30 session a bird
expect 30 session a frr
frr_has() { frr_ctl frr "show bgp ipv4 unicast $1 json" | jq -e ".paths[0] | ${2:-. != null}"; }
bird_has() { # PREFIX PATTERN...
	local out pattern prefix=$1
	out=$(bird2_ctl bird show route "$prefix" all primary)
	echo "$out"
	case $out in *"$prefix"*) ;; *) return 1 ;; esac
	for pattern in "${@:2}"; do
		grep -q "$pattern" <<<"$out" || return 1
	done
}

say "at FRR, the aggregate of BIRD's route in its place"
expect 20 frr_has 203.0.112.0/23 '.aspath.string == "4200000001" and .atomicAggregate and .metric == 9 and
	.aggregatorAs == 4200000001 and .aggregatorId == "10.99.1.1" and .community.string == "65001:7"'
no frr_has 203.0.113.0/24 || fail "$stage"
say "at BIRD, the aggregate of FRR's route beside it"
expect 20 bird_has 198.51.0.0/16 'BGP.as_path: 4200000001$' 'BGP.atomic_aggr:' 'BGP.aggregator: 10.99.1.1 AS4200000001'
expect 10 bird_has 198.51.100.0/24 'BGP.as_path: 4200000001 65003'
say "BIRD's route goes, and the aggregate with it; it comes back"
bird2_ctl bird disable own >/dev/null || fail "$stage"
expect 10 no frr_has 203.0.112.0/23
bird2_ctl bird enable own >/dev/null || fail "$stage"
expect 10 frr_has 203.0.112.0/23
no frr_has 203.0.113.0/24 || fail "$stage"
say "FRR's route goes, and the aggregate with it"
frr_ctl frr "configure terminal" "router bgp 65003" "no network 198.51.100.0/24" >/dev/null || fail "$stage"
expect 10 no bird_has 198.51.0.0/16
clean_stop a
