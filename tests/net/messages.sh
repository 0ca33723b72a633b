#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Messages of a neighbour in the log: by configuration and by command, of that neighbour
# alone, in both directions, with and without their octets; a reload that says otherwise.
. "$(dirname "$0")/../lib.sh"
need_godwit
ns a b c
link a b 1
link a c 2

config_a() { # DEBUG
	cat >"$dir/a.yaml" <<-EOT
		router: {as: 65001, id: 10.0.0.1}
		groups:
		  all: {import: [accept], export: [accept], passive: true, idle-hold-time: {initial: 0, max: 1}}
		networks: [{prefix: 192.0.2.0/28}]
		neighbors:
		  - {address: 10.99.1.2, name: b, remote-as: 65002, group: all, password: carrot, debug: $1}
		  - {address: 10.99.2.2, name: c, remote-as: 65003, group: all}
	EOT
}
for side in b:1:2:carrot c:2:3; do
	IFS=: read -r name net as key <<<"$side"
	cat >"$dir/$name.yaml" <<-EOT
		router: {as: 6500$as, id: 10.0.0.$as, listen: []}
		networks: [{prefix: 198.51.$as.0/24}]
		neighbors:
		  - {address: 10.99.$net.1, name: a, remote-as: 65001, import: [accept], export: [accept],
		     connect-retry-time: 1, idle-hold-time: {initial: 0, max: 1}${key:+, password: $key}}
	EOT
done
logged() { grep "neighbor.message .*neighbor=$1 direction=$2 type=$3" "$dir/a.log" | grep -F -- "$4"; }
count() { grep -c "neighbor.message" "$dir/a.log"; }
grows() { [ "$(count)" -gt "$1" ]; }
add() { ctl a network add "$1" >/dev/null || fail "$stage"; }
debug() { ctl a neighbor "$@" >/dev/null || fail "$stage"; }

say "by configuration: what the session begins with, of both"
config_a messages
godwit a a
godwit b b
godwit c c
expect 20 best a 198.51.2.0/24
expect 20 best a 198.51.3.0/24
expect 5 logged b received OPEN 'AS 65002; hold time'
expect 5 logged b sent OPEN 'id 10.0.0.1; families ipv4-unicast; four-octet AS; route refresh'
expect 5 logged b received KEEPALIVE length=19
expect 5 logged b received UPDATE 'AS_PATH 65002; NEXT_HOP 10.99.1.2'
expect 5 logged b received UPDATE 'announced 1: 198.51.2.0/24'
expect 5 logged b received UPDATE 'End-of-RIB ipv4-unicast'
expect 5 logged b sent UPDATE 'AS_PATH 65001; NEXT_HOP 10.99.1.1'
expect 5 logged b sent UPDATE 'announced 1: 192.0.2.0/28'
expect 5 logged b sent UPDATE 'AS_PATH 65001 65003; '
expect 5 logged b sent UPDATE 'End-of-RIB ipv4-unicast'
say "of that neighbour alone, without octets, and never its password"
no logged c . . '' || fail "$stage"
no grep -q neighbor.message.octets "$dir/a.log" || fail "$stage"
no grep -q carrot "$dir/a.log" || fail "$stage"
ask a '.neighbors[0].debug == "messages"' show neighbor b || fail "$stage"
ask a '.neighbors[0].debug == "off"' show neighbor c || fail "$stage"

say "a withdrawal, and a refresh"
ctl a network add 203.0.113.0/28 >/dev/null || fail "$stage"
expect 5 logged b sent UPDATE 'announced 1: 203.0.113.0/28'
ctl a network delete 203.0.113.0/28 >/dev/null || fail "$stage"
expect 5 logged b sent UPDATE 'withdrawn 1: 203.0.113.0/28'
debug b refresh in
expect 5 logged b sent ROUTE-REFRESH 'ipv4-unicast request'
expect 5 logged b received ROUTE-REFRESH 'ipv4-unicast BoRR'
expect 5 logged b received ROUTE-REFRESH 'ipv4-unicast EoRR'

say "each message once, as the counters say"
numbers() {
	[ "$(grep -c 'neighbor.message neighbor=b direction=sent type=UPDATE' "$dir/a.log")" -eq \
		"$(ctl a -j show neighbor b | jq '.neighbors[0].stats.message.sent.update')" ] &&
		[ "$(grep -c 'neighbor.message neighbor=b direction=received type=UPDATE' "$dir/a.log")" -eq \
			"$(ctl a -j show neighbor b | jq '.neighbors[0].stats.message.received.update')" ]
}
expect 5 numbers

say "off by command; a reload that says nothing new leaves it"
debug b debug off
before=$(count)
ctl a reload >/dev/null || fail "$stage"
add 203.0.113.16/28
expect 5 best b 203.0.113.16/28
expect 5 best c 203.0.113.16/28
no grows "$before" || fail "$stage"

say "on by command, for the other one, with octets"
debug c debug hex
add 203.0.113.32/28
expect 5 logged c sent UPDATE 'announced 1: 203.0.113.32/28'
no logged b sent UPDATE 203.0.113.32/28 || fail "$stage"
expect 5 grep -q 'neighbor.message.octets neighbor=c direction=sent offset=0 .*hex=ffffffffffffffffffffffffffffffff00[0-9a-f]*02.*1ccb007120$' "$dir/a.log"
no ctl a neighbor c debug loud || fail "$stage"
debug c debug off

say "another value in the configuration takes over, and the session stays"
config_a hex
ctl a reload >/dev/null || fail "$stage"
ask a '.neighbors[0].debug == "hex"' show neighbor b || fail "$stage"
add 203.0.113.48/28
expect 5 logged b sent UPDATE 'announced 1: 203.0.113.48/28'
expect 5 grep -q 'neighbor.message.octets neighbor=b' "$dir/a.log"
[ "$(grep -c 'neighbor.state neighbor=b .*to=Established' "$dir/a.log")" -eq 1 ] || fail "$stage"

say "how it ends"
debug b down late
expect 5 logged b sent NOTIFICATION '6/2 Cease/Administrative Shutdown: late'
for name in a b c; do
	clean_stop "$name"
done
