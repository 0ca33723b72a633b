# SPDX-License-Identifier: Apache-2.0
# Sourced by the scripts of tests/net and tests/interop: network namespaces joined by
# veth, daemons inside them, and waiting for what should come true.
#
# Everything a test makes has a name of its own ($tag) or lies in $dir, and is gone when
# the script ends, however it ends: daemons are stopped by their pid, then the namespaces
# are deleted. When a test fails, the logs of its daemons are printed.
#
# With $keep set a script that ends well leaves everything as it is.
#
# The programs come from $GODWIT_BUILD (default: the top of the tree). A test ends with
# exit 0, with `fail` (1), or with `skip REASON` (77).
# shellcheck shell=bash
set -u
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${GODWIT_BUILD:-$top}
BGPD=$build/bgpd/bgpd
BGPCTL=$build/tools/bgpctl
tag=gwt$$
dir=$(mktemp -d "${TMPDIR:-/tmp}/godwit.XXXXXX") || exit 1
# Daemons that give up root still have to read their configuration and make their sockets.
chmod 755 "$dir"
namespaces=() # names without the tag
declare -A pids=()
stage=start

skip() {
	echo "$*"
	exit 77
}

fail() {
	echo "FAILED: $*"
	exit 1
}

# say WHAT: what the following lines are about, named when they fail
say() {
	stage=$*
	echo "- $*"
}

finish() {
	local rc=$? name log
	trap - EXIT INT TERM
	if [ $rc -ne 0 ] && [ $rc -ne 77 ]; then
		echo "failed at: $stage"
		for log in "$dir"/*.log; do
			[ -s "$log" ] && echo "--- ${log##*/}" && tail -n "${LOG_LINES:-30}" "$log"
		done
	fi
	[ -n "${keep:-}" ] && [ $rc -eq 0 ] && exit 0
	for name in "${!pids[@]}"; do
		stop "$name"
	done
	for name in "${namespaces[@]}"; do
		ip netns delete "$tag-$name" 2>/dev/null
	done
	if [ -n "${KEEP_LOGS:-}" ]; then
		echo "logs are in $dir"
	else
		rm -rf "$dir"
	fi
	exit $rc
}
trap finish EXIT
trap 'exit 130' INT TERM

# need PROGRAM...: skips the test when one is not there
need() {
	local p
	[ "$(id -u)" -eq 0 ] || skip "needs root for network namespaces"
	for p in "$@"; do
		command -v "$p" >/dev/null || skip "$p is not installed"
	done
}

need_godwit() {
	need ip jq
	[ -x "$BGPD" ] || fail "$BGPD is not built"
	[ -x "$BGPCTL" ] || fail "$BGPCTL is not built"
}

# ns NAME...: makes namespaces, with loopback up, forwarding on and no waiting for IPv6 addresses
ns() {
	local name
	for name in "$@"; do
		# Of a test that was killed and had the number of this process.
		[ -e "/run/netns/$tag-$name" ] && ip netns del "$tag-$name"
		ip netns add "$tag-$name" 2>"$dir/netns.err" || skip "cannot make a namespace: $(cat "$dir/netns.err")"
		namespaces+=("$name")
		in_ns "$name" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
			net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
		in_ns "$name" ip link set lo up
	done
}

# in_ns NAME COMMAND...
in_ns() {
	local name=$1
	shift
	ip netns exec "$tag-$name" "$@"
}

# link A B N: a veth pair, to-B in A and to-A in B; A has 10.99.N.1 and fd99:N::1, B has .2 and ::2
link() {
	local a=$1 b=$2 n=$3
	ip link add "to-$b" netns "$tag-$a" type veth peer name "to-$a" netns "$tag-$b" ||
		fail "no veth between $a and $b"
	in_ns "$a" ip address add "10.99.$n.1/24" dev "to-$b"
	in_ns "$b" ip address add "10.99.$n.2/24" dev "to-$a"
	in_ns "$a" ip address add "fd99:$n::1/64" dev "to-$b" nodad
	in_ns "$b" ip address add "fd99:$n::2/64" dev "to-$a" nodad
	in_ns "$a" ip link set "to-$b" up
	in_ns "$b" ip link set "to-$a" up
}

