// SPDX-License-Identifier: GPL-2.0-only
/*
 * Migrate on fault: what a fault finds in the page cache or the swap cache, and
 * nobody has mapped, is moved before it is mapped.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <linux/mempolicy.h>

#include "progs/placer.h"
#include "tierx_file.h"
#include "tierx_probe.h"

#define PAGES	   512
#define EXT4_BYTES (64 << 20)
#define SWAP_BYTES (64 << 20)
#define SEED	   1

static struct tierx_policy *policy;
static volatile struct placer *placer;

static void place(int verdict)
{
	policy = tierx_open("placer");
	placer = tierx_global(policy, "placer");
	placer->pid = getpid();
	placer->verdict = verdict;
	tierx_start(policy);
}

/* --- A1, A5, A6: every such page moves, once, and keeps its contents --- */

/* The first access is a write: not to a page that was mapped by reading it. */
static void overwrite(struct tierx_file *file)
{
	volatile unsigned char *addr = file->mem.addr;
	size_t i;

	for (i = 0; i < file->mem.pages; i++)
		addr[i * TIERX_PAGE] = 0xa5;
}

static void one_touch(const char *dir, int flags, bool write)
{
	struct tierx_file *file = tierx_file_create(dir, PAGES, tierx_slow_node());

	place(tierx_fast_node());
	tierx_file_map(file, PROT_READ | PROT_WRITE, flags);
	if (write)
		overwrite(file);
	else
		tierx_file_touch(file, false);

	/* All of them, so fault-around has hidden none; and each was asked about once. */
	ASSERT_EQ(placer->nr_fault_in, PAGES);
	ASSERT_EQ(placer->nr_mapped, 0);
	ASSERT_EQ(placer->nr_write, write ? PAGES : 0);
	ASSERT_EQ(placer->last_src_nid, tierx_slow_node());
	ASSERT_EQ(placer->last_cpu_nid, tierx_fast_node());
	ASSERT_EQ(tierx_event("fault_in"), PAGES);
	ASSERT_EQ(tierx_event("promoted_pages"), PAGES);
	ASSERT_EQ(tierx_event("fault_in_failed"), 0);
	tierx_detach(policy);
	if (!write)
		ASSERT_EQ(tierx_file_verify(file, SEED), 0);
	ASSERT_EQ(tierx_file_count(file, tierx_fast_node()), PAGES);

	/* A private copy leaves the file's page as it was, wherever that is now. */
	if (write && (flags & MAP_PRIVATE)) {
		tierx_file_map(file, PROT_READ, MAP_SHARED);
		ASSERT_EQ(tierx_file_verify(file, SEED), 0);
	}
}

static void a1_tmpfs_shared_read(void)
{
	one_touch(tierx_mount_tmpfs(""), MAP_SHARED, false);
}

static void a1_tmpfs_shared_write(void)
{
	one_touch(tierx_mount_tmpfs(""), MAP_SHARED, true);
}

static void a1_tmpfs_private_read(void)
{
	one_touch(tierx_mount_tmpfs(""), MAP_PRIVATE, false);
}

static void a1_tmpfs_private_write(void)
{
	one_touch(tierx_mount_tmpfs(""), MAP_PRIVATE, true);
}

static void a1_ext4_shared_read(void)
{
	one_touch(tierx_mount_ext4(EXT4_BYTES), MAP_SHARED, false);
}

static void a1_ext4_shared_write(void)
{
	one_touch(tierx_mount_ext4(EXT4_BYTES), MAP_SHARED, true);
}

static void a1_ext4_private_read(void)
{
	one_touch(tierx_mount_ext4(EXT4_BYTES), MAP_PRIVATE, false);
}

static void a1_ext4_private_write(void)
{
	one_touch(tierx_mount_ext4(EXT4_BYTES), MAP_PRIVATE, true);
}

