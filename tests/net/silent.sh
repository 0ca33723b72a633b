#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A connection that says nothing is ended when the large hold timer expires, which is four
# minutes: no earlier, with the right NOTIFICATION, and the neighbour can come again.
# Beside others: it does nothing but wait, see tools/check.
. "$(dirname "$0")/../lib.sh"
need_godwit
need python3
ns a b
link a b 1
cat >"$dir/a.yaml" <<-EOT
	router: {as: 65001, id: 10.99.1.1}
	neighbors:
	  - {address: 10.99.1.2, name: mute, remote-as: 65002, passive: true, idle-hold-time: {initial: 0, max: 0}}
EOT
godwit a a
strangers=$top/tests/net/strangers.py
export PYTHONDONTWRITEBYTECODE=1
said() { grep -q "^$2\$" "$dir/$1.log"; }

say "one connects and says nothing: its hold timer is the large one (RFC 4271 8.2.2)"
began=$SECONDS
start mute b python3 "$strangers" silent 10.99.1.2 10.99.1.1
expect 20 session a mute OpenSent
say "silence is answered with NOTIFICATION 4/0 after four minutes"
expect 260 said mute "NOTIFICATION 4/0"
[ $((SECONDS - began)) -ge 239 ] || fail "$stage: after $((SECONDS - began)) s"
say "it may try again"
start again b python3 "$strangers" silent 10.99.1.2 10.99.1.1
expect 20 session a mute OpenSent
stop again
clean_stop a
