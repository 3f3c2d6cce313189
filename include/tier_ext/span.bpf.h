/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a node's memory is, and a hand that goes round over it, as that of the
 * CLOCK algorithm does: so many folios in a tick, the next ones in the next.
 *
 *	s32 TIERX_OP_SLEEPABLE(my_init, struct tier_ext_init_args *args)
 *	{
 *		tierx_spans_find(args);
 *		...
 *	struct tierx_span *span = tierx_span_of(nid);
 *	struct tier_ext_page *page;
 *
 *	if (!span)
 *		return;
 *	span->left = 1000;
 *	bpf_for_each(tierx_pfn, page, span->at, span->end, TIERX_WALK_HARVEST) {
 *		...
 *		if (tierx_span_passed(span, page))
 *			return;
 *	}
 *	tierx_span_restart(span);
 *
 * What a loop counts is in memory, as @left is: of a variable the verifier would
 * follow each value that it can have.
 */
#ifndef TIER_EXT_SPAN_BPF_H
#define TIER_EXT_SPAN_BPF_H

#include <tier_ext/tier_ext.bpf.h>

#define TIERX_SPAN_NODES 1024
/* PFNs; no node begins within a smaller piece of memory: 16 MiB. */
#define TIERX_SPAN_STEP 4096

/**
 * struct tierx_span - a node's memory
 * @first: lowest PFN; other nodes' memory may lie between it and @end
 * @end: one more than the highest
 * @at: where the hand is
 * @rounds: how often it went round
 * @left: folios that it may still pass in this tick
 * @wanted: pages that are still wanted of them
 * @queued: folios that were queued
 * @judged: folios that would have been, had they been idle
 */
struct tierx_span {
	u64 first;
	u64 end;
	u64 at;
	u64 rounds;
	u64 left;
	s64 wanted;
	u64 queued;
	u64 judged;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TIERX_SPAN_NODES);
	__type(key, u32);
	__type(value, struct tierx_span);
} tierx_spans SEC(".maps");

/*
 * Pages that came by a move: the hand has not passed them, and for it they would be idle. A bit for
 * each, which those that are a multiple of TIERX_ARRIVALS apart share.
 */
#define TIERX_ARRIVALS	    1048576
#define TIERX_ARRIVALS_WORD 64

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TIERX_ARRIVALS / TIERX_ARRIVALS_WORD);
	__type(key, u32);
	__type(value, u64);
} tierx_arrivals SEC(".maps");

TIERX_INLINE u64 *tierx_arrivals_of(u64 pfn)
{
	u32 key = pfn % TIERX_ARRIVALS / TIERX_ARRIVALS_WORD;

	return bpf_map_lookup_elem(&tierx_arrivals, &key);
}

/**
 * tierx_tiers_down() - where a move has gone to
 * @request: the move; for a policy's migrated op, where it says no more than from and to
 *
 * Return: how many tiers down; negative if it went up.
 */
TIERX_INLINE s64 tierx_tiers_down(const struct tier_ext_request *request)
{
	return tierx_bpf_node_stat(request->dst_nid, TIERX_NODE_TIER) -
	       tierx_bpf_node_stat(request->src_nid, TIERX_NODE_TIER);
}

/**
 * tierx_span_arrived() - a page has come to where it is by a move
 * @pfn: the page; for a policy's migrated op
 *
 * When the hand comes by for the first time, it is not idle.
 */
TIERX_INLINE void tierx_span_arrived(u64 pfn)
{
	u64 *word = tierx_arrivals_of(pfn);

	if (word)
		__sync_fetch_and_or(word, 1ULL << pfn % TIERX_ARRIVALS_WORD);
}

/* Has it come since the hand came by? */
TIERX_INLINE bool tierx_span_is_new(u64 pfn)
{
	u64 *word = tierx_arrivals_of(pfn), bit = 1ULL << pfn % TIERX_ARRIVALS_WORD;

	if (!word || !(*word & bit))
		return false;
	__sync_fetch_and_and(word, ~bit);
	return true;
}

