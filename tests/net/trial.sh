#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Reloads on trial: config diff says beforehand what will happen, and that happens; a trial
# that nobody confirms takes itself back, over SIGHUP and further reloads; confirm and
# rollback end it. The session that no change concerns stands through all of it.
. "$(dirname "$0")/../lib.sh"
need_godwit
ns a b c
link a b 1
link a c 2
# config HOLD-OF-B B-MORE NETWORK
config() {
	cat >"$dir/a.new" <<-EOT
		router: {as: 65001, id: 10.99.1.1}
		kernel: {export: [reject]}
		groups: {all: {connect-retry-time: 1, idle-hold-time: {initial: 0, max: 1}, import: [accept], export: [out]}}
		neighbors:
		  - {name: b, address: 10.99.1.2, remote-as: 65002, group: all, hold-time: $1$2}
		  - {name: c, address: 10.99.2.2, remote-as: 65003, group: all}
		policies: {out: [{match: {prefix-set: ours}, action: accept}]}
		prefix-sets: {ours: ["203.0.113.0/24 in"]}
		networks: [{prefix: $3}]
	EOT
	mv "$dir/a.new" "$dir/a.yaml"
}
for n in 1 2; do
	name=$(echo x b c | cut -d ' ' -f $((n + 1)))
	cat >"$dir/$name.yaml" <<-EOT
		router: {as: 6500$((n + 1)), id: 10.99.$n.2}
		kernel: {export: [reject]}
		neighbors: [{address: 10.99.$n.1, remote-as: 65001, connect-retry-time: 1, idle-hold-time: {initial: 0, max: 1},
		  import: [accept], export: [accept]}]
	EOT
done
one=203.0.113.0/25 two=203.0.113.128/25
config 90 '' $one
godwit a a
godwit b b
godwit c c
expect 20 best b $one
expect 20 best c $one
# How often the session came up. Both ends dial at once after a reset, so that there may be an OPEN more in a collision.
ups() { ctl a -j show neighbor "$1" | jq '.neighbors[0].stats.established'; }
effects() { ctl a -j config diff | jq -c '[.changes[] | [.path, .effect]] | sort'; }
left() { ctl a -j show summary | jq .router.rollback_in_s; }
as_before() { best b $one && best c $one && absent b $two && absent c $two; }
as_on_trial() { best b $two && best c $two && absent b $one && absent c $one; }

say "written out defaults are no change"
config 90 ', port: 179, keepalive-time: 30, passive: false' $one
[ "$(effects)" = '[]' ] || fail "$stage: $(effects)"
say "the diff names each effect, and nothing is done yet"
config 60 ', multihop: 2' $two
wanted='[["neighbors[b].hold-time","soft"],["neighbors[b].keepalive-time","soft"],["neighbors[b].multihop","reset"],["networks[203.0.113.0/25]","none"],["networks[203.0.113.128/25]","none"]]'
[ "$(effects)" = "$wanted" ] || fail "$stage: $(effects)"
as_before >/dev/null || fail "$stage"
say "no trial, nothing to confirm or to roll back"
for command in confirm rollback; do
	if ctl a $command >"$dir/out" 2>&1; then fail "$stage: $command"; fi
	grep -q 'no reload waits to be confirmed' "$dir/out" || fail "$stage: $(cat "$dir/out")"
done
[ "$(left)" = null ] || fail "$stage: $(left)"
say "on trial for 300 s; the neighbour that changes is reset, the other one is not"
ctl a reload --confirm 300 >"$dir/out" || fail "$stage"
grep -q '^rollback_in_s: ' "$dir/out" || fail "$stage: $(cat "$dir/out")"
ctl a show | grep -q 'rollback_in_s: ' || fail "$stage: show does not tell"
expect 20 as_on_trial
[ "$(ups b)" -eq 2 ] && [ "$(ups c)" -eq 1 ] || fail "$stage: $(ups b) and $(ups c) times up"
say "a signal and a plain reload meanwhile belong to the trial"
config 60 ', multihop: 2, description: x' $two
kill -HUP "${pids[a]}"
described() { ask a ".neighbors[0].description == \"$1\"" show neighbor b; }
expect 10 described x
config 60 ', multihop: 2, description: y' $two
ctl a reload | grep -q '^rollback_in_s: ' || fail "$stage"
described y >/dev/null || fail "$stage"
[ "$(left)" -le 300 ] || fail "$stage: $(left)"
say "rollback: everything is as before the first of them"
ctl a rollback || fail "$stage"
[ "$(left)" = null ] || fail "$stage: $(left)"
expect 20 as_before
[ "$(ups b)" -eq 3 ] && [ "$(ups c)" -eq 1 ] || fail "$stage: $(ups b) and $(ups c) times up"
ask a '.neighbors[0].description == null' show neighbor b >/dev/null || fail "$stage"
say "the file is still there to be applied"
[ "$(ctl a -j config diff | jq '.changes | length')" -eq 6 ] || fail "$stage: $(effects)"
say "a trial that is not confirmed ends by itself"
ctl a reload --confirm 3 >/dev/null || fail "$stage"
expect 20 as_on_trial
expect 20 as_before
[ "$(left)" = null ] && grep -q 'config.rollback reason="not confirmed in time"' "$dir/a.log" || fail "$stage"
say "one that is confirmed stays"
ctl a reload --confirm 3 >/dev/null && ctl a confirm || fail "$stage"
expect 20 as_on_trial
holds 5 as_on_trial
[ "$(effects)" = '[]' ] || fail "$stage: $(effects)"
[ "$(ups c)" -eq 1 ] || fail "the session that nothing concerned came up $(ups c) times"
clean_stop a
clean_stop b
clean_stop c
