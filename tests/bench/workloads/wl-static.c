// SPDX-License-Identifier: GPL-2.0-only
/*
 * static: a hot set that stays where it is.
 *
 * Idea: some of a large array gets 99 % of the accesses, in pieces of 256 KiB that are spread
 * over it. All of it begins on the slow node; the fast one is full of cold pages.
 * Hot set: those pieces, a quarter of the fast node.
 * The 1 GiB shortcut does not fire: the fast node is smaller than that.
 * A good policy finds the pieces within seconds, demotes cold pages for them, and then stops.
 */
#include "wl.h"

const struct workload workload = {
	.name = "static",
	.intervals = 24,
	.ops = 1000000,
	.reserve = wl_window_reserve_spread,
	.run = wl_window_run,
	.nr_hot = wl_window_nr_hot,
	.hot_page = wl_window_hot_page,
};
