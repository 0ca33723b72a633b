#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Our bgpd is killed at random moments, CRASHES times (default 6): while it idles, while routes churn, in a reload, right
# after its start, before End-of-RIB is there, and twice in a row. Its neighbours (two of ours, BIRD and FRR) are helpers of
# graceful restart. What it forwards is never lost, no lasting route of its kernel is touched, and in the end of each round
# its kernel and all helpers have exactly what is announced. CRASHES_SEED repeats the order of moments.
. "$(dirname "$0")/../lib.sh"
peers=$(dirname "$0")/peers
. "$peers/bird2.sh"
. "$peers/frr.sh"
need_godwit
# shellcheck disable=SC2086
need $bird2_programs $frr_programs ping
seed=${CRASHES_SEED:-$RANDOM}
RANDOM=$seed
echo "seed $seed"
ns r p q bird frr
all=(p q bird frr)
for n in 1 2 3 4; do
	link r "${all[n - 1]}" $n
	# A flow shows what r forwards, so who sends it does not depend on what it keeps itself.
	in_ns "${all[n - 1]}" ip route add default via 10.99.$n.1
	in_ns "${all[n - 1]}" ip -6 route add default via fd99:$n::1
	in_ns "${all[n - 1]}" ip address add 100.6$n.0.1/32 dev lo
	in_ns "${all[n - 1]}" ip -6 address add 2001:db8:$n:1::1/128 dev lo nodad
done

# What lasts: 100.6N.x.0/24 and 2001:db8:N:x::/64 of the Nth; of p and q, 100.70 and 2001:db8:7 both; what churns: 100.8N.
lasting() { # N
	for i in {0..255}; do echo "100.6$1.$i.0/24"; done
	for i in {1..64}; do printf '2001:db8:%x:%x::/64\n' "$1" "$i"; done
	[ "$1" -gt 2 ] && return
	for i in {0..99}; do echo "100.70.$i.0/24"; done
	for i in {1..30}; do printf '2001:db8:7:%x::/64\n' "$i"; done
}
churning() { # N VARIANT
	for i in {0..255}; do [ $((i % 3)) -eq "$2" ] || echo "100.8$1.$i.0/24"; done
}
ours() { # NAME N VARIANT
	echo "router: {as: 6500$(($2 + 1)), id: 10.0.0.$(($2 + 1)), graceful-restart: {restart-time: 15}}"
	echo "neighbors:"
	echo "  - {address: 10.99.$2.1, name: r, remote-as: 65001, import: [accept], export: [accept],"
	echo "     families: [ipv4-unicast, ipv6-unicast], connect-retry-time: 1, idle-hold-time: {initial: 0, max: 1}}"
	echo "networks:"
	sed 's/.*/  - {prefix: "&"}/' "$dir/$1.list.$3"
}
for n in 1 2; do
	for v in 0 1 2; do
		{ lasting $n && churning $n $v; } >"$dir/${all[n - 1]}.list.$v"
		ours "${all[n - 1]}" $n $v >"$dir/${all[n - 1]}.yaml.$v"
	done
done
{ lasting 3; churning 3 0; } >"$dir/bird.list"
lasting 4 >"$dir/frr.list"
routes() { sed 's/.*/route & blackhole;/'; }
cat >"$dir/bird.conf" <<-EOT
	log stderr all; router id 10.99.3.2; graceful restart wait 15;
	protocol device { scan time 1; }
	protocol kernel { scan time 1; ipv4 { export where source = RTS_BGP; }; }
	protocol kernel { scan time 1; ipv6 { export where source = RTS_BGP; }; }
	protocol static four { ipv4; $(grep -v : "$dir/bird.list" | routes) }
	protocol static six { ipv6; $(grep : "$dir/bird.list" | routes) }
	protocol bgp r {
		local 10.99.3.2 as 65004; neighbor 10.99.3.1 as 65001;
		connect delay time 1; connect retry time 1; error wait time 1, 1;
		graceful restart; graceful restart time 15;
		ipv4 { import all; export all; }; ipv6 { import all; export all; };
	}
