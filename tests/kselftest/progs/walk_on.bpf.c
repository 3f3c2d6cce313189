// SPDX-License-Identifier: GPL-2.0-only
/*
 * walk_on: walks over all memory again and again, for much longer than anybody would wait: in one
 * tick of node 0, or on demand.
 */
#include <tier_ext/tier_ext.bpf.h>

#define ROUNDS 1000

/* 0 by PFN, 1 by LRU list, 2 to clear. */
u32 how;
s32 nid;
u64 nr_begun, nr_seen, nr_ended;

static void walk_once(void)
{
	struct tier_ext_page *page;

	if (how == 2) {
		nr_seen += tierx_bpf_pfn_clear(0, ~0ULL, 0);
	} else if (how == 1) {
		bpf_for_each(tierx_lru, page, nid, 0, TIERX_WALK_HARVEST)
			nr_seen++;
	} else {
		bpf_for_each(tierx_pfn, page, 0, ~0ULL, TIERX_WALK_HARVEST)
			nr_seen++;
	}
}

static void walk_on(void)
{
	u32 i;

	nr_begun++;
	bpf_for(i, 0, ROUNDS)
		walk_once();
	nr_ended++;
}

SEC("syscall")
int walk_on_demand(void *ctx)
{
	walk_on();
	return 0;
}

void TIERX_OP_SLEEPABLE(walk_on_tick, s32 tick_nid, struct tier_ext_node_stat *stat)
{
	if (!tick_nid)
		walk_on();
}

TIERX_POLICY(walk_on, "walks over all memory without end") = {
	.name = "walk_on",
	.tick = (void *)walk_on_tick,
	.tick_ms = 10,
	.timeout_ms = 200,
};
