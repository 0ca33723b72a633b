#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the built programs have against errors in memory (configure's hardening): loaded anywhere, tables of the linker
# read-only, no memory that is both written and run, the stack watched, and the checked functions of the C library.
# tests/net/daemon.sh looks at the memory of a daemon that runs.
set -u
build=${GODWIT_BUILD:-$(dirname "$0")/..}
bad=0

# has FILE WHAT PATTERN COMMAND...: a line of the output fits; lacks: none does
has() {
	local file=$1 what=$2 pattern=$3
	shift 3
	"$@" "$file" | grep -Eq -- "$pattern" || { echo "$file: $what" && bad=1; }
}
lacks() {
	local file=$1 what=$2 pattern=$3
	shift 3
	! "$@" "$file" | grep -E -- "$pattern" || { echo "$file: $what" && bad=1; }
}

for program in bgpd/bgpd conf/bgpconfd tools/bgpctl tools/policytest tools/birdcl tools/bird6; do
	file=$build/$program
	[ -x "$file" ] || { echo "$file: is not there" && bad=1 && continue; }
	has "$file" "not position independent" '^ *Type: *DYN ' readelf -hW
	has "$file" "not linked as a program that is loaded anywhere (-pie)" 'FLAGS_1.* PIE' readelf -dW
	has "$file" "symbols are bound late (-z now)" 'FLAGS_1.* NOW' readelf -dW
	has "$file" "the linker's tables stay writable (-z relro)" '^ *GNU_RELRO ' readelf -lW
	has "$file" "says nothing of its stack" '^ *GNU_STACK ' readelf -lW
	lacks "$file" "the stack can be run" '^ *GNU_STACK .* [R ][W ]E ' readelf -lW
	lacks "$file" "a segment can be written and run" '^ *LOAD .* [R ]WE ' readelf -lW
	lacks "$file" "code is changed when it is loaded" '\(TEXTREL\)' readelf -dW
	has "$file" "no stack protector" '__stack_chk_fail' readelf --dyn-syms -W
	has "$file" "no checked functions (_FORTIFY_SOURCE)" 'UND __[a-z]+_chk@' readelf --dyn-syms -W
done
exit $bad
