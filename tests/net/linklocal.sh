#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Neighbours with a link-local address and an interface (fe80::1%x1) on both sides, two of
# them with the same address on different links: sessions, what show says, routes and
# traffic; reloads that leave them, and that move one to another link; links that go down,
# are deleted and come again.
. "$(dirname "$0")/../lib.sh"
need_godwit
need ping
ns a b

# plain N: a veth pair with xN in both namespaces, fe80::1 in a and fe80::2 in b and nothing else
plain() {
	ip link add "x$1" netns "$tag-a" type veth peer name "x$1" netns "$tag-b" || fail "no veth"
	for side in a:1 b:2; do
		in_ns "${side%:*}" ip link set "x$1" addrgenmode none
		in_ns "${side%:*}" ip link set "x$1" up
		in_ns "${side%:*}" ip address add "fe80::${side#*:}/64" dev "x$1" nodad
	done
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
}
a_config() { # MORE: settings of the one on x1
	config a 1 65001 "  - {address: \"fe80::2%x1\", remote-as: 65002, group: all$1}
  - {address: \"fe80::2%x2\", remote-as: 65002, group: all}"
}
for side in a:1 b:2; do
	in_ns "${side%:*}" ip address add "198.51.${side#*:}.1/32" dev lo
	in_ns "${side%:*}" ip address add "2001:db8:${side#*:}::1/128" dev lo nodad
done
reload() { ctl "$1" reload >/dev/null || fail "$stage"; }
both() { session a "fe80::2%$1" && session b "fe80::1%$1"; }
ups() { [ "$(grep -c "neighbor.state neighbor=fe80::2%$1 .*to=Established" "$dir/a.log")" -eq "$2" ]; }
reach() {
	in_ns a ping -qc 1 -W 1 -I 198.51.1.1 198.51.2.1 && in_ns a ping -qc 1 -W 1 -I 2001:db8:1::1 2001:db8:2::1
}
through() { kernel a 198.51.2.1/32 "via inet6 fe80::2 dev $1" && kernel a 2001:db8:2::1/128 "via fe80::2 dev $1"; }

say "the same address on two links: each is a neighbour of its own"
plain 1
plain 2
a_config ''
config b 2 65002 '  - {address: "fe80::1%x1", remote-as: 65001, group: all}
  - {address: "fe80::1%x2", remote-as: 65001, group: all}'
godwit a a
godwit b b
expect 20 both x1
expect 20 both x2
ask a '.neighbors[0] | .name == "fe80::2%x1" and .remote_addr == "fe80::2%x1"' show neighbor fe80::2%x1 >/dev/null || fail "$stage"
ask a '.neighbors[0] | .name == "fe80::2%x2" and .remote_addr == "fe80::2%x2"' show neighbor fe80::2%x2 >/dev/null || fail "$stage"
no ctl a show neighbor fe80::2 || fail "$stage: without the link it is nobody's"
ctl a show | grep -q '^fe80::2%x1  *fe80::2%x1 ' || fail "$stage: not in the table"
for link in x1 x2; do
	expect 10 ask a "[.rib[] | select(.valid and .exit_nexthop == \"fe80::2%$link\")] | length == 1" show rib 198.51.2.1/32
	expect 10 ask a "[.rib[] | select(.valid and .exit_nexthop == \"fe80::2%$link\")] | length == 1" show rib 2001:db8:2::1/128
done
expect 10 kernel a 198.51.2.1/32 fe80::2
expect 10 reach

say "a reload leaves the sessions, and so does one that changes something about a neighbour"
reload a
a_config ', description: left'
reload a
ask a '.neighbors[0].description == "left"' show neighbor fe80::2%x1 >/dev/null || fail "$stage"
holds 2 both x1
both x2 || fail "$stage"
ups x1 1 && ups x2 1 || fail "$stage"

say "a link goes down: only its session and routes go; and it comes back"
in_ns b ip link set x1 down
expect 5 no session a fe80::2%x1
expect 5 through x2
session a fe80::2%x2 || fail "$stage"
expect 5 reach
in_ns b ip link set x1 up
in_ns b ip address replace fe80::2/64 dev x1 nodad
expect 20 both x1
ups x2 1 || fail "$stage"

say "a link is deleted and made anew, with another index"
in_ns a ip link delete x2
expect 5 no session a fe80::2%x2
expect 5 through x1
plain 3
plain 2
expect 20 both x2
expect 10 ask a '[.rib[] | select(.valid and .exit_nexthop == "fe80::2%x2")] | length == 1' show rib 198.51.2.1/32

say "a reload while a link is away, which then comes"
in_ns a ip link delete x1
expect 5 no session a fe80::2%x1
a_config ', description: right'
reload a
session a fe80::2%x2 || fail "$stage"
plain 1
expect 20 both x1

say "a reload gives a named neighbour another link, with a password and GTSM"
config a 1 65001 '  - {address: "fe80::2%x1", name: n, remote-as: 65002, group: all, password: carrot, ttl-security: 1}'
config b 2 65002 '  - {address: "fe80::1%x1", remote-as: 65001, group: all, password: carrot, ttl-security: 1}
  - {address: "fe80::1%x3", remote-as: 65001, group: all, password: parrot, ttl-security: 1}'
reload a
reload b
expect 20 session a n
expect 5 through x1
config a 1 65001 '  - {address: "fe80::2%x3", name: n, remote-as: 65002, group: all, password: parrot, ttl-security: 1}'
reload a
expect 20 ask a '.neighbors[0] | .state == "Established" and .remote_addr == "fe80::2%x3"' show neighbor n
expect 5 session b fe80::1%x3
expect 5 through x3
expect 10 reach
clean_stop a
clean_stop b
