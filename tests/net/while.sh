#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Networks with a condition: announced while a TCP connection can be opened, an HTTP GET is
# answered well, a file or an interface is there; withdrawn when not; a reload keeps what it
# does not change.
. "$(dirname "$0")/../lib.sh"
need_godwit
need python3
ns a b
link a b 1
# What is checked lives in b's namespace, behind the same link.
cat >"$dir/server.py" <<'EOT'
import http.server, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        try:
            status = int(open(sys.argv[2] + self.path).read())
        except OSError:
            status = 404
        self.send_response(status)
        self.end_headers()

    def log_message(self, *args):
        pass

http.server.ThreadingHTTPServer(("10.99.1.2", int(sys.argv[1])), Handler).serve_forever()
EOT
mkdir "$dir/www"
config_a() { # FALL [MED]
	cat >"$dir/a.yaml" <<-EOT
		router: {as: 65001, id: 10.99.1.1}
		networks:
		  - {prefix: 192.0.2.1/32, while: {tcp: "10.99.1.2:8001", interval: 1, timeout: 1, rise: 2, fall: $1}${2:-}}
		  - {prefix: 192.0.2.2/32, while: {http: "http://10.99.1.2:8002/health", interval: 1, fall: 1, rise: 1}, blackhole: true}
		  - {prefix: 192.0.2.3/32, while: {file: $dir/flag, interval: 1, fall: 1, rise: 1}}
		  - {prefix: 192.0.2.4/32, while: {interface: veth7}}
		  - {prefix: 192.0.2.5/32}
		neighbors: [{address: 10.99.1.2, name: b, remote-as: 65002, export: [accept], import: [accept], passive: true}]
	EOT
}
cat >"$dir/b.yaml" <<-EOT
	router: {as: 65002, id: 10.99.1.2, listen: []}
	neighbors: [{address: 10.99.1.1, name: a, remote-as: 65001, import: [accept], export: [accept], connect-retry-time: 1}]
EOT
state() { ask a "[.checks[] | select(.prefix == \"192.0.2.$1/32\") | .state] == [\"$2\"]" show checks; }
config_a 2
godwit a a
godwit b b
expect 20 session a b
say "nothing holds"
expect 10 best b 192.0.2.5/32
for n in 1 2 3 4; do
	expect 10 state $n down
	absent b 192.0.2.$n/32 || fail "$stage"
done
ask a '.checks | length == 4' show checks || fail "$stage"

say "everything holds"
touch "$dir/flag"
echo 204 >"$dir/www/health"
in_ns a ip link add veth7 type veth peer name veth8 || fail "$stage"
in_ns a ip link set veth8 up
in_ns a ip link set veth7 up
start tcp b python3 "$dir/server.py" 8001 "$dir/www"
start http b python3 "$dir/server.py" 8002 "$dir/www"
for n in 1 2 3 4; do
	expect 10 state $n up
	expect 10 best b 192.0.2.$n/32
done
expect 10 kernel a 192.0.2.2/32 blackhole
ask a '[.checks[] | .last_result] == ["connected", "status 204", "there", "up"]' show checks || fail "$stage"

say "a reload with another attribute keeps the state; one with another condition too"
logged() { grep -c "network.check prefix=192.0.2.$1/32" "$dir/a.log"; }
before=$(logged 1)
config_a 2 ', med: 7'
ctl a reload >/dev/null || fail "$stage"
expect 10 best b 192.0.2.1/32 '.med == 7'
[ "$(logged 1)" -eq "$before" ] || fail "$stage"
config_a 3 ', med: 7'
ctl a reload >/dev/null || fail "$stage"
holds 2 best b 192.0.2.1/32
state 1 up || fail "$stage"
[ "$(logged 1)" -eq "$before" ] || fail "$stage"

say "a bad status, and a file and an interface that go"
echo 503 >"$dir/www/health"
rm "$dir/flag"
in_ns a ip link set veth7 down
for n in 2 3 4; do
	expect 10 state $n down
	expect 10 absent b 192.0.2.$n/32
done
expect 10 no_kernel a 192.0.2.2/32
state 1 up || fail "$stage"
ask a '[.checks[1].last_result] == ["status 503"]' show checks || fail "$stage"
echo 200 >"$dir/www/health"
expect 10 best b 192.0.2.2/32

say "a server that accepts and says nothing, and one that is gone"
kill -STOP "${pids[http]}"
expect 20 absent b 192.0.2.2/32
ask a '[.checks[1].last_result] == ["timeout"]' show checks || fail "$stage"
kill -CONT "${pids[http]}"
expect 20 best b 192.0.2.2/32
stop tcp
expect 20 absent b 192.0.2.1/32
best b 192.0.2.5/32 || fail "$stage"
for name in a b; do
	clean_stop "$name"
done
