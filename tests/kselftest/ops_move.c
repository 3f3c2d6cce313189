// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ops around the migration threads: admit, migrated and tick. The moves
 * that they are asked about come from DEFER, tick and move_pages(2).
 */
#include <sys/resource.h>

#include "tierx_probe.h"

#define PAGES	   1024
#define THREADS	   2
#define MR_SYSCALL 3

/* Pages that are queued by hint faults; @admit answers. */
static struct tierx_storm *queue_moves(struct tierx_policy *policy,
				       volatile struct tierx_probe *probe, s32 admit)
{
	probe->hint_fault = TIERX_DEFER;
	probe->admit = admit;
	tierx_start(policy);
	return tierx_storm_start(PAGES, THREADS);
}

static void admit_allow(void)
{
	volatile struct tierx_probe *probe;
	struct tierx_policy *policy = probe_open(NULL, &probe);
	struct tierx_storm *storm = queue_moves(policy, probe, TIERX_ALLOW);

	ASSERT_WAIT(tierx_mem_count(storm->mem, tierx_fast_node()) > PAGES * 3 / 4, 30000);
	tierx_storm_stop(storm);
	ASSERT_GE(probe->nr_admit, PAGES * 3 / 4);
	ASSERT_EQ(tierx_event("refused_admit"), 0);
	ASSERT_EQ(probe->admitted.src_nid, tierx_slow_node());
	ASSERT_EQ(probe->admitted.dst_nid, tierx_fast_node());
	ASSERT_EQ(probe->admitted.nr_pages, 1);
	ASSERT_EQ(probe->admitted.queued, 1);
	ASSERT_EQ(probe->admitted.move, 0);
}

static void admit_deny(void)
{
	volatile struct tierx_probe *probe;
	struct tierx_policy *policy = probe_open(NULL, &probe);
	struct tierx_storm *storm = queue_moves(policy, probe, TIERX_DENY);

	ASSERT_WAIT(probe->nr_admit > PAGES, 30000);
	tierx_storm_stop(storm);
	ASSERT_EQ(tierx_mem_count(storm->mem, tierx_slow_node()), PAGES);
	ASSERT_EQ(tierx_event("promoted_pages"), 0);
	/* The threads may still be at work on what was queued. */
	ASSERT_WAIT(tierx_event("refused_admit") == tierx_event("admit"), 5000);
	/* Only of moves that failed for another reason. */
	ASSERT_EQ(probe->nr_migrated_queued, probe->nr_migrated_failed);
}

static void admit_redirect(void)
{
	volatile struct tierx_probe *probe;
	struct tierx_policy *policy;
	struct tierx_mem *mem;
	size_t i;

	if (tierx_nr_nodes() < 3)
		SKIP("needs three nodes");
	mem = tierx_mem_alloc(64, 1);
	policy = probe_open(NULL, &probe);
	tierx_field_set(policy, "tick_ms", 10);
	probe->admit = 2;
	tierx_start(policy);
	for (i = 0; i < mem->pages; i++) {
		probe->pfn = tierx_mem_pfn(mem, i);
		probe->nid = 0;
		probe->order = PROBE_MIGRATE;
		ASSERT_WAIT(tierx_mem_node(mem, i) != 1, 3000);
	}
	ASSERT_EQ(tierx_mem_count(mem, 2), mem->pages);
	ASSERT_EQ(probe->admitted.dst_nid, 0);
	ASSERT_EQ(probe->migrated.dst_nid, 2);
	ASSERT_EQ(tierx_event("demoted_pages"), mem->pages);
}

static void admit_bad(void)
{
	volatile struct tierx_probe *probe;
	struct tierx_policy *policy = probe_open(NULL, &probe);
	struct tierx_storm *storm = queue_moves(policy, probe, TIERX_KEEP);

	ASSERT_WAIT(probe->nr_exit == 1, 30000);
	ASSERT_EQ(probe->exit_kind, TIERX_EXIT_ERROR_VERDICT);
	ASSERT_HAS((char *)probe->exit_msg, "the last one -4 from admit");
	/* Until then it was as good as default. */
	ASSERT_GT(tierx_mem_count(storm->mem, tierx_fast_node()), 0);
}

