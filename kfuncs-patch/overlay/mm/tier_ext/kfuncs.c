// SPDX-License-Identifier: GPL-2.0-only
/*
 * tier_ext: what a policy may call, and from which op. The verifier asks
 * tierx_kfunc_filter() when the policy is loaded, so no kfunc has to ask at run
 * time where it was called from.
 *
 * A policy never holds a reference on a folio: it sees the one that it is
 * called with, and names others by PFN and generation.
 */
#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/btf_ids.h>
#include <linux/memcontrol.h>
#include <linux/memory-tiers.h>
#include <linux/memory_hotplug.h>
#include <linux/mm_inline.h>
#include <linux/shmem_fs.h>
#include <linux/topology.h>

#include "internal.h"
#include "../internal.h"

#define TIERX_PFN_BATCH_MAX	512

static int tierx_queue_folio(struct folio *folio, s32 nid, u32 kind, u64 flags)
{
	int src_nid = folio_nid(folio);
	struct tierx_move move = {
		.pfn	 = folio_pfn(folio),
		.gen	 = tierx_folio_gen(folio),
		.dst_nid = nid,
		.cpu_nid = NUMA_NO_NODE,
		.move	 = kind,
	};
	int diff;

	if (flags || (nid != NUMA_NO_NODE && !tierx_node_valid(nid)))
		return -EINVAL;
	if (nid != NUMA_NO_NODE) {
		diff = tierx_tier_compare(nid, src_nid);
		if (kind == TIERX_MOVE_PROMOTE ? diff >= 0 : diff <= 0)
			return -EXDEV;
	}
	return tierx_queue_move(current->tier_ext, src_nid, &move);
}

static int tierx_queue_pfn(u64 pfn, u64 gen, s32 nid, u32 kind)
{
	struct tierx_move move = {
		.pfn	 = pfn,
		.gen	 = gen,
		.dst_nid = nid,
		.cpu_nid = NUMA_NO_NODE,
		.move	 = kind,
	};
	struct page *page = pfn_to_online_page(pfn);

	if (!page) {
		tierx_event_add(current->tier_ext, TIERX_EV_REFUSED_DEVICE, 1);
		return -EINVAL;
	}
	if (PageTail(page)) {
		tierx_event_add(current->tier_ext, TIERX_EV_REFUSED_TAIL, 1);
		return -EINVAL;
	}
	return tierx_queue_move(current->tier_ext, page_to_nid(page), &move);
}

/* -1 is the best node of a faster tier. */
static bool tierx_pfn_target_ok(s32 nid)
{
	return nid == NUMA_NO_NODE || tierx_node_valid(nid);
}

static u32 tierx_pfn_kind(s32 nid)
{
	return nid == NUMA_NO_NODE ? TIERX_MOVE_PROMOTE : TIERX_MOVE_ANY;
}

/**
 * tierx_folio_state() - kind and state of a folio
 * @folio: the folio
 *
 * Return: bits of &enum tier_ext_folio_state.
 */
u64 tierx_folio_state(struct folio *folio)
{
	u64 state = 0;

	if (folio_test_anon(folio))
		state |= TIERX_FOLIO_ANON;
	else if (folio_test_swapbacked(folio))
		state |= TIERX_FOLIO_SHMEM;
	else if (!folio_test_hugetlb(folio))
		state |= TIERX_FOLIO_FILE;

	state |= folio_test_ksm(folio) ? TIERX_FOLIO_KSM : 0;
	state |= folio_test_hugetlb(folio) ? TIERX_FOLIO_HUGETLB : 0;
	state |= folio_test_large(folio) ? TIERX_FOLIO_LARGE : 0;
	state |= folio_mapped(folio) ? TIERX_FOLIO_MAPPED : 0;
	state |= folio_likely_mapped_shared(folio) ? TIERX_FOLIO_SHARED : 0;
	state |= folio_test_dirty(folio) ? TIERX_FOLIO_DIRTY : 0;
	state |= folio_test_writeback(folio) ? TIERX_FOLIO_WRITEBACK : 0;
	state |= folio_test_active(folio) ? TIERX_FOLIO_ACTIVE : 0;
	state |= folio_test_referenced(folio) ? TIERX_FOLIO_REFERENCED : 0;
	state |= folio_test_workingset(folio) ? TIERX_FOLIO_WORKINGSET : 0;
	state |= folio_test_unevictable(folio) ? TIERX_FOLIO_UNEVICTABLE : 0;
	state |= folio_test_mlocked(folio) ? TIERX_FOLIO_MLOCKED : 0;
	state |= folio_maybe_dma_pinned(folio) ? TIERX_FOLIO_PINNED : 0;
	state |= folio_test_swapcache(folio) ? TIERX_FOLIO_SWAPCACHE : 0;

	return state;
}

