#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# bgpconfd on folders of keys and of Calico's resources that are changed under it:
# what it writes, what it runs, what it says, and what stays when something is wrong.
# Commands of templates leave a line each in $work/log.
set -u
bgpconfd=${BGPCONFD:-${GODWIT_BUILD:-.}/conf/bgpconfd}
bgpconfd=$(cd "$(dirname "$bgpconfd")" && pwd)/$(basename "$bgpconfd")
work=$(mktemp -d) || exit 1
pid=
stop() {
	[ -z "$pid" ] || { kill "$pid" 2>/dev/null; wait "$pid"; }
	pid=
}
trap 'stop; rm -rf "$work"' EXIT
cd "$work" || exit 1
unset NODENAME DATASTORE_TYPE ETCD_ENDPOINTS CALICO_ROUTER_ID CALICO_ADVERTISE_CLUSTER_IPS CALICO_K8S_NODE_REF NAMESPACE \
	CALICO_ENDPOINT_STATUS_PATH_PREFIX

fail() {
	echo "FAILED: $*"
	for f in err log a.conf status; do
		[ -e "$f" ] && echo "--- $f" && cat "$f"
	done
	exit 1
}

# is FILE TEXT
is() {
	[ "$(cat "$1" 2>/dev/null)" = "$2" ] || fail "$1 is not: $2"
}

# until_true COMMAND...: comes true before long
until_true() {
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ $tries -lt 600 ] || fail "never true: $*"
		sleep 0.1
	done
}

has() { grep -q -e "$2" "$1" 2>/dev/null; }
has_not() { ! has "$@"; }

# put NAME TEXT: a file of the datastore, renamed into place
put() {
	printf '%s\n' "$2" >"$work/new" && mv "$work/new" "$work/data/$1"
}

status_has() {
	"$bgpconfd" -f bgpconfd.yaml --status >status && tr -d ' \n' <status | grep -q -F -e "$1"
}

start() {
	"$bgpconfd" -f bgpconfd.yaml -v 2>>err &
	pid=$!
}

echo "- keys, once"
mkdir data templates
cat >bgpconfd.yaml <<'END'
node: n1
resolver: keys
datastore: {type: files, path: data}
debounce-ms: 50
control: {socket: sock}
templates:
  - {src: templates/a.conf.mustache, dest: a.conf, mode: "0604", check: "echo check >>log; ! grep -q bad {{stage}}",
     reload: "echo reload >>log; ! grep -q refused a.conf"}
END
printf '%s\n' 'as {{as}}' '{{> peer}}' >templates/a.conf.mustache
printf '%s\n' 'peer {{peers.one}}' >templates/peer.mustache
mkdir data/peers
put as 64512
put peers/one 10.0.0.1
"$bgpconfd" -f bgpconfd.yaml --dry-run >out 2>err || fail "dry run"
is out "--- a.conf
+++ a.conf (new)
@@ -0,0 +1,2 @@
+as 64512
+peer 10.0.0.1"
[ ! -e a.conf ] && [ ! -e log ] || fail "a dry run did something"
"$bgpconfd" -f bgpconfd.yaml --show-model >out 2>err || fail "model"
is out '{
  "as": 64512,
  "peers": {
    "one": "10.0.0.1"
  }
}'
"$bgpconfd" -f bgpconfd.yaml --once 2>err || fail "once"
is a.conf "as 64512
peer 10.0.0.1"
[ "$(stat -c %a a.conf)" = 604 ] || fail "mode"
is log "check
reload"
"$bgpconfd" -f bgpconfd.yaml --once 2>err || fail "once more"
is log "check
reload"
"$bgpconfd" -f bgpconfd.yaml --status 2>err >out
[ $? -eq 69 ] || fail "status of nobody"
put as bad
"$bgpconfd" -f bgpconfd.yaml --once 2>err && fail "a check that says no"
has err 'template.failed' || fail "not told"
is a.conf "as 64512
peer 10.0.0.1"

echo "- as a daemon"
: >err
put as 64513
: >log
start
until_true has a.conf 'as 64513'
until_true status_has '"result":"reloaded"'
status_has '"troubles":[],"complaints":[]' || fail "status"
is log "check
reload"

echo "- a burst is few renders"
for i in 1 2 3 4 5 6 7 8 9; do put as 6460$i; done
until_true has a.conf 'as 64609'
[ "$(grep -c reload log)" -le 4 ] || fail "a reload for each change"

echo "- what the check refuses, and what the reader refuses"
put as bad
until_true status_has '"result":"failed"'
status_has 'exitstatus1' || fail "status does not say why"
is a.conf "as 64609
peer 10.0.0.1"
put as refused
until_true status_has 'thepreviousfileisback'
until_true has a.conf 'as 64609'
put as 64700
until_true has a.conf 'as 64700'
until_true status_has '"result":"reloaded"'
status_has '"error"' && fail "an error that is over"
[ "$(grep -c 'error template.failed' err)" -eq 2 ] || fail "errors are not told once each"


echo "- templates and partials, also those that are not there yet"
printf '%s\n' 'as {{as}}' '{{> peer}}' '{{> sub/more}}' >templates/a.conf.mustache
until_true status_has '"result":"same"'
mkdir templates/sub
echo 'more' >templates/sub/more.mustache
until_true has a.conf more
echo 'neighbour {{peers.one}}' >new && mv new templates/peer.mustache
until_true has a.conf 'neighbour 10.0.0.1'
echo 'of n1: {{peers.one}}' >templates/peer.n1.mustache
until_true has a.conf 'of n1: 10.0.0.1'
echo '{{#open}}' >templates/peer.n1.mustache
until_true status_has '"result":"failed"'
rm templates/peer.n1.mustache
until_true has a.conf 'neighbour'
printf '%s\n' 'peer {{peers.one}}' >templates/peer.mustache
printf '%s\n' 'as {{as}}' '{{> peer}}' >templates/a.conf.mustache
rm -r templates/sub
until_true has a.conf 'peer'
until_true has_not a.conf 'more'

