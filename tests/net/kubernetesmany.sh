#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# bgpconfd with a cluster of 5000 nodes and 20000 services with their endpoints: how much memory it takes, that a new list
# and a change of one object are followed, and how many requests that needed. NODES and SERVICES: others.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/kube.sh"
need_kube
nodes=${NODES:-5000}
services=${SERVICES:-20000}
limit_kb=102400
ns n1
kubeconfig
confd_conf "$dir/confd.yaml" "$dir/n1.yaml"
api_start n1

say "$nodes nodes and $services services"
python3 - "$nodes" "$services" >"$dir/objects.json" <<'EOT'
import json, sys
nodes, services = map(int, sys.argv[1:])
ballast = {"managedFields": [{"manager": "kubelet", "fieldsV1": {"f:status": {f"f:{n}": {} for n in range(60)}}}]}
out = [{"kind": "BGPConfiguration", "metadata": {"name": "default"}, "spec": {"nodeToNodeMeshEnabled": False, "serviceClusterIPs": [{"cidr": "10.96.0.0/12"}]}},
       {"kind": "BGPPeer", "metadata": {"name": "rack"}, "spec": {"nodeSelector": "rack == '0'", "peerSelector": "rack == '0'"}}]
for n in range(1, nodes + 1):
    out.append({"kind": "Node", "metadata": {"name": f"n{n}", "labels": {"kubernetes.io/hostname": f"n{n}", "kubernetes.io/os": "linux", "rack": str(n // 40)},
                "annotations": {"projectcalico.org/IPv4Address": f"10.{n >> 8 & 255}.{n & 255}.1/16", "projectcalico.org/IPv4IPIPTunnelAddr": "10.65.0.1"}, **ballast},
                "spec": {"podCIDR": "10.65.0.0/24"}, "status": {"images": [{"names": [f"image-{i}"], "sizeBytes": i} for i in range(50)]}})
    out.append({"kind": "BlockAffinity", "metadata": {"name": f"n{n}-b"}, "spec": {"node": f"n{n}", "cidr": f"10.{64 + (n >> 8 & 63)}.{n & 255}.0/26", "state": "confirmed", "deleted": "false"}})
for n in range(services):
    local = {"externalTrafficPolicy": "Local"} if n % 1000 == 0 else {}
    out.append({"kind": "Service", "metadata": {"name": f"service-{n}", "namespace": f"team-{n % 100}", "labels": {"app": f"app-{n}"}},
                "spec": {"type": "ClusterIP", "clusterIP": f"10.{96 + (n >> 16)}.{n >> 8 & 255}.{n & 255}", "clusterIPs": [f"10.{96 + (n >> 16)}.{n >> 8 & 255}.{n & 255}"],
                         "ipFamilies": ["IPv4"], "ports": [{"port": 80, "protocol": "TCP"}], "selector": {"app": f"app-{n}"}, **local}})
    out.append({"kind": "EndpointSlice", "metadata": {"name": f"service-{n}-x7f2k", "namespace": f"team-{n % 100}", "labels": {"kubernetes.io/service-name": f"service-{n}"}},
                "addressType": "IPv4", "endpoints": [{"addresses": [f"10.65.{n % 250}.{i}"], "nodeName": f"n{1 + (n + i) % nodes}", "conditions": {"ready": True, "serving": True}} for i in range(3)]})
json.dump(out, sys.stdout)
EOT
api "{\"op\": \"load\", \"path\": \"$dir/objects.json\"}" '{"op": "reset-counts"}'
resident_kb() { sed -n "s/^$1:[^0-9]*\([0-9]*\).*/\1/p" "/proc/${pids[confd]}/status"; }
began=$(now_ms)
confd_start
expect 100 test -s "$dir/n1.yaml"
echo "all of it after $(($(now_ms) - began)) ms; memory: $(resident_kb VmRSS) kB, at most $(resident_kb VmHWM) kB"
[ "$(resident_kb VmHWM)" -le $limit_kb ] || fail "$stage: more than $limit_kb kB"
expect 20 confd_status "[.datastore.kinds[] | select(.kind == \"Service\" or .kind == \"EndpointSlice\") | .objects] == [$services, $services]"
expect 20 confd_status '[.datastore.kinds[] | select(.kind == "BlockAffinity") | .objects] == [1]'
api_counts '[.requests | to_entries[] | select(.key != "discovery") | .value] | max == 1' || fail "$stage: $(cat "$dir/within.out")"

say "a change of one"
for n in 1 2 3; do
	began=$(now_ms)
	api "$(k_node n2 "10.200.0.$n/16" '' '"rack": "0"')"
	expect 20 grep -q "10.200.0.$n\"" "$dir/n1.yaml"
	echo "in the file after $(($(now_ms) - began)) ms"
done

say "all of it listed anew, in pages, and nothing of it is another one"
before=$(stat -c '%i %Y' "$dir/n1.yaml")
api '{"op": "reset-counts"}' '{"op": "compact"}' '{"op": "drop"}'
expect 100 api_counts '.watches == 8 and .requests["list services"] > 10'
expect 100 confd_status '.troubles == []'
holds 1 test "$before" = "$(stat -c '%i %Y' "$dir/n1.yaml")"
echo "memory: $(resident_kb VmRSS) kB, at most $(resident_kb VmHWM) kB"
[ "$(resident_kb VmHWM)" -le $limit_kb ] || fail "$stage: more than $limit_kb kB"
api_counts '.violations == []' || fail "$stage: $(cat "$dir/within.out")"
clean_stop confd
