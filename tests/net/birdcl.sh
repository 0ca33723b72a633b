#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# birdcl and bird6 with a BIRD 2 and with a server that misbehaves: what is printed is what BIRD's own client prints,
# commands from the command line and from standard input, both names, exit status; bird6 sleeps through a SIGHUP and
# outlives a restart of the daemon.
. "$(dirname "$0")/../lib.sh"
need bird birdcl python3
BIRDCL=$build/tools/birdcl BIRD6=$build/tools/bird6
[ -x "$BIRDCL" ] && [ -x "$BIRD6" ] || fail "birdcl and bird6 are not built"
ns r
cat >"$dir/bird.conf" <<-EOT
	router id 192.0.2.1;
	protocol device {}
	protocol static s4 { ipv4; route 192.0.2.0/24 blackhole; }
EOT
start bird r bird -f -c "$dir/bird.conf" -s "$dir/bird.ctl"
expect 10 test -S "$dir/bird.ctl"
start server r python3 "$(dirname "$0")/birdserver.py" "$dir/py.ctl"
expect 10 test -S "$dir/py.ctl"

# same WORD...: birdcl prints what BIRD's own client does
same() {
	birdcl -s "$dir/bird.ctl" "$@" </dev/null >"$dir/theirs" 2>&1
	"$BIRDCL" -s "$dir/bird.ctl" "$@" </dev/null >"$dir/ours" 2>&1
	diff "$dir/theirs" "$dir/ours" || fail "birdcl $*: it differs (< BIRD's)"
}

# gives STATUS TEXT WORD...: exit status and output (a \n in it is a new line) of birdcl to the server in Python
gives() {
	local want=$1 text=$2 out rc
	shift 2
	out=$("$BIRDCL" -s "$dir/py.ctl" "$@" 2>&1 </dev/null)
	rc=$?
	[ $rc -eq "$want" ] || fail "birdcl $*: exit status $rc: $out"
	[ "$out" = "$(printf %b "$text")" ] || fail "birdcl $*: $out"
}
hello='BIRD v0.3.3+birdv1.6.8 ready.\n'

say "what BIRD's own client prints"
same show protocols all
same show route
same sh pro s4
same show route 203.0.113.0/24
same show protocols a
same show interfaces
same configure check
same -r down
same -r -v show protocols
same -v show route

say "replies in pieces, empty, with lines between, with errors: all are answers"
gives 0 "${hello}BIRD v0.3.3+birdv1.6.8\nRouter ID is 10.0.0.1\nLast reboot on 2026-08-22\nUp" show status
gives 0 "${hello}" show empty
gives 0 "${hello}>>> a route came\nx\n>>> another" show async
gives 0 "${hello}syntax error" show nothing

say "a server that is none, says too much, goes away, is not there"
gives 0 "${hello}??? hello\n??? ?[2J" show strange
gives 1 "${hello}birdcl: $dir/py.ctl: answered with a line that is too long" show long
gives 69 "${hello}x\nbirdcl: $dir/py.ctl: closed the connection" show half
gives 64 "birdcl: the command is too long, or more than a line" $'show\nstatus'
out=$("$BIRDCL" -s "$dir/nowhere" show status 2>&1)
rc=$?
[ $rc -eq 69 ] && [ "$out" = "birdcl: $dir/nowhere: No such file or directory" ] || fail "nobody there: $rc, $out"

say "commands of standard input, until quit; a last line needs no end"
out=$(printf 'show empty\n\nsh status\nquit\nshow async\n' | "$BIRDCL" -s "$dir/py.ctl") || fail "status $?"
[ "$out" = "$(printf %b "${hello}BIRD v0.3.3+birdv1.6.8\nRouter ID is 10.0.0.1\nLast reboot on 2026-08-22\nUp")" ] || fail "$out"
out=$(printf 'show async' | "$BIRDCL" -s "$dir/py.ctl") || fail "status $?"
[ "$out" = "$(printf %b "${hello}>>> a route came\nx\n>>> another")" ] || fail "$out"
grep -qF "b'show status" "$dir/server.log" || fail "the command was not sent in full: $(cat "$dir/server.log")"

say "by name, in this folder"
ln -s "$BIRDCL" "$dir/birdcl6"
ln -s bird.ctl "$dir/bird6.ctl"
(cd "$dir" && ./birdcl6 -l show status) | grep -qx "Router ID is 192.0.2.1" || fail "birdcl6 -l"
(cd "$dir" && rm bird6.ctl && ! ./birdcl6 -l show status 2>&1) | grep -q "^birdcl: bird6.ctl: No such" || fail "birdcl6 -l is not bird6.ctl"

say "bird6 is there while the daemon is, and is no matter to a SIGHUP"
# As runit starts it: the name alone is the first word of its command line.
start bird6 r bash -c "exec -a bird6 '$BIRD6' -R -s '$dir/bird.ctl' -d -c /nothing"
words() { [ "$(tr '\0' ' ' <"/proc/${pids[bird6]}/cmdline")" = "bird6 -R -s $dir/bird.ctl -d -c /nothing " ]; }
# connected: a stream socket that is not the listener's
connected() { in_ns r ss -xHp | grep -qF "pid=${pids[bird6]},"; }
expect 5 words
expect 5 connected
kill -HUP "${pids[bird6]}"
say "it outlives a restart of the daemon"
stop bird
start bird r bird -f -c "$dir/bird.conf" -s "$dir/bird.ctl"
expect 10 connected
words || fail "bird6 is gone"