echo "- the configuration again"
sed 's/mode: "0604"/mode: "0600"/' bgpconfd.yaml >new && mv new bgpconfd.yaml
kill -HUP "$pid"
until_true has err config.reloaded
until_true status_has '"result":"same"'
[ "$(stat -c %a a.conf)" = 600 ] || fail "mode after a reload"
echo 'node: [' >bad.yaml && cp bgpconfd.yaml good.yaml && cp bad.yaml bgpconfd.yaml
kill -HUP "$pid"
until_true has err config.bad
cp good.yaml bgpconfd.yaml

if command -v python3 >/dev/null; then
	echo "- figures over HTTP"
	port=$((20000 + $$ % 10000))
	echo "metrics: {listen: '127.0.0.1:$port'}" >>bgpconfd.yaml
	page() { python3 -c 'import sys, urllib.request as u; print(u.urlopen(sys.argv[1]).read().decode(), end="")' "http://127.0.0.1:$port$1" >page 2>&1; }
	page_has() { page "$1" && has page "$2"; }
	kill -HUP "$pid"
	until_true page_has /metrics '^godwit_confd_template_success{file="a.conf"} 1$'
	page_has /metrics '^godwit_confd_datastore_synced 1$' || fail "metrics: $(cat page)"
	page_has /metrics '^# TYPE godwit_confd_rounds_total counter$' && has page '^process_start_time_seconds ' || fail "metrics: $(cat page)"
	page_has /healthz '^ok$' && page_has /readyz '^ok$' || fail "probes: $(cat page)"
	page /other && fail "a page that is none"
	mv data away
	until_true page_has /metrics '^godwit_confd_datastore_troubles 1$'
	mv away data
	until_true page_has /metrics '^godwit_confd_datastore_troubles 0$'
fi

echo "- a datastore that goes away changes nothing"
mv data away
until_true status_has '"what":"data"'
is a.conf "as 64700
peer 10.0.0.1"
mv away data
until_true status_has '"troubles":[]'
put as 64701
until_true has a.conf 'as 64701'

echo "- a second one on the same socket"
"$bgpconfd" -f bgpconfd.yaml 2>out && fail "two daemons"
has out control.listen || fail "not told why"
kill "$pid" && wait "$pid" || fail "stop"
pid=
[ ! -e sock ] || fail "the socket stays"

echo "- killed in the middle of a reload: it is done again"
sed 's/reload: "echo/reload: "echo $$ >shell; exec sleep 1000; echo/' good.yaml >bgpconfd.yaml
put as 64702
start
until_true test -s shell
is a.conf "as 64702
peer 10.0.0.1"
kill -KILL "$pid" && wait "$pid" 2>/dev/null
pid=
kill "$(cat shell)"
cp good.yaml bgpconfd.yaml
: >log
"$bgpconfd" -f bgpconfd.yaml --once 2>err || fail "once after a crash"
is log reload

echo "- Calico's resources, and workloads as Felix tells of them"
rm -rf data && mkdir data endpoints
cat >bgpconfd.yaml <<'END'
node: n1
datastore: {type: files, path: data}
calico: {endpoint-status: endpoints}
debounce-ms: 50
control: {socket: sock}
templates: [{src: templates/b.yaml.mustache, dest: b.yaml, reload: "echo reload >>log"}]
END
cat >templates/b.yaml.mustache <<'END'
sessions:
{{#ipv4.sessions}}
  - {{name|yaml}}
{{/ipv4.sessions}}
END
node() {
	put "$1.yaml" "apiVersion: projectcalico.org/v3
kind: Node
metadata: {name: $1}
spec: {bgp: {ipv4Address: $2/24, asNumber: 64512}}"
}
"$bgpconfd" -f bgpconfd.yaml --once 2>err && fail "once without a node of our own"
[ ! -e b.yaml ] || fail "written without a node of our own"
node n1 10.0.0.1
: >err
start
until_true test -e b.yaml
has_not b.yaml ' - ' || fail "sessions without other nodes"
node n2 10.0.0.2
until_true has b.yaml '10_0_0_2'
put peer.yaml "apiVersion: projectcalico.org/v3
kind: BGPPeer
metadata: {name: wrong}
spec: {peerIP: nonsense, asNumber: 65000}"
until_true status_has '"name":"wrong"'
has b.yaml '10_0_0_2' || fail "one bad peer took others away"
has err 'resolver.complaint .*name=wrong' || fail "not told"
rm data/peer.yaml
until_true has err 'resolver.complaint-over .*name=wrong'
put local.yaml "apiVersion: projectcalico.org/v3
kind: BGPPeer
metadata: {name: workloads}
spec: {localWorkloadSelector: all(), asNumber: 65001}"
printf '%s\n' '{"ifaceName":"cali1","mac":"00:11:22:33:44:55","ipv4Nets":["10.65.0.2/32"],"ipv6Nets":[],"bgpPeerName":"workloads"}' >new
mv new endpoints/pod1
until_true has b.yaml '10_65_0_2'
rm endpoints/pod1
until_true has_not b.yaml '10_65_0_2'
stop
echo "ok"
