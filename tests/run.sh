#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tests/run.sh [NAME...]: run the tests (all, or those whose names match one of the shell
# patterns) and end with one line: N passed, N failed, N skipped.
#
# Host tests are programs that print KTAP: build/tests/unit/* and tests/*/*selftest.sh.
# Guest tests are listed in tests/kselftest/tests (program, guest, seconds); the guests in
# tests/kselftest/guests (name, options of tests/vm/run). All tests of a guest share one
# boot, and afterwards its kernel log must be clean.
#
# Environment: CONFIG=guest|debug (kernel), JOBS (guests at a time; the host tests count as one),
# TIERX_CHAOS_SECONDS and TIERX_SOAK_SECONDS (for f_chaos, and for each policy of g_soak; their time
# limits are that much longer).
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(dirname "$here")
export BUILD=${BUILD:-$top/build}
CONFIG=${CONFIG:-guest}
HOST_TEST_SECONDS=300
BOOT_SECONDS=60
results=$BUILD/tests/results
programs=$BUILD/tests/kselftest
patterns=("$@")

# Most tests wait most of the time. In a kernel full of checks they do not, it is this much slower,
# and tests wait for things accordingly.
if [ "$CONFIG" = guest ]; then
	slower=1
	JOBS=${JOBS:-4}
else
	slower=4
	JOBS=${JOBS:-2}
fi

passed=0
failed=0
skipped=0

