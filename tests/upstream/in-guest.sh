#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# in-guest.sh SUITES TESTS RESULTS [POLICY]: run the tests one after the other, each under its own
# time limit, in a copy of its suite on a file system like any other; leave NAME.out and
# NAME.status in RESULTS.
set -u

suites=$1
tests=$2
results=$3
policy=${4:-}
tierx=$(dirname "${BASH_SOURCE[0]}")/../../build/bin/tierx
work=/run/upstream

# What a policy would switch on is on everywhere, so that nothing but the policy differs.
prepare()
{
	echo 2 > /proc/sys/kernel/numa_balancing
	echo 1 > /sys/kernel/mm/numa/demotion_enabled
	echo 1G > "/sys/block/zram$1/disksize"
	mkfs.ext4 -q -O ^has_journal "/dev/zram$1"
	mkdir -p $work
	mount "/dev/zram$1" $work
	cp -a "$suites/." $work
}

load_policy()
{
	[ -z "$policy" ] || "$tierx" load "$policy"
}

still_loaded()
{
	[ -z "$policy" ] || [ "$(cat /sys/kernel/mm/tier_ext/root/ops)" = "$policy" ]
}

# hugepages N COMMAND...: for commands of the table.
hugepages()
{
	local status
	echo "$1" > /proc/sys/vm/nr_hugepages
	shift
	"$@"
	status=$?
	echo 0 > /proc/sys/vm/nr_hugepages
	return $status
}
export -f hugepages

prepare "$(cat /sys/class/zram-control/hot_add)"
TIERX_POLICY_PATH=$(dirname "$tierx")/../bpf
export TIERX_POLICY_PATH
load_policy || exit 1
while read -r name seconds command; do
	echo "tier_ext test: $name" > /dev/kmsg
	out=$results/${name//\//.}
	cd "$work/${name%%/*}" || exit 1
	start=$SECONDS
	# By lines: what is buffered is written by every child of a test once more.
	timeout -k 5 "$seconds" stdbuf -oL bash -c "$command" > "$out.out" 2>&1 < /dev/null
	echo $? > "$out.status"
	echo "$((SECONDS - start)) s $name"
done < "$tests"
still_loaded || { echo "policy $policy is gone:"; cat /sys/kernel/mm/tier_ext/last_exit; exit 1; }
