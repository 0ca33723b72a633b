#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The scenario with BIRD in our place, against each of the other peers. When one of
# these fails, it is the machine, a peer's version or the harness, and not our bgpd.
here=$(cd "$(dirname "$0")" && pwd)
status=0
for peer in frr gobgp openbgpd; do
	bash -c '. "$1/scenario.sh" && scenario bird2 "$2"' harness "$here" "$peer"
	rc=$?
	# A peer that is not installed skips the test, but does not hide another's failure.
	if [ $rc -ne 0 ] && { [ $rc -ne 77 ] || [ $status -eq 0 ]; }; then
		status=$rc
	fi
done
exit $status
