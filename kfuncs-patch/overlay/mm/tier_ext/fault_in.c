// SPDX-License-Identifier: GPL-2.0-only
/*
 * tier_ext: migrate on fault. A folio that a fault finds in the page cache or
 * in the swap cache and that nobody has mapped costs little to move: there is
 * no page table to change. Idea: "migrate on fault", L. Schermerhorn, 2006.
 *
 * A folio cannot be migrated while it is locked and referenced, so it is
 * isolated first, let go of, moved, and looked up again. The second look-up
 * finds whatever is there by then: what was truncated meanwhile is gone.
 */
#include <linux/mempolicy.h>
#include <linux/migrate.h>
#include <linux/mm_inline.h>
#include <linux/pagemap.h>
#include <linux/swap.h>
#include <linux/swapops.h>

#include "internal.h"
#include "../internal.h"
#include "../swap.h"

#include <trace/events/tier_ext.h>

/* The caller is under RCU, and has just seen the folio in the page cache. */
static bool tierx_maybe_misplaced(struct folio *folio)
{
	bool misplaced;

	if (folio_nid(folio) == numa_mem_id() || !folio_try_get(folio))
		return false;
	misplaced = !folio_mapped(folio);
	folio_put(folio);

	return misplaced;
}

/*
 * The next page of the file from @start to @end that the policy might want to
 * move, after @end if there is none.
 */
static pgoff_t tierx_next_misplaced(struct address_space *mapping,
				    pgoff_t start, pgoff_t end)
{
	XA_STATE(xas, &mapping->i_pages, start);
	struct folio *folio;

	xas_for_each(&xas, folio, end) {
		if (xas_retry(&xas, folio) || xa_is_value(folio))
			continue;
		if (tierx_maybe_misplaced(folio))
			return max(xas.xa_index, start);
	}
	return end + 1;
}

vm_fault_t __tier_ext_map_pages(struct vm_fault *vmf, pgoff_t start,
				pgoff_t end)
{
	struct vm_area_struct *vma = vmf->vma;
	vm_fault_t ret = 0;
	pgoff_t next;

	for (; start <= end; start = next + 1) {
		next = tierx_next_misplaced(vma->vm_file->f_mapping, start, end);
		if (next > start)
			ret |= vma->vm_ops->map_pages(vmf, start, next - 1);
	}
	return ret;
}

/* Could it be moved, as far as the folio has a say? It is locked. */
static bool tierx_fault_in_possible(struct folio *folio)
{
	return folio_nid(folio) != numa_mem_id() && !folio_mapped(folio) &&
	       folio_test_lru(folio) && folio_test_uptodate(folio) &&
	       !folio_test_writeback(folio) && !folio_test_unevictable(folio) &&
	       !folio_test_mlocked(folio) && !folio_test_ksm(folio) &&
	       !folio_test_hwpoison(folio) && !folio_maybe_dma_pinned(folio);
}

/* Has the user said where the page shall be? */
static bool tierx_fault_in_placed(struct vm_fault *vmf)
{
	struct mempolicy *pol;
	pgoff_t ilx;

	if (current->mempolicy)
		return true;
	pol = __get_vma_policy(vmf->vma, vmf->address, &ilx);
	mpol_cond_put(pol);
	return pol;
}

static s32 tierx_fault_in_apply(struct tierx_policy *policy,
				struct folio *folio,
				struct tier_ext_fault *fault, s32 verdict)
{
	switch (verdict) {
	case TIERX_DEFER:
		tierx_fault_defer(policy, folio, fault, NUMA_NO_NODE);
		fallthrough;
	case TIERX_DEFAULT:
	case TIERX_STAY:
		return NUMA_NO_NODE;
	}

	if (!tierx_node_valid(verdict)) {
		tierx_bad_verdict(policy, "fault_in", verdict);
		return NUMA_NO_NODE;
	}
	if (verdict == fault->src_nid ||
	    !tierx_fault_node_allowed(policy, NULL, verdict) ||
	    !tierx_fault_may_move(policy, folio, fault->src_nid, verdict))
		return NUMA_NO_NODE;
	return verdict;
}

