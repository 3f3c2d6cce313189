// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where a hot page goes: in the fault to the node of the CPU that uses it, later
 * to a target that is computed from tiers and distances; and pages that go to the
 * same node go together.
 */

#include "tierx_file.h"
#include "tierx_mover.h"
#include "tierx_probe.h"

#define PAGES	256
#define TRACING "/sys/kernel/tracing/"

/* --- E3 --- */

/* A CPU of a node, negative if it has none. */
static int cpu_of(int node)
{
	char path[64], list[64];

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/cpulist", node);
	return tierx_read(path, list, sizeof(list)) > 0 ? atoi(list) : -1;
}

/* The nearest node of a slower tier than the CPU's. */
static int slow_node_of(int node)
{
	char path[64], list[256], *word, *rest = list;
	int other, distance, best = -1, nearest = INT32_MAX;

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/distance", node);
	ASSERT_GT(tierx_read(path, list, sizeof(list)), 0);
	for (other = 0; (word = strsep(&rest, " ")); other++) {
		distance = atoi(word);
		if (cpu_of(other) < 0 && distance < nearest) {
			nearest = distance;
			best = other;
		}
	}
	return best;
}

/* Memory on the slow node of one socket, used by a CPU of the other. */
static void used_from(int cpu_node, int memory_node, s32 verdict)
{
	volatile struct tierx_probe *probe;
	struct tierx_policy *policy = probe_open(NULL, &probe);
	struct tierx_mem *mem = tierx_mem_alloc(PAGES, memory_node);

	probe->hint_fault = verdict;
	tierx_start(policy);
	tierx_touch_start(mem, cpu_of(cpu_node), false);
	tierx_set_tiering();
	ASSERT_WAIT(tierx_mem_count(mem, cpu_node) > PAGES * 3 / 4, 30000);
	ASSERT_EQ(probe->fault_cpu_nid, cpu_node);
}

static void other_socket(s32 verdict)
{
	int node = 1;

	if (cpu_of(node) < 0 || slow_node_of(0) < 0)
		SKIP("needs two nodes with CPUs and one without");
	used_from(node, slow_node_of(0), verdict == TIERX_DEFER ? TIERX_DEFER : node);
}

static void e3_synchronous(void)
{
	other_socket(0);
}

static void e3_asynchronous(void)
{
	other_socket(TIERX_DEFER);
}

/* --- E4 --- */

static void trace_off(void *arg)
{
	(void)arg;
	tierx_write(TRACING "events/migrate/mm_migrate_pages/enable", "0");
	tierx_write(TRACING "trace", "");
}

/* Calls of migrate_pages() by the migration threads. */
static unsigned int nr_batches(void)
{
	char line[512];
	unsigned int nr = 0;
	FILE *trace;

	trace = fopen(TRACING "trace", "re");
	ASSERT(trace);
	while (fgets(line, sizeof(line), trace))
		nr += strstr(line, "ktierx/") && strstr(line, "mm_migrate_pages:");
	fclose(trace);
	return nr;
}

static void e4_batches(void)
{
	struct tierx_mover *mover = tierx_mover_open();
	int source = tierx_slow_node(), target;
	struct tierx_mem *mem = tierx_mem_alloc(PAGES, source);
	size_t i;

	target = tierx_nr_nodes() > 2 && source != 2 ? 2 : 1;
	if (target == source)
		SKIP("needs three nodes");
	if (tierx_write(TRACING "events/migrate/mm_migrate_pages/enable", "1"))
		SKIP("no tracing");
	tierx_defer(trace_off, NULL);
	tierx_drain_lru();
	tierx_mover_start(mover);
	tierx_write(TRACING "trace", "");
	/* In turn to one node and to another: two batches of 128 with two targets each. */
	for (i = 0; i < PAGES; i++)
		mover->wanted[i] = (struct mover_wanted){
			.pfn = tierx_mem_pfn(mem, i),
			.nid = i % 2 ? target : tierx_fast_node(),
		};
	tierx_mover_run(mover, PAGES, 30000);
	ASSERT_EQ(tierx_mem_count(mem, tierx_fast_node()), PAGES / 2);
	ASSERT_EQ(tierx_mem_count(mem, target), PAGES / 2);
	tierx_note("%d moves to two nodes in %u batches", PAGES, nr_batches());
	ASSERT_GE(nr_batches(), 2);
	/* The thread may begin before all are queued. */
	ASSERT_LE(nr_batches(), PAGES / 8);
}

static const struct tierx_test tests[] = {
	TIERX_TEST(e3_synchronous, "in the fault, to the node of the CPU"),
	TIERX_TEST(e3_asynchronous, "later, to the fastest node that is near to the CPU"),
	TIERX_TEST(e4_batches, "moves are batched by target"),
};

TIERX_TEST_MAIN(tests, tierx_unmet_tiers)
