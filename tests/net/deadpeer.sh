#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A restart (RFC 4724 4.1) with two neighbours, one of which never comes back: until the time for that is over nothing
# of theirs is selected, and the kernel keeps every route of before; then the routes of the one that is there are selected,
# End-of-RIB is sent, and what only the dead one had goes. What both had moves over in one step. Our own networks do not wait.
. "$(dirname "$0")/../lib.sh"
need_godwit
ns a b c
link a b 1
link a c 2
cat >"$dir/a.yaml" <<-EOT
	router: {as: 65001, id: 10.99.1.1, graceful-restart: {restart-time: 8}}
	neighbors:
	  - {address: 10.99.1.2, name: b, remote-as: 65002, import: [accept], export: [accept], connect-retry-time: 1}
	  - {address: 10.99.2.2, name: c, remote-as: 65003, import: [better], export: [accept], connect-retry-time: 1}
	networks: [{prefix: 10.64.0.0/24}]
	policies: {better: [{set: {local-preference: 200}, action: accept}]}
EOT
cat >"$dir/b.yaml" <<-EOT
	router: {as: 65002, id: 10.99.1.2, graceful-restart: {restart-time: 30}}
	neighbors: [{address: 10.99.1.1, name: a, remote-as: 65001, import: [accept], export: [accept], connect-retry-time: 1,
	  idle-hold-time: {initial: 0, max: 1}}]
	networks: [{prefix: 10.65.1.0/24}, {prefix: 10.65.3.0/24}]
EOT
cat >"$dir/c.yaml" <<-EOT
	router: {as: 65003, id: 10.99.2.2, graceful-restart: {restart-time: 30}}
	neighbors: [{address: 10.99.2.1, name: a, remote-as: 65001, import: [accept], export: [accept], connect-retry-time: 1}]
	networks: [{prefix: 10.65.2.0/24}, {prefix: 10.65.3.0/24}]
EOT
for n in a b c; do godwit "$n" "$n"; done
kept() {
	kernel a 10.65.1.0/24 'via 10.99.1.2' && kernel a 10.65.2.0/24 'via 10.99.2.2' && kernel a 10.65.3.0/24 'via 10.99.2.2' &&
		kernel b 10.64.0.0/24 'via 10.99.1.1' && kernel b 10.65.2.0/24 'via 10.99.1.1'
}
calm() { ask b '.neighbors[0] | .state == "Established" and .graceful_restart == null' show neighbor a; }
stale() { ask b "[.rib[] | select(.best and .stale)] | length == 1" show rib "$1"; }
expect 30 kept
expect 30 calm

say "both are killed, and one of them comes back: nothing of theirs is selected, nothing goes"
start monitor a ip monitor route
stop c KILL 2>/dev/null
stop a KILL 2>/dev/null
expect 10 stale 10.65.2.0/24
began=$(date +%s%3N)
godwit a a
expect 10 session a b
expect 5 ask a '.rib | length == 1' show rib 10.65.1.0/24
waits() {
	kept && ask a '[.rib[] | select(.best)] | length == 0' show rib 10.65.1.0/24 && stale 10.65.2.0/24 && no calm
}
holds 3 waits

say "when the time is over the routes of the other one are selected, and it is told the end of them"
expect 20 best a 10.65.1.0/24
expect 10 calm
echo "  $(($(date +%s%3N) - began)) ms after the start, of 8 s for neighbours to come back"
expect 5 absent b 10.65.2.0/24
expect 5 kernel a 10.65.3.0/24 'via 10.99.1.2'
say "what only the dead one had goes"
expect 20 no_kernel a 10.65.2.0/24
expect 5 no_kernel b 10.65.2.0/24
kernel a 10.65.1.0/24 'via 10.99.1.2' >/dev/null || fail "$stage"
stop monitor
grep -q '^Deleted 10.65.2.0/24' "$dir/monitor.log" || fail "$stage: the monitor has seen nothing"
no grep -E '^Deleted 10.65.(1|3).0/24' "$dir/monitor.log" || fail "$stage: a route that stayed was gone for a moment"
clean_stop a
clean_stop b
