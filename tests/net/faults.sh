#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Routes, nexthop objects, links and addresses are deleted at random, for FAULTS_S seconds in all
# (default 20), while thousands of BGP routes come and go; then the kernel has exactly what the RIB
# says, route by route. With nexthop objects and without; first without the audit, so that what
# is notified (or lost in a socket that is too small) is enough to go by, then with it, and with
# faults that nothing tells of. FAULTS_SEED repeats the order of faults.
. "$(dirname "$0")/../lib.sh"
need_godwit
need python3 shuf
seed=${FAULTS_SEED:-$RANDOM}
RANDOM=$seed
echo "seed $seed"
phase_s=$((${FAULTS_S:-20} / 4))
ns r p q
link r p 1
link r q 2

neighbor() { # ADDRESS NAME AS
	echo "  - {address: $1, name: $2, remote-as: $3, import: [accept], export: [accept], hold-time: 9,"
	echo "     families: [ipv4-unicast, ipv6-unicast], connect-retry-time: 1, idle-hold-time: {initial: 1, max: 1}}"
}
{
	echo "router: {as: 65001, id: 10.0.0.1, multipath: {ebgp: 2, as-path-relax: true}}"
	echo "neighbors:"
	neighbor 10.99.1.2 p 65002
	neighbor 10.99.2.2 q 65003
	cat <<-EOT
		statics:
		  - {prefix: 10.1.1.0/24, via: 10.99.2.2}
		  - {prefix: 10.1.2.0/24, interface: to-q}
		  - {prefix: 10.1.3.0/24, via: "fd99:2::2"}
		  - {prefix: 10.1.4.0/24, via: 100.64.7.7}
		  - {prefix: 10.1.5.0/24, blackhole: true}
		  - {prefix: "fd01:1::/48", via: "fd99:2::2"}
		  - {prefix: "fd01:5::/48", unreachable: true}
	EOT
} >"$dir/r.base"
announce() { # NAME AS N VARIANT: two thirds of the networks
	local i
	{
		echo "router: {as: $2, id: 10.0.0.$(($2 - 65000))}"
		echo "neighbors:"
		neighbor "10.99.$3.1" r 65001
		echo "networks:"
		for ((i = 0; i < 1024; i++)); do
			[ $((i % 3)) -eq "$4" ] || echo "  - {prefix: 100.$((64 + i / 256)).$((i % 256)).0/24}"
		done
		for ((i = 0; i < 128; i++)); do
			[ $((i % 3)) -eq "$4" ] || printf '  - {prefix: "2001:db8:%x::/48"}\n' $i
		done
	} >"$dir/$1.yaml.$4"
}
for variant in 0 1 2; do
	announce p 65002 1 $variant
	announce q 65003 2 $variant
done
churn() { # NAME
	cp "$dir/$1.yaml.$((RANDOM % 3))" "$dir/$1.yaml"
	ctl "$1" reload >/dev/null || fail "$stage"
}

equal() { in_ns r python3 "$top/tests/net/kernelstate.py" "$BGPCTL" "$dir/r.sock" 700; }