# lan NAME MEMBER...: a bridge in namespace NAME; the Nth member has 10.99.0.N and fd99::N on interface lan
lan() {
	local bridge=$1 n=0 member
	shift
	in_ns "$bridge" ip link add br0 type bridge
	in_ns "$bridge" ip link set br0 up
	for member in "$@"; do
		n=$((n + 1))
		ip link add lan netns "$tag-$member" type veth peer name "to-$member" netns "$tag-$bridge" ||
			fail "no veth between $bridge and $member"
		in_ns "$bridge" ip link set "to-$member" master br0 up
		in_ns "$member" ip address add "10.99.0.$n/24" dev lan
		in_ns "$member" ip address add "fd99::$n/64" dev lan nodad
		in_ns "$member" ip link set lan up
	done
}

# start NAME NAMESPACE COMMAND...: in the background, output to NAME.log
start() {
	local name=$1 space=$2
	shift 2
	ip netns exec "$tag-$space" "$@" >>"$dir/$name.log" 2>&1 </dev/null &
	pids[$name]=$!
}

alive() { kill -0 "${pids[$1]}" 2>/dev/null; }

# stop NAME [SIGNAL]: ends a daemon and waits for it, harder after five seconds; the status is the daemon's
stop() {
	local name=$1 pid=${pids[$1]:-} rc
	[ -n "$pid" ] || return 0
	unset "pids[$name]"
	kill -"${2:-TERM}" "$pid" 2>/dev/null
	for _ in {1..50}; do
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.1
	done
	kill -KILL "$pid" 2>/dev/null && echo "$name did not stop within five seconds"
	wait "$pid" 2>/dev/null
	rc=$?
	return $rc
}

# clean_stop NAME: ends a daemon; the test fails unless it ends in order and no sanitizer has found anything
clean_stop() {
	local rc
	stop "$1"
	rc=$?
	[ $rc -eq 0 ] || fail "$stage: $1 ended with status $rc"
	! grep -E 'Sanitizer|runtime error:' "$dir/$1.log" || fail "$stage: a sanitizer has found something in $1"
}

# within SECONDS COMMAND...: repeats the command until it is true; quiet. False when the time is over.
within() {
	local end=$((SECONDS + $1))
	shift
	while ! "$@" >"$dir/within.out" 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.1
	done
}

# expect SECONDS COMMAND...: as within, but the test fails when the time is over
expect() {
	within "$@" && return
	local seconds=$1
	shift
	echo "not true within $seconds s: $*"
	sed 's/^/  | /' "$dir/within.out"
	fail "$stage"
}

# holds SECONDS COMMAND...: the test fails when the command is not true all the time
holds() {
	local end=$((SECONDS + $1)) seconds=$1
	shift
	while [ $SECONDS -lt $end ]; do
		"$@" >"$dir/within.out" 2>&1 || {
			echo "did not stay true for $seconds s: $*"
			sed 's/^/  | /' "$dir/within.out"
			fail "$stage"
		}
		sleep 0.2
	done
}

no() { ! "$@"; }

# godwit NAME NAMESPACE: starts a bgpd of ours with the configuration $dir/NAME.yaml
godwit() {
	start "$1" "$2" "$BGPD" -f "$dir/$1.yaml" -s "$dir/$1.sock" -v
	within 10 ctl "$1" show summary || {
		cat "$dir/within.out"
		fail "$1 does not answer on its control socket"
	}
}

# ctl NAME COMMAND...: bgpctl to that daemon
ctl() {
	local name=$1
	shift
	"$BGPCTL" -s "$dir/$name.sock" "$@"
}

# jq as always, but with -e it is false where it was given nothing, too: that of Debian 12 takes it for true
jq() {
	local out rc
	if [ "${1:-}" != -e ]; then
		command jq "$@"
		return
	fi
	out=$(command jq "$@")
	rc=$?
	printf '%s\n' "$out"
	[ $rc -eq 0 ] && [ -n "$out" ]
}

# ask NAME FILTER COMMAND...: bgpctl -j through jq; true when the filter gives something true
ask() {
	local name=$1 filter=$2
	shift 2
	ctl "$name" -j "$@" | jq -e "$filter"
}

# session NAME NEIGHBOUR [STATE]: the state of a neighbour, given by name or address
session() { ask "$1" ".neighbors[0].state == \"${3:-Established}\"" show neighbor "$2"; }

