// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every op is reached by a workload that needs it, is told the truth, and what
 * it answers is done. Hint faults, reclaim and demotion here; what is moved by
 * the migration threads is in ops_move.c.
 */
#include "tierx_probe.h"

#define PAGES	2048
#define THREADS 2

/* ------------------------------------------------------------------------ hint_fault */

struct faults {
	volatile struct tierx_probe *probe;
	struct tierx_policy *policy;
	struct tierx_storm *storm;
	uint64_t promoted;
};

static void faults_start(struct faults *faults, s32 verdict)
{
	faults->policy = probe_open(NULL, &faults->probe);
	faults->probe->hint_fault = verdict;
	tierx_start(faults->policy);
	tierx_set_all_hot();
	faults->promoted = tierx_vmstat("pgpromote_success");
	faults->storm = tierx_storm_start(PAGES, THREADS);
}

/* Most, because a page may be busy whenever it is to be moved. */
static bool promoted(struct faults *faults)
{
	return tierx_mem_count(faults->storm->mem, tierx_fast_node()) > PAGES * 3 / 4;
}

static void hint_told(void)
{
	volatile struct tierx_probe *probe;
	struct faults faults;
	uint64_t address;

	faults_start(&faults, TIERX_STAY);
	probe = faults.probe;
	ASSERT_WAIT(probe->nr_hint_fault > PAGES, 30000);
	tierx_storm_stop(faults.storm);

	/* The program may have memory of its own there; nearly all faults are the storm's. */
	address = probe->fault_address;
	ASSERT_GE(address, (uintptr_t)faults.storm->mem->addr);
	ASSERT_LT(address, (uintptr_t)faults.storm->mem->addr + PAGES * TIERX_PAGE);
	ASSERT_EQ(probe->fault_src_nid, tierx_slow_node());
	ASSERT_EQ(probe->fault_cpu_nid, tierx_fast_node());
	ASSERT_EQ(probe->folio_nid, tierx_slow_node());
	ASSERT_EQ(probe->folio_order, 0);
	ASSERT_EQ(probe->folio_pfn,
		  tierx_mem_pfn(faults.storm->mem,
				(address - (uintptr_t)faults.storm->mem->addr) / TIERX_PAGE));
	/* Anonymous and mapped; neither KSM, hugetlb nor large. */
	ASSERT_EQ(probe->folio_state & 0x7f, 0x41);
}

static void hint_default(void)
{
	struct faults faults;

	faults_start(&faults, TIERX_DEFAULT);
	ASSERT_WAIT(promoted(&faults), 30000);
	ASSERT_GE(faults.probe->nr_hint_fault, PAGES * 3 / 4);
	ASSERT_GE(tierx_vmstat("pgpromote_success"), faults.promoted + PAGES * 3 / 4);
	ASSERT_EQ(tierx_event("queued"), 0);
}

static void hint_stay(void)
{
	struct faults faults;

	faults_start(&faults, TIERX_STAY);
	ASSERT_WAIT(faults.probe->nr_hint_fault > 4 * PAGES, 30000);
	ASSERT_EQ(tierx_mem_count(faults.storm->mem, tierx_slow_node()), PAGES);
	ASSERT_EQ(tierx_vmstat("pgpromote_success"), faults.promoted);
	ASSERT_EQ(tierx_event("promoted_pages"), 0);
}

static void hint_defer(void)
{
	struct faults faults;
	uint64_t moved;

	faults_start(&faults, TIERX_DEFER);
	ASSERT_WAIT(promoted(&faults), 30000);
	tierx_storm_stop(faults.storm);
	moved = faults.probe->nr_migrated_queued - faults.probe->nr_migrated_failed;
	ASSERT_GE(moved, PAGES * 3 / 4);
	/* The thread may be in the middle of a batch, which is counted at its end. */
	ASSERT_WAIT(faults.probe->nr_migrated == faults.probe->nr_migrated_queued, 5000);
	ASSERT_GE(tierx_event("queued"), moved);
	ASSERT_GE(tierx_event("promoted_pages"), moved);
	ASSERT_GE(faults.probe->nr_admit, moved);
	ASSERT_WAIT(tierx_vmstat("pgpromote_success") >= faults.promoted + moved, 5000);
}

static void hint_node(void)
{
	struct faults faults;

	faults_start(&faults, tierx_fast_node());
	ASSERT_WAIT(promoted(&faults), 30000);
	tierx_storm_stop(faults.storm);
	/* In the fault, not by a thread. */
	ASSERT_EQ(tierx_event("queued"), 0);
	ASSERT_EQ(faults.probe->nr_migrated_queued, 0);
	ASSERT_GE(faults.probe->nr_migrated, PAGES * 3 / 4);
	ASSERT_GE(tierx_vmstat("pgpromote_success"), faults.promoted + PAGES * 3 / 4);
}

