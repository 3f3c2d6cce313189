// SPDX-License-Identifier: GPL-2.0-only
/*
 * migrate_on_fault: memory follows the CPU that touches it, when it touches it.
 *
 * Idea: a page that nobody has mapped costs little to move, so a fault that
 * finds one on the wrong node takes it along. Nothing is scanned: a page that
 * is mapped already moves when somebody has armed it and it is touched ("lazy
 * migration").
 * Source: "migrate on fault", linux-mm, 2006, and MPOL_MF_LAZY of the same
 * series.
 * Signals: faults on unmapped page cache, shmem and swap cache; hint faults on
 * ranges that were armed on request.
 * Good for: a process that was moved to another socket or starts on data that
 * somebody else has read in; jobs one after the other on the same files.
 * Bad for: memory that stays mapped, which it never sees unless it is armed;
 * files that CPUs of several nodes use in turn, which it carries back and forth.
 * Limits: one page per fault, as such pages are no longer mapped in passing.
 */
#include <tier_ext/tier_ext.bpf.h>

TIERX_TUNE(u32, any_tier, 1, 0, 1, "", "also between nodes of one tier, and to a slower one");
TIERX_TUNE(u32, max_order, 9, 0, 10, "", "binary logarithm of the largest folio to move, in pages");
TIERX_TUNE(u32, scan, 0, 0, 1, "", "let NUMA balancing arm pages by itself, too");

struct migrate_on_fault_stats {
	u64 moved TIERX_HELP("folios that a fault was told to move");
	u64 stayed TIERX_HELP("folios that a fault was told to leave where they are");
	u64 lazy TIERX_HELP("folios that moved because they were armed and touched");
	u64 not_scanned TIERX_HELP("memory areas that NUMA balancing was told to skip");
};
TIERX_STATS(struct migrate_on_fault_stats);

/* A CPU may be on a node without memory, which has no tier. */
static bool has_memory(s32 nid)
{
	return tierx_bpf_node_stat(nid, TIERX_NODE_TIER) >= 0;
}

static bool is_faster(s32 nid, s32 than)
{
	s64 tier = tierx_bpf_node_stat(nid, TIERX_NODE_TIER);

	return tier >= 0 && tier < tierx_bpf_node_stat(than, TIERX_NODE_TIER);
}

s32 TIERX_OP(migrate_on_fault_fault_in, struct folio *folio, struct vm_area_struct *vma,
	     struct tier_ext_fault *fault)
{
	if (tierx_bpf_folio_order(folio) > max_order || !has_memory(fault->cpu_nid) ||
	    (!any_tier && !is_faster(fault->cpu_nid, fault->src_nid))) {
		tierx_stat_add(stayed, 1);
		return TIERX_STAY;
	}
	tierx_stat_add(moved, 1);
	return fault->cpu_nid;
}

s32 TIERX_OP(migrate_on_fault_hint_fault, struct folio *folio, struct vm_area_struct *vma,
	     struct tier_ext_fault *fault)
{
	if (!is_faster(fault->cpu_nid, fault->src_nid))
		return TIERX_STAY;
	tierx_stat_add(lazy, 1);
	return fault->cpu_nid;
}

s32 TIERX_OP(migrate_on_fault_scan_vma, struct vm_area_struct *vma, struct tier_ext_scan *range)
{
	if (scan)
		return TIERX_DEFAULT;
	tierx_stat_add(not_scanned, 1);
	return TIERX_SKIP;
}

TIERX_POLICY(migrate_on_fault,
	     "a fault that finds an unmapped page on another node takes it along") = {
	.name = "migrate_on_fault",
	.fault_in = (void *)migrate_on_fault_fault_in,
	.hint_fault = (void *)migrate_on_fault_hint_fault,
	.scan_vma = (void *)migrate_on_fault_scan_vma,
};
