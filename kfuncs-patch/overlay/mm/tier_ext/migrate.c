// SPDX-License-Identifier: GPL-2.0-only
/*
 * tier_ext: the migration threads, one per scope and node with memory.
 *
 * A queued move is a PFN and nothing that would keep the folio in place, so
 * everything is checked again when the move is made. Who asked for it was the
 * policy; whose memory it is, the thread has to find out: the owner's cpuset
 * and explicit memory policies win, and what is mlocked, pinned, hugetlb, KSM
 * or a device stays.
 */
#include <linux/cpuset.h>
#include <linux/hash.h>
#include <linux/hugetlb.h>
#include <linux/kthread.h>
#include <linux/ksm.h>
#include <linux/memcontrol.h>
#include <linux/memory_hotplug.h>
#include <linux/mempolicy.h>
#include <linux/migrate.h>
#include <linux/mm_inline.h>
#include <linux/rmap.h>
#include <linux/sched/task.h>
#include <linux/shmem_fs.h>
#include <linux/srcu.h>
#include <linux/swap.h>
#include <linux/vmstat.h>

#include "internal.h"
#include "../internal.h"

#include <trace/events/tier_ext.h>

/* Draining the LRU batches of all CPUs is not for free. */
#define TIERX_DRAIN_PERIOD	(HZ / 4)

static u64 tierx_gen_key __read_mostly;

/**
 * tierx_folio_gen() - generation of a folio
 * @folio: the folio
 *
 * A PFN names a folio only for as long as that is neither freed nor moved. The
 * generation tells whether it still is the same: a hash of what the folio
 * holds, which takes no memory, and which a migration carries along. It is
 * asked for in every migration, so it has to be cheap, and need not withstand
 * an attacker: whoever sees it may read kernel memory. The key keeps a policy
 * from taking it for something that lasts.
 *
 * Return: the generation, never 0.
 */
u64 tierx_folio_gen(struct folio *folio)
{
	u64 gen = (unsigned long)READ_ONCE(folio->mapping);

	get_random_once(&tierx_gen_key, sizeof(tierx_gen_key));
	gen = (gen ^ tierx_gen_key) * GOLDEN_RATIO_64 + READ_ONCE(folio->index);
	gen = ror64(gen * GOLDEN_RATIO_64, 32) + folio_order(folio);

	return gen * GOLDEN_RATIO_64 ?: 1;
}

/**
 * tierx_folio_memcg_id() - who owns a folio
 * @folio: the folio
 *
 * Return: id of the owner's cgroup, 0 if there is none.
 */
u64 tierx_folio_memcg_id(struct folio *folio)
{
	struct mem_cgroup *memcg;
	u64 id = 0;

	rcu_read_lock();
	memcg = folio_memcg(folio);
	if (memcg)
		id = cgroup_id(memcg->css.cgroup);
	rcu_read_unlock();

	return id;
}

/* Is there an explicit memory policy for this mapping of the folio? */
static bool tierx_rmap_placed(struct folio *folio, struct vm_area_struct *vma,
			      unsigned long address, void *arg)
{
	struct task_struct *owner;
	bool *explicit = arg;

	/* Not locked here, but only compared with NULL. */
	if (data_race(vma->vm_policy))
		*explicit = true;

	rcu_read_lock();
	owner = rcu_dereference(vma->vm_mm->owner);
	/* As above. */
	if (owner && data_race(owner->mempolicy))
		*explicit = true;
	rcu_read_unlock();

	return !*explicit;
}

/*
 * Is there one for what a locked folio holds of a shmem file? It is the file's,
 * and counts whoever has set it and maps it, and also if nobody does.
 */
static bool tierx_shmem_placed(struct folio *folio)
{
	struct address_space *mapping = folio_mapping(folio);
	pgoff_t index, end = folio_next_index(folio);
	struct mempolicy *pol;

	if (!mapping || !shmem_mapping(mapping))
		return false;
	for (index = folio->index; index < end; index++) {
		pol = mpol_shared_policy_lookup(&SHMEM_I(mapping->host)->policy,
						index);
		mpol_put(pol);
		if (pol)
			return true;
	}
	return false;
}

