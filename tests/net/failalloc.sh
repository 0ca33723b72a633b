#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Allocations fail, a few in a row at random places (tests/net/failalloc.py), while bgpd starts, learns a thousand routes,
# writes them to the kernel, reloads and is asked for all it knows; while bgpctl asks; and while bgpconfd makes a
# configuration. Each time all is right in the end, or the program says that memory is exhausted and ends with status
# 71: no crash, no hang, nothing wrong that is left. FAILALLOC_S gives each more than 6 seconds, and bgpd itself four times that, SEED other places.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/calico.sh"
need python3
seed=${SEED:-$RANDOM}
seconds=${FAILALLOC_S:-6}
echo "seed $seed"
command -v gcc >/dev/null || skip "gcc is not installed"
gcc -shared -fPIC -O2 -g -Wall -Wextra -Werror -o "$dir/failalloc.so" \
	"$top/tests/net/failalloc.c" || fail "the library that is preloaded"
ns a p
link a p 1
cat >"$dir/a.yaml" <<-EOT
	router: {as: 65001, id: 10.99.1.1}
	neighbors:
	  - {address: 10.99.1.2, name: p, remote-as: 65002, import: [accept], export: [accept],
	     connect-retry-time: 1, idle-hold-time: {initial: 1, max: 1}}
	networks:
	  - {prefix: 10.1.0.0/16}
EOT
sed 's,10.1.0.0/16,10.2.0.0/16,' "$dir/a.yaml" >"$dir/a.yaml.2"
cp "$dir/a.yaml" "$dir/a.yaml.1"
{
	cat <<-EOT
		router: {as: 65002, id: 10.99.1.2}
		neighbors:
		  - {address: 10.99.1.1, name: a, remote-as: 65001, import: [accept], export: [accept],
		     connect-retry-time: 1, idle-hold-time: {initial: 1, max: 1}}
		networks:
	EOT
	for i in {0..999}; do
		echo "  - {prefix: 100.$((i / 250)).$((i % 250)).0/24}"
	done
} >"$dir/p.yaml"
godwit p p
run() { # WHAT SECONDS SCENARIO COMMAND...
	local s=$2
	say "$1"
	shift 2
	in_ns a python3 "$top/tests/net/failalloc.py" "$seed" "$s" "$dir/failalloc.so" "$dir" "$@" || fail "$stage"
}

# With a daemon's pid; true when the daemon has all routes, and the kernel and the neighbour as well.
cat >"$dir/scenario" <<-EOT
	#!/usr/bin/env bash
	pid=\$1
	end=\$((SECONDS + 30))
	ctl() { "$BGPCTL" -s "$dir/\$1.sock" "\${@:2}" 2>&1; }
	until_true() {
	        until "\$@"; do
	                kill -0 \$pid && [ "\$(cut -d' ' -f3 /proc/\$pid/stat)" != Z ] || { echo gone; exit 1; }
	                [ \$SECONDS -lt \$end ] || { echo "not true: \$*"; ctl a show neighbor; exit 1; }
	                sleep 0.05
	        done
	}
	learned() { [ "\$(ctl a -j show neighbor | jq '.neighbors[0].stats.prefixes.accepted')" = 1000 ]; }
	written() { [ "\$(ip route show proto bgp | wc -l)" -eq 1000 ]; }
	told() { [ "\$(ctl p -j show rib best | jq -r '[.rib[] | select(.source == "bgp") | .prefix] | join(" ")')" = "\$1" ]; }
	loaded() { ctl a reload >/dev/null; }
	[ \$pid != 0 ] || exec cp "$dir/a.yaml.1" "$dir/a.yaml"
	until_true learned
	until_true written
	until_true told 10.1.0.0/16
	cp "$dir/a.yaml.2" "$dir/a.yaml"
	for what in memory summary neighbor fib nexthop policy metrics 'rib 100.1.1.0/24'; do ctl a show \$what; done >/dev/null
	until_true loaded
	until_true told 10.2.0.0/16
	until_true learned
	until_true written
EOT
chmod +x "$dir/scenario"
run "bgpd" $((4 * seconds)) "$dir/scenario" "$BGPD" -f "$dir/a.yaml" -s "$dir/a.sock"
run "bgpd -n" "$seconds" - "$BGPD" -n -f "$dir/p.yaml"
run "bgpctl" "$seconds" - "$BGPCTL" -s "$dir/p.sock" show rib
for n in {1..30}; do
	# shellcheck disable=SC2086
	printf 'kind: Node\nmetadata: {name: n%s}\nspec: {bgp: {ipv4Address: 10.99.0.%s/24}}\n---\n' $n $n
done | put nodes.yaml
printf 'kind: IPPool\nmetadata: {name: pods}\nspec: {cidr: 10.65.0.0/16, ipipMode: Never}\n' | put pool.yaml
confd n1 a
clean_stop confd-n1
run "bgpconfd's model" "$seconds" - "$BGPCONFD" -f "$dir/confd-n1.yaml" --show-model
cp "$dir/n1.yaml" "$dir/n1.right"
sed -i '/reload:/d; s/check: .*/check: "cmp {{stage}} '"${dir//\//\\/}"'\/n1.right"}/' "$dir/confd-n1.yaml"
echo old >"$dir/n1.yaml"
run "bgpconfd's file" "$seconds" - "$BGPCONFD" -f "$dir/confd-n1.yaml" --dry-run
