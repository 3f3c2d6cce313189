// SPDX-License-Identifier: GPL-2.0-only
/*
 * tenants: two tenants, one of them noisy.
 *
 * Idea: a quiet tenant has a small hot set; a noisy one accesses all of its much larger memory
 * uniformly, and does four times as much. Each is in a cgroup of its own, wl-quiet and wl-noisy. All
 * begins on the slow node; the fast one is full of cold pages.
 * Hot set: that of the quiet tenant, an eighth of the fast node.
 * The 1 GiB shortcut does not fire: the fast node is smaller than that.
 * A good policy gives the fast node to whom it is of use, or keeps shares.
 */
#include "wl.h"

#define NOISY_TIMES 4
#define CGROUPS	    "/sys/fs/cgroup/"

enum { QUIET, NOISY, NR_TENANTS };

static const char *const cgroups[] = { CGROUPS "wl-quiet", CGROUPS "wl-noisy" };

static struct wl_window noisy = { .spread = 1 };

static const char *cgroup(unsigned int tenant)
{
	return cgroups[tenant];
}

static void populate_hot(unsigned int tenant)
{
	if (tenant == QUIET)
		wl_populate_pages(wl_window.nr, wl_window_hot_page);
}

/* Each has address space for both, and uses one. */
static void populate(unsigned int tenant)
{
	wl_populate_region(tenant == QUIET ? wl_window.region : noisy.region);
}

static void run(unsigned int tenant, uint64_t ops)
{
	if (tenant == QUIET)
		wl_window_run(ops * NR_TENANTS / (1 + NOISY_TIMES));
	else
		wl_window_use(&noisy, ops * NR_TENANTS * NOISY_TIMES / (1 + NOISY_TIMES));
}

static void tenants_reserve(void)
{
	static const struct wl_member member = {
		.populate_hot = populate_hot,
		.populate = populate,
		.run = run,
		.cgroup = cgroup,
	};

	wl_window.nr = wl.fast_mib * WL_MIB_PAGES / 8;
	wl_window.region = wl_region(wl_window.nr * 2, false);
	noisy.region = wl_region(wl.slow_mib * WL_MIB_PAGES / 8 * 3, false);
	wl_crew_start(NR_TENANTS, &member);
}

static struct wl_page tenants_hot_page(size_t i)
{
	return (struct wl_page){
		.pid = wl_crew_pid(QUIET),
		.addr = wl_window_page(&wl_window, i),
	};
}

static void tenants_print(void)
{
	unsigned int tenant;

	printf(",\"tenants\":[");
	for (tenant = 0; tenant < NR_TENANTS; tenant++)
		printf("%s{\"name\":\"%s\",\"ns\":%llu,\"fast_mib\":%.1f,\"slow_mib\":%.1f}",
		       tenant ? "," : "", cgroups[tenant] + sizeof(CGROUPS) - 1,
		       (unsigned long long)wl_crew_ns(tenant),
		       wl_cgroup_bytes(cgroups[tenant], "anon", WL_FAST) / 1048576.0,
		       wl_cgroup_bytes(cgroups[tenant], "anon", WL_SLOW) / 1048576.0);
	printf("]");
}

const struct workload workload = {
	.name = "tenants",
	.intervals = 30,
	.ops = 1200000,
	.reserve = tenants_reserve,
	.run = wl_crew_run,
	.nr_hot = wl_window_nr_hot,
	.hot_page = tenants_hot_page,
	.print = tenants_print,
	.populate_hot = wl_crew_populate_hot,
	.populate = wl_crew_populate,
};
