#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Does tests/ktap.awk count right, above all what went wrong? Prints KTAP.
set -u

awk_file=$(dirname "${BASH_SOURCE[0]}")/../ktap.awk
number=0

# counts STATUS KTAP EXPECTED DESCRIPTION
counts()
{
	local got
	number=$((number + 1))
	got=$(printf '%b' "$2" | awk -v status="$1" -f "$awk_file")
	if [ "$got" = "$3" ]; then
		echo "ok $number $4"
	else
		echo "# expected '$3', got '$got'"
		echo "not ok $number $4"
	fi
}

echo 'TAP version 13'
echo '1..13'
counts 0 '1..2\nok 1 a\nok 2 b\n' '2 0 0 ' 'all passed'
counts 1 '1..2\nok 1 a\nnot ok 2 b\n' '1 1 0 ' 'one failed'
counts 0 '1..2\nok 1 a\nok 2 b # SKIP no swap\n' '1 0 1 ' 'one skipped'
counts 4 '1..0 # SKIP no tiers\n' '0 0 1 ' 'all skipped'
counts 0 '1..1\n    ok 1 inner\n    not ok 2 inner\nok 1 a\n' '1 0 0 ' 'nested results are not counted'
counts 0 'ok 1 a\nok 2 b\n1..2\n' '2 0 0 ' 'the plan may come last'
counts 0 '1..3\nok 1 a\n' '1 1 0 plan not completed, exit status 0' 'it ended early'
counts 139 '1..2\nok 1 a\n' '1 1 0 killed by signal 11' 'it crashed'
counts 124 '1..2\nok 1 a\n' '1 1 0 time limit reached' 'it took too long'
counts 3 '1..1\nok 1 a\n' '1 1 0 exit status 3' 'it passed, but ended badly'
counts 0 '' '0 1 0 plan not completed, exit status 0' 'it said nothing'
counts '' '1..2\nok 1 a\nok 2 b\n' '2 1 0 no exit status' 'its status was lost'
counts 'did not run' '' '0 1 0 did not run' 'it never ran'
