// SPDX-License-Identifier: GPL-2.0-only
/* Refused: a policy has no business with signals. */
#include <tier_ext/tier_ext.bpf.h>

s32 TIERX_OP(refused_hint_fault, struct folio *folio, struct vm_area_struct *vma,
	     struct tier_ext_fault *fault)
{
	bpf_send_signal(9);
	return TIERX_STAY;
}

TIERX_POLICY(refused, "a policy has no business with signals") = {
	.name = "refused",
	.hint_fault = (void *)refused_hint_fault,
};
