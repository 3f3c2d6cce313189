// SPDX-License-Identifier: GPL-2.0-only
/*
 * sampler: what a policy learns of accesses, from whom, and how it can arm and
 * scan for more of it.
 */
#include <tier_ext/tier_ext.bpf.h>
#include "sampler.h"

volatile struct sampler sampler;

static __always_inline void add(volatile unsigned long long *counter, u64 nr)
{
	__sync_fetch_and_add((u64 *)counter, nr);
}

void TIERX_OP(sampler_access, struct folio *folio, struct tier_ext_access *access)
{
	if (sampler.memcg_id && tierx_bpf_folio_memcg_id(folio) != sampler.memcg_id)
		return;
	add(&sampler.nr_samples, 1);
	add(&sampler.nr_accesses, access->nr);
	add(&sampler.nr_unmapped, !(tierx_bpf_folio_state(folio) & TIERX_FOLIO_MAPPED));
	add(&sampler.nr_known_cpu, access->cpu_nid >= 0);
	sampler.last_pfn = tierx_bpf_folio_pfn(folio);
	sampler.last_nid = tierx_bpf_folio_nid(folio);
	sampler.last_cpu_nid = access->cpu_nid;
	sampler.last_nr = access->nr;
}

s32 TIERX_OP(sampler_scan_vma, struct vm_area_struct *vma, struct tier_ext_scan *scan)
{
	if (bpf_get_current_pid_tgid() >> 32 != (u32)sampler.scan_pid)
		return TIERX_SKIP;
	if (sampler.scan_start && vma->vm_start != sampler.scan_start)
		return TIERX_SKIP;
	add(&sampler.nr_scan_vma, 1);
	sampler.scan_pages = scan->pages;
	return sampler.scan_verdict;
}

s32 TIERX_OP(sampler_hint_fault, struct folio *folio, struct vm_area_struct *vma,
	     struct tier_ext_fault *fault)
{
	if (bpf_get_current_pid_tgid() >> 32 != (u32)sampler.scan_pid)
		return TIERX_STAY;
	add(&sampler.nr_hint_fault, 1);
	sampler.hint_last_nid = tierx_bpf_folio_last_nid(folio);
	sampler.hint_age_ms = tierx_bpf_folio_age_ms(folio);
	return sampler.hint_verdict;
}

void TIERX_OP_SLEEPABLE(sampler_tick, s32 nid, struct tier_ext_node_stat *stat)
{
	struct tier_ext_page *page;

	if (sampler.walk == SAMPLER_NO_WALK || nid != sampler.walk_nid)
		return;
	bpf_for_each(tierx_pfn, page, sampler.walk_start_pfn, sampler.walk_end_pfn,
		     TIERX_WALK_HARVEST) {
		if (page->nid != nid || !page->young)
			continue;
		add(&sampler.nr_young, 1);
		/* The first walk sees what was accessed before it, ever. */
		if (sampler.nr_walks)
			tierx_bpf_pfn_migrate(page->pfn, page->gen, -1, 0);
	}
	add(&sampler.nr_walks, 1);
}

SEC("syscall")
int sampler_report(struct sampler_report *report)
{
	return tierx_bpf_access_report(report->pfn, report->nid, report->nr);
}

SEC("syscall")
int sampler_arm(struct sampler_arm *arm)
{
	return tierx_bpf_range_arm(arm->pid, arm->start, arm->len, arm->flags);
}

SEC("perf_event")
int sampler_event(struct bpf_perf_event_data *data)
{
	add(&sampler.nr_events, 1);
	sampler.event_result =
		tierx_bpf_access_queue(sampler.event_pfn, sampler.event_nid, sampler.event_nr);
	return 0;
}

TIERX_POLICY(sampler, "what a policy learns of accesses") = {
	.name = "sampler",
	.access = (void *)sampler_access,
	.scan_vma = (void *)sampler_scan_vma,
	.hint_fault = (void *)sampler_hint_fault,
	.tick = (void *)sampler_tick,
	.tick_ms = 50,
};
