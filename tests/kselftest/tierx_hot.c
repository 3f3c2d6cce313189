// SPDX-License-Identifier: GPL-2.0-only
/* For tests of policies that look for hot memory: some that is touched, and a policy to find it. */
#include <bpf/libbpf.h>

#include "tierx_hot.h"

/* Another process on the same CPU flushes its TLB. */
static int flush_tlb(void *unused __attribute__((unused)))
{
	tierx_stay_on(0, TIERX_HOT_CPU);
	for (;;)
		tierx_sleep_ms(1);
	return 0;
}

void tierx_hot_forget(void)
{
	tierx_fork(flush_tlb, NULL);
}

struct tierx_mem *tierx_hot_fill(void)
{
	int fast = tierx_fast_node();

	return tierx_mem_alloc(tierx_node_vmstat(fast, "nr_free_pages") - TIERX_HOT_FREE, fast);
}

struct tierx_policy *tierx_hot_start(const char *name)
{
	struct tierx_policy *policy = tierx_open_shipped(name);

	if (bpf_object__find_map_by_name(tierx_object(policy), "pages"))
		tierx_size_by_pfn(policy, "pages");
	tierx_set_demotion(true);
	if (*(void **)tierx_field(policy, "hint_fault"))
		tierx_set_tiering();
	else
		tierx_set("/proc/sys/kernel/numa_balancing", "0");
	tierx_start(policy);
	return policy;
}

size_t tierx_hot_percent(struct tierx_mem *mem)
{
	return tierx_mem_count(mem, tierx_fast_node()) * 100 / mem->pages;
}