__bpf_kfunc_start_defs();

/**
 * tierx_bpf_folio_promote() - queue a folio for promotion
 * @folio: the folio that the op was called with
 * @nid: a node of a faster tier, or -1 to let the kernel choose when the move
 *	is made
 * @flags: must be 0
 *
 * Context: ops with a folio, not demote_target. Does not sleep, takes no lock.
 * Return: 0 if the move was queued; -EINVAL for an unknown flag or a node
 * without memory; -EXDEV if @nid is in no faster tier; -ENOSPC if the queue is
 * full; -ENODEV if the folio's node has no migration thread.
 */
__bpf_kfunc s32 tierx_bpf_folio_promote(struct folio *folio, s32 nid, u64 flags)
{
	return tierx_queue_folio(folio, nid, TIERX_MOVE_PROMOTE, flags);
}

/**
 * tierx_bpf_folio_demote() - queue a folio for demotion
 * @folio: the folio that the op was called with
 * @nid: a node of a slower tier, or -1 to let the kernel choose when the move
 *	is made
 * @flags: must be 0
 *
 * Context: ops with a folio, not demote_target. Does not sleep, takes no lock.
 * Return: 0 if the move was queued; -EINVAL for an unknown flag or a node
 * without memory; -EXDEV if @nid is in no slower tier; -ENOSPC if the queue is
 * full; -ENODEV if the folio's node has no migration thread.
 */
__bpf_kfunc s32 tierx_bpf_folio_demote(struct folio *folio, s32 nid, u64 flags)
{
	return tierx_queue_folio(folio, nid, TIERX_MOVE_DEMOTE, flags);
}

/**
 * tierx_bpf_folio_reclaim() - queue a folio to be reclaimed
 * @folio: the folio that the op was called with
 * @flags: must be 0
 *
 * It is swapped out or dropped by the migration thread of its node, also if it
 * was referenced lately; a dirty folio of a regular file stays, which counts as
 * refused_dirty. What takes long to be written to swap is not waited for, and is
 * freed by the next reclaim there.
 *
 * Context: ops with a folio, not demote_target. Does not sleep, takes no lock.
 * Return: 0 if it was queued; -EINVAL for an unknown flag; -ENOSPC if the queue
 * is full; -ENODEV if the folio's node has no migration thread.
 */
__bpf_kfunc s32 tierx_bpf_folio_reclaim(struct folio *folio, u64 flags)
{
	if (flags)
		return -EINVAL;
	return tierx_queue_pfn(folio_pfn(folio), tierx_folio_gen(folio),
			       NUMA_NO_NODE, TIERX_MOVE_RECLAIM);
}

/**
 * tierx_bpf_pfn_migrate() - queue a folio for a move to a node
 * @pfn: its first PFN
 * @gen: its generation, from tierx_bpf_folio_gen(); if the PFN holds something
 *	else by then, the move is refused. 0 not to check.
 * @nid: the node to move it to, or -1 for the best one of a faster tier, chosen
 *	when the move is made
 * @flags: must be 0
 *
 * Context: ops but init, exit, dump and admit; syscall programs. Does not
 * sleep, takes no lock.
 * Return: 0 if the move was queued; -EINVAL for an unknown flag, a node without
 * memory, a PFN that is no online memory, or a PFN that is not the first of its
 * folio; -ENOSPC if the queue is full; -ENODEV if the folio's node has no
 * migration thread.
 */
__bpf_kfunc s32 tierx_bpf_pfn_migrate(u64 pfn, u64 gen, s32 nid, u64 flags)
{
	if (flags || !tierx_pfn_target_ok(nid))
		return -EINVAL;
	return tierx_queue_pfn(pfn, gen, nid, tierx_pfn_kind(nid));
}

