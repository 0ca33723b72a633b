#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Host names in OPENs: those of FRR, BIRD and GoBGP are shown at ours, and ours at them once we are to send it.
. "$(dirname "$0")/../lib.sh"
peers=$(dirname "$0")/peers
. "$peers/bird2.sh"
. "$peers/frr.sh"
. "$peers/gobgp.sh"
need_godwit
# shellcheck disable=SC2086
need unshare hostname $frr_programs $bird2_programs $gobgp_programs
ns a frr bird gobgp
link a frr 1
link a bird 2
link a gobgp 3
our_config() { # KEYS
	cat >"$dir/a.yaml" <<-EOT
		router: {as: 65001, id: 10.99.1.1}
		groups:
		  all: {import: [accept], export: [accept], connect-retry-time: 1, idle-hold-time: {initial: 1, max: 1}$1}
		neighbors:
		  - {address: 10.99.1.2, name: frr, remote-as: 65003, group: all}
		  - {address: 10.99.2.2, name: bird, remote-as: 65004, group: all}
		  - {address: 10.99.3.2, name: gobgp, remote-as: 65005, group: all}
	EOT
}
our_config ""
cat >"$dir/frr.bgpd.conf" <<-EOT
	hostname somebody
	router bgp 65003
	 bgp router-id 10.99.1.2
	 no bgp ebgp-requires-policy
	 neighbor 10.99.1.1 remote-as 65001
	 neighbor 10.99.1.1 timers connect 1
EOT
cat >"$dir/bird.conf" <<-EOT
	log stderr all; router id 10.99.2.2;
	hostname "blackbird";
	protocol device { scan time 1; }
	protocol bgp a {
		local 10.99.2.2 as 65004; neighbor 10.99.2.1 as 65001; advertise hostname on;
		connect delay time 1; connect retry time 1; error wait time 1, 1;
		ipv4 { import all; export none; };
	}
EOT
cat >"$dir/gobgp.toml" <<-EOT
	[global.config]
	  as = 65005
	  router-id = "10.99.3.2"
	[[neighbors]]
	  [neighbors.config]
	    neighbor-address = "10.99.3.1"
	    peer-as = 65001
	  [neighbors.timers.config]
	    connect-retry = 1
	    idle-hold-time-after-reset = 1
EOT
frr_run frr
bird2_run bird
# GoBGP tells the machine's name, which is to be another one than ours.
start gobgp gobgp unshare --uts sh -c \
	"hostname gopher && exec gobgpd -t toml -f '$dir/gobgp.toml' --api-hosts 127.0.0.1:50051 --pprof-disable"
within 10 gobgp_ctl gobgp neighbor || fail "gobgpd does not answer"
godwit a a
frr_sees() { # NAME or null
	frr_ctl frr 'show bgp neighbors 10.99.1.1 json' | jq -e ".[] | .bgpState == \"Established\" and .hostname == $1" >/dev/null
}
bird_sees() { bird2_ctl bird show protocols all a | sed -n '/Neighbor capabilities/,/Session/p' | grep -q "Hostname: $1"; }
gobgp_sees() { gobgp_ctl gobgp neighbor 10.99.3.1 | sed -n '/fqdn:/,/Message/p' | grep -A1 'Remote:' | grep -q "name: $1,"; }
shows() { ask a ".neighbors[0] | .state == \"Established\" and .hostname == \"$2\"" show neighbor "$1"; } # NEIGHBOUR NAME
all_up() { ask a '[.neighbors[].state] == ["Established", "Established", "Established"]' show neighbor; }
say "nothing of ours unless it is asked for; theirs is shown"
expect 30 all_up
expect 10 shows frr somebody
expect 10 shows bird blackbird
expect 10 shows gobgp gopher
expect 10 frr_sees null
no bird_sees . || fail "$stage: BIRD"
no gobgp_sees . || fail "$stage: GoBGP"
say "from the next OPEN on"
our_config ", send-hostname: true, send-software-version: true"
ctl a reload >/dev/null || fail "$stage: reload"
frr_sees null || fail "$stage: the reload has reset the session"
for name in frr bird gobgp; do
	ctl a neighbor $name clear >/dev/null || fail "$stage: clear"
done
expect 30 frr_sees "\"$(uname -n)\""
expect 30 bird_sees "$(uname -n)"
expect 30 gobgp_sees "$(uname -n)"
expect 30 all_up
clean_stop a
