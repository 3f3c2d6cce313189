// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the kernel would move a folio: asked of the kernel, and worked out anew
 * from what sysfs says about tiers and distances. Run on guests of several shapes.
 */
#include "targets.h"
#include "tierx_test.h"

#define NO_NODE (-1)
#define ROUNDS	100

static int tier_of[TARGETS_MAX_NODES]; /* rank, 0 the fastest; -1 without memory */
static int nr_nodes;

/* A list as "0-1,3". */
static bool list_has(const char *list, int node)
{
	int first, last, len;

	while (sscanf(list, "%d%n", &first, &len) == 1) {
		list += len;
		last = first;
		if (*list == '-' && sscanf(list + 1, "%d%n", &last, &len) == 1)
			list += len + 1;
		if (node >= first && node <= last)
			return true;
		if (*list++ != ',')
			break;
	}
	return false;
}

/* memory_tierN: the smaller N, the faster; N is what the kernel calls the tier's start / 128. */
static void read_tiers(void)
{
	char path[128], list[256];
	int tier, node, rank = 0;

	nr_nodes = 0;
	for (node = 0; node < TARGETS_MAX_NODES; node++)
		tier_of[node] = -1;
	for (tier = 0; tier < 1000; tier++) {
		snprintf(path, sizeof(path),
			 "/sys/devices/virtual/memory_tiering/memory_tier%d/nodelist", tier);
		if (tierx_read(path, list, sizeof(list)) <= 0)
			continue;
		for (node = 0; node < TARGETS_MAX_NODES; node++) {
			if (list_has(list, node)) {
				tier_of[node] = rank;
				nr_nodes++;
			}
		}
		rank++;
	}
	ASSERT_GT(nr_nodes, 1);
}

static int distance_of(int from, int to)
{
	char path[64], line[256], *word = line;
	int i, value = -1;

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/distance", from);
	ASSERT_GT(tierx_read(path, line, sizeof(line)), 0);
	for (i = 0; i <= to; i++)
		value = strtol(word, &word, 10);
	return value;
}

/* Nodes of @rank that are nearest to @from. */
static uint64_t nearest(int rank, int from)
{
	uint64_t mask = 0;
	int node, best = 1 << 30;

	for (node = 0; node < TARGETS_MAX_NODES; node++) {
		if (tier_of[node] != rank)
			continue;
		if (distance_of(from, node) < best) {
			best = distance_of(from, node);
			mask = 0;
		}
		if (distance_of(from, node) == best)
			mask |= 1ULL << node;
	}
	return mask;
}

static uint64_t expected_demotion(int src)
{
	int rank;

	for (rank = tier_of[src] + 1; rank < TARGETS_MAX_NODES; rank++)
		if (nearest(rank, src))
			return nearest(rank, src);
	return 0;
}

static struct tierx_policy *ask(void)
{
	struct tierx_policy *policy = tierx_open("targets");
	volatile uint64_t *rounds;

	read_tiers();
	if (tierx_load(policy))
		FAIL("targets does not load: %s", tierx_log(policy));
	ASSERT_EQ(tierx_attach(policy), 0);
	rounds = tierx_global(policy, "rounds");
	ASSERT_WAIT(*rounds >= ROUNDS, 30000);
	return policy;
}

static void c1_promotion(void)
{
	struct tierx_policy *policy = ask();
	int32_t(*target)[TARGETS_MAX_NODES + 1] = tierx_global(policy, "promotion");
	uint64_t *seen = tierx_global(policy, "promotion_seen"), expected;
	int src, cpu;

	for (src = 0; src < TARGETS_MAX_NODES; src++) {
		for (cpu = 0; cpu < TARGETS_MAX_NODES; cpu++) {
			if (tier_of[src] < 0 || tier_of[cpu] < 0) {
				ASSERT_EQ(target[src][cpu], -EINVAL);
				continue;
			}
			if (tier_of[src] == 0) {
				ASSERT_EQ(target[src][cpu], NO_NODE);
				continue;
			}
			tierx_note("promote from %d for CPUs of %d: %d", src, cpu,
				   target[src][cpu]);
			ASSERT_GE(target[src][cpu], 0);
			ASSERT(nearest(0, cpu) & 1ULL << target[src][cpu]);
		}
		/* Nobody knows who uses it: near to where it is, and every equal gets its turn. */
		expected = tier_of[src] > 0 ? nearest(0, src) : 0;
		ASSERT_EQ(seen[src], expected);
	}
}

static void c1_demotion(void)
{
	struct tierx_policy *policy = ask();
	uint64_t *seen = tierx_global(policy, "demotion_seen");
	int32_t *target = tierx_global(policy, "demotion");
	int src;

	for (src = 0; src < TARGETS_MAX_NODES; src++) {
		if (tier_of[src] < 0) {
			ASSERT_EQ(target[src], -EINVAL);
			continue;
		}
		tierx_note("demote from %d: %d", src, target[src]);
		ASSERT_EQ(seen[src], expected_demotion(src));
		if (!expected_demotion(src))
			ASSERT_EQ(target[src], NO_NODE);
	}
}

static void c1_facts(void)
{
	struct tierx_policy *policy = ask();
	int64_t(*stat)[TARGETS_NR_ITEMS] = tierx_global(policy, "node_stat");
	int32_t(*distance)[TARGETS_MAX_NODES] = tierx_global(policy, "distance");
	char path[128], text[32];
	int src, to;

	for (src = 0; src < TARGETS_MAX_NODES; src++) {
		if (tier_of[src] < 0) {
			ASSERT_EQ(stat[src][0], -EINVAL);
			continue;
		}
		ASSERT_EQ(stat[src][0], tier_of[src]);
		ASSERT_GT(stat[src][1], 0);
		snprintf(path, sizeof(path),
			 "/sys/devices/system/node/node%d/access1/initiators/read_latency", src);
		if (tierx_read(path, text, sizeof(text)) > 0)
			ASSERT_EQ(stat[src][2], strtol(text, NULL, 10));
		else
			ASSERT_EQ(stat[src][2], -ENODATA);
		ASSERT_GT(stat[src][6], 0);
		ASSERT_LE(stat[src][7], stat[src][6]);
		ASSERT_LE(stat[src][8], stat[src][9]);
		ASSERT_LE(stat[src][9], stat[src][10]);
		for (to = 0; to < TARGETS_MAX_NODES; to++)
			if (tier_of[to] >= 0)
				ASSERT_EQ(distance[src][to], distance_of(src, to));
	}
}

static void bad_arguments(void)
{
	struct tierx_policy *policy = ask();

	ASSERT_EQ(*(int32_t *)tierx_global(policy, "bad_flag"), -EINVAL);
	ASSERT_EQ(*(int32_t *)tierx_global(policy, "bad_node"), -EINVAL);
	ASSERT_EQ(*(int32_t *)tierx_global(policy, "bad_item"), -EINVAL);
	ASSERT_EQ(*(int32_t *)tierx_global(policy, "bad_cpu"), -EINVAL);
}

static const struct tierx_test tests[] = {
	TIERX_TEST(c1_promotion, "to the fastest tier, near to the CPU that uses the page"),
	TIERX_TEST(c1_demotion, "to the next slower tier, near to where the page is"),
	TIERX_TEST(c1_facts, "tiers, distances, latencies and watermarks are those of sysfs"),
	TIERX_TEST(bad_arguments, "nodes, items and flags that do not exist are refused"),
};

TIERX_TEST_MAIN(tests, tierx_unmet_tiers)
