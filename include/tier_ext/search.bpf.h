/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A search of a node for what is used. A survey puts some folios of each chunk of its memory on the
 * list (list.bpf.h); those that are left of it, after it was looked at again, tell which chunks are
 * worth it. These are gone through part by part: accessed bits are cleared, and what is young
 * some time later is put on the list.
 *
 *	tierx_search_survey(span, nid);
 *	... tierx_list_keep_young(), some time later, perhaps several times ...
 *	chunks = tierx_search_choose(nid);
 *	do {
 *		tierx_search_clear(span, nid, folios);
 *		... some time later ...
 *		tierx_search_look(span, nid, most);
 *		... the list is of use ...
 *	} while (span->at < span->end);
 *	tierx_span_restart(span);
 *
 * Source: that what is hot lies together is what DAMON's regions live by.
 */
#ifndef TIER_EXT_SEARCH_BPF_H
#define TIER_EXT_SEARCH_BPF_H

#include <tier_ext/list.bpf.h>

/* A node's memory is in so many chunks or fewer, of so many pages or more. */
#define TIERX_SEARCH_CHUNKS  2048
#define TIERX_SEARCH_PAGES   512
#define TIERX_SEARCH_SAMPLES 4
/* Of mostly free memory: one place in so many gets a folio, if that is found in so many tries. */
#define TIERX_SEARCH_FILLED 4
#define TIERX_SEARCH_TRIES  16

#define TIERX_SEARCH_MASK (TIERX_SEARCH_CHUNKS - 1)

/* Of a chunk: what is not hot itself may have the end of what is. */
enum { TIERX_COLD, TIERX_EDGE, TIERX_HOT };

static u8 tierx_search_heat[TIERX_SEARCH_CHUNKS];
static u64 tierx_chunk_pages, tierx_part_first, tierx_part_end;
static u32 tierx_nr_chunks, tierx_part_folios, tierx_part_most;

/* --- where to search: a few pages of each chunk tell --- */

__noinline s32 tierx_search_sample(u32 i, s32 nid)
{
	struct tier_ext_pfn *place = tierx_list_at(i);
	struct tierx_span *span = tierx_span_of(nid);
	u64 first;

	if (!place || !span || !tierx_chunk_pages)
		return 0;
	first = span->first + i / TIERX_SEARCH_SAMPLES * tierx_chunk_pages;
	if (tierx_span_hit(first, first + tierx_chunk_pages, nid, place))
		return 1;
	place->gen = 0;
	return 0;
}

/* Where its chunk had nothing, a place gets a folio of a chunk that had one for another place. */
__noinline s32 tierx_search_sample_used(u32 i, s32 nid)
{
	struct tier_ext_pfn *place = tierx_list_at(i), *other;
	struct tierx_span *span = tierx_span_of(nid);
	u64 first;
	u32 try;

	if (!place || place->gen || !span || !tierx_chunk_pages || !tierx_list_nr)
		return 0;
	bpf_for(try, 0, TIERX_SEARCH_TRIES) {
		other = tierx_list_at(bpf_get_prandom_u32() % tierx_list_nr);
		if (!other || !other->gen || other->pfn < span->first)
			continue;
		first = other->pfn - (other->pfn - span->first) % tierx_chunk_pages;
		if (tierx_span_hit(first, first + tierx_chunk_pages, nid, place))
			return 1;
		place->gen = 0;
	}
	return 0;
}

/**
 * tierx_search_survey() - put folios of each chunk on the list, none is young after this
 * @span: the node's
 * @nid: the node
 *
 * If most chunks have nothing, those that have something have more of their folios on the list.
 *
 * Return: how many folios were found.
 */
TIERX_INLINE u32 tierx_search_survey(struct tierx_span *span, s32 nid)
{
	u64 pages = span->end - span->first;
	u32 i, found = 0;

	tierx_chunk_pages = pages / TIERX_SEARCH_CHUNKS + 1;
	if (tierx_chunk_pages < TIERX_SEARCH_PAGES)
		tierx_chunk_pages = TIERX_SEARCH_PAGES;
	tierx_nr_chunks = (pages + tierx_chunk_pages - 1) / tierx_chunk_pages;
	tierx_list_nr = tierx_nr_chunks * TIERX_SEARCH_SAMPLES;
	bpf_for(i, 0, tierx_list_nr)
		found += tierx_search_sample(i, nid);
	bpf_for(i, 0, tierx_list_nr) {
		if (!found || found * TIERX_SEARCH_FILLED >= tierx_list_nr)
			break;
		found += tierx_search_sample_used(i, nid);
	}
	return found;
}

/* What is hot does not end where a chunk does. */
TIERX_INLINE void tierx_search_warm(u64 chunk)
{
	if (chunk < TIERX_SEARCH_CHUNKS && !tierx_search_heat[chunk])
		tierx_search_heat[chunk] = TIERX_EDGE;
}

