#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# router.memory-limit: a neighbour announces far more than there is memory for, beside an honest one
# and a receiver. The daemon lives on in a cgroup that allows little more than the limit; what the honest
# one has is right and changes at once; the rest of the flood is refused, said once and shown; and when
# the flood is over everything comes by itself that was refused, to neighbours with and without refresh.
# Routes are not put into the kernel, which is not ours and which a cgroup counts as well.
# FLOOD (prefixes) and LIMIT (MB) make it another size; the flood has to be several times what fits.
. "$(dirname "$0")/../lib.sh"
need_godwit
need python3
FLOOD=${FLOOD:-2500000}
LIMIT=${LIMIT:-64}
export PYTHONDONTWRITEBYTECODE=1
ns a b c d e
link a b 1
link a c 2
link a d 3
link a e 4

config() { # LIMIT
	cat >"$dir/a.yaml" <<-EOT
		router: {as: 65000, id: 10.99.1.1$1}
		groups:
		  all: {import: [accept], export: [none], passive: true, idle-hold-time: {initial: 1, max: 1}}
		policies: {none: [{action: reject}]}
		kernel: {export: [none]}
		neighbors:
		  - {address: 10.99.1.2, name: flood, remote-as: 65002, group: all}
		  - {address: 10.99.2.2, name: honest, remote-as: 65003, group: all}
		  - {address: 10.99.3.2, name: old, remote-as: 65004, group: all}
		  - {address: 10.99.4.2, name: sink, remote-as: 65005, group: all, export: [accept]}
	EOT
}
cat >"$dir/e.yaml" <<-EOT
	router: {as: 65005, id: 10.0.0.5, listen: []}
	kernel: {export: []}
	neighbors: [{address: 10.99.4.1, name: a, remote-as: 65000, import: [accept], export: [], connect-retry-time: 1}]
