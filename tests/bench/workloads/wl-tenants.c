// SPDX-License-Identifier: GPL-2.0-only
/*
 * tenants: two tenants, one of them noisy.
 *
 * Idea: a quiet tenant has a small hot set; a noisy one accesses all of its much larger memory
 * uniformly, for as long as the quiet one has work to do. Each is in a cgroup of its own, wl-quiet
 * and wl-noisy. All begins on the slow node; the fast one is full of cold pages. The time is that
 * of the quiet tenant, and so is that of requests; quiet is the same tenant alone.
 * Hot set: that of the quiet tenant, an eighth of the fast node.
 * The 1 GiB shortcut does not fire: the fast node is smaller than that.
 * A good policy gives the fast node to whom it is of use, or keeps shares.
 */
#include <err.h>
#include <sys/mman.h>

#include "wl.h"

#define CGROUPS "/sys/fs/cgroup/"
#define AT_ONCE 1024

enum { QUIET, NOISY, NR_TENANTS };

static const char *const cgroups[] = { CGROUPS "wl-quiet", CGROUPS "wl-noisy" };

static struct wl_window noisy = { .spread = 1 };

static struct {
	bool done; /* is the quiet tenant */
	uint64_t ops[NR_TENANTS];
} *shared;

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
	(void)ops;
	if (tenant == QUIET) {
		wl_window_serve(wl.ops);
		__atomic_store_n(&shared->done, true, __ATOMIC_RELAXED);
		shared->ops[QUIET] = wl.ops;
		return;
	}
	shared->ops[NOISY] = 0;
	while (!__atomic_load_n(&shared->done, __ATOMIC_RELAXED)) {
		wl_window_use(&noisy, AT_ONCE);
		shared->ops[NOISY] += AT_ONCE;
	}
}

static void tenants_run(uint64_t ops)
{
	shared->done = false;
	wl_crew_run(ops);
}

static void tenants_reserve(void)
{
	static const struct wl_member member = {
		.populate_hot = populate_hot,
		.populate = populate,
		.run = run,
		.cgroup = cgroup,
	};

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED)
		err(1, "mmap");
	wl_latency_share();
	wl_window_reserve_quiet();
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

static double on_node(unsigned int tenant, int node)
{
	return wl_cgroup_bytes(cgroups[tenant], "anon", node) / 1048576.0;
}

static void tenants_print(void)
{
	unsigned int tenant;

	printf(",\"tenants\":[");
	for (tenant = 0; tenant < NR_TENANTS; tenant++) {
		printf("%s{\"name\":\"%s\",\"ns\":%llu,\"ops\":%llu", tenant ? "," : "",
		       cgroups[tenant] + sizeof(CGROUPS) - 1,
		       (unsigned long long)wl_crew_ns(tenant),
		       (unsigned long long)shared->ops[tenant]);
		printf(",\"fast_mib\":%.1f,\"slow_mib\":%.1f}", on_node(tenant, WL_FAST),
		       on_node(tenant, WL_SLOW));
	}
	printf("]");
	wl_latency_print();
}

const struct workload workload = {
	.name = "tenants",
	.intervals = 24,
	.ops = 500000,
	.reserve = tenants_reserve,
	.run = tenants_run,
	.nr_hot = wl_window_nr_hot,
	.hot_page = tenants_hot_page,
	.print = tenants_print,
	.populate_hot = wl_crew_populate_hot,
	.populate = wl_crew_populate,
};
