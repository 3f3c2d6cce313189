// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which pages take hint faults: a range that is armed on request moves when it
 * is touched next ("lazy migration"), and a policy decides what NUMA balancing
 * arms by itself.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "progs/sampler.h"
#include "tierx_file.h"
#include "tierx_probe.h"

#define PAGES	   512
#define EXT4_BYTES (64 << 20)

static struct tierx_policy *policy;
static volatile struct sampler *sampler;

static void start(int scan_verdict, int hint_verdict)
{
	policy = tierx_open("sampler");
	sampler = tierx_global(policy, "sampler");
	sampler->scan_pid = getpid();
	sampler->scan_verdict = scan_verdict;
	sampler->hint_verdict = hint_verdict;
	tierx_start(policy);
}

static int arm(pid_t pid, const void *addr, size_t len, uint64_t flags)
{
	struct sampler_arm args = {
		.pid = pid,
		.start = (uintptr_t)addr,
		.len = len,
		.flags = flags,
	};

	return tierx_call(policy, "sampler_arm", &args, sizeof(args));
}

/* --- A4 --- */

/* Nothing is scanned, so nothing moves but what was armed. */
static void a4_lazy(void)
{
	struct tierx_mem *mem;
	struct tierx_mem half = { .pages = PAGES / 2 };

	start(TIERX_SKIP, tierx_fast_node());
	mem = tierx_mem_alloc(PAGES, tierx_slow_node());
	tierx_mem_fill(mem, 1);
	tierx_drain_lru();
	half.addr = mem->addr;
	tierx_set_tiering();

	tierx_mem_touch(mem, false);
	ASSERT_EQ(sampler->nr_hint_fault, 0);
	ASSERT_EQ(arm(getpid(), mem->addr, PAGES / 2 * TIERX_PAGE, 0), PAGES / 2);
	/* Armed, but not touched. */
	ASSERT_EQ(tierx_mem_count(mem, tierx_slow_node()), PAGES);
	tierx_mem_touch(mem, false);
	ASSERT_EQ(sampler->nr_hint_fault, PAGES / 2);
	ASSERT_EQ(tierx_mem_count(&half, tierx_fast_node()), PAGES / 2);
	ASSERT_EQ(tierx_mem_count(mem, tierx_slow_node()), PAGES / 2);
	ASSERT_EQ(tierx_mem_verify(mem, 1), 0);
	/* Once. */
	tierx_mem_touch(mem, true);
	ASSERT_EQ(sampler->nr_hint_fault, PAGES / 2);
}

/* A process with memory of its own, which it touches when it is continued. */
static int touch_when_told(void *arg)
{
	struct tierx_mem *mem = tierx_mem_alloc(PAGES, tierx_slow_node());
	unsigned char **addr = arg;

	*addr = mem->addr;
	raise(SIGSTOP);
	tierx_mem_touch(mem, false);
	return tierx_mem_count(mem, tierx_fast_node()) == PAGES ? 0 : 1;
}

static void a4_other_process(void)
{
	unsigned char **addr = tierx_map_shared(TIERX_PAGE, -1);
	int status;
	pid_t child;

	start(TIERX_SKIP, tierx_fast_node());
	tierx_set_tiering();
	child = tierx_fork(touch_when_told, addr);
	ASSERT_EQ(waitpid(child, &status, WUNTRACED), child);
	ASSERT(WIFSTOPPED(status));
	tierx_drain_lru();
	sampler->scan_pid = child;
	ASSERT_EQ(arm(child, *addr, PAGES * TIERX_PAGE, 0), PAGES);
	ASSERT_EQ(kill(child, SIGCONT), 0);
	ASSERT_EQ(tierx_wait_child(child, 10000), 0);
	ASSERT_EQ(sampler->nr_hint_fault, PAGES);
	munmap(addr, TIERX_PAGE);
}

static int end_at_once(void *arg)
{
	(void)arg;
	return 0;
}

