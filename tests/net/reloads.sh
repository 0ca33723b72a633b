#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Reloads in a row with random changes (tests/net/reloads.py), with three live neighbours that
# announce routes, and dial as well: sessions that should stay, stay, the others do what the diff
# said, and memory does not grow. RELOADS and SEED give more, or others.
. "$(dirname "$0")/../lib.sh"
need_godwit
need python3
ns a b
link a b 0
for n in 1 2 3; do
	in_ns a ip address add "10.99.1$n.1/24" dev to-b
	in_ns b ip address add "10.99.1$n.2/24" dev to-a
	cat >"$dir/b$n.yaml" <<-EOT
		router: {as: 6500$((n + 1)), id: 10.99.1$n.2, listen: [{address: 10.99.1$n.2}]}
		kernel: {export: [reject]}
		neighbors: [{address: 10.99.1$n.1, source: 10.99.1$n.2, remote-as: external, multihop: 9,
		  families: [ipv4-unicast, ipv6-unicast], enforce-first-as: false$([ $n = 3 ] || echo ', add-path: {receive: true, send: all}'),
		  idle-hold-time: {initial: 0, max: 1}, import: [accept], export: [accept]}]
		networks:
	EOT
	for i in $(seq 0 199); do echo "  - {prefix: 172.$((15 + n)).$i.0/24, communities: [\"6500$((n + 1)):$i\"]}"; done >>"$dir/b$n.yaml"
	godwit "b$n" b
done
echo 'router: {as: 65001, id: 10.99.0.1}' >"$dir/a.yaml"
godwit a a
say "${RELOADS:-300} reloads, seed ${SEED:-1}"
python3 "$top/tests/net/reloads.py" "$dir/a.sock" "$dir/a.yaml" "${SEED:-1}" "${RELOADS:-300}" 10.99.1{1,2,3}.2 || fail "$stage"
clean_stop a
