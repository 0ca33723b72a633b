#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A bgpd that is stopped (SIGSTOP) for longer than its hold times, while its neighbour withdraws and announces: the neighbour
# says that the hold time is over and drops its routes; when it goes on, both come to the same state again and the kernel is
# what the RIB says. Then its wall clock jumps a day ahead and ten years back, which nothing but the log sees; and then
# the link flaps, some twenty times a second.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../clock.sh"
need_godwit
ns a p
link a p 1
clock_make
conf() { # NAME AS N OTHER AS: PREFIXES on standard input
	echo "router: {as: $2, id: 10.99.1.$3}"
	echo "neighbors:"
	echo "  - {address: 10.99.1.$((3 - $3)), name: $4, remote-as: $5, import: [accept], export: [accept], hold-time: 3,"
	echo "     connect-retry-time: 1, idle-hold-time: {initial: 1, max: 1}}"
	echo "networks:"
	sed 's/.*/  - {prefix: &}/'
}
some() { for ((i = $1; i < $1 + 500; i++)); do echo "100.64.$((i / 250)).$((i % 250))/32"; done; }
echo 10.1.0.0/16 | conf a 65001 1 p 65002 >"$dir/a.yaml"
some 0 | conf p 65002 2 a 65001 >"$dir/p.yaml"
# bgpd itself, no other program, has the other clock.
start a a "${on_clock[@]}" "$BGPD" -f "$dir/a.yaml" -s "$dir/a.sock" -v
expect 10 ctl a show summary
godwit p p
routes() { in_ns a ip route show proto bgp | awk '{print $1}' | sort; }
as_told() { # FIRST: the kernel has just those
	[ "$(routes)" = "$(some "$1" | sed 's,/32,,' | sort)" ]
}
sessions() { ask "$1" '.neighbors[0].stats.established' show neighbor "$2"; }
log_has() { grep -q "$2" "$dir/$1.log"; }
expect 20 as_told 0
expect 10 best p 10.1.0.0/16

say "stopped for longer than the hold time"
kill -STOP "${pids[a]}"
expect 10 log_has p 'neighbor.state neighbor=a from=Established .*cause=HoldTimer_Expires'
some 200 | conf p 65002 2 a 65001 >"$dir/p.yaml"
ctl p reload >/dev/null || fail "$stage"
sleep 3
kill -CONT "${pids[a]}"
expect 20 session a p
expect 20 as_told 200
expect 10 best p 10.1.0.0/16
log_has a 'neighbor.state neighbor=p from=Established ' || fail "$stage: no line in its own log"

say "the wall clock jumps"
before=$(sessions a p)
for jump in 86400 -315360000 0; do
	clock_set $jump
	holds 5 session a p
	some 100 | conf p 65002 2 a 65001 >"$dir/p.yaml"
	ctl p reload >/dev/null || fail "$stage"
	expect 10 as_told 100
	some 200 | conf p 65002 2 a 65001 >"$dir/p.yaml"
	ctl p reload >/dev/null || fail "$stage"
	expect 10 as_told 200
	ctl a reload >/dev/null || fail "$stage"
	log_has a "^$(date -ud "$jump seconds" +%Y-%m-%d)T.* config.reload" || fail "$stage: its log has another time"
done
[ "$(sessions a p)" = "$before" ] || fail "$stage: a session was lost"
ask a '.neighbors[0].last_updown_s | . >= 10 and . <= 300' show neighbor p >/dev/null || fail "$stage: the age of the session"

say "the link flaps"
for _ in {1..80}; do
	in_ns a ip link set to-p down
	sleep 0.02
	in_ns a ip link set to-p up
	sleep 0.02
done
in_ns a ip -6 address replace fd99:1::1/64 dev to-p nodad
expect 30 session a p
expect 30 as_told 200
holds 4 as_told 200
expect 10 best p 10.1.0.0/16
clean_stop a
[ "$(routes | wc -l)" = 0 ] || fail "routes are left"
clean_stop p
