#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The shipped template on Calico's resources of every kind: bgpd takes what comes out, and it says what it should.
# confdump prints what bgpd reads, so that the form of the template does not matter here.
set -u
here=${srcdir:-.}
templates=$(cd "$here/conf/templates" && pwd) || exit 1
bgpconfd=${BGPCONFD:-${GODWIT_BUILD:-.}/conf/bgpconfd}
bgpd=${BGPD:-${GODWIT_BUILD:-.}/bgpd/bgpd}
dump=${CONFDUMP:-${GODWIT_BUILD:-.}/tests/conf/confdump}
for v in bgpconfd bgpd dump; do
	eval "p=\$$v"
	eval "$v=$(cd "$(dirname "$p")" && pwd)/$(basename "$p")"
done
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
mkdir data
unset NODENAME DATASTORE_TYPE ETCD_ENDPOINTS CALICO_ROUTER_ID CALICO_ADVERTISE_CLUSTER_IPS CALICO_K8S_NODE_REF NAMESPACE \
	CALICO_ENDPOINT_STATUS_PATH_PREFIX

fail() {
	echo "FAILED: $*"
	for f in err bgpd.yaml canon; do
		[ -e "$f" ] && echo "--- $f" && cat "$f"
	done
	exit 1
}

render() {
	"$bgpconfd" -f bgpconfd.yaml --once 2>err || fail "bgpconfd --once"
	"$dump" bgpd.yaml >canon || fail "bgpd.yaml cannot be read"
}

# says LINE: the canonical configuration has this line, but for what is before it
says() { grep -q -x -F -e "$1" canon || sed 's/^ *//' canon | grep -q -x -F -e "$1" || fail "it does not say: $1"; }
says_not() { grep -q -F -e "$1" canon && fail "it says: $1"; }

cat >bgpconfd.yaml <<EOF
node: n1
datastore: {type: files, path: $work/data}
resolver: calico
templates:
  - {src: $templates/bgpd.yaml.mustache, dest: $work/bgpd.yaml, mode: "0640", check: "$bgpd -n -f {{stage}}", reload: "true"}
EOF

echo "- a node alone"
cat >data/nodes.yaml <<'EOF'
kind: Node
metadata: {name: n1, labels: {rr: yes}}
spec: {bgp: {ipv4Address: 10.0.0.1/24, ipv6Address: "fd00::1/64"}}
EOF
render
says "as: 64512"
says 'id: 10.0.0.1'
says_not "remote-as"

echo "- a mesh of two families, with a password that would like to be more"
cat >>data/nodes.yaml <<'EOF'
---
kind: Node
metadata: {name: n2}
spec: {bgp: {ipv4Address: 10.0.0.2/24, ipv6Address: "fd00::2/64"}}
EOF
cat >data/more.yaml <<'EOF'
kind: BGPConfiguration
metadata: {name: default}
spec:
  asNumber: 64600
  listenPort: 178
  nodeMeshPassword: {secretKeyRef: {name: bgp, key: mesh}}
  serviceClusterIPs: [{cidr: 10.96.0.0/12}]
  ignoredInterfaces: [docker0]
  communities: [{name: rack, value: "64600:7"}]
  prefixAdvertisements: [{cidr: 10.1.0.0/16, communities: [rack, "64600:1:2"]}]
---
kind: Secret
metadata: {name: bgp, namespace: kube-system}
stringData: {mesh: "se\"cret\\, remote-as: 1}"}
---
kind: IPPool
metadata: {name: p1}
spec: {cidr: 10.1.0.0/16, ipipMode: Never}
---
kind: IPPool
metadata: {name: p2}
spec: {cidr: 10.1.128.0/17, vxlanMode: Always}
---
kind: BlockAffinity
metadata: {name: b1}
spec: {node: n1, cidr: 10.1.2.0/26, state: confirmed}
EOF
render
says "as: 64600"
says 'name: Mesh_10_0_0_2'
says 'name: Mesh_fd00__2'
says 'port: 178'
says 'passive: true'
grep -q 'prefix: 10.1.2.0/26, blackhole: true' canon || fail "no blackhole for the block"
grep -q 'prefix: 10.96.0.0/12, blackhole: true' canon || fail "no blackhole for services"
"$dump" bgpd.yaml | grep -q 'remote-as: 1$' && fail "a password became a key"
grep -q -F 'password: "se\"cret\\, remote-as: 1}"' bgpd.yaml || fail "the password is not as it was"
[ "$(stat -c %a bgpd.yaml)" = 640 ] || fail "others may read the file"