EOT
# With a short time of its own FRR soon stops to say that it restarts itself.
cat >"$dir/frr.bgpd.conf" <<-EOT
	router bgp 65005
	 bgp router-id 10.99.4.2
	 bgp graceful-restart
	 bgp graceful-restart preserve-fw-state
	 bgp graceful-restart restart-time 1
	 no bgp ebgp-requires-policy
	 no bgp network import-check
	 neighbor 10.99.4.1 remote-as 65001
	 neighbor 10.99.4.1 timers connect 1
	 neighbor 10.99.4.1 advertisement-interval 0
	 address-family ipv4 unicast
	$(grep -v : "$dir/frr.list" | sed 's/^/  network /')
	 exit-address-family
	 address-family ipv6 unicast
	$(grep : "$dir/frr.list" | sed 's/^/  network /')
	  neighbor 10.99.4.1 activate
	 exit-address-family
EOT
config() { # VARIANT: of what r itself adds
	{
		echo "router: {as: 65001, id: 10.0.0.1, graceful-restart: {restart-time: 15}, multipath: {ebgp: 2, as-path-relax: true}}"
		echo "groups:"
		echo "  all: {import: [accept], export: [accept], connect-retry-time: 1, idle-hold-time: {initial: 0, max: 1},"
		echo "        families: [ipv4-unicast, ipv6-unicast]}"
		echo "neighbors:"
		for n in 1 2 3 4; do
			echo "  - {address: 10.99.$n.2, name: ${all[n - 1]}, group: all, remote-as: 6500$((n + 1))}"
		done
		echo "kernel: {audit-interval: 1}"
		echo "statics:"
		sed 's/.*/  - {prefix: &, via: 10.99.2.2}/' "$dir/r.list.$1"
	} >"$dir/r.yaml"
	cp "$dir/r.list.$1" "$dir/r.list"
}
for v in 0 1; do for i in {0..99}; do [ $((i % 2)) -eq $v ] || echo "10.9.$i.0/24"; done >"$dir/r.list.$v"; done

# In the kernel of r: PREFIX and its gateways; and what is not ours.
told() {
	for n in 1 2 3 4; do
		sed "/:/ s/\$/ fd99:$n::2/; /:/! s/\$/ 10.99.$n.2/" "$dir/${all[n - 1]}.list"
	done | cat - <(sed 's/$/ 10.99.2.2/' "$dir/r.list") | sort
}
held() { # as told
	local family
	for family in -4 -6; do
		in_ns r ip -j $family route show proto bgp | jq -r '.[] | .dst as $d | (.nexthops // [.])[] | "\($d) \(.gateway)"'
	done | sort
}
right() { diff <(told) <(held); }
others() { in_ns r ip route show table all; in_ns r ip -6 route show table all; in_ns r ip nexthop; }
foreign() { others | grep -vE 'proto (bgp|186)|^\s' | sort; }
no_leftover() { # each nexthop object of ours is used by a route or a group
	local used
	used=$({ in_ns r ip -j route; in_ns r ip -j -6 route; in_ns r ip -j nexthop; } |
		jq '.[] | (.nhid // empty), (.group // [])[].id?' | sort -un)
	no grep -vxF "$used" <(in_ns r ip -j nexthop show proto bgp | jq '.[].id')
}
helped() { # NAME PROTO: its kernel has all that others have
	local family own=("$dir/$1.list")
	# What leads to q is not told to q.
	[ "$1" != q ] || own+=("$dir/r.list")
	diff <(cat "$dir"/{p,q,bird,frr,r}.list | grep -vxF -f <(cat "${own[@]}") | sort -u) \
		<(for family in -4 -6; do in_ns "$1" ip -j $family route show proto "$2"; done | jq -r '.[].dst' | sort)
}
calm() {
	ask r '[.neighbors[] | .state == "Established"] | all' show neighbor &&
		grep -q 'restart.state .*to=done' "$dir/r.log"
}
clean() { ask r '.summary.audit | .rounds >= 1 and ([.drift[]] | add == 0)' show fib; }
settled() {
	expect 20 calm
	expect 20 right
	expect 20 helped p bgp
	expect 20 helped q bgp
	expect 20 helped bird bird
	expect 20 helped frr bgp
	expect 10 no_leftover
	diff "$dir/foreign" <(foreign) || fail "$stage: routes of others"
	expect 10 clean
}
churn() {
	local name v
	for name in p q; do
		v=$((RANDOM % 3))
		cp "$dir/$name.yaml.$v" "$dir/$name.yaml"
		cp "$dir/$name.list.$v" "$dir/$name.list"
		ctl "$name" reload >/dev/null || fail "$stage"
	done
}
a_moment() { sleep "0.$(printf %03d $((RANDOM % ${1:-400})))"; }
crash() { stop r KILL 2>/dev/null; }
begin() { start r r "$BGPD" -f "$dir/r.yaml" -s "$dir/r.sock" -v; }
deferring() { grep -q 'restart.state from=start to=defer' "$dir/r.log"; }