/* Fault once more on a file that nobody has mapped. */
static void touch_again(struct tierx_file *file)
{
	tierx_file_map(file, PROT_READ, MAP_SHARED);
	tierx_file_touch(file, false);
}

static bool large_moved(struct tierx_file *file)
{
	uint64_t asked = placer->nr_fault_in;

	touch_again(file);
	if (!placer->nr_large)
		SKIP("no huge page was to be had");
	/* As a whole, in one fault, or not at all: khugepaged may hold it just now. */
	ASSERT_EQ(placer->nr_fault_in, asked + 1);
	return tierx_event("promoted_pages");
}

static void a1_large(void)
{
	const char *dir = tierx_mount_tmpfs("huge=always");
	struct tierx_file *file = tierx_file_create(dir, 512, tierx_slow_node());

	place(tierx_fast_node());
	ASSERT_WAIT(large_moved(file), 5000);
	ASSERT_EQ(tierx_event("promoted_pages"), 512);
	ASSERT_EQ(placer->nr_large, placer->nr_fault_in);
	tierx_detach(policy);
	ASSERT_EQ(tierx_file_verify(file, SEED), 0);
	ASSERT_EQ(tierx_file_count(file, tierx_fast_node()), 512);
}

/* --- A1: swap cache --- */

static int touch_on_slow_node(void *arg)
{
	/* What it swaps in comes from there, and stays in the swap cache when it is gone. */
	tierx_bind(tierx_slow_node());
	tierx_mem_touch(arg, false);
	return 0;
}

static int pause_for_ever(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return 0;
}

/* Memory that is in the swap cache on the slow node, mapped by nobody, shared with a child. */
static struct tierx_mem *swapcache_create(void)
{
	const char *cgroup;
	struct tierx_mem *mem;

	tierx_set_demotion(false);
	tierx_swap_start(SWAP_BYTES);
	cgroup = tierx_cgroup_enter("tierx-a");
	mem = tierx_mem_alloc(PAGES, tierx_fast_node());
	tierx_mem_fill(mem, SEED);
	tierx_fork(pause_for_ever, NULL);
	tierx_cgroup_reclaim(cgroup, 256 << 20);
	ASSERT_EQ(tierx_wait_child(tierx_fork(touch_on_slow_node, mem), 30000), 0);
	tierx_drain_lru();

	return mem;
}

static void swap_touch(bool write)
{
	struct tierx_mem *mem = swapcache_create();
	uint64_t moved;

	place(tierx_fast_node());
	tierx_mem_touch(mem, write);
	moved = placer->nr_anon;
	/* Reclaim may have left a few of the pages that it was asked for. */
	ASSERT_GE(moved, PAGES * 9 / 10);
	ASSERT_EQ(placer->nr_fault_in, moved);
	ASSERT_EQ(tierx_event("promoted_pages"), moved);
	tierx_detach(policy);
	ASSERT_EQ(tierx_mem_verify(mem, SEED), 0);
	ASSERT_EQ(tierx_mem_count(mem, tierx_fast_node()), PAGES);
}

static void a1_swap_read(void)
{
	swap_touch(false);
}

static void a1_swap_write(void)
{
	swap_touch(true);
}

static void a5_swap_absent(void)
{
	struct tierx_mem *mem = swapcache_create();

	tierx_mem_touch(mem, false);
	ASSERT_GE(tierx_mem_count(mem, tierx_slow_node()), PAGES * 9 / 10);
	ASSERT_EQ(tierx_mem_verify(mem, SEED), 0);
}

/* --- A5: off unless a policy asks --- */

static void absent(const char *dir, bool attached)
{
	struct tierx_file *file = tierx_file_create(dir, PAGES, tierx_slow_node());

	if (attached) {
		policy = tierx_open("placer");
		tierx_field_set(policy, "fault_in", 0);
		ASSERT_EQ(tierx_load(policy), 0);
		ASSERT_EQ(tierx_attach(policy), 0);
	}
	tierx_file_map(file, PROT_READ | PROT_WRITE, MAP_SHARED);
	tierx_file_touch(file, true);
	ASSERT_EQ(tierx_file_count(file, tierx_slow_node()), PAGES);
	ASSERT_EQ(tierx_event("fault_in"), 0);
}

