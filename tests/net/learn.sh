#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Routes that others make, as on a host of a calico-node: pods' /32 out of cali* interfaces and
# blackhole blocks with protocol 80, tunnel routes with protocol 12, and what anybody else makes.
# kernel.learn chooses by protocol and interface; what it takes is announced, at once, at
# thousands of pods a second, and nothing that is ours is learned.
. "$(dirname "$0")/../lib.sh"
need_godwit
ns r p
link r p 1

base() { # RULES of the policy that learns [KERNEL-KEYS]
	cat <<-EOT
		router: {as: 65001, id: 10.0.0.1}
		neighbors:
		  - {address: 10.99.1.2, name: p, remote-as: 65002, import: [accept], export: [pods-out],
		     families: [ipv4-unicast, ipv6-unicast], connect-retry-time: 1, idle-hold-time: {initial: 1, max: 2}}
		kernel: {learn: [pods]${2:-}}
		statics: [{prefix: 10.1.1.0/24, via: 10.68.1.1}]
		policies:
		  pods:
		$1
		  pods-out:
		    - {match: {source: kernel}, action: accept}
	EOT
}
by_protocol='    - {match: {kernel-protocol: 80}, action: accept}'
base "$by_protocol" >"$dir/r.yaml"
cat >"$dir/p.yaml" <<-EOT
	router: {as: 65002, id: 10.0.0.2}
	neighbors:
	  - {address: 10.99.1.1, name: r, remote-as: 65001, import: [accept], export: [accept],
	     families: [ipv4-unicast, ipv6-unicast], connect-retry-time: 1, idle-hold-time: {initial: 1, max: 2}}
	networks: [{prefix: 203.0.113.0/24}]
EOT
reload() {
	base "$@" >"$dir/r.yaml"
	ctl r reload || fail "$stage"
}
learned() { best r "$1" '.source == "kernel"' && best p "$1" '.aspath == "65001"' && kernel p "$1" 'via 10.99.1.1'; }
not_learned() { absent r "$1" && absent p "$1"; }

say "what calico-node has made before the daemon starts"
for i in 1 2; do
	in_ns r ip link add "cali$i" type veth peer name "pod$i"
	in_ns r ip link set "cali$i" up
	in_ns r ip link set "pod$i" up
done
# Where the kernel can tunnel, there is one of this name; any other will do.
in_ns r ip link show tunl0 >/dev/null 2>&1 || in_ns r ip link add tunl0 type veth peer name tunl1
in_ns r ip link set tunl0 up
in_ns r ip link set tunl1 up 2>/dev/null
in_ns r ip route add 10.65.1.5/32 dev cali1 scope link proto 80
in_ns r ip route add blackhole 10.65.1.0/26 proto 80
in_ns r ip route add 10.65.2.0/26 via 10.99.1.9 dev tunl0 onlink proto 12
in_ns r ip route add 10.65.3.3/32 dev cali2 scope link
in_ns r ip -6 route add fd65::5/128 dev cali1 proto 80
in_ns r ip -6 route add blackhole fd65:1::/64 proto 80
godwit r r
godwit p p
expect 20 session r p
expect 10 learned 10.65.1.5/32
expect 10 learned 10.65.1.0/26
expect 10 best p fd65::5/128
expect 10 best p fd65:1::/64
expect 10 kernel r 203.0.113.0/24 'proto bgp'
for prefix in 10.65.2.0/26 10.65.3.3/32 10.99.1.0/24; do
	not_learned $prefix >/dev/null || fail "$stage: $prefix"
done
kernel r 10.65.1.5/32 'dev cali1' 'proto 80' >/dev/null || fail "$stage: it is not as it was"

say "routes that come, change hands and go"
in_ns r ip route add 10.65.1.6/32 dev cali2 scope link proto 80
expect 10 learned 10.65.1.6/32
in_ns r ip route replace 10.65.1.6/32 dev cali2 scope link proto 12
expect 10 not_learned 10.65.1.6/32
in_ns r ip route replace 10.65.1.6/32 dev cali1 scope link proto 80
expect 10 learned 10.65.1.6/32
in_ns r ip route delete 10.65.1.6/32
expect 10 not_learned 10.65.1.6/32
in_ns r ip link delete cali1
expect 10 not_learned 10.65.1.5/32
learned 10.65.1.0/26 >/dev/null || fail "$stage"

say "protocols and interfaces, by a reload"
reload '    - {match: {kernel-protocol: [bird, 80], interface: "tunl*"}, action: accept}'
expect 10 learned 10.65.2.0/26
expect 10 not_learned 10.65.1.0/26
reload '    - {match: {not: {kernel-protocol: [bird, 80]}}, action: accept}'
expect 10 learned 10.65.3.3/32
expect 10 not_learned 10.65.2.0/26
# Never our own, whatever a policy says.
reload '    - {action: accept}'
expect 10 learned 10.65.2.0/26
best r 203.0.113.0/24 '.source == "bgp"' >/dev/null || fail "$stage"
ask r '[.rib[] | select(.source == "kernel" and .prefix == "203.0.113.0/24")] == []' show rib >/dev/null || fail "$stage"
reload '    - {match: {kernel-protocol: bgp}, action: accept}'
expect 10 not_learned 10.65.2.0/26
expect 10 ask r '[.rib[] | select(.source == "kernel")] == []' show rib
reload "$by_protocol"
expect 10 learned 10.65.1.0/26

