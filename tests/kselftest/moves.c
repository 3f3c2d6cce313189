// SPDX-License-Identifier: GPL-2.0-only
/*
 * The right page moves, the others do not, and what a page holds stays what it was.
 */
#include <pthread.h>

#include "tierx_mover.h"
#include "tierx_prog.h"

#define SMALL_PAGES 512
#define BIG_PAGES   (((size_t)1 << 30) / TIERX_PAGE)

static struct tierx_mover *start(void)
{
	struct tierx_mover *mover = tierx_mover_open();

	tierx_mover_start(mover);
	return mover;
}

/* Every second page goes from one node to the other, and nothing else does. */
static void move_half(int from, int to, const char *counter)
{
	struct tierx_mover *mover = start();
	struct tierx_mem *mem = tierx_mem_alloc(SMALL_PAGES, from);
	uint64_t before = tierx_vmstat(counter);
	size_t page;

	tierx_mem_fill(mem, 1);
	tierx_mover_pages(mover, mem, 0, SMALL_PAGES, 2, to);
	ASSERT_EQ(tierx_mover_count(mover, "nr_migrated_queued"), SMALL_PAGES / 2);
	for (page = 0; page < SMALL_PAGES; page++)
		ASSERT_EQ(tierx_mem_node(mem, page), page % 2 ? from : to);
	ASSERT_EQ(tierx_mem_verify(mem, 1), 0);
	ASSERT_EQ(tierx_vmstat(counter) - before, SMALL_PAGES / 2);
}

static void promote_right_pages(void)
{
	move_half(tierx_slow_node(), tierx_fast_node(), "pgpromote_success");
	ASSERT_EQ(tierx_event("promoted_pages"), SMALL_PAGES / 2);
}

static void demote_right_pages(void)
{
	move_half(tierx_fast_node(), tierx_slow_node(), "pgdemote_kswapd");
	ASSERT_EQ(tierx_event("demoted_pages"), SMALL_PAGES / 2);
}

/* Adds to words all over the memory, and knows what each has to be. */
struct writer {
	struct tierx_mem *mem;
	uint32_t *expected;
	volatile bool stop;
	uint64_t writes;
	pthread_t thread;
};

static void *writer_fn(void *arg)
{
	struct writer *writer = arg;
	uint64_t state = 88172645463325252ULL;
	size_t page;

	while (!writer->stop) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		page = state % writer->mem->pages;
		++*(uint32_t *)(writer->mem->addr + page * TIERX_PAGE + page % 1024 * 4);
		writer->expected[page]++;
		writer->writes++;
	}
	return NULL;
}

static void writer_stop(void *arg)
{
	struct writer *writer = arg;

	if (!writer->stop) {
		writer->stop = true;
		pthread_join(writer->thread, NULL);
	}
}

static void writer_start(struct writer *writer, struct tierx_mem *mem)
{
	writer->mem = mem;
	writer->expected = calloc(mem->pages, sizeof(*writer->expected));
	ASSERT(writer->expected);
	tierx_defer(free, writer->expected);
	memset(mem->addr, 0, mem->pages * TIERX_PAGE);
	ASSERT_EQ(pthread_create(&writer->thread, NULL, writer_fn, writer), 0);
	tierx_defer(writer_stop, writer);
}

static size_t writer_verify(struct writer *writer)
{
	size_t page, i, bad = 0;
	uint32_t *words;

	for (page = 0; page < writer->mem->pages; page++) {
		words = (uint32_t *)(writer->mem->addr + page * TIERX_PAGE);
		for (i = 0; i < 1024; i++)
			if (words[i] != (i == page % 1024 ? writer->expected[page] : 0))
				break;
		bad += i < 1024;
	}
	return bad;
}

