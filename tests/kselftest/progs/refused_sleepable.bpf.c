// SPDX-License-Identifier: GPL-2.0-only
/* Refused: hint_fault is called under a page table lock. */
#include <tier_ext/tier_ext.bpf.h>

s32 TIERX_OP_SLEEPABLE(refused_hint_fault, struct folio *folio, struct vm_area_struct *vma,
		       struct tier_ext_fault *fault)
{
	return TIERX_STAY;
}

TIERX_POLICY(refused, "hint_fault is called under a page table lock") = {
	.name = "refused",
	.hint_fault = (void *)refused_hint_fault,
};
