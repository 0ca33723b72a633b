#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The operator who tries everything once more, with AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer watching.
[ -n "${GODWIT_BUILD_SAN:-}" ] || { echo "no build with sanitizers in \$GODWIT_BUILD_SAN" && exit 77; }
export GODWIT_BUILD=$GODWIT_BUILD_SAN SEED=${SEED:-2}
exec "$(dirname "$0")/operator.sh"