EOT
leave() {
	finish_status=$?
	[ -n "$group" ] && [ -n "${pids[a]:-}" ] && echo "${pids[a]}" >"${group%/*}/cgroup.procs"
	[ -n "$group" ] && rmdir "$group"
	(exit $finish_status)
	finish
}
trap leave EXIT
# A cgroup that allows a sixteenth and 32 MB more than the limit, where there is one to be had; version 1 or 2.
group=
confine() {
	local root
	for root in /sys/fs/cgroup/memory /sys/fs/cgroup; do
		mkdir "$root/$tag" 2>/dev/null || continue
		group=$root/$tag
		if [ -e "$group/memory.limit_in_bytes" ]; then
			echo $(((LIMIT * 17 / 16 + 32) * 1048576)) >"$group/memory.limit_in_bytes" && break
		elif [ -e "$group/memory.max" ]; then
			echo $(((LIMIT * 17 / 16 + 32) * 1048576)) >"$group/memory.max" && break
		fi
		rmdir "$group"
		group=
	done
	if [ -n "$group" ] && echo "${pids[a]}" >"$group/cgroup.procs"; then
		echo "  confined to $((LIMIT * 17 / 16 + 32)) MB"
	else
		echo "  no cgroup to confine it to"
	fi
}
flooder() { # NAME NAMESPACE N AS [no-refresh]
	mkfifo "$dir/$1.fifo"
	start "$1" "$2" python3 "$top/tests/net/flood.py" "10.99.$3.2" "10.99.$3.1" "$4" "$dir/$1.fifo" ${5:+"$5"}
	expect 30 session a "$1"
}
tell() { # NAME COMMAND...: returns when all is sent
	local name=$1 before
	shift
	before=$(grep -c '^sent' "$dir/$name.log")
	echo "$*" >"$dir/$name.fifo"
	expect 300 told "$name" "$before"
}
told() { [ "$(grep -c '^sent' "$dir/$1.log")" -gt "$2" ]; }
received() { ask a ".neighbors[0].stats.prefixes.received == $2" show neighbor "$1"; }
sum() { ask a "[.neighbors[] | select(.name != \"sink\") | .stats.prefixes.received] | add == $1" show neighbor; }
at_sink() { ask e ".neighbors[0].stats.prefixes.received == $1" show neighbor a; }
state() { ask a ".memory_limit.state == \"$1\"" show summary; }
below() { ask a ".resident_bytes - .resident_file_bytes < $1 * 1048576" show memory; }
lines() { [ "$(grep -c "$1" "$dir/a.log")" -eq "$2" ]; }
refusing() { ask a ".neighbors[0].memory | .state == \"paths are refused, for want of memory\" and .refused_total > 0 and
	.max_paths[\"ipv4-unicast\"] > 0" show neighbor "$1"; }
content() { ask a '.neighbors[0].memory | (.state | startswith("paths are refused") | not) and .refused == {}' show neighbor "$1"; }

config ", memory-limit: ${LIMIT}M"
godwit a a
godwit e e
expect 20 session a sink
flooder honest c 2 65003
flooder old d 3 65004 no-refresh
flooder flood b 1 65002
confine
say "below 80 parts in a hundred nothing happens"
tell honest announce 10.0.0.0 50000
tell old announce 11.0.0.0 1000
expect 60 sum 51000
expect 60 at_sink 51000
state free >/dev/null || fail "$stage"
lines ' memory\.' 0 || fail "$stage"

say "a flood: what does not fit is refused, and the daemon stays within what it may have"
tell flood announce 64.0.0.0 "$FLOOD"
expect 60 state full
expect 60 refusing flood
expect 10 lines 'warn memory.near ' 1
lines 'error memory.full .*growing="flood [0-9]*"' 1 || fail "$stage"
lines 'warn neighbor.memory neighbor=flood ' 1 || fail "$stage"
expect 10 below $((LIMIT * 17 / 16 + 32))
alive a || fail "$stage"
ask a ".neighbors[0].stats.prefixes.received < $FLOOD" show neighbor flood >/dev/null || fail "$stage"
ask a '.memory_limit | .used_percent >= 90 and .limit_bytes == '$((LIMIT * 1048576)) show memory >/dev/null || fail "$stage"
ctl a show metrics | grep -q '^godwit_memory_limit_bytes '$((LIMIT * 1048576)) || fail "$stage"
ctl a show metrics | grep -q '^godwit_neighbor_paths_refused_total{neighbor="flood"} [1-9]' || fail "$stage"

say "the honest one has everything, may change it, and withdraw and announce it again"
received honest 50000 >/dev/null || fail "$stage"
content honest >/dev/null || fail "$stage"
content old >/dev/null || fail "$stage"
tell honest single 10.0.0.0 1000 8
expect 10 best e 10.0.3.231/32 '.aspath == "65000 65003"'
tell honest withdraw 10.0.0.0 20000
expect 20 received honest 30000
expect 20 absent e 10.0.0.7/32
tell honest announce 10.0.0.0 20000
expect 20 received honest 50000
expect 20 best e 10.0.0.7/32
say "a few more are within its bound, many are not; and nothing of those is left"
tell honest announce 12.0.0.0 700
expect 20 received honest 50700
tell honest announce 13.0.0.0 5000
expect 20 refusing honest
ask a '.neighbors[0].stats.prefixes.received < 51000' show neighbor honest >/dev/null || fail "$stage"
absent a 13.0.19.135/32 >/dev/null || fail "$stage"
tell old announce 14.0.0.0 5000
expect 20 refusing old
lines 'warn neighbor.memory ' 3 || fail "$stage"

say "larger attributes for routes that are there: those that do not fit are withdrawn"
tell flood single 64.0.0.0 60000 2000
expect 60 no best a 64.0.234.95/32
expect 10 below $((LIMIT * 17 / 16 + 32))
alive a || fail "$stage"
tell honest single 10.0.0.0 1000 12
tell honest announce 10.0.39.16 700
expect 20 best e 10.0.39.20/32
ask a '.neighbors[0].stats.prefixes.received >= 50700' show neighbor honest >/dev/null || fail "$stage"

say "one whose session ends may come back with what it had"
echo close >"$dir/honest.fifo"
expect 20 no received honest 50700
expect 60 session a honest
expect 60 ask a '.neighbors[0].stats.prefixes.received >= 50700' show neighbor honest
expect 20 refusing honest
state full >/dev/null || fail "$stage"
below $((LIMIT * 17 / 16 + 32)) >/dev/null || fail "$stage"

say "the flood goes down: the others have what was refused, by refresh or in a new session"
tell flood withdraw 64.0.0.0 "$FLOOD"
expect 60 received honest 55700
expect 90 received old 6000
grep -q '^refresh' "$dir/honest.log" || fail "$stage"
grep -q '^NOTIFICATION 6/8' "$dir/old.log" || fail "$stage"
grep -q '^NOTIFICATION' "$dir/flood.log" && fail "$stage"
expect 20 at_sink 61700
expect 10 content honest
lines 'info memory.room .*effect="new paths are taken again"' 1 || fail "$stage"
# What it had at 80 is kept for it: until it has been up without for ten minutes (t_memory).
state near >/dev/null || fail "$stage"

say "another flood of other prefixes has the place of the first one, and no more"
tell flood announce 100.0.0.0 "$FLOOD"
expect 60 refusing flood
below $((LIMIT * 17 / 16 + 32)) >/dev/null || fail "$stage"
received honest 55700 >/dev/null || fail "$stage"
received old 6000 >/dev/null || fail "$stage"

say "a reload without the limit, outside of the cgroup: what was refused comes"
[ -z "$group" ] || echo "${pids[a]}" >"${group%/*}/cgroup.procs"
config ""
ctl a reload >/dev/null || fail "$stage"
expect 150 received flood "$FLOOD"
ask a '.memory_limit == null' show summary >/dev/null || fail "$stage"

say "a limit below what is used: said, and nobody loses anything"
config ", memory-limit: 16M"
ctl a reload >/dev/null || fail "$stage"
expect 10 state full
received flood "$FLOOD" >/dev/null || fail "$stage"
tell flood announce 200.0.0.0 200000
expect 20 refusing flood
received honest 55700 >/dev/null || fail "$stage"

for name in a e; do
	clean_stop "$name"
done
