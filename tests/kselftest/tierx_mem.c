// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory on a given node, where it is, what is in it, and somebody who uses it.
 */
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "tierx_test.h"

#define MOVE_BATCH   512
#define MIGRATION_MS 1000

void *tierx_map_shared(size_t size, int fd)
{
	int flags = fd < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED;
	void *addr = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);

	ASSERT_NE((intptr_t)addr, (intptr_t)MAP_FAILED);
	return addr;
}

static int set_mempolicy_of(struct tierx_mem *mem, int mode, int node)
{
	unsigned long mask = node < 0 ? 0 : 1UL << node;
	long err = syscall(SYS_mbind, mem->addr, mem->pages * TIERX_PAGE, mode,
			   node < 0 ? NULL : &mask, node < 0 ? 0UL : 64UL, 0);

	return err ? -errno : 0;
}

void tierx_mem_free(struct tierx_mem *mem)
{
	if (mem->addr)
		munmap(mem->addr, mem->pages * TIERX_PAGE);
	mem->addr = NULL;
}

static void mem_free(void *arg)
{
	tierx_mem_free(arg);
	free(arg);
}

struct tierx_mem *tierx_mem_alloc(size_t pages, int node)
{
	struct tierx_mem *mem;
	size_t i;

	mem = calloc(1, sizeof(*mem));
	ASSERT(mem);
	mem->pages = pages;
	mem->addr = mmap(NULL, pages * TIERX_PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mem->addr == MAP_FAILED) {
		free(mem);
		FAIL("no address space for %zu pages", pages);
	}
	tierx_defer(mem_free, mem);
	madvise(mem->addr, pages * TIERX_PAGE, MADV_NOHUGEPAGE);

	ASSERT_EQ(set_mempolicy_of(mem, MPOL_BIND, node), 0);
	for (i = 0; i < pages; i++)
		mem->addr[i * TIERX_PAGE] = 1;
	/* From here on the kernel and its policy decide. */
	ASSERT_EQ(set_mempolicy_of(mem, MPOL_DEFAULT, -1), 0);
	ASSERT_EQ(tierx_mem_count(mem, node), pages);

	return mem;
}

static bool all_present(const int *status, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (status[i] == -ENOENT)
			return false;
	return true;
}

/* A page that is just being migrated is not there for a moment, so ask again. */
static void ask_nodes(struct tierx_mem *mem, size_t first, size_t nr, int *status)
{
	uint64_t end = tierx_now_ms() + MIGRATION_MS;
	void *pages[MOVE_BATCH];
	size_t i;

	for (i = 0; i < nr; i++)
		pages[i] = mem->addr + (first + i) * TIERX_PAGE;
	do {
		ASSERT_EQ(syscall(SYS_move_pages, 0, nr, pages, NULL, status, 0), 0);
	} while (!all_present(status, nr) && tierx_now_ms() < end);
}

int tierx_mem_node(struct tierx_mem *mem, size_t page)
{
	int status;

	ask_nodes(mem, page, 1, &status);
	return status;
}

size_t tierx_mem_count(struct tierx_mem *mem, int node)
{
	size_t first, i, nr, count = 0;
	int status[MOVE_BATCH];

	for (first = 0; first < mem->pages; first += nr) {
		nr = mem->pages - first < MOVE_BATCH ? mem->pages - first : MOVE_BATCH;
		ask_nodes(mem, first, nr, status);
		for (i = 0; i < nr; i++)
			count += status[i] == node;
	}
	return count;
}

size_t tierx_mem_move(struct tierx_mem *mem, int node)
{
	int nodes[MOVE_BATCH], status[MOVE_BATCH];
	void *pages[MOVE_BATCH];
	size_t first, i, nr;

	for (first = 0; first < mem->pages; first += nr) {
		nr = mem->pages - first < MOVE_BATCH ? mem->pages - first : MOVE_BATCH;
		for (i = 0; i < nr; i++) {
			pages[i] = mem->addr + (first + i) * TIERX_PAGE;
			nodes[i] = node;
		}
		/* Positive: so many were busy. The count below tells. */
		ASSERT_GE(syscall(SYS_move_pages, 0, nr, pages, nodes, status, MPOL_MF_MOVE), 0);
	}
	return tierx_mem_count(mem, node);
}

