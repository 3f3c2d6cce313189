// SPDX-License-Identifier: GPL-2.0-only
/* Refused: a VMA is no folio. */
#include <tier_ext/tier_ext.bpf.h>

s32 TIERX_OP(refused_hint_fault, struct folio *folio, struct vm_area_struct *vma,
	     struct tier_ext_fault *fault)
{
	return tierx_bpf_folio_nid((struct folio *)vma);
}

TIERX_POLICY(refused, "a VMA is no folio") = {
	.name = "refused",
	.hint_fault = (void *)refused_hint_fault,
};
