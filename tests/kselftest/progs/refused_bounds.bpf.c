// SPDX-License-Identifier: GPL-2.0-only
/* Refused: an element of a map ends somewhere. */
#include <tier_ext/tier_ext.bpf.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64[64]);
} ages SEC(".maps");

s32 TIERX_OP(refused_hint_fault, struct folio *folio, struct vm_area_struct *vma,
	     struct tier_ext_fault *fault)
{
	u64 *value;
	u32 zero = 0;

	value = bpf_map_lookup_elem(&ages, &zero);
	if (value)
		value[fault->age_ms]++;
	return TIERX_STAY;
}

TIERX_POLICY(refused, "an element of a map ends somewhere") = {
	.name = "refused",
	.hint_fault = (void *)refused_hint_fault,
};
