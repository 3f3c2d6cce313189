// SPDX-License-Identifier: GPL-2.0-only
/*
 * chaos: answers anything, and wants everything moved anywhere.
 *
 * Verdicts are picked at random among the valid ones of the op, now and then among all numbers.
 * Every op that may asks for random moves, of its own folio and of any PFN. What was done is
 * added up in a map that several of these policies share.
 */
#include <tier_ext/tier_ext.bpf.h>
#include "chaos.h"

#define BATCH	   16
#define WALK_PAGES 256
#define WALK_STEPS 32

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct chaos_totals);
} totals SEC(".maps");

/* Too large for a stack; that CPUs write over each other's does no harm. */
struct batch {
	struct tier_ext_pfn pfns[BATCH];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct batch);
} batches SEC(".maps");

static u64 max_pfn = 1, cgroup_id;
static u32 nr_nodes = 1;

static __always_inline struct chaos_totals *chaos_totals(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&totals, &zero);
}

static __always_inline void add_at(u32 offset, u64 number)
{
	void *all = chaos_totals();

	if (all)
		__sync_fetch_and_add((u64 *)(all + offset), number);
}

static __always_inline void add_kind(u32 offset, u32 kind)
{
	if (kind < CHAOS_MAX_KINDS)
		add_at(offset + kind * sizeof(u64), 1);
}

#define chaos_add(counter, number) add_at(offsetof(struct chaos_totals, counter), number)

/* Whether it is one time in @name##_period. */
#define chaos_now(name)                                                                            \
	({                                                                                         \
		struct chaos_totals *__totals = chaos_totals();                                    \
		u32 __period = __totals ? __totals->name##_period : 0;                             \
		__period && !below(__period);                                                      \
	})

static __always_inline u32 below(u32 end)
{
	return end ? bpf_get_prandom_u32() % end : 0;
}

static __always_inline u64 random_pfn(void)
{
	return ((u64)bpf_get_prandom_u32() << 32 | bpf_get_prandom_u32()) % max_pfn;
}

/* Mostly a node; now and then none, or one that there is not. */
static __always_inline s32 random_node(void)
{
	return (s32)below(nr_nodes + 2) - 1;
}

/* A node with memory in a faster tier than @nid, in a slower one, or any. */
static __noinline s32 valid_node(s32 nid, s32 direction)
{
	s32 other;

	if (direction > 0)
		return tierx_bpf_promotion_target(nid, -1, 0);
	if (direction < 0)
		return tierx_bpf_demotion_target(nid, 0);
	other = below(nr_nodes);
	return tierx_bpf_node_stat(other, TIERX_NODE_TIER) < 0 ? TIERX_DEFAULT : other;
}

static __always_inline s32 verdict(s32 picked)
{
	chaos_add(calls, 1);
	if (!chaos_now(bad))
		return picked;
	chaos_add(bad_verdicts, 1);
	return below(2) ? bpf_get_prandom_u32() : -(s32)below(20);
}

static __noinline int asked(s32 ret)
{
	if (ret < 0)
		chaos_add(moves_refused, 1);
	else
		chaos_add(moves_queued, 1);
	return 0;
}

static __always_inline void move_pfns(void)
{
	u32 zero = 0, i;
	struct batch *batch = bpf_map_lookup_elem(&batches, &zero);
	s32 queued;

	if (!batch)
		return;
	bpf_for(i, 0, BATCH) {
		if (i >= BATCH)
			break;
		batch->pfns[i].pfn = random_pfn();
		/* Mostly unchecked: what is there is moved. */
		batch->pfns[i].gen = below(4) ? 0 : bpf_get_prandom_u32();
	}
	queued = tierx_bpf_pfn_migrate_batch(batch->pfns, sizeof(batch->pfns), random_node(), 0);
	if (queued < 0)
		queued = 0;
	chaos_add(moves_queued, queued);
	chaos_add(moves_refused, BATCH - queued);
}

static __always_inline void move_pfn(void)
{
	u32 what = below(16);

	if (what == 0)
		asked(tierx_bpf_pfn_reclaim(random_pfn(), 0, 0));
	else if (what < 4)
		move_pfns();
	else
		asked(tierx_bpf_pfn_migrate(random_pfn(), what & 1 ? 0 : bpf_get_prandom_u32(),
					    random_node(), below(64) ? 0 : bpf_get_prandom_u32()));
}

static __always_inline void move_folio(struct folio *folio)
{
	u32 what = below(8);
	s32 nid = below(2) ? -1 : random_node();

	if (what == 0)
		asked(tierx_bpf_folio_reclaim(folio, 0));
	else if (what < 4)
		asked(tierx_bpf_folio_promote(folio, nid, 0));
	else
		asked(tierx_bpf_folio_demote(folio, nid, 0));
}

static __always_inline void maybe_move(struct folio *folio)
{
	if (!chaos_now(move))
		return;
	if (below(2))
		move_folio(folio);
	else
		move_pfn();
}

static __always_inline void maybe_move_pfn(void)
{
	if (chaos_now(move))
		move_pfn();
}

s32 TIERX_OP_SLEEPABLE(chaos_init, struct tier_ext_init_args *args)
{
	max_pfn = args->max_pfn ?: 1;
	nr_nodes = args->nr_node_ids;
	cgroup_id = args->cgroup_id;
	return chaos_now(refuse) ? -(s32)below(200) : 0;
}

void TIERX_OP_SLEEPABLE(chaos_exit, struct tier_ext_exit_info *info)
{
	u32 kind = info->kind;

	if (!cgroup_id)
		return;
	if (kind >= TIERX_EXIT_ERROR)
		add_kind(offsetof(struct chaos_totals, error_kinds), kind - TIERX_EXIT_ERROR);
	else
		add_kind(offsetof(struct chaos_totals, unreg_kinds), kind - TIERX_EXIT_UNREG);
}

