// SPDX-License-Identifier: GPL-2.0-only
/*
 * Drives the policy of progs/mover.bpf.c.
 */
#include <bpf/libbpf.h>
#include <sys/mman.h>

#include "tierx_mover.h"

#define WANTED_SIZE (MOVER_MAX_WANTED * sizeof(struct mover_wanted))

/* A ring has 4096 entries; leave room for retries. */
#define MOVES_PER_RUN 2048
#define RUN_MS	      30000

static void mover_free(void *arg)
{
	struct tierx_mover *mover = arg;

	if (mover->wanted)
		munmap(mover->wanted, WANTED_SIZE);
	free(mover);
}

struct tierx_mover *tierx_mover_open(void)
{
	struct tierx_mover *mover = calloc(1, sizeof(*mover));

	ASSERT(mover);
	tierx_defer(mover_free, mover);
	mover->policy = tierx_open("mover");
	return mover;
}

void tierx_mover_start(struct tierx_mover *mover)
{
	struct bpf_map *map;
	void *addr;

	if (tierx_load(mover->policy))
		FAIL("mover does not load: %s", tierx_log(mover->policy));
	map = bpf_object__find_map_by_name(tierx_object(mover->policy), "wanted");
	ASSERT(map);
	addr = mmap(NULL, WANTED_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);
	ASSERT(addr != MAP_FAILED);
	mover->wanted = addr;
	ASSERT_EQ(tierx_attach(mover->policy), 0);
}

uint64_t tierx_mover_count(struct tierx_mover *mover, const char *name)
{
	return *(volatile uint64_t *)tierx_global(mover->policy, name);
}

/* Every move that was queued ends in exactly one of these. */
static uint64_t nr_settled(struct tierx_mover *mover)
{
	static const char *const refusals[] = {
		"refused_admit",   "refused_cpuset",	"refused_full",	  "refused_gone",
		"refused_hugetlb", "refused_ksm",	"refused_mlock",  "refused_pin",
		"refused_stale",   "refused_mempolicy", "refused_target", "refused_tenant",
		"refused_limit",
	};
	uint64_t sum = tierx_mover_count(mover, "nr_migrated_queued") + tierx_event("move_failed");
	size_t i;

	for (i = 0; i < TIERX_ARRAY_SIZE(refusals); i++)
		sum += tierx_event(refusals[i]);
	return sum;
}

void tierx_mover_submit(struct tierx_mover *mover, size_t nr)
{
	volatile uint32_t *nr_wanted = tierx_global(mover->policy, "nr_wanted");

	ASSERT_LE(nr, MOVER_MAX_WANTED);
	__sync_synchronize();
	*nr_wanted = nr;
	ASSERT_WAIT(*nr_wanted == 0, 10000);
}

void tierx_mover_run(struct tierx_mover *mover, size_t nr, unsigned int ms)
{
	uint64_t queued = tierx_event("queued"), settled = nr_settled(mover);

	tierx_mover_submit(mover, nr);
	queued = tierx_event("queued") - queued;
	ASSERT_WAIT(nr_settled(mover) - settled >= queued, ms);
}

int tierx_mover_one(struct tierx_mover *mover, uint64_t pfn, uint64_t gen, int node)
{
	mover->wanted[0] = (struct mover_wanted){ .pfn = pfn, .gen = gen, .nid = node };
	tierx_mover_run(mover, 1, RUN_MS);
	return mover->wanted[0].ret;
}

void tierx_mover_pages(struct tierx_mover *mover, struct tierx_mem *mem, size_t first, size_t nr,
		       size_t step, int node)
{
	size_t page, n = 0;

	for (page = first; page < first + nr; page += step) {
		mover->wanted[n++] = (struct mover_wanted){
			.pfn = tierx_mem_pfn(mem, page),
			.nid = node,
		};
		if (n == MOVES_PER_RUN || page + step >= first + nr) {
			tierx_mover_run(mover, n, RUN_MS);
			n = 0;
		}
	}
}
