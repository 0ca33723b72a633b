#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A configuration with twenty errors: bgpd -n, bgpd itself, bgpctl and a reload name all of them in one go, each with
# file, line, column and path. Nothing is started, and nothing changes in a daemon that runs.
. "$(dirname "$0")/../lib.sh"
need_godwit
ns a b
link a b 1
cat >"$dir/bad.yaml" <<'END'
router:
  as: 4294967296
  id: 10.0.0
  hold-time: 2
  colour: red
groups:
  tor: {remote-as: 64513, import: [no-such-policy]}
neighbors:
  - {address: 10.99.1.2, remote-as: 23456, group: tor}
  - {address: 10.99.1.300, remote-as: 65001}
  - {address: 10.99.1.3, remote-as: 65001, group: rot}
  - {address: 10.99.1.4}
  - {address: 10.99.1.5, remote-as: 65001, passive: maybe}
  - {address: 10.99.1.6, remote-as: 65001, families: [ipv5-unicast]}
  - {address: 10.99.1.7, remote-as: 65001, ttl-security: 1, multihop: 2}
  - {address: 10.99.1.8, remote-as: 65001, port: 70000}
networks:
  - {prefix: 203.0.113.1/24}
  - {prefix: 192.0.2.0/33}
prefix-sets:
  own: ["10.0.0.0/8 le 4"]
policies:
  out:
    - {match: {prefix-set: oven}, action: accept}
    - {action: perhaps}
    - {set: {med: -1}, action: accept}
kernel: {table: none}
log: {level: loud}
END
# Where the value (the key, where it is unknown or what is missing) begins, counted by hand.
sort >"$dir/expected" <<'END'
2:7: router.as
3:7: router.id
4:14: router.hold-time
5:3: router.colour
7:36: groups.tor.import[0]
9:37: neighbors[0].remote-as
10:15: neighbors[1].address
11:51: neighbors[2].group
12:5: neighbors[3].remote-as
13:53: neighbors[4].passive
14:55: neighbors[5].families[0]
15:71: neighbors[6].multihop
16:50: neighbors[7].port
18:14: networks[0].prefix
19:14: networks[1].prefix
21:9: prefix-sets.own[0]
24:28: policies.out[0].match.prefix-set
25:16: policies.out[1].action
26:19: policies.out[2].set.med
27:17: kernel.table
28:14: log.level
END
errors=$(wc -l <"$dir/expected")
[ "$errors" -ge 20 ] || fail "only $errors errors"

# complete FILE: it names exactly those errors, each with what was found and what was expected
complete() {
	grep -oE "$dir/bad.yaml:[0-9]+:[0-9]+: [^ ]+: found .+, expected .+" "$1" |
		sed -E "s|^$dir/bad.yaml:([0-9]+:[0-9]+: [^ ]+):.*|\1|" | sort >"$dir/got"
	diff "$dir/expected" "$dir/got" || fail "$stage: other errors than expected (>)"
}

say "bgpd -n: all $errors errors, status 78"
"$BGPD" -n -f "$dir/bad.yaml" >"$dir/check.out" 2>&1
rc=$?
[ $rc -eq 78 ] || fail "$stage: status $rc"
complete "$dir/check.out"

say "bgpd: the same, and nothing is started"
in_ns a timeout 20 "$BGPD" -f "$dir/bad.yaml" -s "$dir/bad.sock" >"$dir/start.out" 2>&1
rc=$?
[ $rc -eq 78 ] || fail "$stage: status $rc"
complete "$dir/start.out"
[ ! -e "$dir/bad.sock" ] || fail "$stage: there is a control socket"
[ -z "$(in_ns a ip route show table all proto bgp)" ] || fail "$stage: there are routes"

say "two that run, with a session and a route"
config() { # NAME AS PEER-AS PEER NETWORK
	cat >"$dir/$1.yaml" <<-EOT
		router: {as: $2, id: 10.0.0.$2}
		groups: {all: {import: [accept], export: [accept], connect-retry-time: 1}}
		neighbors: [{address: $4, remote-as: $3, group: all}]
		networks: [{prefix: $5, blackhole: true}]
	EOT
}
config a 1 2 10.99.1.2 198.51.100.0/24
config b 2 1 10.99.1.1 203.0.113.0/24
godwit a a
godwit b b
expect 20 session a 10.99.1.2
expect 20 kernel a 203.0.113.0/24 'via 10.99.1.2'

say "a reload of the file with errors changes nothing"
state() {
	ctl a -j show neighbor | jq -cS '.neighbors[] | {name, state, remote_as, hold_time_s, open: .stats.message.received.open}'
	ctl a config show
	ctl a -j show rib | jq -cS '[.rib[] | {prefix, best, aspath}] | sort_by(.prefix)'
	in_ns a ip route show proto bgp
	in_ns a ss -Hltn
}
state >"$dir/before"
cp "$dir/a.yaml" "$dir/good.yaml"
cp "$dir/bad.yaml" "$dir/a.yaml"
kill -HUP "${pids[a]}"
expect 10 grep -q "config.reload.*errors=$errors .*nothing changed" "$dir/a.log"
state | diff "$dir/before" - || fail "$stage: this is different (>)"
say "bgpctl reload and bgpctl config check tell all errors"
ctl a config check "$dir/bad.yaml" >"$dir/ctl.out" 2>&1
rc=$?
[ $rc -eq 1 ] || fail "$stage: status $rc"
complete "$dir/ctl.out"
ctl a reload >"$dir/ctl.out" 2>&1
rc=$?
[ $rc -eq 1 ] || fail "$stage: status $rc"
sed -i "s|$dir/a.yaml|$dir/bad.yaml|" "$dir/ctl.out"
complete "$dir/ctl.out"
state | diff "$dir/before" - || fail "$stage: this is different (>)"

say "the good file is taken again"
cp "$dir/good.yaml" "$dir/a.yaml"
ctl a reload >/dev/null || fail "$stage"
state | diff "$dir/before" - || fail "$stage: this is different (>)"
clean_stop a
clean_stop b
