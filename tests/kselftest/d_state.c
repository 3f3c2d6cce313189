// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a policy keeps per page, by PFN, follows the page, whoever moves it: op migrated
 * tells of every move. One case for each way that a page can go.
 */
#include <sys/mman.h>

#include "tierx_file.h"
#include "tierx_pfn.h"

#define PAGES	    ((size_t)512)
#define MANY_PAGES  ((size_t)16384)
#define SETTLE_MS   20000
#define TOKEN(page) (0x5a0000000000ULL + (page))
#define MEMORY_DIR  "/sys/devices/system/memory/"

/* The pages of @mem that are looked at, @step apart, and where they were. */
struct tracked {
	struct tierx_pfn *pfn;
	struct tierx_mem *mem;
	size_t step;
	uint64_t *old;
};

/* Each page gets a value of its own. */
static struct tracked *track(struct tierx_mem *mem, size_t step)
{
	struct tracked *tracked = calloc(1, sizeof(*tracked));
	size_t page;

	ASSERT(tracked);
	tierx_defer(free, tracked);
	tracked->old = calloc(mem->pages, sizeof(*tracked->old));
	ASSERT(tracked->old);
	tierx_defer(free, tracked->old);
	tracked->pfn = tierx_pfn_start();
	tracked->mem = mem;
	tracked->step = step;
	for (page = 0; page < mem->pages; page += step) {
		tracked->old[page] = tierx_mem_pfn(mem, page);
		tracked->pfn->values[tracked->old[page]] = TOKEN(page);
	}
	return tracked;
}

static struct tierx_mem *filled(size_t pages, int node)
{
	struct tierx_mem *mem = tierx_mem_alloc(pages, node);

	tierx_mem_fill(mem, 1);
	tierx_drain_lru();
	return mem;
}

/* How many pages have another PFN now; each has its value there. */
static size_t values_followed(struct tracked *tracked)
{
	const uint64_t *values = tracked->pfn->values;
	size_t page, moved = 0;
	uint64_t now;

	for (page = 0; page < tracked->mem->pages; page += tracked->step) {
		now = tierx_mem_pfn(tracked->mem, page);
		if (values[now] != TOKEN(page))
			FAIL("page %zu went from %#lx to %#lx, where %#lx is", page,
			     tracked->old[page], now, values[now]);
		moved += now != tracked->old[page];
	}
	return moved;
}

/* There are as many values as there were: where a page has gone, nothing is left. */
static void expect_no_more(struct tracked *tracked)
{
	size_t nr = 0, i;

	for (i = 0; i < tracked->pfn->max_pfn; i++)
		nr += tracked->pfn->values[i] != 0;
	ASSERT_EQ(nr, (tracked->mem->pages + tracked->step - 1) / tracked->step);
}

static void expect_followed(struct tracked *tracked, size_t at_least)
{
	size_t moved = values_followed(tracked);

	tierx_note("%zu pages moved", moved);
	ASSERT_GE(moved, at_least);
	expect_no_more(tracked);
	if (tracked->step == 1)
		ASSERT_EQ(tierx_mem_verify(tracked->mem, 1), 0);
}

static void d3_queue(void)
{
	struct tracked *tracked = track(filled(PAGES, tierx_slow_node()), 1);
	size_t bytes = PAGES * sizeof(struct tier_ext_pfn);

	tierx_pfn_put(tracked->pfn, tracked->mem, 0, PAGES);
	ASSERT_EQ(tierx_pfn_run(tracked->pfn, bytes, tierx_fast_node()), PAGES);
	ASSERT_WAIT(tierx_pfn_count(tracked->pfn, "nr_queued") == PAGES, SETTLE_MS);
	ASSERT_WAIT(tierx_mem_count(tracked->mem, tierx_fast_node()) == PAGES, SETTLE_MS);
	expect_followed(tracked, PAGES);
}

/* Of a huge page, every small page has a value. */
static void d3_queue_huge(void)
{
	struct tierx_mem *mem;
	size_t first = tierx_huge_alloc(&mem, tierx_slow_node());
	struct tracked *tracked;

	tierx_mem_fill(mem, 1);
	tierx_drain_lru();
	tracked = track(mem, 1);
	tierx_pfn_put(tracked->pfn, mem, first, 1);
	ASSERT_EQ(tierx_pfn_run(tracked->pfn, sizeof(struct tier_ext_pfn), tierx_fast_node()), 1);
	ASSERT_WAIT(tierx_mem_count(mem, tierx_fast_node()) == TIERX_HUGE, SETTLE_MS);
	ASSERT_EQ(tierx_pfn_count(tracked->pfn, "nr_queued"), 1);
	expect_followed(tracked, TIERX_HUGE);
}

