#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The limits of multipath: of four external and three internal neighbours with equal paths
# exactly as many as allowed are used, the same ones after every restart and in any order of
# arrival, never of both kinds; a reload changes the limits while sessions stay. What the RIB
# says is used is what the kernel forwards to.
. "$(dirname "$0")/../lib.sh"
need_godwit
ns hub a e2 e3 e4 e5 i6 i7 i8
lan hub a e2 e3 e4 e5 i6 i7 i8
# The Nth has 10.99.0.N; e2, e3 and e4 are of one AS, e5 of another.
declare -A as=([e2]=65002 [e3]=65002 [e4]=65002 [e5]=65005 [i6]=65001 [i7]=65001 [i8]=65001)
our_config() { # MULTIPATH
	{
		echo "router: {as: 65001, id: 10.99.0.1, multipath: $1}"
		echo "groups: {all: {import: [accept], export: [reject], connect-retry-time: 1, idle-hold-time: {initial: 1, max: 1}}}"
		echo "neighbors:"
		for name in e2 e3 e4 e5 i6 i7 i8; do
			echo "  - {address: 10.99.0.${name#?}, name: $name, group: all, remote-as: ${as[$name]}}"
		done
	} >"$dir/a.yaml"
}
for name in "${!as[@]}"; do
	# All have e and m, only the internal ones i. An internal neighbour has as long a path to e as an external one, and
	# a shorter one to m.
	case $name in
	e*) long=m more="" ;;
	i*) long=e more=", {prefix: 203.0.113.128/26, blackhole: true}" ;;
	esac
	cat >"$dir/$name.yaml" <<-EOT
		router: {as: ${as[$name]}, id: 10.99.0.${name#?}}
		neighbors:
		  - {address: 10.99.0.1, name: a, remote-as: 65001, import: [reject], export: [out], connect-retry-time: 1,
		     idle-hold-time: {initial: 1, max: 1}}
		networks: [{prefix: 203.0.113.0/26, blackhole: true}, {prefix: 203.0.113.64/26, blackhole: true}$more]
		prefix-sets: {e: [203.0.113.0/26], m: [203.0.113.64/26]}
		policies:
		  out:
		    - {match: {prefix-set: $long}, set: {prepend: [65009]}, action: accept}
		    - {action: accept}
	EOT
done
# uses PREFIX "N...": paths in use in the RIB, the set in the FIB and the next hops in the kernel are these, no others
uses() {
	local rib fib kernel
	rib=$(ctl a -j show rib "$1" | jq -c '[.rib[] | select(.best or .multipath) | .exit_nexthop] | sort')
	fib=$(ctl a -j show fib | jq -c "[.fib[] | select(.prefix == \"$1\" and .installed) | .nexthops[].via] | sort")
	kernel=$(in_ns a ip -j route show exact "$1" | jq -c '[.[] | .gateway // .nexthops[].gateway] | sort')
	echo "rib $rib fib $fib kernel $kernel"
	[ "$rib" = "$fib" ] && [ "$rib" = "$kernel" ] && [ "$(echo "$rib" | jq -r '[.[] | sub(".*[.]"; "")] | join(" ")')" = "$2" ]
}
limits() { # MULTIPATH: reloaded; sessions must stay
	our_config "$1"
	ctl a reload >/dev/null || fail "$stage: reload"
}
sessions() { ctl a -j show neighbor | jq -c '[.neighbors[] | [.name, .state, .stats.message.sent.open]]'; }
all_up() { ask a '[.neighbors[] | select(.state == "Established")] | length == 7' show neighbor; }

our_config "{ebgp: 16, ibgp: 16}"
godwit a a
for name in i8 e5 e4 i7 e3 e2 i6; do
	godwit "$name" "$name"
done
expect 30 all_up
e=203.0.113.0/26 m=203.0.113.64/26 i=203.0.113.128/26
say "one AS path only, external ones alone although internal ones are as long"
expect 10 uses $e "2 3 4"
expect 10 ask a '[.rib[] | select(.neighbor.name | startswith("i")) | .reason] == ["ebgp-over-ibgp", "ebgp-over-ibgp", "ebgp-over-ibgp"]' show rib $e
say "the internal ones alone where they are better"
expect 10 uses $m "6 7 8"
expect 10 uses $i "6 7 8"
was=$(sessions)
say "exactly as many as the limit, by the router id; one kind's limit is nothing to the other"
limits "{ebgp: 2, ibgp: 16}"
expect 10 uses $e "2 3"
expect 10 uses $m "6 7 8"
limits "{ebgp: 16, ibgp: 2}"
expect 10 uses $e "2 3 4"
expect 10 uses $m "6 7"
expect 10 uses $i "6 7"
say "limit 1 is no multipath"
limits "{ebgp: 1, ibgp: 1}"
expect 10 uses $e "2"
expect 10 uses $m "6"
ask a '[.rib[] | select(.multipath)] == []' show rib $e >/dev/null || fail "$stage"
say "relaxed: the other AS comes in, its path being as long"
limits "{ebgp: 16, ibgp: 16, as-path-relax: true}"
expect 10 uses $e "2 3 4 5"
expect 10 uses $m "6 7 8"
limits "{ebgp: 3, ibgp: 3, as-path-relax: true}"
expect 10 uses $e "2 3 4"
[ "$(sessions)" = "$was" ] || fail "$stage: sessions were reset: $(sessions), were $was"
say "whoever goes is replaced by the next, and has its place again whatever came first"
stop e2 || fail "bgpd ended with an error"
expect 10 uses $e "3 4 5"
stop i6 || fail "bgpd ended with an error"
expect 10 uses $m "7 8"
godwit e2 e2
godwit i6 i6
expect 30 uses $e "2 3 4"
expect 30 uses $m "6 7 8"
say "the last external one leaves the internal ones"
for name in e2 e3 e4 e5; do
	stop $name || fail "bgpd ended with an error"
done
expect 10 uses $e "6 7 8"
