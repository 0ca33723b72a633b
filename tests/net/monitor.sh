#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# bgpctl monitor: events of neighbours, best paths and kernel routes as they happen, one
# object a line; only the kind that was asked for; a reader that stops costs the daemon
# nothing but a bounded queue, and is told how many events it has lost.
. "$(dirname "$0")/../lib.sh"
need_godwit
ns a b
link a b 1
for side in a:1:b:2 b:2:a:1; do
	IFS=: read -r name n peer p <<<"$side"
	cat >"$dir/$name.yaml" <<-EOT
		router: {as: 6500$n, id: 10.0.0.$n}
		neighbors:
		  - {address: 10.99.1.$p, name: $peer, remote-as: 6500$p, import: [accept], export: [accept], connect-retry-time: 1,
		     idle-hold-time: {initial: 0, max: 1}}
	EOT
done
# watch NAME [KIND]: in the background, into NAME.log
watch() { start "$1" a "$BGPCTL" -s "$dir/a.sock" -j monitor ${2:+"$2"}; }
# saw NAME FILTER: an event for which the filter gives something true
saw() { jq -se "[.[] | select($2)] | length > 0" "$dir/$1.log"; }

# total NAME N: seen events of 10.0.0.0/8 and lost ones are as many as that, at least
total() {
	jq -se "map(if .event == \"lost\" then .events elif (.prefix // \"\" | startswith(\"10.\")) then 1 else 0 end) | add >= $2" "$dir/$1.log"
}

godwit a a
watch all
watch neighbors neighbor
watch ribs rib
watch fibs fib
sleep 0.5
say "a neighbour comes up"
godwit b b
expect 20 session a b
expect 5 saw all '.event == "neighbor" and .neighbor == "b" and .to == "Established" and .error == null'
say "a route comes and goes"
ctl b network add 192.0.2.0/24 >/dev/null || fail "$stage"
expect 10 saw all '.event == "rib" and .prefix == "192.0.2.0/24" and .path.neighbor.name == "b" and .path.best and .path.aspath == "65002"'
expect 5 saw all '.event == "fib" and .prefix == "192.0.2.0/24" and .route.nexthops[0].via == "10.99.1.2"'
ctl b network delete 192.0.2.0/24 >/dev/null || fail "$stage"
expect 10 saw all '.event == "rib" and .prefix == "192.0.2.0/24" and .path == null'
expect 5 saw all '.event == "fib" and .prefix == "192.0.2.0/24" and .route == null'
say "each has its own kind only"
ctl a neighbor b down >/dev/null || fail "$stage"
expect 5 saw neighbors '.from == "Established" and .to == "Idle" and (.error | test("Administrative Shutdown"))'
expect 5 saw ribs '.path == null'
expect 5 saw fibs '.route == null'
for kind in neighbor rib fib; do
	jq -se "map(.event == \"$kind\") | all" "$dir/${kind}s.log" >/dev/null || fail "$stage: $kind"
done
ctl a monitor routes 2>/dev/null && fail "$stage: it took a kind that there is not"

say "a reader that stops loses events, and is told how many; the others do not notice"
ctl a neighbor b up >/dev/null || fail "$stage"
expect 20 session a b
kill -STOP "${pids[ribs]}"
: >"$dir/fibs.log"
for round in $(seq 1 8); do
	networks=$(for i in $(seq 0 2499); do echo "{prefix: 10.$((i / 256)).$((i % 256)).0/24, med: $round}"; done | paste -sd,)
	sed -i '/^networks:/d' "$dir/b.yaml"
	echo "networks: [$networks]" >>"$dir/b.yaml"
	ctl b reload >/dev/null || fail "$stage"
	expect 20 best a 10.9.195.0/24 ".med == $round"
done
# Whatever has not come is counted. On a busy machine changes that wait become one, but not most of them.
expect 20 total all 10000
kill -CONT "${pids[ribs]}"
expect 10 saw ribs '.event == "lost" and .events > 0'
expect 20 total ribs 10000
say "and goes on with what comes next"
ctl b network add 192.0.2.0/24 >/dev/null || fail "$stage"
expect 10 saw ribs '.prefix == "192.0.2.0/24" and .path.neighbor.name == "b" and .path.med == null'
say "a client that leaves is forgotten, and the daemon stops while others watch"
for name in ribs fibs neighbors; do
	stop "$name"
done
clean_stop b
clean_stop a
within 5 no alive all || fail "$stage: the last one stays"
