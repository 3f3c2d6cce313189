// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>

#include "json.h"
#include "output.h"
#include "tierx.h"
#include "topology.h"

static const char *const performance_names[NR_NODE_PERFORMANCE] = {
	[NODE_READ_LATENCY] = "read_latency_ns",
	[NODE_WRITE_LATENCY] = "write_latency_ns",
	[NODE_READ_BANDWIDTH] = "read_bandwidth_mbps",
	[NODE_WRITE_BANDWIDTH] = "write_bandwidth_mbps",
};

static void print_targets(const struct topology *topology, const char *what, __u64 targets)
{
	const char *separator = " ";
	int i;

	printf("  %-24s", what);
	if (!targets)
		printf(" none");
	for (i = 0; i < topology->nr_nodes; i++) {
		if (!(targets >> i & 1))
			continue;
		printf("%s%d", separator, topology->nodes[i].nid);
		separator = ",";
	}
	putchar('\n');
}

static void print_node(const struct topology *topology, int i)
{
	const struct node *node = &topology->nodes[i];
	int what;

	printf("node %d\n", node->nid);
	if (node->tier == TOPOLOGY_NO_TIER)
		printf("  %-24s none\n", "tier");
	else
		printf("  %-24s %d (memory_tier%d)\n", "tier", node->tier, node->tier_id);
	printf("  %-24s %s\n", "cpus", *node->cpus ? node->cpus : "none");
	printf("  %-24s %llu\n", "size_mib", node->size_bytes >> 20);
	printf("  %-24s %llu\n", "free_mib", node->free_bytes >> 20);
	for (what = 0; what < NR_NODE_PERFORMANCE; what++) {
		if (node->performance[what])
			printf("  %-24s %llu\n", performance_names[what], node->performance[what]);
		else
			printf("  %-24s unknown\n", performance_names[what]);
	}
	print_targets(topology, "promotion_targets", topology__promotion_targets(topology, i));
	print_targets(topology, "demotion_targets", topology__demotion_targets(topology, i));
}

static int print_text(const struct topology *topology)
{
	int i, j;

	for (i = 0; i < topology->nr_nodes; i++)
		print_node(topology, i);

	printf("distance");
	for (j = 0; j < topology->nr_nodes; j++)
		printf(" %5d", topology->nodes[j].nid);
	putchar('\n');
	for (i = 0; i < topology->nr_nodes; i++) {
		printf("%8d", topology->nodes[i].nid);
		for (j = 0; j < topology->nr_nodes; j++)
			printf(" %5d", topology->nodes[i].distance[j]);
		putchar('\n');
	}

	return output__flush();
}

static struct json_object *targets_json(const struct topology *topology, __u64 targets)
{
	struct json_object *list = json_object_new_array();
	int i;

	for (i = 0; i < topology->nr_nodes; i++)
		if (targets >> i & 1)
			json_object_array_add(list, json_object_new_int(topology->nodes[i].nid));
	return list;
}

static struct json_object *distances_json(const struct topology *topology, int from)
{
	struct json_object *object = json_object_new_object();
	char key[16];
	int to;

	for (to = 0; to < topology->nr_nodes; to++) {
		snprintf(key, sizeof(key), "%d", topology->nodes[to].nid);
		json__add_u64(object, key, topology->nodes[from].distance[to]);
	}
	return object;
}

static struct json_object *node_json(const struct topology *topology, int i)
{
	const struct node *node = &topology->nodes[i];
	struct json_object *object = json_object_new_object();
	int what;

	json__add_u64(object, "node", node->nid);
	json_object_object_add(object, "tier",
			       node->tier == TOPOLOGY_NO_TIER ? NULL :
								json_object_new_int(node->tier));
	json__add_string(object, "cpus", node->cpus);
	json__add_u64(object, "size_bytes", node->size_bytes);
	json__add_u64(object, "free_bytes", node->free_bytes);
	for (what = 0; what < NR_NODE_PERFORMANCE; what++)
		json_object_object_add(object, performance_names[what],
				       node->performance[what] ?
					       json_object_new_uint64(node->performance[what]) :
					       NULL);
	json_object_object_add(object, "promotion_targets",
			       targets_json(topology, topology__promotion_targets(topology, i)));
	json_object_object_add(object, "demotion_targets",
			       targets_json(topology, topology__demotion_targets(topology, i)));
	json_object_object_add(object, "distances", distances_json(topology, i));

	return object;
}

static int print_json(const struct topology *topology)
{
	struct json_object *object = json_object_new_object();
	struct json_object *nodes = json_object_new_array();
	int i;

	json__add_u64(object, "nr_tiers", topology->nr_tiers);
	json_object_object_add(object, "nodes", nodes);
	for (i = 0; i < topology->nr_nodes; i++)
		json_object_array_add(nodes, node_json(topology, i));

	return json__print(object);
}

int command__topology(const struct arguments *args)
{
	struct topology *topology;
	int status;

	topology = malloc(sizeof(*topology));
	if (!topology)
		return STATUS_INTERNAL;

	status = topology__read(topology);
	if (!status)
		status = args->json ? print_json(topology) : print_text(topology);
	free(topology);

	return status;
}
