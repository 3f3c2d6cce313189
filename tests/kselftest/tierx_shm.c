// SPDX-License-Identifier: GPL-2.0-only
/*
 * Shared memory, and where its pages are. The truth is what older interfaces tell:
 * lseek(2) where the holes are, mincore(2) what is in memory, and smaps how many pages of
 * a mapping have swap entries.
 */
#include <fcntl.h>
#include <sys/mman.h>

#include "tierx_file.h"
#include "tierx_prog.h"
#include "tierx_shm.h"

#define STEP_MS 60000
/* Pages that come back one after the other. */
#define RUN_SWAPPED_IN 6

static void close_fd(void *arg)
{
	close((int)(intptr_t)arg);
}

static void unmap(void *arg)
{
	struct tierx_mem *mem = arg;

	munmap(mem->addr, mem->pages * TIERX_PAGE);
	free(mem);
}

static void *map(size_t bytes, int flags, int fd)
{
	struct tierx_mem *mem = calloc(1, sizeof(*mem));
	void *addr = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | flags, fd, 0);

	ASSERT(mem && addr != MAP_FAILED);
	mem->addr = addr;
	mem->pages = (bytes + TIERX_PAGE - 1) / TIERX_PAGE;
	tierx_defer(unmap, mem);
	return addr;
}

/* As huge pages want it: address and offset are aligned alike. */
static unsigned char *map_aligned(size_t bytes, int fd)
{
	size_t huge = TIERX_HUGE * TIERX_PAGE;
	uintptr_t start = (uintptr_t)map(bytes + huge, MAP_ANONYMOUS | MAP_NORESERVE, -1);
	void *aligned = (void *)((start + huge - 1) / huge * huge);

	ASSERT(mmap(aligned, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) ==
	       aligned);
	return aligned;
}

static uint32_t next_random(void)
{
	static uint64_t state = 88172645463325252ULL;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state >> 32;
}

uint64_t tierx_shm_word_of(size_t page)
{
	return page * 0x9e3779b97f4a7c15ULL + 1;
}

uint64_t *tierx_shm_word(struct tierx_shm *shm, size_t page)
{
	return (uint64_t *)(shm->mem.addr + page * TIERX_PAGE);
}

/* Pages do not have to differ everywhere: zram may well compress them. */
static void shm_fill(struct tierx_shm *shm)
{
	size_t page;

	for (page = 0; page < shm->mem.pages; page++)
		if (shm->plan[page] != TIERX_PLAN_HOLE)
			*tierx_shm_word(shm, page) = tierx_shm_word_of(page);
}

size_t tierx_shm_verify(struct tierx_shm *shm)
{
	size_t page, bad = 0;

	for (page = 0; page < shm->mem.pages; page++)
		if (shm->plan[page] != TIERX_PLAN_HOLE)
			bad += *tierx_shm_word(shm, page) != tierx_shm_word_of(page);
	return bad;
}

/* A file with @holes of 100 pages never written to, and every third to be swapped. */
struct tierx_shm *tierx_shm_create(size_t pages, unsigned int holes)
{
	struct tierx_shm *shm = calloc(1, sizeof(*shm));
	size_t page;

	ASSERT(shm);
	tierx_defer(free, shm);
	shm->policy = tierx_open("shmem");
	tierx_must_load(shm->policy);
	shm->fd = memfd_create("b_shmem", MFD_CLOEXEC);
	ASSERT_GE(shm->fd, 0);
	tierx_defer(close_fd, (void *)(intptr_t)shm->fd);
	ASSERT_EQ(ftruncate(shm->fd, pages * TIERX_PAGE), 0);

	shm->mem.pages = pages;
	shm->mem.addr = map_aligned(pages * TIERX_PAGE, shm->fd);
	shm->plan = map(pages, MAP_ANONYMOUS, -1);
	shm->truth = map(pages, MAP_ANONYMOUS, -1);
	for (page = 0; page < pages; page++)
		if (next_random() % 100 >= holes)
			shm->plan[page] = next_random() % 3 ? TIERX_PLAN_KEEP : TIERX_PLAN_SWAP;
	shm_fill(shm);
	return shm;
}

/* Reaches what nobody else has mapped. */
void tierx_shm_swap_out(struct tierx_shm *shm)
{
	size_t page;

	tierx_drain_lru();
	for (page = 0; page < shm->mem.pages; page++)
		if (shm->plan[page] == TIERX_PLAN_SWAP)
			ASSERT_EQ(madvise(tierx_shm_word(shm, page), TIERX_PAGE, MADV_PAGEOUT), 0);
}

/*
 * Some come back. Those that were swapped out one after the other are next to each other
 * in swap, and when they are asked for in turn, readahead takes some more along into the
 * swap cache.
 */
