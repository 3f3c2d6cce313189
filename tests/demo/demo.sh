#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# demo.sh: boot a guest with a small fast node and a larger slow one, and run there what
# guest.sh does: a Redis server under several tiering policies.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export BUILD=${BUILD:-$(cd "$here/../.." && pwd)/build}
LIMIT_SECONDS=600

echo "booting a guest: node 0 with 256 MiB and two CPUs (fast), node 1 with 768 MiB (slow)"
exec "$here/../vm/run" --timeout $LIMIT_SECONDS \
	--node size=256M,cpus=2,latency=80,bandwidth=100 \
	--node size=768M,latency=250,bandwidth=20 \
	--cwd "$here" -- ./guest.sh "$BUILD"
