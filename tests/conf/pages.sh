#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The manual against the programs: every long option of a program's help is in its page and nothing else is; every
# command of bgpctl's help is in bgpctl(8), among the commands and in an example; every event that is logged at level
# warn or error is in DIAGNOSTICS; every page that is referred to is there, and every page is installed.
set -u
top=$(cd "${srcdir:-.}" && pwd) || exit 1
build=$(cd "${GODWIT_BUILD:-.}" && pwd) || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
verdict() { # STATUS WHAT
	if [ "$1" -eq 0 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAIL $2"
	fi
}

for program in bgpd/bgpd conf/bgpconfd tools/bgpctl tools/policytest; do
	name=${program##*/}
	page=$(ls "$top/man/$name".[18])
	"$build/$program" --help | sed -n 's/^ *\(-., \)\{0,1\}--\([a-z-]*\).*/\2/p' | sort -u >"$work/help"
	# Of the options alone: bgpctl(8) has commands with such words, too.
	sed -n 's/^\.It Fl \(. , \)\{0,1\}-\([a-z-]*\).*/\2/p' "$page" | sort -u >"$work/page"
	[ -s "$work/help" ]
	verdict $? "$name --help has no options"
	while read -r option; do
		grep -qx "$option" "$work/page"
		verdict $? "--$option of $name is not in ${page##*/}"
	done <"$work/help"
	while read -r option; do
		# bgpd(8) also has what it takes when it is called as bird.
		grep -qx "$option" "$work/help" || { [ "$name" = bgpd ] && grep -q "^\.Ss Called as bird" "$page" && [ "$option" = version ]; }
		verdict $? "${page##*/} has --$option, which $name does not"
	done <"$work/page"
done

page=$top/man/bgpctl.8
# Items of the commands, with an asterisk for an argument: "neighbor * refresh".
sed -n '/^\.Sh COMMANDS/,/^\.Ss Filters/s/^\.It //p' "$page" |
	sed 's/Op Fl -/--/; s/ O[op] .*//; s/Ar [a-z]* | prefix/*/; s/Ar [a-z]*/*/g; s/Cm //g' >"$work/items"
sed -n '/^\.Sh EXAMPLES/,$s/^\(\.Dl \)\{0,1\}\$ bgpctl \(-j \)\{0,1\}//p' "$page" >"$work/examples"
"$build/tools/bgpctl" --help | sed -n '/^Commands/,/^FILTER/s/^  //p' >"$work/commands"
[ "$(wc -l <"$work/commands")" -ge 30 ]
verdict $? "bgpctl --help has few commands"
while read -r usage; do
	# Without what may be left out, and without a choice of words at the end.
	words=$(echo "$usage" | sed 's/ *\[.*//; s/ [a-z]*|[a-z|]*$//')
	item=$(echo "$words" | sed 's/ [A-Z][A-Z|]*/ [*]/g')
	grep -Eq "^$item( |\$)" "$work/items"
	verdict $? "bgpctl $usage is not among the commands of bgpctl(8)"
	example=$(echo "$words" | sed 's/ [A-Z][A-Z|]*/ [^ ]*/g')
	grep -Eq "^$example( |\$)" "$work/examples"
	verdict $? "bgpctl $usage has no example in bgpctl(8)"
done <"$work/commands"

# events PAGE FOLDER...: what the sources there log at those levels
events() {
	page=$top/man/$1
	shift
	sed -n '/^\.Sh DIAGNOSTICS/,/^\.Sh [^D]/s/^\.It Ql //p' "$page" | tr -d ' ' | tr ',' '\n' >"$work/page"
	for folder in "$@"; do
		cat "$top/$folder"/*.c
	done | tr '\n\t' '  ' | grep -o 'log_\(warn\|error\)( *"[^"]*"' | sed 's/.*"\(.*\)"/\1/' | sort -u >"$work/events"
	[ -s "$work/events" ]
	verdict $? "no events in $*"
	while read -r event; do
		grep -qx "$event" "$work/page"
		verdict $? "the event $event is not in DIAGNOSTICS of ${page##*/}"
	done <"$work/events"
}
events bgpd.8 bgpd fib rib lib
events bgpconfd.8 conf

# completes PROGRAM WORD...: what its completion offers in place of the last word, one a line
mkdir "$work/bin"
for program in bgpd/bgpd conf/bgpconfd tools/bgpctl tools/policytest; do
	ln -s "$build/$program" "$work/bin"
done
completes() {
	PATH=$work/bin:$PATH bash -c '. "$1" || exit
		shift
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		"_$1"
		printf "%s\n" "${COMPREPLY[@]}"' sh "$top/tools/completions/$1" "$@"
}
if command -v bash >/dev/null; then
	for name in bgpd bgpconfd bgpctl policytest; do
		completes $name -- >"$work/offered"
		"$work/bin/$name" --help | sed -n 's/^ *\(-., \)\{0,1\}\(--[a-z-]*\).*/\2/p' | grep -v complete >"$work/help"
		while read -r option; do
			grep -qxe "$option" "$work/offered"
			verdict $? "$option of $name is not completed"
		done <"$work/help"
	done
	completes bgpctl show "" >"$work/offered"
	for word in summary neighbor rib fib nexthop checks interfaces policy memory metrics; do
		grep -qx $word "$work/offered"
		verdict $? "bgpctl show $word is not completed"
	done
	[ "$(completes policytest -m dump "$top/man/examples/host.yaml" -f switch- | tr '\n' ' ')" = "switch-a switch-b " ]
	verdict $? "policytest -f is not completed by the neighbours of the configuration"
fi

sed -n 's/^\.Xr \([a-z.-]*\) \([1-8]\).*/\1.\2/p' "$top"/man/*.[1-8] | sort -u | grep '^bgp\|^bird\|^godwit\|^policy' >"$work/referred"
while read -r name; do
	[ -f "$top/man/$name" ]
	verdict $? "man/$name is referred to, but not there"
done <"$work/referred"
for page in "$top"/man/*.[1-8]; do
	grep -q "man/${page##*/}\( \|$\)" "$top/man/man.am"
	verdict $? "man/${page##*/} is not installed, see man/man.am"
done
echo "tests/conf/pages: $passed passed, $failed failed"
[ $failed -eq 0 ]
