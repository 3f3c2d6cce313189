#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Does tests/vm/run keep its word? Prints KTAP.
set -u

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
BUILD=${BUILD:-$(cd "$here/../.." && pwd)/build}
mkdir -p "$BUILD/vm"
work=$(mktemp -d "$BUILD/vm/selftest.XXXXXX")
trap 'rm -rf "$work"' EXIT

vm() { "$here/run" --timeout 120 "$@" > "$work/out" 2> "$work/err" < /dev/null; }

# shellcheck source-path=SCRIPTDIR
. "$here/../ktap.sh"

test_streams_and_status()
{
	# shellcheck disable=SC2016 # for the guest's shell
	vm -- bash -c 'printf "%s|" "$@"; echo oops >&2; echo more > /dev/stderr; exit 7' x 'a  b' "it's" '$HOME' ''
	result "exit status is the command's" is $? 7
	result "arguments arrive as they were" is "$(cat "$work/out")" "a  b|it's|\$HOME||"
	result "stderr is separate, also when reopened" is "$(tr '\n' ' ' < "$work/err")" "oops more "
}

test_big_output()
{
	seq 1 1500000 > "$work/expected"
	vm -- seq 1 1500000
	result "10 MB of output arrive whole" cmp -s "$work/out" "$work/expected"
}

test_files_and_leftovers()
{
	mkdir "$work/share"
	vm --share "$work/share" --cwd "$work/share" -- \
		bash -c 'sleep 1000 & pwd; echo hello > file; echo x > ../other'
	result "a process left behind does not hold the guest" is $? 0
	result "the command starts in --cwd" is "$(cat "$work/out")" "$work/share"
	result "what it writes into a share is on the host" is "$(cat "$work/share/file")" hello
	result "what it writes elsewhere is not" test ! -e "$work/other"
}

test_limits()
{
	vm --timeout 8 -- sleep 1000
	result "time limit gives 124" is $? 124
	result "and one line that says so" says err '^vm: time limit of 8 s'
	vm -- bash -c 'echo c > /proc/sysrq-trigger'
	result "a crash gives 125" is $? 125
	result "and the console's last words" says err 'sysrq triggered crash'
	vm -- no-such-program
	result "a missing command gives 127" is $? 127
	vm --node cpus=2 -- true
	result "bad topology is a usage error" is $? 2
}

test_tiers()
{
	vm -- bash -c 'numactl -H; cat /sys/devices/virtual/memory_tiering/memory_tier*/nodelist'
	result "the default guest has two nodes" says out '^available: 2 nodes'
	result "and two tiers" is "$(tail -n 2 "$work/out" | tr '\n' ' ')" "0 1 "
}

test_two_sockets()
{
	vm --node size=256M,cpus=1 --node size=256M,cpus=1 \
		--node size=256M,latency=250,bandwidth=20 \
		--node size=256M,latency=600,bandwidth=5,initiator=1 --distance 1,3=33 -- \
		bash -c 'cat /sys/devices/virtual/memory_tiering/memory_tier*/nodelist
			cat /sys/devices/system/node/node3/access0/initiators/read_latency
			cut -d" " -f4 /sys/devices/system/node/node1/distance'
	result "two sockets and two slow nodes: tiers, latency, distance" \
		is "$(sort "$work/out" | tr '\n' ' ')" "0-1 2 3 33 600 "
}

echo 'TAP version 13'
echo '1..17'
test_streams_and_status
test_big_output
test_files_and_leftovers
test_limits
test_tiers
test_two_sockets