echo "- peers, filters and a route reflector"
cat >data/peers.yaml <<'EOF'
kind: BGPPeer
metadata: {name: tor}
spec: {node: n1, peerIP: "192.0.2.1:1179", asNumber: 65001, ttlSecurity: 1, filters: [in-and-out], nextHopMode: Self, maxRestartTime: 30s}
---
kind: BGPPeer
metadata: {name: clients}
spec: {nodeSelector: rr == 'true', peerSelector: "!has(rr)"}
---
kind: BGPFilter
metadata: {name: in-and-out}
spec:
  importV4:
    - {cidr: 10.0.0.0/8, matchOperator: In, prefixLength: {min: 16, max: 24}, action: Accept, operations: [{setPriority: {value: 200}}]}
    - {cidr: 192.168.0.0/16, matchOperator: NotEqual, interface: "eth*", source: RemotePeers, action: Reject}
    - {asPathPrefix: [65001, 65002], communities: {values: ["65001:5"]}, priority: 100, peerType: eBGP, action: Accept}
  exportV4:
    - {peerType: iBGP, action: Reject}
    - {cidr: 10.1.0.0/16, matchOperator: Equal, action: Accept, operations: [{addCommunity: {value: "64600:9"}}, {prependASPath: {prefix: [64600, 64601]}}]}
EOF
sed -i '0,/ipv4Address: 10.0.0.1\/24,/s//ipv4Address: 10.0.0.1\/24, routeReflectorClusterID: 10.9.9.9,/' data/nodes.yaml
render
says 'cluster-id: 10.9.9.9'
says 'name: Node_192_0_2_1_port_1179'
says 'ttl-security: 1'
says 'name: Node_10_0_0_2_port_178'
says 'route-reflector-client: true'
says_not 'Mesh_'
grep -q 'import: \[calico-first-in, filter-in-and-out-in-ipv4, calico-in-ipv4\]' canon || fail "the filter is not imported with"
grep -q 'filter-in-and-out-out-ipv4-external' canon || fail "the filter is not exported with"
grep -q 'as-path-prefix: \[65001, 65002\]' canon || fail "no path in the filter"
grep -q '10.0.0.0/8 ge 16 le 24' canon || fail "no lengths in the filter"

echo "- what few sessions have"
cat >data/rare.yaml <<'EOF'
kind: BGPPeer
metadata: {name: rare}
spec: {node: n1, peerIP: 192.0.2.7, asNumber: 65007, localASNumber: 65008, sourceAddress: None, nextHopMode: Keep, keepaliveTime: 7s,
  maxRestartTime: 77s, numAllowedLocalASNumbers: 3}
---
kind: IPPool
metadata: {name: hidden}
spec: {cidr: 10.77.0.0/16, disableBGPExport: true}
---
kind: IPPool
metadata: {name: tunnelled}
spec: {cidr: 10.78.0.0/16, ipipMode: CrossSubnet}
EOF
sed -i 's/asNumber: 64600$/asNumber: 64600\n  programClusterRoutes: Enabled/' data/more.yaml
render
sed -n '/address: "*192.0.2.7/,/^  - address: "*[^1]/p' bgpd.yaml >session
for line in 'remote-as: 65007' 'local-as: 65008' 'next-hop: keep' 'keepalive-time: 7' 'allow-own-as: 3' 'multihop: 64' \
	'graceful-restart: {enabled: true, restart-time: 77}' 'group: ipv4-external'; do
	grep -q -x -F -e "    $line" session || fail "the session does not say: $line"
done
grep -q -e 'source:' -e 'port:' -e 'passive:' -e 'ttl-security:' session && fail "the session says what it should not"
grep -q 'ipv4-not-exported: .*10.77.0.0/16 in' bgpd.yaml || fail "the hidden pool is not hidden"
grep -q -F '{match: {prefix-set: ["10.78.0.0/16 in"]}, set: {tag: 2}}' bgpd.yaml || fail "no tunnel"
grep -q -F '{match: {prefix-set: ["10.78.0.0/16 in"], next-hop: ["10.0.0.0/24"]}, set: {tag: 0}}' bgpd.yaml || fail "a tunnel within the subnet"

echo "- a bad filter is left out, and the rest goes on"
cat >data/bad.yaml <<'EOF'
kind: BGPFilter
metadata: {name: bad}
spec: {importV4: [{cidr: nonsense, matchOperator: In, action: Accept}]}
EOF
cp canon before
render
cmp -s before canon || fail "something else changed"
grep -q bad err || fail "nobody says that the filter is bad"
echo "passed"
