# SPDX-License-Identifier: Apache-2.0
# Our own bgpd as one side of a scenario; what the functions promise is in ../scenario.sh.
# shellcheck shell=bash disable=SC2154
godwit_programs=""
godwit_kernel=yes
# More than 255 ASes take two segments; BIRD shows only the first five hundred characters of a path.
godwit_last() { if [ "$kind_b" = bird2 ]; then echo 4200001039; else echo 4200001259; fi; }
godwit_path() { echo "$1 $(seq -s ' ' 4200001000 "$(godwit_last)")"; }

godwit_config() {
	cat <<-EOT
		router: {as: $my_as, id: $my_id}
		groups:
		  peer:
		    remote-as: $peer_as
		    connect-retry-time: 2
		    idle-hold-time: {initial: 1, max: 2}
		    graceful-restart: {enabled: false}
		    import: [accept]
		    export: [mark]
		    ${opt_password:+password: $opt_password}
		    ${opt_gtsm:+ttl-security: $opt_gtsm}
		neighbors:
		  - {address: "$peer4", name: peer4, group: peer}
		  - {address: "$peer6", name: peer6, group: peer}
		networks:
		  - {prefix: $net4, blackhole: true}
		  - {prefix: "$net6", blackhole: true}
		policies:
		  mark:
		    - match: {source: [static]}
		      set:
		        prepend: [$(seq -s ', ' 4200001000 "$(godwit_last)")]
		        med: 77
		        add-communities: ["65010:100", "65010:1:2", "rt:65010:7"]
		      action: accept
	EOT
}
godwit_start() {
	need_godwit
	side "$1"
	godwit_config >"$dir/$1.yaml"
	godwit "$1" "$1"
}
godwit_stop() { stop "$1" || fail "bgpd did not end well"; }
godwit_up() {
	ask "$1" '[.neighbors[] | select(.state == "Established")] | length == 2' show neighbor
}
godwit_route() {
	ctl "$1" -j show rib "$2" | jq -re '.rib[] | select(.best) |
		"path=\(.aspath)\nmed=\(.med)\ncommunities=\(.communities | join(" "))",
		"large=\(.large_communities | join(" "))\next=\(.ext_communities | join(" "))"'
}
# The networks of the file are edited and the file read again: a reload that touches no session.
godwit_edit() { # NAME SED-COMMAND
	sed -i "$2" "$dir/$1.yaml"
	ctl "$1" reload
}
godwit_withdraw() { godwit_edit "$1" '/{prefix: /s/^/#/; s/^networks:$/networks: []/'; }
godwit_announce() { godwit_edit "$1" '/{prefix: /s/^#//; s/^networks: \[\]$/networks:/'; }
godwit_refresh() { ctl "$1" neighbor peer4 refresh in && ctl "$1" neighbor peer6 refresh in; }
godwit_down() { ctl "$1" neighbor peer4 down "$2"; }
godwit_again() { ctl "$1" neighbor peer4 up; }
godwit_told() { ctl "$1" -j show neighbor peer4 | jq -r '.neighbors[0].last_error' | grep -F "$2"; }
