// SPDX-License-Identifier: GPL-2.0-only
/*
 * mover: makes the moves that user space asks for.
 *
 * User space fills wanted[] and sets nr_wanted; the next tick of node 0 queues
 * them all, stores what the kfunc answered, and sets nr_wanted back to 0. What
 * becomes of each is recorded by admit and migrated.
 */
#include <tier_ext/tier_ext.bpf.h>
#include "../mover.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, MOVER_MAX_WANTED);
	__type(key, u32);
	__type(value, struct mover_wanted);
} wanted SEC(".maps");

u32 nr_wanted;
/* Answer of admit: a verdict, or a node. */
s32 admit_verdict = TIERX_ALLOW;
/* Answer of hint_fault. */
s32 hint_verdict = TIERX_STAY;
/* Flags that the kfuncs are called with. */
u64 move_flags;

u64 nr_admit, nr_migrated_queued, nr_migrated_other, nr_failed, nr_same_gen;
s32 last_error;

/* The folio that was last seen by hint_fault, to name it later. */
u64 seen_pfn, seen_gen, seen_state, seen_memcg_id, seen_address;
u32 seen_order;
s32 seen_nid, seen_last_nid;

static long queue_one(u32 i, void *unused)
{
	struct mover_wanted *w;

	if (i >= nr_wanted)
		return 1;
	w = bpf_map_lookup_elem(&wanted, &i);
	if (!w)
		return 1;
	w->ret = tierx_bpf_pfn_migrate(w->pfn, w->gen, w->nid, move_flags);
	return 0;
}

void TIERX_OP_SLEEPABLE(mover_tick, s32 nid, struct tier_ext_node_stat *stat)
{
	if (nid || !nr_wanted)
		return;
	bpf_loop(MOVER_MAX_WANTED, queue_one, NULL, 0);
	nr_wanted = 0;
}

s32 TIERX_OP(mover_hint_fault, struct folio *folio, struct vm_area_struct *vma,
	     struct tier_ext_fault *fault)
{
	seen_pfn = tierx_bpf_folio_pfn(folio);
	seen_gen = tierx_bpf_folio_gen(folio);
	seen_state = tierx_bpf_folio_state(folio);
	seen_memcg_id = tierx_bpf_folio_memcg_id(folio);
	seen_order = tierx_bpf_folio_order(folio);
	seen_nid = tierx_bpf_folio_nid(folio);
	seen_last_nid = tierx_bpf_folio_last_nid(folio);
	seen_address = fault->address;
	return hint_verdict;
}

s32 TIERX_OP(mover_admit, struct tier_ext_request *request)
{
	__sync_fetch_and_add(&nr_admit, 1);
	return admit_verdict;
}

void TIERX_OP(mover_migrated, struct tier_ext_request *request, struct tier_ext_result *result)
{
	if (result->error) {
		__sync_fetch_and_add(&nr_failed, 1);
		last_error = result->error;
	} else if (request->queued) {
		__sync_fetch_and_add(&nr_migrated_queued, 1);
	} else {
		__sync_fetch_and_add(&nr_migrated_other, 1);
	}
	if (!result->error && request->gen == seen_gen)
		__sync_fetch_and_add(&nr_same_gen, 1);
}

TIERX_POLICY(mover, "makes the moves that user space asks for") = {
	.name = "mover",
	.tick = (void *)mover_tick,
	.hint_fault = (void *)mover_hint_fault,
	.admit = (void *)mover_admit,
	.migrated = (void *)mover_migrated,
	.tick_ms = 10,
};
