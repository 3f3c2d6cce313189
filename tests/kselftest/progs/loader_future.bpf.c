// SPDX-License-Identifier: GPL-2.0-only
/* loader_future: needs a kfunc that no kernel has. */
#include <tier_ext/tier_ext.bpf.h>

void tierx_bpf_future(s32 nid) __ksym;

void TIERX_OP(loader_future_tick, s32 nid, struct tier_ext_node_stat *stat)
{
	tierx_bpf_future(nid);
}

TIERX_POLICY(loader_future, "needs another kernel") = {
	.name = "loader_future",
	.tick = (void *)loader_future_tick,
};
