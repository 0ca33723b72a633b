#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# max-prefix-out: a limit on what is sent. Below it nothing happens; beyond it a warning, or
# the session ends before the neighbour has any of the surplus, with a text that says why
# (RFC 9003), or further prefixes are held back until there is room; one family does not count
# for the other, and another neighbour of the same policy has everything.
. "$(dirname "$0")/../lib.sh"
need_godwit
ns a b c
link a b 1
link a c 2

config_a() { # MAX-PREFIX-OUT
	cat >"$dir/a.yaml" <<-EOT
		router: {as: 65001, id: 10.99.1.1}
		groups:
		  all: {families: [ipv4-unicast, ipv6-unicast], import: [accept], export: [accept], passive: true,
		    idle-hold-time: {initial: 0, max: 1}}
		networks: [{prefix: 192.0.2.0/28}, {prefix: 192.0.2.16/28}, {prefix: "2001:db8:1::/48"}]
		neighbors:
		  - {address: 10.99.1.2, name: b, remote-as: 65002, group: all, max-prefix-out: $1}
		  - {address: 10.99.2.2, name: c, remote-as: 65003, group: all}
	EOT
}
for side in b:1:2 c:2:3; do
	IFS=: read -r name net as <<<"$side"
	cat >"$dir/$name.yaml" <<-EOT
		router: {as: 6500$as, id: 10.0.0.$as, listen: []}
		neighbors:
		  - {address: 10.99.$net.1, name: a, remote-as: 65001, families: [ipv4-unicast, ipv6-unicast], import: [accept],
		     export: [accept], connect-retry-time: 1, idle-hold-time: {initial: 0, max: 1}}
	EOT
done
add() { ctl a network add "$1" >/dev/null || fail "$stage"; }
drop() { ctl a network delete "$1" >/dev/null || fail "$stage"; }
sent() { ask a ".neighbors[0].stats.prefixes.sent == $2" show neighbor "$1"; }
has() { ask "$1" "[.rib[] | select(.prefix | startswith(\"192.0.2.\"))] | length == $2" show rib; }
# The IPv4 prefixes of a that b has not.
missing() {
	local p
	for p in 0 16 32 48 64 80; do
		best a 192.0.2.$p/28 >/dev/null 2>&1 && absent b 192.0.2.$p/28 >/dev/null 2>&1 && echo "192.0.2.$p/28"
	done
}
held() { ask a ".neighbors[0] | .max_prefix_out.held_back == $1 and .stats.prefixes.sent == $2" show neighbor b; }
logged() { grep -c 'warn neighbor.max_prefix_out .*'"$1" "$dir/a.log"; }

config_a '{limit: 4, action: restart, restart-after: 3}'
godwit a a
godwit b b
godwit c c
expect 20 sent b 3
expect 20 sent c 3
say "near the limit the log says so; at the limit the session stays"
add 192.0.2.32/28
add 192.0.2.48/28
expect 10 best b 192.0.2.48/28
expect 5 [ "$(logged 'effect="none yet"')" -eq 1 ]
holds 1 session a b

say "beyond it the session ends for a while, before the surplus is sent; the other neighbour has it"
add 192.0.2.64/28
expect 10 no session a b
absent b 192.0.2.64/28 || fail "$stage"
expect 5 grep -q 'neighbor.notification .*direction=received.*text="more than 4 prefixes of ipv4-unicast to be sent"' "$dir/b.log"
expect 5 best c 192.0.2.64/28
session a c || fail "$stage"
holds 1 no session a b
say "it comes back by itself when there is less to be sent"
drop 192.0.2.64/28
expect 20 session a b
expect 10 best b 192.0.2.48/28

say "shutdown: it stays down until somebody starts it"
config_a '{limit: 4, action: shutdown}'
ctl a reload >/dev/null || fail "$stage"
add 192.0.2.64/28
expect 10 no session a b
holds 3 session a b Idle
drop 192.0.2.64/28
ctl a neighbor b up >/dev/null || fail "$stage"
expect 20 session a b

say "warn: the log says so, and everything is sent"
config_a '{limit: 4, action: warn}'
ctl a reload >/dev/null || fail "$stage"
before=$(logged 'effect=none')
add 192.0.2.64/28
expect 10 best b 192.0.2.64/28
[ "$(logged 'effect=none')" -gt "$before" ] || fail "$stage"

say "block: a reload takes back what is too much, and the session stays"
up=$(ctl a -j show neighbor b | jq '.neighbors[0].stats.established')
config_a '{limit: 4, action: block}'
ctl a reload >/dev/null || fail "$stage"
expect 10 has b 4
has c 5 >/dev/null || fail "$stage"
expect 5 held '{"ipv4-unicast": 1}' 5
ask a '.neighbors[0].max_prefix_out | .limit == 4 and .action == "block" and .reached == ["ipv4-unicast"]' \
	show neighbor b >/dev/null || fail "$stage"
first=$(missing)
ask a '.rib[0].exports[] | select(.peer == "b") | .reason == "max-prefix-out"' show rib why "$first" >/dev/null || fail "$stage"
ask a '.rib[0].exports[] | select(.peer == "c") | .reason == "sent"' show rib why "$first" >/dev/null || fail "$stage"
ask a "[.rib[] | select(.prefix == \"$first\")] | length == 0" show rib out b >/dev/null || fail "$stage"
expect 5 grep -q 'warn neighbor.max_prefix_out .*effect="further prefixes are held back"' "$dir/a.log"
say "another one waits, too, and those that are there stay"
add 192.0.2.80/28
expect 5 held '{"ipv4-unicast": 2}' 5
expect 5 has c 6
[ "$(missing)" = "$(printf '%s\n' "$first" 192.0.2.80/28)" ] || fail "$stage"
add 2001:db8:2::/48
expect 10 best b 2001:db8:2::/48
[ "$(logged 'effect="further prefixes are held back"')" -eq 1 ] || fail "$stage"
say "when one is withdrawn another one follows"
for p in 0 16 32 48 64; do
	[ "192.0.2.$p/28" = "$first" ] || gone=192.0.2.$p/28
done
drop "$gone"
expect 10 held '{"ipv4-unicast": 1}' 6
expect 10 has b 4
say "a new session has as many again"
ctl a neighbor b clear >/dev/null || fail "$stage"
expect 20 ask a ".neighbors[0].stats.established == $((up + 1))" show neighbor b
expect 10 has b 4
expect 5 held '{"ipv4-unicast": 1}' 6
say "a limit that is raised lets the others in"
config_a '{limit: 5, action: block}'
ctl a reload >/dev/null || fail "$stage"
expect 10 has b 5
expect 5 held '{}' 7
add "$gone"
expect 5 held '{"ipv4-unicast": 1}' 7
say "and without it everything is sent"
config_a '{limit: 4, action: warn}'
ctl a reload >/dev/null || fail "$stage"
expect 10 has b 6
ask a ".neighbors[0].stats.established == $((up + 1))" show neighbor b >/dev/null || fail "$stage"
say "a reload that sets a limit below what is sent"
config_a '{limit: 2, action: shutdown}'
ctl a reload >/dev/null || fail "$stage"
expect 10 session a b Idle
session a c || fail "$stage"
for name in a b c; do
	clean_stop "$name"
done
