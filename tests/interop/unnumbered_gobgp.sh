#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Unnumbered with GoBGP (`neighbor-interface`), which sends no router advertisements but dials whoever else its kernel knows on
# the link: the session over link-local addresses, and routes of both families with link-local next hops (RFC 8950) either
# way. It writes no kernel routes. FRR is in unnumbered.sh.
. "$(dirname "$0")/../lib.sh"
peers=$(dirname "$0")/peers
. "$peers/gobgp.sh"
need_godwit
# shellcheck disable=SC2086
need ping $gobgp_programs
ns a g
ip link add eth0 netns "$tag-a" type veth peer name eth0 netns "$tag-g" || fail "no veth"
for side in a g; do
	in_ns $side ip link set eth0 up
done
local_of() { in_ns "$1" ip -j -6 address show dev eth0 scope link | jq -r '.[0].addr_info[0].local'; }
meet() { in_ns g ping -qc 1 -W 1 "$(local_of a)%eth0"; }
cat >"$dir/a.yaml" <<-EOT
	router: {as: 65001, id: 10.0.0.1}
	neighbors:
	  - {interface: eth0, remote-as: external, families: [ipv4-unicast, ipv6-unicast], import: [accept], export: [accept],
	     connect-retry-time: 1, idle-hold-time: {initial: 1, max: 1}}
	networks: [{prefix: 198.51.1.1/32, blackhole: true}, {prefix: "2001:db8:1::1/128", blackhole: true}]
EOT
cat >"$dir/g.toml" <<-EOT
	[global.config]
	  as = 65002
	  router-id = "10.0.0.2"
	[[neighbors]]
	  [neighbors.config]
	    neighbor-interface = "eth0"
	    peer-as = 65001
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
godwit a a
expect 10 meet
gobgp_run() {
	start g g gobgpd -t toml -f "$dir/g.toml" --api-hosts 127.0.0.1:50051 --pprof-disable
	within 10 gobgp_ctl g neighbor || fail "gobgpd does not answer"
	gobgp_ctl g global rib add -a ipv4 198.51.2.1/32 nexthop "$(local_of g)" || fail "$stage: gobgp"
	gobgp_ctl g global rib add -a ipv6 2001:db8:2::1/128 nexthop "$(local_of g)" || fail "$stage: gobgp"
}
g_has() { # FAMILY PREFIX
	gobgp_ctl g -j global rib -a "$1" "$2" | jq -e '[.[]?[]? | .attrs[] | select(.type == 2) | .as_paths[].asns[]] == [65001]'
}
passed() {
	expect 40 session a eth0
	expect 20 kernel a 198.51.2.1/32 "via inet6 $(local_of g) dev eth0"
	expect 20 kernel a 2001:db8:2::1/128 "via $(local_of g) dev eth0"
	expect 20 g_has ipv4 198.51.1.1/32
	expect 20 g_has ipv6 2001:db8:1::1/128
}
say "both find each other"
gobgp_run
passed
say "ours is started again"
clean_stop a
godwit a a
passed
say "GoBGP is started again"
stop g
expect 10 no session a eth0
expect 10 no_kernel a 198.51.2.1/32
gobgp_run
passed
clean_stop a
