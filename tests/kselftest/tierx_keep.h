/* SPDX-License-Identifier: GPL-2.0-only */
/* Load that is hard on memory, by processes some of which look whether theirs stays what it was. */
#ifndef TIERX_KEEP_H
#define TIERX_KEEP_H

#include "tierx_test.h"

/* Pages that are not what was written there are counted each time that they are looked at. */
struct tierx_kept {
	uint64_t bytes_verified;
	uint64_t wrong_pages;
};

/*
 * Anonymous memory, huge pages, shared memory and a file that are written and verified, on nodes
 * that they change, some of it after a fork; reclaim of it all, every 200 ms; and stress-ng, if
 * there is one. In a new cgroup, with which they end when the case ends: this process is in it
 * then, and so is whom it forks before it leaves it. Asserts.
 */
const struct tierx_kept *tierx_keep_start(const char *cgroup);

/* In a process of its own, after that: keep so much shared memory. Does not return. */
void tierx_keep_shmem(size_t pages);

#endif /* TIERX_KEEP_H */
