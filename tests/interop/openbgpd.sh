#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Our bgpd and OpenBGPD, all of scenario.sh.
. "$(dirname "$0")/scenario.sh"
scenario godwit openbgpd
