/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which node a physical address of QEMU's q35 machine belongs to. Its memory lies below a hole for
 * devices that ends at 4 GiB, and what does not fit there goes on behind the hole; nodes follow
 * each other in that order.
 */
#ifndef TIERX_BENCH_MAP_H
#define TIERX_BENCH_MAP_H

#include <stdbool.h>
#include <stdint.h>

#define MAP_NODES 8
#define MAP_MIB	  (1ull << 20)
#define MAP_4G	  (1ull << 32)
/* All below the hole if it is less than this; else only 2 GiB are (hw/i386/pc_q35.c). */
#define MAP_BELOW_MAX	0xb0000000ull
#define MAP_BELOW_SPLIT 0x80000000ull

struct map {
	unsigned int nr_nodes;
	uint64_t below; /* bytes below the hole */
	uint64_t end[MAP_NODES]; /* of each node, as if there were no hole */
};

/* The nodes' sizes in MiB. */
static inline bool map_init(struct map *map, const uint64_t *mib, unsigned int nr_nodes)
{
	uint64_t total = 0;

	if (!nr_nodes || nr_nodes > MAP_NODES)
		return false;
	for (unsigned int n = 0; n < nr_nodes; n++) {
		total += mib[n] * MAP_MIB;
		map->end[n] = total;
	}
	map->nr_nodes = nr_nodes;
	map->below = total < MAP_BELOW_MAX ? total : MAP_BELOW_SPLIT;
	return true;
}

/* Returns -1 for what is no memory of a node. */
static inline int map_node(const struct map *map, uint64_t paddr)
{
	if (paddr >= MAP_4G)
		paddr = paddr - MAP_4G + map->below;
	else if (paddr >= map->below)
		return -1;
	for (unsigned int n = 0; n < map->nr_nodes; n++)
		if (paddr < map->end[n])
			return n;
	return -1;
}

/* The part of a node that is below or above the hole, if there is one. */
static inline bool map_range(const struct map *map, unsigned int node, bool above, uint64_t *start,
			     uint64_t *end)
{
	uint64_t from = node ? map->end[node - 1] : 0, to = map->end[node];

	if (above)
		from = from > map->below ? from : map->below;
	else
		to = to < map->below ? to : map->below;
	if (from >= to)
		return false;
	*start = above ? from - map->below + MAP_4G : from;
	*end = above ? to - map->below + MAP_4G : to;
	return true;
}

#endif
