// SPDX-License-Identifier: GPL-2.0-only
/*
 * nop: every op, and each does nothing.
 *
 * Idea: the price of the hooks. The kernel asks and is told to do what it
 * would have done; what is left of the difference is what asking costs.
 * Signals: all of them, none is looked at.
 * Good for: measuring; a start for a policy of one's own.
 * Bad for: anything else.
 */
#include <tier_ext/tier_ext.bpf.h>

s32 TIERX_OP_SLEEPABLE(nop_init, struct tier_ext_init_args *args)
{
	return 0;
}

void TIERX_OP_SLEEPABLE(nop_exit, struct tier_ext_exit_info *info)
{
}

void TIERX_OP(nop_dump, struct tier_ext_dump_ctx *dump)
{
}

s32 TIERX_OP(nop_hint_fault, struct folio *folio, struct vm_area_struct *vma,
	     struct tier_ext_fault *fault)
{
	return TIERX_DEFAULT;
}

s32 TIERX_OP(nop_fault_in, struct folio *folio, struct vm_area_struct *vma,
	     struct tier_ext_fault *fault)
{
	return TIERX_DEFAULT;
}

s32 TIERX_OP(nop_scan_vma, struct vm_area_struct *vma, struct tier_ext_scan *scan)
{
	return TIERX_DEFAULT;
}

void TIERX_OP(nop_access, struct folio *folio, struct tier_ext_access *access)
{
}

s32 TIERX_OP(nop_reclaim, struct folio *folio, struct tier_ext_reclaim *reclaim)
{
	return TIERX_DEFAULT;
}

s32 TIERX_OP(nop_demote_target, struct folio *folio, struct tier_ext_reclaim *reclaim)
{
	return TIERX_DEFAULT;
}

s32 TIERX_OP(nop_admit, struct tier_ext_request *request)
{
	return TIERX_DEFAULT;
}

void TIERX_OP(nop_migrated, struct tier_ext_request *request, struct tier_ext_result *result)
{
}

void TIERX_OP_SLEEPABLE(nop_tick, s32 nid, struct tier_ext_node_stat *stat)
{
}

void TIERX_OP(nop_memcg_event, u64 memcg_id, u32 tier, u64 usage_pages, u64 limit_pages)
{
}

TIERX_POLICY(nop, "every op, does nothing: the price of the hooks") = {
	.name = "nop",
	.init = (void *)nop_init,
	.exit = (void *)nop_exit,
	.dump = (void *)nop_dump,
	.hint_fault = (void *)nop_hint_fault,
	.fault_in = (void *)nop_fault_in,
	.scan_vma = (void *)nop_scan_vma,
	.access = (void *)nop_access,
	.reclaim = (void *)nop_reclaim,
	.demote_target = (void *)nop_demote_target,
	.admit = (void *)nop_admit,
	.migrated = (void *)nop_migrated,
	.tick = (void *)nop_tick,
	.memcg_event = (void *)nop_memcg_event,
};
