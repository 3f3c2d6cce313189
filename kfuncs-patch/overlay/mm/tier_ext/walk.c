// SPDX-License-Identifier: GPL-2.0-only
/*
 * tier_ext: iterators over folios, mapped or not: of a range of physical
 * memory, or of the LRU lists of a node or a cgroup. A program gets snapshots,
 * and names folios by PFN and generation; no lock is held while it runs.
 */
#include <linux/kthread.h>
#include <linux/memcontrol.h>
#include <linux/memory_hotplug.h>
#include <linux/mm_inline.h>
#include <linux/mmzone.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "internal.h"
#include "../internal.h"

#define TIERX_WALK_KINDS	(TIERX_WALK_ANON | TIERX_WALK_FILE)
#define TIERX_WALK_FLAGS	(TIERX_WALK_KINDS | TIERX_WALK_HARVEST | \
				 TIERX_WALK_OVERLAP | TIERX_WALK_YOUNG)

/* Folios that are looked at in one hold of an LRU lock. */
#define TIERX_WALK_BATCH	32

/* How often a list is begun again when the place in it was lost. */
#define TIERX_WALK_RESTARTS	8

/* Both kinds if none was asked for; 0 if a flag is not known. */
static u64 tierx_walk_flags(u64 flags)
{
	if (flags & ~(u64)TIERX_WALK_FLAGS)
		return 0;
	if (flags & TIERX_WALK_YOUNG)
		flags |= TIERX_WALK_HARVEST;
	return flags & TIERX_WALK_KINDS ? flags : flags | TIERX_WALK_KINDS;
}

/* Fill in @page. Returns false if there is no folio of the wanted kind. */
static bool tierx_walk_look(u64 pfn, u64 flags, struct tierx_ahead *ahead,
			    struct tier_ext_page *page)
{
	struct folio *folio = NULL;
	bool file, wanted = false;

	if (tierx_folio_lookup(pfn, &folio))
		goto put;
	file = folio_is_file_lru(folio);
	wanted = folio_test_lru(folio) &&
		 (flags & (file ? TIERX_WALK_FILE : TIERX_WALK_ANON));
	if (!wanted)
		goto put;

	*page = (struct tier_ext_page) {
		.pfn	  = pfn,
		.gen	  = tierx_folio_gen(folio),
		.memcg_id = tierx_folio_memcg_id(folio),
		.state	  = tierx_folio_state(folio),
		.nid	  = folio_nid(folio),
		.nr_pages = folio_nr_pages(folio),
		.young	  = flags & TIERX_WALK_HARVEST ?
			    tierx_folio_harvest(folio, ahead) : 0,
	};
put:
	if (folio)
		folio_put(folio);
	return wanted;
}

/* Is what was found to be shown? */
static bool tierx_walk_shows(u64 flags, const struct tier_ext_page *page)
{
	return page->young || !(flags & TIERX_WALK_YOUNG);
}

/*
 * Is a walk to end early? Others wait for a tick to end whose policy decides no
 * more; exit may look around although its policy has ended.
 */
static bool tierx_walk_ends(void)
{
	struct tierx_policy *policy = current->tier_ext;

	if (kthread_func(current) != tierx_thread_fn)
		return fatal_signal_pending(current);
	return kthread_should_stop() ||
	       (policy && rcu_access_pointer(policy->scope->policy) != policy);
}

/* --- by PFN --- */

/* Opaque to programs. */
struct bpf_iter_tierx_pfn {
	u64	__opaque[1];
} __aligned(8);

struct tierx_pfn_walk {
	u64			pfn;
	u64			end;
	u64			flags;
	struct tierx_ahead	ahead;
	struct tier_ext_page	page;
};

/* Where the folio begins that a PFN is part of: racy, as all is that is seen. */
static u64 tierx_pfn_head(u64 pfn)
{
	struct page *page = pfn_to_online_page(pfn);

	return page ? page_to_pfn(compound_head(page)) : pfn;
}

