// SPDX-License-Identifier: GPL-2.0-only
/*
 * Limits and protection of a cgroup in a tier hold within 5%, while a neighbour
 * presses and while everything is touched that the limit keeps out.
 */
#include <signal.h>
#include <sys/mman.h>

#include "tierx_file.h"

#define LIMIT	  4096
#define PAGES	  (3 * LIMIT)
#define SETTLE_MS 30000
#define MANY_MS	  400

static struct tierx_policy *start(const char *cgroup, uint64_t limit, uint64_t protection)
{
	struct tierx_policy *policy = tierx_open("limits");

	tierx_field_set(policy, "cgroup_id", tierx_cgroup_id(cgroup));
	*(volatile uint64_t *)tierx_global(policy, "memcg_id") = tierx_cgroup_id(cgroup);
	*(volatile uint64_t *)tierx_global(policy, "limit_pages") = limit;
	*(volatile uint64_t *)tierx_global(policy, "protected_pages") = protection;
	tierx_start(policy);
	return policy;
}

static uint64_t value(struct tierx_policy *policy, const char *name)
{
	return *(volatile uint64_t *)tierx_global(policy, name);
}

static int32_t result(struct tierx_policy *policy, const char *name)
{
	return *(volatile int32_t *)tierx_global(policy, name);
}

/* Pages of all of a cgroup's memory that are on a node. */
static uint64_t cgroup_on_node(const char *cgroup, int node)
{
	static const char *const kinds[] = { "anon", "file" };
	static char text[1 << 16];
	char path[256], key[16];
	uint64_t bytes = 0;
	const char *line;
	size_t i;

	snprintf(path, sizeof(path), "%s/memory.numa_stat", cgroup);
	ASSERT_GT(tierx_read(path, text, sizeof(text)), 0);
	snprintf(key, sizeof(key), " N%d=", node);
	for (i = 0; i < TIERX_ARRAY_SIZE(kinds); i++) {
		line = strstr(text, kinds[i]);
		if (line && strstr(line, key))
			bytes += strtoull(strstr(line, key) + strlen(key), NULL, 10);
	}
	return bytes / TIERX_PAGE;
}

static void expect_about(uint64_t got, uint64_t wanted)
{
	if (got < wanted - wanted / 20 || got > wanted + wanted / 20)
		FAIL("%llu pages are not within 5%% of %llu", (unsigned long long)got,
		     (unsigned long long)wanted);
}

static void limit_holds(void)
{
	const char *cgroup = tierx_cgroup_enter("tierx-limited");
	struct tierx_policy *policy;
	struct tierx_toucher *toucher;
	struct tierx_mem *mem;
	int i;

	tierx_set_demotion(true);
	tierx_set_tiering();
	tierx_set_all_hot();
	mem = tierx_mem_alloc(PAGES, tierx_fast_node());
	tierx_mem_fill(mem, 3);
	policy = start(cgroup, LIMIT, 0);
	ASSERT_WAIT(value(policy, "nr_set") > 1, SETTLE_MS);
	ASSERT_EQ(result(policy, "limit_result"), 0);
	/* All of it is hot, and there is room for it. */
	toucher = tierx_touch_start(mem, -1, true);
	ASSERT_WAIT(tierx_mem_count(mem, tierx_fast_node()) <= LIMIT + LIMIT / 20, SETTLE_MS);
	ASSERT_WAIT(tierx_mem_count(mem, tierx_fast_node()) >= LIMIT - LIMIT / 20, SETTLE_MS);
	for (i = 0; i < 20 || !tierx_cgroup_event(cgroup, "refused_limit"); i++) {
		tierx_sleep_ms(100);
		expect_about(cgroup_on_node(cgroup, tierx_fast_node()), LIMIT);
		ASSERT_LT(i, 300);
	}
	tierx_touch_stop(toucher);
	ASSERT_GT(value(policy, "nr_over"), 0);
	ASSERT_GT(value(policy, "nr_under"), 0);
	ASSERT_EQ(value(policy, "event_memcg_id"), tierx_cgroup_id(cgroup));

	/* It can be changed at any time. */
	*(volatile uint64_t *)tierx_global(policy, "limit_pages") = LIMIT / 2;
	ASSERT_WAIT(cgroup_on_node(cgroup, tierx_fast_node()) <= LIMIT / 2 + LIMIT / 40, SETTLE_MS);
	tierx_detach(policy);
}