static void d3_move_pages(void)
{
	struct tracked *tracked = track(filled(PAGES, tierx_slow_node()), 1);

	ASSERT_EQ(tierx_mem_move(tracked->mem, tierx_fast_node()), PAGES);
	ASSERT_GE(tierx_pfn_count(tracked->pfn, "nr_other"), PAGES);
	expect_followed(tracked, PAGES);
	/* And back: those that had a value are not mistaken for those that have it now. */
	ASSERT_EQ(tierx_mem_move(tracked->mem, tierx_slow_node()), PAGES);
	values_followed(tracked);
	expect_no_more(tracked);
}

/* Three of four pages are given back, and compaction closes the gaps. */
static void d3_compaction(void)
{
	struct tierx_mem *mem = tierx_mem_alloc(MANY_PAGES, tierx_slow_node());
	struct tracked *tracked;
	size_t page;

	for (page = 0; page < MANY_PAGES; page++)
		if (page % 4)
			madvise(mem->addr + page * TIERX_PAGE, TIERX_PAGE, MADV_DONTNEED);
	tierx_drain_lru();
	tracked = track(mem, 4);
	ASSERT_EQ(tierx_write("/proc/sys/vm/compact_memory", "1"), 0);
	ASSERT_GT(tierx_pfn_count(tracked->pfn, "nr_within"), 0);
	expect_followed(tracked, 16);
	for (page = 0; page < MANY_PAGES; page += 4)
		ASSERT_EQ(tierx_mem_node(mem, page), tierx_slow_node());
}

static void block_online(void *arg)
{
	tierx_write(arg, "online_movable");
	free(arg);
}

static char *state_of_block(uint64_t pfn)
{
	char size[32], *path;
	uint64_t block;

	ASSERT_GT(tierx_read(MEMORY_DIR "block_size_bytes", size, sizeof(size)), 0);
	block = pfn * TIERX_PAGE / strtoull(size, NULL, 16);
	ASSERT_GT(asprintf(&path, MEMORY_DIR "memory%lu/state", block), 0);
	return path;
}

static void d3_offline(void)
{
	int node = tierx_nr_nodes() - 1;
	struct tracked *tracked;
	struct tierx_mem *mem;
	size_t page, in_block = 0;
	char *path, *other;

	if (node < 2)
		SKIP("needs a third node whose memory can be taken offline");
	mem = filled(PAGES, node);
	tracked = track(mem, 1);
	path = state_of_block(tierx_mem_pfn(mem, 0));
	tierx_defer(block_online, path);
	for (page = 0; page < PAGES; page++) {
		other = state_of_block(tracked->old[page]);
		in_block += !strcmp(path, other);
		free(other);
	}
	ASSERT_EQ(tierx_write(path, "offline"), 0);
	ASSERT_GT(in_block, 0);
	expect_followed(tracked, in_block);
}

static void d3_demotion(void)
{
	const char *cgroup = tierx_cgroup_enter("d_state");
	struct tierx_mem *mem = filled(4 * PAGES, tierx_fast_node());
	struct tracked *tracked = track(mem, 1);

	tierx_set_demotion(true);
	/* Less than that may be all that is cold. */
	tierx_cgroup_reclaim(cgroup, 3 * PAGES * TIERX_PAGE);
	ASSERT_GT(tierx_event("demoted_pages"), 0);
	expect_followed(tracked, PAGES);
	ASSERT_LE(tierx_mem_count(mem, tierx_fast_node()), 3 * PAGES);
}

static void d3_hint_fault(void)
{
	struct tierx_mem *mem = filled(PAGES, tierx_slow_node());
	struct tracked *tracked = track(mem, 1);
	struct tierx_toucher *toucher;

	tierx_set_tiering();
	tierx_set_all_hot();
	toucher = tierx_touch_start(mem, -1, true);
	ASSERT_WAIT(tierx_mem_count(mem, tierx_fast_node()) > PAGES / 2, SETTLE_MS);
	tierx_touch_stop(toucher);
	ASSERT_GT(tierx_pfn_count(tracked->pfn, "nr_other"), PAGES / 2);
	ASSERT_EQ(tierx_pfn_count(tracked->pfn, "nr_queued"), 0);
	expect_followed(tracked, PAGES / 2);
}

static const struct tierx_test tests[] = {
	TIERX_TEST(d3_queue, "a value follows a page that the policy has queued"),
	TIERX_TEST(d3_queue_huge, "every page of a huge page keeps its value"),
	TIERX_TEST(d3_move_pages, "a value follows a page that move_pages() moves"),
	TIERX_TEST(d3_compaction, "a value follows a page that compaction moves"),
	TIERX_TEST(d3_offline, "a value follows a page whose memory goes offline"),
	TIERX_TEST(d3_demotion, "a value follows a page that reclaim demotes"),
	TIERX_TEST(d3_hint_fault, "a value follows a page that a hint fault promotes"),
};

TIERX_TEST_MAIN(tests, tierx_unmet_tiers)
