#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# guest.sh BUILD COUNT: in the guest, swap between two policies that many times, without load and with one
# that faults all the time. A line for each: load, policy, and seconds: all, of user code and of the
# kernel for tierx itself, and as tierx says that the switch took.
set -euo pipefail

BUILD=$1
COUNT=$2
export TIERX_POLICY_PATH=$BUILD/bpf
TIMEFORMAT='%R %U %S'
tierx=$BUILD/bin/tierx

swap()	# LOAD POLICY
{
	local times
	times=$({ time "$tierx" swap "$2" > /tmp/said 2>&1; } 2>&1)
	echo "$1 $2 $times $(sed -n 's/.* \([0-9.]*\) ms.*/\1/p' /tmp/said | tail -n 1)"
}

swaps()	# LOAD
{
	local i
	for ((i = 0; i < COUNT; i++)); do
		swap "$1" tpp
		swap "$1" nop
	done
}

echo 2 > /proc/sys/kernel/numa_balancing
"$tierx" load nop >&2
swaps idle
"$BUILD/tests/bench/faults" anon 100000000 > /dev/null &
load=$!
swaps load
kill $load
cat /tmp/said >&2
