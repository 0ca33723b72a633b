#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Nexthop objects of the whole daemon as ip(8) sees them: a reload that turns them off and on,
# and an earlier run's objects and routes after a kill, also where the kernel names only
# the object in a dump (net.ipv4.nexthop_compat_mode=0).
. "$(dirname "$0")/../lib.sh"
need_godwit
ns r p
link r p 1
in_ns r ip nexthop show >/dev/null 2>&1 || skip "the kernel has no nexthop objects"

r_conf() { # auto|off
	cat >"$dir/r.yaml" <<-EOT
		router: {as: 65001, id: 10.0.0.1}
		kernel: {nexthop-objects: $1}
		neighbors:
		  - {address: 10.99.1.2, name: p, remote-as: 65002, import: [accept], export: [accept],
		     families: [ipv4-unicast, ipv6-unicast], connect-retry-time: 1, idle-hold-time: {initial: 1, max: 2}}
	EOT
}
r_conf auto
{
	cat <<-EOT
		router: {as: 65002, id: 10.0.0.2}
		neighbors:
		  - {address: 10.99.1.1, name: r, remote-as: 65001, import: [accept], export: [accept],
		     families: [ipv4-unicast, ipv6-unicast], connect-retry-time: 1, idle-hold-time: {initial: 1, max: 2}}
		networks:
		  - {prefix: "2001:db8:b::/48"}
	EOT
	for i in {0..99}; do echo "  - {prefix: 198.18.$i.0/24}"; done
} >"$dir/p.yaml"

nexthops() { in_ns r ip nexthop show | grep 'proto bgp'; }
routes() { in_ns r ip -4 route show proto bgp; }
installed() { # ROUTES NEXTHOPS: so many routes, all of them with an object or none of them, and so many objects
	[ "$(routes | grep -c .)" -eq "$1" ] && [ "$(nexthops | grep -c .)" -eq "$2" ] &&
		[ "$(routes | grep -c nhid)" -eq $((($2 > 0) * $1)) ]
}

say "objects from the start"
godwit r r
godwit p p
expect 20 session r p
expect 10 installed 100 2

say "a reload turns them off and on, and no route is missing meanwhile"
start monitor r stdbuf -oL ip monitor route
marked() {
	in_ns r ip route add blackhole 192.0.2.128/25
	in_ns r ip route delete blackhole 192.0.2.128/25
	grep -q '^Deleted blackhole 192.0.2.128/25' "$dir/monitor.log"
}
expect 10 marked
declare -A objects=([off]=0 [auto]=2)
for use in off auto off auto; do
	r_conf $use
	ctl r reload || fail "$stage"
	expect 10 installed 100 "${objects[$use]}"
done
grep '^Deleted' "$dir/monitor.log" | grep -qv 192.0.2.128/25 && fail "$stage: $(cat "$dir/monitor.log")"
session r p >/dev/null || fail "a change of the kernel section has ended the session"

again() { # kills the daemon and starts it: the same objects, and no route that was deleted
	before=$(nexthops)
	stop r KILL 2>/dev/null
	installed 100 2 || fail "$stage: the kill has taken something along"
	expect 20 no session p r
	in_ns r ip nexthop add id $(((186 << 20) + 999)) via 10.99.1.2 dev to-p proto bgp
	in_ns r ip route add 203.0.113.0/24 nhid $(((186 << 20) + 999)) proto bgp metric 20
	godwit r r
	expect 20 session r p
	expect 20 no_kernel r 203.0.113.0/24
	expect 20 installed 100 2
	[ "$(nexthops)" = "$before" ] || fail "$stage: $before became $(nexthops)"
	grep '^Deleted' "$dir/monitor.log" | grep -v 192.0.2.128/25 | grep -qv 203.0.113.0/24 &&
		fail "$stage: $(cat "$dir/monitor.log")"
}

say "killed and started again: the objects are taken over, a leftover is swept"
again

say "the same where a dump names only the object"
in_ns r sysctl -qw net.ipv4.nexthop_compat_mode=0
again
in_ns r sysctl -qw net.ipv4.nexthop_compat_mode=1

say "killed with objects, started without them"
stop r KILL 2>/dev/null
r_conf off
godwit r r
expect 20 session r p
expect 20 installed 100 0

say "an orderly stop leaves nothing"
r_conf auto
ctl r reload || fail "$stage"
expect 10 installed 100 2
stop r || fail "bgpd ended with an error"
installed 0 0 || fail "$stage: $(routes; nexthops)"
