# SPDX-License-Identifier: Apache-2.0
# Sourced after lib.sh by the scripts that run etcd and bgpconfd: servers in namespaces, their keys, and what bgpconfd
# makes of them.
# shellcheck shell=bash
BGPCONFD=$build/conf/bgpconfd
templates=$top/conf/templates
export ETCDCTL_API=3
# None of these may come from outside.
for variable in $(env | sed -nE 's/^((CALICO_)?(ETCD_|DATASTORE_)[A-Z_]*|NODENAME|NAMESPACE|CALICO_[A-Z0-9_]*)=.*/\1/p'); do
	unset "$variable"
done
resources=/calico/resources/v3/projectcalico.org
blocks=/calico/ipam/v2/host

need_etcd() {
	need_godwit
	need etcd etcdctl curl python3
	[ -x "$BGPCONFD" ] || fail "$BGPCONFD is not built"
}

# etcd_start NAME NAMESPACE CLIENT PEER [OPTION...]: a server that listens there, HOST:PORT each (with https:// if
# SCHEME says so), with its data in $dir/NAME.data. Returns at once.
etcd_start() {
	local name=$1 space=$2 client=${SCHEME:-http}://$3 peer=http://$4
	shift 4
	start "$name" "$space" etcd --name "$name" --data-dir "$dir/$name.data" --listen-client-urls "$client" \
		--advertise-client-urls "$client" --listen-peer-urls "$peer" --initial-advertise-peer-urls "$peer" \
		--unsafe-no-fsync --log-level error "$@"
}

# etcd_one NAME NAMESPACE [OPTION...]: a cluster of one on 127.0.0.1:2379; returns when it answers
etcd_one() {
	local name=$1 space=$2
	shift 2
	etcd_start "$name" "$space" 127.0.0.1:2379 127.0.0.1:2380 --initial-cluster "$name=http://127.0.0.1:2380" "$@"
	expect 30 in_etcd endpoint health
}

# in_etcd COMMAND...: etcdctl in the namespace $etcd_space, with the options in etcd_options
etcd_space=n1
etcd_options=()
in_etcd() { in_ns "$etcd_space" etcdctl "${etcd_options[@]}" "$@"; }

put() { in_etcd put "$1" -- "$2" >/dev/null || fail "$stage: etcdctl put $1"; }
del() { in_etcd del "$1" >/dev/null || fail "$stage: etcdctl del $1"; }

# node NAME ADDRESS [MORE]
node() { put "$resources/nodes/$1" "{\"kind\": \"Node\", \"metadata\": {\"name\": \"$1\"}, \"spec\": {\"bgp\": {\"ipv4Address\": \"$2/24\"${3:-}}}}"; }
# block NAME PREFIX: a block of addresses of a node
block() { put "$blocks/$1/ipv4/block/${2/\//-}" '{"state": "confirmed", "deleted": false}'; }

# confd_conf NAME NODE DATASTORE [MORE]: bgpconfd.yaml, for a bgpd of that name as well
confd_conf() {
	cat >"$dir/$1.confd.yaml" <<-EOT
		node: $2
		datastore: $3
		control: {socket: $dir/$1.confd.sock}
		debounce-ms: 20
		templates:
		  - {src: $templates/bgpd.yaml.mustache, dest: $dir/$1.yaml, mode: "0640", check: "$BGPD -n -f {{stage}}",
		     reload: "$BGPCTL -s $dir/$1.sock reload"}
		${4:-}
	EOT
}

# confd NAME NAMESPACE: starts it, under the name NAME.confd
confd() { start "$1.confd" "$2" "$BGPCONFD" -f "$dir/$1.confd.yaml" -v; }

# confd_says NAME FILTER: its status through jq; true when the filter gives something true
confd_says() { "$BGPCONFD" -f "$dir/$1.confd.yaml" --status | jq -e "$2"; }
watching() { confd_says "$1" '.datastore.state == "watching" and .troubles == []'; }
in_trouble() { confd_says "$1" "[.troubles[].text | select(test(\"$2\"))] | length > 0"; }

# same NAME NAMESPACE: what is in place is what would be made of nothing now
same() {
	in_ns "$2" "$BGPCONFD" -f "$dir/$1.confd.yaml" --dry-run >"$dir/$1.diff" 2>"$dir/$1.dry.err" || { cat "$dir/$1.dry.err"; return 1; }
	cat "$dir/$1.diff"
	[ ! -s "$dir/$1.diff" ]
}

has() { grep -q -- "$2" "$dir/$1.yaml"; }
lacks() { ! has "$@"; }
