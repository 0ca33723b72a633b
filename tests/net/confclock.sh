#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The wall clock of a bgpconfd that follows etcd jumps a day ahead, ten years back, and home again: each time a key that
# changes is rendered, etcd that goes and comes back is found again after the same short waits, and the only things that
# see the jump are the times that people read. And its files are followed as before.
# Beside others: it waits for changes most of the time.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../etcd.sh"
. "$(dirname "$0")/../clock.sh"
need_etcd
ns n1
clock_make
in_ns n1 ip link set lo up
etcd_one etcd n1
node n1 10.99.0.1
confd_conf n1 n1 '{type: etcd, endpoints: ["http://127.0.0.1:2379"]}' 'metrics: {listen: "127.0.0.1:9180"}'
mkdir "$dir/tree" && echo one >"$dir/tree/word"
cat >"$dir/n2.confd.yaml" <<-EOT
	node: n2
	resolver: keys
	datastore: {type: files, path: $dir/tree}
	control: {socket: $dir/n2.confd.sock}
	debounce-ms: 20
	templates: [{src: $dir/word.mustache, dest: $dir/word}]
EOT
echo 'word {{word}}' >"$dir/word.mustache"
for n in 1 2; do
	start n$n.confd n1 "${on_clock[@]}" "$BGPCONFD" -f "$dir/n$n.confd.yaml" -v
done
expect 10 watching n1
expect 10 grep -qx "word one" "$dir/word"
expect 10 test -s "$dir/n1.yaml"
date_of_answer() { in_ns n1 curl -sI http://127.0.0.1:9180/metrics | grep -i '^date:'; }

n=0
for jump in 86400 -315360000 0; do
	say "the wall clock is $jump s ahead"
	n=$((n + 1))
	clock_set $jump
	block n1 10.65.$n.0/26
	expect 10 has n1 "10.65.$n.0/26"
	echo "word$n" >"$dir/tree/word"
	expect 10 grep -qx "word word$n" "$dir/word"
	day=$(date -ud "$jump seconds" +%Y-%m-%d)
	grep -q "^${day}T.* template.done " "$dir/n1.confd.log" || fail "$stage: its log has another time"
	confd_says n1 ".templates[0].rendered | test(\"^$day\")" >/dev/null || fail "$stage: its status has another time"
	date_of_answer | grep -q "$(LC_ALL=C date -ud "$jump seconds" '+%d %b %Y')" || fail "$stage: its answers have another date"
	stop etcd KILL
	expect 10 in_trouble n1 "Connection refused"
	etcd_one etcd n1
	block n1 10.66.$n.0/26
	expect 15 watching n1
	expect 10 has n1 "10.66.$n.0/26"
	expect 10 same n1 n1
done
clean_stop n1.confd
clean_stop n2.confd
