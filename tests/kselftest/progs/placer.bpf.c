// SPDX-License-Identifier: GPL-2.0-only
/*
 * placer: answers fault_in as the test wants it, for the test's own faults.
 */
#include <tier_ext/tier_ext.bpf.h>
#include "placer.h"

volatile struct placer placer;

s32 TIERX_OP(placer_fault_in, struct folio *folio, struct vm_area_struct *vma,
	     struct tier_ext_fault *fault)
{
	u64 state = tierx_bpf_folio_state(folio);

	if (placer.pid && bpf_get_current_pid_tgid() >> 32 != (u32)placer.pid)
		return TIERX_DEFAULT;

	__sync_fetch_and_add((u64 *)&placer.nr_fault_in, 1);
	__sync_fetch_and_add((u64 *)&placer.nr_large, !!(state & TIERX_FOLIO_LARGE));
	__sync_fetch_and_add((u64 *)&placer.nr_mapped, !!(state & TIERX_FOLIO_MAPPED));
	__sync_fetch_and_add((u64 *)&placer.nr_anon, !!(state & TIERX_FOLIO_SWAPCACHE));
	__sync_fetch_and_add((u64 *)&placer.nr_write, !!fault->write);
	placer.last_src_nid = fault->src_nid;
	placer.last_cpu_nid = fault->cpu_nid;
	return placer.verdict;
}

TIERX_POLICY(placer, "answers fault_in as the test wants it") = {
	.name = "placer",
	.fault_in = (void *)placer_fault_in,
};
