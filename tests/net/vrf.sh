#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# VRFs of neighbours: one bgpd (a) with neighbours in none (b), in the VRF red (c, d and
# whoever is in a prefix there, f, and g, who has no address) and in the VRF blue (e), which has the same addresses as
# c, and the same keys not. Each VRF has its own routes, in the table of its device, whose
# next hops are on its own interfaces; devices that come, go and change their table are
# followed; and a reload moves a neighbour from one VRF to another.
. "$(dirname "$0")/../lib.sh"
need_godwit
ns a b c d e f g
in_ns a ip link add probe type vrf table 9 2>"$dir/vrf.err" || skip "the kernel has no vrf: $(cat "$dir/vrf.err")"
in_ns a ip link del probe
# IPv6 addresses stay when an interface comes into a VRF or leaves one.
in_ns a sysctl -qw net.ipv6.conf.all.keep_addr_on_down=1 net.ipv6.conf.default.keep_addr_on_down=1
link a b 1
link a c 2
link a d 3
link a f 5
link a g 7
# The addresses of the link to c once more.
ip link add to-e netns "$tag-a" type veth peer name to-a netns "$tag-e"
device() { # NAME TABLE INTERFACE...
	local name=$1 table=$2
	shift 2
	in_ns a ip link add "$name" type vrf table "$table"
	for i in "$@"; do
		in_ns a ip link set "$i" master "$name"
	done
	in_ns a ip link set "$name" up
}
device red 100 to-c to-d to-f to-g
in_ns a ip link set to-e up
in_ns e ip link set to-a up
device blue 200 to-e
in_ns a ip address add 10.99.2.1/24 dev to-e
in_ns a ip address add fd99:2::1/64 dev to-e nodad
in_ns e ip address add 10.99.2.2/24 dev to-a
in_ns e ip address add fd99:2::2/64 dev to-a nodad

both='families: [ipv4-unicast, ipv6-unicast]'
soon='connect-retry-time: 1, idle-hold-time: {initial: 1, max: 2}'
open='import: [accept], export: [accept]'
# router VRF-OF-D: the configuration of a
router() {
	cat >"$dir/a.yaml" <<-EOT
		router: {as: 65001, id: 10.0.0.1, hold-time: 6}
		kernel: {audit-interval: 1}
		groups:
		  all: {$both, $soon, $open}
		  red: {$both, $soon, $open, vrf: red}
		neighbors:
		  - {address: 10.99.1.2, name: b, group: all, remote-as: 65002}
		  - {address: 10.99.2.2, group: red, remote-as: 65003, password: of-red}
		  - {address: 10.99.3.2, name: d, group: all, vrf: $1, remote-as: 65004, ttl-security: 1}
		  - {address: 10.99.2.2, group: all, vrf: blue, remote-as: 65005, password: of-blue}
		  - {prefix: 10.99.5.0/24, group: red, remote-as: 65006}
		  - {interface: to-g, name: g, group: red, remote-as: 65007}
		networks: [{prefix: 192.0.2.0/24, blackhole: true}]
	EOT
}
# other NAME LINK AS MORE NETWORK...: a neighbour with these networks
other() {
	local name=$1 link=$2 as=$3 more=$4 list='' p
	shift 4
	for p in "$@"; do
		list="$list {prefix: $p},"
	done
	cat >"$dir/$name.yaml" <<-EOT
		router: {as: $as, id: 10.0.1.$((as - 65000)), hold-time: 6}
		neighbors: [{address: 10.99.$link.1, name: a, $both, $soon, $open, remote-as: 65001$more}]
		networks: [${list%,}]
		kernel: {export: [reject]}
	EOT
}
router red
other b 1 65002 '' 203.0.113.0/24 2001:db8::/32 198.51.100.0/26
other c 2 65003 ', password: of-red' 203.0.113.0/24 2001:db8::/32 198.51.100.64/26
other d 3 65004 ', ttl-security: 1' 198.51.100.128/26
other e 2 65005 ', password: of-blue' 203.0.113.0/24 2001:db8::/32
other f 5 65006 '' 198.51.100.192/26
other g 7 65007 '' 198.51.100.32/27
sed -i 's/address: 10.99.7.1/interface: to-a/' "$dir/g.yaml"
for n in a b c d e f g; do
	godwit "$n" "$n"
