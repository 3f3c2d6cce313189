// SPDX-License-Identifier: GPL-2.0-only
/* Refused: a folio cannot be kept for later. */
#include <tier_ext/tier_ext.bpf.h>

u64 kept;

s32 TIERX_OP(refused_hint_fault, struct folio *folio, struct vm_area_struct *vma,
	     struct tier_ext_fault *fault)
{
	if (kept)
		return tierx_bpf_folio_nid((struct folio *)kept);
	kept = (u64)folio;
	return TIERX_STAY;
}

TIERX_POLICY(refused, "a folio cannot be kept for later") = {
	.name = "refused",
	.hint_fault = (void *)refused_hint_fault,
};
