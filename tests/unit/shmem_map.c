// SPDX-License-Identifier: GPL-2.0-only
/* States of pages become ranges, however they are cut into pieces. */
#include <string.h>

#include "ktap.h"
#include "shmem_map.h"

#define MANY_PAGES 100000

static const __u8 states[] = {
	SHMEM_RESIDENT, SHMEM_RESIDENT,	 SHMEM_HOLE,	 SHMEM_SWAPPED, SHMEM_SWAPPED,
	SHMEM_SWAPPED,	SHMEM_SWAPCACHE, SHMEM_POISONED, SHMEM_HOLE,	SHMEM_HOLE,
};

static const struct shmem_range ranges[] = {
	{ 0, 1, SHMEM_RESIDENT },  { 2, 2, SHMEM_HOLE },     { 3, 5, SHMEM_SWAPPED },
	{ 6, 6, SHMEM_SWAPCACHE }, { 7, 7, SHMEM_POISONED }, { 8, 9, SHMEM_HOLE },
};

#define NR(array) (sizeof(array) / sizeof(*(array)))

static bool is_expected(const struct shmem_map *map)
{
	size_t i;

	if (map->nr != NR(ranges) || map->pages != NR(states))
		return false;
	for (i = 0; i < map->nr; i++)
		if (map->ranges[i].first != ranges[i].first ||
		    map->ranges[i].last != ranges[i].last ||
		    map->ranges[i].state != ranges[i].state)
			return false;
	return map->total[SHMEM_HOLE] == 3 && map->total[SHMEM_RESIDENT] == 2 &&
	       map->total[SHMEM_SWAPPED] == 3 && map->total[SHMEM_SWAPCACHE] == 1 &&
	       map->total[SHMEM_POISONED] == 1 && !map->total[SHMEM_UNKNOWN];
}

/* In two pieces, cut at each place. */
static void test_pieces(void)
{
	struct shmem_map map = {};
	size_t cut;

	for (cut = 0; cut <= NR(states); cut++) {
		ktap_ok(!shmem_map__add(&map, states, cut) &&
				!shmem_map__add(&map, states + cut, NR(states) - cut) &&
				is_expected(&map),
			"ranges of pages cut at %zu", cut);
		shmem_map__clear(&map);
	}
}

static void test_many(void)
{
	static const __u8 two[] = { SHMEM_RESIDENT, SHMEM_HOLE };
	struct shmem_map map = {};
	int i;

	for (i = 0; i < MANY_PAGES / 2; i++)
		shmem_map__add(&map, two, NR(two));
	ktap_ok(map.nr == MANY_PAGES && map.ranges[MANY_PAGES - 1].last == MANY_PAGES - 1,
		"every page is a range");
	shmem_map__clear(&map);
}

static void test_unknown(void)
{
	static const __u8 newer[] = { SHMEM_UNKNOWN, 200, SHMEM_HOLE };
	struct shmem_map map = {};

	ktap_ok(!shmem_map__add(&map, newer, NR(newer)) && map.total[SHMEM_UNKNOWN] == 2 &&
			!strcmp(shmem_state__name(map.ranges[0].state), "unknown"),
		"states that only newer kernels have");
	shmem_map__clear(&map);
}

int main(void)
{
	struct shmem_map map = {};

	ktap_plan(NR(states) + 1 + 3);
	test_pieces();
	test_many();
	test_unknown();
	ktap_ok(!shmem_map__add(&map, states, 0) && !map.nr && !map.pages, "an empty file");

	return ktap_end();
}
