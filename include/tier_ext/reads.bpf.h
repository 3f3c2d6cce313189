/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How often unmapped pages are read lately: of page cache that nobody maps no accessed bit tells
 * that it was used, but the kernel samples reads (the access op).
 */
#ifndef TIER_EXT_READS_BPF_H
#define TIER_EXT_READS_BPF_H

#include <tier_ext/span.bpf.h>

#define TIERX_READS_MAX	   16384
#define TIERX_READS_FACTOR 0x9E3779B97F4A7C15ULL
#define TIERX_READS_SHIFT  20 /* of ns: then 32 bits are enough */

/* A page that has the same place as another one takes it over. */
struct tierx_reads {
	u32 pfn; /* the lower half is enough to tell them apart */
	u32 since; /* the first sample */
	u32 nr;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TIERX_READS_MAX);
	__type(key, u32);
	__type(value, struct tierx_reads);
} tierx_reads SEC(".maps");

/**
 * tierx_reads_note() - a read of a page was sampled
 * @pfn: the page
 * @enough: so many samples
 * @within_ns: in so long
 *
 * After enough samples the page begins anew. Racy: one that is lost is one of many.
 *
 * Return: whether these were enough.
 */
TIERX_INLINE bool tierx_reads_note(u64 pfn, u32 enough, u64 within_ns)
{
	u32 now = bpf_ktime_get_ns() >> TIERX_READS_SHIFT,
	    key = pfn * TIERX_READS_FACTOR >> 32 & (TIERX_READS_MAX - 1);
	struct tierx_reads *entry = bpf_map_lookup_elem(&tierx_reads, &key);

	if (!entry)
		return false;
	if (entry->pfn != (u32)pfn || now - entry->since > within_ns >> TIERX_READS_SHIFT) {
		entry->pfn = pfn;
		entry->since = now;
		entry->nr = 0;
	}
	if (++entry->nr < enough)
		return false;
	entry->nr = 0;
	return true;
}

#endif /* TIER_EXT_READS_BPF_H */
