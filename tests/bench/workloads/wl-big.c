// SPDX-License-Identifier: GPL-2.0-only
/*
 * big: a hot set larger than the fast tier.
 *
 * Idea: three halves of the fast node are hot alike, and get 99 % of the accesses. All begins
 * on the slow node; the fast one is full of cold pages.
 * Hot set: those pages; not all of them can be on the fast node.
 * The 1 GiB shortcut does not fire: the fast node is smaller than that.
 * A good policy fills the fast node with hot pages and then stops: to exchange one hot page
 * for another only costs.
 */
#include "wl.h"

static void big_reserve(void)
{
	size_t most = wl.slow_mib * WL_MIB_PAGES / 16 * 13;

	wl_window.nr = wl.fast_mib * WL_MIB_PAGES / 2 * 3;
	wl_window.region =
		wl_region(wl_window.nr / 4 * 5 < most ? wl_window.nr / 4 * 5 : most, false);
}

const struct workload workload = {
	.name = "big",
	.intervals = 24,
	.ops = 1000000,
	.reserve = big_reserve,
	.run = wl_window_run,
	.nr_hot = wl_window_nr_hot,
	.hot_page = wl_window_hot_page,
};
