#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The Debian packages: what tools/deb makes pleases lintian and is what `make install` installs; on a fresh Debian 12
# they install, two daemons talk to each other, they install over themselves, and purged they leave nothing but their user.
# Packages come from where apt of this host has its own.
# Alone: it builds everything.
. "$(dirname "$0")/../lib.sh"
need ip debootstrap dpkg-buildpackage dh lintian chroot
root=$dir/root
# systemd-tmpfiles wants /proc.
in_root() {
	env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		unshare --mount sh -ec 'mount -t proc proc "$0/proc"; exec chroot "$0" "$@"' "$root" "$@"
}
# done_by NAME COMMAND...: its output is shown where it fails
done_by() {
	local log=$dir/$1.log
	shift
	"$@" >>"$log" 2>&1 </dev/null || fail "$stage: $*"
}

say "a fresh Debian 12 is unpacked while packages are built"
apt-get indextargets --format '$(SITE) $(CODENAME) $(COMPONENT) $(ORIGIN)' 'Identifier: Packages' 2>/dev/null |
	sed -n 's/^\(.*\) main Debian$/\1/p' | sort -u >"$dir/sites"
mirror=$(sed -n 's/ bookworm$//p' "$dir/sites" | head -n 1)
[ -n "$mirror" ] || skip "apt of this host has no Debian 12"
debootstrap --variant=minbase bookworm "$root" "$mirror" >"$dir/debootstrap.log" 2>&1 </dev/null &
pids[debootstrap]=$!
DEB_BUILD_OPTIONS="nocheck parallel=$(nproc)" "$top/tools/deb" -o "$dir/deb" >"$dir/deb.log" 2>&1 || fail "$stage"

say "lintian has nothing to say"
tail -n 1 "$dir/deb.log" | grep -qx 'lintian: clean' || fail "$stage"

say "the packages' files are those of make install"
done_by install make -s -C "$build" install DESTDIR="$dir/made" prefix=/usr sysconfdir=/etc systemdsystemunitdir=/lib/systemd/system
# Pages are compressed and documents added in packages; debug symbols are a package of their own.
(cd "$dir/made" && find . ! -type d) | sort >"$dir/made.files"
for deb in "$dir"/deb/godwit_*.deb "$dir"/deb/godwit-confd_*.deb; do
	dpkg-deb --contents "$deb" | sed -n 's/^[-l].* \(\.\/[^ ]*\).*/\1/p'
done | sed 's/^\(.*\/man\/.*\)\.gz$/\1/' |
	grep -vE '^./usr/share/(doc/[^/]*/(changelog.Debian.gz|copyright|README.Debian)|lintian/.*)$' | sort >"$dir/packed.files"
[ "$(wc -l <"$dir/made.files")" -gt 20 ] || fail "$stage: make install has not installed much"
diff "$dir/made.files" "$dir/packed.files" || fail "$stage"

