#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The TCP Authentication Option (RFC 5925). On a kernel without it: a neighbour that is to
# have it stays down and says why, is not spoken to without, and others do not notice. On
# a kernel that has it: a session with the right keys, none with others or without.
. "$(dirname "$0")/../lib.sh"
need_godwit
ns a b
link a b 1

# config NAME AS PEER-AS PEER4 PEER6 SETTINGS-OF-V4
config() {
	cat >"$dir/$1.yaml" <<-EOT
		router: {as: $2, id: 10.0.0.$2, hold-time: 9}
		groups:
		  all: {remote-as: $3, connect-retry-time: 1, idle-hold-time: {initial: 0, max: 1}, import: [accept], export: [accept]}
		neighbors:
		  - {address: $4, name: v4, group: all, $6}
		  - {address: "$5", name: v6, group: all}
	EOT
}
config_a() { config a 1 2 10.99.1.2 fd99:1::2 "$1"; }
config_b() { config b 2 1 10.99.1.1 fd99:1::1 "$1"; }
reload() { ctl "$1" reload >/dev/null || fail "$stage"; }
keyed='tcp-ao: [{id: 1, receive-id: 2, secret: spinach}]'
mirrored='tcp-ao: [{id: 2, receive-id: 1, secret: spinach}]'
missing() { ask "$1" '.neighbors[0] | .state == "Idle" and (.last_error | test("no TCP-AO .*CONFIG_TCP_AO=y.*password"))' show neighbor v4; }

say "keys on one side only: no session, and the other family's has nothing to do with it"
config_a "$keyed"
config_b 'passive: false'
godwit a a
godwit b b
expect 20 session a v6
holds 5 no session a v4
no session b v4 || fail "$stage"

say "the same keys on both sides"
config_b "$mirrored"
reload b
# The daemon tells whether the kernel has it; the kernel's configuration, where it can be read, must say the same.
conf=$(zcat /proc/config.gz 2>/dev/null || cat "/boot/config-$(uname -r)" 2>/dev/null)
if within 20 session a v4; then
	[ -z "$conf" ] || grep -q '^CONFIG_TCP_AO=y' <<<"$conf" || fail "$stage: a session without TCP-AO in the kernel"
else
	expect 5 missing a
	expect 5 missing b
	! grep -q '^CONFIG_TCP_AO=y' <<<"$conf" || fail "$stage: the kernel has it"
	[ "$(grep -c 'neighbor.unprotected .*neighbor=v4' "$dir/a.log")" -eq 1 ] || fail "$stage: not said once in the log"

	say "no command starts it, and nothing goes out to it"
	start dump a tcpdump -ni any -w "$dir/a.pcap" tcp port 179 and host 10.99.1.2
	expect 10 grep -q 'listening on' "$dir/dump.log"
	ctl a neighbor v4 up >/dev/null
	ctl a neighbor v4 clear >/dev/null
	holds 5 no session a v4
	missing a || fail "$stage"
	stop dump
	[ "$(tcpdump -nr "$dir/a.pcap" 2>/dev/null | wc -l)" -eq 0 ] || fail "$stage: packets went out"
	session a v6 || fail "$stage"

	say "and it comes up when it is to have a password instead"
	config_a 'password: spinach'
	config_b 'password: spinach'
	reload a
	reload b
	expect 20 session a v4
	session a v6 || fail "$stage"
	! grep -E 'spinach' "$dir/a.log" "$dir/b.log" || fail "$stage: a secret is in the log"
	clean_stop a
	clean_stop b
	exit 0
fi

say "packets carry it"
start dump a tcpdump -vni any -c 4 tcp port 179 and host 10.99.1.2
expect 20 grep -q 'tcp-ao\|unknown-29' "$dir/dump.log"
stop dump

say "another secret"
config_b 'tcp-ao: [{id: 2, receive-id: 1, secret: carrot}]'
reload b
expect 15 no session a v4
holds 5 no session a v4
say "a second key on one side, which the other one begins with"
config_a 'tcp-ao: [{id: 1, receive-id: 2, secret: spinach}, {id: 3, algorithm: aes-128-cmac-96, secret: leek}]'
config_b 'tcp-ao: [{id: 3, algorithm: aes-128-cmac-96, secret: leek}, {id: 2, receive-id: 1, secret: spinach}]'
reload a
reload b
expect 20 session a v4
say "and a password instead"
config_a 'password: spinach'
config_b 'password: spinach'
reload a
reload b
expect 20 session a v4
session a v6 || fail "$stage"
clean_stop a
clean_stop b
