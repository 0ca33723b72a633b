#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Ours, BIRD and FRR in three ASes on one subnet, ours between the two others: whose next
# hop they get (RFC 4271 5.1.3, `next-hop`), and the well-known communities by name
# (RFC 1997, 7999, 8326) in policies, in show rib and at the other end.
. "$(dirname "$0")/../lib.sh"
peers=$(dirname "$0")/peers
. "$peers/bird2.sh"
. "$peers/frr.sh"
need_godwit
# shellcheck disable=SC2086
need $bird2_programs $frr_programs
ns hub a bird frr
lan hub a bird frr

cat >"$dir/a.yaml" <<-EOT
	router: {as: 65001, id: 10.99.0.1}
	groups:
	  bird: {remote-as: 65002, import: [from-bird], export: [accept]}
	  frr: {remote-as: 65003, import: [accept], export: [to-frr], next-hop: auto}
	neighbors:
	  - {address: 10.99.0.2, name: bird4, group: bird, connect-retry-time: 1, idle-hold-time: {initial: 1, max: 1}}
	  - {address: "fd99::2", name: bird6, group: bird, connect-retry-time: 1, idle-hold-time: {initial: 1, max: 1}}
	  - {address: 10.99.0.3, name: frr4, group: frr, connect-retry-time: 1, idle-hold-time: {initial: 1, max: 1}}
	  - {address: "fd99::3", name: frr6, group: frr, connect-retry-time: 1, idle-hold-time: {initial: 1, max: 1}}
	networks: [{prefix: 192.0.2.0/24, blackhole: true}]
	community-sets:
	  leaving: [graceful-shutdown]
	  drop: [blackhole]
	policies:
	  from-bird:
	    - {match: {community-set: leaving}, set: {local-preference: 0}, action: accept}
	    - {action: accept}
	  to-frr:
	    - {match: {community-set: drop}, set: {add-communities: [no-export]}, action: accept}
	    - {action: accept}
EOT
# Each prefix says what it is for: BIRD's 203.0.113.N/32 carries the Nth of the communities.
cat >"$dir/bird.conf" <<-EOT
	router id 10.99.0.2;
	protocol device { scan time 1; }
	protocol kernel { ipv4 { export where source = RTS_BGP; }; }
	protocol kernel { ipv6 { export where source = RTS_BGP; }; }
	protocol static own4 { ipv4;
		route 198.51.100.0/24 blackhole; route 203.0.113.1/32 blackhole; route 203.0.113.2/32 blackhole;
		route 203.0.113.3/32 blackhole; route 203.0.113.4/32 blackhole; }
	protocol static own6 { ipv6; route 2001:db8:b::/48 blackhole; }
	filter out4 {
		if proto != "own4" then reject;
		if net = 203.0.113.1/32 then bgp_community.add((65535, 0));
		if net = 203.0.113.2/32 then bgp_community.add((65535, 666));
		if net = 203.0.113.3/32 then bgp_community.add((65535, 65281));
		if net = 203.0.113.4/32 then bgp_community.add((65535, 65282));
		accept;
	}
	template bgp ours { connect delay time 1; connect retry time 1; error wait time 1, 1; graceful restart off; }
	protocol bgp a4 from ours { local 10.99.0.2 as 65002; neighbor 10.99.0.1 as 65001;
		ipv4 { import all; export filter out4; }; }
	protocol bgp a6 from ours { local fd99::2 as 65002; neighbor fd99::1 as 65001;
		ipv6 { import all; export where proto = "own6"; }; }
EOT
cat >"$dir/frr.bgpd.conf" <<-EOT
	router bgp 65003
	 bgp router-id 10.99.0.3
	 no bgp default ipv4-unicast
	 no bgp ebgp-requires-policy
	 no bgp network import-check
	 neighbor 10.99.0.1 remote-as 65001
	 neighbor 10.99.0.1 timers connect 1
	 neighbor 10.99.0.1 advertisement-interval 0
	 neighbor fd99::1 remote-as 65001
	 neighbor fd99::1 timers connect 1
	 neighbor fd99::1 advertisement-interval 0
	 address-family ipv4 unicast
	  network 10.65.3.0/24
	  network 203.0.113.1/32
	  neighbor 10.99.0.1 activate
	 exit-address-family
	 address-family ipv6 unicast
	  network 2001:db8:f::/48
	  neighbor fd99::1 activate
	 exit-address-family
EOT
bird2_run bird
frr_run frr
godwit a a
for n in bird4 bird6 frr4 frr6; do
	expect 30 session a $n
done

say "third parties on the subnet keep their next hop (RFC 4271 5.1.3), in the kernels too"
expect 10 kernel frr 198.51.100.0/24 'via 10.99.0.2'
expect 10 kernel frr 2001:db8:b::/48 'via fd99::2'
expect 10 kernel bird 10.65.3.0/24 'via 10.99.0.3'
expect 10 kernel bird 2001:db8:f::/48 'via fd99::3'
expect 10 kernel frr 192.0.2.0/24 'via 10.99.0.1'
frr_ctl frr 'show bgp ipv4 unicast 198.51.100.0/24 json' | jq -e '.paths[0].aspath.string == "65001 65002"' >/dev/null || fail "$stage"

opens() { ctl a -j show neighbor | jq -c '[.neighbors[].stats.message.received.open]'; }
before=$(opens)
rule() { # NEXT-HOP
	sed -i "s/next-hop: [a-z]*}/next-hop: $1}/" "$dir/a.yaml"
	ctl a reload || fail "$stage"
}
say "next-hop self, by reload: ours; the sessions stay"
rule self
expect 10 kernel frr 198.51.100.0/24 'via 10.99.0.1'
expect 10 kernel frr 2001:db8:b::/48 'via fd99::1'
ask a '.rib[0].exit_nexthop == "10.99.0.1"' show rib out frr4 198.51.100.0/24 >/dev/null || fail "$stage"
say "next-hop keep: theirs again"
rule keep
expect 10 kernel frr 198.51.100.0/24 'via 10.99.0.2'
expect 10 kernel frr 2001:db8:b::/48 'via fd99::2'
[ "$(opens)" = "$before" ] || fail "$stage"

say "communities have their names; GRACEFUL_SHUTDOWN has the policy set LOCAL_PREF 0, and FRR's path wins"
from() { ask a "[.rib[] | select(.neighbor.name == \"$2\" and $3)] | length == 1" show rib "$1"; }
expect 10 from 203.0.113.1/32 bird4 '.communities == ["graceful-shutdown"] and .local_preference == 0'
expect 10 best a 203.0.113.1/32 '.neighbor.name == "frr4"'
expect 10 from 203.0.113.2/32 bird4 '.communities == ["blackhole"]'
expect 10 from 203.0.113.3/32 bird4 '.communities == ["no-export"]'
expect 10 from 203.0.113.4/32 bird4 '.communities == ["no-advertise"]'
ask a '.rib | length == 1' show rib community blackhole >/dev/null || fail "$stage"
say "BLACKHOLE goes on, with the NO_EXPORT that the policy adds; NO_EXPORT and NO_ADVERTISE do not"
frr_has() { frr_ctl frr "show bgp ipv4 unicast $1 json" | jq -e ".paths[0].community.list == $2"; }
expect 10 frr_has 203.0.113.2/32 '["blackhole","noExport"]'
no_kernel frr 203.0.113.3/32 >/dev/null || fail "$stage"
no_kernel frr 203.0.113.4/32 >/dev/null || fail "$stage"
kernel a 203.0.113.4/32 'via 10.99.0.2' >/dev/null || fail "$stage"
stop a || fail "bgpd ended with an error"
