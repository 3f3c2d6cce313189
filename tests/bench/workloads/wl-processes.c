// SPDX-License-Identifier: GPL-2.0-only
/*
 * processes: many processes, each with a small hot set.
 *
 * Idea: 200 processes, as on a machine full of containers; each has some memory of its own, of
 * which an eighth gets 99 % of its accesses. All begins on the slow node; the fast one is full
 * of cold pages.
 * Hot set: those eighths, together a quarter of the fast node.
 * The 1 GiB shortcut does not fire: the fast node is smaller than that.
 * A good policy's work depends on memory and accesses, not on how many processes these belong
 * to.
 */
#include "wl.h"

#define NR_PROCESSES 200
#define SPREAD	     8

/* The region is as large as one process's memory, and each has its own at the same address. */
static void populate_hot(unsigned int member)
{
	(void)member;
	wl_populate_pages(wl_window.nr, wl_window_hot_page);
}

static void populate(unsigned int member)
{
	(void)member;
	wl_populate_regions();
}

static void run(unsigned int member, uint64_t ops)
{
	(void)member;
	wl_window_run(ops);
}

static void processes_reserve(void)
{
	static const struct wl_member member = {
		.populate_hot = populate_hot,
		.populate = populate,
		.run = run,
	};

	wl_window.nr = wl.fast_mib * WL_MIB_PAGES / 4 / NR_PROCESSES;
	wl_window.region = wl_region(wl_window.nr * SPREAD, false);
	wl_crew_start(NR_PROCESSES, &member);
}

static size_t processes_nr_hot(void)
{
	return wl_window.nr * NR_PROCESSES;
}

static struct wl_page processes_hot_page(size_t i)
{
	return (struct wl_page){
		.pid = wl_crew_pid(i / wl_window.nr),
		.addr = wl_window_page(&wl_window, i % wl_window.nr),
	};
}

const struct workload workload = {
	.name = "processes",
	.intervals = 24,
	.ops = 1000000,
	.reserve = processes_reserve,
	.run = wl_crew_run,
	.nr_hot = processes_nr_hot,
	.hot_page = processes_hot_page,
	.populate_hot = wl_crew_populate_hot,
	.populate = wl_crew_populate,
};
