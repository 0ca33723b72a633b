#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# ExaBGP sends what is odd but legal: attributes that nobody knows, very long ones, next hops of all kinds, ADD-PATH ids in
# any order, the same again and what was never there. Ours, its kernel and a third, which is ExaBGP too, have of it what the
# RFCs say, and no session is lost. It sorts its attributes by type: another order is in tests/net/attributes.sh.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/peers/exabgp.sh"
need_godwit
# shellcheck disable=SC2086
need $exabgp_programs
ns a odd paths sink
link a odd 1
link a sink 2
link a paths 3
cat >"$dir/a.yaml" <<-EOT
	router: {as: 65001, id: 10.99.1.1}
	groups:
	  all: {import: [accept], export: [accept], passive: true, families: [ipv4-unicast, ipv6-unicast]}
	neighbors:
	  - {address: 10.99.1.2, name: odd, group: all, remote-as: 65002}
	  - {address: 10.99.2.2, name: sink, group: all, remote-as: 65003}
	  - {address: 10.99.3.2, name: paths, group: all, remote-as: 65004, add-path: {receive: true, send: all}}
EOT
godwit a a
families="ipv4 unicast; ipv6 unicast;"
abilities="asn4 enable; extended-message enable;"
# 4.2 ends a session where it should send a begin of RFC 7313: only the one that sends nothing has the capability.
exabgp_run odd 10.99.1.2 65002 10.99.1.1 65001 "$families" "$abilities"
exabgp_run sink 10.99.2.2 65003 10.99.2.1 65001 "$families" "$abilities route-refresh enable;"
exabgp_run paths 10.99.3.2 65004 10.99.3.1 65001 "$families" "$abilities add-path send/receive;"
for name in odd sink paths; do
	expect 20 session a $name
done
sends() { # PREFIX WHAT...
	case $1 in
	*:*) exabgp_says odd "announce route $1 next-hop fd99:1::2 ${*:2}" ;;
	*) exabgp_says odd "announce route $1 next-hop 10.99.1.2 ${*:2}" ;;
	esac
}
takes_back() { exabgp_says odd "withdraw route $1 next-hop ${2:-10.99.1.2}"; } # PREFIX [NEXT-HOP]
told() { exabgp_last sink "$@"; } # PREFIX FILTER
untold() { no told "$1" '.announce'; } # PREFIX
updates_from() { ctl a -j show neighbor "$1" | jq '.neighbors[0].stats.message.received.update'; }
more_updates() { [ "$(updates_from "$1")" -ge "$2" ]; } # NAME COUNT

say "unknown attributes: the transitive go on with the partial bit, the others end here (RFC 4271 5)"
# An extended length that is not needed, and a partial bit that is already there.
sends 10.1.0.0/16 "attribute [ 0x63 0xc0 0x0708 ]" "attribute [ 0x64 0xd0 0x09 ]" "attribute [ 0x65 0xe0 0x0a ]" \
	"attribute [ 0x62 0x80 0x01 ]" "attribute [ 0xfe 0xc0 0x$(printf '%0600d' 7) ]"
expect 10 told 10.1.0.0/16 '.attribute | [keys[] | select(test("attribute-")) | ascii_downcase | gsub("0xf0$"; "0xe0")] ==
	["attribute-0x63-0xe0", "attribute-0x64-0xe0", "attribute-0x65-0xe0", "attribute-0xfe-0xe0"]'
told 10.1.0.0/16 '.attribute["attribute-0x63-0xE0"] == "0x0708" and .attribute["attribute-0x65-0xE0"] == "0x0a"' >/dev/null ||
	fail "$stage"
kernel a 10.1.0.0/16 'via 10.99.1.2' >/dev/null || fail "$stage"

