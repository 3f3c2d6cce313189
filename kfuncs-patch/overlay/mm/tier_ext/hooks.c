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
 * tierx_verdict_note() - remember a verdict for a dump, and trace it
 * @policy: the policy that gave it
 * @op: the op that gave it
 * @pfn: the folio, 0 if the op has none
 * @nid: node of the folio
 * @verdict: what it was
 * @effective: what was made of it
 */
void tierx_verdict_note(struct tierx_policy *policy, const char *op,
			unsigned long pfn, int nid, s32 verdict, s32 effective)
{
	struct tierx_record *record = get_cpu_ptr(policy->scope->record);
	unsigned int i = record->nr_verdicts++ % TIERX_NR_VERDICTS;

	record->verdicts[i] = (struct tierx_verdict) {
		.when	   = jiffies,
		.pfn	   = pfn,
		.op	   = op,
		.nid	   = nid,
		.verdict   = verdict,
		.effective = effective,
	};
	put_cpu_ptr(policy->scope->record);
	trace_tier_ext_verdict(op, pfn, nid, verdict, effective);
}

/* Does the memory policy confine the folio to some nodes? */
static bool tierx_mempolicy_confines(struct mempolicy *pol)
{
	return pol->mode == MPOL_BIND || pol->mode == MPOL_PREFERRED_MANY;
}

/**
 * tierx_fault_node_allowed() - may a folio go to a node, as far as the faulting
 * task has a say
 * @policy: the policy that wants it
 * @pol: memory policy that governs the page, or NULL
 * @nid: the node
 *
 * Return: false if it may not, which is counted.
 */
bool tierx_fault_node_allowed(struct tierx_policy *policy,
			      struct mempolicy *pol, int nid)
{
	if (!node_isset(nid, cpuset_current_mems_allowed)) {
		tierx_event_add(policy, TIERX_EV_REFUSED_CPUSET, 1);
		return false;
	}
	if (pol && tierx_mempolicy_confines(pol) &&
	    !node_isset(nid, pol->nodes)) {
		tierx_event_add(policy, TIERX_EV_REFUSED_MEMPOLICY, 1);
		return false;
	}
	return true;
}

/**
 * tierx_fault_may_move() - do limits let a fault move a folio?
 * @policy: the policy that wants it
 * @folio: the folio
 * @src_nid: node of the folio
 * @dst_nid: the node to move it to
 *
 * Return: false if not, which is counted; if true, the move was charged.
 */
bool tierx_fault_may_move(struct tierx_policy *policy, struct folio *folio,
			  int src_nid, int dst_nid)
{
	if (!tierx_limit_allows(policy, folio, dst_nid)) {
		tierx_event_add(policy, TIERX_EV_REFUSED_LIMIT, 1);
		return false;
	}
	return !tierx_rate_take(policy, src_nid, folio_size(folio));
}

/**
 * tierx_fault_defer() - queue a folio that a fault has hit for promotion
 * @policy: the policy that wants it
 * @folio: the folio
 * @fault: the fault; it was checked that the folio may move
 * @dst_nid: the node to move it to, NUMA_NO_NODE to choose one later
 */
void tierx_fault_defer(struct tierx_policy *policy, struct folio *folio,
		       const struct tier_ext_fault *fault, int dst_nid)
{
	struct tierx_move move = {
		.pfn	 = folio_pfn(folio),
		.gen	 = tierx_folio_gen(folio),
		.dst_nid = dst_nid,
		.cpu_nid = fault->cpu_nid,
		.move	 = TIERX_MOVE_PROMOTE,
		.placed	 = true,
	};

	tierx_queue_move(policy, fault->src_nid, &move);
}