/* Returns whether it is the first of its chunk. */
__noinline s32 tierx_search_mark(u32 i, s32 nid)
{
	struct tier_ext_pfn *entry = tierx_list_at(i);
	struct tierx_span *span = tierx_span_of(nid);
	u64 chunk;
	s32 first;

	if (!entry || !span || !tierx_chunk_pages || entry->pfn < span->first)
		return 0;
	chunk = (entry->pfn - span->first) / tierx_chunk_pages;
	if (chunk >= TIERX_SEARCH_CHUNKS)
		return 0;
	first = tierx_search_heat[chunk] != TIERX_HOT;
	tierx_search_heat[chunk] = TIERX_HOT;
	tierx_search_warm(chunk - 1);
	tierx_search_warm(chunk + 1);
	return first;
}

TIERX_INLINE void tierx_search_fill(u8 heat)
{
	u32 i;

	bpf_for(i, 0, TIERX_SEARCH_CHUNKS)
		tierx_search_heat[i & TIERX_SEARCH_MASK] = heat;
}

/**
 * tierx_search_choose() - search where the folios on the list are
 * @nid: the node
 *
 * What is hot lies together, as long as programs see to that: then a hot chunk has more than one
 * hot sample. If not, all chunks have something.
 *
 * Return: how many of tierx_nr_chunks are going to be searched; all, if it is scattered.
 */
TIERX_INLINE u32 tierx_search_choose(s32 nid)
{
	u32 i, nr_hot = 0, nr_warm = 0;

	tierx_search_fill(TIERX_COLD);
	bpf_for(i, 0, tierx_list_nr)
		nr_hot += tierx_search_mark(i, nid);
	if (tierx_list_nr * 2 < nr_hot * 3) {
		tierx_search_fill(TIERX_HOT);
		return tierx_nr_chunks;
	}
	bpf_for(i, 0, tierx_nr_chunks)
		nr_warm += tierx_search_heat[i & TIERX_SEARCH_MASK] != TIERX_COLD;
	return nr_warm;
}

/* --- part by part --- */

__noinline s32 tierx_search_clear_chunk(u32 chunk, s32 nid)
{
	struct tierx_span *span = tierx_span_of(nid);
	u64 end;

	if (!span || chunk >= TIERX_SEARCH_CHUNKS)
		return 0;
	end = span->first + (chunk + 1) * tierx_chunk_pages;
	if (end > span->end)
		end = span->end;
	if (end <= span->at || tierx_part_folios >= tierx_part_most)
		return 0;
	if (tierx_search_heat[chunk])
		tierx_part_folios += tierx_span_clear(span, end);
	span->at = end;
	return 0;
}

/**
 * tierx_search_clear() - clear accessed bits of the next part
 * @span: the node's, which says where to begin, and then where the part ends
 * @nid: the node
 * @most: folios after which the part ends, with the chunk
 *
 * Return: how many folios there were.
 */
TIERX_INLINE u32 tierx_search_clear(struct tierx_span *span, s32 nid, u32 most)
{
	u32 i;

	tierx_part_most = most;
	tierx_part_folios = 0;
	tierx_part_first = span->at;
	bpf_for(i, 0, tierx_nr_chunks)
		tierx_search_clear_chunk(i, nid);
	tierx_part_end = span->at;
	return tierx_part_folios;
}

/* Returns the PFN at which the list was full, or 0. */
__noinline u64 tierx_search_look_chunk(u32 chunk, s32 nid)
{
	struct tierx_span *span = tierx_span_of(nid);
	struct tier_ext_page *page;
	u64 first, end;

	if (!span || chunk >= TIERX_SEARCH_CHUNKS || !tierx_search_heat[chunk])
		return 0;
	first = span->first + chunk * tierx_chunk_pages;
	end = first + tierx_chunk_pages;
	if (first < tierx_part_first)
		first = tierx_part_first;
	if (end > tierx_part_end)
		end = tierx_part_end;
	bpf_for_each(tierx_pfn, page, first, end, TIERX_WALK_YOUNG) {
		if (page->nid != nid)
			continue;
		if (tierx_list_nr >= tierx_part_most || !tierx_list_add(page))
			return page->pfn;
	}
	return 0;
}

/**
 * tierx_search_look() - put what is young in the part on the list
 * @span: the node's
 * @nid: the node
 * @most: so many; what comes after that is in the next part
 *
 * None of the part is young after this: it can be looked at again.
 */
TIERX_INLINE void tierx_search_look(struct tierx_span *span, s32 nid, u32 most)
{
	u64 full;
	u32 i;

	tierx_list_nr = 0;
	tierx_part_most = most;
	bpf_for(i, 0, tierx_nr_chunks) {
		full = tierx_search_look_chunk(i, nid);
		if (full) {
			span->at = full;
			tierx_part_end = full;
			break;
		}
	}
}

#endif /* TIER_EXT_SEARCH_BPF_H */
