#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Calico's resources in etcd, changed at random, while bgpconfd sees etcd only through a relay that stalls, garbles, cuts
# and refuses; etcd is killed, compacted and made anew from an older snapshot, bgpconfd and bgpd are killed. What is in
# place never lacks what was there all the time. When all is well again the newest mark comes, and in the end everything
# is, octet for octet, what a bgpconfd makes that starts from nothing and asks etcd itself.
# SEED and STEPS choose another way through it.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../etcd.sh"
need_etcd
RANDOM=${SEED:-1}
steps=${STEPS:-60}
ns n1
in_ns n1 ip address add 10.99.0.1/24 dev lo
etcd_options=(--endpoints http://127.0.0.1:2379)
pick() { echo $((RANDOM % $1)); }
meddle() { echo "$1" >&4; }

change() { # one resource, at random
	local n=$(($(pick 40) + 10))
	case $(pick 9) in
	0 | 1 | 2) node "n$n" "10.99.0.$n" ", \"asNumber\": $((64512 + $(pick 3)))" ;;
	3) del "$resources/nodes/n$n" ;;
	4) block n1 "10.65.$n.0/26" ;;
	5) del "$blocks/n1/ipv4/block/10.65.$n.0-26" ;;
	6) put "$resources/bgppeers/p$n" "{\"spec\": {\"peerIP\": \"198.51.100.$n\", \"asNumber\": $((65000 + $(pick 9)))}}" ;;
	7) del "$resources/bgppeers/p$n" ;;
	8) put "$resources/nodes/n$n" '{"spec": {"bgp"' ;;
	esac
}
mark() { put "$resources/bgpconfigurations/default" "{\"spec\": {\"communities\": [{\"name\": \"m\", \"value\": \"64512:$1\"}],
	\"prefixAdvertisements\": [{\"cidr\": \"10.65.0.0/16\", \"communities\": [\"m\"]}]}}"; }
server() { etcd_one etcd n1; }
restore() {
	stop etcd KILL
	rm -rf "$dir/etcd.data"
	in_ns n1 etcdctl snapshot restore "$dir/snapshot" --data-dir "$dir/etcd.data" --name etcd --initial-cluster etcd=http://127.0.0.1:2380 \
		--initial-advertise-peer-urls http://127.0.0.1:2380 >/dev/null 2>&1 || fail "$stage: restore"
	server
}
save() { rm -f "$dir/snapshot"* && in_etcd snapshot save "$dir/snapshot" >/dev/null 2>&1 || fail "$stage: save"; }
compact() { in_etcd compact "$(in_etcd endpoint status -w json | jq '.[0].Status.header.revision')" >/dev/null; }
# What nobody ever takes away, from the first good configuration on.
stays() { grep -q 'address: "10.99.0.2"' "$dir/n1.yaml" || fail "$stage: n2 is gone"; }

server
node n1 10.99.0.1
node n2 10.99.0.2
mark 0
save
mkfifo "$dir/meddler.in"
ip netns exec "$tag-n1" python3 "$(dirname "$0")/meddler.py" "${SEED:-1}" 127.0.0.1:3379 127.0.0.1:2379 <"$dir/meddler.in" >"$dir/meddler.log" 2>&1 &
pids[meddler]=$!
exec 4>"$dir/meddler.in"
confd_conf n1 n1 '{type: etcd, endpoints: ["http://127.0.0.1:3379"]}'
confd n1 n1
expect 15 watching n1
expect 10 has n1 64512:0
godwit n1 n1

say "seed ${SEED:-1}, $steps steps"
for ((step = 1; step <= steps; step++)); do
	stage="step $step"
	case $(pick 12) in
	0) what=stall ;;
	1) what=slow ;;
	2) what=garble ;;
	3) what=cut ;;
	4) what=refuse ;;
	*) what=pass ;;
	esac
	meddle $what
	for ((n = $(pick 6); n >= 0; n--)); do change; done
	case $(pick 16) in
	0) stop etcd KILL; server ;;
	1) restore ;;
	2) compact ;;
	3) save ;;
	4) stop n1.confd KILL; confd n1 n1 ;;
	5) stop n1 KILL; godwit n1 n1 ;;
	6)
		kill -STOP "${pids[n1.confd]}"
		change
		compact
		kill -CONT "${pids[n1.confd]}"
		;;
	esac
	[ $what = pass ] || sleep "0.$(pick 10)"
	stays
	if [ "$(pick 3)" = 0 ]; then
		meddle pass
		mark $step
		expect 90 has n1 "64512:$step"
	fi
done 2>"$dir/steps.err"
meddle pass

say "in the end"
# Of a value that cannot be read the last good one stays, which who starts from nothing does not know.
in_etcd get --prefix "$resources/nodes/" | while read -r key && read -r value; do
	[ "$value" != '{"spec": {"bgp"' ] || del "$key"
done
mark 65535
expect 90 has n1 64512:65535
expect 90 confd_says n1 '.datastore.state == "watching"'
stays
sed 's/:3379/:2379/; s/n1.confd.sock/fresh.sock/' "$dir/n1.confd.yaml" >"$dir/fresh.confd.yaml"
fresh() {
	in_ns n1 "$BGPCONFD" -f "$dir/fresh.confd.yaml" --dry-run 2>"$dir/fresh.err" >"$dir/fresh.diff" || { cat "$dir/fresh.err"; return 1; }
	cat "$dir/fresh.diff"
	[ ! -s "$dir/fresh.diff" ]
}
expect 30 fresh
runs() { "$BGPCTL" -s "$dir/n1.sock" -j config diff "$dir/n1.yaml" | jq -e '.changes == []'; }
expect 30 runs
clean_stop n1.confd
clean_stop n1
