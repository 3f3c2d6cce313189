# SPDX-License-Identifier: GPL-2.0-only
#
# numab: the kernel's own tiering. NUMA balancing in its tiering mode promotes on hint faults,
# reclaim demotes.
# Source: Documentation/admin-guide/sysctl/kernel.rst (numa_balancing), the defaults of the kernel.
scan=/sys/kernel/debug/sched/numa_balancing
knob scan_delay_ms 1000 50 200 1000
knob scan_period_min_ms 1000 50 100 200 400 1000
knob scan_period_max_ms 60000 400 1000 5000 60000
knob scan_size_mb 256 64 256 1024
knob hot_threshold_ms 1000 200 500 1000 2000 5000
knob promote_rate_limit_mbps 65536 64 256 65536

numab_on()
{
	for k in scan_delay_ms scan_period_max_ms scan_period_min_ms scan_size_mb hot_threshold_ms; do
		eval "echo \$$k" > $scan/$k
	done
	echo "$promote_rate_limit_mbps" > /proc/sys/kernel/numa_balancing_promote_rate_limit_MBps
	echo 1 > /sys/kernel/mm/numa/demotion_enabled
	echo 2 > /proc/sys/kernel/numa_balancing
}

numab_off()
{
	echo 0 > /proc/sys/kernel/numa_balancing
	echo 0 > /sys/kernel/mm/numa/demotion_enabled
}

setup() { numab_on; }
teardown() { numab_off; }
