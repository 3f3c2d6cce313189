// SPDX-License-Identifier: GPL-2.0-only
/*
 * Samples of accesses: of mapped and of unmapped memory, from whoever sees them.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "progs/sampler.h"
#include "tierx_file.h"
#include "tierx_probe.h"

#define PAGES	   256
#define EXT4_BYTES (64 << 20)
#define SWAP_BYTES (64 << 20)
#define ACCESS_ALL 1

static struct tierx_policy *policy;
static volatile struct sampler *sampler;

static void sampler_open(uint32_t period)
{
	policy = tierx_open("sampler");
	sampler = tierx_global(policy, "sampler");
	sampler->scan_pid = getpid();
	sampler->scan_verdict = TIERX_DEFAULT;
	sampler->hint_verdict = TIERX_STAY;
	tierx_field_set(policy, "access_period", period);
}

/* Read every page, @rounds times; not twice the same in a row, which counts as one read. */
static void read_file(struct tierx_file *file, int rounds)
{
	char buf[64];
	size_t i;

	while (rounds--)
		for (i = 0; i < file->mem.pages; i++)
			ASSERT_EQ(pread(file->fd, buf, sizeof(buf), i * TIERX_PAGE), sizeof(buf));
}

/* --- C3: reads of what nobody has mapped --- */

static void read_told(const char *dir)
{
	struct tierx_file *file = tierx_file_create(dir, PAGES, tierx_slow_node());

	sampler_open(1);
	tierx_start(policy);
	sampler->memcg_id = tierx_cgroup_id("/sys/fs/cgroup");
	read_file(file, 2);
	ASSERT_EQ(tierx_event("access_mark"), 2 * PAGES);
	ASSERT_EQ(tierx_event("access"), 2 * PAGES);
	ASSERT_EQ(sampler->nr_samples, 2 * PAGES);
	ASSERT_EQ(sampler->nr_accesses, 2 * PAGES);
	ASSERT_EQ(sampler->nr_unmapped, 2 * PAGES);
	ASSERT_EQ(sampler->nr_known_cpu, 2 * PAGES);
	ASSERT_EQ(sampler->last_nid, tierx_slow_node());
	ASSERT_EQ(sampler->last_cpu_nid, tierx_fast_node());
	ASSERT_EQ(sampler->last_nr, 1);
}

static void c3_read_ext4(void)
{
	read_told(tierx_mount_ext4(EXT4_BYTES));
}

static void c3_read_tmpfs(void)
{
	read_told(tierx_mount_tmpfs(""));
}

/* One in access_period, and each stands for so many. */
static void c3_sampled(void)
{
	struct tierx_file *file =
		tierx_file_create(tierx_mount_tmpfs(""), PAGES, tierx_slow_node());
	uint64_t reads = 200 * PAGES, expected = reads / 64;

	sampler_open(64);
	tierx_start(policy);
	read_file(file, 200);
	ASSERT_GE(sampler->nr_samples, expected * 3 / 4);
	ASSERT_LE(sampler->nr_samples, expected * 5 / 4);
	ASSERT_EQ(sampler->nr_accesses, sampler->nr_samples * 64);
	ASSERT_EQ(sampler->last_nr, 64);
}

static void c3_fast_not_told(void)
{
	struct tierx_file *file =
		tierx_file_create(tierx_mount_tmpfs(""), PAGES, tierx_fast_node());

	sampler_open(1);
	tierx_start(policy);
	read_file(file, 1);
	ASSERT_EQ(tierx_event("access_mark"), 0);
}

static void c3_fast_if_wanted(void)
{
	struct tierx_file *file =
		tierx_file_create(tierx_mount_tmpfs(""), PAGES, tierx_fast_node());

	sampler_open(1);
	tierx_field_set(policy, "flags", ACCESS_ALL);
	tierx_start(policy);
	read_file(file, 1);
	ASSERT_GE(tierx_event("access_mark"), PAGES);
}

/* A policy without the op pays for nothing. */
static void c3_no_op(void)
{
	struct tierx_file *file =
		tierx_file_create(tierx_mount_tmpfs(""), PAGES, tierx_slow_node());

	sampler_open(1);
	tierx_field_set(policy, "access", 0);
	tierx_start(policy);
	read_file(file, 1);
	ASSERT_EQ(tierx_event("access_mark"), 0);
	ASSERT_EQ(tierx_event("access"), 0);
}

