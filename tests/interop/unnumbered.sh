#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Unnumbered with FRR (`neighbor eth0 interface remote-as external`), over a link with
# nothing but link-local addresses: the session, routes of both families with link-local
# next hops in both kernels (RFC 8950), and traffic over them. The link goes down and comes
# back, and each side is started again.
. "$(dirname "$0")/../lib.sh"
peers=$(dirname "$0")/peers
. "$peers/frr.sh"
need_godwit
# shellcheck disable=SC2086
need ping $frr_programs
ns a f
ip link add eth0 netns "$tag-a" type veth peer name eth0 netns "$tag-f" || fail "no veth"
for side in a:1 f:2; do
	in_ns "${side%:*}" ip link set eth0 up
	in_ns "${side%:*}" ip address add "198.51.${side#*:}.1/32" dev lo
	in_ns "${side%:*}" ip address add "2001:db8:${side#*:}::1/128" dev lo nodad
done
local_of() { in_ns "$1" ip -j -6 address show dev eth0 scope link | jq -r '.[0].addr_info[0].local'; }
reach() {
	in_ns a ping -qc 1 -W 1 -I 198.51.1.1 198.51.2.1 && in_ns a ping -qc 1 -W 1 -I 2001:db8:1::1 2001:db8:2::1
}
passed() {
	expect 40 session a eth0
	ask a '.neighbors[0].remote_as == 65002 and .neighbors[0].hostname != null' show neighbor eth0 >/dev/null || fail "$stage"
	expect 20 kernel a 198.51.2.1/32 "via inet6 $(local_of f) dev eth0"
	expect 20 kernel a 2001:db8:2::1/128 "via $(local_of f) dev eth0"
	expect 20 kernel f 198.51.1.1/32 "via inet6 $(local_of a) dev eth0"
	expect 20 kernel f 2001:db8:1::1/128 "via $(local_of a) dev eth0"
	expect 10 reach
}
cat >"$dir/a.yaml" <<-EOT
	router: {as: 65001, id: 10.0.0.1}
	neighbors:
	  - {interface: eth0, remote-as: external, families: [ipv4-unicast, ipv6-unicast], import: [accept], export: [accept],
	     connect-retry-time: 1, idle-hold-time: {initial: 1, max: 1}}
	networks: [{prefix: 198.51.1.1/32}, {prefix: "2001:db8:1::1/128"}]
EOT
cat >"$dir/f.bgpd.conf" <<-EOT
	router bgp 65002
	 bgp router-id 10.0.0.2
	 bgp graceful-restart-disable
	 no bgp ebgp-requires-policy
	 no bgp network import-check
	 neighbor eth0 interface remote-as external
	 neighbor eth0 timers connect 1
	 neighbor eth0 advertisement-interval 0
	 address-family ipv4 unicast
	  network 198.51.2.1/32
	 exit-address-family
	 address-family ipv6 unicast
	  network 2001:db8:2::1/128
	  neighbor eth0 activate
	 exit-address-family
EOT

say "both find each other"
godwit a a
frr_run f
passed
say "the link goes down on one side and comes back"
in_ns f ip link set eth0 down
expect 10 no session a eth0
expect 10 no_kernel a 198.51.2.1/32
in_ns f ip link set eth0 up
passed
say "ours is started again"
clean_stop a
godwit a a
passed
say "FRR is started again"
frr_stop f
expect 10 no session a eth0
frr_run f
passed
frr_stop f
clean_stop a
