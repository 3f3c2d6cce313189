// SPDX-License-Identifier: GPL-2.0-only
/* Refused: a folio is not for a policy to change. */
#include <tier_ext/tier_ext.bpf.h>

s32 TIERX_OP(refused_hint_fault, struct folio *folio, struct vm_area_struct *vma,
	     struct tier_ext_fault *fault)
{
	folio->index = 0;
	return TIERX_STAY;
}

TIERX_POLICY(refused, "a folio is not for a policy to change") = {
	.name = "refused",
	.hint_fault = (void *)refused_hint_fault,
};
