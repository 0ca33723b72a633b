#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Debian's Prometheus scrapes bgpd and bgpconfd: what it has is what bgpctl says; promtool finds nothing to complain of in the
# pages, the alerts and their tests; each figure that alerts, dashboard and manual page name is one that there is; alerts
# come. Probes and pages are answered while a table comes in.
. "$(dirname "$0")/../lib.sh"
need_godwit
need prometheus promtool python3 curl
CONFD=$build/conf/bgpconfd
[ -x "$CONFD" ] || fail "$CONFD is not built"
rules=$top/tools/prometheus/godwit.rules.yaml
ns a b c
link a b 1
link a c 2

say "what needs no daemon"
promtool check rules "$rules" >"$dir/out" 2>&1 || fail "$stage: $(cat "$dir/out")"
promtool test rules "${rules%rules.yaml}test.yaml" >"$dir/out" 2>&1 || fail "$stage: $(cat "$dir/out")"
for alert in $(sed -n 's/^ *- alert: //p' "$rules"); do
	grep -q "alertname=\"$alert\"" "${rules%rules.yaml}test.yaml" || fail "$stage: nothing tests $alert"
done

say "daemons and figures of all kinds"
cat >"$dir/a.yaml" <<-EOT
	router: {as: 65001, id: 10.0.0.1}
	metrics: {listen: "[::]:9179"}
	networks: [{prefix: 203.0.113.0/24, blackhole: true}, {prefix: 'fd00:1::/48', blackhole: true}]
	neighbors:
	  - {address: 10.99.1.2, name: b, remote-as: 65002, import: [accept], export: [accept], connect-retry-time: 1,
	     families: [ipv4-unicast, ipv6-unicast], idle-hold-time: {initial: 0, max: 1},
	     max-prefix: {limit: 10}, max-prefix-out: {limit: 100}}
	  - {address: "fd99:2::2", name: 'c"uoted', remote-as: 65003, import: [accept], export: [accept], connect-retry-time: 1,
	     families: [ipv6-unicast]}
	  - {address: 10.99.1.77, name: nobody, remote-as: 65009, passive: true}
	  - {address: 10.99.1.78, name: off, remote-as: 65009, shutdown: true}
	  - {prefix: 10.99.2.0/24, name: range, remote-as: external}
EOT
cat >"$dir/b.yaml" <<-EOT
	router: {as: 65002, id: 10.0.0.2}
	metrics: {listen: "10.99.1.2:9179", neighbors: group}
	groups: {up: {remote-as: 65001, import: [accept], export: [accept], connect-retry-time: 1, idle-hold-time: {initial: 0, max: 1}}}
	networks: [{prefix: 192.0.2.0/24, blackhole: true}, {prefix: 198.51.100.0/24, blackhole: true}]
	neighbors: [{address: 10.99.1.1, name: a, group: up, families: [ipv4-unicast, ipv6-unicast]}]
EOT
cat >"$dir/c.yaml" <<-EOT
	router: {as: 65003, id: 10.0.0.3}
	metrics: {listen: "10.99.2.2:9179", neighbors: remote-as}
	networks: [{prefix: 'fd00:3::/48', blackhole: true}]
	neighbors:
	  - {address: "fd99:2::1", name: a, remote-as: 65001, import: [accept], export: [accept], connect-retry-time: 1, families: [ipv6-unicast]}
EOT
mkdir "$dir/data" "$dir/templates"
echo one >"$dir/data/name"
echo 'name {{name}}' >"$dir/templates/file.mustache"
cat >"$dir/confd.yaml" <<-EOT
	datastore: {type: files, path: $dir/data}
	resolver: keys
	templates: [{src: $dir/templates/file.mustache, dest: $dir/file.conf}]
	metrics: {listen: "127.0.0.1:9180"}
	control: {socket: $dir/confd.sock}
