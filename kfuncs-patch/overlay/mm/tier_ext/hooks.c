// SPDX-License-Identifier: GPL-2.0-only
/*
 * tier_ext: what generic mm code calls when a policy has the op, where a folio
 * takes a hint fault, is reclaimed, or was migrated. A verdict is checked
 * before anything is done with it: a wrong one is counted and answered with the
 * kernel default, and too many of them eject the policy.
 */
#include <linux/cpuset.h>
#include <linux/memcontrol.h>
#include <linux/memory-tiers.h>
#include <linux/mempolicy.h>
#include <linux/mmzone.h>
#include <linux/swap.h>

#include "internal.h"
#include "../internal.h"

#include <trace/events/tier_ext.h>

#define TIERX_MAX_BAD_VERDICTS	128

/* From this priority on reclaim is desperate and nothing is kept any more. */
#define TIERX_KEEP_PRIORITY	(DEF_PRIORITY - 4)

/**
 * tierx_node_valid() - can folios be moved to a node
 * @nid: anything
 *
 * Return: true if @nid is a node with memory.
 */
bool tierx_node_valid(int nid)
{
	return nid >= 0 && nid < nr_node_ids && node_state(nid, N_MEMORY);
}

/**
 * tierx_bad_verdict() - note that a policy gave an invalid verdict
 * @policy: the policy
 * @op: the op that gave it
 * @verdict: the verdict
 */
void tierx_bad_verdict(struct tierx_policy *policy, const char *op, s32 verdict)
{
	tierx_event_add(TIERX_EV_BAD_VERDICT, 1);
	if (atomic_inc_return(&policy->nr_bad_verdicts) == TIERX_MAX_BAD_VERDICTS)
		tierx_eject(policy, TIERX_EXIT_ERROR_VERDICT, verdict,
			    "%d invalid verdicts, the last one %d from %s",
			    TIERX_MAX_BAD_VERDICTS, verdict, op);
}

/**
 * tierx_policy_enter() - the policy that is to be asked
 * @event: what it is asked; counted
 *
 * Context: under RCU, or a spinlock, which comes to the same.
 * Return: the policy; NULL while one is being attached or comes to its end.
 */
struct tierx_policy *tierx_policy_enter(enum tierx_event event)
{
	struct tierx_policy *policy;

	policy = rcu_dereference_check(tierx_root, rcu_read_lock_any_held());
	if (!policy)
		event = TIERX_EV_BYPASSED;
	tierx_event_add(event, 1);

	return policy;
}

/* Does the memory policy confine the folio to some nodes? */
static bool tierx_mempolicy_confines(struct mempolicy *pol)
{
	return pol->mode == MPOL_BIND || pol->mode == MPOL_PREFERRED_MANY;
}

/**
 * tierx_fault_node_allowed() - may a folio go to a node, as far as the faulting
 * task has a say
 * @pol: memory policy that governs the page, or NULL
 * @nid: the node
 *
 * Return: false if it may not, which is counted.
 */
bool tierx_fault_node_allowed(struct mempolicy *pol, int nid)
{
	if (!node_isset(nid, cpuset_current_mems_allowed)) {
		tierx_event_add(TIERX_EV_REFUSED_CPUSET, 1);
		return false;
	}
	if (pol && tierx_mempolicy_confines(pol) &&
	    !node_isset(nid, pol->nodes)) {
		tierx_event_add(TIERX_EV_REFUSED_MEMPOLICY, 1);
		return false;
	}
	return true;
}

/**
 * tierx_fault_defer() - queue a folio that a fault has hit for promotion
 * @folio: the folio
 * @fault: the fault; it was checked that the folio may move
 * @dst_nid: the node to move it to, NUMA_NO_NODE to choose one later
 */
void tierx_fault_defer(struct folio *folio, const struct tier_ext_fault *fault,
		       int dst_nid)
{
	struct tierx_move move = {
		.pfn	 = folio_pfn(folio),
		.gen	 = tierx_folio_gen(folio),
		.dst_nid = dst_nid,
		.cpu_nid = fault->cpu_nid,
		.move	 = TIERX_MOVE_PROMOTE,
		.placed	 = true,
	};

	tierx_queue_move(fault->src_nid, &move);
}

