#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Two of our own, one session over IPv4 and one over IPv6: routes reach the RIB and the
# kernel of the other and leave them; both dial (collision, RFC 4271 6.8); a neighbour
# that a reload removes is told so; a reload that changes nothing disturbs nothing.
. "$(dirname "$0")/../lib.sh"
need_godwit
ns a b
link a b 1

config() { # NAME AS PEER-AS PEER4 PEER6 NETWORK4 NETWORK6
	cat >"$dir/$1.yaml" <<-EOT
		router: {as: $2, id: 10.0.0.$2, multipath: {ebgp: 4}}
		groups:
		  peer:
		    remote-as: $3
		    connect-retry-time: 1
		    idle-hold-time: {initial: 1, max: 2}
		    graceful-restart: {enabled: false}
		    import: [accept]
		    export: [accept]
		neighbors:
		  - {address: $4, name: peer4, group: peer}
		  - {address: "$5", name: peer6, group: peer}
		networks:
		  - {prefix: $6, blackhole: true}
		  - {prefix: "$7", blackhole: true}
	EOT
}
config a 1 2 10.99.1.2 fd99:1::2 198.51.100.0/24 2001:db8:a::/48
config b 2 1 10.99.1.1 fd99:1::1 203.0.113.0/24 2001:db8:b::/48

say "both dial at once: one session each, not two"
godwit a a
godwit b b
for name in a b; do
	expect 20 session $name peer4
	expect 20 session $name peer6
done
connections() { [ "$(in_ns a ss -Htn state established '( sport = :179 or dport = :179 )' | wc -l)" -eq 2 ]; }
expect 10 connections

say "routes in the RIB and the kernel of both"
expect 10 best a 203.0.113.0/24 '.aspath == "2" and .exit_nexthop == "10.99.1.2" and .valid'
expect 10 best a 2001:db8:b::/48 '.aspath == "2" and .exit_nexthop == "fd99:1::2"'
expect 10 best b 198.51.100.0/24 '.aspath == "1" and .neighbor.name == "peer4"'
expect 10 kernel a 203.0.113.0/24 'via 10.99.1.2' 'proto bgp' 'metric 20'
expect 10 kernel a 2001:db8:b::/48 'via fd99:1::2' 'proto bgp'
expect 10 kernel b 198.51.100.0/24 'via 10.99.1.1'
say "each neighbour was sent one prefix: its own are not sent back to it"
expect 10 ask a '[.neighbors[].stats.prefixes | .received == 1 and .accepted == 1 and .sent == 1] | all' show neighbor
say "a blackhole route for what is originated that way"
expect 10 kernel a 198.51.100.0/24 blackhole
expect 10 kernel a 2001:db8:a::/48 blackhole

say "a route that somebody deletes comes back; a foreign one is left alone"
in_ns a ip route add 192.0.2.0/24 via 10.99.1.2 proto static
in_ns a ip route delete 203.0.113.0/24 proto bgp
expect 10 kernel a 203.0.113.0/24 'via 10.99.1.2' 'proto bgp'
kernel a 192.0.2.0/24 'proto static' >/dev/null || fail "$stage"

say "network add and delete at run time"
ctl b network add 100.64.0.0/24 || fail "$stage"
expect 10 kernel a 100.64.0.0/24 'via 10.99.1.2'
ctl b network delete 100.64.0.0/24 || fail "$stage"
expect 10 absent a 100.64.0.0/24
expect 10 no_kernel a 100.64.0.0/24

say "a reload that changes nothing disturbs nothing"
opens() { ctl a -j show neighbor | jq -c '[.neighbors[].stats.message.received | [.open, .notification, .update]]'; }
before=$(opens)
ctl a reload || fail "$stage"
ctl b reload || fail "$stage"
unchanged() { [ "$(opens)" = "$before" ]; }
holds 2 unchanged

say "a file with errors changes nothing and says where"
cp "$dir/a.yaml" "$dir/a.good"
sed -i 's/remote-as: 2/remote-as: two/' "$dir/a.yaml"
ctl a reload >"$dir/reload.out" 2>&1
[ $? -eq 1 ] || fail "reload of a bad file does not end with 1"
grep -q 'a\.yaml:4:.*remote-as' "$dir/reload.out" || { cat "$dir/reload.out" && fail "$stage"; }
holds 1 unchanged
cp "$dir/a.good" "$dir/a.yaml"

say "a neighbour that is removed gets Cease/Peer De-configured; the other one does not notice"
established=$(ctl a -j show neighbor peer6 | jq '.neighbors[0].stats.message.received.open')
sed -i '/name: peer4/d' "$dir/a.yaml"
ctl a reload || fail "$stage"
expect 10 ask b '.neighbors[0].last_error | test("de-?configured"; "i")' show neighbor peer4
expect 10 no_kernel a 203.0.113.0/24
session a peer6 >/dev/null || fail "$stage"
[ "$(ctl a -j show neighbor peer6 | jq '.neighbors[0].stats.message.received.open')" = "$established" ] || fail "$stage"
cp "$dir/a.good" "$dir/a.yaml"
ctl a reload || fail "$stage"
expect 20 kernel a 203.0.113.0/24 'via 10.99.1.2'

say "neighbor down with a reason (RFC 9003) and up again"
ctl b neighbor peer4 down "maintenance until noon" || fail "$stage"
expect 10 ask a '.neighbors[0].last_error | contains("maintenance until noon")' show neighbor peer4
expect 10 no_kernel a 203.0.113.0/24
ctl b neighbor peer4 up || fail "$stage"
expect 20 kernel a 203.0.113.0/24 'via 10.99.1.2'

say "an orderly stop takes our routes out of the kernel, here and there; foreign ones stay"
stop b || fail "bgpd ended with an error"
expect 10 no_kernel a 203.0.113.0/24
expect 10 no_kernel a 2001:db8:b::/48
stop a || fail "bgpd ended with an error"
kernel a 192.0.2.0/24 >/dev/null || fail "a foreign route is gone"
left=$(in_ns a ip route show proto bgp && in_ns a ip -6 route show proto bgp)
[ -z "$left" ] || fail "left in the kernel: $left"
