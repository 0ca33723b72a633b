#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Link bandwidths (draft-ietf-idr-link-bandwidth) with FRR and BIRD: the kernels of ours and of FRR share the traffic of equal
# paths in their ratio, whoever said them; a path without one ends it, and so does a reload that does not want it.
. "$(dirname "$0")/../lib.sh"
peers=$(dirname "$0")/peers
. "$peers/bird2.sh"
. "$peers/frr.sh"
need_godwit
# shellcheck disable=SC2086
need $bird2_programs $frr_programs
ns hub ours bird frr
lan hub ours bird frr
# Each has 10.99.0.N and is an AS of its own, 6500N. in is announced by BIRD and FRR, out by BIRD and ours.
in=10.65.1.0/24 out=10.65.2.0/24
our_config() { # MULTIPATH
	cat >"$dir/ours.yaml" <<-EOT
		router: {as: 65001, id: 10.99.0.1, multipath: {as-path-relax: true$1}}
		neighbors:
		  - {address: 10.99.0.2, name: bird, remote-as: 65002, import: [accept], export: [reject], connect-retry-time: 1}
		  - {address: 10.99.0.3, name: frr, remote-as: 65003, import: [accept], export: [own], connect-retry-time: 1}
		networks: [{prefix: $out, communities: ["bandwidth:65001:400"]}]
		policies: {own: [{match: {source: static}, action: accept}]}
	EOT
}
# 400 Mbit/s are 50000000 octets a second, as a float 0x4c3ebc20; 100 Mbit/s are 0x4b3ebc20.
bird_config() { # IN OUT
	cat >"$dir/bird.conf" <<-EOT
		log stderr all; router id 10.99.0.2;
		protocol device { scan time 1; }
		protocol static { ipv4;
			route $in blackhole { $1 };
			route $out blackhole { $2 };
		}
		template bgp each {
			local 10.99.0.2 as 65002; connect delay time 1; connect retry time 1; error wait time 1, 1;
			ipv4 { import none; export where source = RTS_STATIC; };
		}
		protocol bgp ours from each { neighbor 10.99.0.1 as 65001; ipv4 { export where net = $in; }; }
		protocol bgp frr from each { neighbor 10.99.0.3 as 65003; ipv4 { export where net = $out; }; }
	EOT
}
band() { echo "bgp_ext_community.add((generic, 0x0004fdea, $1));"; }
cat >"$dir/frr.bgpd.conf" <<-EOT
	route-map wide permit 10
	 set extcommunity bandwidth 300
	router bgp 65003
	 bgp router-id 10.99.0.3
	 no bgp ebgp-requires-policy
	 no bgp network import-check
	 bgp bestpath as-path multipath-relax
	 neighbor 10.99.0.1 remote-as 65001
	 neighbor 10.99.0.2 remote-as 65002
	 neighbor 10.99.0.1 timers connect 1
	 neighbor 10.99.0.2 timers connect 1
	 neighbor 10.99.0.1 advertisement-interval 0
	 address-family ipv4 unicast
	  network $in route-map wide
EOT
our_config ", link-bandwidth: true"
bird_config "$(band 0x4b3ebc20)" "$(band 0x4b3ebc20)"
bird2_run bird
frr_run frr
godwit ours ours

# shares NAMESPACE PREFIX "GATEWAY WEIGHT,..." what the kernel forwards to, weights in lowest terms
shares() {
	local got
	got=$(in_ns "$1" ip -j route show exact "$2" | jq -r '
		def gcd($a; $b): if $b == 0 then $a else gcd($b; $a % $b) end;
		[.[].nexthops[]? | {gateway, weight}] | sort_by(.gateway)
		| (reduce .[].weight as $w (0; gcd($w; .))) as $by
		| map("\(.gateway | sub(".*[.]"; "")) \(.weight / $by)") | join(",")')
	echo "$1 $2: $got"
	[ "$got" = "$3" ]
}
say "FRR says 300 Mbit/s and BIRD 100: the same ratio in our kernel"
expect 30 session ours bird
expect 30 session ours frr
expect 10 shares ours $in "2 1,3 3"
ask ours '[.rib[].ext_communities[]] | sort == ["bandwidth:65002:100", "bandwidth:65003:300"]' show rib $in >/dev/null ||
	fail "$stage: $(ctl ours -j show rib $in)"
ask ours '[.fib[0].nexthops[] | [.via, .weight]] | sort == [["10.99.0.2", 1], ["10.99.0.3", 3]]' show fib >/dev/null ||
	fail "$stage: $(ctl ours -j show fib)"
say "ours says 400 Mbit/s and BIRD 100: the same ratio in FRR's kernel"
expect 30 shares frr $out "1 4,2 1"
say "another bandwidth of a path that is not the best one, another share"
bird_config "$(band 0x4c3ebc20)" "$(band 0x4c3ebc20)"
bird2_ctl bird configure >/dev/null
expect 10 shares ours $in "2 4,3 3"
expect 10 shares frr $out "1 1,2 1"
say "one path without a bandwidth, or with one of 0: all get the same"
bird_config "" ""
bird2_ctl bird configure >/dev/null
expect 10 shares ours $in "2 1,3 1"
bird_config "$(band 0x4b3ebc20)" ""
bird2_ctl bird configure >/dev/null
expect 10 shares ours $in "2 1,3 3"
bird_config "$(band 0)" ""
bird2_ctl bird configure >/dev/null
expect 10 shares ours $in "2 1,3 1"
say "a reload decides whether it counts"
bird_config "$(band 0x4b3ebc20)" ""
bird2_ctl bird configure >/dev/null
expect 10 shares ours $in "2 1,3 3"
our_config ""
ctl ours reload >/dev/null || fail "$stage: reload"
expect 10 shares ours $in "2 1,3 1"
our_config ", link-bandwidth: true"
ctl ours reload >/dev/null || fail "$stage: reload"
expect 10 shares ours $in "2 1,3 3"
stop ours || fail "bgpd ended with an error"
frr_stop frr
bird2_stop bird