/**
 * tierx_bpf_pfn_migrate_batch() - queue many folios for a move to a node
 * @pfns: the folios
 * @pfns__sz: bytes in @pfns, at most 512 folios
 * @nid: as for tierx_bpf_pfn_migrate()
 * @flags: must be 0
 *
 * A folio that cannot be queued is left out, and counted as
 * tierx_bpf_pfn_migrate() counts it.
 *
 * Context: as tierx_bpf_pfn_migrate().
 * Return: how many were queued; -EINVAL for an unknown flag, a node without
 * memory, or a size that is no number of folios; -E2BIG for more than 512.
 */
__bpf_kfunc s32 tierx_bpf_pfn_migrate_batch(const struct tier_ext_pfn *pfns,
					    u32 pfns__sz, s32 nid, u64 flags)
{
	u32 nr = pfns__sz / sizeof(*pfns), i;
	s32 queued = 0;

	if (flags || !tierx_pfn_target_ok(nid) || pfns__sz % sizeof(*pfns))
		return -EINVAL;
	if (nr > TIERX_PFN_BATCH_MAX)
		return -E2BIG;

	for (i = 0; i < nr; i++)
		if (!tierx_queue_pfn(pfns[i].pfn, pfns[i].gen, nid,
				     tierx_pfn_kind(nid)))
			queued++;
	return queued;
}

/**
 * tierx_bpf_pfn_reclaim() - queue a folio to be reclaimed
 * @pfn: its first PFN
 * @gen: its generation; if the PFN holds something else by then, nothing is
 *	done. 0 not to check.
 * @flags: must be 0
 *
 * As tierx_bpf_folio_reclaim().
 *
 * Context: as tierx_bpf_pfn_migrate().
 * Return: 0 if it was queued; -EINVAL for an unknown flag, a PFN that is no
 * online memory, or that is not the first of its folio; -ENOSPC if the queue is
 * full; -ENODEV if the folio's node has no migration thread.
 */
__bpf_kfunc s32 tierx_bpf_pfn_reclaim(u64 pfn, u64 gen, u64 flags)
{
	if (flags)
		return -EINVAL;
	return tierx_queue_pfn(pfn, gen, NUMA_NO_NODE, TIERX_MOVE_RECLAIM);
}

/**
 * tierx_bpf_pfn_nid() - node of a PFN
 * @pfn: the PFN
 *
 * Context: any op, syscall programs. Does not sleep.
 * Return: the node, -EINVAL for a PFN that is no online memory.
 */
__bpf_kfunc s32 tierx_bpf_pfn_nid(u64 pfn)
{
	struct page *page = pfn_to_online_page(pfn);

	return page ? page_to_nid(page) : -EINVAL;
}

/**
 * tierx_bpf_promotion_target() - the best node to promote to
 * @src_nid: the node to promote from
 * @cpu_nid: the node of the CPU that uses the folio, -1 if nobody knows
 * @flags: must be 0
 *
 * The fastest tier, then the node nearest to @cpu_nid, then the smallest
 * abstract distance, then one that has room; at random among equals.
 *
 * Context: any op, syscall programs. Does not sleep.
 * Return: the node; -1 if @src_nid is in the fastest tier; -EINVAL for an
 * unknown flag or a node without memory.
 */
__bpf_kfunc s32 tierx_bpf_promotion_target(s32 src_nid, s32 cpu_nid, u64 flags)
{
	if (flags || !tierx_node_valid(src_nid))
		return -EINVAL;
	/* The CPU's node may well have no memory. */
	if (cpu_nid != NUMA_NO_NODE &&
	    (cpu_nid < 0 || cpu_nid >= nr_node_ids || !node_online(cpu_nid)))
		return -EINVAL;
	/* The end of the last policy waits for RCU, not for syscall programs. */
	guard(rcu)();
	return tierx_promotion_target(src_nid, cpu_nid, &node_states[N_MEMORY]);
}