EOT
godwit a a
godwit b b
godwit c c
start confd a "$CONFD" -f "$dir/confd.yaml"
expect 20 session a b
expect 20 session a 'c"uoted'
expect 20 grep -qx 'name one' "$dir/file.conf"
pages="http://127.0.0.1:9179 http://10.99.1.2:9179 http://10.99.2.2:9179 http://127.0.0.1:9180"
say "promtool reads the pages"
for page in $pages; do
	expect 10 in_ns a curl -sSf -o "$dir/page" "$page/metrics"
	promtool check metrics <"$dir/page" >"$dir/out" 2>&1 && [ ! -s "$dir/out" ] || fail "$page: $(cat "$dir/out")"
done
ctl a show metrics | promtool check metrics >"$dir/out" 2>&1 && [ ! -s "$dir/out" ] || fail "show metrics: $(cat "$dir/out")"

say "Prometheus scrapes them"
cat >"$dir/prometheus.yml" <<-EOT
	global: {scrape_interval: 1s, evaluation_interval: 1s}
	rule_files: [$rules]
	scrape_configs:
	  - {job_name: godwit, static_configs: [{targets: ["127.0.0.1:9179", "10.99.1.2:9179", "10.99.2.2:9179"]}]}
	  - {job_name: godwit-confd, static_configs: [{targets: ["127.0.0.1:9180"]}]}
EOT
promtool check config "$dir/prometheus.yml" >"$dir/out" 2>&1 || fail "$stage: $(cat "$dir/out")"
start prometheus a prometheus --config.file="$dir/prometheus.yml" --storage.tsdb.path="$dir/tsdb" \
	--web.listen-address=127.0.0.1:9090 --log.level=warn
# api PATH [NAME=VALUE]: what Prometheus answers
api() { in_ns a curl -sS -G "http://127.0.0.1:9090/api/v1/$1" --data-urlencode "${2:-x=}"; }
# value EXPRESSION: of its only series
value() { api query "query=$1" | jq -r 'if .data.result | length == 1 then .data.result[0].value[1] else "\(.)" end'; }
is() { echo "$1: $(value "$1")" && [ "$(value "$1")" = "$2" ]; }
expect 30 is 'sum(up)' 4
# It asked for OpenMetrics, where a page that ends too early is an error.
api targets | jq -e '[.data.activeTargets[] | select(.health != "up" or .lastError != "")] == []' >/dev/null || fail "$stage: $(api targets)"

say "what it has is what bgpctl says"
R='instance="127.0.0.1:9179"'
expect 20 is "godwit_neighbors{$R,state=\"Established\"}" "$(ctl a -j show summary | jq '[.neighbors[] | select(.state == "Established")] | length')"
expect 20 is "godwit_neighbors_down{$R}" 1
expect 20 is "godwit_neighbors_shutdown{$R}" 1
for name in b 'c"uoted'; do
	label=$(echo "$name" | sed 's/"/\\"/g')
	for what in received accepted sent; do
		shown=$(ctl a -j show neighbor "$name" | jq ".neighbors[0].stats.prefixes.$what")
		expect 20 is "sum(godwit_neighbor_prefixes_$what{neighbor=\"$label\"})" "$shown"
	done
	expect 20 is "godwit_neighbor_hold_time_seconds{neighbor=\"$label\"}" "$(ctl a -j show neighbor "$name" | jq '.neighbors[0].hold_time_s')"
done
shown=$(ctl a -j show summary)
expect 20 is "godwit_rib_prefixes{$R,family=\"ipv4\"}" "$(echo "$shown" | jq .rib.ipv4_prefixes)"
expect 20 is "sum(godwit_rib_paths{$R,family=\"ipv6\"})" "$(echo "$shown" | jq .rib.ipv6_paths)"
expect 20 is "godwit_fib_routes{$R,state=\"installed\"}" "$(ctl a -j show fib | jq .summary.installed)"
expect 20 is 'godwit_group_prefixes_received{group="up",family="ipv4"}' 1
expect 20 is 'godwit_group_up{remote_as="65001"}' 1
expect 20 is 'godwit_neighbor_max_prefix_limit{neighbor="b"}' 10
expect 20 is 'godwit_confd_template_success' 1
start_s=$(value "process_start_time_seconds{$R}")
ps_s=$(date -d "$(ps -o lstart= -p "${pids[a]}")" +%s)
[ $((start_s - ps_s)) -le 2 ] && [ $((ps_s - start_s)) -le 2 ] || fail "$stage: $start_s is not $ps_s"
expect 20 is "process_open_fds{$R}" "$(find "/proc/${pids[a]}/fd" -mindepth 1 | wc -l)"

