// SPDX-License-Identifier: GPL-2.0-only
/*
 * tier_ext: memory tiers. Which node is faster, where a folio can go, and what
 * is known about a node.
 *
 * Tiers come and go with memory hotplug, so nothing is kept of them but what
 * cannot be read without sleeping, in struct tierx_node.
 */
#include <linux/memory-tiers.h>
#include <linux/memory_hotplug.h>
#include <linux/mmzone.h>
#include <linux/topology.h>

#include "internal.h"
#include "../internal.h"

/**
 * tierx_tier_compare() - order two nodes by their memory tiers
 * @nid_a: a node with memory
 * @nid_b: a node with memory
 *
 * Return: negative if @nid_a is in a faster tier than @nid_b, 0 if they are in
 * the same one, positive if @nid_a is in a slower one.
 */
int tierx_tier_compare(int nid_a, int nid_b)
{
	return node_tier_start(nid_a) - node_tier_start(nid_b);
}

/**
 * tierx_tier_rank() - position of a node's tier among the tiers
 * @nid: a node with memory
 *
 * Return: number of tiers that are faster, so 0 is the fastest.
 */
int tierx_tier_rank(int nid)
{
	int start = node_tier_start(nid), rank = 0, prev = -1, next, n;

	/* Step through the distinct tiers in order; there are very few. */
	for (;;) {
		next = start;
		for_each_node_state(n, N_MEMORY) {
			int other = node_tier_start(n);

			if (other > prev && other < next)
				next = other;
		}
		if (next == start)
			return rank;
		prev = next;
		rank++;
	}
}

static bool tierx_node_has_room(int nid)
{
	return migrate_balanced_pgdat(NODE_DATA(nid), 1);
}

/*
 * Is @a the better target? The faster tier wins, then the node that is nearer
 * to @from_nid, then the smaller abstract distance, and last the node that has
 * room. Returns as a compare function: 0 means that they are equally good.
 */
static int tierx_target_compare(int a, int b, int from_nid)
{
	const struct tierx_node *node_a = READ_ONCE(tierx_nodes[a]);
	const struct tierx_node *node_b = READ_ONCE(tierx_nodes[b]);
	int diff;

	diff = tierx_tier_compare(a, b);
	if (diff)
		return diff;

	diff = node_distance(from_nid, a) - node_distance(from_nid, b);
	if (diff)
		return diff;

	if (node_a && node_b) {
		diff = node_a->adistance - node_b->adistance;
		if (diff)
			return diff;
	}
	return tierx_node_has_room(b) - tierx_node_has_room(a);
}

/* The best of @candidates; one of the best at random if there are several. */
static int tierx_target_best(const nodemask_t *candidates, int from_nid)
{
	nodemask_t best = NODE_MASK_NONE;
	int nid, diff;

	for_each_node_mask(nid, *candidates) {
		diff = nodes_empty(best) ? -1 :
		       tierx_target_compare(nid, first_node(best), from_nid);
		if (diff < 0)
			nodes_clear(best);
		if (diff <= 0)
			node_set(nid, best);
	}
	return node_random(&best);
}

/**
 * tierx_promotion_target() - best node of the fastest tier above a node's
 * @src_nid: the node to promote from
 * @cpu_nid: the node of the CPU that uses the folio, NUMA_NO_NODE if unknown
 * @allowed: nodes to choose among
 *
 * Context: any, under RCU.
 * Return: the node, or NUMA_NO_NODE if there is none.
 */
int tierx_promotion_target(int src_nid, int cpu_nid, const nodemask_t *allowed)
{
	nodemask_t candidates = NODE_MASK_NONE;
	int nid;

	for_each_node_state(nid, N_MEMORY)
		if (node_isset(nid, *allowed) &&
		    tierx_tier_compare(nid, src_nid) < 0)
			node_set(nid, candidates);

	return tierx_target_best(&candidates,
				 cpu_nid == NUMA_NO_NODE ? src_nid : cpu_nid);
}

/**
 * tierx_demotion_target() - best node of the next slower tier
 * @src_nid: the node to demote from
 * @allowed: nodes to choose among
 *
 * Context: any, under RCU.
 * Return: the node, or NUMA_NO_NODE if there is none.
 */