/**
 * tierx_bpf_demotion_target() - the best node to demote to
 * @src_nid: the node to demote from
 * @flags: must be 0
 *
 * The next slower tier, then the nearest node, then the smallest abstract
 * distance, then one that has room; at random among equals.
 *
 * Context: any op, syscall programs. Does not sleep.
 * Return: the node; -1 if @src_nid is in the slowest tier; -EINVAL for an
 * unknown flag or a node without memory.
 */
__bpf_kfunc s32 tierx_bpf_demotion_target(s32 src_nid, u64 flags)
{
	if (flags || !tierx_node_valid(src_nid))
		return -EINVAL;
	guard(rcu)();
	return tierx_demotion_target(src_nid, &node_states[N_MEMORY]);
}

/**
 * tierx_bpf_node_stat() - one fact about a node
 * @nid: a node with memory
 * @item: &enum tier_ext_node_item
 *
 * Context: any op, syscall programs. Does not sleep.
 * Return: the value; -EINVAL for an unknown item or a node without memory;
 * -ENODATA if the platform has not told it, or no policy is attached.
 */
__bpf_kfunc s64 tierx_bpf_node_stat(s32 nid, u32 item)
{
	if (!tierx_node_valid(nid))
		return -EINVAL;
	guard(rcu)();
	return tierx_node_item(nid, item);
}

/**
 * tierx_bpf_node_distance() - distance between two nodes
 * @from_nid: a node
 * @to_nid: a node
 *
 * Context: any op, syscall programs. Does not sleep.
 * Return: the distance as of SLIT, 10 for a node to itself; -EINVAL for a node
 * that is not online.
 */
__bpf_kfunc s32 tierx_bpf_node_distance(s32 from_nid, s32 to_nid)
{
	if (from_nid < 0 || from_nid >= nr_node_ids || !node_online(from_nid) ||
	    to_nid < 0 || to_nid >= nr_node_ids || !node_online(to_nid))
		return -EINVAL;
	return node_distance(from_nid, to_nid);
}

/**
 * tierx_bpf_folio_pfn() - first PFN of a folio
 * @folio: the folio that the op was called with
 *
 * Context: ops with a folio.
 * Return: the PFN.
 */
__bpf_kfunc u64 tierx_bpf_folio_pfn(struct folio *folio)
{
	return folio_pfn(folio);
}

/**
 * tierx_bpf_folio_gen() - generation of a folio
 * @folio: the folio that the op was called with
 *
 * Tells later whether a PFN still holds the same folio. Stays the same when the
 * folio is migrated.
 *
 * Context: ops with a folio.
 * Return: the generation, never 0.
 */
__bpf_kfunc u64 tierx_bpf_folio_gen(struct folio *folio)
{
	return tierx_folio_gen(folio);
}

/**
 * tierx_bpf_folio_nid() - node of a folio
 * @folio: the folio that the op was called with
 *
 * Context: ops with a folio.
 * Return: the node.
 */
__bpf_kfunc s32 tierx_bpf_folio_nid(struct folio *folio)
{
	return folio_nid(folio);
}

/**
 * tierx_bpf_folio_order() - size of a folio
 * @folio: the folio that the op was called with
 *
 * Context: ops with a folio.
 * Return: binary logarithm of its number of pages.
 */
__bpf_kfunc u32 tierx_bpf_folio_order(struct folio *folio)
{
	return folio_order(folio);
}

/**
 * tierx_bpf_folio_state() - kind and state of a folio
 * @folio: the folio that the op was called with
 *
 * Context: ops with a folio.
 * Return: bits of &enum tier_ext_folio_state, a snapshot.
 */
__bpf_kfunc u64 tierx_bpf_folio_state(struct folio *folio)
{
	return tierx_folio_state(folio);
}

/**
 * tierx_bpf_folio_memcg_id() - owner of a folio
 * @folio: the folio that the op was called with
 *
 * Context: ops with a folio.
 * Return: id of the owner's cgroup, which is the inode number of its directory;
 * 0 if the folio has no owner.
 */
__bpf_kfunc u64 tierx_bpf_folio_memcg_id(struct folio *folio)
{
	return tierx_folio_memcg_id(folio);
}

static DEFINE_RAW_SPINLOCK(tierx_bstr_lock);
static char tierx_bstr_line[TIERX_MSG_LEN];

