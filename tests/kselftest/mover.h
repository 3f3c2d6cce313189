/* SPDX-License-Identifier: GPL-2.0-only */
/* What mover.bpf.c and the tests that drive it share. */
#ifndef MOVER_H
#define MOVER_H

#define MOVER_MAX_WANTED 8192

struct mover_wanted {
	unsigned long long pfn;
	unsigned long long gen; /* 0 not to check */
	int nid;
	int ret; /* what tierx_bpf_pfn_migrate() answered */
};

#endif /* MOVER_H */
