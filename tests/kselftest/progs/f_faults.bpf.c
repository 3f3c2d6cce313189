// SPDX-License-Identifier: GPL-2.0-only
/*
 * f_faults: takes memory for all that a policy can have the kernel keep: in init, for limits of
 * its cgroup; and for every op, a trampoline.
 */
#include <tier_ext/tier_ext.bpf.h>

u64 nr_init, nr_exit;

s32 TIERX_OP_SLEEPABLE(f_faults_init, struct tier_ext_init_args *args)
{
	s32 err = 0;

	if (args->cgroup_id)
		err = tierx_bpf_memcg_set_limit(args->cgroup_id, 0, 1 << 20);
	if (!err && args->cgroup_id)
		err = tierx_bpf_memcg_set_protection(args->cgroup_id, 1, 1);
	if (err)
		return err;
	__sync_fetch_and_add(&nr_init, 1);
	return 0;
}

void TIERX_OP_SLEEPABLE(f_faults_exit, struct tier_ext_exit_info *info)
{
	__sync_fetch_and_add(&nr_exit, 1);
}

s32 TIERX_OP(f_faults_hint_fault, struct folio *folio, struct vm_area_struct *vma,
	     struct tier_ext_fault *fault)
{
	return TIERX_STAY;
}

s32 TIERX_OP(f_faults_reclaim, struct folio *folio, struct tier_ext_reclaim *reclaim)
{
	return TIERX_DEFAULT;
}

void TIERX_OP_SLEEPABLE(f_faults_tick, s32 nid, struct tier_ext_node_stat *stat)
{
}

TIERX_POLICY(f_faults, "is attached where memory is short") = {
	.name = "f_faults",
	.init = (void *)f_faults_init,
	.exit = (void *)f_faults_exit,
	.hint_fault = (void *)f_faults_hint_fault,
	.reclaim = (void *)f_faults_reclaim,
	.tick = (void *)f_faults_tick,
};