say "each figure that is named somewhere is there"
api label/__name__/values | jq -r '.data[]' >"$dir/there"
{
	jq -r '.. | .expr? // empty' "$top/tools/grafana/godwit.json"
	jq -r '.templating.list[].definition? // empty' "$top/tools/grafana/godwit.json"
	sed -n '/expr:/,/\(for\|labels\):/p' "$rules"
} | grep -oE '\b(godwit|process)_[a-z_]+' | sort -u >"$dir/named"
[ "$(wc -l <"$dir/named")" -gt 50 ] || fail "$stage: $(cat "$dir/named")"
grep -vxFf "$dir/there" "$dir/named" && fail "$stage: not there"
# And each that there is has its entry in the manual page.
sed -n 's/^\.It Ic \([a-z0-9_]*\).*/\1/p' "$top/man/godwit-metrics.7" | sort -u >"$dir/pages"
sed -n '/^\(godwit\|process\)_/s/_\(bucket\|count\|sum\)$//p; /^\(godwit\|process\)_/p' "$dir/there" | sort -u |
	grep -vE '^godwit_loop_turn_duration_seconds_|_(bucket|sum|count)$' | grep -vxFf "$dir/pages" && fail "$stage: not in godwit-metrics.7"

say "each expression of the dashboard is one"
jq -r '.. | .expr? // empty' "$top/tools/grafana/godwit.json" | sort -u | while read -r expr; do
	expr=$(echo "$expr" | sed 's/\$__rate_interval/1m/g; s/\$\(job\|instance\|neighbor\)/.*/g')
	api query "query=$expr" | jq -e '.status == "success"' >/dev/null || { echo "$expr: $(api query "query=$expr")" && exit 1; }
done || fail "$stage"

say "a neighbour goes, and comes"
ctl b neighbor a down >/dev/null || fail "$stage"
expect 20 is 'godwit_neighbor_up{neighbor="b"}' 0
expect 20 is 'godwit_neighbor_drops_total{neighbor="b",reason="notification_received"}' 1
expect 20 is 'godwit_group_drops_total{group="up",reason="administrative"}' 1
expect 20 is 'count(ALERTS{alertname="GodwitNeighborDown",neighbor="b",alertstate="pending"})' 1
ctl b neighbor a up >/dev/null || fail "$stage"
expect 20 is 'godwit_neighbor_up{neighbor="b"}' 1
say "a file with errors"
cp "$dir/a.yaml" "$dir/good.yaml"
echo 'nonsense: 1' >>"$dir/a.yaml"
ctl a reload >/dev/null 2>&1 && fail "$stage"
expect 20 is "godwit_config_last_reload_successful{$R}" 0
expect 20 is 'count(ALERTS{alertname="GodwitConfigNotApplied"})' 1
cp "$dir/good.yaml" "$dir/a.yaml"
ctl a reload >/dev/null || fail "$stage"
expect 20 is "godwit_config_last_reload_successful{$R}" 1
api rules | jq -e '[.data.groups[].rules[] | select(.health != "ok")] == []' >/dev/null || fail "rules: $(api rules)"
[ "$(api rules | jq '[.data.groups[].rules[]] | length')" -eq "$(grep -c -- '- alert:' "$rules")" ] || fail "rules are missing"
stop prometheus
for name in confd c b a; do
	clean_stop "$name"
done