static void tierx_end_bstr(enum tier_ext_exit_kind kind, s64 code, char *fmt,
			   unsigned long long *data, u32 data__sz)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&tierx_bstr_lock, flags);
	if (tierx_bstr_format(tierx_bstr_line, sizeof(tierx_bstr_line), fmt,
			      data, data__sz) < 0)
		strscpy(tierx_bstr_line, "(bad format)");
	if (current->tier_ext)
		tierx_eject(current->tier_ext, kind, code, "%s",
			    tierx_bstr_line);
	raw_spin_unlock_irqrestore(&tierx_bstr_lock, flags);
}

/**
 * tierx_bpf_error_bstr() - eject the policy, because it found itself broken
 * @fmt: why, a format as for bpf_trace_printk()
 * @data: the arguments
 * @data__sz: bytes in @data
 *
 * Use tierx_bpf_error() of tier_ext.bpf.h. The kernel default takes over before
 * this returns; a dump is taken.
 *
 * Context: any op but init, exit and dump.
 */
__bpf_kfunc void tierx_bpf_error_bstr(char *fmt, unsigned long long *data,
				      u32 data__sz)
{
	tierx_end_bstr(TIERX_EXIT_ERROR_BPF, 0, fmt, data, data__sz);
}

/**
 * tierx_bpf_exit_bstr() - end the policy, which is no error
 * @code: for whoever loaded it
 * @fmt: why, a format as for bpf_trace_printk()
 * @data: the arguments
 * @data__sz: bytes in @data
 *
 * Use tierx_bpf_exit() of tier_ext.bpf.h.
 *
 * Context: any op but init, exit and dump.
 */
__bpf_kfunc void tierx_bpf_exit_bstr(s64 code, char *fmt,
				     unsigned long long *data, u32 data__sz)
{
	tierx_end_bstr(TIERX_EXIT_UNREG_BPF, code, fmt, data, data__sz);
}

/**
 * tierx_bpf_dump_bstr() - append to the dump
 * @fmt: what, a format as for bpf_trace_printk()
 * @data: the arguments
 * @data__sz: bytes in @data
 *
 * Use tierx_bpf_dump() of tier_ext.bpf.h. What does not fit is cut off.
 *
 * Context: the dump op.
 */
__bpf_kfunc void tierx_bpf_dump_bstr(char *fmt, unsigned long long *data,
				     u32 data__sz)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&tierx_bstr_lock, flags);
	if (tierx_bstr_format(tierx_bstr_line, sizeof(tierx_bstr_line), fmt,
			      data, data__sz) < 0)
		strscpy(tierx_bstr_line, "(bad format)\n");
	tierx_dump_write(tierx_bstr_line);
	raw_spin_unlock_irqrestore(&tierx_bstr_lock, flags);
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(tierx_kfuncs_move_folio)
BTF_ID_FLAGS(func, tierx_bpf_folio_promote, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, tierx_bpf_folio_demote, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, tierx_bpf_folio_reclaim, KF_TRUSTED_ARGS)
BTF_KFUNCS_END(tierx_kfuncs_move_folio)

BTF_KFUNCS_START(tierx_kfuncs_move_pfn)
BTF_ID_FLAGS(func, tierx_bpf_pfn_migrate)
BTF_ID_FLAGS(func, tierx_bpf_pfn_migrate_batch, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, tierx_bpf_pfn_reclaim)
BTF_KFUNCS_END(tierx_kfuncs_move_pfn)

BTF_KFUNCS_START(tierx_kfuncs_choose)
BTF_ID_FLAGS(func, tierx_bpf_promotion_target)
BTF_ID_FLAGS(func, tierx_bpf_demotion_target)
BTF_ID_FLAGS(func, tierx_bpf_node_stat)
BTF_ID_FLAGS(func, tierx_bpf_node_distance)
BTF_ID_FLAGS(func, tierx_bpf_pfn_nid)
BTF_KFUNCS_END(tierx_kfuncs_choose)