/* 0, or -EAGAIN if nobody can say now, or the reason not to move the folio. */
static int tierx_check_mempolicy(struct folio *folio)
{
	bool explicit;
	struct rmap_walk_control rwc = {
		.rmap_one  = tierx_rmap_placed,
		.arg	   = &explicit,
		.anon_lock = folio_lock_anon_vma_read,
		.try_lock  = true,
	};

	if (!folio_trylock(folio))
		return -EAGAIN;
	explicit = tierx_shmem_placed(folio);
	if (!explicit && folio_mapped(folio))
		rmap_walk(folio, &rwc);
	folio_unlock(folio);

	if (rwc.contended)
		return -EAGAIN;
	return explicit ? TIERX_EV_REFUSED_MEMPOLICY : 0;
}

/**
 * tierx_folio_lookup() - get a reference on the folio that starts at a PFN
 * @pfn: the PFN
 * @foliop: where to put the folio; to be put by the caller, also after an error
 *
 * Context: process context, or any where a folio may be freed.
 * Return: 0, or the reason why there is none that a policy could care for.
 */
int tierx_folio_lookup(u64 pfn, struct folio **foliop)
{
	struct page *page = pfn_to_online_page(pfn);
	struct folio *folio;

	if (!page || is_zone_device_page(page))
		return TIERX_EV_REFUSED_DEVICE;
	if (PageTail(page))
		return TIERX_EV_REFUSED_TAIL;

	folio = page_folio(page);
	if (!folio_try_get(folio))
		return TIERX_EV_REFUSED_GONE;

	*foliop = folio;
	if (page_folio(page) != folio || folio_pfn(folio) != pfn)
		return TIERX_EV_REFUSED_TAIL;
	if (folio_test_hugetlb(folio))
		return TIERX_EV_REFUSED_HUGETLB;
	/* Slab, page tables and the like; what is in ->mapping is theirs. */
	if (page_has_type(&folio->page) ||
	    (!folio_test_lru(folio) && !folio_mapping(folio) &&
	     !folio_test_anon(folio)))
		return TIERX_EV_REFUSED_GONE;
	return 0;
}

/* As above, if the folio can be moved, too. -EAGAIN if it is busy. */
static int tierx_folio_get(u64 pfn, struct folio **foliop)
{
	struct folio *folio;
	int why;

	why = tierx_folio_lookup(pfn, foliop);
	if (why)
		return why;

	folio = *foliop;
	if (folio_test_unevictable(folio) || folio_test_mlocked(folio))
		return TIERX_EV_REFUSED_MLOCK;
	/* In a batch on its way to the LRU, or isolated by somebody else. */
	if (!folio_test_lru(folio))
		return -EAGAIN;
	if (folio_test_ksm(folio))
		return TIERX_EV_REFUSED_KSM;
	if (folio_maybe_dma_pinned(folio))
		return TIERX_EV_REFUSED_PIN;
	return 0;
}

/* Is @nid where such a move may end? */
static bool tierx_direction_ok(int src_nid, int nid, u32 move)
{
	int diff = tierx_tier_compare(nid, src_nid);

	return move == TIERX_MOVE_PROMOTE ? diff < 0 :
	       move == TIERX_MOVE_DEMOTE ? diff > 0 : true;
}

static int tierx_choose_target(const struct tierx_move *move, int src_nid,
			       const nodemask_t *allowed)
{
	if (move->dst_nid != NUMA_NO_NODE)
		return move->dst_nid;
	if (move->move == TIERX_MOVE_DEMOTE)
		return tierx_demotion_target(src_nid, allowed);
	return tierx_promotion_target(src_nid, move->cpu_nid, allowed);
}

/* 0, or the reason why a folio must not go to @nid. */
static int tierx_check_target(const struct tierx_item *item,
			      const nodemask_t *allowed, int nid)
{
	int src_nid = item->request.src_nid;

	if (!tierx_node_valid(nid) || nid == src_nid ||
	    !tierx_direction_ok(src_nid, nid, item->move.move))
		return TIERX_EV_REFUSED_TARGET;
	if (!node_isset(nid, *allowed))
		return TIERX_EV_REFUSED_CPUSET;
	return 0;
}

/*
 * As the kernel before it promotes: do not fill a node, wake its kswapd. Other
 * moves may use what is below the watermark, as demotions of reclaim do: they
 * wake kswapd when they allocate.
 */
