#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Graceful restart with BIRD and FRR, under traffic that we forward between them: ours is killed, and stopped in
# order, and comes back; then BIRD and FRR are killed and come back, and we are the helper. Not one packet is lost.
. "$(dirname "$0")/../lib.sh"
peers=$(dirname "$0")/peers
. "$peers/bird2.sh"
. "$peers/frr.sh"
need_godwit
# shellcheck disable=SC2086
need $bird2_programs $frr_programs ping
ns a bird frr
link a bird 1
link a frr 2
# What lies behind BIRD and FRR.
in_ns bird ip address add 10.65.2.1/24 dev lo
in_ns bird ip address add 2001:db8:2::1/64 dev lo nodad
in_ns frr ip address add 10.65.3.1/24 dev lo
in_ns frr ip address add 2001:db8:3::1/64 dev lo nodad
config() { # KEEP-ON-STOP
	cat >"$dir/a.yaml" <<-EOT
		router: {as: 65001, id: 10.99.1.1, graceful-restart: {restart-time: 30}}
		groups:
		  all: {import: [accept], export: [accept], connect-retry-time: 1, idle-hold-time: {initial: 1, max: 1},
		        families: [ipv4-unicast, ipv6-unicast]}
		neighbors:
		  - {address: 10.99.1.2, name: bird, group: all, remote-as: 65002}
		  - {address: 10.99.2.2, name: frr, group: all, remote-as: 65003}
		kernel: {keep-on-stop: $1}
	EOT
}
config false
cat >"$dir/bird.conf" <<-EOT
	log stderr all; router id 10.99.1.2;
	graceful restart wait 30;
	protocol device { scan time 1; }
	protocol kernel kernel4 { graceful restart; ipv4 { export where source = RTS_BGP; }; }
	protocol kernel kernel6 { graceful restart; ipv6 { export where source = RTS_BGP; }; }
	protocol static stays4 { ipv4; route 10.65.2.0/24 blackhole; }
	protocol static stays6 { ipv6; route 2001:db8:2::/64 blackhole; }
	protocol static goes { ipv4; route 10.66.2.0/24 blackhole; }
	protocol bgp a {
		local 10.99.1.2 as 65002; neighbor 10.99.1.1 as 65001;
		connect delay time 1; connect retry time 1; error wait time 1, 1;
		graceful restart; graceful restart time 30;
		ipv4 { import all; export all; };
		ipv6 { import all; export all; };
	}
EOT
cat >"$dir/frr.bgpd.conf" <<-EOT
	router bgp 65003
	 bgp router-id 10.99.2.2
	 bgp graceful-restart
	 bgp graceful-restart preserve-fw-state
	 bgp graceful-restart restart-time 30
	 no bgp ebgp-requires-policy
	 no bgp network import-check
	 neighbor 10.99.2.1 remote-as 65001
	 neighbor 10.99.2.1 timers connect 1
	 neighbor 10.99.2.1 advertisement-interval 0
	 address-family ipv4 unicast
	  network 10.65.3.0/24
	 exit-address-family
	 address-family ipv6 unicast
	  network 2001:db8:3::/64
	  neighbor 10.99.2.1 activate
	 exit-address-family
EOT
bird2_run bird
frr_run frr
godwit a a
all_there() {
	kernel a 10.65.2.0/24 'via 10.99.1.2' && kernel a 2001:db8:2::/64 'via fd99:1::2' &&
		kernel a 10.65.3.0/24 'via 10.99.2.2' && kernel a 2001:db8:3::/64 'via fd99:2::2' &&
		kernel bird 10.65.3.0/24 'via 10.99.1.1' && kernel bird 2001:db8:3::/64 'via fd99:1::1' &&
		kernel frr 10.65.2.0/24 'via 10.99.2.1' && kernel frr 2001:db8:2::/64 'via fd99:2::1'
}
# Which bits our last OPEN to a neighbour had: RESTARTING, and the families with forwarding
bits() { # NEIGHBOUR TRUE|FALSE FAMILIES
	ask a ".neighbors[0].capabilities.advertised.graceful_restart |
		.restarting == $2 and (.forwarding | sort) == $3" show neighbor "$1"
}
both='["ipv4-unicast", "ipv6-unicast"]'
# No graceful restart is under way with either neighbour.
calm() { ask a '[.neighbors[] | .state == "Established" and .graceful_restart == null] | all' show neighbor; }
stale() { ask a "[.rib[] | select(.best and .stale == $2)] | length == 1" show rib "$1"; }

