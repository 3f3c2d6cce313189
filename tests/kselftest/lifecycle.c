// SPDX-License-Identifier: GPL-2.0-only
#include "tierx_probe.h"

static void attach(void)
{
	volatile struct tierx_probe *probe;
	struct tierx_policy *policy = probe_open(NULL, &probe);
	uint64_t seq = tierx_sys_nr("enable_seq");

	probe_start(policy);
	ASSERT(tierx_enabled());
	ASSERT_STREQ(tierx_sys("root/ops"), "probe");
	ASSERT_EQ(tierx_sys_nr("enable_seq"), seq + 1);
	ASSERT_EQ(probe->nr_init, 1);
	ASSERT_EQ(probe->enable_seq, seq);
	ASSERT_EQ(probe->replacing, 0);
	ASSERT_GT(probe->max_pfn, 0);
	ASSERT_GE(probe->nr_node_ids, tierx_nr_nodes());
	ASSERT_EQ(probe->nr_exit, 0);

	tierx_detach(policy);
	ASSERT(!tierx_enabled());
	ASSERT_STREQ(tierx_sys("root/ops"), "");
	ASSERT_EQ(probe->nr_exit, 1);
	ASSERT_EQ(probe->nr_dump, 0);
	ASSERT_EQ(probe->exit_kind, TIERX_EXIT_UNREG);
	ASSERT_STREQ((char *)probe->exit_reason, "unregistered from user space");
}

static const struct tierx_test tests[] = {
	TIERX_TEST(attach, "a policy is attached and detached"),
};

TIERX_TEST_MAIN(tests, tierx_unmet)
