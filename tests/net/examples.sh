#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The configurations of man/examples as they are there: a server below two top-of-rack switches, and nodes of Calico at
# a route reflector. Sessions come up, and routes are in RIBs and kernels as the comments of the files say.
. "$(dirname "$0")/../lib.sh"
need_godwit
need python3 ping
BGPCONFD=$build/conf/bgpconfd
[ -x "$BGPCONFD" ] || fail "$BGPCONFD is not built"
examples=$top/man/examples

# cable A IF-A B IF-B: no addresses but the link-local ones
cable() {
	ip link add "$2" netns "$tag-$1" type veth peer name "$4" netns "$tag-$3" || fail "no veth between $1 and $3"
	in_ns "$1" ip link set "$2" up
	in_ns "$3" ip link set "$4" up
}
# uplink TOR N: a link with addresses from the spine to that switch
uplink() {
	cable spine "to-$1" "$1" up1
	in_ns spine ip address add "10.254.$2.0/31" dev "to-$1"
	in_ns "$1" ip address add "10.254.$2.1/31" dev up1
	in_ns spine ip address add "fd00:254:$2::/127" dev "to-$1" nodad
	in_ns "$1" ip address add "fd00:254:$2::1/127" dev up1 nodad
}
told() { ask "$1" "[.rib[].prefix] | sort | unique == $3" show rib out "$2"; }
default_through() { # NAMESPACE FAMILY INTERFACE...: exactly one route, with these ways and no others
	local space=$1 family=$2 out
	shift 2
	out=$(in_ns "$space" ip "-$family" route show default proto bgp)
	echo "$out"
	[ "$(grep -c '^default' <<<"$out")" -eq 1 ] && [ "$(grep -o 'dev [a-z0-9]*' <<<"$out" | sort)" = "$(printf 'dev %s\n' "$@")" ]
}

say "a server below two switches"
ns host tor tor2 spine
cable host eth0 tor swp1
cable host eth1 tor2 swp1
uplink tor 1
uplink tor2 2
in_ns host ip address add 10.1.0.17/32 dev lo
in_ns host ip address add 10.1.255.1/32 dev lo
in_ns tor ip address add 10.255.1.1/32 dev lo
in_ns tor2 ip address add 10.255.1.2/32 dev lo
in_ns spine ip address add 10.255.0.1/32 dev lo
cp "$examples/host.yaml" "$examples/tor.yaml" "$dir"
sed 's/10\.254\.1\./10.254.2./; s/10\.255\.1\.1/10.255.1.2/; s/4200065101/4200065102/' "$examples/tor.yaml" >"$dir/tor2.yaml"
cat >"$dir/spine.yaml" <<-EOT
	router: {as: 4200065000, id: 10.255.0.1, multipath: {as-path-relax: true}}
	groups:
	  tors: {remote-as: external, families: [ipv4-unicast, ipv6-unicast], ttl-security: 1, import: [accept], export: [accept]}
	neighbors:
	  - {address: 10.254.1.1, name: tor, group: tors}
	  - {address: 10.254.2.1, name: tor2, group: tors}
	networks: [{prefix: 0.0.0.0/0}, {prefix: "::/0"}, {prefix: 10.255.0.1/32}]
EOT
for name in spine tor tor2 host; do
	godwit $name $name
done
for name in switch-a switch-b; do
	expect 30 session host $name
done
for name in tor tor2; do
	expect 20 session $name server-1
	expect 20 session $name spine-1
done

say "a default route through both switches at once, and nothing else"
expect 10 default_through host 4 eth0 eth1
expect 10 default_through host 6 eth0 eth1
for name in tor tor2; do
	expect 5 told $name server-1 '["0.0.0.0/0", "::/0"]'
	expect 5 told $name spine-1 "[\"10.1.0.17/32\", \"10.255.1.$([ $name = tor ] && echo 1 || echo 2)/32\"]"
	expect 5 kernel $name 10.1.0.17/32 "proto bgp" swp1
done
expect 5 kernel spine 10.1.0.17/32 to-tor to-tor2
expect 10 in_ns spine ping -qc 1 -W 1 -I 10.255.0.1 10.1.0.17

