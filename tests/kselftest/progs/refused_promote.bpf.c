// SPDX-License-Identifier: GPL-2.0-only
/* Refused: demote_target is in the middle of moving the folio, and may not queue it. */
#include <tier_ext/tier_ext.bpf.h>

s32 TIERX_OP(refused_demote_target, struct folio *folio, struct tier_ext_reclaim *reclaim)
{
	tierx_bpf_folio_promote(folio, -1, 0);
	return TIERX_DEFAULT;
}

TIERX_POLICY(refused,
	     "demote_target is in the middle of moving the folio, and may not queue it") = {
	.name = "refused",
	.demote_target = (void *)refused_demote_target,
};
