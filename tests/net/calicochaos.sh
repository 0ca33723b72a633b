#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A directory of Calico resources that is changed at random: resources come, change, go and move between files, files
# are half-written, wrong, renamed or hold what another one has, and bgpd and bgpconfd are killed at any time and come
# back. After each change bgpd must come to have the mark that came with it; what is in place in the end must be, octet
# for octet, what a bgpconfd makes that starts from nothing, and bgpd must run just that.
# SEED and STEPS choose another way through it.
. "$(dirname "$0")/../lib.sh"
need_godwit
BGPCONFD=$build/conf/bgpconfd
[ -x "$BGPCONFD" ] || fail "$BGPCONFD is not built"
templates=$(cd "$(dirname "$0")/../../conf/templates" && pwd)
RANDOM=${SEED:-1}
steps=${STEPS:-60}
ns n1
in_ns n1 ip address add 10.99.0.1/24 dev lo
unset NODENAME DATASTORE_TYPE ETCD_ENDPOINTS CALICO_ROUTER_ID CALICO_ADVERTISE_CLUSTER_IPS CALICO_K8S_NODE_REF NAMESPACE \
	CALICO_ENDPOINT_STATUS_PATH_PREFIX
resources=$dir/resources
mkdir "$resources" "$resources/sub"
declare -A wrong # files that do not say what is in them, to what they are to be in the end

pick() { echo $((RANDOM % $1)); }

# put NAME: standard input becomes a file of the directory, at once or written in place
put() {
	unset "wrong[$1]"
	if [ "$(pick 2)" = 0 ]; then
		cat >"$resources/.new" && mv "$resources/.new" "$resources/$1"
	else
		cat >"$resources/$1"
	fi
}

node_of() { # N [MORE]
	printf 'kind: Node\nmetadata: {name: n%s, labels: {rack: "%s"}}\nspec: {bgp: {ipv4Address: 10.99.0.%s/24%s}}\n' \
		"$1" "$(pick 3)" "$1" "${2:-}"
}
some_nodes() { # documents of one file: nodes 10*G to 10*G+9, some of them
	local n
	for n in 0 1 2 3 4 5 6 7 8 9; do
		[ "$(pick 3)" = 0 ] || { node_of $((10 * $1 + n + 2)) ", asNumber: $((64512 + $(pick 3)))" && echo ---; }
	done
}
peer_of() { # N
	case $(pick 3) in
	0) echo "spec: {peerIP: 198.51.100.$1, asNumber: $((65000 + $(pick 9))), filters: [f$(pick 3)]}" ;;
	1) echo "spec: {nodeSelector: has(rack), peerIP: '198.51.100.$1:1790', asNumber: 65001, nextHopMode: Self}" ;;
	2) echo "spec: {peerSelector: rack == '$(pick 4)', ttlSecurity: $((1 + $(pick 3)))}" ;;
	esac | sed "1i kind: BGPPeer\nmetadata: {name: p$1}"
}
filter_of() { # N: now and then one that is left out
	echo "kind: BGPFilter
metadata: {name: f$1}
spec: {exportV4: [{cidr: 10.$(pick 9).0.0/$((8 + $(pick 25))), matchOperator: In, action: Reject}, {action: $([ "$(pick 4)" = 0 ] && echo Maybe || echo Accept)}]}"
}
config_of() {
	echo "kind: BGPConfiguration
metadata: {name: default}
spec:
  nodeToNodeMeshEnabled: $([ "$(pick 4)" = 0 ] && echo false || echo true)
  listenPort: $((179 + $(pick 2)))
  prefixAdvertisements: [{cidr: 10.65.0.0/16, communities: ['64512:$(pick 99)']}]"
}

# Files that are wrong keep what they said; in the end they are mended, since who starts from nothing cannot know it.
spoil() { # NAME TEXT
	[ -e "$resources/$1" ] || return 0
	wrong[$1]=${wrong[$1]:-$(cat "$resources/$1")}
	printf '%s' "$2" >"$resources/$1"
}
mend() {
	local name
	for name in "${!wrong[@]}"; do
		put "$name" <<<"${wrong[$name]}"
	done
}

