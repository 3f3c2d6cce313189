/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A shmem file, some of whose pages are holes and some in swap, where each of them is in
 * truth, what the policy of progs/shmem.bpf.c says of it, and processes that share it.
 */
#ifndef TIERX_SHM_H
#define TIERX_SHM_H

#include "progs/shmem.h"
#include "tierx_test.h"

/* What was done to a page. */
enum { TIERX_PLAN_HOLE, TIERX_PLAN_KEEP, TIERX_PLAN_SWAP };

struct tierx_shm {
	struct tierx_policy *policy;
	struct tierx_mem mem;
	int fd;
	/* One byte per page each, in memory that is shared with the children. */
	uint8_t *plan, *truth;
};

/*
 * Every page is written to but @holes of 100; a third of them is planned to be swapped
 * out. Loads the policy. Asserts, as do all of these.
 */
struct tierx_shm *tierx_shm_create(size_t pages, unsigned int holes);
/* The first word of a page, and what it holds; how many hold something else. */
uint64_t *tierx_shm_word(struct tierx_shm *shm, size_t page);
uint64_t tierx_shm_word_of(size_t page);
size_t tierx_shm_verify(struct tierx_shm *shm);
size_t tierx_shm_count_plan(struct tierx_shm *shm, uint8_t plan);

/* Swap out what is planned to be; have some of it back, and some in the swap cache. */
void tierx_shm_swap_out(struct tierx_shm *shm);
void tierx_shm_swap_some_in(struct tierx_shm *shm, size_t runs);

/* Find out where every page is; how many are there. */
void tierx_shm_truth(struct tierx_shm *shm);
size_t tierx_shm_count(struct tierx_shm *shm, uint8_t state);

/* What the kfunc answered. */
int64_t tierx_shm_scan(struct tierx_shm *shm, int fd, uint64_t index, uint32_t size);
/* For how many pages the scan does not tell the truth. */
size_t tierx_shm_scan_all(struct tierx_shm *shm, int fd);
void tierx_shm_expect_exact(struct tierx_shm *shm);
void tierx_shm_expect_same_after_fork(struct tierx_shm *shm);

/* Processes that have the file open and mapped on their own. */
enum { TIERX_STEP_TOUCH = 1, TIERX_STEP_ZAP, TIERX_STEP_SCAN, TIERX_STEP_END };

struct tierx_sharer {
	struct tierx_shm *shm;
	struct tierx_mem mem;
	int fd;
	volatile int step, done;
	volatile size_t bad;
};

struct tierx_sharer *tierx_sharer_start(struct tierx_shm *shm);
void tierx_sharer_do(struct tierx_sharer *sharer, int step);
void tierx_sharer_expect_same(struct tierx_sharer *sharer);

#endif /* TIERX_SHM_H */
