# SPDX-License-Identifier: Apache-2.0
# BIRD 2 as one side of a scenario; what the functions promise is in ../scenario.sh.
# shellcheck shell=bash disable=SC2154
bird2_programs="bird birdc"
bird2_kernel=yes
bird2_path() { echo "$1 $(seq -s ' ' 4200001000 4200001259)"; }

bird2_protocol() { # FAMILY LOCAL REMOTE
	cat <<-EOT
		protocol bgp session$1 {
			local $2 as $my_as;
			neighbor $3 as $peer_as;
			connect delay time 1; connect retry time 2; error wait time 1, 2;
			$([ -z "$opt_password" ] || echo "password \"$opt_password\";")
			${opt_gtsm:+ttl security on;}
			graceful restart off;
			ipv$1 { import all; export filter {
				if proto = "originate$1" then { mark(); accept; }
				reject;
			}; };
		}
		protocol static originate$1 { ipv$1;
	EOT
}

bird2_config() {
	echo "log stderr all; router id $my_id;"
	echo "function mark() {"
	# The first to be prepended ends up last.
	for as in $(seq 4200001259 -1 4200001000); do
		echo "bgp_path.prepend($as);"
	done
	cat <<-EOT
			bgp_med = 77;
			bgp_community.add((65010, 100));
			bgp_large_community.add((65010, 1, 2));
			bgp_ext_community.add((rt, 65010, 7));
		}
		protocol device { scan time 1; }
		protocol kernel { ipv4 { export where source = RTS_BGP; }; }
		protocol kernel { ipv6 { export where source = RTS_BGP; }; }
	EOT
	bird2_protocol 4 "$my4" "$peer4"
	echo "route $net4 blackhole; }"
	bird2_protocol 6 "$my6" "$peer6"
	echo "route $net6 blackhole; }"
}

# bird2_run NAME: in the namespace of that name, with $dir/NAME.conf
bird2_run() {
	start "$1" "$1" bird -f -c "$dir/$1.conf" -s "$dir/$1.ctl"
	within 10 bird2_ctl "$1" show status || fail "BIRD does not answer"
}
bird2_start() {
	side "$1"
	bird2_config >"$dir/$1.conf"
	bird2_run "$1"
}
bird2_stop() { stop "$1"; }
bird2_ctl() { birdc -s "$dir/$1.ctl" "${@:2}"; }
bird2_up() {
	[ "$(bird2_ctl "$1" show protocols | grep -c '^session[46] .*Established')" -eq 2 ]
}
bird2_route() {
	bird2_ctl "$1" show route "$2" all primary | awk '
		/BGP.as_path:/ { sub(/.*: /, ""); path = $0 }
		/BGP.med:/ { med = $2 }
		/BGP.community:/ { gsub(/.*: |[()]/, ""); gsub(/,/, ":"); com = $0 }
		/BGP.large_community:/ { gsub(/.*: |[()]/, ""); gsub(/, /, ":"); large = $0 }
		/BGP.ext_community:/ { gsub(/.*: |[()]/, ""); gsub(/, /, ":"); ext = $0 }
		END { if (path == "") exit 1
		      printf "path=%s\nmed=%s\ncommunities=%s\nlarge=%s\next=%s\n", path, med, com, large, ext }'
}
bird2_withdraw() { bird2_ctl "$1" disable '"originate*"'; }
bird2_announce() { bird2_ctl "$1" enable '"originate*"'; }
bird2_refresh() { bird2_ctl "$1" reload in '"session*"'; }
bird2_down() { bird2_ctl "$1" disable '"session4"' "\"$2\""; }
bird2_again() { bird2_ctl "$1" enable '"session4"'; }
bird2_told() { grep -F "$2" "$dir/$1.log"; }
