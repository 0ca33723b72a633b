#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Bad guests: each error of RFC 4271 section 6 gets its code, subcode and data, and neither they
# nor random octets, cut messages and a crowd of strangers disturb the session of another.
. "$(dirname "$0")/../lib.sh"
need_godwit
need python3
ns a b c
link a b 1
link a c 2
cat >"$dir/a.yaml" <<-EOT
	router: {as: 65001, id: 10.99.1.1}
	groups:
	  all: {import: [accept], export: [accept], idle-hold-time: {initial: 1, max: 1}, connect-retry-time: 1}
	neighbors:
	  - {address: 10.99.1.2, name: bad, group: all, remote-as: 65002, passive: true}
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
guest() { PYTHONDONTWRITEBYTECODE=1 in_ns b timeout 60 python3 "$top/tests/net/strangers.py" "$1" "${2:-10.99.1.2}" 10.99.1.1; }

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
say "three hundred strangers"
in_ns b ip address add 10.99.1.77/24 dev to-a
guest crowd 10.99.1.77 || fail "$stage"
say "the other session has noticed nothing"
ask a '.neighbors[0] | .state == "Established" and .stats.message.received.open == 1' show neighbor good >/dev/null ||
	fail "$stage"
stop a || fail "bgpd ended with an error"