void tierx_shm_swap_some_in(struct tierx_shm *shm, size_t runs)
{
	size_t page, left;

	while (runs--) {
		page = next_random() % (shm->mem.pages / 2);
		for (left = RUN_SWAPPED_IN; left; page++) {
			if (shm->plan[page] != TIERX_PLAN_SWAP)
				continue;
			ASSERT_EQ(*tierx_shm_word(shm, page), tierx_shm_word_of(page));
			left--;
		}
	}
}

/* A range of pages of the file. */
struct range {
	size_t first, nr;
};

static size_t nr_swapped_out(struct tierx_shm *shm, struct range range)
{
	size_t page, count = 0;

	for (page = range.first; page < range.first + range.nr; page++)
		count += shm->truth[page] == TIERX_SHMEM_SWAPPED;
	return count;
}

/* Swap entries in each of the mappings that are @stride bytes apart from @base on. */
static void read_smaps(uintptr_t base, size_t stride, size_t *entries, size_t nr)
{
	FILE *file = fopen("/proc/self/smaps", "re");
	size_t size = 0, kib, i = nr;
	unsigned long start, end;
	char *line = NULL;

	ASSERT(file);
	while (getline(&line, &size, file) > 0) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			i = start >= base && !((start - base) % stride) ? (start - base) / stride :
									  nr;
		else if (i < nr && sscanf(line, "Swap: %zu kB", &kib) == 1)
			entries[i] = kib * 1024 / TIERX_PAGE;
	}
	free(line);
	fclose(file);
}

