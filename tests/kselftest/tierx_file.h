/* SPDX-License-Identifier: GPL-2.0-only */
/* Files with pages on a given node, file systems to have them on, and swap. */
#ifndef TIERX_FILE_H
#define TIERX_FILE_H

#include "tierx_test.h"

/* Swap on a compressed RAM disk, until the case ends. Asserts. */
void tierx_swap_start(size_t bytes);

/* Mount a new file system until the case ends; where. Asserts. */
const char *tierx_mount_tmpfs(const char *options);
const char *tierx_mount_ext4(size_t bytes);

/* Let this task's new pages come from @node; -1 for no preference. Asserts. */
void tierx_bind(int node);
/* Let every page that is on its way to the LRU lists get there. */
void tierx_drain_lru(void);

/*
 * A file, and where it is mapped, if it is. Page i holds what tierx_mem_fill() with
 * seed + i writes.
 */
struct tierx_file {
	struct tierx_mem mem;
	int fd;
};

/* A file whose page cache is on @node, clean, and mapped by nobody; seed 1. Asserts. */
struct tierx_file *tierx_file_create(const char *dir, size_t pages, int node);
void tierx_file_write(struct tierx_file *file, uint64_t seed);
/* How many mapped pages do not hold what they should. */
size_t tierx_file_verify(struct tierx_file *file, uint64_t seed);
void tierx_file_map(struct tierx_file *file, int prot, int flags);
void tierx_file_unmap(struct tierx_file *file);
/* Touch every page, once. */
void tierx_file_touch(struct tierx_file *file, bool write);
/* Pages of the page cache that are on @node; maps them for a moment. */
size_t tierx_file_count(struct tierx_file *file, int node);

#endif /* TIERX_FILE_H */
