// SPDX-License-Identifier: GPL-2.0-only
/*
 * What it costs to scan accessed bits must not grow with the number of processes
 * that map a file.
 *
 * Costs are in ticks of the time stamp counter, which are instructions where the
 * emulator counts these (tests/bench). Only there TIERX_SCAN_LIMIT is set, the
 * percentage that 1,000 processes may cost of what one does.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <x86intrin.h>

#include "tierx_file.h"

#define PAGES	 4096
#define ROUNDS	 5
#define HARVEST	 4
#define READY_MS 600000

struct scan_args {
	uint64_t start_pfn;
	uint64_t end_pfn;
	uint64_t flags;
	int nid;
};

static struct tierx_policy *scanner;
static struct tierx_file *file;
static volatile int *nr_ready;

static int map_touch_and_wait(void)
{
	volatile unsigned char *addr;
	size_t i;

	addr = mmap(NULL, PAGES * TIERX_PAGE, PROT_READ, MAP_SHARED, file->fd, 0);
	if (addr == MAP_FAILED)
		return 1;
	for (i = 0; i < PAGES; i++)
		(void)addr[i * TIERX_PAGE];
	/* Forget that they were accessed, or nearly every search would end at its first step. */
	if (tierx_write("/proc/self/clear_refs", "1"))
		return 2;
	__atomic_fetch_add(nr_ready, 1, __ATOMIC_RELAXED);
	for (;;)
		pause();
	return 0;
}

/* So many processes, which end with this one. */
static int crowd(void *arg)
{
	int i, nr = (intptr_t)arg;
	pid_t pid;

	for (i = 1; i < nr; i++) {
		pid = fork();
		if (pid < 0)
			return 1;
		if (pid)
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(map_touch_and_wait());
	}
	return map_touch_and_wait();
}

/* First and last PFN of the file. */
static void find_range(struct scan_args *args)
{
	uint64_t pfn;
	size_t i;

	tierx_file_map(file, PROT_READ, MAP_SHARED);
	tierx_file_touch(file, false);
	args->start_pfn = UINT64_MAX;
	for (i = 0; i < PAGES; i++) {
		pfn = tierx_mem_pfn(&file->mem, i);
		if (pfn < args->start_pfn)
			args->start_pfn = pfn;
		if (pfn >= args->end_pfn)
			args->end_pfn = pfn + 1;
	}
	tierx_file_unmap(file);
}

static void scan(struct scan_args *args)
{
	ASSERT_EQ(tierx_call(scanner, "scan_range", args, sizeof(*args)), 0);
}

/* Ticks per folio of a scan that finds nothing accessed, so that no search ends early. */
static uint64_t cost_per_folio(struct scan_args *args, int processes)
{
	volatile uint64_t *nr_folios = tierx_global(scanner, "nr_folios");
	volatile uint64_t *nr_young = tierx_global(scanner, "nr_young");
	uint64_t start, best = UINT64_MAX, cost;
	int i;

	tierx_fork(crowd, (void *)(intptr_t)(processes - *nr_ready));
	ASSERT_WAIT(*nr_ready >= processes, READY_MS);
	for (i = 0; i < ROUNDS; i++) {
		start = __rdtsc();
		scan(args);
		cost = (__rdtsc() - start) / *nr_folios;
		if (cost < best)
			best = cost;
	}
	ASSERT_GE(*nr_folios, PAGES);
	ASSERT_LT(*nr_young, PAGES / 10);
	return best;
}

static void e6_scan_cost(void)
{
	struct scan_args args = { .flags = HARVEST, .nid = tierx_slow_node() };
	const char *limit = getenv("TIERX_SCAN_LIMIT");
	/* A thousand take their time, and only where they are compared is it well spent. */
	const int processes[] = { 1, 10, limit ? 1000 : 100 };
	uint64_t cost[TIERX_ARRAY_SIZE(processes)];
	size_t i;

	scanner = tierx_open("scan");
	if (tierx_load(scanner))
		FAIL("load: %s", tierx_log(scanner));
	nr_ready =
		mmap(NULL, TIERX_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE((intptr_t)nr_ready, (intptr_t)MAP_FAILED);
	file = tierx_file_create(tierx_mount_tmpfs(""), PAGES, tierx_slow_node());

	find_range(&args);
	for (i = 0; i < TIERX_ARRAY_SIZE(processes); i++) {
		cost[i] = cost_per_folio(&args, processes[i]);
		tierx_note("mapped by %4d processes: %llu ticks per folio, %llu%% of one process",
			   processes[i], (unsigned long long)cost[i],
			   (unsigned long long)(100 * cost[i] / cost[0]));
	}
	if (limit)
		ASSERT_LE(100 * cost[2] / cost[0], strtoull(limit, NULL, 10));
}

static const struct tierx_test tests[] = {
	TIERX_TEST(e6_scan_cost, "the cost of a scan, by number of processes"),
};

TIERX_TEST_MAIN(tests, tierx_unmet_tiers)
