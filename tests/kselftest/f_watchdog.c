// SPDX-License-Identifier: GPL-2.0-only
/*
 * Policies that do harm are ejected, with a reason and a dump, and the machine
 * goes on under the kernel default; those that only decide badly are not.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "tierx_file.h"
#include "tierx_hostile.h"
#include "tierx_mover.h"
#include "tierx_probe.h"

#define TIMEOUT_MS 400
#define EJECT_MS   30000
#define MB	   ((size_t)1 << 20)
#define HOG_STEP   (4 * MB)
/* So few at a time that they are back soon in a slow kernel, too. */
#define PINGPONG 110

static void expect_exit(int kind, const char *reason, const char *msg)
{
	if (!TIERX_WAIT(!tierx_enabled(), EJECT_MS))
		FAIL("not ejected: %s", tierx_sys("root/events"));
	/* A worker writes it down. */
	TIERX_WAIT(strstr(tierx_last_exit("msg"), msg), 5000);
	ASSERT_STREQ(tierx_last_exit("reason"), reason);
	ASSERT_EQ(strtol(tierx_last_exit("kind"), NULL, 10), kind);
	ASSERT_HAS(tierx_last_exit("msg"), msg);
	ASSERT_HAS(tierx_sys("last_exit_dump"), msg);
}

static struct tierx_policy *prepare(volatile struct tierx_probe **probe)
{
	struct tierx_policy *policy = probe_open(NULL, probe);

	tierx_field_set(policy, "timeout_ms", TIMEOUT_MS);
	tierx_field_set(policy, "tick_ms", 50);
	return policy;
}

/* --- a policy that hangs --- */

static void stall_tick(void)
{
	volatile struct tierx_probe *probe;

	tierx_start(prepare(&probe));
	probe->tick_ms = 3 * TIMEOUT_MS;
	expect_exit(TIERX_EXIT_ERROR_STALL, "stalled", "tick of node ");
	ASSERT_HAS(tierx_last_exit("msg"), " takes longer than 400 ms");
	ASSERT_WAIT(probe->nr_exit == 1, EJECT_MS);
}

static void stall_queue(void)
{
	volatile struct tierx_probe *probe;
	struct tierx_mem *mem = tierx_mem_alloc(1, tierx_slow_node());

	tierx_start(prepare(&probe));
	probe->admit_ms = 3 * TIMEOUT_MS;
	probe->pfn = tierx_mem_pfn(mem, 0);
	probe->nid = tierx_fast_node();
	probe->order = PROBE_MIGRATE;
	expect_exit(TIERX_EXIT_ERROR_STALL, "stalled", "queue of node ");
	ASSERT_HAS(tierx_last_exit("msg"), " takes longer than 400 ms");
}

static void slow_but_sound(void)
{
	volatile struct tierx_probe *probe;

	tierx_start(prepare(&probe));
	probe->tick_ms = TIMEOUT_MS / 4;
	tierx_sleep_ms(3 * TIMEOUT_MS);
	ASSERT(tierx_enabled());
}

/* What holds up a patient policy is not held against its impatient successor. */
static void stall_of_predecessor(void)
{
	volatile struct tierx_probe *probe, *next;
	struct tierx_policy *policy = probe_open(NULL, &probe), *other = prepare(&next);

	tierx_field_set(policy, "tick_ms", 50);
	ASSERT_EQ(tierx_load(other), 0);
	tierx_start(policy);
	probe->tick_ms = 6 * TIMEOUT_MS;
	ASSERT_WAIT(!probe->tick_ms, EJECT_MS);
	ASSERT_EQ(tierx_swap(policy, other), 0);
	ASSERT_EQ(probe->exit_kind, TIERX_EXIT_UNREG_SWAP);
	tierx_sleep_ms(TIMEOUT_MS);
	ASSERT(tierx_enabled());
	ASSERT_EQ(next->nr_exit, 0);
}

/* --- verdicts --- */

