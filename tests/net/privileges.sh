#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A bgpd that is started as root and becomes another user: who all of its threads are and what they may do, that it does
# everything that a bgpd does (port 179, TCP MD5, routes, a neighbour on an interface, reloads), that it cannot execute,
# write files or come back, and what it says where it lacks a right. Then one that was root never, and one that stays it.
. "$(dirname "$0")/../lib.sh"
need_godwit
need setpriv
ns r p q
link r p 1
link r q 2
user=nobody group=adm
uid=$(id -u $user) gid=$(id -g $user) extra=$(getent group $group | cut -d: -f3)
echo first >"$dir/secret"
ln -s run/r.sock "$dir/r.sock"

config() { # ROUTER [NEIGHBOR]
	cat >"$dir/r.yaml" <<-EOT
		router: {as: 65001, id: 10.0.0.1$1}
		control: {socket: $dir/run/r.sock, group: $group}
		bird-sockets: {ipv4: $dir/run/bird.ctl, ipv6: $dir/run/bird6.ctl}
		neighbors:
		  - {address: 10.99.1.2, name: p, remote-as: 65002, password: {file: $dir/secret}, import: accept, export: accept}
		  - {interface: to-q, name: q, remote-as: external, import: accept, export: accept${2:-}}
	EOT
}
peer() { # NAME ID AS NEIGHBOR NETWORK
	cat >"$dir/$1.yaml" <<-EOT
		router: {as: $3, id: $2}
		neighbors:
		  - {$4, remote-as: 65001, import: accept, export: accept}
		networks:
		  - {prefix: $5}
	EOT
}
# status PID FIELD VALUE: of all threads
status() {
	local task got
	for task in /proc/"$1"/task/*; do
		got=$(sed -n "s/^$2:[[:space:]]*//p" "$task/status" | tr -s '\t ' ' ' | sed 's/ $//')
		[ "$got" = "$3" ] || {
			echo "$task: $2 is '$got', not '$3'"
			return 1
		}
	done
}
# confined PID UID GID CAPABILITIES
confined() {
	[ "$(find "/proc/$1/task" -mindepth 1 -maxdepth 1 | wc -l)" -ge 2 ] || fail "$stage: no second thread"
	status "$1" Uid "$2 $2 $2 $2" || fail "$stage"
	status "$1" Gid "$3 $3 $3 $3" || fail "$stage"
	status "$1" CapInh 0000000000000000 || fail "$stage"
	status "$1" CapAmb 0000000000000000 || fail "$stage"
	status "$1" CapPrm "$4" || fail "$stage"
	status "$1" CapEff "$4" || fail "$stage"
	status "$1" NoNewPrivs 1 || fail "$stage"
	[ -n "$sanitized" ] || status "$1" Seccomp 2 || fail "$stage"
}
works() {
	expect 30 session r p
	expect 30 session r q
	expect 10 kernel r 10.2.0.0/16 'proto bgp'
	expect 10 kernel r 2001:db8:3::/48 'proto bgp'
}
listens() { in_ns r ss -Hltn | grep -q "$1 "; }
logged() { grep -q -- "$1" "$dir/r.log"; }

peer p 10.0.0.2 65002 "address: 10.99.1.1, password: {file: $dir/secret}" 10.2.0.0/16
peer q 10.0.0.3 65003 "interface: to-r" 2001:db8:3::/48
godwit p p
godwit q q

say "becomes its user, in all threads, with what it needs and nothing else"
config ", user: $user"
start r r "$BGPD" -f "$dir/r.yaml" -p "$dir/run/r.pid" -v
expect 10 ctl r show
pid=${pids[r]}
sanitized=
! logged 'built with sanitizers' || sanitized=yes
works
confined "$pid" "$uid" "$gid" 0000000000003400
status "$pid" CapBnd 0000000000003400 || fail "$stage"
# shellcheck disable=SC2046 # the numbers, one a line
status "$pid" Groups "$(printf '%s\n' $(id -G $user) "$extra" | sort -nu | tr '\n' ' ' | sed 's/ $//')" || fail "$stage"
logged "daemon.privileges uid=$uid gid=$gid capabilities=\"net_bind_service net_admin net_raw\"" || fail "$stage"
kill -USR1 "$pid"
twice() { [ "$(grep -c 'daemon.privileges uid=' "$dir/r.log")" -eq 2 ]; }
expect 5 twice
[ "$(stat -c '%a %u:%g' "$dir/run/r.sock")" = "660 $uid:$extra" ] || fail "$stage: $(stat "$dir/run/r.sock")"
[ "$(stat -c '%a %u:%g' "$dir/run/bird.ctl")" = "660 $uid:$gid" ] || fail "$stage: $(stat "$dir/run/bird.ctl")"
[ "$(stat -c '%a %u:%g' "$dir/run")" = "755 $uid:$gid" ] || fail "$stage: $(stat "$dir/run")"
[ "$(cat "$dir/run/r.pid")" = "$pid" ] || fail "$stage: pidfile"

