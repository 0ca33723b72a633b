#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Several neighbours that share an address, each on a port of its own. All of them dial, so
# that a connection that comes in does not tell by itself whose it is; the OPEN does.
. "$(dirname "$0")/../lib.sh"
need_godwit
ns a b
link a b 1

cat >"$dir/a.yaml" <<-EOT
	router: {as: 65001, id: 10.99.1.1}
	groups:
	  all: {import: [accept], export: [accept], idle-hold-time: {initial: 1, max: 2}, connect-retry-time: 1}
	neighbors:
	  - {address: 10.99.1.2, port: 1790, name: one, group: all, remote-as: 65011}
	  - {address: 10.99.1.2, port: 1791, name: two, group: all, remote-as: 65012}
	  - {address: 10.99.1.2, port: 1792, name: three, group: all, remote-as: external, local-as: 65100}
EOT
member() { # NAME AS NUMBER AS-OF-A
	cat >"$dir/$1.yaml" <<-EOT
		router: {as: $2, id: 10.0.0.$3, listen: [{address: 10.99.1.2, port: $((1789 + $3))}]}
		neighbors:
		  - address: 10.99.1.1
		    name: a
		    remote-as: $4
		    import: [accept]
		    export: [accept]
		    idle-hold-time: {initial: 1, max: 2}
		    connect-retry-time: 1
		networks:
		  - {prefix: 198.51.$3.0/24}
	EOT
	start "$1" b "$BGPD" -f "$dir/$1.yaml" -s "$dir/$1.sock" -v --no-kernel
}
is() { ask a ".neighbors[0] | .state == \"Established\" and .bgpid == \"10.0.0.$2\"" show neighbor "$1"; }

say "the one that comes later connects to us, and finds its place"
godwit a a
member two 65012 2 65001
expect 30 is two 2
member one 65011 1 65001
expect 30 is one 1
member three 65013 3 65100
expect 30 is three 3
say "they disturb each other no more"
opens() { ctl a -j show neighbor | jq -c '[.neighbors[].stats.message.received.open]'; }
before=$(opens)
unchanged() { [ "$(opens)" = "$before" ]; }
holds 4 unchanged
for n in 1 2 3; do
	expect 10 best a "198.51.$n.0/24" '.valid'
done

say "again when all of them start at once"
ctl a neighbor one clear && ctl a neighbor two clear && ctl a neighbor three clear || fail "$stage"
expect 40 is one 1
expect 40 is two 2
expect 40 is three 3

say "nobody was taken for another"
grep 'Bad Peer AS' "$dir"/*.log && fail "$stage"

stop a || fail "bgpd ended with an error"
