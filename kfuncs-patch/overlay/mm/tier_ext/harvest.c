// SPDX-License-Identifier: GPL-2.0-only
/*
 * tier_ext: was a folio accessed since somebody last looked? Accessed bits are
 * tested and cleared through the reverse map, as idle page tracking does, and
 * reclaim is told by the same flag, so that it does not take the folio for cold.
 * It is marked idle, too, which it is no more when somebody reads or writes it by
 * system calls, or ends a mapping whose accessed bit is set. Idle page tracking by
 * user space has the same marks: as with DAMON, the two disturb each other.
 *
 * What this costs must not grow with the number of processes that map a folio:
 * a few of its mappings are looked at, of a file beginning with one at random,
 * and the search ends with the first accessed bit. A page of a file that is used
 * by one process of very many is therefore found in one of several rounds, not
 * in every one. Anonymous memory that many processes share by fork is judged by
 * the first of them.
 *
 * Nor is the reverse map followed for each folio: programs touch memory in order,
 * so that who maps a folio often maps those next to it in physical memory by
 * entries of the same page table. While that is locked, these are looked at, too,
 * as reclaim does with generations; what was accessed is marked as not idle, which
 * is what a walk finds when it comes to them.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mm_inline.h>
#include <linux/mmu_notifier.h>
#include <linux/page_idle.h>
#include <linux/pagemap.h>
#include <linux/rbtree.h>
#include <linux/rmap.h>

#include "internal.h"
#include "../internal.h"

/* Mappings that are looked at, and steps through the tree to find them. */
#define TIERX_HARVEST_MAPPINGS	2
#define TIERX_HARVEST_STEPS	16

struct tierx_harvest {
	u32			young;
	int			left;
	struct tierx_ahead	*ahead;
};

/**
 * tierx_ahead_move() - a walk has come to a folio
 * @ahead: what is known of the folios after it
 * @pfn: its first PFN
 * @end: one more than the last PFN that the walk is going to look at
 */
void tierx_ahead_move(struct tierx_ahead *ahead, unsigned long pfn,
		      unsigned long end)
{
	ahead->pfn = pfn;
	if (pfn - ahead->first < TIERX_AHEAD)
		return;
	bitmap_zero(ahead->done, TIERX_AHEAD);
	bitmap_zero(ahead->idle, TIERX_AHEAD);
	ahead->first = pfn;
	ahead->end = min(end, pfn + TIERX_AHEAD);
}

/*
 * Looks at an entry next to that of @of. Returns false if it is of no use to the
 * walk. The folio there is not freed while the page table is locked. It is done
 * with if it was accessed, or as many mappings as for others were looked at.
 */
static bool tierx_harvest_next(struct folio *of, struct vm_area_struct *vma,
			       unsigned long address, pte_t *ptep,
			       struct tierx_ahead *ahead)
{
	pte_t pte = ptep_get(ptep);
	unsigned long pfn, bit;
	struct folio *folio;

	if (!pte_present(pte))
		return false;
	pfn = pte_pfn(pte);
	if (pfn <= ahead->pfn || pfn >= ahead->end)
		return false;
	folio = vm_normal_folio(vma, address, pte);
	if (!folio || folio_test_large(folio) ||
	    folio_is_file_lru(folio) != folio_is_file_lru(of))
		return false;
	bit = pfn - ahead->first;
	if (test_bit(bit, ahead->done))
		return true;

	BUILD_BUG_ON(TIERX_HARVEST_MAPPINGS != 2);
	if (ptep_clear_young_notify(vma, address, ptep)) {
		folio_clear_idle(folio);
		folio_set_young(folio);
	} else if (folio_mapcount(folio) > 1 &&
		   !__test_and_set_bit(bit, ahead->seen)) {
		return true;
	}
	__set_bit(bit, ahead->done);
	if (folio_test_idle(folio))
		__set_bit(bit, ahead->idle);
	return true;
}

/* The entries around that of a folio, in both directions, with the lock held. */
static void tierx_harvest_around(struct folio *folio,
				 struct page_vma_mapped_walk *pvmw,
				 struct tierx_ahead *ahead)
{
	struct vm_area_struct *vma = pvmw->vma;
	unsigned long table = pvmw->address & PMD_MASK;
	unsigned long first = max(vma->vm_start, table);
	unsigned long last = min(vma->vm_end - 1, table + PMD_SIZE - 1);
	unsigned long address;
	pte_t *pte;

	for (address = pvmw->address + PAGE_SIZE, pte = pvmw->pte + 1;
	     address <= last; address += PAGE_SIZE, pte++)
		if (!tierx_harvest_next(folio, vma, address, pte, ahead))
			break;
	for (address = pvmw->address, pte = pvmw->pte - 1;
	     address > first; address -= PAGE_SIZE, pte--)
		if (!tierx_harvest_next(folio, vma, address - PAGE_SIZE, pte,
					ahead))
			break;
}

