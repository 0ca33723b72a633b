#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What is copied over a calico-node (tools/calico): the binary set runs with nothing else in a root of its own, and under
# runit with the service directories as Calico's startup places them, the probes are content with it. The files for
# Docker and Kubernetes name what is there.
. "$(dirname "$0")/../lib.sh"
need_godwit
need patchelf strip python3 runsvdir sv svlogd unshare chroot
chroot=$(command -v chroot)
here=$(cd "$(dirname "$0")" && pwd)
calico=$top/tools/calico place=/usr/lib/godwit run=var/run/calico
ns hub n1 n2
lan hub n1 n2

# probe ROOT FAMILY WHAT...: what those make of the socket who ask it (calico_parsers.py)
probe() {
	local root=$1 ctl=bird.ctl
	[ "$2" = 4 ] || ctl=bird6.ctl
	shift 2
	python3 "$here/calico_parsers.py" "$root/$run/$ctl" "$@"
}
# inside ROOT COMMAND...: in that root, with the environment of a container
inside() {
	local root=$1
	shift
	in_ns n1 env -i PATH=/bin:$place/bin NODENAME=n1 DATASTORE_TYPE=files SVDIR=/etc/service/enabled "$chroot" "$root" "$@"
}
asked() { # ROOT FILTER COMMAND...: bgpctl there
	local root=$1 filter=$2
	shift 2
	inside "$root" $place/bin/bgpctl -s /$run/bgpd.sock -j "$@" | jq -e "$filter"
}
up() { # ROOT: both sessions are
	asked "$1" '[.neighbors[] | select(.state == "Established")] | length == 2' show neighbor
}
status() { # ROOT FAMILY: as the liveness probe runs it
	local ctl=bird.ctl
	[ "$2" = 4 ] || ctl=bird6.ctl
	inside "$1" /bin/birdcl -s /$run/$ctl show status | head -n 1 | grep '^BIRD'
}
resources() { # ROOT
	mkdir -p "$1/etc/godwit/resources" "$1/$run" "$1/dev" "$1/proc" "$1/tmp"
	cat >"$1/etc/godwit/resources/cluster.yaml" <<-EOT
		kind: BGPConfiguration
		metadata: {name: default}
		spec: {asNumber: 64512, nodeToNodeMeshEnabled: true}
		---
		kind: IPPool
		metadata: {name: pods}
		spec: {cidr: 10.65.0.0/16, ipipMode: Never}
		---
		kind: IPPool
		metadata: {name: pods6}
		spec: {cidr: "fd65::/48"}
		---
		kind: Node
		metadata: {name: n1}
		spec: {bgp: {ipv4Address: 10.99.0.1/24, ipv6Address: "fd99::1/64"}}
		---
		kind: Node
		metadata: {name: n2}
		spec: {bgp: {ipv4Address: 10.99.0.2/24, ipv6Address: "fd99::2/64"}}
		---
		kind: BlockAffinity
		metadata: {name: n1-block}
		spec: {node: n1, cidr: 10.65.1.0/26, state: confirmed}
	EOT
}

say "the set: no program needs anything beside it"
GODWIT_BUILD=$build "$calico/binaries" "$dir/bare" || fail "binaries"
loader=$(cd "$dir/bare$place/lib" && echo ld-*)
for program in bgpd bgpconfd bgpctl birdcl bird6; do
	libraries=$(inside "$dir/bare" "$place/lib/$loader" --list "$place/bin/$program") || fail "$program: $libraries"
	foreign=$(echo "$libraries" | grep -v -e "$place/lib/" -e linux-vdso)
	[ -z "$foreign" ] || fail "$program uses $foreign"
done
inside "$dir/bare" bird --version 2>&1 | grep -qx 'BIRD version v.*' || fail "bird --version"
inside "$dir/bare" bird6 --version 2>&1 | grep -qx 'BIRD version v.*' || fail "bird6 --version"
mkdir -p "$dir/bare/tmp"
printf 'router id 10.0.0.1;\nprotocol kernel { learn; }\n' >"$dir/bare/tmp/bird.cfg"
said=$(inside "$dir/bare" bird -p -c /tmp/bird.cfg 2>&1)
[ $? -eq 78 ] && [[ $said == *"not a configuration of BIRD"* ]] || fail "bird -p with a configuration of BIRD: $said"
cat >"$dir/n2.yaml" <<-EOT
	router: {as: 64512, id: 10.99.0.2}
	networks: [{prefix: 10.65.2.0/26}, {prefix: "fd65:0:0:2::/64"}]
	neighbors:
	  - {address: 10.99.0.1, remote-as: 64512, connect-retry-time: 1, idle-hold-time: {initial: 1, max: 1}}
	  - {address: "fd99::1", remote-as: 64512, connect-retry-time: 1, idle-hold-time: {initial: 1, max: 1}}
EOT
godwit n2 n2