selected()
{
	local p
	[ ${#patterns[@]} -gt 0 ] || return 0
	for p in "${patterns[@]}"; do
		# shellcheck disable=SC2053 # a pattern is wanted
		[[ $1 != $p ]] || return 0
	done
	return 1
}

# table FILE: its lines without comments.
table() { sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$1" 2>/dev/null; }

# --- counting -------------------------------------------------------------------------

# One line per test program, failures and the reasons of skips below it. A program that did
# not complete its plan, or that failed in silence, is one failure more.
count()	# NAME KTAP STATUS
{
	local p f s why seconds
	read -r p f s why < <(awk -v status="$3" -f "$here/ktap.awk" "$2" 2>/dev/null ||
		echo "0 1 0 no output")
	seconds=$(cat "${2%.ktap}.seconds" 2>/dev/null || echo '?')
	passed=$((passed + p))
	failed=$((failed + f))
	skipped=$((skipped + s))
	printf '%-6s %-36s %s passed, %s failed, %s skipped in %s s%s\n' \
		"$([ "$f" -eq 0 ] && echo ok || echo FAILED)" "$1" "$p" "$f" "$s" "$seconds" \
		"${why:+ ($why)}"
	grep -E '^ *(not ok|ok .*# SKIP|1\.\.0 # SKIP)' "$2" 2>/dev/null | sed 's/^/         /'
	[ "$f" -eq 0 ] || tail -n 15 "${2%.ktap}.err" 2>/dev/null | sed 's/^/         | /'
}

# --- on the host ----------------------------------------------------------------------

host_tests()	# the selected ones, a path each
{
	local t
	for t in "$BUILD"/tests/unit/* "$here"/*/*selftest.sh; do
		if [ -f "$t" ] && [ -x "$t" ] && selected "$(basename "$t")"; then
			echo "$t"
		fi
	done
}

run_host_tests()
{
	local t out start
	while read -r t; do
		out=$results/$(basename "$t")
		start=$SECONDS
		timeout -k 5 $HOST_TEST_SECONDS "$t" > "$out.ktap" 2> "$out.err" < /dev/null
		echo $? > "$out.status"
		echo $((SECONDS - start)) > "$out.seconds"
	done < <(host_tests)
}

count_host_tests()
{
	local name
	while read -r name; do
		name=$(basename "$name")
		count "$name" "$results/$name.ktap" "$(cat "$results/$name.status")"
	done < <(host_tests)
}

# --- in guests ------------------------------------------------------------------------

# What the environment makes a test take, more than the table says.
longer()	# PROGRAM
{
	local policies=("$here"/../bpf/*.bpf.c)
	case $1 in
	f_chaos) echo "${TIERX_CHAOS_SECONDS:-0}" ;;
	g_soak) echo $((${TIERX_SOAK_SECONDS:-0} * ${#policies[@]})) ;;
	*) echo 0 ;;
	esac
}

tests_of()	# GUEST: lines of program and seconds
{
	local program guest seconds
	while read -r program guest seconds; do
		if [ "$guest" = "$1" ] && selected "$program"; then
			seconds=$((seconds * slower))
			echo "$program $((seconds + $(longer "$program")))"
		fi
	done < <(table "$here/kselftest/tests")
}

seconds_of()	# GUEST: that its tests may take
{
	awk '{ s += $2 } END { print s + 0 }' "$results/$1.tests"
}

# Name and options of those that have tests to run, whatever takes longest first.
guests_to_boot()
{
	local name options
	while read -r name options; do
		tests_of "$name" > "$results/$name.tests"
		[ ! -s "$results/$name.tests" ] || echo "$(seconds_of "$name") $name $options"
	done < <(table "$here/kselftest/guests") | sort -s -k1,1nr | cut -d' ' -f2-
}

boot_guest()	# NAME OPTION...
{
	local name=$1 folder=$results/$1 limit
	shift
	mkdir -p "$folder"
	limit=$(($(seconds_of "$name") + BOOT_SECONDS * slower))
	"$here/vm/run" --kernel "$BUILD/$CONFIG/bzImage" --timeout "$limit" \
		--share "$results" --cwd "$programs" \
		--console "$folder/console" --dmesg "$folder/dmesg" "$@" -- \
		env TIERX_SLOWER=$slower ${TIERX_CHAOS_SECONDS:+TIERX_CHAOS_SECONDS="$TIERX_CHAOS_SECONDS"} \
		${TIERX_SOAK_SECONDS:+TIERX_SOAK_SECONDS="$TIERX_SOAK_SECONDS"} \
		"$here/in-guest.sh" "$folder.tests" "$folder" > "$folder/log" 2>&1
	echo $? > "$folder/exit"
}

# eval: options in the table are quoted as in a shell.
boot_guests()
{
	local name options running=1
	while read -r name options; do
		if [ $running -ge "$JOBS" ]; then
			wait -n
			running=$((running - 1))
		fi
		echo "booting guest $name ($CONFIG kernel) for $(wc -l < "$results/$name.tests") tests"
		eval "boot_guest $name $options" < /dev/null &
		running=$((running + 1))
	done < <(guests_to_boot)
	wait
}

count_guests()
{
	local name program folder
	while read -r name _; do
		folder=$results/$name
		[ -s "$folder.tests" ] || continue
		while read -r program _; do
			count "$program" "$folder/$program.ktap" \
				"$(cat "$folder/$program.status" 2>/dev/null || echo 'did not run')"
		done < "$folder.tests"
		check_log "$name" "$folder"
	done < <(table "$here/kselftest/guests")
	report_strays
}

bad_log='WARNING:|BUG:|kernel BUG at|Oops|RIP:|KASAN|UBSAN|Call Trace|INFO: task .* blocked|detected stalls|self-detected stall|possible (recursive|circular)|suspicious RCU|Bad page|refcount_t|general protection|Kernel panic'

check_log()
{
	local status
	status=$(cat "$2/exit")
	if [ "$status" != 0 ] || [ ! -e "$2/dmesg" ]; then
		echo "FAILED guest $1 ended with status $status:"
		tail -n 30 "$2/log" | sed 's/^/         | /'
		failed=$((failed + 1))
	elif grep -qE "$bad_log" "$2/dmesg"; then
		echo "FAILED the kernel log of guest $1 is not clean ($2/dmesg):"
		grep -E "$bad_log|tier_ext test:" "$2/dmesg" | grep -B1 -E "$bad_log" | sed 's/^/         | /'
		failed=$((failed + 1))
	else
		passed=$((passed + 1))
	fi
}

# A test that names a guest nobody defined would otherwise vanish.
report_strays()
{
	local program guest names
	names=" $(table "$here/kselftest/guests" | awk '{ printf "%s ", $1 }')"
	while read -r program guest _; do
		if selected "$program" && [[ $names != *" $guest "* ]]; then
			echo "FAILED $program: no guest '$guest' in tests/kselftest/guests"
			failed=$((failed + 1))
		fi
	done < <(table "$here/kselftest/tests")
}

# What an interrupted run has left behind holds the lock, too, until it has ended.
mkdir -p "$BUILD/tests"
exec 9> "$BUILD/tests/.lock"
if ! flock -n 9; then
	echo "FAILED other tests are running in $BUILD, or are still ending"
	exit 1
fi
rm -rf "$results"
mkdir -p "$results"
run_host_tests &
boot_guests	# and waits for both
count_host_tests
count_guests
if [ $((passed + failed + skipped)) -eq 0 ]; then
	echo "FAILED no test matches: ${patterns[*]}"
	failed=1
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
