// SPDX-License-Identifier: GPL-2.0-only
/*
 * tier_ext: where the pages of a shmem file are. The answer comes from the
 * file, so it is exact, and the same for everybody who shares it; page tables
 * forget a page as soon as it is swapped out.
 *
 * Swap entries are looked up in the swap cache as mincore() does it.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/pagemap.h>
#include <linux/shmem_fs.h>
#include <linux/swap.h>
#include <linux/swapops.h>
#include <linux/xarray.h>

#include "internal.h"
#include "../internal.h"
#include "../swap.h"

#define TIERX_SHMEM_SCAN_MAX	65536
#define TIERX_SHMEM_BATCH	1024

static u8 tierx_swap_state(swp_entry_t entry)
{
	struct swap_info_struct *si;
	void *folio;

	if (non_swap_entry(entry))
		return TIERX_SHMEM_POISONED;

	/* Keeps swapoff from happening to us. */
	si = get_swap_device(entry);
	if (!si)
		return TIERX_SHMEM_SWAPPED;
	/* Not looked at, so no reference is needed. */
	folio = xa_load(&swap_address_space(entry)->i_pages,
			swap_cache_index(entry));
	put_swap_device(si);

	return folio && !xa_is_value(folio) ? TIERX_SHMEM_SWAPCACHE :
					      TIERX_SHMEM_SWAPPED;
}

/* State of page @i of an entry of the page cache. */
static u8 tierx_shmem_entry_state(void *entry, unsigned long i)
{
	swp_entry_t swp;

	if (!xa_is_value(entry))
		return TIERX_SHMEM_RESIDENT;
	swp = radix_to_swp_entry(entry);
	if (!non_swap_entry(swp))
		swp = swp_entry(swp_type(swp), swp_offset(swp) + i);
	return tierx_swap_state(swp);
}

/*
 * Fill in the states of pages @first to @last, of which @states[0] is the
 * first. An entry that stands for several pages is not dereferenced: nobody
 * holds it.
 */
static void tierx_shmem_fill(struct address_space *mapping, u8 *states,
			     pgoff_t first, pgoff_t last)
{
	XA_STATE(xas, &mapping->i_pages, first);
	pgoff_t start, end, i;
	void *entry;

	memset(states, TIERX_SHMEM_HOLE, last - first + 1);
	rcu_read_lock();
	xas_for_each(&xas, entry, last) {
		if (xas_retry(&xas, entry))
			continue;
		start = round_down(xas.xa_index, 1UL << xas_get_order(&xas));
		end = start + (1UL << xas_get_order(&xas)) - 1;
		for (i = max(start, first); i <= min(end, last); i++)
			states[i - first] =
				tierx_shmem_entry_state(entry, i - start);
	}
	rcu_read_unlock();
}

static u64 tierx_inode_pages(struct inode *inode)
{
	return DIV_ROUND_UP_ULL(i_size_read(inode), PAGE_SIZE);
}

static s64 tierx_shmem_scan_inode(struct inode *inode, u64 index, u8 *states,
				  u32 nr)
{
	u64 nr_pages, done;
	u32 batch;

	if (!shmem_mapping(inode->i_mapping))
		return -EINVAL;
	nr_pages = tierx_inode_pages(inode);
	if (index >= nr_pages)
		return 0;

	nr = min_t(u64, nr, nr_pages - index);
	for (done = 0; done < nr; done += batch) {
		batch = min_t(u64, nr - done, TIERX_SHMEM_BATCH);
		tierx_shmem_fill(inode->i_mapping, states + done, index + done,
				 index + done + batch - 1);
		cond_resched();
	}
	return nr;
}

__bpf_kfunc_start_defs();

/**
 * tierx_bpf_shmem_state() - where a page of a shmem file is
 * @inode: the file
 * @index: which page of it
 *
 * Context: any op, tracing programs that have a trusted pointer to an inode (BTF
 * tracepoints for example). Does not sleep.
 * Return: &enum tier_ext_shmem_state, a hole after the end of the file; -EINVAL
 * if @inode is no shmem file.
 */
__bpf_kfunc s32 tierx_bpf_shmem_state(struct inode *inode, u64 index)
{
	u8 state = TIERX_SHMEM_HOLE;

	if (!shmem_mapping(inode->i_mapping))
		return -EINVAL;
	if (index < tierx_inode_pages(inode))
		tierx_shmem_fill(inode->i_mapping, &state, index, index);
	return state;
}

/**
 * tierx_bpf_shmem_scan() - where the pages of a shmem file are
 * @fd: the file, as open in the calling process
 * @index: the first page to look at
 * @states: where to put one &enum tier_ext_shmem_state per page
 * @states__sz: how many pages to look at, at most 65536
 *
 * Context: syscall programs. May sleep.
 * Return: how many pages were looked at, 0 at the end of the file; -EBADF if
 * @fd is not open; -EINVAL if it is no shmem file; -E2BIG if @states is larger.
 */
__bpf_kfunc s64 tierx_bpf_shmem_scan(u32 fd, u64 index, u8 *states,
				     u32 states__sz)
{
	struct fd f;
	s64 nr;

	if (states__sz > TIERX_SHMEM_SCAN_MAX)
		return -E2BIG;
	f = fdget(fd);
	if (!fd_file(f))
		return -EBADF;
	nr = tierx_shmem_scan_inode(file_inode(fd_file(f)), index, states,
				    states__sz);
	fdput(f);

	return nr;
}

__bpf_kfunc_end_defs();
