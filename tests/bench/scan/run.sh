#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh: what it costs to scan the accessed bits of a file that 1, 10 and 1,000 processes map,
# in instructions per folio. Ends with 1 if 1,000 processes cost over 1.5 times what one does.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export BUILD=${BUILD:-$(cd "$here/../../.." && pwd)/build}
LIMIT_SECONDS=600
LIMIT_PERCENT=150

# The time stamp counter of such a guest counts instructions.
exec "$here/../../vm/run" --accel icount --timeout $LIMIT_SECONDS \
	--node size=1G,cpus=1 --node size=512M --cwd "$BUILD/tests/kselftest" -- \
	env TIERX_SCAN_LIMIT=$LIMIT_PERCENT ./e_scan
