#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Reloads that meet something: what a neighbour is changes while its routes are remembered
# or still being swept, and reloads come ten a second. What is not concerned does not
# notice, and in the end everybody has exactly the routes of the last configuration.
# With $brief memory is not looked at: sanitizers keep back what is freed.
. "$(dirname "$0")/../lib.sh"
need_godwit
need python3
routes=${ROUTES:-100000}
ns a b c s
link a b 1
link a c 2
link b s 3
in_ns a ip address add 10.99.1.9/24 dev to-b
in_ns b ip address add 10.99.1.5/24 dev to-a
in_ns c ip route add 10.99.1.0/24 via 10.99.2.1
in_ns s ip address add 10.99.3.3/24 dev to-b

# a is between b and c. Settings of a: of the router, of its neighbour b, of all the rest.
config_a() { # ROUTER B [MORE...]
	local router=$1 b=$2
	shift 2
	cat >"$dir/a.new" <<-EOT
		router: {as: 64512, $router}
		kernel: {export: [reject]}
		groups:
		  all: {connect-retry-time: 1, idle-hold-time: {initial: 0, max: 1}, import: [accept], export: [accept]}
		  other: {remote-as: 65000, import: [accept], export: [accept]}
		neighbors:
		  - {name: b, group: all, $b}
		  - {name: c, group: all, address: 10.99.2.2, remote-as: internal}
	EOT
	[ $# -eq 0 ] || printf '  - %s\n' "$@" >>"$dir/a.new"
	mv "$dir/a.new" "$dir/a.yaml"
}
config_b() { # ROUTER NEIGHBOUR...
	local router=$1
	shift
	cat >"$dir/b.yaml" <<-EOT
		router: {$router}
		kernel: {export: [reject]}
		networks: [{prefix: 203.0.113.0/24}]
		groups: {all: {connect-retry-time: 1, idle-hold-time: {initial: 0, max: 1}, import: [accept], export: [accept]}}
		neighbors:
	EOT
	printf '  - %s\n' "$@" >>"$dir/b.yaml"
}
cat >"$dir/c.yaml" <<-EOT
	router: {as: 64512, id: 10.99.2.2}
	kernel: {export: [reject]}
	neighbors: [{address: 10.99.2.1, remote-as: internal, connect-retry-time: 1, idle-hold-time: {initial: 0, max: 1}}]
EOT
reload() { ctl "$1" reload >"$dir/reload.out" 2>&1 || fail "$stage: $(cat "$dir/reload.out")"; }
net=203.0.113.0/24

say "a route of an iBGP neighbour is not passed on to another"
config_a 'id: 10.99.1.1' 'address: 10.99.1.2, remote-as: internal'
config_b 'as: 64512, id: 10.0.0.2' '{address: 10.99.1.1, group: all, remote-as: internal}'
godwit a a
godwit b b
godwit c c
expect 20 best a $net
expect 20 session a c
holds 1 absent c $net
say "it becomes a client of the reflector: the same attributes of the same neighbour go on now (RFC 4456)"
config_a 'id: 10.99.1.1' 'address: 10.99.1.2, remote-as: internal, route-reflector-client: true'
reload a
expect 20 best c $net '.originator_id == "10.0.0.2" and .cluster_list == ["10.99.1.1"]'
say "it comes back with another identifier: ORIGINATOR_ID is the new one"
config_b 'as: 64512, id: 10.0.0.3' '{address: 10.99.1.1, group: all, remote-as: internal}'
reload b
expect 20 best c $net '.originator_id == "10.0.0.3"'
say "the reflector's own identifier changes: so does its cluster id"
config_a 'id: 10.99.1.8' 'address: 10.99.1.2, remote-as: internal, route-reflector-client: true'
reload a
expect 20 best c $net '.originator_id == "10.0.0.3" and .cluster_list == ["10.99.1.8"]'
say "the neighbour of that name gets another address"
config_a 'id: 10.99.1.8' 'address: 10.99.1.5, remote-as: internal, route-reflector-client: true'
reload a
expect 20 ask a '.neighbors[0] | .remote_addr == "10.99.1.5" and .state == "Established"' show neighbor b
expect 20 best c $net

say "$routes routes come from beyond b"
config_a 'id: 10.99.1.1' 'address: 10.99.1.2, remote-as: 64513'
s1='{address: 10.99.3.2, group: all, remote-as: 65001, passive: true, export: [reject]}'
s2='{address: 10.99.3.3, group: all, remote-as: 65002, passive: true}'
config_b 'as: 64513, id: 10.0.0.3' '{address: 10.99.1.1, group: all, remote-as: 64512}' "$s1" "$s2"
reload a
reload b
traffic peer s 10.99.3.2,10.99.3.1 10.99.3.3,10.99.3.1 "$routes" 64513
echo "go send=sender:all" >&3
all() { ask "$1" ".rib.ipv4_prefixes == $((routes + 1)) and .rib.ipv4_paths == $((routes + 1))" show summary; }
expect 60 all b
expect 60 all a
expect 60 all c
path_of() { ask c "[.rib[] | select(.aspath | startswith(\"$1 \") | not)] | length == 1" show rib from 10.99.2.1; }

# In each case the paths of the session before are still being swept when the new session comes up.
say "source changes under them"
config_b 'as: 64513, id: 10.0.0.3' '{address: 10.99.1.1, group: all, remote-as: 64512}' \
	'{address: 10.99.1.9, group: all, remote-as: 64512, passive: true}' "$s1" "$s2"
reload b
config_a 'id: 10.99.1.1' 'address: 10.99.1.2, remote-as: 64513, source: 10.99.1.9'
reload a
expect 20 session b 10.99.1.9
expect 60 all a
expect 60 all c
say "remote-as changes under them"
config_b 'as: 64513, id: 10.0.0.3' '{address: 10.99.1.9, group: all, remote-as: 64512, local-as: 64514}' "$s1" "$s2"
config_a 'id: 10.99.1.1' 'address: 10.99.1.2, remote-as: 64514, source: 10.99.1.9'
reload b
reload a
expect 20 ask a '.neighbors[0] | .remote_as == 64514 and .state == "Established"' show neighbor b
expect 60 all a
expect 60 all c
expect 60 path_of 64514
say "local-as changes under them"
config_b 'as: 64513, id: 10.0.0.3' '{address: 10.99.1.9, group: all, remote-as: 64519, local-as: 64514}' "$s1" "$s2"
config_a 'id: 10.99.1.1' 'address: 10.99.1.2, remote-as: 64514, source: 10.99.1.9, local-as: 64519'
reload a
reload b
expect 20 session a b
expect 60 all a
expect 60 all c
say "the router's own identifier changes under them"
config_a 'id: 10.99.1.7' 'address: 10.99.1.2, remote-as: 64514, source: 10.99.1.9, local-as: 64519'
reload a
expect 20 session a b
expect 60 all a
expect 60 all c
expect 60 path_of 64514
say "an external neighbour becomes an internal one under them"
config_b 'as: 64513, id: 10.0.0.3' '{address: 10.99.1.9, group: all, remote-as: 64512, local-as: 64512}' "$s1" "$s2"
config_a 'id: 10.99.1.7' 'address: 10.99.1.2, remote-as: internal, source: 10.99.1.9'
reload b
reload a
expect 20 session a b
expect 60 all a
nothing() { ask c '.rib.ipv4_prefixes == 0' show summary; }
expect 60 nothing

say "ten reloads a second for ten seconds, with other neighbours that come, go and change"
config_b 'as: 64513, id: 10.0.0.3' '{address: 10.99.1.9, group: all, remote-as: 64512}' "$s1" "$s2"
config_a 'id: 10.99.1.7' 'address: 10.99.1.2, remote-as: 64513, source: 10.99.1.9'
reload b
reload a
expect 60 all a
expect 60 all c
opens() { ctl a -j show neighbor | jq -c '[.neighbors[] | select(.name == "b" or .name == "c") | .stats.message.received.open]'; }
rss_kb() { awk '/^VmRSS:/ { print $2 }' "/proc/${pids[a]}/status"; }
storm() { # RELOADS
	local i n others settings
	for i in $(seq 1 "$1"); do
		others=()
		for n in $(seq 1 20); do
			[ $((RANDOM % 4)) -gt 0 ] || continue
			settings=("hold-time: $((RANDOM % 90 + 3))" "description: $RANDOM" "remote-as: $((RANDOM + 1))" \
				"export: [reject]" "passive: true" "multihop: $((RANDOM % 60 + 2))")
			others+=("{address: 10.99.2.$((100 + n)), group: other, ${settings[RANDOM % 6]}}")
		done
		config_a 'id: 10.99.1.7' 'address: 10.99.1.2, remote-as: 64513, source: 10.99.1.9' \
			"${others[@]}"
		kill -HUP "${pids[a]}"
		sleep 0.1
	done
}
before=$(opens)
storm 20
warm=$(rss_kb)
storm 100
[ "$(opens)" = "$before" ] || fail "$stage: sessions were disturbed, $before OPENs before, $(opens) after"
[ -n "${brief:-}" ] || [ "$(rss_kb)" -le $((warm + 4096)) ] || fail "$stage: memory grew from $warm to $(rss_kb) kB"
echo "  resident: $warm kB after 20 reloads, $(rss_kb) kB after 100 more"
count=$(grep -c '^  - {address: 10.99.2.1' "$dir/a.yaml")
last() { ask a "[.neighbors[] | select(.name | startswith(\"10.99.2.1\"))] | length == $count" show neighbor; }
expect 10 last
[ "$(grep -c 'config.reload file=' "$dir/a.log")" -eq 0 ] || fail "$stage: a reload was refused"
all a >/dev/null && all c >/dev/null || fail "$stage: routes are missing"
exec 3>&-
clean_stop a
clean_stop c
