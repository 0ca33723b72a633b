#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Two ways to the same prefix: equal paths make one ECMP route, a link that goes down
# takes one away without waiting for the hold timer, and comes back.
. "$(dirname "$0")/../lib.sh"
need_godwit
ns a left right
link a left 1
link a right 2
cat >"$dir/a.yaml" <<-EOT
	router: {as: 65001, id: 10.0.0.1, multipath: {ebgp: 4, as-path-relax: true}}
	groups:
	  up: {import: [accept], export: [accept], connect-retry-time: 1, idle-hold-time: {initial: 1, max: 2},
	       families: [ipv4-unicast], graceful-restart: {enabled: false}}
	neighbors:
	  - {address: 10.99.1.2, name: left, group: up, remote-as: 65002}
	  - {address: 10.99.2.2, name: right, group: up, remote-as: 65003}
EOT
as=65002
for name in left right; do
	cat >"$dir/$name.yaml" <<-EOT
		router: {as: $as, id: 10.0.0.$((as - 65000))}
		neighbors:
		  - {address: 10.99.$((as - 65001)).1, name: a, remote-as: 65001, import: [accept], export: [accept],
		     connect-retry-time: 1, idle-hold-time: {initial: 1, max: 2}, graceful-restart: {enabled: false}}
		networks:
		  - {prefix: 203.0.113.0/24}
	EOT
	as=$((as + 1))
done
godwit a a
godwit left left
godwit right right
expect 20 session a left
expect 20 session a right

# The kernel may hold a nexthop object, so what is looked at is where packets go.
ways() { # COUNT
	local found=0 out
	out=$(in_ns a ip route show exact 203.0.113.0/24)
	case $out in *nhid*) out=$out$(in_ns a ip nexthop) ;; esac
	echo "$out"
	case $out in *'via 10.99.1.2'*) found=$((found + 1)) ;; esac
	case $out in *'via 10.99.2.2'*) found=$((found + 1)) ;; esac
	[ $found -eq "$1" ]
}
say "two equal paths, one best, one ECMP route"
expect 10 ask a '[.rib[] | select(.multipath or .best)] | length == 2' show rib 203.0.113.0/24
best a 203.0.113.0/24 >/dev/null || fail "$stage"
expect 10 ways 2
expect 10 ask a '.fib[] | select(.prefix == "203.0.113.0/24") | .installed and (.nexthops | length == 2)' show fib

say "a link that goes down takes its way out"
in_ns a ip link set to-left down
expect 5 kernel a 203.0.113.0/24 'via 10.99.2.2'
one_way() { no kernel a 203.0.113.0/24 'via 10.99.1.2'; }
expect 5 one_way

say "and back"
in_ns a ip link set to-left up
in_ns a ip address replace 10.99.1.1/24 dev to-left
expect 30 session a left
expect 10 ways 2

say "the other end withdraws: one way is left, and none when both have"
sed -i "/prefix:/d; s/^networks:/networks: []/" "$dir/left.yaml"
ctl left reload || fail "$stage"
expect 10 one_way
kernel a 203.0.113.0/24 'via 10.99.2.2' >/dev/null || fail "$stage"
stop right || fail "bgpd ended with an error"
expect 10 no_kernel a 203.0.113.0/24
