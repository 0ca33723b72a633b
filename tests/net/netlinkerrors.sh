#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The kernel answers badly over netlink (netlinkerrors.c): it refuses requests with each of its errors, acknowledgements
# are lost or another's, buffers run over, dumps end early or have changed meanwhile; while routes and links come and go,
# with nexthop objects and an audit, and without either, NETLINK_S seconds each (default 5). Then its sockets fail, and
# after that all is refused for a moment. Once the kernel is itself again it has what the RIB says, route by route; what
# was refused was shown with its reason, the log says why without being flooded, nobody turns in circles, no session was
# lost. NETLINK_SEED repeats it.
# Beside others: nothing in it depends on how fast it is.
. "$(dirname "$0")/../lib.sh"
need_godwit
need python3
command -v gcc >/dev/null || skip "gcc is not installed"
seed=${NETLINK_SEED:-$((RANDOM + 1))}
RANDOM=$seed
echo "seed $seed"
seconds=${NETLINK_S:-5}
gcc -shared -fPIC -O2 -g -Wall -Wextra -Werror -o "$dir/errors.so" "$top/tests/net/netlinkerrors.c" ||
	fail "the library that is preloaded"
export NETLINKERRORS=$dir/errors
ns r p q
link r p 1
link r q 2

neighbor() { # ADDRESS NAME AS
	echo "  - {address: $1, name: $2, remote-as: $3, import: [accept], export: [accept],"
	echo "     families: [ipv4-unicast, ipv6-unicast], connect-retry-time: 1, idle-hold-time: {initial: 1, max: 1}}"
}
announce() { # NAME AS N VARIANT: two thirds of the networks
	local i
	{
		echo "router: {as: $2, id: 10.0.0.$(($2 - 65000))}"
		echo "neighbors:"
		neighbor "10.99.$3.1" r 65001
		echo "networks:"
		for ((i = 0; i < 768; i++)); do
			[ $((i % 3)) -eq "$4" ] || echo "  - {prefix: 100.$((64 + i / 256)).$((i % 256)).0/24}"
		done
		for ((i = 0; i < 96; i++)); do
			[ $((i % 3)) -eq "$4" ] || printf '  - {prefix: "2001:db8:%x::/48"}\n' $i
		done
	} >"$dir/$1.yaml.$4"
}
for variant in 0 1 2; do
	announce p 65002 1 $variant
	announce q 65003 2 $variant
done
declare -A now=([p]=0 [q]=1)
change() { # NAME: what it announces is another third of them
	now[$1]=$(((now[$1] + 1 + RANDOM % 2) % 3))
	cp "$dir/$1.yaml.${now[$1]}" "$dir/$1.yaml"
	ctl "$1" reload >/dev/null || fail "$stage"
}
equal() { in_ns r python3 "$top/tests/net/kernelstate.py" "$BGPCTL" "$dir/r.sock" 500; }
# The number at that place of the shared file.
number() { od -An -tu4 -j $(($1 * 4)) -N 4 "$NETLINKERRORS" | tr -d ' '; }
rate() { # NUMBER PLACE: of a thousand
	printf "\\x$(printf %02x $(($1 % 256)))\\x$(printf %02x $(($1 / 256)))\0\0" |
		dd of="$NETLINKERRORS" conv=notrunc status=none bs=4 seek="$2"
}
ticks() { awk '{print $14 + $15}' "/proc/${pids[r]}/stat"; }
flap() { # a link, without its sessions noticing
	in_ns r ip link add late0 type veth peer name late1
	in_ns r ip address add 172.16.9.1/24 dev late0
	in_ns r ip link set late0 up
	in_ns r ip link set late1 up
	in_ns r ip link delete late0
}
refused() { ask r '[.fib[] | select(.installed | not) | select(.error != null)] | length > 0' show fib; }

cp "$dir/p.yaml.${now[p]}" "$dir/p.yaml"
cp "$dir/q.yaml.${now[q]}" "$dir/q.yaml"
godwit p p
godwit q q
for mode in 'auto 1' 'off 0'; do
	read -r objects audit <<<"$mode"
	say "objects $objects: nothing wrong yet"
	head -c 64 /dev/zero >"$NETLINKERRORS"
	printf "\\x$(printf %02x $((seed % 251 + 1)))" | dd of="$NETLINKERRORS" conv=notrunc bs=1 seek=4 status=none
	{
		echo "router: {as: 65001, id: 10.0.0.1, multipath: {ebgp: 2, as-path-relax: true}}"
		echo "kernel: {nexthop-objects: $objects, audit-interval: $audit}"
		echo "neighbors:"
		neighbor 10.99.1.2 p 65002
		neighbor 10.99.2.2 q 65003
	} >"$dir/r.yaml"
	: >"$dir/r.log"
	start r r env LD_PRELOAD="$dir/errors.so" "$BGPD" -f "$dir/r.yaml" -s "$dir/r.sock"
	expect 20 session r p
	expect 20 session r q
	expect 30 equal

	say "objects $objects: $seconds s of errors"
	rate $((30 + RANDOM % 50)) 0
	end=$((SECONDS + seconds))
	while [ $SECONDS -lt $end ]; do
		case $((RANDOM % 3)) in
		0) change p ;;
		1) change q ;;
		2) flap ;;
		esac
	done
	say "objects $objects: no more of them"
	rate 0 0
	expect 120 equal
	say "objects $objects: its sockets fail"
	lines=$(wc -l <"$dir/r.log") before=$(ticks)
	rate 1 3
	change p
	flap
	sleep 1
	rate 0 3
	[ $(($(ticks) - before)) -le $(($(getconf CLK_TCK) * 3 / 5)) ] || fail "$stage: it is busy for nothing"
	[ $(($(wc -l <"$dir/r.log") - lines)) -le 30 ] || fail "$stage: $(($(wc -l <"$dir/r.log") - lines)) lines of log"
	expect 30 equal
	say "objects $objects: everything is refused"
	rate 1000 2
	change p
	change q
	expect 20 refused
	rate 0 2

	say "objects $objects: the kernel is itself again"
	expect 120 equal
	[ "$(number 4)" -gt 100 ] || fail "$stage: $(number 4) requests were refused"
	[ "$(number 13)" -gt 0 ] || fail "$stage: no call has failed"
	echo "faults: $(for kind in {0..9}; do number $((4 + kind)); done | tr '\n' ' ')"
	ask r '[.neighbors[].stats.established] == [1, 1]' show neighbor >/dev/null || fail "$stage: a session was lost"
	no grep 'refused .*error=Success' "$dir/r.log" || fail "$stage: a reason is not told"
	grep -q 'warn fib.route.refused' "$dir/r.log" || fail "$stage: the log does not say that routes were refused"
	lines=$(wc -l <"$dir/r.log")
	[ "$lines" -lt 2000 ] || fail "$stage: $lines lines of log"
	before=$(ticks)
	sleep 2
	[ $(($(ticks) - before)) -le $(($(getconf CLK_TCK) * 2 / 5)) ] || fail "$stage: it is busy for nothing"
	clean_stop r
	[ "$(in_ns r ip route show proto bgp | wc -l)" -eq 0 ] || fail "$stage: routes are left"
	[ "$(in_ns r ip nexthop show | wc -l)" -eq 0 ] || fail "$stage: nexthop objects are left"
done
clean_stop p
clean_stop q