done

# routes: what of ours is in any table, a line a route: table, prefix, next hop (LL a link-local one) and interface
routes() {
	in_ns a sh -c 'ip -4 route show table all proto 186; ip -6 route show table all proto 186' | awk '{
		table = "main"; prefix = $1; via = dev = "-"
		if ($1 == "blackhole") { prefix = $2; via = $1 }
		for (i = 1; i < NF; i++) {
			if ($i == "via") via = $(i + 1) == "inet6" ? $(i + 2) : $(i + 1)
			if ($i == "dev") dev = $(i + 1)
			if ($i == "table") table = $(i + 1)
		}
		if (via ~ /^fe80:/) via = "LL"
		print table, prefix, via, dev
	}' | LC_ALL=C sort
}
# has TABLE WANTED [-6]: the routes of a family, as "prefix next-hop interface;" each
has() {
	local is
	is=$(routes | awk -v t="$1" -v six="${3:-}" '$1 == t && ($2 ~ /:/) == (six != "") { printf "%s %s %s;", $2, $3, $4 }')
	echo "$is"
	[ "$is" = "$2" ]
}
red4='198.51.100.128/26 10.99.3.2 to-d;198.51.100.192/26 10.99.5.2 to-f;198.51.100.32/27 LL to-g;198.51.100.64/26 10.99.2.2 to-c;203.0.113.0/24 10.99.2.2 to-c;'
red6='2001:db8::/32 fd99:2::2 to-c;'
blue4='203.0.113.0/24 10.99.2.2 to-e;' blue6='2001:db8::/32 fd99:2::2 to-e;'
main4='192.0.2.0/24 blackhole -;198.51.100.0/26 10.99.1.2 to-b;203.0.113.0/24 10.99.1.2 to-b;'
main6='2001:db8::/32 fd99:1::2 to-b;'
# of TABLE ROUTES...: lines as routes has them
of() {
	local table=$1 list
	shift
	for list in "$@"; do
		printf '%s' "$list" | tr ';' '\n' | sed "s/^/$table /"
	done
}
all_there() { # TABLE-OF-RED
	local is
	is=$(routes)
	echo "$is"
	[ "$is" = "$({ of main "$main4" "$main6"; of "$1" "$red4" "$red6"; of 200 "$blue4" "$blue6"; } | LC_ALL=C sort)" ]
}
# knows NAME PREFIXES: exactly these, with those of its own
knows() { ask "$1" "[.rib[].prefix] | sort | unique | join(\" \") == \"$2\"" show rib; }
red_all='198.51.100.128/26 198.51.100.192/26 198.51.100.32/27 198.51.100.64/26 2001:db8::/32 203.0.113.0/24'

say "each VRF has the routes of its neighbours, over its own interfaces, in its table"
expect 40 all_there 100
expect 10 knows b '192.0.2.0/24 198.51.100.0/26 2001:db8::/32 203.0.113.0/24'
expect 10 knows d "$red_all"
expect 10 knows f "$red_all"
expect 10 knows e '2001:db8::/32 203.0.113.0/24'
expect 10 best d 203.0.113.0/24 '.aspath == "65001 65003" and .exit_nexthop == "10.99.3.1"'
expect 10 best d 2001:db8::/32 '.aspath == "65001 65003" and .exit_nexthop == "fd99:3::1"'
in_ns d ip route add 203.0.113.0/24 via 10.99.3.1
in_ns c ip address add 203.0.113.1/32 dev lo
in_ns c ip route add 10.99.3.0/24 via 10.99.2.1
expect 10 in_ns d ping -c 1 -W 2 203.0.113.1

