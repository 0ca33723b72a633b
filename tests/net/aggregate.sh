#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Aggregates: one is there while a more specific route is; summary-only keeps those from
# neighbours (old and new ones, after changes and reloads, with ADD-PATH every path); nested
# ones; the blackhole route; and what `show rib why` says.
. "$(dirname "$0")/../lib.sh"
need_godwit
ns a b c d
link a b 1
link a c 2
link a d 3

config_a() { # AGGREGATES
	cat >"$dir/a.yaml" <<-EOT
		router: {as: 65001, id: 10.99.1.1}
		groups:
		  all: {families: [ipv4-unicast, ipv6-unicast], import: [accept], export: [accept], passive: true}
		aggregates: [$1]
		neighbors:
		  - {address: 10.99.1.2, name: b, remote-as: 65002, group: all}
		  - {address: 10.99.2.2, name: c, remote-as: 65003, group: all}
		  - {address: 10.99.3.2, name: d, remote-as: 65004, group: all, add-path: {send: all}}
	EOT
}
for side in b:1:2 c:2:3 d:3:4; do
	IFS=: read -r name net as <<<"$side"
	cat >"$dir/$name.yaml" <<-EOT
		router: {as: 6500$as, id: 10.0.0.$as, listen: []}
		neighbors:
		  - {address: 10.99.$net.1, name: a, remote-as: 65001, families: [ipv4-unicast, ipv6-unicast], import: [accept],
		     export: [accept], connect-retry-time: 1, idle-hold-time: {initial: 0, max: 1}, add-path: {receive: true}}
	EOT
done
add() { ctl "$1" network add "$2" >/dev/null || fail "$stage"; }
drop() { ctl "$1" network delete "$2" >/dev/null || fail "$stage"; }
reload() { config_a "$1" && ctl a reload >/dev/null || fail "$stage"; }
why() { # PREFIX NEIGHBOUR WORD
	ask a "[.rib[] | select(.best) | .exports[] | select(.peer == \"$2\") | .reason] == [\"$3\"]" show rib why "$1"
}

outer='{prefix: 10.64.0.0/12, summary-only: true, blackhole: true, med: 5, communities: ["65001:7"]}'
inner='{prefix: 10.65.0.0/16}'
six='{prefix: "2001:db8::/32", summary-only: true}'
config_a "$outer, $inner, $six"
godwit a a
godwit b b
expect 20 session a b

say "nothing more specific, no aggregate; the prefix itself does not count"
add b 10.65.0.0/16
expect 10 best a 10.64.0.0/12 '.source == "aggregate"'
best a 10.65.0.0/16 '.source == "bgp"' || fail "$stage"
drop b 10.65.0.0/16
expect 10 absent a 10.64.0.0/12
no_kernel a 10.64.0.0/12 || fail "$stage"

say "a more specific one makes them come; one is summary-only, the other is not hidden by it"
add b 10.65.1.0/24
add b 2001:db8:1::/48
expect 10 best a 10.64.0.0/12 '.aspath == "" and .med == 5 and .communities == ["65001:7"] and .origin == "igp"'
expect 10 best a 10.65.0.0/16 '.source == "aggregate"'
expect 10 best a 2001:db8::/32
expect 10 kernel a 10.64.0.0/12 blackhole
no_kernel a 10.65.0.0/16 || fail "$stage"
godwit c c
expect 20 session a c
expect 10 best c 10.64.0.0/12 '.aspath == "65001"'
expect 10 best c 10.65.0.0/16
expect 10 best c 2001:db8::/32
absent c 10.65.1.0/24 && absent c 2001:db8:1::/48 || fail "$stage"
why 10.65.1.0/24 c summary-only || fail "$stage"
why 10.65.0.0/16 c sent || fail "$stage"
ask a '.neighbors[0].stats.prefixes.sent == 3' show neighbor c || fail "$stage"

say "further ones are not sent, and changes of them neither"
add a 10.66.1.0/24
expect 10 best a 10.66.1.0/24
holds 1 absent c 10.66.1.0/24
drop b 10.65.1.0/24
expect 10 absent a 10.65.0.0/16
expect 10 absent c 10.65.0.0/16
best c 10.64.0.0/12 || fail "$stage"

say "a reload that makes the aggregate an open one, and one that hides again"
reload '{prefix: 10.64.0.0/12}'
expect 10 best c 10.66.1.0/24
expect 10 best c 10.64.0.0/12 '.communities == []'
expect 10 absent c 2001:db8::/32
expect 10 best c 2001:db8:1::/48
expect 10 no_kernel a 10.64.0.0/12
why 10.66.1.0/24 c sent || fail "$stage"
reload "$outer"
expect 10 absent c 10.66.1.0/24
expect 10 best c 10.64.0.0/12 '.communities == ["65001:7"]'
[ "$(grep -c 'aggregate.changed prefix=10.64.0.0/12 state=withdrawn' "$dir/a.log")" -eq 1 ] || fail "$stage"

say "without aggregates all is as it was; and they come back for what is there"
reload ""
expect 10 best c 10.66.1.0/24
expect 10 absent c 10.64.0.0/12
reload "$outer"
expect 10 best c 10.64.0.0/12
expect 10 absent c 10.66.1.0/24

say "with ADD-PATH, all paths of a hidden one go, and come back with the aggregate's end"
paths_at_d() { ask d "[.rib[] | .aspath] | sort == [$2]" show rib "$1"; }
add b 10.66.1.0/24
godwit d d
expect 20 session a d
expect 10 paths_at_d 10.64.0.0/12 '"65001"'
absent d 10.66.1.0/24 || fail "$stage"
reload ""
expect 10 paths_at_d 10.66.1.0/24 '"65001", "65001 65002"'
expect 10 absent d 10.64.0.0/12
reload "$outer"
expect 10 paths_at_d 10.64.0.0/12 '"65001"'
expect 10 absent d 10.66.1.0/24
drop b 10.66.1.0/24
best c 10.64.0.0/12 || fail "$stage"

say "the last one goes: so does the aggregate"
drop a 10.66.1.0/24
expect 10 absent c 10.64.0.0/12
expect 10 absent d 10.64.0.0/12
expect 10 no_kernel a 10.64.0.0/12
for name in a b c d; do
	clean_stop "$name"
done