static void bad_share(void)
{
	volatile struct tierx_probe *probe;
	struct tierx_storm *storm;
	struct tierx_policy *policy = prepare(&probe);

	probe->hint_fault = TIERX_STAY;
	tierx_start(policy);
	/* One in eight is answered with the default, and that is all. */
	probe->bad_period = 8;
	storm = tierx_storm_start(2048, 1);
	ASSERT_WAIT(tierx_event("bad_verdict") > 200, EJECT_MS);
	ASSERT(tierx_enabled());
	probe->bad_period = 2;
	expect_exit(TIERX_EXIT_ERROR_VERDICT, "too many invalid verdicts",
		    "the last one -8 from hint_fault");
	ASSERT_HAS(tierx_sys("last_exit_dump"), "op hint_fault pfn 0x");
	ASSERT_HAS(tierx_sys("last_exit_dump"), " verdict -8 effective -1");
	tierx_storm_stop(storm);
}

/* --- a policy that does not let go of fast memory --- */

static volatile size_t *hog_bytes;

/* Take memory step by step until told to stop, and leave it untouched from then on. */
static int hog(void *arg)
{
	size_t max = *(size_t *)arg;
	unsigned char *memory;

	tierx_write("/proc/self/oom_score_adj", "1000");
	memory = mmap(NULL, max, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return 1;
	madvise(memory, max, MADV_NOHUGEPAGE);
	for (; *hog_bytes < max; *hog_bytes += HOG_STEP)
		memset(memory + *hog_bytes, 1, HOG_STEP);
	pause();
	return 0;
}

static pid_t hog_start(size_t *max)
{
	hog_bytes = tierx_map_shared(TIERX_PAGE, -1);
	return tierx_fork(hog, max);
}

/* Free pages of a node above the low watermarks of its zones. */
static long node_room(int node)
{
	unsigned long low, sum = 0;
	int at = -1;
	char line[256];
	FILE *file;

	file = fopen("/proc/zoneinfo", "r");
	ASSERT(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "Node %d, zone", &at) != 1 && at == node &&
		    sscanf(line, " low %lu", &low) == 1)
			sum += low;
	fclose(file);

	return (long)tierx_node_vmstat(node, "nr_free_pages") - (long)sum;
}

