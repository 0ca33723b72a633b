#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Attributes that daemons of today do not send: from and to speakers of two-octet AS
# numbers (RFC 6793), AS_SET (RFC 9774), AIGP where it is not enabled (RFC 7311), our
# own ORIGINATOR_ID (RFC 4456), paths of somebody else's AS, and attributes for which
# a message of 4,096 octets is too small (RFC 8654).
. "$(dirname "$0")/../lib.sh"
need_godwit
need python3
ns a old new inner
link a old 1
link a new 2
link a inner 3
cat >"$dir/a.yaml" <<-EOT
	router: {as: 65001, id: 10.99.1.1}
	groups:
	  all: {import: [accept], export: [accept], passive: true}
	neighbors:
	  - {address: 10.99.1.2, name: old, group: all, remote-as: 65002}
	  - {address: 10.99.2.2, name: new, group: all, remote-as: 65003}
	  - {address: 10.99.3.2, name: inner, group: all, remote-as: 65001}
EOT
godwit a a
# speaker NAME NUMBER AS OPTION...: what it is to send is put into NAME.routes, what it hears is in NAME.log
speaker() {
	: >"$dir/$1.routes"
	start "$1" "$1" env PYTHONDONTWRITEBYTECODE=1 python3 "$top/tests/net/rawspeaker.py" "${@:4}" \
		"10.99.$2.2" "10.99.$2.1" "$3" "$dir/$1.routes"
	expect 20 session a "$1"
}
sends() { echo "$2" | tr -d '\n\t' | sed 's/$/\n/' >>"$dir/$1.routes"; } # NAME ROUTE
# heard NAME FILTER: a message that the speaker has been sent
heard() { jq -se "map(select($2)) | length > 0" "$dir/$1.log"; }
# last NAME PREFIX FILTER: the last UPDATE about it
last() { jq -se "map(select(.type == \"update\" and (.nlri + .withdrawn | contains([\"$2\"])))) | last | $3" "$dir/$1.log"; }

speaker old 1 65002 --no-as4
speaker new 2 65003 --extended
speaker inner 3 65001 --extended

say "AS4_PATH and AS4_AGGREGATOR of a two-octet speaker are merged (RFC 6793 4.2.3)"
# AS_PATH 65002 AS_TRANS AS_TRANS; the aggregators AS_TRANS and 196609, both 192.0.2.1
sends old '{"nlri": ["10.1.0.0/16"], "next_hop": "10.99.1.2", "path": [65002, 23456, 23456], "as4_path": [196608, 196609],
	"attrs": [[192, 7, "5ba0c0000201"], [192, 18, "00030001c0000201"]]}'
expect 10 best a 10.1.0.0/16 '.aspath == "65002 196608 196609"'
expect 10 last new 10.1.0.0/16 '.attrs["2"] == "02040000fde90000fdea0003000000030001" and
	.attrs["7"] == "00030001c0000201" and .attrs["17"] == null and .attrs["18"] == null'

say "and the other way: AS_TRANS with both beside it (4.2.2)"
sends new '{"nlri": ["10.2.0.0/16"], "next_hop": "10.99.2.2", "path": [65003, 4200000009, 65010],
	"attrs": [[192, 7, "fa56ea09c0000201"]]}'
expect 10 last old 10.2.0.0/16 '.attrs["2"] == "0204fde9fdeb5ba0fdf2" and .attrs["17"] == "02040000fde90000fdebfa56ea090000fdf2" and
	.attrs["7"] == "5ba0c0000201" and .attrs["18"] == "fa56ea09c0000201"'
sends new '{"nlri": ["10.3.0.0/16"], "next_hop": "10.99.2.2", "path": [65003, 65010]}'
expect 10 last old 10.3.0.0/16 '.attrs["2"] == "0203fde9fdebfdf2" and .attrs["17"] == null'

say "an AS_SET withdraws, in AS_PATH as in AS4_PATH (RFC 9774)"
sends new '{"nlri": ["10.4.0.0/16"], "next_hop": "10.99.2.2", "path": [65003]}'
expect 10 last old 10.4.0.0/16 '.nlri != []'
sends new '{"nlri": ["10.4.0.0/16"], "next_hop": "10.99.2.2", "path": [65003], "set": [65010, 65011]}'
expect 10 last old 10.4.0.0/16 '.withdrawn != []'
absent a 10.4.0.0/16 >/dev/null || fail "$stage"
sends old '{"nlri": ["10.1.0.0/16"], "next_hop": "10.99.1.2", "path": [65002, 23456], "attrs": [[192, 17, "010100030000"]]}'
expect 10 last new 10.1.0.0/16 '.withdrawn != []'

