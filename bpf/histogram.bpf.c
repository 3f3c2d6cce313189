// SPDX-License-Identifier: GPL-2.0-only
/*
 * histogram: as many of the most frequently used pages as the fast tier holds.
 *
 * Idea: a hand goes round over all memory, tests accessed bits, and keeps for
 * each page how often it was found used, of late more than of long ago. A
 * histogram of that over all pages is cut where the fast tier is full: what is
 * above the cut belongs there, what is well below it makes room, and what is in
 * between stays where it is, so that pages at the cut are not moved back and forth.
 * No threshold is set by anybody.
 * Source: "MEMTIS: Efficient Memory Tiering with Dynamic Page Classification and
 * Page Size Determination" (SOSP 2023).
 * Signals: accessed bits of all memory; reads of unmapped page cache.
 * Good for: hot sets that stay for minutes; memory without a border between hot
 * and cold.
 * Bad for: hot sets that change faster than a few rounds of the hand, which
 * takes the longer the larger memory is; memory that is all used within a round:
 * then nothing is told apart, and nothing moves.
 * Limits: frequency saturates at once per round. Of a large folio nobody knows
 * which of its pages are used: it has to be used in every round to be promoted.
 * Of several fast nodes the nearest to each slow one is filled.
 * 8 bytes of state per PFN.
 */
#include <tier_ext/span.bpf.h>

#define NR_BINS	  16
#define BIN_SHIFT 4
#define SCORE_MAX 255
/* Of a page that is used in each round after some of them; a quarter is forgotten in each. */
#define SCORE_ADD 64
#define QUEUE_MAX 4096
/* However much room there is: a page that was used in one round of many is not worth a move. */
#define CUT_MIN 5

TIERX_TUNE(u32, folios_per_tick, 512, 1, 1048576, "", "the hand's pace: folios of a node in 20 ms");
TIERX_TUNE(u32, fill_percent, 95, 1, 100, "%", "how much of the fast tier is for hot pages");
TIERX_TUNE(u32, margin, 2, 1, 15, "", "bins below the cut whose pages stay where they are");
TIERX_TUNE(u32, headroom_percent, 2, 0, 50, "%", "how much of a fast node is kept free");

struct histogram_stats {
	u64 looked_at TIERX_HELP("folios that the hand passed");
	u64 young TIERX_HELP("of these, folios that were used since the last round");
	u64 hot TIERX_HELP("folios of slow memory that were above the cut");
	u64 promoted TIERX_HELP("of these, folios queued for promotion");
	u64 no_room TIERX_HELP("of these, folios that have to wait for room");
	u64 demoted TIERX_HELP("folios below the cut that made room");
	u64 cuts TIERX_HELP("times that the cut was computed");
	u64 reads TIERX_HELP("samples of reads of unmapped page cache");
};
TIERX_STATS(struct histogram_stats);

/* The score and SEEN; 0 if the hand has not been here yet. */
TIERX_PFN_STATE(pages, u32);
#define SEEN 1

/* Pages of a node by score: of the round that is under way, and of the last one. */
struct histogram_node {
	u64 coming[NR_BINS];
	u64 bins[NR_BINS];
	u64 wanted; /* fast: pages above the cut that were found since its last tick */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TIERX_SPAN_NODES);
	__type(key, u32);
	__type(value, struct histogram_node);
} nodes SEC(".maps");

static u32 nr_nodes;
/* Bins from here on fit into the fast tier. 0: a round has to be over first. */
static u32 cut;
static u64 total[NR_BINS], capacity;

static struct histogram_node *node_of(s32 nid)
{
	u32 key = nid;

	return bpf_map_lookup_elem(&nodes, &key);
}

/* --- the cut --- */

__noinline s32 histogram_add_node(s32 nid)
{
	s64 tier = tierx_bpf_node_stat(nid, TIERX_NODE_TIER);
	struct histogram_node *node = node_of(nid);
	u32 i;

	if (tier < 0 || !node)
		return 0;
	if (!tier)
		capacity += tierx_bpf_node_stat(nid, TIERX_NODE_PRESENT_PAGES);
	bpf_for(i, 0, NR_BINS)
		total[i & (NR_BINS - 1)] += node->bins[i & (NR_BINS - 1)];
	return 0;
}

static u32 find_cut(void)
{
	u64 room = capacity * fill_percent / 100, sum = 0;
	s32 bin;

	for (bin = NR_BINS - 1; bin >= CUT_MIN; bin--) {
		sum += total[bin];
		if (sum > room)
			break;
	}
	return bin + 1;
}

static void end_round(struct tierx_span *span, struct histogram_node *node)
{
	s32 nid;
	u32 i;

	tierx_span_restart(span);
	for (i = 0; i < NR_BINS; i++) {
		node->bins[i] = node->coming[i];
		node->coming[i] = 0;
		total[i] = 0;
	}
	capacity = 0;
	bpf_for(nid, 0, nr_nodes)
		histogram_add_node(nid);
	cut = find_cut();
	tierx_stat_add(cuts, 1);
}

