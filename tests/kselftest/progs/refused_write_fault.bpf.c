// SPDX-License-Identifier: GPL-2.0-only
/* Refused: neither is what it is told. */
#include <tier_ext/tier_ext.bpf.h>

s32 TIERX_OP(refused_hint_fault, struct folio *folio, struct vm_area_struct *vma,
	     struct tier_ext_fault *fault)
{
	fault->age_ms = 0;
	return TIERX_STAY;
}

TIERX_POLICY(refused, "neither is what it is told") = {
	.name = "refused",
	.hint_fault = (void *)refused_hint_fault,
};
