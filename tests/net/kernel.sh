#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The kernel's table as ip(8) sees it: static routes of every kind, next hops that resolve
# through connected, learned, BGP and default routes, learning, foreign routes with our
# key, links and addresses that go and come, settings that a reload changes, and routes
# that outlive a kill.
. "$(dirname "$0")/../lib.sh"
need_godwit
ns r p q
link r p 1
link r q 2

base() { # KERNEL-SECTION [ROUTER-KEYS]
	cat <<-EOT
		router: {as: 65001, id: 10.0.0.1${2:-}}
		neighbors:
		  - {address: 10.99.1.2, name: p, remote-as: 65002, import: [accept], export: [accept],
		     families: [ipv4-unicast, ipv6-unicast], connect-retry-time: 1, idle-hold-time: {initial: 1, max: 2}}
		kernel: {${1:-}}
		statics:
		  - {prefix: 10.1.1.0/24, via: 10.99.2.2}
		  - {prefix: 10.1.2.0/24, interface: to-q}
		  - {prefix: 10.1.3.0/24, interface: late0}
		  - {prefix: 10.1.4.0/24, via: 10.99.2.2, interface: to-q}
		  - {prefix: 10.1.5.0/24, blackhole: true}
		  - {prefix: 10.1.6.0/24, unreachable: true}
		  - {prefix: 10.1.7.0/24, via: "fd99:2::2"}
		  - {prefix: 10.1.8.0/24, via: 172.16.5.5}
		  - {prefix: 10.1.9.0/24, via: 172.17.5.5}
		  - {prefix: 10.1.10.0/24, via: 172.18.5.5}
		  - {prefix: "fd01:1::/48", via: "fd99:2::2"}
		  - {prefix: "fd01:2::/48", interface: to-q}
		  - {prefix: "fd01:5::/48", blackhole: true}
		  - {prefix: "fd01:6::/48", unreachable: true}
	EOT
}
base >"$dir/r.yaml"
cat >"$dir/p.yaml" <<-EOT
	router: {as: 65002, id: 10.0.0.2}
	neighbors:
	  - {address: 10.99.1.1, name: r, remote-as: 65001, import: [accept], export: [accept],
	     families: [ipv4-unicast, ipv6-unicast], connect-retry-time: 1, idle-hold-time: {initial: 1, max: 2}}
	networks:
	  - {prefix: 203.0.113.0/24}
	  - {prefix: 172.16.5.0/24}
	  - {prefix: "2001:db8:b::/48"}
EOT
fib() { ask r "[.fib[] | select(.prefix == \"$1\") | select($2)] | length == 1" show fib; }
reload() { # as base
	base "$@" >"$dir/r.yaml"
	ctl r reload || fail "$stage"
}
protocol() { in_ns r ip -4 route show table "${2:-main}" proto "$1" | grep -c .; }
routes_of() { [ "$(protocol "$1" "${3:-main}")" -eq "$2" ]; }

say "static routes of every kind"
godwit r r
godwit p p
expect 20 session r p
expect 10 kernel r 10.1.1.0/24 'via 10.99.2.2 dev to-q' 'proto bgp' 'metric 20'
expect 10 kernel r 10.1.2.0/24 'dev to-q' 'scope link'
expect 10 kernel r 10.1.4.0/24 'via 10.99.2.2 dev to-q'
expect 10 kernel r 10.1.5.0/24 blackhole
expect 10 kernel r 10.1.6.0/24 unreachable
expect 10 kernel r 10.1.7.0/24 'via inet6 fd99:2::2 dev to-q'
expect 10 kernel r fd01:1::/48 'via fd99:2::2'
expect 10 kernel r fd01:2::/48 'dev to-q'
expect 10 kernel r fd01:5::/48 blackhole
expect 10 kernel r fd01:6::/48 unreachable
expect 10 kernel r 2001:db8:b::/48 'via fd99:1::2'
ask r '.rib[0] | .source == "static" and .neighbor == null and .valid' show rib 10.1.2.0/24 >/dev/null || fail "$stage"

