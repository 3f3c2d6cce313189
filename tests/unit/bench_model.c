// SPDX-License-Identifier: GPL-2.0-only
/* The benchmark plugin's models: caches, and where nodes are in q35's address space. */
#include "../bench/plugin/cache.h"
#include "../bench/plugin/map.h"
#include "ktap.h"

#define NR(array) ((int)(sizeof(array) / sizeof(*(array))))
#define GIB	  (1ull << 30)

/* --- address map ------------------------------------------------------------------------ */

/* As the firmware's SRAT had it in guests of these sizes. */
static const struct {
	const char *what;
	uint64_t mib[4];
	unsigned int nr;
	uint64_t address;
	int node;
} places[] = {
	{ "the first byte", { 512, 1024 }, 2, 0, 0 },
	{ "the last byte of node 0", { 512, 1024 }, 2, 512 * MAP_MIB - 1, 0 },
	{ "the first byte of node 1", { 512, 1024 }, 2, 512 * MAP_MIB, 1 },
	{ "the end of memory", { 512, 1024 }, 2, 1536 * MAP_MIB, -1 },
	{ "4 GiB, with no memory there", { 512, 1024 }, 2, MAP_4G, -1 },
	{ "2 GiB and more, all below the hole", { 1024, 1791 }, 2, 2 * GIB + 700 * MAP_MIB, 1 },
	{ "the hole, one MiB more of memory", { 1024, 1792 }, 2, 2 * GIB, -1 },
	{ "4 GiB, one MiB more of memory", { 1024, 1792 }, 2, MAP_4G, 1 },
	{ "the end, one MiB more of memory", { 1024, 1792 }, 2, MAP_4G + 768 * MAP_MIB, -1 },
	{ "node 1 below the hole", { 1536, 1024, 2048 }, 3, 0x60000000, 1 },
	{ "its last byte there", { 1536, 1024, 2048 }, 3, 0x7fffffff, 1 },
	{ "devices", { 1536, 1024, 2048 }, 3, 0xfee00000, -1 },
	{ "node 1 above the hole", { 1536, 1024, 2048 }, 3, 0x100000000, 1 },
	{ "its last byte", { 1536, 1024, 2048 }, 3, 0x11fffffff, 1 },
	{ "node 2", { 1536, 1024, 2048 }, 3, 0x120000000, 2 },
	{ "the last byte of node 2", { 1536, 1024, 2048 }, 3, 0x19fffffff, 2 },
	{ "the end of node 2", { 1536, 1024, 2048 }, 3, 0x1a0000000, -1 },
	{ "a hole between nodes' parts", { 2048, 2048 }, 2, 2 * GIB, -1 },
	{ "a node that is above only", { 2048, 2048 }, 2, MAP_4G, 1 },
};

static void test_places(void)
{
	struct map map = {};
	int node;

	for (int i = 0; i < NR(places); i++) {
		map_init(&map, places[i].mib, places[i].nr);
		node = map_node(&map, places[i].address);
		ktap_ok(node == places[i].node, "%s is on node %d: %d", places[i].what,
			places[i].node, node);
	}
}

static void test_ranges(void)
{
	static const uint64_t mib[] = { 1536, 1024, 2048 };
	uint64_t start, end, sum = 0;
	struct map map = {};
	bool fits = true;

	map_init(&map, mib, 3);
	for (unsigned int n = 0; n < 3; n++)
		for (unsigned int above = 0; above < 2; above++) {
			if (!map_range(&map, n, above, &start, &end))
				continue;
			sum += end - start;
			fits &= map_node(&map, start) == (int)n &&
				map_node(&map, end - 1) == (int)n;
		}
	ktap_ok(fits, "each range is the node's");
	ktap_ok(sum == 4608 * MAP_MIB, "ranges are all there is");
	ktap_ok(!map_init(&map, mib, 0), "no nodes is no map");
	ktap_ok(!map_init(&map, mib, MAP_NODES + 1), "nor are too many");
}

/* --- first level ------------------------------------------------------------------------ */

static void test_front(void)
{
	static struct front front;
	const uint64_t at = 0xffff888012345678, way = FRONT_LINES * LINE_SIZE;

	front_clear(&front);
	ktap_ok(!front_access(&front, 0, false), "address 0 is not there to begin with");
	ktap_ok(!front_access(&front, at, false), "a first load misses");
	ktap_ok(front_access(&front, at ^ 1, false), "a load of the same line hits");
	ktap_ok(!front_access(&front, at, true), "a first store is passed on");
	ktap_ok(front_access(&front, at, true), "a second one is not");
	ktap_ok(front_access(&front, at, false), "nor a load after it");
	ktap_ok(!front_access(&front, at + way, false), "another line of the same place misses");
	ktap_ok(!front_access(&front, at, false), "and takes its place");
	front_flush(&front);
	ktap_ok(!front_access(&front, at, false), "nothing is left after a flush");
	for (unsigned int i = 0; i < FRONT_GENERATIONS - 2; i++)
		front_flush(&front);
	ktap_ok(!front_access(&front, at, false), "nor when generations begin again");
	ktap_ok(front.generation == 1, "which they do");
}

