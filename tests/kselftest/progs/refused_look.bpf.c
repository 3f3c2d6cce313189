// SPDX-License-Identifier: GPL-2.0-only
/* Refused: tick has no folio to look at. */
#include <tier_ext/tier_ext.bpf.h>

u64 address;

void TIERX_OP(refused_tick, s32 nid, struct tier_ext_node_stat *stat)
{
	address = tierx_bpf_folio_pfn((struct folio *)address);
}

TIERX_POLICY(refused, "tick has no folio to look at") = {
	.name = "refused",
	.tick = (void *)refused_tick,
};
