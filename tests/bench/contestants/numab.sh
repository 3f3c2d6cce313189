# SPDX-License-Identifier: GPL-2.0-only
#
# numab: the kernel's own tiering. NUMA balancing in its tiering mode promotes on hint faults,
# reclaim demotes.
# Source: Documentation/admin-guide/sysctl/kernel.rst (numa_balancing), the defaults of the kernel.
scan=/sys/kernel/debug/sched/numa_balancing
knob hot_threshold_ms 1000 100 300 1000 3000
knob scan_period_min_ms 1000 100 300 1000 3000
knob promote_rate_limit_mbps 65536 16 64 256 65536
knob scan_period_max_ms 60000 1000 5000 60000
knob scan_size_mb 256 64 256 1024
knob scan_delay_ms 1000 50 1000

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
