#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A route server (RFC 7947) on a LAN. Ours has BIRD, FRR and OpenBGPD as clients: each sees
# the others' routes as if they had a session with each other, and sends packets straight to
# them. Then ours is a client of BIRD's (`rs client`), and takes paths without its AS.
. "$(dirname "$0")/../lib.sh"
peers=$(dirname "$0")/peers
. "$peers/bird2.sh"
. "$peers/frr.sh"
. "$peers/openbgpd.sh"
need_godwit
# shellcheck disable=SC2086
need $bird2_programs $frr_programs $openbgpd_programs
ns hub rs bird frr open server c
lan hub rs bird frr open server c
cat >"$dir/rs.yaml" <<-EOT
	router: {as: 65000, id: 10.99.0.1}
	groups:
	  clients: {route-server-client: true, import: [accept], export: [accept], connect-retry-time: 1,
	            idle-hold-time: {initial: 1, max: 1}}
	neighbors:
	  - {address: 10.99.0.2, name: bird, group: clients, remote-as: 65002}
	  - {address: 10.99.0.3, name: frr, group: clients, remote-as: 65003}
	  - {address: 10.99.0.4, name: open, group: clients, remote-as: 65004}
	networks: [{prefix: 192.0.2.0/24, blackhole: true}]
EOT
cat >"$dir/bird.conf" <<-EOT
	log stderr all; router id 10.99.0.2;
	protocol device { scan time 1; }
	protocol static own { ipv4; route 10.65.2.0/24 blackhole; }
	protocol bgp srv {
		local 10.99.0.2 as 65002; neighbor 10.99.0.1 as 65000; enforce first as off;
		connect delay time 1; connect retry time 1; error wait time 1, 1; graceful restart off;
		ipv4 {
			import all;
			export filter { if proto != "own" then reject; bgp_med = 22; bgp_community.add((65535,65281)); accept; };
		};
	}
EOT
cat >"$dir/frr.bgpd.conf" <<-EOT
	route-map med permit 10
	 set metric 33
	router bgp 65003
	 bgp router-id 10.99.0.3
	 no bgp ebgp-requires-policy
	 no bgp network import-check
	 neighbor 10.99.0.1 remote-as 65000
	 neighbor 10.99.0.1 timers connect 1
	 neighbor 10.99.0.1 advertisement-interval 0
	 no neighbor 10.99.0.1 enforce-first-as
	 neighbor 10.99.0.5 remote-as 65005
	 neighbor 10.99.0.5 timers connect 1
	 neighbor 10.99.0.5 advertisement-interval 0
	 no neighbor 10.99.0.5 enforce-first-as
	 network 10.65.3.0/24 route-map med
EOT
cat >"$dir/open.obgpd.conf" <<-EOT
	AS 65004
	router-id 10.99.0.4
	fib-update no
	connect-retry 2
	socket "$dir/open.obgp"
	network 10.65.4.0/24 set metric 44
	neighbor 10.99.0.1 {
		remote-as 65000
		local-address 10.99.0.4
		announce IPv4 unicast
		enforce neighbor-as no
	}
	allow from any
	allow to any
EOT
chmod 600 "$dir/open.obgpd.conf"
cat >"$dir/server.conf" <<-EOT
	log stderr all; router id 10.99.0.5;
	protocol device { scan time 1; }
	template bgp served {
		local 10.99.0.5 as 65005; rs client;
		connect delay time 1; connect retry time 1; error wait time 1, 1; graceful restart off;
		ipv4 { import all; export all; };
	}
	protocol bgp frr from served { neighbor 10.99.0.3 as 65003; }
	protocol bgp c from served { neighbor 10.99.0.6 as 65006; }
EOT
client_config() { # KEYS
	cat >"$dir/c.yaml" <<-EOT
		router: {as: 65006, id: 10.99.0.6}
		neighbors:
		  - {address: 10.99.0.5, name: server, remote-as: 65005, import: [accept], export: [accept],
		     connect-retry-time: 1, idle-hold-time: {initial: 1, max: 1}$1}
		networks: [{prefix: 10.65.6.0/24, blackhole: true}]
	EOT
}
client_config ", enforce-first-as: false"
bird2_run bird
frr_run frr
openbgpd_chroot
start open open /usr/sbin/bgpd -d -f "$dir/open.obgpd.conf"
bird2_run server
godwit rs rs
godwit c c
for client in bird frr open; do
	expect 40 session rs $client
done
expect 30 session c server
bird_has() { [ "$(bird2_ctl bird show route "$1" all primary | sed -n "s/.*BGP.$2: //p")" = "$3" ]; }
frr_has() { frr_ctl frr "show bgp ipv4 unicast $1 json" | jq -e ".paths[0] | $2" >/dev/null; }
open_has() { openbgpd_ctl open -j show rib detail "$1" | jq -e ".rib[0] | $2" >/dev/null; }

say "the clients see each other's path, next hop and MED"
expect 15 bird_has 10.65.3.0/24 as_path 65003
bird_has 10.65.3.0/24 next_hop 10.99.0.3 || fail "$stage: next hop at BIRD"
bird_has 10.65.3.0/24 med 33 || fail "$stage: MED at BIRD"
expect 15 bird_has 10.65.4.0/24 as_path 65004
expect 15 frr_has 10.65.4.0/24 '.aspath.string == "65004" and .nexthops[0].ip == "10.99.0.4" and .metric == 44 and .valid'
expect 15 open_has 10.65.3.0/24 '.aspath == "65003" and .exit_nexthop == "10.99.0.3" and .metric == 33'
say "what one says with NO_EXPORT is for the others"
expect 15 frr_has 10.65.2.0/24 '.aspath.string == "65002" and .metric == 22 and .community.string == "no-export"'
expect 15 open_has 10.65.2.0/24 '.aspath == "65002"'
say "the server's own route has its AS and its address"
expect 15 bird_has 192.0.2.0/24 as_path 65000
bird_has 192.0.2.0/24 next_hop 10.99.0.1 || fail "$stage: next hop at BIRD"
say "a route that goes away"
frr_ctl frr 'configure terminal' 'router bgp 65003' 'no network 10.65.3.0/24 route-map med' >/dev/null || fail "$stage"
gone() { no bird_has 10.65.3.0/24 as_path 65003 && no open_has 10.65.3.0/24 '.aspath == "65003"'; }
expect 15 gone
frr_ctl frr 'configure terminal' 'router bgp 65003' 'network 10.65.3.0/24 route-map med' >/dev/null || fail "$stage"
expect 15 bird_has 10.65.3.0/24 as_path 65003

say "ours as the client of BIRD's route server"
expect 15 best c 10.65.3.0/24 '.aspath == "65003" and .exit_nexthop == "10.99.0.3" and .med == 33'
expect 15 frr_has 10.65.6.0/24 '.aspath.string == "65006" and .nexthops[0].ip == "10.99.0.6"'
say "enforcing the first AS, by reload, its routes are not taken"
client_config ""
ctl c reload >/dev/null || fail "$stage: reload"
expect 15 absent c 10.65.3.0/24
client_config ", enforce-first-as: false"
ctl c reload >/dev/null || fail "$stage: reload"
expect 15 best c 10.65.3.0/24 '.aspath == "65003"'
stop c || fail "bgpd ended with an error"
stop rs || fail "bgpd ended with an error"
