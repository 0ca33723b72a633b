# SPDX-License-Identifier: Apache-2.0
# GoBGP as one side of a scenario; what the functions promise is in ../scenario.sh.
# It keeps routes to itself: writing them into the kernel needs FRR's zebra.
# shellcheck shell=bash disable=SC2154
gobgp_programs="gobgp gobgpd"
gobgp_kernel=no
gobgp_path() { echo "$1 4200001000 65020 65030"; }

gobgp_neighbor() { # FAMILY ADDRESS LOCAL
	cat <<-EOT
		[[neighbors]]
		  [neighbors.config]
		    neighbor-address = "$2"
		    peer-as = $peer_as
		    auth-password = "$opt_password"
		  [neighbors.transport.config]
		    local-address = "$3"
		  [neighbors.ttl-security.config]
		    enabled = ${opt_gtsm:+true}${opt_gtsm:-false}
		    ttl-min = 255
		  [neighbors.timers.config]
		    connect-retry = 2
		    idle-hold-time-after-reset = 1
		  [[neighbors.afi-safis]]
		    [neighbors.afi-safis.config]
		      afi-safi-name = "$1"
	EOT
}
gobgp_start() {
	side "$1"
	{
		printf '[global.config]\n  as = %s\n  router-id = "%s"\n' "$my_as" "$my_id"
		gobgp_neighbor ipv4-unicast "$peer4" "$my4"
		gobgp_neighbor ipv6-unicast "$peer6" "$my6"
	} | sed 's/= true1/= true/' >"$dir/$1.toml"
	start "$1" "$1" gobgpd -t toml -f "$dir/$1.toml" --api-hosts 127.0.0.1:50051 --pprof-disable
	within 10 gobgp_ctl "$1" neighbor || fail "gobgpd does not answer"
	gobgp_announce "$1"
}
gobgp_stop() { stop "$1"; }
gobgp_ctl() { in_ns "$1" gobgp "${@:2}"; }
gobgp_up() {
	gobgp_ctl "$1" -j neighbor | jq -e '[.[] | select(.state["session-state"] == 6)] | length == 2' ||
		[ "$(gobgp_ctl "$1" neighbor | grep -c Establ)" -eq 2 ]
}
gobgp_family() { case $1 in *:*) echo ipv6 ;; *) echo ipv4 ;; esac; }
gobgp_route() {
	gobgp_ctl "$1" -j global rib -a "$(gobgp_family "$2")" "$2" | jq -re '
		.[] | .[0].attrs | map({key: (.type | tostring), value: .}) | from_entries |
		"path=\([."2".as_paths[].asns[]] | join(" "))\nmed=\(."4".metric)",
		"communities=\([."8".communities[] | "\(. / 65536 | floor):\(. % 65536)"] | join(" "))",
		"large=\([."32".value[] | "\(.ASN):\(.LocalData1):\(.LocalData2)"] | join(" "))",
		"ext=\([."16".value[] | select(.subtype == 2) | "rt:\(.value)"] | join(" "))"'
}
gobgp_each() { # NAME add|del ATTRIBUTE...
	side "$1"
	gobgp_ctl "$1" global rib "$2" -a ipv4 "$net4" nexthop "$my4" "${@:3}" &&
		gobgp_ctl "$1" global rib "$2" -a ipv6 "$net6" nexthop "$my6" "${@:3}"
}
gobgp_announce() {
	gobgp_each "$1" add origin igp aspath "4200001000 65020 65030" med 77 \
		community 65010:100 large-community 65010:1:2 rt 65010:7
}
gobgp_withdraw() { gobgp_each "$1" del; }
gobgp_refresh() {
	side "$1"
	gobgp_ctl "$1" neighbor "$peer4" softresetin -a ipv4 && gobgp_ctl "$1" neighbor "$peer6" softresetin -a ipv6
}
# 3.10 takes a reason on its command line but does not send it.
gobgp_says=no
gobgp_down() {
	side "$1"
	gobgp_ctl "$1" neighbor "$peer4" disable
}
gobgp_again() {
	side "$1"
	gobgp_ctl "$1" neighbor "$peer4" enable
}
gobgp_told() { grep -F "$2" "$dir/$1.log"; }
