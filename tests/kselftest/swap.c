// SPDX-License-Identifier: GPL-2.0-only
/*
 * A policy is replaced by another while its hooks are being called. The proof
 * that the kernel default answers nothing in between: it would promote what
 * both policies leave alone, and a call without a policy is counted as bypassed.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "tierx_probe.h"

#define STORM_PAGES   4096
#define STORM_THREADS 4
#define NR_SWAPS      1000
#define MIN_FAULTS    5000

static void control(void)
{
	uint64_t promoted = tierx_vmstat("pgpromote_success");
	struct tierx_storm *storm;

	tierx_set_all_hot();
	storm = tierx_storm_start(STORM_PAGES, STORM_THREADS);
	ASSERT_WAIT(tierx_vmstat("pgpromote_success") > promoted + STORM_PAGES / 2, 30000);
	tierx_storm_stop(storm);
	ASSERT_GT(tierx_mem_count(storm->mem, tierx_fast_node()), STORM_PAGES / 2);
}

/* Two policies, loaded, that leave every folio alone; the first one is attached. */
static void open_pair(struct tierx_policy *policy[2], volatile struct tierx_probe *probe[2])
{
	policy[0] = probe_open("even", &probe[0]);
	policy[1] = probe_open("odd", &probe[1]);
	probe[0]->hint_fault = TIERX_STAY;
	probe[1]->hint_fault = TIERX_STAY;
}

static void storm(void)
{
	uint64_t seq, promoted, calls[2] = {}, start, faults;
	volatile struct tierx_probe *probe[2];
	struct tierx_policy *policy[2];
	struct tierx_storm *storm;
	int i;

	tierx_set_all_hot();
	open_pair(policy, probe);
	tierx_start(policy[0]);
	ASSERT_EQ(tierx_load(policy[1]), 0);
	storm = tierx_storm_start(STORM_PAGES, STORM_THREADS);
	promoted = tierx_vmstat("pgpromote_success");
	seq = tierx_sys_nr("switch_seq");
	ASSERT_WAIT(probe[0]->nr_hint_fault > 0, 30000);

	start = tierx_now_ms();
	for (i = 0; i < NR_SWAPS; i++) {
		ASSERT_EQ(tierx_swap(policy[i & 1], policy[!(i & 1)]), 0);
		ASSERT_EQ(probe[!(i & 1)]->replacing, 1);
		if (i % 100 == 0)
			ASSERT_EQ(tierx_event("bypassed"), 0);
	}
	tierx_note("%d swaps in %llu ms", NR_SWAPS, (unsigned long long)(tierx_now_ms() - start));
	/* Swaps may be faster than faults. */
	ASSERT_WAIT(tierx_event("hint_fault") >= MIN_FAULTS, 30000);
	tierx_storm_stop(storm);

	faults = tierx_event("hint_fault");
	for (i = 0; i < 2; i++)
		calls[i] = probe[i]->nr_hint_fault;
	tierx_note("%llu hint faults: %llu and %llu", (unsigned long long)faults,
		   (unsigned long long)calls[0], (unsigned long long)calls[1]);
	ASSERT_EQ(tierx_event("bypassed"), 0);
	ASSERT_EQ(tierx_sys_nr("switch_seq"), seq + NR_SWAPS);
	ASSERT_EQ(calls[0] + calls[1], faults);
	ASSERT_GT(calls[0], 0);
	ASSERT_GT(calls[1], 0);
	ASSERT_EQ(tierx_vmstat("pgpromote_success"), promoted);
	ASSERT_EQ(tierx_mem_count(storm->mem, tierx_slow_node()), STORM_PAGES);
	ASSERT_EQ(probe[0]->nr_init, NR_SWAPS / 2 + 1);
	ASSERT_EQ(probe[1]->nr_init, NR_SWAPS / 2);
	ASSERT_EQ(probe[0]->nr_exit, NR_SWAPS / 2);
	ASSERT_EQ(probe[1]->nr_exit, NR_SWAPS / 2);
}

