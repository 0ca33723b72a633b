#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Graceful restart (RFC 4724) with OpenBGPD, which helps: ours is killed and starts again, and meanwhile OpenBGPD keeps what
# it had of it and passes it on; what the next one does not announce goes with its End-of-RIB. BIRD and FRR are in graceful.sh.
# And enhanced route refresh (RFC 7313), which it has to be told to use.
. "$(dirname "$0")/../lib.sh"
peers=$(dirname "$0")/peers
. "$peers/openbgpd.sh"
need_godwit
# shellcheck disable=SC2086
need $openbgpd_programs
ns a o c
link a o 1
link o c 2 # another of ours, which sees whether OpenBGPD has withdrawn anything
config() { # NETWORKS
	cat >"$dir/a.yaml" <<-EOT
		router: {as: 65001, id: 10.99.1.1, graceful-restart: {restart-time: 60}}
		neighbors:
		  - {address: 10.99.1.2, name: o, remote-as: 65002, import: [accept], export: [accept], connect-retry-time: 1,
		     idle-hold-time: {initial: 1, max: 1}}
		networks: [$1]
	EOT
}
config "{prefix: 192.0.2.0/24, blackhole: true}, {prefix: 192.0.3.0/24, blackhole: true}"
cat >"$dir/c.yaml" <<-EOT
	router: {as: 65003, id: 10.99.2.2}
	neighbors:
	  - {address: 10.99.2.1, name: o, remote-as: 65002, import: [accept], export: [accept], connect-retry-time: 1,
	     idle-hold-time: {initial: 1, max: 1}}
EOT
# It waits for ours (passive): where it dials while ours is gone, the OPEN of that attempt stays in its buffer and goes out
# before the one of the next session, which a second OPEN ends.
cat >"$dir/o.obgpd.conf" <<-EOT
	AS 65002
	router-id 10.99.1.2
	fib-update no
	connect-retry 1
	socket "$dir/o.obgp"
	network 10.65.2.0/24
	neighbor 10.99.1.1 {
		remote-as 65001
		local-address 10.99.1.2
		passive
		announce restart yes
		announce IPv4 unicast
		announce enhanced refresh yes
	}
	neighbor 10.99.2.2 {
		remote-as 65003
		local-address 10.99.2.1
	}
	allow from any
	allow to any
EOT
chmod 600 "$dir/o.obgpd.conf"
openbgpd_chroot
start o o /usr/sbin/bgpd -d -f "$dir/o.obgpd.conf"
godwit a a
godwit c c
expect 30 session a o
expect 30 session c o
has() { openbgpd_ctl o -j show rib detail "$1" | jq -e '[.rib[]?] | length == 1'; }
gone() { openbgpd_ctl o -j show rib detail "$1" | jq -e '[.rib[]?] == []'; }
expect 10 has 192.0.2.0/24
expect 10 best c 192.0.3.0/24
expect 10 kernel a 10.65.2.0/24 'via 10.99.1.2'

# What we ask it does not answer: 7.7 takes every family of a refresh for one that was not negotiated
# (openbgpd-portable, issue 46).
say "enhanced route refresh: it asks, BoRR and EoRR go, and nothing is lost"
ask a '.neighbors[0].capabilities.negotiated.enhanced_route_refresh' show neighbor o >/dev/null ||
	fail "$stage: $(ctl a -j show neighbor o | jq -c '.neighbors[0].capabilities')"
refreshes() { ctl a -j show neighbor o | jq ".neighbors[0].stats.message.sent.route_refresh"; }
sent() { [ "$(refreshes)" -eq "$1" ]; }
before=$(refreshes)
openbgpd_ctl o neighbor 10.99.1.1 refresh || fail "$stage"
expect 10 sent $((before + 2))
holds 1 has 192.0.2.0/24

say "ours is killed: OpenBGPD keeps its routes, and ours are in the kernel"
stop a KILL 2>/dev/null
expect 10 grep -q 'graceful restart of IPv4 unicast, keeping routes' "$dir/o.log"
holds 2 has 192.0.2.0/24
has 192.0.3.0/24 >/dev/null || fail "$stage"
kernel a 10.65.2.0/24 'via 10.99.1.2' >/dev/null || fail "$stage: kernel"
say "it starts again with one network less: that one goes, nobody has heard of the other"
config "{prefix: 192.0.2.0/24, blackhole: true}"
godwit a a
holds 3 best c 192.0.2.0/24
expect 30 session a o
expect 20 gone 192.0.3.0/24
expect 10 absent c 192.0.3.0/24
has 192.0.2.0/24 >/dev/null || fail "$stage"
best c 192.0.2.0/24 >/dev/null || fail "$stage"
expect 10 best a 10.65.2.0/24 '.stale | not'
kernel a 10.65.2.0/24 'via 10.99.1.2' >/dev/null || fail "$stage: kernel"

clean_stop a
clean_stop c
