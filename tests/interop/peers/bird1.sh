# SPDX-License-Identifier: Apache-2.0
# BIRD 1.6 as calico-node runs it: bird for IPv4 and bird6 for IPv6, with a configuration of the form that confd makes.
# It comes from Debian's package bird, which conflicts with bird2: unpacked into a directory of its own.
#
# Calico's BIRD is v0.3.3+birdv1.6.8. What Debian's 1.6.8 does not know is left out: krt_tunnel, which sends routes of
# IPIP pools into tunl0 (Felix programs those by now). All else is as there.
# shellcheck shell=bash disable=SC2154

# bird1_get: sets $bird1 to the directory of the programs; skips the test where the package cannot be had
bird1_get() {
	local cache=${GODWIT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/godwit}/bird1 got=$dir/bird1
	bird1=$cache/usr/sbin
	[ -x "$bird1/bird6" ] && return
	need apt-get dpkg
	mkdir -p "$got" "${cache%/*}" || skip "no directory for what is downloaded: $cache"
	(cd "$got" && apt-get -q download bird) >"$dir/apt.out" 2>&1 ||
		skip "BIRD 1.6 cannot be had: $(grep '^E:' "$dir/apt.out" | head -n 1)"
	dpkg -x "$got"/bird_1.*.deb "$got/unpacked" 2>"$dir/apt.out" || skip "BIRD 1.6 cannot be unpacked: $(cat "$dir/apt.out")"
	rm -rf "$cache"
	mv "$got/unpacked" "$cache"
	"$bird1/bird" --version 2>&1 | grep -q ' 1\.6\.' || skip "BIRD 1.6 does not run here: $("$bird1/bird" --version 2>&1)"
}

# bird1_config FAMILY N: the configuration of node N, of what the functions "address FAMILY N", "block FAMILY N" and
# "pool FAMILY" print, and "sessions FAMILY N": a line "NAME REMOTE [OPTIONS]" each.
bird1_config() {
	local family=$1 n=$2 own block name remote options
	own=$(address "$family" "$n")
	block=$(block "$family" "$n")
	cat <<-EOT
		log stderr all;
		router id $(address 4 "$n");
		function calico_aggr() {
			if (net = $block) then { accept; }
			if (net ~ $block) then {
				if ((defined(krt_metric)) && (krt_metric < 1024)) then { accept; }
				reject;
			}
		}
		filter calico_kernel_programming {
			if (defined(source) && (source = RTS_BGP) && !defined(krt_metric)) then {
				krt_metric = 1024;
				if defined(bgp_local_pref) then { krt_metric = 2147483647 - bgp_local_pref; }
				if (krt_metric < 1024) then { preference = 200; }
			}
			accept;
		}
		function calico_priority() {
			if (defined(source) && (source = RTS_BGP) && defined(bgp_local_pref)) then {
				krt_metric = 2147483647 - bgp_local_pref;
			} else {
				if (!defined(krt_metric)) then { krt_metric = 1024; }
				bgp_local_pref = 2147483647 - krt_metric;
			}
		}
		function calico_export_to_bgp_peers(bool internal_peer) {
			if (internal_peer) then {
				if (defined(ifname)) then {
					if (ifname ~ "*.cali") || (ifname ~ "*.calico") || (ifname ~ "tunl0") then { reject; }
				}
			}
			if (defined(ifname)) then { if (ifname ~ "bpf*.cali") then { reject; } }
			calico_aggr();
			if (net ~ $(pool "$family")) then { accept; }
			reject;
		}
		protocol kernel {
			learn; persist; scan time 2;
			import all; export filter calico_kernel_programming;
			graceful restart; merge paths on;
		}
		protocol device { scan time 2; }
		protocol direct { interface -"cali*", -"kube-ipvs*", "*"; }
		protocol static { route $block blackhole; }
		template bgp bgp_template {
			debug { states };
			description "Connection to BGP peer";
			local as 64512;
			gateway recursive;
			add paths on;
			graceful restart;
			connect delay time 2; connect retry time 5; error wait time 5,30;
			import filter {
				if ((defined(bgp_local_pref)) && (bgp_local_pref > 2147482623)) then { preference = 200; }
				accept;
			};
			export filter { calico_priority(); calico_export_to_bgp_peers(true); reject; };
		}
	EOT
	while read -r name remote options; do
		cat <<-EOT
			protocol bgp $name from bgp_template {
				multihop; ttl security off;
				neighbor $remote as 64512; source address $own; $options
			}
		EOT
	done < <(sessions "$family" "$n")
}

# bird1_start NODE N [-R]: both daemons of a node, in its namespace
bird1_start() {
	local family name
	for family in 4 6; do
		name=bird${family#4}
		bird1_config "$family" "$2" >"$dir/$1-$name.conf"
		start "$1-$name" "$1" "$bird1/$name" -f ${3:+"$3"} -c "$dir/$1-$name.conf" -s "$dir/$1-$name.ctl"
	done
	for name in bird bird6; do
		within 10 bird1_ctl "$1" "$name" show status || fail "$name does not answer: $(cat "$dir/$1-$name.log")"
	done
}
# bird1_stop NODE SIGNAL
bird1_stop() {
	stop "$1-bird" "$2"
	stop "$1-bird6" "$2"
}
# bird1_ctl NODE bird|bird6 COMMAND...
bird1_ctl() { "$bird1/birdc${2#bird}" -s "$dir/$1-$2.ctl" "${@:3}"; }
# bird1_up NODE bird|bird6 N: so many sessions are up
bird1_up() { [ "$(bird1_ctl "$1" "$2" show protocols | grep -c ' BGP .*Established')" -eq "$3" ]; }
