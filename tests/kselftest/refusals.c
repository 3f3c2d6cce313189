// SPDX-License-Identifier: GPL-2.0-only
/*
 * What must not be moved stays, and the reason is counted. The policy names a
 * page by its PFN; whose it is and in what state, the kernel finds out.
 */
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/mempolicy.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "tierx_file.h"
#include "tierx_mover.h"
#include "tierx_prog.h"

#define HUGETLB_SIZE ((size_t)2 << 20)
#define EXT4_BYTES   (32 << 20)
#define DEMOTED	     ((size_t)8192)
#define HUGE_PAGES   32

/* What is read is of no interest. */
static unsigned char buffer[1 << 20];

static struct tierx_mover *start(void)
{
	struct tierx_mover *mover = tierx_mover_open();

	tierx_mover_start(mover);
	return mover;
}

/* The first page of @mem is refused on the way to @node, for this reason only. */
static void expect_refused(struct tierx_mover *mover, struct tierx_mem *mem, int node,
			   const char *reason)
{
	uint64_t before = tierx_event(reason), pfn = tierx_mem_pfn(mem, 0);
	int was = tierx_mem_node(mem, 0);

	ASSERT_EQ(tierx_mover_one(mover, pfn, 0, node), 0);
	if (tierx_event(reason) != before + 1)
		FAIL("%s did not count", reason);
	ASSERT_EQ(tierx_mem_node(mem, 0), was);
	ASSERT_EQ(tierx_mem_pfn(mem, 0), pfn);
	ASSERT_EQ(tierx_mover_count(mover, "nr_migrated_queued"), 0);
}

/* The same page can be moved once the reason is gone. */
static void expect_moved(struct tierx_mover *mover, struct tierx_mem *mem, int node)
{
	ASSERT_EQ(tierx_mover_one(mover, tierx_mem_pfn(mem, 0), 0, node), 0);
	ASSERT_EQ(tierx_mem_node(mem, 0), node);
}

static void mlocked(void)
{
	struct tierx_mover *mover = start();
	struct tierx_mem *mem = tierx_mem_alloc(1, tierx_slow_node());

	ASSERT_EQ(mlock(mem->addr, TIERX_PAGE), 0);
	expect_refused(mover, mem, tierx_fast_node(), "refused_mlock");
	ASSERT_EQ(munlock(mem->addr, TIERX_PAGE), 0);
	expect_moved(mover, mem, tierx_fast_node());
}

static void close_fd(void *arg)
{
	close((int)(intptr_t)arg);
}

static void pinned(void)
{
	struct io_uring_params params = {};
	struct tierx_mover *mover = start();
	struct tierx_mem *mem = tierx_mem_alloc(1, tierx_slow_node());
	struct iovec buffer = { .iov_base = mem->addr, .iov_len = TIERX_PAGE };
	int ring;

	ring = syscall(SYS_io_uring_setup, 1, &params);
	if (ring < 0)
		SKIP("no io_uring to pin a page with: %s", strerror(errno));
	tierx_defer(close_fd, (void *)(intptr_t)ring);
	ASSERT_EQ(syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS, &buffer, 1), 0);
	expect_refused(mover, mem, tierx_fast_node(), "refused_pin");
	ASSERT_EQ(syscall(SYS_io_uring_register, ring, IORING_UNREGISTER_BUFFERS, NULL, 0), 0);
	/* The buffer is put by a work item. */
	ASSERT_WAIT(tierx_mover_one(mover, tierx_mem_pfn(mem, 0), 0, tierx_fast_node()) == 0 &&
			    tierx_mem_node(mem, 0) == tierx_fast_node(),
		    5000);
}

