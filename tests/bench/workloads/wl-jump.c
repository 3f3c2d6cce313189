// SPDX-License-Identifier: GPL-2.0-only
/*
 * jump: a hot set that jumps.
 *
 * Idea: a window of an array gets 99 % of the accesses; after a quarter and after half of the
 * time it is another one, far away. From there to the last third, which is called steady, there
 * is time to follow. All begins on the slow node; the fast one is full of cold pages.
 * Hot set: the window, a quarter of the fast node.
 * The 1 GiB shortcut does not fire: the fast node is smaller than that.
 * A good policy follows within seconds, and takes the old window for cold soon enough to have
 * room.
 */
#include "wl.h"

#define JUMPS 2
/* Of all intervals, one in so many passes between two jumps. */
#define PARTS 4

static bool jump_shift(unsigned int interval)
{
	unsigned int step = wl.intervals / PARTS;

	if (!interval || !step || interval % step || interval / step > JUMPS)
		return false;
	wl_window.first = interval / step * 2 * wl_window.nr;
	return true;
}

const struct workload workload = {
	.name = "jump",
	.intervals = 24,
	.ops = 1000000,
	.reserve = wl_window_reserve,
	.shift = jump_shift,
	.run = wl_window_run,
	.nr_hot = wl_window_nr_hot,
	.hot_page = wl_window_hot_page,
};