/* --- E2: one interface, whatever the source --- */

static void e2_hint_fault(void)
{
	struct tierx_storm *storm;

	sampler_open(1);
	tierx_start(policy);
	storm = tierx_storm_start(PAGES, 1);
	ASSERT_WAIT(tierx_event("access_hint") > PAGES, 30000);
	tierx_storm_stop(storm);
	ASSERT_GE(sampler->nr_samples, PAGES);
}

static void set_mglru(const char *on)
{
	tierx_set("/sys/kernel/mm/lru_gen/enabled", on);
}

/* Reclaim finds the accessed bits of memory that is in use. */
static void young_told(const char *mglru)
{
	const char *cgroup;
	struct tierx_mem *mem;

	set_mglru(mglru);
	tierx_set_demotion(false);
	tierx_swap_start(SWAP_BYTES);
	cgroup = tierx_cgroup_enter("tierx-c");
	mem = tierx_mem_alloc(PAGES, tierx_slow_node());
	tierx_drain_lru();
	sampler_open(1);
	tierx_start(policy);
	sampler->memcg_id = tierx_cgroup_id(cgroup);
	tierx_mem_touch(mem, true);
	tierx_cgroup_reclaim(cgroup, PAGES / 4 * TIERX_PAGE);
	ASSERT_GT(tierx_event("access_young"), 0);
	ASSERT_GT(sampler->nr_samples, 0);
	/* An accessed bit does not say which CPU has set it. */
	ASSERT_LT(sampler->nr_known_cpu, sampler->nr_samples);
}

static void e2_young_classic(void)
{
	young_told("n");
}

static void e2_young_mglru(void)
{
	young_told("y");
}

/* Pages of the file that are in memory. */
static size_t resident(struct tierx_file *file)
{
	unsigned char present[PAGES];
	size_t i, nr = 0;

	tierx_file_map(file, PROT_READ, MAP_SHARED);
	ASSERT_EQ(mincore(file->mem.addr, PAGES * TIERX_PAGE, present), 0);
	tierx_file_unmap(file);
	for (i = 0; i < PAGES; i++)
		nr += present[i] & 1;
	return nr;
}

static void e2_refault(void)
{
	const char *cgroup = tierx_cgroup_enter("tierx-c");
	struct tierx_file *file =
		tierx_file_create(tierx_mount_ext4(EXT4_BYTES), PAGES, tierx_slow_node());

	tierx_set_demotion(false);
	/* No more than needed: what is evicted is forgotten under further reclaim. */
	ASSERT_WAIT((tierx_cgroup_reclaim(cgroup, PAGES / 8 * TIERX_PAGE),
		     resident(file) < PAGES / 2),
		    10000);
	sampler_open(1);
	tierx_start(policy);
	tierx_bind(tierx_slow_node());
	read_file(file, 1);
	tierx_bind(-1);
	ASSERT_GE(tierx_event("access_refault"), PAGES / 8);
}

static int report(uint64_t pfn, int nid, uint32_t nr)
{
	struct sampler_report args = { .pfn = pfn, .nid = nid, .nr = nr };

	return tierx_call(policy, "sampler_report", &args, sizeof(args));
}

/* A device's counters. */
static void e2_report(void)
{
	struct tierx_mem *mem = tierx_mem_alloc(1, tierx_slow_node());
	uint64_t pfn = tierx_mem_pfn(mem, 0);

	tierx_drain_lru();
	sampler_open(64);
	if (tierx_load(policy))
		FAIL("load: %s", tierx_log(policy));
	ASSERT_EQ(report(pfn, -1, 1), -ENODEV);
	ASSERT_EQ(tierx_attach(policy), 0);
	ASSERT_EQ(report(pfn, tierx_fast_node(), 1000), 0);
	ASSERT_EQ(sampler->last_pfn, pfn);
	ASSERT_EQ(sampler->last_nid, tierx_slow_node());
	ASSERT_EQ(sampler->last_cpu_nid, tierx_fast_node());
	ASSERT_EQ(sampler->last_nr, 1000);
	ASSERT_EQ(report(pfn, -1, 1), 0);
	ASSERT_EQ(sampler->last_cpu_nid, -1);
	ASSERT_EQ(tierx_event("access_report"), 2);
}

