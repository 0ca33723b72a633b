#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Tables of neighbours: one bgpd with the main table (b), table 100 (c, d and whoever is in
# the prefix of f) and table 200 (e). The same prefix comes from b, c and e; each table has
# its own best path, kernel routes and nexthop objects, and nobody is told of another
# table's routes. That stays so over a restart, the loss of one neighbour, others' meddling,
# and reloads that move neighbours and make and remove tables. What no table can be is an
# error that says what is wrong.
. "$(dirname "$0")/../lib.sh"
need_godwit
ns a b c d e f
link a b 1
link a c 2
link a d 3
link a e 4
link a f 5
both='families: [ipv4-unicast, ipv6-unicast]'
soon='connect-retry-time: 1, idle-hold-time: {initial: 1, max: 2}'
open='import: [accept], export: [accept]'
# router TABLE-OF-B TABLE-OF-E [REST]: the configuration of a; main: the key is left out
router() {
	local of_b="table: $1," of_e="table: $2,"
	[ "$1" != main ] || of_b=
	[ "$2" != main ] || of_e=
	cat >"$dir/a.yaml" <<-EOT
		router: {as: 65001, id: 10.0.0.1, hold-time: 9}
		kernel: {audit-interval: 1, ${3:-}}
		groups:
		  all: {$both, $soon, $open}
		  hundred: {$both, $soon, $open, table: 100}
		neighbors:
		  - {address: 10.99.1.2, name: b, group: all, $of_b remote-as: 65002}
		  - {address: 10.99.2.2, name: c, group: hundred, remote-as: 65003}
		  - {address: 10.99.3.2, name: d, group: hundred, remote-as: 65004}
		  - {address: 10.99.4.2, name: e, group: all, $of_e remote-as: 65005}
		  - {prefix: 10.99.5.0/24, name: f, group: hundred, remote-as: 65006}
		networks: [{prefix: 192.0.2.0/24, blackhole: true}]
	EOT
}
# other NAME LINK AS NETWORK...: the configuration of a neighbour, which also has the shared networks unless it is d or f
other() {
	local name=$1 link=$2 as=$3 list='' p
	shift 3
	for p in "$@"; do
		list="$list {prefix: $p},"
	done
	cat >"$dir/$name.yaml" <<-EOT
		router: {as: $as, id: 10.0.0.$link, hold-time: 9}
		neighbors: [{address: 10.99.$link.1, name: a, $both, $soon, $open, remote-as: 65001}]
		networks: [${list%,}]
		kernel: {export: [reject]}
	EOT
}
router main 200
other b 1 65002 203.0.113.0/24 2001:db8::/32 198.51.100.0/26
other c 2 65003 203.0.113.0/24 2001:db8::/32 198.51.100.64/26
other d 3 65004 198.51.100.128/26
other e 4 65005 203.0.113.0/24 2001:db8::/32
other f 5 65006 198.51.100.192/26
godwit a a
for n in b c d e f; do
	godwit "$n" "$n"
done

