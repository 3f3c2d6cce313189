// SPDX-License-Identifier: GPL-2.0-only
/*
 * tier_ext: accesses. Whoever sees one, the policy is told in the same way, so
 * that it need not know where a sample came from. The kernel's own sources are
 * decimated here before BPF is called: what they cost has to be next to nothing
 * in paths as hot as a cached read.
 */
#include <linux/memory-tiers.h>
#include <linux/memory_hotplug.h>
#include <linux/swap.h>
#include <linux/vmalloc.h>

#include "internal.h"
#include "../internal.h"

/* Nodes whose folios are sampled, and what a random number has to be below. */
static nodemask_t tierx_access_nodes;
static u32 tierx_access_threshold;
static u32 tierx_access_period = 1;

static DEFINE_PER_CPU(u32, tierx_seed);

/**
 * tierx_access_set() - sample as often as the policy that wants the most
 * @all_tiers: some policy wants samples of the fastest tier, too
 * @period: smallest period that a policy wants, 0 if none wants any
 *
 * Also to be called when memory comes online.
 */
void tierx_access_set(bool all_tiers, u32 period)
{
	nodemask_t nodes = NODE_MASK_NONE;
	int nid;

	for_each_node_state(nid, N_MEMORY)
		if (all_tiers || !node_is_toptier(nid))
			node_set(nid, nodes);
	tierx_access_nodes = nodes;
	WRITE_ONCE(tierx_access_period, period ?: 1);
	WRITE_ONCE(tierx_access_threshold, U32_MAX / (period ?: 1));
}

/**
 * tierx_random() - a number to sample by
 *
 * Drawn in paths as hot as a cached read, so it is linear congruential: the
 * upper bits are the better ones. If an interrupt comes in between, a number is
 * drawn twice.
 *
 * Return: the number.
 */
u32 tierx_random(void)
{
	u32 random = this_cpu_read(tierx_seed) * 1664525 + 1013904223;

	this_cpu_write(tierx_seed, random);
	return random;
}

/*
 * One in access_period, at random: a fixed step would see every time the same
 * of the accesses that a program makes in turn.
 */
static bool tierx_access_sampled(void)
{
	return tierx_random() <= READ_ONCE(tierx_access_threshold);
}

/* The caller is under RCU, and nobody frees the folio. */
static void tierx_access_tell(struct tierx_policy *policy, struct folio *folio,
			      s32 cpu_nid, u32 nr)
{
	struct tier_ext_access access = {
		.nr	 = nr,
		.cpu_nid = cpu_nid,
	};

	if (cpu_nid != NUMA_NO_NODE)
		tierx_last_nid_set(folio, cpu_nid);
	tierx_event_add(policy, TIERX_EV_ACCESS, 1);
	tierx_call_void(policy, access, folio, &access);
}

/* Samples are drawn for the policy that wants most: does this one want it? */
static bool tierx_access_wanted(const struct tier_ext_ops *ops,
				struct folio *folio)
{
	u32 step = ops->access_period / READ_ONCE(tierx_access_period);

	if (!(ops->flags & TIERX_OPS_ACCESS_ALL) &&
	    node_is_toptier(folio_nid(folio)))
		return false;
	return step <= 1 || tierx_random() <= U32_MAX / step;
}

void __tier_ext_access(struct folio *folio, enum tier_ext_access_source source)
{
	struct tierx_policy *policy;
	s32 cpu_nid;

	if (!node_isset(folio_nid(folio), tierx_access_nodes) ||
	    !tierx_access_sampled())
		return;

	/* An accessed bit does not say which CPU has set it. */
	cpu_nid = source == TIER_EXT_ACCESS_YOUNG ? NUMA_NO_NODE :
						    numa_node_id();
	rcu_read_lock();
	policy = tierx_folio_policy(folio);
	if (policy && policy->ops->access &&
	    (!static_branch_unlikely(&tierx_key_tenants) ||
	     tierx_access_wanted(policy->ops, folio))) {
		tierx_event_add(policy, TIERX_EV_ACCESS_HINT + source, 1);
		tierx_access_tell(policy, folio, cpu_nid,
				  policy->ops->access_period);
	}
	rcu_read_unlock();
}

