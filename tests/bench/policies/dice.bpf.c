// SPDX-License-Identifier: GPL-2.0-only
/*
 * dice: promotes at random.
 *
 * Idea: a policy that is bad on purpose, to see that the rig shows it. One of so many pages
 * that take a hint fault is promoted, hot or cold; reclaim demotes as the kernel would.
 * Good for: nothing.
 * Bad for: everything.
 */
#include <tier_ext/tier_ext.bpf.h>

TIERX_TUNE(u32, one_in, 8, 1, 1000000, "faults", "one of so many hint faults promotes");

s32 TIERX_OP(dice_hint_fault, struct folio *folio, struct vm_area_struct *vma,
	     struct tier_ext_fault *fault)
{
	s32 nid;

	if (bpf_get_prandom_u32() % one_in)
		return TIERX_STAY;
	nid = tierx_bpf_promotion_target(fault->src_nid, fault->cpu_nid, 0);
	return nid >= 0 ? nid : TIERX_STAY;
}

TIERX_POLICY(dice, "promotes at random, on purpose") = {
	.name = "dice",
	.hint_fault = (void *)dice_hint_fault,
};
