// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory comes and goes while a policy is attached. Needs a node whose memory can
 * be taken offline as a whole.
 */
#include "targets.h"
#include "tierx_hotplug.h"
#include "tierx_mover.h"
#include "tierx_probe.h"

#define PAGES 256

/* The last node that has memory blocks, all of which can go. */
static int removable = -1;

static void online_again(void *unused __attribute__((unused)))
{
	tierx_blocks_set(removable, "online_movable");
}

static void take_offline(void)
{
	tierx_defer(online_again, NULL);
	ASSERT_EQ(tierx_blocks_set(removable, "offline"), 0);
	ASSERT(!tierx_node_has_memory(removable));
}

static const char *unmet(void)
{
	const char *reason = tierx_unmet_tiers();

	if (reason)
		return reason;
	removable = tierx_removable_node();
	if (removable < 0)
		return "needs a third node whose memory can be taken offline";
	return NULL;
}

static struct tierx_mover *start(void)
{
	struct tierx_mover *mover = tierx_mover_open();

	tierx_mover_start(mover);
	return mover;
}

static void target_offline(void)
{
	struct tierx_mover *mover = start();
	struct tierx_mem *mem = tierx_mem_alloc(1, tierx_slow_node());

	ASSERT_EQ(tierx_mover_one(mover, tierx_mem_pfn(mem, 0), 0, removable), 0);
	ASSERT_EQ(tierx_mem_node(mem, 0), removable);
	ASSERT_EQ(tierx_mem_move(mem, tierx_slow_node()), 1);

	take_offline();
	ASSERT_EQ(tierx_mover_one(mover, tierx_mem_pfn(mem, 0), 0, removable), -EINVAL);
	ASSERT_EQ(tierx_mem_node(mem, 0), tierx_slow_node());

	online_again(NULL);
	ASSERT_EQ(tierx_mover_one(mover, tierx_mem_pfn(mem, 0), 0, removable), 0);
	ASSERT_EQ(tierx_mem_node(mem, 0), removable);
}

static void pages_are_followed(void)
{
	struct tierx_mover *mover = start();
	struct tierx_mem *mem = tierx_mem_alloc(PAGES, removable);

	tierx_mem_fill(mem, 3);
	take_offline();
	ASSERT_EQ(tierx_mem_count(mem, removable), 0);
	ASSERT_GE(tierx_mover_count(mover, "nr_migrated_other"), PAGES);
	ASSERT_EQ(tierx_mem_verify(mem, 3), 0);
}

static void node_comes_late(void)
{
	struct tierx_mover *mover;
	struct tierx_mem *mem;

	take_offline();
	mover = start();
	online_again(NULL);
	ASSERT_WAIT(tierx_node_has_memory(removable), 5000);
	mem = tierx_mem_alloc(1, removable);
	/* Its migration thread is started by a work item. */
	ASSERT_WAIT(tierx_mover_one(mover, tierx_mem_pfn(mem, 0), 0, tierx_slow_node()) == 0, 5000);
	ASSERT_EQ(tierx_mem_node(mem, 0), tierx_slow_node());
}

static void late_is_nice(void)
{
	volatile struct tierx_probe *probe;
	struct tierx_policy *policy = probe_open(NULL, &probe);

	tierx_field_set(policy, "tick_ms", 10);
	tierx_field_set(policy, "nice", -7);
	take_offline();
	tierx_start(policy);
	ASSERT_EQ(probe->nr_tick[removable], 0);
	online_again(NULL);
	ASSERT_WAIT(probe->nr_tick[removable] > 0, 5000);
	ASSERT_EQ(probe->tick_nice[removable], -7);
}

static void no_target_offline(void)
{
	struct tierx_policy *policy = tierx_open("targets");
	volatile uint64_t *rounds;
	int32_t *demotion;
	uint64_t before;

	take_offline();
	if (tierx_load(policy))
		FAIL("targets does not load: %s", tierx_log(policy));
	ASSERT_EQ(tierx_attach(policy), 0);
	rounds = tierx_global(policy, "rounds");
	before = *rounds;
	ASSERT_WAIT(*rounds > before + 1, 5000);
	demotion = tierx_global(policy, "demotion");
	ASSERT_EQ(demotion[removable], -EINVAL);
	ASSERT_NE(demotion[tierx_fast_node()], removable);
}

static const struct tierx_test tests[] = {
	TIERX_TEST(target_offline, "a node that goes offline is refused, until it is back"),
	TIERX_TEST(pages_are_followed, "migrated sees the pages of a node that goes offline"),
	TIERX_TEST(node_comes_late, "a node that comes online gets its migration thread"),
	TIERX_TEST(late_is_nice, "and that has the nice value that the policy wants"),
	TIERX_TEST(no_target_offline, "an offline node is no target"),
};

TIERX_TEST_MAIN(tests, unmet)
