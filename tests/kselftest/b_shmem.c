// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the pages of shared memory are: exactly, for everybody who shares it, and
 * whoever has it mapped; and cold shared memory is paged out by a policy.
 */
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <time.h>

#include "tierx_file.h"
#include "tierx_prog.h"
#include "tierx_shm.h"

#ifndef SYS_cachestat
#define SYS_cachestat 451
#endif

#define GIB_PAGES   (((size_t)1 << 30) / TIERX_PAGE)
#define SMALL_PAGES ((size_t)4096)
#define COLD_PAGES  ((size_t)1024)
/* Fewer than a block device takes requests before who makes them has to wait. */
#define SLOW_PAGES ((size_t)100)
#define SWAP_BYTES ((size_t)1 << 30)
#define NR_SHARERS 4
/* Runs of pages that come back. */
#define NR_SWAPPED_IN 64

/* --- B1 --- */

static void note_truth(struct tierx_shm *shm)
{
	tierx_note("%zu pages: %zu holes, %zu resident, %zu swapped, %zu in the swap cache",
		   shm->mem.pages, tierx_shm_count(shm, TIERX_SHMEM_HOLE),
		   tierx_shm_count(shm, TIERX_SHMEM_RESIDENT),
		   tierx_shm_count(shm, TIERX_SHMEM_SWAPPED),
		   tierx_shm_count(shm, TIERX_SHMEM_SWAPCACHE));
}

/* There is enough of every state for the comparison to mean something. */
static void expect_variety(struct tierx_shm *shm)
{
	size_t swap = tierx_shm_count_plan(shm, TIERX_PLAN_SWAP);

	note_truth(shm);
	ASSERT_EQ(tierx_shm_count(shm, TIERX_SHMEM_HOLE),
		  tierx_shm_count_plan(shm, TIERX_PLAN_HOLE));
	ASSERT_GE(tierx_shm_count(shm, TIERX_SHMEM_RESIDENT),
		  tierx_shm_count_plan(shm, TIERX_PLAN_KEEP));
	ASSERT_GE(tierx_shm_count(shm, TIERX_SHMEM_SWAPPED), swap - swap / 10);
	ASSERT_GT(tierx_shm_count(shm, TIERX_SHMEM_SWAPCACHE), 0);
}

static void b1_exact(void)
{
	struct tierx_sharer *sharers[NR_SHARERS];
	struct tierx_shm *shm;
	int i;

	tierx_swap_start(SWAP_BYTES);
	shm = tierx_shm_create(GIB_PAGES, 10);
	for (i = 0; i < NR_SHARERS; i++)
		sharers[i] = tierx_sharer_start(shm);
	for (i = 0; i < NR_SHARERS; i++)
		tierx_sharer_do(sharers[i], TIERX_STEP_TOUCH);
	for (i = 0; i < NR_SHARERS; i++)
		tierx_sharer_do(sharers[i], TIERX_STEP_ZAP);
	tierx_shm_swap_out(shm);
	tierx_shm_swap_some_in(shm, NR_SWAPPED_IN);

	tierx_shm_expect_exact(shm);
	expect_variety(shm);
	for (i = 0; i < NR_SHARERS; i++)
		tierx_sharer_expect_same(sharers[i]);
	tierx_shm_expect_same_after_fork(shm);
}

