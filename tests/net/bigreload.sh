#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Reloads over a large table: import and export policies change while sessions stand and are
# judged anew from what is kept, without a word to the neighbour that sent the routes; and
# many networks of our own come, change and go, also on a condition; aggregates come over all of the
# table and go; and a neighbour changes to ADD-PATH. How long the loop was held up by each is
# printed (`bgpctl show memory`).
. "$(dirname "$0")/../lib.sh"
need_godwit
need python3
routes=${ROUTES:-100000}
networks=${NETWORKS:-20000}
ns a p r
link a p 1
link a r 3
in_ns a ip address add 10.99.2.1/24 dev to-p
in_ns p ip address add 10.99.2.2/24 dev to-a

# config IMPORT EXPORT [NETWORKS [MED]]: policies of the sender and of the sink, and how many networks; with
# $aggregates, on the condition $while, and $receiver as further settings of the one that takes several paths
aggregates='' while='' receiver=''
config() {
	{
		cat <<-EOT
			router: {as: 65000, id: 10.99.1.1}
			kernel: {export: [reject]}
			neighbors:
			  - {address: 10.99.2.2, name: sender, remote-as: 65001, passive: true, import: [$1], export: [reject]}
			  - {address: 10.99.1.2, name: sink, remote-as: 65002, passive: true, import: [accept], export: [$2]}
			  - {address: 10.99.3.2, name: receiver, remote-as: 65003, passive: true, idle-hold-time: {initial: 0, max: 1},
			     import: [accept], export: [accept]$receiver}
			aggregates: [$aggregates]
			prefix-sets: {low: [0.0.0.0/1 le 32]}
			policies:
			  mark: [{set: {add-communities: ["65000:1"]}, action: accept}]
			  low: [{match: {prefix-set: low}, action: accept}]
			  prepend: [{set: {prepend: [65000]}, action: accept}]
		EOT
		[ "${3:-0}" -eq 0 ] || python3 - "$3" "${4:-0}" "$while" <<-'EOT'
			import ipaddress, sys
			print("networks:")
			for i in range(int(sys.argv[1])):
			    print("  - {prefix: %s/32, med: %s%s}" % (ipaddress.ip_address("100.64.0.0") + i, *sys.argv[2:]))
		EOT
	} >"$dir/a.new"
	mv "$dir/a.new" "$dir/a.yaml"
}
count() { # FILTER...: paths of the sender's that fulfil it
	ctl a -j show rib from 10.99.2.2 "$@" | grep -c '^{"prefix"'
}
# The longest turn of the loop since the last call, for people: a machine that is busy with something else lengthens it.
turn() { echo "  longest turn of the loop: $(ctl a -j show memory | jq -r '"\(.loop_stall_max_us) us, \(.loop_stall_where)"')"; }
# change WHAT CONFIG...: the daemon has the new configuration, and has nothing more to say to the sink
change() {
	say "$1"
	shift
	config "$@"
	ctl a show memory >/dev/null
	ctl a reload >"$dir/reload.out" 2>&1 || fail "$stage: $(cat "$dir/reload.out")"
	echo "  applied"
	expect 60 quiet
	turn
}
sender_heard() { ctl a -j show neighbor sender | jq -c '.neighbors[0].stats.message.sent | [.open, .update, .route_refresh]'; }
updates() { ctl a -j show neighbor sink | jq '.neighbors[0].stats.message.sent.update'; }
quiet() { # the sink's count of UPDATEs stands still for a second
	local n
	n=$(updates)
	sleep 1
	[ "$(updates)" = "$n" ]
}
sent() { ask a ".neighbors[0].stats.prefixes.sent == $1" show neighbor sink; }
took() { ask r ".neighbors[0].stats.prefixes.received == $1" show neighbor a; }

cat >"$dir/r.yaml" <<-EOT
	router: {as: 65003, id: 10.99.3.2}
	kernel: {export: [reject]}
	neighbors: [{address: 10.99.3.1, name: a, remote-as: 65000, connect-retry-time: 1, idle-hold-time: {initial: 0, max: 1},
	  add-path: {receive: true}, import: [accept], export: [reject]}]
EOT
config accept accept
godwit a a
godwit r r
expect 20 session r a
traffic peer p 10.99.2.2,10.99.2.1 10.99.1.2,10.99.1.1 "$routes"
traffic_go peer "$routes" >/dev/null
heard=$(sender_heard)
turn

change "import policy adds a community to $routes routes" mark accept
[ "$(count community 65000:1)" -eq "$routes" ] || fail "$stage"
change "import policy looks at the prefix, and refuses half" low accept
low=$(count best)
[ "$low" -lt "$routes" ] && [ "$(count community 65000:1)" -eq 0 ] || fail "$stage: $low left"
[ "$(count rejected)" -eq $((routes - low)) ] || fail "$stage: $(count rejected) are rejected"
expect 10 sent "$low"
change "import policy as at first" accept accept
[ "$(count best)" -eq "$routes" ] || fail "$stage"
expect 10 sent "$routes"
change "export policy prepends" accept prepend
[ "$(ctl a -j show rib out sink as-path '^65000 65000' | grep -c '^{"prefix"')" -eq "$routes" ] || fail "$stage"
for n in 1 2; do
	change "$networks networks come or change" accept prepend "$networks" $n
	[ "$(ctl a -j show rib | grep -c "\"med\":$n,.*\"source\":\"static\"\|\"source\":\"static\".*\"med\":$n,")" -eq "$networks" ] || fail "$stage"
	expect 10 sent $((routes + networks))
done
change "nothing changes" accept prepend "$networks" 2
change "they go" accept prepend
ask a ".rib.ipv4_paths == $routes" show summary >/dev/null || fail "$stage"
expect 10 sent "$routes"
expect 60 took "$routes"
while=', while: {interface: lo}'
change "$networks networks come that are announced while an interface is up" accept prepend "$networks"
expect 20 sent $((routes + networks))
while=', while: {interface: none}'
change "it is another interface, which is not there" accept prepend "$networks"
expect 20 sent "$routes"
change "they go" accept prepend
aggregates='{prefix: 0.0.0.0/0}, {prefix: 0.0.0.0/1, summary-only: true}, {prefix: 128.0.0.0/1, summary-only: true}'
change "aggregates come that hide everything else" accept prepend
expect 60 sent 3
expect 60 took 3
aggregates='{prefix: 0.0.0.0/0}'
change "one of them stays, and hides nothing" accept prepend
expect 60 sent $((routes + 1))
aggregates=''
change "that goes, too" accept prepend
expect 60 sent "$routes"
expect 60 took "$routes"
receiver=', add-path: {send: all}'
change "a neighbour is sent all paths, for which its session has to begin anew" accept prepend
expect 60 took "$routes"
[ "$(ctl r -j show rib from 10.99.3.1 | grep -c '"path_id":[0-9]')" -eq "$routes" ] || fail "$stage: not all have a path id"
[ "$(sender_heard)" = "$heard" ] || fail "the sender was told something: $(sender_heard) after $heard"
exec 3>&-
clean_stop r
clean_stop a
