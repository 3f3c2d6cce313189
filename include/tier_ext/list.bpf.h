/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A list of folios whose accessed bits are cleared now and tested later: what was used in between
 * stays on it. There is one list; who uses it for several nodes does so in turn. Sleepable
 * programs only.
 */
#ifndef TIER_EXT_LIST_BPF_H
#define TIER_EXT_LIST_BPF_H

#include <tier_ext/span.bpf.h>

#define TIERX_LIST_MAX 65536

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TIERX_LIST_MAX);
	__type(key, u32);
	__type(value, struct tier_ext_pfn);
} tierx_list SEC(".maps");

/* Places on the list; how many there were before tierx_list_keep_young(). */
static u32 tierx_list_nr, tierx_list_nr_before;
static u32 tierx_list_kept;

/**
 * tierx_list_at() - a place on the list
 * @i: which one
 *
 * Return: the folio there, whose gen is 0 if there is none; NULL beyond the list's end.
 */
TIERX_INLINE struct tier_ext_pfn *tierx_list_at(u32 i)
{
	return bpf_map_lookup_elem(&tierx_list, &i);
}

/**
 * tierx_list_add() - put a folio on the list
 * @page: the folio
 *
 * Return: whether there was a place.
 */
TIERX_INLINE bool tierx_list_add(const struct tier_ext_page *page)
{
	struct tier_ext_pfn *place = tierx_list_at(tierx_list_nr);

	if (!place)
		return false;
	place->pfn = page->pfn;
	place->gen = page->gen;
	tierx_list_nr++;
	return true;
}

/* Not static, here and below: the verifier looks at it once, not in each round of a loop. */
__noinline s32 tierx_list_pick_one(u32 i, s32 nid)
{
	struct tier_ext_pfn *place = tierx_list_at(i);

	return place && tierx_span_pick(nid, place);
}

/**
 * tierx_list_pick() - make a list of folios at random, none of which is young after this
 * @nid: the node
 * @nr: how many
 *
 * Return: how many were found.
 */
TIERX_INLINE u32 tierx_list_pick(s32 nid, u32 nr)
{
	u32 i, found = 0;

	bpf_for(i, 0, nr)
		found += tierx_list_pick_one(i, nid);
	tierx_list_nr = nr;
	return found;
}

__noinline s32 tierx_list_keep_one(u32 i)
{
	struct tier_ext_pfn *entry = tierx_list_at(i), *place, found;

	if (!entry || !entry->gen)
		return 0;
	if (!tierx_span_look(entry->pfn, &found) || found.gen != entry->gen)
		return 0;
	place = tierx_list_at(tierx_list_kept);
	if (!place)
		return 0;
	*place = found;
	tierx_list_kept++;
	return 0;
}

/**
 * tierx_list_keep_young() - keep what was used since it was looked at last
 *
 * None of it is young after this.
 */
TIERX_INLINE void tierx_list_keep_young(void)
{
	u32 i;

	tierx_list_kept = 0;
	tierx_list_nr_before = tierx_list_nr;
	bpf_for(i, 0, tierx_list_nr)
		tierx_list_keep_one(i);
	tierx_list_nr = tierx_list_kept;
}

__noinline s32 tierx_list_clear_one(u32 i)
{
	struct tier_ext_pfn *entry = tierx_list_at(i), found;

	if (entry)
		tierx_span_look(entry->pfn, &found);
	return 0;
}

/**
 * tierx_list_clear() - clear accessed bits of all that is on the list
 */
TIERX_INLINE void tierx_list_clear(void)
{
	u32 i;

	bpf_for(i, 0, tierx_list_nr)
		tierx_list_clear_one(i);
}

#endif /* TIER_EXT_LIST_BPF_H */