/* The next PFN that may be the first of a folio. */
static u64 tierx_pfn_next(u64 pfn)
{
	struct page *page = pfn_to_online_page(pfn);

	if (!page)
		return ALIGN(pfn + 1, PAGES_PER_SECTION);
	/* Racy, but a wrong order only leads to a wrong place to go on. */
	if (PageBuddy(page))
		return pfn + (1UL << min_t(u32, buddy_order_unsafe(page),
					   MAX_PAGE_ORDER));
	return pfn + 1;
}

/*
 * Who only wants what was accessed need not be told what a folio is that was
 * looked at before, and was not.
 */
static bool tierx_pfn_skip(const struct tierx_pfn_walk *walk)
{
	return walk->flags & TIERX_WALK_YOUNG &&
	       test_bit(walk->pfn - walk->ahead.first, walk->ahead.idle);
}

/* Go on by one folio, or by a place that has none. Returns whether it has one. */
static bool tierx_pfn_pass(struct tierx_pfn_walk *walk)
{
	u64 pfn = walk->pfn;

	if (!(pfn % SWAP_CLUSTER_MAX)) {
		cond_resched();
		if (tierx_walk_ends()) {
			walk->pfn = walk->end;
			return false;
		}
	}
	tierx_ahead_move(&walk->ahead, pfn, walk->end);
	if (tierx_pfn_skip(walk)) {
		walk->page.young = 0;
		walk->pfn++;
		return true;
	}
	if (tierx_walk_look(pfn, walk->flags, &walk->ahead, &walk->page)) {
		walk->pfn += walk->page.nr_pages;
		return true;
	}
	walk->pfn = tierx_pfn_next(pfn);
	return false;
}

/* --- by LRU --- */

struct bpf_iter_tierx_lru {
	u64	__opaque[1];
} __aligned(8);

/**
 * struct tierx_lru_walk - state of an iterator over LRU lists
 * @root: the cgroup that was asked for, NULL for all
 * @memcg: the one whose lists are walked; NULL without the memory controller
 * @done: all of them were walked
 * @nid: the node
 * @flags: &enum tier_ext_walk_flags
 * @oldest: the generations of @memcg that its walk begins with
 * @list: which of the lists of @memcg
 * @begun: something of that list was seen
 * @restarts: how often it was begun again
 * @cursor: the folio seen last, with a reference, or NULL
 * @nr: PFNs in @pfns
 * @next: the next of them
 * @pfns: a batch
 * @page: what the program sees
 */
struct tierx_lru_walk {
	struct mem_cgroup	*root;
	struct mem_cgroup	*memcg;
	bool			done;
	int			nid;
	u64			flags;
	unsigned long		oldest[ANON_AND_FILE];
	int			list;
	bool			begun;
	int			restarts;
	struct folio		*cursor;
	int			nr;
	int			next;
	unsigned long		pfns[TIERX_WALK_BATCH];
	struct tier_ext_page	page;
};

#ifdef CONFIG_LRU_GEN
/* One list per generation, kind and zone; the oldest generation first. */
#define TIERX_GEN_LISTS	(MAX_NR_GENS * ANON_AND_FILE * MAX_NR_ZONES)

/* Once for all lists of @lruvec, or aging would have some of them left out. */
static void tierx_gen_begin(struct tierx_lru_walk *walk, struct lruvec *lruvec)
{
	int type;

	for (type = 0; type < ANON_AND_FILE; type++)
		walk->oldest[type] = READ_ONCE(lruvec->lrugen.min_seq[type]);
}

static struct list_head *tierx_gen_list(struct tierx_lru_walk *walk,
					struct lruvec *lruvec)
{
	int zone = walk->list % MAX_NR_ZONES;
	int type = walk->list / MAX_NR_ZONES % ANON_AND_FILE;
	int age = walk->list / MAX_NR_ZONES / ANON_AND_FILE;
	int gen = lru_gen_from_seq(walk->oldest[type] + age);

	if (!(walk->flags & (type ? TIERX_WALK_FILE : TIERX_WALK_ANON)))
		return NULL;
	return &lruvec->lrugen.folios[gen][type][zone];
}
#else
#define TIERX_GEN_LISTS	0

static void tierx_gen_begin(struct tierx_lru_walk *walk, struct lruvec *lruvec)
{
}

static struct list_head *tierx_gen_list(struct tierx_lru_walk *walk,
					struct lruvec *lruvec)
{
	return NULL;
}
#endif

