#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The audit: what somebody does to our routes and nexthop objects without the daemon hearing
# of it is found, counted by kind, logged once a round and repaired; and what is changed while
# it reads is not taken for drift. With nexthop objects and without.
. "$(dirname "$0")/../lib.sh"
need_godwit
need python3
python3 - <<-EOT || skip "pidfd_getfd(2) is not to be had"
	import ctypes, os, sys
	libc = ctypes.CDLL(None)
	sys.exit(libc.syscall(438, libc.syscall(434, os.getpid(), 0), 1, 0) < 0)
EOT
ns r p q
link r p 1
link r q 2

config() { # OBJECTS
	cat <<-EOT
		router: {as: 65001, id: 10.0.0.1, multipath: {ebgp: 2}}
		neighbors:
		  - {address: 10.99.1.2, name: p, remote-as: 65002, import: [accept], export: [accept],
		     families: [ipv4-unicast, ipv6-unicast], connect-retry-time: 1, idle-hold-time: {initial: 1, max: 2}}
		kernel: {audit-interval: 1, nexthop-objects: $1}
		statics:
		  - {prefix: 10.1.1.0/24, via: 10.99.2.2}
		  - {prefix: 10.1.2.0/24, via: 10.99.2.2}
		  - {prefix: 10.1.5.0/24, blackhole: true}
		  - {prefix: "fd01:1::/48", via: "fd99:2::2"}
	EOT
}
cat >"$dir/p.yaml" <<-EOT
	router: {as: 65002, id: 10.0.0.2}
	neighbors:
	  - {address: 10.99.1.1, name: r, remote-as: 65001, import: [accept], export: [accept],
	     families: [ipv4-unicast, ipv6-unicast], connect-retry-time: 1, idle-hold-time: {initial: 1, max: 2}}
	networks:
	  - {prefix: 203.0.113.0/24}
	  - {prefix: 203.0.114.0/24}
	  - {prefix: "2001:db8:b::/48"}
EOT
silently() { in_ns r python3 "$top/tests/net/silent.py" "${pids[r]}" || fail "$stage"; }
audit() { ask r ".summary.audit | $1" show fib; }
value() { ctl r -j show fib | jq "$1"; }
drift() { # KIND N: so many of that kind since the test last looked
	expect 20 audit ".drift.$1 - ${seen[$1]:-0} == $2"
	seen[$1]=$(value ".summary.audit.drift.$1")
}
more_rounds() { # N more than now
	local n
	n=$(($(value .summary.audit.rounds) + $1))
	expect 60 audit ".rounds >= $n"
}
no_drift() { # since the test last looked
	local kind
	for kind in missing extra nexthops type object_missing object_extra object_nexthops; do
		audit ".drift.$kind == ${seen[$kind]:-0}" >/dev/null ||
			fail "$stage: $kind: $(value .summary.audit) $(grep fib.drift "$dir/r.log")"
	done
}
all_installed() { ask r '(.fib | length >= 7) and ([.fib[].installed] | all)' show fib; }
logged() { grep -c "fib.drift kind=$1" "$dir/r.log"; }
has_object() { in_ns r ip nexthop show id "$1" 2>/dev/null | grep -q "${2:-id}"; }
nhid() { in_ns r ip -j nexthop show | jq ".[] | select(.gateway == \"$1\") | .id"; }

