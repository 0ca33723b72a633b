#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A confederation (RFC 5065) of ours and GoBGP: its routes are seen outside as those of one AS, with the confederation's
# segments inside; routes from outside reach it with LOCAL_PREF. BIRD and FRR are in confederation.sh.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/peers/gobgp.sh"
need_godwit
# shellcheck disable=SC2086
need $gobgp_programs
ns hub ours g out
lan hub ours g out
# Each has 10.99.0.N. ours is 65001, GoBGP 65002: together 100. out is AS 200.
timers="connect-retry-time: 1, idle-hold-time: {initial: 1, max: 1}"
cat >"$dir/ours.yaml" <<-EOT
	router: {as: 65001, id: 10.99.0.1, confederation: {as: 100, members: [65002]}}
	neighbors:
	  - {address: 10.99.0.2, name: g, remote-as: 65002, $timers}
	  - {address: 10.99.0.3, name: out, remote-as: 200, import: [accept], export: [accept], $timers}
	networks: [{prefix: 10.65.1.0/24, blackhole: true, med: 11}]
EOT
cat >"$dir/out.yaml" <<-EOT
	router: {as: 200, id: 10.99.0.3}
	neighbors: [{address: 10.99.0.1, name: ours, remote-as: 100, import: [accept], export: [accept], $timers}]
	networks: [{prefix: 10.65.3.0/24, blackhole: true}]
EOT
cat >"$dir/g.toml" <<-EOT
	[global.config]
	  as = 65002
	  router-id = "10.99.0.2"
	[global.confederation.config]
	  enabled = true
	  identifier = 100
	  member-as-list = [ 65001 ]
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
gobgp_ctl g global rib add 10.65.2.0/24 nexthop 10.99.0.2 med 7 || fail "gobgp"
gobgp_ctl g global rib add 10.66.2.0/24 nexthop 10.99.0.2 community no-export || fail "gobgp"
gobgp_ctl g global rib add 10.67.2.0/24 nexthop 10.99.0.2 aspath 300 || fail "gobgp"
godwit ours ours
godwit out out
expect 30 session ours g
expect 30 session ours out

# g_has PREFIX FILTER: its one path as {path: [[SEGMENT-TYPE, AS...]...], pref, med, hop}
g_has() {
	gobgp_ctl g -j global rib "$1" | jq -e "[.[]?[]? | .attrs | {path: [.[] | select(.type == 2).as_paths[]? | [.segment_type] + .asns],
		pref: [.[] | select(.type == 5).value][0], med: [.[] | select(.type == 4).metric][0],
		hop: [.[] | select(.type == 3).nexthop][0]}] | length == 1 and (.[0] | $2)"
}
# 3.10 sends no LOCAL_PREF to another member.
say "from member to member"
expect 10 best ours 10.65.2.0/24 '.aspath == "(65002)" and .med == 7 and .exit_nexthop == "10.99.0.2"'
expect 10 best ours 10.67.2.0/24 '.aspath == "(65002) 300"'
expect 10 g_has 10.65.1.0/24 '.path == [[3, 65001]] and .med == 11 and .pref == 100'
say "outside there is one AS, and what is for inside does not get there"
expect 10 best out 10.65.2.0/24 '.aspath == "100" and .local_preference == null and .med == null'
expect 10 best out 10.67.2.0/24 '.aspath == "100 300"'
expect 10 best ours 10.66.2.0/24
absent out 10.66.2.0/24 >/dev/null || fail "$stage"
say "from outside to the other member, with its next hop"
expect 10 g_has 10.65.3.0/24 '.path == [[3, 65001], [2, 200]] and .pref == 100 and .hop == "10.99.0.3"'
say "nothing was malformed, and a member that leaves takes its routes along"
no grep -h 'neighbor.update' "$dir/ours.log" "$dir/out.log" || fail "$stage"
stop g
expect 10 absent out 10.65.2.0/24
stop ours || fail "bgpd ended with an error"
stop out || fail "bgpd ended with an error"