say "ORIGIN, MED, AGGREGATOR, ATOMIC_AGGREGATE: known, passed on, and MED not beyond us"
sends 10.2.0.0/16 "origin egp med 0 aggregator ( 4200000001:192.0.2.1 ) atomic-aggregate"
sends 10.2.1.0/24 "origin incomplete med 4294967295"
sends 10.2.2.0/24 "origin igp"
expect 10 best a 10.2.0.0/16 '.origin == "egp" and .med == 0'
expect 10 best a 10.2.1.0/24 '.origin == "incomplete" and .med == 4294967295'
expect 10 best a 10.2.2.0/24 '.origin == "igp" and .med == null'
expect 10 told 10.2.0.0/16 '.attribute | .origin == "egp" and .med == null and .aggregator == "4200000001:192.0.2.1" and
	.["atomic-aggregate"] == true'
expect 10 told 10.2.1.0/24 '.attribute | .origin == "incomplete" and .med == null and .aggregator == null'
say "known attributes with the partial bit, and what an external neighbour should not send (RFC 7606 7.9, 7.10; RFC 6793 6)"
sends 10.2.3.0/24 "attribute [ 0x08 0xe0 0x000300040001000200030004 ]" "originator-id 192.0.2.9" "cluster-list [ 192.0.2.8 ]" \
	"attribute [ 0x11 0xc0 0x02010000ffff ]"
expect 10 best a 10.2.3.0/24 '.originator_id == null and .cluster_list == [] and .aspath == "65002" and
	(.communities | unique) == ["1:2", "3:4"]'
expect 10 told 10.2.3.0/24 '.attribute | (.community | unique) == [[1, 2], [3, 4]] and .["originator-id"] == null and
	.["as-path"] == [65001, 65002]'

say "an AS_SET withdraws (RFC 9774)"
sends 10.3.0.0/16 "as-path [ 65002 65010 ]"
expect 10 told 10.3.0.0/16 '.announce'
sends 10.3.0.0/16 "as-path [ 65002 65010 ( 65011 65012 ) ]"
expect 10 told 10.3.0.0/16 '.withdraw'
absent a 10.3.0.0/16 >/dev/null || fail "$stage"
expect 5 no_kernel a 10.3.0.0/16
say "and a path without one is taken again; one with our own number is not used"
sends 10.3.0.0/16 "as-path [ 65002 65010 65002 65010 ]"
expect 10 best a 10.3.0.0/16 '.aspath == "65002 65010 65002 65010"'
expect 10 told 10.3.0.0/16 '.announce'
sends 10.3.0.0/16 "as-path [ 65002 65001 65010 ]"
expect 10 told 10.3.0.0/16 '.withdraw'
expect 5 no_kernel a 10.3.0.0/16

say "a path of 700 ASes in three segments, and one of segments of one AS"
sends 10.4.0.0/16 "as-path [ 65002 $(seq -s ' ' 4200000001 4200000699) ]"
expect 10 best a 10.4.0.0/16 "(.aspath | split(\" \") | length) == 700 and (.aspath | endswith(\"4200000699\"))"
expect 10 told 10.4.0.0/16 '.attribute["as-path"] == [65001, 65002] + [range(4200000001; 4200000700)]'
sends 10.4.1.0/24 "attribute [ 0x02 0x40 0x02010000fdea02010000fdf20201fa56ea01 ]"
expect 10 best a 10.4.1.0/24 '.aspath == "65002 65010 4200000001"'
expect 10 told 10.4.1.0/24 '.attribute["as-path"] == [65001, 65002, 65010, 4200000001]'
kernel a 10.4.0.0/16 'via 10.99.1.2' >/dev/null || fail "$stage"

