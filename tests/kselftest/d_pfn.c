// SPDX-License-Identifier: GPL-2.0-only
/*
 * A policy that is told by something else which pages are hot: whole batches of PFNs, some
 * of them wrong or no longer true. The right pages move, once and whole, and what could
 * not be moved is counted by its reason.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <linux/capability.h>

#include "tierx_file.h"
#include "tierx_pfn.h"

#define ENTRY	  sizeof(struct tier_ext_pfn)
#define MAX_BATCH 512
#define PAGES	  ((size_t)400)
#define SETTLE_MS 10000
#define NO_MEMORY (1ULL << 35)

/* Every page of @mem is on @node, and holds what it did. */
static void expect_all_on(struct tierx_mem *mem, int node)
{
	ASSERT_WAIT(tierx_mem_count(mem, node) == mem->pages, SETTLE_MS);
	ASSERT_EQ(tierx_mem_verify(mem, 1), 0);
}

static struct tierx_mem *filled(size_t pages, int node)
{
	struct tierx_mem *mem = tierx_mem_alloc(pages, node);

	tierx_mem_fill(mem, 1);
	tierx_drain_lru();
	return mem;
}

/* A huge page; where its first small page is. */
static size_t huge_filled(struct tierx_mem **mem, int node)
{
	size_t first = tierx_huge_alloc(mem, node);

	tierx_mem_fill(*mem, 1);
	tierx_drain_lru();
	ASSERT_EQ(tierx_mem_node(*mem, first), node);
	return first;
}

/* --- D1 --- */

/* In the batch: @mem, then 30 tails, 20 PFNs of no memory, 10 stale and 5 gone. */
static size_t put_mixed(struct tierx_pfn *pfn, struct tierx_mem *mem)
{
	struct tierx_mem *huge, *stale = filled(10, tierx_slow_node());
	size_t first = huge_filled(&huge, tierx_slow_node()), n = mem->pages, i;
	struct tierx_mem *gone = tierx_mem_alloc(5, tierx_slow_node());

	tierx_drain_lru();
	tierx_pfn_put(pfn, mem, 0, mem->pages);
	for (i = 0; i < 30; i++)
		pfn->batch[n++] = (struct tier_ext_pfn){ tierx_mem_pfn(huge, first) + 1 + i, 0 };
	for (i = 0; i < 20; i++)
		pfn->batch[n++] = (struct tier_ext_pfn){ NO_MEMORY + i, 0 };
	for (i = 0; i < 10; i++)
		pfn->batch[n++] = (struct tier_ext_pfn){ tierx_mem_pfn(stale, i), 4711 };
	/* Whoever has the PFN next has another generation. */
	for (i = 0; i < 5; i++, n++) {
		pfn->batch[n].pfn = tierx_mem_pfn(gone, i);
		pfn->batch[n].gen = tierx_pfn_gen(pfn, pfn->batch[n].pfn);
		ASSERT_NE(pfn->batch[n].gen, 0);
	}
	tierx_mem_free(gone);
	return n;
}

static void mixed_batch(int (*run)(struct tierx_pfn *pfn, size_t bytes, int node), int node)
{
	struct tierx_pfn *pfn = tierx_pfn_start();
	struct tierx_mem *mem = filled(PAGES, tierx_slow_node());
	struct tierx_mem *other = filled(PAGES, tierx_slow_node());
	size_t nr = put_mixed(pfn, mem);

	ASSERT_EQ(run(pfn, nr * ENTRY, node), PAGES + 15);
	ASSERT_WAIT(tierx_pfn_count(pfn, "nr_queued") == PAGES, SETTLE_MS);
	expect_all_on(mem, tierx_fast_node());
	/* What was not in the batch has not moved. */
	expect_all_on(other, tierx_slow_node());

	ASSERT_WAIT(tierx_event("refused_stale") + tierx_event("refused_gone") == 15, SETTLE_MS);
	ASSERT_GE(tierx_event("refused_stale"), 10);
	ASSERT_EQ(tierx_event("refused_tail"), 30);
	ASSERT_EQ(tierx_event("refused_device"), 20);
	ASSERT_EQ(tierx_event("queued"), PAGES + 15);
	ASSERT_EQ(tierx_event("promoted_pages"), PAGES);
	ASSERT_EQ(tierx_pfn_count(pfn, "nr_queued"), PAGES);
}

