#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# test-debug.sh: all guest tests in guests with the debug kernel, policies that do anything for a
# quarter of an hour among them, and each shipped one for five minutes; and what all of it added up to.
#
# Environment: TIERX_CHAOS_SECONDS=900, TIERX_SOAK_SECONDS=300, JOBS as for run.sh.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export BUILD=${BUILD:-$(dirname "$here")/build}
export TIERX_CHAOS_SECONDS=${TIERX_CHAOS_SECONDS:-900}
export TIERX_SOAK_SECONDS=${TIERX_SOAK_SECONDS:-300}

mapfile -t names < <(sed -e 's/#.*//' "$here/kselftest/tests" | awk 'NF { print $1 }' | LC_ALL=C sort -u)
CONFIG=debug "$here/run.sh" "${names[@]}"
status=$?
"$here/hostility.sh" table "$BUILD/tests/results"
exit $status