# routes TABLE [-6]: what of ours is in a table, a line a route: prefix, next hop and interface
routes() {
	in_ns a ip "${2:--4}" -j route show table "$1" proto 186 | jq -r '.[] |
		[.dst, (.via.host // .gateway // .type), (.dev // "-")] | join(" ")' | sort | tr '\n' ';'
}
has() { # TABLE WANTED [-6]
	local is
	is=$(routes "$1" "${3:--4}")
	echo "$is"
	[ "$is" = "$2" ]
}
main4='192.0.2.0/24 blackhole -;198.51.100.0/26 10.99.1.2 to-b;203.0.113.0/24 10.99.1.2 to-b;'
main6='2001:db8::/32 fd99:1::2 to-b;'
hundred4='198.51.100.128/26 10.99.3.2 to-d;198.51.100.192/26 10.99.5.2 to-f;198.51.100.64/26 10.99.2.2 to-c;203.0.113.0/24 10.99.2.2 to-c;'
hundred6='2001:db8::/32 fd99:2::2 to-c;'
all_there() {
	has main "$main4" && has main "$main6" -6 && has 100 "$hundred4" && has 100 "$hundred6" -6 &&
		has 200 '203.0.113.0/24 10.99.4.2 to-e;' && has 200 '2001:db8::/32 fd99:4::2 to-e;' -6
}
# knows NAME PREFIXES: exactly these, with those of its own
knows() { ask "$1" "[.rib[].prefix] | sort | unique | join(\" \") == \"$2\"" show rib; }

say "each table has the routes of its neighbours and no others"
expect 20 all_there
expect 10 knows b '192.0.2.0/24 198.51.100.0/26 2001:db8::/32 203.0.113.0/24'
expect 10 knows d '198.51.100.128/26 198.51.100.192/26 198.51.100.64/26 2001:db8::/32 203.0.113.0/24'
expect 10 best d 203.0.113.0/24 '.aspath == "65001 65003" and .exit_nexthop == "10.99.3.1"'
expect 10 best d 2001:db8::/32 '.aspath == "65001 65003" and .exit_nexthop == "fd99:3::1"'
expect 10 knows e '2001:db8::/32 203.0.113.0/24'
expect 10 knows f '198.51.100.128/26 198.51.100.192/26 198.51.100.64/26 2001:db8::/32 203.0.113.0/24'

say "bgpctl: all neighbours with their tables; routes of one table"
ask a '[.neighbors[] | [.name, .table]] == [["b", null], ["c", 100], ["d", 100], ["10.99.5.2", 100], ["e", 200]]' \
	show neighbor >/dev/null || fail "$stage: $(ctl a -j show neighbor | jq -c '[.neighbors[] | [.name, .table]]')"
ask a '.rib.ipv4_prefixes == 8 and .rib.ipv6_prefixes == 3 and (.neighbors | length == 5)' show summary >/dev/null ||
	fail "$stage: $(ctl a -j show summary | jq -c .rib)"
ask a '[.rib[] | .neighbor.name // .source] | sort | unique == ["b", "static"]' show rib >/dev/null || fail "$stage"
ask a '[.rib[] | .neighbor.name] | sort | unique == ["10.99.5.2", "c", "d"]' show rib table 100 >/dev/null || fail "$stage"
ask a '[.rib[] | .neighbor.name] == ["e"]' show rib 203.0.113.0/24 table 200 >/dev/null || fail "$stage"
ask a '[.rib[] | .neighbor.name] == ["b"]' show rib 203.0.113.9 table 254 >/dev/null || fail "$stage"
ask a '.rib[0].exports | map(.peer) | index("d") != null and index("b") == null' show rib why 203.0.113.0/24 table 100 >/dev/null ||
	fail "$stage: $(ctl a -j show rib why 203.0.113.0/24 table 100)"
ask a '[.fib[].nexthops[0].via] | sort == ["10.99.4.2", "fd99:4::2"]' show fib table 200 >/dev/null || fail "$stage"
ask a '.summary.installed == 4' show fib >/dev/null || fail "$stage"
ask a '[.nexthops[] | select(.references > 0) | .nexthop] | sort == ["10.99.4.2", "fd99:4::2"]' show nexthop table 200 >/dev/null ||
	fail "$stage: $(ctl a -j show nexthop table 200)"
ask a '[.rib[].prefix] | length == 3' show rib in c >/dev/null || fail "$stage"
ask a '[.rib[].prefix] | length == 4' show rib out d >/dev/null || fail "$stage: $(ctl a show rib out d)"
ask a '[.parts[] | select(.part == "table 100" and .bytes > 0)] | length == 1' show memory >/dev/null || fail "$stage"
refused() { # TEXT COMMAND...
	local text=$1
	shift
	! ctl a "$@" >"$dir/refused" 2>&1 || fail "$stage: $*"
	grep -qF "$text" "$dir/refused" || fail "$stage: $(cat "$dir/refused")"
}
refused 'no neighbor has table 300' show rib table 300
refused 'the routes of b are in table 254' show rib from b table 100

# objects: numbers of our nexthop objects; named TABLE: those that routes of the table name
objects() { in_ns a ip -j nexthop list proto 186 | jq -r '.[].id' | sort -n; }
named() {
	{ in_ns a ip -4 -j -d route show table "$1" proto 186; in_ns a ip -6 -j -d route show table "$1" proto 186; } |
		jq -r '.[].nhid // empty' | sort -nu
}
if [ -n "$(objects)" ]; then
	say "nexthop objects: each table's have numbers of their own"
	for t in main 100 200; do
		[ -n "$(named "$t")" ] || fail "$stage: none in $t"
		named "$t" >"$dir/named.$t"
	done
	[ "$(cat "$dir"/named.* | sort | uniq -d | wc -l)" -eq 0 ] || fail "$stage: $(cat "$dir"/named.*)"
	awk '$1 >= 268435456 { exit 1 }' "$dir/named.main" || fail "$stage"
	awk '$1 < 268435456 { exit 1 }' "$dir/named.100" "$dir/named.200" || fail "$stage"
fi

say "others' meddling with one table is mended there"
in_ns a ip route del 203.0.113.0/24 table 100 || fail "$stage"
in_ns a ip route replace 203.0.113.0/24 via 10.99.3.2 metric 20 proto static table 200 || fail "$stage"
in_ns a ip route del 203.0.113.0/24 via 10.99.3.2 metric 20 proto static table 200 || fail "$stage"
expect 20 all_there

snapshot() { # TABLE...
	for t in "$@"; do
		in_ns a ip -4 -d route show table "$t" proto 186
		in_ns a ip -6 -d route show table "$t" proto 186
	done
}
say "after a crash all tables are taken over as they are"
was=$(snapshot main 100 200; objects)
ip netns exec "$tag-a" ip monitor route >"$dir/monitor.log" 2>&1 &
pids[monitor]=$!
# Until the monitor listens.
monitored() {
	in_ns a ip route add 198.18.0.0/15 dev lo table 7 2>/dev/null
	in_ns a ip route del 198.18.0.0/15 table 7
	grep -q '198.18.0.0/15' "$dir/monitor.log"
}
expect 10 monitored
kill -KILL "${pids[a]}"
wait "${pids[a]}" 2>/dev/null
godwit a a
for n in b c d e; do
	expect 20 session a "$n"
done
expect 20 session f a
swept() { for t in 254 100 200; do ask a '.summary.adopted == 0 and .summary.installed > 0' show fib table $t || return 1; done; }
expect 30 swept
expect 10 all_there
[ "$(snapshot main 100 200; objects)" = "$was" ] || fail "$stage: $(snapshot main 100 200; objects)"
stop monitor
! grep -E '203.0.113|2001:db8|198.51.100' "$dir/monitor.log" || fail "$stage"

say "the loss of a neighbour is its table's business"
was=$(snapshot main 200)
stop c
expect 20 has 100 '198.51.100.128/26 10.99.3.2 to-d;198.51.100.192/26 10.99.5.2 to-f;'
expect 20 has 100 '' -6
[ "$(snapshot main 200)" = "$was" ] || fail "$stage"
expect 20 knows d '198.51.100.128/26 198.51.100.192/26'
godwit c c
expect 20 all_there

say "a reload moves a neighbour from one table to another, and a table without neighbours goes"
router main 100
ask a '[.changes[] | select(.path == "neighbors[e].table" and .effect == "reset")] | length == 1' config diff "$dir/a.yaml" >/dev/null ||
	fail "$stage: $(ctl a -j config diff "$dir/a.yaml")"
ctl a reload >/dev/null || fail "$stage"
expect 20 has 200 ''
expect 20 has 200 '' -6
expect 20 session a e
expect 20 ask a '[.rib[] | select(.neighbor.name == "e")] | length == 1' show rib 203.0.113.0/24 table 100
expect 20 knows e '198.51.100.128/26 198.51.100.192/26 198.51.100.64/26 2001:db8::/32 203.0.113.0/24'
expect 10 grep -q 'table.gone table=200' "$dir/a.log"
refused 'no neighbor has table 200' show fib table 200
if [ -s "$dir/named.200" ]; then
	none_left() { ! objects | grep -qxFf "$dir/named.200"; }
	expect 10 none_left
fi
expect 10 has main "$main4"

say "a new table, for a neighbour that had the main one"
router 300 main
ctl a reload >/dev/null || fail "$stage"
expect 20 has 300 '198.51.100.0/26 10.99.1.2 to-b;203.0.113.0/24 10.99.1.2 to-b;'
expect 20 has 300 "$main6" -6
expect 20 has main '192.0.2.0/24 blackhole -;203.0.113.0/24 10.99.4.2 to-e;'
expect 10 knows e '192.0.2.0/24 2001:db8::/32 203.0.113.0/24'
expect 10 knows b '198.51.100.0/26 2001:db8::/32 203.0.113.0/24'
expect 10 has 100 "$hundred4"

say "there and back before the table is gone"
router main 200
ctl a reload >/dev/null || fail "$stage"
router 300 main
ctl a reload >/dev/null || fail "$stage"
router main 200
ctl a reload >/dev/null || fail "$stage"
expect 30 all_there
expect 20 has 300 ''
expect 10 has 300 '' -6

say "another metric and protocol: all tables move"
router main 200 'metric: 30, protocol: 187'
ctl a reload >/dev/null || fail "$stage"
moved() {
	for t in main 100 200; do
		[ -z "$(in_ns a ip route show table "$t" proto 186)" ] || return 1
		in_ns a ip route show table "$t" proto 187 | grep -q '203.0.113.0/24.* metric 30' || return 1
	done
	[ -z "$(objects)" ]
}
expect 20 moved
router main 200
ctl a reload >/dev/null || fail "$stage"
expect 20 all_there
none_of_187() { [ -z "$(in_ns a ip nexthop list proto 187)" ]; }
expect 10 none_of_187

say "keep-on-stop leaves all tables, a stop without it none"
router main 200 'keep-on-stop: true'
ctl a reload >/dev/null || fail "$stage"
clean_stop a
all_there >/dev/null || fail "$stage"
router main 200
godwit a a
expect 20 swept
expect 20 all_there
clean_stop a
for t in main 100 200 300; do
	has $t '' && has $t '' -6 || fail "$stage: $t"
done
[ -z "$(objects)" ] || fail "$stage: $(objects)"

say "what no table can be"
# wrong TEXT TABLE-OF-B TABLE-OF-E: an error of b's table
wrong() {
	router "$2" "$3"
	"$BGPD" -n -f "$dir/a.yaml" >"$dir/wrong.out" 2>&1
	[ $? -eq 78 ] || fail "$stage: $*"
	grep -qE "^$dir/a.yaml:[0-9]+:[0-9]+: $1" "$dir/wrong.out" || fail "$stage: $(cat "$dir/wrong.out")"
}
wrong 'neighbors\[0\].table: found 255, expected another table: that one is the kernel.s, ' 255 200
wrong 'neighbors\[0\].table: found 254, which is kernel.table, expected another one' 254 200
wrong 'neighbors\[0\].table: found 61540, expected no multiple of 61440 more than table 100' 61540 200
wrong 'neighbors\[0\].table: found "0", expected a number 1\.\.4294967295' 0 200
router main 200
sed 's/name: e,/name: e, vrf: red,/' "$dir/a.yaml" >"$dir/vrf.yaml"
"$BGPD" -n -f "$dir/vrf.yaml" >"$dir/wrong.out" 2>&1
[ $? -eq 78 ] || fail "$stage"
grep -q "^$dir/vrf.yaml:[0-9]*:[0-9]*: neighbors\[3\].table: found 200 besides vrf, expected one of the two" "$dir/wrong.out" ||
	fail "$stage: $(cat "$dir/wrong.out")"

say "a neighbour of a VRF that is not there waits and says why; the others do not mind"
sed -i 's/name: b,/name: b, vrf: red,/' "$dir/a.yaml"
godwit a a
missing='this kernel has no VRFs: it takes one built with CONFIG_NET_VRF'
! in_ns a ip link add probe type vrf table 9 2>/dev/null || missing='there is no VRF red: ip link add red type vrf table N'
expect 20 ask a "[.neighbors[] | select(.name == \"b\") | .state == \"Idle\" and .vrf == \"red\" and .table == null and
	(.last_error | startswith(\"$missing\"))] == [true]" show neighbor
expect 20 has 200 '203.0.113.0/24 10.99.4.2 to-e;'
expect 20 has main '192.0.2.0/24 blackhole -;'
clean_stop a
