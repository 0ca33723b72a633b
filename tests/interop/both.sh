#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# GoBGP and OpenBGPD in three ASes on one subnet, ours between the two: whose next hop they
# get, well-known communities, policies, aggregates, what is done to AS paths, and
# default-originate. The same with BIRD and FRR is in sharedlan.sh, policy.sh, aggregate.sh,
# aspath.sh and default.sh.
. "$(dirname "$0")/../lib.sh"
peers=$(dirname "$0")/peers
. "$peers/gobgp.sh"
. "$peers/openbgpd.sh"
need_godwit
# shellcheck disable=SC2086
need $gobgp_programs $openbgpd_programs
ns hub a g o
lan hub a g o
# Each has 10.99.0.N and is AS 6500N; ours by local-as. config KEYS-OF-THE-NEIGHBOURS EXPORT REST
config() {
	cat >"$dir/a.yaml" <<-EOT
		router: {as: 65000, id: 10.99.0.1}
		groups: {all: {local-as: 65001, connect-retry-time: 1, idle-hold-time: {initial: 1, max: 1}, export: [$2]$1}}
		neighbors:
		  - {address: 10.99.0.2, name: g, group: all, remote-as: 65002, import: [from-g]}
		  - {address: 10.99.0.3, name: o, group: all, remote-as: 65003, import: [from-o]}
		networks:
		  - {prefix: 192.0.2.0/24, blackhole: true, communities: ["65001:1", "65001:2", "65001:1:9"]}
		  - {prefix: 192.0.3.0/24, blackhole: true}
		prefix-sets: {kept: [192.0.3.0/24]}
		community-sets: {own: ["65001:[1-5]", "65001:1:*"]}
		policies:
		  from-g:
		    - {match: {community-set: ["65002:[100-199]"], path-length: 2}, set: {local-preference: 300}, action: accept}
		    - {match: {community-set: "65002:7:*"}, action: reject}
		    - {action: accept}
		  from-o:
		    - {match: {community-set: "65003:9", as-path-set: "^65003_"}, action: reject}
		    - {action: accept}
		  out:
		    - {match: {prefix-set: kept}, action: reject}
		    - match: {community-set: own}
		      set: {remove-communities: own, add-communities: ["65001:77", "65001:7:8", "rt:65001:9"], med: 33,
		            origin: incomplete, prepend: [64513, 64513]}
		      action: accept
		    - {action: accept}
		$3
	EOT
}
again() { # the same, for the running daemon
	config "$@"
	ctl a reload >/dev/null || fail "$stage: reload"
}
config "" accept ""
cat >"$dir/g.toml" <<-EOT
	[global.config]
	  as = 65002
	  router-id = "10.99.0.2"
	[[neighbors]]
	  [neighbors.config]
	    neighbor-address = "10.99.0.1"
	    peer-as = 65001
	  [neighbors.timers.config]
	    connect-retry = 1
	    idle-hold-time-after-reset = 1
EOT
start g g gobgpd -t toml -f "$dir/g.toml" --api-hosts 127.0.0.1:50051 --pprof-disable
within 10 gobgp_ctl g neighbor || fail "gobgpd does not answer"
g_says() { gobgp_ctl g global rib add "$1" nexthop 10.99.0.2 "${@:2}" || fail "$stage: gobgp"; }
openbgpd_chroot
cat >"$dir/o.obgpd.conf" <<-EOT
	AS 65003
	router-id 10.99.0.3
	fib-update no
	connect-retry 1
	socket "$dir/o.obgp"
	network 10.65.3.0/24
	network 10.66.3.0/24 set community 65003:9
	network 10.67.3.0/24 set { community 65003:9 prepend-self 1 }
	network 203.0.113.13/32
	neighbor 10.99.0.1 {
		remote-as 65001
		local-address 10.99.0.3
	}
	allow from any
	allow to any
	match to any prefix 203.0.113.13/32 set community NO_EXPORT
