/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a move costs, and what an access saves afterwards, by the tables of the firmware (HMAT, as
 * /sys/devices/system/node/nodeN/accessN shows them).
 */
#ifndef TIER_EXT_COST_BPF_H
#define TIER_EXT_COST_BPF_H

#include <tier_ext/span.bpf.h>

#define TIERX_COST_PAGE_BYTES 4096
/* What a move costs besides copying: two page table updates, flushes, locks. */
#define TIERX_COST_MOVE_NS 10000
/* If the firmware does not tell: DRAM, and CXL memory. */
#define TIERX_COST_FAST_NS   100
#define TIERX_COST_SLOW_NS   250
#define TIERX_COST_SLOW_MBPS 20000

TIERX_INLINE u64 tierx_cost_latency_ns(s32 nid, u64 otherwise)
{
	s64 ns = tierx_bpf_node_stat(nid, TIERX_NODE_READ_LATENCY_NS);

	return ns > 0 ? ns : otherwise;
}

/**
 * tierx_cost_gain_ns() - what each access to memory saves that is moved up
 * @slow: the node that it leaves
 * @fast: the node that it comes to
 *
 * Return: ns; 0 if @fast is not faster.
 */
TIERX_INLINE u64 tierx_cost_gain_ns(s32 slow, s32 fast)
{
	u64 fast_ns = tierx_cost_latency_ns(fast, TIERX_COST_FAST_NS),
	    slow_ns = tierx_cost_latency_ns(slow, TIERX_COST_SLOW_NS);

	return slow_ns > fast_ns ? slow_ns - fast_ns : 0;
}

/**
 * tierx_cost_move_ns() - what it costs to move a page between nodes
 * @slow: the slower one, which limits how fast it is copied
 *
 * Return: ns, never 0.
 */
TIERX_INLINE u64 tierx_cost_move_ns(s32 slow)
{
	s64 mbps = tierx_bpf_node_stat(slow, TIERX_NODE_READ_BANDWIDTH_MBPS);

	return TIERX_COST_MOVE_NS +
	       TIERX_COST_PAGE_BYTES * 1000ULL / (mbps > 0 ? (u64)mbps : TIERX_COST_SLOW_MBPS);
}

#endif /* TIER_EXT_COST_BPF_H */
