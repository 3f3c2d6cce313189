/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The policy of progs/pfn.bpf.c: batches of moves, and a value per page.
 */
#ifndef TIERX_PFN_H
#define TIERX_PFN_H

#include "progs/pfn.h"
#include "tierx_prog.h"

struct tierx_pfn {
	struct tierx_policy *policy;
	struct tier_ext_pfn *batch;
	uint64_t *values;
	size_t max_pfn;
};

/* Load and attach it. Asserts. */
struct tierx_pfn *tierx_pfn_start(void);
uint64_t tierx_pfn_count(struct tierx_pfn *pfn, const char *name);

/* Queue what is in the first @bytes of pfn->batch; what the kfunc answered. */
int tierx_pfn_run(struct tierx_pfn *pfn, size_t bytes, int node);
/* The same, from tick. */
int tierx_pfn_tick(struct tierx_pfn *pfn, size_t bytes, int node);
/* Put @nr pages of @mem into the batch. */
void tierx_pfn_put(struct tierx_pfn *pfn, struct tierx_mem *mem, size_t first, size_t nr);
uint64_t tierx_pfn_gen(struct tierx_pfn *pfn, uint64_t number);

#endif /* TIERX_PFN_H */
