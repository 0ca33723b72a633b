# SPDX-License-Identifier: Apache-2.0
# OpenBGPD (portable) as one side of a scenario; what the functions promise is in ../scenario.sh.
# The portable version writes no kernel routes. Its bgpd and bgpctl have the names that ours
# have, so they are called by their full path.
# shellcheck shell=bash disable=SC2154
openbgpd_programs="/usr/sbin/bgpd /usr/sbin/bgpctl"
openbgpd_kernel=no
openbgpd_path() { echo "$1 $1 $1 $1"; }

openbgpd_networks() {
	for net in "$net4" "$net6"; do
		echo "network $net set { prepend-self 3 metric 77 community 65010:100" \
			"large-community 65010:1:2 ext-community rt 65010:7 }"
	done
}
openbgpd_neighbor() { # FAMILY ADDRESS LOCAL
	cat <<-EOT
		neighbor $2 {
			remote-as $peer_as
			local-address $3
			announce $1 unicast
			${opt_password:+tcp md5sig password $opt_password}
			${opt_gtsm:+ttl-security yes}
		}
	EOT
}
openbgpd_config() {
	cat <<-EOT
		AS $my_as
		router-id $my_id
		fib-update no
		connect-retry 2
		socket "$dir/$1.obgp"
		listen on $my4
		listen on $my6
	EOT
	openbgpd_networks
	openbgpd_neighbor IPv4 "$peer4" "$my4"
	openbgpd_neighbor IPv6 "$peer6" "$my6"
	echo 'allow from any
allow to any'
}
# Its processes chroot into the home of their user, which lies in /run: systemd would have made it.
openbgpd_chroot() { install -d -m 755 "$(getent passwd _openbgpd | cut -d: -f6)"; }
openbgpd_start() {
	side "$1"
	openbgpd_chroot
	openbgpd_config "$1" >"$dir/$1.obgpd.conf"
	chmod 600 "$dir/$1.obgpd.conf"
	start "$1" "$1" /usr/sbin/bgpd -d -f "$dir/$1.obgpd.conf"
	within 10 openbgpd_ctl "$1" show || fail "OpenBGPD does not answer"
}
openbgpd_stop() { stop "$1"; }
openbgpd_ctl() { /usr/sbin/bgpctl -s "$dir/$1.obgp" "${@:2}"; }
openbgpd_up() {
	openbgpd_ctl "$1" -j show neighbor | jq -e '[.neighbors[] | select(.state == "Established")] | length == 2'
}
openbgpd_route() {
	openbgpd_ctl "$1" -j show rib detail "$2" | jq -re '.rib[0] |
		"path=\(.aspath)\nmed=\(.metric)\ncommunities=\(.communities | join(" "))",
		"large=\(.large_communities | join(" "))",
		"ext=\(.extended_communities | map(gsub(" "; ":")) | join(" "))"'
}
openbgpd_withdraw() {
	sed -i '/^network/d' "$dir/$1.obgpd.conf"
	openbgpd_ctl "$1" reload
}
openbgpd_announce() {
	side "$1"
	openbgpd_config "$1" >"$dir/$1.obgpd.conf"
	openbgpd_ctl "$1" reload
}
openbgpd_refresh() {
	side "$1"
	openbgpd_ctl "$1" neighbor "$peer4" refresh && openbgpd_ctl "$1" neighbor "$peer6" refresh
}
openbgpd_down() {
	side "$1"
	openbgpd_ctl "$1" neighbor "$peer4" down "$2"
}
openbgpd_again() {
	side "$1"
	openbgpd_ctl "$1" neighbor "$peer4" up
}
openbgpd_told() { grep -F "$2" "$dir/$1.log"; }
