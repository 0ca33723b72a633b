#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Calico nodes of which some run BIRD 1.6 and others ours, as mixedmesh.sh has them, under a route reflector: one of ours
# with clients of both kinds, then BIRD in its place, and ours again. Everybody reaches everybody's pods, and a pod moves.
. "$(dirname "$0")/mixed.sh"
say "a reflector with ours; its clients run both"
cluster 1
travels 3 2 4
switch 1 bird
say "a reflector with BIRD; its clients run both"
travels 3 2 4
switch 3 ours
switch 3 bird
switch 1 ours
for n in 1 2; do
	clean_stop confd-n$n
	clean_stop n$n
done