/* Ask the policy where a locked folio shall be; NUMA_NO_NODE where it is. */
static s32 tierx_fault_in_ask(struct folio *folio, struct vm_fault *vmf)
{
	struct tier_ext_fault fault = {
		.address = vmf->address,
		.src_nid = folio_nid(folio),
		.cpu_nid = numa_node_id(),
		.write	 = !!(vmf->flags & FAULT_FLAG_WRITE),
	};
	struct tierx_policy *policy;
	s32 verdict, nid = NUMA_NO_NODE;

	if (!tierx_fault_in_possible(folio))
		return NUMA_NO_NODE;

	rcu_read_lock();
	policy = tierx_folio_policy(folio);
	if (policy && tierx_fault_in_placed(vmf)) {
		tierx_event_add(policy, TIERX_EV_REFUSED_MEMPOLICY, 1);
	} else if (policy && policy->ops->fault_in) {
		tierx_event_add(policy, TIERX_EV_FAULT_IN, 1);
		verdict = tierx_call(policy, fault_in, folio, vmf->vma, &fault);
		nid = tierx_fault_in_apply(policy, folio, &fault, verdict);
		tierx_verdict_note(policy, "fault_in", folio_pfn(folio),
				   fault.src_nid, verdict, nid);
	} else if (!policy) {
		tierx_event_add(NULL, TIERX_EV_BYPASSED, 1);
	}
	rcu_read_unlock();

	return nid;
}

/* The folio may be gone by now, so this goes to who faulted. */
static void tierx_fault_in_failed(struct vm_fault *vmf)
{
	rcu_read_lock();
	tierx_event_add(tierx_mm_policy(vmf->vma->vm_mm),
			TIERX_EV_FAULT_IN_FAILED, 1);
	rcu_read_unlock();
}

/* Move a locked folio. Returns false if it is as it was, else it was put. */
static bool tierx_fault_in_move(struct folio *folio, struct vm_fault *vmf,
				int nid)
{
	if (migrate_misplaced_folio_prepare(folio, vmf->vma, nid)) {
		tierx_fault_in_failed(vmf);
		return false;
	}
	folio_unlock(folio);
	/* It is isolated, and that holds a reference. */
	folio_put(folio);
	if (migrate_misplaced_folio(folio, vmf->vma, nid))
		tierx_fault_in_failed(vmf);

	return true;
}

vm_fault_t __tier_ext_fault_in(struct vm_fault *vmf, vm_fault_t ret)
{
	struct folio *folio;
	s32 nid;

	/* A major fault has just read the page, and to where it wanted it. */
	if ((ret & (VM_FAULT_ERROR | VM_FAULT_NOPAGE | VM_FAULT_RETRY |
		    VM_FAULT_DONE_COW | VM_FAULT_MAJOR)) ||
	    !(ret & VM_FAULT_LOCKED))
		return ret;

	folio = page_folio(vmf->page);
	nid = tierx_fault_in_ask(folio, vmf);
	if (nid == NUMA_NO_NODE || !tierx_fault_in_move(folio, vmf, nid))
		return ret;

	/* Once: whatever is found now is mapped. */
	vmf->page = NULL;
	return vmf->vma->vm_ops->fault(vmf);
}

struct folio *__tier_ext_swap_in(struct vm_fault *vmf, struct folio *folio,
				 swp_entry_t entry)
{
	bool moved = false;
	s32 nid;

	if (folio_nid(folio) == numa_mem_id() || !folio_trylock(folio))
		return folio;

	if (folio_test_swapcache(folio)) {
		nid = tierx_fault_in_ask(folio, vmf);
		moved = nid != NUMA_NO_NODE &&
			tierx_fault_in_move(folio, vmf, nid);
	}
	if (!moved) {
		folio_unlock(folio);
		return folio;
	}
	folio = filemap_get_folio(swap_address_space(entry),
				  swap_cache_index(entry));
	return IS_ERR(folio) ? NULL : folio;
}