/* Looks at one mapping. Returns false if that is enough. */
static bool tierx_harvest_one(struct folio *folio, struct vm_area_struct *vma,
			      unsigned long address, void *arg)
{
	DEFINE_FOLIO_VMA_WALK(pvmw, folio, vma, address, 0);
	struct tierx_harvest *harvest = arg;
	bool found = false, young = false;

	while (page_vma_mapped_walk(&pvmw)) {
		found = true;
		if (harvest->ahead && pvmw.pte && !folio_test_large(folio))
			tierx_harvest_around(folio, &pvmw, harvest->ahead);
		/* Not flushed: a bit that is not set in time is set later. */
		if (pvmw.pte)
			young |= ptep_clear_young_notify(vma, pvmw.address,
							 pvmw.pte);
		else if (IS_ENABLED(CONFIG_TRANSPARENT_HUGEPAGE))
			young |= pmdp_clear_young_notify(vma, pvmw.address,
							 pvmw.pmd);
	}
	harvest->young += young;
	harvest->left -= found;

	return !young && harvest->left > 0;
}

/* A VMA in the middle of the tree, or wherever a few random steps lead to. */
static struct rb_node *tierx_random_node(struct rb_root_cached *root)
{
	struct rb_node *node = root->rb_root.rb_node, *next;
	u32 random = tierx_random();

	/* Two bits per level, the upper ones first: left, right, or here. */
	for (; node; node = next, random <<= 2) {
		if (!(random & BIT(31)))
			return node;
		next = random & BIT(30) ? node->rb_left : node->rb_right;
		if (!next)
			return node;
	}
	return NULL;
}

/* Returns false if that is enough. */
static bool tierx_harvest_vma(struct folio *folio, struct vm_area_struct *vma,
			      struct tierx_harvest *harvest)
{
	unsigned long address;

	address = vma_address(vma, folio->index, folio_nr_pages(folio));
	if (address == -EFAULT)
		return true;
	return tierx_harvest_one(folio, vma, address, harvest);
}

static void tierx_harvest_file(struct folio *folio,
			       struct tierx_harvest *harvest)
{
	pgoff_t first = folio->index, last = first + folio_nr_pages(folio) - 1;
	struct address_space *mapping = folio_mapping(folio);
	struct rb_node *node, *start;
	struct vm_area_struct *vma;
	int step;

	if (!mapping || !i_mmap_trylock_read(mapping))
		return;
	start = tierx_random_node(&mapping->i_mmap);
	node = start;
	for (step = 0; node && step < TIERX_HARVEST_STEPS; step++) {
		vma = rb_entry(node, struct vm_area_struct, shared.rb);
		if (!tierx_harvest_vma(folio, vma, harvest))
			goto unlock;
		node = rb_next(node) ?: rb_first_cached(&mapping->i_mmap);
		if (node == start)
			break;
	}
	/* None of those maps this part of the file: search for one that does. */
	vma = vma_interval_tree_iter_first(&mapping->i_mmap, first, last);
	if (vma && harvest->left == TIERX_HARVEST_MAPPINGS)
		tierx_harvest_vma(folio, vma, harvest);
unlock:
	i_mmap_unlock_read(mapping);
}

/* Was it used otherwise than through a mapping that is still there? */
static u32 tierx_harvest_idle(struct folio *folio)
{
	if (folio_test_idle(folio))
		return 0;
	folio_set_idle(folio);
	return 1;
}

/**
 * tierx_folio_harvest() - test and clear the accessed bits of a folio
 * @folio: the folio; the caller has a reference
 * @ahead: of a walk that has come to it; NULL for one that is not in order
 *
 * Context: may sleep.
 * Return: number of mappings that were found accessed, and 1 more if it was
 * accessed otherwise; that is also so when it is looked at for the first time.
 * 0 also if the folio is busy.
 */
u32 tierx_folio_harvest(struct folio *folio, struct tierx_ahead *ahead)
{
	struct tierx_harvest harvest = {
		.left	= TIERX_HARVEST_MAPPINGS,
		.ahead	= ahead,
	};
	struct rmap_walk_control rwc = {
		.arg	   = &harvest,
		.rmap_one  = tierx_harvest_one,
		.anon_lock = folio_lock_anon_vma_read,
		.try_lock  = true,
	};

	if (!folio_mapped(folio) ||
	    (ahead && test_bit(ahead->pfn - ahead->first, ahead->done)))
		return tierx_harvest_idle(folio);
	if (!folio_trylock(folio))
		return 0;
	if (ahead)
		bitmap_zero(ahead->seen, TIERX_AHEAD);
	if (folio_test_anon(folio))
		rmap_walk(folio, &rwc);
	else
		tierx_harvest_file(folio, &harvest);
	folio_unlock(folio);

	if (harvest.young)
		folio_set_young(folio);
	return harvest.young + tierx_harvest_idle(folio);
}
