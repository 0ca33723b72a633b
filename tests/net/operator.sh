#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An operator who tries everything (tests/net/operator.py): random configurations, commands and questions, between three
# neighbours, while links and sessions come and go. Every answer is whole; and in the end the neighbours and the kernel
# have exactly what they have after a fresh start with the same configuration. STEPS and SEED give more, or others.
. "$(dirname "$0")/../lib.sh"
need_godwit
need python3
ns a b c d
n=0
for peer in b c d; do
	n=$((n + 1))
	link a $peer $n
	as=$([ $peer = c ] && echo 65001 || echo $((65001 + n)))
	cat >"$dir/$peer.yaml" <<-EOT
		router: {as: $as, id: 10.0.1.$n, resolve-via-default: true, graceful-restart: {restart-time: 3, long-lived-time: 3}}
		kernel: {export: [reject]}
		neighbors: [{address: 10.99.$n.1, name: a, remote-as: 65001, families: [ipv4-unicast, ipv6-unicast], import: [accept],
		  export: [accept], enforce-first-as: false, allow-own-as: 3, add-path: {receive: true, send: all}, hold-time: 9,
		  connect-retry-time: 1, idle-hold-time: {initial: 0, max: 1}}]
		networks:
		  - {prefix: 0.0.0.0/0, med: $n}
		  - {prefix: "fd00:$n::/32"}
	EOT
	communities=(65000:1 65000:4 no-export llgr-stale graceful-shutdown no-advertise)
	for i in $(seq 0 11); do
		echo "  - {prefix: 10.$i.0.0/16, med: $((i * n % 5)), communities: [\"${communities[(i + n) % 6]}\"]}"
		echo "  - {prefix: 10.$i.$n.0/24}"
	done >>"$dir/$peer.yaml"
	in_ns $peer ip route add default via "10.99.$n.1"
	godwit $peer $peer
done
# All that the neighbours have of a, without path ids, and a's routes and nexthop objects in the kernel, without their ids.
told() {
	for peer in b c d; do
		ctl $peer -j show rib from a | jq -S -c ".rib[] | [\"$peer\", .prefix, .aspath, .origin, .med, .local_preference,
			.exit_nexthop, .originator_id, .cluster_list, (.communities | sort)]"
	done | sort
	for family in -4 -6; do
		in_ns a ip $family -o route show table all | grep -E 'proto (bgp|187)' | sed -E 's/nhid [0-9]+ //' | sort
	done
	in_ns a ip nexthop show | sed -E 's/[0-9]{6,}/N/g' | sort
}
as_before() { diff "$dir/told" <(told); }
# Nothing has changed for two seconds.
quiet() {
	told >"$dir/told"
	sleep 2
	as_before >/dev/null
}
echo 'router: {as: 65001, id: 10.0.0.1}' >"$dir/a.yaml"
godwit a a
say "${STEPS:-1000} steps, seed ${SEED:-1}"
python3 "$top/tests/net/operator.py" "$dir" "${SEED:-1}" "${STEPS:-1000}" "$tag-a" to-b to-c to-d || fail "$stage"
expect 60 quiet
ask a '.summary | .wanted == .installed + .failed' show fib >/dev/null || fail "$stage: $(ctl a show fib)"
say "the same after a fresh start: $(wc -l <"$dir/told") lines"
clean_stop a
godwit a a
expect 60 as_before
clean_stop a
