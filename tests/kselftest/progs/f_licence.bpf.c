// SPDX-License-Identifier: GPL-2.0-only
/* f_licence: a policy that does not say GPL. */
#include <tier_ext/tier_ext.bpf.h>

s32 TIERX_OP(licence_hint_fault, struct folio *folio, struct vm_area_struct *vma,
	     struct tier_ext_fault *fault)
{
	return tierx_bpf_folio_nid(folio);
}

char _license[] SEC("license") = "Proprietary";

SEC(".struct_ops.link")
struct tier_ext_ops licence_ops = {
	.name = "licence",
	.hint_fault = (void *)licence_hint_fault,
};
