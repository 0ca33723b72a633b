#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Both families over one session of either, with BIRD and with FRR: the next hops that
# each end makes of it (RFC 4760, 2545, 8950), looked at in both kernels; and what GoBGP
# and OpenBGPD, which write none, have of it.
. "$(dirname "$0")/../lib.sh"
peers=$(dirname "$0")/peers
. "$peers/bird2.sh"
. "$peers/frr.sh"
. "$peers/gobgp.sh"
. "$peers/openbgpd.sh"
need_godwit
# shellcheck disable=SC2086
need $bird2_programs $frr_programs $gobgp_programs $openbgpd_programs
ns a b
link a b 1
net4_a=198.51.100.0/24 net6_a=2001:db8:a::/48
net4_b=203.0.113.0/24 net6_b=2001:db8:b::/48

ours() { # NEIGHBOUR
	cat >"$dir/a.yaml" <<-EOT
		router: {as: 65001, id: 10.99.1.1}
		neighbors:
		  - {address: "$1", name: b, remote-as: 65002, import: [accept], export: [accept],
		     families: [ipv4-unicast, ipv6-unicast], connect-retry-time: 1, idle-hold-time: {initial: 1, max: 1}}
		networks: [{prefix: $net4_a, blackhole: true}, {prefix: "$net6_a", blackhole: true}]
	EOT
	godwit a a
}
# BIRD uses a link-local address only where there is no global one: $bird2_route is its way to that.
bird2_route=""
bird2() { # LOCAL NEIGHBOUR EXTENDED-NEXTHOP (on or off)
	cat >"$dir/b.conf" <<-EOT
		router id 10.99.1.2;
		protocol device { scan time 1; }
		protocol kernel { ipv4 { export where source = RTS_BGP; }; }
		protocol kernel { ipv6 { export where source = RTS_BGP; }; }
		protocol static { ipv4; route $net4_b blackhole; }
		protocol static { ipv6; route $net6_b blackhole; }
		protocol static way { ipv6; $bird2_route }
		protocol bgp a {
			local $1 as 65002;
			neighbor $2 as 65001;
			connect delay time 1; connect retry time 1; error wait time 1, 1; graceful restart off;
			ipv4 { import all; export where source = RTS_STATIC; extended next hop $3; };
			ipv6 { import all; export where proto = "static2"; ${bird2_route:+gateway recursive;} };
		}
	EOT
	bird2_run b
}
frr() { # LOCAL NEIGHBOUR EXTENDED-NEXTHOP
	local no=""
	[ "$3" = on ] || no=no
	cat >"$dir/b.bgpd.conf" <<-EOT
		router bgp 65002
		 bgp router-id 10.99.1.2
		 no bgp ebgp-requires-policy
		 no bgp network import-check
		 neighbor $2 remote-as 65001
		 neighbor $2 timers connect 1
		 neighbor $2 update-source $1
		 neighbor $2 advertisement-interval 0
		 $no neighbor $2 capability extended-nexthop
		 address-family ipv4 unicast
		  network $net4_b
		  neighbor $2 activate
		 exit-address-family
		 address-family ipv6 unicast
		  network $net6_b
		  neighbor $2 activate
		 exit-address-family
	EOT
	frr_run b
}
gobgp() { # LOCAL NEIGHBOUR
	cat >"$dir/b.toml" <<-EOT
		[global.config]
		  as = 65002
		  router-id = "10.99.1.2"
		[[neighbors]]
		  [neighbors.config]
		    neighbor-address = "$2"
		    peer-as = 65001
		  [neighbors.transport.config]
		    local-address = "$1"
		  [neighbors.timers.config]
		    connect-retry = 1
		    idle-hold-time-after-reset = 1
		  [[neighbors.afi-safis]]
		    [neighbors.afi-safis.config]
		      afi-safi-name = "ipv4-unicast"
		  [[neighbors.afi-safis]]
		    [neighbors.afi-safis.config]
		      afi-safi-name = "ipv6-unicast"
	EOT
	start b b gobgpd -t toml -f "$dir/b.toml" --api-hosts 127.0.0.1:50051 --pprof-disable
	within 10 gobgp_ctl b neighbor || fail "gobgpd does not answer"
	gobgp_ctl b global rib add -a ipv4 $net4_b nexthop 10.99.1.2 && gobgp_ctl b global rib add -a ipv6 $net6_b nexthop fd99:1::2
}
gobgp_has() { # PREFIX NEXTHOP
	gobgp_ctl b global rib -a "$(gobgp_family "$1")" "$1" | grep "$1 .*$2 .*65001"
}
# Of the family that is not the session's the portable version knows no address of its own and sends none.
openbgpd() { # LOCAL NEIGHBOUR
	cat >"$dir/b.obgpd.conf" <<-EOT
		AS 65002
		router-id 10.99.1.2
		fib-update no
		connect-retry 1
		socket "$dir/b.obgp"
		listen on $1
		network $net4_b
		network $net6_b
		neighbor $2 {
			remote-as 65001
			local-address $1
			announce IPv4 unicast
			announce IPv6 unicast
		}
		allow from any
		allow to any
	EOT
	chmod 600 "$dir/b.obgpd.conf"
	openbgpd_chroot
	start b b /usr/sbin/bgpd -d -f "$dir/b.obgpd.conf"
	within 10 openbgpd_ctl b show || fail "OpenBGPD does not answer"
}
openbgpd_has() { openbgpd_ctl b -j show rib "$1" | jq -e ".rib[] | .aspath == \"65001\" and .exit_nexthop == \"$2\""; }
stop_both() {
	stop a || fail "bgpd ended with an error"
	if [ "$peer" = frr ]; then frr_stop b; else bird2_stop b; fi
	rm -f "$dir"/a.log
}

