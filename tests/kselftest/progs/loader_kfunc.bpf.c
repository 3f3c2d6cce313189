// SPDX-License-Identifier: GPL-2.0-only
/* loader_kfunc: calls a kfunc from an op that may not. */
#include <tier_ext/tier_ext.bpf.h>

void TIERX_OP(loader_kfunc_tick, s32 nid, struct tier_ext_node_stat *stat)
{
	tierx_bpf_dump("not in a dump\n");
}

TIERX_POLICY(loader_kfunc, "calls a kfunc from the wrong op") = {
	.name = "loader_kfunc",
	.tick = (void *)loader_kfunc_tick,
};
