#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What becomes of routes in a Calico cluster, by the shipped template: each rule of import, export and the kernel with a
# route or two that shows it. Priorities are metrics in LOCAL_PREF: 2147483647 less the metric, and 1024 is normal, so
# 2147482623 is a normal route, 2147483135 (512) one that is better, and BGP's default of 100 one that is much worse.
# The table of all rules is tests/unit/README.md.
set -u
here=${srcdir:-.}
templates=$(cd "$here/conf/templates" && pwd) || exit 1
bgpconfd=${BGPCONFD:-${GODWIT_BUILD:-.}/conf/bgpconfd}
bgpd=${BGPD:-${GODWIT_BUILD:-.}/bgpd/bgpd}
policytest=${POLICYTEST:-${GODWIT_BUILD:-.}/tools/policytest}
for v in bgpconfd bgpd policytest; do
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
	exit 1
}

# routes: tests of policytest on standard input hold for what is rendered now
routes() {
	cat >routes.yaml
	"$bgpconfd" -f bgpconfd.yaml --once 2>err || fail "bgpconfd: $(cat err)"
	"$policytest" bgpd.yaml routes.yaml >out 2>&1 || fail "$(cat out)"
}

cat >bgpconfd.yaml <<END
node: n1
datastore: {type: files, path: $work/data}
resolver: calico
templates:
  - {src: $templates/bgpd.yaml.mustache, dest: $work/bgpd.yaml, mode: "0640", check: "$bgpd -n -f {{stage}}", reload: "true"}
END
cat >data/nodes.yaml <<'END'
kind: Node
metadata: {name: n1}
spec: {bgp: {ipv4Address: 10.0.0.1/24}, wireguard: {interfaceIPv4Address: 172.16.0.1}}
---
kind: Node
metadata: {name: n2}
spec: {bgp: {ipv4Address: 10.0.0.2/24}}
---
kind: Node
metadata: {name: n3}
spec: {bgp: {ipv4Address: 10.0.0.3/24}, wireguard: {interfaceIPv4Address: 172.16.0.3}}
END
cat >data/config.yaml <<'END'
kind: BGPConfiguration
metadata: {name: default}
spec:
  serviceClusterIPs: [{cidr: 10.96.0.0/12}]
  serviceLoadBalancerIPs: [{cidr: 80.0.0.0/24}, {cidr: 81.0.0.1/32}]
  prefixAdvertisements: [{cidr: 10.1.0.0/16, communities: ["64512:7"]}]
END
cat >data/pools.yaml <<'END'
kind: IPPool
metadata: {name: plain}
spec: {cidr: 10.1.0.0/16}
---
kind: IPPool
metadata: {name: inside}
spec: {cidr: 10.1.128.0/17, vxlanMode: Always}
---
kind: IPPool
metadata: {name: inside-hidden}
spec: {cidr: 10.1.120.0/24, disableBGPExport: true}
---
kind: IPPool
metadata: {name: ipip}
spec: {cidr: 10.3.0.0/16, ipipMode: Always}
---
kind: IPPool
metadata: {name: cross}
spec: {cidr: 10.4.0.0/16, ipipMode: CrossSubnet}
---
kind: IPPool
metadata: {name: hidden}
spec: {cidr: 10.77.0.0/16, disableBGPExport: true}
---
kind: BlockAffinity
metadata: {name: b}
spec: {node: n1, cidr: 10.1.2.0/26, state: confirmed}
END
cat >data/peers.yaml <<'END'
kind: BGPPeer
metadata: {name: tor}
spec: {peerIP: 192.0.2.1, asNumber: 65001}
---
kind: BGPPeer
metadata: {name: own-rules}
spec: {peerIP: 192.0.2.2, asNumber: 65002, filters: [nothing, own-rules, too-late]}
---
kind: BGPFilter
metadata: {name: nothing}
spec: {importV6: [{action: Reject}], exportV6: [{action: Reject}]}
---
kind: BGPFilter
metadata: {name: own-rules}
spec:
  importV4:
    - {cidr: 10.9.0.0/16, matchOperator: In, action: Accept}
    - {cidr: 10.8.0.0/16, matchOperator: Equal, action: Reject}
    - {cidr: 10.7.0.0/16, matchOperator: In, action: Accept, operations: [{setPriority: {value: 512}}, {addCommunity: {value: "1:1"}}]}
  exportV4:
    - {cidr: 0.0.0.0/0, matchOperator: Equal, action: Accept, operations: [{prependASPath: {prefix: [64600, 64601]}}]}
    - {cidr: 10.1.9.0/24, matchOperator: In, action: Reject}
    - {priority: 300, action: Reject}
---
kind: BGPFilter
metadata: {name: too-late}
spec: {importV4: [{cidr: 10.9.0.0/16, matchOperator: In, action: Reject}], exportV4: [{cidr: 0.0.0.0/0, matchOperator: Equal, action: Reject}]}
END

