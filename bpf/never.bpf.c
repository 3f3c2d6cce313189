// SPDX-License-Identifier: GPL-2.0-only
/*
 * never: no tiering.
 *
 * Idea: "do not migrate" is a policy too, and the right one when the working
 * set does not fit the fast tier, or when all of it already does.
 * Signals: none.
 * Good for: a baseline; a safe stop of migration while experiments are swapped.
 * Hint faults go on, and are counted.
 * Bad for: any skewed workload whose hot pages start on the slow tier. Cold
 * pages of a full fast node are swapped out or dropped instead of demoted.
 */
#include <tier_ext/tier_ext.bpf.h>

struct never_stats {
	u64 stayed TIERX_HELP("hint faults after which the folio stayed on its node");
	u64 reclaimed TIERX_HELP("folios reclaimed that the kernel would have demoted");
};
TIERX_STATS(struct never_stats);

s32 TIERX_OP(never_hint_fault, struct folio *folio, struct vm_area_struct *vma,
	     struct tier_ext_fault *fault)
{
	tierx_stat_add(stayed, 1);
	return TIERX_STAY;
}

s32 TIERX_OP(never_reclaim, struct folio *folio, struct tier_ext_reclaim *reclaim)
{
	if (reclaim->can_demote)
		tierx_stat_add(reclaimed, 1);
	return TIERX_RECLAIM;
}

TIERX_POLICY(never, "no tiering: nothing is promoted, nothing is demoted") = {
	.name = "never",
	.hint_fault = (void *)never_hint_fault,
	.reclaim = (void *)never_reclaim,
};
