// SPDX-License-Identifier: GPL-2.0-only
/*
 * scan: one long scan beside a hot set.
 *
 * Idea: an eighth of the accesses reads through a large file-like array once, every second
 * line of each page, never to come back. The others use a hot set. All begins on the slow
 * node; the fast one is full of cold pages.
 * Hot set: what is not scanned, a quarter of the fast node.
 * The 1 GiB shortcut does not fire: the fast node is smaller than that.
 * A good policy does not take a page that is read once, though many times within microseconds,
 * for a hot one.
 */
#include "wl.h"

#define SCAN_PERCENT 12
#define SCAN_STEP    (2 * WL_LINE)
#define SCAN_MIB     352

static struct wl_region *scanned;
static size_t at;

static size_t minimum(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void scan_reserve(void)
{
	wl_window.nr = wl.fast_mib * WL_MIB_PAGES / 4;
	wl_window.hot_percent = 100;
	wl_window.region = wl_region(wl_window.nr, false);
	scanned = wl_region(minimum(SCAN_MIB, wl.slow_mib / 2) * WL_MIB_PAGES, false);
}

static void scan_next(void)
{
	(void)*(volatile char *)(scanned->addr + at);
	at += SCAN_STEP;
	if (at >= scanned->pages * WL_PAGE)
		at = 0;
}

static void scan_run(uint64_t ops)
{
	struct wl_window window = wl_window;
	uint64_t random, state = wl_random_state;

	while (ops--) {
		random = wl_random(&state);
		if (wl_chance(random, SCAN_PERCENT))
			scan_next();
		else
			wl_access(wl_window_page(&window, wl_pick(random, window.nr)), random);
	}
	wl_random_state = state;
}

const struct workload workload = {
	.name = "scan",
	.intervals = 24,
	.ops = 1000000,
	.reserve = scan_reserve,
	.run = scan_run,
	.nr_hot = wl_window_nr_hot,
	.hot_page = wl_window_hot_page,
};
