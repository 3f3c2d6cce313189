#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh: what it takes to replace a policy by another, with the CPU idle and with a program on it that
# faults all the time. The clock of such a guest counts instructions: a millisecond is a million.
#
# Environment: COUNT=10 swaps each way.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export BUILD=${BUILD:-$(cd "$here/../../.." && pwd)/build}
LIMIT_SECONDS=300

"$here/../../vm/run" --accel icount --timeout $LIMIT_SECONDS --node size=512M,cpus=1 --node size=512M -- \
	"$here/guest.sh" "$BUILD" "${COUNT:-10}" | sort | awk -f "$here/../median.awk" -f "$here/report.awk"
