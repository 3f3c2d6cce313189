/* SPDX-License-Identifier: GPL-2.0-only */
/* States of the pages of a shmem file, as ranges. */
#ifndef TIERX_SHMEM_MAP_H
#define TIERX_SHMEM_MAP_H

#include <stddef.h>
#include <linux/types.h>

/** enum shmem_state - the kernel's enum tier_ext_shmem_state; newer ones are unknown */
enum shmem_state {
	SHMEM_HOLE,
	SHMEM_RESIDENT,
	SHMEM_SWAPPED,
	SHMEM_SWAPCACHE,
	SHMEM_POISONED,
	SHMEM_UNKNOWN,
	NR_SHMEM_STATES,
};

/**
 * struct shmem_range - neighbouring pages in the same state
 * @first: index of the first page
 * @last: index of the last page
 * @state: their state
 */
struct shmem_range {
	__u64 first;
	__u64 last;
	enum shmem_state state;
};

/**
 * struct shmem_map - all pages of a file; all 0 to begin with
 * @ranges: in order, without gaps, neighbours differ
 * @nr: number of @ranges
 * @max: how many @ranges has room for
 * @pages: number of pages
 * @total: pages in each state
 */
struct shmem_map {
	struct shmem_range *ranges;
	size_t nr;
	size_t max;
	__u64 pages;
	__u64 total[NR_SHMEM_STATES];
};

/**
 * shmem_map__add() - append pages
 * @map: where to
 * @states: states as the kernel tells them, one per page
 * @nr: number of pages
 *
 * Return: 0 or -ENOMEM.
 */
int shmem_map__add(struct shmem_map *map, const __u8 *states, size_t nr);

/** shmem_map__clear() - release it */
void shmem_map__clear(struct shmem_map *map);

/** shmem_state__name() - a state in one word */
const char *shmem_state__name(enum shmem_state state);

#endif /* TIERX_SHMEM_MAP_H */