say "bgpctl: neighbours with their VRF; routes of one VRF; next hops of its interfaces alone"
ask a '[.neighbors[] | [.name, .table, .vrf]] | sort == [["10.99.2.2@blue", 200, "blue"], ["10.99.2.2@red", 100, "red"],
	["10.99.5.2@red", 100, "red"], ["b", null, null], ["d", 100, "red"], ["g", 100, "red"]]' show neighbor >/dev/null ||
	fail "$stage: $(ctl a -j show neighbor | jq -c '[.neighbors[] | [.name, .table, .vrf]]')"
ask a '[.rib[] | .neighbor.name] | sort | unique == ["10.99.2.2@red", "10.99.5.2@red", "d", "g"]' show rib vrf red >/dev/null || fail "$stage"
ask a '[.rib[] | .neighbor.name] == ["10.99.2.2@blue"]' show rib 203.0.113.0/24 vrf blue >/dev/null || fail "$stage"
ask a '[.rib[] | .neighbor.name] == ["10.99.2.2@blue"]' show rib 203.0.113.0/24 table 200 >/dev/null || fail "$stage"
ask a '[.fib[].nexthops[0].interface] | unique == ["to-e"]' show fib vrf blue >/dev/null || fail "$stage: $(ctl a -j show fib vrf blue)"
ask a '[.nexthops[] | select(.references > 0) | .nexthop] | sort == ["10.99.2.2", "fd99:2::2"]' show nexthop vrf blue >/dev/null ||
	fail "$stage: $(ctl a -j show nexthop vrf blue)"
ask a '.rib[0].exports | map(.peer) | index("d") != null and index("b") == null' show rib why 203.0.113.0/24 vrf red >/dev/null ||
	fail "$stage: $(ctl a -j show rib why 203.0.113.0/24 vrf red)"
ask a '[.interfaces[].name] | sort == ["red", "to-c", "to-d", "to-f", "to-g"]' show interfaces vrf red >/dev/null ||
	fail "$stage: $(ctl a -j show interfaces vrf red)"
ask a '[.interfaces[].name] | index("to-b") != null and index("to-c") == null' show interfaces >/dev/null || fail "$stage"
! ctl a show rib vrf green >"$dir/refused" 2>&1 && grep -qF 'no neighbor has VRF green' "$dir/refused" || fail "$stage"
! ctl a show neighbor 10.99.2.2 >"$dir/refused" 2>&1 && grep -qF '10.99.2.2@blue' "$dir/refused" || fail "$stage"

say "a stranger's connection in a VRF, with neighbours or without, is not one of the main table's neighbours"
ip link add spare0 netns "$tag-a" type veth peer name to-spare netns "$tag-e"
device spare 900 spare0
in_ns a ip address add 10.99.6.1/24 dev spare0
in_ns a ip link set spare0 up
in_ns e ip address add 10.99.6.2/24 dev to-spare
in_ns e ip link set to-spare up
in_ns e ip address add 10.99.1.2/32 dev lo
in_ns a ip route add 10.99.1.2/32 via 10.99.2.2 vrf blue
in_ns a ip route add 10.99.1.2/32 via 10.99.6.2 vrf spare
in_ns a sysctl -qw net.ipv4.tcp_l3mdev_accept=1
in_ns e ip route add 10.99.2.1/32 dev to-a src 10.99.1.2
in_ns e ip route add 10.99.6.1/32 dev to-spare src 10.99.1.2
# no_answer ADDRESS: a connection from e is closed without an octet
no_answer() {
	in_ns e bash -c 'exec 3<>"/dev/tcp/$0/179" || exit 9; LC_ALL=C read -r -d "" -n 1 -t 10 <&3' "$1"
	[ $? -eq 1 ]
}
no_answer 10.99.2.1 || fail "$stage"
no_answer 10.99.6.1 || fail "$stage"
grep -q 'listen.stranger remote=10.99.1.2' "$dir/a.log" || fail "$stage"
in_ns e ip route del 10.99.2.1/32 dev to-a
in_ns a ip route del 10.99.1.2/32 vrf blue
in_ns a sysctl -qw net.ipv4.tcp_l3mdev_accept=0

