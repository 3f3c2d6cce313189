#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# test-debug.sh: all guest tests in guests with the debug kernel, then policies that do anything
# for a quarter of an hour; and what all of it added up to.
#
# Environment: CHAOS_SECONDS=900, JOBS as for run.sh.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(dirname "$here")
export BUILD=${BUILD:-$top/build}
CHAOS_SECONDS=${CHAOS_SECONDS:-900}
folder=$BUILD/tests/results/chaos
# Boot, set-up and a look at what is left.
MORE_SECONDS=300

# Its short run would tell nothing that the long one does not.
others()
{
	sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$here/kselftest/tests" | awk '{ print $1 }' |
		grep -vx f_chaos | LC_ALL=C sort -u
}

# The same guest as in the table of tests.
chaos()
{
	local options
	eval "options=($(awk '$1 == "hotplug" { $1 = ""; print }' "$here/kselftest/guests"))"
	mkdir -p "$folder"
	"$here/vm/run" --kernel "$BUILD/debug/bzImage" --timeout $((CHAOS_SECONDS + MORE_SECONDS)) \
		--cwd "$BUILD/tests/kselftest" --console "$folder/console" --dmesg "$folder/dmesg" \
		"${options[@]}" -- env TIERX_SLOWER=4 TIERX_CHAOS_SECONDS="$CHAOS_SECONDS" ./f_chaos \
		> "$folder/f_chaos.ktap" 2> "$folder/f_chaos.err"
}

# run.sh knows what must not be in a kernel log.
bad_log=$(sed -n "s/^bad_log='\(.*\)'$/\1/p" "$here/run.sh")
failed=0
mapfile -t names < <(others)
CONFIG=debug "$here/run.sh" "${names[@]}" || failed=1
echo "policies that do anything, for $CHAOS_SECONDS seconds"
chaos || failed=1
grep -E '^(not )?ok' "$folder/f_chaos.ktap"
if grep -E "$bad_log" "$folder/dmesg"; then
	echo "FAILED the kernel log is not clean ($folder/dmesg)"
	failed=1
fi
"$here/hostility.sh" table "$BUILD/tests/results"
exit $failed
