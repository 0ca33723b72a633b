#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Neighbours that are a burden (hostile.py): one that flaps a hundred times a second, ten thousand connections, more of
# them than there are descriptors, messages that come an octet a second, attributes of 64 KB, AS paths of 1,000 hops and
# 1,000 communities. Those with a hold time of three seconds beside them stay, and the memory does not grow.
# Alone: bystanders in Python have hold times of three seconds.
. "$(dirname "$0")/../lib.sh"
need_godwit
need python3
ns a b
link a b 1
in_ns a ip address add 10.90.128.1/16 dev to-b
in_ns b ip address add 10.90.129.1/16 dev to-a
in_ns b ip route add local 10.90.0.0/17 dev lo
guest="passive: true, graceful-restart: {enabled: false}, import: [accept], export: [accept]"
cat >"$dir/a.yaml" <<-EOT
	router: {as: 65001, id: 10.90.128.1}
	neighbors:
	  - {prefix: 10.90.1.0/24, remote-as: 65002, $guest}
	  - {address: 10.90.6.1, remote-as: 65006, $guest}
	  - {address: 10.90.6.2, remote-as: 65006, $guest}
	kernel: {export: [reject]}
	control: {socket: $dir/a.sock}
EOT
# Without debug messages: they are about every session, and there are thousands.
start a a "$BGPD" -f "$dir/a.yaml" -s "$dir/a.sock"
expect 10 ctl a show summary
export PYTHONDONTWRITEBYTECODE=1
say "two rounds"

in_ns b timeout 170 python3 "$top/tests/net/hostile.py" "$dir/a.sock" "${pids[a]}" || fail "$stage"
say "it ends in order"
clean_stop a
