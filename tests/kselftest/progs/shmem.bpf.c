// SPDX-License-Identifier: GPL-2.0-only
/*
 * shmem: tells where the pages of a shmem file are, and pages out what it is given.
 */
#include <tier_ext/tier_ext.bpf.h>
#include "shmem.h"

/* Twice of what is allowed. */
u8 states[2 * SHMEM_SCAN_MAX];
u32 scan_fd, scan_size;
u64 scan_index;
s64 scan_ret;

SEC("syscall")
int shmem_scan(void *ctx)
{
	u32 size = scan_size;

	if (size > sizeof(states))
		return -1;
	scan_ret = tierx_bpf_shmem_scan(scan_fd, scan_index, states, size);
	return 0;
}

u64 wanted_ino, wanted_index, nr_seen;
s32 seen_state;

/* Runs in flock(), which does nothing to the file's pages. */
SEC("tp_btf/locks_get_lock_context")
int BPF_PROG(shmem_state, struct inode *inode, int type, struct file_lock_context *locks)
{
	if (inode->i_ino != wanted_ino)
		return 0;
	seen_state = tierx_bpf_shmem_state(inode, wanted_index);
	__sync_fetch_and_add(&nr_seen, 1);
	return 0;
}

u64 cold_pfn[SHMEM_MAX_COLD], cold_flags;
s32 cold_ret[SHMEM_MAX_COLD];
u32 nr_cold;

static long page_out(u32 i, void *unused)
{
	if (i >= nr_cold || i >= SHMEM_MAX_COLD)
		return 1;
	cold_ret[i] = tierx_bpf_pfn_reclaim(cold_pfn[i], 0, cold_flags);
	return 0;
}

void TIERX_OP_SLEEPABLE(shmem_tick, s32 nid, struct tier_ext_node_stat *stat)
{
	if (nid || !nr_cold)
		return;
	bpf_loop(SHMEM_MAX_COLD, page_out, NULL, 0);
	nr_cold = 0;
}

TIERX_POLICY(shmem, "pages out what user space asks for") = {
	.name = "shmem",
	.tick = (void *)shmem_tick,
	.tick_ms = 10,
};