static int tierx_check_room(const struct tierx_item *item)
{
	int nid = item->request.dst_nid, src_nid = item->request.src_nid, i;
	struct zone *zones = NODE_DATA(nid)->node_zones;

	if (tierx_tier_compare(nid, src_nid) >= 0 ||
	    migrate_balanced_pgdat(NODE_DATA(nid), item->request.nr_pages))
		return 0;

	for (i = MAX_NR_ZONES - 1; i >= 0; i--) {
		if (managed_zone(zones + i)) {
			wakeup_kswapd(zones + i, 0, folio_order(item->folio),
				      ZONE_MOVABLE);
			break;
		}
	}
	return TIERX_EV_REFUSED_FULL;
}

/* Ask the policy; its redirection is checked as the first target was. */
static int tierx_check_admit(struct tierx_policy *policy,
			     struct tierx_item *item, const nodemask_t *allowed)
{
	s32 verdict;

	if (!policy->ops->admit)
		return 0;

	tierx_event_add(policy, TIERX_EV_ADMIT, 1);
	rcu_read_lock();
	verdict = tierx_call(policy, admit, &item->request);
	rcu_read_unlock();
	if (verdict == TIERX_DENY && item->request.move == TIERX_MOVE_DEMOTE)
		tierx_event_add(policy, TIERX_EV_DEMOTION_REFUSED, 1);
	tierx_verdict_note(policy, "admit", item->request.pfn,
			   item->request.src_nid, verdict,
			   item->request.dst_nid);

	if (verdict == TIERX_DEFAULT || verdict == TIERX_ALLOW)
		return 0;
	if (verdict == TIERX_DENY)
		return TIERX_EV_REFUSED_ADMIT;
	if (!tierx_node_valid(verdict) ||
	    item->request.move == TIERX_MOVE_RECLAIM) {
		tierx_bad_verdict(policy, "admit", verdict);
		return 0;
	}
	item->request.dst_nid = verdict;
	return tierx_check_target(item, allowed, verdict);
}

/* A policy moves what it governs, and nothing of another cgroup's. */
static bool tierx_governs(struct tierx_policy *policy, struct folio *folio)
{
	struct tierx_policy *governor;

	rcu_read_lock();
	governor = tierx_folio_policy(folio);
	rcu_read_unlock();

	/* One that is just being replaced moves what its successor governs. */
	return governor && governor->scope == policy->scope;
}

/* What would have to be written to its file first stays, and is no failure. */
static int tierx_check_clean(struct folio *folio)
{
	if (folio_test_writeback(folio) ||
	    (folio_test_dirty(folio) && folio_is_file_lru(folio)))
		return TIERX_EV_REFUSED_DIRTY;
	return 0;
}

/* 0, -EAGAIN if the folio is busy, or the reason why it must not be moved. */
static int tierx_check_item(struct tierx_policy *policy, struct tierx_item *item)
{
	struct tier_ext_request *request = &item->request;
	struct folio *folio = item->folio;
	nodemask_t allowed = node_states[N_MEMORY];
	int why = 0;

	request->gen = tierx_folio_gen(folio);
	request->memcg_id = tierx_folio_memcg_id(folio);
	request->src_nid = folio_nid(folio);
	request->nr_pages = folio_nr_pages(folio);
	if (item->move.gen && item->move.gen != request->gen)
		return TIERX_EV_REFUSED_STALE;
	if (!tierx_governs(policy, folio))
		return TIERX_EV_REFUSED_TENANT;

	item->memcg = get_mem_cgroup_from_folio(folio);
	if (item->memcg)
		allowed = cpuset_cgroup_mems_allowed(item->memcg->css.cgroup);

	if (!item->move.placed)
		why = tierx_check_mempolicy(folio);
	if (why)
		return why;

	/* Out of memory is no node, and needs no room. */
	if (request->move == TIERX_MOVE_RECLAIM)
		return tierx_check_clean(folio) ?:
		       tierx_check_admit(policy, item, &allowed);

	request->dst_nid = tierx_choose_target(&item->move, request->src_nid,
					       &allowed);
	if (request->dst_nid == NUMA_NO_NODE &&
	    tierx_choose_target(&item->move, request->src_nid,
				&node_states[N_MEMORY]) != NUMA_NO_NODE)
		return TIERX_EV_REFUSED_CPUSET;
	why = tierx_check_target(item, &allowed, request->dst_nid);
	if (!why && !tierx_limit_allows(policy, folio, request->dst_nid))
		why = TIERX_EV_REFUSED_LIMIT;
	if (!why)
		why = tierx_check_admit(policy, item, &allowed);
	if (!why)
		why = tierx_check_room(item);
	return why;
}