echo "- learning"
routes <<'END'
tests:
  - {name: a pod, kernel: learn, route: {prefix: 10.1.2.3/32, interface: cali1, metric: 1024}, expect: {action: accept, preference: none}}
  - {name: a pod that arrives comes before BGP's routes, kernel: learn, route: {prefix: 10.1.2.3/32, interface: cali1, metric: 1023}, expect: {action: accept, preference: 150}}
  - {name: in IPv6 as well, kernel: learn, route: {prefix: "fd00::3/128", interface: cali1, metric: 512}, expect: {action: accept, preference: 150}}
  - {name: one without a metric is no better than normal, kernel: learn, route: {prefix: 10.1.2.3/32, interface: cali1}, expect: {action: accept, preference: none}}
  - {name: what is no pod's is not either, kernel: learn, route: {prefix: 198.51.100.0/24, interface: eth0, metric: 100}, expect: {action: accept, preference: none}}
END

echo "- import"
routes <<'END'
tests:
  - {name: everything is taken, import: Global_192_0_2_1, route: {prefix: 198.51.100.0/24, as-path: "65001"}, expect: {action: accept, preference: none}}
  - {name: a normal one is no better than the kernel's, import: Mesh_10_0_0_2, route: {prefix: 10.1.50.1/32, local-preference: 2147482623}, expect: {preference: none, metric: 1024}}
  - {name: one of a higher priority is, import: Mesh_10_0_0_2, route: {prefix: 10.1.50.1/32, local-preference: 2147482624}, expect: {preference: 200, metric: 1023}}
  - {name: BGP's default is a priority far below, import: Mesh_10_0_0_2, route: {prefix: 10.1.50.1/32, local-preference: 100}, expect: {preference: none, metric: 2147483547}}
  - {name: what a filter accepts is not looked at again, import: Global_192_0_2_2, route: {prefix: 10.9.1.0/24, as-path: "65002", local-preference: 2147483135}, expect: {action: accept, preference: none}}
  - {name: what a filter rejects is gone, import: Global_192_0_2_2, route: {prefix: 10.8.0.0/16, as-path: "65002"}, expect: {action: reject}}
  - {name: what no filter means is taken, import: Global_192_0_2_2, route: {prefix: 10.8.1.0/24, as-path: "65002"}, expect: {action: accept}}
  - name: a filter's operations
    import: Global_192_0_2_2
    route: {prefix: 10.7.1.0/24, as-path: "65002"}
    expect: {action: accept, local-preference: 2147483135, communities: ["1:1"], preference: none}
END

echo "- export"
routes <<'END'
tests:
  - name: a block, with the normal priority and its prefix's communities
    export: Mesh_10_0_0_2
    route: {prefix: 10.1.2.0/26}
    expect: {local-preference: 2147482623, communities: ["64512:7"]}
  - {name: a pod in a block is not told, export: Mesh_10_0_0_2, route: {prefix: 10.1.2.5/32, source: kernel, metric: 1024, interface: cali1}, expect: {action: reject}}
  - {name: one that is about to move is, export: Mesh_10_0_0_2, route: {prefix: 10.1.2.5/32, source: kernel, metric: 512, interface: cali1}, expect: {local-preference: 2147483135}}
  - {name: a borrowed address, export: Mesh_10_0_0_2, route: {prefix: 10.1.9.9/32, source: kernel, interface: cali2}, expect: {local-preference: 2147482623}}
  - {name: a pool that is not exported, export: Mesh_10_0_0_2, route: {prefix: 10.77.1.0/26, source: kernel}, expect: {action: reject}}
  - {name: nor inside of one that is, export: Global_192_0_2_1, route: {prefix: 10.1.120.7/32, source: kernel}, expect: {action: reject}}
  - {name: what tunnels lead to is not for nodes, export: Mesh_10_0_0_2, route: {prefix: 10.1.130.0/26, source: kernel, interface: vxlan.calico}, expect: {action: reject}}
  - {name: but for others, export: Global_192_0_2_1, route: {prefix: 10.1.130.0/26, source: kernel, interface: vxlan.calico}, expect: {action: accept}}
  - {name: nor by IPIP where BIRD does not make those, export: Mesh_10_0_0_2, route: {prefix: 10.3.1.0/26, source: kernel, interface: tunl0}, expect: {action: reject}}
  - {name: those of the packet filter are for nobody, export: Global_192_0_2_1, route: {prefix: 10.1.9.9/32, source: kernel, interface: bpfin.cali}, expect: {action: reject}}
  - {name: services, export: Mesh_10_0_0_2, route: {prefix: 10.96.0.0/12}, expect: {action: accept}}
  - {name: and each of them, export: Global_192_0_2_1, route: {prefix: 80.0.0.7/32}, expect: {as-path: "64512"}}
  - {name: a single address of no service here, export: Global_192_0_2_1, route: {prefix: 81.0.0.1/32, from: Mesh_10_0_0_2}, expect: {action: reject}}
  - {name: not the node's network, export: Global_192_0_2_1, route: {prefix: 10.0.0.0/24, source: connected}, expect: {action: reject}}
  - {name: nor the default route, export: Global_192_0_2_1, route: {prefix: 0.0.0.0/0, source: kernel}, expect: {action: reject}}
  - {name: another node's block goes on to others, export: Global_192_0_2_1, route: {prefix: 10.1.50.0/26, from: Mesh_10_0_0_2, local-preference: 2147483135}, expect: {local-preference: none, as-path: "64512"}}
  - {name: its priority stays within the AS, export: Mesh_10_0_0_2, route: {prefix: 10.1.50.0/26, from: Global_192_0_2_1, as-path: "65001", local-preference: 2147483135}, expect: {local-preference: 2147483135}}
  - {name: a filter's word is the last, export: Global_192_0_2_2, route: {prefix: 0.0.0.0/0, source: kernel}, expect: {as-path: "64512 64600 64601"}}
  - {name: also when it says no, export: Global_192_0_2_2, route: {prefix: 10.1.9.0/26, source: kernel}, expect: {action: reject}}
  - {name: it looks at priorities, export: Global_192_0_2_2, route: {prefix: 10.1.10.0/26, source: kernel, metric: 300}, expect: {action: reject}}
  - {name: and at no other, export: Global_192_0_2_2, route: {prefix: 10.1.10.0/26, source: kernel, metric: 301}, expect: {action: accept}}
END

echo "- the kernel, which Felix shares"
routes <<'END'
tests:
  - {name: not services, kernel: export, route: {prefix: 10.96.0.0/12}, expect: {action: reject}}
  - {name: nor any of them, kernel: export, route: {prefix: 10.97.1.1/32, source: static}, expect: {action: reject}}
  - {name: the own block's blackhole, kernel: export, route: {prefix: 10.1.2.0/26}, expect: {action: accept, tunnel: none}}
  - {name: a pool without tunnels, kernel: export, route: {prefix: 10.1.50.0/26, from: Mesh_10_0_0_2, next-hop: 10.0.0.2}, expect: {action: accept, tunnel: none}}
  - {name: the pool that is inside decides, kernel: export, route: {prefix: 10.1.130.0/26, from: Mesh_10_0_0_2, next-hop: 10.0.0.2}, expect: {action: reject}}
  - {name: IPIP is Felix's, kernel: export, route: {prefix: 10.3.1.0/26, from: Mesh_10_0_0_2, next-hop: 10.0.0.2}, expect: {action: reject}}
  - {name: what WireGuard leads to is Felix's, kernel: export, route: {prefix: 10.1.60.0/26, from: Mesh_10_0_0_3, next-hop: 10.0.0.3}, expect: {action: reject}}
  - {name: what is outside, kernel: export, route: {prefix: 0.0.0.0/0, from: Global_192_0_2_1, as-path: "65001", next-hop: 192.0.2.1}, expect: {action: accept}}
END

echo "- the kernel, when IPIP is ours"
sed -i 's/^spec:$/spec:\n  programClusterRoutes: Enabled/' data/config.yaml
routes <<'END'
tests:
  - {name: through the tunnel, kernel: export, route: {prefix: 10.3.1.0/26, from: Mesh_10_0_0_2, next-hop: 10.0.0.2}, expect: {action: accept, tunnel: tunl0}}
  - {name: across subnets, kernel: export, route: {prefix: 10.4.1.0/26, from: Mesh_10_0_0_2, next-hop: 10.9.0.2}, expect: {action: accept, tunnel: tunl0}}
  - {name: not within one, kernel: export, route: {prefix: 10.4.1.0/26, from: Mesh_10_0_0_2, next-hop: 10.0.0.2}, expect: {action: accept, tunnel: none}}
  - {name: VXLAN stays Felix's, kernel: export, route: {prefix: 10.1.130.0/26, from: Mesh_10_0_0_2, next-hop: 10.0.0.2}, expect: {action: reject}}
  - {name: and nodes are told, export: Mesh_10_0_0_2, route: {prefix: 10.3.1.0/26, source: kernel, interface: tunl0}, expect: {action: accept}}
END

echo "- a route reflector passes single addresses of services on"
sed -i '0,/10.0.0.1\/24}/s//10.0.0.1\/24, routeReflectorClusterID: 1.1.1.1}/' data/nodes.yaml
routes <<'END'
tests:
  - {name: to others, export: Global_192_0_2_1, route: {prefix: 81.0.0.1/32, from: Global_192_0_2_2, as-path: "65002"}, expect: {action: accept}}
END
echo passed
