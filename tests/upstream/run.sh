#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tests/upstream/run.sh [PATTERN...]: the kernel's own selftests of mm, cgroup and damon must come
# out the same on a kernel without our patch (base), with it (none), and with a policy attached
# (nop, tpp). Which are run says the table tests/upstream/tests. Base runs twice: a test that
# differs from itself there is left out, and named.
#
# Results are in build/upstream/results. The exit status is 1 if something differs.
#
# Environment: BASE_KERNEL, an image to use in the place of build/base/bzImage.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(dirname "$(dirname "$here")")
export BUILD=${BUILD:-$top/build}
BASE_KERNEL=${BASE_KERNEL:-$BUILD/base/bzImage}
output=$BUILD/upstream
results=$output/results
patterns=("$@")
runs=(base again none nop tpp)
SPARE_SECONDS=60

# Tests have a time limit in the table, and a reason in its place when they are left out.
table() { sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$here/tests"; }
left_out() { table | awk '$2 == "-"'; }

selected()
{
	local name rest p
	table | awk '$2 != "-"' | while read -r name rest; do
		for p in "${patterns[@]:-*}"; do
			# shellcheck disable=SC2053 # a pattern is wanted
			[[ $name != $p ]] || echo "$name $rest"
		done
	done
}

kernel_of()
{
	case $1 in
	base|again) echo "$BASE_KERNEL" ;;
	*) echo "$BUILD/guest/bzImage" ;;
	esac
}

policy_of()
{
	case $1 in
	nop|tpp) echo "$1" ;;
	esac
}

# shellcheck disable=SC2046 # no policy is no argument
run_guest()	# RUN
{
	local limit
	mkdir -p "$results/$1"
	limit=$(awk -v spare=$SPARE_SECONDS '{ s += $2 } END { print s + spare }' "$results/tests")
	"$top/tests/vm/run" --kernel "$(kernel_of "$1")" --timeout "$limit" \
		--node size=1536M,cpus=4 --node size=1536M --share "$results" \
		--dmesg "$results/$1.dmesg" -- "$here/in-guest.sh" "$output/run" \
		"$results/tests" "$results/$1" $(policy_of "$1") > "$results/$1.log" 2>&1 ||
		{ echo "upstream: run $1 failed:"; tail -n 20 "$results/$1.log"; return 1; }
}

# What a test says, without what differs from run to run: numbers, addresses, and the order of
# lines. Its own words are only there to explain a difference.
verdicts()	# RUN NAME
{
	local out=$results/$1/${2//\//.}
	echo "status $(cat "$out.status" 2> /dev/null)"
	grep -aE '^[[:space:]#]*(not )?ok ' "$out.out" 2> /dev/null |
		sed -E 's/0x[0-9a-f]+|[0-9]+/N/g' | LC_ALL=C sort
}

# One word: how it ended, and how many passed, failed and were skipped.
cell()	# RUN NAME
{
	verdicts "$1" "$2" | awk '$1 == "status" { s = $2; next }
		/# SKIP/ { k++; next } /not ok/ { f++; next } { p++ }
		END { printf "%s:%d/%d/%d", s == "" ? "-" : s, p, f, k }'
}

same() { [ "$(verdicts "$1" "$3")" = "$(verdicts "$2" "$3")" ]; }

report()
{
	local name run line differs=() flaky=()
	printf '%-28s %-12s %-12s %-12s %-12s\n' 'status:passed/failed/skipped' base none nop tpp
	while read -r name _; do
		printf '%-28s %-12s %-12s %-12s %-12s\n' "$name" "$(cell base "$name")" \
			"$(cell none "$name")" "$(cell nop "$name")" "$(cell tpp "$name")"
		if ! same base again "$name"; then
			flaky+=("$name")
			continue
		fi
		for run in none nop tpp; do
			same base "$run" "$name" || differs+=("$run $name")
		done
	done < "$results/tests"

	echo
	echo "left out:"
	left_out | sed 's/^\([^ \t]*\)[ \t]*-[ \t]*/  \1: /'
	for name in "${flaky[@]}"; do
		echo "  $name: differs from itself on base ($(cell base "$name"), $(cell again "$name"))"
	done
	echo "differing results: ${#differs[@]}"
	for line in "${differs[@]}"; do
		echo "  $line"
		# shellcheck disable=SC2086 # two words
		explain $line
	done
	[ ${#differs[@]} -eq 0 ]
}

explain()	# RUN NAME
{
	diff <(verdicts base "$2") <(verdicts "$1" "$2") | sed -n 's/^[<>]/    &/p' | head -n 10
}

rm -rf "$results"
mkdir -p "$results"
selected > "$results/tests"
[ -s "$results/tests" ] || { echo "upstream: no such test" >&2; exit 2; }
"$here/build.sh" "$BUILD/linux" "$output"
failed=0
for run in "${runs[@]}"; do
	start=$SECONDS
	run_guest "$run" || failed=1
	echo "run $run: $((SECONDS - start)) s" >&2
done
report || failed=1
exit $failed
