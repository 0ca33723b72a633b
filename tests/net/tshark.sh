#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A capture of sessions between two of our own, from OPEN to Cease and with routes of
# many kinds, is read by tshark, which must find BGP of every type and nothing malformed.
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
		  - {address: "$5", name: peer6, group: peer}
		networks:
		$(for n in $(seq 0 99); do
			echo "  - {prefix: 100.$6.$n.0/24}"
			echo "  - {prefix: \"2001:db8:$6:$n::/64\"}"
		done)
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
start tcpdump a tcpdump -U -i to-b -w "$dir/capture.pcap" port 179
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
keepalives() { ask b '.neighbors[0].stats.message.received.keepalive > 2' show neighbor peer4; }
expect 10 keepalives
sed -i '/100.64.5/d' "$dir/a.yaml"
ctl a reload || fail "$stage"
expect 10 absent b 100.64.5.0/24
stop b || fail "bgpd ended with an error"
expect 10 no session a peer4
stop tcpdump

say "what tshark says of it"
read_capture() { tshark -r "$dir/capture.pcap" "$@" 2>"$dir/tshark.log"; }
for type in 1 2 3 4 5; do
	[ -n "$(read_capture -Y "bgp.type == $type" -T fields -e frame.number)" ] || fail "no message of type $type"
done
bad=$(read_capture -Y '_ws.malformed || (bgp && _ws.expert.severity >= 0x00800000)' -V)
[ -z "$bad" ] || { echo "$bad" | head -n 80 && fail "$stage"; }
