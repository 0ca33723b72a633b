#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# iBGP on a shared subnet. First a full mesh of four: everybody has everybody's network
# and nothing is passed on. Then a reflector with clients that know only it (RFC 4456):
# ORIGINATOR_ID and CLUSTER_LIST are there, the next hop stays the originator's.
. "$(dirname "$0")/../lib.sh"
need_godwit
routers="r1 r2 r3 r4"
# shellcheck disable=SC2086
ns hub $routers
# shellcheck disable=SC2086
lan hub $routers

# config N NEIGHBOUR...: router N with those neighbours; $extra adds keys to each, $router to the router
config() {
	local n=$1 peer
	shift
	{
		echo "router: {as: 64512, id: 10.99.0.$n${router:-}}"
		echo "groups: {mesh: {remote-as: internal, import: [accept], export: [accept], connect-retry-time: 1,"
		echo "  idle-hold-time: {initial: 1, max: 2}, graceful-restart: {enabled: false}${extra:-}}}"
		echo "neighbors:"
		for peer in "$@"; do
			echo "  - {address: 10.99.0.$peer, name: r$peer, group: mesh}"
		done
		echo "networks: [{prefix: 10.65.$n.0/24, blackhole: true}]"
	} >"$dir/r$n.yaml"
}
all_up() { # NAME COUNT
	ask "$1" "[.neighbors[] | select(.state == \"Established\")] | length == $2" show neighbor
}

config 1 2 3 4
config 2 1 3 4
config 3 1 2 4
config 4 1 2 3
for r in $routers; do
	godwit $r $r
done
say "a full mesh of four"
for r in $routers; do
	expect 20 all_up $r 3
done
for r in 1 2 3 4; do
	for other in 1 2 3 4; do
		[ $r = $other ] && continue
		expect 10 best r$r 10.65.$other.0/24 \
			".aspath == \"\" and .neighbor.name == \"r$other\" and .local_preference == 100"
		expect 10 kernel r$r 10.65.$other.0/24 "via 10.99.0.$other"
	done
	# One path each: nobody has passed on what it had from iBGP.
	expect 10 ask r$r '.rib | length == 4' show rib
done

say "by reload to a reflector with three clients"
extra=", route-reflector-client: true" config 1 2 3 4
for n in 2 3 4; do
	config $n 1
done
for r in r1 r2 r3 r4; do
	ctl $r reload || fail "$stage"
done
for n in 2 3 4; do
	expect 20 all_up r$n 1
	for other in 2 3 4; do
		[ $n = $other ] && continue
		expect 10 best r$n 10.65.$other.0/24 ".neighbor.name == \"r1\" and .originator_id == \"10.99.0.$other\" and
			.cluster_list == [\"10.99.0.1\"] and .exit_nexthop == \"10.99.0.$other\""
		expect 10 kernel r$n 10.65.$other.0/24 "via 10.99.0.$other"
	done
done

say "a client stops: the others lose its network alone"
stop r4 || fail "bgpd ended with an error"
for n in 2 3; do
	expect 10 no_kernel r$n 10.65.4.0/24
	kernel r$n 10.65.1.0/24 >/dev/null || fail "$stage"
done
kernel r2 10.65.3.0/24 >/dev/null || fail "$stage"

say "another cluster-id and default-local-preference reach the clients, whose sessions stay"
router=", cluster-id: 10.99.0.77, default-local-preference: 150" extra=", route-reflector-client: true" config 1 2 3 4
ctl r1 reload || fail "$stage"
expect 10 best r2 10.65.3.0/24 '.cluster_list == ["10.99.0.77"]'
expect 10 best r2 10.65.1.0/24 '.local_preference == 150'
all_up r2 1 >/dev/null || fail "$stage"
say "and what has that cluster-id in its list is a loop from then on (RFC 4456 8), and no longer"
router=", cluster-id: 10.99.0.77" config 2 1
ctl r2 reload || fail "$stage"
expect 10 ask r2 '[.rib[] | select(.reason == "cluster-loop")] | length == 1' show rib in r1 10.65.3.0/24
config 2 1
ctl r2 reload || fail "$stage"
expect 10 best r2 10.65.3.0/24