static void d1_heat_batches(void)
{
	mixed_batch(tierx_pfn_run, tierx_fast_node());
}

static void d1_heat_batches_tick(void)
{
	mixed_batch(tierx_pfn_tick, tierx_fast_node());
}

/* The kernel chooses the target. */
static void d1_faster_tier(void)
{
	mixed_batch(tierx_pfn_run, -1);
}

/* There is no faster tier than the fastest. */
static void d1_fastest_tier(void)
{
	struct tierx_pfn *pfn = tierx_pfn_start();
	struct tierx_mem *mem = filled(16, tierx_fast_node());

	tierx_pfn_put(pfn, mem, 0, 16);
	ASSERT_EQ(tierx_pfn_run(pfn, 16 * ENTRY, -1), 16);
	ASSERT_WAIT(tierx_event("refused_target") == 16, SETTLE_MS);
	expect_all_on(mem, tierx_fast_node());
}

static void d1_bad_batches(void)
{
	struct tierx_pfn *pfn = tierx_pfn_start();
	struct tierx_mem *mem = filled(MAX_BATCH, tierx_slow_node());
	uint64_t *flags = tierx_global(pfn->policy, "batch_flags");
	int fast = tierx_fast_node();

	tierx_pfn_put(pfn, mem, 0, MAX_BATCH);
	ASSERT_EQ(tierx_pfn_run(pfn, (MAX_BATCH + 1) * ENTRY, fast), -E2BIG);
	ASSERT_EQ(tierx_pfn_run(pfn, PFN_MAX_BATCH * ENTRY, fast), -E2BIG);
	ASSERT_EQ(tierx_pfn_run(pfn, ENTRY + 1, fast), -EINVAL);
	ASSERT_EQ(tierx_pfn_run(pfn, 1, fast), -EINVAL);
	ASSERT_EQ(tierx_pfn_run(pfn, ENTRY, -2), -EINVAL);
	ASSERT_EQ(tierx_pfn_run(pfn, ENTRY, 1023), -EINVAL);
	ASSERT_EQ(tierx_pfn_run(pfn, ENTRY, 1 << 20), -EINVAL);
	*flags = 1;
	ASSERT_EQ(tierx_pfn_run(pfn, ENTRY, fast), -EINVAL);
	*flags = 0;
	ASSERT_EQ(tierx_pfn_run(pfn, 0, fast), 0);
	ASSERT_EQ(tierx_event("queued"), 0);
	expect_all_on(mem, tierx_slow_node());

	ASSERT_EQ(tierx_pfn_run(pfn, MAX_BATCH * ENTRY, fast), MAX_BATCH);
	expect_all_on(mem, fast);
}

/* --- D2 --- */

static uint64_t kib_of_huge_pages(struct tierx_mem *mem)
{
	unsigned long start, end, addr = (unsigned long)mem->addr;
	FILE *file = fopen("/proc/self/smaps", "re");
	uint64_t kib, sum = 0;
	bool inside = false;
	char line[512];

	ASSERT(file);
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			inside = end > addr && start < addr + mem->pages * TIERX_PAGE;
		else if (inside && sscanf(line, "AnonHugePages: %lu", &kib) == 1)
			sum += kib;
	}
	fclose(file);
	return sum;
}

