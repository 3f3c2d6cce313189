#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh: what policies cost in a machine that does nothing, by its size: instructions per second of the
# threads that tick, and of all kernel code. Guests have memory that nobody touches, so a large one needs
# little of the host's (a sixtieth, for the kernel's page structures).
#
# Environment: SIZES='2 8 32 64' GiB, PROCESSES='1 10 100 1000' in the smallest guest, POLICIES.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export BUILD=${BUILD:-$(cd "$here/../../.." && pwd)/build}
SIZES=${SIZES:-2 8 32 64}
PROCESSES=${PROCESSES:-1 10 100 1000}
POLICIES=${POLICIES:-none nop tpp fair heatmap}
SECONDS_EACH=5
LIMIT_SECONDS=500
results=$BUILD/bench/growth

# Files 2, 3, ... of the guest; there has to be one for "none", too.
fetch_args()
{
	local p
	printf '%s\n' --fetch "$here/guest.sh"
	for p in $POLICIES; do
		[ "$p" != none ] || { printf '%s\n' --fetch /dev/null; continue; }
		printf '%s\n' --fetch "$BUILD/bpf/$p.bpf.o"
	done
}

# A fast quarter.
measure()	# GIB PROCESSES
{
	local dir=$results/$1-$2 fetch
	mapfile -t fetch < <(fetch_args)
	echo "guest of $1 GiB with $2 processes" >&2
	"$here/../machine/boot" --image "$BUILD/bench/guest.cpio" --fast $(($1 * 256)) --slow $(($1 * 768)) \
		--timeout $LIMIT_SECONDS --out "$dir" "${fetch[@]}" -- \
		sh -c "count fetch 1 > /run/guest.sh && sh /run/guest.sh $2 $SECONDS_EACH $POLICIES" ||
		{ cat "$dir/err" >&2; exit 1; }
}

# Millions of instructions per second: threads that tick, all of the kernel.
rows()	# DIR
{
	jq -r --arg policies "$POLICIES" --argjson s $SECONDS_EACH '($policies / " ") as $p
		| .phases[] | select(.tag > 0)
		| [$p[.tag - 1], (.threads.ktierx.instructions // 0) / $s / 1e6, .instructions.kernel / $s / 1e6] | @tsv' \
		"$1/counters.json"
}

table()	# TITLE UNIT DIR...
{
	local d title=$1 unit=$2
	shift 2
	echo "$title: millions of instructions per second in ktierx (in all kernel code)"
	for d in "$@"; do
		rows "$results/$d" | sed "s/^/$d\t/"
	done | awk -F'\t' -v unit="$unit" '
		function label(d) { sub(unit == "GiB" ? "-.*" : ".*-", "", d); return d " " unit }
		!seen[$1]++ { dirs[++nr_dirs] = $1 }
		!known[$2]++ { policies[++nr_policies] = $2 }
		{ cell[$1, $2] = sprintf("%.3f (%.3f)", $3, $4) }
		END {
			printf "%-18s", ""
			for (d = 1; d <= nr_dirs; d++) printf "%22s", label(dirs[d])
			print ""
			for (p = 1; p <= nr_policies; p++) {
				printf "%-18s", policies[p]
				for (d = 1; d <= nr_dirs; d++) printf "%22s", cell[dirs[d], policies[p]]
				print ""
			}
		}'
}

rm -rf "$results"
mkdir -p "$results"
smallest=${SIZES%% *}
for size in $SIZES; do
	measure "$size" 1
done
for n in $PROCESSES; do
	[ -d "$results/$smallest-$n" ] || measure "$smallest" "$n"
done
# shellcheck disable=SC2086 # lists
mapfile -t by_size < <(printf '%s-1\n' $SIZES)
# shellcheck disable=SC2086
mapfile -t by_processes < <(printf "$smallest-%s\n" $PROCESSES)
table "By memory" GiB "${by_size[@]}"
table "By processes, $smallest GiB" processes "${by_processes[@]}"