/* --- last level ------------------------------------------------------------------------- */

#define SETS   4
#define STRIDE (SETS * LINE_SIZE) /* to the next line of the same set */

static struct cache_result load(struct cache *c, uint64_t address)
{
	return cache_access(c, address, false);
}

static void test_least_recently_used(struct cache *c)
{
	bool hits = true, misses = true;

	for (uint64_t i = 0; i < CACHE_WAYS; i++)
		misses &= !load(c, i * STRIDE).hit;
	ktap_ok(misses, "an empty cache misses");
	for (uint64_t i = 0; i < CACHE_WAYS; i++)
		hits &= load(c, i * STRIDE + 63).hit;
	ktap_ok(hits, "all ways of a set are used");
	load(c, 0);
	load(c, CACHE_WAYS * STRIDE);
	ktap_ok(load(c, 0).hit, "what was used last stays");
	ktap_ok(!load(c, STRIDE).hit, "what was not used longest goes");
	ktap_ok(!load(c, LINE_SIZE).hit, "another set is another set");
}

static void test_write_back(struct cache *c)
{
	struct cache_result result = { .hit = true };
	unsigned int nr = 0;

	cache_clear(c);
	cache_access(c, 5 * STRIDE + 8, true);
	load(c, 5 * STRIDE);
	for (uint64_t i = 10; i < 10 + CACHE_WAYS - 1; i++)
		nr += load(c, i * STRIDE).write_back;
	ktap_ok(!nr, "nothing is written back while there is room");
	result = load(c, 40 * STRIDE);
	ktap_ok(result.write_back && result.victim == 5 * STRIDE,
		"what was written is written back when it goes");
	cache_clear(c);
	ktap_ok(!load(c, 40 * STRIDE).hit, "a cleared cache is empty");
	for (uint64_t i = 50; i < 50 + 2 * CACHE_WAYS; i++)
		nr += load(c, i * STRIDE).write_back;
	ktap_ok(!nr, "what was only read is not written back");
}

/* A loop over more than fits misses each time with true LRU, one over less never. */
static void test_loop(struct cache *c)
{
	unsigned int misses = 0;

	cache_clear(c);
	for (unsigned int i = 0; i < 3 * SETS * (CACHE_WAYS + 1); i++)
		misses += !load(c, i % (SETS * (CACHE_WAYS + 1)) * LINE_SIZE).hit;
	ktap_ok(misses == 3 * SETS * (CACHE_WAYS + 1),
		"a loop over more than fits misses each time");
	misses = 0;
	cache_clear(c);
	for (unsigned int i = 0; i < 3 * SETS * CACHE_WAYS; i++)
		misses += !load(c, i % (SETS * CACHE_WAYS) * LINE_SIZE).hit;
	ktap_ok(misses == SETS * CACHE_WAYS, "a loop over what fits misses once");
}

static void test_cache(void)
{
	struct cache cache, none;

	ktap_ok(cache_init(&cache, SETS * CACHE_WAYS * LINE_SIZE) && cache.nr_sets == SETS,
		"a small cache");
	ktap_ok(!cache_init(&none, CACHE_WAYS * LINE_SIZE - 1), "no cache without a set");
	test_least_recently_used(&cache);
	test_write_back(&cache);
	test_loop(&cache);
	free(cache.sets);
}

/* --- streams ------------------------------------------------------------------------------ */

static void test_streams(void)
{
	const uint64_t page = PAGE_LINES * LINE_SIZE;
	struct streams s = {};
	bool all = true;

	ktap_ok(!streams_access(&s, 0), "the first line of a stream has to be waited for");
	for (unsigned int i = 1; i < PAGE_LINES; i++)
		all &= streams_access(&s, i * LINE_SIZE);
	ktap_ok(all, "the others of its page have not");
	ktap_ok(!streams_access(&s, page), "the next page begins anew");
	ktap_ok(!streams_access(&s, page + 2 * LINE_SIZE), "a line that is skipped ends it");
	all = true;
	for (unsigned int i = 0; i < NR_STREAMS; i++)
		streams_access(&s, (10 + i) * page);
	for (unsigned int i = 0; i < NR_STREAMS; i++)
		all &= streams_access(&s, (10 + i) * page + LINE_SIZE);
	ktap_ok(all, "there are several at a time");
	for (unsigned int i = 0; i < NR_STREAMS; i++)
		streams_access(&s, (20 + i) * page);
	ktap_ok(!streams_access(&s, 10 * page + 2 * LINE_SIZE), "but not any number");
}

int main(void)
{
	ktap_plan(NR(places) + 4 + 11 + 13 + 6);
	test_places();
	test_ranges();
	test_front();
	test_cache();
	test_streams();
	return ktap_end();
}
