// SPDX-License-Identifier: GPL-2.0-only
/*
 * Policy tpp is the kernel's own tiering: on the same workload it promotes and demotes as many
 * pages as the kernel does without a policy.
 *
 * The fast node is full of memory that nobody touches any more. On the slow node is hot memory,
 * touched all the time, and as much cold memory. The kernel has to find the hot memory, make
 * room for it and leave the rest alone.
 */
#include "tierx_test.h"

#define REPETITIONS 3
#define HOT_PAGES   16384
/*
 * Percent that one may be more than the other. kswapd stops anywhere between its watermarks, which
 * are thousands of pages apart. A debug kernel does not get to the end of it in time, and how far
 * it gets differs: there one turn shows that tpp moves pages in such numbers at all.
 */
#define PROMOTED_TOLERANCE (15 * tierx_slower())
#define DEMOTED_TOLERANCE  (40 * tierx_slower())
/* Percent of the hot pages that may be promoted where nothing is hot. */
#define FEW 15
/* More than the watermarks: kswapd must not have given up before there is demotion. */
#define FREE_PAGES 8192
/* An emulated guest is slow: hot memory has to be touched within this time. */
#define HOT_MS (3000 * tierx_slower())
/* So short that no memory is hot. */
#define NEVER_HOT_MS 1
#define SETTLED_MS   2000
#define LIMIT_MS     40000
#define STEP_MS	     100

struct moved {
	uint64_t promoted;
	uint64_t demoted;
};

struct workload {
	struct tierx_mem *cold_fast;
	struct tierx_mem *cold_slow;
	struct tierx_mem *hot;
	struct tierx_toucher *toucher;
};

static struct moved moved_now(void)
{
	return (struct moved){
		.promoted = tierx_vmstat("pgpromote_success"),
		.demoted = tierx_vmstat("pgdemote_kswapd") + tierx_vmstat("pgdemote_direct") +
			   tierx_vmstat("pgdemote_khugepaged"),
	};
}

static void tiering_off(void)
{
	tierx_set_demotion(false);
	tierx_set("/proc/sys/kernel/numa_balancing", "0");
}

static void workload_start(struct workload *workload)
{
	int fast = tierx_fast_node(), slow = tierx_slow_node();
	uint64_t free_pages = tierx_node_vmstat(fast, "nr_free_pages");

	ASSERT_GT(free_pages, FREE_PAGES + HOT_PAGES);
	workload->hot = tierx_mem_alloc(HOT_PAGES, slow);
	workload->cold_slow = tierx_mem_alloc(HOT_PAGES, slow);
	workload->cold_fast = tierx_mem_alloc(free_pages - FREE_PAGES, fast);
	/* To be filled counts as being touched. */
	ASSERT_EQ(tierx_write("/proc/self/clear_refs", "1"), 0);
	workload->toucher = tierx_touch_start(workload->hot, -1, true);
}

static void workload_stop(struct workload *workload)
{
	tierx_touch_stop(workload->toucher);
	tierx_mem_free(workload->cold_fast);
	tierx_mem_free(workload->cold_slow);
	tierx_mem_free(workload->hot);
}

/* Until the hot memory has arrived and nothing has moved for a while, or it takes too long. */
static void workload_settle(struct workload *workload)
{
	uint64_t start = tierx_now_ms(), last_move = start;
	struct moved now, last = moved_now();

	while (tierx_now_ms() - last_move < SETTLED_MS ||
	       tierx_mem_count(workload->hot, tierx_fast_node()) < HOT_PAGES * 99 / 100) {
		if (tierx_now_ms() - start > LIMIT_MS)
			break;
		tierx_sleep_ms(STEP_MS);
		now = moved_now();
		if (now.promoted != last.promoted || now.demoted != last.demoted)
			last_move = tierx_now_ms();
		last = now;
	}
}

static struct tierx_policy *attach_tpp(unsigned int hot_ms)
{
	struct tierx_policy *policy = tierx_open_shipped("tpp");

	ASSERT_EQ(tierx_load(policy), 0);
	*(uint32_t *)tierx_global(policy, "hot_threshold_ms") = hot_ms;
	ASSERT_EQ(tierx_attach(policy), 0);
	return policy;
}

static void tiering_on(unsigned int hot_ms)
{
	char threshold[16];

	snprintf(threshold, sizeof(threshold), "%u", hot_ms);
	tierx_set("/sys/kernel/debug/sched/numa_balancing/hot_threshold_ms", threshold);
	tierx_set_demotion(true);
	tierx_set_tiering();
}

