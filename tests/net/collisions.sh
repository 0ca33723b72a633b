#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Both ends connect at the same moment, again and again, with messages that come in any order
# (tests/net/relay.py): each time one session comes up, the same at both ends, and neither end
# takes it back for the other connection (RFC 4271 6.8). ROUNDS and SEED give more, or others.
. "$(dirname "$0")/../lib.sh"
need_godwit
need python3
ns a m b
link a m 1
link m b 2
rounds=${ROUNDS:-200}
retry='idle-hold-time: {initial: 0, max: 0}, connect-retry-time: 1, import: [accept], export: [accept]'
cat >"$dir/a.yaml" <<-EOT
	router: {as: 65001, id: 10.99.0.1}
	neighbors: [{address: 10.99.1.2, name: b, remote-as: 65002, $retry}]
EOT
cat >"$dir/b.yaml" <<-EOT
	router: {as: 65002, id: 10.99.0.2}
	neighbors: [{address: 10.99.2.1, name: a, remote-as: 65001, $retry}]
EOT
listening() { in_ns m ss -Hltn | grep -q 10.99.2.1:179; }
export PYTHONDONTWRITEBYTECODE=1
start relay m python3 "$top/tests/net/relay.py" "${SEED:-1}" "${LATE_MS:-20}" 10.99.1.1,10.99.1.2 10.99.2.2,10.99.2.1
expect 10 listening
godwit a a
godwit b b

say "$rounds times, seed ${SEED:-1}: sessions that come up stay up"
python3 "$top/tests/net/collisions.py" "$rounds" "${SEED:-1}" "$dir/a.sock" b "$dir/b.sock" a || fail "$stage"
! grep 'from=Established.*Connection Collision' "$dir/a.log" "$dir/b.log" || fail "$stage"
say "there were collisions"
grep -q 'subname="\?Connection Collision' "$dir/a.log" "$dir/b.log" || fail "$stage"
clean_stop a
clean_stop b
