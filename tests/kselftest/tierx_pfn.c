// SPDX-License-Identifier: GPL-2.0-only
/*
 * Drives the policy of progs/pfn.bpf.c.
 */
#include <bpf/libbpf.h>
#include <sys/mman.h>

#include "tierx_pfn.h"

static void pfn_free(void *arg)
{
	struct tierx_pfn *pfn = arg;

	if (pfn->values)
		munmap(pfn->values, pfn->max_pfn * sizeof(*pfn->values));
	free(pfn);
}

/* One more than the highest PFN of the machine. */
static size_t find_max_pfn(void)
{
	static char text[1 << 16];
	unsigned long start = 0, spanned = 0, max = 0;
	const char *p = text;

	ASSERT_GT(tierx_read("/proc/zoneinfo", text, sizeof(text)), 0);
	/* For each zone first how much it spans, then where it starts. */
	while ((p = strpbrk(p, "s"))) {
		if (sscanf(p, "spanned %lu", &spanned) != 1 &&
		    sscanf(p, "start_pfn: %lu", &start) == 1 && start + spanned > max)
			max = start + spanned;
		p++;
	}
	ASSERT_GT(max, 0);
	return max;
}

struct tierx_pfn *tierx_pfn_start(void)
{
	struct tierx_pfn *pfn = calloc(1, sizeof(*pfn));
	struct bpf_map *map;
	void *addr;

	ASSERT(pfn);
	tierx_defer(pfn_free, pfn);
	pfn->policy = tierx_open("pfn");
	pfn->max_pfn = find_max_pfn();
	map = bpf_object__find_map_by_name(tierx_object(pfn->policy), "values");
	ASSERT(map);
	ASSERT_EQ(bpf_map__set_max_entries(map, pfn->max_pfn), 0);
	tierx_must_load(pfn->policy);
	addr = mmap(NULL, pfn->max_pfn * sizeof(*pfn->values), PROT_READ | PROT_WRITE, MAP_SHARED,
		    bpf_map__fd(map), 0);
	ASSERT(addr != MAP_FAILED);
	pfn->values = addr;
	pfn->batch = tierx_global(pfn->policy, "batch");
	ASSERT_EQ(tierx_attach(pfn->policy), 0);
	return pfn;
}

uint64_t tierx_pfn_count(struct tierx_pfn *pfn, const char *name)
{
	return *(volatile uint64_t *)tierx_global(pfn->policy, name);
}

static void set_batch(struct tierx_pfn *pfn, size_t bytes, int node)
{
	*(uint32_t *)tierx_global(pfn->policy, "batch_size") = bytes;
	*(int32_t *)tierx_global(pfn->policy, "batch_nid") = node;
	*(int32_t *)tierx_global(pfn->policy, "batch_ret") = INT32_MIN;
}

int tierx_pfn_run(struct tierx_pfn *pfn, size_t bytes, int node)
{
	set_batch(pfn, bytes, node);
	ASSERT_EQ(tierx_run(pfn->policy, "pfn_batch"), 0);
	return *(volatile int32_t *)tierx_global(pfn->policy, "batch_ret");
}

int tierx_pfn_tick(struct tierx_pfn *pfn, size_t bytes, int node)
{
	volatile uint32_t *order = tierx_global(pfn->policy, "order_batch");

	set_batch(pfn, bytes, node);
	__sync_synchronize();
	*order = 1;
	ASSERT_WAIT(*order == 0, 10000);
	return *(volatile int32_t *)tierx_global(pfn->policy, "batch_ret");
}

void tierx_pfn_put(struct tierx_pfn *pfn, struct tierx_mem *mem, size_t first, size_t nr)
{
	size_t i;

	ASSERT_LE(nr, PFN_MAX_BATCH);
	for (i = 0; i < nr; i++)
		pfn->batch[i] = (struct tier_ext_pfn){ .pfn = tierx_mem_pfn(mem, first + i) };
}

uint64_t tierx_pfn_gen(struct tierx_pfn *pfn, uint64_t number)
{
	*(uint64_t *)tierx_global(pfn->policy, "gen_pfn") = number;
	ASSERT_EQ(tierx_run(pfn->policy, "pfn_gen"), 0);
	return tierx_pfn_count(pfn, "gen");
}
