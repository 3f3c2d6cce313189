// SPDX-License-Identifier: GPL-2.0-only
/* memtoy: arms a range. No policy: whichever is attached decides what the next touch does. */
#include <tier_ext/tier_ext.bpf.h>

char _license[] SEC("license") = "GPL";

struct memtoy_arm {
	s32 pid;
	u64 start;
	u64 len;
};

SEC("syscall")
int memtoy_arm(struct memtoy_arm *arm)
{
	return tierx_bpf_range_arm(arm->pid, arm->start, arm->len, 0);
}
