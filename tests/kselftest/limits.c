// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bounds that the kernel keeps whatever the policy wants: rate limits and the
 * size of the rings.
 */
#include "tierx_mover.h"

#define RING_SIZE  4096
#define RATE_BYTES (2ULL << 20)
/* A slow kernel is given less to move, in as much more time: what is on its way counts the same. */
#define RATE_MS (5000 * (int)tierx_slower())

/* Queue more than the limit lets through and see how much has moved when time is up. */
static void expect_rate(const char *field, uint64_t rate)
{
	int fast = tierx_fast_node(), slow = tierx_slow_node();
	struct tierx_mover *mover = tierx_mover_open();
	struct tierx_mem *mem;
	uint64_t moved, start, ms;
	size_t page;

	tierx_field_set(mover->policy, field, rate);
	mem = tierx_mem_alloc(rate / TIERX_PAGE * (RATE_MS / 1000 + 2), slow);
	ASSERT_LE(mem->pages, RING_SIZE);
	tierx_mover_start(mover);
	for (page = 0; page < mem->pages; page++)
		mover->wanted[page] = (struct mover_wanted){
			.pfn = tierx_mem_pfn(mem, page),
			.nid = fast,
		};
	/* What has flowed in since the policy was attached may go at once: use it up. */
	tierx_mover_submit(mover, mem->pages);
	ASSERT_WAIT(tierx_event("rate_limited") > 0, 5000);
	moved = tierx_mover_count(mover, "nr_migrated_queued");
	start = tierx_now_ms();
	tierx_sleep_ms(RATE_MS);
	moved = (tierx_mover_count(mover, "nr_migrated_queued") - moved) * TIERX_PAGE;
	ms = tierx_now_ms() - start;
	tierx_note("%s %llu: %llu bytes in %llu ms", field, (unsigned long long)rate,
		   (unsigned long long)moved, (unsigned long long)ms);
	ASSERT_EQ(tierx_event("queue_dropped"), 0);
	ASSERT_LE(moved, rate * ms / 1000 * 110 / 100);
	ASSERT_GE(moved, rate * ms / 1000 * 90 / 100);
}

/* A slow kernel cannot move that much, whatever the limit. */
static void rate_of_policy(void)
{
	expect_rate("rate_limit_bytes", RATE_BYTES / tierx_slower());
}

static void rate_of_node(void)
{
	expect_rate("node_rate_limit_bytes", RATE_BYTES / tierx_slower());
}

/* A second of it is more than 64 bits hold. */
static void rate_of_all(void)
{
	static const char *const fields[] = { "rate_limit_bytes", "node_rate_limit_bytes" };
	struct tierx_mover *mover;
	struct tierx_mem *mem;
	size_t i;

	for (i = 0; i < TIERX_ARRAY_SIZE(fields); i++) {
		mover = tierx_mover_open();
		tierx_field_set(mover->policy, fields[i], ~0ULL);
		tierx_mover_start(mover);
		mem = tierx_mem_alloc(1, tierx_slow_node());
		tierx_sleep_ms(2000);
		ASSERT_EQ(tierx_mover_one(mover, tierx_mem_pfn(mem, 0), 0, tierx_fast_node()), 0);
		ASSERT_EQ(tierx_mem_node(mem, 0), tierx_fast_node());
		ASSERT_EQ(tierx_event("rate_limited"), 0);
		tierx_detach(mover->policy);
	}
}

/* Promotions in the fault cannot wait: they are left out. */
static void rate_of_faults(void)
{
	int fast = tierx_fast_node(), slow = tierx_slow_node();
	uint64_t rate = RATE_BYTES / 8, start, ms, moved;
	struct tierx_mover *mover = tierx_mover_open();
	struct tierx_mem *mem;

	tierx_set_tiering();
	tierx_set_all_hot();
	mem = tierx_mem_alloc(2 * RING_SIZE, slow);
	tierx_field_set(mover->policy, "rate_limit_bytes", rate);
	*(int32_t *)tierx_global(mover->policy, "hint_verdict") = fast;
	tierx_mover_start(mover);
	start = tierx_now_ms();
	tierx_touch_start(mem, -1, true);
	tierx_sleep_ms(2 * RATE_MS);
	ms = tierx_now_ms() - start;
	moved = tierx_mem_count(mem, fast) * TIERX_PAGE;
	tierx_note("%llu bytes in %llu ms", (unsigned long long)moved, (unsigned long long)ms);
	ASSERT_GT(moved, 0);
	ASSERT_GT(tierx_event("rate_limited"), 0);
	ASSERT_LE(moved, rate * ms / 1000 * 110 / 100);
}

/* Node 0's own thread runs the tick, so nothing is taken from its ring meanwhile. */
static void ring_overflow(void)
{
	int fast = tierx_fast_node(), slow = tierx_slow_node();
	size_t i, dropped = 0, queued = 0;
	struct tierx_mover *mover;
	struct tierx_mem *mem;

	if (fast != 0)
		SKIP("the fast node is not node 0");
	mover = tierx_mover_open();
	tierx_mover_start(mover);
	mem = tierx_mem_alloc(MOVER_MAX_WANTED, fast);
	for (i = 0; i < MOVER_MAX_WANTED; i++)
		mover->wanted[i] =
			(struct mover_wanted){ .pfn = tierx_mem_pfn(mem, i), .nid = slow };
	tierx_mover_run(mover, MOVER_MAX_WANTED, 30000);
	for (i = 0; i < MOVER_MAX_WANTED; i++) {
		queued += mover->wanted[i].ret == 0;
		dropped += mover->wanted[i].ret == -ENOSPC;
	}
	ASSERT_EQ(queued, RING_SIZE);
	ASSERT_EQ(dropped, MOVER_MAX_WANTED - RING_SIZE);
	ASSERT_EQ(tierx_event("queue_dropped"), dropped);
	/* What was dropped is where it was, what was queued is not. */
	ASSERT_EQ(tierx_mem_count(mem, slow), RING_SIZE);
	ASSERT_EQ(tierx_mem_count(mem, fast), MOVER_MAX_WANTED - RING_SIZE);
}

static const struct tierx_test tests[] = {
	TIERX_TEST(rate_of_policy, "the policy's rate limit holds within 10%"),
	TIERX_TEST(rate_of_node, "the node's rate limit holds within 10%"),
	TIERX_TEST(rate_of_all, "the largest rate is no limit"),
	TIERX_TEST(rate_of_faults, "the rate limit holds for promotions in the fault"),
	TIERX_TEST(ring_overflow, "a full ring drops and counts"),
};

TIERX_TEST_MAIN(tests, tierx_unmet_tiers)
