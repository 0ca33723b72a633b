#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Long-lived graceful restart (RFC 9494) with BIRD: one is killed and does not come back within its restart time; its
# routes stay as the last resort, are told to the neighbour that knows of that and to no other, and go when it is back.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/peers/bird2.sh"
need_godwit
# shellcheck disable=SC2086
need $bird2_programs
ns a gone knows plain
n=0
for b in gone knows plain; do
	n=$((n + 1))
	link a "$b" "$n"
done
cat >"$dir/a.yaml" <<-EOT
	router: {as: 65001, id: 10.99.1.1, graceful-restart: {long-lived-time: 60}}
	groups:
	  all: {import: [accept], export: [accept], connect-retry-time: 1, idle-hold-time: {initial: 1, max: 1}}
	neighbors:
	  - {address: 10.99.1.2, name: gone, group: all, remote-as: 65011}
	  - {address: 10.99.2.2, name: knows, group: all, remote-as: 65012}
	  - {address: 10.99.3.2, name: plain, group: all, remote-as: 65013}
EOT
bird() { # NAME N LLGR ROUTES
	cat >"$dir/$1.conf" <<-EOT
		log stderr all; router id 10.99.$2.2;
		protocol device { scan time 1; }
		protocol kernel { ipv4 { export where source = RTS_BGP; }; }
		protocol static { ipv4; $4 }
		protocol bgp a {
			local 10.99.$2.2 as 6501$2; neighbor 10.99.$2.1 as 65001;
			connect delay time 1; connect retry time 1; error wait time 1, 1;
			graceful restart; graceful restart time 3; $3
			ipv4 { import all; export where source = RTS_STATIC; };
		}
	EOT
	bird2_run "$1"
}
bird gone 1 'long lived graceful restart; long lived stale time 60;' '
	route 10.65.1.0/24 blackhole;
	route 10.66.1.0/24 blackhole { bgp_community.add((65535, 7)); };
	route 10.67.1.0/24 blackhole;'
bird knows 2 'long lived graceful restart aware;' 'route 10.67.1.0/24 blackhole;'
bird plain 3 'long lived graceful restart off;' ''
godwit a a
told() { bird2_ctl "$1" show route "$2" all primary | grep 'BGP.community:'; }
expect 20 kernel plain 10.65.1.0/24
expect 20 kernel knows 10.65.1.0/24
expect 5 best a 10.67.1.0/24 '.neighbor.name == "gone"'

say "killed: a graceful restart at first"
stop gone KILL 2>/dev/null
expect 5 best a 10.65.1.0/24 .stale
kernel plain 10.65.1.0/24 >/dev/null || fail "$stage"

say "it does not come back: the last resort"
state() { ask a ".neighbors[0].graceful_restart[\"ipv4-unicast\"].state == \"$1\"" show neighbor gone; }
expect 10 state long-lived
expect 5 best a 10.65.1.0/24 '.stale and (.communities | index("llgr-stale"))'
kernel a 10.65.1.0/24 'via 10.99.1.2' >/dev/null || fail "$stage"
say "what is not to be kept so has gone, and any other route is better"
expect 5 absent a 10.66.1.0/24
best a 10.67.1.0/24 '.neighbor.name == "knows"' >/dev/null || fail "$stage"
ask a '[.rib[] | select(.neighbor.name == "gone") | .reason] == ["llgr-stale"]' show rib 10.67.1.0/24 >/dev/null || fail "$stage"
say "it is told to who knows of it"
has_mark() { told knows 10.65.1.0/24 | grep -F '(65535,6)'; }
expect 5 has_mark
expect 5 no_kernel plain 10.65.1.0/24

say "back: everything as before"
bird2_run gone
expect 20 best a 10.65.1.0/24 '(.stale | not) and .communities == []'
expect 5 best a 10.66.1.0/24
expect 5 kernel plain 10.65.1.0/24
expect 5 no has_mark
stop a || fail "bgpd ended with an error"