/* The file and not its mapping answers: a tracing program has no process to ask. */
static void b1_inode(void)
{
	volatile uint64_t *nr_seen;
	struct stat st;
	struct tierx_shm *shm;
	size_t page;

	tierx_swap_start(SWAP_BYTES);
	shm = tierx_shm_create(SMALL_PAGES, 10);
	tierx_shm_swap_out(shm);
	tierx_shm_swap_some_in(shm, NR_SWAPPED_IN / 8);
	tierx_shm_truth(shm);
	expect_variety(shm);

	ASSERT_EQ(fstat(shm->fd, &st), 0);
	*(uint64_t *)tierx_global(shm->policy, "wanted_ino") = st.st_ino;
	nr_seen = tierx_global(shm->policy, "nr_seen");
	tierx_trace(shm->policy, "shmem_state");
	/* One more: after the end there is nothing. */
	for (page = 0; page <= shm->mem.pages; page++) {
		*(uint64_t *)tierx_global(shm->policy, "wanted_index") = page;
		ASSERT_EQ(flock(shm->fd, LOCK_SH), 0);
		ASSERT_EQ(*nr_seen, page + 1);
		ASSERT_EQ(*(volatile int32_t *)tierx_global(shm->policy, "seen_state"),
			  page < shm->mem.pages ? shm->truth[page] : TIERX_SHMEM_HOLE);
	}
}

/* --- B2 --- */

static void b2_zapped(void)
{
	struct tierx_sharer *sharer;
	struct tierx_shm *shm;

	tierx_swap_start(SWAP_BYTES);
	shm = tierx_shm_create(SMALL_PAGES, 10);
	sharer = tierx_sharer_start(shm);
	tierx_sharer_do(sharer, TIERX_STEP_TOUCH);
	tierx_shm_truth(shm);
	ASSERT_EQ(tierx_shm_count(shm, TIERX_SHMEM_SWAPPED), 0);
	tierx_sharer_expect_same(sharer);
	tierx_sharer_do(sharer, TIERX_STEP_ZAP);
	tierx_sharer_expect_same(sharer);

	tierx_shm_swap_out(shm);
	tierx_shm_truth(shm);
	ASSERT_GT(tierx_shm_count(shm, TIERX_SHMEM_SWAPPED), 0);
	tierx_sharer_expect_same(sharer);
	ASSERT_EQ(tierx_shm_scan_all(shm, shm->fd), 0);
	/* Of this one's page tables, nothing is left. */
	ASSERT_EQ(madvise(shm->mem.addr, shm->mem.pages * TIERX_PAGE, MADV_DONTNEED), 0);
	ASSERT_EQ(tierx_shm_scan_all(shm, shm->fd), 0);
}

static void b2_fork(void)
{
	struct tierx_shm *shm;

	tierx_swap_start(SWAP_BYTES);
	shm = tierx_shm_create(SMALL_PAGES, 10);
	tierx_shm_swap_out(shm);
	tierx_shm_swap_some_in(shm, NR_SWAPPED_IN / 8);
	tierx_shm_expect_exact(shm);
	expect_variety(shm);
	tierx_shm_expect_same_after_fork(shm);
}

/* A huge page in the middle of the file; index of its first page. */
static size_t shm_huge(struct tierx_shm *shm)
{
	uint64_t huge = tierx_vmstat("nr_shmem_hugepages");
	size_t first = TIERX_HUGE, page;

	ASSERT_EQ(madvise(shm->mem.addr, shm->mem.pages * TIERX_PAGE, MADV_HUGEPAGE), 0);
	for (page = 0; page < TIERX_HUGE; page++) {
		*tierx_shm_word(shm, first + page) = tierx_shm_word_of(first + page);
		shm->plan[first + page] = TIERX_PLAN_SWAP;
	}
	if (tierx_vmstat("nr_shmem_hugepages") == huge)
		SKIP("no huge page of shmem to be had");
	return first;
}

static void expect_huge_exact(struct tierx_shm *shm, size_t first, uint8_t state, size_t nr)
{
	size_t page, count = 0;

	tierx_shm_expect_exact(shm);
	tierx_shm_expect_same_after_fork(shm);
	for (page = first; page < first + TIERX_HUGE; page++)
		count += shm->truth[page] == state;
	ASSERT_EQ(count, nr);
}