say "an interface that comes later, is renamed and goes"
no_kernel r 10.1.3.0/24 >/dev/null || fail "$stage"
expect 10 absent p 10.1.3.0/24
ask r '.rib | length == 1 and .[0].reason == "next-hop"' show rib why 10.1.3.0/24 >/dev/null || fail "$stage"
in_ns r ip link add late1 type veth peer name late2
in_ns r ip link set late1 name late0
in_ns r ip link set late0 up
in_ns r ip link set late2 up
expect 10 kernel r 10.1.3.0/24 'dev late0'
expect 10 best p 10.1.3.0/24
in_ns r ip link delete late0
expect 10 no_kernel r 10.1.3.0/24
expect 10 absent p 10.1.3.0/24

say "a reload that moves a static route to another interface"
sed -i 's|{prefix: 10.1.2.0/24, interface: to-q}|{prefix: 10.1.2.0/24, interface: to-p}|' "$dir/r.yaml"
ctl r reload || fail "$stage"
expect 10 kernel r 10.1.2.0/24 'dev to-p'
reload
expect 10 kernel r 10.1.2.0/24 'dev to-q'

say "a next hop that resolves through a BGP route, and one through a route somebody else adds"
expect 10 kernel r 10.1.8.0/24 'via 10.99.1.2'
ask r '.nexthops[] | select(.nexthop == "172.16.5.5") | .resolved and .through == "172.16.5.0/24" and .recursive' show nexthop >/dev/null ||
	fail "$stage"
no_kernel r 10.1.9.0/24 >/dev/null || fail "$stage"
in_ns r ip route add 172.17.0.0/16 via 10.99.2.2 metric 7
expect 10 kernel r 10.1.9.0/24 'via 10.99.2.2'
ask r '.nexthops[] | select(.nexthop == "172.17.5.5") | .metric == 7' show nexthop >/dev/null || fail "$stage"
say "a longer one takes over, and leaves again"
in_ns r ip route add 172.17.5.0/24 via 10.99.1.2
expect 10 kernel r 10.1.9.0/24 'via 10.99.1.2'
in_ns r ip route delete 172.17.5.0/24
expect 10 kernel r 10.1.9.0/24 'via 10.99.2.2'
say "a blackhole takes its place, and it the blackhole's"
in_ns r ip route replace blackhole 172.17.0.0/16 metric 7
expect 10 no_kernel r 10.1.9.0/24
in_ns r ip route replace 172.17.0.0/16 via 10.99.2.2 metric 7
expect 10 kernel r 10.1.9.0/24 'via 10.99.2.2'
in_ns r ip route delete 172.17.0.0/16
expect 10 no_kernel r 10.1.9.0/24

say "the default route resolves next hops only where that is configured"
in_ns r ip route add default via 10.99.2.2
sleep 0.5
no_kernel r 10.1.10.0/24 >/dev/null || fail "$stage"
reload '' ', resolve-via-default: true'
expect 10 kernel r 10.1.10.0/24 'via 10.99.2.2'
reload
expect 10 no_kernel r 10.1.10.0/24

say "learning: off, then on by a reload, by policy, and off again"
in_ns r ip route add 198.18.0.0/16 via 10.99.2.2 proto static metric 9
sleep 0.5
absent r 198.18.0.0/16 >/dev/null || fail "$stage"
reload 'learn: [accept]'
expect 10 best r 198.18.0.0/16 '.source == "kernel" and .reason == "best"'
expect 10 best p 198.18.0.0/16 '.aspath == "65001"'
in_ns r ip route add 198.19.0.0/16 via 10.99.2.2 metric 9
expect 10 best p 198.19.0.0/16
say "of two routes of a prefix one is left when the other goes"
in_ns r ip route add 198.19.0.0/16 via 10.99.1.2 metric 11
in_ns r ip route delete 198.19.0.0/16 metric 9
expect 10 ask r '.nexthops | length > 0' show nexthop
holds 1 best r 198.19.0.0/16
in_ns r ip route delete 198.19.0.0/16 metric 11
expect 10 absent r 198.19.0.0/16
expect 10 absent p 198.19.0.0/16
reload
expect 10 absent r 198.18.0.0/16
expect 10 absent p 198.18.0.0/16
kernel r 198.18.0.0/16 'metric 9' >/dev/null || fail "$stage"

