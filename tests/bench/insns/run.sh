#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh: what tier_ext costs in instructions per page fault and read. Boots the unpatched
# kernel, the patched one without a policy, and the patched one with nop and with tpp, REPEAT times
# each, and prints the counts as ratios. Ends with 1 if a limit is exceeded.
#
# Environment: REPEAT=3 boots of each, COUNT=2000 faults of each kind per boot.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export BUILD=${BUILD:-$(cd "$here/../../.." && pwd)/build}
REPEAT=${REPEAT:-3}
COUNT=${COUNT:-2000}
LIMIT_SECONDS=600
results=$BUILD/bench/insns

# count NAME KERNEL POLICY BOOT
count()
{
	echo "boot $4 of $REPEAT: $1" >&2
	"$here/../../vm/run" --accel icount --kernel "$BUILD/$2/bzImage" --timeout $LIMIT_SECONDS \
		--node size=512M,cpus=1 --node size=512M -- \
		"$here/guest.sh" "$BUILD" "$3" "$COUNT" 2> "$results/err" > "$results/out" ||
		{ cat "$results/err" >&2; exit 1; }
	sed "s/^/$1 /" "$results/out" >> "$results/counts"
}

rm -rf "$results"
mkdir -p "$results"
for ((boot = 1; boot <= REPEAT; boot++)); do
	count unpatched base none $boot
	count patched guest none $boot
	count nop guest nop $boot
	count tpp guest tpp $boot
done
awk -f "$here/../median.awk" -f "$here/report.awk" "$results/counts"