/* Asked for by the very first tick: no hook may still be off when that comes. */
static void migrated_queued(void)
{
	volatile struct tierx_probe *probe;
	struct tierx_policy *policy = probe_open(NULL, &probe);
	struct tierx_mem *mem = tierx_mem_alloc(1, tierx_slow_node());
	uint64_t pfn = tierx_mem_pfn(mem, 0);

	tierx_mem_fill(mem, 1);
	tierx_field_set(policy, "tick_ms", 10);
	probe->pfn = pfn;
	probe->nid = tierx_fast_node();
	probe->migrate_result = 1;
	probe->order = PROBE_MIGRATE;
	tierx_start(policy);
	ASSERT_WAIT(tierx_mem_node(mem, 0) == tierx_fast_node(), 5000);
	ASSERT_EQ(probe->migrate_result, 0);
	ASSERT_EQ(tierx_event("queued"), 1);
	ASSERT_EQ(probe->nr_migrated, 1);
	ASSERT_EQ(probe->nr_migrated_queued, 1);
	ASSERT_EQ(probe->migrated.error, 0);
	ASSERT_EQ(probe->migrated.pfn, pfn);
	ASSERT_EQ(probe->migrated.new_pfn, tierx_mem_pfn(mem, 0));
	ASSERT_EQ(probe->migrated.src_nid, tierx_slow_node());
	ASSERT_EQ(probe->migrated.dst_nid, tierx_fast_node());
	ASSERT_EQ(tierx_mem_verify(mem, 1), 0);
}

static void migrated_syscall(void)
{
	volatile struct tierx_probe *probe;
	struct tierx_policy *policy = probe_open(NULL, &probe);
	struct tierx_mem *mem = tierx_mem_alloc(1, tierx_slow_node());
	uint64_t pfn = tierx_mem_pfn(mem, 0);

	tierx_start(policy);
	ASSERT_EQ(tierx_mem_move(mem, tierx_fast_node()), 1);
	ASSERT_EQ(probe->nr_migrated, 1);
	ASSERT_EQ(probe->nr_migrated_queued, 0);
	ASSERT_EQ(probe->migrated.pfn, pfn);
	ASSERT_EQ(probe->migrated.new_pfn, tierx_mem_pfn(mem, 0));
	ASSERT_EQ(probe->migrated.src_nid, tierx_slow_node());
	ASSERT_EQ(probe->migrated.dst_nid, tierx_fast_node());
	ASSERT_EQ(probe->migrated.nr_pages, 1);
	ASSERT_EQ(probe->migrated.reason, MR_SYSCALL);
	ASSERT_EQ(tierx_event("promoted_pages"), 1);

	ASSERT_EQ(tierx_mem_move(mem, tierx_slow_node()), 1);
	ASSERT_EQ(probe->nr_migrated, 2);
	ASSERT_EQ(tierx_event("demoted_pages"), 1);
	/* Not asked for by the policy, so not for it to admit. */
	ASSERT_EQ(probe->nr_admit, 0);
}

static void migrated_many(void)
{
	volatile struct tierx_probe *probe;
	struct tierx_policy *policy = probe_open(NULL, &probe);
	struct tierx_mem *mem = tierx_mem_alloc(PAGES, tierx_slow_node());
	size_t moved;

	tierx_start(policy);
	moved = tierx_mem_move(mem, tierx_fast_node());
	ASSERT_GT(moved, PAGES * 3 / 4);
	ASSERT_GE(probe->nr_migrated, moved);
	ASSERT_GE(tierx_event("migrated"), moved);
}

static void tick_period(void)
{
	volatile struct tierx_probe *probe;
	struct tierx_policy *policy = probe_open(NULL, &probe);
	uint64_t start, elapsed, nr[PROBE_MAX_NODES];
	int nodes = tierx_nr_nodes(), i;

	tierx_field_set(policy, "tick_ms", 100);
	tierx_start(policy);
	tierx_sleep_ms(300);
	start = tierx_now_ms();
	for (i = 0; i < nodes; i++)
		nr[i] = probe->nr_tick[i];
	tierx_sleep_ms(3000);
	elapsed = tierx_now_ms() - start;
	for (i = 0; i < nodes; i++) {
		nr[i] = probe->nr_tick[i] - nr[i];
		/* A tick may come late, but not early. */
		ASSERT_GE(nr[i], elapsed / 100 / 2);
		ASSERT_LE(nr[i], elapsed / 100 + 2);
	}
}