static void d2_huge_once(void)
{
	int fast = tierx_fast_node(), slow = tierx_slow_node();
	struct tierx_pfn *pfn = tierx_pfn_start();
	struct tierx_mem *mem;
	size_t first = huge_filled(&mem, slow), i;
	uint64_t head = tierx_mem_pfn(mem, first);

	ASSERT_EQ(kib_of_huge_pages(mem), 2048);
	for (i = 0; i < TIERX_HUGE; i++)
		pfn->batch[i] = (struct tier_ext_pfn){ .pfn = head + i };
	ASSERT_EQ(tierx_pfn_run(pfn, TIERX_HUGE * ENTRY, fast), 1);
	ASSERT_WAIT(tierx_event("promoted_pages") == TIERX_HUGE, SETTLE_MS);
	ASSERT_EQ(tierx_event("refused_tail"), TIERX_HUGE - 1);
	ASSERT_EQ(tierx_event("queued"), 1);
	/* It is counted, then told, then mapped. */
	ASSERT_WAIT(tierx_mem_count(mem, fast) == TIERX_HUGE, SETTLE_MS);
	ASSERT_EQ(tierx_pfn_count(pfn, "nr_queued"), 1);

	ASSERT_EQ(kib_of_huge_pages(mem), 2048);
	head = tierx_mem_pfn(mem, first);
	for (i = 0; i < TIERX_HUGE; i++) {
		ASSERT_EQ(tierx_mem_node(mem, first + i), fast);
		ASSERT_EQ(tierx_mem_pfn(mem, first + i), head + i);
	}
	ASSERT_EQ(tierx_mem_count(mem, slow), mem->pages - TIERX_HUGE);
	ASSERT_EQ(tierx_mem_verify(mem, 1), 0);
}

/* --- D3: a name that no longer means what it did --- */

static void d3_stale(void)
{
	struct tierx_pfn *pfn = tierx_pfn_start();
	int fast = tierx_fast_node(), slow = tierx_slow_node();
	struct tierx_mem *mem = filled(PAGES, slow), *next;
	size_t i;

	tierx_pfn_put(pfn, mem, 0, PAGES);
	for (i = 0; i < PAGES; i++)
		pfn->batch[i].gen = tierx_pfn_gen(pfn, pfn->batch[i].pfn);
	tierx_mem_free(mem);
	/* Takes over most of the PFNs. */
	next = filled(2 * PAGES, slow);
	ASSERT_EQ(tierx_pfn_run(pfn, PAGES * ENTRY, fast), PAGES);
	ASSERT_WAIT(tierx_event("refused_stale") + tierx_event("refused_gone") == PAGES, SETTLE_MS);
	tierx_note("%lu of %zu PFNs were used again", tierx_event("refused_stale"), PAGES);
	ASSERT_GT(tierx_event("refused_stale"), 0);
	ASSERT_EQ(tierx_pfn_count(pfn, "nr_queued"), 0);
	expect_all_on(next, slow);

	/* With their own generations they move. */
	tierx_pfn_put(pfn, next, 0, MAX_BATCH);
	for (i = 0; i < MAX_BATCH; i++)
		pfn->batch[i].gen = tierx_pfn_gen(pfn, pfn->batch[i].pfn);
	ASSERT_EQ(tierx_pfn_run(pfn, MAX_BATCH * ENTRY, fast), MAX_BATCH);
	ASSERT_WAIT(tierx_mem_count(next, fast) == MAX_BATCH, SETTLE_MS);
}

/* --- D4: who may run a batch may use any node; the pages' owner may not --- */

static void d4_cpuset(void)
{
	struct tierx_pfn *pfn = tierx_pfn_start();
	const char *cgroup = tierx_cgroup_enter("d_pfn");
	int slow = tierx_slow_node();
	char path[256], mems[16];
	struct tierx_mem *mem;

	mem = filled(16, slow);
	snprintf(path, sizeof(path), "%s/cpuset.mems", cgroup);
	snprintf(mems, sizeof(mems), "%d", slow);
	ASSERT_EQ(tierx_write(path, mems), 0);
	tierx_pfn_put(pfn, mem, 0, 16);
	ASSERT_EQ(tierx_pfn_run(pfn, 16 * ENTRY, tierx_fast_node()), 16);
	ASSERT_WAIT(tierx_event("refused_cpuset") == 16, SETTLE_MS);
	expect_all_on(mem, slow);
	/* A target that the kernel chooses is one of the cpuset, and there is none. */
	ASSERT_EQ(tierx_pfn_run(pfn, 16 * ENTRY, -1), 16);
	ASSERT_WAIT(tierx_event("refused_cpuset") + tierx_event("refused_target") == 32, SETTLE_MS);
	expect_all_on(mem, slow);
}