static void b2_thp_split(void)
{
	struct tierx_shm *shm;
	size_t first;

	tierx_swap_start(SWAP_BYTES);
	tierx_set("/sys/kernel/mm/transparent_hugepage/shmem_enabled", "advise");
	shm = tierx_shm_create(4 * TIERX_HUGE, 100);
	first = shm_huge(shm);
	expect_huge_exact(shm, first, TIERX_SHMEM_RESIDENT, TIERX_HUGE);

	/* Swapped out as a whole, one entry stands for all of it. */
	tierx_drain_lru();
	ASSERT_EQ(madvise(tierx_shm_word(shm, first), TIERX_HUGE * TIERX_PAGE, MADV_PAGEOUT), 0);
	expect_huge_exact(shm, first, TIERX_SHMEM_SWAPPED, TIERX_HUGE);

	/* A page in the middle comes back, which splits it. */
	ASSERT_EQ(*tierx_shm_word(shm, first + 77), tierx_shm_word_of(first + 77));
	expect_huge_exact(shm, first, TIERX_SHMEM_RESIDENT, 1);
	ASSERT_EQ(shm->truth[first + 77], TIERX_SHMEM_RESIDENT);

	ASSERT_EQ(tierx_shm_verify(shm), 0);
	expect_huge_exact(shm, first, TIERX_SHMEM_RESIDENT, TIERX_HUGE);
}

static void punch(struct tierx_shm *shm, size_t first, size_t nr)
{
	ASSERT_EQ(fallocate(shm->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, first * TIERX_PAGE,
			    nr * TIERX_PAGE),
		  0);
	memset(shm->plan + first, TIERX_PLAN_HOLE, nr);
}

static void b2_thp_punched(void)
{
	struct tierx_shm *shm;
	size_t first;

	tierx_swap_start(SWAP_BYTES);
	tierx_set("/sys/kernel/mm/transparent_hugepage/shmem_enabled", "advise");
	shm = tierx_shm_create(4 * TIERX_HUGE, 100);
	first = shm_huge(shm);
	punch(shm, first + 10, 30);
	expect_huge_exact(shm, first, TIERX_SHMEM_HOLE, 30);

	/* It was unmapped to be split. */
	ASSERT_EQ(tierx_shm_verify(shm), 0);
	tierx_drain_lru();
	ASSERT_EQ(madvise(tierx_shm_word(shm, first + 100), 100 * TIERX_PAGE, MADV_PAGEOUT), 0);
	expect_huge_exact(shm, first, TIERX_SHMEM_SWAPPED, 100);
	punch(shm, first + 150, 10);
	expect_huge_exact(shm, first, TIERX_SHMEM_HOLE, 40);
	ASSERT_EQ(tierx_shm_verify(shm), 0);
}

/* --- B4 --- */

#define COST_PAGES  ((size_t)SHMEM_SCAN_MAX)
#define COST_ROUNDS 5

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static void cost_scan(struct tierx_shm *shm)
{
	ASSERT_EQ(tierx_shm_scan(shm, shm->fd, 0, shm->mem.pages), (int64_t)shm->mem.pages);
}

/* Does not tell what is in swap. */
static void cost_mincore(struct tierx_shm *shm)
{
	static uint8_t in_core[COST_PAGES];

	ASSERT_EQ(mincore(shm->mem.addr, shm->mem.pages * TIERX_PAGE, in_core), 0);
}

static void cost_cachestat(struct tierx_shm *shm)
{
	uint64_t range[2] = { 0, TIERX_PAGE }, stat[5];
	size_t page;

	for (page = 0; page < shm->mem.pages; page++) {
		range[0] = page * TIERX_PAGE;
		syscall(SYS_cachestat, shm->fd, range, stat, 0);
	}
}

/* What is not present may be a hole, swapped out, or just not mapped: look it up. */
static void look_up(struct tierx_shm *shm, size_t page)
{
	unsigned char in_core;

	ASSERT_EQ(mincore(tierx_shm_word(shm, page), TIERX_PAGE, &in_core), 0);
	lseek(shm->fd, page * TIERX_PAGE, SEEK_DATA);
}

