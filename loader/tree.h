/* SPDX-License-Identifier: GPL-2.0-only */
/* Which policy is below which: the machine's, and those of cgroups. */
#ifndef TIERX_TREE_H
#define TIERX_TREE_H

#include <stdbool.h>
#include <linux/types.h>

/**
 * struct tree_node - a place that has a policy, or had one
 * @cgroup_id: the cgroup, 0 for the machine
 * @path: of the cgroup, relative to the root of all cgroups; NULL for the machine, and if the
 *	  cgroup was removed
 * @has_policy: it has a policy of its own, which governs everything below
 * @parent: index of the nearest node above that has a policy; 0 if there is none
 * @depth: how many nodes are above
 */
struct tree_node {
	__u64 cgroup_id;
	char *path;
	bool has_policy;
	int parent;
	int depth;
};

/**
 * tree__arrange() - sort nodes, and find their parents
 * @nodes: the nodes; the first one is the machine, and stays where it is
 * @nr: number of @nodes
 *
 * What is below a node follows it. Removed cgroups are the last ones.
 */
void tree__arrange(struct tree_node *nodes, int nr);

/**
 * tree__read() - the nodes that the kernel knows, and the cgroup whose removal was the end of the
 * last policy, arranged
 * @nodes: to be released by tree__free()
 *
 * Return: how many there are, or -ENOMEM.
 */
int tree__read(struct tree_node **nodes);

/** tree__free() - release them; @nr may be an error */
void tree__free(struct tree_node *nodes, int nr);

#endif /* TIERX_TREE_H */
