/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A policy that hands on what it counts: how often policies that share its maps were started. To
 * be included by one that has defined SHARE_NAME, its name, and SHARE_VALUE, a struct that has a
 * member nr.
 */
#ifndef LOADER_SHARE_H
#define LOADER_SHARE_H

#define SHARE_PFN 1

/* Names that the kernel cuts to the same fifteen characters. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, SHARE_VALUE);
} visits_of_many_inits TIERX_SHARED SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, SHARE_VALUE);
} visits_of_many_others TIERX_SHARED SEC(".maps");

TIERX_PFN_STATE(share_pages, u32, TIERX_SHARED);

struct share_stats {
	u64 inits TIERX_HELP("how often a policy was started that had this map");
	u64 others TIERX_HELP("twice that, in another map");
	u64 page_inits TIERX_HELP("the same in the state of a page");
};

TIERX_STATS(struct share_stats);

s32 TIERX_OP(share_init, struct tier_ext_init_args *args)
{
	u32 zero = 0, *page = share_pages_of(SHARE_PFN);
	SHARE_VALUE *inits = bpf_map_lookup_elem(&visits_of_many_inits, &zero);
	SHARE_VALUE *others = bpf_map_lookup_elem(&visits_of_many_others, &zero);

	if (!inits || !others || !page)
		return -1;
	inits->nr += 1;
	others->nr += 2;
	*page += 1;
	tierx_stat_add(inits, inits->nr);
	tierx_stat_add(others, others->nr);
	tierx_stat_add(page_inits, *page);

	return 0;
}

TIERX_POLICY(share, "hands on what it counts") = {
	.name = SHARE_NAME,
	.init = (void *)share_init,
};

#endif /* LOADER_SHARE_H */