static void e2_report_bad(void)
{
	struct tierx_mem *mem = tierx_mem_alloc(1, tierx_slow_node());
	uint64_t pfn = tierx_mem_pfn(mem, 0);

	tierx_drain_lru();
	sampler_open(64);
	tierx_start(policy);
	ASSERT_EQ(report(1ULL << 40, -1, 1), -EINVAL);
	ASSERT_EQ(report(~0ULL, -1, 1), -EINVAL);
	ASSERT_EQ(report(pfn, -2, 1), -EINVAL);
	ASSERT_EQ(report(pfn, 1000, 1), -EINVAL);
	tierx_mem_free(mem);
	ASSERT_EQ(report(pfn, -1, 1), -ENOENT);
	ASSERT_EQ(tierx_event("refused_gone"), 1);
	ASSERT_EQ(tierx_event("access"), 0);
}

static void e2_report_tail(void)
{
	struct tierx_file *file =
		tierx_file_create(tierx_mount_tmpfs("huge=always"), 512, tierx_slow_node());
	uint64_t pfn;

	tierx_file_map(file, PROT_READ, MAP_SHARED);
	tierx_file_touch(file, false);
	pfn = tierx_mem_pfn(&file->mem, 0);
	if (tierx_mem_pfn(&file->mem, 511) != pfn + 511)
		SKIP("no huge page was to be had");
	sampler_open(64);
	tierx_start(policy);
	ASSERT_EQ(report(pfn + 1, -1, 1), -EMLINK);
	ASSERT_EQ(report(pfn + 511, -1, 1), -EMLINK);
	ASSERT_EQ(tierx_event("refused_tail"), 2);
	ASSERT_EQ(report(pfn, -1, 1), 0);
}

/* --- C4: performance events --- */

static int perf_open(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.size = sizeof(attr),
		.sample_period = 1000000,
	};

	return syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

static void close_fd(void *arg)
{
	close((intptr_t)arg);
}

static void c4_perf_event(void)
{
	struct tierx_mem *mem = tierx_mem_alloc(1, tierx_slow_node());
	struct bpf_program *program;
	int fd;

	tierx_drain_lru();
	sampler_open(64);
	sampler->event_pfn = tierx_mem_pfn(mem, 0);
	sampler->event_nid = tierx_fast_node();
	sampler->event_nr = 7;
	tierx_start(policy);
	fd = perf_open();
	if (fd < 0)
		SKIP("no performance events: %s", strerror(errno));
	tierx_defer(close_fd, (void *)(intptr_t)fd);
	program = bpf_object__find_program_by_name(tierx_object(policy), "sampler_event");
	ASSERT_EQ(ioctl(fd, PERF_EVENT_IOC_SET_BPF, bpf_program__fd(program)), 0);
	ASSERT_EQ(ioctl(fd, PERF_EVENT_IOC_ENABLE, 0), 0);
	/* The event counts this task's time on a CPU. */
	ASSERT_WAIT((tierx_mem_touch(mem, false), sampler->nr_events > 10), 10000);
	ASSERT_EQ(ioctl(fd, PERF_EVENT_IOC_DISABLE, 0), 0);
	ASSERT_EQ(sampler->event_result, 0);
	ASSERT_WAIT(tierx_event("access_report") + tierx_event("access_dropped") ==
			    sampler->nr_events,
		    5000);
	ASSERT_EQ(sampler->last_pfn, sampler->event_pfn);
	ASSERT_EQ(sampler->last_cpu_nid, tierx_fast_node());
	ASSERT_EQ(sampler->last_nr, 7);
}

/* --- E7: who accessed it last, and when --- */

static void e7_node_and_time(void)
{
	struct tierx_storm *storm;

	sampler_open(64);
	tierx_start(policy);
	storm = tierx_storm_start(PAGES, 1);
	ASSERT_WAIT(sampler->nr_hint_fault > 2 * PAGES, 30000);
	tierx_storm_stop(storm);
	ASSERT_EQ(sampler->hint_last_nid, tierx_fast_node());
	ASSERT_GE(sampler->hint_age_ms, 0);
	ASSERT_LT(sampler->hint_age_ms, 60000);
}

