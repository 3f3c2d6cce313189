// SPDX-License-Identifier: GPL-2.0-only
/* Refused: samples for later are for programs that cannot wait. */
#include <tier_ext/tier_ext.bpf.h>

char _license[] SEC("license") = "GPL";

SEC("syscall")
int refused(void *ctx)
{
	return tierx_bpf_access_queue(0, -1, 1);
}
