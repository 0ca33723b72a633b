#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A mesh of hundreds of Calico nodes with a password, all of which dial ours (it is passive to them): the kernel has
# room for so many keys on a listener. With what was its default for long 150 nodes are up, the others are told in one
# line, with the sysctl; once that is raised they come up by themselves, and nobody else has noticed.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/calico.sh"
nodes=${NODES:-200}
optmem=/proc/sys/net/core/optmem_max
ns n1 others
link n1 others 1
in_ns n1 test -w $optmem || skip "this kernel has no net.core.optmem_max of a network namespace (6.8)"
for i in $(seq 0 $((nodes - 1))); do
	echo "address add 10.99.2.$((i + 2))/16 dev to-n1"
done >"$dir/addresses"
in_ns others ip -batch "$dir/addresses"
in_ns n1 ip address add 10.99.2.1/16 dev to-others
{
	echo "kind: Node"
	echo "metadata: {name: n1}"
	echo 'spec: {bgp: {ipv4Address: 10.99.2.1/16}}'
	for i in $(seq 0 $((nodes - 1))); do
		printf -- '---\nkind: Node\nmetadata: {name: other%d}\nspec: {bgp: {ipv4Address: 10.99.2.%d/16}}\n' "$i" $((i + 2))
	done
} | put nodes.yaml
put config.yaml <<-EOT
	kind: BGPConfiguration
	metadata: {name: default}
	spec: {nodeMeshPassword: {secretKeyRef: {name: mesh, key: password}}}
	---
	kind: Secret
	metadata: {name: mesh, namespace: kube-system}
	stringData: {password: a secret of many}
EOT
{
	echo 'router: {as: 64512, id: 10.99.2.2, listen: []}'
	echo 'groups: {mesh: {remote-as: 64512, import: [accept], export: [accept], connect-retry-time: 1,'
	echo '  idle-hold-time: {initial: 1, max: 1}, password: a secret of many}}'
	echo 'neighbors:'
	for i in $(seq 0 $((nodes - 1))); do
		echo "  - {address: 10.99.2.1, name: other$i, group: mesh, source: 10.99.2.$((i + 2))}"
	done
} >"$dir/others.yaml"
up() { ask n1 "[.neighbors[] | select(.state == \"Established\")] | length == $1" show neighbor; }
shortages() { grep -c ' error listen.keys ' "$dir/n1.log"; }

say "as many as have room, and one line for all others"
in_ns n1 sh -c "echo 20480 >$optmem"
confd n1
godwit n1 n1
godwit others others
[ "$(grep -c 'passive: true' "$dir/n1.yaml")" -eq "$nodes" ] || fail "$stage: not all are passive"
expect 60 up 150
holds 3 up 150
[ "$(shortages)" -eq 1 ] || fail "$stage: $(grep listen.keys "$dir/n1.log")"
grep ' listen.keys ' "$dir/n1.log" | grep -q "neighbor=Mesh_10_99_2_152 without=$((nodes - 150)) with=150 net.core.optmem_max=20480" ||
	fail "$stage: $(grep listen.keys "$dir/n1.log")"
grep -q ' listen.md5 ' "$dir/n1.log" && fail "$stage: $(grep listen.md5 "$dir/n1.log" | head -n 3)"

say "the limit is raised: the others come by themselves"
in_ns n1 sh -c "echo 131072 >$optmem"
expect 60 up "$nodes"
ask n1 '[.neighbors[] | .stats.established] | max == 1' show neighbor >/dev/null || fail "$stage: a session began anew"
[ "$(shortages)" -eq 1 ] || fail "$stage: $(grep listen.keys "$dir/n1.log")"
grep -q ' info listen.keys ' "$dir/n1.log" || fail "$stage: nothing said that it is over"
clean_stop others
clean_stop n1
