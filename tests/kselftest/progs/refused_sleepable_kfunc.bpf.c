// SPDX-License-Identifier: GPL-2.0-only
/* Refused: what may sleep cannot be called under a page table lock. */
#include <tier_ext/tier_ext.bpf.h>

int bpf_copy_from_user_str(void *dst, u32 size, const void *from, u64 flags) __ksym;

s32 TIERX_OP(refused_hint_fault, struct folio *folio, struct vm_area_struct *vma,
	     struct tier_ext_fault *fault)
{
	char text[16];

	bpf_copy_from_user_str(text, sizeof(text), (void *)fault->address, 0);
	return TIERX_STAY;
}

TIERX_POLICY(refused, "what may sleep cannot be called under a page table lock") = {
	.name = "refused",
	.hint_fault = (void *)refused_hint_fault,
};