/* Tell of accesses that were reported by PFN. 0, or why not. */
static int tierx_access_deliver(u64 pfn, s32 cpu_nid, u32 nr)
{
	struct tierx_policy *policy;
	struct folio *folio = NULL;
	int why;

	why = tierx_folio_lookup(pfn, &folio);
	if (!why) {
		rcu_read_lock();
		policy = tierx_policy_enter(folio, TIERX_EV_ACCESS_REPORT);
		if (policy && policy->ops->access)
			tierx_access_tell(policy, folio, cpu_nid, nr);
		rcu_read_unlock();
	} else {
		tierx_event_add(current->tier_ext, why, 1);
	}
	if (folio)
		folio_put(folio);
	return why;
}

/* Tell of the accesses that wait in a node's ring. */
static void tierx_access_drain(struct work_struct *work)
{
	struct tierx_node *node = container_of(work, struct tierx_node, drain);
	u32 nr = tierx_ring_len(&node->reports);
	struct tierx_move report;

	for (; nr && tierx_ring_pop(&node->reports, &report); nr--) {
		tierx_access_deliver(report.pfn, report.cpu_nid, report.nr);
		cond_resched();
	}
}

/* An NMI may not queue work. */
static void tierx_access_wake(struct irq_work *work)
{
	struct tierx_node *node = container_of(work, struct tierx_node, wake);

	queue_work(system_unbound_wq, &node->drain);
}

/**
 * tierx_access_node_init() - make room for the accesses to folios of a node
 * @node: the node, about to be started
 *
 * The kernel keeps the last accessing CPU of a folio, but on slow tiers it
 * keeps the time of the access in its place. There the node is kept here, if
 * there is the memory for that: it is not worth a policy.
 */
void tierx_access_node_init(struct tierx_node *node)
{
	init_irq_work(&node->wake, tierx_access_wake);
	INIT_WORK(&node->drain, tierx_access_drain);
	tierx_ring_init(&node->reports);
	if (node_is_toptier(node->nid))
		return;

	node->start_pfn = node_start_pfn(node->nid);
	node->nr_last_nids = node_spanned_pages(node->nid);
	/* More than kvcalloc() gives for a node of 4 TiB. */
	node->last_nids = vmalloc_huge(array_size(node->nr_last_nids,
						  sizeof(*node->last_nids)),
				       GFP_KERNEL | __GFP_ZERO);
}

/**
 * tierx_access_node_free() - release what tierx_access_node_init() took
 * @node: the node; nobody uses it any more
 */
void tierx_access_node_free(struct tierx_node *node)
{
	irq_work_sync(&node->wake);
	cancel_work_sync(&node->drain);
	vfree(node->last_nids);
}

/* Where the last accessing node is kept, plus one; NULL if it is not. */
static u16 *tierx_last_nid(struct folio *folio)
{
	struct tierx_node *node = tierx_nodes[folio_nid(folio)];
	u64 i;

	if (!node || !node->last_nids)
		return NULL;
	i = folio_pfn(folio) - node->start_pfn;
	return i < node->nr_last_nids ? &node->last_nids[i] : NULL;
}

/**
 * tierx_last_nid_set() - note which node has accessed a folio
 * @folio: the folio
 * @cpu_nid: the node
 *
 * Context: under RCU or a spinlock, with a policy attached.
 */
void tierx_last_nid_set(struct folio *folio, int cpu_nid)
{
	u16 *last = tierx_last_nid(folio);

	if (last)
		WRITE_ONCE(*last, cpu_nid + 1);
}

/**
 * tierx_last_nid_move() - let the last accessing node follow a folio
 * @src: the folio as it was
 * @dst: the folio as it is
 *
 * Context: as tierx_last_nid_set().
 */
void tierx_last_nid_move(struct folio *src, struct folio *dst)
{
	u16 *from = tierx_last_nid(src), *to = tierx_last_nid(dst);

	if (to)
		WRITE_ONCE(*to, from ? READ_ONCE(*from) : 0);
	if (from)
		WRITE_ONCE(*from, 0);
}

/**
 * tierx_access_age_ms() - how long ago a folio of a slow tier was accessed
 * @folio: the folio; folio_use_access_time() is true
 *
 * Return: milliseconds since it was armed or faulted on, modulo
 * PAGE_ACCESS_TIME_MASK + 1.
 */
u32 tierx_access_age_ms(struct folio *folio)
{
	unsigned int last = folio_last_cpupid(folio) << PAGE_ACCESS_TIME_BUCKETS;

	return (jiffies_to_msecs(jiffies) - last) & PAGE_ACCESS_TIME_MASK;
}

static bool tierx_cpu_nid_valid(s32 cpu_nid)
{
	return cpu_nid == NUMA_NO_NODE ||
	       (cpu_nid >= 0 && cpu_nid < nr_node_ids && node_online(cpu_nid));
}