in_ns r ip nexthop add id 77 via 10.99.1.2 dev to-p proto static
in_ns r ip route add 100.61.0.0/24 via 10.99.4.2 metric 4000 proto static
in_ns r ip route add 192.0.2.0/24 nhid 77 proto static
foreign >"$dir/foreign"
for name in p q; do
	cp "$dir/$name.yaml.0" "$dir/$name.yaml"
	cp "$dir/$name.list.0" "$dir/$name.list"
	godwit $name $name
done
config 0
bird2_run bird
frr_run frr
godwit r r
settled
for n in "${all[@]}" r; do start "monitor-$n" "$n" ip monitor route; done
flow() { start "$1" "$2" ping -q -i 0.005 -I "$3" "$4"; }
flow flow1 p 100.61.0.1 100.63.0.1
flow flow2 q 100.62.0.1 100.64.0.1
flow flow3 p 2001:db8:1:1::1 2001:db8:3:1::1
flow flow4 frr 2001:db8:4:1::1 2001:db8:2:1::1

kinds=(idle churn reload start deferral twice)
for ((round = 0; round < ${CRASHES:-6}; round++)); do
	kind=${kinds[round % 6]}
	say "round $round: $kind"
	for n in "${all[@]}"; do : >"$dir/monitor-$n.log"; done
	: >"$dir/p.log"
	case $kind in
	idle) a_moment ;;
	churn) churn && a_moment 150 ;;
	reload)
		config $((RANDOM % 2))
		ctl r reload >/dev/null 2>&1 &
		a_moment 40
		;;
	esac
	crash
	[ "$kind" != churn ] || churn
	: >"$dir/r.log"
	case $kind in
	start) begin && a_moment 60 && crash ;;
	deferral)
		# Who is stopped does not send End-of-RIB.
		kill -STOP "${pids[p]}"
		begin
		expect 10 deferring
		a_moment
		no grep -q 'to=select' "$dir/r.log" || fail "$stage: it did not wait"
		crash
		kill -CONT "${pids[p]}"
		;;
	twice) begin && a_moment 999 && crash ;;
	esac
	: >"$dir/r.log"
	begin
	settled
	deferring || fail "$stage: no line names the restart"
	grep -q 'neighbor.graceful_restart neighbor=r .*to=restarting' "$dir/p.log" || fail "$stage: p was no helper"
	# The monitors have seen all that came before this.
	for n in "${all[@]}" r; do
		in_ns "$n" ip route add blackhole 192.0.2.255 proto static
		in_ns "$n" ip route del blackhole 192.0.2.255 proto static
		expect 5 grep -q '^Deleted .*192.0.2.255' "$dir/monitor-$n.log"
	done
	# A second loss before End-of-RIB takes what is stale since the first (RFC 4724 4.2).
	case $kind in idle | churn | reload)
		for n in "${all[@]}"; do
			no grep -E '^Deleted (100\.6|100\.70|2001:db8)' "$dir/monitor-$n.log" || fail "$stage: $n lost a route"
		done
		;;
	esac
	no grep -E '^Deleted (100\.6|100\.70|2001:db8)' "$dir/monitor-r.log" || fail "$stage: a lasting route went"
done
for n in 1 2 3 4; do
	stop flow$n INT
	awk '/packets transmitted/ { sent = $1; got = $4 } END { print sent, got; exit !(sent > 500 && sent == got) }' \
		"$dir/flow$n.log" || fail "packets are lost: $(tail -n 3 "$dir/flow$n.log")"
done
clean_stop r
[ "$(held | wc -l)" -eq 0 ] || fail "routes are left"
diff "$dir/foreign" <(foreign) || fail "routes of others"