say "bgpconfd in the bare root, which has no shell: what it makes is what it makes elsewhere"
resources "$dir/bare"
mkdir -p "$dir/bare/etc/calico/godwit"
sed -e '/ check:/d' -e '/ reload:/d' "$calico/bgpconfd.yaml" >"$dir/bare/etc/calico/godwit/once.yaml"
inside "$dir/bare" bgpconfd -f /etc/calico/godwit/once.yaml --once || fail "bgpconfd --once"
sed -e '/ check:/d' -e '/ reload:/d' -e "s#$place/templates#$top/conf/templates#" -e "s#/etc/calico/confd/config#$dir#" \
	"$calico/bgpconfd.yaml" >"$dir/elsewhere.yaml"
sed -i "1i datastore: {type: files, path: $dir/bare/etc/godwit/resources}" "$dir/elsewhere.yaml"
NODENAME=n1 "$build/conf/bgpconfd" -f "$dir/elsewhere.yaml" --once || fail "bgpconfd --once elsewhere"
cmp "$dir/bgpd.yaml" "$dir/bare/etc/calico/confd/config/bgpd.yaml" || fail "it differs"

say "bgpd there, by the command line of Calico's own run script"
start bare n1 env -i "$chroot" "$dir/bare" /bin/bird -R -s /$run/bird.ctl -d -c /etc/calico/confd/config/bird.cfg
expect 20 up "$dir/bare"
expect 10 kernel n1 10.65.2.0/26 "via 10.99.0.2" "proto bird"
expect 10 kernel n1 fd65:0:0:2::/64 "proto bird"
for family in 4 6; do
	expect 5 status "$dir/bare" $family
done
inside "$dir/bare" birdcl6 -s /$run/bird6.ctl sh pro >"$dir/protocols" || fail "birdcl6"
grep -q '^Mesh_fd99__2 ' "$dir/protocols" || fail "show protocols: $(cat "$dir/protocols")"
stop bare
kernel n1 10.65.2.0/26 "proto bird" || fail "the routes did not stay"

say "under runit, as calico-node starts it"
root=$dir/root
GODWIT_BUILD=$build "$calico/binaries" "$root" sh runsvdir runsv sv svlogd tee mkdir diff || fail "binaries"
# What calico-node brings itself.
ln -s $place/bin/sh "$root/bin/sh"
resources "$root"
# What would become of the resources, with the configuration as it is, before anything is changed.
inside "$root" bgpconfd -f $place/bgpconfd.yaml --show-model >"$dir/model" || fail "bgpconfd --show-model"
jq -e '.ipv4.sessions[0].name == "Mesh_10_99_0_2"' "$dir/model" >/dev/null || fail "bgpconfd --show-model: $(cat "$dir/model")"
touch "$root/dev/null"
ln -s /proc/self/fd "$root/dev/fd"
in_ns n1 unshare --pid --fork --kill-child --mount bash -c "mount -t proc proc '$root/proc' &&
	exec env -i PATH=/bin:$place/bin NODENAME=n1 DATASTORE_TYPE=files $chroot '$root' bgpconfd -f $place/bgpconfd.yaml --dry-run" \
	>"$dir/difference" || fail "bgpconfd --dry-run"