static void report(bool tpp, struct workload *workload, const struct moved *moved)
{
	int fast = tierx_fast_node();

	tierx_note(
		"%s: promoted %llu, demoted %llu; on the fast node: %zu of %d hot, %zu of %d cold",
		tpp ? "tpp" : "kernel", (unsigned long long)moved->promoted,
		(unsigned long long)moved->demoted, tierx_mem_count(workload->hot, fast), HOT_PAGES,
		tierx_mem_count(workload->cold_slow, fast), HOT_PAGES);
}

static struct moved run_workload(bool tpp)
{
	struct tierx_policy *policy;
	struct workload workload;
	struct moved before, moved;

	tiering_off();
	/* First: to load a policy takes memory of the fast node, which would be demoted for it. */
	policy = tpp ? attach_tpp(HOT_MS) : NULL;
	workload_start(&workload);
	before = moved_now();
	tiering_on(HOT_MS);
	workload_settle(&workload);
	moved = moved_now();
	moved.promoted -= before.promoted;
	moved.demoted -= before.demoted;
	report(tpp, &workload, &moved);
	if (policy) {
		ASSERT_GT(tierx_event("hint_fault"), 0);
		ASSERT_GT(tierx_event("reclaim"), 0);
		tierx_detach(policy);
	}
	workload_stop(&workload);

	return moved;
}

static int repetitions(void)
{
	return tierx_slower() > 1 ? 1 : REPETITIONS;
}

static uint64_t median(const uint64_t values[REPETITIONS])
{
	int i, j, less;

	for (i = 0; i < repetitions(); i++) {
		for (j = 0, less = 0; j < repetitions(); j++)
			less += values[j] < values[i] || (values[j] == values[i] && j < i);
		if (less == repetitions() / 2)
			break;
	}
	return values[i];
}

static void expect_similar(const char *what, const uint64_t kernel[REPETITIONS],
			   const uint64_t tpp[REPETITIONS], unsigned int tolerance)
{
	uint64_t wanted = median(kernel), got = median(tpp);

	tierx_note("%s: kernel %llu, tpp %llu", what, (unsigned long long)wanted,
		   (unsigned long long)got);
	ASSERT_GT(wanted, HOT_PAGES / 4);
	ASSERT_GE(got * (100 + tolerance), wanted * 100);
	ASSERT_LE(got * 100, wanted * (100 + tolerance));
}

static void as_the_kernel(void)
{
	uint64_t promoted[2][REPETITIONS], demoted[2][REPETITIONS];
	struct moved moved;
	int i, tpp;

	/* The first run also pushes out the page cache that earlier tests have left. */
	run_workload(false);
	for (i = 0; i < repetitions(); i++) {
		for (tpp = 0; tpp < 2; tpp++) {
			moved = run_workload(tpp);
			promoted[tpp][i] = moved.promoted;
			demoted[tpp][i] = moved.demoted;
		}
	}
	expect_similar("promoted", promoted[0], promoted[1], PROMOTED_TOLERANCE);
	expect_similar("demoted", demoted[0], demoted[1], DEMOTED_TOLERANCE);
}

/* More hint faults than would promote everything, if it was hot. */
static void expect_no_promotion(bool tpp)
{
	uint64_t faults = tierx_vmstat("numa_hint_faults");
	struct tierx_policy *policy;
	struct workload workload;
	struct moved before, moved;

	tiering_off();
	policy = tpp ? attach_tpp(NEVER_HOT_MS) : NULL;
	workload_start(&workload);
	before = moved_now();
	tiering_on(NEVER_HOT_MS);
	ASSERT_WAIT(tierx_vmstat("numa_hint_faults") - faults > 2 * HOT_PAGES, LIMIT_MS);
	moved = moved_now();
	moved.promoted -= before.promoted;
	moved.demoted -= before.demoted;
	report(tpp, &workload, &moved);
	ASSERT_LE(moved.promoted, HOT_PAGES * FEW / 100);
	if (policy)
		tierx_detach(policy);
	workload_stop(&workload);
}

static void cold_stays(void)
{
	expect_no_promotion(false);
	expect_no_promotion(true);
}

static const struct tierx_test tests[] = {
	TIERX_TEST(as_the_kernel, "tpp promotes and demotes as many pages as the kernel does"),
	TIERX_TEST(cold_stays, "neither promotes what is touched, but not soon"),
};

TIERX_TEST_MAIN(tests, tierx_unmet_tiers)
