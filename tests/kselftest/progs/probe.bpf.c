// SPDX-License-Identifier: GPL-2.0-only
/*
 * probe: every op; answers what it is told to and remembers what it was asked.
 * Increments are atomic: tests compare counts with those of the kernel.
 */
#include <tier_ext/tier_ext.bpf.h>
#include "probe.h"

/* The kernel's DEFAULT_PRIO. */
#define PRIO_OF_NICE_0 120

volatile struct tierx_probe probe;

static __always_inline void count(volatile u64 *counter)
{
	__sync_fetch_and_add((u64 *)counter, 1);
}

static int not_yet(u32 i, void *ctx)
{
	return bpf_ktime_get_ns() >= *(u64 *)ctx;
}

/* Take so long, the first time. */
static __always_inline void linger(volatile u32 *ms)
{
	u64 end = bpf_ktime_get_ns() + __sync_lock_test_and_set((u32 *)ms, 0) * 1000000ULL;

	bpf_loop(1 << 23, not_yet, &end, 0);
}

s32 TIERX_OP_SLEEPABLE(probe_init, struct tier_ext_init_args *args)
{
	probe.max_pfn = args->max_pfn;
	probe.enable_seq = args->enable_seq;
	probe.cgroup_id = args->cgroup_id;
	probe.nr_node_ids = args->nr_node_ids;
	probe.replacing = args->replacing;
	count(&probe.nr_init);
	return probe.init_error;
}

void TIERX_OP_SLEEPABLE(probe_exit, struct tier_ext_exit_info *info)
{
	probe.exit_kind = info->kind;
	probe.exit_code = info->code;
	bpf_probe_read_kernel_str((char *)probe.exit_reason, PROBE_TEXT, info->reason);
	bpf_probe_read_kernel_str((char *)probe.exit_msg, PROBE_TEXT, info->msg);
	bpf_probe_read_kernel_str((char *)probe.exit_dump, PROBE_TEXT, info->dump);
	count(&probe.nr_exit);
}

void TIERX_OP(probe_dump, struct tier_ext_dump_ctx *dump)
{
	u32 i;

	probe.dump_kind = dump->kind;
	count(&probe.nr_dump);
	bpf_for(i, 0, probe.dump_lines)
		tierx_bpf_dump("probe line %u of %u\n", i + 1, probe.dump_lines);
}

s32 TIERX_OP(probe_hint_fault, struct folio *folio, struct vm_area_struct *vma,
	     struct tier_ext_fault *fault)
{
	probe.fault_address = fault->address;
	probe.fault_src_nid = fault->src_nid;
	probe.fault_cpu_nid = fault->cpu_nid;
	probe.folio_pfn = tierx_bpf_folio_pfn(folio);
	probe.folio_nid = tierx_bpf_folio_nid(folio);
	probe.folio_order = tierx_bpf_folio_order(folio);
	probe.folio_state = tierx_bpf_folio_state(folio);
	if (probe.call_promote)
		probe.promote_result = tierx_bpf_folio_promote(folio, -1, probe.promote_flags);
	count(&probe.nr_hint_fault);
	if (probe.bad_period && !(probe.nr_hint_fault % probe.bad_period))
		return TIERX_DENY;
	return probe.hint_fault;
}

s32 TIERX_OP(probe_reclaim, struct folio *folio, struct tier_ext_reclaim *reclaim)
{
	if (probe.memcg_id && reclaim->memcg_id != probe.memcg_id)
		return TIERX_DEFAULT;
	probe.reclaim_memcg_id = reclaim->memcg_id;
	probe.reclaim_src_nid = reclaim->src_nid;
	probe.reclaim_target_nid = reclaim->target_nid;
	probe.reclaim_can_demote = reclaim->can_demote;
	probe.reclaim_kswapd = reclaim->kswapd;
	count(&probe.nr_reclaim);
	return probe.reclaim;
}

s32 TIERX_OP(probe_demote_target, struct folio *folio, struct tier_ext_reclaim *reclaim)
{
	count(&probe.nr_demote_target);
	return probe.demote_target;
}

static __always_inline void remember(volatile struct tierx_probe_move *to,
				     struct tier_ext_request *request)
{
	to->pfn = request->pfn;
	to->memcg_id = request->memcg_id;
	to->src_nid = request->src_nid;
	to->dst_nid = request->dst_nid;
	to->nr_pages = request->nr_pages;
	to->move = request->move;
	to->attempts = request->attempts;
	to->queued = request->queued;
}

s32 TIERX_OP(probe_admit, struct tier_ext_request *request)
{
	remember(&probe.admitted, request);
	count(&probe.nr_admit);
	if (probe.admit_ms)
		linger(&probe.admit_ms);
	return probe.admit;
}

void TIERX_OP(probe_migrated, struct tier_ext_request *request, struct tier_ext_result *result)
{
	/* Moves within a node are compaction's, and come at any time. */
	if (request->src_nid == request->dst_nid)
		return;
	remember(&probe.migrated, request);
	probe.migrated.new_pfn = result->new_pfn;
	probe.migrated.error = result->error;
	probe.migrated.reason = result->reason;
	count(&probe.nr_migrated);
	if (request->queued)
		count(&probe.nr_migrated_queued);
	if (result->error)
		count(&probe.nr_migrated_failed);
}

void TIERX_OP_SLEEPABLE(probe_tick, s32 nid, struct tier_ext_node_stat *stat)
{
	struct task_struct *thread = bpf_get_current_task_btf();
	u32 order;

	if (nid >= 0 && nid < PROBE_MAX_NODES) {
		probe.tick_present_pages[nid] = stat->present_pages;
		probe.tick_tier[nid] = stat->tier;
		probe.tick_nice[nid] = thread->static_prio - PRIO_OF_NICE_0;
		probe.tick_pid[nid] = thread->pid;
		count(&probe.nr_tick[nid]);
	}

	if (probe.tick_ms)
		linger(&probe.tick_ms);

	order = __sync_lock_test_and_set((u32 *)&probe.order, PROBE_NOTHING);
	if (order == PROBE_ERROR)
		tierx_bpf_error("probe gives up on node %d", nid);
	else if (order == PROBE_EXIT)
		tierx_bpf_exit(4711, "probe is done with %s", "everything");
	else if (order == PROBE_MIGRATE)
		probe.migrate_result = tierx_bpf_pfn_migrate(probe.pfn, probe.gen, probe.nid, 0);
}

TIERX_POLICY(probe, "answers what the test wants") = {
	.name = "probe",
	.init = (void *)probe_init,
	.exit = (void *)probe_exit,
	.dump = (void *)probe_dump,
	.hint_fault = (void *)probe_hint_fault,
	.reclaim = (void *)probe_reclaim,
	.demote_target = (void *)probe_demote_target,
	.admit = (void *)probe_admit,
	.migrated = (void *)probe_migrated,
	.tick = (void *)probe_tick,
};
