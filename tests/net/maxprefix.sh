#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# max-prefix: what each action does with a neighbour that announces more than it may, and
# that the neighbour is told the family and the limit (RFC 4486).
. "$(dirname "$0")/../lib.sh"
need_godwit
need python3
ns a b
link a b 1

config() { # MAX-PREFIX
	cat >"$dir/a.yaml" <<-EOT
		router: {as: 65001, id: 10.99.1.1}
		neighbors:
		  - address: 10.99.1.2
		    name: peer
		    remote-as: 65002
		    import: [accept]
		    export: [accept]
		    passive: true
		    families: [ipv4-unicast, ipv6-unicast]
		    idle-hold-time: {initial: 1, max: 1}
		    max-prefix: $1
	EOT
}
reload() {
	config "$1"
	ctl a reload || fail "$stage"
}
tell() { echo "$*" >"$dir/b.fifo"; }
refused() { ask a '[.rib[] | select(.reason == "max-prefix" and .best == false)] | length == 1' show rib in peer "$1"; }
counts() { ask a ".neighbors[0].stats.prefixes | .received == $1 and .accepted == $2" show neighbor peer; }
told() { grep -c "^NOTIFICATION $1" "$dir/b.log"; }
times_told() { [ "$(told "$1")" -eq "$2" ]; }

config '{limit: 3, action: block}'
godwit a a
mkfifo "$dir/b.fifo"
export PYTHONDONTWRITEBYTECODE=1
start b b python3 "$top/tests/net/speaker.py" 10.99.1.2 10.99.1.1 65002 "$dir/b.fifo"
expect 20 session a peer

say "block: what is beyond the limit is kept out, of each family by itself"
tell announce 192.0.2.0/28 192.0.2.16/28
tell announce 192.0.2.32/28 192.0.2.48/28 192.0.2.64/28
tell announce 2001:db8:1::/48 2001:db8:2::/48 2001:db8:3::/48 nexthop=fd99:1::2
expect 10 counts 8 6
refused 192.0.2.48/28 >/dev/null || fail "$stage"
refused 192.0.2.64/28 >/dev/null || fail "$stage"
best a 2001:db8:3::/48 >/dev/null || fail "$stage"
no best a 192.0.2.48/28 >/dev/null || fail "$stage"
say "what is in may change; what goes makes room for what is out"
tell announce 192.0.2.16/28 path=65002.65003
expect 10 best a 192.0.2.16/28 '.aspath == "65002 65003"'
refused 192.0.2.48/28 >/dev/null || fail "$stage"
tell withdraw 192.0.2.0/28
expect 10 counts 7 6
expect 10 best a 192.0.2.48/28
refused 192.0.2.64/28 >/dev/null || fail "$stage"
say "after a refresh those are in that the neighbour names first"
tell borr 1
tell announce 192.0.2.64/28 192.0.2.16/28
tell eorr 1
expect 10 counts 5 5
expect 10 best a 192.0.2.64/28
say "a higher limit lets them in at once, also another action"
tell announce 192.0.2.80/28 192.0.2.96/28
expect 10 refused 192.0.2.96/28
reload '{limit: 4, action: block}'
expect 10 best a 192.0.2.96/28
tell announce 192.0.2.112/28
expect 10 refused 192.0.2.112/28
reload '{limit: 4, action: warn}'
expect 10 best a 192.0.2.112/28

say "warn-percent: a word before the limit is reached, from that share on"
warnings() { grep -c 'neighbor.max_prefix .*effect="none yet"' "$dir/a.log"; }
warned() { [ "$(warnings)" -eq "$1" ]; }
reload '{limit: 8, action: warn, warn-percent: 75}'
expect 10 counts 8 8
before=$(warnings)
reload '{limit: 8, action: warn, warn-percent: 50}'
expect 5 warned $((before + 1))

say "shutdown: Cease with AFI 1, SAFI 1 and the limit, and only neighbor up starts it again"
reload '{limit: 4, action: shutdown}'
expect 10 times_told '6/1 data 00010100000004' 1
expect 10 session a peer Idle
reload '{limit: 5, action: shutdown}'
holds 3 session a peer Idle
ctl a neighbor peer up || fail "$stage"
expect 20 session a peer
say "restart: the same, and after a while it tries again; a reload does not cut that short"
reload '{limit: 1, action: restart, restart-after: 6}'
tell announce 2001:db8:1::/48 2001:db8:2::/48 nexthop=fd99:1::2
expect 10 times_told '6/1 data 00020100000001' 1
expect 10 session a peer Idle
ctl a reload || fail "$stage"
sed -i 's/name: peer/name: peer\n    description: other/' "$dir/a.yaml"
ctl a reload || fail "$stage"
holds 4 session a peer Idle
expect 20 session a peer

stop a || fail "bgpd ended with an error"
