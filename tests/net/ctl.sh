#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# bgpctl as a user and as a script meet it: every command, each member of its JSON with
# its type, filters, addresses, abbreviations, what is refused and with which exit status.
. "$(dirname "$0")/../lib.sh"
need_godwit
need python3
ns a b
link a b 1
in_ns b ip address add 10.99.1.3/24 dev to-a

# Two neighbours share an address, so that the address alone is ambiguous.
neighbor() { # NAME ADDRESS PORT AS MORE
	echo "  - {address: $2, port: $3, name: $1, remote-as: $4, families: [ipv4-unicast, ipv6-unicast],"
	echo "     connect-retry-time: 1, idle-hold-time: {initial: 1, max: 2}${5:-}}"
}
{
	echo 'router: {as: 65001, id: 10.0.0.1, multipath: {ebgp: 1}}'
	echo 'neighbors:'
	neighbor rack-12-left 10.99.1.2 179 65002 ', description: "rack 12, links", import: [good], export: [accept]'
	neighbor rack-12-right 10.99.1.3 179 65003 ', import: [accept], export: [accept]'
	neighbor zürich 10.99.1.2 2179 65004
	cat <<-EOT
		networks:
		  - {prefix: 192.0.2.0/24, med: 7, communities: ["65001:1"]}
		statics:
		  - {prefix: 10.20.0.0/16, via: 10.99.1.2}
		  - {prefix: 10.21.0.0/16, via: 172.30.0.1}
		prefix-sets: {bad: ["203.0.113.128/25"]}
		policies:
		  good:
		    - {match: {prefix-set: bad}, action: reject}
		    - {set: {local-preference: 150}, action: accept}
		log: {level: debug}
	EOT
} >"$dir/a.yaml"
speaker() { # ADDRESS'S-LAST-OCTET AS PREPENDED
	cat <<-EOT
		router: {as: $2, id: 10.0.1.$1, listen: [{address: 10.99.1.$1, port: 179}]}
		neighbors:
		  - {address: 10.99.1.1, name: a, remote-as: 65001, import: [accept], export: [out], passive: true,
		     families: [ipv4-unicast, ipv6-unicast]}
		networks:
		  - {prefix: 203.0.113.0/24, communities: ["65002:9", no-peer, "64512:1:2", "rt:64512:5"]}
		  - {prefix: 203.0.113.128/25}
		  - {prefix: 203.0.113.64/26}
		  - {prefix: "2001:db8:b::/48"}
		policies:
		  out:
		    - {set: {prepend: [$3]}, action: accept}
		kernel: {export: [reject]}
	EOT
}
speaker 2 65002 '65010, 65020' >"$dir/left.yaml"
speaker 3 65003 '65030, 65040, 65050' >"$dir/right.yaml"
godwit a a
godwit left b
godwit right b
expect 20 session a rack-12-left
expect 20 session a rack-12-right
# What counts as sent is what show rib out lists.
as_shown() { ask a ".neighbors[0].stats.prefixes.sent == $(ctl a -j show rib out "$1" | jq '.rib | length')" show neighbor "$1"; }
for name in rack-12-left rack-12-right; do
	expect 10 ask a '.neighbors[0].stats.prefixes | .received == 4 and .sent > 0' show neighbor $name
	expect 10 as_shown $name
done

