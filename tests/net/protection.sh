#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What TCP MD5 (RFC 2385), GTSM (RFC 5082) and the hop limit keep out: no session with a
# wrong key or with a key on one side, none from farther away than is allowed; and a
# session as soon as a reload makes both sides agree.
. "$(dirname "$0")/../lib.sh"
need_godwit
ns a r c
link a r 1
link r c 2
in_ns a ip route add 10.99.2.0/24 via 10.99.1.2
in_ns c ip route add 10.99.1.0/24 via 10.99.2.1
in_ns a ip route add fd99:2::/64 via fd99:1::2
in_ns c ip route add fd99:1::/64 via fd99:2::1

# config NAME AS PEER-AS PEER4 PEER6 SETTINGS: both families have the same settings
config() {
	cat >"$dir/$1.yaml" <<-EOT
		router: {as: $2, id: 10.0.0.$2, hold-time: 9}
		groups:
		  all: {remote-as: $3, connect-retry-time: 1, idle-hold-time: {initial: 0, max: 1}, import: [accept], export: [accept]}
		neighbors:
		  - {address: $4, name: v4, group: all, $6}
		  - {address: "$5", name: v6, group: all, $6}
	EOT
}
config_a() { config a 1 2 10.99.2.2 fd99:2::2 "$1"; }
config_c() { config c 2 1 10.99.1.1 fd99:1::1 "$1"; }
reload() { ctl "$1" reload >/dev/null || fail "$stage"; }
both() { session a v4 && session a v6 && session c v4 && session c v6; }
# What c sends before a has accepted the connection is not yet held to GTSM, so that c may take it for a session until its
# hold timer goes off: it is a that has to refuse.
neither() { no session a v4 && no session a v6; }
count() { in_ns "$1" nstat -asz "TcpExt$2" | awk -v name="TcpExt$2" '$1 == name { print $2 }'; }
more() { [ "$(count "$1" "$2")" -gt "$3" ]; }
# refused COUNTER: no session for some seconds, and the kernel of a has thrown something away for that reason
refused() {
	local before
	before=$(count a "$1")
	expect 15 neither
	holds 4 neither
	expect 10 more a "$1" "$before"
}

say "with several hops and no key both sessions come up"
config_a 'multihop: 2'
config_c 'multihop: 2'
godwit a a
godwit c c
expect 20 both
say "a hop too far for the TTL"
config_a 'multihop: 1'
config_c 'multihop: 1'
reload a
reload c
expect 15 neither
holds 4 neither

say "a key on one side only"
config_a 'multihop: 2, password: carrot'
config_c 'multihop: 2'
reload a
reload c
refused TCPMD5NotFound
say "another key"
config_c 'multihop: 2, password: parrot'
reload c
refused TCPMD5Failure
say "the same key"
config_c 'multihop: 2, password: carrot'
reload c
expect 20 both
say "the key is in a file; who changes it there and reloads changes the key"
echo carrot >"$dir/key"
config_a "multihop: 2, password: {file: $dir/key}"
reload a
expect 20 both
echo beetroot >"$dir/key"
reload a
refused TCPMD5Failure
config_c 'multihop: 2, password: beetroot'
reload c
expect 20 both
say "no key on either side any more"
config_a 'multihop: 2'
config_c 'multihop: 2'
reload a
reload c
expect 20 both

say "GTSM with as many hops as there are"
config_a 'ttl-security: 2'
config_c 'ttl-security: 2'
reload a
reload c
expect 20 both
say "a neighbour beyond the allowed hops"
config_a 'ttl-security: 1'
reload a
refused TCPMinTTLDrop
say "a neighbour that is near enough, but does not send with a TTL of 255"
config_a 'ttl-security: 2'
config_c 'multihop: 64'
reload a
reload c
refused TCPMinTTLDrop
say "and GTSM on both sides again"
config_c 'ttl-security: 2'
reload c
expect 20 both
clean_stop a
clean_stop c
