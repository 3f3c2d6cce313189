// SPDX-License-Identifier: GPL-2.0-only
/*
 * tierx_pages NR: a memfd of twice as many pages, the first NR of them in memory, on the slow
 * node; for tests that are scripts. Prints the path of the memfd, the PFNs, and then for each
 * line of standard input how many pages are on the fast node, until that ends.
 */
#include <linux/memfd.h>
#include <sys/mman.h>

#include "tierx_file.h"

static size_t nr_pages;

static void unmap(void *arg)
{
	struct tierx_mem *mem = arg;

	munmap(mem->addr, mem->pages * TIERX_PAGE);
}

static void pages(void)
{
	static struct tierx_mem mem;
	size_t i;
	int c, fd;

	fd = memfd_create("tierx_pages", MFD_CLOEXEC);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(ftruncate(fd, 2 * nr_pages * TIERX_PAGE), 0);
	mem.pages = nr_pages;
	mem.addr = mmap(NULL, nr_pages * TIERX_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE((intptr_t)mem.addr, (intptr_t)MAP_FAILED);
	tierx_defer(unmap, &mem);

	tierx_bind(tierx_slow_node());
	tierx_mem_fill(&mem, 1);
	tierx_bind(-1);
	tierx_drain_lru();

	tierx_note("/proc/%d/fd/%d", getpid(), fd);
	for (i = 0; i < nr_pages; i++)
		tierx_note("%llu", (unsigned long long)tierx_mem_pfn(&mem, i));
	while ((c = getchar()) != EOF)
		if (c == '\n')
			tierx_note("%zu", tierx_mem_count(&mem, tierx_fast_node()));
	ASSERT_EQ(tierx_mem_verify(&mem, 1), 0);
}

static const struct tierx_test tests[] = {
	TIERX_TEST(pages, "pages on the slow node"),
};

int main(int argc, char **argv)
{
	nr_pages = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
	if (!nr_pages)
		return 2;
	return tierx_main(1, argv, tests, 1, tierx_unmet_tiers);
}
