// SPDX-License-Identifier: GPL-2.0-only
/* Refused: a program has to end. */
#include <tier_ext/tier_ext.bpf.h>

s32 TIERX_OP(refused_hint_fault, struct folio *folio, struct vm_area_struct *vma,
	     struct tier_ext_fault *fault)
{
	volatile u64 *address = &fault->address;

	while (*address)
		;
	return TIERX_STAY;
}

TIERX_POLICY(refused, "a program has to end") = {
	.name = "refused",
	.hint_fault = (void *)refused_hint_fault,
};
