#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# bgpd as a service: what it tells a service manager, and the installed units under a real systemd (tools/sdboot).
. "$(dirname "$0")/../lib.sh"
need_godwit
need python3

# ---- under systemd: this script again, inside ----
if [ "${1:-}" = inside ]; then
	# It installs into /: never anywhere but in a root that is thrown away.
	[ -n "${SDBOOT:-}" ] && [ "$(cat /proc/1/comm)" = systemd ] && [ "$(stat -f -c %T /)" = overlayfs ] ||
		fail "this half is for tools/sdboot alone"
	unit=bgpd.service
	# Where that is depends on what configure was told.
	conf=$(sed -n 's/^ConditionPathExists=//p' "$(find "$2" -name $unit)")
	config() { # LINE...
		{
			echo 'router: {as: 65001, id: 10.0.0.1, listen: [{address: 127.0.0.1, port: 179}]}'
			echo 'networks: [{prefix: 198.51.100.0/24, blackhole: true}]'
			printf '%s\n' "$@"
		} >"$conf"
	}
	pid() { systemctl show -P MainPID $unit; }
	shows() { [ "$(systemctl show -P "$1" $unit)" = "$2" ]; }
	status_has() { systemctl show -P StatusText $unit | grep -qx "$1"; }
	journal() { journalctl -q --no-pager -o cat -u $unit "$@"; }
	said() { journal -p "$1" | grep -q "$2"; }
	other() { [ "$(pid)" != "$1" ] && [ "$(pid)" != 0 ] && shows ActiveState active; }

	say "sysusers, tmpfiles and units as installed"
	tar -C "$2" -c . | tar -C / -x --keep-directory-symlink --no-same-owner || fail "$stage"
	{ mkdir -p "${conf%/*/*}" && systemd-sysusers godwit.conf && systemd-tmpfiles --create godwit.conf; } || fail "$stage"
	[ "$(stat -c %U:%G:%a "${conf%/*}")" = root:godwit:770 ] || fail "$stage: $(stat -c %U:%G:%a "${conf%/*}")"
	systemctl daemon-reload

	say "the start is over when it answers; it is not root, and has two capabilities"
	config 'neighbors: [{address: 127.0.0.2, name: p, remote-as: 65002, source: 127.0.0.1, password: hush}]'
	systemctl start $unit || fail "$stage: $(journal)"
	bgpctl show >/dev/null || fail "$stage"
	[ "$(stat -c %U "/proc/$(pid)")" = godwit ] || fail "$stage: not godwit"
	grep -q 'CapBnd:.0*1400$' "/proc/$(pid)/status" || fail "$stage: $(grep Cap "/proc/$(pid)/status")"
	tr "\0" "\n" <"/proc/$(pid)/environ" | grep -q ^JOURNAL_STREAM= || fail "$stage: no journal"
	said info 'info daemon.start' || fail "$stage: $(journal)"
	said info 'daemon.privileges .*capabilities="net_bind_service net_admin" system_calls=filtered' || fail "$stage: $(journal)"
	grep -q 'NoNewPrivs:.1$' "/proc/$(pid)/status" || fail "$stage"
	! journal -p warning | grep . || fail "$stage: warnings"

	say "a session with another one, and the status"
	cat >/tmp/p.yaml <<-EOT
		router: {as: 65002, id: 10.0.0.2, listen: [{address: 127.0.0.2, port: 179}]}
		neighbors: [{address: 127.0.0.1, remote-as: 65001, source: 127.0.0.2, password: hush}]
		networks: [{prefix: 192.0.2.0/24}]
	EOT
	bgpd --no-kernel -f /tmp/p.yaml -s /tmp/p.sock >"$dir/p.log" 2>&1 &
	pids[p]=$!
	expect 20 status_has '1 of 1 neighbours established, .*prefixes'

	say "routes in the kernel"
	route() { ip route show 198.51.100.0/24 | grep '^blackhole .*proto bgp'; }
	expect 20 route

	say "a reload: good, and bad with the error in systemctl's status and the journal"
	before=$(pid)
	config 'neighbors: [{address: 127.0.0.2, name: p, remote-as: 65002, source: 127.0.0.1, password: hush}, {address: 127.0.0.3, name: q, remote-as: 65003}]'
	systemctl reload $unit || fail "$stage: $(journal)"
	shows ActiveState active || fail "$stage"
	bgpctl show | grep -q '^q ' || fail "$stage: not applied"
	expect 10 status_has '1 of 2 neighbours established, .*'
	config 'nonsense: 1'
	! systemctl reload $unit 2>/dev/null || fail "$stage: a bad file is fine"
	shows ActiveState active || fail "$stage"
	[ "$(pid)" = "$before" ] || fail "$stage: another process"
	expect 10 said err "$conf:3:1"
	config 'neighbors: [{address: 127.0.0.2, name: p, remote-as: 65002, source: 127.0.0.1, password: hush}]'

	say "killed: it is started again"
	before=$(pid)
	kill -KILL "$before"
	expect 20 other "$before"

	say "a loop that does not turn: the watchdog"
	mkdir -p /run/systemd/system/$unit.d
	# It is stopped, so that only a SIGKILL helps.
	printf '[Service]\nWatchdogSec=2\nTimeoutAbortSec=1\n' >/run/systemd/system/$unit.d/watchdog.conf
	systemctl daemon-reload
	systemctl restart $unit || fail "$stage"
	before=$(pid)
	holds 5 shows MainPID "$before"
	kill -STOP "$before"
	expect 20 other "$before"
	journal -o cat | grep -q 'Watchdog timeout' || fail "$stage: $(journal)"

	say "a stop in order, and a start that cannot be"
	systemctl stop $unit || fail "$stage"
	shows Result success || fail "$stage: $(systemctl show -P Result $unit)"
	! route || fail "$stage: its route is still there"
	config 'nonsense: 1'
	! systemctl start $unit 2>/dev/null || fail "$stage: a bad file is fine"
	shows ExecMainStatus 78 || fail "$stage"
	holds 3 no shows ActiveState active
	stop p
	exit 0
fi

# ---- what it tells, at a socket of ours ----
cat >"$dir/manager.py" <<'EOT'
import socket, sys, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("0 bound", flush=True)
while True:
    text = s.recv(4096).decode().replace("\n", " ")
    if text.startswith("READY=1"):
        try:
            socket.socket(socket.AF_UNIX).connect(sys.argv[2])
        except OSError as e:
            text += " too early: %s" % e
    print("%.3f %s" % (time.monotonic(), text), flush=True)
EOT
heard() { grep -q " $1" "$dir/manager.log"; }
count() { grep -c " $1" "$dir/manager.log"; }
times() { [ "$(count "$1")" -ge "$2" ]; }
ns r p q
link r p 1
link r q 2
start manager r python3 "$dir/manager.py" "$dir/notify" "$dir/r.sock"
expect 10 heard bound
cat >"$dir/r.yaml" <<-EOT
	router: {as: 65000, id: 10.0.0.1}
	neighbors:
	  - {address: 10.99.1.2, remote-as: 65001}
EOT

say "READY when the control socket answers, and a heartbeat"
export NOTIFY_SOCKET=$dir/notify WATCHDOG_USEC=400000
godwit r r
unset NOTIFY_SOCKET WATCHDOG_USEC
expect 10 heard 'READY=1'
! heard 'READY=1 too early' || fail "$stage"
expect 10 heard 'STATUS=0 of 1 neighbours established, 0 prefixes'
expect 10 times WATCHDOG=1 5

say "RELOADING with the time, READY, also when the file is bad"
ctl r reload || fail "$stage"
expect 10 times READY=1 2
heard 'RELOADING=1 MONOTONIC_USEC=[0-9]' || fail "$stage"
cp "$dir/r.yaml" "$dir/good"
echo 'nonsense: 1' >>"$dir/r.yaml"
! ctl r reload 2>/dev/null || fail "$stage"
expect 10 times READY=1 3
[ "$(count RELOADING=1)" -eq 2 ] || fail "$stage"

say "no heartbeat while the loop stands still"
kill -STOP "${pids[r]}"
sleep 0.5
before=$(count WATCHDOG=1)
sleep 1.5
[ "$(count WATCHDOG=1)" -eq "$before" ] || fail "$stage"
kill -CONT "${pids[r]}"
expect 10 times WATCHDOG=1 $((before + 2))

say "STOPPING with the time that it may take"
clean_stop r
expect 10 heard 'STOPPING=1 EXTEND_TIMEOUT_USEC=[0-9]'
stop manager

say "the units as they are installed: verified, and how exposed"
command -v systemd-analyze >/dev/null || skip "systemd is not installed: its half was not tested"
make -s -C "$build" install DESTDIR="$dir/root" >"$dir/install.log" 2>&1 || fail "$stage"
units=$(find "$dir/root" -name 'bgp*.service')
[ -n "$units" ] || skip "configured without a place for units"
# Only what is wrong with the units: their programs are not in this host's /.
mkdir "$dir/units"
for unit in $units; do
	sed "s,=\(/[^ ]*bin/bgp\),=$dir/root\1," "$unit" >"$dir/units/${unit##*/}"
	systemd-analyze verify --man=no --recursive-errors=no "$dir/units/${unit##*/}" >"$dir/verify" 2>&1 || fail "$stage: $(cat "$dir/verify")"
	! grep -F "${unit##*/}" "$dir/verify" || fail "$stage"
	limit=22
	[ "${unit##*/}" = bgpd.service ] || limit=13
	systemd-analyze security --no-pager --offline=true --threshold=$limit "$unit" >"$dir/security" || fail "$stage: $(tail -n 1 "$dir/security")"
done

say "under systemd"
"$top/tools/sdboot" bash "$(realpath "$0")" inside "$dir/root"
rc=$?
[ $rc -ne 77 ] || skip "systemd could not be booted: its half was not tested"
[ $rc -eq 0 ] || fail "$stage: $rc"