static void hugetlb(void)
{
	struct tierx_mem mem = { .pages = HUGETLB_SIZE / TIERX_PAGE };
	struct tierx_mover *mover = start();
	int node;

	tierx_set("/proc/sys/vm/nr_hugepages", "4");
	mem.addr = mmap(NULL, HUGETLB_SIZE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	if (mem.addr == MAP_FAILED)
		SKIP("no hugetlb page to be had: %s", strerror(errno));
	*mem.addr = 1;
	node = tierx_mem_node(&mem, 0);
	expect_refused(mover, &mem,
		       node == tierx_fast_node() ? tierx_slow_node() : tierx_fast_node(),
		       "refused_hugetlb");
	munmap(mem.addr, HUGETLB_SIZE);
}

/* KSM merges pages of equal content. */
static void ksm(void)
{
	struct tierx_mover *mover = start();
	struct tierx_mem *mem = tierx_mem_alloc(64, tierx_slow_node());

	memset(mem->addr, 0x5a, mem->pages * TIERX_PAGE);
	tierx_set("/sys/kernel/mm/ksm/sleep_millisecs", "10");
	tierx_set("/sys/kernel/mm/ksm/pages_to_scan", "1000");
	tierx_set("/sys/kernel/mm/ksm/run", "1");
	ASSERT_EQ(madvise(mem->addr, mem->pages * TIERX_PAGE, MADV_MERGEABLE), 0);
	ASSERT_WAIT(tierx_mem_pfn(mem, 0) == tierx_mem_pfn(mem, 1), 20000);
	expect_refused(mover, mem,
		       tierx_mem_node(mem, 0) == tierx_fast_node() ? tierx_slow_node() :
								     tierx_fast_node(),
		       "refused_ksm");
}

/* Who asks is a kernel thread that may use any node; the owner may not. */
static void cpuset(void)
{
	struct tierx_mover *mover = start();
	const char *cgroup = tierx_cgroup_enter("refusals");
	char path[256], mems[16];
	struct tierx_mem *mem;

	snprintf(path, sizeof(path), "%s/cpuset.mems", cgroup);
	snprintf(mems, sizeof(mems), "%d", tierx_slow_node());
	ASSERT_EQ(tierx_write(path, mems), 0);
	mem = tierx_mem_alloc(1, tierx_slow_node());
	expect_refused(mover, mem, tierx_fast_node(), "refused_cpuset");
	snprintf(mems, sizeof(mems), "%d,%d", tierx_fast_node(), tierx_slow_node());
	ASSERT_EQ(tierx_write(path, mems), 0);
	expect_moved(mover, mem, tierx_fast_node());
}

static int set_policy(struct tierx_mem *mem, int mode, int node)
{
	unsigned long mask = node < 0 ? 0 : 1UL << node;

	return syscall(SYS_mbind, mem->addr, mem->pages * TIERX_PAGE, mode, node < 0 ? NULL : &mask,
		       node < 0 ? 0UL : 64UL, 0);
}

static void mempolicy_of_vma(void)
{
	struct tierx_mover *mover = start();
	struct tierx_mem *mem = tierx_mem_alloc(1, tierx_slow_node());

	ASSERT_EQ(set_policy(mem, MPOL_BIND, tierx_slow_node()), 0);
	expect_refused(mover, mem, tierx_fast_node(), "refused_mempolicy");
	ASSERT_EQ(set_policy(mem, MPOL_DEFAULT, -1), 0);
	expect_moved(mover, mem, tierx_fast_node());
}

static void default_policy(void *unused __attribute__((unused)))
{
	syscall(SYS_set_mempolicy, MPOL_DEFAULT, NULL, 0UL);
}

static void mempolicy_of_task(void)
{
	unsigned long mask = 1UL << tierx_slow_node();
	struct tierx_mover *mover = start();
	struct tierx_mem *mem = tierx_mem_alloc(1, tierx_slow_node());

	ASSERT_EQ(syscall(SYS_set_mempolicy, MPOL_BIND, &mask, 64UL), 0);
	tierx_defer(default_policy, NULL);
	expect_refused(mover, mem, tierx_fast_node(), "refused_mempolicy");
	default_policy(NULL);
	expect_moved(mover, mem, tierx_fast_node());
}

/* It is the file's: whoever maps that otherwise, or nobody, it counts. */
static void mempolicy_of_shmem(void)
{
	struct tierx_mem bound = { .pages = 1 }, other = { .pages = 1 };
	struct tierx_mover *mover = start();
	int fd = memfd_create("tierx", MFD_CLOEXEC);
	uint64_t pfn, before;

	ASSERT_GE(fd, 0);
	tierx_defer(close_fd, (void *)(intptr_t)fd);
	ASSERT_EQ(ftruncate(fd, TIERX_PAGE), 0);
	bound.addr = tierx_map_shared(TIERX_PAGE, fd);
	other.addr = tierx_map_shared(TIERX_PAGE, fd);
	ASSERT_EQ(set_policy(&bound, MPOL_BIND, tierx_slow_node()), 0);
	tierx_mem_touch(&other, true);
	tierx_mem_free(&bound);
	tierx_drain_lru();
	expect_refused(mover, &other, tierx_fast_node(), "refused_mempolicy");

	pfn = tierx_mem_pfn(&other, 0);
	tierx_mem_free(&other);
	before = tierx_event("refused_mempolicy");
	ASSERT_EQ(tierx_mover_one(mover, pfn, 0, tierx_fast_node()), 0);
	ASSERT_EQ(tierx_event("refused_mempolicy"), before + 1);

	other.addr = tierx_map_shared(TIERX_PAGE, fd);
	/* Of a VMA that has none, none is taken away. */
	ASSERT_EQ(set_policy(&other, MPOL_BIND, tierx_slow_node()), 0);
	ASSERT_EQ(set_policy(&other, MPOL_DEFAULT, -1), 0);
	tierx_mem_touch(&other, false);
	expect_moved(mover, &other, tierx_fast_node());
	tierx_mem_free(&other);
}

static void same_node(void)
{
	struct tierx_mover *mover = start();
	struct tierx_mem *mem = tierx_mem_alloc(1, tierx_slow_node());

	expect_refused(mover, mem, tierx_slow_node(), "refused_target");
}

static void policy_says_no(void)
{
	struct tierx_mover *mover = start();
	struct tierx_mem *mem = tierx_mem_alloc(1, tierx_slow_node());
	int32_t *verdict = tierx_global(mover->policy, "admit_verdict");

	*verdict = -8; /* TIERX_DENY */
	expect_refused(mover, mem, tierx_fast_node(), "refused_admit");
	*verdict = -1; /* TIERX_DEFAULT */
	expect_moved(mover, mem, tierx_fast_node());
}

/* Nobody holds the PFN: it was freed after it was named. */
static void freed(void)
{
	struct tierx_mover *mover = start();
	struct tierx_mem *mem = tierx_mem_alloc(1, tierx_slow_node());
	uint64_t pfn = tierx_mem_pfn(mem, 0), before = tierx_event("refused_gone");

	tierx_mem_free(mem);
	ASSERT_EQ(tierx_mover_one(mover, pfn, 0, tierx_fast_node()), 0);
	/* Or it was taken by somebody in the meantime, whose page may move. */
	if (tierx_event("refused_gone") == before && tierx_mover_count(mover, "nr_migrated_queued"))
		SKIP("the page was reused");
	ASSERT_EQ(tierx_event("refused_gone"), before + 1);
}

/* A PFN beyond the memory, as that of a device would be. */
static void no_memory(void)
{
	struct tierx_mover *mover = start();

	ASSERT_EQ(tierx_mover_one(mover, 1ULL << 35, 0, tierx_fast_node()), -EINVAL);
	ASSERT_EQ(tierx_event("refused_device"), 1);
	ASSERT_EQ(tierx_event("queued"), 0);
}

static void bad_arguments(void)
{
	struct tierx_mover *mover = start();
	struct tierx_mem *mem = tierx_mem_alloc(1, tierx_slow_node());
	uint64_t *flags = tierx_global(mover->policy, "move_flags");
	uint64_t pfn = tierx_mem_pfn(mem, 0);

	ASSERT_EQ(tierx_mover_one(mover, pfn, 0, -2), -EINVAL);
	ASSERT_EQ(tierx_mover_one(mover, pfn, 0, 1023), -EINVAL);
	ASSERT_EQ(tierx_mover_one(mover, pfn, 0, 1 << 20), -EINVAL);
	*flags = 1;
	ASSERT_EQ(tierx_mover_one(mover, pfn, 0, tierx_fast_node()), -EINVAL);
	*flags = 1ULL << 63;
	ASSERT_EQ(tierx_mover_one(mover, pfn, 0, tierx_fast_node()), -EINVAL);
	ASSERT_EQ(tierx_event("queued"), 0);
	ASSERT_EQ(tierx_mem_node(mem, 0), tierx_slow_node());
}

/* A promotion may not push the fast node below its watermark. */
static void target_full(void)
{
	int fast = tierx_fast_node();
	struct tierx_mover *mover = start();
	struct tierx_mem *mem = tierx_mem_alloc(64, tierx_slow_node());
	struct tierx_mem *ballast;
	size_t free, chunk = 256, i;

	/* Locked, or kswapd would make room. */
	for (;;) {
		free = tierx_node_vmstat(fast, "nr_free_pages");
		if (free < 4096)
			chunk = 32;
		ballast = tierx_mem_alloc(chunk, fast);
		if (mlock(ballast->addr, chunk * TIERX_PAGE))
			FAIL("mlock: %s", strerror(errno));
		for (i = 0; i < mem->pages; i++)
			mover->wanted[i] =
				(struct mover_wanted){ .pfn = tierx_mem_pfn(mem, i), .nid = fast };
		if (free > 8192)
			continue;
		tierx_mover_run(mover, mem->pages, 10000);
		if (tierx_event("refused_full"))
			break;
		if (tierx_mem_count(mem, fast))
			tierx_mem_move(mem, tierx_slow_node());
	}
	tierx_note("full with %zu free pages", free);
	ASSERT_LT(tierx_mem_count(mem, fast), mem->pages);
}

/* Fill a node with page cache: the holes of a file, which take no room on the disk. */
static void fill_with_cache(int node)
{
	size_t bytes = (tierx_node_vmstat(node, "nr_free_pages") + DEMOTED) * TIERX_PAGE;
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/holes", tierx_mount_ext4(EXT4_BYTES));
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ASSERT_GE(fd, 0);
	tierx_defer(close_fd, (void *)(intptr_t)fd);
	ASSERT_EQ(ftruncate(fd, bytes), 0);
	tierx_bind(node);
	for (size_t at = 0; at < bytes; at += sizeof(buffer))
		ASSERT_GT(pread(fd, buffer, sizeof(buffer), at), 0);
	tierx_bind(-1);
}

/* Nobody but the demotions allocates there, so it is they who have to wake kswapd. */
static void demotion_makes_room(void)
{
	int slow = tierx_slow_node();
	struct tierx_mover *mover = start();
	struct tierx_mem *mem = tierx_mem_alloc(DEMOTED, tierx_fast_node());
	uint64_t stolen;

	/* The less is kept free, the sooner it is used up. */
	tierx_set("/proc/sys/vm/min_free_kbytes", "1024");
	tierx_set("/proc/sys/vm/watermark_boost_factor", "0");
	tierx_mem_fill(mem, 1);
	fill_with_cache(slow);
	stolen = tierx_vmstat("pgsteal_kswapd");
	ASSERT_WAIT((tierx_mover_pages(mover, mem, 0, DEMOTED, 1, slow),
		     tierx_mem_count(mem, slow) == DEMOTED),
		    20000);
	tierx_note("%llu had no room at first, kswapd made room for %llu",
		   (unsigned long long)tierx_event("refused_full"),
		   (unsigned long long)(tierx_vmstat("pgsteal_kswapd") - stolen));
	ASSERT(tierx_enabled());
	ASSERT_EQ(tierx_event("move_failed"), 0);
	ASSERT_GT(tierx_vmstat("pgsteal_kswapd"), stolen);
	ASSERT_EQ(tierx_mem_verify(mem, 1), 0);
}

static uint64_t direct_work(void)
{
	return tierx_vmstat("compact_stall") + tierx_vmstat("pgscan_direct");
}

/* There is room, but not in one piece. */
static void huge_is_not_made_to_fit(void)
{
	int fast = tierx_fast_node(), slow = tierx_slow_node();
	struct tierx_mem *ballast, *huge[HUGE_PAGES];
	struct tierx_mover *mover = start();
	size_t i, first[HUGE_PAGES];
	uint64_t work;

	for (i = 0; i < HUGE_PAGES; i++)
		first[i] = tierx_huge_alloc(&huge[i], slow);
	ballast = tierx_mem_alloc(tierx_node_vmstat(fast, "nr_free_pages") - DEMOTED, fast);
	for (i = 0; i < ballast->pages; i += 2)
		ASSERT_EQ(madvise(ballast->addr + i * TIERX_PAGE, TIERX_PAGE, MADV_DONTNEED), 0);

	work = direct_work();
	for (i = 0; i < HUGE_PAGES; i++)
		mover->wanted[i] = (struct mover_wanted){
			.pfn = tierx_mem_pfn(huge[i], first[i]),
			.nid = fast,
		};
	tierx_mover_run(mover, HUGE_PAGES, 20000);
	tierx_note("%llu moved, %llu had no room", (unsigned long long)tierx_event("moved"),
		   (unsigned long long)tierx_event("refused_full"));
	ASSERT_GT(tierx_event("refused_full"), 0);
	ASSERT_EQ(direct_work(), work);
	ASSERT_EQ(tierx_event("move_failed"), 0);
}

static const struct tierx_test tests[] = {
	TIERX_TEST(mlocked, "an mlocked page is refused, until it is unlocked"),
	TIERX_TEST(pinned, "a page that is pinned for DMA is refused, until it is unpinned"),
	TIERX_TEST(hugetlb, "a hugetlb page is refused"),
	TIERX_TEST(ksm, "a page merged by KSM is refused"),
	TIERX_TEST(cpuset, "a page is refused outside the cpuset of its owner"),
	TIERX_TEST(mempolicy_of_vma, "a page is refused where mbind() has placed it"),
	TIERX_TEST(mempolicy_of_task, "a page is refused where set_mempolicy() has placed it"),
	TIERX_TEST(mempolicy_of_shmem,
		   "a page is refused where a shmem file's policy has placed it"),
	TIERX_TEST(same_node, "a page is refused that is there already"),
	TIERX_TEST(policy_says_no, "a page is refused that the policy does not admit"),
	TIERX_TEST(freed, "a page that was freed is refused"),
	TIERX_TEST(no_memory, "a PFN that is no memory is refused at once"),
	TIERX_TEST(bad_arguments, "nodes and flags that do not exist are refused at once"),
	TIERX_TEST(target_full, "a promotion is refused when the target is full"),
	TIERX_TEST(demotion_makes_room, "a demotion has kswapd make room when the target is full"),
	TIERX_TEST(huge_is_not_made_to_fit,
		   "no migration thread makes room for a huge page itself"),
};

TIERX_TEST_MAIN(tests, tierx_unmet_tiers)
