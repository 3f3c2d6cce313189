// SPDX-License-Identifier: GPL-2.0-only
/* loader_end: ends when it is told to, each way that a policy can end itself. */
#include <tier_ext/tier_ext.bpf.h>

struct loader_end_stats {
	u64 ticks TIERX_HELP("ticks of all nodes");
};
TIERX_STATS(struct loader_end_stats);

TIERX_KNOB(s32, init_error, 0, -4095, 0, "errno", "what init answers");
TIERX_TUNE(
	u32, end, 0, 0, 4, "",
	"1 ends the policy with an error, 2 without, 3 to be loaded again, 4 with a negative code");

s32 TIERX_OP_SLEEPABLE(loader_end_init, struct tier_ext_init_args *args)
{
	return init_error;
}

s32 TIERX_OP(loader_end_hint_fault, struct folio *folio, struct vm_area_struct *vma,
	     struct tier_ext_fault *fault)
{
	return TIERX_DEFAULT;
}

void TIERX_OP(loader_end_tick, s32 nid, struct tier_ext_node_stat *stat)
{
	tierx_stat_add(ticks, 1);
	if (end == 1)
		tierx_bpf_error("told to fail on node %d", nid);
	else if (end == 2)
		tierx_bpf_exit(7, "told to leave");
	else if (end == 3)
		tierx_bpf_exit(TIERX_ECODE_RESTART | 7, "told to come back");
	else if (end == 4)
		tierx_bpf_exit(-7, "told to stay away");
}

void TIERX_OP(loader_end_dump, struct tier_ext_dump_ctx *dump)
{
	tierx_bpf_dump("last words of the policy\n");
}

TIERX_POLICY(loader_end, "ends when it is told to") = {
	.name = "loader_end",
	.init = (void *)loader_end_init,
	.hint_fault = (void *)loader_end_hint_fault,
	.tick = (void *)loader_end_tick,
	.dump = (void *)loader_end_dump,
	.tick_ms = 20,
};