static void cost_pagemap(struct tierx_shm *shm)
{
	static uint64_t entries[COST_PAGES];
	uintptr_t number = (uintptr_t)shm->mem.addr / TIERX_PAGE;
	ssize_t size = shm->mem.pages * sizeof(entries[0]);
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	size_t page;

	ASSERT_GE(fd, 0);
	ASSERT_EQ(pread(fd, entries, size, number * sizeof(entries[0])), size);
	close(fd);
	for (page = 0; page < shm->mem.pages; page++)
		if (!(entries[page] >> 63))
			look_up(shm, page);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

struct cost {
	const char *name;
	void (*run)(struct tierx_shm *shm);
	uint64_t ns[COST_ROUNDS];
};

/* In turns, so that a disturbance does not hit only one of them. */
static void measure(struct tierx_shm *shm, struct cost *costs, size_t nr)
{
	uint64_t start;
	size_t i, round;

	for (round = 0; round < COST_ROUNDS; round++) {
		for (i = 0; i < nr; i++) {
			start = now_ns();
			costs[i].run(shm);
			costs[i].ns[round] = now_ns() - start;
		}
	}
	for (i = 0; i < nr; i++)
		qsort(costs[i].ns, COST_ROUNDS, sizeof(costs[i].ns[0]), compare);
}

static void b4_cost(void)
{
	struct cost costs[] = {
		{ .name = "scan", .run = cost_scan },
		{ .name = "mincore per range", .run = cost_mincore },
		{ .name = "pagemap and look-ups", .run = cost_pagemap },
		{ .name = "cachestat per page", .run = cost_cachestat },
	};
	size_t nr = TIERX_ARRAY_SIZE(costs);
	double scan_ns;
	struct tierx_shm *shm;
	size_t i;

	tierx_swap_start(SWAP_BYTES);
	shm = tierx_shm_create(COST_PAGES, 10);
	tierx_shm_swap_out(shm);
	/* The kernel may have been built without it. */
	if (syscall(SYS_cachestat, shm->fd, NULL, NULL, 0) && errno == ENOSYS)
		nr--;
	measure(shm, costs, nr);
	scan_ns = costs[0].ns[COST_ROUNDS / 2];
	for (i = 0; i < nr; i++)
		tierx_note("%s: %.1f ns per page, %.2f times a scan (%.2f to %.2f)", costs[i].name,
			   (double)costs[i].ns[COST_ROUNDS / 2] / shm->mem.pages,
			   costs[i].ns[COST_ROUNDS / 2] / scan_ns, costs[i].ns[0] / scan_ns,
			   costs[i].ns[COST_ROUNDS - 1] / scan_ns);
	ASSERT_LT(costs[0].ns[COST_ROUNDS / 2], costs[2].ns[COST_ROUNDS / 2]);
}

/* --- B5 --- */

/* Hand PFNs to the policy; wait until it has queued them. */
static void page_out(struct tierx_shm *shm, const uint64_t *pfns, size_t nr)
{
	volatile uint32_t *nr_cold = tierx_global(shm->policy, "nr_cold");

	ASSERT_LE(nr, SHMEM_MAX_COLD);
	memcpy(tierx_global(shm->policy, "cold_pfn"), pfns, nr * sizeof(*pfns));
	__sync_synchronize();
	*nr_cold = nr;
	ASSERT_WAIT(*nr_cold == 0, 10000);
}

static int page_out_one(struct tierx_shm *shm, uint64_t pfn)
{
	page_out(shm, &pfn, 1);
	return *(volatile int32_t *)tierx_global(shm->policy, "cold_ret");
}

static struct tierx_shm *shm_attached(size_t pages, unsigned int holes)
{
	struct tierx_shm *shm;

	tierx_swap_start(SWAP_BYTES);
	shm = tierx_shm_create(pages, holes);
	ASSERT_EQ(tierx_attach(shm->policy), 0);
	return shm;
}

/* Somebody else has it mapped, too: by their mappings the pages could not be had. */
static void b5_pageout(void)
{
	struct tierx_shm *shm = shm_attached(COLD_PAGES, 0);
	struct tierx_sharer *sharer = tierx_sharer_start(shm);
	uint64_t pfns[COLD_PAGES], swapped_in;
	size_t page;

	tierx_sharer_do(sharer, TIERX_STEP_TOUCH);
	for (page = 0; page < COLD_PAGES; page++)
		pfns[page] = tierx_mem_pfn(&shm->mem, page);
	tierx_drain_lru();
	tierx_shm_expect_exact(shm);
	ASSERT_EQ(tierx_shm_count(shm, TIERX_SHMEM_RESIDENT), COLD_PAGES);

	swapped_in = tierx_vmstat("pswpin");
	page_out(shm, pfns, COLD_PAGES);
	ASSERT_WAIT(tierx_event("reclaimed_pages") == COLD_PAGES, 20000);
	tierx_shm_expect_exact(shm);
	ASSERT_EQ(tierx_shm_count(shm, TIERX_SHMEM_SWAPPED), COLD_PAGES);
	tierx_sharer_expect_same(sharer);
	/* Neither to find out where they are, nor to page them out, was one touched. */
	ASSERT_EQ(tierx_vmstat("pswpin"), swapped_in);

	ASSERT_EQ(*tierx_shm_word(shm, 500), tierx_shm_word_of(500));
	tierx_shm_expect_exact(shm);
	ASSERT_EQ(shm->truth[500], TIERX_SHMEM_RESIDENT);
	ASSERT_EQ(tierx_shm_verify(shm), 0);
	tierx_shm_expect_exact(shm);
	ASSERT_EQ(tierx_shm_count(shm, TIERX_SHMEM_RESIDENT), COLD_PAGES);
	tierx_sharer_expect_same(sharer);
}

static bool swapped(struct tierx_mem *mem)
{
	uint64_t entry = 0, number = (uintptr_t)mem->addr / TIERX_PAGE;
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	ASSERT_GE(fd, 0);
	ASSERT_EQ(pread(fd, &entry, sizeof(entry), number * sizeof(entry)), sizeof(entry));
	close(fd);
	return entry >> 62 & 1;
}

static void b5_pageout_anon(void)
{
	struct tierx_shm *shm = shm_attached(1, 0);
	struct tierx_mem *mem = tierx_mem_alloc(1, tierx_slow_node());

	tierx_mem_fill(mem, 1);
	tierx_drain_lru();
	ASSERT(!swapped(mem));
	ASSERT_EQ(page_out_one(shm, tierx_mem_pfn(mem, 0)), 0);
	ASSERT_WAIT(tierx_event("reclaimed_pages") == 1, 5000);
	ASSERT(swapped(mem));
	ASSERT_EQ(tierx_mem_verify(mem, 1), 0);
}

/* A clean page is dropped; one that would have to be written back stays. */
static void b5_pageout_file(void)
{
	struct tierx_shm *shm = shm_attached(1, 0);
	struct tierx_file *file;
	unsigned char in_core[2];
	uint64_t pfns[2];

	file = tierx_file_create(tierx_mount_ext4(64 << 20), 2, tierx_slow_node());
	tierx_file_map(file, PROT_READ | PROT_WRITE, MAP_SHARED);
	tierx_file_touch(file, false);
	*(volatile unsigned char *)(file->mem.addr + TIERX_PAGE) = file->mem.addr[TIERX_PAGE];
	pfns[0] = tierx_mem_pfn(&file->mem, 0);
	pfns[1] = tierx_mem_pfn(&file->mem, 1);

	page_out(shm, pfns, 2);
	ASSERT_WAIT(tierx_event("reclaimed_pages") + tierx_event("refused_dirty") == 2, 20000);
	ASSERT_EQ(tierx_event("reclaimed_pages"), 1);
	ASSERT_EQ(tierx_event("move_failed") + tierx_event("move_retried"), 0);
	ASSERT_EQ(mincore(file->mem.addr, 2 * TIERX_PAGE, in_core), 0);
	ASSERT_EQ(in_core[0] & 1, 0);
	ASSERT_EQ(in_core[1] & 1, 1);
	ASSERT_EQ(tierx_file_verify(file, 1), 0);
}

static void run(const char *format, const char *arg)
{
	char command[256];

	snprintf(command, sizeof(command), format, arg);
	if (system(command))
		FAIL("%s", command);
}

static void loop_end(void *unused __attribute__((unused)))
{
	swapoff("/dev/loop7");
	run("/usr/sbin/losetup -d %s", "/dev/loop7");
}

static void thaw(void *arg)
{
	ioctl((int)(intptr_t)arg, FITHAW, 0);
	close((int)(intptr_t)arg);
}

/* Swap on a file system that does not let anything be written from here on. Returns that. */
static int swap_that_hangs(void)
{
	const char *dir = tierx_mount_ext4(64 << 20);
	int fd;

	if (access("/usr/sbin/losetup", X_OK))
		SKIP("no losetup");
	run("dd if=/dev/zero of=%s/swap bs=1M count=32 status=none", dir);
	run("/usr/sbin/losetup /dev/loop7 %s/swap", dir);
	tierx_defer(loop_end, NULL);
	run("/sbin/mkswap %s > /dev/null 2>&1", "/dev/loop7");
	ASSERT_EQ(swapon("/dev/loop7", 0), 0);
	sync();
	fd = open(dir, O_RDONLY | O_CLOEXEC);
	ASSERT_GE(fd, 0);
	tierx_defer(thaw, (void *)(intptr_t)fd);
	ASSERT_EQ(ioctl(fd, FIFREEZE, 0), 0);
	return fd;
}

/* To have begun to write a page is all that a policy can be asked for. */
static void b5_pageout_slowly(void)
{
	struct tierx_shm *shm = tierx_shm_create(1, 0);
	struct tierx_mem *mem = tierx_mem_alloc(SLOW_PAGES, tierx_slow_node());
	uint64_t pfns[SLOW_PAGES];
	int fd;

	tierx_mem_fill(mem, 1);
	tierx_drain_lru();
	for (size_t page = 0; page < SLOW_PAGES; page++)
		pfns[page] = tierx_mem_pfn(mem, page);
	fd = swap_that_hangs();
	ASSERT_EQ(tierx_attach(shm->policy), 0);

	page_out(shm, pfns, SLOW_PAGES);
	ASSERT_WAIT(tierx_event("reclaimed_pages") == SLOW_PAGES, 5000);
	/* Once more: they are being written. What is on its way back to its list would be busy. */
	tierx_drain_lru();
	page_out(shm, pfns, SLOW_PAGES);
	ASSERT_WAIT(tierx_event("refused_dirty") == SLOW_PAGES, 5000);
	ASSERT_EQ(tierx_event("move_failed") + tierx_event("move_retried"), 0);
	ASSERT(tierx_enabled());

	ASSERT_EQ(ioctl(fd, FITHAW, 0), 0);
	ASSERT_EQ(tierx_mem_verify(mem, 1), 0);
}

static void b5_refused(void)
{
	struct tierx_shm *shm = shm_attached(4, 0);
	uint64_t *flags = tierx_global(shm->policy, "cold_flags"), pfn;
	struct tierx_mem *mem;
	size_t first;

	pfn = tierx_mem_pfn(&shm->mem, 0);
	ASSERT_EQ(mlock(shm->mem.addr, TIERX_PAGE), 0);
	tierx_drain_lru();
	ASSERT_EQ(page_out_one(shm, pfn), 0);
	ASSERT_WAIT(tierx_event("refused_mlock") == 1, 5000);
	ASSERT_EQ(tierx_mem_pfn(&shm->mem, 0), pfn);
	ASSERT_EQ(munlock(shm->mem.addr, TIERX_PAGE), 0);

	first = tierx_huge_alloc(&mem, tierx_fast_node());
	ASSERT_EQ(page_out_one(shm, tierx_mem_pfn(mem, first) + 1), -EINVAL);
	ASSERT_EQ(tierx_event("refused_tail"), 1);
	ASSERT_EQ(page_out_one(shm, 1ULL << 35), -EINVAL);
	ASSERT_EQ(tierx_event("refused_device"), 1);
	*flags = 1;
	ASSERT_EQ(page_out_one(shm, pfn), -EINVAL);

	*flags = 0;
	ASSERT_EQ(tierx_event("queued"), 1);
	ASSERT_EQ(tierx_event("reclaimed_pages"), 0);
	ASSERT_EQ(page_out_one(shm, pfn), 0);
	ASSERT_WAIT(tierx_event("reclaimed_pages") == 1, 5000);
	ASSERT_EQ(*tierx_shm_word(shm, 0), tierx_shm_word_of(0));
}

/* --- what is no question --- */

static void close_fd(void *arg)
{
	close((int)(intptr_t)arg);
}

static void b1_bad_input(void)
{
	struct tierx_shm *shm = tierx_shm_create(SMALL_PAGES, 10);
	uint8_t *states = tierx_global(shm->policy, "states");
	int fds[2];

	ASSERT_EQ(pipe(fds), 0);
	tierx_defer(close_fd, (void *)(intptr_t)fds[0]);
	tierx_defer(close_fd, (void *)(intptr_t)fds[1]);
	ASSERT_EQ(tierx_shm_scan(shm, fds[0], 0, 1), -EINVAL);
	ASSERT_EQ(tierx_shm_scan(shm, 100000, 0, 1), -EBADF);
	ASSERT_EQ(tierx_shm_scan(shm, -1, 0, 1), -EBADF);
	ASSERT_EQ(tierx_shm_scan(shm, shm->fd, 0, SHMEM_SCAN_MAX + 1), -E2BIG);
	ASSERT_EQ(tierx_shm_scan(shm, shm->fd, SMALL_PAGES, 1), 0);
	ASSERT_EQ(tierx_shm_scan(shm, shm->fd, UINT64_MAX, 1), 0);
	ASSERT_EQ(tierx_shm_scan(shm, shm->fd, 0, 0), 0);

	/* It ends where the file does, and touches nothing behind that. */
	memset(states, 0xee, 100);
	ASSERT_EQ(tierx_shm_scan(shm, shm->fd, SMALL_PAGES - 7, 100), 7);
	ASSERT_NE(states[6], 0xee);
	ASSERT_EQ(states[7], 0xee);
	/* The last page counts although it is not full. */
	ASSERT_EQ(ftruncate(shm->fd, (SMALL_PAGES - 7) * TIERX_PAGE + 1), 0);
	ASSERT_EQ(tierx_shm_scan(shm, shm->fd, SMALL_PAGES - 7, 100), 1);
}

static const struct tierx_test tests[] = {
	TIERX_TEST(b1_exact, "a scan of 1 GiB is exact for every page, sharer and child"),
	TIERX_TEST(b1_inode, "a tracing program is told the exact state of an inode's page"),
	TIERX_TEST(b1_bad_input, "what is no shmem file, or no page of it, is told"),
	TIERX_TEST(b2_zapped, "page tables that forget a page do not matter"),
	TIERX_TEST(b2_fork, "a forked child sees the same"),
	TIERX_TEST(b2_thp_split, "a huge page that is swapped out and split"),
	TIERX_TEST(b2_thp_punched, "a huge page with a hole in it, partly swapped out"),
	TIERX_TEST(b4_cost, "a scan is cheaper than pagemap and a look-up per page"),
	TIERX_TEST(b5_pageout, "cold shared memory is paged out without being touched"),
	TIERX_TEST(b5_pageout_anon, "an anonymous page is paged out"),
	TIERX_TEST(b5_pageout_file, "a clean file page is dropped, a dirty one stays"),
	TIERX_TEST(b5_pageout_slowly, "pages that a device takes long to write are no failures"),
	TIERX_TEST(b5_refused, "what may not or cannot be paged out is refused"),
};

TIERX_TEST_MAIN(tests, tierx_unmet_tiers)
