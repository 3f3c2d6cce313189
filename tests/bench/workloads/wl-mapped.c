// SPDX-License-Identifier: GPL-2.0-only
/*
 * mapped: a hot file that is mapped read-only.
 *
 * Idea: as an index or a program's code: pages of a small file get 99 % of the reads, those of
 * a larger one the others. Both are in the page cache of the slow node; the fast one is full
 * of cold pages.
 * Hot set: the small file, a sixth of the fast node.
 * The 1 GiB shortcut does not fire: the fast node is smaller than that.
 * A good policy does not depend on hint faults, which such mappings never have.
 */
#include <err.h>
#include <sys/mman.h>

#include "wl.h"

#define COLD_TIMES 3

static char *hot, *cold;
static size_t nr_hot;

static void mapped_reserve(void)
{
	nr_hot = wl.fast_mib * WL_MIB_PAGES / 6;
}

static char *map_file(const char *name, size_t pages, bool is_hot)
{
	int fd = wl_file(name, pages, is_hot, NULL);
	char *addr = mmap(NULL, pages * WL_PAGE, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);

	if (addr == MAP_FAILED)
		err(1, "mmap");
	return addr;
}

static void mapped_populate_hot(void)
{
	hot = map_file("hot", nr_hot, true);
}

static void mapped_populate(void)
{
	if (!hot)
		mapped_populate_hot();
	cold = map_file("cold", nr_hot * COLD_TIMES, false);
}

static void mapped_run(uint64_t ops)
{
	uint64_t random, state = wl_random_state;
	char *page;

	while (ops--) {
		random = wl_random(&state);
		if (wl_chance(random, WL_HOT_PERCENT))
			page = hot + wl_pick(random, nr_hot) * WL_PAGE;
		else
			page = cold + wl_pick(random, nr_hot * COLD_TIMES) * WL_PAGE;
		wl_access(page, random | 1);
	}
	wl_random_state = state;
}

static size_t mapped_nr_hot(void)
{
	return nr_hot;
}

static struct wl_page mapped_hot_page(size_t i)
{
	return (struct wl_page){ .addr = hot + i * WL_PAGE };
}

const struct workload workload = {
	.name = "mapped",
	.intervals = 24,
	.ops = 1000000,
	.reserve = mapped_reserve,
	.run = mapped_run,
	.nr_hot = mapped_nr_hot,
	.hot_page = mapped_hot_page,
	.populate_hot = mapped_populate_hot,
	.populate = mapped_populate,
};