for peer in bird2 frr; do
	say "$peer, IPv4 session: IPv6 next hops are those of the link"
	$peer 10.99.1.2 10.99.1.1 off
	ours 10.99.1.2
	expect 30 session a b
	expect 10 kernel a $net4_b 'via 10.99.1.2'
	expect 10 kernel a $net6_b 'via fd99:1::2'
	expect 10 kernel b $net4_a 'via 10.99.1.1'
	expect 10 kernel b $net6_a 'via f'
	best a $net6_b '.exit_nexthop == "fd99:1::2"' >/dev/null || fail "$stage"
	stop_both

	say "$peer, IPv6 session without RFC 8950: IPv4 next hops are those of the link"
	$peer fd99:1::2 fd99:1::1 off
	ours fd99:1::2
	expect 30 session a b
	expect 10 kernel a $net4_b 'via 10.99.1.2'
	expect 10 kernel a $net6_b 'via fd99:1::2'
	expect 10 kernel b $net4_a 'via 10.99.1.1'
	expect 10 kernel b $net6_a 'via f'
	ask a '.rib[0].exit_nexthop == "10.99.1.1"' show rib out b $net4_a >/dev/null || fail "$stage"
	stop_both

	say "$peer, IPv6 session with RFC 8950 on a link without IPv4"
	in_ns a ip -4 address flush dev to-b
	in_ns b ip -4 address flush dev to-a
	$peer fd99:1::2 fd99:1::1 on
	ours fd99:1::2
	expect 30 session a b
	expect 10 kernel a $net4_b 'via inet6 fd99:1::2'
	expect 10 kernel a $net6_b 'via fd99:1::2'
	expect 10 kernel b $net4_a 'via inet6 f'
	expect 10 kernel b $net6_a 'via f'
	ask a '.rib[0].exit_nexthop == "fd99:1::1"' show rib out b $net4_a >/dev/null || fail "$stage"
	say "... a withdrawal, and back"
	ctl a network add 100.64.0.0/24 || fail "$stage"
	expect 10 kernel b 100.64.0.0/24 'via inet6'
	ctl a network delete 100.64.0.0/24 || fail "$stage"
	expect 10 no_kernel b 100.64.0.0/24
	stop_both
	in_ns a ip address add 10.99.1.1/24 dev to-b
	in_ns b ip address add 10.99.1.2/24 dev to-a

	say "$peer, IPv4 session, no IPv6 address of ours: IPv6 routes are not announced, and the log says so once"
	in_ns a ip address delete fd99:1::1/64 dev to-b
	$peer 10.99.1.2 10.99.1.1 off
	ours 10.99.1.2
	expect 30 session a b
	expect 10 kernel b $net4_a 'via 10.99.1.1'
	expect 10 ask a '[.neighbors[0].stats.prefixes.sent] == [1]' show neighbor b
	no_kernel b $net6_a >/dev/null || fail "$stage"
	[ "$(grep -c 'neighbor.next_hop.*family=ipv6-unicast' "$dir/a.log")" -eq 1 ] || fail "$stage"
	stop_both

	say "$peer, the same with an address on the loopback: that one, with the link-local one behind it (RFC 2545 3)"
	in_ns a ip address add fd00:aa::1/128 dev lo
	link_local=$(in_ns a ip -6 -j address show dev to-b scope link | jq -r '.[0].addr_info[0].local')
	bird2_route="route fd00:aa::1/128 via $link_local%'to-a';"
	$peer 10.99.1.2 10.99.1.1 off
	ours 10.99.1.2
	expect 30 session a b
	expect 10 kernel b $net6_a 'via fe80:' 'dev to-a'
	ask a '.rib[0].exit_nexthop == "fd00:aa::1"' show rib out b $net6_a >/dev/null || fail "$stage"
	no grep -q neighbor.next_hop "$dir/a.log" || fail "$stage"
	stop_both
	bird2_route=""
	in_ns a ip address delete fd00:aa::1/128 dev lo
	in_ns a ip address add fd99:1::1/64 dev to-b nodad
done

say "FRR without a global address sends its link-local one: on the link of the session"
in_ns b ip address delete fd99:1::2/64 dev to-a
frr 10.99.1.2 10.99.1.1 off
ours 10.99.1.2
expect 30 session a b
expect 10 kernel a $net6_b 'via fe80:' 'dev to-b'
stop_both
in_ns b ip address add fd99:1::2/64 dev to-a nodad

for peer in gobgp openbgpd; do
	for ends in "10.99.1.2 10.99.1.1" "fd99:1::2 fd99:1::1"; do
		say "$peer, both families over a session to ${ends#* }"
		# shellcheck disable=SC2086
		$peer $ends
		ours "${ends% *}"
		expect 60 session a b
		case "$peer $ends" in "openbgpd fd"*) ;; *) expect 10 kernel a $net4_b 'via 10.99.1.2' ;; esac
		case "$peer $ends" in "openbgpd 10"*) ;; *) expect 10 kernel a $net6_b 'via fd99:1::2' ;; esac
		# GoBGP has RFC 8950 over IPv6 without being asked.
		hop=10.99.1.1
		[ "$peer $ends" != "gobgp fd99:1::2 fd99:1::1" ] || hop=fd99:1::1
		expect 10 ${peer}_has $net4_a $hop
		expect 10 ${peer}_has $net6_a fd99:1::1
		session a b >/dev/null || fail "$stage"
		stop_both
	done
done
