#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Golden tests of the configuration. For each NAME.yaml here there is one of
#   NAME.ok    the canonical dump (which must also load again and be the same), or
#   NAME.err   the exact errors,
# and where there is a NAME.diff, it is what NAME.new changes against NAME.yaml.
# Also: the list of keys in bgpd.yaml(5) is that of the schema, so are the JSON Schemas, and its examples load;
# the list of figures in godwit-metrics(7) is that of their tables.
set -u
here=$(cd "${srcdir:-.}/tests/conf" && pwd) || exit 1
man=$(cd "${srcdir:-.}/man" && pwd)/bgpd.yaml.5
dump=${CONFDUMP:-tests/conf/confdump}
dump=$(cd "$(dirname "$dump")" && pwd)/$(basename "$dump")
metrics=${dump%confdump}metricsdump
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

# same WHAT WANTED: $work/got is as wanted
same() {
	if diff -u "$2" "$work/got" >"$work/diff"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAIL $1"
		cat "$work/diff"
	fi
}

cd "$here" || exit 1
for yaml in *.yaml; do
	name=${yaml%.yaml}
	"$dump" "$yaml" >"$work/got" 2>"$work/stderr"
	echo "status $?" >>"$work/got"
	cat "$work/stderr" >>"$work/got"
	if [ -f "$name.ok" ]; then
		{ cat "$name.ok" && echo "status 0"; } >"$work/wanted"
	else
		{ cat "$name.err" && echo "status 78"; } >"$work/wanted"
	fi
	same "$yaml" "$work/wanted"
	if [ -f "$name.diff" ]; then
		"$dump" "$yaml" "$name.new" >"$work/got" 2>&1
		same "$name.diff" "$name.diff"
	fi
done

"$dump" --doc >"$work/got"
sed -n '/^\.\\" KEYS BEGIN/,/^\.\\" KEYS END/p' "$man" | sed '1d;$d' >"$work/wanted"
same "keys in bgpd.yaml.5 (tools/gen-man makes them)" "$work/wanted"
"$dump" --doc-bgpconfd >"$work/got"
sed -n '/^\.\\" KEYS BEGIN/,/^\.\\" KEYS END/p' "${man%/*}/bgpconfd.yaml.5" | sed '1d;$d' >"$work/wanted"
same "keys in bgpconfd.yaml.5 (tools/gen-man makes them)" "$work/wanted"
for program in bgpd bgpconfd; do
	[ $program = bgpd ] && "$dump" --json >"$work/got" || "$dump" --json-$program >"$work/got"
	same "$program.schema.json (tools/gen-man makes it)" "${man%/*}/$program.schema.json"
done

"$metrics" >"$work/got"
sed -n '/^\.\\" METRICS BEGIN/,/^\.\\" METRICS END/p' "${man%/*}/godwit-metrics.7" | sed '1d;$d' >"$work/wanted"
same "figures in godwit-metrics.7 (tools/gen-man makes them)" "$work/wanted"

# Each example of the page is a configuration; its secret is read from here.
sed -n '/^\.Bd -literal/,/^\.Ed/p' "$man" | awk -v dir="$work" '
	/^\.Bd/ { n++; next }
	/^\.Ed/ { next }
	{ gsub("/etc/godwit/tor.secret", "secret"); print > (dir "/example" n ".yaml") }
'
cp secret "$work"
for n in 1 2 3; do
	"$dump" "$work/example$n.yaml" >"$work/dumped" 2>&1 && : >"$work/got" || cp "$work/dumped" "$work/got"
	same "example $n of bgpd.yaml.5" /dev/null
done

echo "tests/conf: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
