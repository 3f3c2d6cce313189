/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Accesses to physical memory that something else than the kernel has counted:
 * a device, a PMU, a file. A policy that takes them has a map of type
 * BPF_MAP_TYPE_USER_RINGBUF named TIERX_HEAT_MAP, and drains it in its tick.
 * Seen by BPF and user space.
 */
#ifndef TIER_EXT_HEAT_H
#define TIER_EXT_HEAT_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

#define TIERX_HEAT_MAP	     "heat"
#define TIERX_HEAT_MAX_PAGES 65536

/**
 * struct tierx_heat - one record
 * @pfn: first PFN
 * @nr_pages: number of pages, 1 to TIERX_HEAT_MAX_PAGES
 * @nr_accesses: how often each of them was accessed, at least 1
 * @pad: 0
 */
struct tierx_heat {
	__u64 pfn;
	__u64 nr_pages;
	__u32 nr_accesses;
	__u32 pad;
};

#endif /* TIER_EXT_HEAT_H */