say "the shell completes a neighbour's name, of those that are there"
ln -s "$BGPCTL" "$dir/bgpctl"
offered() { # WORD...: after bgpctl -s SOCKET
	PATH=$dir:$PATH bash -c '. "$1"; shift; COMP_WORDS=(bgpctl -s "$@"); COMP_CWORD=$(($# + 1)); _bgpctl; echo "${COMPREPLY[@]}"' \
		sh "$top/tools/completions/bgpctl" "$dir/tor.sock" "$@"
}
[ "$(offered show neighbor spine-)" = "spine-1 spine-2" ] || fail "$stage: $(offered show neighbor spine-)"
[ "$(offered neighbor server-1 dr)" = drain ] || fail "$stage: $(offered neighbor server-1 dr)"
[ "$(offered show rib out server-)" = "server-1 server-2" ] || fail "$stage: $(offered show rib out server-)"

say "the address of the service is announced while it answers"
no_kernel tor 10.1.255.1/32 || fail "$stage"
start service host python3 -m http.server 8080 --bind 127.0.0.1
expect 15 kernel tor 10.1.255.1/32 "proto bgp" swp1
expect 5 kernel spine 10.1.255.1/32 to-tor to-tor2
stop service
expect 15 no_kernel tor 10.1.255.1/32
kernel tor 10.1.0.17/32 >/dev/null || fail "$stage"

say "without one switch the other has it all"
in_ns tor ip link set swp1 down
expect 10 default_through host 4 eth1
expect 10 in_ns spine ping -qc 1 -W 1 -I 10.255.0.1 10.1.0.17
for name in host tor tor2 spine; do
	stop $name KILL # an orderly stop drains for ten seconds
done

say "nodes of Calico at a reflector"
ns bridge n1 n2 reflector
lan bridge n1 n2 reflector
in_ns n1 ip address add 10.20.0.1/24 dev lan
in_ns n2 ip address add 10.20.0.2/24 dev lan
in_ns reflector ip address add 10.20.0.10/24 dev lan
mkdir "$dir/resources"
cp "$examples/calico/resources.yaml" "$dir/resources"
cp "$examples/calico/bgpd.yaml" "$dir/n1.yaml"
cp "$examples/reflector.yaml" "$dir"
sed "s|^node: n1$|node: n2|; s|/etc/godwit/resources|$dir/resources|; s|/usr/share/godwit/templates|$top/conf/templates|
	s|/etc/godwit/bgpd.yaml|$dir/n2.yaml|; s|\"bgpd -n|\"$BGPD -n|; s|reload: bgpctl|reload: $BGPCTL -s $dir/n2.sock|" \
	"$examples/calico/bgpconfd.yaml" >"$dir/confd.yaml"
reflect() {
	start reflector reflector "$BGPD" --no-kernel -f "$dir/reflector.yaml" -s "$dir/reflector.sock"
	expect 10 ctl reflector show summary
}
reflect
godwit n1 n1
# It reloads who is not there yet.
env -u NODENAME -u DATASTORE_TYPE "$BGPCONFD" -f "$dir/confd.yaml" --once >"$dir/confd.log" 2>&1
[ -s "$dir/n2.yaml" ] || fail "$stage: no configuration of n2"
godwit n2 n2
expect 30 session n1 Global_10_20_0_10
expect 30 session n2 Global_10_20_0_10
ask reflector '.ranges[0] | .name == "nodes" and .neighbors == 2' show neighbor >/dev/null || fail "$stage: not two of the range"
both() {
	kernel n1 10.65.0.64/26 "via 10.20.0.2" "proto bird" && kernel n2 10.65.0.0/26 "via 10.20.0.1" "proto bird"
}
expect 10 both
kernel n1 10.65.0.0/26 blackhole >/dev/null || fail "$stage"
[ -z "$(in_ns reflector ip route show proto bgp)" ] || fail "$stage: the reflector has routes in its kernel"

say "a restart of the reflector costs no route"
stop reflector KILL
holds 2 both
reflect
expect 40 session n1 Global_10_20_0_10
expect 40 session n2 Global_10_20_0_10
holds 2 both
for name in n1 n2 reflector; do
	clean_stop $name
done