static void tierx_item_put(struct tierx_item *item)
{
	mem_cgroup_put(item->memcg);
	item->memcg = NULL;
}

static void tierx_item_done(struct tierx_policy *policy, struct tierx_item *item)
{
	tierx_event_add(policy, TIERX_EV_MOVED, 1);
	trace_tier_ext_migrate(&item->request, 0);
}

/*
 * A move is given up: tell the policy. It is not to blame for a target that has
 * no room.
 */
static void tierx_item_failed(struct tierx_policy *policy,
			      struct tierx_item *item, int error)
{
	struct tier_ext_result result = {
		.new_pfn = item->request.pfn,
		.error	 = error,
		.reason	 = MR_TIER_EXT,
	};

	tierx_event_add(policy, error == -ENOMEM ? TIERX_EV_REFUSED_FULL :
						   TIERX_EV_MOVE_FAILED, 1);
	trace_tier_ext_migrate(&item->request, error);
	if (!policy->ops->migrated)
		return;

	tierx_event_add(policy, TIERX_EV_MIGRATED, 1);
	rcu_read_lock();
	tierx_call_void(policy, migrated, &item->request, &result);
	rcu_read_unlock();
}

/* The folio was busy, or there was no room: once more, but not for ever. */
static void tierx_item_retry(struct tierx_policy *policy,
			     struct tierx_queue *queue, struct tierx_item *item,
			     int error)
{
	if (++item->move.attempts < TIERX_MAX_ATTEMPTS &&
	    tierx_ring_push(&queue->ring, &item->move)) {
		tierx_event_add(policy, TIERX_EV_MOVE_RETRIED, 1);
		queue->nr_retries++;
	} else {
		tierx_item_failed(policy, item, error);
	}
}

/*
 * Isolate the folio of a move. Returns 0, -EAGAIN if it is busy, or the reason
 * why it must not be moved.
 */
static int tierx_item_isolate(struct tierx_policy *policy,
			      struct tierx_queue *queue, struct tierx_item *item)
{
	struct folio *folio = NULL;
	int why;

	item->memcg = NULL;
	item->request = (struct tier_ext_request) {
		.pfn	  = item->move.pfn,
		.gen	  = item->move.gen,
		.src_nid  = queue->nid,
		.dst_nid  = item->move.dst_nid,
		.move	  = item->move.move,
		.attempts = item->move.attempts,
		.queued	  = true,
	};
	why = tierx_folio_get(item->move.pfn, &folio);
	item->folio = folio;
	if (!why)
		why = tierx_check_item(policy, item);
	if (!why && !folio_isolate_lru(folio))
		why = -EAGAIN;
	/* Reclaim does not count what it was given. */
	if (!why && item->move.move != TIERX_MOVE_RECLAIM)
		node_stat_mod_folio(folio, NR_ISOLATED_ANON +
				    folio_is_file_lru(folio),
				    folio_nr_pages(folio));
	if (folio)
		folio_put(folio);
	return why;
}

/* Fill @queue->items with isolated folios. Returns ns to wait for the limit. */
static u64 tierx_batch_fill(struct tierx_policy *policy, struct tierx_queue *queue)
{
	struct tierx_item *item;
	u64 wait = 0;
	int why, i, nr;

	/* Not those that are put back meanwhile. */
	nr = min_t(u32, tierx_ring_len(&queue->ring) + queue->stalled, TIERX_BATCH);
	queue->nr_items = 0;
	for (i = 0; i < nr; i++) {
		item = &queue->items[queue->nr_items];
		if (queue->stalled)
			item->move = queue->stall;
		else if (!tierx_ring_pop(&queue->ring, &item->move))
			break;
		queue->stalled = false;

		/* Ask first, and charge for what does move. */
		wait = tierx_rate_take(policy, queue->nid, 0);
		if (wait) {
			queue->stall = item->move;
			queue->stalled = true;
			break;
		}
		why = tierx_item_isolate(policy, queue, item);
		if (!why) {
			tierx_rate_take(policy, queue->nid, folio_size(item->folio));
			queue->nr_items++;
			continue;
		}
		tierx_item_put(item);
		if (why < 0)
			tierx_item_retry(policy, queue, item, why);
		else
			tierx_event_add(policy, why, 1);
	}
	return wait;
}

