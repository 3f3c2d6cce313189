// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hooks are switched on and off while they are being called.
 *
 * For a guest with one CPU: QEMU before 8.1 may go on executing an instruction
 * that another virtual CPU has replaced, and so trips over the breakpoints by
 * which the kernel exchanges its jumps.
 */
#include "tierx_probe.h"

#define STORM_PAGES   4096
#define STORM_THREADS 2

/* Does the event counter still move once what was under way is done? */
static bool asked(void)
{
	uint64_t nr;

	tierx_sleep_ms(200);
	nr = tierx_event("hint_fault");
	return TIERX_WAIT(tierx_event("hint_fault") > nr + 50, 3000);
}

static void other_ops(void)
{
	volatile struct tierx_probe *probe[2];
	struct tierx_policy *policy[2];
	struct tierx_storm *storm;
	int i;

	policy[0] = probe_open("faults", &probe[0]);
	policy[1] = probe_open("reclaims", &probe[1]);
	probe[0]->hint_fault = TIERX_STAY;
	tierx_field_set(policy[1], "hint_fault", 0);
	tierx_field_set(policy[0], "reclaim", 0);
	tierx_start(policy[0]);
	ASSERT_EQ(tierx_load(policy[1]), 0);
	/* Nothing is hot enough for the default to promote it. */
	tierx_set("/sys/kernel/debug/sched/numa_balancing/hot_threshold_ms", "1");
	storm = tierx_storm_start(STORM_PAGES, STORM_THREADS);
	ASSERT_WAIT(probe[0]->nr_hint_fault > 100, 30000);

	for (i = 0; i < 100; i++)
		ASSERT_EQ(tierx_swap(policy[i & 1], policy[!(i & 1)]), 0);
	ASSERT(asked());
	ASSERT_EQ(tierx_swap(policy[0], policy[1]), 0);
	ASSERT(!asked());
	ASSERT_EQ(tierx_swap(policy[1], policy[0]), 0);
	ASSERT(asked());
	ASSERT_EQ(tierx_event("bypassed"), 0);
	tierx_storm_stop(storm);
	ASSERT_GE(tierx_event("hint_fault"), probe[0]->nr_hint_fault);
	ASSERT_EQ(probe[1]->nr_hint_fault, 0);
}

static void bad_verdicts(s32 verdict)
{
	volatile struct tierx_probe *probe;
	struct tierx_policy *policy = probe_open(NULL, &probe);
	struct tierx_storm *storm;
	char msg[64];

	probe->hint_fault = verdict;
	probe->dump_lines = 2;
	tierx_start(policy);
	tierx_set("/sys/kernel/debug/sched/numa_balancing/hot_threshold_ms", "1");
	storm = tierx_storm_start(STORM_PAGES, STORM_THREADS);
	ASSERT_WAIT(probe->nr_exit, 30000);
	tierx_storm_stop(storm);

	ASSERT(!tierx_enabled());
	ASSERT_EQ(probe->nr_exit, 1);
	ASSERT_EQ(probe->exit_kind, TIERX_EXIT_ERROR_VERDICT);
	ASSERT_STREQ((char *)probe->exit_reason, "too many invalid verdicts");
	snprintf(msg, sizeof(msg), "verdicts were invalid, the last one %d from hint_fault",
		 verdict);
	ASSERT_HAS((char *)probe->exit_msg, msg);
	ASSERT_HAS(tierx_last_exit("msg"), msg);
	ASSERT_EQ(strtol(tierx_last_exit("code"), NULL, 10), verdict);
	ASSERT_EQ(probe->nr_dump, 1);
	ASSERT_HAS(tierx_sys("last_exit_dump"), "event bad_verdict ");
	ASSERT_HAS(tierx_sys("last_exit_dump"), "probe line 2 of 2");
	ASSERT_GE(tierx_event("bad_verdict"), 32);
}

static void no_such_node(void)
{
	bad_verdicts(63);
}

static void not_faster(void)
{
	bad_verdicts(tierx_slow_node());
}

static void other_verdict(void)
{
	bad_verdicts(TIERX_DENY);
}

static void attach_in_storm(void)
{
	volatile struct tierx_probe *probe;
	struct tierx_policy *policy = probe_open(NULL, &probe);
	uint64_t before;
	int i;

	probe->hint_fault = TIERX_STAY;
	ASSERT_EQ(tierx_load(policy), 0);
	tierx_set("/sys/kernel/debug/sched/numa_balancing/hot_threshold_ms", "1");
	tierx_storm_start(STORM_PAGES, STORM_THREADS);
	for (i = 0; i < 20; i++) {
		before = probe->nr_hint_fault;
		ASSERT_EQ(tierx_attach(policy), 0);
		ASSERT_WAIT(probe->nr_hint_fault > before + 20, 30000);
		if (i & 1)
			ASSERT_EQ(tierx_write("/sys/kernel/mm/tier_ext/abort", "1"), 0);
		tierx_detach(policy);
		ASSERT(!tierx_enabled());
		/* Nobody is asked any more. */
		before = probe->nr_hint_fault;
		tierx_sleep_ms(20);
		ASSERT_EQ(probe->nr_hint_fault, before);
		ASSERT_EQ(probe->nr_exit, i + 1);
	}
}

static const struct tierx_test tests[] = {
	TIERX_TEST(other_ops, "policies with other ops switch hooks on and off"),
	TIERX_TEST(attach_in_storm, "a policy is attached, detached and ejected in a storm"),
	TIERX_TEST(no_such_node, "too many verdicts for a node that is not there eject"),
	TIERX_TEST(not_faster, "too many promotions to no faster tier eject"),
	TIERX_TEST(other_verdict, "too many verdicts of another op eject"),
};

TIERX_TEST_MAIN(tests, tierx_unmet_tiers)