BTF_KFUNCS_START(tierx_kfuncs_look)
BTF_ID_FLAGS(func, tierx_bpf_folio_pfn, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, tierx_bpf_folio_gen, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, tierx_bpf_folio_nid, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, tierx_bpf_folio_order, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, tierx_bpf_folio_state, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, tierx_bpf_folio_memcg_id, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, tierx_bpf_folio_last_nid, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, tierx_bpf_folio_age_ms, KF_TRUSTED_ARGS)
BTF_KFUNCS_END(tierx_kfuncs_look)

BTF_KFUNCS_START(tierx_kfuncs_walk)
BTF_ID_FLAGS(func, bpf_iter_tierx_pfn_new, KF_ITER_NEW | KF_SLEEPABLE)
BTF_ID_FLAGS(func, bpf_iter_tierx_pfn_next, KF_ITER_NEXT | KF_RET_NULL | KF_SLEEPABLE)
BTF_ID_FLAGS(func, bpf_iter_tierx_pfn_destroy, KF_ITER_DESTROY | KF_SLEEPABLE)
BTF_ID_FLAGS(func, bpf_iter_tierx_lru_new, KF_ITER_NEW | KF_SLEEPABLE)
BTF_ID_FLAGS(func, bpf_iter_tierx_lru_next, KF_ITER_NEXT | KF_RET_NULL | KF_SLEEPABLE)
BTF_ID_FLAGS(func, bpf_iter_tierx_lru_destroy, KF_ITER_DESTROY | KF_SLEEPABLE)
BTF_ID_FLAGS(func, tierx_bpf_pfn_clear, KF_SLEEPABLE)
BTF_KFUNCS_END(tierx_kfuncs_walk)

BTF_KFUNCS_START(tierx_kfuncs_tick)
BTF_ID_FLAGS(func, tierx_bpf_access_report)
BTF_ID_FLAGS(func, tierx_bpf_range_arm, KF_SLEEPABLE)
BTF_KFUNCS_END(tierx_kfuncs_tick)

BTF_KFUNCS_START(tierx_kfuncs_limit)
BTF_ID_FLAGS(func, tierx_bpf_memcg_set_limit, KF_SLEEPABLE)
BTF_ID_FLAGS(func, tierx_bpf_memcg_set_protection, KF_SLEEPABLE)
BTF_ID_FLAGS(func, tierx_bpf_memcg_usage, KF_SLEEPABLE)
BTF_KFUNCS_END(tierx_kfuncs_limit)

BTF_KFUNCS_START(tierx_kfuncs_sample)
BTF_ID_FLAGS(func, tierx_bpf_access_queue)
BTF_KFUNCS_END(tierx_kfuncs_sample)

BTF_KFUNCS_START(tierx_kfuncs_shmem)
BTF_ID_FLAGS(func, tierx_bpf_shmem_state, KF_TRUSTED_ARGS)
BTF_KFUNCS_END(tierx_kfuncs_shmem)

BTF_KFUNCS_START(tierx_kfuncs_shmem_scan)
BTF_ID_FLAGS(func, tierx_bpf_shmem_scan, KF_SLEEPABLE)
BTF_KFUNCS_END(tierx_kfuncs_shmem_scan)

BTF_KFUNCS_START(tierx_kfuncs_end)
BTF_ID_FLAGS(func, tierx_bpf_error_bstr, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, tierx_bpf_exit_bstr, KF_TRUSTED_ARGS)
BTF_KFUNCS_END(tierx_kfuncs_end)

BTF_KFUNCS_START(tierx_kfuncs_dump)
BTF_ID_FLAGS(func, tierx_bpf_dump_bstr, KF_TRUSTED_ARGS)
BTF_KFUNCS_END(tierx_kfuncs_dump)

#define TIERX_OPS_ALL	(BIT(TIERX_NR_OPS) - 1)
#define TIERX_OPS_FOLIO	(BIT(TIERX_OP_HINT_FAULT) | BIT(TIERX_OP_FAULT_IN) | \
			 BIT(TIERX_OP_ACCESS) | BIT(TIERX_OP_RECLAIM) | \
			 BIT(TIERX_OP_DEMOTE_TARGET))
/* Too early for a policy to act, or too late. */
#define TIERX_OPS_EDGE	(BIT(TIERX_OP_INIT) | BIT(TIERX_OP_EXIT) | \
			 BIT(TIERX_OP_DUMP))

