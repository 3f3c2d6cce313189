#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# hostility.sh table FOLDER...   the table of what tests did to the kernel, from the lines
#                                '# hostility: NAME NUMBER' in the KTAP files in these folders
# hostility.sh doc FOLDER...     the same, and put it into HOSTILITY.md
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
doc=$here/HOSTILITY.md

# Every number under its name, added up.
sums()
{
	find "$@" -name '*.ktap' -print0 | xargs -0r cat |
		awk '/^# hostility: [a-z_]+ [0-9]+$/ { sum[$3] += $4 }
			END { for (name in sum) printf "%s %.0f\n", name, sum[name] }' | LC_ALL=C sort
}

# Rows in this order; a number that nobody told is 0. What ended a policy has a row each.
table()
{
	sums "$@" | awk '
		function row(what, name) { printf "| %s | %.0f |\n", what, sum[name] }
		{ sum[$1] = $2 }
		/^ended_/ { ends[++nr] = $1 }
		END {
			print "| what | number |"
			print "|---|---|"
			row("faults injected", "faults_injected")
			row("load held, seconds", "load_seconds")
			row("ops called by chaos", "op_calls")
			row("bad inputs tried", "bad_inputs")
			row("moves queued", "moves_queued")
			row("policies swapped", "swaps")
			row("swaps refused", "swaps_refused")
			row("shipped policies under load", "policies_soaked")
			row("policies of cgroups that came and went", "tenants")
			row("loaders killed", "loaders_killed")
			row("times a node went offline", "memory_offlined")
			for (i = 1; i <= nr; i++) {
				kind = ends[i]
				gsub(/^ended_|_/, " ", kind)
				sub(/^ /, "", kind)
				row("policies ended: " kind, ends[i])
			}
			row("data verified, bytes", "bytes_verified")
			row("lost or wrong", "lost_or_wrong")
		}'
}

# Between the two lines that say where it is.
update_doc()
{
	awk -v table="$1" '
		/^<!-- table -->$/ { print; print table; skip = 1; next }
		/^<!-- end of table -->$/ { skip = 0 }
		!skip' "$doc" > "$doc.new"
	mv "$doc.new" "$doc"
}

command=${1:-}
[ $# -ge 2 ] || { echo "usage: hostility.sh table|doc FOLDER..." >&2; exit 2; }
shift
text=$(table "$@")
echo "$text"
case $command in
table) ;;
doc) update_doc "$text" ;;
*) echo "usage: hostility.sh table|doc FOLDER..." >&2; exit 2 ;;
esac