/* These come last; with generations in use they are empty. */
static const enum lru_list tierx_classic_lists[] = {
	LRU_INACTIVE_FILE, LRU_INACTIVE_ANON, LRU_ACTIVE_FILE, LRU_ACTIVE_ANON,
};

#define TIERX_NR_LISTS	(TIERX_GEN_LISTS + ARRAY_SIZE(tierx_classic_lists))

static struct list_head *tierx_lru_list(struct tierx_lru_walk *walk,
					struct lruvec *lruvec)
{
	enum lru_list lru;

	if (walk->list < TIERX_GEN_LISTS)
		return tierx_gen_list(walk, lruvec);
	lru = tierx_classic_lists[walk->list - TIERX_GEN_LISTS];
	if (!(walk->flags & (is_file_lru(lru) ? TIERX_WALK_FILE : TIERX_WALK_ANON)))
		return NULL;
	return &lruvec->lists[lru];
}

static void tierx_lru_next_list(struct tierx_lru_walk *walk)
{
	if (walk->cursor)
		folio_put(walk->cursor);
	walk->cursor = NULL;
	walk->begun = false;
	walk->restarts = 0;
	walk->list++;
}

/*
 * Is the cursor on a list of @lruvec? With generations nobody can say on which:
 * aging changes the one in its flags, and moves it later.
 */
static bool tierx_lru_cursor_valid(struct tierx_lru_walk *walk,
				   struct lruvec *lruvec)
{
	struct folio *folio = walk->cursor;

	lockdep_assert_held(&lruvec->lru_lock);

	return folio && folio_test_lru(folio) &&
	       !folio_test_unevictable(folio) && folio_lruvec(folio) == lruvec;
}

/* Begin a list again, but not for ever: NULL to give up. */
static struct list_head *tierx_lru_restart(struct tierx_lru_walk *walk,
					   struct list_head *head)
{
	return ++walk->restarts > TIERX_WALK_RESTARTS ? NULL : head;
}

/* Where to go on in a list: behind the folio that was seen last, if it is there. */
static struct list_head *tierx_lru_place(struct tierx_lru_walk *walk,
					 struct lruvec *lruvec,
					 struct list_head *head)
{
	if (tierx_lru_cursor_valid(walk, lruvec))
		return &walk->cursor->lru;
	return walk->begun ? tierx_lru_restart(walk, head) : head;
}

/* Is this the head of any of the lists, and no folio? */
static bool tierx_lru_is_head(struct lruvec *lruvec, struct list_head *pos)
{
	return (void *)pos >= (void *)lruvec && (void *)pos < (void *)(lruvec + 1);
}

/*
 * Take the next PFNs of a list, coldest first. A folio that moves meanwhile may
 * be seen twice, or not at all. If the cursor has moved to another list, its end
 * is where that shows.
 */
static void tierx_lru_batch(struct tierx_lru_walk *walk, struct lruvec *lruvec,
			    struct list_head *head)
{
	struct folio *old = walk->cursor, *last = NULL;
	struct list_head *pos;

	walk->nr = 0;
	walk->next = 0;
	spin_lock_irq(&lruvec->lru_lock);
	pos = tierx_lru_place(walk, lruvec, head);
	while (pos && pos->prev != head && walk->nr < TIERX_WALK_BATCH) {
		pos = pos->prev;
		if (tierx_lru_is_head(lruvec, pos)) {
			pos = tierx_lru_restart(walk, head);
			continue;
		}
		last = list_entry(pos, struct folio, lru);
		walk->pfns[walk->nr++] = folio_pfn(last);
	}
	walk->cursor = last && folio_try_get(last) ? last : NULL;
	walk->begun = true;
	spin_unlock_irq(&lruvec->lru_lock);
	if (old)
		folio_put(old);
}

