// SPDX-License-Identifier: GPL-2.0-only
/* Refused: neither are the arguments. */
#include <tier_ext/tier_ext.bpf.h>

SEC("struct_ops/refused_hint_fault")
s32 refused_hint_fault(u64 *ctx)
{
	ctx[0] = 0;
	return TIERX_STAY;
}

TIERX_POLICY(refused, "neither are the arguments") = {
	.name = "refused",
	.hint_fault = (void *)refused_hint_fault,
};