/* Which programs may call the kfuncs of a set. */
static struct tierx_kfunc_group {
	struct btf_id_set8	*ids;
	u32			ops;
} tierx_kfunc_groups[] = {
	/* demote_target is in the middle of moving the folio. */
	{ &tierx_kfuncs_move_folio, TIERX_OPS_FOLIO & ~BIT(TIERX_OP_DEMOTE_TARGET) },
	/* admit answers a queued move, and could feed itself. */
	{ &tierx_kfuncs_move_pfn,
	  (TIERX_OPS_ALL & ~TIERX_OPS_EDGE & ~BIT(TIERX_OP_ADMIT) &
	   ~BIT(TIERX_OP_DEMOTE_TARGET)) | BIT(TIERX_PROG_SYSCALL) },
	{ &tierx_kfuncs_choose, TIERX_OPS_ALL | BIT(TIERX_PROG_SYSCALL) },
	{ &tierx_kfuncs_look, TIERX_OPS_FOLIO },
	/* The verifier sees to it that they are called where they may sleep. */
	{ &tierx_kfuncs_walk, BIT(TIERX_OP_INIT) | BIT(TIERX_OP_EXIT) |
			      BIT(TIERX_OP_TICK) | BIT(TIERX_PROG_SYSCALL) },
	/* Anywhere else access could call itself. */
	{ &tierx_kfuncs_tick, BIT(TIERX_OP_TICK) | BIT(TIERX_PROG_SYSCALL) },
	/* Limits are a policy's, and end with it. */
	{ &tierx_kfuncs_limit, BIT(TIERX_OP_INIT) | BIT(TIERX_OP_TICK) },
	{ &tierx_kfuncs_sample, BIT(TIERX_PROG_TRACING) },
	{ &tierx_kfuncs_shmem, TIERX_OPS_ALL | BIT(TIERX_PROG_TRACING) },
	{ &tierx_kfuncs_shmem_scan, BIT(TIERX_PROG_SYSCALL) },
	/* init has its return value, exit and dump come too late. */
	{ &tierx_kfuncs_end, TIERX_OPS_ALL & ~TIERX_OPS_EDGE },
	{ &tierx_kfuncs_dump, BIT(TIERX_OP_DUMP) },
};

/*
 * Called by the verifier for every kfunc that a program of these types calls.
 * CAP_PERFMON is what struct_ops and tracing ask for anyhow; a syscall program
 * that sees and moves everybody's memory has to have it, too.
 */
static int tierx_kfunc_filter(const struct bpf_prog *prog, u32 kfunc_id)
{
	const struct tierx_kfunc_group *group;
	int op, i;

	for (i = 0; i < ARRAY_SIZE(tierx_kfunc_groups); i++) {
		group = &tierx_kfunc_groups[i];
		if (!btf_id_set8_contains(group->ids, kfunc_id))
			continue;
		op = tierx_prog_op(prog);
		if (op < 0 || !(group->ops & BIT(op)))
			return -EACCES;
		return op < TIERX_NR_OPS || perfmon_capable() ? 0 : -EACCES;
	}
	return 0;
}

static int __init tierx_kfuncs_register_for(struct btf_id_set8 *ids, u32 ops)
{
	struct btf_kfunc_id_set set = {
		.owner	= THIS_MODULE,
		.set	= ids,
		.filter	= tierx_kfunc_filter,
	};
	int err = 0;

	if (ops & TIERX_OPS_ALL)
		err = register_btf_kfunc_id_set(BPF_PROG_TYPE_STRUCT_OPS, &set);
	if (!err && (ops & BIT(TIERX_PROG_SYSCALL)))
		err = register_btf_kfunc_id_set(BPF_PROG_TYPE_SYSCALL, &set);
	if (!err && (ops & BIT(TIERX_PROG_TRACING)))
		err = register_btf_kfunc_id_set(BPF_PROG_TYPE_TRACING, &set);
	return err;
}

int __init tierx_kfuncs_register(void)
{
	int err = 0, i;

	for (i = 0; !err && i < ARRAY_SIZE(tierx_kfunc_groups); i++)
		err = tierx_kfuncs_register_for(tierx_kfunc_groups[i].ids,
						tierx_kfunc_groups[i].ops);
	return err;
}
