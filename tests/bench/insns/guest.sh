#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# guest.sh BUILD POLICY COUNT: in the guest, count the instructions of page faults and reads,
# with POLICY attached, or with none (POLICY is "none").
set -euo pipefail

BUILD=$1
POLICY=$2
COUNT=$3
scan=/sys/kernel/debug/sched/numa_balancing
export TIERX_POLICY_PATH=$BUILD/bpf

faults() { "$BUILD/tests/bench/faults" "$1" "$COUNT"; }

# A RAM disk of SIZE bytes; its name.
ram_disk()
{
	local n
	n=$(cat /sys/class/zram-control/hot_add)
	echo "$1" > "/sys/block/zram$n/disksize"
	echo "/dev/zram$n"
}

swap=$(ram_disk 64M)
disk=$(ram_disk 64M)
{ /sbin/mkswap "$swap"; /sbin/mkfs.ext4 -q -O ^has_journal "$disk"; } > /dev/null
/sbin/swapon "$swap"
# One page per fault.
echo 0 > /proc/sys/vm/page-cluster
mkdir -p /tmp/disk
mount "$disk" /tmp/disk

# Short, so that pages are armed soon and often.
for knob in scan_delay_ms scan_period_min_ms scan_period_max_ms; do
	echo 100 > $scan/$knob
done
echo 1 > /sys/kernel/mm/numa/demotion_enabled

# Only tiering is compared: without a policy it is as if a policy had switched it on.
echo 2 > /proc/sys/kernel/numa_balancing
[ "$POLICY" = none ] || "$BUILD/bin/tierx" load "$POLICY" >&2

faults loop
faults anon
faults file
faults swapin
faults read-fast
faults read-slow
# Only what the file takes is to be found there.
mkdir -p /sys/fs/cgroup/faults
bash -c 'echo $$ > /sys/fs/cgroup/faults/cgroup.procs && exec "$@"' sh "$BUILD/tests/bench/faults" reclaim "$((COUNT / 10))"
# No page is hot: each stays where it is. tpp has a threshold of its own, and its least is more than
# a touch takes to come.
echo 0 > $scan/hot_threshold_ms
[ "$POLICY" = tpp ] || faults hint
# Every page is hot.
echo 4000 > $scan/hot_threshold_ms
[ "$POLICY" != tpp ] || "$BUILD/bin/tierx" set hot_threshold_ms=4000 >&2
faults promote
