// SPDX-License-Identifier: GPL-2.0-only
/*
 * pagecache: files that are read often come to fast memory, mapped or not.
 *
 * Idea: NUMA balancing sees mapped memory only, so a file that a program reads
 * by read() stays on the slow tier for ever. The kernel knows of each such read
 * (folio_mark_accessed()), and of the accessed bits of mapped files: count a
 * sample of them per page, and promote what is read often.
 * Source: "unmapped page cache promotion", RFC threads on linux-mm.
 * Signals: the kernel's access samples.
 * Good for: file servers, key-value stores and builds whose files are cached on
 * slow memory.
 * Bad for: files that are read once from the beginning to the end, if they are
 * re-read within the time that a count lives; anonymous memory, which is left
 * to the kernel.
 * Limits: opt-in, because page cache that is promoted takes room from anonymous
 * memory. One access in access_period is seen, so a count is an estimate. Reads
 * of one page in a row through one file descriptor count as one, as the kernel
 * sees them. Writes are not seen. A swap hands counters
 * on, from and to heatmap as well.
 */
#include <tier_ext/counter.bpf.h>

TIERX_TUNE(u32, hot_accesses, 128, 1, 1000000, "", "a page with so many accesses is promoted");
TIERX_TUNE(u32, decay_ms, 10000, 0, 3600000, "ms", "counters halve this often, 0 for never");
TIERX_TUNE(u32, mapped, 1, 0, 1, "", "also page cache that is mapped");
TIERX_TUNE(u32, shmem, 1, 0, 1, "", "also shared memory and tmpfs");

struct pagecache_stats {
	u64 accesses TIERX_HELP("accesses to page cache that were counted");
	u64 other TIERX_HELP("accesses to other memory");
	u64 no_state TIERX_HELP("accesses to memory that came after the policy");
	u64 promoted TIERX_HELP("folios queued for promotion");
	u64 refused TIERX_HELP("hot folios that could not be queued");
};
TIERX_STATS(struct pagecache_stats);

TIERX_PFN_STATE(pages, struct tierx_counter, TIERX_SHARED);

static bool is_wanted(u64 state)
{
	if ((state & TIERX_FOLIO_MAPPED) && !mapped)
		return false;
	return state & (shmem ? TIERX_FOLIO_FILE | TIERX_FOLIO_SHMEM : TIERX_FOLIO_FILE);
}

void TIERX_OP(pagecache_access, struct folio *folio, struct tier_ext_access *access)
{
	struct tierx_counter *page;

	if (!is_wanted(tierx_bpf_folio_state(folio))) {
		tierx_stat_add(other, access->nr);
		return;
	}
	tierx_stat_add(accesses, access->nr);
	page = pages_of(tierx_bpf_folio_pfn(folio));
	if (!page) {
		tierx_stat_add(no_state, access->nr);
		return;
	}
	if (tierx_counter_add(page, access->nr, decay_ms) < hot_accesses ||
	    !tierx_counter_take(page))
		return;

	if (tierx_bpf_folio_promote(folio, -1, 0))
		tierx_stat_add(refused, 1);
	else
		tierx_stat_add(promoted, 1);
}

void TIERX_OP(pagecache_migrated, struct tier_ext_request *request, struct tier_ext_result *result)
{
	if (!result->error && result->new_pfn != request->pfn)
		tierx_counter_move(pages_of(request->pfn), pages_of(result->new_pfn));
}

TIERX_POLICY(pagecache, "files that are read often come to fast memory, mapped or not") = {
	.name = "pagecache",
	.access = (void *)pagecache_access,
	.migrated = (void *)pagecache_migrated,
};
