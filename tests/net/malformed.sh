#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Malformed and edge messages, several hundred of them, each with the outcome that its RFC demands (malformed_rows.py,
# malformed_attributes.py); beside them a neighbour with a hold time of three seconds notices nothing.
# ROWS="WORD..." plays only those in whose names one of the words is.
. "$(dirname "$0")/../lib.sh"
need_godwit
need python3
ns a m b
link a b 1
link m b 2
# One guest for each of many addresses.
in_ns a ip address add 10.90.128.1/16 dev to-b
in_ns m ip address add 10.91.128.1/16 dev to-b
in_ns m ip address add 10.90.128.2/16 dev to-b # the next hop of most rows
in_ns b ip address add 10.90.129.1/16 dev to-a
in_ns b ip address add 10.91.129.1/16 dev to-m
in_ns b ip route add local 10.90.0.0/17 dev lo
in_ns b ip route add local 10.91.0.0/17 dev lo
group="import: [accept], export: [accept], passive: true, graceful-restart: {enabled: false}"
cat >"$dir/a.yaml" <<-EOT
	router: {as: 65001, id: 10.90.128.1}
	groups:
	  guest: {$group, families: [ipv4-unicast, ipv6-unicast]}
	neighbors:
	  - {prefix: 10.90.1.0/24, name: external, group: guest, remote-as: 65002}
	  - {prefix: 10.90.2.0/24, name: addpath, group: guest, remote-as: 65002, families: [ipv4-unicast], add-path: {receive: true}}
	  - {prefix: 10.90.3.0/24, name: internal, group: guest, remote-as: internal}
	  - {prefix: 10.90.4.0/24, name: role, group: guest, remote-as: 65002, role: provider}
	  - {prefix: 10.90.5.0/24, name: short, group: guest, remote-as: 65002, extended-messages: false}
	  - {address: 10.90.6.1, name: bystander, $group, remote-as: 65006}
	kernel: {export: [reject]}
EOT
cat >"$dir/m.yaml" <<-EOT
	router: {as: 65101, id: 10.91.128.1, confederation: {as: 65001, members: [65102]}}
	groups:
	  guest: {$group}
	neighbors:
	  - {prefix: 10.91.1.0/24, name: member, group: guest, remote-as: 65102}
	  - {prefix: 10.91.2.0/24, name: outsider, group: guest, remote-as: 65002}
	kernel: {export: [reject]}
EOT
godwit a a
godwit m m
export PYTHONDONTWRITEBYTECODE=1
say "the table"
# shellcheck disable=SC2086
in_ns b timeout 170 python3 "$top/tests/net/malformed.py" "$dir/a.sock" "$dir/m.sock" ${ROWS:-} || fail "$stage"
say "both end in order"
clean_stop a
clean_stop m
