#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Figures over HTTP, as Prometheus fetches them: sessions, routes and the kernel's as they come and go; a reload moves
# the listener; many who ask and say nothing do not keep others out.
. "$(dirname "$0")/../lib.sh"
need_godwit
need python3 curl
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
# openmetrics NS URL: the same for who asks for that format
openmetrics() { in_ns "$1" curl -sS -H 'Accept: application/openmetrics-text; version=1.0.0, */*; q=0.1' "$2"; }
metrics=http://[::1]:9179/metrics
# has LINE: the page of a has it
has() { page a "$metrics" | grep -qFx "$1"; }

godwit a a
say "before there is a session"
expect 10 page a http://[::1]:9179/healthz
expect 20 has 'godwit_neighbor_up{neighbor="b"} 0'
say "a session, routes and the kernel's"
godwit b b
expect 20 session a b
expect 10 has 'godwit_neighbor_up{neighbor="b"} 1'
expect 30 page a http://[::1]:9179/readyz
ctl b network add 192.0.2.0/24 >/dev/null && ctl b network add 198.51.100.0/24 >/dev/null || fail "$stage"
expect 10 has 'godwit_neighbor_prefixes_received{neighbor="b",family="ipv4"} 2'
expect 10 has 'godwit_neighbor_prefixes_accepted{neighbor="b",family="ipv4"} 2'
expect 10 has 'godwit_rib_prefixes{family="ipv4"} 2'
expect 10 has 'godwit_fib_routes{state="installed"} 2'
has 'godwit_fib_routes{state="failed"} 0' || fail "$stage: failed"
[ "$(openmetrics a "$metrics" | tail -n 1)" = '# EOF' ] || fail "$stage: no end"
openmetrics a "$metrics" | grep -qFx '# UNIT godwit_neighbor_received_bytes bytes' || fail "$stage: no unit"
page a "$metrics" | grep -qFx '# TYPE godwit_neighbor_received_bytes_total counter' || fail "$stage: no plain text"
say "somebody deletes a route of ours"
in_ns a ip route delete 192.0.2.0/24 || fail "$stage"
expect 10 has 'godwit_fib_restored_total 1'
say "the same for bgpctl"
# Figures that go on by themselves aside.
settled() { grep -Ev '^(process|godwit_(loop|memory|rib_decisions|neighbor_(updown|messages|received_bytes|sent_bytes)|fib_audit))'; }
same() { [ "$(ctl a show metrics | settled)" = "$(page a "$metrics" | settled)" ]; }
expect 10 same

say "a reload moves the listener, and is counted"
sed -i 's/\[::1\]:9179/127.0.0.1:9200/' "$dir/a.yaml"
ctl a reload >/dev/null || fail "$stage"
page a "$metrics" >/dev/null && fail "$stage: the old one answers"
metrics=http://127.0.0.1:9200/metrics
has 'godwit_config_reloads_total{result="good"} 1' || fail "$stage"
has 'godwit_neighbor_established_total{neighbor="b"} 1' || fail "$stage: the session ended"
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
has 'godwit_config_reloads_total{result="good"} 1' || fail "$stage"
[ "$(in_ns a ss -Htn state established sport = :9200 | wc -l)" -le 16 ] || fail "$stage: $(in_ns a ss -tn)"
stop mute
say "sums in place of each"
sed -i 's/metrics: {/&neighbors: remote-as, /' "$dir/a.yaml"
ctl a reload >/dev/null || fail "$stage"
has 'godwit_group_up{remote_as="65002"} 1' || fail "$stage: $(page a "$metrics" | grep group)"
page a "$metrics" | grep -q ^godwit_neighbor_ && fail "$stage: each, too"
say "none"
sed -i /metrics:/d "$dir/a.yaml"
ctl a reload >/dev/null || fail "$stage"
page a "$metrics" >/dev/null && fail "$stage"
clean_stop a
clean_stop b

say "probes and pages are answered while a table comes in"
# Each time in one request after another, until all of the table is there: what they say of it tells when that was.
routes=300000
in_ns a ip address add 10.99.2.1/24 dev to-b
in_ns b ip address add 10.99.2.2/24 dev to-a
cat >"$dir/a.yaml" <<-EOT
	router: {as: 65000, id: 10.0.0.1}
	metrics: {listen: "127.0.0.1:9179"}
	neighbors:
	  - {address: 10.99.2.2, name: sender, remote-as: 65001, passive: true, import: [accept], export: [reject]}
	  - {address: 10.99.1.2, name: sink, remote-as: 65002, passive: true, import: [accept], export: [accept]}
EOT
godwit a a
traffic t b 10.99.2.2,10.99.2.1 10.99.1.2,10.99.1.1 $routes 65000
start asker a python3 -c '
import re, sys, urllib.request as u
def ask(path):
    return u.urlopen("http://127.0.0.1:9179" + path).read().decode()
meanwhile, n = 0, 0
while n < int(sys.argv[1]):
    for path in "/healthz", "/readyz":
        assert ask(path) == "ok\n"
    n = int(re.search(r"godwit_rib_prefixes{family=.ipv4.} (\d+)", ask("/metrics"))[1])
    meanwhile += 0 < n < int(sys.argv[1])
print("answered", meanwhile, "times", flush=True)' $routes
expect 30 page a http://127.0.0.1:9179/readyz
traffic_go t $routes >"$dir/go"
expect 30 grep -q '^answered [1-9]' "$dir/asker.log"
cat "$dir/asker.log"
stop t
clean_stop a