# best NAME PREFIX [CONDITION]: the best path of a prefix exists and the jq condition holds for it
best() { ask "$1" "[.rib[] | select(.best) | select(${3:-true})] | length == 1" show rib "$2"; }

# absent NAME PREFIX: no path of it in the RIB
absent() { ask "$1" '.rib | length == 0' show rib "$2"; }

# kernel NAMESPACE PREFIX [TEXT...]: the kernel has a route for exactly that prefix, whose text has all the given words
kernel() {
	local space=$1 prefix=$2 out family=-4 word
	shift 2
	case $prefix in *:*) family=-6 ;; esac
	out=$(in_ns "$space" ip $family route show exact "$prefix")
	echo "$out"
	[ -n "$out" ] || return 1
	for word in "$@"; do
		case $out in *"$word"*) ;; *) return 1 ;; esac
	done
}

no_kernel() { no kernel "$@"; }

# traffic NAME NAMESPACE SENDER SINK ROUTES [AS [HOLD]]: an external sender of a made-up table and an external
# receiver, "LOCAL,REMOTE" each, of a daemon with that AS; returns when both sessions are up. Its stdin is file
# descriptor 3 of the script, its answers go to NAME.log (tools/bench_run.h).
traffic() {
	local name=$1 space=$2 sender=$3 sink=$4 routes=$5 peer=$build/tools/bgpbench-peer
	[ -x "$peer" ] || fail "$peer is not built"
	mkfifo "$dir/$name.in"
	ip netns exec "$tag-$space" "$peer" run <"$dir/$name.in" >"$dir/$name.log" 2>&1 &
	pids[$name]=$!
	exec 3>"$dir/$name.in"
	cat >&3 <<-EOT
		table family=4 routes=$routes seed=1 as=65001
		peers name=sender local=${sender%,*} remote=${sender#*,} as=65001 hold=${7:-90}
		peers name=sink local=${sink%,*} remote=${sink#*,} as=65002 hold=${7:-90} sink
		expect passage=external as=${6:-65000} next-hop=${sink#*,}
		encode name=all peers=sender announce eor
		want variant=0
		dial peers=sender,sink
		up timeout=60
	EOT
	expect 90 grep -q '"event": "up"' "$dir/$name.log"
}

# traffic_go NAME ROUTES: the sender sends; returns when the receiver has all, right. Prints what "go" answered.
traffic_go() {
	echo "go send=sender:all timeout=240" >&3
	expect 250 grep -qE '"event": "(go|error)"' "$dir/$1.log"
	grep '"event": "go"' "$dir/$1.log" | jq -e ".routes == $2 and .unmet == 0 and .faults == {}" >/dev/null ||
		fail "$stage: $(tail -n 1 "$dir/$1.log")"
	grep '"event": "go"' "$dir/$1.log"
}

# traffic_tell NAME COMMAND...: a further command; prints its answer, and fails the test if that is an error.
traffic_tell() {
	local name=$1 lines
	shift
	lines=$(wc -l <"$dir/$name.log")
	echo "$*" >&3
	expect 250 traffic_answered "$name" "$lines"
	tail -n 1 "$dir/$name.log"
	! tail -n 1 "$dir/$name.log" | grep -q '"event": "error"' || fail "$stage: $*"
}
traffic_answered() { [ "$(wc -l <"$dir/$1.log")" -gt "$2" ]; }

# traffic_halves NAME: streams w0, a0, w1 and a1, which withdraw and announce a half of the table each.
traffic_halves() {
	local part
	for part in 0 1; do
		traffic_tell "$1" "encode name=w$part peers=sender withdraw mod=2 rem=$part"
		traffic_tell "$1" "encode name=a$part peers=sender announce mod=2 rem=$part"
	done
}

# traffic_change NAME STREAM: one of those is sent; returns when the receiver has what is left. The answer is in $dir/change.
traffic_change() {
	local variant=none
	[ "${2%?}" = w ] || variant=0
	traffic_tell "$1" "want variant=$variant mod=2 rem=${2#?}" >"$dir/want"
	traffic_tell "$1" "go send=sender:$2 timeout=240" >"$dir/change"
	jq -e '.unmet == 0 and .faults == {}' "$dir/change" >/dev/null || fail "$stage: $(cat "$dir/change")"
}