/* Turn a verdict into a node: where the folio stays is @fault->src_nid. */
static s32 tierx_hint_apply(struct tierx_policy *policy, struct folio *folio,
			    struct tier_ext_fault *fault, struct mempolicy *pol,
			    s32 verdict)
{
	switch (verdict) {
	case TIERX_DEFAULT:
		/* The kernel would promote to the node of the CPU. */
		if (tierx_limit_allows(policy, folio, fault->cpu_nid))
			return TIERX_DEFAULT;
		tierx_event_add(policy, TIERX_EV_REFUSED_LIMIT, 1);
		return fault->src_nid;
	case TIERX_DEFER:
		/* The policy was checked for this node, and for no other. */
		tierx_fault_defer(policy, folio, fault,
				  tierx_mempolicy_confines(pol) ?
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
	if (!tierx_fault_node_allowed(policy, pol, verdict) ||
	    !tierx_fault_may_move(policy, folio, fault->src_nid, verdict))
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
	policy = tierx_policy_enter(folio, TIERX_EV_HINT_FAULT);
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
	verdict = tierx_call(policy, hint_fault, folio, vmf->vma, &fault);
	effective = tierx_hint_apply(policy, folio, &fault, pol, verdict);
	tierx_verdict_note(policy, "hint_fault", folio_pfn(folio),
			   fault.src_nid, verdict, effective);
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
		tierx_event_add(policy, TIERX_EV_KEEP_IGNORED, 1);
		return TIERX_DEFAULT;
	case TIERX_DEMOTE:
		if (reclaim->can_demote)
			return TIERX_DEMOTE;
		tierx_event_add(policy, TIERX_EV_DEMOTE_IGNORED, 1);
		return TIERX_DEFAULT;
	}
	tierx_bad_verdict(policy, "reclaim", verdict);
	return TIERX_DEFAULT;
}

static s32 tierx_reclaim_ask(struct tierx_policy *policy, struct folio *folio,
			     int priority, bool can_demote)
{
	struct tier_ext_reclaim reclaim;
	s32 verdict, effective;

	tierx_reclaim_init(&reclaim, folio, priority, can_demote);
	verdict = tierx_call(policy, reclaim, folio, &reclaim);
	effective = tierx_reclaim_apply(policy, &reclaim, verdict);
	if (can_demote && (effective == TIERX_KEEP || effective == TIERX_RECLAIM))
		tierx_event_add(policy, TIERX_EV_DEMOTION_REFUSED, 1);
	tierx_verdict_note(policy, "reclaim", folio_pfn(folio),
			   reclaim.src_nid, verdict, effective);

	return effective;
}

bool __tier_ext_reclaim(struct folio *folio, int priority, bool *demote)
{
	struct tierx_policy *policy;
	s32 effective = TIERX_DEFAULT;

	rcu_read_lock();
	policy = tierx_policy_enter(folio, TIERX_EV_RECLAIM);
	if (policy && *demote && tierx_limit_protects(policy, folio)) {
		tierx_event_add(policy, TIERX_EV_PROTECTED_PAGES,
				folio_nr_pages(folio));
		/* A cgroup that is full has to get rid of something at last. */
		effective = priority ? TIERX_KEEP : TIERX_RECLAIM;
	} else if (policy && policy->ops->reclaim) {
		effective = tierx_reclaim_ask(policy, folio, priority, *demote);
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
	policy = tierx_policy_enter(folio, TIERX_EV_DEMOTE_TARGET);
	if (!policy || !policy->ops->demote_target)
		goto unlock;

	tierx_reclaim_init(&reclaim, folio, DEF_PRIORITY, true);
	reclaim.target_nid = nid;
	verdict = tierx_call(policy, demote_target, folio, &reclaim);
	if (verdict == TIERX_DEFAULT)
		goto unlock;
	if (tierx_node_valid(verdict) &&
	    tierx_tier_compare(verdict, src_nid) > 0)
		target = verdict;
	else
		tierx_bad_verdict(policy, "demote_target", verdict);
	tierx_verdict_note(policy, "demote_target", folio_pfn(folio), src_nid,
			   verdict, target);
unlock:
	rcu_read_unlock();

	return target;
}

/* Promotions and demotions are counted whoever made them. */
static void tierx_count_migrated(struct tierx_policy *policy, int src_nid,
				 struct folio *dst, int reason)
{
	struct tierx_node *node = tierx_nodes[src_nid];
	long nr_pages = folio_nr_pages(dst);
	int diff;

	if (src_nid == folio_nid(dst))
		return;
	diff = tierx_tier_compare(folio_nid(dst), src_nid);
	if (!diff)
		return;

	tierx_event_add(policy, diff < 0 ? TIERX_EV_PROMOTED_PAGES :
					   TIERX_EV_DEMOTED_PAGES, nr_pages);
	if (node)
		atomic64_add(nr_pages, diff < 0 ? &node->promoted_pages :
						  &node->demoted_pages);
	/* What a user moves back and forth is nobody else's fault. */
	if (reason == MR_TIER_EXT || reason == MR_DEMOTION ||
	    reason == MR_NUMA_MISPLACED)
		tierx_pingpong_note(policy, dst, diff < 0);
}

void __tier_ext_migrated(struct folio *src, struct folio *dst, int reason)
{
	int src_nid = folio_nid(src), dst_nid = folio_nid(dst);
	struct tier_ext_request request;
	struct tier_ext_result result;
	struct tierx_policy *policy;

	rcu_read_lock();
	/* The owner goes over to the new folio before this is called. */
	policy = tierx_folio_policy(dst);
	if (!policy)
		goto unlock;

	tierx_last_nid_move(src, dst);
	tierx_count_migrated(policy, src_nid, dst, reason);
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
	tierx_event_add(policy, TIERX_EV_MIGRATED, 1);
	tierx_call_void(policy, migrated, &request, &result);
unlock:
	rcu_read_unlock();
}
