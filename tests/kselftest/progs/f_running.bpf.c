// SPDX-License-Identifier: GPL-2.0-only
/*
 * f_running: programs that the verifier accepts and that do wrong, or too much, when they run. Of
 * all of them a test puts one or two into the ops, and only those are loaded.
 */
#include <tier_ext/tier_ext.bpf.h>

#include "f_mutants.h"
#include "f_running.h"

/* What the answering programs answer. */
volatile s32 answer;
volatile struct mutant_call call;

/* Where results go that nobody wants. */
u64 sink;

/* --- answers --- */

s32 TIERX_OP_SLEEPABLE(answer_init, INIT)
{
	return answer;
}

#define ANSWERS(op, args)                                                                          \
	s32 TIERX_OP(answer_##op, args)                                                            \
	{                                                                                          \
		return answer;                                                                     \
	}

ANSWERS(hint_fault, FAULT)
ANSWERS(fault_in, FAULT)
ANSWERS(scan_vma, SCAN)
ANSWERS(reclaim, RECLAIM)
ANSWERS(demote_target, RECLAIM)
ANSWERS(admit, REQUEST)

void TIERX_OP(access_nothing, ACCESS)
{
}

/* Some address; whoever may use pointers as numbers may also return them. */
SEC("struct_ops") __attribute__((naked)) s32 answer_pointer(void)
{
	asm volatile("r0 = r10;"
		     "exit;");
}

s32 TIERX_OP(answer_own_node, FAULT)
{
	return fault->src_nid;
}

/* Queue everything, for those who want to see a queued move. */
s32 TIERX_OP(defer, FAULT)
{
	return TIERX_DEFER;
}

/* --- ends --- */

#define RAISES(op, args)                                                                           \
	s32 TIERX_OP(error_##op, args)                                                             \
	{                                                                                          \
		tierx_bpf_error("%s gives up", #op);                                               \
		return 0;                                                                          \
	}

#define RAISES_VOID(op, args)                                                                      \
	void TIERX_OP(error_##op, args)                                                            \
	{                                                                                          \
		tierx_bpf_error("%s gives up", #op);                                               \
	}

RAISES(hint_fault, FAULT)
RAISES(fault_in, FAULT)
RAISES(scan_vma, SCAN)
RAISES_VOID(access, ACCESS)
RAISES(reclaim, RECLAIM)
RAISES(demote_target, RECLAIM)
RAISES(admit, REQUEST)
RAISES_VOID(migrated, MIGRATED)
RAISES_VOID(tick, TICK)

void TIERX_OP(exit_tick, TICK)
{
	tierx_bpf_exit(-1, "tick is done");
}

s32 TIERX_OP(exit_hint_fault, FAULT)
{
	tierx_bpf_exit(1LL << 62, "hint_fault is done");
	return TIERX_STAY;
}

/* The first one counts. */
void TIERX_OP(end_often, TICK)
{
	u32 i;

	tierx_bpf_exit(7, "the first");
	bpf_for(i, 0, 1000)
		tierx_bpf_error("number %u", i);
}

#define FORMATS(name, format, args...)                                                             \
	void TIERX_OP(format_##name, TICK)                                                         \
	{                                                                                          \
		tierx_bpf_error(format, ##args);                                                   \
	}

FORMATS(unknown, "%n %y")
FORMATS(alone, "%")
FORMATS(missing, "%llu %llu %llu", sink)
FORMATS(binary, "\x01\xff")
FORMATS(floating, "%f", sink)
FORMATS(pointer, "|%s|", 0xdeadbeef)
FORMATS(wide, "%99999d|", 1)

/* --- words without end --- */

void TIERX_OP(dump_flood, DUMP)
{
	u32 i;

	bpf_for(i, 0, 100000)
		tierx_bpf_dump("line %u of a hundred thousand\n", i);
}

void TIERX_OP(dump_bad, DUMP)
{
	tierx_bpf_dump("%n");
}

/* --- work without end --- */

static long spin(u32 i, void *ctx)
{
	sink += i;
	return 0;
}

static long spin_more(u32 i, void *ctx)
{
	bpf_loop(1 << 12, spin, NULL, 0);
	return 0;
}

s32 TIERX_OP(spin_hint_fault, FAULT)
{
	bpf_loop(1 << 12, spin, NULL, 0);
	return TIERX_STAY;
}

s32 TIERX_OP(spin_reclaim, RECLAIM)
{
	bpf_loop(1 << 12, spin, NULL, 0);
	return TIERX_DEFAULT;
}

void TIERX_OP_SLEEPABLE(spin_tick, TICK)
{
	bpf_loop(1 << 8, spin_more, NULL, 0);
}

void TIERX_OP_SLEEPABLE(spin_exit, EXIT)
{
	bpf_loop(1 << 8, spin_more, NULL, 0);
}

void TIERX_OP_SLEEPABLE(walk_exit, EXIT)
{
	struct tier_ext_page *page;

	bpf_for_each(tierx_pfn, page, 0, ~0ULL, TIERX_WALK_HARVEST)
		sink += page->young;
}

/* Within another walk, and another one. */
void TIERX_OP_SLEEPABLE(walk_within_walk, TICK)
{
	struct tier_ext_page *page, *other;
	u32 nr = 0;

	bpf_for_each(tierx_lru, page, nid, 0, 0) {
		bpf_for_each(tierx_pfn, other, page->pfn, page->pfn + 64, TIERX_WALK_HARVEST)
			sink += other->nr_pages;
		if (++nr > 100)
			break;
	}
	call.done = 1;
}

/* Reading it is safe, whatever is there by then. */
void TIERX_OP_SLEEPABLE(page_after_walk, TICK)
{
	struct tier_ext_page *page, *last = NULL;
	u32 nr = 0;

	bpf_for_each(tierx_pfn, page, 0, ~0ULL, 0) {
		last = page;
		if (++nr > 10)
			break;
	}
	if (last)
		sink = last->pfn + last->memcg_id;
	call.done = 1;
}

/* Of an anonymous folio this points to something else, in a word that is not aligned. */
s32 TIERX_OP(wild_reads, FAULT)
{
	sink = folio->mapping->nrpages;
	if (folio->mapping->host->i_sb->s_op)
		sink++;
	return TIERX_STAY;
}

/* --- moves without end --- */

/* More than a queue holds, of one PFN. */
void TIERX_OP(flood, TICK)
{
	u32 i;

	bpf_for(i, 0, 10000)
		tierx_bpf_pfn_migrate(call.args[0], 0, call.args[2], 0);
}

/* A stretch of memory per tick, whatever is there, to every number of a node. */
u64 swept;

void TIERX_OP(sweep, TICK)
{
	u32 i;

	bpf_for(i, 0, 2000) {
		tierx_bpf_pfn_migrate(swept, 0, (s32)(swept % 5) - 2, 0);
		swept = swept + 1 < call.args[0] ? swept + 1 : 0;
	}
}

/* Each access of each folio, both ways. */
void TIERX_OP(promote_and_demote, ACCESS)
{
	tierx_bpf_folio_demote(folio, -1, 0);
	tierx_bpf_folio_promote(folio, -1, 0);
}

s32 TIERX_OP(admit_back, REQUEST)
{
	return request->src_nid;
}

/* --- one call with arguments that make no sense --- */

static char batch[MUTANT_BATCH_BYTES] __attribute__((aligned(8)));

static __always_inline s64 call_batch(u64 size, s32 nid, u64 flags)
{
	barrier_var(size);
	if (size > sizeof(batch))
		return 0;
	return tierx_bpf_pfn_migrate_batch((struct tier_ext_pfn *)batch, size, nid, flags);
}

static __always_inline s64 call_walk_pfn(u64 start, u64 end, u64 flags)
{
	struct bpf_iter_tierx_pfn it;
	s64 result = bpf_iter_tierx_pfn_new(&it, start, end, flags);

	if (bpf_iter_tierx_pfn_next(&it))
		result = 1;
	bpf_iter_tierx_pfn_destroy(&it);
	return result;
}

static __always_inline s64 call_walk_lru(s32 nid, u64 memcg_id, u64 flags)
{
	struct bpf_iter_tierx_lru it;
	s64 result = bpf_iter_tierx_lru_new(&it, nid, memcg_id, flags);

	if (bpf_iter_tierx_lru_next(&it))
		result = 1;
	bpf_iter_tierx_lru_destroy(&it);
	return result;
}

static __always_inline s64 call_kfunc(u64 a, u64 b, u64 c, u64 d)
{
	switch (call.what) {
	case CALL_PFN_MIGRATE:
		return tierx_bpf_pfn_migrate(a, b, c, d);
	case CALL_PFN_RECLAIM:
		return tierx_bpf_pfn_reclaim(a, b, c);
	case CALL_BATCH:
		return call_batch(a, b, c);
	case CALL_NODE_STAT:
		return tierx_bpf_node_stat(a, b);
	case CALL_DISTANCE:
		return tierx_bpf_node_distance(a, b);
	case CALL_PROMOTION_TARGET:
		return tierx_bpf_promotion_target(a, b, c);
	case CALL_DEMOTION_TARGET:
		return tierx_bpf_demotion_target(a, b);
	case CALL_PFN_NID:
		return tierx_bpf_pfn_nid(a);
	case CALL_REPORT:
		return tierx_bpf_access_report(a, b, c);
	case CALL_ARM:
		return tierx_bpf_range_arm(a, b, c, d);
	case CALL_WALK_PFN:
		return call_walk_pfn(a, b, c);
	case CALL_WALK_LRU:
		return call_walk_lru(a, b, c);
	case CALL_CLEAR:
		return tierx_bpf_pfn_clear(a, b, c);
	}
	return 0;
}

void TIERX_OP_SLEEPABLE(call_tick, TICK)
{
	if (call.done)
		return;
	call.result = call_kfunc(call.args[0], call.args[1], call.args[2], call.args[3]);
	call.done = 1;
}

s32 TIERX_OP(call_hint_fault, FAULT)
{
	s64 result = 0;

	switch (call.what) {
	case CALL_PROMOTE:
		result = tierx_bpf_folio_promote(folio, call.args[0], call.args[1]);
		break;
	case CALL_DEMOTE:
		result = tierx_bpf_folio_demote(folio, call.args[0], call.args[1]);
		break;
	case CALL_RECLAIM:
		result = tierx_bpf_folio_reclaim(folio, call.args[0]);
		break;
	}
	call.result = result;
	call.done = 1;
	return TIERX_STAY;
}

TIERX_POLICY(mutant, "does what it should not") = {
	.name = "mutant",
	.tick_ms = 10,
	.access_period = 1,
};