static uint64_t read_pagemap(struct tierx_mem *mem, size_t page)
{
	uint64_t entry = 0, number = (uintptr_t)(mem->addr + page * TIERX_PAGE) / TIERX_PAGE;
	ssize_t len;
	int fd;

	fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	ASSERT_GE(fd, 0);
	len = pread(fd, &entry, sizeof(entry), number * sizeof(entry));
	close(fd);
	ASSERT_EQ(len, sizeof(entry));
	return entry;
}

uint64_t tierx_mem_pfn(struct tierx_mem *mem, size_t page)
{
	uint64_t end = tierx_now_ms() + MIGRATION_MS, entry;

	do {
		entry = read_pagemap(mem, page);
	} while (!(entry >> 63) && tierx_now_ms() < end);
	if (!(entry >> 63))
		FAIL("page %zu is not present", page);
	return entry & ((1ULL << 55) - 1);
}

static uint64_t next_word(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static uint64_t page_seed(uint64_t seed, size_t page)
{
	return (seed + 1) * 0x9e3779b97f4a7c15ULL ^ (page + 1) * 0xbf58476d1ce4e5b9ULL;
}

void tierx_mem_fill(struct tierx_mem *mem, uint64_t seed)
{
	uint64_t state, *words;
	size_t page, i;

	for (page = 0; page < mem->pages; page++) {
		state = page_seed(seed, page);
		words = (uint64_t *)(mem->addr + page * TIERX_PAGE);
		for (i = 0; i < TIERX_PAGE / sizeof(*words); i++)
			words[i] = next_word(&state);
	}
}

size_t tierx_mem_verify(struct tierx_mem *mem, uint64_t seed)
{
	size_t page, i, bad = 0;
	uint64_t state, *words;

	for (page = 0; page < mem->pages; page++) {
		state = page_seed(seed, page);
		words = (uint64_t *)(mem->addr + page * TIERX_PAGE);
		for (i = 0; i < TIERX_PAGE / sizeof(*words); i++) {
			if (words[i] != next_word(&state)) {
				bad++;
				break;
			}
		}
	}
	return bad;
}

static void touch_page(struct tierx_mem *mem, size_t page, bool write)
{
	volatile unsigned char *addr = mem->addr + page * TIERX_PAGE;

	/* The same value: whoever checks the contents is not disturbed. */
	if (write)
		*addr = *addr;
	else
		(void)*addr;
}

void tierx_mem_touch(struct tierx_mem *mem, bool write)
{
	size_t i;

	for (i = 0; i < mem->pages; i++)
		touch_page(mem, i, write);
}

struct tierx_toucher {
	struct tierx_mem *mem;
	pthread_t thread;
	bool running;
	unsigned int pause_ms;
	unsigned int evenly_ms;
	uint64_t even_since_ms, nr_even, state;
	bool stop;
	bool write;
	int cpu;
	uint64_t rounds;
};

/* What is due by now: however long it slept, the rate is the same. */
static void touch_evenly(struct tierx_toucher *toucher, unsigned int ms)
{
	struct tierx_mem *mem = toucher->mem;
	uint64_t now = tierx_now_ms(), due;

	if (!toucher->even_since_ms)
		toucher->even_since_ms = now;
	due = (now - toucher->even_since_ms) * mem->pages / ms;
	for (; toucher->nr_even < due; toucher->nr_even++)
		touch_page(mem, next_word(&toucher->state) % mem->pages, toucher->write);
}

static void touch_round(struct tierx_toucher *toucher)
{
	unsigned int ms = __atomic_load_n(&toucher->evenly_ms, __ATOMIC_RELAXED);

	if (ms)
		touch_evenly(toucher, ms);
	else
		tierx_mem_touch(toucher->mem, toucher->write);
}

static void *touch(void *arg)
{
	struct tierx_toucher *toucher = arg;
	unsigned int pause_ms;

	if (toucher->cpu >= 0)
		tierx_stay_on(0, toucher->cpu);
	while (!__atomic_load_n(&toucher->stop, __ATOMIC_RELAXED)) {
		touch_round(toucher);
		__atomic_add_fetch(&toucher->rounds, 1, __ATOMIC_RELAXED);
		pause_ms = __atomic_load_n(&toucher->pause_ms, __ATOMIC_RELAXED);
		if (pause_ms)
			tierx_sleep_ms(pause_ms);
	}
	return NULL;
}

void tierx_touch_pause(struct tierx_toucher *toucher, unsigned int ms)
{
	__atomic_store_n(&toucher->pause_ms, ms, __ATOMIC_RELAXED);
}

void tierx_touch_evenly(struct tierx_toucher *toucher, unsigned int ms)
{
	__atomic_store_n(&toucher->evenly_ms, ms, __ATOMIC_RELAXED);
	tierx_touch_pause(toucher, 1);
}

void tierx_touch_stop(struct tierx_toucher *toucher)
{
	if (!toucher->running)
		return;
	__atomic_store_n(&toucher->stop, true, __ATOMIC_RELAXED);
	pthread_join(toucher->thread, NULL);
	toucher->running = false;
}

static void touch_free(void *arg)
{
	tierx_touch_stop(arg);
	free(arg);
}

struct tierx_toucher *tierx_touch_start(struct tierx_mem *mem, int cpu, bool write)
{
	struct tierx_toucher *toucher;

	toucher = calloc(1, sizeof(*toucher));
	ASSERT(toucher);
	toucher->mem = mem;
	toucher->cpu = cpu;
	toucher->write = write;
	toucher->state = 1;
	tierx_defer(touch_free, toucher);
	ASSERT_EQ(pthread_create(&toucher->thread, NULL, touch, toucher), 0);
	toucher->running = true;
	return toucher;
}

uint64_t tierx_touch_rounds(struct tierx_toucher *toucher)
{
	return __atomic_load_n(&toucher->rounds, __ATOMIC_RELAXED);
}

struct tierx_storm *tierx_storm_start(size_t pages, int threads)
{
	struct tierx_storm *storm = calloc(1, sizeof(*storm));
	int i, cpus = sysconf(_SC_NPROCESSORS_ONLN);

	ASSERT(storm);
	tierx_defer(free, storm);
	ASSERT_LE(threads, (int)TIERX_ARRAY_SIZE(storm->touchers));
	storm->threads = threads;
	storm->mem = tierx_mem_alloc(pages, tierx_slow_node());
	tierx_set_tiering();
	for (i = 0; i < threads; i++)
		storm->touchers[i] = tierx_touch_start(storm->mem, i % cpus, i & 1);
	return storm;
}

void tierx_storm_stop(struct tierx_storm *storm)
{
	int i;

	for (i = 0; i < storm->threads; i++)
		tierx_touch_stop(storm->touchers[i]);
}

static void child_kill(void *arg)
{
	pid_t pid = (intptr_t)arg;

	/* Reaped already if the case waited for it. */
	if (waitpid(pid, NULL, WNOHANG) == 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
}

pid_t tierx_fork(int (*function)(void *arg), void *arg)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(function(arg));
	}
	tierx_defer(child_kill, (void *)(intptr_t)pid);
	return pid;
}

int tierx_wait_child(pid_t pid, unsigned int ms)
{
	int status;

	ASSERT_WAIT(waitpid(pid, &status, WNOHANG) == pid, ms);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
