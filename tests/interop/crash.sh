#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Ours between BIRD and FRR is killed and started again: its routes stay in the kernel
# all the time, and what was withdrawn meanwhile goes once all is learned again. Then
# BIRD is killed: what came from it goes, and comes back with it.
. "$(dirname "$0")/../lib.sh"
peers=$(dirname "$0")/peers
. "$peers/bird2.sh"
. "$peers/frr.sh"
need_godwit
# shellcheck disable=SC2086
need $bird2_programs $frr_programs
ns a bird frr
link a bird 1
link a frr 2
# Not everybody sends End-of-RIB: five seconds are waited for it.
cat >"$dir/a.yaml" <<-EOT
	router: {as: 65001, id: 10.99.1.1, graceful-restart: {enabled: true, restart-time: 5}}
	groups:
	  all: {import: [accept], export: [accept], connect-retry-time: 1, idle-hold-time: {initial: 1, max: 1},
	        families: [ipv4-unicast, ipv6-unicast]}
	neighbors:
	  - {address: 10.99.1.2, name: bird, group: all, remote-as: 65002}
	  - {address: 10.99.2.2, name: frr, group: all, remote-as: 65003}
EOT
cat >"$dir/bird.conf" <<-EOT
	log stderr all; router id 10.99.1.2;
	protocol device { scan time 1; }
	protocol kernel { ipv4 { export where source = RTS_BGP; }; }
	protocol static stays4 { ipv4; route 10.65.2.0/24 blackhole; }
	protocol static stays6 { ipv6; route 2001:db8:2::/48 blackhole; }
	protocol static goes { ipv4; route 10.66.2.0/24 blackhole; }
	protocol bgp a {
		local 10.99.1.2 as 65002; neighbor 10.99.1.1 as 65001;
		connect delay time 1; connect retry time 1; error wait time 1, 1; graceful restart off;
		ipv4 { import all; export all; };
		ipv6 { import all; export all; };
	}
EOT
cat >"$dir/frr.bgpd.conf" <<-EOT
	router bgp 65003
	 bgp router-id 10.99.2.2
	 bgp graceful-restart-disable
	 no bgp ebgp-requires-policy
	 no bgp network import-check
	 neighbor 10.99.2.1 remote-as 65001
	 neighbor 10.99.2.1 timers connect 1
	 neighbor 10.99.2.1 advertisement-interval 0
	 network 10.65.3.0/24
EOT
bird2_run bird
frr_run frr
godwit a a
all_there() {
	kernel a 10.65.2.0/24 'via 10.99.1.2' && kernel a 2001:db8:2::/48 'via fd99:1::2' &&
		kernel a 10.65.3.0/24 'via 10.99.2.2' && kernel bird 10.65.3.0/24 'via 10.99.1.1' &&
		kernel frr 10.65.2.0/24 'via 10.99.2.1'
}
expect 30 all_there
expect 10 kernel a 10.66.2.0/24

say "killed: the kernel keeps the routes, the neighbours notice at once"
start monitor a ip monitor route
stop a KILL 2>/dev/null
expect 5 no_kernel bird 10.65.3.0/24
expect 5 no_kernel frr 10.65.2.0/24
bird2_ctl bird disable goes >/dev/null || fail "$stage"
holds 1 kernel a 10.65.2.0/24 'via 10.99.1.2'
kernel a 10.66.2.0/24 >/dev/null || fail "$stage"

say "started again: what is still announced was never gone, the rest goes"
godwit a a
expect 30 all_there
expect 30 no_kernel a 10.66.2.0/24
all_there >/dev/null || fail "$stage"
stop monitor
grep -q '^Deleted 10.66.2.0/24' "$dir/monitor.log" || fail "$stage: the monitor has seen nothing"
no grep -E '^Deleted (10.65|2001:db8:2::/48)' "$dir/monitor.log" || fail "$stage"

say "BIRD is killed: its routes go here and at FRR, FRR's stay"
stop bird KILL 2>/dev/null
expect 5 no_kernel a 10.65.2.0/24
expect 5 no_kernel a 2001:db8:2::/48
expect 5 no_kernel frr 10.65.2.0/24
kernel a 10.65.3.0/24 >/dev/null || fail "$stage"
bird2_run bird
expect 30 all_there
stop a || fail "bgpd ended with an error"