/* Returns false when there is nothing left. */
static bool tierx_lru_fill(struct tierx_lru_walk *walk)
{
	struct list_head *head;
	struct lruvec *lruvec;

	while (!walk->done && !tierx_walk_ends()) {
		lruvec = mem_cgroup_lruvec(walk->memcg, NODE_DATA(walk->nid));
		if (!walk->list && !walk->begun)
			tierx_gen_begin(walk, lruvec);
		while (walk->list < TIERX_NR_LISTS) {
			head = tierx_lru_list(walk, lruvec);
			if (head)
				tierx_lru_batch(walk, lruvec, head);
			if (head && walk->nr)
				return true;
			tierx_lru_next_list(walk);
			cond_resched();
		}
		walk->list = 0;
		walk->memcg = mem_cgroup_iter(walk->root, walk->memcg, NULL);
		walk->done = !walk->memcg;
	}
	return false;
}

/**
 * tierx_lru_begin() - begin to walk over LRU lists
 * @nid: the node
 * @root: the owner, which includes its descendants; NULL for all. The reference
 *	goes over to the walk.
 * @flags: &enum tier_ext_walk_flags
 *
 * Context: sleepable.
 * Return: the walk, NULL if there is no memory for it.
 */
struct tierx_lru_walk *tierx_lru_begin(int nid, struct mem_cgroup *root,
				       u64 flags)
{
	struct tierx_lru_walk *walk;

	walk = kzalloc(sizeof(*walk), GFP_KERNEL);
	if (!walk) {
		mem_cgroup_put(root);
		return NULL;
	}
	walk->root = root;
	walk->nid = nid;
	walk->flags = tierx_walk_flags(flags);
	walk->memcg = mem_cgroup_iter(root, NULL, NULL);

	return walk;
}

/**
 * tierx_lru_next() - the next folio of a walk, the coldest of each list first
 * @walk: the walk
 *
 * Context: sleepable.
 * Return: the folio as it was found, NULL at the end.
 */
struct tier_ext_page *tierx_lru_next(struct tierx_lru_walk *walk)
{
	for (;;) {
		while (walk->next < walk->nr)
			if (tierx_walk_look(walk->pfns[walk->next++],
					    walk->flags, NULL, &walk->page) &&
			    tierx_walk_shows(walk->flags, &walk->page))
				return &walk->page;
		if (!tierx_lru_fill(walk))
			return NULL;
		cond_resched();
	}
}

/**
 * tierx_lru_end() - end a walk
 * @walk: the walk
 */
void tierx_lru_end(struct tierx_lru_walk *walk)
{
	if (walk->cursor)
		folio_put(walk->cursor);
	mem_cgroup_iter_break(walk->root, walk->memcg);
	mem_cgroup_put(walk->root);
	kfree(walk);
}

/* Where an iterator keeps its state, which does not fit on a program's stack. */
static void **tierx_walk_slot(void *it)
{
	return it;
}

__bpf_kfunc_start_defs();

/**
 * bpf_iter_tierx_pfn_new() - begin to walk over physical memory
 * @it: the iterator
 * @start_pfn: where to begin
 * @end_pfn: where to end, not included
 * @flags: &enum tier_ext_walk_flags; without a kind all LRU folios
 *
 * The walk ends early when who walks is being killed, or in a tick when the
 * policy was ejected, replaced or unloaded.
 *
 * Context: sleepable programs: init, exit, tick, syscall programs.
 * Return: 0; -EINVAL for an unknown flag; -ENOMEM.
 */
__bpf_kfunc int bpf_iter_tierx_pfn_new(struct bpf_iter_tierx_pfn *it,
				       u64 start_pfn, u64 end_pfn, u64 flags)
{
	struct tierx_pfn_walk *walk;

	*tierx_walk_slot(it) = NULL;
	flags = tierx_walk_flags(flags);
	if (!flags)
		return -EINVAL;
	walk = kzalloc(sizeof(*walk), GFP_KERNEL);
	if (!walk)
		return -ENOMEM;

	walk->pfn = flags & TIERX_WALK_OVERLAP ? tierx_pfn_head(start_pfn) :
						 start_pfn;
	walk->end = min_t(u64, end_pfn, max_pfn);
	walk->flags = flags;
	*tierx_walk_slot(it) = walk;

	return 0;
}

/**
 * bpf_iter_tierx_pfn_next() - the next folio
 * @it: the iterator
 *
 * Context: as bpf_iter_tierx_pfn_new().
 * Return: the folio as it was found, NULL at the end.
 */
