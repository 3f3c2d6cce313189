// SPDX-License-Identifier: GPL-2.0-only
/*
 * limits: sets what the test wants a cgroup to have in a tier, in each tick, and
 * remembers what came of it. Otherwise as the kernel would.
 */
#include <tier_ext/tier_ext.bpf.h>

volatile u64 memcg_id;
/* Another one that is given the same limit, if not 0. */
volatile u64 other_id;
volatile u32 tier;
volatile u64 limit_pages;
volatile u64 protected_pages;

volatile u64 nr_set;
volatile s32 limit_result;
volatile s32 protection_result;
volatile s64 usage;

volatile u64 nr_over;
volatile u64 nr_under;
volatile u64 nr_gone;
volatile u64 event_memcg_id;

s32 TIERX_OP(limits_hint_fault, struct folio *folio, struct vm_area_struct *vma,
	     struct tier_ext_fault *fault)
{
	return TIERX_DEFAULT;
}

s32 TIERX_OP(limits_reclaim, struct folio *folio, struct tier_ext_reclaim *reclaim)
{
	return TIERX_DEFAULT;
}

void TIERX_OP(limits_memcg_event, u64 id, u32 event_tier, u64 usage_pages, u64 limit)
{
	event_memcg_id = id;
	if (event_tier == (u32)-1)
		__sync_fetch_and_add((u64 *)&nr_gone, 1);
	else if (usage_pages > limit)
		__sync_fetch_and_add((u64 *)&nr_over, 1);
	else
		__sync_fetch_and_add((u64 *)&nr_under, 1);
}

void TIERX_OP_SLEEPABLE(limits_tick, s32 nid, struct tier_ext_node_stat *stat)
{
	if (!memcg_id)
		return;
	limit_result = tierx_bpf_memcg_set_limit(memcg_id, tier, limit_pages);
	protection_result = tierx_bpf_memcg_set_protection(memcg_id, tier, protected_pages);
	if (other_id)
		tierx_bpf_memcg_set_limit(other_id, tier, limit_pages);
	usage = tierx_bpf_memcg_usage(memcg_id, tier);
	__sync_fetch_and_add((u64 *)&nr_set, 1);
}

TIERX_POLICY(limits, "limits what the test wants") = {
	.name = "limits",
	.hint_fault = (void *)limits_hint_fault,
	.reclaim = (void *)limits_reclaim,
	.memcg_event = (void *)limits_memcg_event,
	.tick = (void *)limits_tick,
	.tick_ms = 50,
};