static void told(void)
{
	volatile struct tierx_probe *probe[2];
	struct tierx_policy *policy[2];

	open_pair(policy, probe);
	tierx_start(policy[0]);
	ASSERT_EQ(tierx_load(policy[1]), 0);
	ASSERT_EQ(tierx_swap(policy[0], policy[1]), 0);

	ASSERT_STREQ(tierx_sys("root/ops"), "odd");
	ASSERT(tierx_enabled());
	ASSERT_EQ(probe[0]->replacing, 0);
	ASSERT_EQ(probe[1]->replacing, 1);
	ASSERT_EQ(probe[0]->nr_exit, 1);
	ASSERT_EQ(probe[0]->nr_dump, 0);
	ASSERT_EQ(probe[0]->exit_kind, TIERX_EXIT_UNREG_SWAP);
	ASSERT_STREQ((char *)probe[0]->exit_reason, "replaced by another policy");
	ASSERT_STREQ((char *)probe[0]->exit_msg, "odd");
	ASSERT_EQ(probe[1]->nr_exit, 0);

	tierx_detach(policy[1]);
	ASSERT_EQ(probe[1]->exit_kind, TIERX_EXIT_UNREG);
	ASSERT_EQ(probe[0]->nr_exit, 1);
}

static void init_fails(void)
{
	volatile struct tierx_probe *probe[2];
	uint64_t seq, enable, rejected, calls;
	struct tierx_policy *policy[2];
	int i;

	open_pair(policy, probe);
	probe[1]->init_error = -EDOM;
	tierx_start(policy[0]);
	ASSERT_EQ(tierx_load(policy[1]), 0);
	tierx_set_all_hot();
	tierx_storm_start(STORM_PAGES, 2);
	seq = tierx_sys_nr("switch_seq");
	enable = tierx_sys_nr("enable_seq");
	rejected = tierx_sys_nr("nr_rejected");

	for (i = 0; i < 20; i++)
		ASSERT_EQ(tierx_swap(policy[0], policy[1]), -EDOM);
	ASSERT_EQ(probe[1]->nr_init, 20);
	ASSERT_EQ(probe[1]->nr_exit, 0);
	ASSERT_EQ(probe[1]->nr_hint_fault, 0);
	ASSERT_EQ(probe[0]->nr_exit, 0);
	ASSERT_STREQ(tierx_sys("root/ops"), "even");
	ASSERT_EQ(tierx_sys_nr("switch_seq"), seq);
	ASSERT_EQ(tierx_sys_nr("enable_seq"), enable);
	ASSERT_EQ(tierx_sys_nr("nr_rejected"), rejected + 20);
	calls = probe[0]->nr_hint_fault;
	ASSERT_WAIT(probe[0]->nr_hint_fault > calls + 100, 30000);
	ASSERT_EQ(tierx_event("bypassed"), 0);

	/* The link is as good as before. */
	probe[1]->init_error = 0;
	ASSERT_EQ(tierx_swap(policy[0], policy[1]), 0);
	ASSERT_STREQ(tierx_sys("root/ops"), "odd");
}

static void bad_field(void)
{
	volatile struct tierx_probe *probe[2];
	struct tierx_policy *policy[2];
	uint64_t seq;

	open_pair(policy, probe);
	tierx_field_set(policy[1], "flags", 2);
	tierx_start(policy[0]);
	ASSERT_EQ(tierx_load(policy[1]), 0);
	seq = tierx_sys_nr("switch_seq");
	ASSERT_EQ(tierx_swap(policy[0], policy[1]), -EINVAL);
	ASSERT_EQ(tierx_sys_nr("switch_seq"), seq);
	ASSERT_STREQ(tierx_sys("root/ops"), "even");
	ASSERT_EQ(probe[1]->nr_init, 0);
}

