#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A bgpd that has no file descriptors left: neither neighbours nor bgpctl can be taken in. That is said once, with its
# cause, it does not turn in circles for it, and sessions that are up stay. When there are some again all goes on.
# The same for bgpconfd, whose status nobody can ask for then, and which makes its file once it can.
# Beside others: what it measures is the time of its own processes.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/calico.sh"
need prlimit
ns a p q
link a p 1
link a q 2
neighbor() { # ADDRESS NAME AS
	echo "  - {address: $1, name: $2, remote-as: $3, import: [accept], export: [accept], hold-time: 9, passive: ${4:-false},"
	echo "     connect-retry-time: 1, idle-hold-time: {initial: 1, max: 1}}"
}
{
	echo "router: {as: 65001, id: 10.99.1.1}"
	echo "neighbors:"
	neighbor 10.99.1.2 p 65002
	neighbor 10.99.2.2 q 65003 true
} >"$dir/a.yaml"
for n in 1 2; do
	name=p && [ $n = 1 ] || name=q
	{
		echo "router: {as: 6500$((n + 1)), id: 10.99.$n.2}"
		echo "neighbors:"
		neighbor 10.99.$n.1 a 65001
		echo "networks:"
		echo "  - {prefix: 10.6$n.0.0/16}"
	} >"$dir/$name.yaml"
done
godwit a a
godwit p p
expect 20 session a p
expect 10 kernel a 10.61.0.0/16

ticks() { awk '{print $14 + $15}' "/proc/${pids[$1]}/stat"; }
# full NAME: no more descriptors than it has now: the limit is the first that is free, the lowest of several looks, since
# there may just be one for a moment
full() {
	local i n least=1024
	for i in {1..8}; do
		n=0
		while [ -e "/proc/${pids[$1]}/fd/$n" ]; do
			n=$((n + 1))
		done
		least=$((n < least ? n : least))
		sleep 0.1
	done
	prlimit --pid "${pids[$1]}" --nofile=$least: || fail "$stage"
}
room() { prlimit --pid "${pids[$1]}" --nofile=1024: || fail "$stage"; }
# idle NAME SECONDS: less than a fifth of that time is used
idle() {
	local before
	before=$(ticks "$1")
	sleep "$2"
	[ $(($(ticks "$1") - before)) -le $(($2 * $(getconf CLK_TCK) / 5)) ] || fail "$stage: $1 is busy for nothing"
}
asks() { # sends a question that waits for its answer
	start "$1" a "$BGPCTL" -s "$dir/a.sock" show neighbor
}
log_has() { grep -q "$2" "$dir/$1.log"; }

say "no descriptors: nobody is taken in, and it says why"
full a
asks question
godwit q q
expect 10 log_has a 'warn control.accept .*error="Too many open files"'
expect 10 log_has a 'warn listen.accept .*error="Too many open files".*LimitNOFILE'
idle a 5
[ "$(grep -c 'warn control.accept' "$dir/a.log")" = 1 ] || fail "$stage: said again and again"
kernel a 10.61.0.0/16 >/dev/null || fail "$stage: a route has gone"
holds 10 session p a

say "there are some again"
room a
expect 20 session a q
expect 10 kernel a 10.62.0.0/16
wait "${pids[question]}" || fail "$stage: the question of before has no answer"
unset "pids[question]"
[ "$(ask a '.neighbors[0].stats.established' show neighbor p)" = 1 ] || fail "$stage: the session of before has not stayed"

say "bgpconfd"
node() { printf 'kind: Node\nmetadata: {name: n1}\nspec: {bgp: {ipv4Address: 10.99.0.1/24, asNumber: %s}}\n' "$1" | put node.yaml; }
node 64512
confd n1 a
expect 10 "$BGPCONFD" -f "$dir/confd-n1.yaml" --status
full confd-n1
start status a "$BGPCONFD" -f "$dir/confd-n1.yaml" --status
expect 10 log_has confd-n1 'warn status.accept .*error="Too many open files"'
idle confd-n1 3
node 64513
expect 10 log_has confd-n1 'warn source.trouble .*node.yaml.*Too many open files'
idle confd-n1 6
[ "$(grep -c 'warn source.trouble .*node.yaml' "$dir/confd-n1.log")" = 1 ] || fail "$stage: said again and again"
room confd-n1
expect 20 grep -q 64513 "$dir/n1.yaml"
wait "${pids[status]}" || fail "$stage: no status"
unset "pids[status]"
clean_stop confd-n1
for name in a p q; do
	clean_stop $name
done
