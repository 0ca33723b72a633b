#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A full mesh seen from one of its members: 400 idle iBGP neighbours. All come up, although
# both sides dial at once; a reload that gives all but one another export policy makes them
# change groups without a session noticing. Prints what the mesh costs; that is no test.
. "$(dirname "$0")/../lib.sh"
need_godwit
neighbors=${MESH:-400} minute=${MESH_IDLE_S:-30}
ns a b
link a b 1
peer_addr() { echo "10.88.$(($1 / 200)).$(($1 % 200 + 1))"; }
for i in $(seq 0 $((neighbors - 1))); do
	echo "address add $(peer_addr "$i")/32 dev to-a"
done >"$dir/addresses"
in_ns b ip -batch "$dir/addresses"
in_ns a ip route add 10.88.0.0/16 via 10.99.1.2
config_a() { # MED: of all but the first
	cat <<-EOT
		router: {as: 64512, id: 10.99.1.1}
		kernel: {export: [reject]}
		groups: {mesh: {remote-as: internal, connect-retry-time: 2, export: [plain]}}
		networks: [{prefix: 192.0.2.0/24}]
		policies:
		  plain: [{set: {med: 10}, action: accept}]
		  other: [{set: {med: 20}, action: accept}]
		neighbors:
	EOT
	echo "  - {address: $(peer_addr 0), name: n0, group: mesh}"
	for i in $(seq 1 $((neighbors - 1))); do
		echo "  - {address: $(peer_addr "$i"), name: n$i, group: mesh, export: [$1]}"
	done
}
config_a plain >"$dir/a.yaml"
{
	cat <<-EOT
		router: {as: 64512, id: 10.99.1.2}
		kernel: {export: [reject]}
		groups: {mesh: {remote-as: internal, connect-retry-time: 2}}
		neighbors:
	EOT
	for i in $(seq 0 $((neighbors - 1))); do
		echo "  - {address: 10.99.1.1, source: $(peer_addr "$i"), name: n$i, group: mesh}"
	done
} >"$dir/b.yaml"

cpu_ms() { awk -v hz="$(getconf CLK_TCK)" '{ print int(($14 + $15) * 1000 / hz) }' "/proc/${pids[$1]}/stat"; }
pss_kb() { awk '/^Pss:/ { print $2 }' "/proc/${pids[$1]}/smaps_rollup"; }

say "all $neighbors sessions come up"
start_ms=$(date +%s%3N)
godwit a a
godwit b b
up() { ask "$1" "[.neighbors[] | select(.state == \"Established\")] | length == $neighbors" show neighbor; }
expect 120 up a
expect 120 up b
echo "  all up after $(($(date +%s%3N) - start_ms)) ms from exec, with $(cpu_ms a) ms of CPU time and $(pss_kb a) kB (PSS)"

say "every neighbour has the route, with the first policy"
med() { ask b "[.rib[] | select(.med == $1)] | length == $2" show rib 192.0.2.0/24; }
expect 60 med 10 "$neighbors"

say "idle for $minute s"
before=$(cpu_ms a)
sleep "$minute"
echo "  $((($(cpu_ms a) - before) * 60 / minute)) ms of CPU time a minute, $(pss_kb a) kB (PSS)"

say "all but one change their export policy: more than may be detached at a time"
config_a other >"$dir/a.yaml"
ctl a reload >/dev/null || fail "$stage"
expect 60 med 20 $((neighbors - 1))
med 10 1 >/dev/null || fail "$stage: the first neighbour's policy did not change"
same() { ask "$1" '[.neighbors[] | .state == "Established" and .stats.message.received.open == 1] | all' show neighbor; }
up a >/dev/null && same b >/dev/null || fail "$stage: a session was reset"
say "both end in order"
clean_stop a
clean_stop b
