#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Both ends connect at once (RFC 4271 6.8). The one of the two connections that would
# lose is not given up before the other has proved to be one: a neighbour that closes
# connections by a rule of its own would otherwise be left with none.
. "$(dirname "$0")/../lib.sh"
need_godwit
need python3
ns a b
link a b 1
cat >"$dir/a.yaml" <<-EOT
	router: {as: 65001, id: 10.99.1.1}
	neighbors:
	  - {address: 10.99.1.2, name: b, remote-as: 65002, import: [accept], export: [accept],
	     idle-hold-time: {initial: 1, max: 1}, connect-retry-time: 1}
EOT
guest="timeout 60 python3 $top/tests/net/strangers.py"
export PYTHONDONTWRITEBYTECODE=1

say "both have an OPEN: the one of the higher identifier stays"
godwit a a
# shellcheck disable=SC2086
answer=$(in_ns b $guest collision-won 10.99.1.2 10.99.1.1) || fail "$stage: $answer"
[ "$answer" = "NOTIFICATION 6/7" ] || fail "$stage, not $answer"

say "that one is closed without a word: the other comes up, nothing is dropped"
stop a || fail "bgpd ended with an error"
# shellcheck disable=SC2086
start guest b $guest collision-given-up 10.99.1.2 10.99.1.1
godwit a a
expect 20 session a b
grep -qx established "$dir/guest.log" || fail "$stage"
ask a '.neighbors[0].stats.message.sent.notification == 0' show neighbor b >/dev/null || fail "$stage"
stop a || fail "bgpd ended with an error"