/* Count as the kernel counts its own promotions and demotions. */
static void tierx_count_moved(struct tierx_item *item, unsigned int nr_pages)
{
	int src_nid = item->request.src_nid, dst_nid = item->request.dst_nid;
	int diff = tierx_tier_compare(dst_nid, src_nid);

	if (diff < 0) {
		count_vm_numa_events(NUMA_PAGE_MIGRATE, nr_pages);
		count_memcg_events(item->memcg, NUMA_PAGE_MIGRATE, nr_pages);
		mod_lruvec_state(mem_cgroup_lruvec(item->memcg,
						   NODE_DATA(dst_nid)),
				 PGPROMOTE_SUCCESS, nr_pages);
	} else if (diff > 0) {
		mod_lruvec_state(mem_cgroup_lruvec(item->memcg,
						   NODE_DATA(src_nid)),
				 PGDEMOTE_KSWAPD, nr_pages);
	}
}

static bool tierx_folio_in(struct folio *folio, struct list_head *folios)
{
	struct folio *left;

	list_for_each_entry(left, folios, lru)
		if (left == folio)
			return true;
	return false;
}

/*
 * Large folios are kept apart: the first that finds no room ends its group, and
 * there may be room for small ones.
 */
static bool tierx_item_in_group(struct tierx_item *item,
				struct tierx_item *leader)
{
	return item->folio && item->memcg == leader->memcg &&
	       item->request.dst_nid == leader->request.dst_nid &&
	       item->request.nr_pages == leader->request.nr_pages;
}

/*
 * Nothing is reclaimed or compacted here, whatever the size: the thread is
 * watched, and others wait for it. A promotion has had kswapd woken before, and
 * is not worth more.
 */
static struct folio *tierx_alloc_target(struct folio *src, unsigned long private)
{
	const struct tier_ext_request *request = (void *)private;
	gfp_t gfp_mask = GFP_TRANSHUGE_LIGHT | __GFP_THISNODE;

	if (tierx_tier_compare(request->dst_nid, request->src_nid) >= 0)
		gfp_mask |= __GFP_KSWAPD_RECLAIM;
	return __folio_alloc_node(gfp_mask, folio_order(src), request->dst_nid);
}

/*
 * Migrate the items that go where @leader goes and have the same owner and
 * size. Those that are done have no folio any more.
 */
static void tierx_batch_group(struct tierx_policy *policy,
			      struct tierx_queue *queue, struct tierx_item *leader)
{
	struct tierx_item *item, *end = queue->items + queue->nr_items;
	unsigned int nr_succeeded = 0;
	LIST_HEAD(folios);
	int err;

	for (item = leader; item < end; item++)
		if (tierx_item_in_group(item, leader))
			list_add_tail(&item->folio->lru, &folios);

	err = migrate_pages(&folios, tierx_alloc_target, NULL,
			    (unsigned long)&leader->request, MIGRATE_ASYNC,
			    MR_TIER_EXT, &nr_succeeded);
	if (nr_succeeded)
		tierx_count_moved(leader, nr_succeeded);
	err = err == -ENOMEM ? -ENOMEM : -EAGAIN;

	for (item = leader; item < end; item++) {
		if (!tierx_item_in_group(item, leader))
			continue;
		if (tierx_folio_in(item->folio, &folios))
			tierx_item_retry(policy, queue, item, err);
		else
			tierx_item_done(policy, item);
		item->folio = NULL;
	}
	putback_movable_pages(&folios);
}

/* Is a folio being written? When that ends, it is the next to be reclaimed. */
static bool tierx_pfn_writeback(u64 pfn)
{
	struct folio *folio = NULL;
	bool writeback;

	writeback = !tierx_folio_lookup(pfn, &folio) &&
		    folio_test_writeback(folio);
	if (folio)
		folio_put(folio);
	return writeback;
}

/*
 * One folio at a time, because reclaim only tells how many pages it freed; and
 * none where it has begun to write. A reference would keep it from freeing, so
 * that is looked up afterwards.
 */
static void tierx_item_reclaim(struct tierx_policy *policy,
			       struct tierx_queue *queue, struct tierx_item *item)
{
	LIST_HEAD(folios);

	list_add(&item->folio->lru, &folios);
	item->folio = NULL;
	if (reclaim_pages(&folios) || tierx_pfn_writeback(item->request.pfn)) {
		tierx_event_add(policy, TIERX_EV_RECLAIMED_PAGES,
				item->request.nr_pages);
		tierx_item_done(policy, item);
	} else {
		tierx_item_retry(policy, queue, item, -EAGAIN);
	}
}