static void hint_missing(void)
{
	volatile struct tierx_probe *probe;
	struct tierx_policy *policy = probe_open(NULL, &probe);
	struct tierx_storm *storm;

	tierx_field_set(policy, "hint_fault", 0);
	tierx_start(policy);
	tierx_set_all_hot();
	storm = tierx_storm_start(PAGES, THREADS);
	ASSERT_WAIT(tierx_mem_count(storm->mem, tierx_fast_node()) > PAGES * 3 / 4, 30000);
	ASSERT_EQ(tierx_event("hint_fault"), 0);
}

static void promote_call(u32 flags, s32 result)
{
	volatile struct tierx_probe *probe;
	struct faults faults;

	faults.policy = probe_open(NULL, &probe);
	faults.probe = probe;
	probe->hint_fault = TIERX_STAY;
	probe->call_promote = 1;
	probe->promote_flags = flags;
	probe->promote_result = 1;
	tierx_start(faults.policy);
	faults.storm = tierx_storm_start(PAGES, THREADS);
	if (result) {
		ASSERT_WAIT(probe->nr_hint_fault > PAGES, 30000);
		tierx_storm_stop(faults.storm);
		ASSERT_EQ(probe->promote_result, result);
		ASSERT_EQ(tierx_event("queued"), 0);
		ASSERT_EQ(tierx_mem_count(faults.storm->mem, tierx_slow_node()), PAGES);
	} else {
		ASSERT_WAIT(promoted(&faults), 30000);
		ASSERT_EQ(probe->promote_result, 0);
		ASSERT_GE(tierx_event("queued"), PAGES * 3 / 4);
	}
}

static void promote(void)
{
	promote_call(0, 0);
}

static void promote_flags(void)
{
	promote_call(1, -EINVAL);
}

/* ------------------------------------------------------- reclaim and demote_target */

struct pressure {
	volatile struct tierx_probe *probe;
	struct tierx_policy *policy;
	struct tierx_mem *mem;
	const char *cgroup;
};

/* Memory on the fast node in a cgroup of its own, and a policy that knows that cgroup. */
static void pressure_prepare(struct pressure *pressure)
{
	tierx_set_demotion(true);
	pressure->cgroup = tierx_cgroup_enter("tierx_ops");
	pressure->mem = tierx_mem_alloc(PAGES, tierx_fast_node());
	pressure->policy = probe_open(NULL, &pressure->probe);
	pressure->probe->memcg_id = tierx_cgroup_id(pressure->cgroup);
}

static size_t demoted_of(struct tierx_mem *mem)
{
	return mem->pages - tierx_mem_count(mem, tierx_fast_node());
}

static void reclaim_default(void)
{
	struct pressure pressure;
	size_t demoted;

	pressure_prepare(&pressure);
	tierx_start(pressure.policy);
	tierx_cgroup_reclaim(pressure.cgroup, PAGES / 2 * TIERX_PAGE);

	demoted = demoted_of(pressure.mem);
	ASSERT_GT(demoted, PAGES / 4);
	ASSERT_GE(pressure.probe->nr_reclaim, demoted);
	ASSERT_GE(tierx_event("reclaim"), pressure.probe->nr_reclaim);
	ASSERT_GE(tierx_event("demoted_pages"), demoted);
	ASSERT_GE(pressure.probe->nr_demote_target, demoted);

	ASSERT_EQ(pressure.probe->reclaim_memcg_id, tierx_cgroup_id(pressure.cgroup));
	ASSERT_EQ(pressure.probe->reclaim_kswapd, 0);
	/* The last folio may have been looked at on either node. */
	ASSERT_GE(pressure.probe->reclaim_src_nid, 0);
}

static void reclaim_demote(void)
{
	struct pressure pressure;

	pressure_prepare(&pressure);
	pressure.probe->reclaim = TIERX_DEMOTE;
	tierx_start(pressure.policy);
	tierx_cgroup_reclaim(pressure.cgroup, PAGES / 2 * TIERX_PAGE);
	ASSERT_GT(demoted_of(pressure.mem), PAGES / 4);
}

static void reclaim_reclaim(void)
{
	struct pressure pressure;

	pressure_prepare(&pressure);
	pressure.probe->reclaim = TIERX_RECLAIM;
	tierx_start(pressure.policy);
	tierx_cgroup_reclaim(pressure.cgroup, PAGES / 2 * TIERX_PAGE);
	/* There is no swap, so the memory stays where it is. */
	ASSERT_GT(pressure.probe->nr_reclaim, 0);
	ASSERT_EQ(tierx_mem_count(pressure.mem, tierx_slow_node()), 0);
	ASSERT_EQ(pressure.probe->nr_demote_target, 0);
}

static bool kswapd_rests(void)
{
	uint64_t demoted = tierx_vmstat("pgdemote_kswapd");

	tierx_sleep_ms(500);
	return tierx_vmstat("pgdemote_kswapd") == demoted;
}