static void wrong_old(void)
{
	LIBBPF_OPTS(bpf_link_update_opts, opts, .flags = BPF_F_REPLACE);
	volatile struct tierx_probe *probe[3];
	struct tierx_policy *policy[3];
	int link, err;

	open_pair(policy, probe);
	policy[2] = probe_open("third", &probe[2]);
	tierx_start(policy[0]);
	ASSERT_EQ(tierx_load(policy[1]), 0);
	ASSERT_EQ(tierx_load(policy[2]), 0);
	/* There and back, so that every map is ready and only the expectation is wrong. */
	ASSERT_EQ(tierx_swap(policy[0], policy[1]), 0);
	ASSERT_EQ(tierx_swap(policy[1], policy[2]), 0);
	ASSERT_EQ(tierx_swap(policy[2], policy[0]), 0);
	link = tierx_link_fd(policy[0]);

	opts.old_map_fd = bpf_map__fd(tierx_ops_map(policy[2]));
	err = bpf_link_update(link, bpf_map__fd(tierx_ops_map(policy[1])), &opts);
	ASSERT_EQ(err, -EPERM);
	ASSERT_STREQ(tierx_sys("root/ops"), "even");

	opts.old_map_fd = bpf_map__fd(tierx_ops_map(policy[0]));
	err = bpf_link_update(link, bpf_map__fd(tierx_ops_map(policy[1])), &opts);
	ASSERT_EQ(err, 0);
	ASSERT_STREQ(tierx_sys("root/ops"), "odd");
}

static void too_late(void)
{
	volatile struct tierx_probe *probe[2];
	struct tierx_policy *policy[2];
	int i;

	open_pair(policy, probe);
	ASSERT_EQ(tierx_load(policy[0]), 0);
	ASSERT_EQ(tierx_load(policy[1]), 0);
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(tierx_attach(policy[0]), 0);
		ASSERT_EQ(tierx_write("/sys/kernel/mm/tier_ext/abort", "1"), 0);
		/* At once, and when the link is certain to be dead. */
		ASSERT_EQ(tierx_swap(policy[0], policy[1]), -ENOLINK);
		ASSERT(!tierx_enabled());
		tierx_sleep_ms(50);
		ASSERT_EQ(tierx_swap(policy[0], policy[1]), -ENOLINK);
		ASSERT(!tierx_enabled());
		tierx_detach(policy[0]);
	}
	ASSERT_EQ(probe[1]->nr_init, 0);
	ASSERT_EQ(probe[1]->nr_exit, 0);
}

/* Threads sleep until the old policy's next tick, which is in a minute. */
static void ticks_at_once(void)
{
	int fast = tierx_fast_node(), slow = tierx_slow_node(), i;
	volatile struct tierx_probe *probe[2];
	struct tierx_policy *policy[2];

	open_pair(policy, probe);
	tierx_field_set(policy[0], "tick_ms", 60000);
	tierx_field_set(policy[1], "tick_ms", 60000);
	ASSERT_EQ(tierx_load(policy[1]), 0);
	tierx_start(policy[0]);
	for (i = 0; i < 2; i++) {
		if (i)
			ASSERT_EQ(tierx_swap(policy[0], policy[1]), 0);
		ASSERT_WAIT(probe[i]->nr_tick[fast] && probe[i]->nr_tick[slow], 10000);
	}
}

static const struct tierx_test tests[] = {
	TIERX_TEST(control, "without a policy the storm promotes"),
	TIERX_TEST(storm, "1000 swaps in a storm, none answered by the default"),
	TIERX_TEST(told, "both policies are told of the swap"),
	TIERX_TEST(init_fails, "a failed init leaves the old policy deciding"),
	TIERX_TEST(ticks_at_once, "a policy has its first tick when it is attached, or swapped in"),
	TIERX_TEST(bad_field, "a bad field leaves the old policy deciding"),
	TIERX_TEST(wrong_old, "a swap can insist on what it replaces"),
	TIERX_TEST(too_late, "an ejected policy cannot be replaced"),
};

TIERX_TEST_MAIN(tests, tierx_unmet_tiers)