static void tierx_batch_migrate(struct tierx_policy *policy,
				struct tierx_queue *queue)
{
	struct tierx_item *item, *end = queue->items + queue->nr_items;

	for (item = queue->items; item < end; item++) {
		if (!item->folio)
			continue;
		if (item->request.move == TIERX_MOVE_RECLAIM)
			tierx_item_reclaim(policy, queue, item);
		else
			tierx_batch_group(policy, queue, item);
	}
	for (item = queue->items; item < end; item++)
		tierx_item_put(item);
	/* What has just come is not to stay in this CPU's batch: it may move on. */
	if (queue->nr_items)
		lru_add_drain();
}

static void tierx_tick(struct tierx_policy *policy, struct tierx_queue *queue)
{
	struct tier_ext_node_stat stat;

	queue->next_tick = jiffies + msecs_to_jiffies(policy->ops->tick_ms);
	if (!policy->ops->tick || !node_state(queue->nid, N_MEMORY))
		return;

	tierx_node_stat(queue, &stat);
	tierx_event_add(policy, TIERX_EV_TICK, 1);
	WRITE_ONCE(queue->ticking, true);
	tierx_call_void(policy, tick, queue->nid, &stat);
	tierx_watch_queue(policy, queue);
	WRITE_ONCE(queue->ticking, false);
}

/* One round of work. Returns jiffies to sleep, unless a move is queued. */
static long tierx_thread_round(struct tierx_queue *queue)
{
	struct srcu_struct *srcu = &queue->scope->srcu;
	struct tierx_policy *policy;
	u64 wait_ns = 0;
	long sleep = HZ;
	bool kicked;
	int idx;

	/* Before the policy is looked at: one that comes later kicks again. */
	kicked = xchg(&queue->kicked, false);
	/* Never 0, which is idleness. */
	WRITE_ONCE(queue->busy_since, jiffies | 1);
	idx = srcu_read_lock(srcu);
	policy = srcu_dereference(queue->scope->policy, srcu);
	/* Pairs with tierx_watch_queue(). */
	smp_store_release(&queue->busy_for, policy);
	queue->nr_retries = 0;
	if (policy) {
		/* Once, so that an administrator can have it otherwise. */
		if (kicked)
			set_user_nice(current, policy->ops->nice);
		if (kicked || time_after_eq(jiffies, queue->next_tick))
			tierx_tick(policy, queue);
		tierx_limits_tend(policy, queue);
		wait_ns = tierx_batch_fill(policy, queue);
		tierx_batch_migrate(policy, queue);
		tierx_watch_queue(policy, queue);
		sleep = max_t(long, queue->next_tick - jiffies, 0);
		if (!list_empty(&policy->limits))
			sleep = clamp_t(long, queue->next_limit - jiffies, 0,
					sleep);
	}
	srcu_read_unlock(srcu, idx);
	WRITE_ONCE(queue->busy_since, 0);

	if (wait_ns)
		sleep = min_t(long, sleep, nsecs_to_jiffies(wait_ns) + 1);
	return sleep;
}

/*
 * Only busy folios are left: give them time. The most common reason is that a
 * new folio is still in some CPU's batch, on its way to the LRU.
 */
static void tierx_thread_backoff(struct tierx_queue *queue)
{
	if (!queue->nr_retries || tierx_ring_len(&queue->ring) > queue->nr_retries)
		return;

	if (time_after_eq(jiffies, queue->next_drain)) {
		lru_add_drain_all();
		queue->next_drain = jiffies + TIERX_DRAIN_PERIOD;
	}
	schedule_timeout_interruptible(1);
}

static bool tierx_thread_wanted(struct tierx_queue *queue)
{
	return kthread_should_stop() || READ_ONCE(queue->kicked) ||
	       (!queue->stalled && tierx_ring_len(&queue->ring));
}

/**
 * tierx_thread_fn() - the migration thread of a node
 * @data: &struct tierx_queue
 *
 * Return: 0 when it is stopped.
 */
int tierx_thread_fn(void *data)
{
	struct tierx_queue *queue = data;
	long sleep;

	while (!kthread_should_stop()) {
		sleep = tierx_thread_round(queue);
		wait_event_interruptible_timeout(queue->wait,
						 tierx_thread_wanted(queue),
						 sleep);
		tierx_thread_backoff(queue);
		/* With long ticks it never sleeps, and the end of a policy waits. */
		cond_resched_tasks_rcu_qs();
	}
	return 0;
}
