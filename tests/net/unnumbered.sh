#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Unnumbered neighbours between two of our own, over links with nothing but link-local
# addresses: found by router advertisements, IPv4 routes with IPv6 next hops (RFC 8950) in
# the RIB and in the kernel, traffic; interfaces that go down, get another name, are deleted
# and come again. And a neighbour with a link-local address and an interface.
. "$(dirname "$0")/../lib.sh"
need_godwit
need ping
ns a b

# plain N: a veth pair without addresses of its own, xN in both namespaces
plain() {
	ip link add "x$1" netns "$tag-a" type veth peer name "x$1" netns "$tag-b" || fail "no veth"
	in_ns a ip link set "x$1" up
	in_ns b ip link set "x$1" up
}
config() { # NAME NUMBER AS NEIGHBORS
	cat >"$dir/$1.yaml" <<-EOT
		router: {as: $3, id: 10.0.0.$2}
		groups:
		  all: {families: [ipv4-unicast, ipv6-unicast], connect-retry-time: 1,
		    idle-hold-time: {initial: 0, max: 1}, import: [accept], export: [accept]}
		networks: [{prefix: 198.51.$2.1/32}, {prefix: "2001:db8:$2::1/128"}]
		neighbors:
		$4
	EOT
	in_ns "$1" ip address add "198.51.$2.1/32" dev lo
	in_ns "$1" ip address add "2001:db8:$2::1/128" dev lo nodad
}
reload() { ctl "$1" reload >/dev/null || fail "$stage"; }
both() { session a "$1" && session b "$1"; }
local_of() { in_ns "$1" ip -j -6 address show dev "$2" scope link | jq -r '.[0].addr_info[0].local'; }
reach() {
	in_ns a ping -qc 1 -W 1 -I 198.51.1.1 198.51.2.1 && in_ns a ping -qc 1 -W 1 -I 2001:db8:1::1 2001:db8:2::1
}
advertised() { [ "$(in_ns a nstat -asz Icmp6OutRouterAdvertisements | awk '/Icmp6OutRouterAdv/ { print $2 }')" -ge "$1" ]; }

say "they find each other, external to each other"
config a 1 65001 '  - {interface: x1, remote-as: external, group: all}'
config b 2 65002 '  - {interface: x1, remote-as: 65001, group: all}'
godwit a a
godwit b b
expect 5 session a x1 Active
plain 1
expect 20 both x1
ask a ".neighbors[0].remote_addr == \"$(local_of b x1)%x1\" and .neighbors[0].remote_as == 65002" show neighbor x1 || fail "$stage"

say "IPv4 and IPv6 routes with link-local next hops, also in the kernel"
expect 10 best a 198.51.2.1/32 ".valid and .exit_nexthop == \"$(local_of b x1)%x1\""
expect 10 kernel a 198.51.2.1/32 "via inet6 $(local_of b x1) dev x1"
expect 10 kernel b 198.51.1.1/32 "via inet6 $(local_of a x1) dev x1"
expect 10 kernel a 2001:db8:2::1/128 "via $(local_of b x1) dev x1"
expect 10 kernel b 2001:db8:1::1/128 "via $(local_of a x1) dev x1"
expect 10 reach

say "advertisements go on at a sane rate, and nobody becomes a default router by them"
expect 25 advertised 3
no advertised 8 || fail "$stage"
no_kernel a default || fail "$stage"
[ -z "$(in_ns b ip -6 route show default)" ] || fail "$stage"

say "the link goes down: at once without routes; and comes back"
in_ns b ip link set x1 down
expect 5 no session a x1
expect 5 no_kernel a 198.51.2.1/32
expect 5 ask a '.neighbors[0].remote_addr == null' show neighbor x1
in_ns b ip link set x1 up
expect 20 both x1
expect 10 reach

say "another name: the neighbour is gone until an interface has the name again"
in_ns a ip link set x1 down
in_ns a ip link set x1 name y1
in_ns a ip link set y1 up
expect 5 no session a x1
holds 3 no session a x1
in_ns a ip link set y1 down
in_ns a ip link set y1 name x1
in_ns a ip link set x1 up
expect 20 both x1

say "another MAC address, and with it another link-local one"
old=$(local_of b x1)
in_ns b ip link set x1 down
in_ns b ip link set x1 address 02:00:00:00:77:77
in_ns b ip link set x1 up
expect 20 both x1
[ "$(local_of b x1)" != "$old" ] || fail "$stage: it is the same one"
expect 10 kernel a 198.51.2.1/32 "via inet6 $(local_of b x1)"

say "deleted and made anew, with another index"
in_ns a ip link delete x1
expect 5 session a x1 Active
plain 2
plain 1
expect 20 both x1
expect 10 reach

say "several links, added by a reload, internal this time, with a password and GTSM"
config a 1 65001 '  - {interface: x1, remote-as: external, group: all}
  - {interface: x2, remote-as: internal, local-as: 65009, group: all, password: carrot, ttl-security: 1}' 2>/dev/null
config b 2 65002 '  - {interface: x1, remote-as: 65001, group: all}
  - {interface: x2, remote-as: internal, local-as: 65009, group: all, password: carrot, ttl-security: 1}' 2>/dev/null
reload a
reload b
expect 20 both x2
both x1 || fail "$stage"
ask a '.neighbors[0].remote_as == 65009' show neighbor x2 || fail "$stage"

say "a link-local address with its interface, on one side; the other one is unnumbered"
config a 1 65001 "  - {address: \"$(local_of b x2)%x2\", name: x2, remote-as: external, group: all}" 2>/dev/null
config b 2 65002 '  - {interface: x2, remote-as: external, group: all}' 2>/dev/null
reload a
reload b
expect 20 both x2
expect 10 kernel a 198.51.2.1/32 "via inet6 $(local_of b x2) dev x2"
expect 10 reach
say "it waits for its interface"
address=$(in_ns b cat /sys/class/net/x2/address)
in_ns a ip link delete x2
expect 5 no session a x2
plain 2
in_ns b ip link set x2 down
in_ns b ip link set x2 address "$address"
in_ns b ip link set x2 up
expect 20 both x2
expect 10 reach
clean_stop a
clean_stop b