/*
 * All that a cgroup has is young when it is given a limit. To find that out takes too long for one
 * round: the policy is ejected for less.
 */
static void limit_of_many(void)
{
	const char *cgroup = tierx_cgroup_enter("tierx-many");
	struct tierx_policy *policy = tierx_open("limits");
	int fast = tierx_fast_node();
	struct tierx_mem *mem;
	size_t pages;

	pages = tierx_node_vmstat(fast, "nr_free_pages") * 8 / 10;
	mem = tierx_mem_alloc(pages, fast);
	tierx_drain_lru();
	tierx_field_set(policy, "timeout_ms", MANY_MS * tierx_slower());
	*(volatile uint64_t *)tierx_global(policy, "memcg_id") = tierx_cgroup_id(cgroup);
	*(volatile uint64_t *)tierx_global(policy, "limit_pages") = pages - LIMIT;
	tierx_start(policy);
	ASSERT_WAIT(cgroup_on_node(cgroup, fast) <= pages - LIMIT || !tierx_enabled(), SETTLE_MS);
	tierx_note("%zu pages, %zu of them stay: %s", pages, tierx_mem_count(mem, fast),
		   tierx_enabled() ? "not ejected" : tierx_last_exit("msg"));
	ASSERT(tierx_enabled());
	tierx_detach(policy);
}

/* Has what may not leave the fast node. */
static int stays(void *arg)
{
	tierx_cgroup_move(arg, getpid());
	tierx_mem_alloc(2 * LIMIT, tierx_fast_node());
	for (;;)
		tierx_sleep_ms(1000);
	return 0;
}

/* One limit cannot be kept, and is looked after over and over; the other one can. */
static void limit_beside_another(void)
{
	const char *first = tierx_cgroup_make("tierx-first");
	const char *second = tierx_cgroup_enter("tierx-second");
	struct tierx_policy *policy = tierx_open("limits");
	int fast = tierx_fast_node();
	char path[256], mems[16];

	snprintf(path, sizeof(path), "%s/cpuset.mems", first);
	snprintf(mems, sizeof(mems), "%d", fast);
	ASSERT_EQ(tierx_write(path, mems), 0);
	tierx_fork(stays, (void *)first);
	tierx_mem_alloc(2 * LIMIT, fast);
	ASSERT_WAIT(cgroup_on_node(first, fast) >= 2 * LIMIT, SETTLE_MS);

	*(volatile uint64_t *)tierx_global(policy, "memcg_id") = tierx_cgroup_id(first);
	*(volatile uint64_t *)tierx_global(policy, "other_id") = tierx_cgroup_id(second);
	*(volatile uint64_t *)tierx_global(policy, "limit_pages") = LIMIT;
	tierx_start(policy);
	ASSERT_WAIT(cgroup_on_node(second, fast) <= LIMIT, SETTLE_MS);
	ASSERT_GE(cgroup_on_node(first, fast), 2 * LIMIT);
	ASSERT_GT(tierx_event("refused_cpuset"), 0);
	tierx_detach(policy);
}

/* Leave so many pages of the fast node to contend for. */
static void occupy(size_t left)
{
	size_t nr_free = tierx_node_vmstat(tierx_fast_node(), "nr_free_pages");
	struct tierx_mem *mem;

	if (nr_free < left)
		SKIP("only %zu pages are free on node %d", nr_free, tierx_fast_node());
	mem = tierx_mem_alloc(nr_free - left, tierx_fast_node());
	ASSERT_EQ(mlock(mem->addr, mem->pages * TIERX_PAGE), 0);
}

/* Promote into what nobody protects. */
static int neighbour(void *arg)
{
	struct tierx_mem *mem;
	size_t pages = *(size_t *)arg;

	tierx_cgroup_move("/sys/fs/cgroup/tierx-both/neighbour", getpid());
	mem = tierx_mem_alloc(pages, tierx_slow_node());
	tierx_touch_start(mem, -1, true);
	for (;;)
		tierx_sleep_ms(1000);
	return 0;
}

