/* SPDX-License-Identifier: GPL-2.0-only */
/* What shmem.bpf.c and the test that drives it share. */
#ifndef SHMEM_H
#define SHMEM_H

/* The most that one scan takes. */
#define SHMEM_SCAN_MAX 65536
#define SHMEM_MAX_COLD 2048

/* For those who have no vmlinux.h. */
#ifndef __VMLINUX_H__
enum {
	TIERX_SHMEM_HOLE,
	TIERX_SHMEM_RESIDENT,
	TIERX_SHMEM_SWAPPED,
	TIERX_SHMEM_SWAPCACHE,
};
#endif

#endif /* SHMEM_H */
