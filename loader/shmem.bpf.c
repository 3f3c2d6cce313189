// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the pages of a shmem file are; part of tierx, which runs it for 'tierx shmem'. Without
 * vmlinux.h, so that tierx is built without a kernel.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

/* As much as the kernel looks at in one call. */
#define MAX_STATES 65536

__s64 tierx_bpf_shmem_scan(__u32 fd, __u64 index, __u8 *states, __u32 states__sz) __ksym;

/* The question: a file of the process that runs the program, and the first page. */
__u32 scan_fd;
__u64 scan_index;

/* The answer: a state per page, and how many, or a negative errno. */
__s64 scan_result;
__u8 scan_states[MAX_STATES];

SEC("syscall")
int scan(void *ctx)
{
	scan_result = tierx_bpf_shmem_scan(scan_fd, scan_index, scan_states, sizeof(scan_states));
	return 0;
}

char _license[] SEC("license") = "GPL";
