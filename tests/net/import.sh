#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What is taken from a neighbour and what is not: AS loops, the neighbour's own AS first,
# next hops (RFC 4271 6.3), route leaks (RFC 9234), no policy (RFC 8212), and a refresh of
# one family (RFC 7313). The neighbours say word by word what they are told to.
. "$(dirname "$0")/../lib.sh"
need_godwit
need python3
ns a b
link a b 1
in_ns a ip address add 10.99.7.1/24 dev lo
in_ns b ip address add 10.99.1.3/24 dev to-a
in_ns b ip address add 10.99.1.4/24 dev to-a
in_ns b ip address add 10.99.1.5/24 dev to-a
in_ns b ip address add 10.99.1.6/24 dev to-a
cat >"$dir/a.yaml" <<-EOT
	router: {as: 65001, id: 10.99.1.1}
	groups:
	  all:
	    import: [accept]
	    export: [accept]
	    passive: true
	    families: [ipv4-unicast, ipv6-unicast]
	    idle-hold-time: {initial: 1, max: 1}
	neighbors:
	  - {address: 10.99.1.2, name: plain, group: all, remote-as: 65002}
	  - {address: 10.99.1.3, name: customer, group: all, remote-as: 65003, role: provider}
	  - {address: 10.99.1.4, name: peer, group: all, remote-as: 65004, role: peer}
	  - {address: 10.99.1.5, name: server, group: all, remote-as: 65005, role: rs-client}
EOT

speaker() { # NAME ADDRESS AS
	mkfifo "$dir/$1.fifo"
	export PYTHONDONTWRITEBYTECODE=1
	start "$1" b python3 "$top/tests/net/speaker.py" "$2" 10.99.1.1 "$3" "$dir/$1.fifo"
}
tell() { # NAME COMMAND...
	local name=$1
	shift
	echo "$*" >"$dir/$name.fifo"
}
# refused NAME PREFIX REASON: the only path of it, from that neighbour, is not accepted
refused() { ask a "[.rib[] | select(.reason == \"$3\" and .best == false)] | length == 1" show rib in "$1" "$2"; }
accepted() { best a "$2" ".neighbor.name == \"$1\" and (${3:-true})"; }

godwit a a
speaker plain 10.99.1.2 65002
speaker customer 10.99.1.3 65003
speaker peer 10.99.1.4 65004
speaker server 10.99.1.5 65005
for name in plain customer peer server; do
	expect 20 session a $name
done

say "our own AS in the path is a loop"
tell plain announce 192.0.2.0/28 path=65002.65001
expect 10 refused plain 192.0.2.0/28 as-loop
say "the path begins with the neighbour's AS, but a route server leaves its own out (RFC 7947)"
tell plain announce 192.0.2.16/28 path=65009.65002
tell plain announce 192.0.2.32/28
expect 10 accepted plain 192.0.2.32/28
absent a 192.0.2.16/28 >/dev/null || fail "$stage"
tell server announce 192.0.2.48/28 path=65009
expect 10 accepted server 192.0.2.48/28

say "route leaks: OTC from a customer, and from a peer with another AS than its own"
tell customer announce 192.0.2.64/28 otc=65003
expect 10 refused customer 192.0.2.64/28 route-leak
tell customer announce 192.0.2.80/28
expect 10 accepted customer 192.0.2.80/28
tell peer announce 192.0.2.96/28 otc=65009
expect 10 refused peer 192.0.2.96/28 route-leak
tell peer announce 192.0.2.112/28
expect 10 accepted peer 192.0.2.112/28

say "what came from a peer goes to customers and the plain neighbour, not to another peer or a route server"
sent() { ask a ".rib | length == $3" show rib out "$1" "$2"; }
expect 10 sent customer 192.0.2.112/28 1
expect 10 sent plain 192.0.2.112/28 1
expect 10 sent server 192.0.2.112/28 0
expect 10 sent server 192.0.2.80/28 1

