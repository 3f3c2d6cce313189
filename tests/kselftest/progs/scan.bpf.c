// SPDX-License-Identifier: GPL-2.0-only
/* scan: walks over a range of physical memory on demand and counts what it finds there. */
#include <tier_ext/tier_ext.bpf.h>

char _license[] SEC("license") = "GPL";

struct scan_args {
	u64 start_pfn;
	u64 end_pfn;
	u64 flags;
	s32 nid;
};

u64 nr_folios, nr_young;

static void scan(u64 first, u64 end, u64 flags, s32 nid)
{
	struct tier_ext_page *page;

	bpf_for_each(tierx_pfn, page, first, end, flags) {
		if (page->nid != nid)
			continue;
		nr_folios++;
		nr_young += !!page->young;
	}
}

SEC("syscall")
int scan_range(struct scan_args *args)
{
	nr_folios = 0;
	nr_young = 0;
	scan(args->start_pfn, args->end_pfn, args->flags, args->nid);
	return 0;
}

/* The same, without being shown what is there. */
SEC("syscall")
int scan_clear(struct scan_args *args)
{
	nr_folios = tierx_bpf_pfn_clear(args->start_pfn, args->end_pfn, 0);
	nr_young = 0;
	return 0;
}

/* The same, but each folio by a walk of its own. */
SEC("syscall")
int scan_each(struct scan_args *args)
{
	u64 first = args->start_pfn, flags = args->flags;
	s32 nid = args->nid;
	u32 i;

	nr_folios = 0;
	nr_young = 0;
	bpf_for(i, 0, args->end_pfn - first)
		scan(first + i, first + i + 1, flags, nid);
	return 0;
}