/* --- one page --- */

/*
 * Returns its bin. That it was used some time before the first look says nothing; until more is
 * known it shall stay where it is.
 */
static u32 note(u64 pfn, bool young, bool is_fast)
{
	u32 *state = pages_of(pfn), score;

	if (!state)
		return 0;
	if (!*state) {
		*state = SEEN + (is_fast ? SCORE_ADD : 0);
		return (*state - SEEN) >> BIN_SHIFT;
	}
	score = *state - SEEN;
	score = score - score / 4 + (young ? SCORE_ADD : 0);
	if (score > SCORE_MAX)
		score = SCORE_MAX;
	*state = SEEN + score;
	return score >> BIN_SHIFT;
}

static void promote(const struct tier_ext_page *page, s32 fast)
{
	struct histogram_node *node = node_of(fast);

	tierx_stat_add(hot, 1);
	if (page->nr_pages > 1 && cut < NR_BINS - 1 && !page->young)
		return;
	if (tierx_node_room(fast) && !tierx_bpf_pfn_migrate(page->pfn, page->gen, -1, 0)) {
		tierx_stat_add(promoted, 1);
		return;
	}
	tierx_stat_add(no_room, 1);
	if (node)
		__sync_fetch_and_add(&node->wanted, page->nr_pages);
}

static void demote(struct tierx_span *span, const struct tier_ext_page *page, s32 slow)
{
	if (span->wanted <= 0 || tierx_bpf_pfn_migrate(page->pfn, page->gen, slow, 0))
		return;
	span->wanted -= page->nr_pages;
	tierx_stat_add(demoted, 1);
}

/* --- the hand --- */

static void pass(struct tierx_span *span, struct histogram_node *node, s32 nid)
{
	s32 fast = tierx_bpf_promotion_target(nid, -1, 0);
	s32 slow = tierx_bpf_demotion_target(nid, 0);
	struct tier_ext_page *page;
	u32 bin;

	span->left = folios_per_tick;
	bpf_for_each(tierx_pfn, page, span->at, span->end, TIERX_WALK_HARVEST) {
		if (page->nid == nid) {
			bin = note(page->pfn, page->young, fast < 0) & (NR_BINS - 1);
			node->coming[bin] += page->nr_pages;
			tierx_stat_add(looked_at, 1);
			tierx_stat_add(young, !!page->young);
			if (fast >= 0 && cut && bin >= cut)
				promote(page, fast);
			else if (slow >= 0 && bin + margin < cut)
				demote(span, page, slow);
		}
		if (tierx_span_passed(span, page))
			return;
	}
	end_round(span, node);
}

void TIERX_OP_SLEEPABLE(histogram_tick, s32 nid, struct tier_ext_node_stat *stat)
{
	struct tierx_span *span = tierx_span_of(nid);
	struct histogram_node *node = node_of(nid);

	if (!span || !node || stat->queue_len > QUEUE_MAX / 2)
		return;
	span->wanted =
		tierx_node_lack(stat, headroom_percent, __sync_lock_test_and_set(&node->wanted, 0));
	pass(span, node, nid);
}

/* --- other ops --- */

/* Nobody has mapped it, so the hand does not see that it is used. */
void TIERX_OP(histogram_access, struct folio *folio, struct tier_ext_access *access)
{
	u32 *score = pages_of(tierx_bpf_folio_pfn(folio));

	if (!score || !*score || (tierx_bpf_folio_state(folio) & TIERX_FOLIO_MAPPED))
		return;
	tierx_stat_add(reads, 1);
	*score = *score + SCORE_ADD < SEEN + SCORE_MAX ? *score + SCORE_ADD : SEEN + SCORE_MAX;
}

void TIERX_OP(histogram_migrated, struct tier_ext_request *request, struct tier_ext_result *result)
{
	u32 *from = pages_of(request->pfn), *to = pages_of(result->new_pfn);

	if (result->error || !from || !to || from == to)
		return;
	*to = *from;
	*from = 0;
}

/* Memory that reclaim takes from the fast tier goes to the slow one. */
s32 TIERX_OP(histogram_reclaim, struct folio *folio, struct tier_ext_reclaim *reclaim)
{
	return reclaim->can_demote ? TIERX_DEMOTE : TIERX_DEFAULT;
}

s32 TIERX_OP_SLEEPABLE(histogram_init, struct tier_ext_init_args *args)
{
	tierx_spans_find(args);
	nr_nodes = args->nr_node_ids;

	return 0;
}

TIERX_POLICY(histogram, "as many of the most frequently used pages as the fast tier holds") = {
	.name = "histogram",
	.flags = TIERX_OPS_ACCESS_ALL,
	.init = (void *)histogram_init,
	.access = (void *)histogram_access,
	.reclaim = (void *)histogram_reclaim,
	.migrated = (void *)histogram_migrated,
	.tick = (void *)histogram_tick,
	.tick_ms = 20,
};
