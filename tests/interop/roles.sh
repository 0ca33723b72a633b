#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Roles and OTC (RFC 9234) with BIRD, FRR and OpenBGPD: as their provider we mark what they get, as their customer we find what
# they marked and pass none of it on to another provider; what a customer leaks is refused, and so are roles that do not match.
. "$(dirname "$0")/../lib.sh"
peers=$(dirname "$0")/peers
. "$peers/bird2.sh"
. "$peers/frr.sh"
. "$peers/openbgpd.sh"
need_godwit
# shellcheck disable=SC2086
need $bird2_programs $frr_programs $openbgpd_programs
ns hub ours bird frr obgp
lan hub ours bird frr obgp
# Each has 10.99.0.N, is AS 6500N and announces 10.65.N.0/24.
our_config() { # ROLE
	cat >"$dir/ours.yaml" <<-EOT
		router: {as: 65001, id: 10.99.0.1}
		groups: {all: {import: [accept], export: [accept], role: $1, connect-retry-time: 1, idle-hold-time: {initial: 1, max: 1}}}
		neighbors:
		  - {address: 10.99.0.2, name: bird, group: all, remote-as: 65002}
		  - {address: 10.99.0.3, name: frr, group: all, remote-as: 65003}
		  - {address: 10.99.0.4, name: obgp, group: all, remote-as: 65004}
		networks: [{prefix: 10.65.1.0/24, blackhole: true}]
	EOT
}
bird_config() { # "local role ROLE;" ATTRIBUTES
	cat >"$dir/bird.conf" <<-EOT
		log stderr all; router id 10.99.0.2;
		protocol device { scan time 1; }
		protocol static { ipv4; route 10.65.2.0/24 blackhole { $2 }; }
		protocol bgp ours {
			local 10.99.0.2 as 65002; neighbor 10.99.0.1 as 65001; $1
			connect delay time 1; connect retry time 1; error wait time 1, 1;
			ipv4 { import all; export where source = RTS_STATIC; };
		}
	EOT
}
start_peers() { # ROLE
	bird_config "local role $1;" ""
	bird2_run bird
	cat >"$dir/frr.bgpd.conf" <<-EOT
		router bgp 65003
		 bgp router-id 10.99.0.3
		 no bgp ebgp-requires-policy
		 no bgp network import-check
		 neighbor 10.99.0.1 remote-as 65001
		 neighbor 10.99.0.1 local-role $1
		 neighbor 10.99.0.1 timers connect 1
		 neighbor 10.99.0.1 advertisement-interval 0
		 address-family ipv4 unicast
		  network 10.65.3.0/24
	EOT
	frr_run frr
	openbgpd_chroot
	cat >"$dir/obgp.obgpd.conf" <<-EOT
		AS 65004
		router-id 10.99.0.4
		fib-update no
		connect-retry 1
		socket "$dir/obgp.obgp"
		listen on 10.99.0.4
		network 10.65.4.0/24
		neighbor 10.99.0.1 {
			remote-as 65001
			local-address 10.99.0.4
			announce policy $1
		}
		allow from any
		allow to any
	EOT
	chmod 600 "$dir/obgp.obgpd.conf"
	start obgp obgp /usr/sbin/bgpd -d -f "$dir/obgp.obgpd.conf"
	within 10 openbgpd_ctl obgp show || fail "OpenBGPD does not answer"
}
stop_peers() {
	bird2_stop bird
	frr_stop frr
	stop obgp
}
# up ROLE: all sessions are, and the peers have that role
up() {
	ask ours "[.neighbors[] | select(.state == \"Established\" and .capabilities.received.role == \"$1\")] | length == 3" \
		show neighbor
}
# otc DAEMON PREFIX: the value that it has for the prefix, or nothing
otc() {
	case $1 in
	bird) bird2_ctl bird show route "$2" all primary | sed -n 's/.*BGP.otc: *//p' ;;
	frr) frr_ctl frr "show bgp ipv4 unicast $2" | sed -n 's/.*otc \([0-9]*\).*/\1/p' ;;
	obgp) openbgpd_ctl obgp show rib detail "$2" | sed -n 's/.*OTC[^0-9]*\([0-9]*\).*/\1/p' ;;
	esac
}
marked() { # DAEMON PREFIX VALUE
	local got
	got=$(otc "$1" "$2")
	echo "$1 has $2 with OTC '$got'"
	[ "$got" = "$3" ]
}
said() { ask ours ".neighbors[0].last_error // \"\" | test(\"Role Mismatch\")" show neighbor "$1"; }

say "we are their provider: they get our routes and each other's, with our mark"
our_config provider
godwit ours ours
start_peers customer
expect 30 up customer
for peer in bird frr obgp; do
	expect 10 marked $peer 10.65.1.0/24 65001
done
expect 10 marked bird 10.65.3.0/24 65001
expect 10 marked frr 10.65.4.0/24 65001
expect 10 marked obgp 10.65.2.0/24 65001
say "a customer without a role that sends what another provider marked leaks it"
bird_config "" "bgp_otc = 64999;"
bird2_ctl bird configure >/dev/null
leak() { ask ours '[.rib[] | [.reason, .reject]] | tostring | test("route-leak")' show rib in bird 10.65.2.0/24; }
expect 20 leak
best ours 10.65.2.0/24 >/dev/null && fail "$stage: it is used"
say "a role that is not ours' counterpart is refused"
bird_config "local role provider;" ""
bird2_ctl bird configure >/dev/null
expect 20 said bird
session ours bird >/dev/null && fail "$stage"
ctl ours -j show neighbor frr | jq -e '.neighbors[0].state == "Established"' >/dev/null || fail "$stage: FRR's session too"
stop_peers
stop ours || fail "bgpd ended with an error"

say "they are our providers: their mark is found, and nothing goes from one to the other"
our_config customer
godwit ours ours
start_peers provider
expect 30 up provider
for n in 2 3 4; do
	expect 10 best ours 10.65.$n.0/24
done
for peer in bird frr obgp; do
	case $peer in bird) others="3 4" ;; frr) others="2 4" ;; *) others="2 3" ;; esac
	expect 10 ask ours '.rib | map(.prefix) == ["10.65.1.0/24"]' show rib out $peer
	for n in $others; do
		ask ours 'tostring | test("route-leak")' show rib why 10.65.$n.0/24 >/dev/null || fail "$stage: 10.65.$n.0/24"
	done
done
stop_peers
stop ours || fail "bgpd ended with an error"