say "a fresh Debian 12"
wait "${pids[debootstrap]}"
rc=$?
unset 'pids[debootstrap]'
[ $rc -eq 0 ] || {
	grep -qE 'Cannot install into target|mknod|Operation not permitted' "$dir/debootstrap.log" && skip "debootstrap cannot work here: $(tail -n 1 "$dir/debootstrap.log")"
	fail "$stage"
}
sed 's/^/deb /; s/$/ main/' "$dir/sites" >"$root/etc/apt/sources.list"
# The way to the mirror, where that is not direct.
apt-config dump | grep -E '^Acquire::[a-z]*::Proxy' >"$root/etc/apt/apt.conf.d/90proxy"
# Nothing starts in a folder.
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
mkdir "$root/packages"
cp "$dir"/deb/godwit_*.deb "$dir"/deb/godwit-confd_*.deb "$root/packages/"
# packages COMMAND...: with the paths of both
packages() { in_root sh -c 'exec "$@" /packages/*.deb' sh "$@"; }
done_by apt in_root apt-get -qq update
# What they depend on stays when they go, so it is there before the list of files is made.
for deb in "$root"/packages/*.deb; do
	done_by apt in_root apt-get -qq -y satisfy --no-install-recommends "$(dpkg-deb -f "$deb" Depends | sed 's/godwit ([^)]*), //')"
done
# What dpkg and apt note for themselves, logs and caches.
files() { (cd "$root" && find . -xdev \( -path ./proc -o -path ./sys -o -path ./dev -o -path ./var/lib/dpkg -o -path ./var/lib/systemd/deb-systemd-helper-enabled -o -path ./var/cache -o -path ./var/log \) -prune -o -print | sort); }
files >"$dir/before"
done_by dpkg packages dpkg -i

say "two daemons, as installed, have a session and each other's routes"
ns a b
link a b 1
n=0
for name in a b; do
	n=$((n + 1))
	cat >"$root/etc/godwit/$name.yaml" <<-EOT
		router: {as: 6451$n, id: 10.0.0.$n}
		control: {socket: /run/godwit-$name.sock}
		neighbors:
		  - {address: 10.99.1.$((3 - n)), name: peer, remote-as: 6451$((3 - n)), connect-retry-time: 1, import: [accept], export: [accept]}
		networks:
		  - {prefix: 192.0.2.$((n * 16))/28, blackhole: true}
	EOT
	done_by check in_root bgpd -n -f "/etc/godwit/$name.yaml"
	start $name $name chroot "$root" /usr/sbin/bgpd -f "/etc/godwit/$name.yaml"
done
established() { in_root bgpctl -s "/run/godwit-$1.sock" show neighbor peer | grep Established; }
for name in a b; do
	expect 20 established $name
done
expect 20 kernel a 192.0.2.32/28 'via 10.99.1.2'
expect 20 kernel b 192.0.2.16/28 'via 10.99.1.1'
clean_stop a
clean_stop b
rm "$root"/etc/godwit/[ab].yaml

say "/etc/godwit is closed to others, and its group is godwit"
[ "$(in_root stat -c '%U:%G %a' /etc/godwit)" = "root:godwit 770" ] || fail "$stage: $(in_root stat -c '%U:%G %a' /etc/godwit)"

say "an upgrade leaves the configuration alone, without a question"
printf 'router: {as: 64512, id: 10.0.0.1}\n' >"$root/etc/godwit/bgpd.yaml"
printf '# changed\n' >"$root/etc/godwit/bgpconfd.yaml"
cp -R "$root/etc/godwit" "$dir/etc"
done_by dpkg packages dpkg -i
diff -r "$dir/etc" "$root/etc/godwit" || fail "$stage"

# What is done under systemd happens in a copy that is gone afterwards.
cat >"$root/packages/inside" <<'EOT'
set -eu
rm /usr/sbin/policy-rc.d
pid() { systemctl show -P MainPID "$1"; }
user() { stat -c %U "/proc/$(pid "$1")"; }
is() { echo "$1: $2" && [ "$2" = "$3" ]; }
# `!` would not end the script.
none() { if "$@" 2>/dev/null; then return 1; fi; }
# eventually COMMAND...
eventually() {
	tries=0
	until "$@" >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ $tries -le 300 ] || { journalctl -q --no-pager -o cat -u bgpd -u bgpconfd; echo "never: $*"; return 1; }
		sleep 0.1
	done
}
neighbor() { bgpctl show neighbor | grep -F "$1"; }

echo "bgpd runs as its user, and bgpctl finds it"
systemctl start bgpd
bgpctl show
is user "$(user bgpd)" godwit
is socket "$(stat -c '%U:%G %a' /run/godwit/bgpd.sock)" 'godwit:godwit 660'
bgpd=$(pid bgpd)

echo "bgpconfd makes its configuration of files, checks it and has it read"
mkdir /etc/godwit/resources
cp /usr/share/doc/godwit/examples/calico/resources.yaml /etc/godwit/resources/
cp /usr/share/doc/godwit/examples/calico/bgpconfd.yaml /etc/godwit/
systemctl start bgpconfd
is user "$(user bgpconfd)" godwit
eventually neighbor 10.20.0.10
is owner "$(stat -c %U /etc/godwit/bgpd.yaml)" godwit
sed -i 's/10\.20\.0\.10,/10.20.0.11,/' /etc/godwit/resources/resources.yaml
eventually neighbor 10.20.0.11
is "bgpd before and after" "$(pid bgpd)" "$bgpd"

echo "an upgrade restarts bgpconfd, and not bgpd"
bgpconfd=$(pid bgpconfd)
dpkg -i /packages/*.deb
is "bgpd before and after" "$(pid bgpd)" "$bgpd"
neighbor 10.20.0.11
systemctl is-active bgpconfd
[ "$(pid bgpconfd)" != "$bgpconfd" ]
systemctl restart bgpd
neighbor 10.20.0.11

echo "nothing was refused"
none journalctl -q --no-pager -o cat -u bgpd -u bgpconfd --grep 'not permitted|Permission denied|not implemented|Read-only'

echo "purged, neither runs"
dpkg --purge godwit godwit-confd
none systemctl is-active bgpd bgpconfd
none grep -xE 'bgpd|bgpconfd' /proc/[0-9]*/comm
none ls -d /run/godwit
EOT
say "under systemd both services run as their user, an upgrade leaves bgpd alone, and a purge stops them"
"$top/tools/sdboot" -r "$root" sh /packages/inside >"$dir/sdboot.log" 2>&1 </dev/null
rc=$?
[ $rc -eq 77 ] && echo "  not here: $(tail -n 1 "$dir/sdboot.log")"
[ $rc -eq 0 ] || [ $rc -eq 77 ] || fail "$stage"
rm "$root/packages/inside"

say "removed, the configuration stays; installed again, it is there"
done_by dpkg in_root dpkg -r godwit godwit-confd
[ ! -e "$root/usr/sbin/bgpd" ] || fail "$stage"
diff -r "$dir/etc" "$root/etc/godwit" || fail "$stage"
done_by dpkg packages dpkg -i
done_by check in_root bgpd -n

say "purged, nothing is left"
done_by dpkg in_root dpkg --purge godwit godwit-confd
files >"$dir/after"
diff "$dir/before" "$dir/after" || fail "$stage"
