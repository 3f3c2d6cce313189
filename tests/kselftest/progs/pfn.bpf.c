// SPDX-License-Identifier: GPL-2.0-only
/*
 * pfn: queues batches of moves, from tick or from a syscall program, and keeps a value
 * per page, which follows the page wherever it goes.
 */
#include <tier_ext/tier_ext.bpf.h>
#include "pfn.h"

struct tier_ext_pfn batch[PFN_MAX_BATCH];
u32 batch_size;
u64 batch_flags;
s32 batch_nid, batch_ret;

static void queue(void)
{
	u32 size = batch_size;

	if (size <= sizeof(batch))
		batch_ret = tierx_bpf_pfn_migrate_batch(batch, size, batch_nid, batch_flags);
}

SEC("syscall")
int pfn_batch(void *ctx)
{
	queue();
	return 0;
}

u32 order_batch;

void TIERX_OP_SLEEPABLE(pfn_tick, s32 nid, struct tier_ext_node_stat *stat)
{
	if (nid || !order_batch)
		return;
	queue();
	order_batch = 0;
}

/* The generation of the folio at a PFN, 0 if there is none. */
u64 gen_pfn, gen;

SEC("syscall")
int pfn_gen(void *ctx)
{
	struct tier_ext_page *page;

	gen = 0;
	bpf_for_each(tierx_pfn, page, gen_pfn, gen_pfn + 1, 0)
		gen = page->gen;
	return 0;
}

/* What hint_fault answers. */
s32 hint_verdict = TIERX_DEFAULT;

s32 TIERX_OP(pfn_hint_fault, struct folio *folio, struct vm_area_struct *vma,
	     struct tier_ext_fault *fault)
{
	return hint_verdict;
}

TIERX_PFN_STATE(values, u64);

/* Of the moves that were made: by the queue, by others, and within a node. */
u64 nr_queued, nr_other, nr_within;

/* A large folio's state is that of each of its pages. */
#define MAX_PAGES 512

void TIERX_OP(pfn_migrated, struct tier_ext_request *request, struct tier_ext_result *result)
{
	u64 *from, *to;
	u32 i;

	if (result->error)
		return;
	bpf_for(i, 0, MAX_PAGES) {
		if (i >= request->nr_pages)
			break;
		from = values_of(request->pfn + i);
		to = values_of(result->new_pfn + i);
		if (!from || !to)
			break;
		*to = *from;
		*from = 0;
	}
	if (request->queued)
		__sync_fetch_and_add(&nr_queued, 1);
	else if (request->src_nid == request->dst_nid)
		__sync_fetch_and_add(&nr_within, 1);
	else
		__sync_fetch_and_add(&nr_other, 1);
}

TIERX_POLICY(pfn, "queues batches, and keeps a value per page") = {
	.name = "pfn",
	.tick = (void *)pfn_tick,
	.hint_fault = (void *)pfn_hint_fault,
	.migrated = (void *)pfn_migrated,
	.tick_ms = 10,
};
