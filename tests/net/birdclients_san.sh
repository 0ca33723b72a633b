#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The clients of the BIRD sockets once more, with AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer watching.
[ -n "${GODWIT_BUILD_SAN:-}" ] || { echo "no build with sanitizers in \$GODWIT_BUILD_SAN" && exit 77; }
export GODWIT_BUILD=$GODWIT_BUILD_SAN SEED=${SEED:-2} ROUTES=1000
exec "$(dirname "$0")/birdclients.sh"