/* --- D5 --- */

static void keep_caps(uint64_t caps)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {};
	int i;

	for (i = 0; i < 2; i++) {
		data[i].effective = caps >> 32 * i;
		data[i].permitted = data[i].effective;
	}
	ASSERT_EQ(syscall(SYS_capset, &header, data), 0);
}

struct attempt {
	uint64_t caps;
	const char *message;
};

static int try_to_load(void *arg)
{
	const struct attempt *attempt = arg;
	struct tierx_policy *policy;
	int err;

	keep_caps(attempt->caps);
	policy = tierx_open("walk");
	err = tierx_load(policy);
	if (attempt->message && err && !strstr(tierx_log(policy), attempt->message))
		FAIL("does not say '%s': %s", attempt->message, tierx_log(policy));
	return -err;
}

static int load_with(uint64_t caps, const char *message)
{
	struct attempt attempt = { caps, message };

	return tierx_wait_child(tierx_fork(try_to_load, &attempt), 20000);
}

static void d5_privileges(void)
{
	uint64_t bpf = 1ULL << CAP_BPF, perfmon = 1ULL << CAP_PERFMON;
	int err;

	/* The kfuncs are there, and that is all it takes. */
	ASSERT_EQ(load_with(bpf | perfmon, NULL), 0);
	ASSERT_EQ(load_with(bpf, "calling kernel function bpf_iter_tierx"), EACCES);
	err = load_with(0, NULL);
	ASSERT_EQ(err, EPERM);
}

/* --- D6 --- */

static void d6_boundary(void)
{
	int fast = tierx_fast_node(), slow = tierx_slow_node();
	struct tierx_pfn *pfn = tierx_pfn_start();
	struct tierx_mem *mem;
	size_t first = huge_filled(&mem, slow), i;
	uint64_t head = tierx_mem_pfn(mem, first);

	/* All but the first, with the generation of the whole as well as without. */
	for (i = 1; i < TIERX_HUGE; i++)
		pfn->batch[i - 1] = (struct tier_ext_pfn){
			.pfn = head + i,
			.gen = i % 2 ? tierx_pfn_gen(pfn, head) : 0,
		};
	ASSERT_EQ(tierx_pfn_run(pfn, (TIERX_HUGE - 1) * ENTRY, fast), 0);
	ASSERT_EQ(tierx_event("refused_tail"), TIERX_HUGE - 1);
	ASSERT_EQ(tierx_pfn_gen(pfn, head + 1), 0);
	tierx_sleep_ms(200);
	ASSERT_EQ(tierx_event("queued"), 0);
	ASSERT_EQ(tierx_mem_pfn(mem, first), head);
	ASSERT_EQ(tierx_mem_count(mem, slow), mem->pages);
}

static const struct tierx_test tests[] = {
	TIERX_TEST(d1_heat_batches, "of a batch with bad PFNs the good ones move"),
	TIERX_TEST(d1_heat_batches_tick, "the same from tick"),
	TIERX_TEST(d1_faster_tier, "the same, to whatever is faster"),
	TIERX_TEST(d1_fastest_tier, "nothing is faster than the fastest tier"),
	TIERX_TEST(d1_bad_batches, "sizes, nodes and flags that make no sense are refused"),
	TIERX_TEST(d2_huge_once, "a huge page that is named 512 times moves once, and whole"),
	TIERX_TEST(d3_stale, "a PFN that was used again is not what was meant"),
	TIERX_TEST(d4_cpuset, "a batch keeps to the cpuset of the pages' owner"),
	TIERX_TEST(d5_privileges, "CAP_BPF alone does not see everybody's memory"),
	TIERX_TEST(d6_boundary, "a PFN in the middle of a huge page moves nothing"),
};

TIERX_TEST_MAIN(tests, tierx_unmet_tiers)