static void contents_survive(void)
{
	static struct writer writer;
	int fast = tierx_fast_node(), slow = tierx_slow_node();
	struct tierx_mover *mover;
	struct tierx_mem *mem;

	if (tierx_node_vmstat(fast, "nr_free_pages") < BIG_PAGES + BIG_PAGES / 8 ||
	    tierx_node_vmstat(slow, "nr_free_pages") < BIG_PAGES + BIG_PAGES / 8)
		SKIP("needs 1.2 GiB free on both nodes");

	mover = start();
	mem = tierx_mem_alloc(BIG_PAGES, slow);
	writer_start(&writer, mem);
	tierx_mover_pages(mover, mem, 0, BIG_PAGES, 1, fast);
	tierx_note("%zu of %zu pages on the fast node", tierx_mem_count(mem, fast), mem->pages);
	ASSERT_GE(tierx_mem_count(mem, fast), BIG_PAGES * 95 / 100);
	tierx_mover_pages(mover, mem, 0, BIG_PAGES, 1, slow);
	ASSERT_GE(tierx_mem_count(mem, slow), BIG_PAGES * 95 / 100);
	writer_stop(&writer);
	tierx_note("%llu writes meanwhile", (unsigned long long)writer.writes);
	ASSERT_GT(writer.writes, 1000);
	ASSERT_EQ(writer_verify(&writer), 0);
}

static uint64_t huge_kib(void)
{
	return tierx_vmstat("nr_anon_transparent_hugepages");
}

static void huge_moves_whole(void)
{
	int fast = tierx_fast_node(), slow = tierx_slow_node();
	struct tierx_mover *mover = start();
	struct tierx_mem *mem;
	size_t first, page;
	uint64_t nr_huge;

	first = tierx_huge_alloc(&mem, fast);
	ASSERT_EQ(tierx_mem_node(mem, first), fast);
	tierx_mem_fill(mem, 2);
	nr_huge = huge_kib();

	ASSERT_EQ(tierx_mover_one(mover, tierx_mem_pfn(mem, first + 1), 0, slow), -EINVAL);
	ASSERT_EQ(tierx_event("refused_tail"), 1);
	ASSERT_EQ(tierx_mem_node(mem, first + 1), fast);

	ASSERT_EQ(tierx_mover_one(mover, tierx_mem_pfn(mem, first), 0, slow), 0);
	for (page = first; page < first + TIERX_HUGE; page++)
		ASSERT_EQ(tierx_mem_node(mem, page), slow);
	ASSERT_EQ(tierx_mover_count(mover, "nr_migrated_queued"), 1);
	ASSERT_EQ(tierx_event("demoted_pages"), TIERX_HUGE);
	ASSERT_EQ(huge_kib(), nr_huge);
	ASSERT_EQ(tierx_mem_verify(mem, 2), 0);
}

static void generation(void)
{
	int fast = tierx_fast_node(), slow = tierx_slow_node();
	struct tierx_mover *mover;
	struct tierx_mem *mem;
	uint64_t pfn, gen;

	tierx_set_tiering();
	mem = tierx_mem_alloc(1, slow);
	mover = start();
	tierx_touch_start(mem, -1, true);
	ASSERT_WAIT(tierx_mover_count(mover, "seen_pfn") == tierx_mem_pfn(mem, 0), 20000);
	pfn = tierx_mover_count(mover, "seen_pfn");
	gen = tierx_mover_count(mover, "seen_gen");

	ASSERT_EQ(tierx_mover_one(mover, pfn, gen ^ 1, fast), 0);
	ASSERT_EQ(tierx_event("refused_stale"), 1);
	ASSERT_EQ(tierx_mem_node(mem, 0), slow);
	ASSERT_EQ(tierx_mover_one(mover, pfn, gen, fast), 0);
	ASSERT_EQ(tierx_mem_node(mem, 0), fast);
	/* It is the same folio with another PFN. */
	ASSERT_EQ(tierx_mover_count(mover, "nr_same_gen"), 1);
	ASSERT_NE(tierx_mem_pfn(mem, 0), pfn);
}

static const struct tierx_test tests[] = {
	TIERX_TEST(promote_right_pages, "the pages that were asked for are promoted, no others"),
	TIERX_TEST(demote_right_pages, "the pages that were asked for are demoted, no others"),
	TIERX_TEST(huge_moves_whole, "a huge page moves whole, by its first PFN only"),
	TIERX_TEST(generation, "a stale generation is refused; it stays the same in a move"),
	TIERX_TEST(contents_survive, "1 GiB is moved back and forth while it is written"),
};

TIERX_TEST_MAIN(tests, tierx_unmet_tiers)