/**
 * tierx_span_of() - a node's span
 * @nid: the node
 *
 * Return: the span; NULL for a node that had no memory when spans were found.
 */
TIERX_INLINE struct tierx_span *tierx_span_of(s32 nid)
{
	u32 key = nid;
	struct tierx_span *span = bpf_map_lookup_elem(&tierx_spans, &key);

	return span && span->end ? span : NULL;
}

static long tierx_span_step(u64 i, void *unused)
{
	u64 pfn = i * TIERX_SPAN_STEP;
	u32 key = tierx_bpf_pfn_nid(pfn);
	struct tierx_span *span = bpf_map_lookup_elem(&tierx_spans, &key);

	if (!span)
		return 0;
	if (!span->end) {
		span->first = pfn;
		span->at = pfn;
	}
	span->end = pfn + TIERX_SPAN_STEP;
	return 0;
}

/**
 * tierx_spans_find() - find out where the nodes' memory is
 * @args: what init was told
 *
 * Memory that comes later is not in any span.
 */
TIERX_INLINE void tierx_spans_find(struct tier_ext_init_args *args)
{
	bpf_loop(args->max_pfn / TIERX_SPAN_STEP + 1, tierx_span_step, NULL, 0);
}

/**
 * tierx_span_passed() - the hand has seen a folio
 * @span: its span
 * @page: the folio
 *
 * Return: whether these were enough.
 */
TIERX_INLINE bool tierx_span_passed(struct tierx_span *span, const struct tier_ext_page *page)
{
	span->at = page->pfn + page->nr_pages;
	if (span->left)
		span->left--;
	return !span->left;
}

/**
 * tierx_span_restart() - the hand has come to the end
 * @span: its span
 */
TIERX_INLINE void tierx_span_restart(struct tierx_span *span)
{
	span->at = span->first;
	span->rounds++;
}

/**
 * tierx_span_ahead() - where the hand is after some PFNs
 * @span: the span
 * @pfns: so many, or to its end
 */
TIERX_INLINE u64 tierx_span_ahead(const struct tierx_span *span, u64 pfns)
{
	return span->at + pfns < span->end ? span->at + pfns : span->end;
}

/**
 * tierx_span_clear() - clear accessed bits from where the hand is, and go on from @end
 * @span: the span
 * @end: one more than the last PFN
 *
 * Sleepable programs only.
 *
 * Return: how many folios there were.
 */
TIERX_INLINE u64 tierx_span_clear(struct tierx_span *span, u64 end)
{
	s64 folios = tierx_bpf_pfn_clear(span->at, end, 0);

	span->at = end;
	return folios > 0 ? folios : 0;
}

/**
 * tierx_node_room() - what promotion may still fill of a node
 * @nid: the node
 *
 * Return: free pages above the high watermark.
 */
TIERX_INLINE u64 tierx_node_room(s32 nid)
{
	s64 free = tierx_bpf_node_stat(nid, TIERX_NODE_FREE_PAGES);
	s64 wmark = tierx_bpf_node_stat(nid, TIERX_NODE_WMARK_HIGH_PAGES);

	return free > wmark ? free - wmark : 0;
}

/**
 * tierx_node_pages() - what a node has of pages that may be used or idle
 * @stat: the node
 *
 * Return: pages on its LRU lists.
 */
TIERX_INLINE u64 tierx_node_pages(const struct tier_ext_node_stat *stat)
{
	return stat->active_pages + stat->inactive_pages;
}

/**
 * tierx_node_lack() - what a node lacks for what is to come
 * @stat: the node
 * @headroom_percent: of the node, to be kept free above the high watermark
 * @coming: pages that are on their way to it
 *
 * Return: pages to be demoted; not positive if nothing is lacking.
 */
TIERX_INLINE s64 tierx_node_lack(const struct tier_ext_node_stat *stat, u32 headroom_percent,
				 u64 coming)
{
	u64 wanted = stat->wmark_high_pages + stat->present_pages * headroom_percent / 100;

	return (s64)(wanted + coming) - (s64)(stat->free_pages + stat->queue_len);
}