static void protection_holds(void)
{
	size_t pages = 8 * LIMIT;
	struct tierx_policy *policy;
	struct tierx_mem *mem;
	const char *both, *cgroup;
	uint64_t kept;
	pid_t pid;
	int i;

	occupy(6 * LIMIT);
	both = tierx_cgroup_make("tierx-both");
	tierx_cgroup_make("tierx-both/neighbour");
	cgroup = tierx_cgroup_make("tierx-both/protected");
	tierx_cgroup_move(cgroup, getpid());
	tierx_set_demotion(true);
	tierx_set_tiering();
	tierx_set_all_hot();
	policy = start(cgroup, 0, LIMIT);
	mem = tierx_mem_alloc(2 * LIMIT, tierx_fast_node());
	tierx_mem_fill(mem, 4);
	ASSERT_WAIT(value(policy, "nr_set") > 1, SETTLE_MS);
	ASSERT_EQ(result(policy, "protection_result"), 0);
	pid = tierx_fork(neighbour, &pages);
	/* Nobody touches it: what is above the protection goes, and the rest stays. */
	ASSERT_WAIT(cgroup_on_node(cgroup, tierx_fast_node()) < LIMIT + LIMIT / 20, 3 * SETTLE_MS);
	expect_about(cgroup_on_node(cgroup, tierx_fast_node()), LIMIT);
	/* And once more, from outside, now that the neighbour has cold memory, too. */
	kill(pid, SIGSTOP);
	kept = tierx_cgroup_event(cgroup, "protected_pages");
	for (i = 0; i < 8; i++)
		tierx_cgroup_reclaim(both, LIMIT / 4 * TIERX_PAGE);
	expect_about(cgroup_on_node(cgroup, tierx_fast_node()), LIMIT);
	ASSERT_GT(tierx_cgroup_event(cgroup, "protected_pages"), kept);
	ASSERT_EQ(tierx_mem_verify(mem, 4), 0);
	tierx_detach(policy);
}

static void named(void)
{
	const char *cgroup = tierx_cgroup_enter("tierx-named");
	const char *other = tierx_cgroup_make("tierx-other");
	volatile uint64_t *memcg_id;
	struct tierx_policy *policy = start(cgroup, 1, 1);
	volatile uint32_t *tier = tierx_global(policy, "tier");

	memcg_id = tierx_global(policy, "memcg_id");
	ASSERT_WAIT(value(policy, "nr_set") > 1, SETTLE_MS);
	ASSERT_EQ(result(policy, "limit_result"), 0);
	*memcg_id = tierx_cgroup_id(other);
	ASSERT_WAIT(result(policy, "limit_result") == -EPERM, SETTLE_MS);
	*memcg_id = 1ULL << 40;
	ASSERT_WAIT(result(policy, "limit_result") == -ENOENT, SETTLE_MS);
	*memcg_id = tierx_cgroup_id(cgroup);
	*tier = 9;
	ASSERT_WAIT(result(policy, "limit_result") == -EINVAL, SETTLE_MS);
	tierx_detach(policy);
}

/* The machine's policy may name any cgroup, and is told when one goes. */
static void gone(void)
{
	const char *cgroup = tierx_cgroup_make("tierx-gone");
	struct tierx_policy *policy = tierx_open("limits");
	uint64_t id = tierx_cgroup_id(cgroup);

	*(volatile uint64_t *)tierx_global(policy, "memcg_id") = id;
	*(volatile uint64_t *)tierx_global(policy, "limit_pages") = 1;
	tierx_start(policy);
	ASSERT_WAIT(value(policy, "nr_set") > 1, SETTLE_MS);
	ASSERT_EQ(result(policy, "limit_result"), 0);
	ASSERT_EQ(rmdir(cgroup), 0);
	ASSERT_WAIT(value(policy, "nr_gone") == 1, SETTLE_MS);
	ASSERT_EQ(value(policy, "event_memcg_id"), id);
	ASSERT_WAIT(result(policy, "limit_result") == -ENOENT, SETTLE_MS);
	tierx_detach(policy);
}

static const struct tierx_test tests[] = {
	TIERX_TEST(limit_holds, "a limit holds within 5%, whatever is touched"),
	TIERX_TEST(limit_of_many, "to give a limit to who has much takes no round too long"),
	TIERX_TEST(limit_beside_another, "a limit is kept although another one cannot be"),
	TIERX_TEST(protection_holds, "protection holds within 5%, whatever a neighbour does"),
	TIERX_TEST(named, "which cgroups and tiers a tenant may name"),
	TIERX_TEST(gone, "a cgroup that goes is told of"),
};

TIERX_TEST_MAIN(tests, tierx_unmet_tiers)
