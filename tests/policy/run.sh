#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Tests of policytest(1): what it says of single routes and of a dump, and its exit status.
set -u
here=$(cd "${srcdir:-.}/tests/policy" && pwd) || exit 1
tool=${POLICYTEST:-tools/policytest}
tool=$(cd "$(dirname "$tool")" && pwd)/$(basename "$tool")
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0

# run STATUS ARGUMENT...: output is in $work/out
run() {
	want=$1
	shift
	"$tool" "$@" >"$work/out" 2>&1
	got=$?
	[ "$got" -eq "$want" ] && return
	failed=1
	echo "FAIL policytest $*: status $got, expected $want"
	cat "$work/out"
}

# says PATTERN: a line of the output fits
says() {
	grep -Eq -- "$1" "$work/out" && return
	failed=1
	echo "FAIL no line like: $1"
	cat "$work/out"
}

conf=$here/bgpd.yaml
run 0 "$conf" "$here/good.yaml"
says '^21 passed, 0 failed$'
run 0 -j "$conf" "$here/good.yaml"
says '^\{"passed":21,"failed":0,"failures":""\}$'

# What is not as expected is told with the rule that was at work.
cat >"$work/bad.yaml" <<-'END'
	tests:
	  - name: not what it should be
	    import: customer
	    route: {prefix: 203.0.113.0/24, as-path: "65001", communities: "65001:9"}
	    expect: {local-preference: 100, communities: ["64512:1"], lacks-communities: "65001:9", as-path: "65001 1"}
	  - {import: customer, route: {prefix: 198.51.100.0/24, as-path: "65001"}, expect: {action: accept}}
	  - {import: customer, route: {prefix: 203.0.113.0/24, as-path: "65001"}, expect: {action: reject}}
	  - {export: silent, route: {prefix: 203.0.113.0/24}, expect: {reason: policy}}
	  - {export: upstream, route: {prefix: 203.0.113.0/24, source: kernel}, expect: {med: 3}}
	  - {export: customer, route: {prefix: 203.0.113.0/24, source: kernel}, expect: {med: none}}
END
run 1 "$conf" "$work/bad.yaml"
says '^1 passed, 5 failed$'
says '^FAIL .*bad.yaml:2: not what it should be$'
says 'local-preference: expected 100, found 200'
says 'communities: expected 64512:1, found 64512:1 64512:1:1 65001:9'
says 'lacks-communities: expected 65001:9'
says 'as-path: expected 65001 1, found 65001$'
says 'it was accepted \(from-customer rule 3, .*/bgpd.yaml:20\)'
says 'it was policy \(from-customer rule 2, .*/bgpd.yaml:19\)'
says 'reason: expected policy, found no-policy'

# Files with errors, all of them with their place.
cat >"$work/wrong.yaml" <<-'END'
	tests:
	  - {import: nobody, route: {prefix: 203.0.113.0/24}, expect: {action: accept}}
	  - {import: customer, route: {prefx: 203.0.113.0/24}, expect: {action: accept}}
	  - {import: customer, route: {prefix: 203.0.113.0/24}, expect: {colour: red}}
	  - {import: customer, export: upstream, route: {prefix: 203.0.113.0/24}, expect: {action: accept}}
	  - {route: {prefix: 203.0.113.0/24}, expect: {action: accept}}
	  - {import: customer, route: {prefix: 203.0.113.0/24}, expect: {action: maybe}}
END
run 78 "$conf" "$work/wrong.yaml"
for line in 2:14 3:32 4:66 5 6 7; do
	says "wrong.yaml:$line"
done
run 78 "$work/none.yaml" "$here/good.yaml"
run 78 "$conf" "$work/none.yaml"
echo 'router: {as: 64512, id: 10.0.0.1, colour: red}' >"$work/unknown.yaml"
run 78 "$work/unknown.yaml" "$here/good.yaml"
says 'unknown.yaml:1:35: router.colour'
run 64
run 64 "$conf"
run 64 --from customer "$conf" "$here/good.yaml"
run 64 --mrt "$work/dump" "$conf"
run 64 --no-such-option
run 0 --help
says '^usage: policytest'
run 0 --version

# ---- a dump: TABLE_DUMP_V2 with two peers and five paths, then an UPDATE (BGP4MP) ----

# put HEX...: octets to the dump
put() {
	for hex in "$@"; do
		printf "\\$(printf %03o "0x$hex")"
	done >>"$work/dump"
}

