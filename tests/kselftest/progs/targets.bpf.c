// SPDX-License-Identifier: GPL-2.0-only
/*
 * targets: asks the kernel for targets and facts of every pair of nodes.
 *
 * One tick of node 0 fills the tables; rounds counts how often.
 */
#include <tier_ext/tier_ext.bpf.h>
#include "../targets.h"

/* Indexed by source node, then by the node of the CPU; the last is "nobody knows". */
s32 promotion[TARGETS_MAX_NODES][TARGETS_MAX_NODES + 1];
s32 demotion[TARGETS_MAX_NODES];
s64 node_stat[TARGETS_MAX_NODES][TARGETS_NR_ITEMS];
s32 distance[TARGETS_MAX_NODES][TARGETS_MAX_NODES];
/* Which answers came at all, as ties are broken at random. */
u64 promotion_seen[TARGETS_MAX_NODES];
u64 demotion_seen[TARGETS_MAX_NODES];
s32 bad_flag, bad_node, bad_item, bad_cpu;
u64 rounds;

static void ask_pair(u32 src, u32 cpu)
{
	promotion[src][cpu] = tierx_bpf_promotion_target(src, cpu, 0);
	distance[src][cpu] = tierx_bpf_node_distance(src, cpu);
}

static void ask_node(u32 src)
{
	s32 nid;
	u32 i;

	nid = tierx_bpf_promotion_target(src, -1, 0);
	promotion[src][TARGETS_MAX_NODES] = nid;
	if (nid >= 0 && nid < 64)
		promotion_seen[src] |= 1ULL << nid;
	nid = tierx_bpf_demotion_target(src, 0);
	demotion[src] = nid;
	if (nid >= 0 && nid < 64)
		demotion_seen[src] |= 1ULL << nid;
	for (i = 0; i < TARGETS_NR_ITEMS; i++)
		node_stat[src][i] = tierx_bpf_node_stat(src, i);
}

void TIERX_OP_SLEEPABLE(targets_tick, s32 nid, struct tier_ext_node_stat *stat)
{
	u32 src, cpu;

	if (nid)
		return;
	for (src = 0; src < TARGETS_MAX_NODES; src++) {
		ask_node(src);
		for (cpu = 0; cpu < TARGETS_MAX_NODES; cpu++)
			ask_pair(src, cpu);
	}
	bad_flag = tierx_bpf_promotion_target(0, -1, 1ULL << 40);
	bad_node = tierx_bpf_demotion_target(100000, 0);
	bad_item = tierx_bpf_node_stat(0, 1000);
	bad_cpu = tierx_bpf_promotion_target(0, -2, 0);
	__sync_fetch_and_add(&rounds, 1);
}

TIERX_POLICY(targets, "asks for targets") = {
	.name = "targets",
	.tick = (void *)targets_tick,
	.tick_ms = 10,
};