/**
 * tierx_span_make_room() - demote what was not used since the hand came by last
 * @nid: a node whose memory can be demoted
 * @pages: so many pages, if they are found
 * @pfns: how far the hand goes at most
 *
 * The hand tests and clears accessed bits as it passes, so a page is idle if it
 * was not used since the hand was there. What came by a move since then is not
 * judged; how many folios were is left in the span. Sleepable programs only.
 *
 * Return: folios queued for demotion.
 */
TIERX_INLINE u64 tierx_span_make_room(s32 nid, s64 pages, u64 pfns)
{
	struct tierx_span *span = tierx_span_of(nid);
	s32 err, target = tierx_bpf_demotion_target(nid, 0);
	struct tier_ext_page *page;
	u64 end;

	if (!span)
		return 0;
	span->wanted = pages;
	span->queued = 0;
	span->judged = 0;
	if (target < 0 || pages <= 0)
		return 0;
	end = tierx_span_ahead(span, pfns);
	bpf_for_each(tierx_pfn, page, span->at, end, TIERX_WALK_HARVEST) {
		bool known = page->nid == nid && !tierx_span_is_new(page->pfn);

		span->judged += known;
		if (known && !page->young) {
			err = tierx_bpf_pfn_migrate(page->pfn, page->gen, target, 0);
			/* The next tick goes on here. */
			if (err == -ENOSPC)
				return span->queued;
			if (!err) {
				span->wanted -= page->nr_pages;
				span->queued++;
			}
		}
		span->at = page->pfn + page->nr_pages;
		if (span->wanted <= 0)
			return span->queued;
	}
	span->at = end;
	if (end == span->end)
		tierx_span_restart(span);
	return span->queued;
}

/**
 * tierx_span_look() - test and clear accessed bits of one folio
 * @pfn: its first PFN
 * @found: which folio it was; its gen is 0 if there is none
 *
 * Sleepable programs only.
 *
 * Return: whether it was used since somebody last looked.
 */
TIERX_INLINE bool tierx_span_look(u64 pfn, struct tier_ext_pfn *found)
{
	struct tier_ext_page *page;

	found->gen = 0;
	bpf_for_each(tierx_pfn, page, pfn, pfn + 1, TIERX_WALK_HARVEST) {
		found->pfn = page->pfn;
		found->gen = page->gen;
		return page->young;
	}
	return false;
}

/* A PFN from @first to @end, each as likely as another. */
TIERX_INLINE u64 tierx_span_random(u64 first, u64 end)
{
	u64 random = (u64)bpf_get_prandom_u32() << 32 | bpf_get_prandom_u32();

	return first + random % (end - first);
}

#define TIERX_SPAN_TRIES 8

/* The folio that a place at random is in; so each counts by its pages. */
TIERX_INLINE bool tierx_span_hit(u64 first, u64 end, s32 nid, struct tier_ext_pfn *found)
{
	u64 pfn = tierx_span_random(first, end);
	struct tier_ext_page *page;

	bpf_for_each(tierx_pfn, page, pfn, pfn + 1, TIERX_WALK_HARVEST | TIERX_WALK_OVERLAP) {
		found->pfn = page->pfn;
		found->gen = page->gen;
		return page->nid == nid;
	}
	return false;
}

/**
 * tierx_span_pick() - a folio at random, which is not young any more after this
 * @nid: the node
 * @found: which one it was; its gen is 0 if none was found
 *
 * Large folios are picked in proportion to their pages. What is not a folio on
 * an LRU list costs some tries, so of a node that is as good as empty not each
 * pick finds one. Sleepable programs only.
 *
 * Return: whether one was found.
 */
TIERX_INLINE bool tierx_span_pick(s32 nid, struct tier_ext_pfn *found)
{
	struct tierx_span *span = tierx_span_of(nid);
	u32 i;

	if (!span)
		return false;
	bpf_for(i, 0, TIERX_SPAN_TRIES)
		if (tierx_span_hit(span->first, span->end, nid, found))
			return true;
	found->gen = 0;
	return false;
}

#endif /* TIER_EXT_SPAN_BPF_H */
