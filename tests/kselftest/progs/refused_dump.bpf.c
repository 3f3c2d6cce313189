// SPDX-License-Identifier: GPL-2.0-only
/* Refused: only the dump op has a dump to write to. */
#include <tier_ext/tier_ext.bpf.h>

s32 TIERX_OP(refused_hint_fault, struct folio *folio, struct vm_area_struct *vma,
	     struct tier_ext_fault *fault)
{
	tierx_bpf_dump("address %llx\n", fault->address);
	return TIERX_STAY;
}

TIERX_POLICY(refused, "only the dump op has a dump to write to") = {
	.name = "refused",
	.hint_fault = (void *)refused_hint_fault,
};
