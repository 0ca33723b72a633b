#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Hold times of three seconds survive a large table: 300,000 routes come in, go to a
# neighbour and into the kernel, are withdrawn and come back by halves and leave again, while
# ten clients list the table all the time or have asked for it and stopped reading. Memory
# stays bounded.
# Alone: the machine is as busy as it makes it.
. "$(dirname "$0")/../lib.sh"
need_godwit
need python3
routes=${ROUTES:-300000}
ns a c p
link a p 1
link a c 3
in_ns a ip address add 10.99.2.1/24 dev to-p
in_ns p ip address add 10.99.2.2/24 dev to-a
cat >"$dir/a.yaml" <<-EOT
	router: {as: 65000, id: 10.99.1.1, hold-time: 3}
	neighbors:
	  - {address: 10.99.2.2, name: sender, remote-as: 65001, passive: true, import: [accept], export: [reject]}
	  - {address: 10.99.1.2, name: sink, remote-as: 65002, passive: true, import: [accept], export: [accept]}
	  - {address: 10.99.3.2, name: idle, remote-as: 65003, connect-retry-time: 1, import: [accept], export: [reject]}
EOT
cat >"$dir/c.yaml" <<-EOT
	router: {as: 65003, id: 10.99.3.2, hold-time: 3}
	neighbors: [{address: 10.99.3.1, remote-as: 65000, connect-retry-time: 1, import: [accept], export: [accept]}]
EOT
godwit a a
godwit c c
expect 20 session a idle
ask a '.neighbors[0].hold_time_s == 3' show neighbor idle >/dev/null || fail "the hold time is not 3 s"

# A client that asks for the whole table again and again and reads nothing of the answers.
cat >"$dir/mute.py" <<-'EOT'
	import socket, sys, time
	s = socket.socket(socket.AF_UNIX)
	s.connect(sys.argv[1])
	s.setblocking(False)
	request = b'{"command": "show rib"}\n'
	while True:
	    try:
	        s.send(100 * request)
	    except BlockingIOError:
	        pass
	    time.sleep(0.01)
EOT
list_all() { while :; do ctl a show rib >/dev/null || return; done; }
for n in 1 2 3; do
	start "mute$n" a python3 "$dir/mute.py" "$dir/a.sock"
done
for n in 1 2 3 4; do
	list_all &
	pids[list$n]=$!
done

say "$routes routes come and go on"
traffic peer p 10.99.2.2,10.99.2.1 10.99.1.2,10.99.1.1 "$routes" 65000 3
traffic_go peer "$routes" >"$dir/done"
mkfifo "$dir/unread"
exec 4<>"$dir/unread"
for n in 1 2 3; do
	"$BGPCTL" -s "$dir/a.sock" -j show rib >&4 2>/dev/null 3>&- &
	pids[stuck$n]=$!
done
say "half of them goes and comes back, then the other half, while the kernel is still being told"
traffic_halves peer >"$dir/halves"
for part in w0 a0 w1 a1; do
	traffic_change peer $part
	echo "  $part: $(jq -r '"\(.seconds) s, longest silence of the daemon \(.silence_s) s"' "$dir/change")"
done
say "all of them reach the kernel"
in_kernel() { [ "$(in_ns a ip route show proto bgp | wc -l)" -eq "$1" ]; }
expect 240 in_kernel "$routes"
echo "  sent on after $(jq .seconds "$dir/done") s, longest silence of the daemon $(jq .silence_s "$dir/done") s, resident $(
	awk '/^VmRSS:/ { print $2 }' "/proc/${pids[a]}/status") kB"
say "nobody's session has ended"
lasts() { ask a "[.neighbors[] | select(.state == \"Established\" and .stats.message.received.open == 1)] | length == $1" show neighbor; }
holds 8 lasts 3
# Fifty octets a route, as many once more on the way to the kernel, a ring, what clients have not read; and the program.
rss_kb() { awk '/^VmRSS:/ { print $2 }' "/proc/${pids[a]}/status"; }
limit_kb=$((routes * 100 / 1024 + 32768))
[ "$(rss_kb)" -le $limit_kb ] || fail "$stage: $(rss_kb) kB resident, at most $limit_kb expected"

say "they go again, with the sessions that brought and took them; the third stays"
stop peer TERM
expect 120 in_kernel 0
lasts 1 >/dev/null || fail "$stage: the idle neighbour's session was disturbed"
session c 10.99.3.1 >/dev/null || fail "$stage"
stop list4
for n in 1 2 3; do
	stop "list$n"
	stop "stuck$n"
	stop "mute$n"
done
clean_stop a
clean_stop c
