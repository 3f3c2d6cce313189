// SPDX-License-Identifier: GPL-2.0-only
/*
 * walk: what the iterators over folios find, and what is picked at random or surveyed.
 */
#include <tier_ext/search.bpf.h>
#include "walk.h"

char _license[] SEC("license") = "GPL";

/*
 * Where to walk, or how much to pick. Of what is found, only folios of @only_memcg are kept if that
 * is not 0. A walk by PFN ends after @most folios if that is not 0.
 */
u64 start_pfn, end_pfn, flags, memcg_id, only_memcg, most, nr_picks;
s32 nid;

struct tier_ext_page found[WALK_MAX];
u32 nr_found;
u64 nr_seen, nr_places;
s64 cleared;
s32 error;

static __always_inline void keep(struct tier_ext_page *page)
{
	struct tier_ext_page *to;
	u32 i = nr_found;

	nr_seen++;
	if (only_memcg && page->memcg_id != only_memcg)
		return;
	nr_found++;
	if (i >= WALK_MAX)
		return;
	to = &found[i];
	to->pfn = page->pfn;
	to->gen = page->gen;
	to->memcg_id = page->memcg_id;
	to->state = page->state;
	to->nid = page->nid;
	to->nr_pages = page->nr_pages;
	to->young = page->young;
}

SEC("syscall")
int walk_pfn(void *ctx)
{
	struct tier_ext_page *page;

	nr_found = 0;
	nr_seen = 0;
	bpf_for_each(tierx_pfn, page, start_pfn, end_pfn, flags) {
		keep(page);
		if (nr_seen == most)
			break;
	}
	return 0;
}

SEC("syscall")
int clear_pfn(void *ctx)
{
	cleared = tierx_bpf_pfn_clear(start_pfn, end_pfn, flags);
	return 0;
}

SEC("syscall")
int walk_lru(void *ctx)
{
	struct tier_ext_page *page;

	nr_found = 0;
	nr_seen = 0;
	bpf_for_each(tierx_lru, page, nid, memcg_id, flags)
		keep(page);
	return 0;
}

/* Not static, so that the verifier looks at it once. */
__noinline s32 pick(u32 i)
{
	struct tier_ext_pfn at;

	if (i >= WALK_MAX || !tierx_span_pick(nid, &at))
		return 0;
	found[i].pfn = at.pfn;
	found[i].gen = at.gen;
	nr_found++;
	return 0;
}

/* Likewise. */
__noinline s32 keep_place(u32 i)
{
	struct tier_ext_pfn *place = tierx_list_at(i);
	u32 to = nr_found;

	if (!place || !place->gen || to >= WALK_MAX)
		return 0;
	found[to].pfn = place->pfn;
	found[to].gen = place->gen;
	nr_found++;
	return 0;
}

SEC("syscall")
int picks(void *ctx)
{
	struct tier_ext_init_args args = { .max_pfn = end_pfn };
	u64 i;

	tierx_spans_find(&args);
	nr_found = 0;
	bpf_for(i, 0, nr_picks)
		pick(nr_found);
	return 0;
}

SEC("syscall")
int survey(void *ctx)
{
	struct tier_ext_init_args args = { .max_pfn = end_pfn };
	struct tierx_span *span;
	u64 i;

	tierx_spans_find(&args);
	span = tierx_span_of(nid);
	if (!span)
		return 0;
	nr_seen = tierx_search_survey(span, nid);
	nr_places = tierx_list_nr;
	nr_found = 0;
	bpf_for(i, 0, tierx_list_nr)
		keep_place(i);
	return 0;
}

SEC("syscall")
int arrive(void *ctx)
{
	tierx_span_arrived(start_pfn);
	return 0;
}

SEC("syscall")
int is_new(void *ctx)
{
	error = tierx_span_is_new(start_pfn);
	return 0;
}

SEC("syscall")
int turn(void *ctx)
{
	struct tier_ext_init_args args = { .max_pfn = end_pfn };
	struct tierx_span *span;

	tierx_spans_find(&args);
	span = tierx_span_of(nid);
	if (!span)
		return 0;
	span->at = start_pfn;
	tierx_span_make_room(nid, 1, 1);
	nr_seen = span->judged;
	return 0;
}

/* A walk without the loop: bpf_for_each() does not tell what new answers. */
SEC("syscall")
int new_pfn(void *ctx)
{
	struct bpf_iter_tierx_pfn it;

	error = bpf_iter_tierx_pfn_new(&it, start_pfn, end_pfn, flags);
	bpf_iter_tierx_pfn_destroy(&it);
	return 0;
}

SEC("syscall")
int new_lru(void *ctx)
{
	struct bpf_iter_tierx_lru it;

	error = bpf_iter_tierx_lru_new(&it, nid, memcg_id, flags);
	bpf_iter_tierx_lru_destroy(&it);
	return 0;
}