__bpf_kfunc_start_defs();

/**
 * tierx_bpf_folio_last_nid() - node of the CPU that last accessed a folio
 * @folio: the folio that the op was called with
 *
 * As far as it was seen: by hint faults and by samples that know the CPU.
 *
 * Context: ops with a folio.
 * Return: the node, or -1 if it is not known.
 */
__bpf_kfunc s32 tierx_bpf_folio_last_nid(struct folio *folio)
{
	u16 *last;
	int cpupid;

	if (folio_use_access_time(folio)) {
		last = tierx_last_nid(folio);
		return last ? READ_ONCE(*last) - 1 : NUMA_NO_NODE;
	}
	cpupid = folio_last_cpupid(folio);
	return cpupid_pid_unset(cpupid) ? NUMA_NO_NODE : cpupid_to_nid(cpupid);
}

/**
 * tierx_bpf_folio_age_ms() - how long ago a folio was last accessed
 * @folio: the folio that the op was called with
 *
 * As far as it was seen by hint faults: the time since the last one, or since
 * the page was armed for the next one.
 *
 * Context: ops with a folio.
 * Return: milliseconds, modulo PAGE_ACCESS_TIME_MASK + 1; -ENODATA in the
 * fastest tier and without the tiering mode of NUMA balancing, where the kernel
 * keeps no time.
 */
__bpf_kfunc s64 tierx_bpf_folio_age_ms(struct folio *folio)
{
	if (!folio_use_access_time(folio))
		return -ENODATA;
	return tierx_access_age_ms(folio);
}

/**
 * tierx_bpf_access_report() - tell the policy of accesses to physical memory
 * @pfn: first PFN of the folio
 * @cpu_nid: node of the CPU that made them, -1 if nobody knows
 * @nr: how many
 *
 * For a device's counters, a file, or a user's program. The policy's access op
 * is called before this returns.
 *
 * Context: tick, and syscall programs. Does not sleep.
 * Return: 0 if the policy was told; -EINVAL for a PFN that is no online memory,
 * or a node that is not online; -EMLINK for a PFN that is not the first of its
 * folio; -ENOENT if there is nothing at the PFN that could be moved; -ENODEV if
 * no policy with an access op is attached.
 */
__bpf_kfunc s32 tierx_bpf_access_report(u64 pfn, s32 cpu_nid, u32 nr)
{
	if (!tierx_cpu_nid_valid(cpu_nid))
		return -EINVAL;
	if (!static_key_enabled(&tierx_key_access))
		return -ENODEV;

	switch (tierx_access_deliver(pfn, cpu_nid, nr)) {
	case 0:
		return 0;
	case TIERX_EV_REFUSED_DEVICE:
		return -EINVAL;
	case TIERX_EV_REFUSED_TAIL:
		return -EMLINK;
	default:
		return -ENOENT;
	}
}

/**
 * tierx_bpf_access_queue() - as tierx_bpf_access_report(), but later
 * @pfn: first PFN of the folio
 * @cpu_nid: node of the CPU that made them, -1 if nobody knows
 * @nr: how many
 *
 * For programs of performance events, which may run in an NMI. A worker tells
 * the policy soon.
 *
 * Context: tracing and performance event programs, any.
 * Return: 0 if the sample was queued; -EINVAL for a PFN that is no online
 * memory, or a node that is not online; -ENOSPC if the queue is full, and the
 * sample lost; -ENODEV if no policy with an access op is attached.
 */
__bpf_kfunc s32 tierx_bpf_access_queue(u64 pfn, s32 cpu_nid, u32 nr)
{
	struct page *page = pfn_to_online_page(pfn);
	struct tierx_move report = {
		.pfn	 = pfn,
		.nr	 = nr,
		.cpu_nid = cpu_nid,
	};
	struct tierx_node *node;
	int err = 0;

	if (!page || !tierx_cpu_nid_valid(cpu_nid))
		return -EINVAL;

	rcu_read_lock();
	/* Pairs with tierx_node_start(). */
	node = smp_load_acquire(&tierx_nodes[page_to_nid(page)]);
	if (!node || !static_key_enabled(&tierx_key_access))
		err = -ENODEV;
	else if (!tierx_ring_push(&node->reports, &report))
		err = -ENOSPC;
	else
		irq_work_queue(&node->wake);
	rcu_read_unlock();
	if (err == -ENOSPC)
		tierx_event_add(NULL, TIERX_EV_ACCESS_DROPPED, 1);

	return err;
}

__bpf_kfunc_end_defs();