/* Turn a verdict into a node: where the folio stays is @fault->src_nid. */
static s32 tierx_hint_apply(struct tierx_policy *policy, struct folio *folio,
			    struct tier_ext_fault *fault, struct mempolicy *pol,
			    s32 verdict)
{
	struct tierx_node *node = tierx_nodes[fault->src_nid];

	switch (verdict) {
	case TIERX_DEFAULT:
		return TIERX_DEFAULT;
	case TIERX_DEFER:
		/* The policy was checked for this node, and for no other. */
		tierx_fault_defer(folio, fault, tierx_mempolicy_confines(pol) ?
				  fault->cpu_nid : NUMA_NO_NODE);
		fallthrough;
	case TIERX_STAY:
		return fault->src_nid;
	}

	if (!tierx_node_valid(verdict) ||
	    tierx_tier_compare(verdict, fault->src_nid) >= 0) {
		tierx_bad_verdict(policy, "hint_fault", verdict);
		return TIERX_DEFAULT;
	}
	if (!tierx_fault_node_allowed(pol, verdict))
		return fault->src_nid;
	if (node && tierx_rate_take(policy, node, folio_size(folio)))
		return fault->src_nid;
	return verdict;
}

int __tier_ext_hint_fault(struct folio *folio, struct vm_fault *vmf,
			  unsigned long address, struct mempolicy *pol,
			  int cpu_nid)
{
	struct tierx_policy *policy;
	struct tier_ext_fault fault;
	s32 verdict, effective;

	tier_ext_access(folio, TIER_EXT_ACCESS_HINT);
	if (!static_branch_unlikely(&tierx_key_hint_fault))
		return NUMA_NO_NODE;
	/* Not a slow tier, or NUMA balancing does not care for tiers. */
	if (!folio_use_access_time(folio))
		return NUMA_NO_NODE;

	/* Under the page table lock, so there is no need to lock RCU. */
	policy = tierx_policy_enter(TIERX_EV_HINT_FAULT);
	if (!policy || !policy->ops->hint_fault)
		return NUMA_NO_NODE;

	tierx_last_nid_set(folio, cpu_nid);
	fault = (struct tier_ext_fault) {
		.address = address,
		.src_nid = folio_nid(folio),
		.cpu_nid = cpu_nid,
		.age_ms	 = tierx_access_age_ms(folio),
		.write	 = !!(vmf->flags & FAULT_FLAG_WRITE),
	};
	verdict = policy->ops->hint_fault(folio, vmf->vma, &fault);
	effective = tierx_hint_apply(policy, folio, &fault, pol, verdict);
	trace_tier_ext_verdict("hint_fault", folio_pfn(folio), fault.src_nid,
			       verdict, effective);
	if (effective == TIERX_DEFAULT)
		return NUMA_NO_NODE;

	/* As the kernel does when it decides; the default does it itself. */
	folio_xchg_access_time(folio, jiffies_to_msecs(jiffies));

	return effective;
}

static void tierx_reclaim_init(struct tier_ext_reclaim *reclaim,
			       struct folio *folio, int priority,
			       bool can_demote)
{
	int nid = folio_nid(folio);

	*reclaim = (struct tier_ext_reclaim) {
		.memcg_id   = tierx_folio_memcg_id(folio),
		.src_nid    = nid,
		.target_nid = next_demotion_node(nid),
		.priority   = priority,
		.can_demote = can_demote,
		.kswapd	    = current_is_kswapd(),
	};
}

/* Returns the verdict that is carried out. */
static s32 tierx_reclaim_apply(struct tierx_policy *policy,
			       struct tier_ext_reclaim *reclaim, s32 verdict)
{
	switch (verdict) {
	case TIERX_DEFAULT:
	case TIERX_RECLAIM:
		return verdict;
	case TIERX_KEEP:
		if (reclaim->priority > TIERX_KEEP_PRIORITY)
			return TIERX_KEEP;
		tierx_event_add(TIERX_EV_KEEP_IGNORED, 1);
		return TIERX_DEFAULT;
	case TIERX_DEMOTE:
		if (reclaim->can_demote)
			return TIERX_DEMOTE;
		tierx_event_add(TIERX_EV_DEMOTE_IGNORED, 1);
		return TIERX_DEFAULT;
	}
	tierx_bad_verdict(policy, "reclaim", verdict);
	return TIERX_DEFAULT;
}