random_routes() { # N: prefixes of ours
	in_ns r ip -j route show proto bgp | jq -r '.[].dst' | shuf -n "$1"
	in_ns r ip -j -6 route show proto bgp | jq -r '.[].dst' | shuf -n $(($1 / 4 + 1))
}
number_of() { [ "$1" = to-p ] && echo 1 || echo 2; }
addresses() { # LINK: put back
	in_ns r ip address replace "10.99.$(number_of "$1").1/24" dev "$1"
	in_ns r ip address replace "fd99:$(number_of "$1")::1/64" dev "$1" nodad
}
batch() { in_ns r ip -force -batch - 2>/dev/null; }
a_while() { sleep "0.$((RANDOM % 5))"; }
fault() {
	local l=to-p id
	[ $((RANDOM % 2)) -eq 0 ] || l=to-q
	case $((RANDOM % 10)) in
	0 | 1) random_routes 20 | sed 's/.*/route delete & proto bgp/' | batch ;;
	2) random_routes 10 | sed "s/.*/route replace & dev $l proto bgp metric 20/" | batch ;;
	3)
		random_routes 10 | sed "s/.*/route replace & dev $l proto static metric 20/" | batch
		a_while
		in_ns r ip route flush proto static
		in_ns r ip -6 route flush proto static
		;;
	4)
		in_ns r ip link set "$l" down
		a_while
		in_ns r ip link set "$l" up
		addresses "$l"
		;;
	5)
		in_ns r ip address delete "10.99.$(number_of "$l").1/24" dev "$l"
		in_ns r ip address delete "fd99:$(number_of "$l")::1/64" dev "$l"
		a_while
		addresses "$l"
		;;
	6)
		id=$(in_ns r ip -j nexthop show 2>/dev/null | jq '.[].id' | shuf -n 1)
		[ -z "$id" ] || in_ns r ip nexthop delete id "$id" 2>/dev/null
		;;
	7) churn p ;;
	8) churn q ;;
	9)
		[ $silent = no ] ||
			random_routes 10 | sed 's/.*/delete &/' | in_ns r python3 "$top/tests/net/silent.py" "${pids[r]}"
		;;
	esac
}

burst() { # more than the socket holds, while the daemon does not listen
	kill -STOP "${pids[r]}"
	random_routes 100 | sed 's/.*/route delete & proto bgp/' | batch
	for i in {0..199}; do echo "route add blackhole 172.31.$i.0/24 proto static"; done | batch
	in_ns r ip route flush proto static
	kill -CONT "${pids[r]}"
}

cp "$dir/p.yaml.0" "$dir/p.yaml"
cp "$dir/q.yaml.1" "$dir/q.yaml"
godwit p p
godwit q q
can_be_silent=yes
python3 -c 'import ctypes, os, sys
libc = ctypes.CDLL(None)
sys.exit(libc.syscall(438, libc.syscall(434, os.getpid(), 0), 1, 0) < 0)' || can_be_silent=no
for objects in auto off; do
	for silent in no yes; do
		[ $silent = no ] || [ $can_be_silent = yes ] || continue
		audit=$([ $silent = no ] && echo 0 || echo 1)
		say "objects $objects, audit every $audit s, nothing wrong yet"
		{
			cat "$dir/r.base"
			echo "kernel: {nexthop-objects: $objects, audit-interval: $audit}"
		} >"$dir/r.yaml"
		godwit r r
		expect 20 session r p
		expect 20 session r q
		expect 30 equal
		# So small that some of what is notified is lost.
		[ $can_be_silent = no ] || in_ns r python3 "$top/tests/net/silent.py" "${pids[r]}" <<<"rcvbuf 8192" ||
			fail "$stage"

		say "objects $objects, audit every $audit s: $phase_s s of faults"
		end=$((SECONDS + phase_s))
		n=0
		burst
		while [ $SECONDS -lt $end ]; do
			fault
			n=$((n + 1))
		done
		for l in to-p to-q; do
			in_ns r ip link set $l up
			addresses $l
		done
		in_ns r ip route flush proto static
		in_ns r ip -6 route flush proto static

		say "objects $objects, audit every $audit s: after $n faults the kernel is what the RIB says"
		expect 30 session r p
		expect 30 session r q
		# One who fights for a route waits for it: 64 seconds at most.
		expect 120 equal
		ask r '.summary | .restored > 0' show fib >/dev/null || fail "$stage: nothing was deleted: $(ctl r -j show fib | jq .summary)"
		[ $can_be_silent = no ] || ask r '.summary.resyncs > 0' show fib >/dev/null || fail "$stage: nothing was lost"
		ctl r -j show fib | jq -c .summary
		clean_stop r
		[ "$(in_ns r ip route show proto bgp | wc -l)" -eq 0 ] || fail "routes are left"
	done
done
clean_stop p
clean_stop q
