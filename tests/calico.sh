# SPDX-License-Identifier: Apache-2.0
# Sourced after lib.sh: nodes of Calico. Their resources are files of $dir/resources, bgpconfd makes $dir/NODE.yaml of
# them for each node that runs ours, and pods have the interfaces, addresses and routes that Felix gives them.
# shellcheck shell=bash disable=SC2154
need_godwit
need ping
BGPCONFD=$build/conf/bgpconfd
[ -x "$BGPCONFD" ] || fail "$BGPCONFD is not built"
templates=$top/conf/templates
unset NODENAME DATASTORE_TYPE ETCD_ENDPOINTS CALICO_ROUTER_ID CALICO_ADVERTISE_CLUSTER_IPS CALICO_K8S_NODE_REF NAMESPACE \
	CALICO_ENDPOINT_STATUS_PATH_PREFIX
mkdir "$dir/resources"

# put NAME: standard input becomes a file of the directory, at once
put() { cat >"$dir/new" && mv "$dir/new" "$dir/resources/$1"; }

# confd NODE [NAMESPACE]: the bgpconfd of a node, in the namespace of that name if no other is told
confd() {
	cat >"$dir/confd-$1.yaml" <<-EOT
		node: $1
		datastore: {type: files, path: $dir/resources}
		resolver: calico
		control: {socket: $dir/confd-$1.sock}
		templates:
		  - {src: $templates/bgpd.yaml.mustache, dest: $dir/$1.yaml, mode: "0640", check: "$BGPD -n -f {{stage}}",
		     reload: "$BGPCTL -s $dir/$1.sock reload"}
	EOT
	start "confd-$1" "${2:-$1}" "$BGPCONFD" -f "$dir/confd-$1.yaml" -v
	expect 10 test -s "$dir/$1.yaml"
}

# pod NODE POD ADDRESS...: namespace POD is a pod of that node with these addresses, IPv4 and IPv6; METRIC is that of their routes
pod() {
	local node=$1 pod=$2
	in_ns "$node" ip link add "cali$pod" type veth peer name eth0 netns "$tag-$pod"
	in_ns "$node" ip link set "cali$pod" address ee:ee:ee:ee:ee:ee up
	in_ns "$node" ip -6 address add fe80::ecee:eeff:feee:eeee/64 dev "cali$pod" nodad 2>/dev/null
	in_ns "$pod" ip link set eth0 up
	shift 2
	while [ $# -gt 0 ]; do
		in_ns "$pod" ip address add "$1" dev eth0
		pod_route add "$node" "$pod" "$1" "${METRIC:-1024}"
		shift
	done
	in_ns "$pod" ip route add 169.254.1.1 dev eth0 scope link
	in_ns "$pod" ip neighbor replace 169.254.1.1 lladdr ee:ee:ee:ee:ee:ee dev eth0
	in_ns "$pod" ip neighbor replace fe80::ecee:eeff:feee:eeee lladdr ee:ee:ee:ee:ee:ee dev eth0
	in_ns "$pod" ip route add default via 169.254.1.1
	in_ns "$pod" ip -6 route add default via fe80::ecee:eeff:feee:eeee dev eth0
}

# pod_route add|del NODE POD ADDRESS METRIC: as Felix writes it, with protocol boot, in place of one of that metric
pod_route() {
	local how=$1
	[ "$1" = add ] && how=replace
	case $4 in
	*:*) in_ns "$2" ip -6 route "$how" "$4" dev "cali$3" proto boot metric "$5" ;;
	*) in_ns "$2" ip route "$how" "$4" dev "cali$3" scope link proto boot metric "$5" ;;
	esac
}

flows=()
# flow POD ADDRESS: from now on it pings that address fifty times a second; begins when the first answer is there
flow() {
	local name=flow-$1-$2
	expect 10 in_ns "$1" ping -c 1 -W 1 -q "$2"
	start "$name" "$1" ping -i 0.02 -q "$2"
	flows+=("$name")
}

# no_loss [TOLERATED]: all flows end; none has lost a packet, but where the command TOLERATED is true of the flow's name
no_loss() {
	local name lost=
	sleep 0.5 # so that there are packets after what has just been seen
	for name in "${flows[@]}"; do
		stop "$name" INT
		awk '/packets transmitted/ { sent = $1; got = $4 } END { exit !(sent > 20 && sent == got) }' "$dir/$name.log" ||
			{ [ -n "${1:-}" ] && "$1" "$name"; } || lost+="$name: $(grep transmitted "$dir/$name.log"); "
		rm "$dir/$name.log"
	done
	flows=()
	[ -z "$lost" ] || fail "$stage: $lost"
}
