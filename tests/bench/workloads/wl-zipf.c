// SPDX-License-Identifier: GPL-2.0-only
/*
 * zipf: no border between hot and cold.
 *
 * Idea: pages are accessed as in a Zipf distribution (exponent 0.99), and a page's rank says
 * nothing about where it is. All begins on the slow node; the fast one is full of cold pages.
 * Hot set: as many of the most frequent pages as are a quarter of the fast node. The very
 * first of them are in the CPU's cache most of the time.
 * The 1 GiB shortcut does not fire: the fast node is smaller than that.
 * A good policy tells frequent pages from those that were touched once, and does not move
 * these.
 */
#include "wl.h"

#define EXPONENT 0.99

static struct wl_region *region;
static struct wl_zipf *zipf;
static size_t nr_hot;

static void zipf_reserve(void)
{
	nr_hot = wl.fast_mib * WL_MIB_PAGES / 4;
	region = wl_region(nr_hot * wl_window_spread(nr_hot), false);
	zipf = wl_zipf_new(region->pages, EXPONENT);
}

static char *page_of(size_t rank)
{
	return region->addr + wl_scatter(rank, region->pages) * WL_PAGE;
}

static void zipf_run(uint64_t ops)
{
	uint64_t random, state = wl_random_state;

	while (ops--) {
		random = wl_random(&state);
		wl_access(page_of(wl_zipf_pick(zipf, random)), random);
	}
	wl_random_state = state;
}

static size_t zipf_nr_hot(void)
{
	return nr_hot;
}

static struct wl_page zipf_hot_page(size_t i)
{
	return (struct wl_page){ .addr = page_of(i) };
}

const struct workload workload = {
	.name = "zipf",
	.intervals = 24,
	.ops = 1000000,
	.reserve = zipf_reserve,
	.run = zipf_run,
	.nr_hot = zipf_nr_hot,
	.hot_page = zipf_hot_page,
};
