#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Clients of the BIRD sockets who ask, act, stand still and go in the middle of replies, while neighbours, a table and the
# sockets come and go by reloads: the daemon lives, every reply that is read is in form, and nothing is left over.
. "$(dirname "$0")/../lib.sh"
need_godwit
need python3
here=$(cd "$(dirname "$0")" && pwd)
seed=${SEED:-1} routes=${ROUTES:-4000}
ns a b
link a b 1

conf() { # SOCKETS [NEIGHBOR...]
	echo "router: {as: 64512, id: 10.0.0.1}"
	echo "bird-sockets: {$1}"
	echo "networks: [{prefix: 10.200.0.0/24}, {prefix: \"fd00:200::/64\"}]"
	echo "neighbors:"
	shift
	printf '  - {%s, import: [accept], export: [accept], idle-hold-time: {initial: 1, max: 1}, connect-retry-time: 1}\n' "$@"
}
both="ipv4: $dir/bird.ctl, ipv6: $dir/bird6.ctl"
b="address: 10.99.1.2, name: Mesh_b, remote-as: 64513"
six="address: \"fd99:1::2\", name: Global_6, remote-as: 64513"
conf "$both" "$b" "$six" >"$dir/base.conf"
conf "$both" "$six" >"$dir/gone.conf"
conf "$both" "$b, table: 100" "$six" >"$dir/moved.conf"
conf "ipv4: $dir/bird6.ctl, ipv6: $dir/bird.ctl" "$b" "$six" "address: 10.99.1.77, name: Node_t, remote-as: 1, table: 100" >"$dir/swapped.conf"
conf "ipv4: $dir/bird.ctl" "$b, description: other" "prefix: 10.99.1.0/24, name: range, remote-as: 64513" >"$dir/four.conf"
for conf in "$dir"/*.conf; do
	"$BGPD" -n -f "$conf" || fail "$conf"
done
cp "$dir/base.conf" "$dir/a.yaml"
{
	echo "router: {as: 64513, id: 10.0.0.2}"
	echo "networks:"
	for ((i = 0; i < routes; i++)); do
		echo "  - {prefix: 10.$((i / 250)).$((i % 250)).0/24, blackhole: true, communities: [\"1:1\", \"1:2\", \"1:3\"]}"
	done
	echo "neighbors:"
	for a in 10.99.1.1 '"fd99:1::1"'; do
		echo "  - {address: $a, remote-as: 64512, import: [accept], export: [accept], idle-hold-time: {initial: 1, max: 1}, connect-retry-time: 1}"
	done
} >"$dir/b.yaml"
godwit b b
godwit a a
up() { session a Mesh_b && session a Global_6; }
expect 30 up
descriptors() { find "/proc/${pids[a]}/fd" -mindepth 1 | wc -l; }
before=$(descriptors)

say "clients of every kind, and reloads (seed $seed)"
in_ns a python3 "$here/birdclients.py" "$dir" "${pids[a]}" "$seed" || fail "$stage"
alive a || fail "$stage: the daemon is gone"

say "all is as before: the sessions, the table, descriptors"
expect 60 up
all_there() { in_ns a python3 "$here/calico_parsers.py" "$dir/bird.ctl" ask show route count | grep -q "^0014 $((routes + 1)) of "; }
expect 30 all_there
as_before() { [ "$(descriptors)" -le "$before" ]; }
expect 20 as_before
clean_stop a
clean_stop b
