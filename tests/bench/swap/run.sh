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
	"$here/guest.sh" "$BUILD" "${COUNT:-10}" | sort | awk '
	function median(list, n,    v, i, j, t) {
		split(list, v, " ")
		for (i = 1; i <= n; i++)
			for (j = i + 1; j <= n; j++)
				if (v[j] + 0 < v[i] + 0) { t = v[i]; v[i] = v[j]; v[j] = t }
		return v[int((n + 1) / 2)]
	}
	{
		k = $1 " " $2
		if (!n[k]++)
			order[++nr] = k
		all[k] = all[k] " " $3 * 1000
		cpu[k] = cpu[k] " " ($4 + $5) * 1000
		switched[k] = switched[k] " " $6
	}
	END {
		print "Swapping a policy, median, in millions of instructions (milliseconds of such a guest)"
		printf "%-24s %12s %18s %14s\n", "", "all of it", "in tierx itself", "the switch"
		for (i = 1; i <= nr; i++) {
			k = order[i]
			printf "%-24s %12.1f %18.1f %14.3f\n", k, median(all[k], n[k]), median(cpu[k], n[k]),
				median(switched[k], n[k])
		}
	}'
