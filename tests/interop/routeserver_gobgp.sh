#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Route servers (RFC 7947) with GoBGP: it is a client of ours, beside one of our own, and then the server of two of ours.
# BIRD, FRR and OpenBGPD are in routeserver.sh.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/peers/gobgp.sh"
need_godwit
# shellcheck disable=SC2086
need $gobgp_programs
ns hub server g c d
lan hub server g c d
# Each has 10.99.0.N; the server is AS 65001, whoever it is, GoBGP 65002, c 65003 and d 65004.
timers="connect-retry-time: 1, idle-hold-time: {initial: 1, max: 1}, import: [accept], export: [accept]"
cat >"$dir/server.yaml" <<-EOT
	router: {as: 65001, id: 10.99.0.1}
	groups: {clients: {route-server-client: true, $timers}}
	neighbors:
	  - {address: 10.99.0.2, name: g, remote-as: 65002, group: clients}
	  - {address: 10.99.0.3, name: c, remote-as: 65003, group: clients}
EOT
client() { # NAME N
	cat >"$dir/$1.yaml" <<-EOT
		router: {as: 6500$2, id: 10.99.0.$2}
		neighbors: [{address: 10.99.0.1, name: server, remote-as: 65001, enforce-first-as: false, $timers}]
		networks: [{prefix: 10.65.$2.0/24, blackhole: true, med: $2$2, communities: ["65001:7"]}]
	EOT
	godwit "$1" "$1"
}
gobgp_run() { # NAME AS N KEYS NEIGHBOUR-N,AS...
	local peer
	{
		printf '[global.config]\n  as = %s\n  router-id = "10.99.0.%s"\n' "$2" "$3"
		for peer in "${@:5}"; do
			cat <<-EOT
				[[neighbors]]
				  [neighbors.config]
				    neighbor-address = "10.99.0.${peer%,*}"
				    peer-as = ${peer#*,}
				  [neighbors.timers.config]
				    connect-retry = 1
				    idle-hold-time-after-reset = 1
				$4
			EOT
		done
	} >"$dir/$1.toml"
	start "$1-gobgp" "$1" gobgpd -t toml -f "$dir/$1.toml" --api-hosts 127.0.0.1:50051 --pprof-disable
	within 10 gobgp_ctl "$1" neighbor || fail "gobgpd does not answer"
}
# g_has PREFIX FILTER: the one path there as {path, hop, med}
g_has() {
	gobgp_ctl g -j global rib "$1" | jq -e "[.[]?[]? | .attrs | {path: [.[] | select(.type == 2).as_paths[]?.asns[]],
		hop: [.[] | select(.type == 3).nexthop][0], med: [.[] | select(.type == 4).metric][0]}] | length == 1 and (.[0] | $2)"
}
say "ours is the server: the clients see each other's path, next hop and MED"
godwit server server
client c 3
gobgp_run g 65002 2 "" 1,65001
gobgp_ctl g global rib add 10.65.2.0/24 nexthop 10.99.0.2 med 22 || fail "$stage: gobgp"
expect 30 session server g
expect 30 session server c
expect 10 g_has 10.65.3.0/24 '.path == [65003] and .hop == "10.99.0.3" and .med == 33'
expect 10 best c 10.65.2.0/24 '.aspath == "65002" and .exit_nexthop == "10.99.0.2" and .med == 22'
expect 10 kernel c 10.65.2.0/24 'via 10.99.0.2'
gobgp_ctl g global rib del 10.65.2.0/24 || fail "$stage: gobgp"
expect 10 absent c 10.65.2.0/24
stop g-gobgp
stop server || fail "bgpd ended with an error"

say "GoBGP is the server of two of ours"
gobgp_run server 65001 1 "  [neighbors.route-server.config]
    route-server-client = true" 3,65003 4,65004
client d 4
expect 30 session c server
expect 30 session d server
expect 10 best c 10.65.4.0/24 '.aspath == "65004" and .exit_nexthop == "10.99.0.4" and .med == 44 and .communities == ["65001:7"]'
expect 10 best d 10.65.3.0/24 '.aspath == "65003" and .exit_nexthop == "10.99.0.3" and .med == 33'
expect 10 kernel d 10.65.3.0/24 'via 10.99.0.3'
stop c || fail "bgpd ended with an error"
expect 10 absent d 10.65.3.0/24
stop d || fail "bgpd ended with an error"
