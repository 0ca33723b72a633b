#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Figures over HTTP, as Prometheus fetches them: sessions, routes and the kernel's as they come and go; a reload moves
# the listener; many who ask and say nothing do not keep others out.
. "$(dirname "$0")/../lib.sh"
need_godwit
need python3
ns a b
link a b 1
for side in a:1:b:2 b:2:a:1; do
	IFS=: read -r name n peer p <<<"$side"
	cat >"$dir/$name.yaml" <<-EOT
		router: {as: 6500$n, id: 10.0.0.$n}
		metrics: {listen: "[::1]:9179"}
		neighbors:
		  - {address: 10.99.1.$p, name: $peer, remote-as: 6500$p, import: [accept], export: [accept], connect-retry-time: 1,
		     idle-hold-time: {initial: 0, max: 1}}
	EOT
done
# page NS URL: status 0 for a good one
page() {
	in_ns "$1" python3 -c 'import sys, urllib.request as u; sys.stdout.write(u.urlopen(sys.argv[1], timeout=10).read().decode())' "$2" 2>&1
}
metrics=http://[::1]:9179/metrics
# has LINE: the page of a has it
has() { page a "$metrics" | grep -qFx "$1"; }

godwit a a
say "before there is a session"
expect 10 page a http://[::1]:9179/healthz
expect 20 has 'bgpd_neighbor_up{neighbor="b"} 0'
say "a session, routes and the kernel's"
godwit b b
expect 20 session a b
expect 10 has 'bgpd_neighbor_up{neighbor="b"} 1'
expect 30 page a http://[::1]:9179/readyz
ctl b network add 192.0.2.0/24 >/dev/null && ctl b network add 198.51.100.0/24 >/dev/null || fail "$stage"
expect 10 has 'bgpd_neighbor_prefixes_received{neighbor="b"} 2'
expect 10 has 'bgpd_neighbor_prefixes_accepted{neighbor="b"} 2'
expect 10 has 'bgpd_rib_prefixes{family="ipv4"} 2'
expect 10 has 'bgpd_fib_routes{state="installed"} 2'
has 'bgpd_fib_routes{state="failed"} 0' || fail "$stage: failed"
[ "$(page a "$metrics" | tail -n 1)" = '# EOF' ] || fail "$stage: no end"
say "somebody deletes a route of ours"
in_ns a ip route delete 192.0.2.0/24 || fail "$stage"
expect 10 has 'bgpd_fib_restored_total 1'
say "the same for bgpctl"
# Figures that go on by themselves aside.
settled() { grep -Ev '^bgpd_(uptime|resident|loop|neighbor_updown|neighbor_messages|fib_audit)'; }
same() { [ "$(ctl a show metrics | settled)" = "$(page a "$metrics" | settled)" ]; }
expect 10 same

say "a reload moves the listener, and is counted"
sed -i 's/\[::1\]:9179/127.0.0.1:9200/' "$dir/a.yaml"
ctl a reload >/dev/null || fail "$stage"
page a "$metrics" >/dev/null && fail "$stage: the old one answers"
metrics=http://127.0.0.1:9200/metrics
has 'bgpd_reloads_total{result="good"} 1' || fail "$stage"
has 'bgpd_neighbor_established_total{neighbor="b"} 1' || fail "$stage: the session ended"
say "connections that say nothing"
start mute a python3 -c '
import socket, time
all = []
for i in range(100):
    all.append(socket.create_connection(("127.0.0.1", 9200)))
    all[i].send(b"GET /metr")
print("there", flush=True)
time.sleep(1000)'
expect 10 grep -q there "$dir/mute.log"
has 'bgpd_reloads_total{result="good"} 1' || fail "$stage"
[ "$(in_ns a ss -Htn state established sport = :9200 | wc -l)" -le 16 ] || fail "$stage: $(in_ns a ss -tn)"
stop mute
say "none"
sed -i /metrics:/d "$dir/a.yaml"
ctl a reload >/dev/null || fail "$stage"
page a "$metrics" >/dev/null && fail "$stage"
clean_stop a
clean_stop b
