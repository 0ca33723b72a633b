# SPDX-License-Identifier: Apache-2.0
# Sourced after lib.sh by the scripts that let the wall clock of a daemon, of no other program, jump.
# shellcheck shell=bash

# clock_make: then "${on_clock[@]}" PROGRAM... has a wall clock of its own, which is right as yet
clock_make() {
	need gcc python3
	gcc -shared -fPIC -O2 -fno-builtin -o "$dir/clock.so" "$top/tests/net/clock.c" || fail "the clock"
	head -c 8 /dev/zero >"$dir/clock"
	chmod 644 "$dir/clock"
	on_clock=(env LD_PRELOAD="$dir/clock.so" CLOCK_FILE="$dir/clock")
}

# clock_set SECONDS: so far is it ahead from now on
clock_set() {
	python3 -c 'import struct, sys; open(sys.argv[1], "r+b").write(struct.pack("=q", int(sys.argv[2])))' "$dir/clock" "$1"
}