say "routes of further tables, which no next hop resolves through"
in_ns r ip route add 10.68.1.0/24 via 10.99.1.2 table 100 proto 80
in_ns r ip route add blackhole 10.68.2.0/24 table 70000 proto 80
in_ns r ip -6 route add blackhole fd68::/64 table 100 proto 80
in_ns r ip route add 10.68.3.0/24 via 10.99.1.9 table 101 proto 80
sleep 0.5
not_learned 10.68.1.0/24 >/dev/null || fail "$stage"
reload "$by_protocol" ', learn-tables: [70000, 100, 254]'
expect 10 learned 10.68.1.0/24
expect 10 learned 10.68.2.0/24
expect 10 best p fd68::/64
not_learned 10.68.3.0/24 >/dev/null || fail "$stage"
no_kernel r 10.1.1.0/24 >/dev/null || fail "$stage"
in_ns r ip route add 10.68.4.0/24 via 10.99.1.9 table 100 proto 80
expect 10 learned 10.68.4.0/24
say "of several to a prefix the main table's counts"
in_ns r ip route add 10.68.4.0/24 via 10.99.1.9 proto 12
expect 10 not_learned 10.68.4.0/24
in_ns r ip route delete 10.68.4.0/24 proto 12
expect 10 learned 10.68.4.0/24
in_ns r ip route delete 10.68.4.0/24 table 100
expect 10 not_learned 10.68.4.0/24
say "a table that becomes the daemon's own, and one of the others again"
reload "$by_protocol" ', table: 100, learn-tables: [70000]'
in_table() { in_ns r ip route show table "$1" exact "$2" | grep -q .; }
expect 10 in_table 100 203.0.113.0/24
expect 10 in_table 100 10.1.1.0/24
learned 10.68.1.0/24 >/dev/null || fail "$stage"
reload "$by_protocol" ', learn-tables: [100, 70000]'
expect 10 no in_table 100 203.0.113.0/24
expect 10 kernel r 203.0.113.0/24 'proto bgp'
expect 10 no in_table 254 10.1.1.0/24
expect 10 learned 10.68.1.0/24
reload "$by_protocol"
expect 10 not_learned 10.68.1.0/24
expect 10 not_learned 10.68.2.0/24
learned 10.65.1.0/26 >/dev/null || fail "$stage"

say "thousands of pods a second come and go, and none is lost"
pods() { # add|delete FROM: a thousand
	local i
	for ((i = $2; i < $2 + 1000; i++)); do
		echo "route $1 10.66.$((i / 250)).$((i % 250))/32 dev cali2 scope link proto 80"
	done | in_ns r ip -batch -
}
begin=${EPOCHREALTIME/./}
for ((k = 0; k < 20; k++)); do
	pods add $((k * 1000)) || fail "$stage"
	[ $k -lt 3 ] || pods delete $(((k - 3) * 1000)) || fail "$stage"
done
spent=$((${EPOCHREALTIME/./} - begin))
left() { ask "$1" '[.rib[] | select(.best and (.prefix | startswith("10.66.")))] | length == 3000' show rib; }
expect 30 left r
expect 30 left p
in_kernel() { [ "$(in_ns p ip route show | grep -c '^10\.66\.')" -eq 3000 ]; }
expect 30 in_kernel
grep -q 'fib.notifications.lost' "$dir/r.log" && fail "$stage: $(grep lost "$dir/r.log")"
echo "  37000 changes in $((spent / 1000)) ms"
for k in 17 18 19; do pods delete $((k * 1000)); done
expect 30 no ask p '[.rib[] | select(.prefix | startswith("10.66."))] | length > 0' show rib

say "how long one pod's route takes to the neighbour's kernel"
start here r stdbuf -oL ip -ts monitor route
start there p stdbuf -oL ip -ts monitor route
heard() { grep -q "$1" "$dir/here.log" && grep -q "$1" "$dir/there.log"; }
listening() { # ip(8) takes a moment to begin
	in_ns r ip route add 10.67.1.1/32 dev cali2 scope link proto 80
	in_ns r ip route delete 10.67.1.1/32
	heard '10.67.1.1 '
}
expect 10 listening
for i in {1..20}; do
	in_ns r ip route add 10.67.0.$i/32 dev cali2 scope link proto 80
	expect 10 heard "10.67.0.$i "
done
for i in {1..20}; do
	for side in here there; do grep -m 1 "10.67.0.$i " "$dir/$side.log" | sed 's/^\[\([^]]*\)\].*/\1/'; done |
		python3 -c 'import datetime, sys
here, there = (datetime.datetime.fromisoformat(x.strip()) for x in sys.stdin)
print((there - here).total_seconds() * 1000)'
done | sort -n >"$dir/delays"
echo "  milliseconds: median $(sed -n 10p "$dir/delays"), longest $(tail -n 1 "$dir/delays")"
stop here
stop there
clean_stop r
kernel r 10.65.1.0/26 'proto 80' >/dev/null || fail "another's route is gone"
clean_stop p
