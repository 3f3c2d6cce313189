// SPDX-License-Identifier: GPL-2.0-only
/*
 * tier_ext: limits and protection of cgroups in a memory tier. What a cgroup has
 * in a tier is the size of its LRU lists on the nodes of the tier, its
 * descendants included.
 *
 * New memory is allocated without asking, so a limit is kept from two sides:
 * nothing is promoted beyond it, and the migration threads demote the coldest
 * folios of what is above it. Protection is kept where reclaim would demote.
 * Between two looks at the lists the hooks keep an estimate.
 */
#include <linux/cgroup.h>
#include <linux/memcontrol.h>
#include <linux/rculist.h>
#include <linux/slab.h>

#include "internal.h"

#define TIERX_LIMIT_PERIOD	(HZ / 20)
#define TIERX_LIMITS_MAX	64

/*
 * Folios that a round looks at on a node. When a cgroup gets a limit, all that it
 * has seems to be used, and it may have terabytes.
 */
#define TIERX_LIMIT_LOOKS	8192

/* So far below its limit a cgroup is brought, as it may well allocate more. */
#define TIERX_LIMIT_SLACK(limit)	((limit) / 64)

/**
 * struct tierx_limit - what a cgroup may have, and shall keep, in a tier
 * @entry: in &tierx_policy.limits: changed under &tierx_policy.limit_mutex, read
 *	under RCU
 * @work: frees it, which may sleep
 * @memcg: the cgroup, with a reference
 * @tier: rank of the tier
 * @limit: pages that it may have, 0 for any number
 * @protection: pages that are not demoted
 * @usage: pages that it has, as estimated
 * @over: it was above its limit when that was last looked after
 */
struct tierx_limit {
	struct list_head	entry;
	struct rcu_work		work;
	struct mem_cgroup	*memcg;
	u32			tier;
	u64			limit;
	u64			protection;
	atomic64_t		usage;
	bool			over;
};

static u64 tierx_lruvec_pages(struct lruvec *lruvec)
{
	u64 pages = 0;
	int zone, lru;

	for (zone = 0; zone < MAX_NR_ZONES; zone++)
		for_each_lru(lru)
			pages += mem_cgroup_get_zone_lru_size(lruvec, lru, zone);
	return pages;
}

static u64 tierx_memcg_node_pages(struct mem_cgroup *root, int nid)
{
	struct mem_cgroup *memcg;
	u64 pages = 0;

	for (memcg = mem_cgroup_iter(root, NULL, NULL); memcg;
	     memcg = mem_cgroup_iter(root, memcg, NULL))
		pages += tierx_lruvec_pages(mem_cgroup_lruvec(memcg,
							      NODE_DATA(nid)));
	return pages;
}

static u64 tierx_memcg_tier_pages(struct mem_cgroup *memcg, u32 tier)
{
	u64 pages = 0;
	int nid;

	for_each_node_state(nid, N_MEMORY)
		if (tierx_tier_rank(nid) == tier)
			pages += tierx_memcg_node_pages(memcg, nid);
	return pages;
}

static void tierx_limit_workfn(struct work_struct *work)
{
	struct tierx_limit *limit = container_of(to_rcu_work(work),
						 struct tierx_limit, work);

	mem_cgroup_put(limit->memcg);
	kfree(limit);
}

static void tierx_limit_remove(struct tierx_limit *limit)
{
	list_del_rcu(&limit->entry);
	INIT_RCU_WORK(&limit->work, tierx_limit_workfn);
	queue_rcu_work(system_unbound_wq, &limit->work);
}

/**
 * tierx_limits_free() - forget the limits of a policy
 * @policy: the policy; it ended
 */
void tierx_limits_free(struct tierx_policy *policy)
{
	struct tierx_limit *limit, *next;

	mutex_lock(&policy->limit_mutex);
	list_for_each_entry_safe(limit, next, &policy->limits, entry)
		tierx_limit_remove(limit);
	mutex_unlock(&policy->limit_mutex);
}

static bool tierx_limit_covers(struct tierx_limit *limit,
			       struct mem_cgroup *memcg, int nid)
{
	return memcg && limit->tier == tierx_tier_rank(nid) &&
	       mem_cgroup_is_descendant(memcg, limit->memcg);
}

