#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a neighbour's settings do, and that a reload makes them do it: shutdown, passive,
# timers, policies.
. "$(dirname "$0")/../lib.sh"
need_godwit
ns a b
link a b 1

config() { # NAME AS ADDRESS PEER-AS [MORE...]: one neighbour, with more settings of it
	local name=$1 as=$2 address=$3 remote=$4
	shift 4
	cat >"$dir/$name.yaml" <<-EOT
		router: {as: $as, id: 10.0.0.$as}
		neighbors:
		  - address: $address
		    name: peer
		    remote-as: $remote
		    connect-retry-time: 1
		    idle-hold-time: {initial: ${idle_hold:-1}, max: 30}
		    import: [accept]
		    export: [accept]
		$(for setting in "$@"; do echo "    $setting"; done)
		networks:
		  - {prefix: 198.51.$as.0/24}
	EOT
}
reload() { # as config, and a reload
	config "$@"
	ctl "$1" reload || fail "$stage"
}
state_is() { session "$1" peer "$2"; }
last_error() { ask "$1" ".neighbors[0].last_error | test(\"$2\")" show neighbor peer; }

say "two neighbours that are both passive wait; when a reload makes one active it connects"
config a 1 10.99.1.2 2 "passive: true"
config b 2 10.99.1.1 1 "passive: true"
godwit a a
godwit b b
expect 10 state_is a Active
expect 10 state_is b Active
holds 3 state_is a Active
reload a 1 10.99.1.2 2
expect 20 state_is a Established

say "shutdown in the configuration ends the session, and nothing starts it again"
reload a 1 10.99.1.2 2 "shutdown: true"
expect 10 last_error b 'Administrative Shutdown'
expect 10 state_is a Idle
holds 4 state_is a Idle
reload a 1 10.99.1.2 2 "shutdown: true" "description: still down"
holds 3 state_is a Idle
reload a 1 10.99.1.2 2
expect 20 state_is a Established

say "also while it waits in Idle after an error"
reload b 2 10.99.1.1 1 "shutdown: true"
idle_hold=4 reload a 1 10.99.1.2 2
expect 10 state_is b Idle
ctl a neighbor peer clear || fail "$stage"
idle_hold=4 reload a 1 10.99.1.2 2 "shutdown: true"
holds 6 state_is a Idle

say "neighbor down by command outlives a reload"
reload a 1 10.99.1.2 2
reload b 2 10.99.1.1 1
expect 20 state_is a Established
ctl a neighbor peer down || fail "$stage"
reload a 1 10.99.1.2 2 "description: changed"
holds 3 state_is a Idle
ctl a neighbor peer up || fail "$stage"
expect 20 state_is a Established

say "keepalive-time: more often than a third of the hold time"
reload a 1 10.99.1.2 2 "hold-time: 30" "keepalive-time: 1"
ctl a neighbor peer clear || fail "$stage"
expect 20 ask a '.neighbors[0] | .state == "Established" and .hold_time_s == 30 and .keepalive_s == 1' show neighbor peer
keepalives() { ctl b -j show neighbor peer | jq '.neighbors[0].stats.message.received.keepalive'; }
before=$(keepalives)
# RFC 4271 10: every 0.75 to 1 s
enough() { [ "$(keepalives)" -ge $((before + 4)) ]; }
expect 8 enough

say "and never later than a third of the negotiated hold time, RFC 4271 4.4"
reload a 1 10.99.1.2 2 "hold-time: 90" "keepalive-time: 40"
reload b 2 10.99.1.1 1 "hold-time: 6"
ctl a neighbor peer clear || fail "$stage"
expect 20 ask a '.neighbors[0] | .state == "Established" and .hold_time_s == 6 and .keepalive_s == 2' show neighbor peer
holds 8 state_is a Established

say "hold time 0: no keepalives, and the session stays"
reload b 2 10.99.1.1 1 "hold-time: 0"
ctl a neighbor peer clear || fail "$stage"
expect 20 ask a '.neighbors[0] | .state == "Established" and .hold_time_s == 0 and .keepalive_s == 0' show neighbor peer
before=$(keepalives)
none() { [ "$(keepalives)" -eq "$before" ]; }
holds 3 none

say "no policy towards an external neighbour: nothing in, nothing out, and that is said (RFC 8212)"
ask a '.neighbors[0] | .import_policy == "accept" and .export_policy == "accept"' show neighbor peer >/dev/null || fail "$stage"
expect 10 best b 198.51.1.0/24
sed -i '/import:/d; s/export: .*/export: []/' "$dir/a.yaml"
ctl a reload || fail "$stage"
expect 10 ask a '.neighbors[0] | .import_policy == "none (RFC 8212)" and .export_policy == "reject"' show neighbor peer
expect 10 absent b 198.51.1.0/24
expect 10 ask a '[.rib[] | select(.reason == "no-policy")] | length == 1' show rib in peer 198.51.2.0/24
sed -i '/export:/d' "$dir/a.yaml"
ctl a reload || fail "$stage"
ctl a neighbor peer clear || fail "$stage"
expect 20 state_is a Established
ctl a show neighbor peer | grep -q '^export_policy: none (RFC 8212)$' || fail "$stage"
grep 'neighbor.no_policy neighbor=peer' "$dir/a.log" | tail -1 | grep -q 'import=none export=none' || fail "$stage"
expect 10 absent b 198.51.1.0/24

stop b || fail "bgpd ended with an error"
stop a || fail "bgpd ended with an error"
