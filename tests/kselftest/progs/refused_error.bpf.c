// SPDX-License-Identifier: GPL-2.0-only
/* Refused: init refuses with its return value. */
#include <tier_ext/tier_ext.bpf.h>

s32 TIERX_OP_SLEEPABLE(refused_init, struct tier_ext_init_args *args)
{
	tierx_bpf_error("no");
	return 0;
}

TIERX_POLICY(refused, "init refuses with its return value") = {
	.name = "refused",
	.init = (void *)refused_init,
};
