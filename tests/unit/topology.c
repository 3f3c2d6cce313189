// SPDX-License-Identifier: GPL-2.0-only
/* Targets on machines that are not at hand. */
#include <string.h>

#include "ktap.h"
#include "testdir.h"
#include "topology.h"

#define TIER "/sys/devices/virtual/memory_tiering/memory_tier"
#define NODE "/sys/devices/system/node/node"

static void make_nodes(struct topology *topology, int nr, const int *distances)
{
	int i, j;

	memset(topology, 0, sizeof(*topology));
	topology->nr_nodes = nr;
	for (i = 0; i < nr; i++) {
		topology->nodes[i].nid = i;
		topology->nodes[i].tier = TOPOLOGY_NO_TIER;
		for (j = 0; j < nr; j++)
			topology->nodes[i].distance[j] = distances[i * nr + j];
	}
}

static void test_lists(void)
{
	static const char *const bad[] = { "a", "1,", ",1", "1-", "3-1", "0 1" };
	__u64 nodes;
	size_t i;

	ktap_ok(!nodelist__parse("0,2-3", &nodes) && nodes == 0xd, "a list of nodes");
	ktap_ok(!nodelist__parse("", &nodes) && !nodes, "an empty list");
	ktap_ok(!nodelist__parse("63", &nodes) && nodes == 1ULL << 63, "the last node");
	ktap_ok(!nodelist__parse("2,62-65,100", &nodes) && nodes == (3ULL << 62 | 4),
		"nodes that there is no room for are left out");
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ktap_ok(nodelist__parse(bad[i], &nodes), "refuse list '%s'", bad[i]);
}

/* One fast, one slow. */
static void test_two_nodes(struct topology *topology)
{
	static const int distances[] = { 10, 20, 20, 10 };

	make_nodes(topology, 2, distances);
	testdir__write(TIER "4/nodelist", "0\n");
	testdir__write(TIER "22/nodelist", "1\n");
	topology__read_tiers(topology);
	ktap_ok(topology->nr_tiers == 2 && topology->nodes[0].tier == 0 &&
			topology->nodes[1].tier == 1 && topology->nodes[1].tier_id == 22,
		"two nodes: a smaller number is a faster tier");
	ktap_ok(topology__demotion_targets(topology, 0) == 1 << 1 &&
			!topology__promotion_targets(topology, 0),
		"two nodes: fast memory is only demoted");
	ktap_ok(topology__promotion_targets(topology, 1) == 1 << 0 &&
			!topology__demotion_targets(topology, 1),
		"two nodes: slow memory is only promoted");
}

/* Two sockets, each with its own slow node. */
static void test_two_sockets(struct topology *topology)
{
	static const int distances[] = {
		10, 21, 17, 28, 21, 10, 28, 17, 17, 28, 10, 28, 28, 17, 28, 10,
	};

	make_nodes(topology, 4, distances);
	testdir__write(TIER "4/nodelist", "0-1\n");
	testdir__write(TIER "22/nodelist", "2-3\n");
	topology__read_tiers(topology);
	ktap_ok(topology__demotion_targets(topology, 0) == 1 << 2 &&
			topology__demotion_targets(topology, 1) == 1 << 3,
		"two sockets: demotion goes to the socket's own slow node");
	ktap_ok(topology__promotion_targets(topology, 3) == 1 << 1,
		"two sockets: promotion goes to the socket that the slow node belongs to");
}

/* Three tiers, and two slow nodes at the same distance. */
static void test_three_tiers(struct topology *topology)
{
	static const int distances[] = {
		10, 20, 20, 30, 20, 10, 20, 30, 20, 20, 10, 30, 30, 30, 30, 10,
	};

	make_nodes(topology, 4, distances);
	testdir__write(TIER "4/nodelist", "0\n");
	testdir__write(TIER "22/nodelist", "1-2\n");
	testdir__write(TIER "300/nodelist", "3\n");
	topology__read_tiers(topology);
	ktap_ok(topology->nr_tiers == 3, "three tiers");
	ktap_ok(topology__demotion_targets(topology, 0) == (1 << 1 | 1 << 2),
		"three tiers: equally near nodes are both targets");
	ktap_ok(topology__demotion_targets(topology, 1) == 1 << 3,
		"three tiers: demotion goes one tier down");
	ktap_ok(topology__promotion_targets(topology, 3) == 1 << 0,
		"three tiers: promotion goes to the fastest tier");
}

static void test_no_memory(struct topology *topology)
{
	static const int distances[] = { 10, 20, 20, 10 };

	make_nodes(topology, 2, distances);
	testdir__write(TIER "4/nodelist", "0\n");
	testdir__write(TIER "22/nodelist", "\n");
	testdir__write(TIER "300/nodelist", "nonsense\n");
	topology__read_tiers(topology);
	ktap_ok(topology->nr_tiers == 1, "a tier without nodes is none");
	ktap_ok(!topology__promotion_targets(topology, 1) &&
			!topology__demotion_targets(topology, 1) &&
			!topology__demotion_targets(topology, 0),
		"a node without memory has no targets and is none");
}

static void test_performance(struct topology *topology)
{
	testdir__write(NODE "0/access1/initiators/read_latency", "80\n");
	testdir__write(NODE "0/access1/initiators/write_bandwidth", "100000\n");
	topology__read_performance(topology);
	ktap_ok(topology->nodes[0].performance[NODE_READ_LATENCY] == 80 &&
			topology->nodes[0].performance[NODE_WRITE_BANDWIDTH] == 100000,
		"performance");
	ktap_ok(!topology->nodes[0].performance[NODE_WRITE_LATENCY] &&
			!topology->nodes[1].performance[NODE_READ_LATENCY],
		"unknown performance");
}

int main(void)
{
	static struct topology topology;

	if (testdir__create())
		return ktap_skip_all("no temporary folder");

	ktap_plan(10 + 3 + 2 + 4 + 2 + 2);
	test_lists();
	test_two_nodes(&topology);
	test_two_sockets(&topology);
	test_three_tiers(&topology);
	test_no_memory(&topology);
	test_performance(&topology);
	testdir__remove();

	return ktap_end();
}
