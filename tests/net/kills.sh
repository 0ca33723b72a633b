#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# bgpd is killed with SIGKILL KILLS times (default 20) at random moments: while it starts, while it waits for its
# neighbours, during a reload, while routes change, and when all is quiet; it is started again at once or a moment later.
# Its neighbours are helpers (RFC 4724) and send packets to each other through it: none is lost. In the end the kernel has
# what the RIB says, route by route, nothing is stale at the neighbours, and nothing is left. KILLS_SEED repeats it.
# Beside others: what is lost or wrong does not depend on how fast it is.
. "$(dirname "$0")/../lib.sh"
need_godwit
need python3 ping
seed=${KILLS_SEED:-$RANDOM}
RANDOM=$seed
echo "seed $seed"
ns r p q
link r p 1
link r q 2
in_ns p ip address add 10.65.1.1/32 dev lo
in_ns q ip address add 10.65.2.1/32 dev lo
in_ns p ip address add 2001:db8:1::1/128 dev lo nodad
in_ns q ip address add 2001:db8:2::1/128 dev lo nodad

neighbor() { # ADDRESS NAME AS
	echo "  - {address: $1, name: $2, remote-as: $3, import: [accept], export: [accept],"
	echo "     families: [ipv4-unicast, ipv6-unicast], connect-retry-time: 1, idle-hold-time: {initial: 1, max: 1}}"
}
for variant in 0 1; do # who hears another policy's name has another file, and a reload to do
	{
		echo "router: {as: 65001, id: 10.0.0.1, graceful-restart: {restart-time: 60},"
		echo "  multipath: {ebgp: $((variant + 1)), as-path-relax: true}}"
		echo "neighbors:"
		neighbor 10.99.1.2 p 65002
		neighbor 10.99.2.2 q 65003
	} >"$dir/r.yaml.$variant"
done
announce() { # NAME AS N VARIANT: what is always there, and two thirds of what changes
	local i
	{
		echo "router: {as: $2, id: 10.0.0.$(($2 - 65000))}"
		echo "neighbors:"
		neighbor "10.99.$3.1" r 65001
		echo "networks:"
		echo "  - {prefix: 10.65.$3.1/32}"
		echo "  - {prefix: \"2001:db8:$3::1/128\"}"
		for ((i = 0; i < 768; i++)); do
			[ $((i % 3)) -eq "$4" ] || echo "  - {prefix: 100.$((64 + i / 256)).$((i % 256)).0/24}"
		done
		for ((i = 0; i < 96; i++)); do
			[ $((i % 3)) -eq "$4" ] || printf '  - {prefix: "2001:db8:ff%02x::/48"}\n' $i
		done
	} >"$dir/$1.yaml.$4"
}
for variant in 0 1 2; do
	announce p 65002 1 $variant
	announce q 65003 2 $variant
done
change() { # NAME VARIANTS: another of its files
	cp "$dir/$1.yaml.$((RANDOM % $2))" "$dir/$1.yaml"
	ctl "$1" reload >/dev/null
}
equal() { in_ns r python3 "$top/tests/net/kernelstate.py" "$BGPCTL" "$dir/r.sock" 500; }
calm() { ask "$1" '[.neighbors[] | .state == "Established" and .graceful_restart == null] | all' show neighbor; }
fresh() { ask "$1" '[.rib[] | select(.stale)] | length == 0' show rib; }
# Those that are there all the time, in the kernels of all.
there() {
	kernel r 10.65.1.1 'via 10.99.1.2' && kernel r 10.65.2.1 'via 10.99.2.2' && kernel p 10.65.2.1 'via 10.99.1.1' &&
		kernel q 10.65.1.1 'via 10.99.2.1' && kernel r 2001:db8:1::1 && kernel r 2001:db8:2::1 &&
		kernel p 2001:db8:2::1 && kernel q 2001:db8:1::1
}
# As many routes at the neighbour as it should have learned: all that r has but from itself.
passed_on() { # NAME
	local have want
	have=$(ctl "$1" -j show rib | jq '[.rib[] | select(.source == "bgp")] | length')
	want=$(ctl r -j show rib best | jq --arg n "$1" '[.rib[] | select(.best and .neighbor.name != $n)] | length')
	echo "$1 has $have of $want"
	[ "$have" -gt 0 ] && [ "$have" = "$want" ]
}
a_while() { sleep "$(printf '%d.%02d' $((RANDOM % $1)) $((RANDOM % 100)))"; }

cp "$dir/r.yaml.0" "$dir/r.yaml"
cp "$dir/p.yaml.0" "$dir/p.yaml"
cp "$dir/q.yaml.1" "$dir/q.yaml"
godwit p p
godwit q q
godwit r r
expect 20 there
expect 20 equal
expect 20 calm r
settled() { calm r && calm p && calm q; }
flow() { # begins
	start flow4 p ping -4 -q -i 0.002 -I 10.65.1.1 10.65.2.1
	start flow6 p ping -6 -q -i 0.002 -I 2001:db8:1::1 2001:db8:2::1
}
# nothing_lost: the flow ends, and all of it came back
nothing_lost() {
	local f
	for f in flow4 flow6; do
		stop $f INT
		awk '/packets transmitted/ { sent = $1; got = $4 } END { print sent, got; exit !(sent > 300 && sent == got) }' \
			"$dir/$f.log" || return 1
		rm "$dir/$f.log"
	done
}
kill_it() { # and start it again, at once or a moment later
	[ $((RANDOM % 2)) -eq 0 ] || change p 3 || fail "$stage: p"
	[ $((RANDOM % 2)) -eq 0 ] || change q 3 || fail "$stage: q"
	stop r KILL 2>/dev/null
	[ $((RANDOM % 2)) -eq 0 ] || a_while 1
	start r r "$BGPD" -f "$dir/r.yaml" -s "$dir/r.sock" -v
}

kills=${KILLS:-20}
flow
for ((n = 1; n <= kills / 2; n++)); do
	say "kill $n, when all is up"
	expect 30 settled
	a_while 1
	[ $((RANDOM % 2)) -eq 0 ] || change r 2 & # and a reload has begun, perhaps
	kill_it
done
expect 30 settled
nothing_lost || fail "$stage: a packet was lost: $(cat "$dir"/flow?.log)"

# Who is killed again before its End-of-RIB has routes at its helpers that were stale already: those go (RFC 4724 4.2).
flow
for ((; n <= kills; n++)); do
	say "kill $n, at any moment"
	case $((RANDOM % 3)) in
	0) ;; # as soon as it may be
	1) a_while 1 ;;
	2) within 20 calm r ;;
	esac
	kill_it
done
expect 30 settled
nothing_lost || grep -q 'graceful_restart .*from=resync to=restarting' "$dir/p.log" "$dir/q.log" ||
	fail "$stage: a packet was lost: $(cat "$dir"/flow?.log)"

say "all as it should be"
expect 30 calm r
expect 30 equal
expect 30 there
for name in p q; do
	expect 30 calm $name
	expect 30 fresh $name
	expect 30 passed_on $name
done
equal
grep -q 'info restart.state from=start to=defer' "$dir/r.log" || fail "$stage: it does not say that it comes back"
clean_stop r
[ "$(in_ns r ip route show proto bgp | wc -l)" -eq 0 ] || fail "$stage: routes are left"
[ "$(in_ns r ip nexthop show | wc -l)" -eq 0 ] || fail "$stage: nexthop objects are left"
clean_stop p
clean_stop q
