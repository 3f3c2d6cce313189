// SPDX-License-Identifier: GPL-2.0-only
/* Refused: a tracing program is no policy, although it may see folios. */
#include <tier_ext/tier_ext.bpf.h>

char _license[] SEC("license") = "GPL";

SEC("tp_btf/sched_switch")
int refused(void *ctx)
{
	return tierx_bpf_pfn_migrate(0, 0, 0, 0);
}
