# SPDX-License-Identifier: Apache-2.0
# What every pair of BGP speakers must be able to do with each other. Sourced by the
# scripts here, which say who the two are: `scenario godwit bird2`.
#
# A speaker is a file in peers/ with these functions, KIND being its name and NAME the
# side (a or b) that it plays, which is also its namespace:
#
#   KIND_programs        what has to be installed          KIND_kernel  "yes" if it writes kernel routes
#   KIND_start NAME      starts it; `side NAME` and $opt_* say how it is to be configured: two eBGP
#                        sessions, over IPv4 and IPv6; originates $net4 and $net6 with the
#                        attributes below and nothing else
#   KIND_stop NAME
#   KIND_up NAME         true when both sessions are Established
#   KIND_route NAME PREFIX   prints the best path's path= med= communities= large= ext=, a line
#                        each; false when there is none
#   KIND_path AS         the AS path that others see of its routes
#   KIND_down NAME TEXT, KIND_again NAME   shuts the IPv4 session down with that communication; brings it back
#   KIND_says  "no" if it sends no communication
#   KIND_told NAME TEXT   true when the other side's communication says so, to an operator or in the log
#   KIND_withdraw NAME, KIND_announce NAME, KIND_refresh NAME (asks for a ROUTE-REFRESH)
# shellcheck shell=bash disable=SC2034
interop=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$interop/../lib.sh"
opt_password="" opt_gtsm=""

# side NAME: the settings of one side, 4-octet AS on b
side() {
	local my=1 peer=2
	my_as=65001 peer_as=4200000002 net4=198.51.100.0/24 net6=2001:db8:a::/48
	if [ "$1" = b ]; then
		my=2 peer=1
		my_as=4200000002 peer_as=65001 net4=203.0.113.0/24 net6=2001:db8:b::/48
	fi
	my_id=10.99.1.$my
	my4=10.99.1.$my my6=fd99:1::$my
	peer4=10.99.1.$peer peer6=fd99:1::$peer
}

# kind NAME: who plays that side
kind() { if [ "$1" = a ]; then echo "$kind_a"; else echo "$kind_b"; fi; }
of() { # NAME FUNCTION ARGUMENT...
	"$(kind "$1")_$2" "$1" "${@:3}"
}
other() { if [ "$1" = a ]; then echo b; else echo a; fi; }

# intact NAME PREFIX: the other side's route is there with everything it was sent with
intact() {
	local got want from
	from=$(other "$1")
	side "$from"
	want="path=$("$(kind "$from")_path" "$my_as")
med=77
communities=65010:100
large=65010:1:2
ext=rt:65010:7"
	got=$(of "$1" route "$2") || return 1
	diff <(echo "$want") <(echo "$got")
}
gone() { no of "$1" route "$2"; }

# Peers wait after a session that was refused or lost, OpenBGPD half a minute and then twice that.
both_up() {
	expect 90 of a up
	expect 90 of b up
}
# routes_at NAME: both prefixes of the other side, in the RIB and the kernel
routes_at() {
	local from kernel
	from=$(other "$1")
	kernel=$(kind "$1")_kernel
	side "$from"
	expect 10 intact "$1" "$net4"
	expect 10 intact "$1" "$net6"
	side "$from"
	[ "${!kernel}" = yes ] || return 0
	expect 10 kernel "$1" "$net4" via "$my4"
	expect 10 kernel "$1" "$net6" via
}
no_routes_at() {
	local from kernel
	from=$(other "$1")
	kernel=$(kind "$1")_kernel
	side "$from"
	local p4=$net4 p6=$net6
	expect 10 gone "$1" "$p4"
	expect 10 gone "$1" "$p6"
	[ "${!kernel}" = yes ] || return 0
	expect 10 no_kernel "$1" "$p4"
	expect 10 no_kernel "$1" "$p6"
}

both_ways() {
	both_up
	routes_at a
	routes_at b
}

withdraw_and_return() { # NAME
	of "$1" withdraw >/dev/null || fail "$stage"
	no_routes_at "$(other "$1")"
	of "$1" announce >/dev/null || fail "$stage"
	routes_at "$(other "$1")"
}

restart() { # NAME
	of "$1" stop
	no_routes_at "$(other "$1")"
	of "$1" start
	both_ways
}

shut_down() { # NAME
	local text="upgrade of $1, half an hour; ask the NOC"
	of "$1" down "$text" >/dev/null || fail "$stage"
	local says
	says=$(kind "$1")_says
	[ "${!says:-yes}" = no ] || expect 10 of "$(other "$1")" told "$text"
	expect 10 no of "$(other "$1")" up
	of "$1" again >/dev/null || fail "$stage"
	both_ways
}

fresh() { # starts both again with the options as they are now
	of a stop
	of b stop
	of a start
	of b start
}

scenario() {
	local side_name
	kind_a=$1 kind_b=$2
	. "$interop/peers/$1.sh"
	. "$interop/peers/$2.sh"
	local programs_a=$1_programs programs_b=$2_programs
	# shellcheck disable=SC2086
	need ip jq ${!programs_a} ${!programs_b}
	ns a b
	link a b 1
	of a start
	of b start
	say "$1 and $2: sessions up, routes and their attributes both ways"
	both_ways
	for side_name in a b; do
		say "$(kind $side_name) withdraws and announces again"
		withdraw_and_return $side_name
	done
	for side_name in a b; do
		say "$(kind $side_name) asks for a refresh; nothing is lost"
		of $side_name refresh >/dev/null || fail "$stage"
		both_ways
	done
	for side_name in a b; do
		say "$(kind $side_name) restarts"
		restart $side_name
	done
	for side_name in a b; do
		say "$(kind $side_name) shuts down and says why (RFC 9003)"
		shut_down $side_name
	done
	say "TCP MD5 on both sides"
	opt_password=Sleeve-of-Wizard
	fresh
	both_ways
	say "GTSM on both sides"
	opt_password="" opt_gtsm=1
	fresh
	both_ways
}