/* --- E, C5: what is accessed is promoted, though nothing takes a hint fault --- */

static void e5_pagecache(void)
{
	const char *dir = tierx_mount_ext4(EXT4_BYTES);
	struct tierx_file *file = tierx_file_create(dir, PAGES, tierx_slow_node());
	struct tierx_policy *pagecache = tierx_open_shipped("pagecache");
	uint64_t promoted;
	int round;

	tierx_size_by_pfn(pagecache, "pages");
	tierx_start(pagecache);
	/* Two samples in a time that a count lives make a page hot. */
	for (round = 0; round < 400 && tierx_event("promoted_pages") < PAGES; round++)
		read_file(file, 10);
	promoted = tierx_event("promoted_pages");
	ASSERT_GE(promoted, PAGES * 9 / 10);
	ASSERT_EQ(tierx_event("hint_fault"), 0);
	ASSERT_GE(tierx_file_count(file, tierx_fast_node()), PAGES * 9 / 10);
	tierx_file_map(file, PROT_READ, MAP_SHARED);
	ASSERT_EQ(tierx_file_verify(file, 1), 0);
}

/* Read only, mapped: NUMA balancing never arms it. Half of it is used. */
static void e1_scanned(void)
{
	struct tierx_file *file =
		tierx_file_create(tierx_mount_ext4(EXT4_BYTES), PAGES, tierx_slow_node());
	struct tierx_mem used = { .pages = PAGES / 2 };

	tierx_file_map(file, PROT_READ, MAP_SHARED);
	tierx_file_touch(file, false);
	used.addr = file->mem.addr;
	sampler_open(64);
	sampler->walk_nid = tierx_slow_node();
	sampler->walk_end_pfn = tierx_max_pfn();
	tierx_start(policy);
	sampler->walk = SAMPLER_PROMOTE_YOUNG;
	ASSERT_WAIT(sampler->nr_walks > 0, 10000);
	ASSERT_WAIT((tierx_mem_touch(&used, false),
		     tierx_mem_count(&used, tierx_fast_node()) == PAGES / 2),
		    20000);
	/* What was not used is where it was. */
	ASSERT_EQ(tierx_mem_count(&file->mem, tierx_slow_node()), PAGES / 2);
	ASSERT_EQ(tierx_event("hint_fault"), 0);
	ASSERT_EQ(tierx_file_verify(file, 1), 0);
}

static const struct tierx_test tests[] = {
	TIERX_TEST(c3_read_ext4, "read() of unmapped page cache is told: ext4"),
	TIERX_TEST(c3_read_tmpfs, "read() of unmapped page cache is told: tmpfs"),
	TIERX_TEST(c3_sampled, "one access in access_period, and it stands for so many"),
	TIERX_TEST(c3_fast_not_told, "accesses to the fastest tier are not told"),
	TIERX_TEST(c3_fast_if_wanted, "unless the policy wants them"),
	TIERX_TEST(c3_no_op, "a policy without the op is told nothing"),
	TIERX_TEST(c4_perf_event, "a program of a performance event feeds the same op"),
	TIERX_TEST(e1_scanned, "a read-only mapping is promoted by who scans accessed bits"),
	TIERX_TEST(e2_hint_fault, "hint faults are accesses"),
	TIERX_TEST(e2_young_classic, "accessed bits that reclaim finds are accesses"),
	TIERX_TEST(e2_young_mglru, "and those that the multi-generational LRU finds"),
	TIERX_TEST(e2_refault, "refaults are accesses"),
	TIERX_TEST(e2_report, "and so is what a device reports"),
	TIERX_TEST(e2_report_bad, "a report has to make sense"),
	TIERX_TEST(e2_report_tail, "and to name the first PFN of a folio"),
	TIERX_TEST(e5_pagecache, "a file that is only read() is promoted by pagecache"),
	TIERX_TEST(e7_node_and_time, "last accessing node and time of a folio, both"),
};

TIERX_TEST_MAIN(tests, tierx_unmet_tiers)
