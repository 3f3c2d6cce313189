// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <limits.h>
#include <numa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "log.h"
#include "tierx.h"
#include "topology.h"

#define TIER_PATH "/sys/devices/virtual/memory_tiering/memory_tier%d/nodelist"
/* Access class 1: from the nearest CPUs, not from devices that also have memory in reach. */
#define PERFORMANCE_PATH "/sys/devices/system/node/node%d/access1/initiators/%s"
#define CPULIST_PATH	 "/sys/devices/system/node/node%d/cpulist"
/* Tiers are numbered by abstract distance in chunks of 128; HMAT may give large ones. */
#define MAX_TIER_ID 4096

static const char *const performance_files[NR_NODE_PERFORMANCE] = {
	[NODE_READ_LATENCY] = "read_latency",
	[NODE_WRITE_LATENCY] = "write_latency",
	[NODE_READ_BANDWIDTH] = "read_bandwidth",
	[NODE_WRITE_BANDWIDTH] = "write_bandwidth",
};

int nodelist__parse(const char *text, __u64 *nodes)
{
	unsigned long first, last;
	char *end;

	*nodes = 0;
	while (*text) {
		first = strtoul(text, &end, 10);
		last = first;
		if (end != text && *end == '-') {
			text = end + 1;
			last = strtoul(text, &end, 10);
		}
		if (end == text || last < first)
			return -EINVAL;
		for (; first <= last && first < TOPOLOGY_MAX_NODES; first++)
			*nodes |= 1ULL << first;
		if (*end == ',' && end[1])
			end++;
		else if (*end)
			return -EINVAL;
		text = end;
	}
	return 0;
}

void topology__read_tiers(struct topology *topology)
{
	char path[sizeof(TIER_PATH) + 16], *text;
	struct node *node;
	__u64 nodes;
	int id, i;

	topology->nr_tiers = 0;
	/* Tiers come in the order of their numbers, the fastest first. */
	for (id = 0; id < MAX_TIER_ID; id++) {
		snprintf(path, sizeof(path), TIER_PATH, id);
		text = file__read(path);
		if (!text)
			continue;
		if (!nodelist__parse(text, &nodes) && nodes) {
			for (i = 0; i < topology->nr_nodes; i++) {
				node = &topology->nodes[i];
				if (!(nodes >> node->nid & 1))
					continue;
				node->tier = topology->nr_tiers;
				node->tier_id = id;
			}
			topology->nr_tiers++;
		}
		free(text);
	}
}

void topology__read_performance(struct topology *topology)
{
	char path[sizeof(PERFORMANCE_PATH) + 32];
	struct node *node;
	int i, what;

	for (i = 0; i < topology->nr_nodes; i++) {
		node = &topology->nodes[i];
		for (what = 0; what < NR_NODE_PERFORMANCE; what++) {
			snprintf(path, sizeof(path), PERFORMANCE_PATH, node->nid,
				 performance_files[what]);
			if (file__read_u64(path, &node->performance[what]))
				node->performance[what] = 0;
		}
	}
}

static void read_cpus(struct node *node)
{
	char path[sizeof(CPULIST_PATH) + 16], *text;

	snprintf(path, sizeof(path), CPULIST_PATH, node->nid);
	text = file__read(path);
	snprintf(node->cpus, sizeof(node->cpus), "%s", text ? text : "");
	free(text);
}

int topology__read(struct topology *topology)
{
	struct node *node;
	long long free_bytes = 0;
	int nid, i, j;

	memset(topology, 0, sizeof(*topology));
	if (numa_available() < 0) {
		log__error("this kernel has no NUMA support (CONFIG_NUMA)");
		return STATUS_UNSUPPORTED;
	}

	if (numa_max_node() >= TOPOLOGY_MAX_NODES)
		log__info("nodes from %d on are left out", TOPOLOGY_MAX_NODES);
	for (nid = 0; nid <= numa_max_node() && nid < TOPOLOGY_MAX_NODES; nid++) {
		if (!numa_bitmask_isbitset(numa_nodes_ptr, nid))
			continue;
		node = &topology->nodes[topology->nr_nodes++];
		node->nid = nid;
		node->tier = TOPOLOGY_NO_TIER;
		node->size_bytes = numa_node_size64(nid, &free_bytes);
		node->free_bytes = free_bytes;
		read_cpus(node);
	}
	for (i = 0; i < topology->nr_nodes; i++)
		for (j = 0; j < topology->nr_nodes; j++)
			topology->nodes[i].distance[j] =
				numa_distance(topology->nodes[i].nid, topology->nodes[j].nid);
	topology__read_tiers(topology);
	topology__read_performance(topology);

	return STATUS_DONE;
}

/* The nearest nodes of one tier. */
static __u64 nearest(const struct topology *topology, int from, int tier)
{
	int best = INT_MAX, distance, to;
	__u64 nodes = 0;

	for (to = 0; to < topology->nr_nodes; to++) {
		distance = topology->nodes[from].distance[to];
		if (topology->nodes[to].tier != tier || distance > best)
			continue;
		if (distance < best)
			nodes = 0;
		best = distance;
		nodes |= 1ULL << to;
	}
	return nodes;
}

__u64 topology__promotion_targets(const struct topology *topology, int from)
{
	return topology->nodes[from].tier > 0 ? nearest(topology, from, 0) : 0;
}

__u64 topology__demotion_targets(const struct topology *topology, int from)
{
	int tier = topology->nodes[from].tier;

	return tier == TOPOLOGY_NO_TIER ? 0 : nearest(topology, from, tier + 1);
}