static void a4_bad_arguments(void)
{
	struct tierx_mem *mem = tierx_mem_alloc(2, tierx_slow_node());
	pid_t gone = tierx_fork(end_at_once, NULL);

	start(TIERX_SKIP, TIERX_STAY);
	tierx_set_tiering();
	ASSERT_EQ(arm(getpid(), mem->addr, TIERX_PAGE, 1), -EINVAL);
	ASSERT_EQ(arm(getpid(), mem->addr + 1, TIERX_PAGE, 0), -EINVAL);
	ASSERT_EQ(arm(getpid(), mem->addr, 1, 0), -EINVAL);
	ASSERT_EQ(arm(getpid(), mem->addr, 0, 0), -EINVAL);
	ASSERT_EQ(arm(getpid(), mem->addr, -TIERX_PAGE, 0), -EINVAL);
	ASSERT_EQ(tierx_wait_child(gone, 5000), 0);
	ASSERT_EQ(arm(gone, mem->addr, TIERX_PAGE, 0), -ESRCH);
	/* A kernel thread has no memory. */
	ASSERT_EQ(arm(2, mem->addr, TIERX_PAGE, 0), -ESRCH);
	/* Nothing there is no error. */
	ASSERT_EQ(arm(getpid(), NULL, TIERX_PAGE, 0), 0);
}

static void a4_needs_tiering(void)
{
	struct tierx_mem *mem = tierx_mem_alloc(1, tierx_slow_node());

	start(TIERX_SKIP, TIERX_STAY);
	tierx_set("/proc/sys/kernel/numa_balancing", "0");
	ASSERT_EQ(arm(getpid(), mem->addr, TIERX_PAGE, 0), -EOPNOTSUPP);
}

/* --- scan_vma --- */

/* Memory that is touched all the time while NUMA balancing scans. */
static struct tierx_storm *scanned(int verdict)
{
	start(verdict, TIERX_STAY);
	return tierx_storm_start(PAGES, 1);
}

static void scan_default(void)
{
	uint64_t nr_scans;

	scanned(TIERX_DEFAULT);
	ASSERT_WAIT(sampler->nr_hint_fault > PAGES, 30000);
	nr_scans = sampler->nr_scan_vma;
	ASSERT_GT(nr_scans, 0);
	ASSERT_GE(tierx_event("scan_vma"), nr_scans);
	ASSERT_GT(sampler->scan_pages, 0);
}

static void scan_skip(void)
{
	scanned(TIERX_SKIP);
	ASSERT_WAIT(sampler->nr_scan_vma > 100, 30000);
	ASSERT_EQ(sampler->nr_hint_fault, 0);
}

/* The kernel does not arm what is mapped read only from a file. */
static struct tierx_file *read_only(int verdict)
{
	struct tierx_file *file =
		tierx_file_create(tierx_mount_ext4(EXT4_BYTES), PAGES, tierx_slow_node());

	start(verdict, TIERX_STAY);
	tierx_file_map(file, PROT_READ, MAP_SHARED);
	tierx_file_touch(file, false);
	sampler->scan_start = (uintptr_t)file->mem.addr;
	tierx_set_tiering();
	tierx_touch_start(&file->mem, 0, false);
	return file;
}

static void scan_read_only_default(void)
{
	read_only(TIERX_DEFAULT);
	ASSERT_WAIT(sampler->nr_scan_vma > 20, 30000);
	ASSERT_EQ(sampler->nr_hint_fault, 0);
}

static void scan_read_only_force(void)
{
	read_only(TIERX_FORCE);
	ASSERT_WAIT(sampler->nr_hint_fault > PAGES, 30000);
}

static void scan_pages(void)
{
	read_only(64);
	ASSERT_WAIT(sampler->nr_hint_fault > PAGES, 30000);
	ASSERT_EQ(tierx_event("bad_verdict"), 0);
}

static void scan_bad(void)
{
	scanned(TIERX_KEEP);
	ASSERT_WAIT(strtol(tierx_last_exit("kind"), NULL, 10) == TIERX_EXIT_ERROR_VERDICT, 30000);
	ASSERT_HAS(tierx_last_exit("msg"), "from scan_vma");
}

static const struct tierx_test tests[] = {
	TIERX_TEST(a4_lazy, "a range that was armed moves when it is touched, and nothing else"),
	TIERX_TEST(a4_other_process, "also the memory of another process"),
	TIERX_TEST(a4_bad_arguments, "a range and a task have to make sense"),
	TIERX_TEST(a4_needs_tiering, "nothing is armed without the tiering mode"),
	TIERX_TEST(scan_default, "scan_vma: default arms as the kernel does"),
	TIERX_TEST(scan_skip, "scan_vma: skip arms nothing"),
	TIERX_TEST(scan_read_only_default, "a read-only file mapping is not armed by default"),
	TIERX_TEST(scan_read_only_force, "scan_vma: force arms it"),
	TIERX_TEST(scan_pages, "scan_vma: so many pages at a time"),
	TIERX_TEST(scan_bad, "scan_vma: too many verdicts of another op eject"),
};

TIERX_TEST_MAIN(tests, tierx_unmet_tiers)
