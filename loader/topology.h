/* SPDX-License-Identifier: GPL-2.0-only */
/* The memory of this machine: nodes, tiers, and where pages can move. */
#ifndef TIERX_TOPOLOGY_H
#define TIERX_TOPOLOGY_H

#include <stdbool.h>
#include <linux/types.h>

#define TOPOLOGY_MAX_NODES 64
#define TOPOLOGY_NO_TIER   -1

/** enum node_performance - as the kernel tells for the nearest CPUs; ns and MB/s */
enum node_performance {
	NODE_READ_LATENCY,
	NODE_WRITE_LATENCY,
	NODE_READ_BANDWIDTH,
	NODE_WRITE_BANDWIDTH,
	NR_NODE_PERFORMANCE,
};

/**
 * struct node - a NUMA node
 * @nid: its id
 * @tier: rank of its memory tier, 0 is the fastest; TOPOLOGY_NO_TIER without memory
 * @tier_id: number of the tier as the kernel names it
 * @cpus: list of its CPUs
 * @size_bytes: its memory
 * @free_bytes: what is free of it
 * @performance: by enum node_performance, 0 if unknown
 * @distance: to other nodes, by their place in the topology
 */
struct node {
	int nid;
	int tier;
	int tier_id;
	char cpus[256];
	__u64 size_bytes;
	__u64 free_bytes;
	__u64 performance[NR_NODE_PERFORMANCE];
	int distance[TOPOLOGY_MAX_NODES];
};

/**
 * struct topology - all nodes
 * @nodes: the nodes, by id
 * @nr_nodes: number of @nodes
 * @nr_tiers: number of memory tiers
 */
struct topology {
	struct node nodes[TOPOLOGY_MAX_NODES];
	int nr_nodes;
	int nr_tiers;
};

/** topology__read() - look at this machine; returns a status */
int topology__read(struct topology *topology);

/** topology__read_tiers() - fill in tiers of known nodes; part of topology__read() */
void topology__read_tiers(struct topology *topology);

/** topology__read_performance() - fill in performance; part of topology__read() */
void topology__read_performance(struct topology *topology);

/**
 * topology__promotion_targets() - where pages of a node are promoted to
 * @topology: the machine
 * @from: the node, by its place
 *
 * The fastest tier that is faster, and there the nearest nodes. If nobody knows which CPU uses
 * the page; else it is the node of that CPU.
 *
 * Return: bits, by place.
 */
__u64 topology__promotion_targets(const struct topology *topology, int from);

/** topology__demotion_targets() - the same for demotion: next slower tier, nearest nodes */
__u64 topology__demotion_targets(const struct topology *topology, int from);

/**
 * nodelist__parse() - read a list such as 0,2-3
 * @text: the list
 * @nodes: a bit for each node; those from TOPOLOGY_MAX_NODES on are left out
 *
 * Return: 0 or -EINVAL.
 */
int nodelist__parse(const char *text, __u64 *nodes);

#endif /* TIERX_TOPOLOGY_H */
