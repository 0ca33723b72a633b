#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Memory for one neighbour's or one client's buffers cannot be had, at random moments under load (tests/net/starved.py): that
# neighbour's session ends and comes back, that client is cut off; all others stay, and routes are right in the end.
# STARVED_S gives it more than 10 seconds, SEED other moments.
. "$(dirname "$0")/../lib.sh"
need python3 nm
seed=${SEED:-$RANDOM}
echo "seed $seed"
command -v gcc >/dev/null || skip "gcc is not installed"
gcc -shared -fPIC -O2 -g -Wall -Wextra -Werror -o "$dir/failalloc.so" "$top/tests/net/failalloc.c" || fail "the library that is preloaded"
ns a p q r
neighbor() { # NUMBER NAME KEYS
	link a "$2" "$1"
	echo "  - {address: 10.99.$1.2, name: $2, remote-as: 6500$(($1 + 1)), connect-retry-time: 1, idle-hold-time: {initial: 1, max: 1}, import: [accept], $3}"
}
{
	echo 'router: {as: 65001, id: 10.99.1.1}'
	echo 'policies: {one: [{set: {med: 7}, action: accept}]}'
	echo 'neighbors:'
	neighbor 1 p 'export: [one]'
	neighbor 2 q 'export: [accept]'
	neighbor 3 r 'export: [accept]'
} >"$dir/a.yaml"
n=1
for name in p q r; do
	cat >"$dir/$name.yaml.1" <<-EOT
		router: {as: 6500$((n + 1)), id: 10.99.$n.2}
		neighbors:
		  - {address: 10.99.$n.1, name: a, remote-as: 65001, import: [accept], export: [accept],
		     connect-retry-time: 1, idle-hold-time: {initial: 1, max: 1}}
		networks:
	EOT
	for i in {0..599}; do
		echo "  - {prefix: 100.$((10 * n + i / 250)).$((i % 250)).0/24}"
	done >>"$dir/$name.yaml.1"
	sed "s,prefix: 100.${n}0.,prefix: 100.${n}5.," "$dir/$name.yaml.1" >"$dir/$name.yaml.2"
	cp "$dir/$name.yaml.1" "$dir/$name.yaml"
	godwit $name $name
	n=$((n + 1))
done
say "buffers"
in_ns a python3 "$top/tests/net/starved.py" "$seed" "${STARVED_S:-10}" "$dir/failalloc.so" "$dir" "$BGPD" "$BGPCTL"
status=$?
[ $status -ne 77 ] || skip "the program is stripped"
[ $status -eq 0 ] || fail "$stage"
