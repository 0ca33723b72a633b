# SPDX-License-Identifier: Apache-2.0
# ExaBGP as a peer: it sends what it is told to and has no table of its own. Lines of its text API that are added to
# $dir/NAME.say are said, in their order and also before the session is up; what it is told comes as JSON in $dir/NAME.hears.
# shellcheck shell=bash disable=SC2154
exabgp_programs="exabgp"

# exabgp_run NAME LOCAL LOCAL-AS REMOTE REMOTE-AS FAMILIES CAPABILITIES: in the namespace of that name
exabgp_run() {
	: >"$dir/$1.say"
	# Its own end is that of what feeds it: tail looks for it, whatever way it went.
	cat >"$dir/$1.feed" <<-EOT
		#!/bin/sh
		exec 3<&0
		cat <&3 >>"$dir/$1.hears" &
		exec tail -s 0.1 --pid=\$PPID -n +1 -f "$dir/$1.say"
	EOT
	chmod 755 "$dir/$1.feed"
	cat >"$dir/$1.conf" <<-EOT
		process feed { run $dir/$1.feed; encoder json; }
		neighbor $4 {
			router-id $2; local-address $2; local-as $3; peer-as $5;
			capability { $7 }
			family { $6 }
			adj-rib-out true;
			api { processes [ feed ]; receive { parsed; update; notification; refresh; } neighbor-changes; }
		}
	EOT
	start "$1" "$1" env PYTHONDONTWRITEBYTECODE=1 exabgp.daemon.drop=false exabgp.api.ack=false exabgp.api.cli=false \
		exabgp.log.destination=stdout exabgp.log.level=WARNING exabgp "$dir/$1.conf"
}
exabgp_says() { printf '%s\n' "${@:2}" >>"$dir/$1.say"; } # NAME COMMAND...
# exabgp_last NAME PREFIX FILTER: the filter holds for the last UPDATE about the prefix. Its JSON for refreshes is none.
exabgp_last() {
	grep -v '"type": "refresh"' "$dir/$1.hears" | jq -se --arg prefix "$2" "
		[.[].neighbor.message.update? | select([.. | .nlri? // empty] | index(\$prefix))] | last | $3"
}
exabgp_updates() { grep -c '"type": "update"' "$dir/$1.hears"; }
