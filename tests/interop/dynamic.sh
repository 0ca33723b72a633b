#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# BIRD and FRR as dynamic neighbours of ours: both come from one subnet, with the MD5 key
# of the prefix (RFC 2385), and have each other's routes; and ours as a dynamic neighbour
# of each of them.
. "$(dirname "$0")/../lib.sh"
peers=$(dirname "$0")/peers
. "$peers/bird2.sh"
. "$peers/frr.sh"
need_godwit
# shellcheck disable=SC2086
need $bird2_programs $frr_programs
ns bridge a b f
lan bridge a b f
net_a=198.51.100.0/24 net_b=203.0.113.0/24 net_f=192.0.2.0/24

bird() { # NEIGHBOUR
	cat >"$dir/b.conf" <<-EOT
		router id 10.99.0.2;
		protocol device { scan time 1; }
		protocol kernel { ipv4 { export where source = RTS_BGP; }; }
		protocol static { ipv4; route $net_b blackhole; }
		protocol bgp a {
			local 10.99.0.2 as 65002;
			neighbor $1 as 65001;
			password "carrot";
			connect delay time 1; connect retry time 1; error wait time 1, 1; graceful restart off;
			ipv4 { import all; export all; };
		}
	EOT
	bird2_run b
}
frr() { # WHO: lines of the configuration
	cat >"$dir/f.bgpd.conf" <<-EOT
		router bgp 65003
		 bgp router-id 10.99.0.3
		 bgp graceful-restart-disable
		 no bgp ebgp-requires-policy
		 no bgp network import-check
		$1
		 address-family ipv4 unicast
		  network $net_f
		 exit-address-family
	EOT
	frr_run f
}

say "BIRD and FRR come by our prefix"
cat >"$dir/a.yaml" <<-EOT
	router: {as: 65001, id: 10.99.0.1}
	neighbors:
	  - {prefix: 10.99.0.0/24, remote-as: external, import: [accept], export: [accept], password: carrot}
	networks: [{prefix: $net_a}]
EOT
godwit a a
bird 10.99.0.1
frr " neighbor 10.99.0.1 remote-as 65001
 neighbor 10.99.0.1 password carrot
 neighbor 10.99.0.1 timers connect 1"
expect 30 session a 10.99.0.2
expect 30 session a 10.99.0.3
expect 20 best a "$net_b" '.aspath == "65002" and .neighbor.name == "10.99.0.2"'
expect 20 best a "$net_f" '.aspath == "65003"'
expect 20 kernel b "$net_f" 'via 10.99.0.3'
expect 20 kernel b "$net_a" 'via 10.99.0.1'
expect 20 kernel f "$net_b" 'via 10.99.0.2'
bird2_stop b
expect 10 no_kernel f "$net_b"
expect 10 ask a '[.neighbors[].name] == ["10.99.0.3"]' show neighbor
frr_stop f
expect 10 ask a '.neighbors == [] and .ranges[0].neighbors == 0' show neighbor
clean_stop a

say "we come by theirs"
cat >"$dir/a.yaml" <<-EOT
	router: {as: 65001, id: 10.99.0.1, listen: []}
	groups:
	  all: {import: [accept], export: [accept], connect-retry-time: 1, idle-hold-time: {initial: 1, max: 1}, password: carrot}
	neighbors:
	  - {address: 10.99.0.2, remote-as: 65002, group: all}
	  - {address: 10.99.0.3, remote-as: 65003, group: all}
	networks: [{prefix: $net_a}]
EOT
bird 'range 10.99.0.0/24'
frr " neighbor all peer-group
 neighbor all remote-as external
 neighbor all password carrot
 bgp listen range 10.99.0.0/24 peer-group all"
godwit a a
expect 30 session a 10.99.0.2
expect 30 session a 10.99.0.3
expect 20 kernel b "$net_f" 'via 10.99.0.3'
expect 20 kernel f "$net_b" 'via 10.99.0.2'
bird2_stop b
frr_stop f
clean_stop a