flood() {
	start ping4 bird ping -f -q -I 10.65.2.1 10.65.3.1
	start ping6 bird ping -6 -f -q -I 2001:db8:2::1 2001:db8:3::1
}
# The flood ends: it was one, and everything came back.
nothing_lost() {
	local p
	for p in ping4 ping6; do
		stop "$p" INT
		awk '/packets transmitted/ { sent = $1; got = $4 }
			END { print sent, got; exit !(sent > 100 && sent == got) }' "$dir/$p.log" ||
			fail "$stage: $(grep transmitted "$dir/$p.log")"
		rm "$dir/$p.log"
	done
}
expect 30 all_there
expect 10 kernel a 10.66.2.0/24

say "a first start is no restart, and nothing was preserved"
expect 10 bits bird false '[]'
expect 10 bits frr false '[]'
expect 20 calm

say "killed and started again: neighbours keep what they had"
flood
sleep 1
stop a KILL 2>/dev/null
bird2_ctl bird disable goes >/dev/null || fail "$stage"
holds 2 all_there
godwit a a
expect 20 calm
holds 3 all_there
nothing_lost
bits bird true "$both" >/dev/null || fail "$stage: $(ctl a show neighbor bird)"
bits frr true "$both" >/dev/null || fail "$stage"
say "what was withdrawn meanwhile goes"
expect 20 no_kernel a 10.66.2.0/24

say "stopped in order with keep-on-stop and started again"
config true
ctl a reload || fail "$stage"
flood
sleep 1
clean_stop a
holds 2 all_there
godwit a a
expect 20 calm
holds 3 all_there
nothing_lost
bits bird true "$both" >/dev/null || fail "$stage"

say "stopped in order without: everything goes, and the next start is a first one"
config false
ctl a reload || fail "$stage"
clean_stop a
expect 5 no_kernel bird 10.65.3.0/24
expect 5 no_kernel frr 10.65.2.0/24
no_kernel a 10.65.2.0/24 >/dev/null || fail "$stage"
godwit a a
expect 30 all_there
bits bird false '[]' >/dev/null || fail "$stage"
expect 20 calm

say "BIRD is killed: its routes stay, as stale ones"
flood
sleep 1
stop bird KILL 2>/dev/null
expect 5 stale 10.65.2.0/24 true
expect 5 stale 2001:db8:2::/64 true
stale 10.65.3.0/24 false >/dev/null || fail "$stage"
ask a '.neighbors[0].graceful_restart["ipv4-unicast"] | .state == "restarting" and .timer_s > 10' \
	show neighbor bird >/dev/null || fail "$stage"
holds 2 all_there
say "BIRD is back"
start bird bird bird -R -f -c "$dir/bird.conf" -s "$dir/bird.ctl"
expect 20 calm
expect 5 stale 10.65.2.0/24 false
holds 2 all_there
nothing_lost

say "FRR is killed and comes back"
# Its zebra deletes and adds its own routes when bgpd is back: what counts is that ours and BIRD's stay.
for n in a bird; do
	start "monitor-$n" "$n" ip monitor route
done
sleep 1
stop frr-bgpd KILL 2>/dev/null
expect 5 stale 10.65.3.0/24 true
expect 5 stale 2001:db8:3::/64 true
holds 2 all_there
frr_daemon frr bgpd
expect 30 calm
expect 5 stale 10.65.3.0/24 false
holds 2 all_there
for n in a bird; do
	in_ns "$n" ip route add 192.0.2.1/32 dev lo
	expect 5 grep -q '^192.0.2.1' "$dir/monitor-$n.log"
	stop "monitor-$n"
	no grep -E '10\.65\.|2001:db8:' "$dir/monitor-$n.log" || fail "$stage: $n has changed routes"
done

say "BIRD comes back without having kept its routes: they go at once"
stop bird KILL 2>/dev/null
expect 5 stale 10.65.2.0/24 true
# Nothing is in its configuration any more, so that nothing is announced again.
sed -i '/^protocol static/d' "$dir/bird.conf"
bird2_run bird
expect 20 session a bird
expect 5 absent a 10.65.2.0/24
no_kernel a 10.65.2.0/24 >/dev/null || fail "$stage"
kernel a 10.65.3.0/24 >/dev/null || fail "$stage"
stop a || fail "bgpd ended with an error"
