// SPDX-License-Identifier: GPL-2.0-only
/* Refused: admit answers a queued move, and may not queue another one. */
#include <tier_ext/tier_ext.bpf.h>

s32 TIERX_OP(refused_admit, struct tier_ext_request *request)
{
	tierx_bpf_pfn_migrate(request->pfn, 0, 0, 0);
	return TIERX_ALLOW;
}

TIERX_POLICY(refused, "admit answers a queued move, and may not queue another one") = {
	.name = "refused",
	.admit = (void *)refused_admit,
};
