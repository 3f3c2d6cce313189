/* SPDX-License-Identifier: GPL-2.0-only */
/* What walk.bpf.c and the tests that drive it share. */
#ifndef WALK_H
#define WALK_H

#define WALK_MAX 16384

/* For those who have no vmlinux.h: a folio, as an iterator found it. */
#ifndef __VMLINUX_H__
#include <stdint.h>

enum {
	TIERX_WALK_ANON = 1 << 0,
	TIERX_WALK_FILE = 1 << 1,
	TIERX_WALK_HARVEST = 1 << 2,
	TIERX_WALK_OVERLAP = 1 << 3,
	TIERX_WALK_YOUNG = 1 << 4,
};

enum {
	TIERX_FOLIO_ANON = 1 << 0,
	TIERX_FOLIO_FILE = 1 << 1,
	TIERX_FOLIO_SHMEM = 1 << 2,
};

struct tier_ext_page {
	uint64_t pfn;
	uint64_t gen;
	uint64_t memcg_id;
	uint64_t state;
	int32_t nid;
	uint32_t nr_pages;
	uint32_t young;
};
#endif

#endif /* WALK_H */