for objects in auto off; do
	unset seen
	declare -A seen=()
	: >"$dir/r.log"
	config $objects >"$dir/r.yaml"
	godwit r r
	[ $objects = auto ] && godwit p p
	say "objects $objects: rounds without anything to find"
	expect 20 session r p
	expect 20 all_installed
	more_rounds 2
	no_drift

	say "objects $objects: routes that are gone without a word"
	silently <<-EOT
		delete 10.1.1.0/24
		delete 203.0.113.0/24
		delete 10.1.5.0/24
		delete 2001:db8:b::/48
	EOT
	no_kernel r 203.0.113.0/24 >/dev/null || fail "$stage: it has not even gone"
	expect 20 kernel r 203.0.113.0/24 'via 10.99.1.2'
	expect 20 kernel r 10.1.1.0/24 'via 10.99.2.2'
	expect 20 kernel r 10.1.5.0/24 blackhole
	expect 20 kernel r 2001:db8:b::/48 'via fd99:1::2'
	drift missing 4
	more_rounds 1
	[ "$(logged missing)" -le 2 ] || fail "$stage: logged $(logged missing) times"
	no_drift

	say "objects $objects: other next hops, and another type"
	silently <<-EOT
		replace 10.1.1.0/24 via 10.99.1.2 dev to-p
		replace 10.1.2.0/24 blackhole
		replace fd01:1::/48 via fd99:1::2 dev to-p
	EOT
	expect 20 kernel r 10.1.1.0/24 'via 10.99.2.2'
	expect 20 kernel r 10.1.2.0/24 'via 10.99.2.2'
	expect 20 kernel r fd01:1::/48 'via fd99:2::2'
	drift nexthops 2
	drift type 1
	more_rounds 1
	no_drift

	say "objects $objects: routes of ours that nobody wants"
	silently <<-EOT
		add 192.0.2.0/24 via 10.99.1.2 dev to-p
		add 192.0.2.0/24 via 10.99.1.2 dev to-p metric 77
		add 10.1.1.0/24 via 10.99.1.2 dev to-p metric 77
		add 2001:db8:77::/48 blackhole
	EOT
	expect 20 no_kernel r 192.0.2.0/24
	expect 20 no_kernel r 2001:db8:77::/48
	drift extra 4
	kernel r 10.1.1.0/24 'via 10.99.2.2' >/dev/null || fail "$stage"
	in_ns r ip route show 10.1.1.0/24 | grep -q 'metric 77' && fail "$stage"
	more_rounds 1
	no_drift

	if [ $objects = auto ] && in_ns r ip nexthop show >/dev/null 2>&1; then
		say "a nexthop object with another gateway, one that is gone with its routes, and one too many"
		id=$(nhid 10.99.2.2)
		silently <<<"nexthop replace $id via 10.99.2.77 dev to-q"
		drift object_nexthops 1
		expect 10 has_object "$id" 'via 10.99.2.2 '
		more_rounds 1
		no_drift
		silently <<<"nexthop delete $id"
		drift object_missing 1
		drift missing 2
		expect 20 kernel r 10.1.2.0/24 'via 10.99.2.2'
		expect 20 all_installed
		silently <<<"nexthop add $((186 * 1048576 + 4242)) via 10.99.1.9 dev to-p"
		drift object_extra 1
		expect 10 no has_object $((186 * 1048576 + 4242))
		more_rounds 1
		no_drift
	fi

	say "objects $objects: what changes while it is read is no drift"
	end=$((SECONDS + ${AUDIT_CHURN_S:-6}))
	n=0
	while [ $SECONDS -lt $end ]; do
		ctl p network add 198.51.$((n % 100)).0/24 || fail "$stage"
		ctl p network add "2001:db8:$((n % 100)):7::/64" || fail "$stage"
		in_ns r ip route delete 203.0.114.0/24 2>/dev/null
		if [ $((n % 20)) -eq 0 ]; then
			in_ns r ip link set to-q down
			in_ns r ip link set to-q up
			in_ns r ip address replace fd99:2::1/64 dev to-q nodad
		fi
		ctl p network delete 198.51.$(((n + 90) % 100)).0/24 >/dev/null 2>&1
		ctl p network delete "2001:db8:$(((n + 90) % 100)):7::/64" >/dev/null 2>&1
		n=$((n + 1))
	done
	more_rounds 1
	no_drift
	expect 70 all_installed
	for ((i = 0; i < 100; i++)); do
		ctl p network delete 198.51.$i.0/24 >/dev/null 2>&1
		ctl p network delete "2001:db8:$i:7::/64" >/dev/null 2>&1
	done
	expect 20 ask r '.fib | length == 7' show fib

	say "objects $objects: turned off by a reload, and on again"
	sed -i 's/audit-interval: 1/audit-interval: 0/' "$dir/r.yaml"
	ctl r reload || fail "$stage"
	ask r '.summary.audit.interval_s == 0' show fib >/dev/null || fail "$stage"
	sleep 3
	silently <<<"delete 203.0.113.0/24"
	holds 4 no_kernel r 203.0.113.0/24
	sed -i 's/audit-interval: 0/audit-interval: 1/' "$dir/r.yaml"
	ctl r reload || fail "$stage"
	expect 20 kernel r 203.0.113.0/24 'via 10.99.1.2'
	drift missing 1
	clean_stop r
	[ "$(in_ns r ip route show proto bgp | wc -l)" -eq 0 ] || fail "routes are left"
done
clean_stop p
