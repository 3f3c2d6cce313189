/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How much of a node is idle, by a sample of its folios: taken at one time, and
 * looked at again at another. There is one sample; who uses it for several nodes
 * does so in turn. Sleepable programs only.
 */
#ifndef TIER_EXT_SAMPLE_BPF_H
#define TIER_EXT_SAMPLE_BPF_H

#include <tier_ext/span.bpf.h>

#define TIERX_SAMPLES 64

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TIERX_SAMPLES);
	__type(key, u32);
	__type(value, struct tier_ext_pfn);
} tierx_samples SEC(".maps");

static u32 tierx_samples_known, tierx_samples_idle;

/* Not static, as the next: the verifier looks at it once, not in each round of a loop. */
__noinline s32 tierx_sample_pick(u32 i, s32 nid)
{
	struct tier_ext_pfn *sample = bpf_map_lookup_elem(&tierx_samples, &i);

	if (sample)
		tierx_span_pick(nid, sample);
	return 0;
}

__noinline s32 tierx_sample_check(u32 i)
{
	struct tier_ext_pfn *sample = bpf_map_lookup_elem(&tierx_samples, &i), found;
	bool young;

	if (!sample || !sample->gen)
		return 0;
	young = tierx_span_look(sample->pfn, &found);
	if (found.gen == sample->gen) {
		tierx_samples_known++;
		tierx_samples_idle += !young;
	}
	return 0;
}

/**
 * tierx_sample_take() - take a sample
 * @nid: the node
 */
TIERX_INLINE void tierx_sample_take(s32 nid)
{
	u32 i;

	bpf_for(i, 0, TIERX_SAMPLES)
		tierx_sample_pick(i, nid);
}

/**
 * tierx_sample_idle() - how much was not used since the sample was taken
 * @pages: what it is a sample of
 *
 * Return: pages; 0 if nothing of the sample is there any more.
 */
TIERX_INLINE u64 tierx_sample_idle(u64 pages)
{
	u32 i;

	tierx_samples_known = 0;
	tierx_samples_idle = 0;
	bpf_for(i, 0, TIERX_SAMPLES)
		tierx_sample_check(i);
	return tierx_samples_known ? pages * tierx_samples_idle / tierx_samples_known : 0;
}

#endif /* TIER_EXT_SAMPLE_BPF_H */
