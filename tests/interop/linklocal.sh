#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A link-local address with its interface (fe80::2%eth0) as the neighbour, with FRR
# (`neighbor fe80::1 interface eth0`) and BIRD (`neighbor fe80::1%eth0`): the sessions, routes
# of both families with link-local next hops in the kernels, traffic; a reload that leaves
# them; the links go down and come back.
. "$(dirname "$0")/../lib.sh"
peers=$(dirname "$0")/peers
. "$peers/frr.sh"
. "$peers/bird2.sh"
need_godwit
# shellcheck disable=SC2086
need ping $frr_programs $bird2_programs
ns a f b
n=0
for side in f b; do
	ip link add "eth$n" netns "$tag-a" type veth peer name eth0 netns "$tag-$side" || fail "no veth"
	for end in "a:eth$n:1" "$side:eth0:2"; do
		IFS=: read -r space name host <<<"$end"
		in_ns "$space" ip link set "$name" addrgenmode none
		in_ns "$space" ip link set "$name" up
		in_ns "$space" ip address add "fe80::$host/64" dev "$name" nodad
	done
	n=$((n + 1))
done
for side in a:1 f:2 b:3; do
	in_ns "${side%:*}" ip address add "198.51.${side#*:}.1/32" dev lo
	in_ns "${side%:*}" ip address add "2001:db8:${side#*:}::1/128" dev lo nodad
done
reach() { # NUMBER
	in_ns a ping -qc 1 -W 1 -I 198.51.1.1 "198.51.$1.1" && in_ns a ping -qc 1 -W 1 -I 2001:db8:1::1 "2001:db8:$1::1"
}
passed() { # NEIGHBOUR NAMESPACE NUMBER INTERFACE
	expect 40 session a "$1"
	ask a ".neighbors[0].remote_addr == \"fe80::2%$4\" and .neighbors[0].remote_as == 6500$3" show neighbor "$1" >/dev/null ||
		fail "$stage"
	expect 20 kernel a "198.51.$3.1/32" "via inet6 fe80::2 dev $4"
	expect 20 kernel a "2001:db8:$3::1/128" "via fe80::2 dev $4"
	expect 20 kernel "$2" 198.51.1.1/32 "via inet6 fe80::1 dev eth0"
	expect 20 kernel "$2" 2001:db8:1::1/128 "via fe80::1 dev eth0"
	expect 10 reach "$3"
}
config() { # DESCRIPTION
	cat >"$dir/a.yaml" <<-EOT
		router: {as: 65001, id: 10.0.0.1}
		groups:
		  all: {families: [ipv4-unicast, ipv6-unicast], import: [accept], export: [accept], connect-retry-time: 1,
		    idle-hold-time: {initial: 1, max: 1}, description: $1}
		neighbors:
		  - {address: "fe80::2%eth0", name: frr, remote-as: 65002, group: all}
		  - {address: "fe80::2%eth1", name: bird, remote-as: 65003, group: all}
		networks: [{prefix: 198.51.1.1/32}, {prefix: "2001:db8:1::1/128"}]
	EOT
}
config one
cat >"$dir/f.bgpd.conf" <<-EOT
	router bgp 65002
	 bgp router-id 10.0.0.2
	 bgp graceful-restart-disable
	 no bgp ebgp-requires-policy
	 no bgp network import-check
	 no bgp default ipv4-unicast
	 neighbor fe80::1 remote-as 65001
	 neighbor fe80::1 interface eth0
	 neighbor fe80::1 timers connect 1
	 neighbor fe80::1 advertisement-interval 0
	 neighbor fe80::1 capability extended-nexthop
	 address-family ipv4 unicast
	  network 198.51.2.1/32
	  neighbor fe80::1 activate
	 exit-address-family
	 address-family ipv6 unicast
	  network 2001:db8:2::1/128
	  neighbor fe80::1 activate
	 exit-address-family
EOT
cat >"$dir/b.conf" <<-EOT
	log stderr all; router id 10.0.0.3;
	protocol device { scan time 1; }
	protocol kernel kernel4 { ipv4 { export where source = RTS_BGP; }; }
	protocol kernel kernel6 { ipv6 { export where source = RTS_BGP; }; }
	protocol static own4 { ipv4; route 198.51.3.1/32 blackhole; }
	protocol static own6 { ipv6; route 2001:db8:3::1/128 blackhole; }
	protocol bgp a {
		local fe80::2 as 65003; neighbor fe80::1%eth0 as 65001;
		connect delay time 1; connect retry time 1; error wait time 1, 1; graceful restart off;
		ipv4 { import all; export all; extended next hop on; };
		ipv6 { import all; export all; };
	}
EOT

say "with FRR and BIRD, on a link each with the same addresses"
godwit a a
frr_run f
bird2_run b
passed frr f 2 eth0
passed bird b 3 eth1

say "a reload leaves the sessions"
config two
ctl a reload >/dev/null || fail "$stage"
holds 3 session a frr
session a bird >/dev/null || fail "$stage"
ask a '.neighbors[0].description == "two"' show neighbor frr >/dev/null || fail "$stage"
[ "$(grep -c 'neighbor.state .*to=Established' "$dir/a.log")" -eq 2 ] || fail "$stage"

for side in f:frr:eth0 b:bird:eth1; do
	IFS=: read -r space name interface <<<"$side"
	say "the link to $name goes down and comes back"
	in_ns "$space" ip link set eth0 down
	expect 10 no session a "$name"
	in_ns "$space" ip link set eth0 up
	in_ns "$space" ip address replace fe80::2/64 dev eth0 nodad
done
passed frr f 2 eth0
passed bird b 3 eth1
frr_stop f
bird2_stop b
clean_stop a
