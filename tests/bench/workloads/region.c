// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of a workload, and where its pages lie at the start.
 */
#include <err.h>
#include <linux/mempolicy.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "wl.h"

#define MAX_REGIONS 8
#define HUGE_BYTES  (2UL << 20)
#define NR_NODES    2
#define MASK_BITS   64UL
/* Cold pages leave this much above the watermark at which kswapd would start. */
#define FILL_RESERVE (4 * WL_MIB_PAGES)

static struct wl_region regions[MAX_REGIONS];
static unsigned int nr_regions;

/* --- where new pages come from --- */

static void set_policy(int mode, unsigned long mask)
{
	if (syscall(SYS_set_mempolicy, mode, mask ? &mask : NULL, mask ? MASK_BITS : 0UL))
		err(1, "set_mempolicy");
}

void wl_bind(int node)
{
	set_policy(node < 0 ? MPOL_DEFAULT : MPOL_BIND, node < 0 ? 0 : 1UL << node);
}

void wl_prefer(int node)
{
	set_policy(MPOL_PREFERRED, 1UL << node);
}

void wl_interleave(void)
{
	set_policy(MPOL_INTERLEAVE, (1UL << NR_NODES) - 1);
}

/* --- regions --- */

static char *reserve(size_t bytes, bool huge)
{
	size_t slack = huge ? HUGE_BYTES : 0;
	char *addr = mmap(NULL, bytes + slack, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (addr == MAP_FAILED)
		err(1, "no address space for %zu bytes", bytes);
	if (!huge)
		return addr;
	addr = (char *)(((uintptr_t)addr + slack - 1) & ~(slack - 1));
	madvise(addr, bytes, MADV_HUGEPAGE);
	return addr;
}

struct wl_region *wl_region(size_t pages, bool huge)
{
	struct wl_region *region = &regions[nr_regions++];

	if (nr_regions > MAX_REGIONS)
		errx(1, "too many regions");
	region->addr = reserve(pages * WL_PAGE, huge);
	region->pages = pages;
	return region;
}

static void touch(char *addr, size_t pages)
{
	size_t i;

	for (i = 0; i < pages; i++)
		((volatile char *)addr)[i * WL_PAGE] = 1;
}

/* What is there already stays where it is. */
void wl_populate_region(const struct wl_region *region)
{
	if (wl.placement == WL_INTERLEAVE)
		wl_interleave();
	else
		wl_bind(wl.placement == WL_ALL_FAST ? WL_FAST : WL_SLOW);
	touch(region->addr, region->pages);
	wl_bind(-1);
}

void wl_populate_regions(void)
{
	unsigned int i;

	for (i = 0; i < nr_regions; i++)
		wl_populate_region(&regions[i]);
}

/* As many as there is room for on the fast node. */
void wl_populate_pages(size_t nr, struct wl_page (*page)(size_t i))
{
	size_t i;

	wl_prefer(WL_FAST);
	for (i = 0; i < nr; i++)
		touch(page(i).addr, 1);
	wl_bind(-1);
}

static void populate_hot(void)
{
	if (workload.populate_hot)
		workload.populate_hot();
	else
		wl_populate_pages(workload.nr_hot(), workload.hot_page);
}

/* --- cold pages that fill the fast node --- */

static size_t node_free_pages(int node)
{
	char path[64], line[128];
	size_t kib = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/meminfo", node);
	file = fopen(path, "r");
	if (!file)
		err(1, "%s", path);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "Node %*d MemFree: %zu kB", &kib) == 1)
			break;
	fclose(file);
	return kib * 1024 / WL_PAGE;
}

static size_t node_high_pages(int node)
{
	size_t value, pages = 0;
	char line[128];
	int at = -1;
	FILE *file = fopen("/proc/zoneinfo", "r");

	if (!file)
		err(1, "/proc/zoneinfo");
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "Node %d, zone", &at) == 1)
			continue;
		if (at == node && sscanf(line, " high %zu", &value) == 1)
			pages += value;
	}
	fclose(file);
	return pages;
}

void wl_fill(void)
{
	size_t reserve_pages = node_high_pages(WL_FAST) + FILL_RESERVE;
	size_t pages, free_pages = node_free_pages(WL_FAST);

	if (wl.fast_mib >= WL_LARGE_MIB || wl.placement == WL_ALL_FAST)
		return;
	if (wl.placement == WL_ORACLE)
		reserve_pages += workload.oracle_reserve;
	if (free_pages <= reserve_pages)
		return;
	pages = free_pages - reserve_pages;
	if (wl.placement == WL_INTERLEAVE)
		wl_interleave();
	else
		wl_bind(WL_FAST);
	touch(reserve(pages * WL_PAGE, false), pages);
	wl_bind(-1);
}

/* Whoever comes first gets the fast memory: cold pages, unless somebody knows better. */
void wl_place(void)
{
	bool hot_first = wl.placement == WL_ORACLE || workload.settled;

	if (hot_first && wl.placement != WL_INTERLEAVE)
		populate_hot();
	if (wl.placement != WL_ORACLE)
		wl_fill();

	if (workload.populate)
		workload.populate();
	else
		wl_populate_regions();

	if (wl.placement == WL_ORACLE)
		wl_fill();
	/* As for a program started by "numactl --interleave". */
	if (wl.placement == WL_INTERLEAVE)
		wl_interleave();
}