rm "$root/dev/null" "$root/dev/fd"
grep -q '^+.*name: "Mesh_10_99_0_2"' "$dir/difference" || fail "bgpconfd --dry-run: $(cat "$dir/difference")"
# The patch brings no folder for the configuration.
rm -r "$root/etc/calico"
mkdir -p "$root/etc/service/enabled" "$root/var/log/calico"
cp -a "$root"/etc/service/available/* "$root/etc/service/enabled/"
# A process tree of its own, which ends as a whole.
start runit n1 unshare --pid --fork --kill-child bash -c "
	mount -t proc proc '$root/proc' && mount --rbind /dev '$root/dev' &&
	exec env -i PATH=/bin:$place/bin NODENAME=n1 DATASTORE_TYPE=files SVDIR=/etc/service/enabled \
		$chroot '$root' runsvdir -P /etc/service/enabled"
live() { # FAMILY: the liveness probe
	local service other=bird out
	[ "$1" = 4 ] || other=bird6
	for service in confd $other; do
		out=$(inside "$root" sv status /etc/service/enabled/$service) || return 1
		echo "$out"
		case $out in run*) ;; *) return 1 ;; esac
	done
	status "$root" "$1"
}
# called NAME: the process in that root whose first word is just this, of which there is to be one
called() {
	local p found=()
	for p in /proc/[0-9]*; do
		[ "$(readlink "$p/root" 2>/dev/null)" = "$root" ] || continue
		[ "$(head -zn 1 "$p/cmdline" 2>/dev/null | tr -d '\0')" = "$1" ] && found+=("${p#/proc/}")
	done
	echo "${found[@]}"
	[ ${#found[@]} -eq 1 ]
}
is_called() { # NAME PID
	[ "$(called "$1")" = "$2" ]
}
expect 20 up "$root"
for family in 4 6; do
	expect 10 live $family
	expect 10 probe "$root" $family ready --young
	expect 10 probe "$root" $family ready
done
probe "$root" 4 node-status | jq -e '.[] | select(.address == "10.99.0.2" and .state == "up")' >/dev/null || fail "calicoctl"
probe "$root" 6 node-status | jq -e 'length == 1' >/dev/null || fail "calicoctl"
for class in agent bgp routes; do
	probe "$root" 4 $class >/dev/null || fail "CalicoNodeStatus: $class"
	probe "$root" 6 $class >/dev/null || fail "CalicoNodeStatus: $class of IPv6"
done

say "processes called bird and bird6, and neither ends at a SIGHUP"
bird=$(called bird) || fail "bird: $bird"
bird6=$(called bird6) || fail "bird6: $bird6"
reloads() { [ "$(grep -c 'config.reload ' "$root/var/log/calico/bird/current")" -ge "$1" ]; }
before=$(grep -c 'config.reload ' "$root/var/log/calico/bird/current")
inside "$root" sv hup bird && inside "$root" sv hup bird6 || fail "sv hup"
expect 10 reloads $((before + 1))
is_called bird "$bird" && is_called bird6 "$bird6" || fail "another process"

say "a resource more: checked and loaded by the services alone"
cat >"$root/etc/godwit/resources/more.yaml" <<-EOT
	kind: BGPPeer
	metadata: {name: tor}
	spec: {peerIP: 10.99.0.77, asNumber: 65001}
EOT
expect 10 asked "$root" '[.neighbors[].name] | index("Global_10_99_0_77") != null' show neighbor
is_called bird "$bird" || fail "another process"

say "its logs are in files and on standard output"
for service in bird bird6 confd; do
	[ -e "$root/var/log/calico/$service/current" ] || fail "no log of $service"
done
grep -q '^20..-..-.*daemon.start ' "$root/var/log/calico/bird/current" || fail "the log has no start"
grep -q 'daemon.start ' "$dir/runit.log" || fail "standard output has no start"

say "killed: runit starts it again, the kernel keeps the routes meanwhile"
kill -KILL "$bird"
other_bird() {
	local now
	now=$(called bird) && [ "$now" != "$bird" ]
}
within 10 other_bird &
while kill -0 $! 2>/dev/null; do
	kernel n1 10.65.2.0/26 "proto bird" >/dev/null || fail "the route went"
done
wait $! || fail "bird was not started again"
expect 20 up "$root"
expect 10 live 6
kernel n1 10.65.2.0/26 "proto bird" || fail "the route went"
is_called bird6 "$bird6" || fail "bird6 is another process"
stop runit KILL

say "without a word of a datastore it is Kubernetes, as for all of calico-node"
start unsaid n1 env -i PATH=/bin:$place/bin NODENAME=n1 "$chroot" "$root" /etc/service/available/confd/run
expect 10 grep -q 'source.trouble what=kubernetes .*KUBERNETES_SERVICE_HOST' "$dir/unsaid.log"
stop unsaid

say "the files for Docker and Kubernetes name what there is, and are well formed"
python3 - "$calico" "$root" <<-'EOT' || fail "see above"
	import os
	import re
	import sys
	import yaml
	calico, root = sys.argv[1:]
	place = "/usr/lib/godwit"
	def there(path):
	    assert os.path.exists(root + path) or os.path.islink(root + path), path
	for line in open(calico + "/Dockerfile"):
	    copied = re.match(r"COPY --from=build /set(\S+) (\S+)", line)
	    if copied:
	        there(copied[1])
	        assert copied[1] == copied[2], line
	for service in ("bird", "bird6", "confd"):
	    for script in ("run", "log/run"):
	        assert os.access(f"{root}/etc/service/available/{service}/{script}", os.X_OK), service
	yaml.safe_load(open(calico + "/bgpconfd.yaml"))
	kustomization = yaml.safe_load(open(calico + "/kustomize/kustomization.yaml"))
	patch = yaml.safe_load(open(calico + "/kustomize/" + kustomization["patches"][0]["path"]))
	assert kustomization["patches"][0]["target"] == {"kind": patch["kind"], "name": patch["metadata"]["name"]}
	pod = patch["spec"]["template"]["spec"]
	images = [c["image"] for c in pod["initContainers"]]
	assert images == [i["name"] for i in kustomization["images"]], images
	volumes = {v["name"] for v in pod["volumes"]}
	covered = set()
	for container in pod["initContainers"] + pod["containers"]:
	    for mount in container["volumeMounts"]:
	        assert mount["name"] in volumes, mount
	        if "subPath" in mount:
	            there(place + "/" + mount["subPath"])
	            covered.add(mount["mountPath"])
	want = {f"/bin/{p}" for p in ("bird", "bird6", "birdcl", "birdcl6")}
	want |= {f"/etc/service/available/{s}" for s in ("bird", "bird6", "confd")}
	assert covered == want, covered ^ want
EOT
