#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The benchmark runs: every scenario in small sizes, with our daemon, the null forwarder and
# the other daemons that are installed. Each receiver checks each route; nothing is measured.
# Another daemon that fails under the load of a test machine is no failure of ours.
. "$(dirname "$0")/../lib.sh"
need_godwit
need python3
BENCH=$top/tools/bgpbench
[ -x "$build/tools/bgpbench-peer" ] || fail "bgpbench-peer is not built"

say "every scenario, every daemon"
"$BENCH" all --quick --builddir "$build" --json "$dir/all.json" >"$dir/bench.log" 2>&1
for scenario in full paths reflect mesh-paced mesh-once mesh-dial churn failover fib fib-heard converge v6 policy stall; do
	jq -e --arg s "$scenario" '.scenarios[$s] | .failures.godwit == 0 and (.results.godwit | length == 1)' \
		"$dir/all.json" >/dev/null || fail "godwit in $scenario"
	case $scenario in failover | fib | fib-heard | converge) continue ;; esac
	jq -e --arg s "$scenario" '.scenarios[$s].failures.null == 0' "$dir/all.json" >/dev/null ||
		fail "the null forwarder in $scenario"
done

say "a steady change, and nothing grows"
"$BENCH" soak --quick --builddir "$build" --daemons godwit --json "$dir/soak.json" >"$dir/soak.log" 2>&1 || fail "$stage"
jq -e '.scenarios.soak.results.godwit[0].metrics | .up == 7 and .changes > 50 and .growth < 20' "$dir/soak.json" >/dev/null ||
	fail "$stage"

say "what was sent and received adds up"
jq -e '.scenarios.full.results.godwit[0].results[0] | .unmet == 0 and .announced == .routes and .routes == 4000' \
	"$dir/all.json" >/dev/null || fail "$stage"
jq -e '.scenarios.reflect.results.godwit[0].results[0] | .sinks == 8 and .announced == 8 * .routes' \
	"$dir/all.json" >/dev/null || fail "$stage"

say "the flow came through in each way of using the kernel"
for row in godwit godwit-compat0 godwit-plain; do
	jq -e --arg r $row '.scenarios.converge | .failures[$r] == 0 and (.results[$r][0].metrics |
		([.[] | numbers] | length == 7) and .link > 0 and .hop > 0 and .back > 0)' "$dir/all.json" >/dev/null ||
		fail "$stage: $row"
done

say "the same routes without the rules"
jq -e '.scenarios.policy | .failures["godwit-accept"] == 0 and
	.results["godwit-accept"][0].results[0].announced > .results.godwit[0].results[0].announced' "$dir/all.json" \
	>/dev/null || fail "$stage"
grep -q 'godwit / godwit-accept, s: ' "$dir/bench.log" || fail "$stage"

say "routes of an MRT dump"
python3 - "$dir/dump.gz" <<-'EOT'
	import gzip, struct, sys
	def record(number):
	    attributes = bytes([0x40, 1, 1, 0, 0x40, 2, 10, 2, 2]) + struct.pack(">II", 701, 1299 + number % 7)
	    rib = struct.pack(">IBBBBHHIH", number, 24, 11, number, 7, 1, 0, 0, len(attributes)) + attributes
	    return struct.pack(">IHHI", 0, 13, 2, len(rib)) + rib
	with gzip.open(sys.argv[1], "wb") as f:
	    f.write(b"".join(record(n) for n in range(200)))
EOT
"$BENCH" full --quick --builddir "$build" --daemons godwit --mrt "$dir/dump.gz" --json "$dir/mrt.json" \
	>"$dir/mrt.log" 2>&1 || fail "$stage"
jq -e '.scenarios.full.results.godwit[0].results[0] | .routes == 200 and .unmet == 0' "$dir/mrt.json" >/dev/null ||
	fail "$stage"

say "a daemon that sends wrong routes is found out"
# The forwarder changes nothing, so that as a daemon it would be wrong: no AS of its own, another next hop.
cat >"$dir/wrong.py" <<-EOT
	import sys
	sys.dont_write_bytecode = True
	sys.path.insert(0, "$top/tools")
	from bench import main, trial
	trial.Trial.is_null = property(lambda self: False)
	main.main()
EOT
python3 "$dir/wrong.py" full --quick --builddir "$build" --daemons null >"$dir/wrong.log" 2>&1 &&
	fail "wrong routes were taken for right"
grep -q '4000 of 4000 routes are not right' "$dir/wrong.log" || fail "$stage"
