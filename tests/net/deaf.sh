#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Neighbours that stop reading while a large table is announced to them: the one neighbour
# of their group that does read gets everything all the same, memory stays bounded, and a
# command still ends the session with each of them. With $GODWIT_SLOW the eight minutes of
# the send hold timer (RFC 9687) are waited for.
. "$(dirname "$0")/../lib.sh"
need_godwit
need python3
routes=${ROUTES:-1000000} # 10 MB of UPDATEs: more than the group's ring holds
ns a p
link a p 1
# One namespace is sender, receiver and the deaf ones; the sender is on another subnet, so that no next hop is a third party's.
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
for n in 1 2 3; do
	in_ns p ip address add 10.99.1.1$n/24 dev to-a
	echo "  - {address: 10.99.1.1$n, name: deaf$n, group: out}" >>"$dir/a.yaml"
done
godwit a a
export PYTHONDONTWRITEBYTECODE=1
for n in 1 2 3; do
	start "deaf$n" p python3 "$top/tests/net/strangers.py" deaf 10.99.1.1$n 10.99.1.1
	expect 20 session a deaf$n
done

# table NAME: the sender's table reaches the sink
table() {
	expect 20 session a sender Active
	expect 20 session a sink Active
	traffic "$1" p 10.99.2.2,10.99.2.1 10.99.1.2,10.99.1.1 "$routes"
	echo "  after $(traffic_go "$1" "$routes" | jq .seconds) s"
}
say "$routes routes reach the only one of four neighbours that reads"
table first
for n in 1 2 3; do
	session a deaf$n >/dev/null || fail "$stage: the session with deaf$n has ended"
done
# Fifty octets a route, a ring of 4 MB, a quarter of a MB for each of the deaf, twice that for the allocator; and the program.
rss_kb() { awk '/^VmRSS:/ { print $2 }' "/proc/${pids[a]}/status"; }
limit_kb=$((2 * (routes * 50 / 1024 + 4096 + 3 * 256) + 16384))
echo "  resident: $(rss_kb) kB"
[ -n "${brief:-}" ] || [ "$(rss_kb)" -le $limit_kb ] || fail "$stage: $(rss_kb) kB resident, at most $limit_kb expected"

say "a new session of the same group gets all of it, too"
exec 3>&-
stop first
table second
exec 3>&-
stop second

say "a command ends the session with one that does not read"
ctl a neighbor deaf1 down >/dev/null || fail "$stage"
expect 10 session a deaf1 Idle
expect 10 grep -q closed "$dir/deaf1.log"

if [ -n "${GODWIT_SLOW:-}" ]; then
	say "the send hold timer ends the others after eight minutes"
	for n in 2 3; do
		expect 600 ask a '.neighbors[0].last_error | contains("Send Hold Timer Expired")' show neighbor deaf$n
	done
fi
say "it ends in order"
clean_stop a