say "many communities of each kind, and all of them in more than 4,096 octets (RFC 8654)"
few="community [ $(seq -f '65002:%g' -s ' ' 1 600) ]"
large="large-community [ $(seq -f '4200000001:%g:7' -s ' ' 1 150) ]"
extended="extended-community [ $(seq -f 'target:65002:%g' -s ' ' 1 200) ]"
sends 10.5.0.0/16 "$few"
sends 10.5.1.0/24 "$large"
sends 10.5.2.0/24 "$extended"
sends 10.5.3.0/24 "$few $large $extended"
is_few='(.community | sort) == [range(1; 601) | [65002, .]]'
is_large='(.["large-community"] | sort) == [range(1; 151) | [4200000001, ., 7]]'
is_extended='([.["extended-community"][].string] | sort) == ([range(1; 201) | "target:65002:\(.)"] | sort)'
expect 10 told 10.5.0.0/16 ".attribute | $is_few"
expect 10 told 10.5.1.0/24 ".attribute | $is_large"
expect 10 told 10.5.2.0/24 ".attribute | $is_extended"
expect 10 told 10.5.3.0/24 ".attribute | ($is_few) and ($is_large) and ($is_extended)"
best a 10.5.3.0/24 '[(.communities, .large_communities, .ext_communities) | length] == [600, 150, 200]' >/dev/null || fail "$stage"

say "what the well-known communities keep back (RFC 1997)"
sends 10.5.4.0/24 "community [ no-export ]"
sends 10.5.5.0/24 "community [ no-advertise ]"
sends 10.5.6.0/24 "community [ 65535:65283 ]"
sends 10.5.7.0/24 "community [ 0:0 65535:65000 ]"
expect 10 told 10.5.7.0/24 '.attribute.community == [[0, 0], [65535, 65000]]'
for prefix in 10.5.4.0/24 10.5.5.0/24 10.5.6.0/24; do
	expect 5 kernel a $prefix 'via 10.99.1.2'
	untold $prefix >/dev/null || fail "$stage: $prefix was passed on"
done

say "defaults, host routes and IPv6 over the IPv4 session"
for prefix in 0.0.0.0/0 10.6.0.1/32 0.0.0.0/1 ::/0 2001:db8:6::1/128 2001:db8:6::/47; do
	sends $prefix
done
for prefix in 0.0.0.0/0 10.6.0.1/32 0.0.0.0/1; do
	expect 10 kernel a $prefix 'via 10.99.1.2'
	expect 10 told $prefix '.announce["ipv4 unicast"] | keys == ["10.99.2.1"]'
done
for prefix in ::/0 2001:db8:6::1/128 2001:db8:6::/47; do
	expect 10 kernel a $prefix 'via fd99:1::2'
	expect 10 told $prefix '.announce["ipv6 unicast"] | keys == ["fd99:2::1"]'
done
takes_back 0.0.0.0/0
takes_back ::/0 fd99:1::2
expect 10 no_kernel a 0.0.0.0/0
expect 10 no_kernel a ::/0
expect 10 told ::/0 '.withdraw'

say "next hops: a third party of the subnet; one elsewhere and ourselves are not used (RFC 4271 5.1.3)"
exabgp_says odd "announce route 10.7.0.0/16 next-hop 10.99.1.7" "announce route 10.7.1.0/24 next-hop 192.0.2.77" \
	"announce route 10.7.2.0/24 next-hop 10.99.1.1"
expect 10 kernel a 10.7.0.0/16 'via 10.99.1.7'
expect 10 told 10.7.0.0/16 '.announce["ipv4 unicast"] | keys == ["10.99.2.1"]'
sends 10.7.3.0/24
expect 10 told 10.7.3.0/24 '.announce'
for prefix in 10.7.1.0/24 10.7.2.0/24; do
	ask a '.rib | length == 1 and (.[0] | (.best | not) and (.valid | not) and .neighbor.name == "odd")' \
		show rib in odd $prefix >/dev/null || fail "$stage: $prefix"
	no_kernel a $prefix >/dev/null || fail "$stage: $prefix is in the kernel"
	untold $prefix >/dev/null || fail "$stage: $prefix was passed on"
done

say "withdrawn before it was ever there, also twice"
before=$(updates_from odd) told_before=$(exabgp_updates sink)
takes_back 10.8.0.0/16
expect 10 more_updates odd $((before + 1))
takes_back 10.8.0.0/16
takes_back 2001:db8:8::/48 fd99:1::2
expect 10 more_updates odd $((before + 3))

