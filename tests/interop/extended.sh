#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Extended messages (RFC 8654) and enhanced route refresh (RFC 7313) through ours: BIRD
# sends a route whose attributes are longer than 4,096 octets, FRR gets it whole, and
# OpenBGPD, which does not know extended messages, loses what it had.
. "$(dirname "$0")/../lib.sh"
peers=$(dirname "$0")/peers
. "$peers/bird2.sh"
. "$peers/frr.sh"
. "$peers/openbgpd.sh"
need_godwit
# shellcheck disable=SC2086
need $bird2_programs $frr_programs $openbgpd_programs
ns a bird frr obgp
link a bird 1
link a frr 2
link a obgp 3

cat >"$dir/a.yaml" <<-EOT
	router: {as: 65001, id: 10.99.1.1}
	groups:
	  all: {import: [accept], export: [accept], connect-retry-time: 1, idle-hold-time: {initial: 1, max: 1}}
	neighbors:
	  - {address: 10.99.1.2, name: bird, group: all, remote-as: 65002}
	  - {address: 10.99.2.2, name: frr, group: all, remote-as: 65003}
	  - {address: 10.99.3.2, name: obgp, group: all, remote-as: 65004}
EOT
bird() { # LARGE-COMMUNITIES
	cat <<-EOT
		log stderr all; router id 10.99.1.2;
		protocol device { scan time 1; }
		protocol static own { ipv4; route 203.0.113.0/24 blackhole; route 198.51.100.0/24 blackhole; }
		filter outgoing {
			if proto != "own" then reject;
			if net = 203.0.113.0/24 then {
				$(for n in $(seq 1 "$1"); do echo "bgp_large_community.add((65002, 1, $n));"; done)
			}
			accept;
		}
		protocol bgp a {
			local 10.99.1.2 as 65002; neighbor 10.99.1.1 as 65001; enable extended messages on;
			connect delay time 1; connect retry time 1; error wait time 1, 1; graceful restart off;
			ipv4 { import all; export filter outgoing; };
		}
	EOT
}
bird 1 >"$dir/bird.conf"
cat >"$dir/frr.bgpd.conf" <<-EOT
	router bgp 65003
	 bgp router-id 10.99.2.2
	 no bgp ebgp-requires-policy
	 no bgp network import-check
	 neighbor 10.99.2.1 remote-as 65001
	 neighbor 10.99.2.1 timers connect 1
	 neighbor 10.99.2.1 advertisement-interval 0
	 network 10.65.3.0/24
EOT
cat >"$dir/obgp.obgpd.conf" <<-EOT
	AS 65004
	router-id 10.99.3.2
	fib-update no
	connect-retry 1
	socket "$dir/obgp.obgp"
	listen on 10.99.3.2
	neighbor 10.99.3.1 {
		remote-as 65001
	}
	allow from any
	allow to any
EOT
chmod 600 "$dir/obgp.obgpd.conf"
openbgpd_chroot
bird2_run bird
frr_run frr
start obgp obgp /usr/sbin/bgpd -d -f "$dir/obgp.obgpd.conf"
godwit a a
for n in bird frr obgp; do
	expect 30 session a $n
done
negotiated() { ask a ".neighbors[0].capabilities.negotiated.extended_message == $2" show neighbor "$1"; }
large() { # COUNT: FRR has so many
	frr_ctl frr 'show bgp ipv4 unicast 203.0.113.0/24 json' | jq -e ".paths[0].largeCommunity.list | length == $1"
}
obgp_has() { openbgpd_ctl obgp show rib 203.0.113.0/24 | grep -q 203.0.113.0/24; }
no_obgp() { no obgp_has; }

say "a short one reaches everybody"
negotiated bird true >/dev/null || fail "$stage"
negotiated frr true >/dev/null || fail "$stage"
negotiated obgp false >/dev/null || fail "$stage"
expect 10 large 1
expect 10 obgp_has
expect 10 kernel frr 203.0.113.0/24 'via 10.99.2.1'

say "400 large communities, 4,800 octets: FRR has all, OpenBGPD loses the route and keeps the others"
bird 400 >"$dir/bird.conf"
bird2_ctl bird configure >/dev/null || fail "$stage"
expect 10 large 400
expect 10 no_obgp
openbgpd_ctl obgp show rib 198.51.100.0/24 | grep -q 198.51.100.0/24 || fail "$stage"
# Said once, of the group in which somebody loses it.
[ "$(grep -c 'export.too_long prefix=203.0.113.0/24' "$dir/a.log")" -eq 1 ] || fail "$stage"

say "and short again"
bird 2 >"$dir/bird.conf"
bird2_ctl bird configure >/dev/null || fail "$stage"
expect 10 large 2
expect 10 obgp_has

count() { ask a ".neighbors[0].stats.message.received.route_refresh" show neighbor "$1"; }
mark() { before=$(count "$1"); }
# came NAME N: since `mark` so many ROUTE-REFRESH messages, of which BoRR and EoRR are two
came() { [ "$(count "$1")" -eq $((before + $2)) ]; }

say "BIRD asks for a refresh; nothing is lost between our BoRR and EoRR (RFC 7313 4)"
bird_has() { bird2_ctl bird show route 10.65.3.0/24 | grep -q 10.65.3.0/24; }
expect 10 bird_has
mark bird
bird2_ctl bird reload in a >/dev/null || fail "$stage"
expect 10 came bird 1
holds 1 bird_has
say "ours asks BIRD, whose BoRR and EoRR come; nothing is lost here either"
mark bird
ctl a neighbor bird refresh in || fail "$stage"
expect 10 came bird 2
holds 1 large 2
ask a '.neighbors[0].stats.prefixes.received == 2' show neighbor bird >/dev/null || fail "$stage"
say "FRR asks for one"
mark frr
frr_ctl frr 'clear bgp ipv4 unicast 10.99.2.1 soft in' >/dev/null || fail "$stage"
asked() { [ "$(count frr)" -gt "$before" ]; }
expect 10 asked
expect 10 large 2
stop a || fail "bgpd ended with an error"