__bpf_kfunc struct tier_ext_page *
bpf_iter_tierx_pfn_next(struct bpf_iter_tierx_pfn *it)
{
	struct tierx_pfn_walk *walk = *tierx_walk_slot(it);

	if (!walk)
		return NULL;
	while (walk->pfn < walk->end)
		if (tierx_pfn_pass(walk) &&
		    tierx_walk_shows(walk->flags, &walk->page))
			return &walk->page;
	return NULL;
}

/**
 * bpf_iter_tierx_pfn_destroy() - end a walk
 * @it: the iterator
 */
__bpf_kfunc void bpf_iter_tierx_pfn_destroy(struct bpf_iter_tierx_pfn *it)
{
	kfree(*tierx_walk_slot(it));
}

/**
 * tierx_bpf_pfn_clear() - clear the accessed bits of a range of physical memory
 * @start_pfn: where to begin
 * @end_pfn: where to end, not included
 * @flags: must be 0
 *
 * As a walk with TIERX_WALK_HARVEST that nobody looks at, for less; it may end as
 * early.
 *
 * Context: sleepable programs: init, exit, tick, syscall programs.
 * Return: number of LRU folios that it came to; -EINVAL for an unknown flag.
 */
__bpf_kfunc s64 tierx_bpf_pfn_clear(u64 start_pfn, u64 end_pfn, u64 flags)
{
	struct tierx_pfn_walk walk = {
		.pfn	= start_pfn,
		.end	= min_t(u64, end_pfn, max_pfn),
		.flags	= tierx_walk_flags(TIERX_WALK_YOUNG),
	};
	s64 nr = 0;

	if (flags)
		return -EINVAL;
	while (walk.pfn < walk.end)
		nr += tierx_pfn_pass(&walk);
	return nr;
}

/**
 * bpf_iter_tierx_lru_new() - begin to walk over LRU lists
 * @it: the iterator
 * @nid: the node
 * @memcg_id: cgroup id of the owner, which includes its descendants; 0 for all
 * @flags: &enum tier_ext_walk_flags; without a kind all evictable folios
 *
 * The coldest folios of each list come first, as reclaim would take them. The
 * walk may end early, as that of bpf_iter_tierx_pfn_new().
 *
 * Context: sleepable programs: init, exit, tick, syscall programs.
 * Return: 0; -EINVAL for a flag that is not known or not for lists, or a node
 * without memory; -ENOENT if there is no such cgroup; -ENOMEM.
 */
__bpf_kfunc int bpf_iter_tierx_lru_new(struct bpf_iter_tierx_lru *it, s32 nid,
				       u64 memcg_id, u64 flags)
{
	struct mem_cgroup *root = NULL;
	struct tierx_lru_walk *walk;

	*tierx_walk_slot(it) = NULL;
	if (!tierx_walk_flags(flags) || flags & TIERX_WALK_OVERLAP ||
	    !tierx_node_valid(nid))
		return -EINVAL;
	if (memcg_id) {
		root = tierx_memcg_get(memcg_id);
		if (!root)
			return -ENOENT;
	}
	walk = tierx_lru_begin(nid, root, flags);
	*tierx_walk_slot(it) = walk;

	return walk ? 0 : -ENOMEM;
}

/**
 * bpf_iter_tierx_lru_next() - the next folio
 * @it: the iterator
 *
 * Context: as bpf_iter_tierx_lru_new().
 * Return: the folio as it was found, NULL at the end.
 */
__bpf_kfunc struct tier_ext_page *
bpf_iter_tierx_lru_next(struct bpf_iter_tierx_lru *it)
{
	struct tierx_lru_walk *walk = *tierx_walk_slot(it);

	return walk ? tierx_lru_next(walk) : NULL;
}

/**
 * bpf_iter_tierx_lru_destroy() - end a walk
 * @it: the iterator
 */
__bpf_kfunc void bpf_iter_tierx_lru_destroy(struct bpf_iter_tierx_lru *it)
{
	struct tierx_lru_walk *walk = *tierx_walk_slot(it);

	if (walk)
		tierx_lru_end(walk);
}

__bpf_kfunc_end_defs();
