// SPDX-License-Identifier: GPL-2.0-only
/*
 * uniform: a control. All memory is used alike.
 *
 * Idea: one array fills the fast node and much of the slow one, and every page of it is
 * accessed as often as any other.
 * Hot set: all of it; the fast node has as much of it as it can.
 * The 1 GiB shortcut does not fire: the fast node is full.
 * A good policy moves nothing: whatever it does, the share of accesses to the fast node stays
 * the same, and moving costs.
 */
#include "wl.h"

/*
 * What the system has there, its files above all, is idle, and there would be something to gain. It
 * is less than what is asked for here, which is no fault.
 */
static void empty_fast_node(void)
{
	wl_command("echo 1 > /sys/kernel/mm/numa/demotion_enabled;"
		   "echo 64M 2> /dev/null > /sys/fs/cgroup/memory.reclaim;"
		   "echo 0 > /sys/kernel/mm/numa/demotion_enabled");
}

static void uniform_reserve(void)
{
	size_t slow = wl.slow_mib * WL_MIB_PAGES / 4;

	wl_window.nr = wl.fast_mib * WL_MIB_PAGES + slow;
	wl_window.hot_percent = 0;
	wl_window.region = wl_region(wl_window.nr, false);
	empty_fast_node();
}

/* The first pages take what is free of the fast node, the others find it full. */
static void uniform_populate(void)
{
	if (wl.placement == WL_INTERLEAVE)
		wl_populate_regions();
	else
		wl_populate_pages(wl_window.nr, wl_window_hot_page);
}

const struct workload workload = {
	.name = "uniform",
	.intervals = 24,
	.ops = 1000000,
	.reserve = uniform_reserve,
	.run = wl_window_run,
	.nr_hot = wl_window_nr_hot,
	.hot_page = wl_window_hot_page,
	.populate_hot = uniform_populate,
	.populate = uniform_populate,
	.settled = true,
};