void TIERX_OP(chaos_dump, struct tier_ext_dump_ctx *dump)
{
	u32 i;

	bpf_for(i, 0, below(100))
		tierx_bpf_dump("line %u of kind %d\n", i, dump->kind);
}

s32 TIERX_OP(chaos_hint_fault, struct folio *folio, struct vm_area_struct *vma,
	     struct tier_ext_fault *fault)
{
	s32 nid = valid_node(fault->src_nid, 1);

	maybe_move(folio);
	return verdict(below(2) ? nid : TIERX_DEFAULT - (s32)below(3));
}

s32 TIERX_OP(chaos_fault_in, struct folio *folio, struct vm_area_struct *vma,
	     struct tier_ext_fault *fault)
{
	s32 nid = valid_node(fault->src_nid, 0);

	maybe_move(folio);
	return verdict(below(2) ? nid : TIERX_DEFAULT - (s32)below(3));
}

s32 TIERX_OP(chaos_scan_vma, struct vm_area_struct *vma, struct tier_ext_scan *scan)
{
	static const s32 verdicts[] = { TIERX_DEFAULT, TIERX_SKIP, TIERX_FORCE, TIERX_FORCE };

	maybe_move_pfn();
	return verdict(below(2) ? (s32)below(4096) : verdicts[below(4) & 3]);
}

void TIERX_OP(chaos_access, struct folio *folio, struct tier_ext_access *access)
{
	chaos_add(calls, 1);
	maybe_move(folio);
}

s32 TIERX_OP(chaos_reclaim, struct folio *folio, struct tier_ext_reclaim *reclaim)
{
	maybe_move(folio);
	if (below(4))
		return verdict(below(2) ? TIERX_DEFAULT : TIERX_DEMOTE);
	return verdict(below(2) ? TIERX_KEEP : TIERX_RECLAIM);
}

s32 TIERX_OP(chaos_demote_target, struct folio *folio, struct tier_ext_reclaim *reclaim)
{
	return verdict(below(2) ? TIERX_DEFAULT : valid_node(reclaim->src_nid, -1));
}

s32 TIERX_OP(chaos_admit, struct tier_ext_request *request)
{
	if (below(4))
		return verdict(below(2) ? TIERX_ALLOW : TIERX_DEFAULT);
	return verdict(below(2) ? TIERX_DENY : valid_node(request->src_nid, 0));
}

void TIERX_OP(chaos_migrated, struct tier_ext_request *request, struct tier_ext_result *result)
{
	chaos_add(calls, 1);
	maybe_move_pfn();
}

void TIERX_OP(chaos_memcg_event, u64 memcg_id, u32 tier, u64 usage_pages, u64 limit_pages)
{
	chaos_add(calls, 1);
	maybe_move_pfn();
}

/* What was accessed in some stretch of memory goes somewhere else. */
static __always_inline void walk(void)
{
	u64 first = random_pfn();
	struct tier_ext_page *page;
	u32 steps = 0;

	bpf_for_each(tierx_pfn, page, first, first + WALK_PAGES, TIERX_WALK_HARVEST) {
		if (page->young)
			asked(tierx_bpf_pfn_migrate(page->pfn, page->gen, random_node(), 0));
		if (++steps == WALK_STEPS)
			break;
	}
}

static __always_inline void walk_lru(s32 nid)
{
	u64 flags = below(8) ?: TIERX_WALK_ANON;
	struct tier_ext_page *page;
	u32 steps = 0;

	bpf_for_each(tierx_lru, page, nid, cgroup_id, flags) {
		asked(tierx_bpf_pfn_migrate(page->pfn, page->gen, -1, 0));
		if (++steps == WALK_STEPS)
			break;
	}
}

void TIERX_OP_SLEEPABLE(chaos_tick, s32 nid, struct tier_ext_node_stat *stat)
{
	u32 what = below(8);

	chaos_add(calls, 1);
	move_pfns();
	if (what == 0)
		walk();
	else if (what == 1)
		walk_lru(nid);
	else if (what == 2)
		tierx_bpf_access_report(random_pfn(), random_node(), below(100));
	else if (what == 3 && cgroup_id)
		tierx_bpf_memcg_set_limit(cgroup_id, below(3), below(4096));
	else if (what == 4 && cgroup_id)
		tierx_bpf_memcg_set_protection(cgroup_id, below(3), below(4096));
	if (!chaos_now(end))
		return;
	if (below(2))
		tierx_bpf_error("chaos on node %d", nid);
	else
		tierx_bpf_exit(below(1000), "chaos is over");
}

TIERX_POLICY(chaos, "answers anything, and wants everything moved anywhere") = {
	.name = "chaos",
	.init = (void *)chaos_init,
	.exit = (void *)chaos_exit,
	.dump = (void *)chaos_dump,
	.hint_fault = (void *)chaos_hint_fault,
	.fault_in = (void *)chaos_fault_in,
	.scan_vma = (void *)chaos_scan_vma,
	.access = (void *)chaos_access,
	.reclaim = (void *)chaos_reclaim,
	.demote_target = (void *)chaos_demote_target,
	.admit = (void *)chaos_admit,
	.migrated = (void *)chaos_migrated,
	.memcg_event = (void *)chaos_memcg_event,
	.tick = (void *)chaos_tick,
	.flags = TIERX_OPS_ACCESS_ALL,
	.access_period = 16,
	.tick_ms = 50,
	.timeout_ms = 10000,
};

/* The same from a program that is no policy. */
SEC("syscall")
int chaos_feed(void *ctx)
{
	move_pfns();
	tierx_bpf_access_report(random_pfn(), random_node(), below(1000));
	return 0;
}