static bool tierx_limits_allow(struct tierx_policy *policy, struct folio *folio,
			       int dst_nid)
{
	struct mem_cgroup *memcg = folio_memcg(folio);
	long nr_pages = folio_nr_pages(folio);
	struct tierx_limit *limit;

	list_for_each_entry_rcu(limit, &policy->limits, entry)
		if (limit->limit && tierx_limit_covers(limit, memcg, dst_nid) &&
		    atomic64_read(&limit->usage) + nr_pages > limit->limit)
			return false;
	/* It may yet fail; the next look at the lists puts that right. */
	list_for_each_entry_rcu(limit, &policy->limits, entry)
		if (tierx_limit_covers(limit, memcg, dst_nid))
			atomic64_add(nr_pages, &limit->usage);
	return true;
}

/**
 * tierx_limit_allows() - may a folio be moved to a node?
 * @policy: the policy that governs the folio
 * @folio: the folio
 * @dst_nid: the node
 *
 * Context: any but NMI.
 * Return: false if its owner would be above a limit of the node's tier.
 */
bool tierx_limit_allows(struct tierx_policy *policy, struct folio *folio,
			int dst_nid)
{
	bool allowed;

	if (list_empty(&policy->limits) ||
	    !tierx_tier_compare(dst_nid, folio_nid(folio)))
		return true;

	rcu_read_lock();
	allowed = tierx_limits_allow(policy, folio, dst_nid);
	rcu_read_unlock();

	return allowed;
}

/**
 * tierx_limit_protects() - shall a folio stay in its tier?
 * @policy: the policy that governs the folio
 * @folio: the folio, about to be demoted
 *
 * Context: under RCU.
 * Return: true if its owner would have less than is protected there.
 */
bool tierx_limit_protects(struct tierx_policy *policy, struct folio *folio)
{
	struct mem_cgroup *memcg = folio_memcg(folio);
	long nr_pages = folio_nr_pages(folio);
	int nid = folio_nid(folio);
	struct tierx_limit *limit;

	if (list_empty(&policy->limits))
		return false;

	list_for_each_entry_rcu(limit, &policy->limits, entry)
		if (tierx_limit_covers(limit, memcg, nid) &&
		    atomic64_read(&limit->usage) - nr_pages < (s64)limit->protection)
			return true;
	list_for_each_entry_rcu(limit, &policy->limits, entry)
		if (tierx_limit_covers(limit, memcg, nid))
			atomic64_sub(nr_pages, &limit->usage);
	return false;
}

/*
 * Queue folios for demotion, up to @wanted pages, of the @looks coldest. Returns
 * how many pages. Memory policies do not matter, as in reclaim: by one that
 * prefers the tier anybody could stay above his limit.
 */
static u64 tierx_limit_demote(struct tierx_policy *policy, int nid,
			      struct mem_cgroup *memcg, u64 wanted, u32 looks,
			      u64 flags)
{
	const struct tier_ext_page *page;
	struct tierx_move move = {
		.dst_nid = NUMA_NO_NODE,
		.cpu_nid = NUMA_NO_NODE,
		.move	 = TIERX_MOVE_DEMOTE,
		.placed	 = true,
	};
	struct tierx_lru_walk *walk;
	u64 pages = 0;

	css_get(&memcg->css);
	walk = tierx_lru_begin(nid, memcg, flags);
	if (!walk)
		return 0;
	while (pages < wanted && looks-- && (page = tierx_lru_next(walk))) {
		if (page->young || page->state & TIERX_FOLIO_PINNED)
			continue;
		move.pfn = page->pfn;
		move.gen = page->gen;
		if (tierx_queue_move(policy, nid, &move))
			break;
		pages += page->nr_pages;
	}
	tierx_lru_end(walk);

	return pages;
}

/*
 * Bring a cgroup back below its limit, as far as one node has a share in it. It
 * is one of @nr_over that are above theirs.
 */
static void tierx_limit_enforce(struct tierx_policy *policy,
				struct tierx_queue *queue,
				struct tierx_limit *limit, u32 nr_over)
{
	u64 here = tierx_memcg_node_pages(limit->memcg, queue->nid);
	u64 usage = atomic64_read(&limit->usage);
	u32 looks = TIERX_LIMIT_LOOKS / nr_over;
	u64 excess, wanted;