say "a reload: another password, further listeners below 1024, BIRD's socket elsewhere"
echo second >"$dir/secret"
config ", user: $user, listen: [{address: 0.0.0.0}, {address: '::'}, {address: 10.99.1.1, port: 178}]"
sed -i "s/bird.ctl/bird4.ctl/" "$dir/r.yaml"
ctl r reload >"$dir/out" || fail "$stage: $(cat "$dir/out")"
ctl p reload >"$dir/out" || fail "$stage: $(cat "$dir/out")"
expect 10 listens 10.99.1.1:178
[ -S "$dir/run/bird4.ctl" ] && [ ! -e "$dir/run/bird.ctl" ] || fail "$stage: $(ls -l "$dir/run")"
works

say "another user is a matter of a restart, and says so"
sed "s/user: $user/user: daemon/" "$dir/r.yaml" >"$dir/new.yaml"
ctl r config diff "$dir/new.yaml" >"$dir/out"
grep -q "^restart  *router.user  *$user  *daemon" "$dir/out" || fail "$stage: $(cat "$dir/out")"
cp "$dir/r.yaml" "$dir/old.yaml"
cp "$dir/new.yaml" "$dir/r.yaml"
ctl r reload >"$dir/out" || fail "$stage: $(cat "$dir/out")"
expect 5 logged 'config.restart key=router.user'
status "$pid" Uid "$uid $uid $uid $uid" || fail "$stage"
cp "$dir/old.yaml" "$dir/r.yaml"

say "a file that the user may not read, a directory where it may not make a socket"
chmod 600 "$dir/secret"
! ctl r reload >"$dir/out" 2>&1 || fail "$stage: it can read a file of root"
grep -q "Permission denied" "$dir/out" || fail "$stage: $(cat "$dir/out")"
chmod 644 "$dir/secret"
sed -i "s#$dir/run/r.sock#$dir/elsewhere.sock#" "$dir/r.yaml"
ctl r reload >"$dir/out" 2>&1
expect 5 logged "control.listen socket=$dir/elsewhere.sock error=\"Permission denied\" hint=.*router.user"
cp "$dir/old.yaml" "$dir/r.yaml"
ctl r reload >"$dir/out" || fail "$stage: $(cat "$dir/out")"
works

# Needs nobody's cooperation: the debugger has the daemon itself make the call.
if [ -z "$sanitized" ] && command -v gdb >/dev/null; then
	say "in the running daemon: no file is opened to be written, nobody is root again, and executing is the end"
	gdb -nx -batch -iex 'set sysroot /' "$BGPD" "$pid" -ex 'print "open", (int)open("/tmp/godwit-privileges", 65, 384)' \
		-ex 'print "run", (int)open("'"$dir/run/new"'", 65, 384)' -ex 'print "setuid", (int)setuid(0)' \
		-ex 'print "fork", (int)fork()' -ex 'print "packet", (int)socket(17, 3, 0)' >"$dir/gdb.out" 2>&1
	[ "$(grep -c '= -1$' "$dir/gdb.out")" -eq 5 ] || fail "$stage: $(cat "$dir/gdb.out")"
	[ ! -e /tmp/godwit-privileges ] && [ ! -e "$dir/run/new" ] || fail "$stage: there is a file"
	works
	# Some versions of it do not survive that either.
	(ulimit -c 0 && gdb -nx -batch -iex 'set sysroot /' "$BGPD" "$pid" -ex 'call (int)execl("/bin/true", "true", (char *)0)') >"$dir/gdb.out" 2>&1
	expect 5 no alive r
	wait "$pid"
	[ $? -eq 159 ] || fail "$stage: it did not end by SIGSYS: $(cat "$dir/gdb.out")"
	unset "pids[r]"
	start r r "$BGPD" -f "$dir/r.yaml" -p "$dir/run/r.pid" -v
	expect 10 ctl r show
	works
else
	echo "  (no debugger, or a build that is not confined)"
fi

say "an orderly stop leaves no socket and no pidfile"
clean_stop r
[ -z "$(ls -A "$dir/run")" ] || fail "$stage: $(ls -l "$dir/run")"

