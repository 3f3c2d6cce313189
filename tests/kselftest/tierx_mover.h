/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The policy of progs/mover.bpf.c, which makes the moves that a test asks for.
 */
#ifndef TIERX_MOVER_H
#define TIERX_MOVER_H

#include "mover.h"
#include "tierx_test.h"

struct tierx_mover {
	struct tierx_policy *policy;
	struct mover_wanted *wanted;
};

/* Open it; fields of the ops can be changed before it is started. Asserts. */
struct tierx_mover *tierx_mover_open(void);
/* Load and attach it. Asserts. */
void tierx_mover_start(struct tierx_mover *mover);
uint64_t tierx_mover_count(struct tierx_mover *mover, const char *name);

/*
 * Ask for @nr moves, at most MOVER_MAX_WANTED, which are in mover->wanted; and wait
 * until each was made, refused or given up. Asserts that they are within @ms.
 */
void tierx_mover_run(struct tierx_mover *mover, size_t nr, unsigned int ms);
/* As above, but return as soon as they were queued. */
void tierx_mover_submit(struct tierx_mover *mover, size_t nr);
/* Ask to move one PFN; what the kfunc answered. */
int tierx_mover_one(struct tierx_mover *mover, uint64_t pfn, uint64_t gen, int node);
/* Ask to move pages @first to @first + @nr - 1, @step apart, in as many runs as it takes. */
void tierx_mover_pages(struct tierx_mover *mover, struct tierx_mem *mem, size_t first, size_t nr,
		       size_t step, int node);

#endif /* TIERX_MOVER_H */