	/* Demotions may have brought it there meanwhile. */
	if (usage <= limit->limit)
		return;
	excess = usage - limit->limit + TIERX_LIMIT_SLACK(limit->limit);
	wanted = min_t(u64, div64_u64(excess * here, usage),
		       TIERX_RING_SIZE / 2 / nr_over);
	/* What was used since the last look stays, unless that is all there is. */
	if (!tierx_limit_demote(policy, queue->nid, limit->memcg, wanted, looks,
				TIERX_WALK_HARVEST))
		tierx_limit_demote(policy, queue->nid, limit->memcg, wanted,
				   looks, 0);
}

static void tierx_limit_event(struct tierx_policy *policy,
			      struct tierx_limit *limit, u32 tier, u64 usage)
{
	if (!policy->ops->memcg_event)
		return;

	tierx_event_add(policy, TIERX_EV_MEMCG_EVENT, 1);
	rcu_read_lock();
	tierx_call_void(policy, memcg_event, cgroup_id(limit->memcg->css.cgroup),
			tier, usage, limit->limit);
	rcu_read_unlock();
}

/* Returns whether the cgroup is above its limit in the tier of the node. */
static bool tierx_limit_tend(struct tierx_policy *policy,
			     struct tierx_queue *queue,
			     struct tierx_limit *limit)
{
	u64 usage;
	bool over;

	if (percpu_ref_is_dying(&limit->memcg->css.refcnt)) {
		tierx_limit_event(policy, limit, TIERX_TIER_GONE, 0);
		tierx_limit_remove(limit);
		return false;
	}
	if (limit->tier != tierx_tier_rank(queue->nid))
		return false;

	usage = tierx_memcg_tier_pages(limit->memcg, limit->tier);
	atomic64_set(&limit->usage, usage);
	over = limit->limit && usage > limit->limit;
	if (over != limit->over)
		tierx_limit_event(policy, limit, limit->tier, usage);
	limit->over = over;

	return over;
}

static void tierx_limits_enforce(struct tierx_policy *policy,
				 struct tierx_queue *queue, u32 nr_over)
{
	struct tierx_limit *limit;

	/* Those that were queued last time are still the coldest. */
	if ((s32)(queue->limit_end - READ_ONCE(queue->ring.tail)) > 0)
		return;
	list_for_each_entry(limit, &policy->limits, entry)
		if (limit->over && limit->tier == tierx_tier_rank(queue->nid))
			tierx_limit_enforce(policy, queue, limit, nr_over);
	queue->limit_end = atomic_read(&queue->ring.head);
}

/**
 * tierx_limits_tend() - look after the limits of a node's tier
 * @policy: the policy whose limits they are
 * @queue: the queue of the node; the caller is its thread
 */
void tierx_limits_tend(struct tierx_policy *policy, struct tierx_queue *queue)
{
	struct tierx_limit *limit, *next;
	u32 nr_over = 0;

	if (list_empty(&policy->limits) ||
	    time_before(jiffies, queue->next_limit))
		return;

	queue->next_limit = jiffies + TIERX_LIMIT_PERIOD;
	mutex_lock(&policy->limit_mutex);
	list_for_each_entry_safe(limit, next, &policy->limits, entry)
		nr_over += tierx_limit_tend(policy, queue, limit);
	if (nr_over)
		tierx_limits_enforce(policy, queue, nr_over);
	mutex_unlock(&policy->limit_mutex);
}

static bool tierx_tier_exists(u32 tier)
{
	int nid;

	for_each_node_state(nid, N_MEMORY)
		if (tierx_tier_rank(nid) == tier)
			return true;
	return false;
}

/* The one for @memcg and @tier, which is made if there is none. */
static struct tierx_limit *tierx_limit_find(struct tierx_policy *policy,
					    struct mem_cgroup *memcg, u32 tier)
{
	struct tierx_limit *limit;
	int nr = 0;

	list_for_each_entry(limit, &policy->limits, entry) {
		if (limit->memcg == memcg && limit->tier == tier)
			return limit;
		nr++;
	}
	if (nr == TIERX_LIMITS_MAX)
		return ERR_PTR(-ENOSPC);

	limit = kzalloc(sizeof(*limit), GFP_KERNEL);
	if (!limit)
		return ERR_PTR(-ENOMEM);
	css_get(&memcg->css);
	limit->memcg = memcg;
	limit->tier = tier;
	atomic64_set(&limit->usage, tierx_memcg_tier_pages(memcg, tier));
	list_add_tail_rcu(&limit->entry, &policy->limits);

	return limit;
}

