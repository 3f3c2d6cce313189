// SPDX-License-Identifier: GPL-2.0-only
/*
 * quiet: the quiet tenant of tenants, alone.
 *
 * Idea: what its requests take without a noisy tenant is what they should take with one.
 * Hot set: an eighth of the fast node, in one piece; it begins on the slow node, and the fast one
 * is full of cold pages.
 * The 1 GiB shortcut does not fire: the fast node is smaller than that.
 * A good policy moves the hot set once, and is not noticed after that.
 */
#include "wl.h"

const struct workload workload = {
	.name = "quiet",
	.intervals = 24,
	.ops = 500000,
	.reserve = wl_window_reserve_quiet,
	.run = wl_window_serve,
	.nr_hot = wl_window_nr_hot,
	.hot_page = wl_window_hot_page,
	.print = wl_latency_print,
};
