// SPDX-License-Identifier: GPL-2.0-only
/* Refused: a folio that a pointer was cast to is not the one that the op was called with. */
#include <tier_ext/tier_ext.bpf.h>

#include <bpf/bpf_core_read.h>

void *bpf_rdonly_cast(const void *obj, u32 btf_id) __ksym;

s32 TIERX_OP(refused_hint_fault, struct folio *folio, struct vm_area_struct *vma,
	     struct tier_ext_fault *fault)
{
	return tierx_bpf_folio_nid(bpf_rdonly_cast(vma, bpf_core_type_id_kernel(struct folio)));
}

TIERX_POLICY(refused,
	     "a folio that a pointer was cast to is not the one that the op was called with") = {
	.name = "refused",
	.hint_fault = (void *)refused_hint_fault,
};
