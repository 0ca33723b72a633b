#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Dynamic neighbours: whoever connects from inside a prefix is one, with the settings of
# the longest prefix, up to a number; a key for the whole prefix (RFC 2385) and GTSM
# (RFC 5082) keep others out; it is gone with its session, and a reload changes all that.
. "$(dirname "$0")/../lib.sh"
need_godwit
ns bridge hub b c d
lan bridge hub b c d

hub_config() {
	cat >"$dir/hub.yaml" <<-EOT
		router: {as: 65000, id: 10.0.0.1}
		groups:
		  all: {remote-as: external, idle-hold-time: {initial: 0, max: 1}, import: [accept], export: [accept]}
		neighbors:
		$1
		networks: [{prefix: 198.51.100.0/24}]
	EOT
}
# spoke NAME AS SETTINGS
spoke() {
	cat >"$dir/$1.yaml" <<-EOT
		router: {as: $2, id: 10.0.0.$2, listen: []}
		groups:
		  all: {remote-as: 65000, connect-retry-time: 1, idle-hold-time: {initial: 0, max: 1}, import: [accept], export: [accept]}
		neighbors:
		  - {address: 10.99.0.1, name: v4, group: all, $3}
		  - {address: "fd99::1", name: v6, families: [ipv4-unicast], group: all, $3}
		networks: [{prefix: 192.0.$2.0/24}]
	EOT
}
reload() { ctl "$1" reload >/dev/null || fail "$stage"; }
range_of() { ask hub ".neighbors[0].range == \"$2\"" show neighbor "$1"; }
gone() { ask hub ".neighbors | map(select(.name == \"$1\")) | length == 0" show neighbor; }
range() { ask hub ".ranges[] | select(.name == \"$1\") | .neighbors == $2" show neighbor; }
count() { in_ns hub nstat -asz "TcpExt$1" | awk -v name="TcpExt$1" '$1 == name { print $2 }'; }
more() { [ "$(count "$1")" -gt "$2" ]; }

say "both families, from the longest prefix"
hub_config '  - {prefix: 10.99.0.0/16, name: wide, group: all}
  - {prefix: 10.99.0.0/24, name: lan4, group: all}
  - {prefix: "fd99::/64", name: lan6, group: all, families: [ipv4-unicast]}'
spoke b 2 'passive: false'
godwit hub hub
godwit b b
expect 20 session b v4
expect 20 session b v6
expect 5 session hub 10.99.0.2
expect 5 range_of 10.99.0.2 lan4
expect 5 range_of fd99::2 lan6
expect 5 range lan4 1
expect 5 range wide 0
expect 5 best hub 192.0.2.0/24
expect 5 best b 198.51.100.0/24

say "killed, it stays as one that restarts, with its routes, and comes back for them"
restarts() { ask hub ".neighbors[0].graceful_restart[\"ipv4-unicast\"].state == \"restarting\"" show neighbor "$1"; }
calm() { ask hub '[.neighbors[] | .state == "Established" and .graceful_restart == null] | all' show neighbor; }
expect 10 kernel hub 192.0.2.0/24
stop b KILL 2>/dev/null
expect 5 restarts 10.99.0.2
expect 5 restarts fd99::2
holds 3 best hub 192.0.2.0/24
kernel hub 192.0.2.0/24 >/dev/null || fail "$stage"
range lan4 1 >/dev/null || fail "$stage"
godwit b b
expect 20 session b v4
expect 20 session b v6
expect 10 calm
expect 5 best hub 192.0.2.0/24
range lan4 1 >/dev/null && range lan6 1 >/dev/null || fail "$stage"

say "it dials nobody, and is gone with its session and its routes"
clean_stop b
expect 5 gone 10.99.0.2
expect 5 gone fd99::2
expect 5 range lan4 0
expect 5 absent hub 192.0.2.0/24

say "a key for the whole prefix: with it, without, with another"
hub_config '  - {prefix: 10.99.0.0/24, name: lan4, group: all, password: carrot}
  - {prefix: "fd99::/64", name: lan6, group: all, families: [ipv4-unicast], password: parrot}'
reload hub
spoke b 2 'password: carrot'
spoke c 3 'password: parrot'
spoke d 4 'passive: false'
godwit b b
godwit c c
missing=$(count TCPMD5NotFound) wrong=$(count TCPMD5Failure)
godwit d d
expect 20 session b v4
expect 20 session c v6
expect 20 more TCPMD5NotFound "$missing"
expect 20 more TCPMD5Failure "$wrong"
holds 2 no session b v6
holds 2 no session c v4
no session d v4 || fail "$stage"
no session d v6 || fail "$stage"
range lan4 1 && range lan6 1 || fail "$stage"

say "a neighbour of the same subnet configured by its address wins, with a key of its own"
hub_config '  - {prefix: 10.99.0.0/24, name: lan4, group: all, password: carrot}
  - {address: 10.99.0.3, name: c, group: all, passive: true, password: parrot}'
reload hub
expect 20 session c v4
expect 5 session hub c
session b v4 || fail "$stage"
ask hub '.neighbors[0].range == null' show neighbor c || fail "$stage"
expect 5 no session c v6

say "or without one, which the key of the prefix leaves out"
hub_config '  - {prefix: 10.99.0.0/24, name: lan4, group: all, password: carrot}
  - {prefix: "fd99::/64", name: lan6, group: all, families: [ipv4-unicast], password: parrot}
  - {address: 10.99.0.4, name: d, group: all, passive: true}
  - {address: "fd99::4", name: d6, group: all, families: [ipv4-unicast], passive: true}'
reload hub
spoke c 3 'passive: false'
reload c
expect 20 session d v4
expect 20 session d v6
expect 5 session hub d
expect 20 session b v4
missing=$(count TCPMD5NotFound)
expect 20 more TCPMD5NotFound "$missing"
holds 2 no session c v4
clean_stop d

say "no more of them than max-neighbors"
hub_config '  - {prefix: 10.99.0.0/24, name: lan4, group: all, max-neighbors: 1}'
reload hub
spoke b 2 'passive: false'
reload b
expect 20 session b v4
spoke c 3 'passive: false'
reload c
holds 3 no session c v4
session b v4 || fail "$stage"
grep -q 'neighbor.range_full .*range=lan4' "$dir/hub.log" || fail "$stage: not in the log"
hub_config '  - {prefix: 10.99.0.0/24, name: lan4, group: all, max-neighbors: 3}'
reload hub
godwit d d
expect 20 session c v4
expect 20 session d v4
expect 5 range lan4 3

say "GTSM for all of them"
hub_config '  - {prefix: 10.99.0.0/24, name: lan4, group: all, ttl-security: 1}'
reload hub
before=$(count TCPMinTTLDrop)
spoke c 3 'ttl-security: 1'
spoke b 2 'multihop: 64'
reload c
reload b
expect 20 session c v4
expect 20 more TCPMinTTLDrop "$before"
holds 2 no session hub 10.99.0.2

say "a range that is no longer configured ends the sessions of all of them"
hub_config '  []'
reload hub
expect 5 no session c v4
expect 5 gone 10.99.0.3
expect 10 ask hub '.ranges == [] and .neighbors == []' show neighbor
for name in hub b c d; do
	clean_stop "$name"
done
