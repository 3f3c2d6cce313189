// SPDX-License-Identifier: GPL-2.0-only
/*
 * What it costs to scan accessed bits must not grow with the number of processes
 * that map a file.
 *
 * Costs are in ticks of the time stamp counter, which are instructions where the
 * emulator counts these (tests/bench). Only there TIERX_SCAN_LIMIT is set, the
 * percentage that 1,000 processes may cost of what one does.
 *
 * Nor is the way to a mapping to be found for each folio: who goes through memory in
 * order finds it once for many.
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
/* Percent: a walk in order, of one that looks at each folio for itself. */
#define ORDER_PERCENT 60
/* To clear, of a walk that shows what is there. */
#define CLEAR_PERCENT 50

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

/* First and last PFN of what is mapped, without so many pages at both of its ends. */
static void find_pfns(struct tierx_mem *mem, size_t without, struct scan_args *args)
{
	uint64_t pfn;
	size_t i;

	args->start_pfn = UINT64_MAX;
	for (i = without; i < PAGES - without; i++) {
		pfn = tierx_mem_pfn(mem, i);
		if (pfn < args->start_pfn)
			args->start_pfn = pfn;
		if (pfn >= args->end_pfn)
			args->end_pfn = pfn + 1;
	}
}

static void find_range(struct scan_args *args)
{
	tierx_file_map(file, PROT_READ, MAP_SHARED);
	tierx_file_touch(file, false);
	find_pfns(&file->mem, 0, args);
	tierx_file_unmap(file);
}

/* Ticks per folio of a scan that finds nothing accessed, so that no search ends early. */
static uint64_t cost_of(const char *prog, struct scan_args *args)
{
	volatile uint64_t *nr_folios = tierx_global(scanner, "nr_folios");
	volatile uint64_t *nr_young = tierx_global(scanner, "nr_young");
	uint64_t start, best = UINT64_MAX, cost;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		start = __rdtsc();
		ASSERT_EQ(tierx_call(scanner, prog, args, sizeof(*args)), 0);
		cost = (__rdtsc() - start) / *nr_folios;
		if (cost < best)
			best = cost;
	}
	ASSERT_GE(*nr_folios, PAGES / 2);
	ASSERT_LT(*nr_young, PAGES / 10);
	return best;
}

static uint64_t cost_per_folio(struct scan_args *args, int processes)
{
	tierx_fork(crowd, (void *)(intptr_t)(processes - *nr_ready));
	ASSERT_WAIT(*nr_ready >= processes, READY_MS);
	return cost_of("scan_range", args);
}

static void start(void)
{
	scanner = tierx_open("scan");
	if (tierx_load(scanner))
		FAIL("load: %s", tierx_log(scanner));
}

static void e6_scan_cost(void)
{
	struct scan_args args = { .flags = HARVEST, .nid = tierx_slow_node() };
	const char *limit = getenv("TIERX_SCAN_LIMIT");
	/* A thousand take their time, and only where they are compared is it well spent. */
	const int processes[] = { 1, 10, limit ? 1000 : 100 };
	uint64_t cost[TIERX_ARRAY_SIZE(processes)];
	size_t i;

	start();
	nr_ready = tierx_map_shared(TIERX_PAGE, -1);
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

/* The first pages may come from anywhere, those in the middle are in order. */
static void scan_in_order(void)
{
	struct scan_args args = { .flags = HARVEST, .nid = tierx_slow_node() };
	uint64_t each, order, clear;

	start();
	find_pfns(tierx_mem_alloc(PAGES, tierx_slow_node()), PAGES / 4, &args);
	tierx_drain_lru();
	each = cost_of("scan_each", &args);
	order = cost_of("scan_range", &args);
	clear = cost_of("scan_clear", &args);
	tierx_note(
		"ticks per folio: one at a time %llu, in order %llu (%llu%%), cleared %llu (%llu%%)",
		(unsigned long long)each, (unsigned long long)order,
		(unsigned long long)(100 * order / each), (unsigned long long)clear,
		(unsigned long long)(100 * clear / each));
	if (!getenv("TIERX_SCAN_LIMIT"))
		return;
	ASSERT_LE(100 * order / each, ORDER_PERCENT);
	ASSERT_LE(100 * clear / order, CLEAR_PERCENT);
}

static const struct tierx_test tests[] = {
	TIERX_TEST(e6_scan_cost, "the cost of a scan, by number of processes"),
	TIERX_TEST(scan_in_order, "the cost of a scan, in order and one at a time"),
};

TIERX_TEST_MAIN(tests, tierx_unmet_tiers)