int tierx_demotion_target(int src_nid, const nodemask_t *allowed)
{
	nodemask_t candidates = NODE_MASK_NONE;
	int nid;

	for_each_node_state(nid, N_MEMORY)
		if (node_isset(nid, *allowed) &&
		    tierx_tier_compare(nid, src_nid) > 0)
			node_set(nid, candidates);

	return tierx_target_best(&candidates, src_nid);
}

static u64 tierx_sum_wmark(int nid, enum zone_watermarks wmark)
{
	struct zone *zone = NODE_DATA(nid)->node_zones;
	u64 sum = 0;
	int i;

	for (i = 0; i < MAX_NR_ZONES; i++)
		if (managed_zone(zone + i))
			sum += wmark_pages(zone + i, wmark);
	return sum;
}

/**
 * tierx_node_item() - one fact about a node
 * @nid: a node with memory
 * @item: what to tell
 *
 * Context: any, under RCU.
 * Return: the value, -ENODATA if the platform has not told it or no policy is
 * attached, or -EINVAL for an unknown @item.
 */
s64 tierx_node_item(int nid, enum tier_ext_node_item item)
{
	const struct tierx_node *node = READ_ONCE(tierx_nodes[nid]);

	if (!node)
		return -ENODATA;

	switch (item) {
	case TIERX_NODE_TIER:
		return tierx_tier_rank(nid);
	case TIERX_NODE_ADISTANCE:
		return node->adistance >= 0 ? node->adistance : -ENODATA;
	case TIERX_NODE_READ_LATENCY_NS:
		return node->perf.read_latency ?: -ENODATA;
	case TIERX_NODE_WRITE_LATENCY_NS:
		return node->perf.write_latency ?: -ENODATA;
	case TIERX_NODE_READ_BANDWIDTH_MBPS:
		return node->perf.read_bandwidth ?: -ENODATA;
	case TIERX_NODE_WRITE_BANDWIDTH_MBPS:
		return node->perf.write_bandwidth ?: -ENODATA;
	case TIERX_NODE_PRESENT_PAGES:
		return node_present_pages(nid);
	case TIERX_NODE_FREE_PAGES:
		return sum_zone_node_page_state(nid, NR_FREE_PAGES);
	case TIERX_NODE_WMARK_LOW_PAGES:
		return tierx_sum_wmark(nid, WMARK_LOW);
	case TIERX_NODE_WMARK_HIGH_PAGES:
		return tierx_sum_wmark(nid, WMARK_HIGH);
	case TIERX_NODE_WMARK_PROMO_PAGES:
		return tierx_sum_wmark(nid, WMARK_PROMO);
	}
	return -EINVAL;
}

/**
 * tierx_node_snapshot() - read what can only be read while sleeping
 * @node: where to put it
 */
void tierx_node_snapshot(struct tierx_node *node)
{
	struct access_coordinate perf = {};

	node->adistance = node_adistance(node->nid);

	get_online_mems();
	node_get_perf_attrs(node->nid, &perf, ACCESS_COORDINATE_CPU);
	put_online_mems();
	node->perf = perf;
}

/**
 * tierx_node_stat() - what tick is told about a node
 * @queue: the queue of the node
 * @stat: where to put it
 */
void tierx_node_stat(struct tierx_queue *queue, struct tier_ext_node_stat *stat)
{
	const struct tierx_node *node = tierx_nodes[queue->nid];
	int nid = queue->nid;
	pg_data_t *pgdat = NODE_DATA(nid);

	*stat = (struct tier_ext_node_stat) {
		.present_pages	   = node_present_pages(nid),
		.free_pages	   = sum_zone_node_page_state(nid, NR_FREE_PAGES),
		.wmark_high_pages  = tierx_sum_wmark(nid, WMARK_HIGH),
		.wmark_promo_pages = tierx_sum_wmark(nid, WMARK_PROMO),
		.active_pages	   = node_page_state(pgdat, NR_ACTIVE_ANON) +
				     node_page_state(pgdat, NR_ACTIVE_FILE),
		.inactive_pages	   = node_page_state(pgdat, NR_INACTIVE_ANON) +
				     node_page_state(pgdat, NR_INACTIVE_FILE),
		.promoted_pages	   = node ? atomic64_read(&node->promoted_pages) : 0,
		.demoted_pages	   = node ? atomic64_read(&node->demoted_pages) : 0,
		.queue_len	   = tierx_ring_len(&queue->ring),
		.tier		   = tierx_tier_rank(nid),
	};
}