# shape COMMAND... reads a jq program on its standard input that must be true of the answer
shape() {
	local program
	program="def int: type == \"number\" and floor == .; def nint: . == null or int; def str: type == \"string\" and . != \"\";
	def nstr: . == null or str; def bool: type == \"boolean\"; def strs: type == \"array\" and all(.[]; str);
	def has_all(\$names): . as \$o | all(\$names | split(\" \")[]; . as \$n | \$o | has(\$n));
	def caps: has_all(\"multiprotocol route_refresh enhanced_route_refresh as4 extended_message graceful_restart add_path role\")
		and (.multiprotocol | strs) and (.route_refresh | bool) and (.enhanced_route_refresh | bool) and (.as4 | bool)
		and (.extended_message | bool) and (.graceful_restart | . == null or type == \"object\")
		and (.add_path | type == \"object\") and (.role | nstr);
	def counts: has_all(\"open update keepalive notification route_refresh\") and all(.[]; int and . >= 0);
	def neighbor: has_all(\"name remote_addr remote_as local_as description bgpid state last_updown_s last_error hold_time_s keepalive_s\")
		and has_all(\"capabilities stats\")
		and (.name | str) and (.remote_addr | str) and (.remote_as | nint) and (.local_as | int) and (.description | nstr)
		and (.bgpid | nstr) and (.last_updown_s | nint) and (.last_error | nstr) and (.hold_time_s | int) and (.keepalive_s | int)
		and (.state | IN(\"Idle\", \"Connect\", \"Active\", \"OpenSent\", \"OpenConfirm\", \"Established\"))
		and (.capabilities | has_all(\"advertised received negotiated\") and (.advertised | caps)
			and (.received | . == null or caps) and (.negotiated | . == null or caps))
		and (.stats.prefixes | has_all(\"received accepted sent\") and all(.[]; int and . >= 0))
		and (.stats.message.received | counts) and (.stats.message.sent | counts);
	def path: has_all(\"prefix best multipath valid source neighbor origin aspath exit_nexthop true_nexthop med local_preference\")
		and has_all(\"communities large_communities ext_communities originator_id cluster_list path_id age_s stale reason\")
		and (.prefix | str) and (.best | bool) and (.multipath | bool) and (.valid | bool) and (.stale | bool)
		and (.source | IN(\"bgp\", \"static\", \"connected\", \"kernel\", \"aggregate\"))
		and (.neighbor | . == null or (has_all(\"name remote_addr remote_as bgpid\") and (.name | str) and (.remote_addr | str)
			and (.remote_as | int) and (.bgpid | str)))
		and (.neighbor != null) == (.source == \"bgp\")
		and (.origin | IN(\"igp\", \"egp\", \"incomplete\")) and (.aspath | type == \"string\")
		and (.exit_nexthop | nstr) and (.true_nexthop | nstr) and (.med | nint) and (.local_preference | nint)
		and (.communities | strs) and (.large_communities | strs) and (.ext_communities | strs) and (.cluster_list | strs)
		and (.originator_id | nstr) and (.path_id | nint) and (.age_s | int) and (.reason | str);
	$(cat)"
	ctl a -j "$@" >"$dir/answer" || fail "$stage: bgpctl -j $* ended with $?"
	jq -e "$program" "$dir/answer" >/dev/null || {
		jq -c . "$dir/answer" | cut -c1-3000
		fail "$stage: $* is not as documented"
	}
}
# refused STATUS WORDS COMMAND...: the exit status, and words that the error has
refused() {
	local status=$1 words=$2 out rc
	shift 2
	out=$(ctl a "$@" 2>&1)
	rc=$?
	[ $rc -eq "$status" ] || fail "$stage: '$*' ended with $rc, not $status: $out"
	grep -q -- "$words" <<<"$out" || fail "$stage: '$*' says $out"
}
prefixes() { # WANTED COMMAND...: the prefixes of an answer in order of their text
	local wanted=$1
	shift
	[ "$(ctl a -j "$@" | jq -r '[.rib[].prefix] | sort | join(" ")')" = "$wanted" ] ||
		fail "$stage: $* gives $(ctl a -j "$@" | jq -c '[.rib[].prefix] | sort')"
}

say "every member of the JSON, with its type"
shape show summary <<'E'
(.router | has_all("as id uptime_s version") and .as == 65001 and .id == "10.0.0.1" and (.uptime_s | int) and (.version | str))
and (.rib | has_all("ipv4_prefixes ipv4_paths ipv6_prefixes ipv6_paths memory_bytes") and all(.[]; int) and .memory_bytes > 100000
	and .ipv6_prefixes == 1 and .ipv6_paths == 2)
and (.neighbors | length == 3 and all(.[]; neighbor))
E
shape show neighbor <<<'(.neighbors | length == 3 and all(.[]; neighbor)) and ([.neighbors[].name] == ["rack-12-left", "rack-12-right", "zürich"])'
shape show neighbor rack-12-left <<'E'
.neighbors | length == 1 and (.[0] | neighbor and .remote_addr == "10.99.1.2" and .remote_as == 65002 and .local_as == 65001
	and .description == "rack 12, links" and .bgpid == "10.0.1.2" and .state == "Established" and (.last_updown_s | int)
	and .last_error == null and .hold_time_s == 90 and .keepalive_s == 30
	and .capabilities.negotiated.multiprotocol == ["ipv4-unicast", "ipv6-unicast"]
	and .stats.prefixes.received == 4 and .stats.prefixes.accepted == 3
	and .stats.message.received.open == 1 and .stats.message.sent.open == 1 and .stats.message.sent.update > 0)
E
shape show neighbor zürich <<'E'
.neighbors[0] | neighbor and .state != "Established" and .bgpid == null and .description == null
	and .capabilities.received == null and .capabilities.negotiated == null and .hold_time_s == 90 and .keepalive_s == 30
E
shape show rib <<'E'
.rib | all(.[]; path) and length == 10
	and (group_by(.prefix) | all(.[]; [.[] | select(.best)] | length <= 1))
	and ([.[] | select(.prefix == "10.21.0.0/16") | .valid or .best] == [false])
E
shape show rib 203.0.113.0/24 <<'E'
.rib | length == 2 and ([.[] | select(.best)] | length == 1)
	and (.[] | select(.best) | path and .source == "bgp" and .neighbor == {"name": "rack-12-left", "remote_addr": "10.99.1.2",
		"remote_as": 65002, "bgpid": "10.0.1.2"}
	and .origin == "igp" and .aspath == "65002 65010 65020" and .exit_nexthop == "10.99.1.2" and .true_nexthop == "10.99.1.2"
	and .med == null and .local_preference == 150 and (.communities | sort) == ["65002:9", "no-peer"]
	and .large_communities == ["64512:1:2"] and .ext_communities == ["rt:64512:5"] and .originator_id == null
	and .cluster_list == [] and .path_id == null and .stale == false and .reason == "best")
E
shape show rib 192.0.2.0/24 <<'E'
.rib | length == 1 and (.[0] | path and .source == "static" and .neighbor == null and .med == 7 and .aspath == ""
	and .communities == ["65001:1"] and .best and .valid)
E
shape show rib in rack-12-left <<<'.rib | length == 4 and all(.[]; path and .neighbor.name == "rack-12-left" and .local_preference == null)'
shape show rib out rack-12-right <<'E'
.rib | all(.[]; path) and ([.[].prefix] | index("203.0.113.0/24") != null)
	and (.[] | select(.prefix == "203.0.113.0/24") | .aspath == "65001 65002 65010 65020" and (.exit_nexthop | str))
E
shape show fib <<'E'
.fib | length > 0 and all(.[]; has_all("prefix nexthops type metric installed error retry_s") and (.prefix | str) and (.metric | int)
	and (.type | IN("unicast", "blackhole", "unreachable")) and (.installed | bool) and (.error | nstr) and (.retry_s | nint)
	and (.nexthops | all(.[]; has_all("via interface weight") and (.via | nstr) and (.interface | nstr) and (.weight | int))))
	and ([.[] | select(.prefix == "10.20.0.0/16")] == [{"prefix": "10.20.0.0/16", "type": "unicast", "metric": 20, "installed": true,
		"error": null, "retry_s": null, "state": "installed", "nexthops": [{"via": "10.99.1.2", "interface": "to-b", "weight": 1}]}])
E
shape show nexthop <<'E'
(.nexthops | all(.[]; (.resolved | bool) and (.metric | nint) and (.ways | type == "array")))
	and ([.nexthops[] | select(.nexthop == "172.30.0.1") | .resolved, .metric] == [false, null])
E
shape show interfaces <<'E'
.interfaces | all(.[]; (.name | str) and (.index | int) and (.up | bool) and (.mtu | int) and (.addresses | strs))
	and ([.[] | select(.name == "to-b") | .addresses[] | select(. == "10.99.1.1/24")] | length == 1)
E
shape show policy <<<'.policies == [{"name": "good", "rules": 2, "import": ["rack-12-left"], "export": [], "kernel": []}]'
shape show memory <<'E'
.resident_bytes > 100000 and (.attribute_sets | int) and (.loop_stall_max_us | int) and .loop_stall_cpu_us <= .loop_stall_max_us
	and .accounted_bytes + .unaccounted_bytes + .resident_file_bytes == .resident_bytes
	and ([.parts[] | select(.part != "all of these") | .bytes] | add) == .accounted_bytes
	and .parts[-1].part == "all of these" and .parts[-1].bytes == .accounted_bytes
	and ([.parts[] | select(.part == "attribute sets") | .count] == [.attribute_sets])
	and ([.parts[] | select(.part == "IPv4 prefix records") | .bytes >= 24 * .count and .count > 0] == [true])
E
shape config show <<<'.config | length > 10 and all(.[]; .line | type == "string")'
shape config diff <<<'.changes == []'

say "why: the step of the decision that each path lost at"
shape show rib why 203.0.113.0/24 <<<'[.rib[] | [.neighbor.name, .reason]] | sort == [["rack-12-left", "best"], ["rack-12-right", "local-preference"]]'
shape show rib why 203.0.113.128/25 <<<'[.rib[] | [.neighbor.name, .best, .reason]] | sort == [["rack-12-left", false, "policy"], ["rack-12-right", true, "best"]]'
shape show rib why 10.21.0.0/16 <<<'[.rib[].reason] == ["next-hop-unresolved"]'
ctl a show rib why 203.0.113.0/24 | grep -q 'rack-12-right.*local-preference' || fail "$stage"

say "an address is its longest match, a prefix itself alone, longer what is inside too"
prefixes '203.0.113.64/26 203.0.113.64/26' show rib 203.0.113.70
prefixes '203.0.113.0/24 203.0.113.0/24' show rib 203.0.113.1
prefixes '203.0.113.0/24 203.0.113.0/24' show rib 203.0.113.0/24
prefixes '203.0.113.0/24 203.0.113.0/24 203.0.113.128/25 203.0.113.64/26 203.0.113.64/26' show rib 203.0.113.0/24 longer
prefixes '203.0.113.0/24 203.0.113.0/24 203.0.113.128/25 203.0.113.64/26 203.0.113.64/26' show rib 203.0.0.0/16 longer
prefixes '2001:db8:b::/48 2001:db8:b::/48' show rib 2001:db8:b:1::5
prefixes '' show rib 203.0.113.0/25
prefixes '' show rib 8.8.8.8

say "filters"
prefixes '203.0.113.0/24 203.0.113.128/25 203.0.113.64/26' show rib 203.0.0.0/16 longer best
prefixes '203.0.113.0/24 203.0.113.0/24' show rib community 65002:9
prefixes '203.0.113.0/24 203.0.113.0/24' show rib community no-peer
prefixes '203.0.113.0/24 203.0.113.0/24' show rib community 65535:65284
prefixes '203.0.113.0/24 203.0.113.0/24' show rib community '65002:[1-9]'
prefixes '203.0.113.0/24' show rib community '64512:1:*' best
prefixes '203.0.113.0/24' show rib community rt:64512:5 from rack-12-right
prefixes '' show rib community 65002:10
prefixes '2001:db8:b::/48 203.0.113.0/24 203.0.113.128/25 203.0.113.64/26' show rib from rack-12-right
prefixes '2001:db8:b::/48 203.0.113.0/24 203.0.113.128/25 203.0.113.64/26' show rib origin-as 65050
prefixes '2001:db8:b::/48 203.0.113.0/24 203.0.113.64/26' show rib as-path '^65002 65010'
prefixes '203.0.113.64/26' show rib 203.0.113.70 as-path '65040 65050$'
prefixes '10.21.0.0/16' show rib invalid
prefixes '203.0.113.128/25' show rib rejected
prefixes '203.0.113.128/25' show rib in rack-12-left rejected
prefixes '203.0.113.0/24' show rib in rack-12-left 203.0.113.9
prefixes '2001:db8:b::/48 203.0.113.0/24 203.0.113.64/26' show rib in rack-12-left best
prefixes '203.0.113.128/25' show rib in rack-12-right best
prefixes '2001:db8:b::/48 203.0.113.0/24 203.0.113.64/26' show rib out rack-12-right from rack-12-left
prefixes '192.0.2.0/24' show rib out rack-12-left 192.0.2.1
[ "$(ctl a -j show rib limit 4 | jq '.rib | length')" -eq 4 ] || fail "$stage: limit"
[ "$(ctl a -j show rib limit 0 | jq '.rib | length')" -eq 0 ] || fail "$stage: limit 0"

say "words may be shortened while they are unique"
[ "$(ctl a -j s r 203.0.113.1 b | jq -c '[.rib[].prefix]')" = '["203.0.113.0/24"]' ] || fail "$stage"
ctl a -j sh nei rack-12-left | jq -e '.neighbors | length == 1' >/dev/null || fail "$stage"
[ "$(ctl a -j | jq '.router.as')" -eq 65001 ] || fail "$stage"
refused 64 'neighbor, nexthop' show n
refused 64 'not understood' nonsense
refused 64 'not complete' show rib in
refused 64 'not complete' neighbor rack-12-left
refused 64 'is not a filter' show fib 10.0.0.0/8
refused 64 'not a filter' show rib fresh
refused 64 'wants a value' show rib community

say "what may follow, for shells that complete"
follows() { # WANTED WORD...
	local wanted=$1
	shift
	[ "$("$BGPCTL" --complete "$@" | tr '\n' ' ')" = "$wanted " ] || fail "$stage: $*: $("$BGPCTL" --complete "$@" | tr '\n' ' ')"
}
follows 'show config reload neighbor network log confirm rollback monitor'
follows 'summary neighbor rib fib nexthop checks interfaces policy memory metrics' show
follows '<prefix> best longer community as-path from origin-as invalid rejected limit' sh rib in rack-12-left
follows '<neighbor>' neighbor
follows 'up down clear refresh drain debug' neighbor rack-12-left
follows 'in out' neighbor rack-12-left refresh
follows 'error warn info debug' log level
follows 'neighbor rib fib' monitor

say "what makes no sense is refused, with what is known about it"
refused 1 'rack-12-left, zürich' show neighbor 10.99.1.2
refused 1 'rack-12-left, zürich' neighbor 10.99.1.2 clear
refused 1 "no neighbor 'nobody'" show neighbor nobody
refused 1 'bits beyond' show rib 203.0.113.1/24
refused 1 'neither an address nor a prefix' show rib 203.0.113.0/33
refused 1 'no community' show rib community sixty:6
refused 1 'no pattern' show rib as-path '['
refused 1 "no policy 'none'" show policy none
refused 1 'none of error' log level loud
refused 1 'not established' neighbor zürich refresh
refused 1 'not added by command' network delete 192.0.2.0/24
refused 1 "$dir/none.yaml: file: found No such file" config check "$dir/none.yaml"
(cd "$dir" && ctl a config check a.yaml) || fail "$stage: a file of the working directory"
ctl a show metrics >"$dir/metrics" && grep -q '^godwit_neighbor_up{neighbor="' "$dir/metrics" && grep -q '^process_start_time_seconds ' "$dir/metrics" ||
	fail "$stage: metrics: $(cat "$dir/metrics")"
"$BGPCTL" -s "$dir/none.sock" show >/dev/null 2>&1
[ $? -eq 69 ] || fail "$stage: no daemon"

say "tables line up, also with names that are not ASCII"
aligned() { # FIRST-TITLE TITLE...: on standard input, every row has a word where each of these titles begins
	PYTHONUTF8=1 python3 -c '
import sys
first, *titles = sys.argv[1:]
lines = sys.stdin.read().splitlines()
while lines and not lines[0].lstrip().startswith(first):
    lines.pop(0)
places = [lines[0].index(t) for t in titles]
bad = [line for line in lines for at in places if line[at - 1] != " " or line[at] == " "]
sys.exit("\n".join(bad) if bad or len(lines) < 4 else 0)' "$@"
}
ctl a show | aligned NEIGHBOR ADDRESS STATE || fail "$stage: $(ctl a show)"
ctl a show rib | aligned PREFIX 'NEXT HOP' FROM SOURCE ORIGIN || fail "$stage: $(ctl a show rib)"
ctl a show fib | aligned PREFIX TYPE STATE 'NEXT HOPS' ERROR || fail "$stage: $(ctl a show fib)"
[ "$(ctl a show rib | head -1 | wc -w)" -eq 10 ] || fail "$stage"

say "config show is a configuration, and the same one"
ctl a config show >"$dir/shown.yaml"
"$BGPD" -n --print -f "$dir/shown.yaml" | cmp - "$dir/shown.yaml" || fail "$stage"
ctl a config check "$dir/shown.yaml" || fail "$stage"
printf 'router: {as: 0}\nneighbors: []\nlog: {level: loud}\n' >"$dir/bad.yaml"
ctl a config check "$dir/bad.yaml" >"$dir/errors" 2>&1 && fail "$stage"
grep -q "^$dir/bad.yaml:1:14: router.as: found" "$dir/errors" || fail "$stage: $(cat "$dir/errors")"
grep -q "^$dir/bad.yaml:3:14: log.level: found" "$dir/errors" || fail "$stage: $(cat "$dir/errors")"
sed 's/multipath: {ebgp: 1}/multipath: {ebgp: 8}/' "$dir/a.yaml" >"$dir/other.yaml"
# With the neighbours that a key of the router reaches.
wanted='[["router.multipath.ebgp","1","8"],["neighbors[rack-12-left]",null,null],["neighbors[rack-12-right]",null,null],["neighbors[zürich]",null,null]]'
[ "$(ctl a -j config diff "$dir/other.yaml" | jq -c '[.changes[] | [.path, .old, .new]]')" = "$wanted" ] ||
	fail "$stage: $(ctl a -j config diff "$dir/other.yaml")"

say "neighbor down with a reason, up, clear, refresh"
updates() { ctl a -j show neighbor rack-12-left | jq ".neighbors[0].stats.message.$1.$2"; }
more() { [ "$(updates "$1" "$2")" -gt "$3" ]; }
before=$(updates received update)
ctl a neighbor rack-12-left refresh in || fail "$stage"
expect 10 more received update "$before"
[ "$(updates sent route_refresh)" -ge 1 ] || fail "$stage: the request was not counted"
before=$(updates sent update)
ctl a neighbor rack-12-left refresh out || fail "$stage"
expect 10 more sent update "$before"
ctl a neighbor rack-12-left refresh || fail "$stage"
refused 1 'in or out' neighbor rack-12-left refresh sideways
ctl a neighbor rack-12-left clear || fail "$stage"
expect 10 ask left '.neighbors[0].last_error | test("reset"; "i")' show neighbor a
expect 20 session a rack-12-left
ctl a neighbor rack-12-left down "cable work" || fail "$stage"
expect 10 ask left '.neighbors[0].last_error | contains("cable work")' show neighbor a
expect 10 ask a '.neighbors[0] | .state == "Idle" and .admin_down' show neighbor rack-12-left
refused 1 'shut down' neighbor rack-12-left clear
refused 1 '255 octets' neighbor rack-12-left down "$(printf 'x%.0s' {1..300})"
ctl a neighbor rack-12-left up || fail "$stage"
expect 20 session a rack-12-left

say "what network add adds survives a reload, not a restart"
ctl a network add 198.51.100.0/24 || fail "$stage"
expect 10 best left 198.51.100.0/24
ctl a reload || fail "$stage"
best left 198.51.100.0/24 >/dev/null || fail "$stage"
stop a || fail "bgpd ended with an error"
godwit a a
expect 20 session a rack-12-left
absent a 198.51.100.0/24 >/dev/null || fail "$stage"

say "log level"
ctl a log level error >/dev/null || fail "$stage"
ctl a log level info >/dev/null || fail "$stage"

say "the protocol: one request a line, its version in the first answer, errors with a code"
talk() { # LINE...: sends them, closes its half and prints what comes
	python3 - "$dir/a.sock" "$@" <<-'E'
		import socket, sys
		s = socket.socket(socket.AF_UNIX)
		s.settimeout(10)
		s.connect(sys.argv[1])
		s.sendall("".join(line + "\n" for line in sys.argv[2:]).encode())
		s.shutdown(socket.SHUT_WR)
		while data := s.recv(65536):
		    sys.stdout.write(data.decode())
	E
}
talk '{"command": "show summary"}' | head -1 | jq -e '.protocol == 1 and .ok' >/dev/null || fail "$stage"
talk '{"command": "show nothing"}' | head -1 | jq -e '(.ok | not) and .code == "request" and .error != ""' >/dev/null || fail "$stage"
talk 'not json' '{"command": "commands"}' | jq -s -e '.[0].ok == false and .[1].end and .[2].ok and (.[2].head.commands | length > 20)' >/dev/null ||
	fail "$stage"
talk '{"command": "show rib", "args": {"limit": "many"}}' | head -1 | jq -e '.code == "request"' >/dev/null || fail "$stage"
