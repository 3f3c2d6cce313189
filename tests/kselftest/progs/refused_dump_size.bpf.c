// SPDX-License-Identifier: GPL-2.0-only
/* Refused: the arguments of a dump are where they are said to be. */
#include <tier_ext/tier_ext.bpf.h>

void TIERX_OP(refused_dump, struct tier_ext_dump_ctx *dump)
{
	static char format[] = "%llu %llu %llu\n";
	unsigned long long data[2] = { 1, 2 };

	tierx_bpf_dump_bstr(format, data, 3 * sizeof(data[0]));
}

TIERX_POLICY(refused, "the arguments of a dump are where they are said to be") = {
	.name = "refused",
	.dump = (void *)refused_dump,
};
