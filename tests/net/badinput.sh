#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Bad guests: each error of RFC 4271 section 6 gets its code, subcode and data, each malformed
# UPDATE the outcome of RFC 7606, and neither they nor random octets, cut messages, silence,
# a hundred short sessions and a crowd of strangers disturb the session of another.
. "$(dirname "$0")/../lib.sh"
need_godwit
need python3
ns a b c
link a b 1
link a c 2
for host in 3 4 77; do
	in_ns b ip address add 10.99.1.$host/24 dev to-a
done
cat >"$dir/a.yaml" <<-EOT
	router: {as: 65001, id: 10.99.1.1}
	groups:
	  all: {import: [accept], export: [accept], idle-hold-time: {initial: 1, max: 1}, connect-retry-time: 1}
	  guest: {import: [accept], export: [accept], idle-hold-time: {initial: 0, max: 0}, remote-as: 65002, passive: true}
	neighbors:
	  - {address: 10.99.1.2, name: bad, group: guest}
	  - {address: 10.99.1.3, name: torn, group: guest}
	  - {address: 10.99.1.4, name: mute, group: guest}
	  - {address: 10.99.2.2, name: good, group: all, remote-as: 65003}
EOT
cat >"$dir/c.yaml" <<-EOT
	router: {as: 65003, id: 10.99.2.2}
	neighbors:
	  - {address: 10.99.2.1, remote-as: 65001, import: [accept], export: [accept], connect-retry-time: 1}
EOT
godwit a a
godwit c c
expect 20 session a good
strangers=$top/tests/net/strangers.py
export PYTHONDONTWRITEBYTECODE=1
guest() { in_ns b timeout 200 python3 "$strangers" "$1" "${2:-10.99.1.2}" 10.99.1.1; }
said() { grep -q "^$2\$" "$dir/$1.log"; }

say "one connects and says nothing, to the end (silent.sh waits for what becomes of it)"
start mute b python3 "$strangers" silent 10.99.1.4 10.99.1.1
expect 20 session a mute OpenSent

say "two silent connections do not keep the same neighbour's third from coming up"
for n in 1 2; do
	start "torn$n" b python3 "$strangers" silent 10.99.1.3 10.99.1.1
	connections() { [ "$(in_ns b ss -Htn state established 'src 10.99.1.3' | wc -l)" -eq "$n" ]; }
	expect 20 connections
done
mkfifo "$dir/torn.in"
in_ns b python3 "$strangers" talk 10.99.1.3 10.99.1.1 <"$dir/torn.in" >"$dir/torn.log" 2>&1 &
pids[torn]=$!
exec 4>"$dir/torn.in"
expect 20 session a torn
exec 4>&-
expect 20 said torn done

while read -r what answer; do
	say "$what: $answer"
	got=$(guest "$what") || fail "$stage: $got"
	[ "$got" = "$answer" ] || fail "$stage, not $got"
done <<-EOT
	marker NOTIFICATION 1/1
	short-length NOTIFICATION 1/2 data 0012
	long-length NOTIFICATION 1/2 data 1001
	type NOTIFICATION 1/3 data 4d
	version NOTIFICATION 2/1 data 0004
	wrong-as NOTIFICATION 2/2
	zero-id NOTIFICATION 2/3
	hold-2 NOTIFICATION 2/6
	update-first NOTIFICATION 5/2 data 02
	keepalive-first NOTIFICATION 5/1 data 04
	open-again NOTIFICATION 5/3 data 01
	update-lengths NOTIFICATION 3/1
	truncated done
	random done
EOT

# talk: a session with the guest, in which UPDATEs are sent by name
talk() {
	rm -f "$dir/talk.in"
	mkfifo "$dir/talk.in"
	in_ns b python3 "$strangers" talk 10.99.1.2 10.99.1.1 <"$dir/talk.in" >"$dir/talk.log" 2>&1 &
	pids[talk]=$!
	exec 3>"$dir/talk.in"
	expect 60 said talk up
}
opens() { ctl a -j show neighbor bad | jq .neighbors[0].stats.message.received.open; }
announced() { echo announce >&3 && expect 10 best a 192.0.2.0/24 && expect 10 best c 192.0.2.0/24; }

say "an UPDATE with an error"
talk
before=$(opens)
while read -r what; do
	say "$what: treated as a withdrawal (RFC 7606), the session stays"
	announced
	echo "$what" >&3
	expect 10 absent a 192.0.2.0/24
	expect 10 absent c 192.0.2.0/24
done <<-EOT
	origin-value
	origin-length
	as-path-segment
	as-path-overrun
	next-hop-length
	med-length
	communities-length
	ext-communities-length
	flags
	no-next-hop
	no-as-path
	attribute-overrun
EOT
while read -r what; do
	say "$what: the attribute alone is discarded (RFC 7606), the route comes in"
	echo origin-value >&3
	expect 10 absent c 192.0.2.0/24
	echo "$what" >&3
	expect 10 best c 192.0.2.0/24 '.aspath == "65001 65002" and .origin == "igp"'
done <<-EOT
	atomic-aggregate-length
	aggregator-length
	local-pref-external
	originator-external
	cluster-list-external
	origin-twice
EOT
session a bad >/dev/null || fail "$stage: the session has ended"
[ "$(opens)" -eq "$before" ] || fail "$stage: the session was reset"
while read -r what answer; do
	say "$what: $answer"
	echo "$what" >&3
	expect 10 said talk "$answer"
	exec 3>&-
	wait "${pids[talk]}"
	expect 10 absent c 192.0.2.0/24
	talk
done <<-EOT
	nlri-length NOTIFICATION 3/10
	mp-reach-twice NOTIFICATION 3/1
EOT
exec 3>&-
expect 10 said talk done

say "one octet at a time"
start drip b python3 "$strangers" drip 10.99.1.2 10.99.1.1
expect 60 said drip said
expect 10 best c 192.0.2.0/24
stop drip

say "a hundred short sessions"
up() { ctl a -j show neighbor bad | jq .neighbors[0].stats.message.received.open; }
before=$(up)
guest flap || fail "$stage"
[ "$(up)" -ge $((before + 100)) ] || fail "$stage: $(up) OPENs, $before before"
expect 10 absent a 192.0.2.0/24
expect 10 absent c 192.0.2.0/24

say "three hundred strangers"
guest crowd 10.99.1.77 || fail "$stage"

say "the other session has noticed nothing"
ask a '.neighbors[0] | .state == "Established" and .stats.message.received.open == 1' show neighbor good >/dev/null ||
	fail "$stage"
say "both end in order"
clean_stop a
clean_stop c
