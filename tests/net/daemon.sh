#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The daemon's command line, exit codes, signals, log and listeners, and a second daemon
# that is started by mistake.
. "$(dirname "$0")/../lib.sh"
need_godwit
ns r p
link r p 1

# ends STATUS WORDS COMMAND...: the exit status, and words that standard output and error have
ends() {
	local status=$1 words=$2 out rc
	shift 2
	out=$("$@" 2>&1)
	rc=$?
	[ $rc -eq "$status" ] || fail "$stage: '$*' ended with $rc, not $status: $out"
	grep -q -- "$words" <<<"$out" || fail "$stage: '$*' says $out"
}
config() { # LISTEN LOG [NEIGHBOR]
	cat >"$dir/r.yaml" <<-EOT
		router: {as: 65001, id: 10.0.0.1, listen: [$1]}
		log: {$2}
		neighbors:
		  - {address: 10.99.1.2, name: p, remote-as: 65001${3:-}}
		statics:
		  - {prefix: 10.1.0.0/16, via: 10.99.1.2}
		control: {socket: $dir/r.sock}
	EOT
}

say "usage, version, help and the check of a file"
ends 64 'invalid option' "$BGPD" -x
ends 64 "unexpected argument 'now'" "$BGPD" now
ends 64 'requires an argument' "$BGPD" -f
ends 0 '^bgpd (godwit) [0-9]' "$BGPD" -V
ends 0 '^bgpd (godwit) [0-9]' "$BGPD" --version
ends 0 '^bgpctl (godwit) [0-9]' "$BGPCTL" -V
for option in --file --socket --pidfile --check --verbose --print --no-filter --no-kernel --version --help; do
	ends 0 "$option" "$BGPD" --help
done
ends 78 'No such file' "$BGPD" -n -f "$dir/none.yaml"
ends 78 'No such file' "$BGPD" -f "$dir/none.yaml"
printf 'router: {as: 0}\nlog: {level: loud}\n' >"$dir/bad.yaml"
ends 78 "^$dir/bad.yaml:1:14: router.as: found" "$BGPD" -n -f "$dir/bad.yaml"
ends 78 "^$dir/bad.yaml:2:14: log.level: found" "$BGPD" -f "$dir/bad.yaml"
config '{address: 10.99.1.1, port: 179}' 'level: info, format: json'
ends 0 '' "$BGPD" -n -f "$dir/r.yaml"
ends 64 'invalid option' "$BGPCTL" -x
ends 69 'does bgpd run' "$BGPCTL" -s "$dir/r.sock" show

say "in the foreground, with a pidfile; the log is JSON from its first line"
listens() { in_ns r ss -Hltn | grep -q "$1 "; }
start r r "$BGPD" -f "$dir/r.yaml" -p "$dir/r.pid"
expect 10 ctl r show
pid=$(cat "$dir/r.pid")
listens 10.99.1.1:179 || fail "$stage"

say "no memory of it can be written and run"
[ "$(grep -c ' r.xp ' "/proc/$pid/maps")" -gt 0 ] || fail "$stage: nothing can be run at all"
no grep -E '^[^ ]+ .wx' "/proc/$pid/maps" || fail "$stage"

say "USR1: its state goes to the log, and all of that is JSON"
state_logged() { grep -q '"event":"daemon.state"' "$dir/r.log"; }
kill -USR1 "$pid"
expect 10 state_logged
jq -s -e 'length > 3 and all(.[]; (.time | test("^[0-9-]{10}T[0-9:.]{12}Z$")) and (.level | IN("error", "warn", "info", "debug")) and .event != "")' \
	"$dir/r.log" >/dev/null || fail "$stage: $(cat "$dir/r.log")"

say "a second one says why it ends, and leaves the first one's routes where they are"
expect 10 kernel r 10.1.0.0/16 'proto bgp'
start monitor r stdbuf -oL ip monitor route
seen() {
	in_ns r ip route add blackhole 192.0.2.0/24
	in_ns r ip route delete blackhole 192.0.2.0/24
	grep 192.0.2.0 "$dir/monitor.log"
}
expect 10 seen
start second r "$BGPD" -f "$dir/r.yaml"
gone() { ! alive second; }
expect 10 gone
stop second
[ $? -eq 1 ] || fail "$stage: ended with another status than 1"
grep -q '"event":"control.listen".*in use' "$dir/second.log" || fail "$stage: $(cat "$dir/second.log")"
jq -s -e 'all(.[]; .event != "")' "$dir/second.log" >/dev/null || fail "$stage: $(cat "$dir/second.log")"
holds 1 no grep 'Deleted 10.1.0.0' "$dir/monitor.log"
stop monitor
kernel r 10.1.0.0/16 'proto bgp' >/dev/null || fail "$stage"

say "HUP: listeners, log level and format; a file with errors changes nothing and each error is a line"
config '{address: 10.99.1.1, port: 1790}, {address: 10.98.1.1, port: 179}' 'level: info, format: text' ', shutdown: true'
kill -HUP "$pid"
expect 10 listens 10.99.1.1:1790
no listens 10.99.1.1:179 || fail "$stage: the old listener is still there"
text_logged() { grep -Eq '^[0-9-]{10}T[0-9:.]{12}Z info config.reload changes=[0-9]+ ' "$dir/r.log"; }
expect 10 text_logged
expect 10 ask r '.neighbors[0].admin_down' show neighbor p
{
	cat "$dir/r.yaml"
	printf 'nonsense: 1\nmetrics: {listen: here}\n'
} >"$dir/new.yaml"
mv "$dir/new.yaml" "$dir/r.yaml"
kill -HUP "$pid"
said() { [ "$(grep -c 'error config.error error="'"$dir/r.yaml:" "$dir/r.log")" -eq 2 ] && grep -q 'config.reload .*nothing changed' "$dir/r.log"; }
expect 10 said
listens 10.99.1.1:1790 || fail "$stage"

say "a listener whose address comes later"
no listens 10.98.1.1:179 || fail "$stage"
in_ns r ip address add 10.98.1.1/24 dev to-p
expect 10 listens 10.98.1.1:179

say "INT stops in order: no route, no socket, no pidfile is left"
kill -INT "$pid"
expect 10 no alive r
stop r || fail "$stage: ended with $?"
[ ! -e "$dir/r.pid" ] || fail "$stage: the pidfile is left"
[ ! -e "$dir/r.sock" ] || fail "$stage: the socket is left"
no kernel r 10.1.0.0/16 >/dev/null || fail "$stage: a route is left"

say "a socket that a killed daemon has left is taken over"
config '' 'level: info'
start r r "$BGPD" -f "$dir/r.yaml" -p "$dir/r.pid"
expect 10 ctl r show
stop r KILL 2>/dev/null
[ -S "$dir/r.sock" ] || fail "$stage"
start r r "$BGPD" -f "$dir/r.yaml" -p "$dir/r.pid"
expect 10 ctl r show
[ -z "$(in_ns r ss -Hltn)" ] || fail "listen: [] listens: $(in_ns r ss -Hltn)"
stop r || fail "bgpd ended with an error"
