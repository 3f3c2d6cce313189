// SPDX-License-Identifier: GPL-2.0-only
/*
 * crowd: asks in each tick of one node whether CPUs are scarce.
 */
#include <tier_ext/crowd.bpf.h>

/* The other nodes' ticks are over then, and who was only woken has found a CPU. */
#define WORK_NS 3000000

u64 nr_ticks, nr_crowded;
s32 thread;

static void work(void)
{
	u64 start = bpf_ktime_get_ns();
	u32 i;

	bpf_for(i, 0, 1 << 20)
		if (bpf_ktime_get_ns() - start > WORK_NS)
			break;
}

void TIERX_OP_SLEEPABLE(crowd_tick, s32 nid, struct tier_ext_node_stat *stat)
{
	if (nid)
		return;
	thread = bpf_get_current_task_btf()->pid;
	work();
	tierx_crowd_note();
	nr_crowded += tierx_crowded;
	nr_ticks++;
}

TIERX_POLICY(crowd, "asks whether CPUs are scarce") = {
	.name = "crowd",
	.tick = (void *)crowd_tick,
	.tick_ms = 10,
	.nice = -20,
};
