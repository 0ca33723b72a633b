#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tools/pgo: what it builds is trained, and forwards a table as the plain build does.
. "$(dirname "$0")/../lib.sh"
need_godwit
need gcc gcc-ar python3
[ -e "$top/config.status" ] && skip "the tree is configured in place: no second build beside it"

say "a trained build"
PGO_SCENARIOS="full:5000 churn:2000" "$top/tools/pgo" "$dir/pgo" >"$dir/pgo.log" 2>&1 || fail "tools/pgo"
find "$dir/pgo" -name '*.gcda' | grep -q update.gcda || fail "nothing was learnt"
strings "$dir/pgo/bgpd/bgpd" | grep -q __gcov_merge && fail "still being trained"

say "it does its work"
"$top/tools/bgpbench" full --quick --builddir "$dir/pgo" --daemons godwit --json "$dir/out.json" >/dev/null || fail "$stage"
jq -e '.scenarios.full.failures.godwit == 0' "$dir/out.json" >/dev/null || fail "$stage"
