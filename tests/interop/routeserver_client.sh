#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Ours as the client of a route server (RFC 7947), which is FRR and then OpenBGPD: it takes paths without the server's AS, with
# the next hop and MED of the other client, once it does not enforce the first AS. BIRD and GoBGP as servers are in
# routeserver.sh and routeserver_gobgp.sh.
. "$(dirname "$0")/../lib.sh"
peers=$(dirname "$0")/peers
. "$peers/frr.sh"
. "$peers/openbgpd.sh"
need_godwit
# shellcheck disable=SC2086
need $frr_programs $openbgpd_programs
ns hub server c d
lan hub server c d
# Each has 10.99.0.N and is AS 6500N.
client_config() { # NAME N KEYS
	cat >"$dir/$1.yaml" <<-EOT
		router: {as: 6500$2, id: 10.99.0.$2}
		neighbors:
		  - {address: 10.99.0.1, name: server, remote-as: 65001, import: [accept], export: [accept],
		     connect-retry-time: 1, idle-hold-time: {initial: 1, max: 1}$3}
		networks: [{prefix: 10.65.$2.0/24, blackhole: true, med: $2$2, communities: ["65001:7"]}]
	EOT
}
# served: what both see of each other, by whatever server
served() {
	expect 40 session c server
	expect 40 session d server
	expect 15 best c 10.65.3.0/24 '.aspath == "65003" and .exit_nexthop == "10.99.0.3" and .med == 33 and .communities == ["65001:7"]'
	expect 15 best d 10.65.2.0/24 '.aspath == "65002" and .exit_nexthop == "10.99.0.2" and .med == 22'
	expect 10 kernel c 10.65.3.0/24 'via 10.99.0.3'
}
client_config c 2 ", enforce-first-as: false"
client_config d 3 ", enforce-first-as: false"
godwit c c
godwit d d

say "FRR is the server"
cat >"$dir/server.bgpd.conf" <<-EOT
	router bgp 65001
	 bgp router-id 10.99.0.1
	 no bgp ebgp-requires-policy
	 neighbor 10.99.0.2 remote-as 65002
	 neighbor 10.99.0.2 timers connect 1
	 neighbor 10.99.0.2 advertisement-interval 0
	 neighbor 10.99.0.3 remote-as 65003
	 neighbor 10.99.0.3 timers connect 1
	 neighbor 10.99.0.3 advertisement-interval 0
	 address-family ipv4 unicast
	  neighbor 10.99.0.2 route-server-client
	  neighbor 10.99.0.3 route-server-client
	 exit-address-family
EOT
frr_run server
served
say "enforcing the first AS, by reload, its routes are not taken"
client_config c 2 ""
ctl c reload >/dev/null || fail "$stage: reload"
expect 15 absent c 10.65.3.0/24
client_config c 2 ", enforce-first-as: false"
ctl c reload >/dev/null || fail "$stage: reload"
expect 15 best c 10.65.3.0/24 '.aspath == "65003"'
frr_stop server
expect 10 absent c 10.65.3.0/24

say "OpenBGPD is the server"
cat >"$dir/server.obgpd.conf" <<-EOT
	AS 65001
	router-id 10.99.0.1
	fib-update no
	connect-retry 1
	socket "$dir/server.obgp"
	transparent-as yes
	group "clients" {
		announce IPv4 unicast
		neighbor 10.99.0.2 { remote-as 65002 }
		neighbor 10.99.0.3 { remote-as 65003 }
	}
	allow from any
	allow to any
EOT
chmod 600 "$dir/server.obgpd.conf"
openbgpd_chroot
start server server /usr/sbin/bgpd -d -f "$dir/server.obgpd.conf"
served
clean_stop d
expect 10 absent c 10.65.3.0/24
clean_stop c