# move A B: renamed, unless somebody would be overwritten
move() {
	[ -e "$resources/$1" ] && [ ! -e "$resources/$2" ] || return 0
	mv "$resources/$1" "$resources/$2"
	[ -z "${wrong[$1]:-}" ] || { wrong[$2]=${wrong[$1]} && unset "wrong[$1]"; }
}

change() {
	local n
	n=$(pick 3)
	case $(pick 12) in
	0 | 1 | 2) some_nodes "$n" | put "nodes$n.yaml" ;;
	3 | 4) peer_of "$n" | put "peer$n.yaml" ;;
	5) filter_of "$n" | put "filter$n.yml" ;;
	6) config_of | put config.yaml ;;
	7) rm -f "$resources/peer$n.yaml" "$resources/nodes$n.yaml" && unset "wrong[peer$n.yaml]" "wrong[nodes$n.yaml]" ;;
	8) spoil "nodes$n.yaml" "$(head -c 70 "$resources/nodes$n.yaml" 2>/dev/null)" ;;
	9) spoil "peer$n.yaml" "kind: BGPPeer
metadata: {name: [
" ;;
	10) node_of $((10 * n + 3)) ", asNumber: 64999" | put sub/again.yaml ;; # what a file of nodes may have, too
	11) move "nodes$n.yaml" "sub/nodes$n.yaml" && move "sub/nodes$n.yaml" "nodes$(((n + 1) % 3)).yaml" ;;
	esac
}

confd_start() { start confd n1 "$BGPCONFD" -f "$dir/confd.yaml" -v; }

# mark K: a peer whose name says which step it was
mark() {
	printf 'kind: BGPPeer\nmetadata: {name: mark}\nspec: {peerIP: 192.0.2.%s, asNumber: 65100, node: n1}\n' "$1" >"$resources/.mark"
	mv "$resources/.mark" "$resources/mark.yaml"
}
marked() { ctl n1 show neighbor "Node_192_0_2_$1" | grep -q "192\.0\.2\.$1\>"; }

now_ms() { date +%s%3N; }

cat >"$dir/confd.yaml" <<EOT
node: n1
datastore: {type: files, path: $resources}
control: {socket: $dir/confd.sock}
templates:
  - {src: $templates/bgpd.yaml.mustache, dest: $dir/n1.yaml, check: "$BGPD -n -f {{stage}}", reload: "$BGPCTL -s $dir/n1.sock reload"}
EOT
# The same from nothing.
sed -e "s|dest: $dir/n1.yaml|dest: $dir/fresh.yaml|" -e "s|, reload.*|}|" "$dir/confd.yaml" >"$dir/fresh-confd.yaml"

node_of 1 | put own.yaml
mark 0
confd_start
expect 10 test -s "$dir/n1.yaml"
godwit n1 n1

say "$steps changes at random (SEED=${SEED:-1})"
worst=0
for ((step = 1; step <= steps; step++)); do
	stage="step $step"
	began=$(now_ms)
	for ((n = 1 + $(pick 4); n > 0; n--)); do
		change
	done
	mark $((step % 250))
	killed=
	case $(pick 8) in
	0)
		sleep "0.$(pick 6)"
		stop confd KILL
		change
		confd_start
		killed=1
		;;
	1)
		sleep "0.$(pick 6)"
		stop n1 KILL
		change
		godwit n1 n1
		killed=1
		;;
	esac
	expect 20 marked $((step % 250))
	took=$(($(now_ms) - began))
	[ -n "$killed" ] || [ $took -le $worst ] || worst=$took
done
echo "bgpd had all of a step at most $worst ms after its first change, where nobody was killed"

say "in the end it is what it would be from nothing"
mend
mark 251
expect 20 marked 251
in_ns n1 "$BGPCONFD" -f "$dir/fresh-confd.yaml" --once 2>"$dir/fresh.log" || fail "$stage: $(cat "$dir/fresh.log")"
expect 20 cmp "$dir/n1.yaml" "$dir/fresh.yaml"
expect 10 ctl n1 config diff "$dir/fresh.yaml"
[ -z "$(ctl n1 config diff "$dir/fresh.yaml" | grep -v -i '^no ')" ] || fail "$stage: bgpd runs something else: $(ctl n1 config diff "$dir/fresh.yaml")"
clean_stop confd
clean_stop n1