say "AIGP, good or malformed, is neither passed on nor minded (RFC 7311 3.1); other unknown attributes as RFC 4271 5 says"
sends new '{"nlri": ["10.5.0.0/16"], "next_hop": "10.99.2.2", "path": [65003],
	"attrs": [[128, 26, "01000b0000000000000064"], [192, 99, "07"], [128, 98, "07"]]}'
sends new '{"nlri": ["10.6.0.0/16"], "next_hop": "10.99.2.2", "path": [65003], "attrs": [[128, 26, "0100"]]}'
for prefix in 10.5.0.0/16 10.6.0.0/16; do
	for name in old inner; do
		expect 10 last $name $prefix '.nlri != [] and .attrs["26"] == null and .attrs["98"] == null'
	done
done
last inner 10.5.0.0/16 '.attrs["99"] == "07"' >/dev/null || fail "$stage"

say "attributes in descending order are as good (RFC 4271 5)"
sends new '{"nlri": ["10.11.0.0/16"], "next_hop": "10.99.2.2", "path": [65003], "attrs": [[192, 32, "000000010000000200000003"],
	[192, 16, "0002fde900000007"], [192, 8, "00010002"], [128, 4, "00000007"]]}'
expect 10 best a 10.11.0.0/16 '.med == 7 and .communities == ["1:2"] and .large_communities == ["1:2:3"] and
	.ext_communities == ["rt:65001:7"]'
expect 10 last inner 10.11.0.0/16 '.attrs["4"] == "00000007" and .attrs["8"] == "00010002" and
	.attrs["16"] == "0002fde900000007" and .attrs["32"] == "000000010000000200000003"'

say "a path that begins with another AS withdraws (RFC 4271 6.3)"
sends new '{"nlri": ["10.5.0.0/16"], "next_hop": "10.99.2.2", "path": [65099, 65003]}'
expect 10 last old 10.5.0.0/16 '.withdrawn != []'

say "our own identifier as ORIGINATOR_ID or in CLUSTER_LIST: kept with the reason and not used (RFC 4456 8)"
sends inner '{"nlri": ["10.7.0.0/16"], "next_hop": "10.99.3.2", "attrs": [[64, 5, "00000064"], [128, 9, "0a630101"]]}'
sends inner '{"nlri": ["10.8.0.0/16"], "next_hop": "10.99.3.2", "attrs": [[64, 5, "00000064"],
	[128, 9, "0a000009"], [128, 10, "0a0000090a630101"]]}'
sends inner '{"nlri": ["10.9.0.0/16"], "next_hop": "10.99.3.2", "attrs": [[64, 5, "00000064"], [128, 9, "0a000009"]]}'
reason() { ask a ".rib[0].reason == \"$2\"" show rib in inner "$1"; }
expect 10 reason 10.7.0.0/16 originator-loop
expect 10 reason 10.8.0.0/16 cluster-loop
expect 10 last new 10.9.0.0/16 '.nlri != [] and .attrs["9"] == null'
no heard new '(.nlri // []) | contains(["10.7.0.0/16"])' >/dev/null || fail "$stage"

say "1,200 communities: to those with extended messages; the others lose what they had (RFC 8654)"
sends new '{"nlri": ["10.10.0.0/16"], "next_hop": "10.99.2.2", "path": [65003]}'
expect 10 last old 10.10.0.0/16 '.nlri != []'
many=$(for n in $(seq 1 1200); do printf 'fde9%04x' "$n"; done)
sends new "{\"nlri\": [\"10.10.0.0/16\"], \"next_hop\": \"10.99.2.2\", \"path\": [65003], \"attrs\": [[192, 8, \"$many\"]]}"
expect 10 last inner 10.10.0.0/16 ".length > 4096 and .attrs[\"8\"] == \"$many\""
expect 10 last old 10.10.0.0/16 '.withdrawn != []'
grep -q 'export.too_long prefix=10.10.0.0/16' "$dir/a.log" || fail "$stage"
sends new '{"nlri": ["10.10.0.0/16"], "next_hop": "10.99.2.2", "path": [65003]}'
expect 10 last old 10.10.0.0/16 '.nlri != []'

say "no session was lost over any of it"
ask a '[.neighbors[] | .state == "Established" and .stats.message.sent.notification == 0] | all' show neighbor >/dev/null ||
	fail "$stage"
stop a || fail "bgpd ended with an error"
