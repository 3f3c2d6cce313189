// SPDX-License-Identifier: GPL-2.0-only
/*
 * read: a hot file that is read through read().
 *
 * Idea: a small file gets 95 % of the reads of 64 KiB, a larger one the others. Both are in the
 * page cache of the slow node, mapped by nobody; the fast one is full of cold pages.
 * Hot set: the small file, a sixth of the fast node.
 * The 1 GiB shortcut does not fire: the fast node is smaller than that.
 * A good policy sees accesses without page tables, and promotes page cache. Nothing that works
 * by hint faults or accessed bits sees these.
 */
#include <err.h>
#include <unistd.h>

#include "wl.h"

#define HOT_CGROUP  "/sys/fs/cgroup/wl-hot"
#define HOT_PERCENT 95
#define COLD_TIMES  3
#define READ_PAGES  16

static int hot, cold;
static size_t nr_hot;

static void read_reserve(void)
{
	nr_hot = wl.fast_mib * WL_MIB_PAGES / 6;
}

static void read_populate_hot(void)
{
	hot = wl_file("hot", nr_hot, true, HOT_CGROUP);
}

static void read_populate(void)
{
	if (!hot)
		read_populate_hot();
	cold = wl_file("cold", nr_hot * COLD_TIMES, false, NULL);
}

static void read_piece(int fd, size_t piece)
{
	static char buffer[READ_PAGES * WL_PAGE];

	if (pread(fd, buffer, sizeof(buffer), piece * sizeof(buffer)) != sizeof(buffer))
		err(1, "pread");
}

static void read_run(uint64_t ops)
{
	uint64_t random, state = wl_random_state;

	while (ops--) {
		random = wl_random(&state);
		if (wl_chance(random, HOT_PERCENT))
			read_piece(hot, wl_pick(random, nr_hot / READ_PAGES));
		else
			read_piece(cold, wl_pick(random, nr_hot / READ_PAGES * COLD_TIMES));
	}
	wl_random_state = state;
}

static size_t read_hot_bytes(void)
{
	return nr_hot * WL_PAGE;
}

/* To map a page and ask would be an access. */
static double read_hot_fast(void)
{
	double fast = wl_cgroup_bytes(HOT_CGROUP, "file", WL_FAST);
	double slow = wl_cgroup_bytes(HOT_CGROUP, "file", WL_SLOW);

	return fast + slow > 0 ? fast / (fast + slow) : 0;
}

const struct workload workload = {
	.name = "read",
	.intervals = 24,
	.ops = 4500,
	.reserve = read_reserve,
	.run = read_run,
	.hot_bytes = read_hot_bytes,
	.hot_fast = read_hot_fast,
	.kernel_accesses = true,
	.populate_hot = read_populate_hot,
	.populate = read_populate,
};
