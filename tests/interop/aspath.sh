#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What is done to AS paths: local-as in its variants, as-override, remove-private-as and
# enforce-first-as. Everything is read at FRR and BIRD, and the same is asked of FRR as
# of ours, so that the words mean what its users are used to.
. "$(dirname "$0")/../lib.sh"
peers=$(dirname "$0")/peers
. "$peers/bird2.sh"
. "$peers/frr.sh"
need_godwit
# shellcheck disable=SC2086
need $bird2_programs $frr_programs
ns a bird frr twin
link a bird 1
link a frr 2
link frr twin 3 # another FRR, which sees what the first makes of the same
our_config() { # KEYS-TOWARDS-FRR
	cat >"$dir/a.yaml" <<-EOT
		router: {as: 65001, id: 10.99.1.1}
		groups:
		  all: {import: [accept], export: [accept], connect-retry-time: 1, idle-hold-time: {initial: 1, max: 1}}
		neighbors:
		  - {address: 10.99.1.2, name: bird, group: all, remote-as: 65002}
		  - {address: 10.99.2.2, name: frr, group: all, remote-as: 65003$1}
		networks: [{prefix: 192.0.2.0/24, blackhole: true}]
	EOT
}
our_config ", local-as: 65010, local-as-prepend: true, local-as-replace: false"
cat >"$dir/bird.conf" <<-EOT
	log stderr all; router id 10.99.1.2;
	protocol device { scan time 1; }
	protocol static own { ipv4; route 203.0.113.0/24 blackhole; route 203.0.114.0/24 blackhole; }
	filter outgoing {
		if proto != "own" then reject;
		if net = 203.0.113.0/24 then { bgp_path.prepend(65003); bgp_path.prepend(7); bgp_path.prepend(64999); }
		accept;
	}
	protocol bgp a {
		local 10.99.1.2 as 65002; neighbor 10.99.1.1 external;
		connect delay time 1; connect retry time 1; error wait time 1, 1; graceful restart off; allow local as 0;
		ipv4 { import all; export filter outgoing; };
	}
EOT
cat >"$dir/frr.bgpd.conf" <<-EOT
	router bgp 65003
	 bgp router-id 10.99.2.2
	 no bgp ebgp-requires-policy
	 no bgp network import-check
	 neighbor 10.99.2.1 remote-as 65010
	 neighbor 10.99.2.1 timers connect 1
	 neighbor 10.99.2.1 advertisement-interval 0
	 neighbor 10.99.3.2 remote-as 65004
	 neighbor 10.99.3.2 timers connect 1
	 neighbor 10.99.3.2 advertisement-interval 0
	 neighbor 10.99.3.2 local-as 65030
	 network 198.51.100.0/24
	 address-family ipv4 unicast
	  neighbor 10.99.2.1 allowas-in 3
	 exit-address-family
EOT
cat >"$dir/twin.bgpd.conf" <<-EOT
	router bgp 65004
	 bgp router-id 10.99.3.2
	 no bgp ebgp-requires-policy
	 no bgp network import-check
	 neighbor 10.99.3.1 remote-as 65030
	 neighbor 10.99.3.1 timers connect 1
	 neighbor 10.99.3.1 advertisement-interval 0
	 network 198.51.101.0/24
EOT
bird2_run bird
frr_run frr
frr_run twin
godwit a a
path_at() { # FRR PREFIX PATH
	frr_ctl "$1" "show bgp ipv4 unicast $2 json" | jq -e ".paths[0].aspath.string == \"$3\""
}
bird_path() { [ "$(bird2_ctl bird show route "$1" all primary | sed -n 's/.*BGP.as_path: //p')" = "$2" ]; }
again() { # KEYS: reload with them
	our_config "$1"
	ctl a reload >/dev/null || fail "$stage: reload"
}
expect 30 session a bird
expect 30 session a frr

say "local-as as FRR has it: in received paths, and in front of our own AS"
expect 10 path_at frr 192.0.2.0/24 "65010 65001"
expect 10 best a 198.51.100.0/24 '.aspath == "65010 65003"'
expect 10 bird_path 198.51.100.0/24 "65001 65010 65003"
say "FRR does the same"
expect 30 path_at twin 198.51.100.0/24 "65030 65003"
expect 10 path_at frr 198.51.101.0/24 "65030 65004"
say "no-prepend"
again ", local-as: 65010, local-as-replace: false"
expect 10 best a 198.51.100.0/24 '.aspath == "65003"'
path_at frr 192.0.2.0/24 "65010 65001" >/dev/null || fail "$stage"
say "no-prepend replace-as"
again ", local-as: 65010"
expect 10 path_at frr 192.0.2.0/24 "65010"
say "dual-as: FRR refuses one of them"
again ", local-as: 65011, local-as-dual: true"
frr_ctl frr 'configure terminal' 'router bgp 65003' 'neighbor 10.99.2.1 remote-as 65001' >/dev/null || fail "$stage"
expect 40 session a frr
expect 10 path_at frr 192.0.2.0/24 "65001"
expect 10 ask a '.neighbors[] | select(.name == "frr") | .local_as == 65001' show neighbor
again ""
expect 30 session a frr

say "as-override: the neighbour's AS is replaced, others are not"
expect 10 path_at frr 203.0.113.0/24 "65001 65002 64999 7 65003"
again ", as-override: true"
expect 10 path_at frr 203.0.113.0/24 "65001 65002 64999 7 65001"
expect 10 path_at frr 203.0.114.0/24 "65001 65002"
say "remove-private-as"
again ", remove-private-as: leading"
expect 10 path_at frr 203.0.113.0/24 "65001 7 65003"
expect 10 path_at frr 203.0.114.0/24 "65001"
again ", remove-private-as: all"
expect 10 path_at frr 203.0.113.0/24 "65001 7 65003"
again ", remove-private-as: replace"
expect 10 path_at frr 203.0.113.0/24 "65001 65001 65001 7 65003"
expect 10 path_at frr 203.0.114.0/24 "65001 65001"
say "BIRD, in another export group, has them as they are"
expect 10 bird_path 198.51.100.0/24 "65001 65003"
stop a || fail "bgpd ended with an error"