/* With a reference, if the policy that is running may name it. */
static struct mem_cgroup *tierx_limit_memcg(u64 memcg_id, u32 tier)
{
	struct tierx_policy *policy = current->tier_ext;
	struct mem_cgroup *memcg;

	if (!policy || !tierx_tier_exists(tier))
		return ERR_PTR(-EINVAL);
	memcg = tierx_memcg_get(memcg_id);
	if (!memcg)
		return ERR_PTR(-ENOENT);
	if (policy->scope->memcg &&
	    !mem_cgroup_is_descendant(memcg, policy->scope->memcg)) {
		mem_cgroup_put(memcg);
		return ERR_PTR(-EPERM);
	}
	return memcg;
}

static s32 tierx_limit_set(u64 memcg_id, u32 tier, const u64 *pages,
			   const u64 *protection)
{
	struct mem_cgroup *memcg = tierx_limit_memcg(memcg_id, tier);
	struct tierx_policy *policy = current->tier_ext;
	struct tierx_limit *limit;

	if (IS_ERR(memcg))
		return PTR_ERR(memcg);

	mutex_lock(&policy->limit_mutex);
	limit = tierx_limit_find(policy, memcg, tier);
	if (!IS_ERR(limit)) {
		WRITE_ONCE(limit->limit, pages ? *pages : limit->limit);
		WRITE_ONCE(limit->protection,
			   protection ? *protection : limit->protection);
		if (!limit->limit && !limit->protection)
			tierx_limit_remove(limit);
	}
	mutex_unlock(&policy->limit_mutex);
	mem_cgroup_put(memcg);

	return PTR_ERR_OR_ZERO(limit);
}

__bpf_kfunc_start_defs();

/**
 * tierx_bpf_memcg_set_limit() - limit what a cgroup may have in a tier
 * @memcg_id: cgroup id; its descendants count, too
 * @tier: rank of the tier, 0 is the fastest
 * @limit_pages: how many pages, 0 for any number
 *
 * Nothing is promoted beyond the limit, and what is above it is demoted soon,
 * the coldest first; also if mbind() or set_mempolicy() has placed it there, but
 * not where the cgroup's cpuset does not let it go. It holds until the policy
 * ends.
 *
 * Context: init and tick. Sleeps.
 * Return: 0; -EINVAL if there is no such tier; -ENOENT if there is no such
 * cgroup, or the memory controller is not enabled for it; -EPERM if the policy
 * is that of a cgroup, and this one is not below it; -ENOSPC if the policy has
 * 64 limits; -ENOMEM.
 */
__bpf_kfunc s32 tierx_bpf_memcg_set_limit(u64 memcg_id, u32 tier,
					  u64 limit_pages)
{
	return tierx_limit_set(memcg_id, tier, &limit_pages, NULL);
}

/**
 * tierx_bpf_memcg_set_protection() - protect what a cgroup has in a tier
 * @memcg_id: cgroup id; its descendants count, too
 * @tier: rank of the tier, 0 is the fastest
 * @pages: how many pages reclaim does not demote, 0 for none
 *
 * It is the policy of the owner that protects, so it has to govern the cgroup.
 * What is protected is not demoted, but reclaim that has found nothing else may
 * swap it out or drop it. It holds until the policy ends.
 *
 * Context: init and tick. Sleeps.
 * Return: as tierx_bpf_memcg_set_limit().
 */
__bpf_kfunc s32 tierx_bpf_memcg_set_protection(u64 memcg_id, u32 tier, u64 pages)
{
	return tierx_limit_set(memcg_id, tier, NULL, &pages);
}

/**
 * tierx_bpf_memcg_usage() - what a cgroup has in a tier
 * @memcg_id: cgroup id; its descendants count, too
 * @tier: rank of the tier, 0 is the fastest
 *
 * Context: init and tick. Sleeps.
 * Return: pages on LRU lists; or an error as of tierx_bpf_memcg_set_limit().
 */
__bpf_kfunc s64 tierx_bpf_memcg_usage(u64 memcg_id, u32 tier)
{
	struct mem_cgroup *memcg = tierx_limit_memcg(memcg_id, tier);
	s64 pages;

	if (IS_ERR(memcg))
		return PTR_ERR(memcg);
	pages = tierx_memcg_tier_pages(memcg, tier);
	mem_cgroup_put(memcg);

	return pages;
}

__bpf_kfunc_end_defs();
