// SPDX-License-Identifier: GPL-2.0-only
/* Load that is hard on memory, by processes some of which look whether theirs stays what it was. */
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "tierx_file.h"
#include "tierx_keep.h"

#define MB	      ((size_t)1 << 20)
#define RECLAIM_BYTES "16M"
#define KEEP_PAGES    2048
#define KEEP_ROUNDS   8
#define LOAD_NICE     10
#define MAX_NODES     3

static struct tierx_kept *kept;

static void add(uint64_t *counter, uint64_t nr)
{
	__atomic_add_fetch(counter, nr, __ATOMIC_RELAXED);
}

/* --- who keeps something in memory, and looks whether it is still there --- */

static void expect_kept(struct tierx_mem *mem, uint64_t seed)
{
	add(&kept->wrong_pages, tierx_mem_verify(mem, seed));
	add(&kept->bytes_verified, mem->pages * TIERX_PAGE);
}

/* In a process that shares the pages until it writes to them. */
static void expect_kept_in_child(struct tierx_mem *mem, uint64_t seed)
{
	pid_t pid = fork();

	if (!pid) {
		expect_kept(mem, seed);
		tierx_mem_fill(&(struct tierx_mem){ mem->addr, mem->pages / 4 }, seed);
		expect_kept(mem, seed);
		_exit(0);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

/* Ask for half of it to be on some node, and take that back at once. */
static void shuffle(struct tierx_mem *mem, int node)
{
	unsigned long mask = 1UL << node;
	size_t bytes = mem->pages / 2 * TIERX_PAGE;

	syscall(SYS_mbind, mem->addr, bytes, MPOL_PREFERRED, &mask, 64UL, MPOL_MF_MOVE);
	syscall(SYS_mbind, mem->addr, bytes, MPOL_DEFAULT, NULL, 0UL, 0);
}

static void keep(struct tierx_mem *mem)
{
	uint64_t seed;
	int round;

	for (seed = getpid();; seed++) {
		tierx_mem_fill(mem, seed);
		for (round = 0; round < KEEP_ROUNDS; round++) {
			expect_kept(mem, seed);
			if (round == KEEP_ROUNDS / 2)
				expect_kept_in_child(mem, seed);
			else if (round & 1)
				shuffle(mem, rand() % MAX_NODES);
		}
	}
}

static int keep_anon(void *advice)
{
	struct tierx_mem mem = { .pages = KEEP_PAGES };

	mem.addr = mmap(NULL, mem.pages * TIERX_PAGE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE((intptr_t)mem.addr, (intptr_t)MAP_FAILED);
	madvise(mem.addr, mem.pages * TIERX_PAGE, (intptr_t)advice);
	keep(&mem);
	return 0;
}

void tierx_keep_shmem(size_t pages)
{
	struct tierx_mem mem = { .pages = pages };

	mem.addr = tierx_map_shared(mem.pages * TIERX_PAGE, -1);
	keep(&mem);
}

static int keep_shmem(void *unused __attribute__((unused)))
{
	tierx_keep_shmem(KEEP_PAGES);
	return 0;
}

/* Written through one mapping, and read by read() from what may not be mapped. */
static int keep_file(void *dir)
{
	struct tierx_mem mem = { .pages = KEEP_PAGES }, copy = { .pages = KEEP_PAGES };
	size_t bytes = mem.pages * TIERX_PAGE;
	char path[128];
	uint64_t seed;
	int fd, round;

	snprintf(path, sizeof(path), "%s/kept", (char *)dir);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(ftruncate(fd, bytes), 0);
	copy.addr = malloc(bytes);
	ASSERT(copy.addr);
	for (seed = 1;; seed++) {
		mem.addr = tierx_map_shared(bytes, fd);
		tierx_mem_fill(&mem, seed);
		expect_kept(&mem, seed);
		msync(mem.addr, bytes, MS_SYNC);
		munmap(mem.addr, bytes);
		for (round = 0; round < KEEP_ROUNDS; round++) {
			ASSERT_EQ(pread(fd, copy.addr, bytes, 0), bytes);
			expect_kept(&copy, seed);
			if (round == KEEP_ROUNDS / 2)
				posix_fadvise(fd, 0, bytes, POSIX_FADV_DONTNEED);
		}
	}
	return 0;
}

/* What it locks soon is all of the fast node, and then nothing moves: it begins again. */
static int stress(void *unused __attribute__((unused)))
{
	execlp("sh", "sh", "-c", "while :; do \"$@\"; sleep 0.1; done", "sh", "stress-ng",
	       "--quiet", "--oomable", "--timeout", "30", "--vm", "1", "--vm-bytes", "48M",
	       "--fork", "1", "--mmap", "1", "--mmap-bytes", "16M", "--madvise", "1", "--mremap",
	       "1", "--mremap-bytes", "16M", "--memfd", "1", "--memfd-bytes", "16M", "--mlock", "1",
	       "--temp-path", "/dev/shm", NULL);
	return 1;
}

static int reclaim(void *cgroup)
{
	char file[128];

	snprintf(file, sizeof(file), "%s/memory.reclaim", (char *)cgroup);
	for (;;) {
		tierx_write(file, RECLAIM_BYTES);
		tierx_sleep_ms(200);
	}
	return 0;
}

/* Otherwise who loads policies gets next to nothing of two CPUs. */
static void start(int (*function)(void *arg), void *arg)
{
	ASSERT_EQ(setpriority(PRIO_PROCESS, tierx_fork(function, arg), LOAD_NICE), 0);
}

static void end_load(void *cgroup)
{
	char file[128];

	snprintf(file, sizeof(file), "%s/cgroup.kill", (char *)cgroup);
	tierx_write(file, "1");
	snprintf(file, sizeof(file), "%s/cgroup.procs", (char *)cgroup);
	TIERX_WAIT(tierx_read(file, (char[64]){}, 64) == 0, 10000);
}

const struct tierx_kept *tierx_keep_start(const char *name)
{
	const char *cgroup, *dir = tierx_mount_ext4(64 * MB);

	kept = tierx_map_shared(sizeof(*kept), -1);
	tierx_swap_start(256 * MB);
	cgroup = tierx_cgroup_enter(name);
	tierx_defer(end_load, (void *)cgroup);
	start(keep_anon, (void *)MADV_NOHUGEPAGE);
	start(keep_anon, (void *)MADV_HUGEPAGE);
	start(keep_shmem, NULL);
	start(keep_file, (void *)dir);
	start(reclaim, (void *)cgroup);
	if (system("command -v stress-ng > /dev/null"))
		tierx_note("no stress-ng");
	else
		start(stress, NULL);
	return kept;
}
