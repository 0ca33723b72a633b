#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Reloads with thousands of neighbours in hundreds of groups, some of whom have sessions:
# they come, get other policies, other timers and another order, and go; no session that
# should stay notices. At last the daemon starts with all of them. How long each reload took, how
# long the loop was held up by it and how long `config diff` needed for it is printed. NEIGHBORS,
# GROUPS_OF_THEM and SESSIONS give more.
. "$(dirname "$0")/../lib.sh"
need_godwit
need python3
neighbors=${NEIGHBORS:-1000} groups=${GROUPS_OF_THEM:-50} sessions=${SESSIONS:-100}
ns a p
link a p 1
for i in $(seq 0 $((sessions - 1))); do
	echo "address add 10.88.$((i / 256)).$((i % 256))/32 dev to-a"
done >"$dir/addresses"
in_ns p ip -batch "$dir/addresses"
in_ns a ip route add 10.88.0.0/16 via 10.99.1.2

# config NEIGHBORS MED HOLD ORDER [DIALLED]: those neighbours, whose groups set that MED and hold time; the
# last DIALLED ones are not waited for
config() {
	python3 - "$groups" "$@" >"$dir/a.new" <<-'EOT'
		import sys
		groups, n, med, hold, order, dialled = map(int, (sys.argv[1:] + ["0"])[:6])
		print("router: {as: 65000, id: 10.99.1.1}\nkernel: {export: [reject]}")
		print("networks: [{prefix: 192.0.2.0/24}, {prefix: 198.51.100.0/24}]\npolicies:")
		for g in range(groups):
		    print("  p%d: [{match: {prefix-set: s%d}, set: {med: %d}, action: accept}, {action: reject}]" % (g, g, med + g))
		print("prefix-sets:")
		for g in range(groups):
		    print("  s%d: [192.0.2.0/24, %s]" % (g, ", ".join("10.%d.%d.0/24 le 32" % (g, i) for i in range(50))))
		print("groups:")
		for g in range(groups):
		    print("  g%d: {remote-as: 65001, hold-time: %d, import: [accept], export: [p%d]}" % (g, hold, g))
		print("neighbors:")
		for i in range(n)[::order]:
		    passive = "" if i >= n - dialled else ", passive: true"
		    print("  - {address: 10.88.%d.%d, name: n%d, group: g%d%s}" % (i // 256, i % 256, i, i % groups, passive))
	EOT
	mv "$dir/a.new" "$dir/a.yaml"
}
longest() { echo "  longest turn of the loop: $(ctl a -j show memory | jq -r '"\(.loop_stall_max_us) us, \(.loop_stall_where)"')"; }
now_ms() { date +%s%3N; }
# change WHAT CONFIG...: the daemon has the new configuration; in between config diff says how many lines it would change
change() {
	local began lines
	say "$1"
	shift
	config "$@"
	began=$(now_ms)
	lines=$(ctl a config diff | wc -l)
	echo "  config diff: $lines lines in $(($(now_ms) - began)) ms"
	ctl a show memory >/dev/null
	began=$(now_ms)
	ctl a reload >"$dir/reload.out" 2>&1 || fail "$stage: $(cat "$dir/reload.out")"
	echo "  reload: $(($(now_ms) - began)) ms"
	sleep 1
	longest
}
there() { ask a "[.neighbors[]] | length == $1" show neighbor; }
up() { ask a "[.neighbors[] | select(.state == \"Established\" and .stats.message.received.open == 1)] | length == $sessions" show neighbor; }
# told MED: every session has been told the route with the MED of its group
told() {
	local i
	for i in 0 $((sessions / 2)) $((sessions - 1)); do
		ask a ".rib[0].med == $(($1 + i % groups)) and (.rib | length == 1)" show rib out "n$i" || return 1
	done
}

config 1 0 90 1
godwit a a
change "$neighbors neighbours come" "$neighbors" 1000 90 1
expect 20 there "$neighbors"
say "$sessions of them have sessions"
mkfifo "$dir/peer.in"
ip netns exec "$tag-p" "$build/tools/bgpbench-peer" run <"$dir/peer.in" >"$dir/peer.log" 2>&1 &
pids[peer]=$!
exec 3>"$dir/peer.in"
echo "table family=4 routes=1 seed=1 as=65001
peers name=all local=10.88.0.0 remote=10.99.1.1 as=65001 same-as count=$sessions
dial peers=all limit=8
up timeout=120" >&3
expect 120 grep -qE '"event": "(up|error)"' "$dir/peer.log"
grep -q '"event": "up"' "$dir/peer.log" || fail "$stage: $(cat "$dir/peer.log")"
expect 20 up
told 1000 >/dev/null || fail "$stage: $(ctl a show rib out n0)"
change "nothing changes" "$neighbors" 1000 90 1
change "other policies" "$neighbors" 2000 90 1
expect 20 told 2000
change "another hold time" "$neighbors" 2000 60 1
change "another order" "$neighbors" 2000 60 -1
change "policies, hold time and order" "$neighbors" 1000 90 1
expect 20 told 1000
up >/dev/null || fail "$stage: a session has ended"
change "all that have no session go" "$sessions" 1000 90 1
expect 20 there "$sessions"
up >/dev/null || fail "$stage: a session has ended"
change "they come back, and half of them is dialled" "$neighbors" 1000 90 1 $((neighbors / 2))
expect 20 there "$neighbors"
up >/dev/null || fail "$stage: a session has ended"
change "all but one go" 1 1000 90 1
expect 20 there 1
exec 3>&-
clean_stop a
say "a start with all of them, half of them dialled"
config "$neighbors" 1000 90 1 $((neighbors / 2))
godwit a a
expect 20 there "$neighbors"
sleep 1
longest
clean_stop a