bool __tier_ext_reclaim(struct folio *folio, int priority, bool *demote)
{
	struct tier_ext_reclaim reclaim;
	struct tierx_policy *policy;
	s32 verdict, effective = TIERX_DEFAULT;

	rcu_read_lock();
	policy = tierx_policy_enter(TIERX_EV_RECLAIM);
	if (policy && policy->ops->reclaim) {
		tierx_reclaim_init(&reclaim, folio, priority, *demote);
		verdict = policy->ops->reclaim(folio, &reclaim);
		effective = tierx_reclaim_apply(policy, &reclaim, verdict);
		trace_tier_ext_verdict("reclaim", folio_pfn(folio),
				       reclaim.src_nid, verdict, effective);
	}
	rcu_read_unlock();

	/* TIERX_DEMOTE gets here only where the kernel would demote, too. */
	if (effective == TIERX_RECLAIM)
		*demote = false;
	return effective == TIERX_KEEP;
}

int __tier_ext_demote_target(struct folio *folio, int nid)
{
	struct tier_ext_reclaim reclaim;
	struct tierx_policy *policy;
	int src_nid = folio_nid(folio), target = nid;
	s32 verdict;

	rcu_read_lock();
	policy = tierx_policy_enter(TIERX_EV_DEMOTE_TARGET);
	if (!policy || !policy->ops->demote_target)
		goto unlock;

	tierx_reclaim_init(&reclaim, folio, DEF_PRIORITY, true);
	reclaim.target_nid = nid;
	verdict = policy->ops->demote_target(folio, &reclaim);
	if (verdict == TIERX_DEFAULT)
		goto unlock;
	if (tierx_node_valid(verdict) &&
	    tierx_tier_compare(verdict, src_nid) > 0)
		target = verdict;
	else
		tierx_bad_verdict(policy, "demote_target", verdict);
	trace_tier_ext_verdict("demote_target", folio_pfn(folio), src_nid,
			       verdict, target);
unlock:
	rcu_read_unlock();

	return target;
}

/* Promotions and demotions are counted whoever made them. */
static void tierx_count_migrated(int src_nid, int dst_nid, long nr_pages)
{
	struct tierx_node *node = tierx_nodes[src_nid];
	int diff;

	if (src_nid == dst_nid)
		return;

	diff = tierx_tier_compare(dst_nid, src_nid);
	if (diff < 0)
		tierx_event_add(TIERX_EV_PROMOTED_PAGES, nr_pages);
	else if (diff > 0)
		tierx_event_add(TIERX_EV_DEMOTED_PAGES, nr_pages);

	if (node && diff < 0)
		atomic64_add(nr_pages, &node->promoted_pages);
	else if (node && diff > 0)
		atomic64_add(nr_pages, &node->demoted_pages);
}

void __tier_ext_migrated(struct folio *src, struct folio *dst, int reason)
{
	int src_nid = folio_nid(src), dst_nid = folio_nid(dst);
	struct tier_ext_request request;
	struct tier_ext_result result;
	struct tierx_policy *policy;

	rcu_read_lock();
	policy = rcu_dereference(tierx_root);
	if (!policy)
		goto unlock;

	tierx_last_nid_move(src, dst);
	tierx_count_migrated(src_nid, dst_nid, folio_nr_pages(dst));
	if (!policy->ops->migrated)
		goto unlock;

	request = (struct tier_ext_request) {
		.pfn	  = folio_pfn(src),
		.gen	  = tierx_folio_gen(dst),
		.memcg_id = tierx_folio_memcg_id(dst),
		.src_nid  = src_nid,
		.dst_nid  = dst_nid,
		.nr_pages = folio_nr_pages(dst),
		.move	  = TIERX_MOVE_ANY,
		.queued	  = reason == MR_TIER_EXT,
	};
	result = (struct tier_ext_result) {
		.new_pfn  = folio_pfn(dst),
		.reason	  = reason,
	};
	tierx_event_add(TIERX_EV_MIGRATED, 1);
	policy->ops->migrated(&request, &result);
unlock:
	rcu_read_unlock();
}
