#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# GoBGP and OpenBGPD as dynamic neighbours of ours, with the MD5 key of the prefix (RFC 2385) and without it; and ours as a
# dynamic neighbour of each of them. BIRD and FRR are in dynamic.sh.
. "$(dirname "$0")/../lib.sh"
peers=$(dirname "$0")/peers
. "$peers/gobgp.sh"
. "$peers/openbgpd.sh"
need_godwit
# shellcheck disable=SC2086
need $gobgp_programs $openbgpd_programs
ns bridge a g o
lan bridge a g o
net_a=198.51.100.0/24 net_g=203.0.113.0/24 net_o=192.0.2.0/24

gobgp() { # LINES
	cat >"$dir/g.toml" <<-EOT
		[global.config]
		  as = 65002
		  router-id = "10.99.0.2"
		$1
	EOT
	start g g gobgpd -t toml -f "$dir/g.toml" --api-hosts 127.0.0.1:50051 --pprof-disable
	within 10 gobgp_ctl g neighbor || fail "gobgpd does not answer"
	gobgp_ctl g global rib add $net_g nexthop 10.99.0.2 || fail "$stage: gobgp"
}
gobgp_dials() { # PASSWORD
	gobgp "[[neighbors]]
	  [neighbors.config]
	    neighbor-address = \"10.99.0.1\"
	    peer-as = 65001
	    auth-password = \"$1\"
	  [neighbors.timers.config]
	    connect-retry = 1
	    idle-hold-time-after-reset = 1"
}
openbgpd() { # NEIGHBOUR PASSWORD [LINE]
	cat >"$dir/o.obgpd.conf" <<-EOT
		AS 65003
		router-id 10.99.0.3
		fib-update no
		connect-retry 1
		socket "$dir/o.obgp"
		listen on 10.99.0.3
		network $net_o
		neighbor $1 {
			remote-as 65001
			local-address 10.99.0.3
			${2:+tcp md5sig password $2}
			${3:-}
		}
		allow from any
		allow to any
	EOT
	chmod 600 "$dir/o.obgpd.conf"
	start o o /usr/sbin/bgpd -d -f "$dir/o.obgpd.conf"
	within 10 openbgpd_ctl o show || fail "OpenBGPD does not answer"
}
openbgpd_chroot
g_has() { gobgp_ctl g -j global rib "$1" | jq -e '[.[]?[]?] | length == 1'; }
o_has() { openbgpd_ctl o -j show rib detail "$1" | jq -e "[.rib[]? | select(.aspath == \"$2\")] | length == 1"; }

say "GoBGP and OpenBGPD come by our prefix"
cat >"$dir/a.yaml" <<-EOT
	router: {as: 65001, id: 10.99.0.1}
	neighbors:
	  - {prefix: 10.99.0.0/24, remote-as: external, import: [accept], export: [accept], password: carrot}
	networks: [{prefix: $net_a, blackhole: true}]
EOT
godwit a a
gobgp_dials carrot
openbgpd 10.99.0.1 carrot
expect 40 session a 10.99.0.2
expect 40 session a 10.99.0.3
expect 20 best a "$net_g" '.aspath == "65002" and .neighbor.name == "10.99.0.2"'
expect 20 best a "$net_o" '.aspath == "65003" and .neighbor.name == "10.99.0.3"'
expect 20 kernel a "$net_o" 'via 10.99.0.3'
expect 20 g_has "$net_o"
expect 20 o_has "$net_g" '65001 65002'
expect 20 o_has "$net_a" 65001
say "they go with their sessions"
stop g
expect 10 ask a '[.neighbors[].name] == ["10.99.0.3"]' show neighbor
expect 10 absent a "$net_g"
stop o
expect 10 ask a '.neighbors == [] and .ranges[0].neighbors == 0' show neighbor
say "with another key, or none, nobody comes in"
gobgp_dials parsnip
openbgpd 10.99.0.1 ""
holds 5 ask a '.neighbors == []' show neighbor
stop g
stop o
clean_stop a

# With a key, neither answers: GoBGP 3.10 and the portable OpenBGPD 7.7 set none for a prefix.
say "we come by theirs"
cat >"$dir/a.yaml" <<-EOT
	router: {as: 65001, id: 10.99.0.1, listen: []}
	groups:
	  all: {import: [accept], export: [accept], connect-retry-time: 1, idle-hold-time: {initial: 1, max: 1}}
	neighbors:
	  - {address: 10.99.0.2, remote-as: 65002, group: all}
	  - {address: 10.99.0.3, remote-as: 65003, group: all}
	networks: [{prefix: $net_a, blackhole: true}]
EOT
gobgp '[[peer-groups]]
  [peer-groups.config]
    peer-group-name = "all"
    peer-as = 65001
  [[peer-groups.afi-safis]]
    [peer-groups.afi-safis.config]
      afi-safi-name = "ipv4-unicast"
[[dynamic-neighbors]]
  [dynamic-neighbors.config]
    prefix = "10.99.0.0/24"
    peer-group = "all"'
openbgpd 10.99.0.0/24 ""
godwit a a
expect 40 session a 10.99.0.2
expect 40 session a 10.99.0.3
expect 20 g_has "$net_o"
expect 20 o_has "$net_g" '65001 65002'
stop g
stop o
clean_stop a