/* Keep the fast node a little below its low watermark, whatever reclaim finds to drop. */
static int fill_node(void *arg)
{
	size_t max = 2048 * MB, step, done;
	unsigned char *memory;
	long room;

	(void)arg;
	tierx_bind(tierx_fast_node());
	memory = mmap(NULL, max, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	ASSERT_NE((intptr_t)memory, (intptr_t)MAP_FAILED);
	madvise(memory, max, MADV_NOHUGEPAGE);
	for (done = 0; done < max && tierx_enabled(); done += step) {
		room = node_room(tierx_fast_node());
		step = room > 2048 ? MB : room > -48 ? 8 * TIERX_PAGE : 0;
		memset(memory + done, 1, step);
		if (!step)
			tierx_sleep_ms(10);
	}
	pause();
	return 0;
}

static void starved_node(void)
{
	const char *cgroup = tierx_cgroup_enter("tierx-starved");
	volatile struct tierx_probe *probe;
	struct tierx_policy *policy = prepare(&probe);
	struct tierx_mem *mem;
	uint64_t demoted;
	pid_t pid;

	tierx_set_demotion(true);
	/* The kernel gives up on a node after vain reclaim, until some other is not in vain. */
	mem = tierx_mem_alloc(2048, tierx_fast_node());
	tierx_cgroup_reclaim(cgroup, 1024 * TIERX_PAGE);
	tierx_mem_free(mem);
	/* And page cache can always be dropped. */
	tierx_write("/proc/sys/vm/drop_caches", "3");
	probe->reclaim = TIERX_RECLAIM;
	tierx_start(policy);
	pid = tierx_fork(fill_node, NULL);
	expect_exit(TIERX_EXIT_ERROR_WATERMARK, "refused to make room in a fast tier",
		    "ran out of room more than 400 ms ago");
	ASSERT_HAS(tierx_sys("last_exit_dump"), "node 0 tier 0 queue_len ");
	ASSERT_HAS(tierx_sys("last_exit_dump"), "event demotion_refused ");
	/* The kernel makes room when it is asked. */
	demoted = tierx_vmstat("pgdemote_direct");
	tierx_cgroup_reclaim(cgroup, 4 * MB);
	ASSERT_GT(tierx_vmstat("pgdemote_direct"), demoted);
	kill(pid, SIGKILL);
}

static void starved_reclaim(void)
{
	volatile struct tierx_probe *probe;
	struct tierx_policy *policy = prepare(&probe);
	const char *cgroup = tierx_cgroup_enter("tierx-starved");
	struct tierx_mem *mem = tierx_mem_alloc(8192, tierx_fast_node());

	tierx_set_demotion(true);
	probe->reclaim = TIERX_KEEP;
	tierx_start(policy);
	tierx_mem_fill(mem, 1);
	tierx_cgroup_reclaim(cgroup, 4096 * TIERX_PAGE);
	expect_exit(TIERX_EXIT_ERROR_RECLAIM, "reclaim starved",
		    "folios were kept until reclaim was desperate");
	ASSERT_EQ(tierx_mem_verify(mem, 1), 0);
	tierx_cgroup_reclaim(cgroup, 2048 * TIERX_PAGE);
	ASSERT_GE(tierx_mem_count(mem, tierx_slow_node()), 1024);
	ASSERT_EQ(tierx_mem_verify(mem, 1), 0);
}

/* --- moves --- */

static void moves_fail(void)
{
	struct tierx_mover *mover = tierx_mover_open();
	struct tierx_mem *mem = tierx_mem_alloc(512, tierx_slow_node());
	size_t page, got = 0;
	int pipes[32][2], i;

	tierx_field_set(mover->policy, "timeout_ms", 5000);
	tierx_mover_start(mover);
	/* A pipe holds references, and what is referenced cannot be migrated. */
	for (i = 0; i < 32; i++) {
		struct iovec iov = { mem->addr + i * 16 * TIERX_PAGE, 16 * TIERX_PAGE };

		ASSERT_EQ(pipe(pipes[i]), 0);
		got += vmsplice(pipes[i][1], &iov, 1, 0) / TIERX_PAGE;
	}
	ASSERT_EQ(got, 512);
	for (page = 0; page < 512; page++)
		mover->wanted[page] = (struct mover_wanted){
			.pfn = tierx_mem_pfn(mem, page),
			.nid = tierx_fast_node(),
		};
	tierx_mover_submit(mover, 512);
	expect_exit(TIERX_EXIT_ERROR_MIGRATE, "too many failed moves", "moves failed");
	ASSERT_EQ(tierx_mem_count(mem, tierx_slow_node()), 512);
	for (i = 0; i < 32; i++) {
		close(pipes[i][0]);
		close(pipes[i][1]);
	}
}

static void thrash(void)
{
	struct tierx_mover *mover = tierx_mover_open();
	struct tierx_mem *mem = tierx_mem_alloc(2 * PINGPONG, tierx_slow_node());
	int round;
	size_t page;

	tierx_field_set(mover->policy, "timeout_ms", 30000);
	tierx_mover_start(mover);
	tierx_mem_fill(mem, 2);
	for (round = 0; round < 9; round++) {
		tierx_mover_pages(mover, mem, 0, PINGPONG, 1, tierx_fast_node());
		tierx_mover_pages(mover, mem, 0, PINGPONG, 1, tierx_slow_node());
	}
	ASSERT_GT(tierx_event("pingpong_pages"), 7 * PINGPONG);
	/* All that was promoted has come back, but it is not much yet. */
	ASSERT(tierx_enabled());
	tierx_mover_pages(mover, mem, 0, mem->pages, 1, tierx_fast_node());
	for (page = 0; page < mem->pages; page++)
		mover->wanted[page] = (struct mover_wanted){
			.pfn = tierx_mem_pfn(mem, page),
			.nid = tierx_slow_node(),
		};
	tierx_mover_submit(mover, mem->pages);
	expect_exit(TIERX_EXIT_ERROR_THRASH, "too many pages moved back and forth",
		    "promoted pages were demoted again within 2000 ms");
	ASSERT_EQ(tierx_mem_verify(mem, 2), 0);
}

/* --- all of the machine --- */

static void out_of_memory(void)
{
	volatile struct tierx_probe *probe;
	struct tierx_policy *policy = prepare(&probe);
	uint64_t kills = tierx_vmstat("oom_kill");
	size_t max = 8192 * MB;
	pid_t pid;

	tierx_start(policy);
	pid = hog_start(&max);
	expect_exit(TIERX_EXIT_ERROR_OOM, "out of memory", "the machine is out of memory");
	ASSERT_EQ(tierx_wait_child(pid, EJECT_MS), 128 + SIGKILL);
	ASSERT_EQ(tierx_vmstat("oom_kill"), kills + 1);
	/* What the kernel logs when it kills is expected, and nothing else of the kind is. */
	tierx_log_clear("invoked oom-killer");
}

static void sysrq(void)
{
	volatile struct tierx_probe *probe;

	tierx_start(prepare(&probe));
	ASSERT_EQ(tierx_write("/proc/sysrq-trigger", "T"), 0);
	ASSERT_WAIT(!tierx_enabled(), EJECT_MS);
	ASSERT_WAIT(probe->nr_exit == 1, EJECT_MS);
	ASSERT_EQ(probe->exit_kind, TIERX_EXIT_UNREG_SYSRQ);
	ASSERT_STREQ((char *)probe->exit_reason, "unregistered by SysRq");
	/* Without a policy it does nothing. */
	ASSERT_EQ(tierx_write("/proc/sysrq-trigger", "T"), 0);
}

/* --- who may read about it --- */

static void dump_traced(void)
{
	volatile struct tierx_probe *probe;
	static char trace[1 << 16];
	FILE *file;

	if (access("/sys/kernel/tracing/events/tier_ext/tier_ext_dump", F_OK))
		SKIP("no tracing");
	tierx_set("/sys/kernel/tracing/events/tier_ext/tier_ext_dump/enable", "1");
	ASSERT_EQ(tierx_write("/sys/kernel/tracing/trace", ""), 0);
	tierx_start(prepare(&probe));
	probe->dump_lines = 2;
	probe->order = PROBE_ERROR;
	ASSERT_WAIT(probe->nr_exit == 1, EJECT_MS);
	file = fopen("/sys/kernel/tracing/trace", "r");
	ASSERT(file);
	ASSERT_GT(fread(trace, 1, sizeof(trace) - 1, file), 0);
	fclose(file);
	ASSERT_HAS(trace, "tier_ext_dump: name=probe kind 1025\n");
	ASSERT_HAS(trace, "tier_ext_dump: name=probe probe line 2 of 2\n");
}

static const struct tierx_test tests[] = {
	TIERX_TEST(stall_tick, "a tick that hangs ends the policy"),
	TIERX_TEST(stall_queue, "a queue that hangs ends it"),
	TIERX_TEST(stall_of_predecessor, "a policy is not ejected for its predecessor's tick"),
	TIERX_TEST(slow_but_sound, "one that is slow goes on"),
	TIERX_TEST(bad_share, "a share of bad verdicts ends it, and not their number"),
	TIERX_TEST(starved_node, "refusing to make room in a fast node ends it"),
	TIERX_TEST(starved_reclaim, "keeping folios until reclaim is desperate ends it"),
	TIERX_TEST(moves_fail, "moves that fail end it"),
	TIERX_TEST(thrash, "pages that go back and forth end it"),
	TIERX_TEST(out_of_memory, "being out of memory ends it"),
	TIERX_TEST(sysrq, "SysRq ends it"),
	TIERX_TEST(dump_traced, "the dump can be traced"),
};

TIERX_TEST_MAIN(tests, tierx_unmet_tiers)
