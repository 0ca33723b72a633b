#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The sockets that answer as BIRD does, as those meet them who ask BIRD: birdc of BIRD 2, and the parsers of calico-node's
# probes, of calicoctl and of CalicoNodeStatus (calico_parsers.py). Neighbours are in every state, over IPv4 and IPv6,
# routes of every kind; birdc acts, too: it disables, enables, restarts and reloads neighbours, and reads the
# configuration again, on trial as well.
. "$(dirname "$0")/../lib.sh"
need_godwit
need python3 birdc
here=$(cd "$(dirname "$0")" && pwd)
ns a b c
link a b 1
link a c 2
in_ns b ip address add 10.99.1.3/24 dev to-a

neighbor() { # NAME ADDRESS [MORE]
	echo "  - {address: \"$2\", name: $1, remote-as: 64512, import: [accept], export: [accept], multihop: 64,"
	echo "     connect-retry-time: 1, idle-hold-time: {initial: 1, max: 2}${3:-}}"
}
conf_a() { # MORE-NEIGHBOURS
	cat <<-EOT
		router: {as: 64512, id: 10.0.0.1, multipath: {ebgp: 4, ibgp: 4}, graceful-restart: {restart-time: 20}}
		bird-sockets: {ipv4: $dir/bird.ctl, ipv6: $dir/bird6.ctl}
		kernel: {learn: [accept], connected: {interfaces: ["to-*"]}, keep-on-stop: true}
		networks: [{prefix: 10.65.1.0/26, blackhole: true}, {prefix: "fd65:1::/122", blackhole: true}, {prefix: 10.66.0.0/16}]
		statics:
		  - {prefix: 10.67.0.0/24, via: 10.99.1.2}
		  - {prefix: 10.68.0.0/24, interface: to-b}
		  - {prefix: 10.69.0.0/24, unreachable: true}
		neighbors:
	EOT
	neighbor Mesh_10_99_1_2 10.99.1.2 ', description: "Connection to BGP peer"'
	neighbor Mesh_10_99_2_2 10.99.2.2
	neighbor Mesh_fd99_1__2 fd99:1::2
	neighbor Node_10_99_1_3_port_999 10.99.1.3 ', port: 999'
	neighbor Global_10_99_1_77 10.99.1.77 ', passive: true'
	neighbor Global_10_99_1_88 10.99.1.88 ', shutdown: true'
	neighbor Node_fd99_1__77 fd99:1::77
	[ $# -eq 0 ] || neighbor "$@"
}
conf_other() { # ID ADDRESS [V6-ADDRESS]
	cat <<-EOT
		router: {as: 64512, id: 10.0.0.$1}
		networks:
		  - {prefix: 10.65.$1.0/26, blackhole: true, communities: ["64512:7"]}
		  - {prefix: 10.70.0.0/24, blackhole: true}
		  - {prefix: 10.71.0.0/24}
		  - {prefix: 10.72.0.0/24}
		  - {prefix: "fd65:$1::/122", blackhole: true}
		prefix-sets: {two-ways: [10.71.0.0/24], no-way: [10.72.0.0/24]}
		policies:
		  out:
		    - {match: {prefix-set: two-ways}, set: {next-hop: 10.77.0.1}, action: accept}
		    - {match: {prefix-set: no-way}, set: {next-hop: 172.30.0.1}, action: accept}
		    - {match: {source: static}, action: accept}
		neighbors:
	EOT
	neighbor a "$2" | sed 's/export: \[accept\]/export: [out]/'
	[ -z "${3:-}" ] || neighbor a6 "$3" | sed 's/export: \[accept\]/export: [out]/'
}
conf_a >"$dir/a.yaml"
conf_other 2 10.99.1.1 fd99:1::1 >"$dir/b.yaml"
conf_other 3 10.99.2.1 >"$dir/c.yaml"

# reads READER [SOCKET] [JQ]: one of the parsers, without a complaint, and what it read is so
reads() {
	local out rc
	out=$(in_ns a python3 "$here/calico_parsers.py" "$dir/${2:-bird}.ctl" "$1")
	rc=$?
	echo "$out"
	[ $rc -eq 0 ] && jq -e "${3:-true}" <<<"$out" >/dev/null
}
ready() { in_ns a python3 "$here/calico_parsers.py" "$dir/bird${2:-}.ctl" ready $1; }
# says TEXT COMMAND...: a line of what birdc prints has this extended regular expression
says() {
	local text=$1
	shift
	in_ns a birdc -s "$dir/bird.ctl" "$@" >"$dir/birdc.out"
	cat "$dir/birdc.out"
	grep -qE "$text" "$dir/birdc.out"
}
says6() {
	local text=$1
	shift
	in_ns a birdc -s "$dir/bird6.ctl" "$@" >"$dir/birdc.out"
	cat "$dir/birdc.out"
	grep -qE "$text" "$dir/birdc.out"
}
# everything can be read, whatever it says
all_read() {
	local reader sock
	for sock in bird bird6; do
		for reader in peers node-status agent bgp routes; do
			reads $reader $sock || return 1
		done
	done
}

say "nobody is there: no session, and everything can be read"
in_ns a ip route add 10.77.0.0/24 proto static nexthop via 10.99.1.2 nexthop via 10.99.2.2
in_ns a ip route add 10.78.0.0/24 via 10.99.1.2 proto static
in_ns a ip route add blackhole 10.79.0.0/24 proto static
godwit a a
expect 10 reads peers bird 'any(.[]; .session == "Node_10_99_1_3_port_999" and .state == "start" and .info == "Socket: Connection refused")'
expect 10 all_read
expect 10 reads bgp bird '.established == 0 and ([.peers[].state] | contains(["Active", "", ""]))'
no ready "" >/dev/null || fail "$stage: ready"
ready "" | grep -q '^BGP not established with 10.99.1.2,10.99.2.2,10.99.1.3.port.999,10.99.1.77$' || fail "$stage: $(ready "")"
expect 5 says '^Global_10_99_1_77 BGP      master   start  [0-9:]{8}    Passive *$' show protocols
expect 5 says '^Global_10_99_1_88 BGP      master   down   [0-9:]{8} *$' show protocols
says '^8003|No protocols match' show protocols all Mesh_fd99_1__2 >/dev/null || fail "$stage: the IPv4 socket shows IPv6 neighbours"

say "sessions come up: each parser sees them, in its world"
godwit b b
godwit c c
expect 20 reads bgp bird '.established == 2 and ([.peers[] | select(.up) | .peer] == ["10.99.1.2", "10.99.2.2"])'
expect 20 reads bgp bird6 '.established == 1 and .peers[0].state == "Established" and .peers[0].peer == "fd99:1::2"'
expect 5 ready ""
expect 5 ready "" 6
ready --young | grep -q '^BGP not established with 10.99.1.3.port.999,10.99.1.77$' || fail "$stage: $(ready --young)"
reads node-status bird 'any(.[]; .address == "10.99.1.2" and .type == "node-to-node mesh" and .state == "up" and .info == "Established")' ||
	fail "$stage"
reads agent bird '.router_id == "10.0.0.1" and (.version | startswith("v"))' || fail "$stage"
all_read >/dev/null || fail "$stage: $(all_read 2>&1 | tail -n 3)"

say "routes of every kind, as CalicoNodeStatus reads them"
route() { # DESTINATION JQ [SOCKET]: the routes of a destination, in order, are so
	reads routes "${3:-bird}" "[.[] | select(.destination == \"$1\")] | $2"
}
expect 10 route 10.65.2.0/26 'length == 1 and .[0].type == "FIB" and .[0].gateway == "10.99.1.2" and .[0].interface == "to-b" and
	.[0].from == {kind: "NodeMesh", peer: "10_99_1_2"}'
expect 10 route fd65:2::/122 'length == 1 and .[0].type == "FIB" and .[0].interface == "to-b" and .[0].from.kind == "NodeMesh"' bird6
expect 10 route 10.65.1.0/26 '.[0].how == "blackhole" and .[0].from.kind == "Static" and .[0].type == "FIB"'
expect 10 route 10.66.0.0/16 '.[0].how == "unreachable" and .[0].from.kind == "Static"'
expect 10 route 10.69.0.0/24 '.[0].how == "unreachable"'
expect 10 route 10.67.0.0/24 '.[0].gateway == "10.99.1.2"'
expect 10 route 10.68.0.0/24 '.[0].how == "dev" and .[0].interface == "to-b"'
expect 10 route 10.99.1.0/24 '.[0].how == "dev" and .[0].interface == "to-b" and .[0].from.kind == "Direct"'
expect 10 route 10.78.0.0/24 '.[0].gateway == "10.99.1.2" and .[0].from.kind == "Kernel"'
expect 10 route 10.79.0.0/24 '.[0].how == "blackhole" and .[0].from.kind == "Kernel"'
say "several ways: a line for each, of two paths and of one"
expect 10 route 10.70.0.0/24 'length == 2 and all(.[]; .type == "FIB") and ([.[].gateway] | sort) == ["10.99.1.2", "10.99.2.2"]'
expect 10 route 10.77.0.0/24 'length == 2 and ([.[].gateway] | sort) == ["10.99.1.2", "10.99.2.2"] and all(.[]; .from.kind == "Kernel")'
expect 10 route 10.71.0.0/24 'length == 4 and ([.[] | .gateway] | unique) == ["10.99.1.2", "10.99.2.2"]'
expect 10 route 10.72.0.0/24 'length == 2 and all(.[]; .how == "unreachable" and .type == "RIB")'
no route fd65:2::/122 'length > 0' >/dev/null || fail "$stage: the IPv4 socket shows IPv6 routes"

say "birdc: rows as BIRD has them"
expect 5 says '^10\.65\.2\.0/26       via 10\.99\.1\.2 on to-b \[Mesh_10_99_1_2 [0-9:]{8}\] \* \(100/0\) \[i\]$' show route
expect 5 says '^10\.65\.1\.0/26       blackhole \[static1 [0-9:]{8}\] \* \(200\)$' show route 10.65.1.0/26
expect 5 says '^10\.72\.0\.0/24       unreachable \[Mesh_10_99_[12]_2 [0-9:]{8} from 10\.99\.[12]\.2\] \(100/-\) \[i\]$' show route 10.72.0.0/24
expect 5 says '^ {18} via 10\.99\.2\.2 on to-c \[kernel1 [0-9:]{8}\] \* \(10\)$' show route for 10.77.0.9
expect 5 says '^	BGP.local_pref: 100$' show route 10.65.2.0/26 all
says '^	BGP.community: \(64512,7\)$' show route 10.65.2.0/26 all >/dev/null || fail "$stage"
says '^	Type: BGP unicast univ$' show route 10.65.2.0/26 all >/dev/null || fail "$stage"
says '^10\.65\.2\.0/26 ' show route for 10.65.2.7 >/dev/null || fail "$stage"
says '^Network not in table$' show route 10.65.9.0/26 >/dev/null || fail "$stage"
says '^10\.65\.3\.0/26 ' show route protocol Mesh_10_99_2_2 >/dev/null || fail "$stage"
no grep -q '^10\.65\.2\.0' "$dir/birdc.out" || fail "$stage: a route of another protocol"
expect 5 says '^10\.65\.1\.0/26 .*static1' show route export Mesh_10_99_1_2
no grep -q '10\.65\.3\.0' "$dir/birdc.out" || fail "$stage: iBGP routes are not sent to iBGP"
says '^10\.65\.2\.0/26 ' show route export kernel1 >/dev/null || fail "$stage"
no grep -q '10\.78\.0\.0' "$dir/birdc.out" || fail "$stage: a learned route is written back"
says '^[1-9][0-9]* of [0-9]+ routes for [0-9]+ networks$' show route count >/dev/null || fail "$stage"
says '^2 of 2 routes for 1 networks$' show route 10.70.0.0/24 count >/dev/null || fail "$stage"
says '^10\.65\.2\.0/26 ' show route table master >/dev/null || fail "$stage"
says6 '^fd65:2::/122       via fd99:1::2 on to-b \[Mesh_fd99_1__2 ' show route >/dev/null || fail "$stage"
says '^    Session:          internal multihop AS4' show protocols all Mesh_10_99_1_2 >/dev/null || fail "$stage: $(cat "$dir/birdc.out")"
says '^  Routes:         4 imported, ' show protocols all Mesh_10_99_1_2 >/dev/null || fail "$stage: $(cat "$dir/birdc.out")"
says '^to-b up \(index=' show interfaces >/dev/null || fail "$stage"
says '^to-b +up +10.99.1.1/24$' show interfaces summary >/dev/null || fail "$stage"
says '^Total: +[0-9]+ kB$' show memory >/dev/null || fail "$stage"
says '^Mesh_10_99_1_2	protocol$' show symbols >/dev/null || fail "$stage"
says 'syntax error' show ospf >/dev/null || fail "$stage"

say "restricted: looking only"
in_ns a birdc -r -s "$dir/bird.ctl" disable Mesh_10_99_1_2 | grep -q 'Access denied' || fail "$stage"
in_ns a birdc -r -s "$dir/bird.ctl" show protocols | grep -q '^Mesh_10_99_1_2 .*Established' || fail "$stage"

say "disable, enable, restart, reload"
says '^Mesh_10_99_1_2: disabled$' disable Mesh_10_99_1_2 >/dev/null || fail "$stage"
says '^Mesh_10_99_1_2: already disabled$' disable Mesh_10_99_1_2 >/dev/null || fail "$stage"
says '^Mesh_10_99_1_2 BGP      master   down ' show protocols >/dev/null || fail "$stage"
all_read >/dev/null || fail "$stage"
expect 10 route 10.65.2.0/26 'length == 0'
says '^Mesh_10_99_1_2: enabled$' enable '"Mesh_10_99_1*"' >/dev/null || fail "$stage: $(cat "$dir/birdc.out")"
expect 20 route 10.65.2.0/26 'length == 1'
says '^Mesh_10_99_1_2: reloading$' reload in Mesh_10_99_1_2 >/dev/null || fail "$stage"
says '^Mesh_10_99_1_2: reloading$' reload Mesh_10_99_1_2 >/dev/null || fail "$stage"
# What failed before is not why it is down now: the probe takes a text there for the state of a session.
says '^Node_10_99_1_3_port_999: disabled$' disable Node_10_99_1_3_port_999 >/dev/null || fail "$stage"
says '^Node_10_99_1_3_port_999 BGP      master   down   [0-9:]{8} *$' show protocols >/dev/null || fail "$stage: $(cat "$dir/birdc.out")"
no grep -q '10.99.1.3.port.999' <<<"$(ready --young)" || fail "$stage: $(ready --young)"
says '^Node_10_99_1_3_port_999: enabled$' enable Node_10_99_1_3_port_999 >/dev/null || fail "$stage"
before=$(ctl b -j show neighbor a | jq .neighbors[0].stats.established)
says '^Mesh_10_99_1_2: restarted$' restart Mesh_10_99_1_2 >/dev/null || fail "$stage"
expect 20 ask b ".neighbors[0] | .state == \"Established\" and .stats.established > $before" show neighbor a
says 'is not a protocol' restart nobody >/dev/null || fail "$stage"

say "the other side ends the session: why is in the last column"
ctl b neighbor a down >/dev/null || fail "$stage"
expect 10 says '^Mesh_10_99_1_2 BGP      master   start  [0-9:]{8}    [A-Z][A-Za-z]+ +(Received: Administrative Shutdown|Socket: Connection (closed|refused))$' show protocols
all_read >/dev/null || fail "$stage"
ctl b neighbor a up >/dev/null || fail "$stage"
expect 20 reads bgp bird '.established == 2'

say "configure: good, bad, checked, and on trial"
says '^Reconfigured$' configure >/dev/null || fail "$stage"
grep -q "^Reading configuration from $dir/a.yaml$" "$dir/birdc.out" || fail "$stage"
cp "$dir/a.yaml" "$dir/good.yaml"
echo 'nonsense: 1' >>"$dir/a.yaml"
says 'a.yaml:[0-9]+:.*unknown' configure check >/dev/null || fail "$stage"
says 'a.yaml:[0-9]+:.*unknown' configure >/dev/null || fail "$stage"
conf_a Mesh_10_99_1_99 10.99.1.99 >"$dir/a.yaml"
says '^Configuration OK$' configure check >/dev/null || fail "$stage"
no says '^Mesh_10_99_1_99 ' show protocols >/dev/null || fail "$stage: a check has changed something"
says '^Undo scheduled in 60 s$' configure timeout 60 >/dev/null || fail "$stage"
says '^Mesh_10_99_1_99 ' show protocols >/dev/null || fail "$stage"
says '^Reconfigured$' configure undo >/dev/null || fail "$stage"
no says '^Mesh_10_99_1_99 ' show protocols >/dev/null || fail "$stage: not undone"
says '^Nothing to do$' configure undo >/dev/null || fail "$stage"
says '^Reconfigured$' configure timeout >/dev/null || fail "$stage"
says '^Reconfiguration confirmed$' configure confirm >/dev/null || fail "$stage"
says '^Nothing to do$' configure confirm >/dev/null || fail "$stage"
cp "$dir/good.yaml" "$dir/a.yaml"
says '^Reconfigured$' configure soft >/dev/null || fail "$stage"
reads bgp bird '.established == 2' >/dev/null || fail "$stage: a session has suffered"

say "sockets come and go with a reload, sessions stay"
ups=$(ctl a -j show neighbor Mesh_10_99_2_2 | jq .neighbors[0].stats.established)
sed -i "s|ipv4: $dir/bird.ctl, ||" "$dir/a.yaml"
ctl a reload >/dev/null
[ ! -e "$dir/bird.ctl" ] || fail "$stage: the socket is still there"
reads agent bird6 >/dev/null || fail "$stage"
cp "$dir/good.yaml" "$dir/a.yaml"
ctl a reload >/dev/null
reads agent bird >/dev/null || fail "$stage"
ask a ".neighbors[0] | .state == \"Established\" and .stats.established == $ups" show neighbor Mesh_10_99_2_2 >/dev/null || fail "$stage"
[ "$(stat -c %a "$dir/bird.ctl")" = 660 ] || fail "$stage: mode $(stat -c %a "$dir/bird.ctl")"

say "a start that waits for a neighbour of before: 0024, and sessions in wait"
stop b
stop a KILL
[ -S "$dir/bird.ctl" ] || fail "$stage: a daemon that is killed leaves its socket"
godwit a a
expect 10 says '^Graceful restart recovery in progress$' show status
grep -qE '^  Waiting for [1-9] protocols to recover$' "$dir/birdc.out" || fail "$stage: $(cat "$dir/birdc.out")"
grep -qE '^  Wait timer is [0-9]+/20$' "$dir/birdc.out" || fail "$stage: $(cat "$dir/birdc.out")"
expect 10 reads peers bird 'any(.[]; .session == "Mesh_10_99_2_2" and .state == "wait" and .bgp_state == "Established")'
reads bgp bird '.established == 0' >/dev/null || fail "$stage"
in_ns a python3 "$here/calico_parsers.py" "$dir/bird.ctl" ask show status | grep -q '^0024-' || fail "$stage"
godwit b b
expect 40 reads bgp bird '.established == 2'
no says '^Graceful restart' show status >/dev/null || fail "$stage"
all_read >/dev/null || fail "$stage"

say "down"
says '^Shutdown requested$' down >/dev/null || fail "$stage: $(cat "$dir/birdc.out")"
gone() { ! alive a; }
expect 20 gone
[ ! -e "$dir/bird.ctl" ] && [ ! -e "$dir/bird6.ctl" ] || fail "$stage: a socket is left"
clean_stop a
clean_stop b
clean_stop c
