// SPDX-License-Identifier: GPL-2.0-only
/*
 * tpp: the kernel's own tiering, rewritten.
 *
 * Idea: promote on a NUMA hint fault that comes soon after the page was armed,
 * demote in reclaim. The threshold of "soon" follows a rate limit, so that the
 * hottest pages are promoted when there are more hot pages than the fast tier
 * shall take. With plenty of free fast memory every access promotes.
 * Source: "TPP: Transparent Page Placement for CXL-Enabled Tiered-Memory"
 * (ASPLOS 2023), and should_numa_migrate_memory() of kernel/sched/fair.c.
 * Signals: hint fault latency, reclaim.
 * Good for: a baseline that behaves as the kernel default does, and a start for
 * policies that differ from it in one point.
 * Bad for: a working set larger than the fast tier, where it promotes and
 * demotes for ever; read-only file mappings and unmapped page cache, which have
 * no hint faults; applications that cannot wait for a migration in a fault.
 * Limits: the promotion target is the node of the faulting CPU if that is in a
 * faster tier, else the best one of the fastest tier.
 */
#include <tier_ext/tier_ext.bpf.h>

#define MAX_NODES    1024
#define PAGE_SHIFT   12
#define ADJUST_STEPS 16

TIERX_TUNE(u32, hot_threshold_ms, 1000, 1, 60000, "ms",
	   "a page that is touched within this time after it was armed is hot");
TIERX_TUNE(u32, rate_limit_mbps, 65536, 1, 1048576, "MB/s",
	   "promotion rate per target node that the threshold is adjusted to");
TIERX_TUNE(u32, adjust_period_ms, 60000, 100, 600000, "ms", "how often the threshold is adjusted");
TIERX_TUNE(u32, free_enough_mb, 1024, 0, 1048576, "MiB",
	   "at least so much, and 1/16 of the node, has to be free to promote every page");

struct tpp_stats {
	u64 free_enough TIERX_HELP("promoted without a threshold, fast memory was free");
	u64 hot TIERX_HELP("promoted because the page was hot");
	u64 cold TIERX_HELP("left alone because the page was not hot");
	u64 rate_limited TIERX_HELP("hot, but left alone for the rate limit");
	u64 candidate_pages TIERX_HELP("pages that were hot");
	u64 demote TIERX_HELP("folios that reclaim was told to demote");
};
TIERX_STATS(struct tpp_stats);

/* What the kernel keeps in pg_data_t as nbp_*; as racy as there. */
struct tpp_node {
	u64 candidates;
	u64 rate_candidates;
	u64 adjust_candidates;
	u32 rate_start_ms;
	u32 adjust_start_ms;
	u32 threshold_ms;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_NODES);
	__type(key, u32);
	__type(value, struct tpp_node);
} nodes SEC(".maps");

static u32 now_ms(void)
{
	return bpf_ktime_get_ns() / 1000000;
}

static u64 rate_limit_pages(void)
{
	return (u64)rate_limit_mbps << (20 - PAGE_SHIFT);
}

static bool free_space_enough(s32 nid)
{
	u64 enough = (u64)free_enough_mb << (20 - PAGE_SHIFT);
	s64 present = tierx_bpf_node_stat(nid, TIERX_NODE_PRESENT_PAGES);
	s64 wmark = tierx_bpf_node_stat(nid, TIERX_NODE_WMARK_PROMO_PAGES);
	s64 free = tierx_bpf_node_stat(nid, TIERX_NODE_FREE_PAGES);

	if (present < 0 || wmark < 0 || free < 0)
		return false;
	if (enough < (u64)present >> 4)
		enough = (u64)present >> 4;
	return (u64)free > (u64)wmark + enough;
}

/* Keep the number of candidates near to what the rate limit lets through. */
static void adjust_threshold(struct tpp_node *node)
{
	u32 now = now_ms(), unit = hot_threshold_ms * 2 / ADJUST_STEPS;
	u64 expected, seen;
	u32 threshold;

	if (now - node->adjust_start_ms <= adjust_period_ms)
		return;
	node->adjust_start_ms = now;

	expected = rate_limit_pages() * adjust_period_ms / 1000;
	seen = node->candidates - node->adjust_candidates;
	node->adjust_candidates = node->candidates;

	threshold = node->threshold_ms ?: hot_threshold_ms;
	if (seen > expected * 11 / 10)
		threshold = threshold > 2 * unit ? threshold - unit : unit;
	else if (seen < expected * 9 / 10)
		threshold = threshold + unit < hot_threshold_ms * 2 ? threshold + unit :
								      hot_threshold_ms * 2;
	node->threshold_ms = threshold;
}

/* Candidates count whether they are promoted or not, as in the kernel. */
static bool over_rate_limit(struct tpp_node *node, u32 nr_pages)
{
	u32 now = now_ms();

	__sync_fetch_and_add(&node->candidates, nr_pages);
	tierx_stat_add(candidate_pages, nr_pages);
	if (now - node->rate_start_ms > 1000) {
		node->rate_start_ms = now;
		node->rate_candidates = node->candidates;
	}
	return node->candidates - node->rate_candidates >= rate_limit_pages();
}

static s32 promotion_node(struct tier_ext_fault *fault)
{
	s64 tier = tierx_bpf_node_stat(fault->cpu_nid, TIERX_NODE_TIER);

	if (tier >= 0 && tier < tierx_bpf_node_stat(fault->src_nid, TIERX_NODE_TIER))
		return fault->cpu_nid;
	return tierx_bpf_promotion_target(fault->src_nid, fault->cpu_nid, 0);
}

s32 TIERX_OP(tpp_hint_fault, struct folio *folio, struct vm_area_struct *vma,
	     struct tier_ext_fault *fault)
{
	s32 nid = promotion_node(fault);
	struct tpp_node *node;
	u32 key = nid;

	if (nid < 0)
		return TIERX_STAY;
	node = bpf_map_lookup_elem(&nodes, &key);
	if (!node)
		return TIERX_DEFAULT;

	if (free_space_enough(nid)) {
		/* The workload has changed: start from the beginning. */
		node->threshold_ms = 0;
		tierx_stat_add(free_enough, 1);
		return nid;
	}

	adjust_threshold(node);
	if (fault->age_ms >= (node->threshold_ms ?: hot_threshold_ms)) {
		tierx_stat_add(cold, 1);
		return TIERX_STAY;
	}
	if (over_rate_limit(node, 1U << tierx_bpf_folio_order(folio))) {
		tierx_stat_add(rate_limited, 1);
		return TIERX_STAY;
	}
	tierx_stat_add(hot, 1);
	return nid;
}

s32 TIERX_OP(tpp_reclaim, struct folio *folio, struct tier_ext_reclaim *reclaim)
{
	if (!reclaim->can_demote)
		return TIERX_DEFAULT;
	tierx_stat_add(demote, 1);
	return TIERX_DEMOTE;
}

s32 TIERX_OP(tpp_demote_target, struct folio *folio, struct tier_ext_reclaim *reclaim)
{
	s32 nid = tierx_bpf_demotion_target(reclaim->src_nid, 0);

	return nid >= 0 ? nid : TIERX_DEFAULT;
}

TIERX_POLICY(tpp, "the kernel's own tiering: promote on hint fault, demote in reclaim") = {
	.name = "tpp",
	.hint_fault = (void *)tpp_hint_fault,
	.reclaim = (void *)tpp_reclaim,
	.demote_target = (void *)tpp_demote_target,
};