say "a refresh of IPv4 leaves IPv6 alone"
tell plain announce 2001:db8:1::/48 2001:db8:2::/48 nexthop=fd99:1::2
tell plain announce 198.51.100.0/24 203.0.113.0/24
expect 10 accepted plain 2001:db8:2::/48
expect 10 accepted plain 203.0.113.0/24
tell plain borr 1
expect 10 accepted plain 203.0.113.0/24 '.stale'
accepted plain 2001:db8:1::/48 '.stale | not' >/dev/null || fail "$stage"
tell plain announce 198.51.100.0/24
tell plain eorr 1
expect 10 absent a 203.0.113.0/24
accepted plain 198.51.100.0/24 '.stale | not' >/dev/null || fail "$stage"
holds 2 accepted plain 2001:db8:1::/48 '.stale | not'
accepted plain 2001:db8:2::/48 >/dev/null || fail "$stage"

say "next hops: an address of our own leads nowhere"
tell plain announce 192.0.2.128/28 nexthop=10.99.7.1
expect 10 ask a '[.rib[] | select(.valid or .best | not)] | length == 1' show rib in plain 192.0.2.128/28
holds 1 no best a 192.0.2.128/28
say "one on the shared subnet is good, one that is merely reachable is not, RFC 4271 6.3 b"
in_ns a ip route add 10.98.0.0/24 via 10.99.1.2
tell plain announce 192.0.2.144/28 nexthop=10.99.1.9
tell plain announce 192.0.2.160/28 nexthop=10.98.0.9
tell plain announce 2001:db8:3::/48 nexthop=fd98::9
expect 10 accepted plain 192.0.2.144/28 '.exit_nexthop == "10.99.1.9"'
expect 10 refused plain 192.0.2.160/28 next-hop
expect 10 refused plain 2001:db8:3::/48 next-hop
say "until the subnet is one of ours; and not any longer than it is"
in_ns a ip address add 10.98.0.1/24 dev to-b
expect 10 accepted plain 192.0.2.160/28 '.exit_nexthop == "10.98.0.9"'
in_ns a ip address delete 10.98.0.1/24 dev to-b
expect 10 refused plain 192.0.2.160/28 next-hop
say "with multihop it need only be reachable"
sed -i '/name: plain/s/remote-as/multihop: 2, remote-as/' "$dir/a.yaml"
ctl a reload || fail "$stage"
expect 30 session a plain
tell plain announce 192.0.2.160/28 nexthop=10.98.0.9
expect 10 accepted plain 192.0.2.160/28 '.exit_nexthop == "10.98.0.9"'

say "what was sent in the OPEN counts, not what a reload has made of it since"
tell plain close 4
expect 10 session a plain OpenSent
sed -i '/name: plain/s/remote-as/hold-time: 30, remote-as/' "$dir/a.yaml"
ctl a reload || fail "$stage"
expect 20 session a plain
ask a '.neighbors[0].hold_time_s == 90' show neighbor plain >/dev/null || fail "$stage"

say "a malformed UPDATE withdraws what it announces, and the log has its prefixes and all of it (RFC 7606)"
tell server announce 203.0.113.64/28
expect 10 accepted server 203.0.113.64/28
# ORIGIN 9, AS_PATH 65005, NEXT_HOP 10.99.1.5
bad=000000144001010940020602010000fded4003040a6301051ccb007140
tell server update $bad
expect 10 absent a 203.0.113.64/28
logged() { grep "neighbor.$1 " "$dir/a.log" | tail -1 | grep -F -- "$2"; }
expect 10 logged update 'neighbor=server outcome=treat-as-withdraw attribute=ORIGIN'
expect 10 logged update.prefixes 'list=203.0.113.64/28'
expect 10 logged update.message "hex=ffffffffffffffffffffffffffffffff003002$bad"
session a server >/dev/null || fail "$stage"
say "multicast and link-local prefixes are ignored, RFC 4271 6.3"
tell server announce 224.1.0.0/16 203.0.113.96/28
expect 10 accepted server 203.0.113.96/28
expect 10 logged prefix 'prefix=224.1.0.0/16'
absent a 224.1.0.0/16 >/dev/null || fail "$stage"
say "a thousand malformed ones do not fill the log"
tell server update $bad 1000
tell server announce 203.0.113.80/28
expect 10 accepted server 203.0.113.80/28
lines=$(grep -c 'neighbor.update ' "$dir/a.log")
[ "$lines" -lt 60 ] || fail "$stage: $lines lines"

stop a || fail "bgpd ended with an error"
