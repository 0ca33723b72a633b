#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# OpenBGPD with two octets for an AS number (`announce as-4byte no`, RFC 6793) beside one with four: both see the whole path,
# which AS4_PATH carries to the former. And default-originate to the former alone. BIRD and FRR are in as2.sh.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/peers/openbgpd.sh"
need_godwit
# shellcheck disable=SC2086
need $openbgpd_programs
ns a old new
link a old 1
link a new 2
cat >"$dir/a.yaml" <<-EOT
	router: {as: 65001, id: 10.99.1.1}
	groups:
	  all: {import: [accept], export: [accept], connect-retry-time: 1, idle-hold-time: {initial: 1, max: 1}}
	neighbors:
	  - {address: 10.99.1.2, name: old, group: all, remote-as: 65002, default-originate: [ipv4-unicast]}
	  - {address: 10.99.2.2, name: new, group: all, remote-as: 4200000003}
	networks: [{prefix: 192.0.2.0/24, blackhole: true}]
EOT
openbgpd_chroot
openbgpd() { # NAME N AS NETWORK [LINE]
	cat >"$dir/$1.obgpd.conf" <<-EOT
		AS $3
		router-id 10.99.$2.2
		fib-update no
		connect-retry 1
		socket "$dir/$1.obgp"
		network $4
		neighbor 10.99.$2.1 {
			remote-as 65001
			local-address 10.99.$2.2
			${5:-}
		}
		allow from any
		allow to any
	EOT
	chmod 600 "$dir/$1.obgpd.conf"
	start "$1" "$1" /usr/sbin/bgpd -d -f "$dir/$1.obgpd.conf"
	within 10 openbgpd_ctl "$1" show || fail "OpenBGPD does not answer"
}
openbgpd old 1 65002 203.0.113.0/24 'announce as-4byte no'
openbgpd new 2 4200000003 198.51.100.0/24
godwit a a
expect 30 session a old
expect 30 session a new
ask a '[.neighbors[].capabilities.negotiated.as4] == [false, true]' show neighbor >/dev/null || fail "$stage: capabilities"
has() { openbgpd_ctl "$1" -j show rib detail "$2" | jq -e "[.rib[]?.aspath] == [\"$3\"]"; } # NAME PREFIX PATH
say "through ours, either way"
expect 10 has old 198.51.100.0/24 "65001 4200000003"
expect 10 has new 203.0.113.0/24 "65001 65002"
expect 10 best a 198.51.100.0/24 '.aspath == "4200000003"'
expect 10 best a 203.0.113.0/24 '.aspath == "65002"'
say "our own, and a default route for one of them"
expect 10 has old 192.0.2.0/24 65001
expect 10 has new 192.0.2.0/24 65001
expect 10 has old 0.0.0.0/0 65001
no has new 0.0.0.0/0 65001 >/dev/null || fail "$stage"
sed -i 's/, default-originate: .ipv4-unicast.//' "$dir/a.yaml"
ctl a reload >/dev/null || fail "$stage: reload"
gone() { no has old 0.0.0.0/0 65001; }
expect 10 gone
stop old
expect 10 absent a 203.0.113.0/24
clean_stop a
stop new
