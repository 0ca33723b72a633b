#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# etcd of three members, all of which bgpconfd knows: the one that it asks is killed, or hangs, or is cut off from the
# others, and bgpconfd goes on with another one; without a majority nothing changes.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../etcd.sh"
need_etcd
ns hub e1 e2 e3 n1
lan hub e1 e2 e3 n1
cluster=e1=http://10.99.0.1:2380,e2=http://10.99.0.2:2380,e3=http://10.99.0.3:2380
all=http://10.99.0.1:2379,http://10.99.0.2:2379,http://10.99.0.3:2379
member() { etcd_start "e$1" "e$1" "10.99.0.$1:2379" "10.99.0.$1:2380" --initial-cluster $cluster; }
asked() { confd_says n1 .datastore.endpoint | sed 's/.*10\.99\.0\.\(.\):.*/\1/'; }
asks_another() { local now; now=$(asked) && [ -n "$now" ] && [ "$now" != "$1" ] && watching n1; }
# by MEMBER...: etcdctl goes to these
by() { etcd_options=(--endpoints "$(printf 'http://10.99.0.%s:2379,' "$@" | sed 's/,$//')" --command-timeout 20s); }
others() { echo 1 2 3 | sed "s/ *$1 */ /"; }
untroubled() { ! tail -n +"$((says + 1))" "$dir/n1.confd.log" | grep source.trouble; }

say "three members, and a node"
for n in 1 2 3; do member $n; done
by 1 2 3
expect 60 in_etcd endpoint health
by 1
node n1 10.99.0.4
node n2 10.99.0.2
confd_conf n1 n1 "{type: etcd, endpoints: [\"${all//,/\", \"}\"]}"
confd n1 n1
expect 20 watching n1
expect 10 test -s "$dir/n1.yaml"
godwit n1 n1
says=$(wc -l <"$dir/n1.confd.log")

say "the member that is asked is killed"
first=$(asked)
stop "e$first" KILL
expect 30 asks_another "$first"
by "$(asked)"
node n5 10.99.0.5
expect 10 has n1 10.99.0.5
grep -q etcd.failover "$dir/n1.confd.log" || fail "$stage: no word of it"
untroubled || fail "$stage: it was said to be a trouble"

say "it comes back, and the next one hangs"
member "$first"
by 1 2 3
expect 60 in_etcd endpoint health
second=$(asked)
kill -STOP "${pids[e$second]}"
expect 90 asks_another "$second"
by "$(asked)"
node n6 10.99.0.6
expect 10 has n1 10.99.0.6
kill -CONT "${pids[e$second]}"

say "the one that is asked is cut off from the others"
by 1 2 3
expect 60 in_etcd endpoint health
third=$(asked)
for n in $(others "$third"); do
	in_ns "e$third" ip route add blackhole "10.99.0.$n/32"
done
expect 90 asks_another "$third"
by "$(asked)"
node n7 10.99.0.7
expect 10 has n1 10.99.0.7
for n in $(others "$third"); do
	in_ns "e$third" ip route del blackhole "10.99.0.$n/32"
done
untroubled || fail "$stage: it was said to be a trouble"

say "two are killed: without a majority nothing changes, and it is told"
by 1 2 3
expect 60 in_etcd endpoint health
left=$(asked)
cp "$dir/n1.yaml" "$dir/before"
for n in $(others "$left"); do stop "e$n" KILL; done
expect 90 in_trouble n1 "what it said last stays"
holds 2 cmp "$dir/before" "$dir/n1.yaml"

say "one of them comes back"
back=$(others "$left" | cut -d ' ' -f 1)
back=${back:-$(others "$left" | cut -d ' ' -f 2)}
member "$back"
expect 60 watching n1
by "$left" "$back"
expect 60 in_etcd endpoint health
del "$resources/nodes/n7"
expect 10 lacks n1 10.99.0.7
expect 10 same n1 n1
clean_stop n1.confd
clean_stop n1