# record TYPE SUBTYPE HEX...
record() {
	type=$1 subtype=$2
	shift 2
	# shellcheck disable=SC2046
	put 00 00 00 01 00 "$type" 00 "$subtype" $(printf '%08x' $# | sed 's/../& /g') "$@"
}

# 10.0.0.2 in AS 65001 (0xfde9) and 10.0.0.3 in AS 65002 (0xfdea)
record 0d 01 00 00 00 09 00 00 00 02 02 00 00 00 09 0a 00 00 02 00 00 fd e9 02 00 00 00 09 0a 00 00 03 00 00 fd ea
# path AS HOP: ORIGIN IGP, AS_PATH of that one AS, NEXT_HOP
path() { echo "40 01 01 00 40 02 06 02 01 00 00 fd $1 40 03 04 0a 00 00 $2"; }
# shellcheck disable=SC2046
record 0d 02 00 00 00 01 18 cb 00 71 00 02 00 00 00 00 00 00 00 14 $(path e9 02) 00 01 00 00 00 00 00 14 $(path ea 03)
# shellcheck disable=SC2046
record 0d 02 00 00 00 02 18 c6 33 64 00 01 00 00 00 00 00 00 00 14 $(path e9 02)
# 2001:db8:1::/48, whose MP_REACH_NLRI is the next hop alone; and a path whose ORIGIN is malformed
record 0d 04 00 00 00 03 30 20 01 0d b8 00 01 00 02 00 00 00 00 00 00 00 21 40 01 01 00 40 02 06 02 01 00 00 fd e9 \
	80 0e 11 10 20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 02 \
	00 01 00 00 00 00 00 14 40 01 01 07 40 02 06 02 01 00 00 fd ea 40 03 04 0a 00 00 03
# 192.0.2.0/24 from 10.0.0.2, in an UPDATE with four-octet AS numbers
# shellcheck disable=SC2046
record 10 04 00 00 fd e9 00 00 fc 00 00 00 00 01 0a 00 00 02 0a 00 00 01 \
	ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff 00 2f 02 00 00 00 14 $(path e9 02) 18 c0 00 02

run 0 --mrt "$work/dump" "$conf" "$conf"
says '^5 routes: 5 the same, .* 1 malformed$'

# A customer's prefixes are others, and what they are marked with.
sed -e 's,"203.0.113.0/24 le 28",198.51.100.0/24,' -e 's,local-preference: 200,local-preference: 300,' "$conf" >"$work/new.yaml"
run 1 --mrt "$work/dump" "$conf" "$work/new.yaml"
says '^203.0.113.0/24 from 10.0.0.2: accepted \(from-customer rule 3, .*\) -> policy \(from-customer rule 2, .*new.yaml:19\)$'
says '^198.51.100.0/24 from 10.0.0.2: policy \(from-customer rule 2, .*\) -> accepted \(from-customer rule 3, .*\)$'
says '^2001:db8:1::/48 from 10.0.0.2: local-preference 200 -> 300$'
says '^5 routes: 2 the same, 1 now accepted, 1 now rejected, 1 with other attributes,'
run 1 --quiet --mrt "$work/dump" "$conf" "$work/new.yaml"
[ "$(wc -l <"$work/out")" -eq 1 ] || { failed=1; echo "FAIL --quiet prints more than the summary"; }
run 1 --json --mrt "$work/dump" "$conf" "$work/new.yaml"
says '"changed":\{"local-preference":\["200","300"\]\}'
says '"routes":5,"same":2,"now_accepted":1,"now_rejected":1,"changed":1'

# All of them as if one neighbor had sent them, and what another would be told.
run 0 --from upstream --to silent --mrt "$work/dump" "$conf" "$work/new.yaml"
sed -e 's/prepend: \[64512, 64512\]/prepend: 64512/' "$conf" >"$work/new.yaml"
run 1 --from customer --to upstream --mrt "$work/dump" "$conf" "$work/new.yaml"
says '^203.0.113.0/24 from 10.0.0.2: as-path 64512 64512 64512 65001 -> 64512 64512 65001$'

run 78 --from nobody --mrt "$work/dump" "$conf" "$conf"
run 78 --mrt "$work/none" "$conf" "$conf"
run 78 --mrt "$conf" "$conf" "$conf"
# A dump whose peers are neighbors of neither configuration says nothing about them.
sed -e 's/10\.0\.0\.2,/10.0.0.22,/' -e 's/10\.0\.0\.3,/10.0.0.33,/' "$conf" >"$work/other.yaml"
run 78 --mrt "$work/dump" "$work/other.yaml" "$work/other.yaml"
says 'name one with --from'
run 1 --mrt "$work/dump" "$conf" "$work/other.yaml"
says 'no such neighbor'

[ "$failed" -eq 0 ] && echo "tests/policy: all passed"
exit "$failed"
