// SPDX-License-Identifier: GPL-2.0-only
/*
 * drift: a hot set that drifts.
 *
 * Idea: a window of an array gets 99 % of the accesses, and moves on by a fifteenth of its
 * size with each interval. All begins on the slow node; the fast one is full of cold pages.
 * Hot set: the window, a quarter of the fast node.
 * The 1 GiB shortcut does not fire: the fast node is smaller than that.
 * A good policy promotes what comes at the rate at which it comes, and demotes what was hot.
 */
#include "wl.h"

#define STEPS 15

static bool drift_shift(unsigned int interval)
{
	if (!interval)
		return false;
	wl_window.first = (wl_window.first + wl_window.nr / STEPS) % wl_window.region->pages;
	return true;
}

const struct workload workload = {
	.name = "drift",
	.intervals = 24,
	.ops = 1000000,
	.reserve = wl_window_reserve,
	.shift = drift_shift,
	.run = wl_window_run,
	.nr_hot = wl_window_nr_hot,
	.hot_page = wl_window_hot_page,
};