say "connected subnets: the first pattern that matches decides, a reload changes them"
reload 'connected: {interfaces: ["-to-p", "to-*"]}'
expect 10 best r 10.99.2.0/24 '.source == "connected"'
expect 10 best p 10.99.2.0/24
best r fd99:2::/64 >/dev/null || fail "$stage"
absent r 10.99.1.0/24 >/dev/null || fail "$stage"
absent r 127.0.0.0/8 >/dev/null || fail "$stage"
in_ns r ip address add 10.98.0.1/24 dev to-q
expect 10 best p 10.98.0.0/24
in_ns r ip address delete 10.98.0.1/24 dev to-q
expect 10 absent p 10.98.0.0/24
reload
expect 10 absent r 10.99.2.0/24
expect 10 absent p 10.99.2.0/24

say "a foreign route with our prefix and metric is left alone, and ours follows when it goes"
ctl p network add 198.51.100.0/24 || fail "$stage"
expect 10 kernel r 198.51.100.0/24 'via 10.99.1.2' 'proto bgp'
ctl p network delete 198.51.100.0/24 || fail "$stage"
expect 10 no_kernel r 198.51.100.0/24
in_ns r ip route add 198.51.100.0/24 via 10.99.2.2 metric 20 proto static
ctl p network add 198.51.100.0/24 || fail "$stage"
expect 10 fib 198.51.100.0/24 '(.installed | not) and (.error | test("exists"))'
kernel r 198.51.100.0/24 'via 10.99.2.2' 'proto static' >/dev/null || fail "$stage"
in_ns r ip route delete 198.51.100.0/24
expect 10 kernel r 198.51.100.0/24 'via 10.99.1.2' 'proto bgp'
fib 198.51.100.0/24 '.installed and .error == null' >/dev/null || fail "$stage"

say "what others delete or replace comes back"
in_ns r ip route delete 203.0.113.0/24
expect 10 kernel r 203.0.113.0/24 'via 10.99.1.2'
in_ns r ip route delete 10.1.5.0/24
expect 10 kernel r 10.1.5.0/24 blackhole
in_ns r ip -6 route delete 2001:db8:b::/48
expect 10 kernel r 2001:db8:b::/48 'via fd99:1::2'

say "a link that goes down and comes up, without and with its addresses"
in_ns r ip link set to-q down
expect 10 no_kernel r 10.1.1.0/24
expect 10 absent p 10.1.2.0/24
expect 10 ask r '.rib[0].valid | not' show rib 10.1.1.0/24
in_ns r ip link set to-q up
in_ns r ip address replace fd99:2::1/64 dev to-q nodad
for prefix in 10.1.1.0/24 10.1.2.0/24 10.1.4.0/24 10.1.7.0/24 fd01:1::/48 fd01:2::/48; do
	expect 10 kernel r $prefix 'dev to-q'
done
expect 10 best p 10.1.2.0/24
in_ns r ip address delete 10.99.2.1/24 dev to-q
expect 10 no_kernel r 10.1.1.0/24
in_ns r ip address add 10.99.2.1/24 dev to-q
for prefix in 10.1.1.0/24 10.1.2.0/24 10.1.4.0/24 10.1.7.0/24; do
	expect 10 kernel r $prefix 'dev to-q'
done

