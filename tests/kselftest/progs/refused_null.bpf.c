// SPDX-License-Identifier: GPL-2.0-only
/* Refused: a map may have no such element. */
#include <tier_ext/tier_ext.bpf.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, u64);
	__type(value, u64);
} seen SEC(".maps");

s32 TIERX_OP(refused_hint_fault, struct folio *folio, struct vm_area_struct *vma,
	     struct tier_ext_fault *fault)
{
	u64 *value, key = fault->address;

	value = bpf_map_lookup_elem(&seen, &key);
	*value += 1;
	return TIERX_STAY;
}

TIERX_POLICY(refused, "a map may have no such element") = {
	.name = "refused",
	.hint_fault = (void *)refused_hint_fault,
};
