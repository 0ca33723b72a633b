#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# bgpconfd while its disk is full, and while it is read-only: the file in place stays whole, the log and the status say
# which file and why, it is tried again, and applied as soon as there is room. bgpd on the same disk keeps running and
# reloads; it says which of its own files it could not write.
[ -n "${DISKFULL_MOUNTS:-}" ] || exec env DISKFULL_MOUNTS=1 unshare -m "$0" "$@" # nothing is left mounted
. "$(dirname "$0")/../lib.sh"
. "$top/tests/calico.sh"
need mount
ns a
disk=/mnt
mount -t tmpfs -o size=64k tmpfs "$disk" 2>"$dir/mount.err" || skip "no tmpfs: $(cat "$dir/mount.err")"
node() { # AS
	{
		printf 'kind: Node\nmetadata: {name: n1}\nspec: {bgp: {ipv4Address: 10.99.0.1/24, asNumber: %s}}\n' "$1"
		for n in {2..40}; do
			printf -- '---\nkind: Node\nmetadata: {name: n%s}\nspec: {bgp: {ipv4Address: 10.99.0.%s/24, asNumber: %s}}\n' "$n" "$n" "$1"
		done
	} | put node.yaml
}
node 64512
mkdir "$disk/etc"
cat >"$dir/confd.yaml" <<-EOT
	node: n1
	datastore: {type: files, path: $dir/resources}
	resolver: calico
	control: {socket: $dir/confd.sock}
	templates:
	  - {src: $templates/bgpd.yaml.mustache, dest: $disk/etc/n1.yaml, check: "$BGPD -n -f {{stage}}",
	     reload: "$BGPCTL -s $dir/n1.sock reload"}
EOT
start confd a "$BGPCONFD" -f "$dir/confd.yaml" -v
expect 10 test -s "$disk/etc/n1.yaml"
start n1 a "$BGPD" -f "$disk/etc/n1.yaml" -s "$dir/n1.sock" -v
expect 10 ctl n1 show summary
runs_as() { ask n1 ".neighbors[0].local_as == $1" show neighbor; }
log_has() { grep -q "$2" "$dir/$1.log"; }
status_has() { "$BGPCONFD" -f "$dir/confd.yaml" --status | grep -q "$1"; }
whole() { cmp "$dir/right" "$disk/etc/n1.yaml"; }
expect 10 runs_as 64512

as=64512
for trouble in full read-only; do
	say "$trouble: the file in place stays, and both programs run"
	cp "$disk/etc/n1.yaml" "$dir/right"
	: >"$dir/confd.log"
	case $trouble in
	full)
		dd if=/dev/zero of="$disk/filler" bs=1k 2>/dev/null
		error="No space left on device"
		;;
	read-only)
		mount -o remount,ro "$disk" || fail "$stage"
		error="Read-only file system"
		;;
	esac
	node $((as + 1))
	expect 10 log_has confd "error .*n1.yaml.*$error"
	expect 10 status_has "$error"
	sleep 2
	whole || fail "$stage"
	[ "$(ls -A "$disk/etc")" = n1.yaml ] || fail "$stage: something is left: $(ls -A "$disk/etc")"
	runs_as $as >/dev/null || fail "$stage: bgpd does not run what it had"
	ctl n1 reload >/dev/null || fail "$stage: bgpd does not reload"
	[ "$(grep -c "error .*n1.yaml.*$error" "$dir/confd.log")" -le 2 ] || fail "$stage: said again and again"

	say "$trouble: bgpd that starts says which file it could not write, and runs"
	echo 'router: {as: 65000, id: 10.99.9.9, listen: []}' >"$dir/other.yaml"
	start other a "$BGPD" -f "$dir/other.yaml" -s "$dir/other.sock" -p "$disk/other.pid" --no-kernel
	expect 10 ctl other show summary
	log_has other "warn daemon.pidfile file=$disk/other.pid error=\"$error\"" || fail "$stage"
	clean_stop other
	if [ $trouble = read-only ]; then
		start nosocket a "$BGPD" -f "$dir/other.yaml" -s "$disk/other.sock" --no-kernel
		wait "${pids[nosocket]}" && fail "$stage: it runs without a control socket"
		unset "pids[nosocket]"
		log_has nosocket "error .*$disk/other.sock.*$error" || fail "$stage"
	fi

	say "$trouble: when that is over the new configuration is applied"
	as=$((as + 1))
	case $trouble in
	full) rm -f "$disk/filler" ;;
	read-only) mount -o remount,rw "$disk" || fail "$stage" ;;
	esac
	expect 20 runs_as $as
	expect 10 grep -q $as "$disk/etc/n1.yaml"
	[ "$(ls -A "$disk/etc")" = n1.yaml ] || fail "$stage: something is left: $(ls -A "$disk/etc")"
	expect 10 no status_has "$error"
done
clean_stop confd
clean_stop n1