say "all of it again, four times: nobody is told anything"
all() { ctl a -j show rib | jq -c '[.rib[] | del(.age_s)] | sort_by(.prefix)'; }
kernel_has() { in_ns a ip route show proto bgp && in_ns a ip -6 route show proto bgp; }
was=$(all) kernel_was=$(kernel_has)
[ -n "$kernel_was" ] || fail "$stage: nothing of ours in the kernel"
for n in 1 2 3 4; do
	before=$(updates_from odd)
	exabgp_says odd "flush adj-rib out"
	expect 10 more_updates odd $((before + 10))
done
# What comes last has been through the same queue.
sends 10.8.1.0/24
expect 10 told 10.8.1.0/24 '.announce'
[ "$(exabgp_updates sink)" -eq $((told_before + 1)) ] || fail "$stage: $(($(exabgp_updates sink) - told_before - 1)) updates"
takes_back 10.8.1.0/24
expect 10 told 10.8.1.0/24 '.withdraw'
[ "$(all)" = "$was" ] || fail "$stage: another table"
[ "$(kernel_has)" = "$kernel_was" ] || fail "$stage: another kernel table"

say "it asks for everything several times, and has it between begin and end each time (RFC 7313)"
refreshed() { [ "$(grep -c '"subtype": ""end""' "$dir/sink.hears")" -ge "$1" ]; }
for n in 1 2 3; do
	before=$(exabgp_updates sink)
	exabgp_says sink "announce route-refresh ipv4 unicast"
	expect 10 refreshed $n
	sed -n '/"subtype": ""begin""/h; /"subtype": ""begin""/!H; $ { x; p }' "$dir/sink.hears" | grep -q '10.4.0.0/16' || fail "$stage"
done

say "ADD-PATH: ids in no order, from 0 to the greatest"
net=10.65.9.0/24
path() { exabgp_says paths "announce route $net next-hop 10.99.3.2 path-information $1 ${*:2}"; } # ID WHAT...
path_gone() { exabgp_says paths "withdraw route $net next-hop 10.99.3.2 path-information $1"; }
# An id of 0 is shown as null.
has_paths() { ask a "[.rib[] | [.path_id // 0, .med]] | sort == $1" show rib in paths $net; } # [[ID, MED]...]
path 9 med 90
path 4294967295 med 70
path 3 med 80
path 0 med 100
expect 10 has_paths '[[0, 100], [3, 80], [9, 90], [4294967295, 70]]'
expect 10 best a $net '.med == 70'
expect 10 told $net '.announce'
say "an id that is used again replaces its path and no other"
path 3 med 10 community '[ 65004:3 ]'
expect 10 has_paths '[[0, 100], [3, 10], [9, 90], [4294967295, 70]]'
expect 10 told $net '.attribute.community == [[65004, 3]]'
say "an id that was never there takes nothing along, the best does"
before=$(updates_from paths)
path_gone 5
expect 10 more_updates paths $((before + 1))
has_paths '[[0, 100], [3, 10], [9, 90], [4294967295, 70]]' >/dev/null || fail "$stage"
path_gone 3
expect 10 has_paths '[[0, 100], [9, 90], [4294967295, 70]]'
expect 10 told $net '.announce and .attribute.community == null'
path 3 med 95
path_gone 9
path_gone 4294967295
expect 10 has_paths '[[0, 100], [3, 95]]'
expect 10 best a $net '.path_id == 3'
exabgp_says paths "flush adj-rib out"
path_gone 0
expect 10 has_paths '[[3, 95]]'
path_gone 3
expect 10 absent a $net
expect 10 told $net '.withdraw'
expect 5 no_kernel a $net

say "no session was lost over any of it; one that ends takes all along"
ask a '[.neighbors[] | .state == "Established" and .stats.message.sent.notification == 0 and .stats.message.sent.open == 1] | all' \
	show neighbor >/dev/null || fail "$stage"
stop odd
expect 10 absent a 10.1.0.0/16
expect 10 told 10.4.0.0/16 '.withdraw'
nothing_left() { [ -z "$(kernel_has)" ]; }
expect 10 nothing_left
stop paths
stop sink
clean_stop a