/* Keep of the ranges those that have more swap entries than pages that are only in swap. */
static size_t keep_in_swap_cache(struct tierx_shm *shm, struct range *ranges, size_t nr)
{
	size_t stride = (ranges[0].nr + 1) * TIERX_PAGE, i, kept = 0;
	unsigned char *base = mmap(NULL, nr * stride, PROT_NONE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	size_t *entries = calloc(nr, sizeof(*entries));

	ASSERT(entries && base != MAP_FAILED);
	for (i = 0; i < nr; i++)
		ASSERT(mmap(base + i * stride, ranges[i].nr * TIERX_PAGE, PROT_READ,
			    MAP_SHARED | MAP_FIXED, shm->fd,
			    ranges[i].first * TIERX_PAGE) != MAP_FAILED);
	read_smaps((uintptr_t)base, stride, entries, nr);
	munmap(base, nr * stride);
	for (i = 0; i < nr; i++)
		if (entries[i] > nr_swapped_out(shm, ranges[i]))
			ranges[kept++] = ranges[i];
	free(entries);
	return kept;
}

/* What is in memory and has a swap entry is in the swap cache: close in on it. */
static void find_swap_cache(struct tierx_shm *shm)
{
	static const size_t sizes[] = { 64, 8, 1 };
	struct range *ranges = calloc(shm->mem.pages, sizeof(*ranges)), *old;
	size_t level, i, page, nr = 1, nr_old;

	ASSERT(ranges);
	ranges[0] = (struct range){ 0, shm->mem.pages };
	for (level = 0; level < TIERX_ARRAY_SIZE(sizes) && nr; level++) {
		old = ranges;
		nr_old = nr;
		ranges = calloc(shm->mem.pages, sizeof(*ranges));
		ASSERT(ranges);
		for (nr = 0, i = 0; i < nr_old; i++)
			for (page = old[i].first; page < old[i].first + old[i].nr;
			     page += sizes[level])
				ranges[nr++] = (struct range){ page, sizes[level] };
		free(old);
		nr = keep_in_swap_cache(shm, ranges, nr);
	}
	/* One entry may stand for many pages, most of which are not in memory. */
	for (i = 0; i < nr; i++)
		if (shm->truth[ranges[i].first] == TIERX_SHMEM_RESIDENT)
			shm->truth[ranges[i].first] = TIERX_SHMEM_SWAPCACHE;
	free(ranges);
}

static void find_holes(struct tierx_shm *shm)
{
	off_t data = 0, hole, end = shm->mem.pages * TIERX_PAGE;

	for (hole = 0; hole < end; hole = lseek(shm->fd, data, SEEK_HOLE)) {
		ASSERT_GE(hole, 0);
		data = lseek(shm->fd, hole, SEEK_DATA);
		if (data < 0)
			data = end;
		memset(shm->truth + hole / TIERX_PAGE, TIERX_SHMEM_HOLE,
		       (data - hole) / TIERX_PAGE);
		if (data == end)
			break;
	}
}

void tierx_shm_truth(struct tierx_shm *shm)
{
	uint8_t *truth = shm->truth;
	size_t page;

	ASSERT_EQ(mincore(shm->mem.addr, shm->mem.pages * TIERX_PAGE, truth), 0);
	for (page = 0; page < shm->mem.pages; page++)
		truth[page] = truth[page] & 1 ? TIERX_SHMEM_RESIDENT : TIERX_SHMEM_SWAPPED;
	find_holes(shm);
	find_swap_cache(shm);
}

size_t tierx_shm_count(struct tierx_shm *shm, uint8_t state)
{
	size_t page, count = 0;

	for (page = 0; page < shm->mem.pages; page++)
		count += shm->truth[page] == state;
	return count;
}

size_t tierx_shm_count_plan(struct tierx_shm *shm, uint8_t plan)
{
	size_t page, count = 0;

	for (page = 0; page < shm->mem.pages; page++)
		count += shm->plan[page] == plan;
	return count;
}

/* --- scans --- */

int64_t tierx_shm_scan(struct tierx_shm *shm, int fd, uint64_t index, uint32_t size)
{
	*(uint32_t *)tierx_global(shm->policy, "scan_fd") = fd;
	*(uint64_t *)tierx_global(shm->policy, "scan_index") = index;
	*(uint32_t *)tierx_global(shm->policy, "scan_size") = size;
	ASSERT_EQ(tierx_run(shm->policy, "shmem_scan"), 0);
	return *(volatile int64_t *)tierx_global(shm->policy, "scan_ret");
}

/* How many pages are elsewhere than the scan says. */
size_t tierx_shm_scan_all(struct tierx_shm *shm, int fd)
{
	const uint8_t *states = tierx_global(shm->policy, "states");
	size_t index, i, bad = 0;
	int64_t nr;

	for (index = 0; index < shm->mem.pages; index += nr) {
		nr = tierx_shm_scan(shm, fd, index, SHMEM_SCAN_MAX);
		ASSERT_GT(nr, 0);
		for (i = 0; i < (size_t)nr; i++)
			bad += states[i] != shm->truth[index + i];
	}
	ASSERT_EQ(index, shm->mem.pages);
	return bad;
}

void tierx_shm_expect_exact(struct tierx_shm *shm)
{
	tierx_shm_truth(shm);
	ASSERT_EQ(tierx_shm_scan_all(shm, shm->fd), 0);
}

/* --- sharers: processes that have the file open and mapped on their own --- */

/* Every second page that is no hole: to read a hole would fill it. */
static void sharer_touch(struct tierx_sharer *sharer)
{
	size_t page;

	for (page = 0; page < sharer->mem.pages; page++)
		if (sharer->shm->plan[page] != TIERX_PLAN_HOLE && next_random() % 2)
			(void)*(volatile unsigned char *)(sharer->mem.addr + page * TIERX_PAGE);
}

/* Else nobody could page them out by their mapping. */
static void sharer_zap(struct tierx_sharer *sharer)
{
	size_t page;

	for (page = 0; page < sharer->mem.pages; page++)
		if (sharer->shm->plan[page] == TIERX_PLAN_SWAP)
			ASSERT_EQ(madvise(sharer->mem.addr + page * TIERX_PAGE, TIERX_PAGE,
					  MADV_DONTNEED),
				  0);
}

static int sharer_run(void *arg)
{
	struct tierx_sharer *sharer = arg;
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", sharer->shm->fd);
	sharer->fd = open(path, O_RDWR | O_CLOEXEC);
	ASSERT_GE(sharer->fd, 0);
	sharer->mem.pages = sharer->shm->mem.pages;
	sharer->mem.addr = map(sharer->mem.pages * TIERX_PAGE, 0, sharer->fd);
	while (sharer->step != TIERX_STEP_END) {
		if (sharer->step == sharer->done) {
			tierx_sleep_ms(1);
			continue;
		}
		if (sharer->step == TIERX_STEP_TOUCH)
			sharer_touch(sharer);
		else if (sharer->step == TIERX_STEP_ZAP)
			sharer_zap(sharer);
		else
			sharer->bad = tierx_shm_scan_all(sharer->shm, sharer->fd);
		sharer->done = sharer->step;
	}
	return 0;
}

struct tierx_sharer *tierx_sharer_start(struct tierx_shm *shm)
{
	struct tierx_sharer *sharer = map(sizeof(*sharer), MAP_ANONYMOUS, -1);

	sharer->shm = shm;
	tierx_fork(sharer_run, sharer);
	return sharer;
}

void tierx_sharer_do(struct tierx_sharer *sharer, int step)
{
	sharer->step = step;
	ASSERT_WAIT(sharer->done == step, STEP_MS);
}

void tierx_sharer_expect_same(struct tierx_sharer *sharer)
{
	tierx_sharer_do(sharer, TIERX_STEP_SCAN);
	ASSERT_EQ(sharer->bad, 0);
}

static int child_scans(void *arg)
{
	struct tierx_shm *shm = arg;

	return tierx_shm_scan_all(shm, shm->fd) ? 1 : 0;
}

void tierx_shm_expect_same_after_fork(struct tierx_shm *shm)
{
	ASSERT_EQ(tierx_wait_child(tierx_fork(child_scans, shm), STEP_MS), 0);
}
