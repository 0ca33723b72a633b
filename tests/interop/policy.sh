#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What our policies set is what BIRD and FRR receive; what they send meets our import
# policies, whose matches are on attributes that they made. And of what is rejected or
# changed we say which rule did it.
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
	router: {as: 64512, id: 10.99.1.1}
	groups:
	  all: {connect-retry-time: 1, idle-hold-time: {initial: 1, max: 1}}
	neighbors:
	  - {address: 10.99.1.2, name: bird, group: all, remote-as: 65002, import: [from-bird], export: [out]}
	  - {address: 10.99.2.2, name: frr, group: all, remote-as: 65003, import: [accept], export: [out]}
	networks:
	  - {prefix: 192.0.2.0/24, blackhole: true, communities: ["64512:1", "64512:2", "64512:1:9"]}
	  - {prefix: 192.0.3.0/24, blackhole: true}
	  - {prefix: 192.0.4.0/24, blackhole: true}
	prefix-sets: {kept: [192.0.4.0/24]}
	community-sets: {internal: ["64512:[1-5]", "64512:1:*"]}
	policies:
	  out:
	    - {match: {prefix-set: kept}, action: reject}
	    - match: {community-set: internal}
	      set: {remove-communities: internal, add-communities: ["64512:77", "64512:7:8", "rt:64512:9"], med: 33,
	            origin: incomplete, prepend: [64513, 64513]}
	      action: accept
	    - {match: {source: static}, action: accept}
	    - {match: {as-path-set: "_65003$", community-set: "65003:*"}, set: {add-communities: "64512:3"}, action: accept}
	  from-bird:
	    - {match: {community-set: ["65002:[100-199]"], path-length: 2}, set: {local-preference: 300}, action: accept}
	    - {match: {community-set: "65002:7:*"}, action: reject}
EOT
cat >"$dir/bird.conf" <<-EOT
	log stderr all; router id 10.99.1.2;
	protocol device { scan time 1; }
	protocol static own { ipv4; route 203.0.113.0/24 blackhole; route 203.0.114.0/24 blackhole; route 203.0.115.0/24 blackhole; }
	filter outgoing {
		if proto != "own" then reject;
		if net = 203.0.113.0/24 then { bgp_community.add((65002,150)); bgp_path.prepend(65077); }
		if net = 203.0.114.0/24 then bgp_large_community.add((65002,7,1));
		accept;
	}
	protocol bgp a {
		local 10.99.1.2 as 65002; neighbor 10.99.1.1 external;
		connect delay time 1; connect retry time 1; error wait time 1, 1; graceful restart off;
		ipv4 { import all; export filter outgoing; };
	}
EOT
cat >"$dir/frr.bgpd.conf" <<-EOT
	route-map mark permit 10
	 set community 65003:5
	router bgp 65003
	 bgp router-id 10.99.2.2
	 no bgp ebgp-requires-policy
	 no bgp network import-check
	 neighbor 10.99.2.1 remote-as 64512
	 neighbor 10.99.2.1 timers connect 1
	 neighbor 10.99.2.1 advertisement-interval 0
	 network 198.51.100.0/24 route-map mark
	 network 198.51.101.0/24
EOT
bird2_run bird
frr_run frr
godwit a a
expect 30 session a bird
expect 30 session a frr

say "what export sets, at BIRD and at FRR"
bird_has() { [ "$(bird2_ctl bird show route "$1" all primary | sed -n "s/.*BGP.$2: //p")" = "$3" ]; }
frr_has() { frr_ctl frr "show bgp ipv4 unicast $1 json" | jq -e ".paths[0] | $2" >/dev/null; }
expect 10 bird_has 192.0.2.0/24 community '(64512,77)'
bird_has 192.0.2.0/24 large_community '(64512, 7, 8)' || fail "$stage: large community at BIRD"
bird_has 192.0.2.0/24 ext_community '(rt, 64512, 9)' || fail "$stage: route target at BIRD"
bird_has 192.0.2.0/24 as_path '64512 64513 64513' || fail "$stage: path at BIRD"
bird_has 192.0.2.0/24 med 33 || fail "$stage: MED at BIRD"
bird_has 192.0.2.0/24 origin Incomplete || fail "$stage: origin at BIRD"
expect 10 frr_has 192.0.2.0/24 '.community.string == "64512:77" and .largeCommunity.string == "64512:7:8"
	and .extendedCommunity.string == "RT:64512:9" and .aspath.string == "64512 64513 64513" and .metric == 33'
bird_has 192.0.3.0/24 as_path 64512 || fail "$stage: a route that no rule changes"
say "what export rejects is not there"
[ -z "$(bird2_ctl bird show route 192.0.4.0/24 all primary | grep BGP.as_path)" ] || fail "$stage"
say "a path and a community of FRR's, matched on the way to BIRD"
expect 10 bird_has 198.51.100.0/24 community '(64512,3) (65003,5)'
[ -z "$(bird2_ctl bird show route 198.51.101.0/24 all primary | grep BGP.as_path)" ] || fail "$stage: without the community"

say "BIRD's routes through import"
expect 10 best a 203.0.113.0/24 '.local_preference == 300 and .aspath == "65002 65077"'
say "which rule it was, in both directions"
rule() { # PREFIX JQ
	ask a "$2" show rib why "$1" >/dev/null || fail "$stage: $1"
}
rule 203.0.113.0/24 '.rib[0] | .changed and .rule.policy == "from-bird" and .rule.rule == 1'
rule 203.0.114.0/24 '.rib[0] | .reason == "policy" and .rule.rule == 2 and (.rule.file | endswith("a.yaml"))'
rule 203.0.115.0/24 '.rib[0] | .reason == "policy" and .rule.policy == null'
rule 192.0.4.0/24 '[.rib[] | select(.best) | .exports[] | select(.direction == "out") | [.peer, .reason, .rule.policy, .rule.rule]]
	== [["bird", "policy", "out", 1], ["frr", "policy", "out", 1]]'
rule 192.0.2.0/24 '[.rib[] | select(.best) | .exports[] | select(.peer == "frr") | [.reason, .changed, .med]] == [["sent", true, 33]]'
line=$(grep -n 'community-set: "65002:7:\*"' "$dir/a.yaml" | cut -d: -f1)
ctl a show rib rejected | grep -q "203.0.114.0/24 .*from-bird 2 reject (.*a.yaml:$line)" || fail "$stage: show rib rejected"