static void a5_no_policy(void)
{
	absent(tierx_mount_tmpfs(""), false);
}

static void a5_no_op_tmpfs(void)
{
	absent(tierx_mount_tmpfs(""), true);
}

static void a5_no_op_ext4(void)
{
	absent(tierx_mount_ext4(EXT4_BYTES), true);
}

/* Faults on a file that nobody has mapped: one maps several pages. */
static uint64_t faults_of_a_touch(struct tierx_file *file)
{
	uint64_t before = tierx_vmstat("pgfault");

	tierx_file_map(file, PROT_READ, MAP_SHARED);
	tierx_file_touch(file, false);
	return tierx_vmstat("pgfault") - before;
}

static void a5_fault_around(void)
{
	struct tierx_file *file =
		tierx_file_create(tierx_mount_tmpfs(""), PAGES, tierx_slow_node());

	ASSERT_LT(faults_of_a_touch(file), PAGES / 2);
	tierx_file_unmap(file);
	place(tierx_fast_node());
	ASSERT_GE(faults_of_a_touch(file), PAGES);
	tierx_file_unmap(file);
	/* Now they are where they should be, and are mapped in passing. */
	ASSERT_LT(faults_of_a_touch(file), PAGES / 2);
}

/* --- verdicts --- */

static struct tierx_file *verdict(int answer)
{
	struct tierx_file *file =
		tierx_file_create(tierx_mount_tmpfs(""), PAGES, tierx_slow_node());

	place(answer);
	tierx_file_map(file, PROT_READ, MAP_SHARED);
	tierx_file_touch(file, false);
	return file;
}

static void a1_stay(void)
{
	struct tierx_file *file = verdict(TIERX_STAY);

	ASSERT_EQ(placer->nr_fault_in, PAGES);
	ASSERT_EQ(tierx_mem_count(&file->mem, tierx_slow_node()), PAGES);
	ASSERT_EQ(tierx_event("bad_verdict"), 0);
}

static void a1_defer(void)
{
	struct tierx_file *file = verdict(TIERX_DEFER);

	ASSERT_EQ(tierx_event("queued"), PAGES);
	/* Most, because a page may be busy whenever it is to be moved. */
	ASSERT_WAIT(tierx_mem_count(&file->mem, tierx_fast_node()) > PAGES * 3 / 4, 10000);
	ASSERT_EQ(tierx_file_verify(file, SEED), 0);
}

static void a1_bad_verdict(void)
{
	verdict(TIERX_KEEP);
	ASSERT_WAIT(strtol(tierx_last_exit("kind"), NULL, 10) == TIERX_EXIT_ERROR_VERDICT, 5000);
	ASSERT_HAS(tierx_last_exit("msg"), "from fault_in");
}

/* --- A2: what is not to be moved --- */

static int map_and_pause(void *arg)
{
	struct tierx_file *file = arg;

	tierx_file_map(file, PROT_READ, MAP_SHARED);
	tierx_file_touch(file, false);
	raise(SIGSTOP);
	return 0;
}

static void a2_mapped(void)
{
	struct tierx_file *file =
		tierx_file_create(tierx_mount_tmpfs(""), PAGES, tierx_slow_node());
	pid_t child = tierx_fork(map_and_pause, file);
	int status;

	ASSERT_EQ(waitpid(child, &status, WUNTRACED), child);
	ASSERT(WIFSTOPPED(status));
	place(tierx_fast_node());
	tierx_file_map(file, PROT_READ, MAP_SHARED);
	tierx_file_touch(file, false);
	ASSERT_EQ(placer->nr_fault_in, 0);
	ASSERT_EQ(tierx_mem_count(&file->mem, tierx_slow_node()), PAGES);
}

