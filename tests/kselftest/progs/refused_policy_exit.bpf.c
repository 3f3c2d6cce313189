// SPDX-License-Identifier: GPL-2.0-only
/* Refused: exit comes too late to end the policy. */
#include <tier_ext/tier_ext.bpf.h>

void TIERX_OP_SLEEPABLE(refused_exit, struct tier_ext_exit_info *info)
{
	tierx_bpf_exit(1, "again");
}

TIERX_POLICY(refused, "exit comes too late to end the policy") = {
	.name = "refused",
	.exit = (void *)refused_exit,
};
