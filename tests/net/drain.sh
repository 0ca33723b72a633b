#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Graceful shutdown (RFC 8326): a drained session is announced as such in both directions,
# others are used while it still works, then all is withdrawn and the session ends; nothing
# is lost of a flow through it. By command, which another command takes back, and when the
# daemon stops. Who does not heed the community keeps its route until it is withdrawn.
. "$(dirname "$0")/../lib.sh"
need_godwit
need ping
# c and its internal neighbour i can reach s through a or b.
ns a b c i s
link c a 1
link c b 2
link a s 3
link b s 4
link c i 5
for n in c i s; do
	in_ns $n sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
	for dev in $(in_ns $n ls /sys/class/net); do
		in_ns $n sysctl -qw "net.ipv4.conf.$dev.rp_filter=0"
	done
done
config() { # NAME NUMBER AS ROUTER NEIGHBORS [NETWORKS]
	cat >"$dir/$1.yaml" <<-EOT
		router: {as: $3, id: 10.0.0.$2, $4}
		groups:
		  all: {import: [accept], export: [accept], connect-retry-time: 1, idle-hold-time: {initial: 0, max: 1}}
		neighbors:
		$5
		networks: [${6:-}]
	EOT
}
in_ns s ip address add 192.0.2.1/32 dev lo
in_ns c ip address add 198.51.100.1/32 dev lo
config s 9 65009 'drain: {time: 3}' '  - {address: 10.99.3.1, name: a, remote-as: 65001, group: all}
  - {address: 10.99.4.1, name: b, remote-as: 65002, group: all}' '{prefix: 192.0.2.1/32}'
config a 1 65001 'drain: {time: 3}' '  - {address: 10.99.1.1, name: c, remote-as: 65003, group: all}
  - {address: 10.99.3.2, name: s, remote-as: 65009, group: all}'
config b 2 65002 'drain: {time: 3, on-stop: true}' '  - {address: 10.99.2.1, name: c, remote-as: 65003, group: all}
  - {address: 10.99.4.2, name: s, remote-as: 65009, group: all}'
config c 3 65003 'drain: {time: 3}' '  - {address: 10.99.1.2, name: a, remote-as: 65001, group: all}
  - {address: 10.99.2.2, name: b, remote-as: 65002, group: all}
  - {address: 10.99.5.2, name: i, remote-as: internal, group: all, next-hop: self}' '{prefix: 198.51.100.1/32}'
config i 4 65003 'drain: {time: 3}' '  - {address: 10.99.5.1, name: c, remote-as: internal, group: all}'
for name in s a b c i; do
	godwit $name $name
done
via() { best "$1" 192.0.2.1/32 ".neighbor.name == \"$2\""; }
path() { ask c ".rib[] | select(.neighbor.name == \"$1\") | $2" show rib 192.0.2.1/32; }
no_path() { ask c ".rib | map(select(.neighbor.name == \"$1\")) == []" show rib 192.0.2.1/32; }
drop() { ctl "$1" neighbor "$2" drain >/dev/null || fail "$stage"; }
expect 20 session c i
expect 20 path a '.valid'
expect 20 path b '.valid'
expect 20 via c a
expect 20 best s 198.51.100.1/32 '.neighbor.name == "a"'

say "both ends turn to another way while the drained one still works; not one packet of a flow is lost"
in_ns c ping -q -i 0.005 -w 8 -I 198.51.100.1 192.0.2.1 >"$dir/ping.out" &
pids[ping]=$!
sleep 1
drop a c
drop a s
expect 2 via c b
path a '.local_preference == 0 and (.communities | index("65535:0") != null or index("graceful-shutdown") != null)' || fail "$stage"
expect 2 best s 198.51.100.1/32 '.neighbor.name == "b"'
expect 2 ask a '[.rib[] | select(.best)][0].local_preference == 0' show rib 192.0.2.1/32
session c a || fail "$stage"
say "then it is withdrawn, and the session ends with a reason"
expect 10 session a c Idle
expect 10 session a s Idle
expect 5 no_path a
expect 5 grep -q 'neighbor.notification .*direction=received.*code=6 subcode=2.*text=drained' "$dir/c.log"
wait "${pids[ping]}"
unset 'pids[ping]'
grep -q ' 0% packet loss' "$dir/ping.out" || fail "$stage: $(cat "$dir/ping.out")"
holds 2 session a c Idle

say "up takes it back"
ctl a neighbor c up >/dev/null && ctl a neighbor s up >/dev/null || fail "$stage"
expect 20 session a c
expect 20 path a '.local_preference != 0 and .communities == []'
drop c a
expect 3 path a '.local_preference == 0'
expect 3 ask a '.rib[] | select(.neighbor.name == "c") | .local_preference == 0' show rib 198.51.100.1/32
ctl c neighbor a up >/dev/null || fail "$stage"
expect 3 path a '.local_preference != 0 and .communities == []'
expect 3 ask a '.rib[] | select(.neighbor.name == "c") | .local_preference != 0' show rib 198.51.100.1/32
holds 4 session c a

say "an internal neighbour gets it with local preference 0"
drop c i
expect 2 ask i '.rib[] | .local_preference == 0' show rib 192.0.2.1/32
expect 10 absent i 192.0.2.1/32
expect 10 session c i Idle

say "who does not heed it"
sed -i 's/name: b, remote-as: 65002, group: all/&, graceful-shutdown: false/' "$dir/c.yaml"
ctl c reload >/dev/null || fail "$stage"
drop b c
expect 2 path b '.local_preference != 0 and .communities != []'
expect 10 no_path b
ctl b neighbor c up >/dev/null || fail "$stage"
expect 20 path b '.valid'

say "a daemon that stops drains all of them first; the routes move before it is gone"
sed -i 's/, graceful-shutdown: false//' "$dir/c.yaml"
ctl c reload >/dev/null || fail "$stage"
expect 20 session s b
kill -TERM "${pids[b]}"
expect 2 path b '.local_preference == 0'
alive b || fail "$stage: it did not wait"
expect 10 no_path b
expect 10 no alive b
wait "${pids[b]}" || fail "$stage: status $?"
unset 'pids[b]'
say "and does not wait when it is told twice"
sed -i 's/drain: {time: 3}/drain: {time: 600, on-stop: true}/' "$dir/c.yaml"
ctl c reload >/dev/null || fail "$stage"
kill -TERM "${pids[c]}"
expect 5 grep -q daemon.drain "$dir/c.log"
alive c || fail "$stage"
clean_stop c
for name in s a i; do
	clean_stop "$name"
done