static void a2_mempolicy(void)
{
	struct tierx_file *file =
		tierx_file_create(tierx_mount_tmpfs(""), PAGES, tierx_slow_node());
	unsigned long mask = 1UL << tierx_slow_node();

	place(tierx_fast_node());
	tierx_file_map(file, PROT_READ, MAP_SHARED);
	ASSERT_EQ(syscall(SYS_mbind, file->mem.addr, PAGES * TIERX_PAGE, MPOL_BIND, &mask, 64UL, 0),
		  0);
	tierx_file_touch(file, false);
	ASSERT_EQ(placer->nr_fault_in, 0);
	ASSERT_EQ(tierx_event("refused_mempolicy"), PAGES);
	ASSERT_EQ(tierx_mem_count(&file->mem, tierx_slow_node()), PAGES);
}

static void a2_task_mempolicy(void)
{
	struct tierx_file *file =
		tierx_file_create(tierx_mount_tmpfs(""), PAGES, tierx_slow_node());

	place(tierx_fast_node());
	tierx_file_map(file, PROT_READ, MAP_SHARED);
	tierx_bind(tierx_slow_node());
	tierx_file_touch(file, false);
	tierx_bind(-1);
	ASSERT_EQ(placer->nr_fault_in, 0);
	ASSERT_EQ(tierx_mem_count(&file->mem, tierx_slow_node()), PAGES);
}

static int touch_confined(void *arg)
{
	struct tierx_file *file = arg;
	char path[256], node[16];

	snprintf(path, sizeof(path), "%s/cpuset.mems", tierx_cgroup_enter("tierx-a2"));
	snprintf(node, sizeof(node), "%d", tierx_slow_node());
	if (tierx_write(path, node))
		return 1;
	placer->pid = getpid();
	tierx_file_map(file, PROT_READ, MAP_SHARED);
	tierx_file_touch(file, false);
	return 0;
}

static void a2_cpuset(void)
{
	struct tierx_file *file =
		tierx_file_create(tierx_mount_tmpfs(""), PAGES, tierx_slow_node());

	place(tierx_fast_node());
	ASSERT_EQ(tierx_wait_child(tierx_fork(touch_confined, file), 10000), 0);
	ASSERT_EQ(placer->nr_fault_in, PAGES);
	ASSERT_EQ(tierx_event("refused_cpuset"), PAGES);
	ASSERT_EQ(tierx_event("promoted_pages"), 0);
}

static void a2_mlocked(void)
{
	struct tierx_file *file =
		tierx_file_create(tierx_mount_tmpfs(""), PAGES, tierx_slow_node());

	tierx_file_map(file, PROT_READ, MAP_SHARED);
	ASSERT_EQ(mlock(file->mem.addr, PAGES * TIERX_PAGE), 0);
	place(tierx_fast_node());
	/* Gone from this page table, but locked in the page cache by another mapping. */
	ASSERT_EQ(tierx_file_count(file, tierx_slow_node()), PAGES);
	ASSERT_EQ(placer->nr_fault_in, 0);
}

/* --- A3: what a fault has read itself is where it shall be --- */

static void a3_just_read(void)
{
	struct tierx_file *file =
		tierx_file_create(tierx_mount_ext4(EXT4_BYTES), PAGES, tierx_slow_node());

	ASSERT_EQ(posix_fadvise(file->fd, 0, 0, POSIX_FADV_DONTNEED), 0);
	ASSERT_EQ(posix_fadvise(file->fd, 0, 0, POSIX_FADV_RANDOM), 0);
	place(tierx_slow_node());
	tierx_file_map(file, PROT_READ, MAP_SHARED);
	ASSERT_EQ(madvise(file->mem.addr, PAGES * TIERX_PAGE, MADV_RANDOM), 0);
	tierx_file_touch(file, false);
	ASSERT_EQ(placer->nr_fault_in, 0);
	ASSERT_EQ(tierx_event("fault_in"), 0);
	ASSERT_EQ(tierx_file_verify(file, SEED), 0);
}

