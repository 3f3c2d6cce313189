// SPDX-License-Identifier: GPL-2.0-only
/* Refused: an op that answers has to answer. */
#include <tier_ext/tier_ext.bpf.h>

void TIERX_OP(refused_hint_fault, struct folio *folio, struct vm_area_struct *vma,
	      struct tier_ext_fault *fault)
{
}

TIERX_POLICY(refused, "an op that answers has to answer") = {
	.name = "refused",
	.hint_fault = (void *)refused_hint_fault,
};
