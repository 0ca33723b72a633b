# SPDX-License-Identifier: Apache-2.0
# FRR (zebra and bgpd) as one side of a scenario; what the functions promise is in ../scenario.sh.
# shellcheck shell=bash disable=SC2154
frr_programs="vtysh /usr/lib/frr/bgpd /usr/lib/frr/zebra"
frr_kernel=yes
frr_path() { echo "$1 4200001000 65020 65030"; }

frr_config() {
	cat <<-EOT
		route-map mark permit 10
		 set as-path prepend 4200001000 65020 65030
		 set metric 77
		 set community 65010:100
		 set large-community 65010:1:2
		 set extcommunity rt 65010:7
		router bgp $my_as
		 bgp router-id $my_id
		 bgp graceful-restart-disable
		 bgp log-neighbor-changes
		 no bgp default ipv4-unicast
		 no bgp ebgp-requires-policy
		 no bgp network import-check
		 neighbor $peer4 remote-as $peer_as
		 neighbor $peer6 remote-as $peer_as
	EOT
	for peer in "$peer4" "$peer6"; do
		echo " neighbor $peer timers connect 2"
		echo " neighbor $peer advertisement-interval 0"
		[ -z "$opt_password" ] || echo " neighbor $peer password $opt_password"
		[ -z "$opt_gtsm" ] || echo " neighbor $peer ttl-security hops 1"
	done
	cat <<-EOT
		 address-family ipv4 unicast
		  network $net4 route-map mark
		  neighbor $peer4 activate
		 exit-address-family
		 address-family ipv6 unicast
		  network $net6 route-map mark
		  neighbor $peer6 activate
		 exit-address-family
	EOT
}

frr_daemon() { # NAME PROGRAM
	local name=$1 program=$2
	start "$name-$program" "$name" "/usr/lib/frr/$program" --log stdout -A 127.0.0.1 \
		-f "$dir/$name.$program.conf" -i "$dir/$name.vty/$program.pid" \
		-z "$dir/$name.vty/zserv" --vty_socket "$dir/$name.vty"
}
# frr_run NAME: in the namespace of that name, with $dir/NAME.bgpd.conf
frr_run() {
	# The daemons give up root for this user.
	rm -rf "$dir/$1.vty"
	install -d -o frr -g frr "$dir/$1.vty"
	: >"$dir/$1.zebra.conf"
	frr_daemon "$1" zebra
	within 10 test -S "$dir/$1.vty/zserv" || fail "zebra makes no socket"
	frr_daemon "$1" bgpd
	within 10 frr_ctl "$1" 'show version' || fail "FRR's bgpd does not answer"
}
frr_start() {
	side "$1"
	frr_config >"$dir/$1.bgpd.conf"
	frr_run "$1"
}
frr_stop() { stop "$1-bgpd" && stop "$1-zebra"; }
frr_ctl() { # NAME COMMAND...
	local name=$1 arguments=() c
	shift
	for c in "$@"; do
		arguments+=(-c "$c")
	done
	vtysh --vty_socket "$dir/$name.vty" -d bgpd "${arguments[@]}"
}
frr_up() {
	frr_ctl "$1" 'show bgp summary json' | jq -e \
		'[.[].peers? // {} | .[] | select(.state == "Established")] | length == 2'
}
frr_family() { case $1 in *:*) echo ipv6 ;; *) echo ipv4 ;; esac; }
frr_route() {
	frr_ctl "$1" "show bgp $(frr_family "$2") unicast $2 json" | jq -re '.paths[0] |
		"path=\(.aspath.string)\nmed=\(.metric)\ncommunities=\(.community.string)",
		"large=\(.largeCommunity.string)\next=\(.extendedCommunity.string | ascii_downcase)"'
}
frr_networks() { # NAME "no" | ""
	side "$1"
	frr_ctl "$1" 'configure terminal' "router bgp $my_as" \
		'address-family ipv4 unicast' "$2 network $net4 route-map mark" 'exit-address-family' \
		'address-family ipv6 unicast' "$2 network $net6 route-map mark"
}
frr_withdraw() { frr_networks "$1" no; }
frr_announce() { frr_networks "$1" ""; }
frr_refresh() {
	side "$1"
	frr_ctl "$1" "clear bgp ipv4 unicast $peer4 soft in" "clear bgp ipv6 unicast $peer6 soft in"
}
frr_shutdown() { # NAME "no" | "" TEXT
	side "$1"
	frr_ctl "$1" 'configure terminal' "router bgp $my_as" "$2 neighbor $peer4 shutdown $3"
}
frr_down() { frr_shutdown "$1" "" "message $2"; }
frr_again() { frr_shutdown "$1" no ""; }
frr_told() { grep -F "$2" "$dir/$1-bgpd.log"; }