static void tick_default(void)
{
	volatile struct tierx_probe *probe;
	struct tierx_policy *policy = probe_open(NULL, &probe);
	uint64_t nr;

	tierx_start(policy);
	tierx_sleep_ms(3500);
	nr = probe->nr_tick[tierx_fast_node()];
	ASSERT_GE(nr, 2);
	ASSERT_LE(nr, 5);
}

static void tick_told(void)
{
	volatile struct tierx_probe *probe;
	struct tierx_policy *policy = probe_open(NULL, &probe);
	int nodes = tierx_nr_nodes(), i;

	tierx_field_set(policy, "tick_ms", 10);
	tierx_start(policy);
	for (i = 0; i < nodes; i++)
		ASSERT_WAIT(probe->nr_tick[i] > 0, 5000);
	ASSERT_EQ(probe->tick_tier[tierx_fast_node()], 0);
	ASSERT_GT(probe->tick_tier[tierx_slow_node()], 0);
	/* The guest's nodes are 256 MiB at least; holes make them a bit smaller. */
	for (i = 0; i < nodes; i++)
		ASSERT_GT(probe->tick_present_pages[i], (200 << 20) / TIERX_PAGE);
}

static struct tierx_policy *open_nice(const char *name, int nice,
				      volatile struct tierx_probe **probe)
{
	struct tierx_policy *policy = probe_open(name, probe);

	tierx_field_set(policy, "tick_ms", 10);
	tierx_field_set(policy, "nice", nice);
	return policy;
}

static void expect_nice(volatile struct tierx_probe *probe, int node, int nice)
{
	uint64_t nr = probe->nr_tick[node];

	/* One may be going on. */
	ASSERT_WAIT(probe->nr_tick[node] > nr + 1, 5000);
	ASSERT_EQ(probe->tick_nice[node], nice);
}

/* Until the next policy is put in place, whoever may set a nice value has the last word. */
static void tick_nice(void)
{
	volatile struct tierx_probe *probe[2];
	struct tierx_policy *policy[2] = { open_nice("first", -7, &probe[0]),
					   open_nice("second", 3, &probe[1]) };
	int nodes = tierx_nr_nodes(), fast = tierx_fast_node(), i;

	tierx_start(policy[0]);
	for (i = 0; i < nodes; i++)
		expect_nice(probe[0], i, -7);
	ASSERT_EQ(setpriority(PRIO_PROCESS, probe[0]->tick_pid[fast], 11), 0);
	expect_nice(probe[0], fast, 11);

	ASSERT_EQ(tierx_load(policy[1]), 0);
	ASSERT_EQ(tierx_swap(policy[0], policy[1]), 0);
	for (i = 0; i < nodes; i++)
		expect_nice(probe[1], i, 3);
}

static const struct tierx_test tests[] = {
	TIERX_TEST(admit_allow, "admit: allow lets a queued move happen"),
	TIERX_TEST(admit_deny, "admit: deny drops it"),
	TIERX_TEST(admit_redirect, "admit: a node is moved to instead"),
	TIERX_TEST(admit_bad, "admit: too many verdicts of another op eject"),
	TIERX_TEST(migrated_queued, "migrated: a queued move, with old and new place"),
	TIERX_TEST(migrated_syscall, "migrated: a move that somebody else made"),
	TIERX_TEST(migrated_many, "migrated: none is missed"),
	TIERX_TEST(tick_period, "tick comes for every node, as often as was asked for"),
	TIERX_TEST(tick_default, "tick comes every second if nothing was said"),
	TIERX_TEST(tick_told, "tick is told about the node"),
	TIERX_TEST(tick_nice, "the threads have the nice value that the policy wants"),
};

TIERX_TEST_MAIN(tests, tierx_unmet_tiers)