say "a pidfile in a directory of root's is written, and left empty"
start r r "$BGPD" -f "$dir/r.yaml" -p "$dir/r.pid" -v
expect 10 ctl r show
[ "$(cat "$dir/r.pid")" = "${pids[r]}" ] || fail "$stage: $(cat "$dir/r.pid")"
clean_stop r
[ -e "$dir/r.pid" ] && [ ! -s "$dir/r.pid" ] || fail "$stage: $(ls -l "$dir/r.pid")"

say "its own run directory, which was root's so far"
# In a mount namespace, where /run/godwit is nobody else's.
sed "s#$dir/run#/run/godwit#" "$dir/r.yaml" >"$dir/own.yaml"
start r r unshare -m sh -c 'mount -t tmpfs none /run && mkdir /run/godwit && exec "$@"' sh "$BGPD" -f "$dir/own.yaml" -v
own() { "$BGPCTL" -s "/proc/${pids[r]}/root/run/godwit/r.sock" show summary; }
expect 10 own
[ "$(stat -c %u "/proc/${pids[r]}/root/run/godwit")" = "$uid" ] || fail "$stage"
clean_stop r

say "started by that user with capabilities of its own, as by systemd"
start r r setpriv --reuid "$uid" --regid "$gid" --groups "$extra" --inh-caps +net_admin,+net_raw,+net_bind_service,+kill \
	--ambient-caps +net_admin,+net_raw,+net_bind_service,+kill "$BGPD" -f "$dir/r.yaml" -v
expect 10 ctl r show
works
confined "${pids[r]}" "$uid" "$gid" 0000000000003400
clean_stop r

say "started by somebody else, it says so and stays"
rm -f "$dir/r.log"
mkdir "$dir/theirs" && chown daemon "$dir/theirs"
sed "s#group: $group##; s#$dir/run#$dir/theirs#" "$dir/r.yaml" >"$dir/new.yaml"
ln -sf theirs/r.sock "$dir/r.sock"
start r r setpriv --reuid daemon --regid daemon --clear-groups --inh-caps +net_admin,+net_bind_service,+net_raw \
	--ambient-caps +net_admin,+net_bind_service,+net_raw "$BGPD" -f "$dir/new.yaml" -v
expect 10 ctl r show
works
logged 'privilege.user user=nobody.*was not started as root' || fail "$stage"
clean_stop r
ln -sf run/r.sock "$dir/r.sock"

say "a user that is not there: an error of the start with its place, a warning of a check"
config ", user: nosuchuser"
"$BGPD" -n -f "$dir/r.yaml" 2>"$dir/out" || fail "$stage: $(cat "$dir/out")"
grep -q "^$dir/r.yaml:1:41: router.user: warning: .*nosuchuser" "$dir/out" || fail "$stage: $(cat "$dir/out")"
in_ns r "$BGPD" -f "$dir/r.yaml" 2>"$dir/out"
[ $? -eq 78 ] || fail "$stage: $(cat "$dir/out")"
grep -q "privilege.user user=nosuchuser file=$dir/r.yaml line=1 column=41 error=\"there is no such user\"" "$dir/out" ||
	fail "$stage: $(cat "$dir/out")"

say "without a user root stays, but is not what it was"
config ""
start r r "$BGPD" -f "$dir/r.yaml" -v
expect 10 ctl r show
works
confined "${pids[r]}" 0 0 000000000000340b
clean_stop r

say "a first neighbour on an interface is a matter of a restart, and says so"
config ", user: $user" ", shutdown: true"
sed '/to-q/d' "$dir/r.yaml" >"$dir/new.yaml"
cp "$dir/r.yaml" "$dir/old.yaml"
cp "$dir/new.yaml" "$dir/r.yaml"
rm -f "$dir/r.log"
chmod 600 "$dir/secret"
start r r "$BGPD" -f "$dir/r.yaml" -v
expect 10 ctl r show
expect 30 session r p
confined "${pids[r]}" "$uid" "$gid" 0000000000001400
logged "privilege.file file=$dir/secret error=\"Permission denied\" effect=\"reloads will fail\"" || fail "$stage"
[ "$(grep -c privilege.file "$dir/r.log")" -eq 1 ] || fail "$stage: $(grep privilege.file "$dir/r.log")"
chmod 644 "$dir/secret"
config ", user: $user"
ctl r reload >"$dir/out" || fail "$stage: $(cat "$dir/out")"
expect 10 logged 'onlink.open.*restart bgpd'
clean_stop r
clean_stop p
clean_stop q
