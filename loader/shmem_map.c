// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shmem_map.h"

#define FIRST_RANGES 64

static struct shmem_range *append(struct shmem_map *map)
{
	size_t max = map->max ? map->max * 2 : FIRST_RANGES;
	struct shmem_range *ranges;

	if (map->nr < map->max)
		return &map->ranges[map->nr++];
	ranges = reallocarray(map->ranges, max, sizeof(*ranges));
	if (!ranges)
		return NULL;
	map->ranges = ranges;
	map->max = max;

	return &map->ranges[map->nr++];
}

static int add_pages(struct shmem_map *map, enum shmem_state state, size_t nr)
{
	struct shmem_range *range = map->nr ? &map->ranges[map->nr - 1] : NULL;

	if (!range || range->state != state) {
		range = append(map);
		if (!range)
			return -ENOMEM;
		range->first = map->pages;
		range->state = state;
	}
	map->pages += nr;
	map->total[state] += nr;
	range->last = map->pages - 1;

	return 0;
}

int shmem_map__add(struct shmem_map *map, const __u8 *states, size_t nr)
{
	size_t i, end;
	int err;

	for (i = 0; i < nr; i = end) {
		for (end = i + 1; end < nr && states[end] == states[i]; end++)
			;
		err = add_pages(map, states[i] < SHMEM_UNKNOWN ? states[i] : SHMEM_UNKNOWN,
				end - i);
		if (err)
			return err;
	}
	return 0;
}

void shmem_map__clear(struct shmem_map *map)
{
	free(map->ranges);
	memset(map, 0, sizeof(*map));
}

const char *shmem_state__name(enum shmem_state state)
{
	static const char *const names[NR_SHMEM_STATES] = {
		[SHMEM_HOLE] = "hole",	       [SHMEM_RESIDENT] = "resident",
		[SHMEM_SWAPPED] = "swapped",   [SHMEM_SWAPCACHE] = "swapcache",
		[SHMEM_POISONED] = "poisoned", [SHMEM_UNKNOWN] = "unknown",
	};

	return names[state];
}
