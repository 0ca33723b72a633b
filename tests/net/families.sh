#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Both families over either transport. A session over a link that has only IPv6 carries
# IPv4 routes with an IPv6 next hop (RFC 8950); one over a link with only IPv4 names an
# IPv6 address of another interface; and a neighbour that does not know RFC 8950 never
# sees an IPv6 next hop of an IPv4 route.
. "$(dirname "$0")/../lib.sh"
need_godwit
need python3
ns a b c
link a b 1
link a c 2
for pair in a:to-b b:to-a; do
	in_ns ${pair%:*} ip -4 address flush dev ${pair#*:}
done
for pair in a:to-c c:to-a; do
	in_ns ${pair%:*} sysctl -qw net.ipv6.conf.${pair#*:}.disable_ipv6=1
done

config() { # NAME NUMBER
	cat >"$dir/$1.yaml" <<-EOT
		router: {as: 64512, id: 10.0.0.$2}
		groups:
		  all: {remote-as: internal, families: [ipv4-unicast, ipv6-unicast], connect-retry-time: 1,
		    idle-hold-time: {initial: 1, max: 2}, route-reflector-client: true}
		networks: [{prefix: 198.51.$2.0/24, blackhole: true}, {prefix: "2001:db8:$2::/48", blackhole: true}]
		neighbors:
	EOT
}
config a 1
config b 2
echo '  - {address: "fd99:1::2", name: b, group: all}' >>"$dir/a.yaml"
echo '  - {address: "10.99.2.2", name: c, group: all, passive: true}' >>"$dir/a.yaml"
echo '  - {address: "fd99:1::1", name: a, group: all}' >>"$dir/b.yaml"
godwit a a
godwit b b
mkfifo "$dir/c.fifo"
export PYTHONDONTWRITEBYTECODE=1
start c c python3 "$top/tests/net/speaker.py" 10.99.2.2 10.99.2.1 64512 "$dir/c.fifo"
expect 20 session a b
expect 20 session a c

say "IPv4 over a link without IPv4 addresses, RFC 8950"
expect 10 best b 198.51.1.0/24 '.exit_nexthop == "fd99:1::1" and .valid'
expect 10 best a 198.51.2.0/24 '.exit_nexthop == "fd99:1::2" and .valid'
expect 10 kernel b 198.51.1.0/24 'via inet6'
expect 10 best b 2001:db8:1::/48 '.exit_nexthop == "fd99:1::1"'
ask a '.rib[0].exit_nexthop == "fd99:1::1"' show rib out b 198.51.1.0/24 >/dev/null || fail "$stage"

say "IPv6 over a link without IPv6 addresses: the next hop is one of another interface"
expect 10 ask a '.rib[0].exit_nexthop == "10.99.2.1"' show rib out c 198.51.1.0/24
ask a '.rib[0].exit_nexthop == "fd99:1::1"' show rib out c 2001:db8:1::/48 >/dev/null || fail "$stage"
say "others keep their next hop, but none that the neighbour cannot read"
expect 10 ask a '.rib[0].exit_nexthop == "fd99:1::2"' show rib out c 2001:db8:2::/48
expect 10 ask a '.rib[0].exit_nexthop == "10.99.2.1"' show rib out c 198.51.2.0/24
holds 2 session a c
session a b >/dev/null || fail "$stage"

stop a || fail "bgpd ended with an error"