static void a3_just_swapped_in(void)
{
	const char *cgroup;
	struct tierx_file *file;

	tierx_set_demotion(false);
	tierx_swap_start(SWAP_BYTES);
	cgroup = tierx_cgroup_enter("tierx-a");
	file = tierx_file_create(tierx_mount_tmpfs(""), PAGES, tierx_slow_node());
	tierx_cgroup_reclaim(cgroup, 256 << 20);
	place(tierx_slow_node());
	tierx_file_map(file, PROT_READ, MAP_SHARED);
	tierx_file_touch(file, false);
	/* Pages that were read ahead are another matter. */
	ASSERT_LT(placer->nr_fault_in, PAGES);
	ASSERT_EQ(tierx_file_verify(file, SEED), 0);
}

/* --- accounting --- */

static void a1_minor_fault(void)
{
	struct tierx_file *file =
		tierx_file_create(tierx_mount_tmpfs(""), PAGES, tierx_slow_node());
	uint64_t major = tierx_vmstat("pgmajfault");
	uint64_t faults;

	place(tierx_fast_node());
	faults = faults_of_a_touch(file);
	/* One fault per page although its handler was called twice, and a minor one. */
	ASSERT_LT(faults, PAGES + PAGES / 4);
	ASSERT_EQ(tierx_vmstat("pgmajfault"), major);
	ASSERT_EQ(tierx_event("promoted_pages"), PAGES);
}

static const struct tierx_test tests[] = {
	TIERX_TEST(a1_tmpfs_shared_read,
		   "tmpfs, shared, read: every page moves at the first touch"),
	TIERX_TEST(a1_tmpfs_shared_write, "tmpfs, shared, write"),
	TIERX_TEST(a1_tmpfs_private_read, "tmpfs, private, read"),
	TIERX_TEST(a1_tmpfs_private_write, "tmpfs, private, write"),
	TIERX_TEST(a1_ext4_shared_read, "ext4, shared, read"),
	TIERX_TEST(a1_ext4_shared_write, "ext4, shared, write"),
	TIERX_TEST(a1_ext4_private_read, "ext4, private, read"),
	TIERX_TEST(a1_ext4_private_write, "ext4, private, write"),
	TIERX_TEST(a1_large, "a huge page moves as a whole"),
	TIERX_TEST(a1_swap_read, "swap cache, read"),
	TIERX_TEST(a1_swap_write, "swap cache, write"),
	TIERX_TEST(a1_stay, "stay leaves it where it is"),
	TIERX_TEST(a1_defer, "defer moves it through the queue"),
	TIERX_TEST(a1_bad_verdict, "too many verdicts of another op eject"),
	TIERX_TEST(a1_minor_fault, "one fault stays one fault, and a minor one"),
	TIERX_TEST(a2_mapped, "what somebody has mapped is not asked about"),
	TIERX_TEST(a2_mempolicy, "a memory policy of the range wins"),
	TIERX_TEST(a2_task_mempolicy, "a memory policy of the task wins"),
	TIERX_TEST(a2_cpuset, "the task's cpuset wins"),
	TIERX_TEST(a2_mlocked, "mlocked pages stay"),
	TIERX_TEST(a3_just_read, "what the fault has read is not asked about"),
	TIERX_TEST(a3_just_swapped_in, "nor what it has swapped in"),
	TIERX_TEST(a5_no_policy, "without a policy nothing moves"),
	TIERX_TEST(a5_no_op_tmpfs, "nor under one without the op: tmpfs"),
	TIERX_TEST(a5_no_op_ext4, "nor under one without the op: ext4"),
	TIERX_TEST(a5_swap_absent, "nor from the swap cache"),
	TIERX_TEST(a5_fault_around, "fault-around leaves out what a policy wants to see"),
};

TIERX_TEST_MAIN(tests, tierx_unmet_tiers)
