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

SEC("syscall")
int scan_range(struct scan_args *args)
{
	struct tier_ext_page *page;
	s32 nid = args->nid;

	nr_folios = 0;
	nr_young = 0;
	bpf_for_each(tierx_pfn, page, args->start_pfn, args->end_pfn, args->flags) {
		if (page->nid != nid)
			continue;
		nr_folios++;
		nr_young += !!page->young;
	}
	return 0;
}
