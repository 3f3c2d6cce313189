// SPDX-License-Identifier: GPL-2.0-only
/*
 * churn: short-lived memory beside a hot set that was there before.
 *
 * Idea: memory is allocated, used and freed all the time, as requests of a server do; 70 % of
 * the accesses go to a hot set that has been there since the start, on the slow node. The fast
 * one is full of cold pages, so new memory comes from the slow one too.
 * Hot set: the long-lived part, a quarter of the fast node.
 * The 1 GiB shortcut does not fire: the fast node is smaller than that.
 * A good policy keeps some of the fast node free, so that new memory comes from there, and
 * promotes the hot set, but not what is about to be freed.
 */
#include <err.h>
#include <sys/mman.h>

#include "wl.h"

#define HOT_PERCENT  70
#define OBJECT_PAGES 64
#define OBJECT_USES  (OBJECT_PAGES * 32)
#define NR_OBJECTS   128 /* alive: 32 MiB */

static char *objects[NR_OBJECTS];
static unsigned int newest;
static unsigned int uses;

/* The oldest object goes, a new one comes. */
static void replace_object(void)
{
	newest = (newest + 1) % NR_OBJECTS;
	if (objects[newest])
		munmap(objects[newest], OBJECT_PAGES * WL_PAGE);
	objects[newest] = mmap(NULL, OBJECT_PAGES * WL_PAGE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (objects[newest] == MAP_FAILED)
		err(1, "an object");
}

static void use_object(uint64_t random)
{
	if (uses++ % OBJECT_USES == 0)
		replace_object();
	/* In turn: a random one might never be touched. */
	wl_access(objects[newest] + uses % OBJECT_PAGES * WL_PAGE, random);
}

static void churn_run(uint64_t ops)
{
	struct wl_window window = wl_window;
	uint64_t random, state = wl_random_state;

	while (ops--) {
		random = wl_random(&state);
		if (wl_chance(random, HOT_PERCENT))
			wl_access(wl_window_page(&window, wl_pick(random, window.nr)), random);
		else
			use_object(random);
	}
	wl_random_state = state;
}

const struct workload workload = {
	.name = "churn",
	.intervals = 24,
	.ops = 1000000,
	.reserve = wl_window_reserve_spread,
	.run = churn_run,
	.nr_hot = wl_window_nr_hot,
	.hot_page = wl_window_hot_page,
	.oracle_reserve = 40 * WL_MIB_PAGES,
};
