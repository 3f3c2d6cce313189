// SPDX-License-Identifier: GPL-2.0-only
/* loader_memory: reads memory that it was not given. */
#include <tier_ext/tier_ext.bpf.h>

s32 TIERX_OP(loader_memory_hint_fault, struct folio *folio, struct vm_area_struct *vma,
	     struct tier_ext_fault *fault)
{
	return *(volatile s32 *)fault->address;
}

TIERX_POLICY(loader_memory, "reads any address") = {
	.name = "loader_memory",
	.hint_fault = (void *)loader_memory_hint_fault,
};
