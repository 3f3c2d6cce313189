// SPDX-License-Identifier: GPL-2.0-only
/* The shipped policies that look for hot memory find it on several slow nodes. */
#include "tierx_hot.h"

#define MOST	 90
#define FEW	 5
#define LIMIT_MS 90000

/* Hot and cold memory on one slow node. */
struct memory {
	struct tierx_mem *hot;
	struct tierx_mem *cold;
};

static void fill_memory(struct memory *memory, int node)
{
	memory->hot = tierx_mem_alloc(TIERX_HOT_PAGES / 2, node);
	memory->cold = tierx_mem_alloc(TIERX_HOT_PAGES / 2, node);
	tierx_mem_fill(memory->hot, node);
	tierx_mem_fill(memory->cold, node);
	tierx_touch_start(memory->hot, TIERX_HOT_CPU, false);
}

static void expect_found(struct memory *memory, int node)
{
	tierx_note("of node %d on the fast node: %zu %% of hot, %zu %% of cold", node,
		   tierx_hot_percent(memory->hot), tierx_hot_percent(memory->cold));
	ASSERT_GE(tierx_hot_percent(memory->hot), MOST);
	ASSERT_LE(tierx_hot_percent(memory->cold), FEW);
	ASSERT_EQ(tierx_mem_verify(memory->hot, node), 0);
	ASSERT_EQ(tierx_mem_verify(memory->cold, node), 0);
}

static void finds(const char *name)
{
	int node = tierx_slow_node(), other = node + 1;
	struct memory here, there;

	if (tierx_node_vmstat(other, "nr_free_pages") < 2 * TIERX_HOT_PAGES)
		SKIP("no second slow node");
	tierx_hot_forget();
	fill_memory(&here, node);
	fill_memory(&there, other);
	tierx_hot_fill();
	tierx_hot_start(name);
	TIERX_WAIT(tierx_hot_percent(here.hot) >= MOST && tierx_hot_percent(there.hot) >= MOST,
		   LIMIT_MS);
	ASSERT(tierx_enabled());
	expect_found(&here, node);
	expect_found(&there, other);
}

#define FINDS(name)                                                                                \
	static void finds_##name(void)                                                             \
	{                                                                                          \
		finds(#name);                                                                      \
	}

FINDS(idle_time)
FINDS(histogram)
FINDS(payback)

static const struct tierx_test tests[] = {
	TIERX_TEST(finds_idle_time, "idle_time finds what is hot on two slow nodes"),
	TIERX_TEST(finds_histogram, "histogram finds what is hot on two slow nodes"),
	TIERX_TEST(finds_payback, "payback finds what is hot on two slow nodes"),
};

TIERX_TEST_MAIN(tests, tierx_unmet_tiers)