static void reclaim_keep(void)
{
	struct pressure pressure;
	struct tierx_mem *many;
	uint64_t before, after, ignored;

	pressure_prepare(&pressure);
	/* Gentle reclaim looks at one page of 4096 only. */
	many = tierx_mem_alloc(16 * PAGES, tierx_fast_node());
	/* So much may be too much for the node: what kswapd does then is not the policy's. */
	ASSERT_WAIT(kswapd_rests(), 30000);
	before = demoted_of(pressure.mem) + demoted_of(many);
	pressure.probe->reclaim = TIERX_KEEP;
	tierx_start(pressure.policy);
	tierx_cgroup_reclaim(pressure.cgroup, PAGES / 2 * TIERX_PAGE);

	/* Kept while reclaim is gentle; when it gets desperate, what is ignored is demoted. */
	after = demoted_of(pressure.mem) + demoted_of(many);
	/* kswapd may be at it again, and is told before it moves anything. */
	ignored = tierx_event("keep_ignored");
	ASSERT_LE(after - before, ignored);
	ASSERT_GT(ignored, 0);
	ASSERT_GT(pressure.probe->nr_reclaim, ignored);
}

static void reclaim_bad(void)
{
	struct pressure pressure;

	pressure_prepare(&pressure);
	pressure.probe->reclaim = TIERX_STAY;
	tierx_start(pressure.policy);
	tierx_cgroup_reclaim(pressure.cgroup, PAGES / 2 * TIERX_PAGE);
	ASSERT_WAIT(pressure.probe->nr_exit == 1, 5000);
	ASSERT_EQ(pressure.probe->exit_kind, TIERX_EXIT_ERROR_VERDICT);
	ASSERT_HAS((char *)pressure.probe->exit_msg, "the last one -2 from reclaim");
	/* Answered as the kernel would have done. */
	ASSERT_GT(demoted_of(pressure.mem), PAGES / 4);
}

/* The slowest node, if there are several: not where the kernel would demote to. */
static void target_node(void)
{
	int nodes = tierx_nr_nodes(), target = nodes - 1;
	struct pressure pressure;

	pressure_prepare(&pressure);
	pressure.probe->demote_target = target;
	tierx_start(pressure.policy);
	tierx_cgroup_reclaim(pressure.cgroup, PAGES / 2 * TIERX_PAGE);
	ASSERT_GT(pressure.probe->nr_demote_target, PAGES / 4);
	ASSERT_EQ(tierx_event("demote_target"), pressure.probe->nr_demote_target);
	ASSERT_GT(tierx_mem_count(pressure.mem, target), PAGES / 4);
	ASSERT_EQ(tierx_event("bad_verdict"), 0);
}

static void target_bad(void)
{
	struct pressure pressure;

	pressure_prepare(&pressure);
	pressure.probe->demote_target = tierx_fast_node();
	tierx_start(pressure.policy);
	tierx_cgroup_reclaim(pressure.cgroup, PAGES / 2 * TIERX_PAGE);
	ASSERT_WAIT(pressure.probe->nr_exit == 1, 5000);
	ASSERT_EQ(pressure.probe->exit_kind, TIERX_EXIT_ERROR_VERDICT);
	ASSERT_HAS((char *)pressure.probe->exit_msg, "from demote_target");
	ASSERT_GT(demoted_of(pressure.mem), PAGES / 4);
}

static const struct tierx_test tests[] = {
	TIERX_TEST(hint_told, "hint_fault is told what was hit, and where"),
	TIERX_TEST(hint_default, "hint_fault: default promotes what is hot"),
	TIERX_TEST(hint_stay, "hint_fault: stay promotes nothing"),
	TIERX_TEST(hint_defer, "hint_fault: defer promotes through the queue"),
	TIERX_TEST(hint_node, "hint_fault: a node is promoted to in the fault"),
	TIERX_TEST(hint_missing, "without hint_fault the kernel decides"),
	TIERX_TEST(promote, "hint_fault can queue a promotion"),
	TIERX_TEST(promote_flags, "a flag that is not known is refused"),
	TIERX_TEST(reclaim_default, "reclaim: default demotes"),
	TIERX_TEST(reclaim_demote, "reclaim: demote demotes"),
	TIERX_TEST(reclaim_reclaim, "reclaim: reclaim does not demote"),
	TIERX_TEST(reclaim_keep, "reclaim: keep keeps, but not for ever"),
	TIERX_TEST(reclaim_bad, "reclaim: too many verdicts of another op eject"),
	TIERX_TEST(target_node, "demote_target: a node is demoted to"),
	TIERX_TEST(target_bad, "demote_target: too many nodes of no slower tier eject"),
};

TIERX_TEST_MAIN(tests, tierx_unmet_tiers)
