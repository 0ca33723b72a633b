#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Two bgpd on one host, each with a table: two neighbours announce the same prefix with
# the same attributes, and packets take the one or the other as `ip rule` says. What one
# daemon does to its table, also its stop and its restart, does not touch the other's routes
# or nexthop objects. For tables of one bgpd see tables.sh.
. "$(dirname "$0")/../lib.sh"
need_godwit
ns a b c
link a b 1
link a c 2
config() { # NAME NUMBER AS ROUTER NEIGHBOR [REST]
	cat >"$dir/$1.yaml" <<-EOT
		router: {as: $3, id: 10.0.0.$2, $4}
		neighbors:
		  - {$5, import: [accept], export: [accept], connect-retry-time: 1, idle-hold-time: {initial: 1, max: 2},
		     graceful-restart: {enabled: false}}
		${6:-}
	EOT
}
config first 1 65001 'listen: [{address: 10.99.1.1}]' 'address: 10.99.1.2, name: b, remote-as: 65002'
config second 1 65001 'listen: [{address: 10.99.2.1}]' 'address: 10.99.2.2, name: c, remote-as: 65003' \
	'kernel: {table: 100, protocol: 187}'
config b 2 65002 'hold-time: 9' 'address: 10.99.1.1, name: a, remote-as: 65001' 'networks: [{prefix: 203.0.113.0/24}]'
config c 3 65003 'hold-time: 9' 'address: 10.99.2.1, name: a, remote-as: 65001' 'networks: [{prefix: 203.0.113.0/24}]'
godwit first a
godwit second a
godwit b b
godwit c c
expect 20 session first b
expect 20 session second c

# way TABLE NEXT-HOP: where a packet goes that a rule sends to this table
way() {
	in_ns a ip rule add fwmark "$1" lookup "$1" priority 50
	local out
	out=$(in_ns a ip route get 203.0.113.9 mark "$1" 2>&1)
	in_ns a ip rule del fwmark "$1" lookup "$1" priority 50
	echo "$out"
	case $out in *"via $2 "*) ;; *) return 1 ;; esac
}
objects() { in_ns a ip nexthop list proto "$1"; }
say "each has its own route in its own table"
expect 10 way 254 10.99.1.2
expect 10 way 100 10.99.2.2
[ "$(in_ns a ip -N route show table all 203.0.113.0/24 | grep -c 'proto 18[67]')" -eq 2 ] || fail "$stage"

say "the one stops and comes back, and the other does not notice"
was=$(objects 187; in_ns a ip -N route show table 100 proto 187)
clean_stop first
expect 10 no way 254 10.99.1.2
way 100 10.99.2.2 >/dev/null || fail "$stage"
godwit first a
expect 20 way 254 10.99.1.2
[ "$(objects 187; in_ns a ip -N route show table 100 proto 187)" = "$was" ] || fail "$stage"
kill -KILL "${pids[first]}"
wait "${pids[first]}" 2>/dev/null
godwit first a
expect 20 session first b
expect 20 way 254 10.99.1.2
[ "$(objects 187; in_ns a ip -N route show table 100 proto 187)" = "$was" ] || fail "$stage"

say "a withdrawal is one table's business"
stop c || fail "bgpd ended with an error"
expect 20 no way 100 10.99.2.2
way 254 10.99.1.2 >/dev/null || fail "$stage"
