// SPDX-License-Identifier: GPL-2.0-only
/*
 * tier_ext: nodes with memory, what is known of them and kept for them while
 * any policy is attached.
 */
#include <linux/error-injection.h>
#include <linux/slab.h>

#include "internal.h"

struct tierx_node *tierx_nodes[MAX_NUMNODES];

/* Policies that need tierx_nodes[]; under tierx_mutex. */
static int tierx_nr_policies;

static int tierx_node_start(int nid)
{
	struct tierx_node *node;

	/* Not on the node itself: what waits to leave slow memory is hot. */
	node = kvzalloc(sizeof(*node), GFP_KERNEL);
	if (!node)
		return -ENOMEM;

	node->nid = nid;
	tierx_node_snapshot(node);
	tierx_access_node_init(node);
	/* Pairs with the reads of tierx_nodes[] by the hooks. */
	smp_store_release(&tierx_nodes[nid], node);

	return 0;
}

static int tierx_nodes_start(void)
{
	int nid, err;

	for_each_node_state(nid, N_MEMORY) {
		if (tierx_nodes[nid])
			continue;
		err = tierx_node_start(nid);
		if (err)
			return err;
	}
	return 0;
}

/* No hook may be running any more, or not yet. */
static void tierx_nodes_stop(void)
{
	struct tierx_node *node, *list = NULL;
	int nid;

	for (nid = 0; nid < nr_node_ids; nid++) {
		node = tierx_nodes[nid];
		if (!node)
			continue;
		node->next = list;
		list = node;
		WRITE_ONCE(tierx_nodes[nid], NULL);
	}
	/* Programs that are no policy may still use one. */
	synchronize_rcu();
	while (list) {
		node = list;
		list = node->next;
		tierx_access_node_free(node);
		kvfree(node);
	}
}

/** tierx_nodes_put() - a policy does not need tierx_nodes[] any more */
void tierx_nodes_put(void)
{
	mutex_lock(&tierx_mutex);
	if (!--tierx_nr_policies) {
		tierx_watchdog_stop();
		tierx_nodes_stop();
	}
	mutex_unlock(&tierx_mutex);
}

/**
 * tierx_nodes_get() - a policy needs tierx_nodes[]
 *
 * Return: 0 or -ENOMEM.
 */
int tierx_nodes_get(void)
{
	int err;

	mutex_lock(&tierx_mutex);
	if (!tierx_nr_policies++)
		tierx_watchdog_start();
	err = tierx_nodes_start();
	mutex_unlock(&tierx_mutex);
	if (err)
		tierx_nodes_put();

	return err;
}
ALLOW_ERROR_INJECTION(tierx_nodes_get, ERRNO);

/** tierx_nodes_refresh() - memory came online; under tierx_mutex */
void tierx_nodes_refresh(void)
{
	int nid;

	if (tierx_nr_policies && tierx_nodes_start())
		pr_warn("tier_ext: no memory for a new node\n");
	for_each_node_state(nid, N_MEMORY)
		if (tierx_nodes[nid])
			tierx_node_snapshot(tierx_nodes[nid]);
}
