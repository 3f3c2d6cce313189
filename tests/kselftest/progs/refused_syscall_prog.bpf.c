// SPDX-License-Identifier: GPL-2.0-only
/* Refused: a program of another type is no policy. */
#include <tier_ext/tier_ext.bpf.h>

char _license[] SEC("license") = "GPL";

SEC("syscall")
int refused(void *ctx)
{
	return tierx_bpf_node_stat(0, TIERX_NODE_TIER);
}