say "a link leaves its VRF: the routes over it go; back, they are there again"
in_ns a ip link set to-c nomaster
expect 30 has 100 '198.51.100.128/26 10.99.3.2 to-d;198.51.100.192/26 10.99.5.2 to-f;198.51.100.32/27 LL to-g;'
ask a '[.interfaces[].name] | index("to-c") != null' show interfaces >/dev/null || fail "$stage"
has 200 "$blue4" || fail "$stage"
in_ns a ip link set to-c master red
expect 30 all_there 100

# waits TEXT: all neighbours of red say so
waits() { ask a "[.neighbors[] | select(.vrf == \"red\") | .state == \"Idle\" and (.last_error // \"\" | contains(\"$1\"))] | all" show neighbor; }
say "the VRF is down, and up again"
in_ns a ip link set red down
expect 20 waits 'VRF red is down: ip link set red up'
in_ns a ip link set red up
expect 40 all_there 100

say "the VRF goes: its neighbours wait and say for what; and comes back with another table"
in_ns a ip link del red
expect 20 waits 'there is no VRF red: ip link add red type vrf table N && ip link set red up'
expect 20 has 100 ''
expect 20 has 100 '' -6
expect 10 has main "$main4"
expect 10 has 200 "$blue4"
device red 300 to-c to-d to-f to-g
expect 40 all_there 300
ask a '[.neighbors[] | select(.vrf == "red") | .table] | unique == [300]' show neighbor >/dev/null || fail "$stage"

say "something else has the name; a table that others have"
in_ns a ip link del red
in_ns a ip link add red type bridge
expect 20 waits 'red is an interface, but no VRF'
in_ns a ip link del red
device red 200 to-c to-d to-f to-g
expect 20 waits 'VRF red has table 200, and VRF blue has 200'
in_ns a ip link del red
device red 100 to-c to-d to-f to-g
expect 40 all_there 100
has 300 '' || fail "$stage"

say "after a crash all tables are taken over as they are"
kill -KILL "${pids[a]}"
wait "${pids[a]}" 2>/dev/null
all_there 100 >/dev/null || fail "$stage"
godwit a a
swept() { for v in red blue; do ask a '.summary.adopted == 0 and .summary.installed > 0' show fib vrf $v || return 1; done; }
expect 40 swept
expect 20 all_there 100

say "a reload moves a neighbour to another VRF, by a reset"
router blue
ask a '[.changes[] | select(.path == "neighbors[d].vrf" and .effect == "reset")] | length == 1' config diff "$dir/a.yaml" >/dev/null ||
	fail "$stage: $(ctl a -j config diff "$dir/a.yaml")"
ctl a reload >/dev/null || fail "$stage"
in_ns a ip link set to-d master blue
expect 40 has 200 "198.51.100.128/26 10.99.3.2 to-d;$blue4"
expect 20 has 100 '198.51.100.192/26 10.99.5.2 to-f;198.51.100.32/27 LL to-g;198.51.100.64/26 10.99.2.2 to-c;203.0.113.0/24 10.99.2.2 to-c;'
expect 20 knows d '198.51.100.128/26 2001:db8::/32 203.0.113.0/24'

say "a reload without the neighbours of a VRF, and one that names a VRF that is not there yet"
router green
sed -i '/vrf: blue/d' "$dir/a.yaml"
ctl a reload >/dev/null || fail "$stage"
expect 20 has 200 ''
expect 20 grep -q 'table.gone table=200 vrf=blue' "$dir/a.log"
expect 20 ask a '[.neighbors[] | select(.name == "d") | .table == null and .vrf == "green" and
	(.last_error | startswith("there is no VRF green"))] == [true]' show neighbor
device green 400 to-d
expect 40 has 400 '198.51.100.128/26 10.99.3.2 to-d;'
clean_stop a
for t in main 100 200 300 400; do
	has $t '' && has $t '' -6 || fail "$stage: $t"
done
