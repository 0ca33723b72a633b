#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A full mesh of Calico nodes in which some run BIRD 1.6, with a configuration of the form that confd makes, and others
# bgpconfd and bgpd, with the cluster's resources: everybody reaches everybody's pods in both families, a pod moves from
# node to node, and nodes change from the one to the other and back, one by one.
. "$(dirname "$0")/mixed.sh"
say "a mesh of two nodes with ours and two with BIRD"
cluster
travels 3 2 4
switch 3 ours
switch 4 ours
switch 4 bird
switch 1 bird
switch 3 bird
switch 1 ours
for n in 1 2; do
	clean_stop confd-n$n
	clean_stop n$n
done
