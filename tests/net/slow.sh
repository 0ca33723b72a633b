#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A neighbour that reads a KB a second while a table comes and is changed all over: it costs
# bounded memory and holds up nobody of its export group; when it reads freely it has the
# right table at once, which is that of a session that begins then. ROUTES and ROUNDS give more.
. "$(dirname "$0")/../lib.sh"
need_godwit
need python3
routes=${ROUTES:-100000} rounds=${ROUNDS:-3}
ns a p
link a p 1
# One namespace is everybody; the sender is on another subnet, so that no next hop is a third party's.
in_ns a ip address add 10.99.2.1/24 dev to-p
in_ns p ip address add 10.99.2.2/24 dev to-a
cat >"$dir/a.yaml" <<-EOT
	router: {as: 65000, id: 10.99.1.1}
	kernel: {export: [reject]}
	groups: {out: {remote-as: 65002, passive: true, import: [accept], export: [accept]}}
	neighbors:
	  - {address: 10.99.2.2, name: sender, remote-as: 65001, passive: true, import: [accept], export: [reject]}
	  - {address: 10.99.1.2, name: sink, group: out}
EOT
for name in slow late; do
	n=$((${n:-10} + 1))
	in_ns p ip address add 10.99.1.$n/24 dev to-a
	echo "  - {address: 10.99.1.$n, name: $name, group: out}" >>"$dir/a.yaml"
done
godwit a a
export PYTHONDONTWRITEBYTECODE=1 PYTHONHASHSEED=0
traffic peer p 10.99.2.2,10.99.2.1 10.99.1.2,10.99.1.1 "$routes"
traffic_halves peer >"$dir/halves"
rss_kb() { awk '/^VmRSS:/ { print $2 }' "/proc/${pids[a]}/status"; }
# churn: half of the table goes and comes back, then the other half, as often as rounds says. How long each took.
churn() {
	local part took=() # in seconds
	for _ in $(seq 1 "$rounds"); do
		for part in w0 a0 w1 a1; do
			traffic_change peer $part
			took+=("$(jq .seconds "$dir/change")")
		done
	done
	echo "  took ${took[*]} s, resident $(rss_kb) kB"
}

say "$routes routes, and $((2 * rounds * routes)) changes, with readers only"
traffic_go peer "$routes" >"$dir/go"
churn
say "the same beside a neighbour that reads a KB a second"
start slow p python3 "$top/tests/net/strangers.py" slow 10.99.1.11 10.99.1.1
expect 20 session a slow
churn
churn
# Fifty octets a route, a ring of 4 MB, what is the slow one's own, twice that for the allocator; and the program.
limit_kb=$((2 * (routes * 50 / 1024 + 4096 + 256) + 16384))
[ -n "${brief:-}" ] || [ "$(rss_kb)" -le $limit_kb ] || fail "$stage: $(rss_kb) kB resident, at most $limit_kb expected"
say "at the end every second prefix is gone"
traffic_change peer w1
left=$(jq .routes "$dir/change")
ask a '[.neighbors[] | select(.name != "late") | select(.state == "Established" and .stats.message.received.open == 1)] | length == 3' \
	show neighbor >/dev/null || fail "$stage: a session has ended"
! grep -q table "$dir/slow.log" || fail "$stage: the slow one has not been slow: $(cat "$dir/slow.log")"
say "a new session has the table, and the slow one, too, when it reads"
kill -USR1 "${pids[slow]}"
start late p python3 "$top/tests/net/strangers.py" fast 10.99.1.12 10.99.1.1
same() {
	[ "$(grep -h '^table:' "$dir/slow.log" | tail -n 1)" = "$(grep -h '^table:' "$dir/late.log" | tail -n 1)" ] &&
		grep -q "^table: $left routes" "$dir/slow.log"
}
expect 120 same
echo "  $(grep '^after' "$dir/slow.log" | tail -n 1) of free reading: $(grep '^table' "$dir/slow.log" | tail -n 1)"
exec 3>&-
clean_stop a