EOT
chmod 600 "$dir/o.obgpd.conf"
start o o /usr/sbin/bgpd -d -f "$dir/o.obgpd.conf"
godwit a a
expect 30 session a g
expect 30 session a o
opens=$(ctl a -j show neighbor | jq -c '[.neighbors[].stats.message.received.open]')
g_says 10.65.2.0/24
# g_has PREFIX FILTER, o_has PREFIX FILTER: the one path there; GoBGP's with its attributes by type
g_has() {
	gobgp_ctl g -j global rib "$1" | jq -e "[.[]?[]? | .attrs | map({key: (.type | tostring), value: .}) | from_entries |
		. + {path: [.\"2\".as_paths[]?.asns[]], hop: .\"3\".nexthop, med: .\"4\".metric,
			communities: [.\"8\".communities[]? | \"\(. / 65536 | floor):\(. % 65536)\"]}] | length == 1 and (.[0] | $2)"
}
o_has() { openbgpd_ctl o -j show rib detail "$1" | jq -e "[.rib[]?] | length == 1 and (.[0] | $2)"; }
o_none() { openbgpd_ctl o -j show rib detail "$1" | jq -e '[.rib[]?] == []'; }

say "third parties on the subnet keep their next hop (RFC 4271 5.1.3), our routes have our own"
expect 10 g_has 10.65.3.0/24 '.path == [65001, 65003] and .hop == "10.99.0.3"'
expect 10 o_has 10.65.2.0/24 '.aspath == "65001 65002" and .exit_nexthop == "10.99.0.2"'
expect 10 g_has 192.0.2.0/24 '.hop == "10.99.0.1" and .path == [65001]'
expect 10 o_has 192.0.2.0/24 '.exit_nexthop == "10.99.0.1"'
say "next-hop self, by reload"
again ", next-hop: self" accept ""
expect 10 g_has 10.65.3.0/24 '.hop == "10.99.0.1"'
expect 10 o_has 10.65.2.0/24 '.exit_nexthop == "10.99.0.1"'
again "" accept ""
expect 10 g_has 10.65.3.0/24 '.hop == "10.99.0.3"'

say "well-known communities go no further than they say, and are shown by name"
g_says 203.0.113.1/32 community no-export
g_says 203.0.113.2/32 community no-advertise
g_says 203.0.113.3/32 community blackhole
from() { ask a "[.rib[] | select(.neighbor.name == \"$2\" and .communities == [\"$3\"])] | length == 1" show rib "$1"; }
expect 10 from 203.0.113.1/32 g no-export
expect 10 from 203.0.113.2/32 g no-advertise
expect 10 from 203.0.113.13/32 o no-export
expect 10 o_has 203.0.113.3/32 '.communities == ["BLACKHOLE"]'
o_none 203.0.113.1/32 >/dev/null || fail "$stage: NO_EXPORT at OpenBGPD"
o_none 203.0.113.2/32 >/dev/null || fail "$stage: NO_ADVERTISE at OpenBGPD"
no g_has 203.0.113.13/32 . >/dev/null || fail "$stage: NO_EXPORT at GoBGP"

say "what export policy sets, and what it rejects"
again "" out ""
expect 10 g_has 192.0.2.0/24 '.communities == ["65001:77"] and .path == [65001, 64513, 64513] and .med == 33 and .["1"].value == 2
	and (.["32"].value | map([.ASN, .LocalData1, .LocalData2])) == [[65001, 7, 8]] and ([.["16"].value[] | select(.subtype == 2).value] == ["65001:9"])'
expect 10 o_has 192.0.2.0/24 '.communities == ["65001:77"] and .aspath == "65001 64513 64513" and .metric == 33 and
	.origin == "incomplete" and .large_communities == ["65001:7:8"] and .extended_communities == ["rt 65001:9"]'
expect 10 no g_has 192.0.3.0/24 .
expect 10 o_none 192.0.3.0/24
say "what they send meets import policies"
g_says 10.70.2.0/24 community 65002:150 aspath 65077
g_says 10.71.2.0/24 large-community 65002:7:1
expect 10 best a 10.70.2.0/24 '.local_preference == 300 and .aspath == "65002 65077"'
expect 10 ask a '.rib[0] | .reason == "policy" and .rule.policy == "from-g" and .rule.rule == 2' show rib why 10.71.2.0/24
for n in 66 67; do
	ask a '.rib[0] | .reason == "policy" and .rule.policy == "from-o" and .rule.rule == 1' show rib why 10.$n.3.0/24 >/dev/null ||
		fail "$stage: 10.$n.3.0/24"
done

say "aggregates: no AS_SET, ATOMIC_AGGREGATE and AGGREGATOR; they go with their routes"
again "" accept 'aggregates: [{prefix: 10.65.0.0/16, summary-only: true, med: 9}]'
expect 10 g_has 10.65.0.0/16 '.path == [65001] and .med == 9 and has("6") and .["7"].as == 65000 and .["7"].address == "10.99.0.1"'
expect 10 o_has 10.65.0.0/16 '.aspath == "65001" and .metric == 9 and (.attributes | map(.type) | index("Aggregator") != null)'
expect 10 no g_has 10.65.3.0/24 .
expect 10 o_none 10.65.2.0/24
again "" accept ""
expect 10 no g_has 10.65.0.0/16 .
expect 10 o_none 10.65.0.0/16
expect 10 o_has 10.65.2.0/24 .
[ "$(ctl a -j show neighbor | jq -c '[.neighbors[].stats.message.received.open]')" = "$opens" ] || fail "$stage: a session has ended"

say "local-as in front of our own AS, which they have not seen so far"
again ", local-as-replace: false, local-as-prepend: true" accept ""
expect 30 g_has 10.65.3.0/24 '.path == [65001, 65000, 65001, 65003]'
expect 30 o_has 192.0.2.0/24 '.aspath == "65001 65000"'
best a 10.65.3.0/24 '.aspath == "65001 65003"' >/dev/null || fail "$stage: received"
again "" accept ""
expect 30 g_has 10.65.3.0/24 '.path == [65001, 65003]'
say "as-override and remove-private-as"
g_says 10.72.2.0/24 aspath "64999 7 65003"
expect 10 best a 10.72.2.0/24 '.aspath == "65002 64999 7 65003"'
again ", as-override: true" accept ""
expect 10 o_has 10.72.2.0/24 '.aspath == "65001 65002 64999 7 65001"'
again ", remove-private-as: all, as-override: true" accept ""
expect 10 o_has 10.72.2.0/24 '.aspath == "65001 7 65001"'
expect 10 g_has 10.65.3.0/24 '.path == [65001]'
again ", remove-private-as: replace" accept ""
expect 10 g_has 10.65.3.0/24 '.path == [65001, 65001]'

say "default-originate, without one in our RIB"
again ", default-originate: [ipv4-unicast]" accept ""
expect 10 g_has 0.0.0.0/0 '.path == [65001] and .hop == "10.99.0.1"'
expect 10 o_has 0.0.0.0/0 '.aspath == "65001"'
absent a 0.0.0.0/0 >/dev/null || fail "$stage"
again "" accept ""
expect 10 no g_has 0.0.0.0/0 .
expect 10 o_none 0.0.0.0/0
clean_stop a
