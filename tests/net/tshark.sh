#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A capture of sessions between two of our own, from OPEN to Cease and with routes of
# many kinds, is read by tshark, which must find BGP of every type and nothing malformed:
# both families over either transport (RFC 8950), more than 4,096 octets (RFC 8654), a
# shutdown communication (RFC 9003).
. "$(dirname "$0")/../lib.sh"
need_godwit
need tcpdump tshark
ns a b
link a b 1
config() { # NAME AS PEER-AS PEER4 PEER6 NETWORK4 NETWORK6
	cat >"$dir/$1.yaml" <<-EOT
		router: {as: $2, id: 10.0.0.$7}
		groups:
		  peer: {remote-as: $3, connect-retry-time: 1, hold-time: 3, import: [accept], export: [mark]}
		neighbors:
		  - {address: $4, name: peer4, group: peer, families: [ipv4-unicast, ipv6-unicast]}
		  - {address: "$5", name: peer6, group: peer, families: [ipv4-unicast, ipv6-unicast],
		     graceful-restart: {enabled: false}}
		networks:
		$(for n in $(seq 0 99); do
			echo "  - {prefix: 100.$6.$n.0/24}"
			echo "  - {prefix: \"2001:db8:$6:$n::/64\"}"
		done)
		  - {prefix: 100.$6.200.0/24, communities: [$(seq -s, -f '"65010:%g"' 1 1200)]}
		policies:
		  mark:
		    - match: {source: [static]}
		      set: {med: 7, prepend: [4200000099, $2], add-communities: ["65010:100", "65010:1:2", "rt:65010:7"]}
		      action: accept
	EOT
}
config a 65001 4200000002 10.99.1.2 fd99:1::2 64 1
config b 4200000002 65001 10.99.1.1 fd99:1::1 65 2

say "a session with everything in it"
start tcpdump a tcpdump -U --immediate-mode -i to-b -w "$dir/capture.pcap" port 179
capturing() { [ -s "$dir/capture.pcap" ]; }
expect 10 capturing
godwit a a
godwit b b
expect 20 session a peer4
expect 20 session a peer6
expect 10 best a 100.65.99.0/24
expect 10 best b 2001:db8:64:99::/64
ctl a neighbor peer4 refresh in || fail "$stage"
refreshed() { ask b '.neighbors[0].stats.message.received.route_refresh > 0' show neighbor peer4; }
expect 10 refreshed
# The policy adds 65010:100, which is there already.
say "1,200 communities: a message longer than 4,096 octets (RFC 8654)"
expect 10 best b 100.64.200.0/24 '.communities | length == 1200'
say "IPv4 over the IPv6 session has an IPv6 next hop (RFC 8950)"
# In a segment of its own: behind a longer message tshark may lose its way.
ctl a network add 100.64.201.0/24 >/dev/null || fail "$stage"
expect 10 best b 100.64.201.0/24
ask b '[.rib[].exit_nexthop] == ["fd99:1::1"]' show rib in peer6 100.64.1.0/24 >/dev/null || fail "$stage"
keepalives() { ask b '.neighbors[0].stats.message.received.keepalive > 2' show neighbor peer4; }
expect 10 keepalives
sed -i '/100.64.5/d' "$dir/a.yaml"
ctl a reload || fail "$stage"
expect 10 absent b 100.64.5.0/24
ctl a neighbor peer6 down "moving to the other rack" || fail "$stage"
expect 10 no session b peer6
stop b || fail "bgpd ended with an error"
expect 10 no session a peer4
stop tcpdump

say "what tshark says of it"
read_capture() { tshark -r "$dir/capture.pcap" "$@" 2>"$dir/tshark.log"; }
for type in 1 2 3 4 5; do
	[ -n "$(read_capture -Y "bgp.type == $type" -T fields -e frame.number)" ] || fail "no message of type $type"
done
# has FILTER WHAT: the capture has packets of which that is true
has() { [ -n "$(read_capture -Y "$1" -T fields -e frame.number)" ] || fail "$stage: no $2"; }
has "bgp.length > 4096 && bgp.type == 2" "extended message"
has 'bgp.update.path_attribute.mp_reach_nlri.afi == 1 && bgp.update.path_attribute.mp_reach_nlri.next_hop.ipv6 == fd99:1::1' \
	'IPv4 route with an IPv6 next hop'
has 'bgp.update.path_attribute.mp_reach_nlri.afi == 2' 'IPv6 route'
has 'bgp.update.path_attribute.mp_unreach_nlri.afi == 2 || bgp.update.withdrawn_routes.length > 0' withdrawal
# With graceful restart it is inside a Hard Reset (RFC 8538), where version 4.0 does not read it.
has 'bgp.notify.major_error == 6 && bgp.notify.minor_error_cease == 9' 'Hard Reset'
has 'bgp.notify.communication == "moving to the other rack"' 'shutdown communication'
has 'bgp.route_refresh.subtype == 1' BoRR
bad=$(read_capture -Y '_ws.malformed || (bgp && _ws.expert.severity >= 0x00800000)' -V)
# Version 4.0 does not know RFC 8654: that length is all it may mind about such a message, and it reads on behind it.
complaints=$(echo "$bad" | grep -E 'Malformed|Expert Info \(Error' | grep -vE '\[(Group: Malformed|Expert Info \(Error/Malformed\): Length is invalid 4[89][0-9][0-9])\]')
[ -z "$complaints" ] || { echo "$complaints" && echo "$bad" | head -n 80 && fail "$stage"; }
