// SPDX-License-Identifier: GPL-2.0-only
/* counts: counters as shipped policies have them, with values that are known. */
#include <tier_ext/tier_ext.bpf.h>

struct counts_stats {
	u64 inits TIERX_HELP("how often init was called");
	u64 nodes_seen TIERX_HELP("a number that is easy to find");
};
TIERX_STATS(struct counts_stats);

s32 TIERX_OP(counts_init, struct tier_ext_init_args *args)
{
	tierx_stat_add(inits, 1);
	tierx_stat_add(nodes_seen, 4711);
	return 0;
}

TIERX_POLICY(counts, "counters with known values") = {
	.name = "counts",
	.init = (void *)counts_init,
};
