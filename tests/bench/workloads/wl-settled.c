// SPDX-License-Identifier: GPL-2.0-only
/*
 * settled: a control. What is hot is on the fast node already.
 *
 * Idea: a hot set on the fast node gets 99 % of the accesses, a larger array on the slow one
 * the others. The rest of the fast node is full of cold pages.
 * Hot set: the pages on the fast node, a quarter of it.
 * The 1 GiB shortcut does not fire: the fast node is smaller than that.
 * A good policy moves nothing.
 */
#include "wl.h"

static struct wl_window cold = { .spread = 1 };

static void settled_reserve(void)
{
	wl_window.nr = wl.fast_mib * WL_MIB_PAGES / 4;
	wl_window.region = wl_region(wl_window.nr, false);
	cold.region = wl_region(wl_window.nr * (wl_window_spread(wl_window.nr) - 1), false);
}

static void settled_run(uint64_t ops)
{
	struct wl_window window = wl_window;
	uint64_t random, state = wl_random_state;

	while (ops--) {
		random = wl_random(&state);
		if (wl_chance(random, window.hot_percent))
			wl_access(wl_window_page(&window, wl_pick(random, window.nr)), random);
		else
			wl_access(wl_window_any(&cold, random), random);
	}
	wl_random_state = state;
}

const struct workload workload = {
	.name = "settled",
	.intervals = 24,
	.ops = 1000000,
	.reserve = settled_reserve,
	.run = settled_run,
	.nr_hot = wl_window_nr_hot,
	.hot_page = wl_window_hot_page,
	.settled = true,
};
