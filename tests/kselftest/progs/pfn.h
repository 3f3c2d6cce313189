/* SPDX-License-Identifier: GPL-2.0-only */
/* What pfn.bpf.c and the tests that drive it share. */
#ifndef PFN_H
#define PFN_H

/* More than the 512 that are allowed. */
#define PFN_MAX_BATCH 600

/* For those who have no vmlinux.h. */
#ifndef __VMLINUX_H__
#include <stdint.h>

struct tier_ext_pfn {
	uint64_t pfn;
	uint64_t gen;
};
#endif

#endif /* PFN_H */