say "table, protocol and metric move all routes at a reload, and back"
routes=$(protocol bgp)
reload 'table: 100, protocol: 99, metric: 77'
expect 10 routes_of 99 "$routes" 100
expect 10 routes_of bgp 0
in_ns r ip route show table 100 203.0.113.0/24 | grep -q 'metric 77' || fail "$stage"
reload 'metric: 0'
expect 10 routes_of bgp "$routes"
expect 10 routes_of 99 0 100
in_ns r ip -6 route show 2001:db8:b::/48 | grep -q 'metric 1024' || fail "$stage"
in_ns r ip route show 203.0.113.0/24 | grep -q metric && fail "$stage"
reload
expect 10 kernel r 203.0.113.0/24 'metric 20'
expect 10 routes_of bgp "$routes"
session r p >/dev/null || fail "a change of the kernel section has ended the session"

say "a route with our protocol number that is none of ours goes"
in_ns r ip route add 192.0.2.0/24 via 10.99.1.2 proto bgp metric 20
expect 10 no_kernel r 192.0.2.0/24

say "more events than the socket holds: everything is read again"
hosts() { # add|delete: 40,000 routes at once while the daemon does not listen, the last one for a next hop of ours
	kill -STOP "${pids[r]}"
	{
		for i in {0..199}; do for j in {0..199}; do echo "route $1 172.31.$i.$j/32 via 10.99.2.2"; done; done
		echo "route $1 172.17.0.0/16 via 10.99.2.2"
	} >"$dir/batch"
	in_ns r ip -batch "$dir/batch" || fail "$stage"
	in_ns r ip route delete 10.1.1.0/24
	kill -CONT "${pids[r]}"
}
lost() { [ "$(grep -c 'fib.notifications.lost' "$dir/r.log")" -ge 1 ]; }
hosts add
expect 20 kernel r 10.1.9.0/24 'via 10.99.2.2'
expect 20 kernel r 10.1.1.0/24 'via 10.99.2.2'
lost || fail "$stage: nothing was lost, so nothing was tried"
hosts delete
expect 20 no_kernel r 10.1.9.0/24
expect 20 kernel r 10.1.1.0/24 'via 10.99.2.2'

say "killed and started again: routes that are still wanted are never deleted, others are swept"
ctl p network delete 198.51.100.0/24 || fail "$stage"
expect 10 no_kernel r 198.51.100.0/24
start monitor r stdbuf -oL ip monitor route
deleted() { grep -c "^Deleted ${1:-}" "$dir/monitor.log"; }
monitored() {
	in_ns r ip route add blackhole 192.0.2.128/25
	in_ns r ip route delete blackhole 192.0.2.128/25
	deleted 'blackhole 192.0.2.128/25'
}
expect 10 monitored
stop r KILL 2>/dev/null
in_ns r ip route add 192.0.2.0/24 via 10.99.1.2 proto bgp metric 20
expect 20 no session p r
kernel r 203.0.113.0/24 'via 10.99.1.2' >/dev/null || fail "$stage"
godwit r r
expect 20 session r p
expect 20 no_kernel r 192.0.2.0/24
routes_of bgp $((routes - 1)) >/dev/null || fail "$stage: $(protocol bgp) routes, not $((routes - 1))"
ask r '[.fib[].installed] | all' show fib >/dev/null || fail "$stage"
expect 10 deleted 192.0.2.0/24
[ $(($(deleted) - $(deleted 'blackhole 192.0.2.128/25'))) -eq 1 ] || fail "$stage: $(cat "$dir/monitor.log")"
stop monitor

say "an orderly stop with keep-on-stop leaves routes, the next one without takes them"
reload 'keep-on-stop: true'
stop r || fail "bgpd ended with an error"
routes_of bgp $((routes - 1)) || fail "$stage: $(protocol bgp) are left"
base >"$dir/r.yaml"
in_ns r ip route add 198.18.1.0/24 via 10.99.2.2 metric 9
godwit r r
expect 20 session r p
expect 10 ask r '[.fib[].installed] | all' show fib
stop r || fail "bgpd ended with an error"
routes_of bgp 0 || fail "$stage: $(in_ns r ip route)"
kernel r 198.18.1.0/24 'metric 9' >/dev/null || fail "a foreign route is gone"
