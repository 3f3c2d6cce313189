// SPDX-License-Identifier: GPL-2.0-only
/*
 * f_swap: leaves every folio where it is, counts in a map that the next policy is given, too, and
 * has a mark for each page that follows it.
 */
#include <tier_ext/tier_ext.bpf.h>
#include "f_swap.h"

/* Which of the four it is. */
const volatile u32 self;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct f_swap_counters);
} counters TIERX_SHARED SEC(".maps");

TIERX_PFN_STATE(marks, u64, TIERX_SHARED);

static __always_inline struct f_swap_counters *shared_counters(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&counters, &zero);
}

s32 TIERX_OP_SLEEPABLE(f_swap_init, struct tier_ext_init_args *args)
{
	struct f_swap_counters *c = shared_counters();

	if (c)
		__sync_fetch_and_add(&c->inits, 1);
	return 0;
}

s32 TIERX_OP(f_swap_hint_fault, struct folio *folio, struct vm_area_struct *vma,
	     struct tier_ext_fault *fault)
{
	struct f_swap_counters *c = shared_counters();
	u32 i = self;

	if (c && i < F_SWAP_POLICIES) {
		__sync_fetch_and_add(&c->faults, 1);
		__sync_fetch_and_add(&c->by_policy[i], 1);
	}
	return TIERX_STAY;
}

void TIERX_OP(f_swap_migrated, struct tier_ext_request *request, struct tier_ext_result *result)
{
	u64 *from = marks_of(request->pfn), *to = marks_of(result->new_pfn);

	if (!from || !to || result->error)
		return;
	*to = *from;
	*from = 0;
}

void TIERX_OP_SLEEPABLE(f_swap_tick, s32 nid, struct tier_ext_node_stat *stat)
{
}

TIERX_POLICY(f_swap, "hands on what it knows") = {
	.name = "f_swap",
	.init = (void *)f_swap_init,
	.hint_fault = (void *)f_swap_hint_fault,
	.migrated = (void *)f_swap_migrated,
	.tick = (void *)f_swap_tick,
	.tick_ms = 10,
};
