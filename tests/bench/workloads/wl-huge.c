// SPDX-License-Identifier: GPL-2.0-only
/*
 * huge: huge pages with one hot line each.
 *
 * Idea: transparent huge pages, of which only a line each is used, and of half of them only
 * seldom. The lines are at the same place in each page, as the heads of equal structures would
 * be, so they have the same place in the CPU's cache too, and are not kept there.
 * Hot set: every second huge page, and the oracle moves them whole as all others have to.
 * The 1 GiB shortcut fires: this one is for a large guest, whose fast node has room.
 * A good policy moves huge pages as a whole when that is cheap, and never 512 times.
 */
#include "wl.h"

#define NR_HUGE	    160
#define HUGE_PAGES  512UL
#define HOT_PERCENT 95

static struct wl_region *region;

static void huge_reserve(void)
{
	region = wl_region(NR_HUGE * HUGE_PAGES, true);
}

static char *line_of(size_t huge)
{
	return region->addr + huge * HUGE_PAGES * WL_PAGE;
}

static void huge_run(uint64_t ops)
{
	uint64_t random, state = wl_random_state;
	size_t page;

	while (ops--) {
		random = wl_random(&state);
		page = wl_pick(random, NR_HUGE / 2) * 2;
		if (!wl_chance(random, HOT_PERCENT))
			page++;
		*(volatile uint64_t *)line_of(page) += 1;
	}
	wl_random_state = state;
}

static size_t huge_nr_hot(void)
{
	return NR_HUGE / 2;
}

static size_t huge_hot_bytes(void)
{
	return NR_HUGE / 2 * HUGE_PAGES * WL_PAGE;
}

static struct wl_page huge_hot_page(size_t i)
{
	return (struct wl_page){ .addr = line_of(2 * i) };
}

const struct workload workload = {
	.name = "huge",
	.intervals = 24,
	.ops = 1000000,
	.reserve = huge_reserve,
	.run = huge_run,
	.nr_hot = huge_nr_hot,
	.hot_bytes = huge_hot_bytes,
	.hot_page = huge_hot_page,
};
